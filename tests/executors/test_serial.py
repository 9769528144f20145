from __future__ import annotations

import pytest

from fnnctl.executors.protocols import Progress
from fnnctl.executors.serial import SerialExecutor
from tests.executors import tasks


def interrupted(progress: Progress) -> None:
    raise KeyboardInterrupt


def test_what_is_submitted_is_done_and_only_a_failure_is_the_futures() -> None:
    executor = SerialExecutor(4, tasks.never)
    assert executor.workers == 1
    assert executor.submit(tasks.times, 17, 5).done()
    assert executor.submit(tasks.fails, 1).done()
    with pytest.raises(KeyboardInterrupt):
        executor.submit(interrupted)
