"""Katalogen: de dolda fallen, facit och vad varje känt misstag ger i fallen.

Innehållet står i `solutions/grading/`, en mapp per bok, och bara läraren har det. Motorn hittar det
på sin väg från projektets mapp; mappen ligger aldrig på Pythons sökväg.

| fil i `book_NN/` | innehåll |
|---|---|
| `hidden.py` | `@cases("3.1")`: en funktion som drar fall ur en generator |
| `mistakes.py` | `@misconception("3.1")`: misstagen; docstringen är återkopplingen |
| `accepted.py` | `@correct("3.1")`: rätta lösningar i olika stilar, som testen prövar |

Samma frö ger samma fall. Fallen dras om tills inget misstag ger samma svar som den rätta
lösningen och inga två misstag ger samma svar, så att återkopplingen kan säga vilket det är.
"""

import functools
import hashlib
import hmac
import importlib
import importlib.util
import inspect
import linecache
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

import dqn_helpers
from dqn_helpers.autograder import ROOT
from dqn_helpers.autograder.worker import define
from dqn_helpers.autograder.workshop import Answer
from dqn_helpers.exercises.comparing import same_outcome
from dqn_helpers.exercises.judging import failure
from dqn_helpers.exercises.model import Case, Exercise, Inputs, KnownMistake, Observed, Outcome
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.running import run_cases
from dqn_helpers.exercises.syllabus import NUMBER_OF, book_of
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.collect import UsageError, find_submissions
from dqn_helpers.submission.extract import Slices, slice_notebook

SOLUTIONS, NOTEBOOKS = ROOT / "solutions", ROOT / "notebooks"
CONTENT = SOLUTIONS / "grading"
ASKING = "dqn_helpers.exercises.asking"
MAX_DRAWS = 50
SECONDS = 30.0

MakeCases = Callable[[np.random.Generator], Sequence[Case]]
MakeAnswers = Callable[[Sequence[Inputs]], Answer]


@dataclass(frozen=True)
class Misconception:
    """Ett misstag i katalogen.

    Attributes:
        id: kort engelskt namn.
        text: återkopplingen till studenten.
        implementation: den felaktiga lösningen.
        equivalent_to: id för misstag som inte går att skilja från det här (skriv varför i koden).
        alone: sant om texten säger att resten av lösningen är rätt.
        source: den ändrade lösningens text; tom när misstaget är skrivet som en funktion.
    """

    id: str
    text: str
    implementation: Any
    equivalent_to: tuple[str, ...] = ()
    alone: bool = False
    source: str = ""


@dataclass(frozen=True)
class Scenario:
    """Fallen med godtagna svar, och vad varje känt misstag ger i dem."""

    exercise: Exercise
    cases: tuple[Case, ...]
    mistakes: tuple[KnownMistake, ...]

    def inputs(self) -> list[Inputs]:
        """Fallens indata: det enda som lämnas ut till studentens kod."""
        return [case.inputs for case in self.cases]


# --- orden som innehållet skrivs med -------------------------------------------------------------

_CASES: dict[str, MakeCases] = {}
_MISCONCEPTIONS: dict[str, list[Misconception]] = defaultdict(list)
_CORRECT: dict[str, list[Any]] = defaultdict(list)
_ANSWERS: dict[str, tuple[frozenset[str], MakeAnswers]] = {}


def cases(number: str) -> Callable[[MakeCases], MakeCases]:
    """Funktionen under drar övningens dolda fall ur en generator."""

    def register(make_cases: MakeCases) -> MakeCases:
        _CASES[number] = make_cases
        return make_cases

    return register


def misconception(
    number: str,
    edit: "Edited | None" = None,
    equivalent_to: tuple[str, ...] = (),
    alone: bool = False,
) -> Callable[[Any], Any]:
    """Funktionen under är ett misstag; docstringen är återkopplingen.

    Med `edit` är misstaget i stället en ändrad text, och funktionen bara namn och docstring. Säger
    docstringen att resten är rätt ska `alone` stå.
    """

    def register(function: Any) -> Any:
        text = " ".join((inspect.getdoc(function) or "").split())
        implementation = edit.define(EXERCISES[number].name) if edit else _unnamed(function)
        _MISCONCEPTIONS[number].append(
            Misconception(
                function.__name__,
                text,
                implementation,
                equivalent_to,
                alone,
                edit.source if edit else "",
            )
        )
        return function

    return register


