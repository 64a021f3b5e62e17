"""Det som kan skrivas efter `python kurs.py grade` och `python kurs.py release`.

Filen klarar sig med standardbiblioteket: `kurs.py` läser den innan något är installerat, så att
`--help` svarar och ett felskrivet kommando stoppas genast.
"""

import argparse
import os
from pathlib import Path

LIMIT = 10.0  # sekunder processortid per övning
ALONE = "enstaka"


def add_grade_arguments(parser: argparse.ArgumentParser) -> None:
    """Valen när inlämningar rättas."""
    parser.description = (
        "Rättar inlämnade anteckningsböcker och skriver poäng, återkoppling och en "
        "rapport. Studenternas kod körs inhägnad. Resultaten är preliminära: examinator beslutar."
    )
    add = parser.add_argument
    add("paths", nargs="+", type=Path, metavar="SÖKVÄG",
        help=".ipynb, mapp eller .zip (till exempel hämtad från Canvas)")  # fmt: skip
    add("--out", type=Path, default=Path("rattning"), metavar="MAPP",
        help="hit skrivs resultaten (standard: rattning)")  # fmt: skip
    add("--jobs", type=int, default=_processors(), metavar="N",
        help="så många rättas samtidigt (standard: antalet processorer)")  # fmt: skip
    add("--seed", type=int, metavar="TAL",
        help="frö för de dolda fallen; samma frö ger samma fall (standard: slumpas, "
        "skrivs ut och sparas)")  # fmt: skip
    add("--limit", type=_number, default=LIMIT, metavar="S",
        help=f"sekunder processortid per övning (standard: {LIMIT:g})")  # fmt: skip
    add("--resume", action="store_true", help="fortsätt en avbruten rättning, utan att göra om")
    add("--only", nargs="+", default=[], metavar="VAD",
        help="bara vissa övningar (5.1), anteckningsböcker (05) eller inlämningar "
        f"(en del av filnamnet); hamnar i undermappen {ALONE}")  # fmt: skip
    _add_files(parser)


def _add_files(parser: argparse.ArgumentParser) -> None:
    """Filerna som läses eller skrivs utöver inlämningarna och utmappen."""
    add = parser.add_argument
    add("--junit", type=Path, metavar="FIL", help="skriv också JUnit XML")
    add("--limits", type=Path, metavar="FIL",
        help="betygsgränser (TOML); utan valet gäller kursens")  # fmt: skip
    add("--canvas", type=Path, metavar="FIL",
        help="omdömesboken exporterad ur Canvas (CSV); en kopia fylls i")  # fmt: skip
    add("--column", default="", metavar="UPPGIFT",
        help="uppgiftens namn i Canvas-filen (med --canvas)")  # fmt: skip


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _processors() -> int:
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def add_release_arguments(parser: argparse.ArgumentParser) -> None:
    """Valen när studenternas anteckningsböcker görs."""
    parser.description = "Gör studentens anteckningsböcker (notebooks/) av lärarens (solutions/)."
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--root", type=Path, default=root, metavar="MAPP", help="projektets mapp")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="skriv inget, säg vad som skiljer")
    choice.add_argument("--normalise", action="store_true", help="snygga till solutions/")
    choice.add_argument("--zip", type=Path, metavar="FIL",
                        help="packa studentversionen, utan facit, i en zip-fil")  # fmt: skip
