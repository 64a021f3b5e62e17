"""Animationen: liten nog, rör sig i verklig tid, säger i ord vad den visar."""

import base64
import io
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from PIL import Image, ImageChops
from torch import nn

from dqn_helpers import Picture, make_cartpole, show_one_episode
from dqn_helpers.animation import LABEL_HEIGHT, PANEL_WIDTH, show_episodes_together

LAST_PICTURE_MS = 1000  # sista bilden står stilla en sekund


def balance(obs: np.ndarray) -> int:
    """θ + ½θ̇: 500 steg med stången upprätt."""
    return int(obs[2] + obs[3] / 2 > 0)


def lively_policy() -> Callable[[np.ndarray], int]:
    """Lutar stången åt höger och vänster i takt, så att vagnen far fram och tillbaka i 500 steg."""
    steps = itertools.count()

    def act(obs: np.ndarray) -> int:
        lean = 0.15 * np.sign(np.sin(2 * np.pi * next(steps) / 60)) - 0.05 * obs[0]
        return int(obs[2] + obs[3] / 2 > lean)

    return act


def decode(picture: Picture) -> tuple[list[Image.Image], list[int], Image.Image]:
    """Alla bilder i en GIF, hur många millisekunder var och en står, och filen."""
    gif = Image.open(io.BytesIO(picture.data))
    assert gif.format == "GIF"
    frames, durations = [], []
    for i in range(gif.n_frames):
        gif.seek(i)
        frames.append(gif.convert("RGB"))
        durations.append(gif.info["duration"])
    return frames, durations, gif


def moving_time(picture: Picture) -> int:
    return sum(decode(picture)[1]) - LAST_PICTURE_MS


def n_distinct(frames: list[Image.Image]) -> int:
    return len({frame.tobytes() for frame in frames})


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
def balanced() -> Picture:
    return show_one_episode(balance)


@pytest.fixture(scope="module")
def driven() -> Picture:
    return show_one_episode(lively_policy())


# --- Rörelse och tid ----------------------------------------------------------------------------


def test_it_moves_and_starts_over(balanced: Picture):
    frames, _, gif = decode(balanced)
    assert n_distinct(frames) > 50
    assert gif.info["loop"] == 0  # 0 betyder: om och om igen
    assert gif.size[0] == 300


def test_five_hundred_steps_take_ten_seconds(balanced: Picture, driven: Picture):
    assert moving_time(balanced) == pytest.approx(10_000, abs=10)
    assert moving_time(driven) == pytest.approx(10_000, abs=10)
    # Tjugofem bilder i sekunden när de får plats (lika bilder slås ihop och står längre).
    assert min(decode(balanced)[1]) == min(decode(driven)[1]) == 40


@pytest.mark.parametrize(("fps", "n_steps"), [(50, 31), (30, 31), (60, 100), (4, 7), (7, 12)])
def test_the_total_time_is_right_whatever_the_speed(fps: float, n_steps: int):
    levels = [(5 * i) % 256 for i in range(n_steps + 1)]
    picture = show_one_episode(lambda obs: 0, env=Screen(grey(*levels), fps))
    assert moving_time(picture) == pytest.approx(1000 * n_steps / fps, abs=10)


@pytest.mark.parametrize("fps", [50, 60, 120, 240])
def test_no_picture_is_too_short_for_a_web_browser(fps: float):
    # Webbläsare visar bilder under 20 ms i 100 ms.
    levels = [(5 * i) % 256 for i in range(49)]
    durations = decode(show_one_episode(lambda obs: 0, env=Screen(grey(*levels), fps)))[1]
    assert min(durations) >= 20


def test_slow_environments_show_every_step():
    frames, durations, _ = decode(
        show_one_episode(lambda obs: 0, env=Screen(grey(0, 50, 100, 150), fps=4))
    )
    assert [frame.getpixel((0, 0))[0] for frame in frames] == pytest.approx(
        [0, 50, 100, 150], abs=3
    )
    assert durations == [250, 250, 250, 1000]


@pytest.mark.parametrize("n_steps", [30, 31, 32, 33])
def test_the_end_is_always_shown(n_steps: int):
    # Varannan bild hoppas över, men aldrig den sista: det är där stången faller.
    pictures = grey(*[0] * n_steps, 255)
    frames, durations, _ = decode(show_one_episode(lambda obs: 0, env=Screen(pictures)))
    assert frames[-1].getpixel((0, 0)) == pytest.approx((255,) * 3, abs=3)
    assert durations[-1] == LAST_PICTURE_MS


