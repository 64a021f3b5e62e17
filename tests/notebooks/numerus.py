"""Ställen i koden där ett tal möter ett ord i flertal utan att ordet böjs efter talet.

Talet kan vara ett, och då blir det ”1 filer”. Därför går varje sådant ställe genom `counted` och
`agreeing` i `dqn_helpers/counting.py`, som också finns i mallarna och i bedömningssidans skript.
"""

import ast
import itertools
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NOUNS = _words(
    "agenter anteckningsböcker arrayer automater batchar belöningar bilder böcker celler "
    "dagar decimaler delar enheter episoder erfarenheter filer frågor frön följder grader "
    "gånger handlingar inlämningar kolumner kopior kronor kurvor kvällar kärnor körningar "
    "lösningar mappar matriser mikrosekunder miljoner miljöer millisekunder minuter mätningar "
    "nivåer observationer pilar platser poster prickar processer prövningar punkter Q-värden "
    "rader saker "
    "rutor satser sekunder sidor slumpfrön staplar studenter tabeller tensorer texter timmar "
    "trådar träningar uppdateringar uppgifter varningar vikter värden ändringar övergångar "
    "övningar"
)
"""Kursens ord i flertal. De som heter likadant i ental, som steg och poäng, kan inte bli fel."""

ADJECTIVES = _words(
    "bedömda borttagna dragna gemensamma godkända inlämnade klara lyckade lästa lösta räknade "
    "rättade skrivna sparade tillagda"
)
"""Ord som följer antalet också när de står ensamma: ”1 tillagd” men ”2 tillagda”."""


def _definite(noun: str) -> str:
    return f"{noun}a" if noun.endswith("n") else f"{noun}na"


PLURAL = "|".join([*NOUNS, *map(_definite, NOUNS), *ADJECTIVES])
NOT_ITS = r"(?!(?:alla|båda|flera|ska)\b)"
AFTER = re.compile(rf"[ \u00a0](?:{NOT_ITS}[a-zåäöé-]+[ae] ){{0,2}}?(?:{PLURAL})\b")
"""Det som följer på talet: ordet, kanske efter ett eller två adjektiv (”olika frön”).

I ”fröet är 3 båda gångerna” hör gångerna inte till talet.
"""

BEFORE = re.compile(r"\b(?:[Dd]e|[Dd]e här|[Dd]essa|[Aa]lla|[Bb]åda) $")
AGREES = re.compile(rf"(?: \w+){{0,4}} (?:är|blev|blir|var) (?:inte )?(?:{'|'.join(ADJECTIVES)})\b")
"""Runt ett antal som redan böjs: ”de 1 fil”, och ”1 fil är rättade”."""

TEMPLATE = re.compile(rf"(?:\{{[^{{}}\n]*\}}|%(?:\(\w+\))?[dgs])(?P<words>{AFTER.pattern})")
JINJA = re.compile(
    rf"\{{\{{(?P<value>[^{{}}]*)\}}\}}(?:</?\w+[^<>]*>)*(?P<words>{AFTER.pattern})"
    r"""|(?P<choice>["'][^"']*["'] if [^{}]*== 1 else)"""
)
SCRIPT = re.compile(
    rf"\$\{{(?P<value>[^{{}}]*)\}}(?P<words>{AFTER.pattern})"
    rf"""|[\w)\]](?P<sum> \+ ["'`]{AFTER.pattern})|(?P<choice>=== 1 \? ["'`])"""
)
"""I en text med hål, i en mall och i ett skript."""


class Found(NamedTuple):
    """Ett ställe: filen, raden, talet och orden som inte böjs efter det."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}, rad {self.line}: {self.what}"


def in_file(path: Path, root: Path) -> Iterator[Found]:
    """Ställena i en fil: Python, en anteckningsbok, en mall eller ett skript."""
    name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        for cell in json.loads(text)["cells"]:
            if cell["cell_type"] == "code":
                code = re.sub(r"^\s*[%!].*$", "", "".join(cell["source"]), flags=re.MULTILINE)
                yield from (Found(name, line, what) for line, what in in_python(code))
    elif path.suffix == ".py":
        yield from (Found(name, line, what) for line, what in in_python(text))
    else:
        pattern = JINJA if path.suffix == ".html" else SCRIPT
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Found(name, line, match[0].strip())


@cache
def _parsed(code: str) -> ast.Module:
    return ast.parse(code)


def in_python(code: str) -> Iterator[tuple[int, str]]:
    """Raden, och talet med orden efter det, för varje ställe i koden."""
    for node in ast.walk(_parsed(code)):
        if isinstance(node, ast.JoinedStr):
            yield from ((node.lineno, what) for what in _in_f_string(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ((node.lineno, match[0]) for match in TEMPLATE.finditer(node.value))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield from _beside(node, [node.left, node.right], "")
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
            yield from _beside(node, node.args, " ")
        elif isinstance(node, ast.IfExp) and _chooses_a_word(node):
            yield node.lineno, ast.unparse(node)


def _in_f_string(node: ast.JoinedStr) -> Iterator[str]:
    parts = [_text(part) for part in node.values]
    for i, part in enumerate(node.values):
        if not isinstance(part, ast.FormattedValue):
            continue
        value, after = ast.unparse(part.value), parts[i + 1] if i + 1 < len(parts) else ""
        if value.startswith(("counted(", "agreeing(")):
            before = BEFORE.search(parts[i - 1]) if i and value.startswith("counted(") else None
            follows = AGREES.match(after)
            if before or follows:
                yield f"{before[0] if before else ''}{value}{follows[0] if follows else ''}"
        elif words := AFTER.match(after):
            yield value + words[0]


def _text(node: ast.expr) -> str:
    """Texten i en konstant, eller i början av en f-sträng; annars ingenting."""
    if isinstance(node, ast.JoinedStr):
        return _text(node.values[0]) if node.values else ""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(node.value) if is_text and isinstance(node, ast.Constant) else ""


def _beside(node: ast.expr, values: list[ast.expr], space: str) -> Iterator[tuple[int, str]]:
    """Ett värde följt av en text: `str(n) + " filer"` och `print(n, "filer")`."""
    for value, after in itertools.pairwise(values):
        words = AFTER.match(space + _text(after))
        if words and not _text(value):
            yield node.lineno, ast.unparse(value) + words[0]


def _chooses_a_word(node: ast.IfExp) -> bool:
    """Sant för `"fil" if n == 1 else "filer"`: det är vad `agreeing` gör."""
    return re.search(r"[!=]= 1$", ast.unparse(node.test)) is not None and all(
        isinstance(one, ast.Constant) and isinstance(one.value, str)
        for one in (node.body, node.orelse)
    )


def constants(files: list[Path]) -> dict[str, list[float]]:
    """Namn med stora bokstäver → de tal som filernas konstanter med det namnet är."""
    found: dict[str, list[float]] = {}
    for path in (path for path in files if path.suffix == ".py"):
        for node in _parsed(path.read_text(encoding="utf-8")).body:
            for target, value in _assigned(node):
                number = value.value if isinstance(value, ast.Constant) else None
                if isinstance(number, int | float):
                    found.setdefault(ast.unparse(target), []).append(number)
    return found


def _assigned(node: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Namnen och värdena i `A = 1` och `A, B = 1, 2`."""
    if not isinstance(node, ast.Assign):
        return
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value
