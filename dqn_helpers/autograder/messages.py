"""Meddelandena mellan rättaren och arbetsprocessen: JSON, med längd först och arrayer som base64.

Aldrig pickle: det som kommer ur arbetsprocessen kan studentens kod ha skrivit. Här prövas
storlek, djup, datatyper och former; det som inte stämmer blir `MessageError`.
"""

import base64
import json
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.extract import (
    MAX_NAME,
    MAX_NAMES,
    MAX_NOTE,
    MAX_NOTES,
    MAX_REACH,
    Slices,
)
from dqn_helpers.submission.reach import Reach

MAX_BYTES = 16 * 2**20
MAX_ANSWERS = 2 * 2**20  # ett uppdrags alla svar; de ärliga är några kB, och att läsa dem tar tid
LENGTH_BYTES = 8
MAX_DIMENSIONS = 8
MAX_CELLS = 5_000
MAX_TEXT = 40_000_000  # alla övningars celler tillsammans, tomma rader inräknade
DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "float16", "float32", "float64")
NAMES = {np.dtype(name): name for name in DTYPES}  # `dtype.name` räknas ut varje gång, långsamt

_ARRAY = "__array__"


class MessageError(ValueError):
    """Ett meddelande som inte följer formen."""


class TooLongError(MessageError):
    """Ett meddelande som är längre än det får vara."""


def encode(message: Any) -> bytes:
    """Meddelandet i byte: längden i de åtta första, sedan JSON."""
    text = json.dumps(message, default=_to_json, ensure_ascii=True)
    return len(text).to_bytes(LENGTH_BYTES, "big") + text.encode("ascii")


def _to_json(value: Any) -> Any:
    """Det som JSON inte kan: numpy-tal och arrayer."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and (dtype := value.dtype.newbyteorder("=")) in NAMES:
        data = base64.b64encode(np.ascontiguousarray(value, dtype).tobytes()).decode("ascii")
        return {_ARRAY: [NAMES[dtype], list(value.shape), data]}
    return {"type": type(value).__name__}


def length_of(header: bytes, limit: int = MAX_BYTES) -> int:
    """Meddelandets längd ur dess första åtta byte.

    Raises:
        TooLongError: om meddelandet är större än `limit`.
    """
    length = int.from_bytes(header, "big")
    if length > limit:
        raise TooLongError(f"meddelandet är {length} byte, men högst {limit} är tillåtet")
    return length


def decode(payload: bytes) -> dict[str, Any]:
    """Meddelandet ur JSON-texten (utan längden).

    Raises:
        MessageError: om det inte är ett objekt i rätt form.
    """
    try:
        message = json.loads(payload.decode("utf-8"), object_hook=_from_json, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"meddelandet går inte att läsa: {error}"[:200]) from None
    if not isinstance(message, dict):
        raise MessageError("meddelandet är inget objekt")
    return message


def _integer(text: str) -> int | float:
    """Ett heltal som får plats i 64 bitar; större blir oändligt, så att inga räkningar spricker."""
    value = int(text) if len(text) < 20 else math.inf * (-1 if text[0] == "-" else 1)
    return value if abs(value) < 2**63 else math.copysign(math.inf, value)


def _from_json(found: dict[str, Any]) -> Any:
    return _array(found[_ARRAY]) if set(found) == {_ARRAY} else found


def _array(parts: Any) -> np.ndarray:
    if not isinstance(parts, list) or len(parts) != 3:
        raise MessageError("en array ska ha datatyp, form och innehåll")
    dtype, shape, data = parts
    if dtype not in DTYPES or not isinstance(data, str):
        raise MessageError(f"otillåten datatyp: {str(dtype)[:50]}")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise MessageError("arrayens form är ingen kort lista")
    if not all(type(n) is int and 0 <= n <= MAX_BYTES for n in shape):
        raise MessageError("arrayens form har orimliga tal")
    raw = base64.b64decode(data, validate=True)
    if math.prod(shape) * np.dtype(dtype).itemsize != len(raw):
        raise MessageError("arrayens form och innehåll passar inte ihop")
    return np.frombuffer(raw, dtype).reshape(shape).copy()


# --- skivorna ------------------------------------------------------------------------------------


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
        _reach(data["reach"]),
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


def _reach(value: object) -> tuple[Reach, ...]:
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
