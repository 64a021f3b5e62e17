"""Kursens moduler går att importera i en lösning, på alla sätt och i alla nivåer av inhägnaden."""

import ast
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

import dqn_helpers
from dqn_helpers.autograder import workshop as workshop_module
from dqn_helpers.autograder.catalogue import NOTEBOOKS, solution_path
from dqn_helpers.autograder.grade import Ran
from dqn_helpers.autograder.workshop import Run, Workshop
from dqn_helpers.exercises.running import missing_import
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.collect import find_submissions

from .honest_code import SHORT

ONE_CASE = {
    "reward": [1.0, 2.0],
    "next_q_values": [[1.0, 2.0], [3.0, 4.0]],
    "terminated": [False, True],
    "discount_factor": 0.5,
}
TEACHERS = ("autograder", "teacher")
RIGHT = "    return r + g * q.max(1).values * ~d"


def run(workshop: Workshop, *cells: str) -> Run:
    """Cellerna körda på ett fall av övning 3.1."""
    named = [CellSource(f"cell {place}", text) for place, text in enumerate(cells, 1)]
    return workshop.run("3.1", named, [ONE_CASE], seed=0)


def assert_all_run(workshop: Workshop, top: Sequence[str], inside: Iterable[str] = ()) -> None:
    """Satserna går att köra ytterst, ger alla sina namn, och går att köra i en funktion."""
    names = sorted({name for text in top for name in given(text)})
    body = [f"    {line}" for text in inside for line in text.split("\n")]
    body.append(f"    missing = [name for name in {names} if name not in globals()]")
    body.append("    assert not missing, missing")
    solution = "\n".join(["def td_target(r, q, d, g):", *body, RIGHT])
    result = run(workshop, *top, solution)
    assert result.notes == ()
    assert [(o.status, o.problem) for o in result.outcomes] == [("ok", "")]


def given(text: str) -> Iterator[str]:
    for alias in (a for node in imports_in(text) for a in node.names):
        if alias.name != "*":
            yield alias.asname or alias.name.split(".")[0]


def imports_in(text: str) -> list[ast.Import | ast.ImportFrom]:
    return [n for n in ast.parse(text).body if isinstance(n, ast.Import | ast.ImportFrom)]


# --- allt i dqn_helpers --------------------------------------------------------------------------


def course_modules() -> list[str]:
    """Alla moduler som en student får importera: ingen lista att glömma något i."""
    found = pkgutil.walk_packages(dqn_helpers.__path__, "dqn_helpers.")
    return ["dqn_helpers", *(m.name for m in found if m.name.split(".")[1] not in TEACHERS)]


def public_names(module: str) -> list[str]:
    loaded = importlib.import_module(module)
    names = (name for name in vars(loaded) if name[0] != "_" and name.isidentifier())
    # Ett annat test kan ha laddat lärarens paket, som då också är namn i `dqn_helpers`.
    return sorted(name for name in names if module != "dqn_helpers" or name not in TEACHERS)


def every_way(module: str) -> list[str]:
    """Modulen och dess namn, importerade på de sätt som går både ytterst och i en funktion."""
    parent, _, own = module.rpartition(".")
    names = public_names(module)
    ways = [f"import {module}", f"import {module} as hela, torch as t"]
    ways += [f"from {parent} import {own}", f"from {parent} import {own} as del_"] if parent else []
    ways += [f"from {module} import {', '.join(names)}"] if names else []
    ways += [f"from {module} import {name} as mitt_{name}" for name in names]
    return ways


def test_the_course_has_modules_to_try() -> None:
    assert {"dqn_helpers.figures", "dqn_helpers.exercises.checking"} < set(course_modules())


def test_every_module_and_public_name_can_be_imported(tier_workshop: Workshop) -> None:
    ways = [way for module in course_modules() for way in every_way(module)]
    stars = [f"from {module} import *" for module in course_modules()]
    assert_all_run(tier_workshop, [*stars, "\n".join(ways)], inside=ways)


def test_gradients_without_a_tape_and_compiled_code_can_be_used(tier_workshop: Workshop) -> None:
    """Torch läser in sin kompilator först då, och den skriver filer, som inhägnaden nekar."""
    solution = """
import torch

@torch.compile
def best(q):
    return q.max(1).values

@torch.compile(backend="eager")
def masked(q, d):
    return best(q) * ~d

def td_target(r, q, d, g):
    ones = torch.func.grad(lambda x: x.sum())(r)
    return r * ones + g * masked(q, d)
"""
    result = run(tier_workshop, solution)
    assert result.notes == ()
    assert [(o.status, o.problem) for o in result.outcomes] == [("ok", "")]


# --- böckernas importceller ----------------------------------------------------------------------


