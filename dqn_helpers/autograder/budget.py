"""Vad en inlämning får kosta: tid, minne, text och antal. `rules` säger alla gränser i ord.

Processortiden avgör, aldrig klockan: på en upptagen dator får den som räknar lite processor varje
sekund, och det är inte studentens fel. Den som sover eller väntar i stället för att räkna stoppas
också, men bara av sin egen sömn.
"""

import sys
import time
from dataclasses import dataclass
from typing import Literal

import psutil

from dqn_helpers.autograder.sandbox import MEMORY_BYTES
from dqn_helpers.autograder.submissions import MAX_NOTEBOOKS
from dqn_helpers.exercises.plain import MAX_MESSAGE

LIMIT = 10.0
"""Processortid i sekunder för en övning."""

READING_SECONDS = 5.0
"""Så lång tid får det ta att läsa en fil, också när en övning får kortare."""

LOOK_SECONDS = 0.05
"""Så ofta ser rättaren efter vad en arbetare gör."""

GRACE_SECONDS = 0.2
"""Så mycket längre väntar rättaren än arbetaren själv, som helst avbryter med utskrifterna kvar."""

STUCK_SECONDS, STUCK_FACTOR = 600, 60
"""Nödbroms: så länge på klockan, plus så många gånger processortiden. Då är det datorns fel."""

IDLE_SHARE = 0.1
"""Den som använder mindre än så av en processor kan vara någon som sover."""

# Linux säger om en process sover eller väntar på processorn. Andra system gör inte det; där räknas
# bara den som inte har fått någon processortid att tala om på flera sekunder.
KNOWS_WHO_SLEEPS = sys.platform == "linux"
UNSURE_SECONDS = 0.0 if KNOWS_WHO_SLEEPS else 2.0
_ASLEEP = (psutil.STATUS_SLEEPING, psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)


def rules(limit: float) -> list[str]:
    """Gränserna i ord, för hjälpen och klassens rapport; `limit` är sekunder för en övning."""
    return [
        f"En övning får {_seconds(limit)} processortid, alla försök och de celler som definierar "
        f"lösningen inräknade. Att läsa filen får ta {_seconds(reading_seconds(limit))} till.",
        "Bara processortiden räknas, så en upptagen dator kostar ingen student något. Den som "
        "sover eller väntar i stället för att räkna stoppas efter lika lång sömn.",
        f"En lösning får använda {MEMORY_BYTES // 2**30} GB minne (i Linux), och en kommentar till "
        f"studenten blir högst {MAX_MESSAGE:,} tecken.".replace(",000", " 000"),
        f"Högst {MAX_NOTEBOOKS} anteckningsböcker rättas ur det som en student lämnar in. De andra "
        "får en egen rad som säger det.",
    ]


def _seconds(number: float) -> str:
    return f"{number:g} sekunder".replace(".", ",")


def reading_seconds(limit: float) -> float:
    """Så lång processortid får det ta att läsa en fil; då körs inget av studentens kod."""
    return max(limit, READING_SECONDS)


@dataclass
class Budget:
    """Det som en övning har kvar, i alla försök tillsammans.

    Attributes:
        seconds: processortid.
        rest: tid som koden får sova eller vänta.
    """

    seconds: float
    rest: float

    @classmethod
    def of(cls, limit: float) -> "Budget":
        """En ny budget: lika mycket sömn som arbete."""
        return cls(limit, limit)

    @property
    def is_spent(self) -> bool:
        """Sant om det inte är någon idé att börja om."""
        return self.seconds < 0.01 or self.rest < 0.01


class Stopped(Exception):  # noqa: N818  (inget fel: så slutar den som inte blir klar)
    """Arbetaren ska stoppas, och varför; "internal" är rättarens eller datorns fel."""

    def __init__(self, cause: Literal["timeout", "sleep", "internal"]) -> None:
        super().__init__(cause)
        self.cause = cause


class Watch:
    """Ser efter, då och då, om en arbetare har räknat eller sovit för länge.

    Args:
        pid: arbetarens nummer.
        budget: det som är kvar.

    Attributes:
        start: processortid som arbetaren hade använt innan studentens kod började.
        used: studentens processortid, så vitt vi har sett.
        rested: så länge koden har sovit eller väntat.
    """

    def __init__(self, pid: int, budget: Budget) -> None:
        self._pid, self._budget = pid, budget
        self._began_at = self._looked_at = time.monotonic()
        self._idle = 0.0
        self.has_begun = False
        self.start = self.used = self.rested = 0.0

    def begin(self, start: float) -> None:
        """Arbetaren är varm; det som den använder från och med nu är studentens."""
        self.start, self.has_begun = start, True
        self.skip()

    def skip(self) -> None:
        """Räkna inte tiden sedan sist: det var rättaren som lät arbetaren vänta."""
        self._looked_at = time.monotonic()

    def look(self) -> None:
        """Titta, om det var ett tag sedan.

        Raises:
            Stopped: om tiden eller sömnen är slut.
        """
        elapsed = time.monotonic() - self._looked_at
        if elapsed < LOOK_SECONDS:
            return
        self.skip()
        if self._looked_at - self._began_at > STUCK_SECONDS + STUCK_FACTOR * self._budget.seconds:
            raise Stopped("internal")
        found = measured(self._pid) if self.has_begun else None
        if found is not None:  # annars har den inte börjat, eller slutat; det märks i kanalen
            self._count(elapsed, *found)

    def _count(self, elapsed: float, used: float, may_be_asleep: bool) -> None:
        used -= self.start
        is_idle = may_be_asleep and used - self.used < IDLE_SHARE * elapsed
        self.used = used
        # Har rättaren själv fått vänta länge på processorn vet vi bara vad arbetaren gör just nu.
        self._idle = self._idle + min(elapsed, 5 * LOOK_SECONDS) if is_idle else 0.0
        if self._idle > UNSURE_SECONDS:
            self.rested += self._idle
            self._idle = 0.0
        if self.used >= self._budget.seconds + GRACE_SECONDS:
            raise Stopped("timeout")
        if self.rested >= self._budget.rest + GRACE_SECONDS:
            raise Stopped("sleep")


def measured(pid: int) -> tuple[float, bool] | None:
    """Processortiden och om processen kan tänkas sova; None om den inte finns."""
    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        may_be_asleep = not KNOWS_WHO_SLEEPS or process.status() in _ASLEEP
    except (psutil.Error, ValueError):
        return None
    return times.user + times.system, may_be_asleep
