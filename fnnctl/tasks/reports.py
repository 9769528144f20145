"""The registry of what each task declares of its reports, by the task's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fnnctl.tasks.classification.report_tables import CLASSIFICATION_REPORT
from fnnctl.tasks.reporting import TaskReport

TASK_REPORTS: Final[Mapping[str, TaskReport]] = {"classification": CLASSIFICATION_REPORT}
