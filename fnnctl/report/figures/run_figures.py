"""The figures of a run's predictions and training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from fnnctl.metrics.class_metrics import CALIBRATION_ERROR, CLASS_CALIBRATION_ERROR
from fnnctl.metrics.registry import is_loss, label_of
from fnnctl.report.blocks import DrawnNumbers
from fnnctl.report.figures.dependence_figures import CURVES, SURFACES
from fnnctl.report.figures.errors_figure import ERRORS
from fnnctl.report.figures.mean_figure import MEANS
from fnnctl.report.figures.numbers import some_numbers
from fnnctl.report.figures.quantile_figure import QUANTILES
from fnnctl.report.figures.record import RunFigure
from fnnctl.report.measured_groups import PLACE, MeasuredGroup, measured_groups
from fnnctl.report.stored_importances import read_importances
from fnnctl.report.summary import Summary, scored_rows, validation_name
from fnnctl.report.words import number, share_text
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.classification.tables import (
    StoredCurve,
    read_calibration,
    read_curves,
    read_trade_offs,
)
from fnnctl.tasks.regression.tables import read_estimates
from fnnctl.tasks.stored_coverage import part_coverages, read_coverage, whole_coverages
from fnnctl.text import capitalized, counted, joined_words

if TYPE_CHECKING:
    from fnnctl.plots.curves import PlottedCurve

MAX_NAMED: Final = 3
"""The number of columns that the summary of their importance names."""


def _draw_confusion_matrix(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.confusion import confusion_matrix_figure

    if not summary.confusion:
        return None
    classes, matrix = summary.confusion
    return confusion_matrix_figure(matrix, classes, title=_title(summary, "confusion matrix"))


def _draw_roc_curves(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.curves import roc_figure

    curves = _curves(run, summary, source=names.ROC_CURVE, metric="roc_auc")
    subject = "ROC curve" if len(curves) == 1 else "ROC curves"
    return roc_figure(curves, title=_title(summary, subject)) if curves else None


def _draw_precision_recall(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.curves import pr_figure

    curves = _curves(run, summary, source=names.PR_CURVE, metric="average_precision")
    if not curves:
        return None
    title = _title(summary, "precision and recall")
    return pr_figure(curves, title=title, prevalence=_prevalence(curves, _measured(summary)))


def _curves(run: RunFolder, summary: Summary, *, source: str, metric: str) -> list[PlottedCurve]:
    """The curves of all classes and their averages; with two classes, only that of the positive one."""
    from fnnctl.plots.curves import PlottedCurve

    scores = _measured(summary)
    curves = [
        PlottedCurve(curve.kind, curve.label, curve.x, curve.y, _area(curve, metric, scores))
        for curve in read_curves(run, source) or ()
    ]
    positive = summary.positive_class
    positive_curves = [curve for curve in curves if curve.kind == "class" and curve.label == positive]
    return positive_curves or curves


def _area(curve: StoredCurve, metric: str, scores: Mapping[str, Any]) -> float | None:
    """The area from metrics.json."""
    if curve.kind == "class":
        area: float | None = scores.get("per_class", {}).get(curve.label, {}).get(metric)
    else:
        area = scores.get(f"{metric}_{curve.kind}")
    return area


def _prevalence(curves: Sequence[PlottedCurve], scores: Mapping[str, Any]) -> float | None:
    """The share of rows in the class of a single curve; None if there are several curves."""
    if len(curves) != 1:
        return None
    rows = scores.get("per_class", {}).get(curves[0].label, {}).get("support")
    return rows / scores["support"] if rows and scores.get("support") else None


def _draw_calibration(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.calibration import reliability_figure

    bins = read_calibration(run)
    if not bins:
        return None
    positive = summary.positive_class if "probability" in bins else None
    metric = CALIBRATION_ERROR if positive is None else CLASS_CALIBRATION_ERROR
    error, title = _measured(summary).get(metric.name), _title(summary, "calibration")
    return reliability_figure(bins, error=error, positive=positive, title=title)


def _draw_thresholds(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.thresholds import trade_offs_figure

    rates, positive = read_trade_offs(run), summary.positive_class
    if not rates or positive is None:
        return None
    chosen = _measured(summary).get("threshold")
    how = "mean of the folds" if summary.manifest.cross_validation else "used here"
    title = _title(summary, "rates at each threshold")
    return trade_offs_figure(rates, positive=positive, chosen=chosen, title=title, how=how)


def _draw_learning_curve(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.learning import folds_learning_figure, learning_curve_figure

    history, title = run.read_history(), f"{summary.manifest.name}: learning curve"
    if not history or not history.get("epoch"):
        return None
    metric = summary.task_report.curve(history)
    if "fold" in history:
        return folds_learning_figure(
            history, metric=metric, title=f"{title}s of all folds", targets=_target_names(summary)
        )
    losses = (*history.get("train_loss", ()), *history.get("validation_loss", ()))
    if not any(loss is not None and math.isfinite(loss) for loss in losses):  # it diverged at once
        return None
    training, validation = summary.manifest.training, validation_name(summary)
    best_epoch = training.best_epoch if training else None
    return learning_curve_figure(
        history,
        metric=metric,
        best_epoch=best_epoch,
        title=title,
        validation=validation,
        targets=_target_names(summary),
    )


def _target_names(summary: Summary) -> list[str]:
    """The names of several targets; none of a single one."""
    data = summary.manifest.data
    return [target.name for target in data.targets] if data is not None else []


def _draw_data_sizes(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.data_size import PlottedSize, data_size_figure

    label, key = summary.task_report.metrics[0]
    sizes = [
        PlottedSize(
            rows=entry["rows"],
            share=share_text(entry["share"]),
            mean=entry[key]["mean"],
            interval=entry[key]["ci95"],
            train=entry["train"].get(key),
        )
        for entry in summary.sizes
        if entry.get(key, {}).get("mean") is not None
    ]
    title = f"{summary.manifest.name}: {label} by data size {scored_rows(summary)}"
    return data_size_figure(sizes, metric=label, title=title) if sizes else None


def _draw_predicted_actual(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.estimates import predicted_actual_figure

    return _draw_estimates(run, summary, predicted_actual_figure, "predicted and actual values")


def _draw_residuals(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.estimates import residuals_figure

    return _draw_estimates(run, summary, residuals_figure, "residuals")


def _draw_estimates(run: RunFolder, summary: Summary, draw: Callable[..., Any], subject: str) -> Any:
    stored = read_estimates(run)
    if stored is None or not summary.manifest.data:
        return None
    target = summary.manifest.data.target
    return draw(stored.targets, stored.estimates, target=target, title=_title(summary, subject))


def _draw_feature_importance(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.importance import PlottedColumn, feature_importance_figure

    importances = read_importances(run)
    if importances is None:
        return None
    key = importances.metrics[0]
    columns = [
        PlottedColumn(column.column, estimate.mean, estimate.ci95, estimate.is_positive)
        for column in importances.columns
        if (estimate := importances.headline(column))
    ]
    change = "rise" if is_loss(key) else "drop"
    axis = f"{change} of {label_of(key)} when the column is permuted, {importances.part} part"
    subject = "columns of the ensemble" if summary.manifest.selection else "columns"
    title = f"{summary.manifest.name}: importance of the {subject}"
    return feature_importance_figure(columns, axis=axis, title=title)


def _draw_coverage(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.coverage import PlottedCoverage, coverage_figure

    measured = read_coverage(run)
    if not measured:
        return None
    lines = [(share_text(line.coverage), line) for line in whole_coverages(measured)]
    lines += [(f"{share_text(line.coverage)}, {line.part}", line) for line in part_coverages(measured)]
    rows = [
        PlottedCoverage(name, line.coverage, line.share, (line.low, line.high), line.size)
        for name, line in lines
    ]
    regions, size = summary.task_report.regions
    return coverage_figure(rows, size=size, title=_title(summary, f"coverage of {regions}"))


def _coverage_in_words(summary: Summary) -> str:
    measured = [
        f"{share_text(line.share)} for {share_text(line.coverage)}"
        for line in whole_coverages(summary.coverage)
    ]
    regions, _ = summary.task_report.regions
    return f"Rows whose {regions} hold the truth: {joined_words(measured)}." if measured else ""


def _title(summary: Summary, subject: str, where: str = "") -> str:
    """The title of a figure; `where` its numbers were measured is by default what `scored_rows` says."""
    if summary.manifest.selection:
        subject = f"{subject} of the ensemble"
    return f"{summary.manifest.name}: {subject} {where or scored_rows(summary)}"


def _draw_groups(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.comparison import PlottedScore
    from fnnctl.plots.groups import groups_figure

    groups = measured_groups(summary)
    if groups is None:
        return None
    metric = groups.metrics[0]

    def plotted(group: MeasuredGroup) -> PlottedScore | None:
        value, name = group.value(metric), f"{group.name} ({group.rows:,})"
        if value is None:
            return None
        return PlottedScore(name, value, group.drawn_interval(metric), is_tie=not group.differs(metric))

    columns = {column: [*filter(None, map(plotted, members))] for column, members in groups.columns.items()}
    drawn = {column: members for column, members in columns.items() if members}
    label, overall = label_of(metric), groups.overall.get(metric)
    title = _title(summary, f"{label} by group", groups.measured_on)
    return groups_figure(drawn, metric=label, overall=overall, title=title) if drawn else None


def _groups_numbers(run: RunFolder, summary: Summary) -> DrawnNumbers | None:
    """The rows of the metric that is drawn."""
    table, groups = run.read_table(names.GROUPS), measured_groups(summary)
    if table is None or groups is None:
        return None
    drawn = [row for row in table.rows if groups.metrics[0] in row[3:4]]
    return some_numbers(table.columns, drawn, names.GROUPS)


def _groups_in_words(summary: Summary) -> str:
    """The worst group by each column."""
    groups = measured_groups(summary)
    if groups is None:
        return ""
    metric = groups.metrics[0]
    worst = [(column, group) for column in groups.columns if (group := groups.worst(column))]
    words = [f"{column} {group.name} {number(group.value(metric))}" for column, group in worst]
    return f"worst {label_of(metric)}: {'; '.join(words)}" if words else ""


def _measured(summary: Summary) -> Mapping[str, Any]:
    """The metrics of a figure's predictions; for a cross-validation the pooled ones, not the folds' means."""
    measured: Mapping[str, Any] = (summary.metrics or {}).get("test") or {}
    return measured


def _metrics_in_words(*keys: str) -> Callable[[Summary], str]:
    """Sums a figure up by those of these metrics that reports show."""

    def words(summary: Summary) -> str:
        metrics = summary.part_metrics("test") or {}
        rows = [(label, key) for label, key in summary.task_report.reported_metrics(metrics) if key in keys]
        return "; ".join(f"{label} {number(metrics[key])}" for label, key in rows)

    return words


def _epochs_in_words(summary: Summary) -> str:
    training = summary.manifest.training
    if training is None:
        return ""
    best = f"; the best was {training.best_epoch:,}" if training.best_epoch else ""
    return f"{counted(training.epochs, 'epoch')}{best}."


def _sizes_in_words(summary: Summary) -> str:
    label, key = summary.task_report.metrics[0]
    means = [
        f"{number(entry[key]['mean'])} with {counted(entry['rows'], 'training row')}"
        for entry in summary.sizes
        if entry.get(key, {}).get("mean") is not None
    ]
    return f"{capitalized(label)} is {joined_words(means)}." if means else ""


def _importances_in_words(summary: Summary) -> str:
    importances = read_importances(RunFolder(summary.path))
    if importances is None:
        return ""
    key = importances.metrics[0]
    columns = [
        f"{number(estimate.mean)} if {column.column} is permuted"
        for column in importances.columns[:MAX_NAMED]
        if (estimate := importances.headline(column))
    ]
    verb = "rises" if is_loss(key) else "drops"
    return f"{capitalized(label_of(key))} {verb} by {joined_words(columns)}." if columns else ""


RUN_FIGURES: Final[tuple[RunFigure, ...]] = (
    RunFigure(
        file="confusion_matrix.png",
        title="confusion matrix",
        source=names.CONFUSION_MATRIX,
        draw=_draw_confusion_matrix,
        task="classification",
        in_words=_metrics_in_words("accuracy", "balanced_accuracy"),
        reading="""\
