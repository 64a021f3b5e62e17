"""Misstag i 05 Double DQN. Docstringen är det studenten får läsa."""

import numpy as np
import torch

from dqn_helpers.autograder.catalogue import Edited, edited, misconception

# --- 5.1 -----------------------------------------------------------------------------------------

TARGET = """
import torch

def double_dqn_target(model, target_model, reward, next_state, terminated, discount_factor):
    with torch.no_grad():
        best = model(next_state).argmax(dim=1)
        value = target_model(next_state).gather(1, best.unsqueeze(1)).squeeze(1)
        return reward + discount_factor * value * ~terminated
"""

CHOICE = "model(next_state).argmax(dim=1)\n"
VALUE = "target_model(next_state).gather(1, best.unsqueeze(1)).squeeze(1)"
SUM = "reward + discount_factor * value * ~terminated"


@misconception("5.1", edited(TARGET, VALUE, "target_model(next_state).max(dim=1).values"))
def plain_dqn_with_target():
    """Det här är vanlig DQN med målnätverk: målnätverket får både välja handlingen och värdera
    den. Då väljs gärna just den handling som målnätverket råkar överskatta, och det var det som
    Double DQN skulle råda bot på. Se avsnittet om skillnaden mellan målnätverk och Double DQN i
    05."""


@misconception(
    "5.1",
    Edited(
        TARGET,
        (f"best = {CHOICE}", f"best = target_{CHOICE}"),
        (f"value = {VALUE}", f"value = {VALUE.removeprefix('target_')}"),
    ),
)
def roles_swapped():
    """Rollerna är ombytta: nu väljer målnätverket och online-nätverket värderar. Online-nätverket
    är det som har lärt sig senast, så det vet bäst vad som är värt att göra; värdet ska komma från
    det andra, som står stilla. Se avsnittet om Double DQN i 05."""


@misconception("5.1", edited(TARGET, VALUE, "model(next_state).max(dim=1).values"))
def online_only():
    """Online-nätverket både väljer och värderar, och målnätverket används inte alls. Då jagar
    nätverket ett TD-mål som flyttar sig i varje steg, och överskattar det som det nyss valde. Se
    avsnittet om målnätverket i 04 och avsnittet om Double DQN i 05."""


@misconception(
    "5.1",
    edited(
        TARGET,
        f"value = {VALUE}\n",
        f"value = {VALUE}\n        online = model(next_state).max(dim=1).values\n"
        "        value = torch.minimum(value, online)\n",
    ),
)
def smallest_of_both():
    """Du tar det minsta av de två nätverkens värden. Det är en annan metod (clipped double
    Q-learning), som hellre underskattar. I Double DQN är det alltid samma nätverk som värderar. Se
    avsnittet om Double DQN i 05."""


@misconception(
    "5.1",
    edited(
        TARGET,
        f"value = {VALUE}\n",
        f"value = {VALUE}\n        value = (value + model(next_state).max(dim=1).values) / 2\n",
    ),
)
def mean_of_both():
    """Du tar medelvärdet av de två nätverkens värden. Då smyger sig hälften av överskattningen in
    igen. Det ena nätverket väljer, det andra värderar ensamt. Se avsnittet om Double DQN i 05."""


@misconception(
    "5.1",
    edited(
        TARGET,
        f"best = {CHOICE}",
        "best = (model(next_state) + target_model(next_state)).argmax(dim=1)\n",
    ),
)
def both_choose():
    """Nätverken väljer handlingen tillsammans, men den som väljer och den som värderar ska vara
    olika nätverk. Så fort målnätverket får vara med och välja väljs oftare just det som det självt
    överskattar. Se avsnittet om Double DQN i 05."""


@misconception("5.1", edited(TARGET, "~terminated", "1"))
def target_mask_missing():
    """Mitt i episoden räknar du med framtiden, som du ska, men du gör det också efter
    sluttillståndet. Där finns inget mer att vinna, så TD-målet är bara belöningen. Utan masken
    kostar det ingenting att ramla, och då lär sig agenten aldrig att låta bli. Se avsnittet om
    masken i 03."""


@misconception("5.1", edited(TARGET, "~terminated", "terminated"))
def target_mask_inverted():
    """Du har en mask, men den är bakvänd: framtiden räknas efter sluttillstånd men inte mitt i
    episoden. Flaggan `terminated` är sann där framtiden *inte* finns. Se avsnittet om masken i
    03."""


