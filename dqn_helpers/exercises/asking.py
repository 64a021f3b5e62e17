"""Att fråga rättaren efter ett värde, när en övning i 05 anropar en annan som inte höll.

Facit i 05 delas inte ut och får aldrig finnas i en process där studentens kod körs. Rättaren kör
därför 5.2 en andra gång med `ask_double_dqn_target` under studentens namn. Den gör om sina argument
till enkla data, frågar rättaren och väntar på svaret; något facit finns inte här.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

Ask = Callable[[dict[str, Any]], dict[str, Any]]

_line: list[Ask] = []


def open_line(ask: Ask) -> None:
    """Koppla frågorna till rättaren; görs av arbetsprocessen."""
    _line[:] = [ask]


def ask_double_dqn_target(
    model: nn.Module,
    target_model: nn.Module,
    reward: torch.Tensor,
    next_state: torch.Tensor,
    terminated: torch.Tensor,
    discount_factor: float,
) -> torch.Tensor:
    """Ett rätt mål för fallets egna nätverk och övergångar; rättaren räknar det.

    Raises:
        RuntimeError: om ingen rättare svarar.
        ValueError: om argumenten inte är fallets.
    """
    if not _line:
        raise RuntimeError("Det finns ingen rättare att fråga.")
    question = {
        "layers": layers_of(model),
        "target_layers": layers_of(target_model),
        "reward": _numbers(reward),
        "next_state": _numbers(next_state),
        "terminated": _numbers(terminated),
        "discount_factor": float(discount_factor),
    }
    answer = _line[0](question)
    if "target" not in answer:
        raise ValueError(str(answer.get("problem", "")))
    return torch.tensor(answer["target"], dtype=torch.float32)


def layers_of(network: nn.Module) -> list[list[Any]]:
    """Vikterna i ett litet nätverk, [[W, b], …], i samma form som övningarnas indata har.

    Raises:
        ValueError: om det inte är ett nätverk av `Linear` och `Tanh`.
    """
    modules = list(network) if isinstance(network, nn.Sequential) else [None]
    if not all(isinstance(one, nn.Linear | nn.Tanh) for one in modules):
        raise ValueError("Funktionen `double_dqn_target` ska få övningens två nätverk, som de är.")
    linear = [one for one in modules if isinstance(one, nn.Linear)]
    return [[_numbers(one.weight), _bias(one)] for one in linear]


def _bias(layer: nn.Linear) -> np.ndarray | None:
    # Typerna i torch säger att bias alltid finns, men den är None i ett lager utan.
    return None if layer.bias is None else _numbers(layer.bias)


def _numbers(tensor: torch.Tensor) -> np.ndarray:
    return torch.as_tensor(tensor).detach().cpu().numpy()
