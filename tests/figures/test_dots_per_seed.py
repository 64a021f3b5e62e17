"""Prickarna för varje frö: rätt prickar, rätt ord, rätt axlar."""

from collections.abc import Sequence

import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from dqn_helpers.figures import Picture, dots_per_seed

SCORES = {"recept": [500.0, 480.0], "utan mål": [300.0, 20.0]}
Q_VALUES = {"recept": [100.0, 200.0], "utan mål": [1e4, 3e4]}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Figurerna som ritas, i stället för att de blir bilder."""
    seen: list[Figure] = []

    def from_figure(figure: Figure, alt: str, caption: str = "") -> Picture:
        seen.append(figure)
        plt.close(figure)
        return Picture(b"", "image/png", alt, 1, caption)

    monkeypatch.setattr(Picture, "from_figure", from_figure)
    return seen


def test_every_seed_is_a_dot_and_the_median_a_line(drawn: list[Figure]):
    panels = {"poäng": SCORES, "Q": Q_VALUES}
    picture = dots_per_seed(panels, lines={"poäng": 475}, logarithmic=["Q"])
    left, right = drawn[0].axes
    assert [list(left.lines[i].get_xdata()) for i in (0, 2)] == list(SCORES.values())
    assert left.lines[1].get_xdata()[0] == 490
    assert [label.get_text() for label in left.get_yticklabels()] == ["recept", "utan mål"]
    assert (left.get_xscale(), right.get_xscale()) == ("linear", "log")
    assert (left.get_xlabel(), right.get_xlabel()) == ("poäng", "Q")
    assert "Poäng: recept 480 till 500; utan mål 20 till 300" in picture.alt


def test_the_picture_is_drawn():
    picture = dots_per_seed({"poäng": SCORES})
    assert picture.drawing.startswith("<svg")
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    "panels",
    [{}, {"poäng": {}}, {"poäng": {"recept": []}}, {"poäng": SCORES, "Q": {"recept": [1.0]}}],
)
def test_bad_panels(panels: dict[str, dict[str, Sequence[float]]]):
    with pytest.raises(ValueError, match=r"(?i)variant"):
        dots_per_seed(panels)
