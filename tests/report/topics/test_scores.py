from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.report.blocks import Score
from fnnctl.report.summary import Summary, judged_part, summarize
from fnnctl.report.topics.scores import all_scores, first_scores, measured_text, scores_by_metric
from fnnctl.report.topics.training import details
from tests.messages import Messages
from tests.report.searches import halving, header, refit, start_search
from tests.report.topics.said import said, sentences, shown

Measure = Callable[..., Summary]
SCORES = {"accuracy": 0.9, "accuracy_ci95": [0.8, 0.95], "support": 30}


def test_a_score_has_its_interval_and_baseline(measured: Measure) -> None:
    test = {"f1_macro": 0.7, "roc_auc_macro": None, "baseline": {"accuracy": 0.5}, **SCORES}
    assert scores_by_metric(measured(test), "test") == {
        "accuracy": Score("accuracy", 0.9, (0.8, 0.95), 0.5),
        "f1_macro": Score("macro F1", 0.7),
    }


def test_a_cross_validation_has_the_means_of_its_folds(measured: Measure) -> None:
    folds = {"folds": 2, "accuracy": {"mean": 0.8, "std": 0.1, "ci95": [0.7, 0.9], "scores": [0.7, 0.9]}}
    summary = measured({**SCORES, "baseline": {"accuracy": 0.5}}, cross_validation=folds)
    assert scores_by_metric(summary, "test") == {"accuracy": Score("accuracy", 0.8, (0.7, 0.9), 0.5)}


@pytest.mark.parametrize(("metric", "label"), [("brier_score", "Brier score"), ("log_loss", "log loss")])
def test_a_search_shows_its_objective_first(tmp_path: Path, metric: str, label: str) -> None:
    """Log loss is one of the first metrics of the task, but too late to be among the tiles of a page."""
    run = start_search(tmp_path, [header(metric=metric, direction="minimize"), *halving()[1:]])
    refit(run, {"train": None, "validation": None, "test": {"accuracy": 0.9, metric: 0.1}})
    scores = scores_by_metric(summarize(run), "test").values()
    assert [(score.label, score.value) for score in scores] == [(label, 0.1), ("accuracy", 0.9)]


def test_the_part_that_judges_is_the_one_farthest_from_training(measured: Measure) -> None:
    parts = {name: {"accuracy": 0.5} for name in ("train", "validation", "test")}
    for name in ("test", "validation", "train"):
        assert judged_part(measured(**parts)) == name
        del parts[name]
    summary = measured()
    assert judged_part(summary) is None
    assert (sentences(summary), said(first_scores, summary), said(all_scores, summary)) == ((), {}, {})


@pytest.mark.parametrize(
    ("part", "facts"),
    [
        pytest.param("test", {}, id="test"),
        pytest.param("validation", {}, id="validation"),
        pytest.param(
            "validation",
            {"model": {"layers": [4, 2], "parameters": 10, "networks": 3, "bags": True}},
            id="out of bag",
        ),
        pytest.param("train", {}, id="train"),
        pytest.param(
            "test", {"kind": "evaluation", "evaluated": {"run": "/run", "sha256": "0"}}, id="evaluation"
        ),
        pytest.param("test", {"data": {"test_source": "/data/test.csv"}}, id="test file"),
    ],
)
def test_the_rows_and_what_the_intervals_leave_open(
    measured: Measure, messages: Messages, part: str, facts: dict[str, Any]
) -> None:
    data = facts.pop("data", None)
    summary = measured(**{part: SCORES}, data=data, facts=facts)
    messages.check("\n".join([measured_text(summary, part), *sentences(summary)]))


def test_without_intervals_nothing_is_said_of_them(measured: Measure, messages: Messages) -> None:
    messages.check(*sentences(measured({"accuracy": 0.9, "support": 1})))


def test_folds_are_counted(measured: Measure, messages: Messages) -> None:
    facts = {"kind": "cross_validation", "cross_validation": {"folds": 5, "repeats": 2, "stratify": True}}
    folds = {"diverged": 1, "accuracy": {"mean": 0.8, "std": 0.1, "ci95": [0.7, 0.9]}}
    summary = measured(SCORES, facts=facts, cross_validation=folds)
    messages.check("\n".join([measured_text(summary, "test"), *sentences(summary)]))


def test_the_baseline_is_explained_only_where_it_is_shown(measured: Measure) -> None:
    sentence = "Baseline: the training part's class shares, so always its most frequent class."
    for baseline, is_shown in (({"accuracy": 0.5}, True), (None, False)):
        assert (sentence in sentences(measured({"accuracy": 0.9, "baseline": baseline}))) is is_shown


def test_the_metrics_of_a_finished_run(summary: Summary, messages: Messages) -> None:
    """Its loss and its log loss differ; the log loss is small."""
    messages.check(shown(all_scores(summary)))


@pytest.mark.parametrize(
    ("temperature", "uncalibrated"),
    [
        pytest.param(1.23456, (0.5, 0.375), id="has an effect"),
        pytest.param(1.0, (0.25 + 1e-9, 0.125), id="1"),
    ],
)
def test_the_effect_of_calibration_is_shown_if_there_is_one(
    measured: Measure, messages: Messages, temperature: float, uncalibrated: tuple[float, float]
) -> None:
    """The loss equals the log loss, so one row is enough."""
    test = {
        "loss": 0.25, "log_loss": 0.25, "loss_uncalibrated": uncalibrated[0],
        "expected_calibration_error": 0.125, "expected_calibration_error_uncalibrated": uncalibrated[1],
    }  # fmt: skip
    summary = measured(test, facts={"training": {"epochs": 2}, "calibration": {"temperature": temperature}})
    messages.check(shown(all_scores(summary)))
    messages.check(dict(said(details, summary)["Training"].rows)["temperature"])
