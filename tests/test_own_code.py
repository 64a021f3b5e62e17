"""Sidan kör studentens kod: rätt, fel, olöst, kraschande och blandat."""

import random
import time

import numpy as np
import pytest

import dqn_helpers
from dqn_helpers.exercises import own_code, run_own
from dqn_helpers.exercises.own_code import COURSE, NOT_RIGHT, OWN


def right(rewards, discount_factor):
    return sum(discount_factor**t * reward for t, reward in enumerate(rewards))


def wrong(rewards, discount_factor):
    return sum(rewards)


def unsolved(rewards, discount_factor):
    raise NotImplementedError("Övning 1.1 är inte löst än.")


def right_epsilon(step, start, end, decay_steps):
    return start + (end - start) * min(step / decay_steps, 1)


def unsolved_epsilon(step, start, end, decay_steps):
    raise NotImplementedError("Övning 4.1 är inte löst än.")


def value(discounted_return):
    return float(discounted_return([1, 1], 0.5))


def test_right_code_runs_instead_of_the_course(capsys):
    assert run_own(value, {"1.1": right}) == {OWN: 1.5}
    assert capsys.readouterr().out == ""


def test_wrong_code_runs_beside_the_course(capsys):
    assert run_own(value, {"1.1": wrong}) == {COURSE: 1.5, NOT_RIGHT: 2.0}
    assert "Övning 1.1 är inte rätt än" in capsys.readouterr().out


def test_unsolved_code_is_replaced_and_a_line_says_so(capsys):
    assert run_own(value, {"1.1": unsolved}) == {COURSE: 1.5}
    assert "Övning 1.1 är inte löst än" in capsys.readouterr().out


def test_several_unsolved_are_listed_in_order_as_a_person_says_it(capsys):
    def nothing(*arguments):
        raise NotImplementedError("Övningen är inte löst än.")

    run_own(lambda *functions: len(functions), dict.fromkeys(("4.1", "1.3", "1.1"), nothing))
    assert "Övning 1.1, 1.3 och 4.1 är inte lösta än." in capsys.readouterr().out


def test_the_courses_own_function_is_not_called_yours():
    assert run_own(value, {"1.1": dqn_helpers.discounted_return}) == {COURSE: 1.5}


@pytest.mark.parametrize(
    "crashing",
    [
        lambda rewards, discount_factor: 1 / 0,
        lambda rewards, discount_factor: exit(),
        lambda rewards, discount_factor: "tre",
    ],
)
def test_code_that_stops_leaves_the_course_and_says_why(crashing, capsys):
    assert run_own(value, {"1.1": crashing}) == {COURSE: 1.5}
    assert "Din kod stannade här" in capsys.readouterr().out


def test_right_code_that_cannot_do_what_the_page_asks_does_not_stop_the_page(capsys):
    """Sidans försök kan ställa krav som kontrollen inte har prövat."""

    def picky(discounted_return):
        if discounted_return is right:
            raise TypeError("inte just den")
        return value(discounted_return)

    assert run_own(picky, {"1.1": right}) == {COURSE: 1.5}
    assert "klarar kontrollen men stannade här" in capsys.readouterr().out


def test_wrong_code_that_never_ends_is_stopped(monkeypatch, capsys):
    monkeypatch.setattr(own_code, "LEAST_SECONDS", 0.2)

    def endless_on_long_lists(rewards, discount_factor):
        while len(rewards) == 2 and discount_factor == 0.25:
            pass
        return sum(rewards)

    def experiment(discounted_return):
        return discounted_return([1, 1], 0.25)

    assert run_own(experiment, {"1.1": endless_on_long_lists}) == {COURSE: 1.25}
    assert "aldrig tar slut" in capsys.readouterr().out


def both(discounted_return, linear_epsilon):
    return discounted_return([1, 1], 0.5), linear_epsilon(5, 1.0, 0.0, 10)


def test_a_missing_part_comes_from_the_course_and_the_rest_is_yours(capsys):
    assert run_own(both, {"1.1": right, "4.1": unsolved_epsilon}) == {OWN: (1.5, 0.5)}
    assert "Övning 4.1 är inte löst än. Där används kursens kod." in capsys.readouterr().out


def test_one_wrong_part_puts_the_whole_beside_the_course():
    runs = run_own(both, {"1.1": wrong, "4.1": right_epsilon})
    assert runs == {COURSE: (1.5, 0.5), NOT_RIGHT: (2.0, 0.5)}
    assert list(runs) == [COURSE, NOT_RIGHT]


def test_everyone_draws_the_same_luck_and_the_page_keeps_its_own():
    def luck(discounted_return):
        discounted_return([1], 1.0)
        return random.random(), np.random.random()

    np.random.seed(3)
    runs = run_own(luck, {"1.1": wrong})
    after = np.random.random()
    np.random.seed(3)
    assert runs[COURSE] == runs[NOT_RIGHT]
    assert after == np.random.random()


def test_what_the_page_prints_while_it_runs_is_seen(capsys):
    run_own(lambda f: print("förlopp") or value(f), {"1.1": right})
    assert "förlopp" in capsys.readouterr().out


def test_given_numbers_stand_in_where_the_course_keeps_its_answer(capsys):
    def unsolved_bias(*arguments):
        raise NotImplementedError("Övning 5.3 är inte löst än.")

    experiment = pytest.fail  # får inte anropas: det finns inget att köra
    runs = run_own(
        experiment, {"5.3": unsolved_bias}, reference=lambda: 4.0, reference_name="vanlig DQN"
    )
    assert runs == {"vanlig DQN": 4.0}
    assert "Därför visas vanlig DQN." in capsys.readouterr().out
    with pytest.raises(KeyError, match="q_value_bias"):
        run_own(experiment, {"5.3": unsolved_bias})


def spend(seconds):
    """Räkna så länge, i processortid: en upptagen dator gör det inte kortare."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_patience_follows_what_the_course_would_have_taken(monkeypatch, capsys):
    """Färdiga tal tar ingen tid, men det gör försöket på en långsam dator."""
    monkeypatch.setattr(own_code, "LEAST_SECONDS", 0.05)

    def experiment(discounted_return):
        spend(0.5)
        return value(discounted_return)

    given = {"1.1": wrong}
    assert list(run_own(experiment, given, reference=lambda: 1.5)) == [COURSE]
    assert "10 gånger så länge" in capsys.readouterr().out
    runs = run_own(experiment, given, reference=lambda: 1.5, course_seconds=1.0)
    assert runs == {COURSE: 1.5, NOT_RIGHT: 2.0}


def test_right_code_is_never_stopped_however_slow(monkeypatch):
    monkeypatch.setattr(own_code, "LEAST_SECONDS", 0.05)

    def experiment(discounted_return):
        spend(0.5)
        return value(discounted_return)

    runs = run_own(experiment, {"1.1": right}, reference=lambda: 1.5, course_seconds=0.0)
    assert runs == {OWN: 1.5}
