"""Hur en träning visas medan den pågår: en förloppsrad, och en kurva som växer."""

import sys
import time
from collections.abc import Collection, Iterable
from typing import Any, TextIO, TypeVar

import numpy as np
from tqdm import tqdm

from dqn_helpers.counting import agreeing, counted
from dqn_helpers.training_log import TrainingLog

Item = TypeVar("Item")

N_PARTS = 10
"""Så många delar har inlärningskurvan i en loggfil."""


def progress_bar(items: Collection[Item], unit: str) -> Iterable[Item]:
    """Gå igenom `items` med en förloppsrad på svenska, som syns i en anteckningsbok.

    Args:
        items: det som ska gås igenom.
        unit: vad de är, böjt efter hur många de är: "frön", eller "frö" om det bara är ett.
    """
    bar_format = "{n_fmt} av {total_fmt} " + unit + " |{bar:12}| {elapsed} gått, {remaining} kvar"
    return tqdm(items, disable=not in_notebook(), file=_LineInPlace(), bar_format=bar_format)


class TrainingProgress:
    """Förloppsrad och levande kurva för en träning; används med `with`.

    I en anteckningsbok och i en terminal ritas raden om på plats. I en loggfil skrivs i stället en
    ny rad var tionde sekund, och kurvan blir en rad med tal.

    Args:
        log: loggen som träningen fyller i.
        n_episodes: det största antalet episoder; raden räknar dem om det inte finns något tak för
            antalet steg.
        max_steps: taket för antalet steg, eller None.
        show_bar: visa förloppsraden.
        show_curve: visa kurvan.
    """

    SECONDS_BETWEEN_CURVES = 1.0
    SECONDS_BETWEEN_LOG_LINES = 10.0

    def __init__(
        self,
        log: TrainingLog,
        n_episodes: int,
        max_steps: int | None,
        *,
        show_bar: bool,
        show_curve: bool,
    ) -> None:
        self._log, self._n_episodes = log, n_episodes
        self._show_curve = show_curve
        self._curve_handle: Any = None
        self._next_curve = 0.0
        self._counts_steps = max_steps is not None
        if show_curve:
            self._draw_curve(final=False)  # före raden, så att den hamnar under kurvan
        redraws = in_notebook() or sys.stdout.isatty()
        self._bar = tqdm(
            total=max_steps if self._counts_steps else n_episodes,
            disable=not show_bar,
            file=_where_the_bar_goes(),
            mininterval=0.2 if redraws else self.SECONDS_BETWEEN_LOG_LINES,
            bar_format=self._bar_format(redraws, "{elapsed} gått, högst {remaining} kvar"),
        )
        self._final_format = self._bar_format(redraws, "slut efter {elapsed}")

    def _bar_format(self, redraws: bool, time_text: str) -> str:
        """Radens utseende på tqdm:s sätt att skriva det."""
        episodes = agreeing(self._n_episodes, "episod", "episoder")
        unit = "steg" if self._counts_steps else episodes
        bar = " |{bar:12}| " if redraws else ", "
        return "{n_fmt}/{total_fmt} " + unit + bar + time_text + "{postfix}"

    def __enter__(self) -> "TrainingProgress":
        return self

    def __exit__(self, *_: object) -> None:
        # Träningen kan ha stannat i förtid: då finns det inget kvar att vänta på.
        self._bar.bar_format = self._final_format
        self._bar.set_postfix_str(self._status(), refresh=False)
        self._bar.close()
        if self._show_curve:
            self._draw_curve(final=True)

    def step_done(self, episode_ended: bool) -> None:
        """Anropas efter varje miljösteg."""
        if episode_ended:
            self._bar.set_postfix_str(self._status(), refresh=False)
        if self._counts_steps or episode_ended:
            self._bar.update()
        if episode_ended and self._show_curve and time.monotonic() >= self._next_curve:
            self._draw_curve(final=False)

    def _status(self) -> str:
        """Läget i ord, sist på förloppsraden."""
        n_episodes, n_steps = len(self._log.episode_returns), self._log.environment_steps
        episodes = counted(n_episodes, "episod", "episoder")
        parts = [episodes if self._counts_steps else f"{n_steps} steg"]
        if self._log.episode_returns:
            parts.append(f"poäng {np.mean(self._log.episode_returns[-20:]):.0f}")
        if self._log.check_scores:
            parts.append(f"girigt {self._log.check_scores[-1]:.0f}")
        if self._log.stopped:
            parts.append("målet är nått")
        return " · ".join(parts)

    def _draw_curve(self, *, final: bool) -> None:
        """Rita om kurvan på samma plats; i en loggfil skrivs den bara på slutet, med tal."""
        if not in_notebook():
            if final:
                print(_curve_in_words(self._log.episode_returns))
            return
        # Här och inte överst: den som tränar utan kurva behöver inte ladda matplotlib.
        from IPython.display import display

        from dqn_helpers.figures import training_curve

        started = time.monotonic()
        picture = training_curve(self._log)
        if self._curve_handle is None:
            self._curve_handle = display(picture, display_id=True)
        else:
            self._curve_handle.update(picture)
        # På en långsam dator ritas kurvan mer sällan: högst en sjättedel av tiden går till den.
        drawing = time.monotonic() - started
        self._next_curve = time.monotonic() + self.SECONDS_BETWEEN_CURVES * max(1.0, 5 * drawing)


def _where_the_bar_goes() -> Any:
    if in_notebook():
        return _LineInPlace()
    return sys.stdout if sys.stdout.isatty() else _OneLineEach(sys.stdout)


class _Line:
    """En rad text som visas som den är, utan citattecken."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class _LineInPlace:
    """Gör tqdm:s rad till *en* utmatning i anteckningsboken, som byts ut på sin plats.

    Skrevs raden på `sys.stdout` skulle varje omritning sparas: i en exporterad bok har \\r ingen
    verkan, och läsaren får hundra rader.
    """

    encoding = "utf-8"  # annars tror tqdm att bara ASCII går att visa

    def __init__(self) -> None:
        self._handle: Any = None

    def write(self, text: str) -> None:
        line = text.strip("\r\n ")
        if not line:
            return
        from IPython.display import display

        if self._handle is None:
            self._handle = display(_Line(line), display_id=True)
        else:
            self._handle.update(_Line(line))

    def flush(self) -> None:
        """Inget väntar på att skrivas."""


class _OneLineEach:
    """Gör tqdm:s omritade rad till en ny rad varje gång, så att en loggfil går att läsa."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        line = text.strip("\r\n ")
        if line:
            self._file.write(line + "\n")

    def flush(self) -> None:
        self._file.flush()


def in_notebook() -> bool:
    """Sant om koden körs i en anteckningsbok (eller något annat med en Jupyterkärna)."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


def _curve_in_words(episode_returns: list[float]) -> str:
    """Inlärningskurvan som en rad: varje episods poäng, eller medelpoängen i varje tiondel."""
    if not episode_returns:
        return "Ingen episod hann bli klar."
    n_parts = min(N_PARTS, len(episode_returns))
    what = "Medelpoängen i varje tiondel av episoderna"
    if n_parts < N_PARTS:
        what = "Poängen i varje episod"
    parts = np.array_split(episode_returns, n_parts)
    return f"{what}: {' '.join(f'{part.mean():.0f}' for part in parts)}"
