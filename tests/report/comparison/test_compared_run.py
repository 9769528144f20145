from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fnnctl.errors import DataError, UsageError
from fnnctl.metrics.registry import compared
from fnnctl.report.comparison.compared_run import (
    MeasuredFolds,
    default_metric,
    has_metrics,
    read_compared_run,
    read_fold_scores,
    require_same_meaning,
    require_same_target,
)
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import METRICS, PREDICTIONS
from tests.messages import Messages
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
    ("write", "scores", "metric"),
    [
        pytest.param(write_part, HITS, "acuracy", id="a misspelt one"),
        pytest.param(write_part, HITS, "brier", id="the beginning of one"),
        pytest.param(write_part, HITS, "roc_auc_micro", id="one that cannot be compared"),
        pytest.param(write_part, HITS, "xyz", id="unknown"),
        pytest.param(write_part, HITS, "per_class.maybe.recall", id="of an unknown class"),
        pytest.param(write_folds, [0.5, 0.75], "f1", id="one that folds do not have"),
        pytest.param(write_folds, [0.5, None, None, None, None], "accuracy", id="without a value over folds"),
        pytest.param(write_part, [1], "roc_auc_macro", id="without a value"),
    ],
)
def test_a_metric_by_which_a_run_cannot_be_compared(
    tmp_path: Path, messages: Messages, write: Any, scores: Any, metric: str
) -> None:
    run = write(tmp_path, "a", scores)
    with pytest.raises(UsageError) as caught:
        read_compared_run(run, metric)
    messages.check(str(caught.value).replace(str(run.path), "RUN"))


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


HEADER = "row,label,prediction,p_no,p_yes\n"


@pytest.mark.parametrize(
    ("write", "metric", "content"),
    [
        (write_part, "log_loss", "row,label,guess\n"),
        (write_part, "log_loss", f"{HEADER}1,no,maybe,0.5,0.5\n"),
        (write_part, "log_loss", f"{HEADER}x,no,no,0.5,0.5\n"),
        (write_part, "log_loss", f"{HEADER}1,no,no,0.5,much\n"),
        (write_regression, "r2", "row,target,prediction\n1,2,much\n"),
        (write_folds, "accuracy", "row,label\n1,a\n"),
        (write_folds, "accuracy", "repeat,fold,row\n1,x,2\n"),
    ],
)
def test_damaged_predictions_are_named(tmp_path: Path, write: Any, metric: str, content: str) -> None:
    run = write(tmp_path, "a", [1, 0, 1])
    (run.path / PREDICTIONS).write_text(content)
    with pytest.raises(DataError, match=r"predictions\.csv.*damaged"):
        read_fold_scores(run, metric, bags=False) if write is write_folds else read_compared_run(run, metric)


def test_the_default_metric_is_the_first_of_the_task(tmp_path: Path) -> None:
    assert default_metric(write_part(tmp_path, "a", HITS)) == "accuracy"
    assert default_metric(write_regression(tmp_path, "b", [1.0, 2.0])) == "r2"


def test_runs_with_other_targets_are_refused(tmp_path: Path) -> None:
    first = write_part(tmp_path, "a", HITS)
    require_same_target([first, write_part(tmp_path, "b", HITS, classes=("yes", "no"))])
    for run, words in (
        (write_regression(tmp_path, "c", [1.0, 2.0]), "one is a classification, the other a regression"),
        (write_part(tmp_path, "d", HITS, data={"target": "x"}), "their targets are 'answer' and 'x'"),
        (
            write_part(tmp_path, "e", HITS, classes=("no", "maybe")),
            "only one of them has the classes maybe, yes",
        ),
    ):
        with pytest.raises(UsageError, match=f"cannot be compared: {words}"):
            require_same_target([first, run])


def with_positive(folder: Path, positive: int | None) -> RunFolder:
    model = {"layers": [3, 2], "parameters": 8, "positive": positive}
    return write_part(folder, f"run-{positive}", HITS, model=model)


