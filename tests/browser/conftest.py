"""En riktig webbläsare för alla tester, och en riktig JupyterLab för dem som behöver den.

Webbläsaren är systemets egen: `chromium` på PATH, eller den som miljövariabeln CHROMIUM pekar ut.
Finns ingen hoppas testerna över, med ett skäl.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.teacher.book.pdf import chromium

from .lab import Lab

ROOT = Path(__file__).resolve().parents[2]
CHROME_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
PATIENCE = 300_000
"""Millisekunder som en väntan får ta, också på en dator med mycket annat för sig."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allt i den här mappen tar lång tid."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.lang)


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Chromium, styrd av playwright: en enda, för alla filer med tester i den här mappen.

    Inte för hela provet: så länge playwright är igång snurrar en händelseloop i processen, och
    inget annat test i den kan då anropa `asyncio.run`.
    """
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright saknas: pip install -e .[dev]"
    )
    path = chromium()
    if path is None:
        pytest.skip("Det finns ingen Chromium på datorn (sätt CHROMIUM om den ligger vid sidan av)")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=path, args=CHROME_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """En tom flik. Skrivs det ett fel i konsolen misslyckas testet."""
    opened = browser.new_page(viewport={"width": 1100, "height": 900}, reduced_motion="reduce")
    opened.set_default_timeout(PATIENCE)
    problems: list[str] = []
    opened.on("console", lambda message: message.type == "error" and problems.append(message.text))
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    opened.close()
    assert not problems


@pytest.fixture(scope="module")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab på en egen kopia av böckerna, som den mapp som `kurs.py` lägger fram."""
    work = tmp_path_factory.mktemp("kurs") / "mitt_arbete"
    shutil.copytree(ROOT / "notebooks", work)
    (work / ".kurs.json").write_text("{}", encoding="utf-8")
    server = Lab(work, tmp_path_factory.mktemp("jupyter"), ROOT)
    try:
        server.wait()
        yield server
    finally:
        server.stop()
