"""Dolda fall för 01 MDP:er och Q-värden."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dqn_helpers.autograder.catalogue import cases
from dqn_helpers.counting import counted
from dqn_helpers.exercises.model import Case, Inputs, Observed
from dqn_helpers.exercises.notebook_01 import (
    ALWAYS_GREEDY,
    CALLS,
    GREEDY_CALLS,
    ONLY_FROM_RNG,
    REPEATED_CALLS,
    SAME,
    expected_shares,
)
from dqn_helpers.exercises.plain import swedish_value

from ..evidence import Supports, numbers, with_evidence


def distinct(rng: np.random.Generator, *shape: int, low: float = -9, high: float = 9) -> Any:
    """Tal med en decimal, alla olika."""
    numbers = rng.choice(np.arange(round(10 * low), round(10 * high)), np.prod(shape), False)
    return (numbers / 10).reshape(shape)


def _discount(rng: np.random.Generator) -> float:
    return float(rng.integers(50, 98)) / 100


# --- 1.1 -----------------------------------------------------------------------------------------


@cases("1.1")
def discounted_return_cases(rng: np.random.Generator) -> list[Case]:
    def case(behaviours: tuple[str, ...], rewards: list[Any], kind: str) -> Case:
        inputs = {"rewards": rewards, "kind": kind, "discount_factor": _discount(rng)}
        word = {"list": "en lista", "tuple": "en tupel", "array": "en array"}[kind]
        shown = f"`rewards` = {swedish_value(rewards)} ({word})"
        text = f"Fallet är {shown} och γ = {swedish_value(inputs['discount_factor'])}."
        return Case(behaviours, inputs, text=text)

    def floats() -> list[float]:
        return distinct(rng, int(rng.integers(5, 9)), low=1).tolist()

    def integers() -> list[int]:
        return rng.choice(np.arange(1, 30), int(rng.integers(5, 9)), False).tolist()

    sequences = ("sequences",)
    return [
        case(("sum", "sequences"), floats(), "list"),
        case(("sum", "sequences"), distinct(rng, 6, low=-9, high=0).tolist(), "list"),
        case(sequences, floats(), "array"),
        case(sequences, integers(), "array"),
        case(sequences, integers(), "list"),
        case(sequences, integers(), "tuple"),
        case(sequences, [], str(rng.choice(["list", "tuple"]))),
        case(sequences, [], "array"),
    ]


# --- 1.2 -----------------------------------------------------------------------------------------


def _model(rng: np.random.Generator, n_states: int, n_actions: int) -> Inputs:
    """En slumpad modell där en del övergångar är omöjliga."""
    shape = (n_states, n_actions, n_states)
    weights = rng.random(shape) * (rng.random(shape) < 0.7) + 0.1 * np.eye(n_states)[:, None]
    return {
        "q_values": distinct(rng, n_states, n_actions),
        "transition_probabilities": weights / weights.sum(axis=2, keepdims=True),
        "rewards": distinct(rng, *shape),
        "discount_factor": _discount(rng),
    }


@cases("1.2")
def bellman_backup_cases(rng: np.random.Generator) -> list[Case]:
    def case(behaviour: str, n_states: int, n_actions: int, text: str = "", **more: Any) -> Case:
        inputs = _model(rng, n_states, n_actions) | more
        discount = swedish_value(inputs["discount_factor"])
        size = f"{n_states} tillstånd och {counted(n_actions, 'handling', 'handlingar')}"
        return Case(
            (behaviour,), inputs, text=f"En slumpad modell med {size}{text}, γ = {discount}."
        )

    negative = distinct(rng, 5, 3, low=-9, high=0)
    return [
        case("reward", 4, 3, discount_factor=0.0),
        case(
            "future", 5, 3, ", inga belöningar och bara negativa Q-värden",
            q_values=negative, rewards=np.zeros((5, 3, 5)),
        ),
        case("sweep", 5, 2),
        case("sweep", 3, 4),
    ]  # fmt: skip


# --- 1.3 -----------------------------------------------------------------------------------------


@cases("1.3")
def q_learning_update_cases(rng: np.random.Generator) -> list[Case]:
    n_states, n_actions = int(rng.integers(5, 8)), 3

    def not_best(rows: Any) -> int:
        """En handling som varken är bäst i s eller i s′."""
        return int(rng.choice(np.setdiff1d(np.arange(n_actions), rows.argmax(axis=1))))

    def case(behaviours: tuple[str, ...], text: str, **more: Any) -> Case:
        q_values = distinct(rng, n_states, n_actions)
        state, next_state = (int(s) for s in rng.choice(n_states - 1, 2, replace=False))
        q_values[-1] = 100 + distinct(rng, n_actions)  # sluttillståndet: ingen ska läsa här
        q_values = more.get("q_values", q_values)
        inputs = {
            "q_values": q_values,
            "state": state,
            "action": not_best(q_values[[state, next_state]]),
            "reward": float(distinct(rng, 1)[0]),
            "next_state": next_state,
            "terminated": False,
            "learning_rate": float(rng.integers(10, 40)) / 100,
            "discount_factor": _discount(rng),
        }
        return Case(behaviours, inputs | more, text=text)

    both = ("update", "error")
    negative = distinct(rng, n_states, n_actions, low=-9, high=0)
    again = int(rng.integers(n_states))
    loop = distinct(rng, n_states, n_actions, low=1)
    end = {"next_state": n_states - 1, "terminated": True}
    return [
        case(
            both, "Ett steg mitt i en episod, med stor negativ belöning.",
            reward=-20 - float(distinct(rng, 1, low=0)[0]),
        ),
        case(
            both, "Bara negativa Q-värden, och belöningen är ett heltal.", q_values=negative,
            reward=int(rng.integers(10, 30)),
        ),
        case(
            both, "Handlingen är den bästa och leder tillbaka till samma tillstånd.", q_values=loop,
            state=again, action=int(loop[again].argmax()), next_state=again,
        ),
        case(("terminal",), "Steget leder till ett sluttillstånd.", **end),
        case(
            ("terminal",), "Steget leder till ett sluttillstånd och ger en negativ belöning.",
            reward=-int(rng.integers(1, 9)), **end,
        ),
    ]  # fmt: skip


# --- 1.4 -----------------------------------------------------------------------------------------


def always_best(rows: np.ndarray) -> Supports:
    """Varje anrop valde radens största värde."""
    return lambda chosen: np.array_equal(numbers(chosen, 1, len(rows))[0], rows.max(axis=1))


def chosen_shares(rows: np.ndarray, epsilon: float) -> Supports:
    """Det största värdet och de andra valdes i rätta andelar."""
    from_best = -np.sort(-rows, axis=1)
    right = expected_shares(rows.shape[1], epsilon, best=0)

    def supports(chosen: Any) -> bool:
        values = numbers(chosen, 1, len(rows))[0][:, None]
        is_chosen = from_best == values
        share = is_chosen.mean(axis=0)
        everyone = bool(is_chosen.any(axis=1).all())
        # Varje plats väljs också när den inte är bäst. Sannolikheten för en plats är minst
        # 0,4 / 4 · 3/4 eller 1/6 · 5/6 i vart och ett av 500 anrop: (1 − 0,075)^500 < 2e-17.
        others = (rows == values) & (rows != rows.max(axis=1, keepdims=True))
        everyone = everyone and bool(others.any(axis=0).all())
        return everyone and right["shares"].accepts(share)

    return supports


def same_for_same_seed(rows: np.ndarray) -> Supports:
    """Två frön av tre är lika; det som valdes finns i raderna (en text är ingen handling)."""

    def supports(chosen: Any) -> bool:
        first, again, other = chosen
        pairs = [(x, row) for run in chosen for x, row in zip(run, rows, strict=True)]
        real = [x in row for x, row in pairs if not isinstance(x, str)]
        return list(first) == list(again) != list(other) and len(real) > 0 and all(real)

    return supports


@cases("1.4")
def epsilon_greedy_cases(rng: np.random.Generator) -> list[Case]:
    def case(
        behaviour: str,
        values: Any,
        epsilon: float,
        right: Observed,
        supports: Callable[[np.ndarray], Supports],
        calls: int = CALLS,
        **more: Any,
    ) -> Case:
        # Bara negativa tal: den som letar efter det största från noll väljer fel.
        rows = rng.choice(10**6, (calls, len(values)), replace=False) / 10**5 - 20
        seeds = {"seed": int(rng.integers(2**32))} | more
        shown = swedish_value(values), swedish_value(epsilon)
        plain = Case(
            (behaviour,),
            {"action_values": values.tolist(), "epsilon": epsilon, "calls": calls} | seeds,
            text=f"`action_values` = {shown[0]}, ε = {shown[1]}, {calls} anrop.",
            tolerance=SAME,
            answers=lambda observe: [right],
        )
        return with_evidence(plain, rows.tolist(), chosen=supports(rows))

    def best_inside(low: float, high: float, at: int, n_actions: int = 4) -> Any:
        """Den bästa handlingen är varken först eller sist, den sämsta inte först."""
        values = np.sort(distinct(rng, n_actions, low=low, high=high))
        others = rng.permutation(values[:-1])
        if others[0] == values[0]:
            others = others[::-1]
        return np.insert(others, at, values[-1])

    def explore(values: Any, epsilon: float) -> Case:
        right = expected_shares(len(values), epsilon, int(values.argmax()))
        return case("explore", values, epsilon, right, lambda rows: chosen_shares(rows, epsilon))

    tied = distinct(rng, 5, low=-9, high=-2)
    tied[rng.choice(np.arange(1, 5), 2, replace=False)] = -1.0
    # Med ε = 1 är det sex handlingar, så att den som alltid lottar bland fyra syns. Bäst är då
    # handling 1: default_rng(42) inne i funktionen ger alltid en annan, och då skiljs det misstaget
    # från att aldrig utforska.
    inside = int(rng.integers(1, 3))
    some = float(rng.integers(4, 7)) / 10
    # Den bästa är störst också utan tecken, men inte bland de lika bästa: då skiljs den som tar
    # `abs` från den som väljer det sämsta.
    far = best_inside(-9, 0, at=inside)
    far[inside] += 10
    # Den sämsta är inte granne med den bästa, så att den som ser på platsen bredvid inte får den.
    # Den första är bättre än den sista: den som jämför med den första tar då inte alltid den sista.
    apart = np.sort(distinct(rng, 5, low=-9, high=9))[[3, 4, 2, 0, 1]]
    # Positiva tal: den som börjar på noll väljer rätt, men inte den som alltid väljer fel handling.
    positive = best_inside(1, 9, at=3, n_actions=5)
    return [
        case("greedy", tied, 0.0, ALWAYS_GREEDY, always_best, calls=GREEDY_CALLS),
        case("greedy", positive, 0.0, ALWAYS_GREEDY, always_best, calls=GREEDY_CALLS),
        explore(apart, some),
        explore(far, some),
        explore(best_inside(0, 9, at=1, n_actions=6), 1.0),
        case(
            "rng", best_inside(-9, 9, at=inside), some, ONLY_FROM_RNG, same_for_same_seed,
            calls=REPEATED_CALLS, other_seed=int(rng.integers(2**32)),
        ),
    ]  # fmt: skip
