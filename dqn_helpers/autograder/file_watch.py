"""Vakten över filerna: har någon ändrats som ingen inlämning ska kunna röra?

Filerna jämförs före och efter på alla nivåer. I `full` och `strong` ska inget kunna hända; i
`basic` är det här det enda som märker att en inlämning har ändrat facit, en annan students fil
eller ett resultat. Det är ingen spärr: den som väntar tills rättaren är klar syns inte.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

LARGEST = 100_000_000  # byte: större filer jämförs på storlek och tid i stället för innehåll
HANDED_IN = (".ipynb", ".zip")


class FileWatch:
    """Minns hur filer ska se ut.

    Attributes:
        changed: de som har setts vara ändrade, i bokstavsordning.
    """

    def __init__(self) -> None:
        self._expected: dict[Path, str] = {}
        self.changed: list[str] = []

    def guard(self, paths: Iterable[Path]) -> None:
        """Vakta filerna, och det som ligger i mapparna, som de är nu."""
        for path in paths:
            for file in _files(path):
                self._expected[_whole(file)] = _digest(file)

    def wrote(self, path: Path, data: bytes) -> None:
        """Vakta en fil som rättaren har skrivit: den ska ha det innehållet."""
        self._expected[_whole(path)] = hashlib.sha256(data).hexdigest()

    def check(self) -> list[str]:
        """Jämför alla; ger dem som är ändrade nu eller har varit det förut."""
        now = {str(path) for path, expected in self._expected.items() if _digest(path) != expected}
        self.changed = sorted(now.union(self.changed))
        return self.changed


def _whole(path: Path) -> Path:
    """Samma fil har ett namn, hur den än är skriven."""
    return Path(os.path.abspath(path))


def _files(path: Path) -> Iterator[Path]:
    """Filen själv, eller de filer i mappen som någon har skrivit: inga länkar, inga mellanlager."""
    if not path.is_dir():
        yield path
        return
    for folder, names, files in os.walk(path):
        names[:] = [name for name in names if not name.startswith((".", "__"))]
        yield from (Path(folder, file) for file in files)


def handed_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Filerna som studenterna har lämnat in, var de än ligger i det som läraren angav."""
    for path in paths:
        yield from (file for file in _files(path) if file.suffix.lower() in HANDED_IN)


def _digest(path: Path) -> str:
    """Innehållet i en fil som en kort text; tom om det inte finns någon vanlig fil där."""
    try:
        info = path.lstat()
        if info.st_size > LARGEST:
            return f"{info.st_size} {info.st_mtime_ns}"
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    except OSError:
        return ""
