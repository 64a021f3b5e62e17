"""Rätta inlämningar: `python kurs.py grade SÖKVÄG…` (eller `python -m dqn_helpers.autograder`).

python kurs.py grade inlamningar.zip                hela klassen, resultaten i mappen `rattning`
python kurs.py grade anna.ipynb --seed 7 --only 5.1   en enda bedömning, med samma fall som då
"""

import argparse
import contextlib
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from tqdm import tqdm

from dqn_helpers.autograder import ROOT
from dqn_helpers.autograder.arguments import ALONE, MAX_NOTEBOOKS, add_grade_arguments
from dqn_helpers.autograder.batch import grade_all
from dqn_helpers.autograder.catalogue import require_content
from dqn_helpers.autograder.grade import Settings
from dqn_helpers.autograder.result import ClassResult, SubmissionResult
from dqn_helpers.counting import agreeing, counted
from dqn_helpers.exercises.syllabus import SYLLABUS, book_of, notebook_of
from dqn_helpers.studies.cluster import NO_DASK, ClusterError, ClusterLostError
from dqn_helpers.submission.collect import Submission, UsageError, find_submissions
from dqn_helpers.swedish_arguments import SwedishParser
from dqn_helpers.teacher.grade_limits import (
    DEFAULT_FILE,
    GradeLimits,
    GradeLimitsError,
    load_grade_limits,
)
from dqn_helpers.teacher.gradebook import (
    CanvasFill,
    GradebookError,
    change_lines,
    fill_canvas,
    not_assessed,
)
from dqn_helpers.teacher.junit import junit_xml
from dqn_helpers.teacher.ladok import fill_ladok
from dqn_helpers.teacher.lock import BusyError, locked
from dqn_helpers.teacher.moodle import MoodleWorksheet, fill_moodle
from dqn_helpers.teacher.one_file import print_one
from dqn_helpers.teacher.overrides import (
    FILE_NAME,
    Overrides,
    applicable,
    load_overrides,
    problems,
)
from dqn_helpers.teacher.report.summary import summary_lines
from dqn_helpers.teacher.reports import CANNOT_WRITE, ReportError, final, write_reports
from dqn_helpers.teacher.store import (
    FileWatch,
    Store,
    StoreError,
    class_seed,
    handed_in,
    write_whole,
)
from dqn_helpers.teacher.students import FILE_NAME as STUDENTS
from dqn_helpers.teacher.students import (
    Answers,
    Person,
    identified,
    read_answers,
    read_moodle_people,
    read_people,
)

WRONG_USAGE, INTERRUPTED = 2, 130
MAX_LIMIT = 3600
CANVAS, MOODLE, LADOK = "canvas.csv", "moodle.csv", "ladok.csv"

BASIC_WARNING = (
    "VARNING: den här datorn kan inte hägna in studenternas kod (isolation: basic). En elak "
    "inlämning kan läsa och ändra dina filer, facit, andras inlämningar och resultaten, alltså "
    "också poängen, och använda nätet. Rätta här bara studenter som du litar på. Andra rättar du i "
    "WSL 2, på en dator med Linux eller i en container. Orsak: "
)


