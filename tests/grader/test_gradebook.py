"""resultat.csv i svenska Excel, och betygskatalogen ur Canvas."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.autograder.result import ClassResult, SubmissionResult
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.syllabus import WRITTEN
from dqn_helpers.teacher.grade_limits import load_grade_limits, with_letters
from dqn_helpers.teacher.gradebook import (
    CanvasFill,
    GradebookError,
    change_lines,
    fill_canvas,
    not_assessed,
    result_csv,
    safe_cell,
)
from dqn_helpers.teacher.ladok import fill_ladok
from dqn_helpers.teacher.overrides import Override, Overrides, apply

from .report_samples import by_teacher, exercise, internal, results, submission, unreadable


def shown(points: float | None) -> str:
    """Poäng som de står i en svensk fil."""
    return f"{points:g}".replace(".", ",")


def full(*numbers: str) -> float:
    """Övningarnas poäng tillsammans, kodade och skrivna; "3" är alla i bok 03 som är kod."""
    given = {number: exercise.points for number, exercise in EXERCISES.items()} | WRITTEN
    books = {number[0]: 0.0 for number in EXERCISES}
    for number in EXERCISES:
        books[number[0]] += given[number]
    return sum((books | given)[number] for number in numbers)


FIVE = [exercise(number) for number in EXERCISES if number[0] == "5"]
PARTLY = exercise("3.3", False)
"""En övning som är rätt så när som på en del."""


def table(graded: ClassResult) -> list[dict[str, str]]:
    text = result_csv(graded)
    assert text.startswith("\ufeff") and "\r\n" in text
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), delimiter=";"))


def test_a_row_per_submission_with_decimal_commas() -> None:
    rows = table(
        results(
            submission("a.ipynb", PARTLY, student="Åsa", grade="G"),
            submission("b.ipynb", exercise("3.1")),
        )
    )
    assert rows[0]["student"] == "Åsa" and rows[0]["fil"] == "a.ipynb"
    assert (rows[0]["poäng"], rows[0]["max"], rows[0]["betyg"]) == (
        shown(PARTLY.points), shown(full("3.3")), "G"
    )  # fmt: skip
    assert (
        rows[0]["3.3 dqn_training_step"] == shown(PARTLY.points) and rows[0]["3.1 td_target"] == ""
    )
    assert rows[1]["3.1 td_target"] == shown(full("3.1")) and rows[1]["status"] == "rättad"
    assert "Preliminärt" in rows[0]["anmärkning"]


def test_blank_is_not_zero() -> None:
    rows = table(
        results(
            submission("a", internal("3.1"), exercise("3.2")),
            unreadable("b", "Filen är tom."),
            submission("c", exercise("3.1", False, False)),
        )
    )
    assert rows[0]["3.1 td_target"] == rows[0]["poäng"] == ""
    rest = f"övriga ger {shown(full('3.2'))} poäng"
    assert f"Granska 3.1 för hand; {rest}" in rows[0]["anmärkning"]
    assert rows[1]["poäng"] == "" and rows[1]["status"] == "gick inte att läsa"
    assert "Filen är tom." in rows[1]["anmärkning"] + "."
    assert rows[2]["3.1 td_target"] == rows[2]["poäng"] == "0"


def test_overrides_and_stops_are_remarked() -> None:
    stopped = exercise("3.1", False, status="crashed")
    graded = results(submission("a", stopped, internal("3.2")))
    decided = Overrides((Override(2, "a", "3.2", 2.0, "Rätt."),))
    (row,) = table(apply(graded, decided))
    assert row["poäng"] == shown((stopped.points or 0) + 2) and row["3.2 chosen_q_values"] == "2"
    assert (
        "3.2: Examinator har bedömt övningen för hand och gett 2 poäng. Skäl: Rätt"
        in row["anmärkning"]
    )
    assert "3.1: processen avslutades" in row["anmärkning"]


def test_the_written_answer_is_blank_until_it_is_assessed() -> None:
    graded = results(
        submission("a", *FIVE, by_teacher(None)), submission("b", *FIVE, by_teacher(3.5))
    )
    first, second = table(with_letters(graded, load_grade_limits()))
    assert (first["poäng"], first["max"], first["5.4 reflektion"]) == (
        shown(full("5")), shown(full("5", "5.4")), ""
    )  # fmt: skip
    assert (
        first["betyg"] == "VG" and "Poängen och betyget är räknade utan 5.4" in first["anmärkning"]
    )
    assert (second["poäng"], second["max"], second["5.4 reflektion"]) == (
        shown(full("5") + 3.5), shown(full("5", "5.4")), "3,5"
    )  # fmt: skip
    assert (
        f"Lärarens bedömning: 3,5 av {shown(WRITTEN['5.4'])} poäng. Bra skäl"
        in second["anmärkning"]
    )
    assert "utan 5.4" not in second["anmärkning"]


def test_letters_that_do_not_count_the_written_answer_are_told() -> None:
    """Ett betyg i Ladok går inte att ta tillbaka så lätt."""
    waiting, done = (submission("a", *FIVE, by_teacher(points)) for points in (None, 3))
    (told,) = not_assessed(with_letters(results(waiting, done), load_grade_limits()))
    assert told.startswith("  1 av betygen är räknat utan 5.4")
    assert not list(not_assessed(with_letters(results(done), load_grade_limits())))


HOSTILE_CELLS = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1",
                 "\u200b=1", "\ufeff=1", "＝1", "\x00=1"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_CELLS)
def test_no_cell_is_a_formula(text: str) -> None:
    graded = results(submission(text, exercise("3.1"), student=text, message=text, grade=text))
    (row,) = table(graded)
    for value in row.values():
        assert not value.lstrip().startswith(("=", "+", "-", "@", "＝", "\t", "\r")), value
    assert row["fil"] == f"'{text.strip().strip(chr(0x200B) + chr(0xFEFF) + chr(0))}"


def test_separators_and_quotes_stay_in_their_cell() -> None:
    text = 'a;b"c\nd;"=1+1'
    (row,) = table(results(submission(text, exercise("3.1"), student=text)))
    assert row["fil"] == row["student"] == 'a;b"c d;"=1+1'
    assert None not in row
    assert len(safe_cell("x" * 1_000_000)) < 1_100


# --- Canvas ---------------------------------------------------------------------------------------

HEAD = "Student,ID,SIS User ID,SIS Login ID,Section,Bok 3 (71),Bok 5 (72),Bok 5 (73),Current Score"
CANVAS = f"""\ufeff{HEAD}\r
    Points Possible,,,,,{full("3"):g},{full("5"):g},{full("5"):g},(read only)\r
