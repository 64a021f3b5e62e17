"""Kod som sträcker sig utanför övningen: in i rättaren, in i Python eller ut till filer.

En iakttagelse görs i samma process som studentens kod, så den som byter ut drivaren där kan hitta
på iakttagelser. Beläggen gör det svårt, men allt går inte att belägga. Därför får läraren se de
rader som rör sådant som en lösning sällan behöver. Det är ingen anmärkning, för det kan
finnas ett gott skäl till raden.

Här läses bara text; inget av studentens körs.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

MAX_FOUND = 50
GRADER = (*(f"dqn_helpers.{name}" for name in ("exercises", "autograder", "teacher")), "grading")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODULES = _words("""
    _io _thread builtins cffi ctypes gc importlib linecache marshal mmap posix runpy
""")
"""Moduler som en lösning inte behöver."""

NAMES = _words("""
    __builtins__ __closure__ __code__ __globals__ __loader__ __spec__ __subclasses__ __wrapped__
    _current_frames _getframe addaudithook cr_frame currentframe f_back f_builtins f_globals
    f_locals findsource get_objects get_referents get_referrers get_source getsource getsourcefile
    getsourcelines gi_frame meta_path path_hooks setprofile settrace tb_frame
""")
"""Attribut och namn som leder till ramar, källtext, kompilerad kod och andras minne."""

CALLS = _words("open exec eval compile __import__")
FILES = _words("open read write fdopen dup dup2 pread pwrite sendfile readv writev")
"""Det i `os` och `io` som läser och skriver öppna filer."""

WORDS = ("/proc", *GRADER[:3])
OWN = _words("dqn_helpers builtins sys json base64")
"""Moduler vars namn ingen annan än de själva ska byta ut."""


@dataclass(frozen=True)
class Reach:
    """En rad som rör något utanför övningen: cellen, raden och vad den rör."""

    cell: str
    line: int
    what: str


def touched(tree: ast.AST) -> list[tuple[int, str]]:
    """Alla sådana rader i en cell, och vad de rör, i ordning, var och en en gång."""
    imported: dict[str, str] = {}
    found: dict[tuple[int, str], None] = {}
    nodes = list(ast.walk(tree))
    for node in nodes:
        imported |= dict(_imports(node))
    ordinary = {id(node.func) for node in nodes if isinstance(node, ast.Call) and _is_import(node)}
    for node in nodes:
        for what in _touched_by(node, imported) if id(node) not in ordinary else ():
            found[getattr(node, "lineno", 1), what] = None
    return sorted(found)[:MAX_FOUND]


def _is_import(call: ast.Call) -> bool:
    """Sant för `__import__("torch")`: en vanlig import, skriven på ett annat sätt."""
    module = call.args[0] if call.args else None
    return (
        isinstance(call.func, ast.Name)
        and call.func.id == "__import__"
        and isinstance(module, ast.Constant)
        and isinstance(module.value, str)
        and module.value.split(".")[0] not in MODULES
        and not _is_in_grader(module.value)
    )


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Namnen som en import ger, och vilken modul (eller vad ur den) de står för."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.split(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (top, top)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _touched_by(node: ast.AST, imported: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from _by_import(node)
    elif isinstance(node, ast.Name) and (node.id in NAMES or node.id in CALLS):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield from _by_attribute(node, imported)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from (word for word in (*WORDS, *NAMES) if _is_or_holds(node.value, word))
    elif isinstance(node, ast.Call) and _is_setattr(node.func):
        target = node.args[0] if node.args else None
        if not (isinstance(target, ast.Name) and target.id in ("self", "cls")):
            yield "__setattr__"  # på sig själv är det en frusen dataclass som fylls i


def _is_or_holds(text: str, word: str) -> bool:
    """Sökvägar räknas var som helst i en text; ett namn bara när texten är just det."""
    return text == word or (word in WORDS and word in text and "\n" not in text)


def _by_import(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    modules = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        modules = [f"{node.module}.{name}" for name in modules]
        yield from (alias.name for alias in node.names if alias.name in NAMES)
    for module in modules:
        if module.split(".")[0] in MODULES or _is_in_grader(module):
            yield module


def _is_in_grader(module: str) -> bool:
    if module in ("dqn_helpers.exercises.check", "dqn_helpers.exercises"):
        return False  # `check` är till för studenten
    return any(module == one or module.startswith(f"{one}.") for one in GRADER)


def _by_attribute(node: ast.Attribute, imported: dict[str, str]) -> Iterator[str]:
    whole = _dotted(node)
    first, _, rest = whole.partition(".")
    named = f"{imported[first]}.{rest}" if first in imported else whole
    if _is_in_grader(named) and not named.startswith("dqn_helpers.exercises.check"):
        yield named
    elif node.attr in NAMES or named == "sys.modules":
        yield node.attr
    elif node.attr in FILES and named in (f"os.{node.attr}", f"io.{node.attr}"):
        yield named
    elif isinstance(node.ctx, ast.Store) and imported.get(first, "").split(".")[0] in OWN:
        yield f"{named} = …"


def _dotted(node: ast.expr) -> str:
    """`a.b.c` som text; tom början om det inte är ett namn som står där."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id if isinstance(node, ast.Name) else "", *reversed(parts)])


def _is_setattr(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in ("__setattr__", "__delattr__")
