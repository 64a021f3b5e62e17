"""Reparationen: den minsta omskrivningen av studentens egen kod efter vilken allt stämmer.

Den vet på vilken rad felet sitter, i vilken stil koden än är skriven, men säger aldrig vad som ska
stå där. Den används när inget skrivet misstag förklarar svaren. Liknar svaren ett gjort misstag
sägs raden bara om allt stämmer efter en enda ändring: då är det samma fel som liknelsen säger.

Studentens omskrivna kod körs där studentens kod får köras (`trials`): i rättarens inhägnade
arbetare, eller i en barnprocess till anteckningsboken. Ut kommer bara det som iakttogs, och det
jämförs med de godtagna svaren av den som frågade (`find`).
"""

import __future__

import ast
import contextlib
import inspect
import linecache
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dqn_helpers.counting import agreeing, listed
from dqn_helpers.exercises.child import in_child
from dqn_helpers.exercises.judging import Verdict, failure, judge
from dqn_helpers.exercises.limits import OutOfTime, call_within, preserved_state
from dqn_helpers.exercises.model import Behaviour, Case, Exercise, Inputs, Outcome
from dqn_helpers.exercises.recognising import same_at, wrong_places
from dqn_helpers.exercises.rewrites import RULES, Rewrite, rewrites
from dqn_helpers.exercises.running import run_case
from dqn_helpers.exercises.syntax import MAX_SOURCE

CASE_SECONDS = 0.3
"""Processortid för ett fall: en omskrivning kan göra en loop som aldrig tar slut."""

MOST_PROMISING = 15
"""Så många omskrivningar som lagar ett fall prövas på alla; de enklaste kommer först."""

MAX_CODE = 60  # tecken kod i en mening

LAZY_ANNOTATIONS = __future__.annotations.compiler_flag  # som när rättaren definierar koden

Place = tuple[int, int, int, int]
"""Rad och kolumn där det ändrade börjar, och där det slutar."""


@dataclass(frozen=True)
class Source:
    """En cell med studentens kod, som reparationen läser den."""

    name: str
    text: str


@dataclass(frozen=True)
class Trial:
    """En omskrivning av koden, och vad den gav i de fall som kördes.

    Attributes:
        number: vilken omskrivning i ordningen.
        rule: regelns id.
        cell: cellens plats i ordningen.
        place: var i cellen det ändrade står.
        outcomes: ett utfall per fall som kördes.
    """

    number: int
    rule: str
    cell: int
    place: Place
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class Repair:
    """Var ett fel sitter.

    Attributes:
        trial: omskrivningen.
        mended: beteendena som blir rätt av den.
        is_whole: sant om allt stämmer efter den.
        is_only: sant om bara den raden går att ändra så att allt stämmer.
    """

    trial: Trial
    mended: tuple[str, ...]
    is_whole: bool
    is_only: bool = True


Attempt = Callable[[Sequence[int] | None, Sequence[int]], Sequence[Trial]]
"""Kör omskrivningarna med de numren (None: alla) på fallen med de numren."""


# --- där studentens kod körs ----------------------------------------------------------------------


def trials(
    exercise: Exercise,
    cells: Sequence[Source],
    namespace: dict[str, Any],
    inputs: Sequence[Inputs],
    only: Sequence[int] | None,
    places: Sequence[int],
    seconds: float,
    seed: int = 0,
    name: str = "",
) -> Iterator[Trial]:
    """Kör omskrivningar av koden, så länge processortiden räcker; bara de som kommer till slutet.

    Args:
        exercise: övningen.
        cells: studentens kod.
        namespace: namnen som koden redan har gett; de är som de var efteråt.
        inputs: alla falls indata.
        only: omskrivningarnas nummer; None: alla.
        places: numren på de fall som ska köras.
        seconds: processortid. Att leta bland alla får ta hälften: det som hittas ska prövas också.
        seed: slumpens frö för det första fallet.
        name: lösningens namn; tomt: övningens.
    """
    name = name or exercise.name
    deadline = time.process_time() + (seconds / 2 if only is None else seconds)
    for number, cell, rewrite in _numbered(cells, exercise, name):
        if time.process_time() > deadline:
            return
        if not rewrite.rule.fault or (only is not None and number not in only):
            continue
        with _redefined(rewrite, cells[cell].name, namespace) as defined:
            student = defined and defined[name]
            outcomes = _run(exercise, student, inputs, places, seed) if defined else ()
        # Ett annat fel kan stoppa ett annat fall; i det enda som prövas först ska koden bli klar.
        is_complete = len(outcomes) == len(places) > 1 or (outcomes and outcomes[-1].status == "ok")
        if is_complete:
            yield Trial(number, rewrite.rule.id, cell, rewrite.place, outcomes)


