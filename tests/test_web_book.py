"""Webbokens kapitel: länkar, förklarade ord, hopfälld kod och inget ur facit."""

import json
import re
from pathlib import Path

import pytest

from dqn_helpers.teacher.address import Address, read_address
from dqn_helpers.teacher.book.chapters import (
    chapter,
    explain_words,
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
        "<summary>mask</summary>", "off-mask",
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


def test_every_word_of_the_list_is_read():
    text = (NOTEBOOKS / "ordlista.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(word_list(text)) == len(rows)


# --- koden och den egna kopian --------------------------------------------------------------------


def test_only_code_that_draws_is_folded():
    assert only_draws("a\nb\nc\nd\nfigures.lines(a)")
    assert not only_draws("figures.lines(a)")
    assert not only_draws("a\nb\nc\nd\ne")
    assert not only_draws(
        "def f():\n\n    'figures.'\n    a\n    b\n    raise NotImplementedError()"
    )


def test_a_chapter_offers_its_own_notebook():
    made = chapter(book(("markdown", "titel", "# 03 X\n\nHej.")), {}, Address(), "03_x.ipynb")
    (first,) = made["cells"]
    assert '<a href="_downloads/03_x.ipynb" download>' in first["source"]
    assert "Colab" not in first["source"]  # så länge kursen inte finns någonstans


def test_a_chapter_does_not_look_for_a_saved_book():
    code = "from saved import check_saved\n\ncheck_saved('05.ipynb')\nstations('05')"
    title, last = ("markdown", "titel", "# 05 X\n\nHej."), ("code", "vagen-vidare", code)
    made = chapter(book(title, last), {}, Address(), "05_x.ipynb")
    assert "".join(made["cells"][1]["source"]).strip() == "stations('05')"


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
