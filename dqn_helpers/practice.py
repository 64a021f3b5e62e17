"""Provövningen på startsidan: att känna på kontrollen utan att något räknas."""

from dataclasses import replace
from functools import cache
from typing import Any

from dqn_helpers.exercises import CheckResult
from dqn_helpers.exercises.checking import SECONDS, result_of
from dqn_helpers.exercises.drivers import call_and_watch
from dqn_helpers.exercises.judging import judge
from dqn_helpers.exercises.model import (
    Behaviour,
    Case,
    Exercise,
    Inputs,
    KnownMistake,
    Observable,
    Observed,
    Outcome,
)
from dqn_helpers.exercises.plain import plain
from dqn_helpers.exercises.running import run_cases

TITLE = "Provövningen"


def average_driver(average: Any, inputs: Inputs) -> Observed:
    """Indata: numbers, en lista. Ger det funktionen svarade."""
    result, _ = call_and_watch(average, inputs)
    return {"value": plain(result)}


class PracticeExercise(Exercise):
    """En övning som inte står i kursplanen och inte ger några poäng."""

    def __post_init__(self) -> None:
        """Det finns inga poäng att stämma av."""

    @property
    def name(self) -> str:
        """Funktionens namn."""
        return "average"


PRACTICE = PracticeExercise(
    number="0.1",
    signature="average(numbers)",
    driver=average_driver,
    wraps={"numbers": ""},
    behaviours=(
        Behaviour("several", "räknar ut medelvärdet av flera tal", 0.0, ("value",)),
        Behaviour("single", "klarar en lista med ett enda tal", 0.0, ("value",)),
    ),
    observables={"value": Observable("medelvärdet")},
    examples=(
        Case(
            behaviours=("several",),
            text="`numbers` = [13; 2; 7; 4].",
            inputs={"numbers": [13, 2, 7, 4]},  # inget heltal: också // ska märkas
            expected=({"value": 6.5},),
            by_hand={"value": "(13 + 2 + 7 + 4) / 4 = 26 / 4 = 6,5"},
        ),
        Case(
            behaviours=("single",),
            text="`numbers` = [7].",
            inputs={"numbers": [7]},
            expected=({"value": 7.0},),
            by_hand={"value": "7 / 1 = 7"},
        ),
    ),
    hints=("", "", ""),
)

SUM_TEXT = "Det här ser ut som summan. Medelvärdet är summan delad med antalet tal."
INTEGER_TEXT = "Decimalerna har försvunnit. Det gör de med `//`, `int` och `round`."


@cache
def _known_mistakes() -> tuple[KnownMistake, ...]:
    """De misstag som provövningen känner igen: ingen division, och en som tappar decimalerna."""
    return (
        KnownMistake("sum", SUM_TEXT, tuple(_run(sum))),
        KnownMistake("integer", INTEGER_TEXT, tuple(_run(_integer_average))),
    )


def _integer_average(numbers: list[int]) -> int:
    return sum(numbers) // len(numbers)


def _run(function: Any) -> list[Outcome]:
    inputs = [case.inputs for case in PRACTICE.examples]
    return run_cases(PRACTICE.driver, function, inputs, SECONDS)


def check_average(function: Any) -> CheckResult:
    """Pröva en funktion som ska räkna ut medelvärdet av en lista; svarar med ett kort.

    Args:
        function: funktionen, utan parenteser efter.
    """
    if not callable(function):
        text = "Skicka själva funktionen, utan parenteser: `check_average(average)`."
        return CheckResult(TITLE, text)
    outcomes = _run(function)
    verdict = judge(PRACTICE, PRACTICE.examples, outcomes, _known_mistakes())
    return replace(result_of(PRACTICE, verdict, outcomes), title=TITLE)
