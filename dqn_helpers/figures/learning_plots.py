"""Diagram över inlärning: kurvor, träningsloggar och en prick för varje slumpfrö."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dqn_helpers.counting import counted
from dqn_helpers.figures.pictures import Picture, sentences, swedish_number
from dqn_helpers.figures.plots import COLORS, MARKS, label_lines, new_figure
from dqn_helpers.training_log import TrainingLog

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def learning_curves(
    steps: Sequence[float] | np.ndarray,
    curves: Mapping[str, np.ndarray],
    *,
    goal: float | None = None,
    x_label: str = "miljösteg",
    y_label: str = "poäng, girig utvärdering",
    title: str = "",
) -> Picture:
    """Inlärningskurvor över flera frön: medianen, spridningen från minst till störst, varje frö.

    Args:
        steps: K värden på x-axeln.
        curves: namn → array (antal frön, K).
        goal: en streckad linje på den här höjden, till exempel gränsen för löst.
        x_label: text under x-axeln.
        y_label: text vid y-axeln.
        title: rubrik.

    Raises:
        ValueError: om någon array inte har formen (antal frön, K), eller om det inte finns några
            kurvor eller om de är fler än färgerna.
    """
    x = np.asarray(steps)
    _check_curves(curves, len(x))
    figure, (ax,) = new_figure()
    descriptions = []
    for (name, values), color, mark in zip(curves.items(), COLORS, MARKS, strict=False):
        values = np.asarray(values, dtype=float)
        median, low, high = np.median(values, axis=0), values.min(axis=0), values.max(axis=0)
        ax.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
        ax.plot(x, values.T, color=color, alpha=0.4, linewidth=0.8)
        ax.plot(
            x, median, color=color, marker=mark, markevery=max(1, len(x) // 10), linewidth=2,
            label=f"{name}\n({counted(len(values), 'frö', 'frön')})",
        )  # fmt: skip
        descriptions.append(
            f"{name}: medianen går från {swedish_number(median[0], 3)} till "
            f"{swedish_number(median[-1], 3)}, sist mellan {swedish_number(low[-1], 3)} och "
            f"{swedish_number(high[-1], 3)} över {counted(len(values), 'frö', 'frön')}"
        )
    if goal is not None:
        ax.axhline(goal, color="black", linestyle="--", linewidth=1)
        if not np.isclose(ax.get_yticks(), goal).any():  # annars står talet redan på axeln
            ax.annotate(
                swedish_number(goal), (x[0], goal), xytext=(2, 3), textcoords="offset points"
            )
    ax.set(xlabel=x_label, ylabel=y_label, title=title)
    label_lines(ax)
    alt = f"Linjediagram, {y_label} mot {x_label}. {sentences(*descriptions)}"
    return Picture.from_figure(figure, alt)


def _check_curves(curves: Mapping[str, np.ndarray], n_steps: int) -> None:
    if not 1 <= len(curves) <= len(COLORS):
        raise ValueError(f"Rita mellan 1 och {len(COLORS)} kurvor åt gången, inte {len(curves)}.")
    for name, values in curves.items():
        shape = np.shape(values)
        if len(shape) != 2 or shape[1] != n_steps or 0 in shape:
            raise ValueError(
                f"Kurvan ”{name}” ska ha formen (antal frön, {n_steps}), men har {shape}."
            )


def training_curve(log: TrainingLog) -> Picture:
    """En tränings kurva: varje episods poäng, glidande medelvärde och de giriga utvärderingarna."""
    figure, (ax,) = new_figure()
    ends, returns = np.array(log.episode_ends), np.array(log.episode_returns)
    ax.plot(ends, returns, ".", color=COLORS[5], alpha=0.7, label="en träningsepisod")
    if len(returns) >= 20:
        mean = np.convolve(returns, np.ones(20) / 20, mode="valid")
        ax.plot(ends[19:], mean, color=COLORS[0], label="medelvärde av 20 episoder")
    if log.check_scores:
        ax.plot(
            log.check_steps, log.check_scores, color=COLORS[1], marker=MARKS[1],
            label="girig utvärdering",
        )  # fmt: skip
    ax.set(xlabel="miljösteg", ylabel="poäng")
    label_lines(ax)
    episodes = counted(len(returns), "episod", "episoder")
    alt = f"Inlärningskurva över {episodes} och {log.environment_steps} miljösteg."
    if len(returns):
        last = returns[-20:]
        ending = counted(len(last), "episod", "episoder")
        alt += f" Slutet ({ending}) gav i genomsnitt {swedish_number(last.mean(), 3)}."
    if log.check_scores:
        alt += f" Den sista giriga utvärderingen gav {swedish_number(log.check_scores[-1], 3)}."
    return Picture.from_figure(figure, alt)


def predicted_against_realised(
    predicted: np.ndarray,
    realised: np.ndarray,
    discount_factor: float,
    *,
    reward: float = 1.0,
    title: str = "",
) -> Picture:
    """Det nätverket trodde mot det som verkligen kom, steg för steg, med gränsen r/(1−γ).

    Args:
        predicted: float (T,), nätverkets Q(s_t, a_t).
        realised: float (T,), den diskonterade avkastning som kom (`evaluation.realised_returns`).
        discount_factor: γ, mindre än 1.
        reward: den största möjliga belöningen i ett steg.
        title: rubrik.

    Raises:
        ValueError: om längderna skiljer sig, inga steg finns eller γ inte är mindre än 1.
    """
    if not 0 < len(predicted) == len(realised) or not 0 <= discount_factor < 1:
        raise ValueError(
            "Följderna `predicted` och `realised` ska vara lika långa och inte tomma, och γ mindre "
            f"än 1. De är {len(predicted)} och {len(realised)} långa, och γ är "
            f"{swedish_number(discount_factor)}."
        )
    bound = reward / (1 - discount_factor)
    figure, (ax,) = new_figure()
    ax.plot(predicted, color=COLORS[0], label="nätverkets Q(s, a)")
    ax.plot(realised, color=COLORS[2], label="avkastningen som kom", linestyle="-.")
    ax.axhline(bound, color="black", linestyle="--", linewidth=1)
    ax.annotate(
        f"gränsen r/(1−γ) = {swedish_number(bound, 4)}", (0, bound), xytext=(2, 3),
        textcoords="offset points",
    )  # fmt: skip
    ax.set(xlabel="steg i episoden", ylabel="diskonterad avkastning", title=title)
    label_lines(ax)
    above = 100 * float(np.mean(np.asarray(predicted) > bound))
    alt = (
        f"{title or 'Förutsagda Q-värden mot verklig avkastning'}: i genomsnitt säger nätverket "
        f"{swedish_number(float(np.mean(predicted)), 3)}, och avkastningen blev "
        f"{swedish_number(float(np.mean(realised)), 3)}. "
        f"{swedish_number(above, 2)} procent av stegen ligger över gränsen "
        f"{swedish_number(bound, 4)}."
    )
    return Picture.from_figure(figure, alt)


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
    figure, axes = new_figure(len(panels), height=height, share_y=True)
    for number, (ax, (label, rows)) in enumerate(zip(axes, panels.items(), strict=True)):
        _draw_rows(ax, rows, COLORS[number], MARKS[number])
        if label in logarithmic:
            ax.set_xscale("log")
        if lines and label in lines:
            ax.axvline(lines[label], color="black", linestyle="--", linewidth=1)
        ax.set(xlabel=label)
    axes[0].set_yticks(range(len(names[0])), names[0])
    axes[0].set_ylim(len(names[0]) - 0.5, -0.5)  # den första överst
    return Picture.from_figure(figure, _in_words(panels))


def _draw_rows(ax: "Axes", rows: Rows, color: str, mark: str) -> None:
    """En rad prickar för varje variant, och ett streck vid medianen."""
    for row, values in enumerate(rows.values()):
        ax.plot(values, [row] * len(values), mark, color=color, alpha=0.7, clip_on=False)
        ax.plot(np.median(values), row, "|", color="black", markersize=18, markeredgewidth=2)


def _in_words(panels: Mapping[str, Rows]) -> str:
    texts = []
    for label, rows in panels.items():
        ranges = [
            f"{name} {swedish_number(min(values), 3)} till {swedish_number(max(values), 3)}"
            for name, values in rows.items()
        ]
        texts.append(f"{label}: {'; '.join(ranges)}")
    return f"Prickdiagram med en prick för varje frö. {sentences(*texts)}"
