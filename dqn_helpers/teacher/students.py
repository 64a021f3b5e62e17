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
from dqn_helpers.counting import listed
from dqn_helpers.teacher.gradebook import name_in, read_gradebook
from dqn_helpers.teacher.moodle import MoodleWorksheet
from dqn_helpers.teacher.overrides import decoded, delimiter
from dqn_helpers.teacher.report.words import file_name, one_line

FILE_NAME = "studenter.csv"
LATE = "Filen kom för sent enligt Moodle."
# Den låtsasstudent som varje kurs i Canvas har; användarnamnet är alltid en kontrollsumma.
_TEST_STUDENT, _TEST_LOGIN = ["student", "test"], re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class Person:
    """En student i omdömesboken, eller i Moodles arbetsblad."""

    canvas_id: str
    name: str
    login: str
    moodle_id: str = ""
    late: bool = False
    team: str = ""

    def matches(self, text: str) -> bool:
        """Sant om texten är numret, användarnamnet eller namnet, i vilken ordning det än står."""
        known = (self.canvas_id, self.moodle_id, self.login, self.login.split("@")[0])
        return _key(text) in map(_key, filter(None, known)) or _words(text) == _words(self.name)


@dataclass(frozen=True)
class Answers:
    """Lärarens svar: (fil, mapp, nummer eller namn, studenterna), och vad som är fel i filen."""

    rows: tuple[tuple[str, str], ...] = ()
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
        rows.append((cells[0], cells[1]))
    return Answers(tuple(rows), tuple(problems))


def read_people(path: Path) -> list[Person]:
    """Studenterna i en omdömesbok ur Canvas.

    Raises:
        GradebookError: om filen inte är en export från Canvas.
    """
    table = read_gradebook(path)
    head = table.row(0)
    places = [head.index(name) if name in head else None for name in ("ID", "SIS Login ID")]
    people = []
    for index in range(1, len(table.rows)):
        row = table.row(index)
        user, login = (
            row[place].strip() if place is not None and place < len(row) else "" for place in places
        )
        name = name_in(head, row)
        is_test = _words(name) == _TEST_STUDENT or _TEST_LOGIN.fullmatch(login)
        if user.isdigit() and not is_test:
            people.append(Person(user, one_line(name, 100), one_line(login, 100)))
    return people


def read_moodle_people(path: Path) -> list[Person]:
    """Studenterna i Moodles arbetsblad, med e-postadressen som användarnamn.

    Raises:
        GradebookError: om filen inte är ett arbetsblad.
    """
    return [
        Person("", one.name, one.email, one.number, one.late, one.team)
        for one in MoodleWorksheet(path).participants()
    ]


def identified(
    results: ClassResult, answers: Answers = Answers(), people: Sequence[Person] = ()
) -> ClassResult:
    """Resultaten med de namn som läraren och omdömesboken ger, och frågorna som är kvar."""
    chosen, problems = _chosen(results.submissions, answers)
    rows, handed_in = [], set()
    for index, submission in enumerate(results.submissions):
        names = _names_in(chosen.get(index, ""), people)
        found = _people_behind(submission, names, people)
        problems += _unknown_names(names, found, people)
        problems += [] if names else _perhaps_a_group(submission, found)
        known = [person for person in found if person is not None]
        rows.append(_known(submission, names, known, everyone=len(known) == len(found)))
        handed_in |= {*known}
    missing = (_shown(one) for one in people if one not in handed_in)
    unclear = (*answers.problems, *dict.fromkeys(problems), *_questions(rows))
    return replace(results, submissions=tuple(rows), unclear=unclear, not_handed_in=tuple(missing))


def _shown(person: Person) -> str:
    return f"{person.name} ({person.login})" if person.login else person.name


# --- lärarens svar -------------------------------------------------------------------------------


def _chosen(
    submissions: Sequence[SubmissionResult], answers: Answers
) -> tuple[dict[int, str], list[str]]:
    """Inlämningens plats → svaret, och en mening om varje svar som inte passar."""
    chosen: dict[int, str] = {}
    problems = []
    for what, who in answers.rows:
        found = _found(submissions, what)
        chosen |= dict.fromkeys(found, who)
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


def _names_in(cell: str, people: Sequence[Person]) -> tuple[str, ...]:
    """Namnen i ett svar: ett komma skiljer dem åt, men inte i listans "Ek, Anna"."""
    parts = [one_line(part, 100) for part in re.split(r"[,&+]", cell) if part.strip()]
    names = []
    while parts:
        pair = ", ".join(parts[:2])
        take = 2 if not _person(parts[0], people) and _person(pair, people) else 1
        names.append(pair if take == 2 else parts[0])
        parts = parts[take:]
    return tuple(names)


