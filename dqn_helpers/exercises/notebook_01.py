"""Övningarna i 01 MDP:er: discounted_return, bellman_backup, q_learning_update, epsilon_greedy."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from dqn_helpers.exercises.drivers import CHANGED, call_and_watch
from dqn_helpers.exercises.model import (
    Behaviour,
    Case,
    Exercise,
    Inputs,
    Observable,
    Observed,
    Within,
)
from dqn_helpers.exercises.plain import plain

# --- 1.1 -----------------------------------------------------------------------------------------

SEQUENCES: dict[str, Callable[[list[Any]], Any]] = {"list": list, "tuple": tuple, "array": np.array}


def discounted_return_driver(discounted_return: Any, inputs: Inputs) -> Observed:
    """Indata: rewards (en lista), kind (vad den görs om till, se `SEQUENCES`), discount_factor."""
    rewards = SEQUENCES[inputs["kind"]](inputs["rewards"])
    arguments = {"rewards": rewards, "discount_factor": inputs["discount_factor"]}
    result, changed = call_and_watch(discounted_return, arguments)
    return {"value": plain(result), "changed": changed}


DISCOUNTED_RETURN = Exercise(
    number="1.1",
    signature="discounted_return(rewards, discount_factor)",
    driver=discounted_return_driver,
    wraps={"rewards": "kind"},
    behaviours=(
        Behaviour("sum", "summerar γᵗ · rₜ från t = 0", 0.5, ("value",)),
        Behaviour(
            "sequences",
            "klarar lista, tupel, array, heltal och en tom följd, och ändrar dem inte",
            0.5,
            ("value", "changed"),
        ),
    ),
    observables={"value": Observable("avkastningen"), "changed": CHANGED},
    examples=(
        Case(
            behaviours=("sum", "sequences"),
            text="En lista, `rewards` = [2; −1; 4; 8], γ = 0,5.",
            inputs={"rewards": [2.0, -1.0, 4.0, 8.0], "kind": "list", "discount_factor": 0.5},
            expected=({"value": 3.5, "changed": ""},),
            by_hand={"value": "2 + 0,5 · (−1) + 0,25 · 4 + 0,125 · 8 = 2 − 0,5 + 1 + 1 = 3,5"},
        ),
        Case(
            behaviours=("sequences",),
            text="En tupel med heltal, `rewards` = (3; 2; 1), γ = 0,5.",
            inputs={"rewards": [3, 2, 1], "kind": "tuple", "discount_factor": 0.5},
            expected=({"value": 4.25, "changed": ""},),
            by_hand={"value": "3 + 0,5 · 2 + 0,25 · 1 = 4,25"},
        ),
        Case(
            behaviours=("sequences",),
            text="En array, `rewards` = [1,5; 5; −10], γ = 0,9.",
            inputs={"rewards": [1.5, 5.0, -10.0], "kind": "array", "discount_factor": 0.9},
            expected=({"value": -2.1, "changed": ""},),
            by_hand={"value": "1,5 + 0,9 · 5 + 0,81 · (−10) = 1,5 + 4,5 − 8,1 = −2,1"},
        ),
        Case(
            behaviours=("sequences",),
            text="En tom lista, γ = 0,9.",
            inputs={"rewards": [], "kind": "list", "discount_factor": 0.9},
            expected=({"value": 0.0, "changed": ""},),
            by_hand={"value": "en summa utan termer är 0"},
        ),
    ),
    hints=(
        "Skriv ut de första tre termerna på papper: vilken potens av γ står framför r₀, r₁ och r₂? "
        "Börja räkna potenserna på noll.",
        "Gå igenom belöningarna i tur och ordning och håll reda på hur många steg som har gått. "
        "`enumerate(rewards)` ger både steget och belöningen, för alla sorters följder.",
        "Låt en summa börja på 0. Lägg i varje varv till `discount_factor ** steg` gånger "
        "belöningen, och returnera summan först när loopen är klar.",
    ),
)

# --- 1.2 -----------------------------------------------------------------------------------------


def bellman_backup_driver(bellman_backup: Any, inputs: Inputs) -> Observed:
    """Indata: q_values (S, A), transition_probabilities och rewards (S, A, S), discount_factor."""
    names = ("q_values", "transition_probabilities", "rewards")
    arguments = {name: np.array(inputs[name], dtype=np.float64) for name in names}
    result, changed = call_and_watch(
        bellman_backup, arguments | {"discount_factor": inputs["discount_factor"]}
    )
    return {"values": plain(result), "changed": changed}


Q_VALUES = [[1.0, 3.0], [-2.0, -4.0], [5.0, 2.0]]
PROBABILITIES = [
    [[0.75, 0.25, 0.0], [0.0, 0.0, 1.0]],
    [[0.25, 0.0, 0.75], [0.0, 1.0, 0.0]],
    [[0.5, 0.25, 0.25], [0.0, 0.25, 0.75]],
]
REWARDS = [
    [[4.0, 8.0, 1.0], [2.0, 3.0, 6.0]],
    [[8.0, 5.0, -4.0], [1.0, 7.0, 2.0]],
    [[2.0, 4.0, 8.0], [3.0, -8.0, 4.0]],
]
NO_REWARDS = np.zeros((3, 2, 3)).tolist()

MODEL = (
    "Tre tillstånd och två handlingar. P(s, a, ·) är [0,75; 0,25; 0] och [0; 0; 1] i tillstånd 0, "
    "[0,25; 0; 0,75] och [0; 1; 0] i tillstånd 1, samt [0,5; 0,25; 0,25] och [0; 0,25; 0,75] i "
    "tillstånd 2."
)
REWARDS_IN_WORDS = (
    "R(s, a, ·) är [4; 8; 1] och [2; 3; 6] i tillstånd 0, [8; 5; −4] och [1; 7; 2] i tillstånd 1, "
    "samt [2; 4; 8] och [3; −8; 4] i tillstånd 2."
)
OLD_IN_WORDS = "De gamla Q-värdena är [[1; 3]; [−2; −4]; [5; 2]]."


def _backup_inputs(rewards: Any, discount_factor: float) -> Inputs:
    return {
        "q_values": Q_VALUES,
        "transition_probabilities": PROBABILITIES,
        "rewards": rewards,
        "discount_factor": discount_factor,
    }


BELLMAN_BACKUP = Exercise(
    number="1.2",
    signature="bellman_backup(q_values, transition_probabilities, rewards, discount_factor)",
    driver=bellman_backup_driver,
    wraps=dict.fromkeys(("q_values", "transition_probabilities", "rewards"), "np.array"),
    behaviours=(
        Behaviour("reward", "väger belöningarna med sannolikheterna", 1, ("values",)),
        Behaviour("future", "räknar in det diskonterade bästa Q-värdet i varje s′", 1, ("values",)),
        Behaviour(
            "sweep",
            "gör ett helt svep ur de gamla värdena, utan att ändra dem",
            1,
            ("values", "changed"),
        ),
    ),
    observables={"values": Observable("svaret", row="tillstånd"), "changed": CHANGED},
    examples=(
        Case(
            behaviours=("reward",),
            text=f"{MODEL} {REWARDS_IN_WORDS} γ = 0, så att bara belöningen räknas.",
            inputs=_backup_inputs(REWARDS, 0.0),
            expected=({"values": np.array([[5.0, 6.0], [-1.0, 7.0], [4.0, 1.0]])},),
            by_hand={
                "values": (
                    "tillstånd 0: handling 0 ger 0,75 · 4 + 0,25 · 8 = 5 och handling 1 ger "
                    "1 · 6 = 6",
                    "tillstånd 1: handling 0 ger 0,25 · 8 + 0,75 · (−4) = −1 och handling 1 ger "
                    "1 · 7 = 7",
                    "tillstånd 2: handling 0 ger 0,5 · 2 + 0,25 · 4 + 0,25 · 8 = 4 och handling 1 "
                    "ger 0,25 · (−8) + 0,75 · 4 = 1",
                )
            },
        ),
        Case(
            behaviours=("future",),
            text=f"{MODEL} Alla belöningar är 0. {OLD_IN_WORDS} γ = 0,5.",
            inputs=_backup_inputs(NO_REWARDS, 0.5),
            expected=({"values": np.array([[0.875, 2.5], [2.25, -1.0], [1.125, 1.625]])},),
            by_hand={
                "values": (
                    "det bästa i s′ är 3, −2 och 5; i tillstånd 0 ger handling 0 "
                    "värdet 0,5 · (0,75 · 3 + 0,25 · (−2)) = 0,875 och handling 1 ger "
                    "0,5 · 5 = 2,5",
                    "det bästa i s′ är 3, −2 och 5; i tillstånd 1 ger handling 0 "
                    "värdet 0,5 · (0,25 · 3 + 0,75 · 5) = 2,25 och handling 1 ger 0,5 · (−2) = −1",
                    "det bästa i s′ är 3, −2 och 5; i tillstånd 2 ger handling 0 "
                    "värdet 0,5 · (0,5 · 3 + 0,25 · (−2) + 0,25 · 5) = 1,125 och handling 1 ger "
                    "0,5 · (0,25 · (−2) + 0,75 · 5) = 1,625",
                )
            },
        ),
        Case(
            behaviours=("sweep",),
            text=f"{MODEL} {REWARDS_IN_WORDS} {OLD_IN_WORDS} γ = 0,5.",
            inputs=_backup_inputs(REWARDS, 0.5),
            expected=(
                {"values": np.array([[5.875, 8.5], [1.25, 6.0], [5.125, 2.625]]), "changed": ""},
            ),
            by_hand={
                "values": (
                    "tillstånd 0: belöningen ger (5; 6) och framtiden (0,875; 2,5), tillsammans "
                    "(5,875; 8,5)",
                    "tillstånd 1: belöningen ger (−1; 7) och framtiden (2,25; −1), tillsammans "
                    "(1,25; 6)",
                    "tillstånd 2: belöningen ger (4; 1) och framtiden (1,125; 1,625), tillsammans "
                    "(5,125; 2,625)",
                )
            },
        ),
    ),
    hints=(
        "Dela upp formeln. Räkna först ut vad det bästa man kan göra är värt i varje s′: det är "
        "ett tal per tillstånd, alltså formen (S,).",
        "Hakparentesen R(s, a, s′) + γ · (det bästa i s′) har formen (S, A, S). Lägger du ihop "
        "(S, A, S) och (S,) hamnar (S,) längs den sista axeln, och det är just s′.",
        "Multiplicera hakparentesen med sannolikheterna och summera över s′, den sista axeln. Då "
        "blir (S, A) kvar. Räknar du med loopar i stället läser du ur `q_values` och skriver i en "
        "ny array.",
    ),
)

# --- 1.3 -----------------------------------------------------------------------------------------


def q_learning_update_driver(q_learning_update: Any, inputs: Inputs) -> Observed:
    """Indata: q_values (S, A) och sedan argumenten som de heter i övningen."""
    q_values = np.array(inputs["q_values"], dtype=np.float64)
    names = ("state", "action", "reward", "next_state", "terminated", "learning_rate")
    arguments = [inputs[name] for name in (*names, "discount_factor")]
    td_error = q_learning_update(q_values, *arguments)
    return {"q_values": plain(q_values), "td_error": plain(td_error)}


TABLE = [[4.0, 1.0], [-3.0, -5.0], [8.0, 2.0], [100.0, 100.0]]
TABLE_IN_WORDS = "Q = [[4; 1]; [−3; −5]; [8; 2]; [100; 100]]"
USUAL = f"{TABLE_IN_WORDS}, α = 0,25, γ = 0,5."


def _rows(moved: int, calculation: str) -> tuple[str, ...]:
    """Räkningen för raden som flyttas, och att de andra ska stå stilla."""
    texts = [f"rad {row} ska vara {TABLE[row]} som förut" for row in range(len(TABLE))]
    texts = [text.replace(".0", "").replace(", ", "; ").replace("-", "−") for text in texts]
    texts[moved] = calculation
    return tuple(texts)


def _moved(state: int, action: int, value: float) -> np.ndarray:
    table = np.array(TABLE)
    table[state, action] = value
    return table


def _update_inputs(
    state: int,
    action: int,
    reward: float,
    next_state: int,
    terminated: bool = False,
    learning_rate: float = 0.25,
    discount_factor: float = 0.5,
) -> Inputs:
    return {
        "q_values": TABLE,
        "state": state,
        "action": action,
        "reward": reward,
        "next_state": next_state,
        "terminated": terminated,
        "learning_rate": learning_rate,
        "discount_factor": discount_factor,
    }


Q_LEARNING_UPDATE = Exercise(
    number="1.3",
    signature="q_learning_update(q_values, state, action, reward, next_state, terminated, "
    "learning_rate, discount_factor)",
    driver=q_learning_update_driver,
    wraps={"q_values": "np.array"},
    behaviours=(
        Behaviour(
            "update",
            "flyttar Q(s, a) en bit mot TD-målet, i tabellen som den fick",
            1,
            ("q_values",),
        ),
        Behaviour(
            "terminal", "räknar inte med någon framtid efter ett sluttillstånd", 1, ("q_values",)
        ),
        Behaviour(
            "error",
            "returnerar TD-målet minus det gamla värdet, räknat före steget",
            1,
            ("td_error",),
        ),
    ),
    observables={
        "q_values": Observable("Q-tabellen efter steget", row="rad"),
        "td_error": Observable("TD-felet"),
    },
    examples=(
        Case(
            behaviours=("update", "error"),
            text=f"{USUAL} Handling 1 i tillstånd 0 gav belöningen −2 och ledde till tillstånd 2.",
            inputs=_update_inputs(0, 1, -2, 2),
            expected=({"q_values": _moved(0, 1, 1.25), "td_error": 1.0},),
            by_hand={
                "q_values": _rows(
                    0,
                    "målet är −2 + 0,5 · 8 = 2 och TD-felet 2 − 1 = 1, så Q(0, 1) blir "
                    "1 + 0,25 · 1 = 1,25 medan Q(0, 0) står kvar på 4",
                ),
                "td_error": "målet är −2 + 0,5 · 8 = 2, så TD-felet är 2 − 1 = 1",
            },
        ),
        Case(
            behaviours=("update", "error"),
            text=f"{USUAL} Handling 0 i tillstånd 2 gav belöningen 1 och ledde till "
            "tillstånd 1, där båda Q-värdena är negativa.",
            inputs=_update_inputs(2, 0, 1, 1),
            expected=({"q_values": _moved(2, 0, 5.875), "td_error": -8.5},),
            by_hand={
                "q_values": _rows(
                    2,
                    "målet är 1 + 0,5 · (−3) = −0,5 och TD-felet −0,5 − 8 = −8,5, så Q(2, 0) blir "
                    "8 + 0,25 · (−8,5) = 5,875 medan Q(2, 1) står kvar på 2",
                ),
                "td_error": "målet är 1 + 0,5 · (−3) = −0,5, så TD-felet är −0,5 − 8 = −8,5",
            },
        ),
        Case(
            behaviours=("update", "error"),
            text=f"{TABLE_IN_WORDS}, α = 0,5, γ = 0,75. Handling 0 i tillstånd 0 gav belöningen 4 "
            "och ledde tillbaka till tillstånd 0.",
            inputs=_update_inputs(0, 0, 4.0, 0, learning_rate=0.5, discount_factor=0.75),
            expected=({"q_values": _moved(0, 0, 5.5), "td_error": 3.0},),
            by_hand={
                "q_values": _rows(
                    0,
                    "målet är 4 + 0,75 · 4 = 7 och TD-felet 7 − 4 = 3, så Q(0, 0) blir "
                    "4 + 0,5 · 3 = 5,5 medan Q(0, 1) står kvar på 1",
                ),
                "td_error": "målet är 4 + 0,75 · 4 = 7, så TD-felet är 7 − 4 = 3",
            },
        ),
        Case(
            behaviours=("terminal",),
            text=f"{USUAL} Handling 1 i tillstånd 1 gav belöningen −2 och ledde till tillstånd 3, "
            "där episoden är slut (`terminated` är sant).",
            inputs=_update_inputs(1, 1, -2, 3, terminated=True),
            expected=({"q_values": _moved(1, 1, -4.25)},),
            by_hand={
                "q_values": _rows(
                    1,
                    "episoden är slut, så målet är bara belöningen −2 och TD-felet −2 + 5 = 3; "
                    "Q(1, 1) blir då −5 + 0,25 · 3 = −4,25 medan Q(1, 0) står kvar på −3",
                )
            },
        ),
    ),
    hints=(
        "Gör det i tre steg: TD-målet, TD-felet och flytten. TD-målet är vad vi nu tror att "
        "Q(s, a) borde vara. Vad är TD-målet om episoden tog slut?",
        "TD-felet är TD-målet minus det värde som står i tabellen *nu*. Spara det i en variabel "
        "innan du ändrar tabellen, för det är det som ska returneras.",
        "Börja med `framtid = 0 if terminated else …`. TD-målet är belöningen plus γ gånger "
        "framtiden. Lägg sedan till `learning_rate` gånger TD-felet i `q_values[state, action]` "
        "med `+=`.",
    ),
)

# --- 1.4 -----------------------------------------------------------------------------------------

CALLS, GREEDY_CALLS, REPEATED_CALLS, MARGIN = 500, 200, 40, 0.135
# Hoeffding: en andel av 500 oberoende anrop avviker mer än 0,135 från sin sannolikhet med
# sannolikheten högst 2 · exp(−2 · 500 · 0,135²) < 2,5e-8. Varje rättning prövar tjugo andelar
# (hälften i belägget), så rätt kod får fel med sannolikheten under 5e-7. Att två olika frön ger
# samma 40 handlingar har sannolikheten högst (0,7² + 3 · 0,1²)^40 < 1e-11 (fyra handlingar, ε minst
# 0,4), och det prövas två gånger. Med ε = 0 finns ingen otur att ha.
SAME = 0.11
"""Så nära ligger andelarna när samma misstag görs med annan slump (minst 3,4 standardfel)."""


def expected_shares(n_actions: int, epsilon: float, best: int) -> Observed:
    """Godtagna andelar, en per handling, när bara handlingen `best` är bäst."""
    shares = np.full(n_actions, epsilon / n_actions)
    shares[best] += 1 - epsilon
    low, high = np.maximum(shares - MARGIN, 0), np.minimum(shares + MARGIN, 1)
    return {"invalid": "", "shares": Within(low, high)}


ALWAYS_GREEDY: Observed = {"invalid": "", "missed": Within(0.0, 0.0), "changed": ""}
ONLY_FROM_RNG: Observed = {"repeatable": True, "varied": True}


def epsilon_greedy_driver(epsilon_greedy: Any, inputs: Inputs) -> Observed:
    """Indata: action_values (A,), epsilon, calls, seed; med `other_seed` prövas bara slumpen.

    Ger andelen anrop som valde var och en av handlingarna (`shares`), och andelen som inte valde
    en bästa (`missed`). Med `evidence`, en rad värden per anrop, görs också dessa anrop, och
    belägget är värdena för de handlingar som valdes.
    """
    seeds = [inputs["seed"]]
    if "other_seed" in inputs:
        seeds += [inputs["seed"], inputs["other_seed"]]
        first, again, other = (_choices(epsilon_greedy, inputs, seed)[0] for seed in seeds)
        observed: Observed = {"repeatable": first == again, "varied": first != other}
    else:
        observed = _shares(epsilon_greedy, inputs)
    if "evidence" in inputs:
        observed["chosen"] = [_chosen_values(epsilon_greedy, inputs, seed) for seed in seeds]
    return observed


def _shares(epsilon_greedy: Any, inputs: Inputs) -> Observed:
    """Hur ofta de olika handlingarna valdes."""
    chosen, changed = _choices(epsilon_greedy, inputs, inputs["seed"])
    values = np.array(inputs["action_values"])
    best = np.flatnonzero(values == values.max())
    return {
        "invalid": next((choice for choice in chosen if isinstance(choice, str)), ""),
        "shares": np.array([chosen.count(a) / len(chosen) for a in range(len(values))]),
        "missed": sum(choice not in best for choice in chosen) / len(chosen),
        "changed": changed,
    }


def _choices(epsilon_greedy: Any, inputs: Inputs, seed: int) -> tuple[list[int | str], str]:
    """Handlingarna i många anrop med samma generator, och om `action_values` ändrades."""
    before = np.array(inputs["action_values"], dtype=np.float64)
    values, rng = before.copy(), np.random.default_rng(seed)
    results = (epsilon_greedy(values, inputs["epsilon"], rng) for _ in range(inputs["calls"]))
    chosen = [_as_action(result, len(before)) for result in results]
    return chosen, "" if np.array_equal(values, before) else "`action_values`"


def _chosen_values(epsilon_greedy: Any, inputs: Inputs, seed: int) -> list[float | str]:
    """Värdet för den valda handlingen i vart och ett av beläggets anrop."""
    rng, chosen = np.random.default_rng(seed), []
    for row in inputs["evidence"]:
        action = _as_action(epsilon_greedy(np.array(row), inputs["epsilon"], rng), len(row))
        chosen.append(action if isinstance(action, str) else float(row[action]))
    return chosen


def _as_action(result: Any, n_actions: int) -> int | str:
    """Handlingens nummer, eller i ord varför det inte är en handling."""
    if result is None:
        return "inget (`None`)"
    try:
        action = operator.index(result)  # Python, numpy och torch, men inte 2.0
    except TypeError:
        return _not_an_action(result, n_actions)
    return action if 0 <= action < n_actions else "ett nummer som ingen handling har"


def _not_an_action(result: Any, n_actions: int) -> str:
    if isinstance(result, list | tuple) or np.ndim(result) > 0:
        n_items = "en enda sak" if len(result) == 1 else "flera saker" if len(result) else "inget"
        return f"en lista eller array med {n_items} i"
    is_number = isinstance(result, float | np.floating | torch.Tensor)
    if is_number and float(result) in range(n_actions):
        return "en handlings nummer som ett decimaltal"
    return "något som inte är ett heltal"


def _choice_inputs(values: list[float], epsilon: float, calls: int, seed: int) -> Inputs:
    return {"action_values": values, "epsilon": epsilon, "calls": calls, "seed": seed}


EPSILON_GREEDY = Exercise(
    number="1.4",
    signature="epsilon_greedy(action_values, epsilon, rng)",
    driver=epsilon_greedy_driver,
    behaviours=(
        Behaviour(
            "greedy",
            "väljer alltid en bästa handling när ε = 0",
            0.5,
            ("invalid", "missed", "changed", "chosen"),
        ),
        Behaviour(
            "explore",
            "väljer med sannolikheten ε likformigt bland alla handlingar",
            1,
            ("invalid", "shares", "chosen"),
        ),
        Behaviour("rng", "tar all sin slump ur `rng`", 0.5, ("repeatable", "varied", "chosen")),
    ),
    observables={
        "invalid": Observable(
            "svaret",
            wrong="Ett av anropen gav {got}. Svaret ska vara en enda handling: ett heltal från 0 "
            "till A − 1.",
        ),
        "missed": Observable(
            "valet",
            wrong="Andelen anrop som valde något annat än en bästa handling är {got}. Med ε = 0 "
            "ska den vara 0.",
        ),
        "changed": CHANGED,
        "shares": Observable("andelarna av anropen, handling för handling,", row="handling"),
        "repeatable": Observable(
            "upprepningen",
            wrong="Två generatorer med samma frö gav olika handlingar. Någon del av slumpen kommer "
            "inte ur `rng`.",
        ),
        "varied": Observable(
            "variationen",
            wrong="Två generatorer med olika frön gav exakt samma handlingar, så `rng` påverkar "
            "ingenting.",
        ),
        "chosen": Observable(
            "valen",
            wrong="I många anrop med var sina värden stämmer de valda handlingarna inte med "
            "`action_values`, ε och `rng`.",
        ),
    },
    examples=(
        Case(
            behaviours=("greedy",),
            text="Fem handlingar med värdena [−2; −1; −3; −1; −4], ε = 0: handling 1 och 3 är båda "
            "bäst.",
            inputs=_choice_inputs([-2.0, -1.0, -3.0, -1.0, -4.0], 0.0, GREEDY_CALLS, seed=1),
            expected=(ALWAYS_GREEDY,),
            tolerance=SAME,
        ),
        Case(
            behaviours=("greedy",),
            text="Tre handlingar med värdena [−5; −2; −1], ε = 0: handling 2 är bäst.",
            inputs=_choice_inputs([-5.0, -2.0, -1.0], 0.0, GREEDY_CALLS, seed=6),
            expected=(ALWAYS_GREEDY,),
            tolerance=SAME,
        ),
        Case(
            behaviours=("explore",),
            text=f"Fyra handlingar med värdena [−3; 5; −4; 2], ε = 0,4, {CALLS} anrop.",
            inputs=_choice_inputs([-3.0, 5.0, -4.0, 2.0], 0.4, CALLS, seed=2),
            expected=(expected_shares(4, 0.4, best=1),),
            by_hand={
                "shares": "handling 1 är bäst och ska väljas i andelen 0,6 + 0,4 / 4 = 0,7 av "
                "anropen (med lite tur eller otur mellan 0,565 och 0,835), och var och en av de "
                "andra i andelen 0,4 / 4 = 0,1 (mellan 0 och 0,235)",
            },
            tolerance=SAME,
        ),
        Case(
            behaviours=("explore",),
            text=f"Sex handlingar med värdena [1; 6; 2; 4; 3; 5], ε = 1, {CALLS} anrop.",
            inputs=_choice_inputs([1.0, 6.0, 2.0, 4.0, 3.0, 5.0], 1.0, CALLS, seed=3),
            expected=(expected_shares(6, 1.0, best=1),),
            by_hand={
                "shares": "med ε = 1 ska alla sex väljas lika ofta, i andelen 1 / 6 ≈ 0,167 av "
                "anropen, med lite tur eller otur mellan 0,032 och 0,302",
            },
            tolerance=SAME,
        ),
        Case(
            behaviours=("rng",),
            text=f"Fyra handlingar, ε = 0,5, {REPEATED_CALLS} anrop med tre generatorer: två med "
            "samma frö och en med ett annat.",
            inputs=_choice_inputs([-3.0, -1.0, -2.0, -4.0], 0.5, REPEATED_CALLS, seed=4)
            | {"other_seed": 5},
            expected=(ONLY_FROM_RNG,),
        ),
    ),
    hints=(
        "Det är två val. Ska agenten utforska den här gången? Och vilken handling blir det, "
        "beroende på svaret?",
        "`rng.random()` ger ett tal mellan 0 och 1. Hur stor är chansen att det är mindre än ε? "
        "Och `rng.integers(n)` ger ett heltal från 0 till n − 1.",
        "Är det slumpade talet mindre än ε returnerar du ett slumpat heltal bland alla "
        "`len(action_values)` handlingar. Annars returnerar du platsen för det största värdet, som "
        "`np.argmax` hittar.",
    ),
)

EXERCISES = (DISCOUNTED_RETURN, BELLMAN_BACKUP, Q_LEARNING_UPDATE, EPSILON_GREEDY)
