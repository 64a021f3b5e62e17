"""Resultat att göra rapporter av, i det format som results.json har."""

from html.parser import HTMLParser
from typing import Any

from dqn_helpers.autograder.submissions import canvas_owner
from dqn_helpers.exercises.registry import EXERCISES

CASE = "Fallet reward = [1; −2], next_q_values = [[2; 6]; [5; 3]], discount_factor = 0,5."


def exercise(number: str, *passed: bool, **changes: Any) -> dict[str, Any]:
    """En övning där de beteenden som inte nämns är rätt."""
    behaviours = EXERCISES[number].behaviours
    verdicts = [*passed, *[True] * len(behaviours)][: len(behaviours)]
    points = sum(b.points for b, ok in zip(behaviours, verdicts, strict=True) if ok)
    tests = [
        {"name": b.name, "passed": ok, "message": "" if ok else f"{CASE} Svaret är 4, väntat 5."}
        for b, ok in zip(behaviours, verdicts, strict=True)
    ]
    status = "passed" if all(verdicts) else "partial" if points else "failed"
    return {
        "id": number,
        "name": EXERCISES[number].name,
        "points": points,
        "max_points": EXERCISES[number].points,
        "status": status,
        "misconception": None,
        "feedback": "",
        "tests": tests,
    } | changes


def internal(number: str) -> dict[str, Any]:
    """En övning där rättaren själv gick fel."""
    return exercise(number, *[False] * 20, status="internal", points=None)


def submission(file: str, *exercises: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """En inlämning. Har filen ett namn från Canvas är den nedladdad därifrån."""
    owner = canvas_owner(file.split("/")[-1])
    return {
        "file": file,
        "student": None,
        "canvas_id": owner.canvas_id if owner else None,
        "sha256": file.encode("utf-8", "replace").hex()[:64],
        "status": "graded",
        "message": "",
        "points": sum(e["points"] or 0 for e in exercises),
        "max_points": sum(e["max_points"] for e in exercises),
        "grade": None,
        "exercises": list(exercises),
    } | changes


def unreadable(file: str, message: str = "Filen är tom.") -> dict[str, Any]:
    """En fil som inte gick att läsa."""
    return submission(file, status="unreadable", message=message)


def results(*submissions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Hela results.json."""
    head = {"version": 1, "seed": 4711, "isolation": "full"}
    return head | {"submissions": list(submissions)} | changes


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
