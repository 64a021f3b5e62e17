"""Webbokens kapitel: länkar, förklarade ord, hopfälld kod och inget ur facit."""

import json
import re
from pathlib import Path

import pytest

from dqn_helpers.teacher.address import Address, read_address
from dqn_helpers.teacher.book.__main__ import example_card, front_page, parts_of
from dqn_helpers.teacher.book.chapters import (
    Word,
    chapter,
    explain_words,
    keep_together,
    only_draws,
    stage,
    with_links,
    word_list,
)

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"


def book(*cells):
    """En bok med celler som (slag, id, text)."""
    made = [{"cell_type": k, "id": i, "source": t, "metadata": {}} for k, i, t in cells]
    return {"cells": made, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}


# --- länkar ---------------------------------------------------------------------------------------


def test_a_link_to_a_cell_becomes_a_link_to_its_chapter():
    text = "se [masken](03_traningssteget.ipynb#cell-id=td-malet) och [04](04_dqn_loopen.ipynb)"
    assert with_links(text) == "se [masken](#bok-03-td-malet) och [04](#bok-04-titel)"


def test_every_link_between_the_books_has_somewhere_to_lead(tmp_path):
    names = stage(NOTEBOOKS, tmp_path, Address())
    texts = {name: (tmp_path / name).read_text(encoding="utf-8") for name in names}
    texts["ordlista.md"] = (tmp_path / "ordlista.md").read_text(encoding="utf-8")
    targets = {
        t for text in texts.values() for t in re.findall(r"\((bok-\d\d[ab]?-[\w-]+)\)=", text)
    }
    lost = {
        (name, link)
        for name, text in texts.items()
        for link in re.findall(r"\]\(#([\w-]+)\)", text)
        if link not in targets
    }
    assert targets and not lost
    left = {name for name, text in texts.items() if re.search(r"\]\([^)]*\.ipynb", text)}
    assert not left


# --- ordlistan ------------------------------------------------------------------------------------


def test_a_word_is_explained_the_first_time_it_stands_in_running_text():
    words = {"mask": "Det som stänger av framtiden."}
    text = "# Masken\n\n`mask` är en mask, och masken är viktig."
    explained = explain_words(text, words)
    assert explained.count("ord-kort") == 1 and not words
    assert explained.startswith("# Masken\n\n`mask` är en <span")
    assert explained.endswith("</span></span>, och masken är viktig.")


@pytest.mark.parametrize(
    "text",
    [
        "maskinen går", "`mask`", "$mask$", "[mask](x.html)", "```\nmask\n```", "| mask | x |",
        "<summary>mask</summary>", "off-mask", "**Läs mer**\n\n- *Action mask*, 2018",
    ],
)  # fmt: skip
def test_what_is_not_the_word_in_running_text_is_left_alone(text):
    assert explain_words(text, {"mask": "x"}) == text


def test_a_longer_word_goes_before_the_shorter_one_inside_it():
    explained = explain_words("en hård kopia här", {"kopia": "fel", "hård kopia": "rätt"})
    assert "rätt" in explained and "fel" not in explained


def test_an_explanation_is_never_explained_itself():
    explained = explain_words("policy", {"policy": "Regeln för en handling.", "handling": "Det."})
    assert explained.count("ord-kort") == 1


def test_the_explanation_cannot_become_markup():
    assert "<b>" not in explain_words("mask", {"mask": "<b>"})


def test_the_search_finds_a_word_where_the_list_says_that_it_is_introduced():
    words = [
        Word("målnätverk", "target network", "En kopia.", "04_x.ipynb#cell-id=mal"),
        Word("mask", "mask", "Stänger av.", "03_x.ipynb#cell-id=masken"),
    ]
    cells = book(("markdown", "titel", "# 04 X\n\nHej."), ("markdown", "mal", "## Målet\n\nDet."))
    _, target = chapter(cells, words, Address(), "04_x.ipynb")["cells"]
    entries = re.findall(r"^```\{index\} ! single: (.+)\n```$", target["source"], re.MULTILINE)
    assert entries == ["målnätverk", "target network"]
    assert target["source"].index("(bok-04-mal)=") > target["source"].rindex("```")


