"""Tabeller över sjön och stupet som filmer, enkla diagram, och värdet av ett steg ur V."""

import re

import gymnasium as gym
import numpy as np
import pytest

import dqn_helpers
from dqn_helpers import figures

LAKE, CLIFF = gym.make("FrozenLake-v1").unwrapped, gym.make("CliffWalking-v1").unwrapped
RISING = np.arange(64.0).reshape(16, 4) / 64


def test_each_square_shows_its_best_value_and_arrow():
    film = figures.q_film(LAKE, {"din kod": [0 * RISING, RISING]}, ["före", "efter"], limits=(0, 1))
    before, after = film.frames
    assert (before["p0_0"], before["t0_0"], before["f0_0"]) == ("", "0,00", "0.00")
    assert (after["p0_14"], after["t0_14"]) == ("↑", "0,92")
    assert 0 < float(after["f0_0"]) < float(after["f0_14"]) <= 0.34
    assert "t0_5" not in after and "t0_15" not in after  # hål och mål
    assert "0,92↑" in film.alt and "{" not in film.frame(1)


def test_several_tables_stand_beside_each_other_on_the_lake_and_above_at_the_cliff():
    def corner(film: figures.Film) -> tuple[str, str]:
        return re.findall(r"translate\((\d+) (\d+)\)\"><text x=\"4\"", film.drawing)[1]

    lake = figures.q_film(LAKE, {"a": [RISING], "b": [RISING]}, ["nu"])
    cliff = figures.q_film(CLIFF, {"a": [np.zeros((48, 4))], "b": [np.ones((48, 4))]}, ["nu"])
    assert corner(lake)[1] == "0" != corner(lake)[0]
    assert corner(cliff)[0] == "0" != corner(cliff)[1]


def test_wrong_numbers_are_drawn_too():
    """Fel kod kan ge nan och oändligheten; figuren ska visa det, inte stanna."""
    table = RISING.copy()
    table[0], table[1] = np.nan, np.inf
    frame = figures.q_film(LAKE, {"fel": [table]}, ["nu"], limits=(0, 1)).frames[0]
    assert (frame["t0_0"], frame["t0_1"]) == ("nan", "∞")


def test_a_table_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="16 rader"):
        figures.q_film(LAKE, {"fel": [np.zeros((4, 4))]}, ["nu"])


def test_a_walk_is_a_line_through_the_squares():
    film = figures.q_film(
        LAKE, {"a": [RISING, RISING]}, ["före", "efter"], walks={"a": [[], [0, 1, 5]]}
    )
    assert [frame["w0"] for frame in film.frames] == ["", "M30 30L90 30L90 90"]


def test_films_are_small_enough():
    film = figures.q_film(
        CLIFF, {"a": [np.zeros((48, 4))] * 9, "b": [np.ones((48, 4))] * 9}, "a" * 9
    )
    assert len(film._repr_html_()) < 300_000


def test_visits_are_counted_in_words():
    film = figures.visit_film(LAKE, [np.arange(16), 10 * np.arange(16)], ["1 steg", "2 steg"])
    assert film.frames[1]["t0_14"] == "140" and film.milliseconds is None


def test_a_backup_diagram_reads_the_values_of_a_policy():
    mdp = dqn_helpers.three_state_mdp()
    v = dqn_helpers.evaluate_policy(mdp, np.array([0, 0, 1]), 0.9)
    alt = figures.backup_diagram(mdp, v, 1, 2, 0.9).alt
    assert "-4,88" in alt.replace("−", "-")
    assert "Q(s2, a1) ← 50,13" in figures.backup_diagram(mdp, v, 2, 1, 0.9).alt


def test_returns_that_are_not_numbers_do_not_stop_the_page():
    picture = figures.return_distributions({"kursens kod": [1.0, 2.0], "fel": [np.nan, np.inf]}, 1)
    assert "Kursens kod: medelvärdet är 1,5" in picture.alt


def test_lines_say_where_they_begin_and_end():
    alt = figures.lines({"a": ([0, 1], [2, 3.5])}, x_label="steg", y_label="värde").alt
    assert alt == "Linjediagram, värde mot steg. A: från 2 till 3,5."
    runs = {"din kod": {0.9: [(2, 0.9), (1, 1.0)]}}
    assert "från 1 vid 1 steg till 0,9 vid 2" in figures.returns_by_length(runs).alt
