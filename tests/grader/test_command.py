"""Kommandot som rättar en klass, från början till slut: `python -m dqn_helpers.autograder`.

Det mesta körs i den här processen, där torch redan är laddat. Rättarprocesserna är riktiga, och i
två test (klassen och Ctrl-C) startas och stängs också verkstäderna som vanligt; de andra delar en
varm verkstad, för att det tar sekunder att starta en. Varje körning prövar att inget blir kvar.
"""

import contextlib
import csv
import importlib.util
import io
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from dqn_helpers.autograder import batch, catalogue
from dqn_helpers.autograder.arguments import LIMIT as LIMIT_SECONDS
from dqn_helpers.autograder.arguments import rules
from dqn_helpers.autograder.grade import Settings
from dqn_helpers.autograder.result import SubmissionResult
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.syllabus import WRITTEN
from dqn_helpers.submission.collect import Submission
from dqn_helpers.teacher import grading as command_line
from dqn_helpers.teacher.reports import page_names

from .honest import answered, as_bytes, bare, page
from .hostile import Process, descendants, wait_until_gone

ROOT = Path(__file__).resolve().parents[2]
SEED, LIMIT = "7", 1
RIGHT = "def td_target(r, q, d, g):\n    return r + g * q.max(1).values * ~d"
CHOSEN = "def chosen_q_values(q, a):\n    return q.gather(1, a[:, None])[:, 0]"
WITHOUT_MASK = RIGHT.replace(" * ~d", "")
ENDLESS = "def td_target(r, q, d, g):\n    while True:\n        pass"
QUITS = "import os\n\ndef td_target(r, q, d, g):\n    os._exit(0)"
BOOK = "03_traningssteget.ipynb"


# --- en klass och ett kommando -------------------------------------------------------------------

CLASS: dict[str, Callable[[], bytes]] = {
    f"anna/{BOOK}": lambda: as_bytes(answered("03", td_target=RIGHT, chosen_q_values=CHOSEN)),
    f"bo/{BOOK}": lambda: as_bytes(answered("03", td_target=WITHOUT_MASK)),
    "cilla/05_double_dqn.ipynb": lambda: as_bytes(page("05")),
    f"disa/{BOOK}": lambda: as_bytes(bare("def td_target(r, q:", "def chosen_q_values(q): qq")),
    f"erik/{BOOK}": lambda: b"",
    f"fia/{BOOK}": lambda: b'{"cells": [',
    "gun/uppsats.pdf": lambda: b"%PDF-1.7",
    f"hugo/{BOOK}": lambda: as_bytes(bare(QUITS)),
}


def hand_in(folder: Path, files: dict[str, Callable[[], bytes]] = CLASS) -> Path:
    """Lägg filerna i mappen, i den ordning de står."""
    for name, build in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(build())
    return folder


@dataclass(frozen=True)
class Answer:
    """Vad ett kommando svarade, och vilka filer som rättades."""

    code: int
    out: str
    err: str
    graded: list[str]


