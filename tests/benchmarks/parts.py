"""Delarna var för sig: buffert, träningssteg, handling och miljösteg, bredvid sina golv.

Ett golv är det som inte går att ta bort: nätverket framåt och bakåt, eller miljöns eget steg.
"""

import copy
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from benchmarks import buffers, peers
from benchmarks.buffers import BATCH_SIZE, Call
from benchmarks.contestants import double_step
from dqn_helpers import (
    DQN,
    ReplayBuffer,
    choose_dqn_action,
    dqn_training_step,
    make_cartpole,
    make_vector_cartpole,
    recipe,
    vectorized_greedy_returns,
)
from dqn_helpers.training import play_one_step

SIZES = (10_000, 100_000, 1_000_000)
"""Så många sparade erfarenheter prövas buffertarna med."""

BUFFERS = ("lägga till", "dra 64")

CHECK, N_STEPS = "prövning", 500
"""Gruppen där en hel prövning mäts, och antalet steg i den när alla episoder är fulla."""


def microseconds(
    calls: dict[str, Call], rounds: int = 15, repeats: int = 20, units: int = 1
) -> dict[str, float]:
    """Den kortaste processortiden per anrop, omväxlande och i slumpad ordning.

    Den kortaste, för att det som andra program stör med inte hör till delen. Gör ett anrop flera
    saker är tiden för en av dem, `units` stycken.
    """
    best = dict.fromkeys(calls, float("inf"))
    order = list(calls)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            start = time.process_time()
            for _ in range(repeats):
                calls[name]()
            best[name] = min(best[name], (time.process_time() - start) / (repeats * units))
    return {name: float(f"{1e6 * seconds:.3g}") for name, seconds in best.items()}


def buffer_costs(group: str, n_stored: int) -> dict[str, float]:
    """Vad det kostar att lägga till eller att dra när så många är sparade."""
    place = BUFFERS.index(group)
    return microseconds({name: pair[place] for name, pair in buffers.filled(n_stored).items()})


def filled_buffer() -> ReplayBuffer:
    """Tiotusen påhittade erfarenheter i kursens buffert."""
    buffer = ReplayBuffer(10_000)
    for experience in buffers.tuples(buffers.columns(10_000)):
        buffer.append(experience)
    return buffer


def training_steps() -> dict[str, Call]:
    """Ett helt träningssteg: dra 64, räkna målet, framåt, bakåt och ett steg med optimeraren."""
    buffer, loss = filled_buffer(), nn.MSELoss()
    calls: dict[str, Call] = {}
    for name, step in (("kursens DQN", dqn_training_step), ("kursens Double DQN", double_step())):
        model = DQN()
        arguments = (model, recipe.make_optimizer(model), loss, buffer, BATCH_SIZE, 0.99)
        calls[name] = partial(step, *arguments, copy.deepcopy(model))
    bare = DQN()
    batch = buffer.gather(np.arange(BATCH_SIZE))
    calls["golv: framåt, bakåt och optimeraren"] = partial(
        forward_backward, bare, recipe.make_optimizer(bare), batch
    )
    older = DQN(hidden_sizes=(32, 32))
    calls["de äldre anteckningarnas"] = partial(
        peers.step_towards, older, older, torch.optim.NAdam(older.parameters()),
        [buffer[i] for i in range(10_000)], 32, 0.95,
    )  # fmt: skip
    return calls | their_training_steps()


def forward_backward(model: nn.Module, optimizer: Any, batch: Any) -> None:
    """Det minsta ett träningssteg kan vara: en färdig batch, och målet är belöningen."""
    predicted = model(batch.state).gather(1, batch.action.unsqueeze(1)).squeeze(1)
    loss = nn.functional.mse_loss(predicted, batch.reward)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def their_training_steps() -> dict[str, Call]:
    """Stable-Baselines3:s träningssteg, med ett lika stort nätverk och lika stor batch."""
    if not buffers.is_installed("stable_baselines3"):
        return {}
    agent = their_small_agent()
    agent.learn(total_timesteps=1_200)  # fyller bufferten
    return {"Stable-Baselines3, lika stort nätverk": lambda: agent.train(1, BATCH_SIZE)}