def _unnamed(function: Any) -> Any:
    """Utan docstring, så att stubbar och tomma funktioner inte ser olika ut."""
    if isinstance(function, FunctionType):
        function.__doc__ = None
    return function


def correct(number: str) -> Callable[[Any], Any]:
    """Funktionen eller klassen under är en rätt lösning."""

    def register(solution: Any) -> Any:
        _CORRECT[number].append(solution)
        return solution

    return register


def answers_to(number: str, asked: str) -> Callable[[MakeAnswers], MakeAnswers]:
    """Klassen under svarar, hos rättaren, på frågor om den hemliga övningen `asked`."""

    def register(make_answers: MakeAnswers) -> MakeAnswers:
        _ANSWERS[number] = frozenset({asked}), make_answers
        return make_answers

    return register


class Edited:
    """En lösning med en ändrad rad: `Edited(STEP, "optimizer.zero_grad()", "pass")`."""

    def __init__(self, source: str, *changes: tuple[str, str]) -> None:
        for old, new in changes:
            if source.count(old) != 1:
                raise ValueError(f"{old!r} ska finnas exakt en gång i lösningen")
            source = source.replace(old, new)
        self.source = source

    def define(self, name: str) -> Any:
        """Funktionen (eller klassen) som texten definierar."""
        filename = f"<cell {name}>"
        linecache.cache[filename] = (1, None, self.source.splitlines(True), filename)
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(self.source, filename, "exec"), namespace)
        return namespace[name]


def edited(source: str, old: str, new: str) -> Edited:
    """Lösningen `source` med en enda ändring."""
    return Edited(source, (old, new))


# --- innehållet på disken ------------------------------------------------------------------------


def require_content() -> None:
    """Se efter att innehållet finns.

    Raises:
        UsageError: om det inte gör det.
    """
    if not CONTENT.is_dir():
        raise UsageError(
            f"Mappen {CONTENT} finns inte. Där ska de dolda fallen och facit stå, och utan dem "
            "går det inte att rätta. De finns bara i lärarens version av kursen: kör kommandot där."
        )


def content(book: str, part: str) -> ModuleType:
    """Modulen `solutions/grading/book_{book}/{part}.py`."""
    if "grading" not in sys.modules:
        require_content()
        place = importlib.util.spec_from_file_location(
            "grading", CONTENT / "__init__.py", submodule_search_locations=[str(CONTENT)]
        )
        assert place is not None and place.loader is not None
        package = sys.modules["grading"] = importlib.util.module_from_spec(place)
        place.loader.exec_module(package)
    return importlib.import_module(f"grading.book_{book}.{part}")


def load(book: str) -> None:
    """Läs in bokens dolda fall och misstag."""
    content(book, "hidden")
    content(book, "mistakes")


def misconceptions(number: str) -> list[Misconception]:
    """Övningens misstag."""
    load(book_of(number))
    return _MISCONCEPTIONS[number]


def accepted(number: str) -> list[Any]:
    """Rätta lösningar på övningen, i olika stilar."""
    content(book_of(number), "accepted")
    return _CORRECT[number]


def reference(number: str) -> Any:
    """Den rätta lösningen: kursens referenskod, för 05 lösningsboken."""
    name = EXERCISES[number].name
    if book_of(number) != "05":
        return getattr(dqn_helpers, name)
    return define(solution("05").needed[name])[0][name]


@functools.cache
def solution(notebook: str) -> Slices:
    """Definitionerna i den lösta anteckningsboken. Den är vår egen och skivas här, utan verkstad.

    Raises:
        FileNotFoundError: om den inte finns.
    """
    path = solution_path(notebook)
    if path is None:
        raise FileNotFoundError(f"solutions/{notebook}_*.ipynb finns inte")
    return slice_notebook(next(find_submissions([path])).cells, list(NUMBER_OF))


