"""Training that kills its own process, in a module that worker processes can import."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from fnnctl.executors.protocols import Progress
from fnnctl.stacks.measures import FitObjective
from fnnctl.stacks.work import StackItem, StackResult, WorkerData, train_item

DEADLY = 0.5
"""The learning rate that marks networks that kill their process."""


def killed_once(
    progress: Progress, shared: WorkerData, item: StackItem[FitObjective]
) -> StackResult[FitObjective]:
    """The first process that trains the second rung dies; a file beside the data records that."""
    marker = Path(shared.data.dataset.source).parent / "killed"
    if item.start and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return train_item(progress, shared, item)


def killed_by_some(
    progress: Progress, shared: WorkerData, item: StackItem[FitObjective]
) -> StackResult[FitObjective]:
    """Every process that trains a network with this learning rate dies."""
    if any(getattr(fit.experiment.training.optimizer, "learning_rate", 0) == DEADLY for fit in item.fits):
        os.kill(os.getpid(), signal.SIGKILL)
    return train_item(progress, shared, item)


def killed(
    progress: Progress, shared: WorkerData, item: StackItem[FitObjective]
) -> StackResult[FitObjective]:
    """Every process that trains dies."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError
