"""Träningen, i den ordning den läses: målet, träningssteget, målnätverket, episoden, hela loopen.

B är antalet exempel i en batch och A antalet handlingar.
Källor: Mnih m.fl., *Human-level control through deep reinforcement learning*, Nature 518, 2015;
Pardo m.fl., *Time limits in reinforcement learning*, ICML 2018 (om tidsgränser).
"""

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from dqn_helpers.network import device_of, space_sizes
from dqn_helpers.policy import choose_dqn_action, linear_epsilon
from dqn_helpers.progress import TrainingProgress
from dqn_helpers.replay import ExperienceSequence, ExperienceStore, sample_experiences
from dqn_helpers.training_log import TrainingLog

Criterion = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
TrainingStep = Callable[..., Any]  # de sju argumenten i dqn_training_step


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
    if next_q_values.ndim != 2 or not reward.shape == terminated.shape == next_q_values.shape[:1]:
        raise ValueError(
            "td_target väntar formerna (B,), (B, A) och (B,), men fick reward "
            f"{tuple(reward.shape)}, next_q_values {tuple(next_q_values.shape)} och terminated "
            f"{tuple(terminated.shape)}."
        )
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
    if q_values.ndim != 2 or action.shape != q_values.shape[:1]:
        raise ValueError(
            "chosen_q_values väntar formerna (B, A) och (B,), men fick "
            f"{tuple(q_values.shape)} och {tuple(action.shape)}."
        )
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
        target_model: målnätverket som ger målen; utan det ger online-nätverket sina egna mål.

    Returns:
        Förlusten före steget, ett vanligt tal.

    Raises:
        ValueError: om bufferten har för få erfarenheter eller om förlusten inte är ett ändligt tal.
    """
    device = device_of(model)
    state, action, reward, next_state, terminated, _ = (
        column.to(device) for column in sample_experiences(replay_buffer, batch_size)
    )
    with torch.no_grad():  # målet är en konstant: ingen gradient ska gå den vägen
        next_q_values = (model if target_model is None else target_model)(next_state)
        target = td_target(reward, next_q_values, terminated, discount_factor)
    predicted = chosen_q_values(model(state), action)
    loss = criterion(predicted, target)
    loss_value = loss.item()
    if not math.isfinite(loss_value):
        raise ValueError(
            f"Förlusten blev {loss_value}. Träningen har spårat ur: pröva en mindre "
            "inlärningshastighet, ett målnätverk eller skalade belöningar."
        )
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss_value


@torch.no_grad()
def update_target_network(model: nn.Module, target_model: nn.Module, tau: float = 1.0) -> None:
    """Flytta målnätverket mot online-nätverket: target ← τ · model + (1 − τ) · target.

    Med τ = 1 blir det en exakt kopia. Buffertar (till exempel medelvärden i BatchNorm) kopieras
    alltid hela. Näten delar aldrig minne.

    Raises:
        ValueError: om τ inte ligger mellan 0 och 1, om det är samma nätverk eller om de är olika
            byggda.
    """
    if not 0 <= tau <= 1:
        raise ValueError(f"tau ska ligga mellan 0 och 1, men är {tau}.")
    if model is target_model:
        raise ValueError(
            "model och target_model är samma objekt: två namn på ett nätverk. "
            "Gör målnätverket med copy.deepcopy(model)."
        )
    shapes = [
        [tensor.shape for tensor in (*net.parameters(), *net.buffers())]
        for net in (model, target_model)
    ]
    if shapes[0] != shapes[1]:
        raise ValueError("Online-nätverket och målnätverket har olika lager. Kopiera det ena.")
    for parameter, target in zip(model.parameters(), target_model.parameters(), strict=True):
        if tau == 1:
            target.copy_(parameter)  # exakt, utan avrundning och utan att gamla nan följer med
        else:
            target.lerp_(parameter, tau)
    for buffer, target_buffer in zip(model.buffers(), target_model.buffers(), strict=True):
        target_buffer.copy_(buffer)


def _episode_steps(
    model: nn.Module,
    env: gym.Env,
    replay_buffer: ExperienceStore,
    epsilon: Callable[[], float],
    seed: int | None,
) -> Iterator[float | None]:
    """Spela en episod och spara varje steg; ger None efter varje steg och sist avkastningen.

    Att funktionen stannar till efter varje steg gör att `train_dqn` kan träna mitt i episoden.
    """
    # Kopiorna behövs: en miljö får återanvända sin array, och då ändras det som sparats.
    obs = np.array(env.reset(seed=seed)[0])
    rewards = 0.0
    while True:
        action = choose_dqn_action(model, obs, epsilon())
        next_obs, reward, terminated, truncated, info = env.step(action)
        next_obs, reward = np.array(next_obs), float(reward)
        if not math.isfinite(reward):
            raise ValueError(f"Miljön gav belöningen {reward}. Den måste vara ett ändligt tal.")
        replay_buffer.append((obs, action, reward, next_obs, bool(terminated), bool(truncated)))
        rewards += reward
        if terminated or truncated:
            # RecordEpisodeStatistics innanför en skalning har räknat i miljöns egna belöningar.
            yield float(info["episode"]["r"]) if "episode" in info else rewards
            return
        yield None
        obs = next_obs


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
        Episodens avkastning: summan av belöningarna, i miljöns egen skala om en
        `RecordEpisodeStatistics` ligger innanför en skalning.

    Raises:
        ValueError: om DQN inte klarar miljön, eller om den ger en belöning som inte är ändlig.
    """
    space_sizes(env)
    *_, episode_return = _episode_steps(model, env, replay_buffer, lambda: epsilon, seed)
    assert episode_return is not None
    return episode_return


