"""Kursen i den riktiga nbgrader, från `generate_assignment` till `export`: samma poäng som här."""

import contextlib
import csv
import importlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.teacher import for_nbgrader
from dqn_helpers.teacher.for_nbgrader import NoPointsError, points
from dqn_helpers.teacher.grading import main as grade
from dqn_helpers.teacher.notebook_files import Notebook, read_notebook, source_of
from dqn_helpers.teacher.release import main as release

from .honest import answered, as_bytes, bare, cell_of

BOOK = "01a_mdp_och_q_varden"
RIGHT = "return (transition_probabilities"
TRACE = "sidan-kördes"
WRONG = f"q_values += 1.0  # ändrar argumentet\n    {RIGHT}"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kursmappen som kommandot gör den."""
    folder = tmp_path_factory.mktemp("nbgrader")
    assert release(["--nbgrader", str(folder)]) == 0
    return folder


def source(course: Path, name: str = BOOK) -> Notebook:
    return read_notebook(course / "source" / name / f"{name}.ipynb")


def seed_of(course: Path) -> int:
    text = "\n".join(map(source_of, source(course)["cells"]))
    (seed,) = set(re.findall(r'ipynb", seed=(\d+)', text))
    return int(seed)


# --- kursmappen ----------------------------------------------------------------------------------


def test_every_graded_cell_asks_our_grader_and_nothing_of_the_teachers_is_handed_out(
    course: Path,
) -> None:
    asked, handed_out = [], []
    for path in sorted((course / "source").glob("*/*.ipynb")):
        for cell in read_notebook(path)["cells"]:
            text, graded = source_of(cell), cell["metadata"].get("nbgrader", {}).get("grade")
            asked += re.findall(
                rf'^for_nbgrader.points\("(\d\.\d)", "{path.name}", seed=\d+\)$', text, re.M
            )
            assert not (graded and 'check("' in text), "kontrollen slutar med ett fel i nbgrader"
            assert ("for_nbgrader" in text) == bool(graded and cell["cell_type"] == "code"), cell[
                "id"
            ]
            handed_out += [cell["id"]] if "larare" in cell["metadata"].get("tags", []) else []
    assert asked == list(EXERCISES) and handed_out == []


def test_the_teachers_own_settings_are_kept(course: Path, tmp_path: Path) -> None:
    config = tmp_path / for_nbgrader.CONFIG_FILE
    config.write_text("c = get_config()\n")
    assert release(["--nbgrader", str(tmp_path)]) == 0
    assert config.read_text() == "c = get_config()\n"
    assert seed_of(tmp_path) != seed_of(course), "varje kursmapp har egna dolda fall"


# --- poängen i en cell ---------------------------------------------------------------------------


def answer(monkeypatch: pytest.MonkeyPatch, given: float | None) -> None:
    exercise = {"id": "1.1", "name": "discounted_return", "points": given, "status": "partial",
                "feedback": "Nästan.", "tests": []}  # fmt: skip
    monkeypatch.setattr(for_nbgrader, "_graded", lambda *arguments: [exercise])


def test_a_number_is_points_and_zero_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """nbgrader läser talet 0 som full poäng."""
    answer(monkeypatch, 0.5)
    assert points("1.1", "x.ipynb", 7) == 0.5
    assert "Nästan." in capsys.readouterr().out
    answer(monkeypatch, 0.0)
    with pytest.raises(NoPointsError, match="0 poäng"):
        points("1.1", "x.ipynb", 7)


class KernelDiedError(Exception):
    pass


def test_a_broken_grader_ends_the_kernel_instead_of_giving_zero(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def die(code: int) -> None:
        raise KernelDiedError(code)

    monkeypatch.setattr(os, "_exit", die)
    answer(monkeypatch, None)
    with pytest.raises(KernelDiedError):
        points("1.1", "x.ipynb", 7)
    assert "Rättaren gick sönder" in capsys.readouterr().err


# --- hela vägen ----------------------------------------------------------------------------------


def submissions(book: Notebook) -> dict[str, Notebook]:
    """Studenterna: allt rätt, ett rätt och ett fel, och inget löst."""
    solutions = {name: source_of(cell_of(book, number)) for number, name in
                 (("1.1", "discounted_return"), ("1.2", "bellman_backup"))}  # fmt: skip
    half = solutions | {"bellman_backup": solutions["bellman_backup"].replace(RIGHT, WRONG)}
    return {"alla": answered("01a", **solutions), "halv": answered("01a", **half),
            "ingen": answered("01a")}  # fmt: skip


def nbgrader(apps: Any, course: Path) -> Any:
    """nbgraders kommandon, i den här processen: att starta en för vart och ett tar sekunder."""
    app = apps.NbGraderApp()
    with contextlib.chdir(course):
        app.initialize([])
    app.config.CourseDirectory.root = str(course)
    return apps.api.NbGraderAPI(apps.api.CourseDirectory(config=app.config), config=app.config)


def exported(apps: Any, course: Path) -> dict[str, float]:
    """Studentens poäng ur `nbgrader export`."""
    app = apps.ExportApp()
    with contextlib.chdir(course):
        app.initialize(["--to", "poang.csv"])
        app.start()
    with (course / "poang.csv").open(encoding="utf-8", newline="") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def only_the_exercises(book: Notebook) -> Notebook:
    """Boken utan sidans egna celler: att köra dem är nbgraders sak, och tar tid."""
    cells = [cell for cell in book["cells"]
             if "nbgrader" in cell["metadata"] or cell["id"] == "importer"]  # fmt: skip
    return book | {"cells": cells}


def our_points(folder: Path, students: dict[str, Notebook], seed: int) -> dict[str, float]:
    for name, book in students.items():
        (folder / "klass" / name).mkdir(parents=True)
        (folder / "klass" / name / f"{BOOK}.ipynb").write_bytes(as_bytes(book))
    arguments = [folder / "klass", "--out", folder / "ut", "--seed", seed, "--jobs", 1]
    assert grade(list(map(str, arguments))) == 0
    rows = json.loads((folder / "ut" / "results.json").read_text(encoding="utf-8"))["submissions"]
    return {row["student"]: row["points"] for row in rows}


@pytest.fixture
def apps(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Any:
    """nbgraders program, med vår delade verkstad i steget som rättar."""
    found = pytest.importorskip("nbgrader.apps", reason="delen nbgrader är inte installerad")
    step = importlib.import_module("dqn_helpers.teacher.nbgrader_step")
    monkeypatch.setattr(step, "_workshop", lambda: workshop)
    here = str(Path(sys.executable).parent)  # nbgrader startar själv ett program härifrån (alembic)
    monkeypatch.setenv("PATH", os.pathsep.join([here, os.environ.get("PATH", "")]))
    return found


@pytest.mark.lang
def test_nbgrader_gives_the_same_points(
    course: Path, tmp_path: Path, apps: Any, borrowed: None
) -> None:
    book = only_the_exercises(source(course))
    students = {name: only_the_exercises(one) for name, one in submissions(book).items()}
    (course / "source" / BOOK / f"{BOOK}.ipynb").write_bytes(as_bytes(book))
    converters = nbgrader(apps, course)
    assert converters.generate_assignment(BOOK)["success"]
    released: dict[str, Any] = read_notebook(course / "release" / BOOK / f"{BOOK}.ipynb")
    assert "for_nbgrader" not in json.dumps(released) and RIGHT not in json.dumps(released)
    for name, one in students.items():
        place = course / "submitted" / name / BOOK / f"{BOOK}.ipynb"
        place.parent.mkdir(parents=True)
        place.write_bytes(as_bytes(handed_in(released, one)))
    for name in students:
        for convert in (converters.autograde, converters.generate_feedback):
            answer = convert(BOOK, name)
            assert answer["success"], answer
    theirs = exported(apps, course)
    assert theirs == our_points(tmp_path, students, seed_of(course))
    assert not list(course.rglob(TRACE)), "studentens bok ska inte köras"
    assert theirs["alla"] == 4 > theirs["halv"] > 1 > theirs["ingen"] == 0, "en övning är halv"
    feedback = course / "feedback" / "halv" / BOOK / f"{BOOK}.html"
    assert "fel: " in feedback.read_text(encoding="utf-8")


def handed_in(released: Notebook, solved: Notebook) -> Notebook:
    """Den utdelade boken med studentens svar i övningarnas celler."""
    answers = {cell["id"]: cell["source"] for cell in solved["cells"]
               if cell["id"].startswith("ovning")}  # fmt: skip
    cells = [cell | {"source": answers.get(cell["id"], cell["source"])}
             for cell in released["cells"]]  # fmt: skip
    return released | {
        "cells": [*cells, bare(f"open('{TRACE}', 'w')")["cells"][0] | {"id": "eget"}]
    }