@misconception(
    "5.1",
    edited(TARGET, SUM, "(reward + discount_factor * value) * ~terminated"),
)
def target_mask_removes_reward():
    """Framtiden stängs av där den ska, men belöningen i sista steget försvann också. Masken gäller
    bara framtiden: den belöning som agenten redan har fått är det viktigaste i hela TD-målet. Se
    avsnittet om masken i 03."""


@misconception("5.1", edited(TARGET, "~terminated", "(1 - terminated)"))
def one_minus_bool():
    """Flaggan `terminated` är en tensor av sanningsvärden, och PyTorch vägrar räkna 1 minus sant.
    Vänd på den med `~`, gör om den till tal först, eller välj med `torch.where`. Se avsnittet om
    masken i 03."""


@misconception("5.1", edited(TARGET, "discount_factor * value", "value"))
def target_discount_missing():
    """Framtiden är med, men den är inte diskonterad, för γ saknas. Då väger en belöning långt fram
    lika mycket som en som kommer nu, och Q-värdena kan växa utan gräns. Se Bellmans ekvation i
    01a."""


@misconception("5.1", edited(TARGET, SUM, "discount_factor * (reward + value * ~terminated)"))
def target_discount_on_reward():
    """Framtiden är diskonterad, som den ska vara, men γ multiplicerar också belöningen. Den kommer
    nu och ska väga fullt, för bara det som kommer sedan krymper. Se Bellmans ekvation i 01a."""


@misconception("5.1", edited(TARGET, "discount_factor * value", "0.99 * value"))
def target_discount_hard_coded():
    """Diskonteringsfaktorn står som ett eget tal i funktionen, så argumentet används inte. Då går
    den inte att ändra utifrån. Använd argumenten som funktionen får."""


@misconception("5.1", edited(TARGET, "argmax(dim=1)", "argmax(dim=0)"))
def argmax_over_batch():
    """Funktionen `argmax` går längs fel dimension: den väljer bland exemplen i batchen, inte bland
    handlingarna. Raderna är olika situationer som inte har med varandra att göra. Rita upp formen
    (B, A) och se efter vilken dimension som är handlingarna."""


@misconception("5.1", edited(TARGET, VALUE, "target_model(next_state)[:, best]"))
def every_pair_of_rows():
    """`[:, best]` läser alla radernas handlingar ur varje rad, så svaret får formen (B, B). Du vill
    ha en enda handling per rad: rad 0 med sin, rad 1 med sin. Se avsnittet om `gather` i 03."""


@misconception("5.1", edited(TARGET, "best.unsqueeze(1)", "best"))
def gather_without_dimension():
    """Funktionen `gather` vill ha ett index med lika många dimensioner som tensorn, men den valda
    handlingen har formen (B,). Gör om den till (B, 1) först. Se avsnittet om `gather` i 03."""


@misconception("5.1", edited(TARGET, ".squeeze(1)", ""))
def target_broadcast():
    """Svaret har blivit en hel tabell, (B, B): efter `gather` är formen (B, 1), och möter den (B,)
    kombineras varje rad med alla andra rader utan att PyTorch säger något. Se avsnittet om den
    tysta fällan i 03."""


@misconception("5.1", edited(TARGET, f"return {SUM}", f"return ({SUM}).squeeze()"))
def target_squeezes_everything():
    """Med en enda rad i batchen tappar svaret sin form: `squeeze` utan argument tar bort alla
    dimensioner som är 1, också själva batchen. Säg vilken dimension som ska bort. Se avsnittet om
    den tysta fällan i 03."""


@misconception("5.1", edited(TARGET, "discount_factor * value", "discount_factor * best"))
def number_for_value():
    """Du räknar med den valda handlingens nummer i stället för dess värde. Funktionen `argmax`
    säger var det bästa står; vad det är värt får du fråga det andra nätverket om. Se avsnittet om
    Double DQN i 05."""


@misconception("5.1", edited(TARGET, "argmax(dim=1)", "max(dim=1).values"))
def values_as_index():
    """Du använder Q-värden som handlingsnummer. Funktionen `max` ger värden och `argmax` ger
    platser, och för att läsa av en tabell behövs platser (heltal). Se avsnittet om Double DQN i
    05."""


@misconception("5.1", edited(TARGET, VALUE, "target_model(next_state).mean(dim=1)"))
def mean_over_actions():
    """Målnätverket tillfrågas om genomsnittet av alla handlingar. Agenten kommer att göra en enda,
    den som online-nätverket väljer, och det är den som ska värderas. Se avsnittet om Double DQN i
    05."""


