"""Gör tabellen som `check()` känner igen misstag med: fel svar på de öppna exemplen → text.

    python solutions/grading/make_table.py            skriver misconceptions.json i exercises/
    python solutions/grading/make_table.py --check    skriver inget, men säger om tabellen är gammal
    python solutions/grading/make_table.py --model    väljer först om felmodellens program, när
                                                      regler eller rätta stilar är nya (minuter)
    python solutions/grading/make_table.py --model 3.1 4.1    bara i de övningarna (sekunder, utom
                                                              i 2.2, 2.3, 3.3, 4.3 och 5.2)

Tabellen innehåller bara svar och texter, aldrig några lösningar, varken rätta eller felaktiga.
De sista siffrorna i ett svar beror på datorns processor: det som står får stå kvar när bara de
skiljer sig.
"""

import functools
import itertools
import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from dqn_helpers.autograder import error_model
from dqn_helpers.autograder.catalogue import LazyOutcomes, known_mistake, misconceptions
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.model import Exercise, KnownMistake, Outcome
from dqn_helpers.exercises.registry import TABLE, known_mistakes

DIGITS = 7


@functools.cache
def table() -> dict[str, list[dict[str, Any]]]:
    """Hela tabellen: övning → misstag."""
    return {number: _rows(exercise) for number, exercise in EXERCISES.items()}


def _rows(exercise: Exercise) -> list[dict[str, Any]]:
    rows = []
    for misconception in misconceptions(exercise.number):
        rows.append(_row(exercise, known_mistake(exercise, misconception, exercise.examples)))
    for id in _chosen()[exercise.number]:
        program = error_model.program(exercise.number, id)
        outcomes = LazyOutcomes(exercise, program.define(), exercise.examples)
        made = KnownMistake(program.id, program.text, outcomes, generated=True)
        rows.append(_row(exercise, made))
    return rows


@functools.cache
def _chosen() -> dict[str, list[str]]:
    """Felmodellens program: de som redan står i tabellen."""
    return {n: [m.id for m in known_mistakes(n) if m.generated] for n in EXERCISES}


def _row(exercise: Exercise, mistake: KnownMistake) -> dict[str, Any]:
    outcomes = [
        _outcome(outcome, case.random)
        for case, outcome in zip(exercise.examples, mistake.outcomes, strict=True)
    ]
    row: dict[str, Any] = {"id": mistake.id, "text": mistake.text, "outcomes": outcomes}
    row |= {"alone": True} if mistake.alone else {}
    return row | ({"generated": True} if mistake.generated else {})


def select_model(numbers: Sequence[str]) -> None:
    """Välj felmodellens program på nytt."""
    for number in numbers:
        exercise = EXERCISES[number]
        by_hand = [known_mistake(exercise, m, exercise.examples) for m in misconceptions(number)]
        _chosen()[number] = error_model.select(number, by_hand)
        print(f"{number}: {len(_chosen()[number])} program", flush=True)


def _outcome(outcome: Outcome, random: tuple[str, ...]) -> dict[str, Any]:
    row: dict[str, Any] = {"status": outcome.status}
    if outcome.observed:
        kept = {key: value for key, value in outcome.observed.items() if key not in random}
        row["observed"] = {key: _short(value) for key, value in kept.items()}
    if outcome.signature:
        row["signature"] = outcome.signature
    return row


def _short(value: Any) -> Any:
    """Enkla JSON-värden, med så många siffror som jämförelsen behöver."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_short(item) for item in value]
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def text() -> str:
    """Tabellen som den står i filen: ett misstag per rad, så att en diff går att läsa."""
    blocks = []
    for number, rows in _as_before(table()).items():
        lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows)
        blocks.append(f"{json.dumps(number)}: [\n{lines}\n]")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _as_before(new: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Tabellen, med de rader som redan står i filen där bara avrundningen skiljer."""
    old = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    known = {(number, row["id"]): row for number, rows in old.items() for row in rows}
    return {
        number: [_kept(row, known.get((number, row["id"]))) for row in rows]
        for number, rows in new.items()
    }


def _kept(new: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    same_words = old is not None and all(new.get(k) == old.get(k) for k in ("text", "alone"))
    if old is None or not same_words or len(new["outcomes"]) != len(old["outcomes"]):
        return new
    return old if all(map(_same, new["outcomes"], old["outcomes"])) else new


def _same(new: dict[str, Any], old: dict[str, Any]) -> bool:
    """Samma iakttagelser, så när som på avrundningen, och i övrigt samma text för text."""
    mine, right = (dict(outcome) for outcome in (new, old))
    numbers, before = mine.pop("observed", {}), right.pop("observed", {})
    return mine == right and error_model.same_numbers(numbers, before)


def twins(number: str) -> list[str]:
    """Misstagen som ger samma svar i alla exempel, så att `check()` inte kan skilja dem åt."""
    related = {m.id: m.equivalent_to for m in misconceptions(number)}
    by_hand = [row for row in table()[number] if not row.get("generated")]
    return [
        f"{number}: {one['id']} och {other['id']} ger samma svar i alla exempel. Är de samma "
        "misstag, så förbättra den gamla texten. Lägg annars till ett exempel som skiljer dem "
        "åt, eller skriv equivalent_to med en kommentar om varför."
        for one, other in itertools.combinations(by_hand, 2)
        if one["outcomes"] == other["outcomes"]
        and one["id"] not in related[other["id"]]
        and other["id"] not in related[one["id"]]
    ]


def main(arguments: list[str]) -> int:
    """Slutkod 1 om tabellen är inaktuell, eller om två misstag inte går att skilja åt."""
    if arguments[:1] == ["--model"]:
        select_model(arguments[1:] or list(EXERCISES))
    new = text()
    fresh = TABLE.exists() and TABLE.read_text(encoding="utf-8") == new
    if arguments == ["--check"]:
        print("Tabellen stämmer." if fresh else "Tabellen är inaktuell: kör utan --check.")
        return 0 if fresh else 1
    if not fresh:
        TABLE.write_text(new, encoding="utf-8")
    print("Tabellen stämde redan." if fresh else f"Skrev {TABLE.name}.")
    problems = [problem for number in table() for problem in twins(number)]
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
