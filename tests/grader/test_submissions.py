"""Läsningen av inlämningar: en rad per fil, också för det trasiga, och inget på disken."""

import io
import json
import os
import pickle
import random
import struct
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from everyday import first

from dqn_helpers.autograder.arguments import MAX_NOTEBOOKS
from dqn_helpers.exercises.syllabus import BOOKS
from dqn_helpers.submission import files as found_files
from dqn_helpers.submission import notebook as notebook_reading
from dqn_helpers.submission.collect import (
    Submission,
    UsageError,
    canvas_owner,
    find_submissions,
)
from dqn_helpers.submission.notebook import MAX_CODE, MAX_FILE, NOTEBOOKS

REPO = Path(__file__).resolve().parents[2]
CODE = "def td_target():\n    return 1"


OLD = {"cell_type": "code", "input": CODE, "language": "python"}  # så ser nbformat 3 ut


def code_cell(source: Any = CODE) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}


def book(*cells: Any, **rest: Any) -> dict[str, Any]:
    """En anteckningsbok med en textcell först."""
    text = {"cell_type": "markdown", "id": "rubrik", "metadata": {}, "source": ["# Rubrik\n", "x"]}
    cells = (text, *(cells or [code_cell()]))
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | rest


def as_bytes(notebook: Any = None) -> bytes:
    return json.dumps(book() if notebook is None else notebook, ensure_ascii=False).encode()


def zipped(*files: tuple[str, bytes], **settings: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", settings.get("method", zipfile.ZIP_DEFLATED)) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


def read(tmp_path: Path, data: bytes, name: str = "bok.ipynb") -> list[Submission]:
    (tmp_path / name).write_bytes(data)
    return list(find_submissions([tmp_path / name]))


def one(tmp_path: Path, data: bytes, name: str = "bok.ipynb") -> Submission:
    (row,) = read(tmp_path, data, name)
    return row


def is_right(row: Submission) -> bool:
    return not row.problem and [cell.text for cell in row.cells] == [CODE]


def is_refused(row: Submission, *words: str) -> bool:
    """En rad med en hel svensk mening och inget innehåll."""
    whole = row.problem[:1].isupper() and row.problem.endswith(".") and len(row.problem) < 400
    return whole and not row.cells and all(word in row.problem for word in words)


# --- en anteckningsbok ---------------------------------------------------------------------------


def test_a_notebook(tmp_path: Path) -> None:
    data = as_bytes(book(code_cell("a = 1"), {"cell_type": "raw", "source": "x"}, code_cell("b")))
    row = one(tmp_path, data, "03_traningssteget.ipynb")
    assert [(c.name, c.text) for c in row.cells] == [("cell 2", "a = 1"), ("cell 4", "b")]
    assert row.markdown == (("rubrik", "# Rubrik\nx"),)
    assert (row.file, row.student, row.notebook) == ("03_traningssteget.ipynb", None, "03")
    assert row.sha256 == __import__("hashlib").sha256(data).hexdigest()
    assert (row.problem, row.note) == ("", "")


def test_the_courses_own_notebooks() -> None:
    for folder in ("solutions", "notebooks"):
        rows = [r for r in find_submissions([REPO / folder]) if r.notebook]
        current = {number: name for number, name in NOTEBOOKS.items() if number in BOOKS}
        assert {r.notebook: Path(r.file).stem for r in rows} == current
        assert not any(r.problem or r.note for r in rows)


@pytest.mark.parametrize(
    "data",
    [
        as_bytes(book(code_cell([CODE[:10], CODE[10:]]))),
        as_bytes(book(code_cell(CODE), id="x")),
        as_bytes({"cells": [code_cell()]}),
        as_bytes(book(nbformat="4")),
        as_bytes({"worksheets": [{"cells": [OLD]}], "nbformat": 3, "metadata": {"name": ""}}),
        as_bytes({"worksheets": [{"cells": []}, {"cells": [OLD | {"input": [CODE]}]}]}),
        b"\xef\xbb\xbf" + as_bytes(),
        as_bytes().decode().encode("utf-16"),
        as_bytes().decode().encode("utf-16-le"),
        b"\n\n  " + as_bytes() + b"\n",
        as_bytes().replace(b"\n", b"\r\n"),
        as_bytes().replace(b'"outputs": []', b'"outputs": [NaN, -Infinity, %s]' % (b"9" * 10_000)),
        as_bytes().replace(b'{"cells"', b'{"cells": 3, "cells"'),
        as_bytes(book(code_cell() | {"outputs": [{"data": "x" * 15_000_000}]})),
        as_bytes(book(code_cell() | {"metadata": {"nbgrader": {"locked": True}}, "id": 3})),
    ],
)  # fmt: skip
def test_every_form_of_notebook(tmp_path: Path, data: bytes) -> None:
    row = one(tmp_path, data)
    assert is_right(row), row.problem
    assert not row.note


def test_windows_letters_are_noted(tmp_path: Path) -> None:
    row = one(tmp_path, json.dumps(book(code_cell("å = 'ä'")), ensure_ascii=False).encode("cp1252"))
    assert row.cells[0].text == "å = 'ä'"
    assert "Windows-1252" in row.note


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "tom"),
        (b" \n\t\0", "tom"),
        (b"hej", "rad 1"),
        (as_bytes()[:-20], "ett avbrott"),
        (b"\xff\xfe\x00\xd8\x00", "ingen text"),
        (b"\0\1\2\3" * 50, "Filen är"),
        (os.urandom(500), "Filen är"),
        (b"[" * 100_000, "nästlad"),
        (b'{"a":' * 100_000, "nästlad"),
        (b'{"cells": [' + b"[]," * 1_100_000 + b"[]]}", "listor"),
        (b"[]", "ingen anteckningsbok"),
        (b"3", "ingen anteckningsbok"),
        (b"null", "ingen anteckningsbok"),
        (b'"text"', "ingen anteckningsbok"),
        (b"{}", "listan med celler"),
        (as_bytes({"cells": {}}), "listan med celler"),
        (as_bytes({"cells": None}), "listan med celler"),
        (as_bytes({"worksheets": [3]}), "worksheets"),
        (as_bytes({"worksheets": [{"cells": 3}]}), "worksheets"),
        (as_bytes(book("x")), "cell 2"),
        (as_bytes(book(code_cell(3))), "cell 2"),
        (as_bytes(book(code_cell(["a", 3]))), "cell 2"),
        (as_bytes(book(code_cell(None))), "cell 2"),
        (as_bytes(book({"cell_type": 3, "source": ""})), "cell 2"),
        (as_bytes(book({"source": ""})), "cell 2"),
        (as_bytes(book({"cell_type": "code", "source": "", "metadata": []})), "cell 2"),
        (as_bytes(book(metadata=[])), "metadata"),
        (as_bytes(book(*[code_cell("")] * 3000)), "3001 celler"),
        (as_bytes(book(code_cell("x" * (MAX_CODE + 1)))), "1 000 000 tecken"),
        (as_bytes(book(*[code_cell("x" * 1000)] * 1001)), "1 000 000 tecken"),
        (b" " * (MAX_FILE + 1), "rensa utdata"),
    ],
)
def test_unreadable_files_become_a_row(tmp_path: Path, data: bytes, words: str) -> None:
    row = one(tmp_path, data)
    assert is_refused(row, words), row.problem


