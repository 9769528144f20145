"""A regression's predictions.csv is read back as it was written."""

from __future__ import annotations

from pathlib import Path

from fnnctl.store.folder import RunFolder
from fnnctl.tasks.comparison import read_levels
from fnnctl.tasks.regression.scores import prediction_table
from fnnctl.tasks.regression.tables import prediction_columns, read_estimates


def test_it_is_read_back_to_the_bit(tmp_path: Path) -> None:
    assert read_estimates(RunFolder(tmp_path)) is None
    name, lines = prediction_table(prediction_columns(()), [(0, 0.1, 1 / 3), (7, -1e300, 5e-324)])
    (tmp_path / name).write_text("".join(lines))
    read = read_estimates(RunFolder(tmp_path))
    assert read is not None
    assert (read.targets.tolist(), read.estimates.tolist()) == ([0.1, -1e300], [1 / 3, 5e-324])
    assert read.quantiles is None


def test_quantiles_are_read_back_with_their_levels(tmp_path: Path) -> None:
    columns = prediction_columns((0.1, 1e-05))
    assert columns[3:] == ("q_0.1", "q_1e-05")
    name, lines = prediction_table(columns, [(3, 1.0, 2.0, 0.1, 1 / 3)])
    (tmp_path / name).write_text("".join(lines))
    read = read_estimates(RunFolder(tmp_path))
    assert read is not None
    assert read.quantiles is not None
    assert (read.quantiles.levels, read.quantiles.values.tolist()) == ((0.1, 1e-05), [[0.1, 1 / 3]])
    assert read_levels(RunFolder(tmp_path)) == (0.1, 1e-05)
