"""Svensk stavningskontroll: vilka ord i en text känner varken ordboken eller kursen till?

Ordboken är hunspells svenska (paketet hunspell-sv) och läses av spylls, så att inget program
utanför Python behövs. `ordlista.txt` bredvid har kursens egna ord.
"""

import ast
import builtins
import io
import json
import keyword
import re
import sysconfig
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from spylls.hunspell import Dictionary

PROJECT_WORDS = Path(__file__).with_name("ordlista.txt")
# Står där något lyfts ut ur texten (kod, formler, länkar), så att grannorden inte fogas ihop.
GAP = "\x00"
LETTERS = "A-Za-zÀ-ÖØ-öø-ÿ"
WORD = re.compile(rf"[{LETTERS}]+(?:[-'’][{LETTERS}]+)*")
# Två ord i rad som hopskrivna är ett kursord (i någon böjning) är troligen särskrivna.
ENDINGS = ("", "s", "n", "en", "et", "er", "ar", "na", "erna", "arna", "a", "ns", "ens")

_MARKDOWN = (
    r"^(```|~~~).*?^\1[ \t]*$",
    r"<!--.*?-->",
    r"<(script|style)\b.*?</\1>",
    r"<(\w+)[^>]*\blang=[\"']en[\"'][^>]*>.*?</\1>",
    r"\]\([^)\s]*(?:\([^)]*\))?[^)\s]*(?:\s\"[^\"]*\")?\)",
    r"^ {0,3}\[[^\]]+\]:\s*\S+",
)
_ANYWHERE = (
    r"\(\*[^*()\n]{1,50}\*\)",  # den engelska termen, så här: målnätverk (*target network*)
    r"(?<=\| )\*[^*|\n]{1,50}\*(?= \|)",  # och i ordlistans tabell: | *target network* |
    r"(`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)\1(?!`)",
    r"\$\$.*?\$\$|(?<!\\)\$[^$\n]+?(?<!\\)\$",
    r"</?[A-Za-z][^<>]*>",
    r"https?://\S+|\bdoi:\S+|\b[\w.+-]+@[\w-]+\.\w+",
    r"&#?\w+;",
    r"^[ \t]*(?:>>>|\.\.\.) [^\n]*",
    r"(?<!\w)--?[a-z][\w-]*",
    r"[\w.~-]*[/\\][\w./\\~-]*",
    r"\{[^{}\n]*\}",
    r"%\(\w+\)\w",
    r"\b\w+\([^()\n]*\)",
    rf"[\w-]*[_\d{GAP}][\w-]*",
    r"\b\w+(?:\.\w+)+\b",
    rf"\b[{LETTERS}]*[a-zåäö][A-ZÅÄÖ][{LETTERS}]*\b",
    r"\b[A-ZÅÄÖ]{2,}(?::\w+)?\b",
)
# Det i en sidmall som inte är text: taggar och Jinjas uttryck.
TEMPLATE_PARTS = re.compile(r"<[^>]*>|\{[{%#].*?[%}#]\}", re.DOTALL)
TRANSLATIONS = "# engelska till vänster"  # på raden där en tabell med översättningar börjar
TOOL_COMMENT = re.compile(r"#\s*(?:noqa|type:|fmt:|ruff:|pragma|%%|!)")
_QUOTED = re.compile(
    r"(?<![*\w])\*(?![\s*])[^*]{3,200}(?<!\s)\*(?![*\w])|[\"”“][^\"”“]{8,200}[\"”“]"
)
# Pythons egna ord, och rubrikerna i en docstring.
_PYTHON_WORDS = {*keyword.kwlist, *dir(builtins), "args", "inf", "nan"}
_PYTHON_WORDS |= {"Args", "Attributes", "Raises", "Returns", "Yields"}


def _compiled(patterns: tuple[str, ...]) -> list[re.Pattern[str]]:
    return [re.compile(pattern, re.MULTILINE | re.DOTALL) for pattern in patterns]


MARKDOWN, ANYWHERE = _compiled(_MARKDOWN), _compiled(_ANYWHERE)


@dataclass(frozen=True)
class Text:
    """En svensk text och var den står. `known`: namn i koden, som får nämnas i texten."""

    place: str
    line: int
    content: str
    known: frozenset[str] = frozenset()
    is_markdown: bool = False


