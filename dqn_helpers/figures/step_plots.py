"""Figurerna om träningssteget: TD-målets delar, talen som plockas ut, förlusten och gradienten.

Varje funktion ger en `Picture` med svenska axlar och alternativtext.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from dqn_helpers.counting import listed
from dqn_helpers.figures.pictures import Picture, sentences, swedish_number
from dqn_helpers.figures.plots import COLORS, label_lines, legend_above, new_figure
from dqn_helpers.figures.value_maps import number_table


def target_parts(targets: Mapping[str, Any], reward: Any, terminated: Any) -> Picture:
    """TD-målet för varje rad i en batch, delat i belöningen och resten.

    Args:
        targets: vem som räknade → målen, float (B,).
        reward: belöningarna, float (B,).
        terminated: bool (B,); de raderna märks ut på axeln.
    """
    reward, ended = np.asarray(reward), np.asarray(terminated)
    figure, axes = new_figure(len(targets), height=3.2, share_y=True)
    rows, words = np.arange(len(reward)), []
    for ax, (name, answer) in zip(axes, targets.items(), strict=True):
        target = _one_per_row(answer, len(reward))
        rest = target - reward
        ax.bar(rows, reward, color=COLORS[2], label="belöningen r")
        ax.bar(rows, rest, bottom=reward, color=COLORS[1], label="resten av TD-målet")
        ax.set(title=name, xlabel="rad i batchen")
        ax.set_xticks(rows, [f"{row}\nslut" if ended[row] else str(row) for row in rows])
        ax.grid(axis="x", visible=False)
        words.append(f"{name}: {_numbers(target)}")
    axes[0].set(ylabel="TD-mål")
    legend_above(axes[0])
    return Picture.from_figure(figure, f"Staplar med TD-målen rad för rad. {sentences(*words)}")


def _one_per_row(answer: Any, n_rows: int) -> np.ndarray:
    """Svaret som ett tal per rad, så långt det går; nan där det inte finns något tal."""
    flat = np.asarray(torch.as_tensor(answer).detach(), dtype=float).reshape(-1)
    if flat.size <= 1:
        return np.full(n_rows, flat[0] if flat.size else np.nan)  # ett enda tal gäller för alla
    return np.resize(flat, n_rows)


def _numbers(values: np.ndarray) -> str:
    return "; ".join(swedish_number(value, 3) for value in values)


def chosen_numbers(q_values: Any, action: Any, answers: Mapping[str, Any] | None = None) -> Picture:
    """En tabell med Q-värden där talen för handlingarna som gjordes är inringade.

    Args:
        q_values: float (B, A).
        action: handlingarnas nummer, (B,).
        answers: vem som plockade → talen som kom, (B,); de står till höger om tabellen.
    """
    table, chosen = np.asarray(q_values), np.asarray(action).tolist()
    words = [f"{swedish_number(table[r, c], 2)} i rad {r}" for r, c in enumerate(chosen)]
    return number_table(
        table,
        marked=list(enumerate(chosen)),
        alt=f"Tabell {len(table)} × {table.shape[1]}. Inringat är {listed(words)}.",
        row_label="rad",
        column_label="handling",
        answers={name: _one_per_row(a, len(table)).tolist() for name, a in (answers or {}).items()},
    )


def losses_and_gradients(limit: float = 1.0) -> Picture:
    """MSE och Huber mot felet, och deras gradienter.

    Args:
        limit: δ, det fel där Huber byter från kvadrat till rät linje.
    """
    error = torch.linspace(-4, 4, 161, requires_grad=True)
    figure, (left, right) = new_figure(2, height=3.0)
    losses: dict[str, nn.Module] = {
        "MSE": nn.MSELoss(reduction="none"),
        "Huber": nn.HuberLoss(reduction="none", delta=limit),
    }
    for name, loss in losses.items():
        values = loss(error, torch.zeros_like(error))
        (slope,) = torch.autograd.grad(values.sum(), error)
        left.plot(error.detach(), values.detach(), label=name)
        right.plot(error.detach(), slope, label=name)
    left.set(xlabel="fel", ylabel="förlust", ylim=(0, 8))
    right.set(xlabel="fel", ylabel="gradient", ylim=(-8, 8))
    right.locator_params(axis="y", nbins=5)
    legend_above(left)
    stop = swedish_number(limit, 2)
    return Picture.from_figure(
        figure, f"MSE:s gradient växer rakt, medan Hubers stannar vid {stop}."
    )


def values_on_states(
    learned: Mapping[str, Any], exact: Sequence[float], states: Sequence[str]
) -> Picture:
    """Inlärda värden i några tillstånd, en stapel för varje sätt att lära sig, mot de rätta.

    Args:
        learned: namn → värdena, (S,).
        exact: de rätta värdena, (S,), som vågräta streck.
        states: tillståndens namn.
    """
    figure, (ax,) = new_figure(height=3.2)
    places, words, width = np.arange(len(states)), [], 0.8 / len(learned)
    for i, (name, values) in enumerate(learned.items()):
        ax.bar(places + width * (i + 0.5) - 0.4, values, width=0.9 * width, label=name)
        words.append(f"{name}: {_numbers(np.asarray(values))}")
    ax.hlines(exact, places - 0.44, places + 0.44, color="black", label="rätt värde")
    ax.set_xticks(places, states)
    ax.set(ylabel="inlärt värde")
    legend_above(ax)
    return Picture.from_figure(
        figure, f"Staplar för tillstånden {listed(states)}. {sentences(*words)}"
    )


def loss_curves(losses: Mapping[str, Sequence[float]]) -> Picture:
    """Förlusten steg för steg, med logaritmisk axel.

    Args:
        losses: namn → en förlust per träningssteg.
    """
    figure, (ax,) = new_figure(height=3.2)
    words = []
    for name, curve in losses.items():
        ax.semilogy(curve, label=name)
        words.append(f"{name} går från {swedish_number(curve[0], 2)} till {_end(curve)}")
    ax.set(xlabel="träningssteg", ylabel="förlust (logaritmisk skala)")
    label_lines(ax)
    return Picture.from_figure(figure, f"Linjediagram över förlusten. {sentences(*words)}")


def _end(curve: Sequence[float]) -> str:
    return swedish_number(curve[-1], 2)
