from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.report.blocks import Facts, Score, Table
from fnnctl.report.summary import Summary, judged_part, summarize
from fnnctl.report.topics.scores import all_scores, first_scores, measured_text, scores_by_metric
from fnnctl.report.topics.training import details
from fnnctl.store.run import OpenRun
from tests.report.searches import halving, header, refit, start_search
from tests.report.topics.said import said, sentences


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
    assert scores_by_metric(summarize(run), "test") == {
        "accuracy": Score("accuracy", 0.9, (0.8, 0.95), 0.5),
        "f1_macro": Score("macro F1", 0.7),
    }


def test_a_cross_validation_has_the_means_of_its_folds(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    folds = {"folds": 2, "accuracy": {"mean": 0.8, "std": 0.1, "ci95": [0.7, 0.9], "scores": [0.7, 0.9]}}
    test = {"accuracy": 0.81, "accuracy_ci95": [0.79, 0.83], "baseline": {"accuracy": 0.5}}
    run.write_metrics({"train": None, "validation": None, "test": test, "cross_validation": folds})
    assert scores_by_metric(summarize(run), "test") == {"accuracy": Score("accuracy", 0.8, (0.7, 0.9), 0.5)}


@pytest.mark.parametrize(("metric", "label"), [("brier_score", "Brier score"), ("log_loss", "log loss")])
def test_a_search_shows_its_objective_first(tmp_path: Path, metric: str, label: str) -> None:
    """Log loss is one of the first metrics of the task, but too late to be among the tiles of a page."""
    run = start_search(tmp_path, [header(metric=metric, direction="minimize"), *halving()[1:]])
    refit(run, {"train": None, "validation": None, "test": {"accuracy": 0.9, metric: 0.1}})
    assert [(score.label, score.value) for score in scores_by_metric(summarize(run), "test").values()] == [
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


SCORES = {"accuracy": 0.9, "accuracy_ci95": [0.8, 0.95], "support": 30}


def summary_of(run: OpenRun, facts: dict[str, Any], **parts: Any) -> Summary:
    run.record(facts)
    run.write_metrics({"train": None, "validation": None, "test": None, **parts})
    return summarize(run)


@pytest.mark.parametrize(
    ("part", "facts", "measured", "sentence"),
    [
        (
            "test",
            {},
            "test part",
            "Measured on 30 test rows. Intervals do not include the variation between splits and seeds.",
        ),
        (
            "validation",
            {},
            "validation part",
            "Measured on 30 rows of the validation part, as there is no test part. If these rows have "
            "chosen anything, such as the best epoch, the scores are optimistic.",
        ),
        (
            "validation",
            {"model": {"layers": [4, 2], "parameters": 10, "networks": 3, "bags": True}},
            "out of bag",
            "Measured on 30 rows out of bag: each was predicted by a network that was not trained on it.",
        ),
        (
            "train",
            {},
            "training part",
            "Measured on 30 rows of the training part: that does not say how well it predicts new rows.",
        ),
        (
            "test",
            {"kind": "evaluation", "evaluated": {"run": "/run", "sha256": "0"}},
            "the evaluated file",
            "Measured on 30 rows of 'flowers'. Intervals are for other rows of this kind.",
        ),
    ],
)
def test_the_rows_and_what_the_intervals_leave_open(
    start_run: Callable[..., OpenRun], part: str, facts: dict[str, Any], measured: str, sentence: str
) -> None:
    summary = summary_of(start_run(), facts, **{part: SCORES})
    assert (measured_text(summary, part), sentences(summary)) == (measured, (sentence,))


def test_without_intervals_nothing_is_said_of_them(start_run: Callable[..., OpenRun]) -> None:
    summary = summary_of(start_run(), {}, test={"accuracy": 0.9, "support": 1})
    assert sentences(summary) == ("Measured on 1 test row, with one split and one seed.",)


def test_a_test_file_is_no_split(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    data = {**run.read_manifest().model_dump()["data"], "test_source": "/data/test.csv"}
    summary = summary_of(run, {"data": data}, test=SCORES)
    assert sentences(summary) == (
        "Measured on 30 rows of the test file. Intervals do not include the variation between seeds.",
    )


def test_folds_are_counted(start_run: Callable[..., OpenRun]) -> None:
    facts = {"kind": "cross_validation", "cross_validation": {"folds": 5, "repeats": 2, "stratify": True}}
    folds = {"diverged": 1, "accuracy": {"mean": 0.8, "std": 0.1, "ci95": [0.7, 0.9]}}
    summary = summary_of(start_run(), facts, test=SCORES, cross_validation=folds)
    assert measured_text(summary, "test") == "mean over the folds"
    assert sentences(summary) == (
        "Means over 5 folds × 2 repeats; intervals allow for shared training rows. 1 fold diverged and "
        "has no scores.",
    )


def test_the_baseline_is_explained_only_where_it_is_shown(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    sentence = "Baseline: the training part's class shares, so always its most frequent class."
    for baseline, expected in (({"accuracy": 0.5}, True), (None, False)):
        test = {"accuracy": 0.9, "baseline": baseline}
        run.write_metrics({"train": None, "validation": None, "test": test})
        assert (sentence in sentences(summarize(run))) is expected


def test_there_is_nothing_to_say_without_scores(start_run: Callable[..., OpenRun]) -> None:
    summary = summarize(start_run())
    assert (sentences(summary), said(first_scores, summary), said(all_scores, summary)) == ((), {}, {})


def test_the_metrics_of_a_finished_run(finished_run: Callable[..., OpenRun]) -> None:
    metrics = said(all_scores, summarize(finished_run()))["Metrics"]
    assert isinstance(metrics, Table)
    assert metrics.header == ("", "train", "test")
    assert metrics.rows == (
        ("accuracy", "0.9500", "0.9000"),
        ("  95 % interval", "0.8500–1.0000", "0.8000–0.9500"),
        ("balanced accuracy", "0.9400", "0.8900"),
        ("macro F1", "0.9300", "0.8800"),
        ("macro average precision", "0.7500", "0.7500"),
        ("log loss", "0.0000123", "0.0000123"),
        ("loss, unclipped", "0.2500", "0.2500"),
        ("Brier score", "0.1250", "0.1250"),
        ("calibration error", "0.0625", "0.0625"),
        ("rows", "30", "30"),
    )


def test_the_effect_of_calibration_is_shown(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    test = {
        "loss": 0.25, "log_loss": 0.25, "loss_uncalibrated": 0.5,
        "expected_calibration_error": 0.125, "expected_calibration_error_uncalibrated": 0.375,
    }  # fmt: skip
    run.write_metrics({"train": None, "validation": None, "test": test})
    run.record({"training": {"epochs": 2}, "calibration": {"temperature": 1.23456}})
    metrics = said(all_scores, summarize(run))["Metrics"]
    training = said(details, summarize(run))["Training"]
    assert isinstance(metrics, Table)
    assert metrics.rows == (  # the loss equals the log loss, so one row is enough
        ("log loss", "0.2500"),
        ("  before calibration", "0.5000"),
        ("calibration error", "0.1250"),
        ("  before calibration", "0.3750"),
    )
    assert isinstance(training, Facts)
    assert ("temperature", "1.235") in training.rows


def test_a_temperature_of_1_has_no_rows_before_calibration(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    test = {
        "loss": 0.25, "log_loss": 0.25, "loss_uncalibrated": 0.25 + 1e-9,
        "expected_calibration_error": 0.125, "expected_calibration_error_uncalibrated": 0.125,
    }  # fmt: skip
    run.write_metrics({"train": None, "validation": None, "test": test})
    run.record({"training": {"epochs": 2}, "calibration": {"temperature": 1.0}})
    metrics = said(all_scores, summarize(run))["Metrics"]
    assert metrics.rows == (("log loss", "0.2500"), ("calibration error", "0.1250"))
    training = said(details, summarize(run))["Training"]
    assert ("temperature", "1, so calibration changes nothing") in training.rows
