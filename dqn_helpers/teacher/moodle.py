"""Moodles arbetsblad (`Grading worksheet`): läses för namn och grupper, och fylls i.

Vilka kolumner det har avgör uppgiftens inställningar, och vad de heter avgör lärarens språk.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dqn_helpers.autograder.result import ClassResult, points_text
from dqn_helpers.teacher.gradebook import (
    CanvasFill,
    Change,
    GradebookError,
    RawTable,
    Score,
    scores_of,
    task_of,
    value_of,
)
from dqn_helpers.teacher.report.words import one_line

# Rubrikerna på engelska och svenska, så som Moodle skriver dem (och har skrivit dem).
_GRADE = ("grade", "betyg", "poäng")
_MOST = ("maximum grade", "maxbetyg", "högsta betyg", "maximalt betyg", "högsta poäng")
_SCALE = ("scale", "skala")
_LOCKED = ("grade can be changed", "betyg kan ändras", "betyget kan ändras")
_NAME = ("full name", "fullständigt namn", "namn")
_ENGLISH = "email address"  # engelska till vänster
_EMAIL = (_ENGLISH, "e-postadress", "e-post")
_STATUS = ("status",)
_TEAM = ("group", "grupp")
_LATE = re.compile(r"\b(late|sent)\b|för sen", re.IGNORECASE)
# `Participant 55008` på engelska, `Deltagare55008` på svenska.
_PARTICIPANT = re.compile(r"[^\d]{1,40}(\d{1,18})")

SCALE_WORDS = {
    "U": ("u", "underkänd", "underkänt", "ej godkänd", "icke godkänd"),
    "G": ("g", "godkänd", "godkänt"),
    "VG": ("vg", "väl godkänd", "väl godkänt"),
}
"""Vad skalor brukar kalla betygen."""


@dataclass(frozen=True)
class Participant:
    """En student i bladet; gruppen är tom om uppgiften inte lämnas in i grupp."""

    number: str
    name: str
    email: str
    late: bool
    team: str


class MoodleWorksheet:
    """Bladet, där en ruta kan bytas och resten står kvar.

    Attributes:
        students: (rad, nummer) för varje student.
        grade: platsen för kolumnen med betyget.
        scale: skalans ord, det lägsta först; tom om uppgiften har poäng.

    Raises:
        GradebookError: om filen inte är ett sådant.
    """

    def __init__(self, path: Path) -> None:
        self.table = RawTable(path.read_bytes().decode("utf-8", "replace"))
        self._name = path.name
        rows = [self.table.row(i) for i in range(len(self.table.rows))]
        self._head = [cell.strip().casefold() for cell in rows[0]] if rows else []
        found = [_PARTICIPANT.fullmatch(row[0].strip()) for row in rows[1:]]
        self.students = [(i, m[1]) for i, m in enumerate(found, 1) if m]
        grade = self._place(_GRADE)
        if grade is None or not self.students:
            raise GradebookError(
                f"{path.name} ser inte ut som ett arbetsblad ur Moodle: kolumnerna "
                "`Identifier` och `Grade` saknas. Slå på `Offline grading worksheet` (på svenska "
                "Arbetsblad för betygsättning offline) i uppgiften och hämta det på nytt."
            )
        self.grade = grade
        self.scale = self._cell(self.students[0][0], _SCALE).split("\n")
        self.scale = [word.strip() for word in self.scale if word.strip()]

    def _place(self, headings: Sequence[str]) -> int | None:
        """Platsen för den kolumn som har någon av rubrikerna."""
        return next((self._head.index(one) for one in headings if one in self._head), None)

    def _cell(self, row: int, headings: Sequence[str]) -> str:
        """Det som står i radens ruta under rubriken; tomt om den inte finns."""
        place, cells = self._place(headings), self.table.row(row)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    def name(self, row: int) -> str:
        """Studentens namn: under sin rubrik, annars det som står direkt efter numret.

        Vid anonym bedömning finns inget namn. Då är det numret, `Participant 55008`.
        """
        cells = self.table.row(row)
        is_hidden = self._place(_NAME) is None and self._head[1:2] == [*_STATUS]
        found = self._cell(row, _NAME) or ("" if is_hidden else cells[1])
        return one_line(found or cells[0], 100)

    def participants(self) -> list[Participant]:
        """Alla studenter i bladet."""
        return [
            Participant(
                number,
                self.name(row),
                one_line(self._cell(row, _EMAIL), 100),
                bool(_LATE.search(self._cell(row, _STATUS))),
                one_line(self._cell(row, _TEAM), 100),
            )
            for row, number in self.students
        ]

    @property
    def possible(self) -> float | None:
        """Uppgiftens högsta poäng; None om den har en skala."""
        return value_of(self._cell(self.students[0][0], _MOST))

    def new_value(self, row: int, score: Score) -> str | None:
        """Det som ska stå i rutan; None om läraren måste bedöma något först."""
        if score.points is None or (self.scale and not score.grade):
            return None
        if self.scale:
            return self._word(score.grade or "")
        comma = "," in self._cell(row, _MOST)
        return points_text(score.points) if comma else points_text(score.points).replace(",", ".")

    def _word(self, grade: str) -> str:
        """Betyget så som skalan skriver det; har den inget VG är det G."""
        for letter in (grade, "G") if grade == "VG" else (grade,):
            names = SCALE_WORDS.get(letter, (letter.casefold(),))
            found = [one for one in self.scale if one.casefold() in names]
            if found:
                return found[0]
        return grade

    def change(self, row: int, new: str, lower: bool) -> Change:
        """Rutans byte, och varför det i så fall inte görs."""
        old, most = self._cell(row, _GRADE), self.possible
        before, now = self._rank(old), self._rank(new)
        if self._cell(row, _LOCKED).casefold() in ("no", "nej"):
            refused = "betyget är låst i Moodle"
        elif now is None:
            refused = f"det finns inte i skalan i Moodle ({', '.join(self.scale)})"
        elif most is not None and now > most:
            refused = f"det är mer än uppgiftens {points_text(most)} poäng"
        elif before is not None and before > now and not lower:
            refused = "det är en sänkning; säg till med --allow-lower"
        else:
            refused = ""
        return Change(one_line(self.name(row), 60), old, new, one_line(refused, 100))

    def _rank(self, text: str) -> float | None:
        """Det som kan jämföras: poängen, eller ordets plats i skalan."""
        if self.scale:
            return self.scale.index(text) if text in self.scale else None
        return value_of(text)


def fill_moodle(
    path: Path, results: ClassResult, books: Sequence[str] = (), *, lower: bool = False
) -> CanvasFill:
    """Moodles arbetsblad med poängen, eller betygen, ifyllda; inget annat ändras.

    Args:
        path: bladet, som CSV.
        results: resultaten. Studenten känns igen på numret i Moodles mappnamn, och den som är med
            i en grupp på gruppens.
        books: böckerna som uppgiften består av; utan dem avgör uppgiftens högsta poäng.
        lower: sant om en poäng får sänkas.

    Raises:
        GradebookError: om filen inte är ett arbetsblad, eller böckerna inte går att välja.
    """
    sheet = MoodleWorksheet(path)
    task = task_of(sheet.possible, results, books)
    scores, unnamed, elsewhere = scores_of(
        results, task, lambda one: one.members or (one.moodle_id,)
    )
    changes: list[Change] = []
    waiting: list[str] = []
    for row, number in sheet.students:
        if number not in scores:
            continue
        new = sheet.new_value(row, scores[number])
        if new is None:
            waiting += scores[number].files
            continue
        change = sheet.change(row, new, lower)
        changes.append(change)
        if not change.refused:
            sheet.table.write(row, sheet.grade, change.new)
    known = {number for _, number in sheet.students}
    missing = [file for user in scores if user not in known for file in scores[user].files]
    return CanvasFill(
        str(sheet.table), task.name, tuple(changes), tuple(waiting), tuple(unnamed + missing),
        tuple(elsewhere),
    )  # fmt: skip
