"""`check()` överlever allt som studentens kod kan hitta på, och säger det på svenska."""

import os
import random
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import torch

import dqn_helpers
from dqn_helpers.exercises import check, checking, limits
from dqn_helpers.exercises.comparing import difference
from dqn_helpers.exercises.limits import OutOfTime, Waiting, _call_with_watcher, call_within
from dqn_helpers.exercises.plain import ANY_ORDER, any_order
from dqn_helpers.exercises.running import run_cases


def right(reward, next_q_values, terminated, discount_factor):
    best = next_q_values.max(dim=1).values
    return torch.where(terminated, reward, reward + discount_factor * best)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "SECONDS", 0.2)


def test_all_right_is_truthy() -> None:
    result = check("3.1", right)
    assert result
    assert "\nKlart: räknar" in repr(result)


@pytest.mark.parametrize("number", ["3.1", 3.1, " 3.1", "3,1", "Övning 3.1", "td_target"])
def test_number_in_any_form(number: object) -> None:
    assert check(number, right)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Börja med övningens nummer"),
        (("9.9", right), "Börja med övningens nummer"),
        ((None, None), "Börja med övningens nummer"),
        (("3.1",), "Skicka med din funktion"),
        ((right, "3.1"), "Byt plats"),
        (("3.1", torch.zeros(3)), "utan parenteser"),
        (("3.1", "td_target"), "utan parenteser"),
        (("3.1", dqn_helpers.td_target), "kursens färdiga"),
    ],
)
def test_wrong_call_is_explained(arguments: tuple, words: str) -> None:
    result = check(*arguments)
    assert not result
    assert words in repr(result)


def test_another_exercises_function_is_noticed() -> None:
    def chosen_q_values(q_values, action):
        return q_values

    assert "hör till övning 3.2" in repr(check("3.1", chosen_q_values))


def words_for(function: object) -> str:
    result = check("3.1", function)
    assert not result
    return repr(result)


def test_exception_shows_the_students_line() -> None:
    def divides(reward, *rest):
        return reward / (1 // 0)

    words = words_for(divides)
    assert "return reward / (1 // 0)" in words
    assert f"Rad {divides.__code__.co_firstlineno + 1}" in words
    assert "division med noll" in words


def test_wrong_number_of_arguments() -> None:
    words = words_for(lambda reward: reward)
    assert "Anropet av din kod ger `TypeError`" in words


@pytest.mark.parametrize(
    "error",
    [SystemExit(0), KeyboardInterrupt(), GeneratorExit(), BaseException("x"), MemoryError()],
)
def test_base_exceptions_do_not_escape(error: BaseException) -> None:
    def raises(*arguments):
        raise error

    assert type(error).__name__ in words_for(raises)


def test_exception_whose_text_fails() -> None:
    class NastyError(Exception):
        def __str__(self) -> str:
            raise ValueError

    def raises(*arguments):
        raise NastyError

    assert "NastyError" in words_for(raises)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda *a: right(*a)[:, None], "Formen på målet är (3, 1), men ska vara (3,)"),
        (lambda *a: right(*a)[None, :], "Formen på målet är (1, 3), men ska vara (3,)"),
        (lambda *a: right(*a)[0], "Målet är ett tal, men ska vara en array med formen (3,)"),
        (lambda *a: "hej", "Målet är en text"),
        (lambda *a: object(), "objekt av sorten `object`"),
        (lambda *a: {"a": 1}, "Målet är"),
        (lambda *a: torch.zeros(3, dtype=torch.complex64), "Målet är"),
        (lambda *a: right(*a) * float("nan"), "du fick `nan`"),
        (lambda r, q, d, g: right(r, q, d, g) if len(r) > 9 else None, "return"),
    ],
)
def test_wrong_kinds_and_shapes_in_words(function: object, words: str) -> None:
    assert words in words_for(function)


def test_the_calculation_with_the_students_number() -> None:
    words = words_for(lambda r, q, d, g: r + g * q.max(1).values)
    assert "Rad 0: `terminated` är sant, så målet är bara belöningen 1; du fick 6,4." in words
    assert "du räknar med en framtid också efter sluttillståndet" in words


def endless(*arguments):
    while True:
        pass


def endless_and_deaf(*arguments):
    while True:
        try:  # noqa: SIM105
            time.sleep(0.001)
        except Exception:
            pass


def endless_and_deafer(*arguments):
    while True:
        try:  # noqa: SIM105
            sum(range(100))
        except BaseException:
            pass


def sleeps(*arguments):
    time.sleep(60)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("function", [endless, endless_and_deaf, endless_and_deafer, sleeps])
def test_endless_loops_are_interrupted(function: object) -> None:
    words = words_for(function)
    assert "blev inte klar i tid" in words
    assert "Det här fallet kördes inte" in words
    assert "sov eller väntade" in words or function is not sleeps


