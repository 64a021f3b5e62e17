"""Tabellerna: publicerade och uträknade facit, Q-värdesiteration, Q-inlärning, felmeddelanden.

Källor: SB är Sutton och Barto, *Reinforcement Learning: An Introduction*, 2 uppl. 2018. Tal utan
tryckt källa är uträknade exakt ur Gymnasiums egna övergångstabeller.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from dqn_helpers.mdp import (
    TabularMDP,
    bellman_backup,
    discounted_return,
    evaluate_policy,
    greedy_policy,
    mdp_from_gymnasium,
    q_learning,
    q_learning_update,
    q_value_iteration,
    q_value_sweeps,
    three_state_mdp,
)

INF = np.inf


def mdp_from_step(n_states: int, n_actions: int, step: Any) -> TabularMDP:
    """En deterministisk MDP ur en funktion (s, a) → (s', belöning)."""
    p = np.zeros((n_states, n_actions, n_states))
    r = np.zeros_like(p)
    for s, a in itertools.product(range(n_states), range(n_actions)):
        next_s, reward = step(s, a)
        p[s, a, next_s], r[s, a, next_s] = 1.0, reward
    return TabularMDP(p, r, np.ones((n_states, n_actions), dtype=bool))


def uniform(mdp: TabularMDP) -> np.ndarray:
    return mdp.allowed_actions / mdp.allowed_actions.sum(axis=1, keepdims=True)


def looped_backup(mdp: TabularMDP, q_values: np.ndarray, discount_factor: float) -> np.ndarray:
    """Facit för ett svep: samma summa skriven med vanliga loopar."""
    new = np.full((mdp.n_states, mdp.n_actions), -INF)
    for s, a in zip(*np.nonzero(mdp.allowed_actions), strict=True):
        new[s, a] = sum(
            mdp.transition_probabilities[s, a, t]
            * (mdp.rewards[s, a, t] + discount_factor * max(q_values[t]))
            for t in range(mdp.n_states)
            if mdp.transition_probabilities[s, a, t] > 0
        )
    return new


def random_mdp(seed: int) -> TabularMDP:
    rng = np.random.default_rng(seed)
    allowed = rng.random((6, 3)) < 0.7
    allowed[:, 0] = True
    p = rng.dirichlet(np.ones(6), size=(6, 3)) * allowed[..., np.newaxis]
    return TabularMDP(p, rng.normal(size=(6, 3, 6)), allowed)


# --- MDP:n med tre tillstånd --------------------------------------------------------------------

# γ = 0,9: talen trycks i A. Géron, Hands-On Machine Learning. γ = 0,95: uträknade till konvergens.
THREE_STATE_ANSWERS = {
    0.90: [[18.918919, 17.027027, 13.621622], [0, -INF, -4.879715], [-INF, 50.133650, -INF]],
    0.95: [
        [21.899250, 20.804288, 16.867596],
        [1.120829, -INF, 1.179820],
        [-INF, 53.873495, -INF],
    ],
}


def test_three_state_mdp_has_the_published_values():
    for discount_factor in THREE_STATE_ANSWERS:
        q = q_value_iteration(three_state_mdp(), discount_factor)
        assert q == pytest.approx(np.array(THREE_STATE_ANSWERS[discount_factor]), abs=1e-6)


def test_three_state_mdp_at_09_equals_the_closed_form():
    q = q_value_iteration(three_state_mdp(), 0.9, tolerance=1e-13)
    v0 = 7 / 0.37
    v2 = (32 + 0.72 * v0) / 0.91
    assert q[0, 0] == pytest.approx(v0, abs=1e-10)
    assert q[2, 1] == pytest.approx(v2, abs=1e-10)
    assert q[1, 2] == pytest.approx(-50 + 0.9 * v2, abs=1e-10)


def test_three_state_mdp_policy():
    for discount_factor, policy in [(0.9, [0, 0, 1]), (0.95, [0, 2, 1])]:
        q = q_value_iteration(three_state_mdp(), discount_factor)
        assert greedy_policy(q).tolist() == policy


def test_fifty_sweeps_are_not_enough_at_095():
    # Efter 50 svep: 21,733, 0,9546 och 1,0136, 53,707. Konvergerat: se ovan.
    q = next(itertools.islice(q_value_sweeps(three_state_mdp(), 0.95), 50, None))
    assert q[0, 0] == pytest.approx(21.733, abs=5e-4)
    assert q[1, [0, 2]] == pytest.approx([0.9546, 1.0136], abs=5e-5)
    assert q[2, 1] == pytest.approx(53.707, abs=5e-4)


def test_state_one_changes_its_mind_at_09476328():
    for discount_factor, action in [(0.9476327, 0), (0.9476329, 2)]:
        q = q_value_iteration(three_state_mdp(), discount_factor, tolerance=1e-12)
        assert greedy_policy(q)[1] == action


# --- Publicerade rutnät -------------------------------------------------------------------------

MOVES = [(-1, 0), (1, 0), (0, -1), (0, 1)]


def grid_5x5(s: int, a: int) -> tuple[int, float]:
    """SB exempel 3.5: A hoppar till A' (+10), B till B' (+5), väggen kostar 1."""
    if s == 1:
        return 21, 10.0
    if s == 3:
        return 13, 5.0
    row, column = s // 5 + MOVES[a][0], s % 5 + MOVES[a][1]
    inside = 0 <= row < 5 and 0 <= column < 5
    return (5 * row + column, 0.0) if inside else (s, -1.0)


def grid_4x4(s: int, a: int) -> tuple[int, float]:
    """SB exempel 4.1: −1 i varje steg, två hörn är slutet."""
    if s in (0, 15):
        return s, 0.0
    row, column = s // 4 + MOVES[a][0], s % 4 + MOVES[a][1]
    inside = 0 <= row < 4 and 0 <= column < 4
    return (4 * row + column if inside else s), -1.0


def test_example_35_random_policy():
    mdp = mdp_from_step(25, 4, grid_5x5)
    values = evaluate_policy(mdp, uniform(mdp), 0.9).reshape(5, 5)
    assert values[0] == pytest.approx([3.3, 8.8, 4.4, 5.3, 1.5], abs=0.05)
    assert values[4] == pytest.approx([-1.9, -1.3, -1.2, -1.4, -2.0], abs=0.05)


def test_example_38_optimal_policy():
    mdp = mdp_from_step(25, 4, grid_5x5)
    values = q_value_iteration(mdp, 0.9).max(axis=1).reshape(5, 5)
    assert values[0] == pytest.approx([22.0, 24.4, 22.0, 19.4, 17.5], abs=0.05)
    assert values[4] == pytest.approx([14.4, 16.0, 14.4, 13.0, 11.7], abs=0.05)
    # Från A är man tillbaka efter fem steg: V = 10 + 0,9⁵ · V.
    assert values[0, 1] == pytest.approx(10 / (1 - 0.9**5), abs=1e-8)


def test_example_41_random_policy():
    mdp = mdp_from_step(16, 4, grid_4x4)
    published = [
        [0, -14, -20, -22],
        [-14, -18, -20, -20],
        [-20, -20, -18, -14],
        [-22, -20, -14, 0],
    ]
    assert evaluate_policy(mdp, uniform(mdp), 1.0).reshape(4, 4) == pytest.approx(
        np.array(published, dtype=float), abs=1e-9
    )


def random_walk(s: int, a: int) -> tuple[int, float]:
    """SB exempel 6.2: fem platser i rad, slut i båda ändar, +1 bara till höger."""
    if s in (0, 6):
        return s, 0.0
    next_s = s + (1 if a else -1)
    return next_s, float(next_s == 6)


def test_example_62_random_walk():
    mdp = mdp_from_step(7, 2, random_walk)
    values = evaluate_policy(mdp, uniform(mdp), 1.0)
    assert values == pytest.approx([0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 0], abs=1e-12)


def test_practical_rl_three_states():
    # Yandex Practical_RL, vecka 2: MDP:n och dess facit för γ = 0,9, som är det man har när inget
    # värde längre ändras med 0,001. Konvergerat är varje värde 0,009 större.
    p = np.array(
        [
            [[0.5, 0, 0.5], [0, 0, 1]],
            [[0.7, 0.1, 0.2], [0, 0.95, 0.05]],
            [[0.4, 0, 0.6], [0.3, 0.3, 0.4]],
        ]
    )
    r = np.zeros_like(p)
    r[1, 0, 0], r[2, 1, 0] = 5.0, -1.0
    mdp = TabularMDP(p, r, np.ones((3, 2), dtype=bool))
    stopped_early = q_value_iteration(mdp, 0.9, tolerance=1e-3)
    assert stopped_early.max(axis=1) == pytest.approx([3.781, 7.294, 4.202], abs=1e-3)
    assert q_value_iteration(mdp, 0.9).max(axis=1) == pytest.approx(
        [3.789949, 7.302920, 4.211054], abs=1e-6
    )


# --- Gymnasiums egna tabeller -------------------------------------------------------------------


def read(name: str, **kwargs: Any) -> TabularMDP:
    return mdp_from_gymnasium(gym.make(name, **kwargs))


def success_within(mdp: TabularMDP, policy: np.ndarray, n_steps: int) -> float:
    """Sannolikheten att nå målet (sista rutan) i tid, exakt: flytta sannolikhetsmassan."""
    mass = np.eye(mdp.n_states)[0]
    for _ in range(n_steps):
        mass = mass @ mdp.transition_probabilities[np.arange(mdp.n_states), policy]
    return float(mass[-1])


SLIPPERY_FROZEN_LAKE_CASES = [
    (0.9, 0.068891, 0.7298),
    (0.95, 0.180472, 0.7298),
    (0.99, 0.542026, 0.7402),
    (1.0, 14 / 17, 0.7402),
]


def test_slippery_frozen_lake():
    for discount_factor, value, success in SLIPPERY_FROZEN_LAKE_CASES:
        mdp = read("FrozenLake-v1")
        q = q_value_iteration(mdp, discount_factor, tolerance=1e-12)
        assert q[0].max() == pytest.approx(value, abs=5e-7)
        assert success_within(mdp, greedy_policy(q), 100) == pytest.approx(success, abs=5e-5)


def test_slippery_frozen_lake_8x8():
    mdp = read("FrozenLake8x8-v1")
    q = q_value_iteration(mdp, 0.99)
    assert q[0].max() == pytest.approx(0.414640, abs=5e-7)
    assert success_within(mdp, greedy_policy(q), 200) == pytest.approx(0.8630, abs=5e-5)


def test_best_possible_when_the_clock_is_known():
    for name, n_steps, best in [("FrozenLake-v1", 100, 0.7442), ("FrozenLake8x8-v1", 200, 0.9132)]:
        # Svep nummer n är det bästa som går att få på n steg, när γ = 1.
        sweeps = q_value_sweeps(read(name), 1.0)
        q = next(itertools.islice(sweeps, n_steps, None))
        assert q[0].max() == pytest.approx(best, abs=5e-5)


def test_frozen_lake_without_ice_needs_six_steps():
    for discount_factor in [0.9, 0.95, 0.99]:
        q = q_value_iteration(read("FrozenLake-v1", is_slippery=False), discount_factor)
        assert q[0].max() == pytest.approx(discount_factor**5, abs=1e-9)


def epsilon_soft(actions: np.ndarray, epsilon: float, n_actions: int = 4) -> np.ndarray:
    return epsilon / n_actions + (1 - epsilon) * np.eye(n_actions)[actions]


def test_cliff_walking_optimum():
    values = q_value_iteration(read("CliffWalking-v1"), 1.0).max(axis=1).reshape(4, 12)
    assert values[3, 0] == -13
    assert values[0].tolist() == list(range(-14, -2))


def test_cliff_walking_exploring_along_the_edge_is_expensive():
    for epsilon, value in [(0.1, -45.803), (0.05, -28.811), (0.01, -16.067)]:
        mdp = read("CliffWalking-v1")
        actions = greedy_policy(q_value_iteration(mdp, 1.0))
        values = evaluate_policy(mdp, epsilon_soft(actions, epsilon), 1.0)
        assert values[36] == pytest.approx(value, abs=5e-4)


def test_cliff_walking_best_soft_policy_walks_one_row_up():
    # Policyiteration bland ε-mjuka policyer (SB avsnitt 5.4), ε = 0,1.
    mdp = read("CliffWalking-v1")
    actions = greedy_policy(q_value_iteration(mdp, 1.0))
    for _ in range(20):
        values = evaluate_policy(mdp, epsilon_soft(actions, 0.1), 1.0)
        q = bellman_backup(values[:, None], mdp.transition_probabilities, mdp.rewards, 1.0)
        actions = greedy_policy(np.round(q, 9))
    assert values[36] == pytest.approx(-20.708, abs=5e-4)
    # Utan utforskning tar den vägen 15 steg, två fler än den kortaste.
    assert evaluate_policy(mdp, actions, 1.0)[36] == pytest.approx(-15, abs=1e-9)


def test_taxi_mean_optimal_value():
    env = gym.make("Taxi-v4")
    values = q_value_iteration(mdp_from_gymnasium(env), 1.0).max(axis=1)
    starts = env.unwrapped.initial_state_distrib  # type: ignore[attr-defined]
    assert starts @ values == pytest.approx(7.93, abs=1e-9)
    assert (values[starts > 0].min(), values[starts > 0].max()) == (3, 15)


# --- Läsa tabellen ur en miljö ------------------------------------------------------------------

Row = tuple[float, int, float, bool]


class TableEnv(gym.Env):
    """En miljö med egen övergångstabell."""

    def __init__(self, table: dict[int, dict[int, list[Row]]], start: list[float] | None = None):
        self.P = table
        if start is not None:
            self.initial_state_distrib = np.array(start)


def test_two_rows_to_the_same_state_are_added_and_their_rewards_averaged():
    env = TableEnv(
        {
            0: {0: [(0.25, 0, 4.0, False), (0.5, 0, 1.0, False), (0.25, 1, 8.0, True)]},
            1: {0: [(1.0, 1, 0.0, True)]},
        }
    )
    mdp = mdp_from_gymnasium(env)
    assert mdp.transition_probabilities[0, 0].tolist() == [0.75, 0.25]
    assert mdp.rewards[0, 0].tolist() == [2.0, 8.0]


def test_frozen_lakes_walls_are_added():
    mdp = read("FrozenLake-v1")
    # Hörnet, åt vänster: två av tre sidor är väggar.
    assert mdp.transition_probabilities[0, 0, [0, 4]] == pytest.approx([2 / 3, 1 / 3])


def test_terminal_states_become_absorbing_whatever_the_table_says():
    # Målets egna rader säger att man kan gå därifrån; så ser CliffWalkings tabell ut.
    env = TableEnv(
        {
            0: {0: [(1.0, 1, 5.0, True)], 1: [(1.0, 0, -1.0, False)]},
            1: {0: [(1.0, 0, 7.0, False)], 1: [(1.0, 1, 7.0, True)]},
        }
    )
    mdp = mdp_from_gymnasium(env)
    assert mdp.transition_probabilities[1, :, 1].tolist() == [1.0, 1.0]
    assert not mdp.rewards[1].any()
    assert q_value_iteration(mdp, 0.5).tolist() == [[5.0, 1.5], [0.0, 0.0]]


def inconsistent_table(ends_from_two: bool) -> dict[int, dict[int, list[Row]]]:
    return {
        0: {0: [(1.0, 1, 1.0, True)]},
        1: {0: [(1.0, 1, 0.0, True)]},
        2: {0: [(1.0, 1, 0.0, ends_from_two)]},
    }


def test_a_state_that_only_sometimes_ends_the_episode_is_refused():
    mdp_from_gymnasium(TableEnv(inconsistent_table(True)))
    with pytest.raises(ValueError, match=r"Tillstånd 1 .* efter handling 0 i tillstånd 2"):
        mdp_from_gymnasium(TableEnv(inconsistent_table(False)))


def test_impossible_states_may_contradict_the_others():
    # I Taxis tabell finns lägen där passageraren redan är framme; dem kan man aldrig stå i.
    mdp_from_gymnasium(TableEnv(inconsistent_table(False), start=[1.0, 0.0, 0.0]))
    with pytest.raises(ValueError, match="avslutar ibland"):
        mdp_from_gymnasium(TableEnv(inconsistent_table(False), start=[0.0, 0.0, 1.0]))


def test_a_contradiction_that_can_be_reached_is_found():
    table = inconsistent_table(False)
    table[0][1] = [(1.0, 2, 0.0, False)]
    table[1][1] = table[2][1] = [(1.0, 1, 0.0, True)]
    with pytest.raises(ValueError, match="avslutar ibland"):
        mdp_from_gymnasium(TableEnv(table, start=[1.0, 0.0, 0.0]))


def test_rows_with_probability_zero_do_not_exist():
    env = TableEnv({0: {0: [(1.0, 0, 1.0, False), (0.0, 1, 0.0, True)]}, 1: {0: [(1.0, 0, 1, 0)]}})
    assert q_value_iteration(mdp_from_gymnasium(env), 0.5) == pytest.approx(2.0)


def test_an_environment_without_a_table_is_refused():
    with pytest.raises(ValueError, match="`CartPoleEnv` har ingen övergångstabell"):
        mdp_from_gymnasium(gym.make("CartPole-v1"))


# --- Svep ---------------------------------------------------------------------------------------


def test_every_sweep_equals_plain_loops():
    for seed in range(3):
        for discount_factor in [0.0, 0.5, 0.95]:
            mdp = random_mdp(seed)
            expected = np.where(mdp.allowed_actions, 0.0, -INF)
            for q in itertools.islice(q_value_sweeps(mdp, discount_factor), 20):
                assert q == pytest.approx(expected, abs=1e-12)
                expected = looped_backup(mdp, expected, discount_factor)


def test_the_sweeps_are_separate_arrays():
    first, second = itertools.islice(q_value_sweeps(three_state_mdp(), 0.9), 2)
    assert first[0].tolist() == [0, 0, 0]
    assert second[0].tolist() == [7, 0, 0]


def test_backup_leaves_its_arguments_untouched():
    mdp = random_mdp(1)
    q = np.arange(18.0).reshape(6, 3)
    before = q.copy(), mdp.transition_probabilities.copy(), mdp.rewards.copy()
    new = bellman_backup(q, mdp.transition_probabilities, mdp.rewards, 0.9)
    after = q, mdp.transition_probabilities, mdp.rewards
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert not np.shares_memory(new, q)


def test_iteration_stops_at_the_tolerance():
    # γ = 0,5 och belöning 1: svep n är 2 − 2^(1−n), så ändringen i svep n är 2^(1−n).
    mdp = mdp_from_step(1, 1, lambda s, a: (0, 1.0))
    assert q_value_iteration(mdp, 0.5, tolerance=0.25)[0, 0] == 1.75
    assert q_value_iteration(mdp, 0.5, tolerance=0.25, max_sweeps=3)[0, 0] == 1.75
    with pytest.raises(ValueError, match=r"ändras fortfarande med 0,5 efter 2 svep"):
        q_value_iteration(mdp, 0.5, tolerance=0.25, max_sweeps=2)


def test_endless_reward_without_discount_has_no_answer():
    mdp = mdp_from_step(1, 1, lambda s, a: (0, 1.0))
    with pytest.raises(ValueError, match="ändras fortfarande"):
        q_value_iteration(mdp, 1.0, max_sweeps=100)


def test_impossible_actions_are_minus_infinity_even_when_all_else_is_negative():
    # s0 har bara handling 0 (−1 till s1), s1 bara handling 1 (−2 till sig själv).
    p = np.zeros((2, 2, 2))
    p[0, 0, 1] = p[1, 1, 1] = 1.0
    r = np.zeros_like(p)
    r[0, 0, 1], r[1, 1, 1] = -1.0, -2.0
    q = q_value_iteration(TabularMDP(p, r, p.sum(axis=2) > 0), 0.5)
    # Den som räknar en otillåten handling som 0 får V(s1) = 0 i stället för −4.
    assert q == pytest.approx(np.array([[-3.0, -INF], [-INF, -4.0]]))
    assert greedy_policy(q).tolist() == [0, 1]


def test_greedy_policy_takes_the_first_of_equals():
    assert greedy_policy(np.array([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0]])).tolist() == [1, 0]


