"""Bedömningen av reflektionen i övning 5.4: guiden, och vad som var rätt i det egna kasinot."""

import functools
import json
from typing import NamedTuple

import mistune
import numpy as np

from dqn_helpers.autograder import ROOT
from dqn_helpers.figures import spread_in_words
from dqn_helpers.studies import own_casino
from dqn_helpers.submission.written import markdown_cells

GUIDE = "bedomning-5-4"
KEY = ROOT / "solutions" / "grading" / "book_05" / "own_casinos.json"


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
    return dict(markdown_cells(ROOT / "solutions")).get(GUIDE, "")


def _inline_html(text: str) -> str:
    """En rutas text som HTML, utan stycket runt om."""
    return str(mistune.html(text.strip())).strip().removeprefix("<p>").removesuffix("</p>")


# --- det egna kasinot ----------------------------------------------------------------------------


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
    said = _means_in_words(dqn.mean(), double.mean())
    if dqn.min() > double.max():
        return f"{said}, och frönas fält överlappar inte."
    return f"{said}, men frönas fält överlappar: den som säger att skillnaden är osäker har rätt."


def _means_in_words(dqn: float, double: float) -> str:
    """Hur mycket av överskattningen som är kvar; en andel bara när båda överskattar."""
    if dqn <= 0:
        return "Ingen av metoderna överskattar i genomsnitt"
    if double < 0:
        return "Double DQN underskattar i genomsnitt i stället för att överskatta"
    left = round(100 * double / dqn)
    return f"Double DQN har {left} % av DQN:s överskattning kvar i genomsnitt"
