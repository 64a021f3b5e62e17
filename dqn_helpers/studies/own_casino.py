"""Ett eget kasino till övning 5.4: det man skriver sitt namn med avgör vilket.

Kurvorna är uträknade i förväg (av `own_casinos.py` bland lärarens filer) och heter bara A och B.
Den ena är DQN och den andra Double DQN; att säga vilken som är vilken, och varför, är en del av
uppgiften.
"""

import functools
import hashlib
import json
import textwrap
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dqn_helpers.counting import agreeing, counted
from dqn_helpers.figures import swedish_number

N_CASINOS, N_SEEDS = 200, 3
CHECK_STEPS = tuple(range(75, 601, 75))
"""Efter så många träningssteg tillfrågas nätverken."""

CURVES = Path(__file__).with_name("own_casinos.json")


@dataclass(frozen=True)
class Casino:
    """Ett kasino där de bästa automaterna betalar 0 kronor i genomsnitt: sant max Q är 0.

    Attributes:
        number: kasinots nummer, 1 till `N_CASINOS`.
        n_machines: antalet automater.
        n_good: så många av dem betalar 0 kronor i genomsnitt; på de andra förlorar man 1 krona.
        noise: standardavvikelsen för det som ett spel ger, i kronor.
        discount_factor: γ.
        n_stored: antalet sparade spel som nätverken lär sig av.
        copy_every: efter så här många träningssteg uppdateras målnätverket.
    """

    number: int
    n_machines: int
    n_good: int
    noise: float
    discount_factor: float
    n_stored: int
    copy_every: int

    def __str__(self) -> str:
        machines = counted(self.n_machines, "automat", "automater")
        if self.n_good < self.n_machines:
            others = agreeing(self.n_machines - self.n_good, "den som är kvar", "de andra")
            pays = f"{self.n_good} av dem betalar 0 kronor i genomsnitt, och på {others} förlorar "
            pays += "man 1 krona per spel"
        else:
            pays = "alla betalar 0 kronor i genomsnitt"
        sentences = (
            f"Kasino {self.number} har {machines}: {pays}. Ett spels utfall har "
            f"standardavvikelsen {counted(swedish_number(self.noise, 2), 'krona', 'kronor')}. "
            f"Nätverken lär sig av {swedish_number(self.n_stored)} sparade spel med γ = "
            f"{swedish_number(self.discount_factor, 3)}, och målnätverket uppdateras vart "
            f"{self.copy_every}:e träningssteg."
        )
        return textwrap.fill(sentences, 88)  # JupyterLab bryter annars mitt i ett ord


def casino_number(code: str) -> int:
    """Det nummer, 1 till `N_CASINOS`, som ett namn ger, alltid detsamma på alla datorer.

    Stora och små bokstäver, mellanrum och skiljetecken spelar ingen roll.
    """
    return int(hashlib.sha256(letters_of(code).encode("utf-8")).hexdigest(), 16) % N_CASINOS + 1


def letters_of(code: str) -> str:
    """Det i namnet som räknas: bokstäver och siffror, som små bokstäver."""
    letters = unicodedata.normalize("NFKC", code).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def casino_of(code: str) -> Casino:
    """Kasinot som hör till ett namn. Är namnet tomt blir det ett exempel, och en rad säger det."""
    if not letters_of(code):
        print("Skriv ditt namn eller användarnamn i `min_kod`. Så länge visas ett exempel.")
    return casino(casino_number(code))


def casino(number: int) -> Casino:
    """Kasinot med det numret."""
    values = _all()[number - 1]
    return Casino(**{name: values[name] for name in Casino.__dataclass_fields__})


def curves(number: int) -> dict[str, np.ndarray]:
    """Kurvorna i ett kasino: ”kurva A” och ”kurva B”, var och en float (N_SEEDS, K)."""
    values = _all()[number - 1]
    return {f"kurva {letter}": np.array(values[letter]) for letter in "AB"}


@functools.cache
def _all() -> list[dict[str, Any]]:
    return json.loads(CURVES.read_text(encoding="utf-8"))
