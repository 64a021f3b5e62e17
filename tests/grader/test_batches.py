"""Klassen är en mapp som växer: omgångar läggs till, och inget försvinner utan ett ord om det.

Rättarprocesserna läser bara poängen ur filerna här; allt annat är det riktiga kommandot.
"""

import csv
import io
import itertools
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import time
import weakref
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.autograder import batch
from dqn_helpers.autograder.result import ExerciseResult, SubmissionResult, from_data
from dqn_helpers.submission import collect
from dqn_helpers.submission.collect import Submission
from dqn_helpers.teacher import grading as command_line
from dqn_helpers.teacher import store
from dqn_helpers.teacher.grade_limits import load_grade_limits
from dqn_helpers.teacher.gradebook import result_csv
from dqn_helpers.teacher.lock import locked
from dqn_helpers.teacher.overrides import Overrides
from dqn_helpers.teacher.report.summary import summary_lines
from dqn_helpers.teacher.reports import final, write_reports

from .report_samples import exercise, results, submission, unreadable
from .test_command import Answer, command, no_workshop, read_results  # noqa: F401 (en fixtur)


def graded_by_text(one: Submission, workshop: Any, settings: Any) -> SubmissionResult:
    """En rättning av texten i filen: "poäng 3" ger 3 poäng på 5.1."""
    result = SubmissionResult(
        one.file, one.student, one.sha256, "graded", canvas_id=one.canvas_id,
        notebook=one.notebook, attempt=one.attempt, isolation="full",
    )  # fmt: skip
    text = "".join(cell.text for cell in one.cells)
    number = "5.1" if one.notebook != "03" else "3.1"
    points = float(re.findall(r"poang (\d)", text)[0])
    row = ExerciseResult(number, "double_dqn_target", points, 4.0, "partial")
    return SubmissionResult(**{**vars(result), "exercises": (row,)})


def book(points: int, number: str = "05") -> bytes:
    cell = {"cell_type": "code", "metadata": {}, "source": f"poang {points}", "outputs": []}
    about = {"dqn_kurs": {"notebook": number}}
    return json.dumps({"cells": [cell], "metadata": about, "nbformat": 4}).encode()


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


FIRST = {f"{name}_{n}_10{n}_05.ipynb": book(2) for n, name in enumerate(("al", "bo", "cia"), 1)}


