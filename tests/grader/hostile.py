"""Elaka inlämningar: vad de är, världen de ger sig på, och hur vi ser att inget hände.

Samlingarna står i `hostile_tricks.py`, `hostile_messages.py`, `hostile_escapes.py`,
`hostile_bombs.py` och `hostile_files.py`.
"""

import contextlib
import ctypes
import hashlib
import os
import re
import select
import signal
import socket
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dqn_helpers.autograder.grade import Grading, Ran
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.collect import Submission

SEED = "elak"
RIGHT = "def td_target(r, q, d, g):\n    return r + g * q.max(1).values * ~d"
STARTED, FLAGS, PF_EXITING, ENDED = 19, 6, 4, "ZX"  # i /proc/PID/stat, se proc(5)
NO_POINTS = ("failed", "error", "crashed", "forbidden", "timeout", "memory", "missing")


@dataclass(frozen=True)
class Hostile:
    """En elak inlämning.

    Attributes:
        id: kort namn.
        tries: vad den försöker.
        code: cellens text; `@ORD@` byts mot något ur världen (`World.places`).
        number: övningen som rättas.
        points: så många poäng som den är värd.
        statuses: de statusar som är rimliga.
        evidence: text som måste stå i utskrifterna, så att vi vet att angreppet kördes.
    """

    id: str
    tries: str
    code: str
    number: str = "3.1"
    points: float = 0
    statuses: tuple[str, ...] = NO_POINTS
    evidence: str = ""

    def __str__(self) -> str:
        return self.id


def in_body(attack: str, result: str = "r", before: str = "") -> str:
    """En `td_target` som först utför angreppet och sedan svarar fel."""
    lines = "\n".join(f"    {line}" for line in attack.strip().splitlines())
    return f"{before.strip()}\n\ndef td_target(r, q, d, g):\n{lines}\n    return {result}\n"


def run(workshop: Workshop, hostile: Hostile, world: "World") -> Ran:
    """Rätta en elak inlämning."""
    code = hostile.code
    for name, value in world.places.items():
        code = code.replace(f"@{name}@", str(value))
    return run_code(workshop, hostile.number, code)


def run_code(workshop: Workshop, number: str, *cells: str) -> Ran:
    """Rätta en övning i en inlämning med de cellerna."""
    sources = [CellSource(f"cell {i}", text) for i, text in enumerate(cells, 1)]
    submission = Submission("elak.ipynb", None, "", None, tuple(sources))
    return Grading(submission, workshop, SEED).ran(number)


def neighbour(workshop: Workshop) -> Ran:
    """Den ärliga grannen."""
    return run_code(workshop, "3.1", RIGHT)


# --- världen utanför -----------------------------------------------------------------------------


@dataclass
class World:
    """En mapp som ingen får röra och mottagare som ingen får nå."""

    canary: Path
    listeners: list[socket.socket] = field(default_factory=list)
    places: dict[str, Any] = field(default_factory=dict)

    def contacted(self) -> bool:
        """Sant om någon har tagit kontakt."""
        return bool(select.select(self.listeners, [], [], 0)[0])


@contextlib.contextmanager
def make_world(folder: Path, root: Path) -> Iterator[World]:
    """Kanariefåglarna: filer, en mapp, en länk, och fyra sorters mottagare på den egna datorn."""
    canary = folder / "kanarie"
    (canary / "mapp").mkdir(parents=True)
    (canary / "hemligt.txt").write_text("hemligt", encoding="utf-8")
    (canary / "mapp" / "annan_inlamning.ipynb").write_text("{}", encoding="utf-8")
    (canary / "länk").symlink_to("hemligt.txt")
    world = World(canary)
    # Adressen till en unix-mottagare får vara högst hundra tecken.
    short = Path(os.path.relpath(folder))
    unix = min(str(short / "mottagare"), str(folder / "mottagare"), key=len)
    abstract = f"\0kanarie-{os.getpid()}-{folder.name}"
    with contextlib.ExitStack() as stack:

        def listen(family: int, kind: int, address: Any) -> Any:
            opened = stack.enter_context(socket.socket(family, kind))
            opened.bind(address)
            if kind == socket.SOCK_STREAM:
                opened.listen()
            world.listeners.append(opened)
            return opened.getsockname()

        tcp = listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        udp = listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        listen(socket.AF_UNIX, socket.SOCK_STREAM, unix)
        listen(socket.AF_UNIX, socket.SOCK_STREAM, abstract)
        world.places = {
            "CANARY": canary,
            "ROOT": root,
            "TCP": tcp[1],
            "UDP": udp[1],
            "UNIX": Path(unix).resolve(),
            "ABSTRACT": abstract[1:],
            "PID": os.getpid(),
            "HOME": Path.home(),
            "HOST": os.uname().nodename,
            **stack.enter_context(system_v_objects()),
        }
        yield world


