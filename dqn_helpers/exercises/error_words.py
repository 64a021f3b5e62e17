"""Fel från Python, torch och Gymnasium på svenska, med orsaken som de brukar ha i den här kursen.

En rad i tabellen gäller när felets sort och meddelande passar *och* villkoret är sant för koden på
den plats där felet kastades (`syntax.Site`). Villkoret ger också orden som fylls i. Den första
raden som passar gäller: först de rader som syns i koden, sedan de som följer av meddelandet.
"""

import ast
import builtins
import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import dqn_helpers
from dqn_helpers.counting import listed
from dqn_helpers.exercises.syllabus import NUMBER_OF
from dqn_helpers.exercises.syntax import (
    Site,
    assignments,
    called,
    calls,
    names_in,
    tuple_names,
    written,
)

Words = dict[str, Any]
Condition = Callable[[Any, "re.Match[str]"], Words | None]
"""Orden att fylla i om raden gäller för koden, annars None."""


@dataclass(frozen=True)
class Cause:
    """Orsaken till ett fel: ett kort namn och texten till studenten."""

    id: str
    text: str


@dataclass(frozen=True)
class Row:
    """En rad i tabellen.

    Attributes:
        id: kort engelskt namn.
        pattern: passar början av "Felets sort: meddelandet".
        text: det studenten får läsa; `{ord}` fylls i av `where` och av mönstrets grupper.
        where: villkoret; utan villkor räcker meddelandet.
        reads_code: om villkoret läser koden. Går den inte att läsa hoppas raden över.
    """

    id: str
    pattern: str
    text: str
    where: Condition | None = None
    reads_code: bool = True


def cause_of(error: BaseException, message: str, site: Site | None) -> Cause | None:
    """Orsaken till felet, om den är känd.

    Args:
        error: undantaget.
        message: dess text.
        site: platsen i studentens kod; None om den inte går att läsa.
    """
    whole = f"{type(error).__name__}: {message}"
    for row in TABLE:
        found = re.match(row.pattern, whole, re.DOTALL)
        if not found or (row.where and row.reads_code and site is None):
            continue
        words = row.where(site, found) if row.where else {}
        if words is not None:
            filled = {key: value or "" for key, value in found.groupdict().items()} | words
            return Cause(row.id, row.text.format(**filled))
    return None


# --- villkor: det som ska stå i koden -------------------------------------------------------------

ORDER = ("state", "action", "reward", "next_state", "terminated", "truncated")
HOLDS = ("tillstånden", "handlingarna", "belöningarna", "nästa tillstånd",
         "flaggorna `terminated`", "flaggorna `truncated`")  # fmt: skip
PLACES = ("första", "andra", "tredje", "fjärde", "femte", "sjätte")


def _reset_in_one_name(site: Site, found: "re.Match[str]") -> Words | None:
    """`obs = env.reset(…)`, där bara det första av de två sedan aldrig plockas ut."""
    indexed = {written(n.value) for n in ast.walk(site.function) if isinstance(n, ast.Subscript)}
    for target, value in assignments(site.function):
        is_whole = isinstance(target, ast.Name) and called(value) == "reset"
        if is_whole and written(target) not in indexed:
            return {"code": f"{written(target)} = {written(value)}", "line": value.lineno}
    return None


def _unpacking(site: Site, found: "re.Match[str]") -> tuple[list[str], ast.expr] | None:
    """Uppackningen som felet kom i: namnen, och det som packades upp."""
    for target, value in assignments(site.statement):
        if names := tuple_names(target):
            return names, value
    return None


def _unpacks(function: str, n_values: int) -> Condition:
    """Det som `function` ger packas upp i ett annat antal namn än `n_values`."""

    def condition(site: Site, found: "re.Match[str]") -> Words | None:
        names, value = _unpacking(site, found) or ([], site.expression)
        is_other = called(value) == function and len(names) not in (0, n_values)
        return {"code": written(value), "n": f"{len(names)} namn"} if is_other else None

    return condition


def _batch(tree: ast.AST) -> list[str]:
    """Namnen som en batch på sex fält packas upp i, i den ordning som de står."""
    drawn = {written(target) for target, value in assignments(tree) if _is_batch(value)}
    for target, value in assignments(tree):
        is_batch = _is_batch(value) or written(value) in drawn
        if is_batch and len(names := tuple_names(target)) == len(ORDER):
            return names
    return []


def _is_batch(value: ast.AST) -> bool:
    return bool(calls(value, "sample_experiences"))


def _from_the_batch(wanted: tuple[int, ...]) -> Condition:
    """Det som skickades in är ett fält ur batchen, men inget av fälten `wanted`."""

    def condition(site: Site, found: "re.Match[str]") -> Words | None:
        batch = _batch(site.function)
        arguments = site.expression.args if isinstance(site.expression, ast.Call) else []
        if isinstance(site.expression, ast.Subscript):
            arguments = [site.expression.slice]
        used = [name for argument in arguments for name in names_in(argument) if name in batch]
        place = batch.index(used[0]) if used else -1
        if place < 0 or place in wanted:
            return None
        return {"name": used[0], "place": PLACES[place], "holds": HOLDS[place]}

    return condition


