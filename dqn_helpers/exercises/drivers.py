"""Byggstenar till drivare.

En drivare tar studentens funktion och ett falls indata och ger det som iakttogs. Den anropar alltid
med argumenten i ordning, aldrig med namn: studenten får döpa om dem.
"""

from collections.abc import Sequence
from typing import Any

from dqn_helpers.counting import listed
from dqn_helpers.exercises.comparing import difference
from dqn_helpers.exercises.model import Observable
from dqn_helpers.exercises.plain import plain

CHANGED = Observable(
    "argumenten",
    wrong="Din funktion ändrar {got} på plats. Den som anropade behöver det som det var: räkna "
    "fram något nytt i stället.",
)
"""Iakttagelsen `changed`: de argument som funktionen ändrade, ur `call_and_watch`."""


def call_and_watch(function: Any, arguments: dict[str, Any]) -> tuple[Any, str]:
    """Anropa funktionen. Ger det den returnerade och, i ord, de argument som den ändrade."""
    result, changed = call_and_name(function, arguments)
    return result, in_code(changed)


def call_and_name(function: Any, arguments: dict[str, Any]) -> tuple[Any, list[str]]:
    """Anropa funktionen. Ger det den returnerade och namnen på de argument som den ändrade."""
    before = {name: plain(value) for name, value in arguments.items()}
    result = function(*arguments.values())
    changed = [n for n, value in arguments.items() if difference(plain(value), before[n], 0.0)]
    return result, changed


def in_code(names: Sequence[str]) -> str:
    """Namnen som kod i en mening: "`reward`", eller "`model` och `reward`"; tomt om inga finns."""
    return listed([f"`{name}`" for name in names])
