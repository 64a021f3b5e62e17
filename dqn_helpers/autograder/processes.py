"""Processerna som arbetarna kör i, och kanalerna till dem.

I Linux knoppas de av från en varm verkstad; på andra system är var och en en ny process. Det som
kommer ur en kanal är inte säkert: det prövas i `workshop`.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from dqn_helpers.autograder import ROOT
from dqn_helpers.autograder.budget import LOOK_SECONDS
from dqn_helpers.autograder.sandbox import Tier
from dqn_helpers.counting import listed

START_SECONDS = 600.0  # nödbroms: en trög dator får ta god tid på sig
DYING_SECONDS = 0.25  # den som tystnar får så lång tid på sig att dö av sig själv
REPORT_BYTES = 4096
STUDENT = "KURS_STUDENT"
"""Miljövariabeln med den användare som studenternas kod ska köras av, när rättaren körs av root."""
PROGRAM = [sys.executable, "-P", "-m", "dqn_helpers.autograder.server"]


class Ended(NamedTuple):
    """Hur en arbetare slutade.

    Attributes:
        signal: signalen som dödade den, annars 0.
        seconds: all dess processortid; None om den inte går att få.
        cancelled: sant om det var rättaren som avslutade den.
    """

    signal: int = 0
    seconds: float | None = None
    cancelled: bool = False


class Worker(Protocol):
    """En arbetare och kanalen till den. Den kör vems kod som helst: inget den gör är säkert."""

    pid: int

    def send(self, data: memoryview) -> int:
        """Skicka en del av `data`; ger hur många byte som gick.

        Raises:
            TimeoutError: om arbetaren inte läser just nu.
        """

    def receive(self, most: int, seconds: float) -> bytes:
        """Högst `most` byte, inga om arbetaren har stängt.

        Raises:
            TimeoutError: om inget kom på `seconds` sekunder.
        """

    def end(self, is_silent: bool) -> Ended:
        """Avsluta den. Har den tystnat väntar vi först en liten stund: den kanske dör själv."""


# --- Linux: verkstaden som avknoppar -------------------------------------------------------------


def server_command(tier: Tier, files: list[int]) -> list[str]:
    """Kommandot som startar en varm process, med filnumret till varje verkstads kanal."""
    return [*PROGRAM, tier, *map(str, files)]


class House:
    """Den varma processen (`server.py`): den laddar allt och blir sedan en verkstad per kanal.

    Attributes:
        controls: rättarens ände av varje kanal.
        errors: filen med det som processen skrev när något gick fel.
        process: processen; None om den inte gick att starta.
    """

    def __init__(self, tier: Tier, n_servers: int) -> None:
        self._owner = os.getpid()
        self._folder = tempfile.TemporaryDirectory(prefix="rattaren-", ignore_cleanup_errors=True)
        self.errors = Path(self._folder.name) / "fel.txt"
        self.process: subprocess.Popen[bytes] | None = None
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(n_servers)]
        self.controls = [mine for mine, _ in pairs]
        files = [theirs.fileno() for _, theirs in pairs]
        student = student_user()
        try:
            if student:
                shutil.chown(self._folder.name, student)
            with self.errors.open("wb") as stream:
                self.process = subprocess.Popen(
                    server_command(tier, files),
                    user=student,
                    extra_groups=[] if student else None,
                    env=clean_environment(self._folder.name),
                    cwd=self._folder.name,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stream,
                    pass_fds=files,
                    start_new_session=True,  # Ctrl-C i terminalen ska inte nå hit
                )
        except (OSError, LookupError) as error:  # LookupError: användaren finns inte
            self.errors.write_text(str(error), encoding="utf-8")
        for _, theirs in pairs:
            theirs.close()

    def end(self) -> None:
        """Avsluta alla verkstäderna och städa, om det är den här processen som startade dem."""
        if os.getpid() != self._owner:
            return
        if self.process:
            _kill_group(self.process)
            self.process.wait()
        self._folder.cleanup()


class Server:
    """En verkstad i ett `House`. Den har ett uppdrag i taget."""

    def __init__(self, house: House, control: socket.socket) -> None:
        self.house = house
        self._control: socket.socket | None = control

    @classmethod
    def launch(cls, tier: Tier, count: int = 1) -> "list[Server]":
        """Starta så många verkstäder, utan att vänta på dem."""
        house = House(tier, count)
        return [cls(house, control) for control in house.controls]

    @property
    def alive(self) -> bool:
        """Sant om verkstaden går att använda."""
        return self._control is not None

    def greeting(self) -> str:
        """Vänta tills verkstaden är varm; ger varför den inte duger, annars en tom text."""
        hello = self._receive(START_SECONDS)
        if hello is None:
            return _last_line(self.house.errors) or "den startade inte"
        return listed(hello["escapes"])

    def stop(self) -> None:
        """Avsluta verkstaden och städa."""
        if self._control:
            self._control.close()
            self._control = None
        self.house.end()

    def hand_out(self, channel: socket.socket, seconds: float) -> int:
        """Låt verkstaden avknoppa en arbetare i andra änden av kanalen; ger dess nummer.

        Raises:
            OSError: om verkstaden inte svarar; då är den avslutad.
        """
        assert self._control is not None
        try:
            order = json.dumps({"seconds": seconds}).encode()
            socket.send_fds(self._control, [order], [channel.fileno()])
            self._control.settimeout(START_SECONDS)
            _, (handle,), _, _ = socket.recv_fds(self._control, REPORT_BYTES, 1)
        except (OSError, ValueError):  # ValueError: den stängde utan att lämna ett grepp
            self.stop()
            raise ConnectionError from None
        try:
            return _pid_of(handle)
        finally:
            os.close(handle)

    def report(self, is_silent: bool) -> Ended:
        """Avbeställ det som återstår, och få veta hur arbetaren slutade."""
        assert self._control is not None
        with contextlib.suppress(OSError):
            order = {"patience": DYING_SECONDS if is_silent else 0.0}
            self._control.send(json.dumps(order).encode())
        found = self._receive(START_SECONDS)
        if found is None:  # verkstaden svarar inte: den avslutas, och en ny startas när den behövs
            self.stop()
            return Ended()
        return Ended(**found)

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        assert self._control is not None
        self._control.settimeout(seconds)
        try:
            received = self._control.recv(REPORT_BYTES)
        except OSError:
            return None
        return json.loads(received) if received else None


def _pid_of(handle: int) -> int:
    """Numret på processen bakom ett grepp (*pidfd*), så som den här processen ser det.

    I en egen namnrymd har arbetaren ett annat nummer för sig själv.
    """
    lines = Path(f"/proc/self/fdinfo/{handle}").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))


class Forked:
    """En arbetare som verkstaden har avknoppat."""

    def __init__(self, server: Server, seconds: float) -> None:
        self._server = server
        self._channel, theirs = socket.socketpair()
        with theirs:
            self.pid = server.hand_out(theirs, seconds)

    def send(self, data: memoryview) -> int:
        """Se `Worker`."""
        self._channel.settimeout(LOOK_SECONDS)
        return self._channel.send(data)

    def receive(self, most: int, seconds: float) -> bytes:
        """Se `Worker`."""
        self._channel.settimeout(seconds)
        return self._channel.recv(most)

    def end(self, is_silent: bool) -> Ended:
        """Se `Worker`."""
        self._channel.close()
        return self._server.report(is_silent)


def _last_line(path: Path) -> str:
    lines = path.read_text("utf-8", "replace").strip().splitlines() if path.exists() else []
    return lines[-1][:200] if lines else ""


def student_user() -> str | None:
    """Användaren som studenternas kod körs av; None när det är rättarens egen.

    I en container, där rättaren körs av root, kan koden köras av någon som inte når facit och
    resultaten, hur svag inhägnaden än är.
    """
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return (os.environ.get(STUDENT) or None) if is_root else None


def clean_environment(folder: str) -> dict[str, str]:
    """Miljövariabler utan lärarens hemligheter; det matplotlib vill spara hamnar i `folder`."""
    # Windows hittar sina bibliotek genom PATH. I Linux och macOS räcker den som alla har; lärarens
    # egen berättar vad som finns på datorn.
    path = os.environ.get("PATH", "") if sys.platform == "win32" else os.defpath
    needed = ("SYSTEMROOT", "LD_LIBRARY_PATH")
    kept = {key: os.environ[key] for key in needed if key in os.environ}
    return kept | {
        "PATH": path,
        "LANG": "C.UTF-8",
        "HOME": folder,
        "MPLCONFIGDIR": folder,
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        # Minnet i stora sidor (Linux): då har en avknoppning en tabell över några tiotal sidor att
        # kopiera i stället för 40 000, och ett uppdrag går på tre fjärdedelar av tiden.
        "PYTHONMALLOC": "malloc",
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "PYTHONHASHSEED": "0",  # annars beror mängders ordning på dagen
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT),
    }


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Döda processen och dem den har startat."""
    if not hasattr(os, "killpg"):
        process.kill()
        return
    # Inte `process.kill()`: den tar emot svaret från en process som redan är död, och då får
    # `_reaped` aldrig veta hur mycket processortid den använde.
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(process.pid, signal.SIGKILL)


