"""An ensemble of a search's trials: their networks, and how often greedy selection takes each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.flat import flat_metrics
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.predictor import Predictor, PredictorPart, fresh_part
from fnnctl.modelling.saved.description import describe
from fnnctl.modelling.saved.ensemble_description import TrainedPart
from fnnctl.records.trials import Job, Result, Trial
from fnnctl.stacks.greedy_selection import Selection, select_greedily
from fnnctl.stacks.measures import ObjectiveMeasure, Weights
from fnnctl.stacks.trial_results import refuse_another_result, trial_result
from fnnctl.stacks.work import StackItem, WorkerData, train_item
from fnnctl.tasks.task import TaskData
from fnnctl.training.trainer import Outcome


@dataclass(frozen=True, slots=True)
class TrainedTrial:
    """A trial's network at its end."""

    result: Result
    fit: Fit
    weights: Weights

    def part(self, data: TaskData, *, weight: float = 1.0) -> PredictorPart:
        """The network as a part of a predictor."""
        parameters, statistics = self.weights
        member = self.fit.member(data, self.fit.split(data))
        return fresh_part(self.fit, [member], parameters[None], statistics[None], weight=weight)

    def to_write(self, data: TaskData, *, weight: float) -> TrainedPart:
        """The network as a part of a saved model."""
        parameters, statistics = self.weights
        member = self.fit.member(data, self.fit.split(data))
        described = describe(self.fit, data, member)
        return TrainedPart(described, self.fit.layout, parameters[None], statistics[None], weight)


@dataclass(frozen=True, slots=True)
class TrialEnsemble:
    """The selected trials."""

    members: tuple[tuple[TrainedTrial, int], ...]
    """Each with its multiplicity, in the order of the standings."""
    selection: Selection
    candidates: int
    """The number of trials that could be selected."""

    def predictor(self, data: TaskData) -> Predictor:
        """The trials' networks, weighted by their multiplicities."""
        parts = [trial.part(data, weight=float(count)) for trial, count in self.members]
        return Predictor.of_parts(data.task, parts)

    def to_write(self, data: TaskData) -> list[TrainedPart]:
        """The parts of the saved model."""
        return [trial.to_write(data, weight=float(count)) for trial, count in self.members]


def select_trials(
    data: TaskData, trials: Sequence[TrainedTrial], rows: IntArray, *, metric: str, minimized: bool, size: int
) -> TrialEnsemble | None:
    """Select from trials, the best first, by a metric of the mean predictions of the validation rows (n,).

    The task's loss decides between equal values of the metric. A trial whose scores of these rows overflow
    cannot be selected; None if there is no other.
    """
    task, dataset = data.task, data.dataset
    joint = task.joint_readout([trial.fit.readout for trial in trials])
    candidates: list[TrainedTrial] = []
    predictions: list[FloatArray] = []
    for trial in trials:
        alone = Predictor.of_parts(task, [trial.part(data)])
        scores = np.concatenate([batch.copy() for batch in alone.column_scores([(dataset, rows)])])
        if np.isfinite(scores).all():
            candidates.append(trial)
            predictions.append(task.combine([task.converted(scores, trial.fit.readout, joint)]))
    if not candidates:
        return None

    def score(scores: FloatArray) -> tuple[float | None, float]:
        part = data.score(rows, [scores], joint)
        if not math.isfinite(part.loss):
            return None, math.inf
        return flat_metrics(part.metrics(complete=False))[metric], part.loss

    selection = select_greedily(predictions, task.combine, score, size=size, minimized=minimized)
    members = tuple((candidates[index], count) for index, count in selection.counts.items())
    return TrialEnsemble(members, selection, len(candidates))


@dataclass(frozen=True, slots=True)
class _Unwatched:
    """The progress of a training that nobody watches; it can be stopped."""

    should_stop: Callable[[], bool]

    def advance(self, amount: int) -> None:
        """Does nothing."""


def train_again(
    data: TaskData,
    trial: Trial,
    fit: Fit,
    recorded: Result,
    *,
    metric: str,
    should_stop: Callable[[], bool],
) -> Weights | None:
    """The weights behind a recorded result, from a training from the start; None if it was stopped.

    Raises `MachineError` if the training does not reproduce the result.
    """
    job = Job(trial, recorded.rung, 0, recorded.budget)
    measure = ObjectiveMeasure(metric, on_folds=False, weights_at=recorded.budget)
    item = StackItem((fit,), measure, stop=recorded.budget)
    done = train_item(_Unwatched(should_stop), WorkerData(data, reuse=False), item)
    (found,) = done.measured
    if found.outcome is Outcome.INTERRUPTED:
        return None
    refuse_another_result(trial_result(job, [(found, done.digests.get(0))], metric), recorded)
    return found.weights
