"""Vad som prövas till vardags. Resten är märkt `lang`: det körs med `--allt`, och så i CI.

Det här är för bevis av slaget ”varje lösning i varje nivå”, där några fall säger det mesta.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest


def first(count: int, cases: Iterable[Any]) -> Iterator[Any]:
    """De `count` första till vardags."""
    for place, case in enumerate(cases):
        yield case if place < count else long(case)


def every(step: int, cases: Iterable[Any]) -> Iterator[Any]:
    """Vart `step`:e fall till vardags, det första inräknat."""
    for place, case in enumerate(cases):
        yield long(case) if place % step else case


def only(names: Iterable[Any], cases: Iterable[Any]) -> Iterator[Any]:
    """De fall som räknas upp till vardags."""
    everyday = set(names)
    for case in cases:
        yield case if case in everyday else long(case)


def long(case: Any) -> Any:
    """Fallet, märkt `lang`."""
    return pytest.param(case, marks=pytest.mark.lang)
