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
from fnnctl.tasks.comparison import MEASURED_ROWS, MeasuredRows

COLUMNS = {
    "classification": ("row", "label", "prediction", "p_b", "p_a"),
    "regression": ("row", "target", "prediction"),
}


def measured(tmp_path: Path, task: str, metric: str, *rows: Sequence[object]) -> MeasuredRows | None:
    run = create_run(tmp_path, name="a", kind="train", manifest={}, resolved="")
    run.write_table(PREDICTIONS, COLUMNS[task], rows)
    return MEASURED_ROWS[task](RunFolder(run.path), metric)


def test_rows_and_classes_are_put_in_order(tmp_path: Path) -> None:
    rows = (7, "a", "b", 0.75, 0.25), (2, "b", "b", 0.5, 0.5)
    hits = measured(tmp_path, "classification", "accuracy", *rows)
    assert hits
    assert isinstance(hits.measure, Hits)
    assert (hits.rows.tolist(), hits.truths.tolist()) == ([2, 7], [1, 0])
    assert hits.measure.hits.tolist() == [True, False]
    losses = measured(tmp_path, "classification", "log_loss", *rows)
    assert losses
    assert isinstance(losses.measure, RowSums)
    np.testing.assert_allclose(losses.measure.values[:, 1], [np.log(2), np.log(4)])


def test_estimates_are_put_in_order(tmp_path: Path) -> None:
    errors = measured(tmp_path, "regression", "mae", (7, 1.0, 3.0), (2, 5.0, 4.0))
    assert errors
    assert errors.measure
    assert errors.truths.tolist() == [5.0, 1.0]
    assert errors.measure.value == 1.5


@pytest.mark.parametrize(("task", "metric"), [("classification", "accuracy"), ("regression", "mae")])
def test_without_rows_nothing_is_measured(tmp_path: Path, task: str, metric: str) -> None:
    assert measured(tmp_path, task, metric) is None


@pytest.mark.parametrize("row", [(10**30, "a", "a", 1, 0), ("x", "a", "a", 1, 0), (1, "c", "a", 1, 0)])
def test_a_damaged_row(tmp_path: Path, row: tuple[object, ...]) -> None:
    with pytest.raises(DataError, match="is damaged"):
        measured(tmp_path, "classification", "accuracy", row)
