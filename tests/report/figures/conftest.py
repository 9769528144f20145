"""A drawing process for tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fnnctl.report.figures import process
from fnnctl.report.figures.process import DrawingProcess, start_process

START = start_process
"""The function itself; during tests its name stands for one that starts nothing."""


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> Iterator[DrawingProcess]:
    """A drawing process, also on a machine with a single processor."""
    monkeypatch.setattr(process, "usable_processors", lambda: 2)
    started = START(search=False)
    assert started is not None
    yield started
    assert started.poll() is not None  # not even a zombie is left
