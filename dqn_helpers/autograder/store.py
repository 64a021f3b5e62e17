"""Det som sparas under en rättning: resultat och underlag, så att inget går förlorat.

`underlag.json` har de automatiska resultaten och det som återkopplingssidorna visar. Den skrivs om
medan rättningen pågår; `--resume` fortsätter från den. `results.json` skrivs sist, med
examinatorns ändringar.

Filerna jämförs före och efter på alla nivåer. I `full` och `strong` ska inget kunna hända; i
`basic` är det här det enda som märker att en inlämning har ändrat facit, en annan students fil
eller ett resultat. Det är ingen spärr: den som väntar tills rättaren är klar syns inte.
"""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dqn_helpers.autograder.grade import Settings
from dqn_helpers.autograder.result import (
    ClassResult,
    SubmissionResult,
    as_data,
    from_data,
    to_json,
)
from dqn_helpers.autograder.sandbox import TIERS
from dqn_helpers.submission.collect import Submission

SAVE_SECONDS = 2.0
RESULTS, WORK = "results.json", "underlag.json"
LARGEST = 100_000_000  # byte: större filer jämförs på storlek och tid i stället för innehåll
HANDED_IN = (".ipynb", ".zip")


class StoreError(ValueError):
    """Det sparade passar inte ihop med kommandot; meddelandet säger vad man gör åt det."""


class Store:
    """Resultaten i en utmapp.

    Args:
        out: utmappen; görs om den saknas.
        resume: sant om en tidigare rättning där ska fortsätta.

    Attributes:
        watch: vakten över filerna, också dem som skrivs här.

    Raises:
        StoreError: om utmappen inte går att använda eller det sparade inte går att läsa.
    """

    def __init__(self, out: Path, resume: bool) -> None:
        self._out = out
        self._saved_at = 0.0
        self._old = self._load() if resume else {}
        self._graded: dict[str, SubmissionResult] = {}
        self.submissions: list[Submission] = []
        self.watch = FileWatch()
        self._settings: Settings | None = None

    def _load(self) -> dict[str, Any]:
        path = self._out / WORK
        if not path.exists():
            return {}
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            graded = {file: from_data(data) for file, data in saved["graded"].items()}
            return saved | {"graded": graded}
        except (ValueError, TypeError, KeyError, AttributeError):
            raise StoreError(f"{path} går inte att läsa. Rätta om utan --resume.") from None

    def seed(self, given: int | None) -> int:
        """Fröet: det angivna, annars den avbrutna rättningens, annars ett nytt.

        Raises:
            StoreError: om den avbrutna rättningen hade ett annat frö.
        """
        old = self._old.get("seed")
        if given is not None and old is not None and given != old:
            raise StoreError(f"Den avbrutna rättningen har fröet {old}, inte {given}. Utelämna "
                             "--seed, eller rätta om allt utan --resume.")  # fmt: skip
        return next(seed for seed in (given, old, secrets.randbelow(10**12)) if seed is not None)

    def begin(self, settings: Settings, submissions: Sequence[Submission]) -> None:
        """Sätt i gång; tidigare resultat för samma fil med samma innehåll behålls."""
        self._settings, self.submissions = settings, list(submissions)
        try:
            self._out.mkdir(parents=True, exist_ok=True)
        except OSError:
            raise StoreError(f"{self._out} går inte att använda som utmapp. Är det en fil, eller "
                             "får du inte skriva där?") from None  # fmt: skip
        if (self._old.get("limit"), self._old.get("only")) != (settings.limit, [*settings.only]):
            return  # något annat skulle rättas då
        old = self._old.get("graded", {})
        for one in submissions:
            if one.file in old and old[one.file].sha256 == one.sha256:
                self._graded[one.file] = old[one.file]

    @property
    def waiting(self) -> list[Submission]:
        """Det som återstår att rätta."""
        return [one for one in self.submissions if one.file not in self._graded]

    def add(self, submission: Submission, graded: SubmissionResult) -> None:
        """Ta emot ett resultat."""
        self._graded[submission.file] = graded
        if time.monotonic() - self._saved_at > SAVE_SECONDS:
            self._save_work()

    def results(self) -> ClassResult:
        """Rättarens resultat, filerna i den ordning de gavs."""
        assert self._settings is not None
        done = [self._graded[one.file] for one in self.submissions if one.file in self._graded]
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
        self._save_work()
        self._write(RESULTS, to_json(results))

    def _save_work(self) -> None:
        assert self._settings is not None
        only = [*self._settings.only]
        graded = {file: as_data(one) for file, one in self._graded.items()}
        work = {"seed": self._settings.seed, "limit": self._settings.limit, "only": only}
        self._write(WORK, work | {"graded": graded})
        self._saved_at = time.monotonic()

    def _write(self, name: str, data: dict[str, Any]) -> None:
        """Skriv hela filen eller inget: ett avbrott mitt i ska inte lämna en halv fil."""
        text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
        encoded = (text + "\n").encode("utf-8", "replace")
        path = self._out / name
        unfinished = path.with_suffix(".json.ny")
        unfinished.write_bytes(encoded)
        os.replace(unfinished, path)
        self.watch.wrote(path, encoded)


# --- vakten över filerna -------------------------------------------------------------------------


class FileWatch:
    """Minns hur filer ska se ut.

    Attributes:
        changed: de som har setts vara ändrade, i bokstavsordning.
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
        self._expected[_whole(path)] = hashlib.sha256(data).hexdigest()

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
