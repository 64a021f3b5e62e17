"""Husets regler: importerna går åt ett håll, och ingen rör det som inte är dess eget.

Reglerna prövas på källkoden, så att också en import inne i en funktion syns.
"""

import ast
import graphlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = {
    f"dqn_helpers.{name}"
    for name in (
        "mdp", "network", "policy", "replay", "training", "evaluation", "environments",
        "recipe", "checks", "counting",
    )
}  # fmt: skip
"""Referenskoden: det som en student som kör fast öppnar."""

TEACHERS = ("autograder", "teacher")
"""Det som bara läraren har: rättaren, och verktygen runt den."""

SHOWN_DURING_TRAINING = {"dqn_helpers.training_log", "dqn_helpers.progress"}


def module_name(path: Path) -> str:
    """`dqn_helpers.exercises` för `dqn_helpers/exercises/__init__.py`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


TREES = {
    module_name(path): ast.parse(path.read_text(encoding="utf-8"))
    for path in (ROOT / "dqn_helpers").rglob("*.py")
}


def imported(tree: ast.AST, module: str = "") -> Iterator[str]:
    """Allt som en fil importerar, var i filen det än sker, med hela namnet."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from . import x` räknas från paketet som modulen ligger i.
            above = module.split(".")[: -node.level] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def modules_used(module: str) -> set[str]:
    """De moduler i paketet som en modul importerar."""
    used = set()
    for name in imported(TREES[module], module):
        while name and name not in TREES:  # ett namn i en modul: gå upp till modulen
            name = name.rpartition(".")[0]
        used.add(name)
    return used - {"", module}


USES = {module: modules_used(module) for module in TREES}


def everything_under(module: str) -> set[str]:
    """Allt i paketet som en modul bygger på, direkt eller genom andra."""
    found: set[str] = set()
    new = {module}
    while new:
        found |= new
        new = set().union(*(USES[name] for name in new)) - found
    return found - {module}


# --- åt ett håll ---------------------------------------------------------------------------------


def test_no_imports_go_in_a_circle():
    graphlib.TopologicalSorter(USES).prepare()  # CycleError räknar upp modulerna i cirkeln


def test_the_imports_are_seen():
    """Utan det här kunde reglerna hålla för att inga importer hittades."""
    assert {"dqn_helpers.policy", "dqn_helpers.replay"} <= USES["dqn_helpers.training"]
    assert "dqn_helpers.figures" in USES["dqn_helpers.progress"], "importen är inne i en funktion"
    assert "dqn_helpers.network" in everything_under("dqn_helpers.training")


def test_the_reference_rests_on_itself_and_on_what_is_shown_during_training():
    for module in sorted(REFERENCE):
        assert USES[module] <= REFERENCE | SHOWN_DURING_TRAINING, module


def test_matplotlib_is_loaded_when_something_is_drawn_and_not_before():
    """Rättarens många processer ska inte vänta på det som ingen av dem ritar med."""
    program = "import sys, dqn_helpers.figures; print('matplotlib' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT
    )
    assert result.stdout.strip() == "False", result.stderr


def test_the_figures_know_nothing_of_training():
    """De ritar det som har hänt; det är förloppsraden som använder dem, och inte tvärtom."""
    below = everything_under("dqn_helpers.figures")
    assert not below & {"dqn_helpers.progress", "dqn_helpers.training"}


def test_studies_and_exercises_are_not_needed_by_the_reference():
    for module in sorted(REFERENCE):
        below = {name.split(".")[1] for name in everything_under(module)}
        assert not below & {"studies", "exercises", *TEACHERS}, module


# --- rättaren och testerna -----------------------------------------------------------------------


def imports_autograder(tree: ast.AST, module: str = "dqn_helpers.annan") -> bool:
    """Sant om en fil importerar lärarens del, också med dess namn i en text."""
    names = list(imported(tree, module))
    names += [text for text in texts_in(tree) if is_teachers(text)]
    return any(set(TEACHERS) & set(name.split(".")) for name in names)


def is_teachers(module: str) -> bool:
    """Sant för rättaren och lärarens verktyg runt den, som studenten inte har."""
    return module.split(".")[:2] in [["dqn_helpers", name] for name in TEACHERS]


