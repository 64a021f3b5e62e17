"""Sutton och Barto, exempel 6.7: kurvorna för Q-inlärning och dubbel Q-inlärning.

Facit är andelen vänster (i procent) ur 10 000 körningar av en annan, oberoende kod. Båda sidor är
alltså stickprov: se `tolerance`.
"""

import inspect

import numpy as np
import pytest

from dqn_helpers.studies.maximization_bias import left_share_per_episode

N_RUNS = 5_000
REFERENCE_RUNS = 10_000
EPISODES = np.array([1, 10, 25, 50, 100, 200, 300])

# (dubbel, antal handlingar i B) → procent vänster i episoderna ovan, avrundat till hela procent
REFERENCE = {
    (False, 10): [50, 87, 93, 83, 46, 16, 11.6],
    (True, 10): [50, 45, 24, 14, 9, 8, 6.5],
    (False, 5): [50, 86, 74, 50, 20, 10, 9.6],
    (True, 5): [50, 41, 20, 13, 9, 7, 7],
}


def tolerance(share: np.ndarray) -> np.ndarray:
    """Fem standardavvikelser för skillnaden mellan två stickprov, plus en halv procents avrundning.

    28 jämförelser på fem standardavvikelser ger falskt larm i färre än ett fall av 50 000.
    """
    return 5 * np.sqrt(share * (1 - share) * (1 / N_RUNS + 1 / REFERENCE_RUNS)) + 0.005


@pytest.fixture(scope="module")
def curves() -> dict[tuple[bool, int], np.ndarray]:
    return {
        (double, n): left_share_per_episode(double, n_runs=N_RUNS, n_actions_in_b=n)
        for double, n in REFERENCE
    }


@pytest.mark.parametrize(("double", "n_actions"), REFERENCE)
def test_curves(double: bool, n_actions: int, curves: dict[tuple[bool, int], np.ndarray]):
    expected = np.array(REFERENCE[double, n_actions]) / 100
    error = curves[double, n_actions][EPISODES - 1] - expected
    assert (np.abs(error) <= tolerance(expected)).all(), np.round(100 * error, 1)


def test_q_learning_is_fooled_and_double_is_not(curves: dict[tuple[bool, int], np.ndarray]):
    assert curves[False, 10].max() > 0.85
    assert curves[True, 10].max() < 0.55
    assert curves[False, 10][99] > 0.40
    assert curves[True, 10][99] < 0.12


def test_the_defaults_are_those_of_the_book():
    parameters = inspect.signature(left_share_per_episode).parameters
    assert parameters["learning_rate"].default == 0.1
    assert parameters["epsilon"].default == 0.1
    assert parameters["n_episodes"].default == 300
    assert parameters["n_runs"].default == 10_000
    assert parameters["n_actions_in_b"].default == 10  # står inte i boken


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("epsilon", [0.1, 0.3])
def test_nobody_gets_below_the_exploration_floor(double: bool, epsilon: float):
    # Väntevärdet är minst ε/2 i varje episod; 300 episoder på fem standardavvikelser.
    floor = epsilon / 2
    shares = left_share_per_episode(double, n_runs=2_000, epsilon=epsilon)
    assert shares.min() > floor - 5 * np.sqrt(floor * (1 - floor) / 2_000)
    # Den som har två tabeller kommer också nära golvet.
    if double:
        assert shares[-1] < floor + 0.06


@pytest.mark.parametrize("double", [False, True])
def test_pure_exploration_is_a_coin_toss(double: bool):
    shares = left_share_per_episode(double, n_runs=2_000, n_episodes=100, epsilon=1.0)
    assert np.abs(shares - 0.5).max() < 5 * 0.5 / np.sqrt(2_000)


def test_without_learning_the_choice_is_a_coin_toss():
    shares = left_share_per_episode(False, n_runs=2_000, n_episodes=50, learning_rate=0.0)
    assert shares.mean() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(2_000 * 50))


@pytest.mark.parametrize("double", [False, True])
def test_seed(double: bool):
    def run(seed: int | None) -> np.ndarray:
        return left_share_per_episode(double, n_runs=100, n_episodes=30, seed=seed)

    assert np.array_equal(run(1), run(1))
    assert not np.array_equal(run(1), run(2))
    assert not np.array_equal(run(None), run(None))


def test_one_share_per_episode():
    shares = left_share_per_episode(True, n_runs=7, n_episodes=11)
    assert shares.shape == (11,)
    assert shares.dtype == np.float64
    assert np.allclose(shares * 7, np.round(shares * 7))
