"""Beviset att rättaren håller: inga oförtjänta poäng, inga spår, inga hängningar."""

import contextlib
import ctypes
import functools
import importlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from everyday import every, first, only

from dqn_helpers.autograder import ROOT
from dqn_helpers.autograder.catalogue import content, reference, scenario
from dqn_helpers.autograder.messages import LENGTH_BYTES, decode, encode
from dqn_helpers.autograder.sandbox import Tier
from dqn_helpers.autograder.workshop import Workshop, _outcome
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.judging import Verdict, judge
from dqn_helpers.exercises.model import Outcome, Within
from dqn_helpers.exercises.running import WAITING_TEXT, run_cases
from dqn_helpers.submission.collect import Submission, find_submissions

from . import hostile_files
from .conftest import Borrow
from .hostile import (
    SEED,
    Hostile,
    World,
    descendants,
    is_alive,
    is_dying,
    make_world,
    neighbour,
    processor_seconds,
    run,
    snapshot,
    wait_until_gone,
)
from .hostile_bombs import BOMBS, BURNERS, QUICK, SLEEPERS
from .hostile_escapes import ESCAPES, METADATA
from .hostile_messages import AT_DEFINITION, MESSAGES, STATUSES
from .hostile_tricks import ENDINGS, LATER, LIES, PATCHES, REFERENCE, TRICKS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inhägnaden prövas på Linux")

content("03", "hidden")  # gör paketet `grading` känt
Evidence = importlib.import_module("grading.evidence").Evidence

LIMIT = 1.0
LONGEST_MESSAGE = 4_100  # tecken i återkopplingen till ett beteende
PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 36, 37


