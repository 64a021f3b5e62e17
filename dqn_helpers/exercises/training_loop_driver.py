"""Drivaren för hela loopen (4.3): en miljö efter manus, ett nätverk med en enda vikt och ett
träningssteg som för logg.

Miljön säger samma sak vilka handlingar den än får, så allt utom utforskningen är bestämt av indata.
Med 997 handlingar syns det på varje handling varifrån den kom: en slumpad råkar vara den giriga
bara en gång på 997.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from dqn_helpers.counting import listed
from dqn_helpers.exercises.drivers import in_code
from dqn_helpers.exercises.model import Inputs, Observed
from dqn_helpers.exercises.plain import plain, swedish_value
from dqn_helpers.exercises.training_step_driver import WatchedSGD
from dqn_helpers.replay import ReplayBuffer

UNDER_WAY = 6
"""De första handlingarna i körningen `middle` räknas inte: den som låter ε sjunka förbi sitt
slutvärde har då hunnit till noll, men lottade kanske i början."""

N_ACTIONS = 997
"""Ett primtal: två olika vikter ger då alltid olika giriga handlingar."""

_PLACES = torch.arange(N_ACTIONS, dtype=torch.float32)

ONLINE, TARGET, OLD, WORST, CHANCE = (
    "online-nätverket",
    "målnätverket",
    "online-nätverket ur en gammal observation",
    "online-nätverket efter det minsta Q-värdet",
    "slumpen",
)
NOBODY = "ingen, för inget miljösteg togs"
ARGUMENTS = ("model", "optimizer", "criterion", "replay_buffer", "batch_size", "discount_factor")
SETTINGS = ("warmup", "batch_size", "discount_factor")
BY_NAME = ("train_every", "target_update_every", "epsilon_start", "epsilon_end")


class OneWeight(nn.Module):
    """Q-värden för 997 handlingar, av en enda vikt; störst är det för `greedy_action`."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(float(weight)))

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """Q-värden (…, 997) för observationer (…, 2)."""
        obs = obs.to(torch.float32)
        best = (self.weight * obs[..., :1] + obs[..., 1:2]) % N_ACTIONS
        return -(_PLACES - best).abs()


def greedy_action(weight: float, obs: np.ndarray) -> int:
    """Handlingen med det största Q-värdet i ett `OneWeight`, räknat i samma precision."""
    best = (np.float32(weight) * obs[0] + obs[1]) % np.float32(N_ACTIONS)
    return int(np.abs(_PLACES.numpy() - best).argmin())


def weight_of(network: Any) -> float | None:
    """Nätverkets vikt; None om det inte är ett nätverk med en vikt."""
    if isinstance(network, OneWeight):
        return network.weight.item()
    parameter = next(network.parameters(), None) if isinstance(network, nn.Module) else None
    return float(parameter) if parameter is not None and parameter.numel() == 1 else None


class LoggingStep:
    """Träningssteget: ändrar online-nätverkets vikt och minns hur och när det anropades."""

    def __init__(self, right: Sequence[Any], target_model: nn.Module, inputs: Inputs) -> None:
        self._right = right
        self._model, self._buffer = right[0], right[3]
        self._increments = inputs["increments"]
        self.target: Any = target_model
        self.env: Any = None
        self.at: list[int] = []
        self.n_stored: list[int] = []
        self.online: list[float] = []
        self.targets: list[float | None] = []
        self.wrong_arguments = ""
        self.moved_along = 0

    def __call__(self, *arguments: Any, **named: Any) -> float:
        """Ett "träningssteg"; ger en förlust."""
        names = (*ARGUMENTS, "target_model")[len(arguments) :]
        arguments = (*arguments, *(named[name] for name in names if name in named))
        self.wrong_arguments = self.wrong_arguments or self._wrong(arguments)
        self.target = arguments[6] if len(arguments) > 6 else None
        before = weight_of(self.target)
        self.at.append(self.env.n_steps)
        self.n_stored.append(len(self._buffer))
        self.online.append(float(self._model.weight))
        self.targets.append(before)
        with torch.no_grad():
            self._model.weight += self._increments[(len(self.at) - 1) % len(self._increments)]
        self.moved_along += before is not None and weight_of(self.target) != before
        return 1.0 / len(self.at)

    def _wrong(self, arguments: Sequence[Any]) -> str:
        """Vilka argument som är fel, i ord; tomt om alla är rätt."""
        if len(arguments) != len(ARGUMENTS) + 1:
            return f"{len(arguments)} argument i stället för {len(ARGUMENTS) + 1}"
        pairs = zip(ARGUMENTS, arguments, self._right, strict=False)
        wrong = [name for name, got, right in pairs if not _same_argument(got, right)]
        wrong += ["target_model"] if weight_of(arguments[6]) is None else []
        return in_code(wrong)


def _same_argument(got: Any, right: Any) -> bool:
    if isinstance(right, int | float):
        return isinstance(got, int | float | np.number) and bool(got == right)
    return got is right


