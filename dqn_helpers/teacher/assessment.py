"""Bedömningssidan: en student i taget, svaret bredvid guiden, och besluten tillbaka i beslut.csv.

Sidan är en fil som öppnas utan nät. Hela `beslut.csv` ligger i den, rad för rad, så att det som
sidan ger tillbaka är samma fil med några rader bytta: inget annat som stod där går förlorat.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dqn_helpers.autograder.result import ClassResult, ExerciseResult, SubmissionResult, points_text
from dqn_helpers.exercises.syllabus import WRITTEN, exercises_of
from dqn_helpers.teacher.gradebook import safe_cell
from dqn_helpers.teacher.overrides import (
    COLUMNS,
    TEMPLATE,
    WHO,
    WHOLE,
    Override,
    delimiter,
    header_of,
    number_of,
    overrides_in,
    submission_index,
    waiting,
)
from dqn_helpers.teacher.overrides import FILE_NAME as DECISIONS
from dqn_helpers.teacher.reflection import casino_in_words, guide_html, rubric
from dqn_helpers.teacher.report.html import render_with_script
from dqn_helpers.teacher.report.markdown import markdown
from dqn_helpers.teacher.report.statistics import exercise_names
from dqn_helpers.teacher.report.words import STATUSES, clean, file_name, named, one_line

FILE_NAME = "bedomning.html"
_MAX_REFLECTION = 20_000
_DATA = re.compile(r'(<script type="application/json" id="data">)(.*?)(</script>)', re.DOTALL)


class DecisionsError(ValueError):
    """beslut.csv går inte att ändra i; meddelandet säger varför."""


# --- sidan ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExerciseForm:
    """En övning att bedöma: det som rättaren gav, och om den har bedömningsguidens delar."""

    id: str
    name: str
    points: float | None
    max_points: float
    words: str
    rubric: bool


@dataclass(frozen=True)
class StudentForm:
    """En fil att bedöma, och allt som läraren behöver se."""

    title: str
    file: str
    csv_name: str
    page: str
    late: bool
    is_read: bool
    message: str
    reflection: Markup
    n_words: int
    facts: list[str]
    exercises: list[ExerciseForm]


def assessment_page(results: ClassResult, pages: Sequence[str], decisions: str) -> str:
    """Sidan som HTML; tom om det inte finns någon beslut.csv att ändra i.

    Args:
        results: rättarens resultat, utan lärarens beslut.
        pages: återkopplingssidornas filnamn, i samma ordning som inlämningarna.
        decisions: texten i beslut.csv.
    """
    if not decisions:
        return ""
    in_class = list(exercise_names(results.submissions))
    students = [
        _student(submission, page, in_class)
        for submission, page in zip(results.submissions, pages, strict=True)
        if not submission.replaced_by
    ]
    files = [one.csv_name for one in students]
    try:
        data = page_data(decisions, files)
    except DecisionsError:  # rapporten säger vad som är fel i filen
        return ""
    return render_with_script(
        "assessment.html",
        "assessment.js",
        students=students,
        rubric=rubric(),
        guide=guide_html(),
        data=_as_json(data),
    )


def _student(submission: SubmissionResult, page: str, in_class: Sequence[str]) -> StudentForm:
    text = clean(submission.reflection, _MAX_REFLECTION).strip()
    exercises = submission.exercises or tuple(map(waiting, _perhaps(submission, in_class)))
    return StudentForm(
        title=named(submission) or file_name(submission),
        file=file_name(submission),
        csv_name=safe_cell(submission.file),
        page=page,
        late=submission.late,
        is_read=submission.status == "graded",
        message=clean(submission.message, 500),
        reflection=markdown(text),
        n_words=len(text.split()),
        facts=[clean(fact, 600) for fact in casino_in_words(submission.casino_code)],
        exercises=list(map(_form, exercises)),
    )


def _perhaps(submission: SubmissionResult, in_class: Sequence[str]) -> list[str]:
    """Övningarna som en fil utan övningar kan ha: de i dess bok, annars de som klassen har."""
    return exercises_of(submission.notebook) if submission.notebook else list(in_class)


def _form(exercise: ExerciseResult) -> ExerciseForm:
    return ExerciseForm(
        id=exercise.id,
        name=one_line(exercise.name, 100),
        points=exercise.points,
        max_points=exercise.max_points,
        words=STATUSES[exercise.status].word.lower(),
        rubric=exercise.id in WRITTEN,
    )


def _as_json(data: Mapping[str, Any]) -> str:
    """Data i en sida: inget i dem kan avsluta skriptet eller bli ett element."""
    return json.dumps(data, ensure_ascii=True).replace("<", "\\u003c").replace("&", "\\u0026")


def with_decisions(page: str, decisions: str, *, saves: bool) -> str:
    """Sidan med det som beslut.csv innehåller nu.

    Args:
        page: sidan så som den skrevs när rapporten gjordes.
        decisions: texten i beslut.csv.
        saves: sant om det finns en server att spara till.

    Raises:
        DecisionsError: om beslut.csv inte går att ändra i.
    """
    data = page_data(decisions, files_in(page)) | {"saves": saves}
    return _DATA.sub(lambda found: found[1] + _as_json(data) + found[3], page, count=1)


def files_in(page: str) -> list[str]:
    """Filerna som sidan gäller, i dess ordning.

    Raises:
        DecisionsError: om det inte är en bedömningssida.
    """
    found = _DATA.search(page)
    if found is None:
        raise DecisionsError(f"{FILE_NAME} är ingen bedömningssida. Kör rättningen igen.")
    return list(json.loads(found[2])["files"])


# --- beslut.csv rad för rad -----------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """En rad så som den står i filen; nyckeln säger vad den bestämmer, om den gör det."""

    text: str
    key: str
    override: Override | None


def page_data(text: str, files: Sequence[str]) -> dict[str, Any]:
    """Det som sidan behöver veta om beslut.csv.

    Raises:
        DecisionsError: om filen inte går att ändra i.
    """
    records, columns, separator = _records(text, files)
    return {
        "files": list(files),
        "whole": WHOLE,
        "saves": False,
        "delimiter": separator,
        "columns": columns,
        "records": [{"text": one.text, "key": one.key} for one in records],
        "rows": [_row(one) for one in records if one.override and one.key],
    }


def _row(record: Record) -> dict[str, str]:
    """En rad till sidan, med poängen som läraren skriver dem."""
    override = record.override
    assert override is not None
    given = override.letter or override.kind
    if override.percent is not None:
        given = f"-{points_text(override.percent)} %"
    elif override.points is not None:
        given = points_text(override.points)
    key = record.key.rpartition("/")[0] + "/"
    return {"key": key, "kind": override.kind, "given": given, "reason": override.reason}


def rewritten(
    text: str, files: Sequence[str], clear: AbstractSet[str], rows: Sequence[Mapping[str, str]]
) -> str:
    """beslut.csv utan de rader vars nyckel står i `clear`, och med nya rader sist.

    Raises:
        DecisionsError: om filen inte går att ändra i.
    """
    records, columns, separator = _records(text, files)
    kept = "".join(one.text for one in records if one.key not in clear or not one.key)
    new = io.StringIO(newline="")
    writer = csv.writer(new, delimiter=separator, lineterminator="\r\n")
    for row in rows:
        cells = {
            "fil": row["file"], "övning": row["exercise"], "poäng": row["given"],
            "skäl": one_line(row["reason"], 2_000), WHO: one_line(row["who"], 100),
        }  # fmt: skip
        writer.writerow([cells.get(name, "") for name in columns])
    return kept + new.getvalue()


def _records(text: str, files: Sequence[str]) -> tuple[list[Record], list[str], str]:
    """Raderna, kolumnerna i ordning och skiljetecknet; saknas kolumnen vem läggs den till."""
    text = text.removeprefix("\ufeff")
    if not text.strip():
        text = TEMPLATE.replace("\n", "\r\n")
    separator = delimiter(text)
    try:
        lines = list(_physical(text, separator))
    except csv.Error as error:
        raise DecisionsError(f"{DECISIONS} går inte att läsa som en tabell: {error}.") from None
    place, names = header_of(text)
    if place is None:
        raise DecisionsError(f"{DECISIONS} saknar rubrikraden {';'.join(COLUMNS)}. Skriv dit den "
                             "först.")  # fmt: skip
    if WHO not in names:
        names = [*names, WHO]
        lines[place] = lines[place].rstrip("\r\n") + f"{separator}{WHO}\r\n"
    overrides = {one.row: one for one in overrides_in(text, Path(DECISIONS)).rows}
    records = [
        Record(line, _key(override, files) if override else "", override)
        for line, override in ((line, overrides.get(n)) for n, line in enumerate(lines, 1))
    ]
    return records, names, separator


def _physical(text: str, separator: str) -> Iterator[str]:
    """Filens rader. En radbrytning inne i en cell börjar ingen ny rad; den sista raden avslutas."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(iter(lines), delimiter=separator)
    start = 0
    for _ in reader:
        whole = "".join(lines[start : reader.line_num])
        yield whole if whole.endswith(("\n", "\r")) else f"{whole}\r\n"
        start = reader.line_num


def _key(override: Override, files: Sequence[str]) -> str:
    """Vad raden bestämmer, i sidans ord; tomt om den inte gäller någon av filerna."""
    index = submission_index(files, override.file)
    if isinstance(index, str):
        return ""
    exercise = WHOLE if override.is_whole else number_of(override.exercise)
    return f"{index}/{exercise}/{override.kind}"
