"""Examinatorns beslut: beslut.csv i utmappen, som står kvar när allt rättas om.

Filen skrivs av en människa, oftast i Excel, eller av bedömningssidan. Därför godtas semikolon,
komma och tabb, decimalkomma, tomma kolumner och svenska tecken i gammal kodning. Det som inte går
att förstå blir en varning med radnummer. Rättaren ändrar aldrig filen.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dqn_helpers.autograder.result import (
    NOT_CHOSEN,
    ClassResult,
    Decision,
    ExerciseResult,
    Remark,
    SubmissionResult,
    points_text,
)
from dqn_helpers.counting import listed
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.syllabus import SYLLABUS, WRITTEN, exercises_of, notebook_of
from dqn_helpers.teacher.report.words import clean, one_line

FILE_NAME = "beslut.csv"
COLUMNS = ("fil", "övning", "poäng", "skäl")
WHO = "vem"  # en kolumn som inte måste finnas
WHOLE, ALL_LATE, COMMENT = "hela filen", "alla sena", "kommentar"
LETTERS = ("U", "G", "VG")
TEMPLATE = """\
# Här står det som du bestämmer själv. En rad per beslut; studenten får läsa skälet.
# fil: som i resultat.csv. övning: till exempel 5.1 double_dqn_target, eller hela filen.
# poäng: ett tal (1,5), G (full poäng), U (noll) eller ordet kommentar (inga poäng ändras).
# På hela filen: ett betyg (U, G, VG), ett avdrag på poängen (-10 %) eller ordet kommentar.
# Avdrag för alla sena filer:  alla sena;hela filen;-10 %;Kursen drar 10 procent för sena svar.
# En fil som inte gick att läsa får sina poäng på samma sätt, övning för övning.
# Vill du säga vem som har bedömt lägger du till kolumnen vem efter skäl.
# Raderna gäller varje gång inlämningarna rättas. Ta bort en rad, så gäller rättarens poäng igen.
# Rader som börjar med # läses inte.
fil;övning;poäng;skäl
"""

_MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_PERCENT = re.compile(r"-?(\d{1,3}(\.\d{1,2})?)\s*%")


@dataclass(frozen=True)
class Override:
    """En rad i beslut.csv: poäng, bokstav, avdrag eller, om inget av dem står, en kommentar.

    Attributes:
        row: radens nummer i filen.
        file: filen, eller `alla sena`.
        exercise: övningen, eller `hela filen`.
        points: poängen, om det är ett tal.
        reason: skälet, som studenten får läsa.
        letter: U, G eller VG.
        percent: avdraget i procent av poängen.
        who: den som bestämde; tomt om det inte står.
    """

    row: int
    file: str
    exercise: str
    points: float | None
    reason: str
    letter: str = ""
    percent: float | None = None
    who: str = ""

    @property
    def kind(self) -> str:
        """Vad raden bestämmer; två rader om samma sak och av samma slag ersätter varandra."""
        if self.percent is not None:
            return "avdrag"
        if self.points is None and not self.letter:
            return COMMENT
        return "betyg" if self.is_whole else "poäng"

    @property
    def is_whole(self) -> bool:
        """Sant om raden gäller hela filen."""
        return self.exercise.casefold() == WHOLE

    @property
    def is_rule(self) -> bool:
        """Sant om raden gäller alla filer som kom för sent."""
        return self.file.casefold() == ALL_LATE


@dataclass(frozen=True)
class Overrides:
    """Alla rader som gick att läsa, och varningar om dem som inte gick.

    `text` är hela filen, som bedömningssidan ändrar i; tom om den inte är läst ur utmappen.
    """

    rows: tuple[Override, ...] = ()
    problems: tuple[str, ...] = ()
    text: str = field(default="", compare=False)


Place = tuple[int, int | None]
"""Inlämningens plats i resultaten, och övningens plats i den; None är hela filen."""


# --- läsa filen -----------------------------------------------------------------------------------


def load_overrides(out: Path) -> Overrides:
    """Läs `beslut.csv` i utmappen; finns den inte skapas en tom med en förklaring."""
    path = out / FILE_NAME
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        path.write_text(TEMPLATE, encoding="utf-8-sig", newline="\r\n")
    return read_overrides(path)


def read_overrides(path: Path) -> Overrides:
    """Läs en fil med ändringar."""
    text = decoded(path.read_bytes())
    return replace(overrides_in(text, path), text=text)


def overrides_in(text: str, path: Path) -> Overrides:
    """Ändringarna i en text, som står i filen `path`."""
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text)))
    except csv.Error as error:
        return Overrides(problems=(f"{path.name} går inte att läsa som en tabell: {error}.",))
    rows = [(n, _cells(row)) for n, row in enumerate(table, 1) if _says_something(row)]
    if not rows:
        return Overrides()
    columns = _columns(rows[0][1])
    if not columns:
        wanted, found = ";".join(COLUMNS), clean(";".join(rows[0][1]), 80)
        return Overrides(problems=(f"{path.name}, rad {rows[0][0]}: rubrikraden ska vara "
                                   f"{wanted}, men där står: {found}",))  # fmt: skip
    return _read_rows(path.name, rows[1:], columns)


def _read_rows(
    name: str, rows: Sequence[tuple[int, list[str]]], columns: Mapping[str, int]
) -> Overrides:
    read, problems = [], []
    for number, cells in rows:
        values = {name: cells[c] if c < len(cells) else "" for name, c in columns.items()}
        override = _override(number, values)
        if isinstance(override, Override):
            read.append(override)
        else:
            problems.append(f"{name}, rad {number}: {override} Raden används inte.")
    return Overrides(tuple(read), tuple(problems))


def _override(row: int, values: Mapping[str, str]) -> Override | str:
    """Raden, eller en mening om vad som är fel på den."""
    for name in COLUMNS:
        if not values[name]:
            return f"kolumnen {name} är tom."
    file, exercise, given, reason = (values[name] for name in COLUMNS)
    read = Override(row, file, exercise, None, one_line(reason, 2_000), who=values.get(WHO, ""))
    value = given.replace(",", ".").replace("−", "-")
    if value.casefold() == COMMENT:
        return read
    if value.upper() in LETTERS:
        return replace(read, letter=value.upper())
    if percent := _PERCENT.fullmatch(value):
        return replace(read, percent=float(percent[1]))
    if not re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{0,6})?", value):
        return f"poängen ”{one_line(given, 30)}” är inget tal. Skriv till exempel 1,5."
    return replace(read, points=float(value))


def header_of(text: str) -> tuple[int | None, list[str]]:
    """Rubrikradens plats och kolumnernas namn i ordning; None om de fyra inte finns."""
    table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text)))
    place = next((i for i, row in enumerate(table) if _says_something(row)), None)
    columns = _columns(_cells(table[place])) if place is not None else {}
    if not columns:
        return None, []
    names = {at: name for name, at in columns.items()}
    return place, [names.get(at, "") for at in range(len(table[place or 0]))]


def decoded(data: bytes) -> str:
    """Texten, i vilken av Excels kodningar den än är sparad."""
    return data.decode(encoding_of(data), "replace")


def encoding_of(data: bytes) -> str:
    """Vilken av Excels kodningar en fil är sparad i; samma kodning ger tillbaka samma fil."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"


