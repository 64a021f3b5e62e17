"""Filer precis så som lärplattformarna skriver dem, med de val som en lärare eller skola kan göra.

Kolumnernas ordning, rubriker och särskilda rader är Canvas egna (`lib/gradebook_exporter.rb`) och
Moodles egna (`mod/assign/gradingtable.php` och `mod/assign/classes/downloader.php`, med orden ur
det svenska språkpaketet).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Cell = str | float | None


@dataclass(frozen=True)
class Student:
    """En student i klassens lista.

    Attributes:
        first, last: namnet.
        number: numret i Canvas eller Moodle.
        login: användarnamnet; e-postadressen i Moodle är det följt av @skola.se.
        scores: uppgiftens nummer → det som står i rutan.
        late: hur sent det kom, "2 days", eller tomt.
        team: gruppen i Moodle.
        handed_in: falskt för den som inte har lämnat in något i Moodle.
    """

    first: str
    last: str
    number: int
    login: str = ""
    scores: Mapping[int, Cell] = field(default_factory=dict)
    late: str = ""
    team: str = ""
    handed_in: bool = True


@dataclass(frozen=True)
class Assignment:
    """En uppgift i Canvas."""

    title: str
    number: int
    possible: float
    manual: bool = False


TEST_STUDENT = "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"
"""Låtsasstudentens användarnamn i Canvas är en kontrollsumma."""


# --- Canvas ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CanvasStyle:
    """Vad läraren och skolan har valt.

    Attributes:
        sis, integration, root: kolumnerna från skolans register.
        apart: för- och efternamn i var sin kolumn.
        custom: lärarens egna kolumner, till exempel anteckningar.
        swedish: lärarens språk; ger decimalkomma och svenska ord för summorna.
        semicolon, bom: skiljetecknet och märket först, för Excel.
        points, letters, override: vilka summor som finns till höger.
        period: betygsperioden som är vald, om kursen har sådana.
    """

    sis: bool = True
    integration: bool = False
    root: bool = False
    apart: bool = False
    custom: tuple[str, ...] = ()
    swedish: bool = False
    semicolon: bool = False
    bom: bool = False
    points: bool = True
    letters: bool = False
    override: bool = False
    period: str = ""


def canvas_export(
    students: Sequence[Student],
    assignments: Sequence[Assignment],
    style: CanvasStyle = CanvasStyle(),
) -> str:
    """Omdömesboken, med låtsasstudenten sist."""
    totals = _totals(style)
    read_only = "(skrivskyddad)" if style.swedish else "(read only)"
    who = ["LastName", "FirstName"] if style.apart else ["Student"]
    about = _about(style, "SIS User ID", "SIS Login ID", "Integration ID", "Root Account")
    head = [*who, "ID", *about, "Section", *style.custom]
    rows: list[list[Cell]] = [[*head, *(f"{a.title} ({a.number})" for a in assignments), *totals]]
    blank: list[Cell] = [None] * len(head)
    if any(one.manual for one in assignments):
        manual = ["Manual Posting" if one.manual else None for one in assignments]
        rows.append([*blank, *manual, *[None] * len(totals)])
    most = [_canvas_number(one.possible, style) for one in assignments]
    rows.append(["    Points Possible", *blank[1:], *most, *[read_only] * len(totals)])
    fake = Student("Test", "Student", 999, TEST_STUDENT)
    for one in (*students, fake):
        scores = [_canvas_number(one.scores.get(a.number), style) for a in assignments]
        rows.append([*_canvas_person(one, style), *[None] * len(style.custom), *scores,
                     *["0,00" if style.swedish else "0.00"] * len(totals)])  # fmt: skip
    delimiter = ";" if style.semicolon else ","
    lines = (delimiter.join(_quoted(cell, f'{delimiter}"\n\r') for cell in row) for row in rows)
    return ("\ufeff" if style.bom else "") + "".join(f"{line}\n" for line in lines)


def _about(style: CanvasStyle, sis: Cell, login: Cell, integration: Cell, root: Cell) -> list[Cell]:
    return [
        *([sis] if style.sis else []), login,
        *([integration] if style.sis and style.integration else []),
        *([root] if style.sis and style.root else []),
    ]  # fmt: skip


def _canvas_person(one: Student, style: CanvasStyle) -> list[Cell]:
    name = [one.last, one.first] if style.apart else [f"{one.last}, {one.first}"]
    about = _about(style, f"sis{one.number}", one.login, f"int{one.number}", "skola.test")
    return [*name, str(one.number), *about, "Grupp A och Grupp B, kväll"]


def _totals(style: CanvasStyle) -> list[str]:
    scores = ["Current Score", "Unposted Current Score", "Final Score", "Unposted Final Score"]
    points = ["Current Points", "Final Points"] if style.points else []
    names = [
        *(f"Uppgifter {name}" for name in (*points, *scores)), *points, *scores,
        *([name.replace("Score", "Grade") for name in scores] if style.letters else []),
        *(["Override Score"] if style.override else []),
    ]  # fmt: skip
    return [f"{name} ({style.period})" if style.period else name for name in names]


def _canvas_number(value: Cell, style: CanvasStyle) -> Cell:
    """Alltid två decimaler; ord (EX, N/A) som de är."""
    if not isinstance(value, int | float):
        return value
    text = f"{value:.2f}"
    return text.replace(".", ",") if style.swedish else text


def _quoted(cell: Cell, special: str) -> str:
    text = "" if cell is None else str(cell)
    return '"' + text.replace('"', '""') + '"' if set(text) & set(special) else text


# --- Moodle ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MoodleStyle:
    """Uppgiftens inställningar, och lärarens språk.

    Attributes:
        swedish: språket; ger decimalkomma, och inget mellanslag i `Deltagare55008`.
        blind: anonym bedömning: inga namn.
        team: uppgiften lämnas in i grupp.
        workflow: bedömningen har ett arbetsflöde.
        text: studenten får också skriva direkt i Moodle.
        idnumber: skolans eget nummer visas.
        scale: skalans ord, det lägsta först; tom om uppgiften har poäng.
    """

    swedish: bool = False
    blind: bool = False
    team: bool = False
    workflow: bool = False
    text: bool = False
    idnumber: bool = False
    scale: tuple[str, ...] = ()


ENGLISH = {
    "id": "Identifier", "name": "Full name", "idnumber": "ID number", "email": "Email address",
    "status": "Status", "team": "Group", "grade": "Grade", "most": "Maximum grade",
    "scale": "Scale", "workflow": "Marking workflow state", "locked": "Grade can be changed",
    "submitted": "Last modified (submission)", "text": "Online text",
    "marked": "Last modified (grade)", "feedback": "Feedback comments",
    "participant": "Participant ", "in": "Submitted for grading", "none": "No submission",
    "late": "{} late", "yes": "Yes", "state": "Not marked",
}  # fmt: skip
SWEDISH = {
    "id": "Identifierare", "name": "Fullständigt namn", "idnumber": "ID-nummer",
    "email": "E-postadress", "status": "Status", "team": "Grupp", "grade": "Betyg",
    "most": "Maxbetyg", "scale": "Skala", "workflow": "Poängsättningsstatus",
    "locked": "Betyg kan ändras", "submitted": "Senast modifierat (inlämning)",
    "text": "Onlinetext", "marked": "Senast modifierat (betyg)",
    "feedback": "Återkopplingskommentarer", "participant": "Deltagare",
    "in": "Inlämnad för betygsättning", "none": "Ingen inlämning", "late": "{} sent",
    "yes": "Ja", "state": "Ej rättad",
}  # fmt: skip


def moodle_sheet(
    students: Sequence[Student], possible: float = 10, style: MoodleStyle = MoodleStyle()
) -> str:
    """Arbetsbladet; en students ruta är det som står under uppgift 0 i `scores`."""
    words = SWEDISH if style.swedish else ENGLISH
    columns = _moodle_columns(style)
    rows = [[words[name] for name in columns]]
    for one in students:
        values = _moodle_values(one, possible, style, words)
        rows.append([values[name] for name in columns])
    # PHP sätter citattecken också runt det som har mellanslag.
    lines = (",".join(_quoted(cell, ' ,"\n\r\t') for cell in row) for row in rows)
    return "\ufeff" + "".join(f"{line}\n" for line in lines)


def _moodle_columns(style: MoodleStyle) -> list[str]:
    named = [] if style.blind else ["name", *(["idnumber"] if style.idnumber else []), "email"]
    return [
        "id", *named, "status", *(["team"] if style.team else []), "grade",
        "scale" if style.scale else "most", *(["workflow"] if style.workflow else []), "locked",
        "submitted", *(["text"] if style.text else []), "marked", "feedback",
    ]  # fmt: skip


def _moodle_values(
    one: Student, possible: float, style: MoodleStyle, words: Mapping[str, str]
) -> dict[str, Cell]:
    status = [words["in"] if one.handed_in else words["none"]]
    status += [words["late"].format(one.late)] if one.late else []
    score, comma = one.scores.get(0), style.swedish
    day = "fredag, 28 november 2025, 09:14" if comma else "Friday, 28 November 2025, 9:14 AM"
    return {
        "id": f"{words['participant']}{one.number}", "name": f"{one.first} {one.last}",
        "idnumber": f"id{one.number}", "email": f"{one.login}@skola.se",
        "status": " - ".join(status), "team": one.team,
        "grade": score if isinstance(score, str) else _moodle_number(score, comma),
        "most": _moodle_number(possible, comma), "scale": "\n".join(style.scale),
        "workflow": words["state"], "locked": words["yes"],
        "submitted": day if one.handed_in else "-", "text": "Se filen, tack!", "marked": "-",
        "feedback": "",
    }  # fmt: skip


def _moodle_number(value: Cell, comma: bool) -> str:
    text = "" if value is None else f"{value:.2f}"
    return text.replace(".", ",") if comma else text


def moodle_folder(name: str, number: int | str) -> str:
    """Mappens namn i nedladdningen: studentens, eller gruppens med gruppens nummer."""
    return f"{name.replace('_', ' ')}_{number}_assignsubmission_file"


def only_changed(before: str, after: str) -> list[tuple[str, str]]:
    """De rader som skiljer två texter, rad för rad."""
    old, new = before.split("\n"), after.split("\n")
    assert len(old) == len(new)
    return [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]


def every_style(names: Iterable[str]) -> list[dict[str, bool]]:
    """Alla val på en gång, inga, och vart och ett för sig."""
    every = list(names)
    return [{}, dict.fromkeys(every, True), *({name: True} for name in every)]
