"""Det som sparas under en rättning: resultat och underlag, så att inget går förlorat.

`underlag.json` har de automatiska resultaten och det som återkopplingssidorna visar, från alla
omgångar. Den skrivs om medan rättningen pågår; `--resume` fortsätter från den. `results.json`
skrivs sist, med examinatorns ändringar.

Filerna jämförs före och efter på alla nivåer. I `full` och `strong` ska inget kunna hända; i
`basic` är det här det enda som märker att en inlämning har ändrat facit, en annan students fil
eller ett resultat. Det är ingen spärr: den som väntar tills rättaren är klar syns inte.
"""

import dataclasses
import hashlib
import itertools
import json
import os
import secrets
import textwrap
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dqn_helpers.autograder.arguments import LIMIT
from dqn_helpers.autograder.grade import Settings
from dqn_helpers.autograder.result import (
    ClassResult,
    SubmissionResult,
    as_data,
    class_json,
    from_data,
    points_text,
    submission_json,
)
from dqn_helpers.autograder.sandbox import TIERS
from dqn_helpers.counting import counted, listed
from dqn_helpers.submission.collect import Shelf, Stored, Submission
from dqn_helpers.submission.written import casino_code_of, reflection_of

SAVE_SECONDS, SAVE_SHARE = 2.0, 0.05  # så ofta sparas underlaget, och högst så stor del av tiden
MANY = 1_000  # fler resultat än så läggs på disken och inte i minnet
RESULTS, WORK = "results.json", "underlag.json"
PENDING = "underlag-paborjat.json"  # en rättning som ska ersätta den som finns, när den är klar
LARGEST = 100_000_000  # byte: större filer jämförs på storlek och tid i stället för innehåll
HANDED_IN = (".ipynb", ".zip")


class StoreError(ValueError):
    """Det sparade passar inte ihop med kommandot; meddelandet säger vad man gör åt det."""


