"""Innehållet i en anteckningsboks fil → dess celler, eller en svensk mening om varför det inte går.

Tål vad som helst: trasiga, enorma och illvilliga filer. Utdata läses aldrig. Som i Jupyter gäller
den sista av två lika nycklar, och NaN i en utdata gör ingenting.
"""

import codecs
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from dqn_helpers.exercises.syllabus import BOOKS, NUMBER_OF, OLD_FILES
from dqn_helpers.submission.cells import CellSource

MAX_FILE = 20_000_000  # byte
MAX_CODE = 1_000_000  # tecken i alla kodceller tillsammans
MAX_CELLS = 2000
MAX_BRACKETS = 1_000_000  # så många listor och ordböcker får filen innehålla
MAX_MARKDOWN_CELL = 20_000
MAX_MARKDOWN = 200_000

NOTEBOOKS = {number: file.removesuffix(".ipynb") for number, (file, *_) in BOOKS.items()}
NOTEBOOKS |= {number: file.removesuffix(".ipynb") for number, file in OLD_FILES.items()}
"""Anteckningsbokens nummer → dess namn. 00 har inga poäng, men den följer ofta med."""

CLEAR_OUTPUTS = (
    "Det brukar vara utdata (bilder, filmer) som tar plats: rensa utdata med `Kernel` → `Restart "
    "Kernel and Clear Outputs`, spara och lämna in igen."
)
_SAVE_AGAIN = "Öppna anteckningsboken i Jupyter, spara den och lämna in den sparade filen."
_DEFINITION = re.compile(rf"^(?:def|class) ({'|'.join(NUMBER_OF)})\b", re.MULTILINE)


class UnreadableError(ValueError):
    """Filen går inte att läsa; meddelandet är till läraren och studenten."""


@dataclass(frozen=True)
class Contents:
    """En anteckningsboks innehåll.

    Attributes:
        cells: kodcellerna; namnet är platsen bland alla celler.
        markdown: textcellernas (id, text).
        notebook: bokens nummer ur filens metadata, "03".
        notes: det läraren bör veta.
    """

    cells: tuple[CellSource, ...]
    markdown: tuple[tuple[str, str], ...]
    notebook: str | None
    notes: tuple[str, ...]


def read_contents(data: bytes) -> Contents:
    """Läs en anteckningsbok.

    Raises:
        UnreadableError: om det inte är en hel anteckningsbok.
    """
    text, notes = _decoded(data)
    notebook = _loaded(text)
    cells = _all_cells(notebook)
    texts = [(cell, _kind(cell, i), _source(cell, i)) for i, cell in enumerate(cells, 1)]
    code = [(i, text) for i, (_, kind, text) in enumerate(texts, 1) if kind == "code"]
    if sum(len(text) for _, text in code) > MAX_CODE:
        raise UnreadableError(
            f"Koden är längre än {MAX_CODE:,} tecken, så filen läses inte.".replace(",", " ")
        )
    for i, (_, kind, text) in enumerate(texts, 1):
        match = _DEFINITION.search(text) if kind != "code" else None
        if match:
            notes.append(f"Cell {i} är ingen kodcell men innehåller `{match.group(0)}`.")
    ids = Counter(cell.get("id") for cell, _, _ in texts if _is_answer(cell.get("id")))
    notes += [f"{n} celler har samma id, `{one}`." for one, n in ids.items() if n > 1]
    return Contents(
        tuple(CellSource(f"cell {i}", _whole(text)) for i, text in code),
        _markdown([(cell, text) for cell, kind, text in texts if kind == "markdown"]),
        _number(notebook),
        tuple(notes[:10]),
    )


def _is_answer(cell_id: object) -> bool:
    """Sant för id:t på en av bokens egna celler för svar."""
    return (
        isinstance(cell_id, str) and re.fullmatch(r"(ovning|gissning)-\d-\d", cell_id) is not None
    )


def notebook_in_name(name: str) -> str | None:
    """Anteckningsbokens nummer, om filnamnet innehåller en av kursens böckers namn."""
    return next((n for n, stem in NOTEBOOKS.items() if stem in name.lower()), None)


# --- filen → JSON ---------------------------------------------------------------------------------


