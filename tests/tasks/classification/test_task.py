"""Classification as a task: row weights, codes of new labels, ensembles."""

from __future__ import annotations

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.data.splits.parts import Split
from fnnctl.nn.losses.cross_entropy import softmax
from fnnctl.nn.shape import OutputShape
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.decoder import OutputDecoder
from tests.messages import Messages

TASK = Classification("y", ("a", "b", "c"))
DECODER = OutputDecoder(OutputShape(3))


LABELS = np.array([0, 0, 0, 0, 1, 2, 2])


def weights_of(given: object, labels: IntArray = LABELS, own: FloatArray | None = None) -> FloatArray:
    training = TrainingConfig.model_validate({"class_weights": given})
    weights = TASK.example_weights(training, labels, own)
    assert weights is not None
    return weights


def test_balanced_class_weights_agree_with_scikit_learn() -> None:
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    np.testing.assert_allclose(weights_of("balanced"), expected[LABELS], rtol=1e-15)


def test_balanced_without_a_row_of_a_class() -> None:
    """The fold has no row of the third class; the other classes are weighted as if it did not exist."""
    weights = weights_of("balanced", np.array([0, 0, 0, 1]))
    np.testing.assert_allclose(weights, [4 / 9, 4 / 9, 4 / 9, 4 / 3], rtol=1e-15)


def test_given_class_weights_and_given_row_weights_are_multiplied() -> None:
    given = {"c": 0.5, "a": 3.0}
    assert weights_of(given).tolist() == [3.0, 3.0, 3.0, 3.0, 1.0, 0.5, 0.5]
    assert weights_of(given, own=np.arange(7.0)).tolist() == [0.0, 3.0, 6.0, 9.0, 4.0, 2.5, 3.0]
    assert weights_of(None, own=np.arange(7.0)).tolist() == list(range(7))


def test_an_ensemble_has_the_mean_probabilities() -> None:
    scores = [np.random.default_rng(seed).normal(size=(5, 3)) for seed in range(3)]
    expected = np.mean([softmax(each) for each in scores], axis=0)
    np.testing.assert_allclose(softmax(TASK.combine(scores, DECODER)), expected, rtol=1e-12)


def test_an_ensemble_of_scores_far_apart_stays_finite() -> None:
    """An ensemble of one network has that network's loss, 800, not infinity."""
    scores = np.array([[0.0, 800.0, -900.0]])
    (combined,) = TASK.combine([scores, scores], DECODER)
    np.testing.assert_allclose(combined - combined.max(), [-800, 0, -1700])


def test_classes_that_some_rows_do_not_have() -> None:
    assert TASK.untrained_classes(np.array([2, 0, 1, 0]), np.array([0, 0])) == ["b", "c"]
    assert TASK.untrained_classes(np.array([2, 0, 0]), np.array([0, 2])) == []


def test_a_class_that_is_not_in_a_part(messages: Messages) -> None:
    labels = np.r_[np.zeros(15, int), np.ones(15, int)]
    split = Split(np.arange(0, 15), np.array([], np.intp), np.arange(15, 30))
    for warning in Classification("y", ("p", "q")).split_warnings(labels, split):
        messages.check(warning)
