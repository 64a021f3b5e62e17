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
from dqn_helpers.submission.collect import UsageError, find_submissions

Grade = Callable[[int, str], ExerciseResult]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--submission", type=Path, help="anteckningsboken som ska rättas")
    parser.addoption("--seed", default="0", help="frö för de dolda fallen")
    parser.addoption("--limit", type=float, default=LIMIT, help="processortid per övning (s)")


def gradings(config: pytest.Config) -> list[Grading]:
    """Inlämningarna som rättas."""
    if not hasattr(config, "gradings"):
        given = config.getoption("--submission")
        submissions = list(
            find_submissions([given] if given else sorted(SOLUTIONS.glob("0[1-5]_*.ipynb")))
        )
        for submission in submissions:
            if submission.problem:
                raise UsageError(f"{submission.file}: {submission.problem}")
        workshop = Workshop(config.getoption("--limit")).__enter__()
        config.add_cleanup(lambda: workshop.__exit__())
        seed = config.getoption("--seed")
        config.gradings = [Grading(one, workshop, seed) for one in submissions]
    return config.gradings


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
        for place, grading in enumerate(gradings(metafunc.config))
        for n in grading.numbers
        for index, behaviour in enumerate(EXERCISES[n].behaviours)
    ]
    metafunc.parametrize(("submission", "number", "behaviour"), parts)


@pytest.fixture
def grade_exercise(pytestconfig: pytest.Config) -> Grade:
    """Rättar en övning i en inlämning, en gång."""
    return lambda place, number: gradings(pytestconfig)[place].ran(number).result
