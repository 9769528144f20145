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
from tests.messages import Messages
from tests.report.topics.said import facts, sentences, shown

RATES = [
    # threshold, precision, recall, F1, false positive rate, predicted positive
    (0.1, 0.05, 1.0, 0.1, 1.0, 1.0),
    (0.2, 0.2, 0.8, 0.32, 0.5, 0.5),
    (0.3, 0.4, 0.6, 0.48, 0.1, 0.2),
    (0.4, 0.5, 0.55, 0.52, 0.05, 0.1),
    (0.5, None, 0.0, 0.0, 0.0, 0.0),
]
SAME_RATES = [RATES[0], (0.15, *RATES[0][1:]), *RATES[1:4], (0.5, *RATES[3][1:]), (0.6, *RATES[4][1:])]
"""No row has a probability between 0.4 and 0.5, nor between 0.1 and 0.15."""
BEST = {"threshold": 0.4, "f1": 0.52, "precision": 0.5, "recall": 0.55}
Start = Callable[..., OpenRun]


def summary_of(
    start_run: Start, *, rates: Sequence[Any] = RATES, positives: int = 5, **scores: Any
) -> Summary:
    run = start_run(classes=("no", "yes"))
    per_class = {"no": {"support": 100 - positives}, "yes": {"support": positives}}
    test = {"f1": 0.0, "roc_auc": 0.7, "support": 100, "per_class": per_class, "best_f1": BEST, **scores}
    run.write_metrics({"train": None, "validation": None, "test": test})
    run.write_table(names.THRESHOLD, TRADE_OFF_COLUMNS[:-1], rates)
    return summarize(run)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="recalls of 0.5 and 0.25 are those of the largest F1"),
        pytest.param({"rates": SAME_RATES}, id="equal rates are one row"),
        pytest.param({"threshold": 0.4}, id="the threshold of the run is marked"),
        pytest.param({"best_f1": None}, id="earlier versions did not know the largest F1"),
    ],
)
def test_thresholds_of_several_recalls_are_shown(
    start_run: Start, messages: Messages, changes: dict[str, Any]
) -> None:
    messages.check(shown(threshold_table(summary_of(start_run, **changes))))


def test_the_threshold_of_the_run_is_a_fact(start_run: Start) -> None:
    assert facts(summary_of(start_run, threshold=0.4))["threshold"] == "'yes' from a probability of 0.4000 on"
    assert "threshold" not in facts(summary_of(start_run))


def test_for_a_rare_class_a_sentence_names_the_best_one(start_run: Start, messages: Messages) -> None:
    summary = summary_of(start_run)
    assert threshold_sentence(summary) in sentences(summary)
    messages.check("\n".join(sentences(summary)))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"positives": 20}, id="the class is not rare"),
        pytest.param({"threshold": 0.4}, id="the run has a threshold of its own"),
        pytest.param({"best_f1": None}, id="the best is unknown"),
        pytest.param({"best_f1": {**BEST, "threshold": 0.5}}, id="the default is the best"),
    ],
)
def test_otherwise_none_is_named(start_run: Start, changes: dict[str, Any]) -> None:
    assert threshold_sentence(summary_of(start_run, **changes)) is None


def test_nothing_is_said_of_other_runs(start_run: Start) -> None:
    assert [*threshold_table(summary_of(start_run, positives=4, best_f1=None))] == []
    assert [*threshold_table(summarize(start_run()))] == []
    assert threshold_sentence(summarize(start_run(classes=("a", "b", "c")))) is None
