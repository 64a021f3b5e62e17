"""Mätningarna i 05: hur mycket ett träningssteg överskattar, och om det spelar någon roll.

Varje `Experiment` tränar ett nätverk per slumpfrö med det träningssteg man ger det, på samma
startvikter och samma erfarenheter för alla träningssteg. Facits tal för Double DQN finns
färdigräknade i `overestimation.json` (görs av `tests/overestimation_numbers.py`): de visas för den
som inte har löst övning 5.2 än.
"""

import copy
import functools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from dqn_helpers import recipe
from dqn_helpers.counting import agreeing
from dqn_helpers.environments import Kasinot, make_cartpole
from dqn_helpers.evaluation import greedy_episode, realised_returns
from dqn_helpers.network import DQN
from dqn_helpers.progress import progress_bar
from dqn_helpers.replay import ReplayBuffer
from dqn_helpers.studies.cluster import over_seeds
from dqn_helpers.training import (
    TrainingStep,
    dqn_training_step,
    train_dqn,
    update_target_network,
)

Run = Callable[[TrainingStep, int], list[float]]  # (träningssteg, frö) → K tal

NUMBERS = Path(__file__).with_name("overestimation.json")


@dataclass(frozen=True)
class Experiment:
    """Ett försök som kan göras med vilket träningssteg som helst.

    Attributes:
        name: namnet i `overestimation.json`.
        run: en körning, (träningssteg, frö) → K tal.
        x: K värden att rita talen mot, till exempel antalet träningssteg.
        n_seeds: så många frön körs i anteckningsboken.
        limit: större tal än så ritas som så här stora; en gräns för alla tal eller K.
        n_steps: antalet träningssteg i en körning (i CartPole ungefär).
    """

    name: str
    run: Run
    x: tuple[float, ...]
    n_seeds: int
    limit: float | tuple[float, ...]
    n_steps: int


# --- kasinot -------------------------------------------------------------------------------------

CASINO_OBSERVATIONS = torch.rand(500, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
"""De observationer där nätverken tillfrågas om sina Q-värden, float32 (500, 4)."""


def casino_log(seed: int, n_stored: int = 100_000, *, exit_door: bool = False) -> ReplayBuffer:
    """Erfarenheter av spel på måfå i Kasinot, alla på en gång.

    Det är samma fördelning som `Kasinot` ger: alla observationer dras oberoende av varandra.

    Args:
        seed: slumpfrö.
        n_stored: antalet erfarenheter.
        exit_door: sant om handling 0 är att gå hem, som i `KasinotMedUtgang-v0`.
    """
    casino = _casino(exit_door).unwrapped
    assert isinstance(casino, Kasinot) and isinstance(casino.action_space, gym.spaces.Discrete)
    rng = np.random.default_rng(seed)
    state, next_state = rng.uniform(-1, 1, (2, n_stored, 4)).astype(np.float32)
    action = rng.integers(casino.action_space.n, size=n_stored)
    reward = rng.normal(casino.mean, 1, n_stored).astype(np.float32)
    terminated = (action == 0) if exit_door else np.zeros(n_stored, dtype=bool)
    reward[terminated] = 0
    truncated = np.zeros(n_stored, dtype=bool)
    log = ReplayBuffer(n_stored)
    # Full från början: att lägga till dem en och en tar hundra gånger så lång tid.
    log.columns = [state, action, reward, next_state, terminated, truncated]
    log.n_added = n_stored
    return log


def _casino(exit_door: bool) -> gym.Env:
    return gym.make(f"dqn_helpers/Kasinot{'MedUtgang' if exit_door else ''}-v0")


def train_in_casino(
    training_step: TrainingStep,
    seed: int,
    look: Callable[[nn.Module], float],
    steps: Sequence[float],
    *,
    n_stored: int = 100_000,
    exit_door: bool = False,
    discount_factor: float = 0.9,
    target_update_every: int = 300,
) -> list[float]:
    """Träna ett nätverk på en färdig logg, och titta på det efter vissa träningssteg.

    Args:
        training_step: funktion med samma sju argument som `dqn_training_step`.
        seed: slumpfrö för loggen, startvikterna och batcharna.
        look: nätverk → det tal som ska antecknas.
        steps: efter vilka träningssteg det ska ske, i stigande ordning.
        n_stored: loggens längd.
        exit_door: sant om det går att gå hem.
        discount_factor: γ.
        target_update_every: efter så här många träningssteg uppdateras målnätverket.
    """
    torch.manual_seed(seed)
    model = DQN.for_env(_casino(exit_door))
    target_model = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, fused=True)
    log, criterion = casino_log(seed, n_stored, exit_door=exit_door), nn.MSELoss()
    seen = []
    for step in range(1, int(steps[-1]) + 1):
        training_step(model, optimizer, criterion, log, 32, discount_factor, target_model)
        if step % target_update_every == 0:
            update_target_network(model, target_model)
        if step in steps:
            seen.append(look(model))
    return seen


