"""Studentversionen: det som en student behöver, i en zip-fil utan facit, test och rättare.

Samma källa ger alltid samma bytes.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path

FOLDER = "djup-q-inlarning"
FILES = ("kurs.py", "pyproject.toml", "constraints.txt", "environment.yml")
TEACHERS_PART = "\n## För dig som undervisar"
TEST_COMMAND = "kurs.py test"
SUFFIXES = (".py", ".json", ".js", ".css")
YEAR_ZERO = (1980, 1, 1, 0, 0, 0)  # zip-filens äldsta tid: dagen ska inte ändra innehållet


def package_files(root: Path, notebooks: Mapping[str, bytes]) -> dict[str, bytes]:
    """Filerna i studentversionen, väg inuti den → innehåll.

    Args:
        root: projektets mapp.
        notebooks: studenternas anteckningsböcker (`release.build`), namn → innehåll.

    Raises:
        OSError: om något av det som ska med saknas.
    """
    files = {name: (root / name).read_bytes() for name in FILES}
    files["README.md"] = _students_readme(root / "README.md").encode()
    files |= {f"notebooks/{name}": data for name, data in notebooks.items()}
    for path in (root / "dqn_helpers").rglob("*"):
        place = path.relative_to(root)
        if path.suffix in SUFFIXES and not {"autograder", "teacher"} & set(place.parts):
            files[place.as_posix()] = path.read_bytes()
    return dict(sorted(files.items()))


def _students_readme(path: Path) -> str:
    """README fram till lärarens del, utan testkommandot (testen följer inte med)."""
    text, found, _ = path.read_text(encoding="utf-8").partition(TEACHERS_PART)
    if not found:
        raise OSError(f"README.md saknar rubriken {TEACHERS_PART.strip()!r}.")
    return "".join(line for line in text.splitlines(keepends=True) if TEST_COMMAND not in line)


def write_package(root: Path, notebooks: Mapping[str, bytes], target: Path) -> int:
    """Skriv zip-filen; ger antalet filer i den."""
    files = package_files(root, notebooks)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(f"{FOLDER}/{name}", YEAR_ZERO)
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return len(files)
