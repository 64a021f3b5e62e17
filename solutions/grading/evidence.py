"""Belägg: rådata som rättaren själv räknar om.

En iakttagelse vars rätta värde är samma för alla frön ("", sant, en andel) kan den som byter ut
drivaren i arbetsprocessen hitta på. I de dolda fallen lämnar drivaren därför också det rådata som
iakttagelsen räknades ur, och här prövas det mot fallets indata. Gränserna är samma som för
iakttagelserna, så en rätt lösning som klarar dem klarar också det här.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dqn_helpers.exercises.model import Answers, Case, Inputs, Observed, Within

Supports = Callable[[Any], bool]


@dataclass(frozen=True)
class Evidence(Within):
    """Ett väntat belägg: `supports` säger om rådata stämmer med fallets indata.

    Värdet kan studentens kod ha skrivit: det som inte går att räkna på godtas inte.
    """

    low: Any = field(default="", init=False)
    high: Any = field(default="", init=False)
    supports: Supports

    def accepts(self, value: Any) -> bool:
        """Sant om rådata stämmer."""
        try:
            with np.errstate(all="ignore"):
                return bool(self.supports(value))
        except Exception:  # vad som helst kan stå i ett påhittat värde
            return False


def with_evidence(case: Case, evidence: Any = True, **supports: Supports) -> Case:
    """Fallet med belägg: `evidence` till drivaren, och en prövning för varje belägg den ger.

    Beläggen används inte för att känna igen misstag: det räcker iakttagelserna till.
    """
    wanted: Observed = {key: Evidence(one) for key, one in supports.items()}
    before = case.answers

    def answers(observe: Callable[[Inputs], Observed]) -> Sequence[Observed]:
        right = before(observe) if before else [observe(inputs)]
        return [one | wanted for one in right]

    inputs = case.inputs | {"evidence": evidence}
    made: Answers = answers
    keys = tuple(supports)
    return replace(case, inputs=inputs, answers=made, random=(*case.random, *keys), evidence=keys)


def numbers(value: Any, *shape: int) -> np.ndarray:
    """Värdet som en array med den formen; −1 godtar vilken längd som helst.

    Raises:
        ValueError: om det inte är det.
    """
    array = np.asarray(value, dtype=float)
    if array.ndim != len(shape) or any(
        n not in (-1, m) for n, m in zip(shape, array.shape, strict=True)
    ):
        raise ValueError("fel form")
    return array
