"""Filnamn åt återkopplingssidorna: ofarliga, unika och så att Canvas känner igen studenten.

Canvas läser numren i de namn som den själv gav filerna när en mapp med kommentarer laddas upp.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from dqn_helpers.submission.collect import canvas_parts

MAX_LENGTH = 120
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LETTERS = str.maketrans({"æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ß": "ss", "đ": "d", "ł": "l"})


def own_name(file: str) -> str:
    """Filens eget namn, utan mappar och utan det som Canvas satte framför."""
    last = _parts(file)[-1] if _parts(file) else ""
    return canvas_parts(last).get("file") or last


def page_names(files: Sequence[str]) -> list[str]:
    """Ett filnamn per inlämning; två som skulle få samma får en bit av sin kontrollsumma."""
    names: list[str] = []
    taken: set[str] = set()
    plain = [_page_name(file) for file in files]
    times = Counter(name.lower() for name in plain)
    for file, name in zip(files, plain, strict=True):
        if times[name.lower()] > 1:
            name = _marked(name, file)
        while name.lower() in taken:  # samma fil två gånger
            name = _marked(name, f"{file}/{len(taken)}")
        taken.add(name.lower())
        names.append(name)
    return names


def _parts(file: str) -> list[str]:
    return [part for part in re.split(r"[/\\]", file) if part]


def _page_name(file: str) -> str:
    """Sidans namn: filens väg från den del som Canvas har namngett, annars hela."""
    parts = _parts(file)
    named = next((i for i, part in enumerate(parts) if canvas_parts(part)), 0)
    stem = re.sub(r"\.ipynb$", "", "-".join(parts[named:]), flags=re.IGNORECASE)
    safe = re.sub(r"(?:[^A-Za-z0-9_.]|\.\.+)+", "-", _ascii(stem)).strip("-.")
    if not safe or _RESERVED.fullmatch(safe):
        safe = f"fil-{safe}".strip("-")
    name = f"{safe}.html"
    return name if len(name) <= MAX_LENGTH else _marked(name, file)


def _ascii(text: str) -> str:
    return (
        unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode()
    )


def _marked(name: str, file: str) -> str:
    """Namnet med åtta tecken av filnamnets kontrollsumma, kortat så att det får plats."""
    digest = hashlib.sha256(file.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    stem = name.removesuffix(".html")[: MAX_LENGTH - len("-12345678.html")]
    return f"{stem.rstrip('-.')}-{digest}.html"
