"""Nätverket: form, miljöer som passar, och filer som sparas, läses och går sönder."""

import math
import pickle
import zipfile
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import nn

from dqn_helpers import DQN, load_agent, save_agent
from dqn_helpers.network import device_of, space_sizes


class SpacesOnly(gym.Env):
    """En miljö som bara har rum."""

    def __init__(self, observation_space: gym.Space, action_space: gym.Space) -> None:
        self.observation_space = observation_space
        self.action_space = action_space


VECTOR = spaces.Box(-1, 1, (3,), np.float32)


# --- nätverket -----------------------------------------------------------------------------------


def test_default_network_fits_cartpole():
    model = DQN()
    assert model(torch.zeros(5, 4)).shape == (5, 2)
    assert [tuple(p.shape) for p in model.parameters()] == [
        (64, 4), (64,), (64, 64), (64,), (2, 64), (2,),
    ]  # fmt: skip


def test_hidden_sizes():
    for hidden_sizes in [(), (7,), (1,), (5, 6, 7)]:
        model = DQN(3, 4, hidden_sizes)
        layers = [m for m in model.modules() if isinstance(m, nn.Linear)]
        assert [layer.out_features for layer in layers] == [*hidden_sizes, 4]
        assert sum(isinstance(m, nn.ReLU) for m in model.modules()) == len(hidden_sizes)
        assert model(torch.zeros(2, 3)).shape == (2, 4)


def test_network_is_relu_between_layers_and_nothing_at_the_end():
    torch.manual_seed(0)
    model, obs = DQN(3, 2, (5,)), torch.randn(4, 3)
    first, last = (m for m in model.modules() if isinstance(m, nn.Linear))
    by_hand = torch.clamp(obs @ first.weight.T + first.bias, min=0) @ last.weight.T + last.bias
    torch.testing.assert_close(model(obs), by_hand)


def test_q_values_can_be_negative_and_large():
    for value in [-1000.0, 1000.0]:
        model = DQN()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.zero_()
            list(model.parameters())[-1].fill_(value)
        assert model(torch.ones(1, 4)).tolist() == [[value, value]]


def test_layer_without_neurons_is_an_error():
    for sizes in [(0, 2, (4,)), (4, 0, (4,)), (4, 2, (0,)), (4, 2, (8, -1))]:
        with pytest.raises(ValueError, match="minst en neuron"):
            DQN(*sizes)


# --- miljöer -------------------------------------------------------------------------------------


def test_for_env_fits_the_environment():
    for name, sizes in [("CartPole-v1", (4, 2)), ("Acrobot-v1", (6, 3))]:
        env = gym.make(name)
        assert space_sizes(env) == sizes
        assert [type(size) for size in space_sizes(env)] == [int, int]
        model = DQN.for_env(env, hidden_sizes=(8,))
        assert model.sizes == [sizes[0], 8, sizes[1]]
        assert DQN.for_env(env).sizes == [sizes[0], 64, 64, sizes[1]]
        obs, _ = env.reset(seed=0)
        assert model(torch.as_tensor(obs).unsqueeze(0)).shape == (1, sizes[1])


OBSERVATION_SPACE_THAT_DOES_NOT_FIT_IS_AN_ERROR_CASES = [
    spaces.Box(-1, 1, (2, 3), np.float32),
    spaces.Box(-1, 1, (), np.float32),
    spaces.Discrete(5),
    spaces.Dict({"a": VECTOR}),
    spaces.MultiBinary(3),
]


def test_observation_space_that_does_not_fit_is_an_error():
    for space in OBSERVATION_SPACE_THAT_DOES_NOT_FIT_IS_AN_ERROR_CASES:
        env = SpacesOnly(space, spaces.Discrete(2))
        with pytest.raises(ValueError, match=r"`Box` med en dimension.*FlattenObservation"):
            DQN.for_env(env)


ACTION_SPACE_THAT_DOES_NOT_FIT_IS_AN_ERROR_CASES = [
    spaces.MultiDiscrete([2, 2]),
    spaces.Box(-1, 1, (1,), np.float32),
    spaces.Discrete(3, start=1),
    spaces.Discrete(3, start=-1),
]


def test_action_space_that_does_not_fit_is_an_error():
    for space in ACTION_SPACE_THAT_DOES_NOT_FIT_IS_AN_ERROR_CASES:
        with pytest.raises(ValueError, match="numrerade handlingar 0, 1, 2"):
            DQN.for_env(SpacesOnly(VECTOR, space))


def test_device_of_network_with_and_without_weights():
    assert device_of(DQN()) == torch.device("cpu")
    assert device_of(nn.ReLU()) == torch.device("cpu")
    assert device_of(nn.Linear(1, 1, device="meta")) == torch.device("meta")


