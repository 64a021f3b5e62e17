"""Tränar motståndarna i leksaken CartPole: tre ögonblick ur en och samma träning.

python tests/cartpole_agents.py            skriver dqn_helpers/toys/cartpole_agents.json

Nätverken är mindre än kursens (16 neuroner i varje lager), så att filen blir liten. `test_toys.py`
prövar att de spelar så som de heter.
"""

import copy
import json
import sys
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from dqn_helpers import (  # noqa: E402
    DQN,
    ReplayBuffer,
    make_cartpole,
    make_vector_cartpole,
    recipe,
    train_dqn,
    vectorized_greedy_returns,
)
from dqn_helpers.toys.cartpole import AGENTS, layers_of  # noqa: E402

SEED = 3
LEVELS = {"nybörjaren": (15, 70), "eleven": (90, 350), "mästaren": (495, 500)}
"""Namnet → mellan vilka medelavkastningar agenten ska ligga."""


def trained_agents() -> dict[str, DQN]:
    """Den första agenten på varje nivå, i den ordning de dyker upp under träningen."""
    torch.manual_seed(SEED)
    model, found = DQN(hidden_sizes=(16, 16)), {}
    env = make_vector_cartpole(100)

    def evaluate(network: DQN) -> float:
        score = float(np.mean(vectorized_greedy_returns(network, env, seed=SEED)))
        for name, (low, high) in LEVELS.items():
            if name not in found and low <= score <= high:
                found[name] = copy.deepcopy(network)
        return score

    train_dqn(
        model, make_cartpole(), ReplayBuffer(recipe.BUFFER_SIZE), recipe.make_optimizer(model),
        torch.nn.MSELoss(), target_model=copy.deepcopy(model), evaluate=evaluate, evaluate_every=50,
        stop_at=recipe.STOP_AT, max_steps=recipe.MAX_STEPS, seed=SEED, **recipe.TRAINING,
    )  # fmt: skip
    return {name: found[name] for name in LEVELS}


if __name__ == "__main__":
    layers = {
        name: layers_of(model, recipe.OBSERVATION_SCALE) for name, model in trained_agents().items()
    }
    AGENTS.write_text(json.dumps(layers, ensure_ascii=False) + "\n", encoding="utf-8")
