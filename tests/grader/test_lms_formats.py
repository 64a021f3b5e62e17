"""Lärplattformarnas filer, med alla val som en lärare eller skola kan ha gjort."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from dqn_helpers.autograder.result import SubmissionResult
from dqn_helpers.submission.collect import find_submissions
from dqn_helpers.teacher.grade_limits import load_grade_limits
from dqn_helpers.teacher.gradebook import CanvasFill, GradebookError, fill_canvas
from dqn_helpers.teacher.ladok import fill_ladok
from dqn_helpers.teacher.moodle import fill_moodle
from dqn_helpers.teacher.overrides import Overrides
from dqn_helpers.teacher.report.statistics import by_student
from dqn_helpers.teacher.reports import write_reports
from dqn_helpers.teacher.students import (
    Answers,
    identified,
    read_moodle_people,
    read_people,
)

from .honest import as_bytes, bare, zipped
from .lms_formats import (
    Assignment,
    CanvasStyle,
    MoodleStyle,
    Student,
    canvas_export,
    every_style,
    moodle_folder,
    moodle_sheet,
    only_changed,
)
from .report_samples import exercise, results, submission, unreadable

FIVE = [exercise(number) for number in ("5.1", "5.2", "5.3")]
"""Allt som koden ger i bok 05: tio poäng."""


BOOK = as_bytes(bare("x = 1"))


def graded(file: str, student: str, *, half: bool = False, **changes: object) -> SubmissionResult:
    """En students bok 05, med full poäng eller med noll på 5.1."""
    first = exercise("5.1", *[False] * 20) if half else FIVE[0]
    return submission(file, first, *FIVE[1:], student=student, grade="VG", **changes)


# --- Canvas ---------------------------------------------------------------------------------------

ANNA = Student("Anna", "Ek", 12, "anna", {71: None, 72: 7.5})
BO = Student("Bo", 'Öst "Boa"', 13, "bo", {71: 3, 72: "EX"})
CIA = Student("Cia", "Al", 14, "cia", {71: "N/A"})
DAN = Student("Dan", "Al", 15, "dan", {71: 8})
TASKS = (Assignment("Bok 5, del 1", 71, 10), Assignment("Bok 5", 72, 10, manual=True))
HANDED_IN = results(
    graded("k/ekanna_12_1_05.ipynb", "ekanna"),
    graded("k/östboabo_13_2_05.ipynb", "östboabo", half=True),
    graded("k/alcia_14_3_05.ipynb", "alcia"),
)
CANVAS_CHOICES = ("sis", "integration", "root", "apart", "swedish", "semicolon", "bom",
                  "points", "letters", "override")  # fmt: skip


def canvas_file(tmp_path: Path, **chosen: object) -> Path:
    style = CanvasStyle(**dict.fromkeys(CANVAS_CHOICES, False) | chosen)
    path = tmp_path / "omdomen.csv"
    path.write_text(canvas_export([ANNA, BO, CIA, DAN], TASKS, style), "utf-8", newline="")
    return path


@pytest.mark.parametrize("custom", [(), ("Notes", "Lagets namn")])
def test_every_export_from_canvas_is_read_and_one_cell_a_student_is_filled(
    tmp_path: Path, custom: tuple[str, ...]
) -> None:
    for chosen in every_style(CANVAS_CHOICES):
        path = canvas_file(tmp_path, custom=custom, **chosen)
        before = path.read_bytes().decode("utf-8")
        people = read_people(path)
        assert [(p.canvas_id, p.name, p.login) for p in people] == [
            ("12", "Ek, Anna", "anna"), ("13", 'Öst "Boa", Bo', "bo"), ("14", "Al, Cia", "cia"),
            ("15", "Al, Dan", "dan"),
        ], chosen  # fmt: skip
        named = identified(HANDED_IN, people=people)
        assert named.not_handed_in == ("Al, Dan (dan)",) and not named.unclear
        filled = fill_canvas(path, "71", named)
        delimiter = ";" if chosen.get("semicolon") else ","
        table = list(
            csv.reader(io.StringIO(filled.text.removeprefix("\ufeff")), delimiter=delimiter)
        )
        place = table[0].index("Bok 5, del 1 (71)")
        column = {row[table[0].index("ID")]: row[place] for row in table[1:]}
        assert (column["12"], column["13"], column["14"]) == ("10", "6", "N/A"), chosen
        assert column["999"] == "" and len(only_changed(before, filled.text)) == 2, chosen


def test_what_is_no_assignment_cannot_be_chosen(tmp_path: Path) -> None:
    """Lärarens egna kolumner, och Canvas summor på det språk som läraren har."""
    for chosen in every_style(CANVAS_CHOICES):
        path = canvas_file(tmp_path, custom=("Notes", "Betyg"), period="2026", **chosen)
        for wanted in ("Notes", "Betyg", "Current Score", "Final Score (2026)", "Section", "ID"):
            with pytest.raises(GradebookError, match="finns inte i") as told:
                fill_canvas(path, wanted, results())
            listed = str(told.value).splitlines()[1:]
            assert listed == ["  Bok 5, del 1 (71)", "  Bok 5 (72)"], chosen


def test_the_word_for_not_assigned_and_the_dash_for_nothing(tmp_path: Path) -> None:
    path = canvas_file(tmp_path)
    filled = fill_canvas(path, "71", HANDED_IN, lower=True)
    refused = {change.name: change.refused for change in filled.changes}
    assert refused["Al, Cia"] == "uppgiften är inte tilldelad studenten i Canvas"
    path.write_text(path.read_text("utf-8").replace(",3.00,", ",-,"), "utf-8")
    assert ",6,EX" in fill_canvas(path, "71", HANDED_IN).text


def test_a_group_in_canvas_has_the_number_of_one_of_them(tmp_path: Path) -> None:
    """Filen heter som gruppen men har en students nummer: det frågar rapporten om."""
    people = read_people(canvas_file(tmp_path))
    group = results(graded("k/grupp7_12_1_05.ipynb", "grupp7"), HANDED_IN.submissions[2])
    (question,) = identified(group, people=people).unclear
    assert "”grupp7”, men numret hör till Ek, Anna. Är det en grupp?" in question
    named = identified(group, Answers((("grupp7", "Ek, Anna, Dan Al & bo"),)), people)
    assert named.unclear == () and named.not_handed_in == ()
    assert named.submissions[0].members == ("12", "15", "13")
    assert named.submissions[0].student == "Ek, Anna, Dan Al, bo"


def test_an_answer_with_a_name_that_is_not_in_the_class_is_told(tmp_path: Path) -> None:
    people = read_people(canvas_file(tmp_path))
    answers = Answers((("grupp7", "Anna Ek, Anna Eek"),))
    named = identified(results(graded("k/grupp7_12_1_05.ipynb", "grupp7")), answers, people)
    assert "”Anna Eek” finns inte i listan över klassen" in named.unclear[0]
    assert named.submissions[0].canvas_id is None
    assert "Ek, Anna (anna)" not in named.not_handed_in, "hon har lämnat in, vem den andra än är"


def test_what_canvas_names_files_without_a_number_on_them(tmp_path: Path) -> None:
    """Text som skrevs i rutan, en länk, och en sen fil med anonym bedömning."""
    book, page = BOOK, b"<html></html>"
    files = {
        "ekanna_12_9001_05.ipynb": book, "albo_LATE_13_text.html": page,
        "alcia_14_link.html": page, "LATE_anon_x8Fq2_9002_05.ipynb": book,
    }  # fmt: skip
    path = tmp_path / "submissions.zip"
    path.write_bytes(zipped(files))
    rows = {row.file.partition("/")[2]: row for row in find_submissions([path])}
    found = {name: (row.student, row.canvas_id, row.late) for name, row in rows.items()}
    assert found == {
        "ekanna_12_9001_05.ipynb": ("ekanna", "12", False),
        "albo_LATE_13_text.html": ("albo", "13", True),
        "alcia_14_link.html": ("alcia", "14", False),
        "LATE_anon_x8Fq2_9002_05.ipynb": ("anon_x8Fq2", None, True),
    }
    assert "en webbsida, ingen anteckningsbok" in rows["alcia_14_link.html"].problem
    linked = unreadable("submissions.zip/alcia_14_link.html")
    write_reports(tmp_path / "ut", results(linked), Overrides(), load_grade_limits())
    (page_name,) = (path.name for path in (tmp_path / "ut/feedback").iterdir())
    assert page_name == "alcia_14_link.html.html", "Canvas läser numret efter namnet"


# --- Moodle ---------------------------------------------------------------------------------------

EVA = Student("Eva", "Ek", 501, "eva", {0: None}, team="Grupp 1: A/B")
FIA = Student("Fia", "Öst", 502, "fia", {0: 7.5}, late="2 dagar 3 timmar", team="Grupp 1: A/B")
GUN = Student("Gun", "Al", 503, "gun", handed_in=False, team="Grupp 2")
MOODLE_CHOICES = ("swedish", "blind", "workflow", "text", "idnumber")


def from_moodle(number: int, name: str, **changes: object) -> SubmissionResult:
    folder = moodle_folder(name, number)
    return graded(f"in.zip/{folder}/05.ipynb", name, moodle_id=str(number), **changes)


ALONE = results(from_moodle(501, "Eva Ek"), from_moodle(502, "Fia Öst", half=True))


def moodle_file(tmp_path: Path, *students: Student, **chosen: object) -> Path:
    path = tmp_path / "Grades-K-Uppgift 5-12.csv"
    everyone = students or (EVA, FIA, GUN)
    path.write_text(moodle_sheet(everyone, 10, MoodleStyle(**chosen)), "utf-8", newline="")  # type: ignore[arg-type]
    return path


def test_every_worksheet_from_moodle_is_read_and_filled(tmp_path: Path) -> None:
    for chosen in every_style(MOODLE_CHOICES):
        late = "2 dagar 3 timmar" if chosen.get("swedish") else "2 days 3 hours"
        fia = Student("Fia", "Öst", 502, "fia", {0: 5}, late=late)
        path = moodle_file(tmp_path, EVA, fia, GUN, **chosen)
        people = read_moodle_people(path)
        assert [(one.moodle_id, one.late) for one in people] == [
            ("501", False), ("502", True), ("503", False)
        ], chosen  # fmt: skip
        hidden = ["Deltagare", "Deltagare"] if chosen.get("swedish") else ["Participant "] * 2
        names = [f"{word}{n}" for word, n in zip(hidden, ("501", "502"), strict=True)]
        shown = names if chosen.get("blind") else ["Eva Ek", "Fia Öst"]
        named = identified(ALONE, people=people)
        assert [row.student for row in named.submissions] == shown, chosen
        assert [row.late for row in named.submissions] == [False, True]
        assert len(named.not_handed_in) == 1 and not named.unclear
        filled = fill_moodle(path, named)
        before = path.read_bytes().decode("utf-8")
        assert [change.new for change in filled.changes] == ["10", "6"], chosen
        assert len(only_changed(before, filled.text)) == 2


def test_who_was_late_in_moodle_is_told_everywhere(tmp_path: Path) -> None:
    on_time, late = identified(ALONE, people=read_moodle_people(moodle_file(tmp_path))).submissions
    assert not on_time.message and late.message == "Filen kom för sent enligt Moodle."
    write_reports(tmp_path, results(on_time, late), Overrides(), load_grade_limits())
    (page,) = (tmp_path / "feedback").glob("*502*")
    for path in (page, tmp_path / "rapport.html", tmp_path / "resultat.csv"):
        assert path.read_text("utf-8").count("för sent enligt Moodle") == 1, path


def test_who_has_handed_in_another_book_is_named(tmp_path: Path) -> None:
    """Den som bara har lämnat in bok 04 får ingen poäng i bok 05, och läraren ska få veta det."""
    four = [exercise(number) for number in ("4.1", "4.2", "4.3")]
    other = [submission(f"k/x_{n}_{n}_04.ipynb", *four, canvas_id=str(n)) for n in (12, 13)]
    both = results(HANDED_IN.submissions[0], *other)
    filled = fill_canvas(canvas_file(tmp_path), "Bok 5, del 1", both)
    assert filled.elsewhere == ("k/x_13_13_04.ipynb",) and len(filled.changes) == 1
    other = [replace(from_moodle(n, "x"), exercises=four) for n in (501, 502)]
    filled = fill_moodle(moodle_file(tmp_path), results(ALONE.submissions[0], *other))
    assert filled.elsewhere == (other[1].file,)


def moodle_grades(filled: CanvasFill) -> list[tuple[str, str]]:
    return [(change.new, change.refused) for change in filled.changes]


@pytest.mark.parametrize("swedish", [False, True])
def test_a_scale_gets_letters_in_its_own_words(tmp_path: Path, swedish: bool) -> None:
    scale = ("Underkänd", "Godkänd", "Väl godkänd")
    eva = Student("Eva", "Ek", 501, "eva", {0: "Godkänd"})
    fia = Student("Fia", "Öst", 502, "fia", {0: "Väl godkänd"})
    path = moodle_file(tmp_path, eva, fia, GUN, swedish=swedish, scale=scale)
    low = results(ALONE.submissions[0], replace(ALONE.submissions[1], grade="G"))
    assert moodle_grades(fill_moodle(path, low, ["05"])) == [
        ("Väl godkänd", ""), ("Godkänd", "det är en sänkning; säg till med --allow-lower")
    ]  # fmt: skip
    path = moodle_file(tmp_path, eva, scale=("U", "G"))
    assert moodle_grades(fill_moodle(path, low, ["05"]))[0] == ("G", ""), "skalan har inget VG"
    path = moodle_file(tmp_path, eva, scale=("Bra", "Mycket bra"))
    ((new, refused),) = moodle_grades(fill_moodle(path, low, ["05"]))
    assert (new, refused) == ("VG", "det finns inte i skalan i Moodle (Bra, Mycket bra)")


@pytest.mark.parametrize("swedish", [False, True])
def test_a_group_in_moodle_hands_in_one_folder_with_a_number_of_its_own(
    tmp_path: Path, swedish: bool
) -> None:
    """Mappens nummer är gruppens, och kan råka vara en annan students."""
    path = moodle_file(tmp_path, EVA, FIA, GUN, team=True, swedish=swedish)
    people = read_moodle_people(path)
    team = results(from_moodle(503, "Grupp 1 AB"))
    named = identified(team, people=people)
    (row,) = named.submissions
    assert (row.student, row.members) == ("Eva Ek, Fia Öst", ("501", "502"))
    assert named.not_handed_in == ("Gun Al (gun@skola.se)",) and not named.unclear
    assert [(c.name, c.new) for c in fill_moodle(path, named).changes] == [
        ("Eva Ek", "10"), ("Fia Öst", "10")
    ]  # fmt: skip


def test_a_group_that_the_teacher_names_in_moodle(tmp_path: Path) -> None:
    path = moodle_file(tmp_path)
    answers = Answers((("501", "Eva Ek, gun"), ("lös.ipynb", "Fia Öst")))
    loose = submission("lös.ipynb", *FIVE, canvas_id=None)
    handed_in = results(from_moodle(501, "Eva Ek"), loose, from_moodle(502, "Fia Öst"))
    named = identified(handed_in, answers, read_moodle_people(path))
    assert not named.not_handed_in and not named.unclear
    assert [c.name for c in fill_moodle(path, named).changes] == ["Eva Ek", "Fia Öst", "Gun Al"]
    assert named.submissions[1].who == named.submissions[2].who, "samma student, inte två"


def test_anonymous_folders_are_different_students(tmp_path: Path) -> None:
    for word in ("Participant", "Deltagare"):
        files = {f"{moodle_folder(word, n)}/05.ipynb": BOOK for n in (501, 502)}
        path = tmp_path / f"{word}.zip"
        path.write_bytes(zipped(files))
        rows = list(find_submissions([path]))
        assert [row.student for row in rows] == [f"{word} 501", f"{word} 502"]


def owner_in_moodle(page: str) -> tuple[str, str]:
    """Numret och filnamnet så som Moodle läser dem ur namnet på en återkopplingsfil."""
    _, number, kind, plugin, *rest = page.split("_", 4)
    assert number.isdigit() and (kind, plugin) == ("assignsubmission", "file")
    return number, "".join(rest)


@pytest.mark.parametrize("form", ["{}/{}", "{}_/{}", "{}_{}"])
def test_the_pages_go_back_to_the_right_student_in_moodle(tmp_path: Path, form: str) -> None:
    """Mappar från ett nytt och ett äldre Moodle, och filer utan mappar."""
    names = [("Eva Ek", 501), ("Åsa de_la Öst", 502)]
    files = [form.format(moodle_folder(*one), "05_double_dqn.ipynb") for one in names]
    rows = [
        graded(f"in.zip/{file}", name, moodle_id=str(number))
        for file, (name, number) in zip(files, names, strict=True)
    ]
    write_reports(tmp_path, results(*rows), Overrides(), load_grade_limits())
    pages = [path.name for path in (tmp_path / "feedback").iterdir()]
    assert {owner_in_moodle(page) for page in pages} == {
        ("501", "05_double_dqn.html"), ("502", "05_double_dqn.html")
    }  # fmt: skip


def test_everyone_in_a_group_in_moodle_gets_the_page(tmp_path: Path) -> None:
    named = identified(
        results(from_moodle(503, "Grupp 1 AB"), from_moodle(77, "Grupp 2")),
        people=read_moodle_people(moodle_file(tmp_path, EVA, FIA, GUN, team=True)),
    )
    out = tmp_path / "ut"
    write_reports(out, named, Overrides(), load_grade_limits())
    pages = {path.name: path.read_text("utf-8") for path in (out / "feedback").iterdir()}
    assert sorted(owner_in_moodle(page)[0] for page in pages) == ["501", "502", "503"]
    assert by_student(named.submissions) == [[0], [1]], "gruppens nummer är också en students"
    of_group_1 = [text for page, text in pages.items() if page.startswith("Grupp-1")]
    assert len(of_group_1) == 2 and len(set(of_group_1)) == 1
    assert "Eva Ek, Fia Öst" in of_group_1[0]
    assert "Gun Al" in next(text for page, text in pages.items() if "_503_" in page)
    write_reports(out, named, Overrides(), load_grade_limits())
    assert {path.name for path in (out / "feedback").iterdir()} == pages.keys()


# --- Ladok ----------------------------------------------------------------------------------------

NAMESAKES = results(
    graded("a", "Anna Ek", login="anna1@skola.se", known_as=("Anna Ek", "anna1@skola.se")),
    graded("b", "Bo Al, Cia Al", members=("1", "2"), known_as=("Bo Al", "Cia Al")),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_list_from_ladok_keeps_its_form_and_namesakes_are_not_guessed(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    rows = [["Personnummer", "Efternamn", "Förnamn", "E-post", "Betyg", "Examinationsdatum"],
            ["19990101-0001", "Ek", "Anna", "anna1@skola.se", "", ""],
            ["19990101-0002", "Ek", "Anna", "anna2@skola.se", "", ""],
            ["19990101-0003", "Al", "Bo", "", "", ""],
            ["19990101-0004", "Al", "Cia", "", "", "2025-12-01"]]  # fmt: skip
    text = "".join(delimiter.join(row) + "\r\n" for row in rows)
    path = tmp_path / "lista.csv"
    path.write_bytes(text.encode(encoding))
    filled = fill_ladok(path, NAMESAKES, "2026-01-15")
    for number, date in ((1, "2026-01-15"), (3, "2026-01-15"), (4, "2025-12-01")):
        rows[number][4:] = ["VG", date]
    assert filled.data == "".join(delimiter.join(row) + "\r\n" for row in rows).encode(encoding)
    path.write_bytes(text.replace("E-post", "Ort").encode(encoding))
    filled = fill_ladok(path, NAMESAKES, "2026-01-15")
    told = [change.refused for change in filled.changes]
    assert told == ["flera i listan heter så; skriv betyget för hand"] * 2 + ["", ""]
