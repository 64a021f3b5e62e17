"""En dator av annat slag: samma svar, så när som på de sista bitarna."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch


@contextlib.contextmanager
def another_processor(seed: int = 0) -> Iterator[None]:
    """Nätverkens svar skiljer sig i de sista bitarna, som de gör på en dator av annat slag.

    Två processorer lägger ihop produkterna i olika ordning, och avrundar då olika. Här får varje
    svar sin egen avrundning, så att också två likadana rader i en batch skiljer sig.
    """
    rng, linear = np.random.default_rng(seed), torch.nn.functional.linear

    def rounded_otherwise(*arguments: Any, **named: Any) -> torch.Tensor:
        answer = linear(*arguments, **named)
        rounding = 1 + 2e-7 * rng.integers(-1, 2, size=tuple(answer.shape))
        return answer * torch.tensor(rounding, dtype=answer.dtype)

    torch.nn.functional.linear = rounded_otherwise
    try:
        yield
    finally:
        torch.nn.functional.linear = linear
