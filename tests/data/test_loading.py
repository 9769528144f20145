from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.schema.data import ColumnsConfig, DataConfig, SplitConfig
from fnnctl.data.dataset import Dataset
from fnnctl.data.loading import load_dataset, weights_fault
from fnnctl.errors import DataError, Problem

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


def test_a_column_of_weights_is_no_feature_and_follows_the_labelled_rows(load: Load, refuse: Refuse) -> None:
    """A row without a label does not need a weight."""
    dataset = load("a,w,y\n1,2,p\n2,,\n3,0.5,q\n4,0,p\n", weights="w")
    assert dataset.numeric_names == ("a",)
    assert dataset.weights is not None
    assert dataset.weights.tolist() == [2.0, 0.5, 0.0]
    assert load("a,w,y\n1,2,p\n3,0.5,q\n").weights is None
    (problem,) = refuse('a,w,y\n1,,\n"1\n2",2,p\n2,,q\n', weights="w", columns={"categorical": ["a"]})
    assert problem.message.startswith("the column 'w', which data.weights names, has 1 row without a value")
    assert problem.line == 5  # the first of the rows that have a label
    (problem,) = refuse("a,w,y\n1,2,p\n2,-3,q\n", weights="w")
    assert problem.line == 3
    assert "has a negative number, -3: weights must be 0 or more" in problem.message
    for text, wrong in (("much", "'much' is not a number"), ("inf", "'inf' is not a finite number")):
        (problem,) = refuse(f"a,w,y\n1,2,p\n2,{text},q\n", weights="w")
        said = (
            f"column 'w': {wrong} (1 of the column's 2 values are numbers). The column of data.weights needs"
        )
        assert (problem.line, problem.message.startswith(said)) == (3, True)


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


def test_problems_of_settings_and_of_the_file_are_reported_together(refuse: Refuse, tmp_path: Path) -> None:
    problems = refuse(
        "a,b,label\n1,2,p\n3\n5,x,q\n7,8,p\n", target="lable", columns=ColumnsConfig(ignore=("d",))
    )
    file = str(tmp_path / "table.csv")
    assert [(problem.file, problem.line, problem.path) for problem in problems] == [
        (None, None, "data.target"),
        (None, None, "data.columns.ignore"),
        (file, 3, None),
        (file, 4, None),
    ]
    assert "did you mean 'label'?" in problems[0].message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,y\n1,\n2,\n", "the target 'y' has no value in any row"),
        ("y\np\nq\n", "there is no column besides the target 'y': is data.delimiter right?"),
        ("a,y\n,p\n,q\n", "no column besides the target 'y' has a value in any row"),
        ("", "the file is empty"),
    ],
)
def test_a_table_that_cannot_be_learned_from(refuse: Refuse, content: str, words: str) -> None:
    (problem,) = refuse(content)
    assert words in problem.message
    assert problem.file is not None


def test_a_table_whose_columns_are_all_ignored(refuse: Refuse) -> None:
    (problem,) = refuse("a,y\n1,p\n2,q\n", columns=ColumnsConfig(ignore=("a",)))
    assert problem.message.endswith("besides the target 'y': does data.columns.ignore name all others?")


def test_a_missing_target_of_a_file(refuse: Refuse) -> None:
    (problem,) = refuse(TABLE, target=None)
    assert problem.path == "data.target"
    assert "the columns of " in problem.message


def test_a_file_that_has_changed_is_refused(load: Load, refuse: Refuse) -> None:
    digest = hashlib.sha256(TABLE.encode()).hexdigest()
    assert load(TABLE, sha256=digest).sha256 == digest
    (problem,) = refuse(TABLE.replace("3", "4"), sha256=digest)
    assert problem.path == "data.sha256"
    assert "table.csv has changed: its SHA-256 is now " in problem.message


def test_a_name_of_a_built_in_is_the_built_in_and_a_path_the_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "iris").write_text(TABLE)
    assert load(TABLE, source="iris", target=None).source == "iris"
    assert len(load(TABLE, source="./iris")) == 3


