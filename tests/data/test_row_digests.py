from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import UnsignedArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data import matrix
from fnnctl.data.in_memory import memory_data
from fnnctl.data.loading import load_dataset
from fnnctl.data.row_digests import DigestedColumns, RowDigester, ranks
from tests.data.conftest import Load

COLUMNS = DigestedColumns(("a", "b"), ("colour",), "y")
TABLE = "a,b,colour,y\n1,0.1,red,p\n2,-0.0,,q\n,2.50,blue,p\n1,0.1,red,p\n"
SALT = bytes(range(16))


def digester(columns: DigestedColumns = COLUMNS, salt: bytes = SALT) -> RowDigester:
    return RowDigester(salt, columns)


@pytest.fixture
def expected(load: Load) -> list[int]:
    digests: list[int] = digester().of_dataset(load(TABLE)).tolist()
    return digests


def test_equal_rows_alone_have_equal_digests(expected: list[int]) -> None:
    assert expected[0] == expected[3]
    assert len(set(expected)) == 3


@pytest.mark.parametrize(
    "table",
    [
        "y,id,colour,b,a\np,77,red,1e-1,1.0\nq,78,,0,2\np,79,blue,2.5,\np,80,red,.1,+1\n",
        "a;b;colour;y\n1;0,1;red;p\n2;0,0;;q\n;2,5;blue;p\n1;0,1;red;p\n",
        "a,b,colour,y\n1,0.1,red ,p\n2,0,NA,q\nnan,2.500,blue,p\n1,0.10, red,p\n",
    ],
)
def test_spellings_and_other_columns_do_not_count(load: Load, expected: list[int], table: str) -> None:
    delimiter = ";" if ";" in table else ","
    assert digester().of_dataset(load(table, delimiter=delimiter)).tolist() == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1,0.1", "1.001,0.1"),
        ("red", "Red"),
        ("0.1,red,p", "0.1,red,q"),
        ("2,-0.0,", ",-0.0,"),
        (",,q", ",2,q"),
    ],
)
def test_every_value_counts(load: Load, expected: list[int], old: str, new: str) -> None:
    assert digester().of_dataset(load(TABLE.replace(old, new))).tolist() != expected


def test_names_and_salts_count(load: Load, expected: list[int]) -> None:
    swapped = load(TABLE.replace("a,b,colour", "b,a,colour"))
    both = {
        *digester().of_dataset(swapped).tolist(),
        *digester(salt=bytes(16)).of_dataset(load(TABLE)).tolist(),
    }
    assert not both & {*expected}
    one, another = RowDigester.new(COLUMNS), RowDigester.new(COLUMNS)
    assert len(one.salt) == 16
    assert one.salt != another.salt


def test_a_column_that_rows_lack_is_missing(load: Load) -> None:
    without = load("a,colour,y\n1,red,p\n2,,q\n")
    empty = load("a,b,colour,y\n1,,red,p\n2,,,q\n1,3,red,p\n")
    assert digester().of_dataset(without).tolist() == digester().of_dataset(empty).tolist()[:2]


def test_categories_that_are_numbers_have_any_spelling(load: Load) -> None:
    columns = DigestedColumns((), ("c",), "y")
    digests = [
        digester(columns)
        .of_dataset(load(f"c,y\n{text},p\n5,q\n", columns={"categorical": ["c"]}))
        .tolist()[0]
        for text in ("1", "1.0", "01")
    ]
    assert digests[0] == digests[1] != digests[2]  # 01 is a code


def digests_of(folder: Path, source: str, columns: DigestedColumns, **settings: Any) -> UnsignedArray:
    return digester(columns).of_dataset(load_dataset(DataConfig(source=source, **settings), folder))


