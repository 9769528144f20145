"""Stops trials of any scheduler whose learning curves promise nothing.

Each job is given out in parts of a ninth of the full budget. After each part but the last, the trial's curve
is judged, in the order of virtual time, so the decision is the same for any number of workers.

Curves hold losses: small values are good, whatever the objective's direction. A value that is not finite is
infinite.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.arrays.normal import normal_cdf
from fnnctl.messages import Message
from fnnctl.records.standings import finite_objective
from fnnctl.records.trials import CURVE, Direction, Job, JobKey, Result, Status, Stop
from fnnctl.search.protocols import Scheduler
from fnnctl.search.schedulers.base import not_under_way
from fnnctl.text import counted

CurveRule: TypeAlias = Literal["median", "extrapolate"]

MIN_OTHERS: Final = 3
"""How many other trials must have reached an epoch before their median counts."""
MIN_POINTS: Final = 4
"""The shortest curve that is extrapolated: its three parameters and the noise follow from the points."""
CHANCE: Final = 0.01
"""A trial is stopped if its chance of beating the best trial is smaller."""
MIN_NOISE: Final = 1e-4
"""The smallest standard deviation of the noise, relative to the losses: a short flat curve fits exactly."""
POWERS: Final = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
"""The exponents c of a + b·t^(−c) that are tried."""
TIME_SCALES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""The constants τ of a + b·exp(−t/τ) that are tried, as shares of the full budget."""
BUDGET_PARTS: Final = 9
"""How many parts the full budget is divided into."""


@dataclass(frozen=True, slots=True)
class Curves:
    """What is known when a trial is judged."""

    epochs: Sequence[int]
    """The epochs after which the trial's loss is known: all, or only some of them."""
    losses: Sequence[float]
    """The losses of the trial after these epochs."""
    other_means: Sequence[float]
    """The mean losses of the other trials that have come so far, up to the same epoch, in rising order."""
    best: float | None
    """The loss of the best trial that has had the full budget; None if there is none yet."""
    full: int
    """The full budget in epochs."""


