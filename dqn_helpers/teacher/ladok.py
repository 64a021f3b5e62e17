"""Betygen till Ladok: en lista som läraren har hämtat där fylls i, och resten står kvar.

Kolumnerna känns igen på sina rubriker. En ruta som redan har något i sig rörs aldrig.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dqn_helpers.autograder.result import ClassResult, SubmissionResult
from dqn_helpers.teacher.gradebook import Change, GradebookError, RawTable
from dqn_helpers.teacher.overrides import decoded, encoding_of
from dqn_helpers.teacher.report.words import one_line
from dqn_helpers.teacher.students import same_person

_GRADE = ("betyg", "resultat")
_DATE = ("examinationsdatum", "exam.datum", "datum")
_KEYS = ("personnummer", "användarnamn", "e-post", "e-postadress", "student", "namn")
"""Det som kan säga vem en rad gäller, namnet sist."""


@dataclass(frozen=True)
class LadokFill:
    """Den ifyllda listan, i samma kodning, vad som ändrades, och de i klassen som saknas i den."""

    data: bytes
    changes: tuple[Change, ...]
    unknown: tuple[str, ...]


def fill_ladok(path: Path, results: ClassResult, date: str) -> LadokFill:
    """Listan ur Ladok med betyg och examinationsdatum ifyllda.

    Args:
        path: listan som CSV.
        results: resultaten, med betyg.
        date: examinationsdatum, "2026-01-15".

    Raises:
        GradebookError: om listan inte har de kolumner som behövs.
    """
    given = path.read_bytes()
    table = RawTable(decoded(given))
    head = [cell.strip().casefold() for cell in table.row(0)] if table.rows else []
    grade, day = _place(head, _GRADE), _place(head, _DATE)
    students = _students(table, head)
    if grade is None or students is None:
        raise GradebookError(f"{path.name} saknar en kolumn med rubriken Betyg, eller en med Namn "
                             "eller Personnummer. Hämta listan på nytt i Ladok, och spara den som "
                             "CSV om den är i Excels format.")  # fmt: skip
    graded = [one for one in results.submissions if one.grade and not one.replaced_by]
    mine, shared = _matched(graded, students)
    changes = []
    for row in sorted(mine):
        name = one_line(next(filter(None, reversed(students[row])), ""), 60)
        changes.append(_change(table.row(row)[grade], mine[row], name, row not in shared))
        if not changes[-1].refused:
            table.write(row, grade, changes[-1].new)
            if day is not None and not table.row(row)[day].strip():
                table.write(row, day, date)
    found = {one.file for files in mine.values() for one in files}
    unknown = (one.file for one in graded if one.file not in found)
    data = str(table).encode(encoding_of(given), "replace")
    return LadokFill(data, tuple(changes), tuple(unknown))


def _students(table: RawTable, head: Sequence[str]) -> dict[int, list[str]] | None:
    """Raden → allt som säger vem den gäller, namnet sist; None om listan inte säger det."""
    names = [head.index(one) for one in _KEYS if one in head]
    apart = [head.index(one) for one in ("förnamn", "efternamn") if one in head]
    if not names and len(apart) < 2:
        return None
    rows = {i: table.row(i) for i in range(1, len(table.rows))}
    return {
        i: [row[at].strip() for at in names] + [" ".join(row[at].strip() for at in apart)]
        for i, row in rows.items()
        if len(row) >= len(head)
    }


def _matched(
    graded: Sequence[SubmissionResult], students: Mapping[int, Sequence[str]]
) -> tuple[dict[int, list[SubmissionResult]], set[int]]:
    """Raden → filerna som är den studentens, och de rader där det lika gärna är någon annans."""
    mine: dict[int, list[SubmissionResult]] = defaultdict(list)
    shared: set[int] = set()
    for one in graded:
        alike = {row for row, texts in students.items() if _is_one_of(one, texts)}
        # Namnar skiljs åt av användarnamnet, om listan har det.
        users = _users(one.login.split(", "))
        sure = {row for row in alike if users & _users(students[row])}
        for row in sure or alike:
            mine[row].append(one)
        if len(sure or alike) > max(1, len(one.members)):
            shared |= sure or alike
    return mine, shared


def _users(texts: Sequence[str]) -> set[str]:
    """Användarnamnen; i en e-postadress står det före snabel-a."""
    return {text.split("@")[0].casefold() for text in texts if text}


def _is_one_of(submission: SubmissionResult, texts: Sequence[str]) -> bool:
    return any(same_person(submission, text) for text in texts if text)


def _place(head: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((head.index(one) for one in wanted if one in head), None)


def _change(old: str, mine: Sequence[SubmissionResult], name: str, alone: bool) -> Change:
    """Betyget i en students ruta; inget skrivs om det redan står något där.

    Args:
        old: det som står i rutan.
        mine: studentens filer med betyg.
        name: studentens namn i listan.
        alone: sant om ingen annan i listan heter likadant.
    """
    grades = {one.grade or "" for one in mine}
    new = grades.pop() if len(grades) == 1 else ""
    if not alone:
        return Change(name, old, new, "flera i listan heter så; skriv betyget för hand")
    if not new or " " in new:
        return Change(name, old, new, "det är oklart vilket betyg som gäller")
    if old.strip() and old.strip() != new:
        return Change(name, old, new, "det står redan ett betyg i Ladok")
    return Change(name, old, new)
