"""Varje bild i paketet, ritad av små tal: det som bilderna prövas på.

En ny figur läggs till här; den som saknas fäller `test_every_picture_in_the_package_is_tried`.
"""

from collections.abc import Callable

import gymnasium as gym
import numpy as np
import torch

from dqn_helpers import figures
from dqn_helpers.figures.pictures import Picture
from dqn_helpers.figures.player import Film
from dqn_helpers.mdp import three_state_mdp
from dqn_helpers.training_log import TrainingLog

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
    "lines": lambda: figures.lines(
        {"α = 0,1": ([0, 1, 2], [0.5, 1.5, 2.5]), "två": ([0, 1, 2], [1.5, 0.25, 2])},
        x_label="steg", y_label="Q-värde", dots={"TD-målen": ([0, 1], [2.5, 0.5])}, marked_x=1.5,
    ),
    "lines i två diagram": lambda: figures.lines(
        {who: {"ε": ([0, 1, 2], [0.5, 1.5, 1.0]), "två": ([0, 2], [0.25, 1])}
         for who in ("kursens kod", "din kod, inte rätt än")},
        x_label="miljösteg", y_label="ε", marked_y=0.5,
    ),
    "loss_curves": lambda: figures.loss_curves({"rätt": [35.0, 1.0, 0.07], "utan": [35.0, 40, 9]}),
    "losses_and_gradients": figures.losses_and_gradients,
    "loss_flow": figures.loss_flow,
    "mdp_graph": lambda: figures.mdp_graph(MDP, {"svep 1": np.ones((3, 3)), "2": -np.ones((3, 3))}),
    "mdp_graph utan värden": lambda: figures.mdp_graph(MDP),
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
    "show_one_episode i CartPole": lambda: figures.show_one_episode(
        lambda obs: 1, env=gym.make("CartPole-v1")
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