@misconception("5.1", edited(TARGET, "with torch.no_grad():", "if True:"))
def gradient_left():
    """TD-målet hänger ihop med nätverken. Används det i en förlust går gradienten också in i
    målnätverket, som om det vore målet som skulle rätta sig efter förutsägelsen. Målet ska vara en
    konstant. Se avsnittet om semigradienten i 03."""


@misconception("5.1", edited(TARGET, "torch.no_grad()", "torch.inference_mode()"))
def made_in_inference_mode():
    """En tensor som skapas under `inference_mode` får inte vara med när en förlust deriveras, så
    träningssteget skulle krascha. Välj ett av de andra sätten att stänga av gradienten. Se
    avsnittet om semigradienten i 03."""


@misconception(
    "5.1",
    edited(
        TARGET,
        "        best =",
        "        target_model.load_state_dict(model.state_dict())\n        best =",
    ),
)
def copies_the_network_first():
    """Du kopierar online-nätverket till målnätverket varje gång TD-målet räknas ut. Då är de alltid
    lika, och både målnätverket och Double DQN blir verkningslösa. Kopieringen hör till
    träningsloopen och sker sällan. Se avsnittet om målnätverket i 04."""


@misconception("5.1", edited(TARGET, f"return {SUM}", f"return ({SUM}).tolist()"))
def returns_list():
    """Svaret är en lista. En förlustfunktion räknar med tensorer, så träningssteget skulle krascha.
    Behåll tensorn hela vägen. Se avsnittet om TD-målet i 03."""


@misconception("5.1", edited(TARGET, f"return {SUM}", f"return ({SUM}).numpy()"))
def returns_array():
    """Svaret är en numpy-array. En förlustfunktion räknar med tensorer, så träningssteget skulle
    krascha. Behåll tensorn hela vägen. Se avsnittet om TD-målet i 03."""


@misconception(
    "5.1",
    edited(
        TARGET,
        f"return {SUM}",
        "reward += discount_factor * value * ~terminated\n        return reward",
    ),
)
def changes_reward():
    """`+=` skriver över belöningen som du fick in. Den tillhör den som anropade, och nästa som
    läser den får ditt TD-mål i stället. Räkna ut en ny tensor."""


# --- 5.2 -----------------------------------------------------------------------------------------

STEP = """
import torch
import dqn_helpers

def double_dqn_training_step(
    model, optimizer, criterion, replay_buffer, batch_size, discount_factor, target_model
):
    batch = dqn_helpers.sample_experiences(replay_buffer, batch_size)
    state, action, reward, next_state, terminated, truncated = batch
    with torch.no_grad():
        best = model(next_state).argmax(dim=1)
        value = target_model(next_state).gather(1, best.unsqueeze(1)).squeeze(1)
        target = reward + discount_factor * value * ~terminated
    predicted = model(state).gather(1, action.unsqueeze(1)).squeeze(1)
    loss = criterion(predicted, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
"""

PREDICTED = "model(state).gather(1, action.unsqueeze(1)).squeeze(1)"
SAMPLE = "    batch = dqn_helpers.sample_experiences(replay_buffer, batch_size)"
IN_COLUMNS = "    batch = [torch.stack([torch.as_tensor(x) for x in c]) for c in zip(*rows)]"


@misconception("5.2", edited(STEP, VALUE, "target_model(next_state).max(dim=1).values"))
def step_plain_dqn_with_target():
    """Det här är vanlig DQN med målnätverk: målnätverket får både välja och värdera, så det som
    det råkar överskatta väljs oftast. Double DQN delar på uppgifterna. Se avsnittet om skillnaden
    mellan målnätverk och Double DQN i 05."""


@misconception(
    "5.2",
    Edited(
        STEP,
        (f"best = {CHOICE}", f"best = target_{CHOICE}"),
        (f"value = {VALUE}", f"value = {VALUE.removeprefix('target_')}"),
    ),
)
def step_roles_swapped():
    """Rollerna är ombytta: målnätverket väljer och online-nätverket värderar. Har du en egen
    `double_dqn_target`, se också efter att nätverken skickas in i rätt ordning. Se avsnittet om
    Double DQN i 05."""


@misconception("5.2", edited(STEP, VALUE, "model(next_state).max(dim=1).values"))
def step_online_only():
    """TD-målet räknas ut bara med online-nätverket, och målnätverket används inte alls. Då jagar
    nätverket ett mål som flyttar sig i varje steg. Se avsnittet om målnätverket i 04 och avsnittet
    om Double DQN i 05."""


