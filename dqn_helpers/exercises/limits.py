"""Skyddsräcken runt studentens kod i samma process: tidsgräns, stoppknapp, återställt tillstånd.

Det här skyddar anteckningsboken mot misstag. Mot elakheter skyddar rättarens avskilda process.
"""

import builtins
import contextlib
import ctypes
import io
import itertools
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

import numpy as np
import torch

T = TypeVar("T")

REPEAT_SECONDS = 0.005
"""Så ofta avbryts koden igen om den fångade förra avbrottet."""

PATIENCE, STORM_SECONDS = 10, 50e-6
"""Efter så många fångade avbrott kommer de så tätt att något träffar utanför studentens try."""


ASLEEP_SHARE = 0.1
"""Den som använder mindre än så av en processor, och har lämnat den frivilligt, sover."""


class OutOfTime(BaseException):
    """Tiden är slut. Inte ett Exception: `except Exception` ska inte fånga det."""


class OutOfSleep(OutOfTime):
    """Tiden gick, men koden sov eller väntade i stället för att räkna."""


def call_within(seconds: float, function: Callable[[], T], of_work: bool = False) -> T:
    """Kör funktionen, men avbryt den med `OutOfTime` efter `seconds` sekunder.

    I huvudtråden används klocksignalen, som också väcker den som sover; annars (och i Windows)
    en vakttråd. Den som fångar avbrottet avbryts igen, tills det biter.

    Args:
        seconds: tiden.
        function: det som ska köras.
        of_work: sant om tiden är processortid; den som sover avbryts efter lika många sekunder på
            klockan, men den som väntar på en upptagen dator gör det inte.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and hasattr(signal, "setitimer"):
        return _call_with_alarm(seconds, function, of_work)
    return _call_with_watcher(seconds, function, of_work)


class _Work:
    """Processortiden sedan början, och om processen har sovit i stället."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._started = time.process_time(), time.monotonic()
        self._switches = _switches()

    def check(self) -> None:
        """Raises: OutOfTime eller OutOfSleep, om tiden är slut."""
        used, passed = time.process_time() - self._started[0], time.monotonic() - self._started[1]
        if used >= self._seconds:
            raise OutOfTime
        # Den som sover har lämnat processorn; den som väntar på sin tur har blivit av med den.
        left, lost = (now - before for now, before in zip(_switches(), self._switches, strict=True))
        if passed >= self._seconds and used < ASLEEP_SHARE * passed and left > lost:
            raise OutOfSleep


def _switches() -> tuple[int, int]:
    """Så många gånger processen har lämnat processorn och blivit av med den; 0 i Windows."""
    try:
        import resource
    except ImportError:
        return 0, 0
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_nvcsw, usage.ru_nivcsw


def _call_with_alarm(seconds: float, function: Callable[[], T], of_work: bool = False) -> T:
    work, armed, n_rings = _Work(seconds), False, 0

    def ring(signum: int, frame: FrameType | None) -> None:
        nonlocal n_rings
        # Aldrig mitt i den här funktionens egen städning: då skulle klockan ringa för evigt.
        if not armed or (frame is not None and frame.f_code is _call_with_alarm.__code__):
            return
        if of_work:
            work.check()
            return
        n_rings += 1
        if n_rings == PATIENCE:
            signal.setitimer(signal.ITIMER_REAL, STORM_SECONDS, STORM_SECONDS)
        raise OutOfTime

    with contextlib.ExitStack() as stack:
        if of_work:  # processorns egen klocka räknar; den vanliga väcker bara den som sover
            clock = _timer(signal.SIGPROF, signal.ITIMER_PROF, seconds, REPEAT_SECONDS, ring)
            stack.enter_context(clock)
        interval = seconds if of_work else REPEAT_SECONDS
        stack.enter_context(_timer(signal.SIGALRM, signal.ITIMER_REAL, seconds, interval, ring))
        armed = True
        try:
            return function()
        finally:
            armed = False


@contextlib.contextmanager
def _timer(
    signum: int, timer: int, seconds: float, interval: float, ring: Callable[..., None]
) -> Iterator[None]:
    """En klocka som ringer efter `seconds` sekunder, och sedan om och om igen."""
    started = time.monotonic()
    old_handler = signal.signal(signum, ring)
    old_delay, old_interval = signal.setitimer(timer, seconds, interval)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(signum, old_handler)
        if old_delay:  # någon annans klocka (till exempel pytests) går vidare
            left = max(old_delay - (time.monotonic() - started), 0.001)
            signal.setitimer(timer, left, old_interval)