@contextlib.contextmanager
def system_v_objects() -> Iterator[dict[str, int]]:
    """En semafor, ett delat minne och en kö; de ska finnas kvar efteråt."""
    libc = ctypes.CDLL(None)
    private, rights, remove = 0, 0o600, 0  # IPC_PRIVATE, ägarens rättigheter, IPC_RMID
    made = {
        "SEM": libc.semget(private, 1, rights),
        "SHM": libc.shmget(private, 4096, rights),
        "MSG": libc.msgget(private, rights),
    }
    try:
        yield made
    finally:
        left = (
            libc.semctl(made["SEM"], 0, remove),
            libc.shmctl(made["SHM"], remove, None),
            libc.msgctl(made["MSG"], remove, None),
        )
    assert left == (0, 0, 0), "någon har tagit bort lärarens System V-objekt"


def snapshot(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Allt om varje fil i mappen: slag, rättigheter, ägare, tid, länkar och innehåll."""
    found = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        info = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(info.st_mode) else b""
        target = os.readlink(path) if path.is_symlink() else ""
        found[str(path)] = (
            *(info.st_mode, info.st_uid, info.st_gid, info.st_nlink, info.st_mtime_ns),
            hashlib.sha256(content).hexdigest(),
            target,
        )
    return found


# --- processer -----------------------------------------------------------------------------------


class Process(NamedTuple):
    """En process; numret kan komma igen, men inte med samma starttid."""

    pid: int
    started: int


def _stat(pid: int) -> list[str]:
    """Fälten i /proc/PID/stat efter processens namn: läge, förälder, …"""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()


def _tree(of: int) -> dict[int, list[str]]:
    """Processens alla ättlingar, också i andra namnrymder: nummer → fälten i `_stat`."""
    everyone = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                everyone[int(entry.name)] = _stat(int(entry.name))
    found, new = set[int](), {of}
    while new:
        new = {pid for pid, fields in everyone.items() if int(fields[1]) in new} - found
        found |= new
    return {pid: everyone[pid] for pid in found}


def descendants(of: int) -> set[Process]:
    """Processens alla ättlingar som lever.

    Den som har slutat men som ingen har väntat ut (en zombie) lever inte: föräldern kan ha annat
    för sig, och i en container är den kanske en process 1 som aldrig väntar.
    """
    return {
        Process(pid, int(fields[STARTED]))
        for pid, fields in _tree(of).items()
        if fields[0] not in ENDED
    }


def is_alive(process: Process) -> bool:
    """Sant om processen inte har slutat."""
    try:
        fields = _stat(process.pid)
    except OSError:
        return False
    return fields[0] not in ENDED and int(fields[STARTED]) == process.started


def is_dying(process: Process) -> bool:
    """Sant om processen har dödats, fast den inte har fått processorn och hunnit sluta än."""
    try:
        exiting = int(_stat(process.pid)[FLAGS]) & PF_EXITING
        text = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    waiting = re.findall(r"^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)", text, re.MULTILINE)
    killed = any(int(signals, 16) >> (signal.SIGKILL - 1) & 1 for signals in waiting)
    return bool(exiting or killed or not is_alive(process))


def wait_until_gone(processes: set[Process]) -> None:
    """Vänta tills alla har slutat. Det tar olika lång tid: bara pytest-timeout ger upp."""
    while any(map(is_alive, processes)):
        time.sleep(0.02)


def processor_seconds(of: int) -> float:
    """Processortid som processen, dess ättlingar och dem den har väntat ut har använt."""
    everyone = _tree(of)
    with contextlib.suppress(OSError):
        everyone[of] = _stat(of)
    total = sum(int(field) for fields in everyone.values() for field in fields[11:15])
    return total / os.sysconf("SC_CLK_TCK")
