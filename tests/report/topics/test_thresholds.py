"""What other thresholds give, from a threshold.csv with known rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.thresholds import threshold_sentence, threshold_table
from fnnctl.store import names
from fnnctl.store.run import OpenRun
from fnnctl.tasks.classification.tables import TRADE_OFF_COLUMNS
from tests.report.topics.said import facts, sentences

RATES = [
    # threshold, precision, recall, F1, false positive rate, predicted positive
    (0.1, 0.05, 1.0, 0.1, 1.0, 1.0),
    (0.2, 0.2, 0.8, 0.32, 0.5, 0.5),
    (0.3, 0.4, 0.6, 0.48, 0.1, 0.2),
    (0.4, 0.5, 0.55, 0.52, 0.05, 0.1),
    (0.5, None, 0.0, 0.0, 0.0, 0.0),
]

BEST = {"threshold": 0.4, "f1": 0.52, "precision": 0.5, "recall": 0.55}

Start = Callable[..., OpenRun]


def summary_of(
    start_run: Start, *, rows: Sequence[Any] = RATES, positives: int = 5, **scores: Any
) -> Summary:
    run = start_run(classes=("no", "yes"))
    per_class = {"no": {"support": 100 - positives}, "yes": {"support": positives}}
    test = {
        "f1": 0.0, "roc_auc": 0.7, "support": 100, "per_class": per_class, "best_f1": BEST, **scores,
    }  # fmt: skip
    run.write_metrics({"train": None, "validation": None, "test": test})
    run.write_table(names.THRESHOLD, TRADE_OFF_COLUMNS[:-1], rows)
    return summarize(run)


def test_thresholds_of_several_recalls_are_shown(start_run: Start) -> None:
    """The one with a recall of 0.5 says what that with the largest F1 says; that of 0.25 too."""
    (table,) = threshold_table(summary_of(start_run))
    assert table.title == "What other thresholds for 'yes' give on the test part"
    assert table.header == ("threshold", "precision", "recall", "F1", "share predicted", "")
    assert table.rows == (
        ("0.1000", "0.0500", "1.0000", "0.1000", "1.0000", ""),
        ("0.2000", "0.2000", "0.8000", "0.3200", "0.5000", ""),
        ("0.4000", "0.5000", "0.5500", "0.5200", "0.1000", "largest F1"),
        ("0.5000", "–", "0.0000", "0.0000", "0.0000", "used here"),
    )


def test_thresholds_with_the_same_numbers_are_one_row(start_run: Start) -> None:
    """No row has a probability between 0.4 and 0.5, nor between 0.1 and 0.15."""
    same = [RATES[0], (0.15, *RATES[0][1:]), *RATES[1:4], (0.5, *RATES[3][1:]), (0.6, *RATES[4][1:])]
    (table,) = threshold_table(summary_of(start_run, rows=same))
    assert [(row[0], row[-1]) for row in table.rows] == [
        ("0.1500", ""),
        ("0.2000", ""),
        ("0.5000", "used here; largest F1"),
    ]


def test_the_threshold_of_the_run_is_marked_and_a_fact(start_run: Start) -> None:
    summary = summary_of(start_run, threshold=0.4)
    (table,) = threshold_table(summary)
    assert [row[-1] for row in table.rows] == ["", "", "used here; largest F1", ""]
    assert facts(summary)["threshold"] == "'yes' from a probability of 0.4000 on"
    assert threshold_sentence(summary) is None
    assert "threshold" not in facts(summary_of(start_run))


@pytest.mark.parametrize(("positives", "is_rare"), [(5, True), (20, False)])
def test_for_a_rare_class_a_sentence_names_the_best_one(
    start_run: Start, positives: int, is_rare: bool
) -> None:
    summary = summary_of(start_run, positives=positives)
    sentence = (
        "F1 of 'yes' is largest, 0.5200, at a threshold of 0.4000: recall 0.5500, precision 0.5000 (see "
        "model.threshold)."
    )
    assert threshold_sentence(summary) == (sentence if is_rare else None)
    assert (sentence in sentences(summary)) is is_rare
    assert sentences(summary)[-1] == "F1 and ROC AUC are of the positive class, 'yes'."


def test_a_file_that_may_lack_the_largest_f1_marks_none(start_run: Start) -> None:
    """So it is in runs of earlier versions, whose metrics do not have it."""
    summary = summary_of(start_run, best_f1=None)
    assert threshold_sentence(summary) is None
    (table,) = threshold_table(summary)
    assert [(row[0], row[-1]) for row in table.rows] == [
        ("0.1000", ""), ("0.2000", ""), ("0.4000", ""), ("0.5000", "used here"),
    ]  # fmt: skip


def test_nothing_is_said_with_four_rows_of_a_class(start_run: Start) -> None:
    summary = summary_of(start_run, positives=4, best_f1=None)
    assert threshold_sentence(summary) is None
    assert [*threshold_table(summary)] == []


def test_the_default_threshold_is_not_advised(start_run: Start) -> None:
    assert threshold_sentence(summary_of(start_run, best_f1={**BEST, "threshold": 0.5})) is None


def test_without_two_classes_there_is_nothing(start_run: Start) -> None:
    assert [*threshold_table(summarize(start_run()))] == []
    assert threshold_sentence(summarize(start_run(classes=("a", "b", "c")))) is None
