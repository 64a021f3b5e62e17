"""En ny lärares väg, från den första nedladdningen till det sista betyget, med en påhittad klass.

Allt är de riktiga kommandona på riktiga böcker. Klassen rättas en gång för varje lärplattform.
"""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.teacher import similar
from dqn_helpers.teacher.assess import save

from . import made_up_class as made_up
from .test_command import Answer, command, read_results

pytestmark = pytest.mark.lang


@pytest.fixture(scope="module")
def canvas(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    """Mappen där klassen ur Canvas är rättad, och vad kommandot sade."""
    folder = tmp_path_factory.mktemp("canvas")
    (folder / "submissions.zip").write_bytes(made_up.canvas_zip(list(made_up.the_class())))
    (folder / "omdomen.csv").write_text(made_up.canvas_gradebook(), "utf-8", newline="")
    (folder / "ladok.csv").write_text(made_up.ladok_list(), "utf-8", newline="")
    answer = command("submissions.zip", "--canvas", "omdomen.csv", "--seed", 7, cwd=folder)
    assert answer.code == 0, answer.err
    return folder, answer


def rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Studentens namn → raderna."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in read_results(folder / "rattning")["submissions"]:
        found.setdefault(row["student"], []).append(row)
    return found


def of(folder: Path, name: str) -> dict[str, Any]:
    first, last = name.split(" ")
    found = rows(folder)
    return (found.get(f"{last}, {first}") or found[name])[-1]


def points_of(row: dict[str, Any], *numbers: str) -> list[float | None]:
    return [e["points"] for e in row["exercises"] if e["id"] in numbers]


WHOLE = [4.0, 4.0, 2.0]
RIGHT_ANYWAY = ("Eva Öst", "Fia Öst", "Gun Öst", "Ida Öst", "Jon Öst", "Kim Öst", "Dan Öst",
                "Fia Al", "Gun Al", "Hugo Al", "Jon Al", "Anna Ek", "Lo Ek")  # fmt: skip


def test_every_student_is_one_and_every_form_of_right_is_right(canvas: Any) -> None:
    folder, answer = canvas
    assert len(rows(folder)) == 58
    for name in RIGHT_ANYWAY:
        assert points_of(of(folder, name), "5.1", "5.2", "5.3") == WHOLE, name
    assert "Har inte lämnat in (2): Sjö, Kim (u59); Sjö, Lo (u60)" in answer.out


def test_what_may_have_cost_points_is_pointed_out(canvas: Any) -> None:
    folder, answer = canvas
    report = (folder / "rattning/rapport.html").read_text("utf-8")
    for text in ("Menade du `double_dqn_targets`", "är ingen kodcell men innehåller",
                 "har samma id, ovning-5-4", "den utdelade boken", "Samma innehåll, byte för byte",
                 "Det här är en PDF", "Det här är en Pythonfil"):  # fmt: skip
        assert text in answer.out or text.replace("`", "") in report.replace("`", ""), text


def test_from_the_late_files_to_the_last_grade(canvas: Any) -> None:
    """Sena, bedömning för hand, avdrag, Canvas och Ladok: i den ordning en lärare gör det."""
    folder, _ = canvas
    out = folder / "rattning"
    before = {row["file"] for row in read_results(out)["submissions"]}
    (folder / "nya.zip").write_bytes(made_up.canvas_zip(made_up.resubmissions()))
    arguments = ("--canvas", "omdomen.csv")
    answer = command("nya.zip", *arguments, cwd=folder)
    assert answer.code == 0 and "färre poäng än förut" in answer.out
    assert before < {row["file"] for row in read_results(out)["submissions"]}
    assert points_of(of(folder, "Cia Al"), "5.1", "5.2", "5.3") == WHOLE

    three = {"exercise": "5.4", "given": "3", "reason": "Bra.", "who": "Eva"}
    graded = [row["file"] for row in read_results(out)["submissions"] if row["exercises"]]
    decided = [{"file": file, **three} for file in graded]
    pdf = of(folder, "Bo Al")["file"]
    decided += [{"file": pdf, "exercise": number, "given": "G", "reason": "Läst.", "who": "Eva"}
                for number in ("5.1", "5.2", "5.3", "5.4")]  # fmt: skip
    rule = {"file": "alla sena", "exercise": "hela filen", "given": "-10 %", "reason": "Sent."}
    decided.append({**rule, "who": ""})
    assert save(out, json.dumps({"clear": [], "rows": decided}).encode()) == ""

    last = ("nya.zip", *arguments, "--resume", "--column", "Uppgift 5", "--books", "05")
    dry = command(*last, "--dry-run", cwd=folder)
    assert dry.code == 0 and not (out / "canvas.csv").exists()
    assert dry.graded == [], "besluten kommer in utan att något rättas om"
    done = command(*last, "--ladok", "ladok.csv", "--date", "2026-01-15", cwd=folder)
    assert done.code == 0 and "undantagen (EX)" in done.out
    assert of(folder, "Bo Al")["points"] == 14
    assert of(folder, "Bo Ek")["points"] == pytest.approx(0.9 * 13)
    page = next((out / "feedback").glob("ekbo_*.html")).read_text("utf-8")
    assert "Avdrag: 10 procent av poängen" in page and "Lärarens bedömning (Eva)" in page

    old, new = (list(csv.reader(io.StringIO(text))) for text in (
        made_up.canvas_gradebook(), (out / "canvas.csv").read_bytes().decode("utf-8")))  # fmt: skip
    assert [row[:5] for row in old] == [row[:5] for row in new]
    column = {row[0]: row[5] for row in new}
    assert column["Ek, Eva"] == "EX" and column["Al, Eva"] == "7.50"
    assert column["Ek, Anna"] == "10", "en kolumn på 10 poäng är det som koden rättar"
    assert column["Ek, Bo"] == "9" and column["Sjö, Kim"] == ""
    ladok = (out / "ladok.csv").read_text("utf-8")
    assert "Anna Ek;VG;2026-01-15" in ladok and "Kim Sjö;;" in ladok


def test_likenesses(canvas: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = canvas
    arguments = [str(folder / "submissions.zip"), "--out", str(folder / "rattning")]
    assert similar.main([*arguments, "--export", str(folder / "ut")]) == 0
    page = (folder / "rattning/likheter.html").read_text("utf-8")
    reflections = page.partition("Reflektionen i 5.4")[2]
    assert "ekanna och sjöhugo" in reflections.replace("<wbr>", "")
    assert len(list((folder / "ut/inlamningar").iterdir())) == 54


def test_the_same_class_in_moodle(tmp_path: Path) -> None:
    (tmp_path / "moodle.zip").write_bytes(made_up.moodle_zip(list(made_up.the_class())))
    (tmp_path / "blad.csv").write_text(made_up.moodle_worksheet(), "utf-8", newline="")
    last = ("moodle.zip", "--moodle", "blad.csv", "--seed", 7)
    answer = command(*last, cwd=tmp_path)
    assert answer.code == 0, answer.err
    assert len(rows(tmp_path)) == 58
    for name in RIGHT_ANYWAY:
        row = of(tmp_path, name)
        assert points_of(row, "5.1", "5.2", "5.3") == WHOLE, name
        assert row["login"].endswith("@skola.se")
    assert "Har inte lämnat in (2): Kim Sjö (u59@skola.se); Lo Sjö (u60@skola.se)" in answer.out
    sheet = (tmp_path / "rattning/moodle.csv").read_bytes().decode("utf-8")
    assert "Anna Ek,u1@skola.se,Submitted for grading,10,10.00" in sheet
    assert sheet.count("\r\n") == 61
