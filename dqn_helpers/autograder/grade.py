"""Rättaren: en inlämning in, ett resultat ut.

1. Cellerna läses i verkstaden: vilka satser behöver varje övning?
2. Varje övning körs på sina dolda fall, och det som iakttogs jämförs med facit.
3. Är något fel jämförs det med de kända misstagen, så att studenten får veta vilket det är.

Den som inte får full poäng kan få ett försök till. Anropar lösningen en annan övning körs den också
med en rätt version av den, så att ett fel inte kostar poäng två gånger. Saknades ett namn körs alla
bokens celler. Det bästa försöket räknas, och alla försök delar på en enda budget.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from dqn_helpers.autograder import catalogue, error_model
from dqn_helpers.autograder.arguments import MAX_MESSAGE
from dqn_helpers.autograder.budget import Budget
from dqn_helpers.autograder.catalogue import Scenario
from dqn_helpers.autograder.result import (
    NOT_CHOSEN,
    ExerciseResult,
    PartResult,
    Status,
    SubmissionResult,
    SubmissionStatus,
)
from dqn_helpers.autograder.workshop import Answer, WorkerError, Workshop
from dqn_helpers.counting import agreeing, as_sentence, listed
from dqn_helpers.exercises.judging import BehaviourVerdict, Verdict, judge
from dqn_helpers.exercises.model import Exercise, Outcome
from dqn_helpers.exercises.pasteable import as_python
from dqn_helpers.exercises.plain import in_short, shortened
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.repair import Source, Trial, find, in_words, is_worth_a_search
from dqn_helpers.exercises.syllabus import NUMBER_OF, WRITTEN, exercises_of, notebook_of
from dqn_helpers.exercises.unused import unused_in_words
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.collect import Submission
from dqn_helpers.submission.extract import did_you_mean
from dqn_helpers.submission.reach import Reach

MAX_SHOWN = 50_000  # tecken kod ur en övning som sparas till sidan
MAX_REACH, MAX_LINE = 5, 100
REPAIR_SECONDS = 2.0  # processortid för att leta efter var felet sitter

STOPPED: tuple[Status, ...] = ("timeout", "memory", "forbidden", "crashed")
"""Det som stoppade körningen, det viktigaste först."""

NO_EXERCISES = (
    "Ingen av kursens övningar finns i filen. Är det rätt anteckningsbok? Den ska heta som i "
    "kursen, till exempel `05_double_dqn.ipynb`, eller definiera övningarnas funktioner."
)
NOTHING_HERE = "Här finns inga övningar att rätta."
INTERNAL_TEXT = (
    "Rättaren själv gick sönder här. Felet är rättarens och inte lösningens, så övningen har inga "
    "poäng förrän en människa har tittat på den."
)
WRITTEN_NAME = "reflektion"
EVERYTHING_TEXT = (
    "Det gick inte att se vilka celler lösningen behöver, så alla celler kördes, i ordning och med "
    "tidsgräns."
)


@dataclass(frozen=True)
class Settings:
    """Det som gäller för hela rättningen.

    Attributes:
        seed: frö för de dolda fallen.
        limit: processortid i sekunder för en övning.
        only: bara de här övningarna; tomt: alla.
    """

    seed: int | str
    limit: float
    only: tuple[str, ...] = ()


# --- en inlämning --------------------------------------------------------------------------------


def grade_submission(
    submission: Submission, workshop: Workshop, settings: Settings
) -> SubmissionResult:
    """Rätta en inlämning."""
    if submission.problem:
        return summed_up(submission, workshop, "unreadable", submission.problem)
    try:
        grading = Grading(submission, workshop, settings.seed, settings.only)
    except WorkerError as error:
        return summed_up(submission, workshop, "error", f"Koden gick inte att läsa. {error}")
    if not grading.numbers and not grading.written:
        return _nothing(submission, workshop, settings)
    problems: list[str] = []
    ran = [_ran_or_internal(number, grading, problems) for number in grading.numbers]
    notes = [*grading.slices.syntax_errors, *grading.slices.notes]
    notes += [note for one in ran for note in one.notes]
    return replace(
        summed_up(submission, workshop, "graded", " ".join(problems)[:500]),
        exercises=(*(one.result for one in ran), *map(waiting_for_teacher, grading.written)),
        notes=tuple(dict.fromkeys(map(as_sentence, notes))),
    )


def _nothing(submission: Submission, workshop: Workshop, settings: Settings) -> SubmissionResult:
    """En läsbar fil utan övningar: fel fil, eller bara inget av det som valdes."""
    if settings.only:
        return summed_up(submission, workshop, "graded", NOT_CHOSEN)
    if submission.notebook is not None:
        return summed_up(submission, workshop, "graded", NOTHING_HERE)
    return summed_up(submission, workshop, "unreadable", NO_EXERCISES)


def _ran_or_internal(number: str, grading: "Grading", problems: list[str]) -> "Ran":
    """Övningens resultat; går rättaren själv sönder får en människa titta."""
    try:
        return grading.ran(number)
    except Exception as error:
        what = f"Rättaren gick sönder i {number}: {type(error).__name__}: {error}"
        problems.append(what[:500])
        return Ran(without_run(EXERCISES[number], "internal", INTERNAL_TEXT))


def summed_up(
    submission: Submission, workshop: Workshop | None, status: SubmissionStatus, message: str
) -> SubmissionResult:
    """Resultatet för en fil, utan övningar; `workshop` är None om ingen kod kördes."""
    return SubmissionResult(
        file=submission.file,
        student=submission.student,
        canvas_id=submission.canvas_id,
        notebook=submission.notebook,
        attempt=submission.attempt,
        moodle_id=submission.moodle_id,
        late=submission.late,
        sha256=submission.sha256,
        status=status,
        message=" ".join(filter(None, (message, submission.note))),
        isolation=workshop.tier if workshop else "",
        isolation_reasons=tuple(workshop.reasons) if workshop else (),
    )


class Grading:
    """Rättningen av en inlämning; varje övning körs när någon frågar efter den, en enda gång.

    Args:
        submission: en läst inlämning.
        workshop: där studentens kod körs.
        seed: frö för de dolda fallen.
        only: bara de här övningarna.

    Attributes:
        slices: det som varje övning behöver.
        numbers: övningarna som ska rättas.
        written: de skrivna svaren, som läraren bedömer.

    Raises:
        WorkerError: om inlämningens kod inte gick att läsa.
    """

    def __init__(
        self,
        submission: Submission,
        workshop: Workshop,
        seed: int | str,
        only: Sequence[str] = (),
    ) -> None:
        self._workshop, self._seed = workshop, seed
        self.slices = workshop.slice(submission.cells, list(NUMBER_OF))
        read = {cell.name for cell in self.slices.everything}
        self._unreadable = [cell for cell in submission.cells if cell.name not in read]
        # Sista utvägen kör alla celler utom sidans egna: de tränar agenter i minuter.
        handed_out = catalogue.template_cells()
        self._everything = tuple(
            cell for cell in self.slices.everything if cell.text.strip() not in handed_out
        )
        found = _exercises_in(submission, self.slices.names)
        self.numbers = [number for number in found if not only or number in only]
        books = set(map(notebook_of, found))
        self.written = [n for n in WRITTEN if notebook_of(n) in books and (not only or n in only)]
        self._results: dict[str, Ran | None] = {}

    def ran(self, number: str) -> "Ran":
        """Övningens resultat."""
        known = self._results.get(number)
        if known is None:
            self._results[number] = None  # påbörjad
            known = self._results[number] = self._grade(number)
        return known

    def _grade(self, number: str) -> "Ran":
        name = EXERCISES[number].name
        attempts = Attempts(error_model.scenario(number, self._seed), self._workshop)
        if name in self.slices.names:
            best = self._best(attempts)
        elif (found := self._hidden_somewhere(attempts)) is not None:
            best = found
        else:
            return Ran(self._not_there(attempts.exercise))
        result = replace(
            best.result,
            texts=(*best.result.texts, *attempts.where(best)),
            reach=shown_reach(best.source, self.slices.reach),
            source=_shown_source(self.slices.needed.get(name) or best.source),
        )
        return replace(best, result=result)

    def _best(self, attempts: "Attempts") -> "Ran":
        """Det bästa av försöken: som lösningen står, med rätta versioner, med alla celler."""
        number, name = attempts.exercise.number, attempts.exercise.name
        source, used = self.slices.needed.get(name, ()), self.slices.uses.get(name, frozenset())
        right_versions = catalogue.right_versions(number, used) if used else ()
        # Fastnar det som används är det ingen idé att köra med det.
        is_hopeless = [self._gets_stuck(NUMBER_OF[one]) for one in sorted(used)]
        best = None
        if not (right_versions and any(is_hopeless)):
            best = attempts.run(source)
        if right_versions and (best is None or best.result.status not in ("passed", "timeout")):
            again = attempts.run_with(source, right_versions, used)
            best = again if best is None else max(best, again, key=_points)
        assert best is not None  # minst en av de två kördes
        if best.lacks_name and self._everything and best.result.status in INCOMPLETE:
            again = attempts.run(self._everything, EVERYTHING_TEXT)
            best = max(best, again, key=_points)
        return best

    def _gets_stuck(self, number: str) -> bool:
        """Sant om en annan övning fastnar eller kraschar."""
        is_started = number in self._results and self._results[number] is None
        if is_started or number not in self.numbers:  # två lösningar som använder varandra
            return False
        return self.ran(number).result.status in STOPPED

    def _hidden_somewhere(self, attempts: "Attempts") -> "Ran | None":
        """Sista utvägen när namnet inte syns definieras: kör allt och se om det ger poäng."""
        if not any(attempts.exercise.name in cell.text for cell in self._everything):
            return None
        ran = attempts.run(self._everything, EVERYTHING_TEXT)
        return ran if _points(ran) else None

    def _not_there(self, exercise: Exercise) -> ExerciseResult:
        """Funktionen finns inte: saknas den, eller står den i en cell som inte går att läsa?"""
        name = exercise.name
        defines = re.compile(rf"\b(def|class)\s+{name}\b|^{name}\s*=", re.MULTILINE)
        places = tuple(f"{cell.name}," for cell in self._unreadable if defines.search(cell.text))
        errors = [error for error in self.slices.syntax_errors if error.startswith(places)]
        if places and errors:
            cells = agreeing(len(errors), "Cellen", "Cellerna")
            text = as_sentence(f"{cells} går inte att läsa: {'; '.join(errors[:3])}")
            return without_run(exercise, "syntax_error", text)
        text = f"Funktionen `{name}` finns inte i inlämningen."
        return without_run(exercise, "missing", text + did_you_mean(name, self.slices.names))


def _exercises_in(submission: Submission, names: frozenset[str]) -> list[str]:
    """Övningarna i den anteckningsbok som inlämningen är, annars i dem vars funktioner den har."""
    books = {submission.notebook}
    if submission.notebook is None:
        books = {notebook_of(number) for name, number in NUMBER_OF.items() if name in names}
    own = {number for book in books for number in exercises_of(book)}
    return [number for number in EXERCISES if number in own]


# --- ett försök ----------------------------------------------------------------------------------

INCOMPLETE: tuple[Status, ...] = ("error", "partial", "failed")
LACKING = ("NameError", "ModuleNotFoundError", "ImportError")


@dataclass(frozen=True)
class Ran:
    """Ett försök på en övning.

    Attributes:
        result: resultatet.
        notes: anmärkningar till studenten.
        source: cellerna som kördes.
        lacks_name: sant om koden saknade ett namn eller en modul: då kan läsningen ha missat något.
        outcomes: det som hände i fallen.
        verdict: bedömningen av det; None om inget kördes.
    """

    result: ExerciseResult
    notes: tuple[str, ...] = ()
    source: tuple[CellSource, ...] = ()
    lacks_name: bool = False
    outcomes: tuple[Outcome, ...] = ()
    verdict: Verdict | None = None


def _points(ran: Ran) -> float:
    return ran.result.points or 0


class Attempts:
    """Försöken på en övning: samma fall, och en budget för dem alla tillsammans."""

    def __init__(self, scenario: Scenario, workshop: Workshop) -> None:
        self.exercise = scenario.exercise
        self._scenario, self._workshop = scenario, workshop
        self._budget = Budget.of(workshop.limit)

    def run(
        self, source: Sequence[CellSource], note: str = "", answer: Answer | None = None
    ) -> Ran:
        """Kör fallen på lösningen i cellerna, och bedöm svaren."""
        exercise, drawn = self.exercise, self._scenario
        run = self._workshop.run(exercise.number, source, drawn.inputs(), 0, self._budget, answer)
        verdict = judge(exercise, drawn.cases, run.outcomes, drawn.mistakes)
        result = _result(exercise, verdict, _status(verdict, run.outcomes))
        output = next((one.output for one in run.outcomes if one.output), "")
        return Ran(
            replace(result, output=output),
            (note, *run.notes) if note else run.notes,
            tuple(source),
            any(one.signature.startswith(LACKING) for one in run.outcomes),
            run.outcomes,
            verdict,
        )

    def where(self, ran: Ran) -> list[str]:
        """Var felet sitter, när inget skrivet misstag förklarar det; tomt om det inte går att säga.

        Den omskrivna koden körs där studentens kod kördes, och det som är kvar av tiden räcker.
        """
        exercise, drawn, verdict = self.exercise, self._scenario, ran.verdict
        if verdict is None or not is_worth_a_search(verdict, ran.outcomes):
            return []
        seconds = min(REPAIR_SECONDS, self._budget.seconds)
        budget = Budget(seconds, min(seconds, self._budget.rest))

        def attempt(only: Sequence[int] | None, places: Sequence[int]) -> Sequence[Trial]:
            return self._workshop.trials(
                exercise.number, ran.source, drawn.inputs(), only, places, budget
            )

        cells = [Source(cell.name, cell.text) for cell in ran.source]
        try:
            only_whole = bool(verdict.mistakes)  # annars kan raden säga emot liknelsen
            found = find(exercise, drawn.cases, ran.outcomes, attempt, only_whole)
            unused = self._workshop.unused(exercise.number, ran.source, budget)
            return [*unused_in_words(unused, cells), *in_words(exercise, found, cells)]
        except Exception:  # bedömningen är gjord: ett råd som inte går att ge får inte kosta den
            return []

    def run_with(
        self,
        source: Sequence[CellSource],
        right_versions: Sequence[CellSource],
        used: Collection[str],
    ) -> Ran:
        """Ett försök till, med rätta versioner av de övningar som lösningen anropar."""
        number, others = self.exercise.number, listed([f"`{name}`" for name in sorted(used)])
        right = agreeing(len(used), "rätt", "rätta")
        version = agreeing(len(used), "en rätt version", "rätta versioner")
        note = (
            f"Övning {number} anropar {others}, som inte är {right} än. Övningen rättades därför "
            f"också tillsammans med {version}, så att ett fel inte kostar poäng två gånger."
        )
        answer = catalogue.answers(number, self._scenario.inputs())
        return self.run((*source, *right_versions), note, answer)


# --- från bedömning till resultat ----------------------------------------------------------------


def _status(verdict: Verdict, outcomes: Sequence[Outcome]) -> Status:
    """Övningens status i ett ord."""
    if verdict.passed:
        return "passed"
    if verdict.unsolved:
        return "unsolved"
    if verdict.points:
        return "partial"
    statuses = {outcome.status for outcome in outcomes}
    stopped = next((status for status in STOPPED if status in statuses), None)
    return stopped or ("error" if statuses == {"error"} else "failed")


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
    """Bedömningen av ett beteende; ett fall utan egen text beskrivs av sina indata."""
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


def waiting_for_teacher(number: str) -> ExerciseResult:
    """Resultatet för ett skrivet svar: det har inga poäng förrän läraren har bedömt det."""
    return ExerciseResult(number, WRITTEN_NAME, None, WRITTEN[number], "manual")


def shown_reach(cells: Sequence[CellSource], reach: Sequence[Reach]) -> tuple[str, ...]:
    """De av de körda raderna som rör något utanför övningen, i ord."""
    shown = []
    for one in reach:
        lines = (cell.text.split("\n")[one.line - 1 : one.line] for cell in cells
                 if cell.name == one.cell)  # fmt: skip
        text = next((line[0].strip() for line in lines if line and line[0].strip()), "")
        if text:
            shown.append(f"{one.cell}, rad {one.line}, rör `{one.what}`: {text[:MAX_LINE]}")
    return tuple(dict.fromkeys(shown))[:MAX_REACH]


def _shown_source(cells: Sequence[CellSource]) -> tuple[tuple[str, str], ...]:
    """Koden till sidan, kortad: några hundra jättestora filer fyller annars lärarens minne."""
    shown: list[tuple[str, str]] = []
    left = MAX_SHOWN
    for cell in cells:
        if left > 0:
            shown.append((cell.name, cell.text[:left]))
            left -= len(cell.text)
    return tuple(shown)
