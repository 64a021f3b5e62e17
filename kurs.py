"""Kursen i djup Q-inlärning: `python kurs.py` installerar och startar, `--help` berättar mer.

Filen klarar sig med Pythons standardbibliotek. Den ska dessutom gå att *läsa* för gamla Python
(från 3.6), så att den som har en sådan får ett begripligt besked. Därför står typerna inom
citattecken, och nyare skrivsätt får vänta.
"""

import codecs
import contextlib
import difflib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import unicodedata
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import quote

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)  # den nyaste som den torch som står i constraints.txt finns för
GIGABYTE = 10**9
CPU_SIZE, CUDA_SIZE = 2 * GIGABYTE, 8 * GIGABYTE  # på disk, pips mellanlager inräknat
CPU_INDEX = "https://download.pytorch.org/whl/cpu"

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("KURS_VENV") or ROOT / ".venv").absolute()
STATE = VENV / "kurs.json"
PIP_LOG = ROOT / "pip.log"
NOTEBOOKS = ROOT / "notebooks"
WORK = ROOT / "mitt_arbete"
COPIED = WORK / ".kurs.json"

HELP = """\
Kursen i djup Q-inlärning

  {program}                starta kursen i JupyterLab (installerar första gången)
  {program} setup          installera och lägg fram mitt_arbete, men öppna inget
  {program} fresh 03       lägg fram anteckningsbok 03 på nytt; din gamla sparas bredvid
  {program} test           kör alla tester; det du skriver efter går vidare till pytest
  {program} grade FIL …    rätta inlämningar (för lärare)
  {program} release        gör studenternas anteckningsböcker av facit (för lärare);
                           --zip FIL packar allt som en student behöver
  {program} --help         visa den här texten

Val när kursen startas:
  --no-browser   öppna ingen webbläsare, skriv bara ut adressen
  --port NUMMER  använd den porten i stället för 8888
Val när kursen startas eller installeras:
  --cpu          Linux utan grafikkort från Nvidia: hämta PyTorchs lilla version

Du arbetar i mappen mitt_arbete. Inget där skrivs någonsin över.
"""

# Raderna i hjälpen om det som inte följer med i studentversionen.
TEACHERS_LINE = re.compile(r"för lärare|--zip FIL| test  ")

# Rättarens inhägnad, som bara finns för Linux.
SANDBOX = ["py_landlock", "pyseccomp"] if sys.platform == "linux" else []

# Vad miljön måste innehålla för att duga till respektive del av kursen.
MODULES = {
    "kurs": ["torch", "gymnasium", "matplotlib", "jupyterlab", "ipykernel", "ipywidgets", "tqdm"],
    "larare": ["nbformat", "pytest", "jinja2", "mistune", *SANDBOX],
    "dev": ["nbval", "xdist", "pytest_timeout", "mypy", "ruff"],
}
INCLUDES = {"kurs": ["kurs"], "larare": ["kurs", "larare"], "dev": ["kurs", "larare", "dev"]}

# Svenska och närliggande ord som någon kan tänkas skriva, och vad som menades.
SYNONYMS = {
    "starta": "start",
    "installera": "setup",
    "install": "setup",
    "testa": "test",
    "tester": "test",
    "ny": "fresh",
    "nytt": "fresh",
    "kopia": "fresh",
    "rätta": "grade",
    "rattning": "grade",
    "hjälp": "--help",
    "help": "--help",
}

# Valen i pytest som följs av ett värde, så att värdet inte tas för en fil att testa.
PYTEST_VALUES = (
    "-k -m -n -p -c -o -r -W --tb --dist --maxfail --durations --deselect --ignore --junitxml "
    "--timeout --submission --cov"
)


class CourseError(Exception):
    """Ett fel som användaren ska läsa: vad som hände och vad man gör åt det."""

    exit_code = 1


class UsageError(CourseError):
    """Kommandot är felskrivet."""

    exit_code = 2


class State(NamedTuple):
    """Det som filen kurs.json i miljön berättar."""

    ready: bool  # falskt medan något installeras
    fingerprint: str
    extras: "tuple[str, ...]"
    cpu: bool
    made_here: bool  # en miljö som någon annan har gjort tar vi aldrig bort


# --- Att tala med användaren ------------------------------------------------------------------


def plain_letters(error: UnicodeError) -> "tuple[str, int]":
    """Ersätt tecken som terminalen inte kan visa: å blir a, övriga blir ett frågetecken."""
    assert isinstance(error, UnicodeEncodeError)
    letters = unicodedata.normalize("NFKD", error.object[error.start : error.end])
    return letters.encode("ascii", "ignore").decode() or "?", error.end


