from __future__ import annotations

import pytest

from fnnctl.executors.protocols import Progress
from fnnctl.executors.serial import SerialExecutor


def divided(progress: Progress, dividend: int, divisor: int) -> tuple[int, int]:
    return divmod(dividend, divisor)


def executor() -> SerialExecutor:
    return SerialExecutor(4, lambda done: False)


def test_what_is_submitted_is_done() -> None:
    future = executor().submit(divided, 17, 5)
    assert future.done()
    assert future.result() == (3, 2)
    assert executor().workers == 1


def test_a_failure_is_the_futures_and_a_signal_is_not() -> None:
    def interrupted(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(ZeroDivisionError):
        executor().submit(divided, 1, 0).result()
    with pytest.raises(KeyboardInterrupt):
        executor().submit(interrupted)
