"""En egen loop tränas, prövas, avbryts och visas, utan att själv kunna något av det."""

import numpy as np
import pytest
import torch

import dqn_helpers
from dqn_helpers import make_cartpole, recipe
from dqn_helpers.studies import own_loop
from dqn_helpers.studies.own_loop import Trained, film_of, train_cartpole


def play_only(model, env, replay_buffer, optimizer, criterion, n_episodes, *numbers, **settings):
    """En loop som spelar girigt och sparar, men aldrig tränar och aldrig slutar."""
    while True:
        obs, done = env.reset()[0].copy(), False
        while not done:
            action = dqn_helpers.choose_dqn_action(model, obs)
            next_obs, reward, terminated, truncated, _ = env.step(action)
            replay_buffer.append((obs, action, reward, next_obs, terminated, truncated))
            obs, done = next_obs.copy(), terminated or truncated


def test_an_endless_loop_is_interrupted_and_evaluated_on_the_way():
    trained = train_cartpole(play_only, 1, max_steps=600)
    assert trained.log.environment_steps == 600 and len(trained.replay_buffer) == 599
    assert trained.log.check_steps == [250, 500]
    assert len(trained.along_the_way) == 3  # från start, och vid varje utvärdering
    assert "blev inte klar på 600 miljösteg" in trained.result


def test_the_loop_gets_what_exercise_4_3_gets():
    seen = {}

    def loop(*in_order, **by_name):
        seen.update(by_name, in_order=in_order)

    train_cartpole(loop, 1, max_steps=600)
    numbers = [recipe.TRAINING[n] for n in ("n_episodes", "warmup", "batch_size")]
    assert list(seen["in_order"][5:]) == [*numbers, recipe.DISCOUNT_FACTOR]
    by_name = {"target_model", "training_step", "train_every", "target_update_every"}
    assert set(seen) - {"in_order"} == by_name | {
        "epsilon_start", "epsilon_end", "epsilon_decay_steps"
    }  # fmt: skip
    model, target = seen["in_order"][0], seen["target_model"]
    assert model is not target
    for mine, theirs in zip(model.parameters(), target.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_it_stops_when_the_agent_is_good_enough_and_keeps_the_best_weights(monkeypatch):
    scores = iter([30.0, 120.0, 60.0, recipe.STOP_AT])
    monkeypatch.setattr(own_loop, "vectorized_greedy_returns", lambda *_: np.array([next(scores)]))
    trained = train_cartpole(play_only, 1, max_steps=5_000)
    assert trained.log.stopped and trained.log.environment_steps == 1_000
    assert trained.result == "klarade CartPole efter 1000 miljösteg"
    assert trained.model is trained.along_the_way[4]
    scores = iter([30.0, 120.0, 60.0])
    trained = train_cartpole(play_only, 1, max_steps=750)
    assert trained.model is trained.along_the_way[2], "den med 120 poäng"


def test_the_same_seed_gives_the_same_training_and_leaves_the_random_state():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second = (
        train_cartpole(dqn_helpers.train_dqn, 3, max_steps=500).log.episode_returns
        for _ in range(2)
    )
    assert first == second and len(first) > 5
    assert torch.equal(before, torch.get_rng_state())


def test_an_error_in_the_loop_is_not_hidden():
    def broken(*_, **__):
        raise KeyError("stegen")

    with pytest.raises(KeyError):
        train_cartpole(broken, 1, max_steps=600)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train_cartpole(play_only, 1, max_steps=300)


def test_the_film_says_whose_code_it_is(trained: Trained):
    film = film_of({"din kod": trained}, seed=1)
    assert film.caption.startswith("Det här är din kod. Din kod blev inte klar på 300 miljösteg")
    assert "Halvvägs: " in film.caption


def test_wrong_code_is_shown_beside_the_course(trained: Trained):
    film = film_of({"kursens kod": trained, "din kod, inte rätt än": trained}, seed=1)
    assert "Det här är din kod" not in film.caption
    assert "Din kod, inte rätt än, blev inte klar på 300" in film.caption
    assert "Kursens kod: " in film.caption and "Din kod, inte rätt än: " in film.caption


def test_the_belief_of_a_network_is_in_the_units_of_the_environment():
    """Ett nätverk som alltid säger 0,5 tror på 0,5 / 0,01 = 50, och med γ = 0,99 är gränsen 100."""
    model = torch.nn.Linear(4, 2)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.constant_(model.bias, 0.5)
    trace = dqn_helpers.greedy_episode(model, make_cartpole(reward_scale=None), seed=5)
    alt = own_loop.belief_of(trace).alt
    assert "i genomsnitt säger nätverket 50" in alt and "gränsen 100" in alt
