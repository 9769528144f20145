from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.report.answer.certainty import certainty, measured_words
from fnnctl.report.summary import Summary, summarize
from fnnctl.store.run import OpenRun
from tests.report.searches import confirmed, halving, header, refit, result, start_search, trial

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
            "Measured on 30 rows of the test part, with one split and one seed. The intervals show what "
            "other rows would change, not another split or seed.",
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
            "Measured on 30 rows out of bag: each was predicted by a network that had not learned it.",
        ),
        (
            "train",
            {},
            "training part",
            "Measured on 30 rows that the network has learned: that does not say how well it predicts new "
            "rows.",
        ),
        (
            "test",
            {"kind": "evaluation", "evaluated": {"run": "/run", "sha256": "0"}},
            "the evaluated file",
            "Measured on 30 rows of 'flowers'. The intervals show what other rows would change, the network "
            "is always the same.",
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
    assert certainty(summary, "test") == ["Measured on 1 row of the test part, with one split and one seed."]


def test_a_test_file_is_no_split(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    data = {**run.read_manifest().model_dump()["data"], "test_source": "/data/test.csv"}
    summary = summary_of(run, {"data": data}, test=SCORES)
    assert certainty(summary, "test") == [
        "Measured on 30 rows of the test file, with one seed. The intervals show what other rows would "
        "change, not another seed."
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
        "Means over 10 folds (5 in each of 2 repeats); the intervals of the mean allow for the training rows "
        "that folds share. 1 fold diverged and has no scores."
    ]


def test_a_search_says_what_has_chosen_its_winner(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving())
    refit(run, {"train": None, "validation": None, "test": SCORES})
    summary = summarize(run)
    assert certainty(summary, "test")[0] == (
        "Trial 1 was the best of 4 on the validation part; the test part chose nothing."
    )


def test_a_confirmed_winner_was_chosen_by_its_seeds(tmp_path: Path) -> None:
    records = [
        header(confirm={"top": 2, "seeds": 3}),
        *(trial(number) for number in range(2)),
        *(result(number, 9, objective) for number, objective in enumerate((0.9, 0.8))),
        {"record": "end", "reason": "complete"},
        *confirmed({0: [0.7, 0.71, 0.72], 1: [0.90, 0.91, 0.92]}, budget=9),
    ]
    run = start_search(tmp_path, records)
    refit(run, {"train": None, "validation": None, "test": SCORES})
    found = certainty(summarize(run), "test")[0]
    assert found == "Trial 1 was chosen by its mean over 3 seeds, not by the test part."


def test_there_is_nothing_to_say_without_scores(start_run: Callable[..., OpenRun]) -> None:
    summary = summarize(start_run())
    assert (certainty(summary, None), measured_words(summary, None)) == ([], "")
