"""Summor av poäng, där ett beslut som saknas aldrig blir en nolla."""

from collections.abc import Sequence

from dqn_helpers.autograder.report_text import Json
from dqn_helpers.exercises.registry import EXERCISES


def behaviour_points(number: str, test: Json) -> float | None:
    """Beteendets poäng; results.json har bara namnet, så de slås upp i övningen."""
    if "points" in test:
        return float(test["points"])
    behaviours = EXERCISES[number].behaviours if number in EXERCISES else ()
    return next((b.points for b in behaviours if b.name == test["name"]), None)


def automatic_points(exercise: Json) -> float | None:
    """Poängen som rättaren gav, ur testerna: None om övningen ska granskas för hand."""
    if exercise["status"] == "internal":
        return None
    points = [behaviour_points(exercise["id"], test) for test in exercise["tests"]]
    if not points or None in points:
        return exercise["points"]
    return sum(p or 0 for p, test in zip(points, exercise["tests"], strict=True) if test["passed"])


def total(exercises: Sequence[Json]) -> float:
    """Summan av de poäng som finns."""
    return sum(e["points"] for e in exercises if e["points"] is not None)


def lacks_reflection(submission: Json, details: Json) -> bool:
    """Sant om bok 05 är inlämnad utan reflektion."""
    has_book = any(exercise["id"].startswith("5.") for exercise in submission["exercises"])
    return has_book and not details.get("reflection", "").strip()


def undecided(submission: Json) -> list[str]:
    """Numren på de övningar som saknar poäng."""
    return [e["id"] for e in submission["exercises"] if e["points"] is None]


def complete_points(submission: Json) -> float | None:
    """Inlämningens poäng; None om filen inte gick att rätta eller en övning saknar poäng."""
    if submission["status"] != "graded" or undecided(submission):
        return None
    return float(submission["points"])
