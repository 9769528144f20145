"""The order of results, shared by rungs, leaderboard and incumbent, and the standings of all trials."""

from __future__ import annotations

import math
from collections.abc import Iterable

from fnnctl.records.trials import Direction, Result, Status


def finite_objective(result: Result) -> float | None:
    """The objective; None if the job failed or diverged, or if it is not a finite number."""
    objective = result.objective if result.status.finite else None
    return None if objective is None or not math.isfinite(objective) else objective


def is_finite(result: Result) -> bool:
    """Whether the result has a finite objective."""
    return finite_objective(result) is not None


def order(result: Result, direction: Direction) -> tuple[bool, float, int]:
    """A sort key, the best first: finite before all others, then by objective, then by trial number."""
    objective = finite_objective(result)
    if objective is None:
        return True, 0.0, result.trial
    return False, -objective if direction == "maximize" else objective, result.trial


def ranked(results: Iterable[Result], direction: Direction) -> list[Result]:
    """The results, the best first."""
    return sorted(results, key=lambda result: order(result, direction))


class Standings:
    """The latest result of every trial, and the best of them."""

    def __init__(self, direction: Direction, results: Iterable[Result] = ()) -> None:
        """Start from results in any order."""
        self.direction: Direction = direction
        self.latest: dict[int, Result] = {}
        """By trial number, the result at the largest budget."""
        self.epochs: dict[int, int] = {}
        """By trial number, the epochs trained in all jobs."""
        self.incumbent: Result | None = None
        """The best by (largest completed budget, objective, trial number); None if none is finite.

        A trial that stopped early keeps its value at every budget, so it competes with those at the largest.
        A trial that diverged later is out, however good it was before.
        """
        self._most_completed = 0
        for result in results:
            self.tell(result)

    def ranked(self) -> list[Result]:
        """The latest results by objective, regardless of their budgets, the best first."""
        return ranked(self.latest.values(), self.direction)

    def tell(self, result: Result) -> None:
        """Add a job's result; all trials are compared again only if the largest budget changes."""
        self.epochs[result.trial] = self.epochs.get(result.trial, 0) + result.epochs
        before = self.latest.get(result.trial)
        if before is not None and before.budget > result.budget:
            return
        self.latest[result.trial] = result
        incumbent = self.incumbent
        larger = is_finite(result) and _completed(result) > self._most_completed
        gone = before is not None and (before is incumbent or _completed(before) == self._most_completed)
        if larger or gone:
            self._find_incumbent()
        elif self._is_eligible(result) and (incumbent is None or self._key(result) < self._key(incumbent)):
            self.incumbent = result

    def _find_incumbent(self) -> None:
        finite = [result for result in self.latest.values() if is_finite(result)]
        self._most_completed = max(map(_completed, finite), default=0)
        self.incumbent = min(filter(self._is_eligible, finite), key=self._key, default=None)

    def _is_eligible(self, result: Result) -> bool:
        return is_finite(result) and (
            result.status is Status.STOPPED_EARLY or result.budget == self._most_completed
        )

    def _key(self, result: Result) -> tuple[bool, float, int]:
        return order(result, self.direction)


def _completed(result: Result) -> int:
    """The budget of a finite result; 0 if it stopped early."""
    return 0 if result.status is Status.STOPPED_EARLY else result.budget
