"""Figurerna om erfarenhetsbufferten: ringen, dragningarna, loggarna och det man lär sig ur dem.

Varje funktion ger en `Picture` med svenska axlar och alternativtext.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dqn_helpers.figures.pictures import Picture, swedish_number
from dqn_helpers.figures.plots import COLORS, MARKS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def replay_ring(*counts: int, n_slots: int = 8) -> Picture:
    """En ringbuffert när så här många erfarenheter har lagts till; den senaste är orange.

    Args:
        counts: antalet tillagda; ges flera ritas en ring för vart och ett, bredvid varandra.
        n_slots: antalet platser i ringen.
    """
    figure, axes = new_figure(len(counts), width=2.5 * len(counts) + 0.5, height=3.1)
    descriptions = []
    for ax, n_added in zip(axes, counts, strict=True):
        numbers = [_newest(slot, n_added, n_slots) for slot in range(n_slots)]
        _draw_ring(ax, numbers, newest=n_added - 1)
        ax.set_title(f"{n_added} tillagda\nlen = {min(n_added, n_slots)}")
        contents = ", ".join("tom" if number is None else str(number) for number in numbers)
        descriptions.append(f"med {n_added} tillagda ligger på platserna i ordning: {contents}")
    return Picture.from_figure(figure, f"Ring med {n_slots} platser, {'; '.join(descriptions)}.")


def _newest(slot: int, n_added: int, n_slots: int) -> int | None:
    """Numret på den erfarenhet som senast skrevs på platsen, None om den är tom."""
    written = range(slot, n_added, n_slots)
    return written[-1] if written else None


def _draw_ring(ax: "Axes", numbers: Sequence[int | None], newest: int) -> None:
    for slot, number in enumerate(numbers):
        angle = 2 * np.pi * slot / len(numbers)
        x, y = np.sin(angle), np.cos(angle)
        color = "white" if number is None else COLORS[4] if number == newest else COLORS[5]
        ax.plot(x, y, "o", markersize=26, markerfacecolor=color, markeredgecolor="black")
        ax.text(x, y, "" if number is None else str(number), ha="center", va="center")
        ax.text(1.45 * x, 1.45 * y, str(slot), ha="center", va="center", color="0.4", fontsize=8)
    ax.set(xlim=(-1.65, 1.65), ylim=(-1.65, 1.65), aspect="equal")
    ax.axis("off")


def last_moments(images: Mapping[str, np.ndarray]) -> Picture:
    """Bilder från en miljö bredvid varandra, med rubrik.

    Args:
        images: rubrik → bild (höjd, bredd, 3), uint8.
    """
    figure, axes = new_figure(len(images), width=4.2 * len(images), height=2.2)
    for ax, (title, image) in zip(axes, images.items(), strict=True):
        height = len(image)
        ax.imshow(image[height // 3 : height * 5 // 6])  # himlen ovanför säger inget
        ax.set_title(title)
        ax.axis("off")
    titles = ". ".join(title.replace("\n", ": ") for title in images)
    return Picture.from_figure(figure, f"Sista bilden av varje episod. {titles}.")


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
    figure, axes = new_figure(len(batches), width=4.2 * len(batches), height=3.2, share_y=True)
    shares = []
    for ax, (name, index) in zip(axes, batches.items(), strict=True):
        ax.plot(x[::5], y[::5], ".", color="lightgrey")
        ax.plot(x[index], y[index], "o", color=COLORS[1], markeredgecolor="white")
        ax.set(title=name, xlabel=x_label)
        share = swedish_number(100 * np.ptp(x[index]) / np.ptp(x), 2)
        shares.append(f"{name} täcker {share} procent av bredden")
    axes[0].set(ylabel=y_label)
    return Picture.from_figure(
        figure, f"Punktmoln i grått med batchen i färg: {', '.join(shares)}."
    )


def drawn_places(draws: Mapping[str, Sequence[Any]], n_stored: int) -> Picture:
    """Vilka platser som dras: en rad för varje batch och ett streck för varje dragen plats.

    Args:
        draws: namn → batchar, var och en en följd av platser.
        n_stored: antalet sparade erfarenheter.
    """
    figure, axes = new_figure(len(draws), width=4.2 * len(draws), height=2.8, share_y=True)
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
    ax.figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return Picture.from_figure(figure, f"Mikrosekunder per batch: {', '.join(ends)}.")


def tried_actions(logs: Mapping[str, Sequence[Any]]) -> Picture:
    """Vilken handling som prövats i vilket läge i CartPole: vinkel mot vinkelhastighet.

    Den svarta linjen är regeln «vinkel + halva vinkelhastigheten = 0».

    Args:
        logs: vem som spelade → erfarenheterna.
    """
    figure, axes = new_figure(len(logs), width=4.2 * len(logs), height=3.4, share_y=True)
    for ax, (player, log) in zip(axes, logs.items(), strict=True):
        for action, name in enumerate(("vänster", "höger")):
            states = np.array([e[0] for e in log if e[1] == action]).reshape(-1, 4)
            ax.plot(
                np.degrees(states[:, 2]), states[:, 3], "o^"[action], markersize=3, alpha=0.5,
                color=COLORS[action], label=name,
            )  # fmt: skip
        ax.axline((0, 0), slope=-2 * np.pi / 180, color="black", linewidth=1)
        ax.set(title=f"loggen från {player}", xlabel="stångens vinkel (grader)")
    axes[0].set(ylabel="vinkelhastighet (rad/s)")
    labels = axes[0].get_legend_handles_labels()
    figure.legend(*labels, loc="outside upper center", ncols=2, frameon=False, markerscale=2)
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
    figure, axes = new_figure(len(learned), width=4.2 * len(learned), height=3.6, share_y=True)
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
    labels = axes[0].get_legend_handles_labels()
    figure.legend(*labels, loc="outside upper center", ncols=len(action_names), frameon=False)
    return Picture.from_figure(figure, f"Inlärda Q-värden mot de sanna. {'. '.join(errors)}.")
