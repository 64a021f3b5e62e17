"""En identitet: varje bild i paketet går att läsa, på ljust och mörkt, och talar svenska.

En ny figur provas av sig själv: den som saknas i `PICTURES` fäller det första testet.
"""

import base64
import inspect
import itertools
import re
from typing import Any

import numpy as np
import pytest
from drawn_svg import SVG, parsed, scale, texts
from every_picture import PICTURES

from dqn_helpers import figures
from dqn_helpers.figures import theme
from dqn_helpers.figures.pictures import COLUMN_WIDTH, Picture
from dqn_helpers.figures.player import MAX_BYTES, Film
from dqn_helpers.mdp import three_state_mdp

POINTS = 96 / 72  # bildpunkter på en punkt


@pytest.fixture(scope="module")
def drawings() -> dict[str, list[tuple[str, float]]]:
    """Namn → teckningarna och deras bredd på skärmen; en film ger sin första och sista bild."""
    made: dict[str, list[tuple[str, float]]] = {}
    for name, make in PICTURES.items():
        shown = make()
        if isinstance(shown, Film):
            assert len(shown._repr_html_().encode()) < MAX_BYTES, name
            made[name] = [(shown.frame(n), shown.width) for n in (0, -1)]
        else:
            made[name] = [(shown.drawing, shown.width)]
    return made


def shows_something(function: Any) -> bool:
    kinds = inspect.signature(function).return_annotation if inspect.isfunction(function) else None
    return kinds in (Picture, Film)


def test_every_picture_in_the_package_is_tried():
    public = {name: getattr(figures, name) for name in figures.__all__}
    shown = {name for name, function in public.items() if shows_something(function)}
    assert shown == {name.split()[0] for name in PICTURES}


def test_no_picture_is_wider_than_the_column(drawings: dict[str, list[tuple[str, float]]]):
    for name, made in drawings.items():
        assert all(width <= COLUMN_WIDTH for _, width in made), name


def test_no_text_is_small_at_full_width(drawings: dict[str, list[tuple[str, float]]]):
    for name, made in drawings.items():
        for svg, width in made:
            for found in texts(svg):
                points = found.size * scale(svg, width) / POINTS
                assert points > 10.8, f"{name}: ”{found.words}” är {points:.1f} punkter"


def test_no_text_is_small_on_a_phone():
    """Bilden krymper bara så långt att texten går att läsa; sedan rullar man i dess ram."""
    for name, make in PICTURES.items():
        shown = make()
        html = shown._repr_html_()
        film = isinstance(shown, Film)
        least = float(re.findall(r"(?:--dqn-minst|min-width): (\d+)px", html)[0])
        for svg in [shown.frame(0), shown.frame(-1)] if film else [shown.drawing]:
            for found in texts(svg):
                size = found.size * scale(svg, least)
                assert size >= 11, f"{name}: ”{found.words}” är {size:.1f} bildpunkter"
        frame = re.search(r'<div class="dqn-scen"[^>]*>' if film else "<figure[^>]*>", html)
        assert frame is not None and 'tabindex="0"' in frame[0], f"{name}: går inte att nå"


def test_every_text_can_be_read_against_what_is_under_it(
    drawings: dict[str, list[tuple[str, float]]],
):
    for (name, made), colors in itertools.product(drawings.items(), (theme.LIGHT, theme.DARK)):
        for svg, _ in made:
            for found in texts(svg):
                contrast = found.contrast(colors)
                assert contrast >= 4.5, f"{name}: ”{found.words}” har {contrast:.2f}, {found}"


def test_every_line_and_surface_has_a_colour_of_the_course(
    drawings: dict[str, list[tuple[str, float]]],
):
    """Då följer den sidans tema, och `test_player` håller kontrasten mot ljust och mörkt."""
    for name, made in drawings.items():
        for svg, _ in made:
            fixed = re.findall(r"(?:fill|stroke)(?:=\"|: ?)(#\w+|rgb[^\"]*|black|white)", svg)
            assert not fixed, f"{name}: {set(fixed)} följer inte temat"
            # En färdig bild följer inte temat; q_function:s är genomskinlig, så att bottnen syns.
            assert "<image" not in svg or name == "q_function", name


