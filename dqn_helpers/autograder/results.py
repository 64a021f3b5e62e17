"""En övnings resultat: status, poäng och svensk återkoppling."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dqn_helpers.autograder.collecting import CellSource, Collected
from dqn_helpers.autograder.scenarios import Scenario
from dqn_helpers.autograder.worker import run_cases
from dqn_helpers.exercises.judging import Verdict, judge
from dqn_helpers.exercises.model import Exercise, Outcome
from dqn_helpers.exercises.syllabus import NUMBER_OF

Status = Literal[
    "passed",
    "partial",
    "failed",
    "unsolved",
    "missing",
    "syntax_error",
    "error",
    "timeout",
    "memory",
    "crashed",
    "forbidden",
    "internal",
]


@dataclass(frozen=True)
class BehaviourResult:
    """Ett beteende i resultatet."""

    name: str
    points: float
    passed: bool
    message: str


@dataclass(frozen=True)
class ExerciseResult:
    """En övnings resultat, så som det står i results.json."""

    id: str
    name: str
    points: float | None
    max_points: float
    status: Status
    misconception: str | None
    feedback: str
    tests: tuple[BehaviourResult, ...]


def grade(
    scenario: Scenario,
    submission: Collected,
    seed: int,
    replacements: Sequence[CellSource] = (),
) -> ExerciseResult:
    """Rätta en övning i en inlämning.

    Args:
        scenario: de dolda fallen.
        submission: studentens definitioner.
        seed: frö för studentens egen slump.
        replacements: rätta versioner av de andra övningarna; om studentens lösning inte håller
            med sina egna körs den en gång till med dem, och det bästa räknas (inga följdfel).
    """
    exercise = scenario.exercise
    if exercise.name not in submission.names:
        return _not_there(exercise, submission)
    best = _attempt(scenario, submission.cells, seed)
    if best.status not in ("passed", "timeout") and replacements:
        again = _attempt(scenario, (*submission.cells, *replacements), seed)
        best = max(best, again, key=lambda result: result.points or 0)
    return best


def _attempt(scenario: Scenario, source: Sequence[CellSource], seed: int) -> ExerciseResult:
    outcomes = run_cases(source, scenario.exercise.number, scenario.inputs(), seed)
    verdict = judge(scenario.exercise, scenario.cases, outcomes, scenario.mistakes)
    return _result(scenario.exercise, verdict, status_of(verdict, outcomes))


def status_of(verdict: Verdict, outcomes: Sequence[Outcome]) -> Status:
    """Övningens status i ett ord."""
    if verdict.passed:
        return "passed"
    if verdict.unsolved:
        return "unsolved"
    if verdict.points:
        return "partial"
    statuses = {outcome.status for outcome in outcomes}
    for status in ("timeout", "memory"):
        if status in statuses:
            return "timeout" if status == "timeout" else "memory"
    return "error" if statuses == {"error"} else "failed"


def _result(exercise: Exercise, verdict: Verdict, status: Status) -> ExerciseResult:
    tests = tuple(
        BehaviourResult(
            b.behaviour.name,
            b.behaviour.points,
            b.mark == "passed",
            f"{b.situation} {b.message}".strip(),
        )
        for b in verdict.behaviours
    )
    texts = [mistake.text for mistake in verdict.mistakes]
    return ExerciseResult(
        id=exercise.number,
        name=exercise.name,
        points=verdict.points,
        max_points=exercise.points,
        status=status,
        misconception=verdict.mistakes[0].id if verdict.mistakes else None,
        feedback="Inte löst än." if status == "unsolved" else "\n".join(texts),
        tests=tests,
    )


def _not_there(exercise: Exercise, submission: Collected) -> ExerciseResult:
    """Funktionen finns inte: saknas den, eller står den i en cell som inte går att läsa?"""
    if submission.syntax_errors:
        status: Status = "syntax_error"
        text = f"Syntaxfel i {submission.syntax_errors[0]}."
    else:
        status, text = "missing", f"Funktionen `{exercise.name}` finns inte i inlämningen."
        others = submission.names - set(NUMBER_OF)
        near = difflib.get_close_matches(exercise.name, others, n=1)
        text += f" Menade du `{near[0]}`? Byt i så fall namn på den." if near else ""
    tests = tuple(BehaviourResult(b.name, b.points, False, text) for b in exercise.behaviours)
    return ExerciseResult(
        exercise.number, exercise.name, 0.0, exercise.points, status, None, text, tests
    )
