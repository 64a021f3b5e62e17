"""Filmer med reglage: bilder som visas en i taget, utan att Python behöver vara i gång.

En film ritas antingen av tal (en teckning där några värden byts för varje bild) eller av färdiga
bilder. Den fungerar när boken har sparats och öppnats på nytt, i JupyterLab, på en webbsida och på
papper. Där skript inte får köras står en av bilderna kvar, med sin alternativtext.
"""

import base64
import functools
import html
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from dqn_helpers.counting import counted
from dqn_helpers.figures import theme
from dqn_helpers.figures.pictures import Picture, least_width, swedish_number

MAX_BYTES = 300_000
"""En film får vara högst så här stor i anteckningsboken."""

N_PRINTED = 3
"""Så många bilder ur filmen syns på papper."""

N_COLORS = 32

_ICON = '<svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d="{}"/></svg>'
PLAY, TO_START = _ICON.format("M2 1v10l9 -5z"), _ICON.format("M1 1h2v10h-2zM11 1v10l-7 -5z")


@dataclass(frozen=True)
class Film:
    """En film. Sist i en cell visas den av sig själv.

    Attributes:
        drawing: SVG eller HTML där `{namn}` byts mot bildens värde.
        frames: värdena, en ordbok per bild med samma namn i alla.
        labels: det som står bredvid reglaget, en text per bild, till exempel "steg 3 av 40".
        alt: det filmen visar, i ord, för den som inte ser den.
        milliseconds: tiden mellan två bilder; None ger ett reglage att dra i, utan uppspelning.
        name: vad reglaget ändrar, till exempel "steg".
        caption: text under filmen.
        start: den bild som visas först, och där skript inte får köras.
        width: största bredden i bildpunkter.

    Raises:
        ValueError: om bilder, alternativtext eller texter till reglaget saknas.
    """

    drawing: str
    frames: tuple[Mapping[str, str], ...]
    labels: tuple[str, ...]
    alt: str
    milliseconds: float | None = None
    name: str = "bild"
    caption: str = ""
    start: int = 0
    width: int = 720

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("En film behöver en alternativtext: säg i ord vad den visar.")
        if not self.frames or len(self.frames) != len(self.labels):
            raise ValueError(
                "En film behöver minst en bild, och en text till reglaget för varje bild. Den här "
                f"har {counted(len(self.frames), 'bild', 'bilder')} och "
                f"{counted(len(self.labels), 'text', 'texter')}."
            )
        if not 0 <= self.start < len(self.frames):
            raise ValueError(f"Filmen har ingen bild med nummer {self.start}.")

    def frame(self, number: int) -> str:
        """En av bilderna, som SVG eller HTML."""
        filled = self.drawing
        for name, value in self.frames[number].items():
            filled = filled.replace(f"{{{name}}}", value)
        return filled

    def still(self, number: int) -> str:
        """En av bilderna som `<img>`: den går att visa också där SVG och skript inte får finnas."""
        shown = self.frame(number)
        if not shown.startswith("<svg"):
            return shown
        return Picture.from_svg(shown, f"{self.alt} ({self.labels[number]})", self.width).img()

    def __repr__(self) -> str:
        return f"[Film: {self.alt}]"

    def _repr_html_(self) -> str:
        names = list(self.frames[0])
        data = {
            "drawing": self.drawing,
            "names": names,
            "rows": [[frame[name] for name in names] for frame in self.frames],
            "labels": self.labels,
            "milliseconds": self.milliseconds,
            "start": self.start,
        }
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        least = least_width("".join([self.drawing, *(v for f in self.frames for v in f.values())]))
        return (
            '<figure class="dqn-film" lang="sv" '
            f'style="max-width: {self.width}px; --dqn-minst: {least}px">'
            f"<style>{theme.css('.dqn-film')}{theme.image_css('.dqn-film img')}"
            f"{_file('player.css')}</style>"
            f'<div class="dqn-scen" role="img" tabindex="0" aria-label="{html.escape(self.alt)}">'
            f"{self.still(self.start)}</div>"
            f"{self._controls()}{caption}{self._on_paper()}"
            f'<script type="application/json">{_safe_json(data)}</script>'
            f"<script>{_file('player.js')}</script></figure>"
        )

    def _controls(self) -> str:
        """Knapparna och reglaget; skriptet visar dem, för utan det gör de ingenting.

        De göms med `style`, för JupyterLab tar bort `hidden` i en bok som någon annan har kört.
        """
        buttons = (
            f'<button type="button" class="dqn-spela">{PLAY}<span>Spela</span></button>'
            f'<button type="button" class="dqn-borjan">{TO_START}Till början</button>'
            if self.milliseconds
            else ""
        )
        name, last = html.escape(self.name), len(self.frames) - 1
        # Utan det här tar JupyterLab piltangenterna och byter cell.
        keys = 'data-lm-suppress-shortcuts="true" onkeydown="event.stopPropagation()"'
        return (
            f'<div class="dqn-reglage" style="display: none">{buttons}<label>{name} '
            f'<input type="range" min="0" max="{last}" value="{self.start}" {keys}></label>'
            "<output></output></div>"
        )

    def _on_paper(self) -> str:
        last = len(self.frames) - 1
        numbers = sorted({round(last * i / (N_PRINTED - 1)) for i in range(N_PRINTED)})
        stills = "".join(
            f"<div>{self.still(n)}<p>{html.escape(self.labels[n])}</p></div>" for n in numbers
        )
        return f'<div class="dqn-papper" aria-hidden="true" hidden>{stills}</div>'


