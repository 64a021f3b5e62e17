"""Självprovet ser varje spärr som saknas, och filtret går att göra på båda processorerna."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from everyday import first, only

from dqn_helpers.autograder import sandbox, system_calls
from dqn_helpers.autograder.processes import clean_environment
from dqn_helpers.autograder.workshop import HAS_SERVER

pytestmark = pytest.mark.skipif(not HAS_SERVER, reason="inhägnaden finns bara i Linux")

# En verkstad per spärr som tas bort, var och en i sina egna namnrymder. Den skriver vad
# självprovet i dess arbetare ser.
PROVING = """
import json, os, sys
from pathlib import Path
from dqn_helpers.autograder import sandbox, server, system_calls

tier, removals = sys.argv[1], json.loads(sys.argv[2])
seen = {}
for name, removal in removals.items():
    reading, writing = os.pipe()
    if os.fork() == 0:
        exec(removal)
        sandbox.confine_server(tier)
        os.write(writing, json.dumps(server._self_test(tier)).encode())
        os._exit(0)
    os.close(writing)
    seen[name] = json.loads(open(reading).read() or '["verkstaden dog"]')
    os.wait()
print(json.dumps(seen))
"""


def also(calls: str) -> str:
    """Spärren tas bort för de systemanropen."""
    return f"system_calls.ALLOWED_CALLS += ' {calls}'"


CALLS = {
    "socket": (also("socket"), ["nå nätet"]),
    "clone": (also("clone"), ["starta en process"]),
    "execve": (also("execve"), ["starta ett program"]),
    "kill": (also("kill"), ["skicka en signal till andra"]),
    "ptrace": (also("ptrace"), ["läsa andras minne"]),
    "semget": (also("semget"), ["använda semaforer (System V)"]),
    "shmget": (also("shmget"), ["använda delat minne (System V)"]),
    "msgget": (also("msgget"), ["använda köer (System V)"]),
    "open": (
        also("open openat"),
        ["tömma en fil som öppnas för läsning", "tömma en fil utan att läsa den"],
    ),
    "trådgrinden": (
        "system_calls.hand_over_threads = os.close",
        ["starta hur många trådar som helst"],
    ),
}
LANDLOCK = {
    "Landlock": (
        "sandbox._close_files = lambda rules: None",
        ["läsa utanför inhägnaden", "skriva i en fil", "skapa en fil"],
    )
}
OWN_FILE_TREE = {
    "Landlock": ("sandbox._close_files = lambda rules: None", ["läsa utanför inhägnaden"]),
    "Landlock och skrivskyddet": (
        "sandbox._close_files = lambda rules: None; sandbox._protect_file_tree = lambda: None",
        ["läsa utanför inhägnaden", "skriva i en fil", "skapa en fil"],
    ),
    "filträdet": ("sandbox._own_file_tree = lambda: None", ["se vilka filer som finns"]),
    "datorns namn": ("sandbox._own_host_name = lambda: None", ["se datorns namn"]),
}
# Ett filträd som glömmer Python: inget går att göra utanför, men inte heller att importera.
WITHOUT_PYTHON = """
import array, resource  # det som arbetaren själv importerar
sandbox._readable = lambda: [*map(Path, sandbox.DEVICES)]
"""
REMOVED = {"strong": CALLS | LANDLOCK, "full": CALLS | OWN_FILE_TREE}


def prove(tier: sandbox.Tier, folder: Path, removals: dict[str, str]) -> dict[str, list[str]]:
    """Det som självprovet ser när en spärr i taget är borttagen; tomt namn: ingen."""
    command = [sys.executable, "-P", "-c", PROVING, tier, json.dumps({"": "", **removals})]
    done = subprocess.run(
        command, env=clean_environment(str(folder)), cwd=folder, capture_output=True
    )
    if done.returncode:
        pytest.skip(f"nivån {tier} går inte här: {done.stderr.decode()[-300:]}")
    seen = json.loads(done.stdout)
    if seen.pop(""):
        pytest.skip(f"nivån {tier} håller inte här")
    return seen


@pytest.mark.parametrize("tier", only(("full",), ["strong", "full"]))
def test_the_self_test_sees_what_is_missing(tier: sandbox.Tier, tmp_path: Path) -> None:
    seen = prove(tier, tmp_path, {name: code for name, (code, _) in REMOVED[tier].items()})
    assert seen == {
        name: [f"det gick att {one}" for one in expected]
        for name, (_, expected) in REMOVED[tier].items()
    }
    attempts = {*sandbox.ATTEMPTS} | ({*sandbox.IN_FULL} if tier == "full" else set())
    assert attempts == {name for _, names in REMOVED[tier].values() for name in names}


def test_the_self_test_sees_that_nothing_can_be_imported(tmp_path: Path) -> None:
    seen = prove("strong", tmp_path, {"Python": WITHOUT_PYTHON})
    assert "Pythons egna filer gick inte att läsa" in seen["Python"]


# Landlock som i Linux 5.19 till 6.1, och en fil som både går att läsa och att skriva i.
OLD_KERNEL = """
import os, sys
from pathlib import Path
import py_landlock.landlock
from dqn_helpers.autograder import sandbox, system_calls
py_landlock.landlock.get_abi_version = lambda: 2
readable, file = sandbox._readable(), Path(sys.argv[1])
sandbox._readable = lambda: [*readable, file.parent]
exec(sys.argv[2])
sandbox.confine_server("strong")
sandbox.confine_process("strong", 10)
for flags in (os.O_RDONLY | os.O_TRUNC, os.O_ACCMODE | os.O_TRUNC, os.O_WRONLY | os.O_TRUNC):
    try:
        os.open(file, flags)
    except PermissionError:
        pass
