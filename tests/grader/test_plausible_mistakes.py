"""Rimliga fel som inte står i katalogen: aldrig klart, aldrig full poäng och inget falskt namn."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import dqn_helpers
from dqn_helpers.autograder.catalogue import scenario
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.judging import judge
from dqn_helpers.exercises.model import KnownMistake
from dqn_helpers.exercises.registry import known_mistakes
from dqn_helpers.exercises.running import run_cases

from .test_catalogue import SECONDS

WRONG: list[tuple[str, Any]] = []


def wrong(number: str) -> Callable[[Any], Any]:
    """Lösningen under är fel, och inget av katalogens misstag."""

    def register(solution: Any) -> Any:
        WRONG.append((number, solution))
        return solution

    return register


@wrong("1.4")
def decimal_number(action_values, epsilon, rng):
    explores = rng.random() < epsilon
    return float(rng.integers(len(action_values)) if explores else np.argmax(action_values))


class _Buffer:
    def __init__(self, max_length):
        self.n, self.rows = max_length, []

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


@wrong("1.4")
def action_in_a_list(action_values, epsilon, rng):
    explores = rng.random() < epsilon
    return [rng.integers(len(action_values)) if explores else np.argmax(action_values)]


@wrong("2.1")
class IntegerRewards(_Buffer):
    def append(self, experience):
        state, action, reward, *rest = experience
        self.rows = [*self.rows, (state, action, int(reward), *rest)][-self.n :]


@wrong("2.1")
class HalvesWhenFull(_Buffer):
    def append(self, experience):
        if len(self.rows) == self.n:
            self.rows = self.rows[len(self.rows) // 2 :]
        self.rows.append(experience)


@wrong("3.1")
def masks_last_row_only(reward, next_q_values, terminated, discount_factor):
    target = reward + discount_factor * next_q_values.max(dim=1).values
    return torch.cat([target[:-1], torch.where(terminated[-1:], reward[-1:], target[-1:])])


@wrong("3.2")
def without_sign(q_values, action):
    return q_values.gather(1, action[:, None])[:, 0].abs()


@wrong("3.3")
def newest_half_only(model, optimizer, criterion, replay_buffer, batch_size, discount_factor):
    n = len(replay_buffer)
    rows = [replay_buffer[random.randrange(n // 2, n)] for _ in range(batch_size)]
    return dqn_helpers.dqn_training_step(
        model, optimizer, criterion, rows, batch_size, discount_factor
    )


@wrong("2.3")
def own_epsilon(model, env, replay_buffer, epsilon, seed=None):
    return dqn_helpers.play_and_record_episode(model, env, replay_buffer, 0.3, seed)


@wrong("4.2")
@torch.no_grad()
def blends_all_but_the_first(model, target_model, tau=1.0):
    before = [parameter.clone() for parameter in target_model.parameters()]
    target_model.load_state_dict(model.state_dict())
    for target, old in list(zip(target_model.parameters(), before, strict=True))[1:]:
        target.copy_(tau * target + (1 - tau) * old)


@pytest.mark.parametrize(("number", "solution"), WRONG)
def test_fails_without_a_false_name(number: str, solution: Any) -> None:
    exercise, drawn = EXERCISES[number], scenario(number, 0)
    for cases, mistakes in (
        (exercise.examples, known_mistakes(number)),
        (drawn.cases, drawn.mistakes),
    ):
        outcomes = run_cases(exercise.driver, solution, [c.inputs for c in cases], SECONDS)
        verdict = judge(exercise, cases, outcomes, mistakes)
        assert not verdict.passed
        # Är raden sist i batchen råkar masken vara rätt; annars saknas den just där.
        assert {m.id for m in verdict.mistakes} <= {"mask_missing"}


def named(number: str, solution: Any, seed: int) -> list[KnownMistake]:
    drawn = scenario(number, seed)
    outcomes = run_cases(drawn.exercise.driver, solution, drawn.inputs(), SECONDS)
    return list(judge(drawn.exercise, drawn.cases, outcomes, drawn.mistakes).mistakes)


def test_a_lost_field_is_not_called_another() -> None:
    def without_state(replay_buffer, batch_size):
        return dqn_helpers.sample_experiences(replay_buffer, batch_size)[1:]

    (mistake,) = named("2.2", without_state, 0)
    assert mistake.text.startswith("Bara fem tensorer")
    assert "`truncated` saknas" not in mistake.text


def test_the_action_beside_the_best_is_not_called_the_worst() -> None:
    def beside_the_best(action_values, epsilon, rng):
        n = len(action_values)
        return rng.integers(n) if rng.random() < epsilon else (np.argmax(action_values) + 1) % n

    said = {one.id for seed in range(10) for one in named("1.4", beside_the_best, seed)}
    assert "worst_action" not in said
