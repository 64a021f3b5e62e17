"""Ur anteckningsbokens celler: bara det som en övning behöver, aldrig träning och inmatning.

Ren text blir data; inget av studentens körs. Boken gås igenom bakifrån med de namn som behövs
därifrån och framåt. En sats tas med om den ger ett sådant namn, eller ändrar dess värde
(`d["x"] = …`, `lista.append(…)`, `Klass.metod = f`); sedan behövs det som den själv läser. En
funktion läser sina namn när den anropas, oftast efter alla celler: de behövs från slutet.

Satserna ska köras en och en. Det som saknar ett namn körs en gång till efter de andra, för cellerna
kan ha körts i en annan ordning än de står i. Koden är vems som helst, så allt det här ska ske i en
avskild process.
"""

import ast
import builtins
import difflib
import functools
import itertools
import warnings
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dqn_helpers.counting import counted
from dqn_helpers.exercises.syllabus import NUMBER_OF
from dqn_helpers.submission.cells import TOO_DEEP, CellSource, ParsedCell, parse_cell
from dqn_helpers.submission.reach import Reach, touched
from dqn_helpers.submission.statements import Statement, statements_of

MAX_STATEMENTS = 20_000
MAX_NOTES = 50
MAX_NOTE = 300
MAX_NAMES = 20_000
MAX_NAME = 200
MAX_REACH = 500
MAX_ROUNDS = 20
"""Så många gånger gås boken igenom för en övning. Ärliga böcker blir klara på tre."""
MAX_COMPARED = 500  # namn som jämförs med det som saknas
MAX_LINKS = 1_000_000
"""Så många par av namn som hör ihop räknas. Ärliga böcker har några tusen."""


@dataclass(frozen=True)
class Slices:
    """En anteckningsbok, uppdelad.

    Attributes:
        needed: övningens namn → det som ska köras för att definiera den, i ordning. Radnumren är
            studentens egna. Samma cell kan komma två gånger.
        names: alla namn som boken själv ger ett värde ytterst; en import räknas inte.
        uses: övningens namn → de andra övningarnas namn som dess kod använder.
        syntax_errors: celler som inte går att läsa, "cell 4, rad 2: …".
        notes: vad som hoppades över.
        everything: alla celler som går att läsa; den sista utvägen.
        reach: rader som rör något utanför övningarna (se `reach`).
    """

    needed: dict[str, tuple[CellSource, ...]]
    names: frozenset[str]
    uses: dict[str, frozenset[str]]
    syntax_errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    everything: tuple[CellSource, ...] = ()
    reach: tuple[Reach, ...] = ()


def slice_notebook(cells: Sequence[CellSource], wanted: Sequence[str]) -> Slices:
    """Skiva en anteckningsbok.

    Args:
        cells: kodcellerna i ordning.
        wanted: övningarnas namn.
    """
    parsed, statements = _read(cells)
    book = Book(statements, frozenset(wanted))
    found = {name: book.needed_for(name) for name in wanted if name in book.names}
    notes = [f"{name}, {note}" for name, cell in parsed for note in cell.notes]
    names = sorted(name[:MAX_NAME] for name in book.names)
    return Slices(
        {name: tuple(_as_cells(chosen)) for name, chosen in found.items()},
        frozenset(names[:MAX_NAMES]),
        {name: _read_by(chosen) & set(wanted) - {name} for name, chosen in found.items()},
        tuple(_short(f"{name}, {cell.error}" for name, cell in parsed if cell.error)),
        tuple(_short([*notes, *book.notes])),
        tuple(CellSource(name, cell.text) for name, cell in parsed if cell.tree is not None),
        tuple(_reach(parsed))[:MAX_REACH],
    )


def _reach(parsed: Iterable[tuple[str, ParsedCell]]) -> Iterator[Reach]:
    for name, cell in parsed:
        for line, what in touched_in(cell.text) if cell.tree is not None else ():
            yield Reach(name, line, what[:MAX_NAME])


@functools.lru_cache(maxsize=1_000)
def touched_in(text: str) -> tuple[tuple[int, str], ...]:
    """Raderna i en cell som rör något utanför övningarna. Samma text läses bara en gång."""
    cell, _ = read_cell(text)
    return () if cell.tree is None else tuple(touched(cell.tree))


_MOST = counted(f"{MAX_STATEMENTS:_}".replace("_", " "), "sats", "satser")
TOO_MANY = f"rad 1: här passerar boken {_MOST}, och resten läses inte"


def _read(cells: Sequence[CellSource]) -> tuple[list[tuple[str, ParsedCell]], list[Statement]]:
    """Cellernas namn och innehåll, och alla satser i dem."""
    parsed: list[tuple[str, ParsedCell]] = []
    statements: list[Statement] = []
    for source in cells:
        cell, own = read_cell(source.text)
        if len(statements) + len(own) > MAX_STATEMENTS:
            cell, own = replace(cell, tree=None, error=TOO_MANY), ()
        parsed.append((source.name, cell))
        statements += [replace(statement, cell=source.name) for statement in own]
    return parsed, statements


