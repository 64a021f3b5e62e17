"""Misstag i 01 MDP:er och Q-värden. Docstringen är det studenten får läsa."""

import numpy as np

from dqn_helpers.autograder.catalogue import Edited, edited, misconception

# --- 1.1 -----------------------------------------------------------------------------------------


@misconception("1.1")
def starts_at_one(rewards, discount_factor):
    """Diskonteringen är rätt tänkt, men du diskonterar också den första belöningen. Den kommer nu,
    så den väger fullt: potenserna av γ börjar på noll. Se avsnittet om avkastning i 01a."""
    return sum(discount_factor ** (t + 1) * r for t, r in enumerate(rewards))


@misconception("1.1")
def discount_missing(rewards, discount_factor):
    """Att summera är rätt, men du gör det utan γ. Då väger en belöning långt fram lika mycket som
    en som kommer nu, och en episod utan slut får en oändlig avkastning. Se avsnittet om avkastning
    i 01a."""
    return sum(rewards)


@misconception("1.1")
def weights_reversed(rewards, discount_factor):
    """Vikterna är de rätta talen, men de står bakvända: den sista belöningen väger mest och den
    första minst. Går du framlänges och multiplicerar summan med γ i varje varv är det de gamla
    belöningarna som krymper. Det ska vara de som ligger långt fram i tiden. Se avsnittet om
    avkastning i 01a."""
    total = 0.0
    for reward in rewards:
        total = reward + discount_factor * total
    return total


@misconception("1.1")
def discount_times_step(rewards, discount_factor):
    """Du multiplicerar γ med antalet steg. Diskonteringen är en potens: varje steg framåt krymper
    belöningen med samma faktor en gång till, som ränta på ränta. Se avsnittet om avkastning i
    01a."""
    return sum(discount_factor * t * r for t, r in enumerate(rewards))


@misconception("1.1")
def same_discount_for_all(rewards, discount_factor):
    """Den första belöningen väger rätt, men alla de andra krymper lika mycket, med en enda faktor
    γ. Två steg fram ska krympa två gånger, tre steg tre gånger. Se avsnittet om avkastning i
    01a."""
    return sum(r if t == 0 else discount_factor * r for t, r in enumerate(rewards))


@misconception("1.1")
def same_discount_from_the_start(rewards, discount_factor):
    """Alla belöningar krymper lika mycket, med en enda faktor γ. Belöningen i steg t ska krympa t
    gånger, alltså med γ upphöjt till t, och den första inte alls. Se avsnittet om avkastning i
    01a."""
    return sum(discount_factor * r for r in rewards)


@misconception("1.1")
def power_swapped(rewards, discount_factor):
    """Bas och exponent är ombytta: du räknar steget upphöjt till γ. Då växer vikterna med tiden i
    stället för att krympa. Se avsnittet om avkastning i 01a."""
    return sum(t**discount_factor * r for t, r in enumerate(rewards))


@misconception("1.1")
def xor_for_power(rewards, discount_factor):
    """I Python betyder `^` något annat än upphöjt till (en bitoperation på heltal), och den finns
    inte för decimaltal. Slå upp hur Python skriver potenser."""
    return sum((discount_factor ^ t) * r for t, r in enumerate(rewards))


@misconception("1.1")
def xor_before_product(rewards, discount_factor):
    """`^` är inte upphöjt till i Python utan en bitoperation på heltal, och därför klagar Python på
    decimaltalen. Slå upp hur Python skriver potenser."""
    total = 0.0
    for t, reward in enumerate(rewards):
        total += discount_factor ^ t * reward
    return total


@misconception("1.1")
def returns_in_loop(rewards, discount_factor):
    """Du får bara med den första belöningen. Står `return`, eller ett `break`, inne i loopen? Då
    tar allt slut redan i första varvet. Titta på indragningen."""
    total = 0.0
    for t, reward in enumerate(rewards):
        total += discount_factor**t * reward
        return total
    return total


@misconception("1.1")
def last_reward_missing(rewards, discount_factor):
    """Räkningen är rätt, men den sista belöningen är inte med. Loopen tar slut ett steg för tidigt,
    och ofta är det just i sista steget som det viktiga händer. `range(n)` slutar redan på n − 1 av
    sig själv."""
    return sum(discount_factor**t * rewards[t] for t in range(len(rewards) - 1))


@misconception("1.1")
def first_reward_missing(rewards, discount_factor):
    """Den första belöningen är inte med: du börjar räkna på 1, men Pythons följder och formelns t
    börjar båda på 0. Se avsnittet om avkastning i 01a."""
    return sum(discount_factor**t * rewards[t] for t in range(1, len(rewards)))


@misconception("1.1")
def average(rewards, discount_factor):
    """Summan är rätt, men du delar den med antalet steg. Avkastningen är en summa, inte ett
    medelvärde: en lång episod ska kunna vara värd mer än en kort. Se avsnittet om avkastning i
    01a."""
    return sum(discount_factor**t * r for t, r in enumerate(rewards)) / len(rewards)


