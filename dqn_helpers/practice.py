"""Provövningen på startsidan: att känna på kontrollen utan att något räknas."""

from functools import cache
from typing import Any

from dqn_helpers.exercises import CheckResult
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
)
from dqn_helpers.exercises.plain import plain
from dqn_helpers.exercises.running import run_cases

SECONDS = 3.0


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
    behaviours=(
        Behaviour("several", "räknar medelvärdet av flera tal", 0.0, ("value",)),
        Behaviour("single", "klarar en lista med ett enda tal", 0.0, ("value",)),
    ),
    observables={"value": Observable("medelvärdet")},
    examples=(
        Case(
            behaviours=("several",),
            text="numbers = [2; 4; 9].",
            inputs={"numbers": [2, 4, 9]},
            expected=({"value": 5.0},),
            by_hand={"value": "(2 + 4 + 9) / 3 = 15 / 3 = 5"},
        ),
        Case(
            behaviours=("single",),
            text="numbers = [7].",
            inputs={"numbers": [7]},
            expected=({"value": 7.0},),
            by_hand={"value": "7 / 1 = 7"},
        ),
    ),
    hints=("", "", ""),
)

SUM_TEXT = "Det här ser ut som summan. Medelvärdet är summan delad med hur många talen är."


@cache
def _known_mistakes() -> tuple[KnownMistake, ...]:
    """Det enda misstag som provövningen känner igen: att glömma divisionen."""
    return (KnownMistake("sum", SUM_TEXT, tuple(_run(sum))),)


def _run(function: Any) -> list[Any]:
    inputs = [case.inputs for case in PRACTICE.examples]
    return run_cases(PRACTICE.driver, function, inputs, SECONDS)


def check_average(function: Any) -> CheckResult:
    """Pröva en funktion som ska räkna medelvärdet av en lista; svaret är ett kort som `check()`:s.

    Args:
        function: funktionen, utan parenteser efter.
    """
    if not callable(function):
        return CheckResult(
            "Provövningen",
            "Skicka själva funktionen, utan parenteser: `check_average(average)`.",
        )
    verdict = judge(PRACTICE, PRACTICE.examples, _run(function), _known_mistakes())
    n_right = sum(b.mark == "passed" for b in verdict.behaviours)
    summary, nudge = f"{n_right} av {len(verdict.behaviours)} delar stämmer.", ""
    if verdict.passed:
        summary = "allt stämmer. Bra gjort!"
    elif verdict.unsolved:
        summary, nudge = (
            "inte löst än.",
            "Skriv din lösning i cellen ovanför och kör båda cellerna.",
        )
    return CheckResult(
        title="Provövningen",
        summary=summary,
        behaviours=verdict.behaviours,
        advice=tuple(mistake.text for mistake in verdict.mistakes),
        nudge=nudge,
    )
