"""Facit, dolda fall och misstag når aldrig studentens kod, och säger den inget om varandra."""

import ast
import codecs
import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from everyday import first

from dqn_helpers.autograder import workshop as workshop_module
from dqn_helpers.autograder.catalogue import (
    CONTENT,
    answers,
    content,
    reference,
    right_versions,
    scenario,
)
from dqn_helpers.autograder.grade import Ran
from dqn_helpers.autograder.sandbox import TIERS
from dqn_helpers.autograder.workshop import HAS_SERVER, Workshop
from dqn_helpers.exercises import EXERCISES, asking
from dqn_helpers.exercises.syllabus import SYLLABUS
from dqn_helpers.exercises.training_step_driver import small_network
from dqn_helpers.submission.cells import CellSource

from .conftest import LIMIT, Borrow
from .test_notebook_05 import IMPORTS, STEP, SWAPPED

GradeCells = Callable[..., Ran]
LIMITS = content("05", "answers")
MAX_QUESTIONS, MAX_ROWS = LIMITS.MAX_QUESTIONS, LIMITS.MAX_ROWS
REFUSED, TOO_MANY = LIMITS.REFUSED, LIMITS.TOO_MANY

# --- det som går att nå i den andra körningen ----------------------------------------------------

SPY = """
import linecache, os, time

def everything_known_about(function):
    code = function.__code__
    lines = [line for name, entry in linecache.cache.items() if name.startswith("<") and
             name == code.co_filename for line in entry[2]]
    return repr(code.co_names) + "".join(lines)
"""

BY_FILE_TIMES = """
FILES = sorted(os.path.join(torch.__path__[0], name) for name in os.listdir(torch.__path__[0]))
FILES = [path for path in FILES if os.path.isfile(path)]

def send(byte):
    # En läst fil är en etta: lästiden syns i nästa arbetsprocess också.
    for bit, path in enumerate(FILES[:8]):
        if byte >> bit & 1:
            open(path, "rb").read(1)

def received():
    return "".join(str(int(time.time() - os.stat(path).st_atime < 60)) for path in FILES[:8])
"""

TELLING_STEP = STEP.replace(
    "    s, a, r,",
    "    known = everything_known_about(double_dqn_target)\n"
    "    for byte in known.encode()[:4]:\n"
    "        send(byte)\n"
    "    if len({float(memory[i][0][0]) for i in range(len(memory))}) > 10:\n"
    "        raise ValueError(known)  # bara i ett av fallen: den här körningen ska räknas\n"
    "    s, a, r,",
)
RECEIVING_TARGET = """
def double_dqn_target(model, target_model, reward, next_state, terminated, discount_factor):
    print("mottaget", received())
    return reward
"""
OF_THE_SOLUTION = ("argmax", "gather", "chosen_q_values", "no_grad")
"""Namn som varje rätt lösning på 5.1 måste nämna något av, men som studentens kod inte gör."""


def test_the_solution_does_not_leave_through_file_times_or_texts(grade_cells: GradeCells) -> None:
    """S2 och S3: den andra körningen av 5.2 läser ut det rätta målet, och 5.1 tar emot det."""
    cells = (IMPORTS, SPY, BY_FILE_TIMES, RECEIVING_TARGET, TELLING_STEP)
    step, target = grade_cells("5.2", *cells), grade_cells("5.1", *cells)
    shown = step.result.output + " ".join(test.message for test in step.result.parts)
    assert "layers_of" in shown, f"angreppet kördes inte: {step.result}"
    assert not [word for word in OF_THE_SOLUTION if f"'{word}'" in shown]
    assert "mottaget" in target.result.output
    assert target.result.points == 0


def test_the_second_run_holds_no_solution() -> None:
    for number, name in SYLLABUS.items():
        used = frozenset(other for other in SYLLABUS.values() if other not in ("", name))
        for some in (used, *(frozenset({one}) for one in used)):
            for cell in right_versions(number, some):
                lines = cell.text.split("\n")
                assert all(line.startswith("from dqn_helpers") for line in lines), cell.text
                assert all(" import " in line and ";" not in line for line in lines)


# --- frågorna ------------------------------------------------------------------------------------


def question(number: int = 0, **changed: Any) -> dict[str, Any]:
    """En fråga om ett av fallen i 5.2, som arbetaren ställer den."""
    inputs = scenario("5.2", 1).inputs()[number]
    layers, target_layers = (
        asking.layers_of(small_network(inputs[key])) for key in ("layers", "target_layers")
    )
    rows = inputs["transitions"][:3]
    asked = {
        "layers": layers,
        "target_layers": target_layers,
        "reward": np.array([row[2] for row in rows], np.float32),
        "next_state": np.array([row[3] for row in rows], np.float32),
        "terminated": np.array([row[4] for row in rows]),
        "discount_factor": inputs["discount_factor"],
    }
    return asked | changed


