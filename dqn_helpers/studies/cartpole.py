"""Mätningarna i 04: kursens recept för CartPole med en enda sak ändrad, och många frön för varje.

Varje variant är tränad lika många miljösteg, utan att stanna i förtid, och prövad under tiden. Då
går det att fråga i efterhand hur det hade gått med stoppregel, med de bästa vikterna eller utan
båda. Talen finns färdiga i `cartpole.json`, som görs av `tests/cartpole_numbers.py` i kursens
källkod; där står också vad varianterna är.
"""

import copy
import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from dqn_helpers import recipe
from dqn_helpers.counting import agreeing, counted
from dqn_helpers.environments import make_cartpole, make_vector_cartpole
from dqn_helpers.evaluation import vectorized_greedy_returns
from dqn_helpers.figures import (
    Film,
    Picture,
    difference_of,
    dots_per_seed,
    film_of_pictures,
    shares,
)
from dqn_helpers.network import DQN
from dqn_helpers.progress import progress_bar
from dqn_helpers.replay import ReplayBuffer
from dqn_helpers.training import train_dqn
from dqn_helpers.training_log import TrainingLog

NUMBERS = Path(__file__).with_name("cartpole.json")
N_STEPS, CHECK_EVERY = 5_000, 500
CHECK_STEPS = range(CHECK_EVERY, N_STEPS + 1, CHECK_EVERY)
"""Miljösteg i en körning, och vid vilka av dem agenten prövas."""


PLAYGROUND = {
    "train_every=8": "train_every=8",
    "target_update_every=20": "C = 20",
    "target_update_every=100": "C = 100",
    "target_model=None": "utan målnätverk",
    "discount_factor=0.9": "discount_factor=0.9",
    "warmup=0": "utan uppvärmning",
}
"""Det som står vid reglaget i det egna experimentet → varianten."""

DOUBLE = "C = 5, Double DQN"
"""Som receptet, men med bok 05:s sätt att räkna ut TD-målet; koden finns inte här, bara talen."""


def kept_with_stop_rule(scores: Sequence[float]) -> int:
    """Vilken prövning man hade stannat vid: den första som når `STOP_AT`, annars den bästa."""
    good = [place for place, score in enumerate(scores) if score >= recipe.STOP_AT]
    return good[0] if good else int(np.argmax(scores))


