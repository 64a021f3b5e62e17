"""Klassens sida: poäng per övning och student, de vanligaste misstagen, filer att titta på."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dqn_helpers.autograder.arguments import rules
from dqn_helpers.autograder.result import (
    ClassResult,
    Decision,
    ExerciseResult,
    SubmissionResult,
    assessed_points,
    grade_text,
    points_text,
    remark_texts,
    total,
)
from dqn_helpers.teacher.report.html import render
from dqn_helpers.teacher.report.statistics import (
    Attention,
    best_exercises,
    by_student,
    common_mistakes,
    exercise_names,
    exercise_statistics,
    needing_attention,
)
from dqn_helpers.teacher.report.words import (
    CHANGED_FILES,
    ISOLATION,
    STATUSES,
    clean,
    file_name,
    label,
    named,
    one_line,
    own_name,
    rerun_command,
)

SHORT = {
    "unsolved": "–",
    "missing": "–",
    "syntax_error": "syntax",
    "error": "fel",
    "timeout": "tid",
    "memory": "minne",
    "crashed": "avslut",
    "forbidden": "otillåtet",
    "internal": "för hand",
    "manual": "läses",
}
"""Det som står under poängen i tabellen när något särskilt hände."""


@dataclass(frozen=True)
class CellView:
    """En övning i studentens rad. `level` är 0 till 4 för färgen; talet står alltid där."""

    points: float | None
    level: int
    mark: str
    words: str
    changed: bool


@dataclass(frozen=True)
class RowView:
    """En students rad: namnet, filerna och en ruta per övning.

    En fil är kort namn, helt namn, sida och anmärkning.
    """

    name: str
    files: list[tuple[str, str, str, str]]
    cells: list[CellView | None]
    points: float | None
    max_points: float
    letters: str


def class_report(
    results: ClassResult,
    pages: Sequence[str],
    problems: Sequence[str] = (),
    assessment: str = "",
) -> str:
    """Sidan för klassen, som HTML.

    Args:
        results: resultaten, med examinatorns ändringar.
        pages: återkopplingssidornas filnamn, i samma ordning som inlämningarna.
        problems: varningar om beslut.csv.
        assessment: bedömningssidans filnamn; tomt om den inte finns.
    """
    submissions = results.submissions
    attention = needing_attention(submissions)
    return render(
        "class.html",
        **_numbers(submissions, pages),
        **_about(results),
        attention=[
            (item, pages[item.index], _command(results, item), label(submissions[item.index]))
            for item in attention
        ],
        changes=list(_changes(submissions, pages)),
        problems=[clean(problem, 500) for problem in problems],
        assessment=assessment,
        to_assess=_to_assess(submissions),
        without_reflection=list(_without_reflection(submissions, pages)),
    )


def _numbers(submissions: Sequence[SubmissionResult], pages: Sequence[str]) -> dict[str, Any]:
    names = exercise_names(submissions)
    return {
        "names": names,
        "rows": [_row(submissions, group, pages, list(names)) for group in by_student(submissions)],
        "summary": _summary(submissions),
        "statistics": exercise_statistics(submissions),
        "mistakes": common_mistakes(submissions),
    }


def _about(results: ClassResult) -> dict[str, Any]:
    """Det som gör att rättningen går att granska och köra om."""
    isolation = results.isolation
    return {
        "seed": one_line(results.seed, 40),
        "batches": Counter(sorted(one.batch for one in results.submissions)),
        "rules": rules(results.limit),
        "isolation": isolation,
        "isolation_text": ISOLATION.get(isolation, one_line(isolation, 40)),
        "unclear": results.unclear,
        "not_handed_in": results.not_handed_in,
        "changed_files_text": CHANGED_FILES,
        "changed_files": [one_line(file, 300) for file in results.changed_files],
        "example": _example(results),
    }


def _summary(submissions: Sequence[SubmissionResult]) -> dict[str, float]:
    decided = [
        s for s in submissions if s.complete_points is not None and assessed_points(s.exercises)
    ]
    shares = [s.points / assessed_points(s.exercises) for s in decided]
    return {
        "files": len(submissions),
        "students": len(by_student(submissions)),
        "graded": sum(s.status == "graded" for s in submissions),
        "mean": sum(shares) / len(shares) if shares else 0.0,
    }


def _row(
    submissions: Sequence[SubmissionResult],
    group: Sequence[int],
    pages: Sequence[str],
    numbers: Sequence[str],
) -> RowView:
    mine = [submissions[i] for i in group]
    best = best_exercises(mine)
    counted = [s for s in mine if not s.replaced_by]
    decided = all(s.complete_points is not None for s in counted)
    name = next((named(s) for s in mine if s.student), "")
    return RowView(
        name=name,
        files=sorted(_file(submissions[i], pages[i], bool(name)) for i in group),
        cells=[_cell(best[number]) if number in best else None for number in numbers],
        points=total(list(best.values())) if decided else None,
        max_points=sum(e.max_points for e in best.values()),
        letters=", ".join(one_line(grade_text(s), 50) for s in counted if s.grade),
    )


def _file(submission: SubmissionResult, page: str, by_name: bool) -> tuple[str, str, str, str]:
    """Det som visas, hela namnet, sidan och en anmärkning som att filen kom för sent.

    Står studenten ovanför räcker filens eget namn.
    """
    whole = file_name(submission)
    shown = (own_name(whole, submission.attempt > 0) or whole) if by_name else whole
    remark = submission.message if submission.status == "graded" else ""
    if submission.replaced_by:
        remark = f"Filen räknas inte, för det finns en nyare. {remark}"
    return shown, whole, page, one_line(remark, 200)


def _cell(exercise: ExerciseResult) -> CellView:
    points, status = exercise.points, exercise.status
    share = (points or 0) / exercise.max_points if exercise.max_points else 0
    level = 4 if share >= 1 else 0 if share <= 0 else 1 + int(share * 3 - 1e-9)
    changed = exercise.is_changed
    mark = "" if exercise.decision else SHORT.get(status, "")
    return CellView(points, level, mark, STATUSES[status].word, changed)


def _changes(
    submissions: Sequence[SubmissionResult], pages: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Det som läraren har ändrat, kommenterat eller dragit av, fil för fil."""
    for submission, page in zip(submissions, pages, strict=True):
        for exercise in submission.exercises:
            decision = exercise.decision if exercise.is_changed else None
            if decision or exercise.remarks:
                yield {
                    "file": file_name(submission),
                    "page": page,
                    "exercise": exercise.id,
                    "points": _change(decision) if decision else "",
                    "text": _why(exercise, decision),
                }
        for text in remark_texts(submission.remarks):
            yield {"file": file_name(submission), "page": page, "exercise": "hela filen",
                   "points": "", "text": one_line(text, 2_000)}  # fmt: skip