def test_any_bytes_and_any_json_give_a_row(tmp_path: Path) -> None:
    """Slumpade ändringar i en riktig fil: alltid en rad, aldrig ett undantag."""
    rng = random.Random(0)
    data = (REPO / "notebooks/03_traningssteget.ipynb").read_bytes()
    for _ in range(200):
        broken = bytearray(data)
        for _ in range(rng.randrange(1, 6)):
            start = rng.randrange(len(broken))
            broken[start : start + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
        row = one(tmp_path, bytes(broken))
        assert row.problem or row.cells


@pytest.mark.parametrize("value", [3, "x", None, [], {}, True, 1.5, [[]], [{}], {"a": 1}])
def test_any_type_anywhere_gives_a_row(tmp_path: Path, value: Any) -> None:
    places = ("cells", "metadata", "nbformat", "worksheets")
    broken = [book(**{place: value}) for place in places]
    broken += [
        book(code_cell() | {key: value}) for key in ("cell_type", "source", "id", "metadata")
    ]
    broken += [book(metadata={"dqn_kurs": value}), book(metadata={"dqn_kurs": {"notebook": value}})]
    for notebook in broken:
        row = one(tmp_path, as_bytes(notebook))
        assert row.problem or row.notebook is None


def test_which_notebook(tmp_path: Path) -> None:
    def number(name: str, metadata: Any = None) -> str | None:
        return one(tmp_path, as_bytes(book(metadata=metadata or {})), name).notebook

    assert number("bok.ipynb", {"dqn_kurs": {"notebook": "05"}}) == "05"
    assert number("05_double_dqn.ipynb", {"dqn_kurs": {"notebook": "03"}}) == "03"
    assert number("Kopia av 03_Traningssteget (2).ipynb") == "03"
    assert number("andersson_LATE_12_34_04_dqn_loopen-1.ipynb") == "04"
    assert number("bok.ipynb", {"dqn_kurs": {"notebook": "99"}}) is None
    assert number("04.ipynb") is None
    assert number("andersson_12_34_01b_q_inlarning.ipynb") == "01b"
    assert number("01_mdp_och_q_varden.ipynb") == "01"  # som den hette förr
    assert number("bok.ipynb", {"dqn_kurs": {"notebook": "01"}}) == "01"


def test_odd_text_is_made_whole(tmp_path: Path) -> None:
    """Halva surrogatpar går inte att spara; nolltecken och annat är studentens sak."""
    row = one(tmp_path, b'{"cells": [{"cell_type": "code", "source": "x=\'\\ud800\'\\u0000"}]}')
    assert row.cells[0].text == "x='?'\0"


def test_markdown_is_capped_and_misplaced_code_noted(tmp_path: Path) -> None:
    texts = [{"cell_type": "markdown", "source": "x" * 100_000} for _ in range(30)]
    lost = {"cell_type": "markdown", "source": CODE}
    row = one(tmp_path, as_bytes(book(*texts, lost)))
    assert sum(len(text) for _, text in row.markdown) <= 200_000
    assert row.note == "Cell 32 är ingen kodcell men innehåller `def td_target`."


# --- mappar --------------------------------------------------------------------------------------


def names(rows: list[Submission]) -> list[str]:
    return [row.file for row in rows]


def fill(folder: Path, *files: str, data: bytes | None = None) -> list[Submission]:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(as_bytes() if data is None else data)
    return list(find_submissions([folder], MAX_NOTEBOOKS))


def test_folder(tmp_path: Path) -> None:
    rows = fill(tmp_path, "bo/b.ipynb", "bo/djupt/a.ipynb", "anna/03.IPYNB", "ensam.ipynb")
    assert names(rows) == ["anna/03.IPYNB", "bo/b.ipynb", "bo/djupt/a.ipynb", "ensam.ipynb"]
    assert [row.student for row in rows] == ["anna", "bo", "bo", None]
    assert all(map(is_right, rows))


def test_clutter_is_skipped(tmp_path: Path) -> None:
    rows = fill(
        tmp_path,
        *(".dold.ipynb", ".ipynb_checkpoints/a-checkpoint.ipynb", "__MACOSX/._a.ipynb"),
        *(".DS_Store", "bild.png", "data.csv", "README.md", "requirements.txt", "venv/x.py"),
        *("anna/__pycache__/x.py", "anna/.git/x.py", "anna/Thumbs.db"),
    )
    assert rows == []


@pytest.mark.parametrize(
    "name",
    ["svar.py", "svar.pdf", "svar.html", "svar.docx", "svar.txt", "s.rar", "s.7z", "s.tar.gz"],
)
def test_the_wrong_sort_of_file_is_seen(tmp_path: Path, name: str) -> None:
    alone = fill(tmp_path, f"anna/{name}")
    assert names(alone) == [f"anna/{name}"]
    assert alone[0].student == "anna"
    assert is_refused(alone[0], "ingen anteckningsbok", ".ipynb")
    # Bredvid en anteckningsbok räcker en anmärkning.
    (row,) = fill(tmp_path, "anna/bok.ipynb")
    assert is_right(row)
    assert name in row.note


def test_a_notebook_saved_by_a_browser(tmp_path: Path) -> None:
    rows = fill(tmp_path, "03_traningssteget.ipynb.txt", "b.ipynb.json", "annat.json")
    assert names(rows) == ["03_traningssteget.ipynb.txt", "b.ipynb.json"]
    assert all(map(is_right, rows))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="rör (FIFO) finns bara på Unix")
