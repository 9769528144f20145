"""An epoch of L-BFGS: one iteration on all training rows, of every member together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers.lbfgs import HYPERPARAMETER_NAMES, Lbfgs, LbfgsStatus
from fnnctl.training.diagnostics import Diagnostics
from fnnctl.training.history import TRAINING_COLUMNS, Record
from fnnctl.training.learners.batches import Batches
from fnnctl.training.learners.descent import penalty_of
from fnnctl.training.members import Member, StackSettings, hyperparameter_columns
from fnnctl.training.pool import Pool
from fnnctl.training.state import State


class _BrokenOffError(Exception):
    """The user wants training to end; raised in the middle of a line search, which then has not been."""


class QuasiNewton:
    """K members that learn by L-BFGS."""

    def __init__(
        self,
        settings: StackSettings,
        members: Sequence[Member],
        pool: Pool,
        network: Network,
        state: State | None,
    ) -> None:
        """At the start, or going on from such a learner's state."""
        self.network = self.evaluated = network
        self._memory = settings.memory
        self._batches = Batches(settings, members, pool)
        self._backpropagation = BackPropagation(network, penalty_of(settings, members, network))
        self._hyperparameters = hyperparameter_columns(
            [member.optimizer_hyperparameters for member in members], HYPERPARAMETER_NAMES
        )
        self._lbfgs = Lbfgs(self._hyperparameters, state) if state else None
        self._should_stop: Callable[[], bool] = lambda: False
        self._last_means: tuple[FloatArray, FloatArray] | None = None
        """Loss and accuracy, (K,) each, at the points that the networks have now."""

    @property
    def converged(self) -> BoolArray:
        if self._lbfgs is None:
            return np.zeros(len(self.network.parameters), np.bool_)
        return np.asarray(self._lbfgs.status != LbfgsStatus.GOING)

    @property
    def state(self) -> State:
        return {} if self._lbfgs is None else self._lbfgs.state

    def run_epoch(
        self, epoch: int, diagnostics: Diagnostics | None, should_stop: Callable[[], bool]
    ) -> Record | None:
        self._should_stop = should_stop
        point = self.network.parameters.copy()
        try:
            if self._lbfgs is None:
                self._lbfgs = Lbfgs.start(self._hyperparameters, point, self._evaluate, self._memory)
            self._lbfgs.iterate(self._evaluate)
        except _BrokenOffError:
            self.network.parameters[...] = point
            return None
        return self._record(self._lbfgs.state["point"], diagnostics)

    def observe(self, record: Record) -> None:
        """Line searches need no schedule."""

    def _record(self, point: FloatArray, diagnostics: Diagnostics | None) -> Record:
        """Loss and accuracy at the points where the iteration ended."""
        means = self._last_means
        if means is None or not np.array_equal(self.network.parameters, point):
            means = self._means_at(point)
        if diagnostics:
            (work,) = self._batches.of_epoch(0)
            diagnostics.add_step(work, self._backpropagation.gradient)
        return dict(zip(TRAINING_COLUMNS, means, strict=True))

    def _evaluate(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The risks, (K,), and their gradients, (K, P), of all training rows."""
        if self._should_stop():
            raise _BrokenOffError
        self._last_means = self._means_at(points)
        risks = self._last_means[0] + self._backpropagation.penalty.values(points)
        return risks, self._backpropagation.gradient

    def _means_at(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Move the networks there, with the gradient; their mean loss and accuracy, (K,) each."""
        np.copyto(self.network.parameters, points)
        (work,) = self._batches.of_epoch(0)
        self._backpropagation.risk_gradient(work)
        return self._batches.mean_totals()