@misconception("1.1")
def returns_every_step(rewards, discount_factor):
    """Du returnerar en hel följd av tal, ett per steg. Här söks ett enda: avkastningen från början
    av episoden."""
    returns = []
    total = 0.0
    for reward in reversed(rewards):
        total = reward + discount_factor * total
        returns.insert(0, total)
    return returns


@misconception("1.1")
def returns_terms(rewards, discount_factor):
    """De diskonterade belöningarna är rätt, men du returnerar dem en och en. Nu återstår det att
    summera dem."""
    return [discount_factor**t * r for t, r in enumerate(rewards)]


@misconception("1.1")
def prints_instead(rewards, discount_factor):
    """Funktionen returnerar inget. Fattas ett `return`, eller skrivs svaret bara ut med `print`?
    Den som anropar ska kunna räkna vidare med talet, och det går inte med en utskrift."""
    print(sum(discount_factor**t * r for t, r in enumerate(rewards)))


@misconception("1.1", alone=True)
def empty_crashes(rewards, discount_factor):
    """Det stämmer utom när följden är tom: du läser ett element som inte finns. En summa utan
    termer är 0, så låt summan börja där och inte i den sista belöningen."""
    total = rewards[-1]
    for reward in reversed(rewards[:-1]):
        total = reward + discount_factor * total
    return total


@misconception("1.1")
def truth_of_array(rewards, discount_factor):
    """`if not rewards` fungerar för listor, men en array med flera tal är varken sann eller falsk,
    och numpy vägrar svara. Fråga efter längden i stället, eller skriv så att det tomma fallet inte
    behöver någon egen rad."""
    if not rewards:
        return 0.0
    return sum(discount_factor**t * r for t, r in enumerate(rewards))


@misconception("1.1")
def array_only(rewards, discount_factor):
    """Du använder något som bara arrayer har, som `shape`, men belöningarna kan komma i en lista
    eller tupel. `len` fungerar för alla tre. Annars gör du först om dem till en array."""
    weights = discount_factor ** np.arange(rewards.shape[0])
    return float((weights * rewards).sum())


@misconception("1.1")
def reverses_in_place(rewards, discount_factor):
    """Du vänder på (eller plockar ur) den följd du fick. Den tillhör den som anropade, och en tupel
    eller array går inte att vända så. `reversed(rewards)` läser bakifrån utan att ändra något."""
    rewards.reverse()
    total = 0.0
    for reward in rewards:
        total = reward + discount_factor * total
    return total


@misconception("1.1", alone=True)
def scales_in_place(rewards, discount_factor):
    """Svaret är rätt, men `*=` (eller ett nytt värde i `rewards[t]`) skriver över tal i den array
    du fick. Den tillhör den som anropade, och nästa som läser den får redan diskonterade
    belöningar."""
    weights = discount_factor ** np.arange(len(rewards))
    if isinstance(rewards, np.ndarray) and rewards.dtype.kind == "f":
        rewards *= weights
        return rewards.sum()
    return (rewards * weights).sum()


@misconception("1.1")
def integers_truncated(rewards, discount_factor):
    """Det går snett när belöningarna är heltal: en array som skapas efter dem, till exempel med
    `zeros_like`, får också bara plats för heltal, och decimalerna försvinner utan varning. Säg
    vilken datatyp du vill ha när du skapar den."""
    terms = np.zeros_like(rewards)
    for t in range(len(rewards)):
        terms[t] = discount_factor**t * rewards[t]
    return terms.sum()


# --- 1.2 -----------------------------------------------------------------------------------------

BACKUP = """
import numpy as np

def bellman_backup(q_values, transition_probabilities, rewards, discount_factor):
    best_next = q_values.max(axis=1)
    target = rewards + discount_factor * best_next
    return (transition_probabilities * target).sum(axis=2)
"""

LOOP = """
import numpy as np

def bellman_backup(q_values, transition_probabilities, rewards, discount_factor):
    n_states, n_actions = q_values.shape
    updated = np.zeros((n_states, n_actions))
    for s in range(n_states):
        for a in range(n_actions):
            for next_s in range(n_states):
                best_next = q_values[next_s].max()
                target = rewards[s, a, next_s] + discount_factor * best_next
                updated[s, a] += transition_probabilities[s, a, next_s] * target
    return updated
"""

SWEEP = """
def bellman_backup(q_values, transition_probabilities, rewards, discount_factor):
    updated = q_values
    for s in range(len(q_values)):
        for a in range(q_values.shape[1]):
            target = rewards[s, a] + discount_factor * updated.max(axis=1)
            updated[s, a] = (transition_probabilities[s, a] * target).sum()
    return updated
"""


@misconception(
    "1.2",
    edited(
        BACKUP,
        "return (transition_probabilities * target).sum(axis=2)",
        "q_values[:] = (transition_probabilities * target).sum(axis=2)\n    return q_values",
    ),
)
def overwrites_argument():
    """Talen är rätt, men du skriver dem i den array du fick, så de gamla Q-värdena är borta. Den
    som anropade vill kunna jämföra före och efter, till exempel för att se när svepen har lugnat
    sig. Returnera en ny array."""