def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "hemlig", tmp_path / "in"
    fill(outside, "facit.ipynb", "mapp/facit.ipynb")
    folder.mkdir()
    (folder / "fil.ipynb").symlink_to(outside / "facit.ipynb")
    (folder / "mapp").symlink_to(outside / "mapp")
    (folder / "x.zip").symlink_to(outside / "facit.ipynb")
    os.mkfifo(folder / "rör.ipynb")
    rows = list(find_submissions([folder]))
    assert names(rows) == ["fil.ipynb", "rör.ipynb", "x.zip"]
    assert is_refused(rows[0], "länk")
    assert is_refused(rows[1], "vanlig fil")
    assert is_refused(rows[2], "länk")
    # Det läraren själv pekar ut får vara en länk.
    (row,) = find_submissions([folder / "fil.ipynb"])
    assert is_right(row)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root får läsa allt")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    fill(tmp_path, "a.ipynb", "b.ipynb")
    (tmp_path / "a.ipynb").chmod(0)
    rows = list(find_submissions([tmp_path]))
    assert is_refused(rows[0], "öppna")
    assert is_right(rows[1])


def test_names_can_always_be_shown(tmp_path: Path) -> None:
    odd = ["a\nb.ipynb", "x" * 200 + ".ipynb", "\u202emoc.ipynb", "<b>&.ipynb"]
    if sys.platform == "linux":
        odd.append(os.fsdecode(b"\xff.ipynb"))
    for row in fill(tmp_path, *odd):
        assert is_right(row)
        assert row.file.encode()
        assert row.file.isprintable()
        assert len(row.file) <= 100
        assert row.file.endswith(".ipynb")


# --- zip-filer -----------------------------------------------------------------------------------