def _decoded(data: bytes) -> tuple[str, list[str]]:
    if not data.strip(b" \t\r\n\0"):
        raise UnreadableError(f"Filen är tom. {_SAVE_AGAIN}")
    if data.count(b"[") + data.count(b"{") > MAX_BRACKETS:
        raise UnreadableError(f"Filen innehåller orimligt många listor. {CLEAR_OUTPUTS}")
    try:
        return data.decode(json.detect_encoding(data)), []
    except UnicodeDecodeError:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data:
            raise UnreadableError(f"Filen är ingen text. {_SAVE_AGAIN}") from None
        note = "Filen är inte i UTF-8; den lästes som Windows-1252, så kontrollera å, ä och ö."
        return data.decode("cp1252", errors="replace"), [note]


def _loaded(text: str) -> dict[str, Any]:
    try:
        notebook = json.loads(text, parse_int=_small_int)
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"Filen är ingen hel anteckningsbok: det är fel i dess JSON på rad {error.lineno}. Det "
            f"kan ha blivit ett avbrott när den sparades eller laddades upp. {_SAVE_AGAIN}"
        ) from None
    except (RecursionError, MemoryError, ValueError):
        raise UnreadableError(f"Filen är för djupt nästlad för att läsas. {_SAVE_AGAIN}") from None
    if not isinstance(notebook, dict):
        raise UnreadableError(f"Filen är JSON men ingen anteckningsbok. {_SAVE_AGAIN}")
    return notebook


def _small_int(digits: str) -> int:
    """Heltal i filen spelar ingen roll, men ett med en miljon siffror tar tid."""
    return int(digits) if len(digits) < 20 else 0


# --- JSON → celler -------------------------------------------------------------------------------


def _wrong(what: str) -> UnreadableError:
    return UnreadableError(f"Filen är ingen giltig anteckningsbok: {what}. {_SAVE_AGAIN}")


def _all_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Cellerna, i format 4 direkt och i format 3 på blad (`worksheets`)."""
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        sheets = notebook["worksheets"]
        if not all(isinstance(s, dict) and isinstance(s.get("cells"), list) for s in sheets):
            raise _wrong("ett blad (`worksheets`) har inga celler")
        cells = [cell for sheet in sheets for cell in sheet["cells"]]
    if not isinstance(cells, list):
        raise _wrong("listan med celler saknas")
    if len(cells) > MAX_CELLS:
        raise _wrong(f"den har {len(cells)} celler, fler än {MAX_CELLS}")
    for i, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or not isinstance(cell.get("metadata", {}), dict):
            raise _wrong(f"cell {i} har fel form")
    return cells


def _kind(cell: dict[str, Any], number: int) -> str:
    kind = cell.get("cell_type")
    if not isinstance(kind, str):
        raise _wrong(f"cell {number} saknar `cell_type`")
    return kind


def _source(cell: dict[str, Any], number: int) -> str:
    """Cellens text: en sträng eller en lista av rader, i format 3 under `input`."""
    source = cell.get("source", cell.get("input", ""))
    parts = source if isinstance(source, list) else [source]
    if not all(isinstance(part, str) for part in parts):
        raise _wrong(f"innehållet i cell {number} är ingen text")
    return "".join(parts)


def _whole(text: str) -> str:
    """Utan halva surrogatpar, som JSON tillåter men ingen fil kan innehålla."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _markdown(cells: list[tuple[dict[str, Any], str]]) -> tuple[tuple[str, str], ...]:
    result, left = [], MAX_MARKDOWN
    for cell, text in cells:
        cell_id = cell.get("id")
        text = _whole(text[: min(left, MAX_MARKDOWN_CELL)])
        result.append((_whole(cell_id[:64]) if isinstance(cell_id, str) else "", text))
        left -= len(text)
    return tuple(result)


def _number(notebook: dict[str, Any]) -> str | None:
    """Bokens nummer ur metadata, om den är en av kursens."""
    metadata = notebook.get("metadata", {})
    if not isinstance(metadata, dict):
        raise _wrong("`metadata` har fel form")
    ours = metadata.get("dqn_kurs")
    number = ours.get("notebook") if isinstance(ours, dict) else None
    return number if isinstance(number, str) and number in NOTEBOOKS else None
