"""All metrics. To add one, add a record to `METRICS`; everything else follows from it.

The order is that of metrics.json. The first metric of a task is its headline: the default objective of a
search, the value in a list of runs, and what the learning curve shows beside the loss.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from fnnctl.metrics.metric import (
    INTERVAL,
    NEEDS,
    UNCALIBRATED,
    Given,
    Metric,
    OfAreas,
    OfCounts,
    OfPart,
    OfRanks,
    OfRows,
    TaskName,
)
from fnnctl.metrics.plugin_metrics import described, fault_of
from fnnctl.plugins import current, values_in_use

if TYPE_CHECKING:
    from fnnctl.arrays import FloatArray
    from fnnctl.metrics.confusion import ClassCounts
    from fnnctl.metrics.rows import ClassRows, ErrorRows

CLASSIFICATION: Final = "classification"
REGRESSION: Final = "regression"
TRAIN, VALIDATION = "train_", "validation_"
"""The beginnings of columns of history.csv, before the name of a metric."""
CALIBRATED_LOSS: Final = f"{VALIDATION}calibrated_loss"
"""The column of history.csv with the loss of calibrated probabilities, if it is monitored."""
PER_CLASS: Final = "per_class"
"""The key of a part's metrics of single classes, by the names of the classes."""
PER_LEVEL: Final = "levels"
"""The key of a part's metrics of single quantiles, by their levels."""
BEST_F1: Final = "best_f1"
"""The key of the largest F1 of all thresholds, and of the rates there, in metrics.json."""


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

R2: Final[Metric[ErrorRows]] = Metric(
    name="r2",
    label="R²",
    task=REGRESSION,
    formula=OfRows(lambda rows: rows.squares, form="explained"),
    lowest=float("-inf"),
    interval="bootstrap",
    monitored=True,
    importance="ranked",
    reported="first",
)
RMSE: Final[Metric[ErrorRows]] = Metric(
    name="rmse",
    label="RMSE",
    task=REGRESSION,
    formula=OfRows(lambda rows: rows.squares, form="root"),
    lower_is_better=True,
    highest=float("inf"),
    unit="target",
    interval="bootstrap",
    importance="listed",
    reported="first",
)
MAE: Final[Metric[ErrorRows]] = Metric(
    name="mae",
    label="MAE",
    task=REGRESSION,
    formula=OfRows(lambda rows: rows.errors),
    lower_is_better=True,
    highest=float("inf"),
    unit="target",
    interval="bootstrap",
    reported="first",
)
D2: Final[Metric[ErrorRows]] = Metric(
    name="d2",
    label="D²",
    task=REGRESSION,
    needs="deviances",
    formula=OfRows(lambda rows: rows.deviances, form="explained", of_mean=lambda rows: rows.mean_deviances),
    lowest=float("-inf"),
    interval="bootstrap",
    monitored=True,
    reported="first",
)
DEVIANCE: Final[Metric[ErrorRows]] = Metric(
    name="deviance",
    label="mean deviance",
    task=REGRESSION,
    needs="deviances",
    formula=OfRows(lambda rows: rows.deviances),
    lower_is_better=True,
    highest=float("inf"),
    interval="bootstrap",
    importance="listed",
    reported="first",
)
MEDIAN_ABSOLUTE_ERROR: Final[Metric[ErrorRows]] = Metric(
    name="median_absolute_error",
    label="median abs. error",
    task=REGRESSION,
    formula=OfPart(
        lambda rows: rows.median_error,
        resampled=lambda rows, rng: rows.resampled_medians(rng),
    ),
    lower_is_better=True,
    highest=float("inf"),
    unit="target",
    interval="bootstrap",
)
PINBALL: Final[Metric[ErrorRows]] = Metric(
    name="pinball",
    label="pinball loss",
    task=REGRESSION,
    formula=OfRows(lambda rows: rows.pinball),
    needs="levels",
    lower_is_better=True,
    highest=float("inf"),
    unit="target",
    interval="bootstrap",
    importance="listed",
    reported="first",
)
REGRESSION_LOSS: Final[Metric[ErrorRows]] = Metric(
    name="loss",
    label="loss",
    task=REGRESSION,
    formula=Given(),
    lower_is_better=True,
    highest=float("inf"),
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
    )


METRICS: tuple[Metric[Any], ...] = (
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
    R2,
    D2,
    DEVIANCE,
    RMSE,
    MAE,
    MEDIAN_ABSOLUTE_ERROR,
    PINBALL,
    REGRESSION_LOSS,
)


def all_metrics() -> tuple[Metric[Any], ...]:
    """The metrics of fnnctl, those of plug-ins in use, and those that manifests describe: see `described`."""
    described_ones = [described(*item) for item in current().described_metrics.items()]
    return (*METRICS, *values_in_use("metric"), *described_ones)


