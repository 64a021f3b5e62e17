"""Installationen: det som PyTorch behöver av datorn, miljön i `.venv` och det som pip säger.

`kurs.py` läser filen för sig, innan något är installerat. Därför klarar den sig med Pythons
standardbibliotek, och gamla Python kan läsa den: typerna står inom citattecken, som i `kurs.py`.
"""

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from importlib import util
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
VENV = Path(os.environ.get("KURS_VENV") or ROOT / ".venv").absolute()
STATE = VENV / "kurs.json"
PIP_LOG = ROOT / "pip.log"
LOG_KEPT = 100_000  # byte av pips logg som sparas när något gick fel; felet står sist

# Kursens delar och vad miljön måste innehålla för att duga till dem. En del bygger på dem före.
MODULES = {
    "kurs": ["torch", "gymnasium", "matplotlib", "jupyterlab", "ipykernel", "tqdm"],
    "larare": ["nbformat", "psutil", "pytest", "jinja2", "latex2mathml", "mistune"],
    "bok": ["sphinx", "myst_nb", "furo"],
    "dev": ["nbval", "xdist", "pytest_timeout", "mypy", "ruff", "distributed"],
}
MODULES["larare"] += ["py_landlock", "pyseccomp"] if sys.platform == "linux" else []


class CourseError(Exception):
    """Ett fel som användaren ska läsa: vad som hände och vad man gör åt det."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # 2 betyder att kommandot är felskrivet


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
        "glibc, eller använd Colab eller skolans JupyterHub, se BILAGA.md.",
    ),
    "Darwin": Platform(
        ("arm64",), "macOS", "14", SMALL_TORCH,
        "PyTorch finns inte längre för Mac med Intelprocessor (eller Python för Intel).",
        "Kursen behöver macOS 14 och en Mac med M-processor. Har du det installerar du Python från "
        f"{DOWNLOAD} och kör med den. Annars finns Colab och skolans JupyterHub, se BILAGA.md.",
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
        f"Hämta en nyare på {DOWNLOAD} (eller med conda, se BILAGA.md) "
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
            f"finns, och kör kursen med Python {newest}: `python{newest} kurs.py`, i Windows "
            f"`py -{newest} kurs.py`."
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
         "Det här är ett Linux med musl (till exempel Alpine); PyTorch behöver glibc."),
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
    left = f"{free:.1f}".replace(".", ",")
    said = f"På disken finns {left} GB ledigt, men installationen tar omkring {{}} GB. "
    if free < SMALL_TORCH:
        raise CourseError(
            said.format(SMALL_TORCH) + "Töm papperskorgen eller flytta något stort. Du kan också "
            "lägga installationen på en annan disk: sätt miljövariabeln KURS_VENV till en mapp där."
        )
    if free < needed and not has_own_package_source():
        raise CourseError(
            said.format(needed) + "Nästan allt är stöd för grafikkort, och kursen klarar sig utan. "
            f"Kör\n  `{program()} setup --cpu`\nså räcker {SMALL_TORCH} GB."
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
            print(f"Kursen använder den aktiverade miljön {environment}.")
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


def take_lock(handle: "IO[str]") -> bool:
    """Lås en öppen fil så länge den är öppen; falskt om någon annan redan har den låst."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass  # ett filsystem utan lås: då får det gå ändå
    return True


@contextlib.contextmanager
def installation_lock() -> "Iterator[None]":
    """Två installationer samtidigt i samma mapp skulle förstöra för varandra.

    Låset släpper av sig självt när processen dör.
    """
    VENV.parent.mkdir(parents=True, exist_ok=True)
    with VENV.with_name(VENV.name + ".lock").open("a") as handle:
        if not take_lock(handle):
            raise CourseError(
                "En installation pågår redan, kanske i ett annat fönster. Vänta tills den är "
                "klar och kör sedan samma kommando igen."
            )
        yield


