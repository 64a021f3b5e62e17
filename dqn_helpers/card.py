"""Kortet: rubrik, delar och exempel. Det är samma kort från `check()` som i lärarens rättning.

Kortet är HTML med klasser ur `card.css`; inget i det behöver skript. Allt som kommer utifrån görs
ofarligt här: det skrivs som text, aldrig som HTML.
"""

import functools
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dqn_helpers.counting import counted
from dqn_helpers.figures import theme

Mark = Literal["passed", "partial", "failed", "unsolved", "manual"]
"""Läget för ett kort eller en del: rätt, delvis, inte än, inte löst, eller en människa bedömer."""

MAX_RIGHT = 14
"""Är det som är rätt längre än så, i ord, viks det ihop: man vill fram till det som är kvar."""

LONG = 19
"""Ett exempel och en räkning som är längre än så, i ord, viks ihop."""

MAX_ARGUMENTS = 200
"""Är ett falls indata längre än så, i tecken, viks de ihop."""

_LINES = {
    "passed": '<path d="M3 8.5 6.5 12 13 4.5"/>',
    "partial": '<circle cx="8" cy="8" r="5"/><path class="fill" d="M8 3a5 5 0 0 1 0 10z"/>',
    "failed": '<path d="M4 4l8 8M12 4l-8 8"/>',
    "unsolved": '<circle cx="8" cy="8" r="5"/>',
    "manual": '<circle cx="7" cy="7" r="4.2"/><path d="M10.2 10.2 13.5 13.5"/>',
}


@dataclass(frozen=True)
class ComparedRow:
    """En rad i exemplets tabell.

    Attributes:
        name: radens namn, "rad 0"; tomt när svaret är ett enda värde.
        inputs: radens indata, ett värde per kolumn i tabellen.
        got: svaret som kom.
        wanted: det rätta svaret.
        right: sant om de är lika.
        by_hand: räkningen för hand, om det finns en.
    """

    name: str
    inputs: tuple[str, ...]
    got: str
    wanted: str
    right: bool
    by_hand: str = ""


@dataclass(frozen=True)
class Comparison:
    """Ditt svar bredvid det rätta, rad för rad.

    Attributes:
        columns: namnen på de indata som står i tabellen.
        rows: raderna, med den första som är fel bland dem.
        n_left_out: så många rader som inte får plats.
    """

    columns: tuple[str, ...]
    rows: tuple[ComparedRow, ...]
    n_left_out: int = 0

    @property
    def by_hand(self) -> str:
        """Räkningen för den första raden som är fel."""
        return next((row.by_hand for row in self.rows if not row.right), "")


@dataclass(frozen=True)
class Part:
    """En del av det som kortet handlar om.

    Attributes:
        name: vad lösningen ska göra: "maskerar sluttillstånd".
        mark: läget, som tecken och färg.
        word: läget i ord: "Klart".
        situation: exemplet i ord.
        message: vad som hände, i ord.
        comparison: vad som hände, som tabell.
        arguments: exemplets indata, namn och värde i ord, när de visas i en lista för sig.
        code: exemplet som Python att klistra in.
        points: poängen i ord, där det finns poäng.
    """

    name: str
    mark: Mark
    word: str
    situation: str = ""
    message: str = ""
    comparison: Comparison | None = None
    arguments: tuple[tuple[str, str], ...] = ()
    code: str = ""
    points: str = ""

    @property
    def has_example(self) -> bool:
        """Sant om delen visar ett fall."""
        return bool(self.situation or self.arguments or self.comparison)


