"""Ordlistan: i bokstavsordning, med länkar som leder rätt, och med alla böckers nya ord."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from form_rules import headings, plain_markdown, read_book

ROOT = Path(__file__).resolve().parents[2]
WORD_LIST = ROOT / "solutions" / "ordlista.md"
BOOKS = sorted((ROOT / "solutions").glob("0[1-9]_*.ipynb"))
ALPHABET = "abcdefghijklmnopqrstuvwxyzåäö"
NEW_WORDS = re.compile(r"^\*\*Nya ord.*?(?::\*\*|\*\*[^:]*:)(.*)$", re.MULTILINE)


class Entry(NamedTuple):
    """En rad i ordlistan."""

    word: str
    english: str
    meaning: str
    file: str
    section: str
    cell: str


def entries() -> list[Entry]:
    rows = [
        [cell.strip() for cell in line.strip("| ").split(" | ")]
        for line in WORD_LIST.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ][2:]
    found = []
    for word, english, meaning, where in rows:
        # JupyterLab hittar celler på deras id; rubriker med å, ä och ö hittar den inte.
        link = re.fullmatch(r"\[\d\d ([^\]]+)\]\(([^#)]+)#cell-id=([\w-]+)\)", where)
        assert link, f"{word}: {where} är ingen länk till en cell"
        section, file, cell = link.groups()
        found.append(Entry(word, english, meaning, file, section, cell))
    return found


ENTRIES = entries()


def new_words(text: str) -> list[tuple[str, str]]:
    """Orden efter **Nya ord**, med engelskan om den står inom parentes."""
    paragraph = NEW_WORDS.search(text)
    items = re.split(r",\s*(?![^(]*\))", paragraph.group(1).strip(" .")) if paragraph else []
    pairs = [re.fullmatch(r"([^(]+?)(?: \(\*(.+)\*\))?", item.strip()) for item in items]
    assert all(pairs), items
    return [(pair.group(1), pair.group(2) or "") for pair in pairs if pair]


def test_the_list_is_in_order_without_doubles():
    words = [entry.word for entry in ENTRIES]
    keys = [[ALPHABET.find(c) for c in word.lower().replace("ε", "e")] for word in words]
    assert keys == sorted(keys)
    assert len(words) == len(set(words)) >= 60


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.word)
def test_every_word_is_explained_in_one_sentence_and_leads_somewhere(entry: Entry):
    assert re.fullmatch(r"\*[^*]+\*", entry.english)
    assert entry.meaning[0].isupper()
    assert entry.meaning.endswith(".")
    assert ". " not in entry.meaning
    cells = read_book(ROOT / "solutions" / entry.file).cells
    target = [cell for cell in cells if cell["id"] == entry.cell]
    titles = [re.sub(r" \(\d+ poäng\)$", "", title) for _, title in headings(target)]
    assert entry.section in titles


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_the_new_words_of_every_book_are_in_the_list(path: Path):
    known = {entry.word.lower(): entry.english.strip("*").lower() for entry in ENTRIES}
    text = "\n\n".join(map(plain_markdown, read_book(path).markdown()))
    words = new_words(text)
    assert len(words) >= 5, "boken saknar stycket **Nya ord**"
    missing = [word for word, _ in words if word.lower() not in known]
    assert not missing
    different = [
        (word, english, known[word.lower()])
        for word, english in words
        if english and english.lower() != known[word.lower()]
    ]
    assert not different


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_books_link_to_the_list(path: Path):
    assert any("](ordlista.md" in plain_markdown(cell) for cell in read_book(path).markdown())


def test_the_start_page_and_the_readme_lead_to_the_list():
    start = read_book(ROOT / "solutions" / "00_start.ipynb")
    assert any("](ordlista.md)" in plain_markdown(cell) for cell in start.markdown())
    assert "ordlista.md" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**Nya ord:** agent, miljö (*environment*).", [("agent", ""), ("miljö", "environment")]),
        (
            "**Nya ord** (se [ordlistan](ordlista.md)): val (*a, b*), mask.",
            [("val", "a, b"), ("mask", "")],
        ),
        ("Inga ord här.", []),
    ],
)
def test_new_words_are_read(text: str, words: list[tuple[str, str]]):
    assert new_words(text) == words
