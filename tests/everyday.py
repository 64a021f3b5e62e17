"""Vad som prövas till vardags. Resten är märkt `lang`: det körs med `--allt`, och så i CI.

Det här är för bevis av slaget ”varje lösning i varje nivå”, där några fall säger det mesta.
"""

from collections.abc import Iterable
from typing import Any

import pytest

SLOW_EXERCISES = {"2.2", "2.3", "3.3", "4.3", "5.2"}
"""De vars prov drar, spelar eller tränar: fyra femtedelar av tiden."""


def first(count: int, cases: Iterable[Any]) -> list[Any]:
    """De `count` första till vardags."""
    return [case if place < count else long(case) for place, case in enumerate(cases)]


def every(step: int, cases: Iterable[Any]) -> list[Any]:
    """Vart `step`:e fall till vardags, det första inräknat."""
    return [long(case) if place % step else case for place, case in enumerate(cases)]


def only(everyday: Iterable[Any], cases: Iterable[Any]) -> list[Any]:
    """De fall som räknas upp till vardags."""
    wanted = set(everyday)
    return [case if case in wanted else long(case) for case in cases]


def quick(numbers: Iterable[str]) -> list[Any]:
    """De övningar som går fort att pröva till vardags."""
    return [long(number) if number in SLOW_EXERCISES else number for number in numbers]


def long(case: Any) -> Any:
    """Fallet, märkt `lang`."""
    return pytest.param(case, marks=pytest.mark.lang)