@misconception("1.2", Edited(SWEEP))
def mixes_in_argument():
    """Du läser och skriver i samma array. De första tillstånden är redan uppdaterade när de senare
    räknas ut, så gammalt och nytt blandas, och dessutom ändras den array du fick. Läs från förra
    svepet och skriv i ett nytt. Se avsnittet om Q-värdesiteration i 01a."""


@misconception("1.2", edited(SWEEP, "updated = q_values", "updated = q_values.copy()"))
def mixes_in_copy():
    """Du har en egen kopia, men läser det bästa nästa värdet ur samma kopia som du skriver i. Då
    blandas gammalt och nytt i samma svep. Läs från förra svepet och skriv i det nya. Se avsnittet
    om Q-värdesiteration i 01a."""


@misconception("1.2", edited(LOOP, "np.zeros((n_states, n_actions))", "q_values.copy()"))
def adds_to_old():
    """Svaret är de gamla Q-värdena plus de nya: du börjar summera i en kopia av `q_values`.
    Bellmans ekvation ersätter det gamla värdet helt, så summan ska börja på noll."""


@misconception("1.2", edited(LOOP, "updated[s, a] +=", "updated[s, a] ="))
def last_next_state_only():
    """Bara det sista s′ räknas: varje varv skriver över det förra i stället för att lägga till.
    Väntevärdet är en summa över alla tillstånd man kan hamna i. Se Bellmans ekvation i 01a."""


@misconception(
    "1.2",
    Edited(
        LOOP,
        ("rewards[s, a, next_s]", "rewards[next_s, a, s]"),
        ("transition_probabilities[s, a, next_s]", "transition_probabilities[next_s, a, s]"),
    ),
)
def indices_transposed():
    """Du läser modellen baklänges, som om man gick från s′ till s. Det första indexet är
    tillståndet man är i, det andra är handlingen och det sista är tillståndet man hamnar i. Se
    avsnittet om modellens form i 01a."""


@misconception("1.2", edited(BACKUP, "max(axis=1)", "max(axis=0)"))
def max_over_states():
    """Du tar max längs fel axel: över tillstånden i stället för över handlingarna. I varje s′ får
    agenten välja handling, men den får inte välja tillstånd. Rita upp formen (S, A)."""


@misconception("1.2", edited(BACKUP, "q_values.max(axis=1)", "q_values"))
def max_missing():
    """Formerna går inte ihop: framtiden har två axlar och ska bara ha en. Ta max över handlingarna,
    utan att behålla den axeln, så att formen blir (S,): ett tal för varje s′, värdet av det bästa
    man kan göra där. Se Bellmans ekvation i 01a."""


@misconception("1.2", edited(BACKUP, "max(axis=1)", "max()"))
def max_over_everything():
    """Du tar det största värdet i hela tabellen, så alla s′ ser lika bra ut. Varje s′ behöver sitt
    eget max, över sina handlingar. Se Bellmans ekvation i 01a."""


@misconception("1.2", edited(BACKUP, "best_next = q_values.max(axis=1)",
                             "best_next = np.maximum(0, q_values.max(axis=1))"))  # fmt: skip
def max_from_zero():
    """Där alla Q-värden är negativa räknar du med 0. Det händer om jämförelsen börjar på 0: noll är
    inte lägst här, och det bästa av flera dåliga val kan vara −2. Börja med det första värdet,
    eller låt numpy ta max."""


@misconception("1.2", edited(BACKUP, "max(axis=1)", "mean(axis=1)"))
def mean_for_max():
    """Du tar medelvärdet över handlingarna. Då blir det värdet av att välja på måfå. De optimala
    Q-värdena räknar med att agenten gör sitt bästa i nästa steg. Se Bellmans ekvation i 01a."""


@misconception("1.2", edited(BACKUP, "max(axis=1)", "argmax(axis=1)"))
def argmax_for_max():
    """Du använder den bästa handlingens nummer i stället för dess värde. Funktionen `max` ger
    värden och `argmax` ger platser, och framtiden är byggd av värden."""


@misconception("1.2", edited(BACKUP, "discount_factor * best_next", "best_next"))
def backup_discount_missing():
    """Framtiden är med, men den är inte diskonterad, för γ saknas. Då kan Q-värdena växa för varje
    svep utan att någonsin lugna sig. Se Bellmans ekvation i 01a."""


@misconception(
    "1.2",
    edited(
        BACKUP, "rewards + discount_factor * best_next", "discount_factor * (rewards + best_next)"
    ),
)
def discount_on_reward():
    """Framtiden är diskonterad, som den ska vara, men γ multiplicerar också belöningen. Den kommer
    nu och ska väga fullt, för bara det som kommer sedan krymper. Se Bellmans ekvation i 01a."""


@misconception(
    "1.2",
    Edited(
        BACKUP,
        ("target = rewards + discount_factor * best_next", "target = discount_factor * best_next"),
        ("return (", "return rewards.sum(axis=2) + ("),
    ),
)
def reward_unweighted():
    """Framtiden är vägd med sannolikheterna, men belöningarna är det inte: du summerar dem som om
    allt hände på en gång. Också belöningen beror på var man hamnar, så den hör hemma innanför
    hakparentesen. Se Bellmans ekvation i 01a."""