def solution_path(notebook: str) -> Path | None:
    """Den lösta anteckningsbokens fil, om den finns."""
    return next(SOLUTIONS.glob(f"{notebook}_*.ipynb"), None)


@functools.cache
def template_cells() -> frozenset[str]:
    """Kodcellerna i studenternas anteckningsböcker, som de delas ut."""
    return frozenset(
        cell.text.strip() for book in find_submissions([NOTEBOOKS]) for cell in book.cells
    )


# --- när en lösning använder andra övningars -----------------------------------------------------


def right_versions(number: str, used: frozenset[str]) -> tuple[CellSource, ...]:
    """Rätta versioner av övningarna som lösningen använder; ersätter studentens vid följdfel.

    Facit i 05 får inte finnas i en process med studentens kod: där är den rätta versionen en som
    frågar rättaren. Tomt om någon av övningarna är hemlig och inte går att fråga efter.
    """
    load(book_of(number))
    asked_for, _ = _ANSWERS.get(number, (frozenset(), None))
    secret = frozenset(name for name in used if book_of(NUMBER_OF[name]) == "05")
    if not secret <= asked_for:
        return ()
    lines = [f"from dqn_helpers import {name}" for name in sorted(used - secret)]
    lines += [f"from {ASKING} import ask_{name} as {name}" for name in sorted(secret)]
    return (CellSource("rätt version", "\n".join(lines)),)


def answers(number: str, inputs: Sequence[Inputs]) -> Answer | None:
    """Den som svarar på frågorna, hos rättaren; en ny för varje körning."""
    load(book_of(number))
    return _ANSWERS[number][1](inputs) if number in _ANSWERS else None


# --- fallen för ett frö --------------------------------------------------------------------------


class NotDistinctError(RuntimeError):
    """Fallen kan inte skilja misstagen åt; meddelandet säger vilka."""


@dataclass(frozen=True)
class Drawn:
    """Hur en dragning gick, som enkla data: de går att skicka mellan rättarens egna processer.

    Attributes:
        attempt: försöket som skilde misstagen åt.
        outcomes: för varje misstag: fallets plats → vad misstaget gav, där det behövde köras.
    """

    attempt: int
    outcomes: tuple[dict[int, Outcome], ...]


DRAWN: dict[tuple[str, int | str], Drawn] = {}
"""Det som redan är draget: (övningens nummer, fröet) → dragningen."""


def draw(number: str, seed: int | str) -> Drawn:
    """Dra övningens fall.

    Raises:
        NotDistinctError: om de inte går att få att skilja misstagen åt.
    """
    load(book_of(number))
    exercise, found = EXERCISES[number], misconceptions(number)
    return draw_cases(exercise, seed, _CASES[number], reference(number), found)


@functools.lru_cache(maxsize=512)
def scenario(number: str, seed: int | str) -> Scenario:
    """Övningens dolda fall för ett frö."""
    drawn = DRAWN.get((number, seed)) or draw(number, seed)
    load(book_of(number))
    exercise, found = EXERCISES[number], misconceptions(number)
    made = _CASES[number](generator(seed, number, drawn.attempt))
    right = reference(number)
    cases = tuple(with_answers(exercise, case, right) for case in made)
    plain = tuple(case.without_evidence() for case in cases)
    outcomes = [LazyOutcomes(exercise, m.implementation, plain) for m in found]
    for one, known in zip(outcomes, drawn.outcomes, strict=True):
        one.remember(known)
    return Scenario(exercise, cases, _named(found, outcomes))


def generator(seed: int | str, number: str, attempt: int) -> np.random.Generator:
    """Slumpgeneratorn för en övning: förutsägbar för den som har fröet, inte för andra."""
    message = f"{number}/{attempt}".encode()
    digest = hmac.new(str(seed).encode(), message, hashlib.sha256).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def draw_cases(
    exercise: Exercise,
    seed: int | str,
    make_cases: MakeCases,
    reference: Any,
    misconceptions: Sequence[Misconception],
) -> Drawn:
    """Dra fall tills de skiljer alla misstag åt.

    Raises:
        NotDistinctError: om det inte lyckas.
    """
    problem = ""
    for attempt in range(MAX_DRAWS):
        rng = generator(seed, exercise.number, attempt)
        cases = tuple(with_answers(exercise, case, reference) for case in make_cases(rng))
        plain = tuple(case.without_evidence() for case in cases)
        outcomes = [LazyOutcomes(exercise, m.implementation, plain) for m in misconceptions]
        mistakes = _named(misconceptions, outcomes)
        problem = confusion(exercise, plain, mistakes, misconceptions)
        if not problem:
            return Drawn(attempt, tuple(one.known() for one in outcomes))
    raise NotDistinctError(f"{exercise.number}: {problem}")