@pytest.mark.parametrize("positive", [0, 1, None])
def test_a_metric_of_the_positive_class_is_that_of_the_class(tmp_path: Path, positive: int | None) -> None:
    run, name = with_positive(tmp_path, positive), CLASSES[1 if positive is None else positive]
    scores = json.loads((run.path / METRICS).read_bytes())["test"]["per_class"][name]
    for metric in compared("classification", per_class=True):
        binary, of_class = (read_compared_run(run, key) for key in (metric, f"per_class.{name}.{metric}"))
        assert binary.positive_class == name
        assert (binary.value, binary.interval) == (of_class.value, of_class.interval)
        assert binary.value == scores[metric]


def test_metrics_of_different_positive_classes_are_not_compared(tmp_path: Path) -> None:
    runs = [read_compared_run(with_positive(tmp_path, positive), "f1") for positive in (0, 1)]
    for name in ("accuracy", "f1_macro", "per_class.no.f1"):
        require_same_meaning(runs, name)
    require_same_meaning(runs[:1] * 2, "f1")
    with pytest.raises(UsageError, match=r"compared by f1: .* 'no' and 'yes'; write per_class\.CLASS\.f1"):
        require_same_meaning(runs, "f1")


def test_a_metric_of_ranks_needs_an_order(tmp_path: Path) -> None:
    ordered = write_part(tmp_path, "a", HITS, data={"ordered": True})
    assert read_compared_run(ordered, "rank_error").value == pytest.approx(1 / 6)
    kappa = read_compared_run(ordered, "quadratic_weighted_kappa")
    assert kappa.value == pytest.approx(2 / 3)  # of two classes it is Cohen's kappa
    with pytest.raises(UsageError, match="'rank_error' cannot be compared on the test part"):
        read_compared_run(write_part(tmp_path, "b", HITS), "rank_error")


def test_metrics_of_ranks_are_compared_in_one_order(tmp_path: Path) -> None:
    runs = [
        write_part(tmp_path, "-".join(classes), HITS, classes=classes, data={"ordered": True})
        for classes in (CLASSES, CLASSES[::-1])
    ]
    require_same_meaning([read_compared_run(run, "accuracy") for run in runs], "accuracy")
    compared_runs = [read_compared_run(run, "rank_error") for run in runs]
    with pytest.raises(UsageError, match=r"compared by rank_error: the orders of their classes are \["):
        require_same_meaning(compared_runs, "rank_error")


def test_a_metric_of_the_positive_class_needs_two_classes(tmp_path: Path) -> None:
    run = write_part(tmp_path, "a", HITS, data={"classes": ["maybe", "no", "yes"]})
    with pytest.raises(UsageError, match="'f1' cannot be compared"):
        read_compared_run(run, "f1")


SCORES = [0.8, 0.9, 0.7, 0.8, 0.6]


def read(folder: Path, scores: list[float | None], **options: Any) -> MeasuredFolds:
    found = read_fold_scores(write_folds(folder, "x", scores, **options), "accuracy", bags=False)
    assert found
    return found


def test_scores_by_repeat_and_fold(tmp_path: Path) -> None:
    folds = read(tmp_path, [*SCORES, 0.5, None, 0.5, 0.5, 0.5])
    assert folds.scores[1, 3] == 0.7
    assert (2, 2) not in folds.scores
    assert (folds.number, folds.test_share, folds.rows[1, 1][0]) == (10, 0.25, 4)


def test_the_same_folds_are_found_by_their_rows(tmp_path: Path) -> None:
    """A failed fold and more repeats leave the common ones."""
    first = read(tmp_path, [*SCORES])
    assert first.common(read(tmp_path, [*SCORES[::-1]])) == [(1, fold) for fold in range(1, 6)]
    assert first.common(read(tmp_path, [*SCORES], shift=1)) is None
    failed = read(tmp_path, [0.5, None, 0.5, 0.5, 0.5])
    assert read(tmp_path, [*SCORES, *SCORES]).common(failed) == [(1, 1), (1, 3), (1, 4), (1, 5)]


def test_fewer_than_two_scores_are_none(tmp_path: Path) -> None:
    run = write_folds(tmp_path, "x", [0.5, None, None, None, None])
    assert read_fold_scores(run, "accuracy", bags=False) is None
    assert read_fold_scores(run, "f1_macro", bags=False) is None