class _EvaluationRule:
    """Utvärdera då och då, minns de bästa vikterna och säg till när målet är nått."""

    def __init__(
        self,
        evaluate: Callable[[nn.Module], float] | None,
        every: int,
        stop_at: float | None,
    ) -> None:
        self._evaluate = evaluate
        self._every = every
        self._stop_at = stop_at
        self._best_weights: dict[str, torch.Tensor] | None = None

    def after_step(self, model: nn.Module, log: TrainingLog) -> None:
        """Gör en utvärdering om det är dags; `log.stopped` blir sant när målet är nått."""
        if self._evaluate is None or log.environment_steps % self._every:
            return
        score = float(self._evaluate(model))
        if score > log.best_score:
            self._best_weights = deepcopy(model.state_dict())
        log.check_steps.append(log.environment_steps)
        log.check_scores.append(score)
        log.stopped = self._stop_at is not None and score >= self._stop_at

    def restore_best(self, model: nn.Module) -> None:
        """Lägg tillbaka de vikter som fick den bästa utvärderingen, om det finns några."""
        if self._best_weights is not None:
            model.load_state_dict(self._best_weights)


def _steps_of_all_episodes(
    model: nn.Module,
    env: gym.Env,
    replay_buffer: ExperienceStore,
    epsilon: Callable[[], float],
    n_episodes: int,
    seed: int | None,
) -> Iterator[tuple[int, float | None]]:
    """Spela episod efter episod. Ger (episodens nummer, avkastningen om den just tog slut)."""
    for episode in range(n_episodes):
        # Bara första episoden får ett frö: annars skulle alla börja i samma läge.
        episode_seed = seed if episode == 0 else None
        for finished in _episode_steps(model, env, replay_buffer, epsilon, episode_seed):
            yield episode, finished


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
    """Hela DQN-loopen: spela, spara, träna, kopiera målnätverket, utvärdera.

    Args:
        model: online-nätverket; det tränas på plats.
        env: Gymnasium-miljö med `Box`-observationer i en dimension och `Discrete` handlingar.
        replay_buffer: en `ReplayBuffer`, eller något annat med `append`, `len` och `[i]`.
        optimizer: optimerare för `model.parameters()`.
        criterion: förlustfunktionen, till exempel `nn.MSELoss()`.
        n_episodes: det största antalet episoder.
        warmup: så många episoder spelas först utan träning, för att fylla bufferten.
        batch_size: antalet exempel i ett träningssteg.
        discount_factor: γ.
        target_model: målnätverket; None betyder inget målnätverk.
        train_every: ett träningssteg efter vart så mångte miljösteg.
        target_update_every: målnätverket blir en kopia efter vart så mångte träningssteg.
        epsilon_start: ε vid första handlingen.
        epsilon_end: ε efter `epsilon_decay_steps` miljösteg.
        epsilon_decay_steps: hur många miljösteg ε sjunker under, räknat över hela träningen.
        training_step: funktion med samma sju argument som `dqn_training_step`.
        seed: slumpfrö för miljön och för torch under träningen; torch:s slump ställs sedan
            tillbaka som den var. Nätverkets startvikter bestäms tidigare, när det skapas.
        max_steps: tak på antalet miljösteg.
        evaluate: funktion modell → poäng, som inte får ändra modellen; anropas efter vart
            `evaluate_every`-te miljösteg, också mitt i en episod och under uppvärmningen.
        evaluate_every: miljösteg mellan utvärderingarna.
        stop_at: sluta när en utvärdering ger minst så här mycket; modellen är då just den.
        keep_best: lägg till slut tillbaka de vikter som fick den bästa utvärderingen.
        log: en `TrainingLog` att fylla i.
        progress: visa en förloppsrad (i en loggfil: en rad då och då).
        live_curve: rita avkastning och utvärderingar medan träningen går (i en anteckningsbok).

    Returns:
        Varje avslutad episods avkastning, i miljöns egen skala (se `play_and_record_episode`).
        En episod som bröts av `stop_at` eller `max_steps` räknas inte.

    Raises:
        ValueError: om ett tal är orimligt, om DQN inte klarar miljön, om nätverket inte passar den
            eller om träningssteget behöver ett målnätverk som saknas.
        TypeError: om träningssteget inte tar sju argument.

    Källa: Mnih m.fl. 2015, algoritm 1. Där avslutas episoden också i målet vid en tidsgräns; här
    fortsätter målet förbi `truncated` (Pardo m.fl. 2018).
    """
    log = TrainingLog() if log is None else log
    _check_counts(
        n_episodes=(n_episodes, 0),
        warmup=(warmup, 0),
        batch_size=(batch_size, 1),
        train_every=(train_every, 1),
        target_update_every=(target_update_every, 1),
        epsilon_decay_steps=(epsilon_decay_steps, 1),
        evaluate_every=(evaluate_every, 1),
        max_steps=(1 if max_steps is None else max_steps, 1),
    )
    _check_rules(discount_factor, stop_at, evaluate, log)
    _check_networks(model, target_model, env)
    _check_training_step(training_step, target_model)

    def epsilon() -> float:
        step = log.environment_steps
        return linear_epsilon(step, epsilon_start, epsilon_end, epsilon_decay_steps)

    rule = _EvaluationRule(evaluate, evaluate_every, stop_at)
    bar = TrainingProgress(log, n_episodes, max_steps, show_bar=progress, show_curve=live_curve)
    steps = _steps_of_all_episodes(model, env, replay_buffer, epsilon, n_episodes, seed)
    with _torch_seed(seed), bar:
        for episode, finished in steps:
            log.environment_steps += 1
            # Många träningssteg per episod, inte ett: det tränas mitt i spelet.
            its_time = log.environment_steps % train_every == 0
            if episode >= warmup and its_time and len(replay_buffer) >= batch_size:
                loss = training_step(
                    model, optimizer, criterion, replay_buffer, batch_size, discount_factor,
                    target_model,
                )  # fmt: skip
                log.losses.append(_loss_as_number(loss))
                if target_model is not None and log.gradient_steps % target_update_every == 0:
                    update_target_network(model, target_model)
            if finished is not None:
                log.episode_returns.append(finished)
                log.episode_ends.append(log.environment_steps)
            bar.step_done(finished is not None)
            rule.after_step(model, log)
            if log.stopped or log.environment_steps == max_steps:
                break
    if keep_best:
        rule.restore_best(model)
    return log.episode_returns


