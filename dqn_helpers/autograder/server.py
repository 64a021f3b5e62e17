"""Verkstaden: en varm process utan hemligheter som avknoppar en inhägnad arbetare per uppdrag.

    python -m dqn_helpers.autograder.server NIVÅ FILNUMMER …   en verkstad per filnummer (Linux)
    python -m dqn_helpers.autograder.server --one PROCESSORTID  en enda arbetare (Windows, macOS)

En arbetare hälsar först, och säger hur mycket processortid det har tagit att komma så långt; den
tiden är inte studentens. Sedan läser den uppdraget och skickar svaren ett och ett.

Att importera torch tar en sekund; att avknoppa den som redan har gjort det tar en hundradel. Den
varma processen är ett eget program (inte en avknoppning av rättaren), så facit, dolda svar och
andras inlämningar har aldrig funnits i dess minne. Den delar sig i så många verkstäder som det
finns rättarprocesser, var och en i sin egen inhägnad. En verkstad får ett uppdrag i taget: en kanal
där arbetaren talar direkt med rättaren, och processortiden som är kvar. Rättaren får ett grepp om
arbetaren (*pidfd*), vaktar den och säger stopp. När den är död berättar verkstaden hur det gick.
"""

import ast
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import torch

import dqn_helpers
from dqn_helpers.autograder import ROOT, sandbox
from dqn_helpers.autograder.messages import LENGTH_BYTES, decode, encode, length_of
from dqn_helpers.autograder.system_calls import ThreadGate
from dqn_helpers.autograder.worker import course_modules_loaded, perform
from dqn_helpers.exercises import EXERCISES
from dqn_helpers.exercises.asking import open_line
from dqn_helpers.exercises.blocking import functions_of
from dqn_helpers.exercises.limits import preserved_state
from dqn_helpers.exercises.registry import known_mistakes
from dqn_helpers.exercises.syllabus import NUMBER_OF
from dqn_helpers.studies import overestimation
from dqn_helpers.submission.collect import find_submissions
from dqn_helpers.submission.extract import read_cell, touched_in

ORDER_BYTES = 1024
HIGH = 200  # filnummer som är lediga i en ny arbetare
SELF_TEST_SECONDS = 10
KERNEL_SLACK = 1.5
NOTEBOOKS = ROOT / "notebooks"
TEACHERS = ("dqn_helpers.autograder", "dqn_helpers.teacher")
# Det som studenters anteckningsböcker brukar importera utöver det som kursens egna gör.
OFTEN_USED = "matplotlib.pyplot tqdm IPython.display gymnasium.envs.classic_control"
OFTEN_USED += " gymnasium.envs.toy_text"


def warm() -> None:
    """Ladda det som studentens kod behöver, så att det inte belastar hans eller hennes tid."""
    torch.set_num_threads(1)
    # `torch.func.grad` läser in torchs kompilator (se `no_compiler`), och den gör en mapp om den
    # inte finns. Det går inte i inhägnaden, så den får en som finns.
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = torch.__path__[0]
    _load_modules()
    for book in find_submissions([NOTEBOOKS]):  # som delats ut: inget facit, inget hemligt
        for cell in book.cells:
            _, statements = read_cell(cell.text)
            touched_in(cell.text)
            _run_imports([statement.node for statement in statements])
    _close_course()
    # Delar av torch läses in först när de används. Inget backward: det startar trådar, som inte
    # avknoppas.
    with preserved_state():
        torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))]).step()
    # Det som varje arbetare annars skulle leta fram på nytt.
    course_modules_loaded()
    for name in NUMBER_OF:
        functions_of(name)
    gc.collect()
    gc.freeze()  # skräpsamlaren ska inte röra (och därmed kopiera) det delade minnet


