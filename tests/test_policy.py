"""Handlingsval och ε: frekvenser, slumpens ursprung, ändpunkter och fel."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from chi_square import chi_square, chi_square_limit
from scripted import TableNetwork

from dqn_helpers import DQN, choose_dqn_action, epsilon_greedy, linear_epsilon

GREEDY = 2
MODEL = TableNetwork([[0.5, -1.0, 2.0, 1.5], [3.0, 1.0, 2.0, 0.0]])
OBS = np.array([0.0])
N_CHOICES = 4_000


def epsilon_greedy_probabilities(epsilon: float, n_actions: int = 4) -> list[float]:
    """Sutton och Barto 2018, avsnitt 5.4: ε/A för alla, och 1 − ε till för den giriga."""
    probabilities = [epsilon / n_actions] * n_actions
    probabilities[GREEDY] += 1 - epsilon
    return probabilities


# --- choose_dqn_action ---------------------------------------------------------------------------


def test_dqn_action_frequencies():
    for epsilon in [0.5, 1.0, 0.1]:
        torch.manual_seed(7)
        chosen = [choose_dqn_action(MODEL, OBS, epsilon) for _ in range(N_CHOICES)]
        counts = np.bincount(chosen, minlength=4)
        probabilities = epsilon_greedy_probabilities(epsilon)
        assert chi_square(counts, probabilities) < chi_square_limit(4), counts


def test_greedy_action_depends_on_the_observation():
    for obs, best in [([0.0], 2), ([1.0], 0)]:
        assert {choose_dqn_action(MODEL, np.array(obs), 0.0) for _ in range(50)} == {best}
        assert {choose_dqn_action(MODEL, np.array(obs)) for _ in range(200)} == {best}


def test_greedy_choice_uses_no_randomness():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    choose_dqn_action(MODEL, OBS, 0.0)
    assert torch.equal(torch.get_rng_state(), before)


def test_choices_follow_torchs_seed():
    def choices(seed: int) -> list[int]:
        torch.manual_seed(seed)
        return [choose_dqn_action(MODEL, OBS, 0.9) for _ in range(40)]

    assert choices(1) == choices(1)
    assert choices(1) != choices(2)


def test_choice_is_a_plain_integer_for_any_observation_dtype():
    for dtype in [np.float32, np.float64, np.int64]:
        for epsilon in (0.0, 1.0):
            assert type(choose_dqn_action(MODEL, np.zeros(1, dtype), epsilon)) is int


def test_choice_leaves_no_gradient_and_changes_no_weight():
    model = TableNetwork([[1.0, 2.0]])
    choose_dqn_action(model, OBS, 0.5)
    assert model.table.grad is None
    assert model.table.tolist() == [[1, 2]]


def test_model_gets_a_float32_batch_of_one():
    seen = []

    class Spy(torch.nn.Module):
        def forward(self, obs: torch.Tensor) -> torch.Tensor:
            seen.append((tuple(obs.shape), obs.dtype, torch.is_grad_enabled()))
            return obs

    assert choose_dqn_action(Spy(), np.array([1.0, 3.0, 2.0])) == 1
    assert seen == [((1, 3), torch.float32, False)]


def test_a_network_that_knows_its_actions_is_not_asked_when_exploring():
    """Ett DQN som ändå frågades skulle välja detsamma, men varje steg skulle kosta mer."""
    model = DQN(1, 4)
    other = torch.nn.Sequential(model)  # samma nätverk, men inget DQN
    asked: list[int] = []
    model.register_forward_hook(lambda *_: asked.append(1))
    for epsilon, n_asked in [(1.0, 0), (0.0, 10)]:
        asked.clear()
        for _ in range(10):
            choose_dqn_action(model, OBS, epsilon)
        assert len(asked) == n_asked
    chosen = []
    for network in (model, other):
        torch.manual_seed(3)
        chosen.append([choose_dqn_action(network, OBS, 0.5) for _ in range(100)])
    assert chosen[0] == chosen[1] and len(set(chosen[0])) == 4


def test_epsilon_must_be_a_probability():
    for epsilon in [-0.1, 1.1, float("nan")]:
        with pytest.raises(ValueError, match="`epsilon` ska vara en sannolikhet, 0 till 1"):
            choose_dqn_action(MODEL, OBS, epsilon)
        with pytest.raises(ValueError, match="`epsilon` ska vara en sannolikhet, 0 till 1"):
            epsilon_greedy(np.zeros(2), epsilon, np.random.default_rng(0))


# --- epsilon_greedy ------------------------------------------------------------------------------


def test_epsilon_greedy_frequencies():
    for epsilon in [0.3, 1.0]:
        rng = np.random.default_rng(11)
        values = np.array([0.5, -1.0, 2.0, 1.5])
        counts = np.bincount([epsilon_greedy(values, epsilon, rng) for _ in range(N_CHOICES)])
        assert chi_square(counts, epsilon_greedy_probabilities(epsilon)) < chi_square_limit(4), (
            counts
        )


def test_epsilon_zero_is_greedy():
    rng = np.random.default_rng(0)
    values = np.array([-3.0, -1.0, -2.0])
    assert {epsilon_greedy(values, 0.0, rng) for _ in range(100)} == {1}


def test_epsilon_zero_is_greedy_even_when_the_draw_is_zero():
    class DrawsZero:
        def random(self) -> float:
            return 0.0

        def integers(self, n: int) -> int:
            return 0

    assert epsilon_greedy(np.array([1.0, 3.0]), 0.0, DrawsZero()) == 1  # type: ignore[arg-type]


def test_ties_are_drawn_equally():
    rng = np.random.default_rng(5)
    values = np.array([1.0, 4.0, -2.0, 4.0, 4.0])
    counts = np.bincount([epsilon_greedy(values, 0.0, rng) for _ in range(3_000)], minlength=5)
    assert counts[[0, 2]].tolist() == [0, 0]
    assert chi_square(counts[[1, 3, 4]], [1 / 3] * 3) < chi_square_limit(3), counts


def test_epsilon_greedy_returns_int_and_follows_its_rng():
    def choices(seed: int) -> list[int]:
        rng = np.random.default_rng(seed)
        return [epsilon_greedy(np.zeros(3), 0.5, rng) for _ in range(40)]

    assert choices(1) == choices(1) != choices(2)
    assert {type(action) for action in choices(1)} == {int}


# --- linear_epsilon ------------------------------------------------------------------------------


LINEAR_EPSILON_BY_HAND_CASES = [
    (0, 1.0, 0.05, 2_000, 1.0),
    (1_000, 1.0, 0.05, 2_000, 0.525),
    (2_000, 1.0, 0.05, 2_000, 0.05),
    (2_001, 1.0, 0.05, 2_000, 0.05),
    (10**9, 1.0, 0.05, 2_000, 0.05),
    (1, 0.9, 0.1, 4, 0.7),
    (3, 0.9, 0.1, 4, 0.3),
    (0, 1.0, 0.0, 1, 1.0),
    (1, 1.0, 0.0, 1, 0.0),
]


def test_linear_epsilon_by_hand():
    for step, start, end, decay_steps, wanted in LINEAR_EPSILON_BY_HAND_CASES:
        assert linear_epsilon(step, start, end, decay_steps) == pytest.approx(wanted, abs=1e-12)


def test_linear_epsilon_falls_and_stays_a_probability():
    values = [linear_epsilon(step, 1.0, 0.0, 7) for step in range(20)]
    assert all(a > b for a, b in pairwise(values[:8]))
    assert values[7:] == [0.0] * 13
    assert all(0 <= value <= 1 for value in values)


def test_linear_epsilon_errors():
    for step, decay_steps in [(-1, 10), (0, 0), (5, -3)]:
        with pytest.raises(ValueError, match="`step` ska vara minst 0 och `decay_steps` minst 1"):
            linear_epsilon(step, 1.0, 0.1, decay_steps)
