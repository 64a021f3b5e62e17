"""Vilka satser en övning behöver: bakåt från dess namn, genom allt som namnen beror på.

Ett namn kan ges värde flera gånger. Det som läses när en sats körs ska ha värdet från före den;
det en funktion läser när den anropas ska ha det värde som gäller då, oftast det sista i boken.
"""

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Literal, NamedTuple

from dqn_helpers.autograder.statements import Statement, changes_its_arguments

END = 10**9
"""Platsen efter alla satser."""

MAX_NEEDS = 100_000
"""Efter så många par av namn och plats räknas bara de sista värdena. Ärliga böcker har färre."""

Rounds = list[list[Statement]]


class Touch(NamedTuple):
    """Att en sats ger eller ändrar ett namn.

    Attributes:
        position: satsens plats.
        certain: sant om inget tidigare värde finns kvar efter den.
        kind: hur; "removed" är `del max`, som ger tillbaka det inbyggda namnet.
    """

    position: int
    certain: bool
    kind: Literal["own", "import", "changed", "removed"]


@dataclass
class Needs:
    """Det som samlats för en övning.

    Attributes:
        chosen: platserna för satserna som behövs.
        names: alla namn som används.
        reads: sats → namn som måste finnas när den körs.
        late: satser som behöver ett namn som ges först efter dem.
    """

    chosen: set[int]
    names: set[str]
    reads: dict[int, set[str]]
    late: set[int]


class Program:
    """Alla satser i en anteckningsbok, och vilka som ger och ändrar varje namn.

    Attributes:
        names: namn som boken själv ger ett värde.
        notes: definitioner som inte räknas, och varför.
    """

    def __init__(self, statements: Sequence[Statement], wanted: frozenset[str]) -> None:
        self.notes: list[str] = []
        self._all = statements
        self._wanted = wanted
        self._usable = [s for s in statements if not s.awaits]
        self._own = _by_name(self._usable)
        self._ignored = self._ignored_definitions()
        self._effects = _effects_of_calls(self._usable, self._own.keys())
        self._touches = self._all_touches()
        self._always = {s.position for s in self._usable if s.has_star or s.is_future}
        effects = {name for s in self._usable for name in self._called_effects(s)}
        self.names = frozenset(self._own) | (effects & self._global_stores())
        self._note_awaits()

    # --- vad satserna ger och ändrar ---

    def _global_stores(self) -> set[str]:
        return {name for s in self._usable for name in s.names.later_stores}

    def _called_effects(self, statement: Statement) -> set[str]:
        """Vad funktionerna som satsen anropar ändrar."""
        calls = statement.now.calls | {name for name, _ in statement.now.handed}
        return {name for call in calls for name in self._effects.get(call, ())}

    def _all_touches(self) -> dict[str, list[Touch]]:
        touches: dict[str, list[Touch]] = defaultdict(list)
        for s in self._usable:
            given = {name for name in s.own if (s.position, name) not in self._ignored}
            removed = {name for name in s.names.deletes if hasattr(builtins, name)}
            for name in given:
                touches[name].append(Touch(s.position, s.is_certain, "own"))
            for name in s.imports - given:
                touches[name].append(Touch(s.position, s.is_certain, "import"))
            for name in self._changed(s) - s.imports - s.own:
                touches[name].append(Touch(s.position, False, "changed"))
            for name in removed:
                touches[name].append(Touch(s.position, True, "removed"))
        return touches

    def _changed(self, statement: Statement) -> set[str]:
        changes = statement.now
        changed = changes.stored | {name for name in changes.methods if name in self._own}
        for function, arguments in changes.handed:
            if function in ("setattr", "delattr"):
                changed |= arguments
            elif changes_its_arguments(function) or self._is_function(function):
                changed |= {name for name in arguments if self._is_variable(name)}
        return changed | self._called_effects(statement)

    def _is_function(self, name: str) -> bool:
        return any(s.is_function for s in self._own.get(name, ()))

    def _is_variable(self, name: str) -> bool:
        """Sant om namnet är bokens eget och inte en funktion eller klass."""
        own = self._own.get(name, [])
        return bool(own) and not any(_is_definition(s) for s in own)

    # --- definitioner som inte räknas ---

    def _ignored_definitions(self) -> set[tuple[int, str]]:
        ignored: set[tuple[int, str]] = set()
        for name in sorted(self._wanted & self._own.keys()):
            definitions = self._own[name]
            results = [s for s in definitions if _called_exercise(s) in self._wanted]
            solutions = [s for s in definitions if s not in results]
            if not solutions:
                continue
            stubs = _last_stubs(solutions)
            ignored |= {(s.position, name) for s in (*results, *stubs)}
            for s in results:
                self.notes.append(
                    f"{s.where}: {name} får ett annat värde här; funktionen med det namnet räknas"
                )
            for s in stubs:
                last = solutions[-len(stubs) - 1]
                self.notes.append(
                    f"{s.where}: här är {name} olöst igen; lösningen i {last.where} räknas"
                )
        return ignored

    def _note_awaits(self) -> None:
        for s in self._all:
            if s.awaits:
                self.notes.append(f"{s.where}: await utanför en funktion körs inte")

    # --- vad en övning behöver ---

    def needed_for(self, exercise: str) -> tuple[Rounds, frozenset[str]]:
        """Satserna som övningen behöver, och namnen som de använder.

        Satserna kommer i omgångar som ska köras efter varandra. Nästan alltid räcker en; den andra
        är för det som använder namn ur senare celler, den sista för en lösning som en senare
        import har skrivit över.
        """
        needs = self._collect(exercise)
        chosen = [self._all[position] for position in sorted(needs.chosen | self._always)]
        late = _with_dependents(chosen, needs)
        rounds = [
            [s for s in chosen if s.position not in late],
            [s for s in chosen if s.position in late],
        ]
        solution = self._reaching(exercise, END, exercise)
        after = [s for s in chosen if solution and s.position > solution[-1].position]
        if any(s.has_star or exercise in s.imports for s in after):
            rounds.append(solution)
        return [r for r in rounds if r], frozenset(needs.names - {exercise})

    def _collect(self, exercise: str) -> Needs:
        needs = Needs(set(), set(), defaultdict(set), set())
        waiting: list[tuple[str, int]] = [(exercise, END)]
        seen: set[tuple[str, int]] = set()
        while waiting:
            name, before = waiting.pop()
            if len(seen) > MAX_NEEDS:
                before = END
            if (name, before) in seen:
                continue
            seen.add((name, before))
            needs.names.add(name)
            found = self._reaching(name, before, exercise)
            if before != END:
                needs.reads[before].add(name)
                if not found and self._touches.get(name) and not hasattr(builtins, name):
                    needs.late.add(before)
                    found = self._reaching(name, END, exercise)
            for statement in found:
                needs.chosen.add(statement.position)
                waiting += self._needs_of(statement, before)
        return needs

    def _needs_of(self, statement: Statement, before: int) -> Iterable[tuple[str, int]]:
        """Namnen som satsen behöver, och från före vilken plats, om den används före `before`."""
        names = statement.names
        yield from ((name, statement.position) for name in names.reads)
        for name in names.later:
            yield name, before
            yield name, END
        for name in names.reads:
            # Det som sedan händer med klassen (eller objektet under ett annat namn) spelar roll.
            is_class = any(isinstance(s.node, ast.ClassDef) for s in self._own.get(name, ()))
            is_alias = isinstance(statement.value, ast.Name) and statement.value.id == name
            if is_class or is_alias:
                yield name, END

    def _reaching(self, name: str, before: int, exercise: str) -> list[Statement]:
        """Satserna som avgör namnets värde före en plats, i ordning."""
        found: list[Statement] = []
        for touch in reversed(self._touches.get(name, ())):
            # Att importera övningens namn är inte att lösa den.
            if touch.position >= before or (touch.kind == "import" and name == exercise):
                continue
            if touch.kind == "removed":  # sedan gäller det inbyggda namnet
                break
            found.append(self._all[touch.position])
            if touch.certain:
                break
        return found[::-1]


