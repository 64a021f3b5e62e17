"""Gränserna: processortid och sömn avgör, aldrig klockan, och orsaken som sägs är den verkliga."""

import os
import signal
import time
from types import SimpleNamespace
from typing import Any

import pytest

from dqn_helpers.autograder import budget as budget_module
from dqn_helpers.autograder import catalogue, server
from dqn_helpers.autograder import workshop as workshop_module
from dqn_helpers.autograder.arguments import MEMORY_BYTES, rules
from dqn_helpers.autograder.budget import GRACE_SECONDS, Budget, Stopped, Watch
from dqn_helpers.autograder.grade import Grading, Ran
from dqn_helpers.autograder.processes import Ended
from dqn_helpers.autograder.sandbox import limit_resources
from dqn_helpers.autograder.workshop import HAS_SERVER, WorkerError, Workshop, _report
from dqn_helpers.exercises.limits import OutOfTime, Waiting, call_within
from dqn_helpers.exercises.running import TIMEOUT_TEXT, WAITING_TEXT
from dqn_helpers.exercises.syllabus import NUMBER_OF, notebook_of
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.collect import Submission

from .conftest import Borrow
from .hostile import processor_seconds

LIMIT = 1.0
LOOP = "while True: pass"
RIGHT = "def td_target(r, q, d, g):\n    return r + g * q.max(1).values * ~d\n"

linux = pytest.mark.skipif(not HAS_SERVER, reason="verkstaden finns bara i Linux")


@pytest.fixture(scope="module")
def tight(borrow: Borrow) -> Workshop:
    """En verkstad där en övning får en sekund."""
    return borrow(LIMIT)


def graded(workshop: Workshop, number: str, *texts: str) -> Ran:
    cells = tuple(CellSource(f"cell {place}", text) for place, text in enumerate(texts, 1))
    submission = Submission("fil.ipynb", None, "", notebook_of(number), cells)
    return Grading(submission, workshop, seed=1).ran(number)


def working(seconds: float) -> str:
    """Satser, i en funktion, som räknar så länge."""
    return (
        "    import time\n    start = time.process_time()\n"
        f"    while time.process_time() - start < {seconds}: pass\n"
    )


# --- en budget för alla försök -------------------------------------------------------------------

STUBBORN = "def build():\n    while True:\n        try:\n            while True: pass\n" + (
    "        except BaseException: pass\n"
)
UNFINISHED = (
    "def double_dqn_training_step(*arguments):\n"
    + working(0.11)
    + ("    double_dqn_target(*arguments)\n    return finns_inte\n")
)
ENDLESS = {
    "i funktionen": ("3.1", "def td_target(*a):\n    while True: pass"),
    "i definitionen": ("3.1", f"{STUBBORN}x = build()\ntd_target = lambda *a: x"),
    "i alla celler": ("3.1", "exec('td_target = 1')", *[LOOP] * 8),
    "med rätta versioner": ("5.2", "def double_dqn_target(*a): return 1", UNFINISHED),
    "med rätta versioner och allt": (
        "5.2", "def double_dqn_target(*a): return 1", UNFINISHED, *["exec('x = 1')\n" + LOOP] * 4
    ),
    "efter varje krasch": (
        "2.1", "import os\nclass ReplayBuffer:\n  def __init__(self, n):\n"
        + working(0.25) + "    os._exit(1)\n"
    ),
}  # fmt: skip


@linux
@pytest.mark.parametrize("place", ENDLESS)
def test_every_attempt_together_costs_the_limit_plus_at_most_a_second(
    tight: Workshop, place: str
) -> None:
    number, *cells = ENDLESS[place]
    before = processor_seconds(os.getpid()) - time.process_time()
    ran = graded(tight, number, *cells)
    used = processor_seconds(os.getpid()) - time.process_time() - before
    assert not ran.result.points
    assert used <= LIMIT + 1


@linux
def test_reading_has_a_limit_too(tight: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop_module, "READING_SECONDS", LIMIT)
    text = "!ls\n" * 200 + "x = [1, 2, 3]\n" * 5_000  # IPython läser om hela cellen per utrop
    cells = [CellSource(f"cell {i}", f"{text}y = {i}") for i in range(12)]
    before = processor_seconds(os.getpid()) - time.process_time()
    with pytest.raises(WorkerError, match="tiden för att läsa den tog slut"):
        tight.slice(cells, list(NUMBER_OF))
    assert processor_seconds(os.getpid()) - time.process_time() - before <= LIMIT + 1


