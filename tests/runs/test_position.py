from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from fnnctl.console.progress import TerminalListener
from fnnctl.context import ShowNothing, SilentListener
from fnnctl.runs.position import followed_amount, followed_training
from fnnctl.store.run import OpenRun
from tests.program import Program
from tests.runs.searching import write_config

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
    for limit in (None, 60.0):
        now = 0.0
        with followed_amount(OpenRun(tmp_path, -1), SilentListener(), 10_000, time_limit=limit) as show:
            for second in range(8):
                now = float(second)
                show(400 + 100 * second)
    assert [position["seconds_left"] for position in noted] == pytest.approx([91, 55])
    assert [(position["epoch"], position["epochs"]) for position in noted] == [(900, 10_000)] * 2


def test_training_and_searching_tell_their_time_limit(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_figures: None
) -> None:
    epochs, amount = MagicMock(return_value=nullcontext(ShowNothing())), MagicMock()
    monkeypatch.setattr(TerminalListener, "epochs", epochs)
    monkeypatch.setattr(TerminalListener, "amount", amount)
    write_config(tmp_path / "x.yaml", search={"method": "random", "trials": 1})
    assert program("train", "x.yaml", "--set", "training.time_limit=600").code == 0
    assert program("search", "x.yaml", "--time-limit", "900", "--executor", "serial").code == 0
    limits = [call.args[0].time_limit for call in epochs.call_args_list]
    assert limits == [pytest.approx(600, abs=60), None]
    assert amount.call_args.kwargs["time_limit"] == pytest.approx(870, abs=30)
