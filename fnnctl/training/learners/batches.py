"""The batches of an epoch: each member's rows in its own order, gathered and augmented."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.augmentation import add_noise, mix_up
from fnnctl.nn.workspace import Workspace
from fnnctl.seeds import Purpose, stream
from fnnctl.tasks.epoch_metrics import epoch_metrics
from fnnctl.training.members import Member, StackSettings, member_generators, technique_hyperparameters
from fnnctl.training.pool import Pool, gather


class Batches:
    """The training rows of K members, batch by batch; workspaces are reused between epochs."""

    def __init__(
        self,
        settings: StackSettings,
        members: Sequence[Member],
        pool: Pool,
        category_statistics: Sequence[FloatArray] = (),
    ) -> None:
        """`category_statistics` are those of each member's rows, (rows, values), if networks read any."""
        self._settings, self._members, self._pool = settings, members, pool
        self._category_statistics = category_statistics
        self._columns = epoch_metrics(settings.shape).training_columns
        self._rows = np.stack([member.train_rows for member in members])
        self.bounds = batch_bounds(self.rows, settings)
        self._weights = _weights(members, settings, pool.factors) if settings.weighted else None
        self._techniques = technique_hyperparameters(settings, members)
        self._noise, self._mixup = (self._techniques.get(name) for name in ("input_noise", "mixup"))
        self._unchanging = len(self.bounds) == 1 and self._noise is None and self._mixup is None
        self._gathered = False
        self._workspaces: dict[int, Workspace] = {}

    @property
    def size(self) -> int:
        """The number of rows of a full batch."""
        return min(self._settings.batch_size, self.rows)

    @property
    def rows(self) -> int:
        """The number of rows of an epoch."""
        return int(self._rows.shape[1])

    def of_epoch(self, epoch: int, *, plain: bool = False) -> Iterator[Workspace]:
        """Gather the epoch's batches, augmented with noise and mixup unless `plain`.

        Epoch 0 has the rows in their given order, without augmentation.
        """
        drawn = epoch and not plain
        noise = mixing = None
        if drawn and self._noise is not None:
            noise = member_generators(self._members, Purpose.NOISE, epoch)
        if drawn and self._mixup is not None:
            mixing = member_generators(self._members, Purpose.MIXUP, epoch)
        orders = self._orders(epoch)
        rows = self._rows if orders is None else _each_in(orders, self._rows)
        weights = self._weights
        if weights is not None and orders is not None:
            weights = _each_in(orders, weights)
        for start, stop in self.bounds:
            work = self._workspace(stop - start)
            if not (self._unchanging and self._gathered):
                gather(self._pool, rows[:, start:stop], work)
                for gathered in work.gathered_statistics:
                    for k, values in enumerate(self._category_statistics):
                        part = slice(start, stop) if orders is None else orders[k][start:stop]
                        gathered[k] = values[part]
                if weights is not None and work.targets.weights is not None:
                    work.targets.weights[...] = weights[:, start:stop]
                if mixing and self._mixup is not None:
                    mix_up(work, self._mixup, mixing)
                if noise and self._noise is not None:
                    add_noise(work, self._noise, noise)
                work.set_targets()
                if self._unchanging:
                    work.freeze_inputs()
                self._gathered = True
            yield work

    def training_record(self) -> dict[str, FloatArray]:
        """The task's training columns, (K,) each: means over the rows of an epoch, since the last call."""
        totals, *rest = (work.loss.totals() for work in self._workspaces.values())
        for batch_totals in rest:
            totals += batch_totals
        totals /= self.rows * self._settings.shape.inner_members
        return dict(zip(self._columns, totals, strict=True))

    def _orders(self, epoch: int) -> list[IntArray] | None:
        """The order of each member's rows, (rows,), in an epoch; None for that in which they are given."""
        if self._unchanging or not (epoch and self._settings.shuffle):
            return None
        return [stream(member.seed, Purpose.ORDER, epoch).permutation(self.rows) for member in self._members]

    def _workspace(self, batch: int) -> Workspace:
        if batch not in self._workspaces:
            self._workspaces[batch] = Workspace(
                self._settings.shape,
                len(self._members),
                batch,
                self._settings.dtype,
                training=True,
                weighted=self._settings.weighted,
                techniques=self._techniques,
            )
        return self._workspaces[batch]


def batch_bounds(rows: int, settings: StackSettings) -> list[tuple[int, int]]:
    """Start and stop of each batch. With batch normalization a single last row joins the previous batch."""
    starts = list(range(0, rows, settings.batch_size))
    normalized = any(layer.normalization == "batch" for layer in settings.shape.hidden)
    if normalized and len(starts) > 1 and rows - starts[-1] == 1:
        del starts[-1]
    return list(zip(starts, [*starts[1:], rows], strict=True))


def _each_in(orders: Sequence[IntArray], values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Each member's values, (K, rows, …), in its own order."""
    ordered = np.empty_like(values)
    for member_values, order, out in zip(values, orders, ordered, strict=True):
        member_values.take(order, 0, out, "clip")
    return ordered


def _weights(members: Sequence[Member], settings: StackSettings, factors: FloatArray | None) -> FloatArray:
    """The examples' weights, (K, rows), scaled to mean 1 so that they do not change the step length.

    They are multiplied by the `factors` of the pool's rows, if there are any; with T targets these, and the
    weights, have a last axis of T, and a member with a target of its own has weights of 0 for the others.
    """
    weights = np.stack(
        [np.ones(member.train_rows.size) if member.weights is None else member.weights for member in members]
    )
    weights /= weights.mean(axis=1, keepdims=True)
    if factors is not None:
        of_rows = np.stack([factors[member.train_rows] for member in members])
        weights = weights.reshape(*weights.shape, *[1] * (of_rows.ndim - weights.ndim)) * of_rows
        for of_member, member in zip(weights, members, strict=True):
            if member.target is not None:
                of_member[:, np.arange(of_member.shape[1]) != member.target] = 0.0
    return weights.astype(settings.dtype)
