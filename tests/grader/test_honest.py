"""Ärliga inlämningar rättas exakt i varje nivå: poäng och status för varje övning i varje fil."""

from pathlib import Path

import pytest
from everyday import every

from dqn_helpers.autograder import catalogue
from dqn_helpers.autograder.grade import Grading
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.submission.collect import Submission, find_submissions

from . import honest_code, honest_files, honest_unusual  # noqa: F401  (samlingarna fylls i när de läses in)
from .honest import HONEST, UNREADABLE, Expected, Honest

SEED = "ärlig"


def graded(submission: Submission, workshop: Workshop) -> Expected:
    """Övningens nummer → (poäng, status), genom hela rättaren."""
    if submission.problem:
        return UNREADABLE
    grading = Grading(submission, workshop, SEED)
    results = {number: grading.ran(number).result for number in grading.numbers}
    return {number: (result.points or 0.0, result.status) for number, result in results.items()}


@pytest.mark.parametrize("case", every(3, HONEST), ids=lambda case: case.id)
def test_honest_work_gets_exactly_its_points(
    case: Honest, tmp_path: Path, tier_workshop: Workshop
) -> None:
    for name, data in case.build().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    rows = {row.file: graded(row, tier_workshop) for row in find_submissions([tmp_path])}
    assert rows == case.expected


def test_there_are_enough_and_all_different() -> None:
    assert len(HONEST) >= 118
    assert len({case.id for case in HONEST}) == len(HONEST)
    touched = {n for case in HONEST for row in case.expected.values() for n in row}
    assert touched == set(catalogue.EXERCISES)
