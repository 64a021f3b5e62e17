"""Det som kan skrivas efter `python kurs.py grade` och `python kurs.py release`.

Filen klarar sig med standardbiblioteket: `kurs.py` läser den innan något är installerat, så att
`--help` svarar och ett felskrivet kommando stoppas genast.
"""

import argparse
import os
from pathlib import Path

ALONE = "enstaka"

# Vad en inlämning får kosta. `rules` säger det i ord.
LIMIT = 10.0  # sekunder processortid per övning
READING_SECONDS = 5.0  # så mycket får det minst ta att läsa en fil; då körs inget i den
MEMORY_BYTES = 4 * 2**30
MAX_MESSAGE = 4_000  # tecken i en hel kommentar till studenten
MAX_NOTEBOOKS = 20  # så många rättas ur det som en student har lämnat in


def rules(limit: float) -> list[str]:
    """Gränserna i ord, för hjälpen och klassens rapport; `limit` är sekunder för en övning."""
    return [
        f"En övning får {_seconds(limit)} processortid, alla försök och de celler som definierar "
        f"lösningen inräknade. Att läsa filen får ta {_seconds(max(limit, READING_SECONDS))} till. "
        "En anteckningsbok med fem övningar kan alltså kosta högst fem gånger så mycket.",
        "Bara processortiden räknas, så en upptagen dator kostar ingen student något. Kod som "
        "sover eller väntar i stället för att räkna stoppas efter lika lång sömn.",
        f"En lösning får använda {MEMORY_BYTES // 2**30} GB minne (i Linux), och en kommentar till "
        f"studenten blir högst {MAX_MESSAGE:,} tecken.".replace(",000", " 000"),
        f"Högst {MAX_NOTEBOOKS} anteckningsböcker rättas ur det som en student lämnar in genom "
        "Canvas eller i en egen zip-fil. De andra får en egen rad som säger det. Mappar som du "
        "själv har ordnat har inget sådant tak.",
    ]


def _seconds(number: float) -> str:
    # Här går kursens `counted` inte att importera: paketet är kanske inte installerat än.
    word = "sekund" if number == 1 else "sekunder"
    return f"{number:g} {word}".replace(".", ",")


def add_grade_arguments(parser: argparse.ArgumentParser) -> None:
    """Valen när inlämningar rättas."""
    parser.description = (
        "Rättar inlämnade anteckningsböcker och skriver poäng, återkoppling och en rapport. "
        "Studenternas kod körs så inhägnad som datorn klarar: helt i Linux och WSL 2, men i "
        "Windows och macOS är varken filer, nät eller poäng skyddade från den, och då rättar du "
        "bara studenter som du litar på. Resultaten är preliminära: examinator beslutar."
    )
    parser.epilog = f"Gränser: {' '.join(rules(LIMIT))}"
    add = parser.add_argument
    add("paths", nargs="+", type=Path, metavar="SÖKVÄG",
        help=".ipynb, mapp eller .zip (till exempel hämtad från Canvas)")  # fmt: skip
    add("--out", type=Path, default=Path("rattning"), metavar="MAPP",
        help="hit skrivs resultaten (standard: rattning). Det som redan är rättat där är kvar, och "
        "det nya läggs till")  # fmt: skip
    add("--jobs", type=int, default=_processors(), metavar="N",
        help="så många rättas samtidigt (standard: antalet processorer)")  # fmt: skip
    add("--dask", default="", metavar="ADRESS",
        help="rätta på ett kluster med Dask, till exempel tcp://10.0.0.5:8786; "
        "`local` startar ett med --jobs arbetare på den här datorn")  # fmt: skip
    add("--isolation", choices=("full", "strong", "basic"), default="strong", metavar="NIVÅ",
        help="med --dask: den svagaste inhägnad som en arbetare får ha, full, strong eller basic "
        "(standard: strong)")  # fmt: skip
    add("--seed", type=int, metavar="TAL",
        help="frö för de dolda fallen; samma frö ger samma fall (standard: det som mappens "
        "rättning har, annars slumpas det, skrivs ut och sparas)")  # fmt: skip
    add("--limit", type=_number, metavar="S",
        help="sekunder processortid per övning, alla försök tillsammans "
        f"(standard: {LIMIT:g}, eller det som rättningen i mappen har; se Gränser)")  # fmt: skip
    add("--resume", action="store_true",
        help="fortsätt en avbruten rättning, utan att göra om det som är klart")  # fmt: skip
    add("--replace", action="store_true",
        help="börja om: rättningen som finns i mappen ersätts när den nya är klar "
        "(beslut.csv är kvar)")  # fmt: skip
    add("--only", nargs="+", default=[], metavar="VAD",
        help="bara vissa övningar (5.1), anteckningsböcker (05) eller inlämningar "
        f"(en del av filnamnet); resultaten hamnar i undermappen {ALONE}")  # fmt: skip
    _add_one_file(parser)
    _add_files(parser)


