"""Dolda fall för 04 Hela DQN-loopen."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dqn_helpers.exercises.model import Case, Inputs, Observed, Within
from dqn_helpers.exercises.notebook_04 import (
    EPSILON_FOLLOWED,
    epsilon_inputs,
    loop_inputs,
)
from dqn_helpers.exercises.training_loop_driver import in_words

from .cases_03 import distinct
from .catalogue import cases

Observe = Callable[[Inputs], Observed]

# --- 4.1 -----------------------------------------------------------------------------------------


@cases("4.1")
def linear_epsilon_cases(rng: np.random.Generator) -> list[Case]:
    def line(decay_steps: int, **fixed: Any) -> Inputs:
        ends = {"start": rng.integers(70, 99) / 100, "end": rng.integers(5, 35) / 100}
        return ends | {"decay_steps": decay_steps} | fixed

    n_steps, few = int(rng.integers(11, 25)), int(rng.integers(5, 9))
    inner = rng.choice(np.arange(1, n_steps), 5, replace=False).tolist()
    first = line(n_steps)
    whole = line(few, start=1, end=0)  # heltal duger också
    return [
        Case(("line",), first | {"steps": [0, *inner]}),
        Case(("line",), whole | {"steps": list(range(few))}),
        Case(("stays",), first | {"steps": [n_steps, n_steps + 1, 2 * n_steps, 5 * n_steps + 3]}),
        Case(("stays",), whole | {"steps": [few, few + 1, 3 * few]}),
        Case(("line",), line(1) | {"steps": [0]}),
        Case(("stays",), line(1) | {"steps": [1, 2, 7]}),
    ]


# --- 4.2 -----------------------------------------------------------------------------------------


@cases("4.2")
def update_target_network_cases(rng: np.random.Generator) -> list[Case]:
    n_out, n_in = int(rng.integers(2, 4)), int(rng.integers(4, 6))
    taus = rng.permutation([0.05, 0.1, 0.15, 0.2, 0.3, 0.35, 0.4])[:3].tolist()

    def pair(norm: bool, **more: Any) -> Inputs:
        numbers = distinct(rng, 2, n_out * n_in + 5 * n_out)
        batches = rng.choice(np.arange(3, 60), 2, replace=False).tolist()
        networks = []
        for row, count in zip(numbers, batches, strict=True):
            weight, rest = row[: n_out * n_in], row[n_out * n_in :].reshape(5, n_out)
            network = {"weight": weight.reshape(n_out, n_in), "bias": rest[0]}
            if norm:
                network |= {"scale": rest[1], "shift": rest[2], "mean": rest[3]}
                network |= {"variance": 1 + abs(rest[4]), "batches": count}
            networks.append(network)
        return {"model": networks[0], "target": networks[1]} | more

    return [
        Case(("hard", "separate", "online"), pair(False), text="Två nätverk, utan tau."),
        Case(
            ("hard", "separate", "buffers", "online"),
            pair(True, tau=1.0),
            text="Två nätverk med BatchNorm, τ = 1.",
        ),
        Case(("soft", "separate", "online"), pair(False, tau=taus[0]), text=_soft_text(taus[0])),
        Case(("soft",), pair(False, tau=1 - taus[1]), text=_soft_text(1 - taus[1])),
        Case(
            ("buffers", "online"),
            pair(True, tau=taus[2]),
            text=_soft_text(taus[2], "Två nätverk med BatchNorm"),
        ),
    ]


def _soft_text(tau: float, networks: str = "Två nätverk") -> str:
    return f"{networks}, τ = {tau:.2f}.".replace(".", ",", 1)


# --- 4.3 -----------------------------------------------------------------------------------------


def loop_case(
    behaviours: tuple[str, ...],
    inputs: Inputs,
    answers: Callable[[Observed], list[Observed]] | None = None,
    **more: Any,
) -> Case:
    def accepted(observe: Observe) -> list[Observed]:
        right = observe(inputs)
        return answers(right) if answers else [right]

    return Case(behaviours, inputs, answers=accepted, **({"text": in_words(inputs)} | more))


def training_inputs(rng: np.random.Generator) -> Inputs:
    """Uppvärmningens längd är jämnt delbar med train_every, inga andra episoders är det."""
    every = int(rng.integers(2, 4))
    n_warm = every + 1  # så att den som räknar warmup i steg börjar senare än den som inte räknar
    warm = [int(x) for x in rng.integers(2, 5, n_warm - 1)]
    warm.append(every * int(rng.integers(2, 4)) - sum(warm) % every)
    # Den första episoden efter uppvärmningen är så lång att träningen hinner börja i den.
    factors = [2, *rng.permutation([1, 1, 1, 2]).tolist()]
    lengths = warm + [every * factor + 1 for factor in factors]
    return loop_inputs(
        rng,
        lengths,
        warmup=n_warm,
        train_every=every,
        target_update_every=every + 1,
        batch_size=2,
        discount_factor=int(rng.integers(80, 99)) / 100,
        calls=(sum(lengths) - sum(warm)) // every,
    )


def training_case(rng: np.random.Generator) -> Case:
    inputs = training_inputs(rng)
    n_warm = sum(inputs["lengths"][: inputs["warmup"]])
    first = Within(n_warm, n_warm + inputs["lengths"][inputs["warmup"]])

    def answers(right: Observed) -> list[Observed]:
        right = right | {"first_step": first}
        # Den som räknar uppvärmningen som klar när dess sista steg är taget tränar en gång till.
        return [right, right | {"train_at": f"{n_warm}; {right['train_at']}"}]

    return loop_case(("warmup", "every", "target", "greedy", "epsilon"), inputs, answers)


def minimum_case(rng: np.random.Generator) -> Case:
    every = int(rng.integers(2, 5))
    batch_size = every * int(rng.integers(2, 4))
    inputs = loop_inputs(
        rng,
        [every + 1, batch_size + every],
        warmup=0,
        batch_size=batch_size,
        train_every=every,
        calls=3,
    )
    # Fritt: om steget sparas före eller efter träningen, och om steg utan nog sparat räknas.
    enough = {"fewest_stored": Within(batch_size, batch_size + every - 1)}
    return loop_case(("batch",), inputs, lambda right: [enough])


@cases("4.3")
def train_dqn_cases(rng: np.random.Generator) -> list[Case]:
    lengths = [2 * int(rng.integers(1, 3)), *rng.integers(2, 5, 3).tolist()]
    episodes = loop_inputs(rng, lengths, truncated=[True, False, *rng.permutation([True, False])])
    middle = int(rng.integers(58, 65)) / 100
    return [
        training_case(rng),
        loop_case(("episodes", "stored"), episodes),
        minimum_case(rng),
        Case(
            ("epsilon",),
            epsilon_inputs(rng, middle),
            text="Korta träningar som prövar ε.",
            answers=lambda observe: [EPSILON_FOLLOWED],
        ),
    ]