def test_numbers_have_a_decimal_comma(drawings: dict[str, list[tuple[str, float]]]):
    for name, made in drawings.items():
        words = [found.words for svg, _ in made for found in texts(svg)]
        assert words, name
        assert not [word for word in words if re.search(r"\d\.\d|\be[+-]\d", word)], name


def test_every_picture_says_its_language_and_what_it_shows():
    picture = figures.dqn_loop("buffert")
    root = parsed(picture.data.decode())
    assert root.attrib["lang"] == "sv"
    assert root[0].text == picture.alt and "I bilden lyser ”buffert”." in picture.alt
    assert 'lang="sv"' in picture._repr_html_()


def test_the_stills_of_a_film_of_pictures_are_whole_files():
    """En webbläsare visar inget av en SVG som inte är giltig XML, till exempel med två `lang`."""
    film = PICTURES["film_of_pictures"]()
    stills = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", film._repr_html_())
    assert len(stills) == 4  # den första på scenen, och tre på papper
    for still in stills:
        root = parsed(base64.b64decode(still).decode())
        assert root.attrib["lang"] == "sv" and len(root.findall(f"{SVG}title")) == 1


def test_the_file_alone_is_dark_where_it_is_dark():
    """Samma bild på ljust, mörkt och papper: färgerna frågar efter sidans tema, utan skript."""
    file = figures.q_network().data.decode()
    assert f"--dqn-ink: {theme.LIGHT['ink']}" in file and "<script" not in file
    dark = file.split("prefers-color-scheme: dark")[1]
    assert f"--dqn-ink: {theme.DARK['ink']}" in dark


# --- diagrammen ----------------------------------------------------------------------------------


def words_in(shown: Picture | Film, number: int = 0) -> str:
    svg = shown.frame(number) if isinstance(shown, Film) else shown.drawing
    return " ".join(found.words for found in texts(svg))


@pytest.mark.parametrize("part", figures.LOOP_PARTS)
def test_the_part_that_is_lit_and_no_other(part: str):
    svg = figures.dqn_loop(part).drawing
    lights = [g for g in parsed(svg).iter() if g.get("opacity") and len(g)]
    lit = [n for n, g in enumerate(lights) if g.get("opacity") == "1"]
    assert lit == [list(figures.LOOP_PARTS).index(part)]


def test_an_unknown_part_is_said():
    with pytest.raises(ValueError, match=r"ingen del som heter ”bufert”.*buffert"):
        figures.dqn_loop("bufert")


def test_the_dot_goes_through_every_part_of_the_loop():
    film = figures.dqn_loop_film()
    places = {(frame["x"], frame["y"]) for frame in film.frames}
    assert len(places) > 60
    lit = {n for frame in film.frames for n in range(8) if frame[f"ljus{n}"] == "1"}
    assert lit == set(range(8)) - {list(figures.LOOP_PARTS).index("miljö")} | {0}
    assert "{" not in film.frame(3)


def test_the_four_wirings_give_the_four_numbers_of_the_page():
    film = figures.double_dqn_wirings([2, 5, 3], [6, 1, 4])
    assert film.labels == ("DQN", "Double DQN", "utan målnätverk", "ombytta roller")
    for number, value in enumerate(("6", "1", "5", "2")):
        assert f" {value} till målet" in words_in(film, number)
    assert "online-nätverket väljer a1, och målnätverket värderar den till 1" in film.alt


def test_networks_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="lika många"):
        figures.double_dqn_wirings([1, 2], [1])


def test_the_backup_adds_up_to_bellman():
    q_values = np.array([[7.0, 0, 0], [0, 0, -50], [0, 32, 0]])
    alt = figures.backup_diagram(three_state_mdp(), q_values, 2, 1, 0.9).alt
    assert "Q(s2, a1) ← 39,92" in alt  # talet i boken, räknat för hand
    assert "80 procent, och det ger 0,8 · (40 + 0,9 · 7)" in alt


def test_only_one_of_the_two_ways_has_a_gradient():
    alone, two = figures.loss_flow(target_network=False), figures.loss_flow()
    assert "klippt: no_grad" in words_in(two) and "samma nätverk" in words_in(alone)
    assert "målnätverk" not in words_in(alone)
