"""Felmodellen: den känner igen fel som ingen har skrivit, är sann och rymmer inget facit."""

import re
from collections import Counter

import numpy as np
import pytest

from dqn_helpers.autograder import error_model
from dqn_helpers.autograder.catalogue import accepted
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.judging import judge
from dqn_helpers.exercises.model import KnownMistake, Outcome
from dqn_helpers.exercises.recognising import NOT_ALL
from dqn_helpers.exercises.registry import TABLE, known_mistakes
from dqn_helpers.exercises.rewrites import CALLED_STEPS
from dqn_helpers.exercises.running import run_cases

NUMBERS = list(EXERCISES)
each_exercise = pytest.mark.parametrize("number", NUMBERS)


def generated(number: str) -> list[KnownMistake]:
    return [one for one in known_mistakes(number) if one.generated]


@each_exercise
def test_every_program_is_wrong_and_says_something_of_its_own(number: str) -> None:
    exercise, found = EXERCISES[number], generated(number)
    assert found
    for one in found:
        assert not judge(exercise, exercise.examples, one.outcomes).passed, one.id
    assert max(Counter(one.id.split(".")[0] for one in found).values()) <= (
        error_model.MOST_OF_A_RULE
    )


@each_exercise
def test_texts_hold_the_exercises_own_words_and_no_code(number: str) -> None:
    roles = {"obs", "next_obs", "state", "action", "reward", "next_state", "terminated"}
    known = {*EXERCISES[number].arguments, *roles, "truncated", "info", *CALLED_STEPS}
    known |= {"return", "=", "abs", "no_grad", "detach", "reset", "seed", "replace", "max"}
    for one in generated(number):
        words = set(re.findall("`([^`]+)`", one.text))
        assert words <= known or "keyword" in one.id, (one.id, words - known)
        assert one.text.endswith("."), one.text


def test_the_table_is_small_enough_for_a_student() -> None:
    assert TABLE.stat().st_size <= 2**20


@each_exercise
def test_some_styles_are_held_out(number: str) -> None:
    model, held_out = error_model.styles(number), error_model.styles(number, held_out=True)
    assert len(model) + len(held_out) == len(accepted(number))
    assert not {place for place, _ in model} & {place for place, _ in held_out}


def lucky(reward, next_q_values, terminated, discount_factor):
    luck = np.random.default_rng().random()
    return luck + reward + discount_factor * next_q_values.max(dim=1).values


def steady(reward, next_q_values, terminated, discount_factor):
    return reward + discount_factor * next_q_values.max(dim=1).values


def test_a_program_with_luck_of_its_own_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {}
    for style in (lucky, steady):
        monkeypatch.setattr(error_model, "styles", lambda *_, one=style: [(0, one)])
        chosen[style.__name__] = error_model.select("3.1", [])
    assert len(chosen["steady"]) > 10
    # Bara de som slipper turen är kvar: sådana som returnerar ett argument, eller tar bort den.
    assert {id.split(".")[0] for id in chosen["lucky"]} <= {"returns_other", "part_missing"}


def test_a_mistake_that_no_one_has_written_gets_a_name() -> None:
    """Varken stilen eller felet finns i katalogen."""

    def discounted_return(rewards, discount_factor):
        total = 0.0
        for t in range(len(rewards)):
            total = discount_factor**t * rewards[t]
        return total

    exercise, drawn = EXERCISES["1.1"], error_model.scenario("1.1", 5)
    outcomes = run_cases(exercise.driver, discounted_return, drawn.inputs(), 60)
    (mistake,) = judge(exercise, drawn.cases, outcomes, drawn.mistakes).mistakes
    assert mistake.id.startswith("overwrites")


def named(target: list, *mistakes: tuple[str, list, bool]) -> list[KnownMistake]:
    """De som känns igen i svar på 3.1:s två exempel; sant: gjort och inte skrivet."""
    exercise = EXERCISES["3.1"]
    known = [KnownMistake(n, n, _answers(rows), generated=made) for n, rows, made in mistakes]
    return list(judge(exercise, exercise.examples, _answers(target), known).mistakes)


def _answers(rows: list) -> list[Outcome]:
    return [Outcome("ok", {"target": np.array(row), "changed": ""}) for row in rows]


RIGHT = [[4.0, 0.5, 0.0], [1.0, 2.5, -1.0]]
WRONG = [[9, 9, 9], [8, 7, 6]]


def test_the_written_goes_before_the_made_that_gives_the_same() -> None:
    assert [m.id for m in named(WRONG, ("m", WRONG, True), ("h", WRONG, False))] == ["h"]


def test_the_made_that_explains_everything_goes_before_the_written_that_does_not() -> None:
    some = [[9, 9, 9], RIGHT[1]]
    assert [m.id for m in named(WRONG, ("h", some, False), ("m", WRONG, True))] == ["m"]


def test_of_two_made_that_give_the_same_the_simplest_is_said() -> None:
    assert [m.id for m in named(WRONG, ("a", WRONG, True), ("b", WRONG, True))] == ["a"]


def test_a_made_one_that_explains_only_a_part_is_not_named() -> None:
    """Med ett skrivet misstag räcker det att ett helt beteende är förklarat."""
    some = [[9, 9, 9], [8, 2.5, -1]]
    assert named([[9, 9, 9], [8, 7, -1]], ("m", some, True)) == []
    assert [m.id for m in named([[9, 9, 9], [8, 7, -1]], ("h", some, False))] == ["h"]


@pytest.mark.parametrize("made", [True, False])
def test_a_row_that_is_right_denies_what_would_have_made_it_wrong(made: bool) -> None:
    """Ett misstag i alla rader är inte felet hos den som har en av dem rätt."""
    assert named([[9, 9, 9], [8, 7, -1.0]], ("m", WRONG, made)) == []
    assert [m.id for m in named([[9, 9, 9], [8, 7, 5]], ("m", WRONG, made))] == ["m"]


def test_what_a_made_mistake_does_not_explain_is_said() -> None:
    (mistake,) = named([[9, 9, 9], [8, 7, 5]], ("m", WRONG, True))
    assert NOT_ALL in mistake.text
