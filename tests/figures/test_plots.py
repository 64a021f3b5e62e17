"""Figurerna: rätt siffror i bild och alternativtext, svenska etiketter, inget kvar efteråt."""

import re
import warnings
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
import torch
from drawn_svg import SVG, parsed, texts
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import nn

from dqn_helpers.figures import (
    CLIFF_WALKING_ARROWS,
    COLORS,
    FROZEN_LAKE_ARROWS,
    MARKS,
    Picture,
    dots_per_seed,
    grid_walks,
    learning_curves,
    mdp_diagram,
    mdp_graph,
    new_figure,
    predicted_against_realised,
    q_function,
    q_grid,
    swedish_number,
    training_curve,
)
from dqn_helpers.figures.pictures import sentences
from dqn_helpers.mdp import mdp_from_gymnasium, q_value_iteration, three_state_mdp
from dqn_helpers.training_log import TrainingLog

CURVES = np.array([[10.0, 20.0, 475.0], [12.0, 90.0, 500.0], [9.5, 30.0, 12_345.0]])


class Linear(nn.Module):
    """Q(vänster) = `offset`, Q(höger) = `offset` + w · observation."""

    def __init__(self, *weights: float, offset: float = 0.0) -> None:
        super().__init__()
        self.weights, self.offset = torch.tensor(weights), offset

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        right = (obs * self.weights).sum(dim=1)
        return torch.stack([torch.zeros_like(right), right], dim=1) + self.offset


def a_log(n_episodes: int = 25) -> TrainingLog:
    return TrainingLog(
        episode_returns=[float(i) for i in range(n_episodes)],
        episode_ends=[10 * (i + 1) for i in range(n_episodes)],
        check_steps=[100, 200],
        check_scores=[50.0, 333.0],
        environment_steps=10 * n_episodes,
    )


FIGURES: dict[str, Callable[[], Picture]] = {
    "learning_curves": lambda: learning_curves([0, 250, 500], {"DQN": CURVES}, goal=475),
    "training_curve": lambda: training_curve(a_log()),
    "q_grid": lambda: q_grid(np.eye(4), (2, 2), FROZEN_LAKE_ARROWS),
    "q_function": lambda: q_function(Linear(0, 0, 1, 0.5)),
    "mdp_graph": lambda: mdp_graph(three_state_mdp()),
    "grid_walks": lambda: grid_walks({"rak": [0, 1, 3, 0]}, (2, 2), names={0: "start"}),
    "predicted": lambda: predicted_against_realised(np.ones(5), np.ones(5), 0.9),
}


@pytest.fixture
def rendered() -> None:
    """För de tester som behöver en riktig bild; att rita den tar en halv sekund."""


