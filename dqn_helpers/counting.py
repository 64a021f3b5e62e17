"""Antal i ord, böjda efter antalet: "1 fil" men "0 filer" och "3 filer", och uppräkningar."""

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


def listed(names: Sequence[str]) -> str:
    """Namnen som i löpande text: `listed(["a", "b", "c"])` är "a, b och c"; inga ger ""."""
    *first, last = names or [""]
    return f"{', '.join(first)} och {last}" if first else last
