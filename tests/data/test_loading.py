from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from fnnctl.config.schema.data import ColumnsConfig, DataConfig
from fnnctl.data.dataset import Dataset
from fnnctl.data.loading import load_dataset
from fnnctl.errors import Problem

Load = Callable[..., Dataset]
Refuse = Callable[..., tuple[Problem, ...]]

TABLE = "a,colour,y\n1,red,p\n,blue,q\n3,,p\n"


def test_a_table_becomes_a_dataset(load: Load, tmp_path: Path) -> None:
    dataset = load(TABLE)
    assert len(dataset) == 3
    assert dataset.name == "table"
    assert dataset.source == str((tmp_path / "table.csv").resolve())
    assert dataset.sha256 == hashlib.sha256(TABLE.encode()).hexdigest()
    np.testing.assert_array_equal(dataset.numeric, [[1], [np.nan], [3]])
    assert dataset.numeric_names == ("a",)
    assert dataset.categorical.tolist() == [[1], [0], [-1]]
    assert dataset.categorical_names == ("colour",)
    assert dataset.categories == (("blue", "red"),)
    assert dataset.target.codes.tolist() == [0, 1, 0]
    assert (dataset.target.texts, dataset.target.name) == (("p", "q"), "y")
    assert (dataset.test_rows, dataset.test_source, dataset.test_sha256) == (0, None, None)
    assert dataset.warnings == ()


def test_a_file_with_the_expected_digest_is_read(load: Load) -> None:
    assert len(load(TABLE, sha256=hashlib.sha256(TABLE.encode()).hexdigest())) == 3


def test_a_packed_file_has_the_digest_of_its_packed_bytes(tmp_path: Path) -> None:
    packed = gzip.compress(TABLE.encode(), mtime=0)
    (tmp_path / "my.table.csv.gz").write_bytes(packed)
    dataset = load_dataset(DataConfig(source="my.table.csv.gz", target="y"), tmp_path)
    assert dataset.name == "my.table"
    assert dataset.sha256 == hashlib.sha256(packed).hexdigest()
    assert len(dataset) == 3


def test_delimiter_encoding_and_missing_values_can_be_given(load: Load) -> None:
    content = "a:b:y\n1:x:é\n-:w:ö\n3:z:é\n".encode("cp1252")
    dataset = load(content, delimiter=":", encoding="cp1252", missing_values=("-", " x "))
    assert dataset.target.texts == ("é", "ö")
    np.testing.assert_array_equal(dataset.numeric, [[1], [np.nan], [3]])
    assert dataset.categories == (("w", "z"),)
    assert dataset.categorical.tolist() == [[-1], [0], [1]]


def test_columns_can_be_declared(load: Load) -> None:
    columns = ColumnsConfig(categorical=("a",), ignore=("colour",))
    dataset = load(TABLE, columns=columns)
    assert dataset.numeric.shape == (3, 0)
    assert dataset.categories == (("1", "3"),)


def test_a_column_of_weights_is_no_feature_and_follows_the_labelled_rows(load: Load) -> None:
    """A row without a label does not need a weight."""
    dataset = load("a,w,y\n1,2,p\n2,,\n3,0.5,q\n4,0,p\n", weights="w")
    assert dataset.numeric_names == ("a",)
    assert dataset.weights is not None
    assert dataset.weights.tolist() == [2.0, 0.5, 0.0]
    assert load("a,w,y\n1,2,p\n3,0.5,q\n").weights is None


def test_rows_of_a_test_file_weigh_one_whatever_it_says(load: Load, tmp_path: Path) -> None:
    table = "a,w,y\n1,2,p\n3,0.5,q\n"
    for test in ("a,y\n5,p\n", "a,w,y\n5,x,p\n"):
        (tmp_path / "test.csv").write_text(test)
        dataset = load(table, weights="w", test_source="test.csv")
        assert dataset.weights is not None
        assert (dataset.weights.tolist(), dataset.warnings) == ([2.0, 0.5, 1.0], ())


def test_whole_number_labels_are_sorted_by_value_and_kept_as_written(load: Load) -> None:
    dataset = load("a,y\n1,10\n2,9\n3,01\n4,10\n")
    assert dataset.target.texts == ("01", "9", "10")
    assert dataset.target.codes.tolist() == [2, 1, 0, 2]


