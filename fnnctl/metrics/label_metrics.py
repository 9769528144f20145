"""The metrics of labels, of which a row may have any number. To add one, add a record to `LABEL_METRICS`.

They are measured on all labels together. Those of single labels are those of two classes, and means of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fnnctl.metrics.metric import SEVERAL, Metric, OfSums

if TYPE_CHECKING:
    from fnnctl.metrics.rows import LabelRows


SUBSET_ACCURACY: Final[Metric[LabelRows]] = Metric(
    name="subset_accuracy",
    label="subset accuracy",
    task=SEVERAL,
    needs="labels",
    formula=OfSums(lambda rows: (rows.is_complete & (rows.errors == 0), rows.is_complete)),
    unit="points",
    interval="wilson",
    reported="first",
)
HAMMING_LOSS: Final[Metric[LabelRows]] = Metric(
    name="hamming_loss",
    label="Hamming loss",
    task=SEVERAL,
    needs="labels",
    formula=OfSums(lambda rows: (rows.errors, rows.is_known.sum(axis=1))),
    lower_is_better=True,
    reported="first",
)
F1_MICRO: Final[Metric[LabelRows]] = Metric(
    name="f1_micro",
    label="micro F1",
    task=SEVERAL,
    needs="labels",
    formula=OfSums(
        lambda rows: (
            2 * (rows.truths & rows.predictions).sum(axis=1),
            rows.truths.sum(axis=1) + rows.predictions.sum(axis=1),
        )
    ),
    unit="points",
    reported="first",
)

LABEL_METRICS: Final[tuple[Metric[Any], ...]] = (SUBSET_ACCURACY, HAMMING_LOSS, F1_MICRO)
