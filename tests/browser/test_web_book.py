"""Webboken i en riktig webbläsare: den lever utan kärna och utan nät, och går att läsa överallt."""

import functools
import html
import json
import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from .axe import violations

ROOT = Path(__file__).resolve().parents[2]
SHORT = "03_traningssteget.html"
"""Kapitlet som körs här. `kurs.py book` kör alla; de långa prövas av nbval och test_books.py."""
UNEXECUTED = "01*.ipynb 02*.ipynb 04*.ipynb 05*.ipynb"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Webbokens mapp, byggd en gång."""
    pytest.importorskip("myst_nb", reason="webbokens paket saknas: pip install -e .[bok]")
    from dqn_helpers.teacher.address import Address
    from dqn_helpers.teacher.book.__main__ import lay_out, run_sphinx

    folder = tmp_path_factory.mktemp("webbok")
    lay_out(folder / "kapitel", Address())
    log = folder / "logg"
    failed = run_sphinx(folder / "kapitel", folder / "bok", log, UNEXECUTED)
    assert not failed, log.read_text(encoding="utf-8")[-3000:]
    return folder / "bok"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Adressen till webboken på en egen liten server: det är så den läses."""
    handler = functools.partial(Silent, directory=str(site))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


class Silent(SimpleHTTPRequestHandler):
    """En server som inte skriver ut varje fråga."""

    def log_message(self, *arguments: Any) -> None:
        """Säg ingenting."""


@pytest.fixture
def offline(page: Any, address: str) -> Any:
    """En flik där allt utanför datorn är ett fel."""
    outside: list[str] = []

    def note(request: Any) -> None:
        if not request.url.startswith((address, "data:", "blob:", "about:")):
            outside.append(request.url)

    page.on("request", note)
    yield page
    assert not outside


@pytest.mark.parametrize("name", ["index.html", "00_start.html", SHORT, "ordlista.html"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_is_accessible_and_swedish(offline: Any, address: str, name: str, theme: str):
    offline.emulate_media(color_scheme=theme)
    offline.goto(address + name)
    assert offline.locator("html").get_attribute("lang") == "sv"
    # axe läser inte MathML: en rubrik som är en formel är inte tom.
    found = [one for one in violations(offline, "body") if "<math" not in one]
    assert found == []


@pytest.mark.parametrize("name", ["index.html", "00_start.html", SHORT, "ordlista.html"])
def test_nothing_is_wider_than_a_phone(offline: Any, address: str, name: str):
    offline.set_viewport_size({"width": 390, "height": 800})
    offline.goto(address + name)
    assert offline.evaluate("document.documentElement.scrollWidth") <= 390


def test_films_live_without_a_kernel(offline: Any, address: str):
    offline.goto(address + "00_start.html")
    films = offline.locator("input[type=range]")
    assert films.count() > 0
    film = films.first
    before = film.input_value()
    film.focus()
    film.press("ArrowRight")
    assert film.input_value() != before


def test_figures_follow_the_books_own_button(offline: Any, address: str):
    offline.emulate_media(color_scheme="light")
    offline.goto(address + SHORT)
    assert offline.locator("body").get_attribute("data-jp-theme-light") == "true"
    button = offline.locator(".theme-toggle-content button")
    button.click()
    button.click()
    chosen = offline.locator("body").get_attribute("data-theme")
    wanted = "false" if chosen == "dark" else "true"
    assert offline.locator("body").get_attribute("data-jp-theme-light") == wanted
    button.click()
    assert offline.locator("body").get_attribute("data-theme") != chosen


def test_every_link_inside_the_book_leads_somewhere(offline: Any, address: str, site: Path):
    names = sorted(path.name for path in site.glob("*.html"))
    ids, links = {}, set()
    for name in names:
        offline.goto(address + name)
        ids[name] = set(offline.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)"))
        found = offline.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)")
        links |= {(name, link) for link in found if link.startswith(address)}
    lost = set()
    for name, link in links:
        path, _, part = link.removeprefix(address).partition("#")
        target = path.partition("?")[0] or "index.html"
        if not (site / target).exists() or (part and part not in ids.get(target, {part})):
            lost.add((name, link))
    assert links and not lost


def test_a_word_is_explained_from_the_keyboard(offline: Any, address: str):
    offline.goto(address + SHORT)
    word = offline.locator(".ord").first
    card = word.locator(".ord-kort")
    assert not card.is_visible()
    word.focus()
    assert card.is_visible()


def test_search_finds_the_right_chapter(offline: Any, address: str):
    offline.goto(address + "search.html?q=målnätverk")
    offline.locator("#search-results li").first.wait_for()
    found = offline.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
    assert any("04_dqn_loopen.html" in link for link in found[:5]), found


def as_read(path: Path) -> str:
    """Det som går att läsa i filen: en sida utan sina taggar, annars allt."""
    text = path.read_text("utf-8")
    return html.unescape(re.sub(r"<[^>]*>", "", text)) if path.suffix == ".html" else text


def solution_lines() -> set[str]:
    """Raderna i facits lösningar, så långa att de inte finns någon annanstans av en slump."""
    lines: set[str] = set()
    for path in (ROOT / "solutions").glob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            code = "".join(cell["source"])
            if cell["cell_type"] == "code" and "### BEGIN SOLUTION" in code:
                lines |= {line.strip() for line in code.splitlines() if len(line.strip()) > 25}
    return lines


def test_the_solutions_are_not_in_the_book(site: Path):
    """Ingen rad som bara facit har finns på någon sida, i sökningen eller bland det som hämtas."""
    handed_out = "".join(path.read_text("utf-8") for path in (ROOT / "notebooks").iterdir())
    secret = {
        line
        for line in solution_lines()
        if json.dumps(line, ensure_ascii=False)[1:-1] not in handed_out
    }
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".js", ".ipynb")]
    everything = "".join(map(as_read, files))
    assert "def td_target" in everything and len(secret) > 10
    assert not [line for line in secret if line in everything]
