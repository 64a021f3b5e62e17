"""Studentversionen: allt som en student behöver, och inget facit."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dqn_helpers.teacher.address import Address, read_address
from dqn_helpers.teacher.release import build, main
from dqn_helpers.teacher.student_package import FILES, FOLDER, package_files, write_package

ROOT = Path(__file__).resolve().parents[2]
REGION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
TELLING = 40  # tecken: en så lång rad är inte en som alla träningssteg har


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return package_files(ROOT, build(ROOT / "solutions"))


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Studentversionen, packad och uppackad."""
    folder = tmp_path_factory.mktemp("student")
    assert main(["--zip", str(folder / "student.zip")]) == 0
    with zipfile.ZipFile(folder / "student.zip") as archive:
        archive.extractall(folder)
    return folder / FOLDER


def test_the_right_files_are_there(files: dict[str, bytes]) -> None:
    notebooks = {path.name for path in (ROOT / "notebooks").iterdir() if path.is_file()}
    assert {f"notebooks/{name}" for name in notebooks} <= set(files)
    assert {"README.md", "kurs.py", "pyproject.toml", "dqn_helpers/exercises/checking.py"} <= set(
        files
    )
    assert not [name for name in files if "/autograder/" in name or "/teacher/" in name]
    top = {name.split("/")[0] for name in files}
    assert top == {*FILES, "README.md", "bilder", "dqn_helpers", "notebooks", "binder"}
    assert "Så lägger man till en övning" not in "".join(
        data.decode(errors="replace") for data in files.values()
    )


def test_the_readme_is_the_students(files: dict[str, bytes]) -> None:
    assert "python kurs.py fresh 04" in files["README.md"].decode()
    for text in (files["README.md"].decode(), files["BILAGA.md"].decode()):
        assert not re.search(r"solutions|facit|kurs\.py (test|grade|release|assess|similar)", text)
        assert not re.search(r"(?i)klon|git clone|tests/|mybinder|colab\.research", text)
    for page in ("README.md", "BILAGA.md"):
        places = re.findall(r'\]\(([\w./-]+)\)|(?:src|srcset)="([^"]+)"', files[page].decode())
        assert not {"".join(place) for place in places} - set(files), page
    assert 'src="bilder/' in files["README.md"].decode()


ADDRESS = "https://github.com/anna/djup-q"


def test_a_published_package_starts_in_binder_and_colab() -> None:
    files = package_files(ROOT, build(ROOT / "solutions"), Address("anna/djup-q"))
    text = files["README.md"].decode()
    links = re.findall(r"\((https://[^)]+)\)", text)
    in_colab = [link.rpartition("/")[2] for link in links if "colab.research" in link]
    books = [name for name in files if name.endswith(".ipynb")]
    assert [f"notebooks/{name}" for name in in_colab] == books
    assert all("/github/anna/djup-q/blob/main/notebooks/" in one for one in links if "colab" in one)
    assert f"/gh/anna/djup-q/main?urlpath=lab/tree/{books[0]}" in text
    for name in books:
        first = next(c for c in json.loads(files[name])["cells"] if c["cell_type"] == "code")
        assert f'git+{ADDRESS}")' in first["source"][-1]
        exec("".join(first["source"]), {})  # någon annanstans än i Colab gör den ingenting


def test_binder_gets_the_small_version_of_torch(unpacked: Path) -> None:
    script = (unpacked / "binder/postBuild").read_text(encoding="utf-8")
    installing = (ROOT / "dqn_helpers/installing.py").read_text("utf-8")
    (index,) = re.findall(r'^CPU_INDEX = "(.*)"$', installing, re.M)
    assert f"--extra-index-url {index} " in script and "[kurs]" in script
    assert (unpacked / "constraints.txt").exists()
    with zipfile.ZipFile(unpacked.parent / "student.zip") as archive:
        mode = archive.getinfo(f"{FOLDER}/binder/postBuild").external_attr >> 16
    assert mode & 0o111, "repo2docker kör den"


