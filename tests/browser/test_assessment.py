"""Bedömningssidan: tre studenter bedöms med bara tangenterna, som fil och genom `assess`."""

import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grader.report_samples import by_teacher, exercise, results, submission, unreadable

from dqn_helpers.teacher.assess import AssessmentServer
from dqn_helpers.teacher.grade_limits import load_grade_limits
from dqn_helpers.teacher.overrides import load_overrides, problems, read_overrides
from dqn_helpers.teacher.reports import final, write_reports

from .axe import violations

SAVED = re.compile(r"är spara(d|de) i beslut\.csv")
NAMES = ("Anna Ek", "Bo Öst", "Cia Al")
OWN = "# En egen anteckning\r\nfinns_inte.ipynb;5.1;2;Från en annan klass\r\n"
GRADED = results(
    *(
        submission(
            f"in/{name}_{n}_10{n}_05.ipynb",
            *map(exercise, ("5.1", "5.2", "5.3")),
            by_teacher(None),
            student=name,
            notebook="05",
            casino_code=name,
            reflection=f"**Gissningen:** {name} tror på A.\n\nFör att $\\max$ väljer turen.",
        )
        for n, name in enumerate(NAMES, 1)
    ),
    unreadable("in/Dan_4_104_uppsats.pdf", "Det här är en PDF."),
)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """En rättad klass med något i beslut.csv, också det som inte gäller den."""
    out = tmp_path_factory.mktemp("klass") / "rattning"
    load_overrides(out)
    with (out / "beslut.csv").open("a", encoding="utf-8", newline="") as file:
        file.write(OWN)
    write_reports(out, GRADED, load_overrides(out), load_grade_limits())
    return out


@pytest.fixture
def out(graded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(graded, tmp_path / "rattning"))


@pytest.fixture
def address(out: Path) -> Iterator[str]:
    server = AssessmentServer(out)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.address
    server.shutdown()
    server.server_close()


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def heading(page: Any) -> str:
    return str(page.locator("h2:focus").inner_text())


def assess_three(page: Any) -> None:
    """Anna får allt, Bo tre och en halv med ord, Cia ingenting; bara tangenter."""
    assert heading(page).startswith("Anna Ek")
    press(page, "g", "n")
    assert heading(page).startswith("Bo Öst")
    press(page, "1", "2", "2", "3", "4", "k")
    page.keyboard.type("Säg n, g och s också: varför?")
    press(page, "Control+Enter")
    assert heading(page).startswith("Cia Al")
    press(page, "u", "h")
    page.keyboard.type("Kom och prata med mig.")
    press(page, "Escape", "r")
    assert heading(page).startswith("in/Dan")


def decided(out: Path) -> dict[str, float | None]:
    """Filen → poängen på 5.4, så som rättaren läser beslut.csv."""
    overrides = read_overrides(out / "beslut.csv")
    assert [one for one in problems(GRADED, overrides) if "finns_inte" not in one] == []
    rows = final(GRADED, overrides, load_grade_limits()).submissions
    assert [r.text for r in rows[2].remarks] == ["Kom och prata med mig."]
    decision = rows[1].exercises[-1].decision
    assert decision is not None and decision.reason.startswith("Delar: Gissningen 1 av 1; ")
    assert decision.reason.endswith(". Säg n, g och s också: varför?")
    return {row.student or "": row.exercises[-1].points for row in rows[:3]}


def untouched(out: Path, text: str) -> None:
    """Det som stod i beslut.csv står där än, tecken för tecken."""
    before = text.replace("skäl\r\n", "skäl;vem\r\n")
    assert (out / "beslut.csv").read_bytes().decode("utf-8").startswith(before)


def test_only_the_student_who_is_shown_is_on_the_page(page: Any, address: str, out: Path):
    """Tiotusen formulär på en gång tar minuter att öppna. Det som är ifyllt finns kvar ändå."""
    page.goto(address)
    comment = page.locator(".whole-form .comment")
    for name in NAMES:
        assert heading(page).startswith(name) and page.locator(".student-work").count() == 1
        press(page, "h")
        page.keyboard.type(f"Hej {name}!")
        press(page, "Control+Enter")
    for name in reversed(NAMES):
        press(page, "b")
        assert heading(page).startswith(name) and page.locator(".student-work").count() == 1
        assert comment.input_value() == f"Hej {name}!"
    saved = (out / "beslut.csv").read_text(encoding="utf-8-sig")
    assert [saved.count(f"Hej {name}!") for name in NAMES] == [1, 1, 1]


def test_three_students_with_the_keys_alone_saved_by_assess(page: Any, out: Path, address: str):
    before = (out / "beslut.csv").read_bytes().decode("utf-8")
    page.goto(address)
    assess_three(page)
    # `wait_for_function` går inte här: den gör text till kod, vilket sidan förbjuder (CSP).
    page.locator("#status", has_text=SAVED).wait_for()
    assert decided(out) == {"Anna Ek": 4, "Bo Öst": 3.5, "Cia Al": 0}
    untouched(out, before)
    page.reload()  # besluten läses tillbaka, delarna också
    assert heading(page).startswith("in/Dan")
    press(page, "b", "b")
    assert page.locator("section:not([hidden]) .rubric input:checked").count() == 4
    page.locator("section:not([hidden]) .exercise-form .value").first.fill("9")
    press(page, "Escape", "s")
    assert "mellan 0 och 4" in page.locator("#status").inner_text()


def test_a_wrong_number_keeps_the_teacher_with_the_student(page: Any, out: Path, address: str):
    page.goto(address)
    page.locator("section:not([hidden]) .exercise-form .value").first.fill("9")
    press(page, "Control+Enter")
    assert page.evaluate("document.activeElement.value") == "9", "kvar i rutan som är fel"
    assert "Anna Ek: 5.4" in page.locator("#status").inner_text()
    page.keyboard.press("Control+A")
    page.keyboard.type("3")
    press(page, "Control+Enter")
    assert heading(page).startswith("Bo Öst")


def test_two_steps_in_a_hurry_save_once(page: Any, out: Path, address: str):
    page.goto(address)
    press(page, "g")
    page.evaluate("for (const _ of 'abc') document.getElementById('next').click()")
    page.locator("#status", has_text=SAVED).wait_for()
    page.wait_for_load_state("networkidle")
    assert page.locator("#status").inner_text() == "1 rad är sparad i beslut.csv."


def test_three_students_with_the_keys_alone_in_the_file(page: Any, out: Path):
    before = (out / "beslut.csv").read_bytes().decode("utf-8")
    page.goto((out / "bedomning.html").as_uri())
    assess_three(page)
    with page.expect_download() as download:
        press(page, "s")
    download.value.save_as(out / "beslut.csv")
    assert decided(out) == {"Anna Ek": 4, "Bo Öst": 3.5, "Cia Al": 0}
    untouched(out, before)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1100])
def test_the_page_is_accessible_and_fits(page: Any, out: Path, theme: str, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=theme)
    page.goto((out / "bedomning.html").as_uri())
    page.locator("#keys").evaluate("keys => { keys.open = true; }")
    assert violations(page, "html") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
