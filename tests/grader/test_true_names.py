"""Ett namn som sägs är sant: fel som förr fick ett falskt namn, eller två som sade emot varandra.

Varje program här är fel. Bredvid står de namn som får sägas, i kontrollen och i de dolda fallen;
att säga ett annat är värre än att inte säga något.
"""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import dqn_helpers
from dqn_helpers.autograder.catalogue import Edited, content, scenario
from dqn_helpers.exercises import EXERCISES, check
from dqn_helpers.exercises.judging import Verdict, judge
from dqn_helpers.exercises.model import KnownMistake, Outcome
from dqn_helpers.exercises.registry import known_mistakes
from dqn_helpers.exercises.running import run_cases

from .test_catalogue import SECONDS

WRONG: list[tuple[str, Any, set[str]]] = []


def wrong(number: str, *names: str) -> Callable[[Any], Any]:
    """Lösningen under är fel, och får bara heta något av `names`."""

    def register(solution: Any) -> Any:
        WRONG.append((number, solution, set(names)))
        return solution

    return register


def edited(number: str, source: str, *changes: tuple[str, str], names: tuple[str, ...] = ()) -> Any:
    """En ändrad lösning ur katalogen, av samma slag."""
    solution = Edited(source, *changes).define(EXERCISES[number].name)
    WRONG.append((number, solution, set(names)))
    return solution


@wrong("1.4")
def normal_number(action_values, epsilon, rng):
    if rng.normal() < epsilon:
        return int(rng.integers(len(action_values)))
    return int(np.argmax(action_values))


@wrong("1.4", "last_action_always")
def last_when_greedy(action_values, epsilon, rng):
    """I exemplen var den sista handlingen förr också den sämsta, och fick det namnet."""
    n_actions = len(action_values)
    return int(rng.integers(n_actions)) if rng.random() < epsilon else n_actions - 1


@wrong("2.1", "emptied_when_full")
class EmptiedWhenFull:
    def __init__(self, max_length):
        self.max_length, self.rows = max_length, []

    def append(self, experience):
        if len(self.rows) == self.max_length:
            self.rows = []
        self.rows.append(experience)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


@wrong("2.1")
class SwapsTheFlags(EmptiedWhenFull):
    def append(self, experience):
        *first, terminated, truncated = experience
        self.rows = [*self.rows, (*first, truncated, terminated)][-self.max_length :]


@wrong("2.3")
def flag_never_updated(model, env, replay_buffer, epsilon, seed=None):
    obs, _ = env.reset(seed=seed)
    total, done = 0.0, False
    while not done:
        action = dqn_helpers.choose_dqn_action(model, obs, epsilon)
        next_obs, reward, terminated, truncated, _ = env.step(action)
        replay_buffer.append((obs.copy(), action, reward, next_obs.copy(), terminated, truncated))
        obs = next_obs
        total += reward
    return total


@wrong("3.1", "mask_always.0.0")
def only_the_reward(reward, next_q_values, terminated, discount_factor):
    return reward


@wrong("3.1", "mask_always.0.0")
def never_is_false(reward, next_q_values, terminated, discount_factor):
    target = []
    for i in range(len(reward)):
        future = next_q_values[i].max() if terminated[i] is False else 0.0
        target.append(float(reward[i] + discount_factor * future))
    return torch.tensor(target)


@wrong("3.1")
def adds_before_max(reward, next_q_values, terminated, discount_factor):
    return (reward + discount_factor * next_q_values * ~terminated).max(1).values


@wrong("3.1")
def any_terminated(reward, next_q_values, terminated, discount_factor):
    future = discount_factor * next_q_values.max(1).values
    return reward if terminated.any() else reward + future


@wrong("3.1")
def python_max(reward, next_q_values, terminated, discount_factor):
    return reward + discount_factor * max(next_q_values) * ~terminated


@wrong("4.2")
@torch.no_grad()
def wrong_numbers_in_new_parameters(model, target_model, tau=1.0):
    for mine, theirs in zip(model.modules(), target_model.modules(), strict=True):
        for name, parameter in mine.named_parameters(recurse=False):
            mixed = 0.5 * tau * parameter + (1 - tau) * getattr(theirs, name)
            setattr(theirs, name, torch.nn.Parameter(mixed))


