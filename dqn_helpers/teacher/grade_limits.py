"""Betygsgränserna: läses ur en TOML-fil som läraren kan byta mot sin egen.

Medföljande `betygsgranser.toml` förklarar formatet. Bara böcker som står i filen får betyg.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dqn_helpers.autograder.result import (
    ClassResult,
    ExerciseResult,
    SubmissionResult,
    assessed_points,
    total,
)
from dqn_helpers.counting import listed
from dqn_helpers.exercises.syllabus import PARTS, SYLLABUS, exercises_of, notebook_of

DEFAULT_FILE = Path(__file__).with_name("betygsgranser.toml")
NOTEBOOKS = sorted({*PARTS, *map(notebook_of, SYLLABUS)})
_TINY = 1e-9  # så att 0,1 + 0,2 når 0,3


class GradeLimitsError(ValueError):
    """Filen med betygsgränser går inte att använda; meddelandet säger vad som ska ändras."""


@dataclass(frozen=True)
class Limit:
    """Ett betyg: lägsta andel av bokens poäng, och övningar som ska vara helt rätt."""

    letter: str
    percent: float
    all_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scale:
    """En boks betyg, det högsta först, och betyget för den som inte når något av dem."""

    limits: tuple[Limit, ...]
    otherwise: str


GradeLimits = Mapping[str, Scale]
"""Bokens eller anteckningsbokens nummer ("05", "01a") → dess skala."""


# --- sätta betyg ----------------------------------------------------------------------------------


def letter(exercises: Sequence[ExerciseResult], notebook: str, limits: GradeLimits) -> str | None:
    """Betyget i en bok, eller None.

    Det är None när boken inte betygsätts, när någon av dess övningar inte är rättad (`--only`)
    och när någon ännu saknar poäng (manuell granskning). Ett skrivet svar räknas först när det är
    bedömt; dessförinnan är 100 procent full poäng på de andra övningarna.
    """
    scale = limits.get(notebook)
    mine = {e.id: e for e in exercises if e.id in exercises_of(notebook) and not e.is_waiting}
    everything = set(graded_exercises(notebook)) <= set(mine)
    if scale is None or not everything or any(e.points is None for e in mine.values()):
        return None
    # Ett avdrag för sen inlämning gör inte en hel lösning halv.
    whole = {n for n, e in mine.items() if (e.points or 0) + e.deducted >= e.max_points - _TINY}
    share = 100 * total(mine.values()) / assessed_points(mine.values())
    reached = (
        limit.letter
        for limit in scale.limits
        if share >= limit.percent - _TINY and whole.issuperset(limit.all_of)
    )
    return next(reached, scale.otherwise)


def graded_exercises(notebook: str) -> list[str]:
    """Numren på bokens övningar som rättas av kod; alla måste vara rättade för att ge betyg."""
    return [number for number in exercises_of(notebook) if SYLLABUS[number]]


def submission_letter(submission: SubmissionResult, limits: GradeLimits) -> str | None:
    """Betyget för en inlämning; "04 G, 05 VG" om den har flera böcker med betyg."""
    if submission.status != "graded":
        return None
    books = sorted(_books(submission, limits) & limits.keys())
    letters = {book: letter(submission.exercises, book, limits) for book in books}
    if len(letters) == 1:
        return next(iter(letters.values()))
    return ", ".join(f"{book} {value}" for book, value in letters.items() if value) or None


def _books(submission: SubmissionResult, limits: GradeLimits) -> set[str]:
    """Inlämningens anteckningsböcker; en hel bok 01 är en bok, om den har en egen gräns."""
    books = {notebook_of(e.id) for e in submission.exercises}
    for book, parts in PARTS.items():
        if book in limits and parts <= books:
            books = books - parts | {book}
    return books


def with_letters(results: ClassResult, limits: GradeLimits) -> ClassResult:
    """Resultaten med betyg: lärarens eget om det finns ett, annars efter gränserna."""
    graded = (_with_letter(one, submission_letter(one, limits)) for one in results.submissions)
    return replace(results, submissions=tuple(graded))


def _with_letter(submission: SubmissionResult, grade: str | None) -> SubmissionResult:
    decided = next((one.grade for one in submission.remarks if one.grade), "")
    if decided:
        return replace(submission, grade=decided, grade_note="bestämt av läraren")
    without = f"utan {', '.join(submission.waiting)}" if grade and submission.waiting else None
    return replace(submission, grade=grade, grade_note=without)


# --- läsa filen -----------------------------------------------------------------------------------


def load_grade_limits(path: Path = DEFAULT_FILE) -> dict[str, Scale]:
    """Läs gränserna ur en TOML-fil.

    Raises:
        GradeLimitsError: om filen saknas eller är fel skriven.
    """
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise GradeLimitsError(
            f"{path}: filen går inte att läsa. Finns den, och får du läsa den?"
        ) from error
    except UnicodeDecodeError as error:
        raise GradeLimitsError(f"{path}: filen ska vara sparad som UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise GradeLimitsError(f"{path}: {_where_toml_stops(error)}") from error
    try:
        return _limits(content)
    except GradeLimitsError as error:
        raise GradeLimitsError(f"{path}: {error}") from error


def _where_toml_stops(error: tomllib.TOMLDecodeError) -> str:
    """Felet på svenska; `tomllib` säger det på engelska."""
    place = re.search(r"(\d+), \D+(\d+)\)$", str(error))
    where = f"på rad {place[1]}, tecken {place[2]}" if place else "i slutet av filen"
    return (f"filen är inte giltig TOML; läsningen stannade {where}. Betyg ska stå inom "
            "citattecken, decimaltal ha punkt (62.5) och varje parentes ett slut.")  # fmt: skip


def _limits(content: Any) -> dict[str, Scale]:
    _only_keys(content, ("bok",), "filen")
    books = _typed(content.get("bok", {}), dict, "`bok` ska vara tabeller som [bok.05]")
    return _with_parts({book: _scale(book, table) for book, table in books.items()})


def _with_parts(scales: dict[str, Scale]) -> dict[str, Scale]:
    """Gränserna för bok 01 gäller också 01a och 01b var för sig, om de inte har egna."""
    for book in scales.keys() & PARTS.keys():
        for part in PARTS[book]:
            scales.setdefault(part, _for_part(scales[book], part))
    return scales


def _for_part(scale: Scale, part: str) -> Scale:
    own = exercises_of(part)
    limits = (
        replace(limit, all_of=tuple(number for number in limit.all_of if number in own))
        for limit in scale.limits
    )
    return replace(scale, limits=tuple(limits))


def _scale(book: str, table: Any) -> Scale:
    where = f"[bok.{book}]"
    if book not in NOTEBOOKS:
        raise GradeLimitsError(f"{where}: boken finns inte. Välj bland {', '.join(NOTEBOOKS)}.")
    _typed(table, dict, f"{where} ska vara en tabell")
    _only_keys(table, ("annars", "betyg"), where)
    rows = _typed(table.get("betyg"), list, f"{where}: `betyg` ska vara en lista med betyg")
    limits = tuple(_limit(book, row, f"{where}, betyg {n}") for n, row in enumerate(rows, 1))
    scale = Scale(limits, _letter(table.get("annars"), f"{where}: `annars`"))
    _check_order(scale, where)
    return scale


def _limit(book: str, row: Any, where: str) -> Limit:
    _typed(row, dict, f'{where} ska se ut så här: {{ bokstav = "G", procent = 60 }}')
    _only_keys(row, ("bokstav", "procent", "alla_av"), where)
    percent = row.get("procent")
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 < percent <= 100:
        raise GradeLimitsError(
            f"{where}: `procent` ska vara ett tal över 0 och högst 100, {_instead(percent)}."
        )
    like = f'{where}: `alla_av` ska vara som ["5.1", "5.2"]'
    required = _typed(row.get("alla_av", []), list, like)
    for number in required:
        _check_exercise(book, number, where)
    return Limit(_letter(row.get("bokstav"), f"{where}: `bokstav`"), percent, tuple(required))


def _as_written(value: Any) -> str:
    """Värdet så som det står i en TOML-fil: `true`, `"62"` och `5.1`."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _instead(value: Any) -> str:
    return "men det saknas" if value is None else f"men är {_as_written(value)}"


