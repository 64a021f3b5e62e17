"""Poängen betyder vad de säger: kärnan går inte att hoppa över, och en rad räcker aldrig."""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from everyday import only
from matplotlib import pyplot as plt

import dqn_helpers
from dqn_helpers.autograder.catalogue import reference, scenario
from dqn_helpers.autograder.grade import Ran
from dqn_helpers.exercises import EXERCISES, check
from dqn_helpers.exercises.blocking import blocked, functions_of
from dqn_helpers.exercises.judging import Verdict, judge
from dqn_helpers.exercises.model import Behaviour, Case, Exercise
from dqn_helpers.exercises.running import run_cases
from dqn_helpers.exercises.syllabus import SYLLABUS

from .test_notebook_05 import IMPORTS, STEP, TARGET

GradeCells = Callable[..., Ran]
SEED = 3

# --- tre rader ur paketet ------------------------------------------------------------------------

ONE_LINERS = {
    "5.1": """
def double_dqn_target(model, target_model, reward, next_state, terminated, gamma):
    return dqn_helpers.td_target(reward, target_model(next_state).detach(), terminated, gamma)
""",
    "5.2": """
def double_dqn_training_step(*arguments):
    return dqn_helpers.dqn_training_step(*arguments)
""",
    "5.3": """
def q_value_bias(predicted, rewards, gamma):
    return np.mean(np.asarray(predicted) - dqn_helpers.realised_returns(rewards, gamma))
""",
}


def test_three_one_liners_give_no_grade(grade_cells: GradeCells) -> None:
    cells = (f"{IMPORTS}\nimport numpy as np", *ONE_LINERS.values())
    points = {number: grade_cells(number, *cells).result.points for number in ONE_LINERS}
    assert sum(p or 0 for p in points.values()) < 0.6 * sum(EXERCISES[n].points for n in points)
    assert set(points.values()) == {0.0}


def test_check_says_so_before_handing_in() -> None:
    namespace: dict[str, Any] = {}
    exec("\n".join([IMPORTS, "import numpy as np", *ONE_LINERS.values()]), namespace)
    for number in ONE_LINERS:
        assert not check(number, namespace[SYLLABUS[number]])
    assert "går ut på. Skriv en egen" in repr(check("5.3", namespace["q_value_bias"]))


# --- kärnan --------------------------------------------------------------------------------------

WRONG_MASKS = {
    "glömd": (" * ~terminated", ""),
    "bakvänd": ("~terminated", "terminated"),
    "utan belöning": ("reward + discount_factor * value *", "(reward + discount_factor * value) *"),
}


@pytest.mark.parametrize("old_new", WRONG_MASKS.values(), ids=WRONG_MASKS)
@pytest.mark.parametrize(("number", "core"), [("5.1", "välja"), ("5.2", "väljer")])
def test_a_wrong_mask_does_not_cost_the_core(
    grade_cells: GradeCells, number: str, core: str, old_new: tuple[str, str]
) -> None:
    wrong = TARGET.replace(*old_new)
    call = "double_dqn_target(model, target_model, r, s2, done, gamma)"
    inlined = STEP.replace(call, call.replace("double_dqn_target", "my_target"))
    cells = (IMPORTS, wrong, wrong.replace("double_dqn_target", "my_target"), inlined)
    tests = grade_cells(number, *cells).result.parts
    (found,) = [test for test in tests if core in test.name]
    assert found.passed, found.message
    assert not all(test.passed for test in tests)


@pytest.mark.parametrize("number", ["5.1", "5.2"])
def test_nothing_counts_without_the_core(grade_cells: GradeCells, number: str) -> None:
    plain = TARGET.replace("best = model(", "best = target_model(")
    mine = plain.replace("double_dqn_target", "my_target")
    step = STEP.replace("double_dqn_target(", "my_target(")
    result = grade_cells(number, IMPORTS, mine, plain, step).result
    assert result.points == 0
    assert any(
        test.message.startswith("Den här delen räknas först när lösningen") for test in result.parts
    )


def test_what_is_required_must_exist() -> None:
    exercise = EXERCISES["3.1"]
    behaviours = (
        exercise.behaviours[0],
        Behaviour("other", "gör något", 1, ("target",), ("no_such",)),
    )
    with pytest.raises(ValueError, match="kräver"):
        Exercise("3.1", "", exercise.driver, behaviours, exercise.observables, (), exercise.hints)


def test_a_behaviour_waits_for_what_it_requires() -> None:
    exercise = EXERCISES["5.1"]
    core, *others = (b for b in sorted(exercise.behaviours, key=lambda b: len(b.requires)))
    assert not core.requires
    assert {b.requires for b in others} == {(core.id,)}
    cases = [Case((b.id,), {}, ({"target": 1.0},)) for b in exercise.behaviours]
    outcomes = [_outcome(0.0 if b is core else 1.0) for b in exercise.behaviours]
    verdict = judge(exercise, cases, outcomes)
    assert verdict.points == 0
    assert judge(exercise, cases, [_outcome(1.0)] * len(cases)).passed


def _outcome(target: float) -> Any:
    from dqn_helpers.exercises.model import Outcome

    return Outcome("ok", {"target": target})


# --- allt i paketet som lösning ------------------------------------------------------------------


LEFT_OUT = (
    *("dqn_helpers.autograder", "dqn_helpers.teacher", "dqn_helpers.exercises"),
    "dqn_helpers.installing",
)
"""Det som studenten inte har, övningarna, och det som tar bort miljön om det anropas."""


