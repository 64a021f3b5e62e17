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
import subprocess
import sys
import unicodedata
from importlib import util
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent
NOTEBOOKS = ROOT / "notebooks"
WORK = ROOT / "mitt_arbete"
COPIED = WORK / ".kurs.json"
MARKS = WORK / "framsteg.jsonl"  # de övningar som har blivit gröna


def load(place: str) -> ModuleType:
    """En fil som klarar sig med standardbiblioteket; paketet den ligger i kräver torch."""
    spec = util.spec_from_file_location(Path(place).stem, str(ROOT / place))
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


installing = load("dqn_helpers/installing.py")
CourseError, program, CPU_HELP = installing.CourseError, installing.program, installing.CPU_HELP
ensure_environment = installing.ensure_environment

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
        print(f"Det finns en ny version av {short}. Hämta den: `{program()} fresh {short}`")
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
    *others, last = [short_name(name) for name in course_files()] or ["ingenting"]
    known = f"{', '.join(others)} och {last}" if others else last
    raise CourseError(f"Det finns ingen anteckningsbok {wanted}. Det som finns är {known}.", 2)


# --- Kommandona -------------------------------------------------------------------------------


def hand_over(command: "list[str]", cwd: Path, **variables: str) -> int:
    """Låt kommandot ta över. Ctrl-C går till det, och dess svar blir vårt."""
    environment = dict(installing.child_environment(), **variables)
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
    add("--no-browser", action="store_true",
        help="öppna ingen webbläsare, utan skriv bara adressen")  # fmt: skip
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
        command.append("--allow-root")  # i en container är man ofta root
    print(f"JupyterLab startar i {WORK}. Avsluta med Ctrl-C två gånger här.")
    return hand_over(command, WORK)


def setup(parser: argparse.ArgumentParser, arguments: "list[str]") -> int:
    """Installera och lägg fram mitt_arbete, för den som öppnar anteckningsböckerna på annat vis."""
    parser.add_argument("--cpu", action="store_true", help=CPU_HELP)
    python = ensure_environment("kurs", parser.parse_args(arguments).cpu)
    lay_out_work(course_files())
    print(f"Allt är på plats. Starta kursen: `{program()}`")
    print(f"I en annan editor väljer du Python-miljön {python}.")
    return 0


def fresh(parser: argparse.ArgumentParser, arguments: "list[str]") -> int:
    """Lägg fram en ny kopia av en anteckningsbok och spara den gamla bredvid."""
    parser.usage = f"{parser.prog} BOK"
    parser.add_argument("books", nargs="*", metavar="BOK", help="bokens nummer, till exempel 03")
    books = parser.parse_args(arguments).books
    if len(books) != 1:
        raise CourseError(f"Skriv vilken anteckningsbok det gäller: `{program()} fresh 03`", 2)
    for book in find_course_files(books[0]):
        put_aside(WORK / book)
        lay_out_work([book])
        print(f"En ny {book.name} ligger i mitt_arbete.")
    print("Har du boken öppen i JupyterLab stänger du fliken och öppnar boken på nytt.")
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


def check_saved(parser: argparse.ArgumentParser, arguments: "list[str]") -> int:
    """Se efter att den sparade boken går att lämna in, så som rättaren läser den."""
    parser.usage = f"{parser.prog} BOK"
    parser.add_argument("books", nargs="*", metavar="BOK", help="bokens nummer, till exempel 05")
    books = parser.parse_args(arguments).books or ["05"]
    files = [WORK / name for book in books for name in find_course_files(book)]
    python = ensure_environment("kurs")
    module = ["-m", "dqn_helpers.submission.saved", *map(str, files)]
    return hand_over([str(python), *module], ROOT)


