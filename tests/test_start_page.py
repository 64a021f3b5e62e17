"""Startsidans hjälpmedel: provövningen och självtestet, och det som README lovar om böckerna."""

import json
import re
from importlib import metadata
from pathlib import Path

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
    assert result.nudge.startswith("Räkna ut exemplet för hand")


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
    assert "Glömde du `return`?" in repr(result)
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


# --- README:s tabell över böckerna ---------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[1]


def promised_by(book: Path) -> tuple[str, int, int]:
    """Tiden som boken själv säger i sin första cell, antalet övningar och deras poäng."""
    cells = json.loads(book.read_text(encoding="utf-8"))["cells"]
    text = ["".join(cell["source"]) for cell in cells]
    time = re.search(r"\*\*Tid:\*\* (?:ungefär )?([^.]+)\.", text[0])
    assert time, book.name
    points = [
        int(n) for cell in text for n in re.findall(r"^##.*Övning.*\((\d+) poäng\)", cell, re.M)
    ]
    return time[1], len(points), sum(points)


def test_the_readme_promises_what_the_books_promise():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for book in sorted((ROOT / "solutions").glob("*.ipynb")):
        time, n_exercises, points = promised_by(book)
        number = book.name.split("_")[0]
        row = rf"^\| {number} \| [^|]+ \| {time} \| "
        row += "en provövning" if number == "00" else rf"{n_exercises}, värda {points} poäng"
        assert re.search(row, readme, re.M), row
