"""Diagrammen över många frön ritar det de fick, och säger det i ord."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from dqn_helpers import figures
from dqn_helpers.figures import Picture


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list:
    """Figurerna som ritas, utan att de stängs."""
    kept: list = []
    original = Picture.from_figure

    def from_figure(figure, alt, caption=""):
        kept.append([list(ax.get_lines()) for ax in figure.axes])
        return original(figure, alt, caption)

    monkeypatch.setattr(Picture, "from_figure", from_figure)
    return kept


LINE = ([0, 1, 2], [1.0, 0.5, 0.25])


def test_lines_are_drawn_panel_by_panel(drawn: list):
    panels = {"kursens kod": {"ε": LINE}, "din kod, inte rätt än": {"ε": ([0, 1, 2], [1, 1, 1])}}
    picture = figures.lines(panels, x_label="miljösteg", y_label="ε", marked_y=0.5)
    first, second = drawn[0]
    assert first[0].get_ydata().tolist() == LINE[1] and second[0].get_ydata().tolist() == [1, 1, 1]
    assert first[1].get_ydata()[0] == 0.5, "den streckade linjen"
    assert "Din kod, inte rätt än, ε: från 1 till 1" in picture.alt
    assert plt.get_fignums() == []


@pytest.mark.parametrize("panels", [{}, {"din kod": {}}])
def test_nothing_to_draw_is_refused(panels: dict):
    with pytest.raises(ValueError, match="minst en linje"):
        figures.lines(panels, x_label="x", y_label="y")


def test_shares_have_their_interval_and_a_dot_for_each_seed(drawn: list):
    picture = figures.shares(
        {"receptet": (9, 12)}, {"receptet": (0.47, 0.91)}, {"receptet": [50.0, 100.0, 400.0]},
        share_label="löst, procent", dots_label="Q i vila", bound=100,
    )  # fmt: skip
    left, right = drawn[0]
    assert list(left[0].get_xdata()) == [47.0, 91.0] and left[1].get_xdata()[0] == 75
    assert list(right[0].get_xdata()) == [50.0, 100.0, 400.0]
    assert right[1].get_xdata()[0] == 100
    assert "Receptet: 9 av 12, Q i vila i median 100" in picture.alt


def test_the_interval_of_a_change_is_around_its_mean(drawn: list):
    course, changed = np.full((4, 3), 200.0), np.array([[90.0] * 3, [110.0] * 3])
    picture = figures.difference_of([1, 2, 3], course, changed, "train_every=8", goal=475)
    right = drawn[0][1]
    low, high = right[4].get_xdata()
    assert low < 100 < high and (low + high) / 2 == pytest.approx(100)
    assert right[1].get_xdata() == pytest.approx([200, 200]), "lika för alla: inget intervall"
    assert "kursens recept 200; train_every=8 100" in picture.alt
