"""Everything that is told of the data before training is found in one place."""

from __future__ import annotations

import numpy as np

from fnnctl.data.splits.parts import Split
from fnnctl.modelling.checks.data_check import DataCheck
from fnnctl.tasks.registry import encode
from tests.data.test_warnings import dataset_of, noise


def test_leaks_come_before_the_classes_and_the_reading() -> None:
    labels = np.arange(120) % 2
    labels[100:] = 0
    columns = np.column_stack([noise(120), np.ones(120), labels])
    data = encode(dataset_of(columns, labels=labels, warnings=("read badly",)))
    split = Split(np.arange(80), np.arange(80, 100), np.arange(100, 120))
    found = DataCheck.of_parts(data, split)
    leak, constant, absent, read = found.warnings
    assert read == "read badly"
    assert "'n1'" in constant
    assert absent.startswith("a class has no row in the test part")
    assert leak.startswith("the column 'n2' alone predicts the target")
    assert found.best_column is not None
    assert found.best_column.name == "n2"
    folds = DataCheck.of_folds(data, ["a fold lacks a class"])
    assert [read, "a fold lacks a class"] == [folds.warnings[3], folds.warnings[2]]
