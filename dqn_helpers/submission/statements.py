"""En sats ytterst i en cell: vilka namn den läser, ger och ändrar, utan att den körs.

Vad som läses och ges avgör Pythons egen symboltabell, så att lokala variabler aldrig förväxlas med
globala. Vad som ändras (`d["x"] = …`, `lista.append(…)`) läses ur syntaxträdet.
"""

import ast
import contextlib
import re
import symtable
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)
_COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}

# Metoder som ändrar sitt objekt också när deras värde används: `_ = d.setdefault(…)`.
_CHANGING_METHODS = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "pop"),
    *("popitem", "popleft", "register", "remove", "reverse", "rotate", "setdefault", "sort"),
    *("update",),
}
# Funktioner som ändrar sitt första argument: `random.shuffle(lista)`.
_CHANGING_FUNCTIONS = {
    *("copyto", "delattr", "fill_diagonal", "heapify", "heappop", "heappush", "insort", "place"),
    *("put", "putmask", "setattr", "shuffle", "update_wrapper"),
}


@dataclass
class Use:
    """Vad kod gör med globala namn.

    Attributes:
        reads: namn som den läser.
        gives: namn som den ger ett värde; en import räknas inte.
        imports: namn som den importerar; "*" för `from … import *`.
        removes: namn som den tar bort med `del`.
        loops: namn som en for-loop i den ger sina värden.
        changes: namn vars värden den kan ändra. "fyll()" betyder att den anropar `fyll`.
        handed: (funktion, namn): `namn` är argument i ett anrop som står för sig självt.
        checks: (övningens nummer, namnet) i `check("5.1", namnet)`.
        awaits: sant om den väntar med await.
    """

    reads: set[str] = field(default_factory=set)
    gives: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    removes: set[str] = field(default_factory=set)
    loops: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    handed: set[tuple[str, str]] = field(default_factory=set)
    checks: list[tuple[str, str]] = field(default_factory=list)
    awaits: bool = False


@dataclass(frozen=True, eq=False)
class Statement:
    """En sats.

    Attributes:
        rows: radens index i cellen → det på raden som är satsens.
        now: vad den gör när den körs.
        later: vad dess funktioner gör när de anropas.
        cell: dess cell, "cell 4".
    """

    node: ast.stmt
    rows: dict[int, str]
    now: Use
    later: Use
    cell: str = ""

    @property
    def where(self) -> str:
        """Var den börjar: "cell 4, rad 2"."""
        return f"{self.cell}, rad {min(self.rows) + 1}"

    @property
    def value(self) -> ast.expr | None:
        """Det som tilldelas, om det är en tilldelning."""
        return self.node.value if isinstance(self.node, ast.Assign | ast.AnnAssign) else None

    @property
    def is_certain(self) -> bool:
        """Sant om satsen säkert ger sina namn värden (inte if, try, for …)."""
        return not isinstance(self.node, _BLOCKS)

    @property
    def is_for_all(self) -> bool:
        """Sant för det som gäller all kod efter: `from … import *` och `from __future__ …`."""
        future = isinstance(self.node, ast.ImportFrom) and self.node.module == "__future__"
        return future or "*" in self.now.imports


def statements_of(tree: ast.Module, text: str) -> list[Statement]:
    """Satserna i en cell."""
    # Inte str.splitlines: den delar också vid tecken som Python inte räknar som radslut.
    # Pythons kolumner räknas i byte.
    lines = text.encode().split(b"\n")
    return [_statement(node, _rows(node, lines)) for node in tree.body]


