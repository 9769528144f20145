from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fnnctl.errors import DataError
from fnnctl.metrics.comparison.measures import Hits, RowSums
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import PREDICTIONS
from fnnctl.store.run import create_run
from fnnctl.tasks.comparison import MEASURED_ROWS

CLASSIFIED = ("row", "label", "prediction", "p_b", "p_a")
ESTIMATED = ("row", "target", "prediction")


def predicted(tmp_path: Path, columns: Sequence[str], *rows: Sequence[object]) -> RunFolder:
    run = create_run(tmp_path, name="a", kind="train", manifest={}, resolved="")
    run.write_table(PREDICTIONS, columns, rows)
    return RunFolder(run.path)


def test_rows_and_classes_are_put_in_order(tmp_path: Path) -> None:
    run = predicted(tmp_path, CLASSIFIED, (7, "a", "b", 0.75, 0.25), (2, "b", "b", 0.5, 0.5))
    found = MEASURED_ROWS["classification"](run, "accuracy")
    assert found
    assert isinstance(found.measure, Hits)
    assert found.rows.tolist() == [2, 7]
    assert found.truths.tolist() == [1, 0]
    assert found.measure.hits.tolist() == [True, False]
    losses = MEASURED_ROWS["classification"](run, "log_loss")
    assert losses
    assert isinstance(losses.measure, RowSums)
    np.testing.assert_allclose(losses.measure.values[:, 1], [np.log(2), np.log(4)])


def test_estimates_are_put_in_order(tmp_path: Path) -> None:
    run = predicted(tmp_path, ESTIMATED, (7, 1.0, 3.0), (2, 5.0, 4.0))
    found = MEASURED_ROWS["regression"](run, "mae")
    assert found
    assert found.measure
    assert found.truths.tolist() == [5.0, 1.0]
    assert found.measure.value == 1.5


@pytest.mark.parametrize(("task", "metric", "header"), [
    ("classification", "accuracy", CLASSIFIED), ("regression", "mae", ESTIMATED),
])  # fmt: skip
def test_without_rows_nothing_is_measured(
    tmp_path: Path, task: str, metric: str, header: tuple[str, ...]
) -> None:
    run = predicted(tmp_path, header)
    assert MEASURED_ROWS[task](run, metric) is None


@pytest.mark.parametrize("row", [(10**30, "a", "a", 1, 0), ("x", "a", "a", 1, 0), (1, "c", "a", 1, 0)])
def test_a_damaged_row(tmp_path: Path, row: tuple[object, ...]) -> None:
    run = predicted(tmp_path, CLASSIFIED, row)
    with pytest.raises(DataError, match="is damaged"):
        MEASURED_ROWS["classification"](run, "accuracy")
