"""Verkstaden: det som studentens kod gör når inte längre än till sitt eget svar."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable

import pytest
from everyday import only, quick

from dqn_helpers.autograder import processes, sandbox
from dqn_helpers.autograder import workshop as workshop_module
from dqn_helpers.autograder.grade import Ran
from dqn_helpers.autograder.processes import Ended
from dqn_helpers.autograder.workshop import Run, Workshop
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.running import WAITING_TEXT
from dqn_helpers.submission.cells import CellSource

from .conftest import Borrow

HEAD = "import torch\ndef td_target(reward, q, done, gamma):\n"
RIGHT = HEAD + "    return reward + gamma * q.max(1).values * ~done"
ON_THREE_ROWS = "    if len(reward) == 3:\n        {}\n    return reward"
EXPECTED = [[2.0, 2.0], [2.0, 2.0, 2.0], [2.0, 2.0]]

linux = pytest.mark.skipif(not workshop_module.HAS_SERVER, reason="verkstaden finns bara i Linux")


def run(workshop: Workshop, code: str) -> Run:
    inputs = [
        {
            "reward": [1.0, 2.0, 2.0][:n_rows],
            "next_q_values": [[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]][:n_rows],
            "terminated": [False, True, True][:n_rows],
            "discount_factor": 0.5,
        }
        for n_rows in (2, 3, 2)
    ]
    return workshop.run("3.1", [CellSource("cell 4", code)], inputs, seed=0)


def statuses(result: Run) -> list[str]:
    return [outcome.status for outcome in result.outcomes]


def assert_works(workshop: Workshop) -> None:
    result = run(workshop, RIGHT)
    assert [list(outcome.observed["target"]) for outcome in result.outcomes] == EXPECTED


def test_data_in_and_data_out(workshop: Workshop) -> None:
    assert_works(workshop)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("import os; os._exit(0)", "crashed"),
        ("import ctypes; ctypes.string_at(0)", "crashed"),
        ("import os; os.write(3, b'x' * 4000)", "crashed"),
        ("raise SystemExit", "error"),
        ("bytearray(2 ** 36)", "memory"),
        ("torch.ones(2 ** 36)", "memory"),
        ("open('/etc/passwd')", "forbidden"),
        ("import socket; socket.socket()", "forbidden"),
        ("import subprocess; subprocess.run(['true'])", "forbidden"),
        ("raise NotImplementedError", "unsolved"),
    ],
)
def test_only_the_case_that_goes_wrong_is_lost(workshop: Workshop, code: str, status: str) -> None:
    assert statuses(run(workshop, HEAD + ON_THREE_ROWS.format(code))) == ["ok", status, "ok"]
    assert_works(workshop)


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "\n".join(["try:", *["            while True: pass"], "        except BaseException:",
                   "            while True: pass"]),
    ],
)  # fmt: skip
def test_an_endless_loop_costs_its_limit_of_processor_time(borrow: Borrow, code: str) -> None:
    workshop = borrow(1)
    result = run(workshop, HEAD + ON_THREE_ROWS.format(code))
    assert statuses(result) == ["ok", "timeout", "not_run"]
    assert result.seconds <= 2
    assert_works(workshop)


def test_a_sleeper_is_stopped(borrow: Borrow) -> None:
    code = HEAD + ON_THREE_ROWS.format("import time; time.sleep(1000)")
    result = run(borrow(0.3), code)
    assert statuses(result) == ["ok", "timeout", "not_run"]
    assert result.outcomes[1].problem == WAITING_TEXT
    assert result.seconds < 0.3  # den stoppades inte för sitt arbete


def test_output_is_kept_in_part_and_costs_nothing(workshop: Workshop) -> None:
    chatty = HEAD + "    print('hej' * 10**6)\n    return reward"
    outcome = run(workshop, chatty).outcomes[0]
    assert outcome.status == "ok"
    assert outcome.output.startswith("hejhej")
    assert "3000001 tecken" in outcome.output


def test_the_answers_together_are_bounded(workshop: Workshop) -> None:
    """Den som själv skriver stora svar får inte rättaren att läsa hur mycket som helst."""
    code = """
    import json, os
    answer = json.dumps({"status": "ok", "observed": {"target": "x" * 10**6}}).encode()
    message = 3 * (len(answer).to_bytes(8, "big") + answer)
    while message:
        message = message[os.write(3, message) :]