@pytest.mark.parametrize("address", ["http://github.com/a/b", "github.com/a/b", f"{ADDRESS}/x"])
def test_an_address_that_is_no_repository_is_explained(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--zip", str(tmp_path / "ut.zip"), "--address", address]) == 1
    assert "är inget repo på GitHub" in capsys.readouterr().err
    assert main(["--address", ADDRESS]) == 1
    assert "hör ihop med --zip" in capsys.readouterr().err


def a_root(folder: Path, address: str) -> Path:
    """En mapp som kursens, med en enda bok och en adress i `pyproject.toml`."""
    for name in FILES:
        (folder / name).write_text("", encoding="utf-8")
    (folder / "pyproject.toml").write_text(f'[tool.kurs]\nrepository = "{address}"\n', "utf-8")
    (folder / "README.md").write_text("# K\n\n## För dig som undervisar\n", encoding="utf-8")
    (folder / "dqn_helpers").mkdir()
    shutil.copytree(ROOT / "solutions", folder / "solutions")
    return folder


@pytest.mark.parametrize(
    ("written", "given", "used"),
    [
        ("anna/djup-q", "", "anna/djup-q"),
        (f"{ADDRESS}.git", "", "anna/djup-q"),
        ("anna/djup-q", "https://github.com/bo/q/", "bo/q"),
        ("", "", ""),
    ],
)
def test_the_address_is_written_once_and_used_everywhere(
    written: str, given: str, used: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`[tool.kurs]` är webbokens adress och studentversionens; `--address` gäller en enda gång."""
    root, target = a_root(tmp_path, written), tmp_path / "ut.zip"
    options = ["--address", given] if given else []
    assert main(["--root", str(root), "--zip", str(target), *options]) == 0
    with zipfile.ZipFile(target) as archive:
        text = archive.read(f"{FOLDER}/README.md").decode()
    found = set(re.findall(r"(?:mybinder\.org/v2/gh|google\.com/github)/([\w-]+/[\w-]+)", text))
    assert found == ({used} if used else set())
    assert (f"leder till https://github.com/{used}." in capsys.readouterr().out) == bool(used)
    assert read_address(root / "pyproject.toml").starts("a.ipynb").keys() == (
        {"Colab", "Binder"} if written else set()
    )


def test_an_address_in_pyproject_that_is_no_repository_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = a_root(tmp_path, "https://gitlab.com/anna/djup-q")
    assert main(["--root", str(root), "--zip", str(tmp_path / "ut.zip")]) == 1
    assert "repository i pyproject.toml" in capsys.readouterr().err


ELSEWHERE_TOO = {
    "with torch.no_grad():  # TD-målet är en konstant",  # i kursens vanliga träningssteg
    "following = float(rewards[t]) + discount_factor * following",  # i realised_returns
}


def test_no_line_of_the_solutions_to_05_is_there(files: dict[str, bytes]) -> None:
    (path,) = (ROOT / "solutions").glob("05_*.ipynb")
    cells = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
    regions = [region for cell in cells for region in REGION.findall(cell)]
    lines = {line.strip() for region in regions for line in region.splitlines()}
    telling = [line for line in lines - ELSEWHERE_TOO if len(line) > TELLING]
    assert len(telling) >= 8
    everything = "\n".join(data.decode(errors="replace") for data in files.values())
    assert not [line for line in telling if line in everything]
    assert "Bedömning av 5.4" not in everything


def test_no_page_shows_what_5_3_is_almost_the_same_as() -> None:
    """Med den är 5.3 en enda rad; i `check("5.3", …)` är den spärrad."""
    pages = {path.name: path.read_text("utf-8") for path in (ROOT / "solutions").glob("*.ipynb")}
    assert len(pages) == 7
    assert not [name for name, text in pages.items() if "realised_returns" in text]


def test_no_file_that_decides_the_points_is_there(files: dict[str, bytes]) -> None:
    content = sorted((ROOT / "solutions" / "grading").rglob("*.py"))
    assert len(content) >= 3 * 5
    assert not {path.read_bytes() for path in content} & set(files.values())


def test_two_packages_are_the_same_to_the_byte(tmp_path: Path) -> None:
    notebooks = build(ROOT / "solutions")
    for name in ("a.zip", "b.zip"):
        write_package(ROOT, notebooks, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


ALONE = """
import pathlib, dqn_helpers
from dqn_helpers.exercises import check
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.extract import slice_notebook
assert pathlib.Path(dqn_helpers.__file__).is_relative_to({folder!r}), dqn_helpers.__file__
def td_target(reward, q, end, gamma):
    return reward + gamma * q.max(dim=1).values * ~end
cells = [CellSource("cell 1", "%time n = 7"), CellSource("cell 2", "def td_target(): return n")]
assert [cell.name for cell in slice_notebook(cells, ["td_target"]).needed["td_target"]] == [
    "cell 1", "cell 2"
]
print(check("3.1", td_target), bool(check("5.3", lambda *arguments: 1.0)))
"""


def test_it_works_by_itself(unpacked: Path) -> None:
    code = ALONE.format(folder=str(unpacked))
    alone = [sys.executable, "-c", code]
    done = subprocess.run(alone, cwd=unpacked, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "Klart:" in done.stdout and done.stdout.strip().endswith("False")


def test_the_teachers_commands_say_that_they_are_not_there(unpacked: Path) -> None:
    command = [sys.executable, "kurs.py", "grade", "inlamningar.zip"]
    done = subprocess.run(command, cwd=unpacked, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 1
    assert "följer inte med i studentversionen" in done.stderr


def test_the_help_is_the_students(unpacked: Path) -> None:
    command = [sys.executable, "kurs.py", "--help"]
    done = subprocess.run(command, cwd=unpacked, capture_output=True, text=True, encoding="utf-8")
    assert "kurs.py fresh 03" in done.stdout
    assert not re.search(r"kurs\.py (test|grade|release)|--zip", done.stdout)


def test_a_readme_without_the_teachers_heading_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "solutions").mkdir()
    for name in (*FILES, "README.md"):
        (tmp_path / name).write_text("# Kursen\n", encoding="utf-8")
    assert main(["--root", str(tmp_path), "--zip", str(tmp_path / "ut.zip")]) == 1
    assert "saknar rubriken" in capsys.readouterr().err
    assert not (tmp_path / "ut.zip").exists()
