from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.store import names
from fnnctl.store.listing.position import Position
from fnnctl.store.run import OpenRun


def test_a_position_is_read_until_the_run_has_ended(run: OpenRun) -> None:
    assert Position.read(run.path) is None
    run.note_position({"epoch": 12, "epochs": 1_200, "seconds_left": 754.0})
    assert str(Position.read(run.path)) == "epoch 12 of 1,200, about 13 min left"
    run.note_position({"epoch": 0, "epochs": 1_200, "seconds_left": None})
    assert str(Position.read(run.path)) == "epoch 0 of 1,200"
    run.finish("interrupted", {"total": 1.0, "training": None})
    assert Position.read(run.path) is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"epoch": 1}', '{"epoch": "1", "epochs": 2}'])
def test_a_damaged_position_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / names.PROGRESS).write_text(content)
    assert Position.read(tmp_path) is None
