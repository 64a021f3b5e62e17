"""Samlingen av rätta lösningar: `@correct("3.1")` över en funktion eller klass."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

CORRECT: dict[str, list[Any]] = defaultdict(list)


def correct(number: str) -> Callable[[Any], Any]:
    """Lösningen under är rätt."""

    def register(solution: Any) -> Any:
        CORRECT[number].append(solution)
        return solution

    return register
