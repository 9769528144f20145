"""The tables and figures in a report of a regression."""

from __future__ import annotations

from typing import Final

from fnnctl.store import names
from fnnctl.tasks.reporting import FigureFile, TaskReport

REGRESSION_REPORT: Final = TaskReport(
    metrics=(
        ("R²", "r2"),
        ("  95 % interval", "r2_ci95"),
        ("RMSE", "rmse"),
        ("  95 % interval", "rmse_ci95"),
        ("MAE", "mae"),
        ("  95 % interval", "mae_ci95"),
        ("median abs. error", "median_absolute_error"),
        ("  95 % interval", "median_absolute_error_ci95"),
        ("loss", "loss"),
        ("rows", "support"),
    ),
    curve=("R²", "r2"),
    first=("r2", "rmse", "mae"),
    baseline=(("Baseline: always the mean of the training part.", "r2"),),
    figures=(
        FigureFile(names.PREDICTED_ACTUAL_FIGURE, names.PREDICTIONS, "predictions over targets"),
        FigureFile(names.RESIDUALS_FIGURE, names.PREDICTIONS, "residuals over predictions"),
    ),
)
