"""Det som sker i arbetsprocessen: skiva en inlämning, eller köra en övnings fall på en lösning.

Data in, data ut; inga väntade svar och inget facit kommer hit. Kursens egen version av just den
övning som rättas är spärrad här.
"""

import __future__

import ast
import dataclasses
import inspect
import linecache
import random
import sys
from collections.abc import Iterator, Sequence
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

import dqn_helpers
from dqn_helpers.autograder.slicing import CellSource, slice_notebook, to_data
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
            `inputs`, `first`, `seed`, `seconds`).
    """
    cells = [CellSource(**cell) for cell in job["cells"]]
    if job["kind"] == "slice":
        yield to_data(slice_notebook(cells, job["wanted"]))
    else:
        yield from _run(cells, job)


def _run(cells: Sequence[CellSource], job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Först hur det gick att definiera lösningen, sedan ett svar per fall."""
    exercise = EXERCISES[job["number"]]
    block_reference(exercise.name)
    _predictable_generators(job["seed"])
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


# Det i kursens kod som gör samma sak som övningen, under annat namn.
SAME_THING = {
    "discounted_return": (dqn_helpers.realised_returns,),
    "epsilon_greedy": (dqn_helpers.choose_dqn_action,),
    "sample_experiences": (dqn_helpers.replay.stack_experiences,),
    "play_and_record_episode": (dqn_helpers.training.play_one_step, dqn_helpers.train_dqn),
}


def block_reference(name: str) -> None:
    """Gör kursens egen lösning obrukbar i den här processen, var den än är importerad."""
    for target in (getattr(dqn_helpers, name, None), *SAME_THING.get(name, ())):
        _block(target, name)


def _block(target: Any, name: str) -> None:
    target = inspect.unwrap(target)  # funktionen under @torch.no_grad()
    if isinstance(target, FunctionType):
        # Koden byts inne i funktionen: då gäller det också den som redan har importerat den.
        target.__code__ = _blocked(name).__code__
    elif isinstance(target, type):
        for attribute, value in list(vars(target).items()):
            if isinstance(value, FunctionType):
                setattr(target, attribute, _blocked(name))


def _blocked(name: str) -> FunctionType:
    # Texten måste stå i koden själv: en funktion utan yttre variabler går att byta in överallt.
    text = f"dqn_helpers.{name} är kursens lösning på den här övningen. Skriv en egen."
    scope: dict[str, Any] = {}
    code = f"def blocked(*arguments, **named):\n    raise RuntimeError({text!r})"
    exec(compile(code, "<dqn_helpers>", "exec"), scope)
    return scope["blocked"]


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
