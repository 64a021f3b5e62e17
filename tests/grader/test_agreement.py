"""Det som `check()` godtar ska rättaren godta: de öppna exemplen får inte vara snällare."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from everyday import quick

from dqn_helpers.autograder.catalogue import reference, scenario
from dqn_helpers.exercises import EXERCISES, limits
from dqn_helpers.exercises.judging import judge
from dqn_helpers.exercises.model import Case, Exercise
from dqn_helpers.exercises.running import run_cases

from .mutants import mutants

SEED, SECONDS, QUICK = 3, 60.0, 0.5
ONE_LAYER = {
    # De öppna exemplens nätverk har ett enda lager, så att det går att räkna för hand.
    "5.2/step_layer_by_layer/loopen baklänges/0",
    "5.2/step_layer_by_layer/break sist i loopen/0",
}
FUNCTIONS = [n for n in EXERCISES if inspect.isfunction(reference(n))]


def is_accepted(
    exercise: Exercise, cases: Sequence[Case], solution: Any, seconds: float = SECONDS
) -> bool:
    inputs = [case.inputs for case in cases]
    return judge(exercise, cases, run_cases(exercise.driver, solution, inputs, seconds)).passed


def numbers_given(exercise: Exercise, solution: Any) -> dict[str, list[Any]]:
    """Argument → de tal och flaggor som exemplen ger det."""
    given: dict[str, list[Any]] = {}

    def watch(arguments: dict[str, Any]) -> None:
        for name, value in arguments.items():
            if isinstance(value, bool | int | float):
                given.setdefault(name, []).append(value)

    is_accepted(exercise, exercise.examples, with_arguments(solution, watch))
    return given


def with_arguments(solution: Any, change: Callable[[dict[str, Any]], None]) -> Any:
    """Lösningen, där `change` först får se och ändra argumenten."""
    signature = inspect.signature(solution)

    @functools.wraps(solution)
    def changed(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        change(bound.arguments)
        return solution(*bound.args, **bound.kwargs)

    return changed


@pytest.mark.parametrize("number", quick(FUNCTIONS))
def test_a_number_instead_of_an_argument_is_noticed_in_the_notebook(number: str) -> None:
    """Den som läser ett tal från sidan i stället för ur argumentet ska få veta det genast."""
    exercise, right = EXERCISES[number], reference(number)
    for name, values in numbers_given(exercise, right).items():
        usual = max(set(values), key=values.count)
        pinned = with_arguments(right, lambda given, n=name, v=usual: given.update({n: v}))
        if not is_accepted(exercise, scenario(number, SEED).cases, pinned):
            assert not is_accepted(exercise, exercise.examples, pinned), (name, usual)


@pytest.mark.lang
@pytest.mark.parametrize("number", EXERCISES)
def test_what_the_grader_refuses_is_noticed_in_the_notebook(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "EXTRA_BYTES", 2**28)  # några mutanter fyller allt de får
    exercise, drawn = EXERCISES[number], scenario(number, SEED)
    # En loop som aldrig tar slut godtas inte; hellre än att vänta på den hoppas en långsam över.
    accepted = [
        mutant
        for mutant in mutants(number)
        if is_accepted(exercise, exercise.examples, mutant.define(), QUICK)
    ]
    refused = {m.id for m in accepted if not is_accepted(exercise, drawn.cases, m.define())}
    assert refused <= ONE_LAYER
