"""Vart tiden går i en träning som löser CartPole: processortid för varje del av den.

Delarna byts ut mot sig själva med en klocka runt, så det är kursens egen loop som körs. Klockorna
kostar omkring en mikrosekund per anrop, och det hamnar i resten.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest import mock

import gymnasium as gym

from benchmarks import contestants
from benchmarks.watch import Watch
from dqn_helpers import replay, training

PLACES: dict[str, tuple[Any, str]] = {
    "träningssteg, utom dragningen": (contestants, "dqn_training_step"),
    "dra en batch": (training, "sample_experiences"),
    "välja handling": (training, "choose_dqn_action"),
    "miljöns steg": (gym.RewardWrapper, "step"),
    "spara": (replay.ReplayBuffer, "append"),
    "resten av ett spelat steg": (training, "play_one_step"),
    "kopiera till målnätverket": (training, "update_target_network"),
    "prövningar": (Watch, "check"),
}
"""Delens namn → var den står. En del som anropas av en annan räknas bara för sig."""


class Clock:
    """Processortid per del, där en del inuti en annan inte räknas två gånger."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inside: list[str] = []

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Funktionen, med klocka."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.process_time()
            self._inside.append(name)
            try:
                return function(*args, **kwargs)
            finally:
                spent = time.process_time() - start
                self._inside.pop()
                self.seconds[name] += spent
                if self._inside:
                    self.seconds[self._inside[-1]] -= spent

        return timed


def seconds_per_part(seed: int) -> dict[str, float]:
    """Processorsekunder per del i en träning med receptet, och resten."""
    clock, contestant = Clock(), contestants.BY_KEY["dqn"]
    watch = Watch(contestant.task, seed, contestant.observation_scale)
    with ExitStack() as patches:
        for name, (place, attribute) in PLACES.items():
            timed = clock.around(name, getattr(place, attribute))
            patches.enter_context(mock.patch.object(place, attribute, timed))
        started = time.process_time()
        contestant.train(seed, watch, contestant.max_steps, contestant.check_every)
        whole = time.process_time() - started
    clock.seconds["resten: loopen, ε och förloppet"] = whole - sum(clock.seconds.values())
    return {name: round(seconds, 4) for name, seconds in clock.seconds.items()}
