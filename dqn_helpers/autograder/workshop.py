"""Rättarens sida av verkstaden: lämna ut kod och indata, få tillbaka enkla data.

Allt som kommer tillbaka prövas; en arbetare som kraschar, fastnar eller svarar fel blir ett
`Outcome` som säger det. Inget som en inlämning gör når längre än till sitt eget svar.
"""

import contextlib
import dataclasses
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from dqn_helpers.autograder import sandbox
from dqn_helpers.autograder.arguments import LIMIT
from dqn_helpers.autograder.messages import (
    LENGTH_BYTES,
    MAX_ANSWERS,
    MAX_BYTES,
    MessageError,
    decode,
    encode,
    length_of,
)
from dqn_helpers.autograder.slicing import CellSource, Slices, from_data
from dqn_helpers.exercises.model import Inputs, Outcome
from dqn_helpers.exercises.plain import plain
from dqn_helpers.exercises.running import NOT_RUN_TEXT, TIMEOUT_TEXT

ROOT = Path(__file__).resolve().parents[2]
WALL_FACTOR = 3  # klocktid per processortid: stoppar bara den som sover
SLICE_SECONDS = 10
START_SECONDS = 120.0
SLACK_SECONDS = 5.0
REPORT_BYTES = 4096
HAS_SERVER = sys.platform == "linux"

CRASHED_TEXT = (
    "Processen som körde din kod avslutades mitt i. Anropar koden något som avslutar Python, "
    "eller skriver den själv på rättarens kanaler?"
)
MEMORY_TEXT = "Koden använde mer minne än vad som finns till den, och avbröts."
STATUSES: tuple[Any, ...] = ("ok", "unsolved", "error", "timeout", "memory", "forbidden")


