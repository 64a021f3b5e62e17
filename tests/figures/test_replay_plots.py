"""Bufferten i bild: rätt nummer på rätt plats, ärliga alternativtexter, animationer som rör sig."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from dqn_helpers import Picture, ReplayBuffer, figures
from dqn_helpers.counting import listed
from dqn_helpers.figures.player import MAX_BYTES, film_of_pictures
from dqn_helpers.studies.replay_costs import microseconds_per_batch

BARE_DEQUE = "bara hämta ur deque"


def experience(number: int, action: int = 0, slope: float = 1.0) -> tuple:
    state = np.array([0.0, 0.0, slope, 0.0], dtype=np.float32)
    return state, action, float(number), state, False, False


def ring_contents(n_slots: int, n_added: int) -> list[list[int]]:
    """Det som går att läsa i kursens buffert, efter varje tillägg."""
    buffer, contents = ReplayBuffer(n_slots), [[]]
    for number in range(n_added):
        buffer.append(experience(number))
        contents.append([int(buffer[i].reward) for i in range(len(buffer))])
    return contents


def texts_in(frame: str) -> list[str]:
    """Det som står i en ring: namnet och längden, sedan talet i varje plats och platsens nummer."""
    return re.findall(r">([^<>]*)</text>", frame)


@pytest.mark.parametrize("n_added", [0, 1, 7, 8, 9, 23])
def test_the_ring_shows_what_the_buffer_really_holds(n_added: int):
    contents = ring_contents(8, n_added)
    film = figures.ring_film({"min": contents})
    assert len(film.frames) == n_added + 1
    stored = [str(number) for number in contents[-1]]
    filled = [word for slot, number in enumerate(stored) for word in (number, str(slot))]
    empty = [str(slot) for slot in range(len(stored), 8)]
    name_and_length = ["min", f"len = {len(stored)}"]
    assert texts_in(film.frame(n_added)) == name_and_length + filled + empty
    assert f"Min: sist går det att läsa {listed(stored) or 'ingenting'}." in film.alt


def test_a_buffer_that_never_forgets_overflows_its_ring():
    endless = [list(range(n)) for n in range(6)]
    film = figures.ring_film({"rätt": ring_contents(3, 5), "glömmer aldrig": endless}, n_slots=3)
    assert "får inte plats" not in film.frame(3)
    assert film.frame(5).count("får inte plats") == 1 and "3, 4" in film.frame(5)
    assert film.width > figures.ring_film({"rätt": ring_contents(3, 5)}).width


def test_batches_tell_how_much_they_cover():
    x = np.arange(101.0)
    batches = {"smal": np.arange(50, 61), "bred": np.array([0, 50, 100])}
    alt = figures.batches_in_cloud(x, x, batches, x_label="x", y_label="y").alt
    assert "smal täcker 10 procent" in alt and "bred täcker 100 procent" in alt


def test_draws_tell_their_span():
    draws = {"i följd": [range(10), range(40, 50)], "spridd": [[0, 90]], "lika": [[7, 7]]}
    alt = figures.drawn_places(draws, n_stored=100).alt
    assert "Lika: en batch sträcker sig i genomsnitt över 0 procent av den" in alt
    assert "I följd: en batch sträcker sig i genomsnitt över 9 procent av den" in alt
    assert "Spridd: en batch sträcker sig i genomsnitt över 90 procent av den" in alt


def test_steps_in_order_are_alike_and_shuffled_steps_are_not():
    slow = [np.sin(np.arange(2000) / 50 + phase) for phase in (0.0, 1.0)]
    alt = figures.alike_over_time({"vågen": slow}, n_lags=5).alt
    assert "Vågen, i ordning: medianen går från 1 till 0,99" in alt
    assert "Vågen, blandad: medianen går från" in alt


def test_costs_are_measured_for_every_way_to_store():
    costs = microseconds_per_batch([experience(n) for n in range(3)], n_stored=70)
    assert list(costs) == ["lista", "deque", "en array per fält", "bara packa", BARE_DEQUE]
    assert min(costs.values()) > 0 and costs[BARE_DEQUE] < costs["deque"]


def test_costs_are_read_from_first_to_last():
    costs = [{"lista": 10.0, "bara packa": 5.0}, {"lista": 40.0, "bara packa": 6.0}]
    alt = figures.cost_lines([10, 100], costs).alt
    assert "lista från 10 till 40" in alt and "bara packa från 5 till 6" in alt


def test_tried_actions_tell_both_sides_of_the_line():
    expert = [experience(0, action=1), experience(0, action=0, slope=-1.0)]
    clumsy = [experience(0, action, slope) for action in (0, 1) for slope in (-1.0, 1.0)]
    alt = figures.tried_actions({"experten": expert, "slanten": clumsy}).alt
    assert (
        "Loggen från experten: höger i 100 procent av stegen ovanför linjen och höger i 0 pro"
        in alt
    )
    assert (
        "Loggen från slanten: höger i 50 procent av stegen ovanför linjen och höger i 50 pro" in alt
    )


def test_a_log_on_one_side_of_the_line_says_so():
    alt = figures.tried_actions({"experten": [experience(0, action=1)]}).alt
    assert "höger i 100 procent av stegen ovanför linjen och inga steg under linjen" in alt


def test_learned_values_tell_the_largest_error():
    exact = np.array([[0.0, 1.0], [2.0, 3.0]])
    learned = np.stack([exact, exact + np.array([[0.0, 0.5], [-1.0, 0.0]])])
    alt = figures.learned_against_exact({"prov": learned}, exact, ("vänster", "höger")).alt
    assert "Prov, vänster: som mest 1 fel" in alt and "Prov, höger: som mest 0,5 fel" in alt


def test_last_moments_tell_how_the_pole_leans():
    observations = {"slanten": np.array([0, 0, 0.2, 0]), "regeln": np.array([1, 0, -0.1, 0])}
    picture = figures.last_moments(observations)
    assert "Slanten: stången lutar 11 grader åt höger" in picture.alt
    assert "Regeln: stången lutar 5,7 grader åt vänster" in picture.alt
    assert "rotate(11.5 0 -18)" in picture.drawing and "{" not in picture.drawing


def test_pictures_become_a_film():
    tables = [
        figures.number_table([[n]], [], "Ett tal.", row_label="rad", column_label="kolumn")
        for n in range(4)
    ]
    film = film_of_pictures(tables, ["tal"] * 4, "Fyra tal.", milliseconds=500)
    assert len({str(frame) for frame in film.frames}) == 4
    assert (film.milliseconds, film.width) == (500, tables[0].width)
    assert len(film._repr_html_()) <= MAX_BYTES


def test_a_slider_of_batches_fits_in_a_film():
    """Molnet är lika i alla bilder, om axlarna står still."""
    x, y = np.linspace(-2.0, 2.0, 5000), np.random.default_rng(0).normal(size=5000)

    def show(start: float) -> Picture:
        batches = {"32 i följd": np.arange(int(start), int(start) + 32), "32": np.arange(0, 32)}
        return figures.batches_in_cloud(x, y, batches, x_label="", y_label="")

    film = figures.slider(show, range(0, 4800, 240), name="första", start=240)
    assert len(film._repr_html_()) <= MAX_BYTES


@pytest.mark.parametrize("sizes", [[], [(4, 4), (5, 4)]], ids=["inga", "olika stora"])
def test_a_film_needs_pictures_of_one_size(sizes: list[tuple[int, int]]):
    pictures = []
    for size in sizes:
        file = io.BytesIO()
        Image.new("RGB", size).save(file, format="PNG")
        pictures.append(Picture(file.getvalue(), "image/png", "Svart.", size[0]))
    with pytest.raises(ValueError, match="lika stora"):
        film_of_pictures(pictures, [""] * len(sizes), "Går inte.")
