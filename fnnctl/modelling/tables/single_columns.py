"""How well each column of a table alone predicts the target, before there is an experiment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.dataset import ROW_NUMBER, Dataset, RawTarget
from fnnctl.data.profile.source import Source
from fnnctl.data.profile.table import TableFacts
from fnnctl.data.tables.readings import expansions
from fnnctl.errors import DataError
from fnnctl.modelling.checks.best_column import MOST_COLUMNS, MOST_ROWS, ColumnCheck, check_columns
from fnnctl.modelling.tables.target import TargetFacts
from fnnctl.seeds import Purpose, stream
from fnnctl.tasks.registry import encode


def check_table(facts: TableFacts, target: TargetFacts) -> ColumnCheck:
    """Check the columns that should not be left out, in at most `MOST_ROWS` rows with a target.

    Empty if the table has too many columns, or if the rows have too few targets to be trained on.
    """
    source = facts.source
    used = [each for each in source.readings.values() if each.name not in {*facts.left_out, target.name}]
    if not 0 < len(used) <= MOST_COLUMNS:
        return ColumnCheck()
    rows = np.flatnonzero(target.column.codes >= 0)
    if len(rows) > MOST_ROWS:
        rows = np.sort(stream(0, Purpose.COLUMNS).choice(rows, MOST_ROWS, replace=False))
    dataset = _dataset(source, target, rows, [name for each in used for name in each.columns])
    try:
        return check_columns(encode(dataset, target.task), None)
    except DataError:
        return ColumnCheck()


def _dataset(source: Source, target: TargetFacts, rows: IntArray, names: list[str]) -> Dataset:
    """The named columns in some rows."""
    table, column = source.table, target.column
    numeric = [name for name in names if name in table.numeric]
    categorical = [name for name in names if name in table.categorical]
    present, codes = np.unique(column.codes[rows], return_inverse=True)
    texts, lines = zip(*((column.texts[code], column.lines[code]) for code in present), strict=True)
    form = source.target.format if source.target else None
    raw = RawTarget(target.name, codes, texts, lines, form)
    return Dataset(
        name=source.file,
        source=source.file,
        sha256="",
        numeric=np.array([table.numeric[name][rows] for name in numeric]).reshape(-1, len(rows)).T,
        numeric_names=tuple(numeric),
        categorical=np.array([table.categorical[name].codes[rows] for name in categorical], np.int32)
        .reshape(-1, len(rows))
        .T,
        categorical_names=tuple(categorical),
        categories=tuple(table.categorical[name].texts for name in categorical),
        target=replace(raw.plain(), format=None),
        file_rows=rows.astype(ROW_NUMBER),
        expansions={
            name: parts for name, parts in expansions(source.readings).items() if {*parts} <= {*numeric}
        },
    )
