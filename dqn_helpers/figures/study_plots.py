"""Diagram över många frön: andelar med intervall, och en ändring bredvid receptet."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dqn_helpers.counting import counted
from dqn_helpers.figures.pictures import Picture, sentences, swedish_number
from dqn_helpers.figures.plots import COLORS, MARKS, legend_above, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def shares(
    rows: Mapping[str, tuple[int, int]],
    intervals: Mapping[str, tuple[float, float]],
    dots: Mapping[str, Sequence[float]],
    *,
    share_label: str,
    dots_label: str,
    bound: float,
) -> Picture:
    """Andelar med intervall till vänster, och ett tal per frö till höger, en rad per variant.

    Args:
        rows: variantens namn → (antalet lyckade, antalet försök).
        intervals: variantens namn → andelens intervall.
        dots: variantens namn → ett tal större än 0 per frö; axeln är logaritmisk.
        share_label: vad andelen är.
        dots_label: vad talen är.
        bound: var en streckad linje ska stå bland talen.
    """
    height = 1.2 + 0.42 * len(rows)
    figure, (left, right) = new_figure(2, height=height, share_y=True)
    for place, (name, (n_solved, n)) in enumerate(rows.items()):
        low, high = intervals[name]
        left.plot([100 * low, 100 * high], [place, place], color=COLORS[0], linewidth=3, alpha=0.4)
        left.plot(100 * n_solved / n, place, MARKS[0], color=COLORS[0])
        right.plot(dots[name], [place] * len(dots[name]), MARKS[1], color=COLORS[1], alpha=0.6)
        right.plot(np.median(dots[name]), place, "|", color="black", markersize=18, mew=2)
    left.set(xlabel=share_label, xlim=(-3, 103))
    right.set(xlabel=dots_label, xscale="log")
    right.axvline(bound, color="black", linestyle="--", linewidth=1)
    left.set_yticks(range(len(rows)), list(rows))
    left.set_ylim(len(rows) - 0.5, -0.5)  # den första överst
    words = [
        f"{name}: {k} av {n}, {dots_label} i median {swedish_number(np.median(dots[name]), 3)}"
        for name, (k, n) in rows.items()
    ]
    return Picture.from_figure(figure, sentences(share_label, *words))


def difference_of(
    x: Sequence[float], course: np.ndarray, changed: np.ndarray, name: str, *, goal: float
) -> Picture:
    """En ändring mot kursens recept: kurvorna till vänster, ett medelvärde per frö till höger.

    Args:
        x: K värden på x-axeln.
        course: receptets poäng, float (antal frön, K).
        changed: poängen med ändringen, float (antal frön, K).
        name: ändringen, i ord.
        goal: gränsen för löst.
    """
    figure, (left, right) = new_figure(2, height=3.4)
    pairs = {"kursens recept": course, name: changed}
    for number, (label, scores) in enumerate(pairs.items()):
        color = COLORS[number]
        low, middle, high = np.percentile(scores, [25, 50, 75], axis=0)
        left.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0)
        left.plot(x, middle, color=color, marker=MARKS[number], linewidth=2, label=label)
        _mean_per_seed(right, scores.mean(axis=1), number)
    left.axhline(goal, color="black", linestyle="--", linewidth=1)
    left.set(xlabel="miljösteg", ylabel="poäng, girig utvärdering", ylim=(0, 520))
    right.set(xlabel="medelpoäng i hela träningen", xlim=(0, 520), ylim=(1.5, -0.5))
    right.set_yticks([0, 1], [counted(len(s), "frö", "frön") for s in pairs.values()])
    legend_above(left)
    means = [f"{label} {swedish_number(s.mean(), 3)}" for label, s in pairs.items()]
    return Picture.from_figure(figure, f"Medelpoäng under hela träningen: {'; '.join(means)}.")


def _mean_per_seed(ax: "Axes", means: np.ndarray, row: int) -> None:
    """En prick per frö, och medelvärdet med sitt 95-procentiga intervall."""
    half = 1.96 * means.std(ddof=1) / np.sqrt(len(means))
    middle = means.mean()
    ax.plot(means, [row] * len(means), MARKS[row], color=COLORS[row], alpha=0.5)
    ax.plot([middle - half, middle + half], [row, row], color="black", linewidth=3)
    ax.plot(middle, row, "|", color="black", markersize=18, markeredgewidth=2)