def _call_with_watcher(seconds: float, function: Callable[[], T], of_work: bool = False) -> T:
    thread = ctypes.c_ulong(threading.get_ident())
    interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc
    done = threading.Event()
    finished = False

    def watch() -> None:
        _wait(done, seconds, of_work)
        for n in itertools.count():
            if finished:
                return
            interrupt(thread, ctypes.py_object(OutOfTime))
            if n == PATIENCE:
                sys.setswitchinterval(STORM_SECONDS)
            done.wait(REPEAT_SECONDS if n < PATIENCE else STORM_SECONDS)

    switch_interval = sys.getswitchinterval()
    watcher = threading.Thread(target=watch, daemon=True)
    try:
        # Inne i try: på en trög dator kan tiden ta slut redan medan tråden startar, och då måste
        # städningen ändå köras, annars avbryter vakten för evigt.
        watcher.start()
        return function()
    finally:
        finished = True
        while True:  # ett avbrott kan komma också mitt i städningen: börja om tills den är klar
            try:
                done.set()
                watcher.join()
                interrupt(thread, None)  # ett avbrott som är på väg ska inte komma fram senare
                sys.setswitchinterval(switch_interval)
                break
            except OutOfTime:
                continue


def _wait(done: threading.Event, seconds: float, of_work: bool) -> None:
    """Vänta tills tiden är ute eller funktionen klar."""
    work = _Work(seconds)
    while not done.wait(REPEAT_SECONDS if of_work else seconds) and of_work:
        try:
            work.check()
        except OutOfTime:
            return


@contextlib.contextmanager
def stop_button() -> Iterator[None]:
    """Ett tryck på stoppknappen stoppar kontrollen, också om studentens kod fångar avbrottet.

    Koden kan själv kasta KeyboardInterrupt; därför minns vi om signalen verkligen kom.
    """
    pressed = False

    def remember(signum: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    old_handler = signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old_handler)
        if pressed:
            raise KeyboardInterrupt


@contextlib.contextmanager
def preserved_state() -> Iterator[None]:
    """Ställ tillbaka det som studentens kod kan ändra för alla: slump, standardtyper, mapp …"""
    with contextlib.ExitStack() as stack:
        for keep in (_random_state, _torch_settings, _python_settings, _surroundings):
            stack.enter_context(keep())
        stack.enter_context(warnings.catch_warnings())
        stack.enter_context(np.errstate())
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _random_state() -> Iterator[None]:
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


@contextlib.contextmanager
def _torch_settings() -> Iterator[None]:
    dtype, threads, grad = (
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.is_grad_enabled(),
    )
    device = torch.get_default_device()
    torch.set_grad_enabled(True)
    try:
        yield
    finally:
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
        if torch.get_default_device() != device:
            torch.set_default_device(device)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)


@contextlib.contextmanager
def _python_settings() -> Iterator[None]:
    names, depth = dict(vars(builtins)), sys.getrecursionlimit()
    try:
        yield
    finally:
        vars(builtins).update(names)
        for name in set(vars(builtins)) - set(names):
            del vars(builtins)[name]
        sys.setrecursionlimit(depth)


@contextlib.contextmanager
def _surroundings() -> Iterator[None]:
    folder, environment = os.getcwd(), dict(os.environ)
    try:
        yield
    finally:
        os.chdir(folder)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)


def seed_everything(seed: int) -> None:
    """Samma slump varje gång, vilken av de tre slumpkällorna studenten än använder."""
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed är hundra gånger långsammare


class LimitedText(io.TextIOBase):
    """Tar emot utskrifter, minns början och räknar resten."""

    def __init__(self, limit: int = 2_000) -> None:
        self._limit = limit
        self._kept = ""
        self._count = 0

    def writable(self) -> bool:
        """Alltid sant."""
        return True

    def write(self, text: str) -> int:
        """Spara så mycket som får plats."""
        self._kept += text[: max(0, self._limit - len(self._kept))]
        self._count += len(text)
        return len(text)

    def text(self) -> str:
        """Det som skrevs, med en anmärkning om något inte fick plats."""
        if self._count <= self._limit:
            return self._kept
        return f"{self._kept}\n… ({self._count} tecken i allt; här är de första {self._limit})"