def test_zip_of_folders_and_zips(tmp_path: Path) -> None:
    inner = zipped(("03.ipynb", as_bytes()), ("djupt/04.ipynb", as_bytes()))
    rows = read(
        tmp_path,
        zipped(
            ("bo/03.ipynb", as_bytes()),
            ("anna.zip", inner),
            ("cia\\03.ipynb", as_bytes()),
            ("ensam.ipynb", as_bytes()),
            ("__MACOSX/bo/._03.ipynb", b""),
            ("bo/", b""),
        ),
        "klass.zip",
    )
    assert [(row.file, row.student) for row in rows] == [
        ("klass.zip/anna.zip/03.ipynb", "anna"),
        ("klass.zip/anna.zip/djupt/04.ipynb", "anna"),
        ("klass.zip/bo/03.ipynb", "bo"),
        ("klass.zip/cia/03.ipynb", "cia"),
        ("klass.zip/ensam.ipynb", None),
    ]
    assert all(map(is_right, rows))
    assert os.listdir(tmp_path) == ["klass.zip"]


def test_wrappers(tmp_path: Path) -> None:
    data = as_bytes()

    def students(*files: str, name: str = "klass.zip") -> list[str | None]:
        return [r.student for r in read(tmp_path, zipped(*((f, data) for f in files)), name)]

    assert students("klass/anna/1.ipynb", "klass/bo/1.ipynb") == ["anna", "bo"]
    assert students("klass/x/anna/1.ipynb", "klass/x/bo/1.ipynb") == ["anna", "bo"]
    assert students("uppgift 3/anna/1.ipynb", "uppgift 3/bo/1.ipynb") == ["anna", "bo"]
    assert students("anna/1.ipynb", "anna/2.ipynb") == ["anna", "anna"]
    assert students("klass/1.ipynb", "klass/2.ipynb") == [None, None]
    assert students("anna/1.ipynb", "anna/x/2.ipynb") == ["anna", "anna"]
    # Varken en trasig zip-fil eller en PDF bredvid mapparna gör hela klassen till en student.
    each = ["anna", "bo"]
    assert students("VT26/anna/1.ipynb", "VT26/bo.zip") == each
    assert students("VT26/anna/1.ipynb", "VT26/bo/1.ipynb", "VT26/info.pdf") == [*each, None]


def test_several_paths(tmp_path: Path) -> None:
    fill(tmp_path / "anna", "03.ipynb")
    fill(tmp_path / "bo", "03.ipynb", "04.ipynb")
    (tmp_path / "cia.zip").write_bytes(zipped(("mapp/03.ipynb", as_bytes())))
    rows = list(find_submissions([tmp_path / "anna", tmp_path / "bo", tmp_path / "cia.zip"]))
    expected = ["anna/03.ipynb", "bo/03.ipynb", "bo/04.ipynb", "cia.zip/mapp/03.ipynb"]
    assert names(rows) == expected
    assert [row.student for row in rows] == ["anna", "bo", "bo", "cia"]
    rows = list(find_submissions([tmp_path / "anna/03.ipynb", tmp_path / "bo/03.ipynb"]))
    assert [(row.file, row.student) for row in rows] == [
        ("anna/03.ipynb", "anna"),
        ("bo/03.ipynb", "bo"),
    ]
    twice = list(find_submissions([tmp_path / "anna", tmp_path / "anna"]))
    assert len(set(names(twice))) == 2


@pytest.mark.parametrize(
    ("name", "student", "canvas_id", "late"),
    [
        ("anderssonanna_123_4567_03_traningssteget.ipynb", "anderssonanna", "123", False),
        ("anderssonanna_LATE_123_4567_03_traningssteget-2.ipynb", "anderssonanna", "123", True),
        ("öberg_åsa_1_2_x.ipynb", "öberg_åsa", "1", False),
        ("anon_a1B2c_4567_03.ipynb", "anon_a1B2c", None, False),
        ("anon_12345_LATE_4567_03.ipynb", "anon_12345", None, True),
        ("03_traningssteget.ipynb", None, None, False),
        ("labb_3.ipynb", None, None, False),
    ],
)
def test_canvas_names(
    tmp_path: Path, name: str, student: str | None, canvas_id: str | None, late: bool
) -> None:
    (row,) = read(tmp_path, zipped((name, as_bytes())), "submissions.zip")
    assert (row.file, row.student) == (f"submissions.zip/{name}", student)
    assert row.canvas_id == canvas_id
    assert ("för sent" in row.note) == late


def given_zip(tmp_path: Path, name: str, *files: str) -> list[str | None]:
    """Studenten till varje fil i en zip-fil, i filernas ordning."""
    rows = read(tmp_path, zipped(*((file, as_bytes()) for file in files)), name)
    owners = {row.file: row.student for row in rows}
    return [owners[f"{name}/{file}"] for file in files]


def given_folder(folder: Path, *files: str) -> list[str | None]:
    """Studenten till varje fil i en mapp, i filernas ordning."""
    owners = {row.file: row.student for row in fill(folder, *files)}
    return [owners[file] for file in files]


