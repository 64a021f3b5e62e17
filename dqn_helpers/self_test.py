"""Självtestet på startsidan: finns allt som kursen behöver, och går det fort nog?"""

import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

import gymnasium as gym
import torch
from torch import nn

from dqn_helpers import recipe
from dqn_helpers.card import Card, Mark, Part
from dqn_helpers.figures import swedish_number
from dqn_helpers.network import DQN
from dqn_helpers.replay import ReplayBuffer
from dqn_helpers.training import dqn_training_step, play_and_record_episode

OLDEST_PYTHON = (3, 11)
PACKAGES = ("torch", "gymnasium", "numpy", "matplotlib", "pillow", "tqdm")
SLOW_MILLISECONDS = 5.0
"""Tar ett träningssteg längre tid än så blir kursens träningar tråkigt långa."""


@dataclass(frozen=True)
class Finding:
    """En rad i självtestet."""

    name: str
    result: str
    ok: bool
    advice: str = ""


@dataclass(frozen=True)
class SelfTest:
    """Självtestets svar: ett kort i anteckningsboken, ren text på andra ställen."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Sant om allt är som det ska."""
        return all(finding.ok for finding in self.findings)

    @property
    def summary(self) -> str:
        """En mening om hur det gick."""
        if self.passed:
            return "Allt finns. Du är redo att börja."
        return "Något är inte som det ska. Läs det som står efter Obs!"

    def __repr__(self) -> str:
        return "\n".join([f"Självtest: {self.summary}", *map(_line, self.findings)])

    def _repr_html_(self) -> str:
        parts = tuple(map(_part, self.findings))
        mark: Mark = "passed" if self.passed else "failed"
        card = Card("Självtest", mark, self.summary, parts, shows_all=True)
        return card.notebook_html("Självtest")


def _line(finding: Finding) -> str:
    text = f"{finding.name}: {finding.result}"
    return text if finding.ok else f"Obs! {text}. {finding.advice}"


def _part(finding: Finding) -> Part:
    if finding.ok:
        return Part(finding.result, "passed", finding.name)
    return Part(finding.result, "failed", f"Obs! {finding.name}", message=finding.advice)


def self_test() -> SelfTest:
    """Titta efter Python, paketen och farten. Ändrar ingenting och tar mindre än en sekund."""
    return SelfTest((_python(), *map(_package, PACKAGES), _speed()))


def _python() -> Finding:
    oldest = ".".join(map(str, OLDEST_PYTHON))
    return Finding(
        "Python",
        platform.python_version(),
        sys.version_info[:2] >= OLDEST_PYTHON,
        f"Kursen behöver Python {oldest} eller nyare. Starta den med kommandot `python kurs.py`.",
    )


def _package(name: str) -> Finding:
    try:
        return Finding(name, metadata.version(name), True)
    except metadata.PackageNotFoundError:
        advice = (
            "Stäng JupyterLab och starta kursen med `python kurs.py`. "
            "Hjälper inte det: ta bort mappen `.venv` (aldrig `mitt_arbete`) och starta igen."
        )
        return Finding(name, "saknas", False, advice)


def _speed() -> Finding:
    """Hur lång tid ett träningssteg tar, i millisekunder; det bästa av några mätningar."""
    with torch.random.fork_rng(devices=[]):
        milliseconds = 1000 * _shortest_time(_training_steps(), repeats=3) / N_STEPS
    return Finding(
        "ett träningssteg",
        f"{swedish_number(milliseconds, 2)} ms",
        milliseconds < SLOW_MILLISECONDS,
        "Det är långsamt. Kursen går att läsa ändå, men träningarna tar längre tid än vad som "
        "står i böckerna. Stäng andra program och kör cellen igen.",
    )


N_STEPS = 20


def _training_steps() -> Callable[[], None]:
    """En funktion som tar `N_STEPS` träningssteg i CartPole, så som i bok 04."""
    model = DQN()
    env = gym.make("CartPole-v1")
    replay_buffer = ReplayBuffer(1000)
    while len(replay_buffer) < recipe.TRAINING["batch_size"]:
        play_and_record_episode(model, env, replay_buffer, epsilon=1.0)
    optimizer, batch_size = recipe.make_optimizer(model), recipe.TRAINING["batch_size"]

    def take_steps() -> None:
        for _ in range(N_STEPS):
            dqn_training_step(
                model, optimizer, nn.MSELoss(), replay_buffer, batch_size, recipe.DISCOUNT_FACTOR
            )

    return take_steps


def _shortest_time(function: Callable[[], None], repeats: int) -> float:
    """Sekunder för det snabbaste av några anrop, så att annat som datorn gör inte stör."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)
