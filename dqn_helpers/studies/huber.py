"""Kursens recept med MSE och med Huber, när TD-målen flyttar sig ofta och när de gör det sällan.

    python -m dqn_helpers.studies.huber     räknar om talen i huber.json

Varje körning är receptet i `dqn_helpers.recipe` i `N_STEPS` miljösteg, utan att sluta i förtid. Det
som sparas är det största Q-värdet, räknat i det största som kan vara sant: över 1 är påhittat.
"""

import argparse
import copy
import functools
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from dqn_helpers import recipe
from dqn_helpers.environments import make_cartpole
from dqn_helpers.network import DQN
from dqn_helpers.replay import ReplayBuffer
from dqn_helpers.studies.cluster import HELP, over_seeds
from dqn_helpers.training import train_dqn

NUMBERS = Path(__file__).with_name("huber.json")

LOSSES: dict[str, nn.Module] = {"MSE": nn.MSELoss(), "Huber": nn.HuberLoss()}

ROWS = (("MSE", 5), ("Huber", 5), ("Huber", 100))
"""Förlusten, och antalet träningssteg mellan uppdateringarna av målnätverket; 5 är receptets."""

N_SEEDS, N_STEPS = 12, 10_000
N_STATES = 1_000


def largest_q_value(loss: str, update_every: int, seed: int, n_steps: int = N_STEPS) -> float:
    """Det största Q-värdet efter träningen, i de senaste tillstånden agenten var i.

    Args:
        loss: "MSE" eller "Huber".
        update_every: målnätverket uppdateras efter så här många träningssteg.
        seed: slumpfröet.
        n_steps: antalet miljösteg; ett träningssteg tas efter vartannat.

    Returns:
        Största |Q| delat med det största möjliga värdet. Belöningen är skalad så att det är 1.
    """
    torch.manual_seed(seed)
    model, buffer = DQN(), ReplayBuffer(recipe.BUFFER_SIZE)
    train_dqn(
        model, make_cartpole(), buffer, recipe.make_optimizer(model), LOSSES[loss],
        target_model=copy.deepcopy(model), seed=seed, max_steps=n_steps, progress=False,
        **recipe.TRAINING | {"target_update_every": update_every},
    )  # fmt: skip
    newest = range(max(0, len(buffer) - N_STATES), len(buffer))
    states = torch.stack([torch.as_tensor(buffer[i].state) for i in newest])
    with torch.no_grad():
        return model(states).abs().max().item()


def numbers() -> dict[str, list[float]]:
    """De färdigräknade talen: radens namn → ett tal per frö."""
    return json.loads(NUMBERS.read_text(encoding="utf-8"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Räkna om alla tal och skriv dem i `huber.json`."""
    parser = argparse.ArgumentParser(description="MSE och Huber i kursens recept.")
    parser.add_argument("--seeds", type=int, default=N_SEEDS, help="antalet slumpfrön")
    parser.add_argument("--first-seed", type=int, default=0, help="det första slumpfröet")
    parser.add_argument("--dask", default="", metavar="ADRESS", help=HELP)
    parser.add_argument("--print", action="store_true", help="skriv bara ut, rör inte filen")
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    rows: dict[str, list[float]] = {}
    for loss, update_every in ROWS:
        name = f"{loss}, vart {update_every}:e steg"
        measure = functools.partial(largest_q_value, loss, update_every)
        rows[name] = [float(f"{q:.3g}") for q in over_seeds(measure, seeds, options.dask)]
        print(name, rows[name], flush=True)
    if not options.print:
        text = json.dumps(rows, ensure_ascii=False, indent=1)
        NUMBERS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
