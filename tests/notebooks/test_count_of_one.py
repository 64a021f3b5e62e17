"""Meddelandena när antalet är ett: de görs på riktigt, och i ingen av dem står ”1 filer”."""

import contextlib
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from grader.report_samples import (
    TABLE,
    Page,
    by_teacher,
    exercise,
    results,
    submission,
    unreadable,
    with_part,
)
from grader.test_similar import handed_in
from numerus import ADJECTIVES, AFTER

from dqn_helpers import checks, figures
from dqn_helpers.autograder.arguments import rules
from dqn_helpers.autograder.result import to_json
from dqn_helpers.card import Card, Part
from dqn_helpers.exercises import EXERCISES, error_words, plain
from dqn_helpers.exercises.buffer_drivers import _returned
from dqn_helpers.exercises.own_code import _listed
from dqn_helpers.figures.player import Film
from dqn_helpers.progress import TrainingProgress
from dqn_helpers.replay import ReplayBuffer
from dqn_helpers.stations import Stations
from dqn_helpers.studies.own_casino import Casino
from dqn_helpers.teacher import grading, similar, term
from dqn_helpers.teacher.grade_limits import load_grade_limits, with_letters
from dqn_helpers.teacher.gradebook import not_assessed
from dqn_helpers.teacher.overrides import Override, Overrides, problems
from dqn_helpers.teacher.report.summary import summary_lines
from dqn_helpers.teacher.reports import final, write_reports
from dqn_helpers.training_log import TrainingLog

ONE = r"(?<![\w,.:–-])1"
WRONG = re.compile(
    rf"{ONE}{AFTER.pattern}"
    rf"|{ONE} (?!av )(?:\w+ ){{1,2}}(?:är|blev) (?:inte )?(?:{'|'.join(ADJECTIVES)})\b"
    rf"|{ONE} av (?:\w+ ){{1,3}}är (?:inte )?(?:{'|'.join(ADJECTIVES)})\b"
    r"|\b(?:de|de här|dessa|alla) 1\b"
)
LIMITS = load_grade_limits()
FILE = "a_1_2_05.ipynb"
WRONG_51 = with_part(
    exercise("5.1", False), 0, comparison=replace(TABLE, n_left_out=1), arguments=()
)
ONE_FILE = results(
    submission(FILE, WRONG_51, exercise("5.2"), exercise("5.3"), by_teacher(None)),
    unclear=("Vems?",),
)
ONE_READ = results(
    submission(FILE, exercise("5.1"), by_teacher(3), student="Anna"),
    unreadable("b_3_4_05.ipynb"),
    not_handed_in=("Bo",),
)


def reports(folder: Path) -> Iterator[str]:
    """Alla filer som rättningen skriver, och det som står i terminalen."""
    for number, graded in enumerate((ONE_FILE, ONE_READ)):
        out = folder / str(number)
        shown = final(graded, Overrides(), LIMITS)
        write_reports(out, shown, Overrides(), LIMITS)
        yield "\n".join([*summary_lines(shown), *grading._people_lines(shown)])
        for path in (path for path in out.rglob("*") if path.is_file()):
            text = path.read_text(encoding="utf-8")
            yield Page(text).words() if path.suffix == ".html" else text


def other_tools(folder: Path) -> Iterator[str]:
    """Terminens rapport, likheterna, betygen, besluten och gränserna."""
    write_reports(folder, ONE_FILE, Overrides(), LIMITS)
    (folder / "results.json").write_text(json.dumps(to_json(ONE_FILE)), encoding="utf-8")
    yield Page(term.term_page([folder], term.read_hand_ins([folder]))).words()
    works = similar.works_of([handed_in("Anna", "x = 1")], frozenset())
    page, _ = similar.similar_page(works, {similar.CODE: set(), similar.TEXT: set()})
    yield Page(page).words()
    (told,) = not_assessed(with_letters(ONE_FILE, LIMITS))
    yield told
    store: Any = SimpleNamespace(waiting=["a"], submissions=["a", "b", "c"])
    with contextlib.redirect_stderr(io.StringIO()) as shown:
        grading._interrupted(store)
    yield shown.getvalue()
    yield from problems(ONE_FILE, Overrides((Override(2, FILE, "5.1", 99.0, "Skäl."),)))
    yield from rules(1)


