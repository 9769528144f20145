"""Which weights `fnnctl train` keeps of a trial's configuration: not always those of its objective.

The objective of a rung is that of its last epoch. Training that restores the best weights keeps those of an
earlier epoch, even if early stopping never ended it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from fnnctl.config.schema.stopping import EarlyStoppingConfig
from fnnctl.metrics.registry import is_loss
from fnnctl.records.trials import CURVE, Result, Status
from fnnctl.store.manifest import RestoredWeightsFacts
from fnnctl.tasks.epoch_metrics import UNCORRECTED_LOSS, VALIDATION_LOSS


def restored_weights(
    stopping: EarlyStoppingConfig | None, results: Iterable[Result], *, epochs: int
) -> RestoredWeightsFacts | None:
    """What training the trial alone for `epochs` keeps, if those are not the weights of its objective.

    `results` are those of one trial, in the order of their budgets, measured on the validation part. None if
    it keeps the weights of the objective: of the last epoch, or of the best one if the trial stopped early.
    """
    measured = list(results)
    if stopping is None or not stopping.restore_best or not measured:
        return None
    last = measured[-1]
    if last.status is not Status.COMPLETED or last.objective is None:
        return None
    kept = _best_epoch(stopping, measured) if last.budget == epochs else None
    if kept == last.budget:
        return None
    return RestoredWeightsFacts(trial=last.trial, objective_of=last.budget, kept=kept)


def _best_epoch(stopping: EarlyStoppingConfig, results: Iterable[Result]) -> int | None:
    """The best epoch by the recorded curves, as `EarlyStopping` finds it; None if they do not cover all."""
    values: list[float | None] = []
    for result in results:
        curves = (result.facts or {}).get(CURVE) or {}
        is_renamed = stopping.monitor == VALIDATION_LOSS and UNCORRECTED_LOSS in curves
        curve = curves.get(UNCORRECTED_LOSS if is_renamed else stopping.monitor, ())
        values[result.budget - len(curve) :] = curve
        if len(values) != result.budget:
            return None
    sign = 1.0 if is_loss(stopping.monitor.partition("_")[2]) else -1.0
    best, epoch = math.inf, 0
    for number, value in enumerate(values, start=1):
        if value is not None and sign * value < best - stopping.tolerance:
            best, epoch = sign * value, number
    return epoch or None