@wrong("4.2", "parameters_not_written")
@torch.no_grad()
def lerp_without_underscore(model, target_model, tau=1.0):
    for target, parameter in zip(target_model.parameters(), model.parameters(), strict=True):
        target.lerp(parameter, tau)
    for target, buffer in zip(target_model.buffers(), model.buffers(), strict=True):
        target.copy_(buffer)


STEP_3 = content("03", "mistakes").STEP
STEP_5 = content("05", "mistakes").STEP
edited(
    "3.3",
    STEP_3,
    ("model(state).gather", "state.gather"),
    names=("prediction_without_gradient",),
)
edited(
    "5.2",
    STEP_5,
    ("predicted = model(state)", "predicted = model(next_state)"),
    names=("argument.0.8",),
)
edited(
    "5.2",
    STEP_5,
    ("best = model(next_state)", "best = model(state)"),
    ("target_model(next_state)", "target_model(state)"),
    names=("step_target_from_state",),
)


@wrong("5.3")
def bias_in_a_list(q, r, gamma):
    """En lista med ett enda tal är inte ett tal per steg."""
    returns = [dqn_helpers.discounted_return(r[t:], gamma) for t in range(len(r))]
    return [sum(float(a) - float(g) for a, g in zip(q, returns, strict=True)) / len(r)]


BOOK_4 = content("04", "mistakes")
LOOP, APPEND, ADVANCE, SYNC = BOOK_4.LOOP, BOOK_4.APPEND, BOOK_4.ADVANCE, BOOK_4.SYNC
CHOICE = "dqn_helpers.choose_dqn_action(model, obs, epsilon)"
edited("4.3", LOOP, (CHOICE, "env.action_space.sample()"), names=("always_samples",))
edited("4.3", LOOP, ("            obs = next_obs\n", ""), names=("state_not_advanced",))
TOO_SLOW = ("n_steps, epsilon_start", "n_steps / 2, epsilon_start")
edited("4.3", LOOP, TOO_SLOW, names=("epsilon_constant",))
TRAIN = "                training_step(model, optimizer, criterion, replay_buffer, batch_size,\n"
REST = "                              discount_factor, target_model)\n"
edited(
    "4.3",
    LOOP,
    (
        f"{TRAIN}{REST}",
        f"                for _ in range(train_every):\n    {TRAIN}    {REST}",
    ),
    names=("trains_in_pairs",),
)


# --- fel som ska ha sitt namn, och inget annat ------------------------------------------------

NAMED: list[tuple[str, Any, str]] = []


def mistaken(number: str, name: str, source: str, *changes: tuple[str, str]) -> None:
    """En ändrad lösning som ska få just det här namnet."""
    NAMED.append((number, Edited(source, *changes).define(EXERCISES[number].name), name))


COPY = """
import torch

@torch.no_grad()
def update_target_network(model, target_model, tau=1.0):
    for p, t in zip(model.parameters(), target_model.parameters()):
        t.copy_(tau * p + (1 - tau) * t)
    for p, t in zip(model.buffers(), target_model.buffers()):
        t.copy_(p)
"""
MIXED, BUFFERS = "t.copy_(tau * p + (1 - tau) * t)", "        t.copy_(p)\n"
ORDER = "zip(model.parameters(), target_model.parameters())"
SWAPPED = "zip(target_model.parameters(), model.parameters())"
INTO_ONLINE, SWAP = (MIXED, MIXED.replace("t.copy_", "p.copy_")), (ORDER, SWAPPED)
BUFFERS_BACK, NO_BUFFERS = (BUFFERS, "        p.copy_(t)\n"), (BUFFERS, "        pass\n")
mistaken("4.2", "parameters_not_written", COPY, (MIXED, MIXED.replace(".copy_(", " = (")))
mistaken("4.2", "parameters_not_written", COPY, (MIXED, "t.lerp(p, tau)"))
mistaken("4.2", "parameters_wrong_way", COPY, SWAP)
mistaken("4.2", "parameters_mixed_into_online", COPY, INTO_ONLINE)
mistaken("4.2", "mixed_into_online", COPY, INTO_ONLINE, BUFFERS_BACK)
mistaken("4.2", "mixed_into_online_alone", COPY, INTO_ONLINE, NO_BUFFERS)
mistaken("4.2", "wrong_way", COPY, SWAP, BUFFERS_BACK)
mistaken("4.2", "wrong_way_alone", COPY, SWAP, NO_BUFFERS)

