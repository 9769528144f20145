from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.report.answer.values import Score
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.scores import certainty, first_scores, judged_part, measured_words
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
            "Measured on 30 rows of the validation part, as there is no test part. Where these rows have "
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
    assert (measured_words(summary, part), certainty(summary, part)) == (measured, [sentence])


def test_without_intervals_nothing_is_said_of_them(start_run: Callable[..., OpenRun]) -> None:
    summary = summary_of(start_run(), {}, test={"accuracy": 0.9, "support": 1})
    assert certainty(summary, "test") == ["Measured on 1 test row, with one split and one seed."]


def test_a_test_file_is_no_split(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    data = {**run.read_manifest().model_dump()["data"], "test_source": "/data/test.csv"}
    summary = summary_of(run, {"data": data}, test=SCORES)
    assert certainty(summary, "test") == [
        "Measured on 30 rows of the test file. Intervals do not include the variation between seeds."
    ]


def test_folds_are_counted(start_run: Callable[..., OpenRun]) -> None:
    facts = {
        "kind": "cross_validation",
        "cross_validation": {"folds": 5, "repeats": 2, "stratify": True},
    }
    folds = {"diverged": 1, "accuracy": {"mean": 0.8, "std": 0.1, "ci95": [0.7, 0.9]}}
    summary = summary_of(start_run(), facts, test=SCORES, cross_validation=folds)
    assert measured_words(summary, "test") == "mean over the folds"
    assert certainty(summary, "test") == [
        "Means over 5 folds × 2 repeats; intervals allow for shared training rows. 1 fold diverged and "
        "has no scores."
    ]


def test_a_search_says_what_has_chosen_its_winner(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving())
    refit(run, {"train": None, "validation": None, "test": SCORES})
    summary = summarize(run)
    assert certainty(summary, "test")[0] == (
        "Trial 1 was chosen from 4 on the validation part, not on the test part."
    )


def test_there_is_nothing_to_say_without_scores(start_run: Callable[..., OpenRun]) -> None:
    summary = summarize(start_run())
    assert (certainty(summary, None), measured_words(summary, None)) == ([], "")