class Store:
    """Resultaten i en utmapp: det som rättas läggs till det som redan finns där.

    Args:
        out: utmappen; skapas om den saknas.
        resume: sant om en avbruten rättning där ska fortsätta: det som är klart görs inte om.
        fresh: sant om rättningen ska börja om från ingenting. Finns en tidigare står den kvar
            orörd tills den nya är klar.

    Attributes:
        submissions: det som det här kommandot rättar, med de namn som raderna har.
        notices: det läraren bör veta innan rättningen börjar, en mening var.
        people: klassens lista, den senaste som läraren har angett.
        watch: vakten över filerna, också dem som skrivs här.

    Raises:
        StoreError: om det sparade inte går att läsa.
    """

    def __init__(self, out: Path, resume: bool, fresh: bool = False) -> None:
        self._out, self._resume, self._fresh = out, resume, fresh
        self._save_next = 0.0
        self._shelf = Shelf()
        pending = fresh and resume and (out / PENDING).exists()
        self._old = {} if fresh and not resume else self._load(PENDING if pending else WORK)
        # Det som ska ersätta något skrivs bredvid, så att det gamla är helt till dess.
        self._work = PENDING if fresh and (out / WORK).exists() else WORK
        self._graded: dict[str, SubmissionResult] = {}
        self._order: list[str] = []
        self._done: set[str] = set()
        self.submissions: list[Submission] = []
        self.notices: list[str] = []
        self.people: list[dict[str, Any]] = self._old.get("people", [])
        self.watch = FileWatch()
        self._settings: Settings | None = None

    def _load(self, name: str) -> dict[str, Any]:
        path = self._out / name
        if not path.exists():
            if (self._out / RESULTS).is_file():
                raise StoreError(f"I {self._out} finns en rättning vars {name} är borta, så det "
                                 "går inte att lägga till något. Lägg tillbaka den, välj en annan "
                                 "--out, eller ersätt rättningen med --replace.")  # fmt: skip
            return {}
        try:
            saved = json.loads(path.read_text(encoding="utf-8"), object_hook=self._on_shelf)
            if not all(isinstance(row, SubmissionResult) for row in saved["graded"].values()):
                raise TypeError
            return saved
        except (ValueError, TypeError, KeyError, AttributeError):
            raise StoreError(f"{path} går inte att läsa. Välj en annan --out, eller börja om och "
                             "ersätt rättningen med --replace.") from None  # fmt: skip

    def _on_shelf(self, data: dict[str, Any]) -> Any:
        """En inlämning ur underlaget, så fort den är läst: alla ryms kanske inte i minnet."""
        if "exercises" not in data:
            return data
        row = from_data(data)
        return dataclasses.replace(row, exercises=Stored(tuple(row.exercises), self._shelf))

    def settings(
        self, seed: int | None, limit: float | None, only: tuple[str, ...] = ()
    ) -> Settings:
        """Inställningarna: de angivna, annars de som rättningen i mappen redan har.

        Raises:
            StoreError: om rättningen i mappen har ett annat frö.
        """
        old = self._old.get("seed")
        if seed is not None and old is not None and seed != old:
            raise StoreError(f"Rättningen i {self._out} har fröet {old}, inte {seed}. Utelämna "
                             "--seed, välj en annan --out, eller börja om och ersätt rättningen "
                             "med --replace.")  # fmt: skip
        seed = next(one for one in (seed, old, secrets.randbelow(10**12)) if one is not None)
        return Settings(seed, limit or self._old.get("limit") or LIMIT, only)

    def begin(
        self, settings: Settings, submissions: Sequence[Submission], paths: Sequence[Path] = ()
    ) -> None:
        """Sätt i gång: inget rättat försvinner, och samma fil med samma innehåll är samma rad.

        Args:
            settings: frö, tidsgräns och övningar.
            submissions: det som ska rättas.
            paths: det som läraren angav, till kommandot som gör om en bedömning.
        """
        self._settings, self._paths = settings, tuple(path.as_posix() for path in paths)
        known: dict[str, SubmissionResult] = self._old.get("graded", {})
        self.submissions = _placed(submissions, known, self._resume or self._fresh)
        try:
            self._out.mkdir(parents=True, exist_ok=True)
        except OSError:
            raise StoreError(f"{self._out} går inte att använda som utmapp. Är det en fil, eller "
                             "får du inte skriva där?") from None  # fmt: skip
        if self._resume and not self._other_settings(settings):
            self._done = {one.file for one in self.submissions if _is_same(one, known)}
        kept = self._done if self._fresh else known
        self._graded = {file: known[file] for file in known if file in kept}
        self._batches = self._numbered(known)
        self._order = _in_order(self._graded, self._batches, self._resume)
        self.notices = [*self._settings_notices(settings), *self._kept_notices()]

    def _numbered(self, known: Mapping[str, SubmissionResult]) -> dict[str, int]:
        """Omgången för varje fil som kommandot gäller; en fil som redan fanns har kvar sin."""
        last = max((row.batch for row in self._graded.values()), default=0)
        begun = [known[one.file].batch for one in self.submissions if one.file in known]
        this = max(begun) if self._resume and begun else last + 1
        return {
            one.file: known[one.file].batch if _is_same(one, known) else this
            for one in self.submissions
        }

    def _other_settings(self, settings: Settings) -> bool:
        saved = self._old.get("limit"), self._old.get("only")
        return bool(self._old) and saved != (settings.limit, [*settings.only])

    def _settings_notices(self, settings: Settings) -> Iterator[str]:
        """Vad som skiljer från rättningen i mappen."""
        if not self._other_settings(settings):
            return
        before, now = self._old.get("limit"), settings.limit
        said = [f"gjordes med tidsgränsen {points_text(before)} s, inte {points_text(now)} s"]
        what = said if before != now else []
        if self._old.get("only") != [*settings.only]:
            chosen = listed(self._old.get("only") or ["alla övningar"])
            wanted = listed(settings.only or ["alla övningar"])
            what.append(f"gällde {chosen}, medan du nu har valt {wanted}")
        again = " Allt som anges rättas därför om." if self._resume else ""
        yield f"Rättningen i {self._out} {', och '.join(what)}.{again}"

    def _kept_notices(self) -> Iterator[str]:
        mine = {one.file for one in self.submissions}
        kept = [file for file in self._graded if file not in mine]
        if kept:
            files = counted(len(kept), "fil", "filer")
            yield (f"I {self._out} finns sedan tidigare {files} till. Allt är kvar, "
                   "och det som rättas nu läggs till.")  # fmt: skip

    @property
    def waiting(self) -> list[Submission]:
        """Det som återstår att rätta."""
        return [one for one in self.submissions if one.file not in self._done]

    @property
    def leaves_earlier(self) -> bool:
        """Sant om rättningen skulle ersätta en tidigare men inte hanns med: då gäller den gamla."""
        return self._work == PENDING and bool(self.waiting)

    def add(self, submission: Submission, graded: SubmissionResult) -> None:
        """Ta emot ett resultat; här får det också det skrivna svaret, som rättaren inte rör."""
        is_written, exercises = bool(graded.exercises), graded.exercises
        is_many = len(self._graded) >= MANY
        self._graded[submission.file] = dataclasses.replace(
            graded,
            exercises=Stored(tuple(exercises), self._shelf) if is_many else exercises,
            batch=self._batches[submission.file],
            paths=self._paths,
            reflection=reflection_of(submission) if is_written else "",
            casino_code=casino_code_of(submission) if is_written else None,
        )
        self._done.add(submission.file)
        if time.monotonic() > self._save_next:
            self.save_work()

    def results(self) -> ClassResult:
        """Alla resultat i mappen, omgång för omgång, filerna i den ordning de gavs."""
        assert self._settings is not None
        done = [self._graded[file] for file in self._order if file in self._graded]
        tiers = [tier for tier in TIERS if any(one.isolation == tier for one in done)]
        isolation = tiers[-1] if tiers else "basic"
        changed = tuple(self.watch.changed)
        return ClassResult(
            self._settings.seed, isolation, tuple(done), changed, self._settings.limit
        )

    def isolation_reasons(self) -> list[str]:
        """Varför en starkare inhägnad inte gick, var sak en gång."""
        every = (reason for one in self._graded.values() for reason in one.isolation_reasons)
        return list(dict.fromkeys(every))

    def save(self, results: ClassResult) -> None:
        """Skriv underlaget, och resultaten med examinatorns ändringar."""
        self._work = WORK
        self.save_work()
        rows = (_indented(submission_json(one)) for one in results.submissions)
        self._write(RESULTS, class_json(results), '"submissions": [', rows, "]")
        (self._out / PENDING).unlink(missing_ok=True)

    def save_work(self) -> None:
        """Skriv underlaget: det som `--resume` fortsätter från."""
        assert self._settings is not None
        started = time.monotonic()
        chosen = self._settings
        work = {"seed": chosen.seed, "limit": chosen.limit, "only": [*chosen.only],
                "people": self.people}  # fmt: skip
        graded = ((file, self._graded[file]) for file in self._order if file in self._graded)
        rows = (f"  {_json(file)}: {_indented(as_data(one)).strip()}" for file, one in graded)
        self._write(self._work, work, '"graded": {', rows, "}")
        now = time.monotonic()
        self._save_next = now + max(SAVE_SECONDS, (now - started) / SAVE_SHARE)

    def _write(
        self, name: str, head: dict[str, Any], start: str, rows: Iterable[str], end: str
    ) -> None:
        """Skriv hela filen eller inget: ett avbrott mitt i ska inte lämna en halv fil.

        Raderna skrivs en i taget, för alla tillsammans ryms kanske inte i minnet.
        """
        path, digest = self._out / name, hashlib.sha256()
        with _beside(path).open("wb") as file:
            for part in _parts(head, start, rows, end):
                data = part.encode("utf-8", "replace")
                digest.update(data)
                file.write(data)
        os.replace(_beside(path), path)
        self.watch.expect(path, digest.hexdigest())


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)