def find_metric(name: str) -> Metric[Any] | None:
    """The metric of a plug-in, which is looked up; None for other names, and those of fnnctl itself.

    Raises `PluginError`: see `Scope.find`.
    """
    if class_of(name) is not None or any(metric.name == name for metric in METRICS):
        return None
    plugin = current().find("metric", name, metric_fault)
    return None if plugin is None else plugin.value


def find_monitored(column: str) -> Metric[Any] | None:
    """As `find_metric`, for a column of history.csv."""
    return None if column in monitors() else find_metric(column.removeprefix(VALIDATION))


def metric_fault(name: str, metric: Any) -> str | None:
    """Why an object cannot be the metric of this name from a plug-in; None if it can."""
    if any(name in (known.name, known.class_name) for known in METRICS):
        return "fnnctl itself has a metric of this name: choose another one"
    return fault_of(name, metric)


def metrics_of(task: TaskName, kinds: Container[str] = NEEDS) -> list[Metric[Any]]:
    """The metrics of a task, by default all; of rows from which these `kinds` can be computed."""
    return [metric for metric in all_metrics() if metric.task == task and metric.needs in kinds]


def headline(task: str | None) -> Metric[Any]:
    """The first metric of a task, by default of a classification."""
    return next((metric for metric in all_metrics() if metric.task == task), ACCURACY)


def metric_of(name: str) -> Metric[Any] | None:
    """The metric of a key of metrics.json, also within a part or a class; None for other numbers.

    The interval of a metric and its value before calibration are of the same metric.
    """
    key = name.rpartition(".")[2].removesuffix(INTERVAL).removesuffix(UNCALIBRATED)
    if class_of(name) is not None:
        return next(metric for metric in all_metrics() if metric.class_name == key)
    return next((metric for metric in all_metrics() if metric.name == key), None)


def positive_metric(name: str) -> Metric[Any] | None:
    """The metric of a single class that has this key for the positive class, if there is one."""
    key = name.removesuffix(INTERVAL).removesuffix(UNCALIBRATED)
    return next((metric for metric in all_metrics() if metric.per_class and metric.name == key), None)


def is_loss(name: str) -> bool:
    """Whether small values of the metric of this name are better; see `metric_of`."""
    metric = metric_of(name)
    return name == CALIBRATED_LOSS.removeprefix(VALIDATION) or (metric is not None and metric.lower_is_better)


def label_of(name: str) -> str:
    """What texts call the metric of this name; other names, such as one of a single class, as they are."""
    return next((metric.label for metric in all_metrics() if metric.name == name), name)


def class_of(name: str) -> str | None:
    """The class in a name like `per_class.CLASS.recall`, which may contain dots; None for other metrics."""
    first, _, rest = name.partition(".")
    owner, _, key = rest.rpartition(".")
    return owner if first == PER_CLASS and owner and key in class_names() else None


def class_names() -> list[str]:
    """The keys of the metrics of a single class."""
    return [metric.class_name for metric in all_metrics() if metric.class_name is not None]


def objectives(task: TaskName | None = None, kinds: Container[str] = NEEDS) -> list[str]:
    """The names of the metrics that a search can have as its objective, without those of single classes.

    They are those of rows with these `kinds`: see `metrics_of`.
    """
    return list(
        dict.fromkeys(
            metric.name
            for metric in all_metrics()
            if metric.searched
            and not metric.per_class
            and task in (None, metric.task)
            and metric.needs in kinds
        )
    )


def monitored(task: TaskName, kinds: Container[str] = NEEDS) -> list[Metric[Any]]:
    """The metrics that training records after every epoch; the first one for the training part as well.

    They are those of rows with these `kinds`: see `metrics_of`.
    """
    return [metric for metric in metrics_of(task, kinds) if metric.monitored]


def importance_metrics(task: TaskName | None = None, kinds: Container[str] = NEEDS) -> list[Metric[Any]]:
    """The metrics by which the importance of columns is measured; they are ranked by the first of a task.

    They are those of rows with these `kinds`: see `metrics_of`.
    """
    measured = (
        metric
        for metric in all_metrics()
        if metric.importance and task in (None, metric.task) and metric.needs in kinds
    )
    return sorted(measured, key=lambda metric: metric.importance != "ranked")


def compared(task: TaskName, kinds: Container[str] = NEEDS, *, per_class: bool = False) -> list[str]:
    """The names of the metrics, of all classes or of single ones, that two test parts can be compared by.

    They are those of rows with these `kinds`: see `metrics_of`.
    """
    return [
        metric.class_name or metric.name
        for metric in metrics_of(task, kinds)
        if metric.is_compared and metric.per_class is per_class
    ]


def monitors() -> list[str]:
    """The columns of history.csv that early stopping and an lr_schedule can monitor, for all tasks."""
    headlines = (f"{TRAIN}{metric.name}" for metric in (headline(CLASSIFICATION), headline(REGRESSION), D2))
    recorded = (f"{VALIDATION}{metric.name}" for metric in all_metrics() if metric.monitored)
    return [f"{TRAIN}loss", *headlines, f"{VALIDATION}loss", CALIBRATED_LOSS, *recorded]
