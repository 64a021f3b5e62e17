"""Kör studentens kod på en övnings fall och gör vad som än händer till ett `Outcome`."""

import contextlib
import linecache
import re
import sysconfig
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

import numpy as np

from dqn_helpers.exercises.error_words import Cause, cause_of
from dqn_helpers.exercises.limits import (
    LimitedText,
    OutOfTime,
    Waiting,
    call_within,
    limited_memory,
    preserved_state,
    seed_everything,
    stop_button,
)
from dqn_helpers.exercises.model import Driver, Inputs, Outcome
from dqn_helpers.exercises.syntax import site_of

ERROR_WORDS: dict[type[BaseException], str] = {
    UnboundLocalError: "variabeln används innan den har fått ett värde",
    NameError: "ett namn som inte finns; är det felstavat, eller har du inte kört dess cell?",
    ModuleNotFoundError: "en modul som inte finns",
    ImportError: "något som inte går att importera",
    IndexError: "ett index som inte finns",
    KeyError: "en nyckel som inte finns",
    AttributeError: "objektet har inget med det namnet",
    ZeroDivisionError: "division med noll",
    RecursionError: "funktionen anropar sig själv utan slut",
    TypeError: "fel sorts värde, eller fel antal argument",
    ValueError: "ett värde som inte duger",
    AssertionError: "en `assert` som inte höll",
    StopIteration: "en iterator som tog slut",
    SystemExit: "koden försökte avsluta Python",
    KeyboardInterrupt: "koden avbröt sig själv",
    RuntimeError: "ett fel när koden kördes",
}

TIMEOUT_TEXT = (
    "Koden blev inte klar i tid och avbröts. Finns det en loop som aldrig tar slut, eller en "
    "funktion som anropar sig själv?"
)
WAITING_TEXT = (
    "Koden blev inte klar i tid och avbröts: den sov eller väntade i stället för att räkna. "
    "Anropar den `time.sleep`, `input` eller något annat som väntar? Är datorn mycket upptagen av "
    "annat hjälper det att försöka igen."
)
MEMORY_TEXT = (
    "Koden ville ha mer minne än den får. Växer något i varje varv av en loop, eller har något "
    "fått en mycket större form än du tänkte?"
)
NOT_RUN_TEXT = (
    "Det här fallet kördes inte, för ett tidigare fall tog för lång tid eller för mycket minne."
)

