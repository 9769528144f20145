from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.schema.data import ColumnsConfig, DataConfig
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
        (
            [1.0, 1e308, 1e308],
            (1, "has numbers up to 1e+308, whose sum is infinite: divide all by 1e300"),
        ),
        ([0.0, 0.0], (None, "has only zeros: at least one weight must be above 0")),
    ],
)
def test_weights_are_there_and_not_negative(
    weights: list[float], words: tuple[int | None, str] | None
) -> None:
    assert weights_fault(np.array(weights)) == words


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
