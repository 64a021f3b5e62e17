"""Dolda fall för 02 Erfarenheter och replay buffer."""

from typing import Any

import numpy as np

from dqn_helpers.autograder.catalogue import cases
from dqn_helpers.counting import counted
from dqn_helpers.exercises.buffer_drivers import (
    BATCH_IN_ORDER,
    CALLS_IN_ORDER,
    DTYPES,
    N_IN_ORDER,
    REWARD,
    SIX_TENSORS,
    how_often,
    pattern,
)
from dqn_helpers.exercises.comparing import difference
from dqn_helpers.exercises.model import Case, Inputs, Observed
from dqn_helpers.exercises.notebook_02 import (
    ACTIONS_HALF,
    ACTIONS_RANDOM,
    BATCH_COUNTED,
    CALLS_COUNTED,
    EVEN,
    HALF,
    N_COUNTED,
    N_ENDLESS,
    N_EXPLORED,
    N_GREEDY,
    N_HALF,
    N_RANDOM,
    RANDOM,
    count_inputs,
    endless_inputs,
    form_inputs,
    long_episode,
    order_inputs,
)

from ..book_03.hidden import distinct, random_layers
from ..evidence import Supports, numbers, with_evidence


def _flags(rng: np.random.Generator, n: int) -> list[list[bool]]:
    """Flaggor till n erfarenheter; bland fyra i rad finns alla fyra kombinationerna."""
    kinds = rng.permutation([[False, False], [True, False], [False, True], [True, True]])
    return [kinds[i % 4].tolist() for i in range(n)]


def experiences(rng: np.random.Generator, n: int, shape: tuple[int, ...] = (4,)) -> list[list[Any]]:
    """Erfarenheter där alla tal i ett fält är olika."""
    state, next_state = (distinct(rng, n, *shape, low=-90, high=90) for _ in range(2))
    action, reward = rng.permutation(n), distinct(rng, n, low=-90, high=90)
    return [
        [state[i], int(action[i]), float(reward[i]), next_state[i], *flags]
        for i, flags in enumerate(_flags(rng, n))
    ]


# --- 2.1 -----------------------------------------------------------------------------------------


def the_latest(experiences: list[list[Any]]) -> Supports:
    """Det som lästes är de här erfarenheterna, alla fält, i vilken ordning som helst."""
    right = [np.concatenate([np.ravel(np.asarray(x, float)) for x in e]) for e in experiences]
    right.sort(key=list)

    def supports(read: Any) -> bool:
        rows = [np.concatenate([np.ravel(np.asarray(x, float)) for x in row]) for row in read]
        rows.sort(key=list)
        return len(rows) == len(right) and all(
            np.allclose(a, b, atol=1e-3) for a, b in zip(rows, right, strict=True)
        )

    return supports


@cases("2.1")
def replay_buffer_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        behaviour: str, n: int, max_length: int, shape: tuple[int, ...] = (4,), **more: Any
    ) -> Case:
        inputs = {"max_length": max_length, "experiences": experiences(rng, n, shape)}
        for row in inputs["experiences"] if behaviour != "stores" else ():
            row[1] %= 2  # samma handling kommer igen, som i en riktig miljö
        added = counted(n, "erfarenhet", "erfarenheter")
        text = f"I en buffert för {max_length} läggs {added}, en i taget."
        made = Case((behaviour,), inputs | {"look": "contents"} | more, text=text)
        if behaviour == "length":
            return made
        length = min(n, max_length)
        places = rng.permutation(3 * max_length + 2).tolist()
        return with_evidence(
            made,
            places,
            read=the_latest(inputs["experiences"][n - length :]),
            found=lambda found: list(found) == [place < length for place in places],
        )

    size, start = int(rng.integers(5, 9)), int(rng.integers(2, 4))
    outside = [start, start + 1, size, size + 1, 3 * size]
    return [
        case("stores", size - 1, size, (2, 3)),
        case("stores", size, size),
        case("length", 3 * size + 1, size, look="lengths"),
        case("length", int(rng.integers(2, 6)), 1, look="lengths"),
        case("overwrites", size + 2, size),
        case("overwrites", 4 * size - 1, size),
        case("overwrites", 3, 1),
        case("outside", start, size, outside=rng.permutation(outside).tolist()),
        case("outside", 0, size, outside=[0, size]),
    ]


