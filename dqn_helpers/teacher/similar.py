"""Likheter mellan inlämningar: `python kurs.py similar SÖKVÄG…`, ett eget steg efter rättningen.

Koden jämförs utan namn, kommentarer och layout, och reflektionerna ord för ord. Varje text får
några fingeravtryck (winnowing: Schleimer, Wilkerson och Aiken, 2003), och ett register över dem ger
de par som delar något ovanligt. Det som står i den utdelade boken, i kursens egen kod och i facit
räknas inte, och inte heller kod som många har skrivit. En reflektion är däremot lång och ens egen:
har många samma är det just det som ska synas, och de står tillsammans.

En likhet är inget besked om varför den finns: det avgör bara den som läser båda texterna.
"""

import builtins
import csv
import io
import itertools
import keyword
import math
import re
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path

from dqn_helpers.autograder import ROOT
from dqn_helpers.counting import counted
from dqn_helpers.submission.collect import Submission, UsageError, find_submissions
from dqn_helpers.submission.written import reflection_of
from dqn_helpers.swedish_arguments import SwedishParser
from dqn_helpers.teacher.arguments import add_similar_arguments
from dqn_helpers.teacher.report.html import render
from dqn_helpers.teacher.report.words import clean, one_line, percent_text
from dqn_helpers.teacher.reports import page_names

FILE_NAME = "likheter.html"
MAX_SHOWN = 30_000  # tecken av en text på sidan
MOST_PAIRS = 40
LEAST_SHARED, LEAST_SHARE = 4, 0.25
LEAST_COMMON = 5


@dataclass(frozen=True)
class Grain:
    """Hur fint en sorts text jämförs: så många tecken i ett avtryck, och avtryck i ett fönster.

    En gemensam följd av `length + window - 1` tecken hittas alltid. Det som fler än `LEAST_COMMON`
    studenter, och mer än andelen `common` av dem, har skrivit räknas inte.
    """

    length: int
    window: int
    common: float


CODE, TEXT = Grain(12, 6, 0.25), Grain(5, 4, 1.0)


# --- en text blir tecken, och tecknen fingeravtryck -----------------------------------------------

_TOKEN = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r"|(?P<string>[rbfuRBFU]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'))"
    r"|(?P<number>\d[\w.]*)|(?P<name>[^\W\d]\w*)|(?P<operator>\*\*|//|->|[-+*/%@&|^<>=!:]=|[^\s\w])",
    re.DOTALL,
)
_WORD = re.compile(r"\w+")
_KNOWN = frozenset({*keyword.kwlist, *dir(builtins)})


@dataclass(frozen=True)
class Token:
    """Ett tecken att jämföra, och var i texten det står."""

    value: str
    start: int
    end: int


