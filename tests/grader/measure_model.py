"""Mät felmodellen på det som den aldrig har sett, och skriv svaren i `measured_model.json`.

    python tests/grader/measure_model.py mutanter          vad som sägs om tvåtusen fel
    python tests/grader/measure_model.py utelämnade        de skrivna misstagen, vart och ett borta
    python tests/grader/measure_model.py frön              tusen nya frön utan ett falskt larm
    python tests/grader/measure_model.py mutanter 3.1      bara den övningen
    python tests/grader/measure_model.py mutanter 3.1 --visa fel    och vilka som fick den domen

Var och en tar ungefär tio minuters processortid. Testen (`test_measured_model.py`) gör om ett
stickprov och ser att filen hör till den kod som finns.

**Mutanter.** Var och en körs på de dolda fallen, som i rättaren, och det som inget skrivet namn
förklarar söks av reparationen. Domen över det som sägs är en av `VERDICTS`.

**Utelämnade.** Ett skrivet misstag som något av felmodellens alla program ger samma svar som, i
alla öppna exempel på en gång, hade fått ett namn också om ingen hade skrivit det. (I tabellen står
bara de program som ger något nytt, så här söks det bland alla.) För resten söks raden i misstagets
egen kod. De som stannar i ett undantag räknas inte: där säger felet självt var det är.

**Frön.** Nya dolda fall för vart och ett av fröna, och de rätta stilarna i tur och ordning. Alla
stilar på varje frö prövas av `test_hidden_*.py`, på färre frön. Hur många det blev står i filen.
"""

import ast
import functools
import json
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":  # som skript: paketet `grader` ligger i tests/
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from dqn_helpers.autograder import catalogue, error_model  # noqa: E402
from dqn_helpers.autograder.arguments import MEMORY_BYTES  # noqa: E402
from dqn_helpers.autograder.catalogue import (  # noqa: E402
    Misconception,
    accepted,
    known_mistake,
    misconceptions,
    reference,
    with_answers,
)
from dqn_helpers.exercises import EXERCISES  # noqa: E402
from dqn_helpers.exercises.comparing import same_outcome  # noqa: E402
from dqn_helpers.exercises.judging import Verdict, judge  # noqa: E402
from dqn_helpers.exercises.model import Case, Exercise, Outcome  # noqa: E402
from dqn_helpers.exercises.recognising import NOT_ALL  # noqa: E402
from dqn_helpers.exercises.repair import (  # noqa: E402
    Source,
    Trial,
    find,
    globals_of,
    in_words,
    trials,
)
from dqn_helpers.exercises.running import run_cases  # noqa: E402
from dqn_helpers.exercises.syllabus import book_of  # noqa: E402
from dqn_helpers.exercises.unused import unused_arguments, unused_in_words  # noqa: E402
from grader.mutants import Mutant, mutants  # noqa: E402

RESULTS = Path(__file__).with_name("measured_model.json")
SEED, SECONDS, REPAIR_SECONDS = 1, 3.0, 1.5

VERDICTS = {
    "godkänd": "full poäng: likvärdig med en rätt lösning, eller missad",
    "rätt": "det som sägs är det som ändrades, eller raden där det ändrades",
    "stannar": "koden stannar, och Pythons fel visas med raden",
    "svaren": "ett gjort misstag ger samma svar i alla fall: sant, men ändringen var en annan",
    "plats": "en annan rad pekas ut, där en ändring verkligen gör allt rätt",
    "fel": "ett namn som inte är sant om ändringen",
    "inget": "inget namn och ingen rad",
}


@dataclass(frozen=True)
class Judged:
    """En mutant, domen och det som sades."""

    mutant: Mutant
    verdict: str
    said: str


