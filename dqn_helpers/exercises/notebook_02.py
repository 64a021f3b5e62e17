"""Övningarna i 02: ReplayBuffer, sample_experiences och play_and_record_episode."""

from typing import Any

import numpy as np

from dqn_helpers.exercises.buffer_drivers import (
    BATCH_IN_ORDER,
    CALLS_IN_ORDER,
    N_IN_ORDER,
    SIX_TENSORS,
    replay_buffer_driver,
    sample_experiences_driver,
)
from dqn_helpers.exercises.episode_driver import play_and_record_driver
from dqn_helpers.exercises.model import (
    Behaviour,
    Case,
    Exercise,
    Inputs,
    Observable,
    Observed,
    Within,
)

# --- 2.1 -----------------------------------------------------------------------------------------

SHARED = Observable(
    "bufferten",
    wrong="En ny, tom buffert innehåller redan det som lades i en annan buffert. Varje buffert "
    "behöver sitt eget minne.",
)
ODD = Observable("innehållet", wrong="Där det ska ligga en erfarenhet med sex fält finns {got}.")


def numbered(number: int, size: int = 4) -> list[Any]:
    """Erfarenhet nummer k i de öppna exemplen: k syns i alla fält. Belöningen är inget heltal."""
    state = [number + 0.25 * i for i in range(size)]
    next_state = [-x for x in state]
    return [state, number % 2, number + 0.5, next_state, number == 3, number == 2]


def _added(n: int, max_length: int, look: str = "contents", size: int = 4, **more: Any) -> Inputs:
    experiences = [numbered(k + 1, size) for k in range(n)]
    return {"max_length": max_length, "experiences": experiences, "look": look} | more


