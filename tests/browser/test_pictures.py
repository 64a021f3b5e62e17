"""Bilderna så som en webbläsare ritar dem: inget klipps av, och ingen text går i en annan."""

from typing import Any

import pytest
import torch
from figures.every_picture import PICTURES

from dqn_helpers import figures
from dqn_helpers.figures import Film

LOOK = """() => {
  const svg = document.querySelector("svg");
  const whole = svg.getBoundingClientRect();
  const skipped = "defs *, clipPath *, [opacity='0'], [opacity='0'] *, [clip-path], [clip-path] *";
  const seen = (e) => !e.matches(skipped) && e.getBoundingClientRect().width > 0;
  const shapes = [...svg.querySelectorAll("text, path, circle, rect, polygon, line, use")]
    .filter(seen);
  const name = (e) => `${e.tagName} ${e.textContent} ${e.getAttribute("d") || ""}`.slice(0, 60);
  // En linje räknas med halva sin tjocklek.
  const edge = (e) => (e.tagName === "text" ? 0 : parseFloat(getComputedStyle(e).strokeWidth) / 2)
    * whole.width / svg.viewBox.baseVal.width * (getComputedStyle(e).stroke === "none" ? 0 : 1);
  const outside = shapes.filter((e) => {
    const r = e.getBoundingClientRect(), d = edge(e) - 0.5;
    return r.left - d < whole.left || r.right + d > whole.right
      || r.top - d < whole.top || r.bottom + d > whole.bottom;
  }).map(name);
  // Texterna som de syns: en bokstav fyller inte hela sin rad i höjdled.
  const words = shapes.filter((e) => e.tagName === "text" && e.textContent.trim()).map((e) => {
    const r = e.getBoundingClientRect(), size = parseFloat(getComputedStyle(e).fontSize)
      * whole.width / svg.viewBox.baseVal.width;
    return { e, size, upright: r.width > r.height || e.textContent.length < 3,
      left: r.left, right: r.right, top: r.top + 0.15 * size, bottom: r.bottom - 0.2 * size };
  });
  const close = [];
  words.forEach((a, i) => words.slice(i + 1).forEach((b) => {
    // Två tal på samma rad ser ut som ett om de står för nära; en text på högkant kan inte det.
    const gap = (a.upright && b.upright ? 0.4 : 0.1) * Math.min(a.size, b.size);
    if (a.left < b.right + gap && b.left < a.right + gap && a.top < b.bottom && b.top < a.bottom)
      close.push(`${a.e.textContent} | ${b.e.textContent}`);
  }));
  return { outside, close };
}"""


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[str]]:
    """Namn → teckningen, eller filmens första och sista bild."""
    made = {name: make() for name, make in PICTURES.items()}
    return {
        name: [shown.frame(0), shown.frame(-1)] if isinstance(shown, Film) else [shown.drawing]
        for name, shown in made.items()
    }


@pytest.mark.parametrize("fault", ["outside", "close"])
def test_nothing_is_cut_off_and_no_text_runs_into_another(
    page: Any, drawn: dict[str, list[str]], fault: str
):
    found = {}
    for name, drawings in drawn.items():
        for svg in drawings:
            page.set_content(page_with(svg))
            if wrong := page.evaluate(LOOK)[fault]:
                found[name] = wrong
    assert found == {}


def test_numbers_on_an_axis_never_run_together_whatever_they_are(page: Any):
    """Axelns tal följer av det som ritas, så en enda bild av varje slag visar inte att de ryms."""
    crowded = {}
    for seed in range(12):
        generator = torch.Generator().manual_seed(seed)
        model = torch.nn.Linear(4, 2)
        for parameter in model.parameters():
            size = 10 ** (seed % 6 - 3)
            parameter.data = size * torch.randn(parameter.shape, generator=generator)
        page.set_content(page_with(figures.q_function(model).drawing))
        if wrong := page.evaluate(LOOK)["close"]:
            crowded[seed] = wrong
    assert crowded == {}


def page_with(svg: str) -> str:
    """En sida med bilden, så bred som i boken."""
    return (
        f'<!doctype html><html lang="sv"><title>prov</title>'
        f'<div style="width: 720px; margin: 50px">{svg}</div>'
    )