def test_an_attempt_gets_what_the_others_left(tight: Workshop) -> None:
    budget = Budget.of(LIMIT)
    inputs = catalogue.scenario("3.1", 1).inputs()
    code = [CellSource("cell 1", "def td_target(*a):\n" + working(0.12) + "    return 0\n")]
    first = tight.run("3.1", code, inputs, 0, budget)
    assert {outcome.status for outcome in first.outcomes} == {"ok"}
    assert budget.seconds == pytest.approx(LIMIT - first.seconds)
    budget.seconds = 0.2
    statuses = [outcome.status for outcome in tight.run("3.1", code, inputs, 0, budget).outcomes]
    assert "timeout" in statuses and statuses[-1] == "not_run"
    spent = tight.run("3.1", code, inputs, 0, Budget(0, 1)).outcomes
    assert spent[0].status == "timeout" and "redan" in spent[0].problem


# --- en upptagen dator, och den som sover --------------------------------------------------------


@pytest.fixture
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """En dator där allt tar tjugo gånger så lång tid på rättarens klocka."""
    clock = SimpleNamespace(monotonic=lambda: 20 * time.monotonic())
    monkeypatch.setattr(budget_module, "time", clock)


@linux
@pytest.mark.usefixtures("slow_machine")
def test_waiting_for_a_busy_machine_costs_nothing(tight: Workshop) -> None:
    honest = RIGHT.replace("    return", working(0.85 / 3 * LIMIT) + "    return")
    assert graded(tight, "3.1", honest).result.status == "passed"
    sleeper = "def td_target(*a):\n    import time; time.sleep(1000)"
    result = graded(tight, "3.1", sleeper).result
    assert result.status == "timeout" and WAITING_TEXT in result.parts[0].message


