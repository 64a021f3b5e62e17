"""Rättarens sida av verkstaden: lämna ut kod och indata, få tillbaka enkla data.

Allt som kommer tillbaka prövas; en arbetare som kraschar, fastnar eller svarar fel blir ett
`Outcome` som säger det. Inget som en inlämning gör når längre än till sitt eget svar.
"""

import contextlib
import dataclasses
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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, cast

from dqn_helpers.autograder import sandbox
from dqn_helpers.autograder.arguments import LIMIT, READING_SECONDS
from dqn_helpers.autograder.budget import LOOK_SECONDS, Budget, Stopped, Watch
from dqn_helpers.autograder.messages import (
    LENGTH_BYTES,
    MAX_ANSWERS,
    MAX_BYTES,
    MessageError,
    TooLongError,
    decode,
    encode,
    from_data,
    length_of,
)
from dqn_helpers.exercises.model import Inputs, Outcome
from dqn_helpers.exercises.plain import plain
from dqn_helpers.exercises.repair import Trial
from dqn_helpers.exercises.running import NOT_RUN_TEXT, TIMEOUT_TEXT, WAITING_TEXT
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.extract import Slices

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 600.0  # nödbroms: en trög dator får ta god tid på sig
DYING_SECONDS = 0.25  # den som tystnar får så lång tid på sig att dö av sig själv
REPORT_BYTES = 4096
HAS_SERVER = sys.platform == "linux"

CRASHED_TEXT = (
    "Processen som körde din kod avslutades mitt i. Anropar koden något som avslutar Python, "
    "eller skriver den själv på rättarens kanaler?"
)
MEMORY_TEXT = "Koden använde mer minne än vad som finns till den, och avbröts."
TOO_LONG_TEXT = "Svaren från koden blev för stora för att läsas, och den avbröts."
SPENT_TEXT = "Tiden för övningen tog slut: koden har redan räknat eller sovit så länge som den får."
Answer = Callable[[Any], dict[str, Any]]
"""Svarar på en fråga från arbetaren, `{"ask": …}`, medan den kör (se `catalogue.answers`)."""

TEXTS = ("problem", "signature", "output", "cause")
STATUSES: tuple[Any, ...] = ("ok", "unsolved", "error", "timeout", "memory", "forbidden")

Cause = Literal["", "timeout", "sleep", "memory", "too_long", "crashed", "internal"]

CAUSES: dict[Cause, tuple[Any, str]] = {
    "timeout": ("timeout", TIMEOUT_TEXT),
    "sleep": ("timeout", WAITING_TEXT),
    "memory": ("memory", MEMORY_TEXT),
    "too_long": ("crashed", TOO_LONG_TEXT),
    "crashed": ("crashed", CRASHED_TEXT),
}
"""Varför arbetaren tystnade → övningens status och texten till studenten."""

READING_TEXTS: dict[Cause, str] = {
    "timeout": "Den är så lång eller invecklad att tiden för att läsa den tog slut.",
    "memory": "Den är så lång eller invecklad att minnet för att läsa den tog slut.",
    "too_long": "Den är så lång att det som övningarna behöver inte ryms.",
}


class WorkerError(RuntimeError):
    """Arbetaren gav inget svar; meddelandet säger varför."""


