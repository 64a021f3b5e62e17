"""Misstag i 02 Erfarenheter och replay buffer. Docstringen är det studenten får läsa."""

from dqn_helpers.autograder.catalogue import Edited, edited, misconception

# --- 2.1 -----------------------------------------------------------------------------------------

POP = """
class ReplayBuffer:
    def __init__(self, max_length):
        self.max_length = max_length
        self.experiences = []

    def append(self, experience):
        self.experiences.append(experience)
        if len(self.experiences) > self.max_length:
            self.experiences.pop(0)

    def __len__(self):
        return len(self.experiences)

    def __getitem__(self, index):
        return self.experiences[index]
"""

RING = """
class ReplayBuffer:
    def __init__(self, max_length):
        self.max_length = max_length
        self.experiences = []
        self.position = 0

    def append(self, experience):
        if len(self.experiences) < self.max_length:
            self.experiences.append(experience)
        else:
            self.experiences[self.position] = experience
        self.position = (self.position + 1) % self.max_length

    def __len__(self):
        return len(self.experiences)

    def __getitem__(self, index):
        return self.experiences[index]
"""

SLOTS = """
class ReplayBuffer:
    def __init__(self, max_length):
        self.max_length = max_length
        self.experiences = [None] * max_length
        self.n_added = 0

    def append(self, experience):
        self.experiences[self.n_added % self.max_length] = experience
        self.n_added += 1

    def __len__(self):
        return min(self.n_added, self.max_length)

    def __getitem__(self, index):
        if index >= len(self):
            raise IndexError(index)
        return self.experiences[index]
"""

APPEND = "        self.experiences.append(experience)\n"
FORGET = """        if len(self.experiences) > self.max_length:
            self.experiences.pop(0)
"""
READ = "return self.experiences[index]"


@misconception("2.1", edited(POP, FORGET, ""))
def never_overwrites():
    """Bufferten växer utan gräns: inget gammalt tas bort när den är full. I en lång träning fylls
    minnet tills datorn stannar. Se avsnittet om ringbufferten i 02."""


@misconception("2.1", edited(RING, "self.experiences[self.position] = experience", "pass"))
def refuses_when_full():
    """När bufferten är full kastas den nya erfarenheten i stället för den äldsta. Då tränar
    agenten för alltid på sina första, klumpiga episoder. Se avsnittet om ringbufferten i 02."""


@misconception("2.1", edited(POP, "pop(0)", "pop(-2)" + " if self.max_length > 1 else None"))
def newest_overwritten():
    """Det är den näst nyaste som försvinner när bufferten är full, inte den äldsta. Bara en enda
    plats byts ut, och de andra behåller sina gamla erfarenheter. Fundera på i vilken ände av
    listan den äldsta ligger."""


@misconception(
    "2.1", edited(RING, "        self.position = (self.position + 1) % self.max_length\n", "")
)
def pointer_stuck():
    """Skrivplatsen står stilla: när bufferten är full hamnar varje ny erfarenhet på samma plats,
    och de andra blir aldrig utbytta. Platsen ska flyttas ett steg varje gång. Se avsnittet om
    ringbufferten i 02."""


@misconception("2.1", edited(RING, "% self.max_length", "% (self.max_length - 1)"))
def pointer_turns_too_early():
    """Skrivplatsen börjar om ett steg för tidigt, så den sista platsen skrivs aldrig över och
    behåller en gammal erfarenhet för alltid. Räkna för hand vilka platser en buffert för tre
    använder. Se avsnittet om ringbufferten i 02."""


@misconception("2.1", edited(SLOTS, "self.n_added % self.max_length", "self.n_added"))
def pointer_never_turns():
    """Skrivplatsen räknas upp men börjar aldrig om: efter sista platsen finns ingen mer, och
    `append` går sönder när bufferten är full. Den ska gå runt, som visaren på en klocka. Se
    avsnittet om ringbufferten i 02."""


@misconception("2.1", edited(POP, "> self.max_length", "> self.max_length + 1"))
def one_too_many():
    """Det får plats en erfarenhet för mycket. Gränsen är förskjuten ett steg: pröva med en buffert
    för en enda erfarenhet och lägg till två. Se avsnittet om ringbufferten i 02."""


@misconception("2.1", edited(POP, "> self.max_length", ">= self.max_length"))
def one_too_few():
    """Det får plats en erfarenhet för lite: den äldsta tas bort redan när bufferten blir full,
    fast ingen ny behöver platsen. Pröva med en buffert för en enda erfarenhet. Se avsnittet om
    ringbufferten i 02."""


@misconception("2.1", edited(POP, "pop(0)", "clear()"))
def emptied_when_full():
    """Hela bufferten töms när den blir full, så agenten glömmer allt på en gång. Bara den äldsta
    erfarenheten ska bort. Se avsnittet om ringbufferten i 02."""


@misconception("2.1", edited(POP, APPEND, "        self.experiences = [experience]\n"))
def only_the_latest():
    """Bara den senaste erfarenheten finns kvar, för varje `append` ersätter hela minnet. Då finns
    inget att dra en blandad batch ur. Se avsnittet om varför vi behöver en buffert i 02."""


@misconception(
    "2.1", edited(POP, "experiences.append(experience)", "experiences.extend(experience)")
)
def fields_loose():
    """De sex fälten läggs i minnet var för sig, så längden ökar med sex varje gång och det går
    inte längre att se vilka fält som hör ihop. En erfarenhet är *en* sak i bufferten. Skillnaden
    mellan `append` och `extend` (eller `+=`) är precis det här."""