@misconception(
    "1.2",
    edited(
        BACKUP,
        "(transition_probabilities * target)",
        "(transition_probabilities * rewards + discount_factor * best_next)",
    ),
)
def future_unweighted():
    """Belöningen är vägd med sannolikheten, men framtiden är det inte. I P · R + γ · max går
    multiplikationen före, så det fattas en parentes. Se Bellmans ekvation i 01a."""


@misconception("1.2", edited(BACKUP, "(transition_probabilities * target)", "target"))
def probabilities_missing():
    """Sannolikheterna är inte med: du summerar över alla s′ som om man hamnade i alla på en gång.
    Ju troligare ett s′ är, desto mer ska det väga. Se Bellmans ekvation i 01a."""


@misconception(
    "1.2",
    edited(
        BACKUP,
        "return (transition_probabilities * target).sum(axis=2)",
        "likely = transition_probabilities.argmax(axis=2, keepdims=True)\n"
        "    return np.take_along_axis(target, likely, axis=2)[:, :, 0]",
    ),
)
def most_likely_only():
    """Du räknar bara med det troligaste s′. Ett osannolikt men dyrt fall, som ett hål i isen,
    skulle aldrig märkas. Q-värdet är ett väntevärde över alla s′. Se Bellmans ekvation i 01a."""


@misconception("1.2", edited(BACKUP, "* best_next", "* best_next[:, None, None]"))
def future_from_same_state():
    """Framtiden räknas i s, där agenten redan är, i stället för i s′, där den hamnar. Kontrollera
    vilken axel som är vilken när (S,) möter (S, A, S). Se Bellmans ekvation i 01a."""


@misconception("1.2", edited(BACKUP, "* best_next", "* q_values.T"))
def same_action_next():
    """Framtiden är värdet av att göra samma handling en gång till i s′. Agenten får välja på nytt
    där, och de optimala Q-värdena räknar med det bästa valet. Se Bellmans ekvation i 01a."""


@misconception(
    "1.2",
    edited(
        BACKUP,
        "return (transition_probabilities * target).sum(axis=2)",
        "expected = transition_probabilities @ q_values\n"
        "    return (transition_probabilities * rewards).sum(axis=2) "
        "+ discount_factor * expected.max(axis=2)",
    ),
)
def max_of_expectation():
    """Max och väntevärde är i fel ordning: du väger ihop först och väljer sedan en enda handling
    för alla s′. Agenten får se var den hamnade innan den väljer, så max ska tas i varje s′ för sig.
    Se Bellmans ekvation i 01a."""


@misconception("1.2", edited(BACKUP, "sum(axis=2)", "sum(axis=1)"))
def sums_over_actions():
    """Du summerar över handlingarna, så svaret får formen (S, S). Väntevärdet ska tas över s′, den
    sista axeln, för s′ får man inte välja. Rita upp formen (S, A, S)."""


@misconception("1.2", edited(BACKUP, "sum(axis=2)", "sum()"))
def sums_everything():
    """Svaret är ett enda tal: du har summerat över allt. Summera bara över s′, så att det blir ett
    värde kvar per tillstånd och handling."""


@misconception("1.2", edited(BACKUP, "sum(axis=2)", "sum(axis=2).max(axis=1)"))
def returns_state_values():
    """Du returnerar ett värde per tillstånd, V(s). Här söks Q-värdena, ett per tillstånd *och*
    handling: utan dem vet agenten inte vilken handling som var bäst. Se avsnittet om V och Q i
    01a."""


@misconception(
    "1.2",
    Edited(
        BACKUP,
        ("    best_next", "    for _ in range(500):\n        best_next"),
        ("    target", "        target"),
        ("    return (transition", "        q_values = (transition"),
        ("sum(axis=2)\n", "sum(axis=2)\n    return q_values\n"),
    ),
)
def iterates_to_the_end():
    """Du upprepar svepet många gånger. Här ska funktionen göra ett enda; den som anropar bestämmer
    hur många det blir, och vill kunna se värdena efter vart och ett."""


# --- 1.3 -----------------------------------------------------------------------------------------

UPDATE = """
def q_learning_update(
    q_values, state, action, reward, next_state, terminated, learning_rate, discount_factor
):
    future = 0.0 if terminated else q_values[next_state].max()
    target = reward + discount_factor * future
    td_error = target - q_values[state, action]
    q_values[state, action] += learning_rate * td_error
    return td_error
"""
FUTURE = "q_values[next_state].max()"


@misconception("1.3", edited(UPDATE, "0.0 if terminated else ", ""))
def mask_missing():
    """Mitt i episoden blir det rätt, men du räknar med en framtid också efter sluttillståndet. Där
    är episoden slut och inget mer finns att vinna, så TD-målet är bara belöningen; det som råkar
    stå i sluttillståndets rad ska aldrig läsas. Se avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, "if terminated", "if not terminated"))
def mask_inverted():
    """Du frågar efter rätt flagga, men villkoret är bakvänt: framtiden räknas efter sluttillstånd
    men inte mitt i episoden. Flaggan `terminated` är sann där framtiden *inte* finns. Se avsnittet
    om Q-inlärning i 01b."""


@misconception(
    "1.3",
    edited(UPDATE, "target = reward", "target = 0.0 if terminated else reward"),
)
def mask_removes_reward():
    """Framtiden stängs av där den ska, men belöningen i sista steget försvann också. Det är bara
    framtiden som tar slut: den belöning agenten redan har fått, till exempel −1 för att den föll,
    är det enda som lär den något där. Se avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, f"0.0 if terminated else {FUTURE}", f"~terminated * {FUTURE}"))
