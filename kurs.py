"""Kursen i djup Q-inlärning: `python kurs.py` installerar och startar, `--help` berättar mer.

Filen klarar sig med Pythons standardbibliotek. Den ska dessutom gå att *läsa* för gamla Python
(från 3.6), så att den som har en sådan får ett begripligt besked. Därför står typerna inom
citattecken, och nyare skrivsätt får vänta.
"""

import argparse
import codecs
import contextlib
import difflib
import hashlib
import itertools
import json
import os
import platform
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from importlib import util
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("KURS_VENV") or ROOT / ".venv").absolute()
STATE = VENV / "kurs.json"
PIP_LOG = ROOT / "pip.log"
LOG_KEPT = 100_000  # bytes av pips logg som sparas när något gick fel; felet står sist
NOTEBOOKS = ROOT / "notebooks"
WORK = ROOT / "mitt_arbete"
COPIED = WORK / ".kurs.json"
MARKS = WORK / "framsteg.jsonl"  # de övningar som har blivit gröna

# Kursens delar och vad miljön måste innehålla för att duga till dem. En del bygger på dem före.
MODULES = {
    "kurs": ["torch", "gymnasium", "matplotlib", "jupyterlab", "ipykernel", "tqdm"],
    "larare": ["nbformat", "psutil", "pytest", "jinja2", "latex2mathml", "mistune"],
    "bok": ["sphinx", "myst_nb", "furo"],
    "dev": ["nbval", "xdist", "pytest_timeout", "mypy", "ruff"],
}
MODULES["larare"] += ["py_landlock", "pyseccomp"] if sys.platform == "linux" else []


class CourseError(Exception):
    """Ett fel som användaren ska läsa: vad som hände och vad man gör åt det."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # 2 betyder att kommandot är felskrivet


# --- Att tala med användaren ------------------------------------------------------------------


def plain_letters(error: UnicodeError) -> "tuple[str, int]":
    """Ersätt tecken som terminalen inte kan visa: å blir a, övriga blir ett frågetecken."""
    assert isinstance(error, UnicodeEncodeError)
    letters = unicodedata.normalize("NFKD", error.object[error.start : error.end])
    return letters.encode("ascii", "ignore").decode() or "?", error.end


def show_in_any_terminal() -> None:
    """Det vi skriver ska synas genast, och även i en terminal utan å, ä och ö."""
    codecs.register_error("plain", plain_letters)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # finns från Python 3.7
            stream.reconfigure(errors="plain", line_buffering=True)


def program() -> str:
    """Så som kommandot heter hos användaren: `python3 kurs.py` eller `python kurs.py`."""
    name = os.path.basename(sys.executable or "python")
    return "{} kurs.py".format(name[:-4] if name.endswith(".exe") else name)


# --- Vad PyTorch finns för --------------------------------------------------------------------

OLDEST_PYTHON, NEWEST_PYTHON = "3.11", "3.14"  # det senare efter den torch som constraints.txt har
CPU_HELP = "Linux utan grafikkort från Nvidia: hämta PyTorchs lilla version"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
DOWNLOAD = "https://www.python.org/downloads/"
APT_VENV = "sudo apt install python{}.{}-venv".format(*sys.version_info[:2])
GIGABYTE = 10**9
SMALL_TORCH = 2  # gigabyte på disken för allt, pips mellanlager inräknat, om torch saknar CUDA


class Platform(NamedTuple):
    """Vad PyTorch finns för på ett system, och vad som sägs till den som har något annat."""

    machines: "tuple[str, ...]"
    needs: str  # det vars version avgör om PyTorch fungerar, och den äldsta versionen
    oldest: str
    gigabytes: int  # på disken, med den torch som pip väljer av sig själv
    other_machine: str
    advice: str


# Korta fakta på en rad, så att systemen går att jämföra.
PLATFORMS = {
    "Linux": Platform(
        ("x86_64", "aarch64"), "glibc", "2.28", 8,
        "PyTorch finns inte för processorer av slaget {}.",
        f"Kör med vanliga CPython {OLDEST_PYTHON}–{NEWEST_PYTHON} för 64 bitar på ett Linux med "
        "glibc, eller använd Colab eller skolans JupyterHub, se README.md.",
    ),
    "Darwin": Platform(
        ("arm64",), "macOS", "14", SMALL_TORCH,
        "PyTorch finns inte längre för Mac med Intelprocessor (eller Python för Intel).",
        "Kursen behöver macOS 14 och en Mac med M-processor. Har du det: installera Python från "
        f"{DOWNLOAD} och kör med den. Annars: Colab eller skolans JupyterHub, se README.md.",
    ),
    "Windows": Platform(
        ("win-amd64",), "", "", SMALL_TORCH,
        "PyTorch finns inte för den Python som är gjord för {}.",
        f"Installera Python {NEWEST_PYTHON} för 64 bitar (x86-64) från {DOWNLOAD} och kör med "
        "den. Den fungerar även på en dator med ARM.",
    ),
}  # fmt: skip


def this_platform() -> "tuple[str, Platform]":
    """Datorns slag av processor och systemets fakta. Ett okänt system får pröva."""
    system, machine = platform.system(), platform.machine()
    if system == "Windows":  # en dator med ARM kör även Python för x86-64: Python avgör
        machine = sysconfig.get_platform()
    unknown = PLATFORMS["Linux"]._replace(machines=(machine,), needs="", gigabytes=SMALL_TORCH)
    return machine, PLATFORMS.get(system, unknown)


def numbers(version: str) -> "tuple[int, ...]":
    """Talen i en version, så att 2.9 kommer före 2.28."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def succeeds(command: "list[str]") -> bool:
    """Kör kommandot tyst: gick det bra?"""
    quiet = subprocess.DEVNULL
    try:
        return subprocess.call(command, stdout=quiet, stderr=quiet) == 0
    except OSError:
        return False


