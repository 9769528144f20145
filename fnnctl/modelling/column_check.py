"""Settings without effect because the data have no columns of the kind that they are about."""

from __future__ import annotations

from collections.abc import Iterator

from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import Problem
from fnnctl.tasks.task import TaskData


def without_columns(data: TaskData, experiment: Experiment) -> Iterator[Problem]:
    """A problem for each embedding of columns that the data do not have."""
    model, dataset = experiment.model, data.dataset
    if model.numeric_embedding.name != "none" and not dataset.numeric_names:
        message = "has no effect: the data have no numeric columns; write none"
        yield Problem(message, path="model.numeric_embedding")
    if model.category_embedding is not None and not dataset.categorical_names:
        message = "has no effect: the data have no categorical columns; write null"
        yield Problem(message, path="model.category_embedding")
