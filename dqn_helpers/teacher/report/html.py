"""Från mall till färdig sida: självständig, utan skript, med allt från studenter oskadliggjort.

Sidorna får inte hämta eller köra något: en Content-Security-Policy släpper bara fram den egna
stilmallen, igenkänd på sin kontrollsumma.
"""

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from dqn_helpers import card
from dqn_helpers.autograder.result import points_text
from dqn_helpers.counting import agreeing, counted
from dqn_helpers.figures import theme
from dqn_helpers.teacher.report.words import (
    PRELIMINARY,
    clean,
    percent_text,
    tool_version,
)

TEMPLATES = Path(__file__).parent / "templates"
GENERATOR = "dqn-helpers autograder"


def render(template: str, **values: Any) -> str:
    """Sidan som mallen ger."""
    return _environment().get_template(template).render(**values)


def render_with_script(template: str, script: str, **values: Any) -> str:
    """Sidan som mallen ger, med ett skript som står i filen bredvid mallen."""
    text = (TEMPLATES / script).read_text(encoding="utf-8")
    policy = content_security_policy(str(_environment().globals["style"]), text)
    return render(template, script=Markup(text), policy=policy, **values)


def prose(text: str) -> Markup:
    """Löptext som HTML: `kod` i skrivmaskinsstil och *betonat* kursivt; allt annat är text."""
    return Markup(card.prose(clean(text)))


def breakable(name: str) -> Markup:
    """Ett långt filnamn som får brytas efter _, - och /."""
    return Markup(re.sub(r"(?<=[_/-])", "<wbr>", str(escape(clean(name)))))


def _shown(value: Any) -> Any:
    """Allt som skrivs ut i en mall tvättas, också det som mallen glömmer."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "prose": prose,
        "breakable": breakable,
        "points": points_text,
        "percent": percent_text,
        "markup": Markup,  # bara för kortet, som själv gör all text ofarlig
    }
    own = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    style = theme.page_css() + own + card.card_css()
    environment.globals |= {
        "agreeing": agreeing,
        "counted": counted,
        "style": Markup(style),
        "drawn": lambda mark: Markup(card.drawn(mark)),
        "policy": content_security_policy(style),
        "generator": GENERATOR,
        "version": tool_version(),
        "preliminary": PRELIMINARY,
    }
    return environment


def content_security_policy(style: str, script: str = "") -> str:
    """Policyn som bara släpper fram just den här stilmallen, och sidans eget skript om den har ett.

    Skriptet får bara tala med den server som sidan kom från.
    """
    own = f" script-src '{_digest(script)}'; connect-src 'self';" if script else ""
    return (
        f"default-src 'none'; style-src '{_digest(style)}';{own} base-uri 'none'; "
        "form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
