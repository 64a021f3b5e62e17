"""Omskrivningar: de små ändringar som skiljer vanliga fel från rätt kod, en i taget.

Reglerna används åt två håll. På en *rätt* lösning gör en omskrivning ett fel, och ger studentens
kod samma svar går det att säga vad svaret liknar (*felmodellen*, som bara läraren har). På
*studentens* kod kan en omskrivning göra felet ogjort, och då är det känt var det sitter
(*reparationen*). Vad som söks sägs aldrig: `effect` beskriver det som är fel, och `fault` platsen.

En regel är en funktion som tar en nod i syntaxträdet och ger nya noder i dess ställe, var och en
med den del av koden som ändringen gäller och ordet som fyller `{word}` i regelns text.
"""

import ast
import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from dqn_helpers.exercises.syntax import called, names_in, tuple_names


class Change(NamedTuple):
    """En ny nod, den del av koden som ändringen gäller, och ordet i regelns text."""

    node: ast.AST
    at: ast.AST
    word: str = ""


@dataclass(frozen=True)
class Names:
    """Programmets namn.

    Attributes:
        roles: programmets namn → det som det heter i övningen (`s2` → `next_state`).
        own: de namn som programmet ger värden, argumenten inräknade.
    """

    roles: Mapping[str, str]
    own: tuple[str, ...]

    def role(self, node: ast.AST) -> str:
        """Vad ett namn heter i övningen; tomt om noden inte är ett sådant namn."""
        return self.roles.get(node.id, "") if isinstance(node, ast.Name) else ""

    def mentions(self, node: ast.AST, *roles: str) -> bool:
        """Sant om något med en av rollerna läses i noden."""
        return any(self.roles.get(name) in roles for name in names_in(node))


Finds = Callable[[Any, Names], Iterator[Change]]


@dataclass(frozen=True)
class Rule:
    """En sorts omskrivning.

    Attributes:
        id: kort engelskt namn.
        effect: vad svaren blir när en rätt lösning skrivs om så; tomt: gör inga kända fel.
        fault: vad som är fel på platsen när omskrivningen lagar koden; tomt: lagar inget.
        finds: omskrivningarna av en nod.
    """

    id: str
    effect: str
    fault: str
    finds: Finds


@dataclass(frozen=True)
class Rewrite:
    """En omskrivning av ett program.

    Attributes:
        rule: regeln.
        statement: numret på satsen, ytterst i programmet, som ändrades.
        tree: satsen i ny form.
        place: rad och kolumn där det ändrade börjar, och där det slutar.
        word: ordet i regelns text.
    """

    rule: Rule
    statement: int
    tree: ast.stmt
    place: tuple[int, int, int, int]
    word: str


RULES: dict[str, Rule] = {}
"""Alla regler, den enklaste förklaringen först."""


def rule(id: str, effect: str = "", fault: str = "") -> Callable[[Finds], Finds]:
    """Funktionen under är en regel (se `Rule`)."""

    def register(finds: Finds) -> Finds:
        RULES[id] = Rule(id, effect, fault, finds)
        return finds

    return register


def rewrites(
    tree: ast.Module, arguments: Sequence[str], name: str, rules: Iterable[Rule] | None = None
) -> Iterator[Rewrite]:
    """Alla omskrivningar av ett program, den enklaste förklaringen först.

    Args:
        tree: programmet. Det ändras inte.
        arguments: övningens argument, i ordning.
        name: den funktion (eller klass) i programmet som har de argumenten.
        rules: bara de här reglerna; None: alla.
    """
    names = names_of(tree, arguments, name)
    definitions = [
        (number, path, node)
        for number, statement in enumerate(tree.body)
        if not isinstance(statement, ast.Import | ast.ImportFrom)
        for path, node in _walk(statement)
    ]
    # Övningens egen funktion först, sedan det som den använder.
    definitions.sort(key=lambda one: getattr(tree.body[one[0]], "name", "") != name)
    for one in RULES.values() if rules is None else rules:
        for number, path, node in definitions:
            for change in one.finds(node, names):
                new = _located(change.node, node)
                statement: Any = _replaced(tree.body[number], path, new)
                yield Rewrite(one, number, statement, _place(change.at, node), change.word)


def _located(new: ast.AST, old: ast.AST) -> ast.AST:
    """Den nya noden med den gamlas plats; en del av det gamla trädet behåller sin egen."""
    if not hasattr(new, "lineno"):
        ast.copy_location(new, old)
    return ast.fix_missing_locations(new)


Path = tuple[tuple[str, int | None], ...]


def _walk(node: ast.AST, path: Path = ()) -> Iterator[tuple[Path, ast.AST]]:
    """Alla noder och vägen till dem; typer och dokumentation är ingen kod."""
    yield path, node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        if isinstance(value, ast.AST):
            yield from _walk(value, (*path, (field, None)))
        elif isinstance(value, list):
            for place, one in enumerate(value):
                if isinstance(one, ast.AST) and not _is_text(one):
                    yield from _walk(one, (*path, (field, place)))


def _is_text(node: ast.AST) -> bool:
    value = node.value if isinstance(node, ast.Expr) else node
    return isinstance(value, ast.JoinedStr) or (
        isinstance(value, ast.Constant) and isinstance(value.value, str)
    )


def _replaced(root: ast.AST, path: Path, new: ast.AST) -> ast.AST:
    """Trädet med en ny nod sist på vägen; allt utanför vägen delas med det gamla."""
    if not path:
        return new
    (field, place), rest = path[0], path[1:]
    changed = copy.copy(root)
    value = getattr(root, field)
    if place is None:
        setattr(changed, field, _replaced(value, rest, new))
    else:
        one = _replaced(value[place], rest, new)
        setattr(changed, field, [*value[:place], one, *value[place + 1 :]])
    return changed


