"""Vem som är vem: lärarens svar, omdömesbokens namn, och frågor i stället för gissningar."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from dqn_helpers.autograder.result import ClassResult
from dqn_helpers.teacher.grade_limits import load_grade_limits
from dqn_helpers.teacher.gradebook import fill_canvas, result_csv
from dqn_helpers.teacher.overrides import Overrides
from dqn_helpers.teacher.report.statistics import by_student
from dqn_helpers.teacher.reports import write_reports
from dqn_helpers.teacher.students import Answers, identified, read_answers, read_people

from .report_samples import exercise, results, submission

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Bok 3 (71)
    Points Possible,,,,,8
"Ek, Anna",12,,annek@kth.se,A,
"Al, Bo",13,,bo,A,
"Öst, Cia",14,,cia,A,
"Student, Test",99,,x,A,
"""


@pytest.fixture
def gradebook(tmp_path: Path) -> Path:
    path = tmp_path / "betyg.csv"
    path.write_text(CANVAS, encoding="utf-8")
    return path


def answers(tmp_path: Path, *rows: str) -> Answers:
    path = tmp_path / "svar.csv"
    path.write_text("\n".join(("fil;student", *rows)), encoding="utf-8-sig")
    return read_answers(path)


def shown(named: ClassResult) -> list[tuple[str | None, str, str | None]]:
    return [(row.student, row.login, row.canvas_id) for row in named.submissions]


LOOSE = results(
    submission("k/ekanna_12_1_03.ipynb", exercise("3.1"), student="ekanna"),
    submission("k/bo/03.ipynb", exercise("3.1"), student="Bo  AL", canvas_id=None),
    submission("k/annek/03.ipynb", exercise("3.2"), student="annek", canvas_id=None),
    submission("k/03.ipynb", exercise("3.1"), canvas_id=None),
)


def test_the_gradebook_gives_names_and_logins_and_who_is_missing(gradebook: Path) -> None:
    named = identified(LOOSE, people=read_people(gradebook))
    assert shown(named) == [
        ("Ek, Anna", "annek@kth.se", "12"), ("Al, Bo", "bo", "13"),
        ("Ek, Anna", "annek@kth.se", "12"), (None, "", None),
    ]  # fmt: skip
    assert named.not_handed_in == ("Öst, Cia (cia)",)
    assert by_student(named.submissions) == [[0, 2], [1], [3]]
    assert named.unclear == ("k/03.ipynb: vem har lämnat in filen?",)
    text = result_csv(named).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert (rows[0]["student"], rows[0]["användarnamn"]) == ("Ek, Anna", "annek@kth.se")
    assert ",4" in fill_canvas(gradebook, "71", named).text  # 3.1 och 3.2, ur två filer


def test_the_report_asks_and_says_who_is_missing(gradebook: Path, tmp_path: Path) -> None:
    named = identified(LOOSE, people=read_people(gradebook))
    write_reports(tmp_path, named, Overrides(), load_grade_limits())
    report = (tmp_path / "rapport.html").read_text("utf-8")
    assert "Vem är vem?" in report and "Har inte lämnat in" in report and "Öst, Cia (cia)" in report
    assert "Ek, Anna (annek@kth.se)" in report
    page = (tmp_path / "feedback/ekanna_12_1_03.html").read_text("utf-8")
    assert "Ek, Anna (annek@kth.se)" in page


def test_answers_name_a_file_a_folder_a_number_or_a_student(tmp_path: Path) -> None:
    graded = results(
        submission("k/a/03.ipynb", student="a", canvas_id=None),
        submission("k/b/1/03.ipynb", student="b", canvas_id=None),
        submission("k/b/2/05.ipynb", student="b", canvas_id=None),
        submission("k/ek_12_1_03.ipynb", student="ek"),
        submission("lös.ipynb", canvas_id=None),
        submission("k/d_7_assignsubmission_file_/5.ipynb", canvas_id=None, moodle_id="7"),
    )
    given = answers(tmp_path, "K/A/03.ipynb;Anna", "k/b;Bo", "12;Cia", "lös.ipynb;Dan", "7;Eva")
    named = identified(graded, given)
    assert [row.student for row in named.submissions] == ["Anna", "Bo", "Bo", "Cia", "Dan", "Eva"]
    assert by_student(named.submissions) == [[0], [1, 2], [3], [4], [5]]
    assert not named.unclear


def test_an_answer_that_fits_several_is_not_used(tmp_path: Path) -> None:
    """Två studenter blir aldrig en: `03.ipynb` finns i två mappar, och två heter Anna Ek."""
    twins = results(
        submission("k/a/03.ipynb", student="a", canvas_id=None),
        submission("k/b/03.ipynb", student="b", canvas_id=None),
        submission("x", student="Anna Ek", canvas_id=None, moodle_id="7"),
        submission("y", student="Anna Ek", canvas_id=None, moodle_id="8"),
    )
    named = identified(
        twins, answers(tmp_path, "03.ipynb;Anna", "Anna Ek;Anna", "a;b;c", "finns ej;X")
    )
    assert [row.student for row in named.submissions] == ["a", "b", "Anna Ek", "Anna Ek"]
    assert by_student(named.submissions) == [[0], [1], [2], [3]]
    told = " ".join(named.unclear)
    assert all(word in told for word in ("rad 4", "03.ipynb", "finns ej", "Anna Ek: är det samma"))


def test_a_group_hands_in_once_and_everyone_gets_the_points(
    gradebook: Path, tmp_path: Path
) -> None:
    graded = results(
        submission("k/grupp1/03.ipynb", exercise("3.1"), student="grupp1", canvas_id=None),
        submission("k/öst_14_1_03.ipynb", exercise("3.1"), exercise("3.2"), student="öst"),
    )
    given = answers(tmp_path, "grupp1;Anna Ek, bo")
    named = identified(graded, given, read_people(gradebook))
    assert named.submissions[0].student == "Anna Ek, bo" and not named.not_handed_in
    text = fill_canvas(gradebook, "71", named).text
    assert text.count("A,2\n") == 2 and text.count("A,4\n") == 1
    # Är någon i gruppen okänd fylls ingen i, och det sägs.
    named = identified(graded, answers(tmp_path, "grupp1;Anna Ek & Okänd"), read_people(gradebook))
    filled = fill_canvas(gradebook, "71", named)
    assert filled.unknown == ("k/grupp1/03.ipynb",) and "Al, Bo (bo)" in named.not_handed_in


def test_namesakes_in_the_gradebook_are_not_guessed(gradebook: Path) -> None:
    gradebook.write_text(CANVAS + '"Anna, Ek",15,,ann2,A,\n', encoding="utf-8")
    one = submission("Anna Ek/03.ipynb", exercise("3.1"), student="Anna Ek", canvas_id=None)
    named = identified(results(one), people=read_people(gradebook))
    assert named.submissions == (replace(one),) and len(named.not_handed_in) == 4
