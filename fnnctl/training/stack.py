"""K members in training: their state, and an epoch of all of them together.

An ensemble is as many consecutive members that have one record and end together. The record's validation
columns are those of the averaged prediction, and its other columns are means over the members. With bags,
each validation row is predicted by the one member, or pair of twins, that is not trained on it. Twins count
equally in the record: their shares are fitted after training. Each member has a copy of the record, so
stopping rules and schedules decide the same for all of them. If each target has networks of its own, the
record is that of all of them, and each network's rules watch the loss of its target.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.arrays.limits import flush
from fnnctl.metrics.registry import CALIBRATED_LOSS
from fnnctl.nn.network import Network
from fnnctl.tasks.epoch_metrics import TRAIN_LOSS, VALIDATION_LOSS, epoch_metrics
from fnnctl.training.early_stopping import Convergence, EarlyStopping
from fnnctl.training.history import History, Record
from fnnctl.training.learning import Learning, RunEpoch
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Pool
from fnnctl.training.reach import Reach
from fnnctl.training.scoring import Scorer
from fnnctl.training.state import State, extract_part, merge_parts, select_members

T = TypeVar("T", bound=np.generic)


class Stack:
    """K members after `epoch` epochs."""

    def __init__(
        self,
        settings: StackSettings,
        members: Sequence[Member],
        pool: Pool,
        *,
        epoch: int = 0,
        state: State | None = None,
        run_epoch: RunEpoch = Learning.run_epoch,
    ) -> None:
        """Members with their initial weights, or continued from a saved state, which is not copied.

        `run_epoch` takes the steps of each epoch, by default here.
        """
        self.settings, self.members, self.pool = settings, list(members), pool
        self.epoch = epoch
        self._learning, self._run_epoch = Learning(settings, members, pool, state), run_epoch
        self.network = self._learning.network

        def part(name: str) -> dict[str, npt.NDArray[Any]] | None:
            return None if state is None else extract_part(state, name)

        evaluated = self._learning.evaluated
        self._metrics = epoch_metrics(settings.shape)
        self.stopping = EarlyStopping(
            [member.stopping for member in members],
            evaluated,
            part("stopping"),
            rising=self._metrics.rising_columns,
        )
        self._reach = Reach(members, rising=self._metrics.rising_columns)
        self._convergence = Convergence([member.convergence for member in members], part("convergence"))
        self.history = History(part("history"))
        self.last_epochs = np.array([member.epochs for member in members])
        self._first_end = min(member.epochs for member in members)
        self._validation_rows = np.stack([member.validation_rows for member in members])
        self._validation_targets = pool.targets[self._validation_rows]
        self._validation_factors = None if pool.factors is None else pool.factors[self._validation_rows]
        self._scorer = Scorer(evaluated, pool)

    @property
    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Everything that must be saved to continue later: arrays whose first axis is the member."""
        parts = {
            "stopping": self.stopping.state,
            "convergence": self._convergence.state,
            "history": self.history.state,
        }
        return self._learning.state | merge_parts(parts)

    def select(self, chosen: IntArray) -> Stack:
        """A stack of some of the members, given by their indices, with the same bits.

        Members of one ensemble stay together.
        """
        members = [self.members[k] for k in chosen]
        state = select_members(self.state, chosen)
        return Stack(self.settings, members, self.pool, epoch=self.epoch, state=state)

    def run_epoch(self, *, diagnose: bool, should_stop: Callable[[], bool]) -> Record | None:
        """Train every member for an epoch and record it; None if it was interrupted."""
        self.epoch += 1
        columns = self._run_epoch(self._learning, self.epoch, diagnose=diagnose, should_stop=should_stop)
        if columns is None:
            return None
        trained, diagnosed = columns
        if (size := self.settings.ensemble) > 1:
            trained, diagnosed = (_means_over_members(part, size) for part in (trained, diagnosed))
        if (
            targets := self.settings.separate_targets
        ) > 1:  # each member has the loss of its own target alone
            losses = self._metrics.training_columns
            trained = {
                name: targets * values if name in losses else values for name, values in trained.items()
            }
        record = {**trained, **self._validate(), **diagnosed}
        self.history.append(record)
        self._learning.observe(record)
        self.stopping.update(self.epoch, record, self.evaluated)
        self._convergence.update(record)
        return record

    @property
    def evaluated(self) -> Network:
        """The networks that are validated and kept; with weight averaging, the averaged ones."""
        return self._learning.evaluated

    @property
    def continues(self) -> bool:
        """A quick check: True if all members certainly continue, which is so after most epochs."""
        # one call for all losses: a sum of squares is finite only if each of them is
        return (
            self.epoch < self._first_end
            and all(math.isfinite(losses.dot(losses)) for losses in self._last_losses())
            and not np.count_nonzero(self.out_of_patience)
            and not np.count_nonzero(self.converged)
        )

    @property
    def out_of_patience(self) -> BoolArray:
        """Which members end because their value has not improved, (K,).

        Networks of separate targets have values of their own; an ensemble ends when all its members do.
        """
        is_out = np.asarray(self.stopping.out_of_patience | self._reach.is_lost(self.history))
        if self.settings.separate_targets > 1:
            is_out = is_out.reshape(-1, self.settings.ensemble).all(axis=1).repeat(self.settings.ensemble)
        return is_out

    @property
    def finite(self) -> BoolArray:
        """Which members have finite losses in the last epoch, (K,); those of an ensemble are its own."""
        return np.asarray(np.isfinite(sum(self._last_losses())))

    def has_finite_weights(self, k: int) -> bool:
        """Whether the weights of member k, and of all others of its ensemble, are finite."""
        first = k - k % self.settings.ensemble
        return bool(np.isfinite(self.network.parameters[first : first + self.settings.ensemble]).all())

    def _last_losses(self) -> list[FloatArray]:
        """The last epoch's training loss and, if there is one, validation loss, (K,) each."""
        losses = [self.history.last(name) for name in (TRAIN_LOSS, VALIDATION_LOSS)]
        return [column for column in losses if column is not None]

    @property
    def converged(self) -> BoolArray:
        """Which members have converged, (K,); an ensemble has if all its members have."""
        converged, size = self._learning.converged, self.settings.ensemble
        if size > 1:
            converged = converged.reshape(-1, size).all(axis=1).repeat(size)
        return np.asarray(self._convergence.converged | converged)

    def final_weights(self, k: int) -> dict[str, npt.NDArray[Any]]:
        """A member's final weights: `parameters` (P,) and `statistics` (S,)."""
        parameters, statistics = self.stopping.final_weights(self.evaluated, k)
        flush(parameters)  # L-BFGS does not: its point, gradient and pairs must agree
        flush(statistics)
        return {"parameters": parameters, "statistics": statistics}

    def _validate(self) -> Record:
        if not self._validation_rows.size:
            return {}
        rows, targets, size = self._validation_rows, self._validation_targets, self.settings.ensemble
        separate, shape = self.settings.separate_targets, self.settings.shape
        together = self.settings.networks_per_target if self.settings.bags else size // separate
        bags = size // (together * separate)
        outputs: FloatArray | None = None
        if self.settings.calibrated:
            count = len(rows) * shape.inner_members
            outputs = np.empty((count, rows.shape[1], shape.output.size), self.settings.dtype)
        if together > 1:
            losses, predictions = self._scorer.evaluate_ensembles(rows, together, outputs)
        else:
            losses, predictions = self._scorer.evaluate(rows, outputs)
        targets, factors = targets[::together], self._validation_factors
        factors = None if factors is None else factors[::together]
        if separate > 1:
            losses, predictions, targets = (
                _of_own_targets(values, separate, bags) for values in (losses, predictions, targets)
            )
            factors = None if factors is None else _of_own_targets(factors, separate, bags)
        losses = losses.reshape(-1, bags, *losses.shape[1:]).sum(axis=1) / bags
        predictions, targets = _concatenate_rows(predictions, bags), _concatenate_rows(targets, bags)
        factors = None if factors is None else _concatenate_rows(factors, bags)
        record = dict(self._metrics.validation_record(losses, predictions, targets, factors))
        if outputs is not None:
            networks, calibrated = together * shape.inner_members, self._metrics.calibrated_losses
            record[CALIBRATED_LOSS] = calibrated(outputs, targets, networks, out_of_bag=bags > 1)
        return _for_each_member(record, size)