@misconception("5.2", edited(STEP, f"best = {CHOICE}", "best = model(state).argmax(dim=1)\n"))
def action_chosen_in_state():
    """Nästa handling väljs i fel tillstånd: online-nätverket får se s, men det är i s′ som nästa
    handling ska göras. Se avsnittet om Double DQN i 05."""


@misconception(
    "5.2", edited(STEP, "value = target_model(next_state)", "value = target_model(state)")
)
def valued_in_state():
    """Handlingen väljs i s′ men värderas i s. Båda frågorna gäller nästa tillstånd: vad ska göras
    där, och vad är det värt där? Se avsnittet om Double DQN i 05."""


@misconception(
    "5.2",
    Edited(
        STEP,
        (f"best = {CHOICE}", "best = model(state).argmax(dim=1)\n"),
        ("value = target_model(next_state)", "value = target_model(state)"),
    ),
)
def step_target_from_state():
    """TD-målet räknas ut ur fel tillstånd: framtiden börjar i *nästa* tillstånd, s′, men du frågar
    båda nätverken om s. Se avsnittet om TD-målet i 03."""


@misconception(
    "5.2",
    Edited(
        STEP,
        ("state, action, reward, next_state,", "next_state, action, reward, state,"),
    ),
)
def step_states_swapped():
    """Tillstånd och nästa tillstånd är ombytta: förutsägelsen räknas ut i s′ och TD-målet byggs av
    s, och det ska vara tvärtom. Kontrollera i vilken ordning du packar upp batchen. Se avsnittet om
    erfarenheten i 02."""


@misconception(
    "5.2", edited(STEP, "gather(1, best.unsqueeze(1))", "gather(1, action.unsqueeze(1))")
)
def step_same_action_again():
    """TD-målet värderar den handling som redan gjordes, en gång till. Nästa handling ska väljas på
    nytt, i nästa tillstånd, av online-nätverket. Se avsnittet om Double DQN i 05."""


@misconception(
    "5.2",
    edited(
        STEP,
        f"value = {VALUE}\n",
        f"value = {VALUE}\n        online = model(next_state).max(dim=1).values\n"
        "        value = torch.minimum(value, online)\n",
    ),
)
def step_smallest_of_both():
    """Du tar det minsta av de två nätverkens värden. Det är en annan metod (clipped double
    Q-learning), som hellre underskattar. I Double DQN är det alltid samma nätverk som värderar. Se
    avsnittet om Double DQN i 05."""


@misconception("5.2", edited(STEP, " * ~terminated", ""))
def step_mask_missing():
    """Mitt i episoden räknar du med framtiden, som du ska, men du gör det också efter
    sluttillståndet. Där finns inget mer att vinna, så TD-målet är bara belöningen. Se avsnittet om
    masken i 03."""


@misconception("5.2", edited(STEP, "~terminated", "terminated"))
def step_mask_inverted():
    """Du har en mask, men den är bakvänd: framtiden räknas efter sluttillstånd men inte mitt i
    episoden. Se avsnittet om masken i 03."""


@misconception(
    "5.2",
    edited(STEP, SUM, "(reward + discount_factor * value) * ~terminated"),
)
def step_mask_removes_reward():
    """Framtiden stängs av där den ska, men belöningen i sista steget försvann också. Masken ska
    bara ta bort framtiden, inte det agenten redan har fått. Se avsnittet om masken i 03."""


@misconception("5.2", edited(STEP, "~terminated", "~(terminated | truncated)"))
def step_truncated_as_terminal():
    """Sluttillstånden är maskerade, som de ska vara, men du maskerar också `truncated`. Tidsgränsen
    är inte ett misslyckande: världen fortsätter, vi slutade bara titta, och framtiden är
    fortfarande värd något. Se avsnittet om masken i 03."""


@misconception("5.2", edited(STEP, "~terminated", "~truncated"))
def step_truncated_for_terminated():
    """Du maskerar `truncated` i stället för `terminated`. Det är tvärtom: efter `terminated` finns
    ingen framtid, men efter `truncated` finns den kvar. Kontrollera i vilken ordning du packar upp
    batchen. Se avsnittet om masken i 03."""


@misconception("5.2", edited(STEP, "discount_factor * value", "value"))
def step_discount_missing():
    """Framtiden är med, men den är inte diskonterad, för γ saknas i TD-målet. Då väger en belöning
    långt fram lika mycket som en som kommer nu. Se Bellmans ekvation i 01a."""


