"""Hur fort en klass rättas, här, på ett kluster och av andra rättare, på samma filer.

Vad som mäts: kommandot från start till slut, med importer, uppvärmning och rapporter. En inlämning
är en students alla anteckningsböcker, med kursens alla rättade övningar. Böckerna är nedskurna till
importerna, övningarna och sidans egna kontroller (`check`), till nbgraders fördel: av hela böcker
kör den varje cell, också träningen, medan kursens rättare hoppar över det som inte behövs.
Kontrollerna är nbgraders testceller. En tredjedel av studenterna har allt rätt; de andra har ett
fel i varje bok, och hälften av dem dessutom något olöst.

Vad som inte är lika: kursens rättare kör i inhägnade processer på dolda, slumpade fall och ger
poäng per beteende. nbgrader kör böckerna på de öppna exemplen och utan inhägnad.
"""

import contextlib
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

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
    """Skriv studenternas böcker: `folder/student-007/…/03_traningssteget.ipynb`."""
    for student in range(students):
        for name, book in books.items():
            write(folder / f"student-{student:03}" / ASSIGNMENT / name,
                  students_book(name, book, student))  # fmt: skip


def write(path: Path, book: Notebook) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(book, ensure_ascii=False, indent=1), encoding="utf-8")


# --- mätningarna ---------------------------------------------------------------------------------

Row = dict[str, Any]
OURS, AGAIN = "kursens rättare", "kursens rättare, bara rapporterna"
NBGRADER, OTTER = "nbgrader", "otter"
ALONE, DASK = "utan kluster", "med Dask"
PROCESSES = ((ALONE, 1), (ALONE, 2), (DASK, 1), (DASK, 2), (DASK, 4))
"""Så många rättare åt gången, här och i ett kluster på samma dator."""

SEVERAL_STUDENTS = 30
FEW_STUDENTS = 2
"""Så få räcker i de andra rättarna: de tar lika lång tid för varje inlämning."""


def measurements(sizes: Sequence[int], python: str) -> Iterator[tuple[str, Row, Callable[[], Row]]]:
    """Klasser av olika storlek här, och en liten klass i var och en av de andra som finns.

    Args:
        sizes: klassernas storlek i kursens rättare.
        python: pythonprogrammet som har de andra rättarna.
    """
    for students in sizes:
        yield "grading", {"grader": OURS, "students": students}, lambda n=students: ours(n)
    largest = max(sizes)
    yield "grading", {"grader": AGAIN, "students": largest}, lambda: ours(largest, again=True)
    for where, processes in PROCESSES:
        key = {"grader": where, "processes": processes}
        yield "grading", key, lambda w=where, p=processes: with_processes(w, p)
    for package, grader, grade in (
        ("nbgrader", NBGRADER, with_nbgrader), ("otter", OTTER, with_otter)
    ):  # fmt: skip
        if has_package(python, package):
            key = {"grader": grader, "students": FEW_STUDENTS}
            yield "grading", key, lambda g=grade: g(python, FEW_STUDENTS)
        else:
            print(f"{grader} hoppas över: {package} finns inte här. Se --graders.")


def ours(students: int, *, again: bool = False) -> Row:
    """Kursens rättare på så många inlämningar; med `again` en gång till, när allt är rättat."""
    command = [sys.executable, "-m", "dqn_helpers.autograder", "submitted", "--out", "rattning",
               "--jobs", "1", "--seed", "1"]  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        hand_in(folder / "submitted", teachers_books(), students)
        cost = timed(command, folder)
        if again:
            cost = timed([*command, "--resume"], folder)
        graded = json.loads((folder / "rattning" / "results.json").read_text(encoding="utf-8"))
    totals: dict[str, float] = {}
    for row in graded["submissions"]:
        totals[row["student"]] = totals.get(row["student"], 0) + (row["points"] or 0)
    return cost | {"points": right_points(totals)}


CLOCKED = """
import json, sys, time
from dqn_helpers.teacher import grading
from dqn_helpers.teacher.store import Store
times, add = [time.monotonic()], Store.add
def clocked(*arguments):
    add(*arguments)
    times.append(time.monotonic())
Store.add = clocked
if __name__ == "__main__":
    code = grading.main(sys.argv[1:])
    open("tider.json", "w").write(json.dumps(times))
    sys.exit(code)
"""
"""Kursens rättare, med en tid för starten och en för varje resultat."""


