"""Hur agenten väljer handling: girigt, ε-girigt, och hur ε avtar."""

from contextlib import nullcontext

import numpy as np
import torch
from torch import nn

from dqn_helpers.checks import check_probability, check_unpacked
from dqn_helpers.network import DQN, depends_on_mode, device_of, evaluation_mode


def epsilon_greedy(action_values: np.ndarray, epsilon: float, rng: np.random.Generator) -> int:
    """Välj ε-girigt ur en rad Q-värden.

    Args:
        action_values: float (A,), ett värde per handling.
        epsilon: sannolikheten att välja helt på måfå bland *alla* handlingar.
        rng: slumpgeneratorn.

    Returns:
        Handlingens nummer. Är flera lika bra lottas det mellan dem: annars skulle en tabell med
        bara nollor alltid ge handling 0.

    Raises:
        ValueError: om ε inte ligger mellan 0 och 1.

    Källa: Sutton och Barto 2018, avsnitt 2.2.
    """
    check_probability("epsilon", epsilon)
    if rng.random() < epsilon:
        return int(rng.integers(len(action_values)))
    best = np.flatnonzero(action_values == action_values.max())
    return int(best[rng.integers(len(best))])  # `rng.choice(best)` är samma dragning, men långsam


def choose_dqn_action(model: nn.Module, obs: np.ndarray, epsilon: float = 0.0) -> int:
    """Välj handling ε-girigt med nätverkets Q-värden.

    Slumpen kommer ur torch, så `torch.manual_seed` gör valen upprepbara. Med ε = 0 dras inget
    slumptal, inte ens av ett nätverk med `Dropout` i träningsläge.

    Args:
        model: nätverk som tar float32 (1, n) och ger Q-värden (1, A).
        obs: en observation, (n,).
        epsilon: sannolikheten att välja helt på måfå.

    Returns:
        Handlingens nummer, ett vanligt heltal.

    Raises:
        ValueError: om ε inte ligger mellan 0 och 1.
    """
    check_probability("epsilon", epsilon)
    check_unpacked(obs)
    if epsilon > 0 and torch.rand(()).item() < epsilon:
        # Ett DQN vet hur många handlingar det har. Andra nätverk får räkna ut sina Q-värden.
        n_actions = model.sizes[-1] if isinstance(model, DQN) else len(q_values_in(model, obs))
        return int(torch.randint(n_actions, ()).item())
    return int(q_values_in(model, obs).argmax().item())


def q_values_in(model: nn.Module, obs: np.ndarray) -> torch.Tensor:
    """Nätverkets Q-värden i en enda observation, float32 (A,), utan gradienter."""
    steady = evaluation_mode(model) if depends_on_mode(model) else nullcontext()
    with torch.no_grad(), steady:
        obs_tensor = torch.as_tensor(obs, dtype=torch.float32, device=device_of(model))
        return model(obs_tensor.unsqueeze(0)).squeeze(0)  # nätverket vill ha en batch: (1, n)


def linear_epsilon(step: int, start: float, end: float, decay_steps: int) -> float:
    """ε som sjunker rakt från `start` vid steg 0 till `end` vid `decay_steps` och stannar där.

    Raises:
        ValueError: om `step` är negativt eller `decay_steps` mindre än 1.
    """
    if step < 0 or decay_steps < 1:
        raise ValueError(
            "Steget `step` ska vara minst 0 och `decay_steps` minst 1, men de är "
            f"`{step}` och `{decay_steps}`."
        )
    share = min(step / decay_steps, 1.0)
    return start + share * (end - start)