SAVED_LAST = (APPEND, ""), (ADVANCE, ""), (SYNC, f"{SYNC}{APPEND}{ADVANCE}")
WITHOUT_WARMUP = ("if warm and its_time", "if its_time")
mistaken("4.3", "warmup_ignored", LOOP, *SAVED_LAST, WITHOUT_WARMUP)
mistaken("4.3", "target_never_updated", LOOP, *SAVED_LAST[:2], (SYNC, f"{APPEND}{ADVANCE}"))
mistaken("4.3", "epsilon_too_fast", LOOP, ("            n_steps += 1", "            n_steps += 2"),
         ("n_steps % train_every", "n_steps // 2 % train_every"))  # fmt: skip
mistaken("4.3", "no_episodes", LOOP, ("range(n_episodes)", "range(1, -n_episodes + 1)"))
mistaken("4.3", "no_steps_taken", LOOP, ("while not done", "while not done and n_steps < 0"))
mistaken("4.3", "one_step_per_episode", LOOP, ("done = terminated or truncated", "done = True"))
RESET_VIEW, NEXT_VIEW = (
    (one, one.replace(".copy()", "[:]")) for one in (BOOK_4.RESET, BOOK_4.COPY)
)
mistaken("4.3", "first_observation_not_copied", LOOP, RESET_VIEW)
mistaken("4.3", "next_observation_not_copied", LOOP, NEXT_VIEW)
mistaken(
    "4.3", "epsilon_at_its_end_at_once", LOOP, ("n_steps, epsilon_start", "n_steps, epsilon_end")
)

SLOTS = content("02", "mistakes").SLOTS
COUNTED = ("self.n_added += 1", "self.n_added = (self.n_added + 1) % self.max_length")
UNBOUNDED = ("min(self.n_added, self.max_length)", "self.n_added")
mistaken("2.1", "length_is_position", SLOTS, COUNTED, UNBOUNDED)
PLAY = content("02", "mistakes").PLAY
STOP = """        if terminated or truncated:
            return total
        obs = next_obs
"""
ENDLESS = (STOP, "        obs = next_obs\n    return total\n")
mistaken("2.3", "one_flag_does_not_stop", PLAY, ("while True", "for _ in range(500)"), ENDLESS)
IN_NEXT = ("predicted = model(state)", "predicted = model(next_state)")
mistaken("3.3", "predicts_in_next_state", STEP_3, IN_NEXT)
DRAWN = "(replay_buffer, batch_size)"
mistaken("3.3", "large_batch_size_hard_coded", STEP_3, (DRAWN, "(replay_buffer, 256)"))

RETURN = "def discounted_return(rewards, discount_factor):\n    return sum({})\n"
mistaken(
    "1.1", "same_discount_from_the_start", RETURN.format("discount_factor * r for r in rewards")
)
LINE = "def linear_epsilon(t, a, b, n):\n    return {}\n"
mistaken("4.1", "grows", LINE.format("a - min(t / n, 1) * (b - a)"))
mistaken("4.1", "grows", LINE.format("a + (a - b) * min(t, n) / n"))
mistaken("4.1", "grows_without_end", LINE.format("max(a + (a - b) / n * t, b)"))
CHOICES = (
    "def epsilon_greedy(v, e, rng):\n    n = len(v)\n    if rng.random() < e:\n        return {}\n"
)
SIGNLESS = "    return max(range(n), key=lambda i: abs(v[i]))\n"
mistaken("1.4", "largest_without_sign", CHOICES.format("rng.integers(n)") + SIGNLESS)
UPDATE = content("01", "mistakes").UPDATE
BEST = "q_values[state, q_values[state].argmax()] +="
mistaken("1.3", "moves_best_action", UPDATE, ("q_values[state, action] +=", BEST))
FIRST = "    action = q_values[state].argmax()\n    future"
mistaken("1.3", "updates_best_action", UPDATE, ("    future", FIRST))


