"""Se efter, innan du lämnar in, att rättaren hittar allt i den sparade boken. Inget i den körs.

    python kurs.py kontrollera 05

Rättaren läser filen på disken, så det som bara syns i webbläsaren finns inte för den. Filen läses
här med samma kod som rättaren läser den med.
"""

import ast
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from dqn_helpers.counting import as_sentence
from dqn_helpers.exercises.registry import EXERCISES
from dqn_helpers.exercises.syllabus import NUMBER_OF, WRITTEN, exercises_of
from dqn_helpers.submission.collect import Submission, UsageError, find_submissions
from dqn_helpers.submission.extract import Slices, did_you_mean, is_stub, slice_notebook
from dqn_helpers.submission.written import ANSWER, PREDICTION, casino_code_of, written_in

KNOWN_MODULES = frozenset(sys.stdlib_module_names) | {
    *("dqn_helpers", "gymnasium", "IPython", "matplotlib", "numpy", "PIL", "torch", "tqdm"),
}
"""De moduler som alla som har kursen har, rättaren också."""


def check_saved(file: str | Path) -> None:
    """Skriv ut vad rättaren ser i den sparade boken.

    Args:
        file: sökvägen till boken.
    """
    path = Path(file)
    if not path.is_file():
        print(f"Filen {path} finns inte här. Spara boken (Ctrl-S), och se efter att du står i "
              "mappen där den ligger.")  # fmt: skip
        return
    saved = time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime))
    print(f"Så här läser rättaren {path.name}, som sparades {saved}:")
    print("\n".join(f"- {sentence}" for sentence in what_the_grader_sees(path)))
    print("Kontrollerna i boken säger om lösningarna är rätt. Har du ändrat något sedan filen "
          "sparades sparar du den igen.")  # fmt: skip


def what_the_grader_sees(path: Path) -> list[str]:
    """En mening om varje övning i boken, och om varje sak som rättaren inte kan läsa.

    Raises:
        UsageError: om filen inte är något som går att lämna in.
    """
    submission = next(find_submissions([path]))
    if submission.problem:
        return [submission.problem]
    slices = slice_notebook(submission.cells, list(NUMBER_OF))
    numbers = exercises_of(submission.notebook) if submission.notebook else [
        number for number in EXERCISES if EXERCISES[number].name in slices.names
    ]  # fmt: skip
    if not numbers:
        return ["Filen har inga av kursens övningar. Är det rätt fil?"]
    sentences = [_about(number, slices) for number in numbers if number in EXERCISES]
    if set(numbers) & set(WRITTEN):
        sentences += _about_the_reflection(submission)
    notes = map(as_sentence, slices.notes)
    unread = (as_sentence(f"Cellen går inte att läsa: {e}") for e in slices.syntax_errors)
    modules = sorted(set(_unknown_modules(slices)))
    missing = (
        f"Modulen `{module}` är inte en av dem som kursen använder, så rättaren har den inte. Är "
        "den en egen fil behöver koden i den stå i boken."
        for module in modules
    )
    return [*sentences, *notes, *filter(None, [submission.note]), *unread, *missing]


def _about(number: str, slices: Slices) -> str:
    """Om övningens funktion finns, och om den är skriven."""
    name = EXERCISES[number].name
    if name not in slices.names:
        advice = did_you_mean(name, slices.names)
        return f"{number}: `{name}` finns inte i filen, så övningen ger inga poäng.{advice}"
    defined = list(_definitions(name, slices))  # inga om den är en lambda eller ett annat namn
    if defined and all(map(is_stub, defined)):
        return f"{number}: `{name}` är inte löst än."
    return f"{number}: `{name}` finns."


def _definitions(name: str, slices: Slices) -> Iterator[ast.stmt]:
    """Funktionerna och klasserna med det namnet, i det som rättaren skulle köra."""
    for cell in slices.needed.get(name, ()):
        for statement in ast.parse(cell.text).body:
            if getattr(statement, "name", "") == name:
                yield statement


def _about_the_reflection(submission: Submission) -> Iterator[str]:
    """Om det som läraren läser: gissningen, svaret och det egna kasinot."""
    if not casino_code_of(submission):
        yield (
            "5.4: `min_kod` är tom, så läraren ser inte vilket kasino som är ditt. Skriv ditt namn "
            "eller användarnamn mellan citattecknen, kör cellerna igen och spara."
        )
    for cell, what, missing in (
        (PREDICTION, "gissningen", "är inte skriven"),
        (ANSWER, "svaret", "är inte skrivet"),
    ):
        n_words = len(written_in(submission, cell).split())
        yield f"5.4: {what} har {n_words} ord." if n_words else f"5.4: {what} {missing} än."


def _unknown_modules(slices: Slices) -> Iterator[str]:
    """De moduler som övningarna importerar och som rättaren inte har."""
    for cells in slices.needed.values():
        for node in (node for cell in cells for node in ast.walk(ast.parse(cell.text))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or "."]
            else:
                continue
            tops = (module.split(".")[0] for module in modules)
            yield from (top for top in tops if top not in KNOWN_MODULES)


def main(arguments: Sequence[str]) -> int:
    """Kommandot: sökvägarna till böckerna. Ger 2 om en av dem inte går att lämna in."""
    for file in arguments:
        try:
            check_saved(file)
        except UsageError as error:
            print(error, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
