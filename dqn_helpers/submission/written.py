"""Det som studenten skrev i övning 5.4: gissningen, svaret och namnet på det egna kasinot."""

import ast
import functools
import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from dqn_helpers.submission.collect import Submission, find_submissions

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PREDICTION, ANSWER = "gissning-5-4", "ovning-5-4"
HEADINGS = {PREDICTION: "### Din gissning", ANSWER: "### Ditt svar"}

_CODE = re.compile(r"^min_kod\s*=\s*(\S.{0,199})$", re.MULTILINE)


def reflection_of(submission: Submission) -> str:
    """Det som studenten skrev under 5.4, med gissningen först om den finns."""
    prediction, answer = (written_in(submission, cell) for cell in (PREDICTION, ANSWER))
    if not prediction:
        return answer
    return f"**Gissningen före körningen:** {prediction}\n\n**Svaret:** {answer or 'saknas.'}"


def written_in(submission: Submission, own_cell: str) -> str:
    """Det som står i cellen, utom det som stod där från början, och i egna textceller efter den."""
    places = [
        place
        for place, (cell, text) in enumerate(submission.markdown)
        if cell == own_cell or text.lstrip().startswith(HEADINGS[own_cell])
    ]
    own: list[str] = []
    for place in places:  # en kopierad cell har samma id, och svaret kan stå i vilken som helst
        own.append(_without_question(submission.markdown[place][1], own_cell))
        after = submission.markdown[place + 1 :]
        own += [text.strip() for _, text in takewhile(lambda one: not _is_handed_out(*one), after)]
    return "\n\n".join(filter(None, dict.fromkeys(own)))


def _without_question(text: str, cell: str) -> str:
    """Texten utan de rader som stod där när boken delades ut."""
    question = dict(_handed_out()).get(cell, "").splitlines()
    return "\n".join(line for line in text.splitlines() if line not in question or not line).strip()


def _is_handed_out(cell: str, text: str) -> bool:
    """Sant för sidans egna textceller, på id (texten kan ha ändrats sedan) eller på texten."""
    return text.lstrip().startswith(tuple(HEADINGS.values())) or any(
        cell == known or text.strip() == known_text for known, known_text in _handed_out()
    )


@functools.cache
def _handed_out() -> tuple[tuple[str, str], ...]:
    """Textcellerna i anteckningsbok 05 som den delas ut: (id, text)."""
    return tuple((cell, text.strip()) for cell, text in markdown_cells(NOTEBOOKS))


def markdown_cells(folder: Path) -> Sequence[tuple[str, str]]:
    """Textcellerna i den bok 05 som ligger i mappen: (id, text)."""
    path = next(folder.glob("05_*.ipynb"), None)
    return next(find_submissions([path])).markdown if path else ()


def casino_code_of(submission: Submission) -> str | None:
    """Det som studenten skrev som `min_kod`; None om raden saknas eller inte är en text.

    Koden läses bara som text, här hos läraren. `literal_eval` kör ingenting, och raden är kort.
    """
    found = [match for cell in submission.cells for match in _CODE.findall(cell.text)]
    try:
        code = ast.literal_eval(found[-1].strip()) if found else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return code if isinstance(code, str) else None
