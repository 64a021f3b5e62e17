"""Bilderna i README: kursens tre agenter i CartPole, och kontrollens kort.

    python tests/readme_picture.py      skriver bilder/agent-*.svg och bilder/kort-*.png

Agenterna är en SVG som rör sig av sig själv. GitHub visar den som en vanlig bild, så den har varken
skript eller reglage. Den som har bett sin dator om mindre rörelse får i stället se ögonblicket
`STILL`. Kortet är fotograferat i Chromium.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import gymnasium as gym
from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from dqn_helpers import figures, toys  # noqa: E402
from dqn_helpers.figures import theme  # noqa: E402
from dqn_helpers.teacher.book.__main__ import example_card  # noqa: E402
from dqn_helpers.teacher.book.pdf import chromium  # noqa: E402

FOLDER = ROOT / "bilder"
FILES = {"agent-ljus.svg": theme.LIGHT, "agent-mork.svg": theme.DARK}
CARDS = {"kort-ljus.png": theme.LIGHT, "kort-mork.png": theme.DARK}
CARD_WIDTH, N_COLORS = 760, 48
TITLES = ("tidigt i träningen", "mitt i träningen", "när träningen är slut")
EVERY = 4
"""Så många steg är det mellan bilderna; webbläsaren fyller i rörelsen emellan."""

STILL = 60
"""Ögonblicket (steget) som visas där inget rör sig: då har den första agenten redan tappat."""

COLOR = re.compile(r"var\(--dqn-([\w-]+), #\w+\)")


def pictures() -> dict[str, str]:
    """Filens namn → bilden."""
    agents = toys.trained_policies()
    named = dict(zip(TITLES, agents.values(), strict=True))
    with gym.make("CartPole-v1") as env:
        film = figures.show_episodes_together(named, seed=1, env=env)
    drawing = moving(film.drawing, film.frames, film.milliseconds or 20.0)
    return {
        name: COLOR.sub(lambda found, colors=colors: colors[found[1]], drawing)
        for name, colors in FILES.items()
    }


def moving(drawing: str, frames: Sequence[Mapping[str, str]], milliseconds: float) -> str:
    """Teckningen där vagnarna rör sig med CSS, i samma takt som filmen."""
    shown = [*range(0, len(frames) - 1, EVERY), len(frames) - 1]
    n_agents = drawing.count("<svg") - 1
    rules = []
    for agent in range(n_agents):
        drawing = _named(drawing, agent)
        rules.append(_keyframes(f"x{agent}", "translate({}px,190px)", f"x{agent}", frames, shown))
        turned = "translate(0,-18px) rotate({}deg) translate(0,18px)"
        rules.append(_keyframes(f"v{agent}", turned, f"vinkel{agent}", frames, shown))
        rules.append(_keyframes(f"s{agent}", "{}", f"styrka{agent}", frames, shown))
    seconds = len(frames) * milliseconds / 1000
    names = [f"{letter}{agent}" for letter in "xvs" for agent in range(n_agents)]
    plays = "".join(f"#{name}{{animation:{name} {seconds:g}s linear infinite}}" for name in names)
    style = f"@media (prefers-reduced-motion: no-preference){{{plays}}}{''.join(rules)}"
    still = _filled(drawing, frames[STILL])
    return still.replace(">", f"><style>{style}</style>", 1) + "\n"


def _named(drawing: str, agent: int) -> str:
    """De delar av agentens vagn som rör sig får ett namn; knuffarna ritas inte."""
    for mark, name in ((f'<g opacity="{{styrka{agent}}}"', "s"),
                       (f'<g transform="translate({{x{agent}}} ', "x")):  # fmt: skip
        drawing = drawing.replace(mark, mark.replace("<g ", f'<g id="{name}{agent}" '))
    turned = f'transform="rotate({{vinkel{agent}}} 0 -18)"'
    drawing = drawing.replace(turned, f'id="v{agent}" {turned}')
    return re.sub(
        rf"<path d=\"[^\"]*\{{(?:knuff|pil){agent}\}}[^>]*/>|\{{steg{agent}\}}", "", drawing
    )


def _keyframes(
    name: str, rule: str, value: str, frames: Sequence[Mapping[str, str]], shown: Sequence[int]
) -> str:
    """CSS:s `@keyframes` för ett av värdena; det som är lika skrivs bara först och sist."""
    kept = [
        step
        for place, step in enumerate(shown)
        if place in (0, len(shown) - 1)
        or len({frames[one][value] for one in shown[place - 1 : place + 2]}) > 1
    ]
    kind = "opacity" if rule == "{}" else "transform"
    last = len(frames) - 1
    moments = "".join(
        f"{100 * step / last:.4g}%{{{kind}:{rule.format(frames[step][value])}}}" for step in kept
    )
    return f"@keyframes {name}{{{moments}}}"


def _filled(drawing: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        drawing = drawing.replace(f"{{{name}}}", value)
    return drawing


def photograph_card(colors: Mapping[str, str], target: Path) -> None:
    """Kortet på webbokens framsida, så som det ser ut i en anteckningsbok."""
    browser = chromium()
    assert browser is not None, "kortet behöver Chromium"
    light = str(colors is theme.LIGHT).lower()
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "kort.html"
        page.write_text(
            f'<!doctype html><meta charset="utf-8"><body data-jp-theme-light="{light}" '
            f'style="margin: 0 12px; background: {colors["paper"]}">{example_card()}',
            encoding="utf-8",
        )
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--force-device-scale-factor=2", f"--window-size={CARD_WIDTH},1200",
             f"--screenshot={target}", page.as_uri()],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    picture = Image.open(target).convert("RGB")
    card = ImageChops.difference(picture, Image.new("RGB", picture.size, colors["paper"])).getbbox()
    assert card is not None
    picture.crop(card).quantize(N_COLORS).save(target, optimize=True)


if __name__ == "__main__":
    for file, picture in pictures().items():
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / file).write_text(picture, encoding="utf-8")
        print(f"bilder/{file}: {len(picture) / 1000:.0f} kB")
    for file, colors in CARDS.items():
        photograph_card(colors, FOLDER / file)
        print(f"bilder/{file}: {(FOLDER / file).stat().st_size / 1000:.0f} kB")
