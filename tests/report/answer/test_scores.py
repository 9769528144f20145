from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fnnctl.report.answer.scores import first_scores, judged_part
from fnnctl.report.answer.values import Score
from fnnctl.report.summary import summarize
from fnnctl.store.run import OpenRun
from tests.report.searches import halving, header, refit, start_search


def test_a_score_has_its_interval_and_baseline(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    test = {
        "accuracy": 0.9,
        "accuracy_ci95": [0.8, 0.95],
        "f1_macro": 0.7,
        "roc_auc_macro": None,
        "baseline": {"accuracy": 0.5},
    }
    run.write_metrics({"train": None, "validation": None, "test": test})
    assert first_scores(summarize(run), "test") == [
        Score("accuracy", "accuracy", 0.9, (0.8, 0.95), 0.5),
        Score("macro F1", "f1_macro", 0.7, None, None),
    ]


def test_a_cross_validation_has_the_means_of_its_folds(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    folds = {"folds": 2, "accuracy": {"mean": 0.8, "std": 0.1, "ci95": [0.7, 0.9], "scores": [0.7, 0.9]}}
    test = {"accuracy": 0.81, "accuracy_ci95": [0.79, 0.83], "baseline": {"accuracy": 0.5}}
    run.write_metrics({"train": None, "validation": None, "test": test, "cross_validation": folds})
    assert first_scores(summarize(run), "test") == [Score("accuracy", "accuracy", 0.8, (0.7, 0.9), 0.5)]


@pytest.mark.parametrize(("metric", "label"), [("brier_score", "Brier score"), ("log_loss", "log loss")])
def test_a_search_shows_its_objective_first(tmp_path: Path, metric: str, label: str) -> None:
    """Log loss is one of the first metrics of the task, but too late to be among the tiles of a page."""
    run = start_search(tmp_path, [header(metric=metric, direction="minimize"), *halving()[1:]])
    refit(run, {"train": None, "validation": None, "test": {"accuracy": 0.9, metric: 0.1}})
    assert [(score.label, score.value) for score in first_scores(summarize(run), "test")] == [
        (label, 0.1),
        ("accuracy", 0.9),
    ]


@pytest.mark.parametrize("part", ["test", "validation", "train"])
def test_the_part_that_judges_is_the_one_farthest_from_training(
    start_run: Callable[..., OpenRun], part: str
) -> None:
    run = start_run()
    parts = ["train", "validation", "test"]
    known = parts[: parts.index(part) + 1]
    run.write_metrics({name: {"accuracy": 0.5} if name in known else None for name in parts})
    assert judged_part(summarize(run)) == part


def test_without_scores_there_is_no_part(start_run: Callable[..., OpenRun]) -> None:
    assert judged_part(summarize(start_run())) is None
