"""En sats ytterst i en cell: vilka namn den läser, ger och ändrar, utan att den körs.

Läst och gett avgörs av Pythons egen kompilator, så att lokala variabler aldrig förväxlas med
globala. Vad som ändras (`d["x"] = …`, `lista.append(…)`) läses ur syntaxträdet.
"""

import ast
import dis
import inspect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType

from dqn_helpers.autograder.cell_parsing import compiled

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_READ = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
_IMMEDIATE = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}

# Metoder som ändrar sitt objekt också när deras värde används: `_ = d.setdefault(…)`.
_CHANGING_METHODS = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "pop"),
    *("popitem", "popleft", "register", "remove", "reverse", "rotate", "setdefault", "sort"),
    *("update",),
}
# Funktioner som ändrar sina argument: `random.shuffle(lista)`.
_CHANGING_FUNCTIONS = {
    *("copyto", "delattr", "fill_diagonal", "heapify", "heappop", "heappush", "insort", "place"),
    *("put", "putmask", "setattr", "shuffle", "update_wrapper"),
}


@dataclass
class Names:
    """Globala namn i kompilerad kod.

    Attributes:
        reads: läses när satsen körs.
        stores: ges ett värde när satsen körs.
        deletes: tas bort.
        later: läses först när en funktion som satsen definierar anropas.
        later_stores: ges ett värde då (`global`).
    """

    reads: set[str] = field(default_factory=set)
    stores: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    later_stores: set[str] = field(default_factory=set)


