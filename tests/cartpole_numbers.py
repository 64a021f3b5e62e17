"""Räknar talen i `dqn_helpers/studies/cartpole.json`, som bok 04 ritar.

Från kursens mapp: `python tests/cartpole_numbers.py` (omkring fem minuter på en kärna, se
`many_agents.py`). Med `--print` skrivs ingen fil, bara raderna, till exempel för en annan slump med
`--seed 7`, och med `--only "C = 20"` räknas bara några varianter. Med `--dask tcp://ADRESS` (eller
`--dask local`) delas varianterna mellan arbetarna i ett kluster.
"""

import argparse
import json
from collections.abc import Sequence
from typing import Any

import many_agents
import numpy as np
import torch
from many_agents import VARIANTS, train_many

from dqn_helpers import recipe
from dqn_helpers.studies.cartpole import (
    DOUBLE,
    NUMBERS,
    kept_with_stop_rule,
    share_still_solved,
)
from dqn_helpers.studies.cluster import HELP, over_seeds

N_AGENTS, AT_ONCE = 12, 6
"""Agenter av varje variant, och hur många varianter som räknas på en gång."""

Numbers = dict[str, list[dict[str, Any]]]


def numbers_of(names: Sequence[str], n_agents: int, seed: int) -> Numbers:
    """Körningarna av några varianter."""
    repeated = [name for name in names for _ in range(n_agents)]
    variants = [VARIANTS["kursens recept" if name == DOUBLE else name] for name in repeated]
    runs = train_many(variants, [name == DOUBLE for name in repeated], seed)
    return {
        name: runs[place * n_agents : (place + 1) * n_agents] for place, name in enumerate(names)
    }


def as_row(name: str, runs: Sequence[dict[str, Any]]) -> str:
    """En rad om varianten: lösta med stoppregel, med bästa vikter och sist; Q i vila."""
    held_out = np.array([run["held_out"] for run in runs])
    n_solved = (held_out >= recipe.SOLVED_AT).sum(axis=0)
    at_stop = [run["at_rest"][kept_with_stop_rule(run["scores"])] for run in runs]
    at_end = [run["at_rest"][-1] for run in runs]
    still = [x for run in runs if (x := share_still_solved(run["scores"])) is not None]
    return (
        f"{name:28} {n_solved} av {len(runs)}, sämst {held_out[:, 0].min():.0f}; Q i vila: "
        f"{np.median(at_stop):.4g} (högst {max(at_stop):.4g}), efter {np.median(at_end):.4g} "
        f"(högst {max(at_end):.4g}); fortfarande löst {np.mean(still or [np.nan]):.2f}; "
        f"medel under träningen {np.mean([run['scores'] for run in runs]):.0f}"
    )


def write(numbers: Numbers) -> None:
    """Skriv filen, en rad för varje körning."""
    blocks = []
    for name, runs in numbers.items():
        lines = ",\n  ".join(json.dumps(run, separators=(",", ":")) for run in runs)
        blocks.append(f" {json.dumps(name, ensure_ascii=False)}: [\n  {lines}\n ]")
    NUMBERS.write_text("{\n" + ",\n".join(blocks) + "\n}\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Räkna allt, eller det man bad om."""
    parser = argparse.ArgumentParser(description="Räkna talen i bok 04.")
    names = [*VARIANTS, DOUBLE]
    parser.add_argument("--only", nargs="+", choices=names, metavar="VARIANT", default=names)
    parser.add_argument("--agents", type=int, default=N_AGENTS, help="agenter av varje variant")
    parser.add_argument("--seed", type=int, default=0, help="slumpfrö")
    parser.add_argument("--dask", default="", metavar="ADRESS", help=HELP)
    parser.add_argument("--print", action="store_true", help="visa bara raderna, skriv ingen fil")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    old = json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.is_file() else {}

    def measure(start: int) -> Numbers:
        group = options.only[start : start + AT_ONCE]
        return numbers_of(group, options.agents, options.seed + start)

    starts = range(0, len(options.only), AT_ONCE)
    for numbers in over_seeds(measure, starts, options.dask, also=[many_agents]):
        for name, runs in numbers.items():
            print(as_row(name, runs), flush=True)
            old[name] = runs
        if not options.print:
            write({name: old[name] for name in names if name in old})


if __name__ == "__main__":
    main()
