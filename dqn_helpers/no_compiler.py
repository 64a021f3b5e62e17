"""Står i stället för torchs kompilator, `torch._dynamo`, tills någon verkligen använder den.

Varje optimerare i torch läser in kompilatorn vid sitt första steg, för att säga vad den inte ska
kompilera. Kursen kompilerar inget, och inläsningen tar över en sekund. Här står det lilla som en
optimerare frågar efter. Den som frågar efter något annat, till exempel genom `torch.compile` eller
`torch.func.grad`, får den riktiga kompilatorn.
"""

import contextlib
import importlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

NAME = "torch._dynamo"
LATER = (signal.SIGALRM, signal.SIGINT) if hasattr(signal, "SIGALRM") else ()
"""Det som får vänta: klocksignalen (`exercises.limits`) och stoppknappen."""


def graph_break() -> None:
    """Dela det som kompileras i två delar; här kompileras inget."""


def disable(fn: Any = None, recursive: bool = True, **_: object) -> Any:
    """Funktionen, som den är: den som inget kompilerar behöver inte hindras från det."""
    return fn


def stand_in() -> None:
    """Ta kompilatorns plats, om den inte redan är inläst.

    Inte i Windows: där går det inte att vänta med ett avbrott tills den riktiga är inläst.
    """
    if LATER:
        sys.modules.setdefault(NAME, sys.modules[__name__])


def __getattr__(name: str) -> Any:
    """Allt annat finns i den riktiga kompilatorn, som då läses in (PEP 562)."""
    is_standing_in = sys.modules.get(NAME) is sys.modules[__name__]
    # Efter `__path__` frågar Python när någon importerar en del av kompilatorn. De andra namnen av
    # det slaget frågar den som bara ser sig om (`inspect`), och den ska inte få vänta.
    if not is_standing_in or (name.startswith("__") and name != "__path__"):
        raise AttributeError(name)
    del sys.modules[NAME]
    with _uninterrupted():
        return getattr(importlib.import_module(NAME), name)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Tidsgränsen och stoppknappen får vänta: en halv kompilator förstör alla optimerare."""
    if threading.current_thread() is not threading.main_thread():  # dit kommer inga signaler
        yield
        return
    came: list[int] = []
    before = {one: signal.signal(one, lambda number, _: came.append(number)) for one in LATER}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        for number in set(came):
            signal.raise_signal(number)
