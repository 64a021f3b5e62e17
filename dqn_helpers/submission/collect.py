"""Det som lämnats in: en rad per fil, med student, anteckningsbok och celler, eller vad som är fel.

Körs i lärarens egen process. Studentens kod är bara text här; den tolkas någon annanstans
(`submission.extract`). Ingen fil, hur konstig den än är, stoppar de andra.
"""

import dataclasses
import hashlib
import os
import pickle
import re
import sys
import tempfile
import threading
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from dqn_helpers.counting import listed
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.files import Found, Kind, in_file, in_folder, kind_of
from dqn_helpers.submission.notebook import UnreadableError, notebook_in_name, read_contents

MAX_PART = 100  # tecken i ett mappnamn eller filnamn som visas
LONGEST_NAME = 255  # längre namn finns inte på någon disk, men i zip-filer
USUAL_TEXT = 150_000  # tecken i cellerna; kursens egna böcker har hälften
MAX_MORE_TEXT = 3_000_000  # tecken som en students böcker tillsammans får ha utöver det

TOO_MANY = (
    "Studenten har lämnat in fler än {most} anteckningsböcker, och den här är inte rättad. Ska den "
    "räknas går det att rätta den filen för sig."
)
TOO_MUCH = (
    "Studentens anteckningsböcker är orimligt långa tillsammans, och den här är inte rättad. Ska "
    "den räknas går det att rätta den filen för sig."
)


@dataclass(frozen=True)
class Submission:
    """En inlämnad fil.

    Attributes:
        file: det läraren ser: sökvägen räknad från det som angavs, "klass.zip/anna/03.ipynb".
        student: namnet på mappen eller zip-filen, eller ur Canvas filnamn; None om okänd.
        sha256: filens kontrollsumma; tom om den inte lästes.
        notebook: anteckningsbokens nummer, "03"; None om okänt.
        cells: kodcellerna, som de står; namnet är platsen bland alla celler.
        markdown: textcellernas (id, text). Ur en fil ligger båda på disken (`Stored`).
        problem: varför filen inte går att rätta, annars tomt.
        note: något läraren bör veta, annars tomt.
        canvas_id: studentens nummer i Canvas.
        attempt: Canvas nummer på filen (ett högre är nyare); 0 om det är okänt.
        moodle_id: studentens nummer i Moodle, i den uppgiften.
        late: sant om Canvas säger att filen kom för sent.
    """

    file: str
    student: str | None
    sha256: str
    notebook: str | None
    cells: Sequence[CellSource] = ()
    markdown: Sequence[tuple[str, str]] = ()
    problem: str = ""
    note: str = ""
    canvas_id: str | None = None
    attempt: int = 0
    moodle_id: str | None = None
    late: bool = False


