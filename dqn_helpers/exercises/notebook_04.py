"""Övningarna i 04 Hela DQN-loopen: linear_epsilon, update_target_network och train_dqn."""

from typing import Any

import numpy as np
import torch
from torch import nn

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
from dqn_helpers.exercises.training_loop_driver import (
    ONLINE,
    UNDER_WAY,
    in_a_row,
    in_words,
    train_dqn_driver,
)

# --- 4.1 -----------------------------------------------------------------------------------------


def linear_epsilon_driver(linear_epsilon: Any, inputs: Inputs) -> Observed:
    """Indata: steps (en lista), start, end, decay_steps. Ger ε i vart och ett av stegen."""
    line = inputs["start"], inputs["end"], inputs["decay_steps"]
    return {"epsilon": [plain(linear_epsilon(step, *line)) for step in inputs["steps"]]}


LINEAR_EPSILON = Exercise(
    number="4.1",
    signature="linear_epsilon(step, start, end, decay_steps)",
    driver=linear_epsilon_driver,
    behaviours=(
        Behaviour("line", "sjunker längs en rät linje från `start` mot `end`", 0.5, ("epsilon",)),
        Behaviour("stays", "är framme vid `decay_steps` och stannar vid `end`", 0.5, ("epsilon",)),
    ),
    observables={
        "epsilon": Observable(
            "värdet på ε", none="För minst ett av stegen ger funktionen inget (`None`)."
        )
    },
    examples=(
        Case(
            behaviours=("line",),
            text="Med `start` = 0,9, `end` = 0,1 och `decay_steps` = 8 prövas stegen "
            "0, 2, 4 och 7.",
            inputs={"steps": [0, 2, 4, 7], "start": 0.9, "end": 0.1, "decay_steps": 8},
            expected=({"epsilon": [0.9, 0.7, 0.5, 0.2]},),
            by_hand={
                "epsilon": (
                    "vid steg 0 är ε lika med `start`, 0,9",
                    "vid steg 2 har ε gått 2/8 av vägen och är 0,9 − 2/8 · 0,8 = 0,7",
                    "vid steg 4 har ε gått halva vägen och är 0,9 − 4/8 · 0,8 = 0,5",
                    "vid steg 7 har ε gått 7/8 av vägen och är 0,9 − 7/8 · 0,8 = 0,2",
                )
            },
        ),
        Case(
            behaviours=("line",),
            text="Med `start` = 1, `end` = 0,2 och `decay_steps` = 4 prövas stegen 0, 1 och 3.",
            inputs={"steps": [0, 1, 3], "start": 1.0, "end": 0.2, "decay_steps": 4},
            expected=({"epsilon": [1.0, 0.8, 0.4]},),
            by_hand={
                "epsilon": (
                    "vid steg 0 är ε lika med `start`, 1",
                    "vid steg 1 har ε gått 1/4 av vägen och är 1 − 1/4 · 0,8 = 0,8",
                    "vid steg 3 har ε gått 3/4 av vägen och är 1 − 3/4 · 0,8 = 0,4",
                )
            },
        ),
        Case(
            behaviours=("stays",),
            text="Med `start` = 0,9, `end` = 0,1 och `decay_steps` = 8 prövas stegen "
            "8, 9, 12 och 40.",
            inputs={"steps": [8, 9, 12, 40], "start": 0.9, "end": 0.1, "decay_steps": 8},
            expected=({"epsilon": [0.1, 0.1, 0.1, 0.1]},),
            by_hand={
                "epsilon": (
                    "vid steg 8 har ε gått hela vägen och är lika med `end`, 0,1",
                    *[
                        f"vid steg {step} är linjen slut, så ε stannar vid `end`, 0,1"
                        for step in (9, 12, 40)
                    ],
                )
            },
        ),
    ),
    hints=(
        "Hur stor del av vägen har ε gått vid ett visst steg? Vid steg 0 är det 0, vid "
        "`decay_steps` är det 1, och mitt emellan är det 0,5.",
        "Delen får aldrig bli större än 1, hur långt efter `decay_steps` man än är. `min(…, 1)` "
        "sätter det taket.",
        "ε är `start` plus delen av vägen gånger hela skillnaden. Skillnaden från `start` till "
        "`end` är `end - start`, ett negativt tal, och den måste stå inom parentes.",
    ),
)

