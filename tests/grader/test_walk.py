"""En ny lärares väg, från den första nedladdningen till det sista betyget, med en påhittad klass.

Allt är de riktiga kommandona på riktiga böcker. Klassen rättas en gång för varje lärplattform.
"""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.teacher import similar
from dqn_helpers.teacher.assess import save

from . import made_up_class as made_up
from .lms_formats import only_changed
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
    assert "kallar den som lämnade in ”grupp4”, men numret hör till Ek, Ida" in answer.out
    assert "3 studenter har inte lämnat in: Ek, Jon (u10); Sjö, Kim (u59)" in answer.out
    (folder / "svar.csv").write_text(f"fil;student\ngrupp4;{', '.join(made_up.PAIR)}\n", "utf-8")
    answer = command("submissions.zip", "--canvas", "omdomen.csv", "--resume",
                     "--students", "svar.csv", cwd=folder)  # fmt: skip
    assert answer.code == 0 and answer.graded == [], "svaret kommer in utan att något rättas om"
    return folder, answer


def rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Studentens namn → raderna."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in read_results(folder / "rattning")["submissions"]:
        found.setdefault(row["student"], []).append(row)
    return found


N_ROWS, N_NAMES = 59, 56  # två heter lika, ett par har lämnat in ihop, och två har två böcker


def of(folder: Path, name: str) -> dict[str, Any]:
    first, last = name.split(" ")
    found = rows(folder)
    return (found.get(f"{last}, {first}") or found[name])[-1]


def points_of(row: dict[str, Any], *numbers: str) -> list[float | None]:
    return [e["points"] for e in row["exercises"] if e["id"] in numbers]


WHOLE = [4.0, 4.0, 2.0]
RIGHT_ANYWAY = ("Eva Öst", "Fia Öst", "Gun Öst", "Ida Öst", "Jon Öst", "Kim Öst", "Dan Öst",
                "Fia Al", "Gun Al", "Hugo Al", "Jon Al", "Anna Ek", "Lo Ek", "Lo Öst", "Anna Åberg",
                "Bo Åberg", "Cia Åberg")  # fmt: skip


def test_every_student_is_one_and_every_form_of_right_is_right(canvas: Any) -> None:
    folder, answer = canvas
    assert len(rows(folder)) == N_NAMES
    assert sum(map(len, rows(folder).values())) == N_ROWS
    for name in RIGHT_ANYWAY:
        assert points_of(of(folder, name), "5.1", "5.2", "5.3") == WHOLE, name
    assert "2 studenter har inte lämnat in: Sjö, Kim (u59); Sjö, Lo (u60)" in answer.out
    assert points_of(rows(folder)["Ida Ek, Jon Ek"][0], "5.1", "5.2", "5.3") == WHOLE
    assert points_of(of(folder, "Eva Åberg"), "5.1", "5.2", "5.3") == [4, 4, 0], "en ändlös loop"
    assert [row["login"] for row in rows(folder)["Åberg, Kim"]] == ["u47", "u48"]
    assert "Åberg, Kim: är det samma student" not in answer.out, "listan skiljer dem åt"


def test_what_may_have_cost_points_is_pointed_out(canvas: Any) -> None:
    folder, answer = canvas
    report = re.sub("</?code>", "`", (folder / "rattning/rapport.html").read_text("utf-8"))
    for text in ("Menade du `double_dqn_targets`", "är ingen kodcell men innehåller",
                 "har samma id, `ovning-5-4`", "den utdelade boken",
                 "Filen har samma innehåll, byte för byte",
                 "Det här är en PDF", "Det här är en Pythonfil",
                 "Det här är en webbsida", "modulen `finns_inte`"):  # fmt: skip
        assert text in answer.out or text in report, text


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

    decide(folder)
    last = ("nya.zip", *arguments, "--resume", "--column", "Uppgift 5", "--books", "05")
    dry = command(*last, "--dry-run", cwd=folder)
    assert dry.code == 0 and not (out / "canvas.csv").exists()
    assert dry.graded == [], "besluten kommer in utan att något rättas om"
    done = command(*last, "--ladok", "ladok.csv", "--date", "2026-01-15", cwd=folder)
    assert done.code == 0 and "undantagen (EX)" in done.out
    assert "för studenten har inte lämnat in bok 05" in done.out and "04_dqn.ipynb" in done.out
    assert_decided(folder)
    page = next((out / "feedback").glob("ekbo_*.html")).read_text("utf-8")
    assert "Avdrag: 10 procent av poängen" in page and "Lärarens bedömning (Eva)" in page

    column = canvas_column(out, 77)
    assert column["Ek, Eva"] == "EX" and column["Al, Eva"] == "7,50"
    assert column["Ek, Anna"] == "10", "en kolumn på 10 poäng är det som koden rättar"
    assert column["Ek, Ida"] == column["Ek, Jon"] == "10", "gruppens båda"
    assert column["Ek, Bo"] == "9" and column["Sjö, Kim"] == ""
    assert_in_ladok(out)

    letters = (*last[:4], "--column", "Betyg 5", "--letters", "--books", "05")
    assert command(*letters, cwd=folder).code == 0
    column = canvas_column(out, 78)
    assert column["Ek, Anna"] == column["Ek, Jon"] == "VG" and column["Sjö, Kim"] == ""
    assert {"U", "G", "VG"} == set(column.values()) - {""}


