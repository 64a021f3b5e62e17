"""Målet, träningssteget, målnätverket och episoden, mot tal räknade för hand och sluten form."""

import copy
from collections import deque
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.wrappers import RecordEpisodeStatistics, TransformReward
from scripted import OneWeight, ScriptedEnv, TableNetwork
from torch import nn

from dqn_helpers import (
    DQN,
    ReplayBuffer,
    chosen_q_values,
    dqn_training_step,
    make_cartpole,
    play_and_record_episode,
    td_target,
    update_target_network,
)

INF = float("inf")

# --- målet ---------------------------------------------------------------------------------------


TD_TARGET_BY_HAND_CASES = [
    # 1 + 0,5 · 5;  −2 (slut);  0,5 + 0,5 · (−4)
    ([1, -2, 0.5], [[3, 5], [7, 2], [-4, -6]], [0, 1, 0], 0.5, [3.5, -2, -1.5]),
    # det största står i olika kolumner: 1 + 0,9 · 8;  2 + 0,9 · 6;  3 (slut)
    ([1, 2, 3], [[8, 1, 2, 3], [4, 5, 6, -7], [9, 10, 11, 12]], [0, 0, 1], 0.9, [8.2, 7.4, 3]),
    ([1, 2, 3], [[4, 5], [6, 7], [8, 9]], [0, 0, 0], 0.0, [1, 2, 3]),
    ([1, 2, 3], [[4, 5], [7, 6], [8, 9]], [0, 0, 0], 1.0, [6, 9, 12]),
    ([1, 2, 3], [[4, 5], [6, 7], [8, 9]], [1, 1, 1], 0.9, [1, 2, 3]),
    ([5], [[-1, -2]], [0], 0.5, [4.5]),
]


def test_td_target_by_hand():
    for reward, next_q, terminated, gamma, wanted in TD_TARGET_BY_HAND_CASES:
        target = td_target(
            torch.tensor(reward, dtype=torch.float64),
            torch.tensor(next_q, dtype=torch.float64),
            torch.tensor(terminated, dtype=torch.bool),
            gamma,
        )
        assert target.tolist() == pytest.approx(wanted, abs=1e-12)


def test_nothing_leaks_from_beyond_a_terminal_state():
    for poison in [1e6, -1e6, INF, -INF, float("nan")]:
        next_q = torch.tensor([[poison, poison], [1.0, 2.0], [poison, 3.0]])
        target = td_target(
            torch.tensor([-1.0, 1.0, 7.0]), next_q, torch.tensor([True, False, True]), 0.5
        )
        assert target.tolist() == [-1, 2, 7]


TD_TARGET_WRONG_SHAPES_ARE_ERRORS_CASES = [
    ((3, 1), (3, 2), (3,)),
    ((3,), (3, 2), (3, 1)),
    ((3,), (3,), (3,)),
    ((3,), (2, 3), (3,)),
    ((3,), (3, 2), (2,)),
    ((2,), (3, 2), (3,)),
    ((3,), (3, 2, 1), (3,)),
    ((), (3, 2), ()),
]


def test_td_target_wrong_shapes_are_errors():
    for reward, next_q, terminated in TD_TARGET_WRONG_SHAPES_ARE_ERRORS_CASES:
        with pytest.raises(ValueError, match="`td_target` vill ha formerna") as caught:
            td_target(torch.zeros(reward), torch.zeros(next_q), torch.zeros(terminated).bool(), 0.9)
        assert str(next_q) in str(caught.value)


CHOSEN_Q_VALUES_BY_HAND_CASES = [
    ([[1, 2], [3, 4], [5, 6]], [0, 1, 0], [1, 4, 5]),
    ([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]], [3, 0, 2], [4, 5, 11]),
    ([[1, 2]], [1], [2]),
]


def test_chosen_q_values_by_hand():
    for q_values, action, wanted in CHOSEN_Q_VALUES_BY_HAND_CASES:
        table = torch.tensor(q_values, dtype=torch.float32, requires_grad=True)
        chosen = chosen_q_values(table, torch.tensor(action))
        assert chosen.tolist() == wanted
        chosen.sum().backward()
        assert table.grad.tolist() == np.eye(len(q_values[0]))[action].tolist()