def tilde_on_bool():
    """`~` betyder ”inte” för arrayer och tensorer, men här är `terminated` ett vanligt
    sanningsvärde, och då blir `~False` −1 och `~True` −2. Framtiden får fel tecken. För ett enda
    sanningsvärde heter det `not`."""


@misconception(
    "1.3", edited(UPDATE, "    future", "    if terminated:\n        return 0.0\n    future")
)
def skips_terminal():
    """Du hoppar över steget när episoden är slut. Då lär sig agenten aldrig något av den sista
    belöningen, och i många miljöer är det den enda som finns. TD-målet är belöningen, och värdet
    ska flyttas dit som vanligt. Se avsnittet om Q-inlärning i 01b."""


@misconception(
    "1.3",
    edited(
        UPDATE,
        "    q_values[state, action] +=",
        "    if terminated:\n        q_values[state, action] = reward\n        return td_error\n"
        "    q_values[state, action] +=",
    ),
)
def jumps_at_the_end():
    """Vid sluttillståndet hoppar du hela vägen till belöningen. TD-målet är rätt, men också mot det
    ska man bara gå en bit: nästa gång kan samma handling ge en annan belöning. Se avsnittet om
    inlärningshastigheten i 01b."""


@misconception("1.3", edited(UPDATE, "discount_factor * future", "future"))
def update_discount_missing():
    """Framtiden är med, men den är inte diskonterad, för γ saknas i TD-målet. Se Bellmans ekvation
    i 01a: det är samma räkning, men med ett enda s′ i stället för alla."""


@misconception(
    "1.3",
    edited(UPDATE, "reward + discount_factor * future", "discount_factor * (reward + future)"),
)
def update_discount_on_reward():
    """Framtiden är diskonterad, som den ska vara, men γ multiplicerar också belöningen. Den kommer
    nu, och bara det som kommer sedan krymper. Se Bellmans ekvation i 01a."""


@misconception(
    "1.3",
    edited(UPDATE, "learning_rate, discount_factor\n", "discount_factor, learning_rate\n"),
)
def rates_swapped():
    """α och γ är ombytta. α (`learning_rate`) säger hur långt värdet flyttas, γ (`discount_factor`)
    hur mycket framtiden väger. Jämför ordningen med signaturen: först `learning_rate`, sedan
    `discount_factor`."""


@misconception("1.3", edited(UPDATE, "learning_rate * td_error", "td_error"))
def learning_rate_missing():
    """Värdet flyttas åt rätt håll, men hela vägen till TD-målet, för α saknas. Ett enda TD-mål är
    brusigt, och då glömmer agenten allt som den har lärt sig förut om den handlingen. Se avsnittet
    om inlärningshastigheten i 01b."""


@misconception("1.3", edited(UPDATE, "+= learning_rate", "= learning_rate"))
def replaces_old_value():
    """Det gamla värdet försvinner: du sätter Q(s, a) till α gånger TD-felet i stället för att
    *flytta* det så mycket. TD-felet är en ändring, inte ett nytt värde. Se avsnittet om Q-inlärning
    i 01b."""


@misconception("1.3", edited(UPDATE, "+= learning_rate", "+= (1 - learning_rate)"))
def weights_swapped():
    """Andelarna är ombytta: med α = 0,1 ska nio tiondelar av det gamla värdet vara kvar, men hos
    dig är det bara en tiondel. Se avsnittet om inlärningshastigheten i 01b."""


@misconception(
    "1.3",
    edited(UPDATE, "q_values[state, action] +=", "q_values[state, q_values[state].argmax()] +="),
)
def moves_best_action():
    """TD-felet är rätt, men du flyttar värdet för den bästa handlingen i s. Det är värdet för
    handlingen som gjordes, `action`, som ska flyttas, hur dålig den än var: det är bara om den vi
    vet något nytt. Se avsnittet om Q-inlärning i 01b."""


@misconception(
    "1.3", edited(UPDATE, "    future", "    action = q_values[state].argmax()\n    future")
)
def updates_best_action():
    """Du jämför TD-målet med värdet för den bästa handlingen i s, och flyttar det. Det ska i
    stället vara värdet för handlingen som gjordes, `action`, hur dålig den än var: det är bara om
    den vi vet något nytt. Se avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, "+= learning_rate", "-= learning_rate"))
def moves_away():
    """Du går åt fel håll: värdet flyttas bort från TD-målet. Är målet större än det gamla värdet
    ska värdet öka. Kontrollera tecknen i TD-felet och i steget."""


@misconception(
    "1.3",
    edited(UPDATE, "target - q_values[state, action]", "q_values[state, action] - target"),
)
def error_reversed():
    """Du räknar det gamla värdet minus TD-målet. Då flyttas värdet bort från målet, och felet du
    returnerar blir positivt när det gick *sämre* än väntat. Målet ska stå först. Se avsnittet om
    Q-inlärning i 01b."""


@misconception(
    "1.3",
    Edited(
        UPDATE,
        ("target - q_values[state, action]", "q_values[state, action] - target"),
        ("+= learning_rate", "-= learning_rate"),
    ),
)
def error_sign():
    """Tabellen blir rätt, men TD-felet du returnerar har fel tecken. TD-felet är TD-målet minus det
    gamla värdet: positivt när det gick bättre än väntat. Se avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, "target - q_values[state, action]", "target"))
