"""Fel från Python, torch och Gymnasium får den orsak på svenska som de har i just den koden."""

import ast
from collections.abc import Callable
from typing import Any

import pytest

from dqn_helpers.autograder.catalogue import scenario
from dqn_helpers.autograder.worker import define
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.exercises import EXERCISES, check
from dqn_helpers.exercises.error_words import TABLE
from dqn_helpers.exercises.judging import judge
from dqn_helpers.exercises.running import run_case
from dqn_helpers.submission.cells import CellSource

SETUP = """
import copy, random
import numpy as np
import torch
from torch import nn
import gymnasium as gym
import dqn_helpers
from dqn_helpers import ReplayBuffer, sample_experiences
from dqn_helpers.exercises.episode_driver import ScriptedEpisode

env = gym.make("CartPole-v1")
model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
q = torch.tensor([[1.0, 2.0], [3.0, 4.0], [6.0, 5.0]])
reward, action = torch.zeros(3), torch.tensor([0, 1, 1])
terminated = torch.tensor([True, False, True])
over = ScriptedEpisode(np.zeros((2, 2)), [1.0], 2, "terminated", False)
over.reset()
over.step(0)
over.step(0)
rows = [(np.zeros(4, np.float32), 1, 1.0, np.zeros(4, np.float32), False, False)] * 5
"""

