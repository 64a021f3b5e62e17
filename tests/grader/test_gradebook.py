"""resultat.csv i svenska Excel, och betygskatalogen ur Canvas."""

import csv
import io
from pathlib import Path

import pytest

from dqn_helpers.autograder.result import ClassResult
from dqn_helpers.teacher.grade_limits import load_grade_limits, with_letters
from dqn_helpers.teacher.gradebook import (
    GradebookError,
    fill_canvas,
    result_csv,
    safe_cell,
)
from dqn_helpers.teacher.overrides import Override, Overrides, apply

from .report_samples import by_teacher, exercise, internal, results, submission, unreadable


def table(graded: ClassResult) -> list[dict[str, str]]:
    text = result_csv(graded)
    assert text.startswith("\ufeff") and "\r\n" in text
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), delimiter=";"))


def test_a_row_per_submission_with_decimal_commas() -> None:
    rows = table(
        results(
            submission("a.ipynb", exercise("3.3", False), student="Åsa", grade="G"),
            submission("b.ipynb", exercise("3.1")),
        )
    )
    assert rows[0]["student"] == "Åsa" and rows[0]["fil"] == "a.ipynb"
    assert (rows[0]["poäng"], rows[0]["max"], rows[0]["betyg"]) == ("3,5", "4", "G")
    assert rows[0]["3.3 dqn_training_step"] == "3,5" and rows[0]["3.1 td_target"] == ""
    assert rows[1]["3.1 td_target"] == "2" and rows[1]["status"] == "rättad"
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
    assert "Granska 3.1 för hand; övriga ger 2 poäng" in rows[0]["anmärkning"]
    assert rows[1]["poäng"] == "" and rows[1]["status"] == "gick inte att läsa"
    assert "Filen är tom." in rows[1]["anmärkning"] + "."
    assert rows[2]["3.1 td_target"] == rows[2]["poäng"] == "0"


def test_overrides_and_stops_are_remarked() -> None:
    graded = results(submission("a", exercise("3.1", False, status="crashed"), internal("3.2")))
    decided = Overrides((Override(2, "a", "3.2", 2.0, "Rätt."),))
    (row,) = table(apply(graded, decided))
    assert row["poäng"] == "3" and row["3.2 chosen_q_values"] == "2"
    assert (
        "3.2: Ändrat av examinator: manuell granskning → 2 poäng. Skäl: Rätt" in row["anmärkning"]
    )
    assert "3.1: processen avslutades" in row["anmärkning"]


def test_the_written_answer_is_blank_until_it_is_assessed() -> None:
    five = [exercise(number) for number in ("5.1", "5.2", "5.3")]
    graded = results(
        submission("a", *five, by_teacher(None)), submission("b", *five, by_teacher(3.5))
    )
    first, second = table(with_letters(graded, load_grade_limits()))
    assert (first["poäng"], first["max"], first["5.4 reflektion"]) == ("10", "10", "")
    assert first["betyg"] == "VG" and "Betyget är räknat utan 5.4" in first["anmärkning"]
    assert (second["poäng"], second["max"], second["5.4 reflektion"]) == ("13,5", "14", "3,5")
    assert "Lärarens bedömning: 3,5 av 4 poäng. Bra skäl" in second["anmärkning"]
    assert "utan 5.4" not in second["anmärkning"]


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
    Points Possible,,,,,8,10,10,(read only)\r
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
CLASS = results(THREE, submission("k/al_LATE_13_2_03.ipynb", exercise("3.3", False)))


def test_one_column_is_filled_and_nothing_else_touched(exported: Path) -> None:
    expected = CANVAS.replace('"Grupp A, B",,7', '"Grupp A, B",3,7').replace(
        "A,1.00,,EX", "A,3.5,,EX"
    )
    assert fill_canvas(exported, "Bok 3 (71)", CLASS).text == expected
    assert fill_canvas(exported, " Bok 3 ", CLASS).text == expected
    assert fill_canvas(exported, "71", CLASS).text == expected
    assert exported.read_bytes() == CANVAS.encode()


def test_points_that_were_there_and_points_of_another_book_are_named(tmp_path: Path) -> None:
    path = tmp_path / "betyg.csv"
    path.write_text('Student;ID;Section;Bok 5 (71)\nPoints Possible;;;10,00\n'
                    'Ek;12;A;"7,5"\nAl;13;A;8,00\nBo;14;A;\n')  # fmt: skip
    graded = results(
        submission("k/ek_12_1_05.ipynb", exercise("5.1"), exercise("5.2"), exercise("5.3")),
        submission("k/al_13_2_03.ipynb", exercise("3.1"), exercise("3.2"), exercise("3.3")),
    )
    filled = fill_canvas(path, "71", graded)
    assert filled.remarks == (
        "k/ek_12_1_05.ipynb: i omdömesboken stod 7,5, i kopian står 10.",
        "k/al_13_2_03.ipynb: 8 av 8 poäng, men uppgiften ger högst 10. Är det rätt bok?",
    )
    assert 'Ek;12;A;"10"\nAl;13;A;8\nBo;14;A;\n' in filled.text


def test_no_results_no_change(exported: Path) -> None:
    assert fill_canvas(exported, "71", results()).text == CANVAS


@pytest.mark.parametrize("end", ["\r\n", "\n", ""])
def test_swedish_export_with_semicolons(tmp_path: Path, end: str) -> None:
    path = tmp_path / "betyg.csv"
    text = f'Student;ID;Section;Bok 3 (71)\n    Points Possible;;;8\n"Al; U";13;A;{end}'
    path.write_bytes(text.encode())
    assert fill_canvas(path, "71", CLASS).text == text[: len(text) - len(end)] + "3,5" + end


def test_notebooks_are_summed_and_repeats_count_once(exported: Path) -> None:
    again = submission("k/ek_12_3_03-1.ipynb", exercise("3.1"), student="ek")
    five = submission("k/ek_12_4_05.ipynb", exercise("5.1"))
    graded = results(THREE, again, five)
    assert '"Grupp A, B",8,7.00' in fill_canvas(exported, "71", graded).text  # 2 + 2 + 4
    graded = results(*graded.submissions[::-1])
    assert '"Grupp A, B",8,7.00' in fill_canvas(exported, "71", graded).text


def test_canvas_waits_for_the_written_answer(exported: Path) -> None:
    waiting, assessed = (
        results(submission("k/al_13_2_05.ipynb", exercise("5.1"), by_teacher(points)))
        for points in (None, 3)
    )
    filled = fill_canvas(exported, "72", waiting)
    assert (filled.filled, filled.left_alone) == (0, ("k/al_13_2_05.ipynb",))
    assert filled.text == CANVAS
    assert fill_canvas(exported, "72", assessed).filled == 1


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
    expected = text.replace('"A","",""', '"A","3.5",""')
    assert fill_canvas(path, 'Bok "tre" (71)', CLASS).text == expected


def test_quoted_line_breaks_survive(tmp_path: Path) -> None:
    path = tmp_path / "betyg.csv"
    text = 'Student,ID,Section,"Bok\n3 (71)"\n"Al,\r\nUlf",13,"A ""x""\n",\n'
    path.write_bytes(text.encode())
    assert fill_canvas(path, "71", CLASS).text == text[:-1] + "3.5\n"
