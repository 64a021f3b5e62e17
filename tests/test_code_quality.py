"""Ruff och mypy över all kod i projektet, anteckningsböckerna också."""

import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--output-format=concise", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
    ],
    ids=["ruff check", "ruff format", "mypy"],
)
def test_code_is_clean(command):
    answer = subprocess.run(
        [sys.executable, "-m", *command], cwd=REPO, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_ruff_sees_the_notebooks_and_the_script():
    command = [sys.executable, "-m", "ruff", "check", "--show-files", "."]
    shown = subprocess.run(command, cwd=REPO, capture_output=True, text=True).stdout.split("\n")
    seen = {Path(line).resolve() for line in shown if line}
    folders = ("dqn_helpers", "tests", "solutions", "notebooks")
    expected = {path for name in folders for end in ("py", "ipynb")
                for path in (REPO / name).rglob(f"*.{end}")
                if not any(part.startswith(".") for part in path.parts)}  # fmt: skip
    assert {REPO / "kurs.py"} | expected <= seen