def parser() -> argparse.ArgumentParser:
    """Kommandots val."""
    made = SwedishParser(prog="python kurs.py grade")
    add_grade_arguments(made)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Kör kommandot; 0 när varje inlämning har ett resultat, 2 för ett felskrivet kommando."""
    arguments = parser().parse_args(argv)
    try:
        return _grade(arguments)
    except (UsageError, GradeLimitsError, GradebookError, StoreError, ClusterError) as error:
        print(f"Fel: {error}", file=sys.stderr)
        return WRONG_USAGE
    except (ReportError, BusyError) as error:
        print(f"Fel: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nRättningen är avbruten.", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:  # full disk, eller en fil som ett annat program har låst
        if error.filename is None:
            raise
        print(f"Fel: {error.filename} gick inte att läsa eller skriva. Är disken full, "
              "eller filen öppen i ett annat program? Rätta till det och kör samma kommando med "
              "--resume.", file=sys.stderr)  # fmt: skip
        return 1


def _grade(arguments: argparse.Namespace) -> int:
    _check(arguments)
    require_content()
    limits = load_grade_limits(arguments.limits or DEFAULT_FILE)
    exercises, names = _only(arguments.only)
    if arguments.json or arguments.markdown:
        return print_one(arguments, exercises, limits)
    handed_in_files = find_submissions(arguments.paths, MAX_NOTEBOOKS)
    submissions = [one for one in handed_in_files if _is_chosen(one, names)]
    if not submissions:
        raise UsageError(_nothing_to_grade(names))
    with locked(arguments.out):
        return _grade_in_folder(arguments, submissions, exercises, limits)


def _grade_in_folder(
    arguments: argparse.Namespace,
    submissions: Sequence[Submission],
    exercises: tuple[str, ...],
    limits: GradeLimits,
) -> int:
    """Rätta, när ingen annan arbetar i mappen."""
    out = arguments.out / ALONE if arguments.only else arguments.out
    store = Store(out, arguments.resume, fresh=bool(arguments.only) or arguments.replace)
    settings = _settings(arguments, store, exercises)
    store.begin(settings, submissions, arguments.paths)
    files = counted(len(submissions), "fil", "filer")
    print(f"Rättar {files} med fröet {settings.seed}.", file=sys.stderr)
    for notice in store.notices:
        print(notice, file=sys.stderr)
    overrides = load_overrides(arguments.out)  # före studenternas kod, som i basic kan ändra dem
    store.watch.guard([arguments.out / FILE_NAME, *_guarded(arguments)])
    with _grader(arguments) as grade:
        finished = _grade_with_progress(store, settings, arguments.jobs, grade)
    store.watch.check()
    if store.leaves_earlier:
        return _left_as_it_was(store, out)
    if arguments.only:
        overrides = applicable(store.results(), overrides)
    results, told = _write(arguments, store, out, overrides, limits)
    if (
        tuple(store.watch.check()) != results.changed_files
    ):  # ändrat medan vi skrev: säg det överallt
        results, told = _write(arguments, store, out, overrides, limits)
    _print_summary(results, store, out, problems(store.results(), overrides))
    print("\n".join(told), end="\n" if told else "")  # sist: det är det som läraren bad om
    return 0 if finished else _interrupted(store)


def _settings(arguments: argparse.Namespace, store: Store, exercises: tuple[str, ...]) -> Settings:
    """Frö och tidsgräns. En enstaka bedömning får klassens frö, så att poängen blir desamma."""
    known = class_seed(arguments.out) if arguments.only else None
    if arguments.only and arguments.seed is None:
        return store.settings(known, arguments.limit, exercises)
    if known not in (None, arguments.seed):
        print(f"Klassen i {arguments.out} är rättad med fröet {known}, inte {arguments.seed}. "
              "Därför kan poängen här bli andra.", file=sys.stderr)  # fmt: skip
    return store.settings(arguments.seed, arguments.limit, exercises)


def _left_as_it_was(store: Store, out: Path) -> int:
    """Rättningen skulle ersätta en tidigare men blev avbruten: då får den gamla stå kvar."""
    store.save_work()
    print(f"\nAVBRUTET: den tidigare rättningen i {out} står kvar som den var. Kör samma kommando "
          "med --resume, så ersätts den när allt är rättat.", file=sys.stderr)  # fmt: skip
    return INTERRUPTED


def _write(
    arguments: argparse.Namespace,
    store: Store,
    out: Path,
    overrides: Overrides,
    limits: GradeLimits,
) -> tuple[ClassResult, list[str]]:
    """Skriv allt som ska finnas i utmappen.

    Ger resultaten så som de står där, och raderna om lärplattformens listor.
    """
    graded = _identified(arguments, store)
    results = final(graded, overrides, limits)
    store.save(results)
    write_reports(out, graded, overrides, limits, store.watch)
    return results, _write_extras(arguments, out, results, store.watch)


def _identified(arguments: argparse.Namespace, store: Store) -> ClassResult:
    """Resultaten med de namn som läraren och omdömesboken ger. Svaren sparas till nästa gång."""
    saved = arguments.out / STUDENTS
    if arguments.students:
        data = arguments.students.read_bytes()
        if write_whole(arguments.out, {STUDENTS: data}, store.watch):
            raise ReportError(CANNOT_WRITE.format(files=STUDENTS, out=arguments.out))
    answers = read_answers(saved) if saved.exists() else Answers()
    people = read_people(arguments.canvas) if arguments.canvas else []
    people += read_moodle_people(arguments.moodle) if arguments.moodle else []
    if people:  # listan sparas till nästa gång, som svaren
        store.people = list(map(asdict, people))
    named = identified(store.results(), answers, [Person(**one) for one in store.people])
    return replace(named, unclear=(), not_handed_in=()) if arguments.only else named


def _guarded(arguments: argparse.Namespace) -> list[Path]:
    """Det som avgör poängen och som studenternas kod inte ska kunna ändra."""
    ours = [ROOT / name for name in ("solutions", "dqn_helpers")]
    names = (arguments.limits, arguments.canvas, arguments.students, arguments.ladok,
             arguments.moodle)  # fmt: skip
    given = [file for file in names if file]
    return [*ours, *given, *handed_in(arguments.paths)]


def _interrupted(store: Store) -> int:
    """Säg sist av allt att rapporten inte är hel: annars ser den ut som klassens."""
    left, every = len(store.waiting), counted(len(store.submissions), "fil", "filer")
    graded = agreeing(left, "rättad", "rättade")
    print(f"\nAVBRUTET: {left} av {every} är inte {graded} och saknas i rapporten, eller står där "
          "som förut. Kör samma kommando med --resume.", file=sys.stderr)  # fmt: skip
    return INTERRUPTED


def _nothing_to_grade(names: Sequence[str]) -> str:
    if names:
        return (f"Ingen inlämnad fil har {' eller '.join(names)} i namnet. --only vill ha en "
                "övning (5.1), en anteckningsbok (05) eller en del av ett filnamn.")  # fmt: skip
    return ("Det fanns inga inlämningar att rätta där. Peka ut en .ipynb, en mapp eller en .zip "
            "med anteckningsböcker.")  # fmt: skip


def _check(arguments: argparse.Namespace) -> None:
    if arguments.jobs < 1:
        raise UsageError(f"--jobs är {arguments.jobs}, men ska vara minst 1.")
    if arguments.limit is not None and not 0 < arguments.limit <= MAX_LIMIT:
        limit = f"{arguments.limit:g}".replace(".", ",")
        raise UsageError(f"--limit är {limit}, men ska vara mer än 0 och högst {MAX_LIMIT} "
                         "sekunder.")  # fmt: skip
    read = (arguments.canvas, arguments.limits, arguments.students, arguments.ladok)
    for file in (*read, arguments.moodle):
        if file and not file.is_file():
            raise UsageError(f"{file} finns inte.")
    if arguments.column and not arguments.canvas:
        raise UsageError("--canvas och --column hör ihop: ange både filen och uppgiftens namn.")
    if arguments.canvas:  # ett fel i den ska synas nu, inte när alla är rättade
        read_people(arguments.canvas)
    if arguments.column:
        _filled(arguments, ClassResult(0, "basic"))
    if arguments.moodle:
        MoodleWorksheet(arguments.moodle)
    if arguments.ladok:
        _check_ladok(arguments)


def _check_ladok(arguments: argparse.Namespace) -> None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", arguments.date):
        raise UsageError("--ladok vill ha ett examinationsdatum: --date 2026-01-15.")
    fill_ladok(arguments.ladok, ClassResult(0, "basic"), arguments.date)


def _only(wanted: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Det som ska rättas: övningarnas nummer (tomt: alla), och delar av filnamn (tomt: alla)."""
    words = [_as_in_the_course(word) for word in wanted]
    exercises = [n for word in words for n in SYLLABUS if word in (n, notebook_of(n), book_of(n))]
    known = {*SYLLABUS, *map(notebook_of, SYLLABUS), *map(book_of, SYLLABUS)}
    for word in words:
        if _is_number(word) and word not in known:
            raise UsageError(f"--only {word}: övningen finns inte. Välj bland "
                             f"{', '.join(SYLLABUS)}.")  # fmt: skip
    return tuple(dict.fromkeys(exercises)), tuple(word for word in words if word not in known)


