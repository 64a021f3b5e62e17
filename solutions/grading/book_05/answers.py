"""Svaren på arbetarens frågor i 05: facit räknar här, hos rättaren, aldrig bredvid studentens kod.

En lösning i 5.2 som anropar en felaktig `double_dqn_target` körs en gång till, och då frågar
`dqn_helpers.exercises.asking` efter målen. Frågorna kan vem som helst ha skrivit. De besvaras bara
när de gäller fallens egna nätverk och övergångar, så de säger inget om dolda fall i 5.1.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from dqn_helpers.autograder.catalogue import answers_to, reference
from dqn_helpers.exercises.model import Driver, Inputs
from dqn_helpers.exercises.registry import EXERCISES

MAX_QUESTIONS = 500
MAX_ROWS = 256

REFUSED = (
    "`double_dqn_target` ska anropas med fallets egna nätverk och med rader ur den dragna batchen."
)
TOO_MANY = "`double_dqn_target` anropas orimligt många gånger."


class Answers:
    """Svarar på frågorna från en enda körning.

    Args:
        driver: 5.1:s drivare.
        reference: facit till 5.1.
        cases: indata till fallen som körs.
    """

    def __init__(self, driver: Driver, reference: Any, cases: Sequence[Inputs]) -> None:
        self._driver, self._reference = driver, reference
        self._cases = [_Known(inputs) for inputs in cases if "target_layers" in inputs]
        self._n_asked = 0

    def __call__(self, question: Any) -> dict[str, Any]:
        """Målet som `{"target": …}`, eller `{"problem": …}` om frågan inte ska besvaras."""
        self._n_asked += 1
        if self._n_asked > MAX_QUESTIONS:
            return {"problem": TOO_MANY}
        # Vad som helst kan stå i en påhittad fråga, och då är det ingen fråga.
        with contextlib.suppress(Exception), np.errstate(all="ignore"):
            inputs = _as_inputs(question)
            if any(known.covers(inputs) for known in self._cases):
                return {"target": self._driver(self._reference, inputs)["target"]}
        return {"problem": REFUSED}


def _as_inputs(question: Any) -> Inputs:
    """Frågan som indata till 5.1:s drivare.

    Raises:
        Exception: om den har fel form.
    """
    reward, next_state = (np.asarray(question[key], float) for key in ("reward", "next_state"))
    terminated = np.asarray(question["terminated"], float)
    n_rows, discount_factor = len(next_state), float(question["discount_factor"])
    if not (reward.shape == terminated.shape == (n_rows,) and 0 < n_rows <= MAX_ROWS):
        raise ValueError("fel form")
    if not (np.isfinite(reward).all() and np.isfinite(discount_factor)):
        raise ValueError("inte ändliga tal")
    if not np.isin(terminated, (0, 1)).all():
        raise ValueError("inte sant och falskt")
    return {
        "layers": _layers(question["layers"]),
        "target_layers": _layers(question["target_layers"]),
        "reward": reward,
        "next_state": next_state,
        "terminated": terminated == 1,
        "discount_factor": discount_factor,
    }


def _layers(layers: Any) -> list[list[Any]]:
    return [
        [np.asarray(weight, np.float32), None if bias is None else np.asarray(bias, np.float32)]
        for weight, bias in layers
    ]


@answers_to("5.2", "double_dqn_target")
def answers_for(cases: Sequence[Inputs]) -> Answers:
    """En ny för varje körning."""
    return Answers(EXERCISES["5.1"].driver, reference("5.1"), cases)


class _Known:
    """Ett falls nätverk och nästa tillstånd."""

    def __init__(self, inputs: Inputs) -> None:
        self._networks = [_layers(inputs[key]) for key in ("layers", "target_layers")]
        self._rows = {_row(row[3]) for row in inputs["transitions"]}

    def covers(self, asked: Inputs) -> bool:
        """Sant om frågan bara gäller det som finns i fallet; nätverken får ha bytt roller."""
        networks = (asked["layers"], asked["target_layers"])
        return (
            all(any(_same(network, known) for known in self._networks) for network in networks)
            and {_row(row) for row in asked["next_state"]} <= self._rows
        )


def _row(numbers: Any) -> bytes:
    return np.asarray(numbers, np.float32).tobytes()


def _same(one: list[list[Any]], other: list[list[Any]]) -> bool:
    if len(one) != len(other):
        return False
    pairs = [pair for a, b in zip(one, other, strict=True) for pair in zip(a, b, strict=True)]
    return all(
        (a is None and b is None) or (a is not None and b is not None and np.array_equal(a, b))
        for a, b in pairs
    )