def _load_modules() -> None:
    """Alla moduler som en anteckningsbok får importera, och det som de läser ur filer.

    I inhägnaden går kursens filer inte att läsa: där står lösningarna på övningarna.
    """
    for name in (*course_modules(), *OFTEN_USED.split()):
        with contextlib.suppress(ImportError):  # lärarens dator behöver inte ha Jupyter
            importlib.import_module(name)
    list(EXERCISES.values())  # alla drivare
    known_mistakes("1.1")  # check() läser tabellen över misstag
    overestimation.committed_numbers(overestimation.CASINO)


def course_modules(package: str = "dqn_helpers") -> Iterator[str]:
    """Namnen på alla moduler i paketet, utom lärarens: studenterna har dem inte."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        if module.name not in TEACHERS:
            yield module.name
            if module.ispkg:
                yield from course_modules(module.name)


def _run_imports(nodes: list[ast.stmt]) -> None:
    """Importera det som sidan importerar."""
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            with contextlib.suppress(ImportError):
                exec(compile(ast.Module([node], []), "<sidan>", "exec"), {})


class _ClosedCourse:
    """Säger att en modul i kursen inte finns, om den inte redan är laddad.

    Annars hittar Python filen, som inhägnaden inte låter någon läsa, och felet visar var på
    lärarens dator den ligger. Att ladda om en modul (`reload`) går inte heller: det skulle ge
    tillbaka de lösningar som `block_reference` har spärrat.
    """

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Leta efter en modul; sist i kön letar Python på vanligt sätt."""
        if name.split(".")[0] == dqn_helpers.__name__:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _close_course() -> None:
    """Härefter går inget mer i projektets mapp att importera."""
    sys.meta_path.insert(0, _ClosedCourse)
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != ROOT]


def open_workshops(tier: sandbox.Tier, files: list[int]) -> None:
    """Bli en verkstad per kanal, och vänta tills alla är stängda."""
    warm()
    for place, file in enumerate(files):
        _fork(functools.partial(_open_workshop, tier, file, files[place + 1 :]))
        os.close(file)  # rättaren ska märka om verkstaden dör: då får ingen annan ha kanalen
    for _ in files:
        os.wait()


def _open_workshop(tier: sandbox.Tier, file: int, others: list[int]) -> None:
    for other in others:
        os.close(other)
    try:
        sandbox.confine_server(tier)
    except Exception:
        traceback.print_exc()  # sista raden säger rättaren varför nivån inte gick
        return
    serve(tier, socket.socket(fileno=file))


def serve(tier: sandbox.Tier, control: socket.socket) -> None:
    """Ta emot uppdrag tills rättaren stänger."""
    control.send(json.dumps({"escapes": _self_test(tier)}).encode())
    while True:
        order, files, _, _ = socket.recv_fds(control, ORDER_BYTES, 1)
        if not order:
            return
        if files:  # annars en avbeställning som kom för sent
            report = _attend(files[0], json.loads(order), tier, control)
            control.send(json.dumps(report).encode())


def _attend(file: int, order: dict[str, Any], tier: sandbox.Tier, control: socket.socket) -> Any:
    """Avknoppa en arbetare och vänta tills den är klar eller rättaren säger stopp eller är död."""
    gate = ThreadGate()
    pid = _fork(lambda: _work(file, order["seconds"], tier, gate.theirs))
    os.close(file)
    gate.theirs.close()
    watched = os.pidfd_open(pid)
    with contextlib.suppress(OSError):  # är rättaren borta märks det på nästa rad
        socket.send_fds(control, [b"grepp"], [watched])
    cancelled = not _ends_by_itself(gate, watched, control)
    if cancelled:
        os.kill(pid, signal.SIGKILL)
    os.close(watched)
    gate.close()
    _, status, usage = os.wait4(pid, 0)
    _kill_survivors()
    return {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "seconds": usage.ru_utime + usage.ru_stime,
        "cancelled": cancelled,
    }


def _ends_by_itself(gate: ThreadGate, watched: int, control: socket.socket) -> bool:
    """Vänta på arbetaren tills rättaren säger stopp; då får den så lång tid på sig som sägs."""
    if watched in gate.wait([watched, control.fileno()]):
        return True
    order = control.recv(ORDER_BYTES)
    patience = json.loads(order)["patience"] if order else 0.0
    return bool(gate.wait([watched], patience))


