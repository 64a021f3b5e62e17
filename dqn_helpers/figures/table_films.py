"""Tabeller över sjön och klippan som filmer: en färg, en pil och ett tal i varje ruta.

Allt är en teckning i SVG där bara talen byts, så en hel film tar liten plats.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from gymnasium.envs.toy_text.cliffwalking import CliffWalkingEnv
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv

from dqn_helpers.counting import counted
from dqn_helpers.figures.pictures import COLUMN_WIDTH, sentences, swedish_number
from dqn_helpers.figures.player import Film
from dqn_helpers.figures.theme import color
from dqn_helpers.figures.value_maps import CLIFF_WALKING_ARROWS, FROZEN_LAKE_ARROWS
from dqn_helpers.figures.worlds import INK, SQUARE, SVG, grid_kinds, hatching, square

HEADING = 34
"""Höjden på raden med panelens rubrik."""

STRONGEST = 0.34
"""Så mycket färg får den bästa rutan: bläck ska gå att läsa ovanpå."""

SMALLEST = 14.5
"""Så många bildpunkter höga är de minsta bokstäverna på skärmen."""

NARROW = 6
"""Rutnät med högst så många kolumner ställs bredvid varandra, och bredare staplas."""

Grid = FrozenLakeEnv | CliffWalkingEnv


@dataclass(frozen=True)
class _Board:
    """Ett rutnät i en bild: färgens styrka (0 till 1), pilen och talet i varje ruta, och en väg."""

    shares: np.ndarray
    arrows: Sequence[str]
    numbers: Sequence[str]
    walk: Sequence[int] = ()


def q_film(
    env: Grid,
    tables: Mapping[str, Sequence[np.ndarray]],
    labels: Sequence[str],
    *,
    walks: Mapping[str, Sequence[Sequence[int]]] | None = None,
    limits: tuple[float, float] | None = None,
    milliseconds: float | None = 700,
    name: str = "svep",
    caption: str = "",
    start: int | None = None,
) -> Film:
    """En eller flera Q-tabeller som växer fram i ett rutnät.

    Färgen och talet i en ruta är det största Q-värdet, och pilen är den giriga handlingen. En ruta
    där alla handlingar är lika bra har ingen pil.

    Args:
        env: sjön eller klippan, utan omslag (`env.unwrapped`).
        tables: rubrik → tabeller, float (S, A), en för varje bild.
        labels: en text till reglaget för varje bild.
        walks: rubrik → rutorna i en vandring, för varje bild; den ritas som en linje.
        limits: det värde som saknar färg och det som har mest; annars det minsta och det största
            som den första rubriken slutar med.
        milliseconds: tiden mellan två bilder; None ger ett reglage utan uppspelning.
        name: vad reglaget ändrar.
        caption: text under filmen.
        start: den bild som visas först; annars den sista.

    Raises:
        ValueError: om någon tabell inte har en rad för varje ruta.
    """
    inside = _inside_squares(env)
    _check(tables, len(inside))
    low, high = limits or _limits(next(iter(tables.values()))[-1][inside])
    arrows = FROZEN_LAKE_ARROWS if isinstance(env, FrozenLakeEnv) else CLIFF_WALKING_ARROWS
    boards: dict[str, list[_Board]] = {}
    for heading, series in tables.items():
        ways: Sequence[Sequence[int]] = walks[heading] if walks else [()] * len(series)
        boards[heading] = [
            _q_board(table, arrows, low, high, walk)
            for table, walk in zip(series, ways, strict=True)
        ]
    return _film(env, boards, labels, "det största Q-värdet", milliseconds, name, caption, start)


def visit_film(env: Grid, visits: Sequence[np.ndarray], labels: Sequence[str]) -> Film:
    """Hur ofta agenten har stått i varje ruta, som ett reglage.

    Args:
        env: sjön eller klippan, utan omslag.
        visits: antalet besök, int (S,), för varje bild.
        labels: en text till reglaget för varje bild.
    """
    most = np.log1p(max(counts.max() for counts in visits))
    boards = [
        _Board(np.log1p(counts) / most, [""] * len(counts), [swedish_number(n) for n in counts])
        for counts in visits
    ]
    return _film(env, {"besök": boards}, labels, "antalet besök", None, "steg", "", None)


def _check(tables: Mapping[str, Sequence[np.ndarray]], n_squares: int) -> None:
    for heading, series in tables.items():
        for table in series:
            if table.ndim != 2 or len(table) != n_squares:
                raise ValueError(
                    f"Tabellerna i ”{heading}” ska ha en rad för varje ruta, alltså "
                    f"{counted(n_squares, 'rad', 'rader')}, men en har formen {table.shape}."
                )


def _inside_squares(env: Grid) -> np.ndarray:
    """Sant för de rutor där agenten kan stå medan episoden pågår, bool (S,)."""
    return np.array([kind in "SF" for kind in "".join(grid_kinds(env))])


def _limits(table: np.ndarray) -> tuple[float, float]:
    best = table.max(axis=1)
    return float(best.min()), float(best.max())


def _q_board(
    table: np.ndarray, arrows: Sequence[str], low: float, high: float, walk: Sequence[int]
) -> _Board:
    best = table.max(axis=1)
    shares = np.clip(np.nan_to_num((best - low) / max(high - low, 1e-9)), 0, 1)
    marks = [
        "" if np.isnan(row).any() or row.min() == row.max() else arrows[int(row.argmax())]
        for row in table
    ]
    decimals = 2 if max(abs(low), abs(high)) < 2 else 0 if float(high).is_integer() else 1
    return _Board(shares, marks, [swedish_number(value, decimals=decimals) for value in best], walk)


def _film(
    env: Grid, boards: Mapping[str, Sequence[_Board]], labels: Sequence[str], what: str,
    milliseconds: float | None, name: str, caption: str, start: int | None,
) -> Film:  # fmt: skip
    """Filmen av rutnäten, med alternativtext ur den första och den sista bilden."""
    inside = _inside_squares(env)
    frames: list[dict[str, str]] = [{} for _ in labels]
    for panel, series in enumerate(boards.values()):
        for frame, board in zip(frames, series, strict=True):
            frame |= _values(board, inside, panel) | {f"w{panel}": _line(board.walk, env)}
    drawing, width = _drawing(env, list(boards))
    alt = f"Film av {what} i varje ruta. {_in_words(env, boards, labels)}"
    start = len(labels) - 1 if start is None else start
    return Film(
        drawing, tuple(frames), tuple(labels), alt, milliseconds, name, caption, start, width
    )


def _values(board: _Board, inside: np.ndarray, panel: int) -> dict[str, str]:
    """Det som byts i teckningen: färg, pil och tal i varje ruta där agenten kan stå."""
    values = {}
    for s in map(int, np.flatnonzero(inside)):
        values[f"f{panel}_{s}"] = f"{STRONGEST * board.shares[s]:.2f}"
        values[f"p{panel}_{s}"] = board.arrows[s]
        values[f"t{panel}_{s}"] = board.numbers[s]
    return values


def _line(walk: Sequence[int], env: Grid) -> str:
    """Vandringen som en linje genom rutornas mitt, skriven som i SVG; tom om ingen finns."""
    n_columns = len(grid_kinds(env)[0])
    points = [divmod(int(square), n_columns) for square in walk]
    corners = [f"{(x + 0.5) * SQUARE:g} {(y + 0.5) * SQUARE:g}" for y, x in points]
    return "M" + "L".join(corners) if corners else ""


def _in_words(env: Grid, boards: Mapping[str, Sequence[_Board]], labels: Sequence[str]) -> str:
    """Den sista bilden i ord, rad för rad; ett streck är en ruta där agenten inte kan stå."""
    inside, n_columns = _inside_squares(env), len(grid_kinds(env)[0])
    texts = []
    for heading, series in boards.items():
        last = series[-1]
        cells = [
            f"{number}{arrow}" if here else "–"
            for number, arrow, here in zip(last.numbers, last.arrows, inside, strict=True)
        ]
        rows = [" ".join(cells[i : i + n_columns]) for i in range(0, len(cells), n_columns)]
        texts.append(f"{heading}, {labels[-1]}: {' / '.join(rows)}")
    return sentences(*texts)


# --- teckningen -----------------------------------------------------------------------------------


def _drawing(env: Grid, headings: Sequence[str]) -> tuple[str, int]:
    """Teckningen med ett rutnät per rubrik, och filmens bredd."""
    kinds = grid_kinds(env)
    narrow = len(kinds[0]) <= NARROW
    width, height = len(kinds[0]) * SQUARE, len(kinds) * SQUARE + HEADING
    step_x, step_y = (width + SQUARE // 2, 0) if narrow else (0, height + SQUARE // 4)
    last = len(headings) - 1
    whole = last * step_x + width, last * step_y + height
    shown = min(COLUMN_WIDTH, 400 * len(headings)) if narrow else COLUMN_WIDTH
    size = max(15, round(SMALLEST * whole[0] / shown + 0.5))
    panels = "".join(
        f'<g transform="translate({number * step_x} {number * step_y})"><text x="4" y="22" '
        f'font-size="{size + 3}" fill="{INK}">{html.escape(heading)}</text>'
        f"{_squares(kinds, number, size)}</g>"
        for number, heading in enumerate(headings)
    )
    return f'<svg {SVG} viewBox="0 0 {whole[0]} {whole[1]}">{hatching()}{panels}</svg>', shown


def _squares(kinds: Sequence[str], panel: int, size: int) -> str:
    """Rutorna i ett rutnät, med plats för färg, pil och tal där agenten kan stå."""
    grounds, fills, places, arrows, numbers = [], [], [], [], []
    inner = f'width="{SQUARE - 2}" height="{SQUARE - 2}"'
    for row, line in enumerate(kinds):
        for column, kind in enumerate(line):
            place, x, y = row * len(line) + column, column * SQUARE, row * SQUARE
            if kind not in "SF":
                grounds.append(square(kind, row, column, place, size=size))
                continue
            # Numret skrivs sist: under färgen går det inte att läsa.
            grounds.append(square("F", row, column, ""))
            key, middle = f"{panel}_{place}", x + SQUARE // 2
            fills.append(f'<rect x="{x + 1}" y="{y + 1}" {inner} opacity="{{f{key}}}"/>')
            places.append(f'<text x="{x + 4}" y="{y + size}">{place}</text>')
            arrows.append(f'<text x="{middle + 8}" y="{y + 35}">{{p{key}}}</text>')
            numbers.append(f'<text x="{middle}" y="{y + 55}">{{t{key}}}</text>')
    return (
        f'<g transform="translate(0 {HEADING - 4})">{"".join(grounds)}'
        f'<g fill="{color("accent")}">{"".join(fills)}</g>'
        f'<path d="{{w{panel}}}" fill="none" stroke="{color("target")}" stroke-width="9" '
        f'stroke-linejoin="round" opacity="0.45"/><g fill="{INK}" font-size="{size}">'
        f'{"".join(places)}<g text-anchor="middle">{"".join(numbers)}'
        f'<g font-size="22">{"".join(arrows)}</g></g></g></g>'
    )