@pytest.fixture
def folder(tmp_path: Path, no_workshop: None, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """En mapp där `submissions.zip` är rättad till `rattning`."""
    monkeypatch.setattr(batch, "grade_submission", graded_by_text)
    packed(tmp_path / "submissions.zip", FIRST)
    answer = command("submissions.zip", cwd=tmp_path)
    assert answer.code == 0, answer.err
    return tmp_path


def rows(folder: Path) -> list[dict[str, Any]]:
    return read_results(folder / "rattning")["submissions"]


def of(folder: Path, student: str) -> list[tuple[int, float, bool]]:
    """Studentens rader: omgången, poängen och om raden räknas."""
    mine = (row for row in rows(folder) if row["student"] == student)
    return [(row["batch"], row["points"], row["replaced_by"] is None) for row in mine]


def all_files(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


# --- omgångar ------------------------------------------------------------------------------------


def test_a_late_student_is_added_and_the_class_is_still_there(folder: Path) -> None:
    seed = read_results(folder / "rattning")["seed"]
    pages = set(os.listdir(folder / "rattning/feedback"))
    packed(folder / "sena.zip", {"dan_LATE_4_104_05.ipynb": book(4)})
    answer = command("sena.zip", cwd=folder)
    assert answer.graded == ["sena.zip/dan_LATE_4_104_05.ipynb"]
    assert "sedan tidigare 3 filer till" in answer.err
    assert [(row["student"], row["batch"]) for row in rows(folder)] == [
        ("al", 1), ("bo", 1), ("cia", 1), ("dan", 2)
    ]  # fmt: skip
    assert read_results(folder / "rattning")["seed"] == seed
    assert pages < set(os.listdir(folder / "rattning/feedback"))
    text = (folder / "rattning/resultat.csv").read_text(encoding="utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text), delimiter=";"))) == 5
    assert "1: 3 filer, 2: 1 fil" in (folder / "rattning/rapport.html").read_text("utf-8")


def test_the_newest_attempt_counts_and_lost_points_are_pointed_out(folder: Path) -> None:
    again = {"al_1_201_05-1.ipynb": book(4), "bo_2_202_05-1.ipynb": book(0)}
    packed(folder / "nya.zip", again)
    answer = command("nya.zip", cwd=folder)
    assert of(folder, "al") == [(1, 2, False), (2, 4, True)]
    assert of(folder, "bo") == [(1, 2, False), (2, 0, True)]
    assert of(folder, "cia") == [(1, 2, True)]
    assert answer.out.count("färre poäng än förut (0 i 5.1 mot 2)") == 1
    report = (folder / "rattning/rapport.html").read_text("utf-8")
    assert "räknas den nyaste" in report and "Filen räknas inte, för det finns en nyare." in report
    page = (folder / "rattning/feedback/al_1_101_05.html").read_text("utf-8")
    assert "nyare inlämning" in page


def test_the_same_name_again_is_another_row_not_another_students_place(folder: Path) -> None:
    """Olika personers lösa filer, och en mapp som liknar en tidigare, tar ingens plats."""
    for name, points in (("anna", 1), ("berit", 3)):
        (folder / name).mkdir()
        (folder / name / "05_double_dqn.ipynb").write_bytes(book(points))
        assert command(f"{name}/05_double_dqn.ipynb", cwd=folder).code == 0
    new = [row for row in rows(folder) if row["student"] is None]
    assert [(row["file"], row["points"], row["replaced_by"]) for row in new] == [
        ("05_double_dqn.ipynb", 1, None), ("05_double_dqn.ipynb (2)", 3, None)
    ]  # fmt: skip


def test_the_whole_class_downloaded_again_is_the_same_rows(folder: Path) -> None:
    """`submissions (1).zip` har alla från förra gången och en till."""
    packed(folder / "submissions (1).zip", FIRST | {"dan_4_104_05.ipynb": book(1)})
    assert command("submissions (1).zip", cwd=folder).code == 0
    assert [row["file"] for row in rows(folder)] == [
        *(f"submissions.zip/{name}" for name in FIRST), "submissions (1).zip/dan_4_104_05.ipynb"
    ]  # fmt: skip
    assert [row["batch"] for row in rows(folder)] == [1, 1, 1, 2]


def test_an_older_batch_graded_again_is_still_older(folder: Path) -> None:
    packed(folder / "nya.zip", {"al_1_201_05-1.ipynb": book(4)})
    command("nya.zip", cwd=folder)
    before = all_files(folder / "rattning")
    assert len(command("submissions.zip", cwd=folder).graded) == 3
    assert all_files(folder / "rattning") == before


def test_another_book_is_added_to_the_same_student(folder: Path) -> None:
    packed(folder / "bok3.zip", {"al_1_301_03.ipynb": book(1, "03")})
    command("bok3.zip", cwd=folder)
    assert of(folder, "al") == [(1, 2, True), (2, 1, True)]


def test_an_unreadable_resubmission_replaces_nothing() -> None:
    old = submission("al_1_1_05.ipynb", exercise("5.1"), notebook="05")
    bad = unreadable("al_1_2_05.ipynb")
    newer = [
        submission("al_1_3_05.ipynb", exercise("5.1"), notebook="05", batch=2, attempt=3),
        unreadable("bo_2_2_05.ipynb"),
    ]
    graded = final(results(old, bad, *newer), Overrides(), load_grade_limits())
    assert [row.replaced_by for row in graded.submissions] == ["al_1_3_05.ipynb"] * 2 + ["", ""]
    assert "Filen räknas inte, för al_1_3_05.ipynb är nyare" in result_csv(graded)
    later = unreadable("al_1_2_05.ipynb")
    later = SubmissionResult(**{**vars(later), "batch": 2})
    graded = final(results(old, later), Overrides(), load_grade_limits())
    assert [row.replaced_by for row in graded.submissions] == ["", ""]


def test_answers_about_who_is_who_are_kept_for_the_next_batch(folder: Path) -> None:
    (folder / "05_double_dqn.ipynb").write_bytes(book(4))
    answer = command("05_double_dqn.ipynb", cwd=folder)
    assert "05_double_dqn.ipynb: vem har lämnat in filen?" in answer.out
    assert "Det här är oklart. Svara i en CSV-fil" in answer.out
    (folder / "svar.csv").write_text("fil;student\n05_double_dqn.ipynb;al\n", encoding="utf-8")
    (folder / "bok.csv").write_text(
        'Student,ID,SIS Login ID,Section\n"Al, Ulf",1,al,A\n"Öst, Cia",9,cia,A\n', encoding="utf-8"
    )
    arguments = ("submissions.zip", "--canvas", "bok.csv")
    answer = command(*arguments, "--students", "svar.csv", cwd=folder)
    missing = "1 student har inte lämnat in: Öst, Cia (cia)"
    assert "vem har" not in answer.out and missing in answer.out
    command(*arguments, cwd=folder)
    assert of(folder, "Al, Ulf") == [(1, 2, False), (2, 4, True)]
    answer = command("submissions.zip", "--resume", cwd=folder)
    assert "1 student har inte lämnat in: Öst, Cia (cia)" in answer.out, "listan är också kvar"
    assert of(folder, "Al, Ulf") == [(1, 2, False), (2, 4, True)]


def test_two_commands_in_the_same_folder(folder: Path) -> None:
    before = all_files(folder / "rattning")
    with locked(folder / "rattning"):
        answer = command("submissions.zip", cwd=folder)
    assert answer.code == 1 and "Ett annat kommando arbetar redan i mappen rattning" in answer.err
    assert answer.graded == [] and all_files(folder / "rattning") == before
    assert command("submissions.zip", cwd=folder).code == 0


# --- inställningar och samtycke ------------------------------------------------------------------


def test_another_seed_or_a_new_start_needs_a_word(folder: Path) -> None:
    before = all_files(folder / "rattning")
    answer = command("submissions.zip", "--seed", 8, cwd=folder)
    assert answer.code == 2 and "--replace" in answer.err
    assert all_files(folder / "rattning") == before
    packed(folder / "nya.zip", {"dan_4_104_05.ipynb": book(1)})
    (folder / "rattning/beslut.csv").write_text("fil;övning;poäng;skäl\n", encoding="utf-8")
    assert command("nya.zip", "--seed", 8, "--replace", cwd=folder).code == 0
    assert [row["student"] for row in rows(folder)] == ["dan"]
    assert os.listdir(folder / "rattning/feedback") == ["dan_4_104_05.html"]
    assert read_results(folder / "rattning")["seed"] == 8
    assert sorted(os.listdir(folder / "rattning"), key=str.lower) == [
        ".pagar", "bedomning.html", "beslut.csv", "feedback", "rapport.html", "resultat.csv",
        "results.json", "underlag.json",
    ]  # fmt: skip


@pytest.mark.parametrize("damage", [None, "{"])
def test_a_class_with_damaged_work_is_not_overwritten(folder: Path, damage: str | None) -> None:
    work = folder / "rattning/underlag.json"
    work.unlink() if damage is None else work.write_text(damage)
    before = all_files(folder / "rattning")
    answer = command("submissions.zip", cwd=folder)
    assert answer.code == 2 and "--replace" in answer.err
    assert all_files(folder / "rattning") == before


def test_the_limit_of_the_class_is_kept_and_another_is_told(folder: Path) -> None:
    out = folder / "rattning"
    command("submissions.zip", "--limit", 3, "--replace", cwd=folder)
    assert command("submissions.zip", "--resume", cwd=folder).graded == []
    assert read_results(out)["limit"] == 3
    answer = command("submissions.zip", "--resume", "--limit", 5.5, cwd=folder)
    assert len(answer.graded) == 3
    assert "tidsgränsen 3 s, inte 5,5 s. Allt som anges rättas därför om." in answer.err


def test_only_takes_the_seed_of_the_class_and_tells_of_another(folder: Path) -> None:
    seed = read_results(folder / "rattning")["seed"]
    command("submissions.zip", "--only", "05", cwd=folder)
    assert read_results(folder / "rattning/enstaka")["seed"] == seed
    answer = command("submissions.zip", "--only", "5.1", "--resume", cwd=folder)
    assert "gällde 5.1, 5.2, 5.3 och 5.4, medan du nu har valt 5.1. Allt" in answer.err
    answer = command("submissions.zip", "--only", "5.2", "--resume", "--limit", 3, cwd=folder)
    assert "10 s, inte 3 s, och gällde 5.1, medan du nu har valt 5.2." in answer.err
    answer = command("submissions.zip", "--only", "05", "--seed", seed + 1, cwd=folder)
    assert answer.code == 0 and f"rättad med fröet {seed}, inte {seed + 1}" in answer.err


def test_an_old_canvas_file_is_not_left(folder: Path) -> None:
    (folder / "betyg.csv").write_text("Student,ID,Section,Bok 5 (7)\nPoints Possible,,,10\n")
    command("submissions.zip", "--canvas", "betyg.csv", "--column", "7", cwd=folder)
    assert (folder / "rattning/canvas.csv").exists()
    answer = command("submissions.zip", cwd=folder)
    assert not (folder / "rattning/canvas.csv").exists() and "är borttagen" in answer.out


def test_a_dry_run_shows_what_would_change_and_writes_no_table(folder: Path) -> None:
    people = "Student,ID,Section,Bok 5 (7)\nPoints Possible,,,10\nAl,1,A,7.5\nBo,2,A,\n"
    (folder / "betyg.csv").write_text(people)
    arguments = ("submissions.zip", "--resume", "--canvas", "betyg.csv", "--column", "7")
    answer = command(*arguments, "--dry-run", cwd=folder)
    assert answer.code == 0 and not (folder / "rattning/canvas.csv").exists()
    assert re.search(r"Bo +– +2\n", answer.out)
    assert re.search(r"Al +7.5 +7.5 +inte 2: det är en sänkning", answer.out)
    answer = command(*arguments, cwd=folder)
    assert (folder / "rattning/canvas.csv").read_text() == people.replace("Bo,2,A,", "Bo,2,A,2")
    assert command(*arguments, "--allow-lower", cwd=folder).code == 0
    assert "Al,1,A,2\n" in (folder / "rattning/canvas.csv").read_text()


def test_ladok_needs_a_date(folder: Path) -> None:
    (folder / "ladok.csv").write_text("Namn;Betyg\nAl;\n")
    answer = command("submissions.zip", "--ladok", "ladok.csv", cwd=folder)
    assert answer.code == 2 and "--date 2026-01-15" in answer.err
    arguments = ("--ladok", "ladok.csv", "--date", "2026-01-15")
    assert command("submissions.zip", *arguments, cwd=folder).code == 0


def test_ctrl_c_while_replacing_leaves_the_earlier_class(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = all_files(folder / "rattning")
    packed(folder / "nya.zip", {f"{n}_{n}_{n}_05.ipynb": book(n) for n in range(1, 5)})

    def stopped_after_one(submissions: Any, settings: Any, jobs: int) -> Any:
        yield submissions[0], graded_by_text(submissions[0], None, settings)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dqn_helpers.teacher.grading.grade_all", stopped_after_one)
        answer = command("nya.zip", "--replace", cwd=folder)
    assert answer.code == 130 and "står kvar som den var" in answer.err
    after = all_files(folder / "rattning")
    assert {name: after[name] for name in before} == before
    answer = command("nya.zip", "--replace", "--resume", cwd=folder)
    assert len(answer.graded) == 3 and len(rows(folder)) == 4
    assert "underlag-paborjat.json" not in os.listdir(folder / "rattning")


def test_a_class_too_large_for_the_memory_gives_the_same_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resultaten ligger på disken, och läses därifrån när de ska skrivas."""
    arguments = ("submissions.zip", "--seed", 7)
    assert command(*arguments, "--out", "liten", cwd=folder).code == 0
    monkeypatch.setattr(store, "MANY", 1)
    assert command(*arguments, "--out", "stor", cwd=folder).code == 0
    assert all_files(folder / "liten") == all_files(folder / "stor")


def test_a_large_class_is_read_back_one_submission_at_a_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """När en rättning går vidare ligger det som redan är rättat på disken."""
    packed(folder / "stor.zip", {f"s{n}_{n}_{n}_05.ipynb": book(n % 5) for n in range(10, 60)})
    assert command("stor.zip", "--out", "stor", cwd=folder).code == 0
    before, alive, most = all_files(folder / "stor"), [], 0

    def counted(data: Any) -> SubmissionResult:
        nonlocal most
        row = from_data(data)
        alive[:] = [one for one in alive if one() is not None]
        alive.extend(map(weakref.ref, row.exercises))
        most = max(most, len(alive))
        return row

    monkeypatch.setattr(store, "from_data", counted)
    answer = command("stor.zip", "--out", "stor", "--resume", cwd=folder)
    assert answer.code == 0 and not answer.graded and 0 < most <= 3
    assert all_files(folder / "stor") == before


NUMBERS = ("3.1", "3.2", "4.1", "4.2", "5.1", "5.2", "5.3")


def report_on_disk(
    out: Path, numbers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> tuple[int, int]:
    """Alla rapporter om 40 inlämningar på disken.

    Ger antalet läsningar per inlämning, och det största antalet övningar i minnet på en gång.
    """
    shelf, n_read, alive = collect.Shelf(), 0, []
    most = 0
    read = shelf._read

    def counted(*place: int) -> tuple[Any, ...]:
        nonlocal n_read, most
        items = read(*place)
        n_read += 1
        alive[:] = [one for one in alive if one() is not None]
        alive.extend(map(weakref.ref, items))
        most = max(most, len(alive))
        return items

    monkeypatch.setattr(shelf, "_read", counted)
    rows = []
    for n in range(40):
        wrong = (exercise(number, False, misconception="ett fel") for number in numbers)
        rows.append(submission(f"{n}", exercises=collect.Stored(tuple(wrong), shelf)))
    graded, limits = results(*rows), load_grade_limits()
    write_reports(out, graded, Overrides(), limits)
    summary_lines(final(graded, Overrides(), limits))
    return round(n_read / len(rows)), most


def test_reports_read_a_class_on_disk_one_submission_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, many = (report_on_disk(tmp_path, n, monkeypatch) for n in (NUMBERS[:2], NUMBERS))
    assert few[0] == many[0] <= 20, "fler övningar läses inte fler gånger"
    assert many[1] <= 4 * len(NUMBERS), "klassen ligger aldrig i minnet"


# --- avbrott när som helst -----------------------------------------------------------------------


def grade_in_this_process(submissions: Any, settings: Any, jobs: int) -> Any:
    for one in submissions:
        yield one, graded_by_text(one, None, settings)


@pytest.mark.lang
def test_a_kill_at_any_moment_leaves_the_earlier_class_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kommandot dödas vid slumpvalda ögonblick: varje fil är hel, och alla finns kvar."""
    many = {f"s{n}_{n}_{n}_05.ipynb": book(n % 5) for n in range(10, 70)}
    packed(folder / "fler.zip", many)
    monkeypatch.setattr(store, "SAVE_SECONDS", 0)
    monkeypatch.setattr(command_line, "grade_all", grade_in_this_process)
    moments = random.Random(1)
    whole = run(folder / "hel", folder)
    for attempt in range(8):
        out = shutil.copytree(folder / "rattning", folder / f"dödad-{attempt}")
        run(out, folder, moments.uniform(0, whole))
        assert_whole(out)
        answer = command("fler.zip", "--out", out, "--resume", cwd=folder)
        assert answer.code == 0, answer.err
        assert len(read_results(out)["submissions"]) == len(FIRST) + len(many)
        assert not list(out.rglob("*.ny"))


@pytest.mark.lang
def test_a_kill_at_every_step_leaves_the_earlier_class_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kommandot dör mitt i varje fil som skrivs och före varje byte av namn, ett steg i taget."""
    packed(folder / "fler.zip", {"dan_4_104_05.ipynb": book(4), "eva_5_105_05.ipynb": book(1)})
    monkeypatch.setattr(store, "SAVE_SECONDS", 0)
    monkeypatch.setattr(command_line, "grade_all", grade_in_this_process)
    for step in itertools.count():
        out = shutil.copytree(folder / "rattning", folder / f"steg-{step}")
        if not dies_at(step, [str(folder / "fler.zip"), "--out", str(out)]):
            break
        assert_whole(out)
        if step % 5 == 0:
            answer = command("fler.zip", "--out", out, "--resume", cwd=folder)
            assert answer.code == 0, answer.err
            assert len(read_results(out)["submissions"]) == len(FIRST) + 2
            assert not list(out.rglob("*.ny"))
    assert step > 2 * (len(FIRST) + 2), "minst en fil och ett byte för varje sida"


def dies_at(step: int, arguments: list[str]) -> bool:
    """Kör kommandot i en avknoppad process som dör vid det steget; falskt om det hann bli klart."""
    process = multiprocessing.get_context("fork").Process(target=die_at, args=(step, arguments))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def die_at(step: int, arguments: list[str]) -> None:
    """Kommandot, i den process som ska dö: en fil blir halv, eller ett namnbyte blir inte av."""
    steps, write, replace = itertools.count(), Path.write_bytes, os.replace

    def dying_write(path: Path, data: bytes) -> int:
        if next(steps) == step:
            write(path, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write(path, data)

    def dying_replace(source: Path, target: Path) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)

    Path.write_bytes, os.replace = dying_write, dying_replace  # type: ignore[method-assign, assignment]
    os._exit(command_line.main(arguments))


def run(out: Path, folder: Path, kill_after: float | None = None) -> float:
    """Kör kommandot i en avknoppad process, och döda den efter så många sekunder; ger hur länge."""
    start = time.monotonic()
    process = multiprocessing.get_context("fork").Process(
        target=command_line.main, args=([str(folder / "fler.zip"), "--out", str(out)],)
    )
    process.start()
    if kill_after is not None:
        time.sleep(kill_after)
        process.kill()
    process.join()
    return time.monotonic() - start


def assert_whole(out: Path) -> None:
    """Varje fil är hel, och de som var rättade är det fortfarande."""
    for name in ("results.json", "underlag.json"):
        json.loads((out / name).read_text("utf-8"))
    before = dict.fromkeys(("al", "bo", "cia"), 2)
    kept = {row["student"]: row["points"] for row in read_results(out)["submissions"]}
    assert kept | before == kept
    table = (out / "resultat.csv").read_text("utf-8-sig")
    assert table.endswith("\n")
    assert {row[0] for row in csv.reader(io.StringIO(table), delimiter=";")} >= set(before)
    for page in (out / "rapport.html", *(out / "feedback").glob("*.html")):
        assert page.read_text("utf-8").rstrip().endswith("</html>")
