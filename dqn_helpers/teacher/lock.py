"""Två kommandon samtidigt i samma mapp skulle förstöra för varandra: det andra får vänta."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from dqn_helpers.installing import take_lock

FILE_NAME = ".pagar"


class BusyError(OSError):
    """Ett annat kommando håller på i mappen; meddelandet säger vad man gör."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Håll mappen för sig själv. Låset släpper av sig självt när processen dör, hur den än dör.

    Raises:
        BusyError: om någon annan har den.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / FILE_NAME).open("a")
    except OSError:  # går mappen inte att använda säger den som ska skriva där det
        yield
        return
    with handle:
        if not take_lock(handle):
            raise BusyError(
                f"Ett annat kommando arbetar redan i mappen {folder}, kanske i ett annat fönster. "
                "Vänta tills det är klart och gör sedan om det här."
            )
        yield
