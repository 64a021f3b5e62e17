"""Letar upp det som någon har lämnat in: filer, mappar och zip-filer, också i varandra.

Inget packas upp på disken och inga symboliska länkar följs. Zip-filers huvuden litar vi inte på:
byte räknas medan de läses, och allt som ser konstigt ut blir en svensk mening om just den filen.
"""

import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from dqn_helpers.submission.notebook import CLEAR_OUTPUTS, MAX_FILE, UnreadableError

MAX_ZIP = 200_000_000  # byte: en zip-fil inne i en annan, och det som läses ur den
MAX_GIVEN_ZIP = 4_000_000_000  # byte som läses ur en zip-fil som läraren själv har angett
MAX_DEPTH = 3  # zip i zip i zip
MAX_FILES = 200  # filer ur en zip-fil inne i en annan
MAX_GIVEN_FILES = 20_000
MAX_FOLDERS = 20  # mapp i mapp i mapp …
MAX_DIRECTORY = 10_000_000  # byte i zip-filens innehållsförteckning
MAX_MEMBERS = 50_000
MAX_RATIO = 500  # uppackat genom packat, för det som är större än en megabyte
CHUNK = 65_536

Kind = Literal["notebook", "zip", "wrong", "other"]

_SKIPPED = {"__macosx", "__pycache__", "node_modules", "site-packages", "venv", "env"}
_WRONG = {
    ".py": "en Pythonfil",
    ".pdf": "en PDF",
    ".txt": "en textfil",
    **dict.fromkeys((".html", ".htm"), "en webbsida"),
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf", ".pages"), "ett textdokument"),
    **dict.fromkeys((".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"), "ett packat arkiv"),
}
_NOT_HANDED_IN = re.compile(
    r"(requirements|readme|license|licence|constraints)[^/]*", re.IGNORECASE
)

LINK_TEXT = "Filen är en länk till en annan fil. Länkar följs inte: lämna in själva filen."
PACK_AGAIN = "Packa filerna till en ny, vanlig zip-fil och lämna in igen."
DENIED_TEXT = "Filen går inte att öppna; kontrollera att du får läsa den."


@dataclass(frozen=True)
class Found:
    """En fil som någon har lämnat in.

    Attributes:
        path: mappar, zip-filer och filnamn, räknat från det som angavs.
        kind: "notebook", eller "wrong" för något som borde ha varit en.
        data: innehållet i en anteckningsbok.
        problem: varför den inte kan rättas.
    """

    path: tuple[str, ...]
    kind: Kind
    data: bytes = b""
    problem: str = ""


def kind_of(name: str) -> Kind:
    """Vad en fil är, av namnet att döma."""
    lower = name.lower()
    suffix = os.path.splitext(lower)[1]
    # Webbläsare kan spara 03.ipynb som 03.ipynb.txt eller 03.ipynb.json.
    if suffix == ".ipynb" or (".ipynb" in lower and suffix in (".txt", ".json")):
        return "notebook"
    if suffix == ".zip":
        return "zip"
    return "wrong" if suffix in _WRONG and not _NOT_HANDED_IN.fullmatch(name) else "other"


def wrong_kind(name: str) -> str:
    """Texten om en fil som inte är en anteckningsbok."""
    what = _WRONG.get(os.path.splitext(name.lower())[1], "en annan sorts fil")
    return f"Det här är {what}, ingen anteckningsbok. Lämna in filen som slutar på `.ipynb`."


def is_skipped(name: str) -> bool:
    """Sant för dolda filer och sådant som program lägger dit."""
    return name.startswith(".") or name.lower() in _SKIPPED


# --- mappar --------------------------------------------------------------------------------------


