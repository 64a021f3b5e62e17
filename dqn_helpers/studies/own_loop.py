"""En loop som bara spelar och tränar, till exempel studentens i övning 4.3, får träna CartPole.

Den loopen har varken utvärdering eller stoppregel. Därför sitter de i miljön: ett omslag räknar
stegen, prövar nätverket då och då, minns de bästa vikterna och avbryter när det är bra nog.
"""

import contextlib
import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import gymnasium as gym
import torch
from torch import nn

from dqn_helpers import recipe
from dqn_helpers.environments import make_cartpole, make_vector_cartpole
from dqn_helpers.evaluation import EpisodeTrace, realised_returns, vectorized_greedy_returns
from dqn_helpers.figures import (
    Film,
    Picture,
    predicted_against_realised,
    show_episodes_together,
    swedish_number,
)
from dqn_helpers.figures.pictures import sentences
from dqn_helpers.network import DQN
from dqn_helpers.progress import TrainingProgress
from dqn_helpers.replay import ReplayBuffer
from dqn_helpers.training import TrainingStep, dqn_training_step, train_dqn
from dqn_helpers.training_log import TrainingLog

MAX_STEPS = 15_000
"""Miljösteg innan en träning avbryts, hur den än går. Receptet behöver nästan alltid färre."""

TrainingLoop = Callable[..., Any]
"""En funktion som anropas som övning 4.3: `train_dqn(model, env, …, training_step=…)`."""


@dataclass
class Trained:
    """Det som blev av en träning.

    Attributes:
        model: nätverket med de bästa vikterna.
        replay_buffer: allt som spelades.
        log: episoderna och utvärderingarna.
        along_the_way: en kopia av nätverket från start och från varje utvärdering.
    """

    model: nn.Module
    replay_buffer: ReplayBuffer
    log: TrainingLog = field(default_factory=TrainingLog)
    along_the_way: list[nn.Module] = field(default_factory=list)

    @property
    def result(self) -> str:
        """Hur det gick, i ord och med den här körningens tal."""
        steps = swedish_number(self.log.environment_steps)
        if self.log.stopped:
            return f"klarade CartPole efter {steps} miljösteg"
        best = swedish_number(max(self.log.best_score, 0.0), 3)
        return f"blev inte klar på {steps} miljösteg; som bäst höll den stången uppe i {best} steg"


def train_cartpole(
    loop: TrainingLoop,
    seed: int,
    *,
    training_step: TrainingStep = dqn_training_step,
    max_steps: int = MAX_STEPS,
) -> Trained:
    """Träna CartPole med kursens recept och den loop man ger, tills agenten är bra nog.

    Args:
        loop: funktionen som anropas; den får heta vad som helst.
        seed: frö för startvikterna, startlägena och slumpen under träningen.
        training_step: det träningssteg som loopen får.
        max_steps: så många miljösteg får den på sig.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = DQN()
        trained = Trained(model, ReplayBuffer(recipe.BUFFER_SIZE), along_the_way=[_frozen(model)])
        with TrainingProgress(
            trained.log, 0, max_steps, show_bar=True, show_curve=False
        ) as progress:
            env = _Watched(trained, seed, max_steps, progress)
            with contextlib.suppress(_GoodEnoughError):
                _start(loop, trained, env, training_step)
        scores = trained.log.check_scores
        best = scores.index(max(scores)) + 1 if scores else -1
        return replace(trained, model=trained.along_the_way[best])


def _start(loop: TrainingLoop, trained: Trained, env: gym.Env, training_step: TrainingStep) -> None:
    """Anropa loopen så som övning 4.3 säger."""
    model, settings = trained.model, dict(recipe.TRAINING)
    in_order = ("n_episodes", "warmup", "batch_size", "discount_factor")
    numbers = [settings.pop(name) for name in in_order]
    if loop is train_dqn:  # kursens loop har en egen förloppsrad, och en räcker
        settings["progress"] = False
    loop(
        model, env, trained.replay_buffer, recipe.make_optimizer(model), nn.MSELoss(), *numbers,
        target_model=copy.deepcopy(model), training_step=training_step, **settings,
    )  # fmt: skip


class _GoodEnoughError(Exception):
    """Träningen ska sluta: agenten är bra nog, eller stegen är slut."""


class _Watched(gym.Wrapper):
    """CartPole som prövar den som tränar i den."""

    def __init__(
        self, trained: Trained, seed: int, max_steps: int, progress: TrainingProgress
    ) -> None:
        super().__init__(make_cartpole())
        self._trained, self._max_steps, self._progress = trained, max_steps, progress
        self._first_seed: int | None = seed
        self._checks = make_vector_cartpole(recipe.N_EVALUATED)
        self._checks.reset(seed=recipe.STOP_CHECK_SEEDS + seed)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Börja en episod; den allra första får träningens frö, om loopen inte ger något."""
        first, self._first_seed = self._first_seed, None
        return self.env.reset(seed=first if seed is None else seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Ett steg, och då och då en utvärdering.

        Raises:
            _GoodEnoughError: när träningen ska sluta.
        """
        log = self._trained.log
        obs, reward, terminated, truncated, info = self.env.step(action)
        log.environment_steps += 1
        if "episode" in info:
            log.add_episode(float(info["episode"]["r"]))
        self._progress.step_done("episode" in info)
        if log.environment_steps % recipe.EVALUATE_EVERY == 0:
            self._evaluate(log)
        if log.stopped or log.environment_steps >= self._max_steps:
            raise _GoodEnoughError
        return obs, float(reward), terminated, truncated, info

    def _evaluate(self, log: TrainingLog) -> None:
        model = self._trained.model
        score = float(vectorized_greedy_returns(model, self._checks).mean())
        self._trained.along_the_way.append(_frozen(model))
        log.add_check(score)
        log.stopped = score >= recipe.STOP_AT


def _frozen(model: nn.Module) -> nn.Module:
    """Nätverket så som det är just nu."""
    return copy.deepcopy(model)


def film_of(runs: Mapping[str, Trained], seed: int) -> Film:
    """Filmen om den egna loopen: före, halvvägs och efter, eller den bredvid kursens.

    Args:
        runs: det som `run_own` ger.
        seed: frö för startläget, samma för alla agenter i filmen.
    """
    if len(runs) == 1:
        (trained,) = runs.values()
        halfway = trained.along_the_way[len(trained.along_the_way) // 2]
        agents = {"före": trained.along_the_way[0], "halvvägs": halfway, "efter": trained.model}
    else:
        agents = {name: trained.model for name, trained in runs.items()}
    film = show_episodes_together(agents, seed, env=make_cartpole())
    return replace(film, caption=f"{_title(runs)} {film.caption}")


def _title(runs: Mapping[str, Trained]) -> str:
    # Namnet ”din kod, inte rätt än” har ett inskott, och det ska sluta med ett komma.
    results = [f"{name}{',' if ',' in name else ''} {t.result}" for name, t in runs.items()]
    return sentences(*(["det här är din kod"] if "din kod" in runs else []), *results)


def belief_of(trace: EpisodeTrace) -> Picture:
    """Vad nätverket trodde i en girig episod, mot den diskonterade avkastning som sedan kom.

    Räkningen står här och inte på sidan i 04, för den är nästan hela övning 5.3.

    Args:
        trace: episoden, i oskalade belöningar, av ett nätverk tränat med receptets skalning.
    """
    return predicted_against_realised(
        trace.predicted_q_values / recipe.REWARD_SCALE,
        realised_returns(trace.rewards, recipe.DISCOUNT_FACTOR),
        recipe.DISCOUNT_FACTOR,
    )