def cards(_: Path) -> Iterator[str]:
    """Kortet i anteckningsboken, och meningarna om en iakttagelse och ett fel."""
    parts = [Part(f"del {n}", "failed", "Fel", "Fel.") for n in range(2)]
    right = Part(" ".join(["lång"] * 99), "passed", "Rätt")
    yield Page(Card("3.1", "partial", "", (right, *parts)).body()).words()
    for one in EXERCISES.values():
        for observable in one.observables.values():
            if observable.label != "antalet steg":  # ett steg är rätt, och sägs aldrig vara fel
                yield observable.wrong.format(got="1", expected="1", missing="1")
    for row in error_words.TABLE:
        yield row.text.format_map(defaultdict(lambda: "1"))
    yield plain.kind_in_words([1.0])
    yield plain.in_short("experiences", [["x" * 400]])
    yield plain.in_short("rewards", [["x" * 400]])
    yield str(_returned([1]))
    yield _listed(["2.1"])
    yield repr(Stations("01a", frozenset(["1.1"])))


def errors(_: Path) -> Iterator[str]:
    """Referenskodens fel, kasinots mening och förloppsraden."""
    vector = gym.make_vec("CartPole-v1", num_envs=1)
    buffer = ReplayBuffer(2)
    buffer.append((np.zeros(4), 0, 1.0, np.zeros(4), False, False))
    for wrong in (
        lambda: checks.space_sizes(vector),  # type: ignore[arg-type]
        lambda: checks.check_enough_stored(1, 2),
        lambda: buffer[3],
        lambda: Film("", ({},), (), "En film."),
        lambda: figures.q_grid(np.zeros((1, 2)), (1, 1), ["↑"]),
    ):
        with pytest.raises((ValueError, IndexError)) as caught:
            wrong()
        yield str(caught.value)
    yield str(Casino(1, 1, 1, 1.0, 0.9, 2000, 100))
    with TrainingProgress(TrainingLog([1.0]), 1, None, show_bar=False, show_curve=False) as shown:
        yield shown._bar_format(True, "").replace("{total_fmt}", "1") + shown._status()


def captions(_: Path) -> Iterator[str]:
    """Figurernas alternativtexter, filmernas rutor och det som står i bilderna."""
    network = figures.q_network(1)
    ring = figures.ring_film({"din kod": [[], [1]]}, 1)
    yield network.data.decode("utf-8")
    yield "\n".join(ring.labels)
    pictures = (
        network,
        ring,
        figures.q_grid(np.zeros((1, 1)), (1, 1), ["↑"]),
        figures.grid_walks({"ε": [0, 0]}, (1, 1)),
        figures.learning_curves([0, 1], {"DQN": np.ones((1, 2))}),
        figures.seed_dots({"bias": {"DQN": np.ones(1)}}, y_labels=["Q"], truths=[0]),
        figures.training_curve(TrainingLog([1.0], [1])),
        figures.last_moments({"en": np.array([0.0, 0.0, np.radians(1.0), 0.0])}),
        figures.show_one_episode(
            lambda obs: 1, env=gym.make("CliffWalking-v1", max_episode_steps=1)
        ),
        figures.show_episodes_together({"före": lambda obs: 1}, env=gym.make("CartPole-v1")),
    )
    yield from (picture.alt for picture in pictures)


MADE: dict[str, Callable[[Path], Iterator[str]]] = {
    made.__name__: made for made in (reports, other_tools, cards, errors, captions)
}


@pytest.mark.parametrize("made", MADE)
def test_a_count_of_one_is_followed_by_one(made: str, tmp_path: Path):
    texts = list(MADE[made](tmp_path))
    found = [
        text[max(0, match.start() - 30) : match.end() + 30]
        for text in texts
        for match in WRONG.finditer(text)
    ]
    assert not found, "\n".join(found)
    assert sum(len(re.findall(rf"{ONE} \w", text)) for text in texts) >= 3, "antalet är aldrig ett"


@pytest.mark.parametrize(
    "text",
    ["1 filer", "de 1 filerna", "1 olika frön", "1 fil är rättade", "1 av två är inte lösta"],
)
def test_what_is_wrong_is_seen(text: str):
    assert WRONG.search(f"Här är {text}.")


@pytest.mark.parametrize(
    "text", ["0 filer", "1 fil är rättad", "1 av filerna", "21 filer", "5.1 är"]
)
def test_what_is_right_is_left_alone(text: str):
    assert not WRONG.search(f"Här är {text}.")
