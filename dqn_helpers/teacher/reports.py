"""Alla rapporter: studenternas sidor, klassens sida och filen till betygskatalogen.

Samma resultat ger samma filer, byte för byte.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from dqn_helpers.autograder.result import ClassResult, SubmissionResult
from dqn_helpers.counting import listed
from dqn_helpers.submission.collect import canvas_parts, moodle_owner
from dqn_helpers.teacher.assessment import FILE_NAME as ASSESSMENT
from dqn_helpers.teacher.assessment import assessment_page
from dqn_helpers.teacher.grade_limits import GradeLimits, with_letters
from dqn_helpers.teacher.gradebook import result_csv
from dqn_helpers.teacher.overrides import Overrides, apply, problems
from dqn_helpers.teacher.report.class_page import class_report
from dqn_helpers.teacher.report.html import GENERATOR
from dqn_helpers.teacher.report.statistics import with_replaced
from dqn_helpers.teacher.report.student_page import feedback_page
from dqn_helpers.teacher.report.words import path_parts
from dqn_helpers.teacher.store import FileWatch, write_whole

CANNOT_WRITE = (
    "Det gick inte att skriva {files} i {out}. Är någon fil där öppen i ett annat program, till "
    "exempel Excel? Stäng den och kör kommandot igen."
)


class ReportError(OSError):
    """En rapport gick inte att skriva; meddelandet säger varför."""


def final(results: ClassResult, overrides: Overrides, limits: GradeLimits) -> ClassResult:
    """Resultaten med examinatorns ändringar och med betyg: så som de står i rapporterna."""
    return with_letters(with_replaced(apply(results, overrides)), limits)


def write_reports(
    out: Path,
    results: ClassResult,
    overrides: Overrides,
    limits: GradeLimits,
    watch: FileWatch | None = None,
) -> None:
    """Skriv `feedback/*.html`, `rapport.html`, `resultat.csv` och bedömningssidan i `out`.

    Args:
        out: utmappen; den skapas om den saknas.
        results: rättarens resultat.
        overrides: examinatorns ändringar (`load_overrides`).
        limits: betygsgränserna (`load_grade_limits`).
        watch: vakten som ska få veta vad som skrevs.

    Raises:
        ReportError: om någon fil inte går att skriva; de andra är då ändå skrivna.
    """
    shown = final(results, overrides, limits)
    files_in_canvas = {one.file for one in shown.submissions if one.attempt}
    files_in_moodle = {one.file: _moodle_numbers(one) for one in shown.submissions if one.moodle_id}
    files_of = [one.file for one in shown.submissions]
    pages = page_names(files_of, files_in_canvas, files_in_moodle)
    assessment = assessment_page(with_replaced(results), pages, overrides.text)
    told, link = problems(results, overrides), ASSESSMENT if assessment else ""
    files = _feedback_pages(shown, pages, files_in_moodle)
    files |= {link: lambda: assessment} if link else {}
    files["rapport.html"] = partial(class_report, shown, pages, told, link)
    files["resultat.csv"] = partial(result_csv, shown)
    _write_all(out, _MadeWhenRead(files), watch or FileWatch())
    _remove_old_pages(out / "feedback", [name.removeprefix("feedback/") for name in files])


def _moodle_numbers(submission: SubmissionResult) -> tuple[str, ...]:
    """Numren i Moodle på alla som ska ha sidan: gruppens alla, annars den enda."""
    return submission.members or (submission.moodle_id or "",)


def _feedback_pages(
    results: ClassResult, pages: Iterable[str], in_moodle: Mapping[str, Sequence[str]]
) -> dict[str, Callable[[], str]]:
    """Sidorna. I Moodle får var och en i en grupp ett eget exemplar, med sitt nummer i namnet."""
    files: dict[str, Callable[[], str]] = {}
    for page, submission in zip(pages, results.submissions, strict=True):
        made = partial(feedback_page, submission, results.isolation)
        first, *others = in_moodle.get(submission.file, ("",))
        copies = (page.replace(f"_{first}_assign", f"_{number}_assign") for number in others)
        files |= {f"feedback/{name}": made for name in (page, *copies)}
    return files


class _MadeWhenRead(Mapping[str, bytes]):
    """Filerna, var och en gjord när den ska skrivas: alla sidor ryms kanske inte i minnet."""

    def __init__(self, files: Mapping[str, Callable[[], str]]) -> None:
        self._files = files

    def __getitem__(self, name: str) -> bytes:
        return self._files[name]().encode()

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _write_all(out: Path, files: Mapping[str, bytes], watch: FileWatch) -> None:
    (out / "feedback").mkdir(parents=True, exist_ok=True)
    failed = write_whole(out, files, watch)
    if failed:
        raise ReportError(CANNOT_WRITE.format(files=listed(failed[:5]), out=out))


def _remove_old_pages(folder: Path, pages: Iterable[str]) -> None:
    """Ta bort sidor från en tidigare rättning; andras filer i mappen rörs inte."""
    for unfinished in folder.glob("*.html.ny"):  # ett avbrott mitt i skrivningen
        unfinished.unlink()
    current = {page.lower() for page in pages}
    for path in [p for p in sorted(folder.glob("*.html")) if p.name.lower() not in current]:
        with path.open(encoding="utf-8", errors="replace") as file:
            is_ours = f'content="{GENERATOR}' in file.read(1_000)
        if is_ours:
            path.unlink()


# --- sidornas filnamn ----------------------------------------------------------------------------

# Ofarliga, unika och så att Canvas och Moodle känner igen studenten: när en mapp med kommentarer
# laddas upp läser de numren i de namn som de själva gav filerna.
MAX_LENGTH = 120
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LETTERS = str.maketrans({"æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ß": "ss", "đ": "d", "ł": "l"})


def page_names(
    files: Sequence[str],
    in_canvas: Collection[str] | None = None,
    in_moodle: Mapping[str, Sequence[str]] | None = None,
) -> list[str]:
    """Ett filnamn per inlämning; två som skulle få samma får en bit av sin kontrollsumma.

    Args:
        files: inlämningarnas filnamn.
        in_canvas: de som är nedladdade från Canvas; None betyder alla som heter så.
        in_moodle: de som är nedladdade från Moodle, och numren på dem som ska ha sidan.
    """
    names: list[str] = []
    taken: set[str] = set()
    plain = [
        _page_name(
            _stem_in_moodle(file, (in_moodle or {}).get(file, ()))
            or _stem(file, in_canvas is None or file in in_canvas),
            file,
        )
        for file in files
    ]
    times = Counter(name.lower() for name in plain)
    for file, name in zip(files, plain, strict=True):
        if times[name.lower()] > 1:
            name = _marked(name, file)
        while name.lower() in taken:  # samma fil två gånger
            name = _marked(name, f"{file}/{len(taken)}")
        taken.add(name.lower())
        names.append(name)
    return names


def _stem(file: str, in_canvas: bool) -> str:
    """Filens väg från den del som Canvas har namngett, annars hela.

    En fil i en students mapp kan heta som en i Canvas; då är det mappen som säger vems den är.
    """
    parts = path_parts(file)
    named = next((i for i, part in enumerate(parts) if in_canvas and canvas_parts(part)), 0)
    return "-".join(parts[named:])


def _stem_in_moodle(file: str, numbers: Sequence[str]) -> str:
    """Mappens namn i Moodle, med studentens nummer, och filens; tomt om mappen inte är därifrån.

    Moodle delar namnet vid understrecken: namn, nummer, `assignsubmission`, `file` och resten.
    """
    parts = path_parts(file)
    place = next((i for i, part in enumerate(parts) if moodle_owner(part)), None)
    if place is None or not numbers:
        return ""
    folder = re.sub(r"_\d+_(?=assignsubmission_)", f"_{numbers[0]}_", parts[place])
    return "_".join(filter(None, (folder.rstrip("_"), "-".join(parts[place + 1 :]))))


def _page_name(stem: str, file: str) -> str:
    """Sidans namn: bara ofarliga tecken, och inte för långt."""
    stem = re.sub(r"\.ipynb$", "", stem, flags=re.IGNORECASE)
    safe = re.sub(r"(?:[^A-Za-z0-9_.]|\.\.+)+", "-", _ascii(stem)).strip("-.")
    if not safe or _RESERVED.fullmatch(safe):
        safe = f"fil-{safe}".strip("-")
    name = f"{safe}.html"
    return name if len(name) <= MAX_LENGTH else _marked(name, file)


def _ascii(text: str) -> str:
    return (
        unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode()
    )


def _marked(name: str, file: str) -> str:
    """Namnet med åtta tecken av filnamnets kontrollsumma, kortat så att det får plats."""
    digest = hashlib.sha256(file.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    stem = name.removesuffix(".html")[: MAX_LENGTH - len("-12345678.html")]
    return f"{stem.rstrip('-.')}-{digest}.html"