def command(*arguments: object, cwd: Path) -> Answer:
    """Kör kommandot i mappen `cwd`. Inga processer och tillfälliga mappar får bli kvar."""
    out, err = io.StringIO(), io.StringIO()
    graded: list[str] = []
    started: set[Process] = set()
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as scratch:
        patch.setattr(tempfile, "tempdir", scratch)
        patch.setattr(command_line, "grade_all", watched(command_line.grade_all, graded, started))
        before = descendants(os.getpid())
        with (
            contextlib.chdir(cwd),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = exit_code([str(argument) for argument in arguments])
        assert list(Path(scratch).glob("rattaren-*")) == []
        wait_until_gone(started - before)
    return Answer(code, out.getvalue(), err.getvalue(), graded)


def exit_code(arguments: Sequence[str]) -> int:
    try:
        return command_line.main(arguments)
    except SystemExit as stopped:
        return int(stopped.code or 0)


def watched(grade_all: Any, graded: list[str], started: set[Process]) -> Any:
    """`grade_all` som minns vad som rättades och vilka processer som fanns då."""

    def grade_and_remember(*arguments: Any) -> Iterator[Any]:
        for submission, result in grade_all(*arguments):
            graded.append(submission.file)
            started.update(descendants(os.getpid()))
            yield submission, result

    return grade_and_remember


def read_results(out: Path) -> dict[str, Any]:
    """results.json, som strikt JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} är inte JSON")

    return json.loads((out / "results.json").read_text(encoding="utf-8"), parse_constant=refuse)


def row_of(results: dict[str, Any], name: str) -> dict[str, Any]:
    """Studentens rad."""
    (found,) = (row for row in results["submissions"] if row["student"] == name)
    return found


def exercise_of(results: dict[str, Any], name: str, number: str) -> dict[str, Any]:
    """Studentens övning."""
    (found,) = (e for e in row_of(results, name)["exercises"] if e["id"] == number)
    return found


def page_of(out: Path, results: dict[str, Any], name: str) -> str:
    """Studentens sida."""
    files = [row["file"] for row in results["submissions"]]
    index = results["submissions"].index(row_of(results, name))
    return (out / "feedback" / page_names(files)[index]).read_text(encoding="utf-8")


def table_of(out: Path) -> dict[str, dict[str, str]]:
    """Studentens namn → raden i resultat.csv."""
    text = (out / "resultat.csv").read_text(encoding="utf-8-sig")
    return {row["student"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}


def contents(out: Path) -> dict[str, bytes]:
    """Allt som läraren och studenterna läser, byte för byte."""
    files = ["results.json", "resultat.csv", "rapport.html", *sorted(os.listdir(out / "feedback"))]
    return {name: (out / name if (out / name).exists() else out / "feedback" / name).read_bytes()
            for name in files}  # fmt: skip


class SharedWorkshop(Workshop):
    """En verkstad som redan är öppen, och förblir det."""

    def launch(self, limit: float, count: int = 1) -> "list[Workshop]":  # type: ignore[override]
        return [self] * count

    def __enter__(self) -> "SharedWorkshop":
        return self

    def __exit__(self, *exception: object) -> None: ...


@pytest.fixture(scope="module")
def launched() -> Iterator[Workshop]:
    """Den delade verkstaden. Den är öppen innan något rättas: dess processer är inte kommandots."""
    (workshop,) = Workshop.launch(LIMIT)
    with workshop:
        yield workshop


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, launched: Workshop) -> Path:
    """En rättad klass: mappen med `klass` (inlämningarna), `ut` (resultaten) och `junit.xml`."""
    folder = tmp_path_factory.mktemp("rattad")
    hand_in(folder / "klass")
    answer = command("klass", "--out", "ut", "--seed", SEED, "--limit", LIMIT, "--jobs", 2,
                     "--junit", "junit.xml", cwd=folder)  # fmt: skip
    assert answer.code == 0, answer.err
    files = [row["file"] for row in read_results(folder / "ut")["submissions"]]
    assert sorted(answer.graded) == files
    return folder


@pytest.fixture(scope="module")
def opened(launched: Workshop) -> SharedWorkshop:
    shared = SharedWorkshop(LIMIT, launched.tier)
    shared._server = launched._server
    return shared


@pytest.fixture
def warm(opened: SharedWorkshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rättarprocessen (en i taget) får den delade verkstaden."""
    monkeypatch.setattr(batch, "Workshop", opened)


@pytest.fixture
def copied(graded: Path, tmp_path: Path) -> Path:
    """En egen kopia av den rättade klassen."""
    return shutil.copytree(graded, tmp_path / "kopia")


# --- results.json, resultat.csv, sidorna och JUnit -----------------------------------------------

TEXT, NUMBER, OPTIONAL_TEXT = (str,), (int, float), (str, type(None))
SCHEMA = {"version": (int,), "seed": (int,), "limit": NUMBER, "isolation": TEXT}
SCHEMA |= dict.fromkeys(("changed_files", "submissions"), (list,))
SUBMISSION = {
    **dict.fromkeys(("file", "sha256", "status", "message"), TEXT),
    **dict.fromkeys(("student", "canvas_id", "login"), OPTIONAL_TEXT),
    **dict.fromkeys(("grade", "grade_note", "replaced_by"), OPTIONAL_TEXT),
    "batch": (int,),
    "points": (*NUMBER, type(None)),
    "max_points": NUMBER,
    "late": (bool,),
    **dict.fromkeys(("remarks", "exercises"), (list,)),
}
EXERCISE = {
    **dict.fromkeys(("id", "name", "status", "feedback"), TEXT),
    "points": (*NUMBER, type(None)),
    **dict.fromkeys(("max_points", "deducted"), NUMBER),
    "misconception": OPTIONAL_TEXT,
    **dict.fromkeys(("reach", "tests"), (list,)),
}
TEST = {"name": TEXT, "passed": (bool,), "message": TEXT}
STATUSES = (
    *("passed", "partial", "failed", "unsolved", "missing", "syntax_error", "error"),
    *("timeout", "memory", "crashed", "forbidden", "internal", "manual"),
)


def assert_schema(results: dict[str, Any]) -> None:
    """Precis det som står i formatet: varken fler nycklar, andra typer eller andra ord."""
    assert_keys(results, SCHEMA)
    assert results["version"] == 1 and results["isolation"] in ("full", "strong", "basic")
    for row in results["submissions"]:
        assert_keys(row, SUBMISSION)
        assert row["status"] in ("graded", "unreadable", "error")
        assert re.fullmatch("[0-9a-f]{64}|", row["sha256"])
        given = sum(e["points"] or 0 for e in row["exercises"])
        assert row["points"] == (given if row["status"] == "graded" else None)
        assert row["max_points"] == sum(e["max_points"] for e in row["exercises"])
        for exercise in row["exercises"]:
            assert_exercise(exercise)


def assert_exercise(exercise: dict[str, Any]) -> None:
    assert_keys(exercise, EXERCISE)
    if exercise["status"] == "manual":  # ett skrivet svar, som koden inte prövar
        assert (exercise["max_points"], exercise["tests"]) == (WRITTEN[exercise["id"]], [])
        return
    known = EXERCISES[exercise["id"]]
    assert (exercise["name"], exercise["max_points"]) == (known.name, known.points)
    assert exercise["status"] in STATUSES
    for test in exercise["tests"]:
        assert_keys(test, TEST)
    assert [test["name"] for test in exercise["tests"]] == [b.name for b in known.behaviours]
    if exercise["status"] == "internal":
        assert exercise["points"] is None
        return
    behaviours = zip(known.behaviours, exercise["tests"], strict=True)
    assert exercise["points"] == sum(b.points for b, test in behaviours if test["passed"])
    assert (exercise["status"] == "passed") == (exercise["points"] == known.points)


def assert_keys(data: Any, schema: dict[str, tuple[type, ...]]) -> None:
    assert type(data) is dict and set(data) == set(schema)
    for key, types in schema.items():
        assert type(data[key]) in types, f"{key} är {data[key]!r}"


def test_results_json_has_the_fixed_form(graded: Path) -> None:
    results = read_results(graded / "ut")
    assert_schema(results)
    assert results["seed"] == int(SEED)
    assert [row["file"] for row in results["submissions"]] == list(CLASS)


@pytest.mark.parametrize(
    ("name", "verdicts"),
    {
        "anna": {"3.1": (2, "passed"), "3.2": (2, "passed"), "3.3": (0, "unsolved")},
        "bo": {"3.1": (1, "partial"), "3.2": (0, "unsolved"), "3.3": (0, "unsolved")},
        "cilla": dict.fromkeys(("5.1", "5.2", "5.3"), (0, "unsolved")) | {"5.4": (None, "manual")},
        "disa": {"3.1": (0, "syntax_error"), "3.2": (0, "error"), "3.3": (0, "missing")},
        "erik": {},
        "fia": {},
        "gun": {},
        "hugo": {"3.1": (0, "crashed"), "3.2": (0, "missing"), "3.3": (0, "missing")},
    }.items(),
)
def test_every_file_gets_a_row_and_a_page(
    graded: Path, name: str, verdicts: dict[str, tuple[float, str]]
) -> None:
    results = read_results(graded / "ut")
    row = row_of(results, name)
    assert {e["id"]: (e["points"], e["status"]) for e in row["exercises"]} == verdicts
    assert row["status"] == ("graded" if verdicts else "unreadable")
    assert bool(row["message"]) == (not verdicts)
    shown = page_of(graded / "ut", results, name)
    assert "eliminärt" in shown and row["message"][:40] in shown
    in_table = table_of(graded / "ut")[name]
    assert in_table["fil"] == row["file"] and in_table["betyg"] == (row["grade"] or "")
    assert in_table["poäng"] == (f"{row['points']:g}" if verdicts else "")


def test_only_double_dqn_gets_a_letter(graded: Path) -> None:
    rows = read_results(graded / "ut")["submissions"]
    assert {row["student"]: row["grade"] for row in rows if row["grade"]} == {"cilla": "U"}
    assert {row["grade_note"] for row in rows if row["grade"]} == {"utan 5.4"}


def test_junit_agrees(graded: Path) -> None:
    root = ET.parse(graded / "junit.xml").getroot()
    rows = read_results(graded / "ut")["submissions"]
    for suite, row in zip(root, rows, strict=True):
        passed = [test["passed"] for e in row["exercises"] for test in e["tests"]]
        assert [len(case) == 0 for case in suite] == (passed or [False])
        assert suite.attrib["name"] == row["file"]
        assert suite.attrib["failures"] == str(passed.count(False))
        assert suite.attrib["errors"] == ("0" if passed else "1")
    assert root.attrib["failures"] == str(len(root.findall("*/*/failure")))


# --- samma frö, samma resultat -------------------------------------------------------------------


def test_same_seed_same_bytes(graded: Path, tmp_path: Path, warm: None) -> None:
    """En process i stället för två, valen och filerna i omvänd ordning."""
    hand_in(tmp_path / "klass", dict(reversed(CLASS.items())))
    answer = command("--jobs", 1, "--limit", LIMIT, "--seed", SEED, "--out", "igen", "klass",
                     cwd=tmp_path)  # fmt: skip
    assert answer.code == 0 and sorted(answer.graded) == sorted(CLASS)
    assert contents(tmp_path / "igen") == contents(graded / "ut")


def test_an_appeal_gives_the_same_verdict_and_another_seed_other_cases(
    copied: Path, warm: None
) -> None:
    """Kommandot som rapporten anger för Hugos 3.1, här för Bo; klassens resultat står kvar."""
    before, first = contents(copied / "ut"), read_results(copied / "ut")
    shown = re.findall(r"python kurs.py grade ([^<]*)", before["rapport.html"].decode())
    (line,) = (line for line in shown if "hugo" in line)
    arguments = line.replace("hugo", "bo").split()
    answer = command(*arguments, "--out", "ut", "--limit", LIMIT, cwd=copied)
    again = read_results(copied / "ut" / "enstaka")
    assert answer.code == 0 and answer.graded == [f"bo/{BOOK}"]
    assert row_of(again, "bo")["exercises"] == [exercise_of(first, "bo", "3.1")]

    arguments[arguments.index(SEED)] = "8"
    assert command(*arguments, "--out", "ut", "--limit", LIMIT, cwd=copied).code == 0
    other = exercise_of(read_results(copied / "ut" / "enstaka"), "bo", "3.1")
    same = exercise_of(first, "bo", "3.1")
    assert (other["points"], other["misconception"]) == (same["points"], same["misconception"])
    assert "Fallet är reward" in same["tests"][1]["message"]
    assert other["tests"][1]["message"] != same["tests"][1]["message"]
    assert contents(copied / "ut") == before


@pytest.mark.lang
def test_pytest_by_itself_gives_the_same_verdicts(graded: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/autograder", "-v", "-p", "no:cacheprovider",
         "--submission", graded / "klass" / "bo" / BOOK, "--seed", SEED],
        cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"},
    )  # fmt: skip
    assert answer.returncode == pytest.ExitCode.TESTS_FAILED, answer.stdout + answer.stderr
    results = read_results(graded / "ut")
    tests = [test for e in row_of(results, "bo")["exercises"] for test in e["tests"]]
    verdicts = re.findall(r"test_behaviour\[.*\] (PASSED|FAILED)", answer.stdout)
    assert [verdict == "PASSED" for verdict in verdicts] == [test["passed"] for test in tests]
    wrong = exercise_of(results, "bo", "3.1")
    assert wrong["feedback"] in answer.stdout and wrong["tests"][1]["message"] in answer.stdout
    assert "Traceback" not in answer.stdout


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (f"klass/erik/{BOOK}", "Filen är tom."),
        (f"klass/fia/{BOOK}", "Filen är ingen hel anteckningsbok"),
        ("klass/gun/uppsats.pdf", "är varken en anteckningsbok"),
        ("finns_inte.ipynb", "finns inte."),
    ],
)
def test_pytest_says_why_a_file_cannot_be_graded(graded: Path, file: str, says: str) -> None:
    shown = io.StringIO()
    with contextlib.redirect_stderr(shown), contextlib.redirect_stdout(shown):
        code = pytest.main([str(ROOT / "tests" / "autograder"), "--rootdir", str(ROOT), "-p",
                            "no:cacheprovider", "--submission", str(graded / file)])  # fmt: skip
    assert code == pytest.ExitCode.USAGE_ERROR
    assert says in shown.getvalue() and "Traceback" not in shown.getvalue()


