"""Misstag i 03 Träningssteget. Docstringen är det studenten får läsa."""

import torch

from dqn_helpers.autograder.catalogue import Edited, edited, misconception

# --- 3.1 -----------------------------------------------------------------------------------------


@misconception("3.1")
def mask_missing(reward, next_q_values, terminated, discount_factor):
    """Mitt i episoden är TD-målet rätt, men du räknar med en framtid också efter sluttillståndet.
    Där finns inget mer att vinna, så målet är bara belöningen. Utan masken kostar det ingenting att
    ramla, och då lär sig agenten aldrig att låta bli. Se avsnittet om masken i 03."""
    return reward + discount_factor * next_q_values.max(dim=1).values


@misconception("3.1")
def mask_inverted(reward, next_q_values, terminated, discount_factor):
    """Du har en mask, men den är bakvänd: framtiden räknas efter sluttillstånd men inte mitt i
    episoden. Flaggan `terminated` är sann där framtiden inte finns. Se avsnittet om masken i 03."""
    return reward + discount_factor * next_q_values.max(dim=1).values * terminated


@misconception("3.1")
def mask_removes_reward(reward, next_q_values, terminated, discount_factor):
    """Framtiden stängs av där den ska, men belöningen i sista steget försvann också. Masken gäller
    bara framtiden: den belöning som agenten redan har fått, till exempel −1 för att den föll, är
    det viktigaste i hela TD-målet. Se avsnittet om masken i 03."""
    return (reward + discount_factor * next_q_values.max(dim=1).values) * ~terminated


@misconception("3.1")
def max_over_batch(reward, next_q_values, terminated, discount_factor):
    """Du tar max längs fel dimension: över exemplen i batchen i stället för över handlingarna.
    Raderna är olika situationer som inte har med varandra att göra. Rita upp formen (B, A) och se
    efter vilken dimension som är handlingarna."""
    return reward + discount_factor * next_q_values.max(dim=0).values * ~terminated


@misconception("3.1")
def max_over_everything(reward, next_q_values, terminated, discount_factor):
    """Du tar det största värdet i hela tensorn, så alla rader får samma framtid. Varje rad är ett
    eget nästa tillstånd och behöver sitt eget max. Se avsnittet om TD-målet i 03."""
    return reward + discount_factor * next_q_values.max() * ~terminated


@misconception("3.1")
def discount_missing(reward, next_q_values, terminated, discount_factor):
    """Framtiden är med, men den är inte diskonterad, för γ saknas. Då väger en belöning långt fram
    lika mycket som en som kommer nu, och Q-värdena kan växa utan gräns. Se Bellmans ekvation i
    01a."""
    return reward + next_q_values.max(dim=1).values * ~terminated


@misconception("3.1")
def discount_on_reward(reward, next_q_values, terminated, discount_factor):
    """Framtiden är diskonterad, som den ska vara, men γ multiplicerar också belöningen. Den kommer
    nu och ska väga fullt, för bara det som kommer sedan krymper. Se Bellmans ekvation i 01a."""
    return discount_factor * (reward + next_q_values.max(dim=1).values * ~terminated)


@misconception("3.1")
def argmax_for_max(reward, next_q_values, terminated, discount_factor):
    """Du använder den bästa handlingens nummer i stället för dess värde. Funktionen `max` ger
    värden och `argmax` ger platser, och TD-målet är byggt av värden."""
    return reward + discount_factor * next_q_values.argmax(dim=1) * ~terminated


@misconception("3.1")
def mean_for_max(reward, next_q_values, terminated, discount_factor):
    """Du tar medelvärdet över handlingarna. Q-inlärning räknar med att agenten gör sitt bästa i
    nästa steg, alltså det största värdet. Se Bellmans ekvation i 01a."""
    return reward + discount_factor * next_q_values.mean(dim=1) * ~terminated


@misconception("3.1")
def max_without_values(reward, next_q_values, terminated, discount_factor):
    """Funktionen `max` med `dim` ger två saker på en gång, värdena och deras platser, och ett
    sådant par går inte att räkna med. Välj ut det du behöver."""
    return reward + discount_factor * next_q_values.max(dim=1) * ~terminated


@misconception("3.1")
def subtracts_mask(reward, next_q_values, terminated, discount_factor):
    """PyTorch vill inte dra en mask av sant och falskt från 1. Vänd på masken i stället, eller välj
    rad för rad med `torch.where`. Se avsnittet om masken i 03."""
    return reward + discount_factor * next_q_values.max(dim=1).values * (1 - terminated)


