"""`python kurs.py assess`: sparar i beslut.csv utan att något annat där går förlorat."""

import base64
import hashlib
import http.client
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dqn_helpers.teacher import assess
from dqn_helpers.teacher.assess import AssessmentServer, page_now, save
from dqn_helpers.teacher.assessment import (
    DecisionsError,
    assessment_page,
    files_in,
    page_data,
)
from dqn_helpers.teacher.grade_limits import load_grade_limits
from dqn_helpers.teacher.lock import BusyError, locked
from dqn_helpers.teacher.overrides import COLUMNS, load_overrides, read_overrides
from dqn_helpers.teacher.reports import write_reports

from .report_samples import Page, by_teacher, exercise, results, submission
from .test_reports import HOSTILE, hostile_class

FILES = ["k/ek.ipynb", "k/al.ipynb"]
GRADED = results(*(submission(f, exercise("5.1"), by_teacher(None)) for f in FILES))
OWN = (
    '\ufeff# mitt;eget\r\nfil;övning;poäng;skäl\r\nal.ipynb;05-jan;2;"En;\r\nrad till"\r\nx;y;z\r\n'
)
ROW = {"file": "k/ek.ipynb", "exercise": "5.4 reflektion", "given": "3", "reason": "Bra; nästan.",
       "who": "Eva"}  # fmt: skip


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """En rättad mapp, där läraren sedan har skrivit egna rader."""
    write_reports(tmp_path, GRADED, load_overrides(tmp_path), load_grade_limits())
    (tmp_path / "beslut.csv").write_text(OWN, encoding="utf-8", newline="")
    return tmp_path


def posted(*rows: dict[str, str], clear: tuple[str, ...] = ()) -> bytes:
    return json.dumps({"rows": rows, "clear": clear}).encode()


def decisions(out: Path) -> list[tuple[str, float | None, str, str]]:
    rows = read_overrides(out / "beslut.csv").rows
    return [(row.exercise, row.points, row.reason, row.who) for row in rows]


def test_a_row_is_added_and_everything_else_stands(out: Path) -> None:
    assert save(out, posted(ROW)) == ""
    text = (out / "beslut.csv").read_bytes().decode("utf-8")
    assert text.startswith(OWN.replace("skäl\r\n", "skäl;vem\r\n"))
    assert decisions(out) == [
        ("05-jan", 2, "En; rad till", ""), ("5.4 reflektion", 3, "Bra; nästan.", "Eva")
    ]  # fmt: skip
    again = {**ROW, "given": "4"}
    assert save(out, posted(again, clear=("0/5.4/poäng",))) == ""
    assert [row[1] for row in decisions(out)] == [2, 4]
    assert save(out, posted(clear=("1/5.1/poäng",))) == ""
    assert [row[1] for row in decisions(out)] == [4], "raden som Excel gjorde ett datum av är känd"


def test_what_someone_else_wrote_in_the_meantime_is_kept(out: Path) -> None:
    page_now(out)
    with (out / "beslut.csv").open("a", encoding="utf-8", newline="") as file:
        file.write("k/al.ipynb;5.4;1;Från Bo.")  # utan radslut
    assert save(out, posted(ROW)) == ""
    assert [row[2] for row in decisions(out)] == ["En; rad till", "Från Bo.", "Bra; nästan."]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_every_way_that_excel_saves(out: Path, encoding: str) -> None:
    text = "poäng\tskäl\tnamn\tfil\tövning\r1,5\tHälften\tAl\tal.ipynb\t5.1\r"
    (out / "beslut.csv").write_bytes(text.encode(encoding))
    assert save(out, posted(ROW)) == ""
    assert [row[1] for row in decisions(out)] == [1.5, 3]
    data = page_data((out / "beslut.csv").read_text("utf-8-sig"), FILES)
    assert data["columns"] == ["poäng", "skäl", "", "fil", "övning", "vem"]
    assert [row["key"] for row in data["rows"]] == ["1/5.1/", "0/5.4/"]


@pytest.mark.parametrize(
    ("posted_data", "problem"),
    [(b"inte json", "går att förstå"), (b'{"rows": [{}], "clear": []}', "går att förstå")],
)
def test_nonsense_is_refused(out: Path, posted_data: bytes, problem: str) -> None:
    assert problem in save(out, posted_data).replace("inte går", "går")
    assert (out / "beslut.csv").read_bytes().decode("utf-8") == OWN


