"""Reflektionens Markdown: läslig för läraren, och ofarlig vad studenten än skriver."""

import re
import time

import pytest

from dqn_helpers.teacher.report import markdown as module
from dqn_helpers.teacher.report.markdown import markdown
from dqn_helpers.teacher.report.words import clean

from .report_samples import Page

ALLOWED = {
    "p", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "table", "thead", "tbody",
    "tr", "th", "td", "del", "br", "hr",
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "munder",
    "mover", "munderover", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd", "mstyle",
}  # fmt: skip
HARMLESS = {
    "tabindex", "scope", "class", "start",
    "display", "mathvariant", "stretchy", "fence", "separator", "accent", "width",
}  # fmt: skip

HOSTILE = [
    "<script>alert(1)</script>",
    "text <img src=x onerror=alert(1)> text",
    "<div onclick='x'>\n\n**fet**\n\n</div>",
    "[klicka](javascript:alert(1)) [data](data:text/html,<script>x</script>)",
    "[klicka](https://example.org 'titel\" onmouseover=x')",
    "![bild](https://example.org/x.png) ![](javascript:x)",
    "![[a](b)](c) [![a](b)](c)",
    "<https://example.org> <javascript:alert(1)>",
    "[a]: https://example.org\n\n[a] [a][a] ![a]",
    "```html onload=x\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "# <svg/onload=alert(1)>\n\n# x {#id onclick=y}",
    "| <b>a</b> | b |\n|:--:|--:|\n| <script>1</script> | $x$ |",
    r"$\text{<script>alert(1)</script>}$",
    r"$\text{<img src=x onerror=alert(1) />}$",
    r"$$\href{javascript:alert(1)}{x} \style{background:url(https://example.org)}{y}$$",
    r"$\class{farlig}{x} \color{red}{x} \cssId{id}{x}$",
    r"$<mglyph src='https://example.org/x.png'/>$",
    r"$</math><script>alert(1)</script>$",
    r"$\text{</mtext></math><img src=x onerror=alert(1)>}$",
    r"$\char`\u{202e} \symbol{8238} \unicode{x202e}$ &#x202e; &#8238;",
    "&lt;script&gt; &#60;script&#62;",
    "<!-- <base href=x> --> <![CDATA[ x ]]> <?php x ?>",
    '[x](\n<https://example.org>\n) <a href="x\n">',
    "~~struken~~ ***\n---\n* * *",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(text: str) -> None:
    html = str(markdown(clean(text)))
    page = Page(html)
    for tag, attributes in page.tags:
        assert tag in ALLOWED and set(attributes) <= HARMLESS, (tag, attributes)
    assert not re.search(r"<[^>]*(?:https?:|javascript:|style=|on\w+=)", html)
    assert all(char in "\n\t" or char.isprintable() or char == "\xa0" for char in html)


def test_what_a_student_writes_is_rendered() -> None:
    text = (
        "Jag tror att **max** väljer *turen*, som i `argmax`.\nSamma stycke.\n\n"
        "## Rubrik\n\n1. ett\n2. två\n\n- punkt\n\n> citat\n\n"
        "| frö | bias |\n|---|---|\n| 1 | 0,3 |\n\n```\nx = 1\n```\n"
    )
    page = Page(str(markdown(text)))
    tags = [tag for tag, _ in page.tags]
    assert {"strong", "em", "code", "ol", "ul", "blockquote", "table", "pre"} <= set(tags)
    assert not {"h1", "h2", "h3"} & set(tags), "sidans rubriker är dess egna"
    assert "Rubrik" in page.text and "Samma stycke." in page.text
    assert [h["scope"] for h in page.all("th")] == ["col", "col"]


def test_formulas_become_mathml_and_broken_ones_stay_as_written() -> None:
    shown = Page(str(markdown(r"Målet $r + \gamma \max_{a'} Q(s', a')$ och $$\frac{1}{n}$$")))
    assert [m["display"] for m in shown.all("math")] == ["inline", "block"]
    assert "γ" in shown.text and "mfrac" in {tag for tag, _ in shown.tags} and "$" not in shown.text
    broken = Page(str(markdown(r"Trasig: $\left( x$ och $\frac{$ och $" + "x" * 1_000 + "$.")))
    assert not broken.all("math")
    assert r"$\left( x$" in broken.text and r"$\frac{$" in broken.text
    assert "kostar 5 $ styck" in str(markdown("Den kostar 5 $ styck."))


def test_a_decimal_comma_stays_in_its_number() -> None:
    assert "<mn>0,85</mn>" in markdown("$0{,}85$")
    assert "<msup><mn>0,9</mn>" in markdown("$0{,}9^{27}$")
    assert "<mn>0,85</mn>" not in markdown("$0, 85$")  # två tal


def test_a_minus_sign_belongs_to_its_number_and_a_subtraction_does_not() -> None:
    negative = '<mo form="prefix">−</mo>'
    for latex in ("r = -21{,}2", "3 + (-21{,}2)", r"2 \cdot -21{,}2", r"Q = -\frac{1}{2}"):
        assert negative in markdown(f"${latex}$"), latex
    assert negative not in markdown("$3 - 21{,}2$")


def test_an_arrow_that_leads_nowhere_is_a_name() -> None:
    assert "<mi>→</mi>" in markdown(r"$Q(s, \rightarrow)$")
    assert "<mi>←</mi>" in markdown(r"$\leftarrow$")
    assert "<mo>←</mo>" in markdown(r"$Q \leftarrow y$")


def test_a_prime_is_not_raised_twice() -> None:
    shown = markdown(r"$\max_{a'} Q(s', a')$")
    assert shown.count("<mo>′</mo>") == 3 and "msup" not in shown


@pytest.mark.parametrize(
    "latex", [r"\arg\max_a Q", r"\arg \min_a Q", r"\operatorname*{arg\,max}_a Q"]
)
def test_the_best_action_in_every_way_of_writing_it(latex: str) -> None:
    shown = Page(str(markdown(f"${latex}$"))).text
    assert "arg" in shown and not set("\\*") & set(shown)


def test_links_and_pictures_are_told_in_words() -> None:
    shown = Page(str(markdown("Se [artikeln](https://example.org/a) och ![kurvan](x.png).")))
    assert "artikeln (https://example.org/a)" in shown.text and "[bild: kurvan]" in shown.text
    assert not shown.all("a") and not shown.all("img")


DEEP = {
    "citat": "> " * 6_000 + "x",
    "listor": "\n".join("  " * n + "- x" for n in range(150)),
    "hakar": "[" * 19_000,
    "par av hakar": "[](" * 6_000,
    "bilder": "![" * 9_000,
    "stjärnor": "*a **b " * 2_500,
    "stjärnor i rad": "*" * 19_000,
    "bakåtstreck": "`a``b```" * 2_000,
    "dollar": "$a$$b" * 3_500,
    "klamrar": "$" + "{" * 395 + "$",
    "bråk": "$" + r"\frac{" * 60 + "$",
    "många formler": "$x^2$ " * 3_000,
    "rader": "|" * 9_000 + "\n" + "|-" * 4_000,
    "element": "<a " * 6_000,
    "understreck": "_a_b " * 4_000,
    "tomrader": "\n" * 19_000,
    "definitioner": "[a]: b\n" * 2_500,
    "streck": "~~a" * 6_000,
    "jätte": "ord " * 500_000,
}


@pytest.mark.parametrize("name", DEEP)
def test_giant_and_deeply_nested_text_is_cheap_and_still_shown(name: str) -> None:
    """Fyra gånger så lång text kostar inte fyrtio gånger mer, och inga ord går förlorade."""

    def html_and_cost(text: str) -> tuple[str, float]:
        started = time.process_time()
        return str(markdown(text)), time.process_time() - started

    text = DEEP[name]
    _, short = html_and_cost(text[: len(text) // 4])
    html, cost = html_and_cost(text)
    assert cost < 40 * max(short, 0.05)
    assert len(html) < 20 * len(text) + 2_000
    letters = re.findall(r"[a-z]", text)
    assert len(re.findall(r"[a-z]", Page(html).text)) >= 0.5 * len(letters)


def test_a_formula_may_not_cost_more_than_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(module, "mathml", lambda *a, **k: calls.append(1) or "<math></math>")
    assert "x" in str(markdown("$x$ " * 500 + "$" + "y" * 500 + "$"))
    assert len(calls) == module.MAX_FORMULAS


def test_a_fault_in_the_library_stops_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **named: object) -> str:
        raise RecursionError

    monkeypatch.setattr(module, "mathml", broken)
    assert "<code>$x$</code>" in str(markdown("**a** $x$"))
    monkeypatch.setattr(module.mistune, "create_markdown", lambda **k: broken)
    assert "**a** &lt;b&gt;" in str(markdown("**a** <b>"))
