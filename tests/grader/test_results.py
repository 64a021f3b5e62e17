"""Övningens status: löst, delvis, olöst, saknas, syntaxfel; och inga följdfel."""

from collections.abc import Callable

import pytest

from dqn_helpers.autograder import catalogue
from dqn_helpers.autograder.arguments import MAX_MESSAGE
from dqn_helpers.autograder.grade import (
    MAX_SHOWN,
    Grading,
    Ran,
    _shown_source,
)
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.submission import extract as extract_module
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.collect import find_submissions
from dqn_helpers.submission.extract import MAX_COMPARED, nearest

GradeCells = Callable[..., Ran]


RIGHT = "def td_target(r, q, d, g):\n    return r + g * q.max(1).values * ~d"
GIVEN_IN_SECRET = "globals()['td_target'] = mål"


@pytest.mark.parametrize(
    ("status", "points", "cells"),
    [
        ("passed", 2, [RIGHT]),
        ("passed", 2, ["def td_target(): pass", "x = 1 +", RIGHT]),
        ("passed", 2, ["f = lambda r, q, d, g: r + g * q.max(1).values * ~d", "td_target = f"]),
        ("passed", 2, ["import math\ninput()\n1 / 0", RIGHT]),
        ("passed", 2, ["obs = env.reset()\nexperience = (obs, 1)\nimport finns_inte", RIGHT]),
        ("partial", 1, [RIGHT.replace(" * ~d", "")]),
        ("failed", 0, [RIGHT.replace("~d", "d")]),
        ("unsolved", 0, ["def td_target(r, q, d, g):\n    raise NotImplementedError()"]),
        ("unsolved", 0, ["def td_target(r, q, d, g):\n    '''Mål.'''"]),
        ("missing", 0, ["def td_tarjet(r, q, d, g):\n    return r"]),
        ("missing", 0, ["from dqn_helpers import td_target"]),
        # Namnet syns inte som en definition: då körs alla celler, också de i fel ordning.
        ("passed", 2, ["await x()", RIGHT.replace("td_target", "mål"), GIVEN_IN_SECRET]),
        ("passed", 2, [GIVEN_IN_SECRET, "1 / 0", RIGHT.replace("td_target", "mål")]),
        ("missing", 0, ["def td_tarjet(r, q, d, g):\n    return r", "def chosen_q_values(q:"]),
        ("syntax_error", 0, ["def td_target(r, q:"]),
        ("error", 0, ["def td_target(r, q, d, g):\n    return rr"]),
        ("error", 0, ["def td_target(r, q):\n    return r"]),
    ],
)
def test_status(grade_cells: GradeCells, status: str, points: float, cells: list[str]) -> None:
    result = grade_cells("3.1", *cells).result
    assert (result.status, result.points) == (status, points)
    assert len(result.parts) == 2


def test_feedback_names_the_mistake_and_the_line(grade_cells: GradeCells) -> None:
    inverted = grade_cells("3.1", RIGHT.replace("~d", "d")).result
    assert inverted.misconception == "mask_inverted"
    assert "bakvänd" in inverted.texts[0]
    crash = grade_cells("3.1", "import torch", "def td_target(r, q, d, g):\n    return rr").result
    assert "Rad 2 i cell 2, `return rr`" in crash.parts[0].message
    missing = grade_cells("3.1", "def td_tarjet(r, q, d, g):\n    return r").result
    assert "td_tarjet" in missing.texts[0]


STEP = """
def dqn_training_step(model, optimizer, criterion, replay_buffer, batch_size, discount_factor):
    s, a, r, s2, done, _ = dqn_helpers.sample_experiences(replay_buffer, batch_size)
    target = td_target(r, model(s2), done, discount_factor).detach()
    loss = criterion(model(s).gather(1, a[:, None])[:, 0], target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
"""


def test_no_follow_on_errors(grade_cells: GradeCells) -> None:
    wrong = RIGHT.replace(" * ~d", "")
    assert grade_cells("3.3", "import dqn_helpers", wrong, STEP).result.status == "passed"
    unsolved = "def td_target(r, q, d, g):\n    raise NotImplementedError()"
    assert grade_cells("3.3", "import dqn_helpers", unsolved, STEP).result.status == "passed"


def test_student_notebooks_are_unsolved_not_wrong(workshop: Workshop) -> None:
    for submission in find_submissions([catalogue.NOTEBOOKS]):
        grading = Grading(submission, workshop, seed=0)
        for number in grading.numbers:
            assert grading.ran(number).result.status == "unsolved", number


def test_the_code_kept_for_the_pages_is_bounded() -> None:
    small, huge = CellSource("cell 1", "x = 1"), CellSource("cell 2", "y" * 10**6)
    assert _shown_source([small]) == (("cell 1", "x = 1"),)
    assert sum(len(text) for _, text in _shown_source([small, huge, huge])) == MAX_SHOWN


FORGED = """
import json, os
class ReplayBuffer:
    def __init__(self, n):
        value = {"__array__": ["bool", [6] * 7 + [5], "A" * (6**7 * 5 * 4 // 3)]}
        answer = json.dumps({"status": "ok", "observed": {"shared": False, "odd": value}})
        data = len(answer).to_bytes(8, "big") + answer.encode()
        while data:
            data = data[os.write(3, data):]
        os._exit(0)
"""
LONG = "def td_target(*a):\n    raise ValueError('x' * 10**6)"
LARGE = "import torch\ndef td_target(*a):\n    return torch.zeros(2000, 2000)"
NESTED = "def td_target(*a):\n    return [[[['x' * 1000] * 9] * 9] * 9] * 9"


@pytest.mark.parametrize(
    ("number", "code"), [("2.1", FORGED), ("3.1", LONG), ("3.1", LARGE), ("3.1", NESTED)]
)
def test_the_text_of_an_exercise_is_bounded(
    grade_cells: GradeCells, number: str, code: str
) -> None:
    result = grade_cells(number, code).result
    assert result.points == 0
    for part in result.parts:
        assert 20 < len(part.message) <= MAX_MESSAGE


def test_a_large_answer_is_named_by_its_shape(grade_cells: GradeCells) -> None:
    assert "formen (2000, 2000), men ska vara" in grade_cells("3.1", LARGE).result.parts[0].message
    assert "för stort för att rättas" in grade_cells("3.1", NESTED).result.parts[0].message


def test_a_missing_name_is_not_compared_with_twenty_thousand_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[int] = []
    matches = extract_module.difflib.get_close_matches

    def counted(name: str, others: list[str], n: int) -> list[str]:
        compared.append(len(others))
        return matches(name, others, n)

    monkeypatch.setattr(extract_module.difflib, "get_close_matches", counted)
    names = frozenset({"td_tarjet", *(f"td_target_{i:05}_{'x' * 40}" for i in range(20_000))})
    assert nearest("td_target", names) == "td_tarjet"
    assert compared == [MAX_COMPARED]
