"""Ett fall som Python att klistra in i en cell, så att studenten kan köra just det exemplet."""

import json
from typing import Any

import numpy as np

from dqn_helpers.exercises.model import Case, Exercise, Inputs

WRAPS = {"list": "", "tuple": "tuple", "array": "np.array", "tensor": "torch.tensor"}
"""Det som ett fall säger om vad talen ska ligga i → hur det skrivs."""

LINE = 88
REPEATED = 4
"""Så många likadana delar i rad skrivs som en upprepning."""


def as_python(exercise: Exercise, case: Case) -> str:
    """Fallet som kod som går att köra i anteckningsboken, sist anropet av studentens lösning.

    Är övningen mer än ett enda anrop körs dess drivare, samma som kontrollen använder: den gör
    nätverk, buffert och miljö av talen och ger en ordbok med det som iakttogs.
    """
    inputs = case.without_evidence().inputs
    code = _call(exercise, inputs) if exercise.wraps else _driver_call(exercise, inputs)
    imports = {"np.": "import numpy as np", "torch.": "import torch"}
    needed = [line for name, line in imports.items() if name in code]
    return "\n".join([*needed, "", code] if needed else [code])


def _call(exercise: Exercise, inputs: Inputs) -> str:
    lines = []
    for name in exercise.arguments:
        wrap = exercise.wraps.get(name, "")
        wrap = WRAPS[inputs[wrap]] if wrap in inputs else wrap
        literal = _literal(inputs[name], len(name) + len(wrap) + 4)
        lines.append(f"{name} = {wrap}({literal})" if wrap else f"{name} = {literal}")
    return "\n".join([*lines, "", f"{exercise.name}({', '.join(exercise.arguments)})"])


def _driver_call(exercise: Exercise, inputs: Inputs) -> str:
    rows = "".join(f'    "{key}": {_literal(value, 8)},\n' for key, value in inputs.items())
    return (
        "from dqn_helpers.exercises import EXERCISES\n\n"
        f"inputs = {{\n{rows}}}\n\n"
        f'EXERCISES["{exercise.number}"].driver({exercise.name}, inputs)'
    )


def _literal(value: Any, used: int) -> str:
    """Enkla data som Python. Ryms det inte på raden får varje del en egen."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float) and not np.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {_literal(v, used)}' for key, v in value.items()) + "}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # dubbla citattecken, som i kursen
    if not isinstance(value, list | tuple):
        return repr(value)
    parts = [_literal(item, used + 4) for item in value]
    if len(parts) >= REPEATED and len(set(parts)) == 1:
        return f"[{parts[0]}] * {len(parts)}"
    whole = f"[{', '.join(parts)}]"
    if used + len(whole) <= LINE or not any(isinstance(item, list | tuple) for item in value):
        return whole
    return "[\n" + "".join(f"        {part},\n" for part in parts) + "    ]"