def _as_in_the_course(word: str) -> str:
    """Numret som kursen skriver det: 5.1 för 5,1, 05 för 5 och 01a för 1A."""
    book = re.fullmatch(r"0?(\d[ab]?)", word.lower())
    if book:
        return f"0{book[1]}"
    return word.replace(",", ".") if _is_number(word) else word


def _is_number(word: str) -> bool:
    """Sant för det som är skrivet som en övnings nummer."""
    return re.fullmatch(r"\d[.,]\d", word) is not None


def _is_chosen(submission: Submission, names: Sequence[str]) -> bool:
    return not names or any(_plain(name) in _plain(submission.file) for name in names)


def _plain(text: str) -> str:
    """Texten så att den kan jämföras: macOS skriver ö som o och två prickar."""
    return unicodedata.normalize("NFC", text).casefold()


GradeAll = Callable[
    [Sequence[Submission], Settings, int], Iterable[tuple[Submission, SubmissionResult]]
]


@contextlib.contextmanager
def _grader(arguments: argparse.Namespace) -> Iterator[GradeAll]:
    """Det som rättar alla: den här datorn, eller ett kluster."""
    if not arguments.dask:
        yield grade_all
        return
    try:
        from dqn_helpers.teacher.cluster import graders
    except ImportError:  # Dask är en valfri del av kursen
        raise ClusterError(NO_DASK) from None
    with graders(arguments.dask, arguments.jobs, arguments.isolation) as cluster:
        yield cluster.grade_all


