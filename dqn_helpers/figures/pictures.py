"""Bilder med alternativtext, som visas lika i JupyterLab, nbconvert och Sphinx."""

import base64
import html
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # matplotlib behövs bara av den som redan har en figur
    from matplotlib.figure import Figure
    from PIL.Image import Image

SCREEN_DPI = 96
PNG_DPI = 144

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def swedish_number(value: float, digits: int = 6, *, decimals: int | None = None) -> str:
    """Talet på svenska: decimalkomma, riktigt minustecken, mellanrum mellan tusental.

    Args:
        value: talet; nan och oändligheten går också att skriva.
        digits: antalet gällande siffror. Heltalsdelen skrivs ut hel, om talet inte är enormt.
        decimals: antalet decimaler, alltid så många; då gäller inte `digits`.
    """
    value = float(value)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if decimals is not None:
        value = round(value, decimals) + 0.0  # + 0.0 gör −0 till 0
        text = f"{value:,.{decimals}f}" if abs(value) >= 10_000 else f"{value:.{decimals}f}"
    # Ett enormt tal skrivs med tiopotens i stället: 1e300 är annars trehundra siffror långt.
    elif min(10**digits - 0.5, 1e4) <= abs(value) < 1e15:
        whole = round(value)
        text = f"{whole:,}" if abs(whole) >= 10_000 else str(whole)
    else:
        text = f"{value + 0.0:.{digits}g}"
    # Först tusentalens komman till smala mellanrum, sedan decimalpunkten till komma.
    text = text.replace(",", "\u202f").replace(".", ",")
    mantissa, _, exponent = text.partition("e")
    if exponent:  # 1e-07 skrivs 1 · 10⁻⁷
        text = f"{mantissa} · 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return text.replace("-", "−")


@dataclass(frozen=True)
class Picture:
    """En färdig bild. Sist i en cell visas den av sig själv.

    Bilden läggs i en `<img>` med alternativtext: Jupyters egna bildutskrifter tappar den på vägen.

    Attributes:
        data: filens innehåll.
        mime_type: `"image/png"` eller `"image/gif"`.
        alt: det bilden visar, i ord, för den som inte ser den.
        width: bredden i bildpunkter på skärmen.
        caption: text under bilden.
    """

    data: bytes
    mime_type: str
    alt: str
    width: int
    caption: str = ""

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("En bild behöver en alternativtext: säg i ord vad den visar.")

    @classmethod
    def from_figure(cls, figure: "Figure", alt: str, caption: str = "") -> "Picture":
        """Gör en PNG-bild av en matplotlib-figur och stäng figuren.

        Raises:
            ValueError: om alternativtexten är tom.
        """
        from matplotlib import pyplot as plt

        width = round(figure.get_figwidth() * SCREEN_DPI)
        file = io.BytesIO()
        try:
            figure.savefig(file, format="png", dpi=PNG_DPI, facecolor="white")
        finally:
            plt.close(figure)
        return cls(file.getvalue(), "image/png", alt, width, caption)

    @classmethod
    def from_image(cls, image: "Image", alt: str) -> "Picture":
        """Gör en PNG-bild av en bild ur biblioteket `PIL`."""
        file = io.BytesIO()
        image.save(file, format="PNG")
        return cls(file.getvalue(), "image/png", alt, image.width)

    def save(self, path: str | Path) -> None:
        """Skriv bilden till en fil."""
        Path(path).write_bytes(self.data)

    def __repr__(self) -> str:
        return f"[Bild: {self.alt}]"

    def _repr_html_(self) -> str:
        encoded = base64.b64encode(self.data).decode("ascii")
        image = (
            f'<img src="data:{self.mime_type};base64,{encoded}" alt="{html.escape(self.alt)}" '
            f'width="{self.width}" style="max-width: 100%; height: auto">'
        )
        if not self.caption:
            return image
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>"
        return f'<figure style="margin: 0">{image}{caption}</figure>'
