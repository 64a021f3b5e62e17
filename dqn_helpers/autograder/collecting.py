"""Ur en anteckningsbok: bara det som kan behövas för att definiera lösningarna, aldrig körningar.

Det här är den enkla samlaren: importer, funktioner, klasser och tilldelade konstanter ur alla
kodceller. Sist i boken gäller. Rättarens skivare tar över bakom samma gränssnitt.
"""

import ast
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CellSource:
    """Det som ska köras ur en cell, med tomma rader så att radnumren är studentens egna."""

    name: str
    text: str


@dataclass(frozen=True)
class Collected:
    """Allt som samlades, namnen som definieras och de celler som inte gick att läsa."""

    cells: tuple[CellSource, ...]
    names: frozenset[str]
    syntax_errors: tuple[str, ...] = ()


DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def collect(path: Path) -> Collected:
    """Samla definitionerna i en anteckningsbok."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells, names, errors = [], set(), []
    for number, cell in enumerate(notebook["cells"], 1):
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        try:
            kept = [node for node in ast.parse(source).body if _is_definition(node)]
        except SyntaxError as error:
            errors.append(f"cell {number}, rad {error.lineno}: {error.msg}")
            continue
        if kept:
            cells.append(CellSource(f"cell {number}", _only(source, kept)))
            names |= {name for node in kept for name in _defined(node)}
    return Collected(tuple(cells), frozenset(names), tuple(errors))


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        return _is_plain_value(node.value)
    return isinstance(node, DEFINITIONS)


def _is_plain_value(node: ast.expr) -> bool:
    """Sant för konstanter, lambdafunktioner och namn: det som säkert går fort."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    if isinstance(node, ast.Tuple | ast.List):
        return all(map(_is_plain_value, node.elts))
    return isinstance(node, ast.Constant | ast.Lambda | ast.Name)


def _defined(node: ast.stmt) -> list[str]:
    """Namn som noden definierar; en import räknas inte som en lösning."""
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []


def _only(source: str, nodes: list[ast.stmt]) -> str:
    """Bara nodernas rader; de andra blir tomma."""
    keep: set[int] = set()
    for node in nodes:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])
        keep |= set(range(first, (node.end_lineno or node.lineno) + 1))
    lines = source.splitlines()
    return "\n".join(line if i in keep else "" for i, line in enumerate(lines, 1))