"Ek, ""Bo"" Åsa",12,,ek,"Grupp A, B",,7.00,,50\r
"Al, Ulf",13,,al,A,1.00,,EX,\r
"Test, Student",99,,,A,,,,\r
"""


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    path = tmp_path / "betyg.csv"
    path.write_bytes(CANVAS.encode())
    return path


THREE = submission("k/ek_12_1_03.ipynb", exercise("3.1", False), exercise("3.2"))
CLASS = results(THREE, submission("k/al_LATE_13_2_03.ipynb", PARTLY))


def test_one_column_is_filled_and_nothing_else_touched(exported: Path) -> None:
    expected = CANVAS.replace('"Grupp A, B",,7', f'"Grupp A, B",{THREE.points:g},7').replace(
        "A,1.00,,EX", f"A,{PARTLY.points:g},,EX"
    )
    assert fill_canvas(exported, "Bok 3 (71)", CLASS).text == expected
    assert fill_canvas(exported, " Bok 3 ", CLASS).text == expected
    assert fill_canvas(exported, "71", CLASS).text == expected
    assert exported.read_bytes() == CANVAS.encode()


def book(number: str, *passed: bool, file: str, **changes: Any) -> SubmissionResult:
    """En inlämnad bok; varje övning är rätt, eller fel där det sägs."""
    numbers = [n for n in EXERCISES if n.startswith(f"{int(number)}.")]
    ok = [*passed, *[True] * len(numbers)]
    rows = [exercise(n, *[right] * 20) for n, right in zip(numbers, ok, strict=False)]
    return submission(file, *rows, notebook=number, **changes)


def column(*cells: str, possible: str | None = None) -> str:
    """Omdömesboken med en uppgift; utan `possible` är den värd det som är kod i bok 05."""
    possible = f"{shown(full('5'))},00" if possible is None else possible
    head = f"Student;ID;Section;Bok 5 (71)\n    Points Possible;;;{possible}\n"
    return head + "".join(f"S{n};{n};A;{cell}\n" for n, cell in enumerate(cells, 1))


def filled_in(tmp_path: Path, text: str, graded: ClassResult, **options: Any) -> CanvasFill:
    path = tmp_path / "betyg.csv"
    path.write_text(text)
    return fill_canvas(path, "71", graded, **options)


def test_a_column_takes_the_points_of_its_own_book_only(tmp_path: Path) -> None:
    """Den som har lämnat in flera böcker får inte deras summa, och den som har en annan inget."""
    graded = results(
        book("01", file="k/a_1_1_01.ipynb"), book("05", False, file="k/a_1_2_05.ipynb"),
        book("04", file="k/b_2_3_04.ipynb"), book("05", file="k/b_2_4_05.ipynb"),
        book("04", file="k/c_3_5_04.ipynb"),
    )  # fmt: skip
    filled = filled_in(tmp_path, column("", "", ""), graded)
    assert (
        filled.text == column(shown(full("5") - full("5.1")), shown(full("5")), "")
        and filled.books == "05"
    )
    assert filled_in(tmp_path, column("", "", ""), graded, books=["04"]).text != column("", "", "")


@pytest.mark.parametrize(
    ("possible", "why"),
    [
        (shown(full("4", "5")), f"ingen av böckerna ger {shown(full('4', '5'))} poäng"),
        ("", "uppgiftens högsta poäng står inte där"),
        ("7", "ingen av böckerna ger 7 poäng"),
    ],
)
def test_a_column_that_is_no_book_must_be_told_which(
    tmp_path: Path, possible: str, why: str
) -> None:
    graded = results(book("04", file="a_1_1_04.ipynb"), book("05", file="a_1_2_05.ipynb"))
    text = column("", possible=possible)
    told = rf"för {why} .*05 ger {full('5'):g}.*05 ger {full('5', '5.4'):g}.*--books 05"
    with pytest.raises(GradebookError, match=told):
        filled_in(tmp_path, text, graded)
    both = filled_in(tmp_path, text, graded, books=["04", "05"])
    if possible == "7":  # aldrig mer än uppgiftens högsta poäng
        assert both.text == text and "mer än uppgiftens 7 poäng" in both.changes[0].refused
    else:
        assert both.text == column(shown(full("4", "5")), possible=possible)


def test_a_column_that_may_be_two_books_says_so(tmp_path: Path) -> None:
    assert full("3") == full("4")
    graded = results(book("03", file="a_1_1_03.ipynb"), book("04", file="a_1_2_04.ipynb"))
    told = rf"för flera av böckerna ger {full('3'):g} poäng \(03 ger .*04 ger "
    with pytest.raises(GradebookError, match=told):
        filled_in(tmp_path, column("", possible=shown(full("3"))), graded)


def test_excused_and_higher_scores_stay_until_someone_says_so(tmp_path: Path) -> None:
    graded = results(
        *(book("05", False, False, False, file=f"k/s_{n}_{n}_05.ipynb") for n in (1, 2, 3, 4)),
        book("05", file="k/s_5_5_05.ipynb"),
    )
    text = column("EX", "7,5", "", "sent", "7,5")
    filled = filled_in(tmp_path, text, graded)
    assert filled.text == column("EX", "7,5", "0", "sent", shown(full("5")))
    assert [bool(change.refused) for change in filled.changes] == [True, True, False, True, False]
    told = "\n".join(change_lines(filled.changes))
    assert "undantagen (EX)" in told and "det är en sänkning; säg till med --allow-lower" in told
    lowered = filled_in(tmp_path, text, graded, lower=True)
    assert lowered.text == column("EX", "0", "0", "0", shown(full("5")))


def test_letters_where_the_column_takes_them(tmp_path: Path) -> None:
    graded = results(
        book("05", file="k/s_1_1_05.ipynb", grade="VG"),
        book("05", file="k/s_2_2_05.ipynb", grade="04 G, 05 U"),
        book("05", file="k/s_3_3_05.ipynb", grade="U"),
        book("05", file="k/s_4_4_05.ipynb"),
    )
    assert filled_in(tmp_path, column("G", "", "G", ""), graded).text == column("VG", "U", "G", "")
    assert filled_in(tmp_path, column("", "", "", ""), graded, letters=True).text == column(
        "VG", "U", "U", ""
    )
    done = column("complete", "", "incomplete", "")
    assert filled_in(tmp_path, done, graded).text == column(
        "complete", "incomplete", "incomplete", ""
    )


LADOK = """Personnummer;Namn;Betyg;Examinationsdatum;Anmärkning
20010101-1234;Ek, Anna;;;x
20020202-1234;Bo Al;U;2025-12-01;
20030303-1234;Okänd, Ola;;;
"""


def test_a_list_from_ladok_is_filled_where_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "ladok.csv"
    path.write_text(LADOK, encoding="utf-8-sig")
    graded = results(
        book("05", file="a", student="Anna Ek", grade="VG"),
        book("05", file="b", student="Al, Bo", grade="G"),
        book("05", file="c", student="Cia", grade="G"),
        book("05", file="d", student="Okänd, Ola", grade="G", replaced_by="e"),
    )
    filled = fill_ladok(path, graded, "2026-01-15")
    assert filled.data.decode("utf-8") == "\ufeff" + LADOK.replace(
        "Ek, Anna;;;x", "Ek, Anna;VG;2026-01-15;x"
    )
    assert filled.unknown == ("c",)
    assert filled.changes[1].refused == "det står redan ett betyg i Ladok"
    assert [change.name for change in filled.changes] == ["Ek, Anna", "Bo Al"]
    path.write_text("Kurs;Kod\na;b\n")
    with pytest.raises(GradebookError, match="rubriken Betyg"):
        fill_ladok(path, graded, "2026-01-15")


def test_no_results_no_change(exported: Path) -> None:
    assert fill_canvas(exported, "71", results()).text == CANVAS


@pytest.mark.parametrize("end", ["\r\n", "\n", ""])
def test_swedish_export_with_semicolons(tmp_path: Path, end: str) -> None:
    path = tmp_path / "betyg.csv"
    text = f'Student;ID;Section;Bok 3 (71)\n    Points Possible;;;{full("3"):g}\n"Al; U";13;A;{end}'
    path.write_bytes(text.encode())
    assert (
        fill_canvas(path, "71", CLASS).text
        == text[: len(text) - len(end)] + shown(PARTLY.points) + end
    )


def test_a_newer_file_counts_and_other_books_do_not(exported: Path) -> None:
    again = submission("k/ek_12_3_03-1.ipynb", exercise("3.1"), student="ek")
    five = submission("k/ek_12_4_05.ipynb", exercise("5.1"))
    graded = results(THREE, again, five)
    row = f'"Grupp A, B",{full("3.1", "3.2"):g},7.00'
    assert row in fill_canvas(exported, "71", graded).text
    graded = results(*graded.submissions[::-1])
    assert row in fill_canvas(exported, "71", graded).text


def test_a_column_with_the_written_answer_in_it_waits_for_it(tmp_path: Path) -> None:
    """En uppgift värd hela bok 05 väntar; en värd det som är kod gör det inte."""
    waiting, assessed = (
        results(submission("k/al_1_2_05.ipynb", *FIVE, by_teacher(points))) for points in (None, 3)
    )
    most = {"whole": shown(full("5", "5.4")), "code": shown(full("5"))}
    whole, without = (column("", possible=points) for points in most.values())
    filled = filled_in(tmp_path, whole, waiting)
    assert (filled.filled, filled.left_alone, filled.text) == (0, ("k/al_1_2_05.ipynb",), whole)
    assert filled_in(tmp_path, whole, assessed).text == column(
        shown(full("5") + 3), possible=most["whole"]
    )
    for graded in (waiting, assessed):
        for books in ([], ["05"]):
            filled = filled_in(tmp_path, without, graded, books=books)
            assert filled.text == column(most["code"], possible=most["code"])


def test_undecided_students_are_left_alone_and_named(exported: Path) -> None:
    graded = results(
        submission("k/ek_12_1_03.ipynb", internal("3.1"), exercise("3.2")),
        submission("k/al_13_2_03.ipynb", exercise("3.1")),
        unreadable("k/al_13_3_05.ipynb"),
        submission("k/ny_77_3_03.ipynb", exercise("3.1")),
        submission("anna/03.ipynb", exercise("3.1")),
        submission("anon_12_34_03.ipynb", exercise("3.1")),
    )
    filled = fill_canvas(exported, "71", graded)
    assert filled.text == CANVAS and filled.filled == 0
    assert set(filled.left_alone) == {
        "k/ek_12_1_03.ipynb", "k/al_13_2_03.ipynb", "k/al_13_3_05.ipynb"
    }  # fmt: skip
    assert set(filled.unknown) == {
        "anna/03.ipynb", "anon_12_34_03.ipynb", "k/ny_77_3_03.ipynb"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        ("Bok 5", r"passar på 2 kolumner.*\n  Bok 5 \(72\)\n  Bok 5 \(73\)$"),
        ("Bok 9", r"finns inte.*\n  Bok 3 \(71\)\n  Bok 5 \(72\)\n  Bok 5 \(73\)$"),
        ("Current Score", "finns inte"),  # (read only)
        ("ID", "finns inte"),
        ("", "finns inte"),
    ],
)
def test_the_column_must_be_clear(exported: Path, column: str, problem: str) -> None:
    with pytest.raises(GradebookError, match=problem):
        fill_canvas(exported, column, CLASS)


@pytest.mark.parametrize("text", ["", "namn;poäng\na;1\n", "\ufeff"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "annat.csv"
    path.write_bytes(text.encode())
    with pytest.raises(GradebookError, match=r"annat\.csv ser inte ut som en omdömesbok"):
        fill_canvas(path, "71", CLASS)


def test_a_file_saved_by_excel_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "betyg.csv"
    path.write_bytes(CANVAS.encode("cp1252", "replace"))
    with pytest.raises(GradebookError, match="Exportera den på nytt"):
        fill_canvas(path, "71", CLASS)


def test_quotes_stay_quoted(tmp_path: Path) -> None:
    path = tmp_path / "betyg.csv"
    text = 'Student,ID,Section,"Bok ""tre"" (71)",Bok 5 (72)\n"Al, U",13,"A","",""\n'
    path.write_bytes(text.encode())
    expected = text.replace('"A","",""', f'"A","{PARTLY.points:g}",""')
    assert fill_canvas(path, 'Bok "tre" (71)', CLASS).text == expected


def test_quoted_line_breaks_survive(tmp_path: Path) -> None:
    path = tmp_path / "betyg.csv"
    text = 'Student,ID,Section,"Bok\n3 (71)"\n"Al,\r\nUlf",13,"A ""x""\n",\n'
    path.write_bytes(text.encode())
    assert fill_canvas(path, "71", CLASS).text == f"{text[:-1]}{PARTLY.points:g}\n"
