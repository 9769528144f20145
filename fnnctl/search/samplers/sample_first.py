"""Trials on a sample of the rows, and then the best of them on all rows.

With very many rows, a trial takes so long that only a few can be tried. But which configurations are good
shows on a sample already: so the first trials of the search, which have `training.max_rows`, are repeated
without it if they are among the best.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final

from fnnctl.config.paths import MAX_ROWS, format_path
from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.trials import Trial
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.distinct import Key
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space

_MAX_ROWS: Final = format_path(MAX_ROWS)
ONE_IN: Final = 3
"""One trial in this many on a sample is repeated, as in successive halving with η 3."""
MOST_REPEATED: Final = 4
"""A judgement: with so many rows that a sample is tried first, a training takes minutes."""


def is_on_sample(assignment: Mapping[str, Any]) -> bool:
    """Whether a trial with these values trains on a sample of the rows."""
    return assignment.get(_MAX_ROWS) is not None


def repeated_trials(first: Iterable[Mapping[str, Any]]) -> int:
    """How many of the first trials are repeated on all rows; at least one, if any are on a sample."""
    count = sum(map(is_on_sample, first))
    return min(count, max(1, min(MOST_REPEATED, count // ONE_IN)))


class SampleFirstSampler:
    """Waits for the results of the first trials, which it does not propose itself, and repeats the best ones.

    After these it has nothing more to propose.
    """

    learns = True
    saved = 0

    def __init__(self, first: Iterable[Assignment], key: Key) -> None:
        """`first` are the first trials of the search, complete; those on all rows are not waited for."""
        self._key = key
        by_key = {key(assignment): assignment for assignment in first}
        self._count = repeated_trials(by_key.values())
        self._awaited = {name for name, assignment in by_key.items() if is_on_sample(assignment)}
        self._on_all = by_key.keys() - self._awaited
        self._losses: dict[int, tuple[float, Assignment]] = {}
        """The loss and the values of each trial on a sample, by number."""
        self._proposals: deque[Assignment] | None = None
        """What is still to be proposed; None until all results are known."""

    @property
    def is_waiting(self) -> bool:
        """Whether a trial on a sample has no result yet."""
        return bool(self._awaited)

    def ask(self, n: int, pending: Sequence[Assignment]) -> Sequence[Assignment]:
        """The best of the first trials, on all rows; none before all results are known."""
        if self.is_waiting:
            return []
        if self._proposals is None:
            self._proposals = deque(self._best())
        return [self._proposals.popleft() for _ in range(min(n, len(self._proposals)))]

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        """Note the loss of a trial on a sample; others are not waited for."""
        key = self._key(trial.assignment)
        if key in self._awaited:
            self._awaited.remove(key)
            self._losses[trial.number] = loss, trial.assignment

    def _best(self) -> list[Assignment]:
        """The best trials, without a limit on their rows, if the first ones do not have them like this.

        Trials that diverged or failed are none of them.
        """
        order = sorted((loss, number) for number, (loss, _) in self._losses.items() if math.isfinite(loss))
        best: dict[Hashable, Assignment] = {}
        for _, number in order:
            assignment = {**self._losses[number][1], _MAX_ROWS: None}
            key = self._key(assignment)
            if len(best) < self._count and key not in self._on_all:
                best.setdefault(key, assignment)
        return list(best.values())


def make_sampler(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    """A sampler that repeats the trials of `start_from`."""
    first = search.start_from
    return SampleFirstSampler(first if isinstance(first, tuple) else (), key)