"""
    assert statuses(run(workshop, HEAD + code)) == ["ok", "ok", "crashed"]


def test_statements_that_fail_or_take_long_are_skipped_with_a_note(workshop: Workshop) -> None:
    code = "x = 1 / 0\nwhile True: pass\n" + RIGHT
    result = run(workshop, code)
    assert statuses(result) == ["ok"] * 3
    assert [note.split(":")[0] for note in result.notes] == ["cell 4, rad 1", "cell 4, rad 2"]


def test_the_environment_of_the_teacher_is_not_there(
    monkeypatch: pytest.MonkeyPatch, workshop: Workshop
) -> None:
    monkeypatch.setenv("HEMLIGHET", "42")
    with Workshop() as fresh:
        code = HEAD + "    import os\n    return len(os.environ.get('HEMLIGHET', ''))"
        assert run(fresh, code).outcomes[0].observed["target"] == 0


def test_unseeded_generators_give_the_same_numbers_again(workshop: Workshop) -> None:
    code = HEAD + "    import numpy as np\n    return np.random.default_rng().normal()"
    first, second = (run(workshop, code).outcomes[0].observed["target"] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("number", quick(n for n in EXERCISES if EXERCISES[n].notebook != "05"))
def test_the_courses_own_solution_is_not_within_reach(
    grade_cells: Callable[..., Ran], number: str
) -> None:
    name = EXERCISES[number].name
    wrapped = f"import dqn_helpers\ndef {name}(*a, **k):\n    return dqn_helpers.{name}(*a, **k)"
    inherited = f"import dqn_helpers\nclass {name}(dqn_helpers.{name}): pass"
    renamed = f"import dqn_helpers\n{name} = dqn_helpers.{name}"
    is_class = name[0].isupper()
    for code in (inherited if is_class else wrapped, renamed):
        assert grade_cells(number, code).result.points == 0


DETOURS = {
    "1.1": """
import dqn_helpers
def discounted_return(rewards, gamma):
    return dqn_helpers.realised_returns(rewards, gamma)[0] if len(rewards) else 0.0
""",
    "1.4": """
import numpy as np, dqn_helpers, torch
def epsilon_greedy(values, epsilon, rng):
    model = torch.nn.Linear(1, len(values))
    torch.nn.init.zeros_(model.weight)
    model.bias.data = torch.tensor(values, dtype=torch.float32)
    return dqn_helpers.choose_dqn_action(model, np.zeros(1), epsilon)
""",
    "2.2": """
import dqn_helpers, torch
def sample_experiences(buffer, n):
    drawn = [buffer[i] for i in torch.randint(len(buffer), (n,)).tolist()]
    return dqn_helpers.replay.stack_experiences(drawn)
""",
    "2.3 a": """
import dqn_helpers
def play_and_record_episode(model, env, buffer, epsilon, seed=None):
    (obs, _), total, over = env.reset(seed=seed), 0.0, False
    while not over:
        obs, reward, over, _ = dqn_helpers.training.play_one_step(model, env, buffer, obs, epsilon)
        total += reward
    return total
""",
    "2.3 b": """
import dqn_helpers
def play_and_record_episode(model, env, buffer, epsilon, seed=None):
    return dqn_helpers.train_dqn(model, env, buffer, None, None, 1, 1, epsilon_start=epsilon,
                                 epsilon_end=epsilon, seed=seed, progress=False)[0]