class WorkerError(RuntimeError):
    """Arbetaren gav inget svar; `status` säger varför: timeout, memory eller crashed."""

    def __init__(self, status: Any, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Report:
    """Hur arbetaren slutade.

    Attributes:
        signal: signalen som dödade den, 0 om den slutade själv.
        seconds: använd processortid.
        too_slow: sant om klocktiden tog slut.
        cancelled: sant om vi avbröt den, för att den var klar eller skrev obegripligheter.
    """

    signal: int = 0
    seconds: float = 0.0
    too_slow: bool = False
    cancelled: bool = False


@dataclass(frozen=True)
class Run:
    """Vad som hände i fallen, anmärkningar om satser som inte gick att köra, och processortiden."""

    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


class Workshop:
    """En verkstad. Används med `with`.

    Args:
        limit: processortid i sekunder för en övning.
        tier: högsta nivå på inhägnaden; den starkaste som datorn klarar används.
    """

    def __init__(self, limit: float = LIMIT, tier: sandbox.Tier = "full") -> None:
        self.limit = limit
        self.tier = tier
        self.reasons: list[str] = []
        self._server: Server | None = None

    def launch(self) -> "Workshop":
        """Börja starta, utan att vänta: det tar några sekunder som går att använda till annat."""
        if HAS_SERVER and self._server is None:
            self._server = Server(self.tier)
            self._server.launch()
        return self

    def __enter__(self) -> "Workshop":
        self._start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._server:
            self._server.stop()

    def _start(self) -> None:
        """Starta på den högsta nivå som går, och minns varför de andra inte gick."""
        if not HAS_SERVER:
            self.tier = "basic"
            return
        for tier in sandbox.TIERS[sandbox.TIERS.index(self.tier) :]:
            self.tier = tier
            self.launch()
            assert self._server is not None
            problem = self._server.greeting()
            if not problem:
                return
            self._server.stop()
            self._server = None
            self.reasons.append(f"{tier}: {problem}")
        raise RuntimeError("Rättarens verkstad gick inte att starta. " + " ".join(self.reasons))

    def slice(self, cells: Sequence[CellSource], wanted: Sequence[str]) -> Slices:
        """Skiva en inlämning i en arbetare (se `slicing`).

        Raises:
            WorkerError: om arbetaren inte svarade.
        """
        job = {"kind": "slice", "cells": _as_data(cells), "wanted": list(wanted)}
        answers, report = self._converse(job, 1, SLICE_SECONDS)
        if not answers:
            raise WorkerError(*_cause(report, SLICE_SECONDS))
        try:
            return from_data(answers[0])
        except ValueError as error:
            raise WorkerError("crashed", f"Svaret gick inte att läsa: {error}") from None

    def run(
        self, number: str, cells: Sequence[CellSource], inputs: Sequence[Inputs], seed: int
    ) -> Run:
        """Kör övningens fall på lösningen i cellerna.

        Efter en krasch körs resten av fallen i en ny arbetare; efter en tidsgräns inga fler.
        """
        job: dict[str, Any] = {"kind": "run", "number": number, "cells": _as_data(cells)}
        job |= {"inputs": list(inputs), "seed": seed, "seconds": WALL_FACTOR * self.limit}
        outcomes: list[Outcome] = []
        notes: tuple[str, ...] = ()
        left, started = self.limit, time.monotonic()
        while len(outcomes) < len(inputs):
            expected = len(inputs) - len(outcomes) + 1
            cpu = max(1, math.ceil(left))
            answers, report = self._converse(job | {"first": len(outcomes)}, expected, cpu)
            left -= report.seconds
            first = answers[0] if answers else {}
            if first.get("defined") is not True:
                return _undefined(answers, report, cpu, len(inputs))
            notes = _texts(first.get("notes"))
            outcomes += [_outcome(answer) for answer in answers[1:]]
            if len(outcomes) < len(inputs) and not _is_over(outcomes):
                status, text = _cause(report, cpu)
                outcomes.append(Outcome(status, problem=text))
            spent = left <= 0 or time.monotonic() - started > WALL_FACTOR * self.limit
            if spent and len(outcomes) < len(inputs) and not _is_over(outcomes):
                outcomes.append(Outcome("timeout", problem=TIMEOUT_TEXT))
            if _is_over(outcomes):
                missing = len(inputs) - len(outcomes)
                outcomes += [Outcome("not_run", problem=NOT_RUN_TEXT)] * missing
        return Run(tuple(outcomes), notes, self.limit - left)

    def _converse(
        self, job: dict[str, Any], expected: int, cpu: int
    ) -> tuple[list[dict[str, Any]], Report]:
        """Svaren på ett uppdrag, högst `expected`, och hur arbetaren slutade.

        Dör verkstaden själv startas en ny, och uppdraget görs om en gång.

        Raises:
            RuntimeError: om den dör en gång till: då är det något fel på rättaren eller datorn.
        """
        if not HAS_SERVER:
            return converse_alone(job, expected, cpu)
        for _ in range(2):
            if self._server is None or not self._server.alive:
                self._server = None
                self._start()
            assert self._server is not None
            answers, report = self._server.converse(job, expected, cpu)
            if self._server.alive:
                return answers, report
        raise RuntimeError("Rättarens verkstad dog två gånger i rad i samma uppdrag.")


def _as_data(cells: Sequence[CellSource]) -> list[dict[str, str]]:
    return [dataclasses.asdict(cell) for cell in cells]


def _is_over(outcomes: Sequence[Outcome]) -> bool:
    return bool(outcomes) and outcomes[-1].status == "timeout"


def _undefined(answers: Sequence[Any], report: Report, cpu: int, n_cases: int) -> Run:
    """Lösningen blev aldrig definierad: namnet finns inte, eller arbetaren dog på vägen."""
    if answers:
        notes = _texts(answers[0].get("notes"))
        text = "Koden som definierar lösningen gick inte att köra. " + " ".join(notes)
        return Run((Outcome("error", problem=text.strip()),) * n_cases, notes)
    status, text = _cause(report, cpu)
    return Run((Outcome(status, problem=text),) * n_cases)


def _cause(report: Report, cpu: int) -> tuple[Any, str]:
    """Status och text när arbetaren tystnade."""
    if report.too_slow or (report.signal and report.seconds > cpu - 0.5):
        return "timeout", TIMEOUT_TEXT
    if report.signal == getattr(signal, "SIGKILL", 9) and not report.cancelled:
        return "memory", MEMORY_TEXT
    return "crashed", CRASHED_TEXT


def _outcome(answer: dict[str, Any]) -> Outcome:
    """Ett svar som `Outcome`; det som inte stämmer räknas som en krasch."""
    status, observed = answer.get("status"), answer.get("observed")
    known = isinstance(status, str) and status in STATUSES
    if not known or not isinstance(observed, dict):
        return Outcome("crashed", problem=CRASHED_TEXT)
    try:
        observed = plain(observed)  # inte större än det en ärlig arbetare skickar
    except RecursionError:
        return Outcome("crashed", problem=CRASHED_TEXT)
    texts = {key: str(answer.get(key, ""))[:3000] for key in ("problem", "signature", "output")}
    return Outcome(cast(Any, status), observed, **texts)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item)[:300] for item in value[:20]) if isinstance(value, list) else ()


