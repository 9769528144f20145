"""Cross-validations of random numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.modelling.cross_validation import CrossValidation, cross_validation
from fnnctl.modelling.data_sizes import with_sizes
from fnnctl.tasks.registry import encode
from fnnctl.tasks.task import TaskData
from tests.memory import dataset_of


def data_of(*counts: int, **changes: Any) -> TaskData:
    """Data with these numbers of rows per class, and other changes to the data set, such as groups."""
    labels = np.repeat([*"abcdef"[: len(counts)]], counts)
    dataset = dataset_of(np.random.default_rng(0).normal(size=(len(labels), 2)), labels)
    return encode(replace(dataset, **changes))


def experiment_of(*sizes: float, folds: int = 4, repeats: int = 2, **sections: Any) -> Experiment:
    source = DataConfig(source="arrays").model_dump() | sections.pop("data", {})
    evaluation = {"cross_validation": {"folds": folds, "repeats": repeats}, "sizes": sizes or None}
    return Experiment.model_validate({"data": source, "evaluation": evaluation, **sections})


def made(data: TaskData, /, *sizes: float, **changes: Any) -> CrossValidation:
    """The cross-validation with these sizes; with all rows if there are none."""
    return with_sizes(cross_validation(data, experiment_of(*sizes, **changes)))


def assert_standardized_by_own_rows(validation: CrossValidation, number: int) -> None:
    """The preprocessing of a fold is fitted to its training rows."""
    fit, data = validation.fits[number], validation.data
    rows = fit.split(data).train
    numbers, features = data.dataset.numeric[rows], np.empty((len(rows), 2))
    fit.preprocessor.transform(data.dataset, rows, features)
    np.testing.assert_allclose(features, (numbers - numbers.mean(axis=0)) / numbers.std(axis=0), rtol=1e-9)
