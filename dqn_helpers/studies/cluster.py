"""Ett kluster med Dask: anslutningen, och samma mätning med många slumpfrön på det.

Dask är en valfri del av kursen (`pip install -e ".[dask]"`). Det importeras först i funktionerna:
studenten och rättarens verkstad läser den här filen utan att ha det.
"""

import contextlib
import functools
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")

LOCAL = "local"
HELP = "adressen till ett kluster med Dask, som tcp://10.0.0.5:8786, eller local"
ANSWER_SECONDS = 10
NO_DASK = (
    "Dask är inte installerat i den här miljön. Installera det, i kursens mapp, med "
    '`.venv/bin/python -m pip install -c constraints.txt -e ".[dask]"`.'
)

_alone = threading.Lock()


class ClusterError(ValueError):
    """Det går inte att använda klustret; meddelandet säger varför och vad man gör."""


class ClusterLostError(RuntimeError):
    """Klustret försvann mitt i arbetet; meddelandet säger hur."""


@contextlib.contextmanager
def connected(address: str, n_workers: int | None = None) -> Iterator[Any]:
    """En klient (`dask.distributed.Client`) till klustret; med `local` görs ett på datorn.

    Args:
        address: schemaläggarens adress, eller `local`.
        n_workers: antalet arbetare i ett kluster på datorn; None betyder en per processor.

    Raises:
        ClusterError: om Dask saknas, om inget svarar på adressen eller om där inte finns arbetare.
    """
    try:
        from dask.distributed import Client, LocalCluster
    except ImportError:
        raise ClusterError(NO_DASK) from None
    with contextlib.ExitStack() as stack:
        if address == LOCAL:
            n_workers = n_workers or os.cpu_count() or 1
            cluster = LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
            address = stack.enter_context(cluster).scheduler_address
        try:
            client = stack.enter_context(Client(address, timeout=ANSWER_SECONDS))
        except (OSError, ValueError):
            raise ClusterError(
                f"Inget kluster svarar på {address}. Är adressen rätt, som tcp://10.0.0.5:8786, "
                "och är schemaläggaren startad där (`dask scheduler`)?"
            ) from None
        if not client.nthreads():
            raise ClusterError(
                f"Klustret på {address} har inga arbetare. Starta några, till exempel med "
                f"`dask worker {address} --nworkers auto --nthreads 1` på varje dator."
            )
        yield client


def over_seeds(
    function: Callable[[int], T],
    seeds: Iterable[int],
    dask: str = "",
    also: Sequence[ModuleType] = (),
) -> Iterator[T]:
    """`function(seed)` för varje frö, i ordning, här eller på ett kluster.

    Args:
        function: mätningen. Den sätter själv fröet till all slump.
        seeds: fröna.
        dask: klustrets adress, eller `local`; utan den körs allt här.
        also: moduler som mätningen använder och som inte finns hos arbetarna, som en i `tests/`.

    Raises:
        ClusterError: om klustret inte går att använda.
    """
    if not dask:
        yield from map(function, seeds)
        return
    import cloudpickle  # följer med Dask

    with connected(dask) as client:
        for module in also:
            cloudpickle.register_pickle_by_value(module)
        futures = client.map(functools.partial(_one_at_a_time, function), list(seeds), pure=False)
        for future in futures:
            yield future.result()


def _one_at_a_time(function: Callable[[int], T], seed: int) -> T:
    """Slumptalen är hela processens: två mätningar i var sin tråd skulle ta av varandras."""
    with _alone:
        return function(seed)