def _indented(data: dict[str, Any]) -> str:
    """Ett objekt två steg in; radslut inne i texter är redan skrivna som tecken."""
    return textwrap.indent(_json(data), "  ")


def _parts(head: dict[str, Any], start: str, rows: Iterable[str], end: str) -> Iterator[str]:
    """Ett JSON-objekt i bitar: det enkla först, sedan en lång lista eller ett långt objekt."""
    yield f"{_json(head).removesuffix('}').rstrip()},\n {start}"
    before = "\n"
    for row in rows:
        yield before + row
        before = ",\n"
    yield f"\n {end}\n}}\n" if before != "\n" else f"{end}\n}}\n"


def class_seed(out: Path) -> int | None:
    """Fröet som klassen i utmappen är rättad med, om den går att läsa."""
    try:
        seed = json.loads((out / WORK).read_text(encoding="utf-8"))["seed"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return seed if isinstance(seed, int) else None


# --- samma inlämning igen ------------------------------------------------------------------------


def _placed(
    submissions: Sequence[Submission], known: Mapping[str, SubmissionResult], in_place: bool
) -> list[Submission]:
    """Inlämningarna med de namn som deras rader har.

    En student som har lämnat in på nytt får en rad till, också när filen heter som förut. Hämtas
    hela klassen igen under ett annat namn (`submissions (1).zip`) är det samma rader.

    Args:
        submissions: det som kommandot gäller.
        known: raderna som redan finns.
        in_place: sant om en fil med samma namn alltid är samma rad.
    """
    same = {one.file for one in submissions if in_place or _is_same(one, known)}
    elsewhere = {
        key: file for file, row in known.items() if file not in same and (key := _identity(row))
    }
    taken = same.union(known)
    placed = []
    for one in submissions:
        file = one.file
        if file not in same:
            file = elsewhere.pop(_identity(one), "") or _free(file, taken)
        taken.add(file)
        placed.append(dataclasses.replace(one, file=file))
    return placed


def _is_same(one: Submission, known: Mapping[str, SubmissionResult]) -> bool:
    return one.file in known and known[one.file].sha256 == one.sha256


def _identity(one: Submission | SubmissionResult) -> tuple[str, ...]:
    """Studenten, filens eget namn och innehållet; tomt om studenten eller innehållet är okänt."""
    student = one.canvas_id or one.moodle_id or one.student
    return (student, one.file.split("/")[-1], one.sha256) if student and one.sha256 else ()


def _free(file: str, taken: Collection[str]) -> str:
    """Namnet, med ett nummer efter om det är upptaget."""
    names = itertools.chain([file], (f"{file} ({number})" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def _in_order(
    graded: Mapping[str, SubmissionResult], batches: Mapping[str, int], resume: bool
) -> list[str]:
    """Filerna omgång för omgång; en avbruten rättning som fortsätter får den ordning som gavs."""
    before = {file: (row.batch, place) for place, (file, row) in enumerate(graded.items())}
    given = {file: (number, place) for place, (file, number) in enumerate(batches.items())}
    places = before | given if resume else given | before
    return sorted(places, key=lambda file: places[file])


# --- hela filer, eller inga ----------------------------------------------------------------------


def _beside(path: Path) -> Path:
    """Där filen skrivs innan den är hel."""
    return path.with_name(f"{path.name}.ny")


def write_whole(folder: Path, files: Mapping[str, bytes], watch: "FileWatch") -> list[str]:
    """Skriv alla filer, var och en hel; ger namnen på dem som inte gick att byta.

    Allt skrivs först bredvid. Räcker inte disken är de gamla filerna orörda, och ett avbrott mitt i
    bytet lämnar hela filer, gamla eller nya.
    """
    digests, failed = {}, []
    for name, data in files.items():  # en i taget: alla sidor ryms kanske inte i minnet
        digests[name] = hashlib.sha256(data).hexdigest()
        failed += [] if _worked(_write_beside, folder, name, data) else [name]
    if failed:
        for name in digests:
            _worked(_beside(folder / name).unlink)
        return failed
    for name, digest in digests.items():
        if _worked(os.replace, _beside(folder / name), folder / name):
            watch.expect(folder / name, digest)
        else:  # öppen i Excel, till exempel
            failed.append(name)
            _beside(folder / name).unlink(missing_ok=True)
    return failed


def _write_beside(folder: Path, name: str, data: bytes) -> None:
    _beside(folder / name).write_bytes(data)


def _worked(action: Callable[..., object], *arguments: object) -> bool:
    """Gör något med en fil; falskt om det inte gick."""
    try:
        action(*arguments)
    except OSError:
        return False
    return True


# --- vakten över filerna -------------------------------------------------------------------------


class FileWatch:
    """Minns hur filer ska se ut.

    Attributes:
        changed: de som har visat sig vara ändrade, i bokstavsordning.
    """

    def __init__(self) -> None:
        self._expected: dict[Path, str] = {}
        self.changed: list[str] = []

    def guard(self, paths: Iterable[Path]) -> None:
        """Vakta filerna, och det som ligger i mapparna, som de är nu."""
        for path in paths:
            for file in _files(path):
                self._expected[_whole(file)] = _digest(file)

    def wrote(self, path: Path, data: bytes) -> None:
        """Vakta en fil som rättaren har skrivit: den ska ha det innehållet."""
        self.expect(path, hashlib.sha256(data).hexdigest())

    def expect(self, path: Path, digest: str) -> None:
        """Detsamma, med innehållets kontrollsumma (sha256)."""
        is_large = path.stat().st_size > LARGEST
        self._expected[_whole(path)] = _digest(path) if is_large else digest

    def check(self) -> list[str]:
        """Jämför alla; ger dem som är ändrade nu eller har varit det förut."""
        now = {str(path) for path, expected in self._expected.items() if _digest(path) != expected}
        self.changed = sorted(now.union(self.changed))
        return self.changed


def _whole(path: Path) -> Path:
    """Samma fil har ett namn, hur den än är skriven."""
    return Path(os.path.abspath(path))


def _files(path: Path) -> Iterator[Path]:
    """Filen själv, eller de filer i mappen som någon har skrivit: inga länkar, inga mellanlager."""
    if not path.is_dir():
        yield path
        return
    for folder, names, files in os.walk(path):
        names[:] = [name for name in names if not name.startswith((".", "__"))]
        yield from (Path(folder, file) for file in files)


def handed_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Filerna som studenterna har lämnat in, var de än ligger i det som läraren angav."""
    for path in paths:
        yield from (file for file in _files(path) if file.suffix.lower() in HANDED_IN)


def _digest(path: Path) -> str:
    """Innehållet i en fil som en kort text; tom om det inte finns någon vanlig fil där."""
    try:
        info = path.lstat()
        if info.st_size > LARGEST:
            return f"{info.st_size} {info.st_mtime_ns}"
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    except OSError:
        return ""
