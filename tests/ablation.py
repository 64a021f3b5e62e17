"""Mätningen i bok 04 av vad varje del av DQN-loopen gör, med många slumpfrön.

Från kursens mapp: `python tests/ablation.py --seeds 20`. Tar omkring fem minuter på en kärna.
Tabellen som skrivs ut är den som står i boken.
"""

import argparse
import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from dqn_helpers import (
    DQN,
    ReplayBuffer,
    TrainingLog,
    make_cartpole,
    make_vector_cartpole,
    train_dqn,
    vectorized_greedy_returns,
)
from dqn_helpers.recipe import (
    BUFFER_SIZE,
    N_EVALUATED,
    OBSERVATION_SCALE,
    REWARD_SCALE,
    SOLVED_AT,
    STOP_AT,
    STOP_CHECK_SEEDS,
    TRAINING,
    make_optimizer,
)
from dqn_helpers.studies.ablations import once_per_episode

MAX_STEPS = 5_000
PARTS = (
    "ingenting (kursens recept)",
    "målnätverket",
    "uppvärmningen",
    "alla träningssteg utom ett per episod",
    "skalningen",
    "stoppregeln",
)


@dataclass
class WithoutResult:
    """Agenten man har i handen när träningen är slut.

    Attributes:
        score: dess giriga utvärdering (utan stoppregel: den sista, annars den bästa).
        q_value: Q-värdet när allt står stilla i mitten, i miljöns egna belöningar.
    """

    score: float
    q_value: float


def train_without(part: str, seed: int) -> WithoutResult:
    """Träna en agent med receptet, men utan en av delarna."""
    plain, stop_rule = part == "skalningen", part != "stoppregeln"
    observation_scale = None if plain else OBSERVATION_SCALE
    reward_scale = None if plain else REWARD_SCALE
    env = make_cartpole(observation_scale, reward_scale)
    torch.manual_seed(seed)
    model = DQN()
    settings: dict[str, Any] = TRAINING | {"target_model": copy.deepcopy(model)}
    if part == "målnätverket":
        settings["target_model"] = None
    elif part == "uppvärmningen":
        settings["warmup"] = 0
    elif part.startswith("alla träningssteg"):
        settings |= once_per_episode(env)
    checks = make_vector_cartpole(N_EVALUATED, observation_scale)
    checks.reset(seed=STOP_CHECK_SEEDS + seed)
    log = TrainingLog()
    train_dqn(
        model,
        env,
        ReplayBuffer(BUFFER_SIZE),
        make_optimizer(model),
        nn.MSELoss(),
        seed=seed,
        max_steps=MAX_STEPS,
        evaluate=lambda net: vectorized_greedy_returns(net, checks).mean(),
        evaluate_every=500,
        stop_at=STOP_AT if stop_rule else None,
        keep_best=stop_rule,
        log=log,
        progress=False,
        **settings,
    )
    with torch.no_grad():
        q_value = model(torch.zeros(4)).max().item() / (reward_scale or 1.0)
    return WithoutResult(log.best_score if stop_rule else log.check_scores[-1], q_value)


def as_row(part: str, results: Sequence[WithoutResult]) -> str:
    """En rad i bokens tabell."""
    scores = [result.score for result in results]
    q_values = [result.q_value for result in results]
    cells = [
        part,
        f"{sum(score >= SOLVED_AT for score in scores)} av {len(scores)}",
        _whole(min(scores)),
        _whole(np.median(q_values)),
        _whole(max(q_values)),
    ]
    return f"| {' | '.join(cells)} |"


def _whole(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def main(arguments: Sequence[str] | None = None) -> None:
    """Mät alla delar och skriv ut tabellen."""
    parser = argparse.ArgumentParser(description="Ta bort en del i taget ur DQN-loopen.")
    parser.add_argument("--seeds", type=int, default=20, help="antalet slumpfrön")
    parser.add_argument("--first-seed", type=int, default=100, help="det första slumpfröet")
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    print("| det som saknas | löst | sämst | Q i mitten, median | Q i mitten, störst |")
    print("|---|---|---|---|---|")
    for part in PARTS:
        print(as_row(part, [train_without(part, seed) for seed in seeds]), flush=True)


if __name__ == "__main__":
    main()
