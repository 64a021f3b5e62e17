"""Rätta lösningar i olika stilar. Var och en ska få full poäng, överallt och alltid."""

import copy
import itertools
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.utils.data import default_collate

import dqn_helpers
from dqn_helpers.autograder.catalogue import correct


# --- 2.1 -----------------------------------------------------------------------------------------
@correct("2.1")
class BufferAroundDeque:
    """En deque som glömmer av sig själv."""

    def __init__(self, max_length):
        self.memory = deque(maxlen=max_length)

    def append(self, experience):
        self.memory.append(experience)

    def __len__(self):
        return len(self.memory)

    def __getitem__(self, index):
        return self.memory[index]


@correct("2.1")
class BufferThatIsADeque(deque):
    def __init__(self, max_length: int) -> None:
        super().__init__(maxlen=max_length)


@correct("2.1")
class BufferWithListAndPop(list):
    def __init__(self, max_length):
        super().__init__()
        self.max_length = max_length

    def append(self, experience):
        if len(self) == self.max_length:
            del self[0]
        super().append(experience)


@correct("2.1")
class RingAvPlatser:
    def __init__(self, största_längd):
        self.platser = [None] * största_längd
        self.nästa, self.antal = 0, 0

    def append(self, erfarenhet):
        print("sparar på plats", self.nästa)
        self.platser[self.nästa] = erfarenhet
        self.nästa = (self.nästa + 1) % len(self.platser)
        self.antal = min(self.antal + 1, len(self.platser))

    def __len__(self):
        return self.antal

    def __getitem__(self, plats):
        if not 0 <= plats < self.antal:
            raise IndexError("utanför bufferten")
        return self.platser[plats]


@correct("2.1")
class BufferInColumns:
    """En numpy-array per fält; formen bestäms av den första erfarenheten."""

    def __init__(self, max_length):
        self.n, self.added, self.columns = max_length, 0, None

    def append(self, experience):
        if self.columns is None:
            arrays = [np.asarray(value) for value in experience]
            self.columns = [np.zeros((self.n, *a.shape), a.dtype) for a in arrays]
        for column, value in zip(self.columns, experience, strict=True):
            column[self.added % self.n] = value
        self.added += 1

    def __len__(self):
        return min(self.added, self.n)

    def __getitem__(self, i):
        if i >= len(self):
            raise IndexError(i)
        return tuple(column[i] for column in self.columns)


@correct("2.1")
class BufferOfTensors:
    """Allt i float32, ett tal per fält med formen (1,): värdena är desamma."""

    def __init__(self, max_length):
        self.max_length, self.rows, self.start = max_length, {}, 0

    def append(self, experience):
        number = self.start + len(self.rows)
        tensors = [torch.as_tensor(x, dtype=torch.float32) for x in experience]
        self.rows[number] = [t.reshape(1) if t.ndim == 0 else t.clone() for t in tensors]
        if len(self.rows) > self.max_length:
            del self.rows[self.start]
            self.start += 1

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        try:
            return self.rows[self.start + i]
        except KeyError:
            raise IndexError(i) from None


@correct("2.1")
class NewestFirst:
    """Den nyaste på plats 0: ordningen är fri."""

    def __init__(self, max_length):
        self.max_length = max_length
        self.items: tuple = ()

    def append(self, experience):
        self.items = (experience, *self.items)[: self.max_length]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


@correct("2.1")
@dataclass
class BufferAsDataclass:
    max_length: int
    kept: list = field(default_factory=list)

    def append(self, experience: Sequence[Any]) -> "BufferAsDataclass":
        experience = dqn_helpers.Experience(*copy.deepcopy(experience))
        self.kept = [*self.kept, experience][-self.max_length :]
        return self

    def __len__(self) -> int:
        return len(self.kept)

    def __getitem__(self, index: int) -> dqn_helpers.Experience:
        return self.kept[index]


correct("2.1")(lambda max_length: deque(maxlen=max_length))


# --- 2.2 -----------------------------------------------------------------------------------------
@correct("2.2")
def sample_with_replacement(replay_buffer, batch_size):
    indices = torch.randint(len(replay_buffer), (batch_size,))
    rows = [replay_buffer[i] for i in indices]
    s, a, r, s2, end, cut = zip(*rows, strict=True)
    return [
        torch.tensor(np.array(s), dtype=torch.float32),
        torch.tensor(a),
        torch.tensor(r),
        torch.tensor(np.array(s2), dtype=torch.float32),
        torch.tensor(end),
        torch.tensor(cut),
    ]


