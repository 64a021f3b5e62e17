"""Rörliga bilder: en episod, eller figurer som byts av varandra, som en liten GIF."""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont
from torch import nn

from dqn_helpers.checks import as_seed
from dqn_helpers.network import evaluation_mode
from dqn_helpers.pictures import Picture, swedish_number
from dqn_helpers.policy import choose_dqn_action

MAX_BYTES = 200_000
"""En GIF får vara högst så här stor, räknat som den ligger i anteckningsboken (base64)."""

MAX_STEPS = 1_000
FRAME_WIDTH = 300
N_COLORS = 32
DEFAULT_FPS = 50  # CartPole räknar 50 steg i sekunden

PANEL_WIDTH = 240  # när flera episoder visas bredvid varandra
LABEL_HEIGHT = 24

SMOOTH_MS = 40  # 25 bilder i sekunden räcker för ögat
JERKY_MS = 200  # glesare än så blir svårt att följa: gör hellre bilderna mindre
SMALL_WIDTH = 100  # mindre än så blir svårt att se: gör hellre bilderna färre

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
        detaljrik visas färre bilder i sekunden, och räcker inte det blir de grövre.

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
        played = _record(act, env, seed)
    finally:
        if own_env:
            env.close()
    data = _small_gif(played.frames, _milliseconds_per_step(env))
    episode_return = swedish_number(played.episode_return, 4)
    result = f"{played.n_steps} steg, avkastning {episode_return}, {played.ending}"
    name = env.spec.id if env.spec else type(env.unwrapped).__name__
    return Picture(
        data,
        "image/gif",
        alt=f"Animation av en episod i {name} med frö {seed}: {result}.",
        width=FRAME_WIDTH,
        caption=f"{name}, frö {seed}: {result}",
    )


def show_episodes_together(
    policies: Mapping[str, Policy | nn.Module], seed: int = 42, *, env: gym.Env
) -> Picture:
    """Spela en episod med var och en av flera agenter och visa dem bredvid varandra.

    Alla börjar i samma läge. Den vars episod tar slut först står still och väntar på de andra.

    Args:
        policies: namn → funktion eller Q-nätverk, som i `show_one_episode`.
        seed: slumpfrö för starten, samma för alla.
        env: miljö som är skapad med `render_mode="rgb_array"`. Den stängs inte.

    Raises:
        ValueError: om miljön inte ritar i minnet eller om inga agenter gavs.
    """
    if not policies or env.render_mode != "rgb_array":
        raise ValueError(
            'Ge minst en agent, och en miljö som är skapad med render_mode="rgb_array".'
        )
    every = math.ceil(SMOOTH_MS / _milliseconds_per_step(env))
    recorded = {
        name: _record(_as_function(policy), env, seed, every, PANEL_WIDTH)
        for name, policy in policies.items()
    }
    columns = [_labelled(name, played.frames) for name, played in recorded.items()]
    length = max(len(played.frames) for played in recorded.values())
    together = [_side_by_side([c[min(i, len(c) - 1)] for c in columns]) for i in range(length)]
    results = [f"{name}: {p.n_steps} steg, {p.ending}" for name, p in recorded.items()]
    return Picture(
        _small_gif(together, every * _milliseconds_per_step(env)),
        "image/gif",
        alt=f"Animation av {len(recorded)} episoder från samma läge. {'. '.join(results)}.",
        width=PANEL_WIDTH * len(recorded),
        caption=". ".join(results),
    )


def animate_pictures(
    pictures: Sequence[Picture], alt: str, *, seconds: float = 0.7, caption: str = ""
) -> Picture:
    """Visa färdiga bilder en i taget, som en animation som går runt.

    Args:
        pictures: bilderna i ordning, alla lika stora.
        alt: det animationen visar, i ord.
        seconds: hur länge varje bild visas.
        caption: text under animationen.

    Raises:
        ValueError: om bilderna är olika stora eller inga alls.
    """
    frames = [Image.open(io.BytesIO(picture.data)).convert("RGB") for picture in pictures]
    if len({frame.size for frame in frames}) != 1:
        raise ValueError("En animation behöver minst en bild, och alla ska vara lika stora.")
    data = _small_gif(frames, 1000 * seconds)
    return Picture(data, "image/gif", alt, pictures[0].width, caption)


def _as_function(policy: Policy | nn.Module) -> Policy:
    """Ett nätverk blir en girig policy; en funktion är redan en."""
    if isinstance(policy, nn.Module):

        def act(obs: np.ndarray) -> int:
            with evaluation_mode(policy):
                return choose_dqn_action(policy, obs)

        return act
    return policy


class _Recording(NamedTuple):
    """En spelad episod: bilderna, och hur det gick."""

    frames: list[Image.Image]
    n_steps: int
    episode_return: float
    ending: str


def _record(
    act: Policy, env: gym.Env, seed: int, every: int = 1, width: int = FRAME_WIDTH
) -> _Recording:
    """Spela en episod och ta en bild efter vart `every`-te steg, först och sist också."""
    obs, _ = env.reset(seed=as_seed(seed))
    frames = [_frame(env, width)]
    episode_return = 0.0
    for step in range(1, MAX_STEPS + 1):
        obs, reward, terminated, truncated, info = env.step(act(obs))
        episode_return += float(reward)
        ended = terminated or truncated
        if ended or step % every == 0:
            frames.append(_frame(env, width))
        if ended:
            # I en miljö med skalad belöning finns den oskalade avkastningen här.
            episode_return = float(info.get("episode", {}).get("r", episode_return))
            ending = "sluttillstånd" if terminated else "tidsgränsen nådd"
            return _Recording(frames, step, episode_return, ending)
    return _Recording(frames, MAX_STEPS, episode_return, f"avbruten efter {MAX_STEPS} steg")