@misconception("2.1", edited(SLOTS, "min(self.n_added, self.max_length)", "self.max_length"))
def length_is_capacity():
    """Längden är alltid hur många som får plats, inte hur många som finns. Den som drar ur en
    nästan tom buffert drar då från platser som inte är fyllda. Se avsnittet om ringbufferten i
    02."""


@misconception(
    "2.1",
    edited(
        SLOTS,
        "return min(self.n_added, self.max_length)",
        "return self.n_added % self.max_length",
    ),
)
def length_is_position():
    """Längden blir 0 igen när bufferten är full, för du ger nästa plats att skriva på och inte hur
    många erfarenheter som finns. Räkna dem för sig. Se avsnittet om ringbufferten i 02."""


@misconception(
    "2.1", edited(SLOTS, "return min(self.n_added, self.max_length)", "return self.n_added")
)
def length_counts_everything():
    """Tills bufferten är full är längden rätt, men den räknar alla erfarenheter som någonsin har
    lagts till, också de överskrivna. När bufferten är full ska längden stå stilla. Se avsnittet om
    ringbufferten i 02."""


@misconception(
    "2.1",
    edited(SLOTS, "        if index >= len(self):\n            raise IndexError(index)\n", ""),
)
def empty_slots_readable():
    """Platser som ännu inte är fyllda går att läsa, och ger `None` (eller nollor). Det märks först
    när träningen räknar på något som aldrig har hänt. Den som läser utanför ska få veta det. Se
    avsnittet om ringbufferten i 02."""


@misconception("2.1", edited(POP, "[index]", "[index % len(self.experiences)]"))
def reading_wraps():
    """Läsningen går runt, så ett index som är för stort ger tyst en annan erfarenhet. Det är bara
    *skrivandet* som ska gå runt; ett index utanför är ett fel som ska höras. Loopar som `for x in
    buffer` slutar dessutom aldrig."""


@misconception(
    "2.1", edited(POP, READ, "return self.experiences[index] if index < len(self) else None")
)
def none_outside():
    """Utanför bufferten ger du `None` i stället för ett fel. Python vet att en följd är slut genom
    att den säger `IndexError`, och den som läser fel plats får annars veta det först långt
    senare."""


@misconception("2.1", edited(POP, READ, "assert index < len(self)\n        " + READ))
def another_error_outside():
    """Utanför bufferten blir det ett fel, som det ska, men av ett annat slag än `IndexError`. Det
    är just `IndexError` som `for x in buffer` väntar på för att veta att det är slut."""


@misconception(
    "2.1",
    Edited(
        POP,
        ("        self.experiences = []\n", ""),
        ("class ReplayBuffer:\n", "class ReplayBuffer:\n    experiences = []\n\n"),
    ),
)
def shared_between_buffers():
    """Alla buffertar delar samma minne: listan skapas en gång, för hela klassen (eller som
    standardvärde), och inte för varje ny buffert. Två agenter skulle träna på varandras
    erfarenheter. Det som hör till ett enda objekt skapas i `__init__` och läggs i `self`."""


SPLIT = "        state, action, reward, next_state, terminated, truncated = experience\n"


@misconception(
    "2.1",
    edited(
        POP,
        APPEND,
        SPLIT + "        done = terminated or truncated\n"
        "        self.experiences.append((state, action, reward, next_state, done))\n",
    ),
)
def flags_become_one():
    """Det som sparas har fem fält i stället för sex. Är det `terminated` och `truncated` som har
    blivit ett enda? De betyder olika saker: efter `terminated` finns ingen framtid, men efter
    `truncated` finns den kvar. Se avsnittet om erfarenheten i 02."""


@misconception(
    "2.1",
    edited(
        POP,
        APPEND,
        SPLIT + "        done = terminated or truncated\n"
        "        self.experiences.append((state, action, reward, next_state, done, done))\n",
    ),
)
def same_flag_twice():
    """Sex fält sparas, men båda flaggorna är ”slut på ett eller annat sätt”. Då går det inte längre
    att se skillnad på ett sluttillstånd och en tidsgräns. Se avsnittet om erfarenheten i 02."""


@misconception(
    "2.1",
    edited(
        POP,
        APPEND,
        SPLIT + "        self.experiences.append(\n"
        "            (state, action, reward, state, terminated, truncated)\n        )\n",
    ),
)
def state_stored_twice():
    """Nästa tillstånd har blivit samma som tillståndet, så erfarenheten säger att inget hände. Utan
    s′ går det inte att bygga något TD-mål. Se avsnittet om erfarenheten i 02."""


@misconception(
    "2.1",
    Edited(
        SLOTS,
        (
            "        self.experiences = [None] * max_length\n",
            "        self.states = np.zeros((max_length, 4))\n"
            "        self.next_states = np.zeros((max_length, 4))\n"
            "        self.rest = [None] * max_length\n",
        ),
        (
            "        self.experiences[self.n_added % self.max_length] = experience\n",
            SPLIT + "        i = self.n_added % self.max_length\n"
            "        self.states[i], self.next_states[i] = state, next_state\n"
            "        self.rest[i] = action, reward, terminated, truncated\n",
        ),
        (
            READ,
            "action, reward, terminated, truncated = self.rest[index]\n"
            "        state, next_state = self.states[index], self.next_states[index]\n"
            "        return state, action, reward, next_state, terminated, truncated",
        ),
        ("class ReplayBuffer", "import numpy as np\n\nclass ReplayBuffer"),
    ),
)
def four_numbers_only():
    """Bufferten rymmer bara observationer med fyra tal, som i CartPole. En annan miljö har en
    annan form, så låt den första erfarenheten bestämma den (eller spara arrayerna som de är). Se
    avsnittet om vad bufferten kostar i 02."""


