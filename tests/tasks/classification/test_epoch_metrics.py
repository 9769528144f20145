from __future__ import annotations

import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from fnnctl.tasks.epoch_metrics import ClassificationEpochMetrics


@given(st.integers(2, 6), st.integers(1, 30), st.integers(0, 2**32))
def test_metrics_agree_with_scikit_learn(classes: int, rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, predictions = rng.integers(0, classes, (2, 3, rows))
    record = ClassificationEpochMetrics(classes).validation_record(np.zeros(3), predictions, labels)
    for k in range(3):
        truth, guess = labels[k], predictions[k]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            balanced = balanced_accuracy_score(truth, guess)
        np.testing.assert_allclose(record["validation_accuracy"][k], accuracy_score(truth, guess), rtol=1e-12)
        np.testing.assert_allclose(record["validation_balanced_accuracy"][k], balanced, rtol=1e-12)
        f1 = f1_score(truth, guess, average="macro", zero_division=0)
        np.testing.assert_allclose(record["validation_f1_macro"][k], f1, rtol=1e-12)