IN_CANVAS = ("anna_101_9001_05.ipynb", "bo_LATE_102_9002_05.ipynb", "cia_103_9003_05.ipynb")


@pytest.mark.parametrize(
    "name",
    ["inlamningar_2025_11_28.zip", "DQN_2025_11_28_labb.zip", "klass_12_345_x.zip", "k.zip"],
)
def test_the_name_of_the_download_is_nobodys(tmp_path: Path, name: str) -> None:
    each = ["anna", "bo", None]
    assert given_zip(tmp_path, name, "anna/5.ipynb", "bo/5.ipynb", "lös.ipynb") == each
    assert given_zip(tmp_path, name, *IN_CANVAS) == ["anna", "bo", "cia"]
    folder = tmp_path / name.removesuffix(".zip")
    assert given_folder(folder, "anna/5.ipynb", "bo/5.ipynb", "lös.ipynb") == each
    rows = list(find_submissions([folder, tmp_path / name]))  # var för sig, med namnet i sökvägen
    assert [r.student for r in rows] == ["anna", "bo", folder.name, "anna", "bo", "cia"]
    assert [r.canvas_id for r in rows] == [None, None, None, "101", "102", "103"]


def test_a_dated_download_inside_a_folder_is_nobodys(tmp_path: Path) -> None:
    inner = zipped(*((name, as_bytes()) for name in IN_CANVAS))
    for name in ("inlamningar_2025_11_28.zip", "klass_12_345_x.zip"):
        folder = tmp_path / f"mapp {name}"
        rows = fill(folder, name, data=inner)
        assert [row.student for row in rows] == ["anna", "bo", "cia"]


def test_the_outermost_folder_is_the_student(tmp_path: Path) -> None:
    borrowed = ["oscar/andersson_101_9001_05.ipynb", "lisa/05.ipynb", "ola/x/ek_7_8_05.ipynb"]
    assert given_zip(tmp_path, "k.zip", *borrowed) == ["oscar", "lisa", "ola"]
    assert given_folder(tmp_path / "k", *borrowed) == ["oscar", "lisa", "ola"]
    assert given_folder(tmp_path / "m", "bo/anna_1_2_03.ipynb") == ["bo"]
    fill(tmp_path / "p", *borrowed)
    several = find_submissions([tmp_path / "p" / name for name in ("lisa", "ola", "oscar")])
    assert [row.student for row in several] == ["lisa", "ola", "oscar"]
    # Två lånade namn i en students mapp gör inte studenten till de två.
    two = ["oscar/ek_7_8_05.ipynb", "oscar/al_9_10_05.ipynb", "lisa/05.ipynb", "bo/05.ipynb"]
    assert given_zip(tmp_path, "k.zip", *two) == ["oscar", "oscar", "lisa", "bo"]


def test_two_students_never_become_one(tmp_path: Path) -> None:
    """Namn som bara liknar Canvas: numren går inte ihop, eller är datum."""
    dated = ["anna_2025_11_28.ipynb", "anna_2025_11_29.ipynb", "bo_2025_11_28.ipynb"]
    assert given_folder(tmp_path / "a", *dated) == [None, None, None]
    same_number = ["labb_anna_5_1_x.ipynb", "labb_bo_5_2_x.ipynb", "labb_cia_5_3_x.ipynb"]
    assert given_folder(tmp_path / "b", *same_number) == [None, None, None]
    same_attachment = ["labb_5_3_anna.ipynb", "labb_5_3_bo.ipynb"]
    assert given_folder(tmp_path / "c", *same_attachment) == [None, None]
    few = ["anna.ipynb", "bo.ipynb", "grupp_3_4_cia.ipynb"]
    assert given_folder(tmp_path / "d", *few) == [None, None, None]


def test_canvas_downloads_in_folders(tmp_path: Path) -> None:
    one, two = (f"uppgift {n}/" for n in "12")
    assert given_folder(tmp_path / "a", *(one + n for n in IN_CANVAS)) == ["anna", "bo", "cia"]
    weeks = [one + n for n in IN_CANVAS] + [two + n for n in IN_CANVAS[:1]]
    assert given_folder(tmp_path / "b", *weeks) == ["anna", "bo", "cia", "anna"]
    beside = [*IN_CANVAS, "lös.ipynb", "dan/05.ipynb"]
    assert given_folder(tmp_path / "c", *beside) == ["anna", "bo", "cia", None, "dan"]
    # Zip-filer och mappar som Canvas har namngett är studenternas, vad som än finns i dem.
    own = ["anna_101_9001_allt/bo_102_9002_05.ipynb", "bo_102_9002_allt/05.ipynb"]
    assert given_folder(tmp_path / "d", *own) == ["anna", "bo"]


def test_a_name_longer_than_any_disk_takes_costs_no_time() -> None:
    assert canvas_owner("_1" * 3_000_000 + "\n") is None  # den som backar tar dagar på sig