# --- 4.2 -----------------------------------------------------------------------------------------


def make_network(values: Inputs) -> nn.Sequential:
    """Ett lager, och med "mean" också en BatchNorm, med värdena ur fallet."""
    weight = np.array(values["weight"], dtype=np.float32)
    layers: list[nn.Module] = [nn.Linear(weight.shape[1], weight.shape[0])]
    numbers = {"0.weight": weight, "0.bias": values["bias"]}
    if "mean" in values:
        layers.append(nn.BatchNorm1d(weight.shape[0]))
        numbers |= {"1.weight": values["scale"], "1.bias": values["shift"]}
        numbers |= {"1.running_mean": values["mean"], "1.running_var": values["variance"]}
        numbers |= {"1.num_batches_tracked": values["batches"]}
    network = nn.Sequential(*layers)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            tensor.copy_(torch.as_tensor(np.array(numbers[name])))
    return network


def _numbers(tensors: Any) -> np.ndarray:
    return np.concatenate([t.detach().double().numpy().ravel() for t in tensors] or [[]])


def update_target_network_driver(update_target_network: Any, inputs: Inputs) -> Observed:
    """Indata: model och target (nätverkens värden), och tau om det ska skickas med.

    Med `evidence` ges belägget `kept`: talen i målnätverkets ursprungliga parametrar och
    buffertar, sedan online-nätverket har ändrats.
    """
    model, target = make_network(inputs["model"]), make_network(inputs["target"])
    own, own_buffers = list(target.parameters()), list(target.buffers())
    before = _numbers(own)
    arguments = [model, target, *([inputs["tau"]] if "tau" in inputs else [])]
    update_target_network(*arguments)
    now = list(target.parameters())
    observed: Observed = {
        "weights": _numbers(now),
        "buffers": _numbers(target.buffers()),
        "online": _numbers(model.state_dict().values()),
        "own_parameters": len(now) == len(own) and all(map(lambda a, b: a is b, now, own)),
    }
    if 0 < inputs.get("tau", 1.0) < 1:  # annars kan två fel i τ ta ut varandra
        observed["idle"] = np.array_equal(before, observed["weights"])
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor += 100
    together = (*target.parameters(), *target.buffers())
    moved = not np.array_equal(
        _numbers(together), np.concatenate([observed["weights"], observed["buffers"]])
    )
    evidence = {"kept": _numbers((*own, *own_buffers))} if "evidence" in inputs else {}
    # Samma tal prövas två gånger: att de är rätt, och att något alls har hänt.
    evidence |= {"touched": evidence["kept"]} if "idle" in observed and evidence else {}
    return observed | {"moves_along": moved} | evidence


SIMPLE_MODEL = {"weight": [[2.0, -1.0]], "bias": [3.0]}
SIMPLE_TARGET = {"weight": [[6.0, 1.0]], "bias": [-5.0]}
NORM_MODEL = SIMPLE_MODEL | {"scale": [1.5], "shift": [0.5]}
NORM_MODEL |= {"mean": [4.0], "variance": [9.0], "batches": 12}
NORM_TARGET = SIMPLE_TARGET | {"scale": [3.5], "shift": [-1.5]}
NORM_TARGET |= {"mean": [10.0], "variance": [3.0], "batches": 2}
NETWORKS = (
    "Online-nätverket har vikterna 2 och −1 och biasvikten 3, målnätverket 6 och 1 och "
    "biasvikten −5."
)

