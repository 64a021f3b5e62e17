"""Mätningarna i 04: det som behålls, det som räknas, och att de färdiga talen är alla där."""

from pathlib import Path

import numpy as np
import pytest
from many_agents import VARIANTS

from dqn_helpers import recipe
from dqn_helpers.studies import cartpole
from dqn_helpers.studies.cartpole import (
    CHECK_STEPS,
    DOUBLE,
    PLAYGROUND,
    all_numbers,
    kept_with_stop_rule,
    measured,
    share_still_solved,
    train_changed,
    wilson_interval,
)


def test_the_stop_rule_keeps_the_first_that_is_good_enough_otherwise_the_best():
    assert kept_with_stop_rule([20, recipe.STOP_AT, 500]) == 1
    assert kept_with_stop_rule([20, 480, 300]) == 1


def test_still_solved_counts_only_what_comes_after_the_first_time():
    assert share_still_solved([20, 480, 500, 100, 475]) == pytest.approx(2 / 3)
    assert share_still_solved([20, 30]) is None
    assert share_still_solved([20, 500]) is None, "inget kommer efter"


def test_wilsons_interval_against_published_numbers():
    """Wilson för 18 av 20 och 50 av 50, jämfört med tabellvärden ur statsmodels."""
    assert wilson_interval(18, 20) == pytest.approx((0.699, 0.972), abs=1e-3)
    assert wilson_interval(50, 50) == pytest.approx((0.929, 1.0), abs=1e-3)


@pytest.mark.parametrize("name", [*VARIANTS, DOUBLE])
def test_the_numbers_are_all_there(name: str):
    one = measured(name)
    n_seeds = len(measured("kursens recept").scores)
    assert n_seeds >= 12
    assert one.scores.shape == one.at_rest.shape == (n_seeds, len(CHECK_STEPS))
    assert one.last.shape == one.best.shape == one.with_stop_rule.shape == (n_seeds,)
    assert np.isfinite(one.at_rest).all() and (one.scores >= 0).all() and (one.scores <= 500).all()
    assert one.at_rest_when_stopped.shape == (n_seeds,)


def test_there_are_no_other_numbers():
    assert list(all_numbers()) == [*VARIANTS, DOUBLE]


def test_the_playground_has_numbers():
    assert set(PLAYGROUND.values()) <= set(all_numbers())


def test_a_buffer_that_never_fills_is_as_good_as_a_larger_one(monkeypatch: pytest.MonkeyPatch):
    """Så står det på sidan: inget skrivs över, så inget kan glömmas därför."""
    monkeypatch.setattr(cartpole, "N_STEPS", 600)
    monkeypatch.setattr(cartpole, "CHECK_EVERY", 300)
    assert recipe.BUFFER_SIZE > cartpole.N_STEPS
    assert train_changed({}, 2) == train_changed({}, 2, buffer_size=1_000_000)


def test_the_page_says_what_the_numbers_say():
    """Räknas talen om ska sidan skrivas om."""
    book = Path(__file__).resolve().parents[1] / "solutions" / "04_dqn_loopen.ipynb"
    page = " ".join(book.read_text(encoding="utf-8").split())
    median = {name: round(np.median(measured(name).at_rest[:, -1])) for name in all_numbers()}
    solved = {
        name: f"{(measured(name).with_stop_rule >= recipe.SOLVED_AT).sum()} av 12"
        for name in all_numbers()
    }
    still = {}
    for name in ("64 platser", "1 000 platser", "långsammare inlärning"):
        found = [share_still_solved(scores) for scores in measured(name).scores]
        still[name] = f"{100 * np.mean([share for share in found if share is not None]):.0f} %"
    said = [
        f"är Q i vila {median['kursens recept']} i median",
        f"hamnar flera gånger för högt ({median[DOUBLE]})",
        f"Med C = 20 är medianen {median['C = 20']} och med C = 100 bara {median['C = 100']}",
        f"{solved['C = 100']} frön löser uppgiften mot {solved['kursens recept']}",
        f"med {solved['mjuk kopia']} lösta och Q i vila {median['mjuk kopia']}",
        f"Agenten svälter ({solved['ett träningssteg per episod']})",
        f"Utan den löses {solved['utan skalad observation']}",
        f"belöningens skalning {solved['utan skalad belöning']}",
        f"ändå löses {solved['64 platser']}",
        f"lösta i {still['64 platser']} av fallen, med 1 000 platser i {still['1 000 platser']}",
        f"lägre inlärningshastighet gav {still['långsammare inlärning']}",
    ]
    assert [words for words in said if words not in page] == []
