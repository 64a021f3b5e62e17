"""Bilderna i README: rapporten och bedömningssidan, av en klass som är påhittad.

    python tests/grader/pictures.py

rättar klassen i `made_up_class.py` med de riktiga kommandona, öppnar sidorna i Chromium och skriver
bilderna i mappen `bilder`. Det tar en halv minut.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from dqn_helpers.teacher.book.pdf import chromium
from dqn_helpers.teacher.grading import main as grade

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # här är det ett skript, inget test
from grader import made_up_class as made_up

FOLDER = Path(__file__).resolve().parents[2] / "bilder"
WIDTH, HEIGHT, COLORS = 1100, 900, 48
PAGES = {"rapport.html": "rapport.png", "bedomning.html": "bedomning.png"}


def photograph(page: Path, picture: Path) -> None:
    """Sidans övre del som en bild med få färger, så att den blir liten."""
    browser = chromium()
    assert browser is not None, "bilderna behöver Chromium"
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={picture}", page.as_uri()],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    Image.open(picture).convert("RGB").quantize(COLORS).save(picture, optimize=True)


def main() -> int:
    """Gör alla bilder."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        given, people, out = folder / "submissions.zip", folder / "omdomen.csv", folder / "rattning"
        given.write_bytes(made_up.canvas_zip(list(made_up.the_class())))
        people.write_text(made_up.canvas_gradebook(), "utf-8", newline="")
        grade([str(given), "--canvas", str(people), "--seed", "7", "--out", str(out)])
        for page, picture in PAGES.items():
            photograph(out / page, FOLDER / picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
