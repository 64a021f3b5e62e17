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
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.util import Finalize
from typing import Any

import pytest

from dqn_helpers.autograder.grading import Catalogue, Grading
from dqn_helpers.autograder.reflection import reflection_of
from dqn_helpers.autograder.results import ExerciseResult, Ran, without_run
from dqn_helpers.autograder.submissions import Submission
from dqn_helpers.autograder.workshop import ROOT, WorkerError, Workshop
from dqn_helpers.exercises.registry import EXERCISES

TESTS = ROOT / "tests"
MAX_BREAKS = 3

# Det i pytest som inte har med domarna att göra, och som tar tid för varje inlämning.
UNUSED_PLUGINS = (
    *("cacheprovider", "logging", "unraisableexception", "threadexception"),
    *("faulthandler", "doctest", "junitxml", "stepwise"),
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
    """Insticksmodulen till pytest: lämnar över inlämningen och minns domarna."""

    def __init__(self, grading: Grading) -> None:
        self._grading = grading
        self.passed: dict[tuple[str, int], bool] = {}
        self.problems: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Testen rättar den här inlämningen i stället för att själva läsa en fil."""
        config.gradings = dict.fromkeys(self._grading.numbers, self._grading)  # type: ignore[attr-defined]

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Domen över ett beteende. Annat än `pytest.fail` är rättarens fel, inte studentens."""
        parameters = item.callspec.params  # type: ignore[attr-defined]
        place = parameters["number"], parameters["behaviour"]
        if call.excinfo is not None and call.excinfo.type is not pytest.fail.Exception:
            self.problems.append(f"{place[0]}: {call.excinfo.exconly()}"[:500])
        elif call.when == "call":
            self.passed[place] = call.excinfo is None


def grade_submission(submission: Submission, workshop: Workshop, settings: Settings) -> Graded:
    """Rätta en inlämning med pytest."""
    if submission.problem:
        return Graded(_row(submission, "unreadable", submission.problem), {}, workshop.tier)
    started = time.monotonic()
    try:
        grading = Grading(submission, workshop, load_catalogue(), settings.seed, settings.only)
    except WorkerError as error:
        return Graded(
            _row(submission, "error", f"Koden gick inte att läsa: {error}"), {}, workshop.tier
        )
    if not grading.numbers:
        known = submission.notebook is not None or settings.only
        status, text = ("graded", NOTHING_HERE) if known else ("unreadable", NO_EXERCISES)
        return Graded(_row(submission, status, text), {}, workshop.tier)
    verdicts = _run_pytest(grading)
    ran = {number: _ran(number, grading) for number in grading.numbers}
    results = [_agreed(number, ran[number].result, verdicts) for number in grading.numbers]
    problems = " ".join(["Rättaren gick sönder i", *dict.fromkeys(verdicts.problems)])[:500]
    row = _row(submission, "graded", problems if verdicts.problems else "", results)
    details = _details(submission, grading, ran, time.monotonic() - started)
    return Graded(row, details, workshop.tier, tuple(workshop.reasons))


def _ran(number: str, grading: Grading) -> Ran:
    """Övningens resultat; går rättaren sönder har testen redan sagt varför."""
    try:
        return grading.ran(number)
    except Exception:
        return Ran(without_run(EXERCISES[number], "internal", INTERNAL_TEXT))


def _run_pytest(grading: Grading) -> Verdicts:
    """Kör testen i `tests/autograder/` på inlämningen, i den här processen."""
    verdicts = Verdicts(grading)
    arguments = [str(TESTS / "autograder"), "--rootdir", str(ROOT), "-q"]
    arguments += [part for name in UNUSED_PLUGINS for part in ("-p", f"no:{name}")]
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        status = pytest.main(arguments, plugins=[verdicts])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        verdicts.problems.append(f"pytest slutade med {status}: {quiet.getvalue()[-300:]}")
    return verdicts


def _agreed(number: str, result: ExerciseResult, verdicts: Verdicts) -> ExerciseResult:
    """Resultatet med pytests domar; saknas någon är det rättarens fel, och ger inga poäng."""
    passed = [verdicts.passed.get((number, index)) for index in range(len(result.tests))]
    if None in passed or result.status == "internal":
        return without_run(EXERCISES[number], "internal", INTERNAL_TEXT)
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
        "message": message,
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


def _details(
    submission: Submission, grading: Grading, ran: dict[str, Ran], seconds: float
) -> dict[str, Any]:
    """Det som bara återkopplingssidan visar: koden, utskrifterna och anmärkningarna."""
    source = {
        number: [{"cell": cell.name, "text": cell.text} for cell in one.source]
        for number, one in ran.items()
    }
    notes = [submission.note] if submission.note else []
    notes += [*grading.slices.syntax_errors, *grading.slices.notes]
    notes += [note for one in ran.values() for note in one.notes]
    return {
        "source": source,
        "notes": list(dict.fromkeys(notes)),
        "output": {number: one.output for number, one in ran.items() if one.output},
        "reflection": reflection_of(submission),
        "seconds": seconds,
    }


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


def _grade_in_process(submission: Submission, settings: Settings) -> Graded:
    assert _workshop is not None
    try:
        return grade_submission(submission, _workshop, settings)
    except Exception as error:
        text = f"{INTERNAL_TEXT} ({type(error).__name__}: {error})"[:500]
        return Graded(_row(submission, "error", text), {}, _workshop.tier)


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
    numbers = [number for number in EXERCISES if not settings.only or number in settings.only]
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
        futures = {pool.submit(_grade_in_process, one, settings): one for one in submissions}
        yield from _as_completed(futures)
    except BaseException:  # Ctrl-C: det som pågår avbryts
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for workshop in _launched:
            workshop.__exit__()


def _as_completed(
    futures: dict["Future[Graded]", Submission],
) -> Iterator[tuple[Submission, Graded]]:
    left = set(futures)
    while left:
        done, left = wait(left, return_when=FIRST_COMPLETED)
        for future in done:
            yield futures[future], future.result()
