"""The tasks: which one a data set's target asks for, and what each declares of its reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fnnctl.data.dataset import Dataset
from fnnctl.tasks.classification import encoding as classification
from fnnctl.tasks.classification.report_tables import CLASSIFICATION_REPORT
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.reporting import TaskReport
from fnnctl.tasks.task import Task, TaskData

TASK_REPORTS: Final[Mapping[str, TaskReport]] = {Classification.name: CLASSIFICATION_REPORT}


def task_of(target: str, classes: Sequence[str]) -> Task:
    """The task of a saved model, from what its description says of the target."""
    return Classification(target, tuple(classes))


def encode(dataset: Dataset, recorded_classes: Sequence[str] = ()) -> TaskData:
    """The data set with its target encoded for the task that suits it; raises DataError if none does.

    The classes are in the order that a run has recorded, if there is one.
    """
    encoded = classification.encode(dataset, recorded_classes)
    task = Classification(dataset.target.name, encoded.classes)
    return TaskData(dataset, task, encoded.labels, (*dataset.warnings, *encoded.warnings))
