"""Hela loopen: när det tränas, kopieras, utforskas och utvärderas, vad som visas, och fel."""

import copy
import inspect
import io
import re
import sys
import types
from collections import deque
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.wrappers import RecordEpisodeStatistics, TransformReward
from scripted import OneWeight, RecordingStep, ScriptedEnv, weight_of
from torch import nn

from dqn_helpers import DQN, ReplayBuffer, TrainingLog, dqn_training_step, progress, train_dqn


def train(env: Any = None, **changes: Any) -> tuple[list[float], RecordingStep, dict[str, Any]]:
    """Kör `train_dqn` på fyra episoder om fem steg, med ett träningssteg som bara antecknar."""
    env = ScriptedEnv() if env is None else env
    step = RecordingStep(env.unwrapped)
    model = OneWeight()
    arguments: dict[str, Any] = {
        "model": model,
        "env": env,
        "replay_buffer": ReplayBuffer(1000),
        "optimizer": torch.optim.SGD(model.parameters(), lr=1.0),
        "criterion": nn.MSELoss(),
        "n_episodes": 4,
        "warmup": 0,
        "batch_size": 1,
        "discount_factor": 0.9,
        "train_every": 1,
        "training_step": step,
        "log": TrainingLog(),
        "progress": False,
    } | changes
    return train_dqn(**arguments), step, arguments


# --- när det tränas ------------------------------------------------------------------------------


TRAINING_HAPPENS_AT_THE_RIGHT_ENVIRONMENT_STEPS_CASES = [
    ({}, list(range(1, 21))),
    ({"train_every": 3}, [3, 6, 9, 12, 15, 18]),
    ({"warmup": 1}, list(range(6, 21))),
    ({"warmup": 2, "train_every": 5}, [15, 20]),
    ({"warmup": 1, "train_every": 2}, [6, 8, 10, 12, 14, 16, 18, 20]),
    ({"batch_size": 8}, list(range(8, 21))),
    ({"batch_size": 8, "train_every": 3}, [9, 12, 15, 18]),
    ({"batch_size": 8, "warmup": 3}, list(range(16, 21))),
    ({"batch_size": 20}, [20]),
    ({"batch_size": 21}, []),
    ({"warmup": 4}, []),
    ({"n_episodes": 0}, []),
    ({"train_every": 21}, []),
]


def test_training_happens_at_the_right_environment_steps():
    for changes, at_steps in TRAINING_HAPPENS_AT_THE_RIGHT_ENVIRONMENT_STEPS_CASES:
        _, step, _ = train(**changes)
        assert step.at_steps == at_steps


def test_batch_size_counts_what_is_stored_now():
    """En ring med fyra platser har aldrig fem, hur länge man än spelar."""
    assert train(replay_buffer=ReplayBuffer(4), batch_size=5)[1].at_steps == []


def test_training_step_gets_the_seven_arguments():
    target = OneWeight()
    _, step, given = train(target_model=target, batch_size=3, discount_factor=0.7)
    names = ("model", "optimizer", "criterion", "replay_buffer", "batch_size", "discount_factor")
    wanted = (*(given[name] for name in names), target)
    assert all(
        got is want for call in step.arguments for got, want in zip(call, wanted, strict=True)
    )
    assert train()[1].arguments[0][6] is None


TARGET_IS_COPIED_AFTER_EVERY_SO_MANY_TRAINING_STEPS_CASES = [
    (1, [-1, *range(1, 20)]),
    (3, [-1] * 3 + [3] * 3 + [6] * 3 + [9] * 3 + [12] * 3 + [15] * 3 + [18] * 2),
    (20, [-1] * 20),
    (21, [-1] * 20),
]