@dataclass
class Arena:
    """En verkstad, världen utanför, och de signaler som har kommit hit."""

    workshop: Workshop
    world: World
    signals: list[int]
    alone: Any

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Efteråt är allt utanför som det var, och grannen får vad den ska."""
        files, processes = snapshot(self.world.canary), descendants(os.getpid())
        yield
        left = descendants(os.getpid()) - processes
        assert all(map(is_dying, left)), "någon process blev kvar"
        wait_until_gone(left)
        assert all(map(is_alive, processes)), "någon process försvann"
        assert snapshot(self.world.canary) == files, "något i kanariemappen har ändrats"
        assert not self.world.contacted(), "någon har använt nätet"
        assert not self.signals, "rättaren fick en signal"
        assert neighbour(self.workshop).result == self.alone


@contextlib.contextmanager
def opened(workshop: Workshop, folder: Path, *tiers: Tier) -> Iterator[Arena]:
    signals: list[int] = []
    before = signal.signal(signal.SIGURG, lambda number, frame: signals.append(number))
    try:
        with _adopting(), make_world(folder, ROOT) as world:
            if workshop.tier not in tiers:
                pytest.skip(f"nivån {tiers[0]} går inte här: {'; '.join(workshop.reasons)}")
            alone = neighbour(workshop).result
            assert (alone.status, alone.points) == ("passed", 2)
            yield Arena(workshop, world, signals, alone)
    finally:
        signal.signal(signal.SIGURG, before)


@contextlib.contextmanager
def _adopting() -> Iterator[None]:
    """Föräldralösa processer hamnar här i stället för hos init, så att de syns.

    Efteråt inte längre: pytest väntar inte ut dem, och då blir andra tests processer zombier.
    """
    library, was = ctypes.CDLL(None), ctypes.c_int()
    library.prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(was), 0, 0, 0)
    library.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        library.prctl(PR_SET_CHILD_SUBREAPER, was.value, 0, 0, 0)


@pytest.fixture(scope="module")
def arena(borrow: Borrow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """Den starkaste nivån som datorn klarar."""
    with opened(borrow(LIMIT), tmp_path_factory.mktemp("arena"), "full", "strong") as made:
        yield made


@pytest.fixture(scope="module")
def strong(borrow: Borrow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with opened(borrow(LIMIT, "strong"), tmp_path_factory.mktemp("strong"), "strong") as made:
        yield made


@pytest.fixture(scope="module")
def basic(borrow: Borrow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with opened(borrow(LIMIT, "basic"), tmp_path_factory.mktemp("basic"), "basic") as made:
        yield made


def check(arena: Arena, hostile: Hostile) -> None:
    """Angreppet ger inte fler poäng än det är värt, och inga spår."""
    with arena.watched():
        ran = run(arena.workshop, hostile, arena.world)
    result = ran.result
    assert result.points == hostile.points, f"{hostile.tries}: {result.parts}"
    assert result.status in hostile.statuses, f"{hostile.tries}: {result.status}"
    assert hostile.evidence in ran.result.output, "angreppet kördes aldrig"
    assert "GICK" not in ran.result.output, f"{hostile.tries}: {ran.result.output}"
    assert max(len(part.whole_message()) for part in result.parts) < LONGEST_MESSAGE


def test_only_the_arena_adopts_orphans() -> None:
    """Annars blir andra tests processer zombier hos oss, och i deras ögon lever de än."""

    def adopts() -> bool:
        answer = ctypes.c_int()
        ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(answer), 0, 0, 0)
        return bool(answer.value)

    before = adopts()
    with _adopting():
        assert adopts()
    assert adopts() == before


def test_a_process_that_nobody_has_waited_for_is_gone() -> None:
    child = subprocess.Popen(["sleep", "1000000"])
    (process,) = (one for one in descendants(os.getpid()) if one.pid == child.pid)
    assert is_alive(process) and not is_dying(process)
    child.kill()
    assert is_dying(process)
    wait_until_gone({process})
    assert process not in descendants(os.getpid())
    assert Path(f"/proc/{child.pid}").exists(), "ingen har väntat ut den än"
    child.wait()


def test_there_are_enough() -> None:
    everything = (*TRICKS, *MESSAGES, *ESCAPES, *BOMBS)
    assert len({hostile.id for hostile in everything}) == len(everything) >= 80


@pytest.mark.parametrize("hostile", every(3, (*TRICKS, *MESSAGES)), ids=str)
def test_trick(arena: Arena, hostile: Hostile) -> None:
    check(arena, hostile)


@pytest.mark.parametrize("hostile", every(3, ESCAPES), ids=str)
def test_escape(arena: Arena, hostile: Hostile) -> None:
    check(arena, hostile)


def spent(task: Callable[[], Any]) -> float:
    """Processortiden i andra processer än den här medan uppdraget utförs."""
    before = processor_seconds(os.getpid()) - time.process_time()
    task()
    return processor_seconds(os.getpid()) - time.process_time() - before


@pytest.mark.parametrize("hostile", every(5, (*BURNERS, *QUICK)), ids=str)
def test_bomb_costs_its_limit_plus_at_most_a_second(arena: Arena, hostile: Hostile) -> None:
    # Grannen säger vad en ärlig rättning kostar just nu: på en upptagen dator kostar allt mer.
    honest = spent(lambda: neighbour(arena.workshop))
    assert spent(lambda: check(arena, hostile)) <= LIMIT + 1 + 3 * honest


@pytest.mark.parametrize("hostile", first(1, SLEEPERS), ids=str)
def test_sleeper_is_stopped_for_its_sleep(arena: Arena, hostile: Hostile) -> None:
    """Den vaknar aldrig själv. Att den stoppas för sin sömn, inte för klockan, står i texten."""
    check(arena, hostile)
    ran = run(arena.workshop, hostile, arena.world)
    # Den som skriver på kanalen själv kan hinna förstöra sitt eget besked om att den sov.
    writes_itself = "os.write" in hostile.code
    assert (WAITING_TEXT in ran.result.parts[0].message) or writes_itself


@pytest.mark.parametrize("hostile", METADATA, ids=str)
def test_metadata(arena: Arena, hostile: Hostile) -> None:
    if arena.workshop.tier != "full":
        pytest.skip("bara full har ett eget filträd")
    check(arena, hostile)


# --- de svagare nivåerna -------------------------------------------------------------------------


@pytest.mark.lang
@pytest.mark.parametrize("hostile", ESCAPES, ids=str)
def test_escape_without_namespaces(strong: Arena, hostile: Hostile) -> None:
    check(strong, hostile)


def test_tricks_without_namespaces(strong: Arena) -> None:
    for hostile in (*LATER, *ENDINGS, *QUICK[-4:]):
        check(strong, hostile)


@pytest.mark.lang
def test_no_points_without_a_sandbox(basic: Arena) -> None:
    """Den som håller sig inne i Python får inget; den som ger sig på filerna stoppas inte."""
    for hostile in (*PATCHES, *LIES, *STATUSES, *AT_DEFINITION):
        check(basic, hostile)


@pytest.mark.lang
def test_the_own_reference_is_blocked_without_a_sandbox(basic: Arena) -> None:
    """Också där filerna går att läsa: en inläst modul läses inte en gång till."""
    for hostile in REFERENCE:
        check(basic, hostile)


# --- förfalskade värden --------------------------------------------------------------------------


def a_value_inside(value: Any) -> Any:
    """Ett tal mitt i ett väntat intervall."""
    if not isinstance(value, Within):
        return value
    middle = (np.asarray(value.low, dtype=float) + np.asarray(value.high, dtype=float)) / 2
    return middle if middle.ndim else float(middle)


def answers_for(number: str, seed: str) -> list[dict[str, Any]]:
    """De rätta svaren på ett annat frös fall, i ordning, med beläggen ur den rätta lösningen."""
    drawn = scenario(number, seed)
    ran = run_cases(drawn.exercise.driver, reference(number), drawn.inputs(), 60)
    return [
        outcome.observed | {key: a_value_inside(v) for key, v in one.expected[0].items()
                            if not isinstance(v, Evidence)}
        for one, outcome in zip(drawn.cases, ran, strict=True)
    ]  # fmt: skip


def passed_by(verdict: Verdict) -> set[str]:
    return {b.behaviour.id for b in verdict.behaviours if b.mark == "passed"}


@pytest.mark.parametrize("number", only(("3.1", "5.1"), EXERCISES))
def test_right_answers_to_other_cases_give_nothing(number: str) -> None:
    drawn = scenario(number, SEED)
    guessed = [
        passed_by(judge(drawn.exercise, drawn.cases, [Outcome("ok", o) for o in answers]))
        for answers in (answers_for(number, "annat"), answers_for(number, "tredje"))
        if len(answers) == len(drawn.cases)
    ]
    assert not set.intersection(*guessed), "går att hitta på utan att lösa övningen"


def nested(depth: int) -> Any:
    value: Any = 0.0
    for _ in range(depth):
        value = [value]
    return value


STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**70, 1e308, float("nan"), float("-inf"), "", "x" * 10**6),
    *([], {}, [None], [[]], [{}], [""], [0] * 10**5, [[0.0] * 50] * 50, [1, "a", None, [2]]),
    *({"type": "x" * 10**6}, {"type": [1, 2]}, {"type": {"type": nested(50)}}, {"x": 1}),
    *(nested(depth) for depth in (10, 100, 200, 300)),
    *(np.zeros(shape) for shape in (1, 5, (5, 1), (0,), (1, 0, 3), (2,) * 8)),
    *(np.zeros(5, dtype) for dtype in ("bool", "int8", "uint8", "float16", "float32")),
    *(np.full(5, value) for value in (np.nan, np.inf)),
    *(np.zeros((3,) * 8, bool), np.zeros((6,) * 7 + (5,), bool), [[[["x" * 1000] * 12] * 12] * 12]),
    *({"type": np.zeros(3)}, [np.zeros(2), np.zeros(3)], "{got} {0} %s <script>", "\ud800"),
)


@functools.cache
def strange_answers() -> list[Any]:
    """De konstiga svaren efter resan från arbetaren; de stora tar tid att läsa."""
    answers = [encode({"observed": {"svar": value}}) for value in STRANGE]
    return [decode(answer[LENGTH_BYTES:])["observed"]["svar"] for answer in answers]


@pytest.mark.parametrize("number", only(("3.1",), EXERCISES))
def test_judging_survives_any_answer(number: str) -> None:
    drawn = scenario(number, SEED)
    for value, sent in zip(STRANGE, strange_answers(), strict=True):
        observed = dict.fromkeys(drawn.exercise.observables, sent)
        outcome = _outcome({"status": "ok", "observed": observed})
        verdict = judge(drawn.exercise, drawn.cases, [outcome] * len(drawn.cases), drawn.mistakes)
        assert not passed_by(verdict), f"{str(value)[:80]}"
        assert all(len(b.message) < LONGEST_MESSAGE for b in verdict.behaviours), str(value)[:80]


# --- filer ---------------------------------------------------------------------------------------


def reading(folder: Path) -> tuple[list[Submission], float]:
    """Det som lästes, och processortiden för det."""
    started = time.process_time()
    return list(find_submissions([folder])), time.process_time() - started


def test_reading_files(tmp_path: Path) -> None:
    """En elak fil kostar som mest vad tusen ärliga gör, och rör inget."""
    files, honest = tmp_path / "inlamningar", tmp_path / "ärliga"
    hostile_files.fill(files)
    honest.mkdir()
    for number in range(50):
        right = hostile_files.notebook(hostile_files.RIGHT)
        (honest / f"{number}.ipynb").write_bytes(right)
    before = snapshot(files)
    rows, cost = reading(files)
    cheap, cost_of_honest = reading(honest)
    assert cost / len(rows) < 1000 * cost_of_honest / len(cheap)
    assert snapshot(files) == before
    problem = {row.file: row.problem for row in rows}
    assert len(problem) == len(rows), "två rader har samma namn"
    for name in hostile_files.UNREADABLE:
        if name not in ("inga_övningar", "ingen_cell"):
            assert problem[f"oläslig_{name}.ipynb"], name
    for name in hostile_files.BESIDE_A_RIGHT_ONE:
        assert not problem[f"rätt_{name}.ipynb"], name
    for name, (_, words) in hostile_files.ZIPS.items():
        mine = [text for file, text in problem.items() if file.startswith(f"{name}.zip")]
        assert mine.count("") == (name == "överlappande"), name
        assert all(words in text for text in mine if text), mine
    for name in ("länk.ipynb", "sig_själv.ipynb", "rör.ipynb", "rör.zip", "stor.ipynb"):
        assert problem[name], name
    everything = "".join(cell.text for row in rows for cell in row.cells)
    assert hostile_files.ELSEWHERE not in everything


CLASS = {
    hostile.id: hostile
    for hostile in (*TRICKS, *MESSAGES, *BOMBS)
    if hostile.id
    in ("allclose", "heap", "deepcopy", "exit", "segfault", "huge_message", "huge_type_name",
        "exit_at_definition", "forged_stdout", "surrogates", "type_bomb", "wide", "almost_deep",
        "status_array", "garbage", "reply_and_hang", "loop", "numpy_memory", "fork_bomb", "chatty")
}  # fmt: skip


def grade_folder(folder: Path, out: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "dqn_helpers.autograder", str(folder), "--out", str(out)]
    options = ["--seed", "7", "--limit", "1", "--only", "3.1", "--jobs", "2"]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(next(out.rglob("results.json")).read_text(encoding="utf-8"))


@pytest.mark.lang
def test_whole_class(tmp_path: Path) -> None:
    """Kommandot på en hel klass av elaka filer: en rad och en sida för var och en."""
    folder, alone = tmp_path / "klass" / "inlamningar", tmp_path / "ensam"
    hostile_files.fill(folder)
    alone.mkdir()
    for place in (folder, alone):
        right = hostile_files.notebook(hostile_files.RIGHT)
        (place / "granne.ipynb").write_bytes(right)
    for name, hostile in CLASS.items():
        (folder / f"kod_{name}.ipynb").write_bytes(hostile_files.notebook(hostile.code))
    graded = grade_folder(folder, tmp_path / "ut")
    rows = {row["file"]: row for row in graded["submissions"]}
    (mine,) = grade_folder(alone, tmp_path / "ut2")["submissions"]
    assert rows["granne.ipynb"] == mine
    assert mine["points"] == 2
    for name, hostile in CLASS.items():
        row = rows[f"kod_{name}.ipynb"]
        (exercise,) = row["exercises"]
        assert exercise["status"] in hostile.statuses, (name, exercise)
        assert row["points"] == hostile.points, name
    for name in hostile_files.BESIDE_A_RIGHT_ONE:
        assert rows[f"rätt_{name}.ipynb"]["points"] == 2, rows[f"rätt_{name}.ipynb"]
    check_pages(tmp_path / "ut", len(rows))


def check_pages(out: Path, n_rows: int) -> None:
    pages = list(out.rglob("feedback/*.html"))
    assert len(pages) == n_rows
    for page in (*pages, *out.rglob("rapport.html")):
        text = page.read_text(encoding="utf-8")
        assert "<script>alert" not in text and "<img src=x" not in text, page.name
        assert hostile_files.ELSEWHERE not in text
        assert len(text) < 2_000_000, page.name


# --- som vanlig användare ------------------------------------------------------------------------

AS_NOBODY = """
import json, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/tests"]
from dqn_helpers.autograder.workshop import Workshop
from grader import hostile as h, hostile_escapes, hostile_tricks
with h.make_world(Path(sys.argv[2]), Path(sys.argv[1])) as world, Workshop(1) as workshop:
    before = h.snapshot(world.canary)
    rows = []
    for one in (*hostile_escapes.ESCAPES, *hostile_tricks.ENDINGS):
        ran = h.run(workshop, one, world)
        points, output = ran.result.points, ran.result.output
        fine = points == 0 and "GICK" not in output and one.evidence in output
        rows += [] if fine else [[one.id, points, output]]
    same = h.snapshot(world.canary) == before and not world.contacted()
    print(json.dumps([workshop.tier, rows, same, h.neighbour(workshop).result.points]))