# --- rättarprocesser som inte rättar, för det som handlar om annat --------------------------------


class NoWorkshop:
    """En verkstad som inte gör något: för det som bara rör rättarprocesserna."""

    tier, reasons = "full", ()

    @classmethod
    def launch(cls, limit: float, count: int = 1) -> "list[NoWorkshop]":
        return [cls() for _ in range(count)]

    def __enter__(self) -> "NoWorkshop":
        return self

    def __exit__(self, *exception: object) -> None: ...


@pytest.fixture
def no_workshop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "Workshop", NoWorkshop)
    monkeypatch.setattr(batch, "_draw", lambda numbers, settings, jobs, folder: None)


SETTINGS = Settings(seed=1, limit=1.0)


def submissions(*names: str) -> list[Submission]:
    return [Submission(name, None, "", "03") for name in names]


def quick(submission: Submission, workshop: Any, settings: Settings) -> SubmissionResult:
    """Rättningen av en fil; "dödsstöten" dödar sin rättarprocess, som när minnet tar slut."""
    Path(tempfile.gettempdir(), f"rattaren-{os.getpid()}").touch()
    if submission.file == "dödsstöten" or not try_once(submission.file):
        os.kill(os.getpid(), signal.SIGKILL)
    return SubmissionResult(
        submission.file, None, submission.sha256, "graded", isolation=workshop.tier
    )


