"""How the benchmarks measure: contenders take turns, so that what else the machine does strikes all alike."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

Contender = TypeVar("Contender", bound=Hashable)


def interleaved(contenders: Mapping[Contender, Callable[[], float]], rounds: int) -> dict[Contender, float]:
    """The median of what each contender returns, after a first round that does not count."""
    measured = [{name: measure() for name, measure in contenders.items()} for _ in range(rounds + 1)][1:]
    return {name: statistics.median(each[name] for each in measured) for name in contenders}


def standard_error(differences: Sequence[float], folds: int) -> float:
    """Of the mean difference between two scores of each fold: the corrected resampled t-test's."""
    return statistics.stdev(differences) * math.sqrt(1 / len(differences) + 1 / (folds - 1))
