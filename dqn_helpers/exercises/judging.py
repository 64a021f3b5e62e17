"""Bedömningen: vilka beteenden som är rätt, och vilket misstag det i så fall är.

Samma kod bedömer de öppna exemplen i `check()` och de dolda fallen i rättaren.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dqn_helpers.card import Comparison
from dqn_helpers.counting import listed
from dqn_helpers.exercises.comparing import compared, difference, in_words
from dqn_helpers.exercises.model import (
    Behaviour,
    Case,
    Exercise,
    KnownMistake,
    Observed,
    Outcome,
)
from dqn_helpers.exercises.recognising import recognised_in

Mark = Literal["passed", "failed", "unsolved"]
Ran = list[tuple[Case, Outcome]]


@dataclass(frozen=True)
class BehaviourVerdict:
    """Ett beteende: rätt, fel eller inte löst; vad som är fel, och i vilket fall.

    `comparison` är svaret bredvid det rätta, när det som är fel är ett värde.
    """

    behaviour: Behaviour
    mark: Mark
    message: str = ""
    case: Case | None = None
    was_run: bool = True
    comparison: Comparison | None = None

    @property
    def situation(self) -> str:
        """Fallet i ord, där det finns ord för det."""
        return self.case.text if self.case else ""


@dataclass(frozen=True)
class Verdict:
    """Hela övningen. `mistakes` är de misstag som känns igen, det säkraste först."""

    behaviours: tuple[BehaviourVerdict, ...]
    mistakes: tuple[KnownMistake, ...] = ()

    @property
    def passed(self) -> bool:
        """Sant om alla beteenden är rätt."""
        return all(b.mark == "passed" for b in self.behaviours)

    @property
    def is_explained(self) -> bool:
        """Sant om ett skrivet misstag känns igen; det gjorda säger vad svaren liknar, inte var."""
        return any(not mistake.generated for mistake in self.mistakes)

    @property
    def unsolved(self) -> bool:
        """Sant om inget är rätt och något inte är löst än."""
        marks = {b.mark for b in self.behaviours}
        return "unsolved" in marks and "passed" not in marks

    @property
    def points(self) -> float:
        """Summan av poängen för de beteenden som är rätt."""
        return sum(b.behaviour.points for b in self.behaviours if b.mark == "passed")


def judge(
    exercise: Exercise,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    mistakes: Sequence[KnownMistake] = (),
    behaviours_to_try: Sequence[Behaviour] | None = None,
) -> Verdict:
    """Bedöm det som iakttogs i fallen; alla beteenden, eller bara de som räknas upp."""
    ran = list(zip(cases, outcomes, strict=True))
    tried = exercise.behaviours if behaviours_to_try is None else behaviours_to_try
    behaviours = tuple(_behaviour_verdict(exercise, b, ran) for b in tried)
    verdict = Verdict(behaviours)
    if verdict.passed or verdict.unsolved:
        return verdict
    # Misstaget känns igen på det som hände, innan delar som är rätt slutar räknas.
    recognised = tuple(recognised_in(exercise, ran, mistakes))
    explained = _explained(behaviours, ran, recognised)
    return Verdict(_without_what_does_not_count(explained), recognised)


def _explained(
    behaviours: tuple[BehaviourVerdict, ...], ran: Ran, recognised: Sequence[KnownMistake]
) -> tuple[BehaviourVerdict, ...]:
    """Med orsaken efter varje fel, om inte ett misstag som känns igen redan säger den."""
    causes = {
        outcome.problem: outcome.explained
        for index, (_, outcome) in enumerate(ran)
        if not any(outcome.signature == m.outcomes[index].signature for m in recognised)
    }
    return tuple(replace(b, message=causes.get(b.message, b.message)) for b in behaviours)


def _without_what_does_not_count(
    behaviours: tuple[BehaviourVerdict, ...],
) -> tuple[BehaviourVerdict, ...]:
    """Ett beteende som kräver ett annat räknas först när det andra är rätt."""
    names = {b.behaviour.id: b.behaviour.name for b in behaviours if b.mark != "passed"}
    found = []
    for verdict in behaviours:
        missing = [names[one] for one in verdict.behaviour.requires if one in names]
        if missing and verdict.mark == "passed":
            message = f"Den här delen räknas först när lösningen {listed(missing)}."
            verdict = replace(verdict, mark="failed", message=message)
        found.append(verdict)
    return tuple(found)


def _behaviour_verdict(exercise: Exercise, behaviour: Behaviour, ran: Ran) -> BehaviourVerdict:
    for case, outcome in ran:
        if behaviour.id not in case.behaviours:
            continue
        if outcome.status == "unsolved":
            return BehaviourVerdict(behaviour, "unsolved", outcome.problem)
        wrong = failure(exercise, behaviour, case, outcome)
        if wrong:
            message, comparison = wrong
            was_run = outcome.status != "not_run"
            return BehaviourVerdict(behaviour, "failed", message, case, was_run, comparison)
    return BehaviourVerdict(behaviour, "passed")


Failure = tuple[str, Comparison | None]
"""Vad som är fel: i en mening, och som tabell om det är ett värde."""


def failure(
    exercise: Exercise, behaviour: Behaviour, case: Case, outcome: Outcome
) -> Failure | None:
    """Vad som är fel, på svenska; None om något av de godtagna svaren stämmer."""
    if outcome.status != "ok":
        return outcome.problem, None
    problems = [_mismatch(exercise, behaviour, case, outcome, right) for right in case.expected]
    return None if not problems or None in problems else problems[0]


def _mismatch(
    exercise: Exercise, behaviour: Behaviour, case: Case, outcome: Outcome, right: Observed
) -> Failure | None:
    for key in behaviour.observables:
        if key not in right:
            continue
        found = difference(outcome.observed.get(key), right[key], case.tolerance)
        if found:
            whole = outcome.observed.get(key), right[key]
            observable = exercise.observables[key]
            has_table = found.kind == "value" and not observable.wrong
            table = compared(key, exercise, case, *whole) if has_table else None
            return in_words(found, key, observable, case, whole), table
    return None