def everything() -> dict[str, Any]:
    """Alla funktioner, klasser och metoder i det som en lösning kan använda av kursens paket."""
    found: dict[int, tuple[str, Any]] = {}
    for module in pkgutil.walk_packages(dqn_helpers.__path__, "dqn_helpers."):
        if module.name.startswith(LEFT_OUT):
            continue
        for name, thing in vars(importlib.import_module(module.name)).items():
            if not str(getattr(thing, "__module__", "")).startswith("dqn_helpers"):
                continue
            if callable(thing):
                # Där den är skriven: vilken modul som importerar den sist får inte avgöra namnet.
                place = f"{thing.__module__}.{getattr(thing, '__qualname__', name)}"
                found[id(thing)] = (place, thing)
            if isinstance(thing, type):
                for method, function in vars(thing).items():
                    if inspect.isfunction(function):
                        found[id(function)] = (f"{module.name}.{name}.{method}", function)
    return dict(found.values())


def one_liners(function: Any, takes_three: bool) -> Iterator[Callable[..., Any]]:
    """Anropet som det är, och de omskrivningar som ryms på en rad, om de kan ge något.

    De är text, så att de inte står i någon fil: annars läses den om vid vart och ett av alla fel.
    """
    answers: list[Any] = []
    scope = {"function": lambda *a, **k: (function(*a, **k), answers.append(1))[0], "np": np}
    yield eval("lambda *a, **k: function(*a, **k)", scope)
    if answers:
        yield eval("lambda *a, **k: function(*a, **k)[0]", scope)
    if takes_three:
        yield eval("lambda p, r, g: (np.asarray(p) - function(r, g)).mean()", scope)


HALF_RIGHT = {
    ("5.3", "dqn_helpers.mdp.discounted_return"),  # ett enda steg, av andra övningens lösning
    (
        "5.3",
        "dqn_helpers.figures.mdp_diagram._spread_out",
    ),  # råkar ge belöningen tillbaka när den är ensam
    ("2.1", "dqn_helpers.exercises.syllabus.exercises_of"),  # en tom lista är halvvägs rätt
}


def starts(exercise: Exercise, solution: Any) -> bool:
    """Sant om lösningen klarar sig igenom det första öppna exemplet utan att stanna."""
    (first,) = run_cases(exercise.driver, solution, [exercise.examples[0].inputs], 1.0)
    return first.status == "ok"


def verdict_of(number: str, solution: Any) -> Verdict:
    drawn = scenario(number, SEED)
    with blocked(drawn.exercise.name):
        outcomes = run_cases(drawn.exercise.driver, solution, drawn.inputs(), 1.0)
    return judge(drawn.exercise, drawn.cases, outcomes)


@pytest.mark.parametrize("number", only(("3.1", "5.3"), EXERCISES))
def test_nothing_in_the_package_is_the_solution(
    number: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # något sparar kanske en fil
    # Den som avbryts mitt i en städning (`__del__`) anmäls här, och pytests egen anmälan tål inte
    # att nästa avbrott kommer mitt i den.
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: None)
    # Före spärren, medan kursens egen lösning är hel.
    takes_three = len(inspect.signature(reference(number)).parameters) == 3
    scenario(number, SEED)
    with blocked(EXERCISES[number].name):
        earned = [
            (name, verdict.points)
            for name, function in everything().items()
            for solution in one_liners(function, takes_three)
            if starts(EXERCISES[number], solution)
            and (verdict := verdict_of(number, solution)).points
            and (number, name) not in HALF_RIGHT
        ]
    plt.close("all")  # en del av kursen ritar
    assert not earned


@pytest.mark.parametrize("number", EXERCISES)
def test_the_block_is_lifted(number: str) -> None:
    """`check()` spärrar bara medan den kör; sidan går vidare med kursens version."""
    name = EXERCISES[number].name
    before = [function.__code__ for function in functions_of(name)]
    check(number, lambda *arguments: None)
    assert [function.__code__ for function in functions_of(name)] == before


DOING_NOTHING = {
    "ingenting": lambda *arguments, **named: None if arguments else 0,
    "noll": lambda *arguments, **named: 0.0,
    "en tom lista": lambda *arguments, **named: [][:],
}


@pytest.mark.parametrize("number", [number for number in EXERCISES if number != "2.1"])
@pytest.mark.parametrize("solution", DOING_NOTHING.values(), ids=DOING_NOTHING)
def test_doing_nothing_gives_nothing(number: str, solution: Any) -> None:
    assert verdict_of(number, solution).points == 0


# --- 2.2: sned dragning --------------------------------------------------------------------------


def skewed(replay_buffer: Any, batch_size: int) -> Any:
    """Tre dragningar av tio ur den nyaste halvan, resten likformigt."""
    n = len(replay_buffer)
    places = np.random.randint(n, size=batch_size)
    newest = np.random.randint(n // 2, n, size=batch_size)
    places = np.where(np.random.random(batch_size) < 0.3, newest, places)
    return dqn_helpers.replay.stack_experiences([replay_buffer[i] for i in places.tolist()])


def test_a_sampler_that_is_skewed_in_three_draws_of_ten_is_caught() -> None:
    drawn = scenario("2.2", SEED)
    (number,) = [i for i, case in enumerate(drawn.cases) if "uniform" in case.behaviours]
    found = [
        run_cases(drawn.exercise.driver, skewed, [drawn.cases[number].inputs], 30, seed)[0]
        for seed in range(30)
    ]
    limit = drawn.cases[number].expected[0]["unevenness"]
    assert not [one for one in found if limit.accepts(one.observed["unevenness"])]
    assert not check("2.2", skewed)