@misconception("3.1")
def asks_whole_batch(reward, next_q_values, terminated, discount_factor):
    """`if` kan bara svara på en fråga i taget, men `terminated` innehåller ett svar per rad. Gör
    valet för alla rader på en gång, med masken eller `torch.where`. Se avsnittet om masken i 03."""
    if terminated:
        return reward
    return reward + discount_factor * next_q_values.max(dim=1).values


@misconception("3.1")
def broadcast(reward, next_q_values, terminated, discount_factor):
    """Svaret har blivit en hel tabell, (B, B): någonstans möts formerna (B, 1) och (B,), och då
    kombineras varje rad med alla andra rader utan att PyTorch säger något. Se avsnittet om den
    tysta fällan i 03."""
    return reward + discount_factor * next_q_values.max(dim=1, keepdim=True).values * ~terminated


@misconception("3.1")
def first_action(reward, next_q_values, terminated, discount_factor):
    """Du läser alltid av den första handlingens värde i nästa tillstånd. Agenten får välja, så det
    är den bästa handlingens värde som räknas."""
    return reward + discount_factor * next_q_values[:, 0] * ~terminated


@misconception("3.1", alone=True)
def zeroes_its_argument(reward, next_q_values, terminated, discount_factor):
    """Svaret är rätt, men du skriver nollor i den tensor du fick. Den tillhör den som anropade, och
    nästa som läser den får fel tal. Skapa en ny tensor, till exempel med `torch.where`."""
    next_q_values[terminated] = 0.0
    return reward + discount_factor * next_q_values.max(dim=1).values


# --- 3.2 -----------------------------------------------------------------------------------------


@misconception("3.2")
def best_instead_of_chosen(q_values, action):
    """Du läste av den bästa handlingen, inte den som gjordes. Det är bara om den handling som
    agenten verkligen gjorde som vi vet hur det gick. Se avsnittet om `gather` i 03."""
    return q_values.max(dim=1).values


@misconception("3.2")
def every_pair(q_values, action):
    """Svaret har formen (B, B): `q_values[:, action]` läser alla handlingarna ur varje rad. Du vill
    ha en enda handling per rad: rad 0 med `action[0]`, rad 1 med `action[1]` och så vidare."""
    return q_values[:, action]


@misconception("3.2")
def indexes_rows(q_values, action):
    """Du använder handlingens nummer för att välja rad, så du får hela rader ur tabellen, och fel
    rader. Raden är exemplet i batchen; det är kolumnen som är handlingen. Se avsnittet om `gather`
    i 03."""
    return q_values[action]


@misconception("3.2")
def reads_first_row(q_values, action):
    """Alla tal kommer ur rad 0: med formen (1, B) ligger alla handlingarna i samma rad, så `gather`
    läser dem ur den första raden. Varje handling ska stå i en egen rad, (B, 1). Se avsnittet om
    `gather` i 03."""
    return q_values.gather(1, action.unsqueeze(0) % q_values.shape[1]).squeeze(0)


@misconception("3.2")
def gather_keeps_dimension(q_values, action):
    """Talen är rätt, men svaret har formen (B, 1). Sätts det bredvid ett TD-mål med formen (B,)
    jämförs varje rad med alla andra rader, helt tyst. Ta bort den sista dimensionen. Se avsnittet
    om den tysta fällan i 03."""
    return q_values.gather(1, action.unsqueeze(1))


@misconception("3.2", alone=True)
def squeezes_everything(q_values, action):
    """Det stämmer utom när batchen är en enda rad: `squeeze` utan argument tar bort alla
    dimensioner som är 1, också själva batchen. Säg vilken dimension som ska bort."""
    return q_values.gather(1, action.unsqueeze(1)).squeeze()


@misconception("3.2")
def gather_without_dimension(q_values, action):
    """Funktionen `gather` vill ha ett index med lika många dimensioner som tensorn, och `action`
    har en för lite. Gör om (B,) till (B, 1) först."""
    return q_values.gather(1, action)


@misconception("3.2")
def gather_along_batch(q_values, action):
    """Du plockar längs dimension 0, alltså bland exemplen. Handlingarna ligger längs dimension 1.
    Rita upp formen (B, A)."""
    return q_values.gather(0, action.unsqueeze(0) % len(q_values)).squeeze(0)


