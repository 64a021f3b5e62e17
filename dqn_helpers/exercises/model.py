"""Vad en övning är: beteenden som ger poäng, fall som prövar dem och en drivare som kör dem.

Alla värden som går in i och kommer ut ur en drivare är enkla data: tal, texter, listor, ordböcker
och numpy-arrayer. Då kan samma drivare köras i `check()` och i rättarens avskilda process.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from dqn_helpers.exercises.syllabus import SYLLABUS, notebook_of

Inputs = dict[str, Any]
"""Det ett fall matar in: enkla data."""

Observed = dict[str, Any]
"""Det som iakttogs: enkla data, ett namn per iakttagelse."""

Driver = Callable[[Any, Inputs], Observed]
"""Kör studentens funktion (eller klass) på ett falls indata och ger det som iakttogs."""

Answers = Callable[[Callable[[Inputs], Observed]], Sequence[Observed]]
"""Ger de godtagna svaren, ur en funktion som kör den rätta lösningen på valfria indata."""

DEFAULT_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Within:
    """Ett väntat tal (eller en array) som får ligga var som helst från `low` till `high`.

    För iakttagelser som beror på slumpen. Skriv bredvid hur liten risken är för falskt larm.
    """

    low: Any
    high: Any

    def accepts(self, value: Any) -> bool:
        """Sant om värdet har rätt form och ligger mellan gränserna."""
        try:
            got, low, high = (np.asarray(x, dtype=float) for x in (value, self.low, self.high))
        except (TypeError, ValueError, OverflowError):
            return False
        return got.shape == low.shape and bool(np.all((low <= got) & (got <= high)))


@dataclass(frozen=True)
class Observable:
    """Hur man talar om en iakttagelse på svenska.

    Attributes:
        label: vad den är, i bestämd form: "målet", "förlusten".
        none: mening för värdet None. Standard: funktionen returnerade inget.
        wrong: mening för ett fel värde, med {got} och {expected} (utan den: en allmän mening).
        row: vad en rad i svaret heter i kortets tabell.
    """

    label: str
    none: str = "Funktionen returnerar inget (`None`). Glömde du `return`?"
    wrong: str = ""
    row: str = "plats"


@dataclass(frozen=True)
class Behaviour:
    """En del av övningen som ger poäng för sig.

    Attributes:
        id: kort engelskt namn som fallen pekar ut den med.
        name: vad lösningen ska göra, på svenska: "maskerar sluttillstånd".
        points: en halv poäng eller mer.
        observables: de iakttagelser som avgör.
        requires: id för de beteenden som måste vara rätt för att det här ska räknas. Kärnan i en
            övning, det som den heter efter, går inte att hoppa över.
        stage: i vilket steg av bygget beteendet kommer till. En övning som skrivs på en gång har
            bara ett steg.
    """

    id: str
    name: str
    points: float
    observables: tuple[str, ...]
    requires: tuple[str, ...] = ()
    stage: int = 1


@dataclass(frozen=True)
class Case:
    """Ett fall: indata, och vilka beteenden det prövar.

    Attributes:
        behaviours: id för de beteenden som fallet avgör.
        inputs: indata till drivaren.
        expected: godtagna svar, vart och ett en ordbok med (minst) de avgörande iakttagelserna.
            I de öppna exemplen är de räknade för hand; de dolda fallen fylls i av rättaren.
        text: situationen i ord (öppna exempel).
        by_hand: iakttagelse → räkningen för hand; en text, eller en per plats i arrayen.
        tolerance: största relativa avvikelsen som räknas som samma svar.
        random: iakttagelser som beror på studentens egen slump; de används inte för att känna
            igen misstag.
        answers: hur de godtagna svaren fås ur den rätta lösningen, när de är fler än ett.
        evidence: iakttagelser som är belägg, rådata som drivaren bara ger när det står `evidence`
            i indata; misstagen körs utan.
    """

    behaviours: tuple[str, ...]
    inputs: Inputs
    expected: tuple[Observed, ...] = ()
    text: str = ""
    by_hand: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    tolerance: float = DEFAULT_TOLERANCE
    random: tuple[str, ...] = ()
    answers: Answers | None = None
    evidence: tuple[str, ...] = ()

    def without_evidence(self) -> "Case":
        """Samma fall utan beläggen."""
        inputs = {key: value for key, value in self.inputs.items() if key != "evidence"}
        expected = tuple(
            {key: value for key, value in right.items() if key not in self.evidence}
            for right in self.expected
        )
        return replace(self, inputs=inputs, expected=expected, evidence=())


@dataclass(frozen=True)
class Exercise:
    """En övning.

    Attributes:
        number: "3.1".
        signature: anropet som studenten ser det: "td_target(reward, …)".
        driver: kör studentens lösning på ett falls indata.
        behaviours: delarna som ger poäng.
        observables: iakttagelsernas svenska beskrivningar.
        examples: öppna exempel, små nog att räkna för hand.
        hints: tre ledtrådar (markdown), den sista strax före koden.
        wraps: argument → vad talen görs till i exemplet att klistra in: "torch.tensor", "" för ett
            värde som det är, eller namnet på det av fallets indata som säger vad. Tomt när
            exemplet är mer än ett enda anrop; då klistrar studenten in ett anrop av drivaren.
    """

    number: str
    signature: str
    driver: Driver
    behaviours: tuple[Behaviour, ...]
    observables: dict[str, Observable]
    examples: tuple[Case, ...]
    hints: tuple[str, str, str]
    wraps: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if sum(b.points for b in self.behaviours) % 1:
            raise ValueError(f"{self.number}: beteendenas poäng ska tillsammans bli ett heltal")
        known = {b.id for b in self.behaviours}
        if not {one for b in self.behaviours for one in b.requires} <= known:
            raise ValueError(f"{self.number}: ett beteende kräver ett som inte finns")
        for case in self.examples:
            if not set(case.behaviours) <= known:
                raise ValueError(f"{self.number}: okänt beteende i {case.behaviours}")
        if not {key for b in self.behaviours for key in b.observables} <= set(self.observables):
            raise ValueError(f"{self.number}: en avgörande iakttagelse saknar beskrivning")

    @property
    def name(self) -> str:
        """Funktionens eller klassens namn."""
        return SYLLABUS[self.number]

    @property
    def arguments(self) -> tuple[str, ...]:
        """Argumentens namn, så som de står i anropet."""
        inside = self.signature.partition("(")[2].partition(")")[0]
        names = (one.partition("=")[0].strip() for one in inside.split(","))
        return tuple(name for name in names if name.isidentifier())

    @property
    def points(self) -> int:
        """Övningens poäng: beteendenas tillsammans."""
        return int(sum(b.points for b in self.behaviours))

    @property
    def n_stages(self) -> int:
        """Antalet steg som övningen byggs i."""
        return max(b.stage for b in self.behaviours)

    @property
    def notebook(self) -> str:
        """Anteckningsbokens nummer, "03"."""
        return notebook_of(self.number)


Status = Literal["ok", "unsolved", "error", "timeout", "memory", "crashed", "forbidden", "not_run"]


@dataclass(frozen=True)
class Outcome:
    """Vad som hände när ett fall kördes; bara enkla data.

    Attributes:
        status: "ok" om drivaren kom till slutet.
        observed: det som iakttogs.
        problem: svensk mening när det inte gick.
        signature: undantagets sort, meddelande utan siffror och orsak; samma fel ger samma text.
        output: det koden skrev ut (början av det).
        cause: orsaken till felet i ord, om den är känd.
    """

    status: Status
    observed: Observed = field(default_factory=dict)
    problem: str = ""
    signature: str = ""
    output: str = ""
    cause: str = ""

    @property
    def explained(self) -> str:
        """Problemet, och orsaken om den är känd."""
        if not self.cause:
            return self.problem
        end = "" if self.problem.endswith((".", "?", "!")) else "."
        return f"{self.problem}{end} {self.cause}"


@dataclass(frozen=True)
class KnownMistake:
    """Ett känt misstag: texten till studenten och vad misstaget ger i vart och ett av fallen.

    `alone` betyder att texten säger att resten är rätt; den gäller då bara om den är det.
    `generated` betyder att ingen har skrivit misstaget: det är en omskriven rätt lösning, och
    texten säger vad svaren liknar.
    """

    id: str
    text: str
    outcomes: Sequence[Outcome]
    alone: bool = False
    generated: bool = False