def ask(asked: Any) -> dict[str, Any]:
    answer = answers("5.2", scenario("5.2", 1).inputs())
    assert answer is not None
    return answer(asked)


def other_states() -> dict[str, Any]:
    """Indata till ett dolt fall i 5.1."""
    inputs = scenario("5.1", 1).inputs()[1]
    return {
        "layers": asking.layers_of(small_network(inputs["layers"])),
        "target_layers": asking.layers_of(small_network(inputs["target_layers"])),
        "reward": np.array(inputs["reward"]),
        "next_state": np.array(inputs["next_state"]),
        "terminated": np.array(inputs["terminated"]),
        "discount_factor": inputs["discount_factor"],
    }


@pytest.mark.parametrize("number", range(len(scenario("5.2", 1).cases)))
def test_the_answer_is_the_target(number: int) -> None:
    asked = question(number)
    networks = small_network(asked["layers"]), small_network(asked["target_layers"])
    rest = [torch.tensor(asked[key]) for key in ("reward", "next_state", "terminated")]
    right = reference("5.1")(*networks, *rest, asked["discount_factor"])
    assert np.allclose(ask(asked)["target"], right.numpy())


def test_networks_in_swapped_roles_are_answered() -> None:
    asked = question()
    swapped = question(layers=asked["target_layers"], target_layers=asked["layers"])
    assert not np.allclose(ask(swapped)["target"], ask(asked)["target"])


REFUSED_QUESTIONS: dict[str, Any] = {
    "ett fall i 5.1": other_states(),
    "5.1:s tillstånd": question() | {"next_state": other_states()["next_state"][:3]},
    "5.1:s nätverk": question() | {"layers": other_states()["layers"]},
    "andra tillstånd": question(next_state=np.zeros((3, 3), np.float32)),
    "andra vikter": question(layers=[[w + 1, b] for w, b in question()["layers"]]),
    "ett nätverk till": question(layers=question()["layers"] * 2),
    "nan": question(reward=np.array([np.nan, 0, 0])),
    "oändlig diskontering": question(discount_factor=float("inf")),
    "halvsant": question(terminated=np.array([0.5, 0, 1])),
    "för få flaggor": question(terminated=np.array([True])),
    "inga rader": question(reward=[], next_state=[], terminated=[]),
    "många rader": question(
        reward=np.zeros(MAX_ROWS + 1),
        next_state=np.repeat(question()["next_state"][:1], MAX_ROWS + 1, axis=0),
        terminated=np.zeros(MAX_ROWS + 1),
    ),
    "en text": "vad är facit?",
    "ingenting": None,
    "fel nycklar": {"layers": {}},
    "en djup lista": question(layers=[[[[[[]]]]]]),
}


@pytest.mark.parametrize("asked", REFUSED_QUESTIONS.values(), ids=REFUSED_QUESTIONS)
def test_other_questions_are_refused(asked: Any) -> None:
    assert ask(asked) == {"problem": REFUSED}


def test_the_number_of_questions_is_bounded() -> None:
    answer = answers("5.2", scenario("5.2", 1).inputs())
    assert answer is not None
    asked = question()
    replies = [answer(asked) for _ in range(MAX_QUESTIONS + 1)]
    assert "target" in replies[-2]
    assert replies[-1] == {"problem": TOO_MANY}


@pytest.mark.parametrize("number", [n for n in EXERCISES if n != "5.2"])
def test_other_exercises_get_no_answers(number: str) -> None:
    assert answers(number, []) is None


def test_the_first_run_gets_no_answers(grade_cells: GradeCells) -> None:
    """Den som importerar frågan själv har ingen att fråga."""
    cell = "from dqn_helpers.exercises.asking import ask_double_dqn_target as double_dqn_target"
    own = "def double_dqn_target(*a): return asked(*a)"
    cells = (IMPORTS, cell.replace(" as double_dqn_target", " as asked"), own)
    target = grade_cells("5.1", *cells)
    assert target.result.points == 0
    assert "ingen rättare att fråga" in target.result.parts[0].message
    assert target.result.reach, "läraren ska få se raden"


def test_a_wrong_question_is_the_students_own_error(grade_cells: GradeCells) -> None:
    step = STEP.replace("r, s2, done, gamma)", "r, s2 + 1, done, gamma)")
    messages = " ".join(
        test.message for test in grade_cells("5.2", IMPORTS, SWAPPED, step).result.parts
    )
    assert "fallets egna nätverk" not in messages  # den första körningen är lika bra och visas
    assert grade_cells("5.2", IMPORTS, SWAPPED, step).result.points == 0


