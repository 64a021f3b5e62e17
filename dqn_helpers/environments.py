"""Kursens små miljöer, där man vet vad som är rätt svar, och CartPole med skalningar.

Miljöerna registreras i Gymnasium när `dqn_helpers` importeras och skapas med `gym.make`:

| namn | vad den är till för |
|---|---|
| `dqn_helpers/Kasinot-v0` | spelautomater där sant Q = 0: allt däröver är överskattning |
| `dqn_helpers/KasinotMedUtgang-v0` | i genomsnitt förlorar man, men man får gå hem (handling 0) |
| `dqn_helpers/Loop-v0` | ett tillstånd, belöning 1, tidsgräns 10: sant Q = 1/(1−γ) |
| `dqn_helpers/Chain-v0` | gå åt höger genom en korridor till målet |
| `dqn_helpers/Probe…-v0` | fem provmiljöer, var och en för en sak som kan vara fel |
"""

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.wrappers import (
    RecordEpisodeStatistics,
    TransformObservation,
    TransformReward,
)
from gymnasium.wrappers.vector import TransformObservation as TransformVectorObservation

from dqn_helpers.checks import check_at_least
from dqn_helpers.recipe import OBSERVATION_SCALE, REWARD_SCALE

Step = tuple[np.ndarray, float, bool, bool, dict[str, Any]]


def make_cartpole(
    observation_scale: Sequence[float] | None = OBSERVATION_SCALE,
    reward_scale: float | None = REWARD_SCALE,
    *,
    render_mode: str | None = None,
) -> gym.Env:
    """CartPole-v1 med kursens skalningar, gjorda med Gymnasiums egna omslag (wrappers).

    `RecordEpisodeStatistics` ligger innerst, så att avkastningar kan anges i miljöns egen skala.

    Args:
        observation_scale: fyra faktorer för observationen; None låter den vara.
        reward_scale: faktor för belöningen; None låter den vara.
        render_mode: `"rgb_array"` för att kunna rita.
    """
    env: gym.Env = RecordEpisodeStatistics(gym.make("CartPole-v1", render_mode=render_mode))
    if observation_scale is not None:
        scale = np.asarray(observation_scale, dtype=np.float32)
        env = TransformObservation(
            env, lambda obs: obs * scale, _scaled_box(env.observation_space, scale)
        )
    if reward_scale is not None:
        env = TransformReward(env, lambda reward: reward_scale * float(reward))
    return env


def make_vector_cartpole(
    n_envs: int = 100, observation_scale: Sequence[float] | None = OBSERVATION_SCALE
) -> gym.vector.VectorEnv:
    """Många CartPole på en gång, för snabb utvärdering; belöningen är oskalad.

    Gymnasiums särskilda vektorversion räknar alla i en enda numpy-operation.

    Args:
        n_envs: antalet delmiljöer.
        observation_scale: samma skalning som agenten tränades med.
    """
    vector_env = gym.make_vec(
        "CartPole-v1", num_envs=n_envs, vectorization_mode="vector_entry_point"
    )
    if observation_scale is None:
        return vector_env
    scale = np.asarray(observation_scale, dtype=np.float32)
    return TransformVectorObservation(
        vector_env,
        lambda obs: obs * scale,
        single_observation_space=_scaled_box(vector_env.single_observation_space, scale),
        observation_space=_scaled_box(vector_env.observation_space, scale),
    )


def _scaled_box(space: gym.Space, scale: np.ndarray) -> spaces.Box:
    """Observationsrummet efter skalningen."""
    assert isinstance(space, spaces.Box)
    return spaces.Box(space.low * scale, space.high * scale, dtype=np.float32)


