"""En inlämning: vilka övningar den innehåller, och varje övnings resultat, räknat en gång."""

from collections.abc import Sequence
from dataclasses import replace

from dqn_helpers.autograder import catalogue
from dqn_helpers.autograder.results import STOPPED, Ran, grade
from dqn_helpers.autograder.submissions import Submission
from dqn_helpers.autograder.workshop import Workshop
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.syllabus import NUMBER_OF, notebook_of
from dqn_helpers.submission.extract import Slices


class Grading:
    """Rättningen av en inlämning.

    Args:
        submission: en läst inlämning.
        workshop: där studentens kod körs.
        seed: frö för de dolda fallen.
        only: bara de här övningarna.

    Raises:
        WorkerError: om inlämningens kod inte gick att skiva.
    """

    def __init__(
        self,
        submission: Submission,
        workshop: Workshop,
        seed: int | str,
        only: Sequence[str] = (),
    ) -> None:
        self.submission = submission
        self._workshop, self._seed = workshop, seed
        self.slices = workshop.slice(submission.cells, list(NUMBER_OF))
        read = {cell.name for cell in self.slices.everything}
        self._unreadable = [cell for cell in submission.cells if cell.name not in read]
        self.slices = _without_templates(self.slices, catalogue.template_cells())
        found = exercises_in(submission, self.slices.names)
        self.numbers = [number for number in found if not only or number in only]
        self._results: dict[str, Ran | None] = {}

    def ran(self, number: str) -> Ran:
        """Övningens resultat; körs första gången någon frågar."""
        known = self._results.get(number)
        if known is None:
            self._results[number] = None  # påbörjad
            known = self._results[number] = self._grade(number)
        return known

    def _grade(self, number: str) -> Ran:
        used = self.slices.uses.get(EXERCISES[number].name, frozenset())
        scenario = catalogue.scenario(number, self._seed)
        return grade(
            scenario,
            self.slices,
            self._workshop,
            replacements=catalogue.right_versions(number, used) if used else (),
            answer=catalogue.answers(number, scenario.inputs()) if used else None,
            right_first=any(self._gets_stuck(NUMBER_OF[name]) for name in used),
            unreadable=self._unreadable,
        )

    def _gets_stuck(self, number: str) -> bool:
        """Sant om en använd övning fastnar eller kraschar: då är det ingen idé att köra med den."""
        is_started = number in self._results and self._results[number] is None
        if is_started or number not in self.numbers:  # två lösningar som använder varandra
            return False
        return self.ran(number).result.status in STOPPED


def _without_templates(slices: Slices, templates: frozenset[str]) -> Slices:
    """Sista utvägen kör alla celler utom sidans egna: de tränar agenter i minuter."""
    own = tuple(cell for cell in slices.everything if cell.text.strip() not in templates)
    return replace(slices, everything=own)


def exercises_in(submission: Submission, names: frozenset[str]) -> list[str]:
    """Övningarna i den anteckningsbok som inlämningen är, annars i dem vars funktioner den har."""
    books = {submission.notebook}
    if submission.notebook is None:
        books = {notebook_of(number) for name, number in NUMBER_OF.items() if name in names}
    return [number for number in EXERCISES if notebook_of(number) in books]
