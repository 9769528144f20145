"""Training that kills its process, for the tests of worker processes, where these find it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from fnnctl.executors.protocols import Progress
from fnnctl.stacks.measures import FitObjective
from fnnctl.stacks.work import StackItem, StackResult, WorkerData, train_item

DEADLY = 0.5
"""The learning rate of those that kill."""


def killed_once(
    progress: Progress, shared: WorkerData, item: StackItem[FitObjective]
) -> StackResult[FitObjective]:
    """The first process that trains the second rung dies of it; a file beside the data remembers."""
    marker = Path(shared.data.dataset.source).parent / "killed"
    if item.start and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return train_item(progress, shared, item)


def killed_by_some(
    progress: Progress, shared: WorkerData, item: StackItem[FitObjective]
) -> StackResult[FitObjective]:
    """Every process dies that trains a network of this learning rate."""
    if any(getattr(fit.experiment.training.optimizer, "learning_rate", 0) == DEADLY for fit in item.fits):
        os.kill(os.getpid(), signal.SIGKILL)
    return train_item(progress, shared, item)


def killed(
    progress: Progress, shared: WorkerData, item: StackItem[FitObjective]
) -> StackResult[FitObjective]:
    """Every process dies that trains."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError
