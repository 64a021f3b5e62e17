"""Kursen i nbgrader: en kursmapp med en uppgift per bok, och en cell som ger poängen per övning.

I poängcellen står ett dolt anrop av `points`, som låter kursens rättare bedöma filen på de
dolda fallen och ger övningens poäng: nbgrader tar ett tal sist i cellen som poäng. Kursmappens
`nbgrader_config.py` väljer ett steg som ger cellen samma utdata utan att köra boken
(`nbgrader_step.py`). Tar läraren bort steget kör nbgrader boken i en kärna, och anropet där.

Två av nbgraders regler är fällor. Talet 0 har gett full poäng i äldre versioner, så en övning utan
poäng ger ett undantag i stället. Och ett undantag ger 0, så när rättaren själv går sönder får
kärnan dö: då ger nbgrader hela filen inget resultat, och säger till.
"""

import functools
import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from dqn_helpers.autograder import ROOT
from dqn_helpers.teacher.notebook_files import (
    TEACHER_TAG,
    Cell,
    Notebook,
    dumps,
    exercise_number,
    tags_of,
)
from dqn_helpers.teacher.one_file import ALL_RIGHT, NOT_ALL_RIGHT
from dqn_helpers.teacher.report.words import STATUSES, clean

CONFIG_FILE = "nbgrader_config.py"
CONFIG = """\
# Kursens inställningar för nbgrader. Filen är din: den skrivs aldrig över.
c = get_config()
c.CourseDirectory.course_id = "djup_q_inlarning"
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("Övningen är inte löst än.")'}
c.ClearSolutions.text_stub = "*Skriv ditt svar här.*"

# Studentens bok körs inte: kursens rättare bedömer den i sin inhägnad. Tar du bort de två raderna
# kör nbgrader hela boken i en kärna, utan inhägnad, och bilderna i den syns i återkopplingen.
from dqn_helpers.teacher.nbgrader_step import STEPS
c.Autograde.autograde_preprocessors = STEPS
c.Execute.timeout = 600  # sekunder för en cell: sidornas egna träningar tar en stund
"""
POINTS = """\
# Här ger nbgrader poängen för övning {number}, på andra fall än de som check() visar.
### BEGIN HIDDEN TESTS
from dqn_helpers.teacher import for_nbgrader

for_nbgrader.points("{number}", "{file}", seed={seed})
### END HIDDEN TESTS"""
CALL = re.compile(r'^for_nbgrader\.points\("(\d\.\d)", ".*", seed=(\d+)\)$', re.MULTILINE)
NO_POINTS = "Övning {number} ger 0 poäng."
MAX_TEXT = 8_000  # tecken om en övning


# --- kursmappen ----------------------------------------------------------------------------------


def write_course(books: Mapping[str, Notebook], target: Path) -> list[str]:
    """Skriv `source/BOK/BOK.ipynb` för varje bok i nbgraders kursmapp.

    Böckerna har lösningarna kvar: nbgrader tar själv bort dem, med `generate_assignment`. Lärarens
    egna celler är borta, för dem skulle nbgrader dela ut.

    Args:
        books: filnamn → lärarens bok (`release.source_notebook`).
        target: kursmappen; skapas om den saknas.

    Returns:
        Vad som skrevs, en rad för varje fil.
    """
    seed = secrets.randbelow(10**12)  # samma dolda fall för hela klassen
    report = []
    for name, book in books.items():
        place = target / "source" / Path(name).stem / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(dumps(_with_points(book, name, seed)), encoding="utf-8")
        report.append(f"skrev {place}")
    config = target / CONFIG_FILE
    if config.exists():
        return [*report, f"lät {config} vara: skriv in kursens rader om STEPS i den själv"]
    config.write_text(CONFIG, encoding="utf-8")
    return [*report, f"skrev {config}"]


