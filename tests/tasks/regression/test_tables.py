"""A regression's predictions.csv is read back as it was written; damage is reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.errors import DataError
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.regression.scores import PREDICTION_COLUMNS, prediction_table
from fnnctl.tasks.regression.tables import read_predictions


def test_it_is_read_back_to_the_bit(tmp_path: Path) -> None:
    rows = [(0, 0.1, 1 / 3), (7, -1e300, 5e-324)]
    name, lines = prediction_table(PREDICTION_COLUMNS, rows)
    (tmp_path / name).write_text("".join(lines))
    found = read_predictions(RunFolder(tmp_path))
    assert found is not None
    np.testing.assert_array_equal(found, [[0.1, -1e300], [1 / 3, 5e-324]])


def test_a_run_without_the_file_has_none(tmp_path: Path) -> None:
    assert read_predictions(RunFolder(tmp_path)) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("row,label,prediction\n0,1,2\n", "the columns target and prediction are missing"),
        ("row,target,prediction\n0,1,high\n", "could not convert string to float: 'high'"),
        ("row,target,prediction\n0,1\n", "row 1 has 2 values, but the header has 3"),
    ],
)
def test_damage_is_told(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "predictions.csv").write_text(content)
    with pytest.raises(DataError, match="is damaged") as caught:
        read_predictions(RunFolder(tmp_path))
    assert message in caught.value.message