@misconception("5.2", edited(STEP, SUM, "discount_factor * (reward + value * ~terminated)"))
def step_discount_on_reward():
    """Framtiden är diskonterad, som den ska vara, men γ multiplicerar också belöningen. Den kommer
    nu, och bara det som kommer sedan krymper. Se Bellmans ekvation i 01a."""


@misconception("5.2", edited(STEP, "reward + disc", "reward.clamp(-1, 1) + disc"))
def step_clips_reward():
    """Du klipper belöningen så att den ligger mellan −1 och 1. Det är ett knep ur artikeln om DQN,
    men det ger en annan uppgift än miljöns: TD-målet ska byggas av belöningen som den är."""


@misconception("5.2", edited(STEP, "discount_factor * value", "0.99 * value"))
def step_discount_hard_coded():
    """Diskonteringsfaktorn står som ett eget tal i funktionen, så argumentet används inte. Då går
    den inte att ändra utifrån. Använd argumenten som funktionen får."""


@misconception("5.2", edited(STEP, "with torch.no_grad():", "if True:"))
def gradient_into_target():
    """Gradienten går genom TD-målet och hamnar i målnätverkets `.grad`. Målet ska vara en konstant,
    som om talen kom utifrån. Se avsnittet om semigradienten i 03."""


@misconception("5.2", edited(STEP, f"predicted = {PREDICTED}", f"predicted = target_{PREDICTED}"))
def predicts_with_target_network():
    """Förutsägelsen kommer från målnätverket, så det är där gradienten hamnar, och
    online-nätverket lär sig ingenting. Det är online-nätverket som ska förutsäga och ändras. Se
    avsnittet om målnätverket i 04."""


@misconception(
    "5.2",
    edited(
        STEP,
        "    optimizer.step()\n",
        "    optimizer.step()\n    target_model.load_state_dict(model.state_dict())\n",
    ),
)
def copies_after_every_step():
    """Du kopierar online-nätverket till målnätverket i varje steg. Då är de nästan lika hela tiden
    och målnätverket gör ingen nytta. Kopieringen sköts av träningsloopen, sällan. Se avsnittet om
    målnätverket i 04."""


@misconception(
    "5.2",
    edited(
        STEP,
        "    optimizer.step()\n",
        "    optimizer.step()\n"
        "    dqn_helpers.update_target_network(model, target_model, tau=0.005)\n",
    ),
)
def soft_update_after_every_step():
    """Du flyttar målnätverket en liten bit i varje steg. En mjuk kopia är ett bra knep, men den
    hör till träningsloopen: här ska målnätverket stå stilla, annars uppdateras det två gånger. Se
    avsnittet om målnätverket i 04."""


@misconception("5.2", edited(STEP, f"= {PREDICTED}", "= model(state).max(dim=1).values"))
def step_predicts_best_action():
    """Förutsägelsen är det största Q-värdet i tillståndet, men det var kanske inte den handlingen
    som gjordes. Det är bara om den handling som gjordes som vi vet något nytt. Se avsnittet om
    `gather` i 03."""


@misconception("5.2", edited(STEP, f"= {PREDICTED}", "= model(state)"))
def step_predicts_all_actions():
    """Förutsägelsen är alla handlingars Q-värden, (B, A), men TD-målet är ett tal per rad. Plocka
    först ut värdet för handlingen som gjordes. Se avsnittet om `gather` i 03."""


@misconception("5.2", edited(STEP, "action.unsqueeze(1)).squeeze(1)", "action.unsqueeze(1))"))
def step_broadcast():
    """Du jämför varje rad med alla andra rader: förutsägelsen är (B, 1) och TD-målet (B,), och då
    sträcker PyTorch ut dem till (B, B) utan att klaga. Förlusten blir ett tal, men fel tal. Se
    avsnittet om den tysta fällan i 03."""


@misconception("5.2", edited(STEP, "best.unsqueeze(1)).squeeze(1)", "best.unsqueeze(1))"))
def step_target_broadcast():
    """TD-målet har formen (B, B): efter `gather` är värdet (B, 1), och möter det belöningen (B,)
    kombineras varje rad med alla andra. Se avsnittet om den tysta fällan i 03."""


