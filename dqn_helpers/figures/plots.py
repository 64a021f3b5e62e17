"""Kursens stil för diagram: färger, markörer och en tom figur att rita i.

matplotlib laddas först när något ritas: den som bara tränar behöver inte vänta på det.
"""

from typing import TYPE_CHECKING, Any

from dqn_helpers.figures.pictures import swedish_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe och Itos färger, i den ordning kursen använder dem."""

MARKS = ("o", "s", "^", "D", "v", "P", "X")
"""Olika markörer, så att linjerna går att skilja åt utan färg."""

_STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def new_figure(
    n_columns: int = 1, width: float = 7.0, height: float = 3.6, *, share_y: bool = False
) -> "tuple[Figure, list[Axes]]":
    """En tom figur i kursens stil med ett eller flera diagram bredvid varandra.

    Args:
        n_columns: antalet diagram.
        width: figurens bredd i tum.
        height: höjden i tum.
        share_y: sant om diagrammen har samma y-axel.
    """
    from cycler import cycler
    from matplotlib import pyplot as plt

    with plt.rc_context({**_STYLE, "axes.prop_cycle": cycler(color=COLORS)}):
        figure, axes = plt.subplots(
            1, n_columns, figsize=(width, height), squeeze=False, sharey=share_y
        )
    for ax in axes[0]:
        ax.xaxis.set_major_formatter(swedish_ticks())
        ax.yaxis.set_major_formatter(swedish_ticks())
    return figure, list(axes[0])


def swedish_ticks() -> Any:
    """Det som skriver talen på en axel, med decimalkomma."""
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: swedish_number(value))


def legend_above(ax: "Axes") -> None:
    """Förklaringen ovanför diagrammet, där den inte döljer några kurvor."""
    labels = ax.get_legend_handles_labels()[1]
    n_columns = 3 if sum(map(len, labels)) < 60 else 2  # långa namn får två rader
    ax.figure.legend(loc="outside upper center", ncols=n_columns, frameon=False)
