"""Rätta en hel klass: inlämningar in, en rad och ett underlag per inlämning ut.

Varje inlämning rättas av pytest-testen i `tests/autograder/`, i en egen rättarprocess med en egen
verkstad. Samma frö ger samma resultat, oberoende av ordningen och antalet processer.
"""

import contextlib
import dataclasses
import gc
import importlib
import io
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.util import Finalize
from typing import Any

import pytest

from dqn_helpers.autograder.grading import Catalogue, Grading
from dqn_helpers.autograder.reflection import reflection_of
from dqn_helpers.autograder.report_text import NOT_CHOSEN
from dqn_helpers.autograder.results import ExerciseResult, Ran, without_run
from dqn_helpers.autograder.submissions import Submission
from dqn_helpers.autograder.workshop import ROOT, WorkerError, Workshop
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.syllabus import NUMBER_OF, notebook_of
from dqn_helpers.submission.cells import CellSource

TESTS = ROOT / "tests"
MAX_BREAKS = 3
LARGEST_GROUP = 5
MAX_SHOWN = 50_000  # tecken kod ur en övning som sparas till sidan

# Det i pytest som inte har med domarna att göra, och som tar tid för varje inlämning.
UNUSED_PLUGINS = (
    *("cacheprovider", "logging", "unraisableexception", "threadexception", "faulthandler"),
    *("doctest", "junitxml", "stepwise", "debugging", "pastebin", "setuponly", "setupplan"),
    *("legacypath", "recwarn", "tmpdir", "monkeypatch", "warnings", "skipping", "assertion"),
    *("pytester", "subtests", "unittest", "capture"),
)

NO_EXERCISES = (
    "Ingen av kursens övningar finns i filen. Är det rätt anteckningsbok? Den ska heta som i "
    "kursen, till exempel 05_double_dqn.ipynb, eller definiera övningarnas funktioner."
)
NOTHING_HERE = "Här finns inga övningar att rätta."
INTERNAL_TEXT = (
    "Rättaren själv gick sönder här. Det är inte studentens fel: övningen har inga poäng förrän en "
    "människa har tittat."
)


@dataclass(frozen=True)
class Settings:
    """Det som gäller för hela rättningen."""

    seed: int | str
    limit: float
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graded:
    """En rättad inlämning: raden till results.json, underlaget till sidan, inhägnadens nivå."""

    row: dict[str, Any]
    details: dict[str, Any]
    isolation: str = ""  # okänd: inget kördes
    warnings: tuple[str, ...] = ()


# --- i rättarprocessen ---------------------------------------------------------------------------


def load_catalogue() -> Catalogue:
    """De dolda fallen och facit, ur `tests/autograder/`."""
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    return importlib.import_module("autograder.catalogue")


class Verdicts:
    """Insticksmodulen till pytest: lämnar över inlämningarna och minns domarna.

    Attributes:
        passed: (inlämning, övning, beteende) → om det är rätt.
        problems: inlämning → det som gick sönder i rättaren själv.
    """

    def __init__(self, gradings: Sequence[Grading]) -> None:
        self._gradings = gradings
        self.passed: dict[tuple[int, str, int], bool] = {}
        self.problems: dict[int, list[str]] = defaultdict(list)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Testen rättar de här inlämningarna i stället för att själva läsa en fil."""
        config.gradings = list(self._gradings)  # type: ignore[attr-defined]

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Domen över ett beteende. Annat än `pytest.fail` är rättarens fel, inte studentens."""
        parameters = item.callspec.params  # type: ignore[attr-defined]
        place = tuple(parameters[name] for name in ("submission", "number", "behaviour"))
        if call.excinfo is not None and call.excinfo.type is not pytest.fail.Exception:
            self.problems[place[0]].append(f"{place[1]}: {call.excinfo.exconly()}"[:500])
        elif call.when == "call":
            self.passed[place] = call.excinfo is None


def grade_submissions(
    submissions: Sequence[Submission], workshop: Workshop, settings: Settings
) -> list[Graded]:
    """Rätta några inlämningar i en enda körning av pytest: att starta den tar längst tid."""
    begun = [_begin(submission, workshop, settings) for submission in submissions]
    gradings = [one for one in begun if isinstance(one, Grading)]
    verdicts = _run_pytest(gradings)
    places = {id(grading): place for place, grading in enumerate(gradings)}
    return [
        one if isinstance(one, Graded) else _finish(one, places[id(one)], workshop, verdicts)
        for one in begun
    ]


def _begin(submission: Submission, workshop: Workshop, settings: Settings) -> Grading | Graded:
    """Inlämningen redo att rättas, eller färdig om det inte finns något att rätta."""
    if submission.problem:
        return Graded(_row(submission, "unreadable", submission.problem), {}, workshop.tier)
    try:
        grading = Grading(submission, workshop, load_catalogue(), settings.seed, settings.only)
    except WorkerError as error:
        text = f"Koden gick inte att läsa: {error}"
        return Graded(_row(submission, "error", text), {}, workshop.tier)
    if grading.numbers:
        return grading
    known = submission.notebook is not None or settings.only
    nothing = NOT_CHOSEN if settings.only else NOTHING_HERE
    status, text = ("graded", nothing) if known else ("unreadable", NO_EXERCISES)
    return Graded(_row(submission, status, text), {}, workshop.tier)