def test_target_is_copied_after_every_so_many_training_steps():
    """Vikten är antalet träningssteg. Målnätverket börjar på −1 och visar den senaste kopian."""
    for every, seen in TARGET_IS_COPIED_AFTER_EVERY_SO_MANY_TRAINING_STEPS_CASES:
        target = OneWeight()
        target.weight.data.fill_(-1)
        _, step, given = train(target_model=target, target_update_every=every)
        assert step.target_weights == seen
        assert weight_of(given["model"]) == 20
        assert weight_of(target) == (20 // every * every if every <= 20 else -1)


def test_target_is_counted_in_training_steps_not_environment_steps():
    target = OneWeight()
    _, step, _ = train(target_model=target, target_update_every=2, train_every=4, warmup=1)
    assert step.at_steps == [8, 12, 16, 20]
    assert step.target_weights == [0, 0, 2, 2]
    assert weight_of(target) == 4


# --- hur det utforskas ---------------------------------------------------------------------------


def spy_on_actions(monkeypatch: pytest.MonkeyPatch) -> list[tuple[nn.Module, float]]:
    seen: list[tuple[nn.Module, float]] = []

    def spy(model: nn.Module, obs: np.ndarray, epsilon: float = 0.0) -> int:
        seen.append((model, epsilon))
        return 0

    monkeypatch.setattr("dqn_helpers.training.choose_dqn_action", spy)
    return seen


def test_epsilon_falls_by_environment_steps_from_the_first_action(monkeypatch: pytest.MonkeyPatch):
    """Fyra steg från 1 till 0,2; sedan ligger det still, över episodgränser och uppvärmning."""
    seen = spy_on_actions(monkeypatch)
    _, _, given = train(
        epsilon_start=1.0,
        epsilon_end=0.2,
        epsilon_decay_steps=4,
        warmup=2,
        target_model=OneWeight(),
    )
    epsilons = [epsilon for _, epsilon in seen]
    assert epsilons == pytest.approx([1.0, 0.8, 0.6, 0.4] + [0.2] * 16)
    assert all(model is given["model"] for model, _ in seen), "online-nätverket väljer"


def test_epsilon_by_default_goes_from_one_to_five_percent(monkeypatch: pytest.MonkeyPatch):
    seen = spy_on_actions(monkeypatch)
    train(env=ScriptedEnv(2_100), n_episodes=1)
    assert seen[0][1] == 1.0
    assert seen[1000][1] == pytest.approx(0.525)
    assert seen[2000][1] == seen[2099][1] == pytest.approx(0.05)


def test_everything_played_is_stored_in_order():
    _, _, given = train(warmup=2)
    states = [given["replay_buffer"][i].state.tolist() for i in range(20)]
    assert states == [[t, episode] for episode in range(4) for t in range(5)]


def test_only_the_first_episode_is_seeded():
    env = ScriptedEnv()
    train(env, seed=8)
    assert env.reset_seeds == [8, None, None, None]


# --- vad som kommer ut ---------------------------------------------------------------------------


def test_returns_and_log():
    for ends in ["terminated", "truncated"]:
        returns, _, given = train(env=ScriptedEnv(5, ends), warmup=1, train_every=5)
        log = given["log"]
        assert returns == [15.0] * 4
        assert log.episode_returns == returns
        assert log.episode_ends == [5, 10, 15, 20]
        assert log.environment_steps == 20
        assert log.losses == [10.0, 20.0, 30.0]
        assert log.gradient_steps == 3
        assert (log.check_steps, log.check_scores, log.stopped) == ([], [], False)
        assert log.best_score == -float("inf")


def test_returns_are_unscaled_when_statistics_lie_inside_the_scaling():
    env = TransformReward(RecordEpisodeStatistics(ScriptedEnv()), lambda r: 0.01 * r)
    assert train(env)[0] == [15.0] * 4


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("as_loss", [lambda w: w * 2, lambda w: np.float32(w.item()), lambda w: 3])
def test_log_keeps_numbers_and_no_graph(as_loss: Any):
    _, _, given = train(training_step=lambda model, *rest: as_loss(model.weight))
    assert {type(loss) for loss in given["log"].losses} == {float}


def test_max_steps_is_a_cap_on_environment_steps():
    for max_steps, n_returns in [(1, 0), (4, 0), (5, 1), (12, 2), (99, 4)]:
        returns, step, given = train(max_steps=max_steps)
        assert given["env"].total_steps == given["log"].environment_steps == min(max_steps, 20)
        assert step.at_steps == list(range(1, min(max_steps, 20) + 1))
        assert returns == [15.0] * n_returns


# --- utvärdering ---------------------------------------------------------------------------------


class Score:
    """En utvärdering med bestämda poäng; minns vid vilka miljösteg den anropades."""

    def __init__(self, env: ScriptedEnv, scores: list[float]) -> None:
        self.env = env
        self.scores = scores
        self.at_steps: list[int] = []
        self.weights: list[float] = []

    def __call__(self, model: nn.Module) -> np.floating:
        self.at_steps.append(self.env.total_steps)
        self.weights.append(weight_of(model))
        return np.float32(self.scores[min(len(self.at_steps), len(self.scores)) - 1])


def train_with_scores(scores: list[float], **changes: Any) -> tuple[Score, dict[str, Any]]:
    env = ScriptedEnv()
    score = Score(env, scores)
    _, _, given = train(env, evaluate=score, **({"evaluate_every": 3} | changes))
    return score, given


EVALUATION_COMES_ALSO_IN_MID_EPISODE_AND_WARMUP_CASES = [
    ({}, [3, 6, 9, 12, 15, 18]),
    ({"evaluate_every": 7}, [7, 14]),
    ({"evaluate_every": 20, "train_every": 3}, [20]),
    ({"evaluate_every": 21}, []),
    ({"warmup": 4}, [3, 6, 9, 12, 15, 18]),
    ({"max_steps": 12}, [3, 6, 9, 12]),
]


def test_evaluation_comes_also_in_mid_episode_and_warmup():
    for changes, at_steps in EVALUATION_COMES_ALSO_IN_MID_EPISODE_AND_WARMUP_CASES:
        score, given = train_with_scores([1.0], **changes)
        assert score.at_steps == at_steps
        assert given["log"].check_steps == at_steps
        assert given["log"].check_scores == [1.0] * len(at_steps)
        assert all(type(value) is float for value in given["log"].check_scores)


def test_evaluation_sees_the_weights_after_the_training_step():
    score, _ = train_with_scores([1.0])
    assert score.weights == [3, 6, 9, 12, 15, 18]


def test_stop_at_ends_at_once_with_that_model():
    for stop_at, steps in [(5.0, 9), (4.0, 6), (1.0, 3), (5.1, 20), (None, 20)]:
        _, given = train_with_scores([1.0, 4.0, 5.0, 2.0], stop_at=stop_at, keep_best=False)
        assert given["env"].total_steps == given["log"].environment_steps == steps
        assert given["log"].stopped is (steps < 20)
        assert weight_of(given["model"]) == steps
        assert given["log"].episode_ends == [e for e in (5, 10, 15, 20) if e <= steps]


def test_keep_best_puts_the_best_weights_back():
    for scores, best in [
        ([1, 7, 3, 2], 6),
        ([9, 1, 2, 3], 3),
        ([1, 2, 3, 4, 5, 6], 18),
        ([5, 5, 5], 3),
        ([-3, -2], 6),
    ]:
        _, given = train_with_scores(scores)
        assert weight_of(given["model"]) == best
        assert given["log"].best_score == max(scores)


def test_without_keep_best_the_last_weights_stay():
    assert weight_of(train_with_scores([7, 1], keep_best=False)[1]["model"]) == 20


def test_keep_best_keeps_the_models_own_parameters():
    model = OneWeight()
    parameter = model.weight
    train_with_scores([7, 1], model=model)
    assert model.weight is parameter
    assert weight_of(model) == 3


def test_without_evaluation_the_last_weights_stay():
    assert weight_of(train()[2]["model"]) == 20


# --- slump och upprepbarhet ----------------------------------------------------------------------


def train_on_chain(
    seed: int | None, make_buffer: Any = lambda: ReplayBuffer(500)
) -> tuple[list[float], dict[str, torch.Tensor]]:
    torch.manual_seed(0)
    env = gym.make("dqn_helpers/Chain-v0")
    model = DQN.for_env(env, hidden_sizes=(8,))
    returns = train_dqn(
        model, env, make_buffer(), torch.optim.Adam(model.parameters()), nn.MSELoss(),
        4, 1, 16, 0.9, target_model=copy.deepcopy(model), seed=seed, progress=False,
    )  # fmt: skip
    return [len(returns), *returns, env.unwrapped.np_random.random()], model.state_dict()


def same_weights(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_same_seed_same_numbers_and_other_seed_others():
    first, again, other = train_on_chain(1), train_on_chain(1), train_on_chain(2)
    assert first[0] == again[0]
    assert same_weights(first[1], again[1])
    assert first[0] != other[0]
    assert not same_weights(first[1], other[1])


def test_training_does_not_depend_on_torchs_randomness_outside():
    one = train_on_chain(1)
    torch.manual_seed(77)
    model_randomness = torch.rand(100)
    assert model_randomness.shape == (100,)
    assert same_weights(one[1], train_on_chain(1)[1])


def test_global_randomness_after_training():
    """Med ett frö ställs torchs slump tillbaka; utan frö är det den som används."""
    for seed in [5, None]:
        torch.manual_seed(123)
        np.random.seed(123)
        torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].tolist()
        train(n_episodes=2, seed=seed)
        assert torch.equal(torch.get_rng_state(), torch_before) is (seed is not None)
        assert np.random.get_state()[1].tolist() == numpy_before


def test_randomness_is_put_back_after_an_error_too():
    def broken(*seven: Any) -> float:
        raise ZeroDivisionError

    before = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError):
        train(training_step=broken, seed=5)
    assert torch.equal(torch.get_rng_state(), before)


