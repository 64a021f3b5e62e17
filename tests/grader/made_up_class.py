"""En påhittad klass på sextio studenter, med allt som händer i riktiga klasser.

Alla har bok 05. Samma filer packas så som Canvas och så som Moodle lämnar ut dem.
"""

import copy
import functools
import json
import random
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from dqn_helpers.autograder.catalogue import content

from .honest import Notebook, answered, as_bytes, cell_of, code, in_style, page, zipped
from .lms_formats import (
    Assignment,
    CanvasStyle,
    MoodleStyle,
    Student,
    canvas_export,
    moodle_folder,
    moodle_sheet,
)

FIRST = ("Anna", "Bo", "Cia", "Dan", "Eva", "Fia", "Gun", "Hugo", "Ida", "Jon", "Kim", "Lo")
LAST = ("Ek", "Öst", "Al", "Åberg", "Sjö")
NAMES = [f"{first} {last}" for last in LAST for first in FIRST]
NAMES[47] = "Kim Åberg"  # de är två som heter så, nummer 47 och 48
GROUP, PAIR = "Grupp 4", ("Ida Ek", "Jon Ek")
"""Två som har lämnat in tillsammans, genom den första."""
LATE = ("Bo Ek", "Lo Öst", "Lo Al")
WORDS = ("överskattning", "kopian", "turen", "bruset", "automaten", "målet", "kurvan", "felet",
         "frön", "medelvärdet", "maximum", "skillnaden", "steget", "gissningen")  # fmt: skip
FILE, LINK = "05_double_dqn.ipynb", "link.html"
N_RIGHT = 41
"""De första har rätta lösningar i olika stilar, så när som på det som står i SPECIAL."""

MISTAKES = (
    ("", ""),
    (" * ~terminated", ""),
    ("model(next_state).argmax", "target_model(next_state).argmax"),
)
"""Var tredje av de andra har glömt masken, och var tredje låter målnätverket välja."""

TARGET: str = content("05", "mistakes").TARGET

Change = Callable[[Notebook], Any]


@dataclass(frozen=True)
class HandIn:
    """Det som en student har lämnat in; numren är de som Canvas och Moodle ger."""

    name: str
    number: int
    file: str
    data: bytes
    late: bool = False
    attempt: int = 0

    @property
    def in_canvas(self) -> str:
        """Filens namn i nedladdningen från Canvas; en grupps fil har en students nummer."""
        first, last = self.name.split(" ")
        who = (GROUP if self.name in PAIR else f"{last}{first}").replace(" ", "").lower()
        late = "_LATE" if self.late else ""
        attachment = f"_{90_000 + 1_000 * self.attempt + self.number}"
        return f"{who}{late}_{self.number}{'' if self.file == LINK else attachment}_{self.file}"

    @property
    def in_moodle(self) -> str:
        """Filens plats i nedladdningen från Moodle."""
        folder = moodle_folder(self.name, 50_000 + self.number)
        if self.file == LINK:
            return f"{folder.replace('_file', '_onlinetext')}/onlinetext.html"
        return f"{folder}/{self.file}"


# --- böckerna -------------------------------------------------------------------------------------


@functools.cache
def _base(style: int) -> bytes:
    return as_bytes(in_style("05", style))


