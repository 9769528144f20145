"""A drawing process for tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fnnctl.report.figures import drawer
from fnnctl.report.figures.drawer import DrawingProcess, start_process

START = start_process
"""The function itself; during tests its name stands for one that starts nothing."""


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> Iterator[DrawingProcess]:
    """A drawing process, also on a machine with a single processor."""
    monkeypatch.setattr(drawer, "usable_processors", lambda: 2)
    started = START(search=False)
    assert started is not None
    yield started
    assert started.poll() is not None  # not even a zombie is left
