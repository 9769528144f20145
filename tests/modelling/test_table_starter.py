from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.reading.starter import STARTER_NAME
from fnnctl.config.reading.table_starter import FoundTarget, RareClass, TableStarter, table_starter_text
from fnnctl.data.profile.source import SourceOptions, read_source
from fnnctl.data.profile.table import table_facts
from fnnctl.errors import DataError, UsageError
from fnnctl.modelling.table_starter import table_starter
from fnnctl.modelling.table_target import check_table, target_facts
from tests.data.profile.conftest import csv_text
from tests.messages import Messages

NUMBERS = [number % 7 * 1.5 for number in range(40)]
COLOURS = ["red", "blue", "red", "green"] * 10


def made(
    folder: Path,
    columns: Mapping[str, Sequence[object]],
    targets: Sequence[str] = ("y",),
    *,
    table: str = "table.csv",
    config_folder: Path | None = None,
) -> TableStarter:
    (folder / table).parent.mkdir(exist_ok=True)
    (folder / table).write_text(csv_text(columns))
    options = SourceOptions(source=str(folder / table), folder=folder, targets=tuple(targets))
    return started(options, config_folder or folder)


def started(options: SourceOptions, folder: Path) -> TableStarter:
    source = read_source(options)
    targets, facts = target_facts(source), table_facts(source)
    return table_starter(facts, targets, check_table(facts, targets), options, folder)


def test_what_is_found_is_decided_upon(tmp_path: Path) -> None:
    starter = made(
        tmp_path,
        {
            "id": range(40),
            "a": NUMBERS,
            "zip": [number % 5 * 100 for number in range(40)],
            "temp": [-999, *(number % 9 for number in range(39))],
            "y": COLOURS,
        },
    )
    assert (starter.source, starter.rows) == ("table.csv", 40)
    about = "3 classes: red (20), blue (10), green (10)"
    assert starter.targets == (FoundTarget(name="y", about=about, task="classification"),)
    assert list(starter.ignored) == ["id"]
    assert starter.codes == ("zip",)
    assert list(starter.suspected) == ["-999"]
    assert (starter.split, starter.split_reason) == ({}, None)
    assert (starter.delimiter, starter.encoding) == (None, None)
    assert [column.name for column in starter.columns] == ["id", "a", "zip", "temp", "y"]


def of_classes(folder: Path, y: Sequence[str]) -> TableStarter:
    return made(folder, {"a": [number % 7 * 1.5 for number in range(len(y))], "y": y})


@pytest.mark.parametrize(
    ("rare", "rows", "classes", "is_rare"),
    [(19, 181, 1, True), (20, 180, 1, False), (5, 50, 4, True), (5, 50, 5, False)],
)
def test_a_rare_class_is_named(tmp_path: Path, rare: int, rows: int, classes: int, is_rare: bool) -> None:
    """`rare` rows of one class, beside `classes` with `rows` rows each."""
    y = ["rare"] * rare + [f"common {number}" for number in range(classes)] * rows
    (target,) = of_classes(tmp_path, y).targets
    expected = f"the class 'rare' has {rare} of {len(y):,} rows"
    assert (target.rare and str(target.rare)) == (expected if is_rare else None)


@pytest.mark.parametrize(("rare", "is_positive"), [("no", False), ("zero", True)])
def test_of_two_classes_the_rare_one_may_not_be_the_positive_one(
    tmp_path: Path, rare: str, is_positive: bool
) -> None:
    (target,) = of_classes(tmp_path, ["often"] * 195 + [rare] * 5).targets
    assert target.rare == RareClass(rare, 5, 200, is_binary=True, is_positive=is_positive)


@pytest.mark.parametrize(
    ("y", "split"),
    [
        (["a"] * 20 + ["b"] * 19 + ["c"], {"stratify": False}),
        (["a", "b"] * 9 + ["d", "c"], {"stratify": False}),
        (["a", "b", "a", "b"], {}),
        (["a", "a", "b"], {"stratify": False}),
        (["a", "b"], {"validation": 0.0, "stratify": False}),
    ],
)
def test_the_rows_can_be_divided(
    tmp_path: Path, y: Sequence[str], split: Mapping[str, object], messages: Messages
) -> None:
    """Another split than the usual one has a reason."""
    starter = made(tmp_path, {"a": [number * 1.5 for number in range(len(y))], "y": y})
    assert starter.split == split
    messages.check(starter.split_reason)