def test_bad_discount_factor():
    for discount_factor in [-0.1, 1.1, np.nan]:
        mdp = three_state_mdp()
        with pytest.raises(ValueError, match="mellan 0 och 1"):
            q_value_iteration(mdp, discount_factor)
        with pytest.raises(ValueError, match="mellan 0 och 1"):
            evaluate_policy(mdp, np.array([0, 0, 1]), discount_factor)


# --- Värdera en policy --------------------------------------------------------------------------


def test_the_best_policy_is_worth_the_best_values():
    for seed in range(3):
        mdp = random_mdp(seed)
        q = q_value_iteration(mdp, 0.9, tolerance=1e-13)
        assert evaluate_policy(mdp, greedy_policy(q), 0.9) == pytest.approx(
            q.max(axis=1), abs=1e-10
        )


def test_actions_and_certain_probabilities_are_the_same_policy():
    mdp = three_state_mdp()
    actions = np.array([1, 2, 1])
    by_number = evaluate_policy(mdp, actions, 0.9)
    assert np.array_equal(by_number, evaluate_policy(mdp, np.eye(3)[actions], 0.9))
    # För hand: s0 stannar i s0 utan belöning; s2 → 32 + γ(0,8·0 + 0,1·V1 + 0,1·V2).
    v2 = (32 + 0.09 * -50) / (1 - 0.09 - 0.081)
    assert by_number == pytest.approx([0.0, -50 + 0.9 * v2, v2])


