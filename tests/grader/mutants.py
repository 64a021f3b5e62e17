"""Studenternas fel, som felmodellen inte har gjort: mutanter av de stilar som den aldrig har sett.

Felmodellen skriver om varannan rätt stil (`error_model.styles`). Här ändras de andra, på andra sätt
än `rewrites.RULES` gör: vid *gränsen*, så att funktionen ser ett annat argument eller ger ett annat
svar, och i *kroppen*, med slarvfel som en student gör. Varje ändring vet vad den gör: `names` är de
namn som är sanna om den, och `says` det som kortet i stället kan säga rakt ut.
"""

import ast
import copy
import difflib
import linecache
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dqn_helpers.autograder import error_model
from dqn_helpers.exercises import EXERCISES

from .mutant_tables import BOUNDARY, TRUE_NAMES

MOST_OF_A_KIND = 4
"""Så många mutanter av samma sort i en stil."""


@dataclass(frozen=True)
class Mutant:
    """En rätt lösning med ett fel.

    Attributes:
        id: övningen, stilen, ändringen och vilken i ordningen.
        number: övningen.
        style: den rätta lösningen.
        source: källtexten med felet.
        lines: raderna i källtexten som är nya.
        names: ett reguljärt uttryck för de namn som är sanna.
        says: detsamma för det som kan stå på kortet; tomt: inget av det räcker.
    """

    id: str
    number: str
    style: Any
    source: str
    lines: frozenset[int]
    names: str
    says: str

    @property
    def kind(self) -> str:
        """Ändringens sort."""
        return self.id.split("/")[2]

    def define(self) -> Any:
        """Funktionen (eller klassen) med felet, som om den stod i en cell."""
        filename = f"<cell {self.id}>"
        linecache.cache[filename] = (1, None, self.source.splitlines(True), filename)
        namespace = dict(vars(sys.modules[self.style.__module__]))
        exec(compile(self.source, filename, "exec"), namespace)
        return namespace[self.style.__name__]


def mutants(number: str) -> Iterator[Mutant]:
    """Övningens alla mutanter, i de stilar som felmodellen inte har."""
    for _, style in error_model.styles(number, held_out=True):
        tree = error_model.tree_of(style)
        if tree is None:
            continue
        before = ast.unparse(tree)
        seen = {before}
        for kind, count, changed in _changed(number, tree):
            source = ast.unparse(ast.fix_missing_locations(changed))
            if source not in seen:
                seen.add(source)
                yield _mutant(number, style, kind, count, before, source)


def _mutant(number: str, style: Any, kind: str, count: int, before: str, source: str) -> Mutant:
    names, says = TRUE_NAMES.get(f"{number} {kind}") or TRUE_NAMES.get(kind) or ("", "")
    identity = f"{number}/{style.__name__}/{kind}/{count}"
    return Mutant(identity, number, style, source, _new_lines(before, source), names, says)


def _new_lines(before: str, after: str) -> frozenset[int]:
    """Raderna som är nya eller ändrade; där något försvann, raderna omkring."""
    old, new = before.splitlines(), after.splitlines()
    found: set[int] = set()
    for what, _, _, start, end in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if what in ("replace", "insert"):
            found |= set(range(start + 1, end + 1))
        elif what == "delete":
            found |= {start, start + 1}
    return frozenset(found)


def _changed(number: str, tree: ast.Module) -> Iterator[tuple[str, int, ast.Module]]:
    """Det ändrade programmet, ändringens sort och vilken i ordningen den är."""
    for kind, (where, template) in BOUNDARY.get(number, {}).items():
        changed = _at_the_boundary(number, copy.deepcopy(tree), where, template)
        if changed is not None:
            yield kind, 0, changed
    for kind, operator in OPERATORS.items():
        for count in range(MOST_OF_A_KIND):
            changed = copy.deepcopy(tree)
            if not _apply(changed, operator, count):
                break
            yield kind, count, changed


# --- vid gränsen ----------------------------------------------------------------------------------


