"""Orden i rapporterna, och tvätten av allt som kommer från studenter.

Inget från en inlämning når en rapport utan att ha gått genom `clean`: styrtecken, osynliga tecken
och tecken som vänder skrivriktningen tas bort, och det som är för långt kortas.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from dqn_helpers.autograder.result import ExerciseResult, SubmissionResult
from dqn_helpers.card import Mark
from dqn_helpers.submission.collect import canvas_parts

PRELIMINARY = "Preliminärt – examinator beslutar"

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_MARKS = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_COMBINING = re.compile(f"({_MARKS}{{2}}){_MARKS}+")
_PLAIN_PATH = re.compile(r"[\w./][\w./: ()+,@=-]*")


@dataclass(frozen=True)
class StatusWords:
    """En status i rapporten: läge (tecken och färg), ord och en mening om vad den betyder."""

    mark: Mark
    word: str
    meaning: str = ""


STATUSES: dict[str, StatusWords] = {
    "passed": StatusWords("passed", "Klart"),
    "partial": StatusWords("partial", "Delvis rätt"),
    "failed": StatusWords("failed", "Inte än", "Lösningen kördes, men svaren stämmer inte."),
    "unsolved": StatusWords("unsolved", "Inte löst", "Platsen för lösningen är tom."),
    "missing": StatusWords("unsolved", "Saknas", "Funktionen finns inte i filen."),
    "syntax_error": StatusWords("failed", "Syntaxfel", "Python kan inte läsa cellen."),
    "error": StatusWords("failed", "Fel när koden kördes", "Koden stannade med ett felmeddelande."),
    "timeout": StatusWords(
        "failed", "Tidsgränsen nåddes", "Koden blev inte klar i tid och avbröts."
    ),
    "memory": StatusWords(
        "failed", "Minnesgränsen nåddes", "Koden bad om mer minne än den får ha."
    ),
    "crashed": StatusWords(
        "failed", "Processen avslutades", "Koden avslutade Python medan den rättades."
    ),
    "forbidden": StatusWords(
        "failed",
        "Otillåten åtgärd",
        "Koden försökte göra något som inte går under rättningen, till exempel läsa eller skriva "
        "filer, nå nätet eller starta ett annat program.",
    ),
    "internal": StatusWords(
        "manual",
        "Manuell granskning",
        "Något gick fel i rättaren här. Det är inte ditt fel och ger inte noll poäng, för läraren "
        "bedömer övningen för hand.",
    ),
    "manual": StatusWords(
        "manual", "Bedöms av läraren", "Svaret är skrivet i ord, så läraren läser och bedömer det."
    ),
}
"""Status i results.json → hur den sägs på svenska."""

ASSESSED = StatusWords("manual", "Bedömt av läraren")


def status_words(exercise: ExerciseResult) -> StatusWords:
    """Orden om hur det gick; ett svar som läraren har bedömt väntar inte längre på det."""
    by_teacher = exercise.status == "manual" and exercise.decision is not None
    return ASSESSED if by_teacher else STATUSES[exercise.status]


ISOLATION = {
    "full": "Full inhägnad: varje lösning kördes i en egen process utan åtkomst till filer, nät "
    "eller andra program.",
    "strong": "Stark inhägnad: varje lösning kördes i en egen process som inte kan öppna dina "
    "filer, nå nätet eller starta program. Den kan däremot se vilka filer som finns på datorn, hur "
    "stora de är och när de ändrades, och vad datorn heter.",
    "basic": "Grundläggande inhägnad: varje lösning kördes i en egen process med gränser för tid "
    "och minne, men ingenting annat är skyddat på den här datorn. En elak inlämning kan ha läst "
    "och ändrat dina filer, facit, andras inlämningar och den här mappen, och därmed också "
    "poängen, och den kan ha nått nätet. Rätta här bara studenter som du litar på. Andra rättar du "
    "i WSL 2, på en dator med Linux eller i en container.",
}
"""Inhägnadens nivå i results.json → vad den betyder."""

CHANGED_FILES = (
    "Medan studenternas kod kördes ändrades filer som ingen inlämning ska kunna röra. Har du inte "
    "ändrat dem själv ska du inte lita på resultaten: hämta filerna på nytt och rätta om på en "
    "dator med Linux, i WSL 2 eller i en container. Det gäller"
)
"""Varningen före listan `changed_files` i results.json."""


def clean(text: object, limit: int | None = None) -> str:
    """Texten utan styrtecken och osynliga tecken, högst `limit` tecken lång."""
    whole = str(text)
    kept = whole if limit is None else whole[: limit + 1]
    kept = _ANSI.sub("", kept).replace("\r\n", "\n").replace("\r", "\n")
    # Varje tecken prövas en gång, hur ofta det än står: en klass har miljoner i sina rapporter.
    hidden = [ord(char) for char in set(kept) if char not in "\n\t" and not _is_visible(char)]
    kept = kept.translate(dict.fromkeys(hidden)) if hidden else kept
    kept = _COMBINING.sub(r"\1", kept)
    if limit is not None and len(whole) > limit:
        return f"{kept[:limit].rstrip()} … (avkortat: {len(whole)} tecken i allt)"
    return kept


def _is_visible(char: str) -> bool:
    """Falskt för styrtecken, formattecken (som vänder skriften), halva surrogat och icke-tecken."""
    return char.isprintable() or unicodedata.category(char) in ("Zs", "Co")


def one_line(text: object, limit: int | None = None) -> str:
    """Texten tvättad och på en enda rad."""
    return " ".join(clean(text, limit).split())


def file_name(submission: SubmissionResult) -> str:
    """Inlämningens filnamn så som det visas."""
    return one_line(submission.file, 200) or "(utan namn)"


def named(submission: SubmissionResult) -> str:
    """Studentens namn, och användarnamnet om det är känt: "Anna Ek (annek)"."""
    login = f" ({one_line(submission.login, 60)})" if submission.login else ""
    return f"{one_line(submission.student or '', 100)}{login}"


def label(submission: SubmissionResult) -> str:
    """Vad en fil heter i en lista: studentens namn först, om det är känt, och filens eget namn."""
    whole = file_name(submission)
    if not submission.student:
        return whole
    return f"{named(submission)}: {own_name(whole, submission.attempt > 0) or whole}"


def own_name(file: str, from_canvas: bool = True) -> str:
    """Filens eget namn, utan mappar och utan det som Canvas satte framför."""
    last = path_parts(file)[-1] if path_parts(file) else ""
    return (canvas_parts(last).get("file") if from_canvas else None) or last


def path_parts(file: str) -> list[str]:
    """Mapparna och namnet i ett filnamn, med vanliga eller bakvända snedstreck."""
    return [part for part in re.split(r"[/\\]", file) if part]


def percent_text(share: float) -> str:
    """En andel i hela procent: "67 %"."""
    return f"{100 * share:.0f} %"


def tool_version() -> str:
    """Kurspaketets version, så som den är installerad."""
    try:
        return metadata.version("dqn-helpers")
    except metadata.PackageNotFoundError:
        return "okänd"


def rerun_command(file: str, seed: object, number: str, paths: Sequence[Path] = ()) -> str:
    """Kommandot som gör om en enda bedömning med samma fall.

    Ett filnamn med tecken som en terminal kan tolka skrivs inte ut: det som står här ska gå att
    klistra in utan fara. Då görs övningen om för alla.

    Args:
        file: inlämningens filnamn; tomt för alla.
        seed: rättningens frö.
        number: övningens nummer.
        paths: det som rättades; SÖKVÄG står i stället om det är okänt.
    """
    where = " ".join(_quoted(path.as_posix()) or "SÖKVÄG" for path in paths) or "SÖKVÄG"
    what = f"{number} {_quoted(file)}".rstrip()
    return f"python kurs.py grade {where} --seed {one_line(seed, 40)} --only {what}"


def _quoted(text: str) -> str:
    """Texten så som den kan stå i ett kommando; tom om den inte kan det."""
    if not _PLAIN_PATH.fullmatch(text):
        return ""
    return f'"{text}"' if re.search(r"[ ()+,@=]", text) else text
