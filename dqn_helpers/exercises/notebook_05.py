"""Övningarna i 05 Double DQN: double_dqn_target, double_dqn_training_step och q_value_bias."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from dqn_helpers.exercises.drivers import CHANGED, call_and_name, call_and_watch, in_code
from dqn_helpers.exercises.judging import judge
from dqn_helpers.exercises.model import (
    Behaviour,
    Case,
    Exercise,
    Inputs,
    Observable,
    Observed,
    Outcome,
)
from dqn_helpers.exercises.notebook_03 import (
    CALLS,
    DQN_TRAINING_STEP,
    EVEN_DRAWS,
    N_STORED,
    SAMPLED,
)
from dqn_helpers.exercises.plain import any_order, plain
from dqn_helpers.exercises.training_step_driver import (
    flat_weights,
    small_network,
    training_step_driver,
)

# --- 5.1 -----------------------------------------------------------------------------------------


def double_dqn_target_driver(double_dqn_target: Any, inputs: Inputs) -> Observed:
    """Indata: layers, target_layers, reward, next_state, terminated och discount_factor.

    Med `evidence` ges belägget `learned`: svaret, och online-nätverkets gradient när svaret är mål
    i en förlust (`gradient_towards`).
    """
    networks = {
        "model": small_network(inputs["layers"]),
        "target_model": small_network(inputs["target_layers"]),
    }
    arguments = networks | {
        "reward": torch.tensor(inputs["reward"], dtype=torch.float32),
        "next_state": torch.tensor(inputs["next_state"], dtype=torch.float32),
        "terminated": torch.tensor(inputs["terminated"], dtype=torch.bool),
        "discount_factor": inputs["discount_factor"],
    }
    before = {name: flat_weights(network) for name, network in networks.items()}
    result, changed = call_and_name(double_dqn_target, arguments)
    moved = [n for n, network in networks.items() if (flat_weights(network) != before[n]).any()]
    observed = {
        "target": plain(result),
        "changed": in_code([*moved, *changed]),
    } | _as_tensor(result)
    if "evidence" in inputs and observed["kind"] == observed["in_a_loss"] == "":
        state = torch.tensor(inputs["next_state"], dtype=torch.float32)
        gradient = gradient_towards(result, list(networks.values()), state)
        observed["learned"] = [observed["target"], gradient]
    return observed


def gradient_towards(
    target: torch.Tensor, networks: Sequence[nn.Module], state: torch.Tensor
) -> np.ndarray:
    """Nätverkens gradient av MSE mellan det förstas första Q-värde i varje tillstånd och målet."""
    loss = nn.functional.mse_loss(networks[0](state)[:, 0], target)
    parameters = [parameter for network in networks for parameter in network.parameters()]
    # Det andra nätverket är bara med om målet inte är en konstant; annars är dess gradient noll.
    gradients = torch.autograd.grad(loss, parameters, materialize_grads=True)
    return np.concatenate([gradient.numpy().ravel() for gradient in gradients])


def _as_tensor(result: Any) -> Observed:
    """Om svaret är en vanlig tensor: dess sort ("" om det är en tensor), form och gradient."""
    if not isinstance(result, torch.Tensor):
        kind = None if result is None else type(result).__name__
        return {"kind": kind, "shape": "", "gradient": False, "in_a_loss": ""}
    return {
        "kind": "",
        "shape": str(tuple(result.shape)),
        "gradient": result.requires_grad,
        "in_a_loss": _problem_in_a_loss(result),
    }


def _problem_in_a_loss(target: torch.Tensor) -> str:
    """Vad torch klagar på när tensorn är målet i en förlust som deriveras; tomt om det går."""
    predicted = torch.zeros(target.shape, requires_grad=True)
    try:
        # Hänger målet ihop med nätverken behövs deras graf en gång till, till belägget.
        nn.functional.mse_loss(predicted, target).backward(retain_graph=True)
    except (RuntimeError, TypeError) as error:
        return str(error).split(".")[0][:200]
    return ""


ORDINARY_TENSOR: Observed = {"kind": "", "gradient": False, "in_a_loss": "", "changed": ""}
ONE_HOT = [[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]
ONLINE_Q = [[1.0, 5.0, 2.0], [4.0, -1.0, 3.0], [0.0, 2.0, 6.0], [7.0, 3.0, 1.0]]
ONLINE_IN_WORDS = "[[1; 5; 2]; [4; −1; 3]; [0; 2; 6]; [7; 3; 1]]"


def _gives(q_values: list[list[float]]) -> list[Any]:
    """Ett nätverk som ger rad i av Q-värdena i det nästa tillstånd vars tal i är 1."""
    return [[[list(column) for column in zip(*q_values, strict=True)], None]]


CORE = (
    "select",
)  # det som skiljer Double DQN från DQN; fallen för det godtar vilken mask som helst

DOUBLE_DQN_TARGET = Exercise(
    number="5.1",
    signature="double_dqn_target(model, target_model, reward, next_state, terminated, "
    "discount_factor)",
    driver=double_dqn_target_driver,
    behaviours=(
        Behaviour("value", "räknar med målnätverkets värde, diskonterat", 0.5, ("target",), CORE),
        Behaviour(
            "select", "låter online-nätverket välja och målnätverket värdera", 1.5, ("target",)
        ),
        Behaviour("terminal", "maskerar sluttillstånd", 1, ("target",), CORE),
        Behaviour(
            "tensor",
            "ger en vanlig tensor (B,) utan gradient, och låter argumenten vara som de var",
            1,
            ("kind", "shape", "gradient", "in_a_loss", "changed", "learned"),
            CORE,
        ),
    ),
    observables={
        "target": Observable("målet", row="rad"),
        "kind": Observable(
            "svarets sort",
            wrong="Svaret är av sorten `{got}`. Det ska vara en tensor, så att `criterion` kan "
            "jämföra det med förutsägelsen.",
        ),
        "shape": Observable(
            "formen",
            wrong="Svaret har formen {got}, men ska ha {expected}: ett mål per rad, varken mer "
            "eller mindre.",
        ),
        "gradient": Observable(
            "gradienten",
            wrong="Svaret hänger ihop med nätverken (`requires_grad` är sant). Målet ska vara en "
            "konstant.",
        ),
        "in_a_loss": Observable(
            "förlusten",
            wrong="Det går inte att derivera en förlust som har ditt svar som mål. PyTorch säger: "
            "{got}.",
        ),
        "changed": CHANGED,
        "learned": Observable(
            "lärandet",
            wrong="Med svaret som mål i en förlust får online-nätverket en annan gradient än den "
            "som en konstant ger.",
        ),
    },
    examples=(
        Case(
            behaviours=("value",),
            text="Fyra rader där nätverken är överens om vilken handling som är bäst. "
            f"Online-nätverket ger Q(s′) = {ONLINE_IN_WORDS}, målnätverket "
            "[[2; 8; 3]; [6; 1; 5]; [1; −3; 4]; [9; 5; 2]]. `reward` = [1; −2; 0,5; 3], "
            "`terminated` är falskt i alla rader, och γ = 0,5.",
            inputs={
                "layers": _gives(ONLINE_Q),
                "target_layers": _gives([[2, 8, 3], [6, 1, 5], [1, -3, 4], [9, 5, 2]]),
                "reward": [1.0, -2.0, 0.5, 3.0],
                "next_state": ONE_HOT,
                "terminated": [False] * 4,
                "discount_factor": 0.5,
            },
            expected=({"target": [5.0, 1.0, 2.5, 7.5]},),
            by_hand={
                "target": (
                    "rad 0: handling 1 väljs, och målnätverket ger den värdet 8, så målet är "
                    "1 + 0,5 · 8 = 5",
                    "rad 1: handling 0 väljs, och målnätverket ger den värdet 6, så målet är "
                    "−2 + 0,5 · 6 = 1",
                    "rad 2: handling 2 väljs, och målnätverket ger den värdet 4, så målet är "
                    "0,5 + 0,5 · 4 = 2,5",
                    "rad 3: handling 0 väljs, och målnätverket ger den värdet 9, så målet är "
                    "3 + 0,5 · 9 = 7,5",
                )
            },
        ),
        Case(
            behaviours=("select",),
            text="Samma belöningar, men nu är nätverken oense. Online-nätverket ger Q(s′) = "
            f"{ONLINE_IN_WORDS}, målnätverket [[6; 3; 4]; [5; 9; 2]; [8; 1; −2]; [2; 4; 10]]. "
            "`terminated` = [falskt; sant; falskt; sant], γ = 1.",
            inputs={
                "layers": _gives(ONLINE_Q),
                "target_layers": _gives([[6, 3, 4], [5, 9, 2], [8, 1, -2], [2, 4, 10]]),
                "reward": [1.0, -2.0, 0.5, 3.0],
                "next_state": ONE_HOT,
                "terminated": [False, True, False, True],
                # γ = 1: ett fel i diskonteringen ska inte kosta det här beteendet också.
                "discount_factor": 1.0,
            },
            expected=(
                {"target": [4.0, -2.0, -1.5, 3.0]},
                # Masken har ett eget beteende. Här duger också den glömda, den bakvända och den som
                # tar bort belöningen.
                {"target": [4.0, 3.0, -1.5, 5.0]},
                {"target": [1.0, 3.0, 0.5, 5.0]},
                {"target": [4.0, 0.0, -1.5, 0.0]},
            ),
            by_hand={
                "target": (
                    "rad 0: online-nätverket väljer handling 1, och målnätverket ger den värdet 3, "
                    "så målet är 1 + 3 = 4",
                    "rad 1: `terminated` är sant, så målet är bara belöningen −2",
                    "rad 2: online-nätverket väljer handling 2, och målnätverket ger den värdet "
                    "−2, så målet är 0,5 − 2 = −1,5",
                    "rad 3: `terminated` är sant, så målet är bara belöningen 3",
                )
            },
        ),
        Case(
            behaviours=("tensor",),
            text="En batch med en enda rad: `reward` = [2], online-nätverket ger Q(s′) = "
            "[[1; 5; 2]], målnätverket [[3; 4; 6]], γ = 0,5.",
            inputs={
                "layers": [[[[1.0], [5.0], [2.0]], None]],
                "target_layers": [[[[3.0], [4.0], [6.0]], None]],
                "reward": [2.0],
                "next_state": [[1.0]],
                "terminated": [False],
                "discount_factor": 0.5,
            },
            expected=({"shape": "(1,)"} | ORDINARY_TENSOR,),
        ),
        Case(
            behaviours=("terminal", "tensor"),
            text="Målnätverket är nyss uppdaterat, så båda nätverken ger Q(s′) = "
            f"{ONLINE_IN_WORDS}. `reward` = [1; −2; 0,5; −1], "
            "`terminated` = [falskt; sant; falskt; sant], γ = 0,9.",
            inputs={
                "layers": _gives(ONLINE_Q),
                "target_layers": _gives(ONLINE_Q),
                "reward": [1.0, -2.0, 0.5, -1.0],
                "next_state": ONE_HOT,
                "terminated": [False, True, False, True],
                "discount_factor": 0.9,
            },
            expected=({"target": [5.5, -2.0, 5.9, -1.0], "shape": "(4,)"} | ORDINARY_TENSOR,),
            by_hand={
                "target": (
                    "rad 0: `terminated` är falskt, så målet är 1 + 0,9 · 5 = 5,5",
                    "rad 1: `terminated` är sant, så målet är bara belöningen −2",
                    "rad 2: `terminated` är falskt, så målet är 0,5 + 0,9 · 6 = 5,9",
                    "rad 3: `terminated` är sant, så målet är bara belöningen −1",
                )
            },
        ),
    ),
    hints=(
        "TD-målet har två frågor i sig: *vilken* handling är bäst i nästa tillstånd, och *hur "
        "mycket* är den värd? I Double DQN svarar inte samma nätverk på båda. Det nätverk som lär "
        "sig väljer, och det andra värderar.",
        "Den första frågan ger ett handlingsnummer per rad: `argmax` längs handlingarnas "
        "dimension. Den andra är samma sak som i övning 3.2: plocka i varje rad ut värdet för en "
        "given handling, fast ur det andra nätverkets Q-värden.",
        "Räkna ut allt under `torch.no_grad()`, i tre steg: handlingen för varje rad, med formen "
        "(B,); värdet för den, också (B,), till exempel med `dqn_helpers.chosen_q_values`; och "
        "sist r + γ · värdet, eller bara r där `terminated` är sant, med `torch.where`.",
    ),
)

# --- 5.2 -----------------------------------------------------------------------------------------


def double_dqn_training_step_driver(training_step: Any, inputs: Inputs) -> Observed:
    """Som `training_step_driver`, och med target_layers.

    Med `ask_about_target` iakttas också om studentens egen `double_dqn_target`, när steget anropar
    den, klarar sina exempel. Då kan `check()` säga var felet börjar. Med `both_endings` körs steget
    en gång till, på likadana nätverk och en buffert där `terminated` är sant överallt; `losses` är
    de två förlusterna.
    """
    observed = training_step_driver(training_step, inputs)
    if inputs.get("both_endings"):
        ended = training_step_driver(training_step, inputs | {"transitions": all_ended(inputs)})
        observed["losses"] = [observed["loss"], ended["loss"]]
    if inputs.get("ask_about_target"):
        observed["own_target"] = "" if _own_target_is_right(training_step) else "fel"
    return observed


def all_ended(inputs: Inputs) -> list[list[Any]]:
    """Fallets övergångar, alla till sluttillstånd."""
    return [[*row[:4], True, row[5]] for row in inputs["transitions"]]


def _own_target_is_right(training_step: Any) -> bool:
    """Falskt bara om steget anropar en `double_dqn_target` som inte klarar exemplen i 5.1."""
    name = DOUBLE_DQN_TARGET.name
    own = getattr(training_step, "__globals__", {}).get(name)
    called = getattr(getattr(training_step, "__code__", None), "co_names", ())
    if name not in called or not callable(own):
        return True
    examples = DOUBLE_DQN_TARGET.examples
    outcomes = [_ran(own, case.inputs) for case in examples]
    return judge(DOUBLE_DQN_TARGET, examples, outcomes).passed


def _ran(double_dqn_target: Any, inputs: Inputs) -> Outcome:
    try:
        return Outcome("ok", double_dqn_target_driver(double_dqn_target, inputs))
    except Exception as error:  # studentens kod kan kasta vad som helst
        return Outcome("error", problem=type(error).__name__)


LAYERS = [[[[1.0, 0.0], [2.0, -1.0], [-1.0, 2.0]], None]]
TARGET_LAYERS = [[[[2.0, 2.0], [1.0, 2.0], [1.0, -1.0]], None]]
ORDINARY = [[1.0, 2.0], 0, 1.0, [2.0, 1.0], False, False]
OTHER = [[2.0, 1.0], 2, 3.0, [1.0, 2.0], False, False]
TRANSITION = "s = (1; 2), handling 0, s′ = (2; 1)"
WEIGHTS = "Online-nätverket är Q(s) = W s med W = [[1; 0]; [2; −1]; [−1; 2]]"
NETWORK, UNDISCOUNTED = f"{WEIGHTS}, γ = 0,5.", f"{WEIGHTS}, γ = 1."
TARGET_NETWORK = "Målnätverket är Q(s) = V s med V = [[2; 2]; [1; 2]; [1; −1]]."
SAME = f"I bufferten ligger samma övergång i många exemplar: {TRANSITION}"
COPIED = f"{NETWORK} Målnätverket är nyss uppdaterat och ger samma värden. {SAME}"
MOVED = "gradienten är 2 · (1 − 2,5) · s = (−3; −6), så steget med inlärningshastigheten 0,1 ger"
ONE_STEP = "gradienten för handling 0 är 2 · (1 + 499) · s ="
UNTOUCHED = tuple(
    f"bara handling 0 gjordes, så vikterna för de andra handlingarna ändras inte: W{weight}"
    for weight in ("[1, 0] = 2", "[1, 1] = −1", "[2, 0] = −1", "[2, 1] = 2")
)


def _step_inputs(transition: list[Any], **more: Any) -> Inputs:
    base = {"layers": LAYERS, "target_layers": LAYERS, "batch_size": 4, "discount_factor": 0.5}
    base |= {"learning_rate": 0.1, "ask_about_target": True}
    return base | {"transitions": [transition] * 16} | more


def _double(transition: list[Any]) -> Inputs:
    # γ = 1: ett fel i diskonteringen ska inte kosta det här beteendet också.
    more: Inputs = {"target_layers": TARGET_LAYERS, "discount_factor": 1.0, "both_endings": True}
    return _step_inputs(transition, **more)


def any_mask(going_on: float, ended: float, without_reward: float) -> list[Observed]:
    """Förlusterna med en rätt mask, en glömd, en bakvänd och en som tar bort belöningen.

    Masken har ett eget beteende. Att rätt nätverk väljer och värderar syns med vilken som helst.
    """
    pairs = [(going_on, ended), (going_on, going_on), (ended, going_on), (going_on, without_reward)]
    return [{"losses": list(pair)} for pair in pairs]


def _right_with_any_mask(*losses: float) -> tuple[Observed, ...]:
    return tuple(one for losses in any_mask(*losses) for one in _right(**losses))


def _right(**observed: Any) -> tuple[Observed, Observed]:
    """Det rätta svaret är rätt oavsett hur 5.1 mår; är det fel nämns 5.1 först."""
    return {"own_target": "", **observed}, observed


def sampling_inputs() -> Inputs:
    """En buffert med många olika erfarenheter, och många små träningssteg."""
    stored = [[[i + 1.0, 2.0], 0, 1.0, [-i - 1.0, -1.0], False, False] for i in range(N_STORED)]
    return _step_inputs(ORDINARY, transitions=stored, batch_size=SAMPLED, calls=CALLS) | {
        "learning_rate": 0.0,
        "ask_about_target": False,
    }


STEP_EXAMPLES = (
    Case(
        behaviours=("double",),
        text=f"{UNDISCOUNTED} {TARGET_NETWORK} {SAME}, belöning 1. Steget prövas två gånger: när "
        "episoden fortsätter och när `terminated` är sant.",
        inputs=_double(ORDINARY),
        expected=_right_with_any_mask(16.0, 0.0, 1.0),
        by_hand={
            "losses": (
                "online-nätverket ger Q(s′) = (2; 3; 0) och väljer handling 1, och målnätverket "
                "ger den värdet 4. När episoden fortsätter är målet 1 + 4 = 5, förutsägelsen är "
                "Q(s, 0) = 1 och förlusten (1 − 5)² = 16",
                "när `terminated` är sant är målet bara belöningen 1, så förlusten är (1 − 1)² = 0",
            )
        },
    ),
    Case(
        behaviours=("double",),
        text=f"{UNDISCOUNTED} {TARGET_NETWORK} Nu är s = (1; 2), handling 1, s′ = (1; −1) "
        "och belöningen −1. Steget prövas två gånger: när episoden fortsätter och när `terminated` "
        "är sant.",
        inputs=_double([[1.0, 2.0], 1, -1.0, [1.0, -1.0], False, False]),
        expected=_right_with_any_mask(4.0, 1.0, 0.0),
        by_hand={
            "losses": (
                "online-nätverket ger Q(s′) = (1; 3; −3) och väljer handling 1, och målnätverket "
                "ger den värdet −1. När episoden fortsätter är målet −1 − 1 = −2, förutsägelsen "
                "är Q(s, 1) = 0 och förlusten (0 + 2)² = 4",
                "när `terminated` är sant är målet bara belöningen −1, så förlusten är "
                "(0 + 1)² = 1",
            )
        },
    ),
    Case(
        behaviours=("mask",),
        text=f"{COPIED}, belöning −1, och `terminated` är sant.",
        inputs=_step_inputs([[1.0, 2.0], 0, -1.0, [2.0, 1.0], True, False]),
        expected=_right(loss=4.0),
        by_hand={
            "loss": "efter ett sluttillstånd är målet bara belöningen −1, och Q(s, 0) = 1, så "
            "förlusten är (1 + 1)² = 4"
        },
    ),
    Case(
        behaviours=("mask",),
        text=f"{COPIED}, belöning 2, och `terminated` är falskt men `truncated` är sant.",
        inputs=_step_inputs([[1.0, 2.0], 0, 2.0, [2.0, 1.0], False, True], buffer="list"),
        expected=_right(loss=6.25),
        by_hand={
            "loss": "tidsgränsen är inget sluttillstånd, så målet är 2 + 0,5 · 3 = 3,5 och "
            "förlusten (1 − 3,5)² = 6,25"
        },
    ),
    Case(
        behaviours=("constant", "number"),
        text=f"{COPIED}, belöning 1, och episoden fortsätter.",
        inputs=_step_inputs(ORDINARY),
        expected=_right(
            returned=2.25,
            graph=False,
            weights=[1.3, 0.6, 2.0, -1.0, -1.0, 2.0],
            target_weights=[1.0, 0.0, 2.0, -1.0, -1.0, 2.0],
            target_gradient=False,
        ),
        by_hand={
            "returned": "målet är 1 + 0,5 · 3 = 2,5 och förlusten före steget (1 − 2,5)² = 2,25",
            "weights": (
                f"{MOVED} W[0, 0] = 1 + 0,3 = 1,3",
                f"{MOVED} W[0, 1] = 0 + 0,6 = 0,6",
                *UNTOUCHED,
            ),
        },
    ),
    Case(
        behaviours=("step",),
        # γ = 0: ett fel i masken ska inte kosta det här beteendet också.
        text=f"{COPIED}, belöning −499, men här är γ = 0, så målet är bara belöningen. "
        "Online-nätverket har också en bias, b = (0; 0; 0). Inlärningshastigheten är 0,001, och i "
        "alla dess `.grad` ligger 100 kvar sedan förut.",
        inputs=_step_inputs(
            [[1.0, 2.0], 0, -499.0, [2.0, 1.0], False, False],
            layers=[[LAYERS[0][0], [0.0, 0.0, 0.0]]],
            discount_factor=0.0,
            learning_rate=0.001,
            planted=100.0,
        ),
        expected=({"steps": 1, "weights": [0.0, -2.0, 2.0, -1.0, -1.0, 2.0, -1.0, 0.0, 0.0]},),
        by_hand={
            "weights": (
                f"{ONE_STEP} (1000; 2000), så steget ger W[0, 0] = 1 − 1 = 0",
                f"{ONE_STEP} (1000; 2000), så steget ger W[0, 1] = 0 − 2 = −2",
                *UNTOUCHED,
                "gradienten för b[0] är 2 · (1 + 499) = 1000, så steget ger b[0] = 0 − 1 = −1",
                "bara handling 0 gjordes, så b[1] är fortfarande 0",
                "bara handling 0 gjordes, så b[2] är fortfarande 0",
            )
        },
    ),
    Case(
        behaviours=("rows",),
        text=f"{NETWORK} Målnätverket är nyss uppdaterat. Bufferten har två sorters övergångar: "
        f"{TRANSITION}, belöning 1; och s = (2; 1), handling 2, s′ = (1; 2), belöning 3. "
        "Batchen har 24 rader.",
        # Batchen är av en enda sort med sannolikhet 2 · (1/2)^24, ungefär 1e-7.
        inputs=_step_inputs(ORDINARY, transitions=[ORDINARY, OTHER] * 16, batch_size=24),
        expected=_right(shapes="", rows=24, pairs=any_order([[0.0, 4.5], [1.0, 2.5]])),
        random=("loss", "returned", "weights"),
    ),
    Case(
        behaviours=("sampling",),
        text=f"{CALLS} träningssteg med {SAMPLED} av {N_STORED} sparade erfarenheter.",
        inputs=sampling_inputs(),
        expected=(EVEN_DRAWS,),
        tolerance=0.45,
    ),
)

STEP_CORE = ("double",)

DOUBLE_DQN_TRAINING_STEP = Exercise(
    number="5.2",
    signature="double_dqn_training_step(model, optimizer, criterion, replay_buffer, batch_size, "
    "discount_factor, target_model)",
    driver=double_dqn_training_step_driver,
    behaviours=(
        Behaviour(
            "double",
            "jämför Q(s, a) med målet där online-nätverket väljer och målnätverket värderar",
            1,
            ("own_target", "losses"),
        ),
        Behaviour(
            "mask",
            "maskerar sluttillstånd, men räknar med framtiden vid en tidsgräns (`truncated`)",
            0.5,
            ("own_target", "loss"),
            STEP_CORE,
        ),
        Behaviour(
            "constant",
            "ändrar bara online-nätverket, med målet som en konstant",
            0.5,
            ("own_target", "weights", "target_weights", "target_gradient"),
            STEP_CORE,
        ),
        Behaviour(
            "step",
            "tar ett helt steg med bara den här batchens gradient",
            0.5,
            ("steps", "weights"),
            STEP_CORE,
        ),
        Behaviour(
            "rows",
            "jämför varje rad med sitt eget mål (samma form)",
            0.5,
            ("own_target", "shapes", "rows", "pairs"),
            STEP_CORE,
        ),
        Behaviour(
            "sampling",
            "drar en ny batch ur hela bufferten",
            0.5,
            ("distinct", "sequential", "seen"),
            STEP_CORE,
        ),
        Behaviour(
            "number",
            "returnerar förlusten före steget som ett tal",
            0.5,
            ("graph", "own_target", "returned"),
            STEP_CORE,
        ),
    ),
    observables=DQN_TRAINING_STEP.observables
    | {
        "own_target": Observable(
            "målet",
            wrong="Steget anropar din `double_dqn_target`, och den klarar inte sin egen kontroll "
            'än. Börja där: när `check("5.1", double_dqn_target)` är grön kan det här stämma '
            "också.",
        ),
        "losses": Observable("förlusten", none="Din funktion anropar aldrig `criterion`."),
        "weights": Observable("online-nätverkets vikter efter steget"),
        "distinct": Observable(
            "antalet olika erfarenheter",
            none="Online-nätverket fick aldrig se något av tillstånden (`state`) i bufferten, så "
            "det går inte att säga vad som drogs.",
            wrong="Sammanlagt räknades förutsägelsen ut för bara {got} av buffertens erfarenheter, "
            "men alla ska ha samma chans, varje gång.",
        ),
        "target_weights": Observable(
            "målnätverkets vikter",
            wrong="Målnätverkets vikter ändrades av steget. Målnätverket ska stå stilla här; "
            "`train_dqn` uppdaterar det när det är dags.",
        ),
        "target_gradient": Observable(
            "målnätverkets gradient",
            wrong="Efter steget ligger en gradient i målnätverkets `.grad`, så den har gått genom "
            "målet. Målet ska vara en konstant.",
        ),
    },
    examples=STEP_EXAMPLES,
    hints=(
        "Det mesta känner du igen från övning 3.3: dra en batch, räkna ut TD-målet, förutsägelsen "
        "och förlusten, och ta ett steg. Bara TD-målet är nytt, och det har du redan skrivit i "
        "5.1.",
        "Här finns två tillstånd och två nätverk. TD-målet räknas ut i nästa tillstånd, med båda "
        "nätverken. Förutsägelsen räknas ut i tillståndet, med online-nätverket och med gradient. "
        "Flaggan `truncated` packas upp men används inte.",
        "Skriv raderna i den här ordningen: `dqn_helpers.sample_experiences(replay_buffer, "
        "batch_size)` ger sex tensorer, `double_dqn_target(…)` ger TD-målet, "
        "`dqn_helpers.chosen_q_values(…)` ger förutsägelsen och `criterion(…)` ger förlusten. "
        "Nolla sedan gradienten, gå bakåt, ta steget och returnera förlusten som ett tal.",
    ),
)

# --- 5.3 -----------------------------------------------------------------------------------------


def _as_list(numbers: Any) -> list[Any]:
    return list(np.array(numbers).tolist())


def _as_tensor_1d(numbers: Any) -> torch.Tensor:
    array = np.array(numbers)
    return torch.tensor(array, dtype=torch.int64 if array.dtype.kind == "i" else torch.float32)


CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "list": _as_list,
    "array": np.array,
    "tensor": _as_tensor_1d,
}


def q_value_bias_driver(q_value_bias: Any, inputs: Inputs) -> Observed:
    """Indata: predicted_q_values, rewards, discount_factor och container (se `CONTAINERS`)."""
    make = CONTAINERS[inputs["container"]]
    arguments = {
        "predicted_q_values": make(inputs["predicted_q_values"]),
        "rewards": make(inputs["rewards"]),
        "discount_factor": inputs["discount_factor"],
    }
    result, changed = call_and_watch(q_value_bias, arguments)
    return {"bias": plain(result), "changed": changed}


Q_VALUE_BIAS = Exercise(
    number="5.3",
    signature="q_value_bias(predicted_q_values, rewards, discount_factor)",
    driver=q_value_bias_driver,
    wraps={"predicted_q_values": "container", "rewards": "container"},
    behaviours=(
        Behaviour(
            "bias",
            "räknar ut medelvärdet av förutsägelsen minus avkastningen från samma steg",
            1,
            ("bias",),
        ),
        Behaviour("one_step", "klarar en episod på ett enda steg", 0.5, ("bias",)),
        Behaviour(
            "sequences",
            "klarar listor, arrayer, tensorer och heltal, och ändrar dem inte",
            0.5,
            ("bias", "changed"),
        ),
    ),
    observables={"bias": Observable("biasen"), "changed": CHANGED},
    examples=(
        Case(
            behaviours=("bias",),
            text="Arrayer, `predicted_q_values` = [2; −6; 1; 5], `rewards` = [1; −2; 0,5; 1], "
            "γ = 0,5.",
            inputs={
                "predicted_q_values": [2.0, -6.0, 1.0, 5.0],
                "rewards": [1.0, -2.0, 0.5, 1.0],
                "discount_factor": 0.5,
                "container": "array",
            },
            expected=({"bias": 0.3125},),
            by_hand={
                "bias": "avkastningen från varje steg, räknad bakifrån, är 1; 0,5 + 0,5 · 1 = 1; "
                "−2 + 0,5 · 1 = −1,5; 1 + 0,5 · (−1,5) = 0,25. Skillnaderna i tur och ordning är "
                "2 − 0,25; −6 + 1,5; 1 − 1; 5 − 1, och medelvärdet är (1,75 − 4,5 + 0 + 4) / 4 = "
                "0,3125"
            },
        ),
        Case(
            behaviours=("one_step",),
            text="Ett enda steg, `predicted_q_values` = [3], `rewards` = [5], γ = 0,9.",
            inputs={
                "predicted_q_values": [3.0],
                "rewards": [5.0],
                "discount_factor": 0.9,
                "container": "array",
            },
            expected=({"bias": -2.0},),
            by_hand={"bias": "efter det enda steget kommer inget mer, så biasen är 3 − 5 = −2"},
        ),
        Case(
            behaviours=("sequences",),
            text="Listor av heltal, `predicted_q_values` = [4; 3; 1], `rewards` = [2; 0; 3], "
            "γ = 0,5.",
            inputs={
                "predicted_q_values": [4, 3, 1],
                "rewards": [2, 0, 3],
                "discount_factor": 0.5,
                "container": "list",
            },
            expected=({"bias": 0.25, "changed": ""},),
            by_hand={
                "bias": "avkastningen från varje steg är 2,75; 1,5; 3, så biasen är "
                "(1,25 + 1,5 − 2) / 3 = 0,25"
            },
        ),
        Case(
            behaviours=("sequences",),
            text="Arrayer av heltal, `predicted_q_values` = [1; 6; 2], `rewards` = [0; 3; 1], "
            "γ = 0,5.",
            inputs={
                "predicted_q_values": [1, 6, 2],
                "rewards": [0, 3, 1],
                "discount_factor": 0.5,
                "container": "array",
            },
            expected=({"bias": 0.91667, "changed": ""},),
            by_hand={
                "bias": "avkastningen från varje steg är 1,75; 3,5; 1, så biasen är "
                "(−0,75 + 2,5 + 1) / 3 = 0,91667"
            },
        ),
        Case(
            behaviours=("sequences",),
            text="Tensorer, `predicted_q_values` = [0,5; 2] och `rewards` = [1; 3] som heltal, "
            "γ = 0,25.",
            inputs={
                "predicted_q_values": [0.5, 2.0],
                "rewards": [1, 3],
                "discount_factor": 0.25,
                "container": "tensor",
            },
            expected=({"bias": -1.125, "changed": ""},),
            by_hand={
                "bias": "avkastningen från varje steg är 1,75; 3, så biasen är "
                "(−1,25 − 1) / 2 = −1,125"
            },
        ),
    ),
    hints=(
        "För varje steg t finns två tal att jämföra: vad nätverket trodde, och vad som verkligen "
        "kom från och med t. Det andra är den diskonterade avkastningen från 01, en för varje "
        "startpunkt i episoden.",
        "Räkna ut avkastningen bakifrån. Från sista steget är den bara den sista belöningen, och "
        "från steget innan är den belöningen där plus γ gånger det du just räknade ut.",
        "Gå igenom t från T − 1 ner till 0 med en variabel som börjar på `0.0` och hela tiden är "
        "avkastningen från t. Lägg skillnaden, `predicted_q_values[t]` minus den variabeln, till "
        "en summa, och dela summan med T på slutet.",
    ),
)

EXERCISES = (DOUBLE_DQN_TARGET, DOUBLE_DQN_TRAINING_STEP, Q_VALUE_BIAS)
