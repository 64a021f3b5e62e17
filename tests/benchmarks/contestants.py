"""De som jämförs i inlärning: vad de heter, hur de körs och vad som är sagt om dem."""

import copy
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gymnasium as gym
import torch
from gymnasium.wrappers import RecordEpisodeStatistics, TransformReward
from overestimation_numbers import double_dqn_training_step
from torch import nn

from benchmarks import peers
from benchmarks.watch import ACROBOT, CARTPOLE, MOUNTAIN_CAR, LearningRun, Task, Watch
from dqn_helpers import (
    DQN,
    ReplayBuffer,
    TrainingLog,
    dqn_training_step,
    make_cartpole,
    recipe,
    train_dqn,
)
from dqn_helpers.training import TrainingStep

FRESH_SEEDS = 5_000
"""Det första fröet. Inget av dem användes när receptet valdes."""


@dataclass(frozen=True)
class Contestant:
    """Ett program i en miljö.

    Attributes:
        key: namnet i `resultat.json` och på kommandoraden.
        name: namnet i tabellen.
        train: funktion (frö, klocka, tak, miljösteg mellan prövningar) → nätverk och två antal.
        max_steps: taket på antalet miljösteg.
        check_every: miljösteg mellan prövningarna.
        seeds: antalet frön när inget annat anges.
        about: vad programmet är, för sidan.
        task: miljön.
        discount_factor: γ; inget sant Q-värde är större än 1/(1−γ) när belöningen är 1.
        observation_scale: det som programmet skalar observationen med.
        reward_scale: det som programmet skalar belöningen med.
        needs: paketet som måste finnas, tomt om inget särskilt.
        can_be_cut_short: sant om `--stop-at-first` gäller det.
    """

    key: str
    name: str
    train: Callable[[int, Watch, int, int], peers.Trained]
    max_steps: int
    check_every: int
    seeds: int
    about: str
    task: Task = CARTPOLE
    discount_factor: float = recipe.DISCOUNT_FACTOR
    observation_scale: Sequence[float] | None = None
    reward_scale: float = 1.0
    needs: str = ""
    can_be_cut_short: bool = False

    @property
    def is_here(self) -> bool:
        """Sant om det som programmet behöver är installerat."""
        return not self.needs or importlib.util.find_spec(self.needs) is not None

    def run(
        self, seed: int, max_steps: int | None = None, *, stop_at_first: bool = False
    ) -> LearningRun:
        """Lär från början med ett frö; kursens egna program har en egen regel för när de slutar."""
        watch = Watch(self.task, seed, self.observation_scale, stop_at_first)
        limit = self.max_steps if max_steps is None else max_steps
        model, environment_steps, gradient_steps = self.train(seed, watch, limit, self.check_every)
        return watch.result(self.key, model, environment_steps, gradient_steps, self.reward_scale)


def course(
    seed: int,
    watch: Watch,
    max_steps: int,
    check_every: int,
    *,
    training_step: Callable[[], TrainingStep] = lambda: dqn_training_step,
    stop_at: float | None = recipe.STOP_AT,
    keep_best: bool = True,
    **changes: Any,
) -> peers.Trained:
    """Kursens `train_dqn` med receptet, eller med ändringar i det.

    I andra miljöer än CartPole skalas bara belöningen.
    """
    torch.manual_seed(seed)
    env = make_cartpole() if watch.task == CARTPOLE else scaled_reward(watch.task.name)
    model, log = DQN.for_env(env), TrainingLog()
    train_dqn(
        model, env, ReplayBuffer(recipe.BUFFER_SIZE), recipe.make_optimizer(model), nn.MSELoss(),
        target_model=copy.deepcopy(model), training_step=training_step(), seed=seed,
        max_steps=max_steps, evaluate_every=check_every, stop_at=stop_at, keep_best=keep_best,
        evaluate=lambda net: watch.check(net, log.environment_steps, log.gradient_steps),
        log=log, progress=False, **recipe.TRAINING | changes,
    )  # fmt: skip
    return model, log.environment_steps, log.gradient_steps


def scaled_reward(name: str) -> gym.Env:
    """Miljön med receptets skalning av belöningen; observationen är som den är."""
    env = RecordEpisodeStatistics(gym.make(name))
    return TransformReward(env, lambda reward: recipe.REWARD_SCALE * float(reward))


def double_step() -> Any:
    """Double DQN:s träningssteg, ur facit till övning 5.2."""
    return double_dqn_training_step()


