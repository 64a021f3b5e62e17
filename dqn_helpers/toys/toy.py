"""Det som alla leksaker har gemensamt: en bild som alltid syns, och ett spel som skriptet startar.

Skriptet ligger i det som visas, så leksaken fungerar också i en sparad bok som öppnas på nytt. Där
skript inte får köras står bilden kvar, med sin alternativtext.
"""

import base64
import functools
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dqn_helpers.figures import theme

WITHOUT_SCRIPT = "Kör cellen, så kan du spela här."


@dataclass(frozen=True)
class Toy:
    """En leksak. Sist i en cell visas den av sig själv.

    Attributes:
        name: namnet på skriptet i samma mapp, utan `.js`.
        picture: SVG som syns tills skriptet är i gång.
        alt: vad leksaken är, i ord.
        body: knappar, reglage och annat som skriptet sköter, som HTML.
        data: det som skriptet behöver veta.
    """

    name: str
    picture: str
    alt: str
    body: str
    data: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"[Leksak: {self.alt}]"

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self.picture.encode()).decode()
        alt = html.escape(self.alt)
        # Utan det här tar JupyterLab piltangenterna och byter cell.
        keys = 'data-lm-suppress-shortcuts="true" onkeydown="event.stopPropagation()"'
        return (
            f'<figure class="dqn-leksak dqn-{self.name}" lang="sv" aria-label="{alt}" {keys}>'
            f"<style>{theme.css('.dqn-leksak')}{_file('toys.css')}</style>"
            f'<div class="dqn-stilla"><img src="data:image/svg+xml;base64,{picture}" alt="{alt}">'
            f"<p>{WITHOUT_SCRIPT}</p></div>"
            f'<div class="dqn-spel" style="display: none">{self.body}</div>'  # Lab stryker `hidden`
            f'<script type="application/json">{_safe_json(self.data)}</script>'
            f"<script>{_file(f'{self.name}.js')}</script></figure>"
        )


def slider(name: str, text: str, *, low: float, high: float, step: float, value: float) -> str:
    """Ett reglage med sitt tal bredvid.

    Args:
        name: det som skriptet kallar reglaget.
        text: det som står framför.
        low: minsta värdet.
        high: största värdet.
        step: avståndet mellan två värden.
        value: värdet från början.
    """
    # Tangenterna stoppas på reglaget självt: annars hinner JupyterLab före.
    keys = 'data-lm-suppress-shortcuts="true" onkeydown="event.stopPropagation()"'
    return (
        f'<label class="dqn-dra"><span>{text}</span><input type="range" data-dra="{name}" '
        f'min="{low}" max="{high}" step="{step}" value="{value}" {keys}>'
        f'<output data-visa="{name}"></output></label>'
    )


def button(name: str, text: str, *, kind: str = "") -> str:
    """En knapp.

    Args:
        name: det som skriptet kallar knappen.
        text: det som står på den, som HTML.
        kind: `"dqn-stor"` för en huvudknapp, eller en annan klass i `toys.css`.
    """
    return f'<button type="button" data-gor="{name}" class="{kind}">{text}</button>'


def _safe_json(data: object) -> str:
    """JSON som kan stå i ett `<script>`: inget i den kan avsluta det."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


@functools.cache
def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
