"""Medianer, kvoter och intervall; allt som sidan påstår räknas här."""

import math
from collections.abc import Sequence

import numpy as np

from dqn_helpers.studies.cartpole import wilson_interval

RESAMPLES = 2_000

Interval = tuple[float, float]


def median(values: Sequence[float | None]) -> float:
    """Medianen, där den som aldrig kom fram (None) räknas som oändligt sen."""
    numbers = sorted(math.inf if value is None else value for value in values)
    middle = len(numbers) // 2
    if len(numbers) % 2 or math.isinf(numbers[middle]):
        return numbers[middle]
    return (numbers[middle - 1] + numbers[middle]) / 2


def percentile(values: Sequence[float | None], percent: float) -> float:
    """Det tal som så många procent av värdena inte är större än (närmast högre värde)."""
    numbers = sorted(math.inf if value is None else value for value in values)
    return numbers[max(math.ceil(percent / 100 * len(numbers)) - 1, 0)]


def median_interval(values: Sequence[float | None]) -> Interval:
    """95 procents intervall för medianen: omdragningar ur värdena (bootstrap)."""
    medians = _resampled_medians(values, np.random.default_rng(0))
    return percentile(medians, 2.5), percentile(medians, 97.5)


def ratio_interval(slow: Sequence[float | None], fast: Sequence[float | None]) -> Interval:
    """95 procents intervall för hur många gånger större den ena medianen är än den andra."""
    rng = np.random.default_rng(0)
    pairs = zip(_resampled_medians(slow, rng), _resampled_medians(fast, rng), strict=True)
    ratios = [over / under if math.isfinite(under) else 0.0 for over, under in pairs]
    return percentile(ratios, 2.5), percentile(ratios, 97.5)


def _resampled_medians(values: Sequence[float | None], rng: np.random.Generator) -> list[float]:
    draws = rng.integers(len(values), size=(RESAMPLES, len(values)))
    return [median([values[i] for i in places]) for places in draws.tolist()]


def overlap(one: Interval, other: Interval) -> bool:
    """Sant om två intervall har något gemensamt."""
    return one[0] <= other[1] and other[0] <= one[1]


__all__ = ["Interval", "median", "median_interval", "overlap", "percentile", "ratio_interval",
           "wilson_interval"]  # fmt: skip
