"""Övningens namn, när studenten har kallat sin funktion något annat."""

import difflib
import re
from collections.abc import Collection, Sequence

from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.syllabus import NUMBER_OF
from dqn_helpers.submission.cells import CellSource

MAX_COMPARED = 500  # namn som jämförs med det som saknas

# Bara blanktecken på samma rad: en fil med miljoner tomma rader får inte ta tid.
CHECKED = re.compile(
    r"""^[ \t]*check\([ \t]*["'](\d\.\d)["'][ \t]*,[ \t]*([^\W\d]\w{0,99})\b""", re.MULTILINE
)


def renamed(cells: Sequence[CellSource]) -> tuple[tuple[CellSource, ...], tuple[str, ...]]:
    """Celler som ger övningens namn åt det som `check` anropas med, och anmärkningar om det.

    Det gäller bara en övning vars eget namn inte definieras någonstans.
    """
    texts = [cell.text for cell in cells]
    checked = {number: name for text in texts for number, name in CHECKED.findall(text)}
    found: list[CellSource] = []
    notes: list[str] = []
    for number, name in checked.items():
        wanted = EXERCISES[number].name if number in EXERCISES else name
        defines = re.compile(rf"\b(def|class)\s+{wanted}\b|^{wanted}\s*=", re.MULTILINE)
        if name == wanted or any(defines.search(text) for text in texts):
            continue
        found.append(CellSource(f"cell {len(cells) + len(found) + 1}", f"{wanted} = {name}"))
        notes.append(
            f"Övning {number}: `{wanted}` finns inte i inlämningen. Rättaren tog `{name}`, som "
            f'`check("{number}", …)` anropas med.'
        )
    return tuple(found), tuple(notes)


def did_you_mean(name: str, names: Collection[str]) -> str:
    """Rådet till den vars funktion nästan heter rätt, med ett mellanslag först; annars tomt."""
    near = nearest(name, names)
    return f" Menade du `{near}`? Byt i så fall namn på den." if near else ""


def nearest(name: str, names: Collection[str]) -> str:
    """Det av bokens egna namn som mest liknar ett namn som saknas; tomt om inget gör det.

    Bara de närmast lika långa jämförs, för att jämföra alla tar tid.
    """
    others = sorted(set(names) - set(NUMBER_OF), key=lambda one: (abs(len(one) - len(name)), one))
    return next(iter(difflib.get_close_matches(name, others[:MAX_COMPARED], n=1)), "")