BAD_POLICIES_CASES = [
    (np.array([0, 0]), r"\(S, A\) = \(3, 3\)"),
    (np.array([0.0, 0.0, 1.0]), r"\(S, A\) = \(3, 3\)"),
    (np.array([0, 0, 3]), "0 till 2"),
    (np.array([0, 0, -2]), "0 till 2"),
    (np.array([0, 1, 1]), "inte är tillåten"),
    (np.eye(3)[[0, 0, 1]] * 0.5, "summera till 1"),
    (np.array([[2.0, -1.0, 0.0], [1, 0, 0], [0, 1, 0]]), "summera till 1"),
]


def test_bad_policies():
    for policy, message in BAD_POLICIES_CASES:
        with pytest.raises(ValueError, match=message):
            evaluate_policy(three_state_mdp(), policy, 0.9)


# Den sista matrisen är bara nästan singulär i flyttal: numpy löser den och ger 10¹⁶.
def test_a_policy_that_never_arrives_has_no_value_without_discount():
    for loop in [
        [[1]],
        [[0, 1], [1, 0]],
        [[1 / 3, 1 / 3, 1 / 3], [0.1, 0.2, 0.7], [0.3, 0.6, 0.1]],
    ]:
        n = len(loop)
        p = np.zeros((n + 1, 1, n + 1))
        p[:n, 0, :n] = loop
        p[n, 0, n] = 1.0
        r = np.ones_like(p)
        r[n] = 0.0
        mdp = TabularMDP(p, r, np.ones((n + 1, 1), dtype=bool))
        with pytest.raises(ValueError, match="når aldrig ett sluttillstånd"):
            evaluate_policy(mdp, np.zeros(n + 1, dtype=int), 1.0)
        values = evaluate_policy(mdp, np.zeros(n + 1, dtype=int), 0.5)
        assert values == pytest.approx([2.0] * n + [0.0])