@torch.no_grad()
def mean_max_q(model: nn.Module) -> float:
    """Nätverkets max Q, i genomsnitt över 500 observationer. I Kasinot är det sanna svaret 0."""
    return model(CASINO_OBSERVATIONS).max(dim=1).values.mean().item()


@torch.no_grad()
def share_going_home(model: nn.Module) -> float:
    """Andelen av 500 observationer där den giriga handlingen är 0, att gå hem."""
    q_values = model(CASINO_OBSERVATIONS)
    best_machine = q_values[:, 1:].max(dim=1).values  # ett nätverk med nan går inte hem
    return (q_values[:, 0] > best_machine).float().mean().item()


def _bias_in_casino(training_step: TrainingStep, seed: int) -> list[float]:
    return train_in_casino(training_step, seed, mean_max_q, CASINO.x)


def _going_home(training_step: TrainingStep, seed: int) -> list[float]:
    return train_in_casino(
        training_step, seed, share_going_home, EXIT.x, exit_door=True, discount_factor=0.95
    )


def _bias_by_log_size(training_step: TrainingStep, seed: int) -> list[float]:
    return [
        train_in_casino(training_step, seed, mean_max_q, [1_200], n_stored=int(n_stored))[-1]
        for n_stored in LOG_SIZE.x
    ]


CASINO = Experiment("kasinot", _bias_in_casino, tuple(range(100, 1_201, 100)), 5, 3.0, 1_200)
"""Tjugo automater, sant Q = 0: nätverkets max Q under träningen *är* överskattningen."""

EXIT = Experiment("utgång", _going_home, tuple(range(250, 1_501, 250)), 3, 1.0, 1_500)
"""Automater som man förlorar på i längden, och en utgång: hur ofta går nätverket hem?"""

LOG_SIZE = Experiment("loggens längd", _bias_by_log_size, (1_000, 10_000), 2, 20.0, 2_400)
"""Kasinot efter 1 200 träningssteg, men med så här få sparade erfarenheter."""


# --- CartPole ------------------------------------------------------------------------------------

CARTPOLE_DISCOUNT = 0.95
_HORIZON = 100  # 0,95¹⁰⁰ är mindre än en procent: så långt före en tidsgräns märks den inte


def _bias_in_cartpole(training_step: TrainingStep, seed: int) -> list[float]:
    """Träna 5 000 steg; ger biasen i giriga episoder och episodernas medelavkastning."""
    torch.manual_seed(seed)
    env = make_cartpole(reward_scale=None)
    model = DQN.for_env(env)
    train_dqn(
        model, env, ReplayBuffer(recipe.BUFFER_SIZE), recipe.make_optimizer(model), nn.MSELoss(),
        target_model=copy.deepcopy(model), training_step=training_step, seed=seed,
        max_steps=5_000, progress=False,
        **recipe.TRAINING | {"discount_factor": CARTPOLE_DISCOUNT},
    )  # fmt: skip
    starts = [recipe.HELD_OUT_SEEDS + 100 * seed + i for i in range(5)]
    traces = [greedy_episode(model, env, seed=start) for start in starts]
    bias = [
        trace.predicted_q_values - realised_returns(trace.rewards, CARTPOLE_DISCOUNT)
        for trace in traces
    ]
    counted = [
        errors if trace.terminated else errors[:-_HORIZON]
        for errors, trace in zip(bias, traces, strict=True)
    ]
    returns = [trace.rewards.sum() for trace in traces]
    return [float(np.concatenate(counted).mean()), float(np.mean(returns))]


