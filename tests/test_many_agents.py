"""Räkningen för många agenter på en gång är samma som kursens, agent för agent."""

import gymnasium as gym
import many_agents
import numpy as np
import pytest
import torch
from many_agents import (
    VARIANTS,
    Adam,
    Variant,
    first_weights,
    gradients_of,
    q_values,
    settings_of,
    step_cartpole,
)
from torch import nn

from dqn_helpers import DQN, ReplayBuffer, dqn_training_step, recipe

NAMES = ("kursens recept", "C = 5, Huber", "utan skalad belöning", "discount_factor=0.9")


def as_network(weights: many_agents.Weights, agent: int) -> DQN:
    """Agentens nätverk, som ett vanligt `DQN`."""
    network = DQN()
    linear = [layer for layer in network.layers if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for number, layer in enumerate(linear):
            layer.weight.copy_(weights[2 * number][agent].T)
            layer.bias.copy_(weights[2 * number + 1][agent, 0])
    return network


def a_batch(n: int) -> ReplayBuffer:
    """Stora och små fel, slut och fortsättning."""
    rng, buffer = np.random.default_rng(3), ReplayBuffer(n)
    for place in range(n):
        state, following = rng.normal(size=(2, 4)).astype(np.float32)
        buffer.append((state, int(rng.integers(2)), 0.0, following, place % 3 == 0, False))
    return buffer


@pytest.mark.parametrize("name", NAMES)
def test_a_training_step_is_the_courses(name: str):
    """Med hela bufferten som batch är inget slumpat: vikterna ska bli desamma."""
    variant, generator = VARIANTS[name], torch.Generator().manual_seed(1)
    s = settings_of([variant] * 2, [False] * 2)
    weights, target = first_weights(2, generator), first_weights(2, generator)
    networks = [as_network(weights, agent) for agent in (0, 1)]
    targets = [as_network(target, agent) for agent in (0, 1)]
    buffer = a_batch(16)
    buffer.columns[2][:] = float(s.reward[0])
    state, action, _, following, fell, _ = (torch.from_numpy(c) for c in buffer.columns)
    batch = [x.expand(2, *x.shape) for x in (state, action, following, fell)]
    adam = Adam(weights, s.learning_rate)
    active = torch.tensor([True, False])
    for _ in range(3):
        adam.step(weights, gradients_of(weights, target, batch, s), active)

    optimizer = torch.optim.Adam(networks[0].parameters(), lr=variant.learning_rate)
    criterion = nn.HuberLoss(delta=variant.reward_scale) if variant.huber else nn.MSELoss()
    gamma = (recipe.TRAINING | dict(variant.settings))["discount_factor"]
    for _ in range(3):
        whole = _InOrder(buffer)
        dqn_training_step(networks[0], optimizer, criterion, whole, 16, gamma, targets[0])
    for agent in (0, 1):  # den andra var inte aktiv och ska vara orörd
        expected = networks[agent](state)
        got = q_values(weights, state.expand(2, 16, 4))[agent]
        assert torch.allclose(got, expected, atol=1e-5)


class _InOrder(list):
    """En buffert där varje dragning råkar ge alla erfarenheter, en gång var."""

    def __init__(self, buffer: ReplayBuffer) -> None:
        super().__init__(buffer[i] for i in range(len(buffer)))
        self._next = 0

    def __getitem__(self, _):
        place, self._next = self._next, (self._next + 1) % len(self)
        return super().__getitem__(place)


def test_the_physics_is_gymnasiums():
    env, rng = gym.make("CartPole-v1"), np.random.default_rng(0)
    for seed in range(5):
        env.reset(seed=seed)
        terminated = False
        while not terminated:
            before = np.array(env.unwrapped.state)
            action = int(rng.integers(2))
            _, _, terminated, _, _ = env.step(action)
            following, fell = step_cartpole(before[None], np.array([action]))
            assert np.allclose(following[0], env.unwrapped.state) and bool(fell[0]) == terminated


def test_a_small_training_has_everything(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(many_agents, "N_STEPS", 400)
    monkeypatch.setattr(many_agents, "CHECK_EVERY", 200)
    monkeypatch.setattr(many_agents, "TIME_LIMIT", 50)
    variants = list(VARIANTS.values())
    runs = many_agents.train_many([*variants, Variant()], [False] * len(variants) + [True], 0)
    assert len(runs) == len(variants) + 1
    for run in runs:
        assert len(run["scores"]) == len(run["at_rest"]) == 2 and len(run["held_out"]) == 3
        assert run["scores"][0] != 0 and max(run["scores"]) <= 50
    without = runs[list(VARIANTS).index("ett träningssteg per episod")]
    assert without["at_rest"] != runs[0]["at_rest"]
