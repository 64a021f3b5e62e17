"""Mät hur fort en klass rättas, här och av nbgrader, på samma filer i samma körning.

    python tests/grader/benchmark.py
    python tests/grader/benchmark.py --nbgrader ~/nbgrader/bin/python

nbgrader kommer med `pip install -e ".[nbgrader]"`, gärna i en egen miljö; pythonprogrammet i den
anges med `--nbgrader`. Utan nbgrader mäts bara kursens rättare.

Vad som mäts: kommandot från start till slut, med importer, uppvärmning och rapporter. En inlämning
är en students fem anteckningsböcker, med kursens alla rättade övningar. Böckerna är nedskurna till
importerna, övningarna och sidans egna kontroller (`check`), till nbgraders fördel: av hela böcker
kör den varje cell, också träningen, medan kursens rättare hoppar över det som inte behövs.
Kontrollerna är nbgraders testceller. En tredjedel av studenterna har allt rätt; de andra har ett
fel i varje bok, och hälften av dem dessutom något olöst.

Vad som inte är lika: kursens rättare kör i inhägnade processer på dolda, slumpade fall, ger poäng
per beteende och kör två i taget. nbgrader kör böckerna en i taget (den kan inte annat), på de öppna
exemplen och utan inhägnad, med en kärna per bok.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dqn_helpers.swedish_arguments import SwedishParser

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = ROOT / "solutions"
ASSIGNMENT = "kurs"
STUB = "raise NotImplementedError()"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

# Ett vanligt fel i varje bok: den rätta raden och den felaktiga.
MISTAKES = {
    "01a": ("discount_factor**step", "discount_factor**(step + 1)"),
    "01b": ("0.0 if terminated else q_values[next_state]", "q_values[next_state]"),
    "02": ("self.experiences[self.position] = experience", "self.experiences[0] = experience"),
    "03": ("torch.where(terminated, reward, reward + ", "(reward + "),
    "04": ("min(step / decay_steps, 1)", "step / decay_steps"),
    "05": ("model(next_state).argmax", "target_model(next_state).argmax"),
}

Notebook = dict[str, Any]


# --- böckerna ------------------------------------------------------------------------------------


def teachers_books() -> dict[str, Notebook]:
    """Filnamn → den lösta boken, nedskuren till importer, övningar och kontroller."""
    books = {}
    for path in sorted(SOLUTIONS.glob("0[1-5]*_*.ipynb")):
        book = json.loads(path.read_text(encoding="utf-8"))
        book["cells"] = [cell for cell in book["cells"] if _is_needed(cell)]
        for cell in book["cells"]:
            cell["source"] = "".join(cell["source"])
        books[path.name] = book
    return books


def _is_needed(cell: dict[str, Any]) -> bool:
    graded = "nbgrader" in cell["metadata"]
    return cell["cell_type"] == "code" and (graded or cell["id"] == "importer")


def students_book(name: str, teachers: Notebook, student: int) -> Notebook:
    """Studentens bok: allt rätt för var tredje student, annars ett fel och kanske något olöst."""
    book = json.loads(json.dumps(teachers))
    right, wrong = MISTAKES[name.split("_")[0]]
    answers = [cell for cell in book["cells"] if BEGIN in cell["source"]]
    for cell in answers:
        if student % 3:
            cell["source"] = cell["source"].replace(right, wrong)
        # Ingen fil är en annan lik, så inget går att återanvända.
        cell["source"] = f"# student {student}\n{_without_marks(cell['source'])}"
    if student % 3 == 2:
        head = answers[-1]["source"].rpartition('"""')[0]
        answers[-1]["source"] = f'{head}"""\n    {STUB}'
    return book


def _without_marks(source: str) -> str:
    return "\n".join(line for line in source.split("\n") if line.strip() not in (BEGIN, END))


def has_everything_right(student: int) -> bool:
    return student % 3 == 0


def hand_in(folder: Path, books: dict[str, Notebook], students: int) -> None:
    """Skriv studenternas böcker: `folder/student-07/…/03_traningssteget.ipynb`."""
    for student in range(students):
        for name, book in books.items():
            write(folder / f"student-{student:02}" / ASSIGNMENT / name,
                  students_book(name, book, student))  # fmt: skip


def write(path: Path, book: Notebook) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(book, ensure_ascii=False, indent=1), encoding="utf-8")


# --- mätningarna ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measurement:
    """Så många inlämningar på så många sekunder, och poängen för dem som har allt rätt."""

    students: int
    seconds: float
    points: set[float]

    @property
    def rate(self) -> float:
        """Inlämningar per sekund."""
        return self.students / self.seconds


