"""Studenternas böcker, omskrivna till kapitel som Sphinx och MyST-NB kan läsa.

En anteckningsbok blir ett kapitel: länkarna leder inom webbplatsen, kod som bara ritar fälls ihop,
ordlistans ord förklaras första gången de står i kapitlet och överst finns vägen till en egen kopia.
"""

import copy
import html
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dqn_helpers.teacher.address import Address

Notebook = dict[str, Any]


@dataclass(frozen=True)
class Word:
    """En rad i ordlistan: ordet, på engelska, vad det betyder och var det tas upp."""

    swedish: str
    english: str
    meaning: str
    place: str

    @property
    def explanation(self) -> str:
        """Det som står på ordets kort."""
        return f"{self.swedish} ({self.english}): {self.meaning}"


TO_CELL = re.compile(r"\]\((\d\d[ab]?)_\w+\.ipynb(?:#cell-id=([\w-]+))?\)")
TO_WORDS = re.compile(r"\]\(ordlista\.md\)")
APPENDIX = re.compile(r"`BILAGA\.md`, i kursens mapp")
# Det som är något annat än löpande text: kod, formler, länkar, HTML och hela rader som är rubriker
# eller tabeller. Ord som står där får ingen förklaring.
NOT_PROSE = re.compile(
    r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$|!?\[[^\]]*\]\([^)]*\)"
    r"|<(details|summary).*?</\1>|<[^>\n]*>|^[#|][^\n]*|^\*\*Läs mer\*\*.*",
    re.DOTALL | re.MULTILINE,
)
# Mellanslag som ingen rad får brytas vid: i 2 000 och i γ = 0,9.
INSEPARABLE = re.compile(
    r"(?<=\d) (?=\d{3}(?!\d))|(?<=\b\w) (?== [\d−])|(?<=\b\w[ \u00a0]=) (?=[\d−])"
)
ENDINGS = "(?:en|et|n|t|s|ar|er|or|arna|erna|orna|ens|ets|na|a|e|ta)?"
DRAWING_LINES = 4  # så många rader får kod som bara ritar vara för att stå framme


