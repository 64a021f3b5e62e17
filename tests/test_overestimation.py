"""Påståendena i 05, mätta: biasen i Kasinot, utgången, de färdiga talen och CartPole med facit."""

import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from benchmarks.contestants import BY_KEY
from everyday import first
from overestimation_numbers import N_SEEDS, double_dqn_training_step, solution_namespace

from dqn_helpers import chosen_q_values, dqn_training_step, greedy_episode, recipe
from dqn_helpers.figures.overestimation_plots import (
    largest_estimate,
    seed_dots,
    spread_in_words,
)
from dqn_helpers.studies import overestimation, own_casino
from dqn_helpers.studies.overestimation import (
    CARTPOLE,
    CASINO,
    CONTROL,
    CONTROLLED,
    EXIT,
    EXPERIMENTS,
    LOG_SIZE,
    casino_log,
    committed_numbers,
    course_seconds,
    mean_max_q,
    measure,
    share_going_home,
    step_without_future,
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


@pytest.mark.lang
def test_double_dqn_finds_the_exit_and_dqn_does_not(going_home: dict[str, np.ndarray]):
    assert going_home["DQN"][:, -1].mean() < 0.1
    assert going_home["Double DQN"][:, -1].mean() > 0.5


@pytest.mark.parametrize("runs", first(1, ["casino", "going_home"]))
def test_committed_numbers_are_those_of_the_solution(runs: str, request: pytest.FixtureRequest):
    """Avrundningsfel växer olika på olika datorer, så medelvärdena jämförs, inte varje tal."""
    experiment, tolerance = {"casino": (CASINO, 0.08), "going_home": (EXIT, 0.35)}[runs]
    for name, values in request.getfixturevalue(runs).items():
        committed = committed_numbers(experiment, name)[: len(values)]
        assert np.abs(committed.mean(axis=0) - values.mean(axis=0)).max() < tolerance, name


def test_what_the_page_says_about_the_committed_numbers():
    dqn, double = (committed_numbers(CASINO, name)[:, -1] for name in STEPS)
    assert dqn.mean() == pytest.approx(0.6, abs=0.05)
    assert double.mean() == pytest.approx(0.2, abs=0.05)
    assert double.max() < dqn.min()

    control = committed_numbers(CASINO, CONTROL)[:, -1]
    assert control.mean() == pytest.approx(0.08, abs=0.01)
    assert control.max() < double.max() and control.mean() < 0.6 * double.mean()
    share = committed_numbers(LOG_SIZE, CONTROL)[:, 0] / committed_numbers(LOG_SIZE, "DQN")[:, 0]
    assert share.mean() == pytest.approx(1 / 3, abs=0.1), "en tredjedel är måttets eget fel"

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


def test_the_control_has_no_maximum_in_its_target():
    """Utan framtid är målet belöningen, vilka värden målnätverket än har."""
    measured = measure(step_without_future, CASINO, 2)
    committed = committed_numbers(CASINO, CONTROL)[:2]
    assert np.abs(measured.mean(axis=0) - committed.mean(axis=0)).max() < 0.03

    def with_a_wild_target(model: Any, *rest: Any) -> float:
        *others, target_model = rest
        with torch.no_grad():
            target_model.layers[-1].bias += 100
        return step_without_future(model, *others, target_model)

    assert train_in_casino(with_a_wild_target, 0, mean_max_q, [30]) == train_in_casino(
        step_without_future, 0, mean_max_q, [30]
    )


@pytest.mark.parametrize("seed", first(1, range(2)))
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


@pytest.mark.parametrize("seed", first(1, range(3)))  # hundra till: tests/benchmarks
def test_recipe_solves_cartpole_with_the_double_step(seed: int):
    result = BY_KEY["double"].run(seed)
    assert result.best_check is not None and result.best_check >= recipe.STOP_AT, result
    assert result.held_out >= recipe.SOLVED_AT, result


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
    for experiment in CONTROLLED:
        assert committed_numbers(experiment, CONTROL).shape == (N_SEEDS, len(experiment.x))


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_the_number_of_training_steps_in_a_run(experiment: Any):
    calls = []

    def counting(*arguments: Any) -> float:
        calls.append(1)
        return 0.0

    experiment.run(counting, 0)
    assert 0.9 * experiment.n_steps < len(calls) <= experiment.n_steps


QUICK = dataclasses.replace(
    CASINO, run=lambda step, seed: [float(seed), step()], x=(1.0, 2.0), n_seeds=3, limit=5.0
)
"""Ett försök som bara frågar steget efter ett tal."""


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e9])
def test_numbers_that_do_not_fit_are_drawn_at_the_edge(
    value: float, capsys: pytest.CaptureFixture[str]
):
    np.testing.assert_array_equal(measure(lambda: value, QUICK)[:, 1], [5, 5, 5])
    assert "spårat ur" in capsys.readouterr().out
    two_edges = dataclasses.replace(QUICK, limit=(1.0, 7.0))
    np.testing.assert_array_equal(measure(lambda: -1e9, two_edges), [[0, -7], [1, -7], [1, -7]])


