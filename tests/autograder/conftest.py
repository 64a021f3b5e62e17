"""Rätta en inlämning med pytest: `pytest tests/autograder --submission FIL.ipynb [--seed S]`.

Utan `--submission` rättas lösningarna i `solutions/`: då ska allt bli rätt.
"""

import functools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # för `import autograder`

from autograder.catalogue import right_versions, scenario, solution, solution_path
from dqn_helpers.autograder.collecting import Collected, collect
from dqn_helpers.autograder.results import ExerciseResult, grade
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.syllabus import notebook_of

Grade = Callable[[str], ExerciseResult]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--submission", type=Path, help="anteckningsboken som ska rättas")
    parser.addoption("--seed", default="0", help="frö för de dolda fallen")


def exercises_in(path: Path | None) -> list[str]:
    """Övningarna som rättas: inlämningens, eller alla som är lösta i solutions/."""
    if path is None:
        return [n for n in EXERCISES if solution_path(notebook_of(n)) is not None]
    notebook = path.name[:2]
    names = collect(path).names
    own = [n for n in EXERCISES if notebook_of(n) == notebook]
    return own or [n for n in EXERCISES if EXERCISES[n].name in names]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ett test per beteende, med övningens nummer och beteendets namn."""
    if "behaviour" not in metafunc.fixturenames:
        return
    numbers = exercises_in(metafunc.config.getoption("--submission"))
    parts = [
        pytest.param(n, index, id=f"{n} {EXERCISES[n].name}: {behaviour.name}")
        for n in numbers
        for index, behaviour in enumerate(EXERCISES[n].behaviours)
    ]
    metafunc.parametrize(("number", "behaviour"), parts)


@pytest.fixture(scope="session")
def grade_exercise(pytestconfig: pytest.Config) -> Grade:
    """Rättar en övning i inlämningen, en gång."""
    path, seed = pytestconfig.getoption("--submission"), pytestconfig.getoption("--seed")
    submission: Collected | None = collect(path) if path else None

    @functools.cache
    def result(number: str) -> ExerciseResult:
        handed_in = submission or solution(notebook_of(number))
        return grade(scenario(number, seed), handed_in, 0, right_versions(number))

    return result