def try_once(file: str) -> bool:
    """Falskt första gången för den som heter "otur"."""
    if file == "otur" and not Path(os.environ["OTUR"]).exists():
        Path(os.environ["OTUR"]).touch()
        return False
    return True


# --- fortsätta, ändra, välja ut ------------------------------------------------------------------


def test_resume_regrades_what_changed_and_decisions_survive(copied: Path, warm: None) -> None:
    """Bo har lämnat in på nytt; examinatorn har ändrat hans poäng och står kvar vid det."""
    (copied / "klass" / "bo" / BOOK).write_bytes(as_bytes(bare(WITHOUT_MASK)))
    decisions = f"fil;övning;poäng;skäl\nbo/{BOOK};3.1;1,5;Muntlig redovisning\n"
    (copied / "ut" / "beslut.csv").write_text(decisions, encoding="utf-8")
    before = read_results(copied / "ut")
    answer = command("klass", "--out", "ut", "--limit", LIMIT, "--resume", cwd=copied)
    assert answer.code == 0 and answer.graded == [f"bo/{BOOK}"]

    after = read_results(copied / "ut")
    assert [row for row in after["submissions"] if row["student"] != "bo"] == [
        row for row in before["submissions"] if row["student"] != "bo"
    ]
    changed = exercise_of(after, "bo", "3.1")
    note = "Examinator har ändrat poängen från 1 till 1,5. Skäl: Muntlig redovisning"
    assert changed["points"] == row_of(after, "bo")["points"] == 1.5
    assert changed["feedback"].startswith(note) and changed["status"] == "partial"
    assert note in table_of(copied / "ut")["bo"]["anmärkning"]
    assert table_of(copied / "ut")["bo"]["3.1 td_target"] == "1,5"
    for shown in (page_of(copied / "ut", after, "bo"),
                  (copied / "ut" / "rapport.html").read_text(encoding="utf-8")):  # fmt: skip
        assert "Muntlig redovisning" in shown and "1,5" in shown
    assert (copied / "ut" / "beslut.csv").read_text(encoding="utf-8") == decisions


