"""Hastighet som kvoter i en och samma körning, aldrig som sekunder.

Processortid, det bästa av flera omgångar omväxlande: en annan process som tar plats gör då båda
lika mycket långsammare, eller syns inte alls.
"""

import subprocess
import sys
from collections import deque

import numpy as np
import pytest
import torch
from benchmarks.parts import microseconds

from dqn_helpers import ReplayBuffer, sample_experiences, to_tensor

N_STORED, BATCH_SIZE = 100_000, 64


def sample_as_in_older_notes(replay_buffer: deque, batch_size: int) -> list[torch.Tensor]:
    """Tupler ur en deque, staplade fält för fält."""
    indices = torch.randint(len(replay_buffer), (batch_size,)).tolist()
    batch = [replay_buffer[i] for i in indices]
    return [to_tensor([experience[field] for experience in batch]) for field in range(6)]


@pytest.fixture(scope="module")
def stored() -> tuple[ReplayBuffer, deque]:
    rng = np.random.default_rng(0)
    ring, old = ReplayBuffer(N_STORED), deque(maxlen=N_STORED)
    for observation in rng.normal(size=(N_STORED, 4)).astype(np.float32):
        experience = (observation.copy(), 1, 1.0, observation + 1, False, False)
        ring.append(experience)
        old.append(experience)
    return ring, old


def test_sampling_is_ten_times_faster_than_a_deque_of_tuples(stored: tuple[ReplayBuffer, deque]):
    ring, old = stored
    cost = microseconds({
        "kursens": lambda: sample_experiences(ring, BATCH_SIZE),
        "äldre": lambda: sample_as_in_older_notes(old, BATCH_SIZE),
    })  # fmt: skip
    assert cost["äldre"] / cost["kursens"] >= 10, cost


def test_sampling_costs_nearly_the_same_however_much_is_stored(stored: tuple[ReplayBuffer, deque]):
    """Hundra gånger fler sparade får kosta högst tre gånger så mycket."""
    small = ReplayBuffer(1_000)
    for i in range(1_000):
        small.append(stored[0][i])
    cost = microseconds({
        "få": lambda: sample_experiences(small, BATCH_SIZE),
        "många": lambda: sample_experiences(stored[0], BATCH_SIZE),
    })  # fmt: skip
    assert cost["många"] / cost["få"] <= 3, cost


# I en ny process: vad som är inläst efter ett träningssteg, och efter något kompilerat.
ONE_STEP, COMPILED = "ett steg", "kompilerat"
WITHOUT_COMPILER = f"""
import inspect, sys
import torch
import dqn_helpers

layer = torch.nn.Linear(2, 1)
optimizer = torch.optim.Adam(layer.parameters())
layer(torch.ones(1, 2)).sum().backward()
optimizer.step()
optimizer.load_state_dict(optimizer.state_dict())
optimizer.zero_grad()
inspect.getmodule(layer)
print("{ONE_STEP}", "torch._dynamo.eval_frame" in sys.modules)
double = torch.compile(lambda x: 2 * x, backend="eager")
assert double(torch.ones(2)).tolist() == [2, 2]
import torch._dynamo.config
optimizer.step()
print("{COMPILED}", "torch._dynamo.eval_frame" in sys.modules)
"""


def test_the_compiler_is_read_only_by_those_who_compile():
    """Den tar över en sekund att läsa in, i varje anteckningsbok och i varje rättning."""
    command = [sys.executable, "-W", "ignore", "-c", WITHOUT_COMPILER]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert ran.stdout.splitlines() == [f"{ONE_STEP} False", f"{COMPILED} True"]


INTERRUPTED = """
import torch
import dqn_helpers
from dqn_helpers.exercises.limits import OutOfTime, call_within

weight = torch.nn.Parameter(torch.zeros(1))
weight.grad = torch.ones(1)
for seconds in (0.3, 0.2, 0.1, 0.05):
    try:
        call_within(seconds, lambda: torch.func.grad(torch.sum)(torch.ones(2)))
        print("färdig")
    except OutOfTime:
        print("avbruten")
torch.optim.SGD([weight], lr=1.0).step()
print(weight.item(), torch.func.grad(torch.sum)(torch.ones(2)).tolist())
"""


def test_a_limit_that_runs_out_while_the_compiler_is_read_breaks_nothing():
    """En halv kompilator gör att ingen optimerare går att använda mer i den anteckningsboken."""
    command = [sys.executable, "-W", "ignore", "-c", INTERRUPTED]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    first, *_, last = ran.stdout.splitlines()
    assert (first, last) == ("avbruten", "-1.0 [1.0, 1.0]")


WITHOUT_ALARM = """
import signal, sys

del signal.SIGALRM  # som i Windows
from dqn_helpers.exercises import EXERCISES

list(EXERCISES.values())
print("torch._dynamo.eval_frame" in sys.modules)
"""


def test_where_nothing_can_wait_the_compiler_is_read_with_the_exercises():
    """Annars läses den in medan tidsgränsen går, i det första träningssteget."""
    command = [sys.executable, "-W", "ignore", "-c", WITHOUT_ALARM]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "True"
