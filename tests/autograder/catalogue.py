"""Katalogen: de dolda fallen, misstagen och facit, ett par filer per anteckningsbok.

`cases_NN.py` innehåller en funktion per övning, `@cases("3.1")`, som drar fall ur en generator.
`misconceptions_NN.py` innehåller misstagen, `@misconception("3.1")`: docstringen är återkopplingen.
"""

import functools
import importlib
import importlib.util
import inspect
import linecache
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

import dqn_helpers
from dqn_helpers.autograder.answering import Answers
from dqn_helpers.autograder.scenarios import (
    MakeCases,
    Misconception,
    Scenario,
    draw_scenario,
)
from dqn_helpers.autograder.submissions import find_submissions
from dqn_helpers.autograder.worker import define
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.model import Inputs
from dqn_helpers.exercises.syllabus import NUMBER_OF, notebook_of
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.extract import Slices, slice_notebook

ROOT = Path(__file__).resolve().parents[2]
ASKING = "dqn_helpers.exercises.asking"
SOLUTIONS, NOTEBOOKS = ROOT / "solutions", ROOT / "notebooks"

_CASES: dict[str, MakeCases] = {}
_MISCONCEPTIONS: dict[str, list[Misconception]] = defaultdict(list)


def cases(number: str) -> Callable[[MakeCases], MakeCases]:
    """Funktionen under drar övningens dolda fall ur en generator."""

    def register(make_cases: MakeCases) -> MakeCases:
        _CASES[number] = make_cases
        return make_cases

    return register


def misconception(
    number: str, edit: "Edited | None" = None, equivalent_to: tuple[str, ...] = ()
) -> Callable[[Any], Any]:
    """Funktionen under är ett misstag; docstringen är återkopplingen.

    Med `edit` är misstaget i stället en ändrad text, och funktionen bara namn och docstring.
    """

    def register(function: Any) -> Any:
        text = " ".join((inspect.getdoc(function) or "").split())
        implementation = edit.define(EXERCISES[number].name) if edit else _unnamed(function)
        _MISCONCEPTIONS[number].append(
            Misconception(function.__name__, text, implementation, equivalent_to)
        )
        return function

    return register


def _unnamed(function: Any) -> Any:
    """Utan docstring, så att stubbar och tomma funktioner inte ser olika ut."""
    if isinstance(function, FunctionType):
        function.__doc__ = None
    return function


class Edited:
    """En lösning med en ändrad rad: `Edited(STEP, "optimizer.zero_grad()", "pass")`."""

    def __init__(self, source: str, *changes: tuple[str, str]) -> None:
        for old, new in changes:
            if source.count(old) != 1:
                raise ValueError(f"{old!r} ska finnas exakt en gång i lösningen")
            source = source.replace(old, new)
        self.source = source

    def define(self, name: str) -> Any:
        """Funktionen (eller klassen) som texten definierar."""
        filename = f"<cell {name}>"
        linecache.cache[filename] = (1, None, self.source.splitlines(True), filename)
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(self.source, filename, "exec"), namespace)
        return namespace[name]


def edited(source: str, old: str, new: str) -> Edited:
    """Lösningen `source` med en enda ändring."""
    return Edited(source, (old, new))


@functools.cache
def load(notebook: str) -> None:
    """Läs in katalogen för en anteckningsbok."""
    for kind in ("cases", "misconceptions"):
        importlib.import_module(f"{__package__}.{kind}_{notebook}")


def misconceptions(number: str) -> list[Misconception]:
    """Övningens misstag."""
    load(notebook_of(number))
    return _MISCONCEPTIONS[number]


@functools.lru_cache(maxsize=512)
def scenario(number: str, seed: int | str) -> Scenario:
    """Övningens dolda fall för ett frö."""
    load(notebook_of(number))
    return draw_scenario(
        EXERCISES[number], seed, _CASES[number], reference(number), misconceptions(number)
    )


def reference(number: str) -> Any:
    """Den rätta lösningen: kursens referenskod, för 05 lösningsboken."""
    name = EXERCISES[number].name
    if notebook_of(number) != "05":
        return getattr(dqn_helpers, name)
    return define(solution("05").needed[name])[0][name]


@functools.cache
def solution(notebook: str) -> Slices:
    """Definitionerna i den lösta anteckningsboken. Den är vår egen och skivas här, utan verkstad.

    Raises:
        FileNotFoundError: om den inte finns.
    """
    path = solution_path(notebook)
    if path is None:
        raise FileNotFoundError(f"solutions/{notebook}_*.ipynb finns inte")
    return slice_notebook(next(find_submissions([path])).cells, list(NUMBER_OF))


def solution_path(notebook: str) -> Path | None:
    """Den lösta anteckningsbokens fil, om den finns."""
    return next(SOLUTIONS.glob(f"{notebook}_*.ipynb"), None)


ASKED_FOR = {"5.2": frozenset({"double_dqn_target"})}
"""Övning → de hemliga övningar som rättaren svarar på frågor om (se `answering`)."""


def right_versions(number: str, used: frozenset[str]) -> tuple[CellSource, ...]:
    """Rätta versioner av övningarna som lösningen använder; ersätter studentens vid följdfel.

    Facit i 05 får inte finnas i en process med studentens kod: där är den rätta versionen en som
    frågar rättaren. Tomt om någon av övningarna är hemlig och inte går att fråga efter.
    """
    secret = frozenset(name for name in used if notebook_of(NUMBER_OF[name]) == "05")
    if not secret <= ASKED_FOR.get(number, frozenset()):
        return ()
    lines = [f"from dqn_helpers import {name}" for name in sorted(used - secret)]
    lines += [f"from {ASKING} import ask_{name} as {name}" for name in sorted(secret)]
    return (CellSource("rätt version", "\n".join(lines)),)


def answers(number: str, inputs: Sequence[Inputs]) -> Answers | None:
    """Den som svarar på frågorna, hos rättaren; en ny för varje körning."""
    if number not in ASKED_FOR:
        return None
    return Answers(EXERCISES["5.1"].driver, reference("5.1"), inputs)


@functools.cache
def template_cells() -> frozenset[str]:
    """Kodcellerna i studenternas anteckningsböcker, som de delas ut."""
    return frozenset(
        cell.text.strip() for book in find_submissions([NOTEBOOKS]) for cell in book.cells
    )
