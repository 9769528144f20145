"""What is kept of a search's best trials: the parameters of their networks, and scores if they are ensembles.

It is a cache: a trial whose weights are lost is trained again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from fnnctl.errors import DataError, MachineError
from fnnctl.executors.protocols import Poll
from fnnctl.executors.serial import SerialExecutor
from fnnctl.modelling.fit import Fit
from fnnctl.records.standings import order
from fnnctl.records.trials import Direction, Job, JobKey, Result, Status, Trial
from fnnctl.stacks.work import StackItem, WorkerData, Workers, in_this_process, train_item
from fnnctl.store import names
from fnnctl.store.trial_checkpoints import TrialCheckpoints
from fnnctl.tasks.task import TaskData
from fnnctl.training.trainer import Outcome
from fnnctl.trials.measures import Weights
from fnnctl.trials.results import (
    WEIGHTS,
    MeasuredFit,
    refuse_another_result,
    trial_result,
    weights_digest,
)
from fnnctl.trials.schemes.base import TrialScheme

MAX_SCORES: Final = 2**28
"""The most out-of-bag scores that are kept of all trials together: 1 GB of float32."""
MAX_KEPT: Final = 50
"""The number of trials whose weights are kept, the best by objective: what an ensemble is selected from.

As many as in auto-sklearn (`ensemble_nbest`, `max_models_on_disc`).
"""


def train_single_trial(
    data: TaskData,
    fit: Fit,
    scheme: TrialScheme,
    *,
    metric: str,
    epochs: int,
    poll: Poll,
    workers: Workers = in_this_process,
) -> MeasuredFit:
    """What is measured on a trial's fit after `epochs` epochs, as if they were all, trained from the start.

    `poll` is called with the trained parts of epochs, see `PARTS_OF_EPOCH`.
    """
    measure = scheme.measure(metric, epochs=epochs, keeps_weights=True)
    item = StackItem((fit,), measure, stop=epochs, diagnose=scheme.facts.trains_ensembles)
    done = train_item(SerialExecutor(1, poll), WorkerData(data, reuse=False), item, workers)
    (fit_objective,) = done.measured
    return fit_objective, done.digests.get(0)


def train_again(
    data: TaskData,
    trial: Trial,
    fit: Fit,
    recorded: Result,
    scheme: TrialScheme,
    *,
    metric: str,
    poll: Poll,
    workers: Workers = in_this_process,
) -> Weights | None:
    """The weights behind a recorded result, from a training from the start; None if it was stopped.

    Raises `MachineError` if the training does not reproduce the result.
    """
    job = Job(trial, recorded.rung, 0, recorded.budget)
    epochs = recorded.budget
    measured = train_single_trial(data, fit, scheme, metric=metric, epochs=epochs, poll=poll, workers=workers)
    if measured[0].outcome is Outcome.INTERRUPTED:
        return None
    refuse_another_result(trial_result(job, [measured], metric), recorded)
    return measured[0].weights


class WeightLibrary:
    """The weights of the best trials that have ended so far, at most `MAX_KEPT` of them.

    Which ones these are does not depend on the order in which trials end.
    """

    def __init__(
        self,
        run: Path,
        direction: Direction,
        max_epochs: int,
        known: Iterable[Result],
        *,
        is_kept: Callable[[int], bool] = lambda trial: False,
        scores: int = 0,
    ) -> None:
        """Keep those existing weights that belong to a known result at the end of its trial.

        Others are removed, such as those of a search with a smaller budget that is now extended. Trials of
        which `is_kept` is true are kept besides the best. Fewer are kept if each has so many out-of-bag
        `scores` that they would be more than `MAX_SCORES`.
        """
        self._is_kept = is_kept
        self.most = max(1, min(MAX_KEPT, MAX_SCORES // max(1, scores)))
        self._store = TrialCheckpoints(run, names.FINAL_WEIGHTS)
        self._direction: Direction = direction
        self._best: dict[JobKey, tuple[int, float, int]] = {}
        """The order of the results whose weights are kept."""
        results = {result.key: result for result in known}
        for key in self._store.known():
            result = results.get(key)
            if result is not None and (result.status is not Status.COMPLETED or result.budget == max_epochs):
                self._best[key] = order(result, direction)
            else:
                self._store.release([key])

    def add(self, result: Result, weights: Weights) -> None:
        """Keep the weights of a trial at its end, unless there are enough better ones."""
        self._best[result.key] = order(result, self._direction)
        worst = self._surplus()
        if worst != result.key:
            trial, budget = result.key
            self._store.write([(trial, 0)], budget, {name: array[None] for name, array in weights.items()})
        if worst is not None:
            del self._best[worst]
            self._store.release([worst])

    def _surplus(self) -> JobKey | None:
        """The result whose weights are one too many; None if there is room for them."""
        best_first = sorted(self._best, key=self._best.__getitem__)
        return next((key for key in best_first[self.most :] if not self._is_kept(key[0])), None)

    def read(self, result: Result) -> Weights | None:
        """The weights behind a result; None if they are lost or not those whose digest was recorded."""
        trial, budget = result.key
        try:
            arrays = self._store.read([(trial, 0)], budget)
            weights = {name: array[0] for name, array in arrays.items()}
        except (DataError, MachineError, KeyError, IndexError):
            return None
        return weights if (result.facts or {}).get(WEIGHTS) == weights_digest(weights) else None
