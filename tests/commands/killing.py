"""Training that kills its process, for the tests of worker processes, where these find it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from fnnctl.commands.trial_training import StackResult, StackTask, TrialWork, train_trials
from fnnctl.executors.protocols import Progress

DEADLY = 0.5
"""The learning rate of those that kill."""


def killed_once(progress: Progress, work: TrialWork, task: StackTask) -> StackResult | None:
    """The first process that trains the second rung dies of it; a file beside the data remembers."""
    marker = Path(work.dataset.source).parent / "killed"
    if task.start and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return train_trials(progress, work, task)


def killed_by_some(progress: Progress, work: TrialWork, task: StackTask) -> StackResult | None:
    """Every process dies that trains a network of this learning rate."""
    if any(network.member.learning_rate == DEADLY for network in task.networks):
        os.kill(os.getpid(), signal.SIGKILL)
    return train_trials(progress, work, task)