def judged(mutant: Mutant) -> Judged:
    """Kör mutanten som rättaren gör, och döm det som sägs om den."""
    drawn = error_model.scenario(mutant.number, SEED)
    outcomes = run_cases(drawn.exercise.driver, mutant.define(), drawn.inputs(), SECONDS)
    verdict = judge(drawn.exercise, drawn.cases, outcomes, drawn.mistakes)
    if verdict.passed:
        return Judged(mutant, "godkänd", "")
    is_said = mutant.says and any(re.search(mutant.says, b.message) for b in verdict.behaviours)
    if verdict.mistakes:
        kind, names = _of_names(mutant, verdict)
        # Det som kortet säger rakt ut blir inte sämre av ett namn som också är sant. Inte raden
        # heller, som står under en liknelse.
        if kind == "svaren" and (is_said or _of_repair(mutant, outcomes, True)[0] == "rätt"):
            kind = "rätt"
        return Judged(mutant, kind, names)
    if is_said:
        return Judged(mutant, "rätt", "kortet")
    if any(outcome.status not in ("ok", "not_run") for outcome in outcomes):
        return Judged(mutant, "stannar", next(o.status for o in outcomes if o.status != "ok"))
    return Judged(mutant, *_of_repair(mutant, outcomes))


def _of_names(mutant: Mutant, verdict: Verdict) -> tuple[str, str]:
    said = " och ".join(m.id for m in verdict.mistakes)
    if mutant.names and all(re.match(mutant.names, m.id) for m in verdict.mistakes):
        return "rätt", said
    is_sure = all(m.generated and NOT_ALL not in m.text for m in verdict.mistakes)
    return ("svaren" if is_sure and len(verdict.mistakes) == 1 else "fel"), said


def _of_repair(
    mutant: Mutant, outcomes: Sequence[Outcome], only_whole: bool = False
) -> tuple[str, str]:
    drawn = error_model.scenario(mutant.number, SEED)
    function, source = mutant.define(), mutant.source
    words, lines = where(drawn.exercise, drawn.cases, function, source, outcomes, only_whole)
    if not words:
        return "inget", ""
    return ("rätt" if lines <= mutant.lines else "plats"), words


def where(
    exercise: Exercise,
    cases: Sequence[Case],
    function: Any,
    source: str,
    outcomes: Sequence[Outcome],
    only_whole: bool = False,
) -> tuple[str, set[int]]:
    """Det som sägs om var felet sitter, och raderna; inga rader om ett argument inte läses."""
    cells, name = [Source("cell 1", source)], function.__name__
    unused = unused_arguments(exercise, cells, name)
    if unused:
        return unused_in_words(unused, cells)[0], set()
    deadline = time.process_time() + REPAIR_SECONDS

    def attempt(only: Sequence[int] | None, places: Sequence[int]) -> Sequence[Trial]:
        left = deadline - time.process_time()
        names = globals_of(function)
        inputs = [case.inputs for case in cases]
        return list(trials(exercise, cells, names, inputs, only, places, left, name=name))

    found = find(exercise, cases, outcomes, attempt, only_whole)
    words = " ".join(in_words(exercise, found, cells))
    return words, {one.trial.place[0] for one in found}


def mutants_of(number: str, shown: str = "") -> dict[str, str]:
    """Mutantens id → domen."""
    found = {}
    for mutant in mutants(number):
        one = judged(mutant)
        found[mutant.id] = one.verdict
        if one.verdict == shown:
            print(f"    {mutant.id}: {one.said}", flush=True)
    return found


def shares(verdicts: Mapping[str, str], equivalent: Collection[str]) -> dict[str, float]:
    """Andelen fällda av dem som är fel, och vad som sades om dem som kom till slutet."""
    counts = Counter(verdict for id, verdict in verdicts.items() if id not in equivalent)
    ran = sum(counts.values()) - counts["godkänd"] - counts["stannar"]
    return {
        "fällda": 1 - counts["godkänd"] / sum(counts.values()),
        "rätt": counts["rätt"] / ran,
        "fel": counts["fel"] / ran,
        "inget": counts["inget"] / ran,
    }


