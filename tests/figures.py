"""Which figures a run must have."""

from __future__ import annotations

from pathlib import Path

from fnnctl.report.figures.drawing import possible_figures
from fnnctl.report.summary import summarize
from fnnctl.store.folder import RunFolder

CLASSIFICATION_FIGURES = {
    "confusion_matrix.png", "roc_curve.png", "pr_curve.png", "calibration.png", "learning_curve.png",
}  # fmt: skip
"""The figures of a classification of any classes, at least."""


def figures_by_records(run: Path) -> list[str]:
    """The figures that a command must have drawn by their records, in their order."""
    folder = RunFolder(run)
    figures = possible_figures(folder, summarize(folder))
    return [figure.file for figure in figures if not figure.only_in_reports]
