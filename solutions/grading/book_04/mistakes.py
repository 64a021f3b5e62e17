"""Misstag i 04 Hela DQN-loopen. Docstringen är det studenten får läsa."""

import copy

import torch
from torch import nn

from dqn_helpers.autograder.catalogue import Edited, misconception

# --- 4.1 -----------------------------------------------------------------------------------------


@misconception("4.1")
def never_stops(step, start, end, decay_steps):
    """Linjen är rätt, men den fortsätter förbi slutet: efter `decay_steps` sjunker ε vidare, till
    slut under noll. Men ε är en sannolikhet, och agenten ska fortsätta utforska lite. Se avsnittet
    om ε i 04."""
    return start + step / decay_steps * (end - start)


@misconception("4.1")
def stops_at_zero(step, start, end, decay_steps):
    """Du stannar vid 0, inte vid `end`: linjen fortsätter förbi slutvärdet. Utan någon utforskning
    alls ser bufferten till slut bara det som agenten redan brukar göra. Se avsnittet om ε i 04."""
    return max(0, start + step / decay_steps * (end - start))


@misconception("4.1")
def wrong_direction(step, start, end, decay_steps):
    """ε går åt fel håll, från `end` till `start`. Då är agenten girig när den inget vet och
    utforskar när den har lärt sig. Se avsnittet om ε i 04."""
    return end + min(step / decay_steps, 1) * (start - end)


@misconception("4.1")
def grows(step, start, end, decay_steps):
    """ε växer i stället för att sjunka: skillnaden mellan `start` och `end` är tagen åt fel håll,
    eller läggs till där den ska dras ifrån. Pröva med ett steg mitt på vägen: ε ska ligga mellan
    `start` och `end`. Se formeln i avsnittet om ε i 04."""
    return start + min(step / decay_steps, 1) * (start - end)


@misconception("4.1")
def grows_without_end(step, start, end, decay_steps):
    """ε växer hela tiden, också efter `decay_steps`, för skillnaden mellan `start` och `end` är
    tagen åt fel håll, och då hjälper inget golv. Pröva med ett steg mitt på vägen: ε ska ligga
    mellan `start` och `end`. Se formeln i avsnittet om ε i 04."""
    return max(end, start + step * (start - end) / decay_steps)


@misconception("4.1", alone=True)
def geometric(step, start, end, decay_steps):
    """Ändpunkterna stämmer, men vägen är krökt: du multiplicerar ε med samma tal i varje steg. En
    rät linje minskar lika *mycket* i varje steg. Räkna ut mittpunkten för hand och jämför."""
    return start * (end / start) ** min(step / decay_steps, 1)


@misconception("4.1")
def min_for_max(step, start, end, decay_steps):
    """Funktionerna `min` och `max` är ombytta: ε är framme vid `end` på en gång, och fortsätter
    sedan förbi. Rita linjen och slutvärdet i samma figur och se vilken av dem som ska gälla före
    och efter `decay_steps`."""
    return min(end, start - step / decay_steps * (start - end))


# Golvet min(end, linjen) och andelen max(andelen, 1) ger exakt samma funktion.
@misconception("4.1", equivalent_to=("min_for_max",))
def max_for_min(step, start, end, decay_steps):
    """Du har `max` där det ska vara `min`: andelen av vägen blir minst 1, så ε är framme på en gång
    och fortsätter sedan förbi. Andelen ska som *mest* bli 1. Se formeln i avsnittet om ε i 04."""
    return start + max(step / decay_steps, 1) * (end - start)


