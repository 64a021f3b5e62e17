"""Felmodellen: rätta lösningar med en omskrivning var, som kända misstag som ingen har skrivit.

Ger studentens kod samma svar som en omskriven rätt lösning går det att säga vad svaret liknar, i en
stil som ingen har sett. Programmen är rättarens egna och körs hos den, en gång per frö och bara när
någon frågar; studenterna får bara svaren på de öppna exemplen (`misconceptions.json`).

Av tusentals omskrivningar är de flesta likvärdiga. `select` väljer en för varje sätt att svara, den
enklaste, och `make_table.py --model` skriver in valet i tabellen.
"""

import ast
import contextlib
import functools
import inspect
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from dqn_helpers.autograder import catalogue
from dqn_helpers.autograder.catalogue import LazyOutcomes, Scenario, accepted, fails
from dqn_helpers.exercises.comparing import difference, same_outcome
from dqn_helpers.exercises.model import Case, Exercise, KnownMistake, Outcome
from dqn_helpers.exercises.registry import EXERCISES, known_mistakes
from dqn_helpers.exercises.rewrites import RULES, Rewrite, Rule, rewrites
from dqn_helpers.exercises.running import run_cases

SECONDS = 1.0
"""Processortid för ett fall: en omskrivning kan göra en loop som aldrig tar slut."""

OTHER_LUCK = 1000
"""Frö för slumpen när ett program prövas en andra gång."""

MOST, MOST_OF_A_RULE = 45, 4
"""Program per övning, och av samma regel: tabellen ska få plats hos studenten."""


@dataclass(frozen=True)
class Program:
    """En rätt lösning med en omskrivning.

    Attributes:
        id: regeln, stilens nummer och omskrivningens nummer bland regelns i den stilen.
        rewrite: omskrivningen.
        style: den rätta lösningen.
    """

    id: str
    rewrite: Rewrite
    style: Any

    @property
    def text(self) -> str:
        """Det som studenten får läsa."""
        return self.rewrite.rule.effect.format(word=self.rewrite.word)

    def define(self) -> Any:
        """Den omskrivna funktionen eller klassen, bland de namn som lösningen hade."""
        namespace = dict(vars(sys.modules[self.style.__module__]))
        code = compile(ast.Module([self.rewrite.tree], []), f"<{self.id}>", "exec")
        exec(code, namespace)
        return namespace[self.style.__name__]


def styles(number: str, held_out: bool = False) -> list[tuple[int, Any]]:
    """De stilar som modellen har, eller (`held_out`) de som den prövas på: varannan."""
    numbered = list(enumerate(accepted(number)))
    return [one for one in numbered if one[0] % 2 == held_out]


def tree_of(style: Any) -> ast.Module | None:
    """Lösningens syntaxträd, utan raden `@correct(…)` eller `@misconception(…)`.

    None om den inte är en def eller class.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(style)))
    except (OSError, TypeError, SyntaxError):
        return None
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef | ast.ClassDef):
        return None
    definition.decorator_list = [
        one
        for one in definition.decorator_list
        if not ast.unparse(one).startswith(("correct(", "misconception("))
    ]
    return tree


def programs(number: str, held_out: bool = False) -> Iterator[Program]:
    """Alla omskrivningar som har en text, den enklaste förklaringen först."""
    for rule in RULES.values():
        for place, style in styles(number, held_out) if rule.effect else ():
            yield from _rewritten(number, rule, place, style)


def _rewritten(number: str, rule: Rule, place: int, style: Any) -> Iterator[Program]:
    tree = tree_of(style)
    if tree is not None:
        found = rewrites(tree, EXERCISES[number].arguments, style.__name__, [rule])
        for count, rewrite in enumerate(found):
            yield Program(f"{rule.id}.{place}.{count}", rewrite, style)


@functools.lru_cache(maxsize=1024)
def program(number: str, id: str) -> Program:
    """Programmet med det namnet.

    Raises:
        KeyError: om det inte finns: då är tabellen äldre än reglerna eller de rätta stilarna.
    """
    rule, place, _ = id.split(".")
    style = accepted(number)[int(place)]
    for one in _rewritten(number, RULES[rule], int(place), style):
        if one.id == id:
            return one
    raise KeyError(f"{number} har inget program {id}; kör make_table med --model")


# --- valet ---------------------------------------------------------------------------------------


def select(number: str, by_hand: Sequence[KnownMistake]) -> list[str]:
    """Programmen som modellen behöver: ett för varje svar som inget tidigare ger på exemplen."""
    exercise = EXERCISES[number]
    known: list[Sequence[Outcome]] = [mistake.outcomes for mistake in by_hand]
    chosen: list[str] = []
    rules = Counter[str]()
    for program in programs(number):
        if rules[program.rewrite.rule.id] == MOST_OF_A_RULE:
            continue
        outcomes = complete(exercise, program)
        if (
            outcomes
            and fails(exercise, exercise.examples, outcomes)
            and not any(_same(exercise.examples, outcomes, other) for other in known)
            and _is_steady(exercise, program, outcomes)
        ):
            known.append(outcomes)
            chosen.append(program.id)
            rules[program.rewrite.rule.id] += 1
        if len(chosen) == MOST:
            break
    return chosen


def _is_steady(exercise: Exercise, program: Program, outcomes: Sequence[Outcome]) -> bool:
    """Sant om programmet ger samma svar med annan slump; annars är det tur att någon liknar det.

    Det ska inte heller bero på datorn: `int(förlusten)` blir 15 på en och 16 på en annan.
    """
    again = complete(exercise, program, OTHER_LUCK)
    with another_processor():
        elsewhere = complete(exercise, program)
    return (
        bool(again and elsewhere)
        and _same(exercise.examples, outcomes, again)
        and all(
            same_numbers(a.observed, b.observed) for a, b in zip(outcomes, elsewhere, strict=True)
        )
    )


ROUNDING = 1e-5
"""Mindre skillnader är avrundning: float32 har 1e-7. Jämförelsen i `check()` är grövre, 1e-4."""


def same_numbers(mine: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Sant om allt som iakttogs är detsamma, så när som på avrundningen."""
    return list(mine) == list(right) and not any(
        difference(mine[key], right[key], ROUNDING) for key in mine
    )