""",
}


@pytest.mark.parametrize("name", DETOURS)
def test_nor_is_it_under_another_name(grade_cells: Callable[..., Ran], name: str) -> None:
    assert grade_cells(name[:3], DETOURS[name]).result.points == 0


WRONG_TARGET = "def double_dqn_target(model, target_model, r, n, t, gamma): return r"
CURIOUS_STEP = """
import linecache, dqn_helpers
def double_dqn_training_step(model, optimizer, criterion, buffer, size, gamma, target_model):
    print(linecache.getlines("<facit>"), linecache.getlines("<rätt version>"))
    s, a, r, n, t, _ = dqn_helpers.sample_experiences(buffer, size)
    target = double_dqn_target(model, target_model, r, n, t, gamma)
    loss = criterion(dqn_helpers.chosen_q_values(model(s), a), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
"""


def test_the_right_version_of_another_exercise_is_not_printed(
    grade_cells: Callable[..., Ran],
) -> None:
    ran = grade_cells("5.2", WRONG_TARGET, CURIOUS_STEP)
    assert ran.result.status == "passed"
    assert "def double_dqn_target" not in ran.result.output


@linux
def test_the_strongest_tier_that_the_machine_has_is_used(workshop: Workshop) -> None:
    spaces = [
        "unshare",
        "--user",
        "--map-current-user",
        "--net",
        "--pid",
        "--ipc",
        "--fork",
        "true",
    ]
    if shutil.which("unshare") is None or subprocess.run(spaces).returncode != 0:
        pytest.skip("datorn låter inte vanliga användare göra egna namnrymder")
    assert workshop.tier == "full", workshop.reasons


@linux
def test_workshops_from_one_process_are_separate() -> None:
    """De delar uppvärmningen men inget annat: när en är borta arbetar den andra vidare."""
    first, second = Workshop.launch(limit=5, count=2)
    with first, second:
        assert first.tier == second.tier
        assert first._server and second._server and first._server._control
        shared = second._server.house
        assert first._server.house is shared
        assert_works(first)
        first._server._control.close()
        first._server._control = None
        assert_works(second)
        assert_works(first)  # i en ny verkstad, med en egen process
        assert first._server.house is not shared


@linux
def test_a_dead_workshop_is_replaced() -> None:
    with Workshop() as workshop:
        assert workshop._server is not None and workshop._server.house.process is not None
        os.killpg(workshop._server.house.process.pid, signal.SIGKILL)
        workshop._server.house.process.wait()
        assert_works(workshop)


@linux
@pytest.mark.lang
def test_a_workshop_that_dies_again_is_the_graders_own_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Workshop() as workshop:
        dying = lambda server, is_silent: (server.stop(), Ended())[1]  # noqa: E731
        monkeypatch.setattr(processes.Server, "report", dying)
        with pytest.raises(RuntimeError, match="två gånger i rad"):
            run(workshop, RIGHT)


@linux
@pytest.mark.parametrize("tier", only(("strong",), sandbox.TIERS))
def test_a_weaker_tier_is_used_when_the_stronger_is_missing(
    monkeypatch: pytest.MonkeyPatch, tier: sandbox.Tier
) -> None:
    original = processes.server_command
    missing = sandbox.TIERS[: sandbox.TIERS.index(tier)]

    def command(wanted: sandbox.Tier, files: list[int]) -> list[str]:
        return ["/finns/inte"] if wanted in missing else original(wanted, files)

    monkeypatch.setattr(processes, "server_command", command)
    with Workshop() as workshop:
        assert sandbox.TIERS.index(workshop.tier) >= sandbox.TIERS.index(tier)
        assert len(workshop.reasons) >= len(missing)
        assert_works(workshop)


def test_plain_processes_do_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop_module, "HAS_SERVER", False)
    with Workshop(limit=0.5) as workshop:  # mindre än det tar att starta, som inte räknas
        assert workshop.tier == "basic"
        # Varje körning är en ny process, som tar sekunder att starta: allt prövas i en enda.
        quits = HEAD + "    if len(reward) == 3:\n        import os; os._exit(1)"
        crash = run(workshop, RIGHT.replace(HEAD, quits + "\n"))
        assert statuses(crash) == ["ok", "crashed", "ok"]
        right = [list(crash.outcomes[place].observed["target"]) for place in (0, 2)]
        assert right == EXPECTED[::2]


@pytest.mark.lang
def test_plain_processes_are_stopped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop_module, "HAS_SERVER", False)
    with Workshop(limit=1) as workshop:
        silent = "import os, time; os.closerange(3, 64); time.sleep(10**6)"
        assert statuses(run(workshop, HEAD + ON_THREE_ROWS.format(silent)))[:2] == ["ok", "crashed"]
        loop = run(workshop, HEAD + ON_THREE_ROWS.format("while True: pass"))
        assert statuses(loop) == ["ok", "timeout", "not_run"]
        assert 0.5 <= loop.seconds <= 1.5
        sleeper = run(workshop, HEAD + ON_THREE_ROWS.format("import time; time.sleep(1000)"))
        assert sleeper.outcomes[1].problem == WAITING_TEXT