def check_python_version() -> None:
    """Kursen behöver en någorlunda ny Python."""
    oldest, newest = numbers(OLDEST_PYTHON), numbers(NEWEST_PYTHON)
    if sys.version_info[:2] >= oldest:
        return
    advice = (
        f"Hämta en på {DOWNLOAD} (eller med conda, se README.md) "
        "och kör sedan med den: `python3.12 kurs.py`, i Windows `py -3.12 kurs.py`."
    )
    for name in (f"python3.{minor}" for minor in range(oldest[1], newest[1] + 1)):
        if succeeds([name, "--version"]):
            advice = f"Du verkar redan ha en: pröva `{name} kurs.py`."
    raise CourseError(
        f"Kursen behöver Python {OLDEST_PYTHON} eller nyare, men det här är "
        f"{platform.python_version()}\n({sys.executable}).\n{advice}"
    )


def platform_problem() -> str:
    """Varför PyTorch inte finns för den här datorn eller den här Python, och vad man kan göra.

    Tom text om den finns.
    """
    this, newest = sys.version_info[:2], NEWEST_PYTHON
    if this > numbers(newest):
        return (
            "Python {}.{} är nyare än vad kursens PyTorch klarar.\n".format(*this)
            + f"Installera Python {newest} vid sidan av ({DOWNLOAD}), ta bort mappen .venv om den "
            f"finns och kör med den: `python{newest} kurs.py`, i Windows `py -{newest} kurs.py`."
        )
    machine, facts = this_platform()
    name, version = platform.libc_ver()
    if platform.system() == "Darwin":
        name, version = "macOS", platform.mac_ver()[0]
    problems = [  # villkor och text som par
        (sys.implementation.name != "cpython",
         f"Det här är {sys.implementation.name}; PyTorch behöver vanliga CPython."),
        (sys.maxsize <= 2**32, "Det här är en 32-bitars Python; PyTorch finns bara för 64 bitar."),
        (machine not in facts.machines, facts.other_machine.format(machine)),
        ("musl" in (sysconfig.get_config_var("SOABI") or ""),
         "Det här är ett Linux med musl (t.ex. Alpine); PyTorch behöver glibc."),
        (name == facts.needs and numbers(version) < numbers(facts.oldest),
         f"Här finns {name} {version}; PyTorch behöver {facts.oldest} eller nyare."),
    ]  # fmt: skip
    return next((f"{text}\n{facts.advice}" for is_so, text in problems if is_so), "")


def check_computer(cpu: bool) -> None:
    """Säg ifrån innan något hämtas om PyTorch, venv eller diskutrymme saknas."""
    problem = platform_problem()
    if problem:
        raise CourseError(problem)
    if not (util.find_spec("venv") and util.find_spec("ensurepip")):  # ett eget paket i Debian
        raise CourseError(
            "Din Python saknar venv, som behövs för att installera kursen. I Debian och Ubuntu:\n"
            f"  {APT_VENV}\nKör sedan samma kommando igen. På andra system: "
            f"installera Python från {DOWNLOAD}"
        )
    free = shutil.disk_usage(str(VENV.parent)).free / GIGABYTE
    needed = SMALL_TORCH if cpu else this_platform()[1].gigabytes
    said = f"På disken finns {free:.1f} GB ledigt, men installationen tar omkring {{}} GB. "
    if free < SMALL_TORCH:
        raise CourseError(
            said.format(SMALL_TORCH) + "Töm papperskorgen eller flytta något stort. Du kan också "
            "lägga installationen på en annan disk: sätt miljövariabeln KURS_VENV till en mapp där."
        )
    if free < needed and not has_own_package_source():
        raise CourseError(
            said.format(needed) + "Nästan allt är stöd för grafikkort, och kursen klarar sig utan. "
            f"Kör\n  {program()} setup --cpu\nså räcker {SMALL_TORCH} GB."
        )


