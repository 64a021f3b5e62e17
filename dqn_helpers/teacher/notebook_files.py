"""Anteckningsböckernas filform: läsa, pröva och skriva dem alltid likadant.

Samma bok ger alltid samma fil, byte för byte: sorterade nycklar, inga tider, versioner eller utdata
(utom de utdata som nbval jämför). Då visar en diff bara det som någon har ändrat.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat

Cell = dict[str, Any]
Notebook = dict[str, Any]

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_CELL_KEYS = ("cell_type", "id", "metadata", "source", "attachments")
_KEPT_METADATA = ("dqn_kurs", "nbgrader", "tags")
_NBGRADER_KEYS = (
    *("schema_version", "grade", "solution", "locked", "task"),
    *("grade_id", "points", "cell_type"),
)
TEACHER_TAG = "larare"
"""Taggen på lärarens egna celler, som studenterna inte får."""
_GRADE_ID = re.compile(r"(ovning|check)-(\d+)-(\d+)")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CHECKED_COMMENT = re.compile(r"^\s*#+\s*NBVAL_CHECK_OUTPUT\s*$", re.MULTILINE)


class NotebookError(ValueError):
    """Något i en källfil är fel; meddelandet säger fil, cell och vad som ska ändras."""


def read_notebook(path: Path) -> Notebook:
    """Läs en anteckningsbok och pröva dess form.

    Raises:
        NotebookError: om filen inte är en giltig anteckningsbok med unika cell-id som är sluggar.
    """
    name = short_name(path)
    try:
        notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        problem = f"filen går inte att läsa som anteckningsbok: {error}"
        raise NotebookError(f"{name}: {problem}") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise NotebookError(f"{name}: det här är ingen anteckningsbok.")
    _check_ids(notebook, name)
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise NotebookError(f"{name}: anteckningsboken är ogiltig: {error.message}") from None
    return notebook


def dumps(notebook: Notebook) -> str:
    """Anteckningsboken som text, alltid likadan: sorterade nycklar, indrag ett, radslut sist."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def source_of(cell: Cell) -> str:
    """Cellens innehåll som en enda sträng (i filen är det ofta en lista av rader)."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def tags_of(cell: Cell) -> list[str]:
    """Cellens taggar."""
    return list(cell.get("metadata", {}).get("tags", []))


def exercise_number(cell: Cell) -> str | None:
    """Övningens nummer ("3.1") ur nbgraders `grade_id` (`ovning-3-1`, `check-3-1`), annars None."""
    match = _GRADE_ID.fullmatch(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
    return f"{match.group(2)}.{match.group(3)}" if match else None


def is_output_compared(cell: Cell) -> bool:
    """Sant om nbval jämför cellens utdata, så att den ska finnas kvar i filen."""
    tagged = "nbval-check-output" in tags_of(cell)
    return tagged or _CHECKED_COMMENT.search(source_of(cell)) is not None


def short_name(path: Path) -> str:
    """Mapp och fil, som i felmeddelanden: `solutions/04_dqn_loopen.ipynb`."""
    return f"{path.parent.name}/{path.name}"


def _check_ids(notebook: Notebook, name: str) -> None:
    ids = [str(cell.get("id", "")) for cell in notebook["cells"]]
    for number, cell_id in enumerate(ids, 1):
        if not _SLUG.fullmatch(cell_id):
            raise NotebookError(
                f"{name}, cell nummer {number}: id `{cell_id}` duger inte. "
                "Skriv ett som säger vad cellen gör, med a–z, siffror och bindestreck."
            )
    twice = [cell_id for cell_id, count in Counter(ids).items() if count > 1]
    if twice:
        raise NotebookError(f"{name}, cell {twice[0]}: samma id finns på flera celler.")


def canonical(notebook: Notebook, path: Path) -> Notebook:
    """Samma anteckningsbok utan det som JupyterLab lägger till: utdata, tider, versioner.

    Filens namn ger bokens nummer (`04_dqn_loopen.ipynb` → 04), som rättaren känner igen den på.
    """
    number = re.match(r"(\d\d[a-z]?)_", path.name)
    if number is None:
        raise NotebookError(f"{short_name(path)}: namnet ska börja med ett nummer, som `04_`.")
    metadata = {
        "dqn_kurs": {"notebook": number.group(1)},
        "kernelspec": _KERNEL,
        "language_info": {"name": "python"},
    }
    cells = [_canonical_cell(cell) for cell in notebook["cells"]]
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _canonical_cell(cell: Cell) -> Cell:
    kept = {key: cell[key] for key in _CELL_KEYS if key in cell}
    kept["metadata"] = _canonical_metadata(cell.get("metadata", {}))
    kept["source"] = source_of(cell).strip("\n").splitlines(keepends=True)
    if cell["cell_type"] == "code":
        outputs = cell["outputs"] if is_output_compared(cell) else []
        kept["outputs"] = [_same_count(output) for output in outputs]
        # nbval vägrar jämföra med utdata från en cell som ser ut att aldrig ha körts.
        kept["execution_count"] = 1 if outputs else None
    return kept


def _canonical_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    kept = {key: metadata[key] for key in _KEPT_METADATA if metadata.get(key)}
    if "nbgrader" in kept:
        known = kept["nbgrader"]
        kept["nbgrader"] = {key: known[key] for key in _NBGRADER_KEYS if key in known}
    if metadata.get("jupyter", {}).get("source_hidden"):
        kept["jupyter"] = {"source_hidden": True}
    return kept


def _same_count(output: dict[str, Any]) -> dict[str, Any]:
    return output | {"execution_count": 1} if "execution_count" in output else output