@pytest.mark.lang
def test_plain_processes_answer_too(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop_module, "HAS_SERVER", False)
    cells = [CellSource("cell 1", f"{IMPORTS}\n{SWAPPED}\n{STEP}")]
    cells += right_versions("5.2", frozenset({"double_dqn_target"}))
    inputs = scenario("5.2", 1).inputs()
    answered = workshop.run("5.2", cells, inputs, 0, answer=answers("5.2", inputs))
    assert {one.status for one in answered.outcomes} == {"ok"}
    unanswered = workshop.run("5.2", cells, inputs, 0)
    assert {one.status for one in unanswered.outcomes} == {"error"}


# --- minnet --------------------------------------------------------------------------------------

SEARCH = """
import codecs, gc, sys, types

def texts():
    seen, waiting = set(), [*gc.get_objects(), *sys.modules.values()]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, (str, bytes)):
            yield thing if isinstance(thing, str) else thing.decode("utf-8", "replace")
        elif not isinstance(thing, (int, float, complex, type(None))):
            waiting += gc.get_referents(thing)

def td_target(r, q, d, g):
    # Allt som fanns vänds med rot13 i stället för märkena: annars hittar sökningen sina egna.
    everything = "\\n".join([text for text in texts() if len(text) > 15])
    turned = codecs.encode(everything, "rot13")
    found = {mark for mark in MARKS if mark in turned}
    ours = ("autograder", "grading", "solutions", "tests")
    others = [m for m in sys.modules if m.split(".")[0] in ours]
    print("hittat", sorted(found), others)
    return r
"""


def marks() -> list[str]:
    """Det som bara står i `solutions/`, bland de dolda fallen och bland misstagens lösningar."""
    files = [path.read_text(encoding="utf-8") for path in CONTENT.rglob("*.py")]
    headings = [str(ast.get_docstring(ast.parse(text))).split("\n")[0] for text in files]
    assert len(headings) >= 3 * 5 and all(len(heading) > 20 for heading in headings)
    found = ["targets_with_any_mask", "plain_dqn_with_target(", "(next_state).gather(1, best.unsq",
             "Två slumpade nätverk som är oense om den bästa handlingen"]  # fmt: skip
    assert [mark for mark in found if mark in "".join(files)] == found
    solution = "value = dqn_helpers.chosen_q_values(target_model(next_state), action)"
    path = next(CONTENT.parent.glob("05_*.ipynb"))
    assert solution in path.read_text(encoding="utf-8")
    return [*headings, *found, solution]


@pytest.fixture(params=first(1, TIERS))
def tier(request: pytest.FixtureRequest, borrow: Borrow) -> Workshop:
    opened = borrow(5 * LIMIT, request.param)
    if opened.tier != request.param:
        pytest.skip(f"nivån {request.param} går inte här: {'; '.join(opened.reasons)}")
    return opened


@pytest.mark.skipif(not HAS_SERVER, reason="nivåerna prövas på Linux")
def test_the_memory_of_a_worker_holds_no_secret(tier: Workshop) -> None:
    planted = "här finns ett känt ord"  # så att vi vet att sökningen hittar det som finns
    hidden = [codecs.encode(mark, "rot13") for mark in (*marks(), planted)]
    code = f"PLANTED = [{planted!r}]\nMARKS = {hidden!r}\n{SEARCH}"
    code = code.replace("return r", "return r, PLANTED")  # annars behövs raden inte
    inputs = scenario("3.1", 1).inputs()[:1]
    run = tier.run("3.1", [CellSource("cell 1", code)], inputs, seed=0)
    assert f"hittat [{hidden[-1]!r}] []" in run.outcomes[0].output, run


def test_inputs_are_all_that_is_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uppdraget till arbetaren har inga väntade svar, inga texter om fallen och inga misstag."""
    sent: list[Any] = []
    drawn = scenario("5.2", 1)

    def remember(self: Workshop, job: dict[str, Any], *rest: Any) -> Any:
        sent.append(copy.deepcopy(job))
        return [], workshop_module.Report()

    monkeypatch.setattr(Workshop, "_converse", remember)
    Workshop().run("5.2", [], drawn.inputs(), 0)
    everything = repr(sent)
    assert set(sent[0]) == {
        *("kind", "number", "cells", "inputs", "seed", "seconds", "first", "may_ask"),
    }
    assert not [case.text for case in drawn.cases if case.text in everything]
    assert not [m.id for m in drawn.mistakes if m.id in everything]
