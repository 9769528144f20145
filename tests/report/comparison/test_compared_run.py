from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fnnctl.errors import DataError, UsageError
from fnnctl.metrics.registry import compared
from fnnctl.report.comparison.compared_run import (
    MeasuredFolds,
    default_metric,
    has_metrics,
    read_compared_run,
    read_fold_scores,
    require_same_positive_class,
    require_same_target,
)
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import METRICS, PREDICTIONS
from tests.report.comparison.written import CLASSES, write_folds, write_part, write_regression

HITS = [1, 1, 0, 1, 1, 1]


def test_a_test_part(tmp_path: Path) -> None:
    run = read_compared_run(write_part(tmp_path, "a", HITS), "accuracy")
    assert run.value == pytest.approx(5 / 6)
    assert run.interval == pytest.approx([0.4365, 0.9699], abs=1e-4)
    assert (run.kind, run.status) == ("train", "completed")
    losses = read_compared_run(run.folder, "log_loss")
    assert losses.interval
    assert losses.interval[0] < losses.value < losses.interval[1]


def test_a_cross_validation_has_the_mean_of_its_folds(tmp_path: Path) -> None:
    run = read_compared_run(write_folds(tmp_path, "a", [0.5, 0.75, 1.0, 0.5, 0.5]), "accuracy")
    assert run.value == pytest.approx(0.65)
    assert run.kind == "cross-validation"


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("acuracy", "'acuracy' cannot be compared on the test part of .*did you mean 'accuracy'"),
        ("brier", "did you mean 'brier_score'"),
        ("roc_auc_micro", "did you mean 'roc_auc_macro'"),
        ("xyz", r"choose one of accuracy, balanced_accuracy, .*per_class\.CLASS\.roc_auc"),
        ("per_class.maybe.recall", "cannot be compared"),
    ],
)
def test_a_metric_that_a_test_part_does_not_have(tmp_path: Path, metric: str, said: str) -> None:
    run = write_part(tmp_path, "a", HITS)
    with pytest.raises(UsageError, match=f"^--metric: .*{said}"):
        read_compared_run(run, metric)


def test_a_metric_that_folds_do_not_have(tmp_path: Path) -> None:
    run = write_folds(tmp_path, "a", [0.5, 0.75])
    with pytest.raises(UsageError, match=r"the folds of .* have no 'f1'; choose one of accuracy, loss"):
        read_compared_run(run, "f1")


def test_a_metric_without_a_value(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="accuracy has no value in"):
        read_compared_run(write_folds(tmp_path, "a", [0.5, None, None, None, None]), "accuracy")
    with pytest.raises(UsageError, match="roc_auc_macro has no value in"):
        read_compared_run(write_part(tmp_path, "b", [1]), "roc_auc_macro")


def test_a_run_without_scores(tmp_path: Path) -> None:
    run = write_part(tmp_path, "a", HITS)
    assert has_metrics(run)
    (run.path / PREDICTIONS).unlink()
    with pytest.raises(UsageError, match="has no predictions of a test part"):
        read_compared_run(run, "accuracy")
    (run.path / METRICS).unlink()
    assert not has_metrics(run)
    with pytest.raises(UsageError, match=r"has no metrics \(completed\)"):
        read_compared_run(run, "accuracy")


@pytest.mark.parametrize(
    "content",
    [
        "row,label,guess\n",
        "row,label,prediction,p_no,p_yes\n1,no,maybe,0.5,0.5\n",
        "row,label,prediction,p_no,p_yes\nx,no,no,0.5,0.5\n",
        "row,label,prediction,p_no,p_yes\n1,no,no,0.5,much\n",
    ],
)
def test_damaged_predictions_are_named(tmp_path: Path, content: str) -> None:
    run = write_part(tmp_path, "a", HITS)
    (run.path / PREDICTIONS).write_text(content)
    with pytest.raises(DataError, match=r"predictions\.csv.*damaged"):
        read_compared_run(run, "log_loss")


def test_a_damaged_regression_is_named(tmp_path: Path) -> None:
    run = write_regression(tmp_path, "a", [1.0, 2.0])
    (run.path / PREDICTIONS).write_text("row,target,prediction\n1,2,much\n")
    with pytest.raises(DataError, match=r"predictions\.csv.*damaged"):
        read_compared_run(run, "r2")


def test_the_default_metric_is_the_first_of_the_task(tmp_path: Path) -> None:
    assert default_metric(write_part(tmp_path, "a", HITS)) == "accuracy"
    assert default_metric(write_regression(tmp_path, "b", [1.0, 2.0])) == "r2"


