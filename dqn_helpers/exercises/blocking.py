"""Kursens egen lösning går inte att använda medan samma övning prövas.

Den får läsas, och andra övningars får användas; bara den egna övningens är spärrad, i `check()` som
i rättaren. Koden byts inne i funktionerna. Då gäller spärren också den som redan har importerat
dem, och allt i kursen som anropar dem: träningssteget räknar inget mål medan 3.1 prövas.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

from dqn_helpers import evaluation, policy, replay, training
from dqn_helpers.exercises.syllabus import NUMBER_OF

SAME_THING: dict[str, tuple[Callable[..., Any], ...]] = {
    "discounted_return": (evaluation.realised_returns,),
    "epsilon_greedy": (policy.choose_dqn_action,),
    "sample_experiences": (replay.stack_experiences,),
    "play_and_record_episode": (training.play_one_step,),
    "q_value_bias": (evaluation.realised_returns,),
}
"""Det som räknar samma sak utan att anropa övningens lösning.

Ett test kör allt i kursen som lösning på varje övning, så att inget fattas här.
"""


@contextmanager
def blocked(name: str) -> Iterator[None]:
    """Spärra kursens lösning på övningen med det namnet, så länge `with` varar."""
    before = [(function, function.__code__) for function in functions_of(name)]
    block(name)
    try:
        yield
    finally:
        for function, code in before:
            function.__code__ = code


def block(name: str) -> None:
    """Spärra för gott; den riktiga koden finns sedan inte kvar i processen."""
    for function in functions_of(name):
        function.__code__ = _stub(function, NUMBER_OF[name])


def functions_of(name: str) -> list[FunctionType]:
    """Lösningens funktioner: den själv, dess egna hjälpfunktioner och det som räknar samma sak."""
    shared = {helper for other in NUMBER_OF if other != name for helper in _helpers(other)}
    own = [helper for helper in _helpers(name) if helper not in shared]
    same = [inspect.unwrap(function) for function in SAME_THING.get(name, ())]
    return list(dict.fromkeys([*_reference(name), *own, *same]))


def _reference(name: str) -> list[FunctionType]:
    """Kursens lösning som funktioner: en klass är sina metoder; tomt om den inte delas ut."""
    target: Any = getattr(sys.modules["dqn_helpers"], name, None)
    target = target and inspect.unwrap(target)
    parts = vars(target).values() if isinstance(target, type) else [target]
    return [part for part in parts if isinstance(part, FunctionType)]


@functools.cache
def _helpers(name: str) -> tuple[FunctionType, ...]:
    """De egna funktioner (`_namn`) i kursen som lösningen anropar, i hur många led som helst."""
    found: list[FunctionType] = []
    waiting = _reference(name)
    while waiting:
        function = waiting.pop()
        for called in _names_in(function.__code__):
            found_there = function.__globals__.get(called) if called.startswith("_") else None
            helper: Any = found_there and inspect.unwrap(found_there)
            if isinstance(helper, FunctionType) and helper not in found:
                found.append(helper)
                waiting.append(helper)
    return tuple(found)


def _names_in(code: CodeType) -> set[str]:
    inner = (part for part in code.co_consts if isinstance(part, CodeType))
    return set(code.co_names).union(*map(_names_in, inner))


def _stub(function: FunctionType, number: str) -> CodeType:
    """Koden som står i en spärrad funktion.

    Texten måste stå i koden själv: en funktion utan yttre variabler går att byta in överallt.
    """
    what = f"`dqn_helpers.{function.__qualname__}` gör det som övning {number} går ut på."
    scope: dict[str, Any] = {}
    code = (
        f"def blocked(*arguments, **named):\n    raise RuntimeError({what + ' Skriv en egen.'!r})"
    )
    exec(compile(code, "<dqn_helpers>", "exec"), scope)
    return scope["blocked"].__code__
