from __future__ import annotations

import pytest

from fnnctl.executors.serial import SerialExecutor


def test_what_is_submitted_is_done() -> None:
    with SerialExecutor() as executor:
        future = executor.submit(divmod, 17, 5)
        assert future.done()
        assert future.result() == (3, 2)
        assert list(executor.map(abs, [-1, 2])) == [1, 2]


def test_a_failure_is_the_futures_and_a_signal_is_not() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    executor = SerialExecutor()
    with pytest.raises(ZeroDivisionError):
        executor.submit(divmod, 1, 0).result()
    with pytest.raises(KeyboardInterrupt):
        executor.submit(interrupted)