REPLAY_BUFFER = Exercise(
    number="2.1",
    signature="class ReplayBuffer(max_length), med `append`, `len` och `[index]`",
    driver=replay_buffer_driver,
    behaviours=(
        Behaviour(
            "stores",
            "sparar erfarenheter som de är",
            1,
            ("shared", "odd", "rewards", "mixed", "read"),
        ),
        Behaviour("length", "vet hur många som finns, i varje stund", 0.5, ("shared", "lengths")),
        Behaviour(
            "overwrites",
            "skriver över den äldsta när det är fullt",
            1,
            ("shared", "odd", "rewards", "read"),
        ),
        Behaviour(
            "outside",
            "säger `IndexError` där inget finns",
            0.5,
            ("shared", "outside", "odd", "rewards", "found", "read"),
        ),
    ),
    observables={
        "shared": SHARED,
        "odd": ODD,
        "rewards": Observable(
            "belöningarna",
            wrong="Läser man belöningen i allt som finns i bufferten får man {got}, men det ska "
            "bli {expected}.",
        ),
        "mixed": Observable(
            "fälten", wrong="Det här är inte som när erfarenheten lades till: {got}."
        ),
        "read": Observable(
            "innehållet",
            wrong="Det som går att läsa är inte de senaste erfarenheterna i sin helhet.",
        ),
        "found": Observable(
            "platserna",
            wrong="Det går att läsa där inget finns, eller så går det inte att läsa "
            "där något finns.",
        ),
        "lengths": Observable("längden"),
        "outside": Observable(
            "läsningen", wrong="Där inget finns ska det bli `IndexError`, men {got}."
        ),
    },
    examples=(
        Case(
            behaviours=("stores",),
            text="I en buffert för 5 läggs erfarenheterna 1, 2 och 3. Nummer k har belöningen "
            "k + 0,5, tillståndet (k; k + 0,25) och nästa tillstånd (−k; −k − 0,25).",
            inputs=_added(3, 5, size=2),
            expected=({"shared": False, "odd": "", "rewards": [1.5, 2.5, 3.5], "mixed": ""},),
        ),
        Case(
            behaviours=("length",),
            text="I en buffert för 3 läggs fem erfarenheter, en i taget.",
            inputs=_added(5, 3, "lengths"),
            expected=({"shared": False, "lengths": [0, 1, 2, 3, 3, 3]},),
            by_hand={
                "lengths": (
                    "en ny buffert är tom, så längden är 0",
                    "efter en erfarenhet är längden 1",
                    "efter två erfarenheter är längden 2",
                    "efter tre erfarenheter är bufferten full och längden 3",
                    "efter fyra erfarenheter är bufferten fortfarande full och längden 3",
                    "efter fem erfarenheter är bufferten fortfarande full och längden 3",
                )
            },
        ),
        Case(
            behaviours=("overwrites",),
            text="I en buffert för 3 läggs erfarenheterna 1 till 4. Den fjärde får ettans plats.",
            inputs=_added(4, 3),
            expected=({"shared": False, "odd": "", "rewards": [2.5, 3.5, 4.5]},),
        ),
        Case(
            behaviours=("overwrites",),
            text="I en buffert för 4 läggs erfarenheterna 1 till 9. Kvar ska vara de fyra senaste.",
            inputs=_added(9, 4),
            expected=({"shared": False, "odd": "", "rewards": [6.5, 7.5, 8.5, 9.5]},),
        ),
        Case(
            behaviours=("outside",),
            text="I en buffert för 4 ligger två erfarenheter, på platserna 0 och 1.",
            inputs=_added(2, 4, outside=[2, 3, 4, 9]),
            expected=({"shared": False, "odd": "", "rewards": [1.5, 2.5], "outside": ""},),
        ),
        Case(
            behaviours=("outside",),
            text="En buffert för 4 är tom, och någon läser på plats 0.",
            inputs=_added(0, 4, outside=[0]),
            expected=({"shared": False, "odd": "", "rewards": [], "outside": ""},),
        ),
    ),
    hints=(
        "Vad måste bufferten minnas mellan anropen? Det läggs i `self` i `__init__`: hur många som "
        "får plats, och något att spara i. Lägg sedan till tre erfarenheter för hand, på papper, i "
        "en buffert för två.",
        "`len(buffer)` anropar `__len__` och `buffer[i]` anropar `__getitem__`. Ligger "
        "erfarenheterna i en lista kan båda skicka frågan vidare till listan, och då kommer "
        "`IndexError` av sig självt.",
        "Så länge det finns plats räcker listans `append`. När bufferten är full tar du antingen "
        "bort den äldsta först, eller håller reda på nästa plats att skriva på och låter den börja "
        "om från 0 med `% self.max_length`. Det finns också en färdig kö i Python som glömmer av "
        "sig själv: sök på `deque` och `maxlen`.",
    ),
)

# --- 2.2 -----------------------------------------------------------------------------------------

SAME = [[1.0, 2.0, 3.0], 2, -0.5, [4.0, 5.0, 6.0], False, True]
PICTURE = [
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
    1,
    2.0,
    [[6.0, 5.0, 4.0], [3.0, 2.0, 1.0]],
    True,
    False,
]
FORM_CALLS = 30  # (8/9)^150 < 3e-8: ett index som kan hamna utanför gör det

N_COUNTED, BATCH_COUNTED, CALLS_COUNTED = 64, 24, 120
RISK = 16  # en rätt lösning fälls med sannolikheten högst e^−16 < 2e-7
EVEN: Observed = {
    # Pearsons χ² för 120 · 24 dragningar, 45 väntade per erfarenhet, har k = 63 frihetsgrader, och
    # P(χ² ≥ k + 2√(k · x) + 2 · x) ≤ e^−x (Laurent och Massart 2000, lemma 1). Utan återläggning är
    # det mindre. Den som tar 30 % av dragningarna ur ena halvan får i genomsnitt
    # 63 + 2880 · 0,3² ≈ 322, med standardavvikelsen 34: gränsen, 158, ligger nästan fem under.
    "repeats": False,
    "unevenness": Within(0, (N_COUNTED - 1) + 2 * ((N_COUNTED - 1) * RISK) ** 0.5 + 2 * RISK),
}


