"""Påståendena i 05, mätta: biasen i Kasinot, utgången, de färdiga talen och CartPole med facit."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from overestimation_numbers import N_SEEDS, double_dqn_training_step, solution_namespace
from recipe import train_recipe

from dqn_helpers import chosen_q_values, dqn_training_step, greedy_episode
from dqn_helpers.figures.overestimation_plots import (
    largest_estimate,
    seed_dots,
    spread_in_words,
)
from dqn_helpers.studies.overestimation import (
    CARTPOLE,
    CASINO,
    EXIT,
    EXPERIMENTS,
    LOG_SIZE,
    casino_log,
    committed_numbers,
    mean_max_q,
    measure,
    share_going_home,
    train_in_casino,
)

DOUBLE = double_dqn_training_step()
STEPS: dict[str, Callable[..., Any]] = {"DQN": dqn_training_step, "Double DQN": DOUBLE}


@pytest.fixture(scope="module")
def casino() -> dict[str, np.ndarray]:
    """Tre frön i Kasinot med vart och ett av stegen."""
    return {name: measure(step, CASINO, 3) for name, step in STEPS.items()}


@pytest.fixture(scope="module")
def going_home() -> dict[str, np.ndarray]:
    """Fem frön med utgång för Double DQN, två för DQN."""
    return {name: measure(STEPS[name], EXIT, n) for name, n in (("DQN", 2), ("Double DQN", 5))}


# --- det sidan påstår ----------------------------------------------------------------------------


def test_dqn_overestimates_in_the_casino_and_double_dqn_much_less(casino: dict[str, np.ndarray]):
    dqn, double = (casino[name][:, -1] for name in STEPS)
    assert dqn.mean() > 0.5
    assert 0 < double.mean() < 0.6 * dqn.mean()
    assert (double < dqn).all()


def test_double_dqn_finds_the_exit_and_dqn_does_not(going_home: dict[str, np.ndarray]):
    assert going_home["DQN"][:, -1].mean() < 0.1
    assert going_home["Double DQN"][:, -1].mean() > 0.5


@pytest.mark.parametrize("experiment", [CASINO, EXIT], ids=["kasinot", "utgång"])
def test_committed_numbers_are_those_of_the_solution(
    experiment: Any, casino: dict[str, np.ndarray], going_home: dict[str, np.ndarray]
):
    """Avrundningsfel växer olika på olika datorer, så medelvärdena jämförs, inte varje tal."""
    measured, tolerance = (casino, 0.08) if experiment is CASINO else (going_home, 0.35)
    for name, values in measured.items():
        committed = committed_numbers(experiment, name)[: len(values)]
        assert np.abs(committed.mean(axis=0) - values.mean(axis=0)).max() < tolerance, name


def test_what_the_page_says_about_the_committed_numbers():
    dqn, double = (committed_numbers(CASINO, name)[:, -1] for name in STEPS)
    assert dqn.mean() == pytest.approx(0.6, abs=0.05)
    assert double.mean() == pytest.approx(0.2, abs=0.05)
    assert double.max() < dqn.min()

    small, larger = committed_numbers(LOG_SIZE, "Double DQN").mean(axis=0) / committed_numbers(
        LOG_SIZE, "DQN"
    ).mean(axis=0)
    assert small > 0.8, "med en liten buffert hjälper Double DQN bara lite"
    assert double.mean() / dqn.mean() < larger < 0.7

    bias, returns = (
        [committed_numbers(CARTPOLE, name)[:, column] for name in STEPS] for column in (0, 1)
    )
    assert min(bias[0].min(), bias[1].min()) > 0, "i CartPole överskattar båda"
    assert abs(bias[0].mean() - bias[1].mean()) < bias[0].std()
    assert abs(returns[0].mean() - returns[1].mean()) < returns[0].std()


@pytest.mark.parametrize("seed", range(2))
def test_the_old_training_crosses_the_line_at_20(seed: int):
    page = solution_namespace("gammal-traning", "ovning-5-3")
    network, claims = page["train_like_the_old_notes"](seed)
    assert max(claims) > 20
    trace = greedy_episode(network, gym.make("CartPole-v1"), seed=100 + seed)
    assert page["q_value_bias"](trace.predicted_q_values, trace.rewards, 0.95) > 0


def test_swapped_roles_overestimate_more_than_dqn_on_a_small_buffer():
    def swapped(model: Any, optimizer: Any, criterion: Any, log: Any, *rest: Any) -> float:
        batch_size, discount_factor, target_model = rest
        state, action, reward, next_state, *_ = log.gather(
            torch.randint(len(log), (batch_size,)).numpy()
        )
        with torch.no_grad():
            chosen = target_model(next_state).argmax(dim=1)
            target = reward + discount_factor * chosen_q_values(model(next_state), chosen)
        loss = criterion(chosen_q_values(model(state), action), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    bias = [train_in_casino(swapped, s, mean_max_q, [1_200], n_stored=1_000)[0] for s in (0, 1)]
    assert np.mean(bias) > committed_numbers(LOG_SIZE, "DQN")[:, 0].max()


@pytest.mark.parametrize("seed", range(5))
def test_recipe_solves_cartpole_with_the_double_step(seed: int):
    result = train_recipe(seed, DOUBLE)
    assert result.stopped, result
    assert result.held_out_mean >= 475, result


# --- maskineriet ---------------------------------------------------------------------------------


@pytest.mark.parametrize("exit_door", [False, True])
def test_the_log_is_what_the_casino_gives(exit_door: bool):
    log = casino_log(3, 20_000, exit_door=exit_door)
    batch = log.gather(np.arange(len(log)))
    env = gym.make(f"dqn_helpers/Kasinot{'MedUtgang' if exit_door else ''}-v0")
    assert env.observation_space.contains(batch.state[0].numpy())
    assert batch.action.unique().tolist() == list(range(env.action_space.n))
    played = batch.reward[~batch.terminated]
    assert played.mean().item() == pytest.approx(env.unwrapped.mean, abs=0.05)
    assert played.std().item() == pytest.approx(1, abs=0.05)
    assert (batch.terminated == ((batch.action == 0) & exit_door)).all()
    assert (batch.reward[batch.terminated] == 0).all()
    assert not batch.truncated.any()


def test_same_seed_same_numbers_and_the_random_state_is_left_alone():
    def run(seed: int) -> list[float]:
        return train_in_casino(dqn_training_step, seed, mean_max_q, [20, 40])

    assert run(1) == run(1)
    assert run(1) != run(2)
    before = torch.get_rng_state()
    measure(dqn_training_step, EXIT, 0)
    assert torch.equal(before, torch.get_rng_state())


def test_the_target_network_is_copied_as_often_as_it_says():
    seen = []

    def step(model: Any, *rest: Any) -> None:
        with torch.no_grad():
            seen.append((rest[-1].layers[0].bias - model.layers[0].bias).abs().max().item())
            model.layers[0].bias += 1

    train_in_casino(step, 0, mean_max_q, [5], target_update_every=2)
    assert np.allclose(seen, [0, 1, 0, 1, 0], atol=1e-5)


def test_a_network_that_has_gone_astray_does_not_go_home():
    class Lost(torch.nn.Module):
        def forward(self, obs: torch.Tensor) -> torch.Tensor:
            return torch.full((len(obs), 21), torch.nan)

    assert share_going_home(Lost()) == 0


def test_every_experiment_has_ten_committed_seeds():
    for experiment in EXPERIMENTS:
        for name in STEPS:
            assert committed_numbers(experiment, name).shape == (N_SEEDS, len(experiment.x))


# --- figurerna -----------------------------------------------------------------------------------


def test_the_figures_say_in_words_what_they_show():
    assert "medelvärdet 1,54" in largest_estimate(10).alt
    panels = {"bias": {"DQN": np.array([1.0, 3.0])}, "avkastning": {"DQN": np.array([10.0])}}
    picture = seed_dots(panels, y_labels=["a", "b"], truths=[0, None])
    assert (
        "bias, DQN: 2,00 (1,00 till 3,00; 2 frön). avkastning, DQN: 10 (10 till 10; 1 frön)"
        in picture.alt
    )
    assert spread_in_words(np.array([0.5, 0.7])) == "0,60 (0,50 till 0,70; 2 frön)"
    assert spread_in_words(np.array([-0.5, 0.5])) == "0,00 (−0,50 till 0,50; 2 frön)"
    assert spread_in_words(np.array([100.0, 499.6])) == "300 (100 till 500; 2 frön)"