@dataclass(frozen=True)
class Card:
    """Ett kort.

    Attributes:
        title: rubriken; `kod` i den skrivs som kod.
        mark: hela kortets läge.
        summary: en mening om hur det gick; tom när rubriken säger det.
        parts: delarna, i övningens ordning.
        advice: texter om de misstag som känns igen, det säkraste först.
        nudge: vad man kan göra nu.
        output: det som koden skrev ut.
        points: poängen i ord, där det finns poäng.
        shows_all: sant om delarna ska stå i ordning, alla synliga.
    """

    title: str
    mark: Mark
    summary: str
    parts: tuple[Part, ...] = ()
    advice: tuple[str, ...] = ()
    nudge: str = ""
    output: str = ""
    points: str = ""
    shows_all: bool = False

    def head(self, level: int = 3) -> str:
        """Kortets översta band: tecken, rubrik, en mening och en ruta per del.

        Args:
            level: rubrikens nivå. I böckerna står kort både under nivå 2 och 3, så där är det 3:
                ingen nivå får hoppas över.
        """
        summary = f'<p class="dqn-summary">{prose(self.summary)}</p>' if self.summary else ""
        points = f'<p class="dqn-points">{prose(self.points)}</p>' if self.points else ""
        segments = "".join(f'<span class="dqn-{part.mark}"></span>' for part in self.parts)
        bar = f'<div class="dqn-bar" aria-hidden="true">{segments}</div>' if segments else ""
        # På ett smalt kort bryts ett långt namn efter ett understreck, inte mitt i ett ord.
        title = prose(self.title).replace("_", "_<wbr>")
        return (
            f'<div class="dqn-head">{drawn(self.mark)}'
            f'<h{level} class="dqn-title">{title}</h{level}>'
            f"{summary}{points}{bar}</div>"
        )

    def body(self) -> str:
        """Det som är rätt, sedan det första som inte är det; resten är hopvikt."""
        failed = [part for part in self.parts if part.mark == "failed"]
        # En del som bara väntar på en annan har inget exempel: visa hellre den andra.
        first = next((part for part in failed if part.has_example), next(iter(failed), None))
        right = [part for part in self.parts if part.mark == "passed"]
        rest = [part for part in self.parts if part not in right and part is not first]
        if first is None or self.shows_all:
            return self._paragraphs(self.advice) + _list(self.parts)
        return (
            _folded_when_long(right)
            + self._paragraphs(self.advice[:1])
            + _list([first])
            + self._folded_rest(rest)
        )

    def _folded_rest(self, rest: Sequence[Part]) -> str:
        if not rest and not self.advice[1:]:
            return ""
        count = f"{counted(len(rest), 'del', 'delar')} till som inte stämmer än"
        inside = self._paragraphs(self.advice[1:]) + _list(rest)
        return _fold(count if rest else "Mer om din lösning", inside)

    def _paragraphs(self, texts: Sequence[str]) -> str:
        if not texts:
            return ""
        return f'<div class="dqn-advice">{"".join(f"<p>{prose(text)}</p>" for text in texts)}</div>'

    def ending(self) -> str:
        """Vad man kan göra nu, och det koden skrev ut."""
        nudge = f'<p class="dqn-nudge">{prose(self.nudge)}</p>' if self.nudge else ""
        printed = f'<pre tabindex="0">{html.escape(self.output)}</pre>'.replace("$", "&#36;")
        return nudge + (_fold("Din kod skrev ut", printed) if self.output else "")

    def notebook_html(self, plain_title: str) -> str:
        """Hela kortet, med stilmallen, så som det står i en anteckningsbok."""
        body = self.body() + self.ending()
        inside = f'<div class="dqn-body">{body}</div>' if body else ""
        copying = f"<script>{_file('card.js')}</script>" if "dqn-code" in body else ""
        # Stilen på elementet är för en bok som inte är betrodd: där tas stilmallen bort.
        return (
            f'<div class="dqn-card dqn-{self.mark}" lang="sv" role="group" '
            f'aria-label="{html.escape(plain_title)}" style="border-left: 6px solid; '
            f'padding-left: 1em"><style>{style()}</style>{self.head()}{inside}{copying}</div>'
        )


def drawn(mark: Mark, words: str = "") -> str:
    """Lägets tecken som teckning; `words` läses av en skärmläsare, där inget annat säger det."""
    spoken = f'<span class="dqn-hidden">{html.escape(words)}</span>' if words else ""
    return (
        f'<svg class="dqn-mark dqn-{mark}" viewBox="0 0 16 16" width="16" height="16" '
        f'aria-hidden="true" focusable="false">{_LINES[mark]}</svg>{spoken}'
    )


def style() -> str:
    """Kortets stilmall, med kursens färger."""
    return f"{theme.css('.dqn-card')}{_file('card.css')}"


def card_css() -> str:
    """Bara kortets egen stilmall, för en sida som redan har kursens färger."""
    return _file("card.css")


@functools.cache
def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


# --- delarna --------------------------------------------------------------------------------------


def _list(parts: Sequence[Part]) -> str:
    # Safari läser inte en lista utan punkter som en lista, om inte rollen står där.
    items = "".join(f"<li>{_part(part)}</li>" for part in parts)
    return f'<ul class="dqn-parts" role="list">{items}</ul>' if items else ""


def _folded_when_long(right: Sequence[Part]) -> str:
    if sum(len(part.name.split()) for part in right) <= MAX_RIGHT:
        return _list(right)
    n_right = f"{counted(len(right), 'del', 'delar')} stämmer"
    return _fold(n_right, _list(right), drawn("passed"))


def _fold(summary: str, inside: str, before: str = "", is_open: bool = False) -> str:
    shown = f"<summary>{before}{html.escape(summary)}</summary>{inside}"
    return f"<details{' open' if is_open else ''}>{shown}</details>"


def _part(part: Part) -> str:
    points = f' <span class="dqn-points">{prose(part.points)}</span>' if part.points else ""
    head = (
        f'<p class="dqn-part">{drawn(part.mark)}<span><strong>{prose(part.word)}:</strong> '
        f"{prose(part.name)}</span>{points}</p>"
    )
    detail = _situation(part) + _arguments(part) + _happened(part)
    detail += _pasteable(part.code)
    return head + (f'<div class="dqn-detail">{detail}</div>' if detail else "")


