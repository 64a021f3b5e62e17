"""Rättningen: ett test per beteende i varje övning."""

from collections.abc import Callable

import pytest

from dqn_helpers.autograder.result import ExerciseResult


def test_behaviour(
    submission: int,
    number: str,
    behaviour: int,
    grade_exercise: Callable[[int, str], ExerciseResult],
) -> None:
    result = grade_exercise(submission, number)
    part = result.parts[behaviour]
    if not part.passed:
        text = "\n".join(filter(None, (*result.texts, part.whole_message())))
        pytest.fail(text or "Inte löst än.", pytrace=False)