@contextlib.contextmanager
def another_processor(seed: int = 0) -> Iterator[None]:
    """Nätverkens svar skiljer sig i de sista bitarna, som de gör på en dator av annat slag.

    Två processorer lägger ihop produkterna i olika ordning, och avrundar då olika. Här får varje
    svar sin egen avrundning, så att också två likadana rader i en batch skiljer sig.
    """
    rng, linear = np.random.default_rng(seed), torch.nn.functional.linear

    def rounded_otherwise(*arguments: Any, **named: Any) -> torch.Tensor:
        answer = linear(*arguments, **named)
        rounding = 1 + 2e-7 * rng.integers(-1, 2, size=tuple(answer.shape))
        return answer * torch.tensor(rounding, dtype=answer.dtype)

    torch.nn.functional.linear = rounded_otherwise
    try:
        yield
    finally:
        torch.nn.functional.linear = linear


def complete(exercise: Exercise, program: Program, luck: int = 0) -> list[Outcome]:
    """Vad programmet ger på exemplen; tomt om det stannar i något: då säger felet redan varför."""
    outcomes: list[Outcome] = []
    for seed, case in enumerate(exercise.examples, luck):
        outcomes += run_cases(exercise.driver, program.define(), [case.inputs], SECONDS, seed)
        if outcomes[-1].status != "ok":
            return []
    return outcomes


def _same(cases: Sequence[Case], mine: Sequence[Outcome], other: Sequence[Outcome]) -> bool:
    return all(same_outcome(a, b, case) for case, a, b in zip(cases, mine, other, strict=True))


# --- som kända misstag ---------------------------------------------------------------------------


class _Outcomes(LazyOutcomes):
    """Vad ett program ger; det definieras först när någon frågar."""

    def __init__(self, exercise: Exercise, id: str, cases: Sequence[Case]) -> None:
        super().__init__(exercise, None, cases, SECONDS)
        self._number, self._id = exercise.number, id

    def __getitem__(self, index: Any) -> Any:
        self._implementation = self._implementation or program(self._number, self._id).define()
        return super().__getitem__(index)


def mistakes(number: str, cases: Sequence[Case]) -> tuple[KnownMistake, ...]:
    """De valda programmen som kända misstag, med vad de ger i fallen."""
    exercise = EXERCISES[number]
    plain = [case.without_evidence() for case in cases]
    return tuple(
        replace(one, outcomes=_Outcomes(exercise, one.id, plain))
        for one in known_mistakes(number)
        if one.generated
    )


def scenario(number: str, seed: int | str) -> Scenario:
    """Övningens dolda fall för ett frö, med felmodellen bland misstagen."""
    drawn = catalogue.scenario(number, seed)
    return replace(drawn, mistakes=(*drawn.mistakes, *_mistakes(number, seed)))


@functools.lru_cache(maxsize=512)
def _mistakes(number: str, seed: int | str) -> tuple[KnownMistake, ...]:
    """Felmodellen för ett frö: det som en inlämning räknade ut har nästa nytta av."""
    return mistakes(number, catalogue.scenario(number, seed).cases)
