"""Drivaren för ett träningssteg (3.3 och 5.2): ett litet nätverk, en känd buffert, iakttagelser."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from dqn_helpers.exercises.model import Inputs, Observed
from dqn_helpers.exercises.plain import any_order, plain
from dqn_helpers.replay import ReplayBuffer

# Det första steget läser in delar av torch (i Windows en sekund, se `dqn_helpers.no_compiler`): det
# ska inte belasta studentens tid, och inte avbrytas av den.
_warm = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
_warm.zero_grad()
_warm.step()


class Transitions(Sequence[tuple[Any, ...]]):
    """En buffert som bara kan det en buffert måste kunna: `len` och `[i]`."""

    def __init__(self, experiences: Sequence[tuple[Any, ...]]) -> None:
        self._experiences = list(experiences)

    def __len__(self) -> int:
        return len(self._experiences)

    def __getitem__(self, index: Any) -> Any:
        return self._experiences[index]


def make_buffer(transitions: Sequence[Sequence[Any]], kind: str) -> ReplayBuffer | Transitions:
    """En buffert med erfarenheterna: kursens `ReplayBuffer`, eller den enklast tänkbara."""
    experiences = [
        (np.array(s, np.float32), int(a), float(r), np.array(n, np.float32), bool(te), bool(tr))
        for s, a, r, n, te, tr in transitions
    ]
    if kind == "list":
        return Transitions(experiences)
    buffer = ReplayBuffer(len(experiences))
    for experience in experiences:
        buffer.append(experience)
    return buffer


def small_network(layers: Sequence[Sequence[Any]]) -> nn.Sequential:
    """Ett nätverk med givna vikter: [[W, b], …] med tanh mellan lagren; b får vara None."""
    modules: list[nn.Module] = []
    for weight, bias in layers:
        n_out, n_in = np.shape(weight)
        linear = nn.Linear(n_in, n_out, bias=bias is not None)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(np.array(weight), dtype=torch.float32))
            if bias is not None:
                linear.bias.copy_(torch.tensor(np.array(bias), dtype=torch.float32))
        modules += [linear, nn.Tanh()]
    return nn.Sequential(*modules[:-1])


def bare(tensor: torch.Tensor) -> torch.Tensor:
    """Talen i en tensor, också inne i `torch.func.grad` och `vmap`, som slår in tensorerna."""
    return torch.func.debug_unwrap(tensor.detach())


def flat_weights(model: nn.Module) -> np.ndarray:
    """Alla parametrar efter varandra i en enda rad."""
    # Inne i `torch.func.grad` går det inte att göra om till numpy, men väl till en lista.
    rows = [bare(p).reshape(-1).tolist() for p in model.parameters()]
    return np.concatenate([np.array(row, np.float32) for row in rows])


MAX_PAIRS = 30


class WatchedCriterion(nn.Module):
    """Förlustfunktionen, som minns hur den anropades före optimeringssteget."""

    def __init__(self, name: str, model: nn.Module) -> None:
        super().__init__()
        self._loss: nn.Module = nn.HuberLoss() if name == "huber" else nn.MSELoss()
        self._model = [model]  # i en lista: nätverket ska inte bli en del av förlustfunktionen
        self._start = flat_weights(model)
        self.values: list[float] = []
        self.n_rows = 0
        self.mismatch = ""
        self.pairs: list[tuple[float, float]] = []

    def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Förlusten, uträknad med kursens eget recept."""
        loss = self._loss(input, target)
        if np.array_equal(flat_weights(self._model[0]), self._start):
            self._remember(bare(input), bare(target), bare(loss))
        return loss

    def observed(self) -> Observed:
        """Det som iakttogs före steget."""
        return {
            "loss": float(np.mean(self.values)) if self.values else None,
            "shapes": self.mismatch,
            "rows": self.n_rows,
            "pairs": any_order(sorted(self.pairs)),  # sorterade för ögats skull
        }

    def _remember(self, first: torch.Tensor, second: torch.Tensor, loss: torch.Tensor) -> None:
        self.values.append(float(loss.mean()))  # `vmap` ger en förlust per rad
        self.n_rows += max(first.numel(), second.numel())
        if first.shape != second.shape and not self.mismatch:
            shapes = sorted(str(tuple(t.shape)) for t in (first, second))
            self.mismatch = " och ".join(shapes)
        self._remember_pairs(first, second)

    def _remember_pairs(self, first: torch.Tensor, second: torch.Tensor) -> None:
        """Vilka tal som jämförs med varandra, varje par en gång; ordningen i paret är fri."""
        both = [t.reshape(-1).tolist() for t in torch.broadcast_tensors(first, second)]
        # Först lika, sedan nära: det är dyrt att jämföra var och en av hundratals likadana.
        for pair in map(sorted, dict.fromkeys(zip(*both, strict=True))):
            if len(self.pairs) < MAX_PAIRS and not any(_near(pair, other) for other in self.pairs):
                self.pairs.append((pair[0], pair[1]))