class Finding(NamedTuple):
    """Ett ord som inte känns igen, eller två som borde vara ett."""

    place: str
    line: int
    word: str
    problem: str

    def __str__(self) -> str:
        advice = "lägg till i ordlista.txt om det är rätt"
        return f"{self.place}, rad {self.line}: {self.problem} «{self.word}», {advice}"


# --- ordboken ------------------------------------------------------------------------------------


@cache
def dictionary() -> Dictionary:
    """Den svenska ordboken; att läsa den tar ett par sekunder."""
    return Dictionary.from_files(str(Path(sysconfig.get_path("data")) / "share/hunspell/sv_SE"))


@cache
def in_dictionary(word: str) -> bool:
    """Sant om ordboken har ordet, eller kan sätta ihop det av ord som den har."""
    return bool(dictionary().lookup(word))


@cache
def project_words() -> frozenset[str]:
    """Kursens egna ord med små bokstäver, ett på raden i `ordlista.txt`."""
    lines = PROJECT_WORDS.read_text(encoding="utf-8").splitlines()
    words = (line.split("#")[0].strip().lower() for line in lines)
    return frozenset(word for word in words if word)


def in_project(word: str) -> bool:
    """Sant om kursens lista har ordet, i grundform eller genitiv."""
    lower = word.lower()
    return lower in project_words() or lower.removesuffix("s") in project_words()


def is_known(word: str) -> bool:
    """Sant om ordet är rätt stavat. Av ett bindestrecksord ska varje del vara det."""
    if len(word) == 1 or in_project(word) or in_dictionary(word):
        return True
    parts = re.split(r"[-'’]", word)
    return len(parts) > 1 and all(is_known(part) for part in parts)


@cache
def _split_words() -> frozenset[str]:
    """Kursorden i alla böjningar, att känna igen särskrivning på."""
    long_words = (word for word in project_words() if len(word) > 7)
    return frozenset(word + ending for word in long_words for ending in ENDINGS)


# --- rena texten ---------------------------------------------------------------------------------


def clean(text: Text) -> str:
    """Texten utan kod, formler, länkar och namn. Radnumren är kvar."""
    content = text.content
    for pattern in (MARKDOWN if text.is_markdown else []) + ANYWHERE:
        content = pattern.sub(_gap, content)
    return _QUOTED.sub(_gap_if_foreign, content)


def _gap(match: re.Match[str]) -> str:
    return GAP + "\n" * match.group().count("\n")


def _blank(match: re.Match[str]) -> str:
    return " " + "\n" * match.group().count("\n")


def _gap_if_foreign(match: re.Match[str]) -> str:
    """Lyft ut titlar på engelska, inom * * eller citattecken."""
    return _gap(match) if is_foreign(match.group()) else match.group()


def is_foreign(content: str) -> bool:
    """Sant om texten inte är svensk: minst två ord, och fler än hälften okända för ordboken."""
    words = WORD.findall(content)
    unknown = sum(not in_dictionary(word) for word in words)
    return len(words) >= 2 and unknown * 2 > len(words)


def check(text: Text) -> list[Finding]:
    """Okända och särskrivna ord i texten."""
    content = clean(text)
    matches = list(WORD.finditer(content))
    unknown = [
        (match, match.group(), "okänt ord")
        for match in matches
        if match.group() not in text.known and not is_known(match.group())
    ]
    split = [
        (second, f"{first.group()} {second.group()}", "särskrivet?")
        for first, second in pairwise(matches)
        if content[first.end() : second.start()].isspace() and _is_split(first, second)
    ]
    return [
        Finding(text.place, text.line + content.count("\n", 0, match.start()), word, problem)
        for match, word, problem in unknown + split
    ]


def _is_split(first: re.Match[str], second: re.Match[str]) -> bool:
    joined = (first.group() + second.group()).lower()
    return second.group() not in ENDINGS and joined in _split_words()


# --- varifrån texterna kommer --------------------------------------------------------------------


