"""A regression's predictions.csv is read back as it was written; damage is reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.errors import DataError
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.regression.scores import PREDICTION_COLUMNS, prediction_table
from fnnctl.tasks.regression.tables import read_predictions
from tests.messages import Messages


def test_it_is_read_back_to_the_bit(tmp_path: Path) -> None:
    assert read_predictions(RunFolder(tmp_path)) is None
    name, lines = prediction_table(PREDICTION_COLUMNS, [(0, 0.1, 1 / 3), (7, -1e300, 5e-324)])
    (tmp_path / name).write_text("".join(lines))
    np.testing.assert_array_equal(read_predictions(RunFolder(tmp_path)), [[0.1, -1e300], [1 / 3, 5e-324]])


@pytest.mark.parametrize(
    "content",
    ["row,label,prediction\n0,1,2\n", "row,target,prediction\n0,1,high\n", "row,target,prediction\n0,1\n"],
)
def test_damage_is_told(tmp_path: Path, messages: Messages, content: str) -> None:
    (tmp_path / "predictions.csv").write_text(content)
    with pytest.raises(DataError) as error:
        read_predictions(RunFolder(tmp_path))
    messages.check(error.value)
