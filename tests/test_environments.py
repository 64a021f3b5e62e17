"""Kursens miljöer: Gymnasiums egen kontroll, exakta facit, skalningarna och kända grundnivåer."""

import copy
import itertools
import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import dqn_helpers  # noqa: F401  # registrerar miljöerna
from dqn_helpers.environments import (
    PROBES,
    Chain,
    Kasinot,
    Loop,
    chain_q_values,
    make_cartpole,
    make_vector_cartpole,
)
from dqn_helpers.mdp import TabularMDP, q_value_iteration
from dqn_helpers.recipe import OBSERVATION_SCALE, REWARD_SCALE

ENV_NAMES = sorted(name for name in gym.registry if name.startswith("dqn_helpers/"))
GAMMA = 0.9


def test_all_environments_are_registered():
    expected = {"Kasinot", "KasinotMedUtgang", "Loop", "Chain"}
    assert {name.split("/")[1][:-3] for name in ENV_NAMES} - expected == {
        f"Probe{kind}" for kind in ("Constant", "Observation", "Delay", "Action", "Match")
    }
    assert len(ENV_NAMES) == 9
    assert set(PROBES) == {name for name in ENV_NAMES if "Probe" in name}


def test_gymnasiums_own_checker_is_content():
    for name in ENV_NAMES:
        env = gym.make(name)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_env(env.unwrapped)
            # Den varning som bara säger att gym.make har lagt på sina omslag, vilket är meningen.
            warnings.filterwarnings("ignore", message=r".*different from the unwrapped version.*")
            check_env(env)


def play(env: gym.Env, seed: int | None, n_steps: int = 20) -> list[Any]:
    """Allt som händer när handlingarna tas i tur och ordning."""
    obs, _ = env.reset(seed=seed)
    events = [obs.tolist()]
    for action in itertools.islice(itertools.cycle(range(env.action_space.n)), n_steps):
        obs, reward, terminated, truncated, _ = env.step(action)
        events.append((obs.tolist(), reward, terminated, truncated))
        if terminated or truncated:
            events.append(env.reset()[0].tolist())
    return events


def test_same_seed_same_episode():
    for name in ENV_NAMES:
        assert play(gym.make(name), seed=3) == play(gym.make(name), seed=3)


def test_other_seeds_give_other_episodes():
    for name in ["dqn_helpers/Kasinot-v0", "dqn_helpers/ProbeMatch-v0"]:
        # Tjugoen startvärden ±1: att två frön ger samma har sannolikheten 2⁻²¹.
        assert play(gym.make(name), seed=3) != play(gym.make(name), seed=4)
        env = gym.make(name)
        assert play(env, seed=3) != play(env, seed=None)


# --- Kasinot ------------------------------------------------------------------------------------


def test_every_machine_pays_the_same_on_average():
    for name, mean, first_machine in [
        ("dqn_helpers/Kasinot-v0", 0.0, 0),
        ("dqn_helpers/KasinotMedUtgang-v0", -0.1, 1),
    ]:
        env = gym.make(name).unwrapped
        env.reset(seed=0)
        n = 1_000
        rewards = np.array(
            [[env.step(a)[1] for _ in range(n)] for a in range(first_machine, env.action_space.n)]
        )
        assert rewards.shape == (20, n)
        # Medelvärdets standardavvikelse är 1/√n, stickprovsstandardavvikelsens 1/√(2n). Sex sådana
        # ger falskt larm i ett fall av 5 · 10⁸; här görs 22 jämförelser per miljö.
        assert rewards.mean() == pytest.approx(mean, abs=6 / np.sqrt(rewards.size))
        assert rewards.mean(axis=1) == pytest.approx(np.full(20, mean), abs=6 / np.sqrt(n))
        assert rewards.std() == pytest.approx(1.0, abs=6 / np.sqrt(2 * rewards.size))


