"""`check()`: kontrollen i anteckningsboken."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dqn_helpers.counting import counted, listed
from dqn_helpers.exercises import marks
from dqn_helpers.exercises.blocking import blocked
from dqn_helpers.exercises.card import CheckResult
from dqn_helpers.exercises.judging import Verdict, judge
from dqn_helpers.exercises.model import Exercise, Outcome
from dqn_helpers.exercises.pasteable import as_python
from dqn_helpers.exercises.registry import EXERCISES, known_mistakes
from dqn_helpers.exercises.repair import in_notebook, is_worth_a_search, source_of
from dqn_helpers.exercises.running import run_cases
from dqn_helpers.exercises.syllabus import NUMBER_OF
from dqn_helpers.exercises.unused import unused_arguments, unused_in_words

SECONDS = 3.0
"""Så mycket processortid får studentens kod använda, alla exempel tillsammans. Den långsammaste
rätta stilen i testen klarar sig med en tiondel."""

_NOTHING = object()


def check(
    number: Any = _NOTHING, function: Any = _NOTHING, *, stage: int | None = None
) -> CheckResult:
    """Pröva din lösning på små exempel, och se vad som är rätt och vad som är kvar.

    Args:
        number: övningens nummer, som `"3.1"`.
        function: din funktion (eller klass), utan parenteser efter.
        stage: i en övning som byggs i flera steg: pröva bara det som hör till de så många första.

    Returns:
        Ett kort som visas sist i en cell. Det räknas som sant när allt är rätt.

    Raises:
        AssertionError: bara när nbgrader kör anteckningsboken och allt inte är rätt.
    """
    try:
        result = _check(number, function, stage)
    except Exception as error:  # kontrollen ska aldrig stoppa en anteckningsbok
        result = CheckResult(
            "Kontrollen", f"den gick själv sönder (`{type(error).__name__}`). Det är inte ditt fel."
        )
    graded = stage is None  # stegen på vägen ger inga poäng
    if graded and os.environ.get("NBGRADER_EXECUTION") and not result:
        raise AssertionError(repr(result))
    return result


def _check(number: Any, function: Any, stage: int | None) -> CheckResult:
    problem = _wrong_call(number, function) or _wrong_stage(number, stage)
    if problem:
        return CheckResult("Kontrollen", problem)
    exercise = EXERCISES[_as_number(number)]
    tried = [b for b in exercise.behaviours if stage is None or b.stage <= stage]
    names = {b.id for b in tried}
    places = [i for i, case in enumerate(exercise.examples) if names & set(case.behaviours)]
    cases = [exercise.examples[i] for i in places]
    with blocked(exercise.name):  # som i rättaren: det som godtas här ska godtas där
        inputs = [case.inputs for case in cases]
        outcomes = run_cases(exercise.driver, function, inputs, SECONDS)
    mistakes = [
        replace(mistake, outcomes=[mistake.outcomes[i] for i in places])
        for mistake in known_mistakes(exercise.number)
    ]
    verdict = judge(exercise, cases, outcomes, mistakes, tried)
    if verdict.passed and stage is None:
        marks.remember(exercise.number)
    repaired = _other_name(exercise, function)
    if is_worth_a_search(verdict, outcomes) and stage is None:
        with blocked(exercise.name):
            is_alike = bool(verdict.mistakes)
            found = in_notebook(exercise, function, cases, outcomes, is_alike)
            repaired = [*found, *repaired]
        source = source_of(function)
        cells = [source] if source else []
        unused = unused_arguments(exercise, cells, _name(function))
        repaired = [*unused_in_words(unused, cells), *repaired]
    return result_of(exercise, verdict, outcomes, stage, repaired)


def _other_name(exercise: Exercise, function: Any) -> list[str]:
    """Att lösningen heter något annat än övningen; tomt om den inte gör det."""
    name = _name(function)
    if name in (exercise.name, "", "<lambda>") or not name.isidentifier():
        return []
    return [
        f"Din lösning heter `{name}`, och i övningen heter den `{exercise.name}`. Rättaren letar "
        f'efter det namnet först, och tar annars det som `check("{exercise.number}", …)` anropas '
        "med. Döp helst om den."
    ]


def _wrong_stage(number: Any, stage: Any) -> str:
    """Vad som är fel i `stage`; tomt om inget är det."""
    last = EXERCISES[_as_number(number)].n_stages
    if stage is None or (type(stage) is int and 1 <= stage <= last > 1):
        return ""
    if last == 1:
        return "Den här övningen byggs inte i steg. Skriv anropet utan `stage`."
    return f"`stage` ska vara ett av stegen 1 till {last}. Utan `stage` prövas allt."


def _as_number(number: Any) -> str:
    """Numret som text; 3.1 duger också, och övningens namn."""
    if isinstance(number, float | int) and not isinstance(number, bool):
        return str(number)
    text = re.sub(r"^övning\s*", "", str(number).strip(), flags=re.IGNORECASE).replace(",", ".")
    return NUMBER_OF.get(text, text)


def _wrong_call(number: Any, function: Any) -> str:
    """Vad som är fel i själva anropet av check; tomt om inget är det."""
    if callable(number) and isinstance(function, str | float | int):
        return f'Byt plats på argumenten: `check("{function}", {_name(number)})`.'
    if number is _NOTHING or callable(number) or _as_number(number) not in EXERCISES:
        known = listed(list(EXERCISES))
        return (
            f'Börja med övningens nummer, som i `check("3.1", td_target)`. De som finns är {known}.'
        )
    exercise = EXERCISES[_as_number(number)]
    call = f'`check("{exercise.number}", {exercise.name})`'
    if function is _NOTHING:
        return f"Skicka med din funktion också: {call}."
    if not callable(function):
        return f"Skicka själva funktionen, utan parenteser och citattecken: {call}."
    return _wrong_function(exercise, function, call)


def _wrong_function(exercise: Exercise, function: Any, call: str) -> str:
    other = NUMBER_OF.get(_name(function), exercise.number)
    if other != exercise.number:
        return (
            f"`{_name(function)}` hör till övning {other}. Skriv {call} "
            f'eller `check("{other}", {_name(function)})`.'
        )
    if str(getattr(function, "__module__", "")).startswith("dqn_helpers."):
        return (
            f"Det här är kursens färdiga `{exercise.name}` ur `dqn_helpers`, inte din. Kör "
            f"cellen där du skriver din egen och sedan {call} igen."
        )
    return ""


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", ""))[:80]


def result_of(
    exercise: Exercise,
    verdict: Verdict,
    outcomes: Sequence[Outcome],
    stage: int | None = None,
    repaired: Sequence[str] = (),
) -> CheckResult:
    """Kortet som hör till en bedömning, för hela övningen eller för ett steg av den.

    `repaired` säger var felet sitter, när inget skrivet misstag gör det.
    """
    summary, nudge = _words(verdict, outcomes)
    title = f"Övning {exercise.number} {exercise.name}"
    if stage is not None:
        title += f", steg {stage} av {exercise.n_stages}"
        if verdict.passed:
            summary = "det här steget stämmer. Gå vidare till nästa!"
    return CheckResult(
        title=title,
        summary=summary,
        behaviours=verdict.behaviours,
        advice=(*(mistake.text for mistake in verdict.mistakes), *repaired),
        nudge=nudge,
        output=next((o.output for o in outcomes if o.output.strip()), ""),
        codes=tuple(as_python(exercise, b.case) if b.case else "" for b in verdict.behaviours),
    )


def _words(verdict: Verdict, outcomes: Sequence[Outcome]) -> tuple[str, str]:
    n_right = sum(b.mark == "passed" for b in verdict.behaviours)
    if verdict.passed:
        return "allt stämmer. Bra gjort!", ""
    if verdict.unsolved:
        return "inte löst än.", "Skriv din lösning i cellen ovanför och kör båda cellerna."
    nudge = "Räkna ut exemplet för hand och jämför med vad din kod gör, rad för rad."
    if all(outcome.status != "ok" for outcome in outcomes):
        nudge = "Koden stannade innan den gav ett svar. Börja med felet ovanför."
    hint = "Fastnat? Öppna Ledtråd 1 under övningen."
    every = counted(len(verdict.behaviours), "del", "delar")
    return f"{n_right} av {every} stämmer.", f"{nudge} {hint}"
