"""Studentens böcker är nygjorda ur lärarens, likadana varje gång och utan lösningar."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.exercises import EXERCISES
from dqn_helpers.teacher.notebook_files import NotebookError, dumps, read_notebook, source_of
from dqn_helpers.teacher.release import build, clear_regions, compare, main, write

ROOT = Path(__file__).resolve().parents[2]
SOLVED = sorted((ROOT / "solutions").glob("*.ipynb"))

EXERCISE = '''def td_target(reward):
    """Målet."""
    ### BEGIN SOLUTION
    hemligt_mellanled = reward + 1
    return hemligt_mellanled
    ### END SOLUTION'''
HIDDEN = """check("3.1", td_target)
### BEGIN HIDDEN TESTS
assert hemligt_prov(td_target)
### END HIDDEN TESTS"""
SOLUTION_CELL = {"schema_version": 3, "grade": False, "solution": True, "locked": False}
SOLUTION_CELL |= {"task": False, "grade_id": "ovning-3-1", "cell_type": "code"}
CHECK_CELL = SOLUTION_CELL | {"grade": True, "solution": False, "locked": True}
CHECK_CELL |= {"grade_id": "check-3-1", "points": 2}


def cell(cell_id: str, source: str, kind: str = "code", **metadata: Any) -> dict[str, Any]:
    made = {"cell_type": kind, "id": cell_id, "metadata": metadata, "source": source}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def some_cells() -> list[dict[str, Any]]:
    return [
        cell("rubrik", "# Å, Ä och Ö", "markdown"),
        cell("ovning-3-1", EXERCISE, nbgrader=dict(SOLUTION_CELL)),
        cell("check-3-1", HIDDEN, nbgrader=dict(CHECK_CELL)),
        cell("lararens", "Så bedömer du", "markdown", tags=["larare"]),
    ]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """En liten kurs med en bok, en ordlista och inga gjorda studentböcker."""
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "ordlista.md").write_bytes("# Ordlista å\n".encode())
    save(tmp_path, some_cells())
    return tmp_path


def save(course: Path, cells: list[dict[str, Any]], name: str = "03_bok.ipynb") -> None:
    book = {"cells": cells, "metadata": {"title": "x"}, "nbformat": 4, "nbformat_minor": 5}
    (course / "solutions" / name).write_text(dumps(book), encoding="utf-8")


def made(course: Path) -> dict[str, dict[str, Any]]:
    """Studentens celler efter namn."""
    book = json.loads(build(course / "solutions")["03_bok.ipynb"])
    return {cell["id"]: cell for cell in book["cells"]}


# --- kursens egna böcker -------------------------------------------------------------------------


def test_committed_books_are_fresh():
    assert compare(ROOT / "solutions", ROOT / "notebooks") == []


def test_two_runs_give_the_same_bytes(tmp_path: Path):
    first, second = tmp_path / "ett", tmp_path / "två"
    write(ROOT / "solutions", first)
    write(ROOT / "solutions", second)
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()


def secret_lines(path: Path) -> Iterator[str]:
    """Raderna mellan märkena och i lärarens celler, utom de korta som står överallt."""
    for source in read_notebook(path)["cells"]:
        text = source_of(source)
        regions = re.findall(r"### BEGIN [A-Z ]+\n(.*?)### END", text, re.DOTALL)
        if "larare" in source["metadata"].get("tags", []):
            regions = [text]
        lines = (line.strip() for region in regions for line in region.split("\n"))
        yield from (line for line in lines if len(line) > 12)


def test_no_line_of_a_solution_is_left():
    books = build(ROOT / "solutions")
    for path in SOLVED:
        cells = json.loads(books[path.name])["cells"]
        text = "\n".join(map(source_of, cells))
        assert [line for line in secret_lines(path) if line in text] == [], path.name


def test_the_secret_lines_are_found(course: Path):
    secrets = list(secret_lines(course / "solutions" / "03_bok.ipynb"))
    assert secrets == [
        "hemligt_mellanled = reward + 1",
        "return hemligt_mellanled",
        "assert hemligt_prov(td_target)",
        "Så bedömer du",
    ]


