"""Likformighet och frekvenser: ett gemensamt mått med en gräns som går att räkna fram."""

import math
from collections.abc import Sequence

import numpy as np


def chi_square(counts: Sequence[int] | np.ndarray, probabilities: Sequence[float]) -> float:
    """Pearsons χ² för antal mot väntade sannolikheter."""
    expected = np.asarray(probabilities) * np.sum(counts)
    return float(((np.asarray(counts) - expected) ** 2 / expected).sum())


def chi_square_limit(n_categories: int) -> float:
    """En gräns som rätt kod överskrider med sannolikheten högst e^−14 < 10^−6.

    Laurent och Massart 2000, lemma 1: P(χ²_k − k ≥ 2√(kx) + 2x) ≤ e^−x. Antalen är multinomiala, så
    fördelningen är χ² på ett ungefär; testerna väntar minst hundra i varje ruta.
    """
    degrees, x = n_categories - 1, 14
    return degrees + 2 * math.sqrt(degrees * x) + 2 * x