UPDATE_TARGET_NETWORK = Exercise(
    number="4.2",
    signature="update_target_network(model, target_model, tau=1.0)",
    driver=update_target_network_driver,
    behaviours=(
        Behaviour("hard", "gör en exakt kopia när τ = 1, som är förvalet", 0.5, ("weights",)),
        Behaviour("soft", "blandar τ delar online-nätverk med resten målnätverk", 1, ("weights",)),
        Behaviour(
            "separate",
            "låter målnätverket behålla sina egna parametrar, utan delat minne",
            0.5,
            ("idle", "own_parameters", "moves_along", "kept"),
        ),
        Behaviour("buffers", "kopierar buffertar hela, vad τ än är", 0.5, ("buffers",)),
        Behaviour(
            "online", "lämnar online-nätverket som det var", 0.5, ("idle", "online", "touched")
        ),
    ),
    observables={
        "weights": Observable("målnätverkets parametrar"),
        "idle": Observable("målnätverket", wrong="Målnätverkets parametrar är precis som de var."),
        "own_parameters": Observable(
            "parametrarna",
            wrong="Målnätverket har fått nya parameterobjekt i stället för nya tal i sina egna. "
            "Den som redan håller i de gamla märker då inget av kopian.",
        ),
        "moves_along": Observable(
            "minnet",
            wrong="När online-nätverket ändrades efter anropet ändrades målnätverket också: de "
            "delar minne.",
        ),
        "kept": Observable(
            "talen",
            wrong="Talen i målnätverkets ursprungliga parametrar är inte vad de ska vara, när "
            "online-nätverket sedan har ändrats.",
        ),
        "touched": Observable(
            "talen", wrong="Talen i målnätverkets parametrar är precis som de var."
        ),
        "buffers": Observable("målnätverkets buffertar"),
        "online": Observable("online-nätverkets tal efteråt"),
    },
    examples=(
        Case(
            behaviours=("hard", "separate", "online"),
            text=f"{NETWORKS} Anropet är `update_target_network(model, target_model)`.",
            inputs={"model": SIMPLE_MODEL, "target": SIMPLE_TARGET},
            expected=(
                {
                    "weights": [2.0, -1.0, 3.0],
                    "own_parameters": True,
                    "moves_along": False,
                    "online": [2.0, -1.0, 3.0],
                },
            ),
            by_hand={
                "weights": (
                    "den första vikten ska bli online-nätverkets, 2",
                    "den andra vikten ska bli online-nätverkets, −1",
                    "biasvikten ska bli online-nätverkets, 3",
                ),
                "online": (
                    "den första vikten ska vara kvar på 2",
                    "den andra vikten ska vara kvar på −1",
                    "biasvikten ska vara kvar på 3",
                ),
            },
        ),
        Case(
            behaviours=("soft", "separate", "online"),
            text=f"{NETWORKS} τ = 0,25.",
            inputs={"model": SIMPLE_MODEL, "target": SIMPLE_TARGET, "tau": 0.25},
            expected=(
                {
                    "idle": False,
                    "weights": [5.0, 0.5, -3.0],
                    "own_parameters": True,
                    "moves_along": False,
                    "online": [2.0, -1.0, 3.0],
                },
            ),
            by_hand={
                "weights": (
                    "den första vikten ska bli 0,25 · 2 + 0,75 · 6 = 5",
                    "den andra vikten ska bli 0,25 · (−1) + 0,75 · 1 = 0,5",
                    "biasvikten ska bli 0,25 · 3 + 0,75 · (−5) = −3",
                ),
                "online": (
                    "den första vikten ska vara kvar på 2",
                    "den andra vikten ska vara kvar på −1",
                    "biasvikten ska vara kvar på 3",
                ),
            },
        ),
        Case(
            behaviours=("buffers", "separate"),
            text="Nätverken har också en BatchNorm, vars buffertar är medelvärde, varians och "
            "antalet batchar: 4, 9 och 12 i online-nätverket, 10, 3 och 2 i målnätverket. τ = 0,5.",
            inputs={"model": NORM_MODEL, "target": NORM_TARGET, "tau": 0.5},
            expected=({"buffers": [4.0, 9.0, 12.0], "own_parameters": True, "moves_along": False},),
            by_hand={
                "buffers": (
                    "medelvärdet ska kopieras helt och bli 4",
                    "variansen ska kopieras helt och bli 9",
                    "antalet batchar ska kopieras helt och bli 12",
                )
            },
        ),
    ),
    hints=(
        "Gå igenom de två nätverken sida vid sida: `zip(model.parameters(), "
        "target_model.parameters())` ger dem parvis. Vilken av de två i paret är det som ska "
        "ändras?",
        "Att skriva `target = …` i loopen ger bara ett nytt värde åt namnet. Ändra talen i "
        "tensorn i stället, med `copy_`, och gör det under `torch.no_grad()`.",
        "Räkna ut τ gånger den ena parametern plus (1 − τ) gånger den andra, och skriv in svaret i "
        "målnätverkets parameter med `copy_`. Gör sedan en likadan loop över `buffers()`, men "
        "kopiera där allt rakt av, för ett antal går inte att blanda.",
    ),
)