# --- spara och läsa ------------------------------------------------------------------------------


@pytest.fixture
def model() -> DQN:
    torch.manual_seed(3)
    return DQN(3, 4, (5, 6))


@pytest.mark.parametrize("as_text", [True, False])
def test_saved_agent_comes_back_bit_for_bit(model: DQN, tmp_path: Path, as_text: bool):
    path = tmp_path / "agent med åäö.pt"
    save_agent(model, str(path) if as_text else path)
    loaded = load_agent(str(path) if as_text else path)
    assert loaded.sizes == model.sizes
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    assert all(parameter.requires_grad for parameter in loaded.parameters())
    assert list(tmp_path.iterdir()) == [path]


def test_saving_again_replaces_the_file(model: DQN, tmp_path: Path):
    path = tmp_path / "agent.pt"
    save_agent(DQN(), path)
    save_agent(model, path)
    assert load_agent(path).sizes == model.sizes


def test_interrupted_save_keeps_the_older_file(
    model: DQN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "agent.pt"
    save_agent(model, path)
    before = path.read_bytes()

    def interrupted(data: Any, file: Path) -> None:
        Path(file).write_bytes(b"halv")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_agent(DQN(), path)
    assert path.read_bytes() == before


def test_only_dqn_is_saved(tmp_path: Path):
    with pytest.raises(TypeError, match="`save_agent` sparar ett `DQN`, men fick `Linear`"):
        save_agent(nn.Linear(1, 1), tmp_path / "agent.pt")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_missing_file_is_an_error(tmp_path: Path):
    for path in (tmp_path / "finns_inte.pt", tmp_path):
        with pytest.raises(FileNotFoundError, match=r"ingen sparad agent.*sökvägen"):
            load_agent(path)


def assert_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="inte en agent som `save_agent` har sparat"):
        load_agent(path)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.9, 0.999])
def test_truncated_file_is_an_error(model: DQN, tmp_path: Path, share: float):
    path = tmp_path / "agent.pt"
    save_agent(model, path)
    data = path.read_bytes()
    path.write_bytes(data[: math.floor(len(data) * share)])
    assert_refused(path)


def test_every_flipped_weight_byte_is_noticed(model: DQN, tmp_path: Path):
    path = tmp_path / "agent.pt"
    save_agent(model, path)
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if m.file_size]
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        contents = {m.filename: archive.read(m) for m in members}
    for content in contents.values():
        place = data.index(content) + len(content) // 2
        damaged = bytearray(data)
        damaged[place] ^= 0x40
        path.write_bytes(damaged)
        assert_refused(path)


@pytest.mark.parametrize(
    "content", [b"", b"hej", "åäö".encode() * 100, b"\x89PNG\r\n\x1a\n" + bytes(64), bytes(1000)]
)
def test_foreign_file_is_an_error(tmp_path: Path, content: bytes):
    path = tmp_path / "agent.pt"
    path.write_bytes(content)
    assert_refused(path)


FOREIGN_OBJECTS: dict[str, Any] = {
    "tensor": torch.zeros(3),
    "list": [1, 2],
    "none": None,
    "no weights": {"sizes": [3, 4]},
    "no sizes": {"weights": {}},
    "empty sizes": {"sizes": [], "weights": {}},
    "text sizes": {"sizes": ["a", "b"], "weights": {}},
    "other sizes": {"sizes": [3, 7, 4], "weights": DQN(3, 4, (5, 6)).state_dict()},
    "weights without names": {"sizes": [3, 4], "weights": {1: 2}},
    "weights that are numbers": {"sizes": [3, 4], "weights": {"layers.0.weight": 2}},
    "another network": nn.Linear(3, 4).state_dict(),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FOREIGN_OBJECTS)
def test_something_else_saved_by_torch_is_an_error(tmp_path: Path, name: str):
    path = tmp_path / "agent.pt"
    torch.save(FOREIGN_OBJECTS[name], path)
    assert_refused(path)


class WritesFile:
    """Ett objekt som skriver en fil när det packas upp av en oförsiktig läsare."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "koden kördes")


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_code_in_a_file_is_never_run(tmp_path: Path, how: str):
    path, proof = tmp_path / "agent.pt", tmp_path / "bevis"
    content = {"sizes": [3, 4], "weights": WritesFile(proof)}
    if how == "torch":
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content))
    assert_refused(path)
    assert not proof.exists()


def test_the_trap_in_the_test_above_works(tmp_path: Path):
    proof = tmp_path / "bevis"
    pickle.loads(pickle.dumps(WritesFile(proof)))
    assert proof.exists()
