"""Trials are measured as the mean over the folds of the rows outside the test part."""

from __future__ import annotations

from typing import Final

from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.validation_schemes import VALIDATION_SCHEMES
from fnnctl.data.splits.groups import most_folds
from fnnctl.data.splits.parts import Rows, Split
from fnnctl.errors import ConfigError, Problem
from fnnctl.modelling.cross_validation import FOLDS, divided, refuse_single_groups
from fnnctl.stacks.work import Measure
from fnnctl.tasks.task import TaskData
from fnnctl.trials.measures import FitObjective, ObjectiveMeasure
from fnnctl.trials.schemes.base import TrialScheme


class Folds(TrialScheme):
    """A trial is a network per fold, each measured on the fold's own test rows."""

    def rows(self, data: TaskData, experiment: Experiment, split: Split) -> tuple[Rows, ...]:
        rows = split.non_test
        groups = None if data.dataset.groups is None else data.dataset.groups[rows]
        settings, config = experiment.evaluation.cross_validation, experiment.data.split
        if settings.folds > (most := most_folds(data.strata[rows], groups)):
            few = f"{most:,} rows or groups outside the test part"
            message = f"{few} are too few for {settings.folds:,} folds"
            raise ConfigError(Problem(message, path=FOLDS))
        folds = divided(data, experiment, rows)
        refuse_single_groups(folds, groups, config.validation)
        return folds.folds(
            validation=config.validation, stratify=config.stratify, seed=experiment.split_seed, rows=rows
        )

    def measure(self, metric: str, *, epochs: int, keeps_weights: bool) -> Measure[FitObjective]:
        return ObjectiveMeasure(metric, part="test")


SCHEME: Final = Folds(VALIDATION_SCHEMES["cross_validation"])
