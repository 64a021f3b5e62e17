"""Beviset på de dolda fallen, delat på två testfiler så att båda kärnorna får hälften var."""

from collections.abc import Sequence
from dataclasses import replace

from dqn_helpers.autograder.catalogue import accepted, misconceptions, scenario
from dqn_helpers.autograder.error_model import another_processor
from dqn_helpers.autograder.messages import LENGTH_BYTES, decode, encode
from dqn_helpers.exercises.judging import judge
from dqn_helpers.exercises.model import Outcome
from dqn_helpers.exercises.running import run_cases

from .test_catalogue import SECONDS, assert_named

NAMED_SEEDS = 2


def prove(number: str, seed: int) -> None:
    """Alla misstag fälls och skiljer sig åt, alla rätta stilar får full poäng för sina rådata.

    Att de skiljer sig åt prövas när fallen dras; namnen följer av det och prövas för några frön.
    """
    drawn = scenario(number, seed)
    for mistake in drawn.mistakes if seed < NAMED_SEEDS else ():
        outcomes = list(mistake.outcomes)
        verdict = judge(drawn.exercise, drawn.cases, outcomes, drawn.mistakes)
        assert_named(number, mistake.id, verdict)
    for solution in accepted(number):
        with another_processor(seed):
            outcomes = run_cases(drawn.exercise.driver, solution, drawn.inputs(), SECONDS, seed)
        verdict = judge(drawn.exercise, drawn.cases, sent(outcomes))
        wrong = [b.message for b in verdict.behaviours if b.mark != "passed"]
        assert not wrong, f"{solution.__name__}: {wrong}"


def sent(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Det som hände, efter resan genom arbetarens meddelanden."""
    travelled = [decode(encode({"observed": o.observed})[LENGTH_BYTES:]) for o in outcomes]
    pairs = zip(outcomes, travelled, strict=True)
    return [replace(outcome, observed=message["observed"]) for outcome, message in pairs]


def prove_names_without_luck(number: str) -> None:
    """Samma misstag med annan egen slump än katalogens, och annan avrundning, känns också igen."""
    drawn = scenario(number, 0)
    for m in misconceptions(number):
        with another_processor():
            outcomes = run_cases(
                drawn.exercise.driver, m.implementation, drawn.inputs(), SECONDS, seed=1234
            )
        assert_named(number, m.id, judge(drawn.exercise, drawn.cases, outcomes, drawn.mistakes))
