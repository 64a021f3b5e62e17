"""Det som går fel i användarens egen del blir rätt, eller ett fel som säger vad orsaken är."""

import copy
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from torch import nn

from dqn_helpers import (
    DQN,
    ReplayBuffer,
    choose_dqn_action,
    dqn_training_step,
    greedy_episode,
    make_cartpole,
    make_vector_cartpole,
    play_and_record_episode,
    q_learning,
    show_one_episode,
    to_tensor,
    train_dqn,
    vectorized_greedy_returns,
)


def train(model: nn.Module | None = None, **changes: Any) -> list[float]:
    """Några korta episoder i CartPole med kursens träningssteg."""
    model = DQN() if model is None else model
    arguments: dict[str, Any] = {
        "env": gym.make("CartPole-v1"),
        "replay_buffer": ReplayBuffer(1000),
        "optimizer": torch.optim.Adam(model.parameters()),
        "criterion": nn.MSELoss(),
        "n_episodes": 3,
        "warmup": 0,
        "batch_size": 4,
        "progress": False,
    } | changes
    return train_dqn(model, **arguments)


# --- fel som säger vad orsaken är ----------------------------------------------------------------


def test_an_optimizer_made_for_another_network():
    model, other = DQN(), DQN()
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(ValueError, match="Optimeraren är gjord för ett annat nätverk"):
        train(model, optimizer=torch.optim.Adam(other.parameters()))
    assert all(torch.equal(before[name], weight) for name, weight in model.state_dict().items())


def test_an_optimizer_for_a_part_of_the_network_is_right():
    model = DQN()
    assert len(train(model, optimizer=torch.optim.Adam(model.layers[-1].parameters()))) == 3


@pytest.mark.parametrize("loss", [float("nan"), np.inf, torch.tensor(torch.nan)])
def test_a_training_step_that_returns_nan(loss: Any):
    with pytest.raises(ValueError, match=r"Förlusten blev .*spårat ur"):
        train(training_step=lambda *seven: loss)


class OldGym(gym.Env):
    """En egen miljö, så som de skrevs i gamla Gym eller i en blandning av gammalt och nytt."""

    observation_space = gym.spaces.Box(-1.0, 1.0, (4,), dtype=np.float32)
    action_space = gym.spaces.Discrete(2)
    obs = np.zeros(4, dtype=np.float32)
    render_mode = "rgb_array"

    def __init__(self, start: Any, result: Any) -> None:
        self.start, self.result = start, result

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return self.start

    def step(self, action: int) -> Any:
        return self.result

    def render(self) -> Any:
        return np.zeros((4, 4, 3), dtype=np.uint8)


class WithoutSeed(OldGym):
    def reset(self) -> Any:  # type: ignore[override]
        return self.start


NEW, OLD = (OldGym.obs, {}), (OldGym.obs, 1.0, True, {})
EVERY_USE: list[Callable[[gym.Env], Any]] = [
    lambda env: train(env=env),
    lambda env: play_and_record_episode(DQN(), env, ReplayBuffer(10), 0.0),
    lambda env: greedy_episode(DQN(), env),
    lambda env: show_one_episode(DQN(), env=env),
]


@pytest.mark.parametrize("use", EVERY_USE)
@pytest.mark.parametrize(
    ("env", "words"),
    [
        (WithoutSeed(NEW, OLD), "inte emot argumentet `seed`"),
        (OldGym(OldGym.obs, OLD), "ska ge två saker, .* men gav en enda sak .`ndarray`"),
        (OldGym(None, OLD), "men gav ingenting"),
        (OldGym(NEW, OLD), "ska ge fem saker, .* men gav en tupel med 4 saker"),
    ],
)
def test_an_environment_in_the_form_of_old_gym(use: Callable, env: gym.Env, words: str):
    with pytest.raises(ValueError, match=words):
        use(env)


def test_a_table_in_the_form_of_old_gym():
    env = OldGym((0, {}), (0, 1.0, True, {}))
    env.observation_space = gym.spaces.Discrete(2)  # type: ignore[assignment]
    with pytest.raises(ValueError, match="en tupel med 4 saker"):
        q_learning(env, n_episodes=1, discount_factor=0.9)


class BadNumbers(gym.Wrapper):
    """CartPole med en orimlig observation i starten, eller i det tredje steget."""

    def __init__(self, at_step: int) -> None:
        super().__init__(gym.make("CartPole-v1"))
        self.at_step, self.n_steps = at_step, 0

    def reset(self, **options: Any) -> Any:
        obs, info = self.env.reset(**options)
        return obs * (np.nan if self.at_step == 0 else 1), info

    def step(self, action: int) -> Any:
        self.n_steps += 1
        obs, *rest = self.env.step(action)
        return (obs * (np.inf if self.n_steps == self.at_step else 1), *rest)


@pytest.mark.parametrize("at_step", [0, 3])
def test_observations_that_are_not_numbers(at_step: int):
    with pytest.raises(ValueError, match=r"Miljön gav observationen .*felet ligger i miljön"):
        train(env=BadNumbers(at_step))
    buffer = ReplayBuffer(100)
    with pytest.raises(ValueError, match="Miljön gav observationen"):
        play_and_record_episode(DQN(), BadNumbers(at_step), buffer, 1.0)
    assert len(buffer) == max(at_step - 1, 0)


@pytest.mark.parametrize("reward", [np.ones(2), np.ones(1), [1.0]])
def test_a_reward_of_the_wrong_shape(reward: Any):
    env = gym.wrappers.TransformReward(gym.make("CartPole-v1"), lambda _: reward)
    with pytest.raises(ValueError, match=r"en belöning med formen \(\d,\)"):
        train(env=env)


