"""Columns that are read as more than they seem: converted ones, and one that orders the rows."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.config.schema.data import ColumnsConfig, DataConfig, SplitConfig
from fnnctl.data.dataset import Dataset
from fnnctl.data.loading import load_dataset
from fnnctl.errors import Problem
from tests.messages import Messages

Load = Callable[..., Dataset]
Refuse = Callable[..., tuple[Problem, ...]]

TABLE = "a,colour,y\n1,red,p\n,blue,q\n3,,p\n"


def test_a_table_becomes_a_dataset(load: Load, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(TABLE.encode()).hexdigest()
    dataset = load(TABLE, sha256=sha256)
    assert (len(dataset), dataset.name, dataset.sha256) == (3, "table", sha256)
    assert dataset.source == str((tmp_path / "table.csv").resolve())
    np.testing.assert_array_equal(dataset.numeric, [[1], [np.nan], [3]])
    assert dataset.categorical.tolist() == [[1], [0], [-1]]
    assert (dataset.numeric_names, dataset.categorical_names) == (("a",), ("colour",))
    assert dataset.categories == (("blue", "red"),)
    assert dataset.target.codes.tolist() == [0, 1, 0]
    assert (dataset.target.texts, dataset.target.name) == (("p", "q"), "y")
    assert (dataset.test_rows, dataset.test_source, dataset.test_sha256) == (0, None, None)
    assert dataset.warnings == ()


def test_a_packed_file_has_the_digest_of_its_packed_bytes(tmp_path: Path) -> None:
    packed = gzip.compress(TABLE.encode(), mtime=0)
    (tmp_path / "my.table.csv.gz").write_bytes(packed)
    dataset = load_dataset(DataConfig(source="my.table.csv.gz", target="y"), tmp_path)
    assert (dataset.name, len(dataset)) == ("my.table", 3)
    assert dataset.sha256 == hashlib.sha256(packed).hexdigest()


def test_delimiter_encoding_and_missing_values_can_be_given(load: Load) -> None:
    content = "a:b:y\n1:x:é\n-:w:ö\n3:z:é\n".encode("cp1252")
    dataset = load(content, delimiter=":", encoding="cp1252", missing_values=("-", " x "))
    assert dataset.target.texts == ("é", "ö")
    np.testing.assert_array_equal(dataset.numeric, [[1], [np.nan], [3]])
    assert dataset.categories == (("w", "z"),)
    assert dataset.categorical.tolist() == [[-1], [0], [1]]


def test_a_column_of_weights_is_no_feature_and_follows_the_labelled_rows(load: Load, tmp_path: Path) -> None:
    """A row without a label does not need a weight; those of a test file weigh one, whatever it says."""
    table = "a,w,y\n1,2,p\n2,,\n3,0.5,q\n4,0,p\n"
    for test in ("a,y\n5,p\n", "a,w,y\n5,x,p\n"):
        (tmp_path / "test.csv").write_text(test)
        dataset = load(table, weights="w", test_source="test.csv")
        assert (dataset.numeric_names, dataset.warnings[1:]) == (("a",), ())
        assert dataset.weights is not None
        assert dataset.weights.tolist() == [2.0, 0.5, 0.0, 1.0]
    assert load("a,w,y\n1,2,p\n3,0.5,q\n").weights is None


def test_rows_without_a_label_are_left_out_with_a_warning(load: Load, messages: Messages) -> None:
    dataset = load("a,colour,y\n1,r,p\n2,s,NA\n3,t,q\n4,u, \n")
    assert dataset.numeric.ravel().tolist() == [1, 3]
    assert dataset.file_rows.tolist() == [0, 2]
    assert dataset.categorical.ravel().tolist() == [0, 2]
    assert dataset.target.codes.tolist() == [0, 1]
    (warning,) = dataset.warnings
    messages.check(warning)


def test_a_column_without_values_is_left_out_unless_it_is_declared(load: Load, messages: Messages) -> None:
    dataset = load("a,b,c,y\n1,,,p\n2,NA,,q\n", columns=ColumnsConfig(numeric=("b",)))
    assert (dataset.numeric_names, dataset.categorical_names) == (("a", "b"), ())
    assert np.isnan(dataset.numeric[:, 1]).all()
    (warning,) = dataset.warnings
    messages.check(warning)


def test_a_name_of_a_built_in_is_the_built_in_and_a_path_the_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "iris").write_text(TABLE)
    assert load(TABLE, source="iris", target=None).source == "iris"
    assert len(load(TABLE, source="./iris")) == 3
    of_sex = load("", source="penguins", target="sex", missing_values=("none",))
    assert (of_sex.target.texts, len(of_sex)) == (("female", "male"), 344 - 11)
    assert "species" in of_sex.categorical_names


def test_rows_of_a_test_file_come_last_whatever_the_order_of_its_columns(load: Load, tmp_path: Path) -> None:
    test = "y;a;colour\nq;7;green\np;8;red\n"
    (tmp_path / "test.csv").write_text(test)
    dataset = load(TABLE, test_source="test.csv")
    assert dataset.test_rows == 2
    assert dataset.test_source == str((tmp_path / "test.csv").resolve())
    assert dataset.test_sha256 == hashlib.sha256(test.encode()).hexdigest()
    np.testing.assert_array_equal(dataset.numeric.ravel(), [1, np.nan, 3, 7, 8])
    assert dataset.categories == (("blue", "green", "red"),)
    assert dataset.categorical.ravel().tolist() == [2, 0, -1, 1, 2]
    assert dataset.target.codes.tolist() == [0, 1, 0, 1, 0]


def test_further_columns_and_rows_without_a_label_of_a_test_file_are_left_out(
    load: Load, tmp_path: Path, messages: Messages
) -> None:
    (tmp_path / "test.csv").write_text("a,colour,z,y\n7,red,1,q\n8,red,x,\n")
    dataset = load(TABLE, test_source="test.csv")
    assert dataset.test_rows == 1
    for warning in dataset.warnings:
        messages.check(warning)


def test_reading_is_reported_for_each_pass(tmp_path: Path) -> None:
    """The share of the file grows; the last amount has a separator, so the file is read twice."""
    rows = "".join(f"{number},{number % 2}\n" for number in range(40_000))
    (tmp_path / "t.csv").write_text(f'a,y\n{rows}"1,000",1\n')
    reported: list[tuple[str, float]] = []
    config = DataConfig(source="t.csv", target="y")
    load_dataset(config, tmp_path, on_read=lambda file, share: reported.append((Path(file).name, share)))
    assert {name for name, _ in reported} == {"t.csv"}
    shares = [share for _, share in reported]
    assert (max(shares), sum(share > next_ for share, next_ in pairwise(shares))) == (1.0, 1)


@pytest.mark.parametrize(("ignored", "names"), [((), ("day", "a")), (("day",), ("a",))])
def test_the_column_that_orders_the_rows_is_a_feature_unless_it_is_ignored(
    load: Load, tmp_path: Path, ignored: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """A row without a label needs no value, and neither do those of a test file."""
    (tmp_path / "test.csv").write_text("a,day,y\n5,,p\n")
    dataset = load(
        "day,a,y\n3,1,p\n1,2,q\n,2,\n2,0,p\n",
        split={"by": "day"},
        columns={"ignore": ignored},
        test_source="test.csv",
    )
    assert dataset.numeric_names == names
    assert dataset.order is not None
    np.testing.assert_array_equal(dataset.order, [3, 1, 2, np.nan])
    assert load(TABLE).order is None


@pytest.mark.parametrize(("ignored", "names"), [((), ("d weekday", "d days", "a")), (("d",), ("a",))])
def test_rows_can_be_in_the_order_of_a_date(
    load: Load, ignored: tuple[str, ...], names: tuple[str, ...]
) -> None:
    table = "d,a,y\n13/4/2024,1,u\n3/4/2024,2,v\n5/4/2024,3,v\n"
    dataset = load(table, columns=ColumnsConfig(ignore=ignored), split=SplitConfig(by="d"))
    assert dataset.order is not None
    assert dataset.order.tolist() == [10, 0, 2]
    assert (dataset.numeric_names, [*dataset.formats]) == (names, [] if ignored else ["d"])


def test_a_data_set_knows_how_its_columns_were_read(load: Load) -> None:
    dataset = load(',d,p,b,y\n0,2024-01-02,$5,YES,u\n1,2024-02-03,"$1,000",no,v\n2,2024-02-04,$7,yes,u\n')
    assert dataset.numeric_names == ("d month", "d weekday", "d days", "p")
    np.testing.assert_array_equal(dataset.numeric[:, 3], [5, 1000, 7])
    assert dataset.expansions == {"d": ("d month", "d weekday", "d days")}
    assert dataset.categories == (("YES", "no"),)
    assert list(dataset.formats) == ["d", "p", "b"]
    assert list(dataset.types) == ["", "d", "p", "b", "y"]
    assert (len(dataset.notes), dataset.warnings) == (4, ())


def test_a_doubt_about_the_test_file_is_told(load: Load, tmp_path: Path, messages: Messages) -> None:
    (tmp_path / "test.csv").write_text('a,y\n"1,250",u\n"2,500",v\n')
    (warning,) = load("a,y\n1250,u\n2500,v\n", test_source="test.csv").warnings
    messages.check(warning)


def test_a_test_file_is_read_as_the_training_data(load: Load, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text(',y,p,d\n0,u,"1.234,5",5/4/2024\n')
    dataset = load('d,p,y\n3/4/2024,"1,5",u\n13/4/2024,2,v\n', test_source="test.csv")
    assert dataset.numeric_names == ("d weekday", "d days", "p")
    np.testing.assert_array_equal(dataset.numeric[2], [4, 2, 1234.5])
    assert dataset.warnings == ()


@pytest.mark.parametrize(
    ("table", "settings", "numbers"),
    [
        (
            "d,n,y\n3/4/2024,1.234,u\n5/6/2024,7,v\n",
            {"columns": {"dates": {"d": "%d/%m/%Y"}}, "decimal_mark": "comma"},
            [[0, 1234], [63, 7]],
        ),
        (
            "a:y\n1:é\n-:ö\n",
            {"delimiter": ":", "encoding": "utf-8", "missing_values": ("-",)},
            [[1], [np.nan]],
        ),
        *((f"a,y\n007,p\n{number},q\n", {}, [[7], [float(number)]]) for number in ("-5", "3.5", "1e3")),
    ],
)
def test_numbers_are_read_as_declared(
    load: Load, table: str, settings: dict[str, Any], numbers: list[list[float]]
) -> None:
    """Those with a zero in front are no codes beside a sign, a point or an exponent."""
    dataset = load(table, **settings)
    assert dataset.warnings == ()
    np.testing.assert_array_equal(dataset.numeric[:, -len(numbers[0]) :], numbers)


@pytest.mark.parametrize(
    ("table", "texts"),
    [
        ("a;y\n1,5;999\n2,5;1.234\n3;12.500\n", ("999", "1234", "12500")),
        ("a;y\n1;999\n2;1.234\n3;12.500,5\n", ("999", "1234", "12500.5")),
        ("a;y\n1,5;999\n2,5;1.234\n3;12.5\n", ("1.234", "12.5", "999")),
        ('a,y\n1,"$1,000"\n2,$5\n3,"$1,000.00"\n4,$7\n', ("5", "7", "1000", "1000.00")),
        ("a,y\n1,0%\n2,5%\n", ("0e-2", "5e-2")),
        ("a,y\n1,5\n2,6\n", ("5", "6")),
    ],
)
def test_amounts_of_a_target_are_plain_numbers(load: Load, table: str, texts: tuple[str, ...]) -> None:
    """Points separate thousands beside decimal commas, unless one cannot."""
    amounts = load(table).with_amounts()
    assert amounts.target.texts == texts


def test_a_target_has_its_format_until_a_task_decides(load: Load) -> None:
    dataset = load('a,y\n1,"$1,000"\n2,$5\n3,"$1,000.00"\n4,$7\n')
    assert dataset.target.texts == ("$1,000", "$1,000.00", "$5", "$7")
    assert "y" not in dataset.formats
    amounts = dataset.with_amounts()
    assert [amounts.target.texts[code] for code in amounts.target.codes] == ["1000", "5", "1000.00", "7"]
    assert list(amounts.formats) == ["y"]
    assert amounts.notes == ["numbers in another notation: y: '$1,000' is read as 1000"]
    doubtful = load('a,y\n1,"1,250"\n2,"2,500"\n')
    assert (doubtful.warnings, len(doubtful.with_amounts().warnings)) == ((), 1)
    plain = load("a,y\n1,5\n2,6\n")
    assert plain.with_amounts() is plain


def test_digits_with_a_zero_in_front_are_codes(load: Load, messages: Messages) -> None:
    """A zip code is no amount, and 02139 and 2139 are two."""
    zips = ("02139", "10115", " 02139 ", "", "80331")
    table = "zip,a,y\n" + "".join(f"{code},{row},{'pq'[row % 2]}\n" for row, code in enumerate(zips))
    dataset = load(table)
    assert dataset.categories == (("02139", "10115", "80331"),)
    (note,) = dataset.notes
    messages.check(note)
    declared = load(table, columns={"numeric": ["zip"]})
    assert (declared.numeric_names, declared.notes) == (("zip", "a"), [])
