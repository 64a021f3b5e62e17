"""En identitet: varje bild i paketet går att läsa, på ljust och mörkt, och talar svenska.

En ny figur provas av sig själv: den som saknas i `PICTURES` fäller det första testet.
"""

import base64
import inspect
import itertools
import re
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from drawn_svg import SVG, parsed, scale, texts

from dqn_helpers import figures
from dqn_helpers.figures import theme
from dqn_helpers.figures.pictures import COLUMN_WIDTH, Picture
from dqn_helpers.figures.player import MAX_BYTES, Film
from dqn_helpers.mdp import three_state_mdp
from dqn_helpers.training_log import TrainingLog

POINTS = 96 / 72  # bildpunkter på en punkt
RNG = np.random.default_rng(0)
CURVES = {name: RNG.uniform(0, 1.5, (3, 4)) for name in ("DQN", "Double DQN med lång text")}
EXPERIENCE = (np.array([0.0, 0.0, 0.1, 0.2]), 1, 1.0, np.zeros(4), False, False)
LOG = TrainingLog([1.5, 2.5] * 15, list(range(30)), [10, 20], [1.25, 2.5], environment_steps=30)
LAKE = {"hål": 1, "start": 0, "mål": 3}
NAMES = {s: word for word, s in LAKE.items()}
Q = np.array([[0.1, 0.5, 0.25, 0.0], [1.0, 0.0, 1.0, 0.0], [0.0] * 4, [-1.5] * 4])
MDP = three_state_mdp()
CLIFF = gym.make("CliffWalking-v1").unwrapped
CLIFF_Q = -np.random.default_rng(1).uniform(0, 13, (48, 4))


def walker(step: int) -> int:
    return step % 2


