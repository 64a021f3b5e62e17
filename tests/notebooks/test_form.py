"""Böckerna har kursens form, och varje regel märker när någon bryter mot den."""

import copy
from pathlib import Path
from typing import Any

import pytest
from form_rules import RULES, read_book

from dqn_helpers.teacher.notebook_files import NotebookError, dumps

ROOT = Path(__file__).resolve().parents[2]
BOOKS = sorted(
    path for name in ("solutions", "notebooks") for path in (ROOT / name).glob("*.ipynb")
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_books_follow_the_form(rule: Any):
    problems = [
        f"{path.parent.name}/{path.name}, {problem}"
        for path in BOOKS
        for problem in rule(read_book(path))
    ]
    assert not problems, "\n" + "\n".join(problems)


def test_there_are_books_to_read():
    names = {path.relative_to(ROOT).as_posix() for path in BOOKS}
    assert {"solutions/04_dqn_loopen.ipynb", "notebooks/04_dqn_loopen.ipynb"} <= names


# --- reglerna själva -----------------------------------------------------------------------------


def markdown(cell_id: str, *lines: str, **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "markdown",
        "id": cell_id,
        "metadata": metadata,
        "source": "\n".join(lines),
    }


def code(cell_id: str, *lines: str, **metadata: Any) -> dict[str, Any]:
    cell = markdown(cell_id, *lines, **metadata)
    return cell | {"cell_type": "code", "execution_count": None, "outputs": []}


def graded(grade_id: str, *, solution: bool) -> dict[str, Any]:
    kind = {"grade": not solution, "solution": solution, "locked": not solution}
    return {"nbgrader": {"schema_version": 3, "grade_id": grade_id, "task": False, **kind}}


HINTS = [f"<details><summary>Ledtråd {n}</summary>\n\nTänk efter.\n\n</details>" for n in (1, 2, 3)]


def good_book() -> list[dict[str, Any]]:
    stub = ["def td_target(reward):", '    """Målet."""', '    raise NotImplementedError("olöst")']
    return [
        markdown(
            "rubrik", "# Träningssteget", "", r"Ett mål, $r + \gamma Q$, kostar \$5.", "`$ [x](y)`"
        ),
        markdown("ord", "## Ord", "[ordlistan](ordlista.md#td-mål), [sidan](https://x.se/a_(b))"),
        code("bild", "```python", "x = 1"),
        markdown("ovning", "### Övning 3.1: Målet (2 poäng)", "![en stav](https://x.se/a.png)"),
        code("ovning-3-1", *stub, **graded("ovning-3-1", solution=True)),
        code("check-3-1", 'check("3.1", td_target)', **graded("check-3-1", solution=False)),
        markdown("ledtradar", "\n\n".join(HINTS)),
        markdown("slut", "## Sammanfattning", "<img src='data:x' alt='En kurva'>"),
    ]


def problems_of(cells: list[dict[str, Any]], folder: Path) -> set[str]:
    """Namnen på de regler som boken bryter mot."""
    (folder / "notebooks").mkdir(exist_ok=True)
    (folder / "notebooks" / "ordlista.md").write_text("# Ordlista\n", encoding="utf-8")
    path = folder / "notebooks" / "03_bok.ipynb"
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(dumps(book), encoding="utf-8")
    return {rule.__name__ for rule in RULES if rule(read_book(path))}


def test_a_good_book_breaks_no_rule(tmp_path: Path):
    assert problems_of(good_book(), tmp_path) == set()


LONG_CELL = ["x = 1"] * 31
SHORT_CODE = [f"x = {n}" for n in range(30)]

# regel, cell att ändra (eller lägga till), det som ändras
BREAKS: list[tuple[str, str, dict[str, Any]]] = [
    ("no_stored_outputs", "bild", {"execution_count": 3}),
    (
        "no_stored_outputs",
        "bild",
        {"outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}]},
    ),
    ("no_stale_comparison", "bild", {"metadata": {"tags": ["nbval-check-output"]}}),
    ("nothing_is_skipped", "bild", {"metadata": {"tags": ["raises-exception"]}}),
    ("nothing_is_skipped", "bild", {"metadata": {"tags": ["nbval-skip"]}}),
    ("nothing_is_skipped", "bild", {"source": "# NBVAL_SKIP\nx = 1"}),
    ("nothing_is_skipped", "bild", {"source": "# NBVAL_RAISES_EXCEPTION\nx = 1"}),
    ("nothing_is_skipped", "bild", {"source": "# NBVAL_IGNORE_OUTPUT\nx = 1"}),
    ("size", "bild", {"source": "\n".join(LONG_CELL)}),
    ("prose_and_code", "bild", {"source": "\n".join(SHORT_CODE)}),
    ("pictures_have_alt_text", "slut", {"source": "<img src='data:x'>"}),
    ("pictures_have_alt_text", "slut", {"source": "<img src='data:x' alt=''>"}),
    ("pictures_have_alt_text", "slut", {"source": "![](https://x.se/a.png)"}),
    ("no_plain_figures", "bild", {"source": "plt.plot(x)\nplt.show()"}),
    ("no_black_or_white", "slut", {"source": "Den svarta linjen är regeln."}),
    ("details_have_room", "slut", {"source": "<details>\n\nja\n\n</details>\n\nSedan."}),
    ("links", "slut", {"source": "[kod](../dqn_helpers/mdp.py)"}),
    ("links", "slut", {"source": "[nästa](09_finns_inte.ipynb)"}),
    ("links", "slut", {"source": "<a href='bild.png'>bild</a>"}),
    ("links", "slut", {"source": "[nästa]\n\n[nästa]: 09_finns_inte.ipynb"}),
    ("no_machine_paths", "bild", {"source": "open('/home/anna/x')"}),
    ("no_machine_paths", "slut", {"source": "se ../shared"}),
    ("heading_levels", "slut", {"source": "# En till"}),
    ("heading_levels", "rubrik", {"source": "Ingen rubrik"}),
    ("heading_levels", "slut", {"source": "##### För djupt"}),
    ("balanced_maths", "slut", {"source": "målet $r + Q kommer"}),
    ("balanced_maths", "slut", {"source": "$$\nr + Q\n$"}),
    ("balanced_details", "slut", {"source": "<details><summary>Svar</summary> ja"}),
    ("balanced_details", "slut", {"source": "<details> ja </details>"}),
    ("no_black_or_white", "slut", {"source": "Den svarta linjen är målet."}),
    ("exercises", "check-3-1", {"source": "td_target(1)"}),
    ("exercises", "check-3-1", {"source": 'check("3.2", td_target)'}),
    ("exercises", "ledtradar", {"source": "\n\n".join(HINTS[:2])}),
    ("exercises", "ledtradar", {"source": "\n\n".join(HINTS[::-1])}),
    ("exercises", "ledtradar", {"source": "## Ny rubrik\n\n" + "\n\n".join(HINTS)}),
    ("student_stubs", "ovning-3-1", {"source": 'def f():\n    """Målet."""\n    return 1'}),
    ("points_in_headings", "slut", {"source": "### Övning 3.1 (2 poäng)\n\nTvå poäng."}),
    ("exercise_docstrings", "ovning-3-1", {"source": "def f():\n    raise NotImplementedError(1)"}),
]


def test_every_rule_notices(tmp_path: Path):
    for rule, cell_id, change in BREAKS:
        cells = copy.deepcopy(good_book())
        cell = next(cell for cell in cells if cell["id"] == cell_id)
        cell.update(change)
        assert rule in problems_of(cells, tmp_path), (cell_id, change)
    assert {rule for rule, _, _ in BREAKS} == {rule.__name__ for rule in RULES}


def test_checks_of_stages_may_stand_before_the_graded_one(tmp_path: Path):
    cells = good_book()
    place = next(i for i, cell in enumerate(cells) if cell["id"] == "check-3-1")
    stages = [
        [code(f"steg-{n}", f'check("3.1", td_target, stage={n})'), markdown(f"text-{n}", "Sedan.")]
        for n in (1, 2)
    ]
    cells[place:place] = [cell for stage in stages for cell in stage]
    assert problems_of(cells, tmp_path) == set()


def test_checks_of_stages_are_not_the_graded_check(tmp_path: Path):
    cells = good_book()
    place = next(i for i, cell in enumerate(cells) if cell["id"] == "check-3-1")
    cells[place] = code("steg-1", 'check("3.1", td_target, stage=1)')
    assert problems_of(cells, tmp_path) == {"exercises"}


def test_too_many_cells_or_long_cells_are_noticed(tmp_path: Path):
    many = [markdown(f"text-{n}", "text") for n in range(60)]
    assert "size" in problems_of(good_book() + many, tmp_path)


def test_long_code_on_the_whole_is_noticed(tmp_path: Path):
    """Medianen över 8, eller en tiondel över 20, fast ingen cell är för lång för sig."""
    for lines, count, n_short in [(9, 12, 0), (21, 2, 8)]:
        cells = [code(f"kod-{n}", *["x = 1"] * lines) for n in range(count)]
        short = [code(f"kort-{n}", "x = 1") for n in range(n_short)]
        words = markdown("prosa", "ord " * 500)
        problems = problems_of([*good_book()[:2], words, *cells, *short], tmp_path)
        assert problems == {"size"}, lines


def test_bad_ids_and_formats_are_refused(tmp_path: Path):
    for cells in (
        [markdown("Stor-Bokstav", "# Bok")],
        [markdown("tva", "# Bok"), markdown("tva", "text")],
        [{"cell_type": "markdown", "metadata": {}, "source": "# Bok"}],
        [{"cell_type": "okänd", "id": "a", "metadata": {}, "source": "# Bok"}],
    ):
        with pytest.raises(NotebookError, match=r"notebooks/03_bok.ipynb"):
            problems_of(cells, tmp_path)
