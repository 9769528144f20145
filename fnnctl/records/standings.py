"""The order of results, shared by rungs, leaderboard and incumbent, and the standings of all trials."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fnnctl.config.yaml_text import flow_yaml
from fnnctl.records.trials import (
    NON_FINITE_LOSS,
    Direction,
    Result,
    Status,
    Stop,
    Trial,
    non_finite_loss,
)
from fnnctl.text import counted

COLUMNS = ("rank", "trial", "status", "objective", "epochs", "bracket", "rung")


def finite_objective(result: Result) -> float | None:
    """The objective; None if the job failed or diverged, or if it is not a finite number."""
    objective = result.objective if result.status.finite else None
    return None if objective is None or not math.isfinite(objective) else objective


def can_go_on(result: Result) -> bool:
    """Whether the trial may be promoted or win: its objective is finite and its curve did not stop it."""
    return finite_objective(result) is not None and result.status is not Status.STOPPED_BY_CURVE


def order(result: Result, direction: Direction) -> tuple[int, float, int]:
    """A sort key, the best first: by objective, then by trial number.

    Trials that were stopped by their curves come after the others, and those without an objective last.
    """
    objective = finite_objective(result)
    if objective is None:
        return 2, 0.0, result.trial
    group = 1 if result.status is Status.STOPPED_BY_CURVE else 0
    return group, -objective if direction == "maximize" else objective, result.trial


def ranked(results: Iterable[Result], direction: Direction) -> list[Result]:
    """The results, the best first."""
    return sorted(results, key=lambda result: order(result, direction))


@dataclass(frozen=True, slots=True)
class Failures:
    """The trials without an objective."""

    trials: int
    reason: str
    """The most frequent reason."""
    count: int
    """How many have it."""
    diverged: bool
    """Whether they diverged."""

    def in_words(self, trials: int) -> str:
        """How many of `trials` trials have no result, and why."""
        most = "" if self.count == self.trials else f" (most often, {counted(self.count, 'time')})"
        return f"{self.trials:,} of {counted(trials, 'trial')} produced no result{most}: {self.reason}"


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
        """The best by (largest completed budget, objective, trial number); None if there is none.

        A trial that stopped early keeps its value at every budget, so it competes with those at the largest.
        A trial that diverged later is out, however good it was before.
        """
        self._most_completed = 0
        for result in results:
            self.add(result)

    def ranked(self) -> list[Result]:
        """The latest results by objective, regardless of their budgets, the best first."""
        return ranked(self.latest.values(), self.direction)

    def leaders(self, count: int) -> list[Result]:
        """The latest results of the `count` best trials, or of all if there are fewer.

        The first is the incumbent, and the others follow in the same order: trials with fewer epochs come
        later. None of them was stopped by its curve.
        """
        finite = (result for result in self.latest.values() if can_go_on(result))

        def key(result: Result) -> tuple[int, tuple[int, float, int]]:
            level = self._most_completed if self._is_eligible(result) else result.budget
            return -level, self._key(result)

        return sorted(finite, key=key)[:count]

    @property
    def failures(self) -> Failures | None:
        """The trials without an objective, and why; None if there are none."""
        failed = [result for result in self.latest.values() if finite_objective(result) is None]
        if not failed:
            return None
        reasons = Counter((_cause(result), result.status is Status.DIVERGED) for result in failed)
        ((reason, diverged), count), *_ = reasons.most_common(1)
        return Failures(len(failed), reason, count, diverged)

    def contenders(self) -> list[Result]:
        """The results that compete with the incumbent, the best, which is the incumbent, first."""
        return ranked(filter(self._is_eligible, self.latest.values()), self.direction)

    def add(self, result: Result) -> None:
        """Add a job's result; all trials are compared again only if the largest budget changes."""
        self.epochs[result.trial] = self.epochs.get(result.trial, 0) + result.epochs
        before = self.latest.get(result.trial)
        if before is not None and before.budget > result.budget:
            return
        self.latest[result.trial] = result
        incumbent = self.incumbent
        larger = can_go_on(result) and _completed(result) > self._most_completed
        gone = before is not None and (before is incumbent or _completed(before) == self._most_completed)
        if larger or gone:
            self._find_incumbent()
        elif self._is_eligible(result) and (incumbent is None or self._key(result) < self._key(incumbent)):
            self.incumbent = result

    def stop(self, stops: Iterable[Stop]) -> None:
        """End the trials that are stopped, unless they have gone on since, as in an extended search."""
        changed = False
        for stop in stops:
            latest = self.latest.get(stop.trial) if stop.trial is not None else None
            if latest is not None and latest.budget == stop.budget:
                self.latest[latest.trial] = replace(
                    latest,
                    status=Status.STOPPED_BY_CURVE,
                    reason=stop.reason,
                    reason_kind=stop.reason_kind,
                )
                changed |= latest is self.incumbent or _completed(latest) == self._most_completed
        if changed:
            self._find_incumbent()

    def _find_incumbent(self) -> None:
        finite = [result for result in self.latest.values() if can_go_on(result)]
        self._most_completed = max(map(_completed, finite), default=0)
        self.incumbent = min(filter(self._is_eligible, finite), key=self._key, default=None)

    def _is_eligible(self, result: Result) -> bool:
        return can_go_on(result) and (
            result.status is Status.STOPPED_EARLY or result.budget == self._most_completed
        )

    def _key(self, result: Result) -> tuple[int, float, int]:
        return order(result, self.direction)


def _cause(result: Result) -> str:
    """Why a result has no objective, without the epoch or the folds in which it diverged."""
    if result.reason_kind == NON_FINITE_LOSS:
        return str(non_finite_loss())
    return result.reason or "no reason was recorded"


def _completed(result: Result) -> int:
    """The budget of a finite result; 0 if it stopped early."""
    return 0 if result.status is Status.STOPPED_EARLY else result.budget


def leaderboard_table(
    trials: Mapping[int, Trial], standings: Standings, paths: Sequence[str]
) -> tuple[list[str], Iterator[list[object]]]:
    """Columns and rows, ordered by objective, then trial number; diverged and failed trials come last.

    `trials` are by number, `paths` are those of the searched settings; a setting that a trial does not have
    is None. `epochs` are the trained epochs, `rung` is the rung of the trial's last result.
    """

    def rows() -> Iterator[list[object]]:
        for rank, result in enumerate(standings.ranked(), start=1):
            trial, epochs = trials[result.trial], standings.epochs[result.trial]
            yield [
                rank, trial.number, result.status.value, result.objective, epochs, trial.bracket, result.rung,
                *(_cell(trial.assignment.get(path)) for path in paths),
            ]  # fmt: skip

    return [*COLUMNS, *paths], rows()


def _cell(value: Any) -> object:
    """A list or a mapping as it would be written in a config; other values stay."""
    return flow_yaml(value) if isinstance(value, list | tuple | Mapping) else value
