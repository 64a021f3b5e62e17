"""Kort, leksaker, vägen, återkopplingssidor och rapporten är tillgängliga, ljusa som mörka."""

from typing import Any

import pytest
from grader.report_samples import exercise, results, submission, unreadable

from dqn_helpers import toys
from dqn_helpers.exercises import check
from dqn_helpers.stations import Stations
from dqn_helpers.teacher.report.class_page import class_report
from dqn_helpers.teacher.report.student_page import feedback_page

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
WHOLE_PAGES = {
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
