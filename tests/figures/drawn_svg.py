"""Läser teckningar: vad som står i dem, hur stort, i vilken färg och på vilken botten."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from dqn_helpers.figures import theme

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Words:
    """En text: var den står, hur stor den är, dess färg, och ytorna under den i ordning."""

    words: str
    x: float
    y: float
    size: float
    fill: str
    under: tuple[tuple[str, float], ...]

    def contrast(self, colors: dict[str, str]) -> float:
        """Textens kontrast mot det som ligger under den, i ljust eller mörkt tema."""
        ground = colors["paper"]
        for fill, opacity in self.under:
            ground = blend(resolved(fill, colors), opacity, ground)
        return theme.contrast(resolved(self.fill, colors), ground)


def resolved(fill: str, colors: dict[str, str]) -> str:
    """Färgen i ett tema: `var(--dqn-ink, …)` slås upp, annat är som det är."""
    found = re.search(r"var\(--dqn-(\w+)", fill)
    return colors[found[1]] if found else fill


def blend(top: str, opacity: float, ground: str) -> str:
    parts = [(int(top[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(opacity * a + (1 - opacity) * b):02x}" for a, b in parts)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def scale(svg: str, width: float) -> float:
    """Bildpunkter på skärmen för en av teckningens enheter, när den är så här bred."""
    box = parsed(svg).attrib["viewBox"].split()
    return width / float(box[2])


def texts(svg: str) -> list[Words]:
    """Alla texter i en teckning, i ordning."""
    shapes: list[tuple[float, float, float, float, str, float]] = []
    return list(_walk(parsed(svg), 0.0, 0.0, 1.0, "", shapes))


def _walk(
    element: ElementTree.Element, x: float, y: float, opacity: float, fill: str, shapes: list,
    size: str = "",
) -> Iterator[Words]:  # fmt: skip
    a = _attributes(element)
    moved = re.match(r"translate\(([-\d.]+)[ ,]([-\d.]+)\)", a.get("transform", ""))
    if moved:
        x, y = x + float(moved[1]), y + float(moved[2])
    opacity, fill = opacity * float(a.get("opacity", 1)), a.get("fill", fill)
    size = a.get("font-size") or a.get("font") or size
    strength = opacity * float(a.get("fill-opacity", 1))
    tag = element.tag.removeprefix(SVG)
    if tag == "rect" and fill not in ("none", "url(#stup)"):
        left, top = x + float(a.get("x", 0)), y + float(a.get("y", 0))
        right, bottom = left + float(a["width"]), top + float(a["height"])
        shapes.append((left, top, right, bottom, fill, strength))
    if tag == "circle" and fill != "none":
        cx, cy, r = x + float(a.get("cx", 0)), y + float(a.get("cy", 0)), float(a["r"])
        shapes.append((cx - r, cy - r, cx + r, cy + r, fill, strength))
    if tag == "text":
        yield _words(element, {"font-size": size} | a, x, y, fill, shapes)
    for child in element:
        if child.tag.removeprefix(SVG) not in ("defs", "title", "style", "tspan"):
            yield from _walk(child, x, y, opacity, fill, shapes, size)


def _attributes(element: ElementTree.Element) -> dict[str, str]:
    """Elementets egenskaper, också de som står i `style`."""
    styled = dict(part.split(":", 1) for part in element.get("style", "").split(";") if ":" in part)
    return dict(element.attrib) | {name.strip(): value.strip() for name, value in styled.items()}


def _words(
    element: ElementTree.Element, a: dict[str, str], x: float, y: float, fill: str, shapes: list
) -> Words:
    x, y = x + float(a.get("x", 0)), y + float(a.get("y", 0))
    size = float(re.findall(r"([\d.]+)(?:px|$)", a["font-size"])[0])
    shift = {"middle": 0.0, "end": -1.0}.get(a.get("text-anchor", ""), 1.0)
    inside = x + shift  # en punkt inne i texten, också när x är dess kant
    middle = y - 0.35 * size
    under = tuple(
        (color, strength)
        for left, top, right, bottom, color, strength in shapes
        if left <= inside <= right and top <= middle <= bottom
    )
    return Words("".join(element.itertext()), x, y, size, fill, under)