def _numbered(
    cells: Sequence[Source], exercise: Exercise, name: str
) -> Iterator[tuple[int, int, Rewrite]]:
    """Alla omskrivningar, med nummer och cell."""
    statements = [
        (place, statement)
        for place, cell in enumerate(cells)
        for statement in ast.parse(cell.text).body
    ]
    needed = _needed([one for _, one in statements], name)
    kept = [(place, one) for place, one in statements if getattr(one, "name", "") in needed]
    tree = ast.Module([one for _, one in kept], [])
    for number, one in enumerate(rewrites(tree, exercise.arguments, name)):
        yield number, kept[one.statement][0], one


def _needed(statements: Sequence[ast.stmt], name: str) -> Collection[str]:
    """Funktionen eller klassen, och det i koden som den använder, i alla led."""
    defined = {
        one.name: one for one in statements if isinstance(one, ast.FunctionDef | ast.ClassDef)
    }
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in defined and one not in found:
            found.add(one)
            waiting += [n.id for n in ast.walk(defined[one]) if isinstance(n, ast.Name)]
    return found


@contextlib.contextmanager
def _redefined(rewrite: Rewrite, cell: str, namespace: dict[str, Any]) -> Iterator[Any]:
    """Det som den omskrivna satsen definierar, så länge `with` varar; None om den inte går."""
    name = getattr(rewrite.tree, "name", "")
    before = namespace.get(name)
    try:
        code = compile(ast.Module([rewrite.tree], []), f"<{cell}>", "exec", LAZY_ANNOTATIONS)
        with preserved_state():
            call_within(CASE_SECONDS, lambda: exec(code, namespace))
        yield namespace
    except (Exception, OutOfTime):
        yield None
    finally:
        namespace[name] = before


def _run(
    exercise: Exercise,
    student: Any,
    inputs: Sequence[Inputs],
    places: Sequence[int],
    seed: int,
) -> tuple[Outcome, ...]:
    """Utfallen i fallen; slutar vid det första som tar för lång tid, eller för mycket minne."""
    outcomes: list[Outcome] = []
    for place in places:
        outcomes.append(
            run_case(exercise.driver, student, inputs[place], CASE_SECONDS, seed + place)
        )
        if outcomes[-1].status not in ("ok", "error"):
            break
    return tuple(outcomes)


# --- hos den som frågade --------------------------------------------------------------------------

UNFINISHED = frozenset({"timeout", "not_run", "memory", "forbidden", "crashed", "unsolved"})


def is_worth_a_search(verdict: Verdict, outcomes: Sequence[Outcome]) -> bool:
    """Sant om något är fel som inget skrivet misstag förklarar, och koden kommer till slutet."""
    is_settled = verdict.passed or verdict.unsolved or verdict.is_explained
    return not is_settled and not any(outcome.status in UNFINISHED for outcome in outcomes)


