"""Träningen, i läsordning: TD-målet, träningssteget, målnätverket, episoden och hela loopen.

B är antalet exempel i en batch och A antalet handlingar.
Källor: Mnih m.fl., *Human-level control through deep reinforcement learning*, Nature 518, 2015;
Pardo m.fl., *Time limits in reinforcement learning*, ICML 2018 (om tidsgränser).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Protocol, SupportsFloat

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from dqn_helpers.checks import (
    as_seed,
    check_batch_norm,
    check_chosen_shapes,
    check_counts,
    check_loss,
    check_networks,
    check_observation,
    check_optimizer,
    check_share,
    check_stop_rule,
    check_target_shapes,
    check_target_update,
    check_training_step,
    from_reset,
    from_step,
    loss_as_number,
    reward_as_number,
    space_sizes,
)
from dqn_helpers.network import device_of
from dqn_helpers.policy import choose_dqn_action, linear_epsilon
from dqn_helpers.progress import TrainingProgress
from dqn_helpers.replay import ExperienceSequence, ExperienceStore, sample_experiences
from dqn_helpers.training_log import TrainingLog

Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class TrainingStep(Protocol):
    """Ett träningssteg: `dqn_training_step`, eller ett eget med samma sju argument."""

    def __call__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        criterion: Criterion,
        replay_buffer: ExperienceSequence,
        batch_size: int,
        discount_factor: float,
        target_model: nn.Module | None,
        /,  # argumenten ges i ordning, så de får heta vad som helst
    ) -> SupportsFloat:
        """Dra en batch, ta ett optimeringssteg och ge förlusten."""


def td_target(
    reward: torch.Tensor,
    next_q_values: torch.Tensor,
    terminated: torch.Tensor,
    discount_factor: float,
) -> torch.Tensor:
    """TD-målet: r + γ · max_a' Q(s', a'), och bara r där episoden är slut på riktigt.

    Args:
        reward: float (B,).
        next_q_values: float (B, A), Q-värdena i nästa tillstånd.
        terminated: bool (B,). Ge aldrig `truncated` hit: vid en tidsgräns fortsätter världen, och
            framtiden är fortfarande värd något.
        discount_factor: γ.

    Returns:
        float (B,).

    Raises:
        ValueError: om formerna inte går ihop. Utan den kontrollen skulle (B, 1) mot (B,) tyst bli
            (B, B).
    """
    check_target_shapes(reward, next_q_values, terminated)
    best_next = next_q_values.max(dim=1).values
    # where och inte gånger noll: 0 · inf är nan och skulle läcka förbi masken.
    return torch.where(terminated, reward, reward + discount_factor * best_next)


def chosen_q_values(q_values: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
    """Q-värdet för den handling som faktiskt gjordes i varje exempel.

    Args:
        q_values: float (B, A).
        action: int64 (B,).

    Returns:
        float (B,), deriverbar.

    Raises:
        ValueError: om formerna inte går ihop.
    """
    check_chosen_shapes(q_values, action)
    return q_values.gather(1, action.unsqueeze(1)).squeeze(1)


def dqn_training_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    criterion: Criterion,
    replay_buffer: ExperienceSequence,
    batch_size: int,
    discount_factor: float,
    target_model: nn.Module | None = None,
) -> float:
    """Dra en batch och ta ett optimeringssteg mot TD-målet.

    Args:
        model: online-nätverket, det som lär sig.
        optimizer: optimerare för online-nätverkets parametrar.
        criterion: förlustfunktion av (förutsägelse, mål), båda float32 (B,).
        replay_buffer: bufferten som batchen dras ur.
        batch_size: antalet exempel, B.
        discount_factor: γ.
        target_model: målnätverket som ger TD-målen; utan det ger online-nätverket sina egna.

    Returns:
        Förlusten före steget, ett vanligt tal.

    Raises:
        ValueError: om bufferten har för få erfarenheter, om förlusten inte är ett ändligt tal eller
            om optimeraren är gjord för ett annat nätverk.
    """
    check_batch_norm(model, batch_size)
    device = device_of(model)
    state, action, reward, next_state, terminated, _ = (
        column.to(device) for column in sample_experiences(replay_buffer, batch_size)
    )
    with torch.no_grad():  # TD-målet är en konstant: ingen gradient ska gå den vägen
        next_q_values = (model if target_model is None else target_model)(next_state)
        target = td_target(reward, next_q_values, terminated, discount_factor)
    predicted = chosen_q_values(model(state), action)
    loss = criterion(predicted, target)
    check_loss(loss.item())
    optimizer.zero_grad()
    loss.backward()
    check_optimizer(optimizer)
    optimizer.step()
    return loss.item()


@torch.no_grad()
def update_target_network(model: nn.Module, target_model: nn.Module, tau: float = 1.0) -> None:
    """Flytta målnätverket mot online-nätverket: target ← τ · model + (1 − τ) · target.

    Med τ = 1 blir det en exakt kopia. Buffertar (till exempel medelvärden i BatchNorm) kopieras
    alltid hela. Nätverken delar aldrig minne.

    Raises:
        ValueError: om τ inte ligger mellan 0 och 1, om det är samma nätverk eller om de är olika
            byggda.
    """
    check_target_update(model, target_model, tau)
    for parameter, target in zip(model.parameters(), target_model.parameters(), strict=True):
        if tau == 1:
            target.copy_(parameter)  # exakt, utan avrundning och utan att gamla nan följer med
        else:
            target.lerp_(parameter, tau)
    for buffer, target_buffer in zip(model.buffers(), target_model.buffers(), strict=True):
        target_buffer.copy_(buffer)


def play_one_step(
    model: nn.Module, env: gym.Env, replay_buffer: ExperienceStore, obs: np.ndarray, epsilon: float
) -> tuple[np.ndarray, float, bool, dict[str, Any]]:
    """Välj en handling ε-girigt i `obs`, utför den och spara erfarenheten.

    Returns:
        Nästa observation, belöningen, om episoden är slut, och miljöns `info`.

    Raises:
        ValueError: om ε inte ligger mellan 0 och 1 eller om miljön ger något annat än ändliga tal.
    """
    action = choose_dqn_action(model, obs, epsilon)
    next_obs, reward, terminated, truncated, info = from_step(env.step(action))
    next_obs, reward = own_observation(next_obs), reward_as_number(reward)
    replay_buffer.append((obs, action, reward, next_obs, bool(terminated), bool(truncated)))
    return next_obs, reward, bool(terminated or truncated), info


def own_observation(obs: Any) -> np.ndarray:
    """Observationen som en egen array: miljön får återanvända sin, och då ändras det som sparats.

    Raises:
        ValueError: om den innehåller nan eller inf.
    """
    obs = np.array(obs)
    check_observation(obs)
    return obs


def play_and_record_episode(
    model: nn.Module,
    env: gym.Env,
    replay_buffer: ExperienceStore,
    epsilon: float,
    seed: int | None = None,
) -> float:
    """Spela en episod ε-girigt och spara varje steg i bufferten.

    Args:
        model: nätverket som väljer handlingar.
        env: miljön; spelas tills den säger `terminated` eller `truncated`.
        replay_buffer: allt som har `append`; får en tupel med sex fält per steg.
        epsilon: sannolikheten att välja på måfå.
        seed: slumpfrö till `env.reset`.

    Returns:
        Episodens poäng: summan av belöningarna, i miljöns egen skala om en
        `RecordEpisodeStatistics` ligger innanför en skalning.

    Raises:
        ValueError: om DQN inte klarar miljön, eller om den ger något annat än ändliga tal.
    """
    space_sizes(env)
    obs, _ = from_reset(env.reset(seed=as_seed(seed)))
    obs, rewards, episode_over = own_observation(obs), 0.0, False
    while not episode_over:
        obs, reward, episode_over, info = play_one_step(model, env, replay_buffer, obs, epsilon)
        rewards += reward
    return unscaled_return(info, rewards)


def unscaled_return(last_info: dict[str, Any], rewards: float) -> float:
    """Episodens poäng i miljöns egen skala, om den går att få; annars `rewards`.

    `RecordEpisodeStatistics` innanför en skalning lägger den i det sista stegets `info`.
    """
    return float(last_info["episode"]["r"]) if "episode" in last_info else rewards


def train_dqn(
    model: nn.Module,
    env: gym.Env,
    replay_buffer: ExperienceStore,
    optimizer: torch.optim.Optimizer,
    criterion: Criterion,
    n_episodes: int = 800,
    warmup: int = 30,
    batch_size: int = 32,
    discount_factor: float = 0.95,
    *,
    target_model: nn.Module | None = None,
    train_every: int = 2,
    target_update_every: int = 5,
    epsilon_start: float = 1.0,
    epsilon_end: float = 0.05,
    epsilon_decay_steps: int = 2_000,
    training_step: TrainingStep = dqn_training_step,
    seed: int | None = None,
    max_steps: int | None = None,
    evaluate: Callable[[nn.Module], float] | None = None,
    evaluate_every: int = 250,
    stop_at: float | None = None,
    keep_best: bool = True,
    log: TrainingLog | None = None,
    progress: bool = True,
    live_curve: bool = False,
) -> list[float]:
    """Hela DQN-loopen: spela, spara, träna, uppdatera målnätverket, utvärdera.

    Args:
        model: online-nätverket; det tränas på plats.
        env: en Gymnasium-miljö där observationen är en endimensionell `Box` och handlingarna är
            `Discrete`.
        replay_buffer: en `ReplayBuffer`, eller något annat med `append`, `len` och `[i]`.
        optimizer: optimerare för `model.parameters()`.
        criterion: förlustfunktionen, till exempel `nn.MSELoss()`.
        n_episodes: det största antalet episoder.
        warmup: så många episoder spelas först utan träning, för att fylla bufferten.
        batch_size: antalet exempel i ett träningssteg.
        discount_factor: γ.
        target_model: målnätverket; None betyder inget målnätverk.
        train_every: efter så här många miljösteg tas ett träningssteg.
        target_update_every: efter så här många träningssteg uppdateras målnätverket.
        epsilon_start: ε vid första handlingen.
        epsilon_end: ε efter `epsilon_decay_steps` miljösteg.
        epsilon_decay_steps: hur många miljösteg ε sjunker under, räknat över hela träningen.
        training_step: funktion med samma sju argument som `dqn_training_step`.
        seed: slumpfrö för miljön och för torch under träningen; torchs slump ställs sedan
            tillbaka som den var. Nätverkets startvikter bestäms tidigare, när det skapas.
        max_steps: tak på antalet miljösteg.
        evaluate: funktion modell → poäng, som inte får ändra modellen; anropas efter vart
            `evaluate_every`:te miljösteg, också mitt i en episod och under uppvärmningen.
        evaluate_every: miljösteg mellan utvärderingarna.
        stop_at: sluta när en utvärdering ger minst så här mycket; modellen är då den som prövades.
        keep_best: lägg efteråt tillbaka de vikter som fick den bästa utvärderingen.
        log: en `TrainingLog` att fylla i.
        progress: visa en förloppsrad (i en loggfil: en rad då och då).
        live_curve: rita poäng och utvärderingar medan träningen går (i en anteckningsbok).

    Returns:
        Varje avslutad episods poäng, i miljöns egen skala (se `play_and_record_episode`).
        En episod som bröts av `stop_at` eller `max_steps` räknas inte.

    Raises:
        ValueError: om ett tal är orimligt, om DQN inte klarar miljön, om nätverket inte passar den
            eller om träningssteget behöver ett målnätverk som saknas.
        TypeError: om träningssteget inte tar sju argument.

    Källa: Mnih m.fl. 2015, algoritm 1. Där avslutas episoden också i TD-målet vid en tidsgräns; här
    fortsätter det förbi `truncated` (Pardo m.fl. 2018).
    """
    log = TrainingLog() if log is None else log
    check_counts(0, n_episodes=n_episodes, warmup=warmup)
    check_counts(
        1, batch_size=batch_size, train_every=train_every, target_update_every=target_update_every,
        epsilon_decay_steps=epsilon_decay_steps, evaluate_every=evaluate_every,
        max_steps=1 if max_steps is None else max_steps,
    )  # fmt: skip
    check_share(discount_factor=discount_factor)
    check_stop_rule(stop_at, evaluate, log)
    seed = as_seed(seed)
    check_networks(model, target_model, env)
    check_batch_norm(model, batch_size)
    check_training_step(training_step, target_model)

    best_weights, finished = None, False
    bar = TrainingProgress(log, n_episodes, max_steps, show_bar=progress, show_curve=live_curve)
    with torch_seed(seed), bar:
        for episode in range(n_episodes):
            # Bara första episoden får ett frö: annars skulle alla börja i samma läge.
            obs, _ = from_reset(env.reset(seed=seed if episode == 0 else None))
            obs, rewards, episode_over = own_observation(obs), 0.0, False
            while not (episode_over or finished):
                epsilon = linear_epsilon(
                    log.environment_steps, epsilon_start, epsilon_end, epsilon_decay_steps
                )
                obs, reward, episode_over, info = play_one_step(
                    model, env, replay_buffer, obs, epsilon
                )
                rewards += reward
                log.environment_steps += 1

                # Många träningssteg per episod, inte ett: det tränas mitt i spelet.
                its_time = log.environment_steps % train_every == 0
                if episode >= warmup and its_time and len(replay_buffer) >= batch_size:
                    loss = training_step(
                        model, optimizer, criterion, replay_buffer, batch_size, discount_factor,
                        target_model,
                    )  # fmt: skip
                    log.losses.append(loss_as_number(loss))
                    if target_model is not None and log.gradient_steps % target_update_every == 0:
                        update_target_network(model, target_model)

                if episode_over:
                    log.add_episode(unscaled_return(info, rewards))
                bar.step_done(episode_over)

                if evaluate is not None and log.environment_steps % evaluate_every == 0:
                    score = float(evaluate(model))
                    if score > log.best_score:
                        best_weights = deepcopy(model.state_dict())
                    log.add_check(score)
                    log.stopped = stop_at is not None and score >= stop_at
                finished = log.stopped or log.environment_steps == max_steps
            if finished:
                break
    if keep_best and best_weights is not None:
        model.load_state_dict(best_weights)
    return log.episode_returns


@contextmanager
def torch_seed(seed: int | None) -> Iterator[None]:
    """Använd ett eget slumpfrö i torch en stund och ställ sedan tillbaka slumpen."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
