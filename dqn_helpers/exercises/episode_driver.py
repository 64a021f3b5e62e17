"""Drivaren för att spela och spara en episod (2.3): en miljö med manus och ett litet nätverk."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from dqn_helpers.exercises.buffer_drivers import FIELDS, numbers, six_fields
from dqn_helpers.exercises.model import Inputs, Observed
from dqn_helpers.exercises.plain import plain


class GivenNetwork(nn.Module):
    """Ett nätverk med givna vikter, [[W, b], …], och tanh mellan lagren; b får vara None.

    Tar ett tillstånd (n,) eller en batch (B, n). Samma som `small_network` i
    `training_step_driver`, men utan optimeraren där, som tar en halv sekund att ladda.
    """

    def __init__(self, layers: Sequence[Sequence[Any]]) -> None:
        super().__init__()
        arrays = [np.array(w if b is None else np.c_[w, b], np.float32) for w, b in layers]
        self.weights = nn.ParameterList([nn.Parameter(torch.from_numpy(a)) for a in arrays])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Ett Q-värde per handling."""
        for number, weight in enumerate(self.weights):
            x = torch.tanh(x) if number else x
            n_in = x.shape[-1]
            bias = weight[:, n_in] if weight.shape[1] > n_in else None
            x = nn.functional.linear(x, weight[:, :n_in], bias)
        return x


class Step(NamedTuple):
    """Vad som verkligen hände i ett steg."""

    obs: np.ndarray
    action: int


class ScriptedEpisode(gym.Env):
    """En miljö vars observationer och belöningar står i ett manus.

    Args:
        observations: (T + 1, n), den första är startens.
        rewards: T belöningar.
        n_actions: antalet handlingar.
        ends: "terminated" eller "truncated", i det sista steget.
        reuse: ge samma array varje gång, som en miljö får göra.
    """

    def __init__(
        self, observations: Any, rewards: Any, n_actions: int, ends: str, reuse: bool
    ) -> None:
        self._script = np.array(observations, np.float32)
        self._rewards = [float(reward) for reward in rewards]
        self._ends = ends
        self._reuse = reuse
        self._array = self._script[0].copy()
        self._place: int | None = None
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, self._script[0].shape, np.float32)
        self.action_space = gym.spaces.Discrete(n_actions)
        self._n_actions = n_actions
        self.log: list[Step] = []
        self.seed_given: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Börja om från början."""
        super().reset(seed=seed)
        if not self.log:
            self.seed_given = seed
        self._place = 0
        return self._show(0), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Ett steg i manuset."""
        if self._place is None:
            raise RuntimeError("`env.step` anropades före `env.reset`.")
        number = int(action)
        if number != action or not 0 <= number < self._n_actions:
            raise ValueError(f"Handlingen `{action}` finns inte.")
        if self._place == len(self._rewards):
            return self._step_after_the_end(number)
        self.log.append(Step(self._script[self._place].copy(), number))
        reward = self._rewards[self._place]
        self._place += 1
        last = self._place == len(self._rewards)
        terminated, truncated = (last and self._ends == end for end in ("terminated", "truncated"))
        return self._show(self._place), reward, terminated, truncated, {}

    def _step_after_the_end(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict]:
        """Ett steg till, som stannar den som bara ser på den andra flaggan; det syns på längden."""
        if len(self.log) > len(self._rewards):
            raise RuntimeError("Episoden är slut sedan länge, men `env.step` anropas fortfarande.")
        self.log.append(Step(self._script[-1].copy(), action))
        terminated = self._ends == "truncated"
        return self._show(-1), 1000.0, terminated, not terminated, {}

    def _show(self, place: int) -> np.ndarray:
        if not self._reuse:
            return self._script[place].copy()
        self._array[:] = self._script[place]
        return self._array

    def forget(self) -> None:
        """Skriv över arrayen, som en miljö får göra när nästa episod börjar."""
        self._array[:] = -77


class Memory:
    """Det enklaste man kan spara i: `append`, `len` och `[i]`."""

    def __init__(self) -> None:
        self._saved: list[Any] = []

    def append(self, experience: Any) -> None:
        """Spara en erfarenhet, som den är."""
        self._saved.append(experience)

    def __len__(self) -> int:
        return len(self._saved)

    def __getitem__(self, index: int) -> Any:
        return self._saved[index]