def old_value_not_subtracted():
    """Det gamla värdet dras aldrig ifrån, så värdet växer vid varje besök i stället för att stanna
    vid TD-målet. TD-felet är *skillnaden* mellan målet och det som står i tabellen. Se avsnittet om
    Q-inlärning i 01b."""


@misconception(
    "1.3", edited(UPDATE, "target - q_values[state, action]", "target - q_values[state].max()")
)
def compares_best_action():
    """Du jämför TD-målet med det bästa värdet i s, men det var kanske inte den handlingen som
    gjordes. Det är bara om handlingen som gjordes som erfarenheten säger något. Se avsnittet om
    Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, FUTURE, "q_values.max()"))
def update_max_over_everything():
    """Du tar det största värdet i hela tabellen. Framtiden börjar i s′, så det är bara den raden
    som räknas. Se avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, FUTURE, "q_values[state].max()"))
def max_in_current_state():
    """Framtiden läses i s, där agenten var, i stället för i s′, där den hamnade. Då sprids värden
    aldrig bakåt från målrutan. Se avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, FUTURE, "q_values[:, next_state].max()"))
def max_over_column():
    """Du läser en kolumn i stället för en rad. Tabellen har formen (S, A): det första indexet är
    tillståndet och det andra är handlingen."""


@misconception("1.3", edited(UPDATE, FUTURE, "q_values[next_state, action]"))
def update_same_action():
    """TD-målet använder samma handling en gång till i s′. Q-inlärning räknar med den bästa
    handlingen där, vilken den än är. Se avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, FUTURE, "q_values[next_state].mean()"))
def update_mean_for_max():
    """Du tar medelvärdet över handlingarna i s′. Q-inlärning räknar med att agenten gör sitt bästa
    där, alltså det största värdet. Se avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, FUTURE, "q_values[next_state].argmax()"))
def update_argmax_for_max():
    """Du använder den bästa handlingens nummer i stället för dess värde. Funktionen `max` ger
    värden och `argmax` ger platser, och TD-målet är byggt av värden."""


@misconception("1.3", edited(UPDATE, FUTURE, f"max(0.0, {FUTURE})"))
def update_max_from_zero():
    """När alla värden i s′ är negativa räknar du med 0. Det händer om jämförelsen börjar på 0: noll
    är inte lägst här, och det bästa av flera dåliga val kan vara −3. Börja med det första värdet,
    eller låt numpy ta max."""


@misconception(
    "1.3",
    Edited(
        UPDATE,
        ("target - q_values[state, action]", "target - q_values[action, state]"),
        ("    q_values[state, action] +=", "    q_values[action, state] +="),
    ),
)
def update_indices_transposed():
    """Indexen är ombytta: tabellen har formen (S, A), så tillståndet kommer först och handlingen
    sedan. Har du tur blir det ett felmeddelande; har du otur ändras fel ruta."""


@misconception(
    "1.3",
    edited(
        UPDATE, "state, action, reward, next_state, term", "next_state, action, reward, state, term"
    ),
)
def states_swapped():
    """Tillstånd och nästa tillstånd är ombytta: du ändrar värdet i s′ och bygger TD-målet av s.
    Kontrollera i vilken ordning argumenten kommer. Se avsnittet om Q-inlärning i 01b."""


@misconception(
    "1.3", edited(UPDATE, "    q_values[state, action] +=", "    q_values[next_state, action] +=")
)
def updates_next_state():
    """Du ändrar värdet i s′. Det är handlingen i s som agenten just har fått veta något om; s′ är
    bara med för att TD-målet ska kunna räknas ut. Se avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, "    q_values[state, action] +=", "    q_values[state] +="))
def updates_whole_row():
    """Du ändrar alla handlingar i s. Erfarenheten handlar bara om den handling som gjordes; de
    andra värdena ska stå kvar. Se avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, "    future", "    q_values = q_values.copy()\n    future"))
def updates_a_copy():
    """TD-felet är rätt, men tabellen som funktionen fick är oförändrad: du ändrar en kopia eller en
    egen variabel. `q = q_values[state, action]` ger ett löst tal, och att ändra det ändrar inte
    tabellen. Skriv det nya värdet i själva tabellen."""


@misconception("1.3", edited(UPDATE, "return td_error", "return q_values"))
def returns_table():
    """Du returnerar hela tabellen. Den ändras på plats, så den som anropade har den redan; det som
    ska tillbaka är TD-felet."""


@misconception("1.3", edited(UPDATE, "return td_error", "return q_values[state, action]"))
def returns_new_value():
    """Du returnerar det nya Q-värdet. Det står redan i tabellen; det som ska tillbaka är TD-felet,
    hur långt från TD-målet värdet låg före steget."""


@misconception("1.3", edited(UPDATE, "return td_error", "return target"))
def returns_target():
    """Du returnerar TD-målet. TD-felet är målet minus det värde som stod i tabellen före steget. Se
    avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, "return td_error", "return learning_rate * td_error"))