def test_chosen_q_values_wrong_shapes_are_errors():
    for q_values, action in [((3, 2), (3, 1)), ((3, 2), (2,)), ((3,), (3,)), ((3, 2), ())]:
        with pytest.raises(ValueError, match="`chosen_q_values` vill ha formerna"):
            chosen_q_values(torch.zeros(q_values), torch.zeros(action, dtype=torch.int64))


# --- träningssteget mot en sluten form i numpy, float64 ------------------------------------------

SIZES = (4, 6, 3)  # observation, dolda, handlingar
GAMMA, LEARNING_RATE, BATCH_SIZE = 0.9, 0.125, 16
Weights = list[np.ndarray]


def random_weights(rng: np.random.Generator) -> Weights:
    n, hidden, actions = SIZES
    shapes = [(hidden, n), (hidden,), (actions, hidden), (actions,)]
    return [rng.normal(scale=0.4, size=shape) for shape in shapes]


def q_by_hand(weights: Weights, obs: np.ndarray) -> np.ndarray:
    w1, b1, w2, b2 = weights
    return np.maximum(obs @ w1.T + b1, 0) @ w2.T + b2


def errors_by_hand(weights: Weights, target_weights: Weights, batch: list[Any]) -> np.ndarray:
    """Q(s, a) minus målet, ett exempel i taget."""
    errors = []
    for state, action, reward, next_state, terminated, _ in batch:
        future = 0.0 if terminated else GAMMA * max(q_by_hand(target_weights, next_state))
        errors.append(q_by_hand(weights, state)[action] - (reward + future))
    return np.array(errors)


def loss_by_hand(errors: np.ndarray, huber: bool) -> float:
    squares = errors**2
    if huber:
        squares = np.where(abs(errors) <= 1, squares / 2, abs(errors) - 0.5)
    return squares.mean()


def gradients_by_hand(weights: Weights, batch: list[Any], errors: Any, huber: bool) -> Weights:
    """Kedjeregeln bakåt genom nätverket, ett exempel i taget; målet är en konstant."""
    w1, b1, w2, _ = weights
    gradients = [np.zeros_like(w) for w in weights]
    for (state, action, *_), error in zip(batch, errors, strict=True):
        slope = (np.clip(error, -1, 1) if huber else 2 * error) / len(batch)
        before_relu = w1 @ state + b1
        back = slope * w2[action] * (before_relu > 0)
        gradients[0] += np.outer(back, state)
        gradients[1] += back
        gradients[2][action] += slope * np.maximum(before_relu, 0)
        gradients[3][action] += slope
    return gradients


