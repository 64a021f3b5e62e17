"""Diagram över hur delarna i DQN hänger ihop, ritade i kursens färger.

Blått är online-nätverket och det som lär sig, orange är målnätverket och TD-målet, grönt är
belöning och rött är fel.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from dqn_helpers.counting import counted, listed
from dqn_helpers.figures.pictures import Picture, sentences, swedish_number
from dqn_helpers.figures.player import Film
from dqn_helpers.figures.shapes import (
    INK,
    MUTED,
    NOTE,
    ONLINE,
    PAPER,
    REWARD,
    TARGET,
    WRONG,
    Point,
    arrow,
    box,
    circle,
    document,
    path,
    text,
)

# --- DQN-loopen -----------------------------------------------------------------------------------

LOOP_PARTS = {
    "miljö": (8, 16, INK, "ger r och s′"),
    "erfarenhet": (219, 16, REWARD, "s, a, r, s′, flaggor"),
    "buffert": (430, 16, INK, "minns de senaste"),
    "batch": (430, 156, INK, "några erfarenheter"),
    "online-nätverk": (8, 156, ONLINE, "Q(s, a)"),
    "målnätverk": (430, 296, TARGET, "Q(s′, a′)"),
    "TD-mål": (219, 296, TARGET, "r + γ · max Q"),
    "förlust": (8, 296, WRONG, "målet minus Q"),
}
"""Loopens delar: platsen, färgen och vad som händer där."""

_BOX_WIDTH, _BOX_HEIGHT = 162, 74

# Pilarna i den ordning de används: vad som händer, de delar som lyser, och pilens punkter.
_LOOP: tuple[tuple[str, tuple[str, ...], tuple[Point, ...]], ...] = (
    ("Online-nätverket väljer en handling.", ("online-nätverk",), ((89, 156), (89, 94))),
    ("Miljön svarar, och det blir en erfarenhet.", ("miljö",), ((170, 53), (215, 53))),
    ("Erfarenheten sparas i bufferten.", ("erfarenhet",), ((381, 53), (426, 53))),
    ("Ur bufferten dras en batch.", ("buffert",), ((510, 90), (510, 152))),
    ("Online-nätverket räknar ut Q(s, a).", ("batch",), ((430, 180), (174, 180))),
    ("Målnätverket räknar ut Q i s′.", ("batch",), ((510, 230), (510, 292))),
    ("Belöningen och det bästa Q blir TD-målet.", ("målnätverk",), ((430, 333), (385, 333))),
    ("TD-målet jämförs med Q(s, a), och det ger förlusten.", ("TD-mål", "online-nätverk"),
     ((219, 333), (174, 333))),
    ("Gradienten ändrar online-nätverkets vikter.", ("förlust",), ((82, 296), (82, 234))),
    ("Ibland kopieras vikterna till målnätverket.", ("online-nätverk",),
     ((170, 212), (370, 206), (448, 292))),
)  # fmt: skip


def dqn_loop(lit: str | Sequence[str] | None = None) -> Picture:
    """Hela DQN-loopen på en bild, med den del som det handlar om tänd.

    Args:
        lit: en eller flera av delarna i `LOOP_PARTS`, till exempel "buffert"; None tänder ingen.

    Raises:
        ValueError: om någon av delarna inte finns.
    """
    names = [lit] if isinstance(lit, str) else list(lit or ())
    for name in names:
        if name not in LOOP_PARTS:
            raise ValueError(
                f"Det finns ingen del som heter ”{name}”. Välj bland {listed(list(LOOP_PARTS))}."
            )
    drawing = _filled(_loop_drawing(), _lights(names))
    steps = " ".join(words for words, _, _ in _LOOP)
    shown = f" I bilden lyser {listed([f'”{name}”' for name in names])}." if names else ""
    return Picture.from_svg(drawing, f"DQN-loopen. {steps}{shown}", 640)


def dqn_loop_film() -> Film:
    """DQN-loopen som film: en prick går ett varv, en pil i taget, och den del den lämnar lyser."""
    frames, labels = [], []
    for number, (words, lit, points) in enumerate(_LOOP):
        for share in np.linspace(0, 1, 8):
            x, y = _along(points, float(share))
            frames.append(_lights(lit) | {"x": f"{x:.0f}", "y": f"{y:.0f}", "prick": "1"})
            labels.append(f"{number + 1}. {words}")
    alt = "En prick går ett varv i DQN-loopen. " + " ".join(words for words, _, _ in _LOOP)
    return Film(_loop_drawing(), tuple(frames), tuple(labels), alt, 180, "läge i varvet", width=640)


def _lights(names: Sequence[str]) -> dict[str, str]:
    """Värdena i teckningen när de här delarna lyser och pricken inte syns."""
    lights = {f"ljus{n}": "1" if name in names else "0" for n, name in enumerate(LOOP_PARTS)}
    return lights | {"x": "0", "y": "0", "prick": "0"}


def _filled(drawing: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        drawing = drawing.replace(f"{{{name}}}", value)
    return drawing


def _along(points: Sequence[Point], share: float) -> Point:
    """En punkt på pilen: 0 är början och 1 är slutet."""
    start, end = np.array(points[0], float), np.array(points[-1], float)
    handle = np.array(points[1], float) if len(points) == 3 else (start + end) / 2
    place = (1 - share) ** 2 * start + 2 * share * (1 - share) * handle + share**2 * end
    return float(place[0]), float(place[1])


def _loop_drawing() -> str:
    arrows = [arrow(points, *_wire(n)) for n, (_, _, points) in enumerate(_LOOP)]
    copy = _LOOP[-1][2]
    arrows[-1] = arrow(copy, TARGET, 2, dashed=True)
    # Förutsägelsen går ned till förlusten bredvid gradienten, som går upp.
    arrows.append(arrow([(102, 230), (102, 292)], ONLINE, 2.5))
    words = [
        text(99, 125, "handling a", 16, INK, anchor="start"),
        text(302, 164, "s, a", 16, MUTED), text(520, 262, "s′", 16, MUTED, anchor="start"),
        text(522, 122, "på måfå", 16, MUTED, anchor="start"),
        text(112, 263, "Q(s, a)", 16, ONLINE, anchor="start"),
        text(74, 263, "gradient", 16, WRONG, anchor="end"),
        text(262, 246, "kopieras ibland", 16, TARGET),
    ]  # fmt: skip
    dot = f'<circle cx="{{x}}" cy="{{y}}" r="9" fill="{NOTE}" stroke="{PAPER}" stroke-width="2" '
    return document(
        600, 386, *arrows, *words, *map(_part, LOOP_PARTS), f'{dot} opacity="{{prick}}"/>'
    )


def _wire(number: int) -> tuple[str, float]:
    """Pilens färg och tjocklek: det som lär sig är blått, TD-målet orange och felet rött."""
    colors = {6: TARGET, 7: TARGET, 8: WRONG}
    return colors.get(number, MUTED), 2.5


def _part(name: str) -> str:
    """En del av loopen; ljuset är en starkare ruta ovanpå, som syns när delen är tänd."""
    x, y, color, words = LOOP_PARTS[name]
    number = list(LOOP_PARTS).index(name)
    light = box(x, y, _BOX_WIDTH, _BOX_HEIGHT, color, tint=0.07, thick=5)
    base = f'<rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="8" '
    base += f'fill="{PAPER}"/>'
    base += box(x, y, _BOX_WIDTH, _BOX_HEIGHT, color, tint=0.05)
    middle = x + _BOX_WIDTH / 2
    label = text(middle, y + 26, name, 18, color, bold=True)
    return f'{base}<g opacity="{{ljus{number}}}">{light}</g>{label}{text(middle, y + 52, words)}'


# --- nätverket ------------------------------------------------------------------------------------


def q_network(n_hidden: int = 64) -> Picture:
    """Tabellen, med en rad för varje tillstånd, och nätverket som räknar ut raden i stället.

    Args:
        n_hidden: antalet enheter i det dolda lagret; alla ritas inte.
    """
    inputs = ("läge", "hastighet", "vinkel", "vinkelhastighet")
    outputs = ("Q(s, vänster)", "Q(s, höger)")
    columns = [
        [(340.0, 96.0 + 52 * n) for n in range(4)],
        [(425.0, 70.0 + 42 * n) for n in range(6)],
        [(508.0, 148.0 + 52 * n) for n in range(2)],
    ]
    wires = [
        path([one, other], MUTED, 0.8)
        for layer, following in pairwise(columns)
        for one in layer
        for other in following
    ]
    rings = [
        circle(x, y, 13, color, tint=0.3)
        for layer, color in zip(columns, (MUTED, ONLINE, ONLINE), strict=True)
        for x, y in layer
    ]
    units = counted(n_hidden, "enhet", "enheter")
    rows = zip(columns[0], inputs, strict=True)
    words = [text(322, y, word, 16, anchor="end") for (_, y), word in rows]
    words += [
        text(525, y, word.replace("(s, ", "(s,\n"), 16, ONLINE, anchor="start")
        for (_, y), word in zip(columns[2], outputs, strict=True)
    ]
    words += [
        text(425, 306, units, 16, MUTED),
        text(94, 24, "tabellen slår upp", 18, bold=True),
        text(425, 24, "nätverket räknar ut", 18, ONLINE, bold=True),
        text(85, 306, "en rad per tillstånd", 16, MUTED),
        arrow([(170, 174), (208, 174)], INK, 3),
    ]
    alt = (
        "Till vänster står en Q-tabell med en rad per tillstånd och en kolumn per handling. Till "
        f"höger står nätverket som ersätter den: fyra tal in ({', '.join(inputs)}), ett dolt lager "
        f"med {units}, och ett Q-värde ut för varje handling."
    )
    drawing = document(600, 324, *_table(), *wires, *rings, *words)
    return Picture.from_svg(drawing, alt, 680)


def _table() -> list[str]:
    """En tabell där de flesta raderna aldrig blir ifyllda."""
    rows = (("s", "a0", "a1"), ("0", "0,5", "0,6"), ("1", "0,4", "0,1"), ("2", "", ""),
            ("3", "0,8", "0,3"), ("⋮", "", ""))  # fmt: skip
    cells = []
    for r, row in enumerate(rows):
        for c, word in enumerate(row):
            x, y = 15 + 47 * c, 52 + 38 * r
            heading = r == 0 or c == 0
            cells.append(box(x, y, 47, 38, MUTED, tint=0.14 if heading else 0.0, radius=0))
            cells.append(text(x + 23.5, y + 19, word or "?", 16, MUTED if heading else INK))
    return cells


# --- förlusten, tensor för tensor -----------------------------------------------------------------


def loss_flow(*, target_network: bool = True) -> Picture:
    """Hur tensorerna i en batch blir en förlust, och var gradienten är klippt.

    Args:
        target_network: falskt om samma nätverk räknar ut både förutsägelsen och TD-målet.
    """
    left, right = 160, 440
    other, color = ("målnätverk", TARGET) if target_network else ("samma nätverk", ONLINE)
    name = "online-nätverk" if target_network else "nätverket"
    parts = [
        _tensor(left, 14, "state", "(B, 4)", INK),
        _tensor(right, 14, "next_state", "(B, 4)", INK),
        *_network(left, 90, name, ONLINE),
        *_network(right, 90, other, color),
        _tensor(left, 178, "Q", "(B, 2)", ONLINE), _tensor(right, 178, "Q", "(B, 2)", color),
        *_operation(left, 254, "gather", "action (B,)", ONLINE),
        *_operation(right, 254, "max över handlingarna", "(B,)", TARGET),
        *_operation(right, 342, "r + γ · max, eller bara r", "reward, terminated (B,)", TARGET),
        _tensor(left, 430, "Q(s, a)", "(B,)", ONLINE),
        _tensor(right, 430, "TD-mål", "(B,)", TARGET),
        box(205, 512, 190, 58, WRONG, tint=0.15, thick=2.5),
        text(300, 531, "förlust", 19, WRONG, bold=True), text(300, 555, "ett enda tal", 16),
        text(592, 561, "B är batchens storlek", 15, MUTED, anchor="end"),
    ]  # fmt: skip
    wires = [
        *(arrow([(x, a), (x, b)], MUTED, 2) for x in (left, right)
          for a, b in ((54, 88), (142, 176), (218, 252))),
        arrow([(left, 308), (left, 428)], MUTED, 2),
        arrow([(right, 308), (right, 340)], MUTED, 2),
        arrow([(right, 396), (right, 428)], MUTED, 2),
        arrow([(left + 30, 470), (240, 510)], MUTED, 2),
        *_cut_wire((right - 30, 470), (362, 510)),
        # Gradienten går tillbaka samma väg, utanför rutorna.
        arrow([(203, 542), (30, 542), (30, 116), (70, 116)], WRONG, 2.5, dashed=True),
        text(42, 372, "gradient", 16, WRONG, anchor="start"),
    ]  # fmt: skip
    first = "online-nätverket" if target_network else name
    second = "målnätverket" if target_network else other
    alt = (
        f"Två vägar från batchen till förlusten. Den ena: state med formen (B, 4) in i {first} ger "
        "Q (B, 2), och gather med action ger Q(s, a) (B,). Den andra: next_state (B, 4) in i "
        f"{second} ger Q (B, 2), max ger (B,), och med reward och terminated blir det TD-målet "
        "(B,). De möts i förlusten, som är ett tal. Gradienten går bara tillbaka den första "
        "vägen: ledningen till målet är klippt."
    )
    return Picture.from_svg(document(600, 582, *wires, *parts), alt, 600)


def _tensor(middle: float, y: float, name: str, shape: str, color: str) -> str:
    """En tensor: namnet och formen på en lapp."""
    frame = f'<rect x="{middle - 84}" y="{y}" width="168" height="40" rx="20" fill="{PAPER}"/>'
    frame += box(middle - 84, y, 168, 40, color, tint=0.0, radius=20)
    words = text(middle, y + 20, f"{name} {shape}", 17)
    colored = f'<tspan fill="{color}" font-weight="600">{name}</tspan>'
    return frame + words.replace(f">{name} ", f">{colored} ")


def _network(middle: float, y: float, name: str, color: str) -> list[str]:
    return [
        box(middle - 88, y, 176, 52, color, tint=0.15, thick=2.5),
        text(middle, y + 26, name, 18, color, bold=True),
    ]


def _operation(middle: float, y: float, name: str, more: str, color: str) -> list[str]:
    """Något som räknas ut, med det som det behöver under."""
    return [
        box(middle - 105, y, 210, 54, color, tint=0.08, radius=3),
        text(middle, y + 17, name, 17, color), text(middle, y + 38, more, 16),
    ]  # fmt: skip


def _cut_wire(start: Point, end: Point) -> list[str]:
    """En ledning som är klippt på mitten: talet kommer fram, men ingen gradient går tillbaka."""
    (x, y), (to_x, to_y) = start, end
    way = math.atan2(to_y - y, to_x - x)
    middle_x, middle_y = (x + to_x) / 2, (y + to_y) / 2
    wire = []
    for side in (-1, 1):
        edge_x = middle_x + side * 7 * math.cos(way)
        edge_y = middle_y + side * 7 * math.sin(way)
        wire.append(path([(edge_x - 7, edge_y - 10), (edge_x + 7, edge_y + 10)], WRONG, 3))
    words = text(middle_x + 26, middle_y + 10, "klippt: no_grad", 16, WRONG, anchor="start")
    gap = circle(middle_x, middle_y, 6, PAPER, thick=1)
    return [arrow([start, end], MUTED, 2), gap, *wire, words]


# --- Double DQN -----------------------------------------------------------------------------------

_WIRINGS = (
    ("mål", "mål", "DQN"),
    ("online", "mål", "Double DQN"),
    ("online", "online", "utan målnätverk"),
    ("mål", "online", "ombytta roller"),
)
"""Vem som väljer handlingen, vem som värderar den, och vad det heter."""


def double_dqn_wirings(online: Sequence[float], target: Sequence[float]) -> Film:
    """De fyra sätten att koppla två nätverk: vem väljer handlingen i s′, och vem värderar den?

    Args:
        online: online-nätverkets Q-värden i nästa tillstånd, ett per handling.
        target: målnätverkets, lika många.

    Raises:
        ValueError: om talen inte är lika många.
    """
    if len(online) != len(target) or not online:
        raise ValueError("De två nätverken ska ha lika många Q-värden, och minst ett.")
    tables = {"online": list(online), "mål": list(target)}
    frames, labels, results = [], [], []
    for chooser, judge, name in _WIRINGS:
        action = int(np.argmax(tables[chooser]))
        number = swedish_number(tables[judge][action], 4)
        frames.append({"kopplingen": _wiring(tables, chooser, judge, action, name)})
        labels.append(name)
        who, other = (f"{_ROWS[one][2]}et" for one in (chooser, judge))
        results.append(f"{name}: {who} väljer a{action}, och {other} värderar den till {number}")
    alt = f"Två nätverk som väljer och värderar. {sentences(*results)}"
    width = 640
    drawing = document(600, 300, "{kopplingen}")
    return Film(drawing, tuple(frames), tuple(labels), alt, name="koppling", width=width)


_ROWS = {"online": (78, ONLINE, "online-nätverk"), "mål": (202, TARGET, "målnätverk")}


def _wiring(
    tables: dict[str, list[float]], chooser: str, judge: str, action: int, name: str
) -> str:
    """En koppling: den som väljer har sitt största inringat, och den som värderar ger talet."""
    step = min(78.0, 300 / len(tables["mål"]))
    first = 162.0
    parts = [text(first + (n + 0.5) * step, 20, f"a{n}", 17, MUTED)
             for n in range(len(tables["mål"]))]  # fmt: skip
    for who, (y, color, words) in _ROWS.items():
        roles = [role for role, one in (("väljer", chooser), ("värderar", judge)) if one == who]
        parts.append(text(8, y - 22, words, 17, color, anchor="start", bold=True))
        parts.append(text(8, y + 14, " och\n".join(roles), 17, anchor="start"))
        for n, value in enumerate(tables[who]):
            given = who == judge and n == action
            tint = 0.45 if given else 0.08
            parts.append(box(first + n * step + 4, y - 32, step - 8, 64, color, tint=tint))
            parts.append(text(first + (n + 0.5) * step, y, swedish_number(value, 3), 20))
    x, y = first + (action + 0.5) * step, _ROWS[chooser][0]
    parts.append(
        f'<rect x="{x - step / 2 + 1:.1f}" y="{y - 36}" width="{step - 2:.1f}" height="72" rx="11" '
        f'fill="none" stroke="{INK}" stroke-width="4"/>'
    )
    y_judge = _ROWS[judge][0]
    if chooser != judge:
        way = 1 if y_judge > y else -1
        parts.append(arrow([(x, y + 38 * way), (x, y_judge - 35 * way)], INK, 3))
    color = _ROWS[judge][1]
    end = first + len(tables["mål"]) * step
    parts.append(arrow([(end + 2, y_judge), (end + 40, 140)], color, 3))
    parts.append(
        text(end + 84, 140, swedish_number(tables[judge][action], 4), 34, color, bold=True)
    )
    parts.append(text(end + 84, 176, "till målet", 16, MUTED))
    parts.append(text(300, 276, name, 22, bold=True))
    return "".join(parts)