def texts_in(tree: ast.AST) -> Iterator[str]:
    """Alla textkonstanter i en fil."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize(
    "line",
    [
        "import dqn_helpers.teacher.release",
        "from dqn_helpers import autograder",
        "from dqn_helpers.teacher import gradebook",
        "from .teacher import release",
        "from . import autograder",
        "importlib.import_module('dqn_helpers.autograder')",
    ],
)
def test_every_way_of_importing_the_autograder_is_seen(line: str):
    assert imports_autograder(ast.parse(line))


def test_only_the_teachers_part_imports_the_autograder():
    guilty = [
        module
        for module, tree in TREES.items()
        if not is_teachers(module) and imports_autograder(tree, module)
    ]
    assert guilty == []


def test_the_grader_does_without_the_tools_around_it():
    """Bara kommandot använder dem."""
    for module in TREES:
        if module.startswith("dqn_helpers.autograder") and not module.endswith("__main__"):
            assert not [name for name in USES[module] if "teacher" in name.split(".")], module


def test_importing_the_whole_package_leaves_the_autograder_out():
    """Alla moduler utom rättarens importeras i en ny process, som sedan berättar vad den har."""
    wanted = [name for name in TREES if not is_teachers(name)]
    program = (
        "import importlib, json, sys\n"
        f"for name in {wanted}: importlib.import_module(name)\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('dqn_helpers')]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr
    names = json.loads(result.stdout.splitlines()[-1])
    assert set(wanted) <= set(names)
    assert not [name for name in names if is_teachers(name)]


def reads_tests(tree: ast.AST, module: str = "") -> bool:
    """Sant om en fil importerar något ur `tests/` eller har mappens namn som en del av en väg."""
    test_modules = {path.stem for path in (ROOT / "tests").iterdir()} - {"__init__"}
    names = {name.split(".")[0] for name in imported(tree, module)}
    divided = [
        node.right.value
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and isinstance(node.right, ast.Constant)
    ]
    return bool(names & (test_modules | {"tests"})) or "tests" in divided


@pytest.mark.parametrize(
    "line",
    ["import many_agents", "from tests import scripted", "T = ROOT / 'tests'", "import scripted"],
)
def test_every_way_of_reading_the_tests_is_seen(line: str):
    assert reads_tests(ast.parse(line))


def test_nothing_in_the_package_reads_the_tests():
    assert not [module for module, tree in TREES.items() if reads_tests(tree, module)]


# --- det privata är privat -----------------------------------------------------------------------


def private_names(tree: ast.AST, module: str = "") -> list[str]:
    """Namn med understreck först som en fil hämtar ur en annan av paketets moduler."""
    found = [name for name in imported(tree, module) if name.startswith("dqn_helpers")]
    found += [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("dqn_helpers.")
    ]
    return [name for name in found if any(map(_is_private, name.split(".")))]


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


@pytest.mark.parametrize(
    "line",
    ["from dqn_helpers.replay import _stack", "f = dqn_helpers.training._episode_steps"],
)
def test_every_way_of_taking_a_private_name_is_seen(line: str):
    assert private_names(ast.parse(line))


def test_no_module_takes_a_private_name_from_another():
    guilty = {module: private_names(tree, module) for module, tree in TREES.items()}
    assert {module: names for module, names in guilty.items() if names} == {}


# --- lätt att läsa och att hitta i ---------------------------------------------------------------

LONGEST = 40
CONTENT = ("exercises/notebook_", "grading/book_", "tests/grader/hon", "tests/grader/host")
"""Innehåll: övningar, fall, misstag och inlämningar, som är så långa som de är."""

IN_ONE_PIECE = {"train_dqn": "DQN-loopen läses uppifrån och ner, i algoritmens ordning"}


def length(function: ast.FunctionDef) -> int:
    """Antalet rader utan docstringen: den får vara så lång som den behöver."""
    first = function.body[1] if ast.get_docstring(function) and function.body[1:] else None
    start = first.lineno if first else function.lineno
    return (function.end_lineno or start) - start + 1


def test_no_function_is_long():
    long = []
    for path in [ROOT / "kurs.py", *ROOT.glob("[dst]*/**/*.py")]:
        name = path.relative_to(ROOT).as_posix()
        if any(content in name for content in CONTENT):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        long += [
            f"{name}: {function.name} har {length(function)} rader"
            for function in functions
            if length(function) > LONGEST and function.name not in IN_ONE_PIECE
        ]
    assert long == []


GUIDE = (ROOT / "ARKITEKTUR.md").read_text(encoding="utf-8")
PATH = re.compile(r"`((?:dqn_helpers|solutions|tests|notebooks)/[\w/.]*)`")


def test_every_path_in_the_guide_leads_somewhere():
    paths = PATH.findall(GUIDE)
    assert len(paths) > 30
    gone = [path for path in paths if not list(ROOT.glob(path.replace("NN", "[0-9]*").rstrip("/")))]
    assert gone == []


def test_ten_questions_have_one_file_each():
    table = GUIDE.partition("## Tio frågor")[2].partition("\n## ")[0]
    answers = [line.split(" | ")[1] for line in table.splitlines() if line.startswith("| ")][1:]
    assert [len(PATH.findall(answer)) for answer in answers] == [1] * 10