@misconception("3.2", alone=True)
def detached(q_values, action):
    """Talen stämmer, men gradienten är borta. Med `detach`, `no_grad`, `item`, `numpy` eller en ny
    `torch.tensor` på vägen vet PyTorch inte längre hur svaret beror på nätverket. Se avsnittet om
    semigradienten i 03: det är TD-målet som ska vara en konstant, inte förutsägelsen."""
    return q_values.detach().gather(1, action.unsqueeze(1)).squeeze(1)


@misconception("3.2")
def sums_everything(q_values, action):
    """Svaret är ett enda tal: du har summerat över hela batchen. Summera bara över handlingarna, så
    att det blir ett tal per rad kvar."""
    mask = torch.nn.functional.one_hot(action, q_values.shape[1])
    return (q_values * mask).sum()


@misconception("3.2")
def masks_without_summing(q_values, action):
    """Du har nollat de andra handlingarna men behållit kolumnerna: svaret har formen (B, A). Det
    ska vara ett tal per rad."""
    mask = torch.nn.functional.one_hot(action, q_values.shape[1])
    return q_values * mask


@misconception("3.2")
def masks_then_max(q_values, action):
    """Du nollar de andra handlingarna och tar sedan det största talet i raden. När den valda
    handlingens värde är negativt vinner nollorna. Summera raden i stället: då spelar nollorna ingen
    roll."""
    mask = torch.nn.functional.one_hot(action, q_values.shape[1])
    return (q_values * mask).max(dim=1).values


@misconception("3.2")
def one_hot_guesses_width(q_values, action):
    """`one_hot` gissar antalet handlingar efter det största numret som råkar finnas i batchen.
    Gjordes bara handling 0 blir masken en enda kolumn, som sträcks ut över alla. Säg hur många
    handlingar det finns: `one_hot(action, q_values.shape[1])`."""
    return (q_values * torch.nn.functional.one_hot(action)).sum(dim=1)


@misconception("3.2")
def action_from_zero_missed(q_values, action):
    """Handlingarna är numrerade från 0, men du läser som om de började på 1: varje rad ger värdet
    för grannhandlingen. Python och PyTorch räknar alltid från 0."""
    return q_values.gather(1, (action - 1).unsqueeze(1) % q_values.shape[1]).squeeze(1)


# --- 3.3 -----------------------------------------------------------------------------------------

STEP = """
import torch
import dqn_helpers

def dqn_training_step(model, optimizer, criterion, replay_buffer, batch_size, discount_factor):
    batch = dqn_helpers.sample_experiences(replay_buffer, batch_size)
    state, action, reward, next_state, terminated, truncated = batch
    with torch.no_grad():
        best_next = model(next_state).max(dim=1).values
        target = reward + discount_factor * best_next * ~terminated
    predicted = model(state).gather(1, action.unsqueeze(1)).squeeze(1)
    loss = criterion(predicted, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
"""

NO_GRAD = """    with torch.no_grad():
        best_next = model(next_state).max(dim=1).values
        target = reward + discount_factor * best_next * ~terminated
"""
SAMPLE = "dqn_helpers.sample_experiences(replay_buffer, batch_size)"


@misconception(
    "3.3",
    edited(
        STEP,
        NO_GRAD,
        """    best_next = model(next_state).max(dim=1).values
    target = reward + discount_factor * best_next * ~terminated
""",
    ),
)
def gradient_through_target():
    """Gradienten går genom TD-målet. Då lär sig nätverket också att flytta målet mot förutsägelsen,
    som att rita tavlan där pilen hamnade. Målet ska vara en konstant. Se avsnittet om
    semigradienten i 03."""


@misconception("3.3", edited(STEP, "    optimizer.zero_grad()\n", ""))
def zero_grad_missing():
    """Gamla gradienter ligger kvar och läggs till de nya, för `backward` adderar alltid till
    `.grad`. Då blir varje steg en blandning av alla tidigare batchar. Nolla före `backward`: att
    nolla sist i funktionen räcker inte om något låg kvar redan före anropet. Se avsnittet om
    optimeringssteget i 03."""


@misconception(
    "3.3",
    Edited(
        STEP,
        ("    optimizer.zero_grad()\n", ""),
        ("    loss.backward()\n", "    loss.backward()\n    optimizer.zero_grad()\n"),
    ),
)
def zero_grad_before_step():
    """Steget tas, men gradienten är noll, så inga vikter ändras. Antingen saknas `backward`, eller
    så nollar du mellan `backward` och `step`, precis innan gradienten skulle användas. Ordningen är
    nolla, `backward`, `step`. Se avsnittet om optimeringssteget i 03."""


