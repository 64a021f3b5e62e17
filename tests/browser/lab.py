"""Styr en riktig JupyterLab: öppnar en bok, kör den, skriver i den, sparar och öppnar den igen."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

PATIENCE = 300
"""Sekunder som JupyterLab får på sig att starta eller att öppna en bok."""

LONGEST_RUN = 1_800
"""Sekunder som en hel bok får ta, som i nbval: det stoppar bara den som har hängt sig."""

SETTINGS = {
    # Alla celler ritas på en gång, så att hela boken går att undersöka.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


class Lab:
    """En JupyterLab med egen, tom konfiguration.

    Args:
        work: mappen med böckerna.
        scratch: en tom mapp för Jupyters egna filer.
        course: projektets mapp, där kärnan hittar `dqn_helpers`.
    """

    def __init__(self, work: Path, scratch: Path, course: Path) -> None:
        self.work = work
        self.token = secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        settings = scratch / "config" / "labconfig"
        settings.mkdir(parents=True)
        (settings / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))
        # Felsökaren klagar i konsolen när kärnan stängs av medan den frågar efter sitt läge.
        without = {"disabledExtensions": {"@jupyterlab/debugger-extension": True}}
        (settings / "page_config.json").write_text(json.dumps(without))
        folders = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTER_DATA_DIR": "data",
            "IPYTHONDIR": "ipython",
        }
        own = {name: str(scratch / folder) for name, folder in folders.items()}
        self._log = (scratch / "lab.log").open("w+")
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"),
                *(f"--port={port}", "--ServerApp.port_retries=0", "--allow-root"),
                *(f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={work}"),
                *("--expose-app-in-browser", "--LabApp.news_url="),
            ],
            cwd=work,
            env={**os.environ, **own, "PYTHONPATH": str(course), "OMP_NUM_THREADS": "1"},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait(self) -> None:
        """Vänta tills servern svarar."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.address}/api?token={self.token}", timeout=5).close()
                return
            except OSError:
                time.sleep(0.2)  # det finns inget att vänta på utom servern själv
        self._log.seek(0)
        raise RuntimeError(f"JupyterLab startade inte:\n{self._log.read()[-3000:]}")

    def stop(self) -> None:
        """Stäng servern och dess kärnor: hela dess egen processgrupp."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._log.close()


class Notebook:
    """En bok öppen i JupyterLab.

    Attributes:
        page: fliken.
        console: fel som har skrivits i webbläsarens konsol.
        outside: adresser utanför datorn som något har frågat efter.
    """

    def __init__(self, lab: Lab, page: Any, name: str) -> None:
        self.lab, self.page, self.name = lab, page, name
        self.console: list[str] = []
        self.outside: list[str] = []
        page.set_default_timeout(1000 * PATIENCE)
        page.on("console", lambda m: m.type == "error" and self.console.append(m.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not re.match(r"(data|blob|about):|(http|ws)://127\.0\.0\.1:", url):
            self.outside.append(url)

    def open(self) -> None:
        """Öppna boken i en omladdad JupyterLab."""
        self.page.goto(f"{self.lab.address}/lab?reset&token={self.lab.token}")
        self.page.wait_for_function("() => window.jupyterapp && window.jupyterapp.shell")
        self.page.evaluate(
            """async (path) => {
              const app = window.jupyterapp;
              await app.restored;
              const panel = await app.commands.execute("docmanager:open", { path });
              await panel.context.ready;
              await panel.sessionContext.ready;
              await panel.revealed;
              window.panel = panel;
              await app.commands.execute("application:set-mode", { mode: "single-document" });
              app.shell.collapseLeft();
            }""",
            self.name,
        )

    def stop_kernel(self) -> None:
        """Stäng av kärnan: det som fungerar nu fungerar utan Python."""
        self.page.evaluate("() => window.panel.sessionContext.shutdown()")
        self.page.wait_for_function("() => !window.panel.sessionContext.session?.kernel")

    def run_all(self) -> None:
        """Kör hela boken och vänta tills den är klar, eller tills kärnan dör."""
        self.page.evaluate(
            """() => {
              window.ran = null;
              window.jupyterapp.commands.execute("notebook:run-all-cells")
                .then((ok) => { window.ran = String(ok); }, (e) => { window.ran = String(e); });
            }"""
        )
        self.page.wait_for_function(
            """() => window.ran !== null
              || ["dead", undefined].includes(window.panel.sessionContext.session?.kernel?.status)
            """,
            timeout=1000 * LONGEST_RUN,
            polling=200,  # annars ritas sidan om hela tiden, och tar processortid från kärnan
        )

    def errors(self) -> list[str]:
        """Celler som slutade med ett fel, och kodceller som inte kördes."""
        return self.page.evaluate(
            """() => window.panel.content.model.toJSON().cells.flatMap((cell) => [
              ...(cell.outputs || []).filter((o) => o.output_type === "error")
                .map((o) => `${cell.id}: ${o.ename}: ${o.evalue}`),
              ...(cell.cell_type === "code" && cell.execution_count === null
                ? [`${cell.id}: kördes inte`] : []),
            ])"""
        )

    def save(self) -> None:
        """Spara boken, som med File → Save Notebook."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.wait_for_function("() => !window.panel.context.model.dirty")

    def type_and_run(self, cell: str, text: str, after: str) -> None:
        """Skriv i en cell med tangentbordet, och kör den och en till.

        Args:
            cell: id på cellen att skriva i.
            text: det nya innehållet.
            after: id på cellen som körs sedan, till exempel en kontroll.
        """
        self.page.evaluate(
            """([cell, after]) => {
              const notebook = window.panel.content;
              const find = (id) => notebook.widgets.find((w) => w.model.id === id);
              window.shown = find(after);
              window.before = window.shown.model.executionCount;
              notebook.activeCellIndex = notebook.widgets.indexOf(find(cell));
              notebook.deselectAll();
              notebook.mode = "edit";
              find(cell).editor.focus();
            }""",
            [cell, after],
        )
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        assert self.source(cell) == text
        self.page.keyboard.press("Shift+Enter")
        self.page.evaluate(
            """(id) => {
              const notebook = window.panel.content;
              notebook.activeCellIndex = notebook.widgets.findIndex((w) => w.model.id === id);
              notebook.deselectAll();
            }""",
            after,
        )
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            """() => window.shown.model.executionCount
              && window.shown.model.executionCount !== window.before
              && window.panel.sessionContext.session.kernel.status === "idle" """
        )

    def card(self, cell: str) -> str:
        """Läget på kortet under en kontroll: passed, failed, partial eller unsolved."""
        return self.page.evaluate(
            """(id) => window.panel.content.widgets.find((w) => w.model.id === id)
              .outputArea.node.querySelector(".dqn-card").className
              .match(/dqn-(passed|failed|partial|unsolved)/)[1]""",
            cell,
        )

    def source(self, cell: str) -> str:
        """Det som står i en cell."""
        return self.page.evaluate(
            """(id) => window.panel.content.widgets.find((w) => w.model.id === id)
              .model.sharedModel.getSource()""",
            cell,
        )

    def text(self, cell: str) -> str:
        """Det som syns under en cell."""
        return self.page.evaluate(
            """(id) => window.panel.content.widgets.find((w) => w.model.id === id)
              .outputArea.node.innerText""",
            cell,
        )