@dataclass
class Changes:
    """Namn vars värden satser kan ändra.

    Attributes:
        stored: `namn.x = …`, `namn[i] = …`.
        methods: `namn.metod(…)`.
        handed: (funktionens namn, argumentens namn) i ett anrop som står för sig självt.
        calls: funktioner som anropas.
    """

    stored: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    handed: list[tuple[str, set[str]]] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Statement:
    """En sats.

    Attributes:
        position: dess plats bland alla satser i boken.
        cell: dess cells plats bland kodcellerna.
        where: "cell 4, rad 2".
        names: vad den läser och ger.
        imports: namn som en import i den ger.
        own: namn som den ger på annat sätt.
        now: vad den ändrar när den körs.
        later: vad dess funktioner ändrar när de anropas.
        shares_line: sant om en annan sats står på samma rad.
    """

    position: int
    cell: int
    where: str
    node: ast.stmt
    names: Names
    imports: frozenset[str]
    own: frozenset[str]
    now: Changes
    later: Changes
    shares_line: bool

    @property
    def is_certain(self) -> bool:
        """Sant om satsen säkert ger sina namn värden (inte if, try, for …)."""
        return not isinstance(
            self.node, ast.If | ast.Try | ast.TryStar | ast.With | ast.For | ast.While | ast.Match
        )

    @property
    def is_function(self) -> bool:
        """Sant för def och för `f = lambda …`."""
        return isinstance(self.node, _FUNCTIONS) or isinstance(self.value, ast.Lambda)

    @property
    def value(self) -> ast.expr | None:
        """Det som tilldelas, om det är en tilldelning."""
        return self.node.value if isinstance(self.node, ast.Assign | ast.AnnAssign) else None

    @property
    def has_star(self) -> bool:
        """Sant om satsen innehåller `from … import *`."""
        return "*" in self.imports

    @property
    def is_future(self) -> bool:
        """Sant för `from __future__ import …`, som gäller alla celler efter."""
        return isinstance(self.node, ast.ImportFrom) and self.node.module == "__future__"

    @property
    def awaits(self) -> bool:
        """Sant om await står ytterst: det går bara i Jupyter."""
        waiting = (ast.Await, ast.AsyncFor, ast.AsyncWith)
        return any(isinstance(node, waiting) for node in walk_now(self.node))

    def parts(self, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
        """Satsens rader: (index, text)."""
        first, last = _first_line(self.node) - 1, _last_line(self.node) - 1
        if not self.shares_line:
            yield from ((number, lines[number]) for number in range(first, last + 1))
            return
        for number in range(first, last + 1):
            # Pythons kolumner räknas i byte.
            line = lines[number].encode("utf-8", "surrogatepass")
            end = self.node.end_col_offset if number == last else None
            start = self.node.col_offset if number == first else 0
            yield number, line[start:end].decode("utf-8", "surrogatepass")


def statements_of(tree: ast.Module) -> list[Statement]:
    """Satserna i en cell, räknade från 0."""
    nodes = tree.body
    edges = [(_first_line(node), _last_line(node)) for node in nodes]
    return [
        _statement(
            node,
            position=i,
            where=f"rad {edges[i][0]}",
            shares_line=(i > 0 and edges[i - 1][1] == edges[i][0])
            or (i + 1 < len(nodes) and edges[i + 1][0] == edges[i][1]),
        )
        for i, node in enumerate(nodes)
    ]


def _statement(node: ast.stmt, position: int, where: str, shares_line: bool) -> Statement:
    names = names_in(compiled(ast.Module([node], [])))
    scope = list(_same_scope(node))
    imports = {name for part in scope for name in _imported(part)}
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    defined = {part.name for part in scope if isinstance(part, kinds)}
    now = list(walk_now(node))
    return Statement(
        *(position, 0, where, node, names),
        imports=frozenset(imports),
        own=frozenset((names.stores - imports) | defined),
        now=changes_in(now),
        later=changes_in(_walk_later(now)),
        shares_line=shares_line,
    )


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


# --- läser och ger -------------------------------------------------------------------------------


def names_in(code: CodeType) -> Names:
    """De globala namn som koden använder."""
    names = Names()
    for instruction in dis.get_instructions(code):
        name, what = instruction.argval, instruction.opname
        if what in _READ:
            names.reads.add(name)
        elif what in ("STORE_NAME", "STORE_GLOBAL"):
            names.stores.add(name)
        elif what in ("DELETE_NAME", "DELETE_GLOBAL"):
            names.deletes.add(name)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            _add_inner(names, names_in(inner), inner)
    return names


def _add_inner(names: Names, inner: Names, code: CodeType) -> None:
    names.later |= inner.later
    names.later_stores |= inner.later_stores
    is_class_body = not code.co_flags & inspect.CO_OPTIMIZED
    if is_class_body:
        names.reads |= inner.reads - inner.stores
    elif code.co_name in _IMMEDIATE:
        names.reads |= inner.reads
        names.stores |= inner.stores  # valrossen, `:=`
    else:
        names.later |= inner.reads
        names.later_stores |= inner.stores


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.split(".")[0]


# --- ändrar --------------------------------------------------------------------------------------


def _same_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Noden och det i den som hör till samma namnrymd."""
    stack = [node]
    while stack:
        part = stack.pop()
        yield part
        if not isinstance(part, (*_FUNCTIONS, ast.ClassDef)):
            stack += ast.iter_child_nodes(part)


def walk_now(node: ast.AST) -> Iterator[ast.AST]:
    """Noden och det i den som körs när satsen körs: allt utom funktionernas innehåll."""
    stack = [node]
    while stack:
        part = stack.pop()
        yield part
        stack += _children_now(part)


def _children_now(node: ast.AST) -> Iterable[ast.AST]:
    if isinstance(node, ast.Lambda):
        return [node.args]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
    return ast.iter_child_nodes(node)


def _walk_later(now: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in now:
        if isinstance(node, ast.Lambda):
            yield from ast.walk(node.body)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in node.body:
                yield from ast.walk(part)


def changes_in(nodes: Iterable[ast.AST]) -> Changes:
    """Vad noderna kan ändra."""
    changes = Changes()
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Subscript):
            if not isinstance(node.ctx, ast.Load):
                changes.stored |= _root(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            _note_call(node.value, changes)
        elif isinstance(node, ast.Call):
            _note_used_call(node, changes)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            _note_decorators(node, changes)
    return changes


def _note_call(call: ast.Call, changes: Changes) -> None:
    """Ett anrop som står för sig självt görs för att det ändrar något."""
    if isinstance(call.func, ast.Attribute):
        changes.methods |= _root(call.func)
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    handed = {name for argument in arguments for name in _root(argument)}
    changes.handed.append((_called(call), handed))


def _note_used_call(call: ast.Call, changes: Changes) -> None:
    changes.calls.add(_called(call))
    if isinstance(call.func, ast.Attribute) and call.func.attr in _CHANGING_METHODS:
        changes.methods |= _root(call.func)


def _note_decorators(node: ast.FunctionDef | ast.ClassDef, changes: Changes) -> None:
    for decorator in node.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(function, ast.Attribute):  # @f.register
            changes.methods |= _root(function)
        elif isinstance(function, ast.Name):
            changes.calls.add(function.id)


def changes_its_arguments(function: str) -> bool:
    """Sant om funktionen är känd för att ändra det den får."""
    return function in _CHANGING_FUNCTIONS or (function.endswith("_") and function[:1] != "_")


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _root(node: ast.expr) -> set[str]:
    """Namnet längst till vänster i `namn.a[0].b`, om det är ett namn."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
