"""How the predictions of a run are read to compare a metric, by the task's name; it loads no engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fnnctl.tasks.classification.measured_rows import classified_rows
from fnnctl.tasks.comparison.measured_rows import ReadMeasured
from fnnctl.tasks.regression.measured_rows import estimated_rows

MEASURED_ROWS: Final[Mapping[str, ReadMeasured]] = {
    "classification": classified_rows,
    "regression": estimated_rows,
}
