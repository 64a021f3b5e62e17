"""Poängen till betygskatalogen: resultat.csv för Excel, och en kolumn i Canvas egen export."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dqn_helpers.autograder.report.statistics import best_exercises, exercise_names
from dqn_helpers.autograder.report.words import (
    PRELIMINARY,
    STATUSES,
    one_line,
)
from dqn_helpers.autograder.result import (
    ClassResult,
    SubmissionResult,
    decision_texts,
    highest,
    points_text,
    total,
)

SUBMISSION_STATUS = {
    "graded": "rättad",
    "unreadable": "gick inte att läsa",
    "error": "manuell granskning",
}
"""Inlämningens status i results.json → på svenska."""


class GradebookError(ValueError):
    """Betygskatalogen går inte att fylla i; meddelandet säger vad som ska ändras."""


# --- resultat.csv ---------------------------------------------------------------------------------


def result_csv(results: ClassResult) -> str:
    """En rad per inlämning. Första tecknet är BOM, så att Excel läser å, ä och ö rätt.

    Poäng som saknas är en tom ruta, aldrig en nolla.
    """
    names = exercise_names(results.submissions)
    # Namnet efter numret: ensamt skulle svenska Excel läsa 5.1 som den 5 januari.
    columns = [f"{number} {name}" for number, name in names.items()]
    head = ["student", "fil", "poäng", "max", "betyg", *columns, "status", "anmärkning",
            "användarnamn"]  # fmt: skip
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(_row(submission, list(names)) for submission in results.submissions)
    return f"\ufeff{text.getvalue()}"


def _row(submission: SubmissionResult, numbers: Sequence[str]) -> list[str]:
    points = {e.id: e.points for e in submission.exercises}
    return [
        safe_cell(submission.student or ""),
        safe_cell(submission.file),
        _number(submission.complete_points),
        _number(submission.max_points),
        safe_cell(submission.grade or ""),
        *(_number(points.get(number)) for number in numbers),
        SUBMISSION_STATUS[submission.status],
        safe_cell(". ".join(_remarks(submission))),
        safe_cell(submission.login),
    ]


def _remarks(submission: SubmissionResult) -> Iterator[str]:
    yield PRELIMINARY
    if submission.replaced_by:
        yield f"Räknas inte: {one_line(submission.replaced_by, 200)} är nyare"
    if submission.message:
        yield one_line(submission.message, 300).rstrip(".")
    if submission.grade_note:
        yield f"Betyget är räknat {submission.grade_note}"
    elif submission.waiting:
        yield f"Poängen är räknade utan {', '.join(submission.waiting)}"
    if submission.undecided:
        there = points_text(submission.points)
        yield f"Granska {', '.join(submission.undecided)} för hand; övriga ger {there} poäng"
    for exercise in submission.exercises:
        if exercise.decision is not None:
            yield f"{exercise.id}: {decision_texts(exercise)[0]}".rstrip(".")
        elif exercise.status in ("crashed", "forbidden"):
            yield f"{exercise.id}: {STATUSES[exercise.status].word.lower()}"


def _number(points: float | None) -> str:
    return "" if points is None else points_text(points)


def safe_cell(text: str) -> str:
    """Texten på en rad, och aldrig en formel: Excel kör det som börjar med =, +, - eller @."""
    line = one_line(text, 1_000)
    return f"'{line}" if line[:1] in tuple("=+-@＝＋－＠") and line else line


# --- Canvas ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CanvasFill:
    """Den ifyllda betygskatalogen, och vilka som inte fylldes i.

    Attributes:
        text: filen, med allt utom kolumnens poäng som det var.
        filled: antal studenter som fick poäng.
        left_alone: filer vars student har något som läraren måste bedöma först.
        unknown: filer vars student inte finns i betygskatalogen, eller vars namn inte är Canvas.
        remarks: poäng som redan stod där och byttes, och poäng räknade av något annat än kolumnens.
    """

    text: str
    filled: int
    left_alone: tuple[str, ...]
    unknown: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def read_gradebook(gradebook_csv: Path) -> "RawTable":
    """En omdömesbok exporterad ur Canvas.

    Raises:
        GradebookError: om filen inte är en sådan.
    """
    try:
        table = RawTable(gradebook_csv.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise GradebookError(
            f"{gradebook_csv.name} är inte sparad så som Canvas sparar den (UTF-8). Exportera den "
            "på nytt och öppna den inte i Excel emellan."
        ) from error
    if not table.rows or not {"ID", "Section"} <= set(table.row(0)):
        raise GradebookError(
            f"{gradebook_csv.name} ser inte ut som en omdömesbok ur Canvas: rubrikerna ID och "
            "Section saknas. Exportera den på nytt i Canvas (Betyg, Exportera)."
        )
    return table


def fill_canvas(gradebook_csv: Path, column: str, results: ClassResult) -> CanvasFill:
    """Betygskatalogen ur Canvas med uppgiftens poäng ifyllda; inget annat ändras.

    Args:
        gradebook_csv: filen som Canvas exporterade.
        column: uppgiftens rubrik, med eller utan numret inom parentes, eller bara numret.
        results: resultaten. Studenten känns igen på numret i Canvas filnamn; flera böcker av
            samma student läggs ihop.

    Raises:
        GradebookError: om filen inte är en export från Canvas eller kolumnen inte går att välja.
    """
    table = read_gradebook(gradebook_csv)
    place = _column(table, column, gradebook_csv.name)
    scores, unnamed = _scores(results)
    remarks = tuple(_remarks_on(table, place, scores))
    known = _fill(table, place, scores)
    waiting = [f for user in known if scores[user].points is None for f in scores[user].files]
    missing = [f for user in scores if user not in known for f in scores[user].files]
    filled = sum(scores[user].points is not None for user in known)
    return CanvasFill(str(table), filled, tuple(waiting), tuple(unnamed + missing), remarks)


@dataclass(frozen=True)
class _Score:
    """En students poäng (None: något är inte bedömt än) och filerna de kommer ur."""

    points: float | None
    files: tuple[str, ...]
    max_points: float


def _scores(results: ClassResult) -> tuple[dict[str, _Score], list[str]]:
    """Poängen per användarnummer, och de filer som saknar ett."""
    by_user: dict[str, list[SubmissionResult]] = {}
    unnamed = []
    for submission in results.submissions:
        users = submission.members or (submission.canvas_id,)
        if None in users:
            unnamed.append(submission.file)
        for user in filter(None, users):
            by_user.setdefault(user, []).append(submission)
    return {user: _score(theirs) for user, theirs in by_user.items()}, unnamed


def _score(submissions: Sequence[SubmissionResult]) -> _Score:
    best = list(best_exercises(submissions).values())
    # En siffra i Canvas ser slutlig ut: den väntar tills också det skrivna svaret är bedömt.
    decided = all(s.complete_points is not None for s in submissions if not s.replaced_by)
    decided = decided and not any(exercise.is_waiting for exercise in best)
    files = tuple(s.file for s in submissions)
    return _Score(total(best) if decided else None, files, highest(best))


def _remarks_on(table: "RawTable", place: int, scores: dict[str, _Score]) -> Iterator[str]:
    """Det som läraren bör se innan filen läses in i Canvas, en mening per student."""
    id_column = table.row(0).index("ID")
    rows = [row for row in map(table.row, range(1, len(table.rows))) if len(row) > place]
    possible = next((_value(r[place]) for r in rows if "Points Possible" in r[0]), None)
    for row in rows:
        score = scores.get(row[id_column].strip())
        if score is None or score.points is None:
            continue
        old, new = row[place].strip(), points_text(score.points)
        if old and _value(old) != score.points:
            yield f"{score.files[0]}: i omdömesboken stod {one_line(old, 20)}, i kopian står {new}."
        if possible is not None and score.max_points != possible:
            of = f"{new} av {points_text(score.max_points)} poäng"
            yield (f"{score.files[0]}: {of}, men uppgiften ger högst {points_text(possible)}. "
                   "Är det rätt bok?")  # fmt: skip


def _value(text: str) -> float | None:
    """Talet i en ruta, med punkt eller komma; None om det inte är något."""
    number = text.strip().replace(",", ".")
    return float(number) if re.fullmatch(r"\d+(\.\d*)?", number) else None


def _fill(table: "RawTable", place: int, scores: dict[str, _Score]) -> list[str]:
    """Skriv poängen; ger de användare som fanns."""
    id_column = table.row(0).index("ID")
    known = []
    for index in range(1, len(table.rows)):
        cells = table.row(index)
        user = cells[id_column].strip() if id_column < len(cells) else ""
        if user not in scores or place >= len(cells):
            continue
        known.append(user)
        points = scores[user].points
        if points is not None:
            text = points_text(points)
            table.write(index, place, text if table.delimiter == ";" else text.replace(",", "."))
    return known


def _column(table: "RawTable", wanted: str, name: str) -> int:
    """Platsen för uppgiftens kolumn."""
    head = table.row(0)
    read_only = {
        i for row in range(1, min(4, len(table.rows)))
        for i, cell in enumerate(table.row(row)) if "(read only)" in cell
    }  # fmt: skip
    choices = [i for i in range(head.index("Section") + 1, len(head)) if i not in read_only]
    whole = [i for i in choices if head[i].strip() == wanted.strip()]
    found = whole or [i for i in choices if wanted.strip() in _titles(head[i])]
    if len(found) == 1:
        return found[0]
    problem = "finns inte" if not found else f"passar på {len(found)} kolumner"
    listed = "\n".join(f"  {one_line(head[i])}" for i in (found or choices)) or "  (inga uppgifter)"
    raise GradebookError(
        f"Kolumnen ”{one_line(wanted, 80)}” {problem} i {name}. Skriv en av de här rubrikerna, "
        f"eller bara numret inom parentes:\n{listed}"
    )


def _titles(heading: str) -> tuple[str, ...]:
    """Uppgiftens titel och nummer: "Bok 5 (123)" → ("Bok 5", "123")."""
    match = re.fullmatch(r"(.*)\s\((\d+)\)", heading.strip(), re.DOTALL)
    return (match[1].strip(), match[2]) if match else ()


class RawTable:
    """En CSV-fil där en ruta kan bytas och resten står kvar, tecken för tecken."""

    def __init__(self, text: str) -> None:
        first_line = text.split("\n", 1)[0]
        self.delimiter = max(",;\t", key=first_line.count)
        bare = rf"[^{self.delimiter}\r\n]*"
        pattern = re.compile(rf'("(?:[^"]|"")*"{bare}|{bare})({self.delimiter}|\r\n|\n|\r|$)')
        self.rows: list[list[str]] = []
        self._ends: list[str] = []
        self._bom = "\ufeff" if text.startswith("\ufeff") else ""
        self._read(text.removeprefix("\ufeff"), pattern)

    def _read(self, text: str, pattern: re.Pattern[str]) -> None:
        position, row = 0, []
        while position < len(text):
            match = pattern.match(text, position)
            assert match is not None  # ett tomt fält passar alltid
            row.append(match[1])
            position = match.end()
            if match[2] != self.delimiter:
                self.rows.append(row)
                self._ends.append(match[2])
                row = []
        if row:
            self.rows.append([*row, ""])
            self._ends.append("")

    def row(self, index: int) -> list[str]:
        """Radens värden, utan citattecken."""
        return [
            cell[1:-1].replace('""', '"') if re.fullmatch(r'"(?:[^"]|"")*"', cell) else cell
            for cell in self.rows[index]
        ]

    def write(self, row: int, column: int, value: str) -> None:
        """Byt en ruta."""
        quoted = self.rows[row][column].startswith('"') or self.delimiter in value
        self.rows[row][column] = f'"{value}"' if quoted else value

    def __str__(self) -> str:
        lines = zip(self.rows, self._ends, strict=True)
        return self._bom + "".join(self.delimiter.join(row) + end for row, end in lines)
