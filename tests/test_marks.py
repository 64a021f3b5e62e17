"""Märkena: en grön kontroll minns det i studentens egen mapp, och aldrig någon annanstans."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from test_kurs import REPO, load

from dqn_helpers.exercises import check, marks
from dqn_helpers.exercises.syllabus import SYLLABUS


def right(rewards, discount_factor):
    return sum(reward * discount_factor**i for i, reward in enumerate(rewards))


def wrong(rewards, discount_factor):
    return sum(rewards)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Studentens mapp, med en bok igång."""
    (tmp_path / marks.LAID_OUT).write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(marks, "in_notebook", lambda: True)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return tmp_path


def test_a_green_check_is_remembered_once(work: Path):
    assert not check("1.1", wrong)
    assert marks.solved() == set()
    assert not (work / marks.FILE).exists()
    assert check("1.1", right) and check("1.1", right)
    assert marks.solved() == {"1.1"}
    assert (work / marks.FILE).read_text("utf-8").split() == ['{"klar":', '"1.1"}']


def test_a_mark_stays_when_the_check_turns_red(work: Path):
    check("1.1", right)
    check("1.1", wrong)
    assert marks.solved() == {"1.1"}


def test_the_file_may_be_deleted(work: Path):
    check("1.1", right)
    (work / marks.FILE).unlink()
    assert marks.solved() == set()
    check("1.1", right)
    assert marks.solved() == {"1.1"}


def test_nothing_is_written_outside_the_students_folder(work: Path):
    (work / marks.LAID_OUT).unlink()
    assert check("1.1", right)
    assert list(work.iterdir()) == []


def test_nothing_is_written_without_a_kernel(work: Path, monkeypatch: pytest.MonkeyPatch):
    """Rättaren, testen och ett vanligt Pythonprogram, också om de startas i studentens mapp."""
    monkeypatch.undo()
    monkeypatch.chdir(work)
    assert check("1.1", right)
    assert not (work / marks.FILE).exists()


def test_nothing_is_written_by_nbgrader(work: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert check("1.1", right)
    assert not (work / marks.FILE).exists()


def a_folder(path: Path) -> None:
    path.mkdir()


def bytes_that_are_no_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00{")


def cut_off(path: Path) -> None:
    path.write_text('{"klar": "1.2"}\n{"klar": "1.', encoding="utf-8")


def endless_brackets(path: Path) -> None:
    path.write_text("[" * 90_000, encoding="utf-8")


def other_json(path: Path) -> None:
    path.write_text('[1]\n"1.1"\n{"klar": null}\n{"klar": "9.9"}\n{"klar": ["1.1"]}', "utf-8")


@pytest.mark.parametrize(
    "damage", [a_folder, bytes_that_are_no_text, cut_off, endless_brackets, other_json]
)
def test_a_broken_file_never_disturbs_the_check(work: Path, damage: Callable[[Path], None]):
    damage(work / marks.FILE)
    result = check("1.1", right)
    assert result and result.summary == "allt stämmer. Bra gjort!"
    if damage is not a_folder:  # det som går att läsa finns kvar, och det nya läggs till
        assert marks.solved() == {"1.1"} | ({"1.2"} if damage is cut_off else set())


def test_a_full_disk_never_disturbs_the_check(work: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    assert check("1.1", right)


def test_books_that_run_at_once_do_not_lose_each_others_marks(work: Path):
    numbers = [number for number, name in SYLLABUS.items() if name]
    for _ in range(20):
        (work / marks.FILE).unlink(missing_ok=True)
        together = threading.Barrier(len(numbers))

        def turn_green(number: str, together: threading.Barrier = together) -> None:
            together.wait()
            marks.remember(number)

        threads = [threading.Thread(target=turn_green, args=(number,)) for number in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert marks.solved() == set(numbers)


def test_the_student_may_open_the_file_and_read_it(work: Path):
    marks.remember("3.1")
    marks.remember("3.2")
    lines = (work / marks.FILE).read_text("utf-8").split("\n")
    assert [json.loads(line) for line in lines if line] == [{"klar": "3.1"}, {"klar": "3.2"}]


def test_kurs_py_means_the_same_files():
    kurs = load(REPO)
    assert kurs.COPIED.name == marks.LAID_OUT
    assert kurs.MARKS.name == marks.FILE
    assert kurs.MARKS.parent == kurs.WORK
