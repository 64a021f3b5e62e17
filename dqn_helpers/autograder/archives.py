"""Zip-filer läses i minnet, försiktigt: inget packas upp på disken och inga huvuden tros på.

Byte räknas medan de läses. Allt som ser konstigt ut blir en svensk mening om just den filen.
"""

import io
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dqn_helpers.autograder.notebook_reading import CLEAR_OUTPUTS, MAX_FILE, UnreadableError

MAX_DIRECTORY = 10_000_000  # byte i zip-filens innehållsförteckning
MAX_MEMBERS = 50_000
MAX_RATIO = 500  # uppackat genom packat, för det som är större än en megabyte
CHUNK = 65_536

PACK_AGAIN = "Packa filerna till en ny, vanlig zip-fil och lämna in igen."
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UTF8_FLAG = 0x800


@dataclass
class Budget:
    """Hur många byte som får läsas ur en zip-fil till."""

    left: int


@dataclass(frozen=True)
class Member:
    """En fil i en zip-fil.

    Attributes:
        parts: mappar och filnamn.
        data: innehållet.
        problem: varför den inte gick att läsa.
    """

    parts: tuple[str, ...]
    data: bytes = b""
    problem: str = ""


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


def read_zip(
    file: BinaryIO, limit_of: Callable[[tuple[str, ...]], int], budget: Budget
) -> Iterator[Member]:
    """Filerna i en zip-fil, i ordning efter namn.

    Args:
        file: zip-filen.
        limit_of: hur många byte en fil med de mapparna och det namnet får ha; 0 läses inte alls.
        budget: hur mycket som får läsas till.

    Raises:
        UnreadableError: om zip-filen inte går att läsa.
    """
    archive = _opened(file)
    seen: set[tuple[str, ...]] = set()
    for info in sorted(archive.infolist(), key=lambda info: (info.filename, info.header_offset)):
        parts, problem = _checked_name(info)
        limit = limit_of(parts)
        if info.is_dir() or not parts or not (limit or problem):
            continue
        if parts in seen:
            problem = problem or f"Två filer i zip-filen har samma namn. {PACK_AGAIN}"
        seen.add(parts)
        yield _member(archive, info, parts, limit, budget, problem)


def _opened(file: BinaryIO) -> zipfile.ZipFile:
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
        text = f"Filens namn i zip-filen pekar utanför den ({name[:100]!r}). {PACK_AGAIN}"
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


def _member(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    parts: tuple[str, ...],
    limit: int,
    budget: Budget,
    problem: str,
) -> Member:
    try:
        if problem:
            raise UnreadableError(problem)
        _check(info)
        return Member(parts, _content(archive, info, limit, budget))
    except UnreadableError as error:
        return Member(parts, problem=str(error))
    except Exception:  # zipfile och zlib kastar allt möjligt för trasiga filer
        return Member(parts, problem=f"Filen är skadad i zip-filen. {PACK_AGAIN}")


def _check(info: zipfile.ZipInfo) -> None:
    if stat.S_ISLNK(info.external_attr >> 16):
        raise UnreadableError("Filen är en länk till en annan fil. Lämna in själva filen.")
    if info.flag_bits & 0x1:
        raise UnreadableError(f"Zip-filen är låst med lösenord. {PACK_AGAIN}")
    if info.compress_type not in _METHODS:
        text = f"Zip-filen är packad på ett ovanligt sätt som inte läses. {PACK_AGAIN}"
        raise UnreadableError(text)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int, budget: Budget) -> bytes:
    """Innehållet, med byten räknade medan de läses."""
    content = io.BytesIO()
    with archive.open(info) as file:
        while chunk := file.read(CHUNK):
            content.write(chunk)
            budget.left -= len(chunk)
            _check_size(content.tell(), limit, info.compress_size, budget)
    return content.getvalue()


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