def _by_name(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    by_name: dict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        for name in statement.own:
            by_name[name].append(statement)
    return dict(by_name)


def _effects_of_calls(statements: Sequence[Statement], own: Set[str]) -> dict[str, set[str]]:
    """Funktionens namn → globala namn som ett anrop av den ändrar, också genom andra funktioner."""
    effects: dict[str, set[str]] = defaultdict(set)
    callers: dict[str, set[str]] = defaultdict(set)
    for s in statements:
        # `torch.manual_seed(0)` ändrar inget som en lösning bygger på, men `lista.append(1)` kan.
        changed = s.later.stored | (s.later.methods & own)
        changed = s.names.later_stores | (changed & s.names.later)
        calls = s.later.calls | {name for name, _ in s.later.handed}
        for name in s.own if changed or calls else ():
            effects[name] |= changed
            for call in calls:
                callers[call].add(name)
    waiting = [name for name, changed in effects.items() if changed]
    while waiting:
        name = waiting.pop()
        for caller in callers.get(name, ()):
            if not effects[name] <= effects[caller]:
                effects[caller] |= effects[name]
                waiting.append(caller)
    return effects


def _with_dependents(chosen: Sequence[Statement], needs: Needs) -> set[int]:
    """De sena satserna och alla som beror på dem."""
    late, names = set(needs.late), set[str]()
    for s in chosen:
        if s.position in late or needs.reads.get(s.position, set()) & names:
            late.add(s.position)
            names |= s.own | s.now.stored | s.now.methods
    return late & {s.position for s in chosen}


# --- lösningar och mallar ------------------------------------------------------------------------


def _is_definition(statement: Statement) -> bool:
    return statement.is_function or isinstance(statement.node, ast.ClassDef)


def _called_exercise(statement: Statement) -> str | None:
    """`td_target` i `td_target = td_target(…)`: ett resultat, ingen lösning."""
    value = statement.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id
    return None


def _last_stubs(definitions: Sequence[Statement]) -> list[Statement]:
    """Orörda mallar sist, om det finns en lösning före dem."""
    last = len(definitions)
    while last > 0 and is_stub(definitions[last - 1].node):
        last -= 1
    return list(definitions[last:]) if last > 0 else []


def is_stub(node: ast.stmt) -> bool:
    """Sant för en funktion (eller en klass med bara sådana metoder) som inte gör något."""
    if isinstance(node, ast.ClassDef):
        methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
        rest = [part for part in node.body if part not in methods]
        return all(map(is_stub, methods)) and all(map(_does_nothing, rest))
    return isinstance(node, ast.FunctionDef) and all(map(_does_nothing, node.body))


def _does_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise):
        error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(error, ast.Name) and error.id == "NotImplementedError"
    if isinstance(node, ast.Return):
        return node.value is None or (
            isinstance(node.value, ast.Constant) and node.value.value is None
        )
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )
