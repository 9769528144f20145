"""The rung audit of a multi-fidelity search: what its own records say about stopping trials early.

It consists of the rank correlations between rungs, their risks, the baselines, and what follows from them.
The values at each rung are read from results and learning curves. A trial that trains to 9 epochs at once has
the objective after 1 and 3 epochs in its curve. These are the bits that it would have had at rungs there:
lr_schedules have the same horizon in every bracket.

The i-epoch baseline trains all trials for i epochs, and only the best few continue, to the full budget. It is
replayed from what the search has recorded, with the search's trials and as many epochs as it trained (Egele
et al., Is one epoch all you need for multi-fidelity hyperparameter optimization?, ESANN 2023).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.association import MIN_PAIRED, RankCorrelation, kendall
from fnnctl.records.history import SearchHistory
from fnnctl.records.trials import Result, Status
from fnnctl.seeds import Purpose, stream

NEVER: Final = np.iinfo(np.int64).max
"""The end of a trial that did not end by itself."""
_ENDED: Final = {Status.STOPPED_EARLY, Status.DIVERGED, Status.FAILED}
MAX_GROUPS: Final = 2000
"""If there are more groups than this, as many are drawn at random."""
MAX_DRAWN: Final = 1_000_000
"""The most random numbers that are drawn for all groups, but there are never fewer groups than 100."""
SAFE_TAU: Final = 0.3
"""Ranks hold if the lower limit of τ is at least this, and mislead if τ itself is below.

For normal values with τ = 0.3, a rung that keeps a third of many trials drops the best of 81 in about a
quarter of all searches; with τ = 0.5 in one of 22.
"""
MIN_JUDGED: Final = 10
"""A correlation of fewer trials is shown, but nothing is concluded from it."""
_USUAL_FACTOR: Final = 3.0


@dataclass(frozen=True, slots=True)
class RungValues:
    """n trials with results, by number, at L rungs."""

    epochs: tuple[int, ...]
    """(L,) the cumulative budgets of the rungs of all brackets, rising."""
    losses: FloatArray
    """(n, L) the objective as a loss to minimize. NaN if it is unknown.

    As in the search, a trial that stopped early keeps its value at every later rung, and one that diverged or
    failed is worse than all others from then on: infinite. One that its curve stopped is unknown from then
    on.
    """
    first: IntArray
    """(n,) the epochs that each trial was granted in its first job, before it was compared with any other."""
    spent: IntArray
    """(n,) the epochs that it trained in all jobs."""
    ends: IntArray
    """(n,) the epoch in which it ended by itself (it stopped early, diverged or failed), or `NEVER`."""


def rung_values(search: SearchHistory) -> RungValues:
    """The values of all trials that have a result; rows in the order of the trials' numbers."""
    epochs = tuple(sorted({rung.epochs for rung in search.rungs}))
    sign = 1.0 if search.direction == "minimize" else -1.0
    rows = {number: row for row, number in enumerate(sorted(search.standings.latest))}
    values = RungValues(
        epochs=epochs,
        losses=np.full((len(rows), len(epochs)), np.nan),
        first=np.zeros(len(rows), np.int64),
        spent=np.zeros(len(rows), np.int64),
        ends=np.full(len(rows), NEVER),
    )
    for result in search.results:
        row, start = rows[result.trial], search.starts[result.key]
        if not values.first[row]:
            values.first[row] = result.budget
        values.spent[row] += result.epochs
        if result.status in _ENDED:
            values.ends[row] = min(values.ends[row], _end(result, start))
        for rung, value in _values(result, start, epochs, search.curve_of(result)):
            values.losses[row, rung] = math.inf if value is None else sign * value
    return values


def _values(
    result: Result, start: int, epochs: Sequence[int], curve: Sequence[float | None]
) -> Iterator[tuple[int, float | None]]:
    """The objectives that a result says, each with the index of its rung; None is worse than all others."""
    has_ended = result.status in _ENDED
    end = _end(result, start) if has_ended else result.budget
    for rung in range(bisect_right(epochs, start), len(epochs)):
        epoch = epochs[rung]
        if epoch == end or (epoch > end and has_ended):
            yield rung, result.objective
        elif epoch < end and epoch - start <= len(curve):
            yield rung, curve[epoch - start - 1]


def _end(result: Result, start: int) -> int:
    """The last epoch of a job; if it could not train at all, the one that it should have begun with."""
    return start + max(1, result.epochs)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The i-epoch baseline on the trials whose value after i epochs is known whatever it is.

    They are the trials that were granted at least i epochs in their first job. With i = `min_epochs` they are
    all trials of the search, with a larger i those of the brackets whose first rung has at least i epochs.
    Without learning curves, as in a cross-validated search, they are only those whose first rung has i
    epochs. The baseline is compared with the same trials: with the epochs that they trained, and the best of
    them.
    """

    epochs: int
    """i."""
    trials: int
    available: int
    """The epochs that the search trained on these trials: the most that the baseline may use."""
    used: int
    """The epochs that the baseline uses."""
    continued: int
    """How many of the best after i epochs can continue to the full budget; 0 if none can."""
    known: int
    """Of how many of these the value at the full budget is known."""
    loss: float | None
    """The best known loss at the full budget of those that continue: the result, or a bound of it."""
    search_loss: float | None
    """The best loss at the full budget of all these trials: what the search found."""

    @property
    def is_exact(self) -> bool:
        """Whether `loss` is the baseline's result. Otherwise the result can only be better."""
        return self.loss is not None and self.known == self.continued

    @property
    def as_good(self) -> bool | None:
        """Whether the baseline finds a trial at least as good as the search; None if that is unknown."""
        if self.loss is None or self.search_loss is None:
            return None
        if self.loss <= self.search_loss:
            return True
        return False if self.is_exact else None


