"""Bilder med alternativtext, som visas lika i JupyterLab, nbconvert och Sphinx."""

import base64
import html
import io
import math
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dqn_helpers.figures import theme

if TYPE_CHECKING:  # matplotlib behövs bara av den som redan har en figur
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

SCREEN_DPI = 96
COLUMN_WIDTH = 720
"""En bild är aldrig bredare än textspalten, i bildpunkter."""

SMALLEST_TEXT = 11
"""Ingen text i en figur är mindre än så, i punkter."""

SMALLEST_ON_A_PHONE = 11
"""Ingen text blir mindre än så när bilden krymper, i bildpunkter."""

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
        text = f"{mantissa} · {power_of_ten(int(exponent))}"
    return text.replace("-", "−")


def sentences(*parts: str) -> str:
    """Varje del som en egen mening: stor bokstav först och punkt sist.

    En grekisk bokstav förblir liten, för γ och Γ betyder olika saker, och ett namn i kod ändras
    inte heller.
    """
    return " ".join(f"{_capital(part)}." for part in parts)


def _capital(text: str) -> str:
    first, name = text[:1], text.partition(":")[0]
    is_word = (first.isascii() or first in "åäö") and not {"_", "="} & set(name)
    return first.upper() + text[1:] if is_word else text


def power_of_ten(exponent: int) -> str:
    """10 upphöjt till `exponent`, som 10⁸."""
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def swedish_ticks() -> Any:
    """Det som skriver talen på en axel, med decimalkomma."""
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: _on_axis(float(value)))


def _on_axis(value: float) -> str:
    """Ett tal på en axel; på en logaritmisk blir de riktigt stora och små tiopotenser."""
    power = math.log10(value) if value > 0 else 0.0
    if abs(power) >= 6 and power == round(power):
        return power_of_ten(round(power))
    return swedish_number(value)


