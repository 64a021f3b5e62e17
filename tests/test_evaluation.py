"""Utvärderingen: girig, på egna starter, och utan att något ändras."""

from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import nn

from dqn_helpers.environments import PROBES, make_cartpole, make_vector_cartpole
from dqn_helpers.evaluation import (
    greedy_episode,
    greedy_returns,
    realised_returns,
    vectorized_greedy_returns,
)
from dqn_helpers.mdp import discounted_return
from dqn_helpers.network import DQN


class Controller(nn.Module):
    """Ett «nätverk» vars Q-värden ger en handskriven styrning: höger om w · observation > 0."""

    def __init__(self, *weights: float) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights))

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        difference = (obs * self.weights).sum(dim=1)
        return torch.stack([-difference, difference], dim=1)


PERFECT = (0.0, 0.0, 1.0, 0.5)  # θ + ½θ̇: klarar alltid 500 steg
ANGLE = (0.0, 0.0, 1.0, 0.0)  # bara vinkeln: i genomsnitt 41,7
ALWAYS_LEFT = (0.0, 0.0, 0.0, 0.0)  # lika Q-värden ger handling 0


def returns_one_by_one(weights: tuple[float, ...], n_episodes: int, seed: int) -> list[float]:
    """Facit: samma styrning spelad för hand i samma miljö."""
    env = gym.make("CartPole-v1")
    returns = []
    for episode in range(n_episodes):
        obs, _ = env.reset(seed=seed if episode == 0 else None)
        total, done = 0.0, False
        while not done:
            action = int(obs @ np.array(weights, dtype=np.float32) > 0)
            obs, reward, terminated, truncated, _ = env.step(action)
            total, done = total + reward, terminated or truncated
        returns.append(total)
    return returns


@pytest.mark.parametrize("weights", [PERFECT, ANGLE, ALWAYS_LEFT])
def test_greedy_returns_equal_the_same_policy_played_by_hand(weights: tuple[float, ...]):
    returns = greedy_returns(Controller(*weights), gym.make("CartPole-v1"), 5, seed=7)
    assert returns.dtype == np.float64
    assert returns.tolist() == returns_one_by_one(weights, 5, seed=7)


def test_both_ways_find_the_perfect_controller():
    model = Controller(*PERFECT)
    assert greedy_returns(model, gym.make("CartPole-v1"), 3, seed=0).tolist() == [500] * 3
    returns = vectorized_greedy_returns(model, make_vector_cartpole(20, None), seed=0)
    assert returns.tolist() == [500] * 20


@pytest.mark.parametrize(
    ("weights", "mean", "deviation", "longest"),
    [(ANGLE, 41.7, 8.4, 80), (ALWAYS_LEFT, 9.3, 0.8, 11)],
)
def test_the_vectorized_way_gives_the_same_distribution(
    weights: Any, mean: float, deviation: float, longest: float
):
    # Räknades delmiljöns nästa episod med blev summorna större. Sex standardavvikelser för
    # medelvärdet av 400.
    model, vector_env = Controller(*weights), make_vector_cartpole(400, None)
    returns = vectorized_greedy_returns(model, vector_env, seed=1)
    assert returns.shape == (400,)
    assert returns.mean() == pytest.approx(mean, abs=6 * deviation / 20)
    assert returns.max() <= longest


def test_every_sub_environment_is_counted_once():
    # Delmiljö i går i mål efter i + 1 steg. De tidigaste hinner börja om flera gånger.
    class Countdown(gym.vector.VectorEnv):
        num_envs = 6
        single_observation_space = spaces.Box(0, 1, (1,), np.float32)
        single_action_space = spaces.Discrete(2)

        def reset(self, *, seed: Any = None, options: Any = None) -> tuple[np.ndarray, dict]:
            self.left = np.arange(6) + 1
            return np.zeros((6, 1), np.float32), {}

        def step(self, actions: Any) -> Any:
            self.left -= 1
            done = self.left == 0
            self.left[done] = 2
            truncated = done & (np.arange(6) % 2 == 0)
            return np.zeros((6, 1), np.float32), np.ones(6), done & ~truncated, truncated, {}

    returns = vectorized_greedy_returns(DQN(1, 2), Countdown())
    assert returns.tolist() == [1, 2, 3, 4, 5, 6]


