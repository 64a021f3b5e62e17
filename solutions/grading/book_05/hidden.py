"""Dolda fall för 05 Double DQN."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from dqn_helpers.autograder.catalogue import cases
from dqn_helpers.counting import counted
from dqn_helpers.exercises.model import Answers, Case, Inputs, Observed
from dqn_helpers.exercises.notebook_03 import N_STORED
from dqn_helpers.exercises.notebook_05 import any_mask, gradient_towards
from dqn_helpers.exercises.training_step_driver import small_network

from ..book_03.hidden import distinct, random_layers, sampling_case, transition
from ..evidence import Supports, numbers, with_evidence
from . import answers as _asked  # noqa: F401  (anmäler sig själv)

GAP = 0.1
"""Så mycket bättre är den bästa handlingen än den näst bästa: avrundning avgör aldrig valet."""


def _discount(rng: np.random.Generator) -> float:
    return float(rng.integers(50, 98)) / 100


def _q_values(layers: list[Any], states: Any) -> np.ndarray:
    with torch.no_grad():
        return small_network(layers)(torch.tensor(np.array(states), dtype=torch.float32)).numpy()


def _clear_choice(q_values: np.ndarray) -> np.ndarray:
    """Vilka rader som har en klart bästa handling."""
    ordered = np.sort(q_values, axis=1)
    return ordered[:, -1] - ordered[:, -2] > GAP


# --- 5.1 -----------------------------------------------------------------------------------------


def _networks_and_states(
    rng: np.random.Generator, n_rows: int, n_actions: int, agree: bool
) -> tuple[list[Any], list[Any], np.ndarray]:
    """Två nätverk och nästa tillstånd där de är överens (eller oense) om den bästa handlingen.

    Minst två olika handlingar är bäst, och är nätverken oense är det tydligt på värdena.
    """
    while True:
        online, target = random_layers(rng, 3, n_actions), random_layers(rng, 3, n_actions)
        states = rng.normal(0, 1.5, (300, 3)).round(3)
        q_online, q_target = _q_values(online, states), _q_values(target, states)
        rows = _clear_choice(q_online) & _clear_choice(q_target)
        choice = q_online.argmax(axis=1)
        rows &= (choice == q_target.argmax(axis=1)) == agree
        values = np.take_along_axis(q_target, choice[:, None], axis=1)[:, 0]
        rows &= np.abs(values - q_online.max(axis=1)) > GAP
        chosen = np.flatnonzero(rows)[:n_rows]
        if len(chosen) == n_rows and len(set(choice[chosen].tolist())) > 1:
            return online, target, states[chosen]


def as_a_constant(inputs: Inputs) -> Supports:
    """Online-nätverkets gradient är den som svaret ger när det är en konstant, rätt eller fel."""
    networks = [small_network(inputs[key]) for key in ("layers", "target_layers")]
    state = torch.tensor(np.array(inputs["next_state"]), dtype=torch.float32)

    def supports(learned: Any) -> bool:
        target, gradient = learned
        constant = torch.tensor(numbers(target, len(state)), dtype=torch.float32)
        right = gradient_towards(constant, networks, state)
        return np.allclose(numbers(gradient, len(right)), right, rtol=1e-3, atol=1e-3)

    return supports


def targets_with_any_mask(inputs: Inputs) -> Answers:
    """Målen med en rätt mask, en glömd, en bakvänd och en som tar bort belöningen.

    Masken har ett eget beteende. Att rätt nätverk väljer och värderar syns med vilken som helst.
    """
    ended, reward = np.array(inputs["terminated"]), np.array(inputs["reward"])

    def answers(observe: Callable[[Inputs], Observed]) -> list[Observed]:
        future = observe(inputs | {"terminated": [False] * len(ended)})["target"]
        right, inverted = np.where(ended, reward, future), np.where(ended, future, reward)
        return [{"target": x} for x in (right, future, inverted, np.where(ended, 0, future))]

    return answers


def half_ended(rng: np.random.Generator, draw: Callable[[], Inputs]) -> Inputs:
    """Hälften av raderna är slut; bland de andra är målnätverkets värde både högre och lägre.

    Den som tar det minsta (eller största) av nätverkens värden klarar sig då aldrig med tur.
    """
    while True:
        inputs = draw()
        online, target = (
            _q_values(inputs[k], inputs["next_state"]) for k in ("layers", "target_layers")
        )
        going_on = rng.permutation([True, False] * (len(online) // 2))
        value = np.take_along_axis(target, online.argmax(axis=1)[:, None], axis=1)[:, 0]
        if len(set((value > online.max(axis=1))[going_on].tolist())) == 2:
            return inputs | {"terminated": (~going_on).tolist()}


@cases("5.1")
def double_dqn_target_cases(rng: np.random.Generator) -> list[Case]:
    def inputs(n_rows: int, n_actions: int, agree: bool, copied: bool = False) -> Inputs:
        n_states = max(n_rows, 3)  # kravet på olika handlingar går inte att ställa på en rad
        online, target, states = _networks_and_states(rng, n_states, n_actions, agree)
        return {
            "layers": online,
            "target_layers": online if copied else target,
            "reward": distinct(rng, n_rows),
            "next_state": states[:n_rows],
            "terminated": [False] * n_rows,
            "discount_factor": _discount(rng),
        }

    def tensor(behaviours: tuple[str, ...], inputs: Inputs, text: str) -> Case:
        return with_evidence(Case(behaviours, inputs, text=text), learned=as_a_constant(inputs))

    flags = [True, False, True, False, *(rng.random(3) < 0.5).tolist()]
    ended = inputs(7, 4, agree=True, copied=True)
    ended["terminated"] = rng.permutation(flags).tolist()
    # γ = 1: ett fel i diskonteringen ska inte kosta valet av handling också.
    disagreeing = half_ended(rng, lambda: inputs(8, 4, agree=False) | {"discount_factor": 1.0})
    return [
        Case(
            ("value",),
            inputs(5, 3, agree=True),
            text="Två slumpade nätverk som är överens om den bästa handlingen i varje rad.",
        ),
        Case(
            ("select",),
            disagreeing,
            text="Två slumpade nätverk som är oense om den bästa handlingen i varje rad; i "
            "några rader är episoden slut, och γ = 1.",
            answers=targets_with_any_mask(disagreeing),
        ),
        tensor(
            ("tensor",),
            inputs(1, 3, agree=False),
            "Två slumpade nätverk och en batch med en enda rad.",
        ),
        tensor(
            ("terminal", "tensor"),
            ended,
            "Två likadana nätverk (målnätverket är nyss uppdaterat); i några rader är episoden "
            "slut.",
        ),
    ]


# --- 5.2 -----------------------------------------------------------------------------------------

N_IN, N_OUT = 3, 4


def _disagreement(
    rng: np.random.Generator, higher: bool, n_rows: int = 1, **fixed: float
) -> tuple[list[Any], list[Any], list[list[Any]]]:
    """Två nätverk och övergångar där alla sätt att blanda ihop dem ger olika svar.

    Med `higher` ger målnätverket den valda handlingen ett högre värde än online-nätverket gör.
    """
    while True:
        online, target = random_layers(rng, N_IN, N_OUT), random_layers(rng, N_IN, N_OUT)
        states, next_states = rng.normal(0, 1.5, (2, 80, N_IN)).round(3)
        here, there = (_q_values(online, s) for s in (states, next_states))
        valued = _q_values(target, next_states)
        best = there.argmax(axis=1)
        taken = rng.integers(N_OUT, size=80)
        actions = np.stack([best, here.argmax(axis=1), valued.argmax(axis=1), taken], axis=1)
        rows = _clear_choice(there) & _clear_choice(here) & _clear_choice(valued)
        rows &= [len(set(four)) == 4 for four in actions.tolist()]
        difference = np.take_along_axis(valued - there, best[:, None], axis=1)[:, 0]
        rows &= difference > GAP if higher else difference < -GAP
        chosen = np.flatnonzero(rows)[:n_rows]
        if len(chosen) == n_rows:
            return online, target, [
                transition(
                    rng, N_IN, N_OUT,
                    state=states[i], action=int(taken[i]), next_state=next_states[i], **fixed,
                )
                for i in chosen
            ]  # fmt: skip


def losses_with_any_mask(inputs: Inputs) -> Answers:
    """Förlusterna med en rätt mask, en glömd, en bakvänd och en som tar bort belöningen."""
    unrewarded = [[*row[:2], 0.0, *row[3:]] for row in inputs["transitions"]]

    def answers(observe: Callable[[Inputs], Observed]) -> list[Observed]:
        going_on, ended = observe(inputs)["losses"]
        _, without_reward = observe(inputs | {"transitions": unrewarded})["losses"]
        return any_mask(going_on, ended, without_reward)

    return answers


@cases("5.2")
def double_dqn_training_step_cases(rng: np.random.Generator) -> list[Case]:
    batch_size = int(rng.integers(5, 9))

    def one(**more: Any) -> list[Any]:
        return transition(rng, N_IN, N_OUT, **more)

    def inputs(transitions: list[Any], **more: Any) -> Inputs:
        layers = random_layers(rng, N_IN, N_OUT)
        return {
            "layers": layers,
            "target_layers": layers,
            "transitions": transitions,
            "batch_size": batch_size,
            "discount_factor": _discount(rng),
            "learning_rate": float(rng.integers(5, 20)) / 1000,
        } | more

    def repeated(**more: Any) -> list[Any]:
        return [one(**more)] * 16

    def double(higher: bool, **more: Any) -> Inputs:
        # Belöningen är liten: den som klipper belöningar ska inte förlora det här också.
        reward = float(rng.integers(2, 9)) / 10
        online, target, rows = _disagreement(rng, higher, reward=reward)
        more |= {"discount_factor": 1.0, "both_endings": True}
        return inputs(rows * 16, layers=online, target_layers=target, **more)

    def two_networks(inputs: Inputs) -> Case:
        text = f"Två oense nätverk, γ = 1; {same}. {both_endings}"
        return Case(("double",), inputs, text=text, answers=losses_with_any_mask(inputs))

    def same_networks(*, n_rows: int = 1, truncated: bool = False, **more: Any) -> Inputs:
        """Den bästa handlingen i s′ är varken den som togs eller den bästa i s."""
        online, _, rows = _disagreement(rng, True, n_rows, truncated=truncated)
        return inputs(rows * 16, layers=online, target_layers=online, **more)

    copied, rows = "Målnätverket är nyss uppdaterat", int(rng.integers(24, 31))
    same = "bufferten innehåller samma slumpade övergång i många exemplar"
    both_endings = "Steget prövas två gånger: när episoden fortsätter och när den är slut."
    return [
        two_networks(double(True)),
        two_networks(double(False, buffer="list")),
        Case(
            ("mask",),
            inputs(repeated(terminated=True)),
            text=f"{copied}, och `terminated` är sant.",
        ),
        Case(
            ("mask",),
            same_networks(truncated=True, buffer="list"),
            text=f"{copied}, och `terminated` är falskt men `truncated` är sant.",
        ),
        Case(("constant", "number"), same_networks(), text=f"{copied}; {same}."),
        Case(
            ("step",),
            inputs(
                repeated(reward=-float(rng.integers(300, 600))),
                # γ = 0: ett fel i masken ska inte kosta det här beteendet också.
                discount_factor=0.0,
                planted=float(rng.integers(50, 99)),
                learning_rate=0.001,
            ),
            text=f"{copied}; γ = 0, belöningen är stor och negativ, och i online-nätverkets "
            "`.grad` ligger tal kvar sedan förut.",
        ),
        # Batchen är av en enda sort med sannolikhet högst 2 · (1/2)^24, ungefär 1e-7.
        Case(
            ("rows",),
            same_networks(n_rows=2, batch_size=rows),
            random=("loss", "returned", "weights"),
            text=f"{copied}; bufferten har två sorters övergångar och batchen har "
            f"{counted(rows, 'rad', 'rader')}.",
        ),
        sampling_case(
            inputs(
                [
                    one(state=np.array([first, 1.0, 0.0]), next_state=[-99.0, 0, 1])
                    for first in distinct(rng, N_STORED)
                ]
            )
        ),
    ]


# --- 5.3 -----------------------------------------------------------------------------------------


def _whole_numbers(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.choice(np.arange(-9, 10), n, replace=False)


@cases("5.3")
def q_value_bias_cases(rng: np.random.Generator) -> list[Case]:
    def inputs(predicted: Any, rewards: Any, container: str) -> Inputs:
        return {
            "predicted_q_values": predicted,
            "rewards": rewards,
            "discount_factor": _discount(rng),
            "container": container,
        }

    n = int(rng.integers(5, 8))
    low, high = np.sort(distinct(rng, 2))  # underskattning: ett absolutbelopp märks
    return [
        Case(("bias",), inputs(distinct(rng, n), distinct(rng, n), "array")),
        Case(("one_step",), inputs(low[None], high[None], "array")),
        Case(("sequences",), inputs(_whole_numbers(rng, n), _whole_numbers(rng, n), "list")),
        Case(("sequences",), inputs(_whole_numbers(rng, 4), _whole_numbers(rng, 4), "array")),
        Case(("sequences",), inputs(distinct(rng, 5), _whole_numbers(rng, 5), "tensor")),
        Case(("sequences",), inputs(distinct(rng, 3), distinct(rng, 3), "list")),
    ]