def returns_step():
    """Du returnerar hur långt värdet flyttades, alltså α gånger TD-felet. Det är själva TD-felet
    som ska tillbaka: det visar hur överraskad agenten blev, vilket α den än har."""


@misconception("1.3", edited(UPDATE, "return td_error", "return target - q_values[state, action]"))
def error_after_step():
    """Du räknar ut TD-felet efter steget, när värdet redan har flyttats. Då blir det för litet.
    Räkna ut det innan tabellen ändras och spara det i en variabel."""


@misconception("1.3", edited(UPDATE, "return td_error", "return abs(td_error)"))
def absolute_error():
    """Du returnerar TD-felets storlek utan tecken. Tecknet behövs: det säger om det gick bättre
    eller sämre än väntat. Se avsnittet om Q-inlärning i 01b."""


@misconception("1.3", edited(UPDATE, "return td_error", "return td_error**2"))
def squared_error():
    """Du returnerar TD-felet i kvadrat. Kvadraten är bra som förlust för ett nätverk, och den
    kommer i 03; här är det själva felet, med tecken, som ska tillbaka."""


@misconception(
    "1.3",
    Edited(
        UPDATE,
        (
            "    future",
            "    old = q_values[state, action]\n"
            "    q_values[state, action] *= 1 - learning_rate\n    future",
        ),
        ("target - q_values[state, action]", "target - old"),
        ("learning_rate * td_error", "learning_rate * target"),
    ),
)  # fmt: skip
def decays_before_reading():
    """Nästan: du ändrar tabellen innan TD-målet är uträknat. När ett steg leder tillbaka till samma
    tillstånd läser du då det redan krympta värdet. Räkna ut målet först, ändra tabellen sist."""


# --- 1.4 -----------------------------------------------------------------------------------------

CHOICE = """
import numpy as np

def epsilon_greedy(action_values, epsilon, rng):
    n_actions = len(action_values)
    if rng.random() < epsilon:
        return int(rng.integers(n_actions))
    return int(np.argmax(action_values))
"""
EXPLORE = "int(rng.integers(n_actions))"
GREEDY = "int(np.argmax(action_values))"


@misconception(
    "1.4",
    edited(
        CHOICE,
        EXPLORE,
        "int(rng.choice(np.delete(np.arange(n_actions), np.argmax(action_values))))",
    ),
)
def explores_others_only():
    """Agenten utforskar så ofta som den ska, men då väljer du bara bland de handlingar som inte är
    bäst. En ε-girig agent drar bland *alla*, också den bästa, så med ε = 1 är valet helt på måfå.
    Se avsnittet om utforskning i 01b."""


@misconception("1.4", edited(CHOICE, "rng.random() < epsilon", "rng.random() > epsilon"))
def chance_inverted():
    """Sannolikheterna är ombytta: du utforskar med sannolikheten 1 − ε. ε är sannolikheten att
    utforska, så ε = 0 ska vara helt girigt. Se avsnittet om utforskning i 01b."""


@misconception("1.4", edited(CHOICE, "rng.random() < epsilon", "False"))
def never_explores():
    """Agenten utforskar aldrig, vilket ε än är. Då fastnar den vid det första som fungerade och får
    aldrig veta om något annat är bättre. Se avsnittet om utforskning i 01b."""


@misconception("1.4", edited(CHOICE, "rng.random() < epsilon", "True"))
def always_explores():
    """Agenten väljer alltid på måfå, vilket ε än är, så den använder aldrig det den har lärt sig.
    Bara andelen ε av valen ska vara slumpade. Se avsnittet om utforskning i 01b."""


@misconception("1.4", edited(CHOICE, "rng.random() < epsilon", "epsilon > 0"))
def explores_if_positive():
    """Så fort ε är större än noll väljer du alltid på måfå. ε är en sannolikhet: med ε = 0,1 ska
    det hända ungefär en gång av tio, och det behövs ett slumptal att jämföra med. Se avsnittet om
    utforskning i 01b."""


@misconception("1.4", edited(CHOICE, "rng.random() < epsilon", "rng.random() < (epsilon or 0.1)"))
def zero_is_falsy():
    """Med ε = 0 utforskar du ändå ibland. Talet 0 räknas som falskt i Python, så `epsilon or …` och
    `if not epsilon` byter ut det mot ett förvalt värde. Då går det aldrig att utvärdera agenten
    helt girigt."""


@misconception(
    "1.4",
    edited(
        CHOICE, f"    return {GREEDY}", f"    if rng.random() >= epsilon:\n        return {GREEDY}"
    ),
)
def draws_twice():
    """Ibland returneras inget alls: du drar ett nytt slumptal för varje villkor, och båda kan bli
    falska. Dra ett enda slumptal och låt det avgöra, med `if` och `else`."""


