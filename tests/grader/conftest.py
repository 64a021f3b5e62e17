"""`--seeds 1000` prövar katalogen på fler dragna fall än de vanliga 20."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # för `import autograder`


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=20, help="antal frön i tests/grader")


@pytest.fixture(scope="session")
def seeds(pytestconfig: pytest.Config) -> range:
    return range(pytestconfig.getoption("--seeds"))
