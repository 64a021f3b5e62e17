"""Hela träningen når de Q-värden som går att räkna ut: provmiljöerna, korridoren och loopen."""

import copy
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from torch import nn

from dqn_helpers import DQN, ReplayBuffer, dqn_training_step, train_dqn
from dqn_helpers.environments import PROBES, chain_q_values


def adam(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=0.01, fused=True)


def learned_q_values(
    name: str,
    observations: np.ndarray,
    discount_factor: float,
    *,
    n_steps: int = 1_000,
    hidden_sizes: tuple[int, ...] = (16,),
    make_optimizer: Callable[[nn.Module], torch.optim.Optimizer] = adam,
    training_step: Callable[..., float] = dqn_training_step,
) -> np.ndarray:
    """Träna med slumpmässigt spel (ε = 1) och målnätverk; ger Q-värdena i `observations`."""
    torch.manual_seed(0)
    env = gym.make(name)
    model = DQN.for_env(env, hidden_sizes)
    train_dqn(
        model, env, ReplayBuffer(10_000), make_optimizer(model), nn.MSELoss(),
        n_episodes=n_steps, warmup=10, batch_size=32, discount_factor=discount_factor,
        target_model=copy.deepcopy(model), epsilon_end=1.0, training_step=training_step,
        seed=1, max_steps=n_steps, progress=False,
    )  # fmt: skip
    with torch.no_grad():
        return model(torch.as_tensor(observations, dtype=torch.float32)).numpy()


@pytest.mark.parametrize(
    ("name", "gamma"), [*((name, 0.9) for name in PROBES), ("dqn_helpers/ProbeDelay-v0", 0.5)]
)
def test_probe_environments_reach_their_exact_q_values(name: str, gamma: float):
    observations, exact = PROBES[name](gamma)
    np.testing.assert_allclose(learned_q_values(name, observations, gamma), exact, atol=0.005)


# Utan dolda lager är nätverket en tabell, och rak gradientnedstigning går ända fram.


def test_chain_reaches_its_exact_q_values():
    learned = learned_q_values(
        "dqn_helpers/Chain-v0",
        np.eye(5),
        0.9,
        n_steps=2_000,
        hidden_sizes=(),
        make_optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=1.0),
    )
    np.testing.assert_allclose(learned, chain_q_values(0.9), atol=0.005)


# --- en tidsgräns är inte ett slut (Pardo m.fl. 2018) --------------------------------------------


class TimeLimitAsTheEnd:
    """En buffert som påstår att en tidsgräns är ett sluttillstånd: det vanliga felet."""

    def __init__(self, replay_buffer: Any) -> None:
        self._replay_buffer = replay_buffer

    def __len__(self) -> int:
        return len(self._replay_buffer)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        *rest, terminated, truncated = self._replay_buffer[index]
        return (*rest, terminated or truncated, truncated)


def step_with_the_usual_mistake(
    model: Any, optimizer: Any, criterion: Any, replay_buffer: Any, *rest: Any
) -> float:
    return dqn_training_step(model, optimizer, criterion, TimeLimitAsTheEnd(replay_buffer), *rest)


@pytest.mark.parametrize(
    ("training_step", "wanted", "tolerance"),
    [
        (dqn_training_step, 1 / (1 - 0.9), 0.05),
        # Var tionde erfarenhet tros vara slut, så målen och därmed Q-värdet hoppar lite.
        (step_with_the_usual_mistake, 1 / (1 - 0.9 * 0.9), 0.6),
    ],
    ids=["right", "mistake"],
)
def test_loop_tells_time_limit_from_termination(
    training_step: Callable[..., float], wanted: float, tolerance: float
):
    """Med γ = 0,9 och tidsgräns 10 är Q = 10; den som slutar vid gränsen får 5,26."""
    learned = learned_q_values(
        "dqn_helpers/Loop-v0",
        np.ones((1, 1)),
        0.9,
        hidden_sizes=(),
        make_optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=0.05),
        training_step=training_step,
    )
    assert learned.item() == pytest.approx(wanted, abs=tolerance)
