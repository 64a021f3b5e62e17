"""Beviset att rättningen håller: varje misstag fälls och får sitt namn, allt rätt godkänns."""

import importlib
import json
import random
import re
from pathlib import Path

import pytest
from everyday import quick

from dqn_helpers.autograder import catalogue
from dqn_helpers.autograder.catalogue import accepted, content, misconceptions, reference
from dqn_helpers.autograder.error_model import another_processor
from dqn_helpers.exercises import EXERCISES, check
from dqn_helpers.exercises.judging import Verdict, judge
from dqn_helpers.exercises.model import Outcome
from dqn_helpers.exercises.registry import TABLE, known_mistakes
from dqn_helpers.exercises.running import run_cases
from dqn_helpers.teacher.grading import WRONG_USAGE, main

NUMBERS = list(EXERCISES)
content("01", "hidden")  # gör paketet `grading` känt
make_table = importlib.import_module("grading.make_table")
SECONDS = 60

each_exercise = pytest.mark.parametrize("number", NUMBERS)
each_style = pytest.mark.parametrize(
    ("number", "solution"),
    [pytest.param(n, s, id=f"{n}-{s.__name__}") for n in NUMBERS for s in accepted(n)],
)


def names_allowed(number: str, identifier: str) -> set[str]:
    """Misstagets eget namn och dess dokumenterade likvärdiga."""
    allowed = {identifier}
    for m in misconceptions(number):
        if m.id == identifier:
            allowed |= set(m.equivalent_to)
        elif identifier in m.equivalent_to:
            allowed.add(m.id)
    return allowed


def assert_named(number: str, identifier: str, verdict: Verdict) -> None:
    assert not verdict.passed, f"{identifier} får full poäng"
    assert verdict.mistakes, f"{identifier} känns inte igen"
    assert verdict.mistakes[0].id in names_allowed(number, identifier)


@each_exercise
def test_points_and_hints(number: str) -> None:
    exercise = EXERCISES[number]
    assert all(2 * b.points == int(2 * b.points) > 0 for b in exercise.behaviours)
    assert all(len(hint) > 40 for hint in exercise.hints)
    covered = {b for case in exercise.examples for b in case.behaviours}
    assert covered == {b.id for b in exercise.behaviours}


@each_exercise
def test_examples_are_right(number: str) -> None:
    exercise = EXERCISES[number]
    outcomes = run_cases(
        exercise.driver, reference(number), [c.inputs for c in exercise.examples], SECONDS
    )
    verdict = judge(exercise, exercise.examples, outcomes)
    assert verdict.passed, [b.message for b in verdict.behaviours]


@each_exercise
def test_catalogue_is_big_enough(number: str) -> None:
    mistakes = misconceptions(number)
    assert len(mistakes) >= 5
    assert len({m.id for m in mistakes}) == len(mistakes)
    assert all(len(m.text) >= 60 for m in mistakes), "texten ska säga vad, varför och var"
    unrelated = [m.text for m in mistakes if not m.equivalent_to]
    assert len(set(unrelated)) == len(unrelated)


@pytest.mark.parametrize("number", quick(NUMBERS))
def test_check_names_every_misconception(number: str) -> None:
    exercise = EXERCISES[number]
    inputs = [case.inputs for case in exercise.examples]
    for m in misconceptions(number):
        with another_processor():
            outcomes = run_cases(exercise.driver, m.implementation, inputs, SECONDS, seed=7)
        verdict = judge(exercise, exercise.examples, outcomes, known_mistakes(number))
        assert_named(number, m.id, verdict)


@each_style
def test_check_accepts_every_style(number: str, solution: object) -> None:
    result = check(number, solution)
    assert result, repr(result)


@each_exercise
def test_stub_is_unsolved(number: str) -> None:
    def stub(*arguments: object, **named: object) -> None:
        raise NotImplementedError(f"Övning {number} är inte löst än.")

    result = check(number, stub)
    assert not result
    assert {b.mark for b in result.behaviours} == {"unsolved"}
    assert "fel" not in repr(result)


def test_table_is_fresh_on_every_processor() -> None:
    make_table.table.cache_clear()
    with another_processor():
        assert make_table.table() != json.loads(TABLE.read_text(encoding="utf-8")), "avrundas lika"
    assert make_table.main(["--check"]) == 0, "kör python solutions/grading/make_table.py"


def test_table_holds_no_code() -> None:
    for rows in make_table.table().values():
        for row in rows:
            assert set(row) - {"alone", "generated"} == {"id", "text", "outcomes"}
            keys = {key for outcome in row["outcomes"] for key in outcome}
            assert keys <= {"status", "observed", "signature"}


def test_a_text_that_says_the_rest_is_right_is_marked() -> None:
    says = re.compile("stämmer, men|Svaret är rätt|stämmer utom")
    for number in NUMBERS:
        for m in misconceptions(number):
            assert m.alone == bool(says.search(m.text)), m.id


def test_random_answers_are_never_named_wrongly() -> None:
    """Ett svar som inget misstag ger får inget namn."""
    exercise = EXERCISES["3.1"]
    outcomes = [
        Outcome("ok", {"target": [random.random() for _ in range(3)], "changed": ""})
        for _ in exercise.examples
    ]
    assert not judge(exercise, exercise.examples, outcomes, known_mistakes("3.1")).mistakes


def test_without_the_content_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Den som kör rättaren ur en mapp utan `solutions/grading` får inte en tom rättning."""
    monkeypatch.setattr(catalogue, "CONTENT", tmp_path / "grading")
    assert main([str(catalogue.NOTEBOOKS), "--out", str(tmp_path / "ut")]) == WRONG_USAGE
    assert "lärarens version av kursen" in capsys.readouterr().err
    assert not (tmp_path / "ut").exists()


def test_two_mistakes_that_give_the_same_answers_are_pointed_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Den som lägger till ett misstag som redan finns får veta det när tabellen görs."""
    assert all(make_table.twins(number) == [] for number in NUMBERS)
    rows = make_table.table()["3.1"]
    doubled = {**make_table.table(), "3.1": [*rows, {**rows[0], "id": rows[1]["id"]}]}
    monkeypatch.setattr(make_table, "table", lambda: doubled)
    (problem,) = make_table.twins("3.1")
    assert rows[0]["id"] in problem and rows[1]["id"] in problem