@correct("2.2")
def sample_without_replacement(buffert, antal):
    platser = random.sample(range(len(buffert)), antal)
    print("drar", platser)
    rader = [buffert[plats] for plats in platser]
    typer = (torch.float32, torch.int64, torch.float32, torch.float32, torch.bool, torch.bool)
    kolumner = zip(*rader, strict=True)
    return tuple(
        torch.as_tensor(np.stack(kolumn)).to(typ)
        for kolumn, typ in zip(kolumner, typer, strict=True)
    )


@correct("2.2")
def sample_with_numpy_choice(replay_buffer, batch_size: int) -> dqn_helpers.Batch:
    chosen = np.random.choice(len(replay_buffer), size=batch_size, replace=False)
    columns = [np.array([replay_buffer[i][f] for i in chosen]) for f in range(6)]
    kinds = [np.float32, np.int64, np.float32, np.float32, np.bool_, np.bool_]
    return dqn_helpers.Batch(
        *(torch.from_numpy(c.astype(k)) for c, k in zip(columns, kinds, strict=True))
    )


@correct("2.2")
def sample_by_iterating(replay_buffer, batch_size):
    """Hela bufferten läses med en loop; raderna kommer i tidsordning, men valet är slumpat."""
    chosen = set(np.random.default_rng().permutation(len(replay_buffer))[:batch_size].tolist())
    rows = [experience for i, experience in enumerate(replay_buffer) if i in chosen]
    batch = []
    for field_number, kind in enumerate("fiffbb"):
        values = [row[field_number] for row in rows]
        batch.append({"f": _floats, "i": torch.LongTensor, "b": torch.BoolTensor}[kind](values))
    return batch


def _floats(values):
    return torch.FloatTensor(np.array(values, dtype=float))


@correct("2.2")
def sample_into_ready_tensors(replay_buffer, batch_size):
    first = replay_buffer[0]
    state = torch.zeros(batch_size, *np.shape(first[0]))
    next_state = torch.zeros_like(state)
    action = torch.zeros(batch_size, dtype=torch.long)
    reward = torch.zeros(batch_size)
    flags = torch.zeros(2, batch_size, dtype=torch.bool)
    for row in range(batch_size):
        s, a, r, s2, *ends = replay_buffer[int(random.random() * len(replay_buffer))]
        state[row], next_state[row] = torch.as_tensor(s), torch.as_tensor(s2)
        action[row], reward[row] = a, r
        flags[:, row] = torch.tensor(ends)
    return state, action, reward, next_state, flags[0], flags[1]


@correct("2.2")
def sample_list_with_random(replay_buffer, batch_size):
    rows = random.choices(list(replay_buffer), k=batch_size)
    s, a, r, s2, end, cut = default_collate([tuple(row) for row in rows])
    return [s.float(), a.long(), r.float(), s2.float(), end.bool(), cut.bool()]


@correct("2.2")
def sample_by_shuffled_places(replay_buffer, batch_size):
    order = list(range(len(replay_buffer)))
    random.shuffle(order)
    rows = np.array([tuple(replay_buffer[i]) for i in order[:batch_size]], dtype=object)
    columns = [np.stack([np.asarray(value) for value in column]) for column in rows.T]
    dtypes = ["float", "long", "float", "float", "bool", "bool"]
    return [getattr(torch.tensor(c), d)() for c, d in zip(columns, dtypes, strict=True)]


@correct("2.2")
def sample_through_the_reference_buffer(replay_buffer, batch_size):
    """Kopiera till kursens buffert (en annan övning) och använd dess `gather`."""
    own = dqn_helpers.ReplayBuffer(len(replay_buffer))
    for i in range(len(replay_buffer)):
        own.append(replay_buffer[i])
    return own.gather(torch.randperm(len(own))[:batch_size].numpy())


# --- 2.3 -----------------------------------------------------------------------------------------
@correct("2.3")
def play_with_the_helper(model, env, replay_buffer, epsilon, seed=None):
    obs, _ = env.reset(seed=seed)
    obs = obs.copy()
    total, done = 0.0, False
    while not done:
        action = dqn_helpers.choose_dqn_action(model, obs, epsilon)
        next_obs, reward, terminated, truncated, _ = env.step(action)
        next_obs = next_obs.copy()
        replay_buffer.append((obs, action, reward, next_obs, terminated, truncated))
        obs, done = next_obs, terminated or truncated
        total += reward
    return total


