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
from fnnctl.data.in_memory import memory_data
from fnnctl.data.loading import load_dataset
from fnnctl.errors import DataError
from tests.memory import content, load, load_file, write_csv
from tests.messages import Messages

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
    "number w": ["1", "2", "0.5", "3"] * 6,
    "order": [f"2024-01-{day:02}" for day in range(1, 25)],
    "empty": [""] * 24,
    "y": ["a", "b", "", "b"] * 6,
}


@pytest.mark.parametrize(
    "settings",
    [
        {"columns": ColumnsConfig(categorical=("zip",))},
        {"weights": "number w", "split": SplitConfig(group="zip")},
        {"split": SplitConfig(by="order"), "columns": ColumnsConfig(ignore=("order",))},
    ],
    ids=["columns", "weights and groups", "order"],
)
def test_a_table_of_texts_is_read_as_the_csv_file_with_them(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = write_csv(tmp_path / "t.csv", TEXTS)
    expected = content(load_file(path, target="y", **settings), str(path))
    records = [dict(zip(TEXTS, row, strict=True)) for row in zip(*TEXTS.values(), strict=True)]
    for data in (TEXTS, records, {name: np.array(values) for name, values in TEXTS.items()}):
        assert content(load(data, target="y", **settings)) == expected


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
    monkeypatch.setattr("fnnctl.data.matrix.EXACT_VALUES", 200)
    monkeypatch.setattr("fnnctl.data.stored_arrays.BLOCK_BYTES", 512)
    values = np.asfortranarray(np.random.default_rng(0).normal(size=(400, 3)) * [1, 1e9, 1e-9])
    np.savez(tmp_path / "t.npz", X=values, y=np.arange(400) % 2)
    file, memory = load_file(tmp_path / "t.npz"), load((values, np.arange(400) % 2))
    assert file.packing is not None
    assert memory.packing is not None
    assert memory.numeric.dtype == np.float32
    assert (memory.numeric == file.numeric).all()
    assert (memory.packing.scale == file.packing.scale).all()


def test_labels_and_weights_may_be_apart_from_a_table() -> None:
    together = load({"a": X[:, 0], "y": Y}, target="y")
    apart = load(({"a": X[:, 0]}, Y, [1.0, 2, 3, 4]))
    assert content(apart)[:9] == content(together)[:9]
    assert apart.weights is not None
    assert apart.weights.tolist() == [1, 2, 3, 4]
    by_name = load({"a": X[:, 0], "y": Y, "w": [1, 2, 3, 4]}, target="y")
    assert by_name.weights is None


def test_rows_without_a_target_are_left_out_with_a_warning(messages: Messages) -> None:
    labels, weights = np.array([1.5, np.nan, 2.5, np.nan]), [1, 2, 3, 4]
    columns = {"x0": X[:, 0], "x1": X[:, 1]}
    for data in ((X, labels, weights), (X, [1.5, None, 2.5, np.nan], weights), (columns, labels, weights)):
        dataset = load(data)
        assert dataset.file_rows.tolist() == [0, 2]
        assert dataset.weights is not None
        assert dataset.weights.tolist() == [1, 3]
        assert dataset.target.texts == ("1.5", "2.5")
        (warning,) = dataset.warnings
        messages.check(warning)


class Named(list[str]):
    name = " species "


def test_the_target_has_the_name_of_the_labels_or_of_the_config() -> None:
    assert load((X, Y)).target.name == "y"
    assert load((X, Y), target="kind").target.name == "kind"
    assert load((X, Named(Y))).target.name == "species"
    assert load(({"y": [1, 2, 3, 4]}, Y)).target.name == "target"
    with pytest.raises(DataError, match=r"is named 'species', but data\.target is 'kind': rename it"):
        load((X, Named(Y)), target="kind")
    with pytest.raises(DataError, match="a column has the name of the target, 'species'"):
        load(({"species": [1, 2, 3, 4]}, Named(Y)))


def test_several_targets_are_columns() -> None:
    table = [[1.5, "a"], [2, "b"], [np.nan, None], [4, "a"]]
    dataset = load((X, table))
    assert [target.name for target in dataset.targets] == ["y0", "y1"]
    assert dataset.file_rows.tolist() == [0, 1, 3]
    assert [target.texts for target in dataset.targets] == [("1.5", "2", "4"), ("a", "b")]
    named = load(({"a": X[:, 0]}, np.eye(4)[:, :2]), target=("u", "v"))
    assert [target.name for target in named.targets] == ["u", "v"]
    assert [target.texts for target in named.targets] == [("0", "1"), ("0", "1")]
    assert load((X, np.array(Y)[:, None])).target.name == "y"
    assert digest((X, np.eye(4)[:, :2])) != digest((X, np.eye(4)[:, 1::-1]))
    with pytest.raises(DataError, match=r"y has 2 targets, but data\.target names 3"):
        load((X, np.eye(4)[:, :2]), target=("u", "v", "w"))
    with pytest.raises(DataError, match="a column has the name of the target, 'y1'"):
        load(({"y1": X[:, 0]}, np.eye(4)[:, :2]))


@pytest.mark.extra
def test_the_columns_of_a_frame_are_the_targets() -> None:
    frames = pytest.importorskip("pandas")
    dataset = load((X, frames.DataFrame({"price": [1.5, 2, 3, 4], "grade": Y})))
    assert [target.name for target in dataset.targets] == ["price", "grade"]


def digest(data: object) -> str:
    return memory_data(data).sha256


def test_the_digest_is_of_names_types_values_and_order() -> None:
    """What is missing has one digest."""
    columns: dict[str, list[Any]] = {"a": [1, 2, 3, 4], "b": ["u", "v", "w", None]}
    same: list[object] = [columns, {"a": np.arange(1, 5), "b": np.array(["u", "v", "w", None])}]
    same.append([{"a": a, "b": b} for a, b in zip(*columns.values(), strict=True)])
    different: list[object] = [
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
        (X, Y),
        *({"a": rows} for rows in (np.arange(40_000.0), np.arange(39_999.0), -np.arange(40_000.0))),
        (X[:, 1:], Y),
        (X[:, 1:].astype(np.float32), Y),
    ]
    assert len({*map(digest, same)}) == 1
    assert len({*map(digest, different), digest(columns)}) == len(different) + 1
    nan = X.copy()
    nan.view(np.uint64)[1, 0] |= 1
    assert np.isnan(nan[1, 0])
    assert digest((X, Y)) == digest((nan, Y)) == digest((np.asfortranarray(X), tuple(Y)))
    assert digest({"a": X[:, 0]}) == digest({"a": nan[:, 0]}) == digest({"a": [0.1, None, 1e300, 4.0]})


def test_a_digest_stays_the_same() -> None:
    """Runs record it, and it is compared by other processes and later versions."""
    table = {"a": [1, None, 3], "b": [0.5, np.nan, -0.0], "c": ["x", "", None], "d": [True, False, True]}
    assert digest(table) == "096b221a58a4eba9d86c8421f55219464b32931c13313b0db821177a06e65265"
    array = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert (
        digest((array, ["u", "v", None], [1, 2, 3]))
        == "351370e61ab37bcfe6a608b5920bfd9bc08fe59d31ceb21c987a190e7faf8c62"
    )


def test_other_data_and_no_data_are_refused(messages: Messages) -> None:
    memory, sha256 = memory_data((X, Y)), digest((X, Y))
    assert (memory.rows, memory.holds_arrays) == (4, True)
    assert load((X, Y), sha256=sha256).sha256 == sha256
    with pytest.raises(DataError) as error:
        load((X[::-1], Y), sha256=sha256)
    messages.check(error.value)
    with pytest.raises(DataError) as error:
        load_dataset(DataConfig(source=MEMORY_SOURCE), Path())
    messages.check(error.value)


def test_a_file_may_have_the_name(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "memory", {"a": ["1", "2"], "y": ["u", "v"]})
    dataset = load_dataset(DataConfig(source=MEMORY_SOURCE, target="y"), tmp_path)
    assert dataset.source == str(path)


def generator() -> Any:
    yield from X


MISUSE: list[object] = [
    None, "iris.csv", Path("a/iris.csv"), generator(), io.StringIO("a,b"), 42,
    # tuples
    (X,), (X, None), (X, Y[:3]), (X, Y, [1, 2]), (X, Y, [1, 2, 3, 10**5000]), (X, "noyes"),
    (X, np.eye(4)[None]), (X, [[1, 2], [1], [1, 2], [1, 2]]),
    (X, [1, 2, np.inf, 3]), (X, [1j] * 4), (X, [[1], [2, 3], [4], [5]]),
    # arrays
    X, (X[:, 0], Y), (X[None], Y), (X[:0], Y[:0]), (X * 1j, Y), (X.astype(str), Y), ([["a", 1.0]] * 4, Y),
    (np.array([["a", 1.0]] * 4, object), Y), (np.array([[Decimal(1), {}]] * 4), Y), ([[1, 2], [3]], Y),
    (sparse.csr_array(X), Y), (np.zeros((4, 2), "datetime64[s]"), Y), (np.where(np.isnan(X), np.inf, X), Y),
    ([[1, 2], [3, 10**400]], Y[:2]),
    # tables
    {}, {"a": []}, [], {"a": [1, -(10**5000)], "y": [1, 2]}, {"a": [1, 2], "b": [1]}, {"a": 1, "b": "x"},
    {"a": generator()}, {"a": np.eye(2)}, {("a", 1): [1]}, {"a": [[1], [2]], "y": [1, 2]},
    {"a": [1, 2], " a": [1, 2], "y": [1, 2]}, {"a": [1, 2], "yy": [1, 2]}, {"a": [1, 2], "y": [None, None]},
]  # fmt: skip


def test_misuse_has_a_message(messages: Messages) -> None:
    for data in MISUSE:
        with pytest.raises(DataError) as error:
            load(data, target=None if isinstance(data, tuple) else "y")
        messages.check(error.value)


def test_settings_that_contradict_the_data_are_refused(messages: Messages) -> None:
    table = {"a": [1, 2], "y": [1, 2]}
    cases: list[tuple[object, dict[str, Any]]] = [
        (table, {"delimiter": ",", "encoding": "cp1252", "target": "y"}),
        ((X, Y), {"missing_values": ("9",)}),
        ((X, Y, [1, 1, 1, 1]), {"weights": "x0"}),
        ((X, Y, [1, -1, 1, 1]), {}),
        ((X, Y), {"split": {"group": "g"}}),
        ({"a": [1, 2]}, {}),
    ]
    for data, config in cases:
        with pytest.raises(DataError) as error:
            load(data, **config)
        messages.check(error.value)


def test_columns_may_be_named_by_numbers_and_masked() -> None:
    masked = np.ma.masked_array([1, 2, 3, 4], [False, True, False, False])
    dataset = load({0: masked, np.int64(1): X[:, 1], "y": Y}, target="y")
    assert dataset.numeric_names == ("0", "1")
    np.testing.assert_array_equal(dataset.numeric[:, 0], [1, np.nan, 3, 4])
    array = np.ma.masked_array(X, np.isnan(X) | (X == 2))
    assert np.isnan(load((array, Y)).numeric).tolist() == array.mask.tolist()


def test_objects_that_are_numbers_are_an_array() -> None:
    array = np.array([[1, None], [2.5, True], [np.float32(3), Decimal(4)], [np.nan, 2]], object)
    np.testing.assert_array_equal(load((array, Y)).numeric, [[1, np.nan], [2.5, 1], [3, 4], [np.nan, 2]])