class Fake:
    """En påhittad arbetare: hur mycket den räknar per sekund på klockan, och om den sover."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, share: float, asleep: bool) -> None:
        self.now, self.share = 0.0, share
        monkeypatch.setattr(budget_module, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(
            budget_module, "measured", lambda pid: (5 + self.share * self.now, asleep)
        )

    def stopped_by(self, seconds: float, step: float = 0.05) -> str:
        """Varför den stoppas inom så många sekunder på klockan; tomt om den inte gör det."""
        watch = Watch(1, Budget(10, 10))
        watch.begin(5.0)  # det som gick åt till starten
        try:
            while self.now < seconds:
                self.now += step
                watch.look()
        except Stopped as stopped:
            return stopped.cause
        return ""


@pytest.mark.parametrize(
    ("share", "asleep", "within", "cause"),
    [
        (1, False, 10.1, ""),
        (1, False, 10.5, "timeout"),
        (8, False, 2, "timeout"),  # åtta trådar
        (0.02, False, 400, ""),  # en mycket upptagen dator
        (0, False, 400, ""),
        (0, True, 9, ""),
        (0, True, 12, "sleep"),
        (0.05, True, 12, "sleep"),  # sover nästan hela tiden
        (0.2, True, 60, "timeout"),
        (0, False, 2_000, "internal"),
    ],
)
def test_the_watch_counts_work_and_sleep_but_not_waiting(
    monkeypatch: pytest.MonkeyPatch, share: float, asleep: bool, within: float, cause: str
) -> None:
    monkeypatch.setattr(budget_module, "UNSURE_SECONDS", 0.0)
    assert Fake(monkeypatch, share, asleep).stopped_by(within) == cause


def test_where_sleep_cannot_be_seen_only_long_silence_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budget_module, "UNSURE_SECONDS", 2.0)
    assert Fake(monkeypatch, 0, True).stopped_by(20) == "sleep"
    fake = Fake(monkeypatch, 0, True)
    watch = Watch(1, Budget(10, 10))
    watch.begin(5.0)
    for i in range(4_000):  # får en liten stund var och en halv sekund
        fake.now, fake.share = 0.05 * (i + 1), 0.0
        worked = 0.02 * (i // 30)
        monkeypatch.setattr(budget_module, "measured", lambda pid, w=worked: (5 + w, True))
        watch.look()
    assert watch.rested == 0


def test_a_grader_that_itself_had_to_wait_does_not_blame_the_student(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budget_module, "UNSURE_SECONDS", 0.0)
    assert Fake(monkeypatch, 0, True).stopped_by(100, step=5) == ""


def endless() -> None:
    while True:
        pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows har bara vakttråden")
def test_work_is_interrupted_by_work_and_sleep_by_sleep() -> None:
    for _ in range(3):
        with pytest.raises(OutOfTime) as stopped:
            call_within(0.02, endless)
        assert stopped.type is OutOfTime
        with pytest.raises(Waiting):
            call_within(0.02, lambda: time.sleep(1000))
        assert call_within(5, lambda: 3) == 3


# --- den verkliga orsaken ------------------------------------------------------------------------

KILL, BREAK = int(getattr(signal, "SIGKILL", 9)), 11


@pytest.mark.parametrize(
    ("ended", "cause", "found"),
    [
        (Ended(KILL, 3.0), "crashed", "memory"),
        (Ended(KILL, 12.4), "crashed", "timeout"),  # kärnans gräns, 10 + starten
        (Ended(KILL, 9.9), "crashed", "memory"),  # nästan, men det var minnet
        (Ended(KILL, 3.0, cancelled=True), "crashed", "crashed"),
        (Ended(BREAK, 11.9), "crashed", "crashed"),  # en krasch sent är ändå en krasch
        (Ended(0, 3.0), "crashed", "crashed"),
        (Ended(KILL, 12.4, cancelled=True), "sleep", "sleep"),
        (Ended(KILL, 12.4, cancelled=True), "too_long", "too_long"),
        (Ended(0, 3.0), "", ""),
    ],
)
def test_the_cause_is_the_true_one(ended: Ended, cause: Any, found: str) -> None:
    watch = Watch(1, Budget.of(10))
    watch.begin(2.0)
    report = _report(ended, cause, watch, Budget.of(10))
    assert report.cause == found
    assert report.seconds == pytest.approx((ended.seconds or 0) - 2.0)


@pytest.mark.parametrize("limit", [0.5, 1, 10, 60])
def test_the_kernel_never_stops_a_worker_before_the_grader_does(
    monkeypatch: pytest.MonkeyPatch, limit: float
) -> None:
    """Kärnan räknar upp till en femtedel för mycket på en upptagen dator; starten räknas med."""
    started = 6.0
    monkeypatch.setattr(server, "time", SimpleNamespace(process_time=lambda: started))
    counted = 1.2 * (started + limit + GRACE_SECONDS)
    assert server._whole_seconds(limit) > counted


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows har inga sådana gränser")
def test_the_kernels_own_limit_is_not_taken_for_the_memory() -> None:
    """Kärnan räknar grövre än rättaren, så tiden avgör inte: signalen gör det."""
    pid = os.fork()
    if not pid:
        limit_resources(int(time.process_time()) + 1, MEMORY_BYTES)
        endless()
    number = os.WTERMSIG(os.waitpid(pid, 0)[1])
    watch = Watch(1, Budget.of(10))
    watch.begin(0.0)
    assert _report(Ended(number, 9.0), "crashed", watch, Budget.of(10)).cause == "timeout"


def test_a_worker_that_never_greeted_is_the_graders_own_fault() -> None:
    watch = Watch(1, Budget.of(10))
    assert _report(Ended(KILL, 3.0), "crashed", watch, Budget.of(10)).cause == "internal"


def test_the_texts_say_what_happened(tight: Workshop) -> None:
    def text(code: str) -> str:
        return graded(tight, "3.1", code).result.parts[0].message

    assert TIMEOUT_TEXT in text("def td_target(*a):\n    while True: pass")
    assert WAITING_TEXT in text("def td_target(*a):\n    import time\n    time.sleep(1000)")
    assert "blev för stora" in text(
        "def td_target(*a):\n    import os\n    os.write(3, b'\\x00\\x00\\x01' + b'x' * 5)\n"
        "    return 0"
    )


def test_the_limits_are_told() -> None:
    told = " ".join(rules(2.5))
    for words in ("2,5 sekunder", "alla försök", "4 GB", "4 000 tecken", "20 anteckningsböcker"):
        assert words in told
    assert "1 sekund processortid" in rules(1)[0]