PICTURES: dict[str, Callable[[], Picture | Film]] = {
    "alike_over_time": lambda: figures.alike_over_time(
        {"vagnens läge": [np.sin(np.arange(60.0))], "vinkel": [np.cos(np.arange(60.0) / 9)]}
    ),
    "backup_diagram": lambda: figures.backup_diagram(MDP, np.ones((3, 3)), 2, 1, 0.9),
    "batches_in_cloud": lambda: figures.batches_in_cloud(
        np.arange(50.0), RNG.normal(size=50), {"32 i följd": [1, 2], "oberoende": [3, 9]},
        x_label="vagnens läge (m)", y_label="vinkel",
    ),
    "chosen_numbers": lambda: figures.chosen_numbers(Q, [0, 1, 2, 3], {"din kod": [0.5] * 4}),
    "corridor_film": lambda: figures.corridor_film(
        {"kursens kod": -np.ones((2, 5, 2)), "din kod, inte rätt än": np.full((2, 5, 2), 99.5)},
        np.full((5, 2), -1.5), ["steg 0", "steg 40"],
    ),
    "cost_lines": lambda: figures.cost_lines([1000, 10**6], [{"deque": 1.5}, {"deque": 2e7}]),
    "difference_of": lambda: figures.difference_of(
        [1000, 2000, 3000], 200 + CURVES["DQN"][:, :3], 100 + CURVES["DQN"][:, :3],
        "train_every=8", goal=475,
    ),
    "dots_per_seed": lambda: figures.dots_per_seed({"Q": {"DQN": [0.5, 1e6]}}, logarithmic=["Q"]),
    "double_dqn_wirings": lambda: figures.double_dqn_wirings([2.5, 5, 3], [6, 1.5, 4]),
    "dqn_loop": lambda: figures.dqn_loop(list(figures.LOOP_PARTS)),
    "dqn_loop_film": figures.dqn_loop_film,
    "drawn_places": lambda: figures.drawn_places({"i följd": [[1, 2]], "lottade": [[3, 9]]}, 10),
    "film_of_pictures": lambda: figures.film_of_pictures(
        [figures.largest_estimate(n) for n in (1, 2, 3)], ["1", "2", "3"], "Fler och fler tal."
    ),
    "grid_walks": lambda: figures.grid_walks({"ε = 0,5": [0, 2, 3, 0]}, (2, 2), names=NAMES),
    "largest_estimate": lambda: figures.largest_estimate(5),
    "last_moments": lambda: figures.last_moments({"slanten": np.zeros(4), "regeln": np.ones(4)}),
    "learned_against_exact": lambda: figures.learned_against_exact(
        {"bara experten": np.ones((2, 2, 2)), "båda": np.zeros((2, 2, 2))},
        np.ones((2, 2)), ("vänster", "höger"),
    ),
    "learning_curves": lambda: figures.learning_curves([0, 1, 2, 3.5], CURVES, goal=0.75),
    "line_panels": lambda: figures.line_panels(
        {who: {"ε": ([0, 1, 2], [0.5, 1.5, 1.0])} for who in ("kursens kod", "din kod")},
        x_label="miljösteg", y_label="ε", height_line=0.5,
    ),
    "lines": lambda: figures.lines(
        {"α = 0,1": ([0, 1, 2], [0.5, 1.5, 2.5]), "två": ([0, 1, 2], [1.5, 0.25, 2])},
        x_label="steg", y_label="Q-värde", dots={"TD-målen": ([0, 1], [2.5, 0.5])}, marked_x=1.5,
    ),
    "loss_curves": lambda: figures.loss_curves({"rätt": [35.0, 1.0, 0.07], "utan": [35.0, 40, 9]}),
    "losses_and_gradients": figures.losses_and_gradients,
    "loss_flow": figures.loss_flow,
    "mdp_graph": lambda: figures.mdp_graph(MDP, {"svep 1": np.ones((3, 3)), "2": -np.ones((3, 3))}),
    "number_table": lambda: figures.number_table(
        Q, [(0, 1)], "Fyra rader med tal.", row_label="exempel", column_label="handling"
    ),
    "predicted_against_realised": lambda: figures.predicted_against_realised(
        np.array([1.5, 2.5]), np.array([1.0, 0.5]), 0.9
    ),
    "q_film": lambda: figures.q_film(
        CLIFF, {"din kod": [CLIFF_Q, CLIFF_Q], "SARSA": [CLIFF_Q, 2 * CLIFF_Q]}, ["ett", "två"],
        walks={"din kod": [[36, 24], [36]], "SARSA": [[36, 24], [36]]},
    ),
    "q_function": lambda: figures.q_function(torch.nn.Linear(4, 2), title="Q-funktionen"),
    "q_grid": lambda: figures.q_grid(Q, (2, 2), figures.FROZEN_LAKE_ARROWS, names=NAMES),
    "q_network": figures.q_network,
    "return_distributions": lambda: figures.return_distributions(
        {"kursens kod": [0.5, 1.5, 9], "din kod, inte rätt än": [0.25, 7.5, 3]}, 2.5
    ),
    "returns_by_length": lambda: figures.returns_by_length(
        {"din kod": {0.9: [(2, 0.9), (6, 0.5)], 0.99: [(2, 0.99), (6, 0.95)]}}
    ),
    "ring_film": lambda: figures.ring_film({"kursens kod": [[1], [1, 2]], "din kod": [[1], [2]]}),
    "seed_dots": lambda: figures.seed_dots(
        {"bias": {"DQN": np.array([0.5, 1.5])}}, y_labels=["Q minus det som kom"], truths=[0]
    ),
    "shares": lambda: figures.shares(
        {"kursens recept": (9, 12), "en sak ändrad": (0, 12)},
        {"kursens recept": (0.47, 0.91), "en sak ändrad": (0.0, 0.24)},
        {"kursens recept": [50.0, 100.0, 400.0], "en sak ändrad": [2e6, 90.5, 80.0]},
        share_label="löst, procent", dots_label="Q i vila", bound=100,
    ),
    "show_episodes_together": lambda: figures.show_episodes_together(
        dict.fromkeys(("före", "halvvägs", "efter"), lambda obs: 1), env=gym.make("CartPole-v1")
    ),
    "show_one_episode": lambda: figures.show_one_episode(
        lambda obs: 1, env=gym.make("CliffWalking-v1", max_episode_steps=3)
    ),
    "slider": lambda: figures.slider(figures.largest_estimate, [1, 2], "handlingar", 1),
    "target_parts": lambda: figures.target_parts(
        {"kursens kod": [1.5, 1], "din kod, inte rätt än": [1.5, 2.25]}, [1.0, 1.0], [False, True]
    ),
    "training_curve": lambda: figures.training_curve(LOG),
    "tried_actions": lambda: figures.tried_actions({"regeln": [EXPERIENCE], "slant": [EXPERIENCE]}),
    "value_grid": lambda: figures.value_grid(
        [-14.0, -2.5, 0.25, np.nan] * 12, (4, 12), names=NAMES | {5: "stup"}, title="Stupet"
    ),
    "values_on_states": lambda: figures.values_on_states(
        {"målet som konstant": [0.5, 1.0, 0.25], "gradient genom målet": [0.5, 0.75, 0.25]},
        [0.5, 1, 0], ("A", "B", "C"),
    ),
    "visit_film": lambda: figures.visit_film(
        gym.make("FrozenLake-v1").unwrapped, [np.arange(16), 99 * np.arange(16)], ["ett", "två"]
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def drawings() -> dict[str, list[tuple[str, float]]]:
    """Namn → teckningarna och deras bredd på skärmen; en film ger sin första och sista bild."""
    made: dict[str, list[tuple[str, float]]] = {}
    for name, make in PICTURES.items():
        shown = make()
        if isinstance(shown, Film):
            assert len(shown._repr_html_().encode()) < MAX_BYTES, name
            made[name] = [(shown.frame(n), shown.width) for n in (0, -1)]
        else:
            made[name] = [(shown.drawing, shown.width)]
    return made


def shows_something(function: Any) -> bool:
    kinds = inspect.signature(function).return_annotation if inspect.isfunction(function) else None
    return kinds in (Picture, Film)


def test_every_picture_in_the_package_is_tried():
    public = {name: getattr(figures, name) for name in figures.__all__}
    assert {name for name, function in public.items() if shows_something(function)} == set(PICTURES)


def test_no_picture_is_wider_than_the_column(drawings: dict[str, list[tuple[str, float]]]):
    for name, made in drawings.items():
        assert all(width <= COLUMN_WIDTH for _, width in made), name


def test_no_text_is_small_at_full_width(drawings: dict[str, list[tuple[str, float]]]):
    for name, made in drawings.items():
        for svg, width in made:
            for found in texts(svg):
                points = found.size * scale(svg, width) / POINTS
                assert points > 10.8, f"{name}: «{found.words}» är {points:.1f} punkter"


def test_every_text_can_be_read_against_what_is_under_it(
    drawings: dict[str, list[tuple[str, float]]],
):
    for (name, made), colors in itertools.product(drawings.items(), (theme.LIGHT, theme.DARK)):
        for svg, _ in made:
            for found in texts(svg):
                contrast = found.contrast(colors)
                assert contrast >= 4.5, f"{name}: «{found.words}» har {contrast:.2f}, {found}"


def test_every_line_and_surface_has_a_colour_of_the_course(
    drawings: dict[str, list[tuple[str, float]]],
):
    """Då följer den sidans tema, och `test_player` håller kontrasten mot ljust och mörkt."""
    for name, made in drawings.items():
        for svg, _ in made:
            fixed = re.findall(r"(?:fill|stroke)(?:=\"|: ?)(#\w+|rgb[^\"]*|black|white)", svg)
            assert not fixed, f"{name}: {set(fixed)} följer inte temat"


def test_numbers_have_a_decimal_comma(drawings: dict[str, list[tuple[str, float]]]):
    for name, made in drawings.items():
        words = [found.words for svg, _ in made for found in texts(svg)]
        assert words, name
        assert not [word for word in words if re.search(r"\d\.\d|\be[+-]\d", word)], name


def test_every_picture_says_its_language_and_what_it_shows():
    picture = figures.dqn_loop("buffert")
    root = parsed(picture.data.decode())
    assert root.attrib["lang"] == "sv"
    assert root[0].text == picture.alt and "Tänt: buffert." in picture.alt
    assert 'lang="sv"' in picture._repr_html_()


def test_the_stills_of_a_film_of_pictures_are_whole_files():
    """En webbläsare visar inget av en SVG som inte är giltig XML, till exempel med två `lang`."""
    film = PICTURES["film_of_pictures"]()
    stills = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", film._repr_html_())
    assert len(stills) == 4  # den första på scenen, och tre på papper
    for still in stills:
        root = parsed(base64.b64decode(still).decode())
        assert root.attrib["lang"] == "sv" and len(root.findall(f"{SVG}title")) == 1


def test_the_file_alone_is_dark_where_it_is_dark():
    """Samma bild på ljust, mörkt och papper: färgerna frågar efter sidans tema, utan skript."""
    file = figures.q_network().data.decode()
    assert f"--dqn-ink: {theme.LIGHT['ink']}" in file and "<script" not in file
    dark = file.split("prefers-color-scheme: dark")[1]
    assert f"--dqn-ink: {theme.DARK['ink']}" in dark


# --- diagrammen ----------------------------------------------------------------------------------


def words_in(shown: Picture | Film, number: int = 0) -> str:
    svg = shown.frame(number) if isinstance(shown, Film) else shown.drawing
    return " ".join(found.words for found in texts(svg))


@pytest.mark.parametrize("part", figures.LOOP_PARTS)
def test_the_part_that_is_lit_and_no_other(part: str):
    svg = figures.dqn_loop(part).drawing
    lights = [g for g in parsed(svg).iter() if g.get("opacity") and len(g)]
    lit = [n for n, g in enumerate(lights) if g.get("opacity") == "1"]
    assert lit == [list(figures.LOOP_PARTS).index(part)]


def test_an_unknown_part_is_said():
    with pytest.raises(ValueError, match=r"ingen del som heter 'bufert'.*buffert"):
        figures.dqn_loop("bufert")


def test_the_dot_goes_through_every_part_of_the_loop():
    film = figures.dqn_loop_film()
    places = {(frame["x"], frame["y"]) for frame in film.frames}
    assert len(places) > 60
    lit = {n for frame in film.frames for n in range(8) if frame[f"ljus{n}"] == "1"}
    assert lit == set(range(8)) - {list(figures.LOOP_PARTS).index("miljö")} | {0}
    assert "{" not in film.frame(3)


def test_the_four_wirings_give_the_four_numbers_of_the_page():
    film = figures.double_dqn_wirings([2, 5, 3], [6, 1, 4])
    assert film.labels == ("DQN", "Double DQN", "utan målnätverk", "ombytta roller")
    for number, value in enumerate(("6", "1", "5", "2")):
        assert f" {value} till målet" in words_in(film, number)
    assert "online väljer a1, mål värderar den till 1" in film.alt


def test_networks_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="lika många"):
        figures.double_dqn_wirings([1, 2], [1])


def test_the_backup_adds_up_to_bellman():
    q_values = np.array([[7.0, 0, 0], [0, 0, -50], [0, 32, 0]])
    alt = figures.backup_diagram(MDP, q_values, 2, 1, 0.9).alt
    assert "Q(s2, a1) ← 39,92" in alt  # talet i boken, räknat för hand
    assert "80 procent, och det ger 0,8 · (40 + 0,9 · 7)" in alt


def test_only_one_of_the_two_ways_has_a_gradient():
    alone, two = figures.loss_flow(target_network=False), figures.loss_flow()
    assert "klippt: no_grad" in words_in(two) and "samma nätverk" in words_in(alone)
    assert "målnätverk" not in words_in(alone)
