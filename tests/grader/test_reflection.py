"""Reflektionen i 5.4: studentens egen text, och inget av sidans."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.figures import spread_in_words
from dqn_helpers.studies import own_casino
from dqn_helpers.submission.collect import Submission, find_submissions
from dqn_helpers.submission.written import ANSWER, PREDICTION, casino_code_of, reflection_of
from dqn_helpers.teacher.reflection import KEY, casino_in_words

(BOOK,) = (Path(__file__).resolve().parents[2] / "notebooks").glob("05_*.ipynb")
PLACEHOLDER = "*Skriv ditt svar här.*"


@pytest.fixture
def cells() -> list[dict[str, Any]]:
    return json.loads(BOOK.read_text(encoding="utf-8"))["cells"]


def handed_in(tmp_path: Path, cells: list[dict[str, Any]]) -> Submission:
    book = json.loads(BOOK.read_text(encoding="utf-8")) | {"cells": cells}
    (tmp_path / BOOK.name).write_text(json.dumps(book), encoding="utf-8")
    (submission,) = find_submissions([tmp_path])
    return submission


def reflection(tmp_path: Path, cells: list[dict[str, Any]]) -> str:
    return reflection_of(handed_in(tmp_path, cells))


def place(cells: list[dict[str, Any]], own: str = ANSWER) -> int:
    return next(i for i, cell in enumerate(cells) if cell["id"] == own)


def with_answer(
    cell: dict[str, Any], answer: str, placeholder: str = PLACEHOLDER
) -> dict[str, Any]:
    text = "".join(cell["source"])
    assert text.count(placeholder) == 1
    return cell | {"source": text.replace(placeholder, answer)}


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


def test_the_prediction_is_read_too(tmp_path: Path, cells: list[dict[str, Any]]) -> None:
    where = place(cells, PREDICTION)
    cells[where] = with_answer(cells[where], "A blir högst.", "*(skriv här)*")
    assert reflection(tmp_path, cells) == (
        "**Gissningen före körningen:** A blir högst.\n\n**Svaret:** saknas."
    )


# --- det egna kasinot ----------------------------------------------------------------------------


def code_cell(text: str) -> dict[str, Any]:
    return {"cell_type": "code", "id": "x", "metadata": {}, "source": text, "outputs": [],
            "execution_count": None}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('min_kod = "Åsa Öberg"  # mitt namn', "Åsa Öberg"),
        ("%matplotlib inline\nmin_kod='asa01'\nprint(", "asa01"),
        ('min_kod = ""\nmin_kod = "b"', "b"),
        ("min_kod = __import__('os').getcwd()", None),
        ("min_kod = " + "(" * 150, None),
        ("min_kod = 5", None),
        ('min_kod = "' + "x" * 500 + '"', None),
        ("annat = 1", None),
    ],
)
def test_the_code_is_read_as_text(
    tmp_path: Path, cells: list[dict[str, Any]], text: str, code: str | None
) -> None:
    cells = [cell for cell in cells if "min_kod =" not in "".join(cell["source"])]
    assert casino_code_of(handed_in(tmp_path, [*cells, code_cell(text)])) == code


def test_the_handed_out_page_has_chosen_no_casino(
    tmp_path: Path, cells: list[dict[str, Any]]
) -> None:
    assert casino_code_of(handed_in(tmp_path, cells)) == ""


def test_the_teacher_is_told_what_was_right() -> None:
    text = " ".join(casino_in_words("Åsa Öberg"))
    number = own_casino.casino_number("asa öberg".replace("a", "å", 1))
    assert f"Kasino {number} " in text
    key = json.loads(KEY.read_text(encoding="utf-8"))
    assert f"DQN är kurva {key[str(number)]} och slutar på" in text
    last = own_casino.curves(number)[f"kurva {key[str(number)]}"][:, -1]
    assert spread_in_words(last) in text
    assert "finns inte i filen" in casino_in_words(None)[0]
    assert "tom" in casino_in_words(" ")[0]


def test_what_is_left_of_the_overestimation_is_a_share_in_every_casino() -> None:
    """I några kasinon underskattar Double DQN, och då är ”−13 % kvar” ingen mening."""
    codes = {own_casino.casino_number(f"s{i}"): f"s{i}" for i in range(3000)}
    assert len(codes) == len(json.loads(KEY.read_text(encoding="utf-8")))
    told = [casino_in_words(code)[-1] for code in codes.values()]
    parts = [re.search(r"har (.+) % av DQN:s överskattning kvar", one) for one in told]
    assert {int(part[1]) for part in parts if part} <= set(range(101))
    others = {one.partition(",")[0] for one, part in zip(told, parts, strict=True) if not part}
    assert others == {
        "Double DQN underskattar i genomsnitt i stället för att överskatta",
        "Ingen av metoderna överskattar i genomsnitt",
    }


def test_the_key_says_which_curve_is_dqn() -> None:
    """Maximum gör DQN:s värden högre i vartenda kasino, och bokstaven säger inget i sig."""
    key = json.loads(KEY.read_text(encoding="utf-8"))
    assert list(map(int, key)) == list(range(1, own_casino.N_CASINOS + 1))
    assert 60 < sum(letter == "A" for letter in key.values()) < 140
    for number, letter in key.items():
        means = {name[-1]: c[:, -1].mean() for name, c in own_casino.curves(int(number)).items()}
        assert max(means, key=means.__getitem__) == letter, number
