"""The notes about values that do not occur in the training data, counted over all blocks of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fnnctl.data.new_rows import NewRows
from fnnctl.data.preprocessing import CategoryFeatures, NumberFeature, Preprocessor
from fnnctl.errors import DataError
from fnnctl.modelling.input_file import InputFile, LabelledRows, Unseen, read_labelled
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.store.folder import RunFolder
from tests.program import only_run

AGE = NumberFeature("age", 40.0, 40.0, 10.0, False, range=(18.0, 90.0))


def numbers(values: Sequence[float], names: tuple[str, ...] = ("age",)) -> NewRows:
    return replace(
        block(0, colour=[None] * len(values)),
        numeric=np.array(values).reshape(-1, 1) * np.ones(len(names)),
        numeric_names=names,
        categorical=np.empty((len(values), 0), np.int32),
        categorical_names=(),
        categories=(),
    )


def block(first: int, **columns: Sequence[str | None]) -> NewRows:
    """Rows of categorical columns; None is a missing value."""
    categories = [tuple(dict.fromkeys(text for text in texts if text)) for texts in columns.values()]
    codes = [
        [known.index(text) if text else -1 for text in texts]
        for texts, known in zip(columns.values(), categories, strict=True)
    ]
    rows = len(codes[0])
    return NewRows(
        numeric=np.empty((rows, 0)),
        numeric_names=(),
        categorical=np.array(codes, np.int32).T,
        categorical_names=(*columns,),
        categories=(*categories,),
        first=first,
        labels=None,
    )


def told(*blocks: NewRows) -> list[str]:
    known = (CategoryFeatures("colour", ("green", "red"), True), CategoryFeatures("size", ("big",), False))
    unseen = Unseen(Preprocessor((), known))
    assert [*unseen.count(iter(blocks))] == [*blocks]
    return [*unseen.sentences()]


def test_rows_are_counted_over_all_blocks_and_the_first_value_is_named() -> None:
    """Blue is in three rows, pink in one; the code of a value differs between blocks."""
    first = block(0, colour=["red", "blue", "green"], size=["big", None, "big"])
    second = block(3, colour=["blue", "pink", "red", "blue"], size=["big", "big", "tiny", "big"])
    ending = "none of the column's features is set there"
    assert told(first, second) == [
        "in 4 rows the column 'colour' has a value that does not occur in the training data (the first is "
        "'blue'): " + ending,
        "in 1 row the column 'size' has a value that does not occur in the training data (the first is "
        "'tiny'): " + ending,
    ]


def test_a_column_with_a_feature_for_all_other_values_has_no_unseen_ones() -> None:
    unseen = Unseen(Preprocessor((), (CategoryFeatures("colour", ("red",), False, others=True),)))
    rows = block(0, colour=["red", "blue"])
    assert [*unseen.count(iter([rows]))] == [rows]
    assert [*unseen.sentences()] == []


def test_missing_values_are_not_unseen() -> None:
    assert told(block(0, colour=[None, "red"], size=[None, "big"])) == []


def test_a_file_without_rows_has_no_notes() -> None:
    assert told() == []


def test_numbers_far_outside_of_the_training_rows_are_counted_in_one_line() -> None:
    """Far is farther from the range than it is wide: below -54 and above 162 for ages from 18 to 90."""
    blocks = [numbers([40, -54, 162, np.nan]), numbers([999, 163, -55])]
    unseen = Unseen(Preprocessor((AGE,), ()))
    assert [*unseen.count(iter(blocks))] == blocks
    assert [*unseen.sentences()] == [
        "3 numbers are far outside of what the network was trained on (the first is 999 in 'age', trained on "
        "18 to 90): do not trust the predictions of such rows"
    ]


@pytest.mark.parametrize("range_", [None, (3.0, 3.0), (-1e308, 1e308)])
def test_without_a_range_no_number_is_far(range_: tuple[float, float] | None) -> None:
    unseen = Unseen(Preprocessor((replace(AGE, range=range_),), ()))
    assert len([*unseen.count(iter([numbers([999, -1e308], ("other", "age"))]))]) == 1
    assert [*unseen.sentences()] == []


COUNT = 2500
"""More rows than a block that is read, and than a batch that is scored."""


@pytest.fixture
def model(trained: Path) -> SavedModel:
    return load_model(RunFolder(only_run(trained)), lambda text: None)


@pytest.fixture
def table(trained: Path) -> tuple[str, list[str]]:
    """The header, and the rows of the penguins repeated."""
    header, *lines = (trained / "penguins.csv").read_text().splitlines()
    return header, (lines * (COUNT // len(lines) + 1))[:COUNT]


def write(path: Path, header: str, lines: list[str]) -> None:
    path.write_text("\n".join([header, *lines]) + "\n")


def without_label(header: str, line: str) -> str:
    values = line.split(",")
    values[header.split(",").index("species")] = ""
    return ",".join(values)


def read(path: Path, model: SavedModel, notes: list[str]) -> LabelledRows:
    given = InputFile.find(str(path), model, setting="--data", delimiter=None, encoding=None)
    return read_labelled(given, model, notes.append)


def test_rows_without_a_label_are_left_out_and_counted(
    model: SavedModel, table: tuple[str, list[str]], tmp_path: Path
) -> None:
    """A whole block of rows has no label."""
    header, lines = table
    labelled = [number for number in range(COUNT) if number > 1200 and number % 3]
    chosen = {*labelled}
    written = [line if number in chosen else without_label(header, line) for number, line in enumerate(lines)]
    write(tmp_path / "all.csv", header, lines)
    write(tmp_path / "some.csv", header, written)
    notes: list[str] = []
    every, some = read(tmp_path / "all.csv", model, []), read(tmp_path / "some.csv", model, notes)
    assert some.numbers.tolist() == labelled
    assert some.targets.tolist() == every.targets[labelled].tolist()
    scores = np.concatenate(every.scores)[labelled]
    np.testing.assert_allclose(np.concatenate(some.scores), scores, rtol=1e-5, atol=1e-6)
    left_out = COUNT - len(labelled)
    assert notes == [f"{tmp_path / 'some.csv'}: left out {left_out:,} rows without a value in 'species'"]


def test_the_part_is_what_predict_says_of_the_rows(
    model: SavedModel, table: tuple[str, list[str]], tmp_path: Path
) -> None:
    header, lines = table
    write(tmp_path / "all.csv", header, lines)
    rows = read(tmp_path / "all.csv", model, [])
    metrics = rows.part(model).metrics()
    predicted, _ = model.predictor.task.predict(np.concatenate(rows.scores), model.predictor.decoder)
    species = header.split(",").index("species")
    right = [label == line.split(",")[species] for (label,), line in zip(predicted, lines, strict=True)]
    assert metrics["support"] == COUNT
    assert metrics["accuracy"] == pytest.approx(sum(right) / COUNT, rel=1e-12)


def test_a_label_that_is_unknown_has_its_line(
    model: SavedModel, table: tuple[str, list[str]], tmp_path: Path
) -> None:
    """Unknown labels in the second block; each is reported once, with its first line."""
    header, lines = table
    lines[2000] = lines[2000].replace(lines[2000].split(",")[header.split(",").index("species")], "Emu")
    lines[2010] = lines[2000]
    write(tmp_path / "emu.csv", header, lines)
    with pytest.raises(DataError) as caught:
        read(tmp_path / "emu.csv", model, [])
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(tmp_path / "emu.csv"), 2002)
    assert "'Emu'" in problem.message


def test_scores_that_overflow_are_reported_with_the_row_of_the_file(
    model: SavedModel, table: tuple[str, list[str]], tmp_path: Path
) -> None:
    """The row is counted among all rows, not among those with a label."""
    header, lines = table
    lines[:10] = [without_label(header, line) for line in lines[:10]]
    names = header.split(",")
    values = lines[2100].split(",")
    for name, number in {
        "bill_length_mm": "1e300",
        "bill_depth_mm": "-1e308",
        "body_mass_g": "1e308",
    }.items():
        values[names.index(name)] = number
    lines[2100] = ",".join(values)
    write(tmp_path / "huge.csv", header, lines)
    with pytest.raises(DataError, match="the values of row 2100 "):
        read(tmp_path / "huge.csv", model, [])