def _grade_with_progress(store: Store, settings: Settings, jobs: int, grade: GradeAll) -> bool:
    """Rätta det som inte är gjort; sant om allt hanns med. Ctrl-C behåller det som är klart."""
    waiting = store.waiting
    bar = tqdm(
        total=len(store.submissions),
        initial=len(store.submissions) - len(waiting),
        bar_format="{desc}{percentage:3.0f} % |{bar}| {n_fmt} av {total_fmt}, {remaining} kvar",
        file=sys.stderr,
        disable=not waiting,
    )
    try:
        with bar:
            for submission, graded in grade(waiting, settings, jobs):
                store.add(submission, graded)
                bar.update()
    except ClusterLostError as error:
        print(f"\n{error} Det som är rättat sparas; --resume fortsätter.", file=sys.stderr)
        return False
    except KeyboardInterrupt:
        said = "Rättningen är avbruten. Det som är rättat sparas; --resume fortsätter."
        print(f"\n{said}", file=sys.stderr)
        return False
    return True


def _write_extras(
    arguments: argparse.Namespace, out: Path, results: ClassResult, watch: FileWatch
) -> list[str]:
    """Skriv det som inte alltid begärs; ger raderna om lärplattformens listor."""
    if arguments.junit:
        xml = junit_xml(results).encode("utf-8")
        try:
            arguments.junit.write_bytes(xml)
        except OSError:
            raise ReportError(f"Det gick inte att skriva {arguments.junit}. Finns mappen, och får "
                              "du skriva där?") from None  # fmt: skip
        watch.wrote(arguments.junit, xml)
    told: list[str] = []
    tables = {
        CANVAS: _canvas_table(arguments, results, told).encode(),
        MOODLE: _moodle_table(arguments, results, told).encode(),
        LADOK: _ladok_table(arguments, results, told),
    }
    for name, data in tables.items():
        told += _write_table(arguments, out, name, data, watch)
    return told


def _canvas_table(arguments: argparse.Namespace, results: ClassResult, told: list[str]) -> str:
    """Omdömesboken med kolumnen ifylld; tom om ingen begärdes."""
    if not arguments.column:
        return ""
    filled = _filled(arguments, results)
    what = f"Canvas, kolumnen {arguments.column} (bok {filled.books})"
    told += _about_filling(filled, what, "omdömesboken")
    told += not_assessed(results) if arguments.letters else []
    return filled.text