def personal(built: Notebook, name: str, number: int) -> Notebook:
    """Boken med studentens namn och en egen reflektion."""
    rng = random.Random(number)
    answer = " ".join(rng.choices(WORDS, k=80))
    for cell in built["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell["source"] = text.replace('min_kod = ""', f'min_kod = "{name}"')
        elif cell.get("id") == "ovning-5-4":
            cell["source"] = text.replace("*Skriv ditt svar här.*", f"{answer}.")
    return built


def _edit_51(edit: Callable[[str], str]) -> Change:
    def change(built: Notebook) -> None:
        cell = cell_of(built, "5.1")
        cell["source"] = edit("".join(cell["source"]))

    return change


def _renamed_51(built: Notebook) -> None:
    """Kontrollen tar funktionen vad den än heter, och därför märker studenten inget."""
    for cell in built["cells"]:
        cell["source"] = "".join(cell["source"]).replace("double_dqn_target", "dubbelt_mål")


def _first_in_53(line: str, top: str = "") -> Change:
    """En rad till, överst i funktionen i 5.3, och en överst i boken."""

    def change(built: Notebook) -> None:
        cell = cell_of(built, "5.3")
        head = r"(def q_value_bias\(.*?\):\n)"
        cell["source"] = re.sub(head, rf"\1    {line}\n", "".join(cell["source"]), flags=re.S)
        built["cells"].insert(1, code(top))

    return change


def _from_vs_code(built: Notebook) -> None:
    """VS Code sparar språket i varje cell, och inga celler har id i det äldre formatet."""
    built["nbformat_minor"] = 2
    built["metadata"]["kernelspec"] = {"display_name": ".venv (3.12.3)", "name": "python3"}
    for cell in built["cells"]:
        cell.pop("id", None)
        cell["metadata"] = {"vscode": {"languageId": "python"}}


def _with_formulas(built: Notebook) -> None:
    cell_of(built, "5.4")["source"] = (
        "**Gissningen:** $\\mathbb{E}[\\max_a Q] \\ge \\max_a \\mathbb{E}[Q]$, alltså för högt.\n\n"
        "$$y = r + \\gamma\\, Q_{mål}(s', \\arg\\max_a Q(s', a))$$\n\n<b>Slut</b> & klart."
    )


def _kind_of_51(kind: str) -> Change:
    def change(built: Notebook) -> None:
        cell = cell_of(built, "5.1")
        cell["cell_type"] = kind
        cell.pop("outputs"), cell.pop("execution_count")

    return change


def _one_cell(built: Notebook) -> None:
    texts = ["".join(cell["source"]) for cell in built["cells"] if cell["cell_type"] == "code"]
    prose = [cell for cell in built["cells"] if cell["cell_type"] != "code"]
    own = [text for text in texts if "def double_dqn" in text or "def q_value_bias" in text]
    built["cells"] = [code("\n\n".join([texts[0], *own])), *prose]


def _without_checks(built: Notebook) -> None:
    built["cells"] = [c for c in built["cells"] if "check(" not in "".join(c["source"])]


def _much_output(built: Notebook) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 3_000_000}
    built["cells"][-1] = code("print()") | {"outputs": [output]}


def _same_id_twice(built: Notebook) -> None:
    place = next(i for i, c in enumerate(built["cells"]) if c.get("id") == "ovning-5-4")
    built["cells"].insert(place, copy.deepcopy(page("05")["cells"][place - 1]) | {
        "cell_type": "markdown", "id": "ovning-5-4", "source": "### Ditt svar på 5.4"})  # fmt: skip


CHANGES: dict[str, Change] = {
    "Anna Öst": _edit_51(lambda text: text.replace("double_dqn_target", "double_dqn_targets")),
    "Bo Öst": _kind_of_51("raw"),
    "Cia Öst": _kind_of_51("markdown"),
    "Dan Öst": lambda built: built["cells"].insert(1, code("import finns_inte_alls as fi")),
    "Eva Öst": _one_cell,
    "Fia Öst": _without_checks,
    "Gun Öst": _much_output,
    "Hugo Öst": _same_id_twice,
    "Ida Öst": lambda built: built["metadata"].update(colab={"provenance": []}),
    "Jon Öst": lambda built: built["cells"].insert(1, code("from dqn_helpers import *")),
    "Kim Öst": lambda built: built["cells"].insert(
        1, code("!pip install torch\n%matplotlib inline")
    ),
    "Lo Öst": _renamed_51,
    "Anna Åberg": _with_formulas,
    "Bo Åberg": _first_in_53("plt.savefig('bild.png')", "import matplotlib.pyplot as plt"),
    "Cia Åberg": _from_vs_code,
    "Dan Åberg": _first_in_53("pd.Series([1.0])", "import finns_inte as pd"),
    "Eva Åberg": _first_in_53("while True: pass"),
}


