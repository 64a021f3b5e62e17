"""Figurerna om erfarenhetsbufferten: ringen, dragningarna, loggarna och det man lär sig ur dem.

Varje funktion ger en `Picture` med svenska axlar och alternativtext.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.envs.classic_control import CartPoleEnv

from dqn_helpers.figures.pictures import COLUMN_WIDTH, Picture, swedish_number
from dqn_helpers.figures.plots import (
    COLORS,
    MARKS,
    label_lines,
    legend_above,
    new_figure,
)
from dqn_helpers.figures.shapes import MUTED, ONLINE, circle, document, text
from dqn_helpers.figures.worlds import cartpole_frame, cartpoles_side_by_side

_RING = 184  # så bred är en ring i teckningen


def replay_ring(*counts: int, n_slots: int = 8) -> Picture:
    """En ringbuffert när så här många erfarenheter har lagts till; den senaste har tjock kant.

    Args:
        counts: antalet tillagda; ges flera ritas en ring för vart och ett, bredvid varandra.
        n_slots: antalet platser i ringen.
    """
    rings, descriptions = [], []
    for place, n_added in enumerate(counts):
        numbers = [_newest(slot, n_added, n_slots) for slot in range(n_slots)]
        rings.append(f'<g transform="translate({_RING * place} 0)">')
        words = f"{n_added} tillagda, {min(n_added, n_slots)} kvar"
        rings += [text(_RING / 2, 12, words, 16), *_ring(numbers, newest=n_added - 1), "</g>"]
        contents = ", ".join("tom" if number is None else str(number) for number in numbers)
        descriptions.append(f"med {n_added} tillagda ligger på platserna i ordning: {contents}")
    drawing = document(_RING * len(counts), _RING + 28, *rings)
    width = min(COLUMN_WIDTH, 300 * len(counts))
    alt = f"Ring med {n_slots} platser, {'; '.join(descriptions)}."
    return Picture.from_svg(drawing, alt, width)


def _newest(slot: int, n_added: int, n_slots: int) -> int | None:
    """Numret på den erfarenhet som senast skrevs på platsen, None om den är tom."""
    written = range(slot, n_added, n_slots)
    return written[-1] if written else None


def _ring(numbers: Sequence[int | None], newest: int) -> list[str]:
    """Platserna i en ring, med numret inuti och platsens nummer utanför."""
    parts = []
    for slot, number in enumerate(numbers):
        angle = 2 * np.pi * slot / len(numbers)
        across, up = float(np.sin(angle)), float(np.cos(angle))
        x, y = _RING / 2 + 54 * across, 118 - 54 * up
        tint = 0.0 if number is None else 0.5 if number == newest else 0.15
        color = MUTED if number is None else ONLINE
        parts.append(circle(x, y, 18, color, tint=tint, thick=5 if tint == 0.5 else 1.5))
        parts.append(text(x, y, "" if number is None else str(number), 16))
        parts.append(text(x + 29 * across, y - 29 * up, str(slot), 16, MUTED))
    return parts


def last_moments(observations: Mapping[str, np.ndarray]) -> Picture:
    """CartPole så som den ser ut i några lägen, bredvid varandra.

    Args:
        observations: rubrik → observationen, float (4,).
    """
    world = CartPoleEnv()
    frames = []
    for obs in observations.values():
        world.state = np.asarray(obs, dtype=float)
        frames.append(cartpole_frame(world, None, 0) | {"steg": ""})
    drawing = cartpoles_side_by_side(world, list(observations))
    for place, frame in enumerate(frames):
        for name, value in frame.items():
            drawing = drawing.replace(f"{{{name}{place}}}", value)
    leans = [f"{name}: {_in_words(obs)}" for name, obs in observations.items()]
    return Picture.from_svg(drawing, f"Vagnen med stången. {'. '.join(leans)}.", COLUMN_WIDTH)


def _in_words(obs: np.ndarray) -> str:
    degrees = swedish_number(abs(float(np.degrees(obs[2]))), 2)
    return f"stången lutar {degrees} grader åt {'höger' if obs[2] > 0 else 'vänster'}"


def batches_in_cloud(
    x: np.ndarray, y: np.ndarray, batches: Mapping[str, Any], *, x_label: str, y_label: str
) -> Picture:
    """Allt som är sparat i grått, och en batch i färg, ett diagram för varje batch.

    Args:
        x: float (N,), det som ligger på x-axeln för varje sparad erfarenhet.
        y: float (N,), likadant för y-axeln.
        batches: namn → platserna i batchen.
        x_label: text under x-axlarna.
        y_label: text vid den första y-axeln.
    """
    figure, axes = new_figure(len(batches), height=3.2, share_y=True)
    # Samma gränser för alla batchar: i ett reglage ska molnet stå still.
    limits = {"xlim": _with_margin(x), "ylim": _with_margin(y)}
    shares = []
    for ax, (name, index) in zip(axes, batches.items(), strict=True):
        ax.plot(x[::40], y[::40], ".", color=COLORS[5], alpha=0.5)  # fler ryms inte i en film
        ax.plot(x[index], y[index], "o", color=COLORS[1], markeredgecolor="white")
        ax.set(title=name, xlabel=x_label, **limits)
        share = swedish_number(100 * np.ptp(x[index]) / np.ptp(x), 2)
        shares.append(f"{name} täcker {share} procent av bredden")
    axes[0].set(ylabel=y_label)
    return Picture.from_figure(
        figure, f"Punktmoln i grått med batchen i färg: {', '.join(shares)}."
    )


def _with_margin(values: np.ndarray) -> tuple[float, float]:
    margin = 0.05 * float(np.ptp(values))
    return float(values.min()) - margin, float(values.max()) + margin


def drawn_places(draws: Mapping[str, Sequence[Any]], n_stored: int) -> Picture:
    """Vilka platser som dras: en rad för varje batch och ett streck för varje dragen plats.

    Args:
        draws: namn → batchar, var och en en följd av platser.
        n_stored: antalet sparade erfarenheter.
    """
    figure, axes = new_figure(len(draws), height=2.8, share_y=True)
    spans = []
    for ax, color, (name, batches) in zip(axes, COLORS[1::-1], draws.items(), strict=False):
        for row, places in enumerate(batches):
            ax.plot(places, [row] * len(places), "|", color=color)
        ax.set(title=name, xlabel="plats i bufferten", xlim=(0, n_stored))
        span = swedish_number(100 * float(np.mean([np.ptp(p) for p in batches])) / n_stored, 2)
        spans.append(f"{name}: en batch sträcker sig i medel över {span} procent")
    axes[0].set(ylabel="batch nummer")
    return Picture.from_figure(figure, f"Streck för dragna platser. {'; '.join(spans)}.")


def cost_lines(sizes: Sequence[int], costs: Sequence[Mapping[str, float]]) -> Picture:
    """Vad en batch kostar mot antalet sparade, med logaritmiska axlar.

    Args:
        sizes: antalet sparade erfarenheter, K tal.
        costs: K tabeller, namn → mikrosekunder. Namn som börjar på "bara" ritas streckade.
    """
    figure, (ax,) = new_figure(height=3.4)
    ends = []
    for name, mark in zip(costs[0], MARKS, strict=False):
        values = [cost[name] for cost in costs]
        ax.loglog(sizes, values, "--" if name.startswith("bara") else "-", marker=mark, label=name)
        ends.append(
            f"{name} från {swedish_number(values[0], 2)} till {swedish_number(values[-1], 2)}"
        )
    ax.set(xlabel="antal sparade erfarenheter", ylabel="mikrosekunder per batch")
    ax.minorticks_off()
    label_lines(ax)
    return Picture.from_figure(figure, f"Mikrosekunder per batch: {', '.join(ends)}.")


def tried_actions(logs: Mapping[str, Sequence[Any]]) -> Picture:
    """Vilken handling som prövats i vilket läge i CartPole: vinkel mot vinkelhastighet.

    Den svarta linjen är regeln «vinkel + halva vinkelhastigheten = 0».

    Args:
        logs: vem som spelade → erfarenheterna.
    """
    # Var sin y-axel: den som spelar bra rör sig i ett smalt band, som annars blir ett streck.
    figure, axes = new_figure(len(logs), height=3.4)
    for ax, (player, log) in zip(axes, logs.items(), strict=True):
        for action, name in enumerate(("vänster", "höger")):
            states = np.array([e[0] for e in log if e[1] == action]).reshape(-1, 4)
            ax.plot(
                np.degrees(states[:, 2]), states[:, 3], "o^"[action], markersize=3, alpha=0.6,
                rasterized=True, color=COLORS[action], label=name,
            )  # fmt: skip
        ax.axline((0, 0), slope=-2 * np.pi / 180, color="black", linewidth=1)
        ax.set(title=f"loggen från {player}", xlabel="stångens vinkel (grader)")
    axes[0].set(ylabel="vinkelhastighet (rad/s)")
    legend_above(axes[0], markerscale=2)
    parts = [f"{player}: {_share_above(log)}" for player, log in logs.items()]
    return Picture.from_figure(
        figure, f"Prövade handlingar. Loggen från {'. Loggen från '.join(parts)}."
    )


def _share_above(log: Sequence[Any]) -> str:
    """Hur ofta handlingen är höger ovanför linjen och under den."""
    above = np.array([e[0][2] + e[0][3] / 2 > 0 for e in log])
    right = np.array([e[1] == 1 for e in log])
    return " och ".join(
        f"höger i {swedish_number(100 * float(right[side].mean()), 2)} procent av stegen {name}"
        if side.any()
        else f"inga steg {name}"
        for side, name in ((above, "ovanför linjen"), (~above, "under linjen"))
    )


def learned_against_exact(
    learned: Mapping[str, np.ndarray], exact: np.ndarray, action_names: Sequence[str]
) -> Picture:
    """Inlärda Q-värden (en punkt per frö) mot de sanna (svarta streck), plats för plats.

    Args:
        learned: namn → float (antal frön, S, A).
        exact: float (S, A).
        action_names: handlingarnas namn.
    """
    figure, axes = new_figure(len(learned), height=3.6, share_y=True)
    places, errors = np.arange(len(exact)), []
    for ax, (name, q_values) in zip(axes, learned.items(), strict=True):
        for action, label in enumerate(action_names):
            x = places + 0.3 * action - 0.15
            points = ax.plot(
                x, q_values[:, :, action].T, MARKS[2 * action], color=COLORS[action], alpha=0.7
            )
            points[0].set_label(label)
            ax.hlines(exact[:, action], x - 0.13, x + 0.13, color="black")
            error = np.abs(q_values[:, :, action] - exact[:, action]).max()
            errors.append(f"{name}, {label}: som mest {swedish_number(error, 2)} fel")
        ax.set(title=name, xlabel="plats", xticks=places)
    axes[0].set(ylabel="Q-värde")
    legend_above(axes[0])
    return Picture.from_figure(figure, f"Inlärda Q-värden mot de sanna. {'. '.join(errors)}.")
