"""`resultat.json`: allt som är uppmätt, en rad för varje mätning, sparat efter var och en."""

import importlib.metadata
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("resultat.json")
PACKAGES = (
    "torch", "numpy", "gymnasium", "stable-baselines3", "cpprb", "torchrl", "nbgrader",
    "otter-grader",
)  # fmt: skip
PARTS = ("learning", "profile", "parts", "grading", "waiting")

Results = dict[str, Any]
Row = dict[str, Any]


class AnotherMachineError(Exception):
    """Mätningarna i filen är gjorda på en annan dator, eller med andra versioner."""


def machine() -> dict[str, Any]:
    """Datorn som mäter, så som den beskriver sig själv."""
    return {
        "processor": processor_name(),
        "kärnor": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def processor_name() -> str:
    """Processorns namn; på Linux står det bara i en fil."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "okänd"


def versions() -> dict[str, str]:
    """Paket → version, för dem som finns här."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def empty() -> Results:
    """En fil utan mätningar, från den här datorn."""
    rows: Results = {part: [] for part in PARTS}
    return {"version": 1, "machine": machine(), "packages": versions()} | rows


def read(path: Path) -> Results:
    """Det som är uppmätt."""
    return json.loads(path.read_text(encoding="utf-8"))


def write(path: Path, results: Results) -> None:
    """Skriv filen färdig bredvid och byt plats, så att ett avbrott aldrig förstör den."""
    head = {name: value for name, value in results.items() if name not in PARTS}
    lines = [f" {_json(name)}: {_json(value)}" for name, value in head.items()]
    for part in PARTS:
        rows = ",\n  ".join(_json(row) for row in results[part])
        lines.append(f' "{part}": [\n  {rows}\n ]' if rows else f' "{part}": []')
    unfinished = path.with_name(path.name + ".skrivs")
    unfinished.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    unfinished.replace(path)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class Store:
    """Filen som mätningen skriver i, rad för rad.

    Args:
        path: filen.
        resume: sant om det som redan står där ska vara kvar och inte mätas igen.

    Raises:
        FileExistsError: om filen finns och `resume` är falskt.
        AnotherMachineError: om filen är från en annan dator eller andra versioner. Då går
            talen inte att jämföra.
    """

    def __init__(self, path: Path, resume: bool) -> None:
        if path.is_file() and not resume:
            raise FileExistsError(f"{path} finns redan. Gå vidare i den med --resume.")
        self.path, self.results = path, read(path) if path.is_file() else empty()
        here = empty()
        if self.results["machine"] != here["machine"] or not _agree(self.results, here):
            raise AnotherMachineError(
                f"{path} är från en annan dator eller andra versioner, så det går inte ihop."
            )
        self.results["packages"] |= here["packages"]

    def has(self, part: str, key: Row) -> bool:
        """Sant om raden som har de här värdena redan är uppmätt."""
        return any(key.items() <= _flat(row).items() for row in self.results[part])

    def measure(self, part: str, key: Row, how: Callable[[], Row]) -> bool:
        """Mät en rad och spara den, om den inte redan finns; ger sant om den mättes nu."""
        if self.has(part, key):
            return False
        self.results[part].append(key | how())
        write(self.path, self.results)
        return True


def _agree(one: Results, other: Results) -> bool:
    """Sant om inget paket har två versioner."""
    both = one["packages"].keys() & other["packages"].keys()
    return all(one["packages"][name] == other["packages"][name] for name in both)


def _flat(row: Row) -> Row:
    """Radens enkla värden: de sammansatta går inte att jämföra som mängd."""
    return {name: value for name, value in row.items() if not isinstance(value, (dict, list))}