def film_of_pictures(
    pictures: Sequence[Picture],
    labels: Sequence[str],
    alt: str,
    *,
    milliseconds: float | None = None,
    name: str = "bild",
    caption: str = "",
    start: int = 0,
) -> Film:
    """En film av färdiga bilder: kursens figurer, eller foton.

    Är fotona för stora tillsammans blir de grövre, aldrig färre.

    Args:
        pictures: bilderna i ordning, alla lika stora.
        labels: en text per bild, som i `Film`.
        alt: det filmen visar, i ord.
        milliseconds: tiden mellan två bilder; None ger ett reglage utan uppspelning.
        name: vad reglaget ändrar.
        caption: text under filmen.
        start: den bild som visas först.

    Raises:
        ValueError: om bilderna är olika stora, eller om det inte finns några.
    """
    drawings = [picture.drawing for picture in pictures]
    if len({picture.width for picture in pictures}) != 1:
        raise ValueError("En film behöver minst en bild, och alla ska vara lika stora.")
    width = pictures[0].width
    if all(drawings):
        drawing, frames = _shared(drawings)
    else:
        drawing = f'<img src="{{bild}}" alt="{html.escape(alt)}" width="{width}">'
        images = [Image.open(io.BytesIO(picture.data)).convert("RGB") for picture in pictures]
        if len({image.size for image in images}) != 1:
            raise ValueError("En film behöver minst en bild, och alla ska vara lika stora.")
        frames = tuple({"bild": address} for address in _small_addresses(images))
    return Film(drawing, frames, tuple(labels), alt, milliseconds, name, caption, start, width)


def _shared(drawings: Sequence[str]) -> tuple[str, tuple[dict[str, str], ...]]:
    """En teckning av det som alla har lika, rad för rad, och värden för de rader som skiljer sig.

    Har teckningarna olika många rader byts allt på en gång.
    """
    tables = [drawing.splitlines() for drawing in drawings]
    if len({len(table) for table in tables}) != 1:
        return "{allt}", tuple({"allt": "\n".join(table)} for table in tables)
    rows = list(zip(*tables, strict=True))
    changing = {n: f"rad{n}" for n, row in enumerate(rows) if len(set(row)) > 1}
    lines = [f"{{{changing[n]}}}" if n in changing else row[0] for n, row in enumerate(rows)]
    frames = ({name: table[n] for n, name in changing.items()} for table in tables)
    return "\n".join(lines), tuple(frames)


def slider(
    draw: Callable[[Any], Picture], values: Sequence[float], name: str, start: float
) -> Film:
    """Samma figur för flera värden, med ett reglage att dra i.

    Figurerna ritas på en gång, så reglaget fungerar också när Python inte är i gång.

    Args:
        draw: funktion värde → figur.
        values: värdena i ordning.
        name: vad reglaget ändrar, till exempel "svep" eller "γ".
        start: det värde som visas först; figurens alternativtext blir filmens.

    Raises:
        ValueError: om `start` inte är ett av värdena.
    """
    if start not in values:
        shown = swedish_number(start)
        raise ValueError(f"Reglaget börjar på {shown}, men det är inte ett av värdena.")
    pictures = [draw(value) for value in values]
    first = list(values).index(start)
    labels = [f"{name} = {swedish_number(value, 4)}" for value in values]
    return film_of_pictures(pictures, labels, pictures[first].alt, name=name, start=first)


def _small_addresses(images: Sequence[Image.Image]) -> list[str]:
    """Bilderna som adresser att lägga i en `<img>`, så grova att filmen får plats."""
    room = MAX_BYTES / (len(images) + N_PRINTED + 1)  # några står två gånger
    some = max(1, len(images) // 8)
    for every in sorted({some, 1}, reverse=True):  # några visar hur grova alla behöver bli
        while True:
            addresses = [_address(image) for image in images[::every]]
            excess = sum(map(len, addresses)) / len(addresses) / room
            if excess <= 1 or images[0].width <= 1:
                break
            images = _coarser(images, excess)
    return addresses


def _coarser(images: Sequence[Image.Image], excess: float) -> list[Image.Image]:
    """Bilderna med så mycket färre bildpunkter som de är för stora."""
    width = max(1, int(0.95 * images[0].width / math.sqrt(excess)))
    height = max(1, round(images[0].height * width / images[0].width))
    return [image.resize((width, height), Image.Resampling.LANCZOS) for image in images]


def _address(image: Image.Image) -> str:
    file = io.BytesIO()
    few_colors = image.quantize(N_COLORS, dither=Image.Dither.NONE).convert("RGB")
    few_colors.save(file, format="WEBP", lossless=True, method=3)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def _safe_json(data: object) -> str:
    """JSON som kan stå i ett `<script>`: inget i den kan avsluta det."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


@functools.cache
def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
