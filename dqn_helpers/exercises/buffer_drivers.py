"""Drivarna för bufferten (2.1) och dragningen ur den (2.2)."""

from collections import Counter, deque
from collections.abc import Collection, Sequence
from itertools import pairwise
from operator import index as as_index
from typing import Any

import numpy as np
import torch

from dqn_helpers.counting import counted, listed
from dqn_helpers.exercises.model import Inputs, Observed
from dqn_helpers.exercises.plain import plain
from dqn_helpers.replay import ReplayBuffer

FIELDS = ("state", "action", "reward", "next_state", "terminated", "truncated")
REWARD = FIELDS.index("reward")
FLAGS = FIELDS[4:]
MATCH = 1e-3  # så nära räknas som samma tal; fallens tal skiljer sig mer


def as_experience(row: Sequence[Any], dtype: str = "float32") -> tuple[Any, ...]:
    """En ny erfarenhet av de slag som en miljö ger: arrayer, int, float och bool."""
    state, action, reward, next_state, terminated, truncated = row
    arrays = [np.array(observation, dtype) for observation in (state, next_state)]
    return arrays[0], int(action), float(reward), arrays[1], bool(terminated), bool(truncated)


def numbers(value: Any) -> np.ndarray | None:
    """Fältets tal; 3, [3] och en tensor med trean är samma. None om det inte är tal."""
    try:
        return np.squeeze(np.asarray(plain(value), dtype=float))
    except (TypeError, ValueError):
        return None


def same_numbers(one: Any, other: Any) -> bool:
    """Sant om två fält innehåller samma tal i samma form."""
    a, b = numbers(one), numbers(other)
    if a is None or b is None or a.shape != b.shape:
        return False
    return bool((np.abs(a - b) <= MATCH).all())


def six_fields(item: Any) -> tuple[tuple[Any, ...] | None, str]:
    """De sex fälten, eller None och det i ord som fanns i stället."""
    try:
        fields = tuple(item)
    except TypeError:
        return None, "`None`" if item is None else f"ett värde av sorten `{type(item).__name__}`"
    return (fields, "") if len(fields) == len(FIELDS) else (None, f"{len(fields)} fält")


# --- 2.1 -----------------------------------------------------------------------------------------


def replay_buffer_driver(replay_buffer_class: Any, inputs: Inputs) -> Observed:
    """Lägg till erfarenheter och se vad bufferten innehåller.

    Indata: max_length, experiences (i den ordning de läggs till), look (`"lengths"`,
    `"contents"`) och outside (index att läsa på som inte finns). Med `evidence`, en rad platser,
    ges beläggen `read`, alla fält i allt som går att läsa, och `found`, om platserna finns.
    """
    experiences = [as_experience(row) for row in inputs["experiences"]]
    buffer = replay_buffer_class(inputs["max_length"])
    if _is_shared(replay_buffer_class(inputs["max_length"]), buffer):
        return {"shared": True}
    lengths = [plain(len(buffer))]
    for experience in experiences:
        buffer.append(experience)
        lengths.append(plain(len(buffer)))
    if inputs["look"] == "lengths":
        return {"shared": False, "lengths": np.array(lengths)}
    observed: Observed = {"shared": False} | _contents(buffer, experiences)
    if "evidence" in inputs:
        observed["read"] = [
            [] if fields is None else [plain(field) for field in fields]
            for fields, _ in _read(buffer, len(experiences))
        ]
        observed["found"] = [bool(_outside(buffer, [place])) for place in inputs["evidence"]]
    return observed | {"outside": listed(_outside(buffer, inputs.get("outside", ())))}


def _is_shared(other: Any, buffer: Any) -> bool:
    """Sant om det som läggs i en annan buffert också syns i den här."""
    marker = as_experience([[0.5] * 4, 0, -987.5, [0.5] * 4, False, False])
    other.append(marker)
    return any(same_numbers(fields[REWARD], -987.5) for fields, _ in _read(buffer, 1) if fields)


def _read(buffer: Any, n_added: int) -> list[tuple[tuple[Any, ...] | None, str]]:
    """Allt som går att läsa i tur och ordning, men inte mer än vad som kan ha hamnat där."""
    found = []
    for index in range(min(len(buffer), 6 * n_added + 10)):
        try:
            found.append(six_fields(buffer[index]))
        except IndexError:
            break
    return found


