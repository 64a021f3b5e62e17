"""Studentens egen kod driver sidan: samma mekanism i alla böcker.

    runs = run_own(learn_the_lake, {"1.3": q_learning_update, "1.4": epsilon_greedy})

Är koden rätt körs den i stället för kursens. Är den fel men går att köra visas den bredvid kursens,
så att det syns vad felet gör. Är den olöst, eller stannar, körs kursens, och en rad säger det.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import dqn_helpers
from dqn_helpers.counting import agreeing, listed
from dqn_helpers.exercises.card import CheckResult
from dqn_helpers.exercises.checking import check
from dqn_helpers.exercises.model import Outcome
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.running import TIMEOUT_TEXT, run_case

OWN, NOT_RIGHT, COURSE = "din kod", "din kod, inte rätt än", "kursens kod"

SLOWER, LEAST_SECONDS = 10, 5.0
"""Kod som inte är rätt får räkna så många gånger längre än kursens, och minst så många sekunder."""

NO_LIMIT = 86_400.0
"""Kod som är rätt blir klar av sig själv, hur långsam datorn än är."""

SLOW_TEXT = (
    f"Då hade din kod räknat mer än {SLOWER} gånger så länge som kursens. Gör den något stort i "
    "varje steg, eller finns det en loop som aldrig tar slut?"
)

Experiment = Callable[..., Any]
"""Sidans försök: tar en funktion per övning och ger det som ska visas."""


def run_own(
    experiment: Experiment,
    answers: Mapping[str, Any],
    *,
    reference: Callable[[], Any] | None = None,
    reference_name: str = COURSE,
    course_seconds: float | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Kör sidans försök med studentens egen kod där det går, annars med kursens.

    Args:
        experiment: försöket. Det anropas med en funktion per övning, i samma ordning som i
            `answers`, och ger det som ska visas.
        answers: övningens nummer → studentens funktion (eller klass).
        reference: när kursen inte delar ut den rätta koden (05), en funktion utan argument som
            ger det som ska visas i dess ställe.
        reference_name: vad det heter som `reference` ger, som "vanlig DQN", i figuren och i raden
            som säger att övningen inte är löst.
        course_seconds: så mycket processortid kursens kod skulle ha tagit på den här datorn, när
            `reference` är uträknad i förväg. Annars mäts det.
        seed: frö för torch, numpy och `random`, samma för alla som kör.

    Returns:
        Vem som körde → vad försöket gav, med kursens först:
        `{"din kod": …}`, `{"kursens kod": …, "din kod, inte rätt än": …}` eller
        `{"kursens kod": …}`; med `reference` står `reference_name` där det står "kursens kod".

    Raises:
        KeyError: om en övning varken finns i `dqn_helpers` eller har fått `reference`.
    """
    results = {number: check(number, answer) for number, answer in answers.items()}
    unusable = [number for number, result in results.items() if _is_unusable(result)]
    if len(unusable) == len(answers):
        instead = f"körs {COURSE} här" if reference is None else f"visas {reference_name}"
        print(f"{_listed(unusable)}. Därför {instead}.")
        return {reference_name: _course(experiment, answers, reference, seed)}
    functions = _chosen(answers, unusable)
    if all(results.values()):
        outcome = _ran(experiment, functions, NO_LIMIT, seed)
        if outcome.status == "ok":
            return {OWN: outcome.observed["value"]}
        print(f"Din kod klarar kontrollen men stannade här. {outcome.explained}")
        return {reference_name: _course(experiment, answers, reference, seed)}
    started = time.thread_time()
    runs = {reference_name: _course(experiment, answers, reference, seed)}
    if course_seconds is None:
        course_seconds = time.thread_time() - started
    outcome = _ran(experiment, functions, max(LEAST_SECONDS, SLOWER * course_seconds), seed)
    return _beside_the_course(runs, outcome, results)


def _beside_the_course(
    runs: dict[str, Any], outcome: Outcome, results: Mapping[str, CheckResult]
) -> dict[str, Any]:
    """Kursens kod, och bredvid den studentens: den är inte rätt, eller bara skriven till en del."""
    wrong = [n for n, result in results.items() if not result and not _is_unusable(result)]
    unsolved = [n for n, result in results.items() if _is_unusable(result)]
    if unsolved:
        print(f"{_listed(unsolved)}. Där används {COURSE}.")
    if outcome.status != "ok":
        why = SLOW_TEXT if outcome.problem == TIMEOUT_TEXT else outcome.problem
        print(f"Din kod stannade här, så bara {next(iter(runs))} visas. {why}")
        return runs
    if not wrong:  # det som är skrivet är rätt
        return {OWN: outcome.observed["value"]}
    print(
        f"Övning {_in_words(wrong)} är inte rätt än. Din kod körs ändå, bredvid "
        f"{next(iter(runs))}, så att du ser vad felet gör."
    )
    return {**runs, NOT_RIGHT: outcome.observed["value"]}


def _is_unusable(result: CheckResult) -> bool:
    """Sant om det inte finns något att köra: olöst, eller inte ens en egen funktion."""
    return all(verdict.mark == "unsolved" for verdict in result.behaviours)


def _listed(numbers: list[str]) -> str:
    return f"Övning {_in_words(numbers)} är inte {agreeing(len(numbers), 'löst', 'lösta')} än"


def _in_words(numbers: list[str]) -> str:
    """Övningarna i ordning: "2.1, 2.2 och 2.3"."""
    return listed(sorted(numbers))


def _chosen(answers: Mapping[str, Any], unusable: list[str]) -> list[Any]:
    """Studentens funktioner, med kursens i stället för dem som inte är skrivna."""
    return [
        _course_function(number) if number in unusable else answer
        for number, answer in answers.items()
    ]


def _course_function(number: str) -> Any:
    name = EXERCISES[number].name
    if not hasattr(dqn_helpers, name):
        raise KeyError(f"Kursen delar inte ut `{name}`; ge `run_own` talen i `reference=`.")
    return getattr(dqn_helpers, name)


def _course(
    experiment: Experiment,
    answers: Mapping[str, Any],
    reference: Callable[[], Any] | None,
    seed: int,
) -> Any:
    """Det som kursens kod ger; går det inte är felet sidans, och då ska det synas."""
    if reference is not None:
        return reference()
    outcome = _ran(experiment, [_course_function(number) for number in answers], NO_LIMIT, seed)
    if outcome.status != "ok":
        raise RuntimeError(f"Försöket går inte ens med kursens kod. {outcome.explained}")
    return outcome.observed["value"]


def _ran(experiment: Experiment, functions: list[Any], seconds: float, seed: int) -> Outcome:
    """Kör försöket med samma skyddsräcken som `check()`, men låt utskrifter och kurvor synas."""
    streams = sys.stdout, sys.stderr

    def driver(_: Any, __: dict[str, Any]) -> dict[str, Any]:
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            return {"value": experiment(*functions)}

    return run_case(driver, experiment, {}, seconds, seed)
