"""Everything that is told of the data before training is found in one place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.splits.parts import Split
from fnnctl.errors import InputError
from fnnctl.messages import Message, sentences
from fnnctl.modelling.data_checks import ColumnCheck, DataCheck, check_columns
from fnnctl.modelling.loading import LoadedExperiment, load_experiment
from fnnctl.tasks.registry import encode
from tests.data.test_warnings import dataset_of, noise

CONFIG = DataConfig(source="t.csv")


def test_leaks_come_before_the_classes_and_the_reading() -> None:
    labels = np.arange(120) % 2
    labels[100:] = 0
    columns = np.column_stack([noise(120), np.ones(120), labels])
    data = encode(dataset_of(columns, labels=labels, warnings=(Message("bad_line", "read badly"),)))
    split = Split(np.arange(80), np.arange(80, 100), np.arange(100, 120))
    found = DataCheck.of_parts(data, split, CONFIG)
    leak, constant, absent, read = sentences(found.warnings)
    assert read == "read badly"
    assert "'n1'" in constant
    assert absent.startswith("a class has no row in the test part")
    assert leak.startswith("the column 'n2' alone predicts the target")
    assert found.best_column is not None
    assert found.best_column.name == "n2"
    folds = DataCheck.of_folds(data, [Message("absent_classes", "a fold lacks a class")], CONFIG)
    assert sentences(folds.warnings)[2:] == ["a fold lacks a class", read]


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A config of a table without numbers."""
    rows = "".join(f"{'pqr'[i % 3]},{'ab'[i % 2]}\n" for i in range(60))
    (tmp_path / "own.csv").write_text("letter,label\n" + rows)
    path = tmp_path / "c.yaml"
    path.write_text("data: {source: own.csv, target: label}\n")
    return path


def load(path: Path, *overrides: str) -> LoadedExperiment:
    return load_experiment(path, overrides)


def test_numbers_that_are_not_there(letters: Path) -> None:
    for given in ("piecewise_linear", "{name: piecewise_linear, bins: 4}"):
        with pytest.raises(InputError) as caught:
            load(letters, f"model.numeric_embedding={given}")
        (problem,) = caught.value.problems
        assert str(problem) == (
            "--set: model.numeric_embedding: has no effect: the data have no numeric columns; write none"
        )


def test_what_is_off_or_the_recipes_is_no_problem(letters: Path) -> None:
    for overrides in ([], ["model.numeric_embedding=none"]):
        assert load(letters, *overrides).experiment.model.numeric_embedding.name == "none"


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
    (warning,) = sentences(check.warnings)
    assert warning.startswith("the column 'code' alone predicts the target: accuracy ")
    assert warning.endswith(
        " on held-out rows; if it is known only after the outcome, add it to data.columns.ignore"
    )


def test_a_code_of_a_rare_class_is_told_although_some_rows_are_missed(tmp_path: Path) -> None:
    """A refund is paid in all of 40 rows; what is held out may be less than all refunds of other rows."""
    rng = np.random.default_rng(5)
    is_lost = np.arange(1200) < 40
    refund = np.where(is_lost, rng.uniform(1, 90, 1200), 0.0)
    y = [*np.where(is_lost, "yes", "no")]
    columns = {"age": texts(rng.normal(size=1200)), "refund": texts(refund), "y": y}
    check = checked(columns, tmp_path)
    assert check.best is not None
    assert check.best.score < 1.0
    assert check.best.is_leak
    assert check.leaks == ("refund",)
    most = {**columns, "refund": texts(np.where(np.arange(1200) < 34, refund, 0.0))}
    assert checked(most, tmp_path).leaks == ()


