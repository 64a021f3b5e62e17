"""Räknar om talen i `dqn_helpers/studies/overestimation.json`, med facit ur `solutions/`.

Från kursens mapp: `python tests/overestimation_numbers.py` (några minuter). Med en metods namn
efter, till exempel `"DQN med γ = 0"`, räknas bara den om. Med `--dask tcp://ADRESS` (eller
`--dask local`) delas fröna mellan arbetarna i ett kluster.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import dqn_helpers
from dqn_helpers.studies.cluster import HELP
from dqn_helpers.studies.overestimation import (
    CONTROL,
    CONTROLLED,
    EXPERIMENTS,
    NUMBERS,
    measure,
    step_without_future,
)

SOLUTION = Path(__file__).resolve().parents[1] / "solutions" / "05_double_dqn.ipynb"
N_SEEDS = 10


def solution_namespace(*cell_ids: str) -> dict[str, Any]:
    """Namnen som importerna och de här cellerna i lösningsboken definierar."""
    cells = json.loads(SOLUTION.read_text(encoding="utf-8"))["cells"]
    namespace: dict[str, Any] = {}
    for cell in cells:
        if cell["id"] in ("importer", *cell_ids):
            exec("".join(cell["source"]), namespace)
    return namespace


def double_dqn_training_step() -> Callable[..., float]:
    """Facit till övning 5.2, ur lösningsboken."""
    return solution_namespace("ovning-5-1", "ovning-5-2")["double_dqn_training_step"]


def main() -> None:
    """Räkna allt, eller bara de metoder som nämns, och skriv filen."""
    parser = argparse.ArgumentParser(description="Räkna talen i bok 05.")
    parser.add_argument("methods", nargs="*", metavar="METOD", help="räkna bara om den")
    parser.add_argument("--dask", default="", metavar="ADRESS", help=HELP)
    options = parser.parse_args()
    wanted = options.methods
    torch.set_num_threads(1)
    numbers = json.loads(NUMBERS.read_text(encoding="utf-8")) if wanted else {}
    steps = {
        "DQN": dqn_helpers.dqn_training_step,
        "Double DQN": double_dqn_training_step(),
        CONTROL: step_without_future,
    }
    for experiment in EXPERIMENTS:
        rows = numbers.setdefault(experiment.name, {})
        for name, step in steps.items():
            skipped = name == CONTROL and experiment not in CONTROLLED
            if skipped or (wanted and name not in wanted):
                continue
            values = measure(step, experiment, N_SEEDS, dask=options.dask).round(3)
            rows[name] = values.tolist()
            print(experiment.name, name, values.mean(axis=0), values[:, -1], flush=True)
    text = json.dumps(numbers, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("},", "},\n").replace("]],", "]],\n ").replace("],[", "],\n  [")
    NUMBERS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