@misconception(
    "5.2",
    edited(STEP, f"    predicted = {PREDICTED}", f"    predicted = {PREDICTED}.detach()"),
)
def step_prediction_without_gradient():
    """Det finns inget att lära sig av: förutsägelsen är uträknad utan gradient (`detach` eller
    `no_grad`), så `backward` hittar ingen väg tillbaka till vikterna. Bara TD-målet ska vara en
    konstant. Se avsnittet om semigradienten i 03."""


@misconception("5.2", edited(STEP, "    optimizer.zero_grad()\n", ""))
def step_zero_grad_missing():
    """Gamla gradienter ligger kvar och läggs till de nya, för `backward` adderar alltid till
    `.grad`. Det är online-nätverkets gradienter som ska nollas, varje steg. Se avsnittet om
    optimeringssteget i 03."""


@misconception(
    "5.2",
    Edited(
        STEP,
        ("    optimizer.zero_grad()\n", ""),
        ("    loss.backward()\n", "    loss.backward()\n    optimizer.zero_grad()\n"),
    ),
)
def step_zero_grad_too_late():
    """Du nollar gradienten mellan `backward` och `step`, precis innan den skulle användas, så inga
    vikter ändras. Nolla före `backward`. Se avsnittet om optimeringssteget i 03."""


@misconception("5.2", edited(STEP, "    optimizer.step()\n", ""))
def step_not_taken():
    """Gradienten räknas ut men används aldrig: vikterna är desamma efteråt. Det är optimeraren som
    tar steget. Se avsnittet om optimeringssteget i 03."""


@misconception(
    "5.2",
    edited(
        STEP,
        "    optimizer.step()\n",
        "    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    optimizer.step()\n",
    ),
)
def step_clips_norm():
    """Du klipper gradientens längd innan steget. Det är ett bra knep ibland, men ingår inte i den
    här övningen: steget ska tas med gradienten som den är."""


@misconception(
    "5.2",
    edited(STEP, "    optimizer.step()\n", "    optimizer.step()\n    optimizer.step()\n"),
)
def step_taken_twice():
    """Du tar två steg med samma gradient. Det andra steget går vidare i en riktning som inte längre
    stämmer. Det ska vara ett steg per batch."""


@misconception("5.2", edited(STEP, "return loss.item()", "return loss"))
def step_returns_graph():
    """Du returnerar förlusten som en tensor som håller kvar hela beräkningen. Sparas den i en
    lista, steg efter steg, växer minnet hela tiden. Ett vanligt tal räcker. Se avsnittet om
    optimeringssteget i 03."""


@misconception("5.2", edited(STEP, "    return loss.item()\n", ""))
def step_returns_nothing():
    """Steget tas, men förlusten returneras inte. Utan den går det inte att rita en kurva över hur
    träningen går. Se avsnittet om optimeringssteget i 03."""


@misconception(
    "5.2",
    edited(STEP, "return loss.item()", f"return criterion({PREDICTED}, target).item()"),
)
def step_returns_loss_after():
    """Du returnerar förlusten efter steget. Den som räknades ut före steget är den som gradienten
    kom ifrån, och den kostar inget extra att returnera."""


@misconception(
    "5.2",
    edited(
        STEP,
        SAMPLE,
        "    rows = [replay_buffer[len(replay_buffer) - 1 - i] for i in range(batch_size)]\n"
        + IN_COLUMNS,
    ),
)
def step_newest_only():
    """Du tar alltid de senaste erfarenheterna. De hör ihop i tiden och liknar varandra, och det var
    just det bufferten skulle bota. Dra ur hela bufferten. Se avsnittet om grannar i tiden i 02."""


@misconception(
    "5.2",
    edited(
        STEP,
        SAMPLE,
        "    start = int(torch.randint(len(replay_buffer) - batch_size + 1, ()))\n"
        "    rows = [replay_buffer[start + i] for i in range(batch_size)]\n" + IN_COLUMNS,
    ),
)
def step_contiguous_batch():
    """Du drar en startplats och tar raderna efter den. Grannar i tiden följs åt, så batchen blir
    nästan samma erfarenhet många gånger. Dra varje rad för sig. Se avsnittet om grannar i tiden i
    02."""


@misconception("5.2", edited(STEP, SAMPLE, f"    torch.manual_seed(42)\n{SAMPLE}"))
def step_same_batch_every_time():
    """Varje anrop tränar på samma fåtal erfarenheter. Sätter du slumpfröet inne i funktionen, eller
    läser du alltid på samma platser? Ett frö ska i så fall sättas en gång, utanför."""