def _why(exercise: ExerciseResult, decision: Decision | None) -> str:
    """Skälet till ändringen, med den som ändrade, och kommentarerna."""
    who = f" ({decision.who})" if decision and decision.who else ""
    reason = [f"{decision.reason}{who}"] if decision else []
    return one_line(" ".join([*reason, *remark_texts(exercise.remarks)]), 2_000)


def _change(decision: Decision) -> str:
    return f"{points_text(decision.old)} → {points_text(decision.points)}"


def _to_assess(submissions: Sequence[SubmissionResult]) -> dict[str, int]:
    """Hur mycket som läraren har att bedöma på bedömningssidan, och hur mycket som är gjort."""
    written = [e for s in submissions if not s.replaced_by for e in s.exercises
               if e.status == "manual"]  # fmt: skip
    unread = [s for s in submissions if not s.exercises and s.status != "graded"]
    return {"written": len(written), "done": sum(e.decision is not None for e in written),
            "unread": len(unread)}  # fmt: skip


def _without_reflection(
    submissions: Sequence[SubmissionResult], pages: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Filerna med bok 05 där ingen har skrivit någon reflektion, och deras sidor."""
    for submission, page in zip(submissions, pages, strict=True):
        if submission.lacks_reflection:
            yield label(submission), page


def _command(results: ClassResult, item: Attention) -> str:
    submission = results.submissions[item.index]
    return _rerun(results, submission, item.exercise) if item.exercise else ""


def _example(results: ClassResult) -> str:
    """Kommandot för den första bedömningen, som exempel."""
    graded = [s for s in results.submissions if s.exercises]
    if not graded:
        return rerun_command("", results.seed, "5.1")
    return _rerun(results, graded[0], graded[0].exercises[0].id)


def _rerun(results: ClassResult, submission: SubmissionResult, number: str) -> str:
    paths = [Path(path) for path in submission.paths]
    return rerun_command(submission.file, results.seed, number, paths)