@misconception("4.1")
def integer_division(step, start, end, decay_steps):
    """ε ligger kvar på `start` hela vägen och hoppar sedan ner. Det är heltalsdivision, `//` eller
    `int(…)`: andelen av vägen avrundas till 0 ända tills den är 1. Använd `/` och behåll
    decimalerna."""
    return start + min(step // decay_steps, 1) * (end - start)


@misconception("4.1")
def precedence(step, start, end, decay_steps):
    """En parentes saknas: multiplikation går före addition, så bara en del av uttrycket blir
    multiplicerad med andelen av vägen. Det är *hela* skillnaden från `start` till `end` som ska
    multipliceras. Pröva med steg 0: vad blir det då?"""
    return start + min(step / decay_steps, 1) * end - start


@misconception("4.1")
def slope_to_zero(step, start, end, decay_steps):
    """Lutningen är fel: din linje siktar mot 0 och inte mot `end`, så den når golvet för tidigt.
    Höjden att gå ner är skillnaden mellan `start` och `end`. Se formeln i avsnittet om ε i 04."""
    return max(end, start * (1 - step / decay_steps))


@misconception("4.1")
def slope_one(step, start, end, decay_steps):
    """Du drar bort andelen av vägen rakt av, som om ε alltid sjönk från 1 till 0. Skala den med hur
    långt det är mellan `start` och `end`. Annars når linjen golvet för tidigt."""
    return max(end, start - step / decay_steps)


@misconception("4.1")
def one_step_early(step, start, end, decay_steps):
    """ε är ett steg före: redan vid steg 0 har det sjunkit. Stegen räknas från 0, så vid den första
    handlingen ska ε vara exakt `start`."""
    return start + min((step + 1) / decay_steps, 1) * (end - start)


@misconception("4.1")
def divides_by_one_less(step, start, end, decay_steps):
    """Du delar med `decay_steps` − 1, så linjen är framme ett steg för tidigt (och med
    `decay_steps` = 1 blir det division med noll). Det är `decay_steps` steg från början till slut,
    inte `decay_steps` punkter."""
    return start + min(step / (decay_steps - 1), 1) * (end - start)


@misconception("4.1")
def nothing_after(step, start, end, decay_steps):
    """Efter `decay_steps` ger funktionen inget alls (`None`): det finns ett `if` för början men
    inget svar för resten. Träningen går vidare långt efter att linjen är slut, så också då behövs
    ett ε."""
    if step < decay_steps:
        return start + step / decay_steps * (end - start)
    return None


@misconception("4.1")
def starts_over(step, start, end, decay_steps):
    """ε börjar om från `start` när linjen är slut, som en sågtand. Då blir agenten slumpmässig igen
    gång på gång. Efter `decay_steps` ska ε stanna där det är. Se figuren i avsnittet om ε i 04."""
    return start + step % decay_steps / decay_steps * (end - start)


@misconception("4.1")
def changes_only_by_end(step, start, end, decay_steps):
    """Du drar bort en del av slutvärdet i stället för en del av skillnaden mellan `start` och
    `end`, så linjen hamnar fel när den är framme. Sätt in sista steget i din formel: blir det
    `end`?"""
    return start - min(step / decay_steps, 1) * end


# --- 4.2 -----------------------------------------------------------------------------------------


@torch.no_grad()
def _copy_buffers(model, target_model):
    for buffer, target in zip(model.buffers(), target_model.buffers(), strict=True):
        target.copy_(buffer)


def _pairs(model, target_model):
    return zip(model.parameters(), target_model.parameters(), strict=True)


@misconception("4.2")
@torch.no_grad()
def tau_swapped(model, target_model, tau=1.0):
    """τ och 1 − τ är ombytta: med ett litet τ blir målnätverket nästan helt online-nätverket. τ är
    hur stor del som kommer därifrån, och målnätverket ska vara det tröga. Se avsnittet om
    målnätverket i 04."""
    _copy_buffers(model, target_model)
    for parameter, target in _pairs(model, target_model):
        target.copy_((1 - tau) * parameter + tau * target)


@misconception("4.2")
@torch.no_grad()
def always_hard(model, target_model, tau=1.0):
    """Du kopierar alltid allt, så τ används inte. Med τ under 1 ska målnätverket bara flytta sig en
    bit, annars blir det ingen mjuk kopia. Se avsnittet om målnätverket i 04."""
    target_model.load_state_dict(model.state_dict())


@misconception("4.2")
@torch.no_grad()
def tau_hard_coded(model, target_model, tau=1.0):
    """τ står som ett eget tal i funktionen, så argumentet används inte, och en hård kopia går inte
    att göra. Använd argumenten som funktionen får."""
    _copy_buffers(model, target_model)
    for parameter, target in _pairs(model, target_model):
        target.copy_(0.005 * parameter + 0.995 * target)


@misconception("4.2")
@torch.no_grad()
def adds_without_shrinking(model, target_model, tau=1.0):
    """Du lägger till en bit av online-nätverket utan att ta bort lika mycket av det gamla. Då växer
    målnätverkets vikter för varje gång. De två delarna ska tillsammans bli ett helt. Se avsnittet
    om målnätverket i 04."""
    _copy_buffers(model, target_model)
    for parameter, target in _pairs(model, target_model):
        target += tau * parameter


@misconception("4.2")
@torch.no_grad()
def forgets_old_target(model, target_model, tau=1.0):
    """Det gamla målnätverket är borta: du multiplicerar online-nätverkets vikter med τ och låter
    det vara allt. Då krymper Q-värdena mot noll. Resten, 1 − τ, ska komma från målnätverket som det
    var. Se avsnittet om målnätverket i 04."""
    _copy_buffers(model, target_model)
    for parameter, target in _pairs(model, target_model):
        target.copy_(tau * parameter)


@misconception("4.2")
def binds_new_network(model, target_model, tau=1.0):
    """Målnätverket som skickades in ändras inte alls. Ett `=` ger bara ett namn inne i funktionen
    något nytt att peka på, vare sig det är `target_model` eller en variabel i en loop; den som
    anropade har kvar det gamla. Ändra talen i de tensorer som redan finns, med något som slutar på
    understreck."""
    target_model = copy.deepcopy(model)  # noqa: F841


# Inget händer i någon av dem, så svaren är alltid desamma; texten ovan täcker båda.
@misconception("4.2", equivalent_to=("binds_new_network",))
def binds_loop_variable(model, target_model, tau=1.0):
    """Målnätverket som skickades in ändras inte alls: variabeln i loopen får ett nytt värde, men
    parametern i nätverket är kvar som den var. Ändra talen i tensorn på plats i stället."""
    for parameter, target in _pairs(model, target_model):
        target = tau * parameter + (1 - tau) * target


@misconception("4.2")
def no_grad_missing(model, target_model, tau=1.0):
    """PyTorch håller reda på gradienten för parametern som du ändrar, och vägrar därför.
    Kopieringen är inget som ska läras in eller deriveras: tala om det för PyTorch, på samma sätt
    som när TD-målet räknades ut i 03."""
    for parameter, target in _pairs(model, target_model):
        target.copy_(tau * parameter + (1 - tau) * target)


@misconception("4.2")
@torch.no_grad()
def shares_memory_when_hard(model, target_model, tau=1.0):
    """När τ är 1 låter du de två nätverken använda samma tal i minnet. Det ser rätt ut just då, men
    i nästa träningssteg flyttar målnätverket med, precis som utan målnätverk. Kopiera talen. Se
    ”Testa dig själv” efter målnätverket i 04."""
    _copy_buffers(model, target_model)
    for parameter, target in _pairs(model, target_model):
        mixed = tau * parameter + (1 - tau) * target
        target.data = parameter.data if tau == 1 else mixed.data


@misconception("4.2")
@torch.no_grad()
def buffers_shared(model, target_model, tau=1.0):
    """Parametrarna kopieras, men buffertarna blir samma tal i minnet som online-nätverkets. När
    BatchNorm räknar om sina medelvärden i nästa träningssteg följer målnätverket med. Kopiera talen
    i buffertarna också, på plats."""
    for parameter, target in _pairs(model, target_model):
        target.copy_(tau * parameter + (1 - tau) * target)
    for buffer, target in zip(model.buffers(), target_model.buffers(), strict=True):
        target.data = buffer.data


@misconception("4.2")
def assigns_state_dict(model, target_model, tau=1.0):
    """Valet `assign=True` flyttar in online-nätverkets egna tensorer i målnätverket, i stället för
    att kopiera talen. Sedan är de två namn på samma minne, och TD-målet rör sig i varje
    träningssteg. Dessutom används inte τ. Se avsnittet om målnätverket i 04."""
    target_model.load_state_dict(model.state_dict(), assign=True)


@misconception("4.2")
@torch.no_grad()
def replaces_parameters(model, target_model, tau=1.0):
    """Du byter ut målnätverkets parametrar mot nya objekt. Den som redan håller i de gamla, till
    exempel en optimerare eller ett nätverk som delar lager, ser inget av ändringen. Skriv nya tal i
    de parametrar som finns."""
    _copy_buffers(model, target_model)
    for mine, theirs in zip(model.modules(), target_model.modules(), strict=True):
        for name, parameter in mine.named_parameters(recurse=False):
            mixed = tau * parameter + (1 - tau) * getattr(theirs, name)
            setattr(theirs, name, nn.Parameter(mixed))


@misconception("4.2")
@torch.no_grad()
def buffers_forgotten(model, target_model, tau=1.0):
    """Målnätverkets buffertar är kvar som de var. Ett lager som BatchNorm räknar om sina indata med
    medelvärden som ligger där: utan dem ger samma vikter helt andra Q-värden. Det som
    `parameters()` ger är inte hela nätverket."""
    for parameter, target in _pairs(model, target_model):
        target.copy_(tau * parameter + (1 - tau) * target)


@misconception("4.2")
def buffers_mixed(model, target_model, tau=1.0):
    """Parametrarna blandas som de ska, men du blandar buffertarna också. Buffertarna är inte
    inlärda utan uträknade. Ett antal batchar är ett heltal och går inte att blanda, och
    medelvärdena hör ihop med antalet. Kopiera buffertarna hela."""
    mine, theirs = model.state_dict(), target_model.state_dict()
    mixed = {name: tau * mine[name] + (1 - tau) * theirs[name] for name in mine}
    target_model.load_state_dict(mixed)


@misconception("4.2")
@torch.no_grad()
def integer_buffers_skipped(model, target_model, tau=1.0):
    """Du blandar de buffertar som består av decimaltal och hoppar över dem som består av heltal.
    Buffertar ska kopieras hela, vilken datatyp de än har, för de är uträknade, inte inlärda, och
    hör ihop med varandra."""
    mine, theirs = model.state_dict(), target_model.state_dict()
    for name in mine:
        if mine[name].is_floating_point():
            theirs[name].copy_(tau * mine[name] + (1 - tau) * theirs[name])


@misconception("4.2")
@torch.no_grad()
def wrong_way(model, target_model, tau=1.0):
    """Du kopierar åt fel håll: online-nätverket får målnätverkets vikter. Då förstörs det som just
    har lärts in. Det är målnätverket som ska följa efter. Se avsnittet om målnätverket i 04."""
    _copy_buffers(target_model, model)
    for parameter, target in _pairs(model, target_model):
        parameter.copy_(tau * target + (1 - tau) * parameter)


@misconception("4.2")
@torch.no_grad()
def both_move(model, target_model, tau=1.0):
    """Online-nätverket ändras också: du skriver i det på plats, med en funktion som slutar på
    understreck (`mul_`, `lerp_`) eller med `*=`, när du bara vill räkna. Det online-nätverket har
    lärt sig ska vara orört. Räkna fram ett nytt värde och skriv det i målnätverket."""
    _copy_buffers(model, target_model)
    for parameter, target in _pairs(model, target_model):
        target.mul_(1 - tau).add_(parameter.mul_(tau))


@misconception("4.2")
@torch.no_grad()
def only_weights(model, target_model, tau=1.0):
    """Bara de parametrar som heter `weight` följer med. Biasvikten lärs också in, och utan den ger
    målnätverket TD-mål som hör ihop med ett annat nätverk. Gå igenom alla parametrar."""
    _copy_buffers(model, target_model)
    theirs = dict(target_model.named_parameters())
    for name, parameter in model.named_parameters():
        if "weight" in name:
            theirs[name].copy_(tau * parameter + (1 - tau) * theirs[name])


@misconception("4.2")
@torch.no_grad()
def first_only(model, target_model, tau=1.0):
    """Bara den första parametern ändras. Står det ett `return` i loopen, eller tog du bara
    `next(…)`? Alla lager ska följa med, annars är målnätverket en blandning som ingen har
    tränat."""
    _copy_buffers(model, target_model)
    for parameter, target in _pairs(model, target_model):
        target.copy_(tau * parameter + (1 - tau) * target)
        return


@misconception("4.2")
def loads_the_wrong_way(model, target_model, tau=1.0):
    """Du kopierar åt fel håll: `model.load_state_dict(…)` ändrar online-nätverket, och det som just
    har lärts in försvinner. Det är målnätverket som ska få nya tal, så det är dess metod du ska
    anropa. Då används inte heller τ, så en mjuk kopia behöver något mer."""
    model.load_state_dict(target_model.state_dict())


# `target = …` och `target.lerp(…)` utan understreck ger samma sak: texten nämner båda.
@misconception("4.2")
@torch.no_grad()
def parameters_not_written(model, target_model, tau=1.0):
    """Buffertarna kopieras, men målnätverkets parametrar är kvar som de var. Ett `target = …` i
    loopen ger bara ett namn något nytt att peka på, och en metod utan understreck räknar bara ut
    ett svar. Skriv in de nya talen i målnätverkets egna tensorer, till exempel med `copy_`."""
    _copy_buffers(model, target_model)
    for parameter, target in _pairs(model, target_model):
        target = tau * parameter + (1 - tau) * target


@misconception("4.2")
@torch.no_grad()
def parameters_wrong_way(model, target_model, tau=1.0):
    """Du skriver in parametrarnas nya tal i online-nätverket, fast det är målnätverket som ska
    flytta sig. Se efter vilket av de två namnen i loopen som hör till vilket nätverk: de kommer i
    den ordning som nätverken står i `zip`. Buffertarna går åt rätt håll."""
    _copy_buffers(model, target_model)
    for parameter, target in _pairs(model, target_model):
        parameter.copy_(tau * target + (1 - tau) * parameter)


@misconception("4.2")
@torch.no_grad()
def parameters_mixed_into_online(model, target_model, tau=1.0):
    """Blandningen är rätt uträknad, men du skriver in den i online-nätverkets parametrar. Det är
    målnätverket som ska flytta sig, så det är dess tensorer som ska ändras på plats. Buffertarna
    går åt rätt håll."""
    _copy_buffers(model, target_model)
    for parameter, target in _pairs(model, target_model):
        parameter.copy_(tau * parameter + (1 - tau) * target)


@misconception("4.2")
@torch.no_grad()
def mixed_into_online(model, target_model, tau=1.0):
    """Blandningen är rätt uträknad, men du skriver in den i online-nätverkets parametrar, och
    målnätverket är kvar som det var. Det är målnätverket som ska flytta sig, så det är dess
    tensorer som ska ändras på plats. Gör likadant med buffertarna."""
    _copy_buffers(target_model, model)
    for parameter, target in _pairs(model, target_model):
        parameter.copy_(tau * parameter + (1 - tau) * target)


@misconception("4.2")
@torch.no_grad()
def mixed_into_online_alone(model, target_model, tau=1.0):
    """Blandningen är rätt uträknad, men du skriver in den i online-nätverkets parametrar, och
    målnätverket är kvar som det var. Det är målnätverket som ska flytta sig, så det är dess
    tensorer som ska ändras på plats. Glöm sedan inte buffertarna."""
    for parameter, target in _pairs(model, target_model):
        parameter.copy_(tau * parameter + (1 - tau) * target)


@misconception("4.2")
@torch.no_grad()
def wrong_way_alone(model, target_model, tau=1.0):
    """Du kopierar parametrarna åt fel håll: online-nätverket får målnätverkets vikter. Då förstörs
    det som just har lärts in. Det är målnätverket som ska följa efter. Se avsnittet om målnätverket
    i 04. Glöm sedan inte buffertarna."""
    for parameter, target in _pairs(model, target_model):
        parameter.copy_(tau * target + (1 - tau) * parameter)


# --- 4.3 -----------------------------------------------------------------------------------------

LOOP = """
import copy
import dqn_helpers

def train_dqn(model, env, replay_buffer, optimizer, criterion, n_episodes, warmup, batch_size,
              discount_factor, *, target_model, train_every, target_update_every, epsilon_start,
              epsilon_end, epsilon_decay_steps, training_step):
    returns, n_steps, n_trained = [], 0, 0
    for episode in range(n_episodes):
        obs, _ = env.reset()
        obs = obs.copy()
        episode_return, length, done = 0.0, 0, False
        while not done:
            epsilon = dqn_helpers.linear_epsilon(
                n_steps, epsilon_start, epsilon_end, epsilon_decay_steps
            )
            action = dqn_helpers.choose_dqn_action(model, obs, epsilon)
            next_obs, reward, terminated, truncated, _ = env.step(action)
            next_obs = next_obs.copy()
            done = terminated or truncated
            replay_buffer.append((obs, action, reward, next_obs, terminated, truncated))
            obs = next_obs
            episode_return += reward
            length += 1
            n_steps += 1
            warm = episode >= warmup
            its_time = n_steps % train_every == 0
            if warm and its_time and len(replay_buffer) >= batch_size:
                training_step(model, optimizer, criterion, replay_buffer, batch_size,
                              discount_factor, target_model)
                n_trained += 1
                if n_trained % target_update_every == 0:
                    dqn_helpers.update_target_network(model, target_model)
        returns.append(episode_return)
    return returns
"""

DONE = "done = terminated or truncated\n"
APPEND = (
    "            replay_buffer.append((obs, action, reward, next_obs, terminated, truncated))\n"
)
ADVANCE = "            obs = next_obs\n"
SYNC = """                if n_trained % target_update_every == 0:
                    dqn_helpers.update_target_network(model, target_model)
"""
COUNT = "                n_trained += 1\n"
STEP_ARGUMENTS = """model, optimizer, criterion, replay_buffer, batch_size,
                              discount_factor, target_model)"""
TRAIN = f"                training_step({STEP_ARGUMENTS}\n"
CONDITION = "            if warm and its_time and len(replay_buffer) >= batch_size:\n"
RESET = "        obs, _ = env.reset()\n        obs = obs.copy()\n"
COPY = "            next_obs = next_obs.copy()\n"
START = "    returns, n_steps, n_trained = [], 0, 0\n"
SCHEDULE = """dqn_helpers.linear_epsilon(
                n_steps, epsilon_start, epsilon_end, epsilon_decay_steps
            )"""
FINISH = "        returns.append(episode_return)\n"
EACH_TIME = f"{CONDITION}{TRAIN}{COUNT}{SYNC}"


def loop(*changes):
    """Loopen med ändringar."""
    return Edited(LOOP, *changes)


def after_the_episode(repeats):
    """Loopen där träningen står efter episoden i stället för i den."""
    body = f"{TRAIN}{COUNT}{SYNC}"
    moved = "\n".join(line[4:] for line in body.split("\n")).rstrip(" ")
    if repeats:
        enough = "episode >= warmup and len(replay_buffer) >= batch_size"
        condition = f"        for _ in range(length // train_every if {enough} else 0):\n"
    else:
        condition = "        if episode >= warmup and len(replay_buffer) >= batch_size:\n"
    return loop((EACH_TIME, ""), (FINISH, f"{FINISH}{condition}{moved}"))


@misconception(
    "4.3",
    loop(
        (RESET, ""),
        (START, f"{START}    obs = env.reset()[0].copy()\n"),
        (DONE, f"{DONE}            if done:\n                next_obs = env.reset()[0].copy()\n"),
    ),
)
def stores_next_start():
    """Du startar om miljön innan du har sparat, så i episodens sista erfarenhet blir nästa
    tillstånd starten på nästa episod. Vid en tidsgräns räknas TD-målet ut ur det tillståndet, och
    då lär sig nätverket något som inte hände. Spara först, starta om sedan. Se avsnittet om
    erfarenheten i 02."""


@misconception("4.3", loop((DONE, "done = terminated\n")))
def truncated_ignored():
    """Episoden tog slut (`truncated`), men din loop fortsatte. En tidsgräns är inget sluttillstånd,
    men spelet är ändå över för den här gången: miljön måste startas om. I en miljö som aldrig säger
    `terminated` hade loopen gått för evigt. Se avsnittet om tidsgränsen i 04."""


@misconception("4.3", loop((RESET, ""), (START, f"{START}    obs, _ = env.reset()\n")))
def reset_once():
    """Miljön startas om bara en gång, före den första episoden. När en episod är slut måste varje
    ny börja med en egen `env.reset()`, annars går det inte att fortsätta spela. Se avsnittet om
    Gymnasium i 01a."""


@misconception("4.3", loop((RESET, "        obs = env.reset()\n")))
def reset_not_unpacked():
    """Anropet `env.reset()` ger två saker, observationen och en ordbok med upplysningar, och du
    lägger båda i samma variabel. Nätverket ska bara ha observationen. Se avsnittet om Gymnasium i
    01a."""


@misconception("4.3", loop((RESET, "        obs, _ = env.reset()\n"), (COPY, "")))
def observations_not_copied():
    """Loopen stämmer så länge miljön ger en ny array i varje steg, men det lovar ingen miljö. Här
    skrivs den nya observationen i samma array som den gamla, så tillstånd och nästa tillstånd blir
    lika i bufferten. Ta en egen kopia av observationen så fort `env.reset` eller `env.step` har
    gett den, som i 02."""


@misconception("4.3", loop((RESET, "        obs, _ = env.reset()\n")))
def first_observation_not_copied():
    """Observationerna från `env.step` kopieras, men inte den från `env.reset`. En miljö får skriva
    nästa observation i samma array, och då blir tillståndet i varje episods första erfarenhet ett
    annat än det var. Ta en kopia också av den första, så fort `env.reset` har gett den."""


@misconception("4.3", loop((COPY, "")))
def next_observation_not_copied():
    """Den första observationen kopieras, men inte de som `env.step` ger. En miljö får skriva nästa
    observation i samma array, och då ändras det som redan är sparat. Ta en kopia så fort `env.step`
    har gett observationen, som i 02."""


@misconception("4.3", loop((RESET, RESET.replace("reset()", "reset(seed=0)"))))
def same_seed_every_episode():
    """Du ger `env.reset` samma frö i varje episod, så alla episoder börjar i precis samma läge.
    Agenten lär sig då bara det läget. Ge ett frö högst en gång, så drar miljön sedan nya starter
    av sig själv."""


@misconception(
    "4.3",
    loop(
        ("(obs, action, reward, next_obs, terminated", "(obs, action, next_obs, reward, terminated")
    ),
)
def reward_after_next_state():
    """Du sparar fälten i ordningen (tillstånd, handling, nästa tillstånd, belöning), som en del
    andra kurser gör. Här kommer belöningen före nästa tillstånd, och det är den ordningen som
    `sample_experiences` packar upp. Jämför med listan över fälten ovanför övningen."""


@misconception("4.3", loop(("next_obs, terminated, truncated))", "next_obs, done, truncated))")))
def stores_done():
    """Du sparar `terminated` och `truncated` ihopslagna, som om tidsgränsen vore ett sluttillstånd.
    Då lär sig agenten att det inte finns någon framtid när tiden råkar ta slut. Spara de två
    flaggorna var för sig. Se avsnittet om tidsgränsen i 04."""


@misconception(
    "4.3", loop(("next_obs, terminated, truncated))", "next_obs, truncated, terminated))"))
)
def flags_swapped():
    """Flaggorna är ombytta. Hos dig står `truncated` före `terminated`, så framtiden stängs av vid
    tidsgränsen men inte när stången faller. Ordningen ska vara `terminated`, sedan `truncated`."""


@misconception("4.3", loop((APPEND, "")))
def append_missing():
    """Inget sparas i bufferten, så det blir aldrig något att träna på. Varje steg ger en
    erfarenhet, och den ska läggas in innan nästa steg tas. Se ”Loopen i ord” i 04."""


@misconception("4.3", loop((ADVANCE, ""), (APPEND, ADVANCE + APPEND)))
def state_overwritten():
    """Du byter till nästa observation innan du har sparat, så tillstånd och nästa tillstånd är
    desamma i bufferten. Då finns det ingen övergång att lära sig av. Spara först, flytta fram
    sedan."""


@misconception("4.3", loop((ADVANCE, "")))
def state_not_advanced():
    """Agenten ser samma observation hela episoden: den nya från `env.step` används aldrig. Kedjan
    är bruten, och handlingarna väljs efter hur det såg ut i början. Det nya tillståndet ska bli det
    nuvarande inför nästa steg. Se ”Loopen i ord” i 04."""


@misconception("4.3", loop(("next_obs, terminated, truncated))", "obs, terminated, truncated))")))
def next_state_is_state():
    """Nästa tillstånd är samma som tillståndet i det du sparar. TD-målet räknas ut ur nästa
    tillstånd, så nätverket skulle lära sig av sig självt på fel plats. Se avsnittet om erfarenheten
    i 02."""


@misconception("4.3", loop(("warm = episode >= warmup", "warm = n_steps >= warmup")))
def warmup_in_steps():
    """Du räknar uppvärmningen i miljösteg, men `warmup` är ett antal episoder. Tio steg är
    ingenting: då tränar nätverket om och om igen på samma handfull erfarenheter. Se avsnittet om
    att fylla bufferten först i 04."""


@misconception("4.3", loop(("if warm and its_time", "if its_time")))
def warmup_ignored():
    """Det tränas redan under uppvärmningen: `warmup` används inte. Då anpassas nätverket för hårt
    efter de första erfarenheterna. Se avsnittet om att fylla bufferten först i 04."""


@misconception("4.3", loop(("episode >= warmup", "episode > warmup")))
def warmup_one_too_many():
    """Uppvärmningen varar en episod för länge. Episoderna räknas från 0, så när `warmup` är 2 är
    det episod 0 och 1 som spelas utan träning."""


@misconception(
    "4.3",
    loop(
        ("for episode in range(n_episodes):", "for episode in range(warmup + n_episodes):"),
        (FINISH, f"        if warm:\n    {FINISH}"),
    ),
)
def warmup_added():
    """Du spelar uppvärmningens episoder utöver `n_episodes`. De ingår: `n_episodes` är alla
    episoder, och summan av belöningarna ska med i listan också för dem som spelas utan träning."""


@misconception("4.3", loop((FINISH, f"        if warm:\n    {FINISH}")))
def warmup_returns_left_out():
    """Uppvärmningens episoder saknas i listan. De spelas ju också, och hur det går innan agenten
    har lärt sig något är början på inlärningskurvan. Varje episod ska ge ett tal i listan."""


@misconception("4.3", loop((FINISH + "    return", FINISH + "        return")))
def returns_after_first_episode():
    """Loopen tar slut efter en enda episod. Står `return`, eller ett `break`, inne i loopen över
    episoder? Då slutar allt så fort det nås. Ett `return` med färre mellanslag framför hamnar efter
    loopen."""


@misconception("4.3", loop(("range(n_episodes)", "range(0)")))
def no_episodes():
    """Ingen episod spelas: inget miljösteg tas, och listan är tom. Loopen över episoder kommer
    aldrig i gång. Skriv ut det som den går igenom, till exempel `print(list(range(n_episodes)))`,
    och se om det är tomt."""


@misconception("4.3", loop(("while not done", "while done")))
def no_steps_taken():
    """Inget miljösteg tas i någon episod: loopen som ska gå tills episoden är slut kommer aldrig
    i gång. Villkoret efter `while` ska vara sant så länge episoden *inte* är slut, alltså redan
    från början."""


@misconception("4.3", loop(("        while not done:\n", "        if not done:\n")))
def one_step_per_episode():
    """Varje episod slutar hos dig efter ett enda miljösteg, fast varken `terminated` eller
    `truncated` är sant. Den inre loopen ska gå tills någon av dem är det. Är den ett `if` i stället
    för ett `while`, eller står det ett `break` sist i den?"""


@misconception("4.3", after_the_episode(repeats=False))
def trains_once_per_episode():
    """Du tar ett enda träningssteg per episod. Den bästa agenten spelar de längsta episoderna och
    får då minst träning av alla: agenten svälter. Träna mitt i episoden. Se avsnittet om att träna
    ofta i 04."""


@misconception("4.3", after_the_episode(repeats=True))
def trains_in_bulk():
    """Du tränar rätt antal gånger, men allt på en gång, när episoden är slut. Då spelas hela
    episoden med gamla vikter. Träningsstegen ska tas mitt i spelet, efter hand. Se avsnittet om att
    träna ofta i 04."""


WHOLE_EPISODES = """
import dqn_helpers

def train_dqn(model, env, replay_buffer, optimizer, criterion, n_episodes, warmup, batch_size,
              discount_factor, *, target_model, train_every, target_update_every, epsilon_start,
              epsilon_end, epsilon_decay_steps, training_step):
    returns, n_trained = [], 0
    for episode in range(n_episodes):
        epsilon = dqn_helpers.linear_epsilon(
            len(replay_buffer), epsilon_start, epsilon_end, epsilon_decay_steps
        )
        returns.append(
            dqn_helpers.play_and_record_episode(model, env, replay_buffer, epsilon)
        )
        if episode >= warmup:
            training_step(model, optimizer, criterion, replay_buffer, batch_size,
                          discount_factor, target_model)
            n_trained += 1
            if n_trained % target_update_every == 0:
                dqn_helpers.update_target_network(model, target_model)
    return returns
"""


@misconception("4.3", Edited(WHOLE_EPISODES))
def plays_whole_episodes():
    """Du spelar en hel episod åt gången, som med `play_and_record_episode`, och tränar en gång
    efter den. Då kan det inte tränas mitt i spelet, och ε står stilla under hela episoden. Den här
    loopen måste gå ett miljösteg i taget. Se avsnittet om att träna ofta i 04."""


@misconception("4.3", loop(("its_time = n_steps % train_every == 0", "its_time = True")))
def trains_every_step():
    """Det tränas efter varje miljösteg, fast `train_every` är större än 1. Det blir flera gånger
    fler träningssteg än tänkt, och lika mycket längre väntan. Används `train_every`, och räknas
    varje miljösteg bara en gång? Se avsnittet om att träna ofta i 04."""


@misconception("4.3", loop(("n_steps % train_every", "(n_steps - 1) % train_every")))
def counts_from_zero():
    """Träningen kommer förskjuten: du frågar räknaren innan den har räknat det steg som just togs.
    Är `train_every` 2 ska det tränas efter steg 2, 4, 6 och så vidare, inte efter 1, 3, 5. Öka
    räknaren först och fråga sedan."""


@misconception("4.3", loop(("n_steps % train_every", "length % train_every")))
def counter_restarts():
    """Räknaren börjar om i varje episod, så episoder som är kortare än `train_every` ger ingen
    träning alls, och det är just de första. Räkna miljöstegen över hela träningen."""


@misconception(
    "4.3",
    loop(
        ("its_time = n_steps % train_every == 0", "its_time = waited + 1 >= train_every"),
        (START, f"{START}    waited = 0\n"),
        ("            length += 1\n", "            length += 1\n            waited += 1\n"),
        ("waited + 1 >=", "waited >="),
        (COUNT, f"{COUNT}                waited = 0\n"),
    ),
)
def counter_saved_up():
    """Du räknar stegen sedan förra träningen, och den räknaren växer under hela uppvärmningen.
    Därför tränas det redan efter det första steget när uppvärmningen är slut. Låt tiden mellan
    träningsstegen bero på hur många miljösteg som har tagits, inte på när det tränades sist."""


@misconception("4.3", loop((" and len(replay_buffer) >= batch_size", "")))
def batch_size_not_checked():
    """Det tränas fast bufferten inte räcker till en batch. Då går det inte att dra `batch_size`
    erfarenheter, eller så dras samma om och om igen. Se avsnittet om att fylla bufferten först i
    04."""


@misconception("4.3", loop(("len(replay_buffer) >= batch_size", "len(replay_buffer) > batch_size")))
def batch_size_plus_one():
    """Du väntar på en erfarenhet för mycket: med exakt `batch_size` sparade räcker det till en
    batch. Jämförelsen ska gälla också när de två talen är lika."""


@misconception("4.3", loop((SYNC, "")))
def target_never_updated():
    """Målnätverket uppdateras aldrig. TD-målen kommer då för alltid från ett nätverk som inget har
    lärt sig. Se avsnittet om målnätverket i 04."""


@misconception("4.3", loop(("if n_trained % target_update_every == 0:", "if True:")))
def target_updated_every_time():
    """Målnätverket uppdateras efter varje träningssteg: `target_update_every` används inte. Då står
    TD-målet aldrig stilla, precis som utan målnätverk. Se avsnittet om målnätverket i 04."""


@misconception(
    "4.3",
    loop(
        (
            SYNC,
            SYNC.replace("                if", "            if").replace("    dqn", "dqn"),
        ),
        ("if n_trained % target_update_every == 0:", "if n_steps % target_update_every == 0:"),
    ),
)
def target_by_environment_steps():
    """Du räknar miljösteg när du uppdaterar målnätverket, men `target_update_every` räknas i
    träningssteg. Det är träningsstegen som flyttar vikterna, så det är de som avgör hur gammalt
    målnätverket är. Se ”Loopen i ord” i 04."""


@misconception(
    "4.3",
    loop(("if n_trained % target_update_every == 0:", "if n_steps % target_update_every == 0:")),
)
def target_by_environment_steps_when_training():
    """Kopian kommer vid fel träningssteg: du frågar räknaren för miljösteg, men
    `target_update_every` räknas i träningssteg. Med 2 och 5 råkar det bli lika ofta, men är
    `train_every` 2 och `target_update_every` 4 kopierar du dubbelt så ofta som du ska. Låt
    träningsstegen ha en egen räknare."""


@misconception(
    "4.3",
    loop(
        (SYNC, ""),
        (
            FINISH,
            f"{FINISH}        if (episode + 1) % target_update_every == 0:\n"
            "            dqn_helpers.update_target_network(model, target_model)\n",
        ),
    ),
)
def target_by_episodes():
    """Du räknar episoder när du uppdaterar målnätverket, men `target_update_every` räknas i
    träningssteg. En episod kan vara tio steg eller femhundra, så målnätverket blir hur gammalt som
    helst. Se ”Loopen i ord” i 04."""


@misconception(
    "4.3",
    loop(
        (SYNC, ""),
        (FINISH, f"{FINISH}        dqn_helpers.update_target_network(model, target_model)\n"),
    ),
)
def target_after_every_episode():
    """Du uppdaterar målnätverket efter varje episod, så `target_update_every` används inte. En
    episod kan vara tio steg eller femhundra, och därför blir målnätverket hur gammalt som helst.
    Räkna träningsstegen i stället. Se ”Loopen i ord” i 04."""


@misconception(
    "4.3",
    loop(
        (
            TRAIN,
            TRAIN.replace(
                "                training",
                "                for _ in range(train_every):\n                    training",
            ).replace("\n                     ", "\n                         "),
        )
    ),
)
def trains_in_pairs():
    """Det tränas vid rätt miljösteg, men `train_every` gånger varje gång. Då blir det lika många
    träningssteg som miljösteg. Ett enda träningssteg ska tas varje gång räknaren är jämnt
    delbar."""


@misconception("4.3", loop((COUNT, ""), (SYNC, f"{SYNC}{COUNT}")))
def target_counted_from_zero():
    """Kopian kommer vid fel träningssteg: du frågar räknaren innan den har räknat det steg som just
    togs, så redan det första träningssteget ger en kopia. Öka räknaren först och fråga sedan."""


@misconception("4.3", loop((COUNT, ""), (SYNC, ""), (TRAIN, f"{COUNT}{SYNC}{TRAIN}")))
def target_before_training():
    """Du uppdaterar målnätverket före träningssteget i stället för efter, så kopian saknar det som
    just lärdes in och kommer ett steg för tidigt. Först tränar man, sedan kopierar man."""


@misconception(
    "4.3",
    loop(
        (
            "update_target_network(model, target_model)",
            "update_target_network(model, target_model, 0.1)",
        )
    ),
)
def target_updated_softly():
    """Målnätverket flyttas bara en bit. I den här loopen ska det bli en hel kopia, men mer sällan.
    Mjuka och hårda kopior är två olika sätt; blandas de blir målnätverket mycket gammalt. Se
    avsnittet om målnätverket i 04."""


@misconception(
    "4.3", loop(("dqn_helpers.update_target_network(model, target_model)", "target_model = model"))
)
def target_becomes_model():
    """Två namn, ett nätverk: med `target_model = model` blir målnätverket samma objekt som
    online-nätverket, och från och med då rör sig TD-målet i varje träningssteg. Kopiera vikterna i
    stället. Se ”Testa dig själv” efter målnätverket i 04."""


@misconception("4.3", loop((STEP_ARGUMENTS, STEP_ARGUMENTS.replace("target_model", "model"))))
def model_as_target():
    """Träningssteget får online-nätverket också som målnätverk, så TD-målen flyttar sig hela tiden
    och kopiorna du gör används aldrig. Se avsnittet om målnätverket i 04."""


@misconception(
    "4.3",
    loop(
        ("update_target_network(model, target_model)", "update_target_network(target_model, model)")
    ),
)
def target_wrong_way():
    """Du kopierar åt fel håll: online-nätverket får målnätverkets gamla vikter, så det som just
    lärdes in försvinner. Se avsnittet om målnätverket i 04."""


@misconception("4.3", loop(("choose_dqn_action(model,", "choose_dqn_action(target_model,")))
def acts_with_target():
    """Handlingarna väljs av målnätverket. Det är en gammal kopia, till för att ge TD-mål som står
    stilla. Den som spelar ska vara den som lär sig: online-nätverket. Se avsnittet om målnätverket
    i 04."""


@misconception(
    "4.3",
    loop(
        ("dqn_helpers.choose_dqn_action(model, obs, epsilon)", "choose(model, obs, epsilon)"),
        (
            "def train_dqn(",
            "import torch\n\ndef choose(model, obs, epsilon):\n"
            "    if torch.rand(()) < epsilon:\n"
            "        return int(torch.randint(997, ()))\n"
            "    return int(model(torch.as_tensor(obs).unsqueeze(0)).argmin())\n\n"
            "def train_dqn(",
        ),
    ),
)
def chooses_worst():
    """Agenten väljer handlingen med det *minsta* Q-värdet, alltså den som nätverket tror är sämst.
    Girig betyder störst. Se avsnittet om utforskning i 01b."""


@misconception("4.3", loop(("n_steps, epsilon_start", "episode, epsilon_start")))
def epsilon_by_episode():
    """ε räknas ut efter episodens nummer, men `epsilon_decay_steps` är miljösteg. En episod är
    minst ett tiotal steg, så ε sjunker minst så många gånger för långsamt, och agenten spelar på
    måfå nästan hela träningen. Se avsnittet om ε i 04."""


@misconception("4.3", loop(("n_steps, epsilon_start", "length, epsilon_start")))
def epsilon_restarts():
    """ε börjar om i varje episod, så varje episod inleds på måfå hur mycket agenten än har lärt
    sig. Räkna miljöstegen över hela träningen. Se avsnittet om ε i 04."""


@misconception("4.3", loop(("n_steps, epsilon_start", "n_trained, epsilon_start")))
def epsilon_by_training_steps():
    """ε räknas ut efter antalet träningssteg, men `epsilon_decay_steps` är miljösteg. Under
    uppvärmningen står det stilla, och sedan sjunker det för långsamt. Se avsnittet om ε i 04."""


@misconception(
    "4.3",
    loop(
        ("n_steps, epsilon_start", "n_after_warmup, epsilon_start"),
        (START, f"{START}    n_after_warmup = 0\n"),
        (
            "            length += 1\n",
            "            length += 1\n            n_after_warmup += episode >= warmup\n",
        ),
    ),
)
def epsilon_after_warmup():
    """ε börjar sjunka först när uppvärmningen är slut. Här räknas miljöstegen från allra första
    början, också under uppvärmningen. Läs hur stegen räknas i avsnittet om ε i 04."""


@misconception("4.3", loop((SCHEDULE, f"1.0 if episode < warmup else {SCHEDULE}")))
def epsilon_one_in_warmup():
    """Under hela uppvärmningen handlar agenten helt på måfå hos dig. Uppvärmningen betyder bara att
    det inte tränas; ε följer sitt eget schema från det allra första steget. Se avsnittet om ε i
    04."""


@misconception(
    "4.3",
    loop(("dqn_helpers.choose_dqn_action(model, obs, epsilon)", "int(env.action_space.sample())")),
)
def always_samples():
    """Agenten handlar på måfå hela tiden, också när ε ska vara nästan 0. Antingen används ε inte,
    som med `env.action_space.sample()`, eller så räknas det ut ur egna tal i stället för ur
    `epsilon_start`, `epsilon_end` och `epsilon_decay_steps`. Låt `choose_dqn_action` välja, med det
    ε som schemat ger."""


@misconception("4.3", loop((SCHEDULE, "epsilon_start")))
def epsilon_constant():
    """ε sjunker inte som det ska: agenten handlar på måfå också långt efter `epsilon_decay_steps`
    miljösteg, så den får aldrig visa vad den har lärt sig, och bufferten fylls av slump. Är ε
    `epsilon_start` hela tiden, sjunker det för långsamt eller går det åt fel håll? Skriv ut ε i
    några steg och se efter. Se avsnittet om ε i 04."""


@misconception("4.3", loop((SCHEDULE, "0.0")))
def always_greedy():
    """Agenten utforskar aldrig: alla handlingar är giriga. I början är nätverket slumpat, så den
    upprepar samma misstag utan att få se något annat. Se avsnittet om ε i 04."""


@misconception("4.3", loop(("n_steps, epsilon_start", "n_steps + 1, epsilon_start")))
def epsilon_one_step_early():
    """Redan den allra första handlingen får fel ε. Då har inga miljösteg tagits, så där ska ε vara
    exakt `epsilon_start`. Ökas räknaren före handlingen i stället för efter? Annars är det i
    formeln det sitter: sätt in steg 0 i den och se vad den ger."""


@misconception("4.3", loop((SCHEDULE, "epsilon_end")))
def epsilon_at_its_end_at_once():
    """ε är `epsilon_end` redan från den första handlingen: det sjunker inte, eller så är det
    framme på en gång. I början, när nätverket är slumpat, är det utforskningen som fyller
    bufferten. Sätt in steg 0 i formeln: där ska ε vara `epsilon_start`. Se avsnittet om ε i 04."""


@misconception("4.3", loop(("n_steps, epsilon_start", "2 * n_steps, epsilon_start")))
def epsilon_too_fast():
    """ε sjunker för fort: det är framme vid `epsilon_end` långt innan `epsilon_decay_steps`
    miljösteg har tagits. Räknas varje miljösteg två gånger, eller är något i formeln för stort?
    Efter halva vägen ska ε vara mitt emellan `epsilon_start` och `epsilon_end`: skriv ut det där
    och se efter."""


@misconception(
    "4.3",
    loop(
        (
            "epsilon_start, epsilon_end, epsilon_decay_steps\n",
            "epsilon_end, epsilon_start, epsilon_decay_steps\n",
        )
    ),
)
def epsilon_swapped():
    """Argumenten `epsilon_start` och `epsilon_end` är ombytta: agenten är girig när den inget vet
    och utforskar när den har lärt sig. Se i vilken ordning `linear_epsilon` vill ha sina
    argument."""


# Med en miljon steg på sig är ε nästan 1 i alla fallen: samma svar som utan ε.
@misconception(
    "4.3",
    loop(
        (
            "n_steps, epsilon_start, epsilon_end, epsilon_decay_steps\n",
            "n_steps, 1.0, 0.1, 1_000_000\n",
        )
    ),
    equivalent_to=("always_samples",),
)
def epsilon_hard_coded():
    """Handlingarna följer inte ε-schemat: `epsilon_start`, `epsilon_end` och `epsilon_decay_steps`
    har ingen verkan. Står ε som ett eget tal, eller lottas handlingen utan hänsyn till ε? Använd
    argumenten som funktionen får."""


@misconception("4.3", loop(("n_steps, epsilon_start, epsilon_end", "n_steps, epsilon_start, 0.0")))
def epsilon_ends_at_zero():
    """ε sjunker ända till 0, eller under, i stället för att stanna vid `epsilon_end`. Utan någon
    utforskning alls ser bufferten till slut bara det som agenten redan brukar göra. Se ”Testa dig
    själv” om ε i 04."""


@misconception("4.3", loop(("n_steps, epsilon_start, epsilon_end", "n_steps, 1.0, epsilon_end")))
def epsilon_starts_at_one():
    """ε börjar alltid på 1: `epsilon_start` används inte. Den som fortsätter träna en agent som
    redan kan något vill börja lägre. Använd argumenten som funktionen får."""


@misconception(
    "4.3",
    loop(
        (
            "        episode_return, length, done = 0.0, 0, False\n",
            "        length, done = 0, False\n",
        ),
        (START, f"{START}    episode_return = 0.0\n"),
    ),
)
def return_never_reset():
    """Summan nollas inte mellan episoderna, så varje tal är summan av allt hittills och kurvan kan
    bara fortsätta åt samma håll. Varje episod ska börja om från 0."""


@misconception(
    "4.3", loop(("episode_return += reward", "episode_return += discount_factor**length * reward"))
)
def return_discounted():
    """Du diskonterar belöningarna innan du summerar dem. Diskonteringen hör hemma i TD-målet som
    nätverket lär sig av. I listan ska det stå hur det faktiskt gick, alltså summan av episodens
    belöningar rakt av."""


@misconception("4.3", loop(("returns.append(episode_return)", "returns.append(length)")))
def lengths_returned():
    """Listan innehåller episodernas längder, inte deras poäng. I CartPole råkar de vara samma tal,
    men i andra miljöer är belöningen inte 1 i varje steg. Summera belöningarna."""


@misconception("4.3", loop(("episode_return += reward", "episode_return = reward")))
def last_reward_returned():
    """Listan innehåller bara episodens sista belöning: summan skrivs över i varje steg. Lägg varje
    belöning till dem som redan har kommit."""


@misconception(
    "4.3",
    loop(
        (
            "            episode_return += reward\n",
            "            episode_return += 0.0 if done else reward\n",
        )
    ),
)
def last_reward_left_out():
    """Belöningen i episodens sista steg är inte med i summan. Den är ofta den viktigaste, för det
    är i sista steget man vinner eller ramlar. Summera innan du lämnar loopen."""


@misconception("4.3", loop(("    return returns\n", "    return episode_return\n")))
def single_number_returned():
    """Du returnerar ett enda tal, den sista episodens summa. Med hela listan går det att rita hur
    agenten blev bättre; samla ett tal per episod."""


@misconception("4.3", loop(("    return returns\n", "")))
def no_return():
    """Träningen görs, men funktionen ger inget tillbaka. Utan listan med episodernas summor går det
    inte att se om agenten lärde sig något. Glömde du `return`?"""


@misconception("4.3", loop((STEP_ARGUMENTS, STEP_ARGUMENTS.replace(", target_model", ""))))
def target_not_passed():
    """Träningssteget får inget målnätverk: det sjunde argumentet saknas, så TD-målen räknas ut med
    online-nätverket och kopiorna du gör används aldrig. Se avsnittet om målnätverket i 04."""


@misconception(
    "4.3",
    loop((STEP_ARGUMENTS, STEP_ARGUMENTS.replace("optimizer, criterion", "criterion, optimizer"))),
)
def arguments_swapped():
    """Argumenten `optimizer` och `criterion` är ombytta när du anropar `training_step`. Argumenten
    ges i ordning, utan namn, så ordningen avgör vad som är vad."""


@misconception("4.3", loop((STEP_ARGUMENTS, STEP_ARGUMENTS.replace("batch_size", "64"))))
def batch_size_hard_coded_in_loop():
    """Batchens storlek står som ett eget tal när du anropar `training_step`, så `batch_size`
    används inte där. Använd argumenten som funktionen får."""


@misconception(
    "4.3", loop((TRAIN, TRAIN.replace("training_step(", "dqn_helpers.dqn_training_step(")))
)
def own_training_step():
    """Du anropar ett bestämt träningssteg i stället för det som skickades in som `training_step`. I
    05 ska samma loop träna med Double DQN, och det går bara om steget kan bytas ut."""


@misconception("4.3", loop((EACH_TIME, "")))
def never_trains():
    """Inget träningssteg tas: agenten spelar men lär sig inget. Kan villkoret för att träna bli
    sant också här, där episoderna är korta och `batch_size` är några få? Räknas varje miljösteg,
    och används argumenten i stället för egna tal? Se ”Loopen i ord” i 04."""


@misconception(
    "4.3",
    loop(
        (EACH_TIME, ""),
        ("dqn_helpers.choose_dqn_action(model, obs, epsilon)", "int(env.action_space.sample())"),
    ),
)
def only_plays():
    """Loopen spelar och sparar, och det är steg 1. Men inget träningssteg tas, så agenten lär sig
    inget. Lägg till resten en del i taget: först träningen, som är steg 2, och sedan målnätverket
    och ε, som är steg 3. Se ”Loopen i ord” i 04."""
