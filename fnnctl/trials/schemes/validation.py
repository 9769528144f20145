"""Trials are measured on the validation part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fnnctl.config.paths import OBJECTIVE_ON, format_path
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.objective import ObjectiveConfig
from fnnctl.config.schema.validation_schemes import ON_VALIDATION, VALIDATION_SCHEMES
from fnnctl.data.splits.parts import Rows, Split
from fnnctl.errors import ConfigError, Problem
from fnnctl.stacks.work import Measure
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import TaskData
from fnnctl.trials.ensemble import TrainedTrial, TrialEnsemble, select_trials
from fnnctl.trials.fits import TrialFits
from fnnctl.trials.measures import FitObjective, ObjectiveMeasure
from fnnctl.trials.schemes.base import TrialScheme


class ValidationPart(TrialScheme):
    """A trial is one network; an ensemble is selected by the mean predictions of the part."""

    selected_by = "on the validation rows"

    def rows(self, data: TaskData, experiment: Experiment, split: Split) -> tuple[Rows, ...]:
        if not split.validation.size:
            message = "trials cannot be compared without a validation part: set data.split.validation above 0"
            raise ConfigError(Problem(message, path=format_path(OBJECTIVE_ON)))
        return (split,)

    def measure(self, metric: str, *, epochs: int, keeps_weights: bool) -> Measure[FitObjective]:
        return ObjectiveMeasure(metric, weights_at=epochs if keeps_weights else None)

    def select(
        self,
        fits: TrialFits,
        trials: Sequence[TrainedTrial],
        post_training: PostTraining,
        *,
        objective: ObjectiveConfig,
        size: int,
    ) -> TrialEnsemble | None:
        return select_trials(
            fits.data,
            trials,
            trials[0].fit.split(fits.data).validation,
            post_training,
            metric=objective.metric,
            minimized=objective.minimized,
            size=size,
        )


SCHEME: Final = ValidationPart(VALIDATION_SCHEMES[ON_VALIDATION])
