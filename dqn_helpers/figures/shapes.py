"""Delarna som kursens teckningar byggs av: text, pilar och rutor, som SVG i kursens färger."""

import html
import math
from collections.abc import Sequence

from dqn_helpers.figures.theme import FONT, color

INK, MUTED, GROUND, PAPER = (color(m) for m in ("ink", "muted", "ground", "paper"))
ONLINE, TARGET, REWARD, WRONG = (color(m) for m in ("online", "target", "reward", "wrong"))
OTHER, NOTE = color("other"), color("note")

Point = tuple[float, float]


def document(width: float, height: float, *parts: str) -> str:
    """En hel teckning, med en rad för varje del."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{FONT}"'
    return "\n".join([f'{head} viewBox="0 0 {width:g} {height:g}">', *parts, "</svg>"])


def text(
    x: float, y: float, words: str, size: float = 16, fill: str = INK, *,
    anchor: str = "middle", bold: bool = False,
) -> str:  # fmt: skip
    """Text med mitten i höjdled vid y, en rad för varje rad i `words`; ingen text ger ingenting."""
    lines = words.split("\n") if words else []
    first = y + 0.35 * size - 0.6 * size * (len(lines) - 1)
    weight = ' font-weight="600"' if bold else ""
    return "".join(
        f'<text x="{x:.1f}" y="{first + 1.2 * size * n:.1f}" font-size="{size:g}" fill="{fill}" '
        f'text-anchor="{anchor}"{weight}>{html.escape(line, quote=False)}</text>'
        for n, line in enumerate(lines)
    )


def arrow(
    points: Sequence[Point], stroke: str = INK, width: float = 2.0, *, dashed: bool = False
) -> str:
    """En pil genom punkterna, ritade som i `path`."""
    (x, y), (before_x, before_y) = points[-1], points[-2]
    way = math.atan2(y - before_y, x - before_x)
    size = 5 + 2.2 * width
    corners = [
        (x - size * math.cos(way + turn), y - size * math.sin(way + turn)) for turn in (-0.45, 0.45)
    ]
    head = " ".join(f"{a:.1f},{b:.1f}" for a, b in [(x, y), *corners])
    # Strecket slutar inne i spetsen, annars syns dess trubbiga ände.
    end = (x - 0.7 * size * math.cos(way), y - 0.7 * size * math.sin(way))
    line = path([*points[:-1], end], stroke, width, dashed=dashed)
    return f'{line}<polygon points="{head}" fill="{stroke}"/>'


def path(
    points: Sequence[Point], stroke: str = INK, width: float = 2.0, *, dashed: bool = False
) -> str:
    """En linje genom punkterna; är de tre blir det en båge, med den mittersta som dragpunkt."""
    (x, y), *rest = points
    words = " ".join(f"{a:.1f} {b:.1f}" for a, b in rest)
    dash = ' stroke-dasharray="6 5"' if dashed else ""
    return (
        f'<path d="M{x:.1f} {y:.1f}{"Q" if len(rest) == 2 else "L"}{words}" fill="none" '
        f'stroke="{stroke}" stroke-width="{width:g}"{dash}/>'
    )


def box(
    x: float, y: float, width: float, height: float, stroke: str = MUTED, *,
    tint: float = 0.12, thick: float = 1.5, radius: float = 8,
) -> str:  # fmt: skip
    """En ruta med sin kant, svagt tonad i samma färg."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}" '
        f'fill="{stroke}" fill-opacity="{tint:g}" stroke="{stroke}" stroke-width="{thick:g}"/>'
    )


def circle(
    x: float, y: float, radius: float, stroke: str = INK, *, tint: float = 0.0, thick: float = 2.0
) -> str:
    """En ring, tonad i samma färg; med papperet under, så att inget syns igenom."""
    place = f'cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"'
    paper = f'<circle {place} fill="{PAPER}"/>'
    return (
        f'{paper}<circle {place} fill="{stroke}" fill-opacity="{tint:g}" stroke="{stroke}" '
        f'stroke-width="{thick:g}"/>'
    )