def form_inputs(experience: list[Any], **more: Any) -> Inputs:
    """Många exemplar av en enda erfarenhet: då är hela batchen bestämd, hur man än drar."""
    base = {"batch_size": 5, "calls": FORM_CALLS, "buffer": "list", "look": "form"}
    return base | {"experiences": [experience] * 8} | more


def order_inputs(experiences: list[list[Any]], **more: Any) -> Inputs:
    """Många olika erfarenheter; hör fälten ihop, och finns det ett mönster i tiden?"""
    base = {"batch_size": BATCH_IN_ORDER, "calls": CALLS_IN_ORDER, "buffer": "minimal"}
    return base | {"experiences": experiences, "look": "order"} | more


def count_inputs(experiences: list[list[Any]], **more: Any) -> Inputs:
    """Få erfarenheter och många dragningar: hur ofta kommer var och en?"""
    base = {"batch_size": BATCH_COUNTED, "calls": CALLS_COUNTED, "buffer": "ReplayBuffer"}
    return base | {"experiences": experiences, "look": "counts"} | more


def _series(n: int) -> list[list[Any]]:
    """Erfarenheterna 1 till n, med numret i alla fält."""
    return [
        [[k, 0.5, k], 2 * k, float(k), [-k, 0.5, -k], k % 3 == 0, k % 4 == 0]
        for k in range(1, n + 1)
    ]


FORM_KEYS = ("returned", "shapes", "changed", "batch")