def test_a_terminal_state_may_be_left_to_a_random_policy_of_any_size():
    # Tio handlingar med sannolikheten 0,1 summerar till 0,9999999999999999, inte till 1.
    mdp = mdp_from_step(2, 10, lambda s, a: (1, float(s == 0)))
    assert evaluate_policy(mdp, np.full((2, 10), 0.1), 1.0) == pytest.approx([1.0, 0.0])


# --- Felaktiga modeller -------------------------------------------------------------------------


def broken_models() -> Iterator[Any]:
    p = np.array([[[0.5, 0.5]], [[0.0, 1.0]]])
    r, allowed = np.zeros_like(p), np.ones((2, 1), dtype=bool)
    yield p[:, :, :1], r[:, :, :1], allowed, "formen"  # S skiljer sig
    yield p[0], r[0], allowed, "formen"  # två dimensioner
    yield p, r[:, :, :1], allowed, "formen"  # belöningarnas form
    yield p, r, allowed.T, "`allowed_actions` har formen"  # tillåtnas form
    yield p, r, ~allowed, "minst en tillåten"  # inget tillåtet
    yield p * 0.9, r, allowed, "summerar de till 0,9"  # summan
    yield np.where(p == 0, np.nan, p), r, allowed, "ändliga"  # nan
    yield p, np.full_like(r, INF), allowed, "ändliga"  # oändlig belöning
    negative = np.array([[[1.5, -0.5]], [[0.0, 1.0]]])
    yield negative, r, allowed, "negativ"  # negativ sannolikhet


