"""Övningarna i 03 Träningssteget: td_target, chosen_q_values och dqn_training_step."""

from typing import Any

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
from dqn_helpers.exercises.plain import any_order, plain
from dqn_helpers.exercises.training_step_driver import training_step_driver

# --- 3.1 -----------------------------------------------------------------------------------------


def td_target_driver(td_target: Any, inputs: Inputs) -> Observed:
    """Indata: reward, next_q_values, terminated (listor eller arrayer), discount_factor."""
    arguments = {
        "reward": torch.tensor(inputs["reward"], dtype=torch.float32),
        "next_q_values": torch.tensor(inputs["next_q_values"], dtype=torch.float32),
        "terminated": torch.tensor(inputs["terminated"], dtype=torch.bool),
        "discount_factor": inputs["discount_factor"],
    }
    result, changed = call_and_watch(td_target, arguments)
    return {"target": plain(result), "changed": changed}


TD_TARGET = Exercise(
    number="3.1",
    signature="td_target(reward, next_q_values, terminated, discount_factor)",
    driver=td_target_driver,
    wraps=dict.fromkeys(("reward", "next_q_values", "terminated"), "torch.tensor"),
    behaviours=(
        Behaviour("bellman", "räknar ut r + γ · max Q(s′, a′) för varje rad", 1, ("target",)),
        Behaviour(
            "terminal",
            "maskerar sluttillstånd, och låter argumenten vara som de var",
            1,
            ("target", "changed"),
        ),
    ),
    observables={"target": Observable("målet", row="rad"), "changed": CHANGED},
    examples=(
        Case(
            behaviours=("bellman",),
            text="Tre rader mitt i sina episoder, `reward` = [1; −2; 0,5], "
            "`next_q_values` = [[2; 6]; [5; 3]; [−4; −1]], γ = 0,5.",
            inputs={
                "reward": [1.0, -2.0, 0.5],
                "next_q_values": [[2.0, 6.0], [5.0, 3.0], [-4.0, -1.0]],
                "terminated": [False, False, False],
                "discount_factor": 0.5,
            },
            expected=({"target": [4.0, 0.5, 0.0]},),
            by_hand={
                "target": (
                    "rad 0: det bästa nästa värdet är 6, så målet är 1 + 0,5 · 6 = 4",
                    "rad 1: det bästa nästa värdet är 5, så målet är −2 + 0,5 · 5 = 0,5",
                    "rad 2: det bästa nästa värdet är −1, så målet är 0,5 + 0,5 · (−1) = 0",
                )
            },
        ),
        Case(
            behaviours=("terminal",),
            text="Tre rader, `reward` = [1; −2; −1], `next_q_values` = [[2; 6]; [5; 3]; [6; 4]], "
            "`terminated` = [sant; falskt; sant], γ = 0,9.",
            inputs={
                "reward": [1.0, -2.0, -1.0],
                "next_q_values": [[2.0, 6.0], [5.0, 3.0], [6.0, 4.0]],
                "terminated": [True, False, True],
                "discount_factor": 0.9,
            },
            expected=({"target": [1.0, 2.5, -1.0], "changed": ""},),
            by_hand={
                "target": (
                    "rad 0: `terminated` är sant, så målet är bara belöningen 1",
                    "rad 1: `terminated` är falskt, så målet är −2 + 0,9 · 5 = 2,5",
                    "rad 2: `terminated` är sant, så målet är bara belöningen −1",
                )
            },
        ),
    ),
    hints=(
        "Vad är den bästa handlingen värd i nästa tillstånd, i varje rad för sig? `next_q_values` "
        "har en rad per exempel och en kolumn per handling.",
        "`max(dim=…)` på en tensor ger två saker: värdena och var de stod. Vilken av dem behöver "
        "du, och längs vilken dimension ligger handlingarna?",
        "Räkna ut r + γ · (bästa nästa värde) för alla rader. Välj sedan, rad för rad, mellan det "
        "och bara r: `torch.where(villkor, om_sant, om_falskt)` gör det valet.",
    ),
)

