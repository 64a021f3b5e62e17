"""Jämför det som iakttogs med det väntade, och säg skillnaden på svenska."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from dqn_helpers.card import ComparedRow, Comparison
from dqn_helpers.exercises.model import Case, Exercise, Observable, Outcome, Within
from dqn_helpers.exercises.plain import (
    ANY_ORDER,
    MAX_ITEMS,
    kind_in_words,
    shortened,
    swedish_value,
)
from dqn_helpers.figures import swedish_number


@dataclass(frozen=True)
class Difference:
    """En skillnad: av vilket slag ("none", "kind", "shape" eller "value") och var den är störst."""

    kind: str
    got: Any
    expected: Any
    place: tuple[int, ...] = ()


def difference(got: Any, expected: Any, tolerance: float) -> Difference | None:
    """Den första skillnaden mellan ett iakttaget och ett väntat värde; None om de är lika."""
    if isinstance(expected, Within):
        kind = "none" if got is None and type(expected) is Within else "value"
        return None if expected.accepts(got) else Difference(kind, got, expected)
    if got is None or expected is None:
        return None if got is expected else Difference("none", got, expected)
    if type(got) is type(expected) is float and abs(got - expected) <= tolerance:
        return None  # det vanligaste, fort
    if isinstance(expected, dict) and ANY_ORDER in expected:
        same = _same_in_any_order(got, expected, tolerance)
        return None if same else Difference("value", got, expected)
    if isinstance(expected, str | dict) or isinstance(got, str | dict):
        return None if _same_plain(got, expected) else _kind_or_value(got, expected)
    if _is_mixed(got) or _is_mixed(expected):
        return _list_difference(got, expected, tolerance)
    return _number_difference(np.asarray(got), np.asarray(expected), tolerance)


def _same_in_any_order(got: Any, expected: dict[str, Any], tolerance: float) -> bool:
    """Sant om varje del har en motsvarighet bland de andra; hur många gånger spelar ingen roll.

    Delarna är tal, eller rader med lika många tal i varje.
    """
    right = np.asarray(expected[ANY_ORDER], dtype=float)
    try:
        mine = np.asarray(got[ANY_ORDER], dtype=float)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError):
        return False  # det iakttagna kan vara vad som helst
    if mine.ndim != right.ndim or mine.shape[1:] != right.shape[1:] or len(mine) > MAX_ITEMS:
        return False
    wrong = _wrong(mine[:, None], right[None], tolerance)
    wrong = wrong.reshape(len(mine), len(right), math.prod(right.shape[1:]))
    near = np.asarray(~wrong.any(axis=2))
    return bool(near.any(axis=0).all() and near.any(axis=1).all())


def _same_plain(got: Any, expected: Any) -> bool:
    return type(got) is type(expected) and bool(got == expected)


def _kind_or_value(got: Any, expected: Any) -> Difference:
    same_kind = isinstance(got, str) and isinstance(expected, str)
    return Difference("value" if same_kind else "kind", got, expected)


def _is_mixed(value: Any) -> bool:
    """Sant för en lista som inte bara är tal (till exempel en lista av arrayer)."""
    return isinstance(value, list) and not all(isinstance(item, int | float) for item in value)


def _list_difference(got: Any, expected: Any, tolerance: float) -> Difference | None:
    """Två listor, del för del; är formerna lika jämförs de som arrayer."""
    if not isinstance(got, list | np.ndarray) or not isinstance(expected, list | np.ndarray):
        return Difference("kind", got, expected)
    if len(got) != len(expected):
        return Difference("shape", got, expected)
    for index, (mine, right) in enumerate(zip(got, expected, strict=True)):
        found = difference(_item(mine), _item(right), tolerance)
        if found:
            return Difference(found.kind, found.got, found.expected, (index, *found.place))
    return None


def _item(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _number_difference(
    got: np.ndarray, expected: np.ndarray, tolerance: float
) -> Difference | None:
    if got.shape != expected.shape:
        kind = "shape" if got.ndim and expected.ndim else "kind"
        return Difference(kind, _as_plain(got), _as_plain(expected))
    try:
        got_numbers, right = got.astype(float), expected.astype(float)
    except (TypeError, ValueError, OverflowError):  # inte tal
        return Difference("kind", _as_plain(got), _as_plain(expected))
    wrong = _wrong(got_numbers, right, tolerance)
    if not wrong.any():
        return None
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    return Difference("value", got[place].item(), expected[place].item(), place)


def _wrong(got: np.ndarray, right: np.ndarray, tolerance: float) -> np.ndarray:
    """Var talen skiljer sig åt; två nan, eller två likadana oändligheter, är lika."""
    with np.errstate(all="ignore"):
        wrong = ~(np.abs(got - right) <= tolerance * np.maximum(1, np.abs(right)))
        wrong |= np.isinf(right)  # till oändligheten är inget avstånd litet
        return wrong & ~((got == right) | (np.isnan(got) & np.isnan(right)))


def _as_plain(array: np.ndarray) -> Any:
    return array.item() if array.ndim == 0 else array


def same_outcome(
    mine: Outcome, other: Outcome, case: Case, keys: tuple[str, ...] | None = None
) -> bool:
    """Sant om två körningar av samma fall gav samma sak (i iakttagelserna `keys`, annars alla)."""
    if mine.status != other.status:
        return False
    if mine.status != "ok":
        return mine.signature == other.signature
    wanted = [k for k in (keys or other.observed) if k not in case.random]
    return all(
        difference(mine.observed.get(key), other.observed.get(key), case.tolerance) is None
        for key in wanted
    )


def in_words(
    found: Difference, key: str, observable: Observable, case: Case, whole: tuple[Any, Any]
) -> str:
    """En svensk mening om skillnaden, med räkningen för hand där det finns en.

    `whole` är hela det iakttagna och hela det väntade värdet.
    """
    if found.kind == "none" and found.got is None:
        return observable.none
    if observable.wrong:
        got, expected = map(_shown, whole)
        missing = _missing(*whole) if "{missing}" in observable.wrong else ""
        words = observable.wrong.format(got=got, expected=expected, missing=missing)
        return words.replace("….", "…")  # en lång rad tal slutar redan med tre punkter
    if found.kind == "shape":
        return (
            f"Formen på {observable.label} är {_shape(found.got)}, men ska vara "
            f"{_shape(found.expected)}."
        )
    if found.kind in ("kind", "none"):
        got, expected = kind_in_words(found.got), kind_in_words(found.expected)
        return f"{_capital(observable.label)} är {got}, men ska vara {expected}."
    calculation = _calculation(case.by_hand.get(key), found.place)
    if calculation:
        return f"{_capital(calculation)}; du fick {_in_a_sentence(found.got)}."
    return _general_words(found, observable)


def _missing(got: Any, expected: Any) -> str:
    """Det som saknas, ur två rader med tal: långa rader kan se lika ut i början."""
    left = np.setdiff1d(np.asarray(expected, dtype=float), np.asarray(got, dtype=float))
    return _shown(left) if left.size else "inga"


def _general_words(found: Difference, observable: Observable) -> str:
    got, expected = _in_a_sentence(found.got), _in_a_sentence(found.expected)
    if got == expected:  # skiljer sig först i en senare siffra
        got, expected = swedish_number(found.got, 9), swedish_number(found.expected, 9)
    place = f" på plats {_place(found.place)} (räknat från 0)" if found.place else ""
    return f"{_capital(observable.label)}{place} är {got}, men ska vara {expected}."


def _calculation(by_hand: str | tuple[str, ...] | None, place: tuple[int, ...]) -> str:
    if isinstance(by_hand, tuple):
        return by_hand[place[0]] if place and place[0] < len(by_hand) else ""
    return by_hand or ""


def _shape(value: Any) -> str:
    return str(value.shape) if isinstance(value, np.ndarray) else f"({len(value)},)"


def _place(place: tuple[int, ...]) -> str:
    return str(place[0]) if len(place) == 1 else str(place)


def _shown(value: Any) -> str:
    if isinstance(value, Within):
        return f"mellan {swedish_value(value.low)} och {swedish_value(value.high)}"
    return swedish_value(value)


def _in_a_sentence(value: Any) -> str:
    """Värdet i en mening, där nan är ett namn i kod; i tabellen står det som det är."""
    is_nan = isinstance(value, float) and math.isnan(value)
    return "`nan`" if is_nan else _shown(value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- tabellen på kortet ---------------------------------------------------------------------------

MAX_ROWS = 6
MAX_CELL = 48  # tecken i en ruta
MAX_COLUMNS = 4  # kolumner med indata, och de får inte bli bredare än så här tillsammans
MAX_WIDTH = 64


def compared(key: str, exercise: Exercise, case: Case, got: Any, expected: Any) -> Comparison:
    """Svaret bredvid det rätta, rad för rad, med de indata som hör till raden.

    Args:
        key: iakttagelsen.
        exercise: övningen.
        case: fallet.
        got: det som iakttogs.
        expected: det väntade.
    """
    n_rows = _length(expected) if _length(got) == _length(expected) else None
    mine = _items(got, n_rows)
    right = _items(expected, n_rows)
    marks = [difference(a, b, case.tolerance) is None for a, b in zip(mine, right, strict=True)]
    wrong = marks.index(False) if False in marks else 0  # den första som är fel ska synas
    start = max(0, min(wrong - 2, len(marks) - MAX_ROWS))
    columns = _columns(exercise, case, n_rows)
    rows = tuple(
        ComparedRow(
            name="" if n_rows is None else f"{exercise.observables[key].row} {i}",
            inputs=tuple(values[i] for values in columns.values()),
            got=_cell(mine[i]),
            wanted=_cell(right[i]),
            right=marks[i],
            by_hand=_calculation(case.by_hand.get(key), () if n_rows is None else (i,)),
        )
        for i in range(start, min(start + MAX_ROWS, len(marks)))
    )
    return Comparison(tuple(columns), rows, len(marks) - len(rows))


def _length(value: Any) -> int | None:
    """Så många rader som ett svar har; None när det är ett enda värde."""
    whole = value.low if type(value) is Within else value
    is_array = isinstance(whole, np.ndarray) and whole.ndim
    return len(whole) if is_array or isinstance(whole, list | tuple) else None


def _items(value: Any, n_rows: int | None) -> list[Any]:
    if n_rows is None:
        return [value]
    if isinstance(value, Within):
        return [Within(low, high) for low, high in zip(value.low, value.high, strict=True)]
    return [_item(item) for item in value]


def _columns(exercise: Exercise, case: Case, n_rows: int | None) -> dict[str, list[str]]:
    """De indata som hör till var sin rad: argumentets namn → ett värde per rad.

    Är svaret ett enda värde finns en rad, och den har alla argument eller inga.
    """
    arguments = {k: v for k, v in case.inputs.items() if k in exercise.arguments}
    if n_rows is None:
        shown = {name: [swedish_value(value)] for name, value in arguments.items()}
        shown = shown if len(shown) == len(exercise.arguments) else {}
    else:
        per_row = {k: v for k, v in arguments.items() if _length(v) == n_rows}
        shown = {k: [swedish_value(_item(one)) for one in v] for k, v in per_row.items()}
    width = sum(max(len(name), *map(len, cells)) for name, cells in shown.items() if cells)
    return shown if len(shown) <= MAX_COLUMNS and width <= MAX_WIDTH else {}


def _cell(value: Any) -> str:
    return shortened(_shown(value), MAX_CELL)
