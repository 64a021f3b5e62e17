"""Filmen: fungerar utan Python, säger i ord vad den visar, och ingen text i den kan göra skada."""

import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from everyday import first
from PIL import Image

from dqn_helpers.figures import Picture, theme
from dqn_helpers.figures.player import MAX_BYTES, Film, film_of_pictures

DRAWING = '<svg viewBox="0 0 10 10"><text>{ord}</text><circle cx="{x}"/></svg>'
ALT = "En cirkel går åt höger."


def made(**changes: object) -> Film:
    frames = tuple({"ord": f"bild {n}", "x": str(n)} for n in range(5))
    labels = tuple(f"steg {n} av 4" for n in range(5))
    values = {
        "drawing": DRAWING,
        "frames": frames,
        "labels": labels,
        "alt": "En cirkel går åt höger.",
    }
    return Film(**values | changes)  # type: ignore[arg-type]


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag == name]


def data_of(html: str) -> dict:
    found = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_a_frame_is_the_drawing_with_its_values():
    assert made().frame(3) == '<svg viewBox="0 0 10 10"><text>bild 3</text><circle cx="3"/></svg>'


def test_the_script_gets_all_that_it_needs():
    data = data_of(made(milliseconds=20, start=2)._repr_html_())
    assert data["rows"] == [[f"bild {n}", str(n)] for n in range(5)]
    assert (data["names"], data["start"], data["milliseconds"]) == (["ord", "x"], 2, 20)
    assert data["labels"][4] == "steg 4 av 4"


def test_where_scripts_are_stripped_a_picture_with_its_text_remains():
    html = re.sub(r"<script.*?</script>", "", made(start=2)._repr_html_(), flags=re.DOTALL)
    stage = html.split('class="dqn-reglage"')[0]
    (image,) = Tags(stage).all("img")
    assert (image["src"] or "").startswith("data:image/svg+xml;base64,")
    assert image["alt"] == "En cirkel går åt höger. (steg 2 av 4)"
    (controls,) = [a for a in Tags(html).all("div") if a.get("class") == "dqn-reglage"]
    assert controls["style"] == "display: none"  # knappar som inte gör något ska inte synas


def test_the_controls_can_be_reached_and_are_named():
    tags = Tags(made(milliseconds=20, name="steg")._repr_html_())
    (slider,) = tags.all("input")
    assert (slider["type"], slider["min"], slider["max"]) == ("range", "0", "4")
    # Utan de här två byter JupyterLab cell när man trycker på piltangenterna.
    assert slider["data-lm-suppress-shortcuts"] == "true"
    assert slider["onkeydown"] == "event.stopPropagation()"
    assert len(tags.all("button")) == 2
    assert tags.all("figure")[0]["lang"] == "sv"


def test_a_slider_without_time_has_no_play_button():
    assert Tags(made()._repr_html_()).all("button") == []


def test_a_few_frames_are_there_for_paper():
    html = made()._repr_html_()
    paper = html.split('class="dqn-papper"')[1].split("<script")[0]
    assert [re.findall(r"<p>(.*?)</p>", paper)] == [["steg 0 av 4", "steg 2 av 4", "steg 4 av 4"]]


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", '"><b>', "<!--"])
def test_no_text_ends_the_film(text: str):
    html = made(alt=text, caption=text, labels=(text,) * 5, name=text)._repr_html_()
    assert [tag for tag, _ in Tags(html).found].count("script") == 2
    assert not Tags(html).all("b")
    assert data_of(html)["labels"] == [text] * 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alt": " "}, "alternativtext"),
        ({"frames": ()}, "minst en bild"),
        ({"labels": ("steg",)}, "5 bilder och 1 text"),
        ({"start": 5}, "ingen bild med nummer 5"),
    ],
)
def test_what_is_missing_is_said(change: dict, message: str):
    with pytest.raises(ValueError, match=message):
        made(**change)


def a_picture(value: int, size: tuple[int, int] = (60, 40)) -> Picture:
    file = io.BytesIO()
    Image.new("RGB", size, (value, value, value)).save(file, format="PNG")
    return Picture(file.getvalue(), "image/png", "En grå yta.", size[0])


def test_pictures_become_a_film():
    film = film_of_pictures([a_picture(0), a_picture(200)], ["mörk", "ljus"], "Det ljusnar.")
    assert film.frames[0]["bild"] != film.frames[1]["bild"]
    assert film.frame(1).startswith('<img src="data:image/webp;base64,')
    assert film.width == 60


@pytest.mark.parametrize("count", first(1, [4, 30]))
def test_pictures_that_do_not_fit_become_coarser_but_not_fewer(count: int):
    rng = np.random.default_rng(0)
    pictures = []
    for _ in range(count):
        file = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)).save(
            file, format="PNG"
        )
        pictures.append(Picture(file.getvalue(), "image/png", "Brus.", 400))
    film = film_of_pictures(pictures, ["brus"] * count, "Brus.")
    assert len(film.frames) == count
    assert len(film._repr_html_()) < MAX_BYTES * 1.05
    assert film.width == 400


def test_pictures_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="lika stora"):
        film_of_pictures([a_picture(0), a_picture(0, (10, 10))], ["a", "b"], "Fel.")


# --- färgerna ------------------------------------------------------------------------------------


@pytest.mark.parametrize("colors", [theme.LIGHT, theme.DARK], ids=["ljust", "mörkt"])
def test_colours_can_be_read(colors: dict[str, str]):
    grounds = {"paper", "ground", "page", "mark", *(name for name in colors if "tint" in name)}
    pairs = [(name, "paper") for name in set(colors) - grounds]
    pairs += [(name, "ground") for name in set(colors) - grounds]
    pairs += [("ink", ground) for ground in grounds]
    for meaning, ground in pairs:
        found = theme.contrast(colors[meaning], colors[ground])
        assert found >= 4.5, f"{meaning} mot {ground}: {found:.2f}"


def test_contrast_as_wcag_counts_it():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_light_and_dark_have_the_same_meanings():
    assert theme.LIGHT.keys() == theme.DARK.keys()
