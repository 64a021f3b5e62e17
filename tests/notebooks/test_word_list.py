"""Ordlistan: i bokstavsordning, med länkar som leder rätt, och med alla böckers nya ord."""

import re
from pathlib import Path
from typing import NamedTuple

from form_rules import headings, plain_markdown, read_book

ROOT = Path(__file__).resolve().parents[2]
WORD_LIST = ROOT / "solutions" / "ordlista.md"
BOOKS = sorted((ROOT / "solutions").glob("0[1-9]*_*.ipynb"))
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
        link = re.fullmatch(r"\[\d\d[ab]? ([^\]]+)\]\(([^#)]+)#cell-id=([\w-]+)\)", where)
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


def test_every_word_is_explained_in_one_sentence_and_leads_somewhere():
    books = {path.name: read_book(path) for path in (ROOT / "solutions").glob("*.ipynb")}
    for entry in ENTRIES:
        assert re.fullmatch(r"\*[^*]+\*", entry.english), entry
        assert entry.meaning[0].isupper() and entry.meaning.endswith("."), entry
        assert ". " not in entry.meaning, entry
        target = [cell for cell in books[entry.file].cells if cell["id"] == entry.cell]
        titles = [re.sub(r" \(\d+ poäng\)$", "", title) for _, title in headings(target)]
        assert entry.section in titles, entry


def test_the_new_words_of_every_book_are_in_the_list():
    known = {entry.word.lower(): entry.english.strip("*").lower() for entry in ENTRIES}
    assert len(BOOKS) >= 5
    for path in BOOKS:
        text = "\n\n".join(map(plain_markdown, read_book(path).markdown()))
        words = new_words(text)
        assert len(words) >= 5, f"{path.name} saknar stycket **Nya ord**"
        assert not [word for word, _ in words if word.lower() not in known], path.name
        different = [
            (word, english, known[word.lower()])
            for word, english in words
            if english and english.lower() != known[word.lower()]
        ]
        assert not different, path.name


def test_the_english_that_the_books_mention_is_in_the_list():
    """Står engelskan inom parentes i en bok ska ordet också stå i ordlistan."""
    known = {word.lower() for entry in ENTRIES for word in entry.english.strip("*").split(", ")}
    missing = []
    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        text = "\n\n".join(map(plain_markdown, read_book(path).markdown()))
        for inside in re.findall(r"\((\*[A-Za-zε][^()\n]{1,60})\)", text):
            terms = {term.lower() for term in re.findall(r"\*([^*]+)\*", inside)}
            if not known & (terms | {term.removesuffix("s") for term in terms}):
                missing.append(f"{path.name}: {inside}")
    assert not [one for one in missing if not re.search(r"Klart|Inte än|skriv|klicka", one)]


def test_the_books_and_the_readme_lead_to_the_list():
    for path in [*BOOKS, ROOT / "solutions" / "00_start.ipynb"]:
        texts = map(plain_markdown, read_book(path).markdown())
        assert any("](ordlista.md" in text for text in texts), path.name
    assert "ordlista.md" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_new_words_are_read():
    words = new_words("**Nya ord:** agent, miljö (*environment*).")
    assert words == [("agent", ""), ("miljö", "environment")]
    words = new_words("**Nya ord** (se [ordlistan](ordlista.md)): val (*a, b*), mask.")
    assert words == [("val", "a, b"), ("mask", "")]
    assert new_words("Inga ord här.") == []