def chapter(
    notebook: Notebook, words: Sequence[Word], address: Address, name: str, pdf: bool = False
) -> Notebook:
    """En bok som kapitel, färdig för MyST-NB.

    Args:
        notebook: boken, som `nbformat` 4 i vanliga ordböcker. Ändras inte.
        words: ordlistans ord.
        address: var kursen finns på nätet.
        name: bokens filnamn, till exempel `03_traningssteget.ipynb`.
        pdf: sant när kapitlet också finns som PDF.

    Returns:
        Kapitlet, en ny ordbok av samma slag.
    """
    made = copy.deepcopy(notebook)
    number = short(name)
    unexplained = {word.swedish: word.explanation for word in words}
    for cell in made["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            text = keep_together(explain_words(text, unexplained))
            entries = index_entries(words, f"{name}#cell-id={cell['id']}")
            cell["source"] = f"{entries}(bok-{number}-{cell['id']})=\n" + with_links(text)
        elif only_draws(text):
            cell["metadata"]["tags"] = ["hide-input"]
        else:  # på webben finns ingen sparad bok att läsa
            cell["source"] = re.sub(r"^.*check_saved.*\n", "", text, flags=re.MULTILINE)
    title, *rest = made["cells"][0]["source"].split("\n\n", 1)
    made["cells"][0]["source"] = "\n\n".join([title, own_copy(address, name, pdf), *rest])
    return made


def short(name: str) -> str:
    """Bokens nummer, till exempel `01a`."""
    return name.split("_")[0]


def with_links(text: str) -> str:
    """Texten med länkar som leder till kapitlen i stället för till anteckningsböckerna."""
    text = TO_CELL.sub(lambda found: f"](#bok-{found[1]}-{found[2] or 'titel'})", text)
    text = APPENDIX.sub("[bilagan](bilaga.md)", text)
    return TO_WORDS.sub("](ordlista.md)", text)


def keep_together(text: str) -> str:
    """Texten med hårda mellanslag i tal och likheter, så att ingen rad bryts mitt i dem."""
    places = [place for place in INSEPARABLE.finditer(text) if in_prose(text, place)]
    for place in reversed(places):
        text = f"{text[: place.start()]}\u00a0{text[place.end() :]}"
    return text


def only_draws(code: str) -> bool:
    """Sant för en cell vars kod är lång och mest ritar; övningar och kontroller är det aldrig."""
    lines = [line for line in code.splitlines() if line.strip()]
    return (
        "figures." in code
        and "raise NotImplementedError" not in code
        and (len(lines) > DRAWING_LINES)
    )


def own_copy(address: Address, name: str, pdf: bool = False) -> str:
    """Raden under titeln: så får läsaren en egen kopia att skriva i, eller att läsa på papper."""
    links = [f'<a href="_downloads/{name}" download>Hämta anteckningsboken</a>']
    if pdf:
        links.append(f'<a href="pdf/{Path(name).stem}.pdf">Läs som PDF</a>')
    links += [
        f'<a href="{html.escape(url)}">Öppna i {where}</a>'
        for where, url in address.starts(name).items()
    ]
    return '<p class="egen-kopia">' + " ".join(links) + "</p>"


def explain_words(text: str, words: dict[str, str]) -> str:
    """Texten med en förklaring vid vart och ett av orden, första gången ordet står.

    Args:
        text: Markdown.
        words: ord och förklaring; de ord som har hittats tas bort.
    """
    for word in sorted(words, key=len, reverse=True):
        pattern = re.compile(rf"(?<![\w-]){re.escape(word)}{ENDINGS}(?![\w-])", re.IGNORECASE)
        found = next((place for place in pattern.finditer(text) if in_prose(text, place)), None)
        if found is not None:
            explained = explanation(found[0], words.pop(word))
            text = text[: found.start()] + explained + text[found.end() :]
    return text


def in_prose(text: str, place: re.Match[str]) -> bool:
    """Sant om stället står i löpande text."""
    return not any(
        other.start() < place.end() and place.start() < other.end() for other in not_prose(text)
    )


def not_prose(text: str) -> Iterator[re.Match[str]]:
    """De delar av texten som inte är löpande text, och förklaringar som redan står där."""
    yield from NOT_PROSE.finditer(text)
    yield from re.finditer(r'<span class="ord".*?</span></span>', text)


def explanation(word: str, meaning: str) -> str:
    """Ordet med sin förklaring, som visas när man pekar på det eller når det med tangentbordet."""
    return (
        f'<span class="ord" tabindex="0">{word}'
        f'<span class="ord-kort" role="note">{html.escape(meaning)}</span></span>'
    )


def word_list(markdown: str) -> list[Word]:
    """Orden i `ordlista.md`."""
    rows = re.findall(
        r"^\| (.+?) \| \*(.+?)\* \| (.+?) \| \[.*?\]\((.+?)\) \|", markdown, re.MULTILINE
    )
    return [Word(*row) for row in rows]


def index_entries(words: Sequence[Word], place: str) -> str:
    """Det som får sökningen att hitta stället där ordlistan säger att ett ord tas upp."""
    here = [word for word in words if word.place == place]
    names = sorted({name for word in here for name in (word.swedish, word.english)})
    return "".join(f"```{{index}} ! single: {name}\n```\n\n" for name in names)


def stage(notebooks: Path, source: Path, address: Address, pdf: bool = False) -> list[str]:
    """Lägg fram alla kapitel, ordlistan och bilagan i mappen `source`.

    Args:
        notebooks: studenternas böcker och ordlista; bilagan ligger i mappen utanför.
        source: mappen som Sphinx läser.
        address: var kursen finns på nätet.
        pdf: sant när varje kapitel också blir en PDF.

    Returns:
        Böckernas filnamn, i läsordning.
    """
    source.mkdir(parents=True, exist_ok=True)
    (source / "_extra" / "_downloads").mkdir(parents=True, exist_ok=True)
    list_of_words = (notebooks / "ordlista.md").read_text(encoding="utf-8")
    words = word_list(list_of_words)
    names = sorted(path.name for path in notebooks.glob("*.ipynb"))
    for name in names:
        content = (notebooks / name).read_text(encoding="utf-8")
        (source / "_extra" / "_downloads" / name).write_text(content, encoding="utf-8")
        made = chapter(json.loads(content), words, address, name, pdf)
        (source / name).write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    (source / "ordlista.md").write_text(with_links(list_of_words), encoding="utf-8")
    shutil.copy(notebooks.parent / "BILAGA.md", source / "bilaga.md")
    return names
