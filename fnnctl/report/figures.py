"""A run's figures, drawn from the numbers in its folder: they can be deleted and drawn again."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from fnnctl.report.content import scored_rows
from fnnctl.report.search_figures import search_figures
from fnnctl.report.summary import Summary, summarize
from fnnctl.store import names
from fnnctl.store.folder import RunFolder, StoredCurve

NUMBERS_BEHIND = {
    names.CONFUSION_MATRIX_FIGURE: names.CONFUSION_MATRIX,
    names.ROC_CURVE_FIGURE: names.ROC_CURVE,
    names.PR_CURVE_FIGURE: names.PR_CURVE,
    names.CALIBRATION_FIGURE: names.CALIBRATION,
    names.LEARNING_CURVE_FIGURE: names.HISTORY,
    **dict.fromkeys(names.SEARCH_FIGURES, names.JOURNAL),
}


def draw_figures(run: RunFolder) -> tuple[str, ...]:
    """Draw each figure whose numbers the run has, and return the names of the files written."""
    return _draw(run, {figure for figure, numbers in NUMBERS_BEHIND.items() if numbers in run.files()})


def draw_missing_figures(run: RunFolder) -> tuple[str, ...]:
    """Draw those that are not there although their numbers are; raises `MachineError` where it cannot.

    Those of a search that is not complete are drawn anew: it may have gone on since.
    """
    files = run.files()
    there = {*files} if names.JOURNAL not in files or _is_complete(run) else set()
    return _draw(run, {figure for figure, numbers in NUMBERS_BEHIND.items() if numbers in files} - there)


def _is_complete(run: RunFolder) -> bool:
    return run.read_manifest().status == "completed"


def _draw(run: RunFolder, wanted: Set[str]) -> tuple[str, ...]:
    figures = {}
    if wanted:
        summary = summarize(run)
        if summary.search is None:
            figures = _figures(run, summary, wanted)
        elif summary.search.results:
            figures = search_figures(summary.search, summary.manifest.name, wanted)
    for name, png in figures.items():
        run.write_figure(name, png)
    return tuple(figures)


def _figures(run: RunFolder, summary: Summary, wanted: Set[str]) -> dict[str, bytes]:
    # Importing matplotlib takes half a second, which a report without figures need not wait for.
    from fnnctl.plots.calibration import reliability_figure  # noqa: PLC0415
    from fnnctl.plots.confusion import confusion_matrix_figure  # noqa: PLC0415
    from fnnctl.plots.curves import PlottedCurve, pr_figure, roc_figure  # noqa: PLC0415
    from fnnctl.plots.folds import folds_learning_figure  # noqa: PLC0415
    from fnnctl.plots.learning import learning_curve_figure  # noqa: PLC0415
    from fnnctl.plots.style import png_bytes  # noqa: PLC0415

    name, scores, scored = summary.manifest.name, summary.part_metrics("test") or {}, scored_rows(summary)
    figures: dict[str, bytes] = {}
    if summary.confusion and names.CONFUSION_MATRIX_FIGURE in wanted:
        classes, matrix = summary.confusion
        figure = confusion_matrix_figure(matrix, classes, title=f"{name}: confusion matrix {scored}")
        figures[names.CONFUSION_MATRIX_FIGURE] = png_bytes(figure)
    for file, curves, draw, metric, what in (
        (names.ROC_CURVE_FIGURE, run.read_roc_curves(), roc_figure, "roc_auc", "ROC curves"),
        (names.PR_CURVE_FIGURE, run.read_pr_curves(), pr_figure, "average_precision", "precision and recall"),
    ):
        if curves and file in wanted:
            plotted = [
                PlottedCurve(curve.kind, curve.label, curve.x, curve.y, _area(curve, metric, scores))
                for curve in curves
            ]
            figures[file] = png_bytes(draw(plotted, title=f"{name}: {what} {scored}"))
    bins = run.read_calibration()
    if bins and names.CALIBRATION_FIGURE in wanted:
        error = scores.get("expected_calibration_error")
        figure = reliability_figure(bins, error=error, title=f"{name}: calibration {scored}")
        figures[names.CALIBRATION_FIGURE] = png_bytes(figure)
    history = run.read_history()
    if history and history.get("epoch") and names.LEARNING_CURVE_FIGURE in wanted:
        training, title = summary.manifest.training, f"{name}: learning curve"
        if "fold" in history:
            figure = folds_learning_figure(history, title=f"{title}s of all folds")
        else:
            best_epoch = training.best_epoch if training else None
            figure = learning_curve_figure(history, best_epoch=best_epoch, title=title)
        figures[names.LEARNING_CURVE_FIGURE] = png_bytes(figure)
    return figures


def _area(curve: StoredCurve, metric: str, scores: Mapping[str, Any]) -> float | None:
    """The area as the metrics have it, so that a figure never says another number than the report."""
    if curve.kind == "class":
        area: float | None = scores.get("per_class", {}).get(curve.label, {}).get(metric)
    else:
        area = scores.get(f"{metric}_{curve.kind}")
    return area