def test_an_environment_that_does_not_tell_its_speed_gets_50_pictures_a_second():
    picture = show_one_episode(lambda obs: 0, env=Screen(grey(*range(0, 202, 2)), fps=None))
    assert moving_time(picture) == pytest.approx(2_000, abs=10)


def test_colours_are_right():
    pictures = [np.full((100, 100, 3), rgb, np.uint8) for rgb in [(200, 30, 60), (10, 180, 220)]]
    frames, _, _ = decode(show_one_episode(lambda obs: 0, env=Screen(pictures, fps=4)))
    assert frames[0].getpixel((150, 150)) == pytest.approx((200, 30, 60), abs=4)
    assert frames[1].getpixel((150, 150)) == pytest.approx((10, 180, 220), abs=4)


def test_the_pole_is_still_there_after_shrinking(balanced: Picture):
    env = gym.make("CartPole-v1", render_mode="rgb_array")
    env.reset(seed=42)
    original = Image.fromarray(env.render()).resize((300, 200), Image.Resampling.BILINEAR)
    difference = np.asarray(ImageChops.difference(decode(balanced)[0][0], original))
    assert difference.mean() < 4  # vitt blir nästan vitt med 32 färger


# --- Storlek ------------------------------------------------------------------------------------


def test_a_lively_episode_is_small(balanced: Picture, driven: Picture):
    for picture in (balanced, driven):
        assert "500 steg" in picture.alt
        assert len(base64.b64encode(picture.data)) <= 200_000
        frames, durations, gif = decode(picture)
        assert n_distinct(frames) > 50
        assert max(durations[:-1]) <= 200
        assert gif.size == (300, 200)


@pytest.mark.parametrize(
    ("height", "width", "n_steps", "n_moving"),
    [(400, 600, 60, 5), (300, 300, 10, 2), (1200, 300, 5, 2), (300, 60, 2, 2), (64, 64, 200, 10)],
)
def test_noise_is_made_small_and_still_moves(height: int, width: int, n_steps: int, n_moving: int):
    # Brus går inte att packa: det är det värsta en GIF kan råka ut för.
    picture = show_one_episode(lambda obs: 0, env=Screen(noise(n_steps + 1, height, width)))
    assert len(base64.b64encode(picture.data)) <= 200_000
    frames, _, _ = decode(picture)
    assert n_distinct(frames) >= n_moving
    assert moving_time(picture) == pytest.approx(20 * n_steps, abs=10)
    assert picture.width == 300  # på skärmen är den lika stor ändå


def test_a_long_slow_noisy_episode_is_made_small():
    env = Screen(noise(40, 60, 100), fps=4, ends=False)
    picture = show_one_episode(lambda obs: 0, env=env)
    assert len(env.actions) == 1_000
    assert "1000 steg" in picture.alt
    assert "avbruten efter 1000 steg" in picture.alt
    assert len(base64.b64encode(picture.data)) <= 200_000
    assert n_distinct(decode(picture)[0]) > 5
    assert moving_time(picture) == pytest.approx(250_000, abs=10)


# --- I ord --------------------------------------------------------------------------------------


def test_alt_text_says_environment_seed_steps_return_and_ending(balanced: Picture):
    assert balanced.alt == (
        "Animation av en episod i CartPole-v1 med frö 42: 500 steg, avkastning 500, "
        "tidsgränsen nådd."
    )
    assert balanced.caption == ("CartPole-v1, frö 42: 500 steg, avkastning 500, tidsgränsen nådd")


def test_a_fall_is_a_terminal_state():
    alt = show_one_episode(lambda obs: 0, seed=3).alt
    steps = re.search(r"frö 3: (\d+) steg, avkastning (\d+), sluttillstånd", alt)
    assert steps is not None
    assert steps[1] == steps[2]
    assert 8 <= int(steps[1]) <= 11


def test_an_environment_without_a_name_is_called_by_its_class():
    alt = show_one_episode(lambda obs: 0, seed=9, env=Screen(grey(0, 9, 0, 9))).alt
    assert "episod i Screen med frö 9: 3 steg, avkastning −1,5, sluttillstånd" in alt


