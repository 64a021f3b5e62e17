"""Receptet löser CartPole för alla slumpfrön, inte bara för ett som råkar gå bra."""

import pytest
from everyday import first
from recipe import MAX_STEPS, RecipeResult, as_table, train_recipe


@pytest.mark.parametrize("seed", first(1, range(5)))
def test_recipe_solves_cartpole(seed: int):
    result = train_recipe(seed)
    assert result.stopped, result
    assert result.held_out_mean >= 475, result
    assert 0 < result.environment_steps <= MAX_STEPS
    assert 0 < result.gradient_steps <= result.environment_steps / 2


def test_table_of_results():
    results = [
        RecipeResult(0, True, 500.0, 500, 1250, 0.4, 60.0),
        RecipeResult(1, True, 499.5, 700, 1500, 0.5, 70.0),
        RecipeResult(2, False, 474.9, 14_000, 30_000, 9.25, 133.7),
    ]
    last = as_table(results, "dqn_training_step").splitlines()[-1]
    assert last == (
        "| dqn_training_step | 2 av 3 (21–94 %) | 474,9 | 700 | 11 340 | 14 000 "
        "| 1 500 | 30 000 | 70 | 134 | 0,50 | 9,25 |"
    )
