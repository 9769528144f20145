"""A setting without effect because the data have no columns of the kind that it is about."""

from __future__ import annotations

from collections.abc import Iterator

from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import Problem
from fnnctl.tasks.task import TaskData


def without_columns(data: TaskData, experiment: Experiment) -> Iterator[Problem]:
    """A problem if numbers are embedded, but the data have no numeric columns."""
    if experiment.model.numeric_embedding.name != "none" and not data.dataset.numeric_names:
        message = "has no effect: the data have no numeric columns; write none"
        yield Problem(message, path="model.numeric_embedding")
