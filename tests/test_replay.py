"""Bufferten: längd, ring, kopior, dragningens likformighet, former och fel."""

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from chi_square import chi_square, chi_square_limit

from dqn_helpers import Batch, Experience, ReplayBuffer, sample_experiences, to_tensor

# Att bygga en tensor direkt ur en lista av arrayer är mycket långsamt; torch varnar för det.
pytestmark = pytest.mark.filterwarnings("error")


def experience(number: int, shape: tuple[int, ...] = (2,)) -> Experience:
    """En erfarenhet med sitt nummer i alla fält."""
    return Experience(
        state=np.full(shape, number, np.float32),
        action=number,
        reward=float(number),
        next_state=np.full(shape, number + 0.5, np.float32),
        terminated=number % 2 == 1,
        truncated=number % 3 == 1,
    )


def filled(n_added: int, max_length: int) -> ReplayBuffer:
    buffer = ReplayBuffer(max_length)
    for number in range(n_added):
        buffer.append(experience(number))
    return buffer


def stored_numbers(buffer: Sequence[Any]) -> list[int]:
    return sorted(int(buffer[i][1]) for i in range(len(buffer)))


class OwnBuffer:
    """En students egen buffert: bara `len` och `[i]`."""

    def __init__(self, experiences: Sequence[Any]) -> None:
        self._experiences = list(experiences)

    def __len__(self) -> int:
        return len(self._experiences)

    def __getitem__(self, index: int) -> Any:
        return self._experiences[index]


# --- lagra och läsa ------------------------------------------------------------------------------


def test_ring_holds_the_newest():
    for n_added in range(10):
        buffer = filled(n_added, max_length=4)
        assert stored_numbers(buffer) == list(range(max(n_added - 4, 0), n_added))
        assert len(buffer) == min(n_added, 4)


def test_buffer_of_one_holds_the_last():
    for n_added in [1, 2, 3]:
        buffer = filled(n_added, max_length=1)
        assert len(buffer) == 1
        assert buffer[0].action == n_added - 1


def test_every_place_outside_is_an_index_error():
    for n_added in [0, 1, 3, 4, 6]:
        buffer = filled(n_added, max_length=4)
        for index in (len(buffer), len(buffer) + 1, 4, -len(buffer) - 1):
            with pytest.raises(IndexError, match=f"Plats `{index}` finns inte") as error:
                buffer[index]
            assert ("har 1 erfarenhet." in str(error.value)) == (n_added == 1)


def test_loop_over_buffer_ends():
    assert [e.action for e in filled(3, max_length=8)] == [0, 1, 2]


def test_negative_index_counts_from_the_end():
    buffer = filled(3, max_length=8)
    assert [buffer[i].action for i in (-1, -2, -3)] == [2, 1, 0]


def test_fields_come_back_with_their_types():
    buffer = filled(8, max_length=8)
    stored = buffer[7]
    assert isinstance(stored, Experience)
    assert type(stored.action) is int
    assert type(stored.reward) is float
    assert type(stored.terminated) is type(stored.truncated) is bool
    for number in range(8):
        stored, wanted = buffer[number], experience(number)
        np.testing.assert_array_equal(stored.state, wanted.state)
        np.testing.assert_array_equal(stored.next_state, wanted.next_state)
        assert stored[1:3] == wanted[1:3]
        assert stored[4:] == wanted[4:]


def test_stored_observations_do_not_follow_the_callers_array():
    for wrapped in [False, True]:
        buffer = filled(3 if wrapped else 0, max_length=2)
        state, next_state = np.array([1.0, 2.0], np.float32), np.array([3.0, 4.0], np.float32)
        buffer.append((state, 0, 0.0, next_state, False, False))
        state[:], next_state[:] = -1, -1
        stored = buffer[1 if wrapped else 0]
        assert stored.state.tolist() == [1, 2]
        assert stored.next_state.tolist() == [3, 4]


def test_what_is_read_does_not_share_memory_with_the_buffer():
    buffer = filled(1, max_length=1)
    read, batch = buffer[0], sample_experiences(buffer, 1)
    read.state[:], read.next_state[:] = -1, -1
    for tensor in batch:
        tensor.fill_(1)
    assert buffer[0].state.tolist() == [0, 0]
    assert buffer[0].next_state.tolist() == [0.5, 0.5]
    assert (buffer[0].action, buffer[0].reward, buffer[0].terminated) == (0, 0.0, False)


def test_batch_does_not_share_memory_with_a_generic_buffer():
    for make in [list, deque, OwnBuffer]:
        buffer = make([experience(1)])
        batch = sample_experiences(buffer, 1)
        batch.state.fill_(-1)
        batch.next_state.fill_(-1)
        assert buffer[0].state.tolist() == [1, 1]
        assert buffer[0].next_state.tolist() == [1.5, 1.5]


