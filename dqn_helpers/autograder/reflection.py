"""Reflektionen i övning 5.4: studentens text, och bedömningsguiden till läraren."""

import functools
from pathlib import Path

import mistune

from dqn_helpers.autograder.workshop import ROOT
from dqn_helpers.submission.collect import Submission, find_submissions

CELL, HEADING, GUIDE = "ovning-5-4", "## Övning 5.4", "bedomning-5-4"


def reflection_of(submission: Submission) -> str:
    """Det som studenten skrev under 5.4: i cellen själv, eller i egna textceller efter den."""
    places = [
        place
        for place, (cell, text) in enumerate(submission.markdown)
        if cell == CELL or text.lstrip().startswith(HEADING)
    ]
    if not places:
        return ""
    own = [_without_question(submission.markdown[places[0]][1])]
    for cell, text in submission.markdown[places[0] + 1 :]:
        if _is_handed_out(cell, text):
            break
        own.append(text.strip())
    return "\n\n".join(text for text in own if text)


def _without_question(text: str) -> str:
    """Texten utan de rader som stod där när boken delades ut."""
    question = dict(_handed_out()).get(CELL, "").splitlines()
    return "\n".join(line for line in text.splitlines() if line not in question or not line).strip()


def _is_handed_out(cell: str, text: str) -> bool:
    """Sant för sidans egna textceller, på id (texten kan ha ändrats sedan) eller på texten."""
    return any(cell == known or text.strip() == known_text for known, known_text in _handed_out())


@functools.cache
def _handed_out() -> tuple[tuple[str, str], ...]:
    """Textcellerna i anteckningsbok 05 som den delas ut: (id, text)."""
    return tuple((cell, text.strip()) for cell, text in _markdown_cells(ROOT / "notebooks"))


@functools.cache
def guide_html() -> str:
    """Bedömningsguiden ur lärarens anteckningsbok, som HTML; tomt om den inte finns."""
    text = dict(_markdown_cells(ROOT / "solutions")).get(GUIDE, "")
    return str(mistune.create_markdown(plugins=["table"])(text))


def _markdown_cells(folder: Path) -> tuple[tuple[str, str], ...]:
    path = next(folder.glob("05_*.ipynb"), None)
    return next(find_submissions([path])).markdown if path else ()
