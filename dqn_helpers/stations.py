"""Vägen genom kursen: en station för varje övning, ifylld när kontrollen har blivit grön.

Den ritas med HTML och länkar, så den går att läsa och klicka i också när Python inte är i gång.
"""

import functools
import html
from dataclasses import dataclass
from pathlib import Path

from dqn_helpers.counting import agreeing, counted, listed
from dqn_helpers.exercises import marks
from dqn_helpers.exercises.syllabus import (
    BOOKS,
    OLD_FILES,
    PARTS,
    SYLLABUS,
    exercises_of,
    notebook_of,
)
from dqn_helpers.figures import theme

ICON = (
    '<svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path fill="none" '
    'stroke="currentColor" stroke-width="2.5" stroke-linecap="round" d="{}"/></svg>'
)
CHECK_MARK, PEN = ICON.format("M3 8.5l3.5 3.5L13 4.5"), ICON.format("M3 13l1-3 7-7 2 2-7 7z")
HIDDEN = '<span class="dqn-dolt">, {}</span>'


@dataclass(frozen=True)
class Stations:
    """Vägen, så som den såg ut när cellen kördes. Sist i en cell visas den av sig själv.

    Attributes:
        book: numret på boken som vägen står i.
        solved: numren på de övningar som är klara.
        old: böcker som ligger bredvid i en äldre form, till exempel "01".
    """

    book: str
    solved: frozenset[str]
    old: tuple[str, ...] = ()

    @property
    def left(self) -> list[str]:
        """De övningar som är kvar och har en kontroll, i ordning."""
        return [n for n, name in SYLLABUS.items() if name and n not in self.solved]

    def __repr__(self) -> str:
        n_checked = sum(1 for name in SYLLABUS.values() if name)
        n_done = n_checked - len(self.left)
        every = counted(n_checked, "övning", "övningar")
        done = f"{n_done} av {every} är {agreeing(n_done, 'klar', 'klara')}."
        if not self.left:
            return f"{done} Glöm inte reflektionen i bok 05."
        return f"{done} Fortsätt med övning {self.left[0]} i bok {notebook_of(self.left[0])}."

    def _repr_html_(self) -> str:
        whole = self.book == "00"
        books = "".join(self._book(number, whole) for number in BOOKS)
        kind = "dqn-hela" if whole else "dqn-remsa"
        return (
            f'<nav class="dqn-vag {kind}" lang="sv" aria-label="Vägen genom kursen">'
            f"<style>{theme.css('.dqn-vag')}{_css()}</style>"
            f"<ol>{books}</ol>{self._onwards()}{''.join(map(_what_is_new, self.old))}</nav>"
        )

    def _book(self, number: str, whole: bool) -> str:
        """En bok på vägen, med sina övningar."""
        file, title, gives = BOOKS[number]
        exercises = exercises_of(number)
        done = bool(exercises) and not set(exercises) & set(self.left)
        here = number == self.book
        name = f"<b>{number}</b>" + (f" {html.escape(title)}" if whole else "")
        place = 'aria-current="page"' if here else f'href="{file}"'
        text = f"<p>{html.escape(gives)}</p>" if whole else ""
        stations = "".join(self._station(n) for n in exercises)
        return (
            f'<li class="{"dqn-klar" if done else ""}{" dqn-har" if here else ""}">'
            f'<a {place} aria-label="{number} {html.escape(title)}">{name}</a>{text}'
            + (f'<ol class="dqn-stationer">{stations}</ol>' if stations else "")
            + "</li>"
        )

    def _station(self, number: str) -> str:
        """En övning på vägen. Att den är klar syns på märket, inte bara på färgen."""
        kind, mark, word = "", "", "inte klar än"
        if number in self.solved:
            kind, mark, word = "dqn-klar", CHECK_MARK, "klar"
        elif not SYLLABUS[number]:
            mark, word = PEN, "skrivs och läses av läraren"
        elif number == self.left[0]:
            kind, word = "dqn-nasta", "nästa"
        text = f"{mark}{number}{HIDDEN.format(word)}"
        return f'<li class="{kind}"><a href="{_place(number)}">{text}</a></li>'

    def _onwards(self) -> str:
        """Länkarna under vägen: dit man ska fortsätta, och nästa bok."""
        links = [f"<span>{html.escape(repr(self).split('. ')[0])}.</span>"]
        if self.left:
            words = "Fortsätt här" if self.solved else "Börja här"
            links.append(_link(_place(self.left[0]), f"{words}: övning {self.left[0]}"))
        else:
            links.append("<span>Glöm inte reflektionen, 5.4.</span>")
        later = list(BOOKS)[list(BOOKS).index(self.book) + 1 :]
        for following in later[:1]:
            file, title, _ = BOOKS[following]
            links.append(_link(file, f"Nästa bok: {following} {title}"))
        return f'<p class="dqn-vidare">{"".join(links)}</p>'


def _what_is_new(book: str) -> str:
    """Till den som har en bok i dess äldre form: vad den har blivit, och att inget är förlorat."""
    files = " och ".join(f'<a href="{BOOKS[part][0]}">{part}</a>' for part in sorted(PARTS[book]))
    return (
        f"<p>Nytt: bok {book} är nu {files}. Din äldre fil, {html.escape(OLD_FILES[book])}, ligger "
        "kvar. Det du har skrivit där räknas om du lämnar in den, och du kan klistra in det i de "
        "nya.</p>"
    )


def _place(number: str) -> str:
    """Adressen till cellen där övningen börjar; JupyterLab och nbconvert förstår `cell-id`."""
    return f"{BOOKS[notebook_of(number)][0]}#cell-id=ovning-{number.replace('.', '-')}-text"


def _link(address: str, text: str) -> str:
    return f'<a href="{address}">{html.escape(text)}\u00a0→</a>'


def stations(book: str) -> Stations:
    """Vägen genom kursen, med de övningar ifyllda som kontrollen har godtagit.

    Args:
        book: numret på boken där vägen visas; i 00 visas den hel, annars som en remsa.

    Raises:
        KeyError: om boken inte finns.
    """
    book = min(PARTS.get(book, {book}))  # en äldre 01 visar samma väg som 01a
    if book not in BOOKS:
        raise KeyError(f"Det finns ingen bok {book}. De som finns är {listed(list(BOOKS))}.")
    old = tuple(number for number, file in OLD_FILES.items() if Path(file).is_file())
    return Stations(book, frozenset(marks.solved()), old if book == "00" else ())


@functools.cache
def _css() -> str:
    return Path(__file__).with_name("stations.css").read_text(encoding="utf-8")