# --- vad studenten får ---------------------------------------------------------------------------


def test_solutions_become_stubs_and_hidden_tests_go_away(course: Path):
    cells = made(course)
    assert source_of(cells["ovning-3-1"]) == (
        'def td_target(reward):\n    """Målet."""\n'
        '    raise NotImplementedError("Övning 3.1 är inte löst än.")'
    )
    assert source_of(cells["check-3-1"]) == 'check("3.1", td_target)'
    assert "hemligt" not in str(cells)


def test_teacher_cells_stay_with_the_teacher(course: Path):
    assert list(made(course)) == ["rubrik", "ovning-3-1", "check-3-1"]


def test_the_stub_takes_the_indentation_of_the_mark():
    region = "        ### BEGIN SOLUTION\n        x\n        ### END SOLUTION\n"
    source = "class A:\n\n    def f(self):\n" + region + "    y"
    text, seen = clear_regions(source, "STUBBE", "cell")
    assert text == "class A:\n\n    def f(self):\n        STUBBE\n    y"
    assert seen == {"SOLUTION": 1}


def test_a_written_answer_gets_a_place_to_write(course: Path):
    written = SOLUTION_CELL | {"grade": True, "points": 0, "grade_id": "ovning-5-4"}
    text = "## Reflektion\n\n### BEGIN SOLUTION\nhemlig\n### END SOLUTION"
    save(course, [cell("ovning-5-4", text, "markdown", nbgrader=written)], "05_bok.ipynb")
    student = json.loads(build(course / "solutions")["05_bok.ipynb"])
    assert source_of(student["cells"][0]) == "## Reflektion\n\n*Skriv ditt svar här.*"


def test_nbgrader_metadata_follows_along(course: Path):
    cells = made(course)
    assert cells["ovning-3-1"]["metadata"]["nbgrader"] == SOLUTION_CELL
    assert cells["check-3-1"]["metadata"]["nbgrader"] == CHECK_CELL


def test_outputs_are_kept_only_where_nbval_compares(course: Path):
    result = {"data": {"text/plain": ["2"]}, "metadata": {}}
    result |= {"output_type": "execute_result", "execution_count": 7}
    run = {"execution_count": 7, "outputs": [result]}
    cells = [cell("vanlig", "1 + 1") | run, cell("med-tagg", "1 + 1") | run]
    cells += [cell("med-kommentar", "# NBVAL_CHECK_OUTPUT\n1 + 1") | run]
    cells[1]["metadata"] = {"tags": ["nbval-check-output"], "execution": {"iopub": "2026"}}
    save(course, cells)
    student = made(course)
    assert student["vanlig"]["outputs"] == []
    assert student["vanlig"]["execution_count"] is None
    for cell_id in ("med-tagg", "med-kommentar"):
        assert student[cell_id]["outputs"] == [result | {"execution_count": 1}]
        assert student[cell_id]["execution_count"] == 1  # annars vägrar nbval att jämföra
    assert student["med-tagg"]["metadata"] == {"tags": ["nbval-check-output"]}


