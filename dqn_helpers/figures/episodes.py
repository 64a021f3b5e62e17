"""En spelad episod som film: kursens egna teckningar där de finns, annars miljöns bilder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.classic_control import CartPoleEnv
from gymnasium.envs.toy_text.cliffwalking import CliffWalkingEnv
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv
from PIL import Image
from torch import nn

from dqn_helpers.checks import as_seed, check_takes_seed, from_reset, from_step
from dqn_helpers.counting import counted
from dqn_helpers.figures.pictures import Picture, sentences, swedish_number
from dqn_helpers.figures.player import Film, film_of_pictures
from dqn_helpers.figures.worlds import (
    cartpole_drawing,
    cartpole_frame,
    cartpoles_side_by_side,
    finished,
    grid_drawing,
    grid_frame,
    grid_kinds,
)
from dqn_helpers.network import evaluation_mode
from dqn_helpers.policy import choose_dqn_action

MAX_STEPS = 1_000
MAX_PICTURES = 60  # bilder tar mycket större plats än teckningar
PICTURE_WIDTH = 300
FULL_WIDTH, SHOWN_SQUARE = 720, 90
DEFAULT_FPS = 50  # CartPole räknar 50 steg i sekunden

Policy = Callable[[Any], int]


def show_one_episode(
    policy: Policy | nn.Module, seed: int = 42, *, env: gym.Env | None = None
) -> Film:
    """Spela en episod och visa den som en film.

    Args:
        policy: funktion observation → handling, eller ett Q-nätverk, som då spelar girigt.
        seed: slumpfrö för starten.
        env: en miljö med samma skalning som agenten är tränad med; utan den spelas vanliga
            CartPole-v1. Andra miljöer än CartPole, FrozenLake och CliffWalking ska vara skapade med
            `render_mode="rgb_array"`. Miljön stängs inte.

    Returns:
        En film som visas av sig själv sist i en cell, högst 0,3 MB stor.

    Raises:
        ValueError: om kursen inte har någon teckning av miljön och den inte ger några bilder.
    """
    own_env = env is None
    env = gym.make("CartPole-v1") if env is None else env
    try:
        played = _play(_as_function(policy), env, seed)
    finally:
        if own_env:
            env.close()
    episode_return = swedish_number(played.episode_return, 4)
    result = f"{played.n_steps} steg, {episode_return} poäng, {played.ending}"
    name = env.spec.id if env.spec else type(env.unwrapped).__name__
    alt = f"Film av en episod i {name} med frö {seed}: {result}."
    return _film(played, alt, f"{name}, frö {seed}: {result}")


def show_episodes_together(
    policies: Mapping[str, Policy | nn.Module], seed: int = 42, *, env: gym.Env
) -> Film:
    """Spela en episod i CartPole med var och en av flera agenter och visa dem bredvid varandra.

    Alla börjar i samma läge. Den vars episod tar slut först står still och väntar på de andra.

    Args:
        policies: namn → funktion eller Q-nätverk, som i `show_one_episode`.
        seed: slumpfrö för starten, samma för alla.
        env: CartPole, med samma skalning som agenterna är tränade med. Miljön stängs inte.

    Raises:
        ValueError: om miljön inte är CartPole eller om inga agenter gavs.
    """
    if not policies or not isinstance(env.unwrapped, CartPoleEnv):
        raise ValueError("Ge minst en agent, och miljön CartPole att spela i.")
    played = {name: _play(_as_function(policy), env, seed) for name, policy in policies.items()}
    length = max(len(one.frames) for one in played.values())
    frames = [_moment(list(played.values()), step) for step in range(length)]
    results = [f"{name}: {one.n_steps} steg, {one.ending}" for name, one in played.items()]
    episodes = counted(len(played), "episod", "episoder")
    return Film(
        cartpoles_side_by_side(env.unwrapped, list(played)),
        tuple(frames),
        tuple(f"steg {step} av {length - 1}" for step in range(length)),
        alt=f"Film av {episodes} från samma läge. {sentences(*results)}",
        milliseconds=_milliseconds_per_step(env),
        name="steg",
        caption=sentences(*results),
    )


def _moment(episodes: "Sequence[_Played]", step: int) -> dict[str, str]:
    """Alla episoder efter lika många steg; värdena i den n:te har n sist i namnet."""
    moment: dict[str, str] = {}
    for place, one in enumerate(episodes):
        is_over = step >= len(one.frames)
        frame = finished(one.frames[-1]) if is_over else one.frames[step]
        moment |= {f"{name}{place}": value for name, value in frame.items()}
    return moment


def _as_function(policy: Policy | nn.Module) -> Policy:
    """Ett nätverk blir en girig policy; en funktion är redan en."""
    if isinstance(policy, nn.Module):

        def act(obs: np.ndarray) -> int:
            with evaluation_mode(policy):
                return choose_dqn_action(policy, obs)

        return act
    return policy


@dataclass(frozen=True)
class _Played:
    """En spelad episod: teckningen med en ordbok per steg, eller bilderna, och hur det gick."""

    drawing: str
    frames: list[Any]
    n_steps: int
    episode_return: float
    ending: str
    milliseconds: float
    width: int


def _play(act: Policy, env: gym.Env, seed: int) -> _Played:
    """Spela en episod och minns hur det såg ut efter varje steg, och från början."""
    check_takes_seed(env)
    obs, _ = from_reset(env.reset(seed=as_seed(seed)))
    drawing, look = _drawing_of(env)
    frames = [look(None, 0)]
    episode_return, ending = 0.0, f"avbruten efter {MAX_STEPS} steg"
    for step in range(1, MAX_STEPS + 1):
        action = act(obs)
        obs, reward, terminated, truncated, info = from_step(env.step(action))
        frames.append(look(action, step))
        episode_return += float(reward)
        if terminated or truncated:
            # I en miljö med skalad belöning finns den oskalade summan här.
            episode_return = float(info.get("episode", {}).get("r", episode_return))
            ending = "sluttillstånd" if terminated else "tidsgränsen nådd"
            break
    width = _width(env)
    return _Played(
        drawing, frames, step, episode_return, ending, _milliseconds_per_step(env), width
    )


def _width(env: gym.Env) -> int:
    """Filmens bredd: en liten värld får lika stora rutor som en stor."""
    world: Any = env.unwrapped
    if isinstance(world, FrozenLakeEnv | CliffWalkingEnv):
        return min(FULL_WIDTH, SHOWN_SQUARE * len(grid_kinds(world)[0]))
    return FULL_WIDTH


def _drawing_of(env: gym.Env) -> tuple[str, Callable[[int | None, int], Any]]:
    """Teckningen av miljön, och en funktion (handling, steg) → hur den ser ut just nu.

    Raises:
        ValueError: om det inte finns någon teckning och miljön inte ger bilder.
    """
    world: Any = env.unwrapped
    if isinstance(world, CartPoleEnv):
        return cartpole_drawing(world), lambda a, step: cartpole_frame(world, a, step)
    if isinstance(world, FrozenLakeEnv | CliffWalkingEnv):
        return grid_drawing(world), lambda a, step: grid_frame(world, step)
    if env.render_mode != "rgb_array":
        raise ValueError(
            f"Miljön har `render_mode={env.render_mode!r}` och ger inga bilder. Skapa den med "
            '`gym.make(…, render_mode="rgb_array")`; `"human"` öppnar ett eget fönster.'
        )
    return "", lambda a, step: _small(Image.fromarray(np.asarray(env.render())))


def _small(image: Image.Image) -> Image.Image:
    height = max(1, round(image.height * PICTURE_WIDTH / image.width))
    # reducing_gap: halvera grovt först när det går, vilket är sex gånger snabbare.
    return image.resize((PICTURE_WIDTH, height), Image.Resampling.BILINEAR, reducing_gap=1.0)


def _milliseconds_per_step(env: gym.Env) -> float:
    return 1000 / (env.metadata.get("render_fps") or DEFAULT_FPS)


def _film(played: _Played, alt: str, caption: str) -> Film:
    """Filmen; av bilder tas bara några, jämnt fördelade, alltid den första och den sista."""
    last = len(played.frames) - 1
    every = 1 if played.drawing else -(-last // MAX_PICTURES) or 1
    steps = [*range(0, last, every), last]
    labels = tuple(f"steg {step} av {last}" for step in steps)
    shown = [played.frames[step] for step in steps]
    more: Any = {"name": "steg", "caption": caption}
    more["milliseconds"] = every * played.milliseconds
    if played.drawing:
        return Film(played.drawing, tuple(shown), labels, alt, width=played.width, **more)
    return film_of_pictures(
        [Picture.from_image(image, alt) for image in shown], labels, alt, **more
    )
