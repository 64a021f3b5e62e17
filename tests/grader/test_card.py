"""Kortet från `check()`: vad som sägs när flera saker är fel eller något inte är löst."""

from typing import Any

import torch

import dqn_helpers
from dqn_helpers.exercises import EXERCISES, check
from dqn_helpers.exercises.card import CheckResult
from dqn_helpers.exercises.judging import BehaviourVerdict


def three_mistakes(model, optimizer, criterion, replay_buffer, batch_size, discount_factor) -> Any:
    batch = dqn_helpers.sample_experiences(replay_buffer, batch_size)
    state, action, reward, next_state, terminated, truncated = batch
    over = terminated | truncated  # fel: tidsgränsen är inget slut
    target = dqn_helpers.td_target(
        reward, model(next_state), over, discount_factor
    )  # fel: gradient
    loss = criterion(dqn_helpers.chosen_q_values(model(state), action), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss  # fel: håller kvar grafen


def test_three_mistakes_at_once_get_their_own_names() -> None:
    advice = check("3.3", three_mistakes).advice
    assert len(advice) == 3
    for text, word in zip(advice, ("tidsgränsen", "gradienten", "tensor"), strict=True):
        assert word in text.lower()


def test_mistake_that_would_ruin_what_is_right_is_not_named() -> None:
    """Masken från truncated ger samma sak vid tidsgränsen, men inte vid sluttillstånd."""
    advice = " ".join(check("3.3", three_mistakes).advice)
    assert "truncated i stället för terminated" not in advice


def test_unsolved_card_is_short() -> None:
    def td_target(*arguments: Any) -> None:
        raise NotImplementedError("Övning 3.1 är inte löst än.")

    text = repr(check("3.1", td_target))
    assert text.count("\n") == 3  # rubrik, två delar och vad man gör nu


def test_unsolved_helper_exercise_is_named_once() -> None:
    def chosen_q_values(*arguments: Any) -> None:
        raise NotImplementedError("Övning 3.2 är inte löst än.")

    def step(model, optimizer, criterion, replay_buffer, batch_size, discount_factor) -> float:
        chosen_q_values(model, batch_size)
        return 0.0

    result = check("3.3", step)
    assert repr(result).count("Övning 3.2 är inte löst än.") == 1
    assert not result


def test_the_advice_fits_what_happened() -> None:
    crashed = check("3.1", lambda reward, q, end, gamma: reward.no_such_thing)
    assert "Börja med felet ovanför" in crashed.nudge
    wrong = check("3.1", lambda reward, q, end, gamma: reward)
    assert "Räkna exemplet för hand" in wrong.nudge


def test_emphasis_and_code_in_the_texts() -> None:
    verdict = BehaviourVerdict(EXERCISES["3.1"].behaviours[0], "failed", "tar *sista* i `a * b`")
    card = CheckResult("Övning 3.1 td_target", "1 av 2", (verdict,), advice=("r + 2 * 3 * 4",))
    assert "tar <em>sista</em> i <code>a * b</code>" in card._repr_html_()
    assert "r + 2 * 3 * 4" in card._repr_html_()
    assert "tar sista i `a * b`" in repr(card)


def test_situation_and_fault_stand_on_lines_of_their_own() -> None:
    def td_target(reward, next_q_values, terminated, discount_factor) -> torch.Tensor:
        return reward + discount_factor * next_q_values.max(dim=1).values

    lines = repr(check("3.1", td_target)).splitlines()
    situation = next(i for i, line in enumerate(lines) if line.strip().startswith("Exempel:"))
    assert "du fick 6,4" in lines[situation + 1]
