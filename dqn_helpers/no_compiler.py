"""Står i stället för torchs kompilator, `torch._dynamo`, tills någon verkligen använder den.

Optimerarna i torch läser in kompilatorn vid sitt första steg, för att säga åt den vad den inte ska
kompilera. Kursen kompilerar inget, och inläsningen tar längre tid än att träna en agent i
korridoren. Här står det lilla som optimerarna frågar efter. Den som frågar efter något annat, till
exempel genom `torch.compile`, får den riktiga kompilatorn.
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
    is_here = sys.modules.get(NAME) is sys.modules[__name__]
    # Den som bara ser efter vad modulerna heter (`inspect`) ska inte få vänta. Sökvägen frågar
    # Python efter när någon importerar en del av kompilatorn.
    if name.startswith("__") and name != "__path__":
        raise AttributeError(name)
    if is_here:
        del sys.modules[NAME]
    return getattr(importlib.import_module(NAME), name)
