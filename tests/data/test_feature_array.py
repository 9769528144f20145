"""NPZ files and folders of NPY files as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from fnnctl.config.schema.data import ColumnsConfig, SplitConfig
from fnnctl.data import feature_array as array_table
from fnnctl.data import stored_arrays
from fnnctl.data.feature_array import FeatureArray
from fnnctl.data.stored_arrays import find_arrays
from fnnctl.errors import DataError
from tests.data.saving import READERS, Arrays, X, Y, fault, load, save
from tests.messages import Messages


@pytest.mark.parametrize("source", READERS)
def test_arrays_become_a_dataset(tmp_path: Path, source: str) -> None:
    dataset = load(tmp_path, source, {"X": X, "y": Y})
    np.testing.assert_array_equal(dataset.numeric, X)
    assert dataset.numeric_names == ("x0", "x1")
    assert dataset.target.codes.tolist() == [1, 0, 1]
    assert (dataset.target.texts, dataset.target.name) == (("5", "7"), "y")
    assert dataset.source == str((tmp_path / source).resolve())
    assert (dataset.name, dataset.warnings) == (Path(source).stem, ())
    assert dataset.file_rows.tolist() == [0, 1, 2]
    assert dataset.categorical.shape == (3, 0)


@pytest.mark.parametrize(
    ("source", "key", "names"),
    [("data.npz", "columns", [" age", "size"]), ("folder", "feature_names", [b"age", b"size"])],
)
def test_names_of_columns_are_taken(tmp_path: Path, source: str, key: str, names: list[str]) -> None:
    assert load(tmp_path, source, {"X": X, "y": Y, key: names}).numeric_names == ("age", "size")


@pytest.mark.parametrize("source", READERS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_any_type_and_order(tmp_path: Path, source: str, order: Any) -> None:
    for dtype in ("?", "i1", "u2", "<i8", ">i4", "f2", "<f4", ">f4", "f8", ">f8", np.longdouble):
        values = np.asarray(np.arange(24).reshape(8, 3) % 7 > 2, dtype=dtype, order=order)
        dataset = load(tmp_path, source, {"X": values, "y": np.arange(8) % 2})
        np.testing.assert_array_equal(dataset.numeric, values.astype(float))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([10, 2, 10], ("2", "10")),
        ([10.0, 2.0, 10.0], ("2", "10")),
        ([0.5, 2.0, 0.5], ("0.5", "2")),
        ([True, False, True], ("False", "True")),
        (["b", "ä", "b"], ("b", "ä")),
        ([b"b", "ä".encode(), b"b"], ("b", "ä")),
        ([[1], [0], [1]], ("0", "1")),
        (["b ", "a", " b"], ("a", "b")),
    ],
)
def test_labels_of_any_type(tmp_path: Path, labels: list[Any], classes: tuple[str, ...]) -> None:
    dataset = load(tmp_path, arrays={"X": X, "y": labels})
    assert dataset.target.texts == classes
    assert dataset.target.codes[0] == dataset.target.codes[2] != dataset.target.codes[1]


WRONG: dict[str, Arrays] = {
    "objects": {"X": np.array([[1, None], [2, 3]], object), "y": [0, 1]},
    "object labels": {"X": X, "y": np.array(["a", "b", "a"], object)},
    "object names": {"X": X, "y": Y, "columns": np.array(["a", "b"], object)},
    "structured": {"X": np.zeros(3, [("a", float), ("b", int)]), "y": Y},
    "complex": {"X": X + 0j, "y": Y},
    "dates": {"X": X, "y": np.array(["2020-01-01"] * 3, "M8[D]")},
    "text": {"X": np.array([["1", "2"]] * 3), "y": Y},
    "one dimension": {"X": X[:, 0], "y": Y},
    "three dimensions": {"X": X[:, :, None], "y": Y},
    "no dimension": {"X": 3.0, "y": Y},
    "no row": {"X": X[:0], "y": Y[:0]},
    "no column": {"X": X[:, :0], "y": Y},
    "more rows": {"X": X, "y": Y[:2]},
    "one-hot": {"X": X, "y": np.eye(3)},
    "no label": {"X": X, "y": [1.0, 0.0, np.nan]},
    "blank label": {"X": X, "y": ["a", " ", "b"]},
    "infinite": {"X": [[1.0, 2.0], [3.0, -np.inf]], "y": [0, 1]},
    "all missing": {"X": X * np.nan, "y": Y},
    "too few names": {"X": X, "y": Y, "columns": ["a"]},
    "names twice": {"X": X, "y": Y, "columns": ["a", "a "]},
    "blank name": {"X": X, "y": Y, "columns": ["a", ""]},
    "no y": {"X": X, "Y": Y},
    "neither": {"a": X, "b": Y},
    "not UTF-8": {"X": X, "y": [b"\xff", b"a", b"a"]},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_array_is_reported_with_its_name(tmp_path: Path, messages: Messages, name: str) -> None:
    for source in ("folder", "data.npz"):
        messages.check(fault(tmp_path, source, WRONG[name]))


def test_settings_of_tables_are_refused(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "target": "label", "delimiter": ",", "encoding": "utf-16", "missing_values": ("x",),
        "columns": ColumnsConfig(numeric=("x0",), categorical=("x1",)),
    }  # fmt: skip
    with pytest.raises(DataError) as caught:
        load(tmp_path, arrays={"X": X, "y": Y}, **given)
    assert [problem.path for problem in caught.value.problems] == [
        "data.target", "data.delimiter", "data.encoding", "data.missing_values",
        "data.columns.numeric", "data.columns.categorical",
    ]  # fmt: skip
    assert load(tmp_path, target="y").target.name == "y"


def test_columns_have_other_uses(tmp_path: Path, messages: Messages) -> None:
    """A column without values is left out."""
    wide = np.column_stack([X, [1, 2, 4], [8, 9, 8], [0, 1, 2], [np.nan] * 3])
    settings: dict[str, Any] = {
        "weights": "x2",
        "split": SplitConfig(group="x3"),
        "columns": ColumnsConfig(ignore=("x4",)),
    }
    dataset = load(tmp_path, arrays={"X": wide, "y": Y}, **settings)
    np.testing.assert_array_equal(dataset.numeric, X)
    assert dataset.weights is not None
    assert dataset.groups is not None
    assert dataset.weights.tolist() == [1, 2, 4]
    assert dataset.groups.tolist() == [0, 1, 0]
    (warning,) = dataset.warnings
    messages.check(warning)
    for wrong in ({"weights": "x9"}, {"weights": "x1"}, {"split": SplitConfig(group="x1")}):
        messages.check(fault(tmp_path, **wrong))


def test_rows_of_test_arrays_come_last_and_columns_are_found_by_name(tmp_path: Path) -> None:
    """A column may be named as the label."""
    save(tmp_path, "data.npz", {"X": X, "y": Y, "columns": ["a", "y"]})
    save(tmp_path, "test", {"X": [[0.0, 8.0, 9.0]], "y": [7.0], "columns": ["c", "y", "a"]})
    dataset = load(tmp_path, "data.npz", test_source="test")
    assert dataset.numeric_names == ("a", "y")
    np.testing.assert_array_equal(dataset.numeric, [*X, [9.0, 8.0]])
    assert dataset.target.codes.tolist() == [1, 0, 1, 1]
    assert dataset.test_rows == 1
    assert dataset.file_rows.tolist() == [0, 1, 2, 0]


def test_test_arrays_have_the_columns_of_the_training_data_and_no_tables(
    tmp_path: Path, messages: Messages
) -> None:
    save(tmp_path, "folder", {"X": X, "y": Y})
    save(tmp_path, "few", {"X": X[:, :1], "y": Y})
    (tmp_path / "t.csv").write_text("x0,x1,y\n1,2,7\n3,4,5\n")
    messages.check(fault(tmp_path, test_source="few"))
    messages.check(fault(tmp_path, test_source="t.csv"))
    save(tmp_path, "data.npz", {"X": X, "y": Y})
    messages.check(fault(tmp_path, "t.csv", target="y", test_source="data.npz"))


class TestLargeArrays:
    @pytest.fixture(autouse=True)
    def small_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(array_table, "EXACT_VALUES", 10)
        monkeypatch.setattr(stored_arrays, "BLOCK_BYTES", 64)

    VALUES = np.random.default_rng(0).normal(size=(1000, 4)).astype(np.float32)
    ARRAYS: ClassVar[Arrays] = {"X": VALUES, "y": np.arange(1000) % 3}

    def test_rows_of_float32_are_mapped(self, tmp_path: Path) -> None:
        dataset = load(tmp_path, arrays=self.ARRAYS)
        assert dataset.mapped is not None
        assert not dataset.numeric.flags.writeable
        assert not dataset.numeric.flags.owndata
        rows = np.array([900, 3, 3, 500])
        np.testing.assert_array_equal(dataset.numbers(rows), self.VALUES[rows].astype(float))
        columns = np.concatenate(list(dataset.number_columns(np.arange(5, 990))))
        np.testing.assert_array_equal(columns, self.VALUES[5:990].T.astype(float))
        np.testing.assert_array_equal(dataset.numbers(slice(990, None), [2])[:, 0], self.VALUES[990:, 2])

    def test_others_are_read(self, tmp_path: Path) -> None:
        for values in (self.VALUES.astype(float), np.asfortranarray(self.VALUES), self.VALUES.astype(">f4")):
            dataset = load(tmp_path, arrays={**self.ARRAYS, "X": values})
            assert dataset.mapped is None
            np.testing.assert_array_equal(dataset.numeric, values)

    def test_a_column_that_is_no_feature_or_a_test_part_is_read_too(self, tmp_path: Path) -> None:
        assert load(tmp_path, arrays=self.ARRAYS, columns=ColumnsConfig(ignore=("x1",))).mapped is None
        assert load(tmp_path, test_source="folder").mapped is None

    @pytest.mark.parametrize("ignored", [(), ("x2",)])
    def test_they_can_be_in_the_order_of_a_column(self, tmp_path: Path, ignored: tuple[str, ...]) -> None:
        columns, split = ColumnsConfig(ignore=ignored), SplitConfig(by="x2")
        dataset = load(tmp_path, arrays=self.ARRAYS, columns=columns, split=split)
        assert (dataset.mapped is None) == bool(ignored)
        assert dataset.numeric.shape == (1000, 4 - len(ignored))
        assert dataset.order is not None
        assert dataset.order.astype(np.float32).tolist() == self.VALUES[:, 2].tolist()

    def test_an_infinite_number_is_found_before(self, tmp_path: Path) -> None:
        values = self.VALUES.copy()
        values[777, 2] = np.inf
        assert "X[777, 2] is inf" in fault(tmp_path, arrays={**self.ARRAYS, "X": values})


def test_blocks_of_the_named_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows at a time; an infinite number is found in its row and column of X."""
    grid = np.arange(24.0).reshape(8, 3)
    grid[5, 1] = np.inf
    np.savez(tmp_path / "a.npz", X=grid)
    monkeypatch.setattr(stored_arrays, "BLOCK_BYTES", 2 * 3 * 8)
    features = FeatureArray.of(find_arrays(tmp_path / "a.npz", labelled=False))
    assert (features.names, features.named, features.rows) == (("x0", "x1", "x2"), False, 8)
    blocks = list(features.blocks(("x2", "x0")))
    assert [len(block) for block in blocks] == [2, 2, 2, 2]
    np.testing.assert_array_equal(np.concatenate(blocks), grid[:, [2, 0]])
    with pytest.raises(DataError, match=r"X: X\[5, 1\] is inf: a number must be finite"):
        list(features.blocks(["x2", "x1"]))