def _with_points(book: Notebook, name: str, seed: int) -> Notebook:
    """Boken utan lärarens celler, och med en cell som ger poängen efter varje kontroll.

    Kontrollen själv ger inga poäng: `check` slutar med ett fel så fort något är kvar, och då vore
    en halvrätt lösning värd 0.
    """
    cells = []
    for cell in book["cells"]:
        if TEACHER_TAG in tags_of(cell):
            continue
        graded, metadata = is_test(cell), cell["metadata"]
        cells.append(cell | {"metadata": {}} if graded else cell)
        if graded:
            number = exercise_number(cell) or ""
            text = POINTS.format(number=number, file=name, seed=seed)
            place = {"id": f"poang-{number.replace('.', '-')}", "metadata": metadata}
            cells.append(cell | place | {"source": text.splitlines(keepends=True)})
    return book | {"cells": cells}


def is_test(cell: Cell) -> bool:
    """Sant om nbgrader tar cellens poäng ur dess utdata."""
    is_graded = cell["metadata"].get("nbgrader", {}).get("grade", False)
    return cell["cell_type"] == "code" and is_graded


# --- i nbgraders kärna ---------------------------------------------------------------------------


class GraderError(Exception):
    """Rättaren gick sönder, så filen får inget resultat."""


class NoPointsError(Exception):
    """Säger till nbgrader att övningen ger 0 poäng; återkopplingen är redan utskriven."""

    def _render_traceback_(self) -> list[str]:
        """Det som IPython visar: bara meningen, för rättarens rader säger studenten ingenting."""
        return [str(self)]


def points(number: str, file: str, seed: int) -> float:
    """Låt rättaren bedöma filen, skriv ut återkopplingen på övningen och ge dess poäng.

    Args:
        number: övningen, "5.1".
        file: anteckningsbokens namn i kärnans arbetsmapp.
        seed: frö för de dolda fallen.

    Raises:
        NoPointsError: om övningen inte ger några poäng.
    """
    path = Path(file).absolute()
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    exercise = next((one for one in _graded(path, seed, digest) if one["id"] == number), None)
    if exercise is None or exercise["points"] is None:
        _give_up(f"Övning {number} fick ingen bedömning.")
    print(_text(exercise))
    if not exercise["points"]:
        raise NoPointsError(NO_POINTS.format(number=number))
    return exercise["points"]


@functools.cache
def _graded(path: Path, seed: int, digest: str) -> list[dict[str, Any]]:
    """Övningarnas resultat, ur `results.json`; `digest` skiljer en sparad fil från en ändrad."""
    # En egen process: kärnans är full av studentens trådar och värden. `-P` och PYTHONPATH gör att
    # inget i studentens mapp kan importeras i stället för kursen.
    command = [sys.executable, "-P", "-m", "dqn_helpers.autograder", "--json", str(path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [*command, "--seed", str(seed)], capture_output=True, text=True, env=environment
    )
    if ran.returncode not in (ALL_RIGHT, NOT_ALL_RIGHT):
        _give_up(ran.stderr)
    (submission,) = json.loads(ran.stdout)["submissions"]
    return submission["exercises"]


def _text(exercise: dict[str, Any]) -> str:
    """Återkopplingen som text: hur det gick, råden och varje del."""
    lines = [f"{exercise['id']} {exercise['name']}: {STATUSES[exercise['status']].word}"]
    lines += [exercise["feedback"], ""]
    for part in exercise["tests"]:
        lines.append(f"{'rätt' if part['passed'] else 'fel'}: {part['name']}")
        is_said = not part["message"] or part["message"] in exercise["feedback"]
        lines += [] if part["passed"] or is_said else [f"  {part['message']}"]
    return clean("\n".join(lines).strip(), MAX_TEXT)


def _give_up(reason: str) -> NoReturn:
    """Avsluta kärnan: ett undantag vore 0 poäng, och felet är inte studentens."""
    print(f"Rättaren gick sönder, och filen får inget resultat. {reason}", file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)