class ScriptedEnv(gym.Env):
    """En miljö där observationer, belöningar och slut står i ett manus."""

    def __init__(self, inputs: Inputs, step_log: LoggingStep, model: OneWeight) -> None:
        self.observation_space = gym.spaces.Box(0.0, 1000.0, (2,), dtype=np.float32)
        self.action_space = gym.spaces.Discrete(N_ACTIONS, seed=int(inputs["weight"]))
        self._lengths, self._truncated = inputs["lengths"], inputs["truncated"]
        self._observations = np.array(inputs["observations"], dtype=np.float32)
        self._rewards = np.array(inputs["rewards"], dtype=float)
        self._shown = np.zeros(2, dtype=np.float32) if inputs.get("reuses_array") else None
        self._log, self._model = step_log, model
        self._episode, self._place, self._over = -1, 0, "inte är startad"
        self.n_steps = 0
        self.actions: list[int] = []
        self.online: list[float] = []  # online-nätverkets vikt när handlingen kom
        self.chosen_by: list[str] = []
        self.seeds: list[int] = []  # de frön som reset har fått

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict]:
        """Nästa episod i manuset; efter den sista kommer den första igen."""
        self._episode, self._place, self._over = self._episode + 1, 0, ""
        self._number = self._episode % len(self._lengths)
        self._start = sum(self._lengths[: self._number])
        self._first = self._previous = self._observation()
        self.seeds += [] if seed is None else [int(seed)]
        return self._show(), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict]:
        """Nästa steg i manuset, vilken handlingen än är."""
        if self._over:
            raise RuntimeError(f"`env.step` anropas fast episoden {self._over}.")
        if self.n_steps > 3 * len(self._rewards):
            raise RuntimeError("Spelet tog inte slut efter `n_episodes` episoder.")
        action, obs = int(action), self._observation()
        self.chosen_by.append(self._chooser(action, obs))
        self.online.append(self._model.weight.item())
        self.actions.append(action)
        self._previous = obs
        reward = float(self._rewards[self._start + self._place])
        self._place += 1
        self.n_steps += 1
        truncated = self._ended() and bool(self._truncated[self._number])
        terminated = self._ended() and not truncated
        return self._show(), reward, terminated, truncated, {}

    def _show(self) -> np.ndarray:
        """Det agenten får se; med `reuses_array` är det samma array varje gång."""
        if self._shown is None:
            return self._observation()
        self._shown[:] = self._observation()
        return self._shown

    def _observation(self) -> np.ndarray:
        # Varje episod har en observation mer än sina steg.
        return self._observations[self._start + self._number + self._place].copy()

    def _ended(self) -> bool:
        ended = self._place == self._lengths[self._number]
        if ended:
            flag = "truncated" if self._truncated[self._number] else "terminated"
            self._over = f"är slut (`{flag}` var sant)"
        return ended

    def _chooser(self, action: int, obs: np.ndarray) -> str:
        """Vem som måste ha valt handlingen."""
        online = self._model.weight.item()
        greedy = greedy_action(online, obs)
        if action == greedy:
            return ONLINE
        target = weight_of(self._log.target)
        if target is not None and action == greedy_action(target, obs):
            return TARGET
        old = {greedy_action(online, earlier) for earlier in (self._first, self._previous)}
        if action in old:
            return OLD
        worst = 0 if greedy > N_ACTIONS // 2 else N_ACTIONS - 1
        return WORST if action == worst else CHANCE


class Run:
    """En körning av studentens `train_dqn` på ett manus."""

    def __init__(self, train_dqn: Any, inputs: Inputs) -> None:
        model, target_model = OneWeight(inputs["weight"]), OneWeight(inputs["weight"])
        optimizer, criterion = WatchedSGD(model.parameters(), lr=0.1), nn.MSELoss()
        self.buffer = ReplayBuffer(2 * len(inputs["rewards"]))
        right = [model, optimizer, criterion, self.buffer]
        right += [inputs["batch_size"], inputs["discount_factor"]]
        self.log = LoggingStep(right, target_model, inputs)
        self.env = self.log.env = ScriptedEnv(inputs, self.log, model)
        self.optimizer = optimizer
        self.returned = train_dqn(
            *(model, self.env, self.buffer, optimizer, criterion, len(inputs["lengths"])),
            *(inputs[name] for name in SETTINGS),
            target_model=target_model,
            **{name: inputs[name] for name in (*BY_NAME, "epsilon_decay_steps")},
            training_step=self.log,
        )


