"""Det som kan ha kostat poäng utan att lösningen är fel pekas ut för läraren, med skälet."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dqn_helpers.autograder.result import SubmissionResult
from dqn_helpers.exercises.running import missing_import
from dqn_helpers.submission.collect import find_submissions
from dqn_helpers.submission.written import reflection_of
from dqn_helpers.teacher.report import statistics
from dqn_helpers.teacher.report.statistics import needing_attention

from .report_samples import by_teacher, exercise, results, submission

NEAR = "Funktionen `td_target` finns inte i inlämningen. Menade du `td_targets`? Byt namn på den."


def reasons(*rows: SubmissionResult) -> list[str]:
    return [item.reason for item in needing_attention(results(*rows).submissions)]


def test_an_untouched_template() -> None:
    unsolved = [exercise(n, *[False] * 20, status="unsolved") for n in ("5.1", "5.2")]
    (reason,) = reasons(submission("a", *unsolved, by_teacher(None)))
    assert "den utdelade boken" in reason
    assert not reasons(submission("a", unsolved[0], exercise("5.2")))


def test_a_name_that_nearly_matches() -> None:
    missing = exercise("3.1", *[False] * 20, status="missing", texts=(NEAR,))
    assert reasons(submission("a", missing, exercise("3.2"))) == [f"3.1: {NEAR}"]
    assert not reasons(submission("a", replace(missing, texts=("Finns inte.",)), exercise("3.2")))


def test_a_module_that_is_not_there_and_may_have_cost_points() -> None:
    try:
        import finns_inte_alls  # noqa: F401
    except ImportError as error:
        note = f"cell 3, rad 1: {missing_import(error)}"
    failed = exercise("5.3", False, status="error")
    assert reasons(submission("a", failed, notes=(note,))) == [note]
    assert not reasons(submission("a", exercise("5.3"), notes=(note,)))


def test_a_replaced_file_needs_no_eye() -> None:
    missing = exercise("3.1", *[False] * 20, status="missing", texts=(NEAR,))
    assert not reasons(submission("a", missing, exercise("3.2"), replaced_by="b"))


def test_a_thousand_equal_files_are_named_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Många lämnar in den utdelade boken orörd: rapporten får inte kosta kvadraten på antalet."""
    asked: list[str] = []

    def name(one: SubmissionResult) -> str:
        asked.append(one.file)
        return one.file

    monkeypatch.setattr(statistics, "file_name", name)
    same = [replace(submission(f"{n}", exercise("3.1")), sha256="a") for n in range(1_000)]
    found = reasons(*same)
    assert found[0] == "Filen har samma innehåll, byte för byte, som 1, 2, 3 och 996 till."
    assert found[2] == "Filen har samma innehåll, byte för byte, som 0, 1, 3 och 996 till."
    assert found[999] == "Filen har samma innehåll, byte för byte, som 0, 1, 2 och 996 till."
    assert len(asked) == 4 * len(same)
    assert reasons(*same[:3])[1] == "Filen har samma innehåll, byte för byte, som 0 och 2."


def test_an_answer_in_a_text_cell_and_two_cells_with_the_same_id(tmp_path: Path) -> None:
    """Mallen först och svaret i en kopia av cellen: svaret läses, och läraren får veta det."""
    question = "### Ditt svar"
    cells = [
        {"cell_type": "raw", "metadata": {}, "source": "def double_dqn_target():\n    return 1"},
        {"cell_type": "markdown", "id": "ovning-5-4", "metadata": {}, "source": question},
        {"cell_type": "markdown", "id": "ovning-5-4", "metadata": {}, "source": "Mitt svar."},
    ]
    path = tmp_path / "05_double_dqn.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    (row,) = find_submissions([path])
    assert "Mitt svar." in reflection_of(row)
    told = reasons(submission("a", exercise("5.1"), message=row.note))
    assert told == [
        "Cell 1 är ingen kodcell men innehåller `def double_dqn_target`.",
        "2 celler har samma id, `ovning-5-4`.",
    ]