def test_a_built_in_may_be_asked_for_another_column(load: Load, refuse: Refuse) -> None:
    dataset = load("", source="penguins", target="sex", missing_values=("none",))
    assert dataset.target.texts == ("female", "male")
    assert len(dataset) == 344 - 11
    assert "species" in dataset.categorical_names
    (problem,) = refuse("", source="penguins", target="specie")
    assert problem.message == "there is no column 'specie' in penguins (did you mean 'species'?)"


class TestTestFile:
    """`data.test_source`: a second file whose rows come last."""

    def load(self, load: Load, folder: Path, test: str, **settings: str) -> Dataset:
        (folder / "test.csv").write_text(test)
        return load(TABLE, test_source="test.csv", **settings)

    def faults(self, load: Load, folder: Path, test: str, **settings: str) -> list[Problem]:
        with pytest.raises(DataError) as caught:
            self.load(load, folder, test, **settings)
        return list(caught.value.problems)

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

    def test_a_missing_column_is_reported_with_a_suggestion(self, load: Load, tmp_path: Path) -> None:
        (problem,) = self.faults(load, tmp_path, "a,Color,y\n7,red,q\n")
        assert str(problem) == (
            f"{tmp_path / 'test.csv'}:1: the column 'colour' of the training data is missing "
            "(did you mean 'Color'?)"
        )

    def test_text_in_a_column_of_numbers_and_no_label_at_all(self, load: Load, tmp_path: Path) -> None:
        (problem,) = self.faults(load, tmp_path, "a,colour,y\nred,7,q\n")
        assert problem.line == 2
        assert "'red' is not a number" in problem.message
        (problem,) = self.faults(load, tmp_path, "a,colour,y\n1,red,\n")
        assert problem.message == "no row has a value in the target 'y'"

    def test_a_missing_or_changed_file_is_reported_at_its_setting(self, load: Load, tmp_path: Path) -> None:
        (problem,) = self.faults(load, tmp_path, "a,colour,y\n1,red,p\n", test_sha256="0" * 64)
        assert problem.path == "data.test_sha256"
        with pytest.raises(DataError) as caught:
            load(TABLE, test_source="tests.csv")
        assert str(caught.value) == (
            f"data.test_source: there is no file 'tests.csv' in {tmp_path} (did you mean 'test.csv'?)"
        )


def test_a_wide_and_long_table_is_read_in_one_piece(load: Load) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(3000, 12))
    header = ",".join(f"c{j}" for j in range(12)) + ",y\n"
    rows = "".join(",".join(map(repr, row)) + f",{i % 3}\n" for i, row in enumerate(numbers.tolist()))
    dataset = load(header + rows)
    np.testing.assert_array_equal(dataset.numeric, numbers)
    np.testing.assert_array_equal(dataset.target.codes, np.arange(3000) % 3)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1.0, 0.0, 2.5], None),
        ([1.0, np.nan, np.nan], (1, "has 2 rows without a value: fill in 1, or leave the rows out")),
        ([1.0, -0.5], (1, "has a negative number, -0.5: weights must be 0 or more")),
        ([0.0, 0.0], (None, "has only zeros: at least one weight must be above 0")),
    ],
)
def test_weights_are_there_and_not_negative(
    weights: list[float], words: tuple[int | None, str] | None
) -> None:
    assert weights_fault(np.array(weights)) == words


