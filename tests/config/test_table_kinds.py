from __future__ import annotations

from contextlib import nullcontext

import pytest

from fnnctl.config.table_files import CSV, TableFile
from fnnctl.config.table_kinds import kind_by_name
from fnnctl.plugins import Plugin, Scope, TablePlugin, scope

LOGS = TableFile(name="logs", label="log", endings=(".log", ".log.old"))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("a.parquet", "Parquet"),
        ("A.PARQUET", "Parquet"),
        ("a.log", "log"),
        ("A.LOG", "log"),
        ("a.log.old", "log"),
        ("log", CSV.label),
        ("a.logs", CSV.label),
        ("a.txt", CSV.label),
        ("a.npz", CSV.label),
    ],
)
def test_the_ending_tells_the_kind_also_if_it_is_that_of_a_plugin(name: str, label: str) -> None:
    plugin = Plugin("table", "log", TablePlugin(file=LOGS, open_table=nullcontext))
    arrays = Plugin("table", "npz", TablePlugin(file=LOGS, open_table=nullcontext))
    with scope(Scope([plugin, arrays])):
        assert kind_by_name(name).label == label
    with scope():
        assert kind_by_name(name).label == (CSV.label if label == LOGS.label else label)