def _contents(buffer: Any, experiences: list[tuple[Any, ...]]) -> Observed:
    """Belöningarna i storleksordning (platserna är fria), och fälten som inte är som de var."""
    found = _read(buffer, len(experiences))
    whole = [fields for fields, _ in found if fields]
    rewards = [numbers(fields[REWARD]) for fields in whole]
    wrong = {name for fields in whole for name in _changed_fields(fields, experiences)}
    return {
        "odd": next((words for fields, words in found if not fields), ""),
        "rewards": np.sort([np.nan if r is None or r.ndim else float(r) for r in rewards]),
        "mixed": _in_words(wrong, whole, experiences),
    }


def _in_words(
    wrong: set[str], whole: list[tuple[Any, ...]], experiences: list[tuple[Any, ...]]
) -> str:
    """Fälten som inte är som de var; har flaggorna bara bytt plats är det ett fel för sig."""
    swapped = [(*fields[:4], fields[5], fields[4]) for fields in whole]
    left = {name for fields in swapped for name in _changed_fields(fields, experiences)}
    if {*FLAGS} <= wrong and not {*FLAGS} & left:
        return ", ".join([*_as_code(left), "`terminated` och `truncated` (ombytta)"])
    return listed(_as_code(wrong))


def _as_code(names: set[str]) -> list[str]:
    """Fälten som kod i en mening, i den ordning de har i en erfarenhet."""
    return [f"`{name}`" for name in FIELDS if name in names]


def _changed_fields(fields: tuple[Any, ...], experiences: list[tuple[Any, ...]]) -> list[str]:
    """Fälten som skiljer sig från den tillagda erfarenheten med samma belöning."""
    reward = numbers(fields[REWARD])
    if reward is None or reward.ndim:
        return ["reward"]
    same = [e for e in experiences if abs(e[REWARD] - reward) <= MATCH]
    if not same:
        return ["reward"]
    return [
        name
        for name, mine, right in zip(FIELDS, fields, same[0], strict=True)
        if not same_numbers(mine, right)
    ]


def _outside(buffer: Any, places: Sequence[int]) -> list[str]:
    """Vad som hände på platser som inte finns, utom där det blev IndexError som det ska."""
    happened = []
    for place in places:
        try:
            fields, words = six_fields(buffer[place])
        except IndexError:
            continue
        except Exception as error:
            happened.append(f"`buffer[{place}]` ger `{type(error).__name__}`")
        else:
            happened.append(f"`buffer[{place}]` ger {'en erfarenhet' if fields else words}")
    return happened


# --- 2.2 -----------------------------------------------------------------------------------------


class Minimal:
    """En buffert som bara kan det den måste: `len` och `[i]` för heltal."""

    def __init__(self, experiences: Sequence[tuple[Any, ...]]) -> None:
        self._experiences = list(experiences)

    def __len__(self) -> int:
        return len(self._experiences)

    def __getitem__(self, index: Any) -> Any:
        return self._experiences[as_index(index)]


def _filled(experiences: list[tuple[Any, ...]], kind: str) -> Any:
    if kind == "ReplayBuffer":
        buffer = ReplayBuffer(len(experiences))
        for experience in experiences:
            buffer.append(experience)
        return buffer
    kinds: dict[str, Any] = {"list": list, "deque": deque, "minimal": Minimal}
    return kinds[kind](experiences)


DTYPES = dict(zip(FIELDS, ("float32", "int64", "float32", "float32", "bool", "bool"), strict=True))


def sample_experiences_driver(sample_experiences: Any, inputs: Inputs) -> Observed:
    """Dra många batchar ur en känd buffert.

    Indata: experiences, batch_size, calls, buffer ("list", "deque", "minimal", "ReplayBuffer"),
    dtype på observationerna och look: "form" (alla erfarenheter är lika), "order" eller "counts".
    Med `evidence` ges också belägg: den sista batchen (`batch`) eller alla belöningar (`rewards`).
    """
    experiences = [as_experience(e, inputs.get("dtype", "float32")) for e in inputs["experiences"]]
    buffer = _filled(experiences, inputs["buffer"])
    draws = []
    for _ in range(inputs["calls"]):
        batch = sample_experiences(buffer, inputs["batch_size"])
        returned = _returned(batch)
        if returned != SIX_TENSORS:
            return {"returned": returned}
        draws.append([tensor.detach().cpu() for tensor in batch])
    observed: Observed = {"returned": SIX_TENSORS}
    if inputs["look"] == "form":
        observed |= _form(draws, experiences, inputs["batch_size"])
        if "evidence" in inputs:
            observed["batch"] = [plain(tensor) for tensor in draws[-1]]
    else:
        if inputs["look"] == "order":
            observed |= _order(draws, experiences)
        else:
            observed |= how_often(_drawn(draws, experiences), experiences, inputs["batch_size"])
        if "evidence" in inputs:
            observed["rewards"] = [plain(batch[REWARD]) for batch in draws]
            observed["batches"] = [[plain(part) for part in batch] for batch in draws]
    if inputs["buffer"] == "list":
        observed["changed"] = [id(e) for e in buffer] != [id(e) for e in experiences]
    return observed


