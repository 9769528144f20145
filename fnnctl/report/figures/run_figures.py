"""Maps the names of a run's figures to plots of its predictions and training. Imports matplotlib."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from typing import Any, Final

from fnnctl.metrics.registry import CALIBRATION_ERROR, CLASS_CALIBRATION_ERROR, is_loss
from fnnctl.plots.calibration import reliability_figure
from fnnctl.plots.confusion import confusion_matrix_figure
from fnnctl.plots.curves import PlottedCurve, pr_figure, roc_figure
from fnnctl.plots.data_size import PlottedSize, data_size_figure
from fnnctl.plots.estimates import predicted_actual_figure, residuals_figure
from fnnctl.plots.importance import PlottedColumn, feature_importance_figure
from fnnctl.plots.learning import folds_learning_figure, learning_curve_figure
from fnnctl.plots.thresholds import trade_offs_figure
from fnnctl.report.summary import Summary, scored_rows, validation_name
from fnnctl.report.topics.feature_importance import read_importances
from fnnctl.report.topics.sizes import recorded_sizes, share_text
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.classification.tables import StoredCurve, read_calibration, read_curves, read_trade_offs
from fnnctl.tasks.regression.tables import read_predictions


def run_figures(run: RunFolder, summary: Summary, wanted: Set[str]) -> dict[str, Callable[[], Any]]:
    """A function for each wanted figure that draws it; None if the run has no numbers for it."""
    return {name: partial(draw, run, summary) for name, draw in _DRAW.items() if name in wanted}


def _confusion_matrix(run: RunFolder, summary: Summary) -> Any:
    if not summary.confusion:
        return None
    classes, matrix = summary.confusion
    return confusion_matrix_figure(matrix, classes, title=_title(summary, "confusion matrix"))


def _roc_curves(run: RunFolder, summary: Summary) -> Any:
    curves = _curves(run, summary, source=names.ROC_CURVE, metric="roc_auc")
    what = "ROC curve" if len(curves) == 1 else "ROC curves"
    return roc_figure(curves, title=_title(summary, what)) if curves else None


def _precision_recall_curves(run: RunFolder, summary: Summary) -> Any:
    curves = _curves(run, summary, source=names.PR_CURVE, metric="average_precision")
    if not curves:
        return None
    title = _title(summary, "precision and recall")
    return pr_figure(curves, title=title, prevalence=_prevalence(curves, _measured(summary)))


def _curves(run: RunFolder, summary: Summary, *, source: str, metric: str) -> list[PlottedCurve]:
    """The curves of all classes and their averages; with two classes, only that of the positive one."""
    scores = _measured(summary)
    curves = [
        PlottedCurve(curve.kind, curve.label, curve.x, curve.y, _area(curve, metric, scores))
        for curve in read_curves(run, source) or ()
    ]
    positive = summary.positive_class
    of_positive = [curve for curve in curves if curve.kind == "class" and curve.label == positive]
    return of_positive or curves


def _prevalence(curves: Sequence[PlottedCurve], scores: Mapping[str, Any]) -> float | None:
    """The share of rows in the class of a single curve; None if there are several curves."""
    if len(curves) != 1:
        return None
    rows = scores.get("per_class", {}).get(curves[0].label, {}).get("support")
    return rows / scores["support"] if rows and scores.get("support") else None


def _calibration(run: RunFolder, summary: Summary) -> Any:
    bins = read_calibration(run)
    if not bins:
        return None
    positive = summary.positive_class if "probability" in bins else None
    metric = CALIBRATION_ERROR if positive is None else CLASS_CALIBRATION_ERROR
    error, title = _measured(summary).get(metric.name), _title(summary, "calibration")
    return reliability_figure(bins, error=error, positive=positive, title=title)


def _trade_offs(run: RunFolder, summary: Summary) -> Any:
    rates, positive = read_trade_offs(run), summary.positive_class
    if not rates or positive is None:
        return None
    chosen = _measured(summary).get("threshold")
    how = "mean of the folds" if summary.manifest.cross_validation else "used here"
    title = _title(summary, "rates at each threshold")
    return trade_offs_figure(rates, positive=positive, chosen=chosen, title=title, how=how)


def _learning_curve(run: RunFolder, summary: Summary) -> Any:
    history, title = run.read_history(), f"{summary.manifest.name}: learning curve"
    if not history or not history.get("epoch"):
        return None
    if "fold" in history:
        return folds_learning_figure(
            history, metric=summary.task_report.curve, title=f"{title}s of all folds"
        )
    losses = (*history.get("train_loss", ()), *history.get("validation_loss", ()))
    if not any(loss is not None and math.isfinite(loss) for loss in losses):  # it diverged at once
        return None
    training = summary.manifest.training
    best_epoch = training.best_epoch if training else None
    return learning_curve_figure(
        history,
        metric=summary.task_report.curve,
        best_epoch=best_epoch,
        title=title,
        validation=validation_name(summary),
    )


def _data_size(run: RunFolder, summary: Summary) -> Any:
    label, key = summary.task_report.metrics[0]
    sizes = [
        PlottedSize(
            rows=entry["rows"],
            share=share_text(entry["share"]),
            mean=entry[key]["mean"],
            interval=entry[key]["ci95"],
            train=entry["train"].get(key),
        )
        for entry in recorded_sizes(summary)
        if entry.get(key, {}).get("mean") is not None
    ]
    title = f"{summary.manifest.name}: {label} by data size {scored_rows(summary)}"
    return data_size_figure(sizes, metric=label, title=title) if sizes else None


def _estimates(run: RunFolder, summary: Summary, *, draw: Callable[..., Any], what: str) -> Any:
    stored = read_predictions(run)
    if stored is None or not summary.manifest.data:
        return None
    targets, predictions = stored
    target = summary.manifest.data.target
    return draw(targets, predictions, target=target, title=_title(summary, what))


def _feature_importance(run: RunFolder, summary: Summary) -> Any:
    found = read_importances(run)
    if found is None:
        return None
    key = found.metrics[0]
    label = next(label for label, each in summary.task_report.metrics if each == key)
    columns = [
        PlottedColumn(each.column, estimate.mean, estimate.ci95, estimate.is_positive)
        for each in found.columns
        if (estimate := found.headline(each))
    ]
    axis = f"{'rise' if is_loss(key) else 'drop'} of {label} when the column is permuted, {found.part} part"
    whose = "columns of the ensemble" if summary.manifest.selection else "columns"
    title = f"{summary.manifest.name}: importance of the {whose}"
    return feature_importance_figure(columns, axis=axis, title=title)


_DRAW: Final[Mapping[str, Callable[[RunFolder, Summary], Any]]] = {
    names.CONFUSION_MATRIX_FIGURE: _confusion_matrix,
    names.ROC_CURVE_FIGURE: _roc_curves,
    names.PR_CURVE_FIGURE: _precision_recall_curves,
    names.CALIBRATION_FIGURE: _calibration,
    names.THRESHOLD_FIGURE: _trade_offs,
    names.PREDICTED_ACTUAL_FIGURE: partial(
        _estimates, draw=predicted_actual_figure, what="predicted and actual values"
    ),
    names.RESIDUALS_FIGURE: partial(_estimates, draw=residuals_figure, what="residuals"),
    names.LEARNING_CURVE_FIGURE: _learning_curve,
    names.DATA_SIZE_FIGURE: _data_size,
    names.FEATURE_IMPORTANCE_FIGURE: _feature_importance,
}


def _title(summary: Summary, what: str) -> str:
    whose = f"{what} of the ensemble" if summary.manifest.selection else what
    return f"{summary.manifest.name}: {whose} {scored_rows(summary)}"


def _measured(summary: Summary) -> Mapping[str, Any]:
    """The metrics of a figure's predictions; for a cross-validation the pooled ones, not the folds' means."""
    measured: Mapping[str, Any] = (summary.metrics or {}).get("test") or {}
    return measured


def _area(curve: StoredCurve, metric: str, scores: Mapping[str, Any]) -> float | None:
    """The area from metrics.json."""
    if curve.kind == "class":
        area: float | None = scores.get("per_class", {}).get(curve.label, {}).get(metric)
    else:
        area = scores.get(f"{metric}_{curve.kind}")
    return area