# --- 3.2 -----------------------------------------------------------------------------------------


def chosen_q_values_driver(chosen_q_values: Any, inputs: Inputs) -> Observed:
    """Indata: q_values (B, A), action (B,) och upstream (B,), gradienten som kommer bakifrån."""
    q_values = torch.tensor(inputs["q_values"], dtype=torch.float32, requires_grad=True)
    action = torch.tensor(inputs["action"], dtype=torch.int64)
    result, changed = call_and_watch(chosen_q_values, {"q_values": q_values, "action": action})
    upstream = torch.tensor(inputs["upstream"], dtype=torch.float32)
    if isinstance(result, torch.Tensor) and result.requires_grad and result.numel() == len(action):
        (result.reshape(-1) * upstream).sum().backward()
    return {"values": plain(result), "changed": changed, "gradient": plain(q_values.grad)}


CHOSEN_Q_VALUES = Exercise(
    number="3.2",
    signature="chosen_q_values(q_values, action)",
    driver=chosen_q_values_driver,
    wraps={"q_values": "torch.tensor", "action": "torch.tensor"},
    behaviours=(
        Behaviour(
            "choice",
            "ger värdet för handlingen som gjordes, ett tal per rad",
            1,
            ("values", "changed"),
        ),
        Behaviour("gradient", "går att derivera", 1, ("gradient",)),
    ),
    observables={
        "values": Observable("svaret", row="rad"),
        "changed": CHANGED,
        "gradient": Observable(
            "gradienten",
            row="rad",
            none="Svaret går inte att derivera, eller har fel form, så nätverket skulle inte lära "
            "sig något: räkna med tensorer hela vägen och låt formen bli (B,).",
        ),
    },
    examples=(
        Case(
            behaviours=("choice", "gradient"),
            text="`q_values` = [[1; 7]; [4; −2]; [3; 8]], `action` = [0; 1; 1].",
            inputs={
                "q_values": [[1.0, 7.0], [4.0, -2.0], [3.0, 8.0]],
                "action": [0, 1, 1],
                "upstream": [1.0, 10.0, 100.0],
            },
            expected=(
                {
                    "values": [1.0, -2.0, 8.0],
                    "changed": "",
                    "gradient": [[1.0, 0.0], [0.0, 10.0], [0.0, 100.0]],
                },
            ),
            by_hand={
                "values": (
                    "rad 0: handling 0 gjordes, och i kolumn 0 står 1",
                    "rad 1: handling 1 gjordes, och i kolumn 1 står −2",
                    "rad 2: handling 1 gjordes, och i kolumn 1 står 8",
                ),
                "gradient": "gradienten ska bara gå till värdena för handlingarna som gjordes",
            },
        ),
        Case(
            behaviours=("choice",),
            text="En enda rad, `q_values` = [[5; 9; 6]], `action` = [2].",
            inputs={"q_values": [[5.0, 9.0, 6.0]], "action": [2], "upstream": [1.0]},
            expected=({"values": [6.0], "changed": ""},),
            by_hand={"values": ("handling 2 gjordes, och i kolumn 2 står 6",)},
        ),
        Case(
            behaviours=("choice",),
            text="En batch där bara handling 0 gjordes, `q_values` = [[1; 7]; [4; −2]], "
            "`action` = [0; 0].",
            inputs={
                "q_values": [[1.0, 7.0], [4.0, -2.0]],
                "action": [0, 0],
                "upstream": [1.0, 10.0],
            },
            expected=({"values": [1.0, 4.0], "changed": ""},),
            by_hand={
                "values": (
                    "rad 0: handling 0 gjordes, och i kolumn 0 står 1",
                    "rad 1: handling 0 gjordes, och i kolumn 0 står 4",
                ),
            },
        ),
    ),
    hints=(
        "Varje rad i `action` säger vilken kolumn du ska läsa i samma rad av `q_values`.",
        "`gather(1, index)` plockar ur kolumnerna, men `index` måste ha lika många dimensioner som "
        "`q_values`: gör om (B,) till (B, 1) först.",
        "Efter `gather` har svaret formen (B, 1). Ta bort just den sista dimensionen, med "
        "`squeeze(1)`; utan ettan skulle en batch på en enda rad tappa båda.",
    ),
)