CARTPOLE = Experiment("cartpole", _bias_in_cartpole, (0, 1), 2, (15.0, 500.0), 2_500)
"""Kursens recept fast med γ = 0,95 och oskalad belöning: bias och avkastning efter 5 000 steg."""

EXPERIMENTS = (CASINO, EXIT, LOG_SIZE, CARTPOLE)


# --- kontrollen ----------------------------------------------------------------------------------

CONTROL = "DQN med γ = 0"
CONTROLLED = (CASINO, LOG_SIZE)
"""De försök där kontrollens tal finns färdiga."""


def step_without_future(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    criterion: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    replay_buffer: Any,
    batch_size: int,
    discount_factor: float,
    target_model: nn.Module | None = None,
) -> float:
    """DQN:s träningssteg med γ = 0: TD-målet är belöningen, utan något maximum.

    Det nätverket ändå överskattar kommer av måttet självt, som är ett maximum av brusiga tal.
    """
    return dqn_training_step(
        model, optimizer, criterion, replay_buffer, batch_size, 0.0, target_model
    )


# --- många frön, och facits färdiga tal ----------------------------------------------------------


def measure(
    training_step: TrainingStep,
    experiment: Experiment,
    n_seeds: int | None = None,
    *,
    dask: str = "",
) -> np.ndarray:
    """Gör försöket med frö 0, 1, 2 och så vidare.

    Args:
        training_step: träningssteget som prövas.
        experiment: försöket.
        n_seeds: antalet frön; utan det `experiment.n_seeds`.
        dask: adressen till ett kluster (se `studies.cluster`); utan den körs allt här.

    Returns:
        float64 (antal frön, K), med tal större än `experiment.limit` bytta mot den.
    """
    n = experiment.n_seeds if n_seeds is None else n_seeds
    seeds = progress_bar(range(n), agreeing(n, "frö", "frön"))
    run = functools.partial(experiment.run, training_step)
    with torch.random.fork_rng(devices=[]):
        values = np.array(list(over_seeds(run, seeds, dask)))
    # Den som har spårat ur ritas vid gränsen i stället för att göra figuren oläslig.
    limit = np.broadcast_to(experiment.limit, values.shape[1:])
    if not (np.abs(values) <= limit).all():  # falskt också för nan
        print("Talen har spårat ur: det som inte ryms ritas vid figurens kant.")
    return np.where(np.isnan(values), limit, values.clip(-limit, limit))


def course_seconds(experiment: Experiment) -> float:
    """Så mycket processortid försöket tar på den här datorn med kursens träningssteg."""
    return experiment.n_seeds * experiment.n_steps * _seconds_per_step()


@functools.cache
def _seconds_per_step() -> float:
    """Processortid för ett av kursens träningssteg på den här datorn, mätt en gång."""
    n_steps = 50
    started = time.thread_time()
    with torch.random.fork_rng(devices=[]):
        train_in_casino(dqn_training_step, 0, mean_max_q, [n_steps], n_stored=1_000)
    return (time.thread_time() - started) / n_steps


def committed_numbers(experiment: Experiment, name: str = "Double DQN") -> np.ndarray:
    """Färdigräknade tal för `"DQN"` eller facits `"Double DQN"`, float64 (antal frön, K)."""
    return np.array(_all_numbers()[experiment.name][name])


@functools.cache
def _all_numbers() -> dict[str, dict[str, list[list[float]]]]:
    return json.loads(NUMBERS.read_text(encoding="utf-8"))