SAME = 1e-5
"""Skiljer sig två tal mindre är det bara avrundning. Talen är float32 (1e-7), och jämförelsen med
det väntade är grövre (1e-4), så det spelar ingen roll vilket av paren som behålls."""


def _near(pair: Sequence[float], other: Sequence[float]) -> bool:
    return all(abs(a - b) <= SAME * max(1, abs(b)) for a, b in zip(pair, other, strict=True))


class WatchedSGD(torch.optim.SGD):
    """Vanlig SGD som räknar sina steg."""

    n_steps = 0

    def step(self, closure: Any = None) -> Any:
        """Ett steg."""
        self.n_steps += 1
        return super().step(closure)


def training_step_driver(training_step: Any, inputs: Inputs) -> Observed:
    """Kör ett träningssteg på ett litet nätverk med kända vikter och en känd buffert.

    Indata: layers, transitions, batch_size, discount_factor, och om så behövs criterion ("mse",
    "huber"), learning_rate, planted (gradient som ligger kvar sedan förut), buffer ("list"),
    target_layers (då får steget ett sjunde argument) och calls (se `_sampling`).
    """
    model = small_network(inputs["layers"])
    optimizer = WatchedSGD(model.parameters(), lr=inputs.get("learning_rate", 0.1))
    criterion = WatchedCriterion(inputs.get("criterion", "mse"), model)
    buffer = make_buffer(inputs["transitions"], inputs.get("buffer", "ReplayBuffer"))
    arguments = [model, optimizer, criterion, buffer]
    arguments += [inputs["batch_size"], inputs["discount_factor"]]
    target_model = None
    if "target_layers" in inputs:
        target_model = small_network(inputs["target_layers"])
        arguments.append(target_model)
    if inputs.get("calls", 1) > 1:
        return _sampling(training_step, arguments, inputs)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, inputs.get("planted", 0.0))
    returned = training_step(*arguments)
    observed = {
        "returned": plain(returned),
        "graph": isinstance(returned, torch.Tensor) and returned.requires_grad,
        "weights": flat_weights(model),
        "steps": optimizer.n_steps,
    }
    observed |= criterion.observed()
    return observed | (_of_target(target_model) if target_model is not None else {})


def _of_target(target_model: nn.Module) -> Observed:
    gradients = [p.grad for p in target_model.parameters()]
    touched = any(g is not None and bool(g.any()) for g in gradients)
    return {"target_weights": flat_weights(target_model), "target_gradient": touched}


def _sampling(training_step: Any, arguments: list[Any], inputs: Inputs) -> Observed:
    """Vilka erfarenheter som drogs i många anrop: det syns på vad nätverket fick se.

    Varje erfarenhet känns igen på det första talet i sitt tillstånd, som inget annat har.

    Ger antalet olika erfarenheter i allt, och hur många batchar som var en följd i tiden. Med
    `evidence` ges också belägget `seen`: de första talen i varje anrop.
    """
    place = {round(t[0][0], 3): index for index, t in enumerate(inputs["transitions"])}
    seen: set[float] = set()

    def watch(module: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
        firsts = {round(x, 3) for x in bare(arguments[0])[..., 0].reshape(-1).tolist()}
        seen.update(firsts & set(place))

    # På det första lagret: den som anropar `model.forward` eller lagren själv syns också.
    arguments[0][0].register_forward_pre_hook(watch)
    calls = []
    for _ in range(inputs["calls"]):
        seen.clear()
        training_step(*arguments)
        calls.append(sorted(seen))
    drawn = [{place[x] for x in call} for call in calls]
    evidence = {"seen": calls} if "evidence" in inputs else {}
    return spread(drawn, inputs["batch_size"]) | evidence


def spread(drawn: Sequence[set[int]], batch_size: int) -> Observed:
    """Hur dragningarna sprider sig, ur vilka platser i bufferten som drogs i varje anrop.

    Antalet olika är None om ingen av erfarenheterna syntes: då vet vi inget om dragningen.
    """
    return {
        "distinct": len(set().union(*drawn)) or None,
        "sequential": sum(_is_sequence(places, batch_size) for places in drawn),
    }


def _is_sequence(places: set[int], batch_size: int) -> bool:
    return len(places) >= batch_size - 1 and max(places) - min(places) == len(places) - 1