class InFloat64(nn.Module):
    """Samma nätverk i float64; observationerna ur bufferten är float32 och görs om på vägen in."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.net = network_with(weights).double()
        for parameter, weight in zip(self.parameters(), weights, strict=True):
            parameter.data = torch.tensor(weight)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return self.net(obs.double())


def network_with(weights: Weights) -> DQN:
    model = DQN(SIZES[0], SIZES[2], SIZES[1:2])
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights, strict=True):
            parameter.copy_(torch.tensor(weight))
    return model


class RecordingBuffer(list):
    """En lista som minns vad som lästs, så att facit vet vilken batch som drogs."""

    def __init__(self, experiences: list[Any]) -> None:
        super().__init__(experiences)
        self.drawn: list[Any] = []

    def __getitem__(self, index: Any) -> Any:
        self.drawn.append(super().__getitem__(index))
        return self.drawn[-1]


ENDINGS = {
    "goes on": [(False, False)],
    "truncated": [(False, True)],
    "terminated": [(True, False)],
    "both": [(True, True)],
    "mixed": [(False, False), (False, True), (True, False), (True, True)],
}


def random_experiences(rng: np.random.Generator, ending: str) -> list[Any]:
    """Tjugofyra erfarenheter med tal som är exakta i float32."""
    return [
        (
            (rng.integers(-16, 17, SIZES[0]) / 8).astype(np.float32),
            int(rng.integers(SIZES[2])),
            float(rng.integers(-16, 17) / 8),
            (rng.integers(-16, 17, SIZES[0]) / 8).astype(np.float32),
            *ENDINGS[ending][i % len(ENDINGS[ending])],
        )
        for i in range(24)
    ]


def step_and_truth(
    ending: str, with_target: bool, huber: bool, as_module: Any
) -> tuple[nn.Module, nn.Module | None, float, float, Weights, Weights]:
    """Ta ett steg; ger näten, förlusten, rätt förlust, rätta gradienter och vikterna före."""
    rng = np.random.default_rng(29)
    weights, target_weights = random_weights(rng), random_weights(rng)
    model, target = as_module(weights), as_module(target_weights) if with_target else None
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 1e3)  # skräp från förut ska inte räknas
    buffer = RecordingBuffer(random_experiences(rng, ending))
    torch.manual_seed(29)
    loss = dqn_training_step(
        model,
        torch.optim.SGD(model.parameters(), lr=LEARNING_RATE),
        nn.HuberLoss() if huber else nn.MSELoss(),
        buffer,
        BATCH_SIZE,
        GAMMA,
        target,
    )
    assert len(buffer.drawn) == BATCH_SIZE
    errors = errors_by_hand(weights, target_weights if with_target else weights, buffer.drawn)
    assert abs(errors).min() < 1 < abs(errors).max(), "båda delarna av Huber ska prövas"
    truth = loss_by_hand(errors, huber), gradients_by_hand(weights, buffer.drawn, errors, huber)
    return model, target, loss, *truth, weights


every_ending = pytest.mark.parametrize("ending", ENDINGS)
every_target = pytest.mark.parametrize("with_target", [False, True], ids=["DQN", "target"])
every_loss = pytest.mark.parametrize("huber", [False, True], ids=["MSE", "Huber"])


@every_ending
@every_target
@every_loss
def test_step_equals_the_closed_form(ending: str, with_target: bool, huber: bool):
    model, _, loss, true_loss, true_gradients, before = step_and_truth(
        ending, with_target, huber, InFloat64
    )
    assert type(loss) is float
    assert loss == pytest.approx(true_loss, rel=1e-12)
    for parameter, gradient, old in zip(model.parameters(), true_gradients, before, strict=True):
        np.testing.assert_allclose(parameter.grad, gradient, rtol=1e-11, atol=1e-13)
        moved = old - LEARNING_RATE * gradient
        np.testing.assert_allclose(parameter.detach(), moved, rtol=1e-11, atol=1e-13)


@every_target
@every_loss
def test_step_in_float32_is_as_right_as_float32_allows(with_target: bool, huber: bool):
    model, _, loss, true_loss, true_gradients, before = step_and_truth(
        "mixed", with_target, huber, network_with
    )
    assert loss == pytest.approx(true_loss, rel=1e-6)
    for parameter, gradient, old in zip(model.parameters(), true_gradients, before, strict=True):
        assert parameter.dtype == torch.float32
        np.testing.assert_allclose(parameter.grad, gradient, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(
            parameter.detach(), old - LEARNING_RATE * gradient, rtol=1e-6, atol=1e-6
        )


@every_ending
def test_target_network_is_left_alone(ending: str):
    rng = np.random.default_rng(5)
    model, target = network_with(random_weights(rng)), network_with(random_weights(rng))
    for parameter in target.parameters():
        parameter.grad = torch.full_like(parameter, 7.0)
    before = copy.deepcopy(target.state_dict())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    experiences = random_experiences(rng, ending)
    dqn_training_step(model, optimizer, nn.MSELoss(), experiences, 5, GAMMA, target)
    for name, tensor in target.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert all((parameter.grad == 7).all() for parameter in target.parameters())


def test_step_ignores_what_the_network_says_beyond_a_terminal_state():
    """Rad 2 är bortom sluttillståndet. Förlusten: (0,5 − 3)² = 6,25."""
    for poison in [1e6, INF]:
        model = TableNetwork([[0.0, 0.5], [4.0, 9.0], [poison, poison]])
        buffer = ReplayBuffer(4)
        buffer.append(([0.0], 1, 3.0, [2.0], True, False))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        assert dqn_training_step(model, optimizer, nn.MSELoss(), buffer, 1, 0.9) == 6.25
        assert model.table.tolist() == [[0, 3], [4, 9], [poison, poison]]


def test_no_gradient_reaches_the_next_state():
    """s = rad 0, s' = rad 1: målet 1 + 0,5 · 9 = 5,5. Bara Q(s, a) flyttas, till just 5,5."""
    model = TableNetwork([[0.0, 0.5], [4.0, 9.0]])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    experiences = [([0.0], 1, 1.0, [1.0], False, True)]
    assert dqn_training_step(model, optimizer, nn.MSELoss(), experiences, 1, 0.5) == 25
    assert model.table.tolist() == [[0, 5.5], [4, 9]]