class Kasinot(gym.Env):
    """Spelautomater som inte går att lista ut.

    Observationen är fyra tal mellan −1 och 1 som inte betyder något. Varje automat betalar ett
    normalfördelat tal med samma medelvärde. Är medelvärdet 0 är Q = 0 för alla automater, alla
    observationer och alla policyer: det nätverket påstår därutöver är överskattning.

    Args:
        n_machines: antalet automater.
        mean: vad en automat betalar i genomsnitt.
        exit_door: sant om handling 0 är att gå hem (belöning 0, sluttillstånd); automaterna är då
            handling 1 och uppåt.

    Källa: efter Sutton och Barto 2018, exempel 6.7, i en form som kräver ett nätverk.
    """

    def __init__(self, n_machines: int = 20, mean: float = 0.0, exit_door: bool = False) -> None:
        check_at_least(1, n_machines=n_machines)
        self.mean = mean
        self.exit_door = exit_door
        self.observation_space = spaces.Box(-1.0, 1.0, (4,), np.float32)
        self.action_space = spaces.Discrete(n_machines + int(exit_door))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Börja en ny kväll på kasinot."""
        super().reset(seed=seed)
        return self._observe(), {}

    def step(self, action: int) -> Step:
        """Dra i en spak, eller gå hem."""
        if self.exit_door and action == 0:
            return self._observe(), 0.0, True, False, {}
        return self._observe(), float(self.np_random.normal(self.mean)), False, False, {}

    def _observe(self) -> np.ndarray:
        return self.np_random.uniform(-1, 1, 4).astype(np.float32)


class Loop(gym.Env):
    """Ett enda tillstånd, en enda handling, belöningen 1 i varje steg, i all evighet.

    Registrerad med tidsgräns 10. Det sanna värdet är 1/(1−γ), 10 för γ = 0,9. Den som räknar
    tidsgränsen som ett sluttillstånd får 1/(1−γ(1−1/10)), alltså 5,26.

    Källa: Pardo m.fl., *Time limits in reinforcement learning*, ICML 2018.
    """

    def __init__(self) -> None:
        self.observation_space = spaces.Box(0.0, 1.0, (1,), np.float32)
        self.action_space = spaces.Discrete(1)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Börja om i det enda tillståndet."""
        super().reset(seed=seed)
        return np.ones(1, np.float32), {}

    def step(self, action: int) -> Step:
        """Ett varv till."""
        return np.ones(1, np.float32), 1.0, False, False, {}


class Chain(gym.Env):
    """En korridor: handling 0 går åt vänster, 1 åt höger; längst till höger väntar 1 i belöning.

    Observationen är ett tal per plats, 1 där man står och 0 annars. Med N platser är det bästa
    värdet γ^(N−1−i) på plats i (`chain_q_values` räknar ut alla).

    Args:
        n_places: antalet platser N utom målet.
    """

    def __init__(self, n_places: int = 5) -> None:
        check_at_least(1, n_places=n_places)
        self.n_places = n_places
        self.observation_space = spaces.Box(0.0, 1.0, (n_places,), np.float32)
        self.action_space = spaces.Discrete(2)
        self._place = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Börja längst till vänster."""
        super().reset(seed=seed)
        self._place = 0
        return self._observe(), {}

    def step(self, action: int) -> Step:
        """Ett steg åt vänster eller höger."""
        self._place = max(self._place + (1 if action == 1 else -1), 0)
        arrived = self._place == self.n_places
        return self._observe(), float(arrived), arrived, False, {}

    def _observe(self) -> np.ndarray:
        obs = np.zeros(self.n_places, np.float32)
        if self._place < self.n_places:
            obs[self._place] = 1.0
        return obs


def chain_q_values(discount_factor: float, n_places: int = 5) -> np.ndarray:
    """De exakta Q-värdena i `Chain`, float64 (n_places, 2): kolumn 0 är vänster, kolumn 1 höger."""
    places = np.arange(n_places)
    right = discount_factor ** (n_places - 1 - places)
    left = discount_factor * right[np.maximum(places - 1, 0)]
    return np.column_stack([left, right])


class Probe(gym.Env):
    """En provmiljö: så liten att bara en sak i taget kan vara fel.

    Idén kommer från Andy Jones, *Debugging RL, Without the Agonizing Pain* (2021).

    Args:
        start_values: de värden som den första observationen dras ur; den är ett enda tal.
        reward: funktion (observation, handling) → belöning i det sista steget.
        n_actions: antalet handlingar.
        n_steps: episodens längd; bara det sista steget ger belöning, och observationen där är 1.
    """

    def __init__(
        self,
        start_values: Sequence[float],
        reward: Callable[[float, int], float],
        n_actions: int = 1,
        n_steps: int = 1,
    ) -> None:
        self.observation_space = spaces.Box(-1.0, 1.0, (1,), np.float32)
        self.action_space = spaces.Discrete(n_actions)
        self._start_values = start_values
        self._reward = reward
        self._n_steps = n_steps
        self._obs, self._steps_left = 0.0, n_steps

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Dra ett startvärde."""
        super().reset(seed=seed)
        self._obs = float(self.np_random.choice(self._start_values))
        self._steps_left = self._n_steps
        return np.array([self._obs], np.float32), {}

    def step(self, action: int) -> Step:
        """Ett steg; det sista ger belöningen."""
        self._steps_left -= 1
        done = self._steps_left == 0
        reward = self._reward(self._obs, int(action)) if done else 0.0
        self._obs = 1.0
        return np.array([self._obs], np.float32), reward, done, False, {}