# --- Windows och macOS: en ny process per uppdrag ------------------------------------------------


class Alone:
    """En arbetare i en egen, nystartad process."""

    def __init__(self, seconds: float) -> None:
        self._folder = tempfile.mkdtemp(prefix="rattaren-")
        self._process = subprocess.Popen(
            [*PROGRAM, "--one", str(seconds)],
            env=clean_environment(self._folder),
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._received, self._changed = bytearray(), threading.Condition()
        self._is_closed = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        """I en egen tråd: i Windows går det inte att vänta på ett rör bara en stund."""
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError), self._process.stdout as stream:
            while part := stream.read1(2**16):  # type: ignore[attr-defined]
                with self._changed:
                    self._received += part
                    self._changed.notify()
                    self._changed.wait_for(lambda: self._is_closed or len(self._received) < 2**20)
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def send(self, data: memoryview) -> int:
        """Skicka, i en egen tråd: en process som inte läser får inte stoppa rättaren."""
        threading.Thread(target=_feed, args=(self._process.stdin, data), daemon=True).start()
        return len(data)

    def receive(self, most: int, seconds: float) -> bytes:
        """Se `Worker`."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._received or self._is_closed, seconds):
                raise TimeoutError
            part = bytes(self._received[:most])
            del self._received[:most]
            self._changed.notify()
            return part

    def end(self, is_silent: bool) -> Ended:
        """Se `Worker`."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        ended = _ended(self._process, DYING_SECONDS if is_silent else 0.0)
        shutil.rmtree(self._folder, ignore_errors=True)
        return ended


def _feed(stream: Any, data: memoryview) -> None:
    with contextlib.suppress(OSError, ValueError):
        stream.write(data)
        stream.flush()


def _ended(process: subprocess.Popen[bytes], patience: float) -> Ended:
    """Vänta ut processen i högst `patience` sekunder, och döda den sedan."""
    deadline = time.monotonic() + patience
    while (ended := _reaped(process)) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    _kill_group(process)  # också det som den har lämnat efter sig
    while ended is None:
        time.sleep(0.001)
        reaped = _reaped(process)
        ended = reaped and reaped._replace(cancelled=True)
    return ended


def _reaped(process: subprocess.Popen[bytes]) -> Ended | None:
    """Hur processen slutade; None om den lever. I Windows får vi inte veta dess processortid."""
    if not hasattr(os, "wait4"):
        return None if process.poll() is None else Ended()
    pid, status, usage = os.wait4(process.pid, os.WNOHANG)
    if not pid:
        return None
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ended(max(-process.returncode, 0), usage.ru_utime + usage.ru_stime)