codecs.register_error("plain", plain_letters)


def say(text: str, stream: "IO[str] | None" = None) -> None:
    """Skriv en rad som går att visa även i en terminal utan å, ä och ö."""
    stream = stream or sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(text.encode(encoding, "plain").decode(encoding), file=stream)
    stream.flush()


def program() -> str:
    """Så som kommandot heter hos användaren: `python3 kurs.py` eller `python kurs.py`."""
    name = os.path.basename(sys.executable or "python")
    return "{} kurs.py".format(name[:-4] if name.endswith(".exe") else name)


def suggestion(word: str, known: "list[str]") -> str:
    """`Menade du …?` om ordet liknar något känt, annars en tom text."""
    meant = [SYNONYMS.get(close, close) for close in difflib.get_close_matches(word, known, 1, 0.5)]
    return f"Menade du `{program()} {meant[0]}`? " if meant else ""


def read_options(
    arguments: "list[str]", flags: "list[str]", values: "tuple[str, ...]" = ()
) -> "tuple[dict[str, str], list[str]]":
    """Dela upp argumenten i val (med värden) och övriga ord."""
    options, words = {}, []
    rest = list(arguments)
    while rest:
        word, _, value = rest.pop(0).partition("=")
        if word in values:
            if not value and not rest:
                raise UsageError(f"{word} ska följas av ett värde, t.ex. {word} 8889.")
            options[word] = value or rest.pop(0)
        elif word in flags and not value:
            options[word] = "ja"
        elif word.startswith("-"):
            hint = suggestion(word, flags + list(values))
            raise UsageError(f"Valet {word} finns inte här. {hint}Alla val: `{program()} --help`")
        else:
            words.append(word)
    return options, words


# --- Går det att installera här? --------------------------------------------------------------


def check_python_version() -> None:
    """Kursen behöver en någorlunda ny Python."""
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return
    newer = [f"python3.{minor}" for minor in range(NEWEST_PYTHON[1], 10, -1)]
    advice = (
        "Hämta en på https://www.python.org/downloads/ (eller med conda, se README.md) "
        "och kör sedan med den: `python3.12 kurs.py`, i Windows `py -3.12 kurs.py`."
    )
    for name in filter(works, newer):
        advice = f"Du verkar redan ha en: pröva `{name} kurs.py`."
        break
    raise CourseError(
        f"Kursen behöver Python 3.11 eller nyare, men det här är {platform.python_version()}\n"
        f"({sys.executable}).\n{advice}"
    )


def works(command: str) -> bool:
    """Finns kommandot, och startar det?"""
    quiet = subprocess.DEVNULL
    path = shutil.which(command)
    return bool(path) and subprocess.call([command, "--version"], stdout=quiet, stderr=quiet) == 0


def platform_problem() -> str:
    """Varför PyTorch inte finns för den här datorn eller den här Python; tom text om den finns."""
    if sys.version_info[:2] > NEWEST_PYTHON:
        return "Python {}.{} är nyare än vad kursens PyTorch klarar.".format(*sys.version_info[:2])
    if sys.implementation.name != "cpython":
        return f"Det här är {sys.implementation.name}; PyTorch behöver vanliga CPython."
    if sys.maxsize <= 2**32:
        return "Det här är en 32-bitars Python; PyTorch finns bara för 64 bitar."
    if sysconfig.get_platform() == "win-arm64":
        return "PyTorch finns inte för den Python som är gjord för Windows på ARM."
    problems = {"Linux": linux_problem, "Darwin": mac_problem}
    return problems.get(platform.system(), str)()


def linux_problem() -> str:
    """PyTorch för Linux är byggd mot glibc 2.28, för två slags processorer."""
    if platform.machine() not in ("x86_64", "aarch64"):
        return f"PyTorch finns inte för processorer av slaget {platform.machine()}."
    if "musl" in (sysconfig.get_config_var("SOABI") or ""):
        return "Det här är ett Linux med musl (t.ex. Alpine); PyTorch behöver glibc."
    name, version = platform.libc_ver()
    if name == "glibc" and version_numbers(version) < [2, 28]:
        return f"Det här Linuxet har glibc {version}; PyTorch behöver 2.28 eller nyare."
    return ""


