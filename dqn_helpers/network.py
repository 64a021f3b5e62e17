"""Q-nätverket: in kommer en observation, ut kommer ett Q-värde per handling."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import gymnasium as gym
import torch
from torch import nn

from dqn_helpers.checks import space_sizes


class DQN(nn.Module):
    """Ett framåtmatat nätverk med ReLU mellan lagren och inget efter det sista.

    Utan aktivering på slutet kan Q-värdena bli både negativa och hur stora som helst.

    Args:
        observation_size: antal tal i en observation (4 i CartPole).
        n_actions: antal handlingar (2 i CartPole).
        hidden_sizes: antal neuroner i varje dolt lager.

    Raises:
        ValueError: om någon storlek är mindre än 1.

    Källa: idén med ett utvärde per handling kommer från Mnih m.fl., *Playing Atari with deep
    reinforcement learning*, 2013.
    """

    def __init__(
        self,
        observation_size: int = 4,
        n_actions: int = 2,
        hidden_sizes: Sequence[int] = (64, 64),
    ) -> None:
        super().__init__()
        sizes = [observation_size, *hidden_sizes, n_actions]
        if min(sizes) < 1:
            raise ValueError(f"Alla lager behöver minst en neuron, men storlekarna är {sizes}.")
        self.sizes = sizes
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(sizes):
            layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    @classmethod
    def for_env(cls, env: gym.Env, hidden_sizes: Sequence[int] = (64, 64)) -> "DQN":
        """Ett nätverk som passar miljöns observationer och handlingar.

        Raises:
            ValueError: om miljön har observationer eller handlingar av en sort som DQN inte klarar.
        """
        return cls(*space_sizes(env), hidden_sizes)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """Q-värden, float32 (B, n_actions), för observationer, float32 (B, observation_size)."""
        return self.layers(obs)


def device_of(model: nn.Module) -> torch.device:
    """Var modellens vikter ligger; processorn om den inte har några."""
    parameter = next(model.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


def depends_on_mode(model: nn.Module) -> bool:
    """Sant om något lager gör olika i tränings- och utvärderingsläge, som Dropout och BatchNorm."""
    return any("Drop" in (name := type(module).__name__) or "BatchNorm" in name
               for module in model.modules())  # fmt: skip


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Stäng av `Dropout` och liknande en stund; sedan är varje lager som det var.

    I träningsläge slumpar `Dropout` bort neuroner. Då vore inte ens en girig agent sig lik.
    """
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:  # inte model.train(): ett lager kan ha varit avstängt med flit
            module.training = True


def save_agent(model: DQN, path: str | Path) -> None:
    """Spara ett tränat nätverk, storlekar och vikter, i en fil som `load_agent` läser.

    Filen skrivs färdig bredvid och byter sedan plats, så att en avbruten sparning aldrig förstör
    en äldre fil.

    Raises:
        TypeError: om `model` inte är ett `DQN`.
    """
    if not isinstance(model, DQN):
        raise TypeError(
            f"Funktionen `save_agent` sparar ett `DQN`, men fick `{type(model).__name__}`. Spara "
            "annat med `torch.save(model.state_dict(), …)`."
        )
    path = Path(path)
    unfinished = path.with_name(path.name + ".skrivs")
    torch.save({"sizes": model.sizes, "weights": model.state_dict()}, unfinished)
    unfinished.replace(path)


def load_agent(path: str | Path) -> DQN:
    """Läs ett nätverk som `save_agent` har sparat; det hamnar på processorn.

    Bara tal läses, aldrig körbar kod (`weights_only=True`).

    Raises:
        FileNotFoundError: om filen inte finns.
        ValueError: om filen inte är en sparad agent.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Det finns ingen sparad agent i {path}. Stämmer sökvägen?")
    file = io.BytesIO(path.read_bytes())
    try:
        # torch läser arkivet utan att jämföra kontrollsummorna: skadade vikter märks bara här.
        if zipfile.ZipFile(file).testzip() is not None:
            raise zipfile.BadZipFile
        file.seek(0)
        saved = torch.load(file, map_location="cpu", weights_only=True)
        first, *hidden, last = saved["sizes"]
        model = DQN(first, last, hidden)
        model.load_state_dict(saved["weights"])
    except Exception as e:  # vad som helst kan gå fel i en skadad eller främmande fil
        raise ValueError(
            f"{path} är inte en agent som `save_agent` har sparat, eller så är filen skadad. "
            f"Spara om den. (Felet heter `{type(e).__name__}`.)"
        ) from None
    return model
