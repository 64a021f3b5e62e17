"""Miljöer och nätverk där allt går att räkna ut för hand, för träningens tester."""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from torch import nn


class ScriptedEnv(gym.Env):
    """Episoder av bestämd längd; observationen är [steg i episoden, episodens nummer].

    Belöningen är stegets nummer i episoden, 1, 2, 3 …

    Args:
        episode_length: antalet steg.
        ends: "terminated" eller "truncated".
        reuse_array: ge samma array varje gång, som en miljö får göra.
    """

    def __init__(
        self, episode_length: int = 5, ends: str = "terminated", reuse_array: bool = False
    ) -> None:
        self.observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float32)
        self.action_space = spaces.Discrete(3)
        self.episode_length = episode_length
        self.ends = ends
        self.reuse_array = reuse_array
        self.total_steps = 0
        self.reset_seeds: list[int | None] = []
        self._obs = np.array([0, -1], np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self.reset_seeds.append(seed)
        return self._show(0, self._obs[1] + 1), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self.total_steps += 1
        step = self._obs[0] + 1
        last = step == self.episode_length
        obs = self._show(step, self._obs[1])
        return (
            obs,
            float(step),
            bool(last and self.ends == "terminated"),
            bool(last and self.ends == "truncated"),
            {},
        )

    def _show(self, step: float, episode: float) -> np.ndarray:
        if not self.reuse_array:
            self._obs = self._obs.copy()
        self._obs[:] = step, episode
        return self._obs


class OneWeight(nn.Module):
    """En enda vikt w; Q-värdena är w gånger handlingens nummer."""

    def __init__(self, n_actions: int = 3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.n_actions = n_actions

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return self.weight * torch.arange(self.n_actions).expand(len(obs), -1)


class RecordingStep:
    """Ett träningssteg som antecknar när det anropas och ökar vikten med 1."""

    def __init__(self, env: ScriptedEnv) -> None:
        self.env = env
        self.at_steps: list[int] = []
        self.target_weights: list[float] = []
        self.arguments: list[tuple[Any, ...]] = []

    def __call__(
        self,
        model: nn.Module,
        optimizer: Any,
        criterion: Any,
        replay_buffer: Any,
        batch_size: int,
        discount_factor: float,
        target_model: nn.Module | None = None,
    ) -> float:
        self.at_steps.append(self.env.total_steps)
        self.arguments.append(
            (model, optimizer, criterion, replay_buffer, batch_size, discount_factor, target_model)
        )
        if target_model is not None:
            self.target_weights.append(weight_of(target_model))
        with torch.no_grad():
            model.weight += 1
        return 10.0 * len(self.at_steps)


def weight_of(model: nn.Module) -> float:
    """Vikten i ett `OneWeight`."""
    return model.weight.item()


class TableNetwork(nn.Module):
    """Q-värden som står i en tabell: observationen är radens nummer."""

    def __init__(self, table: list[list[float]]) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.tensor(table))

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return self.table[obs[:, 0].long()]