def test_batch_stays_when_the_ring_goes_round():
    buffer = filled(2, max_length=2)
    batch = sample_experiences(buffer, 2)
    before = [tensor.clone() for tensor in batch]
    for number in range(10, 14):
        buffer.append(experience(number))
    for tensor, old in zip(batch, before, strict=True):
        assert torch.equal(tensor, old)


# --- dra en batch --------------------------------------------------------------------------------


def buffers(numbers: range, shape: tuple[int, ...] = (2,)) -> list[Any]:
    """Samma erfarenheter i alla sorters buffertar."""
    experiences = [experience(number, shape) for number in numbers]
    ring = ReplayBuffer(len(experiences))
    for one in experiences:
        ring.append(one)
    plain = [tuple(one) for one in experiences]
    return [ring, experiences, deque(plain), OwnBuffer(plain), tuple(plain)]


def test_batch_shapes_and_dtypes():
    for shape in [(4,), (2, 3, 3)]:
        for kind in range(5):
            batch = sample_experiences(buffers(range(6), shape)[kind], 3)
            assert isinstance(batch, Batch)
            one_per_row, observations = (3,), (3, *shape)
            shapes = [
                observations,
                one_per_row,
                one_per_row,
                observations,
                one_per_row,
                one_per_row,
            ]
            assert [tuple(tensor.shape) for tensor in batch] == shapes
            dtypes = [
                torch.float32,
                torch.int64,
                torch.float32,
                torch.float32,
                torch.bool,
                torch.bool,
            ]
            assert [tensor.dtype for tensor in batch] == dtypes


def test_fields_of_one_experience_stay_together():
    for kind in range(5):
        torch.manual_seed(1)
        batch = sample_experiences(buffers(range(12))[kind], 12)
        for i, number in enumerate(batch.action.tolist()):
            wanted = experience(number)
            assert batch.state[i].tolist() == wanted.state.tolist()
            assert batch.reward[i].item() == wanted.reward
            assert batch.next_state[i].tolist() == wanted.next_state.tolist()
            assert batch.terminated[i].item() == wanted.terminated
            assert batch.truncated[i].item() == wanted.truncated


def test_observations_of_any_number_type_become_float32():
    for dtype in [np.float64, np.uint8, np.float32, list]:
        state: Any = [1, 2, 3] if dtype is list else np.array([1, 2, 3], dtype)
        for buffer in (ReplayBuffer(1), []):
            buffer.append((state, np.int64(1), 2, state, np.True_, False))
            batch = sample_experiences(buffer, 1)
            assert batch.state.dtype == torch.float32
            assert batch.state.tolist() == [[1, 2, 3]]
            assert (batch.reward.dtype, batch.terminated.tolist()) == (torch.float32, [True])


