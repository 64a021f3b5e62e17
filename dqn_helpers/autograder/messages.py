"""Meddelandena mellan rättaren och arbetsprocessen: JSON, med längd först och arrayer som base64.

Aldrig pickle: det som kommer ur arbetsprocessen kan studentens kod ha skrivit. Här prövas
storlek, djup, datatyper och former; det som inte stämmer blir `MessageError`.
"""

import base64
import json
import math
from typing import Any

import numpy as np

MAX_BYTES = 16 * 2**20
MAX_ANSWERS = 2 * 2**20  # ett uppdrags alla svar; de ärliga är några kB, och att läsa dem tar tid
LENGTH_BYTES = 8
MAX_DIMENSIONS = 8
DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "float16", "float32", "float64")

_ARRAY = "__array__"


class MessageError(ValueError):
    """Ett meddelande som inte följer formen."""


class TooLongError(MessageError):
    """Ett meddelande som är längre än det får vara."""


def encode(message: Any) -> bytes:
    """Meddelandet som bytes: åtta bytes längd, sedan JSON."""
    text = json.dumps(message, default=_to_json, ensure_ascii=True)
    return len(text).to_bytes(LENGTH_BYTES, "big") + text.encode("ascii")


def _to_json(value: Any) -> Any:
    """Det som JSON inte kan: numpy-tal och arrayer."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.name in DTYPES:
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {_ARRAY: [value.dtype.name, list(value.shape), data]}
    return {"type": type(value).__name__}


def length_of(header: bytes, limit: int = MAX_BYTES) -> int:
    """Meddelandets längd ur dess första åtta bytes.

    Raises:
        TooLongError: om meddelandet är större än `limit`.
    """
    length = int.from_bytes(header, "big")
    if length > limit:
        raise TooLongError(f"meddelandet är {length} bytes, högst {limit} är tillåtet")
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