# --- de färdiga talen ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """En variants tal: N frön och K prövningar.

    Attributes:
        scores: float (N, K), medelpoängen i hundra giriga episoder vid varje prövning.
        at_rest: float (N, K), det bästa Q-värdet i vila.
        with_stop_rule: float (N,), poängen på nya startlägen för den som stannar i tid.
        best: float (N,), för de bästa vikterna ur hela träningen.
        last: float (N,), för dem man har när tiden är ute.
    """

    scores: np.ndarray
    at_rest: np.ndarray
    with_stop_rule: np.ndarray
    best: np.ndarray
    last: np.ndarray

    @property
    def at_rest_when_stopped(self) -> np.ndarray:
        """Q-värdet i vila hos den agent som stoppregeln ger, float (N,)."""
        places = [kept_with_stop_rule(scores) for scores in self.scores]
        return self.at_rest[np.arange(len(places)), places]


def measured(name: str) -> Measured:
    """De färdiga talen för en variant.

    Raises:
        KeyError: om varianten inte finns.
    """
    runs = all_numbers()[name]
    scores, at_rest, held_out = (
        np.array([run[key] for run in runs], dtype=float)
        for key in ("scores", "at_rest", "held_out")
    )
    return Measured(scores, at_rest, *held_out.T)


@functools.cache
def all_numbers() -> dict[str, list[dict[str, Any]]]:
    """Hela filen: variantens namn → en ordbok per frö."""
    return json.loads(NUMBERS.read_text(encoding="utf-8"))


def share_still_solved(scores: Sequence[float]) -> float | None:
    """Andelen av prövningarna *efter* den första lösta som också är lösta; None om inga finns."""
    solved = np.asarray(scores) >= recipe.SOLVED_AT
    later = solved[solved.argmax() + 1 :] if solved.any() else solved[:0]
    return float(later.mean()) if len(later) else None


KEPT = {"utan stoppregel": "best", "med de sista vikterna": "last"}
"""Rader där receptet är detsamma, men en annan agent ur träningen behålls."""


def solved_and_q(*names: str) -> Picture:
    """Andelen frön som löser CartPole, med intervall, och Q-värdet i vila; en rad per namn.

    Args:
        names: namn ur `cartpole.json` eller `KEPT`.
    """
    runs = {name: measured("kursens recept" if name in KEPT else name) for name in names}
    counts = {}
    for name, run in runs.items():
        scores = getattr(run, KEPT.get(name, "with_stop_rule"))
        counts[name] = int((scores >= recipe.SOLVED_AT).sum()), len(scores)
    return shares(
        counts,
        {name: wilson_interval(*count) for name, count in counts.items()},
        {name: run.at_rest[:, -1].tolist() for name, run in runs.items()},
        share_label="löst, procent av fröna",
        dots_label="Q i vila på slutet",
        bound=1 / (1 - recipe.DISCOUNT_FACTOR),
    )


def still_solved(*names: str) -> Picture:
    """Hur ofta agenten är lika bra igen, efter första gången; en prick per frö som löste det."""
    rows = {}
    for name in names:
        found = [share_still_solved(scores) for scores in measured(name).scores]
        rows[name] = [100 * share for share in found if share is not None]
    return dots_per_seed({"löst också senare, procent av utvärderingarna": rows})


def try_change(change: Mapping[str, Any], n_seeds: int = 5) -> np.ndarray:
    """Träna några agenter med en egen ändring av receptet, lika länge som i mätningarna.

    Args:
        change: inställningar till `train_dqn`, till exempel `{"train_every": 8}`.
        n_seeds: antalet frön.

    Returns:
        float (n_seeds, K), medelpoängen i hundra giriga episoder vid varje prövning.
    """
    seeds = progress_bar(range(n_seeds), agreeing(n_seeds, "frö", "frön"))
    with torch.random.fork_rng(devices=[]):
        return np.array([train_changed(change, seed) for seed in seeds])


def train_changed(
    change: Mapping[str, Any], seed: int, buffer_size: int = recipe.BUFFER_SIZE
) -> list[float]:
    """Träna en agent i `N_STEPS` miljösteg, med receptet så när som på ändringen.

    Returns:
        Medelpoängen i hundra giriga episoder, från nya startlägen varje gång, vid varje prövning.
    """
    torch.manual_seed(seed)
    model, log = DQN(), TrainingLog()
    checks = make_vector_cartpole(recipe.N_EVALUATED)
    checks.reset(seed=recipe.STOP_CHECK_SEEDS + seed)
    settings = recipe.TRAINING | {"target_model": copy.deepcopy(model)} | dict(change)
    train_dqn(
        model, make_cartpole(), ReplayBuffer(buffer_size), recipe.make_optimizer(model),
        nn.MSELoss(), seed=seed, max_steps=N_STEPS, evaluate_every=CHECK_EVERY, log=log,
        evaluate=lambda network: vectorized_greedy_returns(network, checks).mean(),
        keep_best=False, progress=False, **settings,
    )  # fmt: skip
    return log.check_scores


def playground() -> Film:
    """Ett reglage över de färdiga ändringarna: var och en av dem bredvid kursens recept."""
    course = measured("kursens recept").scores
    pictures = [
        difference_of(CHECK_STEPS, course, measured(name).scores, label, goal=recipe.SOLVED_AT)
        for label, name in PLAYGROUND.items()
    ]
    changes = counted(len(pictures), "ändring", "ändringar")
    alt = f"Ett reglage över {changes} av receptet. {pictures[0].alt}"
    return film_of_pictures(pictures, list(PLAYGROUND), alt, name="ändring")


def wilson_interval(n_solved: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 procents intervall för en andel, efter Wilson (1927); det stämmer också för få försök.

    Args:
        n_solved: antalet lyckade försök.
        n: antalet försök.
        z: hur många standardavvikelser intervallet ska täcka; 1,96 ger 95 procent.
    """
    share = n_solved / n
    middle = share + z**2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
