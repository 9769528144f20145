from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.dataset import RawTarget
from fnnctl.data.matrix import NumberMatrix
from fnnctl.data.profile.columns import _extent, target_numbers
from fnnctl.data.profile.source import SourceOptions, read_source
from fnnctl.data.profile.table import table_facts
from tests.data.profile.conftest import Look

numbers = st.lists(st.integers(-5, 5).map(float) | st.floats(-1e6, 1e6), min_size=1, max_size=30)


@given(numbers)
def test_numbers_are_summarized_as_by_hand(values: list[float]) -> None:
    extent, unique = _extent(np.array([*values, np.nan]))
    different = sorted(set(values))
    assert unique == len(different)
    assert extent is not None
    assert (extent.low, extent.high) == (min(values), max(values))
    assert extent.median == pytest.approx(statistics.median(values))
    assert extent.integral == all(value.is_integer() for value in values)
    assert list(extent.lowest) == different[:2]
    assert list(extent.highest) == different[-2:]
    assert _extent(np.array([np.nan])) == (None, 0)


def test_texts_are_counted(look: Look) -> None:
    texts = ["loam", "sand", "loam", "", "clay", "loam", "sand", "peat"]
    facts = look({"soil": texts, "b": range(8), "none": ["", "NA"] * 4})
    soil, empty = facts["soil"], facts["none"]
    assert (soil.rows, soil.missing, soil.present, soil.unique) == (8, 1, 7, 4)
    assert soil.frequent == (("loam", 3), ("sand", 2), ("clay", 1))
    assert soil.extent is None
    assert (empty.type.kind, empty.missing, empty.unique, empty.digest) == ("empty", 8, 0, None)


def test_equal_columns_have_equal_digests(look: Look) -> None:
    columns = {
        "a": [1, 2, "", 0], "b": ["1.0", "2e0", "NA", "-0"], "c": [1, 2, 3, 0],
        "d": ["x", "y", "", "x"], "e": ["q", "p", "?", "q"], "f": ["x", "y", "y", "x"],
    }  # fmt: skip
    digest = {column.name: column.digest for column in look(columns).columns}
    assert digest["a"] == digest["b"] != digest["c"]
    assert digest["d"] == digest["e"] != digest["f"]


def test_the_numbers_of_a_target() -> None:
    found = target_numbers(RawTarget("y", np.array([1, 0, -1]), ("2", "1.5"), (2, 3)))
    assert found is not None
    np.testing.assert_array_equal(found, [1.5, 2.0, np.nan])
    assert target_numbers(RawTarget("y", np.array([0]), ("a",), (2,))) is None


def test_formats_are_seen_through(look: Look) -> None:
    rows = 40
    facts = look(
        {
            "price": [f"${number % 9 + 1}.50" for number in range(rows)],
            "signup": [f"2024-0{number % 3 + 1}-1{number % 7}" for number in range(rows)],
            "member": ["Yes", "no", "YES", "No"] * 10,
            "name": [f"name {number}" for number in range(rows)],
            "y": [f"{number}.50 €" for number in range(rows)],
        },
        "y",
    )
    price, signup, member, name, target = facts.columns
    assert (price.type.kind, price.unique, target.type.kind) == ("numeric", 9, "numeric")
    lows = [column.extent and (column.extent.low, column.extent.high) for column in (price, target, signup)]
    assert lows == [(1.5, 9.5), (0.5, 39.5), None]
    assert (signup.type.kind, signup.span) == ("date", ("2024-01-10", "2024-03-16"))
    assert (member.type.kind, member.unique, member.frequent[0][1]) == ("boolean", 2, 20)
    assert (name.type.kind, name.unique, name.frequent) == ("text", rows, ())


def test_decimal_commas_of_the_target_are_no_thousands(look: Look) -> None:
    """`98,777` is 98.777 here, and not 98777, which `98.777` would be in this notation."""
    rows = [f"0,{number}5;{number + 60},{number + 111}" for number in range(40)]
    extent = look("\n".join(["a;y", *rows, ""]), "y")["y"].extent
    assert extent is not None
    assert (extent.low, extent.high) == (60.111, 99.150)


class Searched(tuple[str, ...]):
    """Names that must not be searched: once per column, that takes as long as columns × columns."""

    def index(self, *_: object) -> int:
        raise RuntimeError


def test_the_time_of_many_columns_is_proportional_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = NumberMatrix.__init__

    def init(matrix: NumberMatrix, names: Sequence[str]) -> None:
        made(matrix, names)
        matrix.names = Searched(names)

    monkeypatch.setattr(NumberMatrix, "__init__", init)
    (tmp_path / "t.csv").write_text("a,b,c\n1,x,\n,y,\n2.5,y,\n")
    np.savez(tmp_path / "a.npz", X=[[1, np.nan], [np.nan, np.nan], [2, np.nan]], y=["a", "b", "a"])
    of_table, of_arrays = (
        table_facts(read_source(SourceOptions(source=name, folder=tmp_path))) for name in ("t.csv", "a.npz")
    )
    missing = [(column.type.kind, column.missing) for column in of_table.columns]
    assert missing == [("numeric", 1), ("categorical", 0), ("empty", 3)]
    missing = [(column.type.kind, column.missing) for column in of_arrays.columns]
    assert missing[:2] == [("numeric", 1), ("empty", 3)]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((19200, 45000, 112996.5), ["19200", "45000", "112996"]),
        ((0.8, 2.63, 4.4), ["0.8", "2.63", "4.4"]),
        ((1, 20.5, 1700000000), ["1", "20.5", "1700000000"]),
        ((-5, 0, 123456.5), ["-5", "0", "123456"]),
        ((19200, 45000, 5.5e12), ["1.92e+04", "4.5e+04", "5.5e+12"]),
        ((0, 0.00001234, 0.5), ["0", "1.234e-05", "5e-01"]),
    ],
)
def test_the_numbers_of_a_column_are_written_alike(values: tuple[float, ...], texts: list[str]) -> None:
    extent = _extent(np.array(values, np.float64))[0]
    assert extent is not None
    assert [extent.text(value) for value in (extent.low, extent.median, extent.high)] == texts