def test_all_forms_of_arrays_agree_with_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the number of values above which they are packed or mapped, too."""
    rng = np.random.default_rng(0)
    X = np.column_stack(
        [rng.normal(size=300), np.round(rng.gamma(1.0, 100.0, 300), 2), rng.integers(0, 5, 300)]
    )
    X[5, 0] = np.nan
    y = rng.integers(0, 2, 300)
    columns = DigestedColumns(("x0", "x1", "x2"), (), "y")
    lines = [f"{a!r},{b!r},{c!r},{label}" for (a, b, c), label in zip(X.tolist(), y.tolist(), strict=True)]
    (tmp_path / "t.csv").write_text("x0,x1,x2,y\n" + "\n".join(lines).replace("nan", "") + "\n")
    np.savez(tmp_path / "t.npz", X=X, y=y)
    exact = digests_of(tmp_path, "t.csv", columns, target="y")
    for values in (899, 900, 10):
        monkeypatch.setattr(matrix, "EXACT_VALUES", values)
        table = load_dataset(DataConfig(source="t.csv", target="y"), tmp_path)
        assert (table.packing is None) == (values == 900)
        np.testing.assert_array_equal(digester(columns).of_dataset(table), exact)
        np.testing.assert_array_equal(digests_of(tmp_path, "t.npz", columns), exact)
        memory = load_dataset(DataConfig(source="memory"), tmp_path, memory=memory_data((X, y)))
        np.testing.assert_array_equal(digester(columns).of_dataset(memory), exact)


@pytest.mark.extra
def test_a_parquet_file_has_those_of_the_table(tmp_path: Path, expected: list[int]) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {
        "a": pa.array([1, 2, None, 1], pa.int16()),
        "b": pa.array([0.1, -0.0, 2.5, 0.1], pa.float32()),
        "colour": ["red", None, "blue", "red"],
        "y": ["p", "q", "p", "p"],
    }
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    assert digests_of(tmp_path, "t.parquet", COLUMNS, target="y").tolist() == expected


def test_a_test_file_has_those_of_the_training_file(load: Load, tmp_path: Path, expected: list[int]) -> None:
    (tmp_path / "test.csv").write_text("y,colour,a,b\np,red,1,0.1\nq,green,7,7\n")
    digests = digester().of_dataset(load(TABLE, test_source="test.csv")).tolist()
    assert digests[:4] == expected
    assert digests[4] == expected[0] != digests[5]


def test_days_count_from_the_same_day(load: Load) -> None:
    columns = DigestedColumns(("d days", "d month"), (), "y")
    first = digester(columns).of_dataset(load("d,y\n2024-01-05,p\n2024-03-07,q\n2024-02-01,p\n")).tolist()
    later = digester(columns).of_dataset(load("d,y\n2024-02-01,p\n2024-03-07,q\n2024-05-01,p\n")).tolist()
    assert later[:2] == [first[2], first[1]]
    assert later[2] not in first


def test_exposures_count(load: Load) -> None:
    columns = DigestedColumns(("a",), (), "y", exposure="e")
    dataset = load("a,e,y\n1,2,3\n1,2.0,3\n1,4,3\n", exposure="e")
    first, second, third = digester(columns).of_dataset(dataset).tolist()
    assert first == second != third


def test_with_groups_the_group_alone_counts(load: Load, tmp_path: Path) -> None:
    columns = DigestedColumns(("a",), (), "y", group="g")
    table = load("a,g,y\n1,7,p\n2,7.0,q\n3,b,p\n", split={"group": "g"})
    first, second, third = digester(columns).of_dataset(table).tolist()
    assert first == second != third
    again = load("a,g,y\n9,c,p\n9,b,q\n9,7,p\n", split={"group": "g"})
    assert digester(columns).of_dataset(again).tolist()[1:] == [third, first]


def test_ranks_count_equal_rows_before() -> None:
    digests = np.array([5, 3, 5, 5, 3, 9], np.uint64)
    assert ranks(digests).tolist() == [0, 0, 1, 2, 1, 0]
    assert ranks(digests[:0]).tolist() == []