def _situation(part: Part) -> str:
    """Exemplet i ord; hopvikt om det är långt, eller om dess indata redan står i tabellen."""
    if not part.situation:
        return ""
    in_table = part.comparison is not None and bool(part.comparison.columns)
    if in_table or _is_long(part.situation):
        return _fold("Exemplet i ord", f"<p>{prose(part.situation)}</p>")
    return f'<p class="dqn-situation">{prose(part.situation)}</p>'


def _is_long(text: str) -> bool:
    return len(text.split()) > LONG


def _arguments(part: Part) -> str:
    """Fallets indata, namn för namn; hopvikta om de är många eller redan står i tabellen."""
    rows = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{prose(value)}</dd></div>"
        for name, value in part.arguments
    )
    length = sum(len(name) + len(value) for name, value in part.arguments)
    is_open = length <= MAX_ARGUMENTS and not (part.comparison and part.comparison.columns)
    return _fold("Fallet", f"<dl>{rows}</dl>", is_open=is_open) if rows else ""


def _happened(part: Part) -> str:
    """Tabellen med räkningen för hand under; utan tabell det som hände i ord."""
    if part.comparison is None:
        return f'<p class="dqn-message">{prose(part.message)}</p>' if part.message else ""
    return _table(part.comparison) + _by_hand(part.comparison.by_hand)


def _by_hand(text: str) -> str:
    if not text:
        return ""
    if _is_long(text):
        return _fold("Räkningen för hand", f"<p>{prose(text[:1].upper() + text[1:])}.</p>")
    return f"<p><strong>För hand:</strong> {prose(text)}.</p>"


def _table(comparison: Comparison) -> str:
    titles = [*comparison.columns, "ditt svar", "rätt svar"]
    heads = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in titles)
    corner = "<td></td>" if comparison.rows[0].name else ""
    rows = "".join(_row(row, comparison.columns) for row in comparison.rows)
    n_left_out = comparison.n_left_out
    more = (
        f'<p class="dqn-more">… och {counted(n_left_out, "rad", "rader")} till</p>'
        if n_left_out
        else ""
    )
    return (
        '<div class="dqn-scroll" role="group" tabindex="0" aria-label="Ditt svar och det rätta">'
        f'<table class="dqn-table"><thead><tr>{corner}{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{more}"
    )


def _row(row: ComparedRow, columns: Sequence[str]) -> str:
    """Raden; `data-title` är rubriken igen, för ett kort så smalt att raden delas upp."""
    kind = "right" if row.right else "wrong"
    mark = drawn("passed", "stämmer: ") if row.right else drawn("failed", "fel: ")
    name = f'<th scope="row">{html.escape(row.name)}</th>' if row.name else ""
    inputs = "".join(
        f'<td class="dqn-input" data-title="{html.escape(title)}">{html.escape(value)}</td>'
        for title, value in zip(columns, row.inputs, strict=True)
    )
    answers = (
        f'<td class="dqn-got" data-title="ditt svar">{mark} {html.escape(row.got)}</td>'
        f'<td class="dqn-wanted" data-title="rätt svar">{html.escape(row.wanted)}</td>'
    )
    return f'<tr class="dqn-{kind}">{name}{inputs}{answers}</tr>'.replace("$", "&#36;")


def _pasteable(code: str) -> str:
    """Exemplet som Python; knappen läggs till av `card.js`, för utan skript gör den ingenting."""
    if not code:
        return ""
    shown = html.escape(code).replace("$", "&#36;")
    block = f'<pre class="dqn-code" tabindex="0"><code>{shown}</code></pre>'
    return _fold("Kopiera exemplet", f'<div class="dqn-copying">{block}</div>')


# --- texten ---------------------------------------------------------------------------------------

EMPHASIS = re.compile(r"(?<![\w*])\*(\w(?:[^*\n]*\w)?)\*(?![\w*])")
"""Ett betonat ord: *så här*. Ett gångertecken har mellanrum eller siffror omkring sig."""


def prose(text: str) -> str:
    """Texten som HTML: `kod` i skrivmaskinsstil, *betonat* kursivt; $ ska inte bli matematik."""
    parts = html.escape(text).replace("$", "&#36;").split("`")
    if len(parts) % 2 == 0:  # ett ensamt bakstreck är bara ett tecken
        return "`".join(parts)
    return "".join(
        f"<code>{part}</code>" if i % 2 else EMPHASIS.sub(r"<em>\1</em>", part)
        for i, part in enumerate(parts)
    )


def without_emphasis(text: str) -> str:
    """Ren text: utan betoningens asterisker."""
    return EMPHASIS.sub(r"\1", text)
