"""Inhägnaden runt studentens kod: filer, nät, processer, minne och tid.

Tre nivåer, den starkaste som datorn klarar:

- `full`: egna namnrymder (processer, nät, IPC, datornamn) och ett eget filträd där bara Pythons
  mappar finns, skrivskyddade; dessutom Landlock och seccomp.
- `strong`: Landlock och seccomp. Koden kan se vilka filer som finns, hur stora de är och när de
  ändrades, men inte öppna dem.
- `basic`: egen process med gränser för tid och minne. **Ingenting annat är skyddat**: koden kan
  läsa och ändra filer (facit, andras inlämningar, utmappen, och därmed också poängen) och nå nätet.

I `full` och `strong` når en lösning inte processen som bedömer; den kan bara skicka svar dit.
Landlock och seccomp är Linux egna spärrar och kräver inte root; de sköts av paketen `py-landlock`
och `pyseccomp`, som bygger på `libseccomp`.
"""

import contextlib
import ctypes
import errno
import os
import signal
import socket
import sys
import sysconfig
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dqn_helpers.autograder import system_calls
from dqn_helpers.autograder.arguments import MEMORY_BYTES

if TYPE_CHECKING:
    from py_landlock import Landlock  # finns bara i Linux

Tier = Literal["full", "strong", "basic"]
TIERS: tuple[Tier, ...] = ("full", "strong", "basic")

OPEN_FILES = 64
HOST_NAME = "rattaren"
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")

# Ur linux/prctl.h, linux/mount.h och linux/capability.h.
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MNT_DETACH = 2, 4, 0x1000, 0x4000, 2
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = -100, 0x8000, 1, 2
MOUNT_SETATTR = 442  # numret är detsamma på alla processorer
CAPABILITY_VERSION = 0x20080522
PTRACE_PEEKDATA = 2
MS_PRIVATE = 1 << 18
# Ur linux/sched.h: användare, processer, nät, IPC, datornamn och monteringar.
OWN_SPACES = 0x10000000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000 | 0x00020000


# --- i verkstaden, en gång -----------------------------------------------------------------------


def confine_server(tier: Tier) -> None:
    """Verkstaden och dess barn når bara Pythons egna mappar, och kan inte skriva där.

    Raises:
        Exception: om py-landlock eller libseccomp saknas, eller om kärnan inte kan det som behövs.
    """
    if tier == "basic":
        return
    if tier == "full":
        _own_spaces()
    rules = _find_libraries()
    if tier == "full":
        _own_file_tree()
        _own_host_name()
        _drop_capabilities()
    _close_files(rules)
    make_private()
    # Mapparna på lärarens dator, som ingen lösning har med att göra.
    for name in ("PYTHONPATH", "LD_LIBRARY_PATH"):
        os.environ.pop(name, None)


def _readable() -> list[Path]:
    """Det som Python behöver för att importera: inget av det är lärarens eller en students."""
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}
    # Paket kan också ligga i användarens egen mapp (`pip install --user`).
    folders |= {path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")}
    system = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/alternatives"]
    times = ["/usr/share/zoneinfo", "/etc/localtime"]
    found = {path for name in (*folders, *system, *times, *DEVICES) for path in _both(Path(name))}
    return [path for path in sorted(found) if path.exists()]


def _both(path: Path) -> set[Path]:
    """Sökvägen som den är skriven och den som den leder till: filer där inne kan nämna båda."""
    return {path.absolute(), path.resolve()}


def _find_libraries() -> "Landlock":
    """Ladda C-biblioteken medan det går: de letas upp med program ur filträdet."""
    from py_landlock import Landlock

    system_calls.prepare()
    rules = Landlock(strict=False)  # med det som kärnan kan
    rules.abi_version  # noqa: B018  (läses här, första gången)
    return rules


def _close_files(rules: "Landlock") -> None:
    """Landlock: det läsbara får läsas, och inget skrivas utom i /dev/null."""
    from py_landlock import AccessFs

    for path in _readable():
        if path.is_dir():
            rules.allow_read(path)
        else:
            rules.add_path_rule(path, access=AccessFs.READ_FILE)
    rules.add_path_rule(os.devnull, access=AccessFs.READ_FILE | AccessFs.WRITE_FILE)
    rules.apply()


def _own_spaces() -> None:
    """Egna namnrymder. Den som anropar fortsätter som process 1 i dem, i ett barn till sig själv.

    I sin nya namnrymd har processen alla förmågor (*capabilities*), som den behöver för att göra
    ett eget filträd; sedan kastar den dem. Processen får bara ha en tråd.
    """
    user, group = os.getuid(), os.getgid()
    _call("unshare", OWN_SPACES)
    for name, text in (("setgroups", "deny"), ("uid_map", user), ("gid_map", group)):
        Path("/proc/self", name).write_text(text if text == "deny" else f"{text} {text} 1")
    _call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)  # inget syns utanför
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os._exit(0)
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _own_file_tree() -> None:
    """Byt filträd till ett där bara det läsbara finns, på sina vanliga platser.

    Allt är skrivskyddat. Då ändras inte heller tiden då en fil senast lästes, som annars vore en
    väg för två lösningar att meddela sig med varandra.
    """
    root = Path.cwd()  # verkstadens egen tillfälliga mapp
    paths = _readable()
    _call("mount", b"rattaren", _name(root), b"tmpfs", MS_NOSUID | MS_NODEV, b"size=1m,mode=755")
    for path in paths:
        place = root / path.relative_to("/")
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        _call("mount", _name(path), _name(place), None, MS_BIND | MS_REC, None)
    os.chdir(root)
    _call("pivot_root", b".", b".")  # det gamla trädet hamnar ovanpå det nya …
    _call("umount2", b".", MNT_DETACH)  # … och tas bort
    os.chdir("/")
    _protect_file_tree()