def special() -> dict[str, tuple[str, bytes]]:
    """Studenten → filen, när den inte är en vanlig bok."""
    right = _base(0)
    return {
        "Anna Al": ("losning.py", b"def double_dqn_target():\n    return 1\n"),
        "Bo Al": ("uppsats.pdf", b"%PDF-1.7"),
        "Cia Al": (FILE, b""),
        "Dan Al": (FILE, right[: len(right) // 2]),
        "Eva Al": (FILE, as_bytes(page("05"))),
        "Fia Al": ("labb_2025_11_28.ipynb", right),
        "Gun Al": ("05 (1).ipynb", right.replace(b"\n", b"\r\n")),
        "Hugo Al": (f"{FILE}.txt", b"\xef\xbb\xbf" + right),
        "Ida Al": ("allt.zip", zipped({"01a.ipynb": page("01a"), FILE: right})),
        "Kim Al": ("04+05.zip", zipped({"04_dqn.ipynb": as_bytes(in_style("04", 0)), FILE: right})),
        "Gun Åberg": ("04_dqn.ipynb", as_bytes(in_style("04", 1))),
        "Jon Al": ("DD2380_2025_05_double_dqn.ipynb", right),
        "Fia Åberg": (LINK, b"<html><a href='https://colab.research.google.com/drive/x'>x</a>"),
    }


def _book_of(name: str, number: int) -> bytes:
    """Studentens vanliga bok."""
    if number > N_RIGHT:  # en del olöst, en del fel
        built = answered("05", double_dqn_target=TARGET.replace(*MISTAKES[number % 3]))
    else:
        built = json.loads(_base(number % 6))
    built = personal(built, name, number)
    CHANGES.get(name, lambda built: None)(built)
    return as_bytes(built)


def the_class() -> Iterator[HandIn]:
    """Alla som lämnade in, i tid eller sent: två av sextio gör det inte, och två gör det ihop."""
    others = special()
    for number, name in enumerate(NAMES, 1):
        if name in ("Kim Sjö", "Lo Sjö", PAIR[1]):
            continue
        file, data = others.get(name) or (FILE, _book_of(name, number))
        if name == "Ida Sjö":  # byte för byte som en kamrat
            data = _book_of("Jon Sjö", NAMES.index("Jon Sjö") + 1)
        if name == "Hugo Sjö":  # samma reflektion som en annan, i en egen bok
            data = as_bytes(personal(_as_notebook(3), name, NAMES.index("Anna Ek") + 1))
        yield HandIn(name, number, file, data, name in LATE)


def _as_notebook(style: int) -> Notebook:
    return json.loads(_base(style))


def resubmissions() -> list[HandIn]:
    """Nya försök veckan efter: en som blev läsbar, och en som blev tom."""
    return [
        HandIn("Cia Al", NAMES.index("Cia Al") + 1, FILE, _book_of("Cia Ek", 3), True, 1),
        HandIn("Dan Ek", NAMES.index("Dan Ek") + 1, FILE, as_bytes(page("05")), True, 1),
    ]


# --- så som lärplattformarna lämnar ut dem --------------------------------------------------------


def canvas_zip(hand_ins: list[HandIn]) -> bytes:
    """*Ladda ner inlämningar* ur Canvas."""
    return zipped({one.in_canvas: one.data for one in hand_ins})


def moodle_zip(hand_ins: list[HandIn]) -> bytes:
    """*Download all submissions* ur Moodle, med mappar."""
    return zipped({one.in_moodle: one.data for one in hand_ins})


TASKS = (Assignment("Uppgift 5", 77, 10, manual=True), Assignment("Betyg 5", 78, 0))


def canvas_gradebook(names: Collection[str] = NAMES) -> str:
    """Omdömesboken ur ett svenskt Canvas: en undantagen, och en med poäng som är satta för hand."""
    there = {"Eva Ek": "EX", "Eva Al": 7.5}
    students = [
        Student(*name.split(" "), number, f"u{number}", {77: there.get(name)})
        for number, name in enumerate(NAMES, 1)
        if name in names
    ]
    style = CanvasStyle(custom=("Anteckningar",), swedish=True, semicolon=True, bom=True)
    return canvas_export(students, TASKS, style)


def moodle_worksheet() -> str:
    """Arbetsbladet ur ett svenskt Moodle."""
    students = [
        Student(*name.split(" "), 50_000 + number, f"u{number}",
                late="2 dagar" if name in LATE else "", handed_in=name not in NAMES[58:])
        for number, name in enumerate(NAMES, 1)
    ]  # fmt: skip
    return moodle_sheet(students, 10, MoodleStyle(swedish=True, text=True))


def ladok_list() -> str:
    """En lista ur Ladok."""
    rows = [f"19990101-{n:04};{name};u{n}@skola.se;;" for n, name in enumerate(NAMES, 1)]
    return "\r\n".join(["Personnummer;Namn;E-post;Betyg;Examinationsdatum", *rows, ""])
