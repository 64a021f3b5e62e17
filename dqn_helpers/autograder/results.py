"""En övnings resultat: status, poäng och svensk återkoppling."""

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dqn_helpers.autograder.reach import Reach
from dqn_helpers.autograder.scenarios import Scenario
from dqn_helpers.autograder.slicing import CellSource, Slices
from dqn_helpers.autograder.workshop import Answer, Workshop
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


MAX_REACH, MAX_LINE = 5, 100

STOPPED: tuple[Status, ...] = ("timeout", "memory", "forbidden", "crashed")
"""Det som stoppade körningen, det viktigaste först."""


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
    reach: tuple[str, ...] = ()
    """Rader i koden som rör något utanför övningen, för läraren att titta på (se `reach`)."""


@dataclass(frozen=True)
class Ran:
    """Resultatet med det som bara återkopplingssidan visar: koden, utskrifter, anmärkningar."""

    result: ExerciseResult
    source: tuple[CellSource, ...] = ()
    output: str = ""
    notes: tuple[str, ...] = ()
    lacks_name: bool = False


def grade(
    scenario: Scenario,
    slices: Slices,
    workshop: Workshop,
    seed: int = 0,
    replacements: Sequence[CellSource] = (),
    answer: Answer | None = None,
    right_first: bool = False,
    unreadable: Sequence[CellSource] = (),
) -> Ran:
    """Rätta en övning i en inlämning.

    Args:
        scenario: de dolda fallen.
        slices: vad som behövs ur inlämningen.
        workshop: där studentens kod körs.
        seed: frö för studentens egen slump.
        replacements: rätta versioner av de andra övningarna. Om studentens lösning använder sina
            egna och inte håller körs den en gång till med dem, och det bästa räknas.
        answer: svarar på frågorna från de rätta versioner som frågar rättaren (bok 05).
        right_first: sant om studentens egna redan har visat sig fastna: kör bara med de rätta.
        unreadable: celler med syntaxfel.
    """
    name = scenario.exercise.name
    source = slices.needed.get(name, ())
    if name not in slices.names:
        return _hidden_somewhere(scenario, slices, workshop, seed) or _not_there(
            scenario, slices, unreadable
        )
    uses_others = bool(slices.uses.get(name)) and bool(replacements)
    best = None
    if not (uses_others and right_first):
        best = _attempt(scenario, source, workshop, seed)
    # En tidsgräns prövas inte om: de övningar som används har då klarat sig själva (`right_first`).
    if uses_others and (best is None or best.result.status not in ("passed", "timeout")):
        note = _with_right_versions(scenario.exercise, slices.uses[name])
        again = _attempt(scenario, (*source, *replacements), workshop, seed, note, answer)
        best = again if best is None else max(best, again, key=_points)
    assert best is not None  # minst en av de två kördes
    if _lacks_something(best) and slices.everything:
        again = _attempt(scenario, slices.everything, workshop, seed, EVERYTHING_TEXT)
        best = max(best, again, key=_points)
    result = replace(best.result, reach=shown_reach(best.source, slices.reach))
    return replace(best, result=result, source=source or best.source)


def shown_reach(cells: Sequence[CellSource], reach: Sequence[Reach]) -> tuple[str, ...]:
    """De rader i koden som kördes som rör något utanför övningen, i ord."""
    shown = []
    for one in reach:
        lines = (cell.text.split("\n")[one.line - 1 : one.line] for cell in cells
                 if cell.name == one.cell)  # fmt: skip
        text = next((line[0].strip() for line in lines if line and line[0].strip()), "")
        if text:
            shown.append(f"{one.cell}, rad {one.line}, rör `{one.what}`: {text[:MAX_LINE]}")
    return tuple(dict.fromkeys(shown))[:MAX_REACH]


EVERYTHING_TEXT = (
    "Det gick inte att se vilka celler lösningen behöver, så alla celler kördes, i ordning och med "
    "tidsgräns."
)


def _with_right_versions(exercise: Exercise, used: Collection[str]) -> str:
    others = " och ".join(f"`{name}`" for name in sorted(used))
    return (
        f"Övning {exercise.number} anropar {others}, som inte höll. Den rättades därför också "
        "tillsammans med en rätt version, så att ett fel inte kostar poäng två gånger."
    )


def _points(ran: Ran) -> float:
    return ran.result.points or 0


def _hidden_somewhere(
    scenario: Scenario, slices: Slices, workshop: Workshop, seed: int
) -> Ran | None:
    """Sista utvägen när namnet inte syns definieras: kör allt och se om det ger poäng."""
    name = scenario.exercise.name
    if not any(name in cell.text for cell in slices.everything):
        return None
    ran = _attempt(scenario, slices.everything, workshop, seed, EVERYTHING_TEXT)
    result = replace(ran.result, reach=shown_reach(ran.source, slices.reach))
    return replace(ran, result=result) if _points(ran) else None


def _lacks_something(ran: Ran) -> bool:
    """Sant om ett namn saknades: då kan skivningen ha missat något."""
    return ran.result.status in ("error", "partial", "failed") and ran.lacks_name


def _attempt(
    scenario: Scenario,
    source: Sequence[CellSource],
    workshop: Workshop,
    seed: int,
    note: str = "",
    answer: Answer | None = None,
) -> Ran:
    exercise = scenario.exercise
    run = workshop.run(exercise.number, source, scenario.inputs(), seed, answer)
    verdict = judge(exercise, scenario.cases, run.outcomes, scenario.mistakes)
    result = _result(exercise, verdict, status_of(verdict, run.outcomes))
    notes = (note, *run.notes) if note else run.notes
    output = next((o.output for o in run.outcomes if o.output), "")
    lacks_name = any(o.signature.startswith("NameError") for o in run.outcomes)
    return Ran(result, tuple(source), output, notes, lacks_name)


def status_of(verdict: Verdict, outcomes: Sequence[Outcome]) -> Status:
    """Övningens status i ett ord."""
    if verdict.passed:
        return "passed"
    if verdict.unsolved:
        return "unsolved"
    if verdict.points:
        return "partial"
    statuses = {outcome.status for outcome in outcomes}
    for status in STOPPED:
        if status in statuses:
            return status
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


def _not_there(scenario: Scenario, slices: Slices, unreadable: Sequence[CellSource]) -> Ran:
    """Funktionen finns inte: saknas den, eller står den i en cell som inte går att läsa?"""
    exercise = scenario.exercise
    defines = re.compile(rf"\b(def|class)\s+{exercise.name}\b|^{exercise.name}\s*=", re.MULTILINE)
    places = tuple(f"{cell.name}," for cell in unreadable if defines.search(cell.text))
    errors = [error for error in slices.syntax_errors if error.startswith(places)]
    if places and errors:
        text = "Cellen går inte att läsa. " + " ".join(errors[:3])
        return Ran(without_run(exercise, "syntax_error", text))
    text = f"Funktionen `{exercise.name}` finns inte i inlämningen."
    others = slices.names - set(NUMBER_OF)
    near = difflib.get_close_matches(exercise.name, others, n=1)
    text += f" Menade du `{near[0]}`? Byt i så fall namn på den." if near else ""
    return Ran(without_run(exercise, "missing", text))


def without_run(exercise: Exercise, status: Status, text: str) -> ExerciseResult:
    """Resultatet för en övning som inte kördes; `internal` ger inga poäng alls, inte heller 0."""
    tests = tuple(BehaviourResult(b.name, b.points, False, text) for b in exercise.behaviours)
    points = None if status == "internal" else 0.0
    return ExerciseResult(
        exercise.number, exercise.name, points, exercise.points, status, None, text, tests
    )
