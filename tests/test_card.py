"""Kortet från `check()`: vad som sägs när flera saker är fel eller något inte är löst."""

import ast
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import dqn_helpers
from dqn_helpers.card import Card, ComparedRow, Comparison, Part
from dqn_helpers.exercises import EXERCISES, check
from dqn_helpers.exercises.card import CheckResult
from dqn_helpers.exercises.checking import result_of
from dqn_helpers.exercises.comparing import compared, difference
from dqn_helpers.exercises.judging import BehaviourVerdict, judge
from dqn_helpers.exercises.model import Case, Outcome, Within
from dqn_helpers.exercises.pasteable import as_python
from dqn_helpers.exercises.plain import plain
from dqn_helpers.exercises.registry import known_mistakes
from dqn_helpers.figures import theme

ROOT = Path(__file__).parents[1]


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


def test_three_mistakes_at_once_are_all_told() -> None:
    """De två som ger fel tal får sina namn. Tensorn syns i samma fall, och sägs i sin del."""
    result = check("3.3", three_mistakes)
    *named, other_name = result.advice  # funktionen heter inte som övningen, och det sägs sist
    assert "dqn_training_step" in other_name and len(named) == 2
    for text, word in zip(named, ("gradienten", "tidsgränsen"), strict=True):
        assert word in text.lower()
    (part,) = (b for b in result.behaviours if "som ett tal" in b.behaviour.name)
    assert "tensor" in part.message


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
    assert "Räkna ut exemplet för hand" in wrong.nudge


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


# --- det man ser ----------------------------------------------------------------------------------