def import_cells() -> Iterator[str]:
    """Importerna i varje bok, som de står."""
    for book in find_submissions([NOTEBOOKS]):
        parts = [
            ast.get_source_segment(cell.text, node)
            for cell in book.cells
            for node in imports_in(cell.text)
        ]
        if parts:
            yield "\n".join(map(str, parts))


def as_text(nodes: Iterable[ast.stmt]) -> str:
    return "\n".join(map(ast.unparse, nodes))


def with_more_names(node: ast.stmt) -> ast.stmt:
    """`from dqn_helpers import …` med allt annat som finns där tillagt."""
    if not isinstance(node, ast.ImportFrom) or not str(node.module).startswith("dqn_helpers"):
        return node
    names = sorted({a.name for a in node.names} | set(public_names(str(node.module))))
    return ast.ImportFrom(node.module, [ast.alias(name) for name in names], 0)


def merged(nodes: Sequence[ast.Import | ast.ImportFrom]) -> str:
    """Alla satser på en enda rad, och alla `import …` i samma sats."""
    whole = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    rest = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    return "; ".join(map(ast.unparse, [*([ast.Import(whole)] if whole else []), *rest]))


def renamed(node: ast.Import | ast.ImportFrom) -> ast.stmt:
    aliases = [ast.alias(a.name, f"egen_{a.name.replace('.', '_')}") for a in node.names]
    if isinstance(node, ast.Import):
        return ast.Import(aliases)
    return ast.ImportFrom(node.module, aliases, 0)


def test_the_import_cells_of_every_book_work(tier_workshop: Workshop) -> None:
    cells = list(import_cells())
    assert len(cells) >= 5
    for cell in cells:
        nodes = imports_in(cell)
        variants = [cell, as_text(map(with_more_names, nodes)), merged(nodes)]
        variants.append(as_text(map(renamed, nodes)))
        assert_all_run(tier_workshop, variants, inside=variants)


def test_a_process_of_its_own_can_import_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows och macOS: varje uppdrag i en nystartad process, så här prövas allt i ett."""
    monkeypatch.setattr(workshop_module, "HAS_SERVER", False)
    ways = [way for module in course_modules() for way in every_way(module)]
    with Workshop() as workshop:
        assert_all_run(workshop, [*import_cells(), "\n".join(ways)], inside=ways)


# --- det som står i filer bredvid modulerna ------------------------------------------------------


def test_what_the_modules_read_from_files_is_there_too(tier_workshop: Workshop) -> None:
    use = """
from dqn_helpers.studies import overestimation
from dqn_helpers.exercises import check
assert check("3.2", lambda q, a: q.gather(1, a[:, None]).squeeze(1))
assert "delar stämmer" in repr(check("3.2", lambda q, a: q[:, 0]))
for experiment in overestimation.EXPERIMENTS:
    assert overestimation.committed_numbers(experiment).size