def test_the_observation_says_nothing_about_the_reward():
    env = Kasinot()
    obs, _ = env.reset(seed=0)
    pairs = []
    for _ in range(10_000):
        next_obs, reward, *_ = env.step(0)
        pairs.append([*obs, reward])
        obs = next_obs
    correlations = np.corrcoef(np.array(pairs).T)[4, :4]
    assert np.abs(correlations).max() < 6 / np.sqrt(10_000)
    # Likformigt i [−1, 1]: medelvärdet 0 och standardavvikelsen 1/√3.
    observations = np.array(pairs)[:, :4]
    assert observations.mean() == pytest.approx(0, abs=6 / np.sqrt(3 * 40_000))
    assert observations.std() == pytest.approx(1 / np.sqrt(3), abs=0.01)


def test_the_door_ends_the_evening_with_nothing():
    env = gym.make("dqn_helpers/KasinotMedUtgang-v0")
    env.reset(seed=1)
    _, reward, terminated, _, _ = env.step(1)
    assert reward != 0
    assert not terminated
    assert env.step(0)[1:4] == (0.0, True, False)


def test_without_a_door_action_zero_is_a_machine():
    env = gym.make("dqn_helpers/Kasinot-v0")
    env.reset(seed=1)
    _, reward, terminated, _, _ = env.step(0)
    assert reward != 0
    assert not terminated


def test_kasinot_arguments():
    assert Kasinot(n_machines=3).action_space.n == 3
    assert Kasinot(n_machines=3, exit_door=True).action_space.n == 4
    env = Kasinot(mean=100.0)
    env.reset(seed=0)
    assert env.step(0)[1] > 90


def test_sizes_below_one_are_refused():
    for kind, argument in [(Kasinot, "n_machines"), (Chain, "n_places")]:
        with pytest.raises(ValueError, match=f"`{argument}` ska vara minst 1, men är `0`"):
            kind(**{argument: 0})


# --- Loopen och korridoren ---------------------------------------------------------------------


def test_loop_is_truncated_after_ten_steps_and_never_terminated():
    env = gym.make("dqn_helpers/Loop-v0")
    start, _ = env.reset(seed=0)
    for step in range(1, 11):
        obs, reward, terminated, truncated, _ = env.step(0)
        assert np.array_equal(obs, start)
        assert (reward, terminated, truncated) == (1.0, False, step == 10)


def test_loop_itself_has_no_end():
    env = Loop()
    env.reset(seed=0)
    assert not any(env.step(0)[2] or env.step(0)[3] for _ in range(100))


def chain_at(place: int, n_places: int) -> Chain:
    env = Chain(n_places)
    env.reset(seed=0)
    for _ in range(place):
        env.step(1)
    return env


def chain_by_playing(n_places: int) -> TabularMDP:
    """Korridoren som tabell, avläst genom att spela varje handling på varje plats."""
    p = np.zeros((n_places + 1, 2, n_places + 1))
    r = np.zeros_like(p)
    p[n_places, :, n_places] = 1.0
    for place, action in itertools.product(range(n_places), range(2)):
        obs, reward, terminated, _, _ = chain_at(place, n_places).step(action)
        next_place = n_places if terminated else int(np.flatnonzero(obs).item())
        p[place, action, next_place], r[place, action, next_place] = 1.0, reward
    return TabularMDP(p, r, np.ones((n_places + 1, 2), dtype=bool))


def test_chain_q_values_are_exact():
    for discount_factor in [0.5, 0.9, 1.0]:
        for n_places in [1, 2, 5]:
            computed = q_value_iteration(chain_by_playing(n_places), discount_factor)[:n_places]
            assert chain_q_values(discount_factor, n_places) == pytest.approx(computed, abs=1e-9)


def test_chain_moves_one_place_at_a_time():
    env = Chain(3)
    obs, _ = env.reset(seed=0)
    assert obs.tolist() == [1, 0, 0]
    assert env.step(0)[0].tolist() == [1, 0, 0]
    assert env.step(1)[0].tolist() == [0, 1, 0]
    assert env.step(1)[0].tolist() == [0, 0, 1]
    assert env.step(0)[0].tolist() == [0, 1, 0]
    env.step(1)
    obs, reward, terminated, truncated, _ = env.step(1)
    assert obs.tolist() == [0, 0, 0]
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert env.reset()[0].tolist() == [1, 0, 0]


def test_registered_chain_has_five_places_and_a_time_limit():
    env = gym.make("dqn_helpers/Chain-v0")
    assert env.observation_space.shape == (5,)
    assert env.spec is not None
    assert env.spec.max_episode_steps == 100


