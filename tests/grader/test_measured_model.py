"""Felmodellen på det som den aldrig har sett: den sparade mätningen, och stickprov ur den.

Hela mätningen tar en halvtimme och görs med `measure_model.py`. Den är sparad med koden, och de
här testen ser att den hör till just den koden, att talen är goda och att ett stickprov blir som då.
"""

import json

import pytest
from everyday import SLOW_EXERCISES

from dqn_helpers.autograder import error_model
from dqn_helpers.autograder.catalogue import (
    LazyOutcomes,
    known_mistake,
    misconceptions,
    scenario,
)
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.comparing import same_outcome

from .measure_model import RESULTS, judged, shares, wrong_with
from .mutant_tables import is_equivalent
from .mutants import mutants

MEASURED = json.loads(RESULTS.read_text(encoding="utf-8"))
VERDICTS = {id: one for found in MEASURED["mutanter"].values() for id, one in found.items()}
EQUIVALENT = {id for id, verdict in VERDICTS.items() if verdict == "godkänd" and is_equivalent(id)}
SAMPLE, SEEDS = 30, 8


def measured_and_quick(what: str) -> list[str]:
    """Övningarna som är mätta och går fort att mäta om."""
    return [number for number in MEASURED[what] if number not in SLOW_EXERCISES]


def test_almost_everything_is_caught_and_almost_nothing_is_named_wrongly() -> None:
    found = shares(VERDICTS, EQUIVALENT)
    assert found["fällda"] >= 0.99
    assert found["fel"] <= 0.01
    assert found["rätt"] >= 0.9


@pytest.mark.lang
def test_the_measurement_is_of_these_mutants() -> None:
    for number, found in MEASURED["mutanter"].items():
        assert set(found) == {one.id for one in mutants(number)}, (
            f"kör python tests/grader/measure_model.py mutanter {number}"
        )


@pytest.mark.lang
def test_a_sample_of_the_mutants_is_judged_as_it_was() -> None:
    """Reparationen hinner olika långt på olika datorer; att den tiger är därför inget fel här."""
    every = [one for number in measured_and_quick("mutanter") for one in mutants(number)]
    sample = every[:: len(every) // SAMPLE]
    now = {one.id: judged(one).verdict for one in sample}
    changed = {id: verdict for id, verdict in now.items() if verdict != VERDICTS[id]}
    assert set(changed.values()) <= {"inget"}, changed
    assert len(changed) <= SAMPLE // 10, changed


@pytest.mark.lang
@pytest.mark.parametrize("number", MEASURED["mutanter"])
def test_the_equivalent_ones_are_right_with_other_seeds_too(number: str) -> None:
    """Att de ger samma svar är inte bara läst: de godkänns i nya dolda fall, om och om igen."""
    for mutant in mutants(number):
        if mutant.id in EQUIVALENT:
            found = [wrong_with(number, seed, mutant.define()) for seed in range(SEEDS)]
            assert not any(found), (mutant.id, found)


def test_most_written_mistakes_would_have_been_named_without_being_written() -> None:
    found = [program for one in MEASURED["utelämnade"].values() for program in one.values()]
    assert sum(map(bool, found)) >= 0.5 * len(found)


@pytest.mark.lang
@pytest.mark.parametrize("number", measured_and_quick("utelämnade"))
def test_a_left_out_mistake_gets_the_same_answers_from_a_program(number: str) -> None:
    """Också på dolda fall, som programmet inte valdes ut på."""
    exercise, drawn = EXERCISES[number], scenario(number, 3)
    found = MEASURED["utelämnade"][number]
    name = min(name for name, id in found.items() if "." in id)  # ett program, inte en rad
    written = next(m for m in misconceptions(number) if m.id == name)
    cases = [case.without_evidence() for case in drawn.cases]
    mine = known_mistake(exercise, written, cases).outcomes
    program = error_model.program(number, found[name])
    made = LazyOutcomes(exercise, program.define(), cases)
    same = [same_outcome(a, b, c) for a, b, c in zip(mine, made, cases, strict=True)]
    assert sum(same) >= 0.8 * len(same)


def test_a_thousand_seeds_gave_no_false_alarm() -> None:
    assert not {number: found for number, found in MEASURED["frön"].items() if found}