SIX_TENSORS = "sex tensorer"


def _returned(batch: Any) -> str | None:
    """Det returnerade i ord."""
    if batch is None:
        return None
    if not isinstance(batch, list | tuple):
        return f"ett värde av sorten `{type(batch).__name__}`"
    if len(batch) != len(FIELDS):
        return counted(len(batch), "del", "delar")
    odd = [type(part).__name__ for part in batch if not isinstance(part, torch.Tensor)]
    return f"sex delar, av vilka {len(odd)} är av sorten `{odd[0]}`" if odd else SIX_TENSORS


def _form(
    draws: list[list[torch.Tensor]], experiences: list[tuple[Any, ...]], batch_size: int
) -> Observed:
    """Former, sorter och värden i den sista batchen, när alla erfarenheter är lika."""
    batch, right = draws[-1], experiences[0]
    shapes = [tuple(tensor.shape) for tensor in batch]
    wanted = [(batch_size, *np.shape(value)) for value in right]
    kinds = [str(tensor.dtype).removeprefix("torch.") for tensor in batch]
    wrong_kinds = [f"`{n}` är `{k}`" for n, k in zip(FIELDS, kinds, strict=True) if k != DTYPES[n]]
    wrong_shapes = [
        f"`{name}` har {mine}"
        for name, mine, want in zip(FIELDS, shapes, wanted, strict=True)
        if mine != want
    ]
    return {
        "shapes": listed(wrong_shapes),
        "dtypes": listed(wrong_kinds),
        "row": np.concatenate([_first_row(tensor) for tensor in batch]),
    }


def _first_row(tensor: torch.Tensor) -> np.ndarray:
    return tensor[:1].double().numpy().reshape(-1) if tensor.ndim else np.empty(0)


def _places(
    batch: list[torch.Tensor], tables: list[dict[tuple[float, ...], int]]
) -> list[tuple[int | None, ...]]:
    """För varje rad: vilken erfarenhet state, action, reward och next_state kommer ifrån."""
    columns = [_rows(batch[i]) for i in range(4)]
    return [
        tuple(table.get(key) for table, key in zip(tables, keys, strict=True))
        for keys in zip(*columns, strict=False)
    ]


def _rows(tensor: torch.Tensor) -> list[tuple[float, ...]]:
    """Varje rads tal, så avrundade att de går att slå upp."""
    flat = tensor.reshape(len(tensor), -1).double().numpy().round(2) if tensor.ndim else np.empty(0)
    return [tuple(row) for row in (flat + 0.0).tolist()]


def _tables(experiences: list[tuple[Any, ...]]) -> list[dict[tuple[float, ...], int]]:
    """En uppslagsbok per fält (utom flaggorna): talen → erfarenhetens nummer."""
    tables = []
    for column in list(zip(*experiences, strict=True))[:4]:
        keys = _rows(torch.tensor(np.array(column, dtype=float)))
        tables.append({key: number for number, key in enumerate(keys)})
    return tables


def _drawn(
    draws: list[list[torch.Tensor]], experiences: list[tuple[Any, ...]]
) -> list[list[int | None]]:
    """Numren på erfarenheterna i varje batch, som `reward` visar dem."""
    table = _tables(experiences)[REWARD]
    return [[table.get(key) for key in _rows(batch[REWARD])] for batch in draws]


def _order(draws: list[list[torch.Tensor]], experiences: list[tuple[Any, ...]]) -> Observed:
    """Om fälten i varje rad hör ihop, och om batcharna har ett mönster i tiden."""
    tables, wrong = _tables(experiences), set()
    for batch in draws:
        flags = zip(*(t.reshape(-1).bool().tolist() for t in batch[4:]), strict=False)
        for places, mine in zip(_places(batch, tables), flags, strict=False):
            wrong |= _strangers(places, mine, experiences)
    return {
        "mixed": listed(_as_code(wrong)),
        "pattern": pattern(_drawn(draws, experiences), len(experiences)),
    }


