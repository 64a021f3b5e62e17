"""Rätta på ett kluster med Dask: `python kurs.py grade … --dask tcp://ADRESS`.

Schemaläggaren, köerna och omtagen är Dasks egna. Det som står här är kursens del:

- Varje arbetare får ett tillägg (`Graders`) med en rättare per tråd, i egna processer. Det ger
  arbetaren en *resurs*, och bara där den finns får en inlämning köras. En arbetare som startas om,
  eller kommer till, får tillägget av sig själv.
- Inlämningarna skickas härifrån, några i taget: arbetarna behöver inte se disken, och en klass som
  är större än minnet går också att rätta.
- Samma frö ger samma resultat som en rättning här.
"""

import asyncio
import contextlib
import hashlib
import itertools
import platform
import queue
import uuid
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from dask.distributed import KilledWorker, get_worker, wait
from distributed.core import Status
from distributed.diagnostics.plugin import WorkerPlugin

from dqn_helpers.autograder import ROOT
from dqn_helpers.autograder.grade import Settings, summed_up
from dqn_helpers.autograder.result import SubmissionResult
from dqn_helpers.autograder.sandbox import TIERS, Tier
from dqn_helpers.counting import listed
from dqn_helpers.studies.cluster import ClusterError, ClusterLostError, connected
from dqn_helpers.submission.collect import Submission
from dqn_helpers.teacher.grader_process import GraderDiedError, GraderProcess

AHEAD = 2  # så många inlämningar per rättare är på väg: en rättas, och nästa står redan i kö
LOOK_SECONDS = 5.0
LOST_SECONDS = 120.0  # så länge får klustret vara utan rättare innan vi slutar vänta
FOLDERS = ("dqn_helpers", "solutions", "notebooks")
LIBRARIES = ("torch", "numpy", "gymnasium")

SET_ASIDE = (
    "Rättaren dog varje gång den försökte med inlämningen, också när den var ensam. Inlämningen är "
    "därför lagd åt sidan och har inga poäng förrän en människa har tittat på den."
)


def course_version() -> dict[str, str]:
    """Det som ska vara lika överallt för att bedömningarna ska bli det: kursens filer och Python.

    Filerna jämförs på innehållet, för den som ändrar ett dolt fall byter inte versionsnummer.
    """
    digest = hashlib.sha256()
    for path in sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.is_file() and "/__pycache__/" not in name and "/." not in name:
            digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    python = ".".join(platform.python_version_tuple()[:2])
    libraries = {name: metadata.version(name) for name in LIBRARIES}
    return {"kursens filer": digest.hexdigest()[:12], "Python": python, **libraries}


# --- hos arbetaren -------------------------------------------------------------------------------


class Graders(WorkerPlugin):
    """Rättarna hos en arbetare, en per tråd. Har den fel version eller är för svag får den inga.

    Args:
        version: lärarens `course_version()`.
        least: den svagaste inhägnad som duger.

    Attributes:
        name: tilläggets namn, och resursens.
        tier: arbetarens inhägnad; tom om rättarna inte startade.
    """

    def __init__(self, version: Mapping[str, str], least: Tier) -> None:
        self.name = f"dqn-rattare-{uuid.uuid4().hex}"  # två lärare kan dela på ett kluster
        self.version, self.least = version, least
        self.tier = ""

    async def setup(self, worker: Any) -> None:
        """Starta rättarna, och säg till schemaläggaren att de finns."""
        self._graders: list[GraderProcess] = []
        self._free: queue.SimpleQueue[GraderProcess] = queue.SimpleQueue()
        if course_version() != self.version:
            return
        with contextlib.suppress(GraderDiedError):
            await asyncio.to_thread(self._start, worker.state.nthreads)
            await worker.set_resources(**{self.name: len(self._graders)})
            # Schemaläggaren går igenom de uppdrag som väntar på en resurs bara när en arbetare
            # kommer till eller vaknar, så efter en omstart får den vakna.
            if worker.status == Status.running:
                worker.status = Status.paused
                worker.status = Status.running

    def _start(self, count: int) -> None:
        """Starta så många; den första säger om datorns inhägnad duger."""
        for _ in range(count):
            grader = GraderProcess()
            self.tier = grader.tier
            if TIERS.index(grader.tier) > TIERS.index(self.least):
                grader.close()
                return
            self._graders.append(grader)
            self._free.put(grader)

    async def teardown(self, worker: Any) -> None:
        """Avsluta rättarna när arbetaren stängs, eller när läraren är klar."""
        for grader in self._graders:
            await asyncio.to_thread(grader.close)

    def grade(self, submission: Submission, settings: Settings) -> SubmissionResult:
        """Rätta hos en ledig rättare."""
        grader = self._free.get()
        try:
            return grader.grade(submission, settings)
        finally:
            self._free.put(grader)


def grade_here(name: str, submission: Submission, settings: Settings) -> SubmissionResult:
    """Det uppdrag som schemaläggaren delar ut."""
    plugin: Any = get_worker().plugins[name]
    return plugin.grade(submission, settings)


def _tier_of(name: str, dask_worker: Any) -> str:
    return dask_worker.plugins[name].tier


# --- hos läraren ---------------------------------------------------------------------------------


