"""What the metric of a plug-in may be."""

from __future__ import annotations

from typing import Any

import pytest

from fnnctl.metrics.metric import Given, Metric, OfCounts, OfPart, OfRows
from fnnctl.metrics.plugin_metrics import fault_of
from tests.messages import Messages

ROWS: OfRows[Any] = OfRows(lambda rows: rows.errors)
COUNTS = OfCounts(lambda counts: counts.share(counts.hits, counts.support))
PART: OfPart[Any] = OfPart(lambda rows: rows.median_error)


def made(**fields: Any) -> Metric[Any]:
    return Metric(**{"name": "made", "label": "made", "task": "regression", "formula": ROWS, **fields})


@pytest.mark.parametrize("metric", [
    made(monitored=True, interval="bootstrap"),
    made(needs="levels", formula=PART),
    made(task="classification", formula=COUNTS, monitored=True),
    made(task="classification", needs="probabilities", interval="wilson"),
])  # fmt: skip
def test_a_metric_of_rows_counts_or_a_part(metric: Metric[Any]) -> None:
    assert fault_of("made", metric) is None


def test_what_a_metric_cannot_be(messages: Messages) -> None:
    for metric in (
        1,
        made(name="another"),
        made(task="several"),
        made(class_name="made"),
        made(needs="probabilities"),
        made(task="classification", needs="levels"),
        made(formula=Given()),
        made(formula=COUNTS),
        made(task="classification", formula=Given()),
        made(monitored=True, formula=PART),
        made(monitored=True, needs="deviances"),
        made(interval="wilson"),
        made(task="classification", interval="bootstrap"),
    ):
        messages.check(fault_of("made", metric) or "")
