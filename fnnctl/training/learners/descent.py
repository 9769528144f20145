"""An epoch of gradient descent: batches, gradients, clipping, steps, averaging."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.arrays.limits import flush
from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers.base import StepArrays, shared
from fnnctl.nn.optimizers.first_order import OPTIMIZERS
from fnnctl.nn.optimizers.lr_schedules import LR_SCHEDULES
from fnnctl.nn.optimizers.penalties import Penalty, bound_norms, clip_norms, clip_values
from fnnctl.seeds import Purpose
from fnnctl.tasks.epoch_metrics import TRAIN_LOSS, epoch_metrics
from fnnctl.training.diagnostics import Diagnostics
from fnnctl.training.history import Record, monitored
from fnnctl.training.learners.averaging import Averaging
from fnnctl.training.learners.batches import Batches
from fnnctl.training.members import (
    Member,
    StackSettings,
    column,
    member_generators,
    stacked,
    technique_hyperparameters,
)
from fnnctl.training.state import State, extract_part, merge_parts

STEPS_BETWEEN_CHECKS = 100
"""The number of steps between checks whether all members have diverged."""


class Descent:
    """K members that are trained by a first-order optimizer."""

    def __init__(
        self,
        settings: StackSettings,
        members: Sequence[Member],
        batches: Batches,
        network: Network,
        state: State | None,
    ) -> None:
        """New, or continued from a saved state."""
        self.network = network
        self._members, self._dtype = members, settings.dtype
        self.batches = batches
        self._backpropagation = BackPropagation(network, penalty_of(settings, members, network))
        optimizer, schedule = OPTIMIZERS[settings.optimizer], LR_SCHEDULES[settings.lr_schedule]
        self._optimizer = optimizer(
            stacked([m.optimizer_hyperparameters for m in members], optimizer.hyperparameter_names),
            StepArrays(
                network.parameters,
                self._backpropagation.gradient,
                self._backpropagation.scratch,
                self._backpropagation.penalty.is_weight,
            ),
            network.layout.weight_inputs() if settings.parametrization == "neural_tangent" else None,
        )
        self._schedule = schedule(
            stacked([m.schedule_hyperparameters for m in members], schedule.hyperparameter_names),
            column(members, "learning_rate"),
            np.array([float(member.horizon or member.epochs) for member in members]),
        )
        self._rates: FloatArray = np.empty(0)
        self._rates_cast: FloatArray = self._rates
        self.converged = np.zeros(len(members), np.bool_)
        """Always False: noisy gradients do not show convergence."""
        self._averaging: Averaging | None = None
        if settings.averaging:
            average = extract_part(state, "averaging") if state is not None else None
            self._averaging = Averaging(settings.averaging, members, network, average)
        self.evaluated = self._averaging.network if self._averaging else network
        """The networks that are validated and kept."""
        if state is not None:
            self._continue(state)
        self._monitors = [member.schedule_monitor for member in members]
        self._rising = epoch_metrics(settings.shape).rising_columns
        self._monitored = any(self._monitors)
        self._drops = any(layer.dropout for layer in settings.shape.hidden)
        techniques = technique_hyperparameters(settings, members)
        bounds = (techniques.get(name) for name in ("clip_value", "clip_norm", "max_norm"))
        self._clip_value, self._clip_norm, self._max_norm = (
            None if bound is None else bound.astype(settings.dtype)[:, None] for bound in bounds
        )

    @property
    def state(self) -> State:
        """All that must be saved, except the network's own arrays."""
        parts: dict[str, State] = {"optimizer": self._optimizer.state, "schedule": self._schedule.state}
        if self._averaging:
            parts["averaging"] = self._averaging.state
        return merge_parts(parts)

    def restore(self, state: State) -> None:
        """Continue from a state; the networks' own arrays are those of this state already."""
        self._continue(state)
        if self._averaging:
            self._averaging.restore(extract_part(state, "averaging"))

    def _continue(self, state: State) -> None:
        self._optimizer.restore(extract_part(state, "optimizer"))
        self._schedule.state = extract_part(state, "schedule")

    def run_epoch(
        self, epoch: int, diagnostics: Diagnostics | None, should_stop: Callable[[], bool]
    ) -> Record | None:
        """Take an epoch's steps; None if interrupted before the last one."""
        count = len(self.batches.bounds)
        rates = self._schedule.rates(epoch, count)
        dropping = member_generators(self._members, Purpose.DROPOUT, epoch) if self._drops else None
        cast = self._cast(rates)
        for step, work in enumerate(self.batches.of_epoch(epoch), start=1):
            gradient = self._backpropagation.risk_gradient(work, dropping)
            if diagnostics:
                diagnostics.add_step(work, gradient)
            self._step(gradient, cast[step - 1, ...])
            if step < count and should_stop():
                if self._averaging and epoch == 1:
                    self._averaging.use_weights(self.network)
                return None
            if step % STEPS_BETWEEN_CHECKS == 0 and not self._all_finite and not self._finite().any():
                break
        if self.network.layout.running_size:
            flush(self.network.statistics)
        if self._averaging:
            self._averaging.after_epoch(epoch, self.network.parameters, self.batches)
        record = self.batches.training_record()
        if not self._all_finite:
            record[TRAIN_LOSS] = np.where(self._finite(), record[TRAIN_LOSS], np.nan)
        return {"learning_rate": rates[-1], **record}

    def observe(self, record: Record) -> None:
        """Process the complete record of an epoch."""
        if self._monitored:
            self._schedule.observe(monitored(record, self._monitors, self._rising))

    def _cast(self, rates: FloatArray) -> FloatArray:
        """An epoch's rates in the working type, (steps, K, 1), or (steps,) if equal for all members."""
        if rates is not self._rates:
            cast = rates.astype(self._dtype)[..., None]
            flush(cast)  # a schedule may decay exponentially
            self._rates, self._rates_cast = rates, shared(cast)
        return self._rates_cast

    @property
    def _all_finite(self) -> bool:
        """Whether all parameters are finite; also False if their squares overflow."""
        flat = self.network.parameters.reshape(-1)
        return math.isfinite(flat.dot(flat))

    def _finite(self) -> BoolArray:
        """Whether all parameters of each member are finite, (K,)."""
        return np.asarray(np.isfinite(self.network.parameters).all(axis=1))

    def _step(self, gradient: FloatArray, rate: FloatArray) -> None:
        parameters = self.network.parameters
        if self._clip_value is not None:
            clip_values(gradient, self._clip_value)
        if self._clip_norm is not None:
            clip_norms(gradient, self._clip_norm)
        self._optimizer.step(rate)
        if self._max_norm is not None:
            bound_norms(self.network.layout, parameters, self._max_norm)
        if self._averaging:
            self._averaging.after_step(parameters)


def penalty_of(settings: StackSettings, members: Sequence[Member], network: Network) -> Penalty:
    """The members' penalties."""
    l1 = technique_hyperparameters(settings, members).get("l1")
    return Penalty(network.layout.weight_mask(settings.dtype), l2=column(members, "l2"), l1=l1)