def play_and_record_driver(play_and_record_episode: Any, inputs: Inputs) -> Observed:
    """Spela en episod i en miljö med manus.

    Indata: layers, observations, rewards, epsilon, och om så behövs ends, reuse, seed (utan den
    anropas funktionen med fyra argument) och look ("choices": se bara på valen av handling,
    "length": bara på hur många steg det blev, "actions": bara på om rätt handlingar sparades,
    "starts": bara på om två episoder utan slumpfrö börjar med samma). Med `evidence` är belägget
    för valen `actions`, och för det sparade `pairs`.
    """
    if inputs.get("look") == "starts":
        return {"same_seed": _same_seed(play_and_record_episode, inputs)}
    model = GivenNetwork(inputs["layers"])
    env, memory = _scripted(inputs), Memory()
    arguments = [model, env, memory, inputs["epsilon"]]
    arguments += [inputs["seed"]] if "seed" in inputs else []
    returned = play_and_record_episode(*arguments)
    env.forget()
    if inputs.get("look") == "choices":
        evidence = {"actions": [step.action for step in env.log]} if "evidence" in inputs else {}
        return _choices(model, env.log) | evidence
    length = {"steps": len(env.log), "saved": len(memory)}
    if inputs.get("look") == "length":
        return length
    observed = {"returned": plain(returned), "seed": plain(env.seed_given)} | length
    saved = [memory[i] for i in range(min(len(memory), len(inputs["rewards"])))]
    stored = _stored(saved, env.log)
    if inputs.get("look") == "actions":
        unlike = "några är andra" if stored.get("wrong_actions") else ""
        evidence = {"pairs": _pairs(saved, env.log)} if "evidence" in inputs else {}
        return {"odd": stored["odd"], "unlike": unlike} | evidence
    return observed | stored


def _scripted(inputs: Inputs) -> ScriptedEpisode:
    return ScriptedEpisode(
        inputs["observations"],
        inputs["rewards"],
        len(inputs["layers"][-1][0]),
        inputs.get("ends", "terminated"),
        inputs.get("reuse", False),
    )


def _same_seed(play_and_record_episode: Any, inputs: Inputs) -> str:
    """Slumpfröet som två episoder utan frö ändå båda fick; tomt om de inte börjar likadant."""
    given = []
    for _ in range(2):
        env = _scripted(inputs)
        play_and_record_episode(GivenNetwork(inputs["layers"]), env, Memory(), inputs["epsilon"])
        given.append(plain(env.seed_given))
    return str(given[0]) if given[0] == given[1] is not None else ""


def _pairs(saved: list[Any], log: Sequence[Step]) -> list[Any]:
    """Handlingarna som sparades, de som gjordes, och tillstånden som sparades."""
    rows = [six_fields(item)[0] or (None,) * len(FIELDS) for item in saved]
    actions, states = ([plain(row[place]) for row in rows] for place in (1, 0))
    return [actions, [step.action for step in log], states]


def _stored(saved: list[Any], log: Sequence[Step]) -> Observed:
    """Det som sparades, fält för fält, och hur många handlingar som inte är de som gjordes."""
    rows = [six_fields(item) for item in saved]
    odd = next((words for fields, words in rows if not fields), "")
    if odd or not rows:
        return {"odd": odd}
    columns = zip(*(fields for fields, _ in rows if fields), strict=True)
    stored: Observed = {name: _column(c) for name, c in zip(FIELDS, columns, strict=True)}
    mine, taken = np.asarray(stored.pop("action"), dtype=object), [step.action for step in log]
    wrong = sum(not np.array_equal(a, b) for a, b in zip(mine, taken, strict=False))
    return {"odd": ""} | stored | {"wrong_actions": wrong}


def _column(values: Sequence[Any]) -> Any:
    """Ett fält i alla steg, som en array om det går."""
    arrays = [numbers(value) for value in values]
    if len({None if array is None else array.shape for array in arrays}) > 1 or arrays[0] is None:
        return [{"type": "inte tal"} if array is None else array for array in arrays]
    return np.array(arrays)


def _choices(model: GivenNetwork, log: Sequence[Step]) -> Observed:
    """Hur handlingarna förhåller sig till dem som nätverket tycker är bäst."""
    if not log:
        return {}
    with torch.no_grad():
        best = model(torch.tensor(np.array([step.obs for step in log]))).argmax(dim=1).numpy()
    taken = np.array([step.action for step in log])
    share, n_actions = float(np.mean(taken == best)), len(set(taken.tolist()))
    by_lot = 1 / len(model.weights[-1])
    return {"share": share, "n_actions": n_actions, "mode": _mode(share, n_actions, by_lot)}


def _mode(share: float, n_actions: int, by_lot: float) -> str:
    """Valen i ord, så grovt att det inte beror på tur.

    Den som alltid lottar väntas få andelen `by_lot`. Med fyra handlingar i 40 steg hamnar den över
    gränsen i färre än ett fall på en miljon (binomialfördelningen), och med tio i 100 mer sällan.
    """
    if n_actions == 1:
        return "en enda handling hela tiden"
    if share > 0.95:
        return "bara den bästa handlingen"
    if share > 2 * by_lot + 0.1:
        return "den bästa handlingen oftare än en lottning"
    return "aldrig den bästa handlingen" if share == 0 else "den bästa handlingen ibland"
