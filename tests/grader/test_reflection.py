"""Reflektionen i 5.4: studentens egen text, och inget av sidans."""

import json
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.autograder.reflection import CELL, reflection_of
from dqn_helpers.submission.collect import find_submissions

(BOOK,) = (Path(__file__).resolve().parents[2] / "notebooks").glob("05_*.ipynb")
PLACEHOLDER = "*Skriv ditt svar här.*"


@pytest.fixture
def cells() -> list[dict[str, Any]]:
    return json.loads(BOOK.read_text(encoding="utf-8"))["cells"]


def reflection(tmp_path: Path, cells: list[dict[str, Any]]) -> str:
    book = json.loads(BOOK.read_text(encoding="utf-8")) | {"cells": cells}
    (tmp_path / BOOK.name).write_text(json.dumps(book), encoding="utf-8")
    (submission,) = find_submissions([tmp_path])
    return reflection_of(submission)


def place(cells: list[dict[str, Any]]) -> int:
    return next(i for i, cell in enumerate(cells) if cell["id"] == CELL)


def with_answer(cell: dict[str, Any], answer: str) -> dict[str, Any]:
    text = "".join(cell["source"])
    assert text.count(PLACEHOLDER) == 1
    return cell | {"source": text.replace(PLACEHOLDER, answer)}


def test_nothing_written_is_nothing(tmp_path: Path, cells: list[dict[str, Any]]) -> None:
    assert reflection(tmp_path, cells) == ""


def test_the_answer_in_the_cell(tmp_path: Path, cells: list[dict[str, Any]]) -> None:
    cells[place(cells)] = with_answer(cells[place(cells)], "Max väljer turen.\n\nTvå nätverk.")
    assert reflection(tmp_path, cells) == "Max väljer turen.\n\nTvå nätverk."


def test_the_answer_in_cells_of_ones_own(tmp_path: Path, cells: list[dict[str, Any]]) -> None:
    own = [{"cell_type": "markdown", "id": f"x{i}", "metadata": {}, "source": f"Svar {i}."}
           for i in (1, 2)]  # fmt: skip
    here = place(cells) + 1
    assert reflection(tmp_path, [*cells[:here], *own, *cells[here:]]) == "Svar 1.\n\nSvar 2."


def test_a_page_that_has_been_edited_since_is_not_the_students(
    tmp_path: Path, cells: list[dict[str, Any]]
) -> None:
    """Boken kan ha hämtats innan kursens text ändrades."""
    for cell in cells[place(cells) + 1 :]:
        cell["source"] = "En äldre lydelse. " + "".join(cell["source"])
    assert reflection(tmp_path, cells) == ""


def test_ids_that_are_lost_do_not_matter(tmp_path: Path, cells: list[dict[str, Any]]) -> None:
    cells[place(cells)] = with_answer(cells[place(cells)], "Turen.")
    for cell in cells:
        cell["id"] = f"{hash(''.join(cell['source'])) % 10**8:08d}"
    assert reflection(tmp_path, cells) == "Turen."