class Shelf:
    """En tillfällig fil med det som är för stort för minnet; den försvinner med den sista läsaren.

    Hundratusen anteckningsböcker ryms inte i minnet. Det som ligger här är rättarens eget, och
    ingen annan når filen.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (öppen så länge någon kan läsa)
        self._lock = threading.Lock()  # den som skickar till rättarprocesserna är en egen tråd
        self._last: tuple[int, tuple[Any, ...]] = (-1, ())  # den senaste frågas det om flera gånger

    def put(self, items: tuple[Any, ...]) -> tuple[int, int]:
        """Lägg dit en följd; ger var den ligger."""
        packed = zlib.compress(pickle.dumps(items), 1)
        with self._lock:
            return self._file.seek(0, os.SEEK_END), self._file.write(packed)

    def get(self, place: int, size: int) -> tuple[Any, ...]:
        """Följden som ligger där."""
        with self._lock:
            if place != self._last[0]:
                self._last = place, self._read(place, size)
            return self._last[1]

    def _read(self, place: int, size: int) -> tuple[Any, ...]:
        self._file.seek(place)
        return pickle.loads(zlib.decompress(self._file.read(size)))


class Stored(Sequence[Any]):
    """En följd på hyllan, läst varje gång någon frågar. I en annan process är den en tupel."""

    def __init__(self, items: tuple[Any, ...], shelf: Shelf) -> None:
        self._shelf, self._count = shelf, len(items)
        self._place, self._size = shelf.put(items)

    def _items(self) -> tuple[Any, ...]:
        return self._shelf.get(self._place, self._size)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        return self._items()[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items())

    def __eq__(self, other: object) -> bool:
        return self._items() == other

    def __hash__(self) -> int:
        return hash(self._items())

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self._items(),)


class UsageError(ValueError):
    """Det som angavs på kommandoraden går inte att rätta; meddelandet säger varför."""


class Owner(NamedTuple):
    """Vem en fil kommer från: namn, nummer i Canvas, om den är sen, filens nummer där, Moodle."""

    student: str | None
    canvas_id: str | None = None
    late: bool = False
    attempt: int = 0
    moodle_id: str | None = None

    @property
    def key(self) -> tuple[str | None, str | None]:
        """Studenten, vare sig filen kom i tid eller inte."""
        return self.student, self.canvas_id or self.moodle_id


Key = tuple[str | None, str | None]
"""En student: namn och nummer i Canvas eller Moodle."""


@dataclass(frozen=True)
class _HandedIn:
    """En fil medan alla läses.

    Attributes:
        path: mappar, zip-filer och filnamn.
        kind: vilken sorts fil det är.
        row: raden.
        length: antalet tecken i cellerna.
        is_upload: sant om en student själv har lämnat in den så: i en zip-fil, eller genom Canvas.
            Det som läraren har lagt i en mapp kan vara flera studenters.
        owner: vem den kommer från.
    """

    path: tuple[str, ...]
    kind: Kind
    row: Submission
    length: int = 0
    is_upload: bool = False
    owner: Owner = Owner(None)  # noqa: RUF009  (en NamedTuple går inte att ändra)


def find_submissions(paths: Sequence[Path], most: int = sys.maxsize) -> Iterator[Submission]:
    """Alla inlämnade filer, alltid i samma ordning.

    Args:
        paths: filer, mappar och zip-filer.
        most: så många böcker räknas av det som en student själv har lämnat in.

    Raises:
        UsageError: om en sökväg inte finns eller inte är en anteckningsbok, mapp eller zip-fil.
    """
    for path in paths:
        _check_given(path)
    names, shelf = Counter(path.name for path in paths), Shelf()
    handed_in = [
        item
        for path in paths
        for item in _in_given(path, shelf, len(paths) > 1, ambiguous=names[path.name] > 1)
    ]
    kept = _within_limits(_without_extras(handed_in), most)
    return iter(_with_notes(kept, _extras(handed_in)))


def _check_given(path: Path) -> None:
    if not path.exists():
        raise UsageError(
            f"{path} finns inte. Kontrollera namnet, och i vilken mapp terminalen står."
        )
    if not path.is_dir() and kind_of(path.name) not in ("notebook", "zip"):
        raise UsageError(f"{path} är varken en anteckningsbok (.ipynb), en mapp eller en zip-fil.")


def _in_given(path: Path, shelf: Shelf, several: bool, ambiguous: bool) -> list[_HandedIn]:
    """Det som finns i en angiven fil, mapp eller zip-fil; den läraren själv anger får vara en länk.

    Args:
        path: det som angavs.
        shelf: hit läggs cellerna.
        several: sant om flera angavs; då är en mapp eller zip-fil en student.
        ambiguous: sant om flera angavs med samma namn; då visas mappen de ligger i.
    """
    real = path.resolve()
    if real.is_dir():
        start: tuple[str, ...] = (real.name,) if several else ()
        found, name = in_folder(real, start), real.name
    else:
        start = (real.parent.name,) if ambiguous else ()
        found, name = in_file(real, (*start, path.name)), path.stem
        start = (*start, path.name) if kind_of(path.name) == "zip" else ()
    # Filernas innehåll läggs på hyllan ett i taget: en hel klass ryms inte i minnet.
    items = [_handed_in(one, len(start), shelf) for one in found]
    is_file = kind_of(path.name) == "notebook" and not real.is_dir()
    wrapped = 0 if is_file else _wrappers([i.path[len(start) :] for i in items], name, several)
    inside = [item.path[len(start) + wrapped :] for item in items]
    level, find = _moodle_level(inside), moodle_owner
    if level is None:
        level, find = _canvas_level(inside, one_is_enough=is_file or not several), canvas_owner
    fallback = name if several and start else None
    return [
        _with_owner(item, _owner(path, level, fallback, find))
        for item, path in zip(items, inside, strict=True)
    ]


# --- studenten -----------------------------------------------------------------------------------

# Ett datum, som i labb_2025_11_28.ipynb, är inget nummer i Canvas.
_NO_DATE = r"(?!(19|20)\d\d_(0?[1-9]|1[0-2])_[0-3]?\d(?!\d))"
_CANVAS = re.compile(
    rf"(?P<name>.+?)(?P<late>_LATE)?_{_NO_DATE}(?P<user>\d+)_(?P<attachment>\d+)_(?P<file>.+)"
)
_CANVAS_ANONYMOUS = re.compile(
    r"(?P<name>anon_[A-Za-z0-9]+)(?P<late>_LATE)?_(?P<attachment>\d+)_(?P<file>.+)"
)
_CANVAS_ANONYMOUS_LATE = re.compile(
    r"(?P<late>LATE)_(?P<name>anon_[A-Za-z0-9]+)_(?P<attachment>\d+)_(?P<file>.+)"
)
# Det som skrevs direkt i Canvas, eller en länk till något: de har inget nummer på en bilaga.
_CANVAS_TYPED = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<file>(text|link)\.html)"
)
_DEEPEST_CANVAS = 3  # mappar runt en nedladdning från Canvas


def canvas_parts(name: str) -> dict[str, str | None]:
    """Delarna i ett namn från Canvas (`namn[_LATE]_nummer_bilaga_fil`), annars ingenting."""
    if len(name) > LONGEST_NAME:  # uttrycken tar kvadraten på längden
        return {}
    forms = (_CANVAS_ANONYMOUS, _CANVAS_ANONYMOUS_LATE, _CANVAS, _CANVAS_TYPED)
    match = next((found for form in forms if (found := form.fullmatch(name))), None)
    return match.groupdict() if match else {}


def canvas_owner(name: str) -> Owner | None:
    """Studenten ur ett filnamn från Canvas, annars None."""
    parts = canvas_parts(name)
    if not parts:
        return None
    number = parts.get("attachment") or "1"  # det som skrevs i rutan är äldre än varje fil
    attempt = int(number) if len(number) < 19 else 0
    return Owner(clean(parts["name"] or ""), parts.get("user"), bool(parts["late"]), attempt)


_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<user>\d+)_assignsubmission_(file|onlinetext)(_(?P<file>.*))?"
)
_MOODLE_ANONYMOUS = ("participant", "deltagare")  # engelska och svenska


def moodle_owner(name: str) -> Owner | None:
    """Studenten ur en mapp eller fil från Moodle (`Namn_nummer_assignsubmission_file_…`).

    Lämnar gruppen in är namnet gruppens, och numret också.
    """
    match = _MOODLE.fullmatch(name) if len(name) <= LONGEST_NAME else None
    if match is None:
        return None
    who = match["name"]
    if who.casefold() in _MOODLE_ANONYMOUS:  # anonym bedömning: bara numret skiljer dem åt
        who = f"{who} {match['user']}"
    return Owner(clean(who), moodle_id=match["user"])


def _moodle_level(paths: Sequence[tuple[str, ...]]) -> int | None:
    """På vilken nivå i sökvägarna som namnen kommer från Moodle; None om de inte gör det."""
    for level in range(_DEEPEST_CANVAS):
        n_named = sum(len(path) > level and moodle_owner(path[level]) is not None for path in paths)
        if 2 * n_named > len(paths):
            return level
    return None


def _canvas_level(paths: Sequence[tuple[str, ...]], one_is_enough: bool) -> int | None:
    """På vilken nivå i sökvägarna som namnen kommer från Canvas; None om de inte gör det.

    Hela nedladdningens form avgör: en sådan fil i en students egen mapp är den studentens.

    Args:
        paths: sökvägarna i det som angavs.
        one_is_enough: sant om allt på den yttersta nivån får komma från en enda student.
    """
    paths = [path for path in paths if path and kind_of(path[-1]) != "wrong"] or paths
    deeper = [path[1:] for path in paths if len(path) > 1]
    if len({path[:1] for path in paths}) == 1 and deeper and _canvas_level(deeper, False) == 0:
        return 1  # en hel nedladdning i en mapp eller zip-fil: vad den heter spelar ingen roll
    for level in range(_DEEPEST_CANVAS):
        places = {path[: level + 1] for path in paths if len(path) > level}
        n_named = sum(bool(canvas_parts(path[level])) for path in paths if len(path) > level)
        if 2 * n_named > len(paths) and _numbers_agree({place[level] for place in places}):
            enough = (level == 0 and one_is_enough) or _have_several_students(places)
            return level if enough else None
    return None


def _numbers_agree(names: set[str]) -> bool:
    """Sant om varje bilaga har sitt eget nummer, och varje student sitt."""
    found = [parts for parts in map(canvas_parts, names) if parts]
    students = {(parts.get("user"), parts["name"]) for parts in found if parts.get("user")}
    numbers = {number for number, _ in students}
    attachments = [parts["attachment"] for parts in found if parts.get("attachment")]
    return len(students) == len(numbers) and len(attachments) == len(set(attachments))


def _have_several_students(places: Iterable[tuple[str, ...]]) -> bool:
    """Sant om minst hälften av mapparna har filer från flera studenter: då är ingen en students."""
    students: dict[tuple[str, ...], set[str | None]] = defaultdict(set)
    for *folder, name in places:
        parts = canvas_parts(name)
        students[tuple(folder)] |= {parts["name"]} if parts else set()
    n_shared = sum(len(names) > 1 for names in students.values())
    return 2 * n_shared >= len(students)


def _owner(
    path: tuple[str, ...],
    level: int | None,
    fallback: str | None,
    find: Callable[[str], Owner | None],
) -> Owner:
    """Studenten: ur Canvas eller Moodles namn om nedladdningen har sådana, annars ur mappen."""
    known = find(path[level]) if level is not None and len(path) > level else None
    if known:
        return known
    is_whole_zip = bool(path) and kind_of(path[-1]) == "zip"  # en som inte gick att läsa
    containers = (path if is_whole_zip else path[:-1])[level or 0 :]
    if not containers:
        return Owner(clean(fallback) if fallback else None)
    name = containers[0]
    return Owner(clean(name[:-4] if kind_of(name) == "zip" else name))


def _wrappers(paths: Sequence[tuple[str, ...]], given: str, several: bool) -> int:
    """Hur många mappar ytterst som bara är ett omslag, som när en mapp har zippats.

    En ensam mapp med studenternas mappar i är ett omslag; en ensam mapp med filer är en student.
    """
    depth = 0
    while paths and len({path[depth : depth + 1] for path in paths}) == 1:
        if any(len(path) < depth + 2 for path in paths):
            break
        name = paths[0][depth]
        inside = [path[depth + 1 :] for path in paths]
        # En zip-fil som inte gick att läsa är också en student; en PDF bredvid är ingenting.
        students = {path[0] for path in inside if len(path) > 1 or kind_of(path[0]) == "zip"}
        has_files = any(len(path) == 1 and kind_of(path[0]) == "notebook" for path in inside)
        only_students = len(students) > 1 and not has_files
        if kind_of(name) == "zip" or not (only_students or several or name == given):
            break
        depth += 1
    return depth


# --- raderna -------------------------------------------------------------------------------------


def clean(name: str) -> str:
    """Ett namn som går att visa och spara: utan styrtecken och trasiga tecken, lagom långt."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    if len(shown) <= MAX_PART:
        return shown
    return shown[: MAX_PART - 13] + "…" + shown[-12:]  # ändelsen ska synas