def _loss_as_number(loss: Any) -> float:
    """Förlusten som ett vanligt tal, så att loggen inte håller kvar någon beräkningsgraf."""
    if loss is None:
        raise TypeError(
            "Träningssteget gav None. Det ska returnera förlusten som ett tal: return loss.item()."
        )
    return float(loss.item() if isinstance(loss, torch.Tensor) else loss)


@contextmanager
def _torch_seed(seed: int | None) -> Iterator[None]:
    """Använd ett eget slumpfrö i torch en stund och ställ sedan tillbaka slumpen."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _check_counts(**counts: tuple[int, int]) -> None:
    """Säg vilket antal som inte är ett heltal eller är för litet."""
    for name, (value, smallest) in counts.items():
        if not isinstance(value, (int, np.integer)) or value < smallest:
            raise ValueError(f"{name} ska vara ett heltal, minst {smallest}, men är {value!r}.")


def _check_rules(
    discount_factor: float,
    stop_at: float | None,
    evaluate: Callable[[nn.Module], float] | None,
    log: TrainingLog,
) -> None:
    if not 0 <= discount_factor <= 1:
        raise ValueError(f"discount_factor ska ligga mellan 0 och 1, men är {discount_factor}.")
    if stop_at is not None and evaluate is None:
        raise ValueError(
            "stop_at behöver en utvärdering att jämföra med: ge också evaluate=…, en funktion som "
            "tar modellen och ger dess poäng."
        )
    if log.environment_steps > 0:
        raise ValueError("Loggen är redan ifylld av en annan träning. Ge en ny TrainingLog().")


def _check_networks(model: nn.Module, target_model: nn.Module | None, env: gym.Env) -> None:
    """Pröva näten på en observation ur miljöns rum innan något har spelats."""
    observation_size, n_actions = space_sizes(env)
    if model is target_model:
        raise ValueError(
            "model och target_model är samma objekt: två namn på ett nätverk. "
            "Gör målnätverket med copy.deepcopy(model)."
        )
    for net in (model, target_model):
        if net is None:
            continue
        device = device_of(net)
        wanted = f"({observation_size} tal in, {n_actions} Q-värden ut)"
        try:
            with torch.no_grad():
                shape = tuple(net(torch.zeros(1, observation_size, device=device)).shape)
        except RuntimeError as error:
            raise ValueError(f"Nätverket passar inte miljön {wanted}: {error}") from None
        if shape != (1, n_actions):
            raise ValueError(
                f"Nätverket passar inte miljön {wanted}: en observation gav formen {shape}, "
                f"väntat (1, {n_actions}). DQN.for_env(env) gör ett som passar."
            )


def _check_training_step(training_step: TrainingStep, target_model: nn.Module | None) -> None:
    """Träningssteget ska ta sju argument, och kräver det ett målnätverk ska det finnas ett."""
    try:
        signature = inspect.signature(training_step)
    except (TypeError, ValueError):
        return  # en funktion skriven i C: dess argument syns inte förrän den anropas
    try:
        bound = signature.bind(*range(7))
    except TypeError:
        raise TypeError(
            f"training_step ska ta sju argument (model, optimizer, criterion, replay_buffer, "
            f"batch_size, discount_factor, target_model), men tar {signature}. Saknas bara "
            "target_model kan du skicka lambda *args: ditt_steg(*args[:6])."
        ) from None
    last = signature.parameters[list(bound.arguments)[-1]]
    if target_model is None and last.kind is not last.VAR_POSITIONAL and last.default is last.empty:
        raise ValueError(
            "Träningssteget behöver ett målnätverk, men target_model är None. Ge "
            "target_model=copy.deepcopy(model)."
        )
