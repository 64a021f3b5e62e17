"""Kontroller av argument och miljöer, med felmeddelanden som säger vad som är fel och vad man gör.

Referenskoden anropar dem, så att algoritmen står ostörd där. Varje kontroll ger ValueError
(`check_training_step` också TypeError), och de som heter något annat än check_… ger ett värde.
"""

import copy
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from dqn_helpers.counting import counted
from dqn_helpers.training_log import TrainingLog

# --- tal -----------------------------------------------------------------------------------------


def check_at_least(smallest: float, **values: float) -> None:
    """Säg vilket av talen som är för litet."""
    for name, value in values.items():
        if value < smallest:
            raise ValueError(f"Argumentet `{name}` ska vara minst {smallest}, men är `{value}`.")


def check_counts(smallest: int, **values: Any) -> None:
    """Säg vilket av antalen som inte är ett heltal eller är för litet."""
    for name, value in values.items():
        if not isinstance(value, (int, np.integer)) or value < smallest:
            raise ValueError(
                f"Argumentet `{name}` ska vara ett heltal, minst {smallest}, men är `{value!r}`."
            )


def whole_number(name: str, value: float, smallest: int) -> int:
    """Talet som ett vanligt heltal; 100.0 och numpys heltal duger också.

    Raises:
        ValueError: om det inte är ett heltal, minst `smallest`.
    """
    if isinstance(value, bool) or value % 1 != 0 or value < smallest:
        raise ValueError(
            f"Argumentet `{name}` ska vara ett heltal, minst {smallest}, men är `{value!r}`."
        )
    return int(value)


def as_seed(seed: Any) -> int | None:
    """Ett slumpfrö som ett vanligt heltal, för Gymnasium tar inte numpys; None förblir None.

    Raises:
        ValueError: om det inte är ett heltal, minst 0.
    """
    if seed is None:
        return None
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(
            f"Slumpfröet `seed` ska vara ett heltal, minst 0, eller `None`, men är `{seed!r}`."
        )
    return int(seed)


def check_probability(name: str, value: float) -> None:
    """Säg till om talet inte kan vara en sannolikhet."""
    if not 0 <= value <= 1:
        raise ValueError(
            f"Argumentet `{name}` ska vara en sannolikhet, 0 till 1, men är `{value}`."
        )


def check_share(**values: float) -> None:
    """Säg vilket av talen (γ eller τ) som inte ligger mellan 0 och 1."""
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise ValueError(f"Argumentet `{name}` ska ligga mellan 0 och 1, men är `{value}`.")


def check_episodes(n_episodes: int, max_episode_steps: int) -> None:
    """Säg till om antalet episoder eller deras längd är för litet."""
    if n_episodes < 0 or max_episode_steps < 1:
        raise ValueError(
            "Antalet episoder, `n_episodes`, ska vara minst 0 och `max_episode_steps` minst 1, "
            f"men de är `{n_episodes}` och `{max_episode_steps}`."
        )


# --- miljöer -------------------------------------------------------------------------------------


def space_sizes(env: gym.Env) -> tuple[int, int]:
    """(antal tal i en observation, antal handlingar) för en miljö som DQN klarar.

    Raises:
        ValueError: om observationerna inte är en `Box` med en dimension eller handlingarna inte
            är `Discrete` från 0.
    """
    if isinstance(env, gym.vector.VectorEnv):
        envs = counted(env.num_envs, "miljö", "miljöer")
        raise ValueError(
            f"Det här är en vektormiljö med {envs}, men DQN tränas i en enda, vanlig miljö. Skapa "
            "den med `gym.make`, inte `gym.make_vec`."
        )
    obs_space, action_space = env.observation_space, env.action_space
    if not isinstance(obs_space, gym.spaces.Box) or len(obs_space.shape) != 1:
        raise ValueError(
            "DQN behöver observationer som är en `Box` med en dimension, till exempel fyra tal i "
            f"rad, men miljön har `{obs_space}`. Välj en annan miljö eller lägg på "
            "`gymnasium.wrappers.FlattenObservation`."
        )
    if not isinstance(action_space, gym.spaces.Discrete) or action_space.start != 0:
        is_continuous = isinstance(action_space, gym.spaces.Box)
        raise ValueError(
            "DQN behöver numrerade handlingar 0, 1, 2 … (`Discrete`), men miljön har "
            f"`{action_space}`. "
            + (
                "DQN kan inte välja bland kontinuerliga handlingar."
                if is_continuous
                else "Lägg på ett omslag som numrerar handlingarna från 0."
            )
        )
    check_takes_seed(env)
    return obs_space.shape[0], int(action_space.n)