def test_a_trend_is_no_leak_if_the_rows_are_in_its_order(tmp_path: Path) -> None:
    """The target rises by the day. A copy of it is a leak in any order."""
    rng, day = np.random.default_rng(1), np.arange(600.0)
    y = 100 + day / 5 + rng.normal(size=600)
    columns = {"day": texts(day), "x": texts(rng.normal(size=600)), "y": texts(y)}
    by = ", task: regression, split: {by: day}"
    assert sentences(checked(columns, tmp_path, ", task: regression").warnings)
    assert not sentences(checked(columns, tmp_path, by).warnings)
    check = checked({**columns, "copy": texts(2 * y + rng.normal(size=600) / 50)}, tmp_path, by)
    assert check.best is not None
    assert check.best.name == "copy"


def test_several_columns_are_told_together(tmp_path: Path) -> None:
    """Missing only where nobody died, and the same in words."""
    died = RNG.integers(2, size=400)
    columns = {
        "a": texts(RNG.normal(size=400)),
        "day": ["" if not each else f"{10 * RNG.uniform():.3f}" for each in died],
        "state": [*np.where(died, "buried", "alive")],
        "y": [*np.where(died, "dead", "living")],
    }
    (warning,) = sentences(checked(columns, tmp_path).warnings)
    assert warning.startswith("each of the columns 'day', 'state' alone predicts the target: accuracy 1 on")


def test_a_column_whose_values_may_be_groups_is_suggested_as_one(tmp_path: Path) -> None:
    """Forty patients with ten rows each: one target each, but the patient is no result of it."""
    patient = np.repeat(np.arange(40), 10)
    columns = {
        "patient": [f"P{each}" for each in patient],
        "size": texts(RNG.normal(size=400)),
        "y": [*np.where(RNG.integers(2, size=40)[patient], "a", "b")],
    }
    (warning,) = sentences(checked(columns, tmp_path).warnings)
    assert "if rows with the same 'patient' belong together" in warning
    assert "data.split.group: patient" in warning
    assert checked(columns, tmp_path, ", split: {group: patient}").warnings == ()


def test_a_price_with_tax_is_told(tmp_path: Path) -> None:
    price = np.exp(RNG.normal(size=1000))
    columns = {"gross": texts(1.19 * price), "size": texts(price + RNG.normal(size=1000)), "y": texts(price)}
    check = checked(columns, tmp_path, ", task: regression")
    assert check.best is not None
    assert (check.best.name, check.best.metric) == ("gross", "r2")
    assert check.best.baseline == pytest.approx(0, abs=0.02)
    assert "alone predicts the target: r2 0.99" in sentences(check.warnings)[0]


def test_ids_and_columns_that_help_are_not_told(tmp_path: Path) -> None:
    """95 % of the rows are right from the column alone."""
    label = RNG.integers(2, size=600)
    near = np.where(RNG.uniform(size=600) < 0.95, label, 1 - label)
    columns = {
        "id": [f"k{row}" for row in range(600)],
        "near": [*map(str, near + 2)],
        "y": [*np.where(label, "a", "b")],
    }
    check = checked(columns, tmp_path)
    assert check.best is not None
    assert check.best.name == "near"
    assert check.best.score == pytest.approx(0.95, abs=0.03)
    assert check.warnings == ()


def test_a_patient_is_no_leak_of_its_own_label(tmp_path: Path) -> None:
    """Every patient has one label and one weight in 20 rows, but the rows of a patient are in one fold."""
    patient = np.repeat(np.arange(60), 20)
    label, weight = RNG.integers(2, size=60)[patient], RNG.normal(size=60)[patient]
    columns = {"p": [*map(str, patient)], "w": texts(weight), "y": [*np.where(label, "a", "b")]}
    assert checked(columns, tmp_path).warnings != ()
    assert checked(columns, tmp_path, ", split: {group: p}").warnings == ()


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


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits", "penguins", "diabetes"])
def test_the_built_in_data_have_no_leak(tmp_path: Path, name: str) -> None:
    (tmp_path / "t.yaml").write_text(f"data: {{source: {name}}}\n", encoding="utf-8")
    loaded = load_experiment(tmp_path / "t.yaml")
    found = check_columns(loaded.data, loaded.split())
    assert found.warnings == ()
    assert found.best is not None
    assert check_columns(loaded.data, loaded.split()) == found