def median_reason(curves: Curves) -> Message | None:
    """Why the trial is stopped by the median rule; None if it is not.

    It is stopped if its best loss so far is larger than the median of the other trials' mean losses up to the
    same epoch (Golovin et al., Google Vizier, KDD 2017, section 3.2.2). Trials that have not come so far do
    not count.
    """
    means, count = curves.other_means, len(curves.other_means)
    if count < MIN_OTHERS or min(curves.losses) <= (means[(count - 1) // 2] + means[count // 2]) / 2:
        return None
    return Message("worse_than_median", f"worse than the median of {counted(count, 'other trial')}")


def extrapolation_reason(curves: Curves) -> Message | None:
    """Why the trial is stopped by the extrapolation of its curve; None if it is not.

    It is stopped if its chance of beating the best trial at the full budget is below `CHANCE`.
    """
    if curves.best is None or len(curves.losses) < MIN_POINTS:
        return None
    chance = chance_to_beat(curves.best, curves.losses, curves.epochs, full=curves.full)
    if chance >= CHANCE:
        return None
    return Message("small_chance", f"a chance of {chance:.1%} to beat the best trial")


REASONS: Final[Mapping[CurveRule, Callable[[Curves], Message | None]]] = {
    "median": median_reason,
    "extrapolate": extrapolation_reason,
}


def chance_to_beat(best: float, losses: Sequence[float], epochs: Sequence[int], *, full: int) -> float:
    """The probability that the loss after `full` epochs is below `best`, given the losses after some epochs.

    The curve is a + b·t^(−c) or a + b·exp(−t/τ) with b ≥ 0 and Gaussian noise around it. Its first tenth is
    not read, because the first epochs often follow another law. For each c and τ, a and b are those of least
    squares; the prediction is a normal distribution with the variance of linear regression. Curves are
    weighted by their Bayesian information criterion, and the chances averaged. (Domhan et al., IJCAI 2015,
    average over eleven families with Markov chains; two families and a grid take less than a millisecond.)
    """
    y = np.asarray(losses, dtype=np.float64)
    if not np.isfinite(y).all():
        return 0.0
    skipped = len(y) // 10
    t = np.asarray(epochs[skipped:], dtype=np.float64)
    y = y[skipped:]
    weights, distances = [], []
    for shape in (*(_power(c) for c in POWERS), *(_exponential(share * full) for share in TIME_SCALES)):
        weight, mean, deviation = _prediction(shape(t), y, float(shape(np.array([float(full)]))[0]))
        weights.append(weight)
        distances.append((best - mean) / deviation)
    likely = np.exp(np.array(weights) - max(weights))
    return float(likely @ normal_cdf(np.array(distances)) / likely.sum())


def _prediction(x: FloatArray, y: FloatArray, x_full: float) -> tuple[float, float, float]:
    """For y = a + b·x with b ≥ 0: −BIC/2, and the mean and standard deviation of the value at `x_full`."""
    n, x_mean, y_mean = len(y), float(x.mean()), float(y.mean())
    spread = float(((x - x_mean) ** 2).sum())
    slope = float(((x - x_mean) * (y - y_mean)).sum()) / spread
    leverage = 1 / n + (x_full - x_mean) ** 2 / spread
    parameters = 2
    if slope < 0:
        slope, leverage, parameters = 0.0, 1 / n, 1
    residuals = float(((y - y_mean - slope * (x - x_mean)) ** 2).sum())
    residuals = max(residuals, n * (MIN_NOISE * max(1.0, abs(y_mean))) ** 2)
    weight = -0.5 * (n * math.log(residuals / n) + parameters * math.log(n))
    deviation = math.sqrt(residuals / (n - parameters) * (1 + leverage))
    return weight, y_mean + slope * (x_full - x_mean), deviation


def _power(c: float) -> Callable[[FloatArray], FloatArray]:
    return lambda t: t**-c


def _exponential(scale: float) -> Callable[[FloatArray], FloatArray]:
    return lambda t: np.exp(-t / scale)


@dataclass(slots=True)
class _Whole:
    """A job of the other scheduler, of which a part is under way."""

    job: Job
    epochs: int = 0
    """Epochs trained in the parts so far."""


@dataclass(slots=True)
class _Curve:
    """What is known of a trial's learning curve."""

    epochs: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    """The losses after these epochs."""

    @property
    def last(self) -> int:
        """The last epoch that is known; 0 if there is none."""
        return self.epochs[-1] if self.epochs else 0

    def mean(self, epoch: int) -> float:
        """The mean loss up to this epoch."""
        count = bisect_right(self.epochs, epoch)
        return math.fsum(self.losses[:count]) / count


class CurveStopping:
    """Gives the other scheduler's jobs out in parts, and ends trials between them."""

    def __init__(
        self,
        scheduler: Scheduler,
        reason: Callable[[Curves], Message | None],
        *,
        max_epochs: int,
        direction: Direction,
        curve: str | None,
    ) -> None:
        """Wrap `scheduler`.

        Args:
            scheduler: Decides which trials start and go on.
            reason: Why a trial is stopped; None if it is not.
            max_epochs: The full budget.
            direction: The objective's direction.
            curve: The name of the recorded curve that has the objective; if results do not have it, only the
                objective after each part is known.
        """
        self._scheduler, self._reason = scheduler, reason
        self._max_epochs, self._direction, self._curve = max_epochs, direction, curve
        self._ends = sorted({max_epochs * k // BUDGET_PARTS for k in range(1, BUDGET_PARTS + 1)} - {0})
        self._parts: dict[JobKey, tuple[Job, _Whole]] = {}
        """The parts that are under way."""
        self._waiting: deque[tuple[Job, _Whole]] = deque()
        """Further parts that can start."""
        self._curves: dict[int, _Curve] = {}
        """By trial number."""
        self._means: dict[int, list[float]] = {end: [] for end in self._ends}
        """By end of a part, the mean losses up to there of all trials that have come so far, in rising order:
        judging a trial must not read the curves of all others."""
        self._best: float | None = None
        self._released: list[JobKey] = []

    def ask(self, free: int) -> Sequence[Job]:
        """See `Scheduler`: further parts first."""
        parts = [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]
        wholes = [_Whole(job) for job in self._scheduler.ask(free - len(parts))] if len(parts) < free else []
        parts += [(self._part(whole.job, whole.job.start), whole) for whole in wholes]
        self._parts |= {job.key: (job, whole) for job, whole in parts}
        return sorted((job for job, _ in parts), key=lambda job: job.trial.number)

    def tell(self, result: Result) -> Sequence[Stop]:
        """Extend the trial's curve, and stop a trial that promises too little; pass on ends of whole jobs."""
        if result.key not in self._parts:
            raise not_under_way(result)
        part, whole = self._parts.pop(result.key)
        job = whole.job
        if part.start > job.start:
            self._released.append((result.trial, part.start))
        whole.epochs += result.epochs
        self._extend_curve(part, result)
        if result.status is not Status.COMPLETED or part.stop == job.stop:
            return self._scheduler.tell(replace(result, budget=job.stop, epochs=whole.epochs))
        reason = self._reason(self._known(result.trial, part.stop))
        if reason is None:
            self._waiting.append((self._part(job, part.stop), whole))
            return ()
        self._released.append(result.key)
        stopped = replace(result, status=Status.STOPPED_BY_CURVE, budget=job.stop, epochs=whole.epochs)
        saved = job.stop - part.stop
        stop = Stop(str(reason), result.trial, part.stop, saved, reason.kind)
        return [*self._scheduler.tell(stopped), stop]

    def released(self) -> Sequence[JobKey]:
        """What later parts have resumed from, stopped trials, and what the scheduler releases."""
        released, self._released = self._released, []
        return [*released, *self._scheduler.released()]

    def _part(self, job: Job, start: int) -> Job:
        """The part of a job that begins after `start` epochs."""
        stop = next((end for end in self._ends if start < end < job.stop), job.stop)
        return replace(job, start=start, stop=stop)

    def _known(self, trial: int, epoch: int) -> Curves:
        """What is known when a trial is judged after this epoch, which is the end of a part."""
        curve, means = self._curves[trial], self._means[epoch].copy()
        del means[bisect_left(means, curve.mean(epoch))]
        return Curves(curve.epochs, curve.losses, means, self._best, self._max_epochs)

    def _extend_curve(self, part: Job, result: Result) -> None:
        values = ((result.facts or {}).get(CURVE) or {}).get(self._curve)
        epochs: Sequence[int] = [part.stop]
        if values is None:
            values = [finite_objective(result)]
        else:
            epochs = range(part.start + 1, part.start + 1 + len(values))
        sign = 1.0 if self._direction == "minimize" else -1.0
        curve = self._curves.setdefault(result.trial, _Curve())
        before = curve.last
        curve.epochs += epochs
        curve.losses += [math.inf if value is None else sign * value for value in values]
        for end in self._ends:
            if before < end <= curve.last:
                insort(self._means[end], curve.mean(end))
        objective = finite_objective(result)
        is_full = result.budget == self._max_epochs or result.status is Status.STOPPED_EARLY
        if is_full and objective is not None:
            self._best = min(sign * objective, math.inf if self._best is None else self._best)