def _protect_file_tree() -> None:
    """Inget i trädet går att skriva i, och inget program där ger någon annans rättigheter."""
    wanted = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0, 0)
    size = ctypes.sizeof(wanted)
    _call("syscall", MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, wanted, size)


def _own_host_name() -> None:
    _call("sethostname", HOST_NAME.encode(), len(HOST_NAME))


def _name(path: Path) -> bytes:
    return os.fsencode(path)


def _drop_capabilities() -> None:
    """Root, och den som har gjort en namnrymd, får annars montera och göra mycket annat i den."""
    for capability in range(64):
        with contextlib.suppress(OSError):  # kärnan känner omkring fyrtio
            _call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _call("capset", (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0), nothing)


def make_private() -> None:
    """Ingen annan process med samma användare får läsa processens minne."""
    _call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)


def _call(name: str, *arguments: object) -> int:
    """Anropa C-bibliotekets funktion; ett fel blir OSError. Heltal går som `long`."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    passed = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = function(*passed)
    if result == -1:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
    return result


# --- i varje arbetsprocess -----------------------------------------------------------------------


def confine_process(
    tier: Tier, cpu_seconds: int, gate: int | None = None, memory: int = MEMORY_BYTES
) -> None:
    """Tid, minne, trådar och systemanrop för den här processen. Det går inte att ångra.

    Args:
        tier: nivån.
        cpu_seconds: processortid.
        gate: filnumret på arbetarens ände av verkstadens `ThreadGate`; den stängs.
        memory: byte.
    """
    if sys.platform == "win32":
        return
    limit_resources(cpu_seconds, memory)
    if tier == "basic":
        return
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if gate is not None:
        system_calls.hand_over_threads(gate)
    system_calls.deny_the_rest()


def limit_resources(cpu_seconds: int, memory_bytes: int) -> None:
    """Gränser som kärnan vaktar: processortid, minne, filstorlek, öppna filer, minnesdump."""
    import resource

    limits = {
        resource.RLIMIT_AS: (memory_bytes, memory_bytes),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_NOFILE: (OPEN_FILES, OPEN_FILES),
        resource.RLIMIT_CORE: (0, 0),
        # Den mjuka gränsen ger SIGXCPU, och då vet vi varför arbetaren dog. Den hårda ger SIGKILL,
        # som också minnet ger, och kärnans egen klocka kan ha gått före den som rättaren läser av.
        resource.RLIMIT_CPU: (cpu_seconds, cpu_seconds + 1),
    }
    for which, values in limits.items():
        try:
            resource.setrlimit(which, values)
        except (ValueError, OSError):  # macOS känner inte alla; gränsen är redan lägre
            continue


# --- självprovet ---------------------------------------------------------------------------------


def escapes(tier: Tier) -> list[str]:
    """Pröva inhägnaden inifrån: meningar om det som inte är som det ska. I en arbetsprocess."""
    if tier == "basic":
        return []
    attempts = ATTEMPTS | (IN_FULL if tier == "full" else {})
    problems = [
        f"det gick att {name}" for name, attempt in attempts.items() if not _is_denied(attempt)
    ]
    if _is_denied(_read_python):  # då faller varje import i studentens kod
        problems.append("Pythons egna filer gick inte att läsa")
    return problems


def _is_denied(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


def _filtered(name: str, *arguments: object) -> None:
    """Gör ett anrop som är ofarligt om det går; bara filtrets eget nej räknas som ett nej."""
    try:
        _call(name, *arguments)
    except OSError as error:
        if error.errno == errno.EPERM:
            raise


def _fork_once() -> None:
    if os.fork() == 0:
        os._exit(0)


def _many_threads() -> None:
    threading.stack_size(2**16)
    wait = threading.Event().wait
    try:
        for _ in range(system_calls.MAX_THREADS + 1):
            threading.Thread(target=wait, daemon=True).start()
    except RuntimeError as error:
        raise OSError("inga fler trådar") from error


def _read_python() -> None:
    for module in (os, ctypes):
        with open(str(module.__file__), "rb") as file:
            file.read(1)


def _see_files() -> None:
    os.stat("/etc/passwd")


def _learn_host_name() -> None:
    if os.uname().nodename == HOST_NAME:
        raise OSError("bara rättarens eget namn syns")


# Inget av försöken gör någon skada om det går.
ATTEMPTS: dict[str, Callable[[], object]] = {
    "läsa utanför inhägnaden": lambda: os.listdir("/"),
    "skriva i en fil": lambda: os.open(os.__file__, os.O_WRONLY),
    "skapa en fil": lambda: os.open(sys.prefix, os.O_TMPFILE | os.O_RDWR),
    "tömma en fil som öppnas för läsning": lambda: os.open(os.devnull, os.O_RDONLY | os.O_TRUNC),
    "tömma en fil utan att läsa den": lambda: os.open(os.devnull, os.O_ACCMODE),
    "nå nätet": lambda: socket.socket().close(),
    "starta en process": _fork_once,
    "starta ett program": lambda: _filtered("execv", b"/", None),
    "skicka en signal till andra": lambda: os.kill(os.getppid(), 0),
    "läsa andras minne": lambda: _filtered("ptrace", PTRACE_PEEKDATA, os.getppid(), 0, 0),
    "använda semaforer (System V)": lambda: _filtered("semget", 1, 0, 0),
    "använda delat minne (System V)": lambda: _filtered("shmget", 1, 0, 0),
    "använda köer (System V)": lambda: _filtered("msgget", 1, 0),
    "starta hur många trådar som helst": _many_threads,
}
IN_FULL: dict[str, Callable[[], object]] = {
    "se vilka filer som finns": _see_files,
    "se datorns namn": _learn_host_name,
}
