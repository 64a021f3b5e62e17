"""Det som kan skrivas efter `python kurs.py assess`, `similar`, `report` och `book`.

Filen klarar sig med standardbiblioteket: `kurs.py` läser den innan något är installerat.
"""

import argparse
from pathlib import Path


def add_assess_arguments(parser: argparse.ArgumentParser) -> None:
    """Valen när läraren bedömer för hand."""
    parser.description = (
        "Öppnar bedömningssidan i webbläsaren. Den visar en student i taget, med svaret bredvid "
        "bedömningsguiden. Det som bestäms sparas i beslut.csv, och inget annat som står där "
        "ändras. Sidan nås bara från den här datorn. Avsluta med Ctrl-C."
    )
    add = parser.add_argument
    add("out", nargs="?", type=Path, default=Path("rattning"), metavar="MAPP",
        help="rättningens mapp (standard: rattning)")  # fmt: skip
    add("--no-browser", action="store_true",
        help="öppna ingen webbläsare, utan skriv bara adressen")  # fmt: skip
    add("--port", type=int, default=0, metavar="NUMMER",
        help="använd den porten i stället för en ledig")  # fmt: skip


def add_similar_arguments(parser: argparse.ArgumentParser) -> None:
    """Valen när inlämningar jämförs med varandra."""
    parser.description = (
        "Jämför inlämningarna med varandra: koden utan namn, kommentarer och layout, och "
        "reflektionerna ord för ord. Paren visas med båda texterna bredvid varandra. Det som står "
        "i den utdelade boken och i kursens kod räknas inte, och inte heller kod som många har "
        "skrivit. En likhet säger inget om varför den finns: läs båda texterna. Ingen kod körs."
    )
    add = parser.add_argument
    add("paths", nargs="+", type=Path, metavar="SÖKVÄG", help=".ipynb, mapp eller .zip")
    add("--out", type=Path, default=Path("rattning"), metavar="MAPP",
        help="hit skrivs likheter.html (standard: rattning)")  # fmt: skip
    add("--export", type=Path, metavar="MAPP",
        help="skriv också koden så som JPlag och Dolos läser den, i en ny mapp")  # fmt: skip


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Valen när terminens rapport görs."""
    parser.description = (
        "Gör en sida om hela terminen av flera rättade mappar: hur det gick övning för övning, "
        "vilka misstag som försvann när studenterna lämnade in på nytt och vilka som är kvar. "
        "Samma student känns igen på numret i Canvas, användarnamnet eller namnet."
    )
    add = parser.add_argument
    add("folders", nargs="+", type=Path, metavar="MAPP",
        help="rättade mappar, den äldsta först")  # fmt: skip
    add("--out", type=Path, default=Path("termin.html"), metavar="FIL",
        help="sidan som skrivs (standard: termin.html)")  # fmt: skip


def add_book_arguments(parser: argparse.ArgumentParser) -> None:
    """Valen när webboken görs."""
    parser.description = (
        "Kör studenternas böcker och gör en webbplats av dem, som går att läsa utan nät."
    )
    parser.add_argument("--out", type=Path, default=Path("webbok"), metavar="MAPP",
                        help="mappen som webboken läggs i (standard: webbok)")  # fmt: skip
    parser.add_argument("--pdf", action="store_true",
                        help="gör också en PDF av varje kapitel (behöver Chromium)")  # fmt: skip