def code_tokens(code: str) -> list[Token]:
    """Kodens tecken: namn som någon har hittat på är lika, tal och texter också."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup
        if kind == "comment":
            continue
        value = {"string": "'", "number": "0"}.get(kind or "", match[0])
        after_dot = bool(tokens) and tokens[-1].value == "."
        if kind == "name" and match[0] not in _KNOWN and not after_dot:
            value = "n"
        tokens.append(Token(value, match.start(), match.end()))
    return tokens


def text_tokens(text: str) -> list[Token]:
    """Textens ord, med små bokstäver."""
    return [Token(m[0].casefold(), m.start(), m.end()) for m in _WORD.finditer(text)]


def hashes(tokens: Sequence[Token], grain: Grain) -> list[int]:
    """Ett tal för varje följd av så många tecken som ett avtryck har."""
    values = [token.value for token in tokens]
    places = range(len(values) - grain.length + 1)
    return [zlib.crc32("\0".join(values[i : i + grain.length]).encode()) for i in places]


def fingerprints(
    every: Sequence[int], grain: Grain, ignored: AbstractSet[int] = frozenset()
) -> dict[int, list[int]]:
    """Avtrycken och var de börjar: det minsta talet i varje fönster, det sista om flera är lika.

    Det som ska bortses från byts mot inget innan fönstren läggs, så att det egna runt om syns.
    """
    chosen: dict[int, list[int]] = {}
    own = [(value, -place) for place, value in enumerate(every) if value not in ignored]
    last = None
    for start in range(max(len(own) - grain.window + 1, min(len(own), 1))):
        value, place = min(own[start : start + grain.window])
        if (value, place) != last:
            chosen.setdefault(value, []).append(-place)
            last = value, place
    return chosen


# --- det som jämförs ------------------------------------------------------------------------------


@dataclass
class Work:
    """En students kod i en bok, eller reflektionen."""

    who: object
    name: str
    file: str
    text: str
    tokens: list[Token]
    marks: dict[int, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """Två texter som liknar varandra.

    Attributes:
        share: så stor del av det egna i den kortare som också står i den andra, efter vikt.
        shared: de gemensamma avtrycken.
    """

    first: Work
    second: Work
    share: float
    shared: frozenset[int]


def pairs(works: Sequence[Work], grain: Grain, ignored: AbstractSet[int]) -> list[Pair]:
    """Paren, de mest lika först. Bara de som delar ett ovanligt avtryck prövas."""
    index: dict[int, set[int]] = defaultdict(set)
    works, same = _together(works) if grain is TEXT else (works, [])
    for place, work in enumerate(works):
        work.marks = fingerprints(hashes(work.tokens, grain), grain, ignored)
        for mark in work.marks:
            index[mark].add(place)
    weights = _weights(works, index, grain)
    common: dict[tuple[int, int], set[int]] = defaultdict(set)
    for mark in weights:
        for pair in itertools.combinations(sorted(index[mark]), 2):
            common[pair].add(mark)
    found = [
        _pair(works[first], works[second], frozenset(shared), weights)
        for (first, second), shared in common.items()
        if works[first].who != works[second].who and len(shared) >= LEAST_SHARED
    ]
    kept = [pair for pair in found if pair.share >= LEAST_SHARE]
    for first, last in same:
        last.marks = first.marks
        kept += [Pair(first, last, 1.0, frozenset(first.marks))] if first.marks else []
    return sorted(kept, key=lambda pair: (-pair.share * len(pair.shared), pair.first.file))


def _together(works: Sequence[Work]) -> tuple[list[Work], list[tuple[Work, Work]]]:
    """En av varje text, och de som flera har skrivit ord för ord: den första, med namnen på alla
    utom den sista, och den sista.
    """
    groups: dict[tuple[str, ...], dict[object, Work]] = defaultdict(dict)
    for work in works:
        groups[tuple(token.value for token in work.tokens)].setdefault(work.who, work)
    single, same = [], []
    for first, *others in (list(group.values()) for group in groups.values()):
        if others:
            first = replace(first, name=", ".join(one.name for one in (first, *others[:-1])))
            same.append((first, others[-1]))
        single.append(first)
    return single, same


def _weights(works: Sequence[Work], index: dict[int, set[int]], grain: Grain) -> dict[int, float]:
    """Avtryckets vikt: ju färre som har det, desto mer. Det som många har saknar vikt."""
    n_students = len({work.who for work in works})
    most = max(LEAST_COMMON, grain.common * n_students)
    having = {mark: len({works[place].who for place in places}) for mark, places in index.items()}
    return {mark: math.log(1 + n_students / n) for mark, n in having.items() if n <= most}


def _pair(first: Work, second: Work, shared: frozenset[int], weights: dict[int, float]) -> Pair:
    own = (sum(weights.get(mark, 0.0) for mark in work.marks) for work in (first, second))
    return Pair(first, second, sum(weights[mark] for mark in shared) / min(own), shared)


def segments(work: Work, shared: AbstractSet[int], grain: Grain) -> list[tuple[str, bool]]:
    """Texten i bitar, och om biten också står i den andra texten."""
    inside = [False] * (len(work.text) + 1)
    for mark in shared:
        for place in work.marks[mark]:
            end = work.tokens[place + grain.length - 1].end
            inside[work.tokens[place].start : end] = [True] * (end - work.tokens[place].start)
    runs = itertools.groupby(zip(work.text[:MAX_SHOWN], inside, strict=False), lambda one: one[1])
    return [(clean("".join(char for char, _ in run)), is_shared) for is_shared, run in runs]


# --- inlämningarna --------------------------------------------------------------------------------


def _who(submission: Submission) -> tuple[str, str]:
    number = submission.canvas_id or submission.moodle_id
    if number or submission.student:
        return (number or "", submission.student or "")
    return ("fil", submission.file)


def _work(submission: Submission, text: str, tokens: list[Token]) -> Work:
    name = one_line(submission.student or submission.file, 80)
    return Work(_who(submission), name, one_line(submission.file, 200), text, tokens)


def own_code(submission: Submission, handed_out: AbstractSet[str]) -> str:
    """Cellerna som studenten har skrivit eller ändrat."""
    cells = (cell.text for cell in submission.cells if cell.text.strip() not in handed_out)
    return "\n\n".join(cells)


def works_of(
    submissions: Sequence[Submission], handed_out: AbstractSet[str]
) -> dict[str, list[Work]]:
    """Det som jämförs, var sak för sig: koden i varje bok, och reflektionerna."""
    found: dict[str, list[Work]] = defaultdict(list)
    for one in submissions:
        code = own_code(one, handed_out)
        if code.strip():
            found[f"Koden i bok {one.notebook or '?'}"].append(_work(one, code, code_tokens(code)))
        text = reflection_of(one)
        if text.strip():
            found["Reflektionen i 5.4"].append(_work(one, text, text_tokens(text)))
    return dict(sorted(found.items()))


def ours() -> tuple[set[int], set[int], frozenset[str]]:
    """Det som är kursens: avtryck av kod, avtryck av text, och de utdelade cellerna."""
    handed_out = list(find_submissions([ROOT / "notebooks"]))
    books = [*handed_out, *find_submissions([ROOT / "solutions"])]
    code = [cell.text for book in books for cell in book.cells]
    files = [*ROOT.glob("dqn_helpers/*.py"), *ROOT.glob("solutions/grading/book_*/accepted.py")]
    code += [path.read_text(encoding="utf-8") for path in files]
    text = [cell for book in books for _, cell in book.markdown]
    return (
        {mark for one in code for mark in hashes(code_tokens(one), CODE)},
        {mark for one in text for mark in hashes(text_tokens(one), TEXT)},
        frozenset(cell.text.strip() for book in handed_out for cell in book.cells),
    )


# --- sidan ----------------------------------------------------------------------------------------


def similar_page(groups: dict[str, list[Work]], ignored: dict[Grain, set[int]]) -> tuple[str, int]:
    """Sidan med paren, de mest lika först och texterna bredvid varandra, och antalet par."""
    shown, n_pairs = [], 0
    for title, works in groups.items():
        grain = TEXT if title.startswith("Reflektionen") else CODE
        found = pairs(works, grain, ignored[grain])
        views = [_view(pair, grain) for pair in found[:MOST_PAIRS]]
        n_pairs += len(views)
        shown.append({"title": title, "n_works": len(works), "n_found": len(found), "pairs": views})
    return render("similar.html", groups=shown), n_pairs


def _view(pair: Pair, grain: Grain) -> dict[str, object]:
    return {
        "share": percent_text(min(pair.share, 1.0)),
        "n_shared": len(pair.shared),
        "sides": [
            {"name": work.name, "file": work.file, "text": segments(work, pair.shared, grain)}
            for work in (pair.first, pair.second)
        ],
    }


# --- till andra program ---------------------------------------------------------------------------


def export(folder: Path, submissions: Sequence[Submission]) -> int:
    """Skriv koden som JPlag och Dolos vill ha den: en mapp per student, mallen för sig.

    Ger antalet filer. JPlag läser mappen `inlamningar` (och `mall` som baskod), Dolos `info.csv`.

    Raises:
        UsageError: om mappen redan har något i sig.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} finns redan och är inte tom. Välj en ny mapp till --export.")
    with_code = [one for one in submissions if one.cells]
    files = _exported(with_code)
    for name, text in files.items():
        _write(folder / name, text)
    for book in find_submissions([ROOT / "notebooks"]):
        _write(folder / "mall" / f"{book.notebook}.py", as_script(book))
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("filename", "label", "full_name"))
    for name, one in zip(files, with_code, strict=True):
        writer.writerow((name, one.notebook or "", one_line(one.student or one.file, 80)))
    _write(folder / "info.csv", table.getvalue())
    return len(files)


