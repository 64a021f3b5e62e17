"""Kasinot: tjugo automater som alla är värda noll, och den som ser bäst ut lovar mer."""

import math

import numpy as np

from dqn_helpers.figures.theme import color
from dqn_helpers.toys.toy import Toy, button, slider

N_ARMS = 20
WIDTH, HEIGHT = 600, 250


def casino() -> Toy:
    """Tjugo automater med det sanna medelvärdet 0. Dra i alla, och lita på den som ser bäst ut."""
    data = {
        "n_arms": N_ARMS,
        "width": WIDTH,
        "height": HEIGHT,
        "expected": expected_maximum(N_ARMS),
    }
    alt = (
        "Kasino med tjugo automater som alla betalar noll i genomsnitt: den som ser bäst ut lovar "
        "mer, och överskattningen hopar sig i en kurva."
    )
    return Toy("casino", _still(), alt, _body(), data)


def expected_maximum(n: int) -> float:
    """Väntevärdet av det största av n oberoende tal ur N(0, 1), med numerisk integration."""
    x = np.linspace(-8, 8, 4001)
    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    step = x[1] - x[0]
    # Sannolikheten att ett tal är mindre än x; halva den sista stapeln ligger ovanför.
    below = (np.cumsum(density) - density / 2) * step
    return float(np.sum(x * n * below ** (n - 1) * density) * step)


def _still() -> str:
    """Tjugo streck kring noll; det högsta är ifyllt."""
    heights = np.random.default_rng(1).normal(size=N_ARMS)
    step = WIDTH / N_ARMS
    bars = "".join(
        f'<path d="M{step * (i + 0.5):.0f} 125v{-35 * height:.0f}" stroke-width="14" '
        f'stroke="{color("wrong" if height == heights.max() else "online")}"/>'
        for i, height in enumerate(heights)
    )
    line = f'<path d="M0 125H{WIDTH}" stroke="{color("ink")}"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{bars}{line}</svg>'
    )


def _body() -> str:
    return (
        '<div class="dqn-kasino"><p>Vad de tjugo automaterna betalade. Streckat: sanningen, 0</p>'
        '<div data-automater aria-hidden="true"></div><p>Löftena, hopräknade kväll för kväll</p>'
        '<div data-kurva aria-hidden="true"></div></div>'
        '<p class="dqn-svar" role="status" data-visa="svar"></p>'
        f'<div class="dqn-rad">{button("en", "Spela en kväll", kind="dqn-stor")}'
        f"{button('många', 'Spela 100 kvällar')}{button('två', 'Två skattningar')}"
        f"{button('om', 'Börja om')}</div>"
        + slider("drag", "drag per automat", low=2, high=50, step=2, value=10)
    )
