"""En barnprocess till anteckningsboken: det som körs där kan varken hänga eller ändra den."""

import contextlib
import os
import pickle
import select
import signal
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch

from dqn_helpers.exercises.limits import LimitedText

PATIENCE = 8
"""Så många gånger längre än processortiden väntar vi på klockan, om datorn är upptagen."""


def in_child(task: Callable[[], Any], seconds: float) -> Any:
    """Kör `task` i en avknoppad process och ge det som den ger; None om det inte går.

    Svaret är data från studentens egen dator till samma dator, så pickle är ofarligt här.

    Args:
        task: ett anrop utan argument, som själv håller sig till `seconds` sekunder processortid.
        seconds: processortiden.
    """
    if not hasattr(os, "fork"):  # Windows: att starta Python och torch tar längre än svaret är värt
        return None
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python varnar för trådar, och barnet använder inga
        try:
            pid = os.fork()
        except OSError:  # i en inhägnad, eller när datorn inte har plats för fler
            os.close(reading)
            os.close(writing)
            return None
    if not pid:
        _answer(task, writing, seconds)
    os.close(writing)
    try:
        return _received(reading, time.monotonic() + PATIENCE * seconds)
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _answer(task: Callable[[], Any], writing: int, seconds: float) -> None:
    """I barnet: svara och försvinn, utan att något i anteckningsboken städas två gånger."""
    try:
        import resource

        most = int(time.process_time() + 2 * seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        torch.set_num_threads(1)  # trådarna följde inte med
        nowhere = LimitedText(0)
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            data = pickle.dumps(task())
        with open(writing, "wb") as pipe:
            pipe.write(data)
    except BaseException:  # inget svar är också ett svar
        pass
    finally:
        os._exit(0)


def _received(reading: int, deadline: float) -> Any:
    """Det som barnet skrev; None om det inte kom fram i tid."""
    data = bytearray()
    while (left := deadline - time.monotonic()) > 0:
        if select.select([reading], [], [], left)[0]:
            part = os.read(reading, 2**16)
            if not part:
                return pickle.loads(data) if data else None
            data += part
    return None
