"""Rättaren i Gradescope: zip-filen, dess skript i ett rent filträd, och results.json.

Formatet är det som Gradescope beskriver på sidan *Autograder Specifications*.
"""

import contextlib
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.autograder import processes
from dqn_helpers.autograder.grade import Grading, without_run
from dqn_helpers.autograder.processes import STUDENT
from dqn_helpers.autograder.result import ClassResult, ExerciseResult, PartResult, SubmissionResult
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.collect import Submission
from dqn_helpers.teacher.gradescope import BrokenError, results_json, seed_of
from dqn_helpers.teacher.release import main

from .honest import answered, as_bytes

ROOT = Path(__file__).resolve().parents[2]
IS_ROOT = os.geteuid() == 0 if hasattr(os, "geteuid") else False
VISIBILITIES = ("hidden", "after_due_date", "after_published", "visible")
FORMATS = ("text", "html", "simple_format", "md", "ansi")


def assert_contract(results: dict[str, Any]) -> None:
    """Det som Gradescope läser, med de värden som får stå där."""
    assert isinstance(results["execution_time"], int) and isinstance(results["output"], str)
    keys = ("output_format", "test_output_format", "test_name_format")
    assert all(results[key] in FORMATS for key in keys)
    assert all(results[key] in VISIBILITIES for key in ("visibility", "stdout_visibility"))
    assert results["tests"]
    for test in results["tests"]:
        assert 0 <= test["score"] <= test["max_score"]
        assert test["status"] in ("passed", "failed") and test["visibility"] in VISIBILITIES
        assert all(isinstance(test[key], str) for key in ("name", "number", "output"))


# --- results.json --------------------------------------------------------------------------------


def graded(*exercises: ExerciseResult, file: str = "05.ipynb") -> SubmissionResult:
    return SubmissionResult(file, None, "", "graded", exercises=exercises, isolation="strong")


RIGHT = ExerciseResult("5.1", "double_dqn_target", 4, 4, "passed")
HALF = ExerciseResult("5.1", "double_dqn_target", 2.5, 4, "partial",
                      (PartResult("masken", 1.5, False, "Du fick 2, men 3 är rätt."),),
                      texts=("Masken saknas.",))  # fmt: skip
WRITTEN = ExerciseResult("5.4", "reflektion", None, 4, "manual")


def test_the_students_texts_are_swedish_and_the_seed_is_the_teachers() -> None:
    results = results_json(ClassResult(7, "strong", (graded(HALF, WRITTEN),)), "05")
    assert_contract(results)
    (test,) = results["tests"]
    assert (test["score"], test["max_score"], test["status"]) == (2.5, 4, "failed")
    assert "Masken saknas." in test["output"] and "Du fick 2, men 3 är rätt." in test["output"]
    assert "5.4 bedöms av läraren och kan ge 4 poäng till." in results["output"]
    assert "Koden kördes i stark inhägnad." in results["output"]
    assert results["stdout_visibility"] == "hidden"


def test_the_best_file_counts_and_is_named() -> None:
    both = (graded(HALF, file="a.ipynb"), graded(RIGHT, file="b.ipynb"))
    results = results_json(ClassResult(7, "full", both), "05")
    assert [test["score"] for test in results["tests"]] == [4]
    assert "b.ipynb" in results["output"]


@pytest.mark.parametrize(
    "rows", [(), (SubmissionResult("x.ipynb", None, "", "unreadable", "Tom."),)]
)
def test_nothing_to_grade_is_explained_and_worth_zero(rows: tuple[SubmissionResult, ...]) -> None:
    results = results_json(ClassResult(7, "basic", rows), "05")
    assert_contract(results)
    assert [test["number"] for test in results["tests"]] == ["5.1", "5.2", "5.3"]
    assert sum(test["score"] for test in results["tests"]) == 0
    assert "har övningarna i bok 05" in results["output"]
    assert all(f"{row.file}: {row.message}" in results["output"] for row in rows)


def test_a_broken_grader_gives_no_result_instead_of_zero() -> None:
    broken = without_run(EXERCISES["5.2"], "internal", "Rättaren gick sönder.")
    with pytest.raises(BrokenError):
        results_json(ClassResult(7, "full", (graded(RIGHT, broken),)), "05")


def test_a_new_attempt_has_new_cases_and_a_regrade_the_same() -> None:
    assert seed_of("a", {"id": 1}) == seed_of("a", {"id": 1}) >= 0
    assert len({seed_of("a", {"id": 1}), seed_of("a", {"id": 2}), seed_of("b", {"id": 1})}) == 3


def test_an_unknown_book_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--gradescope", str(tmp_path / "ut.zip"), "--book", "07"]) == 1
    assert "boken finns inte" in capsys.readouterr().err


# --- skripten, i ett rent filträd ----------------------------------------------------------------