def _milliseconds_per_step(env: gym.Env) -> float:
    return 1000 / (env.metadata.get("render_fps") or DEFAULT_FPS)


def _frame(env: gym.Env, width: int) -> Image.Image:
    """Miljöns bild just nu, förminskad."""
    return _resized(Image.fromarray(np.asarray(env.render())), width)


def _resized(image: Image.Image, width: int) -> Image.Image:
    height = max(1, round(image.height * width / image.width))
    # reducing_gap: halvera grovt först när det går, vilket är sex gånger snabbare.
    return image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.0)


def _labelled(name: str, frames: Sequence[Image.Image]) -> list[Image.Image]:
    """Episodens bilder med namnet över; sist en blek, som säger att den är slut."""
    pale = Image.blend(frames[-1], Image.new("RGB", frames[-1].size, "white"), 0.5)
    label, ended = _label(name), _label(f"{name}: slut")
    return [*(_stacked(label, image) for image in frames), _stacked(ended, pale)]


def _label(text: str) -> Image.Image:
    # Matplotlibs typsnitt följer med och har å, ä och ö, som saknas i PIL:s eget.
    font = ImageFont.truetype(findfont("DejaVu Sans"), 14)
    strip = Image.new("RGB", (PANEL_WIDTH, LABEL_HEIGHT), "white")
    ImageDraw.Draw(strip).text((6, 3), text, "black", font)
    return strip


def _stacked(upper: Image.Image, lower: Image.Image) -> Image.Image:
    image = Image.new("RGB", (lower.width, upper.height + lower.height), "white")
    image.paste(upper, (0, 0))
    image.paste(lower, (0, upper.height))
    return image


def _side_by_side(panels: Sequence[Image.Image]) -> Image.Image:
    """Bilderna i en rad."""
    row = Image.new("RGB", (sum(p.width for p in panels), panels[0].height), "white")
    for number, panel in enumerate(panels):
        row.paste(panel, (number * PANEL_WIDTH, 0))
    return row


def _small_gif(frames: list[Image.Image], milliseconds_per_step: float) -> bytes:
    """Packa bilderna, och gör dem färre och mindre tills filen är liten nog."""
    max_gif_bytes = MAX_BYTES * 3 // 4  # base64 gör fyra byte av tre
    skip = math.ceil(SMOOTH_MS / milliseconds_per_step)
    jerky_skip = int(JERKY_MS / milliseconds_per_step)
    while True:
        data = _gif(frames, skip, milliseconds_per_step)
        excess = len(data) / max_gif_bytes
        if excess <= 1:
            return data
        width = frames[0].width
        if skip < min(jerky_skip, len(frames) - 1):
            skip = min(max(skip + 1, int(skip * excess)), jerky_skip)
        elif width > SMALL_WIDTH:
            width = max(int(0.95 * width / math.sqrt(excess)), SMALL_WIDTH)
        elif skip < len(frames) - 1:
            skip = max(skip + 1, int(skip * excess))
        else:
            width = max(width // 2, 1)
        if width < frames[0].width:
            frames = [_resized(f, width) for f in frames]


def _gif(frames: list[Image.Image], skip: int, milliseconds_per_step: float) -> bytes:
    """En GIF som går runt, med var `skip`:e bild och alltid den sista, i verklig tid."""
    shown = [*range(0, len(frames) - 1, skip), len(frames) - 1]
    # Tiden i en GIF är hela hundradelar. Avrunda klockslagen, inte tiden mellan dem: annars
    # samlas felen på hög.
    clock = [10 * round(step * milliseconds_per_step / 10) for step in shown]
    indexed = _with_shared_palette([frames[step] for step in shown])
    file = io.BytesIO()
    indexed[0].save(
        file,
        format="GIF",
        save_all=True,
        append_images=indexed[1:],
        # Stanna en sekund på sista bilden innan det börjar om.
        duration=[later - now for now, later in pairwise(clock)] + [1000],
        loop=0,
        optimize=False,
    )
    return file.getvalue()


def _with_shared_palette(frames: list[Image.Image]) -> list[Image.Image]:
    """Bilderna med en gemensam palett (mycket mindre än en var).

    Paletten är de vanligaste färgerna i tio bilder jämnt över episoden, den sista bland dem.
    """
    n_picked = min(len(frames), 10)
    width, height = max(frames[0].width // 2, 1), max(frames[0].height // 2, 1)
    sheet = Image.new("RGB", (width, n_picked * height))
    for i, number in enumerate(np.linspace(0, len(frames) - 1, n_picked).round().astype(int)):
        # NEAREST hittar inte på några blandfärger.
        sheet.paste(
            frames[number].resize((width, height), Image.Resampling.NEAREST), (0, i * height)
        )
    palette = sheet.quantize(colors=N_COLORS)
    return [f.quantize(palette=palette, dither=Image.Dither.NONE) for f in frames]
