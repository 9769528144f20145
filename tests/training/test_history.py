from __future__ import annotations

import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from fnnctl.training.history import History, falls, validation_record


@given(st.integers(2, 6), st.integers(1, 30), st.integers(0, 2**32))
def test_metrics_agree_with_scikit_learn(classes: int, rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, predictions = rng.integers(0, classes, (2, 3, rows))
    record = validation_record(np.zeros(3), predictions, labels, classes)
    for k in range(3):
        truth, guess = labels[k], predictions[k]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            balanced = balanced_accuracy_score(truth, guess)
        np.testing.assert_allclose(record["validation_accuracy"][k], accuracy_score(truth, guess), rtol=1e-12)
        np.testing.assert_allclose(record["validation_balanced_accuracy"][k], balanced, rtol=1e-12)
        f1 = f1_score(truth, guess, average="macro", zero_division=0)
        np.testing.assert_allclose(record["validation_f1_macro"][k], f1, rtol=1e-12)


def test_a_members_history_is_its_own() -> None:
    history = History()
    history.append({"train_loss": np.array([3.0, 5.0])})
    history.append({"train_loss": np.array([2.0, 4.0])})
    assert history.of_member(1) == {"train_loss": [5.0, 4.0]}
    remembered = {name: column[[1]] for name, column in history.state.items()}
    gone_on = History(remembered)
    for _ in range(40):
        gone_on.append({"train_loss": np.array([1.0])})
    assert gone_on.of_member(0) == {"train_loss": [5.0, 4.0, *[1.0] * 40]}
    assert history.of_member(1) == {"train_loss": [5.0, 4.0]}


def test_losses_fall_and_metrics_rise() -> None:
    assert falls("validation_loss")
    assert not falls("validation_f1_macro")
