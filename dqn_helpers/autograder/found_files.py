"""Letar upp det som någon har lämnat in: filer, mappar och zip-filer, också i varandra.

Inget packas upp på disken och inga symboliska länkar följs.
"""

import io
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from dqn_helpers.autograder.archives import Budget, Member, read_zip, too_large
from dqn_helpers.autograder.notebook_reading import MAX_FILE, UnreadableError

MAX_ZIP = 200_000_000  # byte: en zip-fil inne i en annan, och det som läses ur den
MAX_GIVEN_ZIP = 4_000_000_000  # byte som läses ur en zip-fil som läraren själv har angett
MAX_DEPTH = 3  # zip i zip i zip
MAX_FILES = 200  # filer ur en zip-fil inne i en annan
MAX_GIVEN_FILES = 20_000
MAX_FOLDERS = 20  # mapp i mapp i mapp …

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
    return f"Det här är {what}, ingen anteckningsbok. Lämna in filen som slutar på .ipynb."


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


def in_zip(
    file: BinaryIO, path: tuple[str, ...], depth: int = 1, budget: Budget | None = None
) -> Iterator[Found]:
    """Det som ligger i en zip-fil, som själv ligger `depth` zip-filer djupt."""
    budget = budget or Budget(MAX_GIVEN_ZIP)
    most = MAX_GIVEN_FILES if depth == 1 else MAX_FILES
    number = 0
    for member in read_zip(file, _limit, budget):
        for found in _in_member(member, path, depth):
            number += 1
            if number > most:
                text = f"Zip-filen innehåller fler än {most} inlämnade filer; resten lästes inte."
                yield Found(path, "zip", problem=text)
                return
            yield found
    if number == 0:
        yield Found(path, "zip", problem="Zip-filen innehåller ingen anteckningsbok (.ipynb).")


def _limit(parts: tuple[str, ...]) -> int:
    """Hur mycket som får läsas av en fil i en zip-fil; 0 för det som ingen har lämnat in."""
    if not parts or any(map(is_skipped, parts)):
        return 0
    return {"notebook": MAX_FILE, "zip": MAX_ZIP, "wrong": 1, "other": 0}[kind_of(parts[-1])]


def _in_member(member: Member, path: tuple[str, ...], depth: int) -> Iterator[Found]:
    here = (*path, *member.parts)
    kind = kind_of(here[-1])
    if kind == "wrong":
        yield Found(here, kind, problem=wrong_kind(here[-1]))
    elif member.problem or kind != "zip":
        yield Found(here, kind, member.data, member.problem)
    elif depth >= MAX_DEPTH:
        text = f"Zip-filer i varandra läses bara i {MAX_DEPTH} nivåer. Packa om och lämna in igen."
        yield Found(here, kind, problem=text)
    else:
        # En egen budget: den enes zip-fil får inte ta de andras plats.
        try:
            yield from in_zip(io.BytesIO(member.data), here, depth + 1, Budget(MAX_ZIP))
        except UnreadableError as error:
            yield Found(here, kind, problem=str(error))