def draws(buffer: Any, n_draws: int, batch_size: int = 50) -> np.ndarray:
    """Numren på `n_draws` dragna erfarenheter, i dragningens ordning."""
    torch.manual_seed(20240501)
    batches = [sample_experiences(buffer, batch_size).action for _ in range(n_draws // batch_size)]
    return torch.cat(batches).numpy()


CASES = {
    "half full": (filled(50, 100), range(50)),
    "full": (filled(60, 60), range(60)),
    "wrapped": (filled(97, 60), range(37, 97)),
    "wrapped exactly": (filled(120, 60), range(60, 120)),
    "list": ([experience(i) for i in range(50)], range(50)),
}


def test_every_stored_experience_is_equally_likely():
    for case in CASES:
        buffer, numbers = CASES[case]
        drawn = draws(buffer, 10_000)
        counts = np.bincount(drawn - numbers[0], minlength=len(numbers))
        assert len(counts) == len(numbers)
        # Frusna frön: utfallet är alltid detsamma. Rätt kod faller för högst vart miljonte frö.
        assert chi_square(counts, [1 / len(numbers)] * len(numbers)) < chi_square_limit(
            len(numbers)
        )
        assert counts[0] > 0, "den äldsta kan inte dras"
        assert counts[-1] > 0, "den nyaste kan inte dras"


def test_draws_are_unrelated_to_their_order_in_time():
    for lag in [1, 2]:
        drawn = draws(filled(1500, 1000), 20_000).astype(float)
        correlation = np.corrcoef(drawn[:-lag], drawn[lag:])[0, 1]
        # Ungefär normalfördelad med spridningen 1/√N: fem gånger den passeras en gång på 1,7
        # miljoner.
        assert abs(correlation) < 5 / np.sqrt(len(drawn))


def test_neighbours_in_time_are_drawn_no_more_often_than_others():
    """En sammanhängande batch har nästan bara steg med 1; oberoende dragning nästan aldrig."""
    steps = np.diff(draws(filled(1000, 1000), 10_000))
    expected = len(steps) / 1000
    assert np.sum(steps == 1) < expected + 8 * np.sqrt(expected)


def test_draws_are_independent_with_replacement():
    """Av 1 000 par ur två erfarenheter är hälften dubbletter; utan återläggning inga."""
    torch.manual_seed(3)
    buffer = filled(2, 2)
    doubles = sum(int(a == b) for a, b in (sample_experiences(buffer, 2)[1] for _ in range(1000)))
    assert abs(doubles - 500) < 5 * np.sqrt(250)


@pytest.mark.parametrize("kind", range(5))
def test_sampling_is_reproducible_with_a_seed(kind: int):
    def draw(seed: int) -> list[int]:
        torch.manual_seed(seed)
        return sample_experiences(buffers(range(40))[kind], 20).action.tolist()

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_sampling_leaves_the_buffer_as_it_was():
    buffer = filled(5, 4)
    sample_experiences(buffer, 4)
    assert stored_numbers(buffer) == [1, 2, 3, 4]


def test_to_tensor_is_float32_of_the_same_shape():
    for data in [[1, 2], (1.5, 2.5), np.array([[1, 2]], np.uint8), 3, [True]]:
        tensor = to_tensor(data)
        assert tensor.dtype == torch.float32
        assert tensor.tolist() == np.asarray(data, dtype=float).tolist()


def test_to_tensor_copies():
    data = np.ones(2, np.float32)
    to_tensor(data).zero_()
    assert data.tolist() == [1, 1]


# --- fel -----------------------------------------------------------------------------------------


def test_bad_length_is_an_error():
    for max_length in [0, -1, 2.5, True, float("nan"), float("inf")]:
        with pytest.raises(ValueError, match="`max_length` ska vara ett heltal, minst 1"):
            ReplayBuffer(max_length)


def test_whole_lengths_are_accepted():
    for max_length in [2, 2.0, np.int64(2)]:
        assert len(filled(5, max_length)) == 2


def test_reward_that_is_not_finite_is_an_error():
    for reward in [float("nan"), float("inf"), -float("inf"), np.float32("nan")]:
        buffer = filled(1, 4)
        with pytest.raises(ValueError, match="ändligt tal"):
            buffer.append((np.zeros(2), 0, reward, np.zeros(2), False, False))
        assert len(buffer) == 1


def test_wrong_number_of_fields_is_an_error():
    for bad, said in [
        ((1, 2, 3), "3 fält"),
        (tuple(range(7)), "7 fält"),
        (5, "kom `5`"),
        (None, "kom `None`"),
    ]:
        with pytest.raises(ValueError, match=rf"tupel med sex fält.*{said}"):
            ReplayBuffer(4).append(bad)


def test_wrong_number_of_fields_in_a_list_is_an_error():
    for length in [5, 7]:
        good = tuple(experience(0))
        mixed = [good, (good + good)[:length]]
        torch.manual_seed(0)
        with pytest.raises(ValueError, match=rf"tupel med sex fält.*{length} fält"):
            sample_experiences(mixed * 10, 20)


def test_other_observation_shape_is_an_error():
    """Även (1,) och (): numpy skulle tyst fylla hela raden. Inget som fanns får ändras."""
    for n_before in [1, 4, 6]:
        for fields in [[0], [3], [0, 3]]:
            for shape in [(3,), (1,), (), (1, 2), (2, 2)]:
                buffer = filled(n_before, max_length=4)
                before = [tuple(map(str, buffer[i])) for i in range(len(buffer))]
                wrong: list[Any] = list(experience(9))
                for field in fields:
                    wrong[field] = np.zeros(shape)
                with pytest.raises(
                    ValueError, match=r"bufferten rymmer .*En ny miljö behöver en ny buffert"
                ):
                    buffer.append(wrong)
                assert [tuple(map(str, buffer[i])) for i in range(len(buffer))] == before


def test_first_experience_with_two_shapes_is_an_error_and_settles_nothing():
    buffer = ReplayBuffer(4)
    with pytest.raises(ValueError, match="bufferten rymmer"):
        buffer.append((np.zeros(2), 0, 0.0, np.zeros(3), False, False))
    buffer.append(experience(0, shape=(3,)))
    assert len(buffer) == 1


def test_batch_smaller_than_one_is_an_error():
    for batch_size in [0, -1]:
        with pytest.raises(ValueError, match="`batch_size` ska vara minst 1"):
            sample_experiences(filled(3, 4), batch_size)


def test_batch_larger_than_the_buffer_is_an_error():
    for kind in range(5):
        with pytest.raises(ValueError, match="har 4 erfarenheter, och det räcker inte"):
            sample_experiences(buffers(range(4))[kind], 5)


def test_empty_buffer_is_an_error():
    for empty in [ReplayBuffer(3), [], deque()]:
        with pytest.raises(ValueError, match="har 0 erfarenheter"):
            sample_experiences(empty, 1)
