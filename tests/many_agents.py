"""Tränar många CartPole-agenter samtidigt: samma regler som `train_dqn`, men en enda räkning.

Ett nätverk i taget använder processorn dåligt: näten är för små. Här ligger alla agenters vikter i
samma tensorer, med agentens nummer först, så hundra agenter tar ungefär lika lång tid som tio.
`test_many_agents.py` håller räkningen mot `dqn_training_step` och mot Gymnasiums CartPole.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from dqn_helpers import recipe
from dqn_helpers.studies.cartpole import CHECK_EVERY, N_STEPS, kept_with_stop_rule

SIZES = (4, 64, 64, 2)
TIME_LIMIT = 500


@dataclass(frozen=True)
class Variant:
    """Receptet med en sak ändrad.

    Attributes:
        settings: det som ändras i `recipe.TRAINING`; `target_model=None` är inget målnätverk.
        observation_scale: observationens skalning; None tar bort den.
        reward_scale: belöningens skalning; None tar bort den.
        buffer_size: hur många erfarenheter som får plats.
        learning_rate: optimerarens inlärningshastighet.
        huber: Huberförlusten med gränsen 1 i miljöns belöningar; annars kvadratfelet.
        tau: med ett tal blir målnätverket en mjuk kopia efter varje träningssteg.
        once_per_episode: ett enda träningssteg efter varje episod.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    observation_scale: tuple[float, ...] | None = recipe.OBSERVATION_SCALE
    reward_scale: float | None = recipe.REWARD_SCALE
    buffer_size: int = recipe.BUFFER_SIZE
    learning_rate: float = recipe.LEARNING_RATE
    huber: bool = False
    tau: float | None = None
    once_per_episode: bool = False


def _setting(*, huber: bool = False, **settings: Any) -> Variant:
    return Variant(settings, huber=huber)


VARIANTS: dict[str, Variant] = {
    "kursens recept": Variant(),
    # Hur målnätverket uppdateras, och med vilken förlust.
    "C = 20": _setting(target_update_every=20),
    "C = 100": _setting(target_update_every=100),
    "mjuk kopia": Variant(tau=0.05),
    "C = 5, Huber": Variant(huber=True),
    "C = 100, Huber": _setting(target_update_every=100, huber=True),
    # En del borttagen i taget.
    "utan målnätverk": _setting(target_model=None),
    "utan uppvärmning": _setting(warmup=0),
    "utan skalad observation": Variant(observation_scale=None),
    "utan skalad belöning": Variant(reward_scale=None),
    "ett träningssteg per episod": Variant(once_per_episode=True),
    # Minnet, och hur fort det lärs in.
    "64 platser": Variant(buffer_size=64),
    "1 000 platser": Variant(buffer_size=1_000),
    "långsammare inlärning": Variant(learning_rate=recipe.LEARNING_RATE / 4),
    # Förslag i det egna experimentet.
    "train_every=8": _setting(train_every=8),
    "discount_factor=0.9": _setting(discount_factor=0.9),
}
"""Namnet i `cartpole.json` → varianten. C är träningssteg mellan målnätverkets uppdateringar."""


Weights = list[torch.Tensor]
"""Vikterna i alla agenters lager: (L, in, ut) och (L, 1, ut) om vartannat, för L agenter."""


