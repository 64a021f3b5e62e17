"""Resultatet: samma data hela vägen från bedömningen till rapporterna.

En klass har inlämningar, en inlämning har övningar och en övning har delar som ger poäng. Ingen
rapport läser ut något ur en färdig mening: varje mening görs där den visas.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from dqn_helpers.autograder.arguments import LIMIT
from dqn_helpers.card import ComparedRow, Comparison

Json = dict[str, Any]

Status = Literal[
    "passed",
    "partial",
    "failed",
    "unsolved",
    "missing",
    "syntax_error",
    "error",
    "timeout",
    "memory",
    "crashed",
    "forbidden",
    "internal",
    "manual",
]
"""Hur det gick på en övning; `internal` betyder att rättaren själv gick sönder, och `manual` att
det är ett skrivet svar, som läraren bedömer."""

SubmissionStatus = Literal["graded", "unreadable", "error"]

VERSION = 1
NOT_CHOSEN = "Filen har ingen av de övningar som valdes med `--only`."


@dataclass(frozen=True)
class PartResult:
    """En del av en övning.

    Attributes:
        name: vad lösningen ska göra, på svenska.
        points: så mycket delen är värd.
        passed: sant om den är rätt.
        message: vad som hände, om den inte är rätt.
        situation: fallet i ord; tomt om det är dess indata som säger vilket fall det är.
        arguments: fallets indata, namn och värde i ord.
        was_run: falskt om delen aldrig kördes, för att ett tidigare fall tog för lång tid.
        comparison: svaret bredvid det rätta, när det som är fel är ett värde.
        code: fallet som Python att klistra in.
    """

    name: str
    points: float
    passed: bool
    message: str = ""
    situation: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    was_run: bool = True
    comparison: Comparison | None = None
    code: str = ""

    def whole_message(self) -> str:
        """Fallet och det som hände, i en enda text."""
        arguments = ", ".join(f"{name} = {value}" for name, value in self.arguments)
        case = self.situation or (f"Fallet är {arguments}." if arguments else "")
        return f"{case} {self.message}".strip()


@dataclass(frozen=True)
class Decision:
    """Examinatorns ändring: poängen före (None: ingen fanns) och efter, och skälet.

    `letter` är G eller U om det är det som examinator skrev, och `who` den som bedömde.
    """

    old: float | None
    points: float
    reason: str
    letter: str = ""
    who: str = ""


@dataclass(frozen=True)
class Remark:
    """Något som läraren har skrivit om en övning eller om hela filen.

    Attributes:
        text: orden till studenten.
        who: den som skrev dem; tomt om det inte står.
        grade: betyget, om det är det som bestäms.
        percent: så många procent av poängen som dras av, om det är ett avdrag.
        lost: poängen som avdraget kostade.
    """

    text: str
    who: str = ""
    grade: str = ""
    percent: float | None = None
    lost: float = 0.0


@dataclass(frozen=True)
class ExerciseResult:
    """En övning i en inlämning.

    Attributes:
        id: övningens nummer, "5.1".
        name: funktionens eller klassens namn.
        points: poängen som gäller; None tills en människa har bedömt övningen.
        max_points: full poäng.
        status: hur det gick.
        parts: delarna som ger poäng.
        misconception: id för det säkraste av de misstag som kändes igen.
        texts: återkopplingen, en mening eller ett stycke i taget.
        decision: examinatorns ändring, om det finns en.
        source: studentens kod, cellens namn och text; till studentens sida.
        output: det koden skrev ut.
        reach: rader i koden som rör något utanför övningen, för läraren att titta på.
        remarks: lärarens kommentarer.
        deducted: poängen som ett avdrag har tagit.
    """

    id: str
    name: str
    points: float | None
    max_points: float
    status: Status
    parts: tuple[PartResult, ...] = ()
    misconception: str | None = None
    texts: tuple[str, ...] = ()
    decision: Decision | None = None
    source: tuple[tuple[str, str], ...] = ()
    output: str = ""
    reach: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    deducted: float = 0.0

    @property
    def is_waiting(self) -> bool:
        """Sant om det är ett skrivet svar som läraren inte har bedömt än."""
        return self.status == "manual" and self.points is None

    @property
    def is_changed(self) -> bool:
        """Sant om examinator har ändrat poängen; att bedöma ett skrivet svar är ingen ändring."""
        return self.decision is not None and self.status != "manual"


@dataclass(frozen=True)
class SubmissionResult:
    """En inlämnad fil.

    Attributes:
        file: filens namn, med mappar.
        student: studenten, om namnet säger vem det är.
        sha256: filens kontrollsumma.
        status: om den gick att läsa och rätta.
        message: varför den inte gick att rätta, eller en anmärkning om filen.
        exercises: övningarna i den.
        grade: betyget, om boken har betyg.
        grade_note: vad betyget inte räknar med, "utan 5.4"; None om det räknar med allt.
        notes: anmärkningar till studenten.
        reflection: svaret på övning 5.4.
        isolation: nivån på inhägnaden; tom om inget kördes.
        isolation_reasons: varför en starkare nivå inte gick.
        canvas_id: studentens nummer i Canvas, om filen är nedladdad därifrån.
        notebook: anteckningsbokens nummer, "05", om filen säger det.
        batch: omgången som filen rättades i första gången.
        attempt: Canvas nummer på filen (ett högre är nyare); 0 om det är okänt.
        paths: det som läraren angav när filen rättades.
        moodle_id: studentens nummer i Moodle, om filen är nedladdad därifrån.
        person: vem läraren har sagt att det är; tom om ingen har sagt något.
        login: användarnamnet, om omdömesboken ger det.
        members: numren i Canvas eller Moodle på alla i en grupp som har lämnat in tillsammans.
        known_as: namn och användarnamn på alla som läraren eller klassens lista har känt igen.
        replaced_by: den nyare fil från samma student som räknas i stället, om det finns en.
        casino_code: det som avgör studentens eget kasino i 5.4; None om det inte står i filen.
        late: sant om filen kom för sent.
        remarks: det som läraren har bestämt eller skrivit om hela filen.
    """

    file: str
    student: str | None
    sha256: str
    status: SubmissionStatus
    message: str = ""
    exercises: Sequence[ExerciseResult] = ()
    grade: str | None = None
    grade_note: str | None = None
    notes: tuple[str, ...] = ()
    reflection: str = ""
    isolation: str = ""
    isolation_reasons: tuple[str, ...] = ()
    canvas_id: str | None = None
    notebook: str | None = None
    batch: int = 1
    attempt: int = 0
    paths: tuple[str, ...] = ()
    moodle_id: str | None = None
    person: str = ""
    login: str = ""
    members: tuple[str, ...] = ()
    known_as: tuple[str, ...] = ()
    replaced_by: str = ""
    casino_code: str | None = None
    late: bool = False
    remarks: tuple[Remark, ...] = ()

    @property
    def who(self) -> tuple[str, str] | None:
        """Det som skiljer studenten från alla andra: numret först, för två kan heta lika."""
        named = (("person", self.person), ("canvas", self.canvas_id), ("moodle", self.moodle_id),
                 ("namn", self.student))  # fmt: skip
        return next(((kind, value) for kind, value in named if value), None)

    @property
    def age(self) -> tuple[int, int]:
        """Så ny är filen bland studentens: omgången först, och i den Canvas nummer."""
        return self.batch, self.attempt

    @property
    def points(self) -> float:
        """Summan av de poäng som finns."""
        return total(self.exercises)

    @property
    def max_points(self) -> float:
        """Full poäng på övningarna i filen, också på ett skrivet svar som inte är bedömt än."""
        return sum(exercise.max_points for exercise in self.exercises)

    @property
    def waiting(self) -> list[str]:
        """Numren på de skrivna svar som läraren inte har bedömt än."""
        return [exercise.id for exercise in self.exercises if exercise.is_waiting]

    @property
    def undecided(self) -> list[str]:
        """Numren på de övningar som rättaren inte kunde ge några poäng."""
        return [e.id for e in self.exercises if e.points is None and not e.is_waiting]

    @property
    def complete_points(self) -> float | None:
        """Poängen; None om filen inte gick att rätta eller rättaren gick sönder på en övning."""
        return None if self.status != "graded" or self.undecided else self.points

    @property
    def lacks_reflection(self) -> bool:
        """Sant om bok 05 är inlämnad utan reflektion."""
        has_book = any(exercise.id.startswith("5.") for exercise in self.exercises)
        return has_book and not self.reflection.strip()


@dataclass(frozen=True)
class ClassResult:
    """En hel rättning.

    Attributes:
        seed: fröet som de dolda fallen drogs med.
        isolation: den svagaste inhägnad som någon inlämning kördes i.
        submissions: inlämningarna, i den ordning de gavs.
        changed_files: filer som ändrades under rättningen fast ingen inlämning ska kunna röra dem.
        limit: processortiden i sekunder som en övning fick.
        unclear: frågor till läraren om vem som är vem.
        not_handed_in: de i omdömesboken som inte har lämnat in.
    """

    seed: int | str
    isolation: str
    submissions: tuple[SubmissionResult, ...] = ()
    changed_files: tuple[str, ...] = ()
    limit: float = LIMIT
    unclear: tuple[str, ...] = ()
    not_handed_in: tuple[str, ...] = ()


def total(exercises: Iterable[ExerciseResult]) -> float:
    """Summan av de poäng som finns; ett beslut som saknas är inte en nolla."""
    return sum(exercise.points for exercise in exercises if exercise.points is not None)


def assessed_points(exercises: Iterable[ExerciseResult]) -> float:
    """Full poäng på det som är bedömt: det som betyg och andelar räknas av."""
    return sum(exercise.max_points for exercise in exercises if not exercise.is_waiting)


# --- results.json --------------------------------------------------------------------------------


def to_json(results: ClassResult) -> Json:
    """Innehållet i results.json."""
    return class_json(results) | {"submissions": [*map(submission_json, results.submissions)]}


def class_json(results: ClassResult) -> Json:
    """Det som gäller hela klassen."""
    return {
        "version": VERSION,
        "seed": results.seed,
        "limit": results.limit,
        "isolation": results.isolation,
        "changed_files": list(results.changed_files),
    }


def submission_json(submission: SubmissionResult) -> Json:
    """En inlämnings rad."""
    return {
        "file": submission.file,
        "student": submission.student,
        "canvas_id": submission.canvas_id,
        "login": submission.login or None,
        "batch": submission.batch,
        "replaced_by": submission.replaced_by or None,
        "sha256": submission.sha256,
        "status": submission.status,
        "message": submission.message,
        "points": submission.points if submission.status == "graded" else None,
        "max_points": submission.max_points,
        "grade": submission.grade,
        "grade_note": submission.grade_note,
        "late": submission.late,
        "remarks": remark_texts(submission.remarks),
        "exercises": [_exercise_json(one) for one in submission.exercises],
    }


def _exercise_json(exercise: ExerciseResult) -> Json:
    return {
        "id": exercise.id,
        "name": exercise.name,
        "points": exercise.points,
        "max_points": exercise.max_points,
        "status": exercise.status,
        "misconception": exercise.misconception,
        "feedback": "\n".join((*teachers_texts(exercise), *exercise.texts)),
        "reach": list(exercise.reach),
        "deducted": exercise.deducted,
        "tests": [
            {"name": part.name, "passed": part.passed, "message": part.whole_message()}
            for part in exercise.parts
        ],
    }


def decision_texts(exercise: ExerciseResult) -> list[str]:
    """Examinatorns ändring eller bedömning i ord, om det finns en."""
    decision = exercise.decision
    if decision is None:
        return []
    new, letter = points_text(decision.points), f" ({decision.letter})" if decision.letter else ""
    if exercise.status == "manual":
        given = f"{new} av {points_text(exercise.max_points)} poäng{letter}"
        return [f"Lärarens bedömning{_by(decision.who)}: {given}. {decision.reason}"]
    changed = f"har ändrat poängen från {points_text(decision.old)} till {new}"
    if decision.old is None:
        changed = f"har bedömt övningen för hand och gett {new} poäng"
    return [f"Examinator{_by(decision.who)} {changed}{letter}. Skäl: {decision.reason}"]


def remark_texts(remarks: Iterable[Remark]) -> list[str]:
    """Lärarens kommentarer, avdrag och betyg i ord."""
    return [_remark_text(remark) for remark in remarks]


def _remark_text(remark: Remark) -> str:
    who = _by(remark.who)
    if remark.grade:
        return f"Betyget {remark.grade} är bestämt av läraren{who}. Skäl: {remark.text}"
    if remark.percent is None:
        return f"Kommentar från läraren{who}: {remark.text}"
    percent, lost = points_text(remark.percent), points_text(remark.lost)
    return f"Avdrag{who}: {percent} procent av poängen, alltså {lost} poäng. Skäl: {remark.text}"


def _by(who: str) -> str:
    return f" ({who})" if who else ""


def teachers_texts(exercise: ExerciseResult) -> list[str]:
    """Allt som läraren har sagt om en övning: ändringen eller bedömningen, och kommentarerna."""
    return [*decision_texts(exercise), *remark_texts(exercise.remarks)]


def grade_text(submission: SubmissionResult) -> str:
    """Betyget med det som det inte räknar med: "VG, utan 5.4"; tomt om det saknas."""
    return ", ".join(filter(None, (submission.grade, submission.grade_note)))


def points_text(points: float | None) -> str:
    """Poäng på svenska: 1,5. Utan poäng: ett tankstreck."""
    if points is None:
        return "–"
    return f"{float(points):.2f}".rstrip("0").rstrip(".").replace(".", ",")


# --- underlaget, som en avbruten rättning fortsätter från -----------------------------------------


def as_data(submission: SubmissionResult) -> Json:
    """Allt om inlämningen som enkla data."""
    return asdict(replace(submission, exercises=tuple(submission.exercises)))


def from_data(data: Json) -> SubmissionResult:
    """Motsatsen till `as_data`.

    Raises:
        KeyError, TypeError, ValueError: om det inte är sådana data.
    """
    exercises = tuple(_exercise(one) for one in data["exercises"])
    lists = {
        key: tuple(data.get(key, ()))
        for key in ("notes", "isolation_reasons", "paths", "members", "known_as")
    }
    made: Json = {**data, **lists, "exercises": exercises, "remarks": _remarks(data)}
    return SubmissionResult(**made)


def _exercise(data: Json) -> ExerciseResult:
    decision = Decision(**data["decision"]) if data["decision"] else None
    made = {
        "parts": tuple(_part(part) for part in data["parts"]),
        "texts": tuple(data["texts"]),
        "reach": tuple(data["reach"]),
        "source": _pairs(data["source"]),
        "decision": decision,
        "remarks": _remarks(data),
    }
    return ExerciseResult(**data | made)


def _remarks(data: Json) -> tuple[Remark, ...]:
    return tuple(Remark(**one) for one in data.get("remarks", ()))


def _part(data: Json) -> PartResult:
    # En avbruten rättning kan vara gjord innan tabellen och koden fanns.
    table = data.get("comparison")
    made = {
        "arguments": _pairs(data["arguments"]),
        "comparison": _comparison(table) if table else None,
    }
    return PartResult(**data | made)


def _comparison(data: Json) -> Comparison:
    rows = (ComparedRow(**row | {"inputs": tuple(row["inputs"])}) for row in data["rows"])
    return Comparison(tuple(data["columns"]), tuple(rows), data["n_left_out"])


def _pairs(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in rows)