PROBES: dict[str, Callable[[float], tuple[np.ndarray, np.ndarray]]] = {
    # Lär sig nätverket alls något? Belöningen är alltid 1.
    "dqn_helpers/ProbeConstant-v0": lambda gamma: (np.array([[0.0]]), np.array([[1.0]])),
    # Ser nätverket observationen? Belöningen är observationen.
    "dqn_helpers/ProbeObservation-v0": lambda gamma: (
        np.array([[-1.0], [1.0]]),
        np.array([[-1.0], [1.0]]),
    ),
    # Diskonteras framtiden? Två steg, belöning 1 i det sista.
    "dqn_helpers/ProbeDelay-v0": lambda gamma: (
        np.array([[0.0], [1.0]]),
        np.array([[gamma], [1.0]]),
    ),
    # Skiljer nätverket på handlingarna? Handling 0 ger −1, handling 1 ger +1.
    "dqn_helpers/ProbeAction-v0": lambda gamma: (np.array([[0.0]]), np.array([[-1.0, 1.0]])),
    # Båda samtidigt: handlingen ska passa observationen.
    "dqn_helpers/ProbeMatch-v0": lambda gamma: (
        np.array([[-1.0], [1.0]]),
        np.array([[1.0, -1.0], [-1.0, 1.0]]),
    ),
}
"""Provmiljöerna och deras facit: γ → (observationer (N, 1), exakta Q-värden (N, A))."""


def _reward_for_match(obs: float, action: int) -> float:
    return 1.0 if (obs > 0) == (action == 1) else -1.0


def _register() -> None:
    """Gör miljöerna kända för `gym.make`."""
    module = "dqn_helpers.environments"
    entries: dict[str, dict[str, Any]] = {
        "dqn_helpers/Kasinot-v0": {"entry_point": f"{module}:Kasinot", "max_episode_steps": 100},
        "dqn_helpers/KasinotMedUtgang-v0": {
            "entry_point": f"{module}:Kasinot",
            "max_episode_steps": 100,
            "kwargs": {"mean": -0.1, "exit_door": True},
        },
        "dqn_helpers/Loop-v0": {"entry_point": f"{module}:Loop", "max_episode_steps": 10},
        "dqn_helpers/Chain-v0": {"entry_point": f"{module}:Chain", "max_episode_steps": 100},
    }
    probes: dict[str, dict[str, Any]] = {
        "dqn_helpers/ProbeConstant-v0": {"start_values": (0.0,), "reward": lambda obs, a: 1.0},
        "dqn_helpers/ProbeObservation-v0": {
            "start_values": (-1.0, 1.0),
            "reward": lambda obs, a: obs,
        },
        "dqn_helpers/ProbeDelay-v0": {
            "start_values": (0.0,),
            "reward": lambda obs, a: 1.0,
            "n_steps": 2,
        },
        "dqn_helpers/ProbeAction-v0": {
            "start_values": (0.0,),
            "reward": lambda obs, a: 1.0 if a == 1 else -1.0,
            "n_actions": 2,
        },
        "dqn_helpers/ProbeMatch-v0": {
            "start_values": (-1.0, 1.0),
            "reward": _reward_for_match,
            "n_actions": 2,
        },
    }
    for name, kwargs in probes.items():
        entries[name] = {"entry_point": f"{module}:Probe", "kwargs": kwargs}
    for name, entry in entries.items():
        if name not in gym.registry:  # modulen kan laddas om i en anteckningsbok
            gym.register(name, **entry)


_register()