def _of_own_targets(values: npt.NDArray[T], targets: int, bags: int) -> npt.NDArray[T]:
    """Values (E · targets · bags, …, targets) of networks of one target each, as (E · bags, …, targets) of
    those of all targets.
    """
    of_networks = values.reshape(-1, targets, bags, *values.shape[1:])
    own: npt.NDArray[T] = of_networks.diagonal(axis1=1, axis2=of_networks.ndim - 1)
    return own.reshape(-1, *values.shape[1:])


def _for_each_member(record: Mapping[str, FloatArray], size: int) -> dict[str, FloatArray]:
    """The columns (K,) for the members, from those of the ensembles, (K / size,)."""
    return {name: values.repeat(size) for name, values in record.items()}


def _means_over_members(record: Mapping[str, FloatArray], size: int) -> dict[str, FloatArray]:
    """The means of columns (K,) over the members of each ensemble, for each member.

    A value that is the same for all of them, such as the learning rate, is kept as it is.
    """
    if not record:
        return {}
    columns = np.stack(list(record.values()))
    by_ensemble = columns.reshape(len(columns), -1, size)
    first = by_ensemble[:, :, 0]
    means = first + (by_ensemble - first[:, :, None]).sum(axis=2) / size
    return _for_each_member(dict(zip(record, means, strict=True)), size)


def _concatenate_rows(member_rows: npt.NDArray[T], size: int) -> npt.NDArray[T]:
    """Values (K, n, …) of the members' own rows as those of their ensembles, (K / size, size·n, …)."""
    return member_rows.reshape(-1, size * member_rows.shape[1], *member_rows.shape[2:])