def test_rows_without_a_label_are_left_out_with_a_warning(load: Load, tmp_path: Path) -> None:
    dataset = load("a,colour,y\n1,r,p\n2,s,NA\n3,t,q\n4,u, \n")
    assert dataset.numeric.ravel().tolist() == [1, 3]
    assert dataset.file_rows.tolist() == [0, 2]
    assert dataset.categorical.ravel().tolist() == [0, 2]
    assert dataset.target.codes.tolist() == [0, 1]
    assert dataset.warnings == (
        f"left out 2 rows of {tmp_path / 'table.csv'} without a value in the target 'y' "
        "(it is empty, or one of data.missing_values)",
    )


def test_a_column_without_values_is_left_out_unless_it_is_declared(load: Load) -> None:
    content = "a,b,c,y\n1,,,p\n2,NA,,q\n"
    dataset = load(content, columns=ColumnsConfig(numeric=("b",)))
    assert dataset.numeric_names == ("a", "b")
    assert np.isnan(dataset.numeric[:, 1]).all()
    assert dataset.categorical_names == ()
    (warning,) = dataset.warnings
    assert warning.startswith("the column 'c' of ")
    assert warning.endswith(" has no values and is ignored")


def test_a_name_of_a_built_in_is_the_built_in_and_a_path_the_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "iris").write_text(TABLE)
    assert load(TABLE, source="iris", target=None).source == "iris"
    assert len(load(TABLE, source="./iris")) == 3


def test_a_built_in_may_be_asked_for_another_column(load: Load) -> None:
    dataset = load("", source="penguins", target="sex", missing_values=("none",))
    assert dataset.target.texts == ("female", "male")
    assert len(dataset) == 344 - 11
    assert "species" in dataset.categorical_names


class TestTestFile:
    """`data.test_source`: a second file whose rows come last."""

    def load(self, load: Load, folder: Path, test: str, **settings: str) -> Dataset:
        (folder / "test.csv").write_text(test)
        return load(TABLE, test_source="test.csv", **settings)

    def test_its_rows_come_last_whatever_the_order_of_its_columns(self, load: Load, tmp_path: Path) -> None:
        test = "y;a;colour\nq;7;green\np;8;red\n"
        dataset = self.load(load, tmp_path, test)
        assert dataset.test_rows == 2
        assert dataset.test_source == str((tmp_path / "test.csv").resolve())
        assert dataset.test_sha256 == hashlib.sha256(test.encode()).hexdigest()
        np.testing.assert_array_equal(dataset.numeric.ravel(), [1, np.nan, 3, 7, 8])
        assert dataset.categories == (("blue", "green", "red"),)
        assert dataset.categorical.ravel().tolist() == [2, 0, -1, 1, 2]
        assert dataset.target.codes.tolist() == [0, 1, 0, 1, 0]

    def test_further_columns_and_rows_without_a_label_are_left_out(self, load: Load, tmp_path: Path) -> None:
        dataset = self.load(load, tmp_path, "a,colour,z,y\n7,red,1,q\n8,red,x,\n")
        assert dataset.test_rows == 1
        file = tmp_path / "test.csv"
        assert dataset.warnings == (
            f"the column 'z' of {file} is not in the training data and is ignored",
            f"left out 1 row of {file} without a value in the target 'y' "
            "(it is empty, or one of data.missing_values)",
        )


def test_a_wide_and_long_table_is_read_in_one_piece(load: Load) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(3000, 12))
    header = ",".join(f"c{j}" for j in range(12)) + ",y\n"
    rows = "".join(",".join(map(repr, row)) + f",{i % 3}\n" for i, row in enumerate(numbers.tolist()))
    dataset = load(header + rows)
    np.testing.assert_array_equal(dataset.numeric, numbers)
    np.testing.assert_array_equal(dataset.target.codes, np.arange(3000) % 3)


def test_reading_is_reported_for_each_pass(tmp_path: Path) -> None:
    """The share of the file grows; the last amount has a separator, so the file is read twice."""
    rows = "".join(f"{number},{number % 2}\n" for number in range(20_000))
    (tmp_path / "t.csv").write_text(f'a,y\n{rows}"1,000",1\n')
    told: list[tuple[str, float]] = []
    config = DataConfig(source="t.csv", target="y")
    load_dataset(config, tmp_path, on_read=lambda file, share: told.append((Path(file).name, share)))
    shares = [share for _, share in told]
    assert {name for name, _ in told} == {"t.csv"}
    assert (max(shares), sum(one > next_ for one, next_ in pairwise(shares))) == (1.0, 1)
