"""Studentens värden som enkla data, och skrivna på svenska."""

from collections.abc import Iterable, Sized
from typing import Any

import numpy as np
import torch

from dqn_helpers.counting import counted
from dqn_helpers.figures import swedish_number

MAX_ITEMS = 10_000
MAX_TEXT = 1_000
MAX_VALUE = 1_800  # tecken när ett värde skrivs i en mening; fallens egna indata ryms
MAX_NESTED = 5  # listor i varandra som skrivs ut
ANY_ORDER = "i valfri ordning"


def plain(value: Any) -> Any:
    """Gör om ett värde till enkla data: tal, text, None, lista, ordbok eller numpy-array.

    Tensorer blir arrayer (utan gradient), 0-dimensionella blir tal, listor av tal blir arrayer.
    Det som inte är data blir `{"type": "klassens namn"}`, och det som är större än något rätt svar
    blir `{"kind": "vad det är, i ord"}`.
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
        return {"kind": f"en array av sorten `{value.dtype}`"}
    if value.size > MAX_ITEMS:
        return {"kind": kind_in_words(value)}
    return value.item() if value.ndim == 0 else np.array(value)


def any_order(items: Iterable[Any]) -> dict[str, list[Any]]:
    """Delar vars ordning inte betyder något, som enkla data; `difference` jämför dem som mängder.

    Sortera inte flyttal i stället: två som är lika på sista biten när hamnar i olika ordning på
    olika processorer, och då ser samma svar ut som två.
    """
    return {ANY_ORDER: list(items)}


def _plain_list(values: list | tuple) -> Any:
    if len(values) > MAX_ITEMS:
        return {"kind": kind_in_words(list(values))}
    items = [plain(item) for item in values]
    if items and all(isinstance(item, int | float) for item in items):
        return np.array(items)
    return items


def swedish_value(value: Any) -> str:
    """Ett enkelt värde så som det skrivs i återkopplingen, aldrig längre än några rader."""
    return shortened(_spelled(value, MAX_NESTED), MAX_VALUE)


LONG_VALUE = 120  # tecken; ett längre värde i ett fall sägs med några ord i stället
NETWORKS = ("layers", "target_layers", "model", "target")


def in_short(name: str, value: Any) -> str:
    """Det av fallets indata som heter `name`; är det stort sägs vad det är i stället."""
    text = swedish_value(value)
    if len(text) <= LONG_VALUE:
        return text
    if name in NETWORKS:
        return "ett litet nätverk"
    if name in ("transitions", "experiences"):
        return counted(len(value), "övergång", "övergångar")
    try:
        whole = np.asarray(value, dtype=float)
    except (TypeError, ValueError):  # delarna är olika stora
        return _list_in_words(value) if hasattr(value, "__len__") else text
    return kind_in_words(whole)


def _spelled(value: Any, depth: int) -> str:
    if isinstance(value, bool | np.bool_):
        return "sant" if value else "falskt"
    if isinstance(value, int | float | np.number):
        return swedish_number(float(value), digits=5)
    if isinstance(value, np.ndarray):
        if not value.ndim:
            return _spelled(value.item(), depth)
        value = value[:13].tolist()
    if isinstance(value, list | tuple):
        # Tolv delar i vart och ett av många led blir annars miljoner.
        shown = "; ".join(_spelled(item, depth - 1) for item in value[:12]) if depth else "…"
        return f"[{shown}{'; …' if len(value) > 12 else ''}]"
    if isinstance(value, dict):
        if ANY_ORDER in value:
            return _spelled(value[ANY_ORDER], depth)
        return str(value.get("kind", value.get("type", "en ordbok")))[:100]
    return "None" if value is None else str(value)[:200]


def shortened(text: str, most: int) -> str:
    """Texten, kortad om den är längre än `most` tecken."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def kind_in_words(value: Any) -> str:
    """Vilken sorts värde det är, i ord: "en array med formen (3, 1)"."""
    if isinstance(value, np.ndarray):
        return f"en array med formen {value.shape}"
    words = {bool: "ett sanningsvärde", int: "ett tal", float: "ett tal", str: "en text"}
    if isinstance(value, dict):
        return str(value.get("kind", f"ett objekt av sorten `{value.get('type', 'dict')}`"))[:150]
    if isinstance(value, list):
        return _list_in_words(value)
    return words.get(type(value), "`None`")


def _list_in_words(value: Sized) -> str:
    return f"en lista med {counted(len(value), 'del', 'delar')}"
