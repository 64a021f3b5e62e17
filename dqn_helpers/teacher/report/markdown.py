"""Reflektionens text som HTML: Markdown och formler, utan något som kan köras eller hämtas.

Rå HTML skrivs som text. En länk visas med sin adress men går inte att klicka på, och en bild blir
sin alternativtext: inget på sidan leder till en adress som en student har valt.
"""

from typing import Any
from xml.etree import ElementTree as ET

import mistune
from markupsafe import Markup, escape
from mistune.plugins.math import math as math_plugin
from mistune.plugins.table import table as table_plugin

from dqn_helpers.teacher.formulas import mathml
from dqn_helpers.teacher.report.words import clean

MAX_FORMULA, MAX_FORMULAS = 400, 100  # tecken i en formel, och formler i en text
MAX_TEXT = 20_000  # en längre text visas som den skrevs
_TAGS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "munder",
    "mover", "munderover", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd", "mstyle",
}  # fmt: skip
_ATTRIBUTES = {
    "display", "mathvariant", "stretchy", "fence", "separator", "accent", "width", "form",
}  # fmt: skip


def markdown(text: str) -> Markup:
    """Studentens text som ofarlig HTML; det som inte går att tolka visas som det skrevs."""
    if len(text) > MAX_TEXT:
        return _as_written(text)
    parse = mistune.create_markdown(
        renderer=_Renderer(), plugins=[math_plugin, table_plugin, "strikethrough"]
    )
    try:
        shown = clean(parse(text))  # en formel kan be om osynliga tecken
    except Exception:  # för många led i varandra, eller ett fel i biblioteket
        shown = ""
    # Länkdefinitioner syns inte: är texten bara sådana ska läraren ändå se den.
    return Markup(shown) if shown.strip() else _as_written(text)


def _as_written(text: str) -> Markup:
    return Markup('<p class="as-written">{}</p>').format(text) if text else Markup("")


class _Renderer(mistune.HTMLRenderer):
    """Som `mistune.HTMLRenderer`, men utan rå HTML, länkar, bilder och rubriker."""

    def __init__(self) -> None:
        super().__init__(escape=True)
        self._n_formulas = 0

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Länkens text, och adressen som kod om den säger något mer."""
        address = str(escape(url[:300]))
        return text if address in text else f"{text} (<code>{address}</code>)"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Bilden i ord."""
        return f"[bild: {text or 'utan beskrivning'}]"

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        """Sidan har sina egna rubriker: studentens blir fet text."""
        return f"<p><strong>{text}</strong></p>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        """Kod; går att nå med tangentbordet, för den kan behöva rullas i sidled."""
        return f'<pre tabindex="0"><code>{escape(code)}</code></pre>\n'

    def list(self, text: str, ordered: bool, **attributes: Any) -> str:
        """En lista."""
        tag = "ol" if ordered else "ul"
        return f"<{tag}>\n{text}</{tag}>\n"

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        """En ruta i en tabell, utan egen stil."""
        return f'<th scope="col">{text}</th>\n' if head else f"<td>{text}</td>\n"

    def table(self, text: str) -> str:
        """En tabell."""
        return f"<table>\n{text}</table>\n"

    def table_head(self, text: str) -> str:
        """Tabellens rubrikrad."""
        return f"<thead>\n<tr>\n{text}</tr>\n</thead>\n"

    def table_body(self, text: str) -> str:
        """Tabellens rader."""
        return f"<tbody>\n{text}</tbody>\n"

    def table_row(self, text: str) -> str:
        """En rad."""
        return f"<tr>\n{text}</tr>\n"

    def inline_math(self, text: str) -> str:
        """En formel i löptext."""
        return self._formula(text, "inline") or f"<code>${escape(text)}$</code>"

    def block_math(self, text: str) -> str:
        """En formel på egen rad."""
        formula = self._formula(text, "block")
        return f"<p>{formula or f'<code>$${escape(text)}$$</code>'}</p>\n"

    def _formula(self, latex: str, display: str) -> str:
        """Formeln som MathML; tom om den inte går att tolka."""
        self._n_formulas += 1
        if len(latex) > MAX_FORMULA or self._n_formulas > MAX_FORMULAS:
            return ""
        try:
            tree = ET.fromstring(mathml(latex.strip(), display))
            return ET.tostring(_harmless(tree), encoding="unicode")
        except Exception:  # biblioteket kastar vad som helst på trasig LaTeX
            return ""


def _harmless(node: ET.Element) -> ET.Element:
    """En kopia med bara de element och attribut som behövs för att rita en formel.

    Biblioteket släpper igenom både element och adresser som står i formeln.
    """
    tag = node.tag.rpartition("}")[2]
    kept = {key: value for key, value in node.attrib.items() if key in _ATTRIBUTES}
    copy = ET.Element(tag if tag in _TAGS else "mrow", kept)
    copy.text, copy.tail = node.text, node.tail
    copy.extend(_harmless(child) for child in node)
    return copy