MOODLE = ("Anna Ek_55008_assignsubmission_file_", "Anna Ek_55010_assignsubmission_file_",
          "Bo Al_55011_assignsubmission_file_")  # fmt: skip


@pytest.mark.parametrize("form", ["{}/05.ipynb", "{}05.ipynb", "uppgift/{}/05.ipynb"])
def test_moodle_with_folders_and_without(tmp_path: Path, form: str) -> None:
    """Två som heter lika har var sitt nummer; en följeslagare har inget."""
    files = [form.format(name) for name in MOODLE]
    rows = read(tmp_path, zipped(*((file, as_bytes()) for file in files)), "k.zip")
    assert [(row.student, row.moodle_id) for row in rows] == [
        ("Anna Ek", "55008"), ("Anna Ek", "55010"), ("Bo Al", "55011")
    ]  # fmt: skip
    assert not any(row.note for row in rows)
    assert given_folder(tmp_path / "m", *files) == ["Anna Ek", "Anna Ek", "Bo Al"]


def test_moodle_names_inside_a_students_folder_are_that_students(tmp_path: Path) -> None:
    borrowed = ["oscar/Bo Al_7_assignsubmission_file_05.ipynb", "lisa/05.ipynb", "ola/05.ipynb"]
    assert given_zip(tmp_path, "k.zip", *borrowed) == ["oscar", "lisa", "ola"]
    inside = [f"{MOODLE[0]}/al_1_2_05.ipynb", f"{MOODLE[1]}/05.ipynb", f"{MOODLE[2]}/05.ipynb"]
    assert given_zip(tmp_path, "m.zip", *inside) == ["Anna Ek", "Anna Ek", "Bo Al"]


def test_canvas_zip_in_zip(tmp_path: Path) -> None:
    inner = zipped(("mapp/03.ipynb", as_bytes()))
    (row,) = read(tmp_path, zipped(("berg_LATE_7_8_allt.zip", inner)), "submissions.zip")
    assert (row.student, row.canvas_id) == ("berg", "7")


def test_resubmissions_are_rows_with_a_note(tmp_path: Path) -> None:
    data = as_bytes(book(metadata={"dqn_kurs": {"notebook": "03"}}))
    files = ["a_1_10_03.ipynb", "a_LATE_1_11_03-1.ipynb", "b_2_12_03.ipynb", "a_3_13_03.ipynb"]
    rows = read(tmp_path, zipped(*((name, data) for name in files)), "klass.zip")
    assert ["flera gånger" in row.note for row in rows] == [True, False, True, False]
    other = as_bytes(book(metadata={"dqn_kurs": {"notebook": "04"}}))
    rows = read(tmp_path, zipped(("a_1_10_x.ipynb", data), ("a_1_11_y.ipynb", other)), "k.zip")
    assert not any(row.note for row in rows)


def test_names_in_old_encodings(tmp_path: Path) -> None:
    """macOS skriver UTF-8 utan att säga det, Windows cp437."""

    def shown(raw: bytes) -> str:
        data = zipped(("XXXXXX/1.ipynb", as_bytes()))
        padded = raw + b"_" * (6 - len(raw))
        return read(tmp_path, data.replace(b"XXXXXX", padded), "k.zip")[0].student or ""

    assert shown("Åsa".encode()) == "Åsa__"
    assert shown("Åsa".encode("cp437")) == "Åsa___"


BAD = as_bytes()


@pytest.mark.parametrize(
    "name", ["../../x.ipynb", "/etc/x.ipynb", "C:\\x.ipynb", "a/../../x.ipynb", "..\\x.ipynb",
             "//server/x.ipynb", "x.ipynb\0.png", "../x.zip", "c:x.ipynb"]
)  # fmt: skip
def test_names_that_point_outside(tmp_path: Path, name: str) -> None:
    stand_in = "".join("Q" if c in "\0\\" else c for c in name)
    data = zipped((stand_in, BAD), ("bo.ipynb", as_bytes())).replace(
        stand_in.encode(), name.encode()
    )
    rows = read(tmp_path, data, "klass.zip")
    assert len(rows) == 2
    refused = next(row for row in rows if row.problem)
    assert is_refused(refused, "pekar utanför")
    assert ".." not in refused.file.split("/")
    assert is_right(next(row for row in rows if not row.problem))
    assert os.listdir(tmp_path) == ["klass.zip"]