A row is a true class, a column a predicted one. A cell has the number of rows, and its colour is the
share of its true class. The diagonal is right; its shares are the recalls. A dark cell off the diagonal
is a pair of classes that the network confuses, often in one direction only. A column that is dark all
along is a class that is predicted too often: look at `training.class_weights`.""",
    ),
    RunFigure(
        file="roc_curve.png",
        title="ROC curves",
        source=names.ROC_CURVE,
        draw=_draw_roc_curves,
        task="classification",
        in_words=_metrics_in_words("roc_auc", "roc_auc_macro"),
        is_slow=True,
        reading="""\
The true positive rate over the false positive rate: the share of the positive rows, and of the negative
rows, that are predicted positive, for every threshold. The diagonal is chance; the area under the curve is
the probability that a positive row has a higher score than a negative one. With several classes each is
compared to all others. A large area says that the rows are ordered well, not that the probabilities are
right, and with a rare class it is easily too optimistic.""",
    ),
    RunFigure(
        file="pr_curve.png",
        title="precision-recall curves",
        source=names.PR_CURVE,
        draw=_draw_precision_recall,
        task="classification",
        in_words=_metrics_in_words("average_precision", "average_precision_macro"),
        is_slow=True,
        reading="""\
Precision is the share of positive rows among those predicted positive, recall the share of the positive
rows that are predicted positive. The precision of random guesses is the share of the positive rows, at any
recall; with two classes a line marks it. For a rare class this plot says more than the ROC curve.""",
    ),
    RunFigure(
        file="calibration.png",
        title="reliability diagram",
        source=names.CALIBRATION,
        draw=_draw_calibration,
        task="classification",
        in_words=_metrics_in_words(CLASS_CALIBRATION_ERROR.name, CALIBRATION_ERROR.name),
        is_slow=True,
        reading="""\
