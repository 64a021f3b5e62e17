"""Hela provets ordning, och vilka böcker som körs till vardags.

Filen läses när hela provet körs. Den som pekar ut en bok får den alltid:
`python kurs.py test solutions/05_double_dqn.ipynb`.
"""

from collections import Counter
from pathlib import Path

import pytest

LONG_BOOKS = ("04", "05")
LONGEST = (
    *("test_hidden_01_03.py", "test_hidden_04_05.py", "test_hostile.py"),
    "test_points.py",
    *("test_honest.py", "test_catalogue.py", "test_workshop.py", "test_code_quality.py"),
    *("test_command.py", "test_spelling.py", "test_overestimation.py", "test_walk.py"),
    *("test_cluster.py", "test_evidence.py", "test_secrets.py", "test_cartpole.py"),
    *("test_slicing.py", "test_measured_model.py", "test_sandbox.py", "test_file_watch.py"),
    *("test_gradescope.py", "test_imports.py", "test_submissions.py", "test_budget.py"),
)
"""Tar längst tid, det i webbläsaren och böckerna oräknat."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Det som tar längst tid först: då blir båda processerna klara nästan samtidigt."""
    for item in items:
        if is_long_book(item.path):
            item.add_marker(pytest.mark.lang)
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (turn(item.path), -sizes[item.path]))


def is_book(path: Path) -> bool:
    return path.suffix == ".ipynb"


def is_long_book(path: Path) -> bool:
    """Facit, och de två böcker som tränar länge. Studenternas första böcker körs varje gång."""
    return is_book(path) and (path.parent.name == "solutions" or path.name[:2] in LONG_BOOKS)


def turn(path: Path) -> int:
    """Webbläsaren och böckerna först, sedan filerna i `LONGEST`, sedan resten."""
    if is_book(path) or path.parent.name == "browser":
        return 0
    return 1 + (LONGEST.index(path.name) if path.name in LONGEST else len(LONGEST))
