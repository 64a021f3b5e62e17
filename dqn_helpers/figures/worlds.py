"""Kursens egna teckningar av Gymnasiums världar, som SVG i kursens färger.

Varje värld har en teckning, där `{namn}` byts mot ett värde, och en funktion som ger värdena för
en bild. Gymnasiums egen miljö är den som agenten tränar i; här ritas bara vad som händer i den.
"""

import html
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from gymnasium.envs.classic_control import CartPoleEnv
from gymnasium.envs.toy_text.cliffwalking import CliffWalkingEnv
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv

from dqn_helpers.figures.shapes import (
    GROUND,
    INK,
    MUTED,
    ONLINE,
    PAPER,
    REWARD,
    TARGET,
    WRONG,
    text,
)
from dqn_helpers.figures.theme import FONT

SVG = f'xmlns="http://www.w3.org/2000/svg" font-family="{FONT}"'

# --- CartPole -------------------------------------------------------------------------------------

SCALE = 110
"""Bildpunkter per meter."""

TRACK_Y, CENTER_X = 190, 300
POLE = 2 * 0.5 * SCALE  # Gymnasium anger halva stångens längd
FAN = 1.35 * POLE


def cartpole_drawing(env: CartPoleEnv, text_size: int = 18) -> str:
    """Teckningen av CartPole: bana, vagn, stång, solfjädern där stången får luta, och knuffen."""
    limit = env.x_threshold * SCALE
    left, right = CENTER_X - limit, CENTER_X + limit
    angle = math.degrees(env.theta_threshold_radians)
    pole = f'stroke="{TARGET}" stroke-width="9" stroke-linecap="round"'
    return f"""<svg {SVG} viewBox="0 0 600 250">
<text x="16" y="{12 + text_size}" font-size="{text_size}" fill="{INK}">{{steg}}</text>
<g opacity="{{styrka}}">
<path d="M{left} {TRACK_Y}H{right}" stroke="{MUTED}" stroke-width="3"/>
<path d="M{left} {TRACK_Y - 14}v28M{right} {TRACK_Y - 14}v28" stroke="{WRONG}" stroke-width="4"/>
<g transform="translate({{x}} {TRACK_Y})">
<path d="{_fan(angle)}" fill="{GROUND}" stroke="{MUTED}" stroke-dasharray="4 4"/>
<rect x="-34" y="-18" width="68" height="30" rx="6" fill="{ONLINE}"/>
<circle cx="-20" cy="14" r="7" fill="{INK}"/><circle cx="20" cy="14" r="7" fill="{INK}"/>
<path d="M0 -18V{-18 - POLE}" transform="rotate({{vinkel}} 0 -18)" {pole}/>
<circle cy="-18" r="5" fill="{INK}"/>
<path d="M0 38h{{knuff}}" stroke="{INK}" stroke-width="4"/>
<path d="{{pil}}" fill="{INK}"/>
</g></g></svg>"""


def _fan(degrees: float) -> str:
    """Den del av himlen där stången får vara, sedd från vagnen."""
    x, y = FAN * math.sin(math.radians(degrees)), FAN * math.cos(math.radians(degrees))
    return f"M0 -18L{-x:.1f} {-18 - y:.1f}A{FAN:.1f} {FAN:.1f} 0 0 1 {x:.1f} {-18 - y:.1f}Z"


def cartpole_frame(env: CartPoleEnv, action: int | None, step: int) -> dict[str, str]:
    """Värdena till teckningen, så som miljön är just nu.

    Args:
        env: miljön, utan omslag; den ska vara återställd.
        action: handlingen som just gjordes, 0 åt vänster och 1 åt höger; None innan någon gjorts.
        step: antalet steg hittills.
    """
    assert env.state is not None
    x, angle = CENTER_X + env.state[0] * SCALE, math.degrees(env.state[2])
    way = 0 if action is None else 2 * action - 1
    return {
        "steg": f"steg {step}",
        "styrka": "1",
        "x": f"{x:.1f}",
        "vinkel": f"{angle:.1f}",
        "knuff": str(44 * way),
        "pil": f"M{62 * way} 38l{-18 * way} -9v18z" if way else "",
    }


PANEL_WIDTH, PANEL_HEIGHT = 600, 300


def cartpoles_side_by_side(env: CartPoleEnv, names: Sequence[str]) -> str:
    """Flera CartPole i en rad, med namnet över; värdena i den n:te heter `{x0}`, `{x1}` och så."""
    size = max(18, round(12.7 * len(names)))  # lika stor på skärmen hur många vagnarna än är
    one = cartpole_drawing(env, size).replace("<svg ", '<svg x="{left}" y="50" ', 1)
    panels = []
    for place, name in enumerate(names):
        left = place * PANEL_WIDTH
        inside = re.sub(r"\{(\w+)\}", rf"{{\g<1>{place}}}", one.replace("{left}", str(left)))
        inside = inside.replace("<svg ", f'<svg width="{PANEL_WIDTH}" height="250" ', 1)
        label = f'<text x="{left + 16}" y="40" font-size="{size}" fill="{INK}">'
        panels.append(f"{label}{html.escape(name)}</text>{inside}")
    whole = f'viewBox="0 0 {PANEL_WIDTH * len(names)} {PANEL_HEIGHT}"'
    return f"<svg {SVG} {whole}>{''.join(panels)}</svg>"


