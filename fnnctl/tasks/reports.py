"""What each task shows in reports, by the task's name; it loads no engine, as `fnnctl runs` needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fnnctl.tasks.classification.report_tables import CLASSIFICATION_REPORT
from fnnctl.tasks.regression.report_tables import REGRESSION_REPORT
from fnnctl.tasks.reporting import TaskReport

TASK_REPORTS: Final[Mapping[str, TaskReport]] = {
    "classification": CLASSIFICATION_REPORT,
    "regression": REGRESSION_REPORT,
}