@contextlib.contextmanager
def graders(address: str, n_workers: int, least: Tier) -> Iterator["Cluster"]:
    """Ett kluster med rättare.

    Args:
        address: schemaläggarens adress, eller `local`.
        n_workers: antalet arbetare om klustret är `local`.
        least: den svagaste inhägnad som duger.

    Raises:
        ClusterError: om klustret inte svarar, saknar arbetare, har en annan version av kursen eller
            ingen arbetare med den inhägnaden. Då är inget skickat dit.
    """
    with connected(address, n_workers) as client:
        plugin = Graders(course_version(), least)
        _check_versions(client.run(course_version, on_error="return"), plugin.version)
        client.register_plugin(plugin, name=plugin.name)
        try:
            _check_tiers(client.run(_tier_of, plugin.name), least)
            yield Cluster(client, plugin.name)
        finally:
            with contextlib.suppress(OSError):  # klustret kan vara borta
                client.unregister_worker_plugin(plugin.name)


def _check_versions(found: Mapping[str, Any], mine: Mapping[str, str]) -> None:
    """Se efter att alla arbetare har kursen, och samma version av den."""
    wrong = []
    for worker, version in found.items():
        if not isinstance(version, dict):
            wrong.append(f"{worker} har ingen kurs med rättare")
        elif version != mine:
            differs = [f"{what} {version.get(what, 'okänd')} i stället för {wanted}"
                       for what, wanted in mine.items() if version.get(what) != wanted]  # fmt: skip
            wrong.append(f"{worker} har {listed(differs)}")
    if wrong:
        raise ClusterError(
            "Klustret har en annan version av kursen, och bedömningarna kan bli andra än här. "
            f"Lägg samma version där och starta om arbetarna. {_some(wrong)}."
        )


def _check_tiers(found: Mapping[str, str], least: Tier) -> None:
    """Se efter att minst en arbetare har en inhägnad som duger."""
    usable = TIERS[: TIERS.index(least) + 1]
    if not any(tier in usable for tier in found.values()):
        tiers = [f"{worker} har {tier or 'ingen rättare som startar'}"
                 for worker, tier in found.items()]  # fmt: skip
        raise ClusterError(
            f"Ingen arbetare i klustret har inhägnaden {least} eller en starkare. {_some(tiers)}. "
            "Välj datorer med Linux, eller godta en svagare med --isolation."
        )


def _some(sentences: list[str]) -> str:
    more = [f"{len(sentences) - 5} till"] if len(sentences) > 5 else []
    return listed([*sentences[:5], *more])


@dataclass(frozen=True)
class Cluster:
    """Ett kluster där arbetarna har rättare.

    Attributes:
        client: klienten.
        name: resursen som en rättare är.
    """

    client: Any
    name: str

    def grade_all(
        self, submissions: Iterable[Submission], settings: Settings, jobs: int
    ) -> Iterator[tuple[Submission, SubmissionResult]]:
        """Rätta alla, i den ordning de blir klara (se `batch.grade_all`).

        En arbetare som dör tar inte med sig någon inlämning: Dask ger den till en annan. Den som
        har tagit med sig flera arbetare prövas sist och ensam, för det kan ha varit grannens fel.

        Raises:
            ClusterLostError: om klustret försvinner.
        """
        suspects = []
        for submission, graded in self._stream(submissions, settings):
            if graded is None:
                suspects.append(submission)
            else:
                yield submission, graded
        for suspect in suspects:
            ((_, graded),) = self._stream([suspect], settings)
            yield suspect, graded or summed_up(suspect, None, "error", SET_ASIDE)

    def _stream(
        self, submissions: Iterable[Submission], settings: Settings
    ) -> Iterator[tuple[Submission, SubmissionResult | None]]:
        """Resultaten, eller None när rättaren dog. Bara några inlämningar är på väg samtidigt."""
        waiting = iter(submissions)
        running: dict[Any, Submission] = {}
        try:
            while True:
                for one in itertools.islice(waiting, max(0, self._room() - len(running))):
                    running[self._submit(one, settings)] = one
                if not running:
                    return
                for future in self._next(list(running)):
                    try:
                        graded = _result(future)
                    except TimeoutError:
                        continue
                    yield running.pop(future), graded
        except (OSError, CancelledError) as error:
            raise ClusterLostError(f"Klustret svarar inte längre ({error}).") from None
        finally:
            with contextlib.suppress(OSError):
                self.client.cancel(list(running))

    def _submit(self, submission: Submission, settings: Settings) -> Any:
        resources = {self.name: 1}
        return self.client.submit(
            grade_here, self.name, submission, settings, pure=False, resources=resources
        )

    def _room(self) -> int:
        """Så många inlämningar får vara på väg, efter så många trådar som arbetarna har nu."""
        return max(1, AHEAD * sum(self.client.nthreads().values()))

    def _next(self, futures: list[Any]) -> Iterable[Any]:
        """Vänta på nästa som blir klara. Så länge det finns arbetare får det ta sin tid."""
        n_empty_looks = 0
        while n_empty_looks * LOOK_SECONDS < LOST_SECONDS:
            with contextlib.suppress(TimeoutError):
                return wait(futures, LOOK_SECONDS, return_when="FIRST_COMPLETED").done
            n_empty_looks = 0 if self.client.nthreads() else n_empty_looks + 1
        raise ClusterLostError("Klustret har inga arbetare kvar.")


def _result(future: Any) -> SubmissionResult | None:
    """Resultatet; None om rättaren eller arbetaren dog.

    Raises:
        TimeoutError: om resultatet inte går att hämta nu.
        ClusterLostError: om schemaläggaren inte längre vet något om uppdraget.
    """
    if future.status == "lost":  # arbetaren dog med resultatet, och Dask räknar ut det på nytt
        raise TimeoutError
    if future.status == "finished":
        return future.result(LOOK_SECONDS)
    error = future.exception() if future.status == "error" else None
    if isinstance(error, KilledWorker | GraderDiedError):
        return None
    raise ClusterLostError(f"Klustret tappade bort en inlämning ({error or future.status}).")
