"""Sidorna överst i projektet: länkarna leder rätt, och bilden är den som README beskriver."""

import html
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from readme_picture import CARDS, COLOR, FILES, FOLDER, STILL, TITLES, moving

from dqn_helpers.teacher.book.__main__ import example_card, parts_of

ROOT = Path(__file__).resolve().parents[1]
HOURS = {"en kvart": 0.25, "en och en halv timme": 1.5, "två timmar": 2.0,
         "två och en halv timme": 2.5, "tre timmar": 3.0}  # fmt: skip
PAGES = sorted(ROOT.glob("*.md"))
PLACE = re.compile(r'\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"')


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_on_the_page_lead_somewhere(page: Path):
    places = ["".join(found) for found in PLACE.findall(page.read_text(encoding="utf-8"))]
    for place in places:
        assert place.startswith("https://") or (ROOT / place).exists(), place


def test_the_readme_shows_the_picture_before_the_commands_and_leads_on():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    parts = ["<picture>", "python kurs.py ", "## För dig som läser", "## För dig som undervisar",
             "## För dig som utvecklar"]  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    for page in PAGES:
        assert page.name == "README.md" or f"]({page.name})" in text
    assert set(re.findall(r'"bilder/([\w-]+\.svg)"', text)) == set(FILES)


def test_the_picture_of_the_card_says_what_the_card_says():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r'"bilder/([\w-]+\.png)"', text)) == set(CARDS)
    (alt,) = re.findall(r'<img src="bilder/kort-ljus.png"[^>]* alt="([^"]*)"', text)
    card = html.unescape(re.sub(r"<style.*?</style>|<[^>]*>", " ", example_card(), flags=re.DOTALL))
    told = re.findall(r"\d av \d delar stämmer|−?\d,\d|Mitt i episoden är TD-målet rätt", alt)
    assert len(told) == 4 and [words for words in told if words not in card] == []


def test_the_hours_of_the_course_are_those_of_its_books():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = parts_of(text)[1].splitlines()[2:]
    hours = sum(HOURS[row.split("|")[3].strip()] for row in rows)
    assert round(hours) == 13
    front = (ROOT / "dqn_helpers/teacher/book/index.md").read_text(encoding="utf-8")
    assert "omkring tretton timmar" in text and "omkring tretton timmar" in front


def test_the_pictures_are_the_same_but_for_the_colours():
    drawn = {name: (FOLDER / name).read_text(encoding="utf-8") for name in FILES}
    for name, picture in drawn.items():
        assert ET.fromstring(picture).tag.endswith("svg") and "<script" not in picture
        assert not COLOR.search(picture) and "prefers-reduced-motion" in picture
        assert all(title in picture for title in TITLES), name
    without = {re.sub(r"#[0-9a-f]{6}", "", picture) for picture in drawn.values()}
    assert len(without) == 1
    for picture, colors in zip(drawn.values(), FILES.values(), strict=True):
        assert set(re.findall(r"#[0-9a-f]{6}", picture)) <= set(colors.values())


def test_a_cart_that_moves_gets_its_moments_and_a_still_one_does_not():
    drawing = (
        '<svg><svg><g opacity="{styrka0}"><g transform="translate({x0} 190)"></g></g></svg></svg>'
    )
    frames = [{"x0": str(min(step, 8)), "vinkel0": "0.0", "styrka0": "1"} for step in range(101)]
    picture = moving(drawing, frames, 20.0)
    assert 'id="x0"' in picture and f"translate({frames[STILL]['x0']} 190)" in picture
    kept = {name: picture.split(f"@keyframes {name}{{")[1].split("}}")[0].count("%{")
            for name in ("x0", "s0")}  # fmt: skip
    assert kept["s0"] == 2 < kept["x0"] < 10
