"""De dolda fallen i bok 04 och 05: varje misstag fälls och får sitt namn, allt rätt godkänns."""

import pytest
from everyday import quick

from dqn_helpers.exercises import EXERCISES

from .hidden import prove, prove_names_without_luck

NUMBERS = [number for number, exercise in EXERCISES.items() if exercise.notebook > "03"]


@pytest.mark.parametrize("number", NUMBERS)
def test_hidden_cases(number: str, any_seed: int) -> None:
    prove(number, any_seed)


@pytest.mark.parametrize("number", quick(NUMBERS))
def test_names_do_not_depend_on_the_students_luck(number: str) -> None:
    prove_names_without_luck(number)