def test_a_file_that_cannot_be_changed_is_left_alone_and_told(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locked(out):
        assert "Ett annat kommando arbetar redan i mappen" in save(out, posted(ROW))
    monkeypatch.setattr(assess, "write_whole", lambda folder, files, watch: list(files))
    assert "till exempel Excel? Stäng den" in save(out, posted(ROW))
    assert (out / "beslut.csv").read_bytes().decode("utf-8") == OWN
    (out / "beslut.csv").write_text("ingen;rubrik\n", encoding="utf-8")
    assert f"saknar rubrikraden {';'.join(COLUMNS)}" in save(out, posted(ROW))
    with pytest.raises(DecisionsError, match="rubrikraden"):
        page_now(out)


def test_without_a_graded_class_the_command_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assess.main([str(tmp_path)]) == 2
    assert "Rätta inlämningarna först" in capsys.readouterr().err


@pytest.mark.parametrize("text", HOSTILE)
def test_student_text_does_no_harm(text: str) -> None:
    graded = hostile_class(text)
    html = assessment_page(
        graded, ["a.html", "b.html", "c.html"], f"{OWN}{ROW['file']};5.1;1;{text}"
    )
    tree = Page(html)
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(tree.all("script")) == 2 and len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    (policy,) = (m["content"] or "" for m in tree.all("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy
    assert f"script-src 'sha256-{digest}'; connect-src 'self';" in policy
    allowed = {"src", "onload", "onerror", "onfocus", "style", "autofocus"}
    assert not [tag for tag, attributes in tree.tags if allowed & attributes.keys()]
    assert not {"img", "iframe", "base", "object", "form"} & {tag for tag, _ in tree.tags}
    for link in tree.all("a"):
        assert re.fullmatch(r"rapport\.html|feedback/[\w.-]+\.html", link["href"] or "")
    assert files_in(html) == [row["data-file"] for row in tree.all("section") if "data-file" in row]


# --- servern --------------------------------------------------------------------------------------


@pytest.fixture
def server(out: Path) -> Iterator[AssessmentServer]:
    opened = AssessmentServer(out)
    threading.Thread(target=opened.serve_forever, daemon=True).start()
    yield opened
    opened.shutdown()
    opened.server_close()


def ask(server: AssessmentServer, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    try:
        connection.request("POST" if body else "GET", path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8")
    finally:
        connection.close()


JSON = {"Content-Type": "application/json"}


def test_the_page_the_report_and_the_students_pages(server: AssessmentServer) -> None:
    home = f"/{server.token}/"
    assert '"saves": true' in ask(server, home)[1]
    assert ask(server, f"{home}rapport.html")[0] == 200
    assert ask(server, f"{home}feedback/k-ek.html")[0] == 200
    assert ask(server, f"{home}spara", posted(ROW), **JSON) == (200, '{"problem": ""}')
    assert decisions(server.out)[-1][1] == 3


def test_no_one_else_gets_in(server: AssessmentServer) -> None:
    home = f"/{server.token}/"
    closed = ["/", "/fel/", f"{home}beslut.csv", f"{home}underlag.json", f"{home}../beslut.csv",
              f"{home}feedback/../beslut.csv", f"{home}%2e%2e/beslut.csv"]  # fmt: skip
    assert {path: ask(server, path)[0] for path in closed} == dict.fromkeys(closed, 404)
    assert ask(server, home, Host="evil.example")[0] == 404
    assert ask(server, "/fel/spara", posted(ROW), **JSON)[0] == 404
    assert ask(server, f"{home}spara", posted(ROW), **{"Content-Type": "text/plain"})[0] == 404
    assert ask(server, f"{home}spara", posted(ROW), Host="evil.example", **JSON)[0] == 404
    assert len(decisions(server.out)) == 1


def test_a_tab_that_is_closed_in_the_middle_is_no_error(
    server: AssessmentServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, is_told in ((BrokenPipeError(), False), (ConnectionResetError(), False),
                           (ZeroDivisionError(), True)):  # fmt: skip
        try:
            raise error
        except Exception:
            server.handle_error(None, ("127.0.0.1", 1))
        assert ("Traceback" in capsys.readouterr().err) == is_told


# --- låset ----------------------------------------------------------------------------------------

HOLD = """
import sys, pathlib
from dqn_helpers.teacher.lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("har", flush=True)
    sys.stdin.read()
"""


def test_the_lock_of_a_dead_command_does_not_block(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == b"har\n"
    with pytest.raises(BusyError, match="Vänta tills det är klart"), locked(tmp_path):
        pass
    process.kill()
    process.communicate()
    with locked(tmp_path):
        pass