def test_html_has_the_picture_and_the_alt_text(balanced: Picture):
    html = balanced._repr_html_()
    assert '<img src="data:image/gif;base64,' in html
    assert f'alt="{balanced.alt}"' in html
    encoded = re.search(r"base64,([^\"]+)", html)
    assert encoded is not None
    assert base64.b64decode(encoded[1]) == balanced.data


# --- Policyer och miljöer -----------------------------------------------------------------------


class Network(nn.Module):
    """Q-värden som ger höger när stången lutar åt höger: en episod på några tiotal steg."""

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return torch.stack([-obs[:, 2], obs[:, 2]], dim=1)


def test_a_network_plays_greedily_in_a_scaled_environment():
    env = make_cartpole(render_mode="rgb_array")
    alt = show_one_episode(Network(), seed=1, env=env).alt
    # Facit: samma styrning för hand i vanliga CartPole. Belöningen är skalad med 0,01 i `env`, men
    # avkastningen ska stå i CartPoles egen skala.
    plain = gym.make("CartPole-v1")
    obs, _ = plain.reset(seed=1)
    n_steps, terminated = 0, False
    while not terminated:
        obs, _, terminated, _, _ = plain.step(int(obs[2] > 0))
        n_steps += 1
    assert f"CartPole-v1 med frö 1: {n_steps} steg, avkastning {n_steps}, sluttillstånd" in alt
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
    assert made == [("CartPole-v1", {"render_mode": "rgb_array"})]
    assert own.closed


def test_numbered_states_work_too():
    env = gym.make("FrozenLake-v1", render_mode="rgb_array", is_slippery=False)
    actions = iter([1, 1, 2, 1, 2, 2])
    picture = show_one_episode(lambda obs: next(actions), env=env)
    assert "FrozenLake-v1 med frö 42: 6 steg, avkastning 1, sluttillstånd" in picture.alt
    assert len(base64.b64encode(picture.data)) <= 200_000
    frames, durations, _ = decode(picture)
    assert n_distinct(frames) == 7
    assert durations == [250] * 6 + [1000]


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
        "from dqn_helpers import show_one_episode; print(show_one_episode(lambda obs: 0).mime_type)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert result.stderr == ""
    assert result.stdout.splitlines()[-1] == "image/gif"


# --- flera agenter bredvid varandra --------------------------------------------------------------


def fall(obs: np.ndarray) -> int:
    """Skjuter alltid åt höger: stången faller på några steg."""
    return 1


def test_agents_are_shown_side_by_side_from_the_same_start():
    env = gym.make("CartPole-v1", render_mode="rgb_array")
    picture = show_episodes_together({"före": fall, "efter": balance}, seed=3, env=env)
    frames, _, _ = decode(picture)
    assert frames[0].width == 2 * PANEL_WIDTH
    assert len(base64.b64encode(picture.data)) <= 200_000
    left, right = (
        frames[0].crop((x, LABEL_HEIGHT, x + PANEL_WIDTH, frames[0].height))
        for x in (0, PANEL_WIDTH)
    )
    assert ImageChops.difference(left, right).getbbox() is None
    assert "före: 1" in picture.alt
    assert "efter: 500 steg, tidsgränsen nådd" in picture.alt
    assert moving_time(picture) == pytest.approx(10_000, rel=0.05)  # 500 steg, 50 i sekunden
    env.close()


def test_the_one_who_falls_waits_and_turns_pale():
    env = gym.make("CartPole-v1", render_mode="rgb_array")
    frames, _, _ = decode(show_episodes_together({"a": fall, "b": balance}, seed=3, env=env))
    panels = [frame.crop((0, 0, PANEL_WIDTH, frame.height)) for frame in frames]
    assert n_distinct(panels[len(panels) // 2 :]) == 1
    first, last = (panels[i].crop((0, LABEL_HEIGHT, *panels[i].size)) for i in (0, -1))
    assert first.convert("L").getextrema()[0] < 40  # vagnen är svart
    assert last.convert("L").getextrema()[0] > 100
    env.close()


def test_together_needs_agents_and_pictures():
    env = gym.make("CartPole-v1", render_mode="rgb_array")
    with pytest.raises(ValueError, match="minst en agent"):
        show_episodes_together({}, env=env)
    with pytest.raises(ValueError, match="rgb_array"):
        show_episodes_together({"a": fall}, env=gym.make("CartPole-v1"))
    env.close()
