"""Minnet i stora sidor: inget i det ändras, och bara processens eget rörs."""

import os
import sys

import numpy as np
import pytest

from dqn_helpers.autograder.huge_pages import HUGE, _private_memory, collapse_memory

linux = pytest.mark.skipif(sys.platform != "linux", reason="bara Linux har /proc")


@linux
def test_whole_pages_of_private_memory_are_found() -> None:
    numbers = np.ones(3 * HUGE // 8 * 2)  # 12 MB, i ett eget stycke
    found = list(_private_memory())
    assert all(start % HUGE == length % HUGE == 0 and length > 0 for start, length in found)
    middle = numbers.ctypes.data + numbers.nbytes // 2
    assert any(start <= middle < start + length for start, length in found)


@linux
def test_nothing_in_the_memory_changes() -> None:
    numbers = np.arange(2**21, dtype=float)
    n_collapsed = collapse_memory()
    assert n_collapsed >= 0  # noll på kärnor som inte kan det
    assert np.array_equal(numbers, np.arange(2**21))
    pid = os.fork()
    if pid == 0:
        os._exit(0 if numbers.sum() == np.arange(2**21).sum() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_without_proc_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dqn_helpers.autograder.huge_pages.Path.read_text", _missing)
    assert list(_private_memory()) == []


def _missing(*arguments: object, **named: object) -> str:
    raise FileNotFoundError
