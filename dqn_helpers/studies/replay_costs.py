"""Vad det kostar att dra en batch, för några sätt att lagra erfarenheterna."""

import timeit
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import torch

from dqn_helpers.replay import ReplayBuffer, sample_experiences

BATCH_SIZE, N_REPEATS = 64, 30


def microseconds_per_batch(experiences: Sequence[Sequence[Any]], n_stored: int) -> dict[str, float]:
    """Mät en dragning av 64 ur en lista, en deque och en array per fält.

    Mät också två delar av jobbet var för sig: att packa 64 tupler till sex tensorer, och att hämta
    64 tupler ur en deque.

    Args:
        experiences: erfarenheter att fylla med; de upprepas om de inte räcker.
        n_stored: antalet sparade erfarenheter.

    Returns:
        Namn → mikrosekunder, den snabbaste av trettio gånger: då stör inte det som datorn gör
        vid sidan av.
    """
    as_list = (list(experiences) * (n_stored // len(experiences) + 1))[:n_stored]
    as_deque, as_columns = deque(as_list), ReplayBuffer(n_stored)
    for experience in as_list:
        as_columns.append(experience)
    index = torch.randint(n_stored, (BATCH_SIZE,)).tolist()
    few = as_list[:BATCH_SIZE]  # i en så kort lista kostar hämtningen nästan inget
    work: dict[str, Callable[[], Any]] = {
        "lista": lambda: sample_experiences(as_list, BATCH_SIZE),
        "deque": lambda: sample_experiences(as_deque, BATCH_SIZE),
        "en array per fält": lambda: sample_experiences(as_columns, BATCH_SIZE),
        "bara packa": lambda: sample_experiences(few, BATCH_SIZE),
        "bara hämta ur deque": lambda: [as_deque[i] for i in index],
    }
    return {name: _microseconds(function) for name, function in work.items()}


def _microseconds(function: Callable[[], Any]) -> float:
    return 1e6 * min(timeit.repeat(function, number=1, repeat=N_REPEATS))