@misconception("5.2", edited(STEP, "(replay_buffer, batch_size)", "(replay_buffer, 12)"))
def step_batch_size_hard_coded():
    """Batchens storlek står som ett eget tal i funktionen, så argumentet `batch_size` används inte.
    Använd argumenten som funktionen får."""


# --- 5.3 -----------------------------------------------------------------------------------------

BIAS = """
def q_value_bias(predicted_q_values, rewards, discount_factor):
    total, following = 0.0, 0.0
    for t in reversed(range(len(rewards))):
        following = rewards[t] + discount_factor * following
        total += predicted_q_values[t] - following
    return float(total / len(rewards))
"""

RETURN = "rewards[t] + discount_factor * following"
LOOP = "for t in reversed(range(len(rewards))):"
DIFFERENCE = "total += predicted_q_values[t] - following"
RESULT = "float(total / len(rewards))"


@misconception("5.3", edited(BIAS, "discount_factor * following", "following"))
def return_undiscounted():
    """Jämförelsen är rätt, men avkastningen är inte diskonterad, för γ saknas. Q-värdet förutsäger
    den *diskonterade* avkastningen, så det är den det ska jämföras med; annars ser nätverket ut att
    underskatta. Se avsnittet om avkastning i 01a."""


@misconception("5.3", edited(BIAS, LOOP, "for t in range(len(rewards)):"))
def accumulates_forwards():
    """Summan går åt fel håll: i varje steg samlar du det som redan har hänt. Avkastningen från t
    är det som kommer från och med t, fram till episodens slut, så det är lättast att börja
    bakifrån. Se avsnittet om avkastning i 01a."""


@misconception("5.3")
def discounted_from_the_start(predicted_q_values, rewards, discount_factor):
    """Du diskonterar från episodens början i stället för från steget t. Avkastningen från t räknas
    som om klockan startade där: belöningen i steg t är inte diskonterad alls, nästa en gång. Se
    avsnittet om avkastning i 01a."""
    steps = range(len(rewards))
    future = [sum(discount_factor**k * rewards[k] for k in steps if k >= t) for t in steps]
    return float(sum(predicted_q_values[t] - future[t] for t in steps) / len(rewards))


@misconception(
    "5.3",
    Edited(
        BIAS,
        (f"        following = {RETURN}\n", ""),
        (f"        {DIFFERENCE}\n", f"        {DIFFERENCE}\n        following = {RETURN}\n"),
    ),
)
def return_from_next_step():
    """Förutsägelsen i steg t jämförs med avkastningen från steg t + 1: belöningen i själva steget
    är inte med. Q(s, a) räknar in belöningen som handlingen ger. Se avsnittet om avkastning i
    01a."""


@misconception("5.3", edited(BIAS, RETURN, "discount_factor * (rewards[t] + following)"))
def discounts_one_step_too_many():
    """Avkastningen är diskonterad, men belöningen i steget självt är det också, så hela
    avkastningen är en faktor γ för liten. Den belöningen kommer nu. Se avsnittet om avkastning i
    01a."""


@misconception("5.3", edited(BIAS, RETURN, "rewards[t]"))
def reward_for_return():
    """Du jämför med belöningen i steget, men Q-värdet förutsäger allt som kommer efter det också:
    hela den diskonterade avkastningen. Se avsnittet om avkastning i 01a."""


@misconception("5.3")
def same_return_for_every_step(predicted_q_values, rewards, discount_factor):
    """Alla steg jämförs med avkastningen från episodens början. Ju längre fram i episoden, desto
    mindre är kvar att få: varje steg har sin egen avkastning. Se avsnittet om avkastning i 01a."""
    total = sum(discount_factor**t * rewards[t] for t in range(len(rewards)))
    return float(sum(predicted_q_values[t] - total for t in range(len(rewards))) / len(rewards))


@misconception("5.3")
def td_error_for_bias(predicted_q_values, rewards, discount_factor):
    """Du jämför med belöningen plus nätverkets egen nästa förutsägelse, alltså TD-felet. Det är
    nätverket mot sig självt, och ett nätverk som överskattar överallt ser rätt ut. Biasen mäts mot
    det som verkligen kom. Se avsnittet om överskattning i 05."""
    n = len(rewards)
    following = [float(predicted_q_values[t]) for t in range(1, n)] + [0.0]
    errors = [predicted_q_values[t] - rewards[t] - discount_factor * following[t] for t in range(n)]
    return float(sum(errors) / n)