SAMPLE_EXPERIENCES = Exercise(
    number="2.2",
    signature="sample_experiences(replay_buffer, batch_size)",
    driver=sample_experiences_driver,
    behaviours=(
        Behaviour("shapes", "ger sex tensorer med rätt former", 0.5, FORM_KEYS),
        Behaviour(
            "dtypes",
            "ger `float32`, `int64` och `bool` där de hör hemma",
            0.5,
            ("returned", "dtypes", "batch"),
        ),
        Behaviour(
            "together",
            "håller ihop fälten i varje erfarenhet",
            1,
            ("returned", "mixed", "row", "batches"),
        ),
        Behaviour(
            "unordered",
            "drar oberoende av tidsordningen",
            0.5,
            ("returned", "pattern", "rewards"),
        ),
        Behaviour(
            "uniform",
            "ger alla sparade samma chans, i varje anrop",
            0.5,
            ("returned", "repeats", "drawn", "unevenness", "rewards"),
        ),
    ),
    observables={
        "returned": Observable(
            "svaret",
            wrong="Funktionen returnerar {got}, men ska returnera {expected} i en lista eller "
            "tupel.",
        ),
        "shapes": Observable(
            "formerna",
            wrong="Fel form: {got}. Först ska det stå hur många exempel batchen har, och sedan "
            "bara formen på en enda observation; ett tal har ingen form alls.",
        ),
        "dtypes": Observable(
            "datatyperna",
            wrong="Fel datatyp: {got}. Tillstånd och belöning ska vara `float32`, handlingen "
            "`int64` och flaggorna `bool`.",
        ),
        "changed": Observable(
            "bufferten",
            wrong="Din funktion ändrar bufferten. Den som drar en batch ska bara läsa, annars "
            "försvinner eller flyttas det som finns i minnet.",
        ),
        "row": Observable(
            "raden",
            wrong="Med fälten efter varandra är batchens första rad {got}, men den ska "
            "vara {expected}.",
        ),
        "mixed": Observable(
            "fälten", wrong="I samma rad finns fält som kommer från fel erfarenhet: {got}."
        ),
        "pattern": Observable("dragningen", wrong="Batcharna är inte oberoende dragningar: {got}."),
        "batch": Observable(
            "batchen",
            wrong="Batchen ska bestå av de likadana erfarenheterna, i rätt form och med rätt "
            "datatyp, men det gör den inte.",
        ),
        "batches": Observable(
            "raderna", wrong="Raderna i batcharna är inte de sparade erfarenheterna."
        ),
        "rewards": Observable(
            "belöningarna",
            wrong="De dragna belöningarna är inte oberoende dragningar ur bufferten.",
        ),
        "repeats": Observable(
            "dragningen",
            wrong="Samma batch kommer varje gång. Varje anrop ska göra en ny dragning.",
        ),
        "drawn": Observable(
            "de dragna",
            wrong="I många dragningar kom bara erfarenheterna med belöningarna {got}, men det ska "
            "vara {expected}. Det som aldrig kom är {missing}.",
        ),
        "unevenness": Observable(
            "ojämnheten",
            wrong="Erfarenheterna drogs olika ofta: ojämnheten (χ²) är {got}, men likformiga "
            "dragningar ger ett tal {expected}. Alla ska ha samma chans i varje dragning.",
        ),
    },
    examples=(
        Case(
            behaviours=("shapes", "dtypes", "together"),
            text="I en lista ligger samma erfarenhet åtta gånger: tillståndet (1; 2; 3) i "
            "`float64`, handling 2, belöning −0,5, nästa tillstånd (4; 5; 6), `terminated` falskt "
            "och `truncated` sant. Batchen har 5 rader.",
            inputs=form_inputs(SAME, dtype="float64"),
            expected=(
                {
                    "returned": SIX_TENSORS,
                    "shapes": "",
                    "dtypes": "",
                    "changed": False,
                    "row": [1, 2, 3, 2, -0.5, 4, 5, 6, 0, 1],
                },
            ),
        ),
        Case(
            behaviours=("shapes",),
            text="I en `deque` ligger åtta erfarenheter vars observationer är små bilder med "
            "formen (2, 3). Batchen tar med alla 8.",
            inputs=form_inputs(PICTURE, buffer="deque", batch_size=8, calls=3),
            expected=({"returned": SIX_TENSORS, "shapes": ""},),
        ),
        Case(
            behaviours=("together", "unordered"),
            text=f"Bufferten kan bara `len` och `[i]`. Den har {N_IN_ORDER} erfarenheter, lagda i "
            f"tidsordning, och {CALLS_IN_ORDER} batchar med {BATCH_IN_ORDER} dras.",
            inputs=order_inputs(_series(N_IN_ORDER)),
            expected=({"returned": SIX_TENSORS, "mixed": "", "pattern": ""},),
        ),
        Case(
            behaviours=("uniform",),
            text=f"I kursens buffert ligger {N_COUNTED} erfarenheter med belöningarna 1 till "
            f"{N_COUNTED}, och {CALLS_COUNTED} batchar med {BATCH_COUNTED} dras. Var och en väntas "
            f"komma {CALLS_COUNTED} · {BATCH_COUNTED} / {N_COUNTED} = 45 gånger.",
            inputs=count_inputs(_series(N_COUNTED)),
            expected=({"returned": SIX_TENSORS, "drawn": list(range(1, N_COUNTED + 1))} | EVEN,),
            random=("unevenness",),
        ),
    ),
    hints=(
        "Dela upp det i två: välj först *vilka* erfarenheter det blir, och packa sedan om dem. "
        "Välj platser, inte erfarenheter: slumpa heltal från 0 till längden minus ett, oberoende "
        "av varandra.",
        "Efter dragningen har du en lista av tupler, en per rad. Du vill ha sex kolumner, en per "
        "fält: `zip(*rows)` vänder på en tabell.",
        "Gör varje kolumn till en tensor och säg själv vilken `dtype` den ska ha: "
        "`torch.tensor(np.array(column), dtype=…)` med `torch.float32` för tillstånd, belöning och "
        "nästa tillstånd, `torch.int64` för handlingen och `torch.bool` för flaggorna.",
    ),
)

# --- 2.3 -----------------------------------------------------------------------------------------