@dataclass(frozen=True)
class Report:
    """Hur ett uppdrag slutade.

    Attributes:
        cause: varför arbetaren tystnade; tomt om alla svar kom.
        seconds: studentens processortid.
        rested: så länge koden sov eller väntade.
    """

    cause: Cause = ""
    seconds: float = 0.0
    rested: float = 0.0


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
        """Skiva en inlämning i en arbetare (se `submission.extract`).

        Raises:
            WorkerError: om arbetaren inte svarade.
        """
        job = {"kind": "slice", "cells": _as_data(cells), "wanted": list(wanted)}
        budget = Budget.of(max(self.limit, READING_SECONDS))
        answers, report = self._converse(job, 1, budget)
        if not answers:
            raise WorkerError(READING_TEXTS.get(report.cause, CAUSES[report.cause][1]))
        try:
            return from_data(answers[0])
        except ValueError as error:
            raise WorkerError(f"Svaret gick inte att läsa: {error}") from None

    def run(
        self,
        number: str,
        cells: Sequence[CellSource],
        inputs: Sequence[Inputs],
        seed: int,
        budget: Budget | None = None,
        answer: Answer | None = None,
    ) -> Run:
        """Kör övningens fall på lösningen i cellerna.

        Efter en krasch körs resten av fallen i en ny arbetare, så länge `budget` räcker. Den
        minskar med det som gick åt, så att nästa försök får det som är kvar. Med `answer` besvaras
        arbetarens frågor; utan är en fråga ett obegripligt svar.
        """
        budget = budget or Budget.of(self.limit)
        job: dict[str, Any] = {"kind": "run", "number": number, "cells": _as_data(cells)}
        job |= {"inputs": list(inputs), "seed": seed, "may_ask": answer is not None}
        outcomes: list[Outcome] = []
        notes: tuple[str, ...] = ()
        start = budget.seconds
        while len(outcomes) < len(inputs) and not _is_over(outcomes):
            if budget.is_spent:
                outcomes.append(Outcome("timeout", problem=SPENT_TEXT))
                break
            part = job | {"first": len(outcomes), "seconds": budget.seconds}
            answers, report = self._converse(part, len(inputs) - len(outcomes) + 1, budget, answer)
            if not answers or answers[0].get("defined") is not True:
                return _undefined(answers, report, len(inputs), start - budget.seconds)
            notes = _texts(answers[0].get("notes"))
            outcomes += [_outcome(answer) for answer in answers[1:]]
            if len(outcomes) < len(inputs) and not _is_over(outcomes):
                status, text = CAUSES[report.cause or "crashed"]
                outcomes.append(Outcome(status, problem=text))
        missing = len(inputs) - len(outcomes)
        outcomes += [Outcome("not_run", problem=NOT_RUN_TEXT)] * missing
        return Run(tuple(outcomes), notes, start - budget.seconds)

    def trials(
        self,
        number: str,
        cells: Sequence[CellSource],
        inputs: Sequence[Inputs],
        only: Sequence[int] | None,
        places: Sequence[int],
        budget: Budget,
    ) -> list[Trial]:
        """Kör omskrivningar av lösningen (se `exercises.repair`); tomt om det inte gick."""
        if budget.is_spent:
            return []
        job: dict[str, Any] = {"kind": "repair", "number": number, "cells": _as_data(cells)}
        job |= {"inputs": list(inputs), "seed": 0, "seconds": budget.seconds}
        job |= {"only": only if only is None else list(only), "places": list(places)}
        answers, _ = self._converse(job, 1, budget)
        rows = answers[0].get("trials") if answers else None
        return [one for one in map(_trial, rows) if one] if isinstance(rows, list) else []

    def _converse(
        self, job: dict[str, Any], expected: int, budget: Budget, answer: Answer | None = None
    ) -> tuple[list[dict[str, Any]], Report]:
        """Svaren på ett uppdrag, högst `expected`, och hur det slutade. Budgeten minskar.

        Dör verkstaden själv startas en ny, och uppdraget görs om en gång.

        Raises:
            RuntimeError: om den dör en gång till: då är det något fel på rättaren eller datorn.
        """
        for _ in range(2):
            try:
                worker = self._worker(budget)
            except ConnectionError:  # verkstaden dog mellan två uppdrag
                continue
            answers, report = exchange(worker, job, expected, budget, answer)
            if report.cause != "internal" and (not self._server or self._server.alive):
                budget.seconds -= report.seconds
                budget.rest -= report.rested
                return answers, report
        raise RuntimeError("Rättarens verkstad dog två gånger i rad i samma uppdrag.")

    def _worker(self, budget: Budget) -> "Worker":
        """En ny arbetare: avknoppad där det går, annars i en egen process."""
        if not HAS_SERVER:
            return Alone(budget.seconds)
        if self._server is None or not self._server.alive:
            self._server = None
            self._start()
        assert self._server is not None
        return Forked(self._server, budget.seconds)


def _as_data(cells: Sequence[CellSource]) -> list[dict[str, str]]:
    return [dataclasses.asdict(cell) for cell in cells]


def _is_over(outcomes: Sequence[Outcome]) -> bool:
    return bool(outcomes) and outcomes[-1].status == "timeout"


def _undefined(answers: Sequence[Any], report: Report, n_cases: int, seconds: float) -> Run:
    """Lösningen blev aldrig definierad: namnet finns inte, eller arbetaren dog på vägen."""
    if answers:
        notes = _texts(answers[0].get("notes"))
        text = "Koden som definierar lösningen gick inte att köra. " + " ".join(notes)
        return Run((Outcome("error", problem=text.strip()),) * n_cases, notes, seconds)
    status, text = CAUSES[report.cause or "crashed"]
    return Run((Outcome(status, problem=text),) * n_cases, seconds=seconds)


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
    texts = {key: str(answer.get(key, ""))[:3000] for key in TEXTS}
    return Outcome(cast(Any, status), observed, **texts)