def _unknown_names(
    names: Sequence[str], found: Sequence[Person | None], people: Sequence[Person]
) -> list[str]:
    """En mening om varje namn i ett svar som klassens lista inte har."""
    return [
        f"{FILE_NAME}: ”{one_line(name, 80)}” finns inte i listan över klassen, eller så passar "
        "flera. Skriv användarnamnet i stället."
        for name, person in zip(names, found, strict=False)
        if people and person is None
    ]


# --- omdömesboken --------------------------------------------------------------------------------


def _people_behind(
    submission: SubmissionResult, names: Sequence[str], people: Sequence[Person]
) -> list[Person | None]:
    """De i klassens lista som har lämnat in filen; None för var och en som inte finns där."""
    if names:
        return [_person(name, people) for name in names]
    if submission.canvas_id:
        return [next((one for one in people if one.canvas_id == submission.canvas_id), None)]
    if not submission.moodle_id or not any(one.moodle_id for one in people):
        return [_person(submission.student or "", people)]
    if any(one.team for one in people):  # då är mappens namn och nummer gruppens
        team = [one for one in people if _bare(one.team) == _bare(submission.student or "")]
        return [*team] or [None]
    return [next((one for one in people if one.moodle_id == submission.moodle_id), None)]


def _known(
    submission: SubmissionResult, names: Sequence[str], known: Sequence[Person], everyone: bool
) -> SubmissionResult:
    """Raden med det som är känt om studenten, eller om alla i gruppen.

    Args:
        submission: raden.
        names: namnen på dem som läraren har sagt att det är; tomt om inget är sagt.
        known: de av dem som finns i klassens lista.
        everyone: sant om alla finns där.
    """
    if names:
        who = ", ".join(sorted(map(_key, names)))
        submission = replace(submission, student=", ".join(names), person=who)
    if not everyone:  # då är numren inte hela gruppens
        return replace(submission, canvas_id=None if names else submission.canvas_id)
    in_moodle = any(person.moodle_id for person in known)
    numbers = tuple(person.moodle_id if in_moodle else person.canvas_id for person in known)
    late = submission.late or any(person.late for person in known)
    told = LATE if late and not submission.late else ""
    row = replace(
        submission,
        login=", ".join(person.login for person in known if person.login),
        late=late,
        message=" ".join(filter(None, (told, submission.message))),
        known_as=tuple(one for person in known for one in (person.name, person.login) if one),
    )
    if len(known) == 1:
        row = replace(row, student=known[0].name, person="")
        return (
            replace(row, moodle_id=numbers[0]) if in_moodle else replace(row, canvas_id=numbers[0])
        )
    names = names or [person.name for person in known]
    who = ", ".join(sorted(map(_key, names)))  # numret kan vara gruppens, och lika en students
    return replace(row, student=", ".join(names), person=who, members=numbers, canvas_id=None)


def _perhaps_a_group(submission: SubmissionResult, found: Sequence[Person | None]) -> list[str]:
    """En fråga, om Canvas har döpt filen till något annat än studenten: så gör det med grupper."""
    person = found[0]
    if person is None or not submission.canvas_id:
        return []
    parts = [part.strip() for part in person.name.split(",")]
    if _bare(submission.student or "") in (_bare("".join(parts)), _bare("".join(parts[::-1]))):
        return []
    return [f"{file_name(submission)}: Canvas kallar den som lämnade in "
            f"”{one_line(submission.student, 80)}”, men numret hör till {person.name}. Är det en "
            "grupp? Svara med allas namn."]  # fmt: skip


def _person(text: str, people: Sequence[Person]) -> Person | None:
    """Den i omdömesboken som texten säkert är; ingen om två passar."""
    found = [person for person in people if text and person.matches(text)]
    return found[0] if len(found) == 1 else None


def same_person(submission: SubmissionResult, text: str) -> bool:
    """Sant om texten är namnet (i vilken ordning det än står) eller användarnamnet på någon bakom
    filen.
    """
    names = submission.known_as or tuple(filter(None, (submission.student, submission.login)))
    return any(Person("", name, name).matches(text) for name in names)


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
        if all(row.known_as for row in mine):
            continue  # klassens lista har båda, så de heter bara lika
        files = listed([file_name(row) for row in mine[:4]])
        yield (f"{one_line(mine[0].student, 80)}: är det samma student i {files}? Det är olika "
               "nummer, så de räknas som olika studenter.")  # fmt: skip


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split())).casefold()


def _bare(name: str) -> str:
    """Bara bokstäver och siffror: lärplattformarna tar bort olika mycket annat ur filnamnen."""
    return "".join(filter(str.isalnum, _key(name)))


def _words(name: str) -> list[str]:
    """Namnets ord i bokstavsordning: "Ek, Anna" och "Anna Ek" är lika."""
    return sorted(re.findall(r"[^\s,]+", _key(name)))
