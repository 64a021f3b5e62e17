"""Figurerna om erfarenhetsbufferten: ringen, dragningarna, loggarna och det man lär sig ur dem.

Varje funktion ger en `Picture` eller en `Film` med svenska axlar och alternativtext.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.envs.classic_control import CartPoleEnv

from dqn_helpers.counting import counted, listed
from dqn_helpers.figures.learning_plots import learning_curves
from dqn_helpers.figures.pictures import COLUMN_WIDTH, Picture, sentences, swedish_number
from dqn_helpers.figures.player import Film
from dqn_helpers.figures.plots import (
    COLORS,
    MARKS,
    label_lines,
    legend_above,
    new_figure,
)
from dqn_helpers.figures.shapes import MUTED, ONLINE, WRONG, circle, document, text
from dqn_helpers.figures.worlds import cartpole_frame, cartpoles_side_by_side

_RING = 200  # så bred är en ring i teckningen
_CAPTION = 40  # plats under ringen för det som inte får plats i den

Contents = Sequence[Sequence[int]]
"""Numren som går att läsa, plats för plats: först i den tomma bufferten, sedan efter varje
tillägg."""


def ring_film(contents: Mapping[str, Contents], n_slots: int = 8) -> Film:
    """En film av ringbuffertar som fylls; den senaste erfarenheten har tjock kant.

    Ligger det fler i bufferten än vad som får plats står de under ringen.

    Args:
        contents: vems buffert det är → dess innehåll efter varje tillägg, lika många för alla.
        n_slots: antalet platser.
    """
    frames = []
    for n_added in range(min(map(len, contents.values()))):
        rings = [
            f'<g transform="translate({_RING * place} 0)">'
            f"{_ring(name, rows[n_added], n_added, n_slots)}</g>"
            for place, (name, rows) in enumerate(contents.items())
        ]
        frames.append({"ringar": "".join(rings)})
    drawing = document(_RING * len(contents), _RING + 14 + _CAPTION, "{ringar}")
    labels = tuple(counted(n_added, "tillagd", "tillagda") for n_added in range(len(frames)))
    ends = [
        f"{name}: sist går det att läsa {listed([str(n) for n in rows[-1]]) or 'ingenting'}"
        for name, rows in contents.items()
    ]
    slots = counted(n_slots, "plats", "platser")
    alt = f"En ring med {slots} fylls i tur och ordning. {sentences(*ends)}"
    width = min(COLUMN_WIDTH, 310 * len(contents))
    return Film(drawing, tuple(frames), labels, alt, 700, "tillagda", width=width)


def _ring(name: str, numbers: Sequence[int], n_added: int, n_slots: int) -> str:
    """En ring med erfarenheternas nummer i platserna, och platsernas nummer utanför."""
    parts = [text(_RING / 2, 12, name, 16), text(_RING / 2, 118, f"len = {len(numbers)}", 16)]
    for slot in range(n_slots):
        angle = 2 * np.pi * slot / n_slots
        across, up = float(np.sin(angle)), float(np.cos(angle))
        x, y = _RING / 2 + 54 * across, 118 - 54 * up
        number = numbers[slot] if slot < len(numbers) else None
        tint = 0.0 if number is None else 0.5 if number == n_added - 1 else 0.15
        color = MUTED if number is None else ONLINE
        parts.append(circle(x, y, 18, color, tint=tint, thick=5 if tint == 0.5 else 1.5))
        parts.append(text(x, y, "" if number is None else str(number), 16))
        parts.append(text(x + 29 * across, y - 29 * up, str(slot), 16, MUTED))
    outside = numbers[n_slots:]
    if outside:
        words = f"får inte plats:\n{', '.join(map(str, outside))}"
        parts.append(text(_RING / 2, _RING + 14 + _CAPTION / 2, words, 16, WRONG))
    return "".join(parts)


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
    return Picture.from_svg(drawing, f"Vagnen med stången. {sentences(*leans)}", COLUMN_WIDTH)


def _in_words(obs: np.ndarray) -> str:
    angle = swedish_number(abs(float(np.degrees(obs[2]))), 2)
    if angle == "0":
        return "stången står rakt upp"
    degrees = counted(angle, "grad", "grader")
    return f"stången lutar {degrees} åt {'höger' if obs[2] > 0 else 'vänster'}"


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
    return Picture.from_figure(figure, f"Punktmoln i grått med batchen i färg: {listed(shares)}.")


def _with_margin(values: np.ndarray) -> tuple[float, float]:
    margin = 0.05 * float(np.ptp(values))
    return float(values.min()) - margin, float(values.max()) + margin


def alike_over_time(series: Mapping[str, Sequence[np.ndarray]], n_lags: int = 40) -> Picture:
    """Autokorrelationen: hur lika två steg är, mot hur många steg det är emellan.

    Den sista följden visas också i blandad ordning; då är sambandet borta.

    Args:
        series: namn → en följd av tal för varje slumpfrö, float (T,).
        n_lags: det största avståndet.
    """
    lags = np.arange(1, n_lags + 1)
    rng = np.random.default_rng(0)
    curves = {
        f"{name}, i ordning": np.array([_autocorrelation(x, lags) for x in every])
        for name, every in series.items()
    }
    name, every = list(series.items())[-1]
    curves[f"{name}, blandad"] = np.array(
        [_autocorrelation(rng.permutation(x), lags) for x in every]
    )
    return learning_curves(lags, curves, x_label="steg emellan, k", y_label="autokorrelation")


def _autocorrelation(x: np.ndarray, lags: np.ndarray) -> list[float]:
    deviation = x - x.mean()
    return [float((deviation[:-k] * deviation[k:]).sum() / (deviation**2).sum()) for k in lags]


def drawn_places(draws: Mapping[str, Sequence[Any]], n_stored: int) -> Picture:
    """Vilka platser som dras: en rad för varje batch och ett streck för varje dragen plats.

    Args:
        draws: namn → batchar, var och en en följd av platser.
        n_stored: antalet sparade erfarenheter.
    """
    figure, axes = new_figure(len(draws), height=2.8, share_y=True)
    spans = []
    for ax, color, (name, batches) in zip(axes, (COLORS[1], *COLORS), draws.items(), strict=False):
        for row, places in enumerate(batches):
            ax.plot(places, [row] * len(places), "|", color=color)
        ax.set(title=textwrap.fill(name, 20), xlabel="plats i bufferten", xlim=(0, n_stored))
        span = swedish_number(100 * float(np.mean([np.ptp(p) for p in batches])) / n_stored, 2)
        spans.append(f"{name}: en batch sträcker sig i genomsnitt över {span} procent av den")
    axes[0].set(ylabel="batchnummer")
    return Picture.from_figure(
        figure, f"Streck för dragna platser i bufferten. {sentences(*spans)}"
    )


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
    return Picture.from_figure(figure, f"Mikrosekunder per batch: {'; '.join(ends)}.")


def tried_actions(logs: Mapping[str, Sequence[Any]], title: str = "") -> Picture:
    """Vilken handling som prövats i vilket läge i CartPole: vinkel mot vinkelhastighet.

    Den heldragna linjen är regeln ”vinkel + halva vinkelhastigheten = 0”. Varje diagram har sin
    egen skala, så att en gräns syns också för den som håller stången nästan stilla.

    Args:
        logs: vem som spelade → erfarenheterna.
        title: vems logg det är, till exempel "din kod".
    """
    figure, axes = new_figure(len(logs), height=3.6)
    for ax, (player, log) in zip(axes, logs.items(), strict=True):
        for action, name in enumerate(("vänster", "höger")):
            states = np.array([e[0] for e in log if e[1] == action]).reshape(-1, 4)
            ax.plot(
                np.degrees(states[:, 2]), states[:, 3], "o^"[action], markersize=3, alpha=0.6,
                color=COLORS[action], label=name,
            )  # fmt: skip
        ax.axline((0, 0), slope=-2 * np.pi / 180, color="black", linewidth=1)
        more = f"\n({title})" if title else ""
        ax.set(title=f"loggen från {player}{more}", xlabel="stångens vinkel (grader)")
        ax.set(ylabel="vinkelhastighet (rad/s)")
    legend_above(axes[0], markerscale=2)
    parts = [f"{player}: {_share_above(log)}" for player, log in logs.items()]
    return Picture.from_figure(
        figure,
        f"{title or 'Prövade handlingar'}. Loggen från {'. Loggen från '.join(parts)}.",
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
    """Inlärda Q-värden (en punkt per frö) mot de sanna (vågräta streck), plats för plats.

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
    return Picture.from_figure(figure, f"Inlärda Q-värden mot de sanna. {sentences(*errors)}")
