"""Kursens krav på anteckningsböckernas form, en funktion per krav.

Varje regel tar en bok och ger en lista med svenska meningar om det som är fel.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles

from dqn_helpers.teacher.notebook_files import (
    Cell,
    is_output_compared,
    read_notebook,
    source_of,
    tags_of,
)
from dqn_helpers.teacher.release import TEACHER_TAG, exercise_number

FORBIDDEN_TAGS = {"nbval-skip", "raises-exception", "nbval-raises-exception", "skip-execution"}
FORBIDDEN_TAGS |= {"nbval-ignore-output"}
FORBIDDEN_COMMENT = re.compile(
    r"(NBVAL_(?:SKIP|RAISES_EXCEPTION|IGNORE\w*)|PYTEST_VALIDATE_IGNORE\w*)", re.I
)
FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"(`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)\1(?!`)", re.DOTALL)
MATHS = re.compile(r"\$\$.*?\$\$|(?<!\\)\$[^$\n]+?(?<!\\)\$", re.DOTALL)
DETAILS = re.compile(r"<details\b.*?</details>", re.DOTALL)
SUMMARY = re.compile(r"<details\b[^>]*>\s*<summary>(.*?)</summary>", re.DOTALL)
HEADING = re.compile(r"^(#{1,6}) +(.*)", re.MULTILINE)
IMG = re.compile(r"<img\b[^>]*>", re.DOTALL)
LINK = re.compile(r"\]\(<?([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)>?(?:\s+\"[^\"]*\")?\)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
ATTRIBUTE_LINK = re.compile(r"\b(?:href|src)\s*=\s*[\"']([^\"']*)[\"']")
EXTERNAL = re.compile(r"(https?:|mailto:|data:|attachment:|#)")
MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:work|tmp|home|root|Users)/|\b[A-Z]:\\Users|\.\./shared")


@dataclass(frozen=True)
class Book:
    """En läst anteckningsbok och var den ligger."""

    path: Path
    cells: list[Cell]

    def code(self) -> list[Cell]:
        return [cell for cell in self.cells if cell["cell_type"] == "code"]

    def markdown(self) -> list[Cell]:
        return [cell for cell in self.cells if cell["cell_type"] == "markdown"]

    def without_teacher_cells(self) -> "Book":
        cells = [cell for cell in self.cells if TEACHER_TAG not in tags_of(cell)]
        return Book(self.path, cells)


def read_book(path: Path) -> Book:
    """Läs boken; formatet och cellernas id prövas då (`NotebookError`)."""
    return Book(path, read_notebook(path)["cells"])


def plain_markdown(cell: Cell) -> str:
    """Cellens text utan kod: där betyder `#`, `$` och `[` något annat."""
    return INLINE_CODE.sub("kod", FENCE.sub("", source_of(cell)))


def code_lines(cell: Cell) -> int:
    """Antalet rader i en kodcell, tomma rader oräknade."""
    return sum(1 for line in source_of(cell).split("\n") if line.strip())


def no_stored_outputs(book: Book) -> list[str]:
    """Utdata lagras bara där nbval jämför dem."""
    return [
        f"{cell['id']}: lagrade utdata eller körningsnummer"
        for cell in book.code()
        if not is_output_compared(cell) and (cell["outputs"] or cell["execution_count"])
    ]


def no_stale_comparison(book: Book) -> list[str]:
    """En cell som nbval ska jämföra måste vara körd och ha något att jämföra med."""
    return [
        f"{cell['id']}: ska jämföras av nbval men har inga lagrade utdata"
        for cell in book.code()
        if is_output_compared(cell) and not (cell["outputs"] and cell["execution_count"])
    ]


def nothing_is_skipped(book: Book) -> list[str]:
    """Varken taggar eller kommentarer får be nbval att blunda."""
    problems = []
    for cell in book.cells:
        problems += [
            f"{cell['id']}: taggen {tag}" for tag in tags_of(cell) if tag in FORBIDDEN_TAGS
        ]
        comment = FORBIDDEN_COMMENT.search(source_of(cell))
        if cell["cell_type"] == "code" and comment:
            problems.append(f"{cell['id']}: kommentaren {comment.group(1)}")
    return problems


def size(book: Book) -> list[str]:
    """Högst 60 celler; en kodcell får plats på skärmen."""
    student_book = book.without_teacher_cells()
    lines = [code_lines(cell) for cell in student_book.code()]
    problems = [
        f"{cell['id']}: {code_lines(cell)} rader kod i en cell (högst 30)"
        for cell in student_book.code()
        if code_lines(cell) > 30
    ]
    if len(student_book.cells) > 60:
        problems.append(f"{len(student_book.cells)} celler (högst 60)")
    if lines and median(lines) > 8:
        problems.append(f"kodcellernas median är {median(lines)} rader (högst 8)")
    if len(lines) > 1 and quantiles(lines, n=10, method="inclusive")[-1] > 20:
        problems.append("var tionde kodcell är längre än 20 rader")
    return problems


def prose_and_code(book: Book) -> list[str]:
    """Tre till fjorton ord löptext för varje rad kod, fram till sammanfattningen."""
    words = lines = 0
    for cell in book.without_teacher_cells().cells:
        if any(title.startswith("Sammanfatt") for _, title in headings([cell])):
            break
        if cell["cell_type"] == "code":
            lines += code_lines(cell)
        else:
            text = DETAILS.sub("", MATHS.sub("", plain_markdown(cell)))
            words += len(re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>", "", text)))
    if lines >= 30 and not 3 <= words / lines <= 14:
        return [f"{words / lines:.1f} ord löptext per rad kod (3 till 14)"]
    return []


def pictures_have_alt_text(book: Book) -> list[str]:
    """Varje bild sägs också i ord."""
    problems = []
    for cell in book.cells:
        text = plain_markdown(cell) if cell["cell_type"] == "markdown" else source_of(cell)
        for tag in IMG.findall(text):
            if not re.search(r"\balt\s*=\s*(\\?[\"'])\s*[^\s\"'\\]", tag):
                problems.append(f"{cell['id']}: <img> utan alt-text")
        if cell["cell_type"] == "markdown" and re.search(r"!\[\s*\]", text):
            problems.append(f"{cell['id']}: bild utan alt-text, ![]")
    return problems


def no_plain_figures(book: Book) -> list[str]:
    """`plt.show()` ger en bild utan alt-text; kursens bilder visas av `dqn_helpers`."""
    return [
        f"{cell['id']}: plt.show()"
        for cell in book.code()
        if re.search(r"\b(plt|pyplot)\.show\s*\(", source_of(cell))
    ]


def no_black_or_white(book: Book) -> list[str]:
    """Det som är svart i en ljus JupyterLab är vitt i en mörk, så texten säger då fel."""
    return [
        f"{cell['id']}: {match.group()!r}"
        for cell in book.markdown()
        for match in re.finditer(r"\b(svart|svarta|vit|vita|vitt)\b", source_of(cell))
    ]


def details_have_room(book: Book) -> list[str]:
    """Text direkt efter något hopvikt ser ut att höra dit; en tom rad, <br>, skiljer dem åt."""
    glued = re.compile(r"</details>\s*\n(?=[^\s<#])")
    return [
        f"{cell['id']}: text direkt efter </details>"
        for cell in book.markdown()
        if glued.search(source_of(cell))
    ]


def links(book: Book) -> list[str]:
    """Länkar till filer leder till böcker och ordlistan bredvid: bara de följer med studenten."""
    problems = []
    for cell in book.markdown():
        for target in _link_targets(MATHS.sub("", plain_markdown(cell))):
            name = target.split("#")[0]
            if "/" in name or "\\" in name or not name.endswith((".ipynb", ".md")):
                problems.append(f"{cell['id']}: länken {target} leder inte till en fil bredvid")
            elif not (book.path.parent / name).is_file():
                problems.append(f"{cell['id']}: länken {target} leder till en fil som inte finns")
    return problems


def _link_targets(text: str) -> Iterator[str]:
    for pattern in (LINK, REFERENCE, ATTRIBUTE_LINK):
        for target in pattern.findall(text):
            if not EXTERNAL.match(target):
                yield target


def no_machine_paths(book: Book) -> list[str]:
    """Inga sökvägar som bara finns på en viss dator."""
    return [
        f"{cell['id']}: sökvägen {match.group()}"
        for cell in book.cells
        for match in MACHINE_PATH.finditer(f"{source_of(cell)}\n{cell.get('outputs', '')}")
    ]


def headings(cells: Iterable[Cell]) -> list[tuple[int, str]]:
    """Rubrikernas nivå och text, i ordning (nbgraders märken är inga rubriker)."""
    found = []
    for cell in cells:
        if cell["cell_type"] == "markdown":
            for marks, title in HEADING.findall(plain_markdown(cell)):
                if not re.match(r"(BEGIN|END) [A-Z]+", title):
                    found.append((len(marks), title.strip()))
    return found


def heading_levels(book: Book) -> list[str]:
    """En enda huvudrubrik, först, och ingen nivå hoppas över."""
    found = headings(book.cells)
    problems = []
    if [level for level, _ in found].count(1) != 1 or found[0][0] != 1:
        problems.append("boken ska ha exakt en rubrik på nivå 1, och den ska stå först")
    for (before, _), (level, title) in pairwise(found):
        if level > before + 1:
            problems.append(f"rubriken {title!r} hoppar från nivå {before} till {level}")
    return problems


def balanced_maths(book: Book) -> list[str]:
    """Varje `$` har sitt slut i samma stycke, varje `$$` i samma cell."""
    problems = []
    for cell in book.markdown():
        text = plain_markdown(cell).replace(r"\$", "")
        if text.count("$$") % 2:
            problems.append(f"{cell['id']}: udda antal $$")
        for paragraph in re.split(r"\n\s*\n", re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)):
            if paragraph.count("$") % 2:
                problems.append(f"{cell['id']}: udda antal $ i {paragraph.strip()[:40]!r}")
    return problems


def balanced_details(book: Book) -> list[str]:
    """Det som fälls in ska också ta slut, i samma cell, och ha en rubrik att trycka på."""
    problems = []
    for cell in book.markdown():
        text = plain_markdown(cell)
        opened, closed = len(re.findall(r"<details\b", text)), text.count("</details>")
        if not opened == closed == len(SUMMARY.findall(text)):
            problems.append(f"{cell['id']}: <details>, <summary> och </details> går inte ihop")
    return problems


def _is_exercise(cell: Cell) -> bool:
    graded = cell["metadata"].get("nbgrader", {})
    return bool(graded.get("solution")) and cell["cell_type"] == "code"


def _is_check(cell: Cell, number: str | None) -> bool:
    graded = bool(cell["metadata"].get("nbgrader", {}).get("grade"))
    same = exercise_number(cell) == number
    return (
        graded
        and same
        and re.search(rf"\bcheck\(\s*[\"']{number}[\"']", source_of(cell)) is not None
    )


def _without_stages(cells: list[Cell], number: str | None) -> list[Cell]:
    """Cellerna utan kontrollerna av stegen på vägen, och utan texten som hör till nästa steg."""
    stage = re.compile(rf"\bcheck\(\s*[\"']{number}[\"'].*\bstage=")
    while cells and stage.search(source_of(cells[0])):
        cells = cells[1:]
        cells = cells[1:] if cells and cells[0]["cell_type"] == "markdown" else cells
    return cells


def _section(book: Book, index: int) -> list[Cell]:
    """Cellerna från rubriken före cell `index` fram till nästa rubrik."""
    starts = [i for i, cell in enumerate(book.cells) if headings([cell])]
    begin = max((i for i in starts if i <= index), default=0)
    end = min((i for i in starts if i > index), default=len(book.cells))
    return book.cells[begin:end]


def exercises(book: Book) -> list[str]:
    """En övning står under egen rubrik, med sin kontroll strax efter och tre ledtrådar."""
    problems = []
    for index, cell in enumerate(book.cells):
        if not _is_exercise(cell):
            continue
        number, section = exercise_number(cell), _section(book, index)
        after = _without_stages(book.cells[index + 1 :], number)
        if not any(_is_check(one, number) for one in after[:2]):
            problems.append(f"{cell['id']}: ingen check({number!r}, …) inom två celler efter")
        if sum(map(_is_exercise, section)) != 1:
            problems.append(f"{cell['id']}: övningen ska ha en egen rubrik")
        hints = [title for c in section for title in SUMMARY.findall(source_of(c))]
        numbers = [hint.strip()[:9] for hint in hints if hint.strip().startswith("Ledtråd")]
        if numbers != ["Ledtråd 1", "Ledtråd 2", "Ledtråd 3"]:
            problems.append(f"{cell['id']}: ska ha Ledtråd 1, 2 och 3, har {numbers}")
    return problems


def student_stubs(book: Book) -> list[str]:
    """I studentens bok är varje övning olöst och säger det."""
    if book.path.parent.name != "notebooks":
        return []
    return [
        f"{cell['id']}: övningen saknar raise NotImplementedError"
        for cell in book.cells
        if _is_exercise(cell) and "raise NotImplementedError" not in source_of(cell)
    ]


def exercise_docstrings(book: Book) -> list[str]:
    """En övning börjar med en docstring som säger vad som kommer in och ut."""
    return [
        f"{cell['id']}: {node.name} saknar docstring"
        for cell in book.cells
        if _is_exercise(cell)
        for node in ast.parse(source_of(cell)).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not ast.get_docstring(node)
    ]


def points_in_headings(book: Book) -> list[str]:
    """Övningarnas poäng står bara i deras rubriker, dit `release` skriver dem."""
    counted = re.compile(r"\b(\d+|en|två|tre|fyra|fem) poäng\b", re.IGNORECASE)
    return [
        f"{cell['id']}: {match.group()!r} står utanför övningens rubrik"
        for cell in book.markdown()
        for match in counted.finditer(HEADING.sub("", plain_markdown(cell)))
    ]


RULES = (
    no_stored_outputs,
    no_stale_comparison,
    nothing_is_skipped,
    size,
    prose_and_code,
    pictures_have_alt_text,
    no_plain_figures,
    no_black_or_white,
    details_have_room,
    links,
    no_machine_paths,
    heading_levels,
    balanced_maths,
    balanced_details,
    exercises,
    student_stubs,
    exercise_docstrings,
    points_in_headings,
)
