"""Det som sker i arbetsprocessen: skiva en inlämning, eller köra en övnings fall på en lösning.

Data in, data ut; inga väntade svar och inget facit kommer hit. Kursens egen version av just den
övning som rättas är spärrad här.
"""

import __future__

import ast
import copy
import dataclasses
import functools
import linecache
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

import dqn_helpers
from dqn_helpers.autograder.messages import MAX_ANSWERS, encode, to_data
from dqn_helpers.exercises.blocking import block
from dqn_helpers.exercises.limits import OutOfTime, call_within, preserved_state, seed_everything
from dqn_helpers.exercises.model import Outcome
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.repair import Source, trials
from dqn_helpers.exercises.running import missing_import, run_case
from dqn_helpers.exercises.unused import unused_arguments
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.extract import slice_notebook

STATEMENT_SHARE = 0.2  # av övningens tid, för en enda sats
SEARCH_SHARE = 0.8  # av tiden, för omskrivningarna: arbetaren ska hinna svara
# Typerna i en def räknas inte ut. Då spelar det ingen roll om de finns, och
# `from __future__ import annotations` gäller fast satserna kompileras en och en.
LAZY_ANNOTATIONS = __future__.annotations.compiler_flag
MAX_NOTES = 20

FORBIDDEN_TEXT = (
    "Rättaren låter inte en lösning läsa eller skriva filer, starta program eller använda nätet; "
    "det behövs inte för övningen."
)
TOO_LARGE_TEXT = (
    "Det som koden ger är för stort för att rättas: det rätta svaret är några få tal. Returnerar "
    "den en hel buffert, eller en lista som växer i varje anrop?"
)


def perform(job: dict[str, Any]) -> Iterator[bytes]:
    """Utför ett uppdrag och ge svaren ett och ett, färdiga att skicka.

    Args:
        job: `kind` är "slice" (med `cells`, `wanted`), "run" (med `cells`, `number`,
            `inputs`, `first`, `seed`, och `seconds` processortid kvar; med `may_ask` svarar
            rättaren på frågor), "repair" (som "run", med `only` och `places`; se
            `exercises.repair`) eller "unused" (med `cells`, `number`; kör ingen kod).
    """
    cells = [CellSource(**cell) for cell in job["cells"]]
    if job["kind"] == "slice":
        yield encode(to_data(slice_notebook(cells, job["wanted"])))
    elif job["kind"] == "repair":
        yield encode({"trials": list(_repair(cells, job))})
    elif job["kind"] == "unused":
        sources = [Source(cell.name, cell.text) for cell in cells]
        yield encode({"unused": unused_arguments(EXERCISES[job["number"]], sources)})
    else:
        yield from _run(cells, job)