def _add_one_file(parser: argparse.ArgumentParser) -> None:
    """Valen för andra program, som rättar en fil i taget och läser svaret."""
    choice = parser.add_mutually_exclusive_group()
    codes = "slutkod 0: allt rätt, 3: inte allt rätt, 4: gick inte att rätta, 1: rättarens fel"
    choice.add_argument("--json", action="store_true",
        help="rätta en enda .ipynb och skriv resultatet till stdout i samma form som "
        f"results.json, men inga filer ({codes})")  # fmt: skip
    choice.add_argument("--markdown", action="store_true",
        help="detsamma, men återkopplingen i Markdown i stället")  # fmt: skip


def _add_files(parser: argparse.ArgumentParser) -> None:
    """Filerna som läses eller skrivs utöver inlämningarna och utmappen."""
    add = parser.add_argument
    add("--junit", type=Path, metavar="FIL", help="skriv också JUnit XML")
    add("--limits", type=Path, metavar="FIL",
        help="betygsgränser (TOML); utan valet gäller kursens")  # fmt: skip
    add("--canvas", type=Path, metavar="FIL",
        help="omdömesboken exporterad ur Canvas (CSV): namn, användarnamn och vilka som inte har "
        "lämnat in; med --column fylls en kopia i")  # fmt: skip
    add("--students", type=Path, metavar="FIL",
        help="dina svar på vem som är vem: en CSV-fil med kolumnerna fil;student (flera namn i en "
        "ruta är en grupp); svaren sparas i mappen")  # fmt: skip
    add("--column", default="", metavar="UPPGIFT",
        help="uppgiftens namn i Canvas-filen (med --canvas)")  # fmt: skip
    add("--books", nargs="+", default=[], metavar="BOK",
        help="uppgiftens böcker (05); utan valet avgör uppgiftens högsta poäng vilka de "
        "är")  # fmt: skip
    add("--letters", action="store_true",
        help="skriv betyg (U, G, VG) i kolumnen; annars avgör det som redan står där")  # fmt: skip
    add("--allow-lower", action="store_true",
        help="låt en poäng i omdömesboken eller Moodles blad sänkas")  # fmt: skip
    add("--moodle", type=Path, metavar="FIL",
        help="Moodles arbetsblad för betygsättning (`Grading worksheet`, CSV): namn, e-post, "
        "grupper, vilka som var sena och vilka som inte har lämnat in; en kopia fylls i med poäng "
        "eller betyg")  # fmt: skip
    add("--ladok", type=Path, metavar="FIL",
        help="en lista hämtad ur Ladok (CSV); en kopia fylls i med betyg")  # fmt: skip
    add("--date", default="", metavar="DATUM", help="examinationsdatum till Ladok (2026-01-15)")
    add("--dry-run", action="store_true",
        help="visa vad som skulle ändras i Canvas, Moodle och Ladok, men skriv inga filer "
        "till dem")  # fmt: skip


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _processors() -> int:
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def add_release_arguments(parser: argparse.ArgumentParser) -> None:
    """Valen när studenternas anteckningsböcker görs."""
    parser.description = (
        "Gör studentens anteckningsböcker (notebooks/) av lärarens (solutions/), och skriver in "
        "övningarnas poäng och ledtrådar i båda."
    )
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--root", type=Path, default=root, metavar="MAPP", help="projektets mapp")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true",
                        help="skriv inget, utan säg vad som skiljer")  # fmt: skip
    choice.add_argument("--normalise", action="store_true", help="snygga bara till solutions/")
    choice.add_argument("--zip", type=Path, metavar="FIL",
                        help="packa studentversionen, utan facit, i en zip-fil")  # fmt: skip
    choice.add_argument("--nbgrader", type=Path, metavar="MAPP",
                        help="skapa en kursmapp åt nbgrader, med en uppgift per bok")  # fmt: skip
    choice.add_argument("--gradescope", type=Path, metavar="FIL",
                        help="packa rättaren, med facit, i en zip-fil åt Gradescope")  # fmt: skip
    parser.add_argument("--book", default="05", metavar="BOK",
                        help="boken som uppgiften i Gradescope gäller (standard: 05)")  # fmt: skip
    parser.add_argument("--address", default="", metavar="ADRESS",
                        help="där studentversionen ligger på GitHub (med --zip): då får den "
                        "länkar till Binder och Colab (standard: det som står under [tool.kurs] i "
                        "pyproject.toml)")  # fmt: skip
