"""Formler som MathML, som webbläsaren själv kan visa, med svenskt decimalkomma."""

import re

from latex2mathml.converter import convert

SPLIT_NUMBER = re.compile(r"<mn>(\d+)</mn><mrow><mo>&#x0002C;</mo></mrow><mn>(\d+)</mn>")
"""`0{,}8` är ett enda tal. Biblioteket gör tre delar av det, med ett mellanrum efter kommat."""

ARG = re.compile(r"\\arg\s*\\(max|min)(?![A-Za-z])|\\operatorname\*?\{arg(?:\\,|\s)*(max|min)\}")
r"""Biblioteket kan `\argmax`, men varken `\arg\max` eller `\operatorname*{arg\,max}`."""


def mathml(latex: str, display: str = "inline") -> str:
    """Formeln som MathML.

    Args:
        latex: formeln, utan dollartecken.
        display: `inline` i löpande text, `block` på egen rad.

    Raises:
        Exception: biblioteket kastar vad som helst på trasig LaTeX.
    """
    known = ARG.sub(lambda found: rf"\arg{found[1] or found[2]}", latex)
    return SPLIT_NUMBER.sub(r"<mn>\1,\2</mn>", convert(known, display=display))