@misconception("1.4", edited(CHOICE, GREEDY, "np.max(action_values)"))
def value_for_action():
    """Du hittar den bästa handlingen, men returnerar dess värde. Miljön vill ha handlingens nummer.
    Funktionen `max` ger värden och `argmax` ger platser."""


@misconception("1.4", edited(CHOICE, EXPLORE, "rng.choice(action_values)"))
def explores_among_values():
    """När agenten utforskar drar du ett av *värdena*. Det är handlingens nummer som ska lottas
    fram, från 0 till A − 1."""


@misconception("1.4", edited(CHOICE, "np.argmax", "np.argmin"))
def worst_action():
    """Du väljer den sämsta handlingen när agenten ska vara girig. Q-värden är väntad avkastning:
    störst är bäst. Se avsnittet om V och Q i 01a."""


@misconception("1.4", edited(CHOICE, GREEDY, "n_actions - 1"))
def last_action_always():
    """När agenten inte utforskar blir det den sista handlingen, fast en annan har ett större värde.
    Så kan det gå om `max` får leta bland handlingarnas *nummer*: då vinner det högsta. Handlingen
    ska väljas efter sitt värde. Se avsnittet om V och Q i 01a."""


@misconception(
    "1.4",
    edited(CHOICE, "return int(np.argmax(action_values))", """best, best_value = 0, 0.0
    for action, value in enumerate(action_values):
        if value > best_value:
            best, best_value = action, value
    return best"""),
)  # fmt: skip
def best_from_zero():
    """När alla värden är negativa väljer du alltid handling 0. Jämförelsen börjar på 0, och inget
    negativt tal är större: noll är inte lägst här. Börja med det första värdet, eller låt numpy
    leta."""


@misconception(
    "1.4", edited(CHOICE, "np.argmax(action_values)", "np.argmax(np.abs(action_values))")
)
def largest_without_sign():
    """Du väljer den handling vars värde är störst utan sitt tecken: −4 räknas som 4. Ett stort
    negativt Q-värde är en dålig handling, inte en bra. Se avsnittet om V och Q i 01a."""


@misconception("1.4", edited(CHOICE, GREEDY, "np.flatnonzero(action_values == max(action_values))"))
def returns_all_best():
    """Du returnerar alla bästa handlingar på en gång, i en array. Agenten kan bara göra en sak:
    välj en av dem, också när det bara finns en."""


@misconception("1.4", edited(CHOICE, "rng.integers(n_actions)", "rng.integers(n_actions - 1)"))
def last_action_never():
    """Den sista handlingen utforskas aldrig. Anropet `rng.integers(n)` ger redan heltal från 0 till
    n − 1, så du behöver inte dra ifrån något."""


@misconception("1.4", edited(CHOICE, "rng.integers(n_actions)", "rng.integers(1, n_actions)"))
def first_action_never():
    """Handling 0 utforskas aldrig. Handlingarna är numrerade från 0, inte från 1."""


@misconception("1.4", edited(CHOICE, "rng.integers(n_actions)", "rng.integers(n_actions + 1)"))
def one_action_too_many():
    """Ibland ger du ett nummer som ingen handling har: lottningen har ett nummer för mycket. Med A
    handlingar heter den sista A − 1, och `rng.integers` tar inte med den övre gränsen."""


@misconception("1.4", edited(CHOICE, "rng.integers(n_actions)", "rng.integers(2)"))
def two_actions_hard_coded():
    """Du utforskar bara handling 0 och 1. Så är det i CartPole, men andra miljöer har fler. Antalet
    handlingar är längden på `action_values`."""


@misconception("1.4", edited(CHOICE, "rng.integers(n_actions)", "rng.integers(4)"))
def four_actions_hard_coded():
    """Du lottar alltid bland fyra handlingar. Det stämmer på sjön och vid stupet, men andra miljöer
    har fler eller färre: CartPole har två. Antalet handlingar är längden på `action_values`."""


@misconception("1.4", edited(CHOICE, "rng.integers", "rng.randint"))
def old_generator_methods():
    """Generatorn `rng` saknar metoden du anropar, för den är av numpys nya sort; `randint` hör till
    den äldre `np.random` och till Pythons egen modul `random`. Ledtråd 2 säger vad generatorn har i
    stället."""


@misconception(
    "1.4",
    Edited(
        CHOICE,
        ("rng.random()", "np.random.random()"),
        ("rng.integers(n_actions)", "np.random.randint(n_actions)"),
    ),
)
def ignores_rng():
    """Valen är rätt fördelade, men slumpen kommer någon annanstans ifrån än ur `rng`, till exempel
    ur `np.random`, `random` eller en egen generator. Då kan den som anropar inte göra om ett försök
    med samma slump, och det behövs när man letar efter fel. Dra alla slumptal ur `rng`."""


@misconception("1.4", edited(CHOICE, "    n_a", "    rng = np.random.default_rng(42)\n    n_a"))
def seeds_inside():
    """Du skapar en generator med fast frö inne i funktionen, så varje anrop drar exakt samma tal
    och agenten gör samma sak om och om igen. Använd generatorn som kommer in, för den minns var den
    är."""