def test_broken_models_are_refused():
    for p, r, allowed, message in broken_models():
        with pytest.raises(ValueError, match=message):
            TabularMDP(p, r, allowed)


def test_sizes():
    mdp = mdp_from_step(7, 2, random_walk)
    assert (mdp.n_states, mdp.n_actions) == (7, 2)


# --- Diskonterad avkastning ---------------------------------------------------------------------


DISCOUNTED_RETURN_CASES = [
    ([], 0.9, 0.0),
    ([5], 0.9, 5.0),
    ([1, 2, 3], 0.5, 1 + 1 + 0.75),
    ((10, 0, -50), 0.8, -22.0),  # Gérons räkneexempel
    (np.array([1, 2, 3]), 0.5, 2.75),
    (np.ones(500, dtype=np.float32), 0.99, (1 - 0.99**500) / 0.01),
    ([1.0, 7.0], 0.0, 1.0),
    ([1, 2, 3], 1.0, 6.0),
]


def test_discounted_return():
    for rewards, discount_factor, expected in DISCOUNTED_RETURN_CASES:
        result = discounted_return(rewards, discount_factor)
        assert type(result) is float
        assert result == pytest.approx(expected, abs=1e-9)


# --- Q-inlärning --------------------------------------------------------------------------------


def test_update_by_hand():
    q = np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 9.0]])
    # Målet är 4 + 0,5 · 5 = 6,5; felet 6,5 − 2 = 4,5; en tiondel av vägen: 2,45.
    error = q_learning_update(q, 0, 1, 4.0, 1, False, learning_rate=0.1, discount_factor=0.5)
    assert error == pytest.approx(4.5)
    assert q == pytest.approx(np.array([[1.0, 2.45], [3.0, 5.0], [7.0, 9.0]]))


