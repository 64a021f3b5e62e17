"""Kursens rättare i Gradescope: en zip-fil att ladda upp, och det som körs i deras container.

    python kurs.py release --gradescope FIL.zip --book 05    gör zip-filen
    python -m dqn_helpers.teacher.gradescope MAPP            i containern, för varje inlämning

Gradescope packar upp zip-filen i `/autograder/source`, kör `setup.sh` en gång och `run_autograder`
för varje inlämning, båda som root. Root startar rättaren. Studentens kod körs i dess inhägnad, på
den nivå som containern klarar, och dessutom av användaren `nobody`, som inte når facit, andras
inlämningar eller resultatet. Går rättaren själv sönder skrivs inget resultat: Gradescope säger då
till läraren, och ingen student får 0 för det.
"""

import hashlib
import json
import secrets
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dqn_helpers.autograder.arguments import LIMIT
from dqn_helpers.autograder.grade import Settings, without_run
from dqn_helpers.autograder.processes import STUDENT, student_user
from dqn_helpers.autograder.result import (
    ClassResult,
    ExerciseResult,
    Json,
    SubmissionResult,
    points_text,
)
from dqn_helpers.counting import listed
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.syllabus import exercises_of
from dqn_helpers.installing import CPU_INDEX
from dqn_helpers.submission.collect import UsageError
from dqn_helpers.teacher.grade_limits import NOTEBOOKS, graded_exercises
from dqn_helpers.teacher.one_file import exercise_text, file_text, grade_files
from dqn_helpers.teacher.report.words import ISOLATION

SETTINGS_FILE = "installningar.json"
FILES = ("README.md", "pyproject.toml", "constraints.txt")
FOLDERS = ("dqn_helpers", "notebooks", "solutions")
COURSE = "kurs"  # mappen i zip-filen

SETUP = f"""\
#!/usr/bin/env bash
# Körs av root, en gång, när Gradescope bygger sin avbild. Finns redan en Python med kursens paket,
# som i en egen avbild, anges den i KURS_PYTHON och inget installeras.
set -euo pipefail
root="${{AUTOGRADER_ROOT:-/autograder}}"
course="$root/source/{COURSE}"

if [ -z "${{KURS_PYTHON:-}}" ]; then
    python=python3 packages=(python3-venv)
    if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        python=python3.11 packages=(python3.11 python3.11-venv)
    fi
    apt-get update
    apt-get install -y --no-install-recommends libseccomp2 "${{packages[@]}}"
    "$python" -m venv "$root/venv"
    "$root/venv/bin/python" -m pip install --no-cache-dir \\
        --extra-index-url {CPU_INDEX} \\
        -c "$course/constraints.txt" -e "$course[larare]"
fi

# Det som studentens kod behöver läsa, och inget mer.
chmod 711 "$root" "$root/source"
chmod 755 "$course"  # Python listar mappen för att hitta dqn_helpers
chmod -R go+rX "$course/dqn_helpers" "$course/notebooks"
chmod 700 "$course/solutions"
chmod 600 "$root/source/{SETTINGS_FILE}"
"""

RUN = f"""\
#!/usr/bin/env bash
# Körs av root för varje inlämning. Resultatet skrivs i results/results.json.
set -euo pipefail
root="${{AUTOGRADER_ROOT:-/autograder}}"
mkdir -p "$root/results"
chmod 700 "$root/results" "$root/submission"
[ ! -e "$root/submission_metadata.json" ] || chmod 600 "$root/submission_metadata.json"
cd "$root/source/{COURSE}"
export {STUDENT}="${{{STUDENT}-nobody}}"
exec "${{KURS_PYTHON:-$root/venv/bin/python}}" -m dqn_helpers.teacher.gradescope "$root"
"""

NOTHING = (
    "Ingen av filerna har övningarna i bok {book}. Lämna in din anteckningsbok, ”{book}_….ipynb”."
)
SEVERAL = "Flera filer har övningar ur bok {book}. Den som gav flest poäng räknas: {file}."
WAITING = "{number} bedöms av läraren och kan ge {points} poäng till."
PRELIMINARY = "Poängen är preliminär: examinator beslutar."


class BrokenError(Exception):
    """Rättaren gick sönder, så inlämningen får inga poäng förrän en människa har tittat på den."""


# --- zip-filen -----------------------------------------------------------------------------------


def write_autograder(root: Path, target: Path, book: str) -> int:
    """Skriv zip-filen till Gradescope; ger antalet filer i den.

    Args:
        root: projektets mapp.
        target: zip-filen.
        book: anteckningsboken som uppgiften gäller, "05".

    Raises:
        UsageError: om boken inte har några övningar som rättas av kod.
    """
    if book not in NOTEBOOKS:
        raise UsageError(f"--book {book}: boken finns inte. Välj bland {', '.join(NOTEBOOKS)}.")
    settings = {"book": book, "secret": secrets.token_hex(16)}
    scripts = {"setup.sh": SETUP, "run_autograder": RUN}
    files = [(path, f"{COURSE}/{path.relative_to(root).as_posix()}") for path in _course(root)]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in scripts.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o755 << 16
            archive.writestr(info, text, zipfile.ZIP_DEFLATED)
        archive.writestr(SETTINGS_FILE, json.dumps(settings))
        for path, name in files:
            archive.write(path, name)
    return len(scripts) + 1 + len(files)


