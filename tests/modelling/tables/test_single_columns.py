from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from fnnctl.data.profile.source import SourceOptions, read_source
from fnnctl.data.profile.table import table_facts
from fnnctl.modelling.checks.best_column import ColumnCheck
from fnnctl.modelling.tables import single_columns
from fnnctl.modelling.tables.single_columns import check_table
from fnnctl.modelling.tables.target import target_facts
from tests.data.profile.conftest import csv_text

ROWS = 120
CLASSES = ["ab"[number % 2] for number in range(ROWS)]
SHUFFLED = [number * 7 % ROWS for number in range(ROWS)]
NOISE = [f"{number:.4f}" for number in np.random.default_rng(0).normal(size=ROWS)]


def check(folder: Path, columns: Mapping[str, Sequence[object]]) -> ColumnCheck:
    (folder / "t.csv").write_text(csv_text(columns))
    source = read_source(SourceOptions(source="t.csv", folder=folder, target="y"))
    target = target_facts(source)
    assert target is not None
    return check_table(table_facts(source), target)


@pytest.mark.parametrize(
    ("name", "values", "y"),
    [
        ("code", [number % 4 for number in range(ROWS)], CLASSES),
        ("word", [*"pqrs"] * (ROWS // 4), CLASSES),
        ("half", [f"{n / 2}" for n in SHUFFLED], [f"${1000 * n + 9000}.00" for n in SHUFFLED]),
        ("day", [f"2024-01-{n % 28 + 1:02}" for n in range(ROWS)], ["ab"[n % 28 > 13] for n in range(ROWS)]),
    ],
)
def test_a_leak_is_found_in_every_kind_of_column(
    tmp_path: Path, name: str, values: Sequence[object], y: Sequence[str]
) -> None:
    found = check(tmp_path, {"a": NOISE, name: values, "y": [*y[:-1], ""]})
    assert found.leaks == (name,)
    assert f"column '{name}' alone predicts the target" in found.warnings[0]
    assert found.best is not None


def test_noise_is_no_leak(tmp_path: Path) -> None:
    found = check(tmp_path, {"a": NOISE, "y": CLASSES})
    assert (found.leaks, found.warnings) == ((), ())


def test_of_many_rows_some_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only row of the class c is not among them."""
    monkeypatch.setattr(single_columns, "MOST_ROWS", 60)
    y = [*CLASSES[:3], "c", *CLASSES[4:]]
    columns: dict[str, Sequence[object]] = {"a": NOISE, "code": [*range(4)] * (ROWS // 4), "y": y}
    assert check(tmp_path, columns).leaks == ("code",)


def test_nothing_is_known_of_too_many_columns_or_too_few_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns: dict[str, Sequence[object]] = {"a": NOISE, "code": [*range(4)] * (ROWS // 4), "y": CLASSES}
    assert check(tmp_path, {name: values[:20] for name, values in columns.items()}) == ColumnCheck()
    monkeypatch.setattr(single_columns, "MOST_COLUMNS", 1)
    assert check(tmp_path, columns) == ColumnCheck()
    assert check(tmp_path, {"id": range(ROWS), "y": CLASSES}) == ColumnCheck()
