"""Ett träningssteg per episod är verkligen ett, och målnätverket kopieras i takt med dem."""

import copy
from typing import Any

import gymnasium as gym
import pytest
import torch
from torch import nn

from dqn_helpers import DQN, ReplayBuffer, TrainingLog, make_cartpole, train_dqn
from dqn_helpers.studies.ablations import once_per_episode


def train(n_episodes: int, warmup: int, **settings: Any) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    model = DQN()
    target_model = copy.deepcopy(model)
    train_dqn(
        model, settings.pop("env"), ReplayBuffer(1000), torch.optim.Adam(model.parameters()),
        nn.MSELoss(), n_episodes, warmup, 4, 0.99, target_model=target_model, seed=0,
        progress=False, log=TrainingLog(), **settings,
    )  # fmt: skip
    return model, target_model


def test_there_is_one_training_step_in_every_episode_after_the_warmup():
    env, seen = make_cartpole(), []

    def training_step(*_: Any) -> float:
        seen.append(env.get_wrapper_attr("episode_count"))
        return 0.5

    train(12, 3, env=env, **once_per_episode(env, training_step))
    assert seen == list(range(4, 13))  # när episoden är slut har räknaren ökat


@pytest.mark.parametrize(("n_trained", "copied"), [(4, False), (5, True), (10, True)])
def test_the_target_network_is_copied_after_every_fifth(n_trained: int, copied: bool):
    env = make_cartpole()

    def training_step(model: nn.Module, *_: Any) -> float:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 1
        return 0.0

    model, target_model = train(n_trained, 0, env=env, **once_per_episode(env, training_step))
    pairs = zip(model.parameters(), target_model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs) == copied


def test_an_environment_that_does_not_count_is_refused():
    with pytest.raises(AttributeError):
        once_per_episode(gym.make("CartPole-v1"))