# --- 2.2 -----------------------------------------------------------------------------------------


def batch_of(experience: list[Any], batch_size: int) -> Supports:
    """Sex fält i rätt sort och form, där varje rad är erfarenheten."""

    def supports(batch: Any) -> bool:
        parts = zip(batch, experience, DTYPES.values(), strict=True)
        return all(
            np.asarray(field).dtype.name == dtype
            and np.asarray(field).shape == (batch_size, *np.shape(value))
            and np.allclose(np.asarray(field, dtype=float), np.asarray(value, float), atol=1e-3)
            for field, value, dtype in parts
        )

    return supports


def without_pattern(experiences: list[list[Any]]) -> Supports:
    """Belöningarna i varje batch hör till sparade erfarenheter, utan mönster i tiden."""
    place = {round(e[REWARD], 2): index for index, e in enumerate(experiences)}

    def supports(rewards: Any) -> bool:
        drawn: list[list[int | None]] = [[place[round(float(x), 2)] for x in r] for r in rewards]
        return len(drawn) == CALLS_IN_ORDER and not pattern(drawn, len(experiences))

    return supports


def evenly_drawn(experiences: list[list[Any]]) -> Supports:
    """Belöningarna i batcharna är sparade, och alla kommer lika ofta."""
    place = {round(e[REWARD], 2): index for index, e in enumerate(experiences)}

    def supports(rewards: Any) -> bool:
        drawn: list[list[int | None]] = [[place[round(float(x), 2)] for x in r] for r in rewards]
        found = how_often(drawn, experiences, BATCH_COUNTED)
        even = not found["repeats"] and EVEN["unevenness"].accepts(found["unevenness"])
        return even and len(drawn) == CALLS_COUNTED

    return supports


def kept_together(experiences: list[list[Any]]) -> Supports:
    """Varje rad i batcharna är en sparad erfarenhet, med alla sex fälten."""
    flat = {round(e[REWARD], 2): np.concatenate([np.ravel(x) for x in e]) for e in experiences}

    def supports(batches: Any) -> bool:
        for batch in batches:
            rows = np.concatenate(
                [np.asarray(part, float).reshape(BATCH_IN_ORDER, -1) for part in batch], axis=1
            )
            right = [flat[round(float(x), 2)] for x in batch[REWARD]]
            if not np.allclose(rows, right, atol=1e-3):
                return False
        return len(batches) == CALLS_IN_ORDER

    return supports


@cases("2.2")
def sample_experiences_cases(rng: np.random.Generator) -> list[Case]:
    def one(*shape: int) -> list[Any]:
        end = bool(rng.random() < 0.5)
        state, next_state = distinct(rng, 2, *shape, low=-90, high=90)
        action, reward = int(rng.integers(2, 9)), float(distinct(rng, 1)[0])
        return [state, action, reward, next_state, end, not end]

    many = experiences(rng, N_IN_ORDER, (3,))
    few = experiences(rng, N_COUNTED, (3,))
    few.sort(key=lambda experience: experience[2])
    even = {"returned": SIX_TENSORS, "drawn": [e[2] for e in few]} | EVEN

    def form(behaviours: tuple[str, ...], experience: list[Any], text: str, **more: Any) -> Case:
        case = Case(behaviours, form_inputs(experience, **more), text=text)
        return with_evidence(case, batch=batch_of(experience, more["batch_size"]))

    in_order = Case(
        ("together", "unordered"),
        order_inputs(many),
        text="I en buffert som bara kan `len` och `[i]` ligger många olika erfarenheter.",
    )
    counted = Case(
        ("uniform",),
        count_inputs(few),
        text=f"I kursens buffert ligger {N_COUNTED} erfarenheter, och många batchar dras.",
        answers=lambda observe: [even],
        random=("unevenness",),
    )
    return [
        form(
            ("shapes", "dtypes", "together"),
            one(4),
            "I en lista ligger åtta likadana erfarenheter, med observationer i `float64`.",
            dtype="float64",
            batch_size=int(rng.choice([5, 7])),
        ),
        form(
            ("shapes", "together"),
            one(2, 3, 2),
            "I en `deque` ligger åtta likadana erfarenheter, med bilder som observationer, och "
            "batchen tar med alla 8.",
            buffer="deque",
            batch_size=8,
            calls=20,
        ),
        with_evidence(in_order, rewards=without_pattern(many), batches=kept_together(many)),
        with_evidence(counted, rewards=evenly_drawn(few)),
    ]