def find(
    exercise: Exercise,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    attempt: Attempt,
    only_whole: bool = False,
) -> list[Repair]:
    """Var felet sitter, eller var vart och ett av två fel sitter; tomt om det inte går att säga.

    Med `only_whole` räknas bara den omskrivning efter vilken allt stämmer.
    """
    before = judge(exercise, cases, outcomes)
    left = {b.behaviour.id for b in before.behaviours if b.mark != "passed"}
    found: list[Repair] = []
    for verdict in before.behaviours:
        if verdict.behaviour.id not in left or verdict.case is None or len(found) == 2:
            continue
        probe = next(i for i, case in enumerate(cases) if case is verdict.case)
        repair = _best(exercise, cases, outcomes, attempt, probe, verdict.behaviour)
        if repair is not None and repair.is_whole:
            return [repair]
        if only_whole:  # den som lagar allt hade lagat det här också
            return []
        if repair is None:
            continue
        if not found or repair.trial.place != found[0].trial.place:
            found.append(repair)
        left -= set(repair.mended)
    return found


def _best(
    exercise: Exercise,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    attempt: Attempt,
    probe: int,
    behaviour: Behaviour,
) -> Repair | None:
    """Den omskrivning som gör mest rätt av dem som lagar beteendet i ett av fallen."""
    before = judge(exercise, cases, outcomes)
    promising = [
        one.number
        for one in attempt(None, [probe])
        if len(one.outcomes) == 1
        and not failure(exercise, behaviour, cases[probe], one.outcomes[0])
    ]
    if not promising:
        return None
    everything = range(len(cases))
    whole = [
        one
        for one in attempt(promising[:MOST_PROMISING], everything)
        if len(one.outcomes) == len(cases)
    ]
    ranked = [
        repair for one in whole if (repair := _repair(exercise, cases, before, outcomes, one))
    ]
    best = max(ranked, key=lambda one: (one.is_whole, len(one.mended)), default=None)
    if best is None or not best.is_whole:
        return best
    lines = {(one.trial.cell, one.trial.place[0]) for one in ranked if one.is_whole}
    return Repair(best.trial, best.mended, True, is_only=len(lines) == 1)


def _spoils(
    exercise: Exercise, cases: Sequence[Case], before: Sequence[Outcome], after: Sequence[Outcome]
) -> bool:
    """Sant om något som är fel efteråt inte var det förut, eller var fel på ett annat sätt.

    Då är det som blev rätt en tillfällighet: ett fel för sig rör inte det som hör till ett annat.
    """
    ran = [list(zip(cases, outcomes, strict=True)) for outcomes in (before, after)]
    wrong = [wrong_places(exercise, one) for one in ran]
    stopped = {place for place, (_, outcome) in enumerate(ran[0]) if outcome.status != "ok"}
    return any(
        place not in wrong[0] or not same_at(place, before[place[0]], after[place[0]],
                                             cases[place[0]])
        for place in wrong[1] if place[0] not in stopped
    )  # fmt: skip


def _repair(
    exercise: Exercise,
    cases: Sequence[Case],
    before: Verdict,
    outcomes: Sequence[Outcome],
    trial: Trial,
) -> Repair | None:
    """Vad en omskrivning lagar; None om den inte lagar något helt, eller rör något annat."""
    after = judge(exercise, cases, trial.outcomes)
    right = [
        {b.behaviour.id for b in verdict.behaviours if b.mark == "passed"}
        for verdict in (before, after)
    ]
    if not right[0] < right[1] or _spoils(exercise, cases, outcomes, trial.outcomes):
        return None
    names = [b.behaviour.name for b in after.behaviours if b.behaviour.id in right[1] - right[0]]
    ids = tuple(one for one in right[1] if one not in right[0])
    return Repair(trial, ids, after.passed) if names else None


# --- i ord ----------------------------------------------------------------------------------------


def in_words(exercise: Exercise, repairs: Sequence[Repair], cells: Sequence[Source]) -> list[str]:
    """En text per reparation: raden, det som står där och vad det är för fel, men inte svaret."""
    several = len(repairs) > 1 or not all(one.is_whole for one in repairs)
    return [_sentence(exercise, one, cells, several) for one in repairs if _is_sane(one, cells)]


