"""En episod som film: rätt bilder, i verklig tid, liten nog, och i ord vad den visar."""

import base64
import io
import math
import os
import re
import subprocess
import sys
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from everyday import first
from gymnasium import spaces
from PIL import Image
from torch import nn

from dqn_helpers import make_cartpole, show_one_episode
from dqn_helpers.figures.episodes import MAX_PICTURES, show_episodes_together
from dqn_helpers.figures.player import MAX_BYTES, Film
from dqn_helpers.figures.worlds import CENTER_X, SCALE


def balance(obs: np.ndarray) -> int:
    """θ + ½θ̇: 500 steg med stången upprätt."""
    return int(obs[2] + obs[3] / 2 > 0)


def picture(film: Film, number: int) -> Image.Image:
    """En av bilderna i en film av bilder."""
    encoded = film.frames[number]["bild"].split(",")[1]
    return Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")


def size(film: Film) -> int:
    return len(film._repr_html_().encode())


class Screen(gym.Env):
    """En miljö vars bilder vi bestämmer: en array per steg, sedan slut."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 50}  # noqa: RUF012

    def __init__(self, pictures: Any, fps: float | None = 50, ends: bool = True) -> None:
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": fps}
        self.render_mode = "rgb_array"
        self.observation_space = spaces.Box(0, 1, (1,), np.float32)
        self.action_space = spaces.Discrete(2)
        self._pictures, self._ends = pictures, ends
        self.closed = False
        self.actions: list[int] = []

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        self.seed = seed
        self._step = 0
        return np.zeros(1, np.float32), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict]:
        self.actions.append(action)
        self._step += 1
        done = self._ends and self._step == len(self._pictures) - 1
        return np.zeros(1, np.float32), -0.5, done, False, {}

    def render(self) -> np.ndarray:
        return self._pictures[self._step % len(self._pictures)]

    def close(self) -> None:
        self.closed = True


def noise(n: int, height: int = 400, width: int = 600) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(n)]


def grey(*levels: int) -> list[np.ndarray]:
    return [np.full((200, 300, 3), level, dtype=np.uint8) for level in levels]


@pytest.fixture(scope="module")
def balanced() -> Film:
    return show_one_episode(balance)


# --- CartPole ritas av tal ------------------------------------------------------------------------


def test_every_step_is_shown_in_real_time(balanced: Film):
    assert len(balanced.frames) == 501
    assert balanced.milliseconds == 20
    assert (balanced.labels[0], balanced.labels[-1]) == ("steg 0 av 500", "steg 500 av 500")
    assert size(balanced) < MAX_BYTES


def test_the_drawing_follows_the_environment():
    """Vagnen, stången och knuffen i varje bild, mot en egen körning med samma frö."""
    film = show_one_episode(lambda obs: 1, seed=3)
    env = gym.make("CartPole-v1")
    obs, _ = env.reset(seed=3)
    for step, frame in enumerate(film.frames):
        obs = env.step(1)[0] if step else obs
        assert float(frame["x"]) == pytest.approx(CENTER_X + obs[0] * SCALE, abs=0.1)
        assert float(frame["vinkel"]) == pytest.approx(math.degrees(obs[2]), abs=0.1)
    assert film.frames[0]["knuff"] == "0"
    assert {frame["knuff"] for frame in film.frames[1:]} == {"44"}
    left = show_one_episode(lambda obs: 0, seed=3)
    assert {frame["knuff"] for frame in left.frames[1:]} == {"-44"}


def test_the_pole_leans_to_the_right_when_the_angle_is_positive(balanced: Film):
    """I SVG är en positiv vridning medurs, som vinkeln i CartPole."""
    assert "rotate({vinkel} 0 -18)" in balanced.drawing
    assert float(show_one_episode(lambda obs: 0, seed=3).frames[-1]["vinkel"]) > 12


# --- sjön och klippan -----------------------------------------------------------------------------


def test_the_lake_shows_where_the_agent_stands():
    env = gym.make("FrozenLake-v1", is_slippery=False)
    actions = iter([1, 1, 2, 1, 2, 2])
    film = show_one_episode(lambda obs: next(actions), env=env)
    assert "FrozenLake-v1 med frö 42: 6 steg, 1 poäng, sluttillstånd" in film.alt
    squares = [frame["steg"].split("ruta ")[1] for frame in film.frames]
    assert squares == ["0", "4", "8", "9", "13", "14", "15"]
    places = [(int(f["x"]) // 60, int(f["y"]) // 60) for f in film.frames]
    assert places == [(0, 0), (0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (3, 3)]
    assert film.drawing.count("<rect") == 16
    assert film.milliseconds == 250


def test_the_cliff_is_hatched_and_the_start_and_the_goal_are_marked():
    actions = iter([0, *[1] * 11, 2])
    film = show_one_episode(lambda obs: next(actions), env=gym.make("CliffWalking-v1"))
    assert "13 steg, −13 poäng, sluttillstånd" in film.alt
    assert film.drawing.count("url(#stup)") == 10
    assert film.frames[0]["steg"].endswith("ruta 36") and film.frames[-1]["steg"].endswith(
        "ruta 47"
    )


# --- andra miljöer visas med sina egna bilder -----------------------------------------------------


def test_colours_and_order_are_right():
    colors = [(200, 30, 60), (10, 180, 220), (0, 0, 0)]
    pictures = [np.full((100, 100, 3), rgb, np.uint8) for rgb in colors]
    film = show_one_episode(lambda obs: 0, env=Screen(pictures, fps=4))
    assert [picture(film, n).getpixel((150, 150)) for n in range(3)] == colors
    assert film.milliseconds == 250


@pytest.mark.parametrize("n_steps", [59, 60, 61, 119, 500])
def test_the_end_is_always_shown_and_the_time_is_right(n_steps: int):
    film = show_one_episode(lambda obs: 0, env=Screen(grey(*[0] * n_steps, 255)))
    assert picture(film, -1).getpixel((0, 0)) == (255, 255, 255)
    assert film.labels[-1] == f"steg {n_steps} av {n_steps}"
    assert len(film.frames) <= MAX_PICTURES + 1
    shown = 20 * n_steps
    assert film.milliseconds is not None
    assert shown <= film.milliseconds * (len(film.frames) - 1) < shown + film.milliseconds


def test_an_environment_that_does_not_tell_its_speed_gets_50_pictures_a_second():
    film = show_one_episode(lambda obs: 0, env=Screen(grey(0, 9, 0), fps=None))
    assert film.milliseconds == 20


@pytest.mark.parametrize(
    "size_and_steps", first(1, [(1200, 300, 5), (400, 600, 60), (64, 64, 200)]), ids=str
)
def test_noise_is_made_small_and_still_moves(size_and_steps: tuple[int, int, int]):
    # Brus går inte att packa: det är det värsta en film kan råka ut för.
    height, width, n_steps = size_and_steps
    film = show_one_episode(lambda obs: 0, env=Screen(noise(n_steps + 1, height, width)))
    assert size(film) < MAX_BYTES
    assert (
        len({frame["bild"] for frame in film.frames}) == min(n_steps, MAX_PICTURES) + 1
        or n_steps > 60
    )
    assert film.width == 300  # på skärmen är den lika stor ändå


def test_an_endless_episode_is_stopped():
    film = show_one_episode(lambda obs: 0, env=Screen(grey(0, 100), fps=4, ends=False))
    assert "avbruten efter 1000 steg" in film.alt and film.labels[-1] == "steg 1000 av 1000"


# --- I ord ----------------------------------------------------------------------------------------


def test_alt_text_says_environment_seed_steps_points_and_ending(balanced: Film):
    result = "500 steg, 500 poäng, tidsgränsen nådd"
    assert balanced.alt == f"Film av en episod i CartPole-v1 med frö 42: {result}."
    assert balanced.caption == f"CartPole-v1, frö 42: {result}"


def test_a_fall_is_a_terminal_state():
    alt = show_one_episode(lambda obs: 0, seed=3).alt
    steps = re.search(r"frö 3: (\d+) steg, (\d+) poäng, sluttillstånd", alt)
    assert steps is not None and steps[1] == steps[2]
    assert 8 <= int(steps[1]) <= 11


def test_an_environment_without_a_name_is_called_by_its_class():
    alt = show_one_episode(lambda obs: 0, seed=9, env=Screen(grey(0, 9, 0, 9))).alt
    assert "episod i Screen med frö 9: 3 steg, −1,5 poäng, sluttillstånd" in alt


# --- Policyer och miljöer -----------------------------------------------------------------------


class Network(nn.Module):
    """Q-värden som ger höger när stången lutar åt höger: en episod på några tiotal steg."""

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return torch.stack([-obs[:, 2], obs[:, 2]], dim=1)


def test_a_network_plays_greedily_in_a_scaled_environment():
    env = make_cartpole(render_mode="rgb_array")
    alt = show_one_episode(Network(), seed=1, env=env).alt
    # Facit: samma styrning för hand i vanliga CartPole. Belöningen är skalad med 0,01 i `env`, men
    # summan ska stå i CartPoles egen skala.
    plain = gym.make("CartPole-v1")
    obs, _ = plain.reset(seed=1)
    n_steps, terminated = 0, False
    while not terminated:
        obs, _, terminated, _, _ = plain.step(int(obs[2] > 0))
        n_steps += 1
    assert f"CartPole-v1 med frö 1: {n_steps} steg, {n_steps} poäng, sluttillstånd" in alt
    env.reset()  # miljön är inte stängd: den går att använda igen


def test_the_policy_gets_the_observation_and_the_environment_the_seed():
    env = Screen(grey(0, 9, 0))
    answers = iter([1, 0])
    show_one_episode(lambda obs: next(answers), seed=17, env=env)
    assert env.actions == [1, 0]
    assert env.seed == 17
    assert not env.closed


@pytest.mark.parametrize("fails", [False, True])
def test_its_own_environment_is_closed(fails: bool, monkeypatch: pytest.MonkeyPatch):
    own = Screen(grey(0, 9, 0))
    made: list[tuple[Any, ...]] = []

    def make(*args: Any, **kwargs: Any) -> gym.Env:
        made.append((*args, kwargs))
        return own

    monkeypatch.setattr(gym, "make", make)
    if fails:
        with pytest.raises(ZeroDivisionError):
            show_one_episode(lambda obs: 1 // 0)
    else:
        show_one_episode(lambda obs: 0)
    assert made == [("CartPole-v1", {})]
    assert own.closed


@pytest.mark.parametrize("render_mode", [None, "human"])
def test_an_environment_that_gives_no_pictures_is_refused(render_mode: str | None):
    env = Screen(grey(0, 9))
    env.render_mode = render_mode  # type: ignore[assignment]
    with pytest.raises(ValueError, match=r"ger inga bilder.*render_mode=\"rgb_array\""):
        show_one_episode(lambda obs: 0, env=env)
    assert not env.closed


def test_nothing_is_printed_without_a_screen():
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "XDG_RUNTIME_DIR"}
    }
    code = (
        "import gymnasium as gym, dqn_helpers\n"
        "env = gym.make('MountainCar-v0', render_mode='rgb_array')\n"
        "print(dqn_helpers.show_one_episode(lambda obs: 0, env=env).width)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert (result.stderr, result.stdout.splitlines()[-1]) == ("", "300")


# --- flera agenter bredvid varandra ---------------------------------------------------------------


def fall(obs: np.ndarray) -> int:
    """Skjuter alltid åt höger: stången faller på några steg."""
    return 1


def test_agents_are_shown_side_by_side_from_the_same_start():
    film = show_episodes_together({"före": fall, "efter": balance}, 3, env=gym.make("CartPole-v1"))
    first = film.frames[0]
    assert first["x0"] == first["x1"] and first["vinkel0"] == first["vinkel1"]
    assert len(film.frames) == 501 and size(film) < MAX_BYTES
    assert "Före: 1" in film.alt and "Efter: 500 steg, tidsgränsen nådd" in film.alt
    assert "före" in film.drawing and "efter" in film.drawing
    assert not re.search(r"\{\w+\}", film.frame(0)), "ett värde saknas i teckningen"


def test_the_one_who_falls_waits_and_turns_pale():
    film = show_episodes_together({"a": fall, "b": balance}, seed=3, env=gym.make("CartPole-v1"))
    last = film.frames[-1]
    assert float(last["styrka0"]) < 0.5 and last["styrka1"] == "1"
    assert last["steg0"].endswith("slut") and last["steg1"] == "steg 500"
    assert film.frames[20]["x0"] == last["x0"] != film.frames[0]["x0"]


def test_together_needs_agents_and_cartpole():
    with pytest.raises(ValueError, match="minst en agent"):
        show_episodes_together({}, env=gym.make("CartPole-v1"))
    with pytest.raises(ValueError, match="CartPole"):
        show_episodes_together({"a": fall}, env=gym.make("FrozenLake-v1"))
    alone = show_episodes_together({"a": fall}, env=gym.make("CartPole-v1"))
    assert alone.alt.startswith("Film av 1 episod från samma läge.")