def _row(found: Found) -> Submission:
    """Raden, utan det som beror på andra filer."""
    row = Submission(
        file="/".join(map(clean, found.path)),
        student=None,
        sha256=hashlib.sha256(found.data).hexdigest() if found.data else "",
        notebook=notebook_in_name(found.path[-1]),
        problem=found.problem,
    )
    if row.problem:
        return row
    try:
        contents = read_contents(found.data)
    except UnreadableError as error:
        return dataclasses.replace(row, problem=str(error))
    return dataclasses.replace(
        row,
        notebook=contents.notebook or row.notebook,
        cells=contents.cells,
        markdown=contents.markdown,
        note=_joined(*contents.notes),
    )


def _handed_in(found: Found, inside: int, shelf: Shelf) -> _HandedIn:
    row, path = _row(found), found.path[inside:]
    texts = [*(cell.text for cell in row.cells), *(text for _, text in row.markdown)]
    cells, markdown = (
        Stored(tuple(items), shelf) if items else () for items in (row.cells, row.markdown)
    )
    return _HandedIn(
        found.path,
        found.kind,
        dataclasses.replace(row, cells=cells, markdown=markdown),
        sum(map(len, texts)),
        any(kind_of(part) == "zip" for part in path[:-1]) or any(map(canvas_owner, path)),
    )


