"""Dolda fall för 03 Träningssteget."""

from typing import Any

import numpy as np

from dqn_helpers.autograder.catalogue import cases
from dqn_helpers.exercises.model import Case, Inputs
from dqn_helpers.exercises.notebook_03 import (
    CALLS,
    EVEN_DRAWS,
    N_STORED,
    SAMPLED,
)
from dqn_helpers.exercises.training_step_driver import spread

from ..evidence import Supports, with_evidence


def distinct(rng: np.random.Generator, *shape: int, low: float = -9, high: float = 9) -> Any:
    """Tal med en decimal, alla olika."""
    numbers = rng.choice(np.arange(round(10 * low), round(10 * high)), np.prod(shape), False)
    return (numbers / 10).reshape(shape)


def _discount(rng: np.random.Generator) -> float:
    return float(rng.integers(50, 98)) / 100


@cases("3.1")
def td_target_cases(rng: np.random.Generator) -> list[Case]:
    def inputs(n_rows: int, n_actions: int, terminated: list[bool]) -> Inputs:
        return {
            "reward": distinct(rng, n_rows),
            "next_q_values": distinct(rng, n_rows, n_actions),
            "terminated": terminated,
            "discount_factor": _discount(rng),
        }

    flags = [True, False, True, *(rng.random(4) < 0.5).tolist()]
    return [
        Case(("bellman",), inputs(5, 3, [False] * 5)),
        Case(("bellman",), inputs(1, 4, [False])),
        Case(("terminal",), inputs(7, 2, rng.permutation(flags).tolist())),
    ]


@cases("3.2")
def chosen_q_values_cases(rng: np.random.Generator) -> list[Case]:
    def inputs(n_rows: int, n_actions: int, n_tried: int | None = None) -> Inputs:
        # Varje handling tas minst en gång, om raderna räcker.
        tried = n_tried or n_actions
        action = np.concatenate([np.arange(tried), rng.integers(tried, size=n_rows)])
        return {
            "q_values": distinct(rng, n_rows, n_actions),
            "action": rng.permutation(action[:n_rows]),
            "upstream": distinct(rng, n_rows, low=1),
        }

    return [
        Case(("choice", "gradient"), inputs(6, 3)),
        Case(("choice", "gradient"), inputs(3, 5)),
        Case(("choice",), inputs(1, 3)),
        # En batch där inte alla handlingar finns med: antalet står i q_values, inte i action.
        Case(("choice",), inputs(4, 3, n_tried=1)),
        Case(("choice",), inputs(5, 4, n_tried=2)),
    ]


# --- träningssteget ------------------------------------------------------------------------------


def random_layers(rng: np.random.Generator, n_in: int, n_out: int) -> list[Any]:
    """Vikter till ett nätverk med ett dolt lager; svaret beror på indata."""
    hidden = 5
    return [
        [rng.normal(0, 0.7, (hidden, n_in)), rng.normal(0, 0.3, hidden)],
        [rng.normal(0, 1, (n_out, hidden)), rng.normal(0, 0.5, n_out)],
    ]


def below_zero(layers: list[Any]) -> list[Any]:
    """Samma nätverk med alla Q-värden under 0, så att ett minustecken som tappas bort syns."""
    hidden, (weights, bias) = layers
    return [hidden, [weights, bias - np.abs(weights).sum(axis=1) - np.abs(bias) - 0.5]]


def transition(rng: np.random.Generator, n_in: int, n_out: int, **fixed: Any) -> list[Any]:
    """En slumpad erfarenhet; `fixed` bestämmer fält."""
    fields = {
        "state": rng.normal(0, 1, n_in).round(3),
        "action": int(rng.integers(n_out)),
        "reward": float(distinct(rng, 1)[0]),
        "next_state": rng.normal(0, 1, n_in).round(3),
        "terminated": False,
        "truncated": False,
    }
    return list((fields | fixed).values())


class StepCases:
    """Drar indata till träningsstegets fall."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._sizes = 3, 4
        self._batch_size = int(rng.integers(5, 9))

    def one(self, **fixed: Any) -> list[Any]:
        """En erfarenhet."""
        return transition(self._rng, *self._sizes, **fixed)

    def repeated(self, **fixed: Any) -> list[Any]:
        """Samma erfarenhet i alla exemplar: då spelar det ingen roll vilka som dras."""
        return [self.one(**fixed)] * (self._batch_size + 3)

    def numbered(self) -> list[Any]:
        """Erfarenheter som känns igen på det första talet i tillståndet."""
        return [
            self.one(state=np.array([first, 1.0, 0.0]), next_state=[-99.0, 0, 1])
            for first in distinct(self._rng, N_STORED)
        ]

    def inputs(self, transitions: list[Any], **more: Any) -> Inputs:
        """Indata till drivaren."""
        return {
            "layers": random_layers(self._rng, *self._sizes),
            "transitions": transitions,
            "batch_size": self._batch_size,
            "discount_factor": _discount(self._rng),
            "learning_rate": float(self._rng.integers(5, 20)) / 1000,
        } | more


def sampling_case(inputs: Inputs) -> Case:
    """Många träningssteg på en buffert där varje erfarenhet känns igen på sitt första tal."""
    case = Case(
        ("sampling",),
        inputs | {"batch_size": SAMPLED, "calls": CALLS, "learning_rate": 0.0},
        answers=lambda observe: [EVEN_DRAWS],
        tolerance=0.45,
        text=f"{CALLS} träningssteg med {SAMPLED} av {N_STORED} sparade erfarenheter.",
    )
    return with_evidence(case, seen=even_draws(inputs["transitions"]))


def even_draws(transitions: list[Any]) -> Supports:
    """Det som nätverket såg i vart och ett av anropen finns i bufferten och är jämnt spritt."""
    place = {round(float(t[0][0]), 3): index for index, t in enumerate(transitions)}

    def supports(seen: Any) -> bool:
        drawn = spread([{place[round(float(x), 3)] for x in call} for call in seen], SAMPLED)
        return len(seen) == CALLS and all(
            limits.accepts(drawn[key]) for key, limits in EVEN_DRAWS.items()
        )

    return supports


@cases("3.3")
def dqn_training_step_cases(rng: np.random.Generator) -> list[Case]:
    draw = StepCases(rng)
    inputs, repeated = draw.inputs, draw.repeated
    large = repeated(reward=-float(rng.integers(300, 600)))
    planted = float(rng.integers(50, 99))
    negative = inputs(repeated(action=0))
    negative |= {"layers": below_zero(negative["layers"])}
    return [
        Case(("loss", "constant", "number", "rows"), inputs(repeated())),
        Case(("loss", "constant", "number"), inputs(repeated(), criterion="huber", buffer="list")),
        Case(("loss",), negative),  # de andra handlingarna finns inte med
        Case(("terminated",), inputs(repeated(terminated=True))),
        Case(("truncated",), inputs(repeated(truncated=True), buffer="list")),
        # γ = 0: ett fel i masken ska inte kosta det här beteendet också.
        Case(("step",), inputs(large, planted=planted, learning_rate=0.001, discount_factor=0.0)),
        Case(
            ("rows",),
            # Batchen är av en enda sort med sannolikhet högst 2 · (1/2)^24, ungefär 1e-7.
            inputs([draw.one(), draw.one()] * 16, batch_size=int(rng.integers(24, 31))),
            random=("loss", "returned", "weights"),
        ),
        sampling_case(inputs(draw.numbered())),
    ]