"""
    assert_all_run(tier_workshop, [use])


# --- det som inte går att importera --------------------------------------------------------------


def test_one_missing_name_does_not_take_the_others_with_it(tier_workshop: Workshop) -> None:
    tops = [
        "from dqn_helpers import DQN, finns_inte, chosen_q_values",
        "import finns_inte as f, dqn_helpers as dh, torch as t",
        "from finns_inte import *",
        "from dqn_helpers.finns_inte import a, b",
    ]
    body = "    DQN, chosen_q_values, dh.DQN, t.ones\n" + RIGHT
    result = run(tier_workshop, "\n".join(tops), "def td_target(r, q, d, g):\n" + body)
    assert [outcome.status for outcome in result.outcomes] == ["ok"]
    assert [note.split(":")[0] for note in result.notes] == [
        *("cell 1, rad 1", "cell 1, rad 2", "cell 1, rad 3", "cell 1, rad 4", "cell 1, rad 4"),
    ]
    assert all("finns_inte" in note and note.endswith(".") for note in result.notes)
    assert not any("Error" in note or "/" in note for note in result.notes)


FAILING = {
    "import finns_inte": "finns_inte",
    "import finns_inte.del_ett as d": "finns_inte",
    "from torch import finns_inte": "finns_inte",
    "from dqn_helpers import finns_inte": "finns_inte",
    "from dqn_helpers.figures import finns_inte": "finns_inte",
    "import dqn_helpers.finns_inte": "dqn_helpers.finns_inte",
    # Det som finns hos läraren men inte hos studenten finns inte här heller.
    "import dqn_helpers.autograder.batch": "dqn_helpers.autograder.batch",
    "from dqn_helpers.autograder import batch": "batch",
    "import dqn_helpers.teacher.gradebook": "dqn_helpers.teacher",
    "from dqn_helpers import teacher": "teacher",
    "import kurs": "kurs",
    "import solutions": "solutions",
    "import grading": "grading",
    "from grading.book_03 import hidden": "grading",
}


@pytest.mark.parametrize("statement", FAILING)
def test_a_failing_import_in_a_function_tells_why(tier_workshop: Workshop, statement: str) -> None:
    solution = f"def td_target(r, q, d, g):\n    {statement}\n{RIGHT}"
    (outcome,) = run(tier_workshop, solution).outcomes
    assert outcome.status == "error", outcome
    assert f"`{FAILING[statement]}`" in outcome.problem.split("ger ")[1]
    for text in (outcome.problem, outcome.signature):
        assert str(Path(dqn_helpers.__file__).parents[1]) not in text
        assert "/" not in text and "named" not in outcome.problem


@pytest.mark.parametrize(
    ("statement", "used"),
    [
        ("import finns_inte as pd", "pd.Series([1.0])"),
        ("import finns_inte.delen", "finns_inte.delen"),
        ("from finns_inte import hjälp", "hjälp(r)"),
        ("from dqn_helpers import finns_inte", "finns_inte(r)"),
    ],
)
def test_the_one_who_uses_what_was_not_there_is_told_what(
    workshop: Workshop, statement: str, used: str
) -> None:
    using, other = (f"def td_target(r, q, d, g):\n{body}{RIGHT}" for body in (f"    {used}\n", ""))
    (outcome,) = run(workshop, statement, using).outcomes
    assert "`finns_inte" in outcome.problem and "felstavat" not in outcome.problem
    (outcome,) = run(workshop, statement, other).outcomes
    assert outcome.status == "ok", "det som aldrig används spelar ingen roll"


@pytest.mark.parametrize(
    "text", ["/home/lärare/lib/x.so: trasig", "C:\\kurs\\x.dll: trasig", "trasig (/a b/x.py)"]
)
def test_no_path_in_an_import_error(text: str) -> None:
    for told in (missing_import(ImportError(text)), missing_import(ModuleNotFoundError(text))):
        assert told.startswith("Importen gick inte: ") and "trasig" in told
        assert not {"/", "\\"} & set(told) and "lärare" not in told and "kurs" not in told


def test_an_optional_import_stays_optional(tier_workshop: Workshop) -> None:
    cell = "try:\n    from dqn_helpers import finns_inte, DQN\nexcept ImportError:\n    DQN = 3"
    inside = "try:\n    import finns_inte\nexcept ModuleNotFoundError as fel:\n    fel.name.upper()"
    assert_all_run(tier_workshop, [cell, "assert DQN == 3"], inside=[inside])


def test_reloading_does_not_bring_the_courses_solution_back(tier_workshop: Workshop) -> None:
    cells = ["import importlib, dqn_helpers.training as t", "importlib.reload(t)"]
    solution = "def td_target(r, q, d, g):\n    return t.td_target(r, q, d, g)"
    (outcome,) = run(tier_workshop, *cells, solution).outcomes
    assert outcome.status == "error"
    assert "Skriv en egen" in outcome.problem


# --- de tre fynden -------------------------------------------------------------------------------

PAGE_IMPORT = "from dqn_helpers import DQN, ReplayBuffer, figures, make_cartpole"


def test_a_name_added_to_the_import_line_of_05(grade_in_tier: Callable[..., Ran]) -> None:
    path = solution_path("05")
    assert path is not None
    (book,) = find_submissions([path])
    texts = [
        cell.text.replace("dqn_helpers.chosen_q_values", "chosen_q_values").replace(
            PAGE_IMPORT, f"{PAGE_IMPORT}, chosen_q_values"
        )
        for cell in book.cells
    ]
    assert "make_cartpole, chosen_q_values" in "\n".join(texts)
    graded = [grade_in_tier(number, *texts).result for number in ("5.1", "5.2", "5.3")]
    assert [result.points for result in graded] == [4, 4, 2]


OTHER_NAMES = "import dqn_helpers.figures as fig, dqn_helpers as dh"


@pytest.mark.parametrize(
    "cells",
    [
        (OTHER_NAMES, SHORT.replace("    ", "    fig.COLORS, dh.DQN\n    ")),
        (SHORT.replace("    ", f"    {OTHER_NAMES}\n    "),),
        (SHORT.replace("    ", "    from dqn_helpers.studies import overestimation as s\n    "),),
    ],
)
def test_other_names_and_imports_inside(
    grade_in_tier: Callable[..., Ran], cells: tuple[str, ...]
) -> None:
    assert grade_in_tier("3.1", *cells).result.status == "passed"


@pytest.mark.parametrize("missing", ["import torch.finns_inte", "import finns_inte as torch"])
def test_a_module_that_is_not_there_takes_no_name_from_one_that_is(
    grade_cells: Callable[..., Ran], missing: str
) -> None:
    """En import som inte går lämnar namnet som det var, i Python och här."""
    assert grade_cells("3.1", "import torch", missing, f"import torch\n{SHORT}").result.points
    ran = grade_cells(
        "3.1", "import torch", missing, SHORT.replace("    ", "    torch.zeros(1)\n    ", 1)
    )
    assert ran.result.status == "passed"