def _within_limits(items: Iterable[_HandedIn], most: int) -> list[_HandedIn]:
    """Det som går över en students gränser blir en rad utan celler, som säger det."""
    books: Counter[Key] = Counter()
    texts: Counter[Key] = Counter()
    result = []
    for item in items:
        row, key = item.row, item.owner.key
        texts[key] += max(item.length - USUAL_TEXT, 0)
        books[key] += item.is_upload and not row.problem
        too_much = texts[key] > MAX_MORE_TEXT and item.length > USUAL_TEXT
        too_many = TOO_MANY.format(most=most) if books[key] > most else ""
        problem = TOO_MUCH if too_much else too_many
        if problem and not row.problem:
            row = dataclasses.replace(row, cells=(), markdown=(), problem=problem)
        result.append(dataclasses.replace(item, row=row))
    return result


def _with_owner(item: _HandedIn, owner: Owner) -> _HandedIn:
    note = _joined("Filen kom för sent enligt Canvas." if owner.late else "", item.row.note)
    row = dataclasses.replace(
        item.row,
        student=owner.student,
        canvas_id=owner.canvas_id,
        attempt=owner.attempt,
        moodle_id=owner.moodle_id,
        late=owner.late,
        note=note,
    )
    return dataclasses.replace(item, row=row, owner=owner)


