"""Terminens rapport: `python kurs.py report MAPP…`, en sida av flera rättade mappar.

Allt läses ur `results.json`. Mapparna står i tidsordning, och omgångarna likaså i varje mapp. En
students inlämningar av samma övning blir en följd, och i den syns vilka misstag som försvann.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dqn_helpers.exercises.registry import EXERCISES, known_mistakes
from dqn_helpers.exercises.syllabus import SYLLABUS
from dqn_helpers.submission.collect import UsageError
from dqn_helpers.swedish_arguments import SwedishParser
from dqn_helpers.teacher.arguments import add_report_arguments
from dqn_helpers.teacher.report.html import render
from dqn_helpers.teacher.report.words import one_line
from dqn_helpers.teacher.store import RESULTS


@dataclass(frozen=True)
class HandIn:
    """En övning i en inlämnad fil.

    Attributes:
        folder: mappens plats bland dem som angavs.
        student: det som skiljer studenten från andra; en fil utan känd student är sin egen.
        name: studentens namn, eller filens.
        exercise: övningens nummer.
        points: poängen; None tills någon har bedömt den.
        max_points: full poäng.
        mistake: id för misstaget som kändes igen, annars tomt.
        text: återkopplingen.
    """

    folder: int
    student: str
    name: str
    exercise: str
    points: float | None
    max_points: float
    mistake: str
    text: str

    @property
    def is_passed(self) -> bool:
        """Sant om den fick full poäng."""
        return self.points == self.max_points


@dataclass(frozen=True)
class Progress:
    """Hur det gick på en övning i en mapp; `share` är medelpoängen som andel av full poäng."""

    n_students: int
    n_passed: int
    share: float


@dataclass(frozen=True)
class Fate:
    """Hur det gick för ett misstag, i antal studenter.

    Attributes:
        n_solved: lämnade in igen och fick full poäng.
        n_other: lämnade in igen utan misstaget, men hade något annat fel.
        n_stayed: har misstaget också i sin senaste inlämning.
        n_once: har inte lämnat in övningen igen.
    """

    exercise: str
    mistake: str
    text: str
    n_solved: int = 0
    n_other: int = 0
    n_stayed: int = 0
    n_once: int = 0

    @property
    def n_students(self) -> int:
        """Alla som har gjort misstaget."""
        return self.n_solved + self.n_other + self.n_stayed + self.n_once


# --- det som är rättat ---------------------------------------------------------------------------


def read_hand_ins(folders: Sequence[Path]) -> list[HandIn]:
    """Alla inlämnade övningar, de äldsta först.

    Raises:
        UsageError: om en mapp inte är en rättning.
    """
    return [one for place, folder in enumerate(folders) for one in _in_folder(folder, place)]


def _in_folder(folder: Path, place: int) -> list[HandIn]:
    path = folder / RESULTS
    try:
        return hand_ins_of(json.loads(path.read_text(encoding="utf-8")), place)
    except OSError:
        raise UsageError(f"I {folder} finns ingen {RESULTS}. Peka ut mappar som har rättats med "
                         "`python kurs.py grade`, till exempel `rattning`.") from None  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{path} går inte att läsa. Rätta om mappen med --resume, så görs den "
                         "på nytt.") from None  # fmt: skip


def hand_ins_of(graded: dict[str, Any], place: int) -> list[HandIn]:
    """Övningarna i det som står i en results.json, omgång för omgång och i övrigt som de står."""
    in_order = sorted(graded["submissions"], key=lambda row: row.get("batch", 1))
    return [_hand_in(place, row, one) for row in in_order for one in row["exercises"]]


def _hand_in(place: int, row: dict[str, Any], exercise: dict[str, Any]) -> HandIn:
    known = [row.get(kind) for kind in ("canvas_id", "login", "student")]
    student = next((f"{kind} {value}" for kind, value in enumerate(known) if value), "")
    return HandIn(
        folder=place,
        student=student or f"fil {place}/{row['file']}",
        name=one_line(row["student"] or row["file"], 100),
        exercise=exercise["id"],
        points=exercise["points"],
        max_points=exercise["max_points"],
        mistake=exercise["misconception"] or "",
        text=one_line(exercise["feedback"].partition("\n")[0], 600),
    )


# --- det som går att se över tiden ---------------------------------------------------------------


def progress(hand_ins: Iterable[HandIn]) -> dict[str, dict[int, Progress]]:
    """Övning → mapp → hur det gick. Bara studentens senaste inlämning i mappen räknas."""
    latest = {(one.exercise, one.folder, one.student): one for one in hand_ins}
    groups: dict[tuple[str, int], list[HandIn]] = defaultdict(list)
    for (exercise, folder, _), one in latest.items():
        if one.points is not None:
            groups[exercise, folder].append(one)
    rows: dict[str, dict[int, Progress]] = {number: {} for number in SYLLABUS}
    for (exercise, folder), mine in groups.items():
        share = sum(one.points or 0 for one in mine) / sum(one.max_points for one in mine)
        n_passed = sum(one.is_passed for one in mine)
        rows.setdefault(exercise, {})[folder] = Progress(len(mine), n_passed, share)
    return {exercise: row for exercise, row in rows.items() if row}


def series_of(hand_ins: Iterable[HandIn]) -> list[list[HandIn]]:
    """Varje students inlämningar av varje övning, den äldsta först."""
    series: dict[tuple[str, str], list[HandIn]] = defaultdict(list)
    for one in hand_ins:
        series[one.student, one.exercise].append(one)
    return list(series.values())


def fates(hand_ins: Iterable[HandIn]) -> list[Fate]:
    """Hur det gick för varje misstag, det vanligaste först."""
    found: dict[tuple[str, str], Fate] = {}
    for series in series_of(hand_ins):
        first = {one.mistake: place for place, one in reversed(list(enumerate(series)))}
        for mistake, place in first.items():
            if mistake:
                key = series[0].exercise, mistake
                fate = found.get(key) or Fate(*key, _text_of(series[place]))
                outcome = _outcome(mistake, series[place + 1 :])
                found[key] = replace(fate, **{outcome: getattr(fate, outcome) + 1})
    return sorted(found.values(), key=lambda one: (-one.n_students, one.exercise, one.mistake))


def _outcome(mistake: str, later: Sequence[HandIn]) -> str:
    """Fältet i `Fate` som ett misstag räknas i, efter det som studenten lämnade in sedan."""
    if not later:
        return "n_once"
    if later[-1].mistake == mistake:
        return "n_stayed"
    return "n_solved" if later[-1].is_passed else "n_other"


def _text_of(one: HandIn) -> str:
    """Misstagets egen text; de som rättaren själv har härlett står bara i återkopplingen."""
    mistakes = known_mistakes(one.exercise) if one.exercise in EXERCISES else ()
    known = {mistake.id: mistake.text for mistake in mistakes}
    return known.get(one.mistake) or one.text


def still_there(hand_ins: Iterable[HandIn]) -> list[tuple[HandIn, int]]:
    """De som har samma misstag i sina senaste inlämningar, och i hur många i rad."""
    stuck = []
    for series in series_of(hand_ins):
        last = series[-1]
        times = 0
        while times < len(series) and series[-1 - times].mistake == last.mistake:
            times += 1
        if last.mistake and times > 1:
            stuck.append((last, times))
    return sorted(stuck, key=lambda one: (-one[1], one[0].name, one[0].exercise))


# --- sidan ---------------------------------------------------------------------------------------


def term_page(folders: Sequence[Path], hand_ins: Sequence[HandIn]) -> str:
    """Sidan, som HTML."""
    names = [folder.resolve().name for folder in folders]
    shown = names if len(set(names)) == len(names) else [str(folder) for folder in folders]
    again = [series for series in series_of(hand_ins) if len(series) > 1]
    return render(
        "term.html",
        folders=[one_line(name, 60) for name in shown],
        n_students=len({one.student for one in hand_ins}),
        n_again=len({series[0].student for series in again}),
        progress=progress(hand_ins),
        fates=fates(hand_ins),
        stuck=still_there(hand_ins),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Gör sidan; 2 för ett felskrivet kommando."""
    parser = SwedishParser(prog="python kurs.py report")
    add_report_arguments(parser)
    arguments = parser.parse_args(argv)
    try:
        page = term_page(arguments.folders, read_hand_ins(arguments.folders))
        arguments.out.write_text(page, encoding="utf-8")
    except UsageError as error:
        print(f"Fel: {error}", file=sys.stderr)
        return 2
    except OSError:
        print(f"Fel: {arguments.out} gick inte att skriva. Finns mappen?", file=sys.stderr)
        return 1
    print(f"Terminens rapport: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
