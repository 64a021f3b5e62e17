"""Vem som är vem: lärarens egna svar, och namnen i omdömesboken.

Svaren står i en CSV-fil med två kolumner, `fil;student`. De sparas i utmappen som `studenter.csv`
och gäller varje gång. Det som inte går att säga säkert gissas aldrig, utan blir en fråga.
"""

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dqn_helpers.autograder.result import ClassResult, SubmissionResult
from dqn_helpers.teacher.gradebook import GradebookError, MoodleWorksheet, read_gradebook
from dqn_helpers.teacher.overrides import decoded, delimiter
from dqn_helpers.teacher.report.words import file_name, one_line

FILE_NAME = "studenter.csv"
_NAME = ("full name", "fullständigt namn", "namn")
_ENGLISH = "email address"  # engelska till vänster
_EMAIL = (_ENGLISH, "e-postadress", "e-post")
_LATE = re.compile(r"\blate\b|för sen", re.IGNORECASE)
_TEST_STUDENT = ["student", "test"]  # den låtsasstudent som varje kurs i Canvas har


@dataclass(frozen=True)
class Person:
    """En student i omdömesboken, eller i Moodles bedömningsblad."""

    canvas_id: str
    name: str
    login: str
    moodle_id: str = ""
    late: bool = False

    def matches(self, text: str) -> bool:
        """Sant om texten är numret, användarnamnet eller namnet, i vilken ordning det än står."""
        known = (self.canvas_id, self.moodle_id, self.login, self.login.split("@")[0])
        return _key(text) in map(_key, filter(None, known)) or _words(text) == _words(self.name)


@dataclass(frozen=True)
class Answers:
    """Lärarens svar: (fil, mapp, nummer eller namn, studenterna), och vad som är fel i filen."""

    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()
    problems: tuple[str, ...] = ()


def read_answers(path: Path) -> Answers:
    """Läs en fil med svar. Flera namn i samma ruta, skilda av komma eller &, är en grupp."""
    text = decoded(path.read_bytes())
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text))
    rows, problems = [], []
    for number, row in enumerate(table, 1):
        cells = [cell.strip() for cell in row if cell.strip()]
        if not cells or cells[0].startswith("#") or (number == 1 and _key(cells[0]) == "fil"):
            continue
        if len(cells) != 2:
            problems.append(f"{path.name}, rad {number}: raden ska ha två kolumner, fil och "
                            "student. Raden används inte.")  # fmt: skip
            continue
        names = tuple(one_line(name, 100) for name in re.split(r"[,&+]", cells[1]) if name.strip())
        rows.append((cells[0], names))
    return Answers(tuple(rows), tuple(problems))


def read_people(path: Path) -> list[Person]:
    """Studenterna i en omdömesbok ur Canvas.

    Raises:
        GradebookError: om filen inte är en export från Canvas.
    """
    table = read_gradebook(path)
    head = table.row(0)
    places = [head.index(name) if name in head else None
              for name in ("Student", "ID", "SIS Login ID")]  # fmt: skip
    if places[0] is None:
        raise GradebookError(
            f"{path.name} saknar kolumnen Student. Exportera den på nytt i Canvas."
        )
    people = []
    for index in range(1, len(table.rows)):
        row = table.row(index)
        name, user, login = (
            row[place].strip() if place is not None and place < len(row) else "" for place in places
        )
        if user.isdigit() and _words(name) != _TEST_STUDENT:
            people.append(Person(user, one_line(name, 100), one_line(login, 100)))
    return people


def read_moodle_people(path: Path) -> list[Person]:
    """Studenterna i Moodles bedömningsblad, med e-postadressen som användarnamn.

    Raises:
        GradebookError: om filen inte är ett bedömningsblad.
    """
    sheet = MoodleWorksheet(path)
    return [
        Person(
            canvas_id="",
            name=one_line(sheet.cell(row, _NAME), 100) or number,
            login=one_line(sheet.cell(row, _EMAIL), 100),
            moodle_id=number,
            late=bool(_LATE.search(sheet.cell(row, ("status",)))),
        )
        for row, number in sheet.students
    ]


def identified(
    results: ClassResult, answers: Answers = Answers(), people: Sequence[Person] = ()
) -> ClassResult:
    """Resultaten med de namn som läraren och omdömesboken ger, och frågorna som är kvar."""
    chosen, problems = _chosen(results.submissions, answers)
    rows = [
        _known(submission, chosen.get(index, ()), people)
        for index, submission in enumerate(results.submissions)
    ]
    handed_in = {("canvas", user) for row in rows for user in (*row.members, row.canvas_id)}
    handed_in |= {("moodle", row.moodle_id) for row in rows}
    missing = (_shown(one) for one in people if not handed_in & _numbers(one))
    unclear = (*answers.problems, *problems, *_questions(rows))
    return replace(results, submissions=tuple(rows), unclear=unclear, not_handed_in=tuple(missing))


def _numbers(person: Person) -> set[tuple[str, str | None]]:
    """Personens nummer i Canvas eller Moodle."""
    numbers = (("canvas", person.canvas_id), ("moodle", person.moodle_id))
    return {(where, number) for where, number in numbers if number}


def _shown(person: Person) -> str:
    return f"{person.name} ({person.login})" if person.login else person.name


# --- lärarens svar -------------------------------------------------------------------------------