# --- Linux: verkstaden som avknoppar -------------------------------------------------------------


class Server:
    """Processen i `server.py`, en nivå."""

    def __init__(self, tier: sandbox.Tier) -> None:
        self._tier = tier
        self._folder = tempfile.TemporaryDirectory(prefix="rattaren-", ignore_cleanup_errors=True)
        self._errors = Path(self._folder.name) / "fel.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def alive(self) -> bool:
        """Sant om verkstaden går att använda."""
        return self._control is not None

    def launch(self) -> None:
        """Starta processen utan att vänta på den."""
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        module = [sys.executable, "-P", "-m", "dqn_helpers.autograder.server"]
        try:
            command = sandbox.server_command(
                self._tier, [*module, self._tier, str(theirs.fileno())]
            )
            with self._errors.open("wb") as stream:
                self._process = subprocess.Popen(
                    command,
                    env=clean_environment(self._folder.name),
                    cwd=self._folder.name,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stream,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C i terminalen ska inte nå hit
                )
            self._control = mine
        except OSError as error:
            self._errors.write_text(str(error), encoding="utf-8")
        finally:
            theirs.close()

    def greeting(self) -> str:
        """Vänta tills verkstaden är varm; ger varför den inte duger, annars en tom text."""
        hello = self._receive(START_SECONDS) if self.alive else None
        if hello is None:
            return _last_line(self._errors) or "den startade inte"
        return ", ".join(f"{name} gick" for name in hello["escapes"])

    def stop(self) -> None:
        """Avsluta verkstaden och städa."""
        if self._control:
            self._control.close()
            self._control = None
        if self._process:
            _kill_group(self._process)
        self._folder.cleanup()

    def converse(
        self, job: dict[str, Any], expected: int, cpu: int
    ) -> tuple[list[dict[str, Any]], Report]:
        """Lämna ut ett uppdrag och ta emot svaren."""
        assert self._control is not None
        wall = WALL_FACTOR * cpu + 1
        mine, theirs = socket.socketpair()
        order = json.dumps({"cpu": cpu, "wall": wall}).encode()
        try:
            socket.send_fds(self._control, [order], [theirs.fileno()])
        except OSError:
            return [], self._dead()
        finally:
            theirs.close()
        with mine:
            answers = list(_exchange(mine, job, expected, time.monotonic() + wall + SLACK_SECONDS))
        return answers, self._report()

    def _report(self) -> Report:
        """Avbeställ det som återstår, och få veta hur arbetaren slutade."""
        assert self._control is not None
        with contextlib.suppress(OSError):
            self._control.send(b"stopp")
        found = self._receive(SLACK_SECONDS)
        return Report(**found) if found is not None else self._dead()

    def _dead(self) -> Report:
        """Verkstaden svarar inte: den avslutas, och en ny startas när den behövs."""
        self.stop()
        return Report()

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        assert self._control is not None
        self._control.settimeout(seconds)
        try:
            received = self._control.recv(REPORT_BYTES)
        except OSError:
            return None
        return json.loads(received) if received else None