def in_folder(folder: Path, path: tuple[str, ...] = ()) -> Iterator[Found]:
    """Det som ligger i en mapp och dess undermappar, i bokstavsordning."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield Found(path or (folder.name,), "other", problem=DENIED_TEXT)
        return
    for entry in entries:
        if is_skipped(entry.name):
            continue
        here = (*path, entry.name)
        if entry.is_dir(follow_symlinks=False):
            if len(here) <= MAX_FOLDERS:
                yield from in_folder(Path(entry.path), here)
        elif entry.is_symlink():
            if kind_of(entry.name) in ("notebook", "zip"):
                yield Found(here, "notebook", problem=LINK_TEXT)
        else:
            yield from in_file(Path(entry.path), here)


def in_file(file: Path, path: tuple[str, ...]) -> Iterator[Found]:
    """En fil på disken: en anteckningsbok, det som finns i en zip-fil, eller fel sorts fil."""
    kind = kind_of(path[-1])
    try:
        if kind == "notebook":
            with _opened(file) as opened:
                yield Found(path, kind, _read(opened, MAX_FILE))
        elif kind == "zip":
            with _opened(file) as opened:
                yield from in_zip(opened, path)
        elif kind == "wrong":
            yield Found(path, kind, problem=wrong_kind(path[-1]))
    except UnreadableError as error:
        yield Found(path, kind, problem=str(error))
    except OSError:
        yield Found(path, kind, problem=DENIED_TEXT)


def _opened(file: Path) -> BinaryIO:
    """Öppna en vanlig fil; en länk följs inte och ett rör (FIFO) väntar ingen på."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    opened = os.fdopen(os.open(file, flags), "rb")
    if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        opened.close()
        raise UnreadableError("Det här är ingen vanlig fil.")
    return opened


def _read(file: BinaryIO, limit: int) -> bytes:
    data = file.read(limit + 1)
    if len(data) > limit:
        raise UnreadableError(too_large(limit))
    return data


# --- zip-filer -----------------------------------------------------------------------------------

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UTF8_FLAG = 0x800


@dataclass
class Budget:
    """Hur många byte som får läsas ur en zip-fil till."""

    left: int


def in_zip(
    file: BinaryIO, path: tuple[str, ...], depth: int = 1, budget: Budget | None = None
) -> Iterator[Found]:
    """Det som ligger i en zip-fil, som själv ligger `depth` zip-filer djupt.

    Raises:
        UnreadableError: om zip-filen inte går att läsa.
    """
    most = MAX_GIVEN_FILES if depth == 1 else MAX_FILES
    number = 0
    for member in _members(file, path, budget or Budget(MAX_GIVEN_ZIP)):
        for found in _unpacked(member, depth):
            number += 1
            if number > most:
                text = f"Zip-filen innehåller fler än {most} inlämnade filer; resten lästes inte."
                yield Found(path, "zip", problem=text)
                return
            yield found
    if number == 0:
        yield Found(path, "zip", problem="Zip-filen innehåller ingen anteckningsbok (`.ipynb`).")


def _unpacked(member: Found, depth: int) -> Iterator[Found]:
    """En fil i en zip-fil, eller det som finns i den om den själv är en zip-fil."""
    here, kind = member.path, member.kind
    if kind == "wrong":
        yield Found(here, kind, problem=wrong_kind(here[-1]))
    elif member.problem or kind != "zip":
        yield member
    elif depth >= MAX_DEPTH:
        text = f"Zip-filer i varandra läses bara i {MAX_DEPTH} nivåer. Packa om och lämna in igen."
        yield Found(here, kind, problem=text)
    else:
        # En egen budget: den enes zip-fil får inte ta de andras plats.
        try:
            yield from in_zip(io.BytesIO(member.data), here, depth + 1, Budget(MAX_ZIP))
        except UnreadableError as error:
            yield Found(here, kind, problem=str(error))


def _members(file: BinaryIO, path: tuple[str, ...], budget: Budget) -> Iterator[Found]:
    """De inlämnade filerna i en zip-fil, i ordning efter namn."""
    archive = _opened_zip(file)
    seen: set[tuple[str, ...]] = set()
    for info in sorted(archive.infolist(), key=lambda info: (info.filename, info.header_offset)):
        parts, problem = _checked_name(info)
        limit = _limit(parts)
        if info.is_dir() or not parts or not (limit or problem):
            continue
        if parts in seen:
            problem = problem or f"Två filer i zip-filen har samma namn. {PACK_AGAIN}"
        seen.add(parts)
        data, problem = (b"", problem) if problem else _content(archive, info, limit, budget)
        yield Found((*path, *parts), kind_of(parts[-1]), data, problem)


