"""Estimates how long a search takes, from a short calibration with networks of its space."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TypeAlias

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.modelling.fit import Fit
from fnnctl.space.assignments import Assignment
from fnnctl.stacks.costs import rough_seconds, step_values
from fnnctl.stacks.planning import best_size, plan_search_workers, stack_size
from fnnctl.stacks.work import WorkerData
from fnnctl.training.learners.batches import batch_bounds
from fnnctl.training.members import StackSettings
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import Outcome, train_stack
from fnnctl.trials.fits import TrialFits

MAX_SAMPLED = 200
"""The number of configurations from which the sizes of networks are known: the first ones of the search."""
SECONDS_OF_SAMPLING = 0.3
SECONDS_OF_CALIBRATION = 1.0
SECONDS_OF_TRAINING = 0.4
"""How long networks are trained to see after which share of their epochs they stop."""
MAX_MEMBERS = 16
LONG_EPOCH = 0.1
"""An epoch that takes more seconds than this is not repeated."""
SECONDS_OF_STEPS = 0.3
"""An epoch that takes longer by its counts is measured by about this many seconds of steps."""
WORKERS_GAIN = 0.8
"""The speed-up per additional worker; the rest is spent on starting and waiting."""
SECONDS_OF_COMMAND = 2.5
"""What a command takes without its training: imports, workers, scores and figures."""

Kind: TypeAlias = tuple[str, str, str]
"""What an epoch's time depends on beside the network's size: optimizer, precision, normalization."""


@dataclass(frozen=True, slots=True)
class EpochCost:
    """Seconds per epoch, or per step of it, for networks of one size."""

    per_stack: float
    """The time of a stack that does not depend on the number of members."""
    per_member: float
    """The time that each member adds."""

    def seconds(self, members: float) -> float:
        """The time per member in a stack of `members`."""
        return self.per_member + self.per_stack / max(1.0, members)

    def times(self, factor: float) -> EpochCost:
        """The cost times `factor`."""
        return EpochCost(factor * self.per_stack, factor * self.per_member)

    def mixed(self, other: EpochCost, share: float) -> EpochCost:
        """The cost between this one (share 0) and another (1), or beyond them, but never below 0."""
        return EpochCost(
            max(0.0, self.per_stack + share * (other.per_stack - self.per_stack)),
            max(0.0, self.per_member + share * (other.per_member - self.per_member)),
        )


@dataclass(frozen=True, slots=True)
class RungSize:
    """The number of networks that a rung trains, and the epochs of each."""

    networks: int
    epochs: int


@dataclass(frozen=True, slots=True)
class _Range:
    """The costs of a step of the narrowest and the widest network of a kind, with the values that it
    touches.
    """

    narrowest: tuple[int, EpochCost]
    widest: tuple[int, EpochCost]

    def cost(self, values: int) -> EpochCost:
        (low, narrow), (high, wide) = self.narrowest, self.widest
        return narrow.mixed(wide, (values - low) / (high - low)) if high > low else narrow


class SearchCosts:
    """What the networks of a search cost, calibrated when it is first asked for."""

    def __init__(
        self,
        fits: TrialFits,
        assignments: Iterable[Assignment],
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`assignments` are the first ones of the search; `clock` gives the time in seconds."""
        self._fits, self._clock = fits, clock
        self._rows = WorkerData(fits.data, reuse=True)
        self._sample: list[Fit] = []
        deadline = clock() + SECONDS_OF_SAMPLING
        for assignment in islice(assignments, MAX_SAMPLED):
            if fit := fits.typical_fit(assignment):
                self._sample.append(fit)
            if self._sample and clock() >= deadline:
                break

    @property
    def known(self) -> bool:
        """Whether there is a network that can be trained."""
        return bool(self._sample)

    def of(self, fit: Fit) -> EpochCost:
        """The cost of networks of this size."""
        # a rare kind may not be calibrated: the time for that ends, and the most frequent kinds come first
        costs = self._ranges.get(_kind(fit)) or next(iter(self._ranges.values()))
        return costs.cost(step_values(fit.settings)).times(_steps(fit))

    def seconds(self, rungs: Sequence[RungSize], *, max_epochs: int, workers: int, members: int = 1) -> float:
        """The seconds of a command that trains all rungs and refits one trial with `members` members for
        `max_epochs`.

        A rung's networks are divided among the sampled sizes, in stacks as the search makes them.
        """
        # networks of one size may train on samples of different sizes
        counts = Counter((fit.settings, fit.trained_rows) for fit in self._sample)
        fit_of = {(fit.settings, fit.trained_rows): fit for fit in self._sample}
        largest = max(fit_of.values(), key=lambda fit: step_values(fit.settings))
        plan = plan_search_workers(
            largest.settings,
            rows=len(self._fits.data),
            train_rows=largest.trained_rows,
            epochs=sum(rung.networks * rung.epochs for rung in rungs),
            workers=workers,
            executor=None,
        )
        total = 0.0
        for rung in rungs:
            for (settings, rows), count in counts.items():
                networks = rung.networks * count / len(self._sample)
                size = stack_size(
                    settings, math.ceil(networks), rows=len(self._fits.data), workers=plan.workers
                )
                fit = fit_of[settings, rows]
                seconds = self.of(fit).seconds(min(size, networks)) * self._share(fit)
                total += networks * rung.epochs * seconds
        total /= 1.0 + WORKERS_GAIN * (plan.workers - 1)
        refit = math.fsum(self.of(fit).seconds(members) * self._share(fit) for fit in self._sample)
        return SECONDS_OF_COMMAND + total + refit * members / len(self._sample) * max_epochs

    def training_seconds(self, fit: Fit) -> float:
        """The seconds of training all networks of a fit by itself."""
        networks, epochs = fit.settings.ensemble, fit.experiment.training.epochs
        return networks * epochs * self._share(fit) * self.of(fit).seconds(networks)

    def _share(self, fit: Fit) -> float:
        """The share of their epochs that networks of this kind train for; 1 if that is not known."""
        shares = self._shares.get(_kind(fit), ())
        return math.fsum(shares) / len(shares) if shares else 1.0

    @cached_property
    def _shares(self) -> Mapping[Kind, Sequence[float]]:
        """The shares of their epochs after which networks ended that were trained for a short time, by kind.

        The kinds take turns: lbfgs may need a tenth of the epochs of sgd, and five times the time for each.
        """
        deadline = self._clock() + SECONDS_OF_TRAINING

        def is_late() -> bool:
            return self._clock() >= deadline

        shares: dict[Kind, list[float]] = {}
        turns, before = [], Counter[Kind]()
        for fit in self._sample:
            turns.append((before[_kind(fit)], fit))
            before[_kind(fit)] += 1
        for _, fit in sorted(turns, key=lambda turn: turn[0]):
            training = fit.experiment.training
            if is_late() or not training.may_end_early:
                break
            trained, *_ = train_stack(self._stack(fit, 1), should_stop=is_late)
            if trained.outcome is not Outcome.INTERRUPTED:
                shares.setdefault(_kind(fit), []).append(trained.epochs / training.epochs)
        return shares

    @cached_property
    def _ranges(self) -> Mapping[Kind, _Range]:
        """The calibrated costs by kind, the most frequent kinds first."""
        set_blas_threads(1)
        deadline = self._clock() + SECONDS_OF_CALIBRATION
        ranges: dict[Kind, _Range] = {}
        for kind, _ in Counter(map(_kind, self._sample)).most_common():
            if ranges and self._clock() >= deadline:
                break
            alike = [fit for fit in self._sample if _kind(fit) == kind]
            ends = [choose(alike, key=lambda fit: step_values(fit.settings)) for choose in (min, max)]
            narrowest, widest = ((step_values(fit.settings), self._measured(fit)) for fit in ends)
            ranges[kind] = _Range(narrowest, widest)
        return ranges

    def _measured(self, fit: Fit) -> EpochCost:
        """The cost of a step, by that of an epoch: others may have more steps or fewer."""
        alone, steps = self._seconds_an_epoch(fit, 1), _steps(fit)
        most = min(best_size(fit.settings), MAX_MEMBERS)
        if most == 1 or alone > LONG_EPOCH:
            return EpochCost(0.0, alone / steps)
        together = self._seconds_an_epoch(fit, most)
        member_cost = max(0.0, together - alone) / (most - 1)
        return EpochCost(max(0.0, alone - member_cost), member_cost).times(1 / steps)

    def _seconds_an_epoch(self, fit: Fit, members: int) -> float:
        """The time of an epoch, for all members together: the second one, unless an epoch is long."""
        stack, settings, seconds = self._stack(fit, members), fit.settings, math.inf
        steps = _steps(fit)
        step_seconds = members * rough_seconds(settings, train_rows=settings.batch_size, epochs=1)
        measured_steps = math.ceil(SECONDS_OF_STEPS / step_seconds)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            if steps > 2 * measured_steps and settings.optimizer != "lbfgs":
                return steps / measured_steps * self._seconds_of_steps(stack, measured_steps)
            for _ in range(2):
                begun = self._clock()
                stack.run_epoch(diagnose=False, should_stop=lambda: False)
                seconds = self._clock() - begun
                if seconds > LONG_EPOCH:
                    break
        return seconds

    def _seconds_of_steps(self, stack: Stack, count: int) -> float:
        """The time of `count` steps of an epoch that is not completed, without that before the first step."""
        begun, step = 0.0, 0

        def after_step() -> bool:
            nonlocal begun, step
            if step == 0:
                begun = self._clock()
            step += 1
            return step > count

        stack.run_epoch(diagnose=False, should_stop=after_step)
        return self._clock() - begun

    def _stack(self, fit: Fit, members: int) -> Stack:
        data = self._fits.data
        return Stack(fit.settings, fit.members(data, fit.split(data)) * members, self._rows.pool(fit))


def seconds_by_assignment(fits: TrialFits, costs: SearchCosts) -> Callable[[Assignment], float]:
    """The seconds of an epoch of all of a trial's networks on one worker, by assignment."""
    known: dict[tuple[StackSettings, int], float] = {}

    def seconds(assignment: Assignment) -> float:
        fit = fits.typical_fit(assignment)
        if fit is None:
            return 0.0
        key = fit.settings, fit.trained_rows
        if key not in known:
            known[key] = costs.of(fit).seconds(len(fits.rows)) * len(fits.rows)
        return known[key]

    return seconds


def _steps(fit: Fit) -> int:
    """The number of steps in an epoch."""
    return len(batch_bounds(fit.trained_rows, fit.settings))


def _kind(fit: Fit) -> Kind:
    training = fit.experiment.training
    return training.optimizer.name, training.precision, str(fit.experiment.model.normalization)