def _trial(row: Any) -> Trial | None:
    """En körd omskrivning; None om arbetaren skrev något annat."""
    if not isinstance(row, dict):
        return None
    place, outcomes = row.get("place"), row.get("outcomes")
    if not isinstance(place, list) or not isinstance(outcomes, list) or len(place) != 4:
        return None
    numbers = [row.get("number"), row.get("cell"), *place]
    if any(type(one) is not int for one in numbers) or not isinstance(row.get("rule"), str):
        return None
    ran = tuple(_outcome(one if isinstance(one, dict) else {}) for one in outcomes)
    return Trial(numbers[0], row["rule"], numbers[1], (place[0], *place[1:]), ran)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item)[:300] for item in value[:20]) if isinstance(value, list) else ()


# --- ett uppdrag: hälsning, uppdrag, svar --------------------------------------------------------


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


def exchange(
    worker: Worker,
    job: dict[str, Any],
    expected: int,
    budget: Budget,
    answer: Answer | None = None,
) -> tuple[list[dict[str, Any]], Report]:
    """Skicka uppdraget och ta emot svaren, så länge arbetaren skriver rätt och inte ska stoppas.

    Args:
        worker: en arbetare som just har startat.
        job: uppdraget.
        expected: så många svar väntas.
        budget: det som studentens kod får använda.
        answer: svarar på arbetarens frågor på vägen; de räknas inte som svar.
    """
    watch = Watch(worker.pid, budget)
    answers: list[dict[str, Any]] = []
    cause: Cause = "crashed"
    left = _most(job)
    try:
        hello, _ = _message(worker, MAX_BYTES, watch)
        watch.begin(hello["seconds"])
        _send(worker, encode(job), watch)
        while len(answers) < expected:
            message, size = _message(worker, left, watch)
            left -= size
            if answer and "ask" in message:
                reply = encode(answer(message["ask"]))
                watch.skip()  # rättarens tid är inte studentens
                _send(worker, reply, watch)
            else:
                answers.append(message)
        cause = ""
    except Stopped as stopped:
        cause = stopped.cause
    except TooLongError:
        cause = "too_long"
    except (MessageError, OSError):
        pass
    ended = worker.end(is_silent=cause == "crashed")
    return answers, _report(ended, cause, watch, budget)


def _send(worker: Worker, data: bytes, watch: Watch) -> None:
    left = memoryview(data)
    while left:
        watch.look()
        with contextlib.suppress(TimeoutError):
            left = left[worker.send(left) :]


def _message(worker: Worker, most: int, watch: Watch) -> tuple[dict[str, Any], int]:
    """Nästa meddelande, högst `most` byte, och dess längd."""
    length = length_of(_receive_exactly(worker, LENGTH_BYTES, watch), most)
    return decode(_receive_exactly(worker, length, watch)), length


def _receive_exactly(worker: Worker, count: int, watch: Watch) -> bytes:
    received = bytearray()
    while len(received) < count:
        watch.look()
        with contextlib.suppress(TimeoutError):
            part = worker.receive(min(count - len(received), 2**20), LOOK_SECONDS)
            if not part:
                raise ConnectionError
            received += part
    return bytes(received)


def _most(job: dict[str, Any]) -> int:
    """Så många byte får svaren vara tillsammans; en skivad anteckningsbok är stor."""
    return MAX_BYTES if job["kind"] == "slice" else MAX_ANSWERS


def _report(ended: Ended, cause: Cause, watch: Watch, budget: Budget) -> Report:
    """Den verkliga orsaken: vi vet om vi själva stoppade arbetaren, annars vad den dog av."""
    if not watch.has_begun:
        return Report("internal")
    seconds = watch.used if ended.seconds is None else ended.seconds - watch.start
    killed = not ended.cancelled and ended.signal == getattr(signal, "SIGKILL", 9)
    if cause == "crashed" and (killed or ended.signal == getattr(signal, "SIGXCPU", 24)):
        # Kärnan dödar den som har slut på processortid och den som tar för mycket minne.
        cause = "timeout" if not killed or seconds >= budget.seconds else "memory"
    return Report(cause, max(seconds, 0.0), watch.rested)


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
        return ", ".join(hello["escapes"])

    def stop(self) -> None:
        """Avsluta verkstaden och städa."""
        if self._control:
            self._control.close()
            self._control = None
        if self._process:
            _kill_group(self._process)
            self._process.wait()
        self._folder.cleanup()

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
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


# --- Windows och macOS: en ny process per uppdrag ------------------------------------------------


class Alone:
    """En arbetare i en egen, nystartad process."""

    def __init__(self, seconds: float) -> None:
        self._folder = tempfile.mkdtemp(prefix="rattaren-")
        module = [sys.executable, "-P", "-m", "dqn_helpers.autograder.server"]
        self._process = subprocess.Popen(
            [*module, "--one", str(seconds)],
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
