"""Kursens recept för CartPole på så många frön man vill, också på ett kluster.

Från kursens mapp: `python tests/recipe.py --seeds 50`. Med `--double` tränas Double DQN, med facit
till övning 5.2, och med `--copy-every 5` uppdateras målnätverket oftare än i receptet. Med
`--dask tcp://ADRESS` (eller `--dask local`) delas fröna mellan arbetarna i ett kluster. Körningen
och tabellen är de som jämförelserna i `tests/benchmarks` har.
"""

import dataclasses
import functools
from collections.abc import Sequence

import benchmarks
import overestimation_numbers
from benchmarks.contestants import BY_KEY
from benchmarks.page import learning_tables
from benchmarks.watch import LearningRun

from dqn_helpers import recipe
from dqn_helpers.studies.cluster import HELP, over_seeds
from dqn_helpers.swedish_arguments import SwedishParser

ELSEWHERE = (benchmarks, overestimation_numbers)
"""Moduler i `tests/` som arbetarna i ett kluster inte har."""


def measure(seed: int, key: str = "dqn", **changes: float) -> LearningRun:
    """En träning från början med receptet, eller med ändringar i det (`recipe.TRAINING`)."""
    as_it_is = BY_KEY[key]
    changed = dataclasses.replace(as_it_is, train=functools.partial(as_it_is.train, **changes))
    return changed.run(seed)


def main(arguments: Sequence[str] | None = None) -> None:
    """Mät receptet på många slumpfrön och skriv ut en tabell."""
    parser = SwedishParser(description="Mät kursens recept på CartPole.")
    parser.add_argument("--seeds", type=int, default=50, metavar="N", help="antalet slumpfrön")
    parser.add_argument("--first-seed", type=int, default=0, metavar="N", help="det första fröet")
    parser.add_argument("--double", action="store_true", help="Double DQN i stället för DQN")
    parser.add_argument(
        "--copy-every", type=int, default=recipe.TRAINING["target_update_every"], metavar="N",
        help="träningssteg mellan målnätverkets uppdateringar",
    )  # fmt: skip
    parser.add_argument("--dask", default="", metavar="ADRESS", help=HELP)
    options = parser.parse_args(arguments)
    key = "double" if options.double else "dqn"
    one = functools.partial(measure, key=key, target_update_every=options.copy_every)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    runs = []
    for run in over_seeds(one, seeds, options.dask, also=ELSEWHERE):
        print(run, flush=True)
        runs.append(run.as_row())
    print("", *learning_tables([(BY_KEY[key], runs)]), sep="\n")


if __name__ == "__main__":
    main()