RAISES: list[tuple[str, str, str]] = [
    # id, kod, ord som måste stå i texten
    (
        "old_reset",
        "obs = env.reset(seed=1)\nmodel(torch.FloatTensor(obs))",
        "`obs = env.reset(seed=1)` på rad",
    ),
    ("old_reset", "obs = env.reset()\nmodel(torch.as_tensor(obs))", "två saker"),
    ("old_reset", "state = env.reset()\nstate.unsqueeze(0)", "`state = env.reset()`"),
    ("old_step", "env.reset()\nobs, reward, done, info = env.step(0)", "upp i 4"),
    ("reset_unpacked", "a, b, c = env.reset()", "upp i 3"),
    ("batch_unpacked", "s, a, r, s2, done = sample_experiences(rows, 3)", "upp i 5"),
    ("unpacked", "for a, b in [(1, 2, 3)]:\n    pass", "2 namn"),
    ("step_before_reset", "gym.make('CartPole-v1').step(0)", "`env.reset`"),
    (
        "action_not_a_number",
        "e = gym.make('CartPole-v1')\ne.reset()\ne.step(torch.tensor([1]))",
        "heltal",
    ),
    (
        "batch_order_states",
        "s, a, s2, r, d, t = sample_experiences(rows, 3)\nmodel(s2)",
        "`s2` är det tredje namnet",
    ),
    (
        "batch_order_actions",
        "s, r, a, s2, d, t = sample_experiences(rows, 3)\nq.gather(1, a.unsqueeze(1))",
        "`a` är det tredje namnet",
    ),
    (
        "stored_order",
        "buffer = ReplayBuffer(9)\nobs, _ = env.reset()\nnew, r, term, trunc, _ = env.step(0)\n"
        "buffer.append((obs, 0, new, r, term, trunc))",
        "`r` står på fjärde",
    ),
    ("rows_for_the_network", "model(torch.zeros(1, 3))", "3 tal per rad med en som väntar sig 4"),
    ("dtypes_differ", "model(torch.zeros(3, 4).double())", "`Double` och `Float`"),
    ("pair_from_max", "reward + 0.9 * q.max(dim=1)", "`q.max(dim=1)` ger ett par"),
    ("pair_from_max", "reward + q.max(1)", "par"),
    ("pair_from_max", "best = q.max(dim=1)\n0.9 * best", "`q.max(dim=1)` ger ett par"),
    ("pair_from_max", "q.max(1).detach()", "par"),
    ("argmax_of_everything", "best = q.argmax()\nq.gather(1, best.unsqueeze(1))", "`q.argmax()`"),
    ("argmax_of_everything", "q[range(3), torch.argmax(q)]", "utplattad"),
    ("argmax_of_everything", "best = q.argmax()\ndqn_helpers.chosen_q_values(q, best)", "per rad"),
    ("along_another_dimension", "reward + q.max(dim=0).values", "`max(dim=0)`"),
    ("kept_dimension", "np.zeros((3, 2, 3)) + np.ones((3, 2)).max(axis=1, keepdims=True)", "kvar"),
    ("length_missing", "class Minne: 0\nlen(Minne())", "klassen `Minne`"),
    ("reading_missing", "class Minne: 0\nMinne()[0]", "Hakparenteser"),
    ("shapes_differ", "reward + torch.zeros(4)", "3 tal där den andra har 4"),
    ("shapes_differ", "np.zeros(3) + np.zeros(4)", "arrayerna"),
    ("several_for_one", "q.item()", "flera"),
    ("several_for_one", "float(np.zeros(3))", "flera"),
    ("several_for_one", "float(reward)", "flera"),
    ("single_number", "list(torch.tensor(1.0))", "ett enda tal"),
    ("too_few_dimensions", "reward.max(dim=1)", "färre dimensioner"),
    ("builtin_max", "max(q)", "Pythons eget `max`"),
    ("asks_several", "if terminated:\n    pass", "`if` kan bara svara"),
    ("asks_several", "reward if terminated else q", "`if` kan bara svara"),
    ("asks_several", "while terminated:\n    pass", "`while` kan bara svara"),
    ("and_or_not", "terminated or terminated", "`|`"),
    ("and_or_not", "not terminated", "`~`"),
    ("asks_several", "bool(terminated)", "enda ja eller nej"),
    ("minus_mask", "1 - terminated", "minus"),
    ("inverts_numbers", "~reward", "decimaler"),
    (
        "backward_twice",
        "loss = (model(torch.ones(4)) ** 2).sum()\nloss.backward()\nloss.backward()",
        "andra gång",
    ),
    (
        "no_gradient",
        "with torch.no_grad():\n    p = model(torch.ones(4))\np.sum().backward()",
        "står `no_grad`",
    ),
    ("no_gradient", "q.sum().backward()", "derivera"),
    (
        "network_not_asked",
        "def f(model, state, criterion):\n    p = state.max(1).values\n"
        "    loss = criterion(p, reward)\n    loss.backward()\nf(model, q, nn.MSELoss())",
        "`p` räknas fram utan att nätverket anropas",
    ),
    (
        "flag_never_updated",
        "done = False\nwhile not done:\n    over.step(0)",
        "inget i loopen ändrar `done`",
    ),
    (
        "waits_for_both",
        "a = b = False\nwhile not (a and b):\n    obs, r, a, b, _ = over.step(0)",
        "`a and b` väntar på",
    ),
    ("step_after_the_end", "over.step(0)", "*eller*"),
    (
        "inference_tensor",
        "with torch.inference_mode():\n    y = model(torch.ones(4))\n"
        "(y * model.bias).sum().backward()",
        "inference_mode",
    ),
    ("backward_from_several", "model(torch.ones(4)).backward()", "ett enda tal"),
    ("changes_parameter", "model.weight.add_(1)", "no_grad"),
    (
        "changed_on_the_way",
        "y = model(torch.ones(4)).exp()\ny.add_(1)\ny.sum().backward()",
        "på plats",
    ),
    ("numpy_of_gradient", "np.argmax(model(torch.ones(4)))", "numpy"),
    ("gather_dtype", "q.gather(1, q)", "heltal"),
    ("gather_dtype", "q[range(3), reward]", "heltal"),
    ("gather_dimensions", "q.gather(1, action)", "(B, 1)"),
    ("gather_size", "q.gather(0, torch.zeros(1, 5, dtype=torch.int64))", "handlingarna"),
    ("index_shapes", "q[torch.arange(2), action]", "olika långa"),
    ("outside", "q[:, 5]", "längs dimension 1 är antalet platser 2"),
    ("outside_list", "[1, 2][2]", "längden"),
    ("list_by_several", "[1, 2][action]", "en plats i taget"),
    (
        "never_given",
        "def f(target_model=None):\n    return target_model(1)\nf()",
        "`target_model` är `None`",
    ),
    ("given_nothing", "b = []\nb = b.append(1)\nb[0]", "`append` gör sitt på plats"),
    ("length_is_nothing", "class B:\n    def __len__(self):\n        pass\nlen(B())", "`return`"),
    ("nothing", "def f():\n    pass\nf().shape", "`return`"),
    ("parentheses_missing", "0.9 * q.mean", "`q.mean` saknar parenteser"),
    ("not_a_function", "action(0)", "en tensor"),
    ("import_missing", "del np\nnp.zeros(1)", "`import numpy as np`"),
    ("import_missing", "F.relu(q)", "torch.nn.functional"),
    ("constant_misspelt", "true", "`True`"),
    ("not_imported_from_the_course", "to_tensor(rows[0])", "from dqn_helpers import to_tensor"),
    ("other_exercise", "td_target(1)", "övning 3.1"),
    ("misspelt", "def f(discount_factor):\n    return discount_facter\nf(1)", "`discount_factor`"),
    ("adds_to_nothing", "def f():\n    total += 1\nf()", "`total += 1` läser"),
    ("power", "0.9 ^ 2", "`**`"),
    ("array_for_tensor", "model(np.zeros(4, np.float32))", "as_tensor"),
    ("list_for_tensor", "model([1.0])", "en lista"),
    ("numbers_for_tensors", "torch.stack([1.0, 2.0])", "torch.tensor"),
    ("axis_or_dim", "np.zeros((2, 2)).max(dim=1)", "`axis`"),
    ("mean_of_whole_numbers", "action.mean()", "heltal"),
    ("cast_in_place", "action += 0.5", "Decimaltal"),
    ("cast_in_place", "a = np.zeros(3, int)\na += 0.5", "Decimaltal"),
    ("new_generator", "np.random.default_rng().randint(3)", "`integers`"),
    ("other_kind", "[1, 2].max()", "en lista, och där finns inget som heter `max`"),
    ("state_dict_missing", "model.load_state_dict(copy.deepcopy(model))", "`state_dict()`"),
    ("unchangeable_tuple", "(1, 2)[0] = 3", "tupel"),
    ("larger_than_the_buffer", "random.sample([1], 2)", "dra fler"),
    ("wrong_number_of_arguments", "def f(x):\n    pass\nf(1, 2)", "olika många"),
]