@pytest.fixture(autouse=True)
def tidy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rita i minnet, och bara när det behövs; efter varje test ska ingen figur vara öppen."""
    plt.switch_backend("Agg")
    if "rendered" not in request.fixturenames:
        empty = b'<svg viewBox="0 0 1 1"></svg>'
        monkeypatch.setattr(Figure, "savefig", lambda self, file, **kwargs: file.write(empty))
    yield
    assert plt.get_fignums() == []


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """De figurer som har blivit bilder, för att kunna läsa av vad som ritades."""
    seen: list[Figure] = []
    original = Picture.from_figure

    def from_figure(figure: Figure, *args: Any, **kwargs: Any) -> Picture:
        seen.append(figure)
        return original(figure, *args, **kwargs)

    monkeypatch.setattr(Picture, "from_figure", from_figure)
    return seen


def texts_in(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


# --- Alla figurer -------------------------------------------------------------------------------


@pytest.mark.usefixtures("rendered")
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_a_picture_without_warnings(name: str):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # till exempel tecken som saknas i typsnittet
        picture = FIGURES[name]()
    assert picture.mime_type == "image/svg+xml"
    assert len(list(parsed(picture.drawing).iter())) > 10  # inte tom


@pytest.mark.parametrize("name", FIGURES)
def test_no_figure_is_left_open_and_no_setting_changed(name: str):
    before = dict(mpl.rcParams)
    FIGURES[name]()
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


@pytest.mark.usefixtures("rendered")
def test_the_figure_is_drawn_although_the_notebook_has_other_settings():
    with mpl.rc_context({"axes.grid": False, "font.size": 20, "figure.dpi": 50}):
        before = dict(mpl.rcParams)
        assert 'viewBox="0 0 540 ' in FIGURES["predicted"]().drawing  # 7,5 tum à 72 punkter
        assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_shown_with_its_alt_text(name: str):
    picture = FIGURES[name]()
    assert attributes_of_img(picture)["alt"] == picture.alt
    assert len(picture.alt) > 40


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("learning_curves", ["miljösteg", "poäng, girig utvärdering"]),
        ("training_curve", ["miljösteg", "poäng"]),
        ("predicted", ["steg i episoden", "diskonterad avkastning"]),
        ("q_function", ["stångens vinkel (grader)", "vinkelhastighet (rad/s)"]),
    ],
)
def test_axes_are_labelled_in_swedish(name: str, labels: list[str], drawn: list[Figure]):
    FIGURES[name]()
    ax = drawn[0].axes[0]
    assert [ax.get_xlabel(), ax.get_ylabel()] == labels


@pytest.mark.parametrize("most", [3e4, 1e6, 3e7, 1e9])
def test_numbers_on_a_logarithmic_axis_stand_apart(most: float, drawn: list[Figure]):
    dots_per_seed({"Q": {"MSE": [0.5], "Huber, vart 100:e steg": [0.5, most]}}, logarithmic=["Q"])
    (figure,) = drawn
    figure.draw_without_rendering()
    (ax,) = figure.axes
    shown = [label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()]
    inside = [box for box in shown if ax.bbox.x0 <= (box.x0 + box.x1) / 2 <= ax.bbox.x1]
    spaces = [right.x0 - left.x1 for left, right in pairwise(inside)]
    assert len(inside) >= 2 and min(spaces) > 0.1 * figure.dpi, spaces


def test_numbers_on_the_axes_are_swedish():
    figure, (ax,) = new_figure()
    ax.plot([0, 1], [-0.5, 0.5])
    figure.canvas.draw()
    x_labels = [label.get_text() for label in ax.get_xticklabels()]
    y_labels = [label.get_text() for label in ax.get_yticklabels()]
    plt.close(figure)
    assert "0,2" in x_labels
    assert "−0,4" in y_labels


def test_colours_and_marks_are_distinct():
    assert len(set(COLORS)) == len(COLORS) == len(set(MARKS)) == len(MARKS) == 7


@pytest.mark.parametrize("share_y", [False, True])
def test_new_figure_may_have_several_columns(share_y: bool):
    figure, axes = new_figure(3, width=9, height=2, share_y=share_y)
    axes[0].set_ylim(0, 77)
    limits = [ax.get_ylim()[1] for ax in axes]
    plt.close(figure)
    assert figure.get_size_inches().tolist() == [7.5, 2]  # spaltens bredd
    assert limits == ([77, 77, 77] if share_y else [77, 1, 1])


# --- Tal på svenska -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.5, 6, "0,5"),
        (-3, 6, "−3"),
        (-0.0, 6, "0"),
        (12345, 6, "12\u202f345"),
        (-1234567.8, 6, "−1\u202f234\u202f568"),
        (9999.94, 6, "9999,94"),
        (1234.5, 3, "1234"),
        (999.7, 3, "1000"),
        (9999.7, 3, "10\u202f000"),
        (41.698, 3, "41,7"),
        (0.069, 2, "0,069"),
        (1e-7, 6, "1 · 10⁻⁷"),
        (-2.5e-12, 6, "−2,5 · 10⁻¹²"),
        (np.float32(0.1), 6, "0,1"),
        (np.int64(20_000), 6, "20\u202f000"),
        (np.inf, 6, "∞"),
        (-np.inf, 3, "−∞"),
        (np.nan, 3, "nan"),
        (1e300, 6, "1 · 10³⁰⁰"),
        (-2.5e15, 3, "−2,5 · 10¹⁵"),
        (999_999_999_999_999, 6, "999\u202f999\u202f999\u202f999\u202f999"),
    ],
)
def test_swedish_number(value: float, digits: int, expected: str):
    assert swedish_number(value, digits) == expected


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (0.6, 2, "0,60"),
        (-0.001, 2, "0,00"),
        (-1.005e4, 1, "−10\u202f050,0"),
        (9999.6, 0, "10\u202f000"),
        (1234.56, 1, "1234,6"),
        (np.float32(2.5), 2, "2,50"),
        (np.nan, 2, "nan"),
    ],
)
def test_swedish_number_with_a_fixed_number_of_decimals(value: float, decimals: int, expected: str):
    assert swedish_number(value, decimals=decimals) == expected


def test_sentences_begin_with_a_capital_unless_it_is_a_symbol_or_code():
    said = sentences("ön: 1", "γ = 0,9: 2", "x_1=8: 3")
    assert said == "Ön: 1. γ = 0,9: 2. x_1=8: 3."


# --- Inlärningskurvor ---------------------------------------------------------------------------


def test_learning_curves_alt_text_has_the_right_numbers():
    alt = FIGURES["learning_curves"]().alt
    # Median 10 → 500 över tre frön; sist mellan 475 och 12 345.
    assert "DQN: medianen går från 10 till 500" in alt
    assert "sist mellan 475 och 12\u202f345 över 3 frön" in alt
    assert "över 1 frö" in learning_curves([0, 250, 500], {"DQN": CURVES[:1]}).alt
    assert "poäng, girig utvärdering mot miljösteg" in alt


def test_learning_curves_draw_median_spread_and_every_seed(drawn: list[Figure]):
    learning_curves([0, 250, 500], {"DQN": CURVES}, goal=475, title="Rubrik")
    ax = drawn[0].axes[0]
    lines = {tuple(line.get_ydata()) for line in ax.lines}
    assert {tuple(curve) for curve in CURVES} <= lines
    assert (10.0, 30.0, 500.0) in lines  # medianen
    band = ax.collections[0].get_paths()[0].vertices
    at_the_end = band[band[:, 0] == 500, 1]
    assert (at_the_end.min(), at_the_end.max()) == (475.0, 12_345.0)
    assert (475, 475) in lines
    assert "475" in texts_in(drawn[0])
    assert ax.get_title() == "Rubrik"
    assert "DQN\n(3 frön)" in texts_in(drawn[0])  # vid kurvans slut, i dess färg


def test_every_curve_has_its_own_colour_and_mark(drawn: list[Figure]):
    picture = learning_curves([0, 1], {f"kurva {i}": np.ones((2, 2)) * i for i in range(7)})
    named = [line for line in drawn[0].axes[0].lines if line.get_label().startswith("kurva")]
    assert len({line.get_color() for line in named}) == 7
    assert len({line.get_marker() for line in named}) == 7
    assert all(f"Kurva {i}: medianen går från {i} till {i}" in picture.alt for i in range(7))


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({"DQN": np.ones(3)}, r"”DQN” ska ha formen \(antal frön, 3\), men har \(3,\)"),
        ({"A": np.ones((2, 3)), "B": np.ones((3, 2))}, "”B” ska ha formen"),
        ({"DQN": np.ones((0, 3))}, "”DQN” ska ha formen"),
        ({}, "mellan 1 och 7 kurvor"),
        ({str(i): np.ones((1, 3)) for i in range(8)}, "inte 8"),
    ],
)
def test_bad_curves(curves: dict[str, np.ndarray], message: str):
    with pytest.raises(ValueError, match=message):
        learning_curves([0, 1, 2], curves)
    assert plt.get_fignums() == []


# --- En tränings kurva --------------------------------------------------------------------------


def test_training_curve_alt_text_has_the_right_numbers():
    alt = training_curve(a_log(25)).alt
    # Episoderna 5…24 ger i genomsnitt 14,5.
    assert "över 25 episoder och 250 miljösteg" in alt
    assert "över 1 episod och 10 miljösteg" in training_curve(a_log(1)).alt
    assert "Slutet (20 episoder) gav i genomsnitt 14,5" in alt
    assert "Slutet (1 episod) gav i genomsnitt" in training_curve(a_log(1)).alt
    assert "Den sista giriga utvärderingen gav 333" in alt


def test_training_curve_draws_episodes_mean_and_checks(drawn: list[Figure]):
    training_curve(a_log(25))
    ax = drawn[0].axes[0]
    points, mean, checks = ax.lines
    assert points.get_xydata()[0].tolist() == [10, 0]
    assert len(points.get_xydata()) == 25
    # Det första medlet av 20 (0…19 → 9,5) står där episod 20 slutar.
    assert mean.get_xydata()[0] == pytest.approx([200, 9.5])
    assert mean.get_xydata()[-1] == pytest.approx([250, 14.5])
    assert checks.get_xydata().tolist() == [[100, 50], [200, 333]]


def test_training_curve_of_a_training_that_has_not_begun():
    picture = training_curve(TrainingLog())
    assert picture.alt == "Inlärningskurva över 0 episoder och 0 miljösteg."
    assert picture.data


def test_training_curve_of_a_few_episodes_has_no_mean(drawn: list[Figure]):
    log = a_log(19)
    log.check_steps, log.check_scores = [], []
    alt = training_curve(log).alt
    assert len(drawn[0].axes[0].lines) == 1
    assert "i genomsnitt 9" in alt
    assert "utvärdering" not in alt


# --- Rutnät -------------------------------------------------------------------------------------

GRID = np.array(
    [[0.1, 0.5, 0.2, 0.0], [1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0], [-np.inf, -2, -3, -4]]
)


def words_of(picture: Picture) -> list[str]:
    return [found.words for found in texts(picture.drawing)]


def tints_of(picture: Picture) -> list[float]:
    """Hur mycket färg varje ruta har, i ordning."""
    return [
        float(rect.get("fill-opacity", "nan"))
        for rect in parsed(picture.drawing).iter(f"{SVG}rect")
        if "dqn-online" in rect.get("fill", "")
    ]


def arrows_of(picture: Picture) -> int:
    return len(list(parsed(picture.drawing).iter(f"{SVG}polygon")))


def test_grid_shows_numbers_values_and_arrows():
    picture = q_grid(GRID, (2, 2), FROZEN_LAKE_ARROWS)
    assert words_of(picture) == ["0", "0,5", "1", "1", "2", "0", "3", "−2"]
    # En pil i ruta 0, två i ruta 1, ingen i ruta 2, där allt är lika bra, och en i ruta 3.
    assert arrows_of(picture) == 4
    # Minst och störst är −2 och 1: hälften av färgen är mest, så att talet går att läsa.
    assert tints_of(picture) == pytest.approx([0.42, 0.5, 0.33, 0.0], abs=0.01)


def test_grid_in_words():
    alt = q_grid(GRID, (2, 2), FROZEN_LAKE_ARROWS, names={3: "mål"}, title="Sjön").alt
    assert alt == (
        "Sjön: rutnät med 2 rader och 2 kolumner, bästa handling rad för rad: ↓ ←→ / ←↓→↑ mål."
    )


def test_special_squares_are_drawn_and_have_no_arrow():
    picture = q_grid(GRID, (1, 4), FROZEN_LAKE_ARROWS, names={0: "start", 1: "hål", 3: "mål"})
    assert words_of(picture) == ["start", "0", "0,5", "1", "2", "0", "3"]
    assert arrows_of(picture) == 0
    assert "dqn-reward" in picture.drawing and "dqn-wrong" in picture.drawing  # flaggan, sprickan


def test_a_square_where_nobody_stands_is_hatched_and_has_no_value():
    grid = np.vstack([GRID[:3], np.full(4, np.nan)])
    picture = q_grid(grid, (1, 4), FROZEN_LAKE_ARROWS, names={3: "stup"})
    assert words_of(picture)[-1] == "3"
    assert picture.drawing.count('fill="url(#stup)"') == 1
    assert len(tints_of(picture)) == 3


def test_q_grid_can_keep_the_same_colours_from_picture_to_picture():
    tints = [
        tints_of(q_grid(factor * GRID, (2, 2), FROZEN_LAKE_ARROWS, limits=(0, 10)))
        for factor in (1.0, 10.0)
    ]
    assert tints == [pytest.approx([0.03, 0.05, 0, 0], abs=0.01), pytest.approx([0.25, 0.5, 0, 0])]


def test_a_rounding_error_is_still_a_tie():
    assert (
        arrows_of(q_grid(np.array([[0.3, 0.1 + 0.2, 0.29, 0.0]]), (1, 1), FROZEN_LAKE_ARROWS)) == 2
    )


@pytest.mark.parametrize(
    ("name", "shape", "arrows", "way"),
    [
        ("FrozenLake-v1", (4, 4), FROZEN_LAKE_ARROWS, "↓→ → ↓ ← / ↓"),
        ("CliffWalking-v1", (4, 12), CLIFF_WALKING_ARROWS, "→↓ →↓ →↓"),
    ],
)
def test_arrows_are_in_the_order_of_the_environment(
    name: str, shape: tuple[int, int], arrows: tuple[str, ...], way: str
):
    import gymnasium as gym

    env = gym.make(name, is_slippery=False)
    q_values = q_value_iteration(mdp_from_gymnasium(env), 0.9)
    assert f"rad för rad: {way}" in q_grid(q_values, shape, arrows).alt


@pytest.mark.parametrize(("shape", "n_arrows"), [((2, 3), 4), ((2, 2), 3)])
def test_bad_grid(shape: tuple[int, int], n_arrows: int):
    with pytest.raises(ValueError, match="`q_values` ska ha formen"):
        q_grid(GRID, shape, FROZEN_LAKE_ARROWS[:n_arrows])
    assert plt.get_fignums() == []


# --- MDP:n som graf -----------------------------------------------------------------------------


def rings_of(picture: Picture) -> list[tuple[float, float]]:
    """Radie och kantens tjocklek för varje färgad handling, i ordning."""
    circles = parsed(picture.drawing).iter(f"{SVG}circle")
    colored = [c for c in circles if re.search("online|target|muted", c.get("fill", ""))]
    return [(float(c.get("r", "0")), float(c.get("stroke-width", "0"))) for c in colored]


def n_best(picture: Picture) -> int:
    return picture.drawing.count('stroke-width="4"')


def test_mdp_graph_says_probabilities_and_rewards():
    picture = mdp_graph(three_state_mdp())
    assert "s0 –a0→ s0 med sannolikhet 0,7 och belöning 10" in picture.alt
    assert "s1 –a2→ s2 med sannolikhet 1 och belöning −50" in picture.alt
    words = words_of(picture)
    assert {"70 %", "+10", "100 %", "−50", "+40", "30 %", "s0", "s1", "s2"} <= set(words)
    assert sorted(word for word in words if word.startswith("a")) == sorted(
        ["a0", "a1", "a2", "a0", "a2", "a1"]
    )


def test_mdp_graph_of_q_values_grows_and_marks_the_best():
    q_values = np.array([[1.0, 4.0, 2.0], [0.0, -np.inf, -4.0], [-np.inf, 8.0, -np.inf]])
    picture = mdp_graph(three_state_mdp(), {"före": q_values / 8, "efter": q_values})
    assert "Före: Q(s0, a0) = 0,125, Q(s0, a1) = 0,5" in picture.alt
    assert "Efter: Q(s0, a0) = 1, Q(s0, a1) = 4" in picture.alt
    assert "inf" not in picture.alt
    assert {"före", "efter"} <= set(words_of(picture))
    radii = [radius for radius, _ in rings_of(picture)]
    before, after = radii[:6], radii[6:]
    # Ordning: s0 a0, a1, a2, s1 a0, a2, s2 a1. Ytan följer |Q|, i samma skala i båda graferna.
    assert after[1] == after[4] < after[5]
    assert before[3] == after[3] < before[5] < after[5]
    areas = np.square(after) - after[3] ** 2
    assert areas[1] / areas[5] == pytest.approx(0.5, abs=0.01)
    assert n_best(picture) == 6  # en i varje tillstånd, i båda graferna


def test_mdp_graph_may_share_its_scale_with_other_pictures():
    q_values = np.where(three_state_mdp().allowed_actions, 5.0, -np.inf)
    large, small = (
        rings_of(mdp_graph(three_state_mdp(), {"Q": q_values}, largest=largest))[0][0]
        for largest in (5.0, 50.0)
    )
    assert large > small


def test_actions_of_a_state_are_kept_apart():
    positions = mdp_diagram._action_positions(three_state_mdp(), 0, mdp_diagram._state_positions(3))
    places = list(positions.values())
    distances = [np.linalg.norm(places[i] - places[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert min(distances) > 1.7


def test_bad_table_for_the_graph():
    with pytest.raises(ValueError, match=r"”Q” ska ha formen \(3, 3\), men har \(2, 3\)"):
        mdp_graph(three_state_mdp(), {"Q": np.zeros((2, 3))})
    assert plt.get_fignums() == []


# --- Vandringar ---------------------------------------------------------------------------------


def test_walks_are_drawn_square_by_square():
    walks = {"rak": [3, 0, 1, 2, 5], "fall": [3, 0, 1, 2, 3]}
    picture = grid_walks(walks, (2, 3), names={3: "start", 4: "stup", 5: "mål"})
    assert "Rak: 4 steg, varav 0 hopp. Fall: 4 steg, varav 1 hopp." in picture.alt
    assert [word for word in words_of(picture) if not word.isdigit()] == [
        "rak", "start", "fall", "start",
    ]  # fmt: skip
    assert picture.drawing.count('fill="url(#stup)"') == 2
    straight = picture.drawing.split(">fall<")[0]
    lines = re.findall(r'd="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"[^>]*dqn-online', straight)
    # Varje steg är en linje mellan två rutor (kolumn, rad), förskjuten mindre än en halv ruta.
    steps = [[int(float(number) // 60) for number in line] for line in lines]
    assert steps == [[0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 2, 0], [2, 0, 2, 1]]
    assert "stroke-dasharray" not in straight
    assert picture.drawing.count("stroke-dasharray") == 1


# --- CartPoles Q-funktion -----------------------------------------------------------------------

ANGLES = np.radians(np.linspace(-12, 12, 81))
VELOCITIES = np.linspace(-2.5, 2.5, 81)


@pytest.mark.parametrize(
    ("weights", "share"),
    [
        ((0, 0, 1, 0), "49 procent"),  # 40 av 81 vinklar är större än 0
        ((0, 0, 1, 0.5), None),
        ((5, 5, 0, 0), "0 procent"),  # vagnen står stilla i mitten: lika, alltså vänster
    ],
)
def test_q_function_counts_where_the_agent_goes_right(weights: Any, share: str | None):
    right = weights[2] * ANGLES + weights[3] * VELOCITIES[:, np.newaxis] > 0
    expected = share or f"{swedish_number(100 * right.mean(), 2)} procent"
    assert f"höger i {expected} av kartan" in q_function(Linear(*weights)).alt


def test_q_function_always_right(drawn: list[Figure]):
    class AlwaysRight(Linear):
        def forward(self, obs: torch.Tensor) -> torch.Tensor:
            return torch.tensor([[0.0, 1.0]]).expand(len(obs), 2)

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib kan varna när det inte finns någon gräns
        assert "höger i 100 procent" in q_function(AlwaysRight(0, 0, 0, 0)).alt
    assert not drawn[0].axes[1].collections


def test_q_function_draws_angle_across_and_velocity_up(drawn: list[Figure]):
    model = Linear(0, 0, 1, 0.5, offset=3.0)
    q_function(model, title="Rubrik")
    left, right = (ax.images[0] for ax in drawn[0].axes[:2])
    difference = ANGLES + 0.5 * VELOCITIES[:, np.newaxis]
    assert np.allclose(right.get_array(), difference, atol=1e-5)
    assert np.allclose(left.get_array(), 3 + np.maximum(difference, 0), atol=1e-5)
    assert left.origin == right.origin == "lower"
    assert list(right.get_extent()) == [-12, 12, -2.5, 2.5]
    # Gränsen där agenten byter handling är raden av punkter med vinkel + halva hastigheten = 0.
    (border,) = drawn[0].axes[1].collections
    degrees, velocity = border.get_paths()[0].vertices.T
    assert len(degrees) > 10
    assert np.radians(degrees) + velocity / 2 == pytest.approx(0, abs=1e-3)
    # Färgskalan för skillnaden är symmetrisk, så att vitt är lika.
    assert right.norm.vmin == -right.norm.vmax == pytest.approx(-difference.max(), rel=1e-5)
    assert drawn[0].get_suptitle() == "Rubrik"


@pytest.mark.parametrize("offset", [3.0, -0.1], ids=["över noll", "kring noll"])
def test_the_best_value_has_one_colour_and_the_difference_two(offset: float, drawn: list[Figure]):
    q_function(Linear(0, 0, 1, 0.5, offset=offset))
    left, right = (ax.images[0].get_cmap() for ax in drawn[0].axes[:2])
    assert left(0.0)[3] == 0 and left(1.0)[3] > 0.8  # ingen färg alls är det sämsta läget
    assert right(0.0)[3] > 0.8 and right(1.0)[3] > 0.8 and right(0.5)[3] < 0.02
    assert left(0.0)[:3] == left(1.0)[:3] and right(0.0)[:3] != right(1.0)[:3]


def test_q_function_uses_the_scales_of_the_training():
    alt = q_function(
        Linear(0, 0, 1, 0, offset=1.0), observation_scale=(1, 1, 10, 1), reward_scale=0.01
    ).alt
    # Nätverket ser tio gånger vinkeln, och dess värden är en hundradel av de riktiga.
    highest = (1 + 10 * np.radians(12)) / 0.01
    assert f"mellan 100 och {swedish_number(highest, 3)}" in alt


# --- Förutsagt mot verkligt ---------------------------------------------------------------------


def test_predicted_against_realised_in_words():
    predicted, realised = np.array([9.0, 10.5, 12.0, 11.0]), np.array([8.0, 7.0, 6.0, 5.0])
    alt = predicted_against_realised(predicted, realised, 0.9).alt
    assert "nätverket 10,6, och avkastningen blev 6,5" in alt  # 10,625 med tre siffror
    assert "75 procent av stegen ligger över gränsen 10." in alt


def test_predicted_against_realised_draws_both_and_the_bound(drawn: list[Figure]):
    predicted, realised = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    predicted_against_realised(predicted, realised, 0.95, reward=2.0, title="Rubrik")
    ax = drawn[0].axes[0]
    drawn_lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert np.array_equal(drawn_lines["nätverkets Q(s, a)"], predicted)
    assert np.array_equal(drawn_lines["avkastningen som kom"], realised)
    assert ax.lines[-1].get_ydata() == pytest.approx([40, 40])  # 2/(1 − 0,95)
    assert texts_in(drawn[0])[0] == "gränsen r/(1−γ) = 40"
    assert len({line.get_linestyle() for line in ax.lines}) == 3


@pytest.mark.parametrize(
    ("predicted", "realised", "discount_factor", "message"),
    [
        ([1.0], [1.0, 2.0], 0.9, r"lika långa .*De är 1 och 2 långa"),
        ([], [], 0.9, "inte tomma"),
        ([1.0], [1.0], 1.0, "γ mindre än 1"),
        ([1.0], [1.0], -0.5, "γ mindre än 1"),
    ],
)
def test_bad_predictions(predicted: Any, realised: Any, discount_factor: float, message: str):
    with pytest.raises(ValueError, match=message):
        predicted_against_realised(np.array(predicted), np.array(realised), discount_factor)
    assert plt.get_fignums() == []


# --- Bilden själv -------------------------------------------------------------------------------


class _Images(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append(dict(attrs))


def attributes_of_img(picture: Picture) -> dict[str, str | None]:
    """Attributen i bildens enda `<img>`, avkodade så som en webbläsare gör."""
    parser = _Images()
    parser.feed(picture._repr_html_())
    (attributes,) = parser.found
    return attributes


NASTY = 'a < b & "c" > d <script>alert(1)</script>'


def test_alt_text_and_caption_are_escaped():
    picture = Picture(b"x", "image/png", NASTY, 100, caption=NASTY)
    assert attributes_of_img(picture)["alt"] == NASTY
    html = picture._repr_html_()
    assert "<script" not in html
    assert re.search(r"<figcaption>a &lt; b &amp;.*</figcaption>", html)


def test_html_carries_the_data_and_the_width():
    attributes = attributes_of_img(Picture(b"hej", "image/gif", "alt", 123))
    assert attributes["src"] == "data:image/gif;base64,aGVq"
    assert attributes["width"] == "123"


def test_no_caption_no_empty_caption():
    assert "figcaption" not in Picture(b"x", "image/png", "alt", 1)._repr_html_()


def test_a_figure_title_with_html_is_escaped():
    picture = q_function(Linear(0, 0, 1, 0), title=NASTY)
    assert attributes_of_img(picture)["alt"] == picture.alt
    assert NASTY in picture.alt


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_alt_text_is_required(alt: str):
    with pytest.raises(ValueError, match="alternativtext"):
        Picture(b"x", "image/png", alt, 1)
    figure, _ = new_figure()
    with pytest.raises(ValueError, match="alternativtext"):
        Picture.from_figure(figure, alt)
    assert plt.get_fignums() == []


@pytest.mark.usefixtures("rendered")
def test_a_figure_that_cannot_be_drawn_is_closed():
    figure, (ax,) = new_figure(width=1, height=1)
    ax.set_title(r"$\okänt{$")
    with pytest.raises(ValueError):
        Picture.from_figure(figure, "alt")
    assert plt.get_fignums() == []


def test_save_and_repr(tmp_path: Path):
    picture = FIGURES["predicted"]()
    picture.save(tmp_path / "bild åäö.svg")
    assert (tmp_path / "bild åäö.svg").read_bytes() == picture.data
    assert repr(picture) == f"[Bild: {picture.alt}]"


def test_a_picture_made_of_another_pictures_drawing_is_valid_svg():
    """Två `lang` i samma element gör att webbläsaren inte visar bilden alls."""
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1"/></svg>'
    again = Picture.from_svg(Picture.from_svg(drawing, "en linje").drawing, "samma linje")
    assert ElementTree.fromstring(again.data).get("lang") == "sv"