def test_a_general_vector_environment_works_too():
    vector_env = gym.make_vec("CartPole-v1", num_envs=4, vectorization_mode="sync")
    returns = vectorized_greedy_returns(Controller(*ANGLE), vector_env, seed=7)
    first_episodes = [returns_one_by_one(ANGLE, 1, seed=7 + i)[0] for i in range(4)]
    assert returns.tolist() == first_episodes


def test_scaled_observations_reach_the_model():
    # Vinkeln kommer tio gånger för stor; styrningen är byggd för det.
    model = Controller(0.0, 0.0, 0.1, 0.5)
    assert vectorized_greedy_returns(model, make_vector_cartpole(20), seed=0).min() == 500
    assert greedy_returns(model, make_cartpole(reward_scale=None), 2, seed=0).min() == 500


def test_the_return_is_in_the_environments_own_reward():
    scaled = greedy_returns(Controller(0.0, 0.0, 0.1, 0.5), make_cartpole(), 1, seed=0)
    assert scaled == pytest.approx(5.0)


# --- Inget får ändras ---------------------------------------------------------------------------

Evaluation = Callable[[nn.Module], Any]
EVALUATIONS: dict[str, Evaluation] = {
    "episod": lambda model: greedy_episode(model, gym.make("CartPole-v1"), seed=0),
    "episoder": lambda model: greedy_returns(model, gym.make("CartPole-v1"), 3, seed=0),
    "vektor": lambda model: vectorized_greedy_returns(model, make_vector_cartpole(3), seed=0),
}


@pytest.fixture(params=EVALUATIONS)
def evaluate(request: pytest.FixtureRequest) -> Evaluation:
    return EVALUATIONS[request.param]


def test_evaluation_changes_neither_weights_nor_gradients_nor_mode(evaluate: Evaluation):
    model = DQN()
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 3.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    evaluate(model)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all((p.grad == 3.0).all() for p in model.parameters() if p.grad is not None)
    assert all(p.grad is not None and p.requires_grad for p in model.parameters())
    assert model.training


def test_evaluation_draws_nothing_from_the_shared_random_numbers(evaluate: Evaluation):
    model = DQN()
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state(legacy=False)
    evaluate(model)
    numpy_after = np.random.get_state(legacy=False)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert str(numpy_after) == str(numpy_before)
    assert np.array_equal(numpy_after["state"]["key"], numpy_before["state"]["key"])


def test_evaluation_builds_no_gradient(evaluate: Evaluation):
    class Spy(Controller):
        def forward(self, obs: torch.Tensor) -> torch.Tensor:
            q_values = super().forward(obs)
            assert not q_values.requires_grad
            assert obs.dtype == torch.float32
            return q_values

    evaluate(Spy(*ANGLE))


# --- Starter och frön ---------------------------------------------------------------------------


def one_by_one(seed: int | None) -> np.ndarray:
    return greedy_returns(Controller(*ANGLE), gym.make("CartPole-v1"), 20, seed=seed)


def all_at_once(seed: int | None) -> np.ndarray:
    return vectorized_greedy_returns(Controller(*ANGLE), make_vector_cartpole(20, None), seed=seed)


@pytest.mark.parametrize("play", [one_by_one, all_at_once])
def test_the_episodes_start_in_different_places(play: Callable[[int | None], np.ndarray]):
    # Medelmåttig styrning: 24 till 63 steg. Vore det samma episod varje gång blev spridningen 0.
    assert play(3).std() > 4


@pytest.mark.parametrize("play", [one_by_one, all_at_once])
def test_same_seed_same_returns(play: Callable[[int | None], np.ndarray]):
    assert np.array_equal(play(3), play(3))
    assert not np.array_equal(play(3), play(4))
    assert not np.array_equal(play(None), play(None))


def test_without_a_seed_the_environment_goes_on():
    vector_env = make_vector_cartpole(20, None)
    model = Controller(*ANGLE)
    first = vectorized_greedy_returns(model, vector_env, seed=3)
    assert not np.array_equal(first, vectorized_greedy_returns(model, vector_env))


# --- En episod i detalj -------------------------------------------------------------------------


def test_greedy_episode_fields():
    torch.manual_seed(0)
    model = DQN()
    trace = greedy_episode(model, gym.make("CartPole-v1"), seed=11)
    n_steps = len(trace.rewards)
    assert trace.observations.shape == (n_steps, 4)
    assert trace.actions.shape == trace.predicted_q_values.shape == (n_steps,)
    assert trace.actions.dtype == np.int64
    assert trace.rewards.dtype == trace.predicted_q_values.dtype == np.float64
    assert trace.terminated is True
    with torch.no_grad():
        q_values = model(torch.from_numpy(trace.observations)).numpy()
    assert np.array_equal(trace.actions, q_values.argmax(axis=1))
    assert trace.predicted_q_values == pytest.approx(q_values.max(axis=1), rel=1e-5)