NOSY = """\
def discounted_return(rewards, discount_factor):
    import os
    raise RuntimeError(f"uid {os.getuid()}")
"""


@pytest.fixture(scope="module")
def python() -> Iterator[str]:
    """En Python med kursens paket som också `nobody` kan köra; tom om det inte går att få.

    Ligger den vanliga i en stängd hemkatalog duger systemets, om den är av samma version.
    """
    name = f"python3.{sys.version_info.minor}"
    folder = Path(tempfile.mkdtemp(prefix="gradescope-"))
    folder.chmod(0o755)
    packages = folder / "lib" / name / "site-packages"
    for place in (packages, folder / "bin"):
        place.mkdir(parents=True)
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "kurs.pth").write_text("\n".join(ours))
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (folder / "bin" / "python").symlink_to(Path("/usr/bin", name))
    yield next(filter(nobody_can_run, [sys.executable, str(folder / "bin" / "python")]), "")
    shutil.rmtree(folder)


def nobody_can_run(program: str) -> bool:
    command = [program, "-c", "import dqn_helpers"]
    if not IS_ROOT:
        return False
    with contextlib.suppress(OSError):
        ran = subprocess.run(
            command, user="nobody", cwd="/", env={"PYTHONPATH": str(ROOT)}, capture_output=True
        )
        return ran.returncode == 0
    return False


@pytest.fixture
def autograder() -> Iterator[Path]:
    """Mappen `/autograder` som Gradescope gör den, fast någon annanstans."""
    root = Path(tempfile.mkdtemp(prefix="gradescope-"))  # inte tmp_path: den är stängd för andra
    assert main(["--gradescope", str(root / "a.zip"), "--book", "01a"]) == 0
    with zipfile.ZipFile(root / "a.zip") as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        archive.extractall(root / "source")
    assert modes["setup.sh"] & 0o111 and modes["run_autograder"] & 0o111
    shutil.copy(root / "source" / "run_autograder", root)
    (root / "submission").mkdir()
    (root / "results").mkdir()
    yield root
    shutil.rmtree(root)


def run(
    script: Path, root: Path, python: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Kör skriptet som Gradescope gör, med en Python som redan har kursens paket."""
    variables |= {"KURS_PYTHON": python, "AUTOGRADER_ROOT": str(root), "PATH": os.environ["PATH"]}
    return subprocess.run(["bash", script], cwd=root, env=variables, capture_output=True, text=True)


@pytest.mark.lang
@pytest.mark.skipif(sys.platform != "linux", reason="Gradescope är Linux")
def test_the_scripts_grade_a_submission(autograder: Path, python: str) -> None:
    root, user = autograder, "nobody" if python else ""
    python = python or sys.executable
    ready = run(root / "source" / "setup.sh", root, python)
    assert ready.returncode == 0, ready.stderr
    (root / "submission" / "min bok.ipynb").write_bytes(
        as_bytes(answered("01a", discounted_return=NOSY))
    )
    (root / "submission_metadata.json").write_text(json.dumps({"id": 17, "users": []}))
    ran = run(root / "run_autograder", root, python, **{STUDENT: user})
    assert ran.returncode == 0, ran.stderr
    results = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    assert_contract(results)
    assert [test["number"] for test in results["tests"]] == ["1.1", "1.2"]
    assert results["extra_data"]["user"] == (user or None)
    uid = pwd.getpwnam(user).pw_uid if user else os.getuid()
    assert f"uid {uid}" in results["tests"][0]["output"]
    assert str(seed_in(ran.stdout)) not in json.dumps(results), "fröet är lärarens"
    if IS_ROOT:
        closed = ("source/kurs/solutions", "results", "submission", "source/installningar.json")
        assert not [name for name in closed if (root / name).stat().st_mode & 0o077]


def seed_in(text: str) -> int:
    """Fröet i det som bara läraren ser."""
    return int(text.partition("fröet ")[2].partition(".")[0])


@pytest.mark.lang
def test_even_in_the_weakest_tier_the_students_code_reaches_nothing_of_the_teachers(
    python: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """I `basic` stoppar inhägnaden inga filer: då är det användaren som gör det."""
    if not python:
        pytest.skip("kräver root, och en Python som andra användare kan köra")
    monkeypatch.setattr(processes, "PROGRAM", [python, *processes.PROGRAM[1:]])
    monkeypatch.setenv(STUDENT, "nobody")
    secret = tmp_path / "facit.txt"
    secret.write_text("hemligt")
    code = f"def discounted_return(rewards, gamma):\n    return open({str(secret)!r}).read()"
    cells = (CellSource("cell 1", code),)
    with Workshop(tier="basic") as workshop:
        grading = Grading(Submission("x.ipynb", None, "", "01a", cells), workshop, seed=1)
        result = grading.ran("1.1").result
    assert "PermissionError" in " ".join(part.message for part in result.parts)
