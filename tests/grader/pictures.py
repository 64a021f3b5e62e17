"""Bilderna i README: rapporten och bedömningssidan, av en klass som är påhittad.

    python tests/grader/pictures.py

rättar klassen i `made_up_class.py` med de riktiga kommandona, öppnar sidorna i Chromium och skriver
bilderna i mappen `bilder`. Det tar en halv minut.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from PIL import Image

from dqn_helpers.teacher.book.pdf import chromium
from dqn_helpers.teacher.grading import main as grade

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # här är det ett skript, inget test
from grader import made_up_class as made_up
from grader.honest import as_bytes

FOLDER = Path(__file__).resolve().parents[2] / "bilder"
WIDTH, HEIGHT, COLORS = 1100, 900, 48
PAGES = {"rapport.html": "rapport.png", "bedomning.html": "bedomning.png"}


REFLECTION = """
**Gissningen:** Jag trodde att felet skulle bli litet, för det är bara tre automater att välja på
och utfallen ligger nära noll. Fler automater hade gett maximum fler chanser att ha tur.

**Vilken är vilken:** A är DQN. Där väljer och värderar samma nätverk, så den automat som råkar ha
tur väljs ut och behåller sin tur i målet. I B har målnätverket inte samma tur som den som väljer.

**Just mitt kasino:** B ligger ungefär hälften så högt. Allt går inte bort, för de två nätverken är
kopior av varandra var 150:e steg och delar då på felet.

**Hur säker är jag?** Fälten för de tre fröna går inte om lott, men tre är få.
"""


def some_of_the_class() -> list[made_up.HandIn]:
    """Halva klassen räcker; den första har skrivit en riktig reflektion."""
    first, *rest = (one for one in made_up.the_class() if one.name.split()[1] in ("Ek", "Öst"))
    book = json.loads(first.data)
    for cell in book["cells"]:
        if cell.get("id") == "ovning-5-4":
            cell["source"] = REFLECTION
    return [replace(first, data=as_bytes(book)), *rest]


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
    some = some_of_the_class()
    names = [*(one.name for one in some), *made_up.PAIR, "Lo Sjö"]
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        Path("submissions.zip").write_bytes(made_up.canvas_zip(some))
        Path("omdomen.csv").write_text(made_up.canvas_gradebook(names), "utf-8", newline="")
        grade(["submissions.zip", "--canvas", "omdomen.csv", "--seed", "7"])
        for page, picture in PAGES.items():
            photograph(Path("rattning", page).absolute(), FOLDER / picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