def test_runs_with_other_targets_are_refused(tmp_path: Path) -> None:
    first = write_part(tmp_path, "a", HITS)
    require_same_target([first, write_part(tmp_path, "b", HITS, classes=("yes", "no"))])
    for other, said in (
        (write_regression(tmp_path, "c", [1.0, 2.0]), "one is a classification, the other a regression"),
        (write_part(tmp_path, "d", HITS, data={"target": "x"}), "their targets are 'answer' and 'x'"),
        (
            write_part(tmp_path, "e", HITS, classes=("no", "maybe")),
            "only one of them has the classes maybe, yes",
        ),
    ):
        with pytest.raises(UsageError, match=f"cannot be compared: {re.escape(said)}"):
            require_same_target([first, other])


@pytest.mark.parametrize("positive", [0, 1, None])
@pytest.mark.parametrize("metric", compared("classification", per_class=True))
def test_a_metric_of_the_positive_class_is_that_of_the_class(
    tmp_path: Path, metric: str, positive: int | None
) -> None:
    model = {"layers": [3, 2], "parameters": 8, "positive": positive}
    run = write_part(tmp_path, "a", HITS, model=model)
    name = CLASSES[1 if positive is None else positive]
    binary, of_class = (read_compared_run(run, key) for key in (metric, f"per_class.{name}.{metric}"))
    assert binary.positive_class == name
    assert (binary.value, binary.interval) == (of_class.value, of_class.interval)
    assert binary.value == json.loads((run.path / METRICS).read_bytes())["test"]["per_class"][name][metric]


def test_metrics_of_different_positive_classes_are_not_compared(tmp_path: Path) -> None:
    runs = []
    for positive in (0, 1):
        model = {"layers": [3, 2], "parameters": 8, "positive": positive}
        runs.append(read_compared_run(write_part(tmp_path, f"run-{positive}", HITS, model=model), "f1"))
    for name in ("accuracy", "f1_macro", "per_class.no.f1"):
        require_same_positive_class(runs, name)
    require_same_positive_class(runs[:1] * 2, "f1")
    with pytest.raises(UsageError, match=r"compared by f1: .* 'no' and 'yes'; write per_class\.CLASS\.f1"):
        require_same_positive_class(runs, "f1")


def test_a_metric_of_the_positive_class_needs_two_classes(tmp_path: Path) -> None:
    run = write_part(tmp_path, "a", HITS, data={"classes": ["maybe", "no", "yes"]})
    with pytest.raises(UsageError, match="'f1' cannot be compared"):
        read_compared_run(run, "f1")


SCORES = [0.8, 0.9, 0.7, 0.8, 0.6]


def read(run: RunFolder) -> MeasuredFolds:
    found = read_fold_scores(run, "accuracy", bags=False)
    assert found
    return found


def test_scores_by_repeat_and_fold(tmp_path: Path) -> None:
    found = read(write_folds(tmp_path, "x", [*SCORES, 0.5, None, 0.5, 0.5, 0.5]))
    assert found.scores[1, 3] == 0.7
    assert (2, 2) not in found.scores
    assert found.number == 10
    assert found.test_share == 0.25
    assert found.rows[1, 1][0] == 4


def test_the_same_folds_are_found_by_their_rows(tmp_path: Path) -> None:
    first = read(write_folds(tmp_path, "x", SCORES))
    assert first.common(read(write_folds(tmp_path, "y", SCORES[::-1]))) == [(1, fold) for fold in range(1, 6)]
    assert first.common(read(write_folds(tmp_path, "z", SCORES, shift=1))) is None


def test_a_failed_fold_and_more_repeats_leave_the_common_folds(tmp_path: Path) -> None:
    first = read(write_folds(tmp_path, "x", [*SCORES, *SCORES]))
    other = read(write_folds(tmp_path, "y", [0.5, None, 0.5, 0.5, 0.5]))
    assert first.common(other) == [(1, 1), (1, 3), (1, 4), (1, 5)]


def test_fewer_than_two_scores_are_none(tmp_path: Path) -> None:
    run = write_folds(tmp_path, "x", [0.5, None, None, None, None])
    assert read_fold_scores(run, "accuracy", bags=False) is None
    assert read_fold_scores(run, "f1_macro", bags=False) is None


@pytest.mark.parametrize("content", ["row,label\n1,a\n", "repeat,fold,row\n1,x,2\n"])
def test_damaged_predictions_of_folds_are_named(tmp_path: Path, content: str) -> None:
    run = write_folds(tmp_path, "x", SCORES)
    (run.path / PREDICTIONS).write_text(content)
    with pytest.raises(DataError, match=r"predictions\.csv.*damaged"):
        read(run)