The accuracy of predictions with about the same confidence. Each point stands for a group of rows; there are
at most 15 groups with about equally many rows, at least ten in each. On the diagonal, predictions with
80 % confidence are right in 80 % of the rows. Below it the network is overconfident, above it underconfident;
`model.calibration: temperature` corrects both. The intervals show how far chance alone may move the points.
With two classes the plot has the share of positive rows over the probability of the positive class: the
confidence is at least 50 % in every row, and would hide that a rare class gets too high probabilities.""",
    ),
    RunFigure(
        file="threshold.png",
        title="the rates at each threshold",
        source=names.THRESHOLD,
        draw=_draw_thresholds,
        task="classification",
        in_words=_metrics_in_words("threshold"),
        reading="""\
With two classes. Precision, recall, F1 and false positive rate for every threshold of the positive class,
and the cost if `model.threshold` gives costs. The line marks the threshold in use.""",
    ),
    RunFigure(
        file="predicted_actual.png",
        title="predictions over targets",
        source=names.PREDICTIONS,
        draw=_draw_predicted_actual,
        task="regression",
        in_words=_metrics_in_words("r2", "rmse"),
        reading="""\
Points on the diagonal are right. If the cloud is flatter than the diagonal, predictions tend to the
mean: small values are predicted too high, large ones too low.""",
    ),
    RunFigure(
        file="residuals.png",
        title="residuals over predictions",
        source=names.PREDICTIONS,
        draw=_draw_residuals,
        task="regression",
        in_words=_metrics_in_words("rmse", "mae"),
        reading="""\
