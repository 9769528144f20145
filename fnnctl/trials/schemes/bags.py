"""Trials are ensembles, measured on the rows that are out of their members' bags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.objective import ObjectiveConfig
from fnnctl.config.schema.validation_schemes import ON_BAGS, VALIDATION_SCHEMES
from fnnctl.data.splits.parts import Rows, Split
from fnnctl.executors.serial import SerialExecutor
from fnnctl.modelling.fit import Fit, bagged_rows
from fnnctl.modelling.loading import LoadedExperiment
from fnnctl.modelling.refit import trained_experiment
from fnnctl.records.trials import Result
from fnnctl.stacks.work import Measure, StackItem, WorkerData, train_item
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import TaskData
from fnnctl.training.state import State
from fnnctl.trials.bagged_ensemble import select_on_bags
from fnnctl.trials.bags import BagsMeasure
from fnnctl.trials.ensemble import TrainedTrial, TrialEnsemble
from fnnctl.trials.fits import TrialFits
from fnnctl.trials.measures import FitObjective, Weights
from fnnctl.trials.schemes.base import TrialScheme, WinnersFit


class Bags(TrialScheme):
    """A trial is what `fnnctl train` gives for its configuration, so nothing is trained again."""

    selected_by = "by their out-of-bag predictions"

    def rows(self, data: TaskData, experiment: Experiment, split: Split) -> tuple[Rows, ...]:
        bagged_rows(split, experiment, data)  # which a fit makes by itself
        return (split,)

    def measure(self, metric: str, *, epochs: int, keeps_weights: bool) -> Measure[FitObjective]:
        return BagsMeasure(metric, largest=epochs)

    def select(
        self,
        fits: TrialFits,
        trials: Sequence[TrainedTrial],
        post_training: PostTraining,
        *,
        objective: ObjectiveConfig,
        size: int,
    ) -> TrialEnsemble | None:
        default, metric = fits.typical_fit({}) or trials[0].fit, objective.metric
        return select_on_bags(fits.data, trials, post_training, metric=metric, size=size, default=default)

    def scores_of_trial(self, fits: TrialFits) -> int:
        fit = fits.typical_fit({})
        if fit is None:
            return 0
        return fit.sizes[1] * fit.settings.shape.output.size * fit.settings.networks_per_member

    def weights_at_rung(
        self, data: TaskData, fit: Fit, recorded: Result, state: State, *, metric: str
    ) -> Weights | None:
        budget = recorded.budget
        measure = self.measure(metric, epochs=budget, keeps_weights=True)
        item = StackItem((fit,), measure, start=budget, state=state, stop=budget, diagnose=True)
        result = train_item(SerialExecutor(1, lambda done: False), WorkerData(data, reuse=False), item)
        (measured,) = result.measured
        return measured.weights if measured.objective == recorded.objective else None

    def winners_epochs(self, result: Result) -> int:
        return result.budget

    def winners_fit(
        self, loaded: LoadedExperiment, split: Split, trial: Experiment, *, number: int, epochs: int
    ) -> WinnersFit:
        experiment = trained_experiment(trial, epochs=epochs)
        with loaded.config.add_locations():
            fit = Fit.of(loaded.data, experiment, split)
        return WinnersFit(fit, f"trial {number}")


SCHEME: Final = Bags(VALIDATION_SCHEMES[ON_BAGS])