def test_every_row_is_compared_with_its_own_target():
    """Alla rader stämmer redan, och målen är olika: (B, 1) mot (B,) skulle ge en förlust."""
    model = TableNetwork([[1.0, 5.0], [7.0, 2.0]])
    experiences = [([0.0], 0, 1.0, [0.0], True, False), ([1.0], 0, 7.0, [0.0], True, False)]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    assert dqn_training_step(model, optimizer, nn.MSELoss(), experiences * 8, 16, 0.9) == 0


def test_criterion_gets_prediction_and_target_of_shape_b():
    seen = []

    def criterion(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        seen.extend([prediction, target])
        return ((prediction - target) ** 2).mean()

    model = TableNetwork([[1.0, 5.0], [7.0, 2.0]])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    dqn_training_step(
        model, optimizer, criterion, [([0.0], 0, 1.0, [1.0], False, False)], 1, 0.5, model
    )
    assert [tuple(tensor.shape) for tensor in seen] == [(1,), (1,)]
    assert seen[0].requires_grad
    assert not seen[1].requires_grad
    assert [tensor.item() for tensor in seen] == [1.0, 4.5]


def test_every_optimizer_gets_exactly_one_step():
    model = TableNetwork([[1.0, 5.0]])
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(3):
        dqn_training_step(
            model, optimizer, nn.MSELoss(), deque([([0.0], 0, 9.0, [0.0], True, False)]), 1, 0.5
        )
    assert optimizer.state[model.table]["step"] == 3


def test_loss_that_is_not_finite_is_an_error_before_any_weight_moves():
    for bad in [float("nan"), INF]:
        model = TableNetwork([[1.0, 5.0]])
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        with pytest.raises(ValueError, match=r"Förlusten blev .*spårat ur"):
            dqn_training_step(
                model, optimizer, nn.MSELoss(), [([0.0], 0, bad, [0.0], True, False)], 1, 0.9
            )
        assert model.table.tolist() == [[1, 5]]


def test_step_with_batch_larger_than_the_buffer_is_an_error():
    model = TableNetwork([[1.0, 5.0]])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with pytest.raises(ValueError, match="har 1 erfarenhet, och det räcker inte till en"):
        dqn_training_step(
            model, optimizer, nn.MSELoss(), [([0.0], 0, 0.0, [0.0], True, False)], 2, 0.9
        )


def test_step_draws_through_the_modules_own_name(monkeypatch: pytest.MonkeyPatch):
    """Kursens anteckningsböcker byter ut `dqn_helpers.training.sample_experiences`."""
    calls = []

    def contiguous(replay_buffer: Any, batch_size: int) -> Any:
        calls.append((replay_buffer, batch_size))
        column = torch.tensor([0.0])
        flags = torch.tensor([True])
        return column[:, None], column.long(), column + 3, column[:, None], flags, flags

    monkeypatch.setattr("dqn_helpers.training.sample_experiences", contiguous)
    model = TableNetwork([[1.0, 5.0]])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    assert dqn_training_step(model, optimizer, nn.MSELoss(), [], 9, 0.9) == 4  # type: ignore
    assert calls == [([], 9)]


# --- målnätverket --------------------------------------------------------------------------------


def batch_norm_network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
    for _ in range(seed):
        model(torch.randn(8, 2))
    return model


def test_target_moves_towards_online():
    for tau in [1.0, 0.25, 0.0, 1]:
        online, target = batch_norm_network(1), batch_norm_network(2)
        online_before, before = copy.deepcopy(online), copy.deepcopy(target)
        assert update_target_network(online, target, tau) is None
        for new, old, towards in zip(
            target.parameters(), before.parameters(), online.parameters(), strict=True
        ):
            torch.testing.assert_close(new, tau * towards + (1 - tau) * old)
        for new, towards in zip(target.buffers(), online.buffers(), strict=True):
            assert torch.equal(new, towards), "buffertar kopieras hela"
        for now, then in zip(
            online.state_dict().values(), online_before.state_dict().values(), strict=True
        ):
            assert torch.equal(now, then), "online-nätverket ska inte ändras"


def test_default_is_an_exact_copy_even_from_broken_weights():
    online, target = OneWeight(), OneWeight()
    online.weight.data.fill_(1 / 3)
    target.weight.data.fill_(float("nan"))
    update_target_network(online, target)
    assert torch.equal(online.weight, target.weight)


def test_target_keeps_its_own_parameters_and_memory():
    for tau in [1.0, 0.25]:
        online, target = batch_norm_network(1), batch_norm_network(2)
        own = [*target.parameters(), *target.buffers()]
        update_target_network(online, target, tau)
        now = [*target.parameters(), *target.buffers()]
        assert all(a is b for a, b in zip(own, now, strict=True))
        frozen = copy.deepcopy(target.state_dict())
        for tensor in (*online.parameters(), *online.buffers()):
            tensor.data += 1
        for name, tensor in target.state_dict().items():
            assert torch.equal(tensor, frozen[name]), "näten delar minne"
        assert all(p.requires_grad and p.grad is None and p.is_leaf for p in target.parameters())


def test_tau_outside_zero_to_one_is_an_error():
    for tau in [-0.01, 1.01, float("nan")]:
        with pytest.raises(ValueError, match="`tau` ska ligga mellan 0 och 1"):
            update_target_network(OneWeight(), OneWeight(), tau)


def test_target_that_is_the_online_network_is_an_error():
    model = OneWeight()
    with pytest.raises(ValueError, match="samma objekt"):
        update_target_network(model, model)


NETWORKS_BUILT_DIFFERENTLY_ARE_AN_ERROR_CASES = [
    nn.Linear(2, 4),
    nn.Linear(3, 3),
    nn.Linear(2, 3, bias=False),
    nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 3)),
    nn.BatchNorm1d(3),
]