def table_sizes(env: gym.Env) -> tuple[int, int]:
    """(S, A) för en miljö med numrerade tillstånd och handlingar.

    Raises:
        ValueError: om något av rummen inte är `Discrete` från 0.
    """
    spaces: tuple[Any, Any] = (env.observation_space, env.action_space)
    advice = {
        "observationer": "Med kontinuerliga tillstånd behövs ett nätverk: se anteckningsbok 03.",
        "handlingar": "En tabell har inte plats för kontinuerliga handlingar.",
    }
    for (name, what_to_do), space in zip(advice.items(), spaces, strict=True):
        if not isinstance(space, gym.spaces.Discrete) or space.start != 0:
            raise ValueError(
                f"En Q-tabell behöver {name} numrerade från 0 (`Discrete`), men miljön har "
                f"`{space}`. {what_to_do}"
            )
    check_takes_seed(env)
    return int(spaces[0].n), int(spaces[1].n)


def check_takes_seed(env: gym.Env) -> None:
    """Säg till om miljöns `reset` är som i gamla Gym och inte tar emot något frö."""
    try:
        inspect.signature(env.unwrapped.reset).bind(seed=None)
    except TypeError:
        raise ValueError(
            "Som i gamla Gym tar miljöns `reset` inte emot argumentet `seed`. Börja den med "
            "`def reset(self, *, seed=None, options=None):` och sedan `super().reset(seed=seed)`."
        ) from None


def from_reset(answer: Any) -> tuple[Any, dict[str, Any]]:
    """Det som `env.reset` gav, när det är en observation och en ordbok.

    Raises:
        ValueError: om det är något annat, som i gamla Gym.
    """
    if isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], dict):
        return answer
    got = _kind(answer)
    if isinstance(answer, tuple) and len(answer) == 2:
        got = f"en tupel där den andra saken är av sorten `{type(answer[1]).__name__}`"
    raise ValueError(
        "Miljöns `reset` ska ge två saker, observationen och en ordbok med upplysningar, men gav "
        f"{got}. I gamla Gym var det bara observationen. Sluta `reset` med "
        "`return obs, {}`."
    )