def clocks(monkeypatch: pytest.MonkeyPatch, *readings: tuple[float, float]) -> list[type | None]:
    """Domarna när processortiden och klockan har gått så här långt, med en gräns på 3 sekunder."""
    used, passed = 0.0, 0.0
    monkeypatch.setattr(limits.time, "monotonic", lambda: passed)
    budget, verdicts = limits._Budget(3, lambda: used), []
    for reading in readings:
        used, passed = reading
        budget.left()
        verdicts.append(budget.verdict)
    return verdicts


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [
        ([(2.9, 3), (3, 3.1)], OutOfTime),
        ([(0.1 * i, 2 * i) for i in range(20)], None),
        ([(0.1, 100), (0.3, 101)], None),
        ([(0.1, 1), (0.1, 2), (0.1, 3)], Waiting),
        ([(0, 2), (0, 4), (2, 5)], Waiting),
        ([(0.01 * i, 0.5 * i) for i in range(200)], Waiting),
    ],
    ids=["räknar", "trängsel", "datorn stod still", "sover", "väcks", "väntar om och om igen"],
)
def test_a_busy_machine_is_not_the_students_fault(
    readings: list[tuple[float, float]], verdict: type | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clocks(monkeypatch, *readings)[-1] is verdict


@pytest.mark.skipif(not hasattr(os, "fork"), reason="ingen avknoppning här")
def test_a_stopped_process_goes_on_where_it_was() -> None:
    """Klockan hinner gå ut flera gånger om, men processorn har knappt använts."""

    def is_stopped() -> int:
        os.kill(os.getpid(), signal.SIGSTOP)
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass
        return 3

    child = os.fork()
    if child == 0:
        os._exit(call_within(0.2, is_stopped))
    os.waitpid(child, os.WUNTRACED)
    time.sleep(0.5)
    os.kill(child, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="bara Linux sätter en gräns för minnet")
@pytest.mark.parametrize("grow", [lambda x: x + x, lambda x: torch.zeros(10**12)])
def test_code_that_takes_all_memory_is_stopped(grow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Annars stoppar operativsystemet hela anteckningsboken, med alla variabler."""
    resource = pytest.importorskip("resource")

    calls = []

    def doubles(*arguments):
        calls.append(arguments)
        numbers = [0] * 1000
        while True:
            numbers = grow(numbers)

    monkeypatch.setattr(limits, "EXTRA_BYTES", 2**26)
    before = resource.getrlimit(resource.RLIMIT_AS)
    assert "Koden ville ha mer minne än den får." in words_for(doubles)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert len(calls) == 1  # att fylla minnet tar sekunder, så de andra exemplen får vänta


def test_endless_recursion() -> None:
    def again(*arguments):
        return again(*arguments)

    assert "anropar sig själv utan slut" in words_for(again)


@pytest.mark.usefixtures("short")
def test_recursion_that_catches_itself_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    # Städas något längst ner i stacken hinner inte heller pytests egen mottagare av fel dit.
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)

    def again(*arguments):
        try:
            return again(*arguments)
        except RecursionError:
            return again(*arguments)

    assert words_for(again)


@pytest.mark.usefixtures("short")
def test_endless_loop_in_another_thread_is_interrupted() -> None:
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(words_for(endless)))
    thread.start()
    thread.join()
    assert "blev inte klar i tid" in answers[0]


@pytest.mark.parametrize("limit", [call_within, _call_with_watcher])
def test_limit_leaves_nothing_behind(limit) -> None:
    for _ in range(20):
        with pytest.raises(OutOfTime):
            limit(0.002, endless)
        assert limit(5, lambda: 3) == 3
    time.sleep(0.02)  # ett sent avbrott skulle komma här


def test_pytests_own_clock_goes_on() -> None:
    signal.setitimer(signal.ITIMER_REAL, 100_000)
    try:
        check("3.1", right)
        assert 50_000 < signal.getitimer(signal.ITIMER_REAL)[0] < 100_000
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.mark.skipif(not hasattr(signal, "raise_signal"), reason="ingen signal att skicka")
def test_stop_button_stops_the_check() -> None:
    def stopped(*arguments):
        signal.raise_signal(signal.SIGINT)

    def stopped_but_deaf(*arguments):
        try:  # noqa: SIM105
            signal.raise_signal(signal.SIGINT)
        except BaseException:
            pass
        return torch.zeros(3)

    for function in (stopped, stopped_but_deaf):
        with pytest.raises(KeyboardInterrupt):
            check("3.1", function)


def test_settings_are_restored(tmp_path) -> None:
    def changes(*arguments):
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_num_threads(2)
        warnings.simplefilter("error")
        np.seterr(all="raise")
        os.environ["DQN_TEST"] = "1"
        os.chdir(tmp_path)
        sys.setrecursionlimit(5000)
        __builtins__["len"] = lambda x: 0
        sys.stdout = None
        return right(*arguments)

    def state() -> list:
        return [
            torch.get_rng_state().tolist(),
            np.random.get_state()[1].tolist(),
            np.random.bit_generator.randbits,
            random.getstate(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            torch.get_num_threads(),
            list(warnings.filters),
            np.geterr(),
            dict(os.environ),
            os.getcwd(),
            sys.getrecursionlimit(),
            len,
            sys.stdout,
        ]

    check("3.1", right)  # läser in övningarna
    before = state()
    check("3.1", changes)
    assert state() == before


def test_a_generator_without_a_seed_is_the_same_the_next_time() -> None:
    """Annars får samma kod ett namn ena gången och ett annat nästa."""

    def draw(student, inputs):
        return {"numbers": [student() for _ in range(3)]}

    def luck():
        return float(np.random.default_rng().random())

    first, again, other = (run_cases(draw, luck, [{}], 60, seed)[0] for seed in (1, 1, 2))
    assert first == again != other
    assert len(set(first.observed["numbers"])) == 3


def test_grad_mode_off_outside_does_not_matter() -> None:
    with torch.no_grad():
        assert check("3.2", lambda q, a: q.gather(1, a[:, None])[:, 0])
        assert not torch.is_grad_enabled()


def test_prints_are_caught_and_shortened(capsys: pytest.CaptureFixture) -> None:
    def chatty(*arguments):
        for _ in range(10_000):
            print("hej hej")
        print("fel", file=sys.stderr)
        return right(*arguments)

    result = check("3.1", chatty)
    assert result
    assert capsys.readouterr() == ("", "")
    assert "tecken i allt" in repr(result)
    assert len(repr(result)) < 3_500


def test_changed_arguments_do_not_spoil_later_checks() -> None:
    def spoils(reward, next_q_values, terminated, discount_factor):
        target = right(reward, next_q_values, terminated, discount_factor)
        next_q_values.zero_()
        reward.zero_()
        return target.clone()

    for _ in range(2):
        assert "ändrar `reward` och `next_q_values` på plats" in words_for(spoils)
    assert check("3.1", right)


def test_answer_that_keeps_a_graph_is_an_honest_answer() -> None:
    assert check("3.1", lambda r, q, d, g: right(r, q.requires_grad_(), d, g))


def test_html_is_escaped_and_accessible() -> None:
    def nasty(*arguments):
        raise ValueError("<script>alert(1)</script> $x$ `kod`")

    html = check("3.1", nasty)._repr_html_()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
    assert html.count("<li") == 2
    assert 'role="group"' in html
    assert "Inte än:" in html
    assert "$" not in html


@pytest.mark.parametrize("body", ["pass", "...", '"""Bara en docstring."""', "return None"])
def test_empty_function_is_unsolved(body: str) -> None:
    namespace: dict = {}
    exec(f"def td_target(r, q, d, g):\n    {body}\n", namespace)
    result = check("3.1", namespace["td_target"])
    assert {b.mark for b in result.behaviours} == {"unsolved"}


def test_stub_inside_another_function_is_unsolved() -> None:
    def stub():
        raise NotImplementedError("Övning 3.2 är inte löst än.")

    def outer(*arguments):
        return stub()

    result = check("3.1", outer)
    assert {b.mark for b in result.behaviours} == {"unsolved"}
    assert "Övning 3.2 är inte löst än." in repr(result)


def test_torch_saying_not_implemented_is_an_error() -> None:
    def halves(*arguments):
        raise NotImplementedError("\"max\" not implemented for 'ComplexFloat'")

    assert {b.mark for b in check("3.1", halves).behaviours} == {"failed"}


def test_raises_only_for_nbgrader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert check("3.1", right)
    with pytest.raises(AssertionError, match=r"Övning 3\.1 td_target"):
        check("3.1", lambda *a: a[0])


def test_fault_in_the_check_itself_is_not_the_students(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "judge", lambda *a: 1 / 0)
    assert "Det är inte ditt fel" in repr(check("3.1", right))


def test_number_of_calls_is_small() -> None:
    """Tiden räknas i anrop, inte sekunder: så många som exemplen kräver."""
    calls = []
    check("3.1", lambda *a: calls.append(1) or right(*a))
    assert len(calls) == 2


NEARLY = 1 + 1e-6


@pytest.mark.parametrize(
    ("got", "same"),
    [
        (any_order([(1.0 * NEARLY, 2.5), (1.0, 2.75)]), True),
        (any_order([[1.0, 2.75], [1.0, 2.5], [1.0 * NEARLY, 2.5]]), True),
        (any_order([(1.0, 2.75)]), False),
        (any_order([(1.0, 2.75), (1.0, 2.5), (3.0, 3.0)]), False),
        (any_order([(2.75, 2.5), (1.0, 1.0)]), False),
        (any_order([]), False),
        *((any_order(strange), False) for strange in ([1], [[1], [2, 3]], ["x"], [None])),
        *((strange, False) for strange in (None, 1, "x", [[1.0, 2.5]], {}, np.zeros((2, 2)))),
        *(({ANY_ORDER: strange}, False) for strange in (1, None, {"a": 1}, np.zeros((10**5, 2)))),
    ],
)  # fmt: skip
def test_pairs_in_any_order(got: object, same: bool) -> None:
    """Två rader vars första tal är lika på sista biten när har ingen bestämd ordning."""
    right = any_order([(1.0, 2.5), (1.0, 2.75)])
    assert (difference(got, right, 1e-4) is None) == same
