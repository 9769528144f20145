"""NPZ files and folders of NPY files as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fnnctl.config.schema.data import ColumnsConfig, SplitConfig
from fnnctl.data import feature_array as array_table
from fnnctl.data import stored_arrays
from fnnctl.data.feature_array import FeatureArray
from fnnctl.data.stored_arrays import find_arrays
from fnnctl.errors import DataError
from fnnctl.messages import sentences
from tests.data.saving import READERS, Arrays, X, Y, fault, load, save


@pytest.mark.parametrize("source", READERS)
def test_arrays_become_a_dataset(tmp_path: Path, source: str) -> None:
    dataset = load(tmp_path, source, {"X": X, "y": Y})
    np.testing.assert_array_equal(dataset.numeric, X)
    assert dataset.numeric_names == ("x0", "x1")
    assert dataset.target.codes.tolist() == [1, 0, 1]
    assert (dataset.target.texts, dataset.target.name) == (("5", "7"), "y")
    assert dataset.source == str((tmp_path / source).resolve())
    assert dataset.name == Path(source).stem
    assert dataset.file_rows.tolist() == [0, 1, 2]
    assert dataset.categorical.shape == (3, 0)
    assert dataset.warnings == ()


@pytest.mark.parametrize("source", READERS)
@pytest.mark.parametrize("key", ["feature_names", "columns"])
def test_names_of_columns_are_taken(tmp_path: Path, source: str, key: str) -> None:
    names = np.array([" age", "size"]) if key == "columns" else np.array([b"age", b"size"])
    assert load(tmp_path, source, {"X": X, "y": Y, key: names}).numeric_names == ("age", "size")


@pytest.mark.parametrize("source", READERS)
@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u2", "<i8", ">i4", "f2", "<f4", ">f4", "f8", ">f8", np.longdouble]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_any_type_and_order(tmp_path: Path, source: str, dtype: Any, order: Any) -> None:
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


WRONG: dict[str, tuple[Arrays, str]] = {
    "objects": ({"X": np.array([[1, None], [2, 3]], object), "y": [0, 1]}, "X: contains Python objects"),
    "object labels": ({"X": X, "y": np.array(["a", "b", "a"], object)}, "y: contains Python objects"),
    "object names": (
        {"X": X, "y": Y, "columns": np.array(["a", "b"], object)}, "columns: contains Python objects",
    ),
    "structured": ({"X": np.zeros(3, [("a", float), ("b", int)]), "y": Y}, "X: is of type [('a', '<f8'"),
    "complex": ({"X": X + 0j, "y": Y}, "X: is of type complex128"),
    "dates": ({"X": X, "y": np.array(["2020-01-01"] * 3, "M8[D]")}, "y: is of type datetime64[D]"),
    "text": ({"X": np.array([["1", "2"]] * 3), "y": Y}, "X: contains text"),
    "one dimension": ({"X": X[:, 0], "y": Y}, "X.reshape(-1, 1) is one column"),
    "three dimensions": ({"X": X[:, :, None], "y": Y}, "X.reshape(len(X), -1) flattens each row"),
    "no dimension": ({"X": 3.0, "y": Y}, "X: has the shape ()"),
    "no row": ({"X": X[:0], "y": Y[:0]}, "X: is empty: its shape is (0, 2)"),
    "no column": ({"X": X[:, :0], "y": Y}, "X: is empty: its shape is (3, 0)"),
    "more rows": ({"X": X, "y": Y[:2]}, "X: has 3 rows, but y has 2 labels: one per row is needed"),
    "more labels": ({"X": X, "y": [0, 1, 0, 1]}, "X: has 3 rows, but y has 4 labels"),
    "one-hot": ({"X": X, "y": np.eye(3)}, "one-hot labels, save y.argmax(axis=1)"),
    "no label": ({"X": X, "y": [1.0, 0.0, np.nan]}, "y: has rows without a value: y[2] is nan"),
    "blank label": ({"X": X, "y": ["a", " ", "b"]}, "y: has rows without a value: y[1] is blank"),
    "infinite": ({"X": [[1.0, 2.0], [3.0, -np.inf]], "y": [0, 1]}, "X: X[1, 1] is -inf: a number"),
    "all missing": ({"X": X * np.nan, "y": Y}, "X: has no column with values to train on"),
    "too few names": ({"X": X, "y": Y, "columns": ["a"]}, "columns: is <U1 of shape (1,): one text"),
    "names twice": ({"X": X, "y": Y, "columns": ["a", "a "]}, "of column 1 is 'a', which another column has"),
    "blank name": ({"X": X, "y": Y, "columns": ["a", ""]}, "the name of column 1 is blank"),
    "no y": ({"X": X, "Y": Y}, "(did you mean 'Y'?)"),
    "neither": ({"a": X, "b": Y}, "X"),
    "not UTF-8": ({"X": X, "y": [b"\xff", b"a", b"a"]}, "y: is not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("source", READERS)
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_array_is_reported_with_its_name(tmp_path: Path, source: str, name: str) -> None:
    arrays, words = WRONG[name]
    message = fault(tmp_path, source, arrays)
    assert message.startswith(str(tmp_path / source))
    assert words in message.replace(".npy:", ":")


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


def test_columns_have_other_uses(tmp_path: Path) -> None:
    wide = np.column_stack([X, [1, 2, 4], [8, 9, 8], [0, 1, 2]])
    dataset = load(
        tmp_path, arrays={"X": wide, "y": Y}, weights="x2", split=SplitConfig(group="x3"),
        columns=ColumnsConfig(ignore=("x4",)),
    )  # fmt: skip
    np.testing.assert_array_equal(dataset.numeric, X)
    assert dataset.weights is not None
    assert dataset.groups is not None
    assert dataset.weights.tolist() == [1, 2, 4]
    assert dataset.groups.tolist() == [0, 1, 0]
    assert "there is no column 'x9'" in fault(tmp_path, weights="x9")
    assert "x1', which data.weights names, has 1 row without a value" in fault(tmp_path, weights="x1")
    assert fault(tmp_path, weights="x1").endswith("(the first is row 1, counted from 0)")
    assert "x1, which data.split.group names, has 1 row" in fault(
        tmp_path, split=SplitConfig(group="x1")
    ).replace("'", "")


def test_a_column_without_values_is_left_out(tmp_path: Path) -> None:
    dataset = load(tmp_path, arrays={"X": np.column_stack([X[:, 0], X[:, 1] * np.nan, X[:, 1]]), "y": Y})
    np.testing.assert_array_equal(dataset.numeric, X)
    assert dataset.numeric_names == ("x0", "x2")
    assert sentences(dataset.warnings) == [
        f"the column 'x1' of {tmp_path / 'folder'} has no values and is ignored",
    ]


class TestTestArrays:
    def test_their_rows_come_last_and_columns_are_found_by_name(self, tmp_path: Path) -> None:
        save(tmp_path, "data.npz", {"X": X, "y": Y, "columns": ["a", "b"]})
        save(tmp_path, "test", {"X": [[0.0, 8.0, 9.0]], "y": [7.0], "columns": ["c", "b", "a"]})
        dataset = load(tmp_path, "data.npz", test_source="test")
        np.testing.assert_array_equal(dataset.numeric, [*X, [9.0, 8.0]])
        assert dataset.target.codes.tolist() == [1, 0, 1, 1]
        assert dataset.test_rows == 1
        assert dataset.file_rows.tolist() == [0, 1, 2, 0]

    def test_a_column_may_be_named_as_the_label(self, tmp_path: Path) -> None:
        save(tmp_path, "data.npz", {"X": X, "y": Y, "columns": ["a", "y"]})
        save(tmp_path, "test", {"X": X, "y": Y, "columns": ["y", "a"]})
        dataset = load(tmp_path, "data.npz", test_source="test")
        assert dataset.numeric_names == ("a", "y")
        np.testing.assert_array_equal(dataset.numeric, [*X, *X[:, ::-1]])
        save(tmp_path, "test", {"X": X, "y": Y, "columns": ["a", "b"]})
        assert "the column 'y' of the training data is missing" in fault(
            tmp_path, "data.npz", test_source="test"
        )

    def test_a_missing_column_and_a_table(self, tmp_path: Path) -> None:
        save(tmp_path, "folder", {"X": X, "y": Y})
        save(tmp_path, "few", {"X": X[:, :1], "y": Y})
        (tmp_path / "t.csv").write_text("x0,x1,y\n1,2,7\n3,4,5\n")
        assert "the column 'x1' of the training data is missing" in fault(tmp_path, test_source="few")
        assert "t.csv is a table, but data.source contains arrays" in fault(tmp_path, test_source="t.csv")
        save(tmp_path, "data.npz", {"X": X, "y": Y})
        message = fault(tmp_path, "t.csv", target="y", test_source="data.npz")
        assert message.endswith("data.npz contains arrays, but data.source is a table")


class TestLargeArrays:
    @pytest.fixture(autouse=True)
    def small_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(array_table, "EXACT_VALUES", 10)
        monkeypatch.setattr(stored_arrays, "BLOCK_BYTES", 64)

    VALUES = np.random.default_rng(0).normal(size=(1000, 4)).astype(np.float32)
    LABELS = np.arange(1000) % 3

    def test_rows_of_float32_are_mapped(self, tmp_path: Path) -> None:
        dataset = load(tmp_path, arrays={"X": self.VALUES, "y": self.LABELS})
        assert dataset.mapped is not None
        assert not dataset.numeric.flags.writeable
        assert not dataset.numeric.flags.owndata
        rows = np.array([900, 3, 3, 500])
        np.testing.assert_array_equal(dataset.numbers(rows), self.VALUES[rows].astype(float))
        columns = np.concatenate(list(dataset.number_columns(np.arange(5, 990))))
        np.testing.assert_array_equal(columns, self.VALUES[5:990].T.astype(float))
        np.testing.assert_array_equal(dataset.numbers(slice(990, None), [2])[:, 0], self.VALUES[990:, 2])

    @pytest.mark.parametrize(
        "values",
        [VALUES.astype(float), np.asfortranarray(VALUES), VALUES.astype(">f4")],
        ids=["float64", "columns first", "other end first"],
    )
    def test_others_are_read(self, tmp_path: Path, values: npt.NDArray[Any]) -> None:
        dataset = load(tmp_path, arrays={"X": values, "y": self.LABELS})
        assert dataset.mapped is None
        np.testing.assert_array_equal(dataset.numeric, values)

    def test_a_column_that_is_no_feature_or_a_test_part_is_read_too(self, tmp_path: Path) -> None:
        arrays: Arrays = {"X": self.VALUES, "y": self.LABELS}
        ignore = ColumnsConfig(ignore=("x1",))
        assert load(tmp_path, arrays=arrays, columns=ignore).mapped is None
        assert load(tmp_path, test_source="folder").mapped is None

    @pytest.mark.parametrize("ignored", [False, True])
    def test_they_can_be_in_the_order_of_a_column(self, tmp_path: Path, ignored: bool) -> None:
        arrays: Arrays = {"X": self.VALUES, "y": self.LABELS}
        columns = ColumnsConfig(ignore=("x2",) if ignored else ())
        dataset = load(tmp_path, arrays=arrays, columns=columns, split=SplitConfig(by="x2"))
        assert (dataset.mapped is None) == ignored
        assert dataset.numeric.shape == (1000, 3 if ignored else 4)
        assert dataset.order is not None
        assert dataset.order.astype(np.float32).tolist() == self.VALUES[:, 2].tolist()

    def test_an_infinite_number_is_found_before(self, tmp_path: Path) -> None:
        values = self.VALUES.copy()
        values[777, 2] = np.inf
        assert "X[777, 2] is inf" in fault(tmp_path, arrays={"X": values, "y": self.LABELS})


@pytest.mark.parametrize("source", READERS)
@pytest.mark.parametrize("ignored", [False, True])
def test_a_column_of_x_may_order_the_rows(tmp_path: Path, source: str, ignored: bool) -> None:
    columns = ColumnsConfig(ignore=("x0",) if ignored else ())
    dataset = load(tmp_path, source, {"X": X, "y": Y}, columns=columns, split=SplitConfig(by="x0"))
    assert dataset.numeric_names == (("x1",) if ignored else ("x0", "x1"))
    assert dataset.order is not None
    assert dataset.order.tolist() == X[:, 0].tolist()


GRID = np.arange(24.0).reshape(8, 3)


@pytest.fixture
def features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureArray:
    """X with the names a, b, c, to be read two rows at a time."""
    np.savez(tmp_path / "a.npz", X=GRID, feature_names=np.array(["a", "b", "c"]))
    monkeypatch.setattr(stored_arrays, "BLOCK_BYTES", 2 * 3 * 8)
    return FeatureArray.of(find_arrays(tmp_path / "a.npz", labelled=False))


def test_blocks_of_the_named_columns(features: FeatureArray) -> None:
    assert (features.names, features.named, features.rows) == (("a", "b", "c"), True, 8)
    for names, columns in ((("a", "b", "c"), [0, 1, 2]), (("c", "a"), [2, 0])):
        blocks = list(features.blocks(names))
        assert [len(block) for block in blocks] == [2, 2, 2, 2]
        np.testing.assert_array_equal(np.concatenate(blocks), GRID[:, columns])


def test_an_infinite_number_is_found_in_its_row_and_column_of_x(tmp_path: Path) -> None:
    wrong = np.where(GRID[5, 1] == GRID, np.inf, GRID)
    np.savez(tmp_path / "a.npz", X=wrong)
    features = FeatureArray.of(find_arrays(tmp_path / "a.npz", labelled=False))
    assert (features.names, features.named) == (("x0", "x1", "x2"), False)
    with pytest.raises(DataError, match=r"X: X\[5, 1\] is inf: a number must be finite"):
        list(features.blocks(["x2", "x1"]))
    np.testing.assert_array_equal(np.concatenate(list(features.blocks(["x2"]))), wrong[:, [2]])
