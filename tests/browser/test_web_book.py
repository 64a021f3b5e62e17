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

from dqn_helpers.figures import theme

from .axe import OF_COLOURS, violations

ROOT = Path(__file__).resolve().parents[2]
SHORT = "03_traningssteget.html"
"""Kapitlet som körs här. `kurs.py book` kör alla; de långa prövas av nbval och test_books.py."""
CHAPTERS = [f"{path.stem}.html" for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
PAGES = ["index.html", *CHAPTERS, "ordlista.html", "bilaga.html"]
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


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_swedish(offline: Any, address: str, name: str):
    offline.goto(address + name)
    assert offline.locator("html").get_attribute("lang") == "sv"
    # axe läser inte MathML: en rubrik som är en formel är inte tom.
    found = [one for one in violations(offline, "body") if "<math" not in one]
    assert found == []
    offline.emulate_media(color_scheme="dark")
    assert violations(offline, "body", OF_COLOURS) == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(offline: Any, address: str, name: str):
    offline.set_viewport_size({"width": 390, "height": 800})
    offline.goto(address + name)
    assert offline.evaluate("document.documentElement.scrollWidth") <= 390


def test_no_word_of_a_heading_is_wider_than_a_phone(offline: Any, address: str, site: Path):
    offline.set_viewport_size({"width": 390, "height": 800})
    split = []
    for page in sorted(site.glob("*.html")):
        offline.goto(address + page.name)
        offline.add_style_tag(content=":is(h1, h2, h3) { overflow-wrap: normal !important }")
        split += offline.evaluate(
            "[...document.querySelectorAll('article :is(h1, h2, h3)')]"
            ".filter(h => h.scrollWidth > h.clientWidth).map(h => h.textContent)"
        )
    assert split == []


def test_the_places_of_the_word_list_have_room(offline: Any, address: str):
    offline.goto(address + "ordlista.html")
    widths = offline.locator("td:last-child").evaluate_all("all => all.map(e => e.clientWidth)")
    assert widths and min(widths) > 150


def test_the_colours_of_the_book_follow_the_theme(offline: Any, address: str):
    for scheme, colors in (("light", theme.LIGHT), ("dark", theme.DARK)):
        offline.emulate_media(color_scheme=scheme)
        offline.goto(address + SHORT)
        paper = "e => getComputedStyle(e).getPropertyValue('--dqn-paper').trim()"
        shown = offline.locator(".ord-kort, details.hide").evaluate_all(f"all => all.map({paper})")
        assert set(shown) == {colors["paper"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_everything_is_light_open_and_whole(offline: Any, address: str, scheme: str):
    offline.emulate_media(media="print", color_scheme=scheme)
    offline.set_viewport_size({"width": 665, "height": 900})
    offline.goto(address + SHORT)
    assert offline.locator("body").get_attribute("data-jp-theme-light") == "true"
    hidden = (".skip-to-content", ".egen-kopia", "details.hide", ".dqn-leksak > *", ".dqn-reglage")
    for selector in hidden:
        assert not any(one.is_visible() for one in offline.locator(selector).all()), selector
    answers = offline.locator("section > details > p")
    assert answers.count() > 10
    assert offline.evaluate(
        "[...document.querySelectorAll('section > details > p')]"
        ".every(p => p.checkVisibility({contentVisibilityAuto: true}) && p.clientHeight > 0)"
    )
    cut = offline.evaluate(
        "[...document.querySelectorAll('article pre, .dqn-papper div, .dqn-bild')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.slice(0, 80))"
    )
    assert cut == []


def test_a_printed_page_is_a4(offline: Any, address: str):
    offline.goto(address + "bilaga.html")
    boxes = re.findall(
        rb"/MediaBox \[0 0 (\d+)[\d.]* (\d+)", offline.pdf(prefer_css_page_size=True)
    )
    assert set(boxes) == {(b"594", b"841")}


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
    offline.keyboard.press("Escape")
    assert not card.is_visible()
    offline.locator(".ord").nth(1).focus()
    word.focus()
    assert card.is_visible()


@pytest.mark.parametrize("width", [390, 1100])
def test_the_card_of_a_word_stays_on_the_screen(offline: Any, address: str, width: int):
    offline.set_viewport_size({"width": width, "height": 800})
    offline.goto(address + SHORT)
    for word in offline.locator("p .ord, li .ord").all():
        word.focus()
        box = word.locator(".ord-kort").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width, word.text_content()
    assert offline.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("målnätverk", "04_dqn_loopen.html#index-"),
        ("target network", "04_dqn_loopen.html#index-"),
        ("bootstrapping", "03_traningssteget.html#index-"),
        ("Double DQN", "05_double_dqn.html#index-"),
        ("epsilon", "01b_q_inlarning.html"),
    ],
)
def test_search_finds_the_right_place_first(offline: Any, address: str, query: str, place: str):
    offline.goto(f"{address}search.html?q={query}")
    offline.locator("#search-results li").first.wait_for()
    offline.wait_for_load_state("networkidle")  # då har alla träffar fått sin text
    found = offline.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
    assert found[0].startswith(address + place), found
    if "index" in place:
        shown = offline.locator("#search-results li .context").first.text_content()
        assert query.lower() in shown.lower()
    assert "(target network): En kopia" not in offline.locator("#search-results").text_content()


def test_search_for_a_misspelt_word_says_so_in_swedish(offline: Any, address: str):
    offline.goto(address + "search.html?q=målnätvrk")
    offline.get_by_text("Sökningen hittade ingenting.").wait_for()


def test_no_english_is_left_of_the_theme(offline: Any, address: str, site: Path):
    for page in sorted(site.glob("*.html")):
        offline.goto(address + page.name)
        around = offline.locator(".page-info, .sidebar-drawer, .toc-drawer, footer").all()
        said = " ".join(part.text_content() for part in around)
        assert not re.search(r"\b(Home|Next|Previous|Search|Contents|On this page|Made)\b", said)


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