def test_any_buffer_gives_the_same_training():
    for make_buffer in [lambda: deque(maxlen=500), list]:
        ring, other = train_on_chain(3), train_on_chain(3, make_buffer)
        assert ring[0] == other[0]
        assert same_weights(ring[1], other[1])


# --- den äldre anropsformen ----------------------------------------------------------------------


def test_older_call_runs(capsys: pytest.CaptureFixture[str]):
    torch.manual_seed(42)
    env, model = gym.make("CartPole-v1"), DQN()
    optimizer = torch.optim.NAdam(model.parameters(), lr=0.03)
    before = copy.deepcopy(model.state_dict())
    returns = train_dqn(model, env, ReplayBuffer(100_000), optimizer, nn.MSELoss(), 40)
    assert len(returns) == 40
    assert all(value >= 8 for value in returns)
    assert not same_weights(before, model.state_dict())
    assert "40/40 episoder" in capsys.readouterr().out


def test_older_signature_and_its_defaults():
    parameters = inspect.signature(train_dqn).parameters
    positional = [name for name, p in parameters.items() if p.kind is not p.KEYWORD_ONLY]
    assert positional == [
        "model", "env", "replay_buffer", "optimizer", "criterion",
        "n_episodes", "warmup", "batch_size", "discount_factor",
    ]  # fmt: skip
    assert [parameters[name].default for name in positional[5:]] == [800, 30, 32, 0.95]
    new = {n: p.default for n, p in parameters.items() if n not in positional}
    assert new == {
        "target_model": None, "train_every": 2, "target_update_every": 5,
        "epsilon_start": 1.0, "epsilon_end": 0.05, "epsilon_decay_steps": 2_000,
        "training_step": dqn_training_step, "seed": None, "max_steps": None,
        "evaluate": None, "evaluate_every": 250, "stop_at": None, "keep_best": True,
        "log": None, "progress": True, "live_curve": False,
    }  # fmt: skip


