"""Erfarenhetsbufferten (replay buffer): minnet som träningen drar ur."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch


class Experience(NamedTuple):
    """Ett steg i miljön.

    Både `terminated` och `truncated` sparas: efter ett sluttillstånd finns ingen framtid, men vid
    en tidsgräns gör det det, och träningen måste kunna skilja dem åt.
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
    """Ringbuffert med en förberedd array per fält.

    När den är full skrivs den äldsta erfarenheten över. Observationer kopieras in (som float32),
    så det gör inget om miljön återanvänder sin array. Formen på observationen bestäms av den
    första erfarenheten.

    Args:
        max_length: hur många erfarenheter som får plats.

    Raises:
        ValueError: om `max_length` inte är ett heltal som är minst 1.
    """

    def __init__(self, max_length: int) -> None:
        if isinstance(max_length, bool) or max_length % 1 != 0 or max_length < 1:
            raise ValueError(f"max_length ska vara ett heltal, minst 1, men är {max_length!r}.")
        self.max_length = int(max_length)
        self._n_added = 0  # räknar alla som någonsin lagts till; platsen är resten vid division
        self._state: np.ndarray | None = None

    def __len__(self) -> int:
        return min(self._n_added, self.max_length)

    def append(self, experience: Sequence[Any]) -> None:
        """Spara en erfarenhet (state, action, reward, next_state, terminated, truncated).

        Raises:
            ValueError: om det inte är sex fält, om en observation har annan form än de tidigare
                eller om belöningen inte är ett ändligt tal.
        """
        try:
            state, action, reward, next_state, terminated, truncated = experience
        except (TypeError, ValueError):
            raise ValueError(_wrong_fields(experience)) from None
        if not math.isfinite(reward):
            raise ValueError(f"Belöningen är {reward}. Den måste vara ett ändligt tal.")
        # Formerna jämförs: annars skulle numpy tyst fylla en hel rad med ett enda tal.
        shape = np.shape(state) if self._state is None else self._state.shape[1:]
        if np.shape(state) != shape or np.shape(next_state) != shape:
            raise ValueError(
                f"Observationerna har formerna {np.shape(state)} och {np.shape(next_state)}, men "
                f"bufferten rymmer {shape}. En ny miljö behöver en ny buffert."
            )
        if self._state is None:
            self._allocate(shape)
        slot = self._n_added % self.max_length
        self._state[slot] = state  # type: ignore[index]
        self._next_state[slot] = next_state
        self._action[slot] = action
        self._reward[slot] = reward
        self._terminated[slot] = terminated
        self._truncated[slot] = truncated
        self._n_added += 1

    def __getitem__(self, index: int) -> Experience:
        """Erfarenheten på plats `index`; en kopia, så att den inte ändras när ringen går runt.

        Raises:
            IndexError: om platsen är tom eller inte finns.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"Plats {index} finns inte: bufferten har {len(self)} erfarenheter.")
        if index < 0:
            index += len(self)
        assert self._state is not None
        return Experience(
            self._state[index].copy(),
            int(self._action[index]),
            float(self._reward[index]),
            self._next_state[index].copy(),
            bool(self._terminated[index]),
            bool(self._truncated[index]),
        )

    def gather(self, indices: np.ndarray) -> Batch:
        """Erfarenheterna på platserna `indices`, int64 (B,), som sex nya tensorer."""
        assert self._state is not None
        columns = (
            self._state,
            self._action,
            self._reward,
            self._next_state,
            self._terminated,
            self._truncated,
        )
        return Batch(*(torch.from_numpy(column.take(indices, axis=0)) for column in columns))

    def _allocate(self, observation_shape: tuple[int, ...]) -> None:
        """Reservera plats för allt på en gång, med de typer som träningen vill ha."""
        n = self.max_length
        self._state = np.empty((n, *observation_shape), dtype=np.float32)
        self._next_state = np.empty((n, *observation_shape), dtype=np.float32)
        self._action = np.empty(n, dtype=np.int64)
        self._reward = np.empty(n, dtype=np.float32)
        self._terminated = np.empty(n, dtype=np.bool_)
        self._truncated = np.empty(n, dtype=np.bool_)


def _wrong_fields(experience: Any) -> str:
    got = f"{len(experience)} fält" if hasattr(experience, "__len__") else repr(experience)[:80]
    return (
        "En erfarenhet är en tupel med sex fält: (state, action, reward, next_state, terminated, "
        f"truncated), men fick {got}."
    )


def sample_experiences(replay_buffer: ExperienceSequence, batch_size: int) -> Batch:
    """Dra `batch_size` erfarenheter likformigt och oberoende av varandra.

    Dragningen är med återläggning ur torch:s slumpgenerator. Att grannar i tiden sällan hamnar i
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
    n_stored = len(replay_buffer)
    if batch_size < 1:
        raise ValueError(f"batch_size ska vara minst 1, men är {batch_size}.")
    if batch_size > n_stored:
        raise ValueError(
            f"Bufferten har {n_stored} erfarenheter, för få för en batch på {batch_size}. "
            "Spela fler steg först eller välj en mindre batch."
        )
    indices = torch.randint(n_stored, (batch_size,))
    if isinstance(replay_buffer, ReplayBuffer):
        return replay_buffer.gather(indices.numpy())
    return _stack([replay_buffer[i] for i in indices.tolist()])


def _stack(experiences: list[Sequence[Any]]) -> Batch:
    """Packa ihop tupler till sex tensorer."""
    for experience in experiences:
        if len(experience) != 6:
            raise ValueError(_wrong_fields(experience))
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
    return torch.tensor(np.asarray(data), dtype=torch.float32)