def _strangers(
    places: tuple[int | None, ...], flags: tuple[bool, ...], experiences: list[tuple[Any, ...]]
) -> set[str]:
    """Fälten i en rad som inte hör till samma erfarenhet som de flesta andra."""
    known = [place for place in places if place is not None]
    if not known:
        return set(FIELDS)
    row = Counter(known).most_common(1)[0][0]
    wrong = {name for name, place in zip(FIELDS, places, strict=False) if place != row}
    right = experiences[row][4:]
    return wrong | {n for n, a, b in zip(FIELDS[4:], flags, right, strict=True) if a != b}


N_IN_ORDER, BATCH_IN_ORDER, CALLS_IN_ORDER, NEIGHBOURS = 40, 10, 30, 0.75
# En batch med d olika av 40 platser i en ring har i genomsnitt d / 39 ≤ 0,257 av de grannpar som en
# obruten följd har. Medelvärdet av 30 oberoende batchar överskrider 0,75 med sannolikheten högst
# exp(−30 · KL(0,75 ‖ 0,257)) = exp(−30 · 0,530) < 2e-7 (Hoeffding 1963, sats 1), med eller utan
# återläggning. Bestämda rader i alla batchar är ännu osannolikare: under 1e-20. Att tio platser
# ryms inom halva bufferten har sannolikheten högst 21 · 0,5^10 < 0,021, och att det gäller minst
# 16 av 30 batchar högst 2^30 · 0,021^16 < 2e-18. Två olika batchar har samma avstånd mellan raderna
# med sannolikheten högst 1,2e-7 (40 förskjutningar av en mängd, som dras med högst 3e-9), och minst
# 16 av 30 har det med högst 2^30 · (1,2e-7)^15 < 1e-90.


def pattern(drawn: list[list[int | None]], n_stored: int) -> str:
    """Vilket mönster batcharna har i tiden, i ord; tomt om de inte har något."""
    batches = [{place for place in batch if place is not None} for batch in drawn]
    size = max(len(batch) for batch in drawn)
    if not any(batches):
        return "belöningarna är inte de sparade"
    if all(len(batch) <= 1 for batch in batches) and size > 1:
        return "samma erfarenhet i alla rader"
    if all(batch == set(range(n_stored - size, n_stored)) for batch in batches):
        return "alltid de nyaste"
    if all(batch == set(range(size)) for batch in batches):
        return "alltid de äldsta"
    neighbours = [_share_of_neighbours(batch, n_stored) for batch in batches]
    if np.mean(neighbours) > NEIGHBOURS:
        return "rader i följd"
    if _same_gaps(batches, n_stored):
        return "samma avstånd mellan raderna varje gång"
    narrow = [not batch or max(batch) - min(batch) < n_stored // 2 for batch in batches]
    return "raderna kommer från ett kort stycke av bufferten" if np.mean(narrow) > 0.5 else ""


def _same_gaps(batches: list[set[int]], n_stored: int) -> bool:
    """Sant om de flesta olika batcharna är en och samma, bara förskjuten i bufferten."""
    different = set(map(frozenset, batches))
    commonest = Counter(_gaps(batch, n_stored) for batch in different).most_common(1)[0][1]
    return len(different) > 2 and commonest > len(different) / 2


def _gaps(batch: Collection[int], n_stored: int) -> tuple[int, ...]:
    """Avstånden från plats till plats, runt hela bufferten; likadana hur batchen än förskjuts."""
    places = sorted(batch)
    gaps = [(b - a) % n_stored for a, b in zip(places, places[1:] + places[:1], strict=True)]
    return min((tuple(gaps[i:] + gaps[:i]) for i in range(len(gaps))), default=())


def _share_of_neighbours(batch: set[int], n_stored: int) -> float:
    pairs = sum((place + 1) % n_stored in batch for place in batch)
    return min(pairs / max(len(batch) - 1, 1), 1.0)


def how_often(
    drawn: list[list[int | None]], experiences: Sequence[Sequence[Any]], batch_size: int
) -> Observed:
    """Hur ofta varje erfarenhet drogs, om det inte är samma batch varje gång.

    `unevenness` är Pearsons χ² mot lika många dragningar av varje.
    """
    repeats = np.mean([sorted(map(str, a)) == sorted(map(str, b)) for a, b in pairwise(drawn)])
    if repeats > 0.5:
        return {"repeats": True}
    counts = Counter(place for batch in drawn for place in batch if place is not None)
    rewards = [experiences[place][REWARD] for place in counts]
    every = np.array([counts[place] for place in range(len(experiences))])
    expected = len(drawn) * batch_size / len(experiences)
    return {
        "repeats": False,
        "drawn": np.sort(np.array(rewards, dtype=float)),
        "unevenness": float(((every - expected) ** 2 / expected).sum()),
    }
