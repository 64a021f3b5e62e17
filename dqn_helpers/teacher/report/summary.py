"""Sammanfattningen i terminalen: ren text, högst 100 tecken bred."""

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import takewhile

from dqn_helpers.autograder.result import ClassResult, SubmissionResult, points_text
from dqn_helpers.counting import agreeing, counted
from dqn_helpers.teacher.report.statistics import (
    Attention,
    by_student,
    exercise_statistics,
    needing_attention,
)
from dqn_helpers.teacher.report.words import (
    CHANGED_FILES,
    PRELIMINARY,
    label,
    one_line,
    percent_text,
)

WIDTH = 100
_FILE_WIDTH = 44


def summary_lines(results: ClassResult) -> list[str]:
    """Raderna: en per fil som någon behöver titta på, och en tabell över övningarna."""
    submissions = results.submissions
    attention = needing_attention(submissions)
    folder = _common_folder(submissions)
    lines = [_attention_line(item, submissions[item.index], folder) for item in attention]
    if lines:
        n_files = len({item.index for item in attention})
        lines = [f"{counted(n_files, 'fil', 'filer')} behöver en människas öga:", *lines, ""]
    lines += [*_table(results), "", *_closing(results)]
    return [fit(line, WIDTH) for line in lines]


def _common_folder(submissions: Sequence[SubmissionResult]) -> str:
    """Zip-filen eller mappen som alla studenter ligger i: den behöver inte stå på varje rad."""
    if len(by_student(submissions)) < 2:
        return ""
    folders = [one_line(submission.file).split("/")[:-1] for submission in submissions]
    same = takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False))
    return "".join(f"{names[0]}/" for names in same)


def _attention_line(item: Attention, submission: SubmissionResult, folder: str) -> str:
    file = fit(label(submission).removeprefix(folder), _FILE_WIDTH)
    reason = one_line(item.reason).replace(folder, "") if folder else one_line(item.reason)
    return f"  {padded(file, _FILE_WIDTH)}  {reason}"


def _table(results: ClassResult) -> Iterator[str]:
    yield f"{'Övning':<34}{'Filer':>7}{'Klara':>7}{'Olösta':>8}{'Medelpoäng':>13}{'Andel':>8}"
    for row in exercise_statistics(results.submissions):
        mean = f"{points_text(round(row.mean, 1))} av {points_text(row.max_points)}"
        shown = (mean, percent_text(row.share)) if row.n_graded else ("–", "–")
        name = fit(f"{row.id} {row.name}", 33)
        yield (f"{name:<34}{row.n_files:>7}{row.n_passed:>7}{row.n_unsolved:>8}"
               f"{shown[0]:>13}{shown[1]:>8}")  # fmt: skip


def _closing(results: ClassResult) -> Iterator[str]:
    n_graded = sum(s.status == "graded" for s in results.submissions)
    n_files = len(results.submissions)
    read = counted(n_files, "fil är läst", "filer är lästa")
    graded = agreeing(n_graded, "rättad", "rättade")
    yield f"{read}, och {n_graded} är {graded}. {PRELIMINARY}."
    yield f"Slumpfrö {one_line(results.seed, 40)}, inhägnad: {results.isolation}."
    if results.isolation == "basic":
        yield "VARNING: inhägnaden är bara grundläggande. En elak inlämning kan ha läst och ändrat"
        yield "datorns filer, också poängen. Rätta okända filer i Linux, WSL 2 eller en container."
    if results.changed_files:
        yield from textwrap.wrap(f"VARNING: {CHANGED_FILES}:", WIDTH)
        yield from (f"  {one_line(file)}" for file in results.changed_files)


def fit(text: str, width: int) -> str:
    """Texten på en rad och kortad så att den får plats i terminalen."""
    line = "".join(char for char in text if char.isprintable() or char == "\xa0")
    if _columns(line) <= width:
        return line
    while _columns(line) > width - 1:
        line = line[:-1]
    return f"{line}…"


def padded(text: str, width: int) -> str:
    """Texten utfylld med blanksteg till bredden."""
    return text + " " * (width - _columns(text))


def _columns(text: str) -> int:
    """Så många kolumner som texten tar i en terminal; kinesiska tecken tar två."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
