"""Kort, leksaker, vägen, återkopplingssidor och rapporten är tillgängliga, ljusa som mörka."""

from pathlib import Path
from typing import Any

import pytest
from grader.report_samples import exercise, results, submission, unreadable
from grader.test_similar import disguised, handed_in, own_solution
from grader.test_term import TERM

from dqn_helpers import toys
from dqn_helpers.autograder.result import to_json
from dqn_helpers.exercises import check
from dqn_helpers.stations import Stations
from dqn_helpers.teacher.report.class_page import class_report
from dqn_helpers.teacher.report.student_page import feedback_page
from dqn_helpers.teacher.similar import CODE, TEXT, similar_page, works_of
from dqn_helpers.teacher.term import hand_ins_of, term_page

from .axe import violations

GRADED = submission("anna_1_2_bok.ipynb", exercise("3.1", True, False), exercise("3.2"))


def td_target(reward, next_q_values, terminated, discount_factor):
    return reward + discount_factor * next_q_values.max(dim=1).values


def unsolved(q_values, action):
    raise NotImplementedError


IN_A_BOOK = {
    "ett kort som är fel": lambda: check("3.1", td_target),
    "ett kort som är olöst": lambda: check("3.2", unsolved),
    "ett kort som är rätt": lambda: check(
        "1.1", lambda r, g: sum(x * g**i for i, x in enumerate(r))
    ),
    "vagnen": toys.play_cartpole,
    "sjön": toys.td_lake,
    "kasinot": toys.casino,
    "hela vägen": lambda: Stations("00", frozenset({"1.1", "1.2"})),
    "remsan": lambda: Stations("02", frozenset({"1.1", "2.1"})),
}


def likenesses() -> str:
    """Sidan med ett par som liknar varandra, uppslaget."""
    students = [handed_in("Anna", own_solution(1)), handed_in("Bo", disguised(own_solution(1)))]
    html, n_pairs = similar_page(works_of(students, frozenset()), {CODE: set(), TEXT: set()})
    assert n_pairs == 1
    return html.replace('<details class="pair">', '<details class="pair" open>')


def term() -> str:
    """Sidan över terminen, med allt som kan stå på den."""
    every = [one for place, (name, graded) in enumerate(TERM.items())
             for one in hand_ins_of(to_json(graded), place)]  # fmt: skip
    return term_page([Path(name) for name in TERM], every)


WHOLE_PAGES = {
    "terminen": term,
    "likheterna": likenesses,
    "en återkoppling": lambda: feedback_page(GRADED, "full"),
    "en fil som inte gick att läsa": lambda: feedback_page(unreadable("bo.ipynb"), "full"),
    "rapporten": lambda: class_report(
        results(GRADED, unreadable("bo.ipynb")), ["a.html", "b.html"]
    ),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("what", IN_A_BOOK)
def test_what_a_book_shows_is_accessible(page: Any, what: str, theme: str):
    ground = {"light": "#ffffff", "dark": "#111111"}[theme]  # JupyterLabs egna bakgrunder
    ink = {"light": "#1f2933", "dark": "#e6edf3"}[theme]
    page.set_content(
        '<!doctype html><html lang="sv"><title>prov</title>'
        f'<body data-jp-theme-light="{str(theme == "light").lower()}" '
        f'style="background: {ground}; color: {ink}">'
        f"<main><h1>prov</h1><h2>övning</h2>{IN_A_BOOK[what]()._repr_html_()}</main>"
    )
    assert violations(page, "main") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("what", WHOLE_PAGES)
def test_the_graders_pages_are_accessible(page: Any, what: str, theme: str):
    page.emulate_media(color_scheme=theme)
    page.set_content(WHOLE_PAGES[what]())
    assert violations(page, "html") == []