@functools.lru_cache(maxsize=1_000)
def read_cell(text: str) -> tuple[ParsedCell, tuple[Statement, ...]]:
    """En cell och dess satser. Samma text läses bara en gång.

    Verkstaden läser sidans egna celler i förväg: de är med i varje inlämning.
    """
    cell = parse_cell(text)
    if cell.tree is None:
        return cell, ()
    if len(cell.tree.body) > MAX_STATEMENTS:
        return replace(cell, tree=None, error=TOO_MANY), ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # en varning om "\d" är inget fel
            return cell, tuple(statements_of(cell.tree, cell.text))
    except (RecursionError, MemoryError):
        return replace(cell, tree=None, error=TOO_DEEP), ()


def _short(lines: Iterable[str]) -> list[str]:
    return [line[:MAX_NOTE] for line in lines][:MAX_NOTES]


def _read_by(chosen: Iterable[Statement]) -> frozenset[str]:
    return frozenset().union(*(s.now.reads | s.later.reads for s in chosen))


def _as_cells(chosen: Iterable[Statement]) -> Iterable[CellSource]:
    """Satserna på sina egna rader; alla andra rader blir tomma."""
    for cell, statements in itertools.groupby(chosen, key=lambda statement: statement.cell):
        rows: dict[int, list[str]] = defaultdict(list)
        for statement in statements:
            for number, part in statement.rows.items():
                rows[number].append(part)
        # Flera satser kan stå på samma rad: `import torch; x = 1`.
        text = "\n".join("; ".join(rows.get(i, ())) for i in range(max(rows) + 1))
        yield CellSource(cell, text)


