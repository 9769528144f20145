from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from fnnctl.context import SilentListener
from fnnctl.runs.position import followed_amount, followed_training
from fnnctl.store.run import OpenRun

Position = Mapping[str, float | None]


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[Position]:
    positions: list[Position] = []
    monkeypatch.setattr(OpenRun, "note_position", lambda run, position: positions.append(position))
    return positions


def test_the_position_is_noted_every_five_seconds_also_if_nobody_listens(
    tmp_path: Path, noted: list[Position], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step takes 2 s, an epoch has 10 steps."""
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    run = OpenRun(tmp_path, -1)
    with followed_training(run, SilentListener(), 6, done=0, steps=10) as progress:
        for step in range(1, 16):
            now = 2.0 * step
            if step == 10:
                progress.epoch(1, {})
            else:
                progress.step()
    assert noted[0] == {"epoch": 0, "epochs": 6, "seconds_left": pytest.approx(114)}
    assert [position["epoch"] for position in noted] == [0, 0, 0, 1, 1]


def test_the_position_of_many_networks_counts_from_the_first_call(
    tmp_path: Path, noted: list[Position], monkeypatch: pytest.MonkeyPatch
) -> None:
    """100 epochs a second; 400 were done by an earlier process."""
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    with followed_amount(OpenRun(tmp_path, -1), SilentListener(), 10_000) as show:
        for second in range(8):
            now = float(second)
            show(400 + 100 * second)
    assert noted == [{"epoch": 900, "epochs": 10_000, "seconds_left": pytest.approx(91)}]
