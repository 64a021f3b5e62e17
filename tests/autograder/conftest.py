"""Rätta en inlämning med pytest: `pytest tests/autograder --submission FIL.ipynb [--seed S]`.

Utan `--submission` rättas lösningarna i `solutions/`: då ska allt bli rätt. Kommandot som rättar en
hel klass fäller samma dom.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from dqn_helpers.autograder.catalogue import SOLUTIONS
from dqn_helpers.autograder.grade import NO_EXERCISES, Grading
from dqn_helpers.autograder.result import ExerciseResult
from dqn_helpers.autograder.workshop import LIMIT, WorkerError, Workshop
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.syllabus import exercises_of
from dqn_helpers.submission.collect import Submission, UsageError, find_submissions

Grade = Callable[[int, str], ExerciseResult]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--submission", type=Path, help="anteckningsboken som ska rättas")
    parser.addoption("--seed", default="0", help="frö för de dolda fallen")
    parser.addoption("--limit", type=float, default=LIMIT, help="processortid per övning (s)")


def submissions(config: pytest.Config) -> list[Submission]:
    """Inlämningarna som rättas."""
    given = config.getoption("--submission")
    found = list(find_submissions([given] if given else sorted(SOLUTIONS.glob("0[1-5]*.ipynb"))))
    for submission in found:
        if submission.problem:
            raise UsageError(f"{submission.file}: {submission.problem}")
    return found


def gradings(config: pytest.Config) -> list[Grading]:
    """Rättningen av dem, i samma ordning."""
    if not hasattr(config, "gradings"):
        found = submissions(config)
        workshop = Workshop(config.getoption("--limit")).__enter__()
        config.add_cleanup(lambda: workshop.__exit__())
        seed = config.getoption("--seed")
        config.gradings = [Grading(one, workshop, seed) for one in found]
    return config.gradings


def numbers(config: pytest.Config) -> list[list[str]]:
    """Övningarna i var och en. Facits är kända, och läses först när de rättas."""
    if config.getoption("--submission"):
        return [grading.numbers for grading in gradings(config)]
    books = [exercises_of(submission.notebook) for submission in submissions(config)]
    assert set(EXERCISES) <= {number for book in books for number in book}, "något facit saknas"
    return [[number for number in book if number in EXERCISES] for book in books]


def pytest_sessionstart(session: pytest.Session) -> None:
    """En fil som inte går att rätta är ett felskrivet kommando, inte noll test."""
    if session.config.getoption("--submission"):
        try:
            found = gradings(session.config)
        except (UsageError, WorkerError) as error:
            raise pytest.UsageError(str(error)) from None
        if not any(grading.numbers for grading in found):
            raise pytest.UsageError(NO_EXERCISES)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ett test per beteende, med övningens nummer och beteendets namn."""
    if "behaviour" not in metafunc.fixturenames:
        return
    parts = [
        pytest.param(place, n, index, id=f"{n} {EXERCISES[n].name}: {behaviour.name}")
        for place, own in enumerate(numbers(metafunc.config))
        for n in own
        for index, behaviour in enumerate(EXERCISES[n].behaviours)
    ]
    metafunc.parametrize(("submission", "number", "behaviour"), parts)


@pytest.fixture
def grade_exercise(pytestconfig: pytest.Config) -> Grade:
    """Rättar en övning i en inlämning, en gång."""
    return lambda place, number: gradings(pytestconfig)[place].ran(number).result
