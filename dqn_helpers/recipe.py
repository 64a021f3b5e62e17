"""Kursens recept för CartPole: alla tal på ett ställe.

Bok 04 förklarar dem och tränar sedan med `train_dqn(…, **recipe.TRAINING)`.
Hur ofta det lyckas mäts av `tests/benchmarks/`; svaret för många frön står i BILAGA.md.
"""

from typing import Any

import torch
from torch import nn

OBSERVATION_SCALE = (1.0, 1.0, 10.0, 1.0)
"""Vinkeln är högst ±0,21 radianer när de andra talen är kring ±1; gånger tio blir de jämbördiga."""

DISCOUNT_FACTOR = 0.99

REWARD_SCALE = 0.01
"""1 − γ för γ = 0,99: då blir det största möjliga Q-värdet 1 i stället för 100."""

BUFFER_SIZE = 100_000
"""Så många att inget glöms: en hel träning ryms."""

LEARNING_RATE = 2e-3

TRAINING: dict[str, Any] = {
    "n_episodes": 10_000,  # så många att det är antalet steg som är taket
    "warmup": 10,
    "batch_size": 64,
    "discount_factor": DISCOUNT_FACTOR,
    "train_every": 2,
    "target_update_every": 5,
    "epsilon_start": 1.0,
    "epsilon_end": 0.05,
    "epsilon_decay_steps": 2_000,
}
"""Receptets inställningar till `train_dqn`: `train_dqn(…, **recipe.TRAINING)`."""

SOLVED_AT = 475
"""Gymnasiums egen gräns för CartPole-v1: medelavkastningen i `N_EVALUATED` giriga episoder."""

STOP_AT = 495
"""Sluta träna när den giriga utvärderingen når hit. Den som stannar på gränsen har ibland tur."""

EVALUATE_EVERY = 250
"""Miljösteg mellan utvärderingarna."""

N_EVALUATED = 100
"""Antalet giriga episoder i en utvärdering."""

MAX_STEPS = 30_000
"""Tak på antalet miljösteg för den som inte når `STOP_AT`."""

STOP_CHECK_SEEDS, HELD_OUT_SEEDS = 10_000, 20_000
"""Frön till startlägen, plus träningens frö: för stoppregeln, och för den sista utvärderingen.

Det är aldrig samma lägen: den sista utvärderingen får inte ha påverkat något beslut.
"""


def make_optimizer(model: nn.Module) -> torch.optim.Optimizer:
    """Receptets optimerare för modellens parametrar."""
    return torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)  # fused: snabbare
