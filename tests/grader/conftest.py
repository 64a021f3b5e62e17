"""`--seeds 1000` prövar katalogen på fler dragna fall än de vanliga 5."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from everyday import first

from dqn_helpers.autograder import batch
from dqn_helpers.autograder.grade import Grading, Ran
from dqn_helpers.autograder.sandbox import TIERS, Tier
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.exercises.syllabus import notebook_of
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.collect import Submission

LIMIT = 3.0
SEEDS, EVERYDAY_SEEDS = 5, 1
"""Så många frön prövas med `--allt`, och så många till vardags."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, help=f"antal frön i tests/grader (annars {SEEDS})")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ett test per frö: då är inget av dem långt, och det som går fel säger vilket fröet är."""
    if "any_seed" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--seeds")  # den som frågar efter många får alla
        seeds = first(asked or EVERYDAY_SEEDS, range(asked or SEEDS))
        metafunc.parametrize("any_seed", seeds)


class Borrowed(Workshop):
    """En verkstad med egen tidsgräns, vars process delas: att starta en tar flera sekunder."""

    def __init__(self, warm: Workshop, limit: float) -> None:
        super().__init__(limit, warm.tier)
        self.reasons, self._server = warm.reasons, warm._server

    def __enter__(self) -> "Borrowed":
        return self

    def __exit__(self, *exception: object) -> None: ...


Borrow = Callable[..., Workshop]


@pytest.fixture(scope="session")
def borrow() -> Iterator[Borrow]:
    """`borrow(limit, tier)` lånar ut en verkstad på den starkaste nivå från `tier` som går här."""
    warm: dict[Tier, Workshop] = {}

    def borrowed(limit: float, tier: Tier = "full") -> Workshop:
        if tier not in warm:
            warm[tier] = Workshop(tier=tier).__enter__()
        return Borrowed(warm[tier], limit)

    yield borrowed
    for opened in warm.values():
        opened.__exit__()


@pytest.fixture(scope="session")
def workshop(borrow: Borrow) -> Workshop:
    """En verkstad med kort tidsgräns."""
    return borrow(LIMIT)


@pytest.fixture
def borrowed(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kommandot som rättar får den delade verkstaden, till en process i taget."""
    shared = SimpleNamespace(launch=lambda limit, count: [workshop] * count)
    monkeypatch.setattr(batch, "Workshop", shared)


@pytest.fixture(scope="session", params=first(1, TIERS))
def tier_workshop(request: pytest.FixtureRequest, borrow: Borrow) -> Workshop:
    """En verkstad i varje nivå av inhägnaden; till vardags den starkaste som datorn klarar."""
    opened = borrow(LIMIT, request.param)
    if opened.tier != request.param and request.param != TIERS[0]:
        pytest.skip(f"nivån {request.param} går inte här: {'; '.join(opened.reasons)}")
    return opened


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
