"""Sphinx inställningar för webboken, och det lilla som skiljer den från andra sådana böcker.

Formlerna blir MathML, som webbläsaren själv kan visa: då behövs varken nät eller JavaScript.
"""

import os
import re
from pathlib import Path
from typing import Any

from docutils.nodes import SkipNode

from dqn_helpers.figures import theme
from dqn_helpers.teacher.formulas import mathml

project = "Djup Q-inlärning"
author = "Kursen i djup Q-inlärning"
project_copyright = ""
language = "sv"
extensions = ["myst_nb"]
exclude_patterns = ["_extra", "_static"]
html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_extra_path = ["_extra"]
html_math_renderer = "mathml"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_use_index = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": theme.LIGHT["accent"],
        "color-brand-content": theme.LIGHT["accent"],
        "font-stack": theme.FONT,
    },
    "dark_css_variables": {
        "color-brand-primary": theme.DARK["accent"],
        "color-brand-content": theme.DARK["accent"],
    },
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

myst_enable_extensions = ["dollarmath", "attrs_inline"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_excludepatterns = os.environ.get("KURS_BOOK_UNEXECUTED", "").split()  # bara i test
nb_execution_timeout = -1
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_merge_streams = True
nb_code_prompt_show = "Visa koden som ritar"
nb_code_prompt_hide = "Göm koden som ritar"
nb_mime_priority_overrides = [("html", "text/html", 0)]

# Det som temat `furo` säger på engelska även på en svensk sida, eller inte säger alls.
SWEDISH = {  # engelska till vänster
    "Toggle site navigation sidebar": "Visa eller göm kapitlen",
    "Toggle table of contents sidebar": "Visa eller göm sidans rubriker",
    "Toggle Light / Dark / Auto color theme": "Byt mellan ljust, mörkt och datorns eget tema",
    "Skip to content": "Hoppa till texten",
    "Back to top": "Till sidans början",
    "On this page": "På den här sidan",
    "<title>Light mode</title>": "<title>Ljust tema</title>",
    "<title>Dark mode</title>": "<title>Mörkt tema</title>",
    "<title>Auto light/dark, in light mode</title>": "<title>Datorns eget tema, nu ljust</title>",
    "<title>Auto light/dark, in dark mode</title>": "<title>Datorns eget tema, nu mörkt</title>",
    "<title>Contents</title>": "<title>Innehåll</title>",
    "<title>Menu</title>": "<title>Meny</title>",
    "<title>Expand</title>": "<title>Visa mer</title>",
    "Permalink to this heading": "Länk hit",
    "Link to this heading": "Länk hit",
    "Please activate JavaScript to enable the search functionality.": "Sökningen behöver "
    "JavaScript, som är avstängt i din webbläsare.",
    "Made with ": "Gjord med ",
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="Kapitlen">',
    '<aside class="toc-drawer': '<aside aria-label="Sidans rubriker" class="toc-drawer',
    "<pre>": '<pre tabindex="0">',  # kod som rullas i sidled ska gå att nå med tangentbordet
    '<div class="title">Home</div>': f'<div class="title">{project}</div>',
    "<span>Next</span>": "<span>Nästa</span>",
    "<span>Previous</span>": "<span>Föregående</span>",
}

# Det som sökningen säger, och som saknas eller är trasigt i Sphinx egen svenska.
SEARCH_WORDS = """
Documentation.addTranslations({
  locale: "sv",
  plural_expr: "n != 1 ? 1 : 0",
  messages: {
    "Search finished, found one page matching the search query.": [
      "Sökningen hittade en sida.", "Sökningen hittade ${resultCount} sidor."
    ],
    "Your search did not match any documents. Please make sure that all words are spelled \
correctly and that you've selected enough categories.": "Sökningen hittade ingenting. Pröva ett \
annat ord, eller leta i ordlistan."
  }
});
"""

TO_NOTEBOOK = re.compile(r'href="(\d\d[ab]?_\w+)\.ipynb(?:#cell-id=([\w-]+))?"')


def in_the_book(app: Any, page: str, template: str, context: dict[str, Any], _: Any) -> None:
    """Länkar i det som cellerna visar leder också till kapitlen."""
    if "body" in context:
        context["body"] = TO_NOTEBOOK.sub(to_chapter, context["body"])


def to_chapter(found: re.Match[str]) -> str:
    """Länken till en cell, som länk till samma ställe i webboken."""
    number = found[1].split("_")[0]
    return f'href="{found[1]}.html' + (f'#bok-{number}-{found[2]}"' if found[2] else '"')


def inline_math(translator: Any, node: Any) -> None:
    """En formel i löpande text."""
    translator.body.append(mathml(node.astext()))
    raise SkipNode  # formeln är skriven: gå inte in i den


def displayed_math(translator: Any, node: Any) -> None:
    """En formel på egen rad, som går att rulla i sidled på en smal skärm."""
    formula = mathml(node.astext(), "block")
    translator.body.append(f'<div class="formel" tabindex="0">{formula}</div>')
    raise SkipNode


def in_swedish(app: Any, problem: Exception | None) -> None:
    """Byt temats engelska ord mot svenska, på alla sidor och i sökningen."""
    with (Path(app.outdir) / "_static" / "translations.js").open("a", encoding="utf-8") as words:
        words.write(SEARCH_WORDS)
    for page in Path(app.outdir).glob("*.html"):
        text = page.read_text(encoding="utf-8")
        for english, swedish in SWEDISH.items():
            text = text.replace(english, swedish)
        page.write_text(text, encoding="utf-8")


def setup(app: Any) -> None:
    """Det som Sphinx kallar på när boken börjar byggas."""
    app.add_html_math_renderer("mathml", (inline_math, None), (displayed_math, None))
    app.connect("html-page-context", in_the_book)
    app.connect("build-finished", in_swedish)