def _finish(grading: Grading, place: int, workshop: Workshop, verdicts: Verdicts) -> Graded:
    """Raden och underlaget, med pytests domar."""
    ran = {number: _ran(number, grading) for number in grading.numbers}
    results = [_agreed(ran[number].result, place, verdicts) for number in grading.numbers]
    problems = " ".join(dict.fromkeys(verdicts.problems[place]))
    message = f"Rättaren gick sönder i {problems}"[:500] if problems else ""
    row = _row(grading.submission, "graded", message, results)
    return Graded(row, _details(grading, ran), workshop.tier, tuple(workshop.reasons))


def _ran(number: str, grading: Grading) -> Ran:
    """Övningens resultat; går rättaren sönder har testen redan sagt varför."""
    try:
        return grading.ran(number)
    except Exception:
        return Ran(without_run(EXERCISES[number], "internal", INTERNAL_TEXT))


def _run_pytest(gradings: Sequence[Grading]) -> Verdicts:
    """Kör testen i `tests/autograder/` på inlämningarna, i den här processen."""
    verdicts = Verdicts(gradings)
    if not gradings:
        return verdicts
    arguments = [str(TESTS / "autograder"), "--rootdir", str(ROOT), "-q"]
    arguments += [part for name in UNUSED_PLUGINS for part in ("-p", f"no:{name}")]
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        status = pytest.main(arguments, plugins=[verdicts])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        for place in range(len(gradings)):
            problem = f"pytest, som slutade med {status}: {quiet.getvalue()[-300:]}"
            verdicts.problems[place].append(problem)
    return verdicts


def _agreed(result: ExerciseResult, place: int, verdicts: Verdicts) -> ExerciseResult:
    """Resultatet med pytests domar; saknas någon är det rättarens fel, och ger inga poäng."""
    passed = [verdicts.passed.get((place, result.id, index)) for index in range(len(result.tests))]
    if None in passed or result.status == "internal":
        return without_run(EXERCISES[result.id], "internal", INTERNAL_TEXT)
    tests = tuple(
        dataclasses.replace(test, passed=bool(verdict))
        for test, verdict in zip(result.tests, passed, strict=True)
    )
    points = sum(test.points for test in tests if test.passed)
    return dataclasses.replace(result, tests=tests, points=points)


def _row(
    submission: Submission, status: str, message: str, results: Sequence[ExerciseResult] = ()
) -> dict[str, Any]:
    """Raden i results.json; betyget sätts när alla poäng är kända."""
    return {
        "file": submission.file,
        "student": submission.student,
        "sha256": submission.sha256,
        "status": status,
        "message": " ".join(filter(None, (message, submission.note))),
        "points": sum(result.points or 0 for result in results),
        "max_points": sum(result.max_points for result in results),
        "grade": None,
        "exercises": [_exercise_row(result) for result in results],
    }


def _exercise_row(result: ExerciseResult) -> dict[str, Any]:
    row = dataclasses.asdict(result)
    row["tests"] = [
        {key: test[key] for key in ("name", "passed", "message")} for test in row["tests"]
    ]
    return row


def _details(grading: Grading, ran: dict[str, Ran]) -> dict[str, Any]:
    """Det som bara återkopplingssidan visar: koden, utskrifterna och anmärkningarna."""
    submission = grading.submission
    notes = [*grading.slices.syntax_errors, *grading.slices.notes]
    notes += [note for one in ran.values() for note in one.notes]
    return {
        "source": {number: _shown_source(one.source) for number, one in ran.items()},
        "notes": list(dict.fromkeys(notes)),
        "output": {number: one.output for number, one in ran.items() if one.output},
        "reflection": reflection_of(submission),
    }


def _shown_source(cells: Sequence[CellSource]) -> list[dict[str, str]]:
    """Koden till sidan, kortad: några hundra jättestora filer fyller annars lärarens minne."""
    shown: list[dict[str, str]] = []
    left = MAX_SHOWN
    for cell in cells:
        if left > 0:
            shown.append({"cell": cell.name, "text": cell.text[:left]})
            left -= len(cell.text)
    return shown


# --- rättarprocesserna ---------------------------------------------------------------------------

_workshop: Workshop | None = None
_launched: list[Workshop] = []


def _open_workshop(settings: Settings, numbers: Sequence[str], places: Any, folder: str) -> None:
    """Körs en gång i varje rättarprocess; `places` säger vilken av de startade verkstäderna."""
    global _workshop
    tempfile.tempdir = folder
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C är huvudprocessens sak
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    _prepare(settings, numbers)
    gc.freeze()  # skräpsamlaren letar annars igenom torch gång på gång
    _workshop = _launched[places.get()] if _launched else Workshop(settings.limit)
    _workshop.__enter__()
    Finalize(None, _workshop.__exit__, exitpriority=10)


