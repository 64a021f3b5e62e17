"""Rättning på ett kluster: en riktig schemaläggare och tre arbetare i egna processer.

I testen där något dör, dröjer eller dödar är rättarna utbytta, för varje ny arbetare kostar annars
sekunder. Att de riktiga ger samma filer som en rättning utan kluster prövas för sig.
"""

import dataclasses
import functools
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("dask.distributed", reason="Dask är inte installerat (delen dask)")

import cloudpickle
import dask
import recipe
from benchmarks.watch import LearningRun
from dask.distributed import LocalCluster

from dqn_helpers.autograder.grade import Settings
from dqn_helpers.autograder.result import SubmissionResult
from dqn_helpers.studies import cluster as connection
from dqn_helpers.studies.cluster import ClusterError, ClusterLostError, connected, over_seeds
from dqn_helpers.submission.collect import Submission
from dqn_helpers.teacher import cluster, grader_process
from dqn_helpers.teacher.grader_process import GraderDiedError, GraderProcess

from .test_command import CLASS, SEED, command, contents, hand_in

SETTINGS = Settings(seed=7, limit=1.0)
N_WORKERS = 3

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # arbetarna har inte testerna


def workers(count: int) -> LocalCluster:
    return LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None,
                        silence_logs=50)  # fmt: skip


@pytest.fixture(scope="module")
def three() -> Iterator[str]:
    """Adressen till tre arbetare. Den som har tagit med sig två får inte fler försök av Dask."""
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}), workers(N_WORKERS) as made:
        yield made.scheduler_address


# --- samma som utan kluster ----------------------------------------------------------------------


@pytest.mark.lang
def test_a_cluster_gives_the_same_files_as_this_computer(tmp_path: Path) -> None:
    hand_in(tmp_path, {f"klass/{name}": CLASS[name] for name in CLASS if "05" not in name})
    # En enda arbetare: varje riktig rättare kostar sekunder att starta och drar själv sina fall.
    common = ("klass", "--seed", SEED, "--limit", 1, "--jobs", 1, "--only", "3.1", "3.2")
    here = command(*common, "--out", "har", cwd=tmp_path)
    there = command(*common, "--out", "dar", "--dask", "local", cwd=tmp_path)
    assert (here.code, there.code) == (0, 0), here.err + there.err
    mine, theirs = contents(tmp_path / "har/enstaka"), contents(tmp_path / "dar/enstaka")
    assert mine.keys() == theirs.keys()
    assert [name for name in mine if mine[name] != theirs[name]] == []


# --- det som dör, dröjer och dödar ---------------------------------------------------------------


class Actor:
    """En rättare utan verkstad."""

    def close(self) -> None: ...


class Actors(cluster.Graders):
    """Filens namn säger vad som händer när den rättas; varje rättad fil får en rad i `log`."""

    log = ""

    def _start(self, count: int) -> None:
        self.tier = "full"
        self._graders = [Actor()] * count  # type: ignore[list-item]

    def grade(self, submission: Submission, settings: Settings) -> SubmissionResult:
        log, name = Path(self.log), submission.file
        if name == "dödsstöten" or (name == "otur" and not log.with_suffix(".otur").exists()):
            log.with_suffix(".otur").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        while name == "långsam" and len(log.read_text("utf-8").split()) < 4:
            time.sleep(0.02)
        if name == "sjuk":
            raise GraderDiedError
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")
        return SubmissionResult(name, None, "", "graded", isolation="full")


@pytest.fixture
def actors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    log = tmp_path / "logg"
    log.touch()
    monkeypatch.setattr(cluster, "Graders", Actors)
    monkeypatch.setattr(Actors, "log", str(log))
    return log


def handed_in(*names: str) -> Iterator[Submission]:
    return (Submission(name, None, "", "03") for name in names)


@pytest.mark.lang
def test_every_submission_has_one_result_whatever_dies(three: str, actors: Path) -> None:
    names = ["långsam", "otur", "a", "dödsstöten", "b", "sjuk", "c", "d"]
    with cluster.graders(three, 0, "strong") as found:
        rows = list(found.grade_all(handed_in(*names), SETTINGS, 1))
    statuses = {one.file: graded.status for one, graded in rows}
    assert len(rows) == len(statuses) == len(names)
    set_aside = {"dödsstöten": "error", "sjuk": "error"}
    assert statuses == dict.fromkeys(names, "graded") | set_aside
    assert set(actors.read_text("utf-8").split()) == set(names) - set(set_aside)
    assert rows[0][0].file != "långsam", "resultaten kommer när de är klara"
    told = {one.file for one, graded in rows if "lagd åt sidan" in graded.message}
    assert told == set(set_aside)