MOMENTS = [[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0], [3.0, -2.0]]
REWARDS = [2.0, -1.0, 4.5]
"""Summan ska inte likna någon diskonterad summa; 4,5 + 0,99 · (−2 + 0,99 · 1) är nästan 3,5."""
LAYERS = [[[[1.0, 0.5], [-1.0, 1.0], [0.0, -1.0]], None]]

N_GREEDY, N_HALF, N_RANDOM, N_ENDLESS = 40, 100, 60, 510
N_EXPLORED = 30  # tre handlingar: alla slumpade råkar vara de bästa med sannolikheten 3^−30 < 5e-15
ACTIONS_HALF, ACTIONS_RANDOM = 10, 4
HALF: Observed = {
    # ε = 0,5 och tio handlingar: den bästa har sannolikheten 0,55 i vart och ett av 100 steg.
    # P(andelen ≤ 0,28) ≤ exp(−100 · KL(0,28 ‖ 0,55)) < 4e-7 och P(≥ 0,82) < 1e-7
    # (Hoeffding 1963, sats 1).
    "share": Within(0.285, 0.815),
}
RANDOM: Observed = {
    # ε = 1 och fyra handlingar, 60 steg: en viss handling saknas med sannolikheten 0,75^60 < 4e-8,
    # någon av fyra under 2e-7. P(andelen ≥ 0,6) ≤ exp(−60 · KL(0,6 ‖ 0,25)) < 1e-7.
    "share": Within(0.01, 0.59),
    "n_actions": ACTIONS_RANDOM,
}


def long_episode(rng: np.random.Generator, n_steps: int, n_actions: int, epsilon: float) -> Inputs:
    """En lång episod där nätverket säkert tycker olika i olika tillstånd."""
    while True:
        weights = rng.normal(0, 1, (n_actions, 3)).round(2)
        observations = rng.normal(0, 1, (20 * n_steps, 3)).round(2)
        ranked = np.sort(observations @ weights.T, axis=1)
        clear = observations[ranked[:, -1] - ranked[:, -2] > 0.05][: n_steps + 1]
        best = (clear @ weights.T).argmax(axis=1)
        shares = np.sort(np.bincount(best[:-1], minlength=n_actions)) / n_steps
        if len(best) > n_steps and shares[-2] > 0.15 and (n_actions > 5 or shares[0] > 0.1):
            break
    return {
        "layers": [[weights, None]],
        "observations": clear,
        "rewards": rng.normal(0, 1, n_steps).round(2),
        "epsilon": epsilon,
        "look": "choices",
    }


def _episode(**more: Any) -> Inputs:
    base = {"layers": LAYERS, "observations": MOMENTS, "rewards": REWARDS, "epsilon": 0.0}
    return base | more


def endless_inputs(n_steps: int) -> Inputs:
    """En episod som är längre än CartPoles tidsgräns, på måfå; bara längden är intressant."""
    steps = np.arange(n_steps + 1)
    observations = np.column_stack([np.sin(steps), np.cos(steps)]).round(2)
    return _episode(observations=observations, rewards=np.ones(n_steps), epsilon=1.0, look="length")


_EXAMPLE_RNG = np.random.default_rng(2)
EMPTY = "Inget sparades i bufferten."


def _field(name: str) -> Observable:
    """Ett fält i det sparade, hela episoden på en gång."""
    return Observable(
        name,
        EMPTY,
        f"Fältet `{name}` i bufferten är, steg för steg, {{got}}, men ska vara {{expected}}.",
    )


STORY = (
    "Manuset är s₀ = (1; 0), s₁ = (0; 2), s₂ = (−1; 1), s₃ = (3; −2) med belöningarna 2, −1 och 4,5"
)
STATES = MOMENTS[:-1]
NEXT_STATES = MOMENTS[1:]

