"""Enkla diagram ur sidans egna tal: linjer, avkastning mot längd och fördelningar."""

from collections.abc import Mapping, Sequence

import numpy as np

from dqn_helpers.figures.pictures import Picture, swedish_number
from dqn_helpers.figures.plots import COLORS, MARKS, label_lines, new_figure

Points = tuple[Sequence[float] | np.ndarray, Sequence[float] | np.ndarray]


def lines(
    curves: Mapping[str, Points],
    *,
    x_label: str,
    y_label: str,
    dots: Mapping[str, Points] | None = None,
    marked_x: float | None = None,
    logarithmic_x: bool = False,
) -> Picture:
    """Några linjer i samma diagram.

    Args:
        curves: namn → (x, y).
        x_label: text under x-axeln.
        y_label: text vid y-axeln.
        dots: namn → (x, y) för punkter som ritas gråa bakom linjerna.
        marked_x: ett x-värde med en streckad linje.
        logarithmic_x: sant om x-axeln ska vara logaritmisk.
    """
    figure, (ax,) = new_figure(height=3.0)
    for name, (x, y) in (dots or {}).items():
        ax.plot(x, y, ".", color="0.7", label=name)
    for (name, (x, y)), color, mark in zip(curves.items(), COLORS, MARKS, strict=False):
        every = max(1, len(x) // 10)
        ax.plot(x, y, color=color, marker=mark, markevery=every, label=name)
    if marked_x is not None:
        ax.axvline(marked_x, color="black", linestyle="--", linewidth=1)
    if logarithmic_x:
        ax.set_xscale("log")
    ax.set(xlabel=x_label, ylabel=y_label)
    if len(curves) + len(dots or {}) > 1:
        label_lines(ax)
    ends = [
        f"{name} går från {swedish_number(y[0], 3)} till {swedish_number(y[-1], 3)}"
        for name, (_, y) in curves.items()
    ]
    alt = f"Linjediagram, {y_label} mot {x_label}. {'; '.join(ends)}."
    return Picture.from_figure(figure, alt)


def returns_by_length(runs: Mapping[str, Mapping[float, Sequence[tuple[int, float]]]]) -> Picture:
    """Avkastningen av episoder som gav en enda poäng, mot hur många steg de tog.

    Args:
        runs: vem som räknade → γ → (antal steg, avkastning) för varje episod.
    """
    figure, axes = new_figure(len(runs), height=3.2, share_y=True)
    descriptions = []
    for ax, (who, by_gamma) in zip(axes, runs.items(), strict=True):
        for (gamma, points), color, mark in zip(by_gamma.items(), COLORS, MARKS, strict=False):
            lengths, returns = zip(*sorted(points), strict=True)
            ax.plot(
                lengths, returns, mark, color=color, alpha=0.6,
                label=f"γ = {swedish_number(gamma)}" if ax is axes[-1] else None,
            )  # fmt: skip
            descriptions.append(
                f"{who}, γ = {swedish_number(gamma)}: från {swedish_number(returns[0], 2)} vid "
                f"{lengths[0]} steg till {swedish_number(returns[-1], 2)} vid {lengths[-1]}"
            )
        ax.set(xlabel="episodens längd (steg)", title=who)
    axes[0].set_ylabel("avkastning")
    label_lines(axes[-1])
    alt = f"En prick för varje episod som kom fram. {'; '.join(descriptions)}."
    return Picture.from_figure(figure, alt)


def return_distributions(returns: Mapping[str, Sequence[float]], expected: float) -> Picture:
    """Hur avkastningen av många episoder fördelar sig.

    Args:
        returns: vem som räknade → en avkastning för varje episod.
        expected: väntevärdet, som en streckad linje.
    """
    figure, axes = new_figure(len(returns), height=3.0, share_y=True)
    descriptions = []
    for ax, (who, drawn) in zip(axes, returns.items(), strict=True):
        values = np.asarray(drawn, dtype=float)
        finite = values[np.isfinite(values)]  # fel kod kan ge nan, och det går inte att rita
        mean = float(np.mean(finite)) if len(finite) else float("nan")
        ax.hist(finite, bins=30, color=COLORS[5])
        ax.axvline(mean, color=COLORS[1])
        ax.axvline(expected, color="black", linestyle="--")
        ax.annotate(
            f"medelvärde {swedish_number(mean, 3)}\n(streckat: väntevärdet "
            f"{swedish_number(expected, 3)})",
            (np.nanmax([mean, expected]), 0.8), xycoords=("data", "axes fraction"), xytext=(6, 0),
            textcoords="offset points", color=COLORS[1],
        )  # fmt: skip
        ax.set(xlabel="avkastning", ylabel="antal episoder", title=who)
        descriptions.append(f"{who}: medelvärdet är {swedish_number(mean, 3)}")
    alt = f"Stapeldiagram. {'; '.join(descriptions)}. Väntevärdet är {swedish_number(expected, 3)}."
    return Picture.from_figure(figure, alt)