def their_small_agent() -> Any:
    """Stable-Baselines3:s agent med ett lika stort nätverk som kursens."""
    return peers.their_agent(gym.make("CartPole-v1"), policy_kwargs={"net_arch": [64, 64]})


def actions() -> dict[str, Call]:
    """Att välja en girig handling i en observation."""
    model, obs = DQN(), np.ones(4, np.float32)
    one = torch.ones(1, 4)
    calls: dict[str, Call] = {
        "kursens `choose_dqn_action`": lambda: choose_dqn_action(model, obs),
        "golv: nätverket framåt": torch.no_grad()(lambda: model(one)),
    }
    if buffers.is_installed("stable_baselines3"):
        agent = their_small_agent()
        calls["Stable-Baselines3"] = lambda: agent.predict(obs, deterministic=True)
    return calls


def environment_steps() -> dict[str, Call]:
    """Ett steg i CartPole, med och utan det som kursen lägger omkring."""
    model, buffer = DQN(), ReplayBuffer(10_000)
    return {
        "kursens: välj, stega, spara": _stepping(
            make_cartpole(), lambda env, obs: play_one_step(model, env, buffer, obs, 0.0)
        ),
        "kursens miljö med skalningar": _stepping(
            make_cartpole(), lambda env, _: _first_and_over(env.step(1))
        ),
        "golv: gym.make": _stepping(
            gym.make("CartPole-v1"), lambda env, _: _first_and_over(env.step(1))
        ),
    }


def _stepping(env: gym.Env, step: Callable[[gym.Env, Any], Any]) -> Call:
    """Ett steg i taget; miljön börjar om när episoden är slut."""
    state = [env.reset(seed=0)[0]]

    def one_step() -> None:
        obs, _, over, _ = step(env, state[0])
        state[0] = env.reset()[0] if over else obs

    return one_step


def _first_and_over(stepped: Any) -> tuple[Any, float, bool, dict[str, Any]]:
    obs, reward, terminated, truncated, info = stepped
    return obs, reward, terminated or truncated, info


def checks() -> dict[str, Call]:
    """En girig prövning: hundra episoder med ett nätverk som klarar alla femhundra steg."""
    model, env = balanced(), make_vector_cartpole(recipe.N_EVALUATED)
    bare = gym.make_vec("CartPole-v1", num_envs=100, vectorization_mode="vector_entry_point")
    obs, push = torch.zeros(100, 4), np.arange(100) % 2

    def only_steps() -> None:
        bare.reset(seed=0)
        for _ in range(N_STEPS):
            bare.step(push)

    @torch.no_grad()
    def only_network() -> None:
        for _ in range(N_STEPS):
            model(obs)

    return {
        "kursens prövning": lambda: vectorized_greedy_returns(model, env, seed=0),
        "golv: hundra miljöer ett steg": only_steps,
        "golv: nätverket framåt": only_network,
    }


def balanced(scale: Sequence[float] = recipe.OBSERVATION_SCALE) -> nn.Module:
    """Ett nätverk av kursens storlek som aldrig tappar stången: det knuffar dit den lutar."""
    model = DQN()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        first, second, last = (layer for layer in model.layers if isinstance(layer, nn.Linear))
        lean = torch.tensor([0.0, 0.0, 1.0, 0.5]) / torch.tensor(scale)
        first.weight[0], first.weight[1] = lean, -lean
        second.weight[0, 0] = second.weight[1, 1] = 1.0
        last.weight[1, 0] = last.weight[0, 1] = 1.0
    return model


PIECES: dict[str, Callable[[], dict[str, Call]]] = {
    "träningssteg": training_steps,
    "handling": actions,
    "miljösteg": environment_steps,
}


def costs(group: str) -> dict[str, float]:
    """Mikrosekunder för en grupp ur `PIECES`, eller per steg i en prövning."""
    if group == CHECK:
        return microseconds(checks(), rounds=5, repeats=1, units=N_STEPS)
    return microseconds(PIECES[group]())
