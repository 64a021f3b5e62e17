"""Hastighet som kvoter i en och samma körning, aldrig som sekunder.

Processortid, det bästa av flera omgångar omväxlande: en annan process som tar plats gör då båda
lika mycket långsammare, eller syns inte alls.
"""

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