# --- 4.3 -----------------------------------------------------------------------------------------

GREEDY_AFTER_FIRST = {"epsilon_start": 1.0, "epsilon_end": 0.0, "epsilon_decay_steps": 1}
"""ε är 1 vid den allra första handlingen och sedan 0: resten är bestämt."""

N_FIRST = 3
EPSILON_FOLLOWED: Observed = {
    # En slumpad första handling råkar vara den giriga en gång på 997; tre av tre: under 1,1e-9.
    "first_greedy": Within(0, N_FIRST - 1),
    # epsilon_start är en miljarddel.
    "low": ONLINE,
    # Nitton handlingar med ε minst 0,58: ingen slumpad med sannolikhet högst 0,4211^19 < 8e-8.
    "middle": "ibland",
    # I den andra halvan av 120 steg är ε från 0,5 till 0: alla giriga med sannolikhet under 8e-9.
    "second_half": "ibland",
    "afterwards": "aldrig",
}


def loop_inputs(rng: np.random.Generator, lengths: list[int], **settings: Any) -> Inputs:
    """Ett manus med slumpade observationer, belöningar och vikter, och loopens inställningar."""
    n_steps = sum(lengths)
    n_observations = n_steps + len(lengths)
    first = rng.choice(np.arange(1, 997), n_observations, replace=False)
    script = {
        "lengths": lengths,
        "truncated": [False] * len(lengths),
        "observations": np.stack([first, rng.permutation(first)], axis=1),
        "rewards": rng.choice(np.arange(-90, 90), n_steps, replace=n_steps > 180) / 10,
        "weight": int(rng.integers(2, 9)),
        "increments": [int(x) for x in rng.integers(1, 10, 30)],
    }
    ordinary = {"warmup": 1, "batch_size": 4, "discount_factor": 0.9, "train_every": 2}
    ordinary |= {"target_update_every": 3} | GREEDY_AFTER_FIRST
    return script | ordinary | settings


def epsilon_inputs(rng: np.random.Generator, middle: float) -> Inputs:
    """Körningar utan träning: ε är 1 eller nästan 0 i början, `middle` efter det, eller på väg."""
    low = {"epsilon_start": 1e-9, "epsilon_end": 0.0}
    n_slow = 120
    return {
        "first": [loop_inputs(rng, [1]) for _ in range(N_FIRST)],
        "low": loop_inputs(rng, [1], **low),
        "middle": loop_inputs(rng, [UNDER_WAY + 19], epsilon_end=middle),
        "slow": loop_inputs(rng, [n_slow + 20], epsilon_decay_steps=n_slow),
    }


