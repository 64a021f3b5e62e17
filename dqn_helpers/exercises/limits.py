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
from pathlib import Path
from types import FrameType
from typing import TypeVar

import numpy as np
import torch

if sys.platform == "linux":
    import resource

T = TypeVar("T")

REPEAT_SECONDS = 0.005
"""Så ofta avbryts koden igen om den fångade förra avbrottet."""

PATIENCE, STORM_SECONDS = 10, 50e-6
"""Efter så många fångade avbrott kommer de så tätt att något träffar utanför studentens try."""


IDLE_SHARE, IDLE_WINDOW = 0.002, 0.5
"""Koden sover om den har räknat mindre än så stor del av tiden i två fönster (sekunder) i rad. Ett
räcker inte: datorn kan ha stått still. Hur många andra program som än är i gång får den som räknar
en större del."""

WALL_FACTOR = 30
"""Så många gånger längre än processortiden får det ta på klockan, innan vi ger upp ändå. Klockan
räknas i fönster, så en dator som stod still en timme har bara förlorat ett."""


EXTRA_BYTES = 2 * 2**30
"""Så mycket mer minne än när den började får koden ta. En lista som dubblas i varje varv fyller
annars datorns minne på en sekund, och då är det operativsystemet som stoppar anteckningsboken."""


class OutOfTime(BaseException):
    """Tiden är slut. Inte ett Exception: `except Exception` ska inte fånga det."""


class Waiting(OutOfTime):
    """Koden väntade: den använde inte sin processortid, men klockan gick."""


def call_within(seconds: float, function: Callable[[], T]) -> T:
    """Kör funktionen, men avbryt den när den har använt `seconds` sekunder processortid.

    På en upptagen eller långsam dator går klockan fast koden inte kommer fram, så klockan stoppar
    bara den som väntar: efter `seconds` sekunder om koden inte räknar alls (den sover), och annars
    efter `WALL_FACTOR` gånger så länge.

    I huvudtråden används klocksignalen, som också väcker den som sover; annars (och i Windows)
    en vakttråd, som räknar hela processens tid. Den som fångar avbrottet avbryts igen, tills det
    biter.

    Raises:
        OutOfTime: när processortiden är slut.
        Waiting: när koden väntade för länge.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and hasattr(signal, "setitimer"):
        return _call_with_alarm(seconds, function)
    return _call_with_watcher(seconds, function)


class _Budget:
    """Det som är kvar av tiden.

    Args:
        seconds: processortiden som får användas.
        used: ger den processortid som har gått.

    Attributes:
        verdict: avbrottet, sedan tiden tog slut.
    """

    def __init__(self, seconds: float, used: Callable[[], float]) -> None:
        self._seconds, self._used = seconds, used
        self._used_before, self._started = used(), time.monotonic()
        self._window, self._n_windows, self._n_idle = (0.0, 0.0), 0, 0
        self.verdict: type[OutOfTime] | None = None

    def left(self) -> float:
        """Så länge dröjer det minst tills tiden kan vara slut; noll när den är det."""
        used, passed = self._used() - self._used_before, time.monotonic() - self._started
        self._look(used, passed)
        sleeps = passed >= self._seconds and self._n_idle >= 2
        if used >= self._seconds:
            self.verdict = self.verdict or OutOfTime
        elif sleeps or self._n_windows * IDLE_WINDOW >= WALL_FACTOR * self._seconds:
            self.verdict = self.verdict or Waiting
        # Den som har väckts räknar igen, men beslutet står fast.
        return 0 if self.verdict else max(min(self._seconds - used, IDLE_WINDOW), REPEAT_SECONDS)

    def _look(self, used: float, passed: float) -> None:
        """Räkna fönstren, och i hur många i rad som koden har stått stilla."""
        if (length := passed - self._window[1]) >= IDLE_WINDOW:
            idle = used - self._window[0] < IDLE_SHARE * length
            self._n_windows += 1
            self._n_idle = self._n_idle + 1 if idle else 0
            self._window = used, passed


def _call_with_alarm(seconds: float, function: Callable[[], T]) -> T:
    armed, n_rings = True, 0
    budget = _Budget(seconds, time.thread_time)

    def ring(signum: int, frame: FrameType | None) -> None:
        nonlocal n_rings
        if armed and (left := budget.left()):
            signal.setitimer(signal.ITIMER_REAL, left, REPEAT_SECONDS)
            return
        n_rings += 1
        if armed and n_rings == PATIENCE:
            signal.setitimer(signal.ITIMER_REAL, STORM_SECONDS, STORM_SECONDS)
        # Aldrig mitt i den här funktionens egen städning: då skulle klockan ringa för evigt.
        if armed and (frame is None or frame.f_code is not _call_with_alarm.__code__):
            raise budget.verdict or OutOfTime

    started = time.monotonic()
    old_handler = signal.signal(signal.SIGALRM, ring)
    old_delay, old_interval = signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT_SECONDS)
    try:
        return function()
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old_handler)
        if old_delay:  # någon annans klocka (till exempel pytests) går vidare
            left = max(old_delay - (time.monotonic() - started), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, old_interval)


def _call_with_watcher(seconds: float, function: Callable[[], T]) -> T:
    thread = ctypes.c_ulong(threading.get_ident())
    interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc
    budget = _Budget(seconds, time.process_time)
    done = threading.Event()
    finished = False

    def watch() -> None:
        while left := budget.left():
            if done.wait(left):
                return
        for n in itertools.count():
            if finished:
                return
            interrupt(thread, ctypes.py_object(budget.verdict))
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
def limited_memory() -> Iterator[None]:
    """Den som tar för mycket minne får ett MemoryError, i stället för att datorn stannar.

    Bara i Linux går det att sätta en gräns, och inte med en GPU: den tar stora adresser i anspråk
    utan att använda dem.
    """
    if sys.platform != "linux" or torch.cuda.is_available():
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    # I rättarens inhägnad finns redan en gräns.
    now = _bytes_in_use() if soft == resource.RLIM_INFINITY else None
    if now is None:
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (now + EXTRA_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _bytes_in_use() -> int | None:
    """Adresserna som processen använder; None om det inte går att få veta."""
    try:
        n_pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return None
    return n_pages * resource.getpagesize()


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
    fresh_seed = np.random.bit_generator.randbits  # type: ignore[attr-defined]
    try:
        yield
    finally:
        np.random.bit_generator.randbits = fresh_seed  # type: ignore[attr-defined]
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
    """Samma slump varje gång, vilken slumpkälla studenten än använder."""
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed är hundra gånger långsammare
    # Härifrån tar `np.random.default_rng()` utan frö sitt, annars från operativsystemet.
    np.random.bit_generator.randbits = random.Random(seed).getrandbits  # type: ignore[attr-defined]


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
