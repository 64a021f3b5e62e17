"""En liten MDP som graf, och hur ett Q-värde räknas ut ur den."""

from collections.abc import Mapping

import numpy as np

from dqn_helpers.figures.pictures import COLUMN_WIDTH, Picture, sentences, swedish_number
from dqn_helpers.figures.shapes import (
    INK,
    MUTED,
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
from dqn_helpers.mdp import TabularMDP

_WIDTH, _HEIGHT, _UNIT = 600.0, 452.0, 55.0
_MIDDLE = 277.0  # grafens mitt i höjdled; triangeln har sin spets uppåt
_STATE, _ACTION = 27.0, 15.0  # ringarnas radier
_REACH = 1.75  # från ett tillstånd till dess handlingar
_KEEP_LEFT = np.radians(25)  # så möts inte pilarna fram och tillbaka


def mdp_graph(
    mdp: TabularMDP,
    q_values: Mapping[str, np.ndarray] | None = None,
    *,
    largest: float | None = None,
) -> Picture:
    """En liten MDP som graf: stora ringar är tillstånd, små är handlingar.

    Utan `q_values` står sannolikhet och belöning vid varje pil. Med `q_values` blir det en graf per
    tabell, där handlingens yta växer med |Q|, färgen visar tecknet och den bästa har en tjock ring.

    Args:
        mdp: en MDP med få tillstånd.
        q_values: rubrik → float (S, A).
        largest: det |Q| som ger den största ringen; annars det största i någon av tabellerna.

    Raises:
        ValueError: om någon tabell inte har formen (S, A).
    """
    tables: dict[str, np.ndarray | None] = {**q_values} if q_values else {"": None}
    for name, table in tables.items():
        if table is not None and table.shape != mdp.allowed_actions.shape:
            raise ValueError(
                f"Tabellen ”{name}” ska ha formen {mdp.allowed_actions.shape}, men har "
                f"{table.shape}."
            )
    allowed = mdp.allowed_actions
    sizes = [np.abs(t[allowed]).max() for t in tables.values() if t is not None]
    scale = max(largest or max(sizes, default=0.0), 1e-9)
    graphs = []
    for place, (name, table) in enumerate(tables.items()):
        graphs += [f'<g transform="translate(0 {place * _HEIGHT:g})">']
        graphs += [text(12, 20, name, 20, anchor="start"), *_graph(mdp, table, scale), "</g>"]
    drawing = document(_WIDTH, _HEIGHT * len(tables), *graphs)
    return Picture.from_svg(drawing, _describe_mdp(mdp, q_values), COLUMN_WIDTH)


def _describe_mdp(mdp: TabularMDP, q_values: Mapping[str, np.ndarray] | None) -> str:
    """Grafen i ord: alla pilar, eller alla Q-värden."""
    if q_values is None:
        p, r = mdp.transition_probabilities, mdp.rewards
        arrows = [
            f"s{s} –a{a}→ s{to} med sannolikhet {swedish_number(p[s, a, to], 3)} och belöning "
            f"{swedish_number(r[s, a, to], 3)}"
            for s, a, to in np.argwhere(p > 0)
        ]
        return f"Graf över en MDP med {mdp.n_states} tillstånd: {'; '.join(arrows)}."
    panels = []
    for name, table in q_values.items():
        values = [
            f"Q(s{s}, a{a}) = {swedish_number(table[s, a], 3)}"
            for s, a in np.argwhere(mdp.allowed_actions)
        ]
        panels.append(f"{name}: {', '.join(values)}")
    return f"MDP:n som graf, med Q-värden. {sentences(*panels)}"


def _graph(mdp: TabularMDP, q_values: np.ndarray | None, scale: float) -> list[str]:
    """En graf: underst pilarna, sedan ringarna, och överst det som står vid pilarna."""
    states = _state_positions(mdp.n_states)
    arrows, rings, words = [], [], []
    for s in range(mdp.n_states):
        for a, place in _action_positions(mdp, s, states).items():
            arrows.append(path([_on_paper(states[s]), _on_paper(place)], MUTED, 2))
            value = None if q_values is None else float(q_values[s, a])
            radius = _ACTION if value is None else _action_radius(value, scale)
            for to in np.flatnonzero(mdp.transition_probabilities[s, a]):
                p, r = mdp.transition_probabilities[s, a, to], mdp.rewards[s, a, to]
                line, middle = _transition(place, states[to], float(p), to == s, radius)
                arrows.append(line)
                if q_values is None:
                    words.append(_probability_and_reward(middle, float(p), float(r)))
            best = q_values is not None and q_values[s, a] >= q_values[s].max() - 1e-9
            rings.append(_action(_on_paper(place), f"a{a}", value, radius, best))
    for s, place in enumerate(states):
        x, y = _on_paper(place)
        rings.append(circle(x, y, _STATE, INK, tint=0.06, thick=2.5) + text(x, y, f"s{s}", 20))
    return [*arrows, *rings, *words]


def _on_paper(place: np.ndarray) -> Point:
    """Från grafens längder, med y uppåt, till teckningens."""
    return _WIDTH / 2 + _UNIT * float(place[0]), _MIDDLE - _UNIT * float(place[1])


def _state_positions(n_states: int) -> np.ndarray:
    """Tillstånden i en liggande ellips, (S, 2); tre blir en triangel med s1 överst."""
    angles = np.pi * 7 / 6 - 2 * np.pi * np.arange(n_states) / n_states
    return np.column_stack([3.4 * np.cos(angles), 2.2 * np.sin(angles)])


def _action_positions(mdp: TabularMDP, s: int, states: np.ndarray) -> dict[int, np.ndarray]:
    """Handlingarna kring tillståndet s, åt det håll dit de leder; utåt om de stannar kvar."""
    actions = np.flatnonzero(mdp.allowed_actions[s])
    angles = []
    for a in actions:
        way = mdp.transition_probabilities[s, a] @ (states - states[s])
        leaves = np.abs(way).max() > 1e-9
        way = way if leaves else states[s]
        angles.append(np.arctan2(way[1], way[0]) + (_KEEP_LEFT if leaves else 0))
    spread = _spread_out(np.array(angles), np.radians(65))
    return {
        int(a): states[s] + _REACH * np.array([np.cos(angle), np.sin(angle)])
        for a, angle in zip(actions, spread, strict=True)
    }


def _spread_out(angles: np.ndarray, least: float) -> np.ndarray:
    """Vinklarna, flyttade tills ingen ligger närmare en annan än `least`."""
    angles = angles + 1e-6 * np.arange(len(angles))  # lika vinklar behöver en ordning
    for _ in range(100):
        gaps = (angles[:, None] - angles[None, :] + np.pi) % (2 * np.pi) - np.pi
        push = np.sign(gaps) * np.clip(least - np.abs(gaps), 0, None)
        angles = angles + 0.25 * push.sum(axis=1)
    return angles


def _transition(
    start: np.ndarray, end: np.ndarray, p: float, back: bool, radius: float
) -> tuple[str, Point]:
    """En böjd pil från en handling till ett tillstånd, tjockare ju troligare, och dess mitt."""
    bend = 0.7 if back else -0.12
    way = end - start
    handle = (start + end) / 2 + bend * np.array([way[1], -way[0]])
    # Pilen börjar vid handlingens ring och slutar vid tillståndets.
    first = start + (handle - start) * radius / _UNIT / max(np.linalg.norm(handle - start), 1e-9)
    last = end + (handle - end) * (_STATE + 3) / _UNIT / max(np.linalg.norm(handle - end), 1e-9)
    # Talen står närmast den handling de hör till, och utanför bågen om den går tillbaka.
    t = 0.5 if back else 0.36
    middle = (1 - t) ** 2 * start + 2 * t * (1 - t) * handle + t**2 * end
    middle = middle + (0.12 * (handle - (start + end) / 2) if back else 0)
    points = [_on_paper(place) for place in (first, handle, last)]
    return arrow(points, MUTED, 1 + 2 * p), _on_paper(middle)


def _probability_and_reward(middle: Point, p: float, r: float) -> str:
    """Sannolikheten i procent, och belöningen om den inte är noll, på en lapp mitt på pilen."""
    x, y = middle
    percent = f"{swedish_number(100 * p, 3)} %"
    sign = "+" if r > 0 else ""
    reward = f"{sign}{swedish_number(r, 3)}" if r else ""
    width = 9.5 * len(percent) + 6
    height = 40 if reward else 22
    paper = f'fill="{PAPER}" fill-opacity="0.9"'
    back = f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
    back += f'height="{height}" rx="6" {paper}/>'
    if not reward:
        return back + text(x, y, percent, 17)
    color = REWARD if r > 0 else WRONG
    return back + text(x, y - 10, percent, 17) + text(x, y + 10, reward, 18, color, bold=True)


def _action_radius(value: float, scale: float) -> float:
    """Ytan växer jämnt med |Q|, så radien växer långsammare och långsammare."""
    smallest, most = 26**2, 38**2  # i den minsta ska talet ändå få plats
    return float(np.sqrt(smallest + (most - smallest) * min(abs(value) / scale, 1)))


def _action(place: Point, name: str, value: float | None, radius: float, best: bool) -> str:
    """Handlingens ring: liten utan värde, annars med ytan efter |Q|."""
    x, y = place
    if value is None:
        return circle(x, y, radius, MUTED, tint=0.2) + text(x, y, name, 16)
    color = MUTED if value == 0 else ONLINE if value > 0 else TARGET
    ring = circle(x, y, radius, color, tint=0.35, thick=1.5)
    if best:
        ring += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="none" stroke="{INK}" '
        ring += 'stroke-width="4"/>'
    return ring + text(x, y, f"{name}\n{swedish_number(value, 3)}", 15)


def backup_diagram(
    mdp: TabularMDP, values: np.ndarray, state: int, action: int, discount_factor: float
) -> Picture:
    """Hur ett enda Q-värde räknas ut: vart handlingen kan leda, vad det ger, och summan.

    Args:
        mdp: en MDP med få tillstånd.
        values: det som räkningen läser: gamla Q-värden, float (S, A), eller en policys V, (S,).
        state: tillståndet.
        action: handlingen i det.
        discount_factor: γ.
    """
    p, r = mdp.transition_probabilities[state, action], mdp.rewards[state, action]
    outcomes = np.flatnonzero(p)
    known = values.ndim == 1
    rest = values if known else np.where(mdp.allowed_actions, values, -np.inf).max(axis=1)
    height = max(150, 74 * len(outcomes) + 20) + 64
    middle = (height - 64) / 2
    parts = [
        path([(60, middle), (150, middle)], MUTED, 2.5),
        circle(45, middle, 28, INK, tint=0.06, thick=2.5), text(45, middle, f"s{state}", 20),
        circle(160, middle, 22, MUTED, tint=0.2), text(160, middle, f"a{action}", 18),
    ]  # fmt: skip
    terms, total = [], 0.0
    for row, to in enumerate(outcomes):
        y = middle + 74 * (row - (len(outcomes) - 1) / 2)
        value = float(p[to] * (r[to] + discount_factor * rest[to]))
        total += value
        terms.append(_outcome_in_words(float(p[to]), float(r[to]), discount_factor, rest[to]))
        name = f"V(s{to})" if known else "bästa Q"
        words = f"{name}: {swedish_number(rest[to], 4)}"
        parts += _outcome(middle, y, int(to), float(p[to]), float(r[to]), words)
        parts.append(text(590, y + 12, f"{terms[-1]} = {swedish_number(value, 4)}", 16,
                          anchor="end"))  # fmt: skip
    answer = f"Q(s{state}, a{action}) ← {swedish_number(total, 4)}"
    parts += [
        box(330, height - 50, 262, 42, ONLINE, tint=0.15),
        text(461, height - 29, answer, 20, ONLINE, bold=True),
        text(318, height - 29, "summan", 16, MUTED, anchor="end"),
    ]
    ways = "; ".join(
        f"till s{to} är det {swedish_number(100 * p[to], 3)} procent, och det ger {term}"
        for to, term in zip(outcomes, terms, strict=True)
    )
    alt = f"Från s{state} med handlingen a{action}: {ways}. Summan blir {answer}."
    return Picture.from_svg(document(600, height, *parts), alt, 640)


def _outcome(middle: float, y: float, to: int, p: float, r: float, rest: str) -> list[str]:
    """En gren i diagrammet: pilen med sannolikheten, tillståndet, belöningen och värdet där."""
    reward = f"belöning {'+' if r > 0 else ''}{swedish_number(r, 3)}"
    color = REWARD if r > 0 else WRONG if r < 0 else MUTED
    return [
        arrow([(182, middle), (260, y)], MUTED, 1 + 3 * p),
        f'<rect x="194" y="{(middle + y) / 2 - 12:.1f}" width="54" height="23" rx="6" '
        f'fill="{PAPER}"/>',
        text(221, (middle + y) / 2, f"{swedish_number(100 * p, 3)} %", 16),
        circle(290, y, 26, INK, tint=0.06),
        text(290, y, f"s{to}", 18),
        text(326, y - 12, reward, 16, color, anchor="start", bold=bool(r)),
        text(590, y - 12, rest, 16, ONLINE, anchor="end"),
    ]


def _outcome_in_words(p: float, r: float, discount_factor: float, best: float) -> str:
    """En term i summan, som "0,7 · (10 + 0,9 · 7)"."""
    numbers = [swedish_number(number, 4) for number in (p, r, discount_factor, best)]
    return "{} · ({} + {} · {})".format(*numbers)
