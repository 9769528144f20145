"""Data in memory are read like the files with the same values, and every misuse has a message of its own."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from fnnctl.config.schema.data import ColumnsConfig, DataConfig, SplitConfig
from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.data.in_memory import MemoryData, memory_data
from fnnctl.data.loading import load_dataset
from fnnctl.errors import DataError
from fnnctl.messages import sentences
from tests.memory import content, load, load_file, write_csv

X = np.array([[0.1, 2.0], [np.nan, 3.5], [1e300, -0.0], [4.0, 1.0]])
Y = ["no", "yes", "no", "yes"]


TEXTS = {
    "number": ["1", "2.50", "", "-3e-5"] * 6,
    "price": ["$1,250", "$3", "$17.50", "NA"] * 6,
    "decimal": ["1,5", "2,25", "1.250", "3"] * 6,
    "day": ["2024-01-31", "2024-02-01", "", "2023-12-24"] * 6,
    "flag": ["yes", "no", "yes", ""] * 6,
    "colour": [" red", "blue ", "?", "red"] * 6,
    "zip": ["01234", "99999", "01234", "00001"] * 6,
    "empty": [""] * 24,
    "y": ["a", "b", "", "b"] * 6,
}


def test_a_table_of_texts_is_read_as_the_csv_file_with_them(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", TEXTS)
    columns = ColumnsConfig(categorical=("zip",))
    expected = content(load_file(path, target="y", columns=columns), str(path))
    assert content(load(TEXTS, target="y", columns=columns)) == expected
    records = [dict(zip(TEXTS, row, strict=True)) for row in zip(*TEXTS.values(), strict=True)]
    assert content(load(records, target="y", columns=columns)) == expected
    arrays = {name: np.array(values) for name, values in TEXTS.items()}
    assert content(load(arrays, target="y", columns=columns)) == expected


def test_a_number_is_a_missing_value_whatever_its_type(tmp_path: Path) -> None:
    """A column of integers with a gap is one of floating-point numbers in most libraries."""
    numbers, gaps = [1, 2, -999, 4] * 5, {"missing_values": ["", "-999"]}
    table = {"number": np.array(numbers), "kind": np.array(numbers), "y": np.array([0, 1, 1, -999] * 5)}
    settings = {**gaps, "target": "y", "columns": {"categorical": ["kind"]}}
    texts = {name: [*map(str, column.tolist())] for name, column in table.items()}
    expected = load_file(write_csv(tmp_path / "t.csv", texts), **settings)
    assert np.nanmin(expected.numbers(slice(None), [0])) == 1
    floats = {name: column.astype(float) for name, column in table.items()}
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(floats), tmp_path / "t.parquet")
    typed = [load(table, **settings), load(floats, **settings), load_file(tmp_path / "t.parquet", **settings)]
    # beside a column of texts, all columns are read as texts
    typed.append(load({**floats, "number": texts["number"], "other": floats["number"]}, **settings))
    for dataset in typed:
        assert dataset.target.codes.tolist() == expected.target.codes.tolist()
        assert dataset.categorical.tolist() == expected.categorical.tolist()
        for column in range(dataset.numeric.shape[1]):
            values = dataset.numbers(slice(None), [column])
            np.testing.assert_array_equal(values, expected.numbers(slice(None), [0]))


def test_columns_of_weights_groups_and_order_are_read_as_from_a_file(tmp_path: Path) -> None:
    columns = {
        "x": ["0.5", "1.5", "2.5", "3.5"] * 6,
        "w": ["1", "2", "0.5", "3"] * 6,
        "g": ["p", "q", "r", "s"] * 6,
        "t": [f"2024-01-{day:02}" for day in range(1, 25)],
        "y": ["a", "b", "", "b"] * 6,
    }
    path = write_csv(tmp_path / "t.csv", columns)
    settings: dict[str, Any] = {"target": "y", "weights": "w", "columns": ColumnsConfig(ignore=("t",))}
    for split in (SplitConfig(group="g"), SplitConfig(by="t")):
        dataset = load(columns, split=split, **settings)
        assert content(dataset) == content(load_file(path, split=split, **settings), path)
        assert dataset.weights is not None
        assert (dataset.groups is None) != (dataset.order is None)


def test_a_decimal_mark_is_for_texts_alone() -> None:
    columns = {"typed": [1.234, 2.5, 3.0], "text": ["1,5", "1.234", "2"], "y": ["u", "v", "u"]}
    dataset = load(columns, target="y", decimal_mark="comma")
    assert dataset.numeric.tolist() == [[1.234, 1.5], [2.5, 1234.0], [3.0, 2.0]]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int32", "bool"])
def test_arrays_are_read_as_the_npz_file_with_them(tmp_path: Path, dtype: str, order: Any) -> None:
    values = np.nan_to_num(X, posinf=9).clip(-9, 9).astype(dtype, order=order)
    labels = np.array([2.0, 1.0, 10.0, 2.0])
    np.savez(tmp_path / "t.npz", X=values, y=labels)
    expected = content(load_file(tmp_path / "t.npz"), str(tmp_path / "t.npz"))
    assert content(load((values, labels))) == expected
    assert content(load((values, labels.tolist()))) == expected


def test_large_arrays_are_packed_as_those_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnnctl.data.matrix.EXACT_VALUES", 2_000)
    monkeypatch.setattr("fnnctl.data.stored_arrays.BLOCK_BYTES", 4_096)
    values = np.asfortranarray(np.random.default_rng(0).normal(size=(4_000, 3)) * [1, 1e9, 1e-9])
    labels = np.arange(4_000) % 2
    np.savez(tmp_path / "t.npz", X=values, y=labels)
    expected = load_file(tmp_path / "t.npz")
    packed = load((values, labels))
    assert packed.packing is not None
    assert expected.packing is not None
    assert packed.numeric.dtype == np.float32
    assert (packed.numeric == expected.numeric).all()
    assert (packed.packing.scale == expected.packing.scale).all()


def test_labels_and_weights_may_be_apart_from_a_table() -> None:
    together = load({"a": X[:, 0], "y": Y}, target="y")
    apart = load(({"a": X[:, 0]}, Y, [1.0, 2, 3, 4]))
    assert content(apart)[:9] == content(together)[:9]
    assert apart.weights is not None
    assert apart.weights.tolist() == [1, 2, 3, 4]
    by_name = load({"a": X[:, 0], "y": Y, "w": [1, 2, 3, 4]}, target="y")
    assert by_name.weights is None


def test_rows_without_a_target_are_left_out_with_a_warning() -> None:
    labels = np.array([1.5, np.nan, 2.5, np.nan])
    weights = [1, 2, 3, 4]
    columns = {"x0": X[:, 0], "x1": X[:, 1]}
    for data in ((X, labels, weights), (X, [1.5, None, 2.5, np.nan], weights), (columns, labels, weights)):
        dataset = load(data)
        assert dataset.file_rows.tolist() == [0, 2]
        assert dataset.weights is not None
        assert dataset.weights.tolist() == [1, 3]
        assert dataset.target.texts == ("1.5", "2.5")
        (warning,) = sentences(dataset.warnings)
        assert warning.startswith("left out 2 rows of memory without a value in the target 'y'")


class Named(list[str]):
    name = " species "


def test_the_target_has_the_name_of_the_labels_or_of_the_config() -> None:
    names = {
        load((X, Y)).target.name: "y",
        load((X, Y), target="kind").target.name: "kind",
        load((X, Named(Y))).target.name: "species",
        load(({"y": [1, 2, 3, 4]}, Y)).target.name: "target",
    }
    assert all(name == expected for name, expected in names.items())
    with pytest.raises(DataError, match=r"is named 'species', but data\.target is 'kind': rename it"):
        load((X, Named(Y)), target="kind")
    with pytest.raises(DataError, match="a column has the name of the target, 'species'"):
        load(({"species": [1, 2, 3, 4]}, Named(Y)))


def digest(data: object) -> str:
    return memory_data(data).sha256


def test_the_digest_is_of_names_types_values_and_order() -> None:
    columns = {"a": [1, 2, 3, 4], "b": ["u", "v", "w", None]}
    same = [digest(columns), digest({"a": np.arange(1, 5), "b": np.array(["u", "v", "w", None])})]
    assert len({*same, digest([{"a": k, "b": b} for k, b in zip(*columns.values(), strict=True)])}) == 1
    different = [
        {"b": columns["b"], "a": columns["a"]},
        {**columns, "a": [1.0, 2, 3, 4]},
        {**columns, "a": [1, 2, 4, 3]},
        {**columns, "a": [1, 2, 3, None]},
        {**columns, "b": ["u", "v", "w", ""]},
        {**columns, "b": ["uv", "", "w", None]},
        {"a": columns["a"], "c": columns["b"]},
        (columns, Y),
        (columns, Y, [1, 2, 3, 4]),
        (columns, Y[::-1]),
    ]
    assert len({*map(digest, different), same[0]}) == len(different) + 1
    assert digest((X, Y)) == digest((np.asfortranarray(X), tuple(Y)))
    small = X[:, 1:]
    assert len({digest((small, Y)), digest((small.astype(np.float32), Y))}) == 2


def test_a_digest_stays_the_same() -> None:
    """Runs record it, and it is compared by other processes and later versions."""
    table = {"a": [1, None, 3], "b": [0.5, np.nan, -0.0], "c": ["x", "", None], "d": [True, False, True]}
    assert digest(table) == "096b221a58a4eba9d86c8421f55219464b32931c13313b0db821177a06e65265"
    array = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert (
        digest((array, ["u", "v", None], [1, 2, 3]))
        == "351370e61ab37bcfe6a608b5920bfd9bc08fe59d31ceb21c987a190e7faf8c62"
    )


def test_missing_values_have_one_digest() -> None:
    other = X.copy()
    other.view(np.uint64)[1, 0] |= 1
    assert np.isnan(other[1, 0])
    assert digest((X, Y)) == digest((other, Y))
    assert digest({"a": X[:, 0]}) == digest({"a": other[:, 0]}) == digest({"a": [0.1, None, 1e300, 4.0]})


def test_a_digest_in_the_config_is_checked() -> None:
    sha256 = digest((X, Y))
    assert load((X, Y), sha256=sha256).sha256 == sha256
    with pytest.raises(DataError, match="memory has changed: its SHA-256 is now") as caught:
        load((X[::-1], Y), sha256=sha256)
    assert caught.value.problems[0].path == "data.sha256"


def test_without_the_data_it_is_said_what_to_do() -> None:
    with pytest.raises(DataError, match="continue in Python with the same data, or save them") as caught:
        load_dataset(DataConfig(source=MEMORY_SOURCE), Path())
    assert caught.value.problems[0].path == "data.source"


def test_a_file_may_have_the_name(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "memory", {"a": ["1", "2"], "y": ["u", "v"]})
    dataset = load_dataset(DataConfig(source=MEMORY_SOURCE, target="y"), tmp_path)
    assert dataset.source == str(path)


def generator() -> Any:
    yield from X


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "there are no data: None"),
        ("iris.csv", "'iris.csv' is a path, not data: name it as data.source"),
        (Path("a/iris.csv"), "'a/iris.csv' is a path"),
        (generator(), "a generator can be read only once: make a list of it"),
        ((generator(), Y), "a generator can be read only once"),
        (io.StringIO("a,b"), r"an open file \(StringIO\) is no data"),
        (42, "an object of type int is no data: pass a data frame, a mapping"),
        ((X,), r"a tuple of 1 value: pass \(X, y\) or \(X, y, weights\)"),
        ((X, None), r"y is None"),
        ((X, Y[:3]), "y has 3 values, but X has 4 rows: one per row is needed"),
        ((X, Y, [1, 2]), "weights has 2 values, but X has 4 rows"),
        ((X, Y, ["a"] * 4), "weights has a value that is not a number"),
        ((X, "noyes"), "y is of type str: a list or an array is needed, with a value per row"),
        ((X, generator()), "y is of type generator"),
        ((X, np.eye(4)), r"y has the shape \(4, 4\), .* \(for one-hot labels, y\.argmax\(axis=1\)\)"),
        ((X, [1, 2, np.inf, 3]), r"y\[2\] is inf: a number must be finite"),
        ((X, [1j] * 4), r"y\[0\] is of type complex: numbers, texts or booleans"),
        ((X, [[1], [2, 3], [4], [5]]), r"y\[0\] is of type list"),
        ((X[:, 0], Y), r"memory: X: has the shape \(4,\), .* X\.reshape\(-1, 1\) is one column"),
        ((X[None], Y), r"has the shape \(1, 4, 2\), .* flattens each row"),
        ((X[:0], Y[:0]), r"is empty: its shape is \(0, 2\)"),
        ((X * 1j, Y), "X has complex numbers: numbers are needed"),
        ((X.astype(str), Y), "X has texts, but an array has numbers only: pass a data frame"),
        (([["a", 1.0]] * 4, Y), "X has texts"),
        ((np.array([["a", 1.0]] * 4, object), Y), "X has texts"),
        ((np.array([[Decimal(1), {}]] * 4), Y), "X has values of type dict"),
        (([[1, 2], [3]], Y), "X has rows of different lengths"),
        ((sparse.csr_array(X), Y), r"X is sparse: X\.toarray\(\) makes it dense"),
        ((np.zeros((4, 2), "datetime64[s]"), Y), r"X has values of type datetime64\[s\]"),
        ((np.where(np.isnan(X), np.inf, X), Y), r"X\[1, 0\] is inf: a number must be finite"),
        (([[1, 2], [3, 10**400]], Y[:2]), r"X\[1, 1\] is inf: a number must be finite"),
        ({"a": [1, 10**400], "y": [1, 2]}, "0…' is not a finite number"),
        ({"a": [1, -(10**5000)], "y": [1, 2]}, "'-inf' is not a finite number"),
        (([[1, 2], [3, 10**5000]], Y[:2]), r"X\[1, 1\] is inf: a number must be finite"),
        ((X, Y, [1, 2, 3, 10**5000]), "weights has a value that is not a number"),
        (
            {"a": [np.timedelta64(1, "ns")] * 2, "y": [1, 2]},
            "the column 'a' has the type 'timedelta64'",
        ),
        (X, r"there is no target: pass \(X, y\)"),
        ({}, "the table has no columns"),
        ({"a": []}, "there are no rows"),
        ([], "there are no rows"),
        ({"a": [1, 2], "b": [1]}, "the column 'b' has 1 values, but 'a' has 2"),
        ({"a": 1, "b": "x"}, "the column 'a' is a single value"),
        ({"a": generator()}, "the column 'a' is of type generator: a list or an array is needed"),
        ({"a": {1, 2}}, "the column 'a' is of type set"),
        ({"a": np.eye(2)}, r"the column 'a' has the shape \(2, 2\): one value per row is needed"),
        ({("a", 1): [1]}, r"the column name \('a', 1\) is of type tuple"),
        ({"a": [[1], [2]], "y": [1, 2]}, "the column 'a' has the type 'list', not numbers, texts, dates"),
        ({"a": [1j, 2j], "y": [1, 2]}, "the column 'a' has the type 'complex'"),
        ({"a": np.array([1j, 2]), "y": [1, 2]}, "the column 'a' has the type 'complex numbers'"),
        ({"a": [1, 2], " a": [1, 2], "y": [1, 2]}, "columns 1 and 2 have the same name 'a': rename one"),
        ({"a": [1, 2], "target": [1, 2]}, "there is no column 'y' in memory; its columns are 'a', 'target'"),
        ({"a": [1, 2], "yy": [1, 2]}, r"there is no column 'y' in memory \(did you mean 'yy'\?\)"),
        ({"a": [1.0, np.inf, 3], "y": [1, 2, 3]}, "'inf' is not a finite number"),
        ({"a": [1, 2], "y": [None, None]}, "the target 'y' has no value in any row"),
    ],
)
def test_misuse_has_a_message(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(data, target=None if isinstance(data, tuple) else "y")


def test_settings_that_contradict_the_data_are_refused() -> None:
    for data, config, message in (
        ({"a": [1, 2], "y": [1, 2]}, {"delimiter": ",", "target": "y"}, "it is for CSV files, and"),
        ({"a": [1, 2], "y": [1, 2]}, {"target": "y", "encoding": "cp1252"}, "the data are in memory"),
        ((X, Y), {"missing_values": ("9",)}, "arrays hold numbers only"),
        ((X, Y, [1, 1, 1, 1]), {"weights": "x0"}, "the weights of the rows were passed"),
        ((X, Y, [1, -1, 1, 1]), {}, r"the array of weights has a negative number, -1: .* row 1, counted"),
        ((X, Y), {"split": {"group": "g"}}, "there is no column 'g' in memory"),
        ({"a": [1, 2]}, {}, "name the target column; the columns of memory are a"),
    ):
        with pytest.raises(DataError, match=message):
            load(data, **config)


def test_a_column_that_is_left_out_may_have_any_type() -> None:
    data = {"a": [1, 2], "tags": [["x"], ["y"]], "y": [1, 2]}
    dataset = load(data, target="y", columns=ColumnsConfig(ignore=("tags",)))
    assert dataset.numeric_names == ("a",)


def test_columns_may_be_named_by_numbers_and_masked() -> None:
    masked = np.ma.masked_array([1, 2, 3, 4], [False, True, False, False])
    dataset = load({0: masked, np.int64(1): X[:, 1], "y": Y}, target="y")
    assert dataset.numeric_names == ("0", "1")
    assert np.array_equal(dataset.numeric[:, 0], [1, np.nan, 3, 4], equal_nan=True)
    array = np.ma.masked_array(X, np.isnan(X) | (X == 2))
    assert np.isnan(load((array, Y)).numeric).tolist() == array.mask.tolist()


def test_objects_that_are_numbers_are_an_array() -> None:
    array = np.array([[1, None], [2.5, True], [np.float32(3), Decimal(4)], [np.nan, 2]], object)
    numbers = load((array, Y)).numeric
    assert np.array_equal(numbers, [[1.0, np.nan], [2.5, 1.0], [3.0, 4.0], [np.nan, 2.0]], equal_nan=True)


def test_the_data_are_a_value() -> None:
    memory = memory_data((X, Y))
    assert isinstance(memory, MemoryData)
    assert memory.rows == 4
    assert memory.holds_arrays
