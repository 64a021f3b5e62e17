"""Reparationen: den vet raden, säger aldrig svaret, och tiger när den inte är säker."""

import linecache
import textwrap
from collections.abc import Callable, Sequence
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from dqn_helpers.autograder.grade import Ran
from dqn_helpers.autograder.workshop import _trial
from dqn_helpers.exercises import EXERCISES, check
from dqn_helpers.exercises import repair as repair_module
from dqn_helpers.exercises.child import in_child
from dqn_helpers.exercises.judging import BehaviourVerdict, Verdict
from dqn_helpers.exercises.model import KnownMistake, Outcome
from dqn_helpers.exercises.repair import Source, Trial, find, in_words, is_worth_a_search, trials
from dqn_helpers.exercises.running import run_cases

PLENTY = 60.0


def defined(source: str, name: str) -> Any:
    """Funktionen, som om källtexten stod i en cell."""
    filename = f"<ipython-input-{abs(hash(source))}>"
    linecache.cache[filename] = (1, None, source.splitlines(True), filename)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, filename, "exec"), namespace)
    return namespace[name]


def texts(number: str, source: str, only_whole: bool = False) -> list[str]:
    """Det som reparationen säger om koden, på de öppna exemplen."""
    exercise = EXERCISES[number]
    function = defined(source, exercise.name)
    cases, cells = exercise.examples, [Source("cell 1", source)]
    inputs = [case.inputs for case in cases]

    def attempt(only: Sequence[int] | None, places: Sequence[int]) -> Sequence[Trial]:
        names = function.__globals__
        return list(trials(exercise, cells, names, inputs, only, places, PLENTY))

    outcomes = run_cases(exercise.driver, function, inputs, PLENTY)
    return in_words(exercise, find(exercise, cases, outcomes, attempt, only_whole), cells)


RETURN = """
def discounted_return(rewards, discount_factor):
    g = 0.0
    for r in reversed(list(rewards)):
        g = r + discount_factor * {x}
    return g
"""
TARGET = """
def best_of(q):
    return q.{best}

def td_target(r, q, done, g):
    future = g * best_of(q)
    return r + future{mask}
"""


@pytest.mark.parametrize(
    ("number", "source", "line", "code"),
    [
        ("1.1", RETURN.format(x="r"), 5, "r"),
        ("3.1", TARGET.format(best="max(dim=0).values", mask=" * ~done"), 3, "dim=0"),
        ("3.1", TARGET.format(best="min(dim=1).values", mask=" * ~done"), 3, "q.min(dim=1)"),
        (
            "4.1",
            "def linear_epsilon(t, a, b, n):\n    share = max(t / n, 1)\n"
            "    return a + share * (b - a)\n",
            2,
            "max(t / n, 1)",
        ),
    ],
)
def test_the_line_is_named_and_the_answer_is_not(
    number: str, source: str, line: int, code: str
) -> None:
    (text,) = texts(number, source)
    assert f"rad {line} i cell 1, i `{code}`" in text
    assert not {"dim=1", "`max`", "min("} & {part for part in text.split() if part not in code}


def test_a_right_solution_needs_no_repair() -> None:
    assert texts("3.1", TARGET.format(best="max(dim=1).values", mask=" * ~done")) == []


def test_two_mistakes_in_two_parts_get_two_texts() -> None:
    source = textwrap.dedent("""
        def sample(r):
            return [float(x) for x in r]

        def q_learning_update(q, s, a, r, s2, done, alpha, gamma):
            best = 0.0 if done else q[s2].max()
            error = r + gamma * best - q[s, a]
            q[s, a] += gamma * error
            return -error
    """)
    found = texts("1.3", source)
    assert [text[:28] for text in found] == [
        "Ett av felen sitter på rad 8",
        "Ett av felen sitter på rad 9",
    ]


def test_a_part_that_is_right_by_luck_is_no_repair() -> None:
    """Med min i stället för max blir slutet rätt, men början som var rätt blir fel."""
    source = "def linear_epsilon(t, a, b, n):\n    return max(b, a * 0.99 ** t)\n"
    assert texts("4.1", source) == []


