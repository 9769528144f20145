"""Groups of rows by the values of a column; the rows are those of small tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.schema.data import ColumnsConfig, DataConfig, SplitConfig
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.detection import TypedColumn
from fnnctl.data.dataset import Dataset
from fnnctl.data.groupings import Grouping, RowGroups, refuse_ungrouped
from fnnctl.data.loading import load_dataset
from fnnctl.data.problems import Problems
from fnnctl.errors import DataError
from tests.messages import Messages


def load(folder: Path, text: str, *grouped: str, **settings: object) -> Dataset:
    (folder / "t.csv").write_text(text)
    config = DataConfig.model_validate({"source": "t.csv", "target": "y", **settings})
    return load_dataset(config, folder, grouped=grouped)


def column(folder: Path, values: Sequence[object], **settings: object) -> TypedColumn:
    """A column of a table that is no feature."""
    rows = "".join(f'{row},"{value}",{"pq"[row % 2]}\n' for row, value in enumerate(values))
    ignored = {"columns": ColumnsConfig(ignore=("g",)), **settings}
    return load(folder, f"x,g,y\n{rows}", "g", **ignored).grouped[0]


def cells(*values: str) -> CodedTexts:
    return CodedTexts(np.arange(len(values)), values, [None] * len(values))


def divided(read: TypedColumn) -> RowGroups:
    return Grouping.fit(read, np.arange(len(read.texts.codes))).divide(read)


def members(groups: RowGroups) -> dict[str, list[int]]:
    return {name: np.flatnonzero(groups.codes == code).tolist() for code, name in enumerate(groups.names)}


def test_categories_are_groups_by_value_and_missing_values_are_the_last(tmp_path: Path) -> None:
    groups = divided(column(tmp_path, ["St. Gallen", "", "a,b", "St. Gallen", "NA"]))
    assert members(groups) == {"St. Gallen": [0, 3], "a,b": [2], "(missing)": [1, 4]}


def test_numbers_are_divided_at_the_quartiles_of_the_chosen_rows(tmp_path: Path) -> None:
    """Of 1 … 8 these are 2, 4 and 6; an edge belongs to the quarter below it. 100 is in no chosen row."""
    read = column(tmp_path, [1, 2, 3, 4, 5, 6, 7, 8, 100, "", 2.5])
    grouping = Grouping.fit(read, np.arange(8))
    assert [*grouping.edges] == [2, 4, 6]
    assert members(grouping.divide(read)) == {
        "up to 2": [0, 1],
        "2 to 4": [2, 3, 10],
        "4 to 6": [4, 5],
        "above 6": [6, 7, 8],
        "(missing)": [9],
    }


def test_quarters_that_equal_values_leave_empty_are_no_groups(tmp_path: Path) -> None:
    assert members(divided(column(tmp_path, [0] * 8 + [1, 2, 3, 4]))) == {
        "up to 0": [*range(8)],
        "0 to 1": [8],
        "above 1": [9, 10, 11],
    }


def test_edges_have_as_few_digits_as_divide_the_rows_alike(tmp_path: Path) -> None:
    values = [-0.66455781, -0.6641, 0.1234567, 0.13, 2.25001, 2.2501, 1e9 + 1, 1e9 + 2]
    read = column(tmp_path, values)
    assert members(divided(read)) == {
        "up to -0.6": [0, 1],
        "-0.6 to 0.2": [2, 3],
        "0.2 to 3": [4, 5],
        "above 3": [6, 7],
    }
    near = column(tmp_path, [1e9 + number for number in range(8)])
    assert Grouping.fit(near, np.arange(8)).edges == (1e9 + 1, 1e9 + 3, 1e9 + 5)


def test_four_different_numbers_are_groups_by_value(tmp_path: Path) -> None:
    groups = divided(column(tmp_path, ["2", "10", "2.0", "0.5", "", "-1"]))
    assert members(groups) == {"-1": [5], "0.5": [3], "2": [0, 2], "10": [1], "(missing)": [4]}


def test_amounts_and_dates_are_divided_in_their_own_units(tmp_path: Path) -> None:
    amounts = divided(column(tmp_path, [f"€{number},000" for number in range(1, 9)]))
    assert amounts.names == ("up to 2000", "2000 to 4000", "4000 to 6000", "above 6000")
    days = divided(column(tmp_path, [f"2024-02-{day:02}" for day in range(1, 9)]))
    assert days.names[:2] == ("up to 2024-02-02", "2024-02-02 to 2024-02-04")
    moments = divided(column(tmp_path, [f"2024-02-0{day} 0{day}:30" for day in range(1, 5)] * 2))
    assert members(moments)["2024-02-02 02:30"] == [1, 5]
    times = divided(column(tmp_path, [f"0{hour}:15" for hour in range(1, 9)]))
    assert times.names[-1] == "above 06:15"


def test_spellings_of_yes_and_no_are_two_groups(tmp_path: Path) -> None:
    groups = divided(column(tmp_path, ["yes", "Yes", "no", "NO", "yes", "no"]))
    assert [*members(groups).values()] == [[2, 3, 5], [0, 1, 4]]


def test_of_more_than_20_values_the_rarest_are_one_group(tmp_path: Path) -> None:
    """Of 22 values, w00 and w01 have one row, all others two."""
    values = [f"w{number:02}" for number in range(22) for _ in range(1 + (number > 1))]
    groups = divided(column(tmp_path, [*values, ""]))
    assert groups.names == (*(f"w{number:02}" for number in range(2, 22)), "(other)", "(missing)")
    assert members(groups)["(other)"] == [0, 1]


def test_a_value_may_have_the_name_of_a_group_of_others(tmp_path: Path) -> None:
    groups = divided(column(tmp_path, ["(missing)", "", "a", "(missing)"]))
    assert members(groups) == {"(missing)": [0, 3], "a": [2], "((missing))": [1]}


def test_every_use_of_a_column_allows_groups_by_it(tmp_path: Path) -> None:
    """A feature, the weights, the group and the order of the rows; features stay as they are."""
    table = "x,w,p,d,y\n1,1,a,3,p\n2,2,b,4,q\n,1,a,5,p\n4,2,b,6,\n"
    settings = {"weights": "w", "split": SplitConfig(group="p")}
    dataset = load(tmp_path, table, "x", "w", "p", **settings)
    assert dataset.numeric_names == ("x", "d")
    assert [members(divided(read)) for read in dataset.grouped] == [
        {"1": [0], "2": [1], "(missing)": [2]},
        {"1": [0, 2], "2": [1]},
        {"a": [0, 2], "b": [1]},
    ]
    ordered = load(tmp_path, table, "d", split=SplitConfig(by="d"), columns=ColumnsConfig(ignore=("d", "p")))
    assert ordered.numeric_names == ("x", "w")
    assert divided(ordered.grouped[0]).names == ("3", "4", "5")


def test_a_column_that_is_declared_categorical_is_divided_by_value(tmp_path: Path) -> None:
    rows = "".join(f"{row},{row % 6},{'pq'[row % 2]}\n" for row in range(12))
    dataset = load(tmp_path, f"x,g,y\n{rows}", "g", columns=ColumnsConfig(categorical=("g",)))
    assert divided(dataset.grouped[0]).names == ("0", "1", "2", "3", "4", "5")


def test_a_test_file_is_read_with_the_types_of_the_training_file(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("g,x,y\n9,1,p\n,2,q\n")
    read = column(tmp_path, range(1, 9), test_source="test.csv")
    groups = Grouping.fit(read, np.arange(8)).divide(read)
    assert members(groups)["above 6"] == [6, 7, 8]
    assert members(groups)["(missing)"] == [9]


def test_columns_of_arrays_are_divided_too(tmp_path: Path) -> None:
    numbers = np.array([[1.5, 1], [2, 2], [3, 3], [np.nan, 4]])
    np.savez(tmp_path / "t.npz", X=numbers, y=np.array(["p", "q", "p", "q"]))
    dataset = load_dataset(DataConfig(source="t.npz"), tmp_path, grouped=["x0"])
    assert members(divided(dataset.grouped[0])) == {"1.5": [0], "2": [1], "3": [2], "(missing)": [3]}


def test_new_rows_are_divided_as_the_training_rows(tmp_path: Path) -> None:
    problems, missing = Problems("new.csv"), frozenset({"NA", "-1"})
    numbers = Grouping("age", "numeric", edges=(2.0, 4.0))
    read = numbers.read(cells(" 4 ", "2.5", "NA", "", "-1.0", "1e3"), missing, problems)
    assert members(numbers.divide(read)) == {"2 to 4": [0, 1], "above 4": [5], "(missing)": [2, 3, 4]}
    places = Grouping("place", "categorical")
    read = places.read(cells("a", "new", "NA", "a "), missing, problems)
    assert members(places.divide(read)) == {"a": [0, 3], "new": [1], "(missing)": [2]}
    assert not problems


def test_wrong_columns_and_values_are_refused(tmp_path: Path, messages: Messages) -> None:
    table = "x,age,y\n" + "".join(f"{row},{row},{'pq'[row % 2]}\n" for row in range(9))
    for grouped in (("y",), ("aeg", "y")):
        with pytest.raises(DataError) as caught:
            load(tmp_path, table, *grouped)
        messages.check(caught.value)
    (tmp_path / "test.csv").write_text("x,age,y\n1,old,p\n")
    with pytest.raises(DataError) as caught:
        load(tmp_path, table, "age", test_source="test.csv", columns=ColumnsConfig(ignore=("age",)))
    messages.check(re.sub(r"\S*/(?=test\.csv)", "", str(caught.value)))
    (tmp_path / "test.csv").write_text("x,y\n1,p\n")
    with pytest.raises(DataError) as caught:
        load(tmp_path, table, "age", test_source="test.csv", columns=ColumnsConfig(ignore=("age",)))
    messages.check(re.sub(r"\S*/(?=test\.csv)", "", str(caught.value)))
    problems = Problems("new.csv")
    Grouping("age", "numeric", edges=(2.0,)).read(cells("1", "old"), frozenset(), problems)
    messages.check(problems.error())


def test_columns_that_give_no_groups_are_refused(tmp_path: Path, messages: Messages) -> None:
    texts = column(tmp_path, [f"name {row}" for row in range(30)])
    empty = column(tmp_path, [""] * 4)
    refuse_ungrouped([column(tmp_path, ["a", "b", "a"])])
    with pytest.raises(DataError) as caught:
        refuse_ungrouped([texts, empty])
    messages.check(caught.value)
