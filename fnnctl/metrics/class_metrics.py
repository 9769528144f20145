"""The metrics of classes, in the order of metrics.json. To add one, add a record to `CLASS_METRICS`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from fnnctl.metrics.metric import (
    CLASSIFICATION,
    Given,
    Metric,
    OfAreas,
    OfCounts,
    OfPart,
    OfRanks,
    OfRows,
)

if TYPE_CHECKING:
    from fnnctl.arrays import FloatArray
    from fnnctl.metrics.confusion import ClassCounts
    from fnnctl.metrics.rows import ClassRows


def _recall(counts: ClassCounts) -> FloatArray:
    return counts.share(counts.hits, counts.support)


ACCURACY: Final[Metric[ClassRows]] = Metric(
    name="accuracy",
    label="accuracy",
    task=CLASSIFICATION,
    formula=OfRows(lambda rows: rows.labels == rows.predictions),
    unit="points",
    interval="wilson",
    monitored=True,
    importance="listed",
    reported="first",
)
BALANCED_ACCURACY: Final[Metric[ClassRows]] = Metric(
    name="balanced_accuracy",
    label="balanced accuracy",
    task=CLASSIFICATION,
    formula=OfCounts(lambda counts: counts.mean(_recall(counts), counts.support > 0)),
    unit="points",
    monitored=True,
    reported="first",
)
PRECISION: Final[Metric[ClassRows]] = Metric(
    name="precision",
    class_name="precision",
    label="precision",
    task=CLASSIFICATION,
    formula=OfCounts(lambda counts: counts.share(counts.hits, counts.predicted)),
    unit="points",
    instead_of="precision_macro",
)
RECALL: Final[Metric[ClassRows]] = Metric(
    name="recall",
    class_name="recall",
    label="recall",
    task=CLASSIFICATION,
    formula=OfCounts(_recall),
    unit="points",
    instead_of="recall_macro",
)
F1: Final[Metric[ClassRows]] = Metric(
    name="f1",
    class_name="f1",
    label="F1",
    task=CLASSIFICATION,
    formula=OfCounts(lambda counts: counts.share(2 * counts.hits, counts.support + counts.predicted)),
    unit="points",
    reported="first",
    instead_of="f1_macro",
)
MATTHEWS_CORRELATION: Final[Metric[ClassRows]] = Metric(
    name="matthews_correlation",
    label="Matthews correlation",
    task=CLASSIFICATION,
    formula=OfCounts(lambda counts: counts.matthews_correlation()),
    lowest=-1.0,
    reported="no",
)
COHENS_KAPPA: Final[Metric[ClassRows]] = Metric(
    name="cohens_kappa",
    label="Cohen's kappa",
    task=CLASSIFICATION,
    formula=OfCounts(lambda counts: counts.cohens_kappa()),
    lowest=-1.0,
    reported="no",
)
QUADRATIC_WEIGHTED_KAPPA: Final[Metric[ClassRows]] = Metric(
    name="quadratic_weighted_kappa",
    label="quadratic weighted kappa",
    task=CLASSIFICATION,
    needs="ranks",
    formula=OfRanks(lambda sums: sums.kappa(), lambda sums: sums.kappa_slopes()),
    lowest=-1.0,
    interval="fisher",
    reported="first",
)
RANK_ERROR: Final[Metric[ClassRows]] = Metric(
    name="rank_error",
    label="rank error",
    task=CLASSIFICATION,
    needs="ranks",
    formula=OfRows(lambda rows: rows.rank_errors),
    lower_is_better=True,
    highest=float("inf"),
    importance="listed",
    reported="first",
)
LOG_LOSS: Final[Metric[ClassRows]] = Metric(
    name="log_loss",
    label="log loss",
    task=CLASSIFICATION,
    needs="probabilities",
    formula=OfRows(lambda rows: rows.log_losses),
    lower_is_better=True,
    highest=float("inf"),
    importance="ranked",
    reported="first",
)
CROSS_ENTROPY: Final[Metric[ClassRows]] = Metric(
    name="loss",
    label="loss, unclipped",
    task=CLASSIFICATION,
    needs="probabilities",
    formula=OfRows(lambda rows: rows.cross_entropies),
    lower_is_better=True,
    highest=float("inf"),
    has_uncalibrated=True,
    # The log loss is clipped, so the two differ only if a true class has the probability 0.
    equals="log_loss",
)
ROC_AUC: Final[Metric[ClassRows]] = Metric(
    name="roc_auc",
    class_name="roc_auc",
    label="ROC AUC",
    task=CLASSIFICATION,
    needs="ranking",
    formula=OfAreas(),
    interval="delong",
    reported="first",
    instead_of="roc_auc_macro",
)
AVERAGE_PRECISION: Final[Metric[ClassRows]] = Metric(
    name="average_precision",
    class_name="average_precision",
    label="average precision",
    task=CLASSIFICATION,
    needs="ranking",
    formula=OfPart(lambda rows: rows.average_precisions),
    in_class_table=False,
    instead_of="average_precision_macro",
)
BRIER_SCORE: Final[Metric[ClassRows]] = Metric(
    name="brier_score",
    label="Brier score",
    task=CLASSIFICATION,
    needs="probabilities",
    formula=OfRows(lambda rows: rows.brier_scores, at_once=lambda rows: rows.brier_score),
    lower_is_better=True,
    highest=2.0,
)
CALIBRATION_ERROR: Final[Metric[ClassRows]] = Metric(
    name="expected_calibration_error",
    label="calibration error",
    task=CLASSIFICATION,
    needs="probabilities",
    formula=OfPart(lambda rows: rows.reliability.expected_error),
    lower_is_better=True,
    has_uncalibrated=True,
)
CLASS_CALIBRATION_ERROR: Final[Metric[ClassRows]] = Metric(
    # The key without `_positive` is that of the most probable class's probability.
    name="expected_calibration_error_positive",
    class_name="expected_calibration_error",
    label="class calibration error",
    task=CLASSIFICATION,
    needs="probabilities",
    formula=OfPart(lambda rows: rows.class_calibration_errors),
    lower_is_better=True,
    has_uncalibrated=True,
    in_class_table=False,
    instead_of="expected_calibration_error",
)
MAXIMUM_CALIBRATION_ERROR: Final[Metric[ClassRows]] = Metric(
    name="maximum_calibration_error",
    label="maximum calibration error",
    task=CLASSIFICATION,
    needs="probabilities",
    formula=OfPart(lambda rows: rows.reliability.maximum_error),
    lower_is_better=True,
    reported="no",
)
THRESHOLD: Final[Metric[ClassRows]] = Metric(
    name="threshold",
    label="threshold",
    task=CLASSIFICATION,
    needs="decision",
    formula=Given(),
    searched=False,
)
COST: Final[Metric[ClassRows]] = Metric(
    name="cost",
    label="cost per row",
    task=CLASSIFICATION,
    needs="decision",
    formula=Given(),
    lower_is_better=True,
    highest=float("inf"),
    searched=False,
    reported="first",
)


def _mean(metric: Metric[ClassRows], mean: Literal["macro", "weighted"]) -> Metric[ClassRows]:
    """The mean of a metric over the classes: each counts equally, or by its number of rows."""
    formula: OfCounts | OfAreas | OfPart[ClassRows]
    match metric.formula:
        case OfCounts(rate) if mean == "macro":
            formula = OfCounts(lambda counts: counts.mean(rate(counts), counts.occurs))
        case OfCounts(rate):
            formula = OfCounts(lambda counts: counts.mean(rate(counts), counts.support))
        case OfAreas() if mean == "macro":
            formula = OfAreas()
        case OfPart(values) if mean == "macro":
            formula = OfPart(lambda rows: rows.mean_over_classes(values(rows)))
        case _:
            raise TypeError(f"{metric.name} has no {mean} mean")
    return _of_classes(metric, mean, formula, reported=metric.reported if mean == "macro" else "no")


def _of_classes(
    metric: Metric[ClassRows],
    mean: str,
    formula: OfCounts | OfAreas | OfPart[ClassRows],
    reported: Literal["first", "table", "no"] = "no",
) -> Metric[ClassRows]:
    """One metric of all classes, from that of a single class."""
    return replace(
        metric,
        name=f"{metric.class_name}_{mean}",
        class_name=None,
        label=f"{mean} {metric.label}",
        formula=formula,
        interval=metric.interval if isinstance(formula, OfAreas) else None,
        has_uncalibrated=False,
        reported=reported,
        instead_of=None,
        mean_of=metric.class_name if mean == "macro" else None,
        is_over_classes=True,
    )


CLASS_METRICS: Final[tuple[Metric[Any], ...]] = (
    ACCURACY,
    BALANCED_ACCURACY,
    _mean(PRECISION, "macro"),
    _mean(RECALL, "macro"),
    replace(_mean(F1, "macro"), monitored=True),
    _mean(PRECISION, "weighted"),
    _mean(RECALL, "weighted"),
    _mean(F1, "weighted"),
    MATTHEWS_CORRELATION,
    COHENS_KAPPA,
    QUADRATIC_WEIGHTED_KAPPA,
    RANK_ERROR,
    LOG_LOSS,
    CROSS_ENTROPY,
    _mean(ROC_AUC, "macro"),
    _of_classes(ROC_AUC, "micro", OfPart(lambda rows: rows.pooled_area)),
    _of_classes(ROC_AUC, "weighted", OfPart(lambda rows: rows.weighted_area)),
    _mean(AVERAGE_PRECISION, "macro"),
    _of_classes(AVERAGE_PRECISION, "micro", OfPart(lambda rows: rows.pooled_precision)),
    PRECISION,
    RECALL,
    F1,
    ROC_AUC,
    AVERAGE_PRECISION,
    CLASS_CALIBRATION_ERROR,
    BRIER_SCORE,
    CALIBRATION_ERROR,
    MAXIMUM_CALIBRATION_ERROR,
    replace(_mean(CLASS_CALIBRATION_ERROR, "macro"), reported="no"),
    THRESHOLD,
    COST,
)
