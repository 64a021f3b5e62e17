"""Kursens stil för diagram: färger, markörer och en tom figur att rita i.

matplotlib laddas först när något ritas: den som bara tränar behöver inte vänta på det.
"""

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dqn_helpers.figures.pictures import COLUMN_WIDTH, SCREEN_DPI, swedish_ticks
from dqn_helpers.figures.theme import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = tuple(LIGHT[m] for m in ("online", "target", "reward", "other", "note", "muted", "ink"))
"""Färgerna, i den ordning kursen använder dem; de går att skilja åt också för färgblinda."""

MARKS = ("o", "s", "^", "D", "v", "P", "X")
"""Olika markörer, så att linjerna går att skilja åt utan färg."""

COLUMN = COLUMN_WIDTH / SCREEN_DPI
"""Textspaltens bredd i tum."""

_STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.edgecolor": LIGHT["muted"],
    "axes.labelcolor": LIGHT["ink"],
    "axes.labelpad": 6,
    "axes.titlesize": 12,
    "axes.titlecolor": LIGHT["ink"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.labelcolor": LIGHT["ink"],
    "ytick.labelcolor": LIGHT["ink"],
    "grid.color": LIGHT["muted"],
    "grid.alpha": 0.25,
    "font.size": 12,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.wspace": 0.08,  # så går inte två axlars tal i varandra
}


def new_figure(
    n_columns: int = 1, width: float = COLUMN, height: float = 3.6, *, share_y: bool = False
) -> "tuple[Figure, list[Axes]]":
    """En tom figur i kursens stil med ett eller flera diagram bredvid varandra.

    Args:
        n_columns: antalet diagram.
        width: figurens bredd i tum; den blir aldrig bredare än textspalten.
        height: höjden i tum.
        share_y: sant om diagrammen har samma y-axel.
    """
    from cycler import cycler
    from matplotlib import pyplot as plt

    with plt.rc_context({**_STYLE, "axes.prop_cycle": cycler(color=COLORS)}):
        figure, axes = plt.subplots(
            1, n_columns, figsize=(min(width, COLUMN), height), squeeze=False, sharey=share_y
        )
    for ax in axes[0]:
        ax.xaxis.set_major_formatter(swedish_ticks())
        ax.yaxis.set_major_formatter(swedish_ticks())
    return figure, list(axes[0])


def legend_above(ax: "Axes", *, n_columns: int = 3, **more: Any) -> None:
    """Förklaringen ovanför diagrammen, där den inte döljer några kurvor.

    Args:
        ax: det diagram som namnen hämtas ur.
        n_columns: så många namn i bredd, om de får plats.
        more: det som ska gå vidare till matplotlib.
    """
    handles, labels = ax.get_legend_handles_labels()
    n_columns = n_columns if sum(map(len, labels)) < 60 else 2  # långa namn får två rader
    ax.figure.legend(
        handles, labels, loc="outside upper center", ncols=n_columns, frameon=False,
        labelcolor=LIGHT["ink"], fontsize=12, **more,
    )  # fmt: skip


def label_lines(ax: "Axes") -> None:
    """Skriv namnet vid slutet av varje kurva, i kurvans färg, i stället för en förklaring bredvid.

    Kurvorna ska vara ritade och axlarnas gränser satta. Namn som skulle krocka flyttas isär.
    """
    lines = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    names = [_wrapped(str(line.get_label())) for line in lines]
    ax.get_ylim()  # matplotlib räknar ut gränserna först när någon frågar
    points = ax.get_window_extent().height * 72 / ax.figure.dpi
    heights = [16 * (1 + name.count("\n")) / points for name in names]
    ends = [_height_at_the_end(ax, line) for line in lines]
    for line, name, y in zip(lines, names, _apart(ends, heights), strict=True):
        ax.annotate(
            name, (1.0, y), xycoords="axes fraction", xytext=(8, 0), textcoords="offset points",
            va="center", color=line.get_color(), fontsize=12, annotation_clip=False,
        )  # fmt: skip


def _wrapped(name: str) -> str:
    return "\n".join(textwrap.fill(line, 18) for line in name.splitlines())


def _height_at_the_end(ax: "Axes", line: Any) -> float:
    """Var kurvans sista punkt ligger, från 0 längst ned i diagrammet till 1 längst upp."""
    y = np.asarray(line.get_ydata(), dtype=float)
    last = y[np.isfinite(y)][-1] if np.isfinite(y).any() else 0.0
    place = ax.transAxes.inverted().transform(ax.transData.transform((ax.get_xlim()[1], last)))[1]
    return float(np.clip(place, 0, 1))


def _apart(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Namnens mitt, så nära det önskade som går utan att de går i varandra eller ur diagrammet."""
    order = np.argsort(wanted, kind="stable")
    placed = np.array(wanted, dtype=float)
    for below, above in pairwise(order):
        least = placed[below] + (heights[below] + heights[above]) / 2
        placed[above] = max(placed[above], least)
    # Det som hamnade ovanför diagrammet trycker ned de andra.
    ceiling = 1.05
    for n in order[::-1]:
        placed[n] = min(placed[n], ceiling - heights[n] / 2)
        ceiling = placed[n] - heights[n] / 2
    return placed.tolist()