def _rows(node: ast.stmt, lines: Sequence[bytes]) -> dict[int, str]:
    """Satsens rader, utan andra satser på dem; en kommentar sist på raden får vara med."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    last, end = (node.end_lineno or node.lineno) - 1, node.end_col_offset
    if lines[last][end : (end or 0) + 100].lstrip().startswith(b"#"):
        end = None
    rows = dict(enumerate(lines[first : last + 1], first))
    rows[last] = rows[last][:end]
    if not decorators:
        rows[first] = rows[first][node.col_offset :]
    return {number: row.decode() for number, row in rows.items()}


def _statement(node: ast.stmt, rows: dict[int, str]) -> Statement:
    now, later = Use(), Use()
    with contextlib.suppress(SyntaxError):  # await ytterst, som ändå inte körs
        _note_names(symtable.symtable("\n".join(rows.values()), "<cell>", "exec"), now, later)
    for part, is_later in _parts(node):
        _note(part, later if is_later else now)
    now.reads -= now.loops
    if isinstance(node, ast.AnnAssign) and node.value is None:  # `x: int` ger inget värde
        now.gives.clear()
    now.gives -= now.removes
    for use in (now, later):  # inte det som bara finns i funktionen
        known = use.reads | use.gives
        use.changes = {name for name in use.changes if name.removesuffix("()") in known}
    return Statement(node, rows, now, later)


def _note_names(table: symtable.SymbolTable, now: Use, later: Use) -> None:
    """De globala namnen i symboltabellen och i dem inuti den."""
    for symbol in table.get_symbols():
        if not (symbol.is_global() or table.get_type() == "module"):
            continue
        name = symbol.get_name()
        if symbol.is_referenced():
            now.reads.add(name)
        if symbol.is_imported():
            now.imports.add(name)
        elif symbol.is_assigned():
            now.gives.add(name)
    for inner in table.get_children():
        runs_now = inner.get_type() == "class" or inner.get_name() in _COMPREHENSIONS
        _note_names(inner, now if runs_now else later, later)


def _parts(node: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """Noden och allt i den, och om det står i en funktion och alltså körs först senare."""
    stack = [(node, False)]
    while stack:
        part, later = stack.pop()
        yield part, later
        for name, value in ast.iter_fields(part):
            inner = later or (name == "body" and isinstance(part, _FUNCTIONS))
            children = value if isinstance(value, list) else [value]
            stack += [(child, inner) for child in children if isinstance(child, ast.AST)]


def _note(part: ast.AST, use: Use) -> None:
    """Det som noden själv gör, utöver att läsa och ge namn."""
    match part:
        case ast.Attribute(ctx=context) | ast.Subscript(ctx=context):
            use.changes |= set() if isinstance(context, ast.Load) else _root(part)
        case ast.AugAssign():  # symboltabellen säger bara att `n += 1` ger n
            use.reads |= _root(part.target) & use.gives
        case ast.For(target=ast.Name(id=name)):
            use.loops.add(name)
        case ast.For(target=ast.Tuple(elts=names)):
            use.loops |= {node.id for node in names if isinstance(node, ast.Name)}
        case ast.Delete():
            use.removes |= {node.id for node in part.targets if isinstance(node, ast.Name)}
        case ast.alias(name="*"):
            use.imports.add("*")
        case ast.Await() | ast.AsyncFor() | ast.AsyncWith() | ast.comprehension(is_async=1):
            use.awaits = True
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            for decorator in part.decorator_list:
                use.changes |= _called_or_root(decorator)
        case ast.Expr(value=ast.Call() as call):
            _note_alone(call, use)
        case ast.Call():
            _note_call(part, use)


def _note_alone(call: ast.Call, use: Use) -> None:
    """Ett anrop som står för sig självt görs för att det ändrar något."""
    if isinstance(call.func, ast.Attribute):
        use.changes |= _root(call.func)
    elif isinstance(call.func, ast.Name):
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        use.handed |= {(call.func.id, name) for argument in arguments for name in _root(argument)}


def _note_call(call: ast.Call, use: Use) -> None:
    match call.func:
        case ast.Name(id=called):
            use.changes.add(f"{called}()")
        case ast.Attribute(attr=called):
            if called in _CHANGING_METHODS:
                use.changes |= _root(call.func)
        case _:
            return
    match called, call.args:
        case "check", [ast.Constant(value=str(number)), tried, *_] if _is_dotted(tried):
            use.checks.append((number, ast.unparse(tried)))
        case _, [first, *_] if called in _CHANGING_FUNCTIONS or re.fullmatch("[^_].*_", called):
            use.changes |= _root(first)


def _is_dotted(node: ast.AST) -> bool:
    """Sant för `namn` och `namn.a.b`."""
    kinds = (ast.Name, ast.Attribute, ast.expr_context)
    return all(isinstance(part, kinds) for part in ast.walk(node))


def _called_or_root(decorator: ast.expr) -> set[str]:
    """`@tidtagen` och `@tidtagen(3)` anropar, `@f.register` ändrar f."""
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return {f"{function.id}()"} if isinstance(function, ast.Name) else _root(function)


def _root(node: ast.AST) -> set[str]:
    """Namnet längst till vänster i `namn.a[0].b`, om det är ett namn."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
