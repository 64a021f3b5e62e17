"""En rättare i en egen process, åt den som inte själv kan vara rättare: en arbetare i ett kluster.

    python -m dqn_helpers.teacher.grader_process FILNUMMER    rättar det som kommer i kanalen

Rättaren behöver en process för sig själv, för den ställer in slumpfrön och använder klocksignalen.
En arbetare i Dask har trådar och får inte avknoppa. Därför startas rättaren som ett eget program.
Det öppnar i sin tur en verkstad, och studentens kod körs där som alltid, utan väg till klustret.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
from multiprocessing.connection import Connection

from dqn_helpers.autograder import ROOT
from dqn_helpers.autograder.batch import grade_safely
from dqn_helpers.autograder.grade import Settings
from dqn_helpers.autograder.result import SubmissionResult
from dqn_helpers.autograder.sandbox import Tier
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.submission.collect import Submission

IDLE_SECONDS = 3600.0  # en glömd rättare ska inte ta minne på någons kluster för alltid
CLOSING_SECONDS = 60.0
PROGRAM = [sys.executable, "-P", "-m", "dqn_helpers.teacher.grader_process"]


class GraderDiedError(RuntimeError):
    """Rättaren dog mitt i en inlämning."""


class GraderProcess:
    """En rättare. Den har en inlämning i taget.

    Attributes:
        tier: nivån på verkstadens inhägnad.

    Raises:
        GraderDiedError: om den inte startade.
    """

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._line, theirs = multiprocessing.Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [*PROGRAM, str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C i terminalen ska inte nå hit
            )
        try:
            self.tier: Tier = self._line.recv()
        except (EOFError, OSError):
            self.close()
            raise GraderDiedError("Rättaren startade inte.") from None

    def grade(self, submission: Submission, settings: Settings) -> SubmissionResult:
        """Rätta en inlämning.

        Raises:
            GraderDiedError: om rättaren dog; en ny är då startad åt nästa inlämning.
        """
        if self._process.poll() is not None:  # den har väntat för länge
            self.restart()
        try:
            self._line.send((submission, settings))
            return self._line.recv()
        except (EOFError, OSError):
            self.restart()
            raise GraderDiedError("Rättaren dog mitt i inlämningen.") from None

    def restart(self) -> None:
        """Avsluta den och starta en ny."""
        self.close()
        self._start()

    def close(self) -> None:
        """Avsluta rättaren och dess verkstad, när den är klar med det som den håller på med."""
        self._line.close()
        try:
            self._process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve(line: Connection) -> None:
    """Rätta det som kommer, tills den andra änden stängs eller inget har kommit på länge."""
    with Workshop() as workshop, contextlib.suppress(EOFError, OSError):
        gc.freeze()  # skräpsamlaren letar annars igenom torch gång på gång
        line.send(workshop.tier)
        while line.poll(IDLE_SECONDS):
            submission, settings = line.recv()
            workshop.limit = settings.limit
            line.send(grade_safely(submission, workshop, settings))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(Connection(int(sys.argv[1])))
