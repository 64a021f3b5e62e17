"""Steget i nbgraders `autograde` som ger poängen, i stället för det som kör studentens bok.

nbgrader kör annars hela boken i en kärna med lärarens rättigheter. Här körs ingenting av den:
kursens rättare bedömer filen i sin inhägnad, och varje poängcell får återkopplingen och övningens
poäng som utdata. Allt annat är nbgraders eget. Kursmappens `nbgrader_config.py` väljer steget.
"""

import atexit
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat.v4 import new_output
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, NbGraderPreprocessor

from dqn_helpers.autograder.arguments import LIMIT
from dqn_helpers.autograder.grade import Settings, grade_submission
from dqn_helpers.autograder.result import ExerciseResult, SubmissionResult
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.submission.collect import find_submissions
from dqn_helpers.teacher.for_nbgrader import CALL, NO_POINTS, GraderError, is_test
from dqn_helpers.teacher.one_file import exercise_text


class GradeInSandbox(NbGraderPreprocessor):
    """Ger poängcellerna deras utdata; går rättaren sönder får filen inget resultat alls."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Rätta boken, som nbgrader just har lagt i sin mapp med poängcellerna återställda."""
        where = resources["metadata"]
        path = Path(where["path"]) / f"{where['name']}.ipynb"
        for cell in filter(is_test, nb.cells):
            number, seed = CALL.findall(cell.source)[-1]
            graded = _graded(path, int(seed), path.read_bytes())
            cell.outputs = list(_outputs(_exercise(graded, number)))
        return nb, resources


STEPS = [
    GradeInSandbox if step is Execute else step
    for step in Autograde.autograde_preprocessors.default()
]
"""nbgraders egna steg, med vårt på platsen för det som kör boken."""


@functools.cache
def _workshop() -> Workshop:
    """En verkstad för hela kommandot: att starta en tar sekunder."""
    opened = Workshop().__enter__()
    atexit.register(opened.__exit__)
    return opened


@functools.lru_cache(maxsize=1)
def _graded(path: Path, seed: int, content: bytes) -> SubmissionResult:
    """Bokens resultat; alla poängceller frågar efter samma, tills innehållet är ett annat."""
    (submission,) = find_submissions([path])
    return grade_submission(submission, _workshop(), Settings(seed, LIMIT))


def _exercise(graded: SubmissionResult, number: str) -> ExerciseResult:
    found = next((one for one in graded.exercises if one.id == number), None)
    if found is None or found.points is None:
        problem = f"{graded.file}: övning {number} fick ingen bedömning. {graded.message}"
        raise GraderError(problem.rstrip())
    return found


def _outputs(exercise: ExerciseResult) -> Iterator[Any]:
    """Det som cellen hade visat om den hade körts: återkopplingen, och poängen som sista värde."""
    yield new_output("stream", name="stdout", text=exercise_text(exercise))
    if exercise.points:
        yield new_output("execute_result", data={"text/plain": repr(exercise.points)})
    else:
        zero = NO_POINTS.format(number=exercise.id)
        yield new_output("error", ename="NoPointsError", evalue=zero, traceback=[zero])
