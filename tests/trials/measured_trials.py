"""Trials that are trained and measured as a search does it."""

from __future__ import annotations

from fnnctl.modelling.fit import Fit
from fnnctl.records.trials import Job, Result, Trial
from fnnctl.stacks.work import StackItem, WorkerData, train_item
from fnnctl.tasks.task import TaskData
from fnnctl.trials.ensemble import TrainedTrial
from fnnctl.trials.measures import ObjectiveMeasure
from fnnctl.trials.results import trial_result
from tests.stacks.test_work import Counter


def measured(data: TaskData, fit: Fit, metric: str, *, trial: int = 0) -> tuple[Result, TrainedTrial]:
    """A trial's result as a search records it, and the trial."""
    epochs = fit.experiment.training.epochs
    item = StackItem((fit,), ObjectiveMeasure(metric, weights_at=epochs), stop=epochs)
    done = train_item(Counter(), WorkerData(data, reuse=False), item)
    (found,) = done.measured
    assert found.weights is not None
    result = trial_result(Job(Trial(trial, {}), 0, 0, epochs), [(found, done.digests.get(0))], metric)
    return result, TrainedTrial(result, fit, found.weights)
