"""Greedy selection of an ensemble from trained networks (Caruana et al., ICML 2004).

The ensemble starts with one network. Each round adds the network with which the mean of all predictions
scores best on the validation rows; a network may be added again, which gives it more weight. Adding goes on
when scores get worse, and the rounds up to the best score are kept. A score such as the accuracy has few
values on few rows, so that many networks score the same: then the loss decides.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fnnctl.arrays import FloatArray

Combine: TypeAlias = Callable[[Sequence[FloatArray], Sequence[float]], FloatArray]
"""The mean of predictions with these weights."""
Score: TypeAlias = Callable[[FloatArray], tuple[float | None, float]]
"""How good predictions are, None if that is undefined; and their loss, which decides between equal scores."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The rounds of a selection."""

    chosen: tuple[int, ...]
    """The candidate that each round adds."""
    scores: tuple[float | None, ...]
    """The score of the ensemble after each round."""
    kept: int
    """The number of rounds that the ensemble consists of."""

    @property
    def counts(self) -> dict[int, int]:
        """How often each candidate is in the ensemble, by index; those that are not are left out."""
        return dict(sorted(Counter(self.chosen[: self.kept]).items()))

    @property
    def score(self) -> float | None:
        """The score of the ensemble."""
        return self.scores[self.kept - 1]


def select_greedily(
    predictions: Sequence[FloatArray], combine: Combine, score: Score, *, size: int, minimized: bool
) -> Selection:
    """Select from candidates, the best first, by their predictions of the validation rows.

    The first round takes the first candidate. Of equal scores, the one with the least loss wins; if the
    losses are equal, too, the earlier candidate and the earlier round. There are `size` rounds.
    """

    def rank(scored: tuple[float | None, float]) -> tuple[float, float]:
        value, loss = scored
        if value is None or math.isnan(value):
            return math.inf, loss
        return (value if minimized else -value), loss

    known: dict[tuple[int, ...], tuple[float | None, float]] = {}

    def score_of(chosen: Sequence[int]) -> tuple[float | None, float]:
        """The score of an ensemble; equal weights have one score, which rounding could make two."""
        counts = Counter(chosen)
        divisor = math.gcd(*counts.values())
        weights = tuple(counts[k] // divisor for k in range(len(predictions)))
        if weights not in known:
            used = [k for k, weight in enumerate(weights) if weight]
            mean = combine([predictions[k] for k in used], [float(weights[k]) for k in used])
            known[weights] = score(mean)
        return known[weights]

    chosen = [0]
    scores = [score_of(chosen)]
    while len(chosen) < size:
        found = [score_of([*chosen, k]) for k in range(len(predictions))]
        best = min(range(len(found)), key=lambda k: rank(found[k]))
        chosen.append(best)
        scores.append(found[best])
    kept = min(range(size), key=lambda k: rank(scores[k])) + 1
    return Selection(tuple(chosen), tuple(value for value, _ in scores), kept)
