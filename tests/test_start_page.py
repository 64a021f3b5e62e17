"""Startsidans hjälpmedel: provövningen och självtestet."""

from importlib import metadata

import pytest
import torch

from dqn_helpers import practice, self_test
from dqn_helpers.practice import check_average


def unsolved(numbers: list[float]) -> float:
    raise NotImplementedError("Provövningen är inte löst än.")


def test_the_right_answer_is_praised():
    result = check_average(lambda numbers: sum(numbers) / len(numbers))
    assert result
    assert result.summary == "allt stämmer. Bra gjort!"
    assert result.nudge == ""


def test_a_stub_is_not_solved_yet():
    result = check_average(unsolved)
    assert not result
    assert result.summary == "inte löst än."
    assert repr(result).count("Inte löst:") == 2


def test_the_sum_is_recognised():
    result = check_average(sum)
    assert result.summary == "1 av 2 delar stämmer."
    assert result.advice == (practice.SUM_TEXT,)
    assert "26 / 4 = 6,5; du fick 26" in repr(result)
    assert result.nudge.startswith("Räkna exemplet för hand")


def test_code_that_stops_is_told_to_begin_with_the_error():
    result = check_average(lambda numbers: numbers[9])
    assert result.nudge.startswith("Koden stannade")
    assert "Ledtråd 1" in result.nudge


@pytest.mark.parametrize(
    "wrong",
    [
        lambda numbers: sum(numbers) // len(numbers),
        lambda numbers: int(sum(numbers) / len(numbers)),
        lambda numbers: round(sum(numbers) / len(numbers)),
    ],
)
def test_lost_decimals_are_recognised(wrong: object):
    result = check_average(wrong)
    assert not result
    assert result.advice == (practice.INTEGER_TEXT,)


def test_what_the_code_prints_is_shown():
    result = check_average(lambda numbers: print(sum(numbers) / len(numbers)))
    assert "Glömde du return?" in repr(result)
    assert result.output.strip() == "6.5"


@pytest.mark.parametrize(
    "wrong", [lambda numbers: numbers[9], lambda: 5, lambda numbers: None, len, max]
)
def test_other_mistakes_are_shown_but_not_named(wrong: object):
    result = check_average(wrong)
    assert not result
    assert result.advice == ()


def test_the_function_itself_is_wanted():
    assert "utan parenteser" in repr(check_average(5.0))


def test_the_self_test_lists_versions_and_speed():
    state = torch.get_rng_state()
    report = self_test.self_test()
    assert torch.equal(torch.get_rng_state(), state)
    results = {finding.name: finding.result for finding in report.findings}
    assert results["torch"] == metadata.version("torch")
    assert results["ett träningssteg"].endswith(" ms")
    assert "aria-label" in report._repr_html_()


def test_a_missing_package_gets_advice(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(self_test, "PACKAGES", ("finnsinte",))
    report = self_test.self_test()
    assert not report.passed
    assert "Obs! finnsinte: saknas. Stäng JupyterLab" in repr(report)


def test_a_slow_computer_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(self_test, "SLOW_MILLISECONDS", 0.0)
    report = self_test.self_test()
    assert not report.findings[-1].ok
    assert "långsamt" in repr(report)
