"""Mätningarna i 04: kursens recept för CartPole med en enda sak ändrad, och många frön av varje.

Varje `Variant` tränas lika många miljösteg, utan att stanna i förtid, och prövas under tiden. Då
går det att fråga i efterhand hur det hade gått med stoppregel, med de bästa vikterna eller utan
båda. Talen finns färdiga i `cartpole.json` (görs av `tests/cartpole_numbers.py`).
"""

import copy
import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from dqn_helpers import recipe
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
from dqn_helpers.studies.ablations import NEVER, once_per_episode
from dqn_helpers.training import (
    TrainingStep,
    dqn_training_step,
    train_dqn,
    update_target_network,
)

NUMBERS = Path(__file__).with_name("cartpole.json")
N_STEPS, CHECK_EVERY = 5_000, 500
CHECK_STEPS = range(CHECK_EVERY, N_STEPS + 1, CHECK_EVERY)
"""Miljösteg i en körning, och vid vilka av dem agenten prövas."""


@dataclass(frozen=True)
class Variant:
    """Receptet med en sak ändrad.

    Attributes:
        settings: det som skickas till `train_dqn` i stället för receptets.
        observation_scale: observationens skalning; None tar bort den.
        reward_scale: belöningens skalning; None tar bort den.
        buffer_size: hur många erfarenheter som får plats.
        learning_rate: optimerarens inlärningshastighet.
        huber: Hubers förlust med gränsen 1 i miljöns belöningar; annars kvadratfelet.
        tau: med ett tal blir målnätverket en mjuk kopia efter varje träningssteg.
        once_per_episode: ett enda träningssteg efter varje episod.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    observation_scale: tuple[float, ...] | None = recipe.OBSERVATION_SCALE
    reward_scale: float | None = recipe.REWARD_SCALE
    buffer_size: int = recipe.BUFFER_SIZE
    learning_rate: float = recipe.LEARNING_RATE
    huber: bool = False
    tau: float | None = None
    once_per_episode: bool = False


def _setting(*, huber: bool = False, **settings: Any) -> Variant:
    return Variant(settings, huber=huber)


VARIANTS: dict[str, Variant] = {
    "kursens recept": Variant(),
    # Hur målnätverket uppdateras, och med vilken förlust.
    "C = 20": _setting(target_update_every=20),
    "C = 100": _setting(target_update_every=100),
    "mjuk kopia": Variant(tau=0.05),
    "C = 5, Huber": Variant(huber=True),
    "C = 100, Huber": _setting(target_update_every=100, huber=True),
    # En del borttagen i taget.
    "utan målnätverk": _setting(target_model=None),
    "utan uppvärmning": _setting(warmup=0),
    "utan skalad observation": Variant(observation_scale=None),
    "utan skalad belöning": Variant(reward_scale=None),
    "ett träningssteg per episod": Variant(once_per_episode=True),
    # Minnet, och hur fort det lärs in.
    "64 platser": Variant(buffer_size=64),
    "1 000 platser": Variant(buffer_size=1_000),
    "långsammare inlärning": Variant(learning_rate=recipe.LEARNING_RATE / 4),
    # Förslag i det egna experimentet.
    "train_every=8": _setting(train_every=8),
    "discount_factor=0.9": _setting(discount_factor=0.9),
}
"""Namnet i `cartpole.json` → varianten. C är träningssteg mellan målnätverkets uppdateringar."""

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
"""Som receptet, men med facit till övning 5.2; koden finns inte här, bara talen."""


def value_at_rest(model: nn.Module, reward_scale: float | None = recipe.REWARD_SCALE) -> float:
    """Det bästa Q-värdet när alla fyra talen i observationen är noll, i miljöns egna belöningar."""
    with torch.no_grad():
        return model(torch.zeros(4)).max().item() / (reward_scale or 1.0)


def train_variant(
    variant: Variant, seed: int, training_step: TrainingStep = dqn_training_step
) -> dict[str, Any]:
    """Träna en agent i `N_STEPS` miljösteg och pröva den var `CHECK_EVERY`:e.

    Returns:
        `scores` och `at_rest`: medelpoängen i hundra giriga episoder, och Q-värdet i vila, vid vart
        och ett av `CHECK_STEPS`. `held_out`: medelpoängen på nya startlägen för tre agenter ur
        samma träning: den som stoppregeln hade behållit, den bästa och den sista.
    """
    torch.manual_seed(seed)
    env = make_cartpole(variant.observation_scale, variant.reward_scale)
    model = DQN.for_env(env)
    checks = make_vector_cartpole(recipe.N_EVALUATED, variant.observation_scale)
    checks.reset(seed=recipe.STOP_CHECK_SEEDS + seed)
    history = _History(checks, variant.reward_scale)
    train_dqn(
        model, env, ReplayBuffer(variant.buffer_size),
        torch.optim.Adam(model.parameters(), lr=variant.learning_rate, fused=True),
        _criterion(variant), seed=seed, max_steps=N_STEPS, evaluate=history.check,
        evaluate_every=CHECK_EVERY, keep_best=False, progress=False,
        **_settings(variant, env, model, training_step),
    )  # fmt: skip
    return {
        "scores": history.scores,
        "at_rest": history.at_rest,
        "held_out": history.held_out_scores(recipe.HELD_OUT_SEEDS + seed),
    }


def _settings(
    variant: Variant, env: gym.Env, model: nn.Module, training_step: TrainingStep
) -> dict[str, Any]:
    settings = recipe.TRAINING | {"target_model": copy.deepcopy(model)}
    if variant.once_per_episode:
        settings |= once_per_episode(env, training_step, settings["target_update_every"])
    elif variant.tau is not None:
        settings |= with_soft_copies(training_step, variant.tau)
    else:
        settings["training_step"] = training_step
    return settings | dict(variant.settings)


def with_soft_copies(training_step: TrainingStep, tau: float) -> dict[str, Any]:
    """Inställningar till `train_dqn` som ger en mjuk kopia efter varje träningssteg."""

    def step(model: nn.Module, *rest: Any) -> Any:
        loss = training_step(model, *rest)
        update_target_network(model, rest[-1], tau)
        return loss

    return {"training_step": step, "target_update_every": NEVER}


def _criterion(variant: Variant) -> nn.Module:
    delta = variant.reward_scale or 1.0  # gränsen 1 i miljöns belöningar
    return nn.HuberLoss(delta=delta) if variant.huber else nn.MSELoss()


class _History:
    """Det som prövningarna visade, och de vikter som var bäst, först bra nog och sist."""

    def __init__(self, checks: gym.vector.VectorEnv, reward_scale: float | None) -> None:
        self._checks, self._reward_scale = checks, reward_scale
        self.scores: list[float] = []
        self.at_rest: list[float] = []
        self._models: list[nn.Module] = []

    def check(self, model: nn.Module) -> float:
        """Pröva nätverket girigt på nya startlägen, och kom ihåg det."""
        score = float(vectorized_greedy_returns(model, self._checks).mean())
        self.scores.append(round(score, 1))
        self.at_rest.append(float(f"{value_at_rest(model, self._reward_scale):.3g}"))
        self._models.append(copy.deepcopy(model))
        return score

    def held_out_scores(self, seed: int) -> list[float]:
        """Poängen på startlägen som inget val har byggt på: stoppregelns agent, bästa och sista."""
        best, last = int(np.argmax(self.scores)), len(self.scores) - 1
        stopped = kept_with_stop_rule(self.scores)
        found = {
            place: vectorized_greedy_returns(self._models[place], self._checks, seed=seed).mean()
            for place in {stopped, best, last}
        }
        return [round(float(found[place]), 1) for place in (stopped, best, last)]


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
        names: namn ur `VARIANTS`, `DOUBLE` eller `KEPT`.
    """
    runs = {name: measured("kursens recept" if name in KEPT else name) for name in names}
    counts = {}
    for name, run in runs.items():
        scores = getattr(run, KEPT.get(name, "with_stop_rule"))
        counts[name] = int((scores >= recipe.SOLVED_AT).sum()), len(scores)
    return shares(
        counts,
        {name: wilson_interval(*count) for name, count in counts.items()},
        {name: run.at_rest[:, -1] for name, run in runs.items()},
        share_label="löst, procent av fröna",
        dots_label="Q i vila på slutet",
        bound=1 / (1 - recipe.DISCOUNT_FACTOR),
    )