def _is_sane(repair: Repair, cells: Sequence[Source]) -> bool:
    """Det som kommer ur arbetaren kan studentens kod ha skrivit."""
    trial = repair.trial
    return (
        trial.rule in RULES
        and 0 <= trial.cell < len(cells)
        and 1 <= trial.place[0] <= len(cells[trial.cell].text.split("\n"))
    )


def _sentence(exercise: Exercise, repair: Repair, cells: Sequence[Source], several: bool) -> str:
    cell = cells[repair.trial.cell]
    where = f"rad {repair.trial.place[0]} i {cell.name}"
    code = _code(cell.text, repair.trial.place)
    what = f"{where}, i `{code}`" if code else where
    fault = RULES[repair.trial.rule].fault
    if several:
        names = [f"”{b.name}”" for b in exercise.behaviours if b.id in repair.mended]
        parts = f"{agreeing(len(names), 'delen', 'delarna')} {listed(names)}"
        return f"Ett av felen sitter på {what}: {fault}. Ändras det, stämmer {parts}."
    if repair.is_only:
        return f"Felet sitter på {what}: {fault}. Ändras bara det, stämmer allt."
    return f"Det räcker att ändra på ett ställe, till exempel på {what}: {fault}."


def _code(text: str, place: Place) -> str:
    """Koden på platsen, så som studenten skrev den; kolumnerna räknas i byte."""
    line = text.split("\n")[place[0] - 1].encode()
    end = place[3] if place[2] == place[0] else len(line)
    code = line[place[1] : end].decode("utf-8", "ignore").strip()
    return code if len(code) <= MAX_CODE else f"{code[: MAX_CODE - 1]}…"


# --- i anteckningsboken ---------------------------------------------------------------------------

CHECK_SECONDS = 0.5
"""Processortid för att leta i anteckningsboken."""


def in_notebook(
    exercise: Exercise,
    function: Any,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    only_whole: bool = False,
) -> list[str]:
    """Var felet sitter i en funktion (eller klass) i en cell, sökt i en barnprocess.

    Tomt om det inte går att säga, om källtexten inte går att läsa eller om datorn inte kan
    avknoppa processer.
    """
    source, name = source_of(function), getattr(function, "__name__", "")
    if source is None:
        return []
    cells = [source]

    def search() -> list[Repair]:
        deadline = time.process_time() + CHECK_SECONDS
        inputs = [case.inputs for case in cases]

        def attempt(only: Sequence[int] | None, places: Sequence[int]) -> Sequence[Trial]:
            seconds = deadline - time.process_time()
            namespace = globals_of(function)  # inte en kopia: hjälpfunktionerna läser härifrån
            namespace[name] = function
            found = trials(exercise, cells, namespace, inputs, only, places, seconds, name=name)
            return list(found)

        return find(exercise, cases, outcomes, attempt, only_whole)

    return in_words(exercise, in_child(search, CHECK_SECONDS) or [], cells)


def _code_of(function: Any) -> Any:
    """Koden i en funktion, eller i en av klassens egna metoder; None om inget finns."""
    parts = [function, *(vars(function).values() if isinstance(function, type) else ())]
    found = (getattr(inspect.unwrap(part), "__code__", None) for part in parts if callable(part))
    return next((code for code in found if code is not None), None)


def globals_of(function: Any) -> dict[str, Any]:
    """Namnen som koden i en funktion, eller i en klass, läser."""
    parts = [function, *(vars(function).values() if isinstance(function, type) else ())]
    return next(
        inspect.unwrap(part).__globals__
        for part in parts
        if hasattr(inspect.unwrap(part), "__globals__")
    )


def source_of(function: Any) -> Source | None:
    """Cellen som funktionen står i."""
    code = _code_of(function)
    text = "".join(linecache.getlines(code.co_filename)) if code else ""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Source("cellen", text) if text and len(text) <= MAX_SOURCE else None
