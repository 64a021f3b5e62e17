"""Moodles arbetsblad: namn, e-post och sena läses, och bara poängen fylls i."""

from pathlib import Path

import pytest

from dqn_helpers.autograder.result import SubmissionResult
from dqn_helpers.teacher.gradebook import CanvasFill, GradebookError
from dqn_helpers.teacher.moodle import fill_moodle
from dqn_helpers.teacher.students import identified, read_moodle_people

from .report_samples import by_teacher, exercise, internal, results, submission

HEAD = ("Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
        "Last modified (submission),Last modified (grade),Feedback comments")  # fmt: skip
DAY = '"Friday, 28 November 2025, 9:14 AM"'
ROWS = [
    f'Participant 501,"Ek, Anna ""Nan""",a@x.se,Submitted for grading,,10.00,Yes,{DAY},-,',
    f"Participant 502,Bo Öst,b@x.se,Submitted for grading - Assignment was submitted 2 days late"
    f",7.50,10.00,Yes,{DAY},{DAY},<p>Bra</p>",
    f"Participant 503,Cia Al,c@x.se,Submitted for grading,,10.00,No,{DAY},-,",
    "Participant 504,Dan Al,d@x.se,No submission,,10.00,Yes,-,-,",
    f"Participant 505,Eva Al,e@x.se,Submitted for grading,,10.00,Yes,{DAY},-,",
]


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "Grades-kurs-Uppgift 5-123.csv"
    path.write_text("\ufeff" + "\r\n".join([HEAD, *ROWS, ""]), encoding="utf-8", newline="")
    return path


def from_moodle(number: str, *exercises) -> SubmissionResult:
    folder = f"x_{number}_assignsubmission_file_"
    return submission(f"in.zip/{folder}/05.ipynb", *exercises, student="x", moodle_id=number)


FIVE = [exercise(number) for number in ("5.1", "5.2", "5.3")]
GRADED = results(
    from_moodle("501", exercise("5.1", False), *FIVE[1:], by_teacher(None)),
    from_moodle("502", exercise("5.1", *[False] * 9), *FIVE[1:]),
    from_moodle("503", *FIVE),
    from_moodle("505", internal("5.1"), *FIVE[1:]),
    from_moodle("999", *FIVE),
)


def filled(sheet: Path, **options) -> CanvasFill:
    return fill_moodle(sheet, GRADED, **options)


def test_only_the_grades_change_and_nothing_is_lowered(sheet: Path) -> None:
    found = filled(sheet)
    before = sheet.read_bytes().decode("utf-8")
    assert found.text == before.replace(
        "Submitted for grading,,10.00,Yes", "Submitted for grading,9.5,10.00,Yes", 1
    )
    changes = {one.name: (one.old, one.new, one.refused) for one in found.changes}
    assert changes['Ek, Anna "Nan"'] == ("", "9.5", "")
    assert changes["Bo Öst"] == ("7.50", "6", "det är en sänkning; säg till med --allow-lower")
    assert changes["Cia Al"][2] == "betyget är låst i Moodle"
    assert found.left_alone == (GRADED.submissions[3].file,)
    assert found.unknown == (GRADED.submissions[4].file,)
    assert "late,6,10.00" in filled(sheet, lower=True).text


def test_a_swedish_sheet_has_decimal_commas(sheet: Path) -> None:
    text = (
        sheet.read_text("utf-8").replace("10.00", '"10,00"').replace("Identifier", "Identifierare")
    )
    text = text.replace("Participant", "Deltagare").replace(
        ",Grade,Maximum Grade,", ",Betyg,Maxbetyg,"
    )
    sheet.write_text(text, encoding="utf-8")
    assert 'grading,"9,5","10,00"' in filled(sheet).text


def test_more_than_the_maximum_is_refused(sheet: Path) -> None:
    sheet.write_text(sheet.read_text("utf-8").replace("10.00", "5.00"), encoding="utf-8")
    with pytest.raises(GradebookError, match="--books"):
        filled(sheet)
    assert "mer än uppgiftens 5 poäng" in filled(sheet, books=["05"]).changes[0].refused


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (",Grade,", ",Mark,", "Offline grading worksheet"),
        ("Participant", "", "`Identifier` och `Grade` saknas"),
    ],
)
def test_other_files_are_explained(sheet: Path, old: str, new: str, problem: str) -> None:
    sheet.write_text(sheet.read_text("utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(GradebookError, match=problem):
        filled(sheet)


def test_names_addresses_late_files_and_who_is_missing(sheet: Path) -> None:
    found = identified(GRADED, people=read_moodle_people(sheet))
    anna, bo, *_ = found.submissions
    assert (anna.student, anna.login, anna.late) == ('Ek, Anna "Nan"', "a@x.se", False)
    assert (bo.student, bo.late, bo.moodle_id) == ("Bo Öst", True, "502")
    assert found.not_handed_in == ("Dan Al (d@x.se)",)
    assert found.submissions[4].student == "x", "den som inte står i bladet behåller sitt namn"
