"""Rapporterna: rätt innehåll, självständiga sidor, och inget från studenter som kan göra skada."""

import base64
import hashlib
import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from dqn_helpers.autograder.arguments import rules
from dqn_helpers.autograder.result import (
    ClassResult,
    ExerciseResult,
    PartResult,
    SubmissionResult,
    as_data,
    from_data,
    to_json,
)
from dqn_helpers.card import ComparedRow, Comparison
from dqn_helpers.exercises.model import Case
from dqn_helpers.exercises.plain import in_short
from dqn_helpers.exercises.running import NOT_RUN_TEXT
from dqn_helpers.studies.own_casino import casino_number
from dqn_helpers.teacher.assessment import assessment_page
from dqn_helpers.teacher.grade_limits import load_grade_limits, with_letters
from dqn_helpers.teacher.junit import junit_xml
from dqn_helpers.teacher.overrides import TEMPLATE, Override, Overrides
from dqn_helpers.teacher.reflection import guide_html, rubric
from dqn_helpers.teacher.report import class_page as class_page_module
from dqn_helpers.teacher.report import html as report_html
from dqn_helpers.teacher.report.class_page import class_report
from dqn_helpers.teacher.report.statistics import (
    best_exercises,
    by_student,
    needing_attention,
)
from dqn_helpers.teacher.report.student_page import code_lines, feedback_page
from dqn_helpers.teacher.report.summary import fit, summary_lines
from dqn_helpers.teacher.report.words import ISOLATION, STATUSES, clean, own_name, rerun_command
from dqn_helpers.teacher.reports import (
    ReportError,
    final,
    page_names,
    write_reports,
)

from .report_samples import (
    TABLE,
    Page,
    by_teacher,
    exercise,
    internal,
    results,
    submission,
    unreadable,
    with_part,
)

LIMITS = load_grade_limits()
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "<a href='javascript:alert(1)'>klicka</a>",
    "</style></title></pre></code><iframe src=https://example.org></iframe>",
    "<svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "`<b>kod</b>` *<i>betonat</i>*",
    "<!-- <base href='https://example.org'>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "\u202egnaro\u2066\u0000\x1b[31m\ud800\ufeff\u200b",
    "z" + "\u0300" * 500,
]
TAGS = {
    *("article", "aside", "h3", "em"),
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "main",
    "section",
    "footer",
    "h1",
    "h2",
    "p",
    "a",
    "code",
    "pre",
    "em",
    "mark",
    "span",
    "strong",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "div",
    "table",
    "caption",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
    "abbr",
    "sup",
    "svg",
    "rect",
    "path",
    "circle",
    "details",
    "summary",
    "blockquote",
    "wbr",
    "h3",
    "del",
}
ADDRESSES = ("href", "src", "action", "xlink:href", "srcset", "data", "poster", "background")


def written(out: Path, graded: ClassResult) -> dict[str, str]:
    """Alla rapporter: namn → innehåll."""
    write_reports(out, graded, Overrides(), LIMITS)
    files = [p for p in out.rglob("*") if p.is_file()]
    return {p.relative_to(out).as_posix(): p.read_bytes().decode("utf-8") for p in files}


def page(graded: SubmissionResult) -> Page:
    return Page(feedback_page(graded, "full"))


def hostile_class(text: str) -> ClassResult:
    """En klass där en student har lagt sin text överallt där det går."""
    table = Comparison((text,), (ComparedRow(text, (text,), text, text, False, text),))
    parts = (
        PartResult(text, 1, False, f"Svaret {text}", arguments=(("x", "1"), ("y", text))),
        PartResult("jämför", 1, False, "Fel.", comparison=table, code=text),
        PartResult("maskerar", 1, False, f"Rad 2 i cell 1, `{text}`, ger {text}", situation=text),
    )
    source = tuple((cell, f"x = 1\n{text}") for cell in (text, "cell 1"))
    bad = exercise(
        "3.1", parts=parts, points=1.0, status="partial", texts=(text,), misconception=text,
        name=text, source=source, output=text,
    )  # fmt: skip
    about = {"student": text, "message": text, "sha256": text, "grade": text}
    one = submission(f"{text}.ipynb", bad, notes=(text,), reflection=text, **about)
    return results(one, unreadable(f"b/{text}", text), submission("rätt.ipynb", exercise("3.1")))


# --- sidorna är ofarliga --------------------------------------------------------------------------


def assert_harmless(html: str) -> None:
    tree = Page(html)
    assert {tag for tag, _ in tree.tags} <= TAGS
    for tag, attributes in tree.tags:
        assert not [a for a in attributes if a.startswith("on") or a == "style"], (tag, attributes)
        for address in (attributes[a] or "" for a in ADDRESSES if a in attributes):
            assert re.fullmatch(r"#[\w-]+|feedback/[A-Za-z0-9._-]+\.html", address), address
    assert [m["http-equiv"] for m in tree.all("meta") if "http-equiv" in m] == [
        "Content-Security-Policy"
    ]
    assert not re.search(r"@import|url\(|https?:", tree.style)
    assert all(char in "\n\t" or char.isprintable() or char == "\xa0" for char in html)
    assert not re.search(r"[\u0300-\u036f]{3}", html)


