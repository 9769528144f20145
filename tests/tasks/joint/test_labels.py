"""Labels as one task: scores of all labels together, against scikit-learn and numbers worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import IntArray
from fnnctl.tasks.classification.scores import ClassScores
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.joint.scores import JointScores, TargetScores
from fnnctl.tasks.registry import encode
from tests.memory import load

NAMES = ("red", "blue", "rare")


def part(labels: IntArray, shares: Any) -> ClassScores:
    """The scores of rows with these labels, (n,), and probabilities of the class 1, (n,)."""
    upper = np.asarray(shares, dtype=np.float64)
    return ClassScores(
        ("0", "1"), np.arange(len(labels)), labels, np.stack([1 - upper, upper], axis=1),
        0.5, None, np.array([0.4, 0.6]), Decision(1, None),
    )  # fmt: skip


def joint(truths: IntArray, shares: Any, names: tuple[str, ...] = NAMES) -> JointScores:
    """The scores of rows with labels (n, L), -1 for a missing one, and probabilities (n, L)."""
    targets = []
    columns = zip(names, truths.T, np.asarray(shares).T, strict=True)
    for number, (name, labels, upper) in enumerate(columns):
        present = np.flatnonzero(labels >= 0)
        if present.size:
            own = part(labels[present], upper[present])
            targets.append(TargetScores(number, name, "classification", 1.0, present, own))
    return JointScores(np.arange(len(truths)), targets, names)


def test_metrics_of_rows_that_lack_labels() -> None:
    truths = np.array([[1, 0, 0], [0, 1, -1], [1, 1, 0], [0, 0, 0]])
    metrics = joint(truths, [[0.9, 0.2, 0.1], [0.2, 0.3, 0.9], [0.4, 0.8, 0.1], [0.1, 0.1, 0.1]]).metrics()
    assert metrics["subset_accuracy"] == pytest.approx(2 / 3)  # of the rows with all labels
    assert metrics["hamming_loss"] == 2 / 11
    assert metrics["f1_micro"] == pytest.approx(2 * 2 / (4 + 2))
    assert metrics["f1_macro"] == pytest.approx((2 / 3 + 2 / 3) / 2)  # nothing is `rare`
    assert metrics["average_precision"] == pytest.approx(1.0)
    assert metrics["targets"]["rare"]["f1"] is None
    assert metrics["roc_auc"] == pytest.approx(1.0)  # `rare` has none
    assert "f1_weighted" not in metrics
    assert metrics["baseline"]["f1_micro"] == pytest.approx(2 * 4 / (4 + 11))  # 1 is always predicted


def test_no_row_is_complete_if_no_row_tells_a_label() -> None:
    scores = joint(np.array([[1, 0, -1], [0, 1, -1]]), np.full((2, 3), 0.2))
    assert scores.metrics()["subset_accuracy"] is None
    assert scores.metrics()["hamming_loss"] == 1 / 2
    measure = scores.measure("hamming_loss")
    assert measure is not None
    assert measure.value == 1 / 2
    assert scores.measure("subset_accuracy") is None
    assert scores.subset(np.array([0])).metrics()["hamming_loss"] == 1 / 2


@pytest.mark.extra
def test_means_of_labels_are_macro_averages_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    truths, shares = (rng.random((50, 3)) < 0.4).astype(np.intp), rng.random((50, 3))
    own, predicted = joint(truths, shares).metrics(), shares > 0.5
    expected = {
        "f1_macro": metrics.f1_score(truths, predicted, average="macro"),
        "precision_macro": metrics.precision_score(truths, predicted, average="macro"),
        "recall_macro": metrics.recall_score(truths, predicted, average="macro"),
        "average_precision": metrics.average_precision_score(truths, shares, average="macro"),
        "average_precision_macro": metrics.average_precision_score(truths, shares, average="macro"),
        "roc_auc_macro": metrics.roc_auc_score(truths, shares, average="macro"),
        "subset_accuracy": metrics.accuracy_score(truths, predicted),
        "hamming_loss": metrics.hamming_loss(truths, predicted),
        "f1_micro": metrics.f1_score(truths, predicted, average="micro"),
    }
    assert {name: own[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(("values", "are_labels"), [((0, 1), True), (("no", "yes"), False)])
def test_targets_of_0_and_1_are_labels(values: tuple[Any, Any], *, are_labels: bool) -> None:
    rows = [{"a": n, "red": values[n % 2], "blue": values[n % 3 == 0]} for n in range(12)]
    task: Any = encode(load(rows, target=("red", "blue"))).task
    assert task.labels == (("red", "blue") if are_labels else ())
    assert (task.check_metric("f1_micro") is None) is are_labels


def test_labels_are_the_strata_of_their_rows() -> None:
    """A missing label counts as one that the row has not, and one with a single row is no error."""
    rows = [{"x": i, "red": i % 2, "blue": "" if i == 3 else int(i == 4)} for i in range(8)]
    data = encode(load(rows, target=("red", "blue")))
    assert data.strata.tolist() == [[i % 2, int(i == 4)] for i in range(8)]
    assert data.strata_names == ["red", "blue"]
