"""kurs.py: kommandona, installationen och att inget i mitt_arbete skrivs över."""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

REPO = Path(__file__).resolve().parents[1]
ARGUMENTS = [Path("dqn_helpers", part, "arguments.py") for part in ("autograder", "teacher")]
OUTER = ("kurs.py", "dqn_helpers/installing.py", "dqn_helpers/swedish_arguments.py")
"""Det som läses innan något är installerat, också av gamla Python."""
PIP_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS")


def load(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("kurs_under_test", folder / "kurs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """En liten kurs i en mapp med mellanslag och å, ä, ö."""
    root = tmp_path / "Min kurs åäö"
    (root / "notebooks" / "bilder").mkdir(parents=True)
    (root / "dqn_helpers").mkdir()
    for name in OUTER:
        shutil.copy(REPO / name, root / name)
    (root / "pyproject.toml").write_text("[project]\n")
    (root / "constraints.txt").write_text("torch==2.13.0\n")
    for name in ("00_start.ipynb", "03_traningssteget.ipynb", "ordlista.md", "bilder/vagn.svg"):
        (root / "notebooks" / name).write_text(f"första {name}", encoding="utf-8")
    for name in ("KURS_VENV", "VIRTUAL_ENV", "CONDA_PREFIX", *PIP_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return root


@pytest.fixture
def teachers_folder(folder):
    """Samma mapp med det av autorättaren som kurs.py läser innan något är installerat."""
    for file in ARGUMENTS:
        (folder / file).parent.mkdir()
        shutil.copy(REPO / file, folder / file)
    return folder


@pytest.fixture
def kurs(folder, monkeypatch):
    """kurs.py i den mappen, där venv, pip och det som tar över är utbytta mot minnen av anropen."""
    module = load(folder)
    module.calls, module.handed_over, module.pip_result, module.pip_says = [], [], 0, ""

    def run(command):
        if "venv" in command:
            return make_environment(module)
        module.calls.append((command, module.installing.read_state()))
        log = Path(command[command.index("--log") + 1])
        log.write_text(module.pip_says, encoding="utf-8")
        return module.pip_result

    def hand_over(command, cwd, **variables):
        module.handed_over.append((command, cwd, variables))
        return 0

    usage = SimpleNamespace(free=50e9)
    monkeypatch.setattr(module.installing.shutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr(module, "hand_over", hand_over)
    for name, stand_in in [
        ("run", run),
        ("succeeds", lambda command: True),
        ("active_environments", list),
        ("platform_problem", lambda: ""),
    ]:
        monkeypatch.setattr(module.installing, name, stand_in)
    module.disk = usage
    return module


def make_environment(kurs):
    """En .venv med en Python, som venv gör den."""
    python = kurs.installing.interpreter(kurs.installing.VENV)
    python.parent.mkdir(parents=True)
    python.touch()
    return 0


def run_script(folder, *arguments, before="", **variables):
    """Kör kurs.py i en egen process, efter att `before` har ändrat något i den."""
    code = f"import sys, runpy; {before}\nsys.argv = ['kurs.py', *{list(arguments)!r}]\n"
    code += f"runpy.run_path({str(folder / 'kurs.py')!r}, run_name='__main__')"
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", **variables}
    answer = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], capture_output=True, env=environment, cwd="/"
    )
    assert b"Traceback" not in answer.stderr
    return answer.returncode, answer.stdout.decode(), answer.stderr.decode()


# --- Filen själv ------------------------------------------------------------------------------


def annotations(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            everything = [*node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            yield from (argument.annotation for argument in everything if argument)
            yield node.returns
        elif isinstance(node, ast.AnnAssign):
            yield node.annotation


def test_old_pythons_can_read_the_file():
    for name in OUTER:
        tree = ast.parse((REPO / name).read_text(encoding="utf-8"), feature_version=(3, 7))
        newer_syntax = [ast.unparse(node) for node in annotations(tree)
                        if isinstance(node, ast.BinOp | ast.Subscript)]  # fmt: skip
        assert newer_syntax == [], f"{name}: sätt citattecken om typen"


def test_only_the_standard_library():
    for file in OUTER:
        tree = ast.parse((REPO / file).read_text(encoding="utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                 for alias in node.names}  # fmt: skip
        names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names, file


# --- Att tala med användaren ------------------------------------------------------------------


def test_help_is_swedish_and_needs_no_installation(kurs, teachers_folder, capsys):
    english = "usage options option optional positional arguments show this message and exit "
    english += "the of for to file run default error commands install start-up with"
    for command in ["", *kurs.COMMANDS]:
        for option in ("--help", "-h"):
            assert kurs.main([*command.split(), option]) == 0, command
            text, errors = capsys.readouterr()
            words = re.sub(r"--[\w-]+", "", text.lower())  # valens namn är engelska
            found = set(english.split()) & set(re.findall(r"[a-zåäö]+", words))
            assert (found, errors) == (set(), ""), command
            assert f"kurs.py {command}".removesuffix("start").strip() in text, command
    assert not kurs.calls and not kurs.handed_over and not kurs.installing.VENV.exists()


def test_the_overview_names_every_command(kurs, teachers_folder, capsys):
    assert kurs.main(["--help"]) == 0
    told = capsys.readouterr().out
    named = re.findall(r"^  .*kurs\.py (\w*)", told, re.MULTILINE)
    assert [name for name in named if name] == [name for name in kurs.COMMANDS if name != "start"]
    assert "" in named  # kursen startas utan kommando
    for _, usage, text in kurs.COMMANDS.values():  # inget kommando får växa ihop med sin text
        assert re.search(rf"kurs\.py {usage} {{2,}}{re.escape(text.splitlines()[0])}", told), usage


def test_help_needs_nothing_but_the_standard_library():
    """Varken paket eller miljö: `-I -S` gömmer allt som är installerat."""
    for command in load(REPO).COMMANDS:
        line = [sys.executable, "-I", "-S", REPO / "kurs.py", command, "--help"]
        answer = subprocess.run(line, capture_output=True, encoding="utf-8", cwd="/")
        assert (answer.returncode, answer.stderr) == (0, ""), command
        assert f"kurs.py {command}".removesuffix(" start") in answer.stdout


def test_help_in_the_student_version_leaves_the_teachers_commands_out(kurs, capsys):
    assert kurs.main(["--help"]) == 0
    named = re.findall(r"kurs\.py (\w+)", capsys.readouterr().out)
    assert set(named) == {"setup", "fresh", "kontrollera"}


def test_jupyterlab_shows_the_word_list_as_a_page_and_asks_nothing(kurs):
    kurs.main(["setup"])
    path = kurs.installing.VENV / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    choices = json.loads(path.read_text("utf-8"))
    viewers = choices["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers == {"markdown": "Markdown Preview"}
    assert choices["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


def test_ascii_terminal(folder):
    code, out, _ = run_script(folder, "--help", PYTHONIOENCODING="ascii")
    assert code == 0
    assert "Q-inlarning" in out and "skrivs nagonsin over" in out


WRONG = [
    (["strat"], "kurs.py start`"),
    (["Fresh", "03"], "kurs.py fresh`"),
    (["rätta", "x.zip"], "kurs.py grade`"),
    (["hjälp"], "kurs.py --help`"),
    (["--no-browsr"], "menade du --no-browser?"),
    (["setup", "--cpo"], "menade du --cpu?"),
    (["setup", "nu"], "okänt: nu"),
    (["--cpu", "setup"], "okänt: setup"),
    (["--port"], "så här: --port NUMMER"),
    (["--port", "åtta"], "så här: --port NUMMER"),
    (["fresh"], "fresh 03"),
    (["fresh", "03", "00"], "fresh 03"),
    (["fresh", "17"], "00, 03"),
    (["grade"], "det här saknas: SÖKVÄG"),
    (["grade", "in.zip", "--jobs"], "så här: --jobs N"),
    (["release", "--zap"], "menade du --zip?"),
]


def test_wrong_usage_gets_a_hint(kurs, teachers_folder, capsys):
    for arguments, hint in WRONG:
        assert kurs.main(arguments) == 2, arguments
        said = capsys.readouterr().err
        assert said.startswith("Fel: ") and hint in said, (arguments, said)
    assert not kurs.calls and not kurs.handed_over


def test_ctrl_c(kurs, capsys, monkeypatch):
    def interrupted(command):
        if "venv" not in command:
            raise KeyboardInterrupt
        return make_environment(kurs)

    monkeypatch.setattr(kurs.installing, "run", interrupted)
    assert kurs.main(["setup"]) == 130
    assert "Avbrutet" in capsys.readouterr().err
    assert kurs.main([]) == 130, "en avbruten installation är ingen färdig"


# --- Går det att installera här? --------------------------------------------------------------


def test_too_old_python(folder):
    fake = "sys.version_info = (3, 8, 18, 'final', 0)"
    code, _, err = run_script(folder, before=fake, PATH="")
    assert code == 1
    assert "Python 3.11 eller nyare" in err and "https://www.python.org/downloads/" in err


def test_missing_venv_module(folder):
    code, _, err = run_script(folder, "setup", before="sys.modules['ensurepip'] = None")
    assert code == 1
    assert "sudo apt install python{}.{}-venv".format(*sys.version_info) in err
    assert not (folder / ".venv").exists()


class FakeSys:
    """Modulen sys med några fakta utbytta."""

    def __init__(self, **facts):
        self.__dict__.update(facts)

    def __getattr__(self, name):
        return getattr(sys, name)


COMPUTERS = [  # system, processor, det som Python säger om sig, glibc och ett tecken på problemet
    ("Linux", "x86_64", {"version_info": (3, 15, 0)}, "2.36", "Python 3.15 är nyare"),
    ("Linux", "x86_64", {"maxsize": 2**31 - 1}, "2.36", "32-bitars"),
    ("Linux", "riscv64", {}, "2.36", "riscv64"),
    ("Linux", "x86_64", {}, "2.9", "glibc 2.9"),
    ("Darwin", "x86_64", {}, "", "Intelprocessor"),
    ("Darwin", "arm64", {}, "", "macOS 13.6"),
    ("Linux", "x86_64", {"version_info": (3, 14, 0)}, "2.36", ""),
    ("Linux", "aarch64", {}, "2.28", ""),
    ("Windows", "AMD64", {}, "", ""),
    ("Windows", "ARM64", {}, "", "win-arm64"),
    ("FreeBSD", "amd64", {}, "", ""),
    ("Linux", "x86_64", {"soabi": "cpython-312-x86_64-linux-musl"}, "2.36", "musl"),
]


def test_platform_without_torch(folder, monkeypatch):
    for system, machine, facts, libc, sign in COMPUTERS:
        with monkeypatch.context() as patch:
            kurs = computer(load(folder), patch, system, machine, libc, **facts)
            problem = kurs.installing.platform_problem()
        assert sign in problem and bool(problem) == bool(sign), (system, machine, facts, problem)
        assert not problem or re.search(r"python\.org|BILAGA", problem)


def test_nothing_is_fetched_where_torch_does_not_exist(kurs, monkeypatch, capsys):
    monkeypatch.setattr(kurs.installing, "platform_problem", lambda: "PyTorch finns inte här.")
    assert kurs.main(["setup"]) == 1
    assert "PyTorch finns inte här." in capsys.readouterr().err
    assert not kurs.calls and not kurs.installing.VENV.exists()


def computer(kurs, monkeypatch, system, machine, libc, soabi=None, **facts):
    """kurs.py på en annan dator: systemet, processorn, glibc och det som Python säger om sig."""
    said = {"system": system, "machine": machine, "libc_ver": ("glibc", libc)}
    said["mac_ver"] = ("13.6", "", "")
    stand_in = {name: lambda fact=fact: fact for name, fact in said.items()}
    monkeypatch.setattr(kurs.installing, "platform", SimpleNamespace(**stand_in))
    monkeypatch.setattr(kurs.installing, "sys", FakeSys(**{"version_info": (3, 12, 0), **facts}))
    python = f"win-{machine.lower()}"
    config = SimpleNamespace(get_platform=lambda: python, get_config_var=lambda name: soabi)
    monkeypatch.setattr(kurs.installing, "sysconfig", config)
    return kurs


def test_the_facts_are_the_same_everywhere():
    kurs = load(REPO)
    linux, mac = kurs.installing.PLATFORMS["Linux"], kurs.installing.PLATFORMS["Darwin"]
    readme = (REPO / "README.md").read_text(encoding="utf-8")
    assert (
        f"**Python {kurs.installing.OLDEST_PYTHON}–{kurs.installing.NEWEST_PYTHON}** (64 bitar)"
        in readme
    )
    assert f"omkring {kurs.installing.SMALL_TORCH} GB ledigt diskutrymme" in readme
    assert f"ledigt diskutrymme (på Linux {linux.gigabytes} GB" in readme
    assert f"macOS {mac.oldest} eller nyare" in readme
    assert f"macOS {mac.oldest} " in mac.advice
    project = (REPO / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires-python = ">={kurs.installing.OLDEST_PYTHON}"' in project


@pytest.mark.parametrize(
    ("gigabytes", "system", "cpu", "own_source", "sign"),
    [
        (1, "Linux", True, True, "1,0 GB ledigt"),
        (1, "Windows", False, False, "KURS_VENV"),
        (4, "Linux", False, False, "setup --cpu"),
        (4, "Linux", True, False, ""),
        (4, "Linux", False, True, ""),
        (4, "Darwin", False, False, ""),
        (20, "Linux", False, False, ""),
    ],
)
def test_disk_space(kurs, capsys, monkeypatch, gigabytes, system, cpu, own_source, sign):
    kurs.disk.free = gigabytes * 10**9
    monkeypatch.setattr(kurs.installing.platform, "system", lambda: system)
    monkeypatch.setattr(kurs.installing, "has_own_package_source", lambda: own_source)
    assert kurs.main(["setup", "--cpu"] if cpu else ["setup"]) == (1 if sign else 0)
    assert sign in capsys.readouterr().err
    assert bool(kurs.calls) != bool(sign)  # jämförelsen görs innan något hämtas


def test_own_package_source_is_seen(kurs, monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    assert not kurs.installing.has_own_package_source()
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://exempel.se/simple")
    assert kurs.installing.has_own_package_source()


def pip_log(tmp_path, *arguments):
    """Det som pip på riktigt skriver i sin logg när något inte går."""
    log = tmp_path / "pip.log"
    log.unlink(missing_ok=True)  # pip skriver vidare i den som finns
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--log", log]
    environment = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}
    answer = subprocess.run([*command, *arguments], cwd=tmp_path, env=environment)
    assert answer.returncode == 1
    return log.read_text(encoding="utf-8")


def test_what_pip_really_says_is_explained(kurs, folder, tmp_path, capsys):
    offline = ["--index-url", "http://127.0.0.1:9/simple"]
    build = '[build-system]\nrequires = ["setuptools>=77"]\n'
    (folder / "pyproject.toml").write_text(build)
    for arguments, sign in [
        ([*offline, "torch==2.13.0"], "ingen kontakt med pypi.org"),
        ([*offline, str(folder)], "ingen kontakt med pypi.org"),  # byggverktygen hämtas först
        (["--no-index", "torch==2.13.0"], "PyTorch finns inte för den här datorn"),
    ]:
        kurs.pip_result, kurs.pip_says = 1, pip_log(tmp_path, *arguments)
        assert kurs.main(["setup"]) == 1
        assert sign in capsys.readouterr().err
        assert "No matching distribution found" in kurs.pip_says


PIP_FAILURES = [
    ("OSError: [Errno 28] No space left on device", "Disken blev full"),
    ("SSLError(SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "certifikat"),
    ("OSError: [WinError 5] Access is denied", "Stäng JupyterLab"),
    ("Package requires a different Python: 3.8.1 not in '>=3.11'", "Ta bort mappen .venv"),
    ("HINT: This error might have occurred … Long Path support enabled", "för lång"),
    ("urllib3: Connection timed out. ReadTimeoutError", "ingen kontakt"),
    ("pip: Read timed out.", "ingen kontakt"),
    ("något helt annat", "pip.log"),
]


def test_other_pip_failures(kurs, capsys):
    for pip_says, sign in PIP_FAILURES:
        kurs.pip_result, kurs.pip_says = 1, pip_says
        assert kurs.main(["setup"]) == 1
        assert sign in capsys.readouterr().err, pip_says
        assert kurs.installing.PIP_LOG.read_text("utf-8") == pip_says


def test_the_log_is_kept_only_after_a_failure_and_is_never_big(kurs, folder, capsys):
    kurs.pip_result, kurs.pip_says = 1, "pip antecknar\n" * 100_000 + "och sist felet"
    assert kurs.main(["setup"]) == 1
    assert str(folder / "pip.log") in capsys.readouterr().err
    log = (folder / "pip.log").read_bytes()
    assert log.endswith(b"och sist felet") and len(log) < len(kurs.pip_says) / 10
    kurs.pip_result = 0
    assert kurs.main(["setup"]) == 0
    assert not list(folder.rglob("pip.log"))
    assert not Path(kurs.calls[-1][0][kurs.calls[-1][0].index("--log") + 1]).exists()


def test_no_write_permission(kurs, capsys, monkeypatch):
    def denied(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(kurs.installing.STATE))

    monkeypatch.setattr(kurs.os, "replace", denied)
    assert kurs.main(["setup"]) == 1
    assert "får inte skriva" in capsys.readouterr().err


# --- Miljön -----------------------------------------------------------------------------------


def test_first_installation(kurs, folder):
    assert kurs.main(["setup"]) == 0
    [(command, state)] = kurs.calls
    assert command[1:4] == ["-m", "pip", "install"]
    assert command[-4:] == ["-c", "constraints.txt", "-e", ".[kurs]"]
    assert not state.ready  # så länge pip arbetar är miljön inte färdig
    assert kurs.installing.read_state().ready
    assert (folder / "mitt_arbete" / "03_traningssteget.ipynb").exists()


def test_pip_runs_in_the_course_folder(folder):
    kurs = load(folder)
    code = "import os; open('var.txt', 'w', encoding='utf-8').write(os.getcwd())"
    assert kurs.installing.run([sys.executable, "-c", code]) == 0
    assert (folder / "var.txt").read_text(encoding="utf-8") == str(folder)


def test_second_time_starts_without_another_process(kurs, monkeypatch):
    kurs.main(["setup"])

    def nothing(*arguments, **options):
        raise AssertionError("en process till")

    for name in ("run", "call", "Popen"):
        monkeypatch.setattr(kurs.installing.subprocess, name, nothing)
    assert kurs.main(["--no-browser"]) == 0
    assert len(kurs.calls) == 1 and len(kurs.handed_over) == 1


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_changed_requirements_are_installed(kurs, folder, name):
    kurs.main(["setup"])
    keepsake = kurs.installing.VENV / "kvar"
    keepsake.touch()
    (folder / name).write_text("ändrad", encoding="utf-8")
    assert kurs.main([]) == 0
    assert len(kurs.calls) == 2 and keepsake.exists()
    assert kurs.main([]) == 0
    assert len(kurs.calls) == 2


def test_moved_folder_is_installed_again(kurs, folder, tmp_path, monkeypatch):
    kurs.main(["setup"])
    moved = folder.rename(tmp_path / "flyttad")
    places = {kurs: ("ROOT", "NOTEBOOKS", "WORK", "COPIED")}
    places[kurs.installing] = ("ROOT", "VENV", "STATE")
    for module, names in places.items():
        for name in names:
            old = getattr(module, name).relative_to(folder)
            monkeypatch.setattr(module, name, moved / old)
    assert kurs.main([]) == 0
    assert len(kurs.calls) == 2


@pytest.mark.parametrize("damage", ["pip avbröts", "kurs.json avhuggen", "Python borta"])
def test_half_finished_installation_is_rebuilt(kurs, damage):
    kurs.main(["setup"])
    rubbish = kurs.installing.VENV / "halv"
    rubbish.touch()
    if damage == "pip avbröts":
        state = json.loads(kurs.installing.STATE.read_text())
        kurs.installing.STATE.write_text(json.dumps({**state, "ready": False}))
    elif damage == "kurs.json avhuggen":
        kurs.installing.STATE.write_text(kurs.installing.STATE.read_text()[:20])
    else:
        kurs.installing.interpreter(kurs.installing.VENV).unlink()
    assert kurs.main([]) == 0
    assert len(kurs.calls) == 2 and not rubbish.exists()
    assert kurs.installing.read_state().ready


def test_someone_elses_environment_is_never_removed(kurs):
    make_environment(kurs)
    keepsake = kurs.installing.VENV / "kvar"
    keepsake.touch()
    kurs.pip_result = 1
    assert kurs.main(["setup"]) == 1
    kurs.pip_result = 0
    assert kurs.main(["setup"]) == 0
    assert keepsake.exists() and kurs.installing.read_state().ready


def test_a_folder_that_is_no_environment_is_left_alone(kurs, capsys):
    kurs.installing.VENV.mkdir()
    (kurs.installing.VENV / "semesterbilder").touch()
    assert kurs.main(["setup"]) == 1
    assert "ingen Python-miljö" in capsys.readouterr().err
    assert [path.name for path in kurs.installing.VENV.iterdir()] == ["semesterbilder"]


def test_failed_update_does_not_stop_the_course(kurs, folder, capsys):
    kurs.main(["setup"])
    (folder / "constraints.txt").write_text("torch==9\n")
    kurs.pip_result, kurs.pip_says = 1, "Max retries exceeded"
    assert kurs.main(["setup"]) == 1  # den som bad om installationen får veta att den inte gick
    assert kurs.main([]) == 0
    assert "Kursen startar så länge" in capsys.readouterr().out
    assert len(kurs.handed_over) == 1 and kurs.installing.read_state().ready


def test_two_installations_at_once(kurs, capsys):
    with kurs.installing.installation_lock():
        assert kurs.main(["setup"]) == 1
    assert "pågår redan" in capsys.readouterr().err
    assert kurs.main(["setup"]) == 0


def test_cpu_build_of_torch(kurs, folder, monkeypatch):
    monkeypatch.setattr(kurs.installing.platform, "system", lambda: "Linux")
    index = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
    kurs.main(["setup"])
    (kurs.installing.VENV / "cuda").touch()
    kurs.main(["setup", "--cpu"])
    assert not (kurs.installing.VENV / "cuda").exists()  # annars räknar pip den stora som god nog
    (folder / "constraints.txt").write_text("torch==2.14.0\n")
    kurs.main([])
    assert [index[1] in command for command, _ in kurs.calls] == [False, True, True]
    command = kurs.calls[1][0]
    assert command[command.index(index[0]) :][:2] == index


def test_cpu_build_is_only_for_linux(kurs, monkeypatch):
    monkeypatch.setattr(kurs.installing.platform, "system", lambda: "Windows")
    kurs.main(["setup", "--cpu"])
    assert not any("--extra-index-url" in command for command, _ in kurs.calls)


def test_tools_are_added_once_and_kept(kurs, folder):
    kurs.main(["setup"])
    kurs.main(["test"])
    kurs.main(["test"])
    kurs.main([])
    (folder / "constraints.txt").write_text("torch==2.14.0\n")
    kurs.main([])
    assert [command[-1] for command, _ in kurs.calls] == [
        ".[kurs]",
        ".[bok,dev,kurs,larare]",
        ".[bok,dev,kurs,larare]",
    ]


def test_kurs_venv_moves_the_environment(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("KURS_VENV", str(tmp_path / "annan disk"))
    assert tmp_path / "annan disk" == load(folder).installing.VENV


def test_active_environment_with_the_course_is_used(folder, monkeypatch):
    monkeypatch.setenv("CONDA_PREFIX", sys.prefix)
    here, elsewhere = load(REPO), load(folder)
    monkeypatch.setattr(here.installing, "VENV", folder / ".venv")
    assert here.installing.active_python("dev") == here.installing.interpreter(Path(sys.prefix))
    assert (
        elsewhere.installing.active_python("kurs") is None
    )  # dess dqn_helpers ligger i en annan mapp


def test_active_environment_gets_the_missing_tools(kurs, monkeypatch):
    monkeypatch.setattr(kurs.installing, "active_environments", lambda: [Path("conda")])
    monkeypatch.setattr(kurs.installing, "has_course", lambda python, extra: extra == "kurs")
    assert kurs.main(["test"]) == 0
    [(command, _)] = kurs.calls
    assert (
        command[0] == str(kurs.installing.interpreter(Path("conda")))
        and ".[kurs,larare,bok,dev]" in command
    )
    assert not kurs.installing.VENV.exists()


# --- mitt_arbete ------------------------------------------------------------------------------


def work_files(kurs):
    """Allt i mitt_arbete utom kurs.py:s egen anteckning: sökväg → innehåll."""
    paths = (path for path in kurs.WORK.rglob("*") if path.is_file() and path != kurs.COPIED)
    return {path.relative_to(kurs.WORK).as_posix(): path.read_text("utf-8") for path in paths}


def test_work_is_laid_out_and_never_overwritten(kurs, folder, capsys):
    kurs.main([])
    course = work_files(kurs)
    assert set(course) == {"00_start.ipynb", "03_traningssteget.ipynb", "ordlista.md",
                           "bilder/vagn.svg"}  # fmt: skip
    (kurs.WORK / "03_traningssteget.ipynb").write_text("mitt svar")
    (kurs.WORK / "eget.txt").write_text("eget")
    (kurs.WORK / "ordlista.md").unlink()
    kurs.main([])
    assert work_files(kurs) == {
        **course,
        "03_traningssteget.ipynb": "mitt svar",
        "eget.txt": "eget",
    }
    assert "Ny version" not in capsys.readouterr().out  # kursen har ju inte ändrats
    (folder / "notebooks" / "03_traningssteget.ipynb").write_text("andra upplagan")
    kurs.main([])
    assert work_files(kurs)["03_traningssteget.ipynb"] == "mitt svar"
    assert re.search(r"Det finns en ny version av 03\..*kurs\.py fresh 03", capsys.readouterr().out)


@pytest.mark.parametrize("number", ["03", "3", "03_traningssteget", "03_traningssteget.ipynb"])
def test_fresh_keeps_the_old(kurs, folder, capsys, number):
    kurs.main([])
    name = "03_traningssteget.ipynb"
    for answer in ("första försöket", "andra försöket"):
        (kurs.WORK / name).write_text(answer, encoding="utf-8")
        (folder / "notebooks" / name).write_text("ny upplaga", encoding="utf-8")
        assert kurs.main(["fresh", number]) == 0
    files = work_files(kurs)
    assert files[name] == "ny upplaga"
    assert files["03_traningssteget_sparad_1.ipynb"] == "första försöket"
    assert files["03_traningssteget_sparad_2.ipynb"] == "andra försöket"
    capsys.readouterr()
    (kurs.WORK / name).write_text("arbete i den nya", encoding="utf-8")
    kurs.main([])
    assert "Ny version" not in capsys.readouterr().out


def with_two_files(folder):
    """Kursen där bok 03 har blivit två anteckningsböcker."""
    (folder / "notebooks" / "03_traningssteget.ipynb").unlink()
    for name in ("03a_malet.ipynb", "03b_steget.ipynb"):
        (folder / "notebooks" / name).write_text(f"första {name}", encoding="utf-8")


@pytest.mark.parametrize(
    ("word", "replaced"),
    [("03", "ab"), ("3", "ab"), ("03a", "a"), ("3B", "b"), ("03b_steget", "b")],
)
def test_fresh_takes_a_book_or_one_of_its_files(kurs, folder, word, replaced):
    with_two_files(folder)
    kurs.main([])
    assert kurs.main(["fresh", word]) == 0
    saved = [name for name in work_files(kurs) if "_sparad_1" in name]
    assert sorted(name[2] for name in saved) == list(replaced)


def test_a_book_that_became_two_is_kept_and_told_of_once(kurs, folder, capsys):
    kurs.main([])
    (kurs.WORK / "03_traningssteget.ipynb").write_text("mitt svar", encoding="utf-8")
    with_two_files(folder)
    capsys.readouterr()
    kurs.main([])
    shown = capsys.readouterr().out
    assert "I stället för 03_traningssteget.ipynb finns nu 03a och 03b" in shown
    files = work_files(kurs)
    assert files["03_traningssteget.ipynb"] == "mitt svar"
    assert {"03a_malet.ipynb", "03b_steget.ipynb"} <= set(files)
    kurs.main([])
    assert "I stället för" not in capsys.readouterr().out


def test_copying_never_replaces_a_file(kurs, monkeypatch, capsys):
    """Även om en fil dyker upp efter kontrollen, till exempel från JupyterLab."""
    kurs.main([])
    (kurs.WORK / "ordlista.md").write_text("mitt")
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: path.name != "ordlista.md" and exists(path))
    assert kurs.main([]) == 1
    assert "File exists" in capsys.readouterr().err
    assert (kurs.WORK / "ordlista.md").read_text() == "mitt"


def test_fresh_says_what_happens_with_the_marks(kurs, capsys):
    assert kurs.main(["fresh", "03"]) == 0
    assert kurs.MARKS.name not in capsys.readouterr().out  # inget är grönt än
    kurs.MARKS.write_text('\n{"klar": "3.1"}')
    assert kurs.main(["fresh", "03"]) == 0
    assert f"Det står i {kurs.MARKS.name}" in capsys.readouterr().out
    assert kurs.MARKS.read_text() == '\n{"klar": "3.1"}'  # och filen är orörd


def test_fresh_before_the_first_start(kurs):
    assert kurs.main(["fresh", "00"]) == 0
    assert work_files(kurs) == {"00_start.ipynb": "första 00_start.ipynb"}


# --- Det som tar över -------------------------------------------------------------------------


def test_start_opens_the_first_page_in_mitt_arbete(kurs):
    assert kurs.main(["--no-browser", "--port=8889"]) == 0
    [(command, cwd, _)] = kurs.handed_over
    assert command[1:3] == ["-m", "jupyterlab"] and cwd == kurs.WORK
    assert f"--ServerApp.root_dir={kurs.WORK}" in command
    assert "--LabApp.default_url=/lab/tree/00_start.ipynb" in command
    assert "--no-browser" in command and "--ServerApp.port=8889" in command


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="root finns inte i Windows")
@pytest.mark.parametrize(("user", "expected"), [(0, True), (1000, False)])
def test_root_needs_permission_from_jupyter(kurs, monkeypatch, user, expected):
    monkeypatch.setattr(kurs.os, "geteuid", lambda: user)
    assert kurs.main([]) == 0
    [(command, _, _)] = kurs.handed_over
    assert ("--allow-root" in command) == expected


FIXED = "-m pytest -n 3 --dist loadfile --no-loadscope-reorder "
FIXED += "--nbval-lax --nbval-current-env --nbval-cell-timeout 1800"


PYTEST_LINES = [  # mappen man står i, det man skriver efter `test` och det pytest får
    (".", [], []),
    (".", ["-k", "notebooks", "-x"], ["-k", "notebooks", "-x"]),
    (".", ["-x", "tests/a.py::test_b"], ["-x", "tests/a.py::test_b"]),
    ("tests", ["-x", "a.py::test_b"], ["-x", "{tests}/a.py::test_b"]),
    ("tests", [".", "--submission", "a.py"], ["{tests}", "--submission", "{tests}/a.py"]),
    ("tests", ["-k", "a.py", "-n4"], ["-k", "a.py", "-n4"]),
    ("tests", ["tests/a.py"], ["tests/a.py"]),  # därifrån pytest körs
    (".", ["-x", "--allt", "-k", "b"], ["-m", "", "-x", "-k", "b"]),
]


def test_one_pytest_run(kurs, folder, monkeypatch):
    tests = folder / "tests"
    tests.mkdir()
    (tests / "a.py").touch()
    for where, arguments, expected in PYTEST_LINES:
        monkeypatch.chdir(folder / where)
        assert kurs.main(["test", *arguments]) == 0
        command, cwd, variables = kurs.handed_over.pop()
        words = [word.replace("{tests}/", f"{tests}{os.sep}") for word in expected]
        words = [word.format(tests=tests) for word in words]
        assert command[1:] == [*FIXED.split(), *words]
        assert cwd == folder and variables == {"OMP_NUM_THREADS": "1"}
    extras = kurs.installing.read_state().extras
    assert kurs.handed_over == [] and extras == ("bok", "dev", "kurs", "larare")


def test_the_saved_book_is_checked_as_the_grader_reads_it(kurs):
    (book,) = kurs.find_course_files("03")
    assert kurs.main(["kontrollera", "03"]) == 0
    command, cwd, _ = kurs.handed_over.pop()
    assert command[1:] == ["-m", "dqn_helpers.submission.saved", str(kurs.WORK / book)]
    assert cwd == kurs.ROOT


LONG_AND_SHORT = """\
import pytest

def test_short(): pass

@pytest.mark.lang
def test_long(): pass
"""
BOOK = {
    "cells": [{"cell_type": "code", "id": "a", "metadata": {}, "outputs": [],
               "execution_count": None, "source": "1"}],
    "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": ""}},
    "nbformat": 4,
    "nbformat_minor": 5,
}  # fmt: skip


# Flera körningar i en process: att starta pytest är det som tar tid.
COLLECT = """\
import json, sys, pytest
for line in json.loads(sys.argv[1]):
    print("=====")
    assert pytest.main([*line, "--collect-only", "-q", "-n0"]) == 0
"""


def test_what_pytest_finds(kurs, folder, monkeypatch):
    """Med projektets egna inställningar: testen och böckerna, och det långa bara med `--allt`."""
    shutil.copy(REPO / "pyproject.toml", folder)
    for path in (folder / "notebooks").glob("*.ipynb"):
        path.unlink()
    (folder / "solutions").mkdir()
    for book in ("notebooks/00_kort", "notebooks/05_bok", "solutions/00_facit"):
        (folder / f"{book}.ipynb").write_text(json.dumps(BOOK))
    (folder / "tests").mkdir()
    (folder / "tests" / "test_a.py").write_text(LONG_AND_SHORT)
    shutil.copy(REPO / "tests" / "conftest.py", folder / "tests")
    monkeypatch.chdir(folder)
    everything = {"test_short", "test_long", "00_kort", "05_bok", "00_facit"}
    expected = {
        "": {"test_short", "00_kort"},
        "--allt": everything,
        "--allt -k test_": {"test_short", "test_long"},
        "-k notebooks": {"00_kort"},  # ett ord, inte mappen
        "tests -m lang": {"test_long"},
        "solutions/00_facit.ipynb": {"00_facit"},  # den som pekas ut körs
    }
    for arguments in expected:
        assert kurs.main(["test", *arguments.split()]) == 0
    lines = [command[3:] for command, _, _ in kurs.handed_over]
    command = [sys.executable, "-c", COLLECT, json.dumps(lines)]
    answer = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    shown = answer.stdout.split("=====")[1:]
    found = [{name for name in everything if name in text} for text in shown]
    assert dict(zip(expected, found, strict=True)) == expected


def test_exit_code_is_passed_on_and_nothing_said_is_lost(folder):
    (folder / "slut.py").write_text("import os, sys; sys.exit(int(os.environ['SLUT']))")
    code = f"import sys, pathlib; sys.path.insert(0, {str(folder)!r}); import kurs\n"
    code += "kurs.show_in_any_terminal(); print('hej')\n"
    code += "command = [sys.executable, 'slut.py']\n"
    code += f"sys.exit(kurs.hand_over(command, pathlib.Path({str(folder)!r}), SLUT='7'))"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert (answer.returncode, answer.stdout.split()) == (7, [b"hej"])


@pytest.mark.parametrize("command", ["grade", "assess", "similar", "release", "book"])
def test_teachers_tools_are_not_in_the_student_version(kurs, capsys, command):
    assert kurs.main([command, "inlamningar.zip"]) == 1
    assert "följer inte med i studentversionen" in capsys.readouterr().err
    assert not kurs.calls


@pytest.mark.parametrize(
    ("arguments", "module"),
    [
        (["grade", "in.zip", "--out", "ut"], "dqn_helpers.autograder"),
        (["release", "--zip", "ut.zip"], "dqn_helpers.teacher.release"),
        (["assess", "ut", "--no-browser"], "dqn_helpers.teacher.assess"),
        (["similar", "in.zip", "--export", "ut"], "dqn_helpers.teacher.similar"),
    ],
)
def test_teachers_tools_get_everything(
    kurs, teachers_folder, tmp_path, monkeypatch, capsys, arguments, module
):
    monkeypatch.chdir(tmp_path)
    assert kurs.main(arguments) == 0
    assert capsys.readouterr().out == "", "stdout är verktygets: ett program kan läsa svaret"
    [(handed, cwd, _)] = kurs.handed_over
    assert handed[1:] == ["-m", module, *arguments[1:]]
    assert cwd == tmp_path  # sökvägar gäller från läraren, inte från kursens mapp
    assert "larare" in kurs.installing.read_state().extras


# --- .ci/run ----------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason=".ci/run är ett bash-skript")
@pytest.mark.parametrize("exit_code", [0, 1])
def test_ci_run_passes_on_the_answer(folder, exit_code):
    shutil.copytree(REPO / ".ci", folder / ".ci")
    python = folder / "python"
    closing = "===== 1 failed, 2 passed in 3.21s ====="
    python.write_text(f'#!/bin/sh\necho "$KURS_VENV|$*"\necho "{closing}"\nexit {exit_code}\n')
    python.chmod(0o755)
    command = [folder / ".ci" / "run"]
    answer = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHON": str(python)})
    lines = answer.stdout.decode().splitlines()
    assert answer.returncode == exit_code
    venv, _, arguments = lines[0].partition("|")
    wanted = "kurs.py test --allt"
    assert arguments == wanted and not Path(venv).exists()
    assert lines[-1] == f"Pytest: {closing}"


def test_state_is_plain_json(kurs):
    kurs.main(["setup"])
    assert json.loads(kurs.installing.STATE.read_text("utf-8"))["extras"] == ["kurs"]
