"""Beläggen: påhittade flaggor räcker inte.

Att ärligt rådata godtas, i alla stilar, prövas på de dolda fallen (`hidden.py`).
"""

import functools
import importlib
from typing import Any

import numpy as np
import pytest
from everyday import first, only, quick

from dqn_helpers.autograder.catalogue import content, misconceptions, reference, scenario
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.comparing import difference
from dqn_helpers.exercises.judging import judge
from dqn_helpers.exercises.model import Outcome, Within
from dqn_helpers.exercises.running import run_cases

from .hidden import sent
from .test_catalogue import SECONDS

content("03", "hidden")  # gör paketet `grading` känt
Evidence = importlib.import_module("grading.evidence").Evidence
BEHAVIOURS = {
    "1.4": {"greedy", "explore", "rng"},
    "2.1": {"stores", "overwrites", "outside"},
    "2.2": {"shapes", "dtypes", "together", "unordered", "uniform"},
    "2.3": {"epsilon", "fields"},
    "3.3": {"sampling"},
    "4.2": {"separate", "online"},
    "4.3": {"greedy", "epsilon"},
    "5.1": {"tensor"},
    "5.2": {"sampling"},
}
"""Beteenden som går att hitta på utan belägg."""

each_exercise = pytest.mark.parametrize("number", quick(BEHAVIOURS))


def evidence_keys(number: str, seed: int) -> list[list[str]]:
    """Vilka iakttagelser som är belägg, fall för fall."""
    cases = scenario(number, seed).cases
    return [[key for key, v in c.expected[0].items() if isinstance(v, Evidence)] for c in cases]


def observed(number: str, seed: int) -> list[dict]:
    """Det som den rätta lösningen ger, efter resan genom meddelandena."""
    return [dict(one.observed) for one in _observed(number, seed)]


@functools.cache
def _observed(number: str, seed: int) -> list[Outcome]:
    drawn = scenario(number, seed)
    solution = reference(number)
    return sent(run_cases(drawn.exercise.driver, solution, drawn.inputs(), SECONDS, seed))


def passed(number: str, seed: int, answers: list[dict]) -> set[str]:
    drawn = scenario(number, seed)
    verdict = judge(drawn.exercise, drawn.cases, [Outcome("ok", one) for one in answers])
    return {b.behaviour.id for b in verdict.behaviours if b.mark == "passed"}


@each_exercise
@pytest.mark.parametrize("seed", first(1, range(2)))
def test_evidence_from_another_seed_is_refused(number: str, seed: int) -> None:
    """Alla vanliga iakttagelser är rätta; bara beläggen kommer ur ett annat frös fall."""
    mine, other = observed(number, seed), observed(number, seed + 1)
    for answers, from_other, keys in zip(mine, other, evidence_keys(number, seed), strict=True):
        answers |= {key: from_other.get(key) for key in keys}
    everything = {b.id for b in EXERCISES[number].behaviours}
    assert passed(number, seed, mine) == everything - BEHAVIOURS[number]


@each_exercise
def test_missing_evidence_is_refused(number: str) -> None:
    answers = observed(number, 0)
    for one, keys in zip(answers, evidence_keys(number, 0), strict=True):
        for key in keys:
            del one[key]
    assert not passed(number, 0, answers) & BEHAVIOURS[number]


def one_batch_again(calls: list) -> list:
    return [calls[0]] * len(calls)


def the_oldest(calls: list) -> list:
    (inputs,) = (c.inputs for c in scenario("2.2", 0).cases if "batches" in c.evidence)
    return [[row[2] for row in inputs["experiences"][: len(calls[0])]]] * len(calls)


def untouched(now: Any) -> Any:
    (target,) = (c.inputs["target"] for c in scenario("4.2", 0).cases if "touched" in c.evidence)
    return np.concatenate([np.ravel(target[name]) for name in ("weight", "bias")])


SPOILED = {
    ("2.1", "stores", "read"): lambda read: [[*row[:5], not row[5]] for row in read],
    ("2.1", "overwrites", "read"): lambda read: read[1:],
    ("2.1", "outside", "found"): lambda found: [True] * len(found),
    ("2.2", "together", "batches"): lambda batches: [[b[0], b[1][::-1], *b[2:]] for b in batches],
    ("2.2", "uniform", "rewards"): one_batch_again,
    ("2.3", "fields", "pairs"): lambda pairs: [pairs[0], np.roll(pairs[1], 1), pairs[2]],
    ("4.2", "online", "touched"): untouched,
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
    answers = observed(number, 0)
    for one in answers:
        if key in one:
            one[key] = SPOILED[place](one[key])
    assert behaviour not in passed(number, 0, answers)


# --- påhittade konstanter ------------------------------------------------------------------------

CANNOT_BE_PROVED = {
    "1.1": {"sequences"},  # att argumenten är orörda
    "1.2": {"sweep"},
    "2.1": {"length"},  # att två buffertar inte delar minne
    "2.2": {"shapes"},  # att bufferten är orörd
    "2.3": {"seed"},  # att fröet 0 är 0
    "3.1": {"terminal"},
    "3.3": {"number"},  # att förlusten inte håller kvar beräkningen
    # Vem som valde, vilka objekt som skickades, och om env.reset fick ett frö.
    "4.3": {"epsilon", "greedy", "every", "episodes"},
    "5.1": {"tensor"},
    "5.2": {"constant", "number"},
}
"""Det som är ja eller nej av naturen. Den som hittar på det måste in i rättarens moduler, och då
visas raden för läraren (`submission.reach`, prövat i `test_reach.py`)."""


@functools.cache
def constants(number: str) -> list[dict[str, Any]]:
    """De iakttagelser som är samma för alla frön, fall för fall."""
    drawn = [scenario(number, seed).cases for seed in range(3)]
    return [
        {
            key: inside(value)
            for key, value in first.expected[0].items()
            if not isinstance(value, Evidence)
            and all(key in o.expected[0] and same(value, o.expected[0][key]) for o in others)
        }
        for first, *others in zip(*drawn, strict=True)
    ]


def inside(value: Any) -> Any:
    if not isinstance(value, Within):
        return value
    middle = (np.asarray(value.low, dtype=float) + np.asarray(value.high, dtype=float)) / 2
    return middle if middle.ndim else float(middle)


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    return difference(inside(one), inside(other), 0.0) is None


@pytest.mark.parametrize("number", only(("3.1", "5.1"), EXERCISES))
def test_constants_alone_give_nothing(number: str) -> None:
    """Den som inte gör någonting och hittar på allt som går att veta i förväg får inga poäng."""
    assert not passed(number, 0, constants(number))


@pytest.mark.parametrize("number", only(("3.1", "5.1"), EXERCISES))
def test_a_mistake_with_forged_constants_gains_nothing(number: str) -> None:
    """Ett misstag vars alla konstanta iakttagelser byts mot de rätta får inte fler delar rätt."""
    drawn, forged, gained = scenario(number, 0), constants(number), set[str]()
    for mistake in misconceptions(number):
        ran = run_cases(drawn.exercise.driver, mistake.implementation, drawn.inputs(), SECONDS)
        before = judge(drawn.exercise, drawn.cases, ran)
        honest = {b.behaviour.id for b in before.behaviours if b.mark == "passed"}
        answers = [one.observed | constant for one, constant in zip(ran, forged, strict=True)]
        gained |= passed(number, 0, answers) - honest
    assert gained <= CANNOT_BE_PROVED.get(number, set())
