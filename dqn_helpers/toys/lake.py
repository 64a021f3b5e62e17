"""Den frusna sjön, där ett klick ändrar ett enda tal i Q-tabellen."""

from typing import Any

import gymnasium as gym

from dqn_helpers.figures.worlds import SQUARE, grid_drawing, grid_frame
from dqn_helpers.toys.toy import Toy, button, slider

DIRECTIONS = ("vänster", "ner", "höger", "upp")
"""Handlingarna 0 till 3, som i Gymnasium."""


def td_lake() -> Toy:
    """Den frusna sjön ur bok 01: varje steg är en uppdatering, med talen insatta i formeln."""
    env: Any = gym.make("FrozenLake-v1").unwrapped
    env.reset(seed=0)
    env.desc[0, 0] = b"F"  # ritas utan ordet "start": där står Q-värdena
    drawing = grid_drawing(env)
    still = drawing
    for name, value in grid_frame(env, 0).items():
        still = still.replace(f"{{{name}}}", value)
    data = {
        "drawing": drawing,
        "square": SQUARE,
        "columns": env.ncol,
        "directions": DIRECTIONS,
        # [sannolikhet, nästa ruta, belöning, slut] för varje ruta, handling och utfall
        "model": [[env.P[s][a] for a in range(4)] for s in range(16)],
    }
    alt = "Den frusna sjön: klicka på en riktning, så ändras ett enda tal i Q-tabellen."
    return Toy("lake", still, alt, _body(), data)


def _body() -> str:
    compass = "".join(
        button(f"gå {number}", DIRECTIONS[number], kind=f"dqn-at-{number}") for number in range(4)
    )
    return (
        '<div class="dqn-sjo"><div data-karta aria-hidden="true"></div><div class="dqn-panel">'
        f'<div class="dqn-kompass" role="group" aria-label="Riktning">{compass}</div>'
        f'<div class="dqn-rad">{button("steg", "Ta ett steg", kind="dqn-stor")}'
        f"{button('många', 'Ta 500 steg')}{button('om', 'Börja om')}</div>"
        + slider("alfa", "α", low=0.05, high=1, step=0.05, value=0.5)
        + slider("gamma", "γ", low=0, high=1, step=0.01, value=0.99)
        + slider("epsilon", "ε", low=0, high=1, step=0.05, value=0.3)
        + '<p data-visa="laget"></p></div></div>'
        '<div class="dqn-formel"><p>Q(s, a) ← <b class="dqn-varde">Q(s, a)</b> + α · '
        '[<b class="dqn-beloning">r</b> + γ · <b class="dqn-mal">max Q(s′)</b> − '
        '<b class="dqn-varde">Q(s, a)</b>]</p><div role="status" data-formel></div></div>'
    )