# --- utelämnade -----------------------------------------------------------------------------------


def named_without(number: str, shown: str = "") -> dict[str, str]:
    """Skrivet misstag → det program i felmodellen som ger samma svar; tomt om inget gör det."""
    exercise = EXERCISES[number]
    by_hand = [known_mistake(exercise, m, exercise.examples) for m in misconceptions(number)]
    ran = {m.id: list(m.outcomes) for m in by_hand}
    found = {name: "" for name, outcomes in ran.items() if all(o.status == "ok" for o in outcomes)}
    for program in error_model.programs(number):
        missing = [name for name in found if not found[name]]
        outcomes = error_model.complete(exercise, program) if missing else []
        for name in missing if outcomes else ():
            pairs = zip(exercise.examples, outcomes, ran[name], strict=True)
            if all(same_outcome(mine, other, case) for case, mine, other in pairs):
                found[name] = program.id
    written = {m.id: m for m in misconceptions(number)}
    for name in found:
        found[name] = found[name] or _repaired(exercise, written[name], ran[name])
    return found


def _repaired(exercise: Exercise, written: Misconception, outcomes: Sequence[Outcome]) -> str:
    """Att koden pekas ut av reparationen, eller av att ett argument inte läses; annars tomt."""
    tree = None if written.source else error_model.tree_of(written.implementation)
    source = ast.unparse(tree) if tree else written.source
    words, _ = where(exercise, exercise.examples, written.implementation, source, outcomes)
    return "raden pekas ut" if words else ""


# --- frön -----------------------------------------------------------------------------------------

N_SEEDS = 1000


def false_alarms(number: str, shown: str = "") -> dict[str, str]:
    """Stil och frö → det som var fel; tomt när allt rätt godkändes."""
    styles = list(accepted(number))
    found = {}
    for seed in range(N_SEEDS):
        style = styles[seed % len(styles)]
        if wrong := wrong_with(number, seed, style):
            found[f"{style.__name__}, frö {seed}"] = wrong
    return found


def wrong_with(number: str, seed: int, solution: Any) -> str:
    """Vad som är fel med lösningen i nya dolda fall; tomt när den godkänns."""
    exercise, cases = EXERCISES[number], new_cases(number, seed)
    outcomes = run_cases(exercise.driver, solution, [c.inputs for c in cases], 60, seed)
    verdict = judge(exercise, cases, outcomes)
    return " ".join(b.message for b in verdict.behaviours if b.mark != "passed")


@functools.cache
def new_cases(number: str, seed: int) -> list[Case]:
    """Dolda fall som ingen har sett, med de rätta svaren."""
    catalogue.load(book_of(number))
    made = catalogue._CASES[number](catalogue.generator(f"nytt {seed}", number, 0))
    return [with_answers(EXERCISES[number], case, reference(number)) for case in made]


MEASURES = {"mutanter": mutants_of, "utelämnade": named_without, "frön": false_alarms}


def save(what: str, number: str, found: Any) -> None:
    """Skriv in en övnings svar i filen."""
    saved = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    saved.setdefault(what, {})[number] = found
    text = json.dumps(saved, ensure_ascii=False, indent=1, sort_keys=True)
    RESULTS.write_text(text + "\n", encoding="utf-8")


def main(words: list[str]) -> None:
    """Mät, skriv en rad per övning, och spara."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.RLIM_INFINITY))
    what, *rest = words
    shown = rest.pop(rest.index("--visa") + 1) if "--visa" in rest else ""
    numbers = [word for word in rest if word in EXERCISES]
    for number in numbers or EXERCISES:
        started = time.process_time()
        found = MEASURES[what](number, shown)
        seconds = time.process_time() - started
        save(what, number, found)
        if what == "frön":
            save("antal frön", number, N_SEEDS)
        kinds = Counter(one if what == "mutanter" else bool(one) for one in found.values())
        print(f"{number}: {len(found)} på {seconds:.0f} s. {dict(kinds)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