def _at_the_boundary(number: str, tree: ast.Module, where: str, template: str) -> Any:
    """Programmet med mallens satser först i funktionen ("in") eller runt svaret ("ut").

    `in.append` är metoden `append` i en klass. None om ett argument i mallen inte har något namn.
    """
    side, _, method = where.partition(".")
    function = _function(tree, method)
    names = _argument_names(number, function, method) if function else {}
    wanted = set(re.findall(r"\{(\w+)\}", template)) - {"x"}
    if function is None or not wanted <= set(names):
        return None
    if side == "in":
        has_text = ast.get_docstring(function) is not None
        function.body[has_text:has_text] = ast.parse(template.format(**names)).body
        return tree
    returns = _Returns(lambda value: template.format(x=ast.unparse(value), **names))
    function.body = [one for old in function.body for one in returns.listed(old)]
    return tree if returns.found else None


def _function(tree: ast.Module, method: str) -> ast.FunctionDef | None:
    definition: Any = tree.body[0]
    if not method:
        return definition if isinstance(definition, ast.FunctionDef) else None
    return next((one for one in definition.body if getattr(one, "name", "") == method), None)


def _argument_names(number: str, function: ast.FunctionDef, method: str) -> dict[str, str]:
    """Argumentens namn i övningen → i funktionen."""
    own = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    if method:
        return dict(zip(("self", "value"), own, strict=False))
    named = {one.arg: one.arg for one in function.args.kwonlyargs}
    return dict(zip(EXERCISES[number].arguments, own, strict=False)) | named


class _Returns(ast.NodeTransformer):
    """Byter funktionens egna `return värde` mot satserna som `rewritten(värde)` ger."""

    def __init__(self, rewritten: Callable[[ast.expr], str]) -> None:
        self.rewritten, self.found = rewritten, False

    def listed(self, statement: ast.stmt) -> list[ast.stmt]:
        new = self.visit(statement)
        return new if isinstance(new, list) else [new]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node  # en inre funktion har egna svar

    def visit_Return(self, node: ast.Return) -> Any:
        if node.value is None:
            return node
        self.found = True
        return ast.parse(self.rewritten(node.value)).body


# --- i kroppen ------------------------------------------------------------------------------------

OPERATORS: dict[str, Callable[[Any], list[Any]]] = {}
"""Sort → funktionen som ger det som en nod kan bytas mot: en nod, eller en lista av satser."""


def operator(kind: str) -> Callable[[Callable[[Any], list[Any]]], Callable[[Any], list[Any]]]:
    def register(finds: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any]]:
        OPERATORS[kind] = finds
        return finds

    return register


def _apply(tree: ast.Module, finds: Callable[[Any], list[Any]], wanted: int) -> bool:
    """Gör den ändring i trädet som har numret `wanted`; falskt om det inte finns så många."""
    count = -1
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            places = enumerate(value) if isinstance(value, list) else [(None, value)]
            if field in ("annotation", "returns", "decorator_list", "args", "keywords"):
                places = [] if not isinstance(parent, ast.Call) else places
            for place, node in places:
                for new in finds(node) if isinstance(node, ast.AST) else ():
                    count += 1
                    if count == wanted:
                        _put(parent, field, place, new)
                        return True
    return False


def _put(parent: ast.AST, field: str, place: int | None, new: Any) -> None:
    if place is None:
        setattr(parent, field, new)
    else:
        old = getattr(parent, field)
        setattr(parent, field, [*old[:place], *(new if isinstance(new, list) else [new]),
                                *old[place + 1 :]])  # fmt: skip


def _expression(text: str, **parts: ast.expr) -> ast.expr:
    """Uttrycket i texten, med delarna på namnens platser."""

    class Filled(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> Any:
            return parts.get(node.id, node)

    return Filled().visit(ast.parse(text, mode="eval").body)


def _is_number(node: ast.AST) -> bool:
    """Sant för ett uttryck som kan vara ett tal, en array eller en tensor i en räkning."""
    return isinstance(node, ast.Name | ast.Call | ast.Subscript | ast.BinOp) and not isinstance(
        getattr(node, "ctx", None), ast.Store
    )


def _operands(node: Any, *operators: type[ast.operator]) -> list[str]:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, operators):
        return []
    return [field for field in ("left", "right") if _is_number(getattr(node, field))]


