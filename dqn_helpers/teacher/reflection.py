"""Reflektionen i övning 5.4: studentens text, det egna kasinot och lärarens bedömningsguide."""

import ast
import functools
import json
import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import mistune
import numpy as np

from dqn_helpers.autograder import ROOT
from dqn_helpers.figures import spread_in_words
from dqn_helpers.studies import own_casino
from dqn_helpers.submission.collect import Submission, find_submissions

PREDICTION, ANSWER, GUIDE = "gissning-5-4", "ovning-5-4", "bedomning-5-4"
HEADINGS = {PREDICTION: "### Din gissning", ANSWER: "### Ditt svar"}
KEY = ROOT / "solutions" / "grading" / "book_05" / "own_casinos.json"

_CODE = re.compile(r"^min_kod\s*=\s*(\S.{0,199})$", re.MULTILINE)


# --- texten --------------------------------------------------------------------------------------


def reflection_of(submission: Submission) -> str:
    """Det som studenten skrev under 5.4, med gissningen först om den finns."""
    prediction, answer = (_written_in(submission, cell) for cell in (PREDICTION, ANSWER))
    if not prediction:
        return answer
    return f"**Gissningen före körningen:** {prediction}\n\n**Svaret:** {answer or 'saknas.'}"


def _written_in(submission: Submission, own_cell: str) -> str:
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
    return tuple((cell, text.strip()) for cell, text in _markdown_cells(ROOT / "notebooks"))


class RubricPart(NamedTuple):
    """En del av bedömningen: namnet, vad hel och halv del kräver, och vad man ser upp med.

    Allt utom namnet är HTML, ur vår egen text.
    """

    name: str
    full: str
    half: str
    pitfalls: str


@functools.cache
def rubric() -> tuple[RubricPart, ...]:
    """Delarna i bedömningsguidens tabell, i ordning."""
    rows = [line.strip("| ").split("|") for line in _guide().splitlines() if line.startswith("|")]
    return tuple(
        RubricPart(name.strip(), *(_inline_html(cell) for cell in cells))
        for name, *cells in rows[2:]  # efter rubrikraden och strecket
    )


@functools.cache
def guide_html() -> str:
    """Bedömningsguidens löpande text ur lärarens anteckningsbok; tomt om den inte finns."""
    text = "\n".join(line for line in _guide().splitlines() if not line.startswith(("|", "#")))
    return str(mistune.create_markdown()(text))


def _guide() -> str:
    return dict(_markdown_cells(ROOT / "solutions")).get(GUIDE, "")


def _inline_html(text: str) -> str:
    """En rutas text som HTML, utan stycket runt om."""
    return str(mistune.html(text.strip())).strip().removeprefix("<p>").removesuffix("</p>")


def _markdown_cells(folder: Path) -> Sequence[tuple[str, str]]:
    path = next(folder.glob("05_*.ipynb"), None)
    return next(find_submissions([path])).markdown if path else ()


# --- det egna kasinot ----------------------------------------------------------------------------


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


def casino_in_words(code: str | None) -> list[str]:
    """Vad som var rätt i studentens eget kasino, för läraren: en mening i taget."""
    if code is None:
        return ['Det egna kasinot är okänt: raden `min_kod = "…"` finns inte i filen.']
    if not own_casino.letters_of(code):
        return ["Det egna kasinot är inte valt: `min_kod` är tom, så studenten såg exemplet."]
    casino = own_casino.casino(own_casino.casino_number(code))
    return [f"`min_kod` är ”{code}”. {casino}", *_answer(casino.number)]


def _answer(number: int) -> list[str]:
    """Vilken kurva som är vilken, och vad de slutar på."""
    if not KEY.exists():
        return [f"Nyckeln till kurvorna saknas: {KEY.name}."]
    letter = json.loads(KEY.read_text(encoding="utf-8"))[str(number)]
    last = {name[-1]: values[:, -1] for name, values in own_casino.curves(number).items()}
    dqn, double = last.pop(letter), next(iter(last.values()))
    return [
        f"DQN är kurva {letter} och slutar på {spread_in_words(dqn)}. Double DQN är kurva "
        f"{next(iter(last))} och slutar på {spread_in_words(double)}. Det sanna värdet är 0.",
        _difference(dqn, double),
    ]


def _difference(dqn: np.ndarray, double: np.ndarray) -> str:
    left = round(100 * double.mean() / dqn.mean())
    if dqn.min() > double.max():
        return f"Double DQN har {left} % av DQN:s överskattning kvar, och inget frö går om lott."
    return (
        f"Double DQN har {left} % av DQN:s överskattning kvar i genomsnitt, men frönas fält "
        "överlappar: den som säger att skillnaden är osäker har rätt."
    )
