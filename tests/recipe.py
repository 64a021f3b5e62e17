"""Mätningen av hur ofta och hur snabbt kursens recept för CartPole lyckas.

Från kursens mapp: `python tests/recipe.py --seeds 50`. Med `--double` tränas Double DQN, med facit
till övning 5.2, och med `--copy-every 5` uppdateras målnätverket oftare än i receptet. Med
`--dask tcp://ADRESS` (eller `--dask local`) delas fröna mellan arbetarna i ett kluster.
"""

import argparse
import copy
import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from overestimation_numbers import double_dqn_training_step
from torch import nn

from dqn_helpers import (
    DQN,
    ReplayBuffer,
    TrainingLog,
    dqn_training_step,
    make_cartpole,
    make_vector_cartpole,
    train_dqn,
    vectorized_greedy_returns,
)
from dqn_helpers.recipe import (
    BUFFER_SIZE,
    EVALUATE_EVERY,
    HELD_OUT_SEEDS,
    MAX_STEPS,
    N_EVALUATED,
    REWARD_SCALE,
    SOLVED_AT,
    STOP_AT,
    STOP_CHECK_SEEDS,
    TRAINING,
    make_optimizer,
)
from dqn_helpers.studies.cartpole import wilson_interval
from dqn_helpers.studies.cluster import HELP, over_seeds


@dataclass
class RecipeResult:
    """En körning av receptet.

    Attributes:
        seed: slumpfröet för nätverk, miljö och träning.
        stopped: sant om en girig utvärdering nådde `STOP_AT` innan taket `MAX_STEPS`.
        held_out_mean: medelavkastningen i 100 giriga episoder från startlägen som inget beslut
            om att sluta har byggt på.
        gradient_steps: antalet träningssteg.
        environment_steps: antalet miljösteg, utvärderingar oräknade.
        cpu_seconds: processortid för träningen, stoppregelns utvärderingar inräknade.
        q_at_rest: det bästa Q-värdet när allt står stilla, i miljöns belöningar; sant är högst 100.
    """

    seed: int
    stopped: bool
    held_out_mean: float
    gradient_steps: int
    environment_steps: int
    cpu_seconds: float
    q_at_rest: float

    @property
    def solved(self) -> bool:
        """Löst: minst `SOLVED_AT` i genomsnitt på de undanhållna startlägena."""
        return self.held_out_mean >= SOLVED_AT


def train_recipe(
    seed: int, training_step: Callable[..., Any] = dqn_training_step, **changes: Any
) -> RecipeResult:
    """Träna en agent från början med receptet och pröva den på undanhållna startlägen."""
    torch.manual_seed(seed)
    model = DQN()
    checks = make_vector_cartpole(N_EVALUATED)
    checks.reset(seed=STOP_CHECK_SEEDS + seed)
    log = TrainingLog()
    start = time.process_time()
    train_dqn(
        model,
        make_cartpole(),
        ReplayBuffer(BUFFER_SIZE),
        make_optimizer(model),
        nn.MSELoss(),
        target_model=copy.deepcopy(model),
        training_step=training_step,
        seed=seed,
        max_steps=MAX_STEPS,
        evaluate=lambda net: vectorized_greedy_returns(net, checks).mean(),
        evaluate_every=EVALUATE_EVERY,
        stop_at=STOP_AT,
        log=log,
        progress=False,
        **TRAINING | changes,
    )
    cpu_seconds = time.process_time() - start
    held_out = vectorized_greedy_returns(
        model, make_vector_cartpole(N_EVALUATED), seed=HELD_OUT_SEEDS + seed
    )
    return RecipeResult(
        seed,
        log.stopped,
        float(held_out.mean()),
        log.gradient_steps,
        log.environment_steps,
        cpu_seconds,
        value_at_rest(model),
    )


def value_at_rest(model: nn.Module) -> float:
    """Det bästa Q-värdet när alla fyra talen i observationen är noll, i miljöns egna belöningar."""
    with torch.no_grad():
        return model(torch.zeros(4)).max().item() / REWARD_SCALE


def as_table(results: Sequence[RecipeResult], name: str) -> str:
    """Resultaten som en markdowntabell på svenska."""
    gradient = [result.gradient_steps for result in results]
    steps = [result.environment_steps for result in results]
    seconds = [result.cpu_seconds for result in results]
    at_rest = [result.q_at_rest for result in results]
    n_solved = sum(result.solved for result in results)
    low, high = wilson_interval(n_solved, len(results))
    cells = [
        name,
        f"{n_solved} av {len(results)} ({100 * low:.0f}–{100 * high:.0f} %)",
        _swedish(min(result.held_out_mean for result in results), 1),
        _swedish(np.median(gradient)),
        _swedish(np.percentile(gradient, 90)),
        _swedish(max(gradient)),
        _swedish(np.median(steps)),
        _swedish(max(steps)),
        _swedish(np.median(at_rest)),
        _swedish(max(at_rest)),
        _swedish(np.median(seconds), 2),
        _swedish(max(seconds), 2),
    ]
    head = [
        "funktion",
        "löst (95 %)",
        "lägsta medel av 100 giriga",
        "träningssteg: median",
        "90:e percentil",
        "sämst",
        "miljösteg: median",
        "sämst",
        "Q i vila: median",
        "störst",
        "CPU-sekunder: median",
        "sämst",
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), cells))


def _swedish(value: float, decimals: int = 0) -> str:
    """Tal med decimalkomma och mellanslag mellan tusental."""
    return f"{value:,.{decimals}f}".replace(",", " ").replace(".", ",")


def main(arguments: Sequence[str] | None = None) -> None:
    """Mät receptet på många slumpfrön och skriv ut en tabell."""
    parser = argparse.ArgumentParser(description="Mät kursens recept på CartPole.")
    parser.add_argument("--seeds", type=int, default=50, help="antalet slumpfrön")
    parser.add_argument("--first-seed", type=int, default=0, help="det första slumpfröet")
    parser.add_argument("--double", action="store_true", help="Double DQN i stället för DQN")
    parser.add_argument(
        "--copy-every", type=int, default=TRAINING["target_update_every"],
        help="träningssteg mellan målnätverkets uppdateringar",
    )  # fmt: skip
    parser.add_argument("--dask", default="", metavar="ADRESS", help=HELP)
    options = parser.parse_args(arguments)
    training_step = double_dqn_training_step() if options.double else dqn_training_step
    measure = functools.partial(
        train_recipe, training_step=training_step, target_update_every=options.copy_every
    )
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    results = []
    for result in over_seeds(measure, seeds, options.dask):
        results.append(result)
        print(result, flush=True)
    print()
    print(as_table(results, training_step.__name__))


if __name__ == "__main__":
    main()