def _wrapped(node: Any, text: str) -> list[Any]:
    """Uttrycket runt varje led i en summa eller produkt."""
    found = []
    for field in _operands(node, ast.Add, ast.Sub, ast.Mult):
        new = copy.copy(node)
        setattr(new, field, _expression(text, x=getattr(node, field)))
        found.append(new)
    return found


@operator("lika med plus")
def _equals_plus(node: Any) -> list[Any]:
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        sign = ast.UAdd() if isinstance(node.op, ast.Add) else ast.USub()
        return [ast.Assign([node.target], ast.UnaryOp(sign, node.value))]
    return []


@operator("parentes borta")
def _lost_parenthesis(node: Any) -> list[Any]:
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)):
        return []
    found: list[Any] = []
    for field, inner in (("left", "right"), ("right", "left")):
        total = getattr(node, field)
        if isinstance(total, ast.BinOp) and isinstance(total.op, ast.Add | ast.Sub):
            new, rest = copy.copy(total), copy.copy(node)
            setattr(rest, field, getattr(total, inner))
            setattr(new, inner, rest)
            found.append(new)
    return found


@operator("minus framför")
def _minus(node: Any) -> list[Any]:
    return _wrapped(node, "-x")


@operator("två gånger")
def _doubled(node: Any) -> list[Any]:
    return _wrapped(node, "2 * x")


@operator("ett till")
def _one_more(node: Any) -> list[Any]:
    return _wrapped(node, "(x + 1)")


@operator("utan tecken")
def _absolute(node: Any) -> list[Any]:
    return _wrapped(node, "abs(x)")


@operator("led dubblerat")
def _term_twice(node: Any) -> list[Any]:
    return [ast.BinOp(node, ast.Add(), getattr(node, field)) for field in _operands(node, ast.Add)]


@operator("index bredvid")
def _index_beside(node: Any) -> list[Any]:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name):
        return [
            ast.Subscript(node.value, _expression(text, x=node.slice), node.ctx)
            for text in ("x - 1", "0 * x")
        ]
    return []


@operator("loopen utan den första")
def _without_first(node: Any) -> list[Any]:
    return _looped(node, "list(x)[1:]")


@operator("loopen utan den sista")
def _without_last(node: Any) -> list[Any]:
    return _looped(node, "list(x)[:-1]")


@operator("loopen baklänges")
def _backwards(node: Any) -> list[Any]:
    return _looped(node, "list(x)[::-1]")


def _looped(node: Any, text: str) -> list[Any]:
    if not isinstance(node, ast.For | ast.comprehension):
        return []
    new = copy.copy(node)
    new.iter = _expression(text, x=node.iter)
    return [new]


@operator("break sist i loopen")
def _break_last(node: Any) -> list[Any]:
    if isinstance(node, ast.For | ast.While) and not isinstance(node.body[-1], ast.Return):
        new = copy.copy(node)
        new.body = [*node.body, ast.Break()]
        return [new]
    return []


@operator("taket borta")
def _cap_dropped(node: Any) -> list[Any]:
    name = getattr(getattr(node, "func", None), "id", "")
    is_cap = isinstance(node, ast.Call) and name in ("min", "max") and len(node.args) == 2
    return list(node.args) if is_cap else []


@operator("byter plats i tupeln")
def _tuple_swapped(node: Any) -> list[Any]:
    if not (isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 3):
        return []
    found = []
    for place in range(len(node.elts) - 1):
        new = copy.copy(node)
        new.elts = list(node.elts)
        new.elts[place : place + 2] = new.elts[place : place + 2][::-1]
        found.append(new)
    return found


@operator("två steg ner")
def _moved_two(node: Any) -> list[Any]:
    found: list[Any] = []
    body = getattr(node, "body", None)
    if isinstance(node, ast.FunctionDef | ast.For | ast.While | ast.With) and body:
        for place in range(len(body) - 2):
            three = body[place : place + 3]
            if not any(isinstance(one, ast.Return | ast.FunctionDef) for one in three):
                new = copy.copy(node)
                new.body = [*body[:place], *three[1:], three[0], *body[place + 3 :]]
                found.append(new)
    return found
