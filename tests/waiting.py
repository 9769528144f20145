"""Waiting for what a test needs to have happened: no test assumes how long anything takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

DEADLINE: Final = 120.0
"""A test that waits longer, in seconds, has failed: it only ends a hang, also on a busy machine."""
SECONDS_BETWEEN_LOOKS: Final = 0.005


def await_true(condition: Callable[[], object]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for has not happened"
        time.sleep(SECONDS_BETWEEN_LOOKS)