@dataclass(frozen=True)
class Picture:
    """En färdig bild. Sist i en cell visas den av sig själv.

    Bilden läggs i en `<img>` med alternativtext: Jupyters egna bildutskrifter tappar den på vägen,
    och en SVG direkt på sidan försvinner ur en bok som Jupyter inte litar på.

    Attributes:
        data: filens innehåll.
        mime_type: `"image/svg+xml"` eller `"image/png"`.
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
    def from_svg(
        cls, drawing: str, alt: str, width: int = COLUMN_WIDTH, caption: str = ""
    ) -> "Picture":
        """Gör en bild av en teckning i kursens färger (`theme.color`); den följer sidans tema.

        Args:
            drawing: SVG, från `<svg` till `</svg>`.
            alt: det teckningen visar, i ord.
            width: bredden i bildpunkter på skärmen.
            caption: text under bilden.

        Raises:
            ValueError: om alternativtexten är tom.
        """
        title = f"<title>{html.escape(alt, quote=False)}</title>"
        opening = drawing.index(">") + 1
        language = drawing[:opening]
        if " lang=" not in language:  # en bilds `drawing` har redan ett, och två är ogiltig SVG
            language = language.replace("<svg ", '<svg lang="sv" ', 1)
        data = f"{language}{title}{theme.SVG_STYLE}{drawing[opening:]}".encode()
        return cls(data, "image/svg+xml", alt, width, caption)

    @property
    def drawing(self) -> str:
        """Teckningen utan färgernas värden, för den som har dem redan; "" om bilden är ett foto."""
        if self.mime_type != "image/svg+xml":
            return ""
        # Det som `from_svg` lade till tas bort: två likadana egenskaper gör filen ogiltig.
        plain = self.data.decode().replace(theme.SVG_STYLE, "").replace(' lang="sv"', "", 1)
        return re.sub("<title>.*?</title>", "", plain, count=1, flags=re.DOTALL)

    @classmethod
    def from_figure(cls, figure: "Figure", alt: str, caption: str = "") -> "Picture":
        """Gör en bild av en matplotlib-figur, i kursens färger, och stäng figuren.

        Raises:
            ValueError: om alternativtexten är tom.
        """
        from matplotlib import pyplot as plt
        from matplotlib.text import Text

        for text in figure.findobj(Text):
            text.set_fontsize(max(text.get_fontsize(), SMALLEST_TEXT))
        _swedish_numbers(figure)
        width = round(figure.get_figwidth() * SCREEN_DPI)
        file = io.BytesIO()
        try:
            with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "dqn_helpers"}):
                figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        finally:
            plt.close(figure)
        return cls.from_svg(_clean(file.getvalue().decode()), alt, width, caption)

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
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        # På en telefon är bilden bredare än spalten. Då rullar man i ramen, inte på hela sidan;
        # med `tabindex` går det också med piltangenterna.
        return (
            '<figure class="dqn-bild" lang="sv" tabindex="0" '
            'style="margin: 0.5em 0; overflow-x: auto">'
            f"<style>{theme.image_css('.dqn-bild img')}"
            ".dqn-bild img + * { position: sticky; left: 0 }</style>"  # texten under rullar inte
            f"{self.img()}{caption}</figure>"
        )

    def img(self) -> str:
        """Bilden som `<img>`, högst så bred som spalten men aldrig så smal att texten inte syns."""
        encoded = base64.b64encode(self.data).decode("ascii")
        least = least_width(self.drawing)
        return (
            f'<img src="data:{self.mime_type};base64,{encoded}" alt="{html.escape(self.alt)}" '
            f'width="{self.width}" style="max-width: 100%; min-width: {least}px; height: auto">'
        )


def _swedish_numbers(figure: "Figure") -> None:
    """Svenska tal på x- och y-axlarna, och inte fler på en x-axel än att de får plats."""
    from matplotlib.ticker import LogFormatter, LogLocator, MaxNLocator, NullFormatter

    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            if isinstance(axis.get_major_formatter(), LogFormatter):
                axis.set_major_formatter(swedish_ticks())
                axis.set_minor_formatter(NullFormatter())
                if axis is ax.xaxis:  # "100 000" är bredare än matplotlib räknar med
                    inches = ax.get_window_extent().width / figure.dpi
                    axis.set_major_locator(LogLocator(numticks=max(3, round(1.1 * inches))))
        locator = ax.xaxis.get_major_locator()
        if isinstance(locator, MaxNLocator):  # där matplotlib själv väljer talen
            for at_most in range(8, 1, -1):
                locator.set_params(nbins=at_most)
                if not _crowded(ax):
                    break


def _crowded(ax: "Axes") -> bool:
    """Sant om två tal bredvid varandra på x-axeln läses som ett: luften ska vara ett tecken.

    Bredden räknas i tecken (en siffra är 0,6 av höjden bred), för figuren är inte ritad än.
    """
    low, high = sorted(ax.get_xlim())
    places = [place for place in ax.get_xticks() if low <= place <= high]
    words = ax.xaxis.get_major_formatter().format_ticks(places)
    character = 0.6 * SMALLEST_TEXT * ax.figure.dpi / 72
    middles = [ax.transData.transform((place, 0.0))[0] / character for place in places]
    pairs = zip(pairwise(middles), pairwise(words), strict=True)
    return any(abs(b - a) < (len(left) + len(right)) / 2 + 1 for (a, b), (left, right) in pairs)


def least_width(drawing: str) -> int:
    """Så smal får teckningen bli, i bildpunkter: då är dess minsta text `SMALLEST_ON_A_PHONE`.

    Args:
        drawing: SVG; står det ingen text i den är svaret 0.
    """
    sizes = re.findall(r'font(?:-size)?(?:="|: )([\d.]+)', drawing)
    box = re.search(r'viewBox="\S+ \S+ ([\d.]+)', drawing)
    if not sizes or box is None:
        return 0
    return math.ceil(SMALLEST_ON_A_PHONE / min(map(float, sizes)) * float(box[1]))


def _clean(svg: str) -> str:
    """matplotlibs SVG utan det som inte syns, med kursens färger i stället för fasta.

    Varje märke får en egen rad. Stilmallen tas bort: den gäller annars hela sidan.
    """
    box = re.search(r'viewBox="[^"]*"', svg)
    assert box is not None
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    body = body[body.index(">", body.index("<svg")) + 1 :]
    body = re.sub(r"\s+", " ", body).replace("> <", ">\n<")
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", body)
    body = re.sub(r"(?<=: )#[0-9a-f]{6}", lambda found: theme.themed(found[0]), body)
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    body = re.sub(r'<g([^>]*)>((?:\n<use [^>]*style="[^"]*"/>){2,})', _style_once, body)
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    # Det som matplotlib ritar svart har ingen färg i filen, så den ärvs härifrån.
    inherited = f'font-family="{theme.FONT}" fill="{theme.color("ink")}" stroke-linejoin="round"'
    return f"<svg {names} {box[0]} {inherited}>{body}"


def _style_once(group: re.Match[str]) -> str:
    """Många punkter med samma stil: den skrivs en gång, så att en film med dem får plats."""
    styles = set(re.findall(r' style="([^"]*)"', group[2]))
    if len(styles) != 1:
        return group[0]
    return f'<g{group[1]} style="{styles.pop()}">' + re.sub(r' style="[^"]*"', "", group[2])