"""


@pytest.mark.parametrize("removal", first(1, ["", also("open openat")]))
def test_a_file_is_not_emptied_on_an_older_kernel(tmp_path: Path, removal: str) -> None:
    file = tmp_path / "läsbar" / "fil.txt"
    file.parent.mkdir()
    file.write_text("kvar", encoding="utf-8")
    command = [sys.executable, "-P", "-c", OLD_KERNEL, str(file), removal]
    done = subprocess.run(
        command, env=clean_environment(str(tmp_path)), cwd=tmp_path, capture_output=True
    )
    if b"Landlock" in done.stderr:
        pytest.skip("den här datorn har inte Landlock")
    assert done.returncode == 0, done.stderr.decode()
    assert file.read_text(encoding="utf-8") == ("" if removal else "kvar")


# Gamla anrop som arm64 aldrig har haft; där finns de nyare (openat, pselect6 …).
ONLY_X86 = """
    access alarm arch_prctl dup2 epoll_create epoll_wait eventfd getdents getpgrp lstat
    open pause pipe poll readlink select stat time
"""


def test_arm64_gets_the_same_rules(tmp_path: Path) -> None:
    seccomp = pytest.importorskip("pyseccomp")
    rules = seccomp.SyscallFilter(seccomp.ERRNO(1))
    for processor in (seccomp.Arch.X86_64, seccomp.Arch.AARCH64):
        if processor != seccomp.system_arch():
            rules.add_arch(processor)
    system_calls.add_rules(rules)
    with (tmp_path / "filter").open("wb") as file:
        rules.export_pfc(file)
    text = (tmp_path / "filter").read_text(encoding="utf-8")
    _, *parts = re.split(r"# filter for arch (\w+)", text)
    # Det som en processor saknar har fått ett påhittat nummer, större än alla riktiga.
    names = {arch: {*re.findall(r'syscall "(\w+)" \(\d{1,4}\)', part)}
             for arch, part in zip(parts[::2], parts[1::2], strict=True)}  # fmt: skip
    assert names["x86_64"] - names["aarch64"] == {*ONLY_X86.split()} & names["x86_64"]
    assert {"clone", "clone3", "openat", "prlimit64", "fcntl", "ioctl", "futex"} <= names["aarch64"]