def _course(root: Path) -> Iterator[Path]:
    """Kursens filer med rättare och facit, men inget som har blivit till av sig självt."""
    yield from (root / name for name in FILES)
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in parts):
                yield path


# --- i containern --------------------------------------------------------------------------------


def results_json(results: ClassResult, book: str, seconds: float = 0.0) -> Json:
    """Innehållet i Gradescopes results.json.

    Det som studenten har skrivit kan stå i texterna, så ingen av dem tolkas (`text`).

    Args:
        results: de inlämnade filernas resultat.
        book: anteckningsboken som uppgiften gäller.
        seconds: tiden som rättningen tog.

    Raises:
        BrokenError: om rättaren gick sönder på någon övning.
    """
    chosen = _counted(results.submissions)
    exercises = chosen.exercises if chosen else ()
    return {
        "execution_time": round(seconds),
        "output": "\n\n".join(_output(results, chosen, book)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",  # där står fröet, som bara läraren behöver
        "extra_data": {"isolation": results.isolation, "user": student_user()},
        "tests": [_test(one) for one in exercises if not one.is_waiting] or _zeros(book),
    }


def _counted(submissions: Sequence[SubmissionResult]) -> SubmissionResult | None:
    """Filen som räknas: den med flest poäng av dem som har bokens övningar."""
    broken = [one for one in submissions if one.status == "error" or one.undecided]
    if broken:
        why = broken[0].message or f"{listed(broken[0].undecided)} fick inga poäng."
        raise BrokenError(f"{broken[0].file}: {why}")
    found = [one for one in submissions if one.exercises]
    return max(found, key=lambda one: one.points, default=None)


def _output(results: ClassResult, chosen: SubmissionResult | None, book: str) -> Iterator[str]:
    """Det som gäller hela inlämningen, ett stycke i taget."""
    unreadable = [one for one in results.submissions if one.status == "unreadable"]
    yield from (f"{one.file}: {file_text(one)}" for one in unreadable)
    if chosen is None:
        yield NOTHING.format(book=book)
        return
    if sum(bool(one.exercises) for one in results.submissions) > 1:
        yield SEVERAL.format(book=book, file=chosen.file)
    yield from filter(None, [file_text(chosen)])
    for one in chosen.exercises:
        if one.is_waiting:
            yield WAITING.format(number=one.id, points=points_text(one.max_points))
    isolation = ISOLATION[results.isolation].split(":")[0].lower()
    yield f"{PRELIMINARY} Koden kördes i {isolation}."


def _test(exercise: ExerciseResult) -> Json:
    is_right = exercise.points == exercise.max_points
    return {
        "number": exercise.id,
        "name": exercise.name,
        "score": exercise.points,
        "max_score": exercise.max_points,
        "status": "passed" if is_right else "failed",
        "output": exercise_text(exercise),
        "visibility": "visible",
    }


def _zeros(book: str) -> list[Json]:
    """Bokens övningar utan poäng: utan dem vet Gradescope inte vad uppgiften är värd."""
    missing = [without_run(EXERCISES[number], "missing", "") for number in graded_exercises(book)]
    return [_test(one) for one in missing]


def seed_of(secret: str, metadata: dict[str, Any]) -> int:
    """Fröet för en inlämning: nytt varje gång någon lämnar in, men detsamma när den rättas om.

    Den som lämnar in många gånger kan därför inte prova sig fram till fallen.
    """
    whole = hashlib.sha256(f"{secret} {metadata.get('id', '')}".encode()).digest()
    return int.from_bytes(whole[:5])


def main(argv: Sequence[str] | None = None) -> int:
    """Rätta inlämningen i Gradescopes mapp och skriv results.json; 1 om rättaren gick sönder."""
    (root,) = map(Path, sys.argv[1:] if argv is None else argv)
    settings = json.loads((root / "source" / SETTINGS_FILE).read_text(encoding="utf-8"))
    book, place = settings["book"], root / "submission_metadata.json"
    metadata = json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}
    seed = seed_of(settings["secret"], metadata)
    started = time.monotonic()
    try:
        chosen = Settings(seed, LIMIT, tuple(exercises_of(book)))
        results = grade_files([root / "submission"], chosen)
        answer = results_json(results, book, time.monotonic() - started)
    except Exception as error:
        print(f"Rättaren gick sönder, och inlämningen får inga poäng: {error}", file=sys.stderr)
        return 1
    text = json.dumps(answer, ensure_ascii=False, indent=1)
    (root / "results" / "results.json").write_text(text, encoding="utf-8")
    user = student_user() or "samma användare som rättaren"
    print(f"Det här är bok {book}, med fröet {seed}. Studentens kod kördes av {user}.")
    print(ISOLATION[results.isolation])
    return 0


if __name__ == "__main__":
    sys.exit(main())