Prediction errors over the predicted value. They should form a band of even width around 0. If the band is
curved, the network or the columns miss something; if it widens like a funnel, the error grows with the
value, and the logarithm of the target is worth a try.""",
    ),
    QUANTILES,
    MEANS,
    ERRORS,
    RunFigure(
        file="coverage.png",
        title="how often intervals or sets of classes hold the truth",
        source=names.COVERAGE,
        draw=_draw_coverage,
        in_words=_coverage_in_words,
        only_in_reports=True,
        reading="""\
How often the intervals or sets of `fnnctl predict --coverage` hold the truth on the test part, beside the
share that was asked for, and their mean size; see
[New rows](predictions.md#intervals-and-sets-of-classes). Below all rows are, at 90 %, the classes or the
tenths of the predictions. If the interval of a dot ends left of its mark, regions are too small there.""",
    ),
    RunFigure(
        file="groups.png",
        title="groups of rows",
        source=names.GROUPS,
        draw=_draw_groups,
        in_words=_groups_in_words,
        numbers=_groups_numbers,
        place=PLACE,
        reading="""\
With `evaluation.groups`. The first metric of each group with its 95 % interval and, in parentheses, its
number of rows. The line is the metric of all rows. A dot is filled if the group differs from all other rows
by more than chance, after Holm's correction for the number of groups.""",
    ),
    RunFigure(
        file="learning_curve.png",
        title="learning curves",
        source=names.HISTORY,
        draw=_draw_learning_curve,
        in_words=_epochs_in_words,
        is_slow=True,
        reading="""\
The loss above, the first metric below, over the epochs, for the training and the validation part.

- Both curves still fall at the end: train for more epochs, or with a larger learning rate.
- The training loss falls and the validation loss rises: the network memorizes the training rows. Early
  stopping keeps the best epoch, which is marked. A smaller network, dropout, `training.l2` or more rows
  help. With classes, the recipes choose the epoch by the loss of calibrated probabilities, a third line.
- Both stay high: the network is too small, the learning rate is wrong, or the columns say too little about
  the target.
- The training loss jumps: the learning rate is too large, or `training.clip_norm` is needed.
- The training part scores worse than the validation part: this is usual with dropout, input noise, mixup
  and label smoothing, which act in training only.""",
    ),
    RunFigure(
        file="data_size.png",
        title="the scores over the number of training rows",
        source=names.DATA_SIZE,
        draw=_draw_data_sizes,
        in_words=_sizes_in_words,
        reading="""\
From `fnnctl evaluate --sizes`. The score over the number of each fold's training rows. If the last step
still rises, more rows help; see [Cross-validation](cross-validation.md).""",
    ),
    RunFigure(
        file=names.FEATURE_IMPORTANCE_FIGURE,
        title="the importance of the columns",
        source=names.FEATURE_IMPORTANCE,
        draw=_draw_feature_importance,
        in_words=_importances_in_words,
        reading="""\
From `fnnctl report --importance`. How much worse the scores get if a column's values are permuted; see
[Reports](reports.md#which-columns-matter).""",
    ),
    CURVES,
    SURFACES,
)
"""In the order in which they are listed and shown."""