def _exported(submissions: Sequence[Submission]) -> dict[str, str]:
    """Filens plats i exporten → koden; en students alla filer ligger i samma mapp."""
    everyone = list(dict.fromkeys(map(_who, submissions)))
    named = page_names([" ".join(filter(None, reversed(who))) for who in everyone], ())
    folders = {who: name.removesuffix(".html") for who, name in zip(everyone, named, strict=True)}
    times: Counter[str] = Counter()
    files = {}
    for one in submissions:
        stem = f"inlamningar/{folders[_who(one)]}/{one.notebook or 'bok'}"
        times[stem] += 1
        files[f"{stem}.py" if times[stem] == 1 else f"{stem}-{times[stem]}.py"] = as_script(one)
    return files


def as_script(submission: Submission) -> str:
    """Kodcellerna som en Pythonfil; det som bara Jupyter förstår är kommentarer."""
    text = "\n\n".join(f"# {cell.name}\n{cell.text}" for cell in submission.cells)
    return re.sub(r"^(\s*)([%!?])", r"\1# \2", text, flags=re.MULTILINE) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")


# --- kommandot ------------------------------------------------------------------------------------


def _run(paths: Iterable[Path], out: Path, target: Path | None) -> None:
    submissions = [one for one in find_submissions([*paths]) if not one.problem]
    if not submissions:
        raise UsageError("Det fanns inga anteckningsböcker att jämföra där.")
    if target:
        files = counted(export(target, submissions), "fil", "filer")
        print(f"{files} till JPlag och Dolos ligger i {target}.")
    code, text, handed_out = ours()
    html, n_pairs = similar_page(works_of(submissions, handed_out), {CODE: code, TEXT: text})
    out.mkdir(parents=True, exist_ok=True)
    (out / FILE_NAME).write_text(html, encoding="utf-8")
    files = counted(len(submissions), "fil", "filer")
    print(f"{files} jämfördes, och det blev {n_pairs} par att titta på: "
          f"{out / FILE_NAME}")  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Jämför inlämningarna; 2 för ett felskrivet kommando."""
    parser = SwedishParser(prog="python kurs.py similar")
    add_similar_arguments(parser)
    arguments = parser.parse_args(argv)
    try:
        _run(arguments.paths, arguments.out, arguments.export)
    except UsageError as error:
        print(f"Fel: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Fel: {error.filename} gick inte att läsa eller skriva.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