# --- vad som visas -------------------------------------------------------------------------------


def test_silent_when_asked(capsys: pytest.CaptureFixture[str]):
    train(progress=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("max_steps", "first", "last"),
    [
        (None, "0/4 episoder, ", "4/4 episoder, .*, 20 steg · poäng 15 · girigt 3"),
        (30, "0/30 steg, ", "20/30 steg, .*, 4 episoder · poäng 15 · girigt 3"),
        (12, "0/12 steg, ", "12/12 steg, .*, 2 episoder · poäng 15 · girigt 3"),
        (4, "0/4 steg, ", "4/4 steg, .*, 0 episoder · girigt 3"),
    ],
)
def test_log_file_gets_readable_lines(
    max_steps: int | None, first: str, last: str, capsys: pytest.CaptureFixture[str]
):
    train_with_scores([3.0], progress=True, max_steps=max_steps)
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "\r" not in shown.out
    assert "\x1b" not in shown.out
    lines = shown.out.splitlines()
    assert len(lines) == 2, "en rad i början och en på slutet av en kort träning"
    assert re.fullmatch(first + r"\d\d:\d\d gått, högst [\d:?]+ kvar", lines[0]), lines
    assert re.fullmatch(last.replace(".*", r"slut efter \d\d:\d\d"), lines[1]), lines


def test_log_file_gets_a_line_for_every_interval(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress.TrainingProgress, "SECONDS_BETWEEN_LOG_LINES", 0.0)
    train(progress=True, n_episodes=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["0/2", "1/2", "2/2", "2/2"]
    assert lines[1].endswith("kvar, 5 steg · poäng 15")


def test_bar_that_counts_steps_says_something_new_at_the_end_of_an_episode(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress.TrainingProgress, "SECONDS_BETWEEN_LOG_LINES", 0.0)
    train(progress=True, max_steps=6)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in lines] == [f"{n}/6" for n in (0, 1, 2, 3, 4, 5, 6, 6)]
    assert [line.endswith("kvar") for line in lines] == [True] * 5 + [False] * 3
    assert lines[5].endswith("kvar, 1 episod · poäng 15")


