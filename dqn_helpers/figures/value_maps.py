"""Kartor över värden: rutnät, vandringar i dem, och CartPoles Q-funktion."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from dqn_helpers.figures.pictures import Picture, swedish_number
from dqn_helpers.figures.plots import COLORS, MARKS, new_figure, swedish_ticks
from dqn_helpers.network import device_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FROZEN_LAKE_ARROWS = ("←", "↓", "→", "↑")
CLIFF_WALKING_ARROWS = ("↑", "→", "↓", "←")


def q_grid(
    q_values: np.ndarray,
    shape: tuple[int, int],
    arrows: Sequence[str],
    *,
    names: Mapping[int, str] | None = None,
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Picture:
    """Ett rutnät där färgen är max Q och pilarna är de bästa handlingarna.

    Args:
        q_values: float (S, A); ruta nummer s ligger på rad s // kolumner. En rad med nan är en ruta
            där man aldrig kan stå: den lämnas vit.
        shape: (rader, kolumner).
        arrows: en pil per handling, till exempel `FROZEN_LAKE_ARROWS`.
        names: rutor som ska visa ett ord i stället för pilar, till exempel sluttillstånd.
        limits: färgskalans minsta och största värde, för att flera bilder ska få samma färger;
            annars det minsta och det största i rutnätet.
        title: rubrik.

    Raises:
        ValueError: om antalet rutor eller pilar inte stämmer med `q_values`.
    """
    n_rows, n_columns = shape
    if q_values.shape != (n_rows * n_columns, len(arrows)):
        raise ValueError(
            f"q_values ska ha formen ({n_rows * n_columns}, {len(arrows)}) för ett rutnät {shape} "
            f"med {len(arrows)} pilar, men har {q_values.shape}."
        )
    names = names or {}
    best = q_values.max(axis=1)
    figure, (ax,) = new_figure(width=0.9 * n_columns + 1.6, height=0.9 * n_rows + 0.6)
    low, high = limits or (np.nanmin(best), np.nanmax(best))
    image = ax.imshow(best.reshape(shape), cmap="cividis", vmin=low, vmax=high)
    threshold = (low + high) / 2
    for s in range(len(best)):
        row, column = divmod(s, n_columns)
        color = "white" if best[s] <= threshold else "black"
        mark = _cell_mark(q_values[s], arrows, names.get(s))
        ax.text(column, row - 0.12, mark, ha="center", va="center", color=color, fontsize=14)
        ax.text(
            column, row + 0.3, "" if np.isnan(best[s]) else swedish_number(best[s], 3),
            ha="center", va="center", color=color, fontsize=8,
        )  # fmt: skip
    ax.set(xticks=[], yticks=[], title=title)
    ax.grid(False)
    bar = figure.colorbar(image, ax=ax, label="max Q")
    bar.formatter = swedish_ticks()
    marks = [_cell_mark(q_values[s], arrows, names.get(s)) for s in range(len(best))]
    lines = [" ".join(row) for row in np.reshape(marks, shape)]
    alt = f"{title or 'Q-värden'}: rutnät med {n_rows} rader och {n_columns} kolumner, bästa "
    return Picture.from_figure(figure, alt + f"handling rad för rad: {' / '.join(lines)}.")


def _cell_mark(q_values: np.ndarray, arrows: Sequence[str], name: str | None) -> str:
    """Rutans namn om den har ett, annars en pil för var och en av de bästa handlingarna."""
    if name is not None:
        return name
    # Små avrundningsfel räknas inte som skillnad.
    is_best = np.isclose(q_values, q_values.max(), atol=1e-9)
    return "".join(arrow for arrow, best in zip(arrows, is_best, strict=True) if best)


def grid_walks(
    walks: Mapping[str, Sequence[int]],
    shape: tuple[int, int],
    *,
    names: Mapping[int, str] | None = None,
    dangers: Sequence[int] = (),
) -> Picture:
    """Vandringar i ett rutnät, en ruta i taget, ett diagram per vandring.

    Args:
        walks: rubrik → rutornas nummer i tur och ordning; ruta s ligger på rad s // kolumner.
        shape: (rader, kolumner).
        names: rutor som har ett ord, till exempel start och mål.
        dangers: rutor som målas mörka, till exempel ett stup.
    """
    n_rows, n_columns = shape
    width = 7.5 if len(walks) == 1 else 4.2 * len(walks)
    height = width / len(walks) * n_rows / n_columns + 0.6
    figure, axes = new_figure(len(walks), width=width, height=height)
    ground = np.zeros(n_rows * n_columns)
    ground[list(dangers)] = 1.0
    descriptions = []
    for ax, (name, walk) in zip(axes, walks.items(), strict=True):
        ax.imshow(ground.reshape(shape), cmap="Greys", vmin=0, vmax=1.6)
        for s, word in (names or {}).items():
            ax.text(s % n_columns, s // n_columns, word, ha="center", va="center", fontsize=9)
        _draw_walk(ax, np.asarray(walk), n_columns)
        ax.set_xticks(np.arange(n_columns + 1) - 0.5, labels=[])
        ax.set_yticks(np.arange(n_rows + 1) - 0.5, labels=[])
        ax.tick_params(length=0)
        ax.set_title(name)
        jumps = int(_jumps(np.asarray(walk), n_columns).sum())
        descriptions.append(f"{name}: {len(walk) - 1} steg, varav {jumps} hopp")
    alt = f"Vandringar i ett rutnät med {n_rows} rader och {n_columns} kolumner. "
    return Picture.from_figure(figure, alt + ". ".join(descriptions) + ".")


def _jumps(walk: np.ndarray, n_columns: int) -> np.ndarray:
    """Sant för varje steg som inte leder till en grannruta, bool (steg,)."""
    rows, columns = np.divmod(walk, n_columns)
    return np.abs(np.diff(rows)) + np.abs(np.diff(columns)) > 1


def _draw_walk(ax: "Axes", walk: np.ndarray, n_columns: int) -> None:
    """Vandringen som en linje, lite förskjuten i varje ruta så att gamla spår syns.

    Ett hopp, till exempel tillbaka till start efter ett fall, är prickat och börjar med ett kryss.
    """
    shift = np.random.default_rng(0).uniform(-0.22, 0.22, (len(walk), 2))
    points = np.column_stack([walk % n_columns, walk // n_columns]) + shift
    for i, jump in enumerate(_jumps(walk, n_columns)):
        style: Any = {"color": COLORS[0], "linewidth": 1.2}
        if jump:
            style = {"color": COLORS[1], "linewidth": 0.8, "linestyle": ":"}
            ax.plot(*points[i], "x", color=COLORS[1], markersize=6)
        ax.plot(*points[i : i + 2].T, alpha=0.8, **style)
    ax.plot(*points[-1], MARKS[0], color=COLORS[1])


def q_function(
    model: nn.Module,
    *,
    observation_scale: Sequence[float] = (1.0, 1.0, 1.0, 1.0),
    reward_scale: float = 1.0,
    title: str = "",
) -> Picture:
    """CartPoles Q-funktion över stångens vinkel och vinkelhastighet, med vagnen stilla i mitten.

    Till vänster max Q (hur bra läget är), till höger Q(höger) − Q(vänster) (vad agenten väljer).

    Args:
        model: nätverket.
        observation_scale: den skalning som nätverket är tränat med.
        reward_scale: belöningens skalning, så att axeln visar oskalade värden.
        title: rubrik.
    """
    angle = np.radians(np.linspace(-12, 12, 81))
    velocity = np.linspace(-2.5, 2.5, 81)
    grid = np.zeros((81, 81, 4), dtype=np.float32)
    grid[..., 2], grid[..., 3] = np.meshgrid(angle, velocity)
    scaled = torch.from_numpy(grid * np.asarray(observation_scale, dtype=np.float32))
    with torch.no_grad():
        q_values = (
            model(scaled.reshape(-1, 4).to(device_of(model))).cpu().numpy().reshape(81, 81, 2)
        )
    q_values = q_values / reward_scale
    difference = q_values[..., 1] - q_values[..., 0]

    figure, (left, right) = new_figure(2, width=9.0, height=3.8)
    largest = max(float(np.abs(difference).max()), 1e-9)
    _heat_map(left, q_values.max(axis=-1), "max Q", "cividis", None)
    _heat_map(right, difference, "Q(höger) − Q(vänster)", "PuOr", largest)
    if difference.min() < 0 < difference.max():  # annars finns ingen gräns att rita
        right.contour(np.linspace(-12, 12, 81), velocity, difference, levels=[0.0], colors="black")
    figure.suptitle(title)
    share_right = float((difference > 0).mean())
    alt = (
        f"{title or 'Q-funktionen'}: två färgkartor över vinkel (−12 till 12 grader) och "
        f"vinkelhastighet. Max Q ligger mellan {swedish_number(q_values.max(-1).min(), 3)} och "
        f"{swedish_number(q_values.max(), 3)}. Agenten väljer höger i "
        f"{swedish_number(100 * share_right, 2)} procent av rutan."
    )
    return Picture.from_figure(figure, alt)


def _heat_map(ax: "Axes", values: np.ndarray, label: str, colors: str, limit: float | None) -> None:
    """En färgkarta över vinkel och vinkelhastighet; `limit` gör skalan symmetrisk kring noll."""
    image = ax.imshow(
        values, origin="lower", aspect="auto", extent=(-12.0, 12.0, -2.5, 2.5), cmap=colors,
        vmin=None if limit is None else -limit, vmax=limit,
    )  # fmt: skip
    bar = ax.figure.colorbar(image, ax=ax, label=label)
    bar.formatter = swedish_ticks()
    ax.grid(False)
    ax.set(xlabel="stångens vinkel (grader)", ylabel="vinkelhastighet (rad/s)")