def baseline(values: RungValues, rung: int) -> Baseline | None:
    """The i-epoch baseline with the epochs of this rung as i.

    None if no trial's value after i epochs is known whatever it is. Trials that ended by themselves use no
    epochs after that, and those without a finite value after i epochs do not continue.
    """
    epochs, full = values.epochs[rung], values.epochs[-1]
    chosen = (values.first >= epochs) & ~np.isnan(values.losses[:, rung])
    early, late = values.losses[chosen, rung], values.losses[chosen, -1]
    if not early.size:
        return None
    lengths = np.minimum(values.ends[chosen], full)
    first = int(np.minimum(lengths, epochs).sum())
    available = int(values.spent[chosen].sum())
    order = np.argsort(early, kind="stable")
    order = order[np.isfinite(early[order])]
    further = np.cumsum(np.maximum(lengths - epochs, 0)[order])
    count = int(np.searchsorted(further, available - first, side="right"))
    continued = late[order[:count]]
    return Baseline(
        epochs=epochs,
        trials=early.size,
        available=available,
        used=first + (int(further[count - 1]) if count else 0),
        continued=count,
        known=int(np.count_nonzero(~np.isnan(continued))),
        loss=_least(continued, np.isfinite(continued)),
        search_loss=_least(late, np.isfinite(late)),
    )


def _least(losses: FloatArray, among: BoolArray) -> float | None:
    return float(losses[among].min()) if among.any() else None


@dataclass(frozen=True, slots=True)
class DropRisk:
    """What happens if a rung keeps the best few of a random group of trials."""

    group: int
    """The number of trials in a group."""
    kept: int
    """How many of them the rung keeps."""
    share: float
    """The share of groups in which all that are best later are dropped."""
    shortfall: float
    """The mean over the groups of the later value of the best kept trial minus that of the best trial.

    Values are losses. A trial that diverged counts as much as the worst of the others.
    """


def drop_risk(early: FloatArray, late: FloatArray, *, rung: int, factor: float) -> DropRisk | None:
    """Replay a rung on groups of trials with known losses (n,), in the order of their numbers.

    A group has as many trials as the `rung`, but at most half of those that are known, so that groups differ.
    The rung keeps the best ⌊group / factor⌋ by their `early` losses, ties by trial number, as the search
    does. A smaller group has more risk: its best trial stands out less. So the risk is overestimated if fewer
    trials are known than two rungs have. None if there are too few for two groups, or none that is finite
    later.
    """
    n, least = len(early), math.ceil(factor)
    group = max(least, min(rung, n // 2))
    finite = late[np.isfinite(late)]
    if n < 2 * least or not finite.size:
        return None
    kept = math.floor(group / factor)
    worst_as_others = np.where(np.isfinite(late), late, finite.max())
    by_rank = worst_as_others[np.argsort(early, kind="stable")]
    members = by_rank[_groups(n, group)]
    best_kept, best = members[:, :kept].min(axis=1), members.min(axis=1)
    return DropRisk(group, kept, float(np.mean(best_kept > best)), float(np.mean(best_kept - best)))


def _groups(n: int, size: int) -> IntArray:
    """All groups of this size from n trials, or random ones; members of each in rising order."""
    if math.comb(n, size) <= MAX_GROUPS:
        return np.array(list(combinations(range(n), size)), np.int64)
    count = max(100, min(MAX_GROUPS, MAX_DRAWN // n))
    drawn = stream(0, Purpose.GROUPS, n, size).random((count, n))
    return np.sort(np.argpartition(drawn, size - 1, axis=1)[:, :size], axis=1)


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
        return self.correlation is not None and self.trials >= MIN_JUDGED

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
    comparable = np.isfinite(before) & ~np.isnan(after)
    unselected = comparable & (values.first >= values.epochs[late])
    is_selected = int(np.count_nonzero(unselected)) < MIN_PAIRED
    used = comparable if is_selected else unselected
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
    sizes: Counter[int] = Counter()
    for rung in search.rungs:
        sizes[rung.epochs] = max(sizes[rung.epochs], len(rung.results))
    return sizes


def _reduction_factor(search: SearchHistory) -> float:
    budget = search.settings.get("budget")
    factor = budget.get("reduction_factor") if isinstance(budget, Mapping) else None
    return float(factor or _USUAL_FACTOR)