def test_every_word_of_the_list_is_read():
    text = (NOTEBOOKS / "ordlista.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(word_list(text)) == len(rows)


def test_a_number_and_an_equality_are_never_split_between_lines():
    kept = "de 2\u00a0000 senaste, γ\u00a0=\u00a00,9, ε\u00a0=\u00a0−1, 10\u00a0000:e"
    assert keep_together(kept.replace("\u00a0", " ")) == kept
    for text in (
        "`x = 1`",
        "$x = 1$",
        "| 2 000 |",
        "år 2015 fick 20 av 30",
        "a == b, 1, 2 och 300",
    ):
        assert keep_together(text) == text


# --- koden och den egna kopian --------------------------------------------------------------------


def test_only_code_that_draws_is_folded():
    assert only_draws("a\nb\nc\nd\nfigures.lines(a)")
    assert not only_draws("figures.lines(a)")
    assert not only_draws("a\nb\nc\nd\ne")
    assert not only_draws(
        "def f():\n\n    'figures.'\n    a\n    b\n    raise NotImplementedError()"
    )


def test_a_chapter_offers_its_own_notebook():
    made = chapter(book(("markdown", "titel", "# 03 X\n\nHej.")), [], Address(), "03_x.ipynb")
    (first,) = made["cells"]
    assert '<a href="_downloads/03_x.ipynb" download>' in first["source"]
    assert "Colab" not in first["source"]  # så länge kursen inte finns någonstans


def test_a_chapter_does_not_look_for_a_saved_book():
    code = "from saved import check_saved\n\ncheck_saved('05.ipynb')\nstations('05')"
    title, last = ("markdown", "titel", "# 05 X\n\nHej."), ("code", "vagen-vidare", code)
    made = chapter(book(title, last), [], Address(), "05_x.ipynb")
    assert "".join(made["cells"][1]["source"]).strip() == "stations('05')"


def test_a_chapter_leads_to_its_pdf_only_when_there_is_one():
    cells = book(("markdown", "titel", "# 03 X\n\nHej."))
    without, with_one = (
        chapter(cells, [], Address(), "03_x.ipynb", pdf=pdf)["cells"][0]["source"]
        for pdf in (False, True)
    )
    assert 'href="pdf/03_x.pdf"' in with_one and ".pdf" not in without


def test_the_address_stands_in_one_place(tmp_path):
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[tool.kurs]\nrepository = "skolan/kurs"\n', encoding="utf-8")
    starts = read_address(pyproject).starts("03_x.ipynb")
    assert starts["Colab"].endswith("/github/skolan/kurs/blob/main/notebooks/03_x.ipynb")
    assert starts["Binder"].startswith("https://mybinder.org/v2/gh/skolan/kurs/main")


def test_the_book_is_made_of_the_students_books_and_they_are_not_changed(tmp_path):
    before = {path.name: path.read_bytes() for path in NOTEBOOKS.glob("*.ipynb")}
    names = stage(NOTEBOOKS, tmp_path, Address())
    assert before == {path.name: path.read_bytes() for path in NOTEBOOKS.glob("*.ipynb")}
    assert names == sorted(before)
    for name in names:
        staged = json.loads((tmp_path / name).read_text(encoding="utf-8"))
        code = [c for c in staged["cells"] if c["cell_type"] == "code"]
        original = [c for c in json.loads(before[name])["cells"] if c["cell_type"] == "code"]
        lines = ["".join(c["source"]).splitlines() for c in original]
        on_the_web = [[line for line in one if "check_saved" not in line] for one in lines]
        assert ["".join(c["source"]).splitlines() for c in code] == on_the_web


# --- framsidan och bilagan ------------------------------------------------------------------------


def test_the_appendix_is_the_very_file_beside_the_readme(tmp_path):
    names = stage(NOTEBOOKS, tmp_path, Address())
    first = json.loads((tmp_path / names[0]).read_text(encoding="utf-8"))
    text = "".join("".join(cell["source"]) for cell in first["cells"])
    assert "Fler råd finns i [bilagan](bilaga.md)." in text and "BILAGA" not in text
    assert (tmp_path / "bilaga.md").read_bytes() == (ROOT / "BILAGA.md").read_bytes()


def test_the_front_page_says_what_the_readme_says_and_leads_to_every_page():
    names = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
    front = front_page(names)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    differences, table = parts_of(readme)
    assert differences.count("\n- **") == 2 and differences in front
    assert [f"[{name.split('_')[0]}]({name})" in front for name in names] == [True] * len(names)
    assert table.count("\n") == len(names) + 1
    assert "(ordlista.md)" in front and "(bilaga.md)" in front
    assert not re.search(r"\b(HERO|KORT|TABELL|SKILLNADER|KAPITEL)\b", front)


def test_the_card_of_the_front_page_names_the_mistake():
    card = example_card()
    assert "1 av 2 delar stämmer" in card and "efter sluttillståndet" in card
