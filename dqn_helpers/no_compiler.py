"""Står i stället för torchs kompilator, `torch._dynamo`, tills någon verkligen använder den.

Varje optimerare i torch läser in kompilatorn vid sitt första steg, för att säga vad den inte ska
kompilera. Kursen kompilerar inget, och inläsningen tar över en sekund. Här står det lilla som en
optimerare frågar efter. Den som frågar efter något annat, till exempel genom `torch.compile` eller
`torch.func.grad`, får den riktiga kompilatorn.
"""

import importlib
import sys
from typing import Any

NAME = "torch._dynamo"


def graph_break() -> None:
    """Dela det som kompileras i två delar; här kompileras inget."""


def disable(fn: Any = None, recursive: bool = True, **_: object) -> Any:
    """Funktionen, som den är: den som inget kompilerar behöver inte hindras från det."""
    return fn


def stand_in() -> None:
    """Ta kompilatorns plats, om den inte redan är inläst."""
    sys.modules.setdefault(NAME, sys.modules[__name__])


def __getattr__(name: str) -> Any:
    """Allt annat finns i den riktiga kompilatorn, som då läses in (PEP 562)."""
    is_standing_in = sys.modules.get(NAME) is sys.modules[__name__]
    # Efter `__path__` frågar Python när någon importerar en del av kompilatorn. De andra namnen av
    # det slaget frågar den som bara ser sig om (`inspect`), och den ska inte få vänta.
    if not is_standing_in or (name.startswith("__") and name != "__path__"):
        raise AttributeError(name)
    del sys.modules[NAME]
    return getattr(importlib.import_module(NAME), name)
