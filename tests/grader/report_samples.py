"""Resultat att göra rapporter av."""

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from dqn_helpers.autograder.grade import waiting_for_teacher
from dqn_helpers.autograder.result import (
    ClassResult,
    Decision,
    ExerciseResult,
    PartResult,
    SubmissionResult,
)
from dqn_helpers.card import ComparedRow, Comparison
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.submission.collect import canvas_owner

WRONG = "Svaret är 4, men ska vara 5."
ARGUMENTS = (
    ("reward", "[1; −2]"),
    ("next_q_values", "[[2; 6]; [5; 3]]"),
    ("discount_factor", "0,5"),
)


def exercise(number: str, *passed: bool, **changes: Any) -> ExerciseResult:
    """En övning där de beteenden som inte nämns är rätt."""
    behaviours = EXERCISES[number].behaviours
    verdicts = [*passed, *[True] * len(behaviours)][: len(behaviours)]
    parts = tuple(
        PartResult(b.name, b.points, True)
        if ok
        else PartResult(b.name, b.points, False, WRONG, arguments=ARGUMENTS)
        for b, ok in zip(behaviours, verdicts, strict=True)
    )
    points = sum(part.points for part in parts if part.passed)
    made = ExerciseResult(
        id=number,
        name=EXERCISES[number].name,
        points=points,
        max_points=EXERCISES[number].points,
        status="passed" if all(verdicts) else "partial" if points else "failed",
        parts=parts,
    )
    return replace(made, **changes)


def with_part(made: ExerciseResult, number: int, **changes: Any) -> ExerciseResult:
    """Övningen med en ändrad del."""
    parts = list(made.parts)
    parts[number] = replace(parts[number], **changes)
    return replace(made, parts=tuple(parts))


TABLE = Comparison(
    ("reward",),
    (ComparedRow("rad 0", ("1",), "6,4", "1", False), ComparedRow("rad 1", ("2",), "2", "2", True)),
    n_left_out=3,
)


def internal(number: str) -> ExerciseResult:
    """En övning där rättaren själv gick fel."""
    return exercise(number, *[False] * 20, status="internal", points=None)


def by_teacher(points: float | None, reason: str = "Bra skäl.") -> ExerciseResult:
    """Det skrivna svaret, bedömt om det har fått poäng."""
    decision = None if points is None else Decision(None, points, reason)
    return replace(waiting_for_teacher("5.4"), points=points, decision=decision)


def submission(file: str, *exercises: ExerciseResult, **changes: Any) -> SubmissionResult:
    """En inlämning. Har filen ett namn från Canvas är den nedladdad därifrån."""
    owner = canvas_owner(file.split("/")[-1])
    digest = file.encode("utf-8", "replace").hex()[:64]
    made = SubmissionResult(file, None, digest, "graded", exercises=exercises)
    if owner and changes.get("canvas_id", owner) is not None:
        made = replace(made, canvas_id=owner.canvas_id, attempt=owner.attempt)
    return replace(made, **changes)


def unreadable(file: str, message: str = "Filen är tom.") -> SubmissionResult:
    """En fil som inte gick att läsa."""
    return submission(file, status="unreadable", message=message)


def results(*submissions: SubmissionResult, **changes: Any) -> ClassResult:
    """En hel rättning."""
    return replace(ClassResult(4711, "full", submissions), **changes)


class Page(HTMLParser):
    """En tolkad sida: elementen med attribut, texten, och texten i `<style>`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.style = self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)
        self.text += " " if tag in ("dt", "dd", "th", "td", "p", "li") else ""

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            self.style += data
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def words(self) -> str:
        return " ".join(self.text.split())
