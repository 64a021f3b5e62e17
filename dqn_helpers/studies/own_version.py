"""Studentens eget träningssteg i jämförelserna i 05, vare sig det är rätt, fel eller olöst."""

import functools
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from dqn_helpers.card import Card
from dqn_helpers.exercises.model import Outcome
from dqn_helpers.exercises.running import TIMEOUT_TEXT, run_case
from dqn_helpers.figures import swedish_number
from dqn_helpers.progress import progress_bar
from dqn_helpers.studies.overestimation import (
    Experiment,
    committed_numbers,
    mean_max_q,
    train_in_casino,
)
from dqn_helpers.training import TrainingStep, dqn_training_step

OWN, WRONG, REFERENCE = "din Double DQN", "din version, inte rätt än", "facits Double DQN"

SLOWER = 10
"""Så många gånger mer än kursens träningssteg får studentens räkna i ett försök, på samma dator.
Sedan ritas de frön som hann bli klara."""

SLOW_TEXT = (
    f"Den hade då räknat {SLOWER} gånger så länge som kursens träningssteg skulle ha gjort på den "
    "här datorn. Gör den något stort i varje steg, eller finns det en slinga som aldrig tar slut?"
)

FROM_REFERENCE = "Jämförelserna nedan visar facits tal, som är uträknade i förväg."
OWN_IS_MISSING = "Det som saknas är dina egna körningar."
BESIDE_REFERENCE = (
    f"Jämförelserna nedan kör det ändå, som «{WRONG}», bredvid facits tal som är uträknade i "
    "förväg. Då ser du vad felet gör, om det märks: alla fel syns inte i en figur."
)
AGAIN = "Kör sedan om den här cellen och alla under den."


class OwnVersion:
    """Studentens träningssteg. Sist i en cell visas ett kort om vad jämförelserna kommer att rita.

    Args:
        training_step: studentens `double_dqn_training_step`.
        is_right: svaret från `check("5.2", …)`.

    Attributes:
        is_unsolved: sant om steget, eller en övning som det anropar, inte är skrivet.
        problem: varför steget inte går att köra; tomt om det går.
    """

    def __init__(self, training_step: TrainingStep, is_right: object) -> None:
        self._training_step = training_step
        self.is_right = bool(is_right)
        trial = run_case(
            lambda step, _: {"ran": train_in_casino(step, 0, mean_max_q, [3])},
            training_step, {}, 10.0, seed=0,
        )  # fmt: skip
        self.is_unsolved = trial.status == "unsolved"
        self.problem = "" if trial.status in ("ok", "unsolved") else trial.problem

    def curves(self, experiment: Experiment) -> dict[str, np.ndarray]:
        """Gör försöket. Ger namn → (antal frön, K): egna tal om det går, facits där de behövs."""
        reference = {REFERENCE: committed_numbers(experiment)}
        if self.is_unsolved or self.problem:
            why = "det är inte löst än" if self.is_unsolved else "det går inte att köra"
            print(
                f"Dina egna tal saknas: ditt träningssteg körs inte, för {why}. Facits tal ritas."
            )
            return reference
        values = self._measured(experiment)
        if values is None:
            return reference
        if self.is_right:
            return {OWN: values}
        print("Ditt träningssteg klarar inte kontrollen än: det ritas bredvid facits tal.")
        return {**reference, WRONG: values}

    def _measured(self, experiment: Experiment) -> np.ndarray | None:
        """Talen för så många frön som hinns med, eller None om det inte gick alls."""
        rows: list[list[float]] = []
        deadline = time.thread_time() + _patience(experiment)
        for seed in progress_bar(range(experiment.n_seeds), "frön"):
            outcome = self._one_seed(experiment, seed, max(deadline - time.thread_time(), 0.01))
            if outcome.status != "ok":
                slow = outcome.problem == TIMEOUT_TEXT
                why = SLOW_TEXT if slow else outcome.problem
                print(f"Din version stannade på frö {seed}. {why}")
                break
            rows.append(outcome.observed["numbers"])
        if not rows:
            return None
        # Den som har spårat ur ritas vid gränsen i stället för att göra figuren oläslig.
        values = np.array(rows)
        limit = np.broadcast_to(experiment.limit, values.shape[1:])
        fits = np.abs(values) <= limit  # falskt också för nan
        if not fits.all():
            print("Dina tal har spårat ur: det som inte ryms ritas vid figurens kant.")
        return np.where(np.isnan(values), limit, values.clip(-limit, limit))

    def _one_seed(self, experiment: Experiment, seed: int, seconds: float) -> Outcome:
        return run_case(
            lambda step, inputs: {"numbers": experiment.run(step, inputs["seed"])},
            self._training_step, {"seed": seed}, seconds, seed,
        )  # fmt: skip

    def __repr__(self) -> str:
        card = self._card()
        texts = (card.title, card.summary, *card.advice, card.nudge)
        return " ".join(text for text in texts if text)

    def _repr_html_(self) -> str:
        return self._card().notebook_html("Ditt träningssteg")

    def _card(self) -> Card:
        if self.is_right and not self.problem:
            title = "Ditt träningssteg klarar kontrollen."
            return Card(title, "passed", "Jämförelserna nedan kör det.")
        if self.is_unsolved:
            return Card(
                "Ditt träningssteg är inte klart: övning 5.2, eller 5.1 som det anropar, är olöst.",
                "unsolved",
                "",
                advice=(f"{FROM_REFERENCE} {OWN_IS_MISSING}",),
                nudge=f"Lös övningen först. {AGAIN}",
            )
        if self.problem:
            return Card(
                "Ditt träningssteg går inte att träna med.",
                "failed",
                "",
                advice=(self.problem, f"{FROM_REFERENCE} {OWN_IS_MISSING}"),
                nudge=f"Rätta övningen först. {AGAIN}",
            )
        return Card(
            "Ditt träningssteg går att köra men klarar inte kontrollen.",
            "failed",
            "",
            advice=(BESIDE_REFERENCE,),
            nudge=f"Rätta det innan du lämnar in. {AGAIN}",
        )


def _patience(experiment: Experiment) -> float:
    """Processortid i sekunder för ett helt försök: en långsam dator får längre tid på sig."""
    return SLOWER * experiment.n_seeds * experiment.n_steps * _seconds_per_step()


@functools.cache
def _seconds_per_step() -> float:
    """Processortid för ett av kursens träningssteg på den här datorn, mätt en gång."""
    n_steps = 50
    started = time.thread_time()
    with torch.random.fork_rng(devices=[]):
        train_in_casino(dqn_training_step, 0, mean_max_q, [n_steps], n_stored=1_000)
    return (time.thread_time() - started) / n_steps


def own_bias(
    q_value_bias: Callable[..., Any],
    predicted_q_values: Sequence[float] | np.ndarray,
    rewards: Sequence[float] | np.ndarray,
    discount_factor: float,
) -> str:
    """Det tal som studentens `q_value_bias` ger, med tecken, eller varför det saknas."""
    outcome = run_case(
        lambda function, _: {"bias": float(function(predicted_q_values, rewards, discount_factor))},
        q_value_bias, {}, 3.0, seed=0,
    )  # fmt: skip
    if outcome.status == "unsolved":
        return "saknas, övning 5.3 är inte löst"
    if outcome.status != "ok":
        return f"saknas, din funktion stannade. {outcome.problem}"
    bias = outcome.observed["bias"]
    return f"{'+' if bias > 0 else ''}{swedish_number(bias, 3)}"
