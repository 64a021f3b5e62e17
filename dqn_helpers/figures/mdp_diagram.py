"""En liten MDP som graf."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dqn_helpers.figures.pictures import Picture, swedish_number
from dqn_helpers.figures.plots import COLORS, new_figure
from dqn_helpers.mdp import TabularMDP

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KEEP_LEFT = np.radians(25)  # så möts inte pilarna fram och tillbaka


def mdp_graph(
    mdp: TabularMDP,
    q_values: Mapping[str, np.ndarray] | None = None,
    *,
    largest: float | None = None,
) -> Picture:
    """En liten MDP som graf: stora ringar är tillstånd, små är handlingar.

    Utan `q_values` står sannolikhet och belöning vid varje pil. Med `q_values` blir det en graf per
    tabell, där handlingens yta växer med |Q|, färgen visar tecknet och den bästa har en svart ring.

    Args:
        mdp: en MDP med få tillstånd.
        q_values: rubrik → float (S, A).
        largest: det |Q| som ger den största ringen; utan det största i någon av tabellerna.

    Raises:
        ValueError: om någon tabell inte har formen (S, A).
    """
    tables: dict[str, np.ndarray | None] = {**q_values} if q_values else {"": None}
    for name, table in tables.items():
        if table is not None and table.shape != mdp.allowed_actions.shape:
            raise ValueError(
                f"Tabellen «{name}» ska ha formen {mdp.allowed_actions.shape}, men har "
                f"{table.shape}."
            )
    allowed = mdp.allowed_actions
    sizes = [np.abs(t[allowed]).max() for t in tables.values() if t is not None]
    scale = max(largest or max(sizes, default=0.0), 1e-9)
    width, height = (7.5, 5.0) if len(tables) == 1 else (2.9 * len(tables), 2.9)
    figure, axes = new_figure(len(tables), width=width, height=height)
    for ax, (name, table) in zip(axes, tables.items(), strict=True):
        _draw_mdp(ax, mdp, table, scale, fontsize=11 if len(tables) == 1 else 8)
        ax.set_title(name)
    return Picture.from_figure(figure, _describe_mdp(mdp, q_values))


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
    return f"MDP:n som graf, med Q-värden. {'. '.join(panels)}."


def _draw_mdp(
    ax: "Axes", mdp: TabularMDP, q_values: np.ndarray | None, scale: float, fontsize: float
) -> None:
    """En graf: tillstånd, handlingar och pilarna mellan dem."""
    states = _state_positions(mdp.n_states)
    for s in range(mdp.n_states):
        for a, place in _action_positions(mdp, s, states).items():
            ax.plot(*zip(states[s], place, strict=True), color="0.6", linewidth=1.5, zorder=1)
            for to in np.flatnonzero(mdp.transition_probabilities[s, a]):
                p, r = mdp.transition_probabilities[s, a, to], mdp.rewards[s, a, to]
                text = "" if q_values is not None else swedish_number(p, 3)
                if text and r:
                    text += f", {'+' if r > 0 else ''}{swedish_number(r, 3)}"
                _draw_transition(ax, place, states[to], float(p), text, to == s, fontsize)
            best = q_values is not None and q_values[s, a] >= q_values[s].max() - 1e-9
            value = None if q_values is None else float(q_values[s, a])
            _draw_action(ax, place, f"a{a}", value, scale, best, fontsize)
    for s, (x, y) in enumerate(states):
        ax.scatter(x, y, s=50 * fontsize, color="white", edgecolor="black", zorder=4)
        ax.text(x, y, f"s{s}", ha="center", va="center", fontsize=fontsize + 1, zorder=5)
    ax.axis("off")
    ax.margins(0.12)


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
        int(a): states[s] + 1.35 * np.array([np.cos(angle), np.sin(angle)])
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


def _draw_transition(
    ax: "Axes", start: np.ndarray, end: np.ndarray, p: float, text: str, back: bool, fontsize: float
) -> None:
    """En böjd pil från en handling till ett tillstånd, tjockare ju troligare."""
    bend = 0.55 if back else -0.1
    ax.annotate(
        "", (end[0], end[1]), (start[0], start[1]), zorder=2,
        arrowprops={
            "arrowstyle": "-|>", "color": "0.35", "linewidth": 0.8 + 1.8 * p,
            "connectionstyle": f"arc3,rad={bend}", "shrinkA": fontsize * 0.7,
            "shrinkB": fontsize * 1.1,
        },
    )  # fmt: skip
    way = end - start
    x, y = (start + end) / 2 + bend / 2 * np.array([way[1], -way[0]])
    if text:
        ax.text(
            x, y, text, ha="center", va="center", fontsize=fontsize - 2, zorder=3,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )  # fmt: skip


def _draw_action(
    ax: "Axes", place: np.ndarray, name: str, value: float | None, scale: float, best: bool,
    fontsize: float,
) -> None:  # fmt: skip
    """Handlingens ring: liten och grå utan värde, annars med ytan efter |Q|."""
    from matplotlib.patheffects import withStroke

    x, y = place
    if value is None:
        ax.scatter(x, y, s=22 * fontsize, color="#E6E6E6", edgecolor="0.4", zorder=3)
        ax.text(x, y, name, ha="center", va="center", fontsize=fontsize - 2, zorder=5)
        return
    size = 3.5 * fontsize**2 + 13 * fontsize**2 * min(abs(value) / scale, 1)
    color = "#E6E6E6" if value == 0 else COLORS[5] if value > 0 else COLORS[4]
    edge, width = ("black", 2.0) if best else ("0.6", 0.8)
    ax.scatter(x, y, s=size, color=color, edgecolor=edge, linewidth=width, zorder=3)
    ax.text(
        x, y, f"{name}\n{swedish_number(value, 3)}", ha="center", va="center",
        fontsize=fontsize - 1, linespacing=0.95, zorder=6,
        path_effects=[withStroke(linewidth=2.5, foreground="white", alpha=0.8)],
    )  # fmt: skip
