"""Vad man väntar på i kursen: installationen, starten, böckernas celler, `check()` och testerna."""

import contextlib
import importlib.metadata
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlparse

from packaging.requirements import Requirement

from dqn_helpers.teacher import release
from dqn_helpers.teacher.student_package import FOLDER

ROOT = Path(__file__).resolve().parents[2]
BOOK_CLOCK = Path(__file__).with_name("book_clock.py")
EXTRA = "kurs"
"""Tillvalet som studenten får."""

INSTALLATION, TESTS = "installation", "tester"
N_SLOWEST = 10
UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9}

Row = dict[str, Any]


def measurements() -> Iterator[tuple[str, Row, Callable[[], Row]]]:
    """Installationen, testkommandot och varje bok."""
    yield "waiting", {"book": None, "what": INSTALLATION}, installation
    yield "waiting", {"book": None, "what": TESTS}, run_of_tests
    for book in sorted((ROOT / "solutions").glob("0*.ipynb")):
        yield "waiting", {"book": book.name}, partial(run_of_book, book)


# --- installationen och starten ------------------------------------------------------------------


def installation() -> Row:
    """Studentversionen i en tom mapp: den första installationen, och sedan två starter."""
    with tempfile.TemporaryDirectory() as scratch:
        package = Path(scratch, "kurs.zip")
        release.main(["--zip", str(package)])
        zipfile.ZipFile(package).extractall(scratch)
        folder, started = Path(scratch, FOLDER), time.monotonic()
        said = kurs(folder, "setup")
        seconds = time.monotonic() - started
        return installed_size() | {
            "downloaded_mb": round(sum(package_sizes(said)) / 1e6),
            "seconds": round(seconds),
            "first_start": round(seconds_to_page(folder), 1),
            "second_start": round(seconds_to_page(folder), 1),
        }


def without_this_environment() -> dict[str, str]:
    """Miljövariablerna hos den som aldrig har installerat något; pip hämtar allt på nytt."""
    away = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "KURS_VENV")
    kept = {name: value for name, value in os.environ.items() if name not in away}
    return kept | {"PIP_NO_CACHE_DIR": "1"}


def kurs(folder: Path, *arguments: str) -> str:
    """Kör ett av kursens kommandon i mappen; ger det som skrevs."""
    answer = subprocess.run(
        [sys.executable, "kurs.py", *arguments], cwd=folder, env=without_this_environment(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if answer.returncode:
        command = f"`kurs.py {' '.join(arguments)}`"
        raise SystemExit(f"{command} gick inte att köra:\n{answer.stdout[-3000:]}")
    return answer.stdout


def package_sizes(said: str) -> Iterator[float]:
    """Byte för varje fil som pip säger att den hämtar, eller tar ur en mapp på datorn."""
    for size, unit in re.findall(r"^ *Downloading .*\(([\d.]+) (kB|MB|GB)\)", said, re.MULTILINE):
        yield float(size) * UNITS[unit]
    for place in re.findall(r"^Processing (?:file://)?(/.*\.whl)", said, re.MULTILINE):
        yield Path(unquote(urlparse(place).path)).stat().st_size


def seconds_to_page(folder: Path) -> float:
    """Från `python kurs.py` tills JupyterLab ger sin sida och den första boken."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    book = quote(min(path.name for path in (folder / "notebooks").glob("*.ipynb")))
    started, token = time.monotonic(), {"JUPYTER_TOKEN": "matning"}
    with subprocess.Popen(
        [sys.executable, "kurs.py", "--no-browser", "--port", str(port)], cwd=folder,
        env=without_this_environment() | token, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            for page in (f"lab/tree/{book}", f"api/contents/{book}"):
                wait_for(f"http://127.0.0.1:{port}/{page}?token=matning", process)
            return time.monotonic() - started
        finally:
            process.terminate()


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Fråga efter sidan tills den kommer.

    Raises:
        SystemExit: om servern slutade.
    """
    while process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=10) as page:
            page.read()
            return
        time.sleep(0.05)
    raise SystemExit("JupyterLab slutade innan sidan kom.")


# --- testkommandot -------------------------------------------------------------------------------


def run_of_tests() -> Row:
    """`python kurs.py test`: hela tiden på klockan, och de långsammaste testen.

    Att något test är rött hindrar inte: sidan är till exempel inte gjord om än efter mätningarna.
    """
    started = time.monotonic()
    # I den här miljön, så att det inte också är en installation.
    command = [sys.executable, "kurs.py", "test", "-q", f"--durations={N_SLOWEST}"]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    passed = re.search(r"(\d+) passed", answer.stdout)
    if passed is None:
        raise SystemExit(f"Testerna gick inte att köra:\n{answer.stdout[-3000:]}")
    return {
        "seconds": round(time.monotonic() - started),
        "passed": int(passed[1]),
        "slowest": slowest_tests(answer.stdout),
    }


def slowest_tests(said: str) -> list[list[Any]]:
    """[sekunder, test] för det som pytest räknar upp som långsammast; det kan vara en förberedelse.

    pytest skriver ”12.34s call     tests/test_mdp.py::test_value”.
    """
    rows = re.findall(r"^([\d.]+)s (call|setup|teardown) +(\S.*)$", said, re.MULTILINE)
    words = {"call": "", "setup": " (förberedelsen)", "teardown": " (städningen)"}
    return [[float(seconds), name + words[when]] for seconds, when, name in rows]


# --- böckerna ------------------------------------------------------------------------------------


def run_of_book(book: Path) -> Row:
    """Hela bokens processortid, och den långsammaste cellen och kontrollen."""
    with tempfile.TemporaryDirectory() as scratch:
        answer = subprocess.run(
            [sys.executable, str(BOOK_CLOCK), str(book)], capture_output=True, text=True,
            cwd=scratch, env=os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
        )  # fmt: skip
    if answer.returncode:
        raise SystemExit(f"{book.name} gick inte att köra:\n{answer.stderr[-3000:]}")
    cells: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    checks = [cells[name] for name in cells_with_check(book)]
    slowest = max(cells, key=lambda name: cells[name])
    return {
        "cells": len(cells),
        "cpu_seconds": round(sum(cells.values()), 1),
        "slowest_cell": slowest,
        "slowest_seconds": round(cells[slowest], 1),
        "slowest_check": round(max(checks, default=0.0), 2),
    }


def cells_with_check(book: Path) -> list[str]:
    """De celler där en övning kontrolleras."""
    cells = json.loads(book.read_text(encoding="utf-8"))["cells"]
    code = {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"}
    return [name for name, source in code.items() if source.startswith('check("')]


def installed_size() -> Row:
    """Så stora är paketen som studenten får, uppackade på disken."""
    names = needed_packages(EXTRA)
    files = [file for name in names for file in importlib.metadata.files(name) or ()]
    sizes = [path.stat().st_size for file in files if (path := Path(file.locate())).is_file()]
    return {"packages": len(names), "megabytes": round(sum(sizes) / 1e6)}


def needed_packages(extra: str) -> set[str]:
    """Paketen som kursen behöver med tillvalet, och de som de i sin tur behöver."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting = [*project["dependencies"], *project["optional-dependencies"][extra]]
    found: set[str] = set()
    while waiting:
        wanted = Requirement(waiting.pop())
        if wanted.name in found:
            continue
        try:
            more = importlib.metadata.requires(wanted.name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # det som bara behövs på andra datorer
        found.add(wanted.name)
        extras = wanted.extras or {""}
        for line in more:
            marker = Requirement(line).marker
            if marker is None or any(marker.evaluate({"extra": name}) for name in extras):
                waiting.append(line)
    return found