def _exchange(
    channel: socket.socket, job: dict[str, Any], expected: int, deadline: float
) -> Iterator[dict[str, Any]]:
    """Skicka uppdraget och ge svaren; slutar när arbetaren tystnar, dröjer eller skriver fel."""
    left = _most(job)
    with contextlib.suppress(OSError, MessageError):
        channel.settimeout(_left(deadline))  # gäller hela sändningen, också till den som inte läser
        channel.sendall(encode(job))
        for _ in range(expected):
            length = length_of(_receive_exactly(channel, LENGTH_BYTES, deadline), left)
            left -= length
            yield decode(_receive_exactly(channel, length, deadline))


def _most(job: dict[str, Any]) -> int:
    """Så många byte får svaren vara tillsammans; en skivad anteckningsbok är stor."""
    return MAX_BYTES if job["kind"] == "slice" else MAX_ANSWERS


def _receive_exactly(channel: socket.socket, count: int, deadline: float) -> bytes:
    received = bytearray()
    while len(received) < count:
        channel.settimeout(_left(deadline))
        part = channel.recv(min(count - len(received), 2**20))
        if not part:
            raise ConnectionError
        received += part
    return bytes(received)


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)


def _last_line(path: Path) -> str:
    lines = path.read_text("utf-8", "replace").strip().splitlines() if path.exists() else []
    return lines[-1][:200] if lines else ""


def clean_environment(folder: str) -> dict[str, str]:
    """Miljövariabler utan lärarens hemligheter; det matplotlib vill spara hamnar i `folder`."""
    kept = {
        key: os.environ[key]
        for key in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")
        if key in os.environ
    }
    return kept | {
        "LANG": "C.UTF-8",
        "HOME": folder,
        "MPLCONFIGDIR": folder,
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",  # annars beror mängders ordning på dagen
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT),
    }


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Döda processen och dem den har startat."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


# --- Windows och macOS: en ny process per uppdrag ------------------------------------------------


def converse_alone(
    job: dict[str, Any], expected: int, cpu: int
) -> tuple[list[dict[str, Any]], Report]:
    """Samma sak utan verkstad: en ny process, som får uppdraget och läses tills den slutar.

    Den hälsar med ett tomt meddelande när den är varm; först då börjar studentens tid.
    """
    folder = tempfile.mkdtemp(prefix="rattaren-")
    command = [sys.executable, "-P", "-m", "dqn_helpers.autograder.server", "--one", str(cpu)]
    process = subprocess.Popen(
        command,
        env=clean_environment(folder),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    received, is_warm = bytearray(), threading.Event()
    # Egna trådar: en process som slutar läsa eller skriva ska inte kunna stoppa rättaren.
    writer = threading.Thread(target=_feed, args=(process.stdin, encode(job)), daemon=True)
    reader = threading.Thread(
        target=_drain, args=(process.stdout, received, _most(job), is_warm.set), daemon=True
    )
    writer.start()
    reader.start()
    is_warm.wait(START_SECONDS)
    started = time.monotonic()
    reader.join(WALL_FACTOR * cpu + 1)
    used, too_slow = time.monotonic() - started, reader.is_alive()
    cancelled = not too_slow and not _has_ended(process)
    _kill_group(process)
    shutil.rmtree(folder, ignore_errors=True)
    report = Report(max(-process.returncode, 0), used, too_slow, cancelled)
    return list(_messages(bytes(received), expected + 1))[1:], report


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Falskt om processen lever kvar fast den har slutat skriva."""
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        return False
    return True


def _feed(stream: Any, data: bytes) -> None:
    with contextlib.suppress(OSError), stream:
        stream.write(data)


def _drain(stream: Any, received: bytearray, most: int, on_first: Callable[[], None]) -> None:
    with contextlib.suppress(OSError, ValueError), stream:
        while len(received) <= most:
            part = stream.read1(2**16)
            on_first()  # också när processen dog utan ett ord: då är det inget att vänta på
            if not part:
                return
            received += part


def _messages(received: bytes, expected: int) -> Iterator[dict[str, Any]]:
    with contextlib.suppress(MessageError):
        while expected and len(received) >= LENGTH_BYTES:
            length = length_of(received[:LENGTH_BYTES])
            payload, received = (
                received[LENGTH_BYTES : LENGTH_BYTES + length],
                received[LENGTH_BYTES + length :],
            )
            yield decode(payload)
            expected -= 1
