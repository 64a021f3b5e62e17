"""Buffertarna som jämförs: att lägga till en erfarenhet och att dra en batch på 64."""

import functools
import importlib.util
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import torch

from dqn_helpers import ReplayBuffer, sample_experiences

BATCH_SIZE = 64

Call = Callable[[], Any]
Pair = tuple[Call, Call]
"""Att lägga till en erfarenhet, och att dra en batch."""

FIELDS = ("state", "action", "reward", "next_state", "terminated")


def columns(n: int) -> dict[str, np.ndarray]:
    """n påhittade erfarenheter ur CartPole, ett fält i taget."""
    rng = np.random.default_rng(0)
    return {
        "state": rng.normal(size=(n, 4)).astype(np.float32),
        "action": rng.integers(2, size=n),
        "reward": np.ones(n, np.float32),
        "next_state": rng.normal(size=(n, 4)).astype(np.float32),
        "terminated": rng.random(n) < 0.05,
    }


def tuples(data: dict[str, np.ndarray]) -> Iterator[tuple[Any, ...]]:
    """Samma erfarenheter som tupler; observationerna är egna arrayer, som ur en miljö."""
    for i in range(len(data["reward"])):
        yield (
            data["state"][i].copy(), int(data["action"][i]), 1.0, data["next_state"][i].copy(),
            bool(data["terminated"][i]), False,
        )  # fmt: skip


ONE = (np.ones(4, np.float32), 1, 1.0, np.ones(4, np.float32), False, False)


def a_list(data: dict[str, np.ndarray]) -> Pair:
    """En lista där den äldsta platsen skrivs över; tuplerna packas till tensorer vid dragningen."""
    stored, place = list(tuples(data)), 0

    def append() -> None:
        nonlocal place
        stored[place] = ONE
        place = (place + 1) % len(stored)

    return append, lambda: sample_experiences(stored, BATCH_SIZE)


def a_deque(data: dict[str, np.ndarray]) -> Pair:
    """Som i de äldre anteckningarna."""
    stored = deque(tuples(data), maxlen=len(data["reward"]))
    return lambda: stored.append(ONE), lambda: sample_experiences(stored, BATCH_SIZE)


def course(data: dict[str, np.ndarray]) -> Pair:
    """Kursens ringbuffert, en array för varje fält."""
    buffer = ReplayBuffer(len(data["reward"]))
    for experience in tuples(data):
        buffer.append(experience)
    return lambda: buffer.append(ONE), lambda: sample_experiences(buffer, BATCH_SIZE)


def stable_baselines(data: dict[str, np.ndarray]) -> Pair:
    """Stable-Baselines3, med tidsgränserna för sig."""
    from stable_baselines3.common.buffers import ReplayBuffer as TheirBuffer

    env, n = gym.make("CartPole-v1"), len(data["reward"])
    buffer = TheirBuffer(n, env.observation_space, env.action_space, device="cpu")
    for ours, theirs in (("state", buffer.observations), ("next_state", buffer.next_observations),
                         ("action", buffer.actions), ("reward", buffer.rewards),
                         ("terminated", buffer.dones)):  # fmt: skip
        theirs[:] = data[ours].reshape(theirs.shape)
    buffer.full = True
    state, action, reward, next_state, *_ = (np.array([value]) for value in ONE)
    done, infos = np.array([False]), [{}]
    return (
        lambda: buffer.add(state, next_state, action, reward, done, infos),
        lambda: buffer.sample(BATCH_SIZE),
    )


def cpprb(data: dict[str, np.ndarray]) -> Pair:
    """Biblioteket `cpprb`, skrivet i C++; dess batch görs här till tensorer, som de andras."""
    from cpprb import ReplayBuffer as TheirBuffer

    shapes = {"state": {"shape": 4}, "next_state": {"shape": 4}, "action": {"dtype": np.int64},
              "reward": {}, "terminated": {"dtype": np.bool_}}  # fmt: skip
    buffer = TheirBuffer(len(data["reward"]), shapes)
    buffer.add(**data)
    one = dict(zip(FIELDS, ONE, strict=False))
    return (
        lambda: buffer.add(**one),
        lambda: [torch.from_numpy(column) for column in buffer.sample(BATCH_SIZE).values()],
    )


def torchrl(data: dict[str, np.ndarray]) -> Pair:
    """PyTorchs eget bibliotek `torchrl`, med en tensor för varje fält."""
    from tensordict import TensorDict
    from torchrl.data import LazyTensorStorage, TensorDictReplayBuffer

    n = len(data["reward"])
    buffer = TensorDictReplayBuffer(storage=LazyTensorStorage(n), batch_size=BATCH_SIZE)
    buffer.extend(TensorDict({name: torch.from_numpy(data[name]) for name in FIELDS}, [n]))
    values = zip(FIELDS, ONE, strict=False)
    one = TensorDict({name: torch.as_tensor(value) for name, value in values})
    return lambda: buffer.add(one), buffer.sample


BUFFERS: dict[str, tuple[Callable[[dict[str, np.ndarray]], Pair], str]] = {
    "kursens ringbuffert": (course, ""),
    "lista av tupler": (a_list, ""),
    "deque av tupler": (a_deque, ""),
    "Stable-Baselines3": (stable_baselines, "stable_baselines3"),
    "cpprb": (cpprb, "cpprb"),
    "torchrl": (torchrl, "torchrl"),
}
"""Namnet i tabellen → bufferten, och paketet den behöver."""


def is_installed(package: str) -> bool:
    """Sant om paketet går att importera."""
    return importlib.util.find_spec(package) is not None


@functools.lru_cache(maxsize=1)  # en miljon tupler tar en stund att göra
def filled(n_stored: int) -> dict[str, Pair]:
    """Alla buffertar som finns här, fyllda till brädden."""
    data = columns(n_stored)
    return {
        name: make(data)
        for name, (make, package) in BUFFERS.items()
        if not package or is_installed(package)
    }
