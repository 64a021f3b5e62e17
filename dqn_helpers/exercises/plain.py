"""Studentens värden som enkla data, och skrivna på svenska."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from dqn_helpers.pictures import swedish_number

MAX_ITEMS = 10_000
MAX_TEXT = 1_000


def plain(value: Any) -> Any:
    """Gör om ett värde till enkla data: tal, text, None, lista, ordbok eller numpy-array.

    Tensorer blir arrayer (utan gradient), 0-dimensionella blir tal, listor av tal blir arrayer.
    Det som inte är data blir `{"type": "klassens namn"}`.
    """
    if value is None or isinstance(value, bool | np.bool_):
        return None if value is None else bool(value)
    if isinstance(value, torch.Tensor | np.ndarray):
        return _plain_array(value)
    if isinstance(value, int | np.integer):
        return int(value) if abs(int(value)) < 2**63 else float("inf")
    if isinstance(value, float | np.floating):
        return float(value)
    if isinstance(value, str):
        return str(value)[:MAX_TEXT]
    if isinstance(value, list | tuple):
        return _plain_list(value)
    if isinstance(value, dict):
        return {str(key)[:MAX_TEXT]: plain(item) for key, item in list(value.items())[:MAX_ITEMS]}
    return {"type": type(value).__name__}


def _plain_array(value: torch.Tensor | np.ndarray) -> Any:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().to_dense() if value.is_sparse else value.detach().cpu()
        if value.dtype == torch.bfloat16:
            value = value.float()
        value = value.resolve_conj().numpy()
    if value.dtype.kind not in "biuf":
        return {"type": f"array av {value.dtype}"}
    return value.item() if value.ndim == 0 else np.array(value)


def _plain_list(values: Iterable[Any]) -> Any:
    items = [plain(item) for item in list(values)[:MAX_ITEMS]]
    if items and all(isinstance(item, int | float) for item in items):
        return np.array(items)
    return items


def swedish_value(value: Any) -> str:
    """Ett enkelt värde så som det skrivs i återkopplingen, aldrig längre än några rader."""
    if isinstance(value, bool | np.bool_):
        return "sant" if value else "falskt"
    if isinstance(value, int | float | np.number):
        return swedish_number(float(value), digits=5)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        shown = "; ".join(swedish_value(item) for item in value[:12])
        return f"[{shown}{'; …' if len(value) > 12 else ''}]"
    if isinstance(value, dict):
        return str(value["type"]) if "type" in value else "en ordbok"
    return "None" if value is None else str(value)[:200]


def kind_in_words(value: Any) -> str:
    """Vilken sorts värde det är, i ord: "en array med formen (3, 1)"."""
    if isinstance(value, np.ndarray):
        return f"en array med formen {value.shape}"
    words = {bool: "ett sanningsvärde", int: "ett tal", float: "ett tal", str: "en text"}
    if isinstance(value, dict):
        return f"ett objekt av sorten {value.get('type', 'dict')}"
    if isinstance(value, list):
        return f"en lista med {len(value)} delar"
    return words.get(type(value), "None")
