"""A sampler that proposes given configurations first, and then those of another sampler."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Sequence

from fnnctl.records.trials import Trial
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.distinct import Key
from fnnctl.space.assignments import Assignment


class StartFrom:
    """Proposes the given configurations in order, and skips them when the other sampler proposes them.

    The other sampler is told all results. One that learns is thus told of configurations that it did not
    propose, and whose values can be outside their domains.
    """

    def __init__(self, sampler: Sampler, first: Iterable[Assignment], key: Key) -> None:
        """Equal configurations in `first` are proposed once."""
        self._sampler, self._key = sampler, key
        by_key: dict[Hashable, Assignment] = {}
        for assignment in first:
            by_key.setdefault(key(assignment), assignment)
        self._first = deque(by_key.values())
        self._skipped = set(by_key)
        """The keys that the other sampler has not proposed; it proposes none twice."""

    @property
    def learns(self) -> bool:
        """Whether the other sampler does."""
        return self._sampler.learns

    @property
    def is_waiting(self) -> bool:
        """Whether the other sampler is."""
        return self._sampler.is_waiting

    @property
    def saved(self) -> int:
        """See `Sampler`; they are those of the other sampler."""
        return self._sampler.saved

    def ask(self, n: int, pending: Sequence[Assignment]) -> Sequence[Assignment]:
        """See `Sampler`.

        A sampler that learns proposes one after another, so that none that is skipped counts as pending.
        """
        proposals = [self._first.popleft() for _ in range(min(n, len(self._first)))]
        most = 1 if self.learns and self._skipped else n
        while len(proposals) < n and (
            proposed := self._sampler.ask(min(most, n - len(proposals)), [*pending, *proposals])
        ):
            proposals += [assignment for assignment in proposed if self._is_new(assignment)]
        return proposals

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        """Tell the other sampler."""
        self._sampler.tell(trial, loss, budget)

    def _is_new(self, assignment: Assignment) -> bool:
        """Whether it is none of the first; each of those is recognized once."""
        if not self._skipped or (key := self._key(assignment)) not in self._skipped:
            return True
        self._skipped.remove(key)
        return False