_LIBRARIES = tuple(
    str(Path(folder).resolve())
    for folder in (
        *(sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")),
        str(Path(__file__).parents[1]),
    )
)


def run_cases(
    driver: Driver, student: Any, inputs: Sequence[Inputs], seconds: float, seed: int = 0
) -> list[Outcome]:
    """Kör alla fall i tur och ordning; tillsammans får de använda `seconds` sekunder processortid.

    Efter ett fall som tog för lång tid eller för mycket minne körs inga fler: att fylla minnet en
    gång tar sekunder. Kastar bara KeyboardInterrupt, och bara om användaren tryckte på
    stoppknappen.
    """
    deadline = time.thread_time() + seconds
    outcomes: list[Outcome] = []
    for number, one in enumerate(inputs):
        if outcomes and outcomes[-1].status in ("timeout", "memory", "not_run"):
            outcomes.append(Outcome("not_run", problem=NOT_RUN_TEXT))
            continue
        left = max(deadline - time.thread_time(), 0.01)
        outcomes.append(run_case(driver, student, one, left, seed + number))
    return outcomes


def run_case(driver: Driver, student: Any, inputs: Inputs, seconds: float, seed: int) -> Outcome:
    """Kör ett fall, på högst `seconds` sekunder processortid (se `call_within`)."""
    if is_empty_function(student):
        return Outcome("unsolved")
    output, inputs = LimitedText(), _fresh(inputs)
    with stop_button(), preserved_state(), limited_memory():
        seed_everything(seed)
        try:
            with _captured(output):
                observed = call_within(seconds, lambda: driver(student, inputs))
        except BaseException as error:  # allt studentens kod kan kasta, också SystemExit
            return _outcome_of(error, output)
    return Outcome("ok", observed, output=output.text())


def _fresh(value: Any) -> Any:
    """En egen kopia av enkla data: det som studentens kod ändrar ska inte synas i nästa körning."""
    if isinstance(value, dict):
        return {key: _fresh(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_fresh(item) for item in value]
    return value.copy() if isinstance(value, np.ndarray) else value


@contextlib.contextmanager
def _captured(output: LimitedText) -> Iterator[None]:
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        yield


def _outcome_of(error: BaseException, output: LimitedText) -> Outcome:
    """Vad ett undantag betyder för studenten."""
    if isinstance(error, OutOfTime):
        text = WAITING_TEXT if isinstance(error, Waiting) else TIMEOUT_TEXT
        return Outcome("timeout", problem=text, output=output.text())
    message = _message(error)
    cause = _cause(error, message)
    # Samma meddelande kan ha flera orsaker; bara den som har samma är samma misstag.
    named = f" [{cause.id}]" if cause else ""
    signature = f"{type(error).__name__}: {re.sub(r'[0-9]+', '#', message)[:200]}{named}"
    if _is_stub(error, message):
        return Outcome("unsolved", problem=message, output=output.text())
    return Outcome(
        "memory" if _is_out_of_memory(error, message) else "error",
        problem=_problem(error, message),
        signature=signature,
        output=output.text(),
        cause=cause.text if cause else "",
    )


def _cause(error: BaseException, message: str) -> Cause | None:
    """Orsaken till felet, läst där studentens egen kod stod när det kastades."""
    trace, own = error.__traceback__, None
    while trace is not None:
        own = own if _is_library(trace.tb_frame.f_code.co_filename) else trace
        trace = trace.tb_next
    try:
        return cause_of(error, message, site_of(own) if own else None)
    except Exception:  # en förklaring som inte går att göra får inte dölja felet
        return None


def _is_out_of_memory(error: BaseException, message: str) -> bool:
    """Sant också för torch, som säger det med ett RuntimeError."""
    return isinstance(error, MemoryError) or "can't allocate memory" in message


def _message(error: BaseException) -> str:
    try:
        # Minnesadresser skiljer sig från gång till gång utan att betyda något.
        text = re.sub(r"0x[0-9a-fA-F]+", "0x…", str(error)).strip()[:300]
    except BaseException:  # ett eget undantag vars text inte går att göra
        return ""
    if isinstance(error, SystemExit) and error.code is None:
        return ""  # `exit()`: texten är annars ordet None
    if isinstance(error, ImportError):  # där står var på datorn modulen ligger, oftast sist
        return re.sub(r"\S*[/\\]", "", re.sub(r" \(.*", "", text, flags=re.DOTALL))
    return text


def missing_import(error: ImportError) -> str:
    """Varför en import inte gick, i en hel mening utan sökvägar."""
    message = _message(error)
    names = re.findall(r"'([\w.]+)'", message)
    if isinstance(error, ModuleNotFoundError) and names:
        return (
            f"Modulen `{names[0]}` är inte en av dem som kursen använder, och den finns inte här. "
            "Är den en egen fil behöver koden i den stå i anteckningsboken."
        )
    if len(names) == 2:
        return f"Namnet `{names[0]}` finns inte i `{names[1]}`. Kontrollera stavningen."
    return f"Importen gick inte: {message or 'okänt fel'}."


def _is_stub(error: BaseException, message: str) -> bool:
    """Sant för stubbens NotImplementedError, inte för torchs ("… not implemented for 'Long'")."""
    if not isinstance(error, NotImplementedError) or "not implemented for" in message:
        return False
    frames = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    return bool(frames) and not _is_library(frames[-1])


def _problem(error: BaseException, message: str) -> str:
    words = next((ERROR_WORDS[c] for c in type(error).__mro__ if c in ERROR_WORDS), "")
    name = type(error).__name__
    what = f"`{name}` ({words})" if words else f"`{name}`"
    if isinstance(error, ImportError):
        return f"{_where(error.__traceback__)} {what}. {missing_import(error)}"
    if _is_out_of_memory(error, message):
        return f"{_where(error.__traceback__)} `{name}`. {MEMORY_TEXT}"
    first_line = message.split("\n")[0][:200]
    return f"{_where(error.__traceback__)} {what}{': ' + first_line if first_line else ''}"


def _where(trace: TracebackType | None) -> str:
    """Studentens egen rad: den innersta som inte ligger i ett bibliotek."""
    own = [f for f in _frames(trace) if not _is_library(f[0])]
    if not own:
        return "Anropet av din kod ger"
    file, line_number = own[-1]
    line = linecache.getline(file, line_number).strip()[:120]
    cell = f" i {file[1:-1]}" if re.fullmatch(r"<cell [^<>]*>", file) else " i cellen"
    return f"Rad {line_number}{cell}{f', `{line}`,' if line else ''} ger"


def _frames(trace: TracebackType | None) -> list[tuple[str, int]]:
    return [(frame.f_code.co_filename, number) for frame, number in traceback.walk_tb(trace)]


def _is_library(filename: str) -> bool:
    if filename.startswith("<"):  # <cell 3> och <ipython-input-…> är studentens
        return not re.match(r"<(cell |ipython-input|string)", filename)
    return filename.startswith(_LIBRARIES) or str(Path(filename).resolve()).startswith(_LIBRARIES)


def is_empty_function(student: Any) -> bool:
    """Sant om funktionen inte gör något: bara `pass`, `...` eller en docstring."""
    code = getattr(student, "__code__", None)
    if not isinstance(code, CodeType):
        return False
    # Argumenten i instruktionerna pekar ut konstanter och skiljer sig; de jämförs för sig.
    only_none = set(map(repr, code.co_consts)) <= {"None", repr(student.__doc__)}
    return only_none and code.co_code[::2] in _EMPTY_CODE


def _empty() -> None:
    pass


def _empty_with_docstring() -> None:
    """Tom."""


_EMPTY_CODE = {f.__code__.co_code[::2] for f in (_empty, _empty_with_docstring)}
