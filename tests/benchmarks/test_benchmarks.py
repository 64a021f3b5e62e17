"""Jämförelsernas maskineri: räkningen, protokollet, programmen, och att sidorna säger som filen."""

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import buffers, command, grading, page, parts, shares, waiting
from benchmarks.contestants import BY_KEY, CONTESTANTS, Contestant, schedule
from benchmarks.intervals import median, overlap, percentile, ratio_interval, wilson_interval
from benchmarks.store import RESULTS, AnotherMachineError, Store, empty, read, write
from benchmarks.watch import ACROBOT, CARTPOLE, MOUNTAIN_CAR, Task, Watch
from dqn_helpers import DQN, recipe

ROOT = Path(__file__).resolve().parents[2]
APPENDIX = (ROOT / "BILAGA.md").read_text(encoding="utf-8")
COMMITTED = read(RESULTS)

# --- räkningen -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(50, 50, 0.92865, 1.0), (0, 20, 0.0, 0.1611), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_interval_is_the_published_one(count: int, n: int, low: float, high: float):
    """81 av 263 är Newcombes (1998) exempel; de andra är n/(n + z²) och z²/(n + z²)."""
    assert wilson_interval(count, n) == pytest.approx((low, high), abs=5e-5)


def test_the_one_who_never_arrives_is_infinitely_late():
    assert median([3, 1, None]) == 3
    assert median([1, 2, 3, 4]) == 2.5
    assert median([1, 2, None, None]) == math.inf
    assert percentile([4, 1, None], 90) == math.inf
    assert percentile(list(range(1, 101)), 90) == 90


def test_the_interval_of_a_ratio_holds_the_truth():
    """Två fördelningar vars medianer skiljer sig tio gånger: intervallet ska oftast ha 10."""
    hits = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        fast, slow = rng.exponential(size=30), 10 * rng.exponential(size=30)
        low, high = ratio_interval(slow.tolist(), fast.tolist())
        hits += low <= 10 <= high
    assert hits >= 34  # 95 procent av 40 är 38; under 34 är det en chans på hundra


def test_intervals_overlap_when_they_share_a_point():
    assert overlap((0, 2), (2, 3)) and overlap((0, 9), (4, 5))
    assert not overlap((0, 1), (2, 3))


# --- protokollet ---------------------------------------------------------------------------------


def test_the_checks_are_counted_apart(monkeypatch: pytest.MonkeyPatch):
    """Klockan går en sekund varje gång någon ser på den; en prövning ser två gånger."""
    seconds = iter(range(100))
    watch_clock = "benchmarks.watch.time.process_time"
    monkeypatch.setattr(watch_clock, lambda: float(next(seconds)))
    scores = iter([100.0, 480.0, 490.0, 20.0, 20.0])
    monkeypatch.setattr(
        "benchmarks.watch.vectorized_greedy_returns", lambda *a, **k: np.array([next(scores)])
    )
    watch, model = Watch(CARTPOLE, 0), DQN()  # 0
    watch.check(model, 250, 0)  # 1 till 2
    watch.check(model, 500, 60)  # 3 till 4
    watch.check(model, 750, 120)  # 5 till 6
    run = watch.result("dqn", model, 800, 130, 1.0)  # 7
    assert run.first is not None
    assert (run.first.environment_steps, run.first.gradient_steps) == (500, 60)
    assert (run.first.cpu_seconds, run.first.with_checks) == (2.0, 4.0)
    assert (run.cpu_seconds, run.with_checks) == (4.0, 7.0)
    assert (run.n_checks, run.n_passed, run.best_check) == (3, 2, 490.0)


def test_the_best_weights_are_tried_too():
    watch, model = Watch(CARTPOLE, 0, (1, 1, 1, 1)), parts.balanced((1, 1, 1, 1))
    watch.check(model, 250, 0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    run = watch.result("dqn", model, 500, 0, 1.0)
    assert run.held_out < 12 and run.held_out_best == 500


@pytest.mark.parametrize("task", [CARTPOLE, ACROBOT, MOUNTAIN_CAR])
def test_the_limit_is_the_environments_own(task: Task):
    spec = task.vector_env(1, None).spec
    assert spec is not None and spec.reward_threshold == task.solved_at


@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda c: c.key)
def test_every_contestant_runs(contestant: Contestant, monkeypatch: pytest.MonkeyPatch):
    if not contestant.is_here:
        pytest.skip(f"{contestant.needs} finns inte här; det hör till tillvalet matning")
    monkeypatch.setattr(recipe, "N_EVALUATED", 3)  # Acrobot är långsam
    run = contestant.run(0, max_steps=200)
    assert run.environment_steps == 200 and run.contestant == contestant.key
    assert np.isfinite(run.held_out) and np.isfinite(run.q_at_rest)
    assert set(run.as_row()) == set(COMMITTED["learning"][0])