def test_bar_says_when_the_goal_is_reached(capsys: pytest.CaptureFixture[str]):
    train_with_scores([3.0, 8.0], progress=True, stop_at=8.0)
    assert capsys.readouterr().out.splitlines()[-1].endswith("girigt 8 · målet är nått")


def test_bar_shows_the_mean_of_the_last_twenty(capsys: pytest.CaptureFixture[str]):
    env = TransformReward(ScriptedEnv(1), lambda r: r * (env.unwrapped.total_steps > 10))
    train(env, n_episodes=30, progress=True)
    assert capsys.readouterr().out.splitlines()[-1].endswith("30 steg · poäng 1")


def test_live_curve_in_a_log_file_is_words(capsys: pytest.CaptureFixture[str]):
    train(live_curve=True)
    wanted = "Poängen i varje episod: 15 15 15 15\n"
    assert capsys.readouterr().out == wanted


def test_live_curve_in_words_has_ten_parts(capsys: pytest.CaptureFixture[str]):
    env = TransformReward(ScriptedEnv(1), lambda r: float(env.unwrapped.total_steps))
    train(env, n_episodes=40, live_curve=True)
    numbers = capsys.readouterr().out.split(": ")[1].split()
    assert numbers == ["2", "6", "10", "14", "18", "22", "26", "30", "34", "38"]


def test_live_curve_without_an_episode(capsys: pytest.CaptureFixture[str]):
    train(live_curve=True, n_episodes=0)
    assert capsys.readouterr().out == "Ingen episod hann bli klar.\n"


class FakeDisplay:
    """Står för Jupyters `display`: minns första visningen och alla uppdateringar."""

    def __init__(self) -> None:
        self.shown: list[Any] = []
        self.updates: list[Any] = []

    def __call__(self, picture: Any, *, display_id: bool) -> "FakeDisplay":
        assert display_id
        self.shown.append(picture)
        return self

    def update(self, picture: Any) -> None:
        self.updates.append(picture)