def test_the_file_is_canonical(course: Path):
    content = build(course / "solutions")["03_bok.ipynb"]
    book = json.loads(content)
    assert book["metadata"] == {
        "dqn_kurs": {"notebook": "03"},
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    assert "Å, Ä och Ö".encode() in content
    assert b"\r" not in content
    assert content.endswith(b"}\n")
    assert content.index(b'"cells"') < content.index(b'"metadata"') < content.index(b'"nbformat"')
    assert content.index(b'"cell_type"') < content.index(b'"id"')
    assert content == dumps(book).encode()


def test_words_lists_are_copied_as_they_are(course: Path):
    assert build(course / "solutions")["ordlista.md"] == "# Ordlista å\n".encode()


# --- poäng och ledtrådar står i dqn_helpers/exercises/ ------------------------------------------


def test_points_and_hints_are_written_into_the_books(course: Path):
    cells = some_cells()
    cells[2]["metadata"]["nbgrader"]["points"] = 9
    old = "<details><summary>Ledtråd 1</summary>\n\nGammal.\n\n</details>\n\n"
    cells += [
        cell("ovning", "Text.\n\n### Övning 3.1: Målet (9 poäng)\n\nSkriv.", "markdown"),
        cell("ledtradar-3-1", old * 4 + "Och så vidare.", "markdown"),
        cell("ledtradar-3-2", "", "markdown"),
        cell("ledtradar", old, "markdown"),
    ]
    save(course, cells)
    student = made(course)
    assert "### Övning 3.1: Målet (2 poäng)\n\nSkriv." in source_of(student["ovning"])
    assert student["check-3-1"]["metadata"]["nbgrader"]["points"] == 2
    for number in ("3.1", "3.2"):
        text = source_of(student["ledtradar-" + number.replace(".", "-")])
        places = [text.index(hint) for hint in EXERCISES[number].hints]
        assert places == sorted(places) and text.count("<details>") == 3
    assert "Gammal" not in source_of(student["ledtradar-3-1"])
    assert source_of(student["ledtradar-3-1"]).endswith("</details>\n\nOch så vidare.")
    assert "Gammal" in source_of(student["ledtradar"])  # provövningens, som bara står i boken


def test_one_change_of_points_and_hints_reaches_every_place(tmp_path: Path):
    """I en kopia av projektet: ändra i övningen, kör kommandot, och alla ställen följer med."""
    for name in ("dqn_helpers", "solutions", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    exercise = tmp_path / "dqn_helpers" / "exercises" / "notebook_03.py"
    text = exercise.read_text("utf-8")
    (points,) = re.findall(r'"går att derivera", 1,', text)
    hint = EXERCISES["3.2"].hints[0].split(".")[0]
    assert text.count(hint) == 1
    text = text.replace(points, points.replace("1", "4")).replace(hint, "Titta i tabellen")
    exercise.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "dqn_helpers.teacher.release"]
    assert subprocess.run(command, cwd=tmp_path).returncode == 0
    for name in ("solutions", "notebooks"):
        book = read_notebook(tmp_path / name / "03_traningssteget.ipynb")
        cells = {cell["id"]: cell for cell in book["cells"]}
        assert "gjordes (5 poäng)" in source_of(cells["ovning-3-2-text"])
        assert cells["check-3-2"]["metadata"]["nbgrader"]["points"] == 5
        assert "Titta i tabellen" in source_of(cells["ledtradar-3-2"])
        assert hint not in source_of(cells["ledtradar-3-2"])


# --- kommandot -----------------------------------------------------------------------------------


def run(course: Path, *flags: str) -> int:
    return main(["--root", str(course), *flags])


def test_check_writes_nothing_and_says_what_differs(course: Path, capsys: pytest.CaptureFixture):
    assert run(course, "--check") == 1
    assert not (course / "notebooks").exists()
    assert "saknas: notebooks/03_bok.ipynb" in capsys.readouterr().out
    run(course, "--normalise")
    assert run(course) == 0
    assert run(course, "--check") == 0
    (course / "notebooks" / "ordlista.md").write_text("ändrad", encoding="utf-8")
    (course / "notebooks" / "09_extra.ipynb").write_text("{}", encoding="utf-8")
    capsys.readouterr()
    assert run(course, "--check") == 1
    said = capsys.readouterr().out
    assert "inaktuell: notebooks/ordlista.md" in said
    assert "överflödig: notebooks/09_extra.ipynb" in said


def test_superfluous_files_are_named_and_never_removed(course: Path, capsys: pytest.CaptureFixture):
    (course / "notebooks").mkdir()
    extra = course / "notebooks" / "09_extra.ipynb"
    extra.write_text("{}", encoding="utf-8")
    assert run(course) == 1
    assert "överflödig: notebooks/09_extra.ipynb" in capsys.readouterr().out
    assert extra.exists()


def test_normalise_puts_the_source_in_canonical_form(course: Path):
    run(course)
    cells = some_cells()
    cells[1] |= {"execution_count": 3, "metadata": cells[1]["metadata"] | {"scrolled": True}}
    save(course, cells)
    assert compare(course / "solutions", course / "notebooks") == [
        "inte i kanonisk form: solutions/03_bok.ipynb (kör --normalise)"
    ]
    assert run(course, "--normalise") == 0
    assert compare(course / "solutions", course / "notebooks") == []


# --- fel i källan --------------------------------------------------------------------------------

BEGIN, END = "    ### BEGIN SOLUTION", "    ### END SOLUTION"
BAD_SOURCES = {
    "`### BEGIN SOLUTION` saknar `### END SOLUTION`.": [BEGIN, "    x"],
    "`### END SOLUTION` saknar `### BEGIN SOLUTION` före.": ["    x", END],
    "inne i": [BEGIN, BEGIN, END, END],
    "END HIDDEN TESTS` saknar": [BEGIN, "    ### END HIDDEN TESTS"],
    "inne i `### BEGIN SOLUTION`": [BEGIN, "    ### BEGIN HIDDEN TESTS", END],
    "övningscellen saknar": ["    x"],
    "inte rätt skrivet": ["    # Begin solution", "    x", "    # End solution"],
    "längst ut till vänster": [BEGIN.strip(), "x = 1", END.strip()],
}


def test_marks_that_do_not_match_are_errors(course: Path):
    for message, lines in BAD_SOURCES.items():
        source = "\n".join(["def f():", *lines])
        save(course, [cell("ovning-3-1", source, nbgrader=SOLUTION_CELL)])
        refuses(course, message, "ovning-3-1")


def refuses(course: Path, message: str, cell_id: str) -> None:
    with pytest.raises(NotebookError) as raised:
        build(course / "solutions")
    assert message in str(raised.value)
    assert f"solutions/03_bok.ipynb, cell {cell_id}" in str(raised.value)


BAD_METADATA = {
    "lösningsmärken men inte nbgraders": (EXERCISE, {}),
    "dolda test men inte nbgraders": (HIDDEN, {}),
    "ingen övning i bok 03": (EXERCISE, SOLUTION_CELL | {"grade_id": "ovning-3-9"}),
    "är ingen övning": (EXERCISE, SOLUTION_CELL | {"grade_id": "ovning-4-1"}),
    "`grade_id` saknas": (EXERCISE, {"solution": True}),
    "schema_version": (EXERCISE, SOLUTION_CELL | {"schema_version": 2}),
}


def test_wrong_metadata_is_an_error(course: Path):
    for message, (source, grading) in BAD_METADATA.items():
        save(course, [cell("cellen", source, nbgrader=grading)])
        refuses(course, message, "cellen")


def test_an_exercise_stands_once(course: Path):
    cells = [cell(name, EXERCISE, nbgrader=SOLUTION_CELL) for name in ("ett", "tva")]
    save(course, cells)
    refuses(course, "`ovning-3-1` finns på flera celler", "ett")


def test_duplicate_and_bad_ids_are_errors(course: Path):
    save(course, [cell("ett", "x"), cell("ett", "y")])
    refuses(course, "samma id finns på flera celler", "ett")
    save(course, [cell("Ett_A", "x")])
    with pytest.raises(NotebookError, match="cell nummer 1: id `Ett_A` duger inte"):
        build(course / "solutions")


def test_files_that_are_no_notebooks_are_errors(course: Path):
    for content in ("{", "[]", '{"cells": 3}', '{"cells": [], "nbformat": 4}'):
        (course / "solutions" / "03_bok.ipynb").write_text(content, encoding="utf-8")
        with pytest.raises(NotebookError, match=r"solutions/03_bok.ipynb"):
            build(course / "solutions")


def test_a_name_without_number_is_an_error(course: Path):
    save(course, some_cells(), "bok.ipynb")
    with pytest.raises(NotebookError, match=r"bok.ipynb: namnet ska börja med ett nummer"):
        build(course / "solutions")


def test_every_faulty_file_is_told_at_once(course: Path, capsys: pytest.CaptureFixture):
    save(course, [cell("ett", EXERCISE)])
    save(course, [cell("tva", EXERCISE)], "04_bok.ipynb")
    assert run(course) == 1
    said = capsys.readouterr().err
    assert "03_bok.ipynb, cell ett" in said
    assert "04_bok.ipynb, cell tva" in said
