"""How the benchmarks measure: contenders take turns, so that what else the machine does strikes all alike."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

Contender = TypeVar("Contender", bound=Hashable)


class Clock:
    """What contenders of one thread read: the time, or that of the processors alone.

    The latter leaves out what other programs took of a busy machine, but not what they do to its caches.
    """

    def __init__(self) -> None:
        self.seconds: Callable[[], float] = time.perf_counter

    def count_processor_time(self) -> None:
        """From now on count the time that all threads of this process have spent on processors."""
        self.seconds = time.process_time


CLOCK = Clock()


def processor_seconds() -> float:
    """What this process with all its threads, and its ended children, have spent on processors."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def interleaved(contenders: Mapping[Contender, Callable[[], float]], rounds: int) -> dict[Contender, float]:
    """The median of what each contender returns, after a first round that does not count."""
    measured = [{name: measure() for name, measure in contenders.items()} for _ in range(rounds + 1)][1:]
    return {name: statistics.median(each[name] for each in measured) for name in contenders}


def standard_error(differences: Sequence[float], folds: int) -> float:
    """Of the mean difference between two scores of each fold: the corrected resampled t-test's."""
    return statistics.stdev(differences) * math.sqrt(1 / len(differences) + 1 / (folds - 1))
