"""Classification as a task: row weights, codes of new labels, ensembles."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from fnnctl.config.schema.training import TrainingConfig
from fnnctl.data.splits.parts import Split
from fnnctl.messages import sentences
from fnnctl.nn.losses.cross_entropy import softmax
from fnnctl.tasks.classification.task import Classification

TASK = Classification("y", ("a", "b", "c"))


def training(settings: Any) -> TrainingConfig:
    return TrainingConfig.model_validate(settings)


LABELS = np.array([0, 0, 0, 0, 1, 2, 2])


def test_balanced_class_weights_agree_with_scikit_learn() -> None:
    weights = TASK.example_weights(training({"class_weights": "balanced"}), LABELS, None)
    assert weights is not None
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    np.testing.assert_allclose(weights, expected[LABELS], rtol=1e-15)


def test_balanced_without_a_row_of_a_class() -> None:
    """The fold has no row of the third class; the other classes are weighted as if it did not exist."""
    weights = TASK.example_weights(training({"class_weights": "balanced"}), np.array([0, 0, 0, 1]), None)
    assert weights is not None
    np.testing.assert_allclose(weights, [4 / 9, 4 / 9, 4 / 9, 4 / 3], rtol=1e-15)


def test_given_class_weights_and_given_row_weights_are_multiplied() -> None:
    given = training({"class_weights": {"c": 0.5, "a": 3.0}})
    plain = TASK.example_weights(given, LABELS, None)
    assert plain is not None
    assert plain.tolist() == [3.0, 3.0, 3.0, 3.0, 1.0, 0.5, 0.5]
    both = TASK.example_weights(given, LABELS, np.arange(7.0))
    assert both is not None
    assert both.tolist() == [0.0, 3.0, 6.0, 9.0, 4.0, 2.5, 3.0]


def test_rows_without_class_weights_have_their_own_weights_or_none() -> None:
    assert TASK.example_weights(TrainingConfig(), LABELS, None) is None
    own = TASK.example_weights(TrainingConfig(), LABELS, np.arange(7.0))
    assert own is not None
    assert own.tolist() == list(range(7))


def test_new_labels_are_found_by_their_text() -> None:
    targets, wrong = TASK.encode_new(("c", "A", "a"), np.array([0, 2, -1, 2]))
    assert targets.tolist() == [2, 0, -1, 0]
    assert list(wrong) == ["A"]
    assert "(did you mean 'a'?)" in wrong["A"]


def test_an_ensemble_has_the_mean_probabilities() -> None:
    scores = [np.random.default_rng(seed).normal(size=(5, 3)) for seed in range(3)]
    expected = np.mean([softmax(each) for each in scores], axis=0)
    np.testing.assert_allclose(softmax(TASK.combine(scores)), expected, rtol=1e-12)


def test_an_ensemble_of_scores_far_apart_stays_finite() -> None:
    """An ensemble of one network has that network's loss, 800, not infinity."""
    scores = np.array([[0.0, 800.0, -900.0]])
    (combined,) = TASK.combine([scores, scores])
    np.testing.assert_allclose(combined - combined.max(), [-800, 0, -1700])


def test_classes_that_some_rows_do_not_have() -> None:
    task = Classification("y", ("p", "q", "r"))
    assert task.untrained_classes(np.array([2, 0, 1, 0]), np.array([0, 0])) == ["q", "r"]
    assert task.untrained_classes(np.array([2, 0, 0]), np.array([0, 2])) == []


def test_a_class_that_is_not_in_a_part() -> None:
    labels = np.r_[np.zeros(15, int), np.ones(15, int)]
    split = Split(np.arange(0, 15), np.array([], np.intp), np.arange(15, 30))
    assert sentences(Classification("y", ("p", "q")).split_warnings(labels, split)) == [
        "a class has no row in the training part and cannot be learned: 'q'",
        "a class has no row in the test part and no effect on its metrics: 'p'",
    ]
