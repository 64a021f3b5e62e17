"""Argument som aldrig läses: sägs bara när det är sant om just den koden."""

import linecache
from collections.abc import Callable
from typing import Any

import pytest

from dqn_helpers.autograder.grade import Ran
from dqn_helpers.autograder.workshop import _unused
from dqn_helpers.exercises import EXERCISES, check
from dqn_helpers.exercises.repair import Source
from dqn_helpers.exercises.unused import Unused, unused_arguments, unused_in_words

HEAD = "def linear_epsilon(t, a, b, n):\n"


def found(body: str, number: str = "4.1") -> list[Unused]:
    return unused_arguments(EXERCISES[number], [Source("cell 1", HEAD + body)])


@pytest.mark.parametrize(
    ("body", "unused"),
    [
        ("    return a + min(t / 1000, 1) * (b - a)\n", [("n", 0, 0)]),
        ("    n = 1000\n    return a + min(t / n, 1) * (b - a)\n", [("n", 0, 2)]),
        ("    return (lambda: a + b + t + n)()\n", []),
        ("    n += 1\n    return a + b + t\n", []),
        ("    if n < 1:\n        n = 1\n    return a + b + t + n\n", []),
        ("    n = n or 7\n    return a + b + t + n\n", []),
        ("    return 0.5\n", [("t", 0, 0), ("a", 0, 0), ("b", 0, 0), ("n", 0, 0)]),
    ],
)
def test_only_what_is_never_read_is_found(body: str, unused: list[tuple[str, int, int]]) -> None:
    assert found(body) == unused


@pytest.mark.parametrize(
    "source",
    ["def linear_epsilon(*all):\n    return 1\n", "linear_epsilon = print\n", "class A: 0"],
)
def test_what_can_not_be_known_is_not_said(source: str) -> None:
    assert unused_arguments(EXERCISES["4.1"], [Source("cell 1", source)]) == []


def test_what_another_process_makes_up_is_not_shown() -> None:
    cells = [Source("cell 1", "x = 1")]
    made_up = [("<b>", 0, 1), ("x" * 100, 0, 1), ("x", 1, 1), ("x", -1, 0)]
    assert unused_in_words([Unused(*one) for one in made_up], cells) == []
    rows: list[Any] = [None, "x", ["x", 0], ["x", True, 0], [1, 0, 0], {"x": 1}]
    assert [_unused(row) for row in rows] == [None] * len(rows)
    assert _unused(["x", 0, 1]) == Unused("x", 0, 1)


GREEDY = """
def epsilon_greedy(values, epsilon, rng):
    epsilon = 0.3
    return rng.integers(len(values)) if rng.random() < epsilon else values.argmax()
"""


def test_the_card_says_it() -> None:
    linecache.cache["<ipython-input-unused>"] = (1, None, GREEDY.splitlines(True), "")
    namespace: dict[str, Any] = {}
    exec(compile(GREEDY, "<ipython-input-unused>", "exec"), namespace)
    assert "får `epsilon` ett fast värde" in repr(check("1.4", namespace["epsilon_greedy"]))


def test_the_grader_says_it(grade_cells: Callable[..., Ran]) -> None:
    texts = " ".join(grade_cells("1.4", GREEDY).result.texts)
    assert "På rad 3 i cell 1 får `epsilon` ett fast värde" in texts
