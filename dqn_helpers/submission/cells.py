"""En kodcell → ett syntaxträd eller en svensk mening om vad som är fel. Inget körs.

IPythons egna rader (`!ls`, `%time`, `namn?`) blir `pass`, så att radnumren är studentens egna.
Koden är vems som helst: allt som kan gå fel i tolkningen blir ett fel i den här cellen.
"""

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Any

from dqn_helpers.exercises.syntax_words import described, syntax_in_swedish

MAX_MAGICS = 200  # IPython läser om hela cellen för var och en

TOO_DEEP = "rad 1: koden är för djupt nästlad för att läsas"

# Cellmagi vars innehåll inte är Python som hamnar i anteckningsboken.
_NOT_PYTHON = {
    *("!", "bash", "cmd", "cython", "file", "fortran", "html", "javascript", "js", "julia"),
    *("latex", "markdown", "perl", "r", "ruby", "script", "sh", "sql", "svg", "sx", "system"),
    "writefile",
}


@dataclass(frozen=True)
class CellSource:
    """Koden i en cell. `name` är dess plats bland alla celler, "cell 7"."""

    name: str
    text: str


@dataclass(frozen=True)
class ParsedCell:
    """En läst cell.

    Attributes:
        text: koden utan IPythons egna rader, med studentens radnummer.
        tree: syntaxträdet; None om koden inte går att läsa.
        error: vad som är fel, "rad 2: …".
        notes: vad som hoppades över.
    """

    text: str
    tree: ast.Module | None
    error: str = ""
    notes: tuple[str, ...] = ()


def parse_cell(source: str) -> ParsedCell:
    """Läs en kodcell: först som Python, och bara om det inte går som IPython."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    parsed = _parse(source)
    if parsed.tree is not None:
        return parsed
    try:
        text, notes = without_magics(source)
    except (Exception, MemoryError):  # IPython tål inte vad som helst
        return parsed
    if text == source:
        return parsed
    again = _parse(text)
    return ParsedCell(text, again.tree, again.error, tuple(notes))


def _parse(text: str) -> ParsedCell:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # en varning om "\d" är inget fel
            tree = ast.parse(text)
            # Kompilatorn hittar fler fel. Som i Jupyter får await stå ytterst.
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            compile(tree, "<cell>", "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        return ParsedCell(text, None, described(error, text))
    except (RecursionError, MemoryError):
        return ParsedCell(text, None, TOO_DEEP)
    except (ValueError, OverflowError) as error:
        return ParsedCell(text, None, f"rad 1: {syntax_in_swedish(str(error))}")
    return ParsedCell(text, tree)


# --- IPythons egna rader -------------------------------------------------------------------------


def without_magics(source: str) -> tuple[str, list[str]]:
    """Koden med IPythons egna rader ersatta av `pass`, och en mening om var och en."""
    # Inte str.splitlines: den delar också vid tecken som Python inte räknar som radslut.
    lines = [f"{line}\n" for line in source.split("\n")]
    first = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    blank, lines = ["\n"] * first, lines[first:]
    notes: list[str] = []
    while lines and (match := re.match(r"%%(!|\w+)", lines[0])):
        if match.group(1).lower() in _NOT_PYTHON:
            return "\n" * source.count("\n"), [
                f"cellen börjar med `%%{match.group(1)}` och körs inte"
            ]
        skipped = next((i for i, line in enumerate(lines[1:], 1) if line.strip()), len(lines))
        blank, lines = blank + ["\n"] * skipped, lines[skipped:]
    lines = _transformed(lines, len(blank), notes)
    return "".join([*blank, *lines])[:-1], notes


def _transformed(lines: list[str], offset: int, notes: list[str]) -> list[str]:
    """Låt IPython skriva om raderna, en åt gången, och byt det den skrev mot något ofarligt."""
    from IPython.core.inputtransformer2 import TransformerManager  # bara när den behövs

    manager: Any = TransformerManager()
    for transform in manager.cleanup_transforms:
        lines = transform(lines)
    for _ in range(MAX_MAGICS):
        changed, new = manager.do_one_token_transform(lines)
        if not changed:
            break
        place = next((i for i, (a, b) in enumerate(zip(lines, new, strict=False)) if a != b), 0)
        if "get_ipython()" in new[place]:
            notes.append(f"rad {offset + place + 1}: `{lines[place].strip()[:60]}` körs inte")
            new[place] = _harmless(lines[place], new[place])
        lost = len(lines) - len(new)  # ett kommando över flera rader blir en enda
        lines = [*new[: place + 1], *["\n"] * lost, *new[place + 1 :]]
    return lines


def _harmless(old: str, new: str) -> str:
    """`%time sats` blir satsen, `x = !ls` blir `x = None` och allt annat `pass`."""
    timed = re.match(r"(\s*)%time\s+(?!-)(.+)", old)
    if timed:
        return f"{timed.group(1)}{timed.group(2)}\n"
    assigned = re.match(r"(\s*[^=]*?=\s*)get_ipython\(\)", new)
    if assigned:
        return f"{assigned.group(1)}None\n"
    return f"{new[: len(new) - len(new.lstrip())]}pass\n"
