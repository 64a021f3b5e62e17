"""Studentens sida: samma kort som i anteckningsboken, med poäng, och den egna koden."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from dqn_helpers.autograder.result import (
    ExerciseResult,
    PartResult,
    SubmissionResult,
    points_text,
    remark_texts,
    teachers_texts,
)
from dqn_helpers.card import Card, ComparedRow, Comparison, Part
from dqn_helpers.counting import counted
from dqn_helpers.teacher.report.html import render
from dqn_helpers.teacher.report.markdown import markdown
from dqn_helpers.teacher.report.words import (
    ISOLATION,
    StatusWords,
    clean,
    file_name,
    named,
    one_line,
    own_name,
    status_words,
)

CLEAR = StatusWords("passed", "Klart")
WRONG = StatusWords("failed", "Inte än")
NOT_TRIED = {
    "unsolved": StatusWords("unsolved", "Inte löst"),
    "missing": StatusWords("unsolved", "Saknas"),
    "internal": StatusWords("manual", "Granskas för hand"),
    "manual": StatusWords("manual", "Bedöms av läraren"),
}
NOT_RUN = StatusWords("unsolved", "Inte kört")

_MAX_MESSAGE, _MAX_FEEDBACK, _MAX_OUTPUT, _MAX_REFLECTION = 3_000, 4_000, 2_000, 20_000
_MAX_CODE = 6_000
_MAX_LINE, _MAX_LINES, _MAX_CELLS, _MAX_NOTES = 300, 120, 8, 20
Arguments = tuple[tuple[str, str], ...]

_ROW = re.compile(r"Rad (?P<row>\d{1,6}) i (?P<cell>cell \d{1,6})")
_SYNTAX_ROW = re.compile(r"(?P<cell>cell \d{1,6}), rad (?P<row>\d{1,6})")


@dataclass(frozen=True)
class Line:
    """En rad av studentens kod; utan nummer är den ett hopp över tomma rader."""

    number: int | None
    text: str
    marked: bool = False


@dataclass(frozen=True)
class ExerciseView:
    """En övning på sidan: kortet, och det som sidan lägger till."""

    id: str
    name: str
    words: StatusWords
    status: str
    points: float | None
    max_points: float
    card: Card
    decided: list[str]
    is_changed: bool
    deducted: float
    cells: list[tuple[str, list[Line]]] = field(default_factory=list)
    output: str = ""


def feedback_page(submission: SubmissionResult, isolation: str) -> str:
    """Sidan för en inlämning, som HTML.

    Args:
        submission: inlämningen, med examinatorns ändringar.
        isolation: inhägnadens nivå.
    """
    return render(
        "feedback.html",
        file=file_name(submission),
        own_name=one_line(own_name(submission.file, submission.attempt > 0), 120) or "(utan namn)",
        student=named(submission),
        submission=submission,
        message=clean(submission.message, _MAX_MESSAGE),
        points=submission.complete_points,
        grade=one_line(submission.grade or "", 40),
        grade_note=submission.grade_note,
        remarks=remark_texts(submission.remarks),
        waiting=[(e.id, e.max_points) for e in submission.exercises if e.is_waiting],
        exercises=[_exercise(e) for e in submission.exercises],
        notes=[clean(note, 500) for note in submission.notes[:_MAX_NOTES]],
        reflection=markdown(clean(submission.reflection, _MAX_REFLECTION).strip()),
        lacks_reflection=submission.lacks_reflection,
        isolation=ISOLATION.get(isolation, isolation).split(":")[0],
    )


def _exercise(exercise: ExerciseResult) -> ExerciseView:
    texts = [*exercise.texts, *(part.message for part in exercise.parts)]
    return ExerciseView(
        id=exercise.id,
        name=one_line(exercise.name, 100),
        words=status_words(exercise),
        status=exercise.status,
        points=exercise.points,
        max_points=exercise.max_points,
        card=_card(exercise),
        decided=teachers_texts(exercise),
        is_changed=exercise.is_changed,
        deducted=exercise.deducted,
        cells=[
            (one_line(cell, 40), code_lines(cell, text, texts))
            for cell, text in exercise.source[:_MAX_CELLS]
        ],
        output=clean(exercise.output, _MAX_OUTPUT).rstrip(),
    )


def _card(exercise: ExerciseResult) -> Card:
    words = status_words(exercise)
    name, points = one_line(exercise.name, 100), "poängen sätts för hand"
    if exercise.points is not None:
        points = f"{points_text(exercise.points)} av {points_text(exercise.max_points)} p"
    n_right = sum(part.passed for part in exercise.parts)
    every = counted(len(exercise.parts), "del", "delar")
    summary = f"{words.word}. {n_right} av {every} stämmer."
    return Card(
        title=f"{exercise.id} `{name.replace('`', '')}`",
        mark=words.mark,
        summary=summary if exercise.status in ("partial", "failed") else f"{words.word}.",
        parts=tuple(_parts(exercise)),
        advice=tuple(_advice(exercise)),
        points=points,
    )


def _advice(exercise: ExerciseResult) -> list[str]:
    """Texterna om misstagen; finns inga säger statusen vad den betyder."""
    text = "\n".join(exercise.texts)
    lines = [line for line in clean(text, _MAX_FEEDBACK).split("\n") if line.strip()]
    if exercise.status == "unsolved":
        lines = []
    return lines or [m for m in [status_words(exercise).meaning] if m]


def _parts(exercise: ExerciseResult) -> Iterator[Part]:
    """Delarna; det som redan är sagt i övningen sägs inte igen."""
    said: list[str | Arguments] = [text.strip() for text in exercise.texts]
    for part in exercise.parts:
        shown = _shown(exercise, part)
        message, error = _without_repeated_error(shown.message, said)
        if message and message in said:
            was_tried = shown.mark not in ("unsolved", "manual")
            again = "Det är samma sak som ovan." if was_tried else ""
            yield replace(
                shown, situation="", message=again, comparison=None, arguments=(), code=""
            )
        elif shown.arguments and shown.arguments in said:
            same = f"{message} (Det är samma fall som ovan.)"
            yield replace(shown, message=same, arguments=(), code="")
        else:
            yield replace(shown, message=message)
        said += [one for one in (message, error, shown.arguments) if one]


def _shown(exercise: ExerciseResult, part: PartResult) -> Part:
    """Delen med allt som finns att säga om den, tvättat."""
    words = _words(exercise, part)
    return Part(
        name=one_line(part.name, 300),
        mark=words.mark,
        word=words.word,
        situation=clean(part.situation, _MAX_MESSAGE).strip(),
        message=clean(part.message, _MAX_MESSAGE).strip(),
        comparison=part.comparison and _cleaned(part.comparison),
        arguments=tuple((name, clean(value, _MAX_MESSAGE)) for name, value in part.arguments),
        code=clean(part.code) if len(part.code) <= _MAX_CODE else "",  # avkortad går den inte
        points=f"{points_text(_earned(exercise, part))} av {points_text(part.points)} p",
    )


def _cleaned(comparison: Comparison) -> Comparison:
    """Tabellen utan osynliga tecken: det som står under "ditt svar" kommer från studenten."""
    rows = (
        ComparedRow(
            name=_cell(row.name),
            inputs=tuple(map(_cell, row.inputs)),
            got=_cell(row.got),
            wanted=_cell(row.wanted),
            right=row.right,
            by_hand=_cell(row.by_hand),
        )
        for row in comparison.rows
    )
    return replace(comparison, columns=tuple(map(_cell, comparison.columns)), rows=tuple(rows))


def _cell(text: str) -> str:
    return one_line(text, 200)


def _without_repeated_error(message: str, said: Sequence[str | Arguments]) -> tuple[str, str]:
    """Meddelandet, och felet från studentens rad i det; ett fel som redan står sägs kort."""
    row = _ROW.search(message)
    error = message[row.start() :] if row else ""
    if row and row.start() and error in said:
        return f"{message[: row.start()]}Samma fel som ovan.", error
    return message, error


def _earned(exercise: ExerciseResult, part: PartResult) -> float | None:
    """Beteendets poäng; None om övningen granskas för hand."""
    if exercise.status == "internal":
        return None
    return part.points if part.passed else 0.0


def _words(exercise: ExerciseResult, part: PartResult) -> StatusWords:
    if part.passed:
        return CLEAR
    if exercise.status in NOT_TRIED:
        return NOT_TRIED[exercise.status]
    return WRONG if part.was_run else NOT_RUN


# --- studentens kod -------------------------------------------------------------------------------


def code_lines(cell: str, source: str, texts: Iterable[str]) -> list[Line]:
    """Cellens rader med studentens egna radnummer; raden som ett meddelande nämner är märkt."""
    marked = _mentioned(cell, texts)
    rows = enumerate(clean(source, 200_000).split("\n"), 1)
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