def verdicts(number: str, solution: Any) -> list[Verdict]:
    """Domen i kontrollen, och den i de dolda fallen."""
    exercise, drawn = EXERCISES[number], scenario(number, 0)
    both = (exercise.examples, known_mistakes(number)), (drawn.cases, drawn.mistakes)
    found = []
    for cases, mistakes in both:
        random.seed(3)
        outcomes = run_cases(exercise.driver, solution, [c.inputs for c in cases], SECONDS)
        found.append(judge(exercise, cases, outcomes, mistakes))
    return found


def test_every_allowed_name_exists() -> None:
    for number, _, names in WRONG:
        assert names <= {m.id for m in known_mistakes(number)}, number


@pytest.mark.parametrize(
    ("number", "solution", "names"), WRONG, ids=[f"{n}-{s.__name__}" for n, s, _ in WRONG]
)
def test_no_name_is_false(number: str, solution: Any, names: set[str]) -> None:
    for verdict in verdicts(number, solution):
        assert not verdict.passed
        assert {m.id for m in verdict.mistakes} <= names


@pytest.mark.parametrize(
    ("number", "solution", "name"), NAMED, ids=[f"{n}-{name}" for n, _, name in NAMED]
)
def test_the_mistake_has_its_name(number: str, solution: Any, name: str) -> None:
    for verdict in verdicts(number, solution):
        assert [m.id for m in verdict.mistakes] == [name]


def test_a_network_that_stood_still_does_not_say_that_nothing_happened() -> None:
    solution = next(solution for _, solution, name in NAMED if name == "parameters_wrong_way")
    for verdict in verdicts("4.2", solution):
        assert not any("ingenting" in part.message for part in verdict.behaviours)


def said(number: str, name: str) -> str:
    """Allt som kontrollen säger om den första lösningen med namnet."""
    solution = next(one for n, one, its_name in NAMED if (n, its_name) == (number, name))
    return repr(check(number, solution))


def test_a_loop_that_reads_no_flag_is_not_said_to_wait_for_both() -> None:
    assert "väntar på" not in said("2.3", "one_flag_does_not_stop")


def test_a_last_step_that_is_counted_is_not_said_to_be_missing_from_the_sum() -> None:
    saved = "        replay_buffer.append((obs, action, reward, next_obs, terminated, truncated))\n"
    changes = (saved, ""), ("        obs = next_obs\n", f"{saved}        obs = next_obs\n")
    words = repr(check("2.3", Edited(PLAY, *changes).define("play_and_record_episode")))
    assert "Det sista steget sparas inte" in words
    assert "räknas:" not in words


def test_a_loop_that_plays_nothing_is_not_said_to_read_outside_a_list() -> None:
    assert "IndexError" not in said("4.3", "no_episodes")


def test_draws_that_were_never_seen_are_not_counted() -> None:
    assert "0 olika" not in said("3.3", "predicts_in_next_state")


def test_a_batch_size_in_the_code_is_not_called_a_short_game() -> None:
    assert "Spela fler steg" not in said("3.3", "large_batch_size_hard_coded")


def test_every_action_has_a_row_of_its_own() -> None:
    """Sex handlingar ger sex andelar, också när en av dem är bäst eller aldrig lottas."""
    source = CHOICES.format("rng.integers(n - 1)") + "    return v.argmax()\n"
    result = check("1.4", Edited(source).define("epsilon_greedy"))
    tables = [b.comparison for b in result.behaviours if b.comparison and b.case]
    rows = {row.name: row.right for table in tables for row in table.rows}
    assert rows == {f"handling {i}": i < 5 for i in range(6)}


def test_a_discounted_sum_is_never_the_sum() -> None:
    """Med 1, −2 och 4,5 gav 0,99 nästan precis samma tal, och det godtogs."""
    change = ("total += reward", "total = reward + 0.99 * total")
    assert not check("2.3", Edited(PLAY, change).define("play_and_record_episode"))


def test_what_was_never_drawn_is_shown() -> None:
    source = content("02", "mistakes").SAMPLE
    change = ("randrange(len(replay_buffer))", "randrange(len(replay_buffer) - 1)")
    solution = Edited(source, change).define("sample_experiences")
    assert "Det som aldrig kom är [64]." in repr(check("2.2", solution))