@misconception("2.1", edited(POP, READ, "self.experiences[index]"))
def read_without_return():
    """`__getitem__` letar upp erfarenheten men lämnar inte ut den: en funktion utan `return` ger
    `None`. Den som skriver `buffer[i]` får bara det som returneras."""


@misconception("2.1", edited(POP, "return len(self.experiences)", "len(self.experiences)"))
def length_without_return():
    """`__len__` räknar erfarenheterna men returnerar inte antalet: en funktion utan `return` ger
    `None`, och `None` är ingen längd."""


@misconception("2.1", edited(POP, "append(self, experience):", "append(self, *experience):"))
def star_in_append():
    """Stjärnan framför argumentet packar in erfarenheten i en tupel till, så det som sparas är en
    tupel med ett enda element. `append` får hela erfarenheten som *ett* argument."""


@misconception("2.1", edited(POP, "def __len__", "def length"))
def without_len():
    """`len(buffer)` fungerar inte på din klass. Python letar efter en metod med ett alldeles
    bestämt namn när någon frågar efter längden, och det namnet har två understreck på var sida."""


@misconception("2.1", edited(POP, "def __getitem__", "def get"))
def without_getitem():
    """`buffer[i]` fungerar inte på din klass. Hakparenteser anropar en metod med ett alldeles
    bestämt namn, och det namnet har två understreck på var sida. Utan den kan ingen dra ur
    bufferten."""


# --- 2.2 -----------------------------------------------------------------------------------------

SAMPLE = """
import random
import numpy as np
import torch

def sample_experiences(replay_buffer, batch_size):
    indices = [random.randrange(len(replay_buffer)) for _ in range(batch_size)]
    rows = [replay_buffer[i] for i in indices]
    state, action, reward, next_state, terminated, truncated = map(np.array, zip(*rows))
    return [
        torch.tensor(state, dtype=torch.float32),
        torch.tensor(action, dtype=torch.int64),
        torch.tensor(reward, dtype=torch.float32),
        torch.tensor(next_state, dtype=torch.float32),
        torch.tensor(terminated, dtype=torch.bool),
        torch.tensor(truncated, dtype=torch.bool),
    ]
"""

INDICES = "[random.randrange(len(replay_buffer)) for _ in range(batch_size)]"
ONE_INDEX = "random.randrange(len(replay_buffer))"
EVERY_OTHER = "[(start + 2 * k) % len(replay_buffer) for k in range(batch_size)]"
ROWS = "[replay_buffer[i] for i in indices]"
TENSORS = SAMPLE[SAMPLE.index("    return [") :]
FROM_START = "random.randrange(len(replay_buffer) - batch_size + 1)"


@misconception(
    "2.2",
    Edited(SAMPLE, (INDICES, f"{FROM_START}\n    indices = range(indices, indices + batch_size)")),
)
def contiguous_batch():
    """Du drar en startplats och tar raderna efter den. Grannar i tiden följs åt, så batchen blir
    nästan samma erfarenhet många gånger, och det var just det bufferten skulle bota. Dra varje rad
    för sig. Se avsnittet om grannar i tiden i 02."""


@misconception(
    "2.2",
    Edited(SAMPLE, (INDICES, FROM_START), (ROWS, "replay_buffer[indices : indices + batch_size]")),
)
def contiguous_slice():
    """Du skär ut ett stycke ur bufferten. Grannar i tiden följs åt, så batchen blir nästan samma
    erfarenhet många gånger; dessutom går det inte att skära så i en `deque` eller en egen buffert.
    Dra varje rad för sig. Se avsnittet om grannar i tiden i 02."""


@misconception(
    "2.2", edited(SAMPLE, INDICES, "range(len(replay_buffer) - batch_size, len(replay_buffer))")
)
def newest_only():
    """Du tar alltid de senaste erfarenheterna. De hör ihop i tiden, och resten av minnet används
    aldrig. Se avsnittet om grannar i tiden i 02."""


@misconception(
    "2.2",
    Edited(
        SAMPLE,
        (
            "    indices = " + INDICES,
            "    n = len(replay_buffer)\n"
            "    first = random.randint(0, max(n - 2 * batch_size, 0))\n"
            "    last = min(first + 2 * batch_size, n) - 1\n"
            "    indices = [random.randint(first, last) for _ in range(batch_size)]",
        ),
    ),
)
def drawn_from_a_short_stretch():
    """Raderna lottas visserligen, men ur ett kort stycke av bufferten, så de ligger ändå nära
    varandra i tiden. Låt varje rad kunna komma från vilken plats som helst. Se avsnittet om
    dragningen i 02."""


@misconception("2.2", edited(SAMPLE, ONE_INDEX, "random.randrange(replay_buffer.max_length)"))
def draws_from_the_capacity():
    """Du drar platser upp till `max_length`. Det har bara en del buffertar, och innan bufferten är
    full ligger inget på de sista platserna. Fråga efter hur många som finns, inte hur många som
    får plats. Se avsnittet om dragningen i 02."""


@misconception(
    "2.2",
    Edited(
        SAMPLE,
        (f"    indices = {INDICES}", f"    start = {ONE_INDEX}\n    indices = {EVERY_OTHER}"),
    ),
)
def every_other_row():
    """Bara den första platsen är slumpad; de andra följer på bestämda avstånd från den, så samma
    erfarenheter följs alltid åt. Dra varje rad för sig, oberoende av de andra. Se avsnittet om
    dragningen i 02."""


@misconception("2.2", edited(SAMPLE, INDICES, "range(batch_size)"))
def oldest_only():
    """Du tar alltid de första i bufferten, så agenten tränar på sina äldsta erfarenheter om och om
    igen. Se avsnittet om dragningen i 02."""


