"""En kodcell → ett syntaxträd eller en svensk mening om vad som är fel. Inget körs.

IPythons egna rader (`!ls`, `%time`, `namn?`) blir `pass`, så att radnumren är studentens egna.
Koden är vems som helst: allt som kan gå fel i tolkningen blir ett fel i den här cellen.
"""

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Any

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
        return ParsedCell(text, None, _described(error, text))
    except (RecursionError, MemoryError):
        return ParsedCell(text, None, TOO_DEEP)
    except (ValueError, OverflowError) as error:
        return ParsedCell(text, None, f"rad 1: {_swedish(str(error))}")
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
                f"cellen börjar med %%{match.group(1)} och körs inte"
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


# --- syntaxfel på svenska ------------------------------------------------------------------------

_MESSAGES = (  # engelska till vänster
    (r"'(.)' was never closed", "{0} stängs aldrig"),
    (r"unmatched '(.)'", "{0} har ingen början"),
    (
        r"closing parenthesis '(.)' does not match opening parenthesis '(.)'(?: on line (\d+))?",
        "{0} stänger inte {1}, som öppnades före",
    ),
    (r"unterminated triple-quoted (?:f-)?string literal", 'en text med """ som aldrig tar slut'),
    (r"unterminated (?:f-)?string literal", "ett citattecken saknas: texten tar aldrig slut"),
    (r"expected 'except' or 'finally'", "try utan except"),
    (r"expected ':'", "kolon (:) saknas"),
    (r"expected '(.+)'", "{0} saknas"),
    (r"expected an indented block after (.+?) on line (\d+)", "efter rad {1} saknas indragen kod"),
    (r"expected an indented block", "här saknas indragen kod"),
    (r"unexpected indent", "raden är indragen utan anledning"),
    (r"unindent does not match", "indraget stämmer inte med någon rad ovanför"),
    (r"inconsistent use of tabs and spaces", "indraget blandar tabbar och mellanslag"),
    (
        r"invalid non-printable character (U\+\w+)",
        "ett osynligt tecken ({0}), ofta ett hårt mellanslag som följt med när texten klistrades "
        "in ur en PDF eller webbsida; sudda det och skriv ett vanligt mellanslag",
    ),
    (
        r"invalid character '(.+)' \((U\+\w+)\)",
        "tecknet {0} ({1}) finns inte i Python; det har kanske följt med när texten klistrades in",
    ),
    (r"Missing parentheses in call to '(\w+)'", "parenteser saknas efter {0}"),
    (r"invalid syntax\. Perhaps you forgot a comma", "ett komma verkar saknas"),
    (r"(?:invalid syntax|cannot assign).*Maybe you meant '=='", "= där det kanske ska vara =="),
    (r"cannot assign to (.+?)(?: here)?(?:\.|$)", "det går inte att tilldela till {0}"),
    (r"unexpected character after line continuation", "ett tecken efter \\ sist på raden"),
    (r"unexpected EOF|was never completed", "koden tar slut mitt i"),
    (r"'(\w+)' outside (?:async )?(?:function|loop)", "{0} utanför funktionen eller slingan"),
    (r"'(\w+)' not properly in loop", "{0} utanför slingan"),
    (
        r"(?:non-default argument|parameter without a default) follows",
        "en parameter utan standardvärde kommer efter en med",
    ),
    (r"positional argument follows keyword", "ett argument utan namn kommer efter ett med namn"),
    (r"duplicate argument '(.+)'", "parametern {0} finns två gånger"),
    (r"keyword argument repeated: (.+)", "argumentet {0} står två gånger"),
    (r"f-string: (?:expecting '}'|single '}')", "klamrarna i f-strängen går inte ihop"),
    (r"Exceeds the limit", "ett orimligt stort heltal"),
    (r"leading zeros in decimal", "heltal får inte börja med nolla"),
    (r"invalid decimal literal", "en siffra direkt följd av bokstäver"),
    (r"name '(.+)' is .+ prior to global", "global {0} ska stå före första användningen"),
    (r"source code (?:string )?cannot contain null bytes", "filen innehåller nolltecken"),
    (
        r"too many (?:nested|statically nested|levels of)",
        "koden är för djupt nästlad för att läsas",
    ),
    (r"surrogates not allowed", "ett trasigt tecken"),
    (r"invalid syntax", "Python förstår inte raden"),
)


def _swedish(message: str) -> str:
    for pattern, swedish in _MESSAGES:
        match = re.search(pattern, message)
        if match:
            return swedish.format(*(group or "" for group in match.groups()))
    return f"Python förstår inte raden (”{message[:100]}”)"


def _described(error: SyntaxError, text: str) -> str:
    """Felet med studentens egen rad: "rad 2: ( stängs aldrig: `x = (1 + 2`"."""
    number = error.lineno or 1
    lines = text.split("\n")
    line = lines[number - 1].strip()[:80] if 0 < number <= len(lines) else ""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return f"rad {number}: {_swedish(error.msg or '')}" + (f": `{shown}`" if shown else "")