def step_cartpole(state: np.ndarray, action: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ett steg i L CartPole: float64 (L, 4) och (L,) → nästa tillstånd, och vilka som föll."""
    velocity, angle, spin = state.T[1:]
    force = np.where(action == 1, 10.0, -10.0)
    cos, sin = np.cos(angle), np.sin(angle)
    push = (force + 0.05 * spin**2 * sin) / 1.1
    turning = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
    sliding = push - 0.05 * turning * cos / 1.1
    rates = np.stack([velocity, sliding, spin, turning], axis=1)
    following = state + 0.02 * rates
    fell = (np.abs(following[:, 0]) > 2.4) | (np.abs(following[:, 2]) > math.radians(12))
    return following, fell


def q_values(weights: Weights, obs: torch.Tensor) -> torch.Tensor:
    """Alla agenters Q-värden, (L, B, 2), för observationer (L, B, 4)."""
    for place in range(0, len(weights), 2):
        obs = torch.baddbmm(weights[place + 1], obs, weights[place])
        obs = torch.relu(obs) if place + 2 < len(weights) else obs
    return obs


def first_weights(n_agents: int, generator: torch.Generator) -> Weights:
    """Startvikter ur samma fördelning som `nn.Linear` ger."""
    weights = []
    for n_in, n_out in itertools.pairwise(SIZES):
        for shape in ((n_agents, n_in, n_out), (n_agents, 1, n_out)):
            uniform = torch.rand(shape, generator=generator)
            weights.append((2 * uniform - 1) / math.sqrt(n_in))
    return weights


@dataclass
class Settings:
    """Allt som skiljer agenterna åt, en tensor (L,) av varje (se `Variant`)."""

    discount_factor: torch.Tensor
    learning_rate: torch.Tensor
    huber_limit: torch.Tensor  # oändligheten: kvadratfelet
    reward: torch.Tensor
    copy_every: torch.Tensor
    tau: torch.Tensor
    without_target: torch.Tensor
    double: torch.Tensor
    warmup: torch.Tensor
    train_every: torch.Tensor
    once_per_episode: torch.Tensor
    buffer_size: torch.Tensor
    scale: torch.Tensor  # (L, 4)


def settings_of(variants: Sequence[Variant], double: Sequence[bool]) -> Settings:
    """En rad per agent."""
    rows = []
    for v, is_double in zip(variants, double, strict=True):
        t = recipe.TRAINING | dict(v.settings)
        reward = v.reward_scale or 1.0
        rows.append((
            t["discount_factor"], v.learning_rate, reward if v.huber else math.inf, reward,
            10**9 if v.tau is not None else t["target_update_every"], v.tau or 0.0,
            "target_model" in t, is_double, t["warmup"], t["train_every"], v.once_per_episode,
            v.buffer_size,
        ))  # fmt: skip
    columns = [torch.tensor(column) for column in zip(*rows, strict=True)]
    scales = [v.observation_scale or (1.0,) * 4 for v in variants]
    return Settings(*columns, torch.tensor(scales))


class Adam:
    """Adam för alla agenter; en agent som inte tränar just nu lämnas orörd."""

    def __init__(self, weights: Weights, learning_rate: torch.Tensor) -> None:
        self._rate = learning_rate.view(-1, 1, 1)
        self._first = [torch.zeros_like(w) for w in weights]
        self._second = [torch.zeros_like(w) for w in weights]
        self.n_steps = torch.zeros(len(learning_rate))

    def step(
        self, weights: Weights, gradients: Sequence[torch.Tensor], active: torch.Tensor
    ) -> None:
        """Ett steg för de agenter som är aktiva, bool (L,)."""
        self.n_steps += active
        moves = active.float().view(-1, 1, 1)
        n = self.n_steps.clamp(min=1).view(-1, 1, 1)
        for w, gradient, first, second in zip(
            weights, gradients, self._first, self._second, strict=True
        ):
            first += 0.1 * moves * (gradient - first)
            second += 0.001 * moves * (gradient**2 - second)
            size = (second / (1 - 0.999**n)).sqrt() + 1e-8
            w -= moves * self._rate * (first / (1 - 0.9**n)) / size


def gradients_of(
    weights: Weights, target: Weights, batch: Sequence[torch.Tensor], s: Settings
) -> tuple[torch.Tensor, ...]:
    """Gradienten av varje agents förlust på sin egen batch."""
    state, action, next_state, fell = batch
    with torch.no_grad():
        following = q_values(target, next_state)
        best = following.max(2).values
        if s.double.any():
            chosen = q_values(weights, next_state).argmax(2, keepdim=True)
            best = torch.where(s.double.view(-1, 1), following.gather(2, chosen)[..., 0], best)
        goal = s.reward.view(-1, 1) + s.discount_factor.view(-1, 1) * best * ~fell
    learned = [w.detach().requires_grad_() for w in weights]
    error = q_values(learned, state).gather(2, action.unsqueeze(2)).squeeze(2) - goal
    limit, size = s.huber_limit.view(-1, 1), error.abs()
    outside = torch.where(limit.isinf(), 0.0, limit) * (size - 0.5 * limit.clamp(max=1e9))
    huber = torch.where(size <= limit, 0.5 * error**2, outside)
    losses = torch.where(limit.isinf(), error**2, huber).mean(dim=1)
    return torch.autograd.grad(losses.sum(), learned)


class ManyAgents:
    """L agenter som spelar, sparar, tränar och prövas i takt."""

    def __init__(self, settings: Settings, seed: int) -> None:
        n = len(settings.double)
        self.s, self.n = settings, n
        self._torch, self._rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
        self.weights = first_weights(n, self._torch)
        self.target = [w.clone() for w in self.weights]
        self.adam = Adam(self.weights, settings.learning_rate)
        self._states, self._following = torch.zeros(2, n, N_STEPS, 4)
        self._actions = torch.zeros(n, N_STEPS, dtype=torch.long)
        self._fell = torch.zeros(n, N_STEPS, dtype=torch.bool)
        self._state = self._starts(n)
        self._length, self._episode = np.zeros(n, int), np.zeros(n, int)

    def _starts(self, n: int) -> np.ndarray:
        return self._rng.uniform(-0.05, 0.05, (n, 4))

    def _seen(self, state: np.ndarray) -> torch.Tensor:
        return torch.tensor(state, dtype=torch.float32) * self.s.scale

    @torch.no_grad()
    def play(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Ett miljösteg; ger vilka som är förbi uppvärmningen och vilkas episod tog slut."""
        epsilon = max(1 - 0.95 * step / recipe.TRAINING["epsilon_decay_steps"], 0.05)
        seen = self._seen(self._state)
        greedy = q_values(self.weights, seen.unsqueeze(1))[:, 0].argmax(1).numpy()
        explores = self._rng.random(self.n) < epsilon
        action = np.where(explores, self._rng.integers(2, size=self.n), greedy)
        following, fell = step_cartpole(self._state, action)
        self._states[:, step], self._following[:, step] = seen, self._seen(following)
        self._actions[:, step] = torch.from_numpy(action)
        self._fell[:, step] = torch.from_numpy(fell)
        self._length += 1
        over = fell | (self._length >= TIME_LIMIT)
        warm = torch.from_numpy(self._episode >= self.s.warmup.numpy())
        self._episode += over
        self._length[over] = 0
        self._state = np.where(over[:, None], self._starts(self.n), following)
        return warm, torch.from_numpy(over)

    def train(self, step: int, active: torch.Tensor) -> None:
        """Ett träningssteg för de aktiva, och en uppdatering av de målnätverk som står i tur."""
        size = torch.minimum(self.s.buffer_size, torch.tensor(step + 1)).view(-1, 1)
        draws = torch.rand(self.n, recipe.TRAINING["batch_size"], generator=self._torch)
        places = step - (draws * size).long()  # ringen har kvar de senaste
        rows = torch.arange(self.n).view(-1, 1)
        columns = (self._states, self._actions, self._following, self._fell)
        batch = [column[rows, places] for column in columns]
        self.adam.step(self.weights, gradients_of(self.weights, self.target, batch, self.s), active)
        due = active & (self.adam.n_steps % self.s.copy_every == 0)
        share = torch.where(due | self.s.without_target, 1.0, self.s.tau * active)
        for target, w in zip(self.target, self.weights, strict=True):
            target.lerp_(w, share.view(-1, 1, 1))

    @torch.no_grad()
    def at_rest(self) -> np.ndarray:
        """Det bästa Q-värdet i vila, i miljöns belöningar, float (L,)."""
        best = q_values(self.weights, torch.zeros(self.n, 1, 4))[:, 0].max(1).values
        return (best / self.s.reward).numpy()

    @torch.no_grad()
    def scores(self, weights: Weights) -> np.ndarray:
        """Medelpoängen i hundra giriga episoder, float (L,)."""
        n_episodes = recipe.N_EVALUATED
        points, alive = np.zeros((self.n, n_episodes)), np.ones((self.n, n_episodes), bool)
        state = self._starts(self.n * n_episodes).reshape(self.n, n_episodes, 4)
        lanes, chosen = np.arange(self.n), weights
        for step in range(TIME_LIMIT):
            if step % 20 == 0:  # de som har fallit i alla episoder behöver inte räknas mer
                lanes = np.flatnonzero(alive.any(axis=1))
                chosen = [w[lanes] for w in weights]
            seen = torch.tensor(state[lanes], dtype=torch.float32) * self.s.scale[lanes, None]
            action = q_values(chosen, seen).argmax(2).numpy()
            moved, fell = step_cartpole(state[lanes].reshape(-1, 4), action.ravel())
            points[lanes] += alive[lanes]
            alive[lanes] &= ~fell.reshape(len(lanes), n_episodes)
            state[lanes] = np.where(alive[lanes][..., None], moved.reshape(-1, n_episodes, 4), 0.0)
            if not alive.any():
                break
        return points.mean(axis=1)


def train_many(
    variants: Sequence[Variant], double: Sequence[bool], seed: int
) -> list[dict[str, Any]]:
    """Träna och pröva alla agenter på en gång.

    Returns:
        För var och en av dem: `scores` och `at_rest`, medelpoängen och Q i vila vid varje prövning,
        och `held_out`, poängen på nya startlägen för tre agenter ur samma träning: den som
        stoppregeln hade behållit, den bästa och den sista.
    """
    s = settings_of(variants, double)
    agents = ManyAgents(s, seed)
    scores, at_rest, kept = [], [], []
    for step in range(N_STEPS):
        warm, over = agents.play(step)
        due = torch.where(s.once_per_episode, over, torch.tensor(step + 1) % s.train_every == 0)
        if step + 1 >= recipe.TRAINING["batch_size"] and (active := warm & due).any():
            agents.train(step, active)
        if (step + 1) % CHECK_EVERY == 0:
            scores.append(agents.scores(agents.weights).round(1))
            at_rest.append(agents.at_rest())
            kept.append([w.clone() for w in agents.weights])
    columns = np.transpose(scores)
    held_out = []
    for choose in (kept_with_stop_rule, np.argmax, lambda one: len(one) - 1):
        places = [int(choose(one)) for one in columns]
        chosen = [
            torch.stack([kept[place][layer][agent] for agent, place in enumerate(places)])
            for layer in range(len(agents.weights))
        ]
        held_out.append(agents.scores(chosen).round(1))
    return [
        {"scores": one.tolist(), "at_rest": [float(f"{x:.3g}") for x in q], "held_out": h.tolist()}
        for one, q, h in zip(columns, np.transpose(at_rest), np.transpose(held_out), strict=True)
    ]
