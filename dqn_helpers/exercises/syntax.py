"""Studentens syntaxträd: var i koden ett fel uppstod, och vad som verkligen står där.

En text i återkopplingen får bara påstå något om koden som är sant för just den koden. Det som går
att läsa ur syntaxträdet läses här; går det inte att läsa (en magisk rad, en källtext som inte finns
kvar) blir svaret None, och då påstås ingenting.
"""

import ast
import functools
import linecache
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

MAX_SOURCE = 200_000
"""Tecken; en längre fil läses inte. Cellerna i en anteckningsbok är några tusen."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Place = tuple[int | None, int | None, int | None, int | None]
"""Rad, sista rad, kolumn, sista kolumn."""


@dataclass(frozen=True)
class Site:
    """Platsen där ett undantag kastades.

    Attributes:
        expression: uttrycket som just räknades ut.
        statement: satsen som det står i.
        function: funktionen som satsen står i.
    """

    expression: ast.AST
    statement: ast.stmt
    function: ast.AST

    def parts(self) -> Iterator[ast.AST]:
        """Uttrycket, och det som namnen i det fick sina värden av."""
        yield from ast.walk(self.expression)
        names = {node.id for node in ast.walk(self.expression) if isinstance(node, ast.Name)}
        for target, value in assignments(self.function):
            if isinstance(target, ast.Name) and target.id in names:
                yield from ast.walk(value)

    def around(self) -> Iterator[ast.AST]:
        """Det som uttrycket står i, det närmaste först, till och med satsen."""
        whole = list(ast.walk(self.statement))
        inside: ast.AST = self.expression
        while inside is not self.statement:
            outside = next((one for one in whole if inside in ast.iter_child_nodes(one)), None)
            if outside is None:
                return
            yield outside
            inside = outside


@dataclass(frozen=True)
class _Read:
    """Ett läst träd, genomgånget en gång: en fil kan kasta många fel.

    Attributes:
        tree: trädet.
        at: platsen → det innersta som står just där.
        statements: alla satser.
        functions: alla funktioner.
    """

    tree: ast.Module
    at: Mapping[Place, ast.AST]
    statements: Sequence[ast.stmt]
    functions: Sequence[ast.AST]


def site_of(trace: TracebackType) -> Site | None:
    """Platsen i det led av anropen som `trace` pekar ut; None om källtexten inte går att läsa."""
    code = trace.tb_frame.f_code
    read = _parsed("".join(linecache.getlines(code.co_filename)))
    positions = list(code.co_positions())[trace.tb_lasti // 2 : trace.tb_lasti // 2 + 1]
    place = read.at.get(positions[0]) if read and positions else None
    if read is None or place is None:
        return None
    statement = _smallest_around(place, read.statements)
    function = _smallest_around(place, read.functions) or read.tree
    return Site(place, statement, function) if statement else None


@functools.lru_cache(maxsize=32)
def _parsed(source: str) -> _Read | None:
    """Källtextens träd; None om den är tom, för lång eller inte går att läsa."""
    if not source.strip() or len(source) > MAX_SOURCE:
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    nodes = list(ast.walk(tree))
    # I satsen `f(x)` är uttrycket innerst. `ast.walk` ger det yttersta först, så det sista vinner.
    at: dict[Place, ast.AST] = {
        (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset): node
        for node in nodes
        if isinstance(node, ast.expr | ast.stmt)
    }
    statements = [node for node in nodes if isinstance(node, ast.stmt)]
    functions = [node for node in nodes if isinstance(node, Function)]
    return _Read(tree, at, statements, functions)


def _smallest_around(node: Any, candidates: Sequence[Any]) -> Any:
    """Den kortaste av kandidaterna som `node` ligger i."""
    around = [one for one in candidates if _start(one) <= _start(node) and _end(node) <= _end(one)]
    return min(around, key=lambda one: (_end(one)[0] - one.lineno, _end(one)), default=None)


def _start(node: Any) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: Any) -> tuple[int, int]:
    return node.end_lineno, node.end_col_offset


# --- det som står i en funktion -------------------------------------------------------------------


def assignments(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Alla tilldelningar: målet och det som det får."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            yield node.target, node.value


def called(node: ast.AST) -> str:
    """Namnet på det som anropas, sist efter punkterna: `reset` för `env.reset(seed=1)`."""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def calls(tree: ast.AST, *names: str) -> list[ast.Call]:
    """Anropen av något med ett av namnen."""
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and called(n) in names]


def names_in(tree: ast.AST) -> list[str]:
    """Namnen som läses i trädet."""
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def tuple_names(target: ast.AST) -> list[str]:
    """Namnen i en uppackning, i ordning; "" för det som inte är ett namn. Tomt för annat."""
    if not isinstance(target, ast.Tuple | ast.List):
        return []
    return [one.id if isinstance(one, ast.Name) else "" for one in target.elts]


def written(node: ast.AST, most: int = 60) -> str:
    """Koden som den står, på en rad och kortad."""
    try:
        text = " ".join(ast.unparse(node).split())
    except (ValueError, RecursionError):
        return "…"
    return text if len(text) <= most else f"{text[: most - 1]}…"
