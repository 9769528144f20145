"""What a search does by its validation scheme: the rows of trials, their measurement, and what they become.

Unless a scheme says otherwise, a trial is a network that only compares configurations, and the best one is
refitted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from fnnctl.config.recipes.resolving import recipe_values
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.objective import ObjectiveConfig
from fnnctl.config.schema.validation_schemes import ValidationScheme
from fnnctl.data.splits.parts import Rows, Split
from fnnctl.messages import Message
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import LoadedExperiment, split_data
from fnnctl.modelling.recipe_facts import recipe_facts
from fnnctl.modelling.refit import left_out_of_refit, refit_experiment, refit_note
from fnnctl.records.trials import Result
from fnnctl.stacks.work import Measure
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import TaskData
from fnnctl.training.state import State
from fnnctl.trials.ensemble import TrainedTrial, TrialEnsemble
from fnnctl.trials.fits import TrialFits
from fnnctl.trials.measures import FitObjective, Weights
from fnnctl.trials.results import KEPT_EPOCH


@dataclass(frozen=True, slots=True)
class WinnersFit:
    """How the best trial becomes a run."""

    fit: Fit
    name: str
    """What the warnings of the search call the run."""
    note: str | None = None
    """What is said before."""
    left_out: Sequence[Message] = ()
    """Warnings about settings of the trial that the run cannot follow."""


class TrialScheme(ABC):
    """A validation scheme."""

    selected_by: str = ""
    """How an ensemble of trials is selected, as the end of a sentence."""

    def __init__(self, facts: ValidationScheme) -> None:
        self.facts = facts

    @abstractmethod
    def rows(self, data: TaskData, experiment: Experiment, split: Split) -> tuple[Rows, ...]:
        """The rows of each fit of a trial; raises `ConfigError` if there are none, or too few."""

    @abstractmethod
    def measure(self, metric: str, *, epochs: int, keeps_weights: bool) -> Measure[FitObjective]:
        """What is measured on the fits of trials with at most `epochs` epochs.

        `keeps_weights` says whether their weights are wanted when they end.
        """

    def select(
        self,
        fits: TrialFits,
        trials: Sequence[TrainedTrial],
        post_training: PostTraining,
        *,
        objective: ObjectiveConfig,
        size: int,
    ) -> TrialEnsemble | None:
        """Select an ensemble from trials, the best first, in `size` rounds; None if all scores overflow.

        A scheme with a reason in `no_ensemble` has none.
        """
        raise ValueError(f"trials measured on {self.facts.name} make no ensemble")

    def scores_of_trial(self, fits: TrialFits) -> int:
        """The number of scores that are kept of a trial beside its weights."""
        return 0

    def weights_at_rung(
        self, data: TaskData, fit: Fit, recorded: Result, state: State, *, metric: str
    ) -> Weights | None:
        """What would be kept of a trial if it had ended at a rung, from its state there.

        None if that does not follow from the state, or if the state does not give the recorded value.
        """
        return None

    def winners_epochs(self, result: Result) -> int:
        """The epochs of the run that the best trial becomes: those of its best weights, if it kept them."""
        return (result.facts or {}).get(KEPT_EPOCH) or result.budget

    def winners_fit(
        self, loaded: LoadedExperiment, split: Split, trial: Experiment, *, number: int, epochs: int
    ) -> WinnersFit:
        """The best trial, which has this number, trained on training and validation rows for its epochs."""
        data, ensemble = loaded.data, loaded.experiment.model.ensemble
        experiment = refit_experiment(trial, epochs=epochs, ensemble=ensemble)
        with loaded.config.add_locations():
            fit = Fit.of(data, experiment, split_data(data, experiment))
        recipe = recipe_values(trial.recipe, recipe_facts(data, trial))
        return WinnersFit(
            fit,
            f"the refitted trial {number}",
            note=refit_note(trial, ensemble, recipe),
            left_out=left_out_of_refit(trial, ensemble, recipe),
        )
