"""Training that kills its own process, in a module that worker processes can import; searches that die."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from fnnctl.executors.protocols import Progress
from fnnctl.records.journal import Journal
from fnnctl.stacks.work import StackItem, StackResult, WorkerData, train_item
from fnnctl.trials.measures import FitObjective

DEADLY = 0.5
"""The learning rate that marks networks that kill their process."""


@contextmanager
def dying_after(
    count: int, *, adds: str = "add_result", counted: Callable[[Any], bool] = lambda record: True
) -> Iterator[None]:
    """A search in this context fails when it has recorded `count` results and is about to add another.

    `adds` is the journal's method; records that are not `counted` are added at any time.
    """
    add, left = getattr(Journal, adds), [count]

    def dies(journal: Journal, record: Any) -> None:
        if counted(record):
            if not left[0]:
                raise OSError("the process dies here")
            left[0] -= 1
        add(journal, record)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, adds, dies)
        yield


def is_first(marker: Path) -> bool:
    """Whether this call creates the file: of several processes at the same time, only one does."""
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


Item: TypeAlias = StackItem[FitObjective]
Results: TypeAlias = StackResult[FitObjective]


def is_first_of_second_rung(shared: WorkerData, item: Item, mark: str) -> bool:
    """Whether no process has trained the second rung yet; a file beside the data records that one has."""
    return bool(item.start) and is_first(Path(shared.data.dataset.source).parent / mark)


def killed_once(progress: Progress, shared: WorkerData, item: Item) -> Results:
    """The first process that trains the second rung dies."""
    if is_first_of_second_rung(shared, item, "killed"):
        os.kill(os.getpid(), signal.SIGKILL)
    return train_item(progress, shared, item)


def suspended_once(progress: Progress, shared: WorkerData, item: Item) -> Results:
    """The first process that trains the second rung suspends itself."""
    if is_first_of_second_rung(shared, item, "suspended"):
        os.kill(os.getpid(), signal.SIGSTOP)
    return train_item(progress, shared, item)


def is_deadly(item: Item) -> bool:
    rates = (getattr(fit.experiment.training.optimizer, "learning_rate", 0) for fit in item.fits)
    return DEADLY in rates


def killed_by_some(progress: Progress, shared: WorkerData, item: Item) -> Results:
    """Every process that trains a network with this learning rate dies."""
    if is_deadly(item):
        os.kill(os.getpid(), signal.SIGKILL)
    return train_item(progress, shared, item)


def without_memory_for_some(progress: Progress, shared: WorkerData, item: Item) -> Results:
    """No process has the memory for a network with this learning rate."""
    if is_deadly(item):
        raise MemoryError
    return train_item(progress, shared, item)


def killed(progress: Progress, shared: WorkerData, item: Item) -> Results:
    """Every process that trains dies."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError
