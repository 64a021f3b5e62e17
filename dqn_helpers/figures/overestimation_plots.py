"""Figurerna om överskattning: maximum av brusiga skattningar, och en prick per frö.

Varje funktion ger en `Picture` med svenska axlar och alternativtext.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dqn_helpers.counting import counted
from dqn_helpers.figures.pictures import Picture, sentences, swedish_number
from dqn_helpers.figures.plots import COLORS, MARKS, legend_above, new_figure

_EDGES: Any = np.linspace(-3.5, 4.5, 65)


def largest_estimate(n_actions: int) -> Picture:
    """Fördelningen av den största av flera skattningar när alla sanna värden är 0.

    Varje skattning är det sanna värdet plus ett fel ur N(0, 1), lika ofta för högt som för lågt.

    Args:
        n_actions: antalet handlingar som skattas.
    """
    estimates = np.random.default_rng(0).normal(size=(20_000, n_actions))
    largest = estimates.max(axis=1)
    mean = float(largest.mean())
    figure, (ax,) = new_figure(height=3.0)
    words = "den största" if n_actions > 1 else "den enda"
    for values, label, color, x, way in (
        (estimates[:, 0], "en skattning", COLORS[5], -1.2, "right"),
        (largest, f"{words} av {n_actions}", COLORS[1], mean + 1.1, "left"),
    ):
        height = np.histogram(values, _EDGES, density=True)[0]
        ax.stairs(height, _EDGES, fill=True, color=color, alpha=0.3)
        ax.stairs(height, _EDGES, color=color, linewidth=1.5)
        y = height[np.searchsorted(_EDGES, x) - 1]
        ax.annotate(
            label, (x, y), xytext=(6 if way == "left" else -6, 6), color=color, ha=way,
            textcoords="offset points", fontsize=12,
        )  # fmt: skip
    ax.axvline(0, color="black", linestyle="--", linewidth=1)
    ax.axvline(mean, color=COLORS[1], linewidth=2)
    ax.annotate(
        f"medelvärde {swedish_number(mean, decimals=2)}", (mean, 0.78), xytext=(5, 0),
        textcoords="offset points", color=COLORS[1], fontsize=12,
    )  # fmt: skip
    ax.set(xlabel="skattat värde (det sanna är 0)", ylabel="täthet", ylim=(0, 0.85))
    return Picture.from_figure(
        figure,
        "Två histogram. En enda skattning ligger symmetriskt kring 0. "
        f"{words.capitalize()} av {n_actions} har medelvärdet {swedish_number(mean, 3)}.",
    )


def seed_dots(
    panels: Mapping[str, Mapping[str, np.ndarray]],
    *,
    y_labels: Sequence[str],
    truths: Sequence[float | None] = (None,),
) -> Picture:
    """En prick per frö för varje metod, med medelvärdet som ett streck; ett diagram per panel.

    Args:
        panels: panelens rubrik → metodens namn → ett tal per frö. Samma metoder i alla paneler.
        y_labels: en text vid y-axeln per panel, eller en enda för alla.
        truths: en streckad linje vid det sanna värdet, om det finns, per panel eller för alla.
    """
    n_panels = len(panels)
    labels = list(y_labels) * (n_panels if len(y_labels) == 1 else 1)
    lines = list(truths) * (n_panels if len(truths) == 1 else 1)
    figure, axes = new_figure(n_panels, height=3.4)
    rng = np.random.default_rng(0)
    descriptions = []
    for ax, (title, methods), label, truth in zip(axes, panels.items(), labels, lines, strict=True):
        for i, (name, values) in enumerate(methods.items()):
            x = i + rng.uniform(-0.15, 0.15, len(values))
            ax.plot(x, values, MARKS[i], color=COLORS[i], alpha=0.7, label=name)
            ax.hlines(np.mean(values), i - 0.3, i + 0.3, color="black", linewidth=2)
            descriptions.append(f"{title}, {name}: {spread_in_words(values)}")
        if truth is not None:
            ax.axhline(truth, color="black", linestyle="--", linewidth=1)
        ax.set(title=title, ylabel=label, xticks=[], xlim=(-0.6, len(methods) - 0.4))
    legend_above(axes[0])
    return Picture.from_figure(figure, f"En prick per frö. {sentences(*descriptions)}")


def spread_in_words(values: np.ndarray) -> str:
    """Medelvärde, minst och störst, i en text som "0,60 (0,41 till 1,00; 10 frön)"."""
    decimals = 2 if np.abs(values).max() < 10 else 0
    mean, low, high = (
        swedish_number(f(values), decimals=decimals) for f in (np.mean, np.min, np.max)
    )
    return f"{mean} ({low} till {high}; {counted(len(values), 'frö', 'frön')})"
