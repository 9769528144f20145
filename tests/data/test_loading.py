"""Columns that are read as more than they seem: converted ones, and one that orders the rows."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.schema.data import ColumnsConfig, DataConfig, SplitConfig
from fnnctl.data.dataset import Dataset
from fnnctl.data.loading import load_dataset
from fnnctl.errors import Problem
from fnnctl.messages import sentences

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
    assert sentences(dataset.warnings) == [
        f"left out 2 rows of {tmp_path / 'table.csv'} without a value in the target 'y' "
        "(it is empty, or one of data.missing_values)",
    ]


def test_a_column_without_values_is_left_out_unless_it_is_declared(load: Load) -> None:
    content = "a,b,c,y\n1,,,p\n2,NA,,q\n"
    dataset = load(content, columns=ColumnsConfig(numeric=("b",)))
    assert dataset.numeric_names == ("a", "b")
    assert np.isnan(dataset.numeric[:, 1]).all()
    assert dataset.categorical_names == ()
    (warning,) = sentences(dataset.warnings)
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
        assert sentences(dataset.warnings) == [
            f"the column 'z' of {file} is not in the training data and is ignored",
            f"left out 1 row of {file} without a value in the target 'y' "
            "(it is empty, or one of data.missing_values)",
        ]


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
    rows = "".join(f"{number},{number % 2}\n" for number in range(100_000))
    (tmp_path / "t.csv").write_text(f'a,y\n{rows}"1,000",1\n')
    told: list[tuple[str, float]] = []
    config = DataConfig(source="t.csv", target="y")
    load_dataset(config, tmp_path, on_read=lambda file, share: told.append((Path(file).name, share)))
    shares = [share for _, share in told]
    assert {name for name, _ in told} == {"t.csv"}
    assert (max(shares), sum(one > next_ for one, next_ in pairwise(shares))) == (1.0, 1)


def test_the_column_that_orders_the_rows_is_a_feature_unless_it_is_ignored(load: Load) -> None:
    table = "day,a,y\n3,1,p\n1,2,q\n,2,\n2,0,p\n"  # a row without a label needs no value
    dataset = load(table, split={"by": "day"})
    assert dataset.numeric_names == ("day", "a")
    assert dataset.order is not None
    assert dataset.order.tolist() == [3, 1, 2]
    ignored = load(table, split={"by": "day"}, columns={"ignore": ["day"]})
    assert ignored.numeric_names == ("a",)
    assert ignored.order is not None
    assert ignored.order.tolist() == [3, 1, 2]
    assert load(table).order is None


@pytest.mark.parametrize("columns", [{}, {"ignore": ["day"]}])
def test_a_test_file_has_no_part_in_the_order(
    load: Load, tmp_path: Path, columns: dict[str, list[str]]
) -> None:
    (tmp_path / "test.csv").write_text("a,day,y\n5,,p\n")
    dataset = load("day,a,y\n3,1,p\n1,2,q\n", split={"by": "day"}, columns=columns, test_source="test.csv")
    assert dataset.order is not None
    np.testing.assert_array_equal(dataset.order, [3, 1, np.nan])


def test_dates_order_the_rows_by_their_days(load: Load) -> None:
    table = "day,a,y\n2024-03-02,1,p\n2024-03-01,2,q\n2024-03-05,0,p\n"
    for columns, names in (({}, 2), ({"ignore": ["day"]}, 1)):
        dataset = load(table, split={"by": "day"}, columns=columns)
        assert dataset.order is not None
        assert dataset.order.tolist() == [1, 0, 4]
        assert (dataset.numeric_names == ("a",)) == (names == 1)


class TestConvertedColumns:
    """Columns with a format: in the data set, in a test file, and as the target."""

    def test_the_data_set_knows_how_its_columns_were_read(self, load: Load) -> None:
        dataset = load(',d,p,b,y\n0,2024-01-02,$5,YES,u\n1,2024-02-03,"$1,000",no,v\n2,2024-02-04,$7,yes,u\n')
        assert dataset.numeric_names == ("d month", "d weekday", "d days", "p")
        np.testing.assert_array_equal(dataset.numeric[:, 3], [5, 1000, 7])
        assert dataset.expansions == {"d": ("d month", "d weekday", "d days")}
        assert dataset.categories == (("YES", "no"),)
        assert list(dataset.formats) == ["d", "p", "b"]
        assert list(dataset.types) == ["", "d", "p", "b", "y"]
        assert len(dataset.notes) == 4
        assert dataset.warnings == ()

    def test_a_doubt_about_the_test_file_is_told(self, load: Load, tmp_path: Path) -> None:
        (tmp_path / "test.csv").write_text('a,y\n"1,250",u\n"2,500",v\n')
        (warning,) = sentences(load("a,y\n1250,u\n2500,v\n", test_source="test.csv").warnings)
        assert "test.csv: '1,250' is read as 1250; if it is 1.250, write data.decimal_mark: comma" in warning

    def test_a_test_file_is_read_the_same_way(self, load: Load, tmp_path: Path) -> None:
        table = 'd,p,y\n3/4/2024,"1,5",u\n13/4/2024,2,v\n'
        (tmp_path / "test.csv").write_text(',y,p,d\n0,u,"1.234,5",5/4/2024\n')
        dataset = load(table, test_source="test.csv")
        assert dataset.numeric_names == ("d weekday", "d days", "p")
        np.testing.assert_array_equal(dataset.numeric[2], [4, 2, 1234.5])
        assert dataset.warnings == ()

    def test_declared_settings(self, load: Load) -> None:
        table = "d,n,y\n3/4/2024,1.234,u\n5/6/2024,7,v\n"
        columns = ColumnsConfig(dates={"d": "%d/%m/%Y"})
        dataset = load(table, columns=columns, decimal_mark="comma")
        assert dataset.warnings == ()
        np.testing.assert_array_equal(dataset.numeric[:, -2:], [[0, 1234], [63, 7]])

    def test_rows_can_be_in_the_order_of_a_date(self, load: Load) -> None:
        table = "d,a,y\n13/4/2024,1,u\n3/4/2024,2,v\n5/4/2024,3,v\n"
        for ignore in ((), ("d",)):
            dataset = load(table, columns=ColumnsConfig(ignore=ignore), split=SplitConfig(by="d"))
            assert dataset.order is not None
            assert dataset.order.tolist() == [10, 0, 2]
            assert dataset.numeric_names == (("a",) if ignore else ("d weekday", "d days", "a"))
            assert list(dataset.formats) == ([] if ignore else ["d"])

    def test_points_in_a_target_separate_thousands_beside_decimal_commas(self, load: Load) -> None:
        for table in ("a;y\n1,5;999\n2,5;1.234\n3;12.500\n", "a;y\n1;999\n2;1.234\n3;12.500,5\n"):
            amounts = load(table).with_amounts()
            assert amounts.target.texts[:2] == ("999", "1234")
        plain = load("a;y\n1,5;999\n2,5;1.234\n3;12.5\n")
        assert plain.with_amounts() is plain

    def test_a_target_has_its_format_until_a_task_decides(self, load: Load) -> None:
        dataset = load('a,y\n1,"$1,000"\n2,$5\n3,"$1,000.00"\n4,$7\n')
        assert dataset.target.texts == ("$1,000", "$1,000.00", "$5", "$7")
        assert "y" not in dataset.formats
        amounts = dataset.with_amounts()
        assert amounts.target.texts == ("5", "7", "1000", "1000.00")
        assert [amounts.target.texts[code] for code in amounts.target.codes] == ["1000", "5", "1000.00", "7"]
        assert list(amounts.formats) == ["y"]
        assert amounts.notes == ["numbers in another notation: y: '$1,000' is read as 1000"]
        (shares,) = load("a,y\n1,0%\n2,5%\n").with_amounts().notes
        assert shares.endswith("y: '5%' is read as 0.05")
        doubtful = load('a,y\n1,"1,250"\n2,"2,500"\n')
        assert (doubtful.warnings, len(doubtful.with_amounts().warnings)) == ((), 1)
        plain = load("a,y\n1,5\n2,6\n")
        assert plain.with_amounts() is plain

    def test_texts_that_differ_in_every_row(self, load: Load) -> None:
        table = "a,t,y\n" + "".join(f"{n % 7},text {n},{'pq'[n % 2]}\n" for n in range(30))
        dataset = load(table)
        assert dataset.categorical_names == ()
        (warning,) = sentences(dataset.warnings)
        assert "is ignored: 't' (to use it, add it to data.columns.categorical)" in warning
        kept = load(table, columns=ColumnsConfig(categorical=("t",)))
        assert (kept.categorical_names, kept.warnings) == (("t",), ())


def test_digits_with_a_zero_in_front_are_codes(load: Load) -> None:
    """A zip code is no amount, and 02139 and 2139 are two."""
    zips = ("02139", "10115", " 02139 ", "", "80331")
    table = "zip,a,y\n" + "".join(f"{code},{row},{'pq'[row % 2]}\n" for row, code in enumerate(zips))
    dataset = load(table)
    assert (dataset.categorical_names, dataset.numeric_names) == (("zip",), ("a",))
    assert dataset.categories == (("02139", "10115", "80331"),)
    assert dataset.categorical[:, 0].tolist() == [0, 1, 0, -1, 2]
    assert dataset.notes == [
        "digits with a zero in front as codes (data.columns.numeric reads them as numbers): zip: '02139' is "
        "read as a category"
    ]
    declared = load(table, columns={"numeric": ["zip"]})
    assert (declared.numeric_names, declared.notes) == (("zip", "a"), [])
    assert load(table, columns={"categorical": ["zip"]}).notes == []


@pytest.mark.parametrize("other", ["-5", "3.5", "1e3"])
def test_numbers_with_a_zero_in_front_beside_others_are_amounts(load: Load, other: str) -> None:
    assert load(f"a,y\n007,p\n{other},q\n12,p\n0,q\n").numeric_names == ("a",)


def test_single_zeros_are_numbers(load: Load) -> None:
    assert load("a,y\n0,p\n10,q\n0,p\n").numeric_names == ("a",)