def test_networks_built_differently_are_an_error():
    for other in NETWORKS_BUILT_DIFFERENTLY_ARE_AN_ERROR_CASES:
        before = copy.deepcopy(other.state_dict())
        with pytest.raises(ValueError, match="olika lager"):
            update_target_network(nn.Linear(2, 3), other)
        assert all(torch.equal(t, before[name]) for name, t in other.state_dict().items())


def test_networks_that_differ_only_in_buffers_are_an_error():
    with pytest.raises(ValueError, match="olika lager"):
        update_target_network(nn.LayerNorm(3), nn.BatchNorm1d(3))


# --- en episod -----------------------------------------------------------------------------------


def test_episode_is_recorded_as_a_chain():
    for make_buffer in [lambda: ReplayBuffer(50), deque, list]:
        for ends in ["terminated", "truncated"]:
            for reuse_array in [False, True]:
                env, buffer = ScriptedEnv(5, ends, reuse_array), make_buffer()
                assert (
                    play_and_record_episode(OneWeight(), env, buffer, epsilon=1.0)
                    == 1 + 2 + 3 + 4 + 5
                )
                stored = [buffer[i] for i in range(len(buffer))]
                assert [e[0].tolist() for e in stored] == [[t, 0] for t in range(5)]
                assert [e[2] for e in stored] == [1, 2, 3, 4, 5]
                assert [e[3].tolist() for e in stored] == [[t + 1, 0] for t in range(5)]
                flags = [False] * 4 + [True]
                assert [e[4] for e in stored] == (flags if ends == "terminated" else [False] * 5)
                assert [e[5] for e in stored] == (flags if ends == "truncated" else [False] * 5)


def test_recorded_fields_are_plain_numbers():
    buffer: list[Any] = []
    play_and_record_episode(OneWeight(), ScriptedEnv(2), buffer, 0.5)
    assert all(isinstance(one, tuple) and len(one) == 6 for one in buffer)
    assert {tuple(type(field) for field in one[1:3] + one[4:]) for one in buffer} == {
        (int, float, bool, bool)
    }


