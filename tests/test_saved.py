"""Kontrollen av den sparade boken säger det som rättaren sedan ser, och kör ingenting."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.exercises.syllabus import BOOKS
from dqn_helpers.submission.saved import check_saved, what_the_grader_sees

ROOT = Path(__file__).resolve().parents[1]
FILE = BOOKS["05"][0]
HANDED_OUT, SOLVED = ROOT / "notebooks" / FILE, ROOT / "solutions" / FILE

Book = dict[str, Any]
Change = Callable[[Book], None]


def seen(folder: Path, change: Change) -> str:
    """Vad som sägs om den lösta boken efter en ändring."""
    book = json.loads(SOLVED.read_text(encoding="utf-8"))
    change(book)
    path = folder / FILE
    path.write_text(json.dumps(book), encoding="utf-8")
    return "\n".join(what_the_grader_sees(path))


def cell(book: Book, cell_id: str) -> dict[str, Any]:
    return next(one for one in book["cells"] if one["id"] == cell_id)


def replaced(cell_id: str, old: str, new: str) -> Change:
    """En ändring av texten i en cell."""

    def change(book: Book) -> None:
        text = "".join(cell(book, cell_id)["source"])
        assert old in text
        cell(book, cell_id)["source"] = text.replace(old, new)

    return change


def with_another_name(book: Book) -> None:
    replaced("ovning-5-1", "def double_dqn_target(", "def dubbelt_mal(")(book)
    replaced("check-5-1", "double_dqn_target", "dubbelt_mal")(book)


def as_text(book: Book) -> None:
    cell(book, "ovning-5-2")["cell_type"] = "markdown"


def test_a_solved_book_has_everything_and_a_handed_out_one_nothing():
    solved, handed_out = what_the_grader_sees(SOLVED), what_the_grader_sees(HANDED_OUT)
    assert [one for one in solved if one.endswith("finns.")] == solved[:3]
    assert not any("svaret är inte skrivet" in one for one in solved)
    assert [one for one in handed_out if one.endswith("är inte löst än.")] == handed_out[:3]
    assert "5.4: svaret är inte skrivet än." in handed_out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (replaced("ovning-5-1", "def double_dqn_target(", "def double_dqn_targets("),
         "Menade du `double_dqn_targets`?"),
        (with_another_name, "5.1: `double_dqn_target` finns."),
        (with_another_name, "`dubbelt_mal` räknas i stället"),
        (as_text, "är ingen kodcell men innehåller `def double_dqn_training_step`"),
        (as_text, "5.2: `double_dqn_training_step` finns inte i filen"),
        (replaced("ovning-5-3", "def q_value_bias", "def q_value_bias("),
         "Cellen går inte att läsa"),
        (replaced("ovning-5-3", "    return ", "    import pandas\n    return "),
         "Modulen `pandas`"),
        (replaced("mitt-kasino", 'min_kod = ""', "min_kod = 7"), "`min_kod` är tom"),
    ],
)  # fmt: skip
def test_what_the_grader_would_miss_is_said(change: Change, said: str, tmp_path: Path):
    assert said in seen(tmp_path, change)


def test_a_filled_in_code_is_not_called_empty(tmp_path: Path):
    assert "min_kod" not in seen(tmp_path, replaced("mitt-kasino", '""', '"anek"'))


def test_nothing_in_the_book_is_run(tmp_path: Path):
    mark = tmp_path / "kördes"
    seen(tmp_path, replaced("importer", "import copy", f"open({str(mark)!r}, 'w')"))
    assert not mark.exists()


def test_a_missing_and_a_broken_file_get_a_sentence(tmp_path: Path, capsys: Any):
    check_saved(tmp_path / FILE)
    assert "finns inte här. Spara boken" in capsys.readouterr().out
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    check_saved(tmp_path / FILE)
    assert "ingen hel anteckningsbok" in capsys.readouterr().out


def test_every_book_can_be_checked():
    for number in ("01a", "01b", "02", "03", "04"):
        sentences = what_the_grader_sees(ROOT / "solutions" / BOOKS[number][0])
        assert sentences and all(one.endswith("finns.") for one in sentences), number
