"""Böckerna i en riktig JupyterLab: körda, sparade och öppnade på nytt utan Python.

Varje bok körs en enda gång, och alla tester tittar på den körningen. När hela provet körs tas den
första boken, den sista och den där det skrivs i en övning. Pekar man ut filen körs alla böcker (tre
minuter till):

    python kurs.py test --allt tests/browser/test_books.py
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from dqn_helpers import figures, toys
from dqn_helpers.exercises.registry import known_mistakes
from dqn_helpers.exercises.syllabus import BOOKS, SYLLABUS, exercises_of, notebook_of

from .axe import violations
from .lab import Lab, Notebook

ROOT = Path(__file__).resolve().parents[2]
IN_THE_WHOLE_TEST = ("00", "03", "05")
TYPED = "3.1"
RIGHT = next(
    "".join(cell["source"])
    for cell in json.loads((ROOT / "solutions" / BOOKS["03"][0]).read_text("utf-8"))["cells"]
    if cell["id"] == "ovning-3-1"
)
MASKED = "torch.where(terminated, reward, reward + discount_factor * best_next)"
WRONG = RIGHT.replace(MASKED, "reward + discount_factor * best_next")
assert WRONG != RIGHT
UNSOLVED = """def td_target(reward, next_q_values, terminated, discount_factor):
    raise NotImplementedError"""


class Opened(NamedTuple):
    """En bok som har körts, sparats och öppnats igen, och vad som hände på vägen."""

    number: str
    notebook: Notebook
    errors: list[str]
    cards: dict[str, str]  # vad man skrev → kortets läge
    advice: str  # det som kortet säger om det felaktiga svaret
    accessibility: list[str]
    marks: tuple[list[str], list[str]]  # det som var grönt före och efter


def marked(lab: Lab) -> list[str]:
    """De övningar som står som gröna i studentens fil."""
    path = lab.work / "framsteg.jsonl"
    lines = path.read_text("utf-8").split("\n") if path.exists() else []
    return [json.loads(line)["klar"] for line in lines if line]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "book" in metafunc.fixturenames:
        pointed_out = any(Path(__file__).name in word for word in metafunc.config.args)
        books = list(BOOKS) if pointed_out else IN_THE_WHOLE_TEST
        metafunc.parametrize("book", books, indirect=True, scope="module")


@pytest.fixture(scope="module")
def book(request: pytest.FixtureRequest, browser: Any, lab: Lab) -> Iterator[Opened]:
    number, green_before = request.param, marked(lab)
    page = browser.new_page(viewport={"width": 1100, "height": 900}, reduced_motion="reduce")
    notebook = Notebook(lab, page, BOOKS[number][0])
    notebook.open()
    notebook.run_all()
    errors, cards, advice = notebook.errors(), {}, ""
    if number == notebook_of(TYPED):
        for what, text in (("olöst", UNSOLVED), ("fel", WRONG), ("rätt", RIGHT)):
            notebook.type_and_run("ovning-3-1", text, "check-3-1")
            cards[what] = notebook.card("check-3-1")
            advice = notebook.text("check-3-1") if what == "fel" else advice
    accessibility = violations(page, ".jp-OutputArea-output [role=group], [class^=dqn-][lang]")
    notebook.save()
    notebook.stop_kernel()
    notebook.open()
    notebook.stop_kernel()
    marks = (green_before, marked(lab))
    yield Opened(number, notebook, errors, cards, advice, accessibility, marks)
    notebook.page.close()


def test_every_cell_runs(book: Opened):
    assert book.errors == []


def test_nothing_goes_wrong_in_the_browser_and_nothing_is_fetched_from_outside(book: Opened):
    assert book.notebook.console == []
    assert book.notebook.outside == []
    text = book.notebook.page.locator(".jp-Notebook").inner_text()
    assert "Error displaying widget" not in text
    assert "Loading widget" not in text


def test_pictures_are_whole_and_have_their_texts(book: Opened):
    # JupyterLab skriver "Image" där en text saknas.
    broken = book.notebook.page.evaluate(
        """() => [...document.querySelectorAll(".jp-Notebook img")]
          .filter((i) => ["", "Image"].includes(i.alt.trim())
            || (i.complete && i.naturalWidth === 0))
          .map((i) => i.src.slice(0, 60))"""
    )
    assert broken == []


def test_every_film_obeys_the_keys_and_the_button(book: Opened):
    films = book.notebook.page.locator("figure.dqn-film")
    assert films.count() > 0 or book.number not in ("00", "01a", "01b", "02", "04")
    for film in films.all():
        film.scroll_into_view_if_needed()
        slider, output = film.get_by_role("slider"), film.locator("output")
        slider.fill("0")
        before = output.inner_text()
        slider.press("ArrowRight")
        assert slider.input_value() == "1"
        slider.press("End")  # flera bilder i rad kan ha samma text, men inte den sista
        assert output.inner_text() != before
        if film.get_by_role("button").count():
            film.get_by_role("button", name="Till början").click()
            assert slider.input_value() == "0"
            film.get_by_role("button", name="Spela").click()
            handle = slider.element_handle()
            book.notebook.page.wait_for_function("(range) => range.value !== '0'", arg=handle)


TOYS = {
    "00": ("cartpole", "[data-visa=du]"),
    "01b": ("lake", "[data-formel]"),
    "04": ("cartpole", "[data-visa=du]"),
    "05": ("casino", "[data-visa=svar]"),
}
PRESS = {"cartpole": "Starta", "lake": "Ta ett steg", "casino": "Spela en kväll"}


def test_the_toy_can_be_played(book: Opened):
    if book.number not in TOYS:
        assert book.notebook.page.locator("figure.dqn-leksak").count() == 0
        return
    name, shown = TOYS[book.number]
    toy = book.notebook.page.locator(f"figure.dqn-{name}")
    toy.scroll_into_view_if_needed()
    before = toy.locator(shown).inner_text()
    toy.get_by_role("button", name=PRESS[name]).click()
    place = toy.locator(shown).element_handle()
    book.notebook.page.wait_for_function(
        "([place, before]) => place.innerText !== before", arg=[place, before]
    )


def test_arrow_keys_in_players_and_toys_never_change_cell(book: Opened):
    page = book.notebook.page
    active = "window.panel.content.activeCellIndex"
    for element in page.locator("figure.dqn-film input, figure.dqn-leksak input").all():
        element.focus()
        before = page.evaluate(active)
        for key in ("ArrowDown", "ArrowUp"):  # efter var och en: de två tar ut varandra
            page.keyboard.press(key)
            assert page.evaluate(active) == before


def test_the_cards_say_unsolved_wrong_and_right(book: Opened):
    checked = [n for n, name in SYLLABUS.items() if name and notebook_of(n) == book.number]
    for number in checked:
        cell = f"check-{number.replace('.', '-')}"
        assert number in book.notebook.text(cell)
        assert book.notebook.card(cell) == ("passed" if number == TYPED else "unsolved")
    if book.cards:
        assert book.cards == {"olöst": "unsolved", "fel": "failed", "rätt": "passed"}
        texts = [" ".join(mistake.text.split()) for mistake in known_mistakes(TYPED)]
        assert sum(text.replace("`", "") in " ".join(book.advice.split()) for text in texts) == 1


def test_a_green_card_is_remembered_and_shown_on_the_way(book: Opened):
    stations = book.notebook.page.locator(".dqn-stationer li").all_inner_texts()
    assert [text.split(",")[0].strip() for text in stations] == list(SYLLABUS)
    before, after = book.marks
    green = [text.removesuffix(", klar").strip() for text in stations if text.endswith("klar")]
    assert green == before
    assert after == before + ([TYPED] if book.cards else [])


def test_cards_toys_and_the_way_are_accessible(book: Opened):
    assert book.accessibility == []


ON_A_PHONE = """() => [...window.panel.node.querySelectorAll("[class^=dqn-][lang]")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "auto"
    || e.parentElement.scrollWidth > e.parentElement.clientWidth + 1)
  .map((e) => `${e.className}: ${e.textContent.trim().slice(0, 50)}`)"""


def test_everything_fits_a_phone(book: Opened):
    page = book.notebook.page
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function("() => window.panel.node.clientWidth <= 390")
    assert page.evaluate(ON_A_PHONE) == []
    page.set_viewport_size({"width": 1100, "height": 900})


IN_THE_DARK = """() => [...window.panel.node.querySelectorAll("[class^=dqn-][lang]")]
  .flatMap((e) => [e, ...e.querySelectorAll("*")])
  .filter((e) => e.tagName === "IMG" ? getComputedStyle(e).colorScheme !== "dark"
    : getComputedStyle(e).backgroundColor === "rgb(255, 255, 255)")
  .map((e) => e.outerHTML.slice(0, 80))"""


def test_nothing_is_white_in_the_dark_theme(book: Opened):
    page = book.notebook.page
    change = "(name) => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
    shown = "(name) => document.body.dataset.jpThemeName === name"
    for theme, white in (("JupyterLab Dark", False), ("JupyterLab Light", True)):
        page.evaluate(change, theme)
        page.wait_for_function(shown, arg=theme)
        assert bool(page.evaluate(IN_THE_DARK)) == white


def test_cards_look_alike_in_jupyterlab_and_in_reports(book: Opened):
    """JupyterLab har egna indrag för listor; de ska inte gälla i kortet."""
    indents = """() => [...document.querySelectorAll(".dqn-parts")]
      .map((e) => getComputedStyle(e).paddingInlineStart)"""
    assert set(book.notebook.page.evaluate(indents)) <= {"0px"}


def a_circle(radius: float) -> figures.Picture:
    circle = f'<circle r="{radius}"/>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{circle}</svg>'
    return figures.Picture.from_svg(drawing, "En cirkel.")


def test_buttons_that_do_nothing_are_not_shown_in_a_book_that_someone_else_ran(
    browser: Any, lab: Lab
):
    """JupyterLab stryker skript, stilmallar och `hidden` ur en sådan bok, men inte bilden."""
    film = figures.slider(a_circle, [1.0, 2.0, 3.0], "radie", 1.0)
    cells = [
        new_code_cell(outputs=[new_output("display_data", {"text/html": one._repr_html_()})])
        for one in (film, toys.play_cartpole(), toys.td_lake(), toys.casino())
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # annars frågar Lab
    nbformat.write(new_notebook(cells=cells, metadata=kernel), lab.work / "annans.ipynb")
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    notebook = Notebook(lab, page, "annans.ipynb")
    notebook.open()
    pictures = page.locator(".jp-OutputArea-output figure")
    pictures.nth(3).wait_for()
    assert pictures.count() == len(cells)
    for picture in pictures.all():
        assert picture.locator("img").first.is_visible()
        assert picture.locator("button, input").filter(visible=True).count() == 0
    page.close()


LOOKING_AT = """([file, cell]) => {
  const panel = window.jupyterapp.shell.currentWidget;
  if (panel?.context?.path !== file) return false;
  const text = panel.content.widgets.find((w) => w.model.id === cell)?.node;
  const seen = panel.content.node.getBoundingClientRect(), place = text?.getBoundingClientRect();
  return !!place?.height && place.top < seen.bottom && place.bottom > seen.top;
}"""


def test_the_way_leads_to_where_the_next_book_or_exercise_begins(book: Opened):
    """Sist, för då lämnar man boken.

    Boken öppnas först och övningen sedan. Med Labs egna inställningar landar länken rätt också i en
    bok som är stängd, men när alla celler ritas på en gång, som här, gör Lab det bara i en öppen.
    """
    page = book.notebook.page
    later = list(BOOKS)[list(BOOKS).index(book.number) + 1 :]
    following = (later or ["01b"])[0]  # också ur den sista boken leder vägen rätt
    words = "Nästa bok" if later else following
    page.locator(".dqn-vag a", has_text=words).click()
    page.wait_for_function(
        "(name) => window.jupyterapp.shell.currentWidget?.context?.path === name",
        arg=BOOKS[following][0],
    )
    page.evaluate("() => window.jupyterapp.shell.activateById(window.panel.id)")
    number = exercises_of(following)[-1]
    page.locator(".dqn-stationer a", has_text=number).filter(visible=True).click()
    place = [BOOKS[notebook_of(number)][0], f"ovning-{number.replace('.', '-')}-text"]
    page.wait_for_function(LOOKING_AT, arg=place)