@pytest.mark.parametrize(("seconds", "updates"), [(0.0, [5, 10, 15, 20, 20]), (1e6, [20])])
def test_live_curve_in_a_notebook_is_one_picture_redrawn(
    seconds: float,
    updates: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    display = FakeDisplay()
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(progress.TrainingProgress, "SECONDS_BETWEEN_CURVES", seconds)
    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("dqn_helpers.figures.training_curve", lambda log: log.environment_steps)
    train(live_curve=True)
    assert display.shown == [0]
    assert display.updates == updates
    assert capsys.readouterr().out == ""


def test_a_slow_computer_draws_the_curve_less_often(monkeypatch: pytest.MonkeyPatch):
    """Två sekunder att rita och en per miljösteg: kurvan väntar tio sekunder, inte en."""
    now, display = [0.0], FakeDisplay()

    def take(seconds: float, value: Any) -> Any:
        now[0] += seconds
        return value

    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(
        "dqn_helpers.figures.training_curve", lambda log: take(2.0, log.environment_steps)
    )
    train(TransformReward(ScriptedEnv(), lambda reward: take(1.0, reward)), live_curve=True)
    assert display.updates == [10, 20, 20]


def test_bar_in_a_notebook_is_one_output_redrawn_in_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """På stdout hade varje omritning sparats, och en exporterad bok hade fått hundra rader."""
    display = FakeDisplay()
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", display)
    train(progress=True)
    (first,), last = map(repr, display.shown), repr(display.updates[-1])
    assert first.startswith("0/4 episoder |            | ")
    assert last.startswith("4/4 episoder |████████████| slut efter ")
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""


def test_bar_in_a_terminal_is_redrawn_in_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    train(progress=True, live_curve=True)
    out = capsys.readouterr().out
    assert "\r4/4 episoder |████████████| slut efter " in out
    assert out.endswith("Poängen i varje episod: 15 15 15 15\n")


def test_log_lines_reach_the_file_at_once():
    file = io.TextIOWrapper(io.BytesIO(), newline="\n")
    lines = progress._OneLineEach(file)
    lines.write("\r1/4 episoder ")
    lines.write("\n")
    lines.flush()
    assert file.buffer.getvalue() == b"1/4 episoder\n"


class Kernel:
    kernel = "ipykernel"


def test_the_progress_bar_speaks_swedish_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    display = FakeDisplay()
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", display)
    assert list(progress.progress_bar([3, 1], "frön")) == [3, 1]
    last = repr(display.updates[-1])
    assert "2 av 2 frön" in last and "gått" in last
    assert "it" not in last and "." not in last  # tqdm säger annars "3.98s/it"
    assert len(display.shown) == 1 and capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("shell", "wanted"), [(Kernel(), True), (object(), False), (None, False), ("none", False)]
)
def test_in_notebook_is_true_only_with_a_kernel(
    shell: Any, wanted: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    if shell != "none":
        fake = types.SimpleNamespace(get_ipython=lambda: shell)
        monkeypatch.setitem(sys.modules, "IPython", fake)
    assert progress.in_notebook() is wanted


# --- fel -----------------------------------------------------------------------------------------


class SpacesOnly(ScriptedEnv):
    """`ScriptedEnv` med andra rum."""

    def __init__(self, observation_space: Any = None, action_space: Any = None) -> None:
        super().__init__()
        self.observation_space = observation_space or self.observation_space
        self.action_space = action_space or self.action_space


def six_arguments(a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> float:
    return 0.0


def eight_arguments(a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any) -> float:
    return 0.0


def keyword_argument(a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, *, g: Any) -> float:
    return 0.0


def needs_target(a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, target_model: Any) -> float:
    return 0.0


def used_log() -> TrainingLog:
    return TrainingLog(environment_steps=1)


SAME = OneWeight()
NOT_AT_ALL = "ska vara ett heltal, minst"

BAD_INPUT: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "n_episodes": ({"n_episodes": -1}, ValueError, f"`n_episodes` {NOT_AT_ALL} 0"),
    "n_episodes 1.5": ({"n_episodes": 1.5}, ValueError, f"`n_episodes` {NOT_AT_ALL} 0"),
    "warmup": ({"warmup": -1}, ValueError, f"`warmup` {NOT_AT_ALL} 0"),
    "batch_size": ({"batch_size": 0}, ValueError, f"`batch_size` {NOT_AT_ALL} 1"),
    "train_every": ({"train_every": 0}, ValueError, f"`train_every` {NOT_AT_ALL} 1"),
    "target_update_every": (
        {"target_update_every": 0}, ValueError, f"`target_update_every` {NOT_AT_ALL} 1",
    ),
    "epsilon_decay_steps": (
        {"epsilon_decay_steps": 0}, ValueError, f"`epsilon_decay_steps` {NOT_AT_ALL} 1",
    ),
    "evaluate_every": (
        {"evaluate_every": 0}, ValueError, f"`evaluate_every` {NOT_AT_ALL} 1",
    ),
    "max_steps 0": ({"max_steps": 0}, ValueError, f"`max_steps` {NOT_AT_ALL} 1"),
    "max_steps -5": ({"max_steps": -5}, ValueError, f"`max_steps` {NOT_AT_ALL} 1"),
    "max_steps 2.5": ({"max_steps": 2.5}, ValueError, f"`max_steps` {NOT_AT_ALL} 1"),
    "gamma 1.1": ({"discount_factor": 1.1}, ValueError, "`discount_factor` ska ligga mellan 0"),
    "gamma -1": ({"discount_factor": -0.1}, ValueError, "`discount_factor` ska ligga mellan 0"),
    "epsilon": ({"epsilon_start": 1.5}, ValueError, "`epsilon` ska vara en sannolikhet"),
    "stop_at alone": ({"stop_at": 5.0}, ValueError, "`stop_at` behöver en utvärdering"),
    "used log": ({"log": used_log()}, ValueError, "Loggen är redan ifylld"),
    "image": (
        {"env": SpacesOnly(spaces.Box(0, 1, (2, 2)))}, ValueError, "`Box` med en dimension",
    ),
    "discrete observation": (
        {"env": SpacesOnly(spaces.Discrete(4))}, ValueError, "`Box` med en dimension",
    ),
    "MultiDiscrete": (
        {"env": SpacesOnly(None, spaces.MultiDiscrete([2, 2]))}, ValueError, "numrerade handlingar",
    ),
    "start=1": (
        {"env": SpacesOnly(None, spaces.Discrete(3, start=1))}, ValueError, "numrerade handlingar",
    ),
    "same network": (
        {"model": SAME, "target_model": SAME}, ValueError, "samma objekt.*copy.deepcopy",
    ),
    "network with wrong input": (
        {"model": DQN(3, 3)}, ValueError, r"Nätverket passar inte miljön \(2 tal in, 3 Q-värden ut",
    ),
    "network with wrong output": (
        {"model": DQN(2, 2)}, ValueError,
        r"gav formen \(1, 2\), men den ska vara \(1, 3\).*DQN.for_env",
    ),
    "target with wrong output": (
        {"target_model": DQN(2, 4)}, ValueError, r"gav formen \(1, 4\), men den ska vara \(1, 3\)",
    ),
    "other target": (
        {"model": DQN(2, 3, (4,)), "target_model": DQN(2, 3, (5,)), "target_update_every": 1,
         "training_step": lambda *seven: 0.0},
        ValueError, "olika lager",
    ),
    "six arguments": (
        {"training_step": six_arguments}, TypeError, r"ska ta sju argument.*lambda \*args",
    ),
    "eight arguments": ({"training_step": eight_arguments}, TypeError, "ska ta sju argument"),
    "keyword argument": ({"training_step": keyword_argument}, TypeError, "ska ta sju argument"),
    "needs target": (
        {"training_step": needs_target}, ValueError, "behöver ett målnätverk.*copy.deepcopy",
    ),
    "step returns None": (
        {"training_step": lambda *seven: None}, TypeError, "gav `None`.*return loss.item",
    ),
    "reward": (
        {"env": TransformReward(ScriptedEnv(), lambda r: float("nan"))}, ValueError,
        "Miljön gav belöningen `nan`",
    ),
}  # fmt: skip


def test_bad_input_gets_its_swedish_error():
    for case in BAD_INPUT:
        changes, error, message = BAD_INPUT[case]
        with pytest.raises(error, match=message):
            train(**({"max_steps": 50} | changes))


NOTHING_PLAYED = [
    case
    for case in BAD_INPUT
    if case not in {"epsilon", "other target", "step returns None", "reward"}
]


def test_most_errors_come_before_anything_is_played():
    for case in NOTHING_PLAYED:
        buffer = ReplayBuffer(10)
        with pytest.raises(BAD_INPUT[case][1]):
            train(replay_buffer=buffer, **BAD_INPUT[case][0])
        assert len(buffer) == 0


TRAINING_STEPS_THAT_MANAGE_WITHOUT_A_TARGET_NETWORK_CASES = [
    lambda *args: 1.0,
    lambda a, b, c, d, e, f, g=None: 1.0,
    lambda a, b, c, d, e, f, *rest: 1.0,
    lambda a, b, c, d, e, f, g=None, h=3: 1.0,
]


def test_training_steps_that_manage_without_a_target_network():
    for accepted in TRAINING_STEPS_THAT_MANAGE_WITHOUT_A_TARGET_NETWORK_CASES:
        assert train(training_step=accepted)[2]["log"].gradient_steps == 20


def test_training_step_whose_arguments_cannot_be_seen_is_tried():
    class Compiled:
        __signature__ = "okänd, som hos en funktion skriven i C"

        def __call__(self, *seven: Any) -> float:
            return float(len(seven))

    assert train(training_step=Compiled())[2]["log"].losses == [7.0] * 20


def test_discount_factors_at_the_ends_are_accepted():
    for discount_factor in [0, 0.0, 1, 1.0]:
        given = train(discount_factor=discount_factor, training_step=dqn_training_step)[2]
        assert given["log"].gradient_steps == 20


def test_training_step_that_needs_a_target_gets_it():
    given = train(training_step=needs_target, target_model=OneWeight())[2]
    assert given["log"].gradient_steps == 20


def test_training_that_explodes_says_so():
    """Inlärningshastigheten är vansinnig: förlusten växer till inf, och då sägs det."""
    model = OneWeight()
    with pytest.raises(ValueError, match="spårat ur"):
        train(
            model=model,
            optimizer=torch.optim.SGD(model.parameters(), lr=1e6),
            training_step=dqn_training_step,
            n_episodes=50,
        )
