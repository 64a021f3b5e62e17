"""Kommandot: mät det som begärs, spara efter varje mätning och gör sidan."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks import grading, page, parts, shares, waiting
from benchmarks.contestants import BY_KEY, CONTESTANTS, FRESH_SEEDS, Contestant, schedule
from benchmarks.store import PARTS, RESULTS, AnotherMachineError, Row, Store, read
from benchmarks.watch import CARTPOLE
from dqn_helpers.counting import listed
from dqn_helpers.swedish_arguments import SwedishParser

DESCRIPTION = """Jämför kursens DQN, dess delar och rättaren med andras, på den här datorn.

  learning  lär sig CartPole-v1, Acrobot-v1 och MountainCar-v0
  profile   vart tiden går i en träning med kursens recept
  parts     buffertar, träningssteg, handling, miljösteg och prövning, bredvid sina golv
  grading   klasser av olika storlek, nbgrader och otter på samma böcker
  waiting   böckernas celler, check() och installationen

Allt räknas i processortid på en kärna. Programmen turas om, och varje mätning sparas när den är
klar: ett avbrott (Ctrl-C) förlorar bara den som pågick, och --resume går vidare. De andra
programmen hör till tillvalet `matning` och är bara till för det här; de som saknas hoppas över.
"""

N_PROFILED = 5

Measurement = tuple[str, Row, Callable[[], Row]]
"""Delen, det som skiljer raden från de andra, och hur den mäts."""


def parser() -> argparse.ArgumentParser:
    made = SwedishParser(
        prog="python tests/benchmarks", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    made.add_argument("parts", nargs="*", metavar="DEL",
                      help="det som ska mätas (standard: allt)")  # fmt: skip
    made.add_argument("--seeds", nargs="+", default=[], metavar="N",
                      help="antalet frön, för alla eller för några: --seeds 20 dqn=200 sb3=10. "
                      f"Programmen heter {listed([*BY_KEY])}")  # fmt: skip
    made.add_argument("--stop-at-first", action="store_true",
                      help="avbryt Stable-Baselines3 och CleanRL vid den första godkända "
                      "prövningen: det går fortare, men då syns inte hur de slutar")  # fmt: skip
    made.add_argument("--students", type=int, nargs="+", default=[1, 10, 100], metavar="N",
                      help="klassernas storlek i grading (standard: 1 10 100)")  # fmt: skip
    made.add_argument("--graders", default=sys.executable, metavar="PYTHON",
                      help="den Python som har de andra rättarna")  # fmt: skip
    made.add_argument("--out", type=Path, default=RESULTS, metavar="FIL",
                      help="filen med resultaten (standard: den i mappen)")  # fmt: skip
    made.add_argument("--resume", action="store_true",
                      help="gå vidare: det som redan står i filen mäts inte igen")  # fmt: skip
    made.add_argument("--page", action="store_true",
                      help="mät ingenting, utan gör bara om sidan ur filen")  # fmt: skip
    made.add_argument("--compare", type=Path, metavar="FIL",
                      help="mät ingenting, utan jämför med en annan dators fil")  # fmt: skip
    return made


def number_of_seeds(wanted: Sequence[str]) -> dict[str, int]:
    """Programmets nyckel → antalet frön, ur `--seeds`.

    Raises:
        ValueError: om något inte är ett antal eller om programmet inte finns.
    """
    plain = [int(word) for word in wanted if "=" not in word]
    named = dict(word.split("=", 1) for word in wanted if "=" in word)
    if unknown := sorted(named.keys() - BY_KEY.keys()):
        raise ValueError(f"Programmet {unknown[0]} finns inte. Välj bland "
                         f"{', '.join(BY_KEY)}.")  # fmt: skip
    counts = {c.key: plain[-1] if plain else c.seeds for c in CONTESTANTS}
    return counts | {key: int(count) for key, count in named.items()}


def measurements(options: argparse.Namespace) -> Iterator[Measurement]:
    """Allt som ska mätas, i ordning.

    Raises:
        ValueError: om det som begärs inte finns.
    """
    chosen = options.parts or PARTS
    if unknown := sorted(set(chosen) - set(PARTS)):
        raise ValueError(f"Delen {unknown[0]} finns inte. Välj bland {', '.join(PARTS)}.")
    kinds: dict[str, Callable[[], Iterator[Measurement]]] = {
        "learning": lambda: learning(number_of_seeds(options.seeds), options.stop_at_first),
        "profile": profile,
        "parts": all_parts,
        "grading": lambda: grading.measurements(options.students, options.graders),
        "waiting": waiting.measurements,
    }
    for part in chosen:
        yield from kinds[part]()


def profile() -> Iterator[Measurement]:
    """Några träningar med klocka runt varje del."""
    warm_up(["dqn"])
    for seed in range(FRESH_SEEDS, FRESH_SEEDS + N_PROFILED):
        yield "profile", {"seed": seed}, partial(one_profile, seed)


def one_profile(seed: int) -> Row:
    """Sekunder per del i en träning."""
    return {"seconds": shares.seconds_per_part(seed)}


def learning(seeds: dict[str, int], stop_at_first: bool) -> Iterator[Measurement]:
    """Alla program som finns här, omväxlande."""
    for contestant in CONTESTANTS:
        if not contestant.is_here:
            print(f"{contestant.name} hoppas över: {contestant.needs} finns inte här.")
    here = {key: count for key, count in seeds.items() if count and BY_KEY[key].is_here}
    warm_up(here)
    for contestant, seed in schedule(here):
        key = {"contestant": contestant.key, "seed": seed}
        yield "learning", key, partial(one_run, contestant, seed, stop_at_first)


def warm_up(keys: Iterable[str]) -> None:
    """Det första träningssteget läser in delar av torch: det ska ingen träning betala för."""
    for key in keys:
        if BY_KEY[key].task == CARTPOLE:
            BY_KEY[key].run(0, max_steps=400)


def one_run(contestant: Contestant, seed: int, stop_at_first: bool) -> Row:
    """En inlärning som rad i filen."""
    early = stop_at_first and contestant.can_be_cut_short
    return contestant.run(seed, stop_at_first=early).as_row()


def all_parts() -> Iterator[Measurement]:
    """Delarna, en grupp i taget."""
    for group in (*parts.PIECES, parts.CHECK):
        yield "parts", {"group": group, "stored": None}, partial(as_costs, parts.costs, group)
    for stored in parts.SIZES:
        for group in parts.BUFFERS:
            key = {"group": group, "stored": stored}
            yield "parts", key, partial(as_costs, parts.buffer_costs, group, stored)


def as_costs(how: Callable[..., dict[str, float]], *arguments: Any) -> Row:
    """En grupp av delar som rad i filen."""
    return {"microseconds": how(*arguments)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Mät, och gör sidan; ger 0, eller 2 om det som begärs inte går."""
    options = parser().parse_args(arguments)
    torch.set_num_threads(1)
    try:
        if options.compare:
            print("\n".join(page.comparison(read(options.out), read(options.compare))))
            return 0
        if not options.page:
            measure(Store(options.out, options.resume), measurements(options))
        print(f"Sidan: {page.write_page(options.out)}")
    except (FileExistsError, AnotherMachineError) as problem:
        print(f"Fel: {problem} Du kan också välja en annan fil med --out.")
        return 2
    except ValueError as problem:
        print(f"Fel: {problem}")
        return 2
    return 0


def measure(store: Store, wanted: Iterator[Measurement]) -> None:
    """Mät en sak i taget; Ctrl-C avslutar, och det som är klart är sparat."""
    try:
        for part, key, how in wanted:
            if store.measure(part, key, how):
                print(part, *_words(key), flush=True)
    except KeyboardInterrupt:
        print("Mätningen är avbruten. Det som är klart är sparat; gå vidare med --resume.")


def _words(key: dict[str, Any]) -> list[str]:
    return [str(value) for value in key.values() if value is not None]
