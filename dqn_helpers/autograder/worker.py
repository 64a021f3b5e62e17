"""Kör studentens lösning på en övnings fall. Data in, data ut; inget facit kommer hit.

Gränssnittet är `run_cases`. I dag körs allt i samma process; rättarens avskilda process tar över
bakom samma gränssnitt, med samma drivare och samma `Outcome`.
"""

import ast
import contextlib
import linecache
from collections.abc import Sequence
from typing import Any

from dqn_helpers.autograder.collecting import CellSource
from dqn_helpers.exercises import running
from dqn_helpers.exercises.limits import call_within, preserved_state
from dqn_helpers.exercises.model import Inputs, Outcome
from dqn_helpers.exercises.registry import EXERCISES

SECONDS = 10.0


def run_cases(
    source: Sequence[CellSource],
    number: str,
    inputs: Sequence[Inputs],
    seed: int,
    seconds: float = SECONDS,
) -> list[Outcome]:
    """Definiera studentens lösning och kör övningens drivare på vart och ett av fallen.

    Args:
        source: det som definierar lösningen (se `collecting`), i den ordning det ska köras.
        number: övningens nummer.
        inputs: fallens indata.
        seed: slumpfrö för studentens egen slump.
        seconds: tidsgräns för alla fall tillsammans.
    """
    exercise = EXERCISES[number]
    try:
        student = define(source)[exercise.name]
    except BaseException as error:  # studentens kod kan kasta vad som helst
        problem = f"Koden som definierar {exercise.name} gick inte att köra: {error!r}"[:300]
        return [Outcome("error", problem=problem) for _ in inputs]
    return running.run_cases(exercise.driver, student, inputs, seconds, seed)


def define(source: Sequence[CellSource], seconds: float = SECONDS) -> dict[str, Any]:
    """Kör definitionerna och ge namnen som de gav."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with preserved_state():
        for cell in source:
            call_within(seconds, lambda cell=cell: _execute(cell, namespace))  # type: ignore[misc]
    return namespace


def _execute(cell: CellSource, namespace: dict[str, Any]) -> None:
    filename = f"<{cell.name}>"
    # Så att felmeddelanden kan visa studentens egen rad.
    linecache.cache[filename] = (len(cell.text), None, cell.text.splitlines(True), filename)
    for statement in ast.parse(cell.text).body:
        code = compile(ast.Module([statement], []), filename, "exec")
        # En rad som bygger på körningar vi hoppat över får inte fälla resten. Behövs den säger
        # NameError det när lösningen anropas.
        with contextlib.suppress(Exception):
            exec(code, namespace)