def _stored_in_another_order(site: Site, found: "re.Match[str]") -> Words | None:
    """Belöningen ur `env.step` står inte på tredje plats i tupeln som sparas."""
    rewards = {
        names[1]
        for target, value in assignments(site.function)
        if called(value) == "step" and len(names := tuple_names(target)) == 5
    }
    for call in calls(site.function, "append"):
        saved = call.args[0] if call.args else None
        names = [written(one) for one in saved.elts] if isinstance(saved, ast.Tuple) else []
        place = next((i for i, name in enumerate(names[:6]) if name in rewards), 2)
        if place != 2:
            return {"name": names[place], "place": PLACES[place]}
    return None


def _pair_from_max(site: Site, found: "re.Match[str]") -> Words | None:
    """`max` (eller något liknande) med en dimension, utan att värdena plockas ut."""
    picked = {
        id(n.value) for n in ast.walk(site.function) if isinstance(n, ast.Attribute | ast.Subscript)
    }
    for node in site.parts():
        is_pair = called(node) in ("max", "min", "median", "sort", "topk") and _has_dimension(node)
        if is_pair and id(node) not in picked:
            return {"code": written(node)}
    return None


def _has_dimension(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    n_own = 1 if isinstance(owner, ast.Name) and owner.id == "torch" else 0
    return len(node.args) > n_own or any(key.arg == "dim" for key in node.keywords)


def _builtin(*names: str) -> Condition:
    """Uttrycket är ett anrop av en av Pythons egna funktioner."""

    def condition(site: Site, found: "re.Match[str]") -> Words | None:
        node = site.expression
        is_builtin = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        return {"name": called(node)} if is_builtin and called(node) in names else None

    return condition


def _asked(*kinds: type[ast.AST]) -> Condition:
    """Uttrycket är frågan i en sats (eller ett uttryck) av någon av sorterna."""
    words = {ast.If: "if", ast.IfExp: "if", ast.While: "while", ast.Assert: "assert"}

    def condition(site: Site, found: "re.Match[str]") -> Words | None:
        for node in (site.expression, *site.around()):
            if isinstance(node, kinds):
                asked: Any = getattr(node, "test", node)
                # Felet i `if x:` ligger, efter Pythons version, på x eller på hela satsen.
                is_whole = node is site.expression
                if is_whole or any(site.expression is one for one in ast.walk(asked)):
                    return {"word": words[type(node)], "code": written(asked)}
        return None

    return condition


def _joined(site: Site, found: "re.Match[str]") -> Words | None:
    """Uttrycket är ett led i `and` eller `or`, eller det som står efter `not`."""
    for node in (site.expression, *site.around()):
        if isinstance(node, ast.BoolOp) or (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        ):
            return {"code": written(node)}
    return None


def _argmax_of_everything(site: Site, found: "re.Match[str]") -> Words | None:
    """`argmax` utan dimension, i uttrycket eller i det som namnen där fick sina värden av."""
    for node in site.parts():
        if called(node) == "argmax" and isinstance(node, ast.Call) and isinstance(
            node.func, ast.Attribute
        ):  # fmt: skip
            is_function = written(node.func.value) in ("np", "torch", "numpy")
            if not node.keywords and len(node.args) == int(is_function):
                return {"code": written(node)}
    return None


def _without_gradient(site: Site, found: "re.Match[str]") -> Words | None:
    """Det i funktionen som kan klippa av gradienten."""
    names = (
        "no_grad",
        "inference_mode",
        "detach",
        "item",
        "numpy",
        "tensor",
        "as_tensor",
        "tolist",
    )
    seen = [called(call) for call in calls(site.function, *names)]
    return {"seen": listed([f"`{name}`" for name in dict.fromkeys(seen)])} if seen else None


def _along(site: Site, found: "re.Match[str]") -> Words | None:
    """Ett anrop med en utskriven dimension, i uttrycket eller i det som namnen fick värden av."""
    for node in site.parts():
        keys = node.keywords if isinstance(node, ast.Call) else []
        if not any(key.arg in KEEPS for key in keys):
            for key in keys:
                if key.arg in ("dim", "axis"):
                    return {"code": f"{called(node)}({key.arg}={written(key.value)})"}
    return None


KEEPS = ("keepdim", "keepdims")


def _keeps(site: Site, found: "re.Match[str]") -> Words | None:
    """Ett anrop som behåller dimensionen, på samma ställen."""
    for node in site.parts():
        for key in node.keywords if isinstance(node, ast.Call) else []:
            if key.arg in KEEPS and written(key.value) == "True":
                return {"code": f"{key.arg}=True", "call": called(node)}
    return None


RETURNS_NOTHING = ("append", "extend", "insert", "sort", "reverse", "clear", "remove", "shuffle",
                   "update", "zero_grad", "backward")  # fmt: skip


def _flag_never_updated(site: Site, found: "re.Match[str]") -> Words | None:
    """En loop frågar efter namn som inget i den ändrar."""
    for loop in _loops_around(site):
        stored = {n.id for n in ast.walk(loop)
                  if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}  # fmt: skip
        asked = names_in(loop.test)
        if asked and not stored & set(asked) and not any(map(called, ast.walk(loop.test))):
            return {"name": asked[0], "test": written(loop.test)}
    return None


def _waits_for_both(site: Site, found: "re.Match[str]") -> Words | None:
    """De två flaggorna ur `env.step` står i samma `and`, eller var sin `not` i samma `or`."""
    flags = next(
        (set(names[2:4]) for target, value in assignments(site.function)
         if called(value) == "step" and len(names := tuple_names(target)) == 5), None,
    )  # fmt: skip
    for node in ast.walk(site.function):
        if flags and isinstance(node, ast.BoolOp) and flags <= set(names_in(node)):
            negated = sum(isinstance(one, ast.UnaryOp) for one in node.values)
            if negated == (0 if isinstance(node.op, ast.And) else len(node.values)):
                return {"code": written(node)}
    return None


def _loops_around(site: Site) -> list[ast.While]:
    """De `while` som satsen står i."""
    loops = (node for node in ast.walk(site.function) if isinstance(node, ast.While))
    return [loop for loop in loops if any(site.statement is one for one in ast.walk(loop))]


def _no_network(site: Site, found: "re.Match[str]") -> Words | None:
    """Förutsägelsen, det första som förlusten jämför, räknas fram utan att nätverket anropas."""
    arguments = getattr(getattr(site.function, "args", None), "args", [])
    network = arguments[0].arg if arguments else ""
    compared = [
        c for c in calls(site.function, "criterion", "mse_loss", "smooth_l1_loss") if c.args
    ]
    if not network or not compared:
        return None
    prediction = compared[0].args[0]
    used, left = set[str](), set(names_in(prediction))
    values = [prediction]
    while left:
        used |= left
        new = [v for t, v in assignments(site.function) if left & set(names_in(t))]
        values += new
        left = {name for value in new for name in names_in(value)} - used
    return None if network in used else {"code": written(prediction)}


def _never_given(site: Site, found: "re.Match[str]") -> Words | None:
    """Ett namn i uttrycket är ett argument som är None om ingen skickar något."""
    arguments = getattr(site.function, "args", None)
    if arguments is None:
        return None
    last = [*arguments.posonlyargs, *arguments.args][::-1]
    pairs = [*zip(last, arguments.defaults[::-1], strict=False),
             *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]  # fmt: skip
    empty = {one.arg for one, value in pairs if isinstance(value, ast.Constant) and not value.value
             and value.value is None}  # fmt: skip
    used = [name for name in names_in(site.expression) if name in empty]
    return {"name": used[0]} if used else None


def _given_nothing(site: Site, found: "re.Match[str]") -> Words | None:
    """Ett namn i uttrycket fick sitt värde av något som ändrar på plats."""
    names = names_in(site.expression)
    for target, value in assignments(site.function):
        if written(target) in names and called(value) in RETURNS_NOTHING:
            return {"name": written(target), "code": written(value), "call": called(value)}
    return None


IMPORTS = {
    "np": "import numpy as np", "numpy": "import numpy", "torch": "import torch",
    "nn": "from torch import nn", "F": "import torch.nn.functional as F",
    "gym": "import gymnasium as gym", "gymnasium": "import gymnasium", "random": "import random",
    "math": "import math", "copy": "import copy", "itertools": "import itertools",
    "deque": "from collections import deque", "plt": "import matplotlib.pyplot as plt",
    "dqn_helpers": "import dqn_helpers", "namedtuple": "from collections import namedtuple",
}  # fmt: skip
CONSTANTS = {"true": "True", "false": "False", "none": "None", "null": "None", "TRUE": "True"}
NAME = (  # engelska till vänster
    r"NameError: name '(?P<name>\w+)' is not defined"
)


def _lacks_import(site: Site | None, found: "re.Match[str]") -> Words | None:
    line = IMPORTS.get(found["name"])
    return {"import_line": line} if line else None


def _is_constant(site: Site, found: "re.Match[str]") -> Words | None:
    right = CONSTANTS.get(found["name"])
    return {"right": right} if right else None


def _is_in_the_course(site: Site, found: "re.Match[str]") -> Words | None:
    name = found["name"]
    return {} if name not in NUMBER_OF and hasattr(dqn_helpers, name) else None


def _is_another_exercise(site: Site, found: "re.Match[str]") -> Words | None:
    number = NUMBER_OF.get(found["name"])
    return {"number": number} if number else None


def _is_nearly(site: Site, found: "re.Match[str]") -> Words | None:
    """Ett annat namn i funktionen är nästan likadant."""
    arguments = [one.arg for one in ast.walk(site.function) if isinstance(one, ast.arg)]
    given = [n.id for n in ast.walk(site.function)
             if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]  # fmt: skip
    near = difflib.get_close_matches(found["name"], {*arguments, *given}, 1, 0.75)
    return {"near": near[0]} if near else None


def _adds_to_itself(site: Site, found: "re.Match[str]") -> Words | None:
    statement = site.statement
    is_added = isinstance(statement, ast.AugAssign) and written(statement.target) == found["name"]
    return {"code": written(statement)} if is_added else None


def _is_bare_method(site: Site, found: "re.Match[str]") -> Words | None:
    """En metod står utan parenteser efter."""
    called_ones = {id(n.func) for n in ast.walk(site.function) if isinstance(n, ast.Call)}
    for node in site.parts():
        is_method = isinstance(node, ast.Attribute) and node.attr in ("max", "min", "argmax", "sum",
            "mean", "item", "detach", "sample", "copy", "clone", "squeeze", "state_dict", "long",
            "float", "random", "append", "parameters", "numpy", "step", "reset")  # fmt: skip
        if is_method and id(node) not in called_ones:
            return {"code": written(node)}
    return None


KINDS = {
    "list": "en lista", "tuple": "en tupel", "numpy.ndarray": "en numpy-array", "dict": "en ordbok",
    "Tensor": "en tensor", "float": "ett tal", "int": "ett heltal", "bool": "ett sanningsvärde",
    "str": "en text", "numpy.float64": "ett numpy-tal", "numpy.int64": "ett numpy-heltal",
    "deque": "en `deque`", "collections.deque": "en `deque`", "generator": "en generator",
}  # fmt: skip


def _known_kind(site: Site | None, found: "re.Match[str]") -> Words | None:
    kind = KINDS.get(found["kind"])
    return {"what": kind} if kind else None


def _is_own_class(site: Site | None, found: "re.Match[str]") -> Words | None:
    """Namnet är ingen av de sorter som Python själv, numpy eller torch har."""
    name = found["name"]
    is_known = name in KINDS or hasattr(builtins, name) or hasattr(np, name) or hasattr(torch, name)
    return None if is_known or name == "NoneType" else {}


# --- tabellen -------------------------------------------------------------------------------------

TUPLE = (  # engelska till vänster
    r"ValueError: expected sequence of length \d+ at dim 1|RuntimeError: Could not infer dtype of "
    r"dict|.*inhomogeneous|.*'?tuple'?|TypeError: expected np.ndarray"
)
INDEX = r"(IndexError|RuntimeError|TypeError): "  # engelska till vänster
PLAYED_ON = r"RuntimeError: (Episoden är slut|`env\.step` anropas fast)"
SHAPES = (  # engelska till vänster
    r"RuntimeError: mat1 and mat2 (shapes cannot be multiplied|must have the same dtype)|"
    r"RuntimeError: both arguments to linear|RuntimeError: size mismatch"
)
SEVERAL = (  # engelska till vänster
    r"TypeError: only (0-dimensional|length-1|size-1) arrays|ValueError: only one element tensors|"
    r"RuntimeError: a Tensor with \d+ elements"
)
AMBIGUOUS = (  # engelska till vänster
    r"(RuntimeError: Boolean value of Tensor with more than one|ValueError: The truth value of an "
    r"array with more than one)"
)

TABLE = (  # engelska till vänster
    # Miljön: den äldre formen av Gymnasium.
    Row(
        "old_reset",
        TUPLE,
        "`env.reset` ger två saker, observationen och en ordbok med upplysningar, men "
        "`{code}` på rad {line} lägger båda i ett enda namn. Packa upp dem i två.",
        _reset_in_one_name,
    ),
    Row(
        "old_step",
        r"ValueError: (too many|not enough) values to unpack",
        "`env.step` ger fem saker: `obs`, `reward`, `terminated`, `truncated` och `info`. Här "
        "packas de upp i {n}. I den äldre formen var de två flaggorna en enda.",
        _unpacks("step", 5),
    ),
    Row(
        "reset_unpacked",
        r"ValueError: (too many|not enough) values to unpack",
        "`env.reset` ger två saker, observationen och en ordbok med upplysningar. Här packas de "
        "upp i {n}.",
        _unpacks("reset", 2),
    ),
    Row(
        "batch_unpacked",
        r"ValueError: (too many|not enough) values to unpack",
        "`sample_experiences` ger sex tensorer: `state`, `action`, `reward`, `next_state`, "
        "`terminated` och `truncated`. Här packas de upp i {n}.",
        _unpacks("sample_experiences", 6),
    ),
    Row(
        "unpacked",
        r"ValueError: (?P<problem>too many|not enough) values to unpack \(expected (?P<n>\d+)",
        "Till vänster om likhetstecknet står {n} namn, men det som packas upp har ett annat antal "
        "delar. Skriv ut det och räkna dem.",
    ),
    Row(
        "step_before_reset",
        r"ResetNeeded",
        "Miljön måste börja en episod med `env.reset` innan det går att ta ett steg.",
    ),
    Row(
        "flag_never_updated",
        PLAYED_ON,
        "Frågan i `while {test}` gäller `{name}`, men inget i loopen ändrar `{name}`, så "
        "loopen frågar samma sak om och om igen.",
        _flag_never_updated,
    ),
    Row(
        "waits_for_both",
        PLAYED_ON,
        "`{code}` väntar på att båda flaggorna ska bli sanna. Episoden är slut när en av "
        "dem är det.",
        _waits_for_both,
    ),
    Row(
        "step_after_the_end",
        PLAYED_ON,
        "En episod slutar när `terminated` *eller* `truncated` är sant. Efter det går det inte att "
        "ta fler steg utan `env.reset`.",
    ),
    Row(
        "action_not_a_number",
        r"AssertionError: .*\(<class '(torch.Tensor|numpy.ndarray|list)'>\) invalid",
        "Miljön vill ha handlingen som ett heltal, men får en tensor eller array. Gör om den.",
    ),
    # Batchen i en annan ordning än den som fälten har.
    Row(
        "batch_order_states",
        SHAPES,
        "`{name}` är det {place} namnet när batchen packas upp, och på den platsen ligger {holds}. "
        "De går inte att skicka in i nätverket. Jämför med avsnittet om erfarenheten i 02.",
        _from_the_batch((0, 3)),
    ),
    Row(
        "batch_order_actions",
        rf"{INDEX}(gather|tensors used as indices|Index tensor must have|only integer)",
        "`{name}` är det {place} namnet när batchen packas upp, och på den platsen ligger {holds}, "
        "som inte går att peka ut kolumner med. Jämför med avsnittet om erfarenheten i 02.",
        _from_the_batch((1,)),
    ),
    Row(
        "stored_order",
        rf"{SEVERAL}|{SHAPES}|{TUPLE}|.*expected sequence|.*setting an array element|"
        rf"{INDEX}(gather|tensors used as)",
        "Belöningen `{name}` står på {place} plats i det som sparas. Ordningen är (s, a, r, s′, "
        "`terminated`, `truncated`), och den som läser bufferten tar det som står på tredje plats "
        "för belöningen.",
        _stored_in_another_order,
    ),
    # Former som inte passar ihop.
    Row(
        "rows_for_the_network",
        r"RuntimeError: mat1 and mat2 shapes cannot be multiplied "
        r"\((?P<b>\d+)x(?P<k>\d+) and (?P<n>\d+)x\d+\)",
        "Här multipliceras en matris med {k} tal per rad med en som väntar sig {n}. Är det ett "
        "nätverk har det som skickas in fel form: nätverket vill ha ett tillstånd per rad.",
    ),
    Row(
        "dtypes_differ",
        r"RuntimeError: .*(same dtype, but (got|found)|expected scalar type|Found dtype) "
        r"(?P<a>\w+) (and|but \w+) (?P<b>\w+)",
        "De två tensorerna har olika datatyp, `{a}` och `{b}`. Nätverket räknar med `float32`, men "
        "numpy ger `float64` (`Double`) och heltal blir `Long`. Säg vilken datatyp du vill ha när "
        "du skapar tensorn.",
    ),
    Row(
        "pair_from_max",
        r".*torch\.return_types\.(?P<name>\w+)",
        "`{name}` med en dimension ger ett par, värdena och deras platser. Här används paret som "
        "om det vore bara den ena delen. Välj ut det du behöver.",
    ),
    Row(
        "pair_from_max",
        r"TypeError: (can't multiply sequence|only integer tensors|unsupported operand)",
        "`{code}` ger ett par, värdena och deras platser. Här används paret som om det vore "
        "bara den ena delen. Välj ut det du behöver.",
        _pair_from_max,
    ),
    Row(
        "numpy_of_gradient",
        r"RuntimeError: Can't call numpy\(\)|TypeError: max\(\): argument 'dim' must be "
        r"int, not None",
        "Här får numpy en tensor som PyTorch ännu räknar gradienten för. Räkna med PyTorch hela "
        "vägen, eller gör valet under `torch.no_grad()`.",
    ),
    Row(
        "argmax_of_everything",
        rf"({INDEX}|ValueError: ).*",
        "`{code}` har ingen dimension och ger därför ett enda tal: platsen i hela "
        "tensorn, utplattad. "
        "Ska det vara en plats per rad måste du säga längs vilken dimension.",
        _argmax_of_everything,
    ),
    Row(
        "kept_dimension",
        r"(RuntimeError: The size of tensor a|ValueError: operands could not be broadcast)",
        "Formerna går inte ihop. På grund av `{code}` ger `{call}` ett svar där den dimension "
        "som du räknar längs finns kvar, med längden 1.",
        _keeps,
    ),
    Row(
        "along_another_dimension",
        r"(RuntimeError: The size of tensor a \((?P<a>\d+)\) must match the size of tensor b "
        r"\((?P<b>\d+)\)|ValueError: operands could not be broadcast)",
        "Formerna går inte ihop. Se efter vad `{code}` ger: den dimension som du räknar längs är "
        "den som försvinner.",
        _along,
    ),
    Row(
        "shapes_differ",
        r"RuntimeError: The size of tensor a \((?P<a>\d+)\) must match the size of tensor b "
        r"\((?P<b>\d+)\)",
        "Formerna går inte ihop: den ena tensorn har {a} tal där den andra har {b}. Skriv ut "
        "`.shape` på båda.",
    ),
    Row(
        "shapes_differ",
        r"ValueError: (operands could not be broadcast|could not broadcast)",
        "Formerna går inte ihop. Skriv ut `.shape` på båda arrayerna.",
    ),
    # Ett tal där det är flera, och tvärtom.
    Row(
        "several_for_one",
        SEVERAL,
        "Här behövs ett enda tal, men det som står här är flera. Har du fått en hel array där du "
        "väntade dig ett tal? Skriv ut dess `.shape`.",
    ),
    Row(
        "single_number",
        rf"{INDEX}(iteration over a 0-d|invalid index of a 0-dim|too many indices .*dimension 0|"
        r"both arguments to linear)|RuntimeError: both arguments to linear",
        "Det här är ett enda tal utan dimensioner, så det går varken att gå igenom eller "
        "att plocka "
        "delar ur. Har alla dimensioner försvunnit på vägen? Skriv ut dess `.shape`.",
    ),
    Row(
        "too_few_dimensions",
        r"(IndexError: Dimension out of range|AxisError|IndexError: too many indices)",
        "Det här värdet har färre dimensioner än koden tar för givet. Skriv ut dess `.shape`; "
        "den första dimensionen har nummer 0.",
    ),
    # Sant och falskt.
    Row(
        "builtin_max",
        AMBIGUOUS,
        "Pythons eget `{name}` jämför hela rader med varandra, och en sådan jämförelse "
        "har ett svar "
        "per tal. Använd den funktion som tensorn eller arrayen har själv.",
        _builtin("max", "min", "sorted"),
    ),
    Row(
        "asks_several",
        AMBIGUOUS,
        "`{word}` kan bara svara på en fråga i taget, men `{code}` har ett svar per rad. Gör valet "
        "för alla rader på en gång.",
        _asked(ast.If, ast.IfExp, ast.While, ast.Assert),
    ),
    Row(
        "and_or_not",
        AMBIGUOUS,
        "`and`, `or` och `not` frågar efter ett enda ja eller nej, men i `{code}` finns ett svar "
        "per rad. Tal för tal heter det `&`, `|` och `~`.",
        _joined,
    ),
    Row(
        "asks_several",
        AMBIGUOUS,
        "Här behövs ett enda ja eller nej, men det finns ett svar per tal.",
    ),
    Row(
        "minus_mask",
        r"RuntimeError: (Subtraction|Negation), the `-` operator",
        "PyTorch räknar inte minus med sant och falskt. Vänd på masken, eller gör om den till tal "
        "först.",
    ),
    Row(
        "inverts_numbers",
        r"(TypeError: ~ \(operator.invert\)|RuntimeError: .*bitwise_not)",
        "`~` vänder på sant och falskt, men det här är tal med decimaler.",
    ),
    # Gradienter.
    Row(
        "backward_twice",
        r"RuntimeError: Trying to backward through the graph a second time",
        "`backward` går genom samma beräkning en andra gång, och efter den första är beräkningen "
        "kastad. Räkna om förlusten före varje `backward`, och kontrollera att inget sparas från "
        "förra gången med gradienten kvar.",
    ),
    Row(
        "network_not_asked",
        r"RuntimeError: element 0 of tensors does not require grad",
        "`{code}` räknas fram utan att nätverket anropas, så förlusten hänger inte ihop med dess "
        "parametrar. Det är nätverket som gör om ett tillstånd till Q-värden.",
        _no_network,
    ),
    Row(
        "no_gradient",
        r"RuntimeError: element 0 of tensors does not require grad",
        "Förlusten hänger inte ihop med nätverkets parametrar, så det finns inget att derivera. I "
        "funktionen står {seen}: se efter om något av det klipper av förutsägelsen.",
        _without_gradient,
    ),
    Row(
        "no_gradient",
        r"RuntimeError: element 0 of tensors does not require grad",
        "Förlusten hänger inte ihop med nätverkets parametrar, så det finns inget att derivera.",
    ),
    Row(
        "inference_tensor",
        r"RuntimeError: Inference tensors cannot|RuntimeError: Inplace update to inference",
        "En tensor som räknades ut under `torch.inference_mode` går inte att lära sig av. Det som "
        "ska ha en gradient får räknas ut utanför.",
    ),
    Row(
        "backward_from_several",
        r"RuntimeError: grad can be implicitly created only for scalar",
        "`backward` börjar i ett enda tal, men här är det flera. Förlusten ska vara ett tal, till "
        "exempel medelvärdet över batchen.",
    ),
    Row(
        "changes_parameter",
        r"RuntimeError: a (view of a )?leaf Variable that requires grad",
        "En parameter som väntar på sin gradient får inte ändras på plats. Säg till PyTorch att "
        "det inte är något att lära sig av: gör ändringen under `torch.no_grad()`.",
    ),
    Row(
        "changed_on_the_way",
        r"RuntimeError: one of the variables needed for gradient computation",
        "Något som gradienten behöver har ändrats på plats innan `backward` kom dit. Räkna fram "
        "något nytt i stället för att skriva i det gamla.",
    ),
    # Index.
    Row(
        "gather_dtype",
        rf"{INDEX}(gather\(\): Expected dtype|tensors used as indices|one_hot is only)",
        "Ett index måste bestå av heltal (`int64`), men det här är något annat. Har du skickat in "
        "värden där det ska stå platser?",
    ),
    Row(
        "gather_dimensions",
        rf"{INDEX}Index tensor must have the same number of dimensions",
        "`gather` vill ha ett index med lika många dimensioner som tensorn som den plockar ur. Gör "
        "om (B,) till (B, 1).",
    ),
    Row(
        "gather_size",
        rf"{INDEX}Size does not match at dimension",
        "Indexet är större än tensorn som `gather` plockar ur. Längs vilken dimension ligger "
        "handlingarna?",
    ),
    Row(
        "index_shapes",
        rf"{INDEX}shape mismatch: indexing tensors",
        "De två indexen är olika långa. Det ska finnas ett radnummer och ett kolumnnummer för "
        "varje rad.",
    ),
    Row(
        "outside",
        rf"{INDEX}index (?P<i>-?\d+) is out of bounds for (dimension|axis) (?P<d>\d+) with size "
        r"(?P<n>\d+)",
        "Plats `{i}` finns inte: längs dimension {d} är antalet platser {n}, och den första har "
        "nummer 0. Är det rader eller kolumner som du pekar ut?",
    ),
    Row(
        "outside_list",
        r"IndexError: (?P<kind>list|tuple|deque)( assignment)? index out of range",
        "Platsen finns inte. Den första har nummer 0, och den sista har det nummer som är ett "
        "mindre än längden. Är listan tom finns ingen alls.",
    ),
    Row(
        "list_by_several",
        r"TypeError: (list indices must be|only integer (tensors|scalar arrays)|sequence "
        r"index must)",
        "En lista går bara att läsa på en plats i taget, med ett heltal.",
    ),
    # None, och det som inte går att anropa eller plocka ur.
    Row(
        "never_given",
        r".*NoneType",
        "Argumentet `{name}` är `None` när den som anropar inte skickar något där. Det måste koden "
        "klara.",
        _never_given,
    ),
    Row(
        "given_nothing",
        r".*NoneType",
        "`{name}` är `None`, för `{call}` gör sitt på plats och returnerar inget. Därför finns det "
        "inget att spara i `{name} = {code}`.",
        _given_nothing,
    ),
    Row(
        "length_is_nothing",
        r"TypeError: 'NoneType' object cannot be interpreted as an integer",
        "En funktion som ska ge ett heltal ger `None`. Saknar den `return`?",
    ),
    Row(
        "nothing",
        r".*NoneType",
        "Ett av värdena här är `None`, alltså inget värde alls. Det brukar komma från en "
        "funktion som "
        "saknar `return`, eller från en metod som ändrar på plats.",
    ),
    Row(
        "parentheses_missing",
        r".*(builtin_function_or_method|'method'|'function')",
        "`{code}` saknar parenteser, så metoden anropas aldrig.",
        _is_bare_method,
    ),
    Row(
        "not_a_function",
        r"TypeError: '(?P<kind>[\w.]+)' object is not callable",
        "Det som står före parentesen är {what}, och det går inte att anropa. Delar plockas ut med "
        "hakparenteser. Eller har en funktion och en variabel fått samma namn?",
        _known_kind,
        reads_code=False,
    ),
    # Namn.
    Row(
        "import_missing",
        NAME,
        "`{name}` är inte importerat. Kör cellen med importerna, högst upp "
        "i boken, eller skriv `{import_line}` i samma cell som lösningen.",
        _lacks_import,
        False,
    ),
    Row("constant_misspelt", NAME, "I Python heter det `{right}`.", _is_constant, False),
    Row(
        "not_imported_from_the_course",
        NAME,
        "`{name}` finns i kursens paket: skriv `from "
        "dqn_helpers import {name}`, eller kör cellen som gör det.",
        _is_in_the_course,
        False,
    ),
    Row(
        "other_exercise",
        NAME,
        "`{name}` är övning {number}. Kör cellen där du löser den, eller "
        "låt bli att använda den här.",
        _is_another_exercise,
        False,
    ),
    Row("misspelt", NAME, "Menade du `{near}`? Det namnet finns i funktionen.", _is_nearly),
    Row(
        "adds_to_nothing",
        r"UnboundLocalError: .*variable '(?P<name>\w+)'",
        "`{code}` läser `{name}` innan det har fått ett första värde i funktionen.",
        _adds_to_itself,
    ),
    # Sorters värden.
    Row(
        "power",
        r"TypeError: unsupported operand type\(s\) for \^",
        "`^` är inte upphöjt till i Python. Det heter `**`.",
    ),
    Row(
        "array_for_tensor",
        r"TypeError: .*must be Tensor, not numpy\.ndarray",
        "Här behövs en tensor, men det är en numpy-array. Gör om den med `torch.as_tensor`.",
    ),
    Row(
        "list_for_tensor",
        r"TypeError: .*must be Tensor, not (?P<kind>[\w.]+)",
        "Här behövs en tensor, men det är {what}.",
        _known_kind,
        reads_code=False,
    ),
    Row(
        "numbers_for_tensors",
        r"TypeError: expected Tensor as element 0 in argument 0, but got",
        "Här sätts tensorer ihop till en, men delarna är inte tensorer. Tal gör du om till en "
        "tensor med `torch.tensor`.",
    ),
    Row(
        "axis_or_dim",
        r"TypeError: .*got an unexpected keyword argument 'dim'",
        "Argumentet `dim` hör till PyTorch. I numpy heter samma sak `axis`.",
    ),
    Row(
        "mean_of_whole_numbers",
        r"RuntimeError: mean\(\): could not infer output dtype.*Got: (?P<kind>\w+)",
        "PyTorch räknar inte ut medelvärdet av heltal eller av sant och falskt (`{kind}`). Gör om "
        "dem till decimaltal först.",
    ),
    Row(
        "cast_in_place",
        r"(RuntimeError: result type \w+ can't be cast|numpy.*UFuncTypeError|UFuncTypeError)",
        "Decimaltal får inte plats i en array eller tensor av heltal. Räkna fram en ny i "
        "stället för "
        "att ändra på plats.",
    ),
    Row(
        "new_generator",
        r"AttributeError: 'numpy\.random\._generator\.Generator' object has no attribute "
        r"'(?P<name>\w+)'",
        "Generatorn `rng` har inget `{name}`: det hör till numpys äldre slump. "
        "Ett heltal får du här av `integers` och ett tal mellan 0 och 1 av `random`.",
    ),
    Row(
        "other_kind",
        r"AttributeError: '(?P<kind>[\w.]+)' object has no attribute '(?P<name>\w+)'",
        "Det här är {what}, och där finns inget som heter `{name}`.",
        _known_kind,
        reads_code=False,
    ),
    Row(
        "state_dict_missing",
        r"TypeError: Expected state_dict to be dict-like",
        "`load_state_dict` tar inte ett nätverk, utan det som nätverkets `state_dict()` ger.",
    ),
    Row(
        "unchangeable_tuple",
        r"TypeError: 'tuple' object does not support item assignment",
        "En tupel går inte att ändra. Gör en ny, eller använd en lista.",
    ),
    Row(
        "larger_than_the_buffer",
        r"ValueError: (Sample larger than population|Cannot take a larger sample)",
        "Utan återläggning går det inte att dra fler erfarenheter än det finns.",
    ),
    Row(
        "length_missing",
        r"TypeError: object of type '(?P<name>\w+)' has no len\(\)",
        "`len(…)` fungerar inte på ett objekt av klassen `{name}`. Python letar efter en metod med "
        "ett alldeles bestämt namn i klassen, och det namnet har två understreck på var sida.",
        _is_own_class,
        False,
    ),
    Row(
        "reading_missing",
        r"TypeError: '(?P<name>\w+)' object is not subscriptable",
        "Hakparenteser fungerar inte på ett objekt av klassen `{name}`. Python letar efter en "
        "metod med ett alldeles bestämt namn i klassen, och det namnet har två understreck på var "
        "sida.",
        _is_own_class,
        False,
    ),
    Row(
        "wrong_number_of_arguments",
        r"TypeError: .*(missing \d+ required positional|takes .* positional arguments? but)",
        "Anropet och `def`-raden har olika många argument. En metod i en klass har `self` först.",
    ),
)