def _run(cells: Sequence[CellSource], job: dict[str, Any]) -> Iterator[bytes]:
    """Först hur det gick att definiera lösningen, sedan ett svar per fall."""
    exercise = EXERCISES[job["number"]]
    deadline = time.process_time() + job["seconds"]
    namespace, notes = _defined(cells, job)
    yield encode({"defined": exercise.name in namespace, "notes": notes[:MAX_NOTES]})
    if exercise.name not in namespace:
        return
    for index in range(job["first"], len(job["inputs"])):
        inputs, seed = job["inputs"][index], job["seed"] + index
        left = max(deadline - time.process_time(), 0.01)
        outcome = run_case(exercise.driver, namespace[exercise.name], inputs, left, seed)
        yield _small(_forbidden(outcome), MAX_ANSWERS // len(job["inputs"]))
        if outcome.status == "timeout":
            return


def _repair(cells: Sequence[CellSource], job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Vad omskrivningar av lösningen ger; de som inte ryms i svaret lämnas därhän."""
    exercise = EXERCISES[job["number"]]
    deadline = time.process_time() + SEARCH_SHARE * job["seconds"]
    namespace, _ = _defined(cells, job)
    sources = [Source(cell.name, cell.text) for cell in cells]
    left, seconds = MAX_ANSWERS, deadline - time.process_time()
    for trial in trials(
        exercise, sources, namespace, job["inputs"], job["only"], job["places"], seconds,
        job["seed"],
    ):  # fmt: skip
        answer = dataclasses.asdict(trial)
        left -= 2 * len(encode(answer))
        if left < 0:
            return
        yield answer


def _defined(cells: Sequence[CellSource], job: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Lösningens namn, och anmärkningar, när kursens egen lösning är spärrad."""
    block(EXERCISES[job["number"]].name)
    seed_everything(job["seed"])
    forbid_rereading()
    allow_without_effect()
    return define(cells, _main_module(), STATEMENT_SHARE * job["seconds"])


# Ett nekat systemanrop, en fil som inte finns i inhägnadens filträd, och skrivskyddet där.
FORBIDDEN_ERRORS = ("PermissionError", "FileNotFoundError", "OSError: [Errno #] Read-only file")


def _forbidden(outcome: Outcome) -> Outcome:
    """Det som inhägnaden nekar kommer fram som undantag; sådant sägs likadant på alla nivåer."""
    if outcome.status != "error" or not outcome.signature.startswith(FORBIDDEN_ERRORS):
        return outcome
    problem = f"{outcome.problem} {FORBIDDEN_TEXT}"
    return dataclasses.replace(outcome, status="forbidden", problem=problem)


def _small(outcome: Outcome, most: int) -> bytes:
    """Utfallet, färdigt att skicka; är det för stort för det får studenten veta det."""
    answer = encode(vars(outcome))
    if len(answer) <= most:
        return answer
    return encode(vars(Outcome("error", problem=TOO_LARGE_TEXT, output=outcome.output)))


# --- kursens egen lösning spärras ----------------------------------------------------------------

PACKAGE = Path(dqn_helpers.__file__).resolve().parent


@functools.cache
def course_modules_loaded() -> frozenset[str]:
    """Namnen på kursens inlästa moduler.

    Verkstaden frågar en gång, när allt är inläst. I en arbetare skulle letandet bland tusentals
    moduler röra vid, och alltså kopiera, en stor del av det minne som den delar med verkstaden.
    """
    return frozenset(name.split(".")[-1] for name in sys.modules if name.startswith("dqn_helpers."))


def forbid_rereading() -> None:
    """Kursens inlästa moduler går inte att läsa en gång till, inte ens där filerna är läsbara.

    Annars ger `importlib.reload`, `runpy` eller källtexten en ny, ospärrad lösning. Python frågar
    den här funktionen före varje `open`, och den går inte att ta bort igen.
    """
    loaded = course_modules_loaded()

    def ask(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            path = Path(os.path.realpath(os.fsdecode(arguments[0])))
            is_code = path.suffix in (".py", ".pyc") and path.name.split(".")[0] in loaded
            if is_code and path.is_relative_to(PACKAGE):
                raise PermissionError(f"{path.name} är redan inläst.")

    sys.addaudithook(ask)


def allow_without_effect() -> None:
    """Den som sparar en bild eller kompilerar sin kod får göra det, men här händer inget.

    Båda skriver filer. Det nekas, och en rätt lösning skulle falla på något som inte hör till
    övningen.
    """
    figure = sys.modules.get("matplotlib.figure")
    if figure is not None:
        figure.Figure.savefig = lambda self, *arguments, **options: None
    torch.compile = _as_it_is


def _as_it_is(model: Any = None, **options: object) -> Any:
    """Som `torch.compile`, med eller utan argument, men funktionen är orörd."""
    return (lambda function: function) if model is None else model


# --- studentens definitioner ---------------------------------------------------------------------


def _main_module() -> dict[str, Any]:
    """Namnen i en ny `__main__`. Som i anteckningsboken finns studentens namn där.

    Där letar till exempel `dataclass`, som annars inte känner igen `ClassVar` och `InitVar`.
    Jupyters egna namn finns också: en lösning får visa något på vägen.
    """
    module = sys.modules["__main__"] = ModuleType("__main__")
    names = vars(module)
    names["display"] = lambda *objects, **options: print(*objects)
    names["get_ipython"] = lambda: None
    return names


def define(
    source: Sequence[CellSource], namespace: dict[str, Any] | None = None, seconds: float = 2.0
) -> tuple[dict[str, Any], list[str]]:
    """Kör definitionerna, sats för sats. Ger namnen och anmärkningar om satser som föll.

    En sats får ta `seconds` sekunder processortid.

    En sats som bygger på körningar vi hoppat över får inte fälla resten. Behövs den säger
    NameError det när lösningen anropas. Den som saknar ett namn får försöka igen när de andra är
    körda, för studenten kan ha kört sina celler i en annan ordning än de står i.
    """
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    notes: list[str] = []
    waiting: list[tuple[str, ast.stmt]] = []
    lacking = [(cell.name, statement) for cell in source for statement in _statements(cell)]
    with preserved_state():
        while len(lacking) != len(waiting):  # de sista har alla försökt förgäves
            waiting, lacking = lacking, []
            for cell, statement in waiting:
                problem = _problem(cell, statement, namespace, seconds)
                if problem == LACKS_A_NAME:
                    lacking.append((cell, statement))
                elif problem:
                    notes.append(_note(cell, statement, problem))
    return namespace, notes + [_note(*one, LACKS_A_NAME) for one in lacking]


LACKS_A_NAME = "satsen gav `NameError` och hoppades över."


def _statements(cell: CellSource) -> list[ast.stmt]:
    """Cellens satser. Felmeddelanden kan sedan visa studentens egen rad."""
    filename = f"<{cell.name}>"
    linecache.cache[filename] = (len(cell.text), None, cell.text.splitlines(True), filename)
    return list(_one_name_at_a_time(ast.parse(cell.text).body))


def _one_name_at_a_time(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Satserna, med en import per namn: ett namn som saknas ska inte ta med sig de andra."""
    for statement in statements:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement
            continue
        for alias in statement.names:
            single = copy.copy(statement)
            single.names = [alias]
            yield single


def _problem(cell: str, statement: ast.stmt, namespace: dict[str, Any], seconds: float) -> str:
    """Kör satsen; ger varför den inte gick att köra, annars en tom text."""
    try:
        code = compile(ast.Module([statement], []), f"<{cell}>", "exec", LAZY_ANNOTATIONS)
        call_within(seconds, lambda: exec(code, namespace))
    except OutOfTime:
        return "satsen tog för lång tid och hoppades över."
    except ImportError as error:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            (alias,) = statement.names
            # Ett namn som redan finns är kvar: `import torch.finns_inte` tar inte bort `torch`.
            namespace.setdefault(alias.asname or alias.name.split(".")[0], _Missing(error))
        text = missing_import(error)
        return text[:1].lower() + text[1:]
    except NameError:
        return LACKS_A_NAME
    except BaseException as error:  # studentens kod kan kasta vad som helst
        return f"satsen gav `{type(error).__name__}` och hoppades över."
    return ""


class _Missing:
    """Det namn som en misslyckad import skulle ha gett: den som använder det får veta varför.

    Annars säger felet att namnet inte finns, och frågar om det är felstavat.
    """

    def __init__(self, error: ImportError) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise type(self._error)(*self._error.args)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        raise type(self._error)(*self._error.args)


def _note(cell: str, statement: ast.stmt, problem: str) -> str:
    return f"{cell}, rad {statement.lineno}: {problem}"