def _loop_examples() -> tuple[Case, ...]:
    rng = np.random.default_rng(4)
    episodes = loop_inputs(rng, [4, 2, 3], truncated=[True, False, True])
    episodes["rewards"] = [1.0, 2.0, 0.5, 3.0, -1.0, 4.0, 2.5, 1.0, -2.0]
    first = np.array(episodes["observations"])[:, 0].tolist()
    reused = episodes | {"lengths": [4, 5], "truncated": [True, False], "reuses_array": True}
    # Åtta steg uppvärmning: efter sex hade den som kopierar efter vart tredje *miljösteg* haft tur.
    training = loop_inputs(rng, [3, 2, 3, 7, 3, 2, 3], warmup=3, batch_size=1, calls=7)
    training |= {"weight": 2, "increments": [3, 1, 4, 2, 5, 6, 7]}
    other = loop_inputs(
        rng, [6, 5, 4, 3], batch_size=2, discount_factor=0.5, train_every=3,
        target_update_every=2, calls=4, weight=3, increments=[2, 5, 1, 4],
    )  # fmt: skip
    minimum = loop_inputs(rng, [4, 9], warmup=0, batch_size=6, train_every=3, calls=3)
    numbers = "10; 12; 14; 16; 18; 20; 22"
    trained: Observed = {
        "trained": True,
        "first_step": Within(8, 15),
        "train_at": numbers,
        "arguments": "",
        "targets": "2; 2; 2; 10; 10; 10; 23",
        "moved_along": 0,
        "chooser": ONLINE,
        "by_chance": "aldrig",
    }
    again: Observed = {
        "trained": True,
        "train_at": "9; 12; 15; 18",
        "arguments": "",
        "targets": "3; 3; 10; 10",
        "moved_along": 0,
    }
    return (
        Case(
            behaviours=("episodes", "stored"),
            text="Tre episoder. Den första och den sista avbryts av en tidsgräns (`truncated`), "
            "och den andra slutar med `terminated`. Belöningarna är 1; 2; 0,5; 3, sedan −1; 4 och "
            "sedan 2,5; 1; −2.",
            inputs=episodes,
            expected=(
                {
                    "same_start": 0,
                    "n_returns": 3,
                    "returns": [6.5, 3.0, 1.5],
                    "n_stored": 9,
                    "states": in_a_row([first[i] for i in (0, 1, 2, 3, 5, 6, 8, 9, 10)]),
                    "wrong_actions": 0,
                    "rewards": "1; 2; 0,5; 3; −1; 4; 2,5; 1; −2",
                    "next_states": in_a_row([first[i] for i in (1, 2, 3, 4, 6, 7, 9, 10, 11)]),
                    "terminated": "5",
                    "truncated": "3; 8",
                },
            ),
            by_hand={
                "returns": (
                    "episod 0 ger summan 1 + 2 + 0,5 + 3 = 6,5",
                    "episod 1 ger summan −1 + 4 = 3",
                    "episod 2 ger summan 2,5 + 1 − 2 = 1,5",
                )
            },
        ),
        Case(
            behaviours=("stored",),
            text="Två episoder, på 4 och 5 steg, i en miljö som återanvänder sin array: den "
            "observation som du fick i förra steget ändras när du tar nästa.",
            inputs=reused,
            expected=(
                {
                    "n_stored": 9,
                    "states": in_a_row([first[i] for i in (0, 1, 2, 3, 5, 6, 7, 8, 9)]),
                    "next_states": in_a_row([first[i] for i in (1, 2, 3, 4, 6, 7, 8, 9, 10)]),
                },
            ),
        ),
        Case(
            behaviours=("warmup", "every", "target", "greedy", "epsilon"),
            text=in_words(training),
            inputs=training,
            expected=(
                trained,
                # Den som räknar uppvärmningen som klar när dess sista steg är taget.
                trained | {"train_at": f"8; {numbers}"},
            ),
            by_hand={
                "first_step": "uppvärmningen är de tre första episoderna, 3 + 2 + 3 = 8 miljösteg, "
                "och sedan ska träningen börja genast i nästa episod, som är steg 9 till 15",
                "train_at": "uppvärmningen är 3 + 2 + 3 = 8 miljösteg. Sedan ska det tränas efter "
                "vartannat miljösteg, också tvärs över episodernas gränser, alltså efter steg 10; "
                "12; 14; 16; 18; 20; 22",
                "targets": "vikten i online-nätverket är 2 från början, och de sju träningsstegen "
                "lägger till 3, 1, 4, 2, 5, 6 och 7. Målnätverket ska bli en kopia efter "
                "träningssteg 3 (då är vikten 2 + 3 + 1 + 4 = 10) och 6 (då är den 23). De sju "
                "träningsstegen ska alltså få målnätverk med vikten 2; 2; 2; 10; 10; 10; 23",
            },
        ),
        Case(
            behaviours=("every", "target"),
            text=in_words(other),
            inputs=other,
            expected=(again, again | {"train_at": "6; 9; 12; 15; 18"}),
            by_hand={
                "train_at": "uppvärmningen är den första episodens 6 miljösteg. Sedan ska det "
                "tränas efter vart tredje miljösteg, alltså efter steg 9; 12; 15; 18",
                "targets": "vikten i online-nätverket är 3 från början, och de två första "
                "träningsstegen lägger till 2 och 5. Då ska målnätverket bli en kopia, med vikten "
                "10, och sedan inte förrän efter träningssteg 4. De fyra träningsstegen ska alltså "
                "få målnätverk med vikten 3; 3; 10; 10",
            },
        ),
        Case(
            behaviours=("batch",),
            text=in_words(minimum),
            inputs=minimum,
            expected=({"trained": True, "fewest_stored": Within(6, 8)},),
        ),
        Case(
            behaviours=("epsilon",),
            text="Fem korta träningar och en längre: tre där `epsilon_start` är 1, en där den är "
            "en miljarddel, en med 25 steg där `epsilon_end` är 0,6 och `epsilon_decay_steps` är "
            "1, och en med 140 steg där ε går från 1 till 0 på 120.",
            inputs=epsilon_inputs(rng, 0.6),
            expected=(EPSILON_FOLLOWED,),
        ),
    )