def test_update_ignores_the_value_of_a_terminal_state():
    q = np.array([[1.0, 2.0], [100.0, 100.0]])
    error = q_learning_update(q, 0, 0, -3.0, 1, True, learning_rate=0.5, discount_factor=0.9)
    assert error == pytest.approx(-4.0)
    assert q == pytest.approx(np.array([[-1.0, 2.0], [100.0, 100.0]]))


class Corridor(gym.Env):
    """Fyra platser i rad; höger från den sista ger 10 och slutet, vänster från den första −1."""

    def __init__(self) -> None:
        self.observation_space = spaces.Discrete(5)
        self.action_space = spaces.Discrete(2)
        self.n_steps = self.n_resets = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        self.n_resets += 1
        self._place = int(self.np_random.integers(4))
        return self._place, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        self.n_steps += 1
        self._place, reward = corridor_step(self._place, action)
        return self._place, reward, self._place == 4, False, {}


def corridor_step(s: int, a: int) -> tuple[int, float]:
    if s == 4:
        return 4, 0.0
    return max(s + (1 if a else -1), 0), 10.0 if (s, a) == (3, 1) else -float((s, a) == (0, 0))


def test_q_learning_finds_the_computed_optimum():
    for seed in range(4):
        # Utan slump i miljön är varje mål exakt när α = 1: bara fel från startvärdet finns kvar,
        # och när varje par har prövats om och om igen försvinner de helt.
        expected = q_value_iteration(mdp_from_step(5, 2, corridor_step), 0.9)
        q, returns = q_learning(Corridor(), 200, 0.9, learning_rate=1.0, epsilon=0.5, seed=seed)
        assert q == pytest.approx(expected, abs=1e-6)
        assert len(returns) == 200


