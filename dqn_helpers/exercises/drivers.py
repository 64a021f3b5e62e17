"""Byggstenar till drivare.

En drivare tar studentens funktion och ett falls indata och ger det som iakttogs. Den anropar alltid
med argumenten i ordning, aldrig med namn: studenten får döpa om dem.
"""

from typing import Any

from dqn_helpers.exercises.comparing import difference
from dqn_helpers.exercises.model import Observable
from dqn_helpers.exercises.plain import plain

CHANGED = Observable(
    "argumenten",
    wrong="Din funktion ändrar sitt argument `{got}` på plats. Den som anropade behöver det som "
    "det var: räkna fram något nytt i stället.",
)
"""Iakttagelsen `changed`: de argument som funktionen ändrade, ur `call_and_watch`."""


def call_and_watch(function: Any, arguments: dict[str, Any]) -> tuple[Any, str]:
    """Anropa funktionen. Ger det den returnerade och namnen på de argument som den ändrade."""
    before = {name: plain(value) for name, value in arguments.items()}
    result = function(*arguments.values())
    changed = [n for n, value in arguments.items() if difference(plain(value), before[n], 0.0)]
    return result, ", ".join(changed)