OURS: dict[str, Any] = {
    "observation_scale": recipe.OBSERVATION_SCALE,
    "reward_scale": recipe.REWARD_SCALE,
    "check_every": recipe.EVALUATE_EVERY,
}
WITHOUT_RULE: dict[str, Any] = {"stop_at": None, "keep_best": False}

ELSEWHERE: dict[str, Any] = {
    "max_steps": recipe.MAX_STEPS,
    "check_every": 1_000,
    "seeds": 20,
    "reward_scale": recipe.REWARD_SCALE,
}
"""Miljöerna som inget är valt för: ingen stoppregel, hela taket, men de bästa vikterna sparas."""

CONTESTANTS = [
    Contestant(
        "dqn", "DQN, kursens recept", course, recipe.MAX_STEPS, seeds=200, **OURS,
        about=f"`train_dqn` med `recipe.TRAINING`. Träningen slutar när en prövning når "
        f"{recipe.STOP_AT}, annars vid taket, och de bästa vikterna behålls.",
    ),
    Contestant(
        "double", "Double DQN, kursens recept", partial(course, training_step=double_step),
        recipe.MAX_STEPS, seeds=200, **OURS,
        about="Samma sak med facit till övning 5.2 som träningssteg.",
    ),
    Contestant(
        "dqn-utan-regel", "DQN, utan stoppregel", partial(course, **WITHOUT_RULE), 20_000,
        seeds=20, **OURS,
        about="Samma recept, men träningen går vidare till taket och de sista vikterna gäller. "
        "Så körs också de andra programmen.",
    ),
    Contestant(
        "anteckningar", "de äldre anteckningarna", peers.older_notes, 200_000, 2_000, 20,
        discount_factor=peers.OLDER_GAMMA,
        about="De anteckningar som kursen växte fram ur: 800 episoder, ett träningssteg efter var "
        "och en, NAdam med inlärningshastigheten 0,03, γ = 0,95 och inget målnätverk.",
    ),
    Contestant(
        "sb3", "Stable-Baselines3", peers.stable_baselines, peers.ZOO_STEPS, 1_000, 20,
        needs="stable_baselines3", can_be_cut_short=True,
        about="Dess DQN med inställningarna för CartPole-v1 ur RL Baselines3 Zoo.",
    ),
    Contestant(
        "sb3-skalad", "Stable-Baselines3, kursens skalningar",
        partial(peers.stable_baselines, scaled=True), peers.ZOO_STEPS, 1_000, 20,
        needs="stable_baselines3", can_be_cut_short=True,
        observation_scale=recipe.OBSERVATION_SCALE, reward_scale=recipe.REWARD_SCALE,
        about="Samma sak, men med kursens skalningar av observation och belöning: då syns hur "
        "mycket av skillnaden som bara beror på dem.",
    ),
    Contestant(
        "cleanrl", "CleanRL, omskriven", peers.cleanrl, 300_000, 2_000, 20,
        can_be_cut_short=True,
        about="Algoritmen och de förvalda talen i `dqn.py`, med egna ord på trettio rader, utan "
        "loggning och med kursens buffert. Det är till dess fördel. Dess egen längd är 500 000 "
        "steg; här stannar den tidigare, men ε sjunker som om den gick hela vägen.",
    ),
    Contestant(
        "acrobot", "DQN, kursens recept", partial(course, **WITHOUT_RULE | {"keep_best": True}),
        task=ACROBOT, **ELSEWHERE,
        about="Receptet på Acrobot-v1, där inget tal är valt. Skalningen av observationen är "
        "CartPoles egen och är borttagen, och det är också stoppregeln. Inget annat är ändrat.",
    ),
    Contestant(
        "mountain-car", "DQN, kursens recept",
        partial(course, **WITHOUT_RULE | {"keep_best": True}), task=MOUNTAIN_CAR, **ELSEWHERE,
        about="Samma sak på MountainCar-v0.",
    ),
]  # fmt: skip
BY_KEY = {contestant.key: contestant for contestant in CONTESTANTS}


def schedule(seeds: dict[str, int]) -> list[tuple[Contestant, int]]:
    """Alla körningar (program, frö), omväxlande så att allas frön tar slut samtidigt.

    Då ger också en avbruten mätning alla lika stor del av det som de skulle ha fått, och en dator
    som är långsam en stund är det för alla.

    Args:
        seeds: programmets nyckel → antalet frön.
    """
    turns = [
        ((place + 0.5) / count, order, BY_KEY[key], FRESH_SEEDS + place)
        for order, (key, count) in enumerate(seeds.items())
        for place in range(count)
    ]
    return [(contestant, seed) for _, _, contestant, seed in sorted(turns, key=lambda t: t[:2])]