def still_solved(*names: str) -> Picture:
    """Hur ofta agenten är lika bra igen, efter första gången; en prick för varje frö som löste."""
    rows = {}
    for name in names:
        found = [share_still_solved(scores) for scores in measured(name).scores]
        rows[name] = [100 * share for share in found if share is not None]
    return dots_per_seed({"löst också senare, procent av utvärderingarna": rows})


def try_change(change: Mapping[str, Any], n_seeds: int = 5) -> np.ndarray:
    """Träna några agenter med en egen ändring av receptet, så som i de färdiga mätningarna.

    Args:
        change: inställningar till `train_dqn`, till exempel `{"train_every": 8}`.
        n_seeds: antalet frön.

    Returns:
        float (n_seeds, K), medelpoängen i hundra giriga episoder vid varje prövning.
    """
    with torch.random.fork_rng(devices=[]):
        seeds = progress_bar(range(n_seeds), "frön")
        runs = [train_variant(Variant(change), seed) for seed in seeds]
    return np.array([run["scores"] for run in runs])


def playground() -> Film:
    """Ett reglage över de färdiga ändringarna: var och en av dem bredvid kursens recept."""
    course = measured("kursens recept").scores
    pictures = [
        difference_of(CHECK_STEPS, course, measured(name).scores, label, goal=recipe.SOLVED_AT)
        for label, name in PLAYGROUND.items()
    ]
    alt = f"Ett reglage över {len(pictures)} ändringar av receptet. {pictures[0].alt}"
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
