"""Reflektionen i övning 5.4: studentens text, och bedömningsguiden till läraren."""

import functools
from pathlib import Path

import mistune

from dqn_helpers.autograder.submissions import Submission, find_submissions
from dqn_helpers.autograder.workshop import ROOT

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
    handed_out = _handed_out()
    own = [_without_question(submission.markdown[places[0]][1])]
    for _, text in submission.markdown[places[0] + 1 :]:
        if text.strip() in handed_out:
            break
        own.append(text.strip())
    return "\n\n".join(text for text in own if text)


def _without_question(text: str) -> str:
    """Texten utan de rader som stod där när boken delades ut."""
    question = next((t for t in _handed_out() if t.startswith(HEADING)), "").splitlines()
    return "\n".join(line for line in text.splitlines() if line not in question or not line).strip()


@functools.cache
def _handed_out() -> frozenset[str]:
    """Textcellerna i anteckningsbok 05 som den delas ut."""
    return frozenset(text.strip() for _, text in _markdown_cells(ROOT / "notebooks"))


@functools.cache
def guide_html() -> str:
    """Bedömningsguiden ur lärarens anteckningsbok, som HTML; tomt om den inte finns."""
    text = dict(_markdown_cells(ROOT / "solutions")).get(GUIDE, "")
    return str(mistune.create_markdown(plugins=["table"])(text))


def _markdown_cells(folder: Path) -> tuple[tuple[str, str], ...]:
    path = next(folder.glob("05_*.ipynb"), None)
    return next(find_submissions([path])).markdown if path else ()