@misconception("2.2", edited(SAMPLE, ONE_INDEX, "random.randrange(len(replay_buffer) - 1)"))
def never_the_newest():
    """Den nyaste erfarenheten kan aldrig dras: gränsen för slumptalet är ett steg för låg. Slå upp
    om funktionens övre gräns räknas med eller inte. Se avsnittet om dragningen i 02."""


@misconception("2.2", edited(SAMPLE, ONE_INDEX, "random.randint(1, len(replay_buffer) - 1)"))
def never_the_first():
    """Den första erfarenheten i bufferten kan aldrig dras. Platserna är numrerade från 0. Se
    avsnittet om dragningen i 02."""


@misconception("2.2", edited(SAMPLE, ONE_INDEX, "random.randint(0, len(replay_buffer))"))
def one_past_the_end():
    """Ibland dras en plats precis utanför bufferten, och då blir det `IndexError`. Slå upp om
    funktionens övre gräns räknas med eller inte: `random.randint` och `np.random.randint` gör
    olika."""


@misconception(
    "2.2",
    Edited(
        SAMPLE,
        (INDICES, "len(replay_buffer)"),
        (
            ROWS,
            "[[replay_buffer[random.randrange(indices)][f] for f in range(6)]"
            " for _ in range(batch_size)]",
        ),
    ),
)
def fields_drawn_apart():
    """Varje fält dras för sig, så belöningen i en rad hör till en annan erfarenhet än tillståndet.
    Nätverket skulle lära sig samband som aldrig har funnits. Dra en plats per rad och hämta alla
    sex fälten därifrån. Se avsnittet om erfarenheten i 02."""


@misconception(
    "2.2",
    edited(
        SAMPLE,
        "state, action, reward, next_state, terminated, truncated = map",
        "next_state, action, reward, state, terminated, truncated = map",
    ),
)
def states_swapped():
    """Tillstånd och nästa tillstånd är ombytta. Då lär sig agenten världen baklänges. Kontrollera
    ordningen när du packar upp. Se avsnittet om erfarenheten i 02."""


@misconception(
    "2.2",
    edited(
        SAMPLE,
        "state, action, reward, next_state, terminated, truncated = map",
        "state, action, reward, next_state, truncated, terminated = map",
    ),
)
def flags_swapped():
    """Flaggorna `terminated` och `truncated` är ombytta. Det är bara efter `terminated` som
    framtiden är noll, så träningen skulle maska fel rader. Kontrollera ordningen när du packar upp.
    Se avsnittet om erfarenheten i 02."""


@misconception(
    "2.2",
    edited(
        SAMPLE,
        TENSORS,
        "    terminated = terminated | truncated\n" + TENSORS.replace("truncated", "terminated"),
    ),
)
def flags_merged():
    """Båda flaggorna är ”slut på ett eller annat sätt”. Då går det inte att skilja ett
    sluttillstånd från en tidsgräns, och träningen måste kunna det. Se avsnittet om erfarenheten i
    02."""


@misconception(
    "2.2", edited(SAMPLE, TENSORS, "    terminated = terminated | truncated\n" + TENSORS)
)
def truncated_counted_as_terminated():
    """`terminated` säger ”slut på ett eller annat sätt”, också vid en tidsgräns. Träningen skulle
    då räkna framtiden som noll där vi bara slutade titta. Låt fältet vara som det sparades. Se
    avsnittet om erfarenheten i 02."""


@misconception(
    "2.2",
    edited(
        SAMPLE,
        "state, action, reward, next_state, terminated, truncated = map",
        "state, action, next_state, reward, terminated, truncated = map",
    ),
)
def reward_and_next_state_unpacked_swapped():
    """Belöning och nästa tillstånd är ombytta. Ordningen i en erfarenhet är tillstånd, handling,
    belöning, nästa tillstånd och sedan flaggorna. Se avsnittet om erfarenheten i 02."""


@misconception("2.2", edited(SAMPLE, INDICES, f"[{ONE_INDEX}] * batch_size"))
def same_row_repeated():
    """En enda plats dras och upprepas, så alla rader i batchen är samma erfarenhet. Slumpa en gång
    per rad. Se avsnittet om dragningen i 02."""


@misconception("2.2", edited(SAMPLE, "    indices", "    random.seed(42)\n    indices"))
def same_batch_every_time():
    """Varje anrop drar samma batch, så nätverket tränar på ett fåtal erfarenheter om och om igen.
    Sätter du slumpfröet inne i funktionen? Det ska i så fall sättas en gång, utanför."""


@misconception("2.2", edited(SAMPLE, "range(batch_size)", "range(32)"))
def batch_size_hard_coded():
    """Batchens storlek står som ett eget tal i funktionen, så argumentet `batch_size` används inte.
    Använd argumenten som funktionen får; då går storleken att ändra utifrån."""


@misconception("2.2", edited(SAMPLE, TENSORS, "    return rows\n"))
def list_of_experiences():
    """Du returnerar en lista med erfarenheter, en per rad. Nätverket vill ha det tvärtom: en
    tensor per fält, med hela batchen i. Se avsnittet om dragningen i 02."""


@misconception("2.2", edited(SAMPLE, "map(np.array, zip(*rows))", "np.array(rows).T"))
def array_of_rows():
    """Du gör en enda array av raderna, och det går inte: i samma rad finns både tal och hela
    observationer. Vänd på tabellen först, så att varje kolumn innehåller en enda sorts värden. Se
    avsnittet om dragningen i 02."""