def _fork(task: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    with contextlib.suppress(BaseException):
        task()
    os._exit(0)


def _kill_survivors() -> None:
    """I en egen namnrymd är verkstaden process 1: allt annat där är rester av arbetaren."""
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)


def _self_test(tier: sandbox.Tier) -> list[str]:
    """Det som inhägnaden släpper igenom fast den inte borde, prövat i en arbetare."""
    reading, writing = os.pipe()
    gate = ThreadGate()

    def try_to_escape() -> None:
        sandbox.confine_process(tier, SELF_TEST_SECONDS, gate.theirs.detach())
        os.write(writing, json.dumps(sandbox.escapes(tier)).encode())

    pid = _fork(try_to_escape)
    os.close(writing)
    gate.theirs.close()
    gate.wait([reading], 6 * SELF_TEST_SECONDS)
    os.kill(pid, signal.SIGKILL)
    gate.close()
    with open(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(answer) if answer else ["arbetaren gick inte att starta"]


# --- i arbetaren ---------------------------------------------------------------------------------


def _work(file: int, seconds: float, tier: sandbox.Tier, gate: socket.socket) -> None:
    """Arbetaren: bara socketen till rättaren är öppen, och inhägnaden är stängd."""
    channel, gate_file = _close_everything_but(file, gate.detach())
    sandbox.confine_process(tier, _whole_seconds(seconds), gate_file)
    with open(channel, "r+b", buffering=0) as stream:
        converse(stream, stream)


def _whole_seconds(seconds: float) -> int:
    """Kärnans egen gräns, räknad från processens start, för den händelse att rättaren inte hinner.

    Rättaren vaktar noggrannare. Kärnan räknar tiden i grova steg, och på en upptagen dator har
    vi sett den stoppa en process efter 84 procent av gränsen.
    """
    return int(KERNEL_SLACK * (seconds + time.process_time())) + 1


def _close_everything_but(*files: int) -> range:
    """Stäng allt utom filerna, som får numren 3, 4 …; 0–2 leder ingenstans."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    kept = [nowhere, nowhere, nowhere, *files]
    # Först upp där inget annat är, så att ingen av dem skrivs över på vägen ner.
    for number, file in enumerate(kept):
        os.dup2(file, HIGH + number)
    for number in range(len(kept)):
        os.dup2(HIGH + number, number, inheritable=False)
    os.closerange(len(kept), 4096)
    return range(3, len(kept))


def converse(reader: BinaryIO | Any, writer: BinaryIO | Any) -> None:
    """Hälsa, läs uppdraget, utför det och skicka svaren ett och ett."""

    def receive() -> dict[str, Any]:
        return decode(_read_exactly(reader, length_of(_read_exactly(reader, LENGTH_BYTES))))

    def ask(question: dict[str, Any]) -> dict[str, Any]:
        _write_all(writer, encode({"ask": question}))
        return receive()

    _write_all(writer, encode({"seconds": time.process_time()}))
    job = receive()
    if job.get("may_ask"):
        open_line(ask)
    for answer in perform(job):
        _write_all(writer, answer)


def _read_exactly(reader: Any, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = reader.read(count - len(received))
        if not part:
            raise EOFError
        received += part
    return received


def _write_all(writer: Any, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[writer.write(view) :]


def work_alone(seconds: float) -> None:
    """En arbetare i en egen nystartad process: uppdraget på stdin, svaren på stdout."""
    warm()
    reader, writer = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    sandbox.confine_process("basic", _whole_seconds(seconds))
    with open(reader, "rb", buffering=0) as source, open(writer, "wb", buffering=0) as sink:
        converse(source, sink)
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C är rättarens sak
    if sys.argv[1] == "--one":
        work_alone(float(sys.argv[2]))
    else:
        open_workshops(sys.argv[1], list(map(int, sys.argv[2:])))  # type: ignore[arg-type]
