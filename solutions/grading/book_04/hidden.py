"""Dolda fall för 04 Hela DQN-loopen."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dqn_helpers.autograder.catalogue import cases
from dqn_helpers.exercises.model import Case, Inputs, Observed, Within
from dqn_helpers.exercises.notebook_04 import (
    EPSILON_FOLLOWED,
    N_FIRST,
    epsilon_inputs,
    loop_inputs,
)
from dqn_helpers.exercises.training_loop_driver import UNDER_WAY, greedy_action, in_words

from ..book_03.hidden import distinct
from ..evidence import Supports, numbers, with_evidence

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


def mixed_parameters(inputs: Inputs) -> Supports:
    """Målnätverkets ursprungliga parametrar har τ delar av online-nätverkets tal."""
    tau = inputs.get("tau", 1.0)
    names = list(inputs["model"])
    parameters = [name for name in ("weight", "bias", "scale", "shift") if name in names]
    model, target = (
        np.concatenate([np.ravel(inputs[which][name]) for name in parameters])
        for which in ("model", "target")
    )
    buffers = [inputs["model"][name] for name in ("mean", "variance", "batches") if name in names]
    right = np.concatenate([tau * model + (1 - tau) * target, *map(np.ravel, buffers)])
    return lambda kept: np.allclose(numbers(kept, len(right)), right, atol=1e-3)


def not_as_before(inputs: Inputs) -> Supports:
    """Något av talen i målnätverkets parametrar är ett annat än före anropet."""
    before = np.concatenate([np.ravel(inputs["target"][name]) for name in ("weight", "bias")])
    return lambda now: not np.allclose(numbers(now, len(before)), before, atol=1e-3)


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

    def separate(behaviours: tuple[str, ...], inputs: Inputs, text: str) -> Case:
        case = Case((*behaviours, "separate", "online"), inputs, text=text)
        moved = {"touched": not_as_before(inputs)} if inputs.get("tau", 1.0) < 1 else {}
        return with_evidence(case, kept=mixed_parameters(inputs), **moved)

    norm = pair(True, tau=1.0)
    return [
        separate(("hard",), pair(False), "Två nätverk, utan `tau`."),
        separate(("hard", "buffers"), norm, "Två nätverk med BatchNorm, τ = 1."),
        separate(("soft",), pair(False, tau=taus[0]), _soft_text(taus[0])),
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
    """Uppvärmningens längd är jämnt delbar med `train_every`, men ingen annan episods."""
    every = int(rng.integers(2, 4))
    n_warm = every + 1  # så att den som räknar warmup i steg börjar senare än den som inte räknar
    # Den första episoden är minst tre steg: då syns det om ε bara sjunker mellan episoderna.
    warm = [int(x) for x in rng.integers(3, 6, n_warm - 1)]
    warm.append(every * int(rng.integers(2, 4)) - sum(warm) % every)
    # Den som kopierar efter vart target_update_every:te miljösteg ska inte råka komma i fas.
    warm[-1] += every * (sum(warm) % (every + 1) == 0)
    # Den första episoden efter uppvärmningen är så lång att träningen hinner börja i den.
    factors = [2, *rng.permutation([1, 1, 1, 2]).tolist()]
    lengths = warm + [every * factor + 1 for factor in factors]
    return loop_inputs(
        rng,
        lengths,
        warmup=n_warm,
        train_every=every,
        target_update_every=every + 1,
        batch_size=1,  # också den som tränar innan steget är sparat ska kunna börja genast
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

    case = loop_case(("warmup", "every", "target", "greedy", "epsilon"), inputs, answers)
    return with_evidence(case, played=by_the_online_network(inputs))


def scripted_observations(inputs: Inputs) -> np.ndarray:
    """Observationen som agenten ser när den väljer, i varje miljösteg; float32 (antal steg, 2)."""
    ends = np.cumsum(np.array(inputs["lengths"]) + 1) - 1  # varje episods sista, utan handling
    return np.delete(np.array(inputs["observations"], np.float32), ends, axis=0)


def by_the_online_network(inputs: Inputs) -> Supports:
    """Minst två handlingar efter den första är de bästa, med vikter som träningen kan ha gett."""
    observations = scripted_observations(inputs)
    steps = np.resize(inputs["increments"], 3 * len(observations))
    possible = {inputs["weight"], *(inputs["weight"] + np.cumsum(steps)).tolist()}

    def supports(played: Any) -> bool:
        actions, weights = (numbers(part, -1) for part in played)
        # Hur många steg det blev prövas för sig.
        steps = zip(actions, weights, observations, strict=False)
        right = [action == greedy_action(weight, obs) for action, weight, obs in steps]
        return set(weights.tolist()) <= possible and sum(right[1:]) >= 2

    return supports


def by_epsilon(inputs: Inputs) -> Supports:
    """Handlingarna i körningarna: slumpade när ε är 1, giriga när den är 0, ibland däremellan."""
    runs = [*inputs["first"], inputs["low"], inputs["middle"], inputs["slow"]]
    n_slow = inputs["slow"]["epsilon_decay_steps"]
    greedy = [
        [greedy_action(run["weight"], obs) for obs in scripted_observations(run)] for run in runs
    ]

    def supports(acted: Any) -> bool:
        pairs = zip((numbers(mine, -1) for mine in acted), greedy, strict=True)
        *first, low, middle, slow = [
            [x == y for x, y in zip(mine, best, strict=False)] for mine, best in pairs
        ]
        halfway, end = slow[n_slow // 2 : n_slow], slow[n_slow:]
        on_the_way = not all(middle[UNDER_WAY:]) and not all(halfway)
        return low[0] and sum(one[0] for one in first) < N_FIRST and on_the_way and all(end)

    return supports


def minimum_case(rng: np.random.Generator) -> Case:
    every = int(rng.integers(2, 5))
    batch_size = every * int(rng.integers(2, 7))  # så olika att ingen gissar antalet
    inputs = loop_inputs(
        rng,
        [every + 1, batch_size + every],
        warmup=0,
        batch_size=batch_size,
        train_every=every,
        calls=3,
    )
    # Fritt: om steget sparas före eller efter träningen, och om steg utan nog sparat räknas.
    enough = {"trained": True, "fewest_stored": Within(batch_size, batch_size + every - 1)}
    return loop_case(("batch",), inputs, lambda right: [enough])


@cases("4.3")
def train_dqn_cases(rng: np.random.Generator) -> list[Case]:
    lengths = [2 * int(rng.integers(1, 3)), *rng.integers(2, 5, 3).tolist()]
    episodes = loop_inputs(rng, lengths, truncated=[True, False, *rng.permutation([True, False])])
    reused = episodes | {"truncated": episodes["truncated"][::-1], "reuses_array": True}
    text = f"En miljö som återanvänder sin array. {in_words(reused)}"
    middle = int(rng.integers(58, 65)) / 100
    short = Case(
        ("epsilon",),
        epsilon_inputs(rng, middle),
        text="Några träningar som prövar ε.",
        answers=lambda observe: [EPSILON_FOLLOWED],
    )
    return [
        training_case(rng),
        loop_case(("episodes", "stored"), episodes),
        loop_case(("stored",), reused, text=text),
        minimum_case(rng),
        with_evidence(short, acted=by_epsilon(short.inputs)),
    ]