def test_duplicates_in_a_zip(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(("a.ipynb", as_bytes()), ("a.ipynb", b"3"))
    first, second = read(tmp_path, data, "k.zip")
    assert is_right(first)
    assert is_refused(second, "samma namn")
    assert (first.file, second.file) == ("k.zip/a.ipynb", "k.zip/a.ipynb (2)")


def patched(data: bytes, offset: int, form: str, value: int) -> bytes:
    """Ändra ett fält i den första filens huvud, både det lokala och det i förteckningen."""
    result = bytearray(data)
    struct.pack_into(form, result, offset, value)
    struct.pack_into(form, result, data.index(b"PK\x01\x02") + offset + 2, value)
    return bytes(result)


def link(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


STORED = zipped(("a.ipynb", as_bytes()), method=zipfile.ZIP_STORED)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "ingen hel zip-fil"),
        (b"PK\x03\x04" + b"x" * 100, "ingen hel zip-fil"),
        (STORED[:-30], "ingen hel zip-fil"),
        (STORED.replace(b"td_target", b"tx_target"), "skadad"),
        (patched(STORED, 6, "<H", 0x1), "lösenord"),
        (patched(STORED, 8, "<H", 99), "ovanligt"),
        (patched(STORED, 8, "<H", 8), "skadad"),
        (patched(STORED, 22, "<I", 10), "skadad"),
        (zipped(("a.ipynb", as_bytes()), method=zipfile.ZIP_LZMA), "ovanligt"),
        (link("a.ipynb"), "länk"),
        (zipped(("a.ipynb", b"x" * (MAX_FILE + 1))), "rensa utdata|hårt packad"),
        (zipped(("a.ipynb", os.urandom(1000) * 21_000)), "rensa utdata"),
        (zipped(("a.ipynb", b" " * 15_000_000)), "hårt packad"),
        (zipped(("bild.png", b"x")), "ingen anteckningsbok"),
        (zipped(), "ingen anteckningsbok"),
        (zipped(*((f"{i}.png", b"") for i in range(51_000))), "fler än 50000 filer"),
    ],
)
def test_bad_zips_become_a_row_and_spare_the_others(
    tmp_path: Path, data: bytes, words: str
) -> None:
    alone = one(tmp_path, data, "dålig.zip")
    assert any(is_refused(alone, word) for word in words.split("|")), alone.problem
    # Inne i klassens zip stoppar den ingen annan.
    rows = read(tmp_path, zipped(("anna.zip", data), ("bo.ipynb", as_bytes())), "klass.zip")
    assert [bool(row.problem) for row in rows] == [True, False]
    assert rows[0].student == "anna"


def test_a_lying_size_costs_nothing(tmp_path: Path) -> None:
    assert is_right(one(tmp_path, patched(STORED, 22, "<I", 0x7FFFFFFF), "k.zip"))


def test_a_lying_size_of_the_directory(tmp_path: Path) -> None:
    """En förteckning som sägs vara större än filen rymmer läses inte in i minnet."""
    data = bytearray(zipped(("a.ipynb", as_bytes())) + b"")
    end = data.rindex(b"PK\x05\x06")
    big = bytes(data[:end]) + b"\0" * 11_000_000
    tail = bytearray(data[end:])
    struct.pack_into("<I", tail, 12, len(big) - data.index(b"PK\x01\x02"))
    assert is_refused(one(tmp_path, big + bytes(tail), "k.zip"), "orimligt många")


def test_zip_bombs_cost_little(tmp_path: Path) -> None:
    flat = zipped(*((f"{i}.ipynb", b" " * 19_000_000) for i in range(5)))
    nested = zipped(*((f"{i}.zip", zipped((f"{i}.ipynb", b" " * 19_000_000))) for i in range(5)))
    data = zipped(("a.zip", flat), ("b.zip", nested), ("c.ipynb", as_bytes()))
    tracemalloc.start()
    rows = read(tmp_path, data, "klass.zip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row.file for row in rows if not row.problem] == ["klass.zip/c.ipynb"]
    assert peak < 50_000_000


def test_one_students_zip_does_not_use_up_the_others_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_files, "MAX_ZIP", 300_000)
    large = as_bytes(book(code_cell() | {"outputs": [os.urandom(50_000).hex()]}))
    greedy = zipped(*((f"{i}.ipynb", large) for i in range(5)))
    rows = read(
        tmp_path, zipped(("a.zip", greedy), ("b.zip", zipped(("1.ipynb", large)))), "klass.zip"
    )
    assert [is_right(row) for row in rows] == [True, True, False, False, False, True]
    assert is_refused(rows[3], "för stor uppackad")


def test_nesting_and_number_of_files_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = as_bytes()
    for depth in range(1, 6):
        data = zipped((f"{depth}.zip" if depth > 1 else "a.ipynb", data))
        row = one(tmp_path, data, "k.zip")
        assert is_right(row) if depth <= 3 else is_refused(row, "3 nivåer")
    monkeypatch.setattr(found_files, "MAX_FILES", 3)
    many = zipped(*((f"{i}.ipynb", as_bytes()) for i in range(9)))
    rows = read(tmp_path, zipped(("anna.zip", many)), "k.zip")
    assert len(rows) == 4
    assert is_refused(rows[3], "fler än 3")