# --- 3.3 -----------------------------------------------------------------------------------------

N_STORED, SAMPLED, CALLS = 40, 12, 9

EVEN_DRAWS: Observed = {
    # Likformiga dragningar, 9 · 12 av 40: P(högst 20 olika) ≤ C(40, 20) · (1/2)^108 < 1e-21
    # (utan återläggning är det ännu ovanligare). Den som drar två gånger, först 12 ur bufferten och
    # sedan 12 med återläggning ur dem, drar också likformigt, men bara 7,8 olika i genomsnitt per
    # anrop: för den är P(högst 20 olika) = 4e-12, räknat med antalet olika som Markovkedja.
    "distinct": Within(21, N_STORED),
    # En likformig batch är en obruten följd med sannolikhet under 1e-6; tre av nio: under 1e-15.
    "sequential": Within(0, 2),
}

LAYERS = [[[[1.0, 0.5], [-1.0, 1.0]], None]]
ORDINARY = [[1.0, 2.0], 1, 1.0, [3.0, 1.0], False, False]
OTHER = [[2.0, 1.0], 0, 3.0, [4.0, 1.0], False, False]
NETWORK = "Nätverket är Q(s) = W s med W = [[1; 0,5]; [−1; 1]], γ = 0,5."
TRANSITION = "s = (1; 2), handling 1, s′ = (3; 1)"
SITUATION = f"{NETWORK} I bufferten ligger samma övergång i många exemplar: {TRANSITION}"


def _step_inputs(transition: list[Any], **more: Any) -> Inputs:
    base = {"layers": LAYERS, "batch_size": 3, "discount_factor": 0.5, "learning_rate": 0.1}
    return base | {"transitions": [transition] * 5} | more


def sampling_inputs() -> Inputs:
    """En buffert med många olika erfarenheter, och många små träningssteg."""
    states = [[1.0 + i, 2.0] for i in range(N_STORED)]
    stored = [[s, 0, 1.0, [-s[0], -1.0], False, False] for s in states]
    return _step_inputs(ORDINARY, transitions=stored, batch_size=SAMPLED, calls=CALLS) | {
        "learning_rate": 0.0
    }