def mac_problem() -> str:
    """PyTorch för Mac finns bara för M-processorer och macOS 14 eller nyare."""
    if platform.machine() != "arm64":
        return "PyTorch finns inte längre för Mac med Intelprocessor (eller Python för Intel)."
    version = platform.mac_ver()[0]
    if version_numbers(version) < [14]:
        return f"Det här är macOS {version}; PyTorch behöver macOS 14 eller nyare."
    return ""


def version_numbers(version: str) -> "list[int]":
    """Talen i en version, så att 2.9 kommer före 2.28."""
    return [int(part) for part in version.split(".") if part.isdigit()]


def platform_advice() -> str:
    """Vad den kan göra vars dator eller Python saknar PyTorch."""
    newest = "{}.{}".format(*NEWEST_PYTHON)
    download = "https://www.python.org/downloads/"
    if sys.version_info[:2] > NEWEST_PYTHON:
        return (
            f"Installera Python {newest} vid sidan av ({download}), ta bort mappen .venv om den "
            f"finns och kör med den: `python{newest} kurs.py`, i Windows `py -{newest} kurs.py`."
        )
    if platform.system() == "Darwin":
        return (
            "Kursen behöver macOS 14 och en Mac med M-processor. Har du det: installera Python "
            f"från {download} och kör med den. "
            "Annars: Colab eller skolans JupyterHub, se README.md."
        )
    if platform.system() == "Windows":
        return (
            f"Installera Python {newest} för 64 bitar (x86-64) från {download} och kör med den. "
            "Den fungerar även på en dator med ARM."
        )
    return (
        f"Kör med vanliga CPython 3.11–{newest} för 64 bitar på ett Linux med glibc, "
        "eller använd Colab eller skolans JupyterHub, se README.md."
    )


def check_platform() -> None:
    """Säg ifrån innan något hämtas om PyTorch ändå inte finns."""
    problem = platform_problem()
    if problem:
        raise CourseError(f"{problem}\n{platform_advice()}")


def check_venv_module() -> None:
    """Debian och Ubuntu lägger en del av venv i ett eget paket."""
    if util.find_spec("venv") and util.find_spec("ensurepip"):
        return
    raise CourseError(
        "Din Python saknar venv, som behövs för att installera kursen. I Debian och Ubuntu:\n"
        "  sudo apt install python{}.{}-venv\n"
        "Kör sedan samma kommando igen. På andra system: installera Python från "
        "https://www.python.org/downloads/".format(*sys.version_info[:2])
    )


def is_big_download(cpu: bool) -> bool:
    """PyPI:s torch för Linux tar med sig flera gigabyte CUDA; andra system får en liten."""
    return platform.system() == "Linux" and not cpu


