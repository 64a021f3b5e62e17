"""Det som ändras medan studenternas kod körs märks, och läraren får veta vilka filer det är."""

import json
from pathlib import Path

import pytest

from dqn_helpers.autograder import workshop
from dqn_helpers.teacher import grading as command
from dqn_helpers.teacher.reports import write_reports
from dqn_helpers.teacher.store import FileWatch, handed_in

from .hostile import RIGHT, in_body
from .hostile_files import notebook
from .report_samples import exercise, results, submission


def test_what_changes_is_named(tmp_path: Path) -> None:
    for name in ("solutions/05.ipynb", "solutions/djupt/mål.toml", "klass.zip", "beslut.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("före", encoding="utf-8")
    watch = FileWatch()
    watch.guard([tmp_path / "solutions", tmp_path / "klass.zip", tmp_path / "beslut.csv"])
    assert watch.check() == []
    (tmp_path / "solutions/djupt/mål.toml").write_text("efter", encoding="utf-8")
    (tmp_path / "klass.zip").unlink()
    gone = [str(tmp_path / name) for name in ("klass.zip", "solutions/djupt/mål.toml")]
    assert watch.check() == gone
    (tmp_path / "solutions/djupt/mål.toml").write_text("före", encoding="utf-8")
    assert watch.check() == gone  # ändrad en gång är ändrad


def test_what_the_grader_itself_writes_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    watch, graded = FileWatch(), results(submission("a.ipynb", exercise("3.1")))
    watch.guard([tmp_path / "ut" / "resultat.csv"])
    write_reports(Path("ut"), graded, command.Overrides(), {}, watch=watch)
    assert watch.check() == []
    page, table = next(Path("ut/feedback").iterdir()), Path("ut/resultat.csv")
    for file in (page, table, Path("ut/rapport.html")):
        file.write_bytes(file.read_bytes() + b" ")
    assert [Path(name).name for name in watch.check()] == [page.name, "rapport.html", table.name]


def test_handed_in_files_are_found_where_they_lie(tmp_path: Path) -> None:
    for name in ("a.ipynb", "anna/b.ZIP", "anna/.git/c.ipynb", "anna/bild.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert {file.name for file in handed_in([tmp_path])} == {"a.ipynb", "b.ZIP"}


ATTACK = in_body("""
import os
for path in ("@OUT@/beslut.csv", "@CLASS@/granne.ipynb", "@ROOT@/solutions/facit.txt"):
    os.truncate(path, 3)  # gränsen för filstorlek hindrar det inte
""")


@pytest.mark.lang
def test_without_a_sandbox_the_teacher_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out, root = (tmp_path / name for name in ("klass", "ut", "kurs"))
    folder.mkdir()
    (root / "solutions").mkdir(parents=True)
    (root / "solutions" / "facit.txt").write_text("facit", encoding="utf-8")
    places = {"OUT": out, "CLASS": folder, "ROOT": root}
    code = ATTACK
    for name, place in places.items():
        code = code.replace(f"@{name}@", place.as_posix())
    (folder / "elak.ipynb").write_bytes(notebook(code))
    (folder / "granne.ipynb").write_bytes(notebook(RIGHT))
    monkeypatch.setattr(workshop, "HAS_SERVER", False)
    monkeypatch.setattr(command, "ROOT", root)
    arguments = ["--seed", "7", "--jobs", "1", "--only", "3.1", "--out", str(out)]
    assert command.main([str(folder), *arguments]) == 0
    graded = json.loads((out / "enstaka" / "results.json").read_text(encoding="utf-8"))
    changed = [out / "beslut.csv", folder / "granne.ipynb", root / "solutions" / "facit.txt"]
    assert graded["isolation"] == "basic"
    assert graded["changed_files"] == sorted(map(str, changed))
    said = capsys.readouterr()
    page = (out / "enstaka" / "rapport.html").read_text(encoding="utf-8")
    for name in ("beslut.csv", "granne.ipynb", "facit.txt"):
        assert name in said.out and name in page
    assert "ska du inte lita på resultaten" in " ".join(said.out.split())
    assert "alltså också poängen" in " ".join(said.err.split())