def test_an_interrupted_schedule_is_fair():
    turns = [contestant.key for contestant, _ in schedule({"dqn": 40, "double": 20, "cleanrl": 4})]
    half = turns[: len(turns) // 2]
    assert [half.count(key) for key in ("dqn", "double", "cleanrl")] == [20, 10, 2]
    assert len(set(schedule({"dqn": 5, "double": 5}))) == 10


def test_the_balanced_network_never_falls():
    costs = parts.microseconds(parts.checks(), rounds=1, repeats=1, units=parts.N_STEPS)
    assert costs["kursens prövning"] >= max(list(costs.values())[1:]) / 2
    watch = Watch(CARTPOLE, 3, recipe.OBSERVATION_SCALE)
    assert watch.check(parts.balanced(), 0, 0) == 500


# --- delarna -------------------------------------------------------------------------------------


def test_every_piece_runs():
    for group in parts.PIECES:
        costs = parts.microseconds(parts.PIECES[group](), rounds=1, repeats=3)
        assert len(costs) >= 2 and all(cost >= 0 for cost in costs.values()), group


def test_every_buffer_gives_batches():
    pairs = buffers.filled(300)
    assert {"kursens ringbuffert", "lista av tupler", "deque av tupler"} <= set(pairs)
    for name, (append, sample) in pairs.items():
        for _ in range(301):
            append()
        assert len(sample()) > 0, name


def test_the_parts_of_a_training_sum_to_the_whole(monkeypatch: pytest.MonkeyPatch):
    small = argparse.Namespace(**vars(BY_KEY["dqn"]) | {"max_steps": 300})
    monkeypatch.setitem(BY_KEY, "dqn", small)
    seconds = shares.seconds_per_part(0)
    assert set(shares.PLACES) < set(seconds)
    used = [name for name, spent in seconds.items() if spent > 0]
    assert {"välja handling", "miljöns steg", "prövningar"} <= set(used)


def test_no_training_pays_for_the_first_one(monkeypatch: pytest.MonkeyPatch):
    """Det första träningssteget i en process läser in delar av torch: det värms upp före."""
    done: list[str] = []
    short = argparse.Namespace(task=CARTPOLE, run=lambda *a, **k: done.append("uppvärmning"))
    monkeypatch.setitem(BY_KEY, "dqn", short)
    monkeypatch.setattr(shares, "seconds_per_part", lambda seed: done.append("mätning"))
    for _, _, how in command.profile():
        how()
    assert done == ["uppvärmning"] + ["mätning"] * command.N_PROFILED


# --- rättning ------------------------------------------------------------------------------------


def test_the_pace_is_that_of_the_second_half():
    """Den första filen dröjer, för då startar rättarna; sedan kommer två i sekunden."""
    assert grading.rate([20.0, 30.0, 30.5, 31.0, 31.5, 32.0]) == pytest.approx(2)


# --- väntan --------------------------------------------------------------------------------------

PIP_SAID = """\
Collecting torch
  Downloading torch-2.13.0-cp311-none-linux_x86_64.whl.metadata (29 kB)
  Downloading torch-2.13.0-cp311-none-linux_x86_64.whl (1.5 GB)
Downloading numpy-2.4.6-cp311.whl (16.5 MB)
     ---------------------------------------- 16.5/16.5 MB 80.1 MB/s eta 0:00:00
Processing {folder}/en%20liten.whl
Processing {folder}
  Using cached tqdm-4.67.whl (78 kB)
"""


def test_what_pip_downloads_is_counted(tmp_path: Path):
    (tmp_path / "en liten.whl").write_bytes(b"7 bytes")
    said = PIP_SAID.format(folder=f"file://{tmp_path}")
    assert sum(waiting.package_sizes(said)) == pytest.approx(29e3 + 1.5e9 + 16.5e6 + 7)


def test_the_slowest_tests_are_read_out_of_what_pytest_says():
    said = """\
============ slowest 3 durations ============
120.03s call     tests/grader/test_a.py::test_b[ett värde]
0.50s setup    tests/test_c.py::test_d

(1 durations < 0.005s hidden.  Use -vv to show these durations.)
3 passed in 121.00s"""
    assert waiting.slowest_tests(said) == [
        [120.03, "tests/grader/test_a.py::test_b[ett värde]"],
        [0.5, "tests/test_c.py::test_d (förberedelsen)"],
    ]


# --- filen ---------------------------------------------------------------------------------------


def test_an_interrupted_measurement_keeps_what_is_done(tmp_path: Path):
    file = tmp_path / "resultat.json"

    def wanted() -> Any:
        yield "parts", {"group": "a", "stored": None}, lambda: {"microseconds": {"å": 1.0}}
        yield "parts", {"group": "b", "stored": None}, interrupted

    def interrupted() -> Any:
        raise KeyboardInterrupt

    command.measure(Store(file, resume=False), wanted())
    assert read(file)["parts"] == [{"group": "a", "stored": None, "microseconds": {"å": 1.0}}]
    with pytest.raises(FileExistsError):
        Store(file, resume=False)
    again = Store(file, resume=True)
    assert not again.measure("parts", {"group": "a", "stored": None}, interrupted)
    assert again.measure("parts", {"group": "b", "stored": None}, dict)


def test_another_machine_is_another_file(tmp_path: Path):
    file = tmp_path / "resultat.json"
    write(file, empty() | {"machine": {"processor": "en annan"}})
    with pytest.raises(AnotherMachineError):
        Store(file, resume=True)
    write(file, empty() | {"packages": {"torch": "0.1"}})
    with pytest.raises(AnotherMachineError):
        Store(file, resume=True)


def test_a_file_survives_being_read_and_written(tmp_path: Path):
    copy = tmp_path / "resultat.json"
    write(copy, COMMITTED)
    assert copy.read_bytes() == RESULTS.read_bytes()


# --- kommandot -----------------------------------------------------------------------------------


def test_the_seeds_can_be_chosen_for_some():
    assert set(command.number_of_seeds(["7"]).values()) == {7}
    chosen = command.number_of_seeds(["5", "dqn=9", "sb3=0"])
    assert (chosen["dqn"], chosen["sb3"], chosen["double"]) == (9, 0, 5)
    assert command.number_of_seeds([])["dqn"] == 200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--seeds", "dqm=3"], "dqm finns inte"), (["lerning"], "lerning finns inte")],
)
def test_what_does_not_exist_is_told(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert command.main([*arguments, "--out", str(tmp_path / "r.json")]) == 2
    assert said in capsys.readouterr().out


def test_an_existing_file_is_never_overwritten(capsys: pytest.CaptureFixture[str]):
    assert command.main(["learning"]) == 2
    assert "--resume" in capsys.readouterr().out


# --- det som sägs --------------------------------------------------------------------------------


def test_the_page_is_what_the_file_says():
    """Gör om den med `python tests/benchmarks --page`."""
    written = RESULTS.with_name(page.PAGE).read_text(encoding="utf-8")
    assert page.as_page(COMMITTED) == written
    assert "{{" not in written


def test_an_interval_without_an_end_is_said_in_words():
    assert page.span(1.78, 46.2) == "1,8–46"
    assert page.span(1.78, math.inf) == "1,8 och uppåt"
    assert page.span(math.inf, math.inf) == "–"
    assert "––" not in page.as_page(COMMITTED)


def test_the_page_can_be_made_of_nothing(tmp_path: Path):
    file = tmp_path / "resultat.json"
    write(file, empty())
    text = page.write_page(file).read_text(encoding="utf-8")
    assert text.count(page.NOT_MEASURED) == 6


def test_every_picture_of_the_page_is_there():
    written = RESULTS.with_name(page.PAGE).read_text(encoding="utf-8")
    for name, picture in page.pictures(COMMITTED).items():
        assert (RESULTS.with_name(page.PICTURES) / name).is_file()
        assert f"![{picture.alt}]({page.PICTURES}/{name})" in written


def test_the_table_in_the_appendix_is_what_the_file_says():
    """Gör om den med `python tests/benchmarks --page`."""
    assert page.appendix_with(COMMITTED, APPENDIX) == APPENDIX
    assert "\n".join(page.seed_table(COMMITTED)) in APPENDIX
    assert page.q_values_in_words(COMMITTED) in APPENDIX
    runs = page.runs_of(COMMITTED, "dqn")
    assert f"tränats med {len(runs)} olika frön" in APPENDIX


def test_a_changed_number_changes_the_appendix():
    worse = [row | {"gradient_steps": 7_777} for row in COMMITTED["learning"]]
    changed = page.appendix_with(COMMITTED | {"learning": worse}, APPENDIX)
    assert changed != APPENDIX and changed.count("7777 / 7777 / 7777") == 2
    assert page.appendix_with(COMMITTED, changed) == APPENDIX


def test_enough_is_measured():
    """Nästan alla av minst 20 frön, var för sig med båda målen."""
    for key in ("dqn", "double"):
        runs = page.runs_of(COMMITTED, key)
        assert len(runs) >= 20
        assert page.n_solved(runs, CARTPOLE) >= 0.98 * len(runs)


def test_a_rerun_is_compared_by_intervals():
    assert {line.partition(": ")[2] for line in page.comparison(COMMITTED, COMMITTED)} == {
        "intervallen för andelen lösta överlappar, och de för träningsstegen överlappar."
    }
    worse = [row | {"held_out": 10.0, "gradient_steps": 20_000} for row in COMMITTED["learning"]]
    [line] = [
        line for line in page.comparison(COMMITTED, COMMITTED | {"learning": worse})
        if line.startswith("DQN, kursens recept, CartPole-v1")
    ]  # fmt: skip
    assert line.count("mer än slumpen") == 2