def test_numpy_numbers_from_the_environment_become_plain_ones():
    class NumpyNumbers(ScriptedEnv):
        def step(self, action: int) -> Any:
            obs, reward, terminated, truncated, info = super().step(action)
            return obs, np.float32(reward), np.bool_(terminated), np.bool_(truncated), info

    for env in (NumpyNumbers(2), RecordEpisodeStatistics(NumpyNumbers(2))):
        buffer: list[Any] = []
        total = play_and_record_episode(OneWeight(), env, buffer, 0.5)  # type: ignore[arg-type]
        assert type(total) is float
        assert [type(field) for field in (buffer[0][2], *buffer[0][4:])] == [float, bool, bool]


def test_second_episode_continues_in_the_same_buffer():
    env, buffer = ScriptedEnv(3), ReplayBuffer(50)
    for _ in range(2):
        play_and_record_episode(OneWeight(), env, buffer, 0.0)
    assert [buffer[i].state[1] for i in range(6)] == [0, 0, 0, 1, 1, 1]


def test_recorded_action_is_the_one_played():
    played: list[int] = []

    class Spy(ScriptedEnv):
        def step(self, action: int) -> Any:
            played.append(action)
            return super().step(action)

    torch.manual_seed(2)
    buffer = ReplayBuffer(50)
    play_and_record_episode(OneWeight(), Spy(30), buffer, 1.0)
    assert [buffer[i].action for i in range(30)] == played
    assert set(played) == {0, 1, 2}


def test_epsilon_zero_plays_greedily():
    model, buffer = OneWeight(), ReplayBuffer(50)
    model.weight.data.fill_(1.0)
    play_and_record_episode(model, ScriptedEnv(20), buffer, 0.0)
    assert {buffer[i].action for i in range(20)} == {2}


def test_episode_is_reproducible_with_a_seed():
    def episode(seed: int) -> tuple[float, list[Any]]:
        buffer: list[Any] = []
        torch.manual_seed(0)
        model = DQN()
        total = play_and_record_episode(model, gym.make("CartPole-v1"), buffer, 0.5, seed)
        return total, [(one[0].tolist(), one[1]) for one in buffer]

    assert episode(1) == episode(1)
    assert episode(1)[1][0] != episode(2)[1][0]


def test_seed_goes_to_reset():
    env = ScriptedEnv()
    play_and_record_episode(OneWeight(), env, [], 0.0, 123)  # type: ignore[arg-type]
    play_and_record_episode(OneWeight(), env, [], 0.0)  # type: ignore[arg-type]
    assert env.reset_seeds == [123, None]


def test_return_is_unscaled_when_statistics_lie_inside_the_scaling():
    env = TransformReward(RecordEpisodeStatistics(ScriptedEnv(4)), lambda r: 0.01 * r)
    buffer = ReplayBuffer(9)
    assert play_and_record_episode(OneWeight(), env, buffer, 0.0) == 10
    rewards = [buffer[i].reward for i in range(4)]
    assert rewards == pytest.approx([0.01, 0.02, 0.03, 0.04])


def test_return_is_the_sum_of_rewards_without_statistics():
    env = TransformReward(ScriptedEnv(4), lambda r: 0.5 * r)
    assert play_and_record_episode(OneWeight(), env, ReplayBuffer(9), 0.0) == 5


def test_course_cartpole_reports_steps_and_stores_scaled_numbers():
    buffer = ReplayBuffer(600)
    total = play_and_record_episode(DQN(), make_cartpole(), buffer, 1.0, seed=4)
    assert total == len(buffer)
    assert buffer[0].reward == pytest.approx(0.01)


def test_reward_from_the_environment_must_be_finite():
    for bad in [float("nan"), INF, -INF]:
        env = TransformReward(ScriptedEnv(), lambda r, bad=bad: bad if r == 2 else r)
        buffer: list[Any] = []
        with pytest.raises(ValueError, match=r"Miljön gav belöningen .*ändligt tal"):
            play_and_record_episode(OneWeight(), env, buffer, 0.0)  # type: ignore[arg-type]
        assert len(buffer) == 1


def test_environment_that_does_not_fit_is_an_error():
    with pytest.raises(ValueError, match="`Box` med en dimension"):
        play_and_record_episode(OneWeight(), gym.make("FrozenLake-v1"), ReplayBuffer(9), 0.0)
    with pytest.raises(ValueError, match="`epsilon` ska vara en sannolikhet"):
        play_and_record_episode(OneWeight(), ScriptedEnv(), ReplayBuffer(9), 1.5)
