"""Studentversionen: det som en student behöver, i en zip-fil utan facit, test och rättare.

Den går att dela ut som den är, eller att lägga i ett eget repo på GitHub. Med repots adress får den
länkar till Binder och Colab, och böckerna en cell som hämtar kursens kod när de öppnas i Colab.

Samma källa ger alltid samma zip-fil, byte för byte.
"""

import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from dqn_helpers.teacher.address import NOWHERE, Address
from dqn_helpers.teacher.notebook_files import Cell, dumps

FOLDER = "djup-q-inlarning"
FILES = ("kurs.py", "pyproject.toml", "constraints.txt", "environment.yml", "BILAGA.md")
TEACHERS_PART = "\n## För dig som undervisar"
TEST_COMMAND = "kurs.py test"
SUFFIXES = (".py", ".json", ".js", ".css", ".svg", ".png")
YEAR_ZERO = (1980, 1, 1, 0, 0, 0)  # zip-filens äldsta tid: dagen ska inte ändra innehållet


# Binder, och en JupyterHub som bygger med repo2docker, gör miljön av det som står i `binder/`.
WHY = "Installerar kursen i Binder, med PyTorch utan stöd för grafikkort."
COMMANDS = """\
set -e
python -m pip install --no-cache-dir \\
    --extra-index-url https://download.pytorch.org/whl/cpu -c constraints.txt -e ".[kurs]"
"""
BINDER = {
    "binder/runtime.txt": b"python-3.11\n",
    "binder/postBuild": f"#!/bin/bash\n# {WHY}\n{COMMANDS}".encode(),
}
EXECUTABLE = ("binder/postBuild",)
COLAB_CELL = """\
import sys

if "google.colab" in sys.modules:  # i Colab hämtas kursens kod; annars gör cellen ingenting
    get_ipython().run_line_magic("pip", "install -q git+{address}")"""
IN_THE_BROWSER = """
## Börja i webbläsaren

Här kan du arbeta utan att installera något. Binder och Colab glömmer det du har gjort, så ladda ner
din bok innan du slutar.

- **Binder:** [öppna bok 00]({binder}). Första gången tar det några minuter.
- **Colab:** öppna en bok här och kör först cellen som nämner Colab; den hämtar kursens kod.
{books}
"""


def package_files(
    root: Path, notebooks: Mapping[str, bytes], address: Address = NOWHERE
) -> dict[str, bytes]:
    """Filerna i studentversionen, väg inuti den → innehåll.

    Args:
        root: projektets mapp.
        notebooks: studenternas anteckningsböcker (`release.build`), namn → innehåll.
        address: repot på GitHub som den ska ligga i, om det finns ett.

    Raises:
        OSError: om något av det som ska med saknas.
    """
    files = {name: (root / name).read_bytes() for name in FILES} | BINDER
    books = [name for name in notebooks if name.endswith(".ipynb")]
    readme, published = _students_readme(root / "README.md"), bool(address.repository)
    files["README.md"] = (readme + (_links(address, sorted(books)) if published else "")).encode()
    files |= {
        f"notebooks/{name}": _with_colab_cell(data, address.url)
        if published and name in books
        else data
        for name, data in notebooks.items()
    }
    pictures = [root / place for place in re.findall(r'"(bilder/[^"]+)"', readme)]
    for path in [*(root / "dqn_helpers").rglob("*"), *pictures]:
        place = path.relative_to(root)
        if path.suffix in SUFFIXES and not {"autograder", "teacher"} & set(place.parts):
            files[place.as_posix()] = path.read_bytes()
    return dict(sorted(files.items()))


def _students_readme(path: Path) -> str:
    """README fram till lärarens del, utan testkommandot (testen följer inte med)."""
    text, found, _ = path.read_text(encoding="utf-8").partition(TEACHERS_PART)
    if not found:
        raise OSError(f"README.md saknar rubriken `{TEACHERS_PART.strip()}`.")
    return "".join(line for line in text.splitlines(keepends=True) if TEST_COMMAND not in line)


def _links(address: Address, books: list[str]) -> str:
    """README:s länkar till Binder och Colab."""
    rows = "\n".join(f"  - [{name[:-6]}]({address.starts(name)['Colab']})" for name in books)
    return IN_THE_BROWSER.format(binder=address.starts(books[0])["Binder"], books=rows)


def _with_colab_cell(data: bytes, url: str) -> bytes:
    """Boken med cellen som hämtar kursens kod i Colab, efter rubriken."""
    notebook = json.loads(data)
    text = COLAB_CELL.format(address=url)
    cell: Cell = {
        "cell_type": "code", "execution_count": None, "id": "colab-start",
        "metadata": {"tags": ["colab"]}, "outputs": [], "source": text.splitlines(keepends=True),
    }  # fmt: skip
    notebook["cells"].insert(1, cell)
    return dumps(notebook).encode()


def write_package(
    root: Path, notebooks: Mapping[str, bytes], target: Path, address: Address = NOWHERE
) -> int:
    """Skriv zip-filen; ger antalet filer i den."""
    files = package_files(root, notebooks, address)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(f"{FOLDER}/{name}", YEAR_ZERO)
            info.external_attr = (0o755 if name in EXECUTABLE else 0o644) << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return len(files)
