"""A regression's predictions.csv becomes numbers in the order of the file; damage is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.errors import DataError
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.stored_estimates import read_stored_estimates
from tests.messages import Messages


def test_rows_of_a_cross_validation_with_exposures(tmp_path: Path) -> None:
    content = "repeat,fold,row,target,prediction,rate\n1,2,5,3,4,2\n2,1,0,1,0.5,1\n"
    (tmp_path / "predictions.csv").write_text(content)
    stored = read_stored_estimates(RunFolder(tmp_path), 1.0)
    assert stored is not None
    assert (stored.numbers.tolist(), stored.repeats.tolist()) == ([5, 0], [1, 2])
    assert (stored.rates.tolist(), stored.rows.targets.tolist()) == ([2.0, 1.0], [3.0, 1.0])
    assert stored.rows.exposures is not None
    assert stored.rows.exposures.tolist() == [2.0, 0.5]


def test_a_file_without_rates_has_those_of_the_predictions(tmp_path: Path) -> None:
    (tmp_path / "predictions.csv").write_text("row,target,prediction\n7,1,2\n")
    stored = read_stored_estimates(RunFolder(tmp_path), 1.0)
    assert stored is not None
    assert (stored.rates.tolist(), stored.repeats.tolist(), stored.rows.exposures) == ([2.0], [1], None)


@pytest.mark.parametrize(
    "content",
    [
        "row,target,prediction,q_x\n0,1,2,3\n",
        "row,label,prediction\n0,1,2\n",
        "row,target,prediction\n0,1,high\n",
        "row,target,prediction\n0,1\n",
        "row,target,prediction\n0.5,1,2\n",
        "row,target,prediction\n0,1,2\n1,1e400,2\n",
        "row,target,prediction\n0,nan,2\n",
    ],
)
def test_damage_is_told(tmp_path: Path, messages: Messages, content: str) -> None:
    (tmp_path / "predictions.csv").write_text(content)
    with pytest.raises(DataError) as error:
        read_stored_estimates(RunFolder(tmp_path))
    messages.check(error.value)