def _limit(parts: tuple[str, ...]) -> int:
    """Hur mycket som får läsas av en fil i en zip-fil; 0 för det som ingen har lämnat in."""
    if not parts or any(map(is_skipped, parts)):
        return 0
    return {"notebook": MAX_FILE, "zip": MAX_ZIP, "wrong": 1, "other": 0}[kind_of(parts[-1])]


class _SmallReads:
    """En fil som vägrar läsa orimligt mycket på en gång: innehållsförteckningen kan ljuga."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            size = MAX_DIRECTORY
        if size > MAX_DIRECTORY:
            raise UnreadableError(f"Zip-filen innehåller orimligt många filer. {PACK_AGAIN}")
        return self._file.read(size)


def _opened_zip(file: BinaryIO) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(_SmallReads(file))
    except UnreadableError:
        raise
    except Exception:  # zipfile kastar allt möjligt för trasiga filer
        text = f"Filen är ingen hel zip-fil. Uppladdningen kan ha avbrutits. {PACK_AGAIN}"
        raise UnreadableError(text) from None
    if len(archive.infolist()) > MAX_MEMBERS:
        raise UnreadableError(f"Zip-filen innehåller fler än {MAX_MEMBERS} filer. {PACK_AGAIN}")
    return archive


def _checked_name(info: zipfile.ZipInfo) -> tuple[tuple[str, ...], str]:
    """Mappar och namn, och vad som är fel med dem. Windows snedstreck räknas som vanliga."""
    name = _decoded_name(info).replace("\\", "/")
    parts = name.split("/")
    outside = name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name)
    kept = tuple(part for part in parts if part not in ("", ".", ".."))
    if outside or "\0" in name:
        shown = repr(name[:100])[1:-1]  # utan tecken som inte syns
        text = f"Filens namn i zip-filen, ”{shown}”, pekar utanför den. {PACK_AGAIN}"
        return kept, text
    return kept, ""


def _decoded_name(info: zipfile.ZipInfo) -> str:
    """Namnet; zipfile läser UTF-8 utan märke (macOS) som cp437."""
    name = info.orig_filename
    if info.flag_bits & _UTF8_FLAG or name.isascii():
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _check_kind(info: zipfile.ZipInfo) -> None:
    if stat.S_ISLNK(info.external_attr >> 16):
        raise UnreadableError("Filen är en länk till en annan fil. Lämna in själva filen.")
    if info.flag_bits & 0x1:
        raise UnreadableError(f"Zip-filen är låst med lösenord. {PACK_AGAIN}")
    if info.compress_type not in _METHODS:
        text = f"Zip-filen är packad på ett ovanligt sätt som inte läses. {PACK_AGAIN}"
        raise UnreadableError(text)


def _content(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int, budget: Budget
) -> tuple[bytes, str]:
    """Innehållet, med byten räknade medan de läses, eller varför det inte går att läsa."""
    content = io.BytesIO()
    try:
        _check_kind(info)
        with archive.open(info) as file:
            while chunk := file.read(CHUNK):
                content.write(chunk)
                budget.left -= len(chunk)
                _check_size(content.tell(), limit, info.compress_size, budget)
    except UnreadableError as error:
        return b"", str(error)
    except Exception:  # zipfile och zlib kastar allt möjligt för trasiga filer
        return b"", f"Filen är skadad i zip-filen. {PACK_AGAIN}"
    return content.getvalue(), ""


def _check_size(size: int, limit: int, packed: int, budget: Budget) -> None:
    if size > limit:
        raise UnreadableError(too_large(limit))
    if size > 1_000_000 and size > MAX_RATIO * packed:
        raise UnreadableError(f"Filen är orimligt hårt packad i zip-filen. {PACK_AGAIN}")
    if budget.left < 0:
        raise UnreadableError("Zip-filen är för stor uppackad. Dela upp den och lämna in igen.")


def too_large(limit: int) -> str:
    """Texten om en för stor fil."""
    text = f"Filen är större än {limit // 1_000_000} MB och läses inte."
    return f"{text} {CLEAR_OUTPUTS}" if limit == MAX_FILE else text