def test_a_slow_computer_gives_more_time(monkeypatch: pytest.MonkeyPatch):
    """Tiden följer det som kursens eget träningssteg kostar just här."""

    def slow_step(*arguments: Any) -> float:
        end = time.thread_time() + 0.004
        while time.thread_time() < end:
            pass
        return dqn_training_step(*arguments)

    monkeypatch.setattr(overestimation, "dqn_training_step", slow_step)
    measured = overestimation._seconds_per_step.__wrapped__
    monkeypatch.setattr(overestimation, "_seconds_per_step", measured)
    assert course_seconds(CASINO) > 0.004 * CASINO.n_seeds * CASINO.n_steps


# --- de egna kasinona ----------------------------------------------------------------------------

GRADING = Path(__file__).resolve().parents[1] / "solutions" / "grading"


@pytest.fixture(scope="module")
def own_casinos() -> Any:
    """Skriptet som räknar kurvorna."""
    sys.path.insert(0, str(GRADING))
    try:
        import own_casinos
    finally:
        sys.path.remove(str(GRADING))
    return own_casinos


def test_the_same_name_gives_the_same_casino_everywhere():
    assert own_casino.casino_number("Åsa Öberg") == 191
    for same in ("åsa öberg", " ÅSA  Öberg.", "A\u030asa O\u0308berg"):
        assert own_casino.casino_number(same) == 191
    numbers = {own_casino.casino_number(f"student{n}") for n in range(2_000)}
    assert numbers == set(range(1, own_casino.N_CASINOS + 1))


def test_one_machine_left_is_one_and_not_several():
    few = next(c for c in map(own_casino.casino, range(1, 201)) if c.n_machines - c.n_good == 1)
    assert "på den som är kvar förlorar" in " ".join(str(few).split())


def test_the_committed_casinos_are_those_of_the_script(own_casinos: Any):
    committed = [own_casino.casino(n) for n in range(1, own_casino.N_CASINOS + 1)]
    assert committed == own_casinos.casinos()
    shape = own_casino.N_SEEDS, len(own_casino.CHECK_STEPS)
    for casino in committed:
        assert [c.shape for c in own_casino.curves(casino.number).values()] == [shape, shape]


def test_the_shown_curves_do_not_say_which_is_which():
    text = own_casino.CURVES.read_text(encoding="utf-8")
    assert "DQN" not in text and "double" not in text.lower()


def test_stacked_networks_learn_exactly_as_one_by_one(
    own_casinos: Any, monkeypatch: pytest.MonkeyPatch
):
    """Några steg i två kasinon, bredvid kursens DQN-steg och facits Double DQN."""
    monkeypatch.setattr(torch, "randint", lambda high, size: torch.arange(high))  # hela batchen
    chosen = own_casinos.casinos()[:2]
    group = own_casinos.Group(chosen, n_seeds=1)
    alone = [own_casinos._start(casino, 0) for casino in chosen for _ in range(2)]
    targets = [own_casinos._start(casino, 0) for casino in chosen for _ in range(2)]
    optimizers = [torch.optim.Adam(model.parameters(), lr=3e-3, fused=True) for model in alone]
    for _ in range(4):
        batch = group.drawn()
        group.learn(batch)
        for row, model in enumerate(alone):
            casino, step = chosen[row // 2], (dqn_training_step, DOUBLE)[row % 2]
            log = logged([column[row] for column in batch])
            for network in (model, targets[row]):  # automater som inte finns väljs aldrig
                network.forward = only(network.layers, casino.n_machines)
            arguments = optimizers[row], torch.nn.MSELoss(), log, len(log), casino.discount_factor
            step(model, *arguments, targets[row])
    observations = torch.rand(len(alone), 5, 4)
    stacked = group.online(observations)
    for row, model in enumerate(alone):
        torch.testing.assert_close(stacked[row], model.layers(observations[row]), atol=1e-5, rtol=0)


def logged(columns: list[torch.Tensor]) -> Any:
    """Batchen som en buffert där allt dras, en gång var."""
    state, action, reward, next_state = (column.numpy() for column in columns)
    no = np.zeros(len(state), dtype=bool)
    return list(zip(state, action, reward, next_state, no, no, strict=True))


def only(layers: torch.nn.Module, n_machines: int) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda obs: layers(obs)[:, :n_machines]


# --- figurerna -----------------------------------------------------------------------------------


def test_the_figures_say_in_words_what_they_show():
    assert "medelvärdet 1,54" in largest_estimate(10).alt
    panels = {"bias": {"DQN": np.array([1.0, 3.0])}, "avkastning": {"DQN": np.array([10.0])}}
    picture = seed_dots(panels, y_labels=["a", "b"], truths=[0, None])
    assert (
        "Bias, DQN: 2,00 (1,00 till 3,00; 2 frön). Avkastning, DQN: 10 (10 till 10; 1 frö)."
        in picture.alt
    )
    assert spread_in_words(np.array([0.5, 0.7])) == "0,60 (0,50 till 0,70; 2 frön)"
    assert spread_in_words(np.array([-0.5, 0.5])) == "0,00 (−0,50 till 0,50; 2 frön)"
    assert spread_in_words(np.array([100.0, 499.6])) == "300 (100 till 500; 2 frön)"