# --- Provmiljöerna ------------------------------------------------------------------------------


def exact_q_values(env: gym.Env, discount_factor: float) -> list[float]:
    """Q-värdena där `env` står nu: pröva varje handling i en kopia, till episodens slut."""
    values = []
    for action in range(env.action_space.n):
        branch = copy.deepcopy(env)
        _, reward, terminated, truncated, _ = branch.step(action)
        assert not truncated
        future = 0.0 if terminated else max(exact_q_values(branch, discount_factor))
        values.append(reward + discount_factor * future)
    return values


def enumerate_states(name: str, discount_factor: float) -> dict[float, list[float]]:
    """Observation → Q-värden, för alla lägen man kan stå i (tjugo starter visar alla starter)."""
    found: dict[float, list[float]] = {}
    for seed in range(20):
        env = gym.make(name)
        obs, _ = env.reset(seed=seed)
        done = False
        while not done:
            q_values = exact_q_values(env, discount_factor)
            assert found.setdefault(obs.item(), q_values) == q_values
            obs, _, done, _, _ = env.step(0)
    return found


def test_probe_answers_are_exact():
    for name in PROBES:
        for discount_factor in [0.5, 0.99]:
            observations, q_values = PROBES[name](discount_factor)
            expected = enumerate_states(name, discount_factor)
            assert observations.ravel().tolist() == sorted(expected)
            assert q_values == pytest.approx(np.array([expected[obs] for obs in sorted(expected)]))


def test_probe_answers_fit_the_spaces():
    for name in PROBES:
        env = gym.make(name)
        observations, q_values = PROBES[name](GAMMA)
        assert all(np.float32(obs) in env.observation_space for obs in observations)
        assert q_values.shape == (len(observations), env.action_space.n)


# --- CartPole -----------------------------------------------------------------------------------


def test_cartpole_is_the_one_the_course_describes():
    env = gym.make("CartPole-v1")
    assert env.spec is not None
    assert env.spec.reward_threshold == 475
    assert env.spec.max_episode_steps == 500
    obs, _ = env.reset(seed=42)
    assert obs == pytest.approx([0.0274, -0.0061, 0.0359, 0.0197], abs=5e-5)


def cartpole_returns(policy: Any, n_episodes: int) -> np.ndarray:
    """Avkastningarna för en policy på fröna 0, 1, 2 …"""
    env = gym.make("CartPole-v1", disable_env_checker=True)
    returns = []
    for seed in range(n_episodes):
        obs, _ = env.reset(seed=seed)
        total, done = 0.0, False
        while not done:
            obs, reward, terminated, truncated, _ = env.step(policy(obs))
            total, done = total + reward, terminated or truncated
        returns.append(total)
    return np.array(returns)


def test_always_left_falls_at_once():
    returns = cartpole_returns(lambda obs: 0, 500)
    assert returns.mean() == pytest.approx(9.3, abs=0.05)
    assert (returns.min(), returns.max()) == (8, 11)


def test_leaning_with_the_angle():
    # A. Géron, Hands-On Machine Learning: medel 41,698, standardavvikelse 8,389, 24 till 63.
    returns = cartpole_returns(lambda obs: int(obs[2] >= 0), 500)
    assert returns.mean() == pytest.approx(41.698, abs=1e-9)
    assert returns.std() == pytest.approx(8.389, abs=5e-4)
    assert (returns.min(), returns.max()) == (24, 63)


def test_hand_written_controllers():
    for weight_of_angle, expected in [(0.0, 200.0), (1.0, 500.0)]:
        weights = np.array([0, 0, weight_of_angle, 0.5])
        returns = cartpole_returns(lambda obs, w=weights: int(obs @ w > 0), 40)
        assert returns.mean() == pytest.approx(expected, abs=10 if expected < 500 else 0)


def unscaled_and_scaled(**scales: Any) -> tuple[list[Any], list[Any], gym.Env]:
    """Samma episod i vanliga och skalade CartPole: (observation, belöning) i varje steg."""
    plain, scaled = gym.make("CartPole-v1"), make_cartpole(**scales)
    traces: list[list[Any]] = []
    for env in (plain, scaled):
        trace = [(env.reset(seed=5)[0], 0.0)]
        done = False
        while not done:
            obs, reward, done, _, _ = env.step(len(trace) % 2)
            trace.append((obs, reward))
        traces.append(trace)
    return traces[0], traces[1], scaled


