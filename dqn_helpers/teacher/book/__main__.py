"""`python kurs.py book`: kör studenternas böcker och gör en svensk webbplats av dem."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import gymnasium as gym
from torch import Tensor

from dqn_helpers import figures, toys
from dqn_helpers.exercises import check
from dqn_helpers.figures import theme
from dqn_helpers.swedish_arguments import SwedishParser
from dqn_helpers.teacher.address import Address, AddressError, read_address
from dqn_helpers.teacher.arguments import add_book_arguments
from dqn_helpers.teacher.book.chapters import short, stage
from dqn_helpers.teacher.book.pdf import chromium, print_chapters

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
LOG_SHOWN = 5_000  # tecken av det Sphinx skrev som visas när något gick fel; felet står sist


def main() -> int:
    """Bygg webboken. Svarar 0 när den blev färdig och 1 när något gick fel."""
    parser = SwedishParser(prog=f"{Path(sys.argv[0]).name} book")
    add_book_arguments(parser)
    options = parser.parse_args()
    if options.out.exists() and not (options.out / "searchindex.js").exists():
        print(f"Fel: {options.out} finns redan och är ingen webbok. Välj en annan mapp med --out.")
        return 2
    try:
        address = read_address(ROOT / "pyproject.toml")
    except AddressError as error:
        print(f"Fel: {error}")
        return 2
    browser = chromium() if options.pdf else None
    with tempfile.TemporaryDirectory() as scratch:
        source, built, log = (Path(scratch) / name for name in ("kapitel", "bok", "logg"))
        lay_out(source, address, pdf=browser is not None)
        print("Kör alla böcker och sätter dem som webbsidor. Det tar några minuter.")
        if run_sphinx(source, built, log):
            print(log.read_text(encoding="utf-8", errors="replace")[-LOG_SHOWN:], file=sys.stderr)
            print("Webboken blev inte färdig. Ovanför står vad Sphinx skrev.", file=sys.stderr)
            return 1
        if browser is not None:
            print_chapters(built, browser)
        elif options.pdf:
            print("Det finns ingen Chromium på datorn, så inga kapitel blev PDF-filer.")
        replace(built, options.out)
    print(f"Webboken är färdig. Öppna {options.out / 'index.html'}")
    return 0


def lay_out(source: Path, address: Address, pdf: bool = False) -> None:
    """Lägg fram det som Sphinx läser: kapitel, framsida och utseende."""
    names = stage(ROOT / "notebooks", source, address, pdf)
    (source / "index.md").write_text(front_page(names), encoding="utf-8")
    shutil.copy(HERE / "conf.py", source)
    (source / "_static").mkdir()
    colors = theme.css(".page")
    (source / "_static" / "book.css").write_text(
        colors + (HERE / "book.css").read_text(encoding="utf-8"), encoding="utf-8"
    )
    for name in ("book.js", "favicon.svg"):
        shutil.copy(HERE / name, source / "_static")


def front_page(names: list[str]) -> str:
    """Framsidan: filmen, det som README säger om kursen, ett riktigt kort och kapitlen."""
    text = (HERE / "index.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    differences, chapters = parts_of(readme)
    for name in names:
        chapters = chapters.replace(f"| {short(name)} |", f"| [{short(name)}]({name}) |")
    world = gym.make("CartPole-v1")
    hero = figures.show_episodes_together(toys.trained_policies(), seed=1, env=world)
    contents = "\n".join(Path(name).stem for name in [*names, "ordlista", "bilaga"])
    for place, filling in (
        ("KAPITEL", contents),
        ("SKILLNADER", differences),
        ("TABELL", chapters),
        ("HERO", hero._repr_html_()),
        ("KORT", example_card()),
    ):
        text = text.replace(place, filling)
    return text


def parts_of(readme: str) -> tuple[str, str]:
    """Det som skiljer kursen från andra, och tabellen över böckerna, ur README."""
    found = [
        re.search(start + r".*?(?=\n\n)", readme, re.MULTILINE | re.DOTALL)
        for start in (r"^- \*\*", r"^\| bok \|")
    ]
    differences, chapters = (match[0] for match in found if match is not None)
    return differences, chapters


def example_card() -> str:
    """Kortet för ett vanligt misstag: den som räknar med en framtid efter episodens slut."""

    def td_target(
        reward: Tensor, next_q_values: Tensor, terminated: Tensor, discount_factor: float
    ) -> Tensor:
        return reward + discount_factor * next_q_values.max(dim=1).values

    td_target.__module__ = "__main__"  # som i en anteckningsbok
    return check("3.1", td_target)._repr_html_()


def run_sphinx(source: Path, built: Path, log: Path, unexecuted: str = "") -> int:
    """Låt Sphinx köra böckerna och sätta sidorna; en varning är ett fel.

    Args:
        source: mappen med kapitlen.
        built: mappen som sidorna läggs i.
        log: filen som får det som Sphinx och böckernas kärnor skriver.
        unexecuted: mönster för de kapitel som inte körs, skilda av blanksteg; för test.
    """
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", "2"]
    environment = dict(os.environ, OMP_NUM_THREADS="1", KURS_BOOK_UNEXECUTED=unexecuted)
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    with log.open("wb") as said:
        return subprocess.call(
            [*command, str(source), str(built)], env=environment, stdout=said, stderr=said
        )


def replace(built: Path, out: Path) -> None:
    """Lägg den nya webboken på plats, och ta bort den gamla först när den nya är hel."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(out.name + ".ny")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(built, fresh, ignore=shutil.ignore_patterns(".doctrees", ".buildinfo"))
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


if __name__ == "__main__":
    sys.exit(main())