@misconception(
    "2.2",
    edited(
        SAMPLE, TENSORS, "    return state, action, reward, next_state, terminated, truncated\n"
    ),
)
def numpy_arrays():
    """Fälten är rätt, men de är numpy-arrayer. Nätverket räknar med tensorer, så gör om dem. Se
    avsnittet om dragningen i 02."""


@misconception("2.2", edited(SAMPLE, "        torch.tensor(truncated, dtype=torch.bool),\n", ""))
def one_field_dropped():
    """Bara fem tensorer kommer tillbaka, men en erfarenhet har sex fält. Räkna dem i din kod: det
    är lätt att glömma `truncated`. Träningen använder den sällan, men utan den går det inte att se
    vad som var en tidsgräns. Se avsnittet om erfarenheten i 02."""


@misconception(
    "2.2", edited(SAMPLE, TENSORS, "    return (torch.tensor(np.array(c)) for c in zip(*rows))\n")
)
def generator_returned():
    """Du returnerar en generator: den går bara att gå igenom en enda gång, och har varken längd
    eller index. Samla tensorerna i en lista eller tupel. Skillnaden ligger i vilka parenteser man
    skriver."""


@misconception(
    "2.2", edited(SAMPLE, TENSORS, "    return [torch.tensor(np.array(c)) for c in zip(*rows)]\n")
)
def dtypes_from_numpy():
    """Datatyperna blir som numpy vill ha dem: decimaltal blir `float64`. Nätverkets vikter är
    `float32`, och PyTorch vägrar att blanda dem. Säg själv vilken `dtype` varje fält ska ha. Se
    avsnittet om dragningen i 02."""


@misconception(
    "2.2",
    edited(
        SAMPLE,
        TENSORS,
        "    columns = state, action, reward, next_state, terminated, truncated\n"
        "    return [torch.tensor(column, dtype=torch.float32) for column in columns]\n",
    ),
)
def everything_is_float32():
    """Allt har blivit `float32`, också handlingen och flaggorna. Handlingen ska användas som index,
    och då duger bara heltal; flaggorna ska gå att vända med `~`, och då duger bara `bool`. Se
    avsnittet om dragningen i 02."""


@misconception(
    "2.2",
    Edited(
        SAMPLE,
        (
            "torch.tensor(terminated, dtype=torch.bool)",
            "torch.tensor(terminated, dtype=torch.float32)",
        ),
        (
            "torch.tensor(truncated, dtype=torch.bool)",
            "torch.tensor(truncated, dtype=torch.float32)",
        ),
    ),
)
def flags_are_float32():
    """Flaggorna är decimaltal, 0 eller 1. De ska vara `bool`: då kan de användas som mask, vändas
    med `~` och inte av misstag räknas med. Se avsnittet om dragningen i 02."""


@misconception(
    "2.2",
    Edited(
        SAMPLE,
        ("torch.tensor(state, dtype=torch.float32)", "torch.tensor(state)"),
        ("torch.tensor(next_state, dtype=torch.float32)", "torch.tensor(next_state)"),
    ),
)
def observation_dtype_kept():
    """Tillstånden behåller den datatyp som miljön använder. Ger den `float64` eller heltal vägrar
    nätverket, vars vikter är `float32`. Säg själv vilken `dtype` det ska vara. Se avsnittet om
    dragningen i 02."""


@misconception(
    "2.2",
    Edited(
        SAMPLE,
        ("    return [", "    columns = ["),
        (
            "bool),\n    ]",
            "bool),\n    ]\n    return [c[:, None] if c.ndim == 1 else c for c in columns]",
        ),
    ),
)
def columns():
    """Fälten med ett tal per rad har fått formen (B, 1) i stället för (B,). Möter de sedan något
    med formen (B,) jämförs varje rad med alla andra rader, helt tyst. Se avsnittet om den tysta
    fällan i 03."""


@misconception(
    "2.2",
    Edited(
        SAMPLE,
        (
            "torch.tensor(state, dtype=torch.float32)",
            "torch.tensor(state, dtype=torch.float32).reshape(batch_size, -1)",
        ),
        (
            "torch.tensor(next_state, dtype=torch.float32)",
            "torch.tensor(next_state, dtype=torch.float32).reshape(batch_size, -1)",
        ),
    ),
)
def pictures_flattened():
    """Observationer i flera dimensioner, till exempel bilder, har plattats ut till en enda rad.
    Formen ska vara kvar: batchens storlek först, sedan observationens egen form."""


@misconception(
    "2.2",
    edited(
        SAMPLE,
        "    indices = " + INDICES + "\n    rows = " + ROWS,
        "    rows = random.sample(replay_buffer, batch_size)",
    ),
)
def random_sample_of_buffer():
    """`random.sample` nöjer sig inte med vilken buffert som helst: den vill ha Pythons egna
    följder. Det går bra med en lista men inte med en klass som bara kan `len` och `[i]`. Dra
    platserna i stället, och läs en i taget."""


@misconception(
    "2.2",
    edited(
        SAMPLE,
        ROWS,
        "[replay_buffer[i] for i in indices]\n"
        "    rows = [(e.state, e.action, e.reward, e.next_state, e.terminated, e.truncated)"
        " for e in rows]",
    ),
)
def fields_by_name():
    """Du hämtar fälten med namn, som `experience.state`. Det går i kursens egen buffert, men en
    erfarenhet är en vanlig tupel och dess fält har ordning, inte namn. Packa upp den i stället. Se
    avsnittet om erfarenheten i 02."""


@misconception("2.2", edited(SAMPLE, ROWS, "replay_buffer[indices]"))
def all_indices_at_once():
    """Du läser alla platserna i ett enda anrop, `replay_buffer[indices]`. Det kan numpy-arrayer
    och tensorer, men en lista, en `deque` eller en egen buffert tar ett heltal i taget."""