def delimiter(text: str) -> str:
    """Skiljetecknet i rubrikraden."""
    lines = (line for line in text.splitlines() if line.strip(' ;,\t"'))
    header = next((line for line in lines if not line.lstrip('"').startswith("#")), "")
    return max(";,\t", key=header.count)


def _cells(row: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in row]


def _says_something(row: Sequence[str]) -> bool:
    return any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Var kolumnerna står; tomt om någon av de fyra saknas."""
    names = [_plain(cell) for cell in header]
    found = {name: names.index(_plain(name)) for name in (*COLUMNS, WHO) if _plain(name) in names}
    return found if found.keys() >= set(COLUMNS) else {}


def _plain(text: str) -> str:
    """Små bokstäver utan prickar och ringar."""
    letters = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(char for char in letters if not unicodedata.combining(char))


# --- använda besluten -----------------------------------------------------------------------------


def apply(results: ClassResult, overrides: Overrides) -> ClassResult:
    """Resultaten med det som examinator har bestämt; rättarens bedömningar står kvar bredvid.

    Står samma sak på två rader gäller den sista.
    """
    opened = _opened(results, overrides)
    placed: dict[int, list[tuple[int | None, Override]]] = {}
    for override in overrides.rows:
        for place in _places(opened, override):
            placed.setdefault(place[0], []).append((place[1], override))
    rows = list(opened.submissions)
    for index, mine in placed.items():
        decided = [override for number, override in mine if number is None]
        exercises = list(rows[index].exercises)
        for number, override in mine:
            if number is not None:
                exercises[number] = _decided(exercises[number], override)
        rows[index] = _whole(replace(rows[index], exercises=tuple(exercises)), decided)
    return replace(results, submissions=tuple(rows))


def _decided(exercise: ExerciseResult, override: Override) -> ExerciseResult:
    """Övningen med poängen eller kommentaren."""
    if override.kind == COMMENT:
        return replace(exercise, remarks=(*exercise.remarks, _remark(override)))
    points = override.points
    if points is None:
        points = exercise.max_points if override.letter == "G" else 0.0
    earlier = exercise.decision.old if exercise.decision else exercise.points
    decision = Decision(earlier, points, override.reason, override.letter, override.who)
    return replace(exercise, points=points, decision=decision)


def _remark(override: Override) -> Remark:
    return Remark(override.reason, override.who, override.letter, override.percent)


def _whole(submission: SubmissionResult, decided: Sequence[Override]) -> SubmissionResult:
    """Filen med det som gäller hela den: kommentarer, det sista betyget och det sista avdraget."""
    own = [one for one in decided if not one.is_rule]
    last = {one.kind: one for one in (*(one for one in decided if one.is_rule), *own)}
    comments = [_remark(one) for one in decided if one.kind == COMMENT]
    grade = [_remark(last["betyg"])] if "betyg" in last else []
    submission = replace(submission, remarks=(*comments, *grade))
    if "avdrag" not in last or not last["avdrag"].percent:
        return submission
    share = (last["avdrag"].percent or 0) / 100
    exercises = tuple(
        replace(e, points=e.points - share * e.points, deducted=share * e.points)
        if e.points is not None
        else e
        for e in submission.exercises
    )
    lost = sum(exercise.deducted for exercise in exercises)
    taken = replace(_remark(last["avdrag"]), lost=lost)
    return replace(submission, exercises=exercises, remarks=(*submission.remarks, taken))


# --- filer som bara en människa kan bedöma --------------------------------------------------------

BY_HAND = "Filen är bedömd för hand."


def _opened(results: ClassResult, overrides: Overrides) -> ClassResult:
    """Resultaten, där en fil utan övningar får dem som examinator har gett poäng."""
    rows = list(results.submissions)
    files = [one.file for one in rows]
    for override in overrides.rows:
        index = submission_index(files, override.file)
        if isinstance(index, str) or override.is_whole or override.kind == COMMENT:
            continue
        numbers = _could_have(results.submissions[index], override.exercise)
        if numbers:
            rows[index] = _assessed_by_hand(rows[index], numbers)
    return replace(results, submissions=tuple(rows))


def _could_have(submission: SubmissionResult, exercise: str) -> list[str]:
    """Övningarna i den bok som en fil utan övningar måste vara, om den har den övningen."""
    number = number_of(exercise)
    if submission.exercises or number not in SYLLABUS or NOT_CHOSEN in submission.message:
        return []
    book = exercises_of(submission.notebook or notebook_of(number))
    return book if number in book else []


def _assessed_by_hand(submission: SubmissionResult, numbers: Sequence[str]) -> SubmissionResult:
    """Filen som rättad, med övningar som väntar på läraren."""
    there = {exercise.id: exercise for exercise in submission.exercises}
    there = {number: waiting(number) for number in numbers} | there
    return replace(
        submission,
        status="graded",
        message=submission.message if there.keys() == {e.id for e in submission.exercises}
        else f"{BY_HAND} {submission.message}".strip(),
        exercises=tuple(there[number] for number in SYLLABUS if number in there),
    )  # fmt: skip


def waiting(number: str) -> ExerciseResult:
    """En övning som bara läraren kan bedöma, och ännu inte har bedömt."""
    most = WRITTEN[number] if number in WRITTEN else EXERCISES[number].points
    return ExerciseResult(number, SYLLABUS[number] or "reflektion", None, most, "manual")


# --- det som inte går -----------------------------------------------------------------------------


def applicable(results: ClassResult, overrides: Overrides) -> Overrides:
    """Bara raderna om det som finns i resultaten: för `--only`, där resten inte är med."""
    opened = _opened(results, overrides)
    rows = (row for row in overrides.rows if row.is_rule or _places(opened, row))
    return Overrides(tuple(rows), overrides.problems)


def problems(results: ClassResult, overrides: Overrides) -> list[str]:
    """Allt som är fel i filen: en svensk mening per rad som inte används."""
    return [*overrides.problems, *_application_problems(_opened(results, overrides), overrides)]


def _application_problems(results: ClassResult, overrides: Overrides) -> Iterator[str]:
    first: dict[tuple[object, str], int] = {}
    for override in overrides.rows:
        place = _find(results, override)
        if isinstance(place, str):
            yield f"{FILE_NAME}, rad {override.row}: {place} Raden används inte."
            continue
        if override.kind == COMMENT:
            continue
        key = place, override.kind
        what = "samma sak" if override.is_whole else "samma övning"
        if key in first:
            yield (f"{FILE_NAME}, rad {override.row}: {what} står också på rad "
                   f"{first[key]}. Den senare raden gäller.")  # fmt: skip
        first[key] = override.row


def _places(results: ClassResult, override: Override) -> list[Place]:
    """Alla platser som raden gäller; inga om den inte går att använda."""
    place = _find(results, override)
    if place is None:
        return [(i, None) for i, one in enumerate(results.submissions) if one.late]
    return [] if isinstance(place, str) else [place]


def _find(results: ClassResult, override: Override) -> Place | str | None:
    """Var raden hör hemma, None om det är alla sena, eller en mening om varför den inte går."""
    wrong = _not_for_everything(override)
    if wrong or override.is_rule:
        return wrong or None
    index = submission_index([one.file for one in results.submissions], override.file)
    if isinstance(index, str):
        return index
    if override.is_whole:
        return index, None
    exercises = results.submissions[index].exercises
    number = number_of(override.exercise)
    if not exercises:
        return (f"filen har inga rättade övningar, och ”{one_line(override.exercise, 40)}” kan den "
                "inte få poäng för. Skriv en av bokens övningar, till exempel 5.1.")  # fmt: skip
    place = next((i for i, e in enumerate(exercises) if number == e.id), None)
    if place is None:
        there = listed([e.id for e in exercises])
        return f"övningen ”{one_line(override.exercise, 40)}” finns inte i filen, som har {there}."
    if override.points is not None and not 0 <= override.points <= exercises[place].max_points:
        highest = points_text(exercises[place].max_points)
        return f"{points_text(override.points)} poäng går inte; {number} ger 0 till {highest}."
    return index, place


def _not_for_everything(override: Override) -> str:
    """Vad som inte går ihop i raden: hela filen har inga poäng, och en övning inget avdrag."""
    if override.is_rule and not (override.is_whole and override.kind in ("avdrag", COMMENT)):
        return "alla sena kan bara få ett avdrag (-10 %) eller en kommentar, på hela filen."
    if override.percent is not None and not override.is_whole:
        return "ett avdrag i procent gäller hela filen; en övning får poäng."
    if (override.percent or 0) > 100:
        return "avdraget är större än alla poäng."
    if override.points is not None and override.is_whole:
        return ("hela filen kan få ett betyg (G), ett avdrag (-10 %) eller en kommentar. Poängen "
                "skrivs övning för övning.")  # fmt: skip
    if override.letter == "VG" and not override.is_whole:
        return "en övning kan få G (full poäng) eller U (noll), men inte VG."
    return ""


def number_of(text: str) -> str:
    """Övningens nummer, ur numret eller funktionens namn."""
    number = _exercise_number(text)
    return next((one for one, name in SYLLABUS.items() if name and name == number), number)


def submission_index(files: Sequence[str], wanted: str) -> int | str:
    """Filens plats: hela namnet, annars det sista ledet om bara en fil har det."""
    names, name = [_same_name(file) for file in files], _same_name(wanted)
    matches = [i for i, file in enumerate(names) if file == name]
    matches = matches or [i for i, file in enumerate(names) if file.split("/")[-1] == name]
    if len(matches) == 1:
        return matches[0]
    shown = one_line(wanted, 80)
    if matches:
        return f"flera filer heter ”{shown}”. Skriv hela namnet ur resultat.csv."
    return f"filen ”{shown}” finns inte bland inlämningarna. Skriv den som i resultat.csv."


def _same_name(file: str) -> str:
    """Filnamnet så som det kan jämföras, utan den apostrof som skyddar mot formler."""
    name = unicodedata.normalize("NFC", one_line(file)).replace("\\", "/")
    return name[1:] if re.match(r"'[=+\-@]", name) else name


def _exercise_number(text: str) -> str:
    """Övningens nummer, också när Excel har gjort ett datum av det (5.1 → 05-jan)."""
    first = text.strip().lower().removeprefix("övning").split()
    word = first[0].rstrip(":") if first else ""
    if match := re.fullmatch(r"(\d{1,2})[-.\s]([a-zå]{3})[a-z.]*", word):
        month = {"mai": "maj", "may": "maj", "oct": "okt"}.get(match[2], match[2])
        return f"{int(match[1])}.{_MONTHS.index(month) + 1}" if month in _MONTHS else word
    if match := re.fullmatch(r"\d{4}-(\d\d)-(\d\d)", word):
        return f"{int(match[2])}.{int(match[1])}"
    return re.sub(r"^(\d+),(\d+)$", r"\1.\2", word) if word[:1].isdigit() else text.strip()
