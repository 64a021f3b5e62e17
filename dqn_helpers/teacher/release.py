"""Gör studentens anteckningsböcker av lärarens: `solutions/` → `notebooks/`.

    python -m dqn_helpers.teacher.release              snyggar till solutions/, gör notebooks/
    python -m dqn_helpers.teacher.release --check      skriver inget, men säger vad som är gammalt
    python -m dqn_helpers.teacher.release --normalise  snyggar bara till solutions/
    python -m dqn_helpers.teacher.release --zip FIL    packar studentversionen, utan facit
    python -m dqn_helpers.teacher.release --nbgrader MAPP   gör en kursmapp åt nbgrader
    python -m dqn_helpers.teacher.release --gradescope FIL --book 05   packar rättaren åt Gradescope

I `solutions/` står lösningarna mellan `### BEGIN SOLUTION` och `### END SOLUTION`, dolda test
mellan `### BEGIN HIDDEN TESTS` och `### END HIDDEN TESTS`, precis som nbgrader vill ha dem.
Celler med taggen `larare` är lärarens egna och följer inte med.

Poängen och ledtrådarna står i `dqn_helpers/exercises/` och skrivs härifrån in i både `solutions/`
och `notebooks/`: poängen i övningens rubrik (`### Övning 3.2: … (2 poäng)`) och i nbgraders
metadata, ledtrådarna först i cellen `ledtradar-3-2`.

Samma källa ger alltid samma fil, byte för byte, så ett test kan jämföra det incheckade med det
nygjorda.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from dqn_helpers.autograder.arguments import add_release_arguments
from dqn_helpers.counting import counted
from dqn_helpers.exercises.model import Exercise
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.syllabus import WRITTEN, exercises_of
from dqn_helpers.submission.collect import UsageError
from dqn_helpers.swedish_arguments import SwedishParser
from dqn_helpers.teacher.address import AddressError, address_of, read_address
from dqn_helpers.teacher.for_nbgrader import write_course
from dqn_helpers.teacher.gradescope import write_autograder
from dqn_helpers.teacher.notebook_files import (
    TEACHER_TAG,
    Cell,
    Notebook,
    NotebookError,
    canonical,
    dumps,
    exercise_number,
    read_notebook,
    short_name,
    source_of,
    tags_of,
)
from dqn_helpers.teacher.student_package import write_package

_HINTS_CELL = re.compile(r"ledtradar-(\d+)-(\d+)")
_HEADING = re.compile(r"^(#+ Övning (\d+\.\d+): .*?)(?: \(\d+ poäng\))?$", re.MULTILINE)
_HINT = r"<details><summary>Ledtråd \d</summary>.*?</details>\s*"
_HINTS = re.compile(rf"\A(?:{_HINT})*", re.DOTALL)
_MARK = re.compile(r"\s*### (BEGIN|END) (SOLUTION|HIDDEN TESTS)\s*")
_ALMOST_MARK = re.compile(r"\b(BEGIN|END)[ _]+(SOLUTION|HIDDEN[ _]+TESTS?)\b", re.IGNORECASE)


# --- poäng och ledtrådar -------------------------------------------------------------------------


def source_notebook(path: Path) -> Notebook:
    """Källfilen som den ska se ut: i kanonisk form, med övningarnas poäng och ledtrådar.

    Raises:
        NotebookError: om filen inte är en anteckningsbok.
    """
    notebook = canonical(read_notebook(path), path)
    for cell in notebook["cells"]:
        text = _HEADING.sub(_with_points, source_of(cell))
        hints = _HINTS_CELL.fullmatch(cell["id"])
        if hints and (exercise := EXERCISES.get(".".join(hints.groups()))):
            text = hints_as_markdown(exercise) + "\n\n" + _HINTS.sub("", text)
        cell["source"] = text.rstrip("\n").splitlines(keepends=True)
        points = full_points(exercise_number(cell) or "")
        if points and cell["metadata"]["nbgrader"].get("grade"):
            cell["metadata"]["nbgrader"]["points"] = points
    return notebook


def _with_points(heading: re.Match[str]) -> str:
    """Övningens rubrik med dess poäng."""
    title, number = heading.groups()
    points = full_points(number)
    return f"{title} ({points} poäng)" if points else title


def full_points(number: str) -> int | None:
    """Övningens poäng, också ett skrivet svars; None om övningen inte finns."""
    return EXERCISES[number].points if number in EXERCISES else WRITTEN.get(number)


def hints_as_markdown(exercise: Exercise) -> str:
    """De tre ledtrådarna, hopfällda."""
    return "\n\n".join(
        f"<details><summary>Ledtråd {number}</summary>\n\n{hint}\n\n</details>"
        for number, hint in enumerate(exercise.hints, 1)
    )


# --- studentens version --------------------------------------------------------------------------


def student_notebook(path: Path) -> Notebook:
    """Studentens version av en källfil: utan lösningar, dolda test och lärarens celler.

    Raises:
        NotebookError: om märken, id eller metadata i källan inte stämmer.
    """
    notebook = source_notebook(path)
    cells = [cell for cell in notebook["cells"] if TEACHER_TAG not in tags_of(cell)]
    book = notebook["metadata"]["dqn_kurs"]["notebook"]
    for cell in cells:
        where = f"{short_name(path)}, cell {cell['id']}"
        _check_grading(cell, book, where)
        _clear_solution(cell, where)
    _check_grade_ids(cells, path)
    return notebook | {"cells": cells}


def _check_grading(cell: Cell, book: str, where: str) -> None:
    """Pröva att nbgraders metadata i cellen pekar ut en av bokens övningar."""
    grading = cell["metadata"].get("nbgrader")
    if grading is None:
        return
    number = exercise_number(cell)
    if number not in exercises_of(book):
        grade_id = grading.get("grade_id")
        problem = f"`{grade_id}` är ingen övning i bok {book}" if grade_id else "`grade_id` saknas"
        raise NotebookError(
            f"{where}: {problem}. Skriv till exempel `ovning-3-1` eller `check-3-1`."
        )
    if grading.get("schema_version") != 3:
        raise NotebookError(f"{where}: nbgraders `schema_version` ska vara 3.")


def _check_grade_ids(cells: list[Cell], path: Path) -> None:
    ids = Counter(cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells)
    for cell in cells:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id and ids[grade_id] > 1:
            raise NotebookError(
                f"{short_name(path)}, cell {cell['id']}: `{grade_id}` finns på flera celler."
            )


def _clear_solution(cell: Cell, where: str) -> None:
    """Byt lösningen i cellen mot en stubbe och ta bort dolda test; pröva att märkena stämmer."""
    grading = cell["metadata"].get("nbgrader", {})
    text, seen = clear_regions(source_of(cell), _stub(cell), where)
    if seen["SOLUTION"] and not grading.get("solution"):
        raise NotebookError(
            f"{where}: cellen har lösningsmärken men inte nbgraders metadata (`solution: true`)."
        )
    if grading.get("solution") and not seen["SOLUTION"]:
        raise NotebookError(
            f"{where}: övningscellen saknar `### BEGIN SOLUTION` och `### END SOLUTION`."
        )
    if seen["HIDDEN TESTS"] and not grading.get("grade"):
        raise NotebookError(
            f"{where}: cellen har dolda test men inte nbgraders metadata (`grade: true`)."
        )
    if seen["SOLUTION"]:
        _check_stub(cell, text, where)
    cell["source"] = text.splitlines(keepends=True)


def _stub(cell: Cell) -> str:
    if cell["cell_type"] == "markdown":
        return "*Skriv ditt svar här.*"
    return f'raise NotImplementedError("Övning {exercise_number(cell)} är inte löst än.")'


def _check_stub(cell: Cell, text: str, where: str) -> None:
    if cell["cell_type"] == "code" and re.search(r"^raise NotImplementedError", text, re.MULTILINE):
        raise NotebookError(
            f"{where}: lösningen börjar längst ut till vänster, så stubben skulle stoppa "
            "studentens anteckningsbok. Sätt märkena inne i funktionen."
        )
    if cell["cell_type"] == "code" and cell["outputs"]:
        raise NotebookError(f"{where}: en övningscell kan inte ha utdata som nbval jämför.")


def clear_regions(source: str, stub: str, where: str) -> tuple[str, Counter[str]]:
    """Texten utan det som står mellan märkena, och hur många områden av varje slag det fanns.

    Stubben ställs där en lösning började, med samma indrag.
    """
    lines: list[str] = []
    seen: Counter[str] = Counter()
    opened: str | None = None
    for line in source.split("\n"):
        mark = _read_mark(line, where)
        if mark is None:
            lines += [line] if opened is None else []
            continue
        opened = _step(opened, mark, where)
        if opened is not None:
            seen[opened] += 1
        if opened == "SOLUTION":
            lines.append(line[: len(line) - len(line.lstrip())] + stub)
    if opened is not None:
        raise NotebookError(f"{where}: `### BEGIN {opened}` saknar `### END {opened}`.")
    return "\n".join(lines).strip("\n"), seen


def _read_mark(line: str, where: str) -> tuple[str, str] | None:
    match = _MARK.fullmatch(line)
    if match:
        return match.group(1), match.group(2)
    if _ALMOST_MARK.search(line):
        raise NotebookError(f"{where}: märket `{line.strip()}` är inte rätt skrivet.")
    return None


def _step(opened: str | None, mark: tuple[str, str], where: str) -> str | None:
    """Vilket område som är öppet efter ett märke; fel om märkena inte går ihop."""
    edge, kind = mark
    if edge == "BEGIN":
        if opened is not None:
            raise NotebookError(f"{where}: `### BEGIN {kind}` står inne i `### BEGIN {opened}`.")
        return kind
    if opened != kind:
        raise NotebookError(f"{where}: `### END {kind}` saknar `### BEGIN {kind}` före.")
    return None


# --- hela mappen ---------------------------------------------------------------------------------


def build(source: Path) -> dict[str, bytes]:
    """Alla filer som ska finnas i `notebooks/`, namn → innehåll.

    Raises:
        NotebookError: med ett fel per rad, om någon källfil är fel.
    """
    files = {path.name: path.read_bytes() for path in sorted(source.glob("*.md"))}
    errors = []
    for path in sorted(source.glob("*.ipynb")):
        try:
            files[path.name] = dumps(student_notebook(path)).encode()
        except NotebookError as error:
            errors.append(str(error))
    if errors:
        raise NotebookError("\n".join(errors))
    return files


def compare(source: Path, target: Path) -> list[str]:
    """Vad som skiljer `target` från vad `source` ger, en svensk rad för varje fil."""
    files = build(source)
    report = []
    for name, content in files.items():
        path = target / name
        if not path.exists():
            report.append(f"saknas: {short_name(path)}")
        elif path.read_bytes() != content:
            report.append(f"inaktuell: {short_name(path)}")
    report += [
        f"inte i kanonisk form: {short_name(path)} (kör --normalise)" for path, _ in _untidy(source)
    ]
    return report + superfluous(files, target)


def superfluous(files: dict[str, bytes], target: Path) -> list[str]:
    """Filer i `target` som inte kommer ur `solutions/`. De raderas aldrig, bara nämns."""
    names = sorted(path.name for path in target.glob("*") if not path.name.startswith("."))
    unknown = [name for name in names if name not in files and name != "__pycache__"]
    return [f"överflödig: {target.name}/{name} (finns inte i solutions/)" for name in unknown]


def write(source: Path, target: Path) -> list[str]:
    """Skriv de filer i `target` som saknas eller är inaktuella; säg vad som skrevs."""
    target.mkdir(parents=True, exist_ok=True)
    report = []
    files = build(source)
    for name, content in files.items():
        path = target / name
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
            report.append(f"skrev {short_name(path)}")
    return report + superfluous(files, target)


def _untidy(source: Path) -> Iterator[tuple[Path, bytes]]:
    """De källfiler som inte ser ut som de ska, och hur de ska se ut."""
    for path in sorted(source.glob("*.ipynb")):
        tidy = dumps(source_notebook(path)).encode()
        if path.read_bytes() != tidy:
            yield path, tidy


def tidy_up(source: Path) -> list[str]:
    """Skriv om de källfiler som inte ser ut som de ska; säg vilka."""
    report = []
    for path, tidy in _untidy(source):
        path.write_bytes(tidy)
        report.append(f"snyggade till {short_name(path)}")
    return report


def _pack(root: Path, source: Path, target: Path, given: str) -> None:
    """Packa studentversionen; utan en angiven adress gäller den i `pyproject.toml`."""
    written = read_address(root / "pyproject.toml")
    address = address_of(given, "--address", written.branch) if given else written
    files = counted(write_package(root, build(source), target, address), "fil", "filer")
    print(f"Studentversionen är packad i {target}: {files}, utan facit.")
    if address.repository:
        print(f"Länkarna till Binder och Colab leder till {address.url}.")


def _run(arguments: argparse.Namespace) -> int:
    source, target = arguments.root / "solutions", arguments.root / "notebooks"
    if arguments.address and not arguments.zip:
        raise AddressError("--address hör ihop med --zip: ange också filen att packa i.")
    if arguments.normalise:
        print("\n".join(tidy_up(source)) or "Det finns inget att göra.")
        return 0
    if arguments.zip:
        _pack(arguments.root, source, arguments.zip, arguments.address)
        return 0
    if arguments.nbgrader:
        books = {path.name: source_notebook(path) for path in sorted(source.glob("0[1-9]*.ipynb"))}
        print("\n".join(write_course(books, arguments.nbgrader)))
        return 0
    if arguments.gradescope:
        n_files = write_autograder(arguments.root, arguments.gradescope, arguments.book)
        print(f"Rättaren för bok {arguments.book} är packad i {arguments.gradescope}: "
              f"{counted(n_files, 'fil', 'filer')}, med facit. Lämna den bara till "
              "Gradescope.")  # fmt: skip
        return 0
    if arguments.check:
        report = compare(source, target)
        print("\n".join(report) or "notebooks/ stämmer med solutions/.")
        return 1 if report else 0
    report = write(source, target) + tidy_up(source)
    print("\n".join(report) or "notebooks/ stämmer redan med solutions/.")
    return 1 if any(line.startswith("överflödig") for line in report) else 0


def main(argv: list[str] | None = None) -> int:
    """Kommandoraden. Slutkod 0 om allt stämmer, annars 1."""
    parser = SwedishParser(prog="python kurs.py release")
    add_release_arguments(parser)
    try:
        return _run(parser.parse_args(argv))
    except (NotebookError, AddressError, UsageError, OSError) as error:
        print(f"Fel: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