def _moodle_table(arguments: argparse.Namespace, results: ClassResult, told: list[str]) -> str:
    """Moodles blad med poängen ifyllda; tom om ingen begärdes."""
    if not arguments.moodle or arguments.only:
        return ""
    books = [_as_in_the_course(book) for book in arguments.books]
    try:
        filled = fill_moodle(arguments.moodle, results, books, lower=arguments.allow_lower)
    except GradebookError as error:  # bladet gav ändå namnen, och rapporterna är skrivna
        told.append(f"\nMoodles blad är inte ifyllt. {error}")
        return ""
    told += _about_filling(filled, f"Moodle (bok {filled.books})", "Moodles blad")
    return filled.text


def _about_filling(filled: CanvasFill, what: str, where: str) -> Iterator[str]:
    """Vad som ändrades, och vilka filer som inte gav någon poäng."""
    yield f"\n{what}: {counted(filled.filled, 'rad', 'rader')} fylls i."
    yield from change_lines(filled.changes)
    for file in filled.left_alone:
        yield f"  {file}: filen gav inget, för den gick inte att läsa eller måste bedömas för hand."
    for file in filled.unknown:
        yield f"  {file}: filen gav inget, för studenten finns inte i {where}."
    for file in filled.elsewhere:
        yield f"  {file}: filen gav inget, för studenten har inte lämnat in bok {filled.books}."


def _filled(arguments: argparse.Namespace, results: ClassResult) -> CanvasFill:
    books = [_as_in_the_course(book) for book in arguments.books]
    return fill_canvas(
        arguments.canvas, arguments.column, results, books,
        lower=arguments.allow_lower, letters=arguments.letters,
    )  # fmt: skip


def _ladok_table(arguments: argparse.Namespace, results: ClassResult, told: list[str]) -> bytes:
    """Ladoks lista med betyg; tom om ingen begärdes."""
    if not arguments.ladok:
        return b""
    filled = fill_ladok(arguments.ladok, results, arguments.date)
    n_filled = sum(not one.refused for one in filled.changes)
    told.append(f"\nLadok: {counted(n_filled, 'rad', 'rader')} fylls i.")
    told += change_lines(filled.changes)
    told += not_assessed(results)
    for file in filled.unknown:
        told.append(f"  {file}: filen har ett betyg, men studenten finns inte i listan ur Ladok.")
    return filled.data


def _write_table(
    arguments: argparse.Namespace, out: Path, name: str, data: bytes, watch: FileWatch
) -> Iterator[str]:
    """Skriv kopian och säg det; en från en tidigare rättning får inte bli kvar."""
    if data and not arguments.dry_run:
        if write_whole(out, {name: data}, watch):
            raise ReportError(CANNOT_WRITE.format(files=name, out=out))
        yield f"Kopian: {out / name}"
    elif data:
        yield f"Inget är skrivet. Utan --dry-run skrivs kopian {out / name}."
    if (out / name).is_file() and (arguments.dry_run or not data):
        (out / name).unlink()
        yield f"{out / name} var från en tidigare rättning och är borttagen."


def _people_lines(results: ClassResult) -> Iterator[str]:
    if results.unclear:
        yield ("Vem är vem? Det här är oklart. Svara i en CSV-fil med kolumnerna fil;student, och "
               "kör igen med --students FIL --resume:")  # fmt: skip
        yield from (f"  {question}" for question in results.unclear)
    if results.not_handed_in:
        missing = results.not_handed_in
        students = counted(len(missing), "student", "studenter")
        yield f"{students} har inte lämnat in: {'; '.join(missing)}"


def _print_summary(results: ClassResult, store: Store, out: Path, warnings: Sequence[str]) -> None:
    for line in (*summary_lines(results), *_people_lines(results), *warnings):
        print(line)
    if results.isolation == "basic":
        reasons = store.isolation_reasons() or ["datorn kör inte Linux"]
        print(BASIC_WARNING + "; ".join(reasons), file=sys.stderr)
    print(f"\nRapporten: {out / 'rapport.html'}")
    print(f"Betygsfilen: {out / 'resultat.csv'}   Sidorna till studenterna: {out / 'feedback'}")