def with_processes(where: str, processes: int) -> Row:
    """En klass med flera rättare åt gången, på den här datorn eller i ett kluster på den.

    Takten räknas på den andra hälften av filerna: då har alla rättare kommit i gång.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        hand_in(folder / "submitted", teachers_books(), SEVERAL_STUDENTS)
        (folder / "clocked.py").write_text(CLOCKED, encoding="utf-8")
        command = [sys.executable, "clocked.py", "submitted", "--out", "rattning", "--seed", "1",
                   "--jobs", str(processes)]  # fmt: skip
        cost = timed(command + (["--dask", "local"] if where == DASK else []), folder)
        begun, *times = json.loads((folder / "tider.json").read_text(encoding="utf-8"))
    return cost | {
        "files": len(times),
        "seconds_to_first": round(times[0] - begun, 1),
        "files_per_second": round(rate(times), 2),
    }


def rate(times: Sequence[float]) -> float:
    """Filer i sekunden, på den andra hälften av dem."""
    middle = len(times) // 2
    return (len(times) - 1 - middle) / (times[-1] - times[middle])


def with_nbgrader(python: str, students: int) -> Row:
    """`nbgrader autograde` på samma sorts inlämningar; att göra uppgiften räknas inte."""
    nbgrader, books = [python, "-m", "nbgrader"], teachers_books()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        hand_in(folder / "submitted", books, students)
        for name, book in books.items():
            write(folder / "source" / ASSIGNMENT / name, book)
        timed([*nbgrader, "generate_assignment", ASSIGNMENT], folder)
        cost = timed([*nbgrader, "autograde", ASSIGNMENT], folder)
        timed([*nbgrader, "export", "--to", "grades.csv"], folder)
        with (folder / "grades.csv").open(encoding="utf-8", newline="") as file:
            totals = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    return cost | {"points": right_points(totals)}


OTTER_TEST = """
from otter.test_files import test_case
OK_FORMAT = False
name, points = {name!r}, {points}
@test_case(points={points})
def answer(env):
    exec({source!r}, env)
"""
OTTER_LOOP = """
import json, sys
from otter.api import grade_submission
for path, tests in json.load(open("att_ratta.json")):
    print(path, grade_submission(path, ag_path=tests, quiet=True).total)
"""
"""Otters eget sätt att rätta många: en enda process, en inlämning i taget."""


def with_otter(python: str, students: int) -> Row:
    """Otter på samma inlämningar, med samma kontroller som testfiler; utan container."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, books = Path(scratch), teachers_books()
        hand_in(folder / "submitted", books, students)
        for name, book in books.items():
            write_otter_tests(folder / name / "tests", book)
            command = [python, "-m", "otter", "generate", "-t", "tests", "-o", "rattare.zip"]
            timed(command, folder / name)
        paths = sorted(folder.glob("submitted/*/*/*.ipynb"))
        wanted = [[str(path), str(folder / path.name / "rattare.zip")] for path in paths]
        (folder / "att_ratta.json").write_text(json.dumps(wanted), encoding="utf-8")
        cost = timed([python, "-c", OTTER_LOOP], folder)
        lines = (folder / "logg").read_text(encoding="utf-8").splitlines()
    totals: dict[str, float] = {}
    for path, _, points in (line.rpartition(" ") for line in lines if ".ipynb " in line):
        student = Path(path).parts[-3]
        totals[student] = totals.get(student, 0) + float(points)
    return cost | {"points": right_points(totals)}


def write_otter_tests(folder: Path, book: Notebook) -> None:
    """Bokens kontroller som Otters testfiler, med samma poäng."""
    folder.mkdir(parents=True)
    for cell in book["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade") and marks.get("points"):
            test = OTTER_TEST.format(name=cell["id"], points=marks["points"], source=cell["source"])
            (folder / f"{cell['id']}.py").write_text(test, encoding="utf-8")


def right_points(totals: dict[str, float]) -> list[float]:
    """Poängen för studenterna med allt rätt: ska vara en enda, kursens alla poäng."""
    return sorted({points for who, points in totals.items() if has_everything_right(int(who[-3:]))})


def timed(command: list[str], folder: Path) -> Row:
    """Processortid och tid på klockan för ett kommando, och minnet i dess största process."""
    started, before = time.monotonic(), os.times()
    # nbgrader anropar själv ett program ur sin miljö (alembic).
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    here = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    log = folder / "logg"
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(command, cwd=folder, env=here, stdout=file, stderr=file)
        largest = largest_process(process)
    if process.returncode:
        words = log.read_text(encoding="utf-8")[-3000:]
        raise SystemExit(f"{' '.join(command)} slutade med {process.returncode}:\n{words}")
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return {
        "cpu_seconds": round(cpu, 2),
        "wall_seconds": round(time.monotonic() - started, 2),
        "largest_process_mb": round(largest / 2**20),
    }


def largest_process(process: subprocess.Popen) -> int:
    """Vänta på kommandot; så mycket minne dess egen process hade som mest, i byte.

    Barnens minne räknas inte: det är lika stort hur många de än rättar.
    """
    largest = 0
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):  # den kan hinna sluta mellan de två raderna
            largest = max(largest, psutil.Process(process.pid).memory_info().rss)
        time.sleep(0.2)
    return largest


def has_package(python: str, package: str) -> bool:
    """Sant om pythonprogrammet finns och har paketet."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{package}') is None)"
    try:
        return subprocess.run([python, "-c", code]).returncode == 0
    except OSError:
        return False