@misconception(
    "3.3",
    edited(
        STEP,
        "model(state).gather(1, action.unsqueeze(1)).squeeze(1)",
        "(model(state) * torch.nn.functional.one_hot(action)).sum(dim=1)",
    ),
)
def step_one_hot_guesses_width():
    """Förutsägelsen blir fel när inte alla handlingar finns i batchen: `one_hot` gissar antalet
    efter det största numret som råkar finnas där. Säg hur många handlingar det finns,
    `one_hot(action, q.shape[1])`, eller läs av med `gather`. Se avsnittet om `gather` i 03."""


@misconception("3.3", edited(STEP, "    optimizer.step()\n", ""))
def step_missing():
    """Gradienten räknas ut men används aldrig: vikterna är desamma efteråt. Det är optimeraren som
    tar steget. Se avsnittet om optimeringssteget i 03."""


@misconception("3.3", edited(STEP, " * ~terminated", ""))
def step_mask_missing():
    """Mitt i episoden räknar du med framtiden, som du ska, men du gör det också efter
    sluttillståndet. Där finns inget mer att vinna, så TD-målet är bara belöningen. Se avsnittet om
    masken i 03."""


@misconception("3.3", edited(STEP, "~terminated", "terminated"))
def step_mask_inverted():
    """Du har en mask, men den är bakvänd: framtiden räknas efter sluttillstånd men inte mitt i
    episoden. Se avsnittet om masken i 03."""


@misconception(
    "3.3",
    edited(
        STEP,
        "reward + discount_factor * best_next * ~terminated",
        "(reward + discount_factor * best_next) * ~terminated",
    ),
)
def step_mask_removes_reward():
    """Framtiden stängs av där den ska, men belöningen i sista steget försvann också. Masken ska
    bara ta bort framtiden, inte det agenten redan har fått. Se avsnittet om masken i 03."""


@misconception("3.3", edited(STEP, "~terminated", "~(terminated | truncated)"))
def truncated_as_terminal():
    """Sluttillstånden är maskerade, som de ska vara, men du maskerar också `truncated`. Tidsgränsen
    är inte ett misslyckande: världen fortsätter, vi slutade bara titta, och framtiden är
    fortfarande värd något. Se avsnittet om masken i 03."""


@misconception("3.3", edited(STEP, "~terminated", "~truncated"))
def truncated_for_terminated():
    """Du maskerar `truncated` i stället för `terminated`. Det är tvärtom: efter `terminated` finns
    ingen framtid, men efter `truncated` finns den kvar. Se avsnittet om masken i 03."""


@misconception(
    "3.3",
    edited(
        STEP,
        "model(state).gather(1, action.unsqueeze(1)).squeeze(1)",
        "model(state).max(dim=1).values",
    ),
)
def predicts_best_action():
    """Förutsägelsen är det största Q-värdet i tillståndet, men det var kanske inte den handlingen
    som gjordes. Det är bara om den vi vet något nytt. Se avsnittet om `gather` i 03."""


@misconception("3.3", edited(STEP, "predicted = model(state)", "predicted = model(next_state)"))
def predicts_in_next_state():
    """Förutsägelsen räknas ut i nästa tillstånd, s′. Den ska gälla tillståndet där handlingen
    gjordes, s: det är det värdet som ska flyttas mot TD-målet. Se avsnittet om `gather` i 03."""


@misconception("3.3", Edited(STEP, ("model(next_state)", "model(state)")))
def target_from_state():
    """TD-målet räknas ut ur fel tillstånd: framtiden börjar i nästa tillstånd, s′, men du frågar
    nätverket om s. Se avsnittet om TD-målet i 03."""


@misconception("3.3", edited(STEP, "model(next_state).max(", "next_state.max("))
def target_without_network():
    """Du tar max över talen i nästa tillstånd, inte över Q-värdena där. Det är nätverket som gör om
    ett tillstånd till Q-värden. Se avsnittet om TD-målet i 03."""


@misconception(
    "3.3",
    Edited(STEP, ("model(next_state)", "model(state)"), ("model(state).g", "model(next_state).g")),
)
def states_swapped():
    """Tillstånd och nästa tillstånd är ombytta: förutsägelsen räknas ut i s′ och TD-målet byggs av
    s, och det ska vara tvärtom. Kontrollera i vilken ordning du packar upp batchen. Se avsnittet om
    erfarenheten i 02."""