def has_own_package_source() -> bool:
    """Har användaren ställt in egna paketkällor vet vi inte hur stor PyTorch blir."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return any(word in answer.stdout for word in (b"index-url", b"find-links"))


# --- Miljön -----------------------------------------------------------------------------------


class State(NamedTuple):
    """Det som filen kurs.json i miljön berättar."""

    ready: bool = False  # falskt medan något installeras
    fingerprint: str = ""
    extras: "tuple[str, ...]" = ()
    cpu: bool = False
    made_here: bool = False  # en miljö som någon annan har gjort tar vi aldrig bort


def parts(extra: str) -> "list[str]":
    """Delen `extra` och de delar som den bygger på."""
    names = list(MODULES)
    return names[: names.index(extra) + 1]


def interpreter(environment: Path) -> Path:
    """Python i en miljö, som venv och conda lägger den på respektive system."""
    if os.name != "nt":
        return environment / "bin" / "python"
    in_venv = environment / "Scripts" / "python.exe"
    return in_venv if in_venv.exists() else environment / "python.exe"


def active_environments() -> "list[Path]":
    """Aktiverade miljöer (conda eller venv), den som kör det här först."""
    found = [os.environ.get("VIRTUAL_ENV"), os.environ.get("CONDA_PREFIX")]
    if sys.prefix != sys.base_prefix:
        found.insert(0, sys.prefix)
    own = os.path.realpath(str(VENV))
    return [Path(path) for path in dict.fromkeys(found) if path and os.path.realpath(path) != own]


def has_course(python: Path, extra: str) -> bool:
    """Finns kursen, installerad från just den här mappen, och det som delen `extra` kräver?"""
    code = (
        "import sys; from importlib.util import find_spec; course = find_spec('dqn_helpers');"
        "print(course.origin if course and all(map(find_spec, sys.argv[1:])) else '')"
    )
    modules = [module for part in parts(extra) for module in MODULES[part]]
    command = [str(python), "-I", "-X", "utf8", "-c", code, *modules]
    try:
        answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    origin = answer.stdout.decode("utf-8", "replace").strip()
    return bool(origin) and ROOT in Path(origin).resolve().parents


def active_python(extra: str) -> "Path | None":
    """Python i en aktiverad miljö som har kursen. Saknas bara verktyg läggs de till där."""
    for environment in [] if os.environ.get("KURS_VENV") else active_environments():
        python = interpreter(environment)
        if has_course(python, "kurs"):
            print(f"Använder den aktiverade miljön {environment}")
            if not has_course(python, extra):
                pip_install(python, parts(extra), cpu=False)
            return python
    return None


def fingerprint() -> str:
    """Ändras när beroendena ändras eller när mappen flyttas."""
    digest = hashlib.sha256(str(ROOT).encode("utf-8", "surrogateescape"))
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def read_state() -> State:
    """Vad som är installerat."""
    try:
        fields = json.loads(STATE.read_text(encoding="utf-8"))
        return State(**dict(fields, extras=tuple(fields["extras"])))
    except FileNotFoundError:
        return State()
    except (ValueError, KeyError, TypeError):
        return State(made_here=True)  # filen är avhuggen: installationen avbröts


def write_state(state: State) -> None:
    """Byt ut kurs.json i ett svep, så att den aldrig är halv."""
    draft = STATE.with_name("kurs.json.ny")
    draft.write_text(json.dumps(state._asdict()), encoding="utf-8")
    os.replace(str(draft), str(STATE))


def works(extra: str) -> bool:
    """Fungerar det som är installerat, även om det kanske inte är det senaste?"""
    state = read_state()
    return state.ready and extra in state.extras and interpreter(VENV).exists()


@contextlib.contextmanager
def installation_lock() -> "Iterator[None]":
    """Två installationer samtidigt i samma mapp skulle förstöra för varandra.

    Låset släpper av sig självt när processen dör.
    """
    VENV.parent.mkdir(parents=True, exist_ok=True)
    with VENV.with_name(VENV.name + ".lock").open("a") as handle:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise CourseError(
                "En installation pågår redan, kanske i ett annat fönster. Vänta tills den är "
                "klar och kör sedan samma kommando igen."
            ) from None
        except OSError:
            pass  # ett filsystem utan lås: då får det gå ändå
        yield


def child_environment() -> "dict[str, str]":
    """Miljövariabler för pip, Jupyter och pytest, utan sådant som pekar bort från miljön."""
    away = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    variables = {name: value for name, value in os.environ.items() if name not in away}
    return dict(variables, PIP_DISABLE_PIP_VERSION_CHECK="1", JUPYTER_PREFER_ENV_PATH="1")


def run(command: "list[str]") -> int:
    """Kör venv eller pip så att dess egna rader och förloppsmätare syns."""
    environment = dict(child_environment(), PYTHONUNBUFFERED="1")
    return subprocess.call(command, cwd=str(ROOT), env=environment)


# Vad pip skriver när något går fel, och vad man gör åt det. Den första som stämmer gäller:
# utan nät säger pip till sist "No matching distribution found" också (`setuptools` hämtas först).
PIP_FAILURES = {
    "CERTIFICATE_VERIFY_FAILED|SSLError": (
        "Anslutningen till pypi.org gick inte att lita på (fel certifikat). Sitter du bakom en "
        "skolas eller ett företags brandvägg: fråga it-stödet, eller pröva ett annat nät."
    ),
    "Max retries exceeded|NewConnectionError|name resolution|getaddrinfo failed"
    "|Network is unreachable|Read ?[tT]imed? ?[oO]ut|ProxyError|ConnectionResetError"
    "|Connection broken|IncompleteRead|No matching distribution found for setuptools": (
        "Det gick inte att hämta paketen: ingen kontakt med pypi.org. Kontrollera nätet och kör "
        "samma kommando igen. Bakom en proxy: sätt miljövariabeln HTTPS_PROXY först."
    ),
    r"No space left on device|Errno 28\]|WinError 112": (
        "Disken blev full. Frigör plats och kör samma kommando igen. Är det bara mappen för "
        "tillfälliga filer som är liten: sätt miljövariabeln TMPDIR till en mapp med plats."
    ),
    r"WinError (5|32)\]": (
        "Filer i miljön används av ett annat program. Stäng JupyterLab och andra program som kör "
        "Python, och kör samma kommando igen."
    ),
    "Long Path support": (
        "Sökvägen blev för lång för Windows. Flytta kursens mapp närmare roten, till exempel "
        "C:\\kurs, och kör samma kommando igen."
    ),
    "requires a different Python": (
        "Mappen .venv är gjord med en för gammal Python. Ta bort mappen .venv och kör samma "
        "kommando igen."
    ),
}


def explain_pip_failure(log: str) -> str:
    """Översätt det pip skrev till vad som hände och vad man gör."""
    for signs, explanation in PIP_FAILURES.items():
        if re.search(signs, log):
            return explanation
    if "No matching distribution found for torch" in log:
        this = f"den här datorn och Python {platform.python_version()}"
        return platform_problem() or f"PyTorch finns inte för {this}.\n{this_platform()[1].advice}"
    return (
        "Installationen misslyckades. Läs vad pip skrev här ovanför. Kör samma kommando en gång "
        f"till; går det inte då heller, ta bort mappen {VENV} och börja om, eller be om hjälp."
    )


def pip_install(python: Path, extras: "Iterable[str]", cpu: bool) -> None:
    """Installera kursen och det den behöver, med versionerna ur constraints.txt."""
    print("Hämtar och installerar paketen. Pip berättar på engelska vad den gör; när den skriver")
    print("`Installing collected packages` är den tyst en stund, och det är som det ska.")
    if not succeeds([str(python), "-m", "pip", "--version"]):
        succeeds([str(python), "-m", "ensurepip"])  # en .venv från t.ex. uv saknar pip
    with contextlib.suppress(FileNotFoundError):
        PIP_LOG.unlink()
    with tempfile.TemporaryDirectory() as scratch:
        full_log = Path(scratch) / "pip.log"  # blir tiotals megabyte, så den får inte ligga kvar
        command = [str(python), "-m", "pip", "install", "--log", str(full_log)]
        command += ["--extra-index-url", CPU_INDEX] if cpu else []
        command += ["-c", "constraints.txt", "-e", ".[{}]".format(",".join(extras))]
        if run(command) == 0:
            return
        log = full_log.read_bytes() if full_log.exists() else b""
    explanation = explain_pip_failure(log.decode("utf-8", "replace"))
    PIP_LOG.write_bytes(log[-LOG_KEPT:])
    raise CourseError(f"{explanation}\nDet sista som pip antecknade står i {PIP_LOG}.")


def set_up_jupyterlab() -> None:
    """Inga engelska frågor om nyheter, och ordlistan som läsbar sida; bara i kursens egen miljö."""
    settings = VENV / "share" / "jupyter" / "lab" / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    news, pages = "apputils-extension:notification", "docmanager-extension:plugin"
    choices = {
        f"@jupyterlab/{news}": {"fetchNews": "false", "checkForUpdates": False},
        f"@jupyterlab/{pages}": {"defaultViewers": {"markdown": "Markdown Preview"}},
    }
    (settings / "overrides.json").write_text(json.dumps(choices), encoding="utf-8")


def reason_to_rebuild(state: State, cpu: bool) -> str:
    """Varför miljön måste göras om från början; tom text om den duger att bygga vidare på."""
    if not state.made_here:
        return ""
    if not state.ready:
        return "Förra installationen blev inte färdig. Börjar om från början."
    if not interpreter(VENV).exists():
        return "Den Python som kursen installerades med är borta. Installerar om."
    return "Byter till den lilla versionen av PyTorch." if cpu and not state.cpu else ""


def remove_venv() -> None:
    """Ta bort en miljö som kurs.py har gjort. Den byter namn först, så att den aldrig är halv."""
    old = VENV.with_name(VENV.name + ".gammal")
    try:
        shutil.rmtree(str(old), ignore_errors=True)  # en som blev kvar förra gången
        VENV.rename(old)
        shutil.rmtree(str(old))
    except PermissionError:
        raise CourseError(
            f"Mappen {VENV} används. Stäng JupyterLab och andra program som kör Python, och kör "
            "sedan samma kommando igen."
        ) from None


def new_venv(cpu: bool) -> None:
    """Kontrollera att det går och gör miljön. kurs.json skrivs före allt annat."""
    check_computer(cpu)
    if VENV.exists() and any(VENV.iterdir()):
        raise CourseError(
            f"Mappen {VENV} finns redan, men är ingen Python-miljö. "
            "Flytta eller ta bort den och kör samma kommando igen."
        )
    print(f"Installerar kursen i {VENV}. Det tar några minuter och omkring 1,5 GB.")
    if not cpu and this_platform()[1].gigabytes > SMALL_TORCH:
        print("På Linux följer stöd för grafikkort med, omkring 5 GB till. --cpu låter bli det.")
    VENV.mkdir(parents=True, exist_ok=True)
    write_state(State(cpu=cpu, made_here=True))
    base = getattr(sys, "_base_executable", None) or sys.executable
    if run([base, "-m", "venv", str(VENV)]):
        raise CourseError(
            f"Det gick inte att göra en Python-miljö i {VENV}. Läs vad Python skrev här ovanför. "
            "Saknas något av Python? I Debian och Ubuntu: " + APT_VENV
        )


def install(extra: str, cpu: bool) -> None:
    """Gör eller uppdatera miljön. Den är färdig först när kurs.json säger det, allra sist."""
    old = read_state()
    cpu = cpu or old.cpu
    reason = reason_to_rebuild(old, cpu)
    if reason:
        print(reason)
        remove_venv()
    if interpreter(VENV).exists():
        print(f"Kompletterar det som är installerat i {VENV}")
    else:
        new_venv(cpu)
        old = read_state()
    extras = tuple(sorted({*parts(extra), *old.extras}))
    new = old._replace(ready=False, extras=extras, cpu=cpu)
    write_state(new)
    try:
        pip_install(interpreter(VENV), extras, cpu)
    except CourseError:
        write_state(old if old.ready else new)  # pip ändrar inget förrän allt är hämtat
        raise
    set_up_jupyterlab()
    write_state(new._replace(ready=True, fingerprint=fingerprint()))
    print("Installationen är klar.")


def ensure_environment(extra: str, cpu: bool = False, tolerant: bool = False) -> Path:
    """Python i en miljö som har kursen; installerar den om det behövs."""
    python = active_python(extra)
    if python is not None:
        return python
    cpu, state = cpu and platform.system() == "Linux", read_state()
    if not works(extra) or state.fingerprint != fingerprint() or (cpu and not state.cpu):
        try:
            with installation_lock():
                install(extra, cpu)
        except CourseError as error:
            if not (tolerant and works(extra)):
                raise
            print(f"{error}\nStartar så länge med det som redan är installerat.")
    return interpreter(VENV)


# --- mitt_arbete ------------------------------------------------------------------------------


def course_files() -> "list[Path]":
    """Filerna i notebooks/, som sökvägar därifrån."""
    paths = (path.relative_to(NOTEBOOKS) for path in sorted(NOTEBOOKS.rglob("*")) if path.is_file())
    hidden = (".", "__pycache__")
    return [path for path in paths if not any(part.startswith(hidden) for part in path.parts)]


def lay_out_work(names: "list[Path]") -> None:
    """Kopiera det som saknas till mitt_arbete, och berätta vad som har kommit i ny version."""
    WORK.mkdir(exist_ok=True)
    copied, newer = {}, []  # vilken version av varje fil som har lagts fram
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        copied = dict(json.loads(COPIED.read_text(encoding="utf-8")))
    for name in names:
        target, content = WORK / name, (NOTEBOOKS / name).read_bytes()
        current = hashlib.sha256(content).hexdigest()
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as handle:  # x: hellre ett fel än att skriva över
                handle.write(content)
            copied[name.as_posix()] = current
        elif copied.setdefault(name.as_posix(), current) != current:
            newer += [short_name(name)] if target.read_bytes() != content else []
    tell_of_retired(copied)
    COPIED.write_text(json.dumps(copied, indent=1), encoding="utf-8")
    for short in newer:
        print(f"Ny version av {short} finns. Hämta den: {program()} fresh {short}")
    if newer:
        print("Din egen kopia sparas då bredvid.")


def tell_of_retired(copied: "dict[str, str]") -> None:
    """Säg till, en gång, om en bok som kursen har bytt mot andra; studentens kopia ligger kvar."""
    current = course_files()
    for old in [name for name in copied if Path(name) not in current]:
        del copied[old]
        new = [short_name(name) for name in current if short_name(name)[:2] == Path(old).name[:2]]
        if new and (WORK / old).exists():
            print(f"I stället för {old} finns nu {' och '.join(new)} i mitt_arbete.")
            print("Din egen kopia av den gamla ligger kvar, och den går fortfarande att lämna in.")


def short_name(name: Path) -> str:
    """Det man skriver efter `fresh`: numret (`03`, `01a`) om filen har ett, annars namnet."""
    number = name.name.split("_")[0]
    return number if number[:2].isdigit() and len(number) <= 3 else name.name


def find_course_files(wanted: str) -> "list[Path]":
    """Filerna i notebooks/ som någon menar med `03`, `3`, `01a` eller ett namn; `01` är två."""
    number, part = wanted.lower().rstrip("ab"), wanted.lower()[-1:]
    if number.isdigit():
        wanted = number.zfill(2) + (part if part in "ab" else "")
    found = [
        name
        for name in course_files()
        for short in [short_name(name)]
        if wanted in (short, short.rstrip("ab"), name.name, name.stem, name.as_posix())
    ]
    if found:
        return found
    known = ", ".join(short_name(name) for name in course_files()) or "inga än"
    raise CourseError(f"Det finns ingen anteckningsbok {wanted}. De som finns: {known}.", 2)


# --- Kommandona -------------------------------------------------------------------------------


def hand_over(command: "list[str]", cwd: Path, **variables: str) -> int:
    """Låt kommandot ta över. Ctrl-C går till det, och dess svar blir vårt."""
    environment = dict(child_environment(), **variables)
    if os.name == "posix":
        os.chdir(str(cwd))
        os.execve(command[0], command, environment)
    process = subprocess.Popen(command, cwd=str(cwd), env=environment)
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            return process.wait()


def start(parser: argparse.ArgumentParser, arguments: "list[str]") -> int:
    """Installera om det behövs, lägg fram mitt_arbete och öppna JupyterLab där, med första boken.

    Hjälpen är översikten över alla kommandon.
    """
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = overview()
    parser.epilog = "Du arbetar i mappen mitt_arbete. Inget där skrivs någonsin över."
    parser.usage = f"{program()} [KOMMANDO] [VAL]"
    add = parser.add_argument
    add("--no-browser", action="store_true", help="öppna ingen webbläsare, skriv bara adressen")
    add("--port", type=int, metavar="NUMMER", help="använd den porten i stället för 8888")
    add("--cpu", action="store_true", help=CPU_HELP)
    options = parser.parse_args(arguments)
    python = ensure_environment("kurs", options.cpu, tolerant=True)
    lay_out_work(course_files())
    pages = ["/lab/tree/" + quote(name.name) for name in course_files() if name.suffix == ".ipynb"]
    command = [str(python), "-m", "jupyterlab", f"--ServerApp.root_dir={WORK}"]
    command += ["--LabApp.default_url=" + (pages or ["/lab"])[0], "--ServerApp.log_level=WARN"]
    command += ["--no-browser"] if options.no_browser else []
    command += [f"--ServerApp.port={options.port}"] if options.port is not None else []
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # i behållare är man ofta root
    print(f"Startar JupyterLab på {WORK}. Avsluta med Ctrl-C två gånger här.")
    return hand_over(command, WORK)


def setup(parser: argparse.ArgumentParser, arguments: "list[str]") -> int:
    """Installera och lägg fram mitt_arbete, för den som öppnar anteckningsböckerna på annat vis."""
    parser.add_argument("--cpu", action="store_true", help=CPU_HELP)
    python = ensure_environment("kurs", parser.parse_args(arguments).cpu)
    lay_out_work(course_files())
    print(f"Allt är på plats. Starta kursen: {program()}")
    print(f"I en annan editor väljer du Python-miljön {python}")
    return 0


def fresh(parser: argparse.ArgumentParser, arguments: "list[str]") -> int:
    """Lägg fram en ny kopia av en anteckningsbok och spara den gamla bredvid."""
    parser.usage = f"{parser.prog} BOK"
    parser.add_argument("books", nargs="*", metavar="BOK", help="bokens nummer, till exempel 03")
    books = parser.parse_args(arguments).books
    if len(books) != 1:
        raise CourseError(f"Skriv vilken anteckningsbok: `{program()} fresh 03`", 2)
    for book in find_course_files(books[0]):
        put_aside(WORK / book)
        lay_out_work([book])
        print(f"En ny {book.name} ligger i mitt_arbete.")
    print("Har du boken öppen i JupyterLab: stäng fliken och öppna boken på nytt.")
    if MARKS.exists():
        print(f"Det som har blivit grönt på vägen i 00 är kvar. Det står i {MARKS.name}, som du")
        print("får ta bort om du vill börja om med alla övningar.")
    return 0


def put_aside(work: Path) -> None:
    """Ge studentens kopia ett nytt namn, om den finns."""
    if work.exists():
        names = (f"{work.stem}_sparad_{number}{work.suffix}" for number in itertools.count(1))
        saved = next(work.with_name(name) for name in names if not work.with_name(name).exists())
        work.rename(saved)
        print(f"Din gamla kopia heter nu {saved.name}.")


def test(parser: argparse.ArgumentParser, arguments: "list[str]") -> int:
    """Kör testerna i en enda körning av pytest, vars svar går vidare som vårt."""
    parser.usage = f"{parser.prog} [--allt] [VAD SOM HELST TILL PYTEST]"
    everything = "kör också det långa: tester märkta `lang`, bok 04 och 05, och facit"
    parser.add_argument("--allt", action="store_true", help=everything)
    options, rest = parser.parse_known_args(arguments)
    command = ["-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    command += ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout", "1800"]
    if options.allt:
        command += ["-m", ""]  # i stället för det -m i pyproject.toml som väljer bort dem
    python = ensure_environment("dev")
    return hand_over([str(python), *command, *seen_from_root(rest)], ROOT, OMP_NUM_THREADS="1")


def seen_from_root(arguments: "list[str]") -> "list[str]":
    """Pytest körs i kursens mapp: filer som pekas ut från en annan mapp får hela sökvägen."""
    seen = []
    for previous, word in itertools.pairwise(["", *arguments]):
        path, colons, name = word.partition("::")
        is_file = path and previous not in ("-k", "-m") and Path(path).exists()
        seen.append(str(Path(path).absolute()) + colons + name if is_file else word)
    return arguments if Path.cwd() == ROOT else seen


def tool(parser: argparse.ArgumentParser, arguments: "list[str]") -> int:
    """Lämna över till ett av paketets verktyg, med användarens mapp som arbetsmapp.

    Verktygets val står i en fil som läses för sig: paketet går inte att importera innan torch är
    installerat.
    """
    name = parser.prog.split()[-1]  # `grade` i `python kurs.py grade`
    module, file, extra = TOOLS[name]
    if not (ROOT / file).exists():
        raise CourseError("Det kommandot är lärarens och följer inte med i studentversionen.")
    runpy.run_path(str(ROOT / file))[f"add_{name}_arguments"](parser)
    parser.parse_args(arguments)  # svarar på --help och stoppar det felskrivna genast
    return hand_over([str(ensure_environment(extra)), "-m", module, *arguments], Path.cwd())


TOOLS = {  # modulen som körs, filen med valen och den del av kursen som behövs
    "grade": ("dqn_helpers.autograder", "dqn_helpers/autograder/arguments.py", "larare"),
    "assess": ("dqn_helpers.teacher.assess", "dqn_helpers/teacher/arguments.py", "larare"),
    "book": ("dqn_helpers.teacher.book", "dqn_helpers/teacher/arguments.py", "bok"),
    "release": ("dqn_helpers.teacher.release", "dqn_helpers/autograder/arguments.py", "larare"),
}
COMMANDS = {  # ett per rad: det som utför kommandot, hur det skrivs och vad hjälpen säger
    "start": (start, "", "starta kursen i JupyterLab (installerar första gången)"),
    "setup": (setup, "setup", "installera och lägg fram mitt_arbete, men öppna inget"),
    "fresh": (fresh, "fresh 03", "lägg fram bok 03 på nytt; din gamla sparas bredvid"),
    "test": (test, "test", "kör testerna; det du skriver efter går vidare till pytest"),
    "grade": (tool, "grade FIL …", "rätta inlämningar (för lärare)"),
    "assess": (tool, "assess", "bedöm skrivna svar för hand (för lärare)"),
    "book": (tool, "book", "gör en webbplats av böckerna, i mappen webbok"),
    "release": (tool, "release", "gör studenternas böcker av facit (för lärare);\n"
                "--zip FIL packar allt som en student behöver"),
}  # fmt: skip
FOR_STUDENTS = ("start", "setup", "fresh")  # de andra finns inte i studentversionen
SYNONYMS = {  # svenska och närliggande ord som någon kan tänkas skriva, och vad som menades
    "starta": "start", "installera": "setup", "install": "setup", "testa": "test",
    "tester": "test", "ny": "fresh", "nytt": "fresh", "kopia": "fresh", "rätta": "grade",
    "rattning": "grade", "bedöm": "assess", "bedömning": "assess", "bok": "book",
    "webbok": "book", "hjälp": "--help", "help": "--help", "--help": "--help",
}  # fmt: skip


def overview() -> str:
    """Kommandona som finns här."""
    everything = (ROOT / "dqn_helpers" / "autograder").exists()
    lines = ["Kursen i djup Q-inlärning", ""]
    for name, (_, usage, text) in COMMANDS.items():
        if everything or name in FOR_STUDENTS:
            lines.append(f"  {program() + ' ' + usage:<28}" + text.replace("\n", "\n" + " " * 30))
    return "\n".join([*lines, "", f"Vart och ett har egen hjälp: {program()} setup --help"])


def perform(arguments: "list[str]") -> int:
    """Utför det kommando som står först, `start` om inget står där."""
    name, rest = "start", arguments
    if arguments and not arguments[0].startswith("-"):
        name, *rest = arguments
    if name not in COMMANDS:
        close = difflib.get_close_matches(name, [*COMMANDS, *SYNONYMS], 1, 0.5)
        hint = "".join(f"Menade du `{program()} {SYNONYMS.get(word, word)}`? " for word in close)
        hint += f"Alla kommandon: `{program()} --help`"
        raise CourseError(f"Kommandot `{name}` finns inte. {hint}", 2)
    command, _, text = COMMANDS[name]
    swedish = runpy.run_path(str(ROOT / "dqn_helpers" / "swedish_arguments.py"))
    prog = program() if name == "start" else f"{program()} {name}"
    parser = swedish["SwedishParser"](prog=prog, description=text[0].upper() + text[1:] + ".")
    return command(parser, rest)


def main(arguments: "list[str]") -> int:
    """Kör kommandot och gör varje väntat fel till ett besked på svenska."""
    show_in_any_terminal()
    try:
        check_python_version()
        return perform(arguments)
    except SystemExit as stopped:  # argparse har visat hjälpen eller sagt vad som är fel
        return int(stopped.code or 0)
    except CourseError as error:
        code, said = error.exit_code, f"Fel: {error}"
    except KeyboardInterrupt:
        code, said = 130, "\nAvbrutet. Kör samma kommando igen när du vill fortsätta."
    except BrokenPipeError:
        return 1  # den som läste vår utskrift slutade läsa, till exempel `| head`
    except PermissionError as error:
        code, said = 1, f"Fel: Får inte skriva i {error.filename or ROOT}.\nLägg kursen i en mapp "
        said += "som är din egen, t.ex. under Dokument."
    except OSError as error:
        code, said = 1, f"Fel: Det gick inte att läsa eller skriva en fil ({error}).\n"
        said += f"Kontrollera disken och mappen {ROOT}, och kör om kommandot."
    print(said, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
