"""Klockan och protokollet för en inlärning: samma prövning och samma tid för alla program."""

import copy
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from dqn_helpers import make_vector_cartpole, recipe, vectorized_greedy_returns


@dataclass(frozen=True)
class Task:
    """En miljö, och när den räknas som löst.

    Attributes:
        name: miljöns namn i Gymnasium.
        solved_at: medelpoängen som är miljöns egen gräns (`reward_threshold`).
        n_evaluated: antalet giriga episoder i en prövning under träningen.
    """

    name: str
    solved_at: float
    n_evaluated: int

    def vector_env(
        self, n_envs: int, observation_scale: Sequence[float] | None
    ) -> gym.vector.VectorEnv:
        """Miljön i `n_envs` upplagor, för giriga episoder; poängen är miljöns egen."""
        if self.name == "CartPole-v1":
            return make_vector_cartpole(n_envs, observation_scale)
        return gym.make_vec(self.name, num_envs=n_envs, vectorization_mode="sync")


CARTPOLE = Task("CartPole-v1", recipe.SOLVED_AT, recipe.N_EVALUATED)
ACROBOT = Task("Acrobot-v1", -100, 20)
MOUNTAIN_CAR = Task("MountainCar-v0", -110, 20)


@dataclass(frozen=True)
class Passed:
    """Den första godkända prövningen, och vad det hade kostat att komma dit."""

    environment_steps: int
    gradient_steps: int
    cpu_seconds: float  # processortid, utan prövningarna
    with_checks: float  # processortid, med alla prövningar dit och den godkända inräknade


@dataclass(frozen=True)
class LearningRun:
    """En inlärning från början till slut, så som den står i `resultat.json`.

    Attributes:
        contestant: programmets nyckel.
        seed: slumpfröet.
        first: den första godkända prövningen; None om ingen var det.
        n_checks: antalet prövningar.
        n_passed: hur många av dem som var godkända.
        best_check: medelpoängen i den bästa av dem; None om ingen hann göras.
        environment_steps: miljösteg i allt, prövningarnas oräknade.
        gradient_steps: träningssteg i allt.
        cpu_seconds: processortid i allt, utan prövningarna.
        with_checks: processortid i allt, med prövningarna.
        held_out: medelpoängen i hundra giriga episoder på undanhållna startlägen, med det nätverk
            som programmet slutade med.
        held_out_best: samma sak med de vikter som fick den bästa prövningen.
        q_at_rest: det bästa Q-värdet när observationen är noll, i miljöns egna belöningar.
        cut_short: sant om programmet avbröts vid den första godkända prövningen, så att inget går
            att säga om hur det hade slutat.
    """

    contestant: str
    seed: int
    first: Passed | None
    n_checks: int
    n_passed: int
    best_check: float | None
    environment_steps: int
    gradient_steps: int
    cpu_seconds: float
    with_checks: float
    held_out: float
    held_out_best: float
    q_at_rest: float
    cut_short: bool

    def as_row(self) -> dict[str, Any]:
        """Raden i `resultat.json`, med tider till tusendelen och poäng till tiondelen."""
        row = asdict(self)
        for place in (row, row["first"] or {}):
            for name in ("cpu_seconds", "with_checks"):
                if name in place:
                    place[name] = round(place[name], 3)
        for name in ("best_check", "held_out", "held_out_best", "q_at_rest"):
            row[name] = None if row[name] is None else round(row[name], 1)
        return row


class Watch:
    """Tar tid på en träning, prövar nätverket under tiden och minns det bästa.

    Klockan är processortid. Den går från det att programmet börjar tills det är klart, och
    prövningarnas del räknas för sig.

    Args:
        task: miljön.
        seed: slumpfröet; prövningarnas startlägen beror på det.
        observation_scale: det som programmet skalar observationen med, None om det inte gör det.
        stop_at_first: sant om det räcker med en godkänd prövning.
    """

    def __init__(
        self,
        task: Task,
        seed: int,
        observation_scale: Sequence[float] | None = None,
        stop_at_first: bool = False,
    ) -> None:
        self.task, self.seed, self._scale = task, seed, observation_scale
        self._stop_at_first = stop_at_first
        self._env = task.vector_env(task.n_evaluated, observation_scale)
        self._env.reset(seed=recipe.STOP_CHECK_SEEDS + seed)
        self.scores: list[float] = []
        self.first: Passed | None = None
        self.best_weights: dict[str, torch.Tensor] = {}
        self._checking = 0.0
        self._started = time.process_time()

    @property
    def enough(self) -> bool:
        """Sant om programmet kan sluta: en prövning är godkänd, och det räcker."""
        return self._stop_at_first and self.first is not None

    def check(self, model: nn.Module, environment_steps: int, gradient_steps: int) -> float:
        """Pröva nätverket girigt på nya startlägen och ge medelpoängen."""
        before = time.process_time()
        score = float(vectorized_greedy_returns(model, self._env).mean())
        if score > max(self.scores, default=-np.inf):
            self.best_weights = copy.deepcopy(model.state_dict())
        self.scores.append(score)
        after = time.process_time()
        self._checking += after - before
        if self.first is None and score >= self.task.solved_at:
            with_checks = after - self._started
            self.first = Passed(
                environment_steps, gradient_steps, with_checks - self._checking, with_checks
            )
        return score

    def result(
        self,
        contestant: str,
        model: nn.Module,
        environment_steps: int,
        gradient_steps: int,
        reward_scale: float,
    ) -> LearningRun:
        """Stanna klockan och pröva nätverket på undanhållna startlägen."""
        with_checks = time.process_time() - self._started
        held_out = self._held_out(model)
        with torch.no_grad():
            rest = torch.zeros(1, self._env.single_observation_space.shape[0])
            q_at_rest = model(rest).max().item() / reward_scale
        held_out_best = self._held_out_best(model, held_out)
        n_passed = sum(score >= self.task.solved_at for score in self.scores)
        return LearningRun(
            contestant, self.seed, self.first, len(self.scores), n_passed,
            max(self.scores, default=None), environment_steps, gradient_steps,
            with_checks - self._checking, with_checks, held_out, held_out_best, q_at_rest,
            self.enough,
        )  # fmt: skip

    def _held_out_best(self, model: nn.Module, held_out: float) -> float:
        """Samma prov med de bästa vikterna, om de är andra än de som träningen slutade med."""
        last = model.state_dict()
        best = self.best_weights or last
        if all(torch.equal(last[name], best[name]) for name in last):
            return held_out
        model.load_state_dict(best)
        return self._held_out(model)

    def _held_out(self, model: nn.Module) -> float:
        """Medelpoängen i hundra episoder vars startlägen inget beslut har byggt på."""
        env = self.task.vector_env(recipe.N_EVALUATED, self._scale)
        seed = recipe.HELD_OUT_SEEDS + self.seed
        return float(vectorized_greedy_returns(model, env, seed=seed).mean())