def has_own_package_source() -> bool:
    """Har användaren ställt in egna paketkällor vet vi inte hur stor PyTorch blir."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return any(word in answer.stdout for word in (b"index-url", b"find-links"))


def check_disk(cpu: bool) -> None:
    """Jämför ledigt utrymme med vad installationen brukar ta."""
    free = shutil.disk_usage(str(VENV.parent)).free
    missing = "På disken finns {:.1f} GB ledigt, men installationen tar omkring {:.0f} GB. "
    if free < CPU_SIZE:
        text = missing.format(free / GIGABYTE, CPU_SIZE / GIGABYTE)
        raise CourseError(
            text + "Töm papperskorgen eller flytta något stort. Du kan också lägga "
            "installationen på en annan disk: sätt miljövariabeln KURS_VENV till en mapp där."
        )
    if is_big_download(cpu) and free < CUDA_SIZE and not has_own_package_source():
        text = missing.format(free / GIGABYTE, CUDA_SIZE / GIGABYTE)
        raise CourseError(
            text + "Nästan allt är stöd för grafikkort, och kursen klarar sig utan. Kör\n"
            f"  {program()} setup --cpu\nså räcker 2 GB."
        )


# --- Miljön -----------------------------------------------------------------------------------


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
    modules = [module for part in INCLUDES[extra] for module in MODULES[part]]
    code = (
        "import sys; from importlib.util import find_spec; course = find_spec('dqn_helpers');"
        "print(course.origin if course and all(map(find_spec, sys.argv[1:])) else '')"
    )
    command = [str(python), "-I", "-X", "utf8", "-c", code, *modules]
    try:
        answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    origin = answer.stdout.decode("utf-8", "replace").strip()
    return bool(origin) and ROOT in Path(origin).resolve().parents


def active_python(extra: str) -> "Path | None":
    """Python i en aktiverad miljö som har kursen. Saknas bara verktyg läggs de till där."""
    if os.environ.get("KURS_VENV"):
        return None
    for environment in active_environments():
        python = interpreter(environment)
        if has_course(python, "kurs"):
            say(f"Använder den aktiverade miljön {environment}")
            if not has_course(python, extra):
                pip_install(python, tuple(INCLUDES[extra]), cpu=False)
            return python
    return None


def fingerprint() -> str:
    """Ändras när beroendena ändras eller när mappen flyttas."""
    digest = hashlib.sha256(str(ROOT).encode("utf-8", "surrogateescape"))
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def read_state() -> "State | None":
    """Vad som är installerat; None där kurs.py aldrig har varit."""
    try:
        fields = json.loads(STATE.read_text(encoding="utf-8"))
        fields["extras"] = tuple(fields["extras"])
        return State(**fields)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return State(False, "", (), False, True)  # filen är avhuggen: installationen avbröts


def write_state(state: State) -> None:
    """Byt ut kurs.json i ett svep, så att den aldrig är halv."""
    draft = STATE.with_name("kurs.json.ny")
    draft.write_text(json.dumps(state._asdict()), encoding="utf-8")
    os.replace(str(draft), str(STATE))


def is_ready(state: "State | None", extra: str, cpu: bool) -> bool:
    """Kan vi starta direkt, utan att installera något?"""
    return (
        state is not None
        and state.ready
        and state.fingerprint == fingerprint()
        and extra in state.extras
        and (state.cpu or not cpu)
        and interpreter(VENV).exists()
    )


def try_lock(handle: "IO[str]") -> bool:
    """Lås filen om ingen annan har den; låset släpper av sig självt när processen dör."""
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
        return True  # ett filsystem utan lås: då får det gå ändå
    return True


@contextlib.contextmanager
def installation_lock() -> "Iterator[None]":
    """Två installationer samtidigt i samma mapp skulle förstöra för varandra."""
    with VENV.with_name(VENV.name + ".lock").open("a") as handle:
        if not try_lock(handle):
            raise CourseError(
                "En installation pågår redan, kanske i ett annat fönster. Vänta tills den är "
                "klar och kör sedan samma kommando igen."
            )
        yield


def child_environment() -> "dict[str, str]":
    """Miljövariabler för pip, Jupyter och pytest, utan sådant som pekar bort från miljön."""
    away = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    variables = {name: value for name, value in os.environ.items() if name not in away}
    variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    variables["JUPYTER_PREFER_ENV_PATH"] = "1"
    return variables


def create_venv() -> None:
    """Gör en tom miljö i .venv."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    command = [base, "-m", "venv", str(VENV)]
    answer = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=child_environment()
    )
    if answer.returncode:
        text = answer.stdout.decode(errors="replace").strip()
        raise CourseError(
            "Det gick inte att göra en Python-miljö i {}.\nPython säger: {}\nSaknas något av "
            "Python? I Debian och Ubuntu: sudo apt install python{}.{}-venv".format(
                VENV, text, *sys.version_info[:2]
            )
        )


def ensure_pip(python: Path) -> None:
    """En .venv från t.ex. uv saknar pip."""
    for arguments in (["pip", "--version"], ["ensurepip"]):
        command = [str(python), "-m", *arguments]
        if subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return


def pip_command(python: Path, extras: "tuple[str, ...]", cpu: bool) -> "list[str]":
    """Pips kommando för kursen med versionerna ur constraints.txt; körs i kursens mapp."""
    command = [str(python), "-m", "pip", "install", "--log", str(PIP_LOG)]
    if cpu:
        command += ["--extra-index-url", CPU_INDEX]
    return [*command, "-c", "constraints.txt", "-e", ".[{}]".format(",".join(extras))]


def run_pip(command: "list[str]") -> int:
    """Kör pip så att dess egna rader och förloppsmätare syns."""
    environment = dict(child_environment(), PYTHONUNBUFFERED="1")
    return subprocess.call(command, cwd=str(ROOT), env=environment)


