"""Alla övningar, hämtade ur `notebook_NN.py` först när de behövs."""

import functools
import importlib
import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dqn_helpers.exercises.model import Exercise, KnownMistake, Outcome
from dqn_helpers.exercises.syllabus import SYLLABUS, book_of

TABLE = Path(__file__).with_name("misconceptions.json")


@functools.cache
def _notebook(number: str) -> dict[str, Exercise]:
    """Övningarna i en bok, ur modulens `EXERCISES`; tomt om modulen inte finns."""
    name = f"dqn_helpers.exercises.notebook_{number}"
    if importlib.util.find_spec(name) is None:
        return {}
    return {exercise.number: exercise for exercise in importlib.import_module(name).EXERCISES}


class _Exercises(Mapping[str, Exercise]):
    """Övningens nummer → övningen."""

    def __getitem__(self, number: str) -> Exercise:
        return _notebook(book_of(number))[number]

    def __iter__(self) -> Iterator[str]:
        return (n for n in SYLLABUS if n in _notebook(book_of(n)))

    def __len__(self) -> int:
        return sum(1 for _ in self)


EXERCISES: Mapping[str, Exercise] = _Exercises()


@functools.cache
def _table() -> dict[str, Any]:
    return json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}


def known_mistakes(number: str) -> tuple[KnownMistake, ...]:
    """Vad de kända misstagen ger på övningens öppna exempel, ur den gjorda tabellen.

    En tabell som inte hör ihop med exemplen (mitt i ett arbete) används inte.
    """
    rows = tuple(
        KnownMistake(
            row["id"],
            row["text"],
            tuple(Outcome(**o) for o in row["outcomes"]),
            row.get("alone", False),
            row.get("generated", False),
        )
        for row in _table().get(number, [])
    )
    n_examples = len(EXERCISES[number].examples)
    return tuple(row for row in rows if len(row.outcomes) == n_examples)
