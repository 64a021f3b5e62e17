"""Ärliga filer: format, kodningar, mappar, zip-filer och namn från Canvas."""

import json
import os
from typing import Any

from .honest import (
    UNREADABLE,
    Expected,
    Notebook,
    answered,
    as_bytes,
    bare,
    book,
    honest,
    right,
    zipped,
)
from .honest_code import CHOSEN, SHORT, TARGET, TARGET_ALONE

ANSWERED: Expected = book("03", "unsolved") | right("3.1")
OTHER: Expected = book("03", "unsolved") | right("3.2")


def first() -> Notebook:
    return answered("03", td_target=TARGET)


def second() -> Notebook:
    return answered("03", chosen_q_values=CHOSEN)


# --- en fil --------------------------------------------------------------------------------------


@honest(TARGET_ALONE)
def nbformat_3() -> Any:
    cells = [
        {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Inlämning"]},
        {"cell_type": "code", "collapsed": False, "input": ["import torch"], "language": "python",
         "metadata": {}, "outputs": [], "prompt_number": 1},
        {"cell_type": "code", "input": TARGET.splitlines(keepends=True), "language": "python",
         "metadata": {}, "outputs": []},
    ]  # fmt: skip
    return {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells}],
    }


@honest(ANSWERED)
def source_as_one_string() -> Any:
    built = first()
    for cell in built["cells"]:
        cell["source"] = "".join(cell["source"])
    return built


@honest(ANSWERED)
def with_byte_order_mark() -> Any:
    return {"bok.ipynb": b"\xef\xbb\xbf" + as_bytes(first())}


@honest(ANSWERED)
def in_utf_16() -> Any:
    return {"bok.ipynb": as_bytes(first()).decode().encode("utf-16")}


@honest(TARGET_ALONE)
def in_windows_letters() -> Any:
    text = json.dumps(bare(SHORT.replace("r +", "0 * 0 + r +"), "å = 'äö'"), ensure_ascii=False)
    return {"bok.ipynb": text.encode("cp1252")}


@honest(ANSWERED)
def windows_line_ends() -> Any:
    built = first()
    for cell in built["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    return built


@honest(TARGET_ALONE)
def tabs_and_form_feeds() -> Any:
    return bare(
        "\x0c\ndef td_target(r, q, d, g):\n\tif True:\n\t\treturn r + g * q.max(1).values * ~d"
    )


@honest(book("03", "unsolved", td_target=(0, "syntax_error")))
def hard_spaces_from_a_pdf() -> Any:
    spaces = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}"
    return answered("03", td_target=SHORT.replace("    return", f"{spaces}return"))


@honest(ANSWERED)
def large_outputs() -> Any:
    built = first()
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 15_000_000}}
    built["cells"][-1]["outputs"] = [picture | {"metadata": {"värde": float("nan")}}]
    return built


@honest({"bok.ipynb": UNREADABLE})
def too_large_outputs() -> Any:
    built = first()
    built["cells"][-1]["outputs"] = [{"output_type": "stream", "text": "A" * 21_000_000}]
    return built


@honest({"bok.ipynb": UNREADABLE})
def interrupted_upload() -> Any:
    return {"bok.ipynb": as_bytes(first())[:-4000]}


@honest({"bok.ipynb": UNREADABLE})
def empty_file() -> Any:
    return {"bok.ipynb": b""}


@honest({"03_traningssteget.ipynb.txt": ANSWERED})
def saved_as_text_by_the_browser() -> Any:
    return {"03_traningssteget.ipynb.txt": first()}


@honest({"svar.pdf": UNREADABLE, "svar.py": UNREADABLE, "05_double_dqn.html": UNREADABLE})
def other_sorts_of_files() -> Any:
    return {"svar.pdf": b"%PDF-1.7", "svar.py": TARGET.encode(), "05_double_dqn.html": b"<html>"}


@honest({"03_traningssteget.ipynb": book("03") | right("3.1"), "bok.ipynb": TARGET_ALONE})
def recognised_by_its_name() -> Any:
    return {
        "03_traningssteget.ipynb": bare(TARGET, "import torch"),
        "bok.ipynb": bare("import torch", TARGET),
    }


# --- mappar och zip-filer ------------------------------------------------------------------------


@honest({"anna/03.ipynb": ANSWERED, "bo/djupt/03.ipynb": OTHER})
def folders_with_clutter() -> Any:
    return {
        "anna/03.ipynb": first(),
        "anna/.ipynb_checkpoints/03-checkpoint.ipynb": second(),
        "anna/.DS_Store": b"x",
        "anna/bild.png": os.urandom(100),
        "anna/hjälp.py": b"x = 1",
        "bo/djupt/03.ipynb": second(),
    }


CANVAS = {
    "anderssonanna_101_2001_03_traningssteget.ipynb": ANSWERED,
    "bergbo_LATE_102_2002_03_traningssteget-1.ipynb": OTHER,
    "anon_a1B2c_2003_03_traningssteget.ipynb": ANSWERED,
}


@honest({f"submissions.zip/{name}": expected for name, expected in CANVAS.items()})
def canvas_zip() -> Any:
    files = {name: first() if result is ANSWERED else second() for name, result in CANVAS.items()}
    return {"submissions.zip": zipped(files)}


@honest({
    "klass.zip/anna.zip/mapp/03.ipynb": ANSWERED,
    "klass.zip/anna.zip/mapp/djupt.zip/03.ipynb": OTHER,
    "klass.zip/bo/03.ipynb": OTHER,
    "klass.zip/trasig.zip": UNREADABLE,
})  # fmt: skip
def zips_in_a_zip() -> Any:
    deepest = zipped({"03.ipynb": second()})
    inner = zipped({"mapp/03.ipynb": first(), "mapp/djupt.zip": deepest})
    files = {"anna.zip": inner, "bo\\03.ipynb": second(), "trasig.zip": b"PK\x03\x04trasig"}
    return {"klass.zip": zipped(files | {"__MACOSX/._anna.zip": b"x"})}


@honest({"k.zip/a_1_10_03.ipynb": ANSWERED, "k.zip/a_1_11_03-1.ipynb": OTHER})
def handed_in_twice() -> Any:
    return {"k.zip": zipped({"a_1_10_03.ipynb": first(), "a_1_11_03-1.ipynb": second()})}
