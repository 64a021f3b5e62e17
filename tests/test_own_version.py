"""Studentens träningssteg i jämförelserna: rätt, fel, kraschande, långsamt och olöst."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from overestimation_numbers import double_dqn_training_step

from dqn_helpers import dqn_training_step
from dqn_helpers.studies import own_version
from dqn_helpers.studies.overestimation import (
    CASINO,
    EXPERIMENTS,
    Experiment,
    committed_numbers,
)
from dqn_helpers.studies.own_version import OWN, REFERENCE, WRONG, OwnVersion, own_bias

QUICK = Experiment("kasinot", lambda step, seed: numbers(step, seed), (1.0, 2.0), 3, 5.0, 2)
"""Ett försök som bara frågar steget efter två tal."""


def numbers(step: Any, seed: int) -> list[float]:
    return [float(seed), float(step(*[None] * 7))]


def answers(value: float) -> Callable[..., float]:
    """Ett steg som klarar provkörningen och sedan ger ett bestämt tal."""

    def step(model: Any, *rest: Any) -> float:
        return value

    return step


def unsolved(*arguments: Any) -> float:
    raise NotImplementedError("Övning 5.1 är inte löst än.")


def broken(*arguments: Any) -> float:
    return 1 / 0


def test_a_right_step_is_drawn_alone():
    own = OwnVersion(answers(1.5), True)
    curves = own.curves(QUICK)
    assert list(curves) == [OWN]
    np.testing.assert_array_equal(curves[OWN], [[0, 1.5], [1, 1.5], [2, 1.5]])
    assert "klarar kontrollen. Jämförelserna" in repr(own)


def test_a_wrong_step_is_drawn_beside_the_reference(capsys: pytest.CaptureFixture[str]):
    own = OwnVersion(answers(1.5), False)
    curves = own.curves(QUICK)
    assert list(curves) == [REFERENCE, WRONG]
    np.testing.assert_array_equal(curves[REFERENCE], committed_numbers(QUICK))
    assert "klarar inte kontrollen" in repr(own)
    assert "klarar inte kontrollen" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("step", "words"),
    [(unsolved, "olöst"), (broken, "division med noll"), (lambda model: 0.0, "antal argument")],
    ids=["olöst", "kraschar", "fel argument"],
)
def test_what_cannot_run_gives_the_reference_and_the_reason(
    step: Any, words: str, capsys: pytest.CaptureFixture[str]
):
    own = OwnVersion(step, False)
    assert list(own.curves(QUICK)) == [REFERENCE]
    assert "Dina egna tal saknas" in capsys.readouterr().out
    assert words in repr(own)
    assert "Det som saknas är dina egna körningar" in repr(own).replace("\n", " ")
    assert words in own._repr_html_()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e9])
def test_numbers_that_do_not_fit_are_drawn_at_the_edge(
    value: float, capsys: pytest.CaptureFixture[str]
):
    curves = OwnVersion(answers(value), False).curves(QUICK)
    np.testing.assert_array_equal(curves[WRONG][:, 1], [5, 5, 5])
    assert "spårat ur" in capsys.readouterr().out


def test_every_number_can_have_its_own_edge():
    two_edges = dataclasses.replace(QUICK, limit=(1.0, 7.0))
    curves = OwnVersion(answers(-1e9), False).curves(two_edges)
    np.testing.assert_array_equal(curves[WRONG], [[0, -7], [1, -7], [1, -7]])


def endless(seed: int) -> None:
    while seed:
        pass


@pytest.mark.parametrize(
    ("spend", "words"),
    [
        (endless, "10 gånger så länge som kursens träningssteg"),
        (lambda s: time.sleep(60 * s), "sov eller väntade"),
    ],
    ids=["räknar", "sover"],
)
def test_a_slow_step_shows_the_seeds_that_were_finished(
    spend: Callable[[int], None],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr(own_version, "_seconds_per_step", lambda: 0.005)

    def run(step: Any, seed: int) -> list[float]:
        spend(seed)
        return [1.0, 2.0]

    slow = Experiment("kasinot", run, (1.0, 2.0), 3, 5.0, 2)
    curves = OwnVersion(answers(0.0), True).curves(slow)
    assert curves[OWN].shape == (1, 2)
    said = capsys.readouterr().out
    assert "stannade på frö 1" in said and words in said


def test_a_slow_computer_gives_more_time(monkeypatch: pytest.MonkeyPatch):
    """Tiden följer det som kursens eget träningssteg kostar just här."""

    def slow_step(*arguments: Any) -> float:
        end = time.thread_time() + 0.004
        while time.thread_time() < end:
            pass
        return dqn_training_step(*arguments)

    monkeypatch.setattr(own_version, "dqn_training_step", slow_step)
    measured = own_version._seconds_per_step.__wrapped__
    monkeypatch.setattr(own_version, "_seconds_per_step", measured)
    assert own_version._patience(CASINO) > 0.004 * CASINO.n_seeds * CASINO.n_steps


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_the_number_of_training_steps_in_a_run(experiment: Experiment):
    calls = []

    def counting(*arguments: Any) -> float:
        calls.append(1)
        return 0.0

    experiment.run(counting, 0)
    assert 0.9 * experiment.n_steps < len(calls) <= experiment.n_steps


def test_the_solution_and_plain_dqn_can_be_tried():
    for step in (double_dqn_training_step(), dqn_training_step):
        own = OwnVersion(step, False)
        assert not own.is_unsolved
        assert not own.problem


def test_the_random_state_is_left_alone():
    before = torch.get_rng_state()
    OwnVersion(dqn_training_step, True)
    assert torch.equal(before, torch.get_rng_state())


def test_own_bias():
    def mean_difference(predicted: Any, rewards: Any, discount_factor: float) -> float:
        return float(np.mean(predicted) - np.mean(rewards)) * discount_factor

    assert own_bias(mean_difference, [3.0, 5.0], [1.0, 1.0], 0.5) == "+1,5"
    assert own_bias(mean_difference, [0.0], [3.0], 0.5) == "−1,5"
    assert own_bias(unsolved, [0.0], [3.0], 0.5) == "saknas, övning 5.3 är inte löst"
    assert "division med noll" in own_bias(broken, [0.0], [3.0], 0.5)
    assert "stannade" in own_bias(lambda *arguments: [1.0, 2.0], [0.0], [3.0], 0.5)
