"""Kursens figurer. Varje funktion ger en `Picture` med svenska axlar och alternativtext.

Färgerna är Okabe och Itos palett, som går att skilja åt också för färgblinda.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter
from torch import nn

from dqn_helpers.mdp import TabularMDP
from dqn_helpers.network import device_of
from dqn_helpers.pictures import Picture, swedish_number
from dqn_helpers.training_log import TrainingLog

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
    "axes.prop_cycle": cycler(color=COLORS),
}


def new_figure(
    n_columns: int = 1, width: float = 7.0, height: float = 3.6, *, share_y: bool = False
) -> tuple[Figure, list[Axes]]:
    """En tom figur i kursens stil med ett eller flera diagram bredvid varandra.

    Args:
        n_columns: antalet diagram.
        width: figurens bredd i tum.
        height: höjden i tum.
        share_y: sant om diagrammen har samma y-axel.
    """
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(
            1, n_columns, figsize=(width, height), squeeze=False, sharey=share_y
        )
    swedish = FuncFormatter(lambda value, _: swedish_number(value))
    for ax in axes[0]:
        ax.xaxis.set_major_formatter(swedish)
        ax.yaxis.set_major_formatter(swedish)
    return figure, list(axes[0])


def learning_curves(
    steps: Sequence[float] | np.ndarray,
    curves: Mapping[str, np.ndarray],
    *,
    goal: float | None = None,
    x_label: str = "miljösteg",
    y_label: str = "avkastning, girig utvärdering",
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
        ValueError: om någon array inte har formen (antal frön, K), eller om kurvorna är inga eller
            fler än färgerna.
    """
    x = np.asarray(steps)
    _check_curves(curves, len(x))
    figure, (ax,) = new_figure()
    descriptions = []
    for (name, values), color, mark in zip(curves.items(), COLORS, MARKS, strict=False):
        values = np.asarray(values, dtype=float)
        median, low, high = np.median(values, axis=0), values.min(axis=0), values.max(axis=0)
        ax.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
        ax.plot(x, values.T, color=color, alpha=0.35, linewidth=0.8)
        ax.plot(
            x, median, color=color, marker=mark, markevery=max(1, len(x) // 10), linewidth=2,
            label=f"{name} ({len(values)} frön)",
        )  # fmt: skip
        descriptions.append(
            f"{name}: medianen går från {swedish_number(median[0], 3)} till "
            f"{swedish_number(median[-1], 3)}, sist mellan {swedish_number(low[-1], 3)} och "
            f"{swedish_number(high[-1], 3)} över {len(values)} frön"
        )
    if goal is not None:
        ax.axhline(goal, color="black", linestyle="--", linewidth=1)
        ax.annotate(swedish_number(goal), (x[0], goal), xytext=(2, 2), textcoords="offset points")
    ax.set(xlabel=x_label, ylabel=y_label, title=title)
    _legend_above(ax)
    alt = f"Linjediagram, {y_label} mot {x_label}. {'. '.join(descriptions)}."
    return Picture.from_figure(figure, alt)


def _check_curves(curves: Mapping[str, np.ndarray], n_steps: int) -> None:
    if not 1 <= len(curves) <= len(COLORS):
        raise ValueError(f"Rita mellan 1 och {len(COLORS)} kurvor åt gången, inte {len(curves)}.")
    for name, values in curves.items():
        shape = np.shape(values)
        if len(shape) != 2 or shape[1] != n_steps or 0 in shape:
            raise ValueError(
                f"Kurvan «{name}» ska ha formen (antal frön, {n_steps}), men har {shape}."
            )


def _legend_above(ax: Axes) -> None:
    """Förklaringen ovanför diagrammet, där den inte döljer några kurvor."""
    labels = ax.get_legend_handles_labels()[1]
    n_columns = 3 if sum(map(len, labels)) < 60 else 2  # långa namn får två rader
    ax.figure.legend(loc="outside upper center", ncols=n_columns, frameon=False)


def training_curve(log: TrainingLog) -> Picture:
    """En tränings kurva: varje episods avkastning, glidande medel och de giriga utvärderingarna."""
    figure, (ax,) = new_figure()
    ends, returns = np.array(log.episode_ends), np.array(log.episode_returns)
    ax.scatter(ends, returns, s=8, color=COLORS[5], label="träningsepisod")
    if len(returns) >= 20:
        mean = np.convolve(returns, np.ones(20) / 20, mode="valid")
        ax.plot(ends[19:], mean, color=COLORS[0], label="medel av 20 episoder")
    if log.check_scores:
        ax.plot(
            log.check_steps, log.check_scores, color=COLORS[1], marker=MARKS[1],
            label="girig utvärdering",
        )  # fmt: skip
    ax.set(xlabel="miljösteg", ylabel="avkastning")
    _legend_above(ax)
    alt = f"Inlärningskurva över {len(returns)} episoder och {log.environment_steps} miljösteg."
    if len(returns):
        alt += f" De 20 sista episoderna gav i medel {swedish_number(returns[-20:].mean(), 3)}."
    if log.check_scores:
        alt += f" Sista giriga utvärderingen gav {swedish_number(log.check_scores[-1], 3)}."
    return Picture.from_figure(figure, alt)


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
    bar.formatter = FuncFormatter(lambda value, _: swedish_number(value))
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


_KEEP_LEFT = np.radians(25)  # så möts inte pilarna fram och tillbaka


def mdp_graph(
    mdp: TabularMDP,
    q_values: Mapping[str, np.ndarray] | None = None,
    *,
    largest: float | None = None,
) -> Picture:
    """En liten MDP som graf: stora ringar är tillstånd, små är handlingar.

    Utan `q_values` står sannolikhet och belöning vid varje pil. Med `q_values` blir det en graf per
    tabell, där handlingens yta växer med |Q|, färgen visar tecknet och den bästa har en svart ring.

    Args:
        mdp: en MDP med få tillstånd.
        q_values: rubrik → float (S, A).
        largest: det |Q| som ger den största ringen; utan det största i någon av tabellerna.

    Raises:
        ValueError: om någon tabell inte har formen (S, A).
    """
    tables: dict[str, np.ndarray | None] = {**q_values} if q_values else {"": None}
    for name, table in tables.items():
        if table is not None and table.shape != mdp.allowed_actions.shape:
            raise ValueError(
                f"Tabellen «{name}» ska ha formen {mdp.allowed_actions.shape}, men har "
                f"{table.shape}."
            )
    allowed = mdp.allowed_actions
    sizes = [np.abs(t[allowed]).max() for t in tables.values() if t is not None]
    scale = max(largest or max(sizes, default=0.0), 1e-9)
    width, height = (7.5, 5.0) if len(tables) == 1 else (2.9 * len(tables), 2.9)
    figure, axes = new_figure(len(tables), width=width, height=height)
    for ax, (name, table) in zip(axes, tables.items(), strict=True):
        _draw_mdp(ax, mdp, table, scale, fontsize=11 if len(tables) == 1 else 8)
        ax.set_title(name)
    return Picture.from_figure(figure, _describe_mdp(mdp, q_values))


def _describe_mdp(mdp: TabularMDP, q_values: Mapping[str, np.ndarray] | None) -> str:
    """Grafen i ord: alla pilar, eller alla Q-värden."""
    if q_values is None:
        p, r = mdp.transition_probabilities, mdp.rewards
        arrows = [
            f"s{s} –a{a}→ s{to} med sannolikhet {swedish_number(p[s, a, to], 3)} och belöning "
            f"{swedish_number(r[s, a, to], 3)}"
            for s, a, to in np.argwhere(p > 0)
        ]
        return f"Graf över en MDP med {mdp.n_states} tillstånd: {'; '.join(arrows)}."
    panels = []
    for name, table in q_values.items():
        values = [
            f"Q(s{s}, a{a}) = {swedish_number(table[s, a], 3)}"
            for s, a in np.argwhere(mdp.allowed_actions)
        ]
        panels.append(f"{name}: {', '.join(values)}")
    return f"MDP:n som graf, med Q-värden. {'. '.join(panels)}."


def _draw_mdp(
    ax: Axes, mdp: TabularMDP, q_values: np.ndarray | None, scale: float, fontsize: float
) -> None:
    """En graf: tillstånd, handlingar och pilarna mellan dem."""
    states = _state_positions(mdp.n_states)
    for s in range(mdp.n_states):
        for a, place in _action_positions(mdp, s, states).items():
            ax.plot(*zip(states[s], place, strict=True), color="0.6", linewidth=1.5, zorder=1)
            for to in np.flatnonzero(mdp.transition_probabilities[s, a]):
                p, r = mdp.transition_probabilities[s, a, to], mdp.rewards[s, a, to]
                text = "" if q_values is not None else swedish_number(p, 3)
                if text and r:
                    text += f", {'+' if r > 0 else ''}{swedish_number(r, 3)}"
                _draw_transition(ax, place, states[to], float(p), text, to == s, fontsize)
            best = q_values is not None and q_values[s, a] >= q_values[s].max() - 1e-9
            value = None if q_values is None else float(q_values[s, a])
            _draw_action(ax, place, f"a{a}", value, scale, best, fontsize)
    for s, (x, y) in enumerate(states):
        ax.scatter(x, y, s=50 * fontsize, color="white", edgecolor="black", zorder=4)
        ax.text(x, y, f"s{s}", ha="center", va="center", fontsize=fontsize + 1, zorder=5)
    ax.axis("off")
    ax.margins(0.12)


def _state_positions(n_states: int) -> np.ndarray:
    """Tillstånden i en liggande ellips, (S, 2); tre blir en triangel med s1 överst."""
    angles = np.pi * 7 / 6 - 2 * np.pi * np.arange(n_states) / n_states
    return np.column_stack([3.4 * np.cos(angles), 2.2 * np.sin(angles)])


def _action_positions(mdp: TabularMDP, s: int, states: np.ndarray) -> dict[int, np.ndarray]:
    """Handlingarna kring tillståndet s, åt det håll dit de leder; utåt om de stannar kvar."""
    actions = np.flatnonzero(mdp.allowed_actions[s])
    angles = []
    for a in actions:
        way = mdp.transition_probabilities[s, a] @ (states - states[s])
        leaves = np.abs(way).max() > 1e-9
        way = way if leaves else states[s]
        angles.append(np.arctan2(way[1], way[0]) + (_KEEP_LEFT if leaves else 0))
    spread = _spread_out(np.array(angles), np.radians(65))
    return {
        int(a): states[s] + 1.35 * np.array([np.cos(angle), np.sin(angle)])
        for a, angle in zip(actions, spread, strict=True)
    }


def _spread_out(angles: np.ndarray, least: float) -> np.ndarray:
    """Vinklarna, flyttade tills ingen ligger närmare en annan än `least`."""
    angles = angles + 1e-6 * np.arange(len(angles))  # lika vinklar behöver en ordning
    for _ in range(100):
        gaps = (angles[:, None] - angles[None, :] + np.pi) % (2 * np.pi) - np.pi
        push = np.sign(gaps) * np.clip(least - np.abs(gaps), 0, None)
        angles = angles + 0.25 * push.sum(axis=1)
    return angles


def _draw_transition(
    ax: Axes, start: np.ndarray, end: np.ndarray, p: float, text: str, back: bool, fontsize: float
) -> None:
    """En böjd pil från en handling till ett tillstånd, tjockare ju troligare."""
    bend = 0.55 if back else -0.1
    ax.annotate(
        "", (end[0], end[1]), (start[0], start[1]), zorder=2,
        arrowprops={
            "arrowstyle": "-|>", "color": "0.35", "linewidth": 0.8 + 1.8 * p,
            "connectionstyle": f"arc3,rad={bend}", "shrinkA": fontsize * 0.7,
            "shrinkB": fontsize * 1.1,
        },
    )  # fmt: skip
    way = end - start
    x, y = (start + end) / 2 + bend / 2 * np.array([way[1], -way[0]])
    if text:
        ax.text(
            x, y, text, ha="center", va="center", fontsize=fontsize - 2, zorder=3,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )  # fmt: skip


def _draw_action(
    ax: Axes, place: np.ndarray, name: str, value: float | None, scale: float, best: bool,
    fontsize: float,
) -> None:  # fmt: skip
    """Handlingens ring: liten och grå utan värde, annars med ytan efter |Q|."""
    x, y = place
    if value is None:
        ax.scatter(x, y, s=22 * fontsize, color="#E6E6E6", edgecolor="0.4", zorder=3)
        ax.text(x, y, name, ha="center", va="center", fontsize=fontsize - 2, zorder=5)
        return
    size = 3.5 * fontsize**2 + 13 * fontsize**2 * min(abs(value) / scale, 1)
    color = "#E6E6E6" if value == 0 else COLORS[5] if value > 0 else COLORS[4]
    edge, width = ("black", 2.0) if best else ("0.6", 0.8)
    ax.scatter(x, y, s=size, color=color, edgecolor=edge, linewidth=width, zorder=3)
    ax.text(
        x, y, f"{name}\n{swedish_number(value, 3)}", ha="center", va="center",
        fontsize=fontsize - 1, linespacing=0.95, zorder=6,
        path_effects=[withStroke(linewidth=2.5, foreground="white", alpha=0.8)],
    )  # fmt: skip


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


def _draw_walk(ax: Axes, walk: np.ndarray, n_columns: int) -> None:
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


def _heat_map(ax: Axes, values: np.ndarray, label: str, colors: str, limit: float | None) -> None:
    """En färgkarta över vinkel och vinkelhastighet; `limit` gör skalan symmetrisk kring noll."""
    image = ax.imshow(
        values, origin="lower", aspect="auto", extent=(-12.0, 12.0, -2.5, 2.5), cmap=colors,
        vmin=None if limit is None else -limit, vmax=limit,
    )  # fmt: skip
    bar = plt.colorbar(image, ax=ax, label=label)
    bar.formatter = FuncFormatter(lambda value, _: swedish_number(value))
    ax.grid(False)
    ax.set(xlabel="stångens vinkel (grader)", ylabel="vinkelhastighet (rad/s)")


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
            f"predicted och realised ska vara lika långa och inte tomma (är "
            f"{len(predicted)} och {len(realised)}) och γ mindre än 1 (är {discount_factor})."
        )
    bound = reward / (1 - discount_factor)
    figure, (ax,) = new_figure()
    ax.plot(predicted, color=COLORS[1], label="nätverkets Q(s, a)")
    ax.plot(realised, color=COLORS[0], label="avkastningen som kom", linestyle="-.")
    ax.axhline(bound, color="black", linestyle="--", linewidth=1)
    ax.annotate(
        f"gränsen r/(1−γ) = {swedish_number(bound, 4)}", (0, bound), xytext=(2, 3),
        textcoords="offset points",
    )  # fmt: skip
    ax.set(xlabel="steg i episoden", ylabel="diskonterad avkastning", title=title)
    ax.legend()
    above = 100 * float(np.mean(np.asarray(predicted) > bound))
    alt = (
        f"{title or 'Förutsagda Q-värden mot verklig avkastning'}: i medel säger nätverket "
        f"{swedish_number(float(np.mean(predicted)), 3)} och det kom "
        f"{swedish_number(float(np.mean(realised)), 3)}. "
        f"{swedish_number(above, 2)} procent av stegen ligger över gränsen "
        f"{swedish_number(bound, 4)}."
    )
    return Picture.from_figure(figure, alt)
