"""Står i stället för torchs kompilator, `torch._dynamo`, tills någon verkligen använder den.

Varje optimerare i torch läser in kompilatorn vid sitt första steg, för att säga vad den inte ska
kompilera. Kursen kompilerar inget, och inläsningen tar över en sekund.
"""

import contextlib
import importlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

NAME = "torch._dynamo"
LATER = (signal.SIGALRM, signal.SIGINT) if hasattr(signal, "SIGALRM") else ()
"""Det som får vänta: klocksignalen (`exercises.limits`) och stoppknappen."""


def stand_in() -> None:
    """Ta kompilatorns plats, om den inte redan är inläst.

    Inte i Windows: där går det inte att vänta med ett avbrott tills den riktiga är inläst.
    """
    if LATER:
        sys.modules.setdefault(NAME, _StandIn(NAME))


class _StandIn(ModuleType):
    """Det lilla som en optimerare frågar efter.

    Den som frågar efter något annat, till exempel genom `torch.compile` eller `torch.func.grad`,
    får den riktiga kompilatorn.
    """

    @staticmethod
    def graph_break() -> None:
        """Dela det som kompileras i två delar; här kompileras inget."""

    @staticmethod
    def disable(fn: Any = None, recursive: bool = True, **_: object) -> Any:
        """Funktionen, som den är: den som inget kompilerar behöver inte hindras från det."""
        return fn

    def __getattr__(self, name: str) -> Any:
        """Allt annat finns i den riktiga kompilatorn, som då läses in."""
        # Efter `__path__` frågar Python när någon importerar en del av kompilatorn. De andra namnen
        # av det slaget frågar den som bara ser sig om (`inspect`), och den ska inte få vänta.
        if sys.modules.get(NAME) is not self or (name.startswith("__") and name != "__path__"):
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
        for number in set(came):  # i rättarens inhägnad går det inte att sända en signal
            handler = before[signal.Signals(number)]
            if callable(handler):
                handler(number, None)
