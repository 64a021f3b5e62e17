"""Argument som lösningen aldrig läser: det syns i koden, och då är det känt varför något är fel."""

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dqn_helpers.exercises.model import Exercise
from dqn_helpers.exercises.repair import Source

MOST_SAID = 2
MAX_NAME = 60  # tecken


class Unused(NamedTuple):
    """Ett argument vars värde aldrig läses.

    Attributes:
        argument: vad det heter i studentens kod.
        cell: cellens plats i ordningen.
        line: raden där det får ett fast värde i stället; 0 om det inte får något.
    """

    argument: str
    cell: int
    line: int


def unused_arguments(exercise: Exercise, cells: Sequence[Source], name: str = "") -> list[Unused]:
    """Argumenten som aldrig läses i lösningen; inga om den är en klass eller tar `*args`.

    Args:
        exercise: övningen.
        cells: studentens kod.
        name: lösningens namn; tomt: övningens.
    """
    name = name or exercise.name
    found = [
        (place, statement)
        for place, cell in enumerate(cells)
        for statement in ast.parse(cell.text).body
        if isinstance(statement, ast.FunctionDef) and statement.name == name
    ]
    if not found or found[-1][1].args.vararg or found[-1][1].args.kwarg:
        return []
    return list(_unused(*found[-1]))


def _unused(cell: int, function: ast.FunctionDef) -> Iterator[Unused]:
    arguments = function.args
    for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        first = _first_use(function, one.arg)
        if first is None:
            yield Unused(one.arg, cell, 0)
        elif line := _fixed_on_line(function, one.arg, first):
            yield Unused(one.arg, cell, line)


def _first_use(function: ast.FunctionDef, argument: str) -> int | None:
    """Raden där argumentet först läses; None om den inte finns."""
    # `x += 1` läser x, fast namnet står som om det bara fick ett värde.
    added = {id(n.target) for n in ast.walk(function) if isinstance(n, ast.AugAssign)}
    lines = (
        node.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.Name)
        and node.id == argument
        and (isinstance(node.ctx, ast.Load) or id(node) in added)
    )
    return min(lines, default=None)


def _fixed_on_line(function: ast.FunctionDef, argument: str, first_use: int) -> int | None:
    """Raden där argumentet får ett fast värde innan det läses första gången."""
    for one in function.body:  # bara det som alltid körs
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant):
            names = [target.id for target in one.targets if isinstance(target, ast.Name)]
            if one.lineno < first_use and argument in names:
                return one.lineno
    return None


def unused_in_words(found: Sequence[Unused], cells: Sequence[Source]) -> list[str]:
    """En mening per argument, de första; det som inte går att läsa i cellerna hoppas över."""
    return [_sentence(one, cells) for one in found if _is_sane(one, cells)][:MOST_SAID]


def _is_sane(unused: Unused, cells: Sequence[Source]) -> bool:
    """Det som kommer ur en annan process kan vara vad som helst."""
    is_name = unused.argument.isidentifier() and len(unused.argument) <= MAX_NAME
    return is_name and 0 <= unused.cell < len(cells)


def _sentence(unused: Unused, cells: Sequence[Source]) -> str:
    name = unused.argument
    if not unused.line:
        return (
            f"Argumentet `{name}` används aldrig i din kod. Det behövs för att svaret ska bli rätt."
        )
    return (
        f"På rad {unused.line} i {cells[unused.cell].name} får `{name}` ett fast värde, så det som "
        "funktionen anropas med används aldrig."
    )