def _check_exercise(book: str, number: Any, where: str) -> None:
    here = graded_exercises(book)
    if number not in here:
        raise GradeLimitsError(
            f"{where}: `alla_av` nämner {_as_written(number)}, men bok {book} har övningarna "
            f'{listed(here)} (skrivna inom citattecken, som "5.1").'
        )


def _check_order(scale: Scale, where: str) -> None:
    percents = [limit.percent for limit in scale.limits]
    if percents != sorted(percents, reverse=True):
        raise GradeLimitsError(f"{where}: skriv det högsta betyget först; procenten ska falla.")
    letters = [limit.letter for limit in scale.limits] + [scale.otherwise]
    twice = next((x for x in letters if letters.count(x) > 1), None)
    if twice:
        raise GradeLimitsError(f"{where}: betyget {twice} står två gånger.")


def _letter(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 20:
        raise GradeLimitsError(f'{where} ska vara ett betyg inom citattecken, som "G".')
    return value.strip()


def _typed(value: Any, kind: type, message: str) -> Any:
    if not isinstance(value, kind):
        raise GradeLimitsError(f"{message}.")
    return value


def _only_keys(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            words = listed([f"`{word}`" for word in known])
            advice = f"Menade du `{near[0]}`?" if near else f"Här får bara {words} stå."
            raise GradeLimitsError(f"{where}: jag känner inte igen ”{key}”. {advice}")