@pytest.mark.parametrize(
    "y", [["common"] * 96 + ["few"] * 4, ["a"] * 90 + ["b"] * 4 + ["c"] * 3 + ["d"] * 3], ids=["one", "three"]
)
def test_a_class_of_very_few_rows_cannot_be_trained_on(
    tmp_path: Path, y: list[str], messages: Messages
) -> None:
    starter = of_classes(tmp_path, y)
    (scarce,) = starter.scarce_classes
    messages.check(scarce)
    assert f"warning: {scarce}" in starter.decisions()
    assert f"# {scarce}." in table_starter_text(starter, STARTER_NAME)


def test_the_source_is_relative_to_the_config(tmp_path: Path) -> None:
    columns: dict[str, Sequence[object]] = {"a": NUMBERS, "y": COLOURS}
    (tmp_path / "configs").mkdir()
    starter = made(tmp_path, columns, table="data/t.csv", config_folder=tmp_path / "configs")
    assert starter.source == "../data/t.csv"
    for name in ("iris", "~x.csv"):
        assert made(tmp_path, columns, table=name).source == f"./{name}"


def test_built_in_data_keep_their_own_task_and_arrays_are_named_as_they_are(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.array(NUMBERS).reshape(20, 2), y=np.array(["a", "b"] * 10))
    iris, arrays = (
        started(SourceOptions(source=name, folder=tmp_path), tmp_path) for name in ("iris", "a.npz")
    )
    (species,), (y,) = iris.targets, arrays.targets
    assert (iris.source, species.name, species.task) == ("iris", "species", None)
    assert (arrays.source, y.name, y.task) == ("a.npz", "y", "classification")


def test_tables_without_an_experiment(tmp_path: Path, messages: Messages) -> None:
    """There is no column to learn from, or a config cannot contain a name."""
    columns: dict[str, Sequence[object]] = {"a": NUMBERS, "y": COLOURS}
    with pytest.raises(DataError) as nothing:
        made(tmp_path, {"id": range(40), "y": COLOURS})
    with pytest.raises(UsageError) as column:
        made(tmp_path, {"a": NUMBERS, "y\x1b": COLOURS}, ["y\x1b"])
    with pytest.raises(UsageError) as file:
        made(tmp_path, columns, table="a\x1b.csv")
    for caught in (nothing, column, file):
        messages.check(caught.value)


def test_a_column_that_gives_the_target_away_is_named(tmp_path: Path) -> None:
    y = ["good", "poor"] * 40
    code = [number % 2 * 5 + number % 3 for number in range(80)]
    starter = made(tmp_path, {"a": [number % 7 * 1.5 for number in range(80)], "code": code, "y": y})
    assert starter.leaks == ("code",)
    assert [warning.partition(" predicts")[0] for warning in starter.warnings] == ["the column 'code' alone"]


def test_several_targets_are_listed_and_divided_by_the_first(tmp_path: Path) -> None:
    """A row without the first target, but with another one, is counted among the rows to divide."""
    columns: dict[str, Sequence[object]] = {
        "a": NUMBERS,
        "y": [*COLOURS[:-1], ""],
        "z": [f"{number}.5" for number in range(40)],
    }
    starter = made(tmp_path, columns, targets=("y", "z"))
    assert [(target.name, target.task, target.about) for target in starter.targets] == [
        ("y", "classification", "3 classes: red (20), blue (10), green (9)"),
        ("z", "regression", "numbers from 0.5 to 39.5"),
    ]
    assert (starter.are_labels, starter.only_target, starter.split) == (False, None, {})
    single = [*["red"] * 38, "blue", "blue"]
    assert made(tmp_path, columns | {"y": [*single[1:], "green"]}, targets=("y", "z")).split == {
        "stratify": False
    }


@pytest.mark.parametrize(
    ("second", "are_labels"),
    [([0, 1], True), (["0", ""], None), (["true", "False"], True), (["yes", "no"], False), ([0, 2], False)],
)
def test_columns_of_0_and_1_alone_are_labels(
    tmp_path: Path, second: Sequence[object], are_labels: bool | None
) -> None:
    columns: dict[str, Sequence[object]] = {
        "a": NUMBERS,
        "y": [0, 1, 1, ""] * 10,
        "z": [*second, *reversed(second)] * 10,
    }
    if are_labels is None:  # it is no target
        with pytest.raises(DataError):
            made(tmp_path, columns, targets=("y", "z"))
        return
    starter = made(tmp_path, columns, targets=("y", "z"))
    assert starter.are_labels is are_labels
    if are_labels:
        assert [target.about for target in starter.targets] == ["20 of 30 rows", "20 of 40 rows"]
    assert not made(tmp_path, columns, targets=("y",)).are_labels
