"""Räknar talen i `dqn_helpers/studies/cartpole.json`, som bok 04 ritar.

Från kursens mapp: `python tests/cartpole_numbers.py` (omkring en halvtimme på en kärna). Bara
några varianter räknas om med `--only "C = 5" "C = 100"`. Med `--print` skrivs inget: då visas bara
raderna, till exempel för andra frön med `--first-seed 500`.
"""

import argparse
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from overestimation_numbers import double_dqn_training_step

from dqn_helpers import recipe
from dqn_helpers.studies.cartpole import (
    DOUBLE,
    NUMBERS,
    VARIANTS,
    kept_with_stop_rule,
    share_still_solved,
    train_variant,
)

N_SEEDS, FIRST_SEED = 20, 100


def runs_of(name: str, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Alla körningar av en variant."""
    if name == DOUBLE:
        step = double_dqn_training_step()
        return [train_variant(VARIANTS["kursens recept"], seed, step) for seed in seeds]
    return [train_variant(VARIANTS[name], seed) for seed in seeds]


def as_row(name: str, runs: Sequence[dict[str, Any]]) -> str:
    """En rad om varianten: lösta med stoppregel, med bästa vikter och sist; Q i vila."""
    held_out = np.array([run["held_out"] for run in runs])
    n_solved = (held_out >= recipe.SOLVED_AT).sum(axis=0)
    at_stop = [run["at_rest"][kept_with_stop_rule(run["scores"])] for run in runs]
    at_end = [run["at_rest"][-1] for run in runs]
    still = [x for run in runs if (x := share_still_solved(run["scores"])) is not None]
    return (
        f"{name:30} {n_solved} av {len(runs)}, sämst {held_out[:, 0].min():.0f}; Q i vila: "
        f"{np.median(at_stop):.4g} (högst {max(at_stop):.4g}), efter {np.median(at_end):.4g} "
        f"(högst {max(at_end):.4g}); fortfarande löst {np.mean(still or [np.nan]):.2f}; "
        f"medel under träningen {np.mean([run['scores'] for run in runs]):.0f}"
    )


def write(numbers: dict[str, list[dict[str, Any]]]) -> None:
    """Skriv filen, en rad för varje körning."""
    blocks = []
    for name, runs in numbers.items():
        lines = ",\n  ".join(json.dumps(run, separators=(",", ":")) for run in runs)
        blocks.append(f" {json.dumps(name, ensure_ascii=False)}: [\n  {lines}\n ]")
    NUMBERS.write_text("{\n" + ",\n".join(blocks) + "\n}\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Räkna allt, eller det man bad om."""
    parser = argparse.ArgumentParser(description="Räkna talen i bok 04.")
    parser.add_argument("--only", nargs="+", choices=[*VARIANTS, DOUBLE], metavar="VARIANT")
    parser.add_argument("--seeds", type=int, default=N_SEEDS, help="antalet slumpfrön")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help="det första slumpfröet")
    parser.add_argument("--print", action="store_true", help="visa bara raderna, skriv ingen fil")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    old = json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.is_file() else {}
    for name in options.only or [*VARIANTS, DOUBLE]:
        runs = runs_of(name, seeds)
        print(as_row(name, runs), flush=True)
        if not options.print:
            old[name] = runs
            write({known: old[known] for known in [*VARIANTS, DOUBLE] if known in old})


if __name__ == "__main__":
    main()
