"""Erfarenhetsbufferten (replay buffer): minnet som träningen drar ur."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from dqn_helpers.checks import (
    check_enough_stored,
    check_experience,
    check_six_fields,
    check_unpacked,
    whole_number,
)
from dqn_helpers.counting import counted


class Experience(NamedTuple):
    """Ett steg i miljön.

    Både `terminated` och `truncated` sparas: efter ett sluttillstånd finns ingen framtid, men vid
    en tidsgräns finns den kvar, och träningen måste kunna skilja dem åt.
    """

    state: np.ndarray
    action: int
    reward: float
    next_state: np.ndarray
    terminated: bool
    truncated: bool


class Batch(NamedTuple):
    """B erfarenheter som tensorer, en per fält."""

    state: torch.Tensor  # float32 (B, *observation)
    action: torch.Tensor  # int64 (B,)
    reward: torch.Tensor  # float32 (B,)
    next_state: torch.Tensor  # float32 (B, *observation)
    terminated: torch.Tensor  # bool (B,)
    truncated: torch.Tensor  # bool (B,)


class ExperienceSequence(Protocol):
    """Allt man kan dra erfarenheter ur: `len` och `[i]` räcker."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Sequence[Any]: ...


class ExperienceStore(ExperienceSequence, Protocol):
    """En buffert som man dessutom kan lägga till i."""

    def append(self, experience: Any, /) -> Any:
        """Spara en erfarenhet, en tupel med sex fält."""


class ReplayBuffer:
    """Ringbuffert: sex arrayer, en för varje fält, där den äldsta erfarenheten skrivs över.

    Arrayerna har de datatyper som träningen vill ha, och observationer kopieras in, så det gör
    inget om miljön återanvänder sin array. Formen på observationen bestäms av den första
    erfarenheten.

    Args:
        max_length: hur många erfarenheter som får plats.

    Attributes:
        columns: de sex arrayerna, i samma ordning som fälten i `Experience`; tom lista från början.
        n_added: hur många som någonsin har lagts till; nästa plats är resten vid division.

    Raises:
        ValueError: om `max_length` inte är ett heltal som är minst 1.
    """

    def __init__(self, max_length: int) -> None:
        self.max_length = whole_number("max_length", max_length, smallest=1)
        self.columns: list[np.ndarray] = []
        self.n_added = 0

    def __len__(self) -> int:
        return min(self.n_added, self.max_length)

    def append(self, experience: Sequence[Any]) -> None:
        """Spara en erfarenhet (state, action, reward, next_state, terminated, truncated).

        Raises:
            ValueError: om det inte är sex fält, om en observation har annan form än de tidigare
                eller om belöningen inte är ett ändligt tal.
        """
        shape = self.columns[0].shape[1:] if self.columns else None
        check_experience(experience, shape)
        if not self.columns:
            self.columns = self._empty_columns(np.shape(experience[0]))
        slot = self.n_added % self.max_length
        for column, value in zip(self.columns, experience, strict=True):
            column[slot] = value
        self.n_added += 1

    def _empty_columns(self, observation_shape: tuple[int, ...]) -> list[np.ndarray]:
        """Plats för allt på en gång: lika fort att fylla på hur mycket som än är sparat."""
        observations, numbers = (self.max_length, *observation_shape), self.max_length
        return [
            np.empty(observations, np.float32),
            np.empty(numbers, np.int64),
            np.empty(numbers, np.float32),
            np.empty(observations, np.float32),
            np.empty(numbers, np.bool_),
            np.empty(numbers, np.bool_),
        ]

    def __getitem__(self, index: int) -> Experience:
        """Erfarenheten på plats `index`; en kopia, så att den inte ändras när ringen går runt.

        Raises:
            IndexError: om platsen är tom eller inte finns.
        """
        if not -len(self) <= index < len(self):
            stored = counted(len(self), "erfarenhet", "erfarenheter")
            raise IndexError(f"Plats `{index}` finns inte: bufferten har {stored}.")
        place = index % len(self)
        state, action, reward, next_state, terminated, truncated = (
            column[place] for column in self.columns
        )
        return Experience(
            state.copy(), int(action), float(reward), next_state.copy(), bool(terminated),
            bool(truncated),
        )  # fmt: skip

    def gather(self, indices: np.ndarray) -> Batch:
        """Erfarenheterna på platserna `indices`, int64 (B,), som sex nya tensorer."""
        return Batch(*(torch.from_numpy(column.take(indices, axis=0)) for column in self.columns))


def sample_experiences(replay_buffer: ExperienceSequence, batch_size: int) -> Batch:
    """Dra `batch_size` erfarenheter likformigt och oberoende av varandra.

    Dragningen är med återläggning ur torchs slumpgenerator. Att grannar i tiden sällan hamnar i
    samma batch är själva poängen: det bryter sambandet mellan exemplen.

    Args:
        replay_buffer: en `ReplayBuffer` eller vilken följd som helst av tupler med sex fält,
            till exempel en `deque` eller en egen buffert.
        batch_size: antalet, B.

    Returns:
        Sex tensorer: state, action, reward, next_state, terminated, truncated.

    Raises:
        ValueError: om `batch_size` är mindre än 1 eller större än antalet sparade erfarenheter.

    Källa: Lin 1992; Mnih m.fl. 2015.
    """
    check_enough_stored(len(replay_buffer), batch_size)
    indices = torch.randint(len(replay_buffer), (batch_size,))
    if isinstance(replay_buffer, ReplayBuffer):  # bara snabbare: en hel kolumn i taget
        return replay_buffer.gather(indices.numpy())
    return stack_experiences([replay_buffer[i] for i in indices.tolist()])


def stack_experiences(experiences: Sequence[Sequence[Any]]) -> Batch:
    """Packa ihop B tupler till sex tensorer.

    Raises:
        ValueError: om någon av dem inte har sex fält.
    """
    for experience in experiences:
        check_six_fields(experience)
    state, action, reward, next_state, terminated, truncated = zip(*experiences, strict=True)
    return Batch(
        to_tensor(state),
        torch.tensor(action, dtype=torch.int64),
        to_tensor(reward),
        to_tensor(next_state),
        torch.tensor(terminated, dtype=torch.bool),
        torch.tensor(truncated, dtype=torch.bool),
    )


def to_tensor(data: Any) -> torch.Tensor:
    """Tal, listor eller arrayer som en ny float32-tensor av samma form."""
    check_unpacked(data)
    return torch.tensor(np.asarray(data), dtype=torch.float32)