def test_q_learning_finds_the_shortest_way_over_frozen_lake():
    for seed in range(3):
        env = gym.make("FrozenLake-v1", is_slippery=False)
        q, _ = q_learning(env, 400, 0.9, learning_rate=0.5, epsilon=0.5, seed=seed)
        assert q[0].max() == pytest.approx(0.9**5, abs=1e-3)
        assert success_within(mdp_from_gymnasium(env), greedy_policy(q), 6) == 1.0


class NoisyMDP(gym.Env):
    """En slumpad MDP att gå runt i utan slut."""

    def __init__(self) -> None:
        rng = np.random.default_rng(8)
        p = rng.dirichlet(np.ones(4), size=(4, 2))
        self.mdp = TabularMDP(p, rng.normal(size=p.shape), np.ones((4, 2), dtype=bool))
        self.observation_space = spaces.Discrete(4)
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        self._state = 0
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        s = self._state
        probabilities = self.mdp.transition_probabilities[s, action]
        self._state = int(self.np_random.choice(4, p=probabilities))
        return self._state, self.mdp.rewards[s, action, self._state], False, False, {}


def test_q_learning_in_noise_comes_close_to_the_optimum():
    for seed in range(2):
        # Målets standardavvikelse är högst 2,25 i någon ruta, så med α = 0,01 blir stickprovsfelet
        # där √(α/(2 − α)) · 2,25 ≈ 0,16; värdena rör sig dessutom delvis i takt, som mest
        # 1/(1 − γ) = 5 gånger så mycket. 20 frön gav som mest 0,37. Med fel γ eller utan max blir
        # felet över 1.
        env = NoisyMDP()
        best = q_value_iteration(env.mdp, 0.8)
        q, _ = q_learning(
            env, 1, 0.8, learning_rate=0.01, epsilon=1.0, max_episode_steps=20_000, seed=seed
        )
        assert q == pytest.approx(best, abs=0.6)