def train_dqn_driver(train_dqn: Any, inputs: Inputs) -> Observed:
    """Kör hela loopen på ett manus.

    Indata: lengths, truncated, observations, rewards (manuset), weight och increments (nätverkets
    vikt och hur träningsstegen ändrar den), funktionens egna inställningar, och en av dessa:
    calls: så många träningssteg jämförs; ger när det tränades, målnätverket och handlingarna.
    first, low, middle och slow: indata till körningar som bara prövar ε.
    Utan någon av dem: det som returnerades och sparades. Med `reuses_array` återanvänder miljön sin
    array, som en miljö får göra.
    Med `evidence` ges också belägg: `played` (varje handling och online-nätverkets vikt då) eller
    `acted` (handlingarna i körningarna som prövar ε).
    """
    if "first" in inputs:
        return _of_epsilon(train_dqn, inputs)
    run = Run(train_dqn, inputs)
    if "calls" in inputs:
        training = _of_training(run.log, inputs["calls"]) | _of_actions(run.env)
        if "evidence" in inputs:
            training["played"] = [run.env.actions, run.env.online]
        return training | {"own_steps": run.optimizer.n_steps}
    return _of_episodes(run)


def _of_epsilon(train_dqn: Any, inputs: Inputs) -> Observed:
    """Hur ofta ε = 1 gav en girig första handling, vem som valde när ε var 0, och resten."""
    scripts = *inputs["first"], inputs["low"], inputs["middle"], inputs["slow"]
    runs = [Run(train_dqn, one).env for one in scripts]
    *first, low, middle, slow = (env.chosen_by for env in runs)
    n_steps = inputs["slow"]["epsilon_decay_steps"]
    observed = {
        "first_greedy": [chosen_by[:1] for chosen_by in first].count([ONLINE]),
        "low": low[0] if low else NOBODY,
        "middle": _by_chance(middle[UNDER_WAY:]),
        "second_half": _by_chance(slow[n_steps // 2 : n_steps]),
        "afterwards": _by_chance(slow[n_steps:]),
    }
    return observed | ({"acted": [env.actions for env in runs]} if "evidence" in inputs else {})


def _by_chance(chosen_by: Sequence[str]) -> str:
    """Om någon av handlingarna är slumpad."""
    return "ibland" if CHANCE in chosen_by else "aldrig"


def _of_episodes(run: Run) -> Observed:
    """Det som returnerades och det som sparades."""
    returned = run.returned
    is_list = isinstance(returned, list | tuple | np.ndarray | torch.Tensor) and np.ndim(returned)
    stored = [run.buffer[i] for i in range(len(run.buffer))]
    pairs = zip(stored, run.env.actions, strict=False)
    return {
        "n_returns": len(returned) if is_list else None,
        "returns": plain(returned),
        "same_start": len(run.env.seeds) - len(set(run.env.seeds)),
        "n_stored": len(stored),
        # Manusets observationer skiljer sig redan i det första talet.
        "states": in_a_row([float(e.state[0]) for e in stored]),
        "wrong_actions": sum(mine.action != played for mine, played in pairs),
        "rewards": in_a_row([e.reward for e in stored]),
        "next_states": in_a_row([float(e.next_state[0]) for e in stored]),
        "terminated": _places(e.terminated for e in stored),
        "truncated": _places(e.truncated for e in stored),
    }


def _places(flags: Iterable[bool]) -> str:
    """Platserna i bufferten där flaggan är sann."""
    return in_a_row([place for place, flag in enumerate(flags) if flag], "ingenstans")


def _of_training(log: LoggingStep, calls: int) -> Observed:
    """När det tränades, med vad, och hur målnätverket såg ut då."""
    return {
        "trained": bool(log.at),
        "first_step": log.at[0] if log.at else None,
        "train_at": in_a_row(log.at),
        "arguments": log.wrong_arguments,
        "fewest_stored": min(log.n_stored, default=None),
        "targets": in_a_row(log.targets[:calls]),
        "moved_along": log.moved_along,
        "online": in_a_row(log.online[:calls]),
    }


def in_a_row(numbers: Sequence[float | None], nothing: str = "aldrig") -> str:
    """Tal i rad, "2; 3,5; 4", högst tjugo; ordet `nothing` om inga finns."""
    shown = ["inget" if x is None else swedish_value(x) for x in numbers[:20]]
    return "; ".join([*shown, *["…"] * (len(numbers) > 20)]) or nothing


def _of_actions(env: ScriptedEnv) -> Observed:
    """Vem som valde handlingarna; den allra första är slumpad och räknas inte."""
    later = env.chosen_by[1:]
    # Två träffar, för en enda kan vara slump.
    chooser = next((who for who in (TARGET, OLD, WORST, ONLINE) if later.count(who) >= 2), CHANCE)
    by_chance = [step for step, who in enumerate(later, 2) if who == CHANCE]
    return {"chooser": chooser, "by_chance": in_a_row(by_chance)}


def in_words(inputs: Inputs) -> str:
    """Fallet i ord."""
    names = ("warmup", "train_every", "target_update_every", "batch_size", "epsilon_decay_steps")
    settings = ", ".join(f"`{name}` = {inputs[name]}" for name in names)
    start, end = (swedish_value(inputs[name]) for name in ("epsilon_start", "epsilon_end"))
    lengths = listed([str(length) for length in inputs["lengths"]])
    return f"Episoder på {lengths} steg, {settings}, och ε från {start} till {end}."
