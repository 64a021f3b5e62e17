"""De dolda fallen: dragna ur ett frö, med facit och vad varje känt misstag ger.

Samma frö ger samma fall. Fallen dras om tills inget misstag ger samma svar som den rätta
lösningen och inga två misstag ger samma svar, så att återkopplingen kan säga vilket det är.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dqn_helpers.exercises.comparing import same_outcome
from dqn_helpers.exercises.judging import failure
from dqn_helpers.exercises.model import Case, Exercise, Inputs, KnownMistake, Observed, Outcome
from dqn_helpers.exercises.running import run_cases

MakeCases = Callable[[np.random.Generator], Sequence[Case]]
MAX_DRAWS = 50
SECONDS = 30.0


@dataclass(frozen=True)
class Misconception:
    """Ett misstag i katalogen.

    Attributes:
        id: kort engelskt namn.
        text: återkopplingen till studenten.
        implementation: den felaktiga lösningen.
        equivalent_to: id för misstag som inte går att skilja från det här (skriv varför i koden).
    """

    id: str
    text: str
    implementation: Any
    equivalent_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """Fallen med godtagna svar, och vad varje känt misstag ger i dem."""

    exercise: Exercise
    cases: tuple[Case, ...]
    mistakes: tuple[KnownMistake, ...]

    def inputs(self) -> list[Inputs]:
        """Fallens indata: det enda som lämnas ut till studentens kod."""
        return [case.inputs for case in self.cases]


class NotDistinctError(RuntimeError):
    """Fallen kan inte skilja misstagen åt; meddelandet säger vilka."""


def generator(seed: int | str, number: str, attempt: int) -> np.random.Generator:
    """Slumpgeneratorn för en övning: förutsägbar för den som har fröet, inte för andra."""
    message = f"{number}/{attempt}".encode()
    digest = hmac.new(str(seed).encode(), message, hashlib.sha256).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def draw_scenario(
    exercise: Exercise,
    seed: int | str,
    make_cases: MakeCases,
    reference: Any,
    misconceptions: Sequence[Misconception],
) -> Scenario:
    """Dra fall tills de skiljer alla misstag åt.

    Raises:
        NotDistinctError: om det inte lyckas.
    """
    problem = ""
    for attempt in range(MAX_DRAWS):
        rng = generator(seed, exercise.number, attempt)
        cases = tuple(with_answers(exercise, case, reference) for case in make_cases(rng))
        plain = tuple(case.without_evidence() for case in cases)
        mistakes = tuple(known_mistake(exercise, m, plain) for m in misconceptions)
        problem = confusion(exercise, plain, mistakes, misconceptions)
        if not problem:
            return Scenario(exercise, cases, mistakes)
    raise NotDistinctError(f"{exercise.number}: {problem}")


def with_answers(exercise: Exercise, case: Case, reference: Any) -> Case:
    """Fallet med godtagna svar ur den rätta lösningen."""

    def observe(inputs: Inputs) -> Observed:
        outcome = run_cases(exercise.driver, reference, [inputs], SECONDS)[0]
        if outcome.status != "ok":
            raise RuntimeError(f"{exercise.number}: facit gick inte att köra: {outcome.problem}")
        return outcome.observed

    expected = case.answers(observe) if case.answers else [observe(case.inputs)]
    return replace(case, expected=tuple(expected))


class LazyOutcomes(Sequence[Outcome]):
    """Vad en lösning ger i fallen; varje fall körs först när någon frågar, och bara en gång."""

    def __init__(self, exercise: Exercise, implementation: Any, cases: Sequence[Case]) -> None:
        self._driver = exercise.driver
        self._implementation = implementation
        self._cases = cases
        self._known: dict[int, Outcome] = {}

    def __len__(self) -> int:
        return len(self._cases)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index not in self._known:
            inputs = [self._cases[index].inputs]
            self._known[index] = run_cases(
                self._driver, self._implementation, inputs, SECONDS, seed=index
            )[0]
        return self._known[index]


def known_mistake(
    exercise: Exercise, misconception: Misconception, cases: Sequence[Case]
) -> KnownMistake:
    """Vad misstaget ger i fallen."""
    outcomes = LazyOutcomes(exercise, misconception.implementation, cases)
    return KnownMistake(misconception.id, misconception.text, outcomes)


def confusion(
    exercise: Exercise,
    cases: Sequence[Case],
    mistakes: Sequence[KnownMistake],
    misconceptions: Sequence[Misconception],
) -> str:
    """Vilka misstag som inte går att skilja från det rätta eller varandra; tomt om alla går."""
    equivalent = {m.id: {m.id, *m.equivalent_to} for m in misconceptions}
    for index, mistake in enumerate(mistakes):
        if not fails(exercise, cases, mistake.outcomes):
            return f"misstaget {mistake.id} får full poäng"
        for other in mistakes[index + 1 :]:
            related = other.id in equivalent[mistake.id] or mistake.id in equivalent[other.id]
            if not related and _same(cases, mistake.outcomes, other.outcomes):
                return f"misstagen {mistake.id} och {other.id} ger samma svar"
    return ""


def fails(exercise: Exercise, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> bool:
    """Sant om något beteende är fel i något fall; slutar vid det första."""
    return any(
        outcome.status == "unsolved" or failure(exercise, behaviour, case, outcome)
        for case, outcome in zip(cases, outcomes, strict=True)
        for behaviour in exercise.behaviours
        if behaviour.id in case.behaviours
    )


def _same(cases: Sequence[Case], mine: Sequence[Outcome], other: Sequence[Outcome]) -> bool:
    return all(same_outcome(a, b, case) for case, a, b in zip(cases, mine, other, strict=True))
