"""Alla rapporter: studenternas sidor, klassens sida och filen till betygskatalogen.

Samma resultat ger samma filer, byte för byte.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dqn_helpers.autograder.class_report import class_report
from dqn_helpers.autograder.feedback_page import feedback_page
from dqn_helpers.autograder.file_watch import FileWatch
from dqn_helpers.autograder.grade_limits import GradeLimits, with_letters
from dqn_helpers.autograder.gradebook import fill_canvas, result_csv
from dqn_helpers.autograder.junit_report import junit_xml
from dqn_helpers.autograder.overrides import Overrides, apply, changes, problems
from dqn_helpers.autograder.page_names import page_names
from dqn_helpers.autograder.report_html import GENERATOR
from dqn_helpers.autograder.report_summary import summary_lines
from dqn_helpers.autograder.report_text import Json

__all__ = ["ReportError", "fill_canvas", "final", "junit_xml", "summary_lines", "write_reports"]


class ReportError(OSError):
    """En rapport gick inte att skriva; meddelandet säger varför."""


def final(results: Json, overrides: Overrides, limits: GradeLimits) -> Json:
    """Resultaten med examinatorns ändringar och med betyg: så som de står i rapporterna."""
    return with_letters(apply(results, overrides), limits)


def write_reports(
    out: Path,
    results: Json,
    details: Mapping[str, Json],
    overrides: Overrides,
    limits: GradeLimits,
    paths: Sequence[Path] = (),
    watch: FileWatch | None = None,
) -> None:
    """Skriv `feedback/*.html`, `rapport.html` och `resultat.csv` i `out`.

    Args:
        out: utmappen; den görs om den saknas.
        results: innehållet i results.json.
        details: per fil det som inte står där: `source`, `notes`, `output`, `reflection`.
        overrides: examinatorns ändringar (`load_overrides`).
        limits: betygsgränserna (`load_grade_limits`).
        paths: det som rättades, till kommandot som gör om en dom.
        watch: vakten som ska få veta vad som skrevs.

    Raises:
        ReportError: om någon fil inte går att skriva; de andra är då ändå skrivna.
    """
    shown = final(results, overrides, limits)
    pages = page_names([submission["file"] for submission in shown["submissions"]])
    files = _feedback_pages(shown, details, pages)
    changed, warnings = changes(results, overrides), problems(results, overrides)
    files["rapport.html"] = class_report(shown, details, pages, changed, warnings, paths)
    files["resultat.csv"] = result_csv(shown)
    _write_all(out, files, watch or FileWatch())
    _remove_old_pages(out / "feedback", pages)


def _feedback_pages(
    results: Json, details: Mapping[str, Json], pages: Iterable[str]
) -> dict[str, str]:
    return {
        f"feedback/{page}": feedback_page(
            submission, details.get(submission["file"], {}), results["isolation"]
        )
        for page, submission in zip(pages, results["submissions"], strict=True)
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
