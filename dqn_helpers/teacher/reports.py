"""Alla rapporter: studenternas sidor, klassens sida och filen till betygskatalogen.

Samma resultat ger samma filer, byte för byte.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dqn_helpers.autograder.file_watch import FileWatch
from dqn_helpers.autograder.report.class_page import class_report
from dqn_helpers.autograder.report.html import GENERATOR
from dqn_helpers.autograder.report.page_names import page_names
from dqn_helpers.autograder.report.student_page import feedback_page
from dqn_helpers.autograder.result import ClassResult
from dqn_helpers.teacher.grade_limits import GradeLimits, with_letters
from dqn_helpers.teacher.gradebook import result_csv
from dqn_helpers.teacher.overrides import Overrides, apply, problems


class ReportError(OSError):
    """En rapport gick inte att skriva; meddelandet säger varför."""


def final(results: ClassResult, overrides: Overrides, limits: GradeLimits) -> ClassResult:
    """Resultaten med examinatorns ändringar och med betyg: så som de står i rapporterna."""
    return with_letters(apply(results, overrides), limits)


def write_reports(
    out: Path,
    results: ClassResult,
    overrides: Overrides,
    limits: GradeLimits,
    paths: Sequence[Path] = (),
    watch: FileWatch | None = None,
) -> None:
    """Skriv `feedback/*.html`, `rapport.html` och `resultat.csv` i `out`.

    Args:
        out: utmappen; den görs om den saknas.
        results: rättarens resultat.
        overrides: examinatorns ändringar (`load_overrides`).
        limits: betygsgränserna (`load_grade_limits`).
        paths: det som rättades, till kommandot som gör om en dom.
        watch: vakten som ska få veta vad som skrevs.

    Raises:
        ReportError: om någon fil inte går att skriva; de andra är då ändå skrivna.
    """
    shown = final(results, overrides, limits)
    pages = page_names([submission.file for submission in shown.submissions])
    files = _feedback_pages(shown, pages)
    files["rapport.html"] = class_report(shown, pages, problems(results, overrides), paths)
    files["resultat.csv"] = result_csv(shown)
    _write_all(out, files, watch or FileWatch())
    _remove_old_pages(out / "feedback", pages)


def _feedback_pages(results: ClassResult, pages: Iterable[str]) -> dict[str, str]:
    return {
        f"feedback/{page}": feedback_page(submission, results.isolation)
        for page, submission in zip(pages, results.submissions, strict=True)
    }


def _write_all(out: Path, files: Mapping[str, str], watch: FileWatch) -> None:
    (out / "feedback").mkdir(parents=True, exist_ok=True)
    failed = [name for name, text in files.items() if not _write(out / name, text, watch)]
    if failed:
        raise ReportError(
            f"Det gick inte att skriva {', '.join(failed[:5])} i {out}. Är filen öppen i ett annat "
            "program, till exempel Excel? Stäng den och kör kommandot igen."
        )


def _write(path: Path, text: str, watch: FileWatch) -> bool:
    data = text.encode("utf-8")
    try:
        path.write_bytes(data)
    except OSError:
        return False
    watch.wrote(path, data)
    return True


def _remove_old_pages(folder: Path, pages: Iterable[str]) -> None:
    """Ta bort sidor från en tidigare rättning; andras filer i mappen rörs inte."""
    current = {page.lower() for page in pages}
    for path in [p for p in sorted(folder.glob("*.html")) if p.name.lower() not in current]:
        with path.open(encoding="utf-8", errors="replace") as file:
            is_ours = f'content="{GENERATOR}' in file.read(1_000)
        if is_ours:
            path.unlink()
