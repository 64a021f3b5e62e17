"""Betygen till Ladok: en lista som läraren har hämtat där fylls i, och resten står kvar.

Kolumnerna känns igen på sina rubriker. En ruta som redan har något i sig rörs aldrig.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dqn_helpers.autograder.result import ClassResult, SubmissionResult
from dqn_helpers.teacher.gradebook import Change, GradebookError, RawTable
from dqn_helpers.teacher.overrides import decoded
from dqn_helpers.teacher.report.words import one_line
from dqn_helpers.teacher.students import same_person

_GRADE = ("betyg", "resultat")
_DATE = ("examinationsdatum", "exam.datum", "datum")
_KEYS = ("personnummer", "användarnamn", "e-post", "e-postadress", "student", "namn")


@dataclass(frozen=True)
class LadokFill:
    """Den ifyllda listan, vad som ändrades, och de i klassen som inte står i den."""

    text: str
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
    table = RawTable(decoded(path.read_bytes()))
    head = [cell.strip().casefold() for cell in table.row(0)] if table.rows else []
    grade, day = _place(head, _GRADE), _place(head, _DATE)
    names = [i for i, heading in enumerate(head) if heading in _KEYS]
    apart = [head.index(one) for one in ("förnamn", "efternamn") if one in head]
    if grade is None or not (names or len(apart) == 2):
        raise GradebookError(f"{path.name} saknar en kolumn med rubriken Betyg, eller en med Namn "
                             "eller Personnummer. Hämta listan på nytt i Ladok, och spara den som "
                             "CSV om den är i Excels format.")  # fmt: skip
    graded = [one for one in results.submissions if one.grade and not one.replaced_by]
    changes, found = [], set()
    for index in range(1, len(table.rows)):
        row = table.row(index)
        if len(row) < len(head):
            continue
        texts = [row[i] for i in names] + [" ".join(row[i] for i in apart)]
        mine = [one for one in graded if any(same_person(one, text) for text in texts if text)]
        if not mine:
            continue
        found |= {one.file for one in mine}
        change = _change(row[grade], mine, one_line(texts[-1] or texts[0], 60))
        changes.append(change)
        if not change.refused:
            table.write(index, grade, change.new)
            if day is not None and not row[day].strip():
                table.write(index, day, date)
    unknown = (one.file for one in graded if one.file not in found)
    return LadokFill(str(table), tuple(changes), tuple(unknown))


def _place(head: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((head.index(one) for one in wanted if one in head), None)


def _change(old: str, mine: Sequence[SubmissionResult], name: str) -> Change:
    """Betyget i en students ruta; inget skrivs om det redan står något där."""
    grades = {one.grade or "" for one in mine}
    new = grades.pop() if len(grades) == 1 else ""
    if not new or " " in new:
        return Change(name, old, new, "det är oklart vilket betyg som gäller")
    if old.strip() and old.strip() != new:
        return Change(name, old, new, "det står redan ett betyg i Ladok")
    return Change(name, old, new)
