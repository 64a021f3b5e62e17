"""Rättarens sida av verkstaden: lämna ut kod och indata, få tillbaka enkla data.

Allt som kommer tillbaka prövas; en arbetare som kraschar, fastnar eller svarar fel blir ett
`Outcome` som säger det. Inget som en inlämning gör når längre än till sitt eget svar.
"""

import contextlib
import dataclasses
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

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
from dqn_helpers.autograder.processes import Alone, Ended, Forked, Server, Worker
from dqn_helpers.autograder.sandbox import TIERS, Tier
from dqn_helpers.exercises.model import Inputs, Outcome
from dqn_helpers.exercises.plain import plain
from dqn_helpers.exercises.repair import Trial
from dqn_helpers.exercises.running import NOT_RUN_TEXT, TIMEOUT_TEXT, WAITING_TEXT
from dqn_helpers.exercises.unused import Unused
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.extract import Slices

HAS_SERVER = sys.platform == "linux"

CRASHED_TEXT = (
    "Processen som körde din kod avslutades mitt i körningen. Anropar koden något som avslutar "
    "Python, eller skriver den själv på rättarens kanaler?"
)
MEMORY_TEXT = "Koden använde mer minne än den får ha, och avbröts."
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

    def __init__(self, limit: float = LIMIT, tier: Tier = "full") -> None:
        self.limit = limit
        self.tier = tier
        self.reasons: list[str] = []
        self._server: Server | None = None

    @classmethod
    def launch(cls, limit: float, count: int = 1) -> "list[Workshop]":
        """Börja starta verkstäder, utan att vänta: det tar några sekunder att använda till annat.

        De kommer ur en enda varm process, så att torch bara laddas en gång.
        """
        launched = [cls(limit) for _ in range(count)]
        if HAS_SERVER:
            for workshop, server in zip(launched, Server.launch("full", count), strict=True):
                workshop._server = server
        return launched

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
        for tier in TIERS[TIERS.index(self.tier) :]:
            self.tier = tier
            self._server = self._server or Server.launch(tier)[0]
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

    def unused(self, number: str, cells: Sequence[CellSource], budget: Budget) -> list[Unused]:
        """Argumenten som lösningen aldrig läser (se `exercises.unused`); tomt om det inte gick."""
        if budget.is_spent:
            return []
        job = {"kind": "unused", "number": number, "cells": _as_data(cells)}
        answers, _ = self._converse(job, 1, budget)
        rows = answers[0].get("unused") if answers else None
        return [one for one in map(_unused, rows) if one] if isinstance(rows, list) else []

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

    def _worker(self, budget: Budget) -> Worker:
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


def _unused(row: Any) -> Unused | None:
    """Ett argument som inte används; None om arbetaren skrev något annat."""
    if not isinstance(row, list | tuple) or [type(part) for part in row] != [str, int, int]:
        return None
    return Unused(*row)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item)[:300] for item in value[:20]) if isinstance(value, list) else ()


# --- ett uppdrag: hälsning, uppdrag, svar --------------------------------------------------------


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
    line = Line(worker, budget)
    answers: list[dict[str, Any]] = []
    cause: Cause = "crashed"
    try:
        for message in line.answers(job, answer):
            answers.append(message)
            if len(answers) == expected:
                break
        cause = ""
    except Stopped as stopped:
        cause = stopped.cause
    except TooLongError:
        cause = "too_long"
    except (MessageError, OSError):
        pass
    ended = worker.end(is_silent=cause == "crashed")
    return answers, _report(ended, cause, line.watch, budget)


class Line:
    """Kanalen till en arbetare; den som talar eller lyssnar ser också efter hur tiden går."""

    def __init__(self, worker: Worker, budget: Budget) -> None:
        self._worker = worker
        self.watch = Watch(worker.pid, budget)

    def answers(self, job: dict[str, Any], answer: Answer | None) -> Iterator[dict[str, Any]]:
        """Lämna ut uppdraget, och ge svaren ett och ett."""
        hello, _ = self._receive(MAX_BYTES)
        self.watch.begin(hello["seconds"])
        self._send(encode(job))
        left = MAX_BYTES if job["kind"] == "slice" else MAX_ANSWERS  # en skivad bok är stor
        while True:
            message, size = self._receive(left)
            left -= size
            if answer and "ask" in message:
                reply = encode(answer(message["ask"]))
                self.watch.skip()  # rättarens tid är inte studentens
                self._send(reply)
            else:
                yield message

    def _send(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            self.watch.look()
            with contextlib.suppress(TimeoutError):
                left = left[self._worker.send(left) :]

    def _receive(self, most: int) -> tuple[dict[str, Any], int]:
        """Nästa meddelande, högst `most` byte, och dess längd."""
        length = length_of(self._exactly(LENGTH_BYTES), most)
        return decode(self._exactly(length)), length

    def _exactly(self, count: int) -> bytes:
        received = bytearray()
        while len(received) < count:
            self.watch.look()
            with contextlib.suppress(TimeoutError):
                part = self._worker.receive(min(count - len(received), 2**20), LOOK_SECONDS)
                if not part:
                    raise ConnectionError
                received += part
        return bytes(received)


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