# --- regeln ---------------------------------------------------------------------------------------


def named(target: list[Any], *mistakes: tuple[str, list[Any]]) -> list[str]:
    """Namnen på de misstag som känns igen i svar på 3.1:s två exempel."""
    exercise = EXERCISES["3.1"]
    known = [KnownMistake(name, name, _answers(rows)) for name, rows in mistakes]
    verdict = judge(exercise, exercise.examples, _answers(target), known)
    return [m.id for m in verdict.mistakes]


def _answers(rows: list[Any]) -> list[Outcome]:
    return [Outcome("ok", {"target": np.array(row), "changed": ""}) for row in rows]


RIGHT = [[4.0, 0.5, 0.0], [1.0, 2.5, -1.0]]


def test_a_mistake_that_explains_some_of_the_rows_is_named() -> None:
    assert named([[9, 9, 9], [8, 7, -1]], ("a", [[9, 9, 9], [1, 7, -1]])) == ["a"]


def test_a_mistake_that_leaves_half_of_it_unexplained_is_not() -> None:
    assert named([[9, 9, 9], [1, 7, -1]], ("a", [[9, 9, 9], RIGHT[1]])) == []


def test_a_mistake_that_would_spoil_a_right_row_is_not() -> None:
    assert named([[9, 9, 9], [1, 2.5, -1]], ("a", [[9, 9, 9], [8, 2.5, -1]])) == []


def test_of_two_that_fit_the_one_that_explains_more_is_named() -> None:
    a, b = ("a", [[9, 9, 9], RIGHT[1]]), ("b", [[9, 9, 9], [1, 7, -1]])
    assert named([[9, 9, 9], [1, 7, 7]], a, b) == ["b"]


def test_two_that_fit_equally_well_are_not_named() -> None:
    a, b = ("a", [[9, 9, 9], [1, 7, -1]]), ("b", [[9, 9, 9], [1, 7, -1]])
    assert named([[9, 9, 9], [1, 7, 7]], a, b) == []


def test_of_two_that_fit_equally_well_the_one_that_is_alike_in_the_rest_is_named() -> None:
    """Det som iakttas utan att bedömas avgör, som vikterna i ett nätverk."""
    exercise = EXERCISES["3.1"]

    def outcomes(target: list[Any], weight: int) -> list[Outcome]:
        found = _answers(target)
        found[0].observed["weight"] = weight
        return found

    known = [KnownMistake(str(n), str(n), outcomes([[9, 9, 9], [1, 7, -1]], n)) for n in (1, 2)]
    mine = outcomes([[9, 9, 9], [1, 7, 7]], 2)
    verdict = judge(exercise, exercise.examples, mine, known)
    assert [m.id for m in verdict.mistakes] == ["2"]


def test_two_mistakes_in_different_cases_get_two_names() -> None:
    a, b = ("a", [[9, 9, 9], RIGHT[1]]), ("b", [RIGHT[0], [1, 7, 8]])
    assert named([[9, 9, 9], [1, 7, 8]], a, b) == ["a", "b"]


def test_a_mistake_that_gives_infinity_is_not_every_wrong_number() -> None:
    """Avståndet till oändligheten är alltid inom en relativ gräns, och den gränsen är oändlig."""
    endless = ("a", [[-np.inf, 0.5, 0.0], RIGHT[1]])
    assert named([[9, 0.5, 0.0], RIGHT[1]], endless) == []
    assert named(endless[1], endless) == ["a"]


def test_an_edge_case_does_not_hide_a_mistake() -> None:
    five = [[9, 9, 9], [8, 7, 6]]
    assert named([[9, 9, 9], [8, 7, 5]], ("a", five)) == ["a"]
    assert named([[9, 9, 9], [8, 5, 5]], ("a", five)) == []


def test_a_text_that_says_the_rest_is_right_needs_it() -> None:
    exercise = EXERCISES["3.1"]
    mistake = KnownMistake("a", "Resten stämmer.", _answers([[9, 9, 9], RIGHT[1]]), alone=True)
    outcomes = _answers([[9, 9, 9], [1, 7, -1]])
    assert not judge(exercise, exercise.examples, outcomes, [mistake]).mistakes