@correct("2.3")
def spela_med_en_enda_observation(modell, miljö, buffert, sannolikhet, frö=None):
    """Modellen får ett tillstånd utan batchdimension; slumpen kommer ur random."""
    observation = np.array(miljö.reset(seed=frö)[0])
    belöningar = []
    for steg in itertools.count():
        if random.random() < sannolikhet:
            handling = random.randrange(int(miljö.action_space.n))
        else:
            handling = modell(torch.from_numpy(observation)).argmax().item()
        nästa, belöning, slut, avbruten, _info = miljö.step(handling)
        print(steg, handling, belöning)
        buffert.append((observation, handling, belöning, np.array(nästa), slut, avbruten))
        belöningar.append(belöning)
        if slut or avbruten:
            return sum(belöningar)
        observation = buffert[len(buffert) - 1][3]
    return None


@correct("2.3")
def play_with_numpy_and_action_space(
    model: torch.nn.Module, env, replay_buffer, epsilon: float, seed: int | None = None
) -> float:
    model.eval()
    state = copy.deepcopy(env.reset(seed=seed)[0])
    env.action_space.seed(seed)
    episode_return = np.float64(0)
    terminated = truncated = False
    while not terminated and not truncated:
        action = env.action_space.sample()
        if np.random.rand() >= epsilon:
            with torch.inference_mode():
                action = np.argmax(model(torch.as_tensor(state)[None]).numpy(), axis=1)[0]
        after, reward, terminated, truncated, _ = env.step(action)
        after = copy.deepcopy(after)
        replay_buffer.append((state, action, reward, after, terminated, truncated))
        state = after
        episode_return += reward
    model.train()
    return episode_return


@correct("2.3")
def play_then_save(model, env, replay_buffer, epsilon, seed=None):
    """Spela klart först, spara sedan; observationerna som listor, resten i torch."""
    obs = env.reset(seed=seed)[0].tolist() if seed is not None else env.reset()[0].tolist()
    steps = []
    while not steps or not any(steps[-1][4:]):
        q_values = model(torch.tensor([obs])).squeeze(0).detach()
        explore = bool(torch.rand(1) < epsilon)
        action = torch.randint(len(q_values), ()) if explore else q_values.argmax()
        next_obs, reward, *ends, _ = env.step(int(action))
        steps.append((obs, int(action), float(reward), next_obs.tolist(), *ends))
        obs = steps[-1][3]
    for step in steps:
        replay_buffer.append(step)
    env.reset()
    return torch.tensor([step[2] for step in steps], dtype=torch.float64).sum()


@correct("2.3")
def play_with_tabular_rule(model, env, replay_buffer, epsilon, seed=None):
    """ε-girigt med regeln ur 1.4, och erfarenheten som en namngiven tupel."""
    rng = np.random.default_rng(None if seed is None else [seed, 1])

    def choose(obs):
        with torch.no_grad():
            q_values = model(torch.tensor(obs, dtype=torch.float32).unsqueeze(0))[0]
        return dqn_helpers.epsilon_greedy(q_values.numpy(), epsilon, rng)

    obs = np.array(env.reset(seed=seed)[0], dtype=np.float32)
    total = 0
    while True:
        action = choose(obs)
        raw, reward, terminated, truncated, _ = env.step(action)
        next_obs = np.array(raw, dtype=np.float32)
        replay_buffer.append(
            dqn_helpers.Experience(obs, action, reward, next_obs, terminated, truncated)
        )
        total = total + reward
        if terminated or truncated:
            break
        obs = next_obs
    return float(total)


@correct("2.3")
def play_by_recursion(model, env, replay_buffer, epsilon, seed=None):
    def rest(obs):
        weights = torch.full((env.action_space.n,), epsilon / int(env.action_space.n))
        weights[model(obs).argmax()] += 1 - epsilon
        action = torch.multinomial(weights, 1).item()
        after, reward, terminated, truncated, _ = env.step(action)
        after = torch.tensor(after)
        replay_buffer.append((obs, action, reward, after, terminated, truncated))
        return reward + (0 if terminated or truncated else rest(after))

    return rest(torch.tensor(env.reset(seed=seed)[0]))
