"""Webbokens kapitel på papper, utskrivna av en webbläsare."""

import os
import shutil
import subprocess
from pathlib import Path


def chromium() -> str | None:
    """Sökvägen till datorns Chromium; None om ingen finns. Miljövariabeln CHROMIUM går först."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, (shutil.which(name) for name in names if name)), None)


def print_chapters(built: Path, browser: str) -> None:
    """Skriv ut varje kapitel som PDF i mappen `pdf`, med webbläsaren som finns på den sökvägen."""
    (built / "pdf").mkdir()
    for page in sorted(built.glob("0*.html")):
        target = built / "pdf" / f"{page.stem}.pdf"
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        subprocess.run(
            [browser, *options, f"--print-to-pdf={target}", page.as_uri()],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