# --- 2.3 -----------------------------------------------------------------------------------------


def epsilon_greedy_choices(inputs: Inputs, limits: Observed) -> Supports:
    """Handlingarna är så ofta nätverkets bästa som ε säger."""
    weights = np.array(inputs["layers"][0][0])
    best = (np.array(inputs["observations"])[:-1] @ weights.T).argmax(axis=1)

    def supports(actions: Any) -> bool:
        taken = numbers(actions, len(best))
        share, n_actions = np.mean(taken == best), len(set(taken.tolist()))
        is_right = difference(float(share), limits["share"], 1e-9) is None
        return is_right and n_actions >= limits.get("n_actions", 2)

    return supports


def same_actions(inputs: Inputs) -> Supports:
    """Handlingarna som sparades är de som gjordes, i fallets egna tillstånd."""
    states = np.array(inputs["observations"])[:-1]

    def supports(pairs: Any) -> bool:
        saved, taken = (numbers(np.ravel(part), len(states)) for part in pairs[:2])
        seen = numbers(pairs[2], *states.shape)
        return np.array_equal(saved, taken) and np.allclose(seen, states, atol=1e-3)

    return supports


@cases("2.3")
def play_and_record_cases(rng: np.random.Generator) -> list[Case]:
    def episode(n_steps: int, text: str, *behaviours: str, **more: Any) -> Case:
        inputs = {
            "layers": random_layers(rng, 3, 4),
            "observations": distinct(rng, n_steps + 1, 3),
            "rewards": distinct(rng, n_steps),
            "epsilon": 0.0,
        }
        return Case(behaviours, inputs | more, text=f"En episod på {n_steps} steg {text}.")

    def choices(n_steps: int, n_actions: int, epsilon: float, limits: Observed, *more: str) -> Case:
        inputs = long_episode(rng, n_steps, n_actions, epsilon)
        actions = counted(n_actions, "handling", "handlingar")
        text = f"En episod på {n_steps} steg med {actions} och ε = {epsilon:g}."
        case = Case(
            ("epsilon",),
            inputs,
            text=text.replace("0.5", "0,5"),
            answers=lambda observe: [limits],
            random=("share", *more),
        )
        return with_evidence(case, actions=epsilon_greedy_choices(inputs, limits))

    n, seed = int(rng.integers(4, 9)), int(rng.integers(1, 2**31))
    explored = endless_inputs(N_EXPLORED + n) | {"look": "actions"}
    explored["observations"] = distinct(rng, N_EXPLORED + n + 1, 2)
    return [
        episode(n, "som slutar med `terminated`", "ends", "fields", "return"),
        episode(n + 2, "som slutar med `truncated`", "ends", "fields", ends="truncated"),
        episode(1, "som slutar genast", "ends", "fields", "return"),
        episode(n + 1, "i en miljö som återanvänder sin array", "copies", reuse=True),
        episode(3, f"med slumpfröet {seed}", "seed", seed=seed),
        episode(2, "med slumpfröet 0", "seed", seed=0),
        episode(2, "två gånger, utan slumpfrö", "seed", look="starts"),
        with_evidence(
            Case(("fields",), explored, text=f"En episod på {N_EXPLORED + n} steg med ε = 1."),
            pairs=same_actions(explored),
        ),
        Case(
            ("ends",),
            endless_inputs(N_ENDLESS + n),
            text=f"En episod på {N_ENDLESS + n} steg, i en miljö utan tidsgräns.",
        ),
        choices(N_GREEDY, ACTIONS_RANDOM, 0.0, {"share": 1.0}),
        choices(N_HALF, ACTIONS_HALF, 0.5, HALF, "n_actions"),
        choices(N_RANDOM, ACTIONS_RANDOM, 1.0, RANDOM),
    ]