def test_make_cartpole_scales_observation_and_reward():
    plain, scaled, env = unscaled_and_scaled()
    assert len(plain) == len(scaled)
    for (obs, reward), (scaled_obs, scaled_reward) in zip(plain, scaled, strict=True):
        assert scaled_obs == pytest.approx(obs * np.array([1, 1, 10, 1]), rel=1e-6)
        assert scaled_reward == pytest.approx(reward / 100)
        assert scaled_obs in env.observation_space


def test_the_scales_are_those_of_the_recipe():
    assert OBSERVATION_SCALE == (1, 1, 10, 1)
    assert REWARD_SCALE == 0.01


def test_the_scales_can_be_chosen():
    plain, scaled, _ = unscaled_and_scaled(observation_scale=(2, 3, 4, 5), reward_scale=7)
    assert scaled[3][0] == pytest.approx(plain[3][0] * np.array([2, 3, 4, 5]), rel=1e-6)
    assert scaled[3][1] == 7.0


def test_the_scales_can_be_left_out():
    plain, same, _ = unscaled_and_scaled(observation_scale=None, reward_scale=None)
    assert [reward for _, reward in same] == [reward for _, reward in plain]
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(plain, same, strict=True))


def test_episode_statistics_are_unscaled():
    env = make_cartpole()
    env.reset(seed=0)
    n_steps, terminated = 0, False
    while not terminated:
        _, _, terminated, _, info = env.step(0)
        n_steps += 1
    assert info["episode"]["r"] == info["episode"]["l"] == n_steps


def test_the_scaled_space_has_the_scaled_limits():
    plain, scaled = gym.make("CartPole-v1"), make_cartpole()
    assert scaled.observation_space.high[2] == pytest.approx(10 * plain.observation_space.high[2])
    assert scaled.observation_space.low[2] == pytest.approx(10 * plain.observation_space.low[2])
    assert scaled.observation_space.high[0] == plain.observation_space.high[0]
    assert scaled.observation_space.dtype == np.float32


def test_render_mode_is_passed_on():
    assert make_cartpole(render_mode="rgb_array").render_mode == "rgb_array"
    assert make_cartpole().render_mode is None


def test_the_vector_version_moves_and_scales_like_the_single_one():
    for scale in [None, (1, 1, 10, 1), (2, 3, 4, 5)]:
        vector_env = make_vector_cartpole(3, scale)
        first, _ = vector_env.reset(seed=1)
        states = np.array(vector_env.unwrapped.state).T
        actions = np.array([0, 1, 1])
        second, rewards, *_ = vector_env.step(actions)
        assert rewards.tolist() == [1, 1, 1]  # oskalad
        assert first in vector_env.observation_space
        single = make_cartpole(scale)
        for state, before, after, action in zip(states, first, second, actions, strict=True):
            single.reset(seed=0)
            single.unwrapped.state = state  # type: ignore[attr-defined]
            assert before == pytest.approx(
                state * (1 if scale is None else np.array(scale)), rel=1e-5
            )
            assert after == pytest.approx(single.step(action)[0], abs=1e-5)
            assert before in vector_env.single_observation_space


def test_the_vector_version_has_the_number_and_the_limits_asked_for():
    vector_env = make_vector_cartpole(7)
    assert vector_env.num_envs == 7
    assert vector_env.observation_space.shape == (7, 4)
    assert np.array_equal(
        vector_env.single_observation_space.high, make_cartpole().observation_space.high
    )
    assert make_vector_cartpole().num_envs == 100


def test_the_vector_version_stops_at_500_steps():
    vector_env = make_vector_cartpole(2, None)
    obs, _ = vector_env.reset(seed=0)
    for step in range(1, 501):
        actions = (obs[:, 2] + obs[:, 3] / 2 > 0).astype(int)
        obs, _, terminated, truncated, _ = vector_env.step(actions)
        assert not terminated.any()
        assert (truncated == (step == 500)).all()
