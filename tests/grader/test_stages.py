"""4.3 byggs i tre steg: varje steg prövas för sig, och det namn som ges är rätt fel."""

from pathlib import Path

import pytest

import dqn_helpers
from dqn_helpers.exercises import check

HEAD = """
import dqn_helpers

def train_dqn(model, env, replay_buffer, optimizer, criterion, n_episodes, warmup, batch_size,
              discount_factor, *, target_model, train_every, target_update_every, epsilon_start,
              epsilon_end, epsilon_decay_steps, training_step):
    sums, n_steps, n_trained = [], 0, 0
    for episode in range(n_episodes):
        obs, done, length = env.reset()[0].copy(), False, 0
        sums.append(0.0)
        while not done:
            epsilon = epsilon_start
            # ε
            action = dqn_helpers.choose_dqn_action(model, obs, epsilon)
            next_obs, reward, terminated, truncated, _ = env.step(action)
            next_obs = next_obs.copy()
            replay_buffer.append((obs, action, reward, next_obs, terminated, truncated))
            obs, done = next_obs, terminated or truncated
            sums[-1] += reward
            n_steps, length = n_steps + 1, length + 1
            # träna
        # efter episoden
    return sums
"""
EPSILON = "epsilon = dqn_helpers.linear_epsilon(n_steps, epsilon_start, epsilon_end, {})".format(
    "epsilon_decay_steps"
)
TRAIN = """if episode >= warmup and n_steps % train_every == 0 and len(replay_buffer) >= batch_size:
                training_step(model, optimizer, criterion, replay_buffer, batch_size,
                              discount_factor, target_model)
"""
COPY = """                n_trained += 1
                if n_trained % target_update_every == 0:
                    dqn_helpers.update_target_network(model, target_model)
"""


def loop(*changes: tuple[str, str]):
    """Loopen från steg 1, med ändringar."""
    source = HEAD
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    namespace: dict = {}
    exec(source, namespace)
    return namespace["train_dqn"]


STAGES = [
    loop(),
    loop(("# träna", TRAIN)),
    loop(("# träna", TRAIN + COPY), ("# ε", EPSILON)),
]


@pytest.mark.parametrize("written", [1, 2, 3])
@pytest.mark.parametrize("stage", [1, 2, 3])
def test_a_stage_is_passed_when_it_is_written(written: int, stage: int):
    result = check("4.3", STAGES[written - 1], stage=stage)
    assert bool(result) == (written >= stage), result
    assert f"steg {stage} av 3" in result.title


def test_the_graded_check_wants_everything():
    assert [bool(check("4.3", one)) for one in STAGES] == [False, False, True]


def test_a_stage_says_nothing_about_what_comes_later():
    early, late = check("4.3", STAGES[0], stage=1), check("4.3", STAGES[0])
    assert len(early.behaviours) == 2 < len(late.behaviours)
    assert "träningssteg" not in repr(check("4.3", loop(("sums[-1] += reward", "pass")), stage=1))


def test_what_comes_next_is_said_in_the_order_of_the_page():
    advice = " ".join(check("4.3", STAGES[0], stage=2).advice)
    assert advice.index("steg 2") < advice.index("steg 3") and "på måfå" not in advice


@pytest.mark.parametrize("stage", [0, 4, "1", True])
def test_a_stage_that_does_not_exist_is_explained(stage: object):
    result = check("4.3", STAGES[2], stage=stage)
    assert not result and "stegen 1 till 3" in repr(result)


def test_an_exercise_without_stages_says_so():
    result = check("4.1", dqn_helpers.td_target, stage=1)
    assert "hör till övning 3.1" in repr(result)
    assert "byggs inte i steg" in repr(check("4.1", lambda *a: 0.5, stage=1))


def test_a_stage_gives_no_points_and_never_stops_nbgrader(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert not check("4.3", STAGES[0], stage=2)


# --- det som förut godtogs, eller fick fel namn --------------------------------------------------

RIGHT = (("# träna", TRAIN + COPY), ("# ε", EPSILON))
RESET, APPENDED = "env.reset()[0].copy()", "(obs, action, reward, next_obs, terminated, truncated)"
NAMED = {
    "samma frö i varje episod": ((RESET, "env.reset(seed=0)[0].copy()"), "samma frö"),
    "inga kopior": ((RESET, "env.reset()[0]"), "egen kopia"),
    "kopior först vid sparandet": (
        (APPENDED, "(obs.copy(), action, reward, next_obs.copy(), terminated, truncated)"),
        "egen kopia",
    ),
    "belöningen sist": (
        (APPENDED, "(obs, action, next_obs, reward, terminated, truncated)"), "i ordningen",
    ),
    "alltid på måfå": (
        ("dqn_helpers.choose_dqn_action(model, obs, epsilon)", "int(env.action_space.sample())"),
        "action_space.sample",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_common_mistakes_get_their_own_name(name: str):
    change, words = NAMED[name]
    extra = [("next_obs = next_obs.copy()", "pass")] if "kopior" in name else []
    extra += [(RESET, "env.reset()[0]")] if name == "kopior först vid sparandet" else []
    result = check("4.3", loop(*RIGHT, change, *extra))
    assert not result
    assert len(result.advice) == 1 and words in result.advice[0], result.advice


AFTER = """if episode >= warmup:
            for _ in range(length // train_every):
                if len(replay_buffer) >= batch_size:
                    training_step(model, optimizer, criterion, replay_buffer, batch_size,
                                  discount_factor, target_model)
                    n_trained += 1
                    if n_trained % target_update_every == 0:
                        dqn_helpers.update_target_network(model, target_model)
"""


def test_training_after_the_episode_is_not_called_one_step_per_episode():
    result = check("4.3", loop(("# efter episoden", AFTER), ("# ε", EPSILON)))
    assert not result and "ett enda träningssteg" not in " ".join(result.advice)


def test_several_steps_at_a_time_is_not_about_episodes():
    several = TRAIN.replace("training_step(", "[training_step(").replace(
        "target_model)\n", "target_model) for _ in range(train_every)]\n"
    )
    count = COPY.replace("n_trained += 1", "n_trained += train_every")
    result = check("4.3", loop(("# träna", several + count), ("# ε", EPSILON)))
    assert not result and "episoder" not in " ".join(result.advice), result.advice


def test_an_observation_that_is_never_advanced_does_not_blame_the_network():
    result = check("4.3", loop(*RIGHT, ("obs, done = next_obs, ", "done = ")))
    assert not result
    assert "Det ska vara online-nätverket." not in repr(result)
    assert "senaste observationen" in repr(result)


def test_the_solutions_own_loop_copies():
    book = Path(__file__).parents[2] / "solutions" / "04_dqn_loopen.ipynb"
    assert "next_obs.copy()" in book.read_text(encoding="utf-8")
