"""Utvärdering: girigt, på startlägen som agenten inte har tränat på, utan att något lärs in.

En inlärningskurva från träningen duger inte som utvärdering: där utforskar agenten fortfarande.
"""

from collections.abc import Sequence
from typing import NamedTuple

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from dqn_helpers.checks import (
    as_seed,
    check_at_least,
    check_observation,
    from_reset,
    from_step,
    space_sizes,
)
from dqn_helpers.network import device_of, evaluation_mode


def greedy_returns(
    model: nn.Module,
    env: gym.Env,
    n_episodes: int = 100,
    *,
    seed: int | None = None,
    max_episode_steps: int = 10_000,
) -> np.ndarray:
    """Spela giriga episoder, en i taget, i vilken miljö som helst som DQN klarar.

    Modellen, bufferten och torchs slump lämnas orörda.

    Args:
        model: nätverket.
        env: miljön; avkastningen räknas i de belöningar den ger.
        n_episodes: antalet episoder.
        seed: slumpfrö för den första starten; de andra följer i miljöns egen slump. Välj ett frö
            som inte har använts i träningen.
        max_episode_steps: en episod bryts senast här, för miljöer utan egen tidsgräns.

    Returns:
        float64 (n_episodes,), varje episods odiskonterade avkastning.

    Raises:
        ValueError: om DQN inte klarar miljön eller `n_episodes` är mindre än 1.
    """
    check_at_least(1, n_episodes=n_episodes)
    returns = []
    for episode in range(n_episodes):
        episode_seed = seed if episode == 0 else None
        trace = greedy_episode(model, env, seed=episode_seed, max_episode_steps=max_episode_steps)
        returns.append(trace.rewards.sum())
    return np.array(returns)


class EpisodeTrace(NamedTuple):
    """En spelad episod med T steg."""

    observations: np.ndarray  # (T, n), där handlingarna valdes
    actions: np.ndarray  # int64 (T,)
    rewards: np.ndarray  # float64 (T,)
    predicted_q_values: np.ndarray  # float64 (T,), nätverkets Q(s_t, a_t)
    terminated: bool  # falskt om episoden avbröts av en tidsgräns


def greedy_episode(
    model: nn.Module,
    env: gym.Env,
    *,
    seed: int | None = None,
    max_episode_steps: int = 10_000,
) -> EpisodeTrace:
    """Spela en girig episod och anteckna vad nätverket trodde om varje steg.

    Raises:
        ValueError: om DQN inte klarar miljön, om den ger något annat än ändliga tal eller om
            `max_episode_steps` är mindre än 1.
    """
    space_sizes(env)
    check_at_least(1, max_episode_steps=max_episode_steps)
    steps: list[tuple[np.ndarray, int, float, float]] = []
    obs, _ = from_reset(env.reset(seed=as_seed(seed)))
    terminated = truncated = False
    device = device_of(model)
    with evaluation_mode(model), torch.no_grad():
        while not (terminated or truncated) and len(steps) < max_episode_steps:
            obs = np.array(obs)
            check_observation(obs)
            obs_tensor = torch.as_tensor(obs[np.newaxis], dtype=torch.float32, device=device)
            q_values = model(obs_tensor).cpu().numpy()[0]
            action = int(q_values.argmax())
            next_obs, reward, terminated, truncated, _ = from_step(env.step(action))
            steps.append((obs, action, float(reward), float(q_values[action])))
            obs = next_obs
    observations, actions, rewards, predicted = zip(*steps, strict=True)
    return EpisodeTrace(
        np.array(observations),
        np.array(actions),
        np.array(rewards),
        np.array(predicted),
        bool(terminated),
    )


def vectorized_greedy_returns(
    model: nn.Module, vector_env: gym.vector.VectorEnv, *, seed: int | None = None
) -> np.ndarray:
    """En girig episod i var och en av en vektormiljös N miljöer, alla på en gång.

    Snabbt nog att göra mitt i träningen: se `environments.make_vector_cartpole`.

    Args:
        model: nätverket.
        vector_env: miljön; varje delmiljö måste ha en tidsgräns.
        seed: slumpfrö för startlägena; None fortsätter i miljöns egen slump, alltså nya lägen
            varje gång.

    Returns:
        float64 (N,), odiskonterade avkastningar.
    """
    obs, _ = vector_env.reset(seed=as_seed(seed))
    returns = np.zeros(vector_env.num_envs)
    playing = np.ones(vector_env.num_envs, dtype=bool)
    device = device_of(model)  # en gång, inte i varje steg: det kostar lika mycket som ett lager
    with evaluation_mode(model), torch.no_grad():
        while playing.any():
            obs_tensor = torch.as_tensor(obs, dtype=torch.float32, device=device)
            actions = model(obs_tensor).cpu().numpy().argmax(axis=1)
            obs, rewards, terminated, truncated, _ = vector_env.step(actions)
            # Efter slutet börjar delmiljön om av sig själv: det räknas inte.
            returns += np.where(playing, rewards, 0.0)
            playing &= ~(terminated | truncated)
    return returns


def realised_returns(
    rewards: Sequence[float] | np.ndarray, discount_factor: float, tail_value: float = 0.0
) -> np.ndarray:
    """Den diskonterade avkastning som verkligen kom efter varje steg i en episod.

    G_t = r_t + γ · G_{t+1}, räknat bakifrån (Sutton och Barto 2018, ekvation 3.9).

    Args:
        rewards: T belöningar i tur och ordning.
        discount_factor: γ.
        tail_value: värdet av det som följer efter det sista steget: 0 om episoden slutade på
            riktigt, annars till exempel nätverkets egen skattning vid tidsgränsen.

    Returns:
        float64 (T,).
    """
    returns = np.empty(len(rewards))
    following = tail_value
    for t in reversed(range(len(rewards))):
        following = float(rewards[t]) + discount_factor * following
        returns[t] = following
    return returns