def test_limits_are_the_promised_ones() -> None:
    assert notebook_reading.MAX_FILE == 20_000_000
    assert notebook_reading.MAX_CODE == 1_000_000
    assert found_files.MAX_DEPTH == 3
    assert found_files.MAX_MEMBERS == 50_000


# --- fel på kommandoraden och ordning ------------------------------------------------------------


@pytest.mark.parametrize("name", ["finns_inte.ipynb", "fil.pdf", "mapp/finns/inte", "fil.py"])
def test_wrong_paths_are_usage_errors(tmp_path: Path, name: str) -> None:
    (tmp_path / "fil.pdf").write_bytes(b"x")
    (tmp_path / "fil.py").write_bytes(b"x")
    with pytest.raises(UsageError, match=name):
        find_submissions([tmp_path / name])


def test_the_order_is_always_the_same(tmp_path: Path) -> None:
    files = [f"{name}/0{i}.ipynb" for name in ("bo", "anna", "Örjan") for i in (2, 1)]
    rows = fill(tmp_path / "mapp", *files)
    assert names(rows) == sorted(files)
    data = as_bytes()
    for order in (files, files[::-1]):
        rows = read(tmp_path, zipped(*((name, data) for name in order)), "k.zip")
        assert names(rows) == [f"k.zip/{name}" for name in sorted(files)]


def test_a_whole_class_does_not_have_to_fit_in_memory(tmp_path: Path) -> None:
    large = as_bytes(book(code_cell() | {"outputs": [{"data": "x" * 4_000_000}]}))
    data = zipped(*((f"{i}/bok.ipynb", large) for i in range(10)), method=zipfile.ZIP_STORED)
    (tmp_path / "k.zip").write_bytes(data)
    tracemalloc.start()
    rows = list(find_submissions([tmp_path / "k.zip"]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(rows) == 10
    assert peak < 30_000_000


@pytest.mark.parametrize("shape", first(1, ("zip", "mapp", "lösa")))
def test_one_student_cannot_fill_the_teachers_memory(tmp_path: Path, shape: str) -> None:
    """Packad text tar liten plats; det uppackade är begränsat för en student, i vilken form som
    helst, och de andras böcker läses ändå."""
    lines = (f"# {i} {'ö𝔄' * 490}\n" for i in range(990))  # inte hårdare packat än vad som läses
    large = as_bytes(book(code_cell("".join(lines))))
    bomb = [(f"{i:02}.ipynb", large) for i in range(60)]
    if shape == "zip":
        bomb = [("elak.zip", zipped(*bomb))]
    else:
        form = "elak/{}" if shape == "mapp" else "elak_7_{0:.2}_{0}"
        bomb = [(form.format(name), data) for name, data in bomb]
    (tmp_path / "k.zip").write_bytes(zipped(*bomb, ("anna/03.ipynb", as_bytes())))
    tracemalloc.start()
    rows = list(find_submissions([tmp_path / "k.zip"]))
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) == 61
    refused = [row for row in rows if row.problem]
    assert 50 < len(refused) < 60 and all(row.file and row.sha256 for row in refused)
    assert all(is_right(row) for row in rows if row.student == "anna")
    assert held < 8 * len(large) and peak < 20 * len(large)


def test_the_number_of_notebooks_in_what_a_student_hands_in_is_limited(tmp_path: Path) -> None:
    many = [(f"{i:03}.ipynb", as_bytes()) for i in range(200)]
    whole = zipped(("elak.zip", zipped(*many)), ("anna.ipynb", as_bytes()))
    (tmp_path / "k.zip").write_bytes(whole)
    rows = list(find_submissions([tmp_path / "k.zip"], MAX_NOTEBOOKS))
    assert len(rows) == 201  # ingen försvinner
    assert sum(is_right(row) for row in rows) == MAX_NOTEBOOKS + 1
    assert all(is_refused(row, f"fler än {MAX_NOTEBOOKS}") for row in rows if row.problem)
    assert is_right(rows[0])


def test_a_folder_with_the_whole_class_is_not_limited(tmp_path: Path) -> None:
    rows = fill(tmp_path, *(f"grupp{i % 2}/student{i}.ipynb" for i in range(3 * MAX_NOTEBOOKS)))
    assert all(is_right(row) for row in rows)


def test_the_cells_lie_on_the_disk_and_are_whole_in_another_process(tmp_path: Path) -> None:
    """En klass större än minnet går att läsa; i rättarprocesserna är cellerna vanliga tupler."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.ipynb").write_bytes(as_bytes(book(code_cell(f"{name} = 1"))))
    first, second = find_submissions([tmp_path])
    assert len(first.cells) == 1 and first.cells[0].text == "a = 1"
    assert [cell.text for cell in second.cells] == ["b = 1"]
    assert first.cells != second.cells and not isinstance(first.cells, tuple)
    sent = pickle.loads(pickle.dumps(first))
    assert sent == first and type(sent.cells) is tuple and hash(sent) == hash(first)