@misconception("3.3", edited(STEP, "discount_factor * best_next", "best_next"))
def step_discount_missing():
    """Framtiden är med, men den är inte diskonterad, för γ saknas i TD-målet. Se Bellmans ekvation
    i 01a."""


@misconception(
    "3.3",
    edited(
        STEP,
        "reward + discount_factor * best_next * ~terminated",
        "discount_factor * (reward + best_next * ~terminated)",
    ),
)
def step_discount_on_reward():
    """Framtiden är diskonterad, som den ska vara, men γ multiplicerar också belöningen. Den kommer
    nu, och bara det som kommer sedan krymper. Se Bellmans ekvation i 01a."""


@misconception("3.3", edited(STEP, "reward + disc", "reward.clamp(-1, 1) + disc"))
def clips_reward():
    """Du klipper belöningen så att den ligger mellan −1 och 1. Det är ett knep ur artikeln om DQN,
    men det ger en annan uppgift än miljöns: TD-målet ska byggas av belöningen som den är."""


@misconception("3.3", edited(STEP, "discount_factor * best_next", "0.99 * best_next"))
def discount_hard_coded():
    """Diskonteringsfaktorn står som ett eget tal i funktionen, så argumentet används inte. Då går
    den inte att ändra utifrån. Använd argumenten som funktionen får."""


@misconception(
    "3.3", edited(STEP, "model(next_state).max(dim=1).values", "model(next_state).max()")
)
def step_max_over_everything():
    """Det största värdet tas över hela batchen, så alla rader får samma framtid. Varje rad behöver
    sitt eget max. Se avsnittet om TD-målet i 03."""


@misconception(
    "3.3", edited(STEP, "max(dim=1).values", "gather(1, action.unsqueeze(1)).squeeze(1)")
)
def target_from_same_action():
    """TD-målet använder samma handling en gång till i nästa tillstånd. Q-inlärning räknar med den
    bästa handlingen där, vilken den än är. Se avsnittet om TD-målet i 03."""


@misconception("3.3", edited(STEP, "model(next_state).max(", "model(next_state).mean("))
def step_mean_for_max():
    """Du tar `mean` i stället för `max`. I nästa tillstånd räknar Q-inlärning med den bästa
    handlingen, inte med genomsnittet. Se avsnittet om TD-målet i 03."""


@misconception("3.3", edited(STEP, "unsqueeze(1)).squeeze(1)", "unsqueeze(1))"))
def step_broadcast():
    """Du jämför varje rad med alla andra rader: den ena formen är (B, 1) och den andra (B,), och då
    sträcker PyTorch ut dem till (B, B) utan att klaga. Förlusten blir ett tal, men fel tal. Se
    avsnittet om den tysta fällan i 03."""


@misconception(
    "3.3", edited(STEP, "model(state).gather(1, action.unsqueeze(1)).squeeze(1)", "model(state)")
)
def predicts_all_actions():
    """Förutsägelsen är alla handlingars Q-värden, (B, A), men TD-målet är ett tal per rad. Plocka
    först ut värdet för handlingen som gjordes. Se avsnittet om `gather` i 03."""


@misconception(
    "3.3",
    edited(
        STEP, "model(state).gather(1, action.unsqueeze(1)).squeeze(1)", "model(state)[:, action]"
    ),
)
def step_every_pair():
    """`[:, action]` läser alla batchens handlingar ur varje rad, så förutsägelsen får formen (B,
    B). Det ska vara en handling per rad. Se avsnittet om `gather` i 03."""


@misconception(
    "3.3",
    edited(
        STEP,
        "    predicted = model(state)",
        "    with torch.no_grad():\n        q_values = model(state)\n    predicted = q_values",
    ),
)
def prediction_without_gradient():
    """Det finns inget att lära sig av: `backward` hittar ingen väg från förlusten tillbaka till
    vikterna. Förutsägelsen ska komma ur nätverket, och den ska räknas ut utan `no_grad` och
    `detach`: bara TD-målet ska vara en konstant. Se avsnittet om semigradienten i 03."""


@misconception(
    "3.3",
    edited(
        STEP,
        "    optimizer.step()\n",
        "    torch.nn.utils.clip_grad_value_(model.parameters(), 100)\n    optimizer.step()\n",
    ),
)
def clips_values():
    """Du klipper gradienten innan steget. Det är ett bra knep ibland, men ingår inte i den här
    övningen: steget ska tas med gradienten som den är."""