def with_answers(exercise: Exercise, case: Case, reference: Any) -> Case:
    """Fallet med godtagna svar ur den rätta lösningen."""

    def observe(inputs: Inputs) -> Observed:
        outcome = run_cases(exercise.driver, reference, [inputs], SECONDS)[0]
        if outcome.status != "ok":
            raise RuntimeError(f"{exercise.number}: facit gick inte att köra: {outcome.problem}")
        return outcome.observed

    expected = case.answers(observe) if case.answers else [observe(case.inputs)]
    return replace(case, expected=tuple(expected))


class LazyOutcomes(Sequence[Outcome]):
    """Vad en lösning ger i fallen; varje fall körs först när någon frågar, och bara en gång."""

    def __init__(
        self,
        exercise: Exercise,
        implementation: Any,
        cases: Sequence[Case],
        seconds: float = SECONDS,
    ) -> None:
        self._driver = exercise.driver
        self._seconds = seconds
        self._implementation = implementation
        self._cases = cases
        self._known: dict[int, Outcome] = {}

    def __len__(self) -> int:
        return len(self._cases)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index not in self._known:
            inputs = [self._cases[index].inputs]
            self._known[index] = run_cases(
                self._driver, self._implementation, inputs, self._seconds, seed=index
            )[0]
        return self._known[index]

    def known(self) -> dict[int, Outcome]:
        """Det som är kört: fallets plats → utfallet."""
        return self._known

    def remember(self, outcomes: dict[int, Outcome]) -> None:
        """Ta emot det som en annan process har kört."""
        self._known |= outcomes


def known_mistake(
    exercise: Exercise, misconception: Misconception, cases: Sequence[Case]
) -> KnownMistake:
    """Vad misstaget ger i fallen."""
    outcomes = LazyOutcomes(exercise, misconception.implementation, cases)
    return _named([misconception], [outcomes])[0]


def _named(
    misconceptions: Sequence[Misconception], outcomes: Sequence[LazyOutcomes]
) -> tuple[KnownMistake, ...]:
    pairs = zip(misconceptions, outcomes, strict=True)
    return tuple(KnownMistake(m.id, m.text, ran, m.alone) for m, ran in pairs)


def confusion(
    exercise: Exercise,
    cases: Sequence[Case],
    mistakes: Sequence[KnownMistake],
    misconceptions: Sequence[Misconception],
) -> str:
    """Vilka misstag som inte går att skilja från det rätta eller varandra; tomt om alla går."""
    equivalent = {m.id: {m.id, *m.equivalent_to} for m in misconceptions}
    for index, mistake in enumerate(mistakes):
        if not fails(exercise, cases, mistake.outcomes):
            return f"misstaget {mistake.id} får full poäng"
        for other in mistakes[index + 1 :]:
            related = other.id in equivalent[mistake.id] or mistake.id in equivalent[other.id]
            if not related and _same(cases, mistake.outcomes, other.outcomes):
                return f"misstagen {mistake.id} och {other.id} ger samma svar"
    return ""


def fails(exercise: Exercise, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> bool:
    """Sant om något beteende är fel i något fall; slutar vid det första."""
    return any(
        outcome.status == "unsolved" or failure(exercise, behaviour, case, outcome)
        for case, outcome in zip(cases, outcomes, strict=True)
        for behaviour in exercise.behaviours
        if behaviour.id in case.behaviours
    )


def _same(cases: Sequence[Case], mine: Sequence[Outcome], other: Sequence[Outcome]) -> bool:
    return all(same_outcome(a, b, case) for case, a, b in zip(cases, mine, other, strict=True))
