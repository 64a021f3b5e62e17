"""Kod som sträcker sig utanför övningen visas för läraren, och ärlig kod gör det inte."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from everyday import every

from dqn_helpers.autograder.grade import Ran, shown_reach
from dqn_helpers.autograder.messages import from_data, to_data
from dqn_helpers.exercises.syllabus import NUMBER_OF
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.collect import find_submissions
from dqn_helpers.submission.extract import slice_notebook
from dqn_helpers.teacher.report.statistics import needing_attention

from . import honest_code, honest_files  # noqa: F401  (samlingarna fylls i när de läses in)
from .honest import HONEST, Honest
from .hostile_tricks import PEEKING, REFERENCE, TRICKS
from .report_samples import submission


def shown(*cells: CellSource) -> list[str]:
    """Raderna som läraren får se, över alla övningar."""
    slices = from_data(to_data(slice_notebook(cells, list(NUMBER_OF))))
    return [line for own in slices.needed.values() for line in shown_reach(own, slices.reach)]


@pytest.mark.parametrize("case", every(3, HONEST), ids=str)
def test_honest_work_is_never_shown(case: Honest, tmp_path: Path) -> None:
    for name, data in case.build().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    for row in find_submissions([tmp_path]):
        assert not shown(*row.cells), row.file


ONLY_CALLS = {"import_it", "alias", "star", "subclass", "new"}
"""Anropar bara kursens egen lösning, som är spärrad: det finns inget att visa."""


@pytest.mark.parametrize("hostile", [*PEEKING, *REFERENCE], ids=str)
def test_reaching_is_shown(hostile: Any) -> None:
    assert bool(shown(CellSource("cell 1", hostile.code))) == (hostile.id not in ONLY_CALLS)


DRIVERS = [t for t in TRICKS if t.id in ("driver", "run_case", "behaviours", "judging")]


@pytest.mark.parametrize("hostile", DRIVERS, ids=str)
def test_changing_the_grader_is_shown(hostile: Any) -> None:
    assert shown(CellSource("cell 1", hostile.code))


LINES = [
    "import dqn_helpers.exercises.running as r; r.run_case",
    "from dqn_helpers import exercises; exercises.registry.EXERCISES",
    "from dqn_helpers.autograder import worker; worker",
    "__import__('gc')",
    "import sys; sys._getframe(1)",
    "import inspect; inspect.currentframe().f_back",
    "(lambda: 0).__code__",
    "getattr(r, '__globals__')",
    "import os; os.write(3, b'')",
    "import os; os.fdopen(3)",
    "open('/proc/self/maps')",
    "x = '/proc/self/mem'",
    "().__class__.__base__.__subclasses__()",
    "object.__setattr__(r, 'driver', q)",
    "import sys; sys.modules['dqn_helpers.exercises']",
    "import ctypes",
    "import importlib",
    "import linecache",
    "eval('r')",
]


@pytest.mark.parametrize("line", LINES)
def test_each_kind_of_reach_is_shown_with_its_line(line: str) -> None:
    code = f"def td_target(r, q, d, g):\n    {line}\n    return r"
    (found, *_) = shown(CellSource("cell 4", code))
    assert found.startswith("cell 4, rad 2, rör `")
    assert line[:60] in found


HARMLESS = """
import os, sys, inspect, json
from dataclasses import dataclass
from dqn_helpers.exercises import check

@dataclass(frozen=True)
class Setting:
    value: float
    def __post_init__(self):
        object.__setattr__(self, "value", float(self.value))

def td_target(r, q, d, g):
    self = Setting(1)
    print(os.getcwd(), sys.version, json.dumps({"opened": 1}), inspect.signature(td_target))
    return r
check("3.1", td_target)
"""


def test_ordinary_code_is_not_shown() -> None:
    assert not shown(CellSource("cell 1", HARMLESS))


def test_only_code_that_was_run_is_shown() -> None:
    elsewhere = CellSource("cell 1", "import gc\nprint(gc.get_objects())")
    solution = CellSource("cell 2", "def td_target(r, q, d, g):\n    return r")
    assert not shown(elsewhere, solution)


def test_the_teacher_sees_it_and_the_points_stay(grade_cells: Callable[..., Ran]) -> None:
    code = "import gc, torch\ndef td_target(r, q, d, g):\n    gc.collect()\n"
    result = grade_cells("3.1", code + "    return r + g * q.max(1).values * ~d").result
    assert (result.status, result.reach) == (
        "passed",
        ("cell 1, rad 1, rör `gc`: import gc, torch",),
    )
    (attention,) = needing_attention([submission("a.ipynb", result)])
    assert "Cell 1, rad 1, rör `gc`" in attention.reason
    assert "fusk" not in attention.reason.lower()