@pytest.mark.parametrize(
    ("arguments", "n_regraded"),
    [((), 0), (("--seed", SEED), 0), (("--limit", "3"), len(CLASS))],
    ids=["", "samma frö", "annan tidsgräns"],
)
def test_resume_does_not_repeat_what_is_done(
    copied: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], n_regraded: int
) -> None:
    asked = record_instead_of_grading(monkeypatch)
    before = contents(copied / "ut")
    command("klass", "--out", "ut", "--limit", LIMIT, "--resume", *arguments, cwd=copied)
    assert len(asked[0][0]) == n_regraded
    assert n_regraded or contents(copied / "ut") == before


def record_instead_of_grading(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Rätta inget, men minns vad som skulle rättas: filerna, och övningarna."""
    asked: list[Any] = []

    def nothing(submissions: Sequence[Submission], settings: Settings, jobs: int) -> Any:
        asked.append(([one.file for one in submissions], settings.only))
        return iter(())

    monkeypatch.setattr(command_line, "grade_all", nothing)
    return asked


def test_resume_refuses_another_seed(copied: Path) -> None:
    before = contents(copied / "ut")
    answer = command("klass", "--out", "ut", "--limit", LIMIT, "--resume", "--seed", 8, cwd=copied)
    assert (answer.code, answer.graded) == (2, [])
    assert "har fröet 7, inte 8" in answer.err
    assert contents(copied / "ut") == before


def test_resume_of_one_exercise_does_not_answer_for_another(
    copied: Path, no_workshop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "grade_submission", quick)
    one = ("klass", "--out", "ut", "--limit", LIMIT, "--seed", SEED, "--resume", "--only")
    assert command(*one, "3.1", "bo", cwd=copied).graded == [f"bo/{BOOK}"]
    asked = record_instead_of_grading(monkeypatch)
    command(*one, "3.1", "bo", cwd=copied)
    command(*one, "3.2", "bo", cwd=copied)
    assert asked == [([], ("3.1",)), ([f"bo/{BOOK}"], ("3.2",))]


@pytest.mark.parametrize(
    ("wanted", "files", "exercises"),
    [
        (("5.1",), list(CLASS), ("5.1",)),
        (("03",), list(CLASS), ("3.1", "3.2", "3.3")),
        (("01",), list(CLASS), ("1.1", "1.2", "1.3", "1.4")),
        (("01a",), list(CLASS), ("1.1", "1.2")),
        (("1B",), list(CLASS), ("1.3", "1.4")),
        (("cilla",), ["cilla/05_double_dqn.ipynb"], ()),
        (("BO/", "5.2", "anna"), [f"anna/{BOOK}", f"bo/{BOOK}"], ("5.2",)),
        (("3,1", "5"), list(CLASS), ("3.1", "5.1", "5.2", "5.3", "5.4")),
    ],
)
def test_only(
    copied: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: tuple[str, ...],
    files: list[str],
    exercises: tuple[str, ...],
) -> None:
    asked = record_instead_of_grading(monkeypatch)
    before = contents(copied / "ut")
    assert command("klass", "--out", "ut", "--only", *wanted, cwd=copied).code == 0
    assert asked == [(files, exercises)]
    assert contents(copied / "ut") == before
    assert (copied / "ut" / "enstaka" / "results.json").exists()


# --- avbrott och fel i rättaren ------------------------------------------------------------------


@pytest.mark.lang
def test_ctrl_c_keeps_what_is_done(tmp_path: Path, warm: None) -> None:
    """Det riktiga kommandot, avbrutet när en av tre är klar; `--resume` tar resten."""
    answers = {"a": RIGHT, "b": ENDLESS, "c": f"{ENDLESS}\n"}
    hand_in(tmp_path, {f"klass/{name}.ipynb": lambda code=code: as_bytes(bare(code))
                       for name, code in answers.items()})  # fmt: skip
    # Den andra blir inte klar, hur sent avbrottet än kommer. (Den delade verkstaden har sin egen
    # gräns, så sedan blir den det.)
    arguments = ("klass", "--out", "ut", "--limit", "3600", "--seed", SEED, "--jobs", "1")
    code, out, err = interrupted(arguments, tmp_path)
    said = "Rättningen är avbruten. Det som är rättat sparas; --resume fortsätter."
    assert code == 130 and said in err
    assert "Traceback" not in err and "KeyboardInterrupt" not in err
    some = read_results(tmp_path / "ut")
    assert_schema(some)
    done = [row["file"] for row in some["submissions"]]
    assert done == ["a.ipynb"] and "1 är rättad" in out
    assert "AVBRUTET: 2 av 3 filer är inte rättade" in err
    assert len(list((tmp_path / "ut" / "feedback").iterdir())) == 1

    answer = command(*arguments, "--resume", cwd=tmp_path)
    everything = read_results(tmp_path / "ut")["submissions"]
    assert answer.code == 0 and [*done, *answer.graded] == [row["file"] for row in everything]
    assert everything[: len(done)] == some["submissions"]
    statuses = [row["exercises"][0]["status"] for row in everything]
    assert statuses == ["passed", "timeout", "timeout"]


def interrupted(arguments: Sequence[str], folder: Path) -> tuple[int, str, str]:
    """Kör det riktiga kommandot, avbryt när något är klart; inget får bli kvar efter det."""
    scratch = folder / "tillfälligt"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "dqn_helpers.autograder", *arguments],
        cwd=folder, env=os.environ | {"TMPDIR": str(scratch)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Ett test i bakgrunden ärver annars att Ctrl-C inte gör något.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    wait_for(folder / "ut" / "underlag.json", process)
    started = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # så gör en terminal
    out, err = process.communicate()
    assert list(scratch.glob("rattaren-*")) == []
    wait_until_gone(started)
    return process.returncode, out, err


def wait_for(path: Path, process: "subprocess.Popen[str]") -> None:
    while not path.exists():
        assert process.poll() is None
        time.sleep(0.02)


def test_a_killed_grader_loses_nobody(
    no_workshop: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OTUR", str(tmp_path / "otur"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(batch, "grade_submission", quick)
    everyone = submissions("a", "otur", "b", "dödsstöten", *"cdefgh")
    rows = {one.file: graded for one, graded in batch.grade_all(everyone, SETTINGS, 2)}
    statuses = {file: graded.status for file, graded in rows.items()}
    assert statuses == {one.file: "graded" for one in everyone} | {"dödsstöten": "error"}
    assert "Felet är rättarens" in rows["dödsstöten"].message
    assert [path.name for path in tmp_path.iterdir()] == ["otur"]


def one_is_broken(submission: Submission, workshop: Any, settings: Settings) -> SubmissionResult:
    if submission.file == "trasig":
        raise ValueError("rättaren gick sönder")
    return quick(submission, workshop, settings)


def test_a_fault_over_one_file_does_not_touch_the_others(
    no_workshop: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(batch, "grade_submission", one_is_broken)
    everyone = submissions(*"abcdefghijk", "trasig", *"lmnopqrst")
    rows = {one.file: graded for one, graded in batch.grade_all(everyone, SETTINGS, 1)}
    assert [file for file, row in rows.items() if row.status == "error"] == ["trasig"]
    assert "rättaren gick sönder" in rows["trasig"].message
    assert set(rows) == {one.file for one in everyone}


def test_only_what_is_handed_in_is_prepared() -> None:
    book = Submission("a", None, "", "05")
    assert batch._numbers_needed([book], SETTINGS) == ["5.1", "5.2", "5.3"]
    only = Settings(1, 1.0, ("5.2", "3.1"))
    assert batch._numbers_needed([book], only) == ["5.2"]
    unknown = Submission("b", None, "", None)
    assert batch._numbers_needed([book, unknown], SETTINGS) == list(EXERCISES)


def test_what_the_processes_draw_is_what_is_graded(tmp_path: Path) -> None:
    """Dragningen kommer hel tillbaka, och inget misstag behöver köras en gång till."""
    numbers, seed = ["1.4", "3.2"], 20_261
    batch._draw(numbers, Settings(seed, LIMIT), 2, str(tmp_path))
    for number in numbers:
        drawn = catalogue.DRAWN.pop((number, seed))
        kept = catalogue.scenario(number, seed)
        assert repr(drawn) == repr(catalogue.draw(number, seed))
        known = [mistake.outcomes.known() for mistake in kept.mistakes]
        assert repr(known) == repr(list(drawn.outcomes))


def test_graders_end_with_the_command(no_workshop: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Också när kommandot dödas utan att hinna städa."""
    monkeypatch.setattr(batch, "grade_submission", lambda *_: time.sleep(10**6))
    context = multiprocessing.get_context("fork")
    process = context.Process(
        target=lambda: list(batch.grade_all(submissions("a", "b"), SETTINGS, 2))
    )
    process.start()
    while len(graders := descendants(process.pid)) < 2:
        assert process.is_alive()
        time.sleep(0.02)
    process.kill()
    process.join()
    wait_until_gone(graders)


def test_a_fault_in_the_grader_costs_no_points(
    tmp_path: Path, warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facit till 3.1 går sönder: 3.1 granskas för hand, resten rättas."""
    scenario = catalogue.scenario

    def broken(number: str, seed: int | str) -> Any:
        if number == "3.1":
            raise RuntimeError("fel i facit")
        return scenario(number, seed)

    monkeypatch.setattr(catalogue, "scenario", broken)
    hand_in(tmp_path / "klass", {f"anna/{BOOK}": CLASS[f"anna/{BOOK}"]})
    answer = command("klass", "--out", "ut", "--seed", SEED, "--limit", LIMIT, cwd=tmp_path)
    results = read_results(tmp_path / "ut")
    assert_schema(results)
    verdicts = {e["id"]: (e["points"], e["status"]) for e in row_of(results, "anna")["exercises"]}
    assert verdicts == {"3.1": (None, "internal"), "3.2": (2, "passed"), "3.3": (0, "unsolved")}
    assert answer.code == 0 and "Granska 3.1 för hand" in answer.out
    table = table_of(tmp_path / "ut")["anna"]
    assert (table["poäng"], table["3.1 td_target"], table["3.2 chosen_q_values"]) == ("", "", "2")
    assert "anuell granskning" in page_of(tmp_path / "ut", results, "anna")
    assert "Granska 3.1" in (tmp_path / "ut" / "rapport.html").read_text(encoding="utf-8")


def test_a_fault_before_the_exercises_is_a_row_for_a_human(
    no_workshop: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(tmp_path / "klass", {f"anna/{BOOK}": CLASS[f"anna/{BOOK}"]})
    answer = command("klass", "--out", "ut", cwd=tmp_path)  # en verkstad utan `slice`
    (row,) = read_results(tmp_path / "ut")["submissions"]
    assert (row["status"], row["exercises"], answer.code) == ("error", [], 0)
    assert "människa" in row["message"] and "1 fil behöver en människas öga:" in answer.out
    assert table_of(tmp_path / "ut")["anna"]["poäng"] == ""


# --- felskrivna kommandon ------------------------------------------------------------------------

ENGLISH = re.compile(
    r"\b(error|usage|expected|argument|arguments|invalid|unrecognized|required|options|optional|"
    r"positional|show|exit|message|default|value|choose|errno|no such|file|not|the|traceback)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "SÖKVÄG"),
        (("finns_inte",), "finns inte"),
        (("anteckning.txt",), "varken en anteckningsbok"),
        (("tom mapp",), "inga inlämningar"),
        (("klass", "--jobs", "0"), "--jobs är 0"),
        (("klass", "--jobs", "två"), "”två” duger inte"),
        (("klass", "--limit", "0"), "--limit är 0"),
        (("klass", "--limit", "nan"), "--limit är nan"),
        (("klass", "--limit", "inf"), "--limit är inf"),
        (("klass", "--seed"), "ett värde ska följa"),
        (("klass", "--seed", "1.5"), "”1.5” duger inte"),
        (("klass", "--only"), "minst ett värde ska följa"),
        (("klass", "--only", "ingen"), "har ingen i namnet"),
        (("klass", "--only", "5.9"), "5.9: övningen finns inte. Välj bland 1.1, "),
        (("klass", "--limit", "tio"), "”tio” duger inte: skriv ett tal"),
        (("klass", "--canvas", "anteckning.txt", "--column", "3"), "ser inte ut som en omdömesbok"),
        (("klass", "--resume=ja"), "ska inte ha något värde"),
        (("klass", "--okänt"), "okänt: --okänt"),
        (("klass", "--job", "1"), "okänt: --job"),
        (("klass", "--limits", "finns_inte.toml"), "finns inte"),
        (("klass", "--canvas", "finns_inte.csv", "--column", "3"), "finns inte"),
        (("klass", "--column", "3"), "--canvas och --column hör ihop"),
        (("klass", "--out", "anteckning.txt"), "går inte att använda som utmapp"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    hand_in(tmp_path, {"klass/a.ipynb": lambda: b"", "anteckning.txt": lambda: b"hej"})
    (tmp_path / "tom mapp").mkdir()
    before = sorted(tmp_path.rglob("*"))
    answer = command(*arguments, cwd=tmp_path)
    assert (answer.code, answer.out, answer.graded) == (2, "", [])
    assert answer.err.startswith("Fel: ") and says in answer.err
    assert not ENGLISH.search(answer.err), answer.err
    assert sorted(tmp_path.rglob("*")) == before


def test_help_is_swedish(tmp_path: Path) -> None:
    answer = command("--help", cwd=tmp_path)
    assert answer.code == 0 and answer.err == ""
    assert "användning: python kurs.py grade" in answer.out and "SÖKVÄG" in answer.out
    assert not ENGLISH.search(answer.out), ENGLISH.search(answer.out)
    for option in command_line.parser()._actions:
        assert all(name in answer.out for name in option.option_strings) and option.help
    told = " ".join(answer.out.split())
    assert all(rule in told for rule in rules(LIMIT_SECONDS))


def test_kurs_hands_over_to_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("kurs_for_grading", ROOT / "kurs.py")
    assert spec is not None and spec.loader is not None
    kurs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kurs)
    handed: list[Any] = []
    monkeypatch.setattr(kurs, "ensure_environment", lambda extra: Path(f"python-{extra}"))
    monkeypatch.setattr(kurs, "hand_over", lambda line, cwd: handed.append((line, cwd)) or 3)
    assert kurs.main(["grade", "klass.zip", "--only", "5.1"]) == 3
    line = ["python-larare", "-m", "dqn_helpers.autograder", "klass.zip", "--only", "5.1"]
    assert handed == [(line, Path.cwd())]


# --- utmappen ------------------------------------------------------------------------------------


def test_nothing_is_lost_when_a_report_cannot_be_written(
    no_workshop: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Excel låser resultat.csv: felet sägs, och det rättade är sparat."""
    monkeypatch.setattr(batch, "grade_submission", quick)
    hand_in(tmp_path, {"klass/a.ipynb": lambda: b"", "ut/resultat.csv/låst": lambda: b""})
    answer = command("klass", "--out", "ut", cwd=tmp_path)
    assert answer.code == 1 and "Det gick inte att skriva resultat.csv" in answer.err
    assert len(read_results(tmp_path / "ut")["submissions"]) == 1
    assert command("klass", "--out", "ut", "--resume", cwd=tmp_path).graded == []


@pytest.mark.parametrize("name", ["beslut.csv", "results.json", "underlag.json.ny"])
def test_a_file_in_the_way_is_named_in_swedish(
    no_workshop: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setattr(batch, "grade_submission", quick)
    hand_in(tmp_path, {"klass/a.ipynb": lambda: b"", f"ut/{name}/låst": lambda: b""})
    answer = command("klass", "--out", "ut", cwd=tmp_path)
    assert answer.code == 1 and "gick inte att läsa eller skriva. Är disken full" in answer.err


@pytest.mark.parametrize("text", ["[1]", "{}", '{"graded": [1]}', "{"])
def test_damaged_work_is_refused_in_swedish(tmp_path: Path, text: str) -> None:
    hand_in(tmp_path, {"klass/a.ipynb": lambda: b"", "ut/underlag.json": text.encode})
    answer = command("klass", "--out", "ut", "--resume", cwd=tmp_path)
    assert answer.code == 2 and "underlag.json går inte att läsa" in answer.err


def test_only_finds_names_from_a_mac_and_is_silent_about_other_decisions(
    no_workshop: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(batch, "grade_submission", quick)
    files = (unicodedata.normalize("NFD", "klass/örjan.ipynb"), "klass/bo.ipynb")
    hand_in(tmp_path, {file: lambda: b"" for file in files})
    decisions = "fil;övning;poäng;skäl\nbo.ipynb;9.9;1;Såg rätt ut"
    hand_in(tmp_path, {"ut/beslut.csv": decisions.encode})
    answer = command("klass", "--out", "ut", "--only", "Örjan", cwd=tmp_path)
    assert answer.code == 0 and len(answer.graded) == 1
    assert "beslut.csv" not in answer.out
    assert "beslut.csv, rad 2" in command("klass", "--out", "ut", cwd=tmp_path).out


def test_what_the_teacher_should_know_reaches_the_table_and_the_report(
    tmp_path: Path, warm: None
) -> None:
    """Sen enligt Canvas, också när filen är tom; en följeslagare som 00 är inget fel."""
    book, start = as_bytes(page("05")), as_bytes(page("00"))
    hand_in(tmp_path, {
        "k/al_LATE_1_10_05.ipynb": lambda: book, "k/bo_LATE_2_11_05.ipynb": lambda: b"",
        "k/cia_3_12_05.ipynb": lambda: book + b" ", "k/cia_3_13_00_start.ipynb": lambda: start,
    })  # fmt: skip
    arguments = ("k", "--out", "ut", "--limit", LIMIT, "--seed", SEED, "--jobs", 1)
    answer = command(*arguments, cwd=tmp_path)
    rows = table_of(tmp_path / "ut")
    assert [("för sent" in rows[n]["anmärkning"]) for n in ("al", "bo", "cia")] == [1, 1, 0]
    report = (tmp_path / "ut" / "rapport.html").read_text(encoding="utf-8")
    assert '<span class="mark">Filen kom för sent enligt Canvas.</span>' in report
    assert "00_start" not in answer.out and "Filen är tom" in answer.out
    answer = command(*arguments, "--only", "3.1", cwd=tmp_path)
    assert "al_LATE" not in answer.out and "Inga av kursens" not in answer.out


def test_without_a_seed_a_new_one_is_drawn_printed_and_stored(
    no_workshop: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(batch, "grade_submission", quick)
    hand_in(tmp_path, {"klass/a.ipynb": lambda: b""})
    seeds = []
    for out in ("ut", "igen"):
        answer = command("klass", "--out", out, cwd=tmp_path)
        seeds.append(read_results(tmp_path / out)["seed"])
        assert f"fröet {seeds[-1]}." in answer.err and f"Slumpfrö {seeds[-1]}," in answer.out
    assert seeds[0] != seeds[1]
    command("klass", "--out", "ut", "--resume", cwd=tmp_path)
    assert read_results(tmp_path / "ut")["seed"] == seeds[0]


def test_a_junit_file_that_cannot_be_written(
    no_workshop: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(batch, "grade_submission", quick)
    hand_in(tmp_path, {"klass/a.ipynb": lambda: b""})
    answer = command("klass", "--out", "ut", "--junit", "saknas/junit.xml", cwd=tmp_path)
    assert answer.code == 1 and "Det gick inte att skriva saknas/junit.xml" in answer.err
    assert (tmp_path / "ut" / "rapport.html").exists()