def test_the_column_that_orders_the_rows_is_a_feature_unless_it_is_ignored(
    load: Load, refuse: Refuse
) -> None:
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
    for columns in ({}, {"ignore": ["day"]}):
        (problem,) = refuse(table.replace("2,0,p", ",0,p"), split={"by": "day"}, columns=columns)
        assert "has 1 row without a value: fill them in, or leave" in problem.message
        (problem,) = refuse("day,a,y\nmay,1,p\njune,2,q\n", split={"by": "day"}, columns=columns)
        told = "data.split.by: the column 'day' has neither numbers nor dates: name another column"
        assert str(problem) == told
    (problem,) = refuse(table, split={"by": "day"}, columns={"categorical": ["day"]})
    assert problem.path == "data.split.by"


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
        assert list(dataset.readings) == ["", "d", "p", "b", "y"]
        assert len(dataset.notes) == 4
        assert dataset.warnings == ()

    def test_a_doubt_about_the_test_file_is_told(self, load: Load, tmp_path: Path) -> None:
        (tmp_path / "test.csv").write_text('a,y\n"1,250",u\n"2,500",v\n')
        (warning,) = load("a,y\n1250,u\n2500,v\n", test_source="test.csv").warnings
        assert "test.csv: '1,250' is read as 1250; if it is 1.250, write data.decimal_mark: comma" in warning

    def test_a_test_file_is_read_the_same_way(self, load: Load, tmp_path: Path) -> None:
        table = 'd,p,y\n3/4/2024,"1,5",u\n13/4/2024,2,v\n'
        (tmp_path / "test.csv").write_text(',y,p,d\n0,u,"1.234,5",5/4/2024\n')
        dataset = load(table, test_source="test.csv")
        assert dataset.numeric_names == ("d weekday", "d days", "p")
        np.testing.assert_array_equal(dataset.numeric[2], [4, 2, 1234.5])
        assert dataset.warnings == ()
        (tmp_path / "test.csv").write_text("y,p,d\nu,x,5/4/2024\nu,1,soon\n")
        with pytest.raises(DataError) as caught:
            load(table, test_source="test.csv")
        assert [(each.line, each.message[:20]) for each in caught.value.problems] == [
            (3, "column 'd': 'soon' i"),
            (2, "column 'p': 'x' is n"),
        ]
        (tmp_path / "test.csv").write_text("y,p\nu,1\n")
        with pytest.raises(DataError, match="the column 'd' of the training data is missing"):
            load(table, test_source="test.csv")

    def test_declared_settings(self, load: Load, refuse: Refuse) -> None:
        table = "d,n,y\n3/4/2024,1.234,u\n5/6/2024,7,v\n"
        columns = ColumnsConfig(dates={"d": "%d/%m/%Y"})
        dataset = load(table, columns=columns, decimal_mark="comma")
        assert dataset.warnings == ()
        np.testing.assert_array_equal(dataset.numeric[:, -2:], [[0, 1234], [63, 7]])
        (problem,) = refuse(table, columns=ColumnsConfig(dates={"d": "%d/%m"}))
        assert (problem.path, problem.message) == (
            "data.columns.dates",
            "'d': '%d/%m' needs a year, a month and a day, such as %d/%m/%Y",
        )
        (problem,) = refuse(table, columns=ColumnsConfig(dates={"d": "%Y-%m-%d"}))
        assert problem.message.startswith("column 'd': '3/4/2024' is no date of the pattern '%Y-%m-%d' (0 of")
        (problem,) = refuse(table, columns=ColumnsConfig(dates=("e",)))
        assert problem.path == "data.columns.dates"
        (problem,) = refuse(table, columns=ColumnsConfig(dates=("d",), ignore=("d",)))
        assert problem.message == "'d' is in dates and in ignore: remove it from one"

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
        doubtful = load('a,y\n1,"1,250"\n2,"2,500"\n')
        assert (doubtful.warnings, len(doubtful.with_amounts().warnings)) == ((), 1)
        plain = load("a,y\n1,5\n2,6\n")
        assert plain.with_amounts() is plain

    def test_texts_that_differ_in_every_row(self, load: Load, refuse: Refuse) -> None:
        table = "a,t,y\n" + "".join(f"{n % 7},text {n},{'pq'[n % 2]}\n" for n in range(30))
        dataset = load(table)
        assert dataset.categorical_names == ()
        (warning,) = dataset.warnings
        assert "is ignored: 't' (to use it, add it to data.columns.categorical)" in warning
        kept = load(table, columns=ColumnsConfig(categorical=("t",)))
        assert (kept.categorical_names, kept.warnings) == (("t",), ())
        (problem,) = refuse(table, columns=ColumnsConfig(ignore=("a",)))
        assert "but texts that are nearly all different: 't'" in problem.message
