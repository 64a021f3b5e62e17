"""Se agenten spela: en episod som en liten GIF."""

import io
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from PIL import Image
from torch import nn

from dqn_helpers.pictures import Picture
from dqn_helpers.policy import choose_dqn_action

MAX_BYTES = 200_000
"""En GIF får vara högst så här stor, räknat som den ligger i anteckningsboken (base64)."""

MAX_STEPS = 1_000
FRAME_WIDTH = 300
N_COLORS = 32
DEFAULT_FPS = 50  # CartPole räknar 50 steg i sekunden

Policy = Callable[[Any], int]


def show_one_episode(
    policy: Policy | nn.Module, seed: int = 42, *, env: gym.Env | None = None
) -> Picture:
    """Spela en episod och visa den som en animation.

    Args:
        policy: funktion observation → handling, eller ett Q-nätverk, som då spelar girigt.
        seed: slumpfrö för starten.
        env: miljö som är skapad med `render_mode="rgb_array"` och med samma skalning som agenten
            är tränad med; utan den spelas vanliga CartPole-v1. Den stängs inte.

    Returns:
        En bild som visas av sig själv sist i en cell. Den är högst 0,2 MB: är episoden lång eller
        detaljrik visas färre bilder i sekunden.

    Raises:
        ValueError: om miljön inte ritar i minnet.
    """
    own_env = env is None
    env = gym.make("CartPole-v1", render_mode="rgb_array") if env is None else env
    if env.render_mode != "rgb_array":
        raise ValueError(
            f"Miljön har render_mode={env.render_mode!r} och ger inga bilder. Skapa den med "
            'gym.make(…, render_mode="rgb_array"); "human" öppnar ett eget fönster.'
        )
    act = _as_function(policy)
    try:
        frames, episode_return, ending = _record(act, env, seed)
    finally:
        if own_env:
            env.close()
    data = _small_gif(frames, 1000 / env.metadata.get("render_fps", DEFAULT_FPS))
    result = f"{len(frames) - 1} steg, avkastning {_number(episode_return)}, {ending}"
    name = env.spec.id if env.spec else type(env.unwrapped).__name__
    return Picture(
        data,
        "image/gif",
        alt=f"Animation av en episod i {name} med frö {seed}: {result}.",
        width=FRAME_WIDTH,
        caption=f"{name}, frö {seed}: {result}",
    )


def _as_function(policy: Policy | nn.Module) -> Policy:
    """Ett nätverk blir en girig policy; en funktion är redan en."""
    if isinstance(policy, nn.Module):
        return lambda obs: choose_dqn_action(policy, obs)
    return policy


def _number(value: float) -> str:
    return f"{value:.4g}".replace(".", ",").replace("-", "−")


def _record(act: Policy, env: gym.Env, seed: int) -> tuple[list[Image.Image], float, str]:
    """Spela en episod. Ger bilderna, avkastningen och hur den slutade."""
    obs, _ = env.reset(seed=seed)
    frames = [_frame(env)]
    episode_return = 0.0
    for _ in range(MAX_STEPS):
        obs, reward, terminated, truncated, info = env.step(act(obs))
        episode_return += float(reward)
        frames.append(_frame(env))
        if terminated or truncated:
            # I en miljö med skalad belöning finns den oskalade avkastningen här.
            episode_return = float(info.get("episode", {}).get("r", episode_return))
            return frames, episode_return, "sluttillstånd" if terminated else "tidsgränsen nådd"
    return frames, episode_return, f"avbruten efter {MAX_STEPS} steg"


def _frame(env: gym.Env) -> Image.Image:
    """Miljöns bild just nu, förminskad."""
    image = Image.fromarray(np.asarray(env.render()))
    height = max(1, round(image.height * FRAME_WIDTH / image.width))
    return image.resize((FRAME_WIDTH, height), Image.Resampling.BILINEAR)


def _small_gif(frames: list[Image.Image], milliseconds_per_step: float) -> bytes:
    """Packa bilderna; hoppa över allt fler tills filen är liten nog."""
    max_gif_bytes = MAX_BYTES * 3 // 4  # base64 gör fyra byte av tre
    skip = 2 if milliseconds_per_step < 40 else 1  # 25 bilder i sekunden räcker för ögat
    while True:
        data = _gif(frames[::skip], milliseconds_per_step * skip)
        if len(data) <= max_gif_bytes or len(frames) <= 2 * skip:
            return data
        skip += 1


def _gif(frames: list[Image.Image], milliseconds: float) -> bytes:
    """En GIF som går runt, med en gemensam palett för alla bilder (mycket mindre än en var)."""
    palette = _shared_palette(frames)
    indexed = [f.quantize(palette=palette, dither=Image.Dither.NONE) for f in frames]
    file = io.BytesIO()
    indexed[0].save(
        file,
        format="GIF",
        save_all=True,
        append_images=indexed[1:],
        # Stanna en sekund på sista bilden innan det börjar om.
        duration=[round(milliseconds)] * (len(indexed) - 1) + [1000],
        loop=0,
        optimize=False,
    )
    return file.getvalue()


def _shared_palette(frames: list[Image.Image]) -> Image.Image:
    """De vanligaste färgerna i några bilder tagna jämnt över episoden."""
    picked = frames[:: max(1, len(frames) // 4)]
    sheet = Image.new("RGB", (FRAME_WIDTH, sum(f.height for f in picked)))
    top = 0
    for frame in picked:
        sheet.paste(frame, (0, top))
        top += frame.height
    return sheet.quantize(colors=N_COLORS)
