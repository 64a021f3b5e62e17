"""Receptet löser CartPole för alla slumpfrön, inte bara för ett som råkar gå bra."""

import pytest
from benchmarks.contestants import BY_KEY
from everyday import first

from dqn_helpers import recipe


@pytest.mark.parametrize("seed", first(1, range(3)))  # hundra till: tests/benchmarks
def test_recipe_solves_cartpole(seed: int):
    result = BY_KEY["dqn"].run(seed)
    assert result.first is not None and result.best_check >= recipe.STOP_AT, result
    assert result.held_out >= recipe.SOLVED_AT, result
    assert 0 < result.environment_steps <= recipe.MAX_STEPS
    assert 0 < result.gradient_steps <= result.environment_steps / 2
