"""Ärliga inlämningar: hur de byggs. Samlingarna står i `honest_code.py` och `honest_files.py`.

En inlämning är filer i en mapp. Den väntade raden per fil är övningens nummer → (poäng, status);
en tom ordbok är en fil som inte går att läsa.
"""

import inspect
import io
import json
import re
import textwrap
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dqn_helpers.autograder.catalogue import NOTEBOOKS, accepted, content
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.syllabus import NUMBER_OF, PARTS, SYLLABUS, book_of, exercises_of

Expected = dict[str, tuple[float, str]]
Notebook = dict[str, Any]

UNREADABLE: Expected = {}


@dataclass(frozen=True)
class Honest:
    """En ärlig inlämning.

    Attributes:
        id: kort namn.
        build: ger filerna, sökväg → innehåll.
        expected: fil → väntade resultat.
    """

    id: str
    build: Callable[[], dict[str, bytes]]
    expected: dict[str, Expected]

    def __str__(self) -> str:
        return self.id


HONEST: list[Honest] = []


def honest(expected: Expected | dict[str, Expected]) -> Callable[[Any], Any]:
    """Funktionen under ger en anteckningsbok (eller filer) som ska få de väntade resultaten."""
    rows: Any = expected
    if not rows or any(key in SYLLABUS for key in rows):
        rows = {"bok.ipynb": expected}

    def register(build: Callable[[], Any]) -> Callable[[], Any]:
        HONEST.append(Honest(build.__name__, lambda: _files(build()), rows))
        return build

    return register


def _files(built: Any) -> dict[str, bytes]:
    if "cells" in built or "worksheets" in built:
        return {"bok.ipynb": as_bytes(built)}
    return {
        name: data if isinstance(data, bytes) else as_bytes(data) for name, data in built.items()
    }


# --- väntade resultat ----------------------------------------------------------------------------


def right(*numbers: str) -> Expected:
    """Full poäng."""
    return {number: (float(EXERCISES[number].points), "passed") for number in numbers}


def zero(status: str, *numbers: str) -> Expected:
    """Inga poäng, av samma skäl."""
    return dict.fromkeys(numbers, (0.0, status))


def book(notebook: str, status: str = "missing", **known: tuple[float, str]) -> Expected:
    """Alla övningar i en bok: de kända (`td_target=(1, "partial")`) och resten med en status."""
    own = [number for number in exercises_of(notebook) if SYLLABUS[number]]
    answers = {NUMBER_OF[name]: result for name, result in known.items()}
    assert set(answers) <= set(own)
    return zero(status, *own) | answers


def full(name: str) -> tuple[float, str]:
    """Full poäng för övningen med det namnet."""
    return float(EXERCISES[NUMBER_OF[name]].points), "passed"


def solved(notebook: str) -> Expected:
    """Alla övningar i en bok rätt."""
    return {n: (float(EXERCISES[n].points), "passed") for n in book(notebook)}


# --- anteckningsböcker ---------------------------------------------------------------------------


def code(text: str, **metadata: Any) -> dict[str, Any]:
    """En kodcell. Texten får vara indragen."""
    text = textwrap.dedent(text).strip("\n")
    rest = {"execution_count": None, "metadata": metadata, "outputs": []}
    return {"cell_type": "code", "source": text} | rest


def bare(*texts: str, **metadata: Any) -> Notebook:
    """En bok med bara de här kodcellerna; utan metadata känns den igen på funktionerna."""
    cells = [code(text) for text in texts]
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def page(notebook: str) -> Notebook:
    """Studentens anteckningsbok, som den delas ut; "01" är den äldre, med allt i en fil."""
    parts = sorted(PARTS.get(notebook, {notebook}))
    paths = [next(NOTEBOOKS.glob(f"{part}_*.ipynb")) for part in parts]
    books = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    cells = [cell for book in books for cell in book["cells"]]
    return books[0] | {"cells": cells, "metadata": {"dqn_kurs": {"notebook": notebook}}}


def cell_of(notebook: Notebook, number: str) -> dict[str, Any]:
    """Övningens cell i studentens anteckningsbok."""
    wanted = f"ovning-{number.replace('.', '-')}"
    return next(cell for cell in notebook["cells"] if cell.get("id") == wanted)


def answered(notebook: str, **answers: str) -> Notebook:
    """Studentens anteckningsbok med svar i övningarnas celler."""
    built = page(notebook)
    for name, text in answers.items():
        cell_of(built, NUMBER_OF[name])["source"] = textwrap.dedent(text).strip("\n")
    return built


def style(name: str, solution: str) -> str:
    """Texten till en rätt lösning ur `accepted.py`, med övningens namn."""
    number = NUMBER_OF[name]
    found = next(s for s in accepted(number) if s.__name__ == solution)
    source = inspect.getsource(found).split("\n", 1)[1]  # utan @correct
    for other in book(book_of(number)):  # en lösning kan använda en annan övnings
        for one in accepted(other):
            source = re.sub(rf"\b{re.escape(one.__name__)}\b", SYLLABUS[other], source)
    return source


def module(notebook: str) -> str:
    """Importer och hjälpfunktioner överst i bokens `accepted.py`."""
    found = content(notebook, "accepted")
    text = inspect.getsource(found)
    students = r"(import|from (?!dqn_helpers\.autograder)\w)"
    imports = [line for line in text.split("\n") if re.match(students, line)]
    helpers = [
        inspect.getsource(part)
        for name, part in vars(found).items()
        if name.startswith("_") and inspect.isfunction(part)
    ]
    return "\n".join([*imports, *helpers])


def in_style(notebook: str, index: int) -> Notebook:
    """Hela boken löst, varje övning i sin stil nummer `index`."""
    source = module(notebook[:2])  # 01a och 01b har bok 01:s stilar
    answers = {}
    for number in book(notebook):
        named = [s for s in accepted(number) if s.__name__ != "<lambda>"]
        name = SYLLABUS[number]
        answers[name] = style(name, named[index % len(named)].__name__)
    built = answered(notebook, **answers)
    built["cells"].insert(1, code(source))
    return built


# --- filer ---------------------------------------------------------------------------------------


def as_bytes(notebook: Notebook) -> bytes:
    """Anteckningsboken som Jupyter sparar den."""
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode()


def zipped(files: dict[str, Any]) -> bytes:
    """Filerna som zip-fil."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data if isinstance(data, bytes) else as_bytes(data))
    return buffer.getvalue()
