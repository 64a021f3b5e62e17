"""En övnings resultat: status, poäng och svensk återkoppling."""

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from dqn_helpers.autograder.arguments import MAX_MESSAGE
from dqn_helpers.autograder.budget import Budget
from dqn_helpers.autograder.result import ExerciseResult, PartResult, Status
from dqn_helpers.autograder.scenarios import Scenario
from dqn_helpers.autograder.workshop import Answer, Workshop
from dqn_helpers.exercises.judging import BehaviourVerdict, Verdict, judge
from dqn_helpers.exercises.model import Exercise, Outcome
from dqn_helpers.exercises.pasteable import as_python
from dqn_helpers.exercises.plain import in_short, shortened
from dqn_helpers.exercises.syllabus import NUMBER_OF
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.extract import Slices
from dqn_helpers.submission.reach import Reach

MAX_REACH, MAX_LINE = 5, 100

STOPPED: tuple[Status, ...] = ("timeout", "memory", "forbidden", "crashed")
"""Det som stoppade körningen, det viktigaste först."""


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
    budget = Budget.of(workshop.limit)  # en enda, för alla försök tillsammans
    if name not in slices.names:
        return _hidden_somewhere(scenario, slices, workshop, seed, budget) or _not_there(
            scenario, slices, unreadable
        )
    uses_others = bool(slices.uses.get(name)) and bool(replacements)
    best = None
    if not (uses_others and right_first):
        best = _attempt(scenario, source, workshop, seed, budget)
    # En tidsgräns prövas inte om: de övningar som används har då klarat sig själva (`right_first`).
    if uses_others and (best is None or best.result.status not in ("passed", "timeout")):
        note = _with_right_versions(scenario.exercise, slices.uses[name])
        everything = (*source, *replacements)
        again = _attempt(scenario, everything, workshop, seed, budget, note, answer)
        best = again if best is None else max(best, again, key=_points)
    assert best is not None  # minst en av de två kördes
    if _lacks_something(best) and slices.everything:
        again = _attempt(scenario, slices.everything, workshop, seed, budget, EVERYTHING_TEXT)
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


MAX_COMPARED = 500  # namn som jämförs med det som saknas

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
    scenario: Scenario, slices: Slices, workshop: Workshop, seed: int, budget: Budget
) -> Ran | None:
    """Sista utvägen när namnet inte syns definieras: kör allt och se om det ger poäng."""
    name = scenario.exercise.name
    if not any(name in cell.text for cell in slices.everything):
        return None
    ran = _attempt(scenario, slices.everything, workshop, seed, budget, EVERYTHING_TEXT)
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
    budget: Budget,
    note: str = "",
    answer: Answer | None = None,
) -> Ran:
    exercise = scenario.exercise
    run = workshop.run(exercise.number, source, scenario.inputs(), seed, budget, answer)
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
    texts = tuple(mistake.text for mistake in verdict.mistakes)
    return ExerciseResult(
        id=exercise.number,
        name=exercise.name,
        points=verdict.points,
        max_points=exercise.points,
        status=status,
        parts=tuple(_part(exercise, b) for b in verdict.behaviours),
        misconception=verdict.mistakes[0].id if verdict.mistakes else None,
        texts=("Inte löst än.",) if status == "unsolved" else texts,
    )


def _part(exercise: Exercise, verdict: BehaviourVerdict) -> PartResult:
    """Domen över ett beteende; ett fall utan egen text beskrivs av sina indata."""
    case, behaviour = verdict.case, verdict.behaviour
    inputs = case.without_evidence().inputs if case and not case.text else {}
    return PartResult(
        name=behaviour.name,
        points=behaviour.points,
        passed=verdict.mark == "passed",
        message=shortened(verdict.message, MAX_MESSAGE),
        situation=shortened(case.text, MAX_MESSAGE) if case else "",
        arguments=tuple((name, in_short(name, value)) for name, value in inputs.items()),
        was_run=verdict.was_run,
        comparison=verdict.comparison,
        code=as_python(exercise, case) if case else "",
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
    near = difflib.get_close_matches(exercise.name, _similar(exercise.name, slices.names), n=1)
    text += f" Menade du `{near[0]}`? Byt i så fall namn på den." if near else ""
    return Ran(without_run(exercise, "missing", text))


def _similar(name: str, names: Collection[str]) -> list[str]:
    """De namn som är närmast lika långa, högst `MAX_COMPARED`: att jämföra alla tar tid."""
    others = sorted(set(names) - set(NUMBER_OF), key=lambda one: (abs(len(one) - len(name)), one))
    return others[:MAX_COMPARED]


def without_run(exercise: Exercise, status: Status, text: str) -> ExerciseResult:
    """Resultatet för en övning som inte kördes; `internal` ger inga poäng alls, inte heller 0."""
    return ExerciseResult(
        id=exercise.number,
        name=exercise.name,
        points=None if status == "internal" else 0.0,
        max_points=exercise.points,
        status=status,
        parts=tuple(PartResult(b.name, b.points, False, text) for b in exercise.behaviours),
        texts=(text,),
    )
