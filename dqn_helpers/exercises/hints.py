"""Ledtrådarna som en markdowncell: `python -m dqn_helpers.exercises.hints 3.1`.

De står i övningen och på sidan; ett test ser till att det är samma text.
"""

import sys

from dqn_helpers.exercises.model import Exercise
from dqn_helpers.exercises.registry import EXERCISES


def hints_as_markdown(exercise: Exercise) -> str:
    """De tre ledtrådarna, hopfällda."""
    return "\n\n".join(
        f"<details><summary>Ledtråd {number}</summary>\n\n{hint}\n\n</details>"
        for number, hint in enumerate(exercise.hints, 1)
    )


if __name__ == "__main__":
    print("\n\n\n".join(hints_as_markdown(EXERCISES[number]) for number in sys.argv[1:]))
