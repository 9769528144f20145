"""The audit: the rank correlations between rungs, their risks, the baselines, and what follows from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.metrics.kendall import LEAST_PAIRED, RankCorrelation, kendall
from fnnctl.records.audit.baseline import Baseline, baseline
from fnnctl.records.audit.risk import DropRisk, drop_risk
from fnnctl.records.audit.values import RungValues, rung_values
from fnnctl.records.history import SearchHistory

SAFE_TAU: Final = 0.3
"""Ranks hold if the lower limit of τ is at least this, and mislead if τ itself is below.

For normal values with τ = 0.3, a rung that keeps a third of many trials drops the best of 81 in about a
quarter of all searches; with τ = 0.5 in one of 22.
"""
LEAST_JUDGED: Final = 10
"""A correlation of fewer trials is shown, but nothing is concluded from it."""
_USUAL_FACTOR: Final = 3.0


@dataclass(frozen=True, slots=True)
class RungPair:
    """Two rungs, and what the earlier one says about the later one.

    It is computed from all trials, of whichever bracket, that were granted the later rung's epochs in their
    first job: their values were not compared before, so they are like the trials that begin, and their curves
    have the values at the earlier rung. If there are fewer than four, it is computed from all trials that are
    known at both rungs. Most of these were promoted. They are the best of the earlier rung, so they are more
    alike, and τ among them is usually lower than among all trials (range restriction); and what the dropped
    ones would have become is unknown. Trials that had diverged or failed by the earlier rung are left out,
    because no rung promotes them.
    """

    start: int
    """The epochs of the earlier rung."""
    stop: int
    trials: int
    is_selected: bool
    """Whether the trials are those that were promoted."""
    correlation: RankCorrelation | None
    risk: DropRisk | None
    """None if the trials are those that were promoted, or too few."""

    @property
    def is_judged(self) -> bool:
        """Whether there are enough trials to conclude something."""
        return self.correlation is not None and self.trials >= LEAST_JUDGED

    @property
    def holds(self) -> bool:
        """Whether the ranking at the later rung certainly follows that at the earlier one.

        This may be concluded from promoted trials too, because their τ is rather too low.
        """
        return self.is_judged and self.correlation is not None and self.correlation.ci95[0] >= SAFE_TAU

    @property
    def misleads(self) -> bool:
        """Whether the ranking at the earlier rung says little about that at the later one."""
        is_low = self.correlation is not None and self.correlation.tau < SAFE_TAU
        return self.is_judged and is_low and not self.is_selected


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit of a search with several rungs."""

    full: int
    """The epochs of the last rung."""
    adjacent: tuple[RungPair, ...]
    """Each rung with the next."""
    to_full: tuple[RungPair, ...]
    """Each rung but the last two with the last."""
    baselines: Mapping[int, Baseline | None]
    """By i, for the epochs of each rung but the last; None if it cannot be replayed."""

    @property
    def safe_min_epochs(self) -> int | None:
        """The smallest rung from which the ranks hold between every rung and the next.

        Pairs of too few trials are passed over, but the first has enough. None if there is no such rung.
        """
        safe = None
        for pair in reversed(self.adjacent):
            if pair.holds:
                safe = pair.start
            elif pair.is_judged:
                break
        return safe


def audit(search: SearchHistory) -> Audit | None:
    """The audit of a search; None if it has a single rung."""
    values = rung_values(search)
    last = len(values.epochs) - 1
    if last < 1 or not search.has_rungs:
        return None
    sizes, factor = _rung_sizes(search), _reduction_factor(search)

    def pair(early: int, late: int) -> RungPair:
        return _pair(values, early, late, size=sizes[values.epochs[early]], factor=factor)

    return Audit(
        full=values.epochs[-1],
        adjacent=tuple(pair(rung, rung + 1) for rung in range(last)),
        to_full=tuple(pair(rung, last) for rung in range(last - 1)),
        baselines={values.epochs[rung]: baseline(values, rung) for rung in range(last)},
    )


def _pair(values: RungValues, early: int, late: int, *, size: int, factor: float) -> RungPair:
    before, after = values.losses[:, early], values.losses[:, late]
    known = np.isfinite(before) & ~np.isnan(after)
    unselected = known & (values.first >= values.epochs[late])
    is_selected = int(np.count_nonzero(unselected)) < LEAST_PAIRED
    used = known if is_selected else unselected
    before, after = before[used], after[used]
    return RungPair(
        start=values.epochs[early],
        stop=values.epochs[late],
        trials=len(before),
        is_selected=is_selected,
        correlation=kendall(before, after),
        risk=None if is_selected else drop_risk(before, after, rung=size, factor=factor),
    )


def _rung_sizes(search: SearchHistory) -> Counter[int]:
    """By epochs, the number of trials in the largest rung there."""
    found: Counter[int] = Counter()
    for rung in search.rungs:
        found[rung.epochs] = max(found[rung.epochs], len(rung.results))
    return found


def _reduction_factor(search: SearchHistory) -> float:
    budget = search.settings.get("budget")
    factor = budget.get("reduction_factor") if isinstance(budget, Mapping) else None
    return float(factor or _USUAL_FACTOR)