# Vad pip skriver när något går fel, och vad man gör åt det. Den första som stämmer gäller:
# utan nät säger pip till sist "No matching distribution found" också.
PIP_FAILURES = [
    (
        ["CERTIFICATE_VERIFY_FAILED", "SSLError"],
        "Anslutningen till pypi.org gick inte att lita på (fel certifikat). Sitter du bakom en "
        "skolas eller ett företags brandvägg: fråga it-stödet, eller pröva ett annat nät.",
    ),
    (
        ["Max retries exceeded", "NewConnectionError", "name resolution", "getaddrinfo failed",
         "Network is unreachable", "ReadTimeoutError", "ProxyError", "ConnectionResetError",
         "Connection broken", "IncompleteRead", "Read timed out",
         "No matching distribution found for setuptools"],  # den första pip försöker hämta
        "Det gick inte att hämta paketen: ingen kontakt med pypi.org. Kontrollera nätet och kör "
        "samma kommando igen. Bakom en proxy: sätt miljövariabeln HTTPS_PROXY först.",
    ),
    (
        ["No space left on device", "[Errno 28]", "WinError 112"],
        "Disken blev full. Frigör plats och kör samma kommando igen. Är det bara mappen för "
        "tillfälliga filer som är liten: sätt miljövariabeln TMPDIR till en mapp med plats.",
    ),
    (
        ["WinError 5]", "WinError 32]"],
        "Filer i miljön används av ett annat program. Stäng JupyterLab och andra program som kör "
        "Python, och kör samma kommando igen.",
    ),
    (
        ["Long Path support"],
        "Sökvägen blev för lång för Windows. Flytta kursens mapp närmare roten, till exempel "
        "C:\\kurs, och kör samma kommando igen.",
    ),
    (
        ["requires a different Python"],
        "Mappen .venv är gjord med en för gammal Python. Ta bort mappen .venv och kör samma "
        "kommando igen.",
    ),
]  # fmt: skip


def explain_pip_failure(log: str) -> str:
    """Översätt det pip skrev till vad som hände och vad man gör."""
    for signs, explanation in PIP_FAILURES:
        if any(sign in log for sign in signs):
            return explanation
    if "No matching distribution found for torch" in log:
        problem = platform_problem() or "PyTorch finns inte för den här datorn och Python {}."
        return problem.format(platform.python_version()) + "\n" + platform_advice()
    return (
        "Installationen misslyckades. Läs vad pip skrev här ovanför. Kör samma kommando en gång "
        f"till; går det inte då heller, ta bort mappen {VENV} och börja om, eller be om hjälp och "
        f"visa filen {PIP_LOG}."
    )


def pip_install(python: Path, extras: "tuple[str, ...]", cpu: bool) -> None:
    """Installera kursen och det den behöver."""
    say("Hämtar och installerar paketen. Pip berättar på engelska vad den gör; när den skriver")
    say("`Installing collected packages` är den tyst en stund, och det är som det ska.")
    ensure_pip(python)
    with contextlib.suppress(FileNotFoundError):
        PIP_LOG.unlink()
    if run_pip(pip_command(python, extras, cpu)) == 0:
        return
    log = PIP_LOG.read_text(encoding="utf-8", errors="replace") if PIP_LOG.exists() else ""
    raise CourseError(explain_pip_failure(log))


def set_up_jupyterlab() -> None:
    """Inga engelska frågor om nyheter, och ordlistan som läsbar sida; bara i kursens egen miljö."""
    settings = VENV / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    news = {"fetchNews": "false", "checkForUpdates": False}
    viewers = {"defaultViewers": {"markdown": "Markdown Preview"}}
    choices = {
        "@jupyterlab/apputils-extension:notification": news,
        "@jupyterlab/docmanager-extension:plugin": viewers,
    }
    settings.write_text(json.dumps(choices), encoding="utf-8")


def reason_to_rebuild(state: "State | None", cpu: bool) -> str:
    """Varför miljön måste göras om från början; tom text om den duger att bygga vidare på."""
    if state is None or not state.made_here:
        return ""
    if not state.ready:
        return "Förra installationen blev inte färdig. Börjar om från början."
    if not interpreter(VENV).exists():
        return "Den Python som kursen installerades med är borta. Installerar om."
    if cpu and not state.cpu:
        return "Byter till den lilla versionen av PyTorch."
    return ""


def remove_venv() -> None:
    """Ta bort en miljö som kurs.py har gjort. Den byter namn först, så att den aldrig är halv."""
    old = VENV.with_name(VENV.name + ".gammal")
    try:
        if old.exists():
            shutil.rmtree(str(old))
        VENV.rename(old)
        shutil.rmtree(str(old))
    except PermissionError:
        raise CourseError(
            f"Mappen {VENV} används. Stäng JupyterLab och andra program som kör Python, och kör "
            "sedan samma kommando igen."
        ) from None


