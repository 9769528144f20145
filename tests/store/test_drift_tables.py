"""The tables of drift are read as they were written, and damaged ones are named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.errors import DataError
from fnnctl.metrics.drift import ColumnDrift, TableDrift
from fnnctl.store import names
from fnnctl.store.drift_tables import COLUMNS, drift_artifacts, read_drift
from fnnctl.store.run import OpenRun

Start = Callable[..., OpenRun]
BINS = (("1 to 2", 4, 1), ("(missing)", 0, 1))
DRIFT = TableDrift(
    (
        ColumnDrift("a, b", "numeric", 0.3, 1e-30, True, 0.0, 0.25, 0.5, BINS),
        ColumnDrift("y", "prediction", 0.0, 1.0, False, 0.0, 0.0, None, (("(missing)", 0, 0),)),
        ColumnDrift("y", "categorical", 0.0, 1.0, False, 0.0, 0.0, 0.0, (("u", 9, 9), ("(missing)", 0, 0))),
    )
)


def test_what_was_written_is_read(start_run: Start) -> None:
    run = start_run("a")
    assert read_drift(run) is None
    run.write_artifacts(drift_artifacts(DRIFT))
    assert read_drift(run) == DRIFT


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (names.DRIFT, "column,kind\na,numeric\n"),
        (names.DRIFT, f"{','.join(COLUMNS)}\na,b,x,1,true,0,0,0\n"),
        (names.DRIFT_BINS, "column,kind,bin,trained_rows,new_rows\na,b,c,1.5,0\n"),
    ],
)
def test_a_damaged_table_is_named(start_run: Start, name: str, text: str) -> None:
    run = start_run("a")
    run.write_artifacts(drift_artifacts(DRIFT))
    (run.path / name).write_text(text)
    with pytest.raises(DataError, match=name):
        read_drift(run)
