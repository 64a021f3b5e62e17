"""Leksakerna utan webbläsare: bilden som alltid syns, storleken, och agenterna man möter."""

import json
import re
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from cartpole_agents import LEVELS

from dqn_helpers import DQN, figures, toys
from dqn_helpers.figures.player import MAX_BYTES
from dqn_helpers.toys.cartpole import AGENTS, layers_of

TOYS = {"cartpole": toys.play_cartpole, "lake": toys.td_lake, "casino": toys.casino}
SCRIPTS = Path(toys.__file__).parent


@pytest.mark.parametrize("name", TOYS)
def test_where_scripts_are_stripped_a_picture_with_its_text_remains(name: str):
    html = re.sub(r"<script.*?</script>", "", TOYS[name]()._repr_html_(), flags=re.DOTALL)
    assert re.search(r'<img src="data:image/svg\+xml;base64,[^"]+" alt="[^"]{30,}"', html)
    # Knappar som inte gör något ska inte synas.
    assert '<div class="dqn-spel" style="display: none">' in html
    assert "Kör cellen" in html
    assert 'lang="sv"' in html


@pytest.mark.parametrize("name", TOYS)
def test_a_toy_is_small(name: str):
    assert len(TOYS[name]()._repr_html_().encode()) < MAX_BYTES
    assert len((SCRIPTS / f"{name}.js").read_text("utf-8").splitlines()) <= 155


def test_three_networks_of_book_04_are_small_too():
    networks = {name: DQN() for name in ("före", "halvvägs", "efter")}
    assert len(toys.play_cartpole(networks)._repr_html_().encode()) < MAX_BYTES


def test_names_can_do_no_harm():
    html = toys.play_cartpole({"<script>alert(1)</script>": DQN()})._repr_html_()
    assert "<script>alert" not in html


def test_the_observations_scale_is_part_of_the_weights():
    model = DQN(hidden_sizes=(3,))
    first, second = layers_of(model, (1.0, 1.0, 10.0, 1.0))
    obs = np.array([0.1, -0.2, 0.03, 0.4])
    hidden = np.maximum(np.array(first["weight"]) @ obs + first["bias"], 0)
    expected = model(torch.tensor(obs * [1, 1, 10, 1], dtype=torch.float32)).detach().numpy()
    np.testing.assert_allclose(
        np.array(second["weight"]) @ hidden + second["bias"], expected, atol=1e-3
    )


@pytest.mark.parametrize("name", LEVELS)
def test_the_opponents_play_as_they_are_called(name: str):
    layers = json.loads(AGENTS.read_text("utf-8"))[name]

    def q_values(obs: np.ndarray) -> np.ndarray:
        for i, layer in enumerate(layers):
            obs = np.array(layer["weight"]) @ obs + layer["bias"]
            obs = np.maximum(obs, 0) if i < len(layers) - 1 else obs
        return obs

    env, steps = gym.make("CartPole-v1"), []
    for seed in range(20):
        obs, done, count = env.reset(seed=seed)[0], False, 0
        while not done:
            obs, _, terminated, truncated, _ = env.step(int(np.argmax(q_values(obs))))
            done, count = terminated or truncated, count + 1
        steps.append(count)
    low, high = LEVELS[name]
    assert low <= np.mean(steps) <= high


def test_the_three_agents_play_as_well_as_they_are_named():
    env = gym.make("CartPole-v1")
    film = figures.show_episodes_together(toys.trained_policies(), seed=1, env=env)
    steps = [int(number) for number in re.findall(r"(\d+) steg", film.caption)]
    assert steps == sorted(steps) and steps[0] < 150 and steps[-1] == 500