def test_a_mistake_is_found_beside_code_that_stops() -> None:
    """Sanningsvärdet av en array stoppar ett fall; i de andra syns det fasta talet."""
    source = (
        "def discounted_return(r, gamma):\n    if not r:\n        return 0\n"
        "    return r[0] + 0.9 * discounted_return(r[1:], gamma)\n"
    )
    (text,) = texts("1.1", source)
    assert "rad 4 i cell 1, i `0.9`: här står ett fast tal" in text


def test_code_that_no_single_change_mends_gets_nothing() -> None:
    assert texts("3.1", "def td_target(r, q, done, g):\n    return r * 0 + 7.25\n") == []


def test_the_smaller_of_two_numbers_has_no_axis() -> None:
    source = "def linear_epsilon(t, a, b, n):\n    t = max(t - 1, 0) + 1\n"
    source += "    return max(b, a - t * (a - b) / n)\n"
    assert "axeln" not in " ".join(texts("4.1", source))


def test_names_are_put_back() -> None:
    source = RETURN.format(x="r")
    function = defined(source, "discounted_return")
    before = dict(function.__globals__)
    cells = [Source("cell 1", source)]
    exercise = EXERCISES["1.1"]
    inputs = [case.inputs for case in exercise.examples]
    assert list(trials(exercise, cells, function.__globals__, inputs, None, [0], PLENTY))
    assert function.__globals__ == before


def test_to_search_takes_half_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Annars är tiden slut när det som hittades ska prövas, och då sägs inget."""
    source = RETURN.format(x="r")
    exercise, function = EXERCISES["1.1"], defined(source, "discounted_return")
    inputs = [case.inputs for case in exercise.examples]

    def tried(only: Sequence[int] | None) -> int:
        clock = SimpleNamespace(process_time=count().__next__)
        monkeypatch.setattr(repair_module, "time", clock)
        cells = [Source("cell 1", source)]
        return len(list(trials(exercise, cells, function.__globals__, inputs, only, [0], 60)))

    assert 0 < tried(None) < tried(range(1000))


# --- i anteckningsboken ---------------------------------------------------------------------------


def test_the_card_says_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair_module, "CHECK_SECONDS", PLENTY)
    source = (
        "import numpy as np\n\ndef bellman_backup(q, p, r, gamma):\n"
        "    best = np.max(q, axis=1)\n    new = (p * (r + gamma * best)).sum(axis=2)\n"
        "    return np.round(new)\n"
    )
    result = check("1.2", defined(source, "bellman_backup"))
    assert not result
    assert "Felet sitter på rad 6 i cellen" in repr(result)


UPDATE = """
def q_learning_update(q, s, a, r, s2, done, alpha, gamma):
    best = 0.0 if done else q[s2].max()
    error = r + gamma * best - q[s, a]
    q[s, a] += 2 * alpha * error
    return error