class View(HTMLParser):
    """Kortet som det visas innan något har fällts ut; `everything` är all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.first = self.everything = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" in self._open or "script" in self._open:
            return
        self.everything += f"{data} "
        is_seen = "dqn-hidden" not in (self.tags[-1][1].get("class") or "")
        if is_seen and self._open.count("details") == self._open.count("summary"):
            self.first += f"{data} "


def every_card() -> Iterator[tuple[str, CheckResult]]:
    """Korten för alla kända misstag, ur tabellen, och för den som inte har börjat."""
    for number, exercise in EXERCISES.items():
        stub = [Outcome("unsolved", problem="inte löst än")] * len(exercise.examples)
        named = [(m.id, m.outcomes) for m in known_mistakes(number)]
        for name, outcomes in [("olöst", stub), *named]:
            verdict = judge(exercise, exercise.examples, outcomes, known_mistakes(number))
            yield f"{number} {name}", result_of(exercise, verdict, outcomes)


def test_first_view_is_short_and_everything_is_still_there() -> None:
    n_words = {}
    for name, card in every_card():
        view = View(card._repr_html_())
        n_words[name] = len(re.findall(r"[^\W\d_]{2,}", view.first))  # talen i tabellen läses inte
        assert len(card._repr_html_()) < 60_000, name
        for verdict in card.behaviours:
            assert (
                verdict.behaviour.name in " ".join(view.everything.replace("  ", " ").split())
                or "`" in verdict.behaviour.name
            ), name
    assert len(n_words) > 200
    long = {name: n for name, n in n_words.items() if n > 120}
    assert not long, long


def test_what_is_right_stands_first_and_only_the_first_fault_is_open() -> None:
    view = View(check("3.3", three_mistakes)._repr_html_())
    first, everything = view.first, view.everything
    assert everything.index("5 delar stämmer") < everything.index("tidsgränsen".capitalize())
    assert "räknar med framtiden vid en tidsgräns" in first and "2 delar till" in first
    assert "låter ingen gradient gå" not in first and "låter ingen gradient gå" in everything


def no_mask(reward, next_q_values, terminated, discount_factor) -> torch.Tensor:
    return reward + discount_factor * next_q_values.max(dim=1).values


def test_the_example_is_a_table_with_the_wrong_rows_marked() -> None:
    verdict = check("3.1", no_mask).behaviours[1]
    assert verdict.comparison == Comparison(
        ("reward", "next_q_values", "terminated"),
        (
            ComparedRow("rad 0", ("1", "[2; 6]", "sant"), "6,4", "1", False,
                        "rad 0: `terminated` är sant, så målet är bara belöningen 1"),
            ComparedRow("rad 1", ("−2", "[5; 3]", "falskt"), "2,5", "2,5", True,
                        "rad 1: `terminated` är falskt, så målet är −2 + 0,9 · 5 = 2,5"),
            ComparedRow("rad 2", ("−1", "[6; 4]", "sant"), "4,4", "−1", False,
                        "rad 2: `terminated` är sant, så målet är bara belöningen −1"),
        ),
    )  # fmt: skip
    view = View(check("3.1", no_mask)._repr_html_())
    classes = [attributes.get("class") for tag, attributes in view.tags if tag == "tr"]
    assert classes == [None, "dqn-wrong", "dqn-right", "dqn-wrong"]
    assert "För hand: rad 0: terminated är sant" in " ".join(view.first.split())
    assert view.everything.count("fel: ") == 2 and view.everything.count("stämmer: ") == 1


def test_a_long_answer_shows_the_rows_around_the_first_fault() -> None:
    exercise = EXERCISES["3.1"]
    inputs = {"reward": list(range(40)), "next_q_values": [[1.0] * 9] * 40, "discount_factor": 1}
    case = Case(("bellman",), inputs)
    right = np.arange(40.0)
    table = compared("target", exercise, case, np.where(right < 30, right, -1), right)
    assert [row.name for row in table.rows] == [f"rad {n}" for n in range(28, 34)]
    assert table.n_left_out == 34
    assert [row.right for row in table.rows] == [True, True, False, False, False, False]


@pytest.mark.parametrize(
    "got", ["<script>", {"type": "<b>"}, [[1], ["x"]], np.zeros((3, 2, 2)), [None] * 3, np.nan]
)
def test_any_answer_gets_a_harmless_table(got: Any) -> None:
    for right in (np.array([1.0, 2.0, 3.0]), 4.0, Within(np.zeros(3), np.ones(3)), Within(0, 1)):
        table = compared("target", EXERCISES["3.1"], EXERCISES["3.1"].examples[0], got, right)
        part = Part("x", "failed", "Inte än", comparison=table)
        shown = Card("x", "failed", "y", (part,)).notebook_html("x")
        assert "<script>alert" not in shown and "<b>" not in shown and len(shown) < 30_000


def test_the_card_reads_well_without_eyes() -> None:
    for _, card in every_card():
        tags = View(card._repr_html_()).tags
        outer = tags[0][1]
        assert outer["lang"] == "sv" and outer["role"] == "group" and outer["aria-label"]
        assert [tag for tag, _ in tags if re.fullmatch("h[1-6]", tag)] == ["h3"]
        assert all(a.get("aria-hidden") == "true" for tag, a in tags if tag == "svg")
        assert all(a.get("role") == "list" for tag, a in tags if tag == "ul")
        assert all("scope" in a for tag, a in tags if tag == "th")


def test_nothing_in_the_card_is_fetched() -> None:
    html = check("3.1", no_mask)._repr_html_()
    assert not re.search(r"https?:|url\(|@import|<link|<img|src=", html)


@pytest.mark.parametrize("colors", [theme.LIGHT, theme.DARK], ids=["ljust", "mörkt"])
def test_the_cards_colours_are_readable(colors: dict[str, str]) -> None:
    pairs = {
        "right-tint": ("ink", "reward"), "almost-tint": ("ink", "almost"),
        "wrong-tint": ("ink", "wrong", "reward", "muted"), "ground": ("ink", "muted"),
        "paper": ("ink", "muted", "reward", "almost", "wrong", "accent"),
    }  # fmt: skip
    for surface, texts in pairs.items():
        for text in texts:
            assert theme.contrast(colors[text], colors[surface]) >= 4.5, (text, surface)


# --- exemplet att klistra in ----------------------------------------------------------------------


class ReachedError(Exception):
    """Studentens funktion anropades."""


def run(code: str, name: str, function: Any) -> tuple[Any, dict[str, Any]]:
    """Det sista uttryckets värde och alla namn, när texten körs som en cell."""
    tree = ast.parse(code)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    names = {name: function}
    exec(compile(tree, "<cell 1>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell 1>", "eval"), names), names


@pytest.mark.parametrize("number", EXERCISES)
def test_the_pasted_example_is_the_same_example(number: str) -> None:
    """Studentens funktion får detsamma av texten som av kontrollens drivare."""
    exercise = EXERCISES[number]
    for case in exercise.examples:
        calls: list[Any] = []

        def record(*arguments: Any, calls: list[Any] = calls, **named: Any) -> Any:
            calls.append([[type(a).__name__, plain(a)] for a in (*arguments, *named.values())])
            raise ReachedError

        for use in (
            lambda record=record, case=case: exercise.driver(record, case.inputs),
            lambda record=record, case=case: run(as_python(exercise, case), exercise.name, record),
        ):
            with pytest.raises(ReachedError):
                use()
        from_driver, from_text = calls
        assert difference(from_text, from_driver, 0.0) is None, (number, case.text)


@pytest.mark.parametrize(
    "number", [n for n in EXERCISES if hasattr(dqn_helpers, EXERCISES[n].name)]
)
def test_the_pasted_example_runs_to_its_end(number: str) -> None:
    exercise = EXERCISES[number]
    for case in exercise.examples:
        code = as_python(exercise, case)
        answer, names = run(code, exercise.name, getattr(dqn_helpers, exercise.name))
        if not exercise.wraps:
            assert difference(_listed(names["inputs"]), _listed(case.inputs), 0.0) is None
            assert any(_agrees(answer, right, case) for right in case.expected), case.text


def _agrees(answer: dict[str, Any], right: dict[str, Any], case: Case) -> bool:
    return all(difference(answer[key], right[key], case.tolerance) is None for key in right)


def _listed(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda array: array.tolist()))


# --- inga tecken som en dator kan sakna -----------------------------------------------------------

EMOJI = re.compile(
    "[\u231a-\u23ff\u25b6\u25c0\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]"
)
MET_BY_PEOPLE = ("*.md", "kurs.py", "notebooks/*", "solutions/*.ipynb", "dqn_helpers/**/*.*")


def test_nobody_meets_an_emoji() -> None:
    files = [p for pattern in MET_BY_PEOPLE for p in ROOT.glob(pattern) if p.is_file()]
    texts = {p: p.read_text("utf-8") for p in files if p.suffix in
             {".md", ".py", ".ipynb", ".html", ".css", ".js", ".json"}}  # fmt: skip
    assert len(texts) > 100
    found = {p.name: sorted(set(EMOJI.findall(text))) for p, text in texts.items()}
    assert {name: marks for name, marks in found.items() if marks} == {}