@misconception(
    "2.2",
    Edited(
        SAMPLE,
        ("    indices = " + INDICES, "    random.shuffle(replay_buffer)"),
        (ROWS, "[replay_buffer[i] for i in range(batch_size)]"),
    ),
)
def shuffles_the_buffer():
    """Du blandar om själva bufferten. Då vet den inte längre vilken erfarenhet som är äldst, och
    en buffert som bara kan `len` och `[i]` går inte att blanda alls. Blanda eller slumpa platserna
    i stället. Se avsnittet om dragningen i 02."""


@misconception(
    "2.2",
    edited(
        SAMPLE, ROWS, "[replay_buffer.pop(random.randrange(len(replay_buffer))) for _ in indices]"
    ),
)
def takes_them_out():
    """Erfarenheterna försvinner ur bufferten när de dras. Poängen med att spara dem är att de ska
    kunna användas många gånger. Läs dem, men låt dem ligga kvar. Se avsnittet om varför vi behöver
    en buffert i 02."""


# --- 2.3 -----------------------------------------------------------------------------------------

PLAY = """
import random
import numpy as np
import torch

def best_action(model, obs):
    with torch.no_grad():
        return int(model(torch.tensor(obs)).argmax())

def play_and_record_episode(model, env, replay_buffer, epsilon, seed=None):
    obs, _ = env.reset(seed=seed)
    obs = np.array(obs)
    total = 0.0
    while True:
        if random.random() < epsilon:
            action = random.randrange(env.action_space.n)
        else:
            action = best_action(model, obs)
        next_obs, reward, terminated, truncated, _ = env.step(action)
        next_obs = np.array(next_obs)
        replay_buffer.append((obs, action, reward, next_obs, terminated, truncated))
        total += reward
        if terminated or truncated:
            return total
        obs = next_obs
"""

SAVED = "(obs, action, reward, next_obs, terminated, truncated)"
SAVE = f"        replay_buffer.append({SAVED})\n"
STOP_AT_LIMIT = "obs = next_obs\n    return total\n"
COPY_START = "    obs = np.array(obs)\n"
COPY_NEXT = "        next_obs = np.array(next_obs)\n"
CHOOSE = PLAY[PLAY.index("        if random.random()") : PLAY.index("        next_obs, reward")]


@misconception("2.3", edited(PLAY, "(obs, action, rew", "(obs, best_action(model, obs), rew"))
def stores_best_action():
    """Du sparar den handling som nätverket tycker är bäst, också när en annan gjordes. Belöningen
    och nästa tillstånd är följden av handlingen som verkligen gjordes: spara den. Se avsnittet om
    att spela och spara i 02."""


@misconception("2.3", edited(PLAY, "if terminated or truncated", "if terminated"))
def ignores_truncated():
    """Episoden tog slut vid tidsgränsen (`truncated`), men loopen fortsatte. I en riktig miljö
    spelar den då vidare i något som inte längre är en episod, kanske utan slut. Båda flaggorna
    stoppar spelet. Se avsnittet om att spela och spara i 02."""


@misconception("2.3", edited(PLAY, "if terminated or truncated", "if truncated"))
def ignores_terminated():
    """Episoden tog slut (`terminated`), men loopen fortsatte: den väntar bara på tidsgränsen. Båda
    flaggorna stoppar spelet. Se avsnittet om att spela och spara i 02."""


@misconception(
    "2.3",
    Edited(
        PLAY,
        ("        if terminated or truncated:\n            return total\n", ""),
        (SAVE, "        if terminated or truncated:\n            return total\n" + SAVE),
    ),
)
def last_step_lost():
    """Det sista steget sparas inte, för loopen slutar innan dess. Just det steget
    berättar vad som händer när stången faller, och utan det lär sig agenten aldrig att episoder
    tar slut. Se avsnittet om att spela och spara i 02."""


@misconception(
    "2.3", Edited(PLAY, ("while True", "for _ in range(500)"), ("obs = next_obs\n", STOP_AT_LIMIT))
)
def own_step_limit():
    """Loopen har en egen gräns för antalet steg, så en lång episod bryts mitt i fast ingen flagga
    är sann. Det är miljön som säger när episoden är slut. Se avsnittet om att spela och spara i
    02."""


@misconception("2.3", edited(PLAY, "if terminated or truncated", "if terminated and truncated"))
def one_flag_does_not_stop():
    """Loopen går vidare när episoden är slut: att en av flaggorna är sann stoppar den inte, och
    miljön får ett steg för mycket. Det räcker att *en* av `terminated` och `truncated` är sann,
    vilken som helst, för att loopen ska sluta. Se avsnittet om att spela och spara i 02."""


@misconception(
    "2.3",
    Edited(
        PLAY,
        ("        total += reward\n", ""),
        ("        obs = next_obs\n", "        total += reward\n        obs = next_obs\n"),
    ),
)
def last_reward_not_added():
    """Det sista steget sparas, men dess belöning kommer inte med i summan. Returnerar funktionen
    innan den har lagts till, eller slutar summan ett steg för tidigt?"""


@misconception(
    "2.3",
    Edited(
        PLAY,
        (
            "        if terminated or truncated:\n            return total\n        obs = next_obs",
            "        obs = next_obs\n        return total",
        ),
    ),
)
def returns_after_one_step():
    """Bara ett enda steg tas. Står ett `return`, eller ett `break`, inne i loopen utan något
    villkor? Då tar allt slut i första varvet. Titta på indragningen."""