def _place(at: ast.AST, inside: ast.AST) -> tuple[int, int, int, int]:
    node: Any = at if hasattr(at, "lineno") else inside
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def names_of(tree: ast.Module, arguments: Sequence[str], name: str) -> Names:
    """Vad namnen i programmet står för: argumenten, och det som `step` och bufferten ger."""
    roles: dict[str, str] = {}
    own: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            mine = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
            own += [*mine, *(one.arg for one in node.args.kwonlyargs)]
            if getattr(node, "name", name) == name:
                roles |= dict(zip(mine, arguments, strict=False))
                roles |= {one.arg: one.arg for one in node.args.kwonlyargs}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.append(node.id)
        elif isinstance(node, ast.Assign | ast.For):
            roles |= _unpacked(node)
    return Names(roles, tuple(dict.fromkeys(one for one in own if one not in ("self", "_"))))


STEP = ("next_obs", "reward", "terminated", "truncated", "info")
ROW = ("state", "action", "reward", "next_state", "terminated", "truncated")


def _unpacked(node: ast.Assign | ast.For) -> dict[str, str]:
    """Rollerna i en uppackning: fem delar ur `step`, sex ur en batch eller en erfarenhet."""
    target = node.target if isinstance(node, ast.For) else node.targets[0]
    found = tuple_names(target)
    is_step = isinstance(node, ast.Assign) and called(node.value) == "step"
    parts = STEP if len(found) == len(STEP) and is_step else ROW if len(found) == len(ROW) else ()
    return {one: role for one, role in zip(found, parts, strict=False) if one not in ("", "_")}


# --- byggklossar ---------------------------------------------------------------------------------

DISCOUNT, FLAGS = ("discount_factor",), ("terminated", "truncated")


def _with(node: Any, **fields: Any) -> Any:
    """En kopia av noden med några fält ändrade."""
    changed = copy.copy(node)
    for field, value in fields.items():
        setattr(changed, field, value)
    return changed