def _chosen(
    submissions: Sequence[SubmissionResult], answers: Answers
) -> tuple[dict[int, tuple[str, ...]], list[str]]:
    """Inlämningens plats → studenterna, och en mening om varje svar som inte passar."""
    chosen: dict[int, tuple[str, ...]] = {}
    problems = []
    for what, names in answers.rows:
        found = _found(submissions, what)
        chosen |= dict.fromkeys(found, names)
        if not found:
            problems.append(f"{FILE_NAME}: ”{one_line(what, 80)}” är varken en fil, en mapp, ett "
                            "nummer eller en student bland inlämningarna, eller så passar flera. "
                            "Skriv filen som i resultat.csv.")  # fmt: skip
    return chosen, problems


def _found(submissions: Sequence[SubmissionResult], what: str) -> list[int]:
    """Inlämningarna som ett svar gäller; det säkraste sättet att peka på dem går först."""
    wanted = _key(what.replace("\\", "/").removeprefix("'").rstrip("/"))
    files = [_key(one.file) for one in submissions]
    ways = (
        [i for i, file in enumerate(files) if file == wanted],
        [i for i, file in enumerate(files) if file.startswith(f"{wanted}/")],
        [i for i, one in enumerate(submissions) if wanted in (one.canvas_id, one.moodle_id)],
        _if_one_student(submissions, [i for i, one in enumerate(submissions)
                                      if _key(one.student or "") == wanted]),
        _if_single([i for i, file in enumerate(files) if file.split("/")[-1] == wanted]),
    )  # fmt: skip
    return next((way for way in ways if way), [])


def _if_single(found: list[int]) -> list[int]:
    return found if len(found) == 1 else []


def _if_one_student(submissions: Sequence[SubmissionResult], found: list[int]) -> list[int]:
    """Platserna, om de inte är flera studenters som heter lika."""
    return found if len({submissions[i].who for i in found}) == 1 else []


# --- omdömesboken --------------------------------------------------------------------------------


def _known(
    submission: SubmissionResult, names: Sequence[str], people: Sequence[Person]
) -> SubmissionResult:
    """Raden med det som är känt om studenten, eller om alla i gruppen."""
    if names:
        submission = replace(
            submission, student=", ".join(names), person=", ".join(sorted(map(_key, names)))
        )
    if names:
        found = [_person(name, people) for name in names]
    elif submission.canvas_id:
        found = [next((one for one in people if one.canvas_id == submission.canvas_id), None)]
    elif submission.moodle_id and any(one.moodle_id for one in people):
        found = [next((one for one in people if one.moodle_id == submission.moodle_id), None)]
    else:
        found = [_person(submission.student or "", people)]
    known = [person for person in found if person is not None]
    if len(known) != len(found):  # någon i gruppen är okänd: då är numren inte hela gruppens
        return replace(submission, canvas_id=None if names else submission.canvas_id)
    if known and all(person.moodle_id for person in known):
        return _known_in_moodle(submission, known)
    numbers = tuple(person.canvas_id for person in known)
    return replace(
        submission,
        student=", ".join(person.name for person in known)
        if len(known) == 1
        else submission.student,
        login=", ".join(person.login for person in known if person.login),
        canvas_id=numbers[0] if len(numbers) == 1 else None,
        members=numbers if len(numbers) > 1 else (),
        person="" if len(numbers) == 1 else submission.person,
    )


def _known_in_moodle(submission: SubmissionResult, known: Sequence[Person]) -> SubmissionResult:
    """Raden med namn, e-post och om filen var sen; numret är redan mappens eget i Moodle."""
    return replace(
        submission,
        student=", ".join(person.name for person in known),
        login=", ".join(person.login for person in known if person.login),
        moodle_id=known[0].moodle_id if len(known) == 1 else submission.moodle_id,
        late=submission.late or any(person.late for person in known),
    )


def _person(text: str, people: Sequence[Person]) -> Person | None:
    """Den i omdömesboken som texten säkert är; ingen om två passar."""
    found = [person for person in people if text and person.matches(text)]
    return found[0] if len(found) == 1 else None


def same_person(submission: SubmissionResult, text: str) -> bool:
    """Sant om texten är studentens namn (i vilken ordning det än står) eller användarnamn."""
    person = Person(submission.canvas_id or "", submission.student or "", submission.login)
    return bool(submission.student) and person.matches(text)


# --- det som är oklart ---------------------------------------------------------------------------


def _questions(rows: Sequence[SubmissionResult]) -> Iterator[str]:
    if len(rows) > 1:
        for row in rows:
            if row.who is None:
                yield f"{file_name(row)}: vem har lämnat in filen?"
    named: Mapping[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        if row.student and row.who:
            named[_key(row.student)].add(row.who)
    for who in (one for one in named.values() if len(one) > 1):
        mine = [row for row in rows if row.who in who]
        files = ", ".join(file_name(row) for row in mine[:4])
        yield (f"{one_line(mine[0].student, 80)}: är det samma student i {files}? Det är olika "
               "nummer, så de räknas som olika studenter.")  # fmt: skip


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split())).casefold()


def _words(name: str) -> list[str]:
    """Namnets ord i bokstavsordning: "Ek, Anna" och "Anna Ek" är lika."""
    return sorted(re.findall(r"[^\s,]+", _key(name)))
