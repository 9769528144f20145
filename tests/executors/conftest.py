"""What the tests of executors share."""

from __future__ import annotations

import pytest

from fnnctl.executors import cluster


@pytest.fixture(autouse=True)
def _frequent_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers of a cluster are called so often that tests hardly wait for the next call."""
    monkeypatch.setattr(cluster, "SECONDS_BETWEEN_CALLS", 0.01)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An item that its worker does not report as running goes to another one after a moment."""
    monkeypatch.setattr(cluster, "SECONDS_TO_REPORT", 0.1)
