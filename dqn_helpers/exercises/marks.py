"""Märken för de övningar som har blivit gröna, i en liten fil i studentens egen mapp.

Filen skrivs bara när boken körs i `mitt_arbete`, alltså i den mapp som `kurs.py` har lagt fram.
Den får tas bort när som helst, och inget skickas någonstans.
"""

import json
import os
from pathlib import Path

from dqn_helpers.exercises.syllabus import SYLLABUS
from dqn_helpers.progress import in_notebook

FILE = "framsteg.jsonl"
LAID_OUT = ".kurs.json"
"""Den fil som `kurs.py` skriver i mappen med studentens böcker, och bara där."""

MOST_READ = 100_000  # tecken; ett varv genom kursen tar några hundra


def marks_file() -> Path | None:
    """Var märkena står; None om boken inte körs i studentens mapp.

    Kärnans arbetsmapp är den mapp som boken ligger i. Rättaren och testen kör inte i någon kärna,
    och nbgrader säger själv till att det är det som kör.
    """
    folder = Path.cwd()
    is_students = in_notebook() and (folder / LAID_OUT).is_file()
    return folder / FILE if is_students and not os.environ.get("NBGRADER_EXECUTION") else None


def remember(number: str) -> None:
    """Kom ihåg att övningen har blivit grön. Går det inte händer ingenting.

    Args:
        number: övningens nummer.
    """
    try:
        path = marks_file()
        if path is not None and number not in solved():
            # En rad läggs till sist, i ett svep: två böcker som körs samtidigt skriver då inte
            # över varandra. Radbrytningen står först, om någon har huggit av raden före.
            with path.open("a", encoding="utf-8") as file:
                file.write("\n" + json.dumps({"klar": number}))
    except (OSError, ValueError):
        pass  # en full disk eller en skrivskyddad mapp ska inte störa kontrollen


def solved() -> set[str]:
    """Numren på de övningar som har blivit gröna; tomt om filen saknas eller inte går att läsa."""
    try:
        path = marks_file()
        if path is None or not path.is_file():
            return set()
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = file.read(MOST_READ).splitlines()
    except OSError:
        return set()
    return {number for line in lines if (number := _number(line)) in SYLLABUS}


def _number(line: str) -> str:
    """Övningens nummer på en rad; tomt om raden är trasig eller tom."""
    try:
        return str(json.loads(line)["klar"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