def texts_of(path: Path, root: Path, foreign: bool = False) -> Iterator[Text]:
    """Filens svenska texter: markdownceller, ett .md-dokument eller ett programs strängar.

    `foreign`: också strängar på engelska; då behövs inte ordboken, och det går mycket fortare.
    """
    name = path.relative_to(root).as_posix()
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from python_texts(content, name, foreign)
    elif path.suffix == ".ipynb":
        for cell in json.loads(content)["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                yield Text(f"{name}, cell {cell['id']}", 1, source, is_markdown=True)
            else:
                where = f"{name}, cell {cell['id']}"
                yield from python_texts(_without_magics(source), where, foreign)
    elif path.suffix == ".html":
        yield Text(name, 1, TEMPLATE_PARTS.sub(_blank, content), frozenset(_PYTHON_WORDS))
        for part in TEMPLATE_PARTS.finditer(content):  # text som en mall väljer bland
            line = content.count("\n", 0, part.start()) + 1
            for said in re.findall(r'"([A-ZÅÄÖ][^"]* [^"]*)"', part[0]):
                yield Text(name, line, said, frozenset(_PYTHON_WORDS))
    elif path.suffix == ".json":
        yield from _feedback(content, name, root)
    else:
        yield Text(name, 1, content, is_markdown=True)


def _feedback(content: str, name: str, root: Path) -> Iterator[Text]:
    """Återkopplingen på misstagen, en per rad; namnen i deras kod får nämnas."""
    known = set(_PYTHON_WORDS)
    for path in root.glob("solutions/grading/*/mistakes.py"):
        known |= set(_names(ast.parse(path.read_text(encoding="utf-8"))))
    for line, row in enumerate(content.splitlines(), 1):
        for message in re.findall(r'"text": ("(?:[^"\\]|\\.)*")', row):
            yield Text(name, line, json.loads(message), frozenset(known), is_markdown=True)


def _without_magics(source: str) -> str:
    return re.sub(r"^[ \t]*[%!].*$", "pass", source, flags=re.MULTILINE)


def python_texts(source: str, name: str, foreign: bool = False) -> Iterator[Text]:
    """Docstrings och andra strängar som ser ut som prosa, samt kommentarer."""
    tree = ast.parse(source)
    known = frozenset(_names(tree)) | _PYTHON_WORDS
    inside = {id(part) for node in ast.walk(tree) for part in _parts(node)}
    inside |= {id(part) for part in _english(tree, source.splitlines())}
    for node in ast.walk(tree):
        content = None if id(node) in inside else _string(node)
        if content and _is_prose(content) and (foreign or not is_foreign(content)):
            yield Text(name, node.lineno, content, known)
    for line, content in _comments(source):
        yield Text(name, line, content, known)


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Kommentarer och den rad de börjar på; kommentarer på rader i följd hör ihop."""
    start, lines = 0, []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not TOOL_COMMENT.match(token.string):
            if lines and token.start[0] != start + len(lines):
                yield start, "\n".join(lines)
                lines = []
            start = token.start[0] - len(lines)
            lines.append(token.string.lstrip("#"))
    if lines:
        yield start, "\n".join(lines)


def _parts(node: ast.AST) -> list[ast.expr]:
    return node.values if isinstance(node, ast.JoinedStr) else []


def _english(tree: ast.AST, lines: list[str]) -> Iterator[ast.expr]:
    """Det engelska i en tabell med översättningar: nycklarna, eller det första i varje par.

    I en rad som är ett anrop är det de två första argumenten; en enda text är engelska hela den.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and TRANSLATIONS in lines[node.lineno - 1]:
            if isinstance(node.value, ast.Dict):
                yield from (key for key in node.value.keys if key is not None)
            elif isinstance(node.value, ast.Tuple):
                yield from (pair.elts[0] for pair in node.value.elts if isinstance(pair, ast.Tuple))
                rows = (row for row in node.value.elts if isinstance(row, ast.Call))
                yield from (part for row in rows for part in row.args[:2])
            else:
                yield node.value


def _string(node: ast.AST) -> str | None:
    """Strängens text; i en f-sträng blir varje uttryck ett hål."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_string(part) or GAP for part in node.values)
    return None


def _is_prose(content: str) -> bool:
    has_words = re.search(rf"[{LETTERS}]{{2}}", content) is not None
    return has_words and " " in content.strip()


def _names(tree: ast.AST) -> Iterator[str]:
    """Namnen i koden, och strängar som är namn, till exempel nycklar: "reward"."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname", "module", "value"):
            value = getattr(node, field, None)
            if isinstance(value, str) and value.isascii():
                yield from (part for part in value.split(".") if part.isidentifier())
