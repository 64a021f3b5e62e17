"""Det som sker i arbetsprocessen: skiva en inlämning, eller köra en övnings fall på en lösning.

Data in, data ut; inga väntade svar och inget facit kommer hit. Kursens egen version av just den
övning som rättas är spärrad här.
"""

import __future__

import ast
import dataclasses
import linecache
import os
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import dqn_helpers
from dqn_helpers.autograder.slicing import CellSource, slice_notebook, to_data
from dqn_helpers.exercises.blocking import block
from dqn_helpers.exercises.limits import OutOfTime, call_within, preserved_state
from dqn_helpers.exercises.model import Outcome
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.running import run_case

STATEMENT_SECONDS = 2.0
# Typerna i en def räknas inte ut. Då spelar det ingen roll om de finns, och
# `from __future__ import annotations` gäller fast satserna kompileras en och en.
LAZY_ANNOTATIONS = __future__.annotations.compiler_flag
MAX_NOTES = 20

FORBIDDEN_TEXT = (
    "Rättaren låter inte en lösning läsa eller skriva filer, starta program eller använda nätet; "
    "det behövs inte för övningen."
)


def perform(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Utför ett uppdrag och ge svaren ett och ett.

    Args:
        job: `kind` är "slice" (med `cells`, `wanted`) eller "run" (med `cells`, `number`,
            `inputs`, `first`, `seed`, `seconds`; med `may_ask` svarar rättaren på frågor).
    """
    cells = [CellSource(**cell) for cell in job["cells"]]
    if job["kind"] == "slice":
        yield to_data(slice_notebook(cells, job["wanted"]))
    else:
        yield from _run(cells, job)


def _run(cells: Sequence[CellSource], job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Först hur det gick att definiera lösningen, sedan ett svar per fall."""
    exercise = EXERCISES[job["number"]]
    block(exercise.name)
    _predictable_generators(job["seed"])
    forbid_rereading()
    namespace, notes = define(cells, _main_module())
    yield {"defined": exercise.name in namespace, "notes": notes[:MAX_NOTES]}
    if exercise.name not in namespace:
        return
    for index in range(job["first"], len(job["inputs"])):
        inputs, seed = job["inputs"][index], job["seed"] + index
        outcome = run_case(exercise.driver, namespace[exercise.name], inputs, job["seconds"], seed)
        yield dataclasses.asdict(_forbidden(outcome))
        if outcome.status == "timeout":
            return


def _forbidden(outcome: Outcome) -> Outcome:
    """Ett nekat systemanrop kommer fram som PermissionError."""
    if outcome.status != "error" or not outcome.signature.startswith("PermissionError"):
        return outcome
    problem = f"{outcome.problem} {FORBIDDEN_TEXT}"
    return dataclasses.replace(outcome, status="forbidden", problem=problem)


def _predictable_generators(seed: int) -> None:
    """`np.random.default_rng()` utan frö ska ge samma tal vid en omrättning.

    numpy hämtar annars fröet från operativsystemet, genom den här funktionen.
    """
    np.random.bit_generator.randbits = random.Random(seed).getrandbits  # type: ignore[attr-defined]


# --- kursens egen lösning spärras ----------------------------------------------------------------

PACKAGE = Path(dqn_helpers.__file__).resolve().parent


def forbid_rereading() -> None:
    """Kursens inlästa moduler går inte att läsa en gång till, inte ens där filerna är läsbara.

    Annars ger `importlib.reload`, `runpy` eller källtexten en ny, ospärrad lösning. Python frågar
    den här funktionen före varje `open`, och den går inte att ta bort igen.
    """
    loaded = {name.split(".")[-1] for name in sys.modules if name.startswith("dqn_helpers.")}

    def ask(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            path = Path(os.path.realpath(os.fsdecode(arguments[0])))
            is_code = path.suffix in (".py", ".pyc") and path.name.split(".")[0] in loaded
            if is_code and path.is_relative_to(PACKAGE):
                raise PermissionError(f"{path.name} är redan inläst.")

    sys.addaudithook(ask)


# --- studentens definitioner ---------------------------------------------------------------------


def _main_module() -> dict[str, Any]:
    """Namnen i en ny `__main__`. Som i anteckningsboken finns studentens namn där.

    Där letar till exempel `dataclass`, som annars inte känner igen `ClassVar` och `InitVar`.
    """
    module = sys.modules["__main__"] = ModuleType("__main__")
    return vars(module)


def define(
    source: Sequence[CellSource], namespace: dict[str, Any] | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Kör definitionerna, sats för sats. Ger namnen och anmärkningar om satser som inte gick.

    En sats som bygger på körningar vi hoppat över får inte fälla resten. Behövs den säger
    NameError det när lösningen anropas.
    """
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    notes: list[str] = []
    with preserved_state():
        for cell in source:
            notes += _execute(cell, namespace)
    return namespace, notes


def _execute(cell: CellSource, namespace: dict[str, Any]) -> list[str]:
    filename = f"<{cell.name}>"
    # Så att felmeddelanden kan visa studentens egen rad.
    linecache.cache[filename] = (len(cell.text), None, cell.text.splitlines(True), filename)
    notes = []
    for statement in ast.parse(cell.text).body:
        code = compile(ast.Module([statement], []), filename, "exec", LAZY_ANNOTATIONS)
        try:
            call_within(STATEMENT_SECONDS, lambda code=code: exec(code, namespace))  # type: ignore[misc]
        except OutOfTime:
            notes.append(f"{cell.name}, rad {statement.lineno}: tog för lång tid, hoppades över.")
        except BaseException as error:  # studentens kod kan kasta vad som helst
            what = type(error).__name__
            notes.append(f"{cell.name}, rad {statement.lineno}: gav {what}, hoppades över.")
    return notes
