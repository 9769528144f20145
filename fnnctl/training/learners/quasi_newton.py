"""An epoch of L-BFGS: one iteration of every member on all its training rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers.lbfgs import HYPERPARAMETER_NAMES, Lbfgs, LbfgsStatus
from fnnctl.tasks.epoch_metrics import TRAIN_LOSS
from fnnctl.training.diagnostics import Diagnostics
from fnnctl.training.history import Record
from fnnctl.training.learners.batches import Batches
from fnnctl.training.learners.descent import penalty_of
from fnnctl.training.members import Member, StackSettings, stacked
from fnnctl.training.state import State


class _StoppedError(Exception):
    """Raised in the middle of a line search if training should end; the line search is then undone."""


class QuasiNewton:
    """K members that are trained by L-BFGS."""

    def __init__(
        self,
        settings: StackSettings,
        members: Sequence[Member],
        batches: Batches,
        network: Network,
        state: State | None,
    ) -> None:
        """New, or continued from a saved state."""
        self.network = self.evaluated = network
        self._memory = settings.memory
        self._batches = batches
        self._backpropagation = BackPropagation(network, penalty_of(settings, members, network))
        self._hyperparameters = stacked(
            [member.optimizer_hyperparameters for member in members], HYPERPARAMETER_NAMES
        )
        self._lbfgs = Lbfgs(self._hyperparameters, state) if state else None
        self._should_stop: Callable[[], bool] = lambda: False
        self._latest: dict[str, FloatArray] | None = None
        """The training columns at the most recently evaluated points."""

    @property
    def converged(self) -> BoolArray:
        if self._lbfgs is None:
            return np.zeros(len(self.network.parameters), np.bool_)
        return np.asarray(self._lbfgs.status != LbfgsStatus.GOING)

    @property
    def state(self) -> State:
        return {} if self._lbfgs is None else self._lbfgs.state

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._lbfgs = Lbfgs(self._hyperparameters, state)

    def run_epoch(
        self, epoch: int, diagnostics: Diagnostics | None, should_stop: Callable[[], bool]
    ) -> Record | None:
        self._should_stop = should_stop
        point = self.network.parameters.copy()
        try:
            if self._lbfgs is None:
                self._lbfgs = Lbfgs.start(self._hyperparameters, point, self._evaluate, self._memory)
            self._lbfgs.iterate(self._evaluate)
        except _StoppedError:
            self.network.parameters[...] = point
            return None
        return self._record(self._lbfgs.state["point"], diagnostics)

    def observe(self, record: Record) -> None:
        """Does nothing, because line searches need no schedule."""

    def _record(self, point: FloatArray, diagnostics: Diagnostics | None) -> Record:
        """The training columns at the points where the iteration ended."""
        record = self._latest
        if record is None or not np.array_equal(self.network.parameters, point):
            record = self._record_at(point)
        if diagnostics:
            (work,) = self._batches.of_epoch(0)
            diagnostics.add_step(work, self._backpropagation.gradient)
        return record

    def _evaluate(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The risks, (K,), and their gradients, (K, P), of all training rows."""
        if self._should_stop():
            raise _StoppedError
        self._latest = self._record_at(points)
        risks = self._latest[TRAIN_LOSS] + self._backpropagation.penalty.values(points)
        return risks, self._backpropagation.gradient

    def _record_at(self, points: FloatArray) -> dict[str, FloatArray]:
        """Move the networks to these points, compute the gradient, and return the training columns there."""
        np.copyto(self.network.parameters, points)
        (work,) = self._batches.of_epoch(0)
        self._backpropagation.risk_gradient(work)
        return self._batches.training_record()