def from_step(answer: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
    """Det som `env.step` gav, när det är fem saker.

    Raises:
        ValueError: om det är något annat, som i gamla Gym.
    """
    if isinstance(answer, tuple) and len(answer) == 5:
        return answer
    raise ValueError(
        "Miljöns `step` ska ge fem saker, `obs, reward, terminated, truncated, info`, men gav "
        f"{_kind(answer)}. I gamla Gym var de fyra, med en enda `done`. Nu är `terminated` sant "
        "när uppgiften är slut, och `truncated` när bara tiden tog slut."
    )


def _kind(answer: Any) -> str:
    """Vad det är för något, i ord."""
    if isinstance(answer, tuple):
        return f"en tupel med {counted(len(answer), 'sak', 'saker')}"
    return "ingenting (`None`)" if answer is None else f"en enda sak (`{type(answer).__name__}`)"


# --- tabeller ------------------------------------------------------------------------------------


def check_mdp(
    transition_probabilities: np.ndarray, rewards: np.ndarray, allowed_actions: np.ndarray
) -> None:
    """Säg vad som är fel med en MDP:s arrayer, (S, A, S), (S, A, S) och (S, A)."""
    shape = transition_probabilities.shape
    if len(shape) != 3 or shape[0] != shape[2] or rewards.shape != shape:
        raise ValueError(
            "Både `transition_probabilities` och `rewards` ska ha formen (S, A, S), men de har "
            f"{shape} och {rewards.shape}."
        )
    if not (np.isfinite(transition_probabilities).all() and np.isfinite(rewards).all()):
        raise ValueError(
            "Sannolikheter och belöningar måste vara ändliga tal (inte `nan` eller `inf`)."
        )
    if (transition_probabilities < 0).any():
        raise ValueError("En sannolikhet kan inte vara negativ.")
    if allowed_actions.shape != shape[:2]:
        raise ValueError(
            f"Arrayen `allowed_actions` har formen {allowed_actions.shape}, men ska ha "
            f"(S, A) = {shape[:2]}."
        )
    if not allowed_actions.any(axis=1).all():
        raise ValueError("Varje tillstånd måste ha minst en tillåten handling.")
    sums = transition_probabilities.sum(axis=2)[allowed_actions]
    if not np.allclose(sums, 1.0):
        worst = f"{sums[np.argmax(np.abs(sums - 1))]:.6g}".replace(".", ",")
        raise ValueError(
            "Sannolikheterna för en tillåten handling ska summera till 1, men för minst en "
            f"handling summerar de till {worst}."
        )


def check_actions(actions: np.ndarray, n_actions: int) -> None:
    """Säg till om en policy, int (S,), har en handling som inte finns."""
    if not ((actions >= 0) & (actions < n_actions)).all():
        raise ValueError(f"Policyns handlingar ska vara 0 till {n_actions - 1}.")


def check_policy(policy: np.ndarray, allowed_actions: np.ndarray) -> None:
    """Säg vad som är fel med en policy som ska vara sannolikheter (S, A)."""
    if policy.shape != allowed_actions.shape:
        raise ValueError(
            "Policyn ska vara handlingar som heltal (S,) eller sannolikheter (S, A) = "
            f"{allowed_actions.shape}, men har datatypen `{policy.dtype}` "
            f"och formen {policy.shape}."
        )
    if (policy[~allowed_actions] > 0).any():
        raise ValueError("Policyn väljer en handling som inte är tillåten i sitt tillstånd.")
    if (policy < 0).any() or not np.allclose(policy.sum(axis=1), 1.0):
        raise ValueError("Policyns sannolikheter ska summera till 1 i varje tillstånd.")


def check_q_table(q_values: np.ndarray, shape: tuple[int, int]) -> None:
    """Säg till om en Q-tabell har fel form, eller heltal: då avrundas varje uppdatering bort."""
    if q_values.shape != shape or q_values.dtype.kind != "f":
        raise ValueError(
            f"Tabellen `q_values` ska vara flyttal med formen {shape}, men har datatypen "
            f"`{q_values.dtype}` och formen {q_values.shape}."
        )


# --- erfarenheter --------------------------------------------------------------------------------


def check_six_fields(experience: Any) -> None:
    """Säg till om en erfarenhet inte är en följd av sex fält."""
    n_fields = len(experience) if hasattr(experience, "__len__") else None
    if n_fields != 6:
        got = f"`{repr(experience)[:80]}`" if n_fields is None else f"{n_fields} fält"
        raise ValueError(
            "En erfarenhet är en tupel med sex fält, `(state, action, reward, next_state, "
            f"terminated, truncated)`, men här kom {got}."
        )


def check_experience(experience: Sequence[Any], observation_shape: tuple[int, ...] | None) -> None:
    """Säg vad som är fel med en erfarenhet som ska sparas.

    Args:
        experience: det som ska sparas.
        observation_shape: formen på de observationer som redan är sparade, None om inga är det.
    """
    check_six_fields(experience)
    state, _, reward, next_state, _, _ = experience
    check_unpacked(state)
    check_unpacked(next_state)
    if not math.isfinite(reward):
        raise ValueError(f"Belöningen är `{reward}`. Den måste vara ett ändligt tal.")
    # Formerna jämförs: annars skulle numpy tyst fylla en hel rad med ett enda tal.
    shape = np.shape(state) if observation_shape is None else observation_shape
    if not np.shape(state) == np.shape(next_state) == shape:
        raise ValueError(
            f"Observationerna har formerna {np.shape(state)} och {np.shape(next_state)}, men "
            f"bufferten rymmer {shape}. En ny miljö behöver en ny buffert."
        )


def check_enough_stored(n_stored: int, batch_size: int) -> None:
    """Säg till om det inte går att dra så många erfarenheter."""
    check_at_least(1, batch_size=batch_size)
    if batch_size > n_stored:
        stored = counted(n_stored, "erfarenhet", "erfarenheter")
        raise ValueError(
            f"Bufferten har {stored}, och det räcker inte till en batch på {batch_size}. "
            "Kontrollera att du drar så många som du tänkte. Stämmer det, behövs först fler "
            "erfarenheter i bufferten, eller en mindre batch."
        )


# --- träningssteget ------------------------------------------------------------------------------


def check_target_shapes(
    reward: torch.Tensor, next_q_values: torch.Tensor, terminated: torch.Tensor
) -> None:
    """Säg till om formerna inte är (B,), (B, A) och (B,).

    Utan den kontrollen skulle (B, 1) mot (B,) tyst bli (B, B).
    """
    if next_q_values.ndim != 2 or not reward.shape == terminated.shape == next_q_values.shape[:1]:
        raise ValueError(
            "Funktionen `td_target` vill ha formerna (B,), (B, A) och (B,), men fick `reward` "
            f"{tuple(reward.shape)}, `next_q_values` {tuple(next_q_values.shape)} och `terminated` "
            f"{tuple(terminated.shape)}."
        )


def check_chosen_shapes(q_values: torch.Tensor, action: torch.Tensor) -> None:
    """Säg till om formerna inte är (B, A) och (B,)."""
    if q_values.ndim != 2 or action.shape != q_values.shape[:1]:
        raise ValueError(
            "Funktionen `chosen_q_values` vill ha formerna (B, A) och (B,), men fick "
            f"{tuple(q_values.shape)} och {tuple(action.shape)}."
        )


def check_loss(loss: float) -> None:
    """Säg till om förlusten inte är ett ändligt tal."""
    if not math.isfinite(loss):
        raise ValueError(
            f"Förlusten blev `{loss}`. Träningen har spårat ur: pröva en mindre "
            "inlärningshastighet, ett målnätverk eller skalade belöningar."
        )


def check_optimizer(optimizer: torch.optim.Optimizer) -> None:
    """Säg till om ingen av optimerarens parametrar fick någon gradient."""
    parameters = (p for group in optimizer.param_groups for p in group["params"])
    if all(parameter.grad is None for parameter in parameters):
        raise ValueError(
            "Optimeraren är gjord för ett annat nätverk än det som tränas, för ingen av dess "
            "parametrar fick någon gradient. Skapa en ny, till exempel "
            "`torch.optim.Adam(model.parameters())`."
        )


def check_two_networks(model: nn.Module, target_model: nn.Module | None) -> None:
    """Säg till om målnätverket är själva online-nätverket."""
    if model is target_model:
        raise ValueError(
            "Argumenten `model` och `target_model` är samma objekt: två namn på ett nätverk. "
            "Skapa målnätverket med `copy.deepcopy(model)`."
        )


def check_target_update(model: nn.Module, target_model: nn.Module, tau: float) -> None:
    """Säg till om τ är orimligt, eller om nätverken är samma eller olika byggda."""
    check_share(tau=tau)
    check_two_networks(model, target_model)
    shapes = [
        [tensor.shape for tensor in (*net.parameters(), *net.buffers())]
        for net in (model, target_model)
    ]
    if shapes[0] != shapes[1]:
        raise ValueError("Online-nätverket och målnätverket har olika lager. Kopiera det ena.")


def check_batch_norm(model: nn.Module, batch_size: int) -> None:
    """Säg till om BatchNorm ska räkna ut medelvärden av ett enda exempel."""
    if batch_size > 1:  # frågas i varje träningssteg: då ska svaret inte kosta något
        return
    if any("BatchNorm" in type(module).__name__ for module in model.modules()):
        raise ValueError(
            "Nätverket har ett lager `BatchNorm`, och det behöver minst två exempel i batchen för "
            "att räkna ut hur de varierar. Välj en större `batch_size`."
        )


# --- loopen --------------------------------------------------------------------------------------


def reward_as_number(reward: Any) -> float:
    """Miljöns belöning som ett vanligt tal.

    Raises:
        ValueError: om den inte är ett enda ändligt tal.
    """
    if np.shape(reward) != ():
        raise ValueError(
            f"Miljön gav en belöning med formen {np.shape(reward)}. Den ska vara ett enda tal."
        )
    try:
        number = float(reward)
    except (TypeError, ValueError):
        raise ValueError(f"Miljön gav belöningen `{reward!r}`. Den ska vara ett tal.") from None
    if not math.isfinite(number):
        raise ValueError(f"Miljön gav belöningen `{number}`. Den måste vara ett ändligt tal.")
    return number


def check_unpacked(obs: Any) -> None:
    """Säg till om observationen är allt som `env.reset` gav, och inte bara det första."""
    if isinstance(obs, tuple) and len(obs) == 2 and isinstance(obs[1], dict):
        raise ValueError(
            "Observationen är en tupel av två saker: `env.reset` ger både observationen och en "
            "ordbok med upplysningar. Skriv `obs, info = env.reset()`."
        )


def check_observation(obs: np.ndarray) -> None:
    """Säg till om en observation inte är en rad av ändliga tal: nan smittar annars alla vikter."""
    if obs.ndim != 1:
        raise ValueError(
            f"Miljön gav en observation med formen {obs.shape}, men DQN behöver en rad tal, "
            "(n,). Låt miljön ge en array, till exempel `np.array([tillstånd], dtype=np.float32)`."
        )
    if not np.isfinite(obs).all():
        raise ValueError(
            f"Miljön gav observationen `{obs}`. Alla tal i den måste vara ändliga: felet ligger i "
            "miljön eller i något omslag kring den, inte i nätverket."
        )


def check_stop_rule(stop_at: float | None, evaluate: object | None, log: TrainingLog) -> None:
    """Säg till om en stoppgräns saknar sin utvärdering, eller om loggen redan är använd."""
    if stop_at is not None and evaluate is None:
        raise ValueError(
            "Gränsen `stop_at` behöver en utvärdering att jämföra med: ge också `evaluate=…`, en "
            "funktion som tar modellen och ger dess poäng."
        )
    if log.environment_steps > 0:
        raise ValueError("Loggen är redan ifylld av en annan träning. Ge en ny `TrainingLog()`.")


def check_networks(model: nn.Module, target_model: nn.Module | None, env: gym.Env) -> None:
    """Pröva nätverken på en observation ur miljöns rum innan något har spelats."""
    observation_size, n_actions = space_sizes(env)
    check_two_networks(model, target_model)
    outputs = counted(n_actions, "Q-värde", "Q-värden")
    wanted = f"({observation_size} tal in, {outputs} ut)"
    for net in (model, target_model):
        if net is None:
            continue
        device = next((parameter.device for parameter in net.parameters()), None)
        try:
            with torch.no_grad():
                # En kopia i utvärderingsläge: BatchNorm vill annars ha fler exempel än ett.
                tried = copy.deepcopy(net).eval()
                shape = tuple(tried(torch.zeros(1, observation_size, device=device)).shape)
        except RuntimeError as error:
            raise ValueError(
                f"Nätverket passar inte miljön {wanted}. PyTorch säger: ”{error}”."
            ) from None
        if shape != (1, n_actions):
            raise ValueError(
                f"Nätverket passar inte miljön {wanted}: en observation gav formen {shape}, "
                f"men den ska vara (1, {n_actions}). Anropet `DQN.for_env(env)` skapar ett som "
                "passar."
            )


def check_training_step(training_step: Callable[..., Any], target_model: nn.Module | None) -> None:
    """Träningssteget ska ta sju argument, och kräver det ett målnätverk ska det finnas ett."""
    try:
        signature = inspect.signature(training_step)
    except (TypeError, ValueError):
        return  # en funktion skriven i C: dess argument syns inte förrän den anropas
    try:
        bound = signature.bind(*range(7))
    except TypeError:
        raise TypeError(
            "Träningssteget ska ta sju argument, `(model, optimizer, criterion, replay_buffer, "
            f"batch_size, discount_factor, target_model)`, men tar `{signature}`. Saknas bara "
            "`target_model` kan du skicka `lambda *args: ditt_steg(*args[:6])`."
        ) from None
    last = signature.parameters[list(bound.arguments)[-1]]
    if target_model is None and last.kind is not last.VAR_POSITIONAL and last.default is last.empty:
        raise ValueError(
            "Träningssteget behöver ett målnätverk, men `target_model` är `None`. Ge "
            "`target_model=copy.deepcopy(model)`."
        )


def loss_as_number(loss: Any) -> float:
    """Förlusten som ett vanligt tal, så att loggen inte håller kvar någon beräkningsgraf.

    Raises:
        TypeError: om träningssteget inte gav någon förlust.
        ValueError: om förlusten inte är ett ändligt tal.
    """
    if loss is None:
        raise TypeError(
            "Träningssteget gav `None`. Det ska returnera förlusten som ett tal: "
            "`return loss.item()`."
        )
    number = float(loss.item() if isinstance(loss, torch.Tensor) else loss)
    check_loss(number)
    return number