TRAIN_DQN = Exercise(
    number="4.3",
    signature="train_dqn(model, env, replay_buffer, optimizer, criterion, n_episodes, warmup, "
    "batch_size, discount_factor, *, target_model, train_every, target_update_every, "
    "epsilon_start, epsilon_end, epsilon_decay_steps, training_step)",
    driver=train_dqn_driver,
    behaviours=(
        Behaviour(
            "episodes",
            "spelar varje episod till slutet och ger summan av dess belöningar",
            0.5,
            ("n_returns", "returns", "same_start"),
        ),
        Behaviour(
            "stored",
            "sparar varje steg som sex fält i bufferten",
            0.5,
            (
                *("n_stored", "states", "wrong_actions", "rewards"),
                *("next_states", "terminated", "truncated"),
            ),
        ),
        Behaviour(
            "warmup",
            "väntar med träningen så länge uppvärmningen varar",
            0.5,
            ("trained", "first_step"),
            stage=2,
        ),
        Behaviour(
            "every",
            "tar ett träningssteg efter vart `train_every`:te miljösteg",
            0.5,
            ("trained", "arguments", "train_at"),
            stage=2,
        ),
        Behaviour(
            "batch",
            "tränar först när bufferten räcker till en batch",
            0.5,
            ("trained", "fewest_stored"),
            stage=2,
        ),
        Behaviour(
            "target",
            "uppdaterar målnätverket efter vart `target_update_every`:te träningssteg",
            0.5,
            ("trained", "moved_along", "targets"),
            stage=3,
        ),
        Behaviour(
            "greedy",
            "väljer handlingar med online-nätverket",
            0.5,
            ("chooser", "played"),
            stage=3,
        ),
        Behaviour(
            "epsilon",
            "låter ε sjunka med antalet miljösteg i hela träningen",
            0.5,
            ("by_chance", "first_greedy", "low", "middle", "second_half", "afterwards", "acted"),
            stage=3,
        ),
    ),
    observables={
        "n_returns": Observable(
            "antalet summor",
            none="Funktionen ska returnera en lista med summan av belöningarna i varje episod.",
            wrong="Funktionen returnerar {got} tal, men `n_episodes` är {expected}.",
        ),
        "returns": Observable("summan av belöningarna"),
        "same_start": Observable(
            "fröet",
            wrong="`env.reset` får ett frö som redan har använts, i {got} av episoderna. En sådan "
            "episod börjar i precis samma läge som en tidigare.",
        ),
        "n_stored": Observable(
            "antalet erfarenheter",
            wrong="Antalet erfarenheter i bufferten är {got}, men {expected} steg skulle spelas.",
        ),
        "states": Observable(
            "tillstånden",
            wrong="I bufferten är tillståndens första tal {got}, men de ska vara {expected}.",
        ),
        "wrong_actions": Observable(
            "handlingarna",
            wrong="I {got} av stegen är handlingen i bufferten en annan än den som gjordes.",
        ),
        "rewards": Observable("raden med sparade belöningar"),
        "next_states": Observable(
            "nästa tillstånd",
            wrong="I bufferten är de första talen i nästa tillstånd {got}, men de ska vara "
            "{expected}.",
        ),
        "terminated": Observable(
            "terminated",
            wrong="Flaggan `terminated` är inte sann där den ska vara det. Räknat från 0 är den "
            "sann här: {got}. Den ska vara sann här: {expected}.",
        ),
        "truncated": Observable(
            "truncated",
            wrong="Flaggan `truncated` är inte sann där den ska vara det. Räknat från 0 är den "
            "sann här: {got}. Den ska vara sann här: {expected}.",
        ),
        "trained": Observable(
            "träningen", wrong="`training_step` anropas aldrig, fast det finns nog att träna på."
        ),
        "first_step": Observable("miljösteget för den första träningen"),
        "train_at": Observable("listan med miljösteg då det tränades"),
        "arguments": Observable(
            "argumenten",
            wrong="`training_step` anropas med fel argument ({got}). Det ska få `model`, "
            "`optimizer`, `criterion`, `replay_buffer`, `batch_size`, `discount_factor` och "
            "`target_model`, i den ordningen.",
        ),
        "fewest_stored": Observable("antalet erfarenheter vid den första träningen"),
        "moved_along": Observable(
            "målnätverket",
            wrong="När träningssteget ändrade online-nätverket ändrades målnätverket också: de är "
            "samma nätverk, eller delar minne.",
        ),
        "targets": Observable("listan med målnätverkets vikt vid träningsstegen"),
        "chooser": Observable(
            "handlingarna",
            wrong="Handlingarna ska väljas av {expected} ur den senaste observationen, men väljs "
            "av {got}.",
        ),
        "played": Observable(
            "handlingarna",
            wrong="Handlingarna i episoderna är inte de som online-nätverket tycker är bäst.",
        ),
        "by_chance": Observable(
            "de slumpade handlingarna",
            wrong="I det här fallet är ε 1 vid den första handlingen och 0 sedan, men handlingen "
            "är slumpad också i miljösteg {got}.",
        ),
        "first_greedy": Observable(
            "den första handlingen",
            wrong="Den allra första handlingen var girig i {got} av 3 träningar, fast ε är 1 där.",
        ),
        "low": Observable(
            "den första handlingen",
            wrong="När `epsilon_start` är nästan 0 ska den första handlingen väljas av {expected}, "
            "men den väljs av {got}.",
        ),
        "acted": Observable(
            "handlingarna", wrong="Handlingarna i träningarna som prövar ε stämmer inte med ε."
        ),
        "middle": Observable(
            "handlingarna i slutet av episoden",
            wrong="När `epsilon_end` är omkring 0,6 och `epsilon_decay_steps` är 1 ska "
            "handlingarna i slutet av episoden {expected} slumpas, men de slumpas {got}.",
        ),
        "second_half": Observable(
            "handlingarna i den andra halvan",
            wrong="När ε går från 1 till 0 på 120 miljösteg är det 0,5 efter halva vägen. I den "
            "andra halvan ska handlingarna alltså {expected} slumpas, men de slumpas {got}.",
        ),
        "afterwards": Observable(
            "handlingarna när ε är framme",
            wrong="När ε har gått från 1 till 0 på 120 miljösteg ska handlingarna "
            "{expected} slumpas, men de slumpas {got}.",
        ),
    },
    examples=_loop_examples(),
    hints=(
        "Steg 1 är loopen som bara spelar. Den har en yttre `for`-loop över episoder och en inre "
        "`while`-loop som går tills `terminated` eller `truncated` är sant. Spara varje steg i "
        "bufferten, med kopior av observationerna, och summera belöningarna.",
        "Du behöver två räknare som aldrig nollas: miljösteg och träningssteg. Den första "
        "bestämmer ε (`dqn_helpers.linear_epsilon`) och när det är dags att träna, den andra när "
        "målnätverket ska uppdateras (`dqn_helpers.update_target_network`).",
        "Efter varje miljösteg, när erfarenheten är sparad och räknaren för miljösteg är ökad, "
        "prövar du tre villkor: episodens nummer har nått `warmup`, räknaren är jämnt delbar med "
        "`train_every`, och bufferten har minst `batch_size` erfarenheter. Är alla tre uppfyllda "
        "tar du ett träningssteg och ökar räknaren för träningssteg. När den är jämnt delbar med "
        "`target_update_every` uppdaterar du målnätverket.",
    ),
)

EXERCISES = (LINEAR_EPSILON, UPDATE_TARGET_NETWORK, TRAIN_DQN)
