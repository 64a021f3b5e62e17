"""Examinatorns ändringar: beslut.csv i utmappen, som står kvar när allt rättas om.

Filen skrivs av en människa, oftast i Excel, och läses därefter: semikolon, komma eller tabb,
decimalkomma, tomma kolumner, svenska tecken i gammal kodning. Det som inte går att förstå blir en
varning med radnummer; filen själv ändras aldrig.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dqn_helpers.autograder.result import ClassResult, Decision, points_text
from dqn_helpers.teacher.report.words import clean, one_line

FILE_NAME = "beslut.csv"
COLUMNS = ("fil", "övning", "poäng", "skäl")
TEMPLATE = """\
# Här ändrar du poäng som du bedömer på ett annat sätt än rättaren. En rad per ändring.
# fil: som i resultat.csv. övning: till exempel 5.1 double_dqn_target. poäng: till exempel 1,5.
# skäl: alltid ifyllt. Studenten får läsa det.
# Raderna gäller varje gång inlämningarna rättas. Ta bort en rad, så gäller rättarens poäng igen.
# Rader som börjar med # läses inte.
fil;övning;poäng;skäl
"""

_MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")


@dataclass(frozen=True)
class Override:
    """En rad i beslut.csv. `row` är radens nummer i filen."""

    row: int
    file: str
    exercise: str
    points: float
    reason: str


@dataclass(frozen=True)
class Overrides:
    """Alla rader som gick att läsa, och varningar om dem som inte gick."""

    rows: tuple[Override, ...] = ()
    problems: tuple[str, ...] = ()


Place = tuple[int, int]
"""Inlämningens plats i resultaten, och övningens plats i inlämningen."""


# --- läsa filen -----------------------------------------------------------------------------------


def load_overrides(out: Path) -> Overrides:
    """Läs `beslut.csv` i utmappen; finns den inte görs en tom med en förklaring."""
    path = out / FILE_NAME
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        path.write_text(TEMPLATE, encoding="utf-8-sig", newline="\r\n")
    return read_overrides(path)


def read_overrides(path: Path) -> Overrides:
    """Läs en fil med ändringar."""
    text = decoded(path.read_bytes())
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text)))
    except csv.Error as error:
        return Overrides(problems=(f"{path.name} går inte att läsa som en tabell: {error}.",))
    rows = [(n, _cells(row)) for n, row in enumerate(table, 1) if _says_something(row)]
    if not rows:
        return Overrides()
    columns = _columns(rows[0][1])
    if columns is None:
        wanted, found = ";".join(COLUMNS), clean(";".join(rows[0][1]), 80)
        return Overrides(problems=(f"{path.name}, rad {rows[0][0]}: rubrikraden ska vara "
                                   f"{wanted}, men där står: {found}",))  # fmt: skip
    return _read_rows(path.name, rows[1:], columns)


def _read_rows(
    name: str, rows: Sequence[tuple[int, list[str]]], columns: Sequence[int]
) -> Overrides:
    read, problems = [], []
    for number, cells in rows:
        values = [cells[c] if c < len(cells) else "" for c in columns]
        override = _override(number, *values)
        if isinstance(override, Override):
            read.append(override)
        else:
            problems.append(f"{name}, rad {number}: {override} Raden används inte.")
    return Overrides(tuple(read), tuple(problems))


def _override(row: int, file: str, exercise: str, points: str, reason: str) -> Override | str:
    """Raden, eller en mening om vad som är fel på den."""
    for name, value in zip(COLUMNS, (file, exercise, points, reason), strict=True):
        if not value:
            return f"kolumnen {name} är tom."
    number = points.replace(",", ".").replace("−", "-")
    if not re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{0,6})?", number):
        return f"poängen ”{one_line(points, 30)}” är inget tal. Skriv till exempel 1,5."
    return Override(row, file, exercise, float(number), one_line(reason, 500))


def decoded(data: bytes) -> str:
    """Texten, i vilken av Excels kodningar den än är sparad."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def delimiter(text: str) -> str:
    """Skiljetecknet i rubrikraden."""
    lines = (line for line in text.splitlines() if line.strip(' ;,\t"'))
    header = next((line for line in lines if not line.lstrip('"').startswith("#")), "")
    return max(";,\t", key=header.count)


def _cells(row: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in row]


def _says_something(row: Sequence[str]) -> bool:
    return any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")


def _columns(header: Sequence[str]) -> list[int] | None:
    """Var de fyra kolumnerna står; None om någon saknas."""
    names = [_plain(cell) for cell in header]
    wanted = [_plain(column) for column in COLUMNS]
    return [names.index(name) for name in wanted] if set(wanted) <= set(names) else None


def _plain(text: str) -> str:
    """Små bokstäver utan prickar och ringar."""
    letters = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(char for char in letters if not unicodedata.combining(char))


# --- använda ändringarna --------------------------------------------------------------------------


def apply(results: ClassResult, overrides: Overrides) -> ClassResult:
    """Resultaten med examinatorns poäng; domarna står kvar bredvid.

    Står samma övning på två rader gäller den sista.
    """
    decided: dict[Place, Override] = {}
    for override in overrides.rows:
        place = _find(results, override)
        if not isinstance(place, str):
            decided[place] = override
    submissions = list(results.submissions)
    for (index, number), override in decided.items():
        exercises = list(submissions[index].exercises)
        old = results.submissions[index].exercises[number]
        decision = Decision(old.points, override.points, override.reason)
        exercises[number] = replace(old, points=override.points, decision=decision)
        submissions[index] = replace(submissions[index], exercises=tuple(exercises))
    return replace(results, submissions=tuple(submissions))


def applicable(results: ClassResult, overrides: Overrides) -> Overrides:
    """Bara raderna om det som finns i resultaten: för `--only`, där resten inte är med."""
    rows = (row for row in overrides.rows if not isinstance(_find(results, row), str))
    return Overrides(tuple(rows), overrides.problems)


def problems(results: ClassResult, overrides: Overrides) -> list[str]:
    """Allt som är fel i filen: en svensk mening per rad som inte används."""
    return [*overrides.problems, *_application_problems(results, overrides)]


def _application_problems(results: ClassResult, overrides: Overrides) -> Iterator[str]:
    first: dict[Place, int] = {}
    for override in overrides.rows:
        place = _find(results, override)
        if isinstance(place, str):
            yield f"{FILE_NAME}, rad {override.row}: {place} Raden används inte."
            continue
        if place in first:
            yield (f"{FILE_NAME}, rad {override.row}: samma övning står också på rad "
                   f"{first[place]}. Den senare raden gäller.")  # fmt: skip
        first[place] = override.row


def _find(results: ClassResult, override: Override) -> Place | str:
    """Var övningen står, eller en mening om varför raden inte går att använda."""
    index = _submission_index([one.file for one in results.submissions], override.file)
    if isinstance(index, str):
        return index
    exercises = results.submissions[index].exercises
    if not exercises:
        return "filen har inga rättade övningar. För in poängen för hand, eller be om en ny fil."
    number = _exercise_number(override.exercise)
    place = next((i for i, e in enumerate(exercises) if number in (e.id, e.name)), None)
    if place is None:
        there = ", ".join(e.id for e in exercises)
        return f"övningen ”{one_line(override.exercise, 40)}” finns inte i filen ({there})."
    if not 0 <= override.points <= exercises[place].max_points:
        highest = points_text(exercises[place].max_points)
        return f"{points_text(override.points)} poäng går inte; {number} ger 0 till {highest}."
    return index, place


def _submission_index(files: Sequence[str], wanted: str) -> int | str:
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
