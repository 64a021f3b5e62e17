"""Vad den som läser kursen väntar på: böckernas celler, `check()` och installationen."""

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
BOOK_CLOCK = Path(__file__).with_name("book_clock.py")
EXTRA = "kurs"
"""Tillvalet som studenten får."""

Row = dict[str, Any]


def measurements() -> Iterator[tuple[str, Row, Callable[[], Row]]]:
    """Hur stort det är som installeras, och varje bok."""
    yield "waiting", {"book": None, "extra": EXTRA}, installed_size
    for book in sorted((ROOT / "solutions").glob("0*.ipynb")):
        yield "waiting", {"book": book.name}, partial(run_of_book, book)


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
