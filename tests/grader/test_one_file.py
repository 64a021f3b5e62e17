"""En fil åt ett annat program: `--json` och `--markdown`, och slutkoderna."""

import contextlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dqn_helpers.autograder.grade import without_run
from dqn_helpers.autograder.result import ExerciseResult, PartResult, SubmissionResult
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.teacher import grading as command_line
from dqn_helpers.teacher.one_file import exit_code, markdown

from .honest import answered, as_bytes
from .test_command import RIGHT, WITHOUT_MASK, assert_schema

BOOK = "03_traningssteget.ipynb"


def command(*arguments: object) -> tuple[int, str, str]:
    """Slutkoden, stdout och stderr."""
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        code = command_line.main([str(argument) for argument in arguments])
    return code, out.getvalue(), err.getvalue()


def test_the_code_and_the_json_agree(
    tmp_path: Path, borrowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {
        "rätt.ipynb": (0, 2.0, as_bytes(answered("03", td_target=RIGHT))),
        "halvt.ipynb": (3, 1.0, as_bytes(answered("03", td_target=WITHOUT_MASK))),
        "olöst.ipynb": (3, 0.0, as_bytes(answered("03"))),
        "trasig.ipynb": (4, None, b'{"cells": ['),
    }
    for name, (code, points, data) in files.items():
        (tmp_path / name).write_bytes(data)
        got, out, err = command("--json", name, "--only", "3.1", "--seed", "7")
        results = json.loads(out)
        assert_schema(results)
        (row,) = results["submissions"]
        assert (got, row["points"], results["seed"]) == (code, points, 7), (name, err)
    assert sorted(os.listdir(tmp_path)) == sorted(files), "inget annat skrivs"


def test_only_one_notebook_at_a_time(tmp_path: Path) -> None:
    (tmp_path / BOOK).write_bytes(b"{}")
    for paths in ([tmp_path], [tmp_path / BOOK, tmp_path / BOOK]):
        code, out, err = command("--markdown", *paths)
        assert (code, out) == (2, "") and "en enda anteckningsbok" in err


def submission(*exercises: ExerciseResult, file: str = BOOK) -> SubmissionResult:
    return SubmissionResult(file, None, "", "graded", exercises=exercises, isolation="full")


def test_a_broken_grader_is_no_zero_and_has_its_own_code() -> None:
    right = ExerciseResult("3.1", "td_target", 2, 2, "passed")
    written = ExerciseResult("5.4", "reflektion", None, 4, "manual")
    broken = without_run(EXERCISES["3.2"], "internal", "Rättaren gick sönder.")
    assert exit_code(submission(right, written)) == 0
    assert exit_code(submission(right, broken)) == 1
    assert exit_code(submission(written)) == 4
    assert "| 3.2 `chosen_q_values` | Manuell granskning | – av 2 |" in markdown(
        submission(broken), 7
    )


def tagless(text: str) -> Iterator[str]:
    """Raderna utanför `<pre>`: där tolkar GitHub Markdown."""
    inside = False
    for line in text.split("\n"):
        inside = inside or line.startswith("<pre>")
        if not inside:
            yield line
        inside = inside and "</pre>" not in line


def test_nothing_a_student_wrote_is_interpreted() -> None:
    evil = "</pre><img src=x>\n\n# [klicka](http://ond.example) `kod` **fet**"
    part = PartResult("målet", 2, False, evil)
    one = ExerciseResult("3.1", "td_target", 0, 2, "failed", (part,), texts=(evil,))
    text = markdown(submission(one, file="[x](http://ond.example)<b>.ipynb"), 7)
    outside = "\n".join(tagless(text))
    assert "<img" not in text and "klicka" in text
    assert "ond.example)" not in outside and "klicka" not in outside and "<b>" not in outside
