"""Vägen genom kursen: alla stationer, det som är klart, och länkar som leder rätt."""

import itertools
import json
import re
from pathlib import Path

import pytest

from dqn_helpers.exercises.syllabus import BOOKS, OLD_FILES, SYLLABUS, notebook_of
from dqn_helpers.stations import Stations, stations

ROOT = Path(__file__).resolve().parents[1]
CHECKED = [number for number, name in SYLLABUS.items() if name]


def shown(book: str, *solved: str) -> str:
    return Stations(book, frozenset(solved))._repr_html_()


def place(number: str) -> str:
    book = BOOKS[notebook_of(number)][0]
    return f"{book}#cell-id=ovning-{number.replace('.', '-')}-text"


def items(html: str) -> list[tuple[str, str]]:
    """Stationerna: deras klass, och det som läses upp."""
    found = re.findall(r'<ol class="dqn-stationer">(.*?)</ol>', html)
    pairs = [pair for ol in found for pair in re.findall(r"<li(.*?)>(.*?)</li>", ol)]
    return [(kind, re.sub(r"<[^>]*>", "", text)) for kind, text in pairs]


@pytest.mark.parametrize("book", BOOKS)
def test_every_exercise_is_a_station(book: str):
    texts = [text for _, text in items(shown(book))]
    assert [text.split(",")[0] for text in texts] == list(SYLLABUS)


def test_green_stations_are_filled_and_marked_with_more_than_a_color():
    found = {text: kind for kind, text in items(shown("00", "1.1", "2.1"))}
    assert "dqn-klar" in found["1.1, klar"] and "dqn-klar" in found["2.1, klar"]
    assert "dqn-nasta" in found["1.2, nästa"]
    assert found["1.3, inte klar än"] == ' class=""'
    assert shown("00", "1.1").count("M3 8.5") == 1  # ett ritat märke


def test_the_way_on_leads_to_the_first_that_is_not_green():
    assert f'href="{place("1.1")}">Börja här: övning 1.1' in shown("00")
    assert f'href="{place("1.3")}">Fortsätt här: övning 1.3' in shown("01a", "1.1", "1.2")
    assert f'href="{place("2.1")}">Fortsätt här: övning 2.1' in shown(
        "01b", "1.1", "1.2", "1.3", "1.4", "2.2"
    )
    assert f'href="{place("2.3")}">Fortsätt här: övning 2.3' in shown("02", *CHECKED[:6])


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_every_station_leads_to_the_cell_where_its_exercise_begins(folder: str):
    for number in SYLLABUS:
        file, _, cell = place(number).partition("#cell-id=")
        assert f'<a href="{place(number)}">' in shown("00")
        cells = json.loads((ROOT / folder / file).read_text("utf-8"))["cells"]
        (text,) = ("".join(c["source"]) for c in cells if c["id"] == cell)
        assert f" Övning {number}: " in text


def test_every_book_but_the_last_leads_to_the_next():
    numbers = list(BOOKS)
    for number, following in itertools.pairwise(numbers):
        assert f'href="{BOOKS[following][0]}">Nästa bok: {following}' in shown(number)
    assert "Nästa bok" not in shown(numbers[-1])


def test_the_start_page_tells_what_an_old_book_has_become(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "Nytt" not in stations("00")._repr_html_()
    (tmp_path / OLD_FILES["01"]).write_text("{}", encoding="utf-8")
    html = stations("00")._repr_html_()
    assert re.search("Nytt: bok 01 är nu .*01a.*01b.*ligger kvar", html)
    assert "Nytt" not in stations("02")._repr_html_()
    assert stations("01").book == "01a"  # så står det i den äldre boken


def test_when_all_is_green_the_reflection_is_what_remains():
    html = shown("05", *CHECKED)
    assert "16 av 16 övningar är klara." in html
    assert "Glöm inte reflektionen" in html
    assert "här: övning" not in html
    assert "reflektionen" in repr(Stations("05", frozenset(CHECKED)))


def test_the_text_version_says_where_to_go_on():
    assert repr(Stations("01a", frozenset({"1.1"}))) == (
        "1 av 16 övningar är klar. Fortsätt med övning 1.2 i bok 01a."
    )


def test_a_book_that_does_not_exist():
    with pytest.raises(KeyError, match="ingen bok 17"):
        stations("17")


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
@pytest.mark.parametrize("number", BOOKS)
def test_the_books_are_called_what_they_are_called_and_show_the_way(folder: str, number: str):
    file, title, _ = BOOKS[number]
    cells = json.loads((ROOT / folder / file).read_text("utf-8"))["cells"]
    heading = "".join(cells[0]["source"]).split("\n")[0]
    assert heading.removesuffix(" (inlämningsuppgift)") == f"# {number} {title}"
    ways = [i for i, c in enumerate(cells) if f'stations("{number}")' in "".join(c["source"])]
    assert len(ways) == 1
    assert number == "00" or ways[0] == len(cells) - 1


def test_readme_says_where_the_marks_are():
    students = (ROOT / "README.md").read_text("utf-8").split("## För dig som undervisar")[0]
    assert "framsteg.jsonl" in students
