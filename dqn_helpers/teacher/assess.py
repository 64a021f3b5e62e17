"""Bedöm för hand: `python kurs.py assess [MAPP]` öppnar bedömningssidan och sparar åt den.

Servern svarar bara på den här datorn, och bara den som har adressens hemliga del. Varje gång något
sparas läses beslut.csv på nytt, så att det som någon annan har skrivit dit under tiden är kvar.
"""

import json
import secrets
import sys
import threading
import webbrowser
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dqn_helpers.swedish_arguments import SwedishParser
from dqn_helpers.teacher.arguments import add_assess_arguments
from dqn_helpers.teacher.assessment import (
    FILE_NAME,
    DecisionsError,
    files_in,
    rewritten,
    with_decisions,
)
from dqn_helpers.teacher.lock import BusyError, locked
from dqn_helpers.teacher.overrides import FILE_NAME as DECISIONS
from dqn_helpers.teacher.overrides import decoded, load_overrides
from dqn_helpers.teacher.store import WORK, FileWatch, write_whole

MAX_POSTED = 5_000_000  # byte
_TEXTS = ("file", "exercise", "given", "reason", "who")
_saving = threading.Lock()


# --- spara ----------------------------------------------------------------------------------------


def save(out: Path, posted: bytes) -> str:
    """Skriv besluten i beslut.csv; ger en mening om vad som är fel, eller ingenting.

    Filen byts hel eller inte alls. Allt i den som inte ändras står kvar, tecken för tecken.
    """
    try:
        clear, rows = _posted(posted)
    except (ValueError, KeyError, TypeError, AttributeError):
        return "Sidan skickade något som inte går att förstå. Ladda om den."
    try:
        with _saving, locked(out):
            page = (out / FILE_NAME).read_text(encoding="utf-8")
            now = decoded((out / DECISIONS).read_bytes())
            text = rewritten(now, files_in(page), clear, rows)
            data = b"\xef\xbb\xbf" + text.encode("utf-8", "replace")
            failed = write_whole(out, {DECISIONS: data}, FileWatch())
    except (DecisionsError, BusyError) as error:
        return f"Inget är sparat. {error}"
    except OSError as error:
        return f"Inget är sparat. {DECISIONS} gick inte att läsa eller skriva ({error.strerror})."
    if failed:
        return (f"Inget är sparat. {DECISIONS} går inte att skriva. Är den öppen i ett annat "
                "program, till exempel Excel? Stäng den och spara en gång till.")  # fmt: skip
    return ""


def _posted(posted: bytes) -> tuple[set[str], list[dict[str, str]]]:
    """Nycklarna att ta bort och raderna att lägga till."""
    found = json.loads(posted)
    rows = [{name: str(row[name]) for name in _TEXTS} for row in found["rows"]]
    return {str(key) for key in found["clear"]}, rows


def page_now(out: Path) -> str:
    """Bedömningssidan med besluten som de är nu.

    Raises:
        DecisionsError: om det inte finns någon sida, eller beslut.csv inte går att ändra i.
    """
    path = out / FILE_NAME
    if not path.is_file():
        raise DecisionsError(
            f"I {out} finns ingen {FILE_NAME}. Rätta inlämningarna först, med "
            "`python kurs.py grade`, eller skriv mappen efter `assess`."
        )
    text = load_overrides(out).text
    return with_decisions(path.read_text(encoding="utf-8"), text, saves=True)


# --- servern --------------------------------------------------------------------------------------


class AssessmentServer(ThreadingHTTPServer):
    """Sidan, rapporten och studenternas sidor, på den här datorn och bakom en hemlig adress."""

    daemon_threads = True

    def __init__(self, out: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.out, self.token = out, secrets.token_urlsafe(24)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """En flik som stängs innan den har fått sitt svar är inget fel att visa läraren."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def address(self) -> str:
        """Adressen att öppna."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"


class _Handler(BaseHTTPRequestHandler):
    server: AssessmentServer

    def do_GET(self) -> None:
        place = self._place()
        out = self.server.out
        if place is None:
            self._answer(HTTPStatus.NOT_FOUND, b"", "text/plain")
        elif place == "":
            try:
                page = page_now(out).encode()
            except DecisionsError as error:
                self._answer(HTTPStatus.CONFLICT, str(error).encode(), "text/plain")
            else:
                self._answer(HTTPStatus.OK, page, "text/html")
        elif place in _reports(out):
            self._answer(HTTPStatus.OK, (out / place).read_bytes(), "text/html")
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"", "text/plain")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        is_json = self.headers.get("Content-Type", "") == "application/json"
        if self._place() != "spara" or not is_json or not length.isdigit():
            self._answer(HTTPStatus.NOT_FOUND, b"", "text/plain")
            return
        if int(length) > MAX_POSTED:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"", "text/plain")
            return
        problem = save(self.server.out, self.rfile.read(int(length)))
        told = json.dumps({"problem": problem}).encode()
        self._answer(HTTPStatus.OK, told, "application/json")

    def _place(self) -> str | None:
        """Det som står efter adressens hemliga del; None om den eller datorns namn är fel."""
        port = self.server.server_port
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            return None  # en annan webbplats som har låtit sitt namn peka hit
        _, token, *rest = [*self.path.partition("?")[0].split("/", 2), "", ""][:3]
        return rest[0] if secrets.compare_digest(token, self.server.token) else None

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Terminalen är lärarens: inget om varje anrop."""


def _reports(out: Path) -> set[str]:
    """De sidor som bedömningssidan länkar till."""
    return {"rapport.html", FILE_NAME} | {
        f"feedback/{path.name}" for path in (out / "feedback").glob("*.html")
    }


# --- kommandot ------------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None) -> int:
    """Öppna sidan och spara tills läraren avslutar; 2 om det inte finns något att bedöma."""
    parser = SwedishParser(prog="python kurs.py assess")
    add_assess_arguments(parser)
    arguments = parser.parse_args(argv)
    try:
        page_now(arguments.out)
        server = AssessmentServer(arguments.out, arguments.port)
    except DecisionsError as error:
        print(f"Fel: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Fel: sidan gick inte att starta ({error.strerror}). Är porten upptagen? Välj en "
              "annan med --port.", file=sys.stderr)  # fmt: skip
        return 1
    print(f"Bedömningssidan: {server.address}\nAvsluta med Ctrl-C när du är klar.")
    if not arguments.no_browser:
        webbrowser.open(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print(f"\nBesluten står i {arguments.out / DECISIONS}. Kör nu rättningen igen, så kommer "
              f"de in i alla rapporter:\n  {_again(arguments.out)}")  # fmt: skip
    finally:
        server.server_close()
    return 0


def _again(out: Path) -> str:
    """Kommandot som för in besluten i rapporterna, utan att rätta om något."""
    try:
        graded = json.loads((out / WORK).read_text(encoding="utf-8"))["graded"].values()
        last = next(reversed([one["paths"] for one in graded if one["paths"]]))
        paths = " ".join(f'"{path}"' if " " in path else path for path in last)
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        paths = "SÖKVÄG"
    where = "" if out == Path("rattning") else f" --out {out}"
    return f"python kurs.py grade {paths}{where} --resume"


if __name__ == "__main__":
    sys.exit(main())