def test_greedy_episode_notes_the_observations_where_the_actions_were_chosen():
    trace = greedy_episode(Controller(*PERFECT), gym.make("CartPole-v1"), seed=11)
    env = gym.make("CartPole-v1")
    obs, _ = env.reset(seed=11)
    for noted, action in zip(trace.observations, trace.actions, strict=True):
        assert np.array_equal(noted, obs)
        obs = env.step(int(action))[0]
    assert trace.terminated is False  # 500 steg: tidsgränsen, inte ett sluttillstånd


class OneArray(gym.Env):
    """Ger samma array varje gång, med nytt innehåll."""

    def __init__(self) -> None:
        self.observation_space = spaces.Box(0, np.inf, (1,), np.float32)
        self.action_space = spaces.Discrete(2)
        self._obs = np.zeros(1, np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict]:
        self._obs[:] = 0
        return self._obs, {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict]:
        self._obs += 1
        return self._obs, 1.0, False, False, {}


def test_the_observations_are_copied():
    trace = greedy_episode(DQN(1, 2), OneArray(), max_episode_steps=4)
    assert trace.observations.ravel().tolist() == [0, 1, 2, 3]


def test_an_environment_without_a_time_limit_is_stopped():
    trace = greedy_episode(DQN(1, 2), OneArray(), max_episode_steps=4)
    assert trace.terminated is False
    assert greedy_returns(DQN(1, 2), OneArray(), 2, max_episode_steps=9).tolist() == [9, 9]


@pytest.mark.parametrize("name", PROBES)
def test_the_other_environments_of_the_course_can_be_evaluated(name: str):
    env = gym.make(name)
    assert greedy_returns(DQN.for_env(env), env, 3, seed=0).shape == (3,)


# --- Avkastningen som kom -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rewards", "discount_factor", "tail_value", "expected"),
    [
        ([1.0, 2.0, 4.0], 0.5, 0.0, [3.0, 4.0, 4.0]),
        ([1.0, 2.0, 4.0], 0.5, 8.0, [4.0, 6.0, 8.0]),
        ([1, 2, 3], 1.0, 0.0, [6, 5, 3]),
        ([1, 2, 3], 0.0, 100.0, [1, 2, 3]),
        (np.ones(3, dtype=np.float32), 0.9, 0.0, [2.71, 1.9, 1.0]),
        ([], 0.9, 5.0, []),
    ],
)
def test_realised_returns(
    rewards: Any, discount_factor: float, tail_value: float, expected: list[float]
):
    returns = realised_returns(rewards, discount_factor, tail_value)
    assert returns.dtype == np.float64
    assert returns == pytest.approx(np.array(expected))


def test_the_first_realised_return_is_the_discounted_return():
    rewards = np.random.default_rng(0).normal(size=50)
    expected = discounted_return(rewards, 0.97)
    assert realised_returns(rewards, 0.97)[0] == pytest.approx(expected)


def test_realised_returns_of_cartpole():
    # (1 − γ⁵⁰⁰)/(1 − γ) = 99,343 för γ = 0,99: gränsen för ett helt spel.
    assert realised_returns(np.ones(500), 0.99)[0] == pytest.approx(99.343, abs=5e-4)


# --- Fel ----------------------------------------------------------------------------------------


def bad_calls() -> Iterator[Any]:
    yield pytest.param(
        lambda m, e: greedy_returns(m, e, 0), "`n_episodes` ska vara minst 1", id="0"
    )
    yield pytest.param(
        lambda m, e: greedy_returns(m, e, 1, max_episode_steps=0),
        "`max_episode_steps` ska vara minst 1",
        id="inga steg",
    )
    yield pytest.param(
        lambda m, e: greedy_episode(m, gym.make("FrozenLake-v1")), "en `Box`", id="observationer"
    )
    yield pytest.param(
        lambda m, e: greedy_episode(m, gym.make("Pendulum-v1")), "numrerade", id="handlingar"
    )


@pytest.mark.parametrize(("call", "message"), list(bad_calls()))
def test_errors_are_in_swedish(call: Callable[[nn.Module, gym.Env], Any], message: str):
    with pytest.raises(ValueError, match=message):
        call(DQN(), gym.make("CartPole-v1"))