STEP_EXAMPLES = (
    Case(
        behaviours=("loss", "constant", "number", "rows"),
        text=f"{SITUATION}, belöning 1, och episoden fortsätter.",
        inputs=_step_inputs(ORDINARY),
        expected=(
            {
                "loss": 3.0625,
                "weights": [1.0, 0.5, -0.65, 1.7],
                "returned": 3.0625,
                "graph": False,
                "shapes": "",
                "rows": 3,
                "pairs": any_order([[1.0, 2.75]]),
            },
        ),
        by_hand={
            "loss": "Q(s) = (2; 1) och Q(s′) = (3,5; −2). Förutsägelsen är Q(s, 1) = 1, målet är "
            "1 + 0,5 · 3,5 = 2,75 och förlusten (1 − 2,75)² = 3,0625",
            "returned": "förlusten före steget är (1 − 2,75)² = 3,0625",
            "weights": (
                "handling 0 var bara med i målet, så dess vikter ska inte ändras: W[0][0] = 1",
                "handling 0 var bara med i målet, så dess vikter ska inte ändras: W[0][1] = 0,5",
                "gradienten för W[1] är 2 · (1 − 2,75) · s = (−3,5; −7), så steget med "
                "inlärningshastigheten 0,1 ger W[1][0] = −1 + 0,35 = −0,65",
                "gradienten för W[1] är 2 · (1 − 2,75) · s = (−3,5; −7), så steget med "
                "inlärningshastigheten 0,1 ger W[1][1] = 1 + 0,7 = 1,7",
            ),
        },
    ),
    Case(
        behaviours=("loss",),
        text=f"{NETWORK} I bufferten ligger samma övergång i många exemplar: s = (1; 2), handling "
        "0, s′ = (−1; −2), belöning 1. Ingen rad i batchen har handling 1.",
        inputs=_step_inputs([[1.0, 2.0], 0, 1.0, [-1.0, -2.0], False, False]),
        expected=({"loss": 2.25},),
        by_hand={
            "loss": "Q(s) = (2; 1) och Q(s′) = (−2; −1). Förutsägelsen är Q(s, 0) = 2, målet är "
            "1 + 0,5 · (−1) = 0,5 och förlusten (2 − 0,5)² = 2,25"
        },
    ),
    Case(
        behaviours=("terminated",),
        text=f"{SITUATION}, belöning −1, och `terminated` är sant.",
        inputs=_step_inputs([[1.0, 2.0], 1, -1.0, [3.0, 1.0], True, False]),
        expected=({"loss": 4.0},),
        by_hand={
            "loss": "efter ett sluttillstånd är målet bara belöningen −1, och Q(s, 1) = 1, så "
            "förlusten är (1 + 1)² = 4"
        },
    ),
    Case(
        behaviours=("truncated",),
        text=f"{SITUATION}, belöning 2, och `terminated` är falskt men `truncated` är sant.",
        inputs=_step_inputs([[1.0, 2.0], 1, 2.0, [3.0, 1.0], False, True], buffer="list"),
        expected=({"loss": 7.5625},),
        by_hand={
            "loss": "tidsgränsen är inget sluttillstånd, så målet är 2 + 0,5 · 3,5 = 3,75 och "
            "förlusten (1 − 3,75)² = 7,5625"
        },
    ),
    Case(
        behaviours=("step",),
        # γ = 0: ett fel i masken ska inte kosta det här beteendet också.
        text=f"{SITUATION}, belöning −499, men här är γ = 0, så målet är bara belöningen. "
        "Nätverket har också en bias, b = (0; 0). Inlärningshastigheten är 0,001, och i alla "
        "`.grad` ligger 100 kvar sedan förut.",
        inputs=_step_inputs(
            [[1.0, 2.0], 1, -499.0, [3.0, 1.0], False, False],
            layers=[[LAYERS[0][0], [0.0, 0.0]]],
            discount_factor=0.0,
            learning_rate=0.001,
            planted=100.0,
        ),
        expected=({"steps": 1, "weights": [1.0, 0.5, -2.0, -1.0, 0.0, -1.0]},),
        by_hand={
            "weights": (
                "gradienten är noll för W[0], så W[0][0] är fortfarande 1",
                "gradienten är noll för W[0], så W[0][1] är fortfarande 0,5",
                "gradienten för W[1] är 2 · (1 + 499) · s = (1000; 2000), så efter steget är "
                "W[1][0] = −1 − 0,001 · 1000 = −2",
                "gradienten för W[1] är 2 · (1 + 499) · s = (1000; 2000), så efter steget är "
                "W[1][1] = 1 − 0,001 · 2000 = −1",
                "gradienten är noll för b[0], så b[0] är fortfarande 0",
                "gradienten för b[1] är 2 · (1 + 499) = 1000, så efter steget är "
                "b[1] = 0 − 0,001 · 1000 = −1",
            )
        },
    ),
    Case(
        behaviours=("rows",),
        text=f"{NETWORK} Bufferten har två sorters övergångar: {TRANSITION}, belöning 1; och "
        "s = (2; 1), handling 0, s′ = (4; 1), belöning 3. Batchen har 24 rader.",
        # Batchen är av en enda sort med sannolikhet 2 · (1/2)^24, ungefär 1e-7.
        inputs=_step_inputs(ORDINARY, transitions=[ORDINARY, OTHER] * 16, batch_size=24),
        expected=({"shapes": "", "rows": 24, "pairs": any_order([[1.0, 2.75], [2.5, 5.25]])},),
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

DQN_TRAINING_STEP = Exercise(
    number="3.3",
    signature="dqn_training_step(model, optimizer, criterion, replay_buffer, batch_size, "
    "discount_factor)",
    driver=training_step_driver,
    behaviours=(
        Behaviour("loss", "jämför Q(s, a) med TD-målet", 0.5, ("loss",)),
        Behaviour("terminated", "maskerar sluttillstånd", 0.5, ("loss",)),
        Behaviour(
            "truncated", "räknar med framtiden vid en tidsgräns (`truncated`)", 0.5, ("loss",)
        ),
        Behaviour("constant", "låter ingen gradient gå genom målet", 0.5, ("weights",)),
        Behaviour(
            "step",
            "tar ett helt steg med bara den här batchens gradient",
            0.5,
            ("steps", "weights"),
        ),
        Behaviour(
            "rows",
            "jämför varje rad med sitt eget mål (samma form)",
            0.5,
            ("shapes", "rows", "pairs"),
        ),
        Behaviour(
            "sampling",
            "drar en ny batch ur hela bufferten",
            0.5,
            ("distinct", "sequential", "seen"),
        ),
        Behaviour(
            "number", "returnerar förlusten före steget som ett tal", 0.5, ("graph", "returned")
        ),
    ),
    observables={
        "loss": Observable("förlusten", none="Din funktion anropar aldrig `criterion`."),
        "weights": Observable("vikterna efter steget"),
        "steps": Observable(
            "antalet steg", wrong="`optimizer.step()` ska köras en gång, men kördes {got} gånger."
        ),
        "shapes": Observable(
            "formerna",
            wrong="`criterion` fick formerna {got}. De ska vara lika, annars jämförs "
            "varje rad med alla andra rader.",
        ),
        "rows": Observable(
            "antalet rader",
            wrong="Antalet rader som `criterion` fick är {got}, men `batch_size` är {expected}.",
        ),
        "pairs": Observable(
            "paren av förutsägelse och mål",
            wrong="Raderna hör inte ihop med sina egna mål. De par av tal som ska jämföras är "
            "{expected}, men `criterion` fick {got}.",
        ),
        "distinct": Observable(
            "antalet olika erfarenheter",
            none="Nätverket fick aldrig se något av tillstånden (`state`) i bufferten, så det går "
            "inte att säga vad som drogs.",
            wrong="Tillsammans innehöll batcharna bara {got} av buffertens erfarenheter, men alla "
            "ska ha samma chans, varje gång.",
        ),
        "sequential": Observable(
            "antalet batchar i följd",
            wrong="I {got} av batcharna följde erfarenheterna direkt på varandra i tiden. Dra "
            "oberoende i stället.",
        ),
        "seen": Observable(
            "de dragna",
            wrong="Det som nätverket fick se stämmer inte med likformiga dragningar ur bufferten.",
        ),
        "returned": Observable("det returnerade värdet"),
        "graph": Observable(
            "förlusten",
            wrong="Du returnerar en tensor som håller kvar hela beräkningen i minnet. Gör om "
            "förlusten till ett vanligt tal.",
        ),
    },
    examples=STEP_EXAMPLES,
    hints=(
        "Dela upp steget: dra en batch, räkna ut TD-målet, förutsägelsen och förlusten, och ta ett "
        "steg. De tre första bitarna har du redan: `dqn_helpers.sample_experiences`, `td_target` "
        "och `chosen_q_values`. Förlusten ger `criterion`.",
        "TD-målet räknas ut ur nästa tillstånd och ska vara en konstant: räkna ut det under "
        "`torch.no_grad()`. Förutsägelsen räknas ut ur tillståndet, utan `no_grad`.",
        "Steget är tre anrop i rätt ordning: nolla gamla gradienter, gå bakåt genom förlusten och "
        "låt optimeraren ta steget. Returnera `loss.item()`, inte `loss`.",
    ),
)

EXERCISES = (TD_TARGET, CHOSEN_Q_VALUES, DQN_TRAINING_STEP)