def child_environment() -> "dict[str, str]":
    """Miljövariabler för pip, Jupyter och pytest, utan sådant som pekar bort från miljön."""
    away = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    variables = {name: value for name, value in os.environ.items() if name not in away}
    return dict(variables, PIP_DISABLE_PIP_VERSION_CHECK="1", JUPYTER_PREFER_ENV_PATH="1")


def run(command: "list[str]") -> int:
    """Kör venv eller pip så att dess egna rader och förloppsmätare syns."""
    environment = dict(child_environment(), PYTHONUNBUFFERED="1")
    return subprocess.call(command, cwd=str(ROOT), env=environment, stdout=sys.stdout)


# Vad pip skriver när något går fel, och vad man gör åt det. Den första som stämmer gäller:
# utan nät säger pip till sist "No matching distribution found" också (`setuptools` hämtas först).
PIP_FAILURES = {
    "CERTIFICATE_VERIFY_FAILED|SSLError": (
        "Anslutningen till pypi.org gick inte att lita på (fel certifikat). Sitter du bakom en "
        "skolas eller ett företags brandvägg: fråga it-stödet, eller pröva ett annat nät."
    ),
    "Max retries exceeded|NewConnectionError|name resolution|getaddrinfo failed"
    "|Network is unreachable|Read ?[tT]imed? ?[oO]ut|ProxyError|ConnectionResetError"
    "|Connection broken|IncompleteRead|Could not fetch URL .*: connection error"
    "|No matching distribution found for setuptools": (
        "Det gick inte att hämta paketen, för det finns ingen kontakt med pypi.org. Kontrollera "
        "nätet och kör samma kommando igen. Sitter du bakom en proxy sätter du först "
        "miljövariabeln HTTPS_PROXY."
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
    print("Nu hämtas och installeras paketen. Pip berättar på engelska vad den gör; när den")
    print("skriver `Installing collected packages` är den tyst en stund, och det är som det ska.")
    if not succeeds([str(python), "-m", "pip", "--version"]):
        succeeds([str(python), "-m", "ensurepip"])  # en .venv från till exempel uv saknar pip
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
        return "Förra installationen blev inte färdig, så den görs om från början."
    if not interpreter(VENV).exists():
        return "Den Python som kursen installerades med är borta, så kursen installeras om."
    return "PyTorch byts mot den lilla versionen." if cpu and not state.cpu else ""


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
    """Kontrollera att det går och skapa miljön. kurs.json skrivs före allt annat."""
    check_computer(cpu)
    if VENV.exists() and any(VENV.iterdir()):
        raise CourseError(
            f"Mappen {VENV} finns redan, men är ingen Python-miljö. "
            "Flytta eller ta bort den och kör samma kommando igen."
        )
    print(f"Kursen installeras i {VENV}. Det tar några minuter och omkring 1,5 GB.")
    if not cpu and this_platform()[1].gigabytes > SMALL_TORCH:
        print("På Linux följer stöd för grafikkort med, omkring 5 GB till. Vill du slippa det")
        print(f"trycker du Ctrl-C och kör `{program()} setup --cpu` först.")
    VENV.mkdir(parents=True, exist_ok=True)
    write_state(State(cpu=cpu, made_here=True))
    base = getattr(sys, "_base_executable", None) or sys.executable
    if run([base, "-m", "venv", str(VENV)]):
        raise CourseError(
            f"Det gick inte att skapa en Python-miljö i {VENV}. Läs vad Python skrev här ovanför. "
            "Saknas någon del av Python? I Debian och Ubuntu: " + APT_VENV
        )


def install(extra: str, cpu: bool) -> None:
    """Skapa eller uppdatera miljön. Den är färdig först när kurs.json säger det, allra sist."""
    old = read_state()
    cpu = cpu or old.cpu
    reason = reason_to_rebuild(old, cpu)
    if reason:
        print(reason)
        remove_venv()
    if interpreter(VENV).exists():
        print(f"Det som är installerat i {VENV} kompletteras.")
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
            print(f"{error}\nKursen startar så länge med det som redan är installerat.")
    return interpreter(VENV)