@pytest.mark.parametrize("reward", [None, "ett"])
def test_a_reward_that_is_no_number(reward: Any):
    env = gym.wrappers.TransformReward(gym.make("CartPole-v1"), lambda _: reward)
    with pytest.raises(ValueError, match=f"Miljön gav belöningen `{reward!r}`"):
        train(env=env)


def test_a_vector_environment():
    for n_envs, words in ((1, "1 miljö"), (2, "2 miljöer")):
        with pytest.raises(
            ValueError, match=f"vektormiljö med {words}, .*`gym.make`, inte `gym.make_vec`"
        ):
            train(env=make_vector_cartpole(n_envs))


@pytest.mark.parametrize("seed", [1.5, "1", -1])
def test_a_seed_that_is_not_one(seed: Any):
    with pytest.raises(ValueError, match="`seed` ska vara ett heltal, minst 0, eller `None`"):
        train(seed=seed)


def test_an_observation_that_is_all_that_reset_gave():
    env, buffer = make_cartpole(), ReplayBuffer(10)
    both: Any = env.reset(seed=1)
    for epsilon in (0.0, 1.0):
        with pytest.raises(ValueError, match=r"Skriv `obs, info = env.reset\(\)`"):
            choose_dqn_action(DQN(), both, epsilon)
    with pytest.raises(ValueError, match=r"Skriv `obs, info = env.reset\(\)`"):
        to_tensor(both)
    for experience in ((both, 0, 1.0, both[0], False, False), (both[0], 0, 1.0, both, 0, 0)):
        with pytest.raises(ValueError, match=r"Skriv `obs, info = env.reset\(\)`"):
            buffer.append(experience)


class OneNumber(gym.Env):
    """En egen miljö som säger att den ger en rad av tal, men ger ett tal."""

    observation_space = gym.spaces.Box(0, 5, (1,))
    action_space = gym.spaces.Discrete(2)

    def reset(self, **options: Any) -> Any:
        return 3, {}

    def step(self, action: int) -> Any:
        return 3, 1.0, True, False, {}


@pytest.mark.parametrize(
    "run",
    [
        lambda model, env: train(model, env=env),
        lambda model, env: play_and_record_episode(model, env, ReplayBuffer(9), 1.0),
        greedy_episode,
    ],
    ids=["träning", "episod", "girig"],
)
def test_an_observation_of_the_wrong_shape(run: Callable[[nn.Module, gym.Env], Any]):
    with pytest.raises(ValueError, match=r"observation med formen \(\), men DQN behöver en rad"):
        run(DQN(1, 2), OneNumber())


def with_batch_norm() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))


def test_batch_norm_with_one_example():
    assert len(train(with_batch_norm(), batch_size=4)) == 3
    with pytest.raises(ValueError, match="Välj en större `batch_size`"):
        train(with_batch_norm(), batch_size=1)
    model, buffer = with_batch_norm(), ReplayBuffer(99)
    play_and_record_episode(model, make_cartpole(), buffer, 1.0)
    optimizer = torch.optim.Adam(model.parameters())
    with pytest.raises(ValueError, match="Välj en större `batch_size`"):
        dqn_training_step(model, optimizer, nn.MSELoss(), buffer, 1, 0.9)


# --- det som blir rätt ---------------------------------------------------------------------------


def episode_return(seed: Any) -> float:
    torch.manual_seed(0)
    return play_and_record_episode(DQN(), gym.make("CartPole-v1"), [], 1.0, seed)  # type: ignore


@pytest.mark.parametrize(
    "run",
    [
        episode_return,
        lambda seed: train(seed=seed, n_episodes=1, epsilon_end=1.0),
        lambda seed: greedy_episode(model_of_seed_0(), make_cartpole(), seed=seed).observations,
        lambda seed: vectorized_greedy_returns(
            model_of_seed_0(), make_vector_cartpole(3), seed=seed
        ),
        lambda seed: q_learning(gym.make("FrozenLake-v1"), 5, 0.9, seed=seed)[0],
        lambda seed: show_one_episode(lambda obs: 0, seed=seed)._repr_html_(),
    ],
    ids=["episod", "träning", "girig", "många", "tabell", "film"],
)
def test_a_seed_from_numpy_is_the_same_seed(run: Callable[[Any], Any]):
    assert np.array_equal(run(np.int64(3)), run(3))


def model_of_seed_0() -> DQN:
    torch.manual_seed(0)
    return DQN()


def with_dropout() -> nn.Sequential:
    """Ett nätverk i träningsläge, med ett lager som är avstängt med flit."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 64), nn.Dropout(0.5), nn.Linear(64, 2), nn.Dropout(0.5))
    model[3].eval()
    return model


@pytest.mark.parametrize(
    "play",
    [
        lambda model: greedy_episode(model, make_cartpole(), seed=1).predicted_q_values,
        lambda model: vectorized_greedy_returns(model, make_vector_cartpole(20), seed=1),
        lambda model: show_one_episode(model, seed=1)._repr_html_(),
        lambda model: [choose_dqn_action(model, np.full(4, n / 99)) for n in range(99)],
    ],
    ids=["en", "många", "film", "handlingen"],
)
def test_dropout_left_on_does_not_disturb_the_greedy_agent(play: Callable[[nn.Module], Any]):
    model = with_dropout()
    assert np.array_equal(play(model), play(with_dropout().eval()))
    assert [module.training for module in model] == [True, True, True, False]
    assert model.training
