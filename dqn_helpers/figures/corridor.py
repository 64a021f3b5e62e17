"""Korridoren som film: Q-värdena på varje plats, träningssteg för träningssteg, mot de sanna."""

from collections.abc import Mapping, Sequence

import numpy as np

from dqn_helpers.figures.pictures import sentences, swedish_number
from dqn_helpers.figures.player import Film
from dqn_helpers.figures.shapes import (
    GROUND,
    INK,
    MUTED,
    ONLINE,
    REWARD,
    WRONG,
    document,
    text,
)

MARGIN, COLUMN, SQUARE = 56, 104, 50
TOP, PLOT, PANEL = 40, 150, 290
"""I en panel börjar rutorna vid TOP, diagrammet under dem är PLOT högt, och allt är PANEL."""

ARROWS = "M16 -5H-2V-11L-16 0L-2 11V5H16Z", "M-16 -5H2V-11L16 0L2 11V5H-16Z"
MARKERS = "M-8 0L6 -8V8Z", "M8 0L-6 -8V8Z"
"""Handling 0 pekar åt vänster och handling 1 åt höger: pilen i rutan, och märket i diagrammet."""


def corridor_film(
    q_values: Mapping[str, np.ndarray], exact: np.ndarray, labels: Sequence[str]
) -> Film:
    """En film av Q-värdena i korridoren: trianglarna rör sig mot de vågräta strecken.

    Pilen i rutan är den handling som nätverket tror mest på, grön om den är rätt. Ett värde som
    är utanför diagrammet ligger vid kanten och är rött.

    Args:
        q_values: vem som tränade → float (K, S, 2), Q-värdena i K ögonblick.
        exact: float (S, 2), de sanna värdena.
        labels: en text per ögonblick, till exempel "steg 40".
    """
    scale = _Scale(np.asarray(exact, dtype=float))
    width = MARGIN + COLUMN * (len(exact) + 1)
    panels = [_panel(n, name, scale) for n, name in enumerate(q_values)]
    drawing = document(width, PANEL * len(panels), *panels)
    frames = []
    for moment in range(len(labels)):
        frame: dict[str, str] = {}
        for n, values in enumerate(q_values.values()):
            frame |= _panel_values(n, np.asarray(values[moment], dtype=float), scale)
        frames.append(frame)
    return Film(
        drawing, tuple(frames), tuple(labels), _in_words(q_values, scale), milliseconds=120,
        name="träning", width=min(width, 720),
    )  # fmt: skip


class _Scale:
    """Från Q-värde till höjd i diagrammet, med plats för lite fel uppåt och nedåt."""

    def __init__(self, exact: np.ndarray) -> None:
        self.exact = exact
        room = 0.25 * (np.ptp(exact) or 1.0)
        self.low, self.high = exact.min() - room, exact.max() + room

    def y(self, value: float) -> float:
        """Höjden i panelen; det som är utanför hamnar vid kanten."""
        inside = np.clip(np.nan_to_num(value, nan=self.low), self.low, self.high)
        share = (inside - self.low) / (self.high - self.low)
        return TOP + SQUARE + 34 + PLOT * (1 - share)

    def is_outside(self, value: float) -> bool:
        """Sant om värdet inte går att visa där det hör hemma."""
        return not self.low <= value <= self.high


def _panel(n: int, name: str, scale: _Scale) -> str:
    """Allt som står still i en panel, och `{namn}` där något rör sig."""
    n_places = len(scale.exact)
    words = f"{name}: största felet är {{fel{n}}}"
    parts = [
        text(MARGIN, 18, words, 17, anchor="start"),
        *(_grid_line(value, scale, n_places) for value in _whole_numbers(scale)),
        *(_place(n, place, scale) for place in range(n_places)),
        _goal(MARGIN + COLUMN * n_places),
    ]
    return f'<g transform="translate(0 {n * PANEL})">{"".join(parts)}</g>'


def _whole_numbers(scale: _Scale) -> list[float]:
    step = max(1, round((scale.high - scale.low) / 5))
    return [float(v) for v in range(int(np.ceil(scale.low)), int(scale.high) + 1, step)]


def _grid_line(value: float, scale: _Scale, n_places: int) -> str:
    y, right = scale.y(value), MARGIN + COLUMN * n_places
    line = f'<path d="M{MARGIN} {y:.1f}H{right}" stroke="{MUTED}" stroke-opacity="0.3"/>'
    return line + text(MARGIN - 8, y, swedish_number(value), 15, MUTED, anchor="end")


def _place(n: int, place: int, scale: _Scale) -> str:
    """En ruta med sin pil, och under den de två handlingarnas värden."""
    x = MARGIN + COLUMN * place + COLUMN / 2
    parts = [
        f'<rect x="{x - COLUMN / 2 + 2}" y="{TOP}" width="{COLUMN - 4}" height="{SQUARE}" rx="4" '
        f'fill="{GROUND}" stroke="{MUTED}"/>',
        text(x - COLUMN / 2 + 14, TOP + 13, str(place), 15, MUTED),
        f'<path transform="translate({x} {TOP + SQUARE / 2})" d="{{pil{n}_{place}}}" '
        f'fill="{{farg{n}_{place}}}"/>',
    ]
    for action, marker in enumerate(MARKERS):
        dx = x + (24, -24)[action == 0]
        y = scale.y(scale.exact[place, action])
        parts += [
            f'<path d="M{dx - 17} {y:.1f}h34" stroke="{INK}" stroke-width="3"/>',
            f'<path transform="translate({dx} {{y{n}_{place}_{action}}})" d="{marker}" '
            f'fill="{{f{n}_{place}_{action}}}" fill-opacity="0.85"/>',
        ]
    return "".join(parts)


def _goal(x: float) -> str:
    way = f"M{x + 24} {TOP + 44}V{TOP + 6}l28 11 -28 11"
    flag = f'<path d="{way}" fill="{REWARD}" stroke="{REWARD}" stroke-width="4"/>'
    return flag + text(x + 76, TOP + 24, "mål", 16)


def _panel_values(n: int, values: np.ndarray, scale: _Scale) -> dict[str, str]:
    """Var allt är i ett ögonblick."""
    frame = {f"fel{n}": _largest_error(values, scale)}
    best, right = values.argmax(axis=1), scale.exact.argmax(axis=1)
    for place, action in enumerate(best):
        frame[f"pil{n}_{place}"] = ARROWS[action]
        frame[f"farg{n}_{place}"] = REWARD if action == right[place] else WRONG
        for which in range(2):
            value = float(values[place, which])
            frame[f"y{n}_{place}_{which}"] = f"{scale.y(value):.1f}"
            frame[f"f{n}_{place}_{which}"] = WRONG if scale.is_outside(value) else ONLINE
    return frame


def _largest_error(values: np.ndarray, scale: _Scale) -> str:
    return swedish_number(float(np.abs(values - scale.exact).max()), decimals=2)


def _in_words(q_values: Mapping[str, np.ndarray], scale: _Scale) -> str:
    ends = [
        f"{name}: största felet går från {_largest_error(np.asarray(values[0]), scale)} till "
        f"{_largest_error(np.asarray(values[-1]), scale)}"
        for name, values in q_values.items()
    ]
    return f"Korridorens Q-värden rör sig mot de sanna. {sentences(*ends)}"
