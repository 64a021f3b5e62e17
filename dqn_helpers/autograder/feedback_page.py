"""Studentens sida: poäng per beteende, vad som kom och vad som väntades, och den egna raden."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dqn_helpers.autograder.overrides import split_note
from dqn_helpers.autograder.page_names import own_name
from dqn_helpers.autograder.report_html import render
from dqn_helpers.autograder.report_text import (
    ISOLATION,
    STATUSES,
    Json,
    StatusWords,
    clean,
    file_name,
    one_line,
)
from dqn_helpers.autograder.scoring import behaviour_points, complete_points, lacks_reflection
from dqn_helpers.exercises.running import NOT_RUN_TEXT

CLEAR = StatusWords("✅", "Klart")
WRONG = StatusWords("❌", "Inte än")
NOT_TRIED = {
    "unsolved": StatusWords("⬜", "Inte löst"),
    "missing": StatusWords("⬜", "Saknas"),
    "internal": StatusWords("⬜", "Granskas för hand"),
}
NOT_RUN = StatusWords("⬜", "Inte kört")

_MAX_MESSAGE, _MAX_FEEDBACK, _MAX_OUTPUT, _MAX_REFLECTION = 3_000, 4_000, 2_000, 20_000
_MAX_LINE, _MAX_LINES, _MAX_CELLS, _MAX_NOTES = 300, 120, 8, 20
_ROW = re.compile(r"Rad (?P<row>\d{1,6}) i (?P<cell>cell \d{1,6})")
_SYNTAX_ROW = re.compile(r"(?P<cell>cell \d{1,6}), rad (?P<row>\d{1,6})")
_ARGUMENT = re.compile(r"(?P<name>[^\W\d]\w*) = ")


@dataclass(frozen=True)
class Situation:
    """Fallet som kördes: indata vid namn."""

    arguments: list[tuple[str, str]]

    @property
    def is_short(self) -> bool:
        """Sant om det går att visa direkt utan att skymma resten."""
        return sum(len(value) for _, value in self.arguments) <= 400


@dataclass(frozen=True)
class BehaviourView:
    """Ett beteende på sidan."""

    name: str
    words: StatusWords
    earned: float | None
    points: float | None
    message: str = ""
    situation: Situation | None = None
    same_case: bool = False


@dataclass(frozen=True)
class Line:
    """En rad av studentens kod; utan nummer är den ett hopp över tomma rader."""

    number: int | None
    text: str
    marked: bool = False


@dataclass(frozen=True)
class ExerciseView:
    """En övning på sidan."""

    id: str
    name: str
    words: StatusWords
    status: str
    points: float | None
    max_points: float
    advice: list[str]
    override: str
    behaviours: list[BehaviourView]
    cells: list[tuple[str, list[Line]]] = field(default_factory=list)
    output: str = ""


def feedback_page(submission: Json, details: Json, isolation: str) -> str:
    """Sidan för en inlämning, som HTML.

    Args:
        submission: inlämningen så som den står i results.json, med examinatorns ändringar.
        details: det som inte står där: källkod, utskrifter, anmärkningar och reflektion.
        isolation: isoleringsnivån.
    """
    return render(
        "feedback.html",
        file=file_name(submission),
        own_name=one_line(own_name(submission["file"]), 120) or "(utan namn)",
        student=one_line(submission["student"] or "", 100),
        submission=submission,
        message=clean(submission["message"], _MAX_MESSAGE),
        points=complete_points(submission),
        grade=one_line(submission["grade"] or "", 40),
        exercises=[_exercise(e, details) for e in submission["exercises"]],
        notes=[clean(note, 500) for note in details.get("notes", [])[:_MAX_NOTES]],
        reflection=clean(details.get("reflection", ""), _MAX_REFLECTION).strip(),
        lacks_reflection=lacks_reflection(submission, details),
        isolation=ISOLATION.get(isolation, isolation).split(":")[0],
    )


def _exercise(exercise: Json, details: Json) -> ExerciseView:
    number = exercise["id"]
    override, advice = split_note(exercise["feedback"])
    texts = [advice, *(test["message"] for test in exercise["tests"])]
    cells = details.get("source", {}).get(number, [])
    return ExerciseView(
        id=number,
        name=one_line(exercise["name"], 100),
        words=STATUSES.get(exercise["status"], STATUSES["internal"]),
        status=exercise["status"],
        points=exercise["points"],
        max_points=exercise["max_points"],
        advice=_advice(exercise, advice),
        override=override,
        behaviours=list(_behaviours(exercise)),
        cells=[(one_line(c["cell"], 40), code_lines(c, texts)) for c in cells[:_MAX_CELLS]],
        output=clean(details.get("output", {}).get(number, ""), _MAX_OUTPUT).rstrip(),
    )


def _advice(exercise: Json, text: str) -> list[str]:
    """Texterna om misstagen; finns inga säger statusen vad den betyder."""
    lines = [line for line in clean(text, _MAX_FEEDBACK).split("\n") if line.strip()]
    if exercise["status"] == "unsolved":
        lines = []
    return lines or [m for m in [STATUSES[exercise["status"]].meaning] if m]


def _behaviours(exercise: Json) -> Iterator[BehaviourView]:
    """Beteendena; det som redan är sagt i övningen sägs inte igen."""
    said: list[str | Situation] = [line.strip() for line in exercise["feedback"].split("\n")]
    for test in exercise["tests"]:
        situation, message = split_situation(clean(test["message"], _MAX_MESSAGE))
        message, error = _without_repeated_error(message, said)
        words = _words(exercise, test)
        if message and message in said:
            situation, message = None, "" if words.symbol == "⬜" else "Samma som ovan."
        yield BehaviourView(
            name=one_line(test["name"], 300),
            words=words,
            earned=_earned(exercise, test),
            points=behaviour_points(exercise["id"], test),
            message=message,
            situation=None if situation in said else situation,
            same_case=situation in said,
        )
        said += [part for part in (message, error, situation) if part]


def _without_repeated_error(message: str, said: Sequence[str | Situation]) -> tuple[str, str]:
    """Meddelandet, och felet från studentens rad i det; ett fel som redan står sägs kort."""
    row = _ROW.search(message)
    error = message[row.start() :] if row else ""
    if row and row.start() and error in said:
        return f"{message[: row.start()]}Samma fel som ovan.", error
    return message, error


def _earned(exercise: Json, test: Json) -> float | None:
    """Beteendets poäng; None om övningen granskas för hand."""
    if exercise["status"] == "internal":
        return None
    return behaviour_points(exercise["id"], test) if test["passed"] else 0.0


def _words(exercise: Json, test: Json) -> StatusWords:
    if test["passed"]:
        return CLEAR
    if exercise["status"] in NOT_TRIED:
        return NOT_TRIED[exercise["status"]]
    return NOT_RUN if NOT_RUN_TEXT in test["message"] else WRONG


# --- meddelandena ---------------------------------------------------------------------------------


def split_situation(message: str) -> tuple[Situation | None, str]:
    """Dela "Fallet x = 1, y = [2; 3]. Målet är 4, väntat 5." i fallet och det som hände."""
    end = _end_of_sentence(message) if message.startswith("Fallet ") else 0
    arguments = _arguments(message[len("Fallet ") : end])
    if not arguments or not message[end + 2 :]:
        return None, message
    return Situation(arguments), message[end + 2 :]


def _end_of_sentence(text: str) -> int:
    """Platsen för den första punkten som inte står inom parentes."""
    return next((i for i in _outside_brackets(text) if text.startswith(". ", i)), 0)


def _arguments(text: str) -> list[tuple[str, str]]:
    starts = [0, *(i + 2 for i in _outside_brackets(text) if _ARGUMENT.match(text, i + 2)
                   and text.startswith(", ", i))]  # fmt: skip
    pieces = [text[a:b] for a, b in zip(starts, [*(s - 2 for s in starts[1:]), None], strict=True)]
    matches = [(_ARGUMENT.match(piece), piece) for piece in pieces]
    return [(match["name"], piece[match.end() :]) for match, piece in matches if match]


def _outside_brackets(text: str) -> Iterator[int]:
    depth = 0
    for index, char in enumerate(text):
        depth += (char in "[(") - (char in "])")
        if depth <= 0:
            yield index


# --- studentens kod -------------------------------------------------------------------------------


def code_lines(cell: Json, texts: Iterable[str]) -> list[Line]:
    """Cellens rader med studentens egna radnummer; raden som ett meddelande nämner är märkt."""
    marked = _mentioned(cell["cell"], texts)
    rows = enumerate(clean(cell["text"], 200_000).split("\n"), 1)
    lines: list[Line] = []
    for is_code, group in itertools.groupby(rows, key=lambda row: bool(row[1].strip())):
        run = [Line(number, _short(text), number in marked) for number, text in group]
        # Fler än två tomma rader är sådant som inte behövdes och därför inte är med.
        lines += run if is_code or len(run) <= 2 else [Line(None, "⋯")]
    lines = _without_edges(lines)
    return lines[:_MAX_LINES] + [Line(None, "… (avkortat)")] * (len(lines) > _MAX_LINES)


def _without_edges(lines: list[Line]) -> list[Line]:
    places = [i for i, line in enumerate(lines) if line.number and line.text.strip()]
    return lines[places[0] : places[-1] + 1] if places else []


def _mentioned(cell: str, texts: Iterable[str]) -> set[int]:
    found = (m for text in texts for p in (_ROW, _SYNTAX_ROW) for m in p.finditer(text[:20_000]))
    return {int(match["row"]) for match in found if match["cell"] == cell}


def _short(text: str) -> str:
    return text if len(text) <= _MAX_LINE else f"{text[:_MAX_LINE]} …"