"""


def test_a_likeness_gets_its_line_too(
    monkeypatch: pytest.MonkeyPatch, grade_cells: Callable[..., Ran]
) -> None:
    monkeypatch.setattr(repair_module, "CHECK_SECONDS", PLENTY)
    for advice in (
        check("1.3", defined(UPDATE, "q_learning_update")).advice,
        grade_cells("1.3", UPDATE).result.texts,
    ):
        likeness, line = advice
        assert likeness.startswith("Det blir som när")
        assert "Felet sitter på rad 5" in line


def test_beside_a_likeness_only_the_whole_fault_is_told() -> None:
    """Två fel kan likna ett annat; raden för ett av dem säger då emot liknelsen."""
    source = UPDATE.replace("return error", "return -error")
    assert len(texts("1.3", source)) == 2
    assert texts("1.3", source, only_whole=True) == []
    assert texts("1.3", UPDATE) == texts("1.3", UPDATE, only_whole=True) != []


TWICE = (
    UPDATE.replace("    best", "    again = best")
    .replace("[s2].max", "[s2].min")
    .replace("2 * alpha * error", "alpha * (r + gamma * (0.0 if done else q[s2].min()) - q[s, a])")
)
"""Samma fel på två ställen: det liknar ett enda, och ingen enda ändring gör allt rätt."""


def test_beside_a_likeness_the_line_of_half_the_fault_is_not_told(
    monkeypatch: pytest.MonkeyPatch, grade_cells: Callable[..., Ran]
) -> None:
    monkeypatch.setattr(repair_module, "CHECK_SECONDS", PLENTY)
    assert len(texts("1.3", TWICE)) == 2
    for advice in (
        check("1.3", defined(TWICE, "q_learning_update")).advice,
        grade_cells("1.3", TWICE).result.texts,
    ):
        (likeness,) = advice
        assert "det minsta värdet" in likeness


def test_with_a_written_mistake_among_the_likenesses_the_line_is_not_searched() -> None:
    """Ordningen mellan namnen spelar ingen roll: `check()` och rättaren frågar samma sak."""
    made = KnownMistake("gjort", "Det blir som …", (), generated=True)
    written = KnownMistake("skrivet", "Du …", ())
    wrong = BehaviourVerdict(EXERCISES["1.1"].behaviours[0], "failed", "fel")
    ran = [Outcome("ok")]
    assert is_worth_a_search(Verdict((wrong,)), ran)
    assert is_worth_a_search(Verdict((wrong,), (made,)), ran)
    assert not is_worth_a_search(Verdict((wrong,), (made, written)), ran)
    assert not is_worth_a_search(Verdict((wrong,), (made,)), [*ran, Outcome("timeout")])


def test_without_its_source_the_code_is_left_alone() -> None:
    namespace: dict[str, Any] = {}
    exec(RETURN.format(x="r"), namespace)
    assert "Felet sitter" not in repr(check("1.1", namespace["discounted_return"]))


def test_a_child_that_hangs_or_dies_says_nothing() -> None:
    def forever() -> None:
        while True:
            pass

    assert in_child(lambda: 7, PLENTY) == 7
    assert in_child(lambda: 1 / 0, PLENTY) is None
    assert in_child(forever, 0.02) is None


def test_where_no_child_can_be_had_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied() -> int:
        raise PermissionError

    monkeypatch.setattr("os.fork", denied)
    assert in_child(lambda: 7, PLENTY) is None
    monkeypatch.delattr("os.fork")
    assert in_child(lambda: 7, PLENTY) is None


def test_another_name_than_the_exercises_is_told() -> None:
    source = RETURN.format(x="g").replace("def discounted_return", "def min_avkastning")
    result = check("1.1", defined(source, "min_avkastning"))
    assert result
    assert "heter `min_avkastning`, och i övningen heter den `discounted_return`" in repr(result)


# --- i rättaren ---------------------------------------------------------------------------------


def test_the_grader_says_the_line_and_gives_no_points_for_it(
    grade_cells: Callable[..., Ran],
) -> None:
    source = TARGET.format(best="max(dim=1).values", mask=" * ~done").replace("g *", "g / 3 *")
    ran = grade_cells("3.1", "import torch", source)
    assert any("rad 6 i cell 2" in text for text in ran.result.texts), ran.result
    assert ran.result.points == 0


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {"number": 1, "rule": "axis", "cell": 0, "place": [1, 2, 3], "outcomes": []},
        {"number": 1, "rule": "axis", "cell": True, "place": [1, 2, 3, 4], "outcomes": []},
        {"number": "1", "rule": "axis", "cell": 0, "place": [1, 2, 3, 4], "outcomes": []},
        {"number": 1, "rule": ["axis"], "cell": 0, "place": [1, 2, 3, 4], "outcomes": []},
    ],
)
def test_what_the_worker_makes_up_is_thrown_away(row: Any) -> None:
    assert _trial(row) is None


def test_a_made_up_place_or_rule_is_not_shown() -> None:
    exercise, cells = EXERCISES["1.1"], [Source("cell 1", "x = 1")]
    made_up = [("axis", 0, 99), ("axis", 7, 1), ("<b>", 0, 1)]
    for rule, cell, line in made_up:
        trial = Trial(0, rule, cell, (line, 0, line, 1), ())
        found = repair_module.Repair(trial, ("sum",), True)
        assert in_words(exercise, [found], cells) == []


def test_the_function_that_check_is_called_with_is_graded(
    grade_cells: Callable[..., Ran],
) -> None:
    source = RETURN.format(x="g").replace("def discounted_return", "def min_avkastning")
    ran = grade_cells("1.1", source, 'check("1.1", min_avkastning)')
    assert ran.result.points == ran.result.max_points