def _joined(*notes: str) -> str:
    return " ".join(filter(None, notes))


def _with_notebook(handed_in: Iterable[_HandedIn]) -> set[Key]:
    """Kända studenter som har lämnat in minst en anteckningsbok."""
    return {i.owner.key for i in handed_in if i.owner.student and i.kind == "notebook"}


def _without_extras(handed_in: Sequence[_HandedIn]) -> list[_HandedIn]:
    """Utan det som bara följde med en anteckningsbok (en `.py`, en PDF); det blir en anmärkning."""
    owners = _with_notebook(handed_in)
    return [i for i in handed_in if i.kind != "wrong" or i.owner.key not in owners]


def _extras(handed_in: Sequence[_HandedIn]) -> dict[Key, list[str]]:
    owners, extras = _with_notebook(handed_in), defaultdict(list)
    for item in handed_in:
        if item.kind == "wrong" and item.owner.key in owners:
            extras[item.owner.key].append(clean(item.path[-1]))
    return extras


def _with_notes(items: Sequence[_HandedIn], extras: dict[Key, list[str]]) -> list[Submission]:
    """Raderna med unika filnamn, och anmärkningar om det som lämnats in bredvid eller igen."""
    times = Counter((item.owner.key, item.row.notebook) for item in items if item.row.cells)
    names: Counter[str] = Counter()
    result = []
    for item in items:
        row, student = item.row, item.owner.key
        names[row.file] += 1
        file = f"{row.file} ({names[row.file]})" if names[row.file] > 1 else row.file
        again = bool(row.student and row.notebook) and times[student, row.notebook] > 1
        note = _joined(
            row.note,
            f"Studenten har lämnat in bok {row.notebook} flera gånger, och varje fil har en rad."
            if again
            else "",
            _beside(extras.get(student, [])),
        )
        result.append(dataclasses.replace(row, file=file, note=note))
    return result


def _beside(names: Sequence[str]) -> str:
    return f"I inlämningen finns också {listed(names[:5])}, som inte rättas." if names else ""