def assert_policy_matches(html: str) -> None:
    tree = Page(html)
    policy = next(m["content"] for m in tree.all("meta") if "http-equiv" in m) or ""
    digest = base64.b64encode(hashlib.sha256(tree.style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy and len(tree.all("style")) == 1 and len(tree.style) > 1_000
    names = [tag for tag, _ in tree.tags]
    assert names.index("meta") < names.index("style")


@pytest.mark.parametrize("text", HOSTILE)
def test_student_text_does_no_harm(tmp_path: Path, text: str) -> None:
    files = written(tmp_path, hostile_class(text))
    pages = [html for name, html in files.items() if name.endswith(".html")]
    assert len(pages) == 4
    for html in pages:
        assert_harmless(html)
        assert_policy_matches(html)
    assert all(p.resolve().is_relative_to(tmp_path.resolve()) for p in tmp_path.rglob("*"))


def test_student_text_is_still_shown() -> None:
    graded = hostile_class("<script>alert(1)</script>")
    shown = page(graded.submissions[0]).text
    assert shown.count("<script>alert(1)</script>") >= 7  # också kod, utskrift och reflektion


def test_accessible_skeleton(tmp_path: Path) -> None:
    graded = results(
        submission("a.ipynb", exercise("3.1", False), exercise("3.2")), unreadable("b")
    )
    for name, html in written(tmp_path, graded).items():
        if name.endswith(".html"):
            tree = Page(html)
            tags = [tag for tag, _ in tree.tags]
            assert tags[tags.index("body") + 1] == "header", "allt ligger i ett landmärke"
            assert tags.count("header") == 1
            assert html.startswith("<!DOCTYPE html>")
            assert tree.all("html") == [{"lang": "sv"}]
            assert len(tree.all("h1")) == len(tree.all("main")) == 1
            assert "width=device-width" in str(tree.all("meta"))
            assert "Preliminärt – examinator beslutar" in tree.words()
            ids = [a["id"] for _, a in tree.tags if "id" in a]
            links = [a["href"][1:] for a in tree.all("a") if (a["href"] or "").startswith("#")]
            assert len(ids) == len(set(ids)) and set(links) <= set(ids)
            assert not [h for h in tree.all("th") if "scope" not in h]


def test_long_texts_are_cut_and_fast() -> None:
    """Tio gånger så lång text kostar inte mer än den ska, och långt ifrån hundra gånger mer."""

    def page_and_cost(length: int) -> tuple[str, float]:
        graded = hostile_class("x" * length)
        started = time.process_time()
        html = feedback_page(graded.submissions[0], "full")
        return html, time.process_time() - started

    _, cost_of_long = page_and_cost(100_000)
    html, cost = page_and_cost(1_000_000)
    assert cost < 30 * cost_of_long
    assert len(html) < 150_000 and "avkortat" in html


def test_many_cells_and_lines_are_cut() -> None:
    cells = tuple((f"cell {n}", "x = 1\n" * 5_000) for n in range(500))
    notes = ("anmärkning " * 10,) * 5_000
    html = feedback_page(
        submission("a.ipynb", exercise("3.1", False, source=cells), notes=notes), "full"
    )
    assert len(html) < 300_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("å\tb\r\nc\rd", "å\tb\nc\nd"),
        ("\x1b[31mröd\x1b[0m \x1b]0;titel\x07slut", "röd slut"),
        ("a\u202e\u2066\u200f\u061cb\x00\x7f\x9bc", "abc"),
        ("12\xa0%", "12\xa0%"),
        ("é́", "é́"),
        ("\ud800\ufffe\U000e0041x", "x"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_clean_says_how_much_was_cut() -> None:
    assert clean("abcdef", 3) == "abc … (avkortat: 6 tecken i allt)"
    assert clean("abc", 3) == "abc"


# --- filnamnen ------------------------------------------------------------------------------------

NAMES = [
    ("alm_sara_1001_5001_03_td.ipynb", "alm_sara_1001_5001_03_td.html"),
    ("klass.zip/ek_LATE_12_34_allt.zip/03.ipynb", "ek_LATE_12_34_allt.zip-03.html"),
    ("kurs_2024_vt/ek_12_34_x.ipynb", "ek_12_34_x.html"),
    ("åsa öberg/Bok 3 (1).IPYNB", "asa-oberg-Bok-3-1.html"),
    ("../../../etc/passwd", "etc-passwd.html"),
    ("..\\..\\x.ipynb", "x.html"),
    ("CON", "fil-CON.html"),
    ("nul.ipynb", "fil-nul.html"),
    ("com1.txt", "fil-com1.txt.html"),
    (".htaccess", "htaccess.html"),
    ("a/..b..c.ipynb", "a-b-c.html"),
    ("", "fil.html"),
    ("日本語.ipynb", "fil.html"),
    ("<b>\x00\u202e.ipynb", "b.html"),
]


@pytest.mark.parametrize(("file", "expected"), NAMES)
def test_page_name(file: str, expected: str) -> None:
    assert page_names([file]) == [expected]


def test_page_names_are_unique_short_and_stable() -> None:
    long = ["x" * 300, "x" * 300 + "y", "ek_12_34_" + "z" * 300]
    same = ["samma", "samma"]
    files = ["a/b", "a-b", "A-B.ipynb", "a b", "x y", "X-Y", "å", "a", "", "/", *long, *same]
    names = page_names(files)
    assert len({name.lower() for name in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,114}\.html", name) for name in names)
    assert names[-3].startswith("ek_12_34_zzz")
    assert page_names(files) == names
    assert dict(zip(files[::-1][2:], page_names(files[:-2][::-1]), strict=True)) == dict(
        zip(files[:-2], names[:-2], strict=True)
    )  # beror inte på ordningen


def test_a_download_with_numbers_in_its_name_is_not_one_student() -> None:
    zipped = "inlamningar_2025_11_28.zip"
    files = [f"{zipped}/anna/03.ipynb", f"{zipped}/bo/03.ipynb", "cia/ek_12_34_03.ipynb"]
    rows = [submission(file, student=file.split("/")[-2], canvas_id=None) for file in files]
    assert by_student(rows) == [[0], [1], [2]]
    assert by_student([submission("ek_12_34_03.ipynb"), submission("ek_12_35_05.ipynb")]) == [
        [0, 1]
    ]


def test_canvas_names() -> None:
    assert own_name("k.zip/ek_LATE_12_34_03_td.ipynb") == "03_td.ipynb"
    assert own_name("anon_x8Fq2_34_03_td.ipynb") == "03_td.ipynb"
    assert own_name("anna/03_td.ipynb") == "03_td.ipynb"
    assert own_name("anna/ek_12_34_03_td.ipynb", from_canvas=False) == "ek_12_34_03_td.ipynb"


def test_the_page_of_a_file_in_a_folder_keeps_the_folder(tmp_path: Path) -> None:
    """`DD2380_2025_05_…` i två studenters mappar är två sidor, med studenten i namnet."""
    files = [f"{name}/DD2380_2025_05_double_dqn.ipynb" for name in ("Anna", "Bo")]
    rows = [submission(file, student=file.split("/")[0], canvas_id=None) for file in files]
    write_reports(tmp_path, results(*rows), Overrides(), LIMITS)
    assert sorted(path.name for path in (tmp_path / "feedback").iterdir()) == [
        "Anna-DD2380_2025_05_double_dqn.html", "Bo-DD2380_2025_05_double_dqn.html"
    ]  # fmt: skip
    text = (tmp_path / "feedback/Bo-DD2380_2025_05_double_dqn.html").read_text("utf-8")
    assert "<h1>DD2380_<wbr>" in text or "<h1>DD2380_2025" in text


def test_colliding_pages_are_all_written_and_linked(tmp_path: Path) -> None:
    graded = results(*(submission(f, exercise("3.1")) for f in ("a/b", "A-b", "a b.ipynb", "a/b")))
    files = written(tmp_path, graded)
    links = {a["href"] for a in Page(files["rapport.html"]).all("a")}
    pages = {name for name in files if name.startswith("feedback/")}
    assert len(pages) == 4 and links == pages


# --- studentens sida ------------------------------------------------------------------------------


def test_page_shows_points_and_what_happened() -> None:
    wrong = exercise("3.1", True, False, texts=("Masken är *bakvänd*: `~terminated`.",))
    tree = page(submission("ek_1_2_03.ipynb", wrong, exercise("3.2")))
    words = tree.words()
    assert "3 av 4 poäng" in words and "Delvis rätt. 1 av 2 delar stämmer." in words
    assert "Klart: räknar ut r + γ" in words and "Inte än: maskerar sluttillstånd" in words
    assert "1 av 1 p" in words and "0 av 1 p" in words
    assert "Svaret är 4, men ska vara 5." in words
    assert "next_q_values [[2; 6]; [5; 3]]" in words
    assert words.index("Klart: räknar") < words.index("Masken är bakvänd") < words.index("Inte än:")
    assert tree.all("em") and {"h1", "code"} <= {tag for tag, _ in tree.tags}
    assert "Återkoppling 03.ipynb ek_1_2_03.ipynb" in words


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_words(status: str) -> None:
    one = exercise("3.1", False, False, status=status)
    tree = page(submission("a", one))
    words = tree.words()
    assert STATUSES[status].word in words
    assert f"exercise dqn-card dqn-{STATUSES[status].mark}" in str(tree.all("section"))
    assert STATUSES[status].meaning in words
    assert status not in words.split()


def test_unsolved_is_not_wrong() -> None:
    one = exercise("3.1", False, False, status="unsolved", texts=("Inte löst än.",))
    words = page(submission("a", one)).words()
    assert "Inte löst:" in words and "Inte än" not in words


def test_not_run_is_not_wrong() -> None:
    one = exercise("3.1", False, False, status="timeout")
    one = with_part(one, 0, message="Koden blev inte klar i tid och avbröts.")
    one = with_part(one, 1, message=NOT_RUN_TEXT, was_run=False)
    words = page(submission("a", one)).words()
    assert "Inte än: räknar" in words and "Inte kört: maskerar" in words


def test_manual_review_is_never_zero() -> None:
    graded = submission("a", internal("3.1"), exercise("3.2"))
    words = page(graded).words()
    assert "Manuell granskning" in words and "Granskas för hand:" in words
    assert "poängen sätts för hand" in words and "inte slutlig" in words
    assert "0 av" not in words and "Inte än" not in words


def test_same_message_and_same_case_are_said_once() -> None:
    same = page(submission("a", exercise("3.1", False, False))).words()
    assert same.count("Svaret är 4, men ska vara 5.") == 1 and "Det är samma sak som ovan." in same
    one = with_part(exercise("3.1", False, False), 1, message="Svaret är 7, men ska vara 5.")
    other = page(submission("a", one)).words()
    assert other.count("next_q_values") == 1 and "(Det är samma fall som ovan.)" in other


def test_the_students_own_line_is_marked() -> None:
    message = "Rad 5 i cell 7, `return rr`, ger NameError"
    text = "\n\n\n\n    return rr\n    slut\n\n\n\n\nx = 2\n"
    one = exercise("3.1", False, source=(("cell 7", text), ("cell 9", text)))
    tree = page(submission("a", with_part(one, 0, message=message)))
    assert len(tree.all("mark")) == 1
    assert "5 return rr ← den här raden" in tree.words()


def test_the_line_of_a_syntax_error_is_marked() -> None:
    feedback = "Syntaxfel i cell 7, rad 2: invalid syntax."
    cells = (("cell 7", "x = 1\ny = 1 +\n"),)
    wrong = {"status": "syntax_error", "texts": (feedback,), "source": cells}
    tree = page(submission("a", exercise("3.1", False, False, **wrong)))
    assert "y = 1 + ← den här raden" in tree.words()


def test_code_keeps_its_own_row_numbers() -> None:
    text = "\n\nimport torch\n\n\n\n\ndef f():\n\n    return 1\n\n"
    lines = code_lines("cell 2", text, ["Syntaxfel i cell 2, rad 8: fel", "Rad 3 i cell 12"])
    assert [line.number for line in lines] == [3, None, 8, 9, 10]
    assert [line.number for line in lines if line.marked] == [8]
    assert code_lines("cell 1", "\n\n", []) == []


def test_a_case_in_words_stands_before_what_happened() -> None:
    one = with_part(exercise("3.1", False), 0, situation="Episoder på 3 steg.", arguments=())
    assert "Episoder på 3 steg. Svaret är 4, men ska vara 5." in page(submission("a", one)).words()
    stated = to_json(results(submission("a", one, exercise("3.2", False))))["submissions"][0]
    messages = [e["tests"][0]["message"] for e in stated["exercises"]]
    assert messages == [
        "Episoder på 3 steg. Svaret är 4, men ska vara 5.",
        "Fallet är reward = [1; −2], next_q_values = [[2; 6]; [5; 3]], discount_factor = 0,5. "
        "Svaret är 4, men ska vara 5.",
    ]


def test_the_page_has_the_same_table_as_the_notebook() -> None:
    one = with_part(exercise("3.1", True, False), 1, comparison=TABLE, code="td_target(1)")
    tree = page(submission("a", one))
    words = tree.words()
    assert "reward ditt svar rätt svar rad 0 1 fel: 6,4 1 rad 1 2 stämmer: 2 2" in words
    assert "… och 3 rader till" in words and "td_target(1)" in words
    assert [a.get("class") for a in tree.all("tr")][-2:] == ["dqn-wrong", "dqn-right"]
    assert ".dqn-table" in tree.style and "--dqn-wrong:" in tree.style


def test_the_table_survives_an_interrupted_grading() -> None:
    one = submission("a", with_part(exercise("3.1", False), 0, comparison=TABLE, code="x = 1"))
    assert from_data(json.loads(json.dumps(as_data(one)))) == one
    old = as_data(one)
    for part in old["exercises"][0]["parts"]:
        del part["comparison"], part["code"]  # från en rättning gjord före tabellerna
    assert from_data(old).exercises[0].parts[0].comparison is None


def test_the_fault_that_has_an_example_stands_first() -> None:
    """En del som bara väntar på en annan är följden, inte orsaken."""
    waits = "Den här delen räknas först när lösningen maskerar sluttillstånd."
    one = with_part(exercise("3.1", False, False), 0, message=waits, arguments=())
    words = page(submission("a", with_part(one, 1, message="Svaret är 4, men ska vara 9."))).words()
    assert (
        words.index("men ska vara 9")
        < words.index("1 del till")
        < words.index("Den här delen räknas först")
    )


def test_a_big_case_is_named_not_printed() -> None:
    case = Case(("loss",), {
        "layers": [[np.full((9, 3), -1.2345), np.ones(9)]], "transitions": [[[0.0] * 40, 1]] * 12,
        "next_q_values": np.ones((9, 30)), "reward": [1.0, 2.0], "name": "huber",
    })  # fmt: skip
    shown = {name: in_short(name, value) for name, value in case.inputs.items()}
    assert shown == {
        "layers": "ett litet nätverk", "transitions": "12 övergångar",
        "next_q_values": "en array med formen (9, 30)", "reward": "[1; 2]", "name": "huber",
    }  # fmt: skip


def test_unreadable_file_gets_a_page_with_the_reason() -> None:
    tree = page(unreadable("a.ipynb", "Filen är inte giltig JSON."))
    assert "Filen är inte giltig JSON." in tree.words()
    assert "poäng" not in tree.words().replace("Poängen", "")
    broken = page(submission("a", status="error", message="Fel."))
    assert "Det är inte ditt fel" in broken.words()


def test_notes_output_and_reflection() -> None:
    written_by_student = {
        "notes": ("Rad `!pip` hoppades över.",),
        "reflection": "Jag tror\natt det beror på slumpen.",
    }
    one = exercise("3.1", output="hej\n\nhopp")
    tree = page(submission("a", one, **written_by_student))
    assert "!pip" in tree.words() and "hej\n\nhopp" in tree.text
    assert "Jag tror\natt det beror" in tree.text


def assessed_on(*submissions: SubmissionResult) -> str:
    """Bedömningssidan i ord."""
    pages = [f"{place}.html" for place in range(len(submissions))]
    return Page(assessment_page(results(*submissions), pages, TEMPLATE)).words()


def test_the_teacher_reads_the_reflection_beside_the_guide() -> None:
    one = submission("a", exercise("5.1"), by_teacher(None), reflection="Max väljer turen.")
    words = assessed_on(one)
    assert "Max väljer turen." in words
    for part in rubric():
        assert part.name in words and Page(part.pitfalls).words() in words
    assert "Så verkar kasinots tal" in words
    assert "kasinots tal" not in page(one).words() and "Halv:" not in page(one).words()
    assert "Halv:" not in assessed_on(submission("a", exercise("3.1")))


def test_the_guide_has_four_parts_that_share_the_points() -> None:
    names = [part.name for part in rubric()]
    assert names == ["Gissningen", "Vilken är vilken", "Just ditt kasino", "Hur säker du är"]
    assert all(all(part) for part in rubric()) and "|" not in guide_html()


def test_the_teacher_sees_what_was_right_for_that_student() -> None:
    about = {"reflection": "A är DQN.", "casino_code": "asa01"}
    one = submission("a", exercise("5.1"), by_teacher(None), **about)
    words = assessed_on(one)
    assert f"Kasino {casino_number('asa01')} har" in words and "DQN är kurva" in words
    report = Page(class_report(results(one), ["a.html"], [], "bedomning.html"))
    assert "0 av 1 skrivet svar är bedömt" in report.words()
    assert "Granska 5.4" not in report.words()
    assert "bedomning.html" in [link.get("href") for link in report.all("a")]
    assert "DQN är kurva" not in page(one).words()
    assert "Det egna kasinot är okänt" in assessed_on(replace(one, casino_code=None))


def test_the_total_is_14_when_the_written_answer_is_assessed() -> None:
    five = [exercise(number) for number in ("5.1", "5.2", "5.3")]
    waiting, assessed = (submission("a", *five, by_teacher(points)) for points in (None, 3))
    words = page(waiting).words()
    assert "10 av 14 poäng" in words and "5.4 bedöms av läraren och kan ge 4 poäng till" in words
    words = page(assessed).words()
    assert "13 av 14 poäng" in words and "Lärarens bedömning: 3 av 4 poäng. Bra skäl." in words
    assert "ändrat av examinator" not in words
    report = Page(class_report(results(assessed), ["a.html"])).words()
    assert "13 av 14" in report and "Bestämt av läraren" not in report
    report = Page(class_report(results(waiting), ["a.html"])).words()
    assert "10 av 14" in report and "100 %" in report and "läses" in report
    assert " 0 %" not in report, "det som ingen har bedömt är inte noll procent"


def test_a_new_answer_that_is_not_assessed_yet_has_not_lost_points() -> None:
    old, new = (
        submission(name, exercise("5.1"), by_teacher(points), student="Åsa", batch=batch)
        for name, points, batch in (("a", 3, 0), ("b", None, 1))
    )
    assert not needing_attention([old, new])
    assert best_exercises([old, new])["5.4"].is_waiting


def test_results_json_says_what_the_letter_leaves_out() -> None:
    five = [exercise(number) for number in ("5.1", "5.2", "5.3")]
    graded = with_letters(results(submission("a", *five, by_teacher(None))), LIMITS)
    (row,) = to_json(graded)["submissions"]
    assert (row["points"], row["max_points"]) == (10, 14)
    assert (row["grade"], row["grade_note"]) == ("VG", "utan 5.4")
    written_answer = row["exercises"][-1]
    assert (written_answer["id"], written_answer["status"]) == ("5.4", "manual")
    assert (written_answer["points"], written_answer["max_points"]) == (None, 4)
    assert from_data(as_data(graded.submissions[0])) == graded.submissions[0]


def test_a_file_that_could_not_be_read_has_no_points_and_not_zero() -> None:
    graded = results(unreadable("a"), submission("b", exercise("3.1", False, False)))
    assert [row["points"] for row in to_json(graded)["submissions"]] == [None, 0]


def test_the_letter_says_that_the_written_answer_is_missing() -> None:
    one = submission("a", exercise("5.1"), by_teacher(None), grade="G", grade_note="utan 5.4")
    assert "(preliminärt, utan 5.4)" in page(one).words()
    assert "G, utan 5.4" in Page(class_report(results(one), ["a.html"])).words()


def test_the_lists_say_the_students_name_first() -> None:
    rows = [
        unreadable("in.zip/ekanna_12_34_uppsats.pdf"),
        submission("in.zip/bo/05.ipynb", exercise("5.1"), canvas_id=None),
    ]
    rows = [replace(row, student=name) for row, name in zip(rows, ("Ek, Anna", "Bo"), strict=True)]
    report = Page(class_report(results(*rows), ["a.html", "b.html"])).words()
    assert "Ek, Anna: uppsats.pdf Filen gick inte att läsa" in report
    assert "svar på 5.4: Bo: 05.ipynb." in report


def test_a_missing_reflection_is_mentioned_to_both() -> None:
    graded = results(submission("a", exercise("5.1")), submission("b", exercise("3.1")))
    report = Page(class_report(graded, ["a.html", "b.html"])).words()
    assert "I den här filen har ingen skrivit något svar på 5.4: a." in report
    assert "ingen reflektion i filen" in page(submission("a", exercise("5.1"))).words()
    assert "reflektion" not in page(submission("b", exercise("3.1"))).words()


def test_the_same_error_is_written_out_once() -> None:
    failed = exercise("5.1", False, False, False, False, status="error")
    for number in range(4):
        message = f"Läge {number}. Rad 3 i cell 22, `x`, ger NameError: saknas"
        failed = with_part(failed, number, message=message, arguments=())
    words = page(submission("a", failed)).words()
    assert words.count("NameError") == 1
    assert words.count("Samma fel som ovan.") == 3
    assert "Läge 3." in words


def test_the_seed_is_not_given_to_students() -> None:
    graded = results(submission("a", exercise("3.1")), seed="hemligt-frö")
    assert "hemligt" not in feedback_page(graded.submissions[0], graded.isolation)


# --- klassens sida --------------------------------------------------------------------------------


def class_page(tmp_path: Path, *submissions: SubmissionResult, **changes: Any) -> Page:
    return Page(written(tmp_path, results(*submissions, **changes))["rapport.html"])


def test_class_table_has_a_row_per_student(tmp_path: Path) -> None:
    tree = class_page(
        tmp_path,
        submission("k/ek_12_34_03.ipynb", exercise("3.1", False), student="ek"),
        submission("k/ek_12_35_05.ipynb", exercise("5.1"), student="ek"),
        submission("k/ek_13_36_03.ipynb", exercise("3.1"), student="ek"),  # en annan som heter lika
        submission("lös.ipynb", exercise("3.1")),
    )
    words = tree.words()
    assert "4 filer" in words.replace("filer 4", "4 filer")
    assert "5 av 6" in words and words.count("2 av 2") >= 2
    rows = [a for a in tree.all("th") if a.get("scope") == "row"]
    assert len(rows) == 3 + 1 + 2  # studenterna, medelraden, övning för övning


def test_class_page_looks_at_each_row_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tabellen ska inte fråga alla rader om deras betyg för varje rad som skrivs."""
    asked: list[str] = []

    class Row(class_page_module.RowView):
        def __getattribute__(self, name: str) -> Any:
            asked.append(name)
            return super().__getattribute__(name)

    monkeypatch.setattr(class_page_module, "RowView", Row)
    for grade in ("", "VG"):
        asked.clear()
        rows = [submission(f"{n}", exercise("3.1"), grade=grade) for n in range(100)]
        page = class_report(results(*rows), [f"{n}.html" for n in range(100)])
        assert ("Betyg</th>" in page) == bool(grade)
        assert asked.count("letters") <= 2 * len(rows)


def test_class_page_names_the_common_mistakes(tmp_path: Path) -> None:
    def wrong(name: str, text: str) -> ExerciseResult:
        return exercise("3.1", False, misconception=name, texts=(text, "En text till."))

    tree = class_page(
        tmp_path,
        submission("a", wrong("one", "Masken är bakvänd.")),
        submission("b", wrong("two", "Framtiden saknas.")),
        submission("c", wrong("two", "Framtiden saknas.")),
        submission("d", exercise("3.1")),
    )
    words = tree.words()
    assert words.index("2 av 4") < words.index("Framtiden saknas.") < words.index("1 av 4")
    assert "En text till" not in words
    widths = [r["width"] for r in tree.all("rect") if r["class"] == "value"]
    assert widths[:2] == ["50.0%", "25.0%"]
    assert all(a.get("aria-hidden") == "true" for a in tree.all("svg"))


def test_class_page_lists_files_needing_attention(tmp_path: Path) -> None:
    tree = class_page(
        tmp_path,
        unreadable("trasig.ipynb", "Filen är tom."),
        submission("intern.ipynb", internal("3.1")),
        submission("otillåten.ipynb", exercise("3.1", False, status="forbidden", points=0)),
        submission("lika1.ipynb", exercise("3.1"), sha256="ab"),
        submission("lika2.ipynb", exercise("3.1"), sha256="ab"),
        submission("ek/v1.ipynb", exercise("3.2"), student="ek"),
        submission("ek/v2.ipynb", exercise("3.2"), student="ek"),
        submission("bra.ipynb", exercise("3.1")),
    )
    words = tree.words().split("Filer att titta på")[1].split("Poäng per övning")[0]
    for expected in ("trasig.ipynb Filen gick inte att läsa. Filen är tom.",
                     "intern.ipynb Granska 3.1 för hand",
                     "python kurs.py grade SÖKVÄG --seed 4711 --only 3.1 intern.ipynb",
                     "otillåten.ipynb 3.1: otillåten åtgärd",
                     "lika1.ipynb Filen har samma innehåll, byte för byte, som lika2.ipynb",
                     "v1.ipynb Studenten har samma övningar i ek/v2.ipynb"):  # fmt: skip
        assert expected in words, expected
    assert "bra.ipynb" not in words
    assert tree.words().count("inte bestämd") == 1  # summan för intern.ipynb


@pytest.mark.parametrize("tier", ISOLATION)
def test_class_page_explains_the_isolation(tmp_path: Path, tier: str) -> None:
    words = class_page(tmp_path, submission("a", exercise("3.1")), isolation=tier).words()
    assert ISOLATION[tier] in words and "4711" in words
    assert ("Varning:" in words) == (tier == "basic")


def test_overrides_show_everywhere(tmp_path: Path) -> None:
    graded = results(submission("a.ipynb", exercise("5.1", False), exercise("5.2")))
    decided = Overrides((Override(7, "a.ipynb", "5.1", 4.0, "Räknat rätt <b>för hand</b>."),
                         Override(8, "b.ipynb", "5.1", 4.0, "Fel fil.")))  # fmt: skip
    write_reports(tmp_path, graded, decided, LIMITS)
    student = Page((tmp_path / "feedback/a.html").read_text("utf-8")).words()
    changed = "Examinator har ändrat poängen från 3,5 till 4."
    assert f"{changed} Skäl: Räknat rätt <b>för hand</b>." in student
    assert "8 av 8 poäng" in student and "(ändrat av examinator)" in student
    whole = Page((tmp_path / "rapport.html").read_text("utf-8")).words()
    assert "3,5 → 4 Räknat rätt <b>för hand</b>." in whole and "beslut.csv, rad 8" in whole
    assert "från 3,5 till 4." in (tmp_path / "resultat.csv").read_text("utf-8")


def test_letters_show_where_the_limits_ask_for_them(tmp_path: Path) -> None:
    five = [exercise(n) for n in ("5.1", "5.2", "5.3")]
    graded = results(submission("a.ipynb", *five), submission("b.ipynb", exercise("3.1")))
    assert [s.grade for s in final(graded, Overrides(), LIMITS).submissions] == ["VG", None]
    files = written(tmp_path, graded)
    assert "Betyg: VG (preliminärt)" in Page(files["feedback/a.html"]).words()
    assert "Betyg" not in Page(files["feedback/b.html"]).words()


# --- att skriva -----------------------------------------------------------------------------------


def test_same_results_same_bytes(tmp_path: Path) -> None:
    graded = hostile_class("å <b>\u202e")
    assert written(tmp_path / "a", graded) == written(tmp_path / "b", graded)


def test_old_pages_go_away_but_not_others(tmp_path: Path) -> None:
    written(tmp_path, results(submission("gammal.ipynb", exercise("3.1"))))
    mine = tmp_path / "feedback" / "egen.html"
    mine.write_text("<h1>Lärarens egen</h1>", encoding="utf-8")
    files = written(tmp_path, results(submission("ny.ipynb", exercise("3.1"))))
    assert set(files) == {"feedback/egen.html", "feedback/ny.html", "rapport.html", "resultat.csv"}


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "resultat.csv").mkdir()
    with pytest.raises(ReportError, match=r"resultat\.csv.*Excel"):
        written(tmp_path, results(submission("a", exercise("3.1"))))
    assert (tmp_path / "rapport.html").exists() and (tmp_path / "feedback/a.html").exists()


def test_empty_class(tmp_path: Path) -> None:
    files = written(tmp_path, results())
    assert set(files) == {"rapport.html", "resultat.csv"}
    assert summary_lines(results()) and "<testsuites" in junit_xml(results())


# --- terminalen, JUnit och omkörningen ------------------------------------------------------------


def test_summary_fits_the_terminal() -> None:
    hostile = hostile_class("\x1b[2J" + "宽" * 200 + "\n\r\u202e").submissions
    more = submission("x" * 300, internal("3.1")), unreadable("b.ipynb")
    lines = summary_lines(results(*hostile, *more, isolation="basic"))
    assert all(len(line) <= 100 and line.isprintable() for line in lines)
    assert fit("a\x1b[2J\nb", 100) == "a[2Jb"
    assert fit("宽" * 200, 100) == "宽" * 49 + "…"
    text = "\n".join(lines)
    assert "b.ipynb" in text and "Filen är tom." in text and "VARNING" in text
    assert re.search(r"3\.1 .* +3 +1 +0 +1,5 av 2 +75 %", text), text
    assert "Preliminärt" in text and "4711" in text


def test_summary_leaves_out_the_folder_that_all_files_lie_in() -> None:
    shown = summary_lines(results(*(unreadable(f"inlämningar.zip/{n}", "Tom.") for n in "ab")))
    assert "inlämningar.zip" not in "".join(shown) and shown[1].split()[:2] == ["a", "Filen"]
    assert shown[-2].startswith("2 filer är lästa, och 0 är rättade.")
    alone = "".join(summary_lines(results(submission("a", exercise("3.1")))))
    assert "1 fil är läst, och 1 är rättad." in alone


def test_on_paper_nothing_is_behind_a_scroll_bar() -> None:
    css = (Path(report_html.__file__).parent / "templates" / "report.css").read_text("utf-8")
    paper = css.split("@media print")[1]
    assert ".scroll, .tall { max-height: none; overflow: visible; }" in paper


def test_summary_has_no_line_for_those_that_need_none() -> None:
    lines = summary_lines(results(submission("bra.ipynb", exercise("3.1"))))
    assert not any("bra.ipynb" in line for line in lines)


def test_junit_counts_and_survives_hostile_text() -> None:
    hostile = hostile_class("\x00\x08\ufffe\ud800]]><a/>&\x1b[0m").submissions
    xml = junit_xml(results(*hostile, submission("intern", internal("3.1"))))
    root = ET.fromstring(xml.encode("utf-8"))
    assert root.attrib | {"name": ""} == {
        "name": "", "tests": "8", "failures": "3", "errors": "3", "skipped": "0"
    }  # fmt: skip
    assert len(root.findall(".//testcase")) == 8
    assert "]]><a/>&" in str(root.find(".//failure").text)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("k/03.ipynb", " k/03.ipynb"),
        ("åsa/bok 3 (1).ipynb", ' "åsa/bok 3 (1).ipynb"'),
        ("x; rm -rf ~", ""),
        ('x" & del *', ""),
        ("$(reboot)", ""),
        ("%PATH%", ""),
        ("-rf", ""),
        ("a\nb", ""),
    ],
)
def test_rerun_command_is_safe_to_paste(file: str, shown: str) -> None:
    start = "python kurs.py grade"
    assert rerun_command(file, 7, "5.1") == f"{start} SÖKVÄG --seed 7 --only 5.1{shown}"
    given = rerun_command(file, 7, "5.1", [Path("klass ht.zip"), Path("/a/b")])
    assert given == f'{start} "klass ht.zip" /a/b --seed 7 --only 5.1{shown}'


def test_rerun_command_names_what_was_graded(tmp_path: Path) -> None:
    graded = results(submission("k/a.ipynb", internal("3.1"), paths=("klass.zip",)))
    write_reports(tmp_path, graded, Overrides(), LIMITS)
    words = Page((tmp_path / "rapport.html").read_text("utf-8")).words()
    assert words.count("grade klass.zip --seed 4711 --only 3.1 k/a.ipynb") == 2


def test_the_report_tells_the_limits_that_applied(tmp_path: Path) -> None:
    graded = results(submission("k/a.ipynb", internal("3.1")), limit=2.5)
    write_reports(tmp_path, graded, Overrides(), LIMITS)
    text = (tmp_path / "rapport.html").read_text("utf-8")
    assert all(rule in text for rule in rules(2.5))


def test_the_pictures_in_the_readme_are_small_and_made_by_one_command() -> None:
    from readme_picture import CARDS

    from .pictures import FOLDER, PAGES

    pictures = {name: (FOLDER / name).stat().st_size for name in PAGES.values()}
    others = {path.name for path in FOLDER.glob("*.png")} - pictures.keys()
    assert others == set(CARDS)  # de görs av tests/readme_picture.py
    assert max(pictures.values()) < 150_000