PLAY_AND_RECORD_EPISODE = Exercise(
    number="2.3",
    signature="play_and_record_episode(model, env, replay_buffer, epsilon, seed=None)",
    driver=play_and_record_driver,
    behaviours=(
        Behaviour(
            "ends",
            "spelar till `terminated` eller `truncated` och sparar varje steg",
            0.5,
            ("steps", "saved"),
        ),
        Behaviour(
            "fields",
            "sparar `(obs, action, reward, next_obs, terminated, truncated)`",
            0.5,
            (
                *("odd", "state", "wrong_actions", "reward", "next_state", "terminated"),
                *("truncated", "unlike", "pairs"),
            ),
        ),
        Behaviour(
            "copies", "sparar det som inte ändras efteråt", 0.5, ("odd", "state", "next_state")
        ),
        Behaviour(
            "epsilon", "väljer handling ε-girigt", 0.5, ("share", "n_actions", "mode", "actions")
        ),
        Behaviour("return", "returnerar summan av belöningarna", 0.5, ("returned",)),
        Behaviour("seed", "skickar slumpfröet till `env.reset`", 0.5, ("seed", "same_seed")),
    ),
    observables={
        "returned": Observable("summan av belöningarna"),
        "pairs": Observable(
            "handlingarna", wrong="Handlingarna som sparades är inte de som gjordes."
        ),
        "seed": Observable(
            "slumpfröet",
            none="`env.reset` fick inget slumpfrö, fast funktionen fick ett.",
            wrong="`env.reset` fick slumpfröet {got}, men ska få {expected}.",
        ),
        "same_seed": Observable(
            "starten",
            wrong="Två episoder spelades utan slumpfrö, men `env.reset` fick fröet {got} båda "
            "gångerna, så de började likadant. Utan frö ska varje episod få en ny start.",
        ),
        "steps": Observable(
            "antalet steg", wrong="Episoden är {expected} steg lång, men du tog {got}."
        ),
        "saved": Observable(
            "antalet sparade",
            wrong="Antalet sparade erfarenheter är {got}, men ska vara {expected}: en per steg, "
            "det sista också.",
        ),
        "odd": ODD,
        "state": _field("obs"),
        "wrong_actions": Observable(
            "handlingarna",
            none=EMPTY,
            wrong="I {got} steg är den sparade handlingen en annan än den som miljön fick.",
        ),
        "reward": _field("reward"),
        "next_state": _field("next_obs"),
        "terminated": _field("terminated"),
        "truncated": _field("truncated"),
        "share": Observable(
            "andelen",
            none="Inget steg togs i miljön.",
            wrong="Andelen steg med den handling som nätverket tycker är bäst är {got}, men ska "
            "vara {expected}.",
        ),
        "n_actions": Observable(
            "antalet handlingar",
            wrong="Antalet olika handlingar som prövades är bara {got}, fast det finns {expected}.",
        ),
        "mode": Observable("valet"),
        "unlike": Observable(
            "handlingarna", wrong="Handlingen som sparas är inte alltid den som gjordes i miljön."
        ),
        "actions": Observable(
            "handlingarna", wrong="Handlingarna i episoden stämmer inte med nätverket och ε."
        ),
    },
    examples=(
        Case(
            behaviours=("ends", "fields", "return"),
            text=f"{STORY}. Sedan är `terminated` sant. ε = 0, och slumpfrö saknas.",
            inputs=_episode(),
            expected=(
                {
                    "returned": sum(REWARDS),
                    "steps": 3,
                    "saved": 3,
                    "odd": "",
                    "state": STATES,
                    "wrong_actions": 0,
                    "reward": REWARDS,
                    "next_state": NEXT_STATES,
                    "terminated": [0, 0, 1],
                    "truncated": [0, 0, 0],
                },
            ),
            by_hand={"returned": "summan är 2 + (−1) + 4,5 = 5,5"},
        ),
        Case(
            behaviours=("ends", "fields"),
            text=f"{STORY}. Sedan är `truncated` sant men `terminated` falskt: en tidsgräns.",
            inputs=_episode(ends="truncated"),
            expected=({"steps": 3, "saved": 3, "terminated": [0, 0, 0], "truncated": [0, 0, 1]},),
        ),
        Case(
            behaviours=("fields",),
            text=f"En episod på {N_EXPLORED} steg med ε = 1, så att alla handlingar är slumpade.",
            inputs=endless_inputs(N_EXPLORED) | {"look": "actions"},
            expected=({"odd": "", "unlike": ""},),
        ),
        Case(
            behaviours=("ends",),
            text=f"En episod på {N_ENDLESS} steg, i en miljö utan tidsgräns.",
            inputs=endless_inputs(N_ENDLESS),
            expected=({"steps": N_ENDLESS, "saved": N_ENDLESS},),
        ),
        Case(
            behaviours=("copies",),
            text=f"{STORY}. Miljön skriver varje ny observation i samma array, vilket "
            "Gymnasium tillåter.",
            inputs=_episode(reuse=True),
            expected=({"odd": "", "state": STATES, "next_state": NEXT_STATES},),
        ),
        Case(
            behaviours=("seed",),
            text="Funktionen anropas med slumpfröet 7.",
            inputs=_episode(seed=7),
            expected=({"seed": 7},),
        ),
        Case(
            behaviours=("seed",),
            text="Funktionen anropas med slumpfröet 0, som är ett lika gott frö som alla andra.",
            inputs=_episode(seed=0),
            expected=({"seed": 0},),
        ),
        Case(
            behaviours=("seed",),
            text="Funktionen anropas två gånger utan slumpfrö: då ska starterna inte bli likadana.",
            inputs=_episode(look="starts"),
            expected=({"same_seed": ""},),
        ),
        Case(
            behaviours=("epsilon",),
            text=f"En episod på {N_GREEDY} steg med ε = 0: alltid den bästa handlingen.",
            inputs=long_episode(_EXAMPLE_RNG, N_GREEDY, 4, 0.0),
            expected=({"share": 1.0},),
            random=("share",),
        ),
        Case(
            behaviours=("epsilon",),
            text=f"En episod på {N_HALF} steg med tio handlingar och ε = 0,5: den bästa väljs med "
            "sannolikheten 0,5 + 0,5/10 = 0,55.",
            inputs=long_episode(_EXAMPLE_RNG, N_HALF, ACTIONS_HALF, 0.5),
            expected=(HALF,),
            random=("share", "n_actions"),
        ),
        Case(
            behaviours=("epsilon",),
            text=f"En episod på {N_RANDOM} steg med fyra handlingar och ε = 1: alla lika ofta, var "
            "och en med sannolikheten 1/4.",
            inputs=long_episode(_EXAMPLE_RNG, N_RANDOM, ACTIONS_RANDOM, 1.0),
            expected=(RANDOM,),
            random=("share",),
        ),
    ),
    hints=(
        "Skriv först loopen i ord. Miljön nollställs, och sedan gör du samma sak om och om igen: "
        "väljer, tar ett steg, sparar och går vidare till nästa observation. Vad ska stoppa "
        "loopen, och vad ska samlas på vägen?",
        "Anropet `env.reset(seed=seed)` ger `(obs, info)` och `env.step(action)` ger fem saker. "
        "Handlingen kan `dqn_helpers.choose_dqn_action(model, obs, epsilon)` välja åt dig. "
        "Episoden är slut när `terminated` *eller* `truncated` är sant.",
        "Spara `(obs, action, reward, next_obs, terminated, truncated)` innan `obs` får sitt nya "
        "värde. En miljö får skriva nästa observation i samma array, så ta en kopia i samma stund "
        "som du får den: `np.array(...)` runt observationen, både efter `reset` och efter `step`.",
    ),
)

EXERCISES = (REPLAY_BUFFER, SAMPLE_EXPERIENCES, PLAY_AND_RECORD_EPISODE)
