"""Rätta en hel klass: inlämningar in, en rad och ett underlag per inlämning ut.

Inlämningarna delas mellan några rättarprocesser, var och en med en egen verkstad. Samma frö ger
samma resultat, oberoende av ordningen och antalet processer.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.util import Finalize
from typing import Any

from dqn_helpers.autograder import catalogue
from dqn_helpers.autograder.grade import (
    INTERNAL_TEXT,
    Settings,
    grade_submission,
    summed_up,
)
from dqn_helpers.autograder.result import SubmissionResult
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.syllabus import NUMBER_OF, book_of, notebook_of
from dqn_helpers.submission.collect import Submission

MAX_BREAKS = 3
CAN_FORK = sys.platform == "linux"

_workshop: Workshop | None = None
_launched: list[Workshop] = []


def _begin(folder: str) -> None:
    """Det första i varje process som hjälper till."""
    tempfile.tempdir = folder
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C är huvudprocessens sak
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()  # skräpsamlaren letar annars igenom torch gång på gång


def _end_with_parent() -> None:
    """En process vars huvudprocess har dödats väntar annars i evighet på nästa uppdrag."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _open_workshop(settings: Settings, places: Any, folder: str) -> None:
    """Körs en gång i varje rättarprocess; `places` säger vilken verkstad den får."""
    global _workshop
    _begin(folder)
    _workshop = _launched[places.get()] if CAN_FORK else Workshop.launch(settings.limit)[0]
    _workshop.__enter__()
    Finalize(None, _workshop.__exit__, exitpriority=10)


def _draw(numbers: Sequence[str], settings: Settings, jobs: int, folder: str) -> None:
    """Dra de dolda fallen i förväg, i flera processer; de som sedan avknoppas ärver dem.

    Det tar upp till några sekunder per övning, för varje känt misstag ska köras.
    """
    new = [number for number in numbers if (number, settings.seed) not in catalogue.DRAWN]
    for number in new:
        catalogue.load(book_of(EXERCISES[number].number))  # här, en gång, och inte i varje process
    n_processes = max(1, min(jobs, len(new)))
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(n_processes, context, _begin, (folder,))
    with _stopped_by_errors(pool):
        # De sista övningarna tar längst tid, så de börjar.
        drawing = {n: pool.submit(catalogue.draw, n, settings.seed) for n in reversed(new)}
        for number, future in drawing.items():
            with contextlib.suppress(Exception):  # felet kommer igen, i de övningar det gäller
                catalogue.DRAWN[number, settings.seed] = future.result()
                catalogue.scenario(number, settings.seed)


@contextlib.contextmanager
def _stopped_by_errors(pool: ProcessPoolExecutor) -> Iterator[None]:
    """Vänta ut processerna till sist. Vid Ctrl-C avbryts i stället det som pågår."""
    try:
        yield
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def grade_safely(
    submission: Submission, workshop: Workshop, settings: Settings
) -> SubmissionResult:
    """Rätta en inlämning; går rättaren själv sönder blir det ett resultat som säger det."""
    try:
        return grade_submission(submission, workshop, settings)
    except Exception as error:
        text = f"{INTERNAL_TEXT} ({type(error).__name__}: {error})"[:500]
        return summed_up(submission, workshop, "error", text)


def _grade_in_process(submission: Submission, settings: Settings) -> SubmissionResult:
    assert _workshop is not None
    return grade_safely(submission, _workshop, settings)


def grade_all(
    submissions: Sequence[Submission], settings: Settings, jobs: int
) -> Iterator[tuple[Submission, SubmissionResult]]:
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
            done: set[str] = set()
            with contextlib.suppress(BrokenProcessPool):
                for submission, graded in _grade_in_pool(waiting, settings, jobs, folder):
                    done.add(submission.file)
                    yield submission, graded
            waiting = [submission for submission in waiting if submission.file not in done]
            if not waiting:
                return
        for submission in waiting:
            yield submission, _grade_alone(submission, settings, folder)


def _grade_alone(submission: Submission, settings: Settings, folder: str) -> SubmissionResult:
    with contextlib.suppress(BrokenProcessPool):
        ((_, graded),) = _grade_in_pool([submission], settings, 1, folder)
        return graded
    return summed_up(submission, None, "error", INTERNAL_TEXT)


def _grade_in_pool(
    submissions: Sequence[Submission], settings: Settings, jobs: int, folder: str
) -> Iterator[tuple[Submission, SubmissionResult]]:
    n_processes = max(1, min(jobs, len(submissions)))
    context = multiprocessing.get_context("fork" if CAN_FORK else "spawn")
    places = context.SimpleQueue()
    initargs = settings, places, folder
    pool = ProcessPoolExecutor(n_processes, context, _open_workshop, initargs)
    try:
        if CAN_FORK:
            # Verkstäderna värms medan fallen dras; rättarprocesserna ärver båda.
            _launched[:] = Workshop.launch(settings.limit, n_processes)
            for place in range(n_processes):
                places.put(place)
            _draw(_numbers_needed(submissions, settings), settings, jobs, folder)
        with _stopped_by_errors(pool):
            futures = {pool.submit(_grade_in_process, one, settings): one for one in submissions}
            for future in as_completed(futures):
                yield futures.pop(future), future.result()  # resultatet ska inte bli kvar här
    finally:
        for workshop in _launched:
            workshop.__exit__()


def _numbers_needed(submissions: Sequence[Submission], settings: Settings) -> list[str]:
    """Övningarna i de böcker som är inlämnade; alla om någon fil inte säger vilken bok den är."""
    books = {submission.notebook for submission in submissions if not submission.problem}
    return [
        number
        for number in NUMBER_OF.values()  # EXERCISES laddar alla drivare, och det kan vänta
        if (not settings.only or number in settings.only)
        and not books.isdisjoint({None, book_of(number), notebook_of(number)})
    ]
