"""Formler som MathML, som webbläsaren själv kan visa, med svenskt decimalkomma."""

import re

from latex2mathml.converter import convert

SPLIT_NUMBER = re.compile(r"<mn>(\d+)</mn><mrow><mo>&#x0002C;</mo></mrow>(<msup>)?<mn>(\d+)</mn>")
"""`0{,}8` är ett enda tal, också i `0{,}8^2`. Biblioteket gör tre delar av det, med ett mellanrum
efter kommat."""

PRIME = re.compile(r"<msup>(<mi>[^<]*</mi>)<mi>(&#x02032;)</mi></msup>")
"""Ett prim är redan litet och upphöjt: upphöjt en gång till syns det knappt, om datorn inte har
något typsnitt för matematik."""

MINUS_SIGN = re.compile(
    r"(<mo[^>]*>(?:&#x0003D;|&#x02248;|&#x02190;|&#x000B7;|&#x00028;|\[)</mo>)<mo>(&#x02212;)"
)
"""Minustecknet i `= -50` hör till talet och är ingen subtraktion, så det har inget mellanrum."""

LONELY_ARROW = re.compile(r"<mo>(&#x0219[02];)</mo>(?=<mo[^>]*>&#x00029;|</mrow></math>)")
"""En pil som inte leder till något är ett namn på ett håll, som i `Q(s, →)`."""

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
    made = SPLIT_NUMBER.sub(r"\2<mn>\1,\3</mn>", convert(known, display=display))
    made = PRIME.sub(r"<mrow>\1<mo>\2</mo></mrow>", made)
    made = LONELY_ARROW.sub(r"<mi>\1</mi>", made)
    return MINUS_SIGN.sub(r'\1<mo form="prefix">\2', made)