def new_venv(cpu: bool) -> None:
    """Kontrollera att det går och gör miljön. kurs.json skrivs före allt annat."""
    check_platform()
    check_venv_module()
    check_disk(cpu)
    if VENV.exists() and any(VENV.iterdir()):
        raise CourseError(
            f"Mappen {VENV} finns redan, men är ingen Python-miljö. "
            "Flytta eller ta bort den och kör samma kommando igen."
        )
    say(f"Installerar kursen i {VENV}. Det tar några minuter och omkring 1,5 GB.")
    if is_big_download(cpu):
        say("På Linux följer stöd för grafikkort med, omkring 5 GB till. --cpu låter bli det.")
    VENV.mkdir(parents=True, exist_ok=True)
    write_state(State(False, "", (), cpu, made_here=True))
    create_venv()


def install(extra: str, cpu: bool) -> None:
    """Gör eller uppdatera miljön. Den är färdig först när kurs.json säger det, allra sist."""
    state = read_state()
    reason = reason_to_rebuild(state, cpu)
    if reason:
        say(reason)
        remove_venv()
    cpu = cpu or (state is not None and state.cpu)
    made_here = not interpreter(VENV).exists()
    if made_here:
        new_venv(cpu)
    else:
        say(f"Kompletterar det som är installerat i {VENV}")
    old = state if state is not None and not made_here else None
    extras = tuple(sorted({*INCLUDES[extra], *(old.extras if old else ())}))
    new = State(False, "", extras, cpu, old.made_here if old else made_here)
    write_state(new)
    try:
        pip_install(interpreter(VENV), extras, cpu)
    except CourseError:
        if old is not None:
            write_state(old)  # pip ändrar inget förrän allt är hämtat: det gamla fungerar än
        raise
    set_up_jupyterlab()
    write_state(new._replace(ready=True, fingerprint=fingerprint()))
    say("Installationen är klar.")


def usable_anyway(extra: str) -> bool:
    """Fungerar det som redan är installerat, fast uppdateringen inte gick?"""
    state = read_state()
    return bool(state and state.ready and extra in state.extras and interpreter(VENV).exists())


def ensure_environment(extra: str, cpu: bool = False, tolerant: bool = False) -> Path:
    """Python i en miljö som har kursen; installerar den om det behövs."""
    python = active_python(extra)
    if python is not None:
        return python
    cpu = cpu and platform.system() == "Linux"
    if is_ready(read_state(), extra, cpu):
        return interpreter(VENV)
    VENV.parent.mkdir(parents=True, exist_ok=True)
    try:
        with installation_lock():
            install(extra, cpu)
    except CourseError as error:
        if not (tolerant and usable_anyway(extra)):
            raise
        say(f"{error}\nStartar så länge med det som redan är installerat.")
    return interpreter(VENV)


# --- mitt_arbete ------------------------------------------------------------------------------


def course_files() -> "list[Path]":
    """Filerna i notebooks/, som sökvägar därifrån."""
    paths = (path.relative_to(NOTEBOOKS) for path in sorted(NOTEBOOKS.rglob("*")) if path.is_file())
    hidden = (".", "__pycache__")
    return [path for path in paths if not any(part.startswith(hidden) for part in path.parts)]