def test(parser: argparse.ArgumentParser, arguments: "list[str]") -> int:
    """Kör testerna i en enda körning av pytest, vars svar går vidare som vårt."""
    parser.usage = f"{parser.prog} [--allt] [VAD SOM HELST TILL PYTEST]"
    everything = "kör också det långa: tester märkta `lang`, bok 04 och 05, och facit"
    parser.add_argument("--allt", action="store_true", help=everything)
    options, rest = parser.parse_known_args(arguments)
    # En process mer än kärnorna på en liten dator: många tester väntar på en annan process.
    command = ["-m", "pytest", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
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
    getattr(load(file), f"add_{name}_arguments")(parser)
    parser.parse_args(arguments)  # svarar på --help och stoppar det felskrivna genast
    with contextlib.redirect_stdout(sys.stderr):  # på stdout kan ett annat program läsa svaret
        python = ensure_environment(extra)
    return hand_over([str(python), "-m", module, *arguments], Path.cwd())


TOOLS = {  # modulen som körs, filen med valen och den del av kursen som behövs
    "grade": ("dqn_helpers.autograder", "dqn_helpers/autograder/arguments.py", "larare"),
    "assess": ("dqn_helpers.teacher.assess", "dqn_helpers/teacher/arguments.py", "larare"),
    "similar": ("dqn_helpers.teacher.similar", "dqn_helpers/teacher/arguments.py", "larare"),
    "report": ("dqn_helpers.teacher.term", "dqn_helpers/teacher/arguments.py", "larare"),
    "book": ("dqn_helpers.teacher.book", "dqn_helpers/teacher/arguments.py", "bok"),
    "release": ("dqn_helpers.teacher.release", "dqn_helpers/autograder/arguments.py", "larare"),
}
COMMANDS = {  # ett per rad: det som utför kommandot, hur det skrivs och vad hjälpen säger
    "start": (start, "", "starta kursen i JupyterLab (installerar första gången)"),
    "setup": (setup, "setup", "installera och lägg fram mitt_arbete, men öppna inget"),
    "fresh": (fresh, "fresh 03", "lägg fram bok 03 på nytt; din gamla sparas bredvid"),
    "kontrollera": (check_saved, "kontrollera 05",
                    "se efter att den sparade boken går att lämna in"),
    "test": (test, "test", "kör testerna; det du skriver därefter går vidare till pytest"),
    "grade": (tool, "grade FIL …", "rätta inlämningar (för lärare)"),
    "assess": (tool, "assess", "bedöm skrivna svar för hand (för lärare)"),
    "similar": (tool, "similar FIL", "visa vilka inlämningar som liknar varandra (för lärare)"),
    "report": (tool, "report MAPP", "visa hur det har gått under terminen (för lärare)"),
    "book": (tool, "book", "gör en webbplats av böckerna, i mappen webbok"),
    "release": (tool, "release", "gör studenternas böcker av facit (för lärare);\n"
                "--zip FIL packar allt som en student behöver"),
}  # fmt: skip
FOR_STUDENTS = ("start", "setup", "fresh", "kontrollera")  # de andra finns inte i studentversionen
SYNONYMS = {  # svenska och närliggande ord som någon kan tänkas skriva, och vad som menades
    "starta": "start", "installera": "setup", "install": "setup", "testa": "test",
    "tester": "test", "ny": "fresh", "nytt": "fresh", "kopia": "fresh", "rätta": "grade",
    "rattning": "grade", "likheter": "similar", "bedöm": "assess", "bedömning": "assess",
    "rapport": "report", "termin": "report", "bok": "book", "webbok": "book",
    "hjälp": "--help", "help": "--help", "--help": "--help",
}  # fmt: skip


def overview() -> str:
    """Kommandona som finns här."""
    everything = (ROOT / "dqn_helpers" / "autograder").exists()
    lines = ["Kursen i djup Q-inlärning", ""]
    width = max(len(f"{program()} {usage}") for _, usage, _ in COMMANDS.values()) + 2
    for name, (_, usage, text) in COMMANDS.items():
        if everything or name in FOR_STUDENTS:
            shown = text.replace("\n", "\n  " + " " * width)
            lines.append(f"  {program() + ' ' + usage:<{width}}{shown}")
    return "\n".join([*lines, "", f"Vart och ett har egen hjälp: `{program()} setup --help`"])


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
    swedish = load("dqn_helpers/swedish_arguments.py")
    prog = program() if name == "start" else f"{program()} {name}"
    parser = swedish.SwedishParser(prog=prog, description=text[0].upper() + text[1:] + ".")
    return command(parser, rest)


def main(arguments: "list[str]") -> int:
    """Kör kommandot och gör varje väntat fel till ett besked på svenska."""
    show_in_any_terminal()
    try:
        installing.check_python_version()
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
        code, said = (
            1,
            f"Fel: Kursen får inte skriva i {error.filename or ROOT}.\nLägg den i en mapp ",
        )
        said += "som är din egen, till exempel under Dokument."
    except OSError as error:
        code, said = 1, f"Fel: Det gick inte att läsa eller skriva en fil ({error}).\n"
        said += f"Kontrollera disken och mappen {ROOT}, och kör om kommandot."
    print(said, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
