"""05: 5.2 anropar 5.1. Inga följdfel i rättningen, och `check()` säger var felet börjar."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import dqn_helpers
from dqn_helpers.autograder.grade import Ran
from dqn_helpers.exercises import check
from dqn_helpers.exercises.card import CheckResult

GradeCells = Callable[..., Ran]
IMPORTS = "import torch\nimport dqn_helpers"
TARGET = """
def double_dqn_target(model, target_model, reward, next_state, terminated, discount_factor):
    with torch.no_grad():
        best = model(next_state).argmax(dim=1)
        value = target_model(next_state).gather(1, best.unsqueeze(1)).squeeze(1)
        return reward + discount_factor * value * ~terminated
"""
STEP = """
def double_dqn_training_step(model, optimizer, criterion, memory, n, gamma, target_model):
    s, a, r, s2, done, _ = dqn_helpers.sample_experiences(memory, n)
    y = double_dqn_target(model, target_model, r, s2, done, gamma)
    loss = criterion(dqn_helpers.chosen_q_values(model(s), a), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
"""
SWAPPED = TARGET.replace("(model, target_model,", "(target_model, model,")
NO_MASK = TARGET.replace(" * ~terminated", "")
WRONG_FOR_ONE_ROW = TARGET.replace("return ", "return torch.squeeze(").rstrip() + ")\n"
STUB = 'def double_dqn_target(*arguments):\n    raise NotImplementedError("Övning 5.1 olöst.")\n'
FIRST_5_1 = "klarar inte sin egen kontroll"


def checked(*cells: str, number: str = "5.2") -> CheckResult:
    namespace: dict[str, Any] = {}
    for cell in (IMPORTS, *cells):
        exec(cell, namespace)
    name = {"5.1": "double_dqn_target", "5.2": "double_dqn_training_step"}[number]
    return check(number, namespace[name])


def test_right_target_and_step() -> None:
    assert checked(TARGET, number="5.1")
    assert checked(TARGET, STEP)


@pytest.mark.parametrize("target", [SWAPPED, NO_MASK])
def test_check_says_that_5_1_comes_first(target: str) -> None:
    result = checked(target, STEP)
    assert not result
    assert FIRST_5_1 in repr(result)
    assert not result.advice, "ett följdfel ska inte få ett namn"


def test_unsolved_target_is_unsolved_in_5_2_too() -> None:
    result = checked(STUB, STEP)
    assert {b.mark for b in result.behaviours} == {"unsolved"}


def test_target_that_is_wrong_in_another_way_does_not_hurt() -> None:
    assert not checked(WRONG_FOR_ONE_ROW, number="5.1")
    assert checked(WRONG_FOR_ONE_ROW, STEP)


def test_own_target_that_is_not_called_is_not_blamed() -> None:
    call = "double_dqn_target(model, target_model, r, s2, done, gamma)"
    own = STEP.replace(call, "dqn_helpers.td_target(r, target_model(s2).detach(), done, gamma)")
    result = checked(NO_MASK, own)
    assert FIRST_5_1 not in repr(result)
    assert "vanlig DQN med målnätverk" in result.advice[0]


@pytest.mark.parametrize("target", [SWAPPED, NO_MASK, WRONG_FOR_ONE_ROW, STUB])
def test_no_follow_on_errors(grade_cells: GradeCells, target: str) -> None:
    assert grade_cells("5.1", IMPORTS, target, STEP).result.status != "passed"
    assert grade_cells("5.2", IMPORTS, target, STEP).result.status == "passed"


def test_the_page_says_that_a_right_version_was_used(grade_cells: GradeCells) -> None:
    notes = " ".join(grade_cells("5.2", IMPORTS, SWAPPED, STEP).notes)
    assert "Övning 5.2 anropar `double_dqn_target`, som inte är rätt än." in notes
    assert "anropar" not in " ".join(grade_cells("5.2", IMPORTS, TARGET, STEP).notes)


def test_a_forgotten_mask_costs_only_the_mask(grade_cells: GradeCells) -> None:
    call = "double_dqn_target(model, target_model, r, s2, done, gamma)"
    own = STEP.replace(call, "double_dqn_target(model, target_model, r, s2, done & False, gamma)")
    result = grade_cells("5.2", IMPORTS, TARGET, own).result
    assert [part.name for part in result.parts if not part.passed] == [
        "maskerar sluttillstånd, men räknar med framtiden vid en tidsgräns (`truncated`)"
    ]


def test_swapped_arguments_in_the_call_are_still_found(grade_cells: GradeCells) -> None:
    step = STEP.replace("(model, target_model, r,", "(target_model, model, r,")
    assert grade_cells("5.2", IMPORTS, TARGET, step).result.misconception == "step_roles_swapped"
    assert "Rollerna är ombytta" in checked(TARGET, step).advice[0]


def test_step_plugs_into_train_dqn() -> None:
    namespace: dict[str, Any] = {}
    exec(f"{IMPORTS}\n{TARGET}\n{STEP}", namespace)
    step: Callable[..., float] = namespace["double_dqn_training_step"]
    env = dqn_helpers.make_cartpole()
    model, target_model = dqn_helpers.DQN(), dqn_helpers.DQN()
    returns = dqn_helpers.train_dqn(
        *(model, env, dqn_helpers.ReplayBuffer(1000), torch.optim.Adam(model.parameters())),
        *(torch.nn.MSELoss(), 4, 1, 16, 0.99),
        target_model=target_model,
        training_step=step,
    )
    assert len(returns) == 4


def test_the_package_does_not_hold_the_solutions() -> None:
    for name in ("double_dqn_target", "double_dqn_training_step", "q_value_bias"):
        assert not hasattr(dqn_helpers, name)
        for path in Path(dqn_helpers.__file__).parent.rglob("*.py"):
            assert f"def {name}(" not in path.read_text(encoding="utf-8")