def content_hash(path: Path) -> str:
    """En kontrollsumma för att se om en fil har ändrats."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_copied() -> "dict[str, str]":
    """Vilken version av varje fil som har lagts fram."""
    try:
        return dict(json.loads(COPIED.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return {}


def copy_new(name: Path) -> None:
    """Kopiera en fil till mitt_arbete. Finns den redan är det ett fel, aldrig en överskrivning."""
    target = WORK / name
    target.parent.mkdir(parents=True, exist_ok=True)
    content = (NOTEBOOKS / name).read_bytes()
    with target.open("xb") as handle:
        handle.write(content)


def lay_out_work() -> "list[Path]":
    """Kopiera det som saknas till mitt_arbete; svara med det som har kommit i ny version."""
    WORK.mkdir(exist_ok=True)
    copied, newer = read_copied(), []
    for name in course_files():
        current = content_hash(NOTEBOOKS / name)
        if not (WORK / name).exists():
            copy_new(name)
            copied[name.as_posix()] = current
        elif copied.setdefault(name.as_posix(), current) != current:
            newer.append(name)
    COPIED.write_text(json.dumps(copied, indent=1), encoding="utf-8")
    return [name for name in newer if content_hash(WORK / name) != content_hash(NOTEBOOKS / name)]


def short_name(name: Path) -> str:
    """Det man skriver efter `fresh`: numret om filen har ett, annars namnet."""
    number = name.name.split("_")[0]
    return number if number.isdigit() else name.name


def announce(newer: "list[Path]") -> None:
    """Tala om vilka filer som har kommit i ny version."""
    for name in newer:
        short = short_name(name)
        say(f"Ny version av {short} finns. Hämta den: {program()} fresh {short}")
    if newer:
        say("Din egen kopia sparas då bredvid.")


def find_course_file(wanted: str) -> Path:
    """Filen i notebooks/ som någon menar med `03`, `3` eller ett namn."""
    number = wanted.zfill(2) if wanted.isdigit() else wanted
    for name in course_files():
        if number in (short_name(name), name.name, name.stem, name.as_posix()):
            return name
    known = ", ".join(short_name(name) for name in course_files()) or "inga än"
    raise UsageError(f"Det finns ingen anteckningsbok {wanted}. De som finns: {known}.")


def set_aside(path: Path) -> Path:
    """Byt namn på studentens fil till det första lediga `…_sparad_1`, `_2` och så vidare."""
    number = 1
    while True:
        saved = path.with_name(f"{path.stem}_sparad_{number}{path.suffix}")
        if not saved.exists():
            path.rename(saved)
            return saved
        number += 1


# --- Kommandona -------------------------------------------------------------------------------


def hand_over(command: "list[str]", cwd: Path, **variables: str) -> int:
    """Låt kommandot ta över. Ctrl-C går till det, och dess svar blir vårt."""
    environment = dict(child_environment(), **variables)
    sys.stdout.flush()
    if os.name == "posix":
        os.chdir(str(cwd))
        os.execve(command[0], command, environment)
    process = subprocess.Popen(command, cwd=str(cwd), env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def start_page() -> str:
    """Den anteckningsbok som öppnas först: 00_start, eller den första som finns."""
    notebooks = [name.name for name in course_files() if name.suffix == ".ipynb"]
    return notebooks[0] if notebooks else ""


def lab_command(python: Path, options: "dict[str, str]") -> "list[str]":
    """Kommandot som startar JupyterLab i mitt_arbete med startsidan öppen."""
    command = [str(python), "-m", "jupyterlab", "--ServerApp.root_dir=" + str(WORK)]
    page = start_page()
    command.append("--LabApp.default_url=" + ("/lab/tree/" + quote(page) if page else "/lab"))
    command.append("--ServerApp.log_level=WARN")
    if "--no-browser" in options:
        command.append("--no-browser")
    if "--port" in options:
        command.append("--ServerApp.port=" + options["--port"])
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # i behållare är man ofta root
    return command


def start(arguments: "list[str]") -> int:
    """Installera om det behövs, lägg fram mitt_arbete och öppna JupyterLab."""
    options, words = read_options(arguments, ["--no-browser", "--cpu"], ("--port",))
    if words:
        raise UsageError(f"Förstår inte `{words[0]}` här. Se `{program()} --help`.")
    if not options.get("--port", "8888").isdigit():
        raise UsageError("--port ska vara ett tal, till exempel --port 8889.")
    python = ensure_environment("kurs", "--cpu" in options, tolerant=True)
    announce(lay_out_work())
    say(f"Startar JupyterLab på {WORK}. Avsluta med Ctrl-C två gånger här.")
    return hand_over(lab_command(python, options), WORK)


def setup(arguments: "list[str]") -> int:
    """Installera och lägg fram mitt_arbete, för den som öppnar anteckningsböckerna på annat vis."""
    options, words = read_options(arguments, ["--cpu"])
    if words:
        raise UsageError(f"Förstår inte `{words[0]}` här. Se `{program()} --help`.")
    python = ensure_environment("kurs", "--cpu" in options)
    announce(lay_out_work())
    say(f"Allt är på plats. Starta kursen: {program()}")
    say(f"I en annan editor väljer du Python-miljön {python}")
    return 0


def fresh(arguments: "list[str]") -> int:
    """Lägg fram en ny kopia av en anteckningsbok och spara den gamla bredvid."""
    _, words = read_options(arguments, [])
    if len(words) != 1:
        raise UsageError(f"Skriv vilken anteckningsbok: `{program()} fresh 03`")
    name = find_course_file(words[0])
    WORK.mkdir(exist_ok=True)
    if (WORK / name).exists():
        say(f"Din gamla kopia heter nu {set_aside(WORK / name).name}.")
    copy_new(name)
    copied = dict(read_copied(), **{name.as_posix(): content_hash(WORK / name)})
    COPIED.write_text(json.dumps(copied, indent=1), encoding="utf-8")
    say(f"En ny {name.name} ligger i mitt_arbete.")
    say("Har du boken öppen i JupyterLab: stäng fliken och öppna boken på nytt.")
    return 0


def split_paths(arguments: "list[str]") -> "tuple[list[str], list[str]]":
    """Skilj filer och mappar att testa från pytests val. Filerna får hela sökvägen."""
    paths, options, previous = [], [], ""
    for argument in arguments:
        path, colons, test = argument.partition("::")
        places = [Path.cwd() / path, ROOT / path]
        found = [str(place) for place in places if place.exists()]
        if found and not argument.startswith("-") and previous not in PYTEST_VALUES.split():
            paths.append(found[0] + colons + test)
        else:
            options.append(argument)
        previous = argument
    return paths, options


def test_command(python: Path, arguments: "list[str]") -> "list[str]":
    """En enda körning av pytest över enhetstester och anteckningsböcker."""
    paths, options = split_paths(arguments)
    folders = [name for name in ("tests", "solutions", "notebooks") if any((ROOT / name).glob("*"))]
    command = [str(python), "-m", "pytest", "-n", "2", "--dist", "loadfile", "--nbval-lax"]
    command += ["--nbval-current-env", "--nbval-cell-timeout", "1800"]
    return command + options + (paths or folders)


def test(arguments: "list[str]") -> int:
    """Kör testerna; svaret från pytest går vidare som vårt."""
    python = ensure_environment("dev")
    return hand_over(test_command(python, arguments), ROOT, OMP_NUM_THREADS="1")


def teachers_tool(module: str, arguments: "list[str]") -> int:
    """Lämna över till en modul i autorättaren, med användarens mapp som arbetsmapp."""
    path = ROOT.joinpath(*module.split("."))
    if not (path / "__main__.py").exists() and not path.with_suffix(".py").exists():
        raise CourseError("Det kommandot är lärarens och följer inte med i studentversionen.")
    python = ensure_environment("larare")
    return hand_over([str(python), "-m", module, *arguments], Path.cwd())


def grade(arguments: "list[str]") -> int:
    """Rätta inlämningar."""
    return teachers_tool("dqn_helpers.autograder", arguments)


def release(arguments: "list[str]") -> int:
    """Gör studenternas anteckningsböcker av facit."""
    return teachers_tool("dqn_helpers.autograder.release", arguments)


def help_text() -> str:
    """Hjälpen; lärarens kommandon nämns inte i studentversionen, där de inte finns."""
    text = HELP.format(program=program())
    if (ROOT / "dqn_helpers" / "autograder").exists():
        return text
    return "\n".join(line for line in text.split("\n") if not TEACHERS_LINE.search(line))


COMMANDS = {
    "start": start,
    "setup": setup,
    "fresh": fresh,
    "test": test,
    "grade": grade,
    "release": release,
}


def run(arguments: "list[str]") -> int:
    """Utför det kommando som står först, `start` om inget står där."""
    name = arguments[0] if arguments else "start"
    if name in ("-h", "--help"):
        say(help_text())
        return 0
    if name.startswith("-"):
        return start(arguments)
    if name not in COMMANDS:
        hint = suggestion(name, list(COMMANDS) + list(SYNONYMS))
        raise UsageError(
            f"Kommandot `{name}` finns inte. {hint}Alla kommandon: `{program()} --help`"
        )
    if name not in ("grade", "release") and {"-h", "--help"} & set(arguments):
        return run(["--help"])
    return COMMANDS[name](arguments[1:])


def main(arguments: "list[str]") -> int:
    """Kör kommandot och gör varje väntat fel till ett besked på svenska."""
    try:
        check_python_version()
        return run(arguments)
    except CourseError as error:
        say(f"Fel: {error}", sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        say("\nAvbrutet. Kör samma kommando igen när du vill fortsätta.", sys.stderr)
        return 130
    except BrokenPipeError:
        return 1  # den som läste vår utskrift slutade läsa, till exempel `| head`
    except PermissionError as error:
        say(f"Fel: Får inte skriva i {error.filename or ROOT}.", sys.stderr)
        say("Lägg kursen i en mapp som är din egen, t.ex. under Dokument.", sys.stderr)
    except OSError as error:
        say(f"Fel: Det gick inte att läsa eller skriva en fil ({error}).", sys.stderr)
        say(f"Kontrollera disken och mappen {ROOT} och kör samma kommando igen.", sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
