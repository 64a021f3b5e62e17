"""Bufferten i bild: rätt nummer på rätt plats, ärliga alternativtexter, animationer som rör sig."""

import io

import numpy as np
import pytest
from PIL import Image

from dqn_helpers import Picture, ReplayBuffer, figures
from dqn_helpers.figures.player import MAX_BYTES, film_of_pictures


def experience(number: int, action: int = 0, slope: float = 1.0) -> tuple:
    state = np.array([0.0, 0.0, slope, 0.0], dtype=np.float32)
    return state, action, float(number), state, False, False


@pytest.mark.parametrize("n_added", [0, 1, 7, 8, 9, 23])
def test_the_ring_shows_what_the_buffer_really_holds(n_added: int):
    buffer = ReplayBuffer(8)
    for number in range(n_added):
        buffer.append(experience(number))
    stored = [str(int(buffer[i].reward)) for i in range(len(buffer))]
    expected = ", ".join(stored + ["tom"] * (8 - len(stored)))
    assert f"{n_added} tillagda ligger på platserna i ordning: {expected}." in (
        figures.replay_ring(n_added).alt
    )


def test_several_rings_share_a_picture():
    picture = figures.replay_ring(1, 4, n_slots=3)
    assert "0, tom, tom" in picture.alt and "3, 1, 2" in picture.alt
    assert picture.width > figures.replay_ring(1, n_slots=3).width


def test_batches_tell_how_much_they_cover():
    x = np.arange(101.0)
    batches = {"smal": np.arange(50, 61), "bred": np.array([0, 50, 100])}
    alt = figures.batches_in_cloud(x, x, batches, x_label="x", y_label="y").alt
    assert "smal täcker 10 procent" in alt and "bred täcker 100 procent" in alt


def test_draws_tell_their_span():
    draws = {"i följd": [range(10), range(40, 50)], "spridd": [[0, 90]]}
    alt = figures.drawn_places(draws, n_stored=100).alt
    assert "i följd: en batch sträcker sig i medel över 9 procent" in alt
    assert "spridd: en batch sträcker sig i medel över 90 procent" in alt


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
    assert "prov, vänster: som mest 1 fel" in alt and "prov, höger: som mest 0,5 fel" in alt


def test_last_moments_tell_how_the_pole_leans():
    observations = {"slanten": np.array([0, 0, 0.2, 0]), "regeln": np.array([1, 0, -0.1, 0])}
    picture = figures.last_moments(observations)
    assert "slanten: stången lutar 11 grader åt höger" in picture.alt
    assert "regeln: stången lutar 5,7 grader åt vänster" in picture.alt
    assert "rotate(11.5 0 -18)" in picture.drawing and "{" not in picture.drawing


def test_rings_become_a_film():
    rings = [figures.replay_ring(n) for n in range(4)]
    film = film_of_pictures(rings, ["ring"] * 4, "Fyra ringar.", milliseconds=500)
    assert len({film.frame(n) for n in range(4)}) == 4
    assert film.drawing.count("<circle") > 8  # det som är lika i alla bilder står en gång
    assert (film.milliseconds, film.width) == (500, rings[0].width)
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