def decide(folder: Path) -> None:
    """Det som läraren bestämmer på bedömningssidan: 5.4, en PDF på papper, och regeln för sena."""
    out = folder / "rattning"
    three = {"exercise": "5.4", "given": "3", "reason": "Bra.", "who": "Eva"}
    graded = [row["file"] for row in read_results(out)["submissions"] if row["exercises"]]
    decided = [{"file": file, **three} for file in graded]
    pdf = of(folder, "Bo Al")["file"]
    decided += [{"file": pdf, "exercise": number, "given": "G", "reason": "Läst.", "who": "Eva"}
                for number in ("5.1", "5.2", "5.3", "5.4")]  # fmt: skip
    rule = {"file": "alla sena", "exercise": "hela filen", "given": "-10 %", "reason": "Sent."}
    decided.append({**rule, "who": ""})
    assert save(out, json.dumps({"clear": [], "rows": decided}).encode()) == ""


def assert_decided(folder: Path) -> None:
    assert of(folder, "Bo Al")["points"] == 14
    assert of(folder, "Bo Ek")["points"] == pytest.approx(0.9 * 13)


def assert_in_ladok(out: Path) -> None:
    """Rätt betyg till rätt person, också när två heter lika."""
    text = (out / "ladok.csv").read_text("utf-8")
    for name in ("Anna Ek", "Ida Ek", "Jon Ek"):
        assert re.search(rf"{name};u\d+@skola.se;VG;2026-01-15", text), name
    assert re.search(r"Kim Sjö;u59@skola.se;;", text)
    assert len(re.findall(r"Kim Åberg;u4[78]@skola.se;[UG]", text)) == 2


def canvas_column(out: Path, number: int) -> dict[str, str]:
    """Namnet → det som står i uppgiftens kolumn; inget annat än den får vara ändrat."""
    text = (out / "canvas.csv").read_bytes().decode("utf-8")
    old, new = (
        list(csv.reader(io.StringIO(one.removeprefix("\ufeff")), delimiter=";"))
        for one in (made_up.canvas_gradebook(), text)
    )
    place = next(i for i, title in enumerate(new[0]) if title.endswith(f"({number})"))
    assert [row[:place] + row[place + 1 :] for row in old] == [
        row[:place] + row[place + 1 :] for row in new
    ]
    return {row[0]: row[place] for row in new if row[1].isdigit()}


def test_likenesses(canvas: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = canvas
    arguments = [str(folder / "submissions.zip"), "--out", str(folder / "rattning")]
    assert similar.main([*arguments, "--export", str(folder / "ut")]) == 0
    page = (folder / "rattning/likheter.html").read_text("utf-8")
    reflections = page.partition("Reflektionen i 5.4")[2]
    assert "ekanna och sjöhugo" in reflections.replace("<wbr>", "")
    assert len(list((folder / "ut/inlamningar").iterdir())) == 57 - 5, "fem har ingen läsbar bok"


def test_the_same_class_in_moodle(tmp_path: Path) -> None:
    (tmp_path / "moodle.zip").write_bytes(made_up.moodle_zip(list(made_up.the_class())))
    (tmp_path / "nya.zip").write_bytes(made_up.moodle_zip(made_up.resubmissions()))
    (tmp_path / "blad.csv").write_text(made_up.moodle_worksheet(), "utf-8", newline="")
    (tmp_path / "ladok.csv").write_text(made_up.ladok_list(), "utf-8", newline="")
    (tmp_path / "svar.csv").write_text("fil;student\n50009;Ida Ek, Jon Ek\n", "utf-8")
    out, sheet = tmp_path / "rattning", ("--moodle", "blad.csv")
    answer = command("moodle.zip", *sheet, "--students", "svar.csv", "--seed", 7, cwd=tmp_path)
    assert answer.code == 0, answer.err
    assert len(rows(tmp_path)) == N_NAMES
    for name in RIGHT_ANYWAY:
        row = of(tmp_path, name)
        assert points_of(row, "5.1", "5.2", "5.3") == WHOLE, name
        assert row["login"].endswith("@skola.se")
    missing = "2 studenter har inte lämnat in: Kim Sjö (u59@skola.se); Lo Sjö (u60@skola.se)"
    assert missing in answer.out
    assert of(tmp_path, "Bo Ek")["late"] and not of(tmp_path, "Anna Ek")["late"]
    assert "för sent enligt Moodle" in (out / "resultat.csv").read_text("utf-8")

    assert command("nya.zip", *sheet, cwd=tmp_path).code == 0
    decide(tmp_path)
    last = ("nya.zip", *sheet, "--resume", "--ladok", "ladok.csv", "--date", "2026-01-15")
    done = command(*last, cwd=tmp_path)
    assert done.code == 0 and done.graded == []
    assert_decided(tmp_path)
    assert_in_ladok(out)
    changed = only_changed(made_up.moodle_worksheet(), (out / "moodle.csv").read_bytes().decode())
    filled = {re.search(r'"([^"]+)",u\d+@', new)[1]: new for _, new in changed}  # type: ignore[index]
    assert re.search(r'betygsättning",10,"10,00"', filled["Anna Ek"])
    assert re.search(r'betygsättning",10,"10,00"', filled["Jon Ek"]), "gruppens båda"
    assert re.search(r'2 dagar sent",9,"10,00"', filled["Bo Ek"])
    assert not {"Kim Sjö", "Lo Sjö"} & filled.keys()
