"""Ur anteckningsbokens celler: bara det som en övning behöver, aldrig träning och inmatning.

Ren text blir data; inget av studentens körs. Koden är vems som helst, så skivningen ska ske i en
avskild process, och den som tar emot svaret läser det med `from_data`.

En sats tas med om den ger ett namn som lösningen behöver, eller ändrar det (`d["x"] = …`,
`lista.append(…)`, `Klass.metod = f`). Vad en sats läser och ger avgör Pythons egen kompilator.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dqn_helpers.autograder.cell_parsing import TOO_DEEP, ParsedCell, parse_cell
from dqn_helpers.autograder.dependencies import Program
from dqn_helpers.autograder.reach import Reach, touched
from dqn_helpers.autograder.statements import Statement, statements_of

MAX_STATEMENTS = 20_000
MAX_NOTES = 50
MAX_NOTE = 300
MAX_NAMES = 20_000
MAX_REACH = 500
MAX_NAME = 200
MAX_CELLS = 5_000
MAX_TEXT = 40_000_000  # alla övningars celler tillsammans, tomma rader inräknade


@dataclass(frozen=True)
class CellSource:
    """Koden i en cell. `name` är dess plats bland alla celler, "cell 7"."""

    name: str
    text: str


@dataclass(frozen=True)
class Slices:
    """En anteckningsbok, uppdelad.

    Attributes:
        needed: övningens namn → det som ska köras för att definiera den, i ordning. Radnumren är
            studentens egna. Samma cell kan komma två gånger (se `Program.needed_for`).
        names: alla namn som boken själv ger ett värde ytterst; en import räknas inte.
        uses: övningens namn → de andra övningarnas namn som dess kod använder.
        syntax_errors: celler som inte går att läsa, "cell 4, rad 2: …".
        notes: vad som hoppades över.
        everything: alla celler som går att läsa; den sista utvägen.
        reach: rader som rör något utanför övningarna (se `reach`).
    """

    needed: dict[str, tuple[CellSource, ...]]
    names: frozenset[str]
    uses: dict[str, frozenset[str]]
    syntax_errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    everything: tuple[CellSource, ...] = ()
    reach: tuple[Reach, ...] = ()


Parsed = list[tuple[str, ParsedCell]]
"""Kodcellernas namn och innehåll."""


def slice_notebook(cells: Sequence[CellSource], wanted: Sequence[str]) -> Slices:
    """Skiva en anteckningsbok.

    Args:
        cells: kodcellerna i ordning.
        wanted: övningarnas namn.
    """
    parsed: Parsed = []
    statements: list[Statement] = []
    for index, source in enumerate(cells):
        cell, own = _analysed(source, index, first=len(statements))
        parsed.append((source.name, cell))
        statements += own
    return _slices(Program(statements, frozenset(wanted)), parsed, wanted)


def _slices(program: Program, parsed: Parsed, wanted: Sequence[str]) -> Slices:
    needed, uses = {}, {}
    for name in dict.fromkeys(wanted):
        if name in program.names:
            chosen, used = program.needed_for(name)
            needed[name] = tuple(_sources(chosen, parsed))
            uses[name] = used & frozenset(wanted)
    notes = [f"{name}, {note}" for name, cell in parsed for note in cell.notes]
    names = sorted(name[:MAX_NAME] for name in program.names)
    return Slices(
        needed,
        frozenset(names[:MAX_NAMES]),
        uses,
        tuple(_short(f"{name}, {cell.error}" for name, cell in parsed if cell.error)),
        tuple(_short([*notes, *program.notes])),
        tuple(CellSource(name, cell.text) for name, cell in parsed if cell.tree is not None),
        tuple(_reach(parsed))[:MAX_REACH],
    )


def _reach(parsed: Parsed) -> Iterable[Reach]:
    for name, cell in parsed:
        for line, what in touched_in(cell.text):
            yield Reach(name, line, what[:MAX_NAME])


@functools.lru_cache(maxsize=1_000)
def touched_in(text: str) -> tuple[tuple[int, str], ...]:
    """Raderna i en cell som rör något utanför övningarna. Samma text läses bara en gång."""
    cell, _ = read_cell(text)
    return () if cell.tree is None else tuple(touched(cell.tree))


def _short(lines: Iterable[str]) -> list[str]:
    return [line[:MAX_NOTE] for line in lines][:MAX_NOTES]


def _analysed(source: CellSource, index: int, first: int) -> tuple[ParsedCell, list[Statement]]:
    """Cellen och dess satser, på sin plats i boken."""
    cell, statements = read_cell(source.text)
    if first + len(statements) > MAX_STATEMENTS:
        text = f"rad 1: här passerar boken {MAX_STATEMENTS} satser, och resten läses inte"
        return ParsedCell(cell.text, None, text, cell.notes), []
    return cell, [
        replace(
            statement,
            position=first + statement.position,
            cell=index,
            where=f"{source.name}, {statement.where}",
        )
        for statement in statements
    ]


@functools.lru_cache(maxsize=1_000)
def read_cell(text: str) -> tuple[ParsedCell, tuple[Statement, ...]]:
    """En cell och dess satser. Samma text läses bara en gång.

    Verkstaden läser sidans egna celler i förväg: de är med i varje inlämning.
    """
    cell = parse_cell(text)
    if cell.tree is None:
        return cell, ()
    try:
        return cell, tuple(statements_of(cell.tree))
    except (RecursionError, MemoryError):
        return ParsedCell(cell.text, None, TOO_DEEP, cell.notes), ()


def _sources(rounds: Sequence[Sequence[Statement]], cells: Parsed) -> Iterable[CellSource]:
    """Satserna som celler, med tomma rader i stället för det som inte behövs."""
    for chosen in rounds:
        for index in sorted({statement.cell for statement in chosen}):
            name, cell = cells[index]
            own = [statement for statement in chosen if statement.cell == index]
            yield CellSource(name, only(cell.text, own))


def only(text: str, chosen: Sequence[Statement]) -> str:
    """Bara de valda satserna, på sina rader; alla andra rader blir tomma."""
    # Inte str.splitlines: den delar också vid tecken som Python inte räknar som radslut.
    lines = text.split("\n")
    result = [""] * len(lines)
    for statement in chosen:
        for number, part in statement.parts(lines):
            before = result[number]
            # Två satser på samma rad: `import torch; x = 1`.
            result[number] = f"{before}; {part}" if before else part
    return "\n".join(result)


# --- till och från enkla data --------------------------------------------------------------------


def to_data(slices: Slices) -> dict[str, Any]:
    """Skivorna som enkla data, som JSON klarar."""

    def pairs(cells: Iterable[CellSource]) -> list[list[str]]:
        return [[cell.name, cell.text] for cell in cells]

    return {
        "needed": {name: pairs(cells) for name, cells in slices.needed.items()},
        "names": sorted(slices.names),
        "uses": {name: sorted(used) for name, used in slices.uses.items()},
        "syntax_errors": list(slices.syntax_errors),
        "notes": list(slices.notes),
        "everything": pairs(slices.everything),
        "reach": [[one.cell, one.line, one.what] for one in slices.reach],
    }


def from_data(data: object) -> Slices:
    """Skivorna ur data som en process med okänd kod kan ha hittat på.

    Raises:
        ValueError: om något har fel typ eller är för stort.
    """
    if not isinstance(data, dict) or set(data) != set(Slices.__dataclass_fields__):
        raise ValueError("skivorna har fel nycklar")
    needed = {name: _cells(cells) for name, cells in _items(data["needed"])}
    uses = {name: frozenset(_names(used)) for name, used in _items(data["uses"])}
    if needed.keys() != uses.keys():
        raise ValueError("needed och uses har inte samma övningar")
    slices = Slices(
        needed,
        frozenset(_names(data["names"])),
        uses,
        tuple(_texts(data["syntax_errors"], MAX_NOTES, MAX_NOTE)),
        tuple(_texts(data["notes"], MAX_NOTES, MAX_NOTE)),
        _cells(data["everything"]),
        _reach_from(data["reach"]),
    )
    cells = [*slices.everything, *(cell for cells in needed.values() for cell in cells)]
    if sum(len(cell.text) for cell in cells) > MAX_TEXT:
        raise ValueError("skivorna är för stora")
    return slices


def _items(value: object) -> list[tuple[str, object]]:
    if not isinstance(value, dict) or len(value) > 100:
        raise ValueError("en ordbok med fel form")
    _names(list(value))
    return list(value.items())


def _names(value: object) -> list[str]:
    names = _texts(value, MAX_NAMES, MAX_NAME)
    if not all(name.isidentifier() for name in names):
        raise ValueError("ett namn som inte är ett namn")
    return names


def _texts(value: object, count: int, length: int) -> list[str]:
    if not isinstance(value, list) or len(value) > count:
        raise ValueError("en lista med fel form")
    for text in value:
        if type(text) is not str or len(text) > length:
            raise ValueError("en text med fel form")
    return value


def _cells(value: object) -> tuple[CellSource, ...]:
    if not isinstance(value, list) or len(value) > MAX_CELLS:
        raise ValueError("celler med fel form")
    pairs = [_texts(pair, 2, MAX_TEXT) for pair in value]
    if not all(len(pair) == 2 and _is_cell_name(pair[0]) for pair in pairs):
        raise ValueError("en cell med fel form")
    return tuple(CellSource(name, text) for name, text in pairs)


def _reach_from(value: object) -> tuple[Reach, ...]:
    if not isinstance(value, list) or len(value) > MAX_REACH:
        raise ValueError("rader med fel form")
    for row in value:
        if not isinstance(row, list) or [type(part) for part in row] != [str, int, str]:
            raise ValueError("en rad med fel form")
        if not _is_cell_name(row[0]) or len(row[2]) > MAX_NAME:
            raise ValueError("en rad med fel form")
    return tuple(Reach(*row) for row in value)


def _is_cell_name(name: str) -> bool:
    word, _, number = name.partition(" ")
    return word == "cell" and number.isascii() and number.isdigit() and len(number) <= 6
