"""Figurer som jämför färdigtränade agenter, en prick för varje slumpfrö."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from dqn_helpers.figures import COLORS, MARKS, new_figure
from dqn_helpers.pictures import Picture, swedish_number

Rows = Mapping[str, Sequence[float]]


def dots_per_seed(
    panels: Mapping[str, Rows],
    *,
    lines: Mapping[str, float] | None = None,
    logarithmic: Collection[str] = (),
) -> Picture:
    """Ett diagram för varje mått, en rad för varje variant och en prick för varje frö.

    Args:
        panels: måttet (som text under x-axeln) → variantens namn → ett tal per frö. Alla mått har
            samma varianter, i samma ordning.
        lines: mått → var en streckad linje ska stå.
        logarithmic: de mått som ska ha logaritmisk axel; deras tal är större än 0.

    Raises:
        ValueError: om måtten inte har samma varianter, eller om någon variant saknar tal.
    """
    names = [list(rows) for rows in panels.values()]
    if not names or any(other != names[0] for other in names) or not names[0]:
        raise ValueError("Alla mått ska ha samma varianter i samma ordning, och minst en.")
    if any(len(values) == 0 for rows in panels.values() for values in rows.values()):
        raise ValueError("Varje variant behöver minst ett tal.")
    height = 1.2 + 0.42 * len(names[0])
    figure, axes = new_figure(len(panels), width=4.2 * len(panels), height=height, share_y=True)
    for number, (ax, (label, rows)) in enumerate(zip(axes, panels.items(), strict=True)):
        _draw_rows(ax, rows, COLORS[number], MARKS[number])
        if label in logarithmic:
            ax.set_xscale("log")
            ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: swedish_number(value)))
        if lines and label in lines:
            ax.axvline(lines[label], color="black", linestyle="--", linewidth=1)
        ax.set(xlabel=label)
    axes[0].set_yticks(range(len(names[0])), names[0])
    axes[0].set_ylim(len(names[0]) - 0.5, -0.5)  # den första överst
    return Picture.from_figure(figure, _in_words(panels))


def _draw_rows(ax: Axes, rows: Rows, color: str, mark: str) -> None:
    """En rad prickar för varje variant, och ett streck vid medianen."""
    for row, values in enumerate(rows.values()):
        ax.plot(values, [row] * len(values), mark, color=color, alpha=0.7, clip_on=False)
        ax.plot(np.median(values), row, "|", color="black", markersize=18, markeredgewidth=2)


def _in_words(panels: Mapping[str, Rows]) -> str:
    sentences = []
    for label, rows in panels.items():
        ranges = [
            f"{name} {swedish_number(min(values), 3)} till {swedish_number(max(values), 3)}"
            for name, values in rows.items()
        ]
        sentences.append(f"{label}: {'; '.join(ranges)}")
    return f"Prickdiagram med en prick för varje frö. {'. '.join(sentences)}."
