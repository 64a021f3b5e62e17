"""`--seeds 1000` prövar katalogen på fler dragna fall än de vanliga 20."""

from collections.abc import Callable, Iterator

import pytest

from dqn_helpers.autograder.grade import Grading, Ran
from dqn_helpers.autograder.sandbox import TIERS
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.exercises.syllabus import notebook_of
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.collect import Submission

LIMIT = 3.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=20, help="antal frön i tests/grader")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ett test per frö: då är inget av dem långt, och det som går fel säger vilket fröet är."""
    if "any_seed" in metafunc.fixturenames:
        metafunc.parametrize("any_seed", range(metafunc.config.getoption("--seeds")))


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    """En verkstad med kort tidsgräns."""
    with Workshop(limit=LIMIT) as opened:
        yield opened


@pytest.fixture(scope="session", params=TIERS)
def tier_workshop(request: pytest.FixtureRequest) -> Iterator[Workshop]:
    """En verkstad i varje nivå av inhägnaden som datorn klarar."""
    with Workshop(limit=LIMIT, tier=request.param) as opened:
        if opened.tier != request.param:
            pytest.skip(f"nivån {request.param} går inte här: {'; '.join(opened.reasons)}")
        yield opened


@pytest.fixture(scope="session")
def grade_cells(workshop: Workshop) -> Callable[..., Ran]:
    """Rättar en övning i en inlämning som består av de givna cellerna."""
    return _grader(workshop)


@pytest.fixture(scope="session")
def grade_in_tier(tier_workshop: Workshop) -> Callable[..., Ran]:
    """Detsamma, i varje nivå."""
    return _grader(tier_workshop)


def _grader(workshop: Workshop) -> Callable[..., Ran]:
    def graded(number: str, *texts: str) -> Ran:
        cells = tuple(CellSource(f"cell {place}", text) for place, text in enumerate(texts, 1))
        submission = Submission("inlamning.ipynb", None, "", notebook_of(number), cells)
        return Grading(submission, workshop, seed=1).ran(number)

    return graded
