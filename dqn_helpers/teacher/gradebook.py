"""Poängen till betygskatalogen: resultat.csv för Excel, och en kolumn i Canvas egen export."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dqn_helpers.autograder.result import (
    ClassResult,
    SubmissionResult,
    decision_texts,
    points_text,
    total,
)
from dqn_helpers.counting import agreeing, as_sentence, listed
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.syllabus import PARTS, WRITTEN, book_of, exercises_of, notebook_of
from dqn_helpers.teacher.report.statistics import best_exercises, exercise_names
from dqn_helpers.teacher.report.words import (
    PRELIMINARY,
    STATUSES,
    one_line,
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
        safe_cell(" ".join(map(as_sentence, _remarks(submission)))),
        safe_cell(submission.login),
    ]


def _remarks(submission: SubmissionResult) -> Iterator[str]:
    yield PRELIMINARY
    if submission.replaced_by:
        yield f"Filen räknas inte, för {one_line(submission.replaced_by, 200)} är nyare"
    if submission.message:
        yield one_line(submission.message, 300)
    if submission.waiting:
        what = "Poängen och betyget" if submission.grade else "Poängen"
        yield f"{what} är räknade utan {listed(submission.waiting)}, som inte är bedömd än"
    if submission.undecided:
        there = points_text(submission.points)
        yield f"Granska {listed(submission.undecided)} för hand; övriga ger {there} poäng"
    for exercise in submission.exercises:
        if exercise.decision is not None:
            yield f"{exercise.id}: {decision_texts(exercise)[0]}"
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
class Change:
    """En ruta i omdömesboken: vems, vad som står där, vad som skrivs, och varför inget skrivs."""

    name: str
    old: str
    new: str
    refused: str = ""


@dataclass(frozen=True)
class CanvasFill:
    """Den ifyllda betygskatalogen, och vilka som inte fylldes i.

    Attributes:
        text: filen, med allt utom kolumnens poäng som det var.
        books: vilka böcker kolumnen fick sina poäng ur, i ord.
        changes: en rad per student som kolumnen gäller.
        left_alone: filer vars student har något som läraren måste bedöma först.
        unknown: filer vars student inte finns i betygskatalogen, eller som inte kommer ur Canvas.
        elsewhere: filer vars student inte har lämnat in något av uppgiften, bara annat.
    """

    text: str
    books: str
    changes: tuple[Change, ...]
    left_alone: tuple[str, ...]
    unknown: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()

    @property
    def filled(self) -> int:
        """Antalet studenter som fick poäng eller betyg."""
        return sum(not change.refused for change in self.changes)


def change_lines(changes: Sequence[Change]) -> list[str]:
    """Tabellen över vad som ändras, för terminalen."""
    rows = [("student", "står nu", "blir", "")]
    for one in changes:
        old = one.old or "–"
        why = f"inte {one.new}: {one.refused}" if one.refused else ""
        rows.append((one.name, old, old if one.refused else one.new, why))
    return [f"  {name:<32}{old:>12}{new:>12}  {why}".rstrip() for name, old, new, why in rows]


def not_assessed(results: ClassResult) -> Iterator[str]:
    """Säg att betyg som skrivs in är räknade utan det skrivna svaret, om det är så."""
    counted = [one for one in results.submissions if one.grade and not one.replaced_by]
    if n_waiting := sum(bool(one.waiting) for one in counted):
        without = agreeing(n_waiting, "räknat utan", "räknade utan")
        yield (f"  {n_waiting} av betygen är {without} {listed([*WRITTEN])}, som inte är "
               "bedömd än. Bedöm den först, om den ska räknas.")  # fmt: skip


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
    head = set(table.row(0)) if table.rows else set()
    if not ({"ID", "Section"} <= head and ("Student" in head or {*_APART} <= head)):
        raise GradebookError(
            f"{gradebook_csv.name} ser inte ut som en omdömesbok ur Canvas: rubrikerna Student, "
            "ID och Section saknas. Exportera den på nytt i Canvas (Betyg, Exportera)."
        )
    return table


_APART = ("LastName", "FirstName")  # så när omdömesboken visar för- och efternamn för sig


def name_in(head: Sequence[str], row: Sequence[str]) -> str:
    """Studentens namn på en rad i omdömesboken: "Ek, Anna", hur det än är uppdelat."""
    wanted = ("Student",) if "Student" in head else _APART
    places = (head.index(one) for one in wanted)
    return ", ".join(row[at].strip() for at in places if at < len(row) and row[at].strip())


def fill_canvas(
    gradebook_csv: Path,
    column: str,
    results: ClassResult,
    books: Sequence[str] = (),
    *,
    lower: bool = False,
    letters: bool = False,
) -> CanvasFill:
    """Betygskatalogen ur Canvas med uppgiftens poäng ifyllda; inget annat ändras.

    Args:
        gradebook_csv: filen som Canvas exporterade.
        column: uppgiftens rubrik, med eller utan numret inom parentes, eller bara numret.
        results: resultaten. Studenten känns igen på numret i Canvas filnamn.
        books: böckerna som uppgiften består av; utan dem avgör uppgiftens högsta poäng.
        lower: sant om en poäng får sänkas.
        letters: sant om kolumnen ska ha betyg; annars avgör det som redan står där.

    Raises:
        GradebookError: om filen inte är en export från Canvas, eller om kolumnen eller dess böcker
            inte går att välja.
    """
    table = read_gradebook(gradebook_csv)
    place = _column(table, column, gradebook_csv.name)
    cells = _CanvasColumn(table, place)
    task = task_of(cells.possible, results, books)
    scores, unnamed, elsewhere = scores_of(
        results, task, lambda one: one.members or (one.canvas_id,)
    )
    letters = letters or cells.has_letters
    changes: list[Change] = []
    waiting: list[str] = []
    known: set[str] = set()
    for row, user in cells.students:
        if user not in scores:
            continue
        known.add(user)
        score = scores[user]
        new = _new_value(cells, score, letters)
        if new is None:
            waiting += score.files
            continue
        change = cells.change(row, new, score, lower)
        changes.append(change)
        if not change.refused:
            table.write(row, place, new)
    missing = [file for user in scores if user not in known for file in scores[user].files]
    return CanvasFill(
        str(table), task.name, tuple(changes), tuple(waiting), tuple(unnamed + missing),
        tuple(elsewhere),
    )  # fmt: skip


# --- vilka böcker som kolumnen gäller ---


@dataclass(frozen=True)
class Task:
    """En uppgift i Canvas: dess böcker, och de övningar som räknas in i den."""

    name: str
    books: frozenset[str]
    exercises: frozenset[str]


def task_of(possible: float | None, results: ClassResult, books: Sequence[str]) -> Task:
    """Uppgiften som kolumnen är: de angivna böckerna, annars den vars poäng är kolumnens högsta.

    En bok med ett skrivet svar kan vara en uppgift med eller utan det: 14 eller 10 poäng för 05.
    """
    there = {exercise.id for one in results.submissions for exercise in one.exercises}
    tasks = [_of_books(books)] if books else [
        _of_books([book]) for book in sorted({f(n) for n in there for f in (book_of, notebook_of)})
    ]  # fmt: skip
    shorter = [_without_written(task) for task in tasks]
    fits = [one for one in (*tasks, *shorter) if possible in (None, _worth(one))]
    if books:
        return fits[0] if fits else tasks[0]
    if not there:
        return _of_books(())
    if len({one.books for one in fits}) == 1:
        return fits[0]
    gives = {f"{one.name} ger {points_text(_worth(one))}" for one in (*tasks, *shorter)}
    why = f"{'flera' if fits else 'ingen'} av böckerna ger {points_text(possible)} poäng"
    if possible is None:
        why = "uppgiftens högsta poäng står inte där"
    raise GradebookError(f"Det går inte att se vilken bok kolumnen gäller, för {why} "
                         f"({listed(sorted(gives))}). Säg det med --books, till "
                         "exempel --books 05.")  # fmt: skip


def _of_books(books: Sequence[str]) -> Task:
    files = {file for book in books for file in (book, *PARTS.get(book, ()))}
    numbers = frozenset(number for book in books for number in exercises_of(book))
    return Task(listed([*books]), frozenset(files), numbers)


def _without_written(task: Task) -> Task:
    return replace(task, exercises=task.exercises - WRITTEN.keys())


def _worth(task: Task) -> float:
    """Uppgiftens högsta poäng."""
    points = {number: exercise.points for number, exercise in EXERCISES.items()}
    return sum((points | WRITTEN)[number] for number in task.exercises)


# --- en students poäng ---


@dataclass(frozen=True)
class Score:
    """En students poäng (None: något är inte bedömt än), betyg, och filerna de kommer ur."""

    points: float | None
    grade: str | None
    files: tuple[str, ...]


def scores_of(
    results: ClassResult,
    task: Task,
    numbers: Callable[[SubmissionResult], tuple[str | None, ...]],
) -> tuple[dict[str, Score], list[str], list[str]]:
    """Poängen per användarnummer, filerna som saknar ett, och filerna från dem utan poäng.

    De sista har något annat än uppgiften: kanske är det fel bok.
    """
    by_user: dict[str, list[SubmissionResult]] = {}
    unnamed, others = [], []
    for submission in results.submissions:
        users = numbers(submission)
        if not _concerns(submission, task):
            others.append((submission.file, users))
            continue
        if None in users:
            unnamed.append(submission.file)
        for user in filter(None, users):
            by_user.setdefault(user, []).append(submission)
    elsewhere = [file for file, users in others if by_user.keys().isdisjoint(users)]
    return {user: _score(theirs, task) for user, theirs in by_user.items()}, unnamed, elsewhere


def _concerns(submission: SubmissionResult, task: Task) -> bool:
    """Sant om filen har något av uppgiften, eller är oläslig och kan ha haft det."""
    if submission.exercises:
        return any(exercise.id in task.exercises for exercise in submission.exercises)
    unread = submission.status != "graded"
    return unread and (submission.notebook is None or submission.notebook in task.books)


def _score(submissions: Sequence[SubmissionResult], task: Task) -> Score:
    counted = [s for s in submissions if not s.replaced_by]
    best = [e for e in best_exercises(submissions).values() if e.id in task.exercises]
    decided = all(s.status == "graded" for s in counted) and all(e.points is not None for e in best)
    grades = {letter for s in counted for letter in _letters(s.grade, task.books)}
    return Score(
        total(best) if decided else None,
        grades.pop() if len(grades) == 1 else None,
        tuple(s.file for s in submissions),
    )


def _letters(grade: str | None, books: frozenset[str]) -> list[str]:
    """Uppgiftens betyg ur en fils: "VG", eller "04 G, 05 VG" om filen har flera böcker."""
    parts = [part.split() for part in (grade or "").split(", ")]
    return [part[-1] for part in parts if part and (len(part) == 1 or part[0] in books)]


def _new_value(cells: "_CanvasColumn", score: Score, letters: bool) -> str | None:
    """Det som ska stå i rutan; None om läraren måste bedöma något först."""
    if score.points is None or (letters and score.grade is None):
        return None
    return cells.as_letter(score.grade or "") if letters else cells.as_number(score.points)


# --- kolumnen ---

_RANKS = {"U": 0, "G": 1, "VG": 2, "incomplete": 0, "complete": 1}


class _CanvasColumn:
    """En uppgifts kolumn.

    Attributes:
        students: (rad, användarnummer) för varje student.
        possible: uppgiftens högsta poäng, om den står där.
        has_letters: sant om det redan står betyg där.
    """

    def __init__(self, table: "RawTable", place: int) -> None:
        self._table, self._place = table, place
        users = table.row(0).index("ID")
        rows = {i: table.row(i) for i in range(1, len(table.rows))}
        rows = {i: row for i, row in rows.items() if len(row) > max(place, users)}
        self.students = [(i, row[users].strip()) for i, row in rows.items()]
        self.possible = value_of(_points_possible(table).get(place, ""))
        there = {rows[i][place].strip() for i, _ in self.students}
        self.has_letters = bool(there & _RANKS.keys())
        self._is_complete = bool(there & {"complete", "incomplete"})

    def as_number(self, points: float) -> str:
        """Poängen så som filen skriver tal."""
        text = points_text(points)
        return text if self._table.delimiter == ";" else text.replace(",", ".")

    def as_letter(self, grade: str) -> str:
        """Betyget så som kolumnen skriver det."""
        if not self._is_complete:
            return grade
        return "incomplete" if grade == "U" else "complete"

    def change(self, row: int, new: str, score: Score, lower: bool) -> Change:
        """Rutans byte, och varför det i så fall inte görs."""
        cells = self._table.row(row)
        old = cells[self._place].strip()
        name = one_line(name_in(self._table.row(0), cells), 60)
        return Change(name, old, new, self._refused(old, new, score, lower))

    def _refused(self, old: str, new: str, score: Score, lower: bool) -> str:
        is_number = value_of(new) is not None
        if old.upper() == "EX":
            return "studenten är undantagen (EX) i Canvas"
        if old.upper() == "N/A":
            return "uppgiften är inte tilldelad studenten i Canvas"
        if is_number and self.possible is not None and (score.points or 0) > self.possible:
            return f"det är mer än uppgiftens {points_text(self.possible)} poäng"
        before, now = _rank(old), _rank(new)
        if old in ("", "-") or lower or old == new:
            return ""
        if before is None or now is None:
            return "där står något annat; byt det för hand, eller med --allow-lower"
        return "det är en sänkning; säg till med --allow-lower" if before > now else ""


def _rank(text: str) -> float | None:
    """Det som kan jämföras: en poäng, eller ett betygs plats; None om det är något annat."""
    return _RANKS[text] if text in _RANKS else value_of(text)


def value_of(text: str) -> float | None:
    """Talet i en ruta, med punkt eller komma; None om det inte är något."""
    number = text.strip().replace(",", ".")
    return float(number) if re.fullmatch(r"\d+(\.\d*)?", number) else None


def _points_possible(table: "RawTable") -> dict[int, str]:
    """Raden med uppgifternas högsta poäng: kolumnens plats → det som står där."""
    rows = (table.row(i) for i in range(1, len(table.rows)))
    found: Sequence[str] = next((row for row in rows if "Points Possible" in row[0]), ())
    return {place: cell.strip() for place, cell in enumerate(found)}


def _column(table: "RawTable", wanted: str, name: str) -> int:
    """Platsen för uppgiftens kolumn.

    En uppgift har ett nummer i sin rubrik, och ett tal eller ingenting bland de högsta poängen.
    Lärarens egna kolumner har inget nummer, och Canvas summor har orden "(read only)", på det
    språk som läraren använder.
    """
    head, most = table.row(0), _points_possible(table)
    choices = [
        i for i in range(head.index("Section") + 1, len(head))
        if _titles(head[i]) and (not most.get(i) or value_of(most[i]) is not None)
    ]  # fmt: skip
    whole = [i for i in choices if head[i].strip() == wanted.strip()]
    found = whole or [i for i in choices if wanted.strip() in _titles(head[i])]
    if len(found) == 1:
        return found[0]
    problem = "finns inte" if not found else f"passar på {len(found)} kolumner"
    titles = "\n".join(f"  {one_line(head[i])}" for i in (found or choices)) or "  (inga uppgifter)"
    raise GradebookError(
        f"Rubriken ”{one_line(wanted, 80)}” {problem} i {name}. Skriv en av de här rubrikerna, "
        f"eller bara numret som står inom parentes:\n{titles}"
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