@pytest.mark.lang
def test_only_a_few_submissions_are_on_their_way(three: str, actors: Path) -> None:
    names, taken, most, done = [f"s{n}" for n in range(100)], 0, 0, 0

    def counted() -> Iterator[Submission]:
        nonlocal taken
        for one in handed_in(*names):
            taken += 1
            yield one

    with cluster.graders(three, 0, "strong") as found:
        for _ in found.grade_all(counted(), SETTINGS, 1):
            most = max(most, taken - done)
            done += 1
    assert done == len(names) and most <= cluster.AHEAD * N_WORKERS


@pytest.mark.lang
def test_what_does_not_fit_is_told_before_anything_is_sent(
    three: str, actors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "FOLDERS", ("notebooks",))
        assert "har kursens filer" in refused(three, "strong")
    with monkeypatch.context() as patch:
        patch.setattr(Actors, "_start", lambda self, count: setattr(self, "tier", "basic"))
        assert "inhägnaden strong eller en starkare" in refused(three, "strong")
    assert actors.read_text("utf-8") == ""


def refused(address: str, least: Any) -> str:
    with pytest.raises(ClusterError) as told, cluster.graders(address, 0, least):
        pass
    return str(told.value)


@pytest.mark.lang
def test_a_cluster_without_workers_is_told_and_one_that_disappears(
    actors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LOST_SECONDS", 0.2)
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.1)
    with workers(0) as empty:
        assert "har inga arbetare" in refused(empty.scheduler_address, "strong")
        empty.scale(1)
        empty.wait_for_workers(1)
        with cluster.graders(empty.scheduler_address, 0, "strong") as found:
            rows = found.grade_all(handed_in("a", "långsam"), SETTINGS, 1)
            assert next(iter(rows))[0].file == "a"
            empty.scale(0)
            with pytest.raises(ClusterLostError, match="inga arbetare kvar"):
                list(rows)


def test_an_address_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.3)
    hand_in(tmp_path, {"klass/a.ipynb": lambda: b""})
    for address in ("tcp://127.0.0.1:1", "127.0.0.1:1", "pigeon://bur:1"):
        answer = command("klass", "--dask", address, cwd=tmp_path)
        assert answer.code == 2 and f"Inget kluster svarar på {address}" in answer.err
    assert not (tmp_path / "rattning/results.json").exists()


def test_workers_without_the_course_are_named() -> None:
    mine = cluster.course_version()
    with pytest.raises(ClusterError, match="b:1 har ingen kurs"):
        cluster._check_versions({"tcp://a:1": mine, "tcp://b:1": ModuleNotFoundError()}, mine)
    with pytest.raises(ClusterError, match=r"b:1 har Python 2\.7 i stället för 3"):
        cluster._check_versions({"tcp://b:1": mine | {"Python": "2.7"}}, mine)


def test_dask_is_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    monkeypatch.delitem(sys.modules, "dqn_helpers.teacher.cluster", raising=False)
    hand_in(tmp_path, {"klass/a.ipynb": lambda: b""})
    answer = command("klass", "--dask", "local", cwd=tmp_path)
    assert answer.code == 2 and "Dask är inte installerat" in answer.err
    with pytest.raises(ClusterError, match="Dask är inte installerat"), connected("local"):
        pass


def test_a_grader_that_dies_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import os, sys; from multiprocessing.connection import Connection\n"
    program += "line = Connection(int(sys.argv[1])); line.send('full')\n"
    program += "while line.recv()[0] != 'dör': line.send('rättad')"
    monkeypatch.setattr(grader_process, "PROGRAM", [sys.executable, "-I", "-c", program])
    grader: Any = GraderProcess()
    assert grader.tier == "full" and grader.grade("frisk", None) == "rättad"
    with pytest.raises(GraderDiedError):
        grader.grade("dör", None)
    assert grader.grade("frisk", None) == "rättad"
    grader.close()
    monkeypatch.setattr(grader_process, "PROGRAM", [sys.executable, "-c", "0"])
    with pytest.raises(GraderDiedError, match="startade inte"):
        GraderProcess()


# --- mätningarna ---------------------------------------------------------------------------------


def drawn(seed: int) -> tuple[float, float]:
    torch.manual_seed(seed)
    np.random.seed(seed)
    time.sleep(0.01)
    return torch.rand(()).item(), float(np.random.rand())


@pytest.mark.lang
def test_a_measurement_over_seeds_is_the_same_on_a_cluster(three: str) -> None:
    seeds = range(3, 15)
    assert list(over_seeds(drawn, seeds, three)) == list(map(drawn, seeds))
    short = functools.partial(recipe.measure, n_episodes=6)
    also = (recipe, *recipe.ELSEWHERE)
    here, there = over_seeds(short, [4]), over_seeds(short, [4], three, also=also)
    assert list(map(without_times, here)) == list(map(without_times, there))


def without_times(run: LearningRun) -> LearningRun:
    return dataclasses.replace(run, cpu_seconds=0, with_checks=0, first=None)