def raised(code: str, setup: str = SETUP) -> Any:
    """Det som hände när koden kördes, inne i en funktion som en students."""
    body = "\n".join("    " + line for line in code.splitlines())
    # Namnen i SETUP ligger utanför, som i en anteckningsbok; de som ändras måste sägas vara det.
    stored = (n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name))
    changed = {n.id for n in stored if not isinstance(n.ctx, ast.Load)} & {"np", "action"}
    shared = f"    global {', '.join(sorted(changed))}\n" if changed else ""
    cells = [CellSource("cell 1", setup), CellSource("cell 2", f"def answer():\n{shared}{body}\n")]
    answer: Callable[[], Any] = define(cells)[0]["answer"]
    return run_case(lambda student, inputs: {"x": student()}, answer, {}, 60, 0)


@pytest.mark.parametrize(("identifier", "code", "words"), RAISES)
def test_errors_get_their_cause(identifier: str, code: str, words: str) -> None:
    outcome = raised(code)
    assert outcome.status == "error"
    assert outcome.signature.endswith(f" [{identifier}]"), (outcome.signature, outcome.cause)
    assert words in outcome.cause, outcome.cause
    assert "{" not in outcome.cause


@pytest.mark.parametrize("number", ["2.3", "4.3"])
def test_to_play_on_after_the_end_is_explained_in_every_script(number: str) -> None:
    """Miljöerna med manus säger det på var sitt sätt, och båda sätten ska kännas igen."""
    exercise = EXERCISES[number]
    body = f"def {exercise.name}(model, env, *rest, **named):\n    env.reset()\n"
    cells = [CellSource("cell 1", f"{body}    while True:\n        env.step(0)\n")]
    student = define(cells)[0][exercise.name]
    outcome = run_case(exercise.driver, student, exercise.examples[0].inputs, 60, 0)
    assert outcome.signature.endswith(" [step_after_the_end]"), outcome.problem
    assert "`env.step` anropas" in outcome.problem


def test_every_row_of_the_table_is_tried() -> None:
    assert {row.id for row in TABLE} == {row[0] for row in RAISES}


UNKNOWN = [
    "raise ValueError('något eget')",
    "1 // 0",
    "obs, _ = env.reset()\nraise ValueError('too few')",
    "best = env.reset()[0]\nq.max(5)",
]


@pytest.mark.parametrize("code", UNKNOWN)
def test_nothing_is_said_of_what_is_not_known(code: str) -> None:
    cause = raised(code).cause
    assert "reset" not in cause
    assert "[" not in cause or "1 //" not in code


def test_a_condition_on_the_code_needs_the_code() -> None:
    """Utan källtext påstås inget om koden."""
    scope: dict[str, Any] = {}
    exec("import torch\ndef answer(*a):\n    return max(torch.zeros(3, 2))", scope)
    outcome = run_case(lambda student, inputs: {"x": student()}, scope["answer"], {}, 60, 0)
    assert "max" not in outcome.cause
    assert "enda ja eller nej" in outcome.cause


def builtin_max(reward, next_q_values, terminated, discount_factor):
    return reward + discount_factor * max(next_q_values) * ~terminated


def test_the_check_says_the_cause_and_no_other_mistake() -> None:
    words = repr(check("3.1", builtin_max))
    assert ". Pythons eget `max`" in words, "felet och orsaken är två meningar"
    assert "`if` kan bara" not in words, "det finns ingen if"


def asks(reward, next_q_values, terminated, discount_factor):
    return reward if terminated else reward + discount_factor * next_q_values.max(1).values


def test_a_mistake_with_a_name_is_said_once() -> None:
    words = repr(check("3.1", asks))
    assert words.count("`if` kan bara") == 1


def test_the_grader_says_the_cause_too(workshop: Workshop) -> None:
    code = (
        "def td_target(reward, q, terminated, gamma):\n"
        "    return reward + gamma * max(q) * ~terminated\n"
    )
    drawn = scenario("3.1", 0)
    run = workshop.run("3.1", [CellSource("cell 1", code)], drawn.inputs(), 0)
    verdict = judge(EXERCISES["3.1"], drawn.cases, run.outcomes, drawn.mistakes)
    assert "Pythons eget `max`" in verdict.behaviours[0].message
    assert not verdict.mistakes