def finished(frame: Mapping[str, str]) -> dict[str, str]:
    """Den sista bilden i en episod som redan är slut: blek, så att man ser att den väntar."""
    return {**frame, "steg": f"{frame['steg']}, slut", "styrka": "0.4"}


# --- sjön och klippan -----------------------------------------------------------------------------

SQUARE = 60


def grid_drawing(env: FrozenLakeEnv | CliffWalkingEnv) -> str:
    """Teckningen av en värld av rutor: numrerade rutor, is, sprickor, stup, mål och agenten."""
    kinds = grid_kinds(env)
    height, width = len(kinds) * SQUARE, len(kinds[0]) * SQUARE
    squares = [
        square(kind, row, column, row * len(kinds[0]) + column, size=grid_text(len(kinds[0])))
        for row, line in enumerate(kinds)
        for column, kind in enumerate(line)
    ]
    agent = (
        f'<circle cx="{{x}}" cy="{{y}}" r="15" fill="{ONLINE}" stroke="{INK}" stroke-width="2"/>'
    )
    return (
        f'<svg {SVG} viewBox="0 0 {width} {height + 34}">{hatching()}'
        f'<text x="4" y="22" font-size="18" fill="{INK}">{{steg}}</text>'
        f'<g transform="translate(0 32)">{"".join(squares)}{agent}</g></svg>'
    )


def grid_kinds(env: FrozenLakeEnv | CliffWalkingEnv) -> list[str]:
    """Rutornas slag, rad för rad: S start, F is eller mark, H hål, C stup, G mål."""
    if isinstance(env, FrozenLakeEnv):
        rows: Any = env.desc  # en array av `bytes`, som typerna i Gymnasium inte känner till
        return ["".join(map(bytes.decode, row)) for row in rows.tolist()]
    n_rows, n_columns = env.shape
    start, goal = int(env.start_state_index), n_rows * n_columns - 1
    letters = [
        "S" if n == start else "G" if n == goal else "C" if env._cliff.flat[n] else "F"
        for n in range(n_rows * n_columns)
    ]
    return ["".join(letters[r * n_columns : (r + 1) * n_columns]) for r in range(n_rows)]


def grid_text(n_columns: int) -> int:
    """Textens storlek i rutorna: större i en bred värld, där rutorna är små på skärmen."""
    return 12 if n_columns <= 6 else 15


def hatching() -> str:
    """Strecken som ett stup är ritat med; ska stå en gång i varje teckning som har rutor."""
    return (
        '<defs><pattern id="stup" width="8" height="8" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M0 0v8" stroke="{WRONG}" stroke-width="3"/>'
        "</pattern></defs>"
    )


def square(
    kind: str, row: int, column: int, number: int | str, color: str = "", strength: float = 0.0,
    *, size: int = 12,
) -> str:  # fmt: skip
    """En ruta: botten, det som finns i den, och dess nummer.

    Args:
        kind: rutans slag, som i `grid_kinds`.
        row: raden, uppifrån.
        column: kolumnen, från vänster.
        number: talet i hörnet; "" om det inte ska stå något.
        color: en färg att tona rutan med i stället för is; ett hål eller ett stup tonas inte.
        strength: hur mycket, från 0 till 1.
        size: textens storlek.
    """
    x, y = column * SQUARE, row * SQUARE
    words = INK if color else MUTED  # grått går inte att läsa på en tonad ruta
    fill = f'fill="{GROUND}"'
    if kind == "C":
        fill = 'fill="url(#stup)"'
    elif color and kind != "H":
        fill = f'fill="{color}" fill-opacity="{strength:.2f}"'
    inside = {
        "H": f'<path d="M12 36l9 -10 6 9 9 -14 5 12 8 -5M21 26l-3 -9M36 21l6 -8M27 35l-4 13M41 33'
        f'l6 12" fill="none" stroke="{WRONG}" stroke-width="2.5"/>',
        "G": f'<path d="M30 40V14l20 7 -20 7" fill="{REWARD}" stroke="{REWARD}" stroke-width="3"/>',
        "S": text(SQUARE / 2, 30, "start", size, words),
        # Papper bakom talet: mellan strecken går det inte att läsa.
        "C": f'<rect x="1" y="1" width="{1.5 * size:g}" height="19" rx="4" fill="{PAPER}"/>',
    }.get(kind, "")
    return (
        f'<g transform="translate({x} {y})"><rect x="1" y="1" width="{SQUARE - 2}" '
        f'height="{SQUARE - 2}" rx="4" {fill} stroke="{MUTED}"/>{inside}'
        f"{text(4, 10, str(number), size, words, anchor='start')}</g>"
    )


def grid_frame(env: FrozenLakeEnv | CliffWalkingEnv, step: int) -> dict[str, str]:
    """Värdena till teckningen: var agenten står, och antalet steg hittills."""
    row, column = divmod(int(env.s), len(grid_kinds(env)[0]))
    return {
        "steg": f"steg {step}, ruta {int(env.s)}",
        "x": str(column * SQUARE + SQUARE // 2),
        "y": str(row * SQUARE + SQUARE // 2 + 4),
    }