def _int(node: ast.AST) -> int | None:
    """Heltalet som noden är, också ett negativt; None för annat."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _int(node.operand)
        return None if value is None else -value
    number = node.value if isinstance(node, ast.Constant) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _is(node: ast.AST, operator: type[ast.operator]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, operator)


def _times(left: Any, right: Any) -> ast.BinOp:
    return ast.BinOp(left, ast.Mult(), right)


def _read(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _expression(text: str) -> Any:
    return ast.parse(text, mode="eval").body


def _is_read(node: ast.AST) -> bool:
    return isinstance(node, ast.Name | ast.Call | ast.Subscript | ast.Attribute) and isinstance(
        getattr(node, "ctx", ast.Load()), ast.Load
    )


def _blocks(node: ast.AST) -> Iterator[tuple[str, list[Any]]]:
    """Satserna som står under en annan, och i vilket fält."""
    if isinstance(node, ast.ClassDef):
        return
    for field in ("body", "orelse"):
        block = getattr(node, field, None)
        if isinstance(block, list) and block:
            yield field, block


# --- axlar och sammanfattningar ------------------------------------------------------------------

REDUCED = {
    "max": ("det största värdet", ("min", "mean", "sum")),
    "min": ("det minsta värdet", ("max",)),
    "amax": ("det största värdet", ("amin", "mean", "sum")),
    "amin": ("det minsta värdet", ("amax",)),
    "sum": ("summan", ("mean", "max")),
    "mean": ("medelvärdet", ("sum", "max")),
    "argmax": ("platsen för det största värdet", ("argmin",)),
    "argmin": ("platsen för det minsta värdet", ("argmax",)),
}
"""Sammanfattningarna: vad de ger i ord, och vad de förväxlas med."""

AXES = (0, 1, -1, 2)


@rule(
    "axis",
    "Svaret blir detsamma som när räkningen görs längs fel axel (dimension).",
    "det är inte längs den axeln (dimensionen) som räkningen ska göras",
)
def _other_axis(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.keyword) and node.arg in ("dim", "axis"):
        before = _int(node.value)
        yield from (
            Change(_with(node, value=ast.Constant(axis)), node)
            for axis in AXES
            if before is not None and axis != before
        )
    # Pythons egna `max(x, 0)` har ingen axel.
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    is_call = is_call and called(node) in (*REDUCED, "gather", "sort", "cumsum")
    for place, one in enumerate(node.args if is_call else ()):
        if (before := _int(one)) is not None:
            for axis in AXES:
                arguments = [*node.args[:place], ast.Constant(axis), *node.args[place + 1 :]]
                if axis != before:
                    yield Change(_with(node, args=arguments), one)


@rule(
    "axis_missing", "Svaret blir detsamma som när en sammanfattning görs över alla tal på en gång."
)
def _no_axis(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Call) and called(node) in REDUCED:
        kept = [one for one in node.keywords if one.arg not in ("dim", "axis", "keepdim")]
        arguments = [one for one in node.args if _int(one) is None]
        if len(kept) < len(node.keywords) or len(arguments) < len(node.args):
            yield Change(_with(node, keywords=kept, args=arguments), node)


@rule("axis_added", "", "här räknas över alla tal på en gång, och inte för varje rad för sig")
def _an_axis(node: Any, names: Names) -> Iterator[Change]:
    if not isinstance(node, ast.Call) or called(node) not in REDUCED:
        return
    if any(one.arg in ("dim", "axis") for one in node.keywords) or any(
        _int(one) is not None for one in node.args
    ):
        return
    for axis in AXES[:3]:
        along = _with(node, keywords=[*node.keywords, ast.keyword("axis", ast.Constant(axis))])
        yield Change(along, node)
        if called(node) in ("max", "min"):
            yield Change(ast.Subscript(along, ast.Constant(0), ast.Load()), node)


@rule(
    "reduce",
    "Svaret blir detsamma som när man tar {word}, och det är inte det som söks.",
    "det är en annan sammanfattning som söks",
)
def _other_reduction(node: Any, names: Names) -> Iterator[Change]:
    call = node
    if isinstance(node, ast.Attribute | ast.Subscript) and _picks(node) is not None:
        call = node.value  # `max(1).values`: medelvärdet har inga delar att välja bland
    if not isinstance(call, ast.Call) or called(call) not in REDUCED:
        return
    for other in REDUCED[called(call)][1]:
        renamed = (
            _with(call.func, attr=other)
            if isinstance(call.func, ast.Attribute)
            else _with(call.func, id=other)
        )
        yield Change(_with(call, func=renamed), call, REDUCED[other][0])
        if call is not node and other == "min":
            yield Change(_with(node, value=_with(call, func=renamed)), call, REDUCED[other][0])


def _picks(node: ast.AST) -> int | None:
    """Vilken av de två delarna av `max(dim)` som tas: 0 värdena, 1 platserna; None för annat."""
    if isinstance(node, ast.Attribute) and node.attr in ("values", "indices"):
        return int(node.attr == "indices")
    is_part = isinstance(node, ast.Subscript) and called(node.value) in ("max", "min", "sort")
    return _int(node.slice) if is_part and isinstance(node, ast.Subscript) else None


PARTS = (
    "de största värdena i stället för deras platser",
    "platserna för de största värdena i stället för värdena",
)


@rule(
    "indices",
    "Svaret blir detsamma som när man använder {word}.",
    "`max` ger både värden och platser, och här används fel del",
)
def _other_part(node: Any, names: Names) -> Iterator[Change]:
    part = _picks(node)
    if isinstance(node, ast.Attribute) and part is not None:
        yield Change(_with(node, attr=("indices", "values")[part]), node, PARTS[1 - part])
    elif isinstance(node, ast.Subscript) and part in (0, 1):
        yield Change(_with(node, slice=ast.Constant(1 - part)), node, PARTS[1 - part])
    is_max = isinstance(node, ast.Assign) and called(node.value) in ("max", "min")
    if is_max and len(tuple_names(node.targets[0])) == 2:
        target: Any = node.targets[0]
        other = _with(target, elts=target.elts[::-1])
        yield Change(_with(node, targets=[other]), target, PARTS[1])
    if isinstance(node, ast.Call) and called(node) == "argmax" and _int_axis(node):
        best = ast.Call(_with(node.func, attr="max"), node.args, node.keywords)
        yield Change(ast.Attribute(best, "values", ast.Load()), node, PARTS[0])


def _int_axis(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and bool(node.args or node.keywords)


@rule("part_added", "", "`max` ger både värden och platser, och här behövs en av dem")
def _a_part(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Call) and called(node) in ("max", "min") and _int_axis(node):
        for part in (0, 1):
            yield Change(ast.Subscript(node, ast.Constant(part), ast.Load()), node)


# --- masken --------------------------------------------------------------------------------------


def _is_mask(node: ast.AST, names: Names) -> bool:
    """Sant för ett uttryck som bara är en flagga: `~terminated`, `1 - terminated.float()`."""
    known = {"torch", "np", "float", "int", "bool"}
    return names.mentions(node, *FLAGS) and all(
        names.roles.get(name) in FLAGS or name in known for name in names_in(node)
    )


def _mask_word(node: ast.AST, names: Names) -> str:
    used = {names.roles.get(name) for name in names_in(node)}
    return " och ".join(f"`{flag}`" for flag in FLAGS if flag in used)


@rule("mask_missing", "Svaret blir detsamma som när {word} inte påverkar något.")
def _no_mask(node: Any, names: Names) -> Iterator[Change]:
    if _is(node, ast.Mult):
        for mask, kept in ((node.left, node.right), (node.right, node.left)):
            if _is_mask(mask, names):
                yield Change(kept, mask, _mask_word(mask, names))
    for mask, _, never in _choices(node, names):
        yield Change(never, mask, _mask_word(mask, names))
    if called(node) == "masked_fill" and isinstance(node.func, ast.Attribute):
        yield Change(node.func.value, node, _mask_word(node.args[0], names))


@rule(
    "mask_always",
    "Svaret blir detsamma som när varje rad räknas som ett slut: framtiden är aldrig med.",
)
def _always_masked(node: Any, names: Names) -> Iterator[Change]:
    for mask, always, _ in _choices(node, names):
        yield Change(always, mask)


def _choices(node: Any, names: Names) -> Iterator[tuple[Any, Any, Any]]:
    """Ett val som en flagga styr: flaggan, värdet där den är sann och värdet där den är falsk."""
    parts = []
    if called(node) == "where" and len(node.args) == 3:
        parts = node.args
    elif isinstance(node, ast.IfExp):
        parts = [node.test, node.body, node.orelse]
    if parts and names.mentions(parts[0], *FLAGS):
        is_negated = isinstance(parts[0], ast.UnaryOp)
        yield (parts[0], parts[2], parts[1]) if is_negated else tuple(parts)


@rule(
    "mask_inverted",
    "Svaret blir detsamma som med omvänd mask: {word} räknas tvärtom.",
    "masken är omvänd",
)
def _inverted_mask(node: Any, names: Names) -> Iterator[Change]:
    word = _mask_word(node, names)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert | ast.Not):
        if _is_mask(node.operand, names):
            yield Change(node.operand, node, word)
    elif _is(node, ast.Sub) and _int(node.left) == 1 and _is_mask(node.right, names):
        yield Change(node.right, node, word)
    elif _is(node, ast.Mult):
        for field in ("left", "right"):
            mask = getattr(node, field)
            if _is_mask(mask, names) and not isinstance(mask, ast.UnaryOp | ast.BinOp):
                yield Change(_with(node, **{field: _off(mask)}), mask, word)
    if called(node) == "where" and len(node.args) == 3 and names.mentions(node.args[0], *FLAGS):
        yield Change(_with(node, args=[node.args[0], node.args[2], node.args[1]]), node, word)
    if isinstance(node, ast.IfExp | ast.If | ast.While) and names.mentions(node.test, *FLAGS):
        opposite = ast.UnaryOp(ast.Not(), node.test)
        yield Change(_with(node, test=opposite), node.test, _mask_word(node.test, names))


def _off(mask: Any) -> ast.Compare:
    """Sant där flaggan är falsk, för tal, arrayer och tensorer."""
    return ast.Compare(mask, [ast.Eq()], [ast.Constant(0)])


@rule(
    "mask_everything",
    "Svaret blir detsamma som när masken nollar hela summan, också belöningen.",
)
def _mask_on_everything(node: Any, names: Names) -> Iterator[Change]:
    if not (_is(node, ast.Add) and _is(node.right, ast.Mult)):
        return
    future = node.right
    for mask, rest in ((future.right, future.left), (future.left, future.right)):
        if _is_mask(mask, names):
            yield Change(_times(_with(node, right=rest), mask), mask)


@rule("mask_on_less", "", "masken träffar för mycket")
def _mask_on_less(node: Any, names: Names) -> Iterator[Change]:
    if _is(node, ast.Mult) and _is(node.left, ast.Add) and _is_mask(node.right, names):
        for field in ("right", "left"):
            masked = _times(getattr(node.left, field), node.right)
            yield Change(_with(node.left, **{field: masked}), node)


@rule("mask_added", "", "här saknas en mask för sluttillstånden")
def _a_mask(node: Any, names: Names) -> Iterator[Change]:
    flags = [name for name, role in names.roles.items() if role == "terminated"]
    if _is(node, ast.Mult) and flags and not names.mentions(node, *FLAGS):
        yield Change(_times(node, _off(_read(flags[0]))), node)


# --- diskonteringen ------------------------------------------------------------------------------


def _is_weight(node: ast.AST, names: Names) -> bool:
    """Sant för γ själv, och för en potens av γ."""
    base = node.left if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) else node
    return names.role(base) in DISCOUNT


@rule(
    "discount_missing",
    "Svaret blir detsamma som utan γ.",
    "här hör γ inte hemma",
)
def _no_discount(node: Any, names: Names) -> Iterator[Change]:
    if _is(node, ast.Mult):
        for weight, kept in ((node.left, node.right), (node.right, node.left)):
            if _is_weight(weight, names):
                yield Change(kept, node)


@rule(
    "discount_everything",
    "Svaret blir detsamma som när γ multiplicerar hela summan, också den första belöningen.",
)
def _discount_on_everything(node: Any, names: Names) -> Iterator[Change]:
    if not _is(node, ast.Add):
        return
    for field, other in (("right", "left"), ("left", "right")):
        term = getattr(node, field)
        for weight, rest in _factors(term, names):
            yield Change(_times(weight, _with(node, **{field: rest, other: getattr(node, other)})),
                         node)  # fmt: skip


def _factors(term: Any, names: Names) -> Iterator[tuple[Any, Any]]:
    """γ i en produkt, och det som blir kvar av produkten utan den."""
    if not _is(term, ast.Mult):
        return
    if _is_weight(term.left, names):
        yield term.left, term.right
    elif _is_weight(term.right, names):
        yield term.right, term.left
    else:
        for field in ("left", "right"):
            for weight, rest in _factors(getattr(term, field), names):
                yield weight, _with(term, **{field: rest})


@rule("discount_on_less", "", "γ multiplicerar för mycket")
def _discount_on_less(node: Any, names: Names) -> Iterator[Change]:
    if not _is(node, ast.Mult):
        return
    for weight, whole in ((node.left, node.right), (node.right, node.left)):
        if _is_weight(weight, names) and _is(whole, ast.Add):
            for field in ("right", "left"):
                term = getattr(whole, field)
                yield Change(_with(whole, **{field: _times(weight, term)}), node)


@rule("discount_twice", "Svaret blir detsamma som när γ är med en gång för mycket.")
def _discount_twice(node: Any, names: Names) -> Iterator[Change]:
    if _is(node, ast.Mult) and any(names.role(x) in DISCOUNT for x in (node.left, node.right)):
        weight = node.left if names.role(node.left) in DISCOUNT else node.right
        yield Change(_times(weight, node), node)


@rule(
    "discount_times_steps",
    "Svaret blir detsamma som när γ multipliceras med antalet steg, i stället för att upphöjas "
    "till det.",
)
def _discount_not_as_power(node: Any, names: Names) -> Iterator[Change]:
    if _is(node, ast.Pow) and names.role(node.left) in DISCOUNT:
        yield Change(_times(node.left, node.right), node)


@rule("power_swapped", "Svaret blir detsamma som när bas och exponent är ombytta.")
def _power_swapped(node: Any, names: Names) -> Iterator[Change]:
    if _is(node, ast.Pow):
        yield Change(ast.BinOp(node.right, ast.Pow(), node.left), node)


@rule("discount_as_power", "", "så krymper inte vikterna från steg till steg")
def _discount_as_power(node: Any, names: Names) -> Iterator[Change]:
    for operator in (ast.Mult, ast.Pow):
        if _is(node, operator):
            for weight, steps in ((node.left, node.right), (node.right, node.left)):
                if names.role(weight) in DISCOUNT and isinstance(steps, ast.Name):
                    yield Change(ast.BinOp(weight, ast.Pow(), steps), node)


@rule("discount_added", "", "här saknas γ")
def _a_discount(node: Any, names: Names) -> Iterator[Change]:
    gamma = next((name for name, role in names.roles.items() if role in DISCOUNT), "")
    if not gamma:
        return
    if _is(node, ast.Add) or _is(node, ast.Sub):
        for field in ("right", "left"):
            term = getattr(node, field)
            if not names.mentions(term, *DISCOUNT):
                yield Change(_with(node, **{field: _times(_read(gamma), term)}), term)
    if isinstance(node, ast.AugAssign) and not names.mentions(node.value, *DISCOUNT):
        yield Change(_with(node, value=_times(_read(gamma), node.value)), node.value)


# --- fel namn ------------------------------------------------------------------------------------


CONFUSED = (
    ("state", "next_state", "action"), ("obs", "next_obs"), ("model", "target_model"), FLAGS,
    ("start", "end"), ("epsilon_start", "epsilon_end"), ("step", "decay_steps"),
    ("learning_rate", "discount_factor"), ("train_every", "target_update_every", "batch_size"),
    ("n_episodes", "warmup"), ("reward", "next_state"),
)  # fmt: skip
FEW = 4


def _are_confused(one: str, other: str, names: Names) -> bool:
    """Sant om två argument brukar förväxlas; är de få prövas alla."""
    roles = set(names.roles.values())
    return len(roles) <= FEW or any(one in group and other in group for group in CONFUSED)


@rule(
    "argument",
    "Svaret blir detsamma som när {word} används där ett annat argument ska stå.",
    "det är inte det argumentet som hör hemma här",
)
def _other_argument(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and names.role(node):
        for other, role in names.roles.items():
            if other != node.id and _are_confused(names.role(node), role, names):
                yield Change(_with(node, id=other), node, f"`{role}`")


@rule(
    "arguments_swapped",
    "Svaret blir detsamma som när {word} har bytt plats.",
    "två saker står i fel ordning",
)
def _swapped(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Call) and called(node) not in ("where", "isinstance"):
        for place in range(len(node.args) - 1):
            one, other = node.args[place : place + 2]
            arguments = [*node.args[:place], other, one, *node.args[place + 2 :]]
            yield Change(_with(node, args=arguments), node, "två argument i ett anrop")
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
        parts = node.targets[0].elts
        for place in range(len(parts) - 1):
            swapped = [*parts[:place], *parts[place : place + 2][::-1], *parts[place + 2 :]]
            target = _with(node.targets[0], elts=swapped)
            word = "två namn som får sina värden på samma rad"
            yield Change(_with(node, targets=[target]), node.targets[0], word)


# --- räkningen -----------------------------------------------------------------------------------


@rule(
    "sign",
    "Svaret blir detsamma som med omvänt tecken på en del av räkningen.",
    "tecknet är omvänt",
)
def _other_sign(node: Any, names: Names) -> Iterator[Change]:
    if _is(node, ast.Add) or _is(node, ast.Sub):
        operator = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield Change(_with(node, op=operator), node)
    if _is(node, ast.Sub):
        yield Change(_with(node, left=node.right, right=node.left), node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and _int(node) is None:
        yield Change(node.operand, node)
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        operator = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield Change(_with(node, op=operator), node)
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Name | ast.BinOp):
        yield Change(_with(node, value=ast.UnaryOp(ast.USub(), node.value)), node)


@rule(
    "absolute",
    "Svaret blir detsamma som när tecknet tas bort med `abs`.",
    "`abs` tar bort tecknet",
)
def _absolute(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Call) and called(node) in ("abs", "absolute"):
        inside = node.args[0] if node.args else getattr(node.func, "value", None)
        if inside is not None:
            yield Change(inside, node)
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Name | ast.BinOp):
        yield Change(_with(node, value=ast.Call(_read("abs"), [node.value], [])), node)


@rule(
    "off_by_one",
    "Svaret blir detsamma som när ett tal i räkningen är ett för stort eller ett för litet.",
    "talet är ett för stort eller ett för litet",
)
def _one_more_or_less(node: Any, names: Names) -> Iterator[Change]:
    number: Any = node.value if isinstance(node, ast.Constant) else None
    if isinstance(number, int | float) and not isinstance(number, bool):
        for step in (1, -1):
            yield Change(ast.Constant(number + step), node)
    if called(node) == "len":
        for operator in (ast.Sub(), ast.Add()):
            yield Change(ast.BinOp(node, operator, ast.Constant(1)), node)


@rule(
    "range",
    "Svaret blir detsamma som när loopen börjar eller slutar ett steg fel.",
    "loopen börjar eller slutar ett steg fel",
)
def _other_range(node: Any, names: Names) -> Iterator[Change]:
    if not isinstance(node, ast.Call) or called(node) not in ("range", "enumerate", "arange"):
        return
    if len(node.args) == 1:
        if called(node) != "enumerate":
            less = ast.BinOp(node.args[0], ast.Sub(), ast.Constant(1))
            yield Change(_with(node, args=[less]), node)
            yield Change(_with(node, args=[ast.Constant(1), node.args[0]]), node)
            more = ast.BinOp(node.args[0], ast.Add(), ast.Constant(1))
            yield Change(_with(node, args=[more]), node)
            yield Change(_with(node, args=[ast.Constant(1), more]), node)
        else:
            yield Change(_with(node, args=[node.args[0], ast.Constant(1)]), node)
    elif len(node.args) == 2:
        yield Change(_with(node, args=[node.args[called(node) != "enumerate"]]), node)


@rule("slice", "", "biten som tas ut börjar eller slutar fel")
def _other_slice(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Slice):
        for field in ("lower", "upper", "step"):
            if getattr(node, field) is not None:
                yield Change(_with(node, **{field: None}), node)


COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE),
    ast.LtE: (ast.Lt, ast.GtE, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt, ast.LtE),
    ast.GtE: (ast.Gt, ast.LtE, ast.Lt),
    ast.Eq: (ast.NotEq, ast.GtE),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}


@rule(
    "compare",
    "Det blir som när en jämförelse görs åt fel håll, eller tar med gränsen fast den inte ska.",
    "jämförelsen går åt fel håll, eller gör fel just vid gränsen",
)
def _other_comparison(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for operator in COMPARED.get(type(node.ops[0]), ()):
            yield Change(_with(node, ops=[operator()]), node)


@rule(
    "logic",
    "Det blir som när {word}.",
    "villkoren är hopsatta på fel sätt",
)
def _other_logic(node: Any, names: Names) -> Iterator[Change]:
    both, one = "båda villkoren måste vara sanna", "det räcker att ett av villkoren är sant"
    if isinstance(node, ast.BoolOp):
        is_and = isinstance(node.op, ast.And)
        other = ast.Or() if is_and else ast.And()
        yield Change(_with(node, op=other), node, one if is_and else both)
        for kept in node.values:
            yield Change(kept, node, "bara ett av villkoren räknas")
    if _is(node, ast.BitOr) or _is(node, ast.BitAnd):
        for kept in (node.left, node.right):
            yield Change(kept, node, "bara ett av villkoren räknas")
    also = "både `terminated` och `truncated` räknas som ett slut"
    flags = [name for name, role in names.roles.items() if role in FLAGS]
    is_flag = names.role(node) in FLAGS and isinstance(node.ctx, ast.Load)
    for other_flag in flags if is_flag else ():
        if other_flag != node.id:
            either = ast.BoolOp(ast.Or(), [node, _read(other_flag)])
            yield Change(either, node, also)


@rule(
    "condition",
    "Det blir som när ett villkor alltid är sant, eller aldrig.",
    "villkoret är inte det rätta",
)
def _no_condition(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.If | ast.IfExp):
        for value in (True, False):
            yield Change(_with(node, test=ast.Constant(value)), node.test)


@rule("flipped", "Det blir som när ett sanningsvärde är omvänt.", "sanningsvärdet är omvänt")
def _flipped(node: Any, names: Names) -> Iterator[Change]:
    value = node.value if isinstance(node, ast.keyword) else node  # `keepdims=True` är lättare läst
    if isinstance(value, ast.Constant) and isinstance(value.value, bool):
        opposite = ast.Constant(not value.value)
        yield Change(opposite if value is node else _with(node, value=opposite), node)


IN_WORDS: dict[type[ast.operator], str] = {
    ast.Add: "addition",
    ast.Mult: "multiplikation",
    ast.Div: "division",
    ast.FloorDiv: "heltalsdivision",
}


@rule(
    "operator",
    "Svaret blir detsamma som när formeln har {word} där ett annat räknesätt ska stå.",
    "räknesättet är inte det rätta",
)
def _other_operator(node: Any, names: Names) -> Iterator[Change]:
    others: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
        ast.Mult: (ast.Add, ast.Div),
        ast.Add: (ast.Mult,),
        ast.Div: (ast.Mult, ast.FloorDiv),
        ast.FloorDiv: (ast.Div,),
        ast.Mod: (ast.FloorDiv,),
    }
    if isinstance(node, ast.BinOp):
        for operator in others.get(type(node.op), ()):
            yield Change(_with(node, op=operator()), node, IN_WORDS[operator])


@rule(
    "grouping",
    "Svaret blir detsamma som när en parentes i formeln saknas eller står fel.",
    "parenteserna står fel, eller saknas: gånger och delat går före plus och minus",
)
def _other_grouping(node: Any, names: Names) -> Iterator[Change]:
    for field, inner in (("left", "right"), ("right", "left")):
        part = getattr(node, field, None)
        if not (isinstance(node, ast.BinOp) and isinstance(part, ast.BinOp)):
            continue
        kinds = {isinstance(one.op, ast.Add | ast.Sub) for one in (node, part)}
        is_product = all(isinstance(x.op, ast.Add | ast.Sub | ast.Mult | ast.Div)
                         for x in (node, part))  # fmt: skip
        if is_product and len(kinds) == 2:
            # a + b·c blir (a + b)·c, och tvärtom.
            moved = _with(node, **{field: getattr(part, inner)})
            yield Change(_with(part, **{inner: moved}), node)


NUMBERS = (
    "discount_factor", "learning_rate", "epsilon", "tau", "batch_size", "start", "end",
    "decay_steps", "warmup", "train_every", "target_update_every", "n_episodes",
    "epsilon_start", "epsilon_end", "epsilon_decay_steps", "seed",
)  # fmt: skip


@rule("fixed_number", "", "här står ett fast tal, där ett av argumenten hör hemma")
def _argument_for_number(node: Any, names: Names) -> Iterator[Change]:
    number = node.value if isinstance(node, ast.Constant) else None
    if isinstance(number, int | float) and not isinstance(number, bool):
        for name, role in names.roles.items():
            if role in NUMBERS:
                yield Change(_read(name), node)


@rule(
    "part_missing",
    "Svaret blir detsamma som när {word} inte är med i formeln.",
    "här är något för mycket i formeln",
)
def _one_side(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
        yield Change(node.left, node, _part_word(node.right, names))
        if not isinstance(node.op, ast.Div):
            yield Change(node.right, node, _part_word(node.left, names))


def _part_word(node: ast.AST, names: Names) -> str:
    role = names.role(node)
    return f"`{role}`" if role else "en term eller en faktor"


@rule(
    "overwrites",
    "Svaret blir detsamma som när `=` skriver över det som fanns, där något ska läggas till.",
    "här ska värdet ersättas, och inte läggas till",
)
def _assigns(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.AugAssign):
        yield Change(ast.Assign([node.target], node.value), node)


@rule("accumulates", "", "`=` skriver över det som fanns")
def _accumulates(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name | ast.Subscript):
        for operator in (ast.Add(), ast.Mult()):
            yield Change(ast.AugAssign(node.targets[0], operator, node.value), node)


# --- return --------------------------------------------------------------------------------------


@rule(
    "return_in_loop",
    "Svaret blir detsamma som när `return` står inne i loopen, så att bara första varvet körs.",
)
def _return_in_loop(node: Any, names: Names) -> Iterator[Change]:
    for field, block in _blocks(node):
        for place, (loop, after) in enumerate(pairwise(block)):
            if isinstance(loop, ast.For | ast.While) and isinstance(after, ast.Return):
                inside = _with(loop, body=[*loop.body, after])
                for rest in (block[place + 1 :], block[place + 2 :]):
                    yield Change(_with(node, **{field: [*block[:place], inside, *rest]}), after)


@rule(
    "return_after_loop",
    "",
    "`return` står inne i loopen, så bara det första varvet hinner köras",
)
def _return_after_loop(node: Any, names: Names) -> Iterator[Change]:
    for field, block in _blocks(node):
        for place, loop in enumerate(block):
            if isinstance(loop, ast.For | ast.While) and isinstance(loop.body[-1], ast.Return):
                outside = [_with(loop, body=loop.body[:-1] or [ast.Pass()]), loop.body[-1]]
                changed = [*block[:place], *outside, *block[place + 1 :]]
                yield Change(_with(node, **{field: changed}), loop.body[-1])


@rule(
    "returns_other",
    "Svaret blir detsamma som när {word} returneras i stället för det som är färdigt.",
    "det är inte det här värdet som ska returneras",
)
def _other_return(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Return) and node.value is not None:
        for name in names.own:
            if not (isinstance(node.value, ast.Name) and node.value.id == name):
                role = names.roles.get(name)
                word = f"argumentet `{role}`" if role else "något som räknas ut på vägen"
                yield Change(_with(node, value=_read(name)), node, word)


@rule("return_added", "", "efter den här raden saknas ett `return`")
def _a_return(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.FunctionDef) and not isinstance(node.body[-1], ast.Return):
        for name in names.own:
            changed = [*node.body, ast.Return(_read(name))]
            yield Change(_with(node, body=changed), node.body[-1])
    if isinstance(node, ast.FunctionDef) and isinstance(node.body[-1], ast.Expr):
        changed = [*node.body[:-1], ast.Return(node.body[-1].value)]
        yield Change(_with(node, body=changed), node.body[-1])


# --- kopior, gradienter, former och typer --------------------------------------------------------

COPIES = ("copy", "clone", "deepcopy")
CONSTANTS = ("detach", "no_grad", "inference_mode")
SHAPES = ("squeeze", "unsqueeze", "flatten", "view", "reshape", "ravel")
KINDS = ("float", "int", "long", "bool", "double", "astype", "to", "type", "item")


def _dropped(node: Any, wanted: Sequence[str]) -> Iterator[Change]:
    """Ett anrop av något i `wanted` byts mot det som anropet gällde."""
    if not isinstance(node, ast.Call) or called(node) not in wanted:
        return
    on_module = isinstance(node.func, ast.Attribute) and names_in(node.func.value)[:1] in (
        ["copy"], ["np"], ["torch"],
    )  # fmt: skip
    if isinstance(node.func, ast.Attribute) and not on_module:
        yield Change(node.func.value, node, f"`{called(node)}`")
    elif node.args:
        yield Change(node.args[0], node, f"`{called(node)}`")


def _without_keyword(node: Any, name: str) -> Iterator[Change]:
    """Ett anrop utan det argument som har namnet."""
    kept = [one for one in getattr(node, "keywords", ()) if one.arg != name]
    if isinstance(node, ast.Call) and len(kept) < len(node.keywords):
        yield Change(_with(node, keywords=kept), node)


@rule("copy_missing", "Det blir som utan kopia: samma minne skrivs över.")
def _no_copy(node: Any, names: Names) -> Iterator[Change]:
    yield from _dropped(node, (*COPIES, "array"))


@rule("copy_added", "", "här behövs en kopia, för samma minne skrivs över sedan")
def _a_copy(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names.own:
        yield Change(ast.Call(_expression("__import__('copy').deepcopy"), [node], []), node)


@rule("gradient_kept", "Det blir som när gradienten går genom det som ska vara en konstant.")
def _no_detach(node: Any, names: Names) -> Iterator[Change]:
    yield from _dropped(node, ("detach",))
    if isinstance(node, ast.With) and called(node.items[0].context_expr) in CONSTANTS:
        yield Change(ast.If(ast.Constant(True), node.body, []), node)
    if isinstance(node, ast.FunctionDef) and node.decorator_list:
        kept = [one for one in node.decorator_list if called(one) not in CONSTANTS]
        if len(kept) < len(node.decorator_list):
            yield Change(_with(node, decorator_list=kept), node)


@rule("detach_added", "", "gradienten går genom det här, som ska vara en konstant")
def _a_detach(node: Any, names: Names) -> Iterator[Change]:
    is_value = isinstance(node, ast.Assign | ast.Return) and node.value is not None
    if is_value and isinstance(node.value, ast.Call | ast.BinOp | ast.Attribute | ast.Subscript):
        detached = ast.Call(ast.Attribute(node.value, "detach", ast.Load()), [], [])
        yield Change(_with(node, value=detached), node.value)


@rule("gradient_lost", "", "här försvinner gradienten, fast nätverket ska lära sig av det")
def _with_gradient(node: Any, names: Names) -> Iterator[Change]:
    yield from _dropped(node, ("detach",))
    if isinstance(node, ast.With) and called(node.items[0].context_expr) in CONSTANTS:
        yield Change(ast.If(ast.Constant(True), node.body, []), node.items[0].context_expr)


@rule(
    "shape",
    "Talen blir desamma som när en dimension blir kvar eller försvinner.",
    "formen ändras på fel sätt",
)
def _other_shape(node: Any, names: Names) -> Iterator[Change]:
    yield from _dropped(node, SHAPES)
    yield from _without_keyword(node, "keepdim")
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Call | ast.Name | ast.BinOp):
        column = ast.Call(ast.Attribute(node.value, "unsqueeze", ast.Load()), [ast.Constant(1)], [])
        yield Change(_with(node, value=column), node)


@rule("shape_added", "", "formen är inte den som behövs")
def _a_shape(node: Any, names: Names) -> Iterator[Change]:
    if not _is_read(node) and not isinstance(node, ast.Return):
        return
    value = node.value if isinstance(node, ast.Return) else node
    if value is None or (not isinstance(node, ast.Return) and not isinstance(node, ast.Call)):
        return
    for method, axis in (("squeeze", 1), ("squeeze", -1), ("unsqueeze", 1), ("unsqueeze", 0)):
        call = ast.Call(ast.Attribute(value, method, ast.Load()), [ast.Constant(axis)], [])
        yield Change(_with(node, value=call) if isinstance(node, ast.Return) else call, value)


@rule(
    "dtype",
    "Svaret blir detsamma som när talen får en annan datatyp på vägen.",
    "datatypen blir fel",
)
def _other_kind(node: Any, names: Names) -> Iterator[Change]:
    yield from _dropped(node, KINDS)
    yield from _without_keyword(node, "dtype")
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Name | ast.BinOp):
        for kind in ("int", "float"):
            yield Change(_with(node, value=ast.Call(_read(kind), [node.value], [])), node)


@rule(
    "not_in_place",
    "Det blir som när ett nytt värde räknas ut men inte skrivs på plats.",
    "metoden ger ett nytt värde, som ingen använder",
)
def _not_in_place(node: Any, names: Names) -> Iterator[Change]:
    is_alone = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if not is_alone or not isinstance(node.value.func, ast.Attribute):
        return
    method = node.value.func
    if method.attr.endswith("_") and method.attr.strip("_"):
        name = method.attr.rstrip("_")
        yield Change(_with(node, value=_with(node.value, func=_with(method, attr=name))), node)
    elif method.attr in ("lerp", "copy", "mul", "add", "sub", "clamp", "fill", "zero"):
        named = _with(method, attr=f"{method.attr}_")
        yield Change(_with(node, value=_with(node.value, func=named)), node)


# --- steg som saknas, kommer två gånger eller i fel ordning -------------------------------------

CALLED_STEPS = (
    "zero_grad", "backward", "step", "append", "copy_", "load_state_dict", "reset",
    "update_target_network", "training_step", "train", "eval",
)  # fmt: skip


def _step_word(statement: ast.stmt) -> str:
    """Stegets namn, om det är ett anrop som övningens text nämner."""
    name = called(statement.value) if isinstance(statement, ast.Expr | ast.Assign) else ""
    return f"`{name}`" if name in CALLED_STEPS else "ett steg"


@rule(
    "step_missing",
    "Det blir som när {word} saknas.",
    "raden hör inte hemma här",
)
def _no_step(node: Any, names: Names) -> Iterator[Change]:
    for field, block in _blocks(node):
        for place, one in enumerate(block):
            if not isinstance(one, ast.Return | ast.Pass | ast.FunctionDef) and not _is_text(one):
                left = [*block[:place], *block[place + 1 :]] or [ast.Pass()]
                yield Change(_with(node, **{field: left}), one, _step_word(one))


@rule("step_twice", "Det blir som när {word} görs två gånger.")
def _step_twice(node: Any, names: Names) -> Iterator[Change]:
    for field, block in _blocks(node):
        for place, one in enumerate(block):
            if isinstance(one, ast.Expr | ast.AugAssign) and not _is_text(one):
                doubled = [*block[: place + 1], *block[place:]]
                yield Change(_with(node, **{field: doubled}), one, _step_word(one))


@rule(
    "order",
    "Det blir som när två steg står i omvänd ordning.",
    "den här raden och den efter står i fel ordning",
)
def _other_order(node: Any, names: Names) -> Iterator[Change]:
    for field, block in _blocks(node):
        for place in range(len(block) - 1):
            one, other = block[place : place + 2]
            if not any(isinstance(x, ast.Return | ast.FunctionDef) or _is_text(x)
                       for x in (one, other)):  # fmt: skip
                swapped = [*block[:place], other, one, *block[place + 2 :]]
                yield Change(_with(node, **{field: swapped}), one)


@rule(
    "indented",
    "Det blir som när en rad är indragen fel, så att den körs för ofta eller för sällan.",
    "raden är indragen fel, så att den körs för ofta eller för sällan",
)
def _other_indent(node: Any, names: Names) -> Iterator[Change]:
    for field, block in _blocks(node):
        for place, outer in enumerate(block):
            if not isinstance(outer, ast.For | ast.While | ast.If | ast.With):
                continue
            before, after = block[:place], block[place + 1 :]
            if len(outer.body) > 1:
                moved = [_with(outer, body=outer.body[:-1]), outer.body[-1]]
                yield Change(_with(node, **{field: [*before, *moved, *after]}), outer.body[-1])
            if after and not isinstance(after[0], ast.Return | ast.FunctionDef):
                inside = _with(outer, body=[*outer.body, after[0]])
                yield Change(_with(node, **{field: [*before, inside, *after[1:]]}), after[0])


@rule(
    "keyword",
    "Det blir som när {word} inte kommer fram, eller alltid har samma värde.",
    "argumentet ska inte vara med, eller ska ha ett annat värde",
)
def _no_keyword(node: Any, names: Names) -> Iterator[Change]:
    if not isinstance(node, ast.Call):
        return
    for one in node.keywords:
        if one.arg in ("dim", "axis", "keepdim", "dtype", "strict", None):
            continue
        rest = [other for other in node.keywords if other is not one]
        yield Change(_with(node, keywords=rest), one, f"`{one.arg}`")
        if one.arg in ("seed", "replace"):
            fixed = _with(one, value=ast.Constant(0))
            yield Change(_with(node, keywords=[*rest, fixed]), one, f"`{one.arg}`")
        if one.arg in names.own:
            passed = _with(one, value=_read(one.arg))
            yield Change(_with(node, keywords=[*rest, passed]), one, f"`{one.arg}`")


@rule(
    "reset_old",
    "Det blir som med den gamla `reset`, som bara gav observationen.",
    "`reset` ger två saker, observationen och ordboken `info`",
)
def _old_reset(node: Any, names: Names) -> Iterator[Change]:
    if not isinstance(node, ast.Assign):
        return
    if called(node.value) == "reset":
        found = tuple_names(node.targets[0])
        if len(found) == 2 and isinstance(node.targets[0], ast.Tuple):
            yield Change(_with(node, targets=[node.targets[0].elts[0]]), node)
        elif isinstance(node.targets[0], ast.Name):
            first = ast.Subscript(node.value, ast.Constant(0), ast.Load())
            yield Change(_with(node, value=first), node)


@rule("unwrapped", "", "det anropet ska inte göras här")
def _inside(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Call) and not isinstance(node.func, ast.Lambda):
        for one in node.args[:2]:
            if not isinstance(one, ast.Constant | ast.Starred):
                yield Change(one, node)
        if isinstance(node.func, ast.Attribute):
            yield Change(node.func.value, node)


@rule("variable", "", "det är ett annat värde som ska stå här")
def _other_variable(node: Any, names: Names) -> Iterator[Change]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names.own:
        for other in names.own:
            if other != node.id and not (names.role(node) and names.roles.get(other)):
                yield Change(_with(node, id=other), node)