def test_same_seed_same_result():
    def run(seed: int) -> tuple[np.ndarray, list[float]]:
        return q_learning(NoisyMDP(), 2, 0.9, epsilon=0.3, max_episode_steps=100, seed=seed)

    (q, returns), (again, returns_again), (other, other_returns) = run(5), run(5), run(6)
    assert np.array_equal(q, again)
    assert returns == returns_again
    assert not np.array_equal(q, other)
    assert returns != other_returns


def test_later_episodes_start_elsewhere():
    class Recording(Corridor):
        starts: list[int]

        def reset(self, **kwargs: Any) -> tuple[int, dict]:
            obs, info = super().reset(**kwargs)
            self.starts = [*getattr(self, "starts", []), obs]
            return obs, info

    env = Recording()
    q_learning(env, 50, 0.9, seed=3)
    # 50 starter bland 4 platser: att någon saknas har sannolikheten 4 · 0,75⁵⁰ ≈ 2e-6.
    assert set(env.starts) == {0, 1, 2, 3}


class SameDraws(gym.Env):
    """En miljö som drar på samma sätt som agenten när ε = 1: ett tal och ett heltal per steg."""

    def __init__(self) -> None:
        self.observation_space = spaces.Discrete(1)
        self.action_space = spaces.Discrete(1000)
        self.equal: list[bool] = []

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        self.np_random.random()
        self.equal.append(action == self.np_random.integers(1000))
        return 0, 0.0, len(self.equal) == 100, False, {}


def test_exploration_and_environment_do_not_share_their_random_numbers():
    env = SameDraws()
    q_learning(env, 1, 0.9, epsilon=1.0, seed=7)
    assert sum(env.equal) < 5


class Endless(Corridor):
    """Episoden tar aldrig slut, eller avbryts av en tidsgräns."""

    def __init__(self, limit: float = INF) -> None:
        super().__init__()
        self.limit = limit

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        self.n_steps += 1
        return 0, 1.0, False, self.n_steps >= self.limit, {}


def test_an_environment_without_a_time_limit_is_stopped():
    env = Endless()
    _, returns = q_learning(env, 3, 0.9, max_episode_steps=7, seed=0)
    assert returns == [7.0, 7.0, 7.0]
    assert (env.n_steps, env.n_resets) == (21, 3)


def test_a_truncated_episode_ends_but_its_last_state_keeps_its_value():
    q = np.full((5, 2), 100.0)
    env = Endless(limit=1)
    q_learning(env, 1, 0.5, learning_rate=1.0, seed=0, q_values=q)
    assert env.n_steps == 1
    # Tidsgränsen är inget sluttillstånd: målet är 1 + 0,5 · 100, inte 1.
    assert np.sort(q.ravel())[0] == 51.0


def test_start_values_are_changed_in_place():
    start = np.zeros((5, 2))
    q, _ = q_learning(Corridor(), 20, 0.9, seed=0, q_values=start)
    assert q is start
    assert start.any()


def test_zero_episodes():
    q, returns = q_learning(Corridor(), 0, 0.9)
    assert not q.any()
    assert returns == []


Q_LEARNING_ERRORS_CASES = [
    (gym.make("CartPole-v1"), 1, {}, "numrerade.*anteckningsbok 03"),
    (gym.make("Pendulum-v1"), 1, {}, "numrerade"),
    (Corridor(), -1, {}, "`n_episodes`, ska vara minst 0"),
    (Corridor(), 1, {"max_episode_steps": 0}, "`max_episode_steps` minst 1"),
    (Corridor(), 1, {"epsilon": 1.5}, "epsilon"),
    (Corridor(), 1, {"q_values": np.zeros((4, 2))}, r"flyttal med formen \(5, 2\)"),
    # I en heltalstabell skulle varje uppdatering avrundas bort.
    (Corridor(), 1, {"q_values": np.zeros((5, 2), dtype=int)}, "flyttal"),
]


def test_q_learning_errors():
    for env, n_episodes, kwargs, message in Q_LEARNING_ERRORS_CASES:
        with pytest.raises(ValueError, match=message):
            q_learning(env, n_episodes, 0.9, **kwargs)


def test_q_learning_wants_numbers_from_zero():
    env = Corridor()
    env.action_space = spaces.Discrete(2, start=1)
    with pytest.raises(ValueError, match="handlingar numrerade från 0"):
        q_learning(env, 1, 0.9)