def measure_ours(folder: Path, students: int, jobs: int) -> Measurement:
    """Kursens rättare på alla inlämningar i `folder/submitted`."""
    command = [sys.executable, "-m", "dqn_helpers.autograder", "submitted", "--out", "rattning"]
    seconds = timed([*command, "--jobs", str(jobs), "--seed", "1"], folder)
    rows = json.loads((folder / "rattning" / "results.json").read_text(encoding="utf-8"))
    totals: dict[str, float] = {}
    for row in rows["submissions"]:
        totals[row["student"]] = totals.get(row["student"], 0) + (row["points"] or 0)
    return Measurement(students, seconds, right_points(totals))


def measure_nbgrader(python: str, folder: Path, students: int) -> Measurement:
    """`nbgrader autograde` på samma sorts inlämningar; att göra uppgiften räknas inte."""
    nbgrader = [python, "-m", "nbgrader"]
    timed([*nbgrader, "generate_assignment", ASSIGNMENT], folder)
    seconds = timed([*nbgrader, "autograde", ASSIGNMENT], folder)
    timed([*nbgrader, "export", "--to", "grades.csv"], folder)
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        totals = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    return Measurement(students, seconds, right_points(totals))


def right_points(totals: dict[str, float]) -> set[float]:
    """Poängen för studenterna med allt rätt: ska vara en enda, kursens alla poäng."""
    return {points for student, points in totals.items() if has_everything_right(int(student[-2:]))}


def timed(command: list[str], folder: Path) -> float:
    """Sekunder som kommandot tog."""
    started = time.monotonic()
    # nbgrader anropar själv ett program ur sin miljö (alembic).
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    ran = subprocess.run(
        command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
    if ran.returncode:
        raise SystemExit(f"{' '.join(command)} slutade med {ran.returncode}:\n{ran.stderr[-3000:]}")
    return time.monotonic() - started


def nbgrader_version(python: str) -> str:
    """Versionen, eller tomt om nbgrader inte finns där."""
    code = "from importlib.metadata import version; print(version('nbgrader'))"
    try:
        ran = subprocess.run([python, "-c", code], capture_output=True, text=True)
    except OSError:
        return ""
    return ran.stdout.strip()


# --- kommandot -----------------------------------------------------------------------------------


def parser() -> argparse.ArgumentParser:
    made = SwedishParser(
        prog="python tests/grader/benchmark.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--students", type=int, default=30, metavar="N",
                      help="antal inlämningar till kursens rättare (standard: 30)")  # fmt: skip
    made.add_argument("--jobs", type=int, default=2, metavar="N",
                      help="så många rättar kursens rättare samtidigt (standard: 2)")  # fmt: skip
    made.add_argument("--nbgrader", default=sys.executable, metavar="PYTHON",
                      help="pythonprogrammet som har nbgrader (standard: det här)")  # fmt: skip
    made.add_argument("--nbgrader-students", type=int, default=4, metavar="N",
                      help="antal inlämningar till nbgrader (standard: 4)")  # fmt: skip
    return made


def main() -> int:
    arguments = parser().parse_args()
    books = teachers_books()
    load = f", belastning {number(os.getloadavg()[0])}" if hasattr(os, "getloadavg") else ""
    print(f"{os.cpu_count()} processorer{load} vid start.")
    with tempfile.TemporaryDirectory() as scratch:
        ours, theirs = Path(scratch, "var"), Path(scratch, "nbgrader")
        hand_in(ours / "submitted", books, arguments.students)
        first = measure_ours(ours, arguments.students, arguments.jobs)
        show(f"Kursens rättare, --jobs {arguments.jobs}", first)
        version = nbgrader_version(arguments.nbgrader)
        if not version:
            print("nbgrader finns inte här; jämförelsen görs inte. Se --help.")
            return 0
        hand_in(theirs / "submitted", books, arguments.nbgrader_students)
        for name, book in books.items():
            write(theirs / "source" / ASSIGNMENT / name, book)
        other = measure_nbgrader(arguments.nbgrader, theirs, arguments.nbgrader_students)
        show(f"nbgrader {version} autograde", other)
        again = measure_ours(ours, arguments.students, arguments.jobs)
        show("Kursens rättare en gång till", again)
    slowest = max(first, again, key=lambda measured: measured.seconds)
    print(f"Kvot, med den långsammare av de två: {number(slowest.rate / other.rate)} gånger.")
    return 0


def show(name: str, measured: Measurement) -> None:
    """En rad om mätningen."""
    points = ", ".join(map(number, sorted(measured.points)))
    print(f"{name}: {measured.students} inlämningar på {number(measured.seconds)} s, "
          f"{number(measured.seconds / measured.students)} s per inlämning. "
          f"Allt rätt gav {points} poäng.", flush=True)  # fmt: skip


def number(value: float) -> str:
    """Talet på svenska, med två decimaler eller tre siffror."""
    return (f"{value:.0f}" if value >= 100 else f"{value:.3g}").replace(".", ",")


if __name__ == "__main__":
    sys.exit(main())
