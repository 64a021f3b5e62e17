"""Beläggen: påhittade flaggor räcker inte, och ärligt rådata godtas i alla stilar."""

import numpy as np
import pytest
from autograder.catalogue import reference, scenario
from autograder.evidence import Evidence

from dqn_helpers.autograder.messages import LENGTH_BYTES, decode, encode
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.judging import judge
from dqn_helpers.exercises.model import Outcome
from dqn_helpers.exercises.running import run_cases

from . import test_catalogue  # läser in de rätta stilarna
from .styles import CORRECT

SECONDS = test_catalogue.SECONDS
BEHAVIOURS = {
    "1.4": {"greedy", "explore", "rng"},
    "2.2": {"shapes", "dtypes", "unordered"},
    "2.3": {"epsilon"},
    "3.3": {"sampling"},
    "4.2": {"separate"},
    "4.3": {"greedy", "epsilon"},
    "5.1": {"tensor"},
    "5.2": {"sampling"},
}
"""Beteenden som går att hitta på utan belägg."""

each_exercise = pytest.mark.parametrize("number", BEHAVIOURS)


def evidence_keys(number: str, seed: int) -> list[list[str]]:
    """Vilka iakttagelser som är belägg, fall för fall."""
    cases = scenario(number, seed).cases
    return [[key for key, v in c.expected[0].items() if isinstance(v, Evidence)] for c in cases]


def observed(number: str, seed: int, solution: object) -> list[dict]:
    """Det som lösningen ger, efter resan genom meddelandena."""
    drawn = scenario(number, seed)
    ran = run_cases(drawn.exercise.driver, solution, drawn.inputs(), SECONDS, seed)
    return [decode(encode({"observed": one.observed})[LENGTH_BYTES:])["observed"] for one in ran]


def passed(number: str, seed: int, answers: list[dict]) -> set[str]:
    drawn = scenario(number, seed)
    verdict = judge(drawn.exercise, drawn.cases, [Outcome("ok", one) for one in answers])
    return {b.behaviour.id for b in verdict.behaviours if b.mark == "passed"}


@each_exercise
@pytest.mark.parametrize("seed", range(3))
def test_every_style_is_accepted(number: str, seed: int) -> None:
    everything = {b.id for b in EXERCISES[number].behaviours}
    for solution in CORRECT[number]:
        answers = observed(number, seed, solution)
        assert passed(number, seed, answers) == everything, solution.__name__


@each_exercise
@pytest.mark.parametrize("seed", range(5))
def test_evidence_from_another_seed_is_refused(number: str, seed: int) -> None:
    """Alla vanliga iakttagelser är rätta; bara beläggen kommer ur ett annat frös fall."""
    mine = observed(number, seed, reference(number))
    other = observed(number, seed + 100, reference(number))
    for answers, from_other, keys in zip(mine, other, evidence_keys(number, seed), strict=True):
        answers |= {key: from_other.get(key) for key in keys}
    everything = {b.id for b in EXERCISES[number].behaviours}
    assert passed(number, seed, mine) == everything - BEHAVIOURS[number]


@each_exercise
def test_missing_evidence_is_refused(number: str) -> None:
    answers = observed(number, 0, reference(number))
    for one, keys in zip(answers, evidence_keys(number, 0), strict=True):
        for key in keys:
            del one[key]
    assert not passed(number, 0, answers) & BEHAVIOURS[number]


def one_batch_again(calls: list) -> list:
    return [calls[0]] * len(calls)


def the_oldest(calls: list) -> list:
    (inputs,) = (c.inputs for c in scenario("2.2", 0).cases if "rewards" in c.evidence)
    return [[row[2] for row in inputs["experiences"][: len(calls[0])]]] * len(calls)


SPOILED = {
    ("2.2", "unordered", "rewards"): the_oldest,
    ("2.2", "dtypes", "batch"): lambda batch: [np.asarray(field, np.float64) for field in batch],
    ("2.2", "shapes", "batch"): lambda batch: [np.asarray(field)[:, None] for field in batch],
    ("2.3", "epsilon", "actions"): lambda actions: [int(actions[0])] * len(actions),
    ("3.3", "sampling", "seen"): one_batch_again,
    ("4.2", "separate", "kept"): lambda kept: np.asarray(kept) + 100,
    ("4.3", "greedy", "played"): lambda played: [np.asarray(played[0]) + 1, played[1]],
    ("4.3", "epsilon", "acted"): lambda acted: [*acted[:3], [acted[3][0] + 1], *acted[4:]],
    ("5.1", "tensor", "learned"): lambda learned: [learned[0], np.asarray(learned[1]) * 2],
    ("5.2", "sampling", "seen"): one_batch_again,
}
"""(Övning, beteende, belägg) → belägget hos den som gör fel men vars flaggor säger rätt."""


@pytest.mark.parametrize("place", SPOILED, ids="-".join)
def test_evidence_that_shows_a_mistake_is_refused(place: tuple[str, str, str]) -> None:
    number, behaviour, key = place
    answers = observed(number, 0, reference(number))
    for one in answers:
        if key in one:
            one[key] = SPOILED[place](one[key])
    assert behaviour not in passed(number, 0, answers)
