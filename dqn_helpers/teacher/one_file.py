"""Rätta en enda fil åt ett annat program, och säg hur det gick: `python kurs.py grade --json FIL`.

Inget skrivs på disken. Resultatet har samma form som `results.json`, och slutkoden säger resten:
0 allt rätt, 3 inte allt rätt, 4 filen gick inte att rätta, 1 rättaren gick sönder och en människa
behöver titta. Det är så nbgrader, Gradescope och GitHub frågar efter kursens bedömningar.
"""

import argparse
import html
import json
import re
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from dqn_helpers.autograder.arguments import LIMIT, MAX_NOTEBOOKS
from dqn_helpers.autograder.batch import grade_all
from dqn_helpers.autograder.grade import Settings
from dqn_helpers.autograder.result import (
    ClassResult,
    ExerciseResult,
    SubmissionResult,
    points_text,
    to_json,
)
from dqn_helpers.autograder.sandbox import TIERS
from dqn_helpers.submission.collect import UsageError, find_submissions
from dqn_helpers.teacher.grade_limits import GradeLimits, with_letters
from dqn_helpers.teacher.report.words import ISOLATION, clean, one_line, status_words

ALL_RIGHT, BROKEN, NOT_ALL_RIGHT, NOT_GRADED = 0, 1, 3, 4
"""Kommandots slutkod; 2 är som alltid ett felskrivet kommando."""

LONGEST_TEXT = 8_000  # tecken om en övning


def print_one(arguments: argparse.Namespace, only: tuple[str, ...], limits: GradeLimits) -> int:
    """Rätta filen i `arguments.paths` och skriv resultatet till stdout; ger slutkoden.

    Raises:
        UsageError: om det inte är en enda anteckningsbok.
    """
    seed = secrets.randbelow(10**12) if arguments.seed is None else arguments.seed
    settings = Settings(seed, arguments.limit or LIMIT, only)
    results = with_letters(grade_files([_one_notebook(arguments.paths)], settings), limits)
    (submission,) = results.submissions
    if results.isolation == "basic":
        print(ISOLATION["basic"], file=sys.stderr)
    print(markdown(submission, seed) if arguments.markdown else json.dumps(to_json(results)))
    return exit_code(submission)


def _one_notebook(paths: Sequence[Path]) -> Path:
    if len(paths) != 1 or paths[0].suffix.lower() != ".ipynb":
        raise UsageError("--json och --markdown rättar en enda anteckningsbok. Ange en .ipynb.")
    return paths[0]


def grade_files(paths: Sequence[Path], settings: Settings) -> ClassResult:
    """Rätta filer eller mappar i inhägnaden, utan att skriva något.

    Raises:
        UsageError: om en sökväg inte finns.
    """
    submissions = list(find_submissions(paths, MAX_NOTEBOOKS))
    graded = tuple(result for _, result in grade_all(submissions, settings, 1))
    used = [tier for tier in TIERS if any(one.isolation == tier for one in graded)]
    weakest = used[-1] if used else "basic"
    return ClassResult(settings.seed, weakest, graded, limit=settings.limit)


def exit_code(submission: SubmissionResult) -> int:
    """Slutkoden för en rättad fil; ett skrivet svar som läraren ska bedöma räknas inte."""
    by_code = [exercise for exercise in submission.exercises if not exercise.is_waiting]
    if submission.status == "error" or submission.undecided:
        return BROKEN
    if submission.status == "unreadable" or not by_code:
        return NOT_GRADED
    has_all = all(exercise.points == exercise.max_points for exercise in by_code)
    return ALL_RIGHT if has_all else NOT_ALL_RIGHT


# --- i ord ---------------------------------------------------------------------------------------


def exercise_text(exercise: ExerciseResult) -> str:
    """Återkopplingen på en övning som ren text: hur det gick, råden och varje del."""
    lines = [f"{headline(exercise)}.", *exercise.texts, ""]
    for part in exercise.parts:
        lines.append(
            f"{'rätt' if part.passed else 'fel'}: {part.name} ({points_text(part.points)} p)"
        )
        told = part.message.strip() in exercise.texts
        lines += [] if part.passed or told else [f"  {part.whole_message()}"]
    return clean("\n".join(lines).strip(), LONGEST_TEXT)


def headline(exercise: ExerciseResult) -> str:
    """Övningen, hur det gick och poängen: "5.1 double_dqn_target: Klart, 4 av 4 poäng"."""
    points = f"{points_text(exercise.points)} av {points_text(exercise.max_points)} poäng"
    if exercise.points is None:
        points = f"värd {points_text(exercise.max_points)} poäng"
    return f"{exercise.id} {exercise.name}: {status_words(exercise).word}, {points}"


def file_text(submission: SubmissionResult) -> str:
    """Det som gäller hela filen: varför den inte gick att rätta, och anmärkningar."""
    return clean("\n".join(filter(None, (submission.message, *submission.notes))), LONGEST_TEXT)


def markdown(submission: SubmissionResult, seed: int | str) -> str:
    """Återkopplingen som Markdown, till exempel för sammanfattningen i GitHub Actions.

    Det som studenten har skrivit står bara i `<pre>`, där inget tolkas.
    """
    name = re.sub(r"[^\w. -]", "?", one_line(submission.file, 100))
    total = "inte rättad"
    if submission.status == "graded":
        total = f"{points_text(submission.points)} av {points_text(submission.max_points)} poäng"
    grade = f", betyg {submission.grade} (preliminärt)" if submission.grade else ""
    lines = [f"## {name}: {total}{grade}", "", *_table(submission.exercises)]
    lines += [_preformatted("Om filen", text)] if (text := file_text(submission)) else []
    lines += [_preformatted(headline(one), exercise_text(one)) for one in submission.exercises]
    tail = f"Slumpfrö {seed}, inhägnad: {submission.isolation or 'ingen kod kördes'}."
    return "\n".join([*lines, f"{tail} Preliminärt: examinator beslutar.", ""])


def _table(exercises: Sequence[ExerciseResult]) -> list[str]:
    rows = [
        f"| {one.id} `{one.name}` | {status_words(one).word} | {points_text(one.points)} av "
        f"{points_text(one.max_points)} |"
        for one in exercises
    ]
    return ["| övning | hur det gick | poäng |", "|---|---|---|", *rows, ""] if rows else []


def _preformatted(title: str, text: str) -> str:
    shown = html.escape(text, quote=False)
    return f"<details><summary>{html.escape(title)}</summary>\n\n<pre>{shown}</pre>\n\n</details>\n"
