"""Räknar kurvorna till studenternas egna kasinon i övning 5.4, och lärarens nyckel till dem.

    python solutions/grading/own_casinos.py            skriver båda filerna
    python solutions/grading/own_casinos.py 3 17 120   räknar om några kasinon och skriver inget

Kurvorna går till studenterna utan namn (`dqn_helpers/studies/own_casinos.json`). Vilken som är DQN
står bara här, i `solutions/grading/book_05/own_casinos.json`.

Alla nätverk i en grupp tränas på en gång, staplade på varandra: annars tar det tio gånger så lång
tid. Varje nätverk räknas för sig, precis som med kursens träningssteg; ett test jämför dem.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from dqn_helpers.network import DQN
from dqn_helpers.studies.overestimation import CASINO_OBSERVATIONS
from dqn_helpers.studies.own_casino import CHECK_STEPS, CURVES, N_CASINOS, N_SEEDS, Casino

KEY = Path(__file__).parent / "book_05" / "own_casinos.json"
BATCH_SIZE, LEARNING_RATE, MOST_MACHINES, IN_A_GROUP = 32, 3e-3, 20, 20
LOSS = 1.0
"""Så många kronor förlorar man i genomsnitt på ett spel på de dåliga automaterna."""


def casinos() -> list[Casino]:
    """De kasinon som finns. Alla egenskaper som avgör överskattningens storlek varierar."""
    rng = np.random.default_rng(6)
    return [_drawn(number, rng) for number in range(1, N_CASINOS + 1)]


def _drawn(number: int, rng: np.random.Generator) -> Casino:
    n_machines = int(rng.choice([3, 6, 12, 20]))
    # I vart tredje kasino är bara några automater värda att välja mellan.
    n_good = n_machines if rng.random() < 2 / 3 else int(rng.choice([2, 3]))
    return Casino(
        number=number,
        n_machines=n_machines,
        n_good=min(n_good, n_machines),
        noise=float(rng.choice([0.5, 1.0, 2.0])),
        discount_factor=float(rng.choice([0.6, 0.8, 0.9, 0.95])),
        n_stored=int(rng.choice([2_000, 10_000, 50_000])),
        copy_every=int(rng.choice([50, 150])),
    )


class Stack:
    """Många nätverk av samma form, staplade på varandra."""

    def __init__(self, models: Sequence[DQN]) -> None:
        linear = [[layer for layer in m.layers if isinstance(layer, nn.Linear)] for m in models]
        self.parameters = [
            tensor
            for layers in zip(*linear, strict=True)
            for tensor in (
                torch.stack([layer.weight.detach().T for layer in layers]),
                torch.stack([layer.bias.detach()[None] for layer in layers]),
            )
        ]

    def __call__(self, obs: torch.Tensor) -> torch.Tensor:
        """Q-värden, float32 (N, B, A), för observationer, float32 (N, B, 4)."""
        weights, biases = self.parameters[::2], self.parameters[1::2]
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            obs = torch.baddbmm(bias, obs.relu() if layer else obs, weight)
        return obs

    @torch.no_grad()
    def copy_from(self, other: "Stack", where: torch.Tensor) -> None:
        """Ta över de andras vikter där `where`, bool (N,), är sant."""
        for mine, theirs in zip(self.parameters, other.parameters, strict=True):
            mine[where] = theirs[where]


class Group:
    """Några kasinon, med ett nätverk för varje frö och metod, som tränas tillsammans.

    Nätverken står i ordningen kasino, frö, metod, med DQN först. De två metoderna får samma
    startvikter, samma logg och samma batcher.
    """

    def __init__(self, group: Sequence[Casino], n_seeds: int = N_SEEDS) -> None:
        self._shape = len(group), n_seeds, 2
        rows = [(casino, seed) for casino in group for seed in range(n_seeds) for _ in range(2)]
        self._models = [_start(casino, seed) for casino, seed in rows]
        self.online, self.target = Stack(self._models), Stack(self._models)
        for parameter in self.online.parameters:
            parameter.requires_grad_(True)
        self._optimizer = torch.optim.Adam(self.online.parameters, lr=LEARNING_RATE, fused=True)
        self._logs = [_log(casino, seed) for casino, seed in rows[::2]]
        self._double = torch.tensor([False, True]).repeat(len(rows) // 2)[:, None, None]
        self._discount = torch.tensor([[casino.discount_factor] for casino, _ in rows])
        self._copy_every = torch.tensor([casino.copy_every for casino, _ in rows])
        self._is_machine = torch.stack(
            [torch.arange(MOST_MACHINES) < casino.n_machines for casino, _ in rows]
        )[:, None]
        self._rng = np.random.default_rng(group[0].number)

    def train(self) -> np.ndarray:
        """Medlet av max Q vid `CHECK_STEPS`, float (kasinon, frön, 2, K); sant värde är 0."""
        seen = []
        for step in range(1, CHECK_STEPS[-1] + 1):
            self.learn(self.drawn())
            copies = step % self._copy_every == 0
            if copies.any():
                self.target.copy_from(self.online, copies)
            if step in CHECK_STEPS:
                seen.append(self._max_q())
        return np.stack(seen, axis=-1)

    def drawn(self) -> list[torch.Tensor]:
        """En batch till varje nätverk: tillstånd, handling, belöning och nästa tillstånd."""
        rows = []
        for log in self._logs:
            chosen = self._rng.integers(len(log[0]), size=BATCH_SIZE)
            rows += [[column[chosen] for column in log]] * 2
        return [torch.stack(column) for column in zip(*rows, strict=True)]

    def learn(self, batch: Sequence[torch.Tensor]) -> None:
        """Ett träningssteg för vart och ett av nätverken."""
        state, action, reward, next_state = batch
        with torch.no_grad():
            online, target = (
                network(next_state).masked_fill(~self._is_machine, -torch.inf)
                for network in (self.online, self.target)
            )
            chosen = torch.where(self._double, online, target).argmax(dim=2, keepdim=True)
            goal = reward + self._discount * target.gather(2, chosen)[..., 0]
        predicted = self.online(state).gather(2, action[..., None])[..., 0]
        # Summan över nätverken: varje nätverks gradient är då den av dess eget medelvärde.
        loss = (predicted - goal).square().mean(dim=1).sum()
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()

    @torch.no_grad()
    def _max_q(self) -> np.ndarray:
        observations = CASINO_OBSERVATIONS.expand(len(self._models), -1, -1)
        q_values = self.online(observations).masked_fill(~self._is_machine, -torch.inf)
        return q_values.amax(dim=2).mean(dim=1).reshape(self._shape).numpy()


def _start(casino: Casino, seed: int) -> DQN:
    torch.manual_seed(1_000 * seed + casino.number)
    return DQN(4, MOST_MACHINES)


def _log(casino: Casino, seed: int) -> list[torch.Tensor]:
    """Spel på måfå: tillstånd, handling, belöning och nästa tillstånd."""
    rng = np.random.default_rng([casino.number, seed])
    state, next_state = rng.uniform(-1, 1, (2, casino.n_stored, 4)).astype(np.float32)
    action = rng.integers(casino.n_machines, size=casino.n_stored)
    mean = np.where(action < casino.n_good, 0.0, -LOSS)
    reward = rng.normal(mean, casino.noise).astype(np.float32)
    return [torch.from_numpy(column) for column in (state, action, reward, next_state)]


def measured(chosen: Sequence[Casino]) -> dict[int, np.ndarray]:
    """Kasinots nummer → kurvorna, float (2, frön, K), med DQN först."""
    curves = {}
    for first in range(0, len(chosen), IN_A_GROUP):
        group = chosen[first : first + IN_A_GROUP]
        for casino, values in zip(group, Group(group).train(), strict=True):
            curves[casino.number] = values.transpose(1, 0, 2).astype(float).round(2)
        print(f"{len(curves)} av {len(chosen)} kasinon", file=sys.stderr, flush=True)
    return curves


def write(curves: dict[int, np.ndarray]) -> None:
    """Skriv kurvorna utan namn, och nyckeln."""
    rng = np.random.default_rng(54)
    shown, key = [], {}
    for casino in casinos():
        dqn, double = curves[casino.number].tolist()
        dqn_is_a = bool(rng.integers(2))
        key[casino.number] = "A" if dqn_is_a else "B"
        a, b = (dqn, double) if dqn_is_a else (double, dqn)
        shown.append(json.dumps({**vars(casino), "A": a, "B": b}, separators=(",", ":")))
    CURVES.write_text("[\n" + ",\n".join(shown) + "\n]\n", encoding="utf-8")
    KEY.write_text(json.dumps(key, separators=(",", ":")) + "\n", encoding="utf-8")


def main(numbers: Sequence[str]) -> None:
    """Räkna alla och skriv, eller räkna om några och visa."""
    torch.set_num_threads(1)
    wanted = {int(number) for number in numbers}
    curves = measured([one for one in casinos() if not wanted or one.number in wanted])
    if not wanted:
        write(curves)
    for number in wanted:
        print(number, *curves[number][..., -1])


if __name__ == "__main__":
    main(sys.argv[1:])
