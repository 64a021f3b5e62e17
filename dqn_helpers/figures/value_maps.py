"""Kartor över värden: rutnät, vandringar i dem, och CartPoles Q-funktion."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from dqn_helpers.counting import counted
from dqn_helpers.figures.pictures import (
    COLUMN_WIDTH,
    Picture,
    sentences,
    swedish_number,
    swedish_ticks,
)
from dqn_helpers.figures.plots import new_figure
from dqn_helpers.figures.shapes import (
    INK,
    MUTED,
    ONLINE,
    REWARD,
    TARGET,
    WRONG,
    arrow,
    box,
    circle,
    document,
    path,
    text,
)
from dqn_helpers.figures.worlds import SQUARE, grid_text, hatching, square
from dqn_helpers.network import device_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FROZEN_LAKE_ARROWS = ("←", "↓", "→", "↑")
CLIFF_WALKING_ARROWS = ("↑", "→", "↓", "←")

KINDS = {"hål": "H", "stup": "C", "mål": "G", "start": "S"}
"""Ord för en ruta → rutans slag, som i `worlds`."""

_WAYS = {"←": (-1, 0), "→": (1, 0), "↑": (0, -1), "↓": (0, 1)}
_STRONGEST = 0.5  # hur mycket färg det största värdet får; texten ska gå att läsa ovanpå
_SQUARE_WIDTH = 110  # bildpunkter, i ett rutnät som inte behöver hela spalten


def value_grid(
    values: np.ndarray | Sequence[float],
    shape: tuple[int, int],
    *,
    names: Mapping[int, str] | None = None,
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Picture:
    """Ett rutnät med ett tal i varje ruta, mer färg ju större talet är.

    Args:
        values: ett tal per ruta, S tal; ruta nummer s ligger på rad s // kolumner. nan är en ruta
            där man aldrig kan stå: den får varken tal eller färg.
        shape: (rader, kolumner).
        names: rutor som är något särskilt: "hål", "stup", "mål" och "start" ritas, och andra ord
            står som de är.
        limits: de tal som får minst och mest färg; annars det minsta och det största.
        title: rubrik.

    Raises:
        ValueError: om antalet tal inte stämmer med rutnätet.
    """
    numbers = np.asarray(values, dtype=float)
    if numbers.shape != (shape[0] * shape[1],):
        raise ValueError(f"Här behövs {shape[0] * shape[1]} tal, men formen är {numbers.shape}.")
    lines = [" ".join(_number(n) or "–" for n in row) for row in numbers.reshape(shape)]
    alt = f"{title or 'Värden'}: rutnät, tal rad för rad: {' / '.join(lines)}."
    return _grid_picture(numbers, shape, names or {}, limits, title, [""] * len(numbers), alt)


def q_grid(
    q_values: np.ndarray,
    shape: tuple[int, int],
    arrows: Sequence[str],
    *,
    names: Mapping[int, str] | None = None,
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Picture:
    """Ett rutnät där färgen och talet är max Q, och pilarna de bästa handlingarna.

    Är alla handlingar lika bra säger pilar inget, och då ritas inga.

    Args:
        q_values: float (S, A); ruta nummer s ligger på rad s // kolumner. En rad med nan är en ruta
            där man aldrig kan stå.
        shape: (rader, kolumner).
        arrows: en pil per handling, till exempel `FROZEN_LAKE_ARROWS`.
        names: rutor som är något särskilt, som i `value_grid`; de får ingen pil.
        limits: färgskalans minsta och största värde, för att flera bilder ska få samma färger;
            annars det minsta och det största i rutnätet.
        title: rubrik.

    Raises:
        ValueError: om antalet rutor eller pilar inte stämmer med `q_values`.
    """
    if q_values.shape != (shape[0] * shape[1], len(arrows)):
        raise ValueError(
            f"Tabellen `q_values` ska ha formen ({shape[0] * shape[1]}, {len(arrows)}) för ett "
            f"rutnät {shape} med {counted(len(arrows), 'pil', 'pilar')}, men har {q_values.shape}."
        )
    names = names or {}
    best = [_best_arrows(row, arrows) for row in q_values]
    marks = [names.get(s, way) for s, way in enumerate(best)]
    lines = [" ".join(mark or "–" for mark in row) for row in np.reshape(marks, shape)]
    alt = (
        f"{title or 'Q-värden'}: rutnät med {_size_in_words(shape)}, bästa handling rad för rad: "
        f"{' / '.join(lines)}."
    )
    shown = ["" if s in names or len(way) == len(arrows) else way for s, way in enumerate(best)]
    return _grid_picture(q_values.max(axis=1), shape, names, limits, title, shown, alt)


def _best_arrows(q_values: np.ndarray, arrows: Sequence[str]) -> str:
    """En pil för var och en av de bästa handlingarna."""
    # Små avrundningsfel räknas inte som skillnad.
    is_best = np.isclose(q_values, q_values.max(), atol=1e-9)
    return "".join(arrow for arrow, best in zip(arrows, is_best, strict=True) if best)


def _size_in_words(shape: tuple[int, int]) -> str:
    return f"{counted(shape[0], 'rad', 'rader')} och {counted(shape[1], 'kolumn', 'kolumner')}"


def _number(value: float) -> str:
    return "" if np.isnan(value) else swedish_number(value, 3)


def _grid_picture(
    values: np.ndarray, shape: tuple[int, int], names: Mapping[int, str],
    limits: tuple[float, float] | None, title: str, ways: Sequence[str], alt: str,
) -> Picture:  # fmt: skip
    low, high = limits or (float(np.nanmin(values)), float(np.nanmax(values)))
    shares = np.nan_to_num((values - low) / max(high - low, 1e-9)).clip(0, 1)
    squares = []
    for s, value in enumerate(values):
        row, column = divmod(s, shape[1])
        word = names.get(s, "")
        size = grid_text(shape[1])
        strength = _STRONGEST * float(shares[s])
        ground = square(KINDS.get(word, "F"), row, column, s, ONLINE, strength, size=size)
        words = "" if word in ("hål", "stup", "mål") else _number(value)
        x, y = (column + 0.5) * SQUARE, row * SQUARE
        if word and word not in KINDS:
            words = word
        squares.append(ground + _arrows(x + 4, y + 28, ways[s]) + text(x, y + 50, words, size))
    return _grid_drawing(shape, [(title, squares)], alt)


def _arrows(x: float, y: float, ways: str) -> str:
    """En pil, eller flera korta om flera handlingar är lika bra."""
    if len(ways) == 1:
        (dx, dy) = _WAYS[ways]
        return arrow([(x - 10 * dx, y - 10 * dy), (x + 10 * dx, y + 10 * dy)], INK, 2.5)
    ends = [_WAYS[way] for way in ways]
    return "".join(arrow([(x, y), (x + 13 * dx, y + 13 * dy)], INK, 2) for dx, dy in ends)


def _grid_drawing(
    shape: tuple[int, int], grids: Sequence[tuple[str, Sequence[str]]], alt: str
) -> Picture:
    """Ett eller flera rutnät under varandra, med rubriker."""
    width, height = shape[1] * SQUARE, shape[0] * SQUARE
    parts, y = [hatching()], 0
    for title, squares in grids:
        if title:
            parts.append(text(2, y + 15, title, grid_text(shape[1]), anchor="start"))
            y += 28
        parts += [f'<g transform="translate(0 {y})">', *squares, "</g>"]
        y += height + 8
    shown = min(COLUMN_WIDTH, _SQUARE_WIDTH * shape[1])
    return Picture.from_svg(document(width, y - 8, *parts), alt, shown)


def grid_walks(
    walks: Mapping[str, Sequence[int]],
    shape: tuple[int, int],
    *,
    names: Mapping[int, str] | None = None,
) -> Picture:
    """Vandringar i ett rutnät, en ruta i taget, ett rutnät per vandring.

    Args:
        walks: rubrik → rutornas nummer i tur och ordning; ruta s ligger på rad s // kolumner.
        shape: (rader, kolumner).
        names: rutor som är något särskilt, som i `value_grid`.
    """
    kinds = {s: KINDS.get(word, "F") for s, word in (names or {}).items()}
    squares = [
        square(kinds.get(s, "F"), *divmod(s, shape[1]), s, size=grid_text(shape[1]))
        for s in range(shape[0] * shape[1])
    ]
    grids, descriptions = [], []
    for name, walk in walks.items():
        grids.append((name, [*squares, *_walk(np.asarray(walk), shape[1])]))
        jumps = int(_jumps(np.asarray(walk), shape[1]).sum())
        descriptions.append(f"{name}: {len(walk) - 1} steg, varav {jumps} hopp")
    alt = f"Vandringar i ett rutnät med {_size_in_words(shape)}. "
    return _grid_drawing(shape, grids, alt + sentences(*descriptions))


def _jumps(walk: np.ndarray, n_columns: int) -> np.ndarray:
    """Sant för varje steg som inte leder till en grannruta, bool (steg,)."""
    rows, columns = np.divmod(walk, n_columns)
    return np.abs(np.diff(rows)) + np.abs(np.diff(columns)) > 1


def _walk(walk: np.ndarray, n_columns: int) -> list[str]:
    """Vandringen som en linje, lite förskjuten i varje ruta så att gamla spår syns.

    Ett hopp, till exempel tillbaka till start efter ett fall, är streckat och börjar med ett kryss.
    """
    shift = np.random.default_rng(0).uniform(-0.22, 0.22, (len(walk), 2))
    places = SQUARE * (np.column_stack([walk % n_columns, walk // n_columns]) + 0.5 + shift)
    points = [(float(x), float(y)) for x, y in places]
    lines = []
    for i, jump in enumerate(_jumps(walk, n_columns)):
        if not jump:
            lines.append(path(points[i : i + 2], ONLINE, 2))
            continue
        (x, y) = points[i]
        cross = path([(x - 6, y - 6), (x + 6, y + 6)], WRONG, 2.5)
        cross += path([(x - 6, y + 6), (x + 6, y - 6)], WRONG, 2.5)
        lines.append(cross + path(points[i : i + 2], WRONG, 1.2, dashed=True))
    return [*lines, circle(*points[-1], 9, ONLINE, tint=1, thick=2)]


def number_table(
    values: np.ndarray | torch.Tensor,
    marked: Sequence[tuple[int, int]],
    alt: str,
    *,
    row_label: str,
    column_label: str,
    answers: Mapping[str, Sequence[float]] | None = None,
) -> Picture:
    """En tabell med tal, blå där de är positiva och orange där de är negativa, och några inringade.

    Args:
        values: tal, (rader, kolumner).
        marked: rad och kolumn för dem som ska ringas in.
        alt: det tabellen visar, i ord.
        row_label: vad raderna är.
        column_label: vad kolumnerna är.
        answers: vem som läste av tabellen → ett tal per rad, som står till höger; det är rätt om
            det är det inringade talet i raden.
    """
    numbers = np.asarray(values, dtype=float)
    n_rows, n_columns = numbers.shape
    answers = answers or {}
    largest = max(float(np.abs(numbers).max()), 1e-9)
    left, top, wide, high = 150, 58, 88, 52
    parts = [text(left + n_columns * wide / 2, 14, column_label, 16, MUTED)]
    parts.append(text(left - 40, top + n_rows * high / 2, row_label, 16, MUTED, anchor="end"))
    parts += [text(left + (c + 0.5) * wide, 42, str(c), 16, MUTED) for c in range(n_columns)]
    for r, row in enumerate(numbers):
        parts.append(text(left - 14, top + (r + 0.5) * high, str(r), 16, MUTED))
        for c, value in enumerate(row):
            color, x, y = TARGET if value < 0 else ONLINE, left + c * wide, top + r * high
            tint = _STRONGEST * abs(float(value)) / largest
            parts.append(box(x + 2, y + 2, wide - 4, high - 4, color, tint=tint, thick=1, radius=4))
            parts.append(text(x + wide / 2, y + high / 2, _number(float(value)), 18))
    for r, c in marked:
        x, y = left + c * wide, top + r * high
        parts.append(box(x + 3, y + 3, wide - 6, high - 6, INK, tint=0, thick=4, radius=20))
    right = left + n_columns * wide + 10
    for place, (name, given) in enumerate(answers.items()):
        x = right + 80 + 160 * place
        parts.append(text(x, 28, name.replace(", ", ",\n"), 16))
        for r, c in marked:
            is_right = bool(np.isclose(given[r], numbers[r, c]))
            words = f"{_number(given[r]) or 'inget tal'} {'rätt' if is_right else 'fel'}"
            color = REWARD if is_right else WRONG
            parts.append(text(x, top + (r + 0.5) * high, words, 18, color))
        given_words = "; ".join(_number(value) or "inget tal" for value in given)
        alt += f" {sentences(f'{name}: {given_words}')}"
    width = right + 160 * len(answers)
    return Picture.from_svg(document(width, top + n_rows * high + 4, *parts), alt, width)


_RIGHT, _LEFT, _GOOD = (0.58, 0.36, 0.72), (0.88, 0.49, 0.16), (0.18, 0.53, 0.77)
"""Höger, vänster och bra läge: färger som syns både på ljust och på mörkt när de tonas."""


def q_function(
    model: nn.Module,
    *,
    observation_scale: Sequence[float] = (1.0, 1.0, 1.0, 1.0),
    reward_scale: float = 1.0,
    title: str = "",
) -> Picture:
    """CartPoles Q-funktion över stångens vinkel och vinkelhastighet, med vagnen stilla i mitten.

    Till vänster max Q (hur bra läget är), till höger Q(höger) − Q(vänster) (vad agenten väljer).

    Args:
        model: nätverket.
        observation_scale: den skalning som nätverket är tränat med.
        reward_scale: belöningens skalning, så att axeln visar oskalade värden.
        title: rubrik.
    """
    angle = np.radians(np.linspace(-12, 12, 81))
    velocity = np.linspace(-2.5, 2.5, 81)
    grid = np.zeros((81, 81, 4), dtype=np.float32)
    grid[..., 2], grid[..., 3] = np.meshgrid(angle, velocity)
    scaled = torch.from_numpy(grid * np.asarray(observation_scale, dtype=np.float32))
    with torch.no_grad():
        q_values = (
            model(scaled.reshape(-1, 4).to(device_of(model))).cpu().numpy().reshape(81, 81, 2)
        )
    q_values = q_values / reward_scale
    difference = q_values[..., 1] - q_values[..., 0]

    figure, (left, right) = new_figure(2, height=3.9)
    largest = max(float(np.abs(difference).max()), 1e-9)
    best = q_values.max(axis=-1)
    _heat_map(left, best, "max Q", (float(best.min()), float(best.max())))
    _heat_map(right, difference, "Q(höger) − Q(vänster)", (-largest, largest))
    if difference.min() < 0 < difference.max():  # annars finns ingen gräns att rita
        right.contour(np.linspace(-12, 12, 81), velocity, difference, levels=[0.0], colors="black")
    figure.suptitle(title)
    share_right = float((difference > 0).mean())
    alt = (
        f"{title or 'Q-funktionen'}: två färgkartor över vinkel (−12 till 12 grader) och "
        f"vinkelhastighet. Max Q ligger mellan {swedish_number(q_values.max(-1).min(), 3)} och "
        f"{swedish_number(q_values.max(), 3)}. Agenten väljer höger i "
        f"{swedish_number(100 * share_right, 2)} procent av kartan."
    )
    return Picture.from_figure(figure, alt)


def _heat_map(ax: "Axes", values: np.ndarray, label: str, limits: tuple[float, float]) -> None:
    """En färgkarta över vinkel och vinkelhastighet: ingen färg alls är minst, eller noll."""
    from matplotlib.colors import LinearSegmentedColormap

    ends: list[Any] = [(*_GOOD, 0.0), (*_GOOD, 0.9)]
    if limits[0] == -limits[1]:  # en skillnad, med noll i mitten
        ends = [(*_LEFT, 0.9), (*_LEFT, 0.0), (*_RIGHT, 0.0), (*_RIGHT, 0.9)]
    places = [0.0, 1.0] if len(ends) == 2 else [0.0, 0.5, 0.5, 1.0]
    colors = LinearSegmentedColormap.from_list("kurs", list(zip(places, ends, strict=True)))
    image = ax.imshow(
        values, origin="lower", aspect="auto", extent=(-12.0, 12.0, -2.5, 2.5), cmap=colors,
        vmin=limits[0], vmax=limits[1],
    )  # fmt: skip
    ax.figure.colorbar(image, ax=ax, label=label, location="top", format=swedish_ticks())
    ax.grid(False)
    ax.set(xlabel="stångens vinkel (grader)", ylabel="vinkelhastighet (rad/s)")
