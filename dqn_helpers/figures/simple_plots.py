"""Enkla diagram ur sidans egna tal: linjer, avkastning mot längd och fördelningar."""

from collections.abc import Mapping, Sequence

import numpy as np

from dqn_helpers.figures.pictures import Picture, sentences, swedish_number
from dqn_helpers.figures.plots import COLORS, MARKS, label_lines, legend_above, new_figure
from dqn_helpers.figures.theme import LIGHT

Points = tuple[Sequence[float] | np.ndarray, Sequence[float] | np.ndarray]


def lines(
    curves: Mapping[str, Points] | Mapping[str, Mapping[str, Points]],
    *,
    x_label: str,
    y_label: str,
    dots: Mapping[str, Points] | None = None,
    marked_x: float | None = None,
    marked_y: float | None = None,
    logarithmic_x: bool = False,
) -> Picture:
    """Linjer i ett diagram, eller i flera diagram bredvid varandra med samma y-axel.

    Args:
        curves: linjens namn → (x, y); för flera diagram: diagrammets rubrik → namn → (x, y).
        x_label: text under x-axeln.
        y_label: text vid y-axeln.
        dots: namn → (x, y) för punkter som ritas gråa bakom linjerna.
        marked_x: ett x-värde med en streckad linje.
        marked_y: ett y-värde med en streckad linje.
        logarithmic_x: sant om x-axeln ska vara logaritmisk.

    Raises:
        ValueError: om det inte finns något att rita.
    """
    panels = _in_panels(curves)
    figure, axes = new_figure(len(panels), height=3.2, share_y=True)
    words = []
    for ax, (title, series) in zip(axes, panels.items(), strict=True):
        for name, (x, y) in (dots or {}).items():
            ax.plot(x, y, ".", color=LIGHT["muted"], alpha=0.6, label=name)
        for (name, (x, y)), color, mark in zip(series.items(), COLORS, MARKS, strict=False):
            ax.plot(x, y, color=color, marker=mark, markevery=max(1, len(x) // 10), label=name)
            ends = f"från {swedish_number(y[0], 3)} till {swedish_number(y[-1], 3)}"
            words.append(f"{title}, {name}: {ends}" if title else f"{name}: {ends}")
        if marked_x is not None:
            ax.axvline(marked_x, color="black", linestyle="--", linewidth=1)
        if marked_y is not None:
            ax.axhline(marked_y, color="black", linestyle="--", linewidth=1)
        if logarithmic_x:
            ax.set_xscale("log")
        ax.set(title=title, xlabel=x_label)
    axes[0].set_ylabel(y_label)
    if len(axes[0].get_legend_handles_labels()[1]) > 1:  # en ensam linje har sitt namn på axeln
        write_names = label_lines if len(panels) == 1 else legend_above
        write_names(axes[0])
    return Picture.from_figure(
        figure, f"Linjediagram, {y_label} mot {x_label}. {sentences(*words)}"
    )


def _in_panels(
    curves: Mapping[str, Points] | Mapping[str, Mapping[str, Points]],
) -> dict[str, Mapping[str, Points]]:
    """Diagrammets rubrik → dess linjer; ett ensamt diagram har ingen rubrik."""
    nested = {title: series for title, series in curves.items() if isinstance(series, Mapping)}
    alone = {name: points for name, points in curves.items() if not isinstance(points, Mapping)}
    panels = nested or {"": alone}
    if not all(panels.values()):
        raise ValueError("Det behövs minst en linje, och minst en i varje diagram.")
    return panels


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
    alt = f"En prick för varje episod som kom fram. {sentences(*descriptions)}"
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
        ax.axvline(mean, color=COLORS[1], label="medelvärdet")
        ax.axvline(
            expected, color="black", linestyle="--",
            label=f"väntevärdet, {swedish_number(expected, 3)}",
        )  # fmt: skip
        # Talet står i rubriken: i diagrammet hamnar det på staplarna.
        ax.set(xlabel="avkastning", title=f"{who}\nmedelvärde {swedish_number(mean, 3)}")
        descriptions.append(f"{who}: medelvärdet är {swedish_number(mean, 3)}")
    axes[0].set_ylabel("antal episoder")
    legend_above(axes[0])
    descriptions.append(f"Väntevärdet är {swedish_number(expected, 3)}")
    alt = f"Stapeldiagram. {sentences(*descriptions)}"
    return Picture.from_figure(figure, alt)