@misconception("2.3", Edited(PLAY, (COPY_START, ""), (COPY_NEXT, "")))
def stored_by_reference():
    """Allt du sparade är samma minne. En miljö får skriva nästa observation i samma array, och då
    ändras också det som redan ligger i bufferten: till slut är alla rader lika. Kopiera innan du
    sparar. Se avsnittet om att spela och spara i 02."""


@misconception("2.3", Edited(PLAY, (COPY_START, "")))
def start_not_copied():
    """Episodens första observation sparas utan att kopieras. En miljö får skriva nästa observation
    i samma array, och då ändras den som ligger i bufferten. Det gäller också den som `reset` ger.
    Se avsnittet om att spela och spara i 02."""


@misconception("2.3", edited(PLAY, COPY_NEXT, ""))
def next_state_not_copied():
    """Bara den första observationen kopieras. De som `step` ger kan miljön skriva över i nästa
    steg, så kopiera dem också. Se avsnittet om att spela och spara i 02."""


@misconception(
    "2.3",
    Edited(
        PLAY,
        (COPY_START, ""),
        (COPY_NEXT, ""),
        (SAVED, "(np.array(obs), action, reward, np.array(next_obs), terminated, truncated)"),
    ),
)
def copied_too_late():
    """Du kopierar, men för sent: när du sparar har miljön redan skrivit nästa observation i samma
    array, så tillståndet är likadant som nästa tillstånd. Kopiera i samma stund som du får
    observationen. Se avsnittet om att spela och spara i 02."""


@misconception(
    "2.3",
    edited(
        PLAY,
        COPY_NEXT,
        COPY_NEXT
        + "        if terminated or truncated:\n            next_obs = np.array(env.reset()[0])\n",
    ),
)
def reset_state_stored():
    """I sista steget sparas nästa episods första tillstånd i stället för det som steget ledde
    till. Nollställ miljön när nästa episod ska börja, inte innan du har sparat. Se avsnittet om
    att spela och spara i 02."""


@misconception("2.3", edited(PLAY, "        obs = next_obs\n", ""))
def state_never_advances():
    """`obs` får aldrig sitt nya värde: agenten väljer och sparar hela tiden som om den stod kvar i
    starten. Kedjan är bruten, för nästa tillstånd i ett steg ska vara tillståndet i steget efter.
    Se avsnittet om att spela och spara i 02."""


@misconception("2.3", edited(PLAY, SAVE, "        obs = next_obs\n" + SAVE))
def advanced_too_early():
    """`obs` byts ut innan erfarenheten sparas, så tillstånd och nästa tillstånd är samma sak i
    varje rad. Spara först, gå vidare sedan. Se avsnittet om att spela och spara i 02."""


@misconception("2.3", edited(PLAY, SAVED, "(next_obs, action, reward, obs, terminated, truncated)"))
def stored_backwards():
    """Tillstånd och nästa tillstånd är ombytta i det du sparar. Då lär sig agenten världen
    baklänges. Se avsnittet om erfarenheten i 02."""


@misconception("2.3", edited(PLAY, SAVED, "(obs, action, next_obs, reward, terminated, truncated)"))
def reward_and_next_state_swapped():
    """Belöning och nästa tillstånd har bytt plats i det du sparar. Den som drar ur bufferten
    packar upp i en bestämd ordning. Se avsnittet om erfarenheten i 02."""


@misconception(
    "2.3", edited(PLAY, SAVED, "(obs, action, reward, next_obs, terminated or truncated)")
)
def five_fields():
    """Du sparar fem fält i stället för sex. Är det flaggorna som har blivit ett enda ”slut”? Efter
    `terminated` finns ingen framtid, men efter `truncated` finns den kvar, så träningen behöver
    båda flaggorna. Se avsnittet om erfarenheten i 02."""


@misconception("2.3", edited(PLAY, SAVE, "        reward = 0.0 if terminated else reward\n" + SAVE))
def last_reward_replaced():
    """Belöningen i sista steget byts ut mot ett eget tal. Det är miljön som bestämmer vad ett steg
    är värt: spara och summera den belöning som `step` gav."""


@misconception(
    "2.3",
    Edited(
        PLAY,
        (
            SAVE,
            "        done = terminated or truncated\n"
            + SAVE.replace("terminated, truncated", "done, truncated"),
        ),
    ),
)
def done_as_terminated():
    """En episod som bröts av tidsgränsen sparas som om den hade nått ett sluttillstånd. Träningen
    tror då att framtiden är värd noll, fast vi bara slutade titta. Spara de två flaggorna så som
    miljön gav dem. Se avsnittet om erfarenheten i 02."""


@misconception("2.3", edited(PLAY, SAVED, "(obs, action, reward, next_obs, truncated, terminated)"))
def flags_stored_swapped():
    """Flaggorna `terminated` och `truncated` har bytt plats i det du sparar. Det är bara efter
    `terminated` som framtiden är noll, så träningen skulle maska fel rader. Se avsnittet om
    erfarenheten i 02."""


@misconception("2.3", edited(PLAY, SAVED, "obs, action, reward, next_obs, terminated, truncated"))
def six_arguments():
    """Du skickar sex argument till `append`, men den tar ett enda. En erfarenhet är en tupel: sätt
    parenteser också runt det som hör ihop."""


@misconception("2.3", edited(PLAY, "random.random() < epsilon", "random.random() > epsilon"))
def epsilon_reversed():
    """ε är bakvänt: du utforskar när du skulle ha varit girig och tvärtom. ε är sannolikheten att
    välja *på måfå*; med ε = 0 ska agenten alltid göra det den tror är bäst. Se avsnittet om
    utforskning i 01b."""