"""


@pytest.fixture
def as_nobody() -> Sequence[str]:
    """Kommandot som byter till `nobody`."""
    if os.geteuid() != 0:
        return []  # vi är redan en vanlig användare
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("programmet setpriv finns inte, så vi kan inte bli nobody")
    command = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]
    # Två led: setpriv får själv starta en Python som nobody sedan inte når.
    inner = f"{shlex.quote(sys.executable)} -c 'import dqn_helpers, torch, pytest'"
    probe = [*command, "/bin/sh", "-c", inner]
    found = subprocess.run(probe, cwd="/", env={"PYTHONPATH": str(ROOT)}, capture_output=True)
    if found.returncode:
        pytest.skip(f"nobody får inte läsa Python eller kursen: {found.stderr.decode()[-200:]}")
    return command


@pytest.mark.lang
def test_as_an_ordinary_user(as_nobody: Sequence[str], tmp_path_factory: Any) -> None:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(_public_folder()))
        command = [*as_nobody, sys.executable, "-c", AS_NOBODY, str(ROOT), str(folder)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
        environment |= {"MPLCONFIGDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    tier, wrong, same, points = json.loads(done.stdout)
    assert tier != "basic"
    assert (wrong, same, points) == ([], True, 2)


@contextlib.contextmanager
def _public_folder() -> Iterator[str]:
    """En mapp som nobody får skriva i (pytests egna är bara för den som kör testen)."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="nobody-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o777)
        yield folder
