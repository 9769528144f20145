"""Everything that is told of the data before training is found in one place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.splits.parts import Split
from fnnctl.messages import Message, sentences
from fnnctl.modelling.data_checks import ColumnCheck, DataCheck, check_columns
from fnnctl.modelling.loading import load_experiment
from fnnctl.tasks.registry import encode
from tests.data.test_warnings import dataset_of, noise
from tests.messages import Messages

CONFIG = DataConfig(source="t.csv")


def test_leaks_come_before_the_classes_and_the_reading(messages: Messages) -> None:
    labels = np.arange(120) % 2
    labels[100:] = 0
    columns = np.column_stack([noise(120), np.ones(120), labels])
    data = encode(dataset_of(columns, labels=labels, warnings=(Message("bad_line", "read badly"),)))
    split = Split(np.arange(80), np.arange(80, 100), np.arange(100, 120))
    check = DataCheck.of_parts(data, split, CONFIG)
    assert check.best_column is not None
    assert check.best_column.name == "n2"
    folds = DataCheck.of_folds(data, [Message("absent_classes", "a fold lacks a class")], CONFIG)
    for warnings in (check.warnings, folds.warnings):
        messages.check("\n".join(sentences(warnings)))


RNG = np.random.default_rng(0)


def checked(columns: dict[str, list[str]], tmp_path: Path, settings: str = "") -> ColumnCheck:
    """The check of a table with these columns, of which `y` is the target."""
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "t.yaml").write_text(f"data: {{source: t.csv, target: y{settings}}}\n", encoding="utf-8")
    loaded = load_experiment(tmp_path / "t.yaml")
    return check_columns(loaded.data, loaded.split())


def texts(numbers: FloatArray) -> list[str]:
    return [f"{number:.5g}" for number in numbers]


def leaks_of(check: ColumnCheck) -> tuple[str, ...]:
    """The columns that are told of, each with a warning."""
    assert bool(check.leaks) == any("alone predicts the target" in text for text in sentences(check.warnings))
    return check.leaks


@pytest.mark.parametrize("share", [0.5, 0.02])
def test_a_code_of_the_outcome_is_told(tmp_path: Path, share: float) -> None:
    """Also if the classes are so unequal that the accuracy of the baseline is 0.98."""
    is_ill = np.arange(2000) < share * 2000
    code = np.where(is_ill, RNG.uniform(5, 6, 2000), RNG.choice([0.5, 9.5], 2000) + RNG.uniform(0, 1, 2000))
    columns = {"age": texts(RNG.normal(size=2000)), "code": texts(code), "y": [*np.where(is_ill, "a", "b")]}
    check = checked(columns, tmp_path)
    assert check.best is not None
    assert (check.best.name, check.best.metric) == ("code", "accuracy")
    assert check.best.baseline == pytest.approx(1 - share, abs=0.03)
    assert leaks_of(check) == ("code",)


def test_a_code_of_a_rare_class_is_told_although_some_rows_are_missed(tmp_path: Path) -> None:
    """A refund is paid in all of 40 rows; what is held out may be less than all refunds of other rows."""
    rng = np.random.default_rng(5)
    is_lost = np.arange(1200) < 40
    refund = np.where(is_lost, rng.uniform(1, 90, 1200), 0.0)
    columns = {
        "age": texts(rng.normal(size=1200)),
        "refund": texts(refund),
        "y": [*np.where(is_lost, "yes", "no")],
    }
    check = checked(columns, tmp_path)
    assert check.best is not None
    assert check.best.score < 1.0
    assert leaks_of(check) == ("refund",)
    most = {**columns, "refund": texts(np.where(np.arange(1200) < 34, refund, 0.0))}
    assert leaks_of(checked(most, tmp_path)) == ()


def test_a_trend_is_no_leak_if_the_rows_are_in_its_order(tmp_path: Path) -> None:
    """The target rises by the day. A copy of it is a leak in any order."""
    rng, day = np.random.default_rng(1), np.arange(600.0)
    y = 100 + day / 5 + rng.normal(size=600)
    columns = {"day": texts(day), "x": texts(rng.normal(size=600)), "y": texts(y)}
    by = ", task: regression, split: {by: day}"
    assert leaks_of(checked(columns, tmp_path, ", task: regression")) == ("day",)
    assert leaks_of(checked(columns, tmp_path, by)) == ()
    copied = checked({**columns, "copy": texts(2 * y + rng.normal(size=600) / 50)}, tmp_path, by)
    assert copied.best is not None
    assert (copied.best.name, copied.best.metric) == ("copy", "r2")


def test_several_columns_are_told_together(tmp_path: Path, messages: Messages) -> None:
    """Missing only where nobody died, and the same in words."""
    died = RNG.integers(2, size=400)
    columns = {
        "a": texts(RNG.normal(size=400)),
        "day": ["" if not each else f"{10 * RNG.uniform():.3f}" for each in died],
        "state": [*np.where(died, "buried", "alive")],
        "y": [*np.where(died, "dead", "living")],
    }
    (warning,) = sentences(checked(columns, tmp_path).warnings)
    messages.check(warning)


def test_a_column_whose_values_may_be_groups_is_suggested_as_one(tmp_path: Path, messages: Messages) -> None:
    """Sixty patients with ten rows each: one target and one weight each, but the patient is no result."""
    patient = np.repeat(np.arange(60), 10)
    label, weight = RNG.integers(2, size=60)[patient], RNG.normal(size=60)[patient]
    columns = {
        "patient": [f"P{each}" for each in patient],
        "w": texts(weight),
        "y": [*np.where(label, "a", "b")],
    }
    for warning in sentences(checked(columns, tmp_path).warnings):
        messages.check(warning)
    assert checked(columns, tmp_path, ", split: {group: patient}").warnings == ()


def test_ids_and_columns_that_help_are_not_told(tmp_path: Path) -> None:
    """95 % of the rows are right from the column alone."""
    label = RNG.integers(2, size=600)
    near = np.where(RNG.uniform(size=600) < 0.95, label, 1 - label)
    ids = [f"k{row}" for row in range(600)]
    columns = {"id": ids, "near": [*map(str, near + 2)], "y": [*np.where(label, "a", "b")]}
    check = checked(columns, tmp_path)
    assert check.best is not None
    assert (check.best.name, check.warnings) == ("near", ())
    assert check.best.score == pytest.approx(0.95, abs=0.03)


def test_test_rows_are_not_read() -> None:
    """The column gives the label of the training rows alone, and then of none of them."""
    labels = RNG.integers(2, size=200)
    split = Split(np.arange(80), np.arange(80, 120), np.arange(120, 200))
    column = np.where(np.arange(200) < 120, labels, RNG.integers(2, size=200)).astype(np.float64)
    assert check_columns(encode(dataset_of(column[:, None], labels=labels)), split).warnings != ()
    column = np.where(np.arange(200) < 120, RNG.integers(2, size=200), labels).astype(np.float64)
    found = check_columns(encode(dataset_of(column[:, None], labels=labels)), split)
    assert found.warnings == ()
    assert found.best is not None
    assert found.best.score < 0.7


@pytest.mark.parametrize(("rows", "columns"), [(49, 1), (60, 2001)])
def test_few_rows_and_many_columns_are_not_looked_at(rows: int, columns: int) -> None:
    found = check_columns(encode(dataset_of(np.tile(np.arange(rows) % 2.0, (columns, 1)).T)), None)
    assert found == ColumnCheck()


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "penguins", "diabetes"])
def test_the_built_in_data_have_no_leak(tmp_path: Path, name: str) -> None:
    (tmp_path / "t.yaml").write_text(f"data: {{source: {name}}}\n", encoding="utf-8")
    loaded = load_experiment(tmp_path / "t.yaml")
    check = check_columns(loaded.data, loaded.split())
    assert check.warnings == ()
    assert check.best is not None
    assert check_columns(loaded.data, loaded.split()) == check