@misconception("5.3", edited(BIAS, DIFFERENCE, f"{DIFFERENCE.replace('+= ', '+= abs(')})"))
def absolute_difference():
    """Du tar absolutbeloppet, men biasen ska ha ett tecken: plus betyder att nätverket
    överskattar, minus att det underskattar, och fel åt båda hållen ska ta ut varandra. Med
    absolutbelopp mäter du hur stort felet är, inte åt vilket håll det lutar. Se avsnittet om
    överskattning i 05."""


@misconception("5.3", edited(BIAS, DIFFERENCE, f"{DIFFERENCE.replace('+= ', '+= (')}) ** 2"))
def squared_difference():
    """Du kvadrerar skillnaden. Då syns det inte om nätverket överskattar eller underskattar, för
    båda blir positiva. Biasen är medelvärdet av skillnaderna som de är. Se avsnittet om
    överskattning i 05."""


@misconception(
    "5.3", edited(BIAS, "predicted_q_values[t] - following", "following - predicted_q_values[t]")
)
def sign_reversed():
    """Storleken är rätt, men tecknet är omvänt: du drar förutsägelsen från avkastningen. Då ser ett
    nätverk som överskattar ut att underskatta. Positiv bias ska betyda för högt Q-värde. Se
    avsnittet om överskattning i 05."""


@misconception("5.3", edited(BIAS, RESULT, "float(total)"))
def sum_for_mean():
    """Skillnaderna är rätt, men du summerar dem utan att ta medelvärdet, så en lång episod ser ut
    att ha större bias än en kort. Se avsnittet om överskattning i 05."""


@misconception("5.3", edited(BIAS, RESULT, "float(predicted_q_values[0] - following)"))
def first_step_only():
    """Bara episodens första steg räknas. Alla tillstånd som besöktes ska vara med: medelvärdet
    över hela episoden. Se avsnittet om överskattning i 05."""


@misconception(
    "5.3",
    Edited(
        BIAS,
        ("total, following = 0.0, 0.0", "total, following = [], 0.0"),
        (DIFFERENCE, "total.append(float(predicted_q_values[t] - following))"),
        (RESULT, "total[::-1]"),
    ),
)
def one_number_per_step():
    """Skillnaderna är rätt, men du returnerar en per steg. Svaret ska vara ett enda tal för hela
    episoden: medelvärdet av dem. Se avsnittet om överskattning i 05."""


@misconception("5.3")
def returns_in_whole_numbers(predicted_q_values, rewards, discount_factor):
    """Är belöningarna heltal blir också avkastningen heltal: en array som skapas som en kopia av
    belöningarna (`zeros_like`, `copy`) har samma `dtype` och kapar decimalerna utan att säga något.
    Gör den till decimaltal från början."""
    returns, following = np.zeros_like(np.asarray(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        following = float(rewards[t]) + discount_factor * following
        returns[t] = following
    return float(np.mean(np.asarray(predicted_q_values) - returns))


@misconception("5.3")
def needs_arrays(predicted_q_values, rewards, discount_factor):
    """Det går inte med vanliga listor: de har inga räknemetoder som `mean` och går inte att
    subtrahera från varandra. Gör om det som kommer in till arrayer först, eller gå igenom det tal
    för tal."""
    returns = [0.0] * (len(rewards) + 1)
    for t in reversed(range(len(rewards))):
        returns[t] = float(rewards[t]) + discount_factor * returns[t + 1]
    return float(predicted_q_values.mean() - np.mean(returns[:-1]))


@misconception("5.3")
def tensor_mean_of_whole_numbers(predicted_q_values, rewards, discount_factor):
    """Det kraschar när förutsägelserna är heltal: PyTorch tar inget medelvärde av en heltalstensor.
    Säg vilken `dtype` tensorn ska ha när du skapar den."""
    returns = [0.0] * (len(rewards) + 1)
    for t in reversed(range(len(rewards))):
        returns[t] = float(rewards[t]) + discount_factor * returns[t + 1]
    return float(torch.tensor(predicted_q_values).mean() - np.mean(returns[:-1]))


@misconception("5.3")
def changes_rewards(predicted_q_values, rewards, discount_factor):
    """Du räknar ut avkastningen i samma lista som belöningarna låg i, så den som anropade har inte
    kvar sina belöningar; är de heltal i en array kapas dessutom decimalerna. Skriv i en egen lista
    eller variabel."""
    for t in reversed(range(len(rewards) - 1)):
        rewards[t] += discount_factor * rewards[t + 1]
    n = len(rewards)
    return float(sum(predicted_q_values[t] - rewards[t] for t in range(n)) / n)