@misconception("2.3", edited(PLAY, CHOOSE, "        action = best_action(model, obs)\n"))
def never_explores():
    """Agenten är alltid girig, så ε används inte. Utan utforskning får den aldrig se vad de andra
    handlingarna leder till. Se avsnittet om utforskning i 01b."""


@misconception(
    "2.3", edited(PLAY, CHOOSE, "        action = random.randrange(env.action_space.n)\n")
)
def always_random():
    """Handlingen väljs alltid på måfå: nätverket tillfrågas inte. Då spelar det ingen roll vad
    agenten har lärt sig. Se avsnittet om utforskning i 01b."""


@misconception(
    "2.3",
    edited(
        PLAY,
        "random.randrange(env.action_space.n)",
        "random.choice([a for a in range(env.action_space.n) if a != best_action(model, obs)])",
    ),
)
def explores_among_the_others():
    """När agenten utforskar väljer den bland alla handlingar *utom* den bästa. I kursens ε-giriga
    regel lottas det bland alla, den bästa också: så räknas sannolikheterna ut i 01b."""


@misconception("2.3", edited(PLAY, "random.randrange(env.action_space.n)", "random.randint(0, 1)"))
def two_actions_only():
    """Utforskningen känner bara till handlingarna 0 och 1, som i CartPole. Andra miljöer har fler:
    fråga miljön eller nätverket hur många som finns. Se avsnittet om agent och miljö i 01a."""


@misconception("2.3", edited(PLAY, ".argmax()", ".argmin()"))
def worst_action():
    """Den giriga handlingen är den som nätverket tycker är *sämst*. Agenten vill ha så hög
    avkastning som möjligt, så det är det största Q-värdet som gäller. Se avsnittet om policy i
    01a."""


@misconception("2.3", edited(PLAY, ".argmax()", ".max()"))
def value_for_action():
    """Du använder det största Q-värdet som om det vore handlingens nummer. Funktionen `max` ger
    värdet och `argmax` ger platsen, och handlingen är platsen."""


@misconception(
    "2.3",
    Edited(
        PLAY,
        (CHOOSE, ""),
        (
            "    while True:\n",
            CHOOSE.replace("\n    ", "\n").removeprefix("    ") + "    while True:\n",
        ),
    ),
)
def chooses_once():
    """Handlingen väljs en gång, före loopen, och upprepas sedan hela episoden. Agenten ska titta
    på den nya observationen och välja på nytt i varje steg. Se avsnittet om att spela och spara i
    02."""


@misconception("2.3", edited(PLAY, "model(torch.tensor(obs))", "model(obs)"))
def array_into_the_network():
    """Nätverket får en numpy-array, men det räknar med tensorer. Gör om observationen först, eller
    låt kursens `choose_dqn_action` göra hela valet. Se avsnittet om att spela och spara i 02."""


@misconception("2.3", edited(PLAY, "env.reset(seed=seed)", "env.reset(seed)"))
def seed_without_its_name():
    """Gymnasiums `reset` tar bara emot slumpfröet med dess namn, `seed=…`. Se listan i avsnittet om
    att spela och spara i 02."""


@misconception("2.3", edited(PLAY, "env.reset(seed=seed)", "env.reset()"))
def seed_not_passed():
    """Slumpfröet används inte, så samma frö ger olika episoder varje gång. Det är `env.reset` som
    ska få det; då går ett försök att göra om. Se avsnittet om att spela och spara i 02."""


@misconception(
    "2.3", edited(PLAY, "env.reset(seed=seed)", "env.reset(seed=seed) if seed else env.reset()")
)
def seed_zero_forgotten():
    """Slumpfröet 0 glöms bort. I Python räknas 0 som falskt i ett `if`, men 0 är ett lika gott frö
    som alla andra. Att inget frö finns skrivs `None`, och det kan `env.reset` ta emot som det
    är."""


@misconception("2.3", edited(PLAY, "env.reset(seed=seed)", "env.reset(seed=seed or 0)"))
def seed_or_zero():
    """Utan slumpfrö hittar du på ett eget, noll, och då börjar alla episoder likadant. Agenten
    skulle bara lära sig en enda start. Värdet `None` betyder att miljön själv får välja, och
    `env.reset` kan ta emot det som det är."""


@misconception("2.3", edited(PLAY, "env.reset(seed=seed)", "env.reset(seed=42)"))
def seed_hard_coded():
    """Slumpfröet står som ett eget tal i funktionen, så alla episoder börjar likadant och
    argumentet används inte. Agenten skulle bara lära sig en enda start. Skicka vidare det frö du
    fick."""


@misconception("2.3", edited(PLAY, "total += reward", "total += 1"))
def counts_steps():
    """Du räknar stegen i stället för att summera belöningarna. I CartPole blir det samma tal, för
    där ger varje steg 1, men inte i andra miljöer. Se avsnittet om avkastning i 01a."""


@misconception("2.3", edited(PLAY, "total += reward", "total = reward"))
def returns_last_reward():
    """Det du returnerar är bara den sista belöningen: varje steg ersätter det förra i stället för
    att läggas till. Se avsnittet om avkastning i 01a."""


@misconception("2.3", edited(PLAY, "return total", "return"))
def returns_nothing():
    """Episoden spelas och sparas, men summan av belöningarna returneras inte. Utan den går det
    inte att rita hur bra agenten blir. Se avsnittet om att spela och spara i 02."""


@misconception(
    "2.3",
    Edited(
        PLAY,
        ("total = 0.0", "rewards = []"),
        ("total += reward", "rewards.append(reward)"),
        ("return total", "return rewards"),
    ),
)
def returns_every_reward():
    """Du returnerar en lista med alla belöningar. Den som anropar vill ha ett enda tal, deras
    summa. Se avsnittet om avkastning i 01a."""