@misconception(
    "3.3",
    edited(
        STEP,
        "    optimizer.step()\n",
        "    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    optimizer.step()\n",
    ),
)
def clips_norm():
    """Du klipper gradientens längd innan steget. Det är ett bra knep ibland, men ingår inte i den
    här övningen: steget ska tas med gradienten som den är."""


@misconception(
    "3.3",
    edited(
        STEP,
        "    optimizer.step()\n",
        "    torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)\n    optimizer.step()\n",
    ),
)
def clips_long_gradients():
    """Du klipper långa gradienter innan steget. Det är ett bra knep ibland, men ingår inte i den
    här övningen: steget ska tas med gradienten som den är."""


@misconception("3.3", edited(STEP, "return loss.item()", "return loss"))
def returns_graph():
    """Du returnerar förlusten som en tensor som håller kvar hela beräkningen. Sparas den i en
    lista, steg efter steg, växer minnet hela tiden. Ett vanligt tal räcker. Se avsnittet om
    optimeringssteget i 03."""


@misconception("3.3", edited(STEP, "    return loss.item()\n", ""))
def returns_nothing():
    """Steget tas, men förlusten returneras inte. Utan den går det inte att rita en kurva över hur
    träningen går."""


@misconception(
    "3.3",
    edited(
        STEP,
        "return loss.item()",
        "return criterion(model(state).gather(1, action.unsqueeze(1)).squeeze(1), target).item()",
    ),
)
def returns_loss_after():
    """Du returnerar förlusten efter steget. Den som räknades ut före steget är den som gradienten
    kom ifrån, och den kostar inget extra att returnera."""


@misconception("3.3", edited(STEP, "loss.backward()", "(-loss).backward()"))
def climbs():
    """Du går åt fel håll: steget gör förlusten större. Optimeraren minskar det som `backward`
    anropas på, så anropa den på förlusten som den är."""


@misconception(
    "3.3",
    edited(STEP, "    optimizer.step()\n", "    optimizer.step()\n    optimizer.step()\n"),
)
def steps_twice():
    """Du tar två steg med samma gradient. Det andra steget går vidare i en riktning som inte längre
    stämmer. Det ska vara ett steg per batch."""


@misconception(
    "3.3",
    edited(
        STEP,
        f"    batch = {SAMPLE}",
        "    rows = [replay_buffer[len(replay_buffer) - 1 - i] for i in range(batch_size)]\n"
        "    batch = [torch.stack([torch.as_tensor(x) for x in c]) for c in zip(*rows)]",
    ),
)
def newest_only():
    """Du tar alltid samma rader, de första eller de sista i bufferten. De hör ihop i tiden och
    liknar varandra, och det var just det bufferten skulle bota. Dra ur hela bufferten. Se avsnittet
    om grannar i tiden i 02."""


@misconception(
    "3.3",
    edited(
        STEP,
        f"    batch = {SAMPLE}",
        "    start = int(torch.randint(len(replay_buffer) - batch_size + 1, ()))\n"
        "    rows = [replay_buffer[start + i] for i in range(batch_size)]\n"
        "    batch = [torch.stack([torch.as_tensor(x) for x in c]) for c in zip(*rows)]",
    ),
)
def contiguous_batch():
    """Du drar en startplats och tar raderna efter den. Grannar i tiden följs åt, så batchen blir
    nästan samma erfarenhet många gånger. Dra varje rad för sig. Se avsnittet om grannar i tiden i
    02."""


@misconception(
    "3.3", edited(STEP, f"    batch = {SAMPLE}", f"    torch.manual_seed(42)\n    batch = {SAMPLE}")
)
def same_batch_every_time():
    """Varje anrop tränar på samma fåtal erfarenheter. Sätter du slumpfröet inne i funktionen, eller
    läser du alltid på samma platser? Ett frö ska i så fall sättas en gång, utanför."""


# Ett större tal än bufferten rymmer ger ett fel i stället för för många rader.
@misconception("3.3", edited(STEP, "(replay_buffer, batch_size)", "(replay_buffer, 32)"))
def large_batch_size_hard_coded():
    """Du drar fler erfarenheter än `batch_size`, så att bufferten inte räcker till. Står batchens
    storlek som ett eget tal i funktionen? Använd argumentet `batch_size`."""


@misconception("3.3", edited(STEP, "(replay_buffer, batch_size)", "(replay_buffer, 4)"))
def batch_size_hard_coded():
    """Batchens storlek står som ett eget tal i funktionen, så argumentet `batch_size` används inte.
    Använd argumenten som funktionen får."""
