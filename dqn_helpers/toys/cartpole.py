"""CartPole att spela själv, med piltangenterna, mot en agent."""

import functools
import html
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium.envs.classic_control import CartPoleEnv
from torch import nn

from dqn_helpers.figures.worlds import cartpole_drawing, cartpole_frame
from dqn_helpers.network import DQN
from dqn_helpers.recipe import OBSERVATION_SCALE
from dqn_helpers.toys.toy import Toy, button, slider

MAX_STEPS = 500
TEXT_SIZE = 40
AGENTS = Path(__file__).with_name("cartpole_agents.json")
"""Tre agenter ur en och samma träning; `tests/cartpole_agents.py` gör om filen."""

PHYSICS = (
    "gravity", "masspole", "total_mass", "length", "polemass_length", "force_mag", "tau",
    "x_threshold", "theta_threshold_radians",
)  # fmt: skip
"""De tal i Gymnasiums CartPole som skriptet räknar med."""

ARROW = '<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path d="{}"/></svg>'
LEFT, RIGHT = ARROW.format("M17 3v18L3 12z"), ARROW.format("M7 3v18l14-9z")

Layers = list[dict[str, Any]]


def play_cartpole(
    agents: DQN | Mapping[str, DQN] | None = None,
    observation_scale: tuple[float, ...] = OBSERVATION_SCALE,
) -> Toy:
    """CartPole med piltangenter eller knappar, bredvid en agent som börjar i samma läge.

    Args:
        agents: ett tränat nätverk, eller flera med var sitt namn att välja mellan. Utan dem möter
            man tre som kursen har tränat.
        observation_scale: den skalning av observationen som nätverken är tränade med.
    """
    if agents is None:
        weights = json.loads(AGENTS.read_text(encoding="utf-8"))
    else:
        named = {"din agent": agents} if isinstance(agents, DQN) else agents
        weights = {name: layers_of(model, observation_scale) for name, model in named.items()}
    env = CartPoleEnv()
    env.reset(seed=0)
    drawing = cartpole_drawing(env, TEXT_SIZE)
    still = drawing
    for name, value in cartpole_frame(env, None, 0).items():
        still = still.replace(f"{{{name}}}", value)
    data = {
        "drawing": drawing,
        "physics": {name: getattr(env, name) for name in PHYSICS},
        "agents": list(weights.values()),
        "max_steps": MAX_STEPS,
    }
    alt = "Spel: håll stången upprätt med piltangenterna, bredvid en agent som gör detsamma."
    return Toy("cartpole", still, alt, _body(list(weights)), data)


def trained_policies() -> dict[str, Callable[[np.ndarray], int]]:
    """De tre agenter som leksaken har, var och en som en girig policy: namn → funktion."""
    weights = json.loads(AGENTS.read_text(encoding="utf-8"))
    return {name: functools.partial(_greedy, layers) for name, layers in weights.items()}


def _greedy(layers: Layers, obs: np.ndarray) -> int:
    """Den handling som nätverket med de här vikterna ger störst Q-värde."""
    values = np.asarray(obs, dtype=float)
    for number, layer in enumerate(layers):
        values = np.array(layer["weight"]) @ values + np.array(layer["bias"])
        if number < len(layers) - 1:
            values = np.maximum(values, 0)
    return int(values.argmax())


def layers_of(model: DQN, observation_scale: tuple[float, ...]) -> Layers:
    """Nätverkets vikter som tal. Observationens skalning räknas in i det första lagret.

    Args:
        model: nätverket.
        observation_scale: ett tal för varje tal i observationen.
    """
    linear = [layer for layer in model.layers if isinstance(layer, nn.Linear)]
    matrices = [layer.weight.detach().clone() for layer in linear]
    matrices[0] = matrices[0] * torch.tensor(observation_scale)
    return [
        {"weight": _rounded(matrix), "bias": _rounded(layer.bias.detach())}
        for matrix, layer in zip(matrices, linear, strict=True)
    ]


def _rounded(numbers: torch.Tensor) -> Any:
    """Fyra siffror räcker för att välja handling, och filen blir hälften så stor."""
    if numbers.dim() > 1:
        return [_rounded(row) for row in numbers]
    return [float(f"{number:.4g}") for number in numbers.tolist()]


def _body(names: list[str]) -> str:
    choices = "".join(
        f'<button type="button" data-mot>{html.escape(name)}</button>' for name in names
    )
    lanes = "".join(
        f'<div class="dqn-bana"><p><strong>{who}</strong> <span data-visa="{key}"></span></p>'
        f'<div data-bana="{key}" aria-hidden="true"></div></div>'
        for who, key in (("Du", "du"), ("Agenten", "agent"))
    )
    return (
        f'<div class="dqn-mot" role="group" aria-label="Motståndare">Möt {choices}</div>'
        f'<div class="dqn-banor">{lanes}</div>'
        '<p class="dqn-svar" role="status" data-visa="svar"></p>'
        f'<div class="dqn-rad">{button("vanster", f"{LEFT}vänster", kind="dqn-tryck")}'
        f"{button('starta', 'Starta', kind='dqn-stor')}"
        f"{button('hoger', f'höger{RIGHT}', kind='dqn-tryck')}</div>"
        + slider("fart", "fart", low=5, high=50, step=5, value=20)
    )
