"""De andra programmen som lär sig CartPole, på så få rader att det går att se vad som jämförs.

Stable-Baselines3 körs som det är. De äldre anteckningarna och CleanRL är omskrivna med egna ord
efter sina algoritmer och tal. Båda får kursens snabba ringbuffert, vilket är till deras fördel.
"""

import copy
import random
from typing import Any

import gymnasium as gym
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.watch import Watch
from dqn_helpers import (
    DQN,
    ReplayBuffer,
    choose_dqn_action,
    make_cartpole,
    sample_experiences,
)

Trained = tuple[nn.Module, int, int]
"""Nätverket, antalet miljösteg och antalet träningssteg."""

# --- de äldre anteckningarna ---------------------------------------------------------------------

OLDER_EPISODES, OLDER_WARMUP, OLDER_BATCH, OLDER_GAMMA = 800, 30, 32, 0.95


def older_notes(seed: int, watch: Watch, max_steps: int, check_every: int) -> Trained:
    """De anteckningar som kursen växte fram ur: ett träningssteg per episod, inget målnätverk.

    ε sjunker rakt från 1 till 0,01 på femhundra episoder, och en episod är högst tusen steg.
    """
    torch.manual_seed(seed)
    env = gym.make("CartPole-v1", max_episode_steps=1_000)
    model, buffer = DQN(hidden_sizes=(32, 32)), ReplayBuffer(100_000)
    optimizer = torch.optim.NAdam(model.parameters(), lr=0.03)
    steps = gradient_steps = 0
    for episode in range(OLDER_EPISODES):
        if steps >= max_steps:
            break
        obs, _ = env.reset(seed=seed if episode == 0 else None)
        epsilon, over = max(1 - episode / 500, 0.01), False
        while not over and steps < max_steps:
            action = choose_dqn_action(model, obs, epsilon)
            next_obs, reward, terminated, truncated, _ = env.step(action)
            over = terminated or truncated
            buffer.append((obs, action, reward, next_obs, over, truncated))
            obs, steps = next_obs, steps + 1
            if steps % check_every == 0:
                watch.check(model, steps, gradient_steps)
        if episode >= OLDER_WARMUP and len(buffer) >= OLDER_BATCH:
            step_towards(model, model, optimizer, buffer, OLDER_BATCH, OLDER_GAMMA)
            gradient_steps += 1
    return model, steps, gradient_steps


def step_towards(
    model: nn.Module, target: nn.Module, optimizer: Any, buffer: Any, batch_size: int, gamma: float
) -> None:
    """Ett vanligt träningssteg utan kontroller: kvadratfelet mot r + γ · max Q."""
    state, action, reward, next_state, ended, _ = sample_experiences(buffer, batch_size)
    with torch.no_grad():
        goal = reward + gamma * target(next_state).max(dim=1).values * ~ended
    predicted = model(state).gather(1, action.unsqueeze(1)).squeeze(1)
    loss = F.mse_loss(predicted, goal)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


# --- CleanRL -------------------------------------------------------------------------------------

CLEANRL_STEPS = 500_000
"""CleanRL:s eget antal miljösteg; ε sjunker under hälften av dem också när vi slutar tidigare."""


def cleanrl(seed: int, watch: Watch, max_steps: int, check_every: int) -> Trained:
    """CleanRL:s `dqn.py` med dess förvalda tal, utan loggning och utan vektormiljö."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    env = gym.make("CartPole-v1")
    model, buffer = DQN(hidden_sizes=(120, 84)), ReplayBuffer(10_000)
    target, optimizer = copy.deepcopy(model), torch.optim.Adam(model.parameters(), lr=2.5e-4)
    obs, _ = env.reset(seed=seed)
    gradient_steps = 0
    for step in range(max_steps):
        epsilon = max(1 - 0.95 * step / (0.5 * CLEANRL_STEPS), 0.05)
        if rng.random() < epsilon:
            action = rng.randrange(2)
        else:
            with torch.no_grad():
                action = int(model(torch.from_numpy(obs).unsqueeze(0)).argmax())
        next_obs, reward, terminated, truncated, _ = env.step(action)
        buffer.append((obs, action, reward, next_obs, terminated, truncated))
        obs = env.reset()[0] if terminated or truncated else next_obs
        if step > 10_000 and step % 10 == 0:
            step_towards(model, target, optimizer, buffer, 128, 0.99)
            gradient_steps += 1
        if step > 10_000 and step % 500 == 0:
            target.load_state_dict(model.state_dict())
        if (step + 1) % check_every == 0:
            watch.check(model, step + 1, gradient_steps)
            if watch.enough:
                break
    return model, step + 1, gradient_steps


# --- Stable-Baselines3 ---------------------------------------------------------------------------

ZOO: dict[str, Any] = {
    "learning_rate": 2.3e-3,
    "batch_size": 64,
    "buffer_size": 100_000,
    "learning_starts": 1_000,
    "gamma": 0.99,
    "target_update_interval": 10,
    "train_freq": 256,
    "gradient_steps": 128,
    "exploration_fraction": 0.16,
    "exploration_final_eps": 0.04,
    "policy_kwargs": {"net_arch": [256, 256]},
}
"""CartPole-v1 i `hyperparams/dqn.yml`, RL Baselines3 Zoo."""

ZOO_STEPS = 50_000
"""Zoos `n_timesteps`; ε sjunker under en andel av dem också när vi slutar tidigare."""


def their_agent(env: gym.Env, seed: int = 0, **changes: Any) -> Any:
    """Stable-Baselines3:s agent med Zoos inställningar, så när som på ändringarna."""
    import stable_baselines3

    return stable_baselines3.DQN("MlpPolicy", env, **ZOO | changes, seed=seed, device="cpu")


def stable_baselines(
    seed: int, watch: Watch, max_steps: int, check_every: int, *, scaled: bool = False
) -> Trained:
    """Stable-Baselines3:s DQN med de inställningar som RL Baselines3 Zoo har valt för CartPole.

    Med `scaled` får den kursens skalningar av observation och belöning; inget annat ändras.
    """
    agent = their_agent(make_cartpole() if scaled else gym.make("CartPole-v1"), seed)

    def after_step(found: dict[str, Any], _: Any) -> bool:
        if agent.num_timesteps % check_every == 0:
            watch.check(agent.q_net, agent.num_timesteps, agent._n_updates)
        return agent.num_timesteps < max_steps and not watch.enough

    agent.learn(total_timesteps=ZOO_STEPS, callback=after_step)
    return agent.q_net, agent.num_timesteps, agent._n_updates