def _end_with_parent() -> None:
    """En rättarprocess vars huvudprocess har dödats väntar annars i evighet på nästa fil."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _prepare(settings: Settings, numbers: Sequence[str]) -> None:
    """Dra de dolda fallen i förväg. Processer som avknoppas ärver dem."""
    catalogue = load_catalogue()
    for number in numbers:
        with contextlib.suppress(Exception):  # felet kommer igen, i de övningar det gäller
            catalogue.scenario(number, settings.seed)


def _grade_in_process(submissions: Sequence[Submission], settings: Settings) -> list[Graded]:
    assert _workshop is not None
    try:
        return grade_submissions(submissions, _workshop, settings)
    except Exception as error:
        if len(submissions) > 1:  # en som går fel får inte ta med sig de andra
            return [graded for one in submissions for graded in _grade_in_process([one], settings)]
        text = f"{INTERNAL_TEXT} ({type(error).__name__}: {error})"[:500]
        return [Graded(_row(submissions[0], "error", text), {}, _workshop.tier)]


def grade_all(
    submissions: Sequence[Submission], settings: Settings, jobs: int
) -> Iterator[tuple[Submission, Graded]]:
    """Rätta alla, i den ordning de blir klara.

    En rättarprocess som dör (slut på minne, till exempel) tar inte med sig de andra: de som inte
    blev klara görs om, till sist en i taget, och den som då faller får granskas för hand.
    """
    waiting = list(submissions)
    if not waiting:
        return
    # En dödad rättarprocess hinner inte städa efter sig.
    with tempfile.TemporaryDirectory(prefix="rattaren-", ignore_cleanup_errors=True) as folder:
        for _ in range(MAX_BREAKS):
            done: list[Submission] = []
            with contextlib.suppress(BrokenProcessPool):
                for submission, graded in _grade_in_pool(waiting, settings, jobs, folder):
                    done.append(submission)
                    yield submission, graded
            waiting = [submission for submission in waiting if submission not in done]
            if not waiting:
                return
        for submission in waiting:
            yield submission, _grade_alone(submission, settings, folder)


def _grade_alone(submission: Submission, settings: Settings, folder: str) -> Graded:
    with contextlib.suppress(BrokenProcessPool):
        ((_, graded),) = _grade_in_pool([submission], settings, 1, folder)
        return graded
    return Graded(_row(submission, "error", INTERNAL_TEXT), {})


def _grade_in_pool(
    submissions: Sequence[Submission], settings: Settings, jobs: int, folder: str
) -> Iterator[tuple[Submission, Graded]]:
    numbers = _numbers_needed(submissions, settings)
    n_processes = max(1, min(jobs, len(submissions)))
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    places = context.SimpleQueue()
    pool = ProcessPoolExecutor(
        n_processes,
        mp_context=context,
        initializer=_open_workshop,
        initargs=(settings, numbers, places, folder),
    )
    try:
        if sys.platform == "linux":
            # Verkstäderna värms medan fallen dras; rättarprocesserna ärver båda.
            _launched[:] = [Workshop(settings.limit).launch() for _ in range(n_processes)]
            for place in range(n_processes):
                places.put(place)
            _prepare(settings, numbers)
        groups = _groups(submissions, n_processes)
        futures = {pool.submit(_grade_in_process, group, settings): group for group in groups}
        yield from _as_completed(futures)
    except BaseException:  # Ctrl-C: det som pågår avbryts
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for workshop in _launched:
            workshop.__exit__()


def _numbers_needed(submissions: Sequence[Submission], settings: Settings) -> list[str]:
    """Övningarna i de böcker som är inlämnade; alla om någon fil inte säger vilken bok den är."""
    books = {submission.notebook for submission in submissions if not submission.problem}
    return [
        number
        for number in NUMBER_OF.values()  # EXERCISES laddar alla drivare, och det kan vänta
        if (not settings.only or number in settings.only)
        and (None in books or notebook_of(number) in books)
    ]


def _groups(submissions: Sequence[Submission], n_processes: int) -> list[Sequence[Submission]]:
    """Några i taget, men aldrig så många att en process blir utan medan en annan har kvar."""
    size = max(1, min(LARGEST_GROUP, len(submissions) // (4 * n_processes)))
    return [submissions[i : i + size] for i in range(0, len(submissions), size)]


def _as_completed(
    futures: dict["Future[list[Graded]]", Sequence[Submission]],
) -> Iterator[tuple[Submission, Graded]]:
    left = set(futures)
    while left:
        done, left = wait(left, return_when=FIRST_COMPLETED)
        for future in done:
            yield from zip(futures[future], future.result(), strict=True)
