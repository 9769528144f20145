"""Checks that the predictions and folds of a comparison are those that the run measured.

Runs of fnnctl 0.1.0 and those whose process died have no digests in their manifests. So the metric is
computed again, and must be the one in metrics.json.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fnnctl.metrics.flat import flat_metrics
from fnnctl.report.comparison.folds import MeasuredFolds
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import DataFacts
from fnnctl.store.names import CROSS_VALIDATION, METRICS, PREDICTIONS
from fnnctl.tasks.comparison.measured_rows import MeasuredRows

TOLERANCE: Final = 1e-9
"""How much a metric may differ that is computed again from all digits of the predictions."""


def refuse_other_rows(
    run: RunFolder, data: DataFacts, part: MeasuredRows, metric: str, stored: Mapping[str, Any]
) -> None:
    """Raise `DataError` unless the rows are as many as the test part has, and give its recorded metric.

    `stored` are the metrics of the test part.
    """
    path, rows = run.path / PREDICTIONS, len(part.rows)
    if data.parts and rows != data.parts.test:
        raise damaged(path, f"has {rows:,} rows, but the run was tested on {data.parts.test:,}{_ADVICE}")
    value = part.measure.value if part.measure else None
    _refuse_other_value(path, f"{metric} of its rows", value, flat_metrics(stored).get(metric))


def refuse_other_folds(run: RunFolder, folds: MeasuredFolds, metric: str, mean: float) -> None:
    """Raise `DataError` unless the folds give the recorded mean and have as many predictions as test rows."""
    path = run.path / CROSS_VALIDATION
    _refuse_other_value(
        path, f"the mean {metric} of its folds", statistics.fmean(folds.scores.values()), mean
    )
    for place, count in folds.test_rows.items():
        rows = folds.rows.get(place)
        if folds.rows and place in folds.scores and (rows is None or rows[0] != count):
            of_fold = f"fold {place[1]} of repeat {place[0]}"
            wrong = f"does not have the {count:,} rows of {of_fold} in {CROSS_VALIDATION}"
            raise damaged(run.path / PREDICTIONS, f"{wrong}{_ADVICE}")


_ADVICE: Final = ". Put the original file back, or train again"


def _refuse_other_value(path: Path, what: str, value: float | None, recorded: float | None) -> None:
    if recorded is None or (
        value is not None and math.isclose(value, recorded, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    ):
        return
    state = "does not exist" if value is None else f"is {value:.6g}"
    raise damaged(path, f"does not belong to {METRICS}: {what} {state}, not {recorded:.6g}{_ADVICE}")