class Book:
    """Alla satser i en anteckningsbok som räknas.

    Attributes:
        names: namn som boken själv ger ett värde.
        notes: vad som inte räknas, och varför.
    """

    def __init__(self, statements: Sequence[Statement], wanted: frozenset[str]) -> None:
        without = _not_counted(statements, wanted)
        self.notes = [without[s] for s in statements if s in without]
        self._wanted = wanted
        self._statements = [s for s in statements if s not in without]
        self.names = frozenset(
            name for s in self._statements for name in s.now.gives | s.later.gives
        )
        for name in sorted(wanted - self._solved()):
            self._add_checked(name)
        self._given = self.names.union(*(s.now.imports for s in self._statements))
        self._classes = self._names_of(ast.ClassDef)
        functions = self._names_of(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
        self._changed = {s: self._changed_by(s, functions) for s in self._statements}
        self._implied: dict[str, set[str]] = defaultdict(set)
        for name, needed in itertools.islice(self._links(), MAX_LINKS):
            self._implied[name].add(needed)

    def _solved(self) -> set[str]:
        """Namn som har en definition som gör något."""
        return {
            name for s in self._statements if not is_stub(s.node)
            for name in s.now.gives | s.later.gives
        }  # fmt: skip

    def _add_checked(self, exercise: str) -> None:
        """Det som bokens `check("5.1", …)` anropas med räknas, om namnet saknas eller är olöst."""
        own = self.names - self._wanted
        for s in reversed(self._statements):
            for number, tried in s.now.checks:
                if number == NUMBER_OF.get(exercise) and tried.split(".")[0] in own:
                    _, (solution,) = read_cell("\n" * min(s.rows) + f"{exercise} = {tried}")
                    self._statements.append(replace(solution, cell=s.cell))
                    lacks = "är inte löst" if exercise in self.names else "finns inte"
                    self.names |= {exercise}
                    self.notes.append(
                        f"{s.where}: `{exercise}` {lacks}, så `{tried}` räknas i stället, eftersom "
                        f'det är den som `check("{number}", …)` prövar'
                    )
                    return

    def _names_of(self, *kinds: type[ast.AST]) -> set[str]:
        """Namn som någonstans är en sådan definition."""
        return {
            name
            for s in self._statements
            if isinstance(s.node, kinds) or isinstance(s.value, kinds)
            for name in s.now.gives
        }

    def _changed_by(self, statement: Statement, functions: set[str]) -> set[str]:
        """Namn vars värden satsen kan ändra, bland bokens egna, och anrop: "fyll()"."""
        handed = {
            name
            for function, name in statement.now.handed
            # Ett anrop av en övning är ett prov eller en träning, aldrig en del av en lösning.
            if function in functions and function not in self._wanted
            # En funktion ändras inte av att vara argument.
            if name not in functions and name not in self._classes
        }
        changed = handed | statement.now.changes
        return {name for name in changed if name in self.names or name.endswith("()")}

    def _links(self) -> Iterator[tuple[str, str]]:
        """Par av namn: när det första behövs, behövs också det andra.

        En funktion behöver det som den läser när den anropas. Och för det som en funktion ändrar
        behövs anropen av den, "fyll()", och av dem som anropar den.
        """
        last: dict[str, list[Statement]] = defaultdict(list)
        for s in self._statements:
            for name in s.now.gives:
                if s.is_certain:
                    last[name] = []
                last[name].append(s)
        for name, found in last.items():
            yield from ((name, read) for s in found for read in s.later.reads)
        for s in self._statements:
            for changed in s.later.changes | s.later.gives:
                if changed in self.names or changed.endswith("()"):
                    yield from ((changed, f"{name}()") for name in s.now.gives - self._wanted)

    def needed_for(self, exercise: str) -> list[Statement]:
        """Satserna som övningen behöver, i den ordning de ska köras."""
        at_end = {exercise}
        for _ in range(MAX_ROUNDS):
            known = len(at_end)
            chosen = self._backwards(exercise, at_end)
            if len(at_end) == known:
                break
        return _replacing_imports_first(chosen, exercise)

    def _backwards(self, exercise: str, at_end: set[str]) -> list[Statement]:
        """Satserna som behövs om namnen i `at_end` behövs efter den sista; fler sådana läggs till.

        Det gäller det som funktionerna läser, och det som ges först efter att det har använts.
        """
        live, met, chosen = set[str](), set[str](), []
        self._need(at_end, live)
        at_end |= live
        for s in reversed(self._statements):
            # Att importera övningens namn är inte att lösa den.
            given = s.now.gives | (s.now.imports - {exercise})
            if s.is_for_all or not live.isdisjoint(given | self._changed[s]):
                chosen.append(s)
                met |= given & live
                live -= given if s.is_certain else set()
                self._need(s.now.reads | s.later.reads, live)
                at_end |= s.later.reads | self._same_object(s)
            live -= {name for name in s.now.removes if hasattr(builtins, name)}
        at_end |= {name for name in live - met if name in self._given}
        return chosen[::-1]

    def _need(self, names: Iterable[str], live: set[str]) -> None:
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in live:
                live.add(name)
                waiting += self._implied.get(name, ())

    def _same_object(self, statement: Statement) -> set[str]:
        """Namn vars senare ändringar också gäller det som satsen ger: `b = a`, `k = Klass()`."""
        value = statement.value
        alias = {value.id} if isinstance(value, ast.Name) else set()
        return alias | (statement.now.reads & self._classes)


def _replacing_imports_first(chosen: list[Statement], exercise: str) -> list[Statement]:
    """En import efter lösningen får inte ersätta den: då flyttas den först."""
    places = [i for i, s in enumerate(chosen) if exercise in s.now.gives]
    after = chosen[places[0] :] if places else []
    first = {s for s in after if s.now.imports & {"*", exercise}}
    return [s for s in chosen if s in first] + [s for s in chosen if s not in first]


# --- det som inte räknas -------------------------------------------------------------------------


def _not_counted(statements: Sequence[Statement], wanted: frozenset[str]) -> dict[Statement, str]:
    """Satser som inte räknas → varför."""
    notes = {
        s: f"{s.where}: `await` utanför en funktion körs inte" for s in statements if s.now.awaits
    }
    versions: dict[str, list[Statement]] = defaultdict(list)
    for s in statements:
        for name in s.now.gives & wanted if s not in notes else ():
            versions[name].append(s)
    for name, found in versions.items():
        results = [s for s in found if _called(s) in wanted]
        solutions = [s for s in found if _called(s) not in wanted]
        stubs = list(itertools.takewhile(lambda s: is_stub(s.node), reversed(solutions)))
        for s in results if solutions else ():
            notes[s] = (
                f"{s.where}: `{name}` får ett annat värde här; funktionen med det namnet räknas"
            )
        for s in stubs if len(stubs) < len(solutions) else ():
            last = solutions[-len(stubs) - 1].where
            notes[s] = f"{s.where}: här är `{name}` olöst igen; lösningen i {last} räknas"
    return notes


def _called(statement: Statement) -> str:
    """`td_target` i `td_target = td_target(…)`: ett resultat, ingen lösning."""
    match statement.value:
        case ast.Call(func=ast.Name(id=name)):
            return name
    return ""


def is_stub(node: ast.stmt) -> bool:
    """Sant för en funktion (eller en klass med bara sådana metoder) som inte gör något."""
    if isinstance(node, ast.ClassDef):
        return all(is_stub(part) or _does_nothing(part) for part in node.body)
    return isinstance(node, ast.FunctionDef) and all(map(_does_nothing, node.body))


def _does_nothing(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Return(value=None | ast.Constant(value=None)):
            return True
        case ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name))):
            return name == "NotImplementedError"
    return False


# --- namnet på det som saknas --------------------------------------------------------------------


def did_you_mean(name: str, names: Collection[str]) -> str:
    """Rådet till den vars funktion nästan heter rätt, med ett mellanslag först; annars tomt."""
    near = nearest(name, names)
    return f" Menade du `{near}`? Byt i så fall namn på den." if near else ""


def nearest(name: str, names: Collection[str]) -> str:
    """Det av bokens egna namn som mest liknar ett namn som saknas; tomt om inget gör det.

    Bara de närmast lika långa jämförs, för att jämföra alla tar tid.
    """
    others = sorted(set(names) - set(NUMBER_OF), key=lambda one: (abs(len(one) - len(name)), one))
    return next(iter(difflib.get_close_matches(name, others[:MAX_COMPARED], n=1)), "")
