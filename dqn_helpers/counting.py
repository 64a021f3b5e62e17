"""Antal i ord ("1 fil" men "0 filer" och "3 filer"), uppräkningar och hela meningar."""

from collections.abc import Sequence


def agreeing(n: float | str, one: str, many: str) -> str:
    """Det av orden som hör till antalet.

    Args:
        n: antalet, eller antalet så som det ska stå, till exempel "1 000".
        one: ordet när det är ett, till exempel "rättad".
        many: ordet annars, till exempel "rättade".
    """
    return one if n in (1, "1") else many


def counted(n: float | str, one: str, many: str) -> str:
    """Antalet och ordet efter det: `counted(1, "fil", "filer")` är "1 fil"."""
    return f"{n} {agreeing(n, one, many)}"


def listed(words: Sequence[str]) -> str:
    """Orden i en uppräkning: "a", "a och b" eller "a, b och c"; tomt om det inte finns några."""
    *first, last = words or [""]
    return f"{', '.join(first)} och {last}" if first else last


def as_sentence(text: str) -> str:
    """Meningen med stor bokstav först och skiljetecken sist; någons ord kan sluta hur som helst."""
    ended = text if text.rstrip("”)").endswith((".", "!", "?", "…")) else f"{text}."
    return ended[:1].upper() + ended[1:]
