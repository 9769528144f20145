"""The background of contributions: the same rows however they are read, and whole if they are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.data.row_encoder import NewRows
from fnnctl.data.splits.parts import Split, trained_rows
from fnnctl.errors import DataError
from fnnctl.modelling.explanations.background import (
    BACKGROUND_ROWS,
    background_of_model,
    background_of_rows,
    drawn_rows,
)
from fnnctl.modelling.input_file import InputFile, as_notes
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.store.folder import RunFolder
from tests.program import only_run

ROWS = 344


@pytest.fixture(scope="module")
def model(trained: Path) -> SavedModel:
    return load_model(RunFolder(only_run(trained)), pytest.fail)


@pytest.fixture(scope="module")
def rows(model: SavedModel, trained: Path) -> NewRows:
    """The whole table of the training."""
    name = str(trained / "penguins.csv")
    file = InputFile.find(name, model, setting="", delimiter=None, encoding=None)
    with file.open(model, pytest.fail, warn=as_notes(pytest.fail)) as opened:
        (block,) = opened.blocks
    return block


def test_with_bags_the_validation_part_is_trained_on() -> None:
    split = Split(np.arange(0), np.arange(50), np.arange(50, 100))
    assert trained_rows(split, 300, bags=False).tolist() == [*range(100, 300)]
    assert trained_rows(split, 300, bags=True).tolist() == [*range(50), *range(100, 300)]


def test_the_seed_draws_some_of_many_rows() -> None:
    drawn = drawn_rows(np.arange(100, 300), 7, 100)
    assert len(np.unique(drawn)) == 100
    assert drawn.min() >= 100
    assert (np.diff(drawn) > 0).all()
    assert (drawn != drawn_rows(np.arange(100, 300), 8, 100)).any()


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_rows_of_a_file_are_drawn_alike_in_any_blocks(model: SavedModel, rows: NewRows, size: int) -> None:
    blocks = [rows.part(slice(start, start + size)) for start in range(0, len(rows), size)]
    background, total = background_of_rows(model.predictor, blocks, 7, "new.csv")
    drawn = drawn_rows(np.arange(ROWS), 7, BACKGROUND_ROWS)
    expected: list[FloatArray] = model.predictor.row_features(rows, drawn)
    assert (total, len(background)) == (ROWS, BACKGROUND_ROWS)
    for part, expected_part in zip(background.features, expected, strict=True):
        np.testing.assert_array_equal(part, expected_part)


def test_a_file_without_rows_is_refused(model: SavedModel) -> None:
    with pytest.raises(DataError, match=r"new\.csv: there are no background rows"):
        background_of_rows(model.predictor, [], 7, "new.csv")


Damage = Callable[[dict[str, FloatArray]], object]


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays: arrays.pop("numbers"),
        lambda arrays: arrays.update(numbers=arrays["numbers"][:-1]),
        lambda arrays: arrays.update(categories=arrays["categories"] + 3),
        lambda arrays: arrays.update(categories=arrays["categories"].astype(float)),
    ],
    ids=["no numbers", "a row less", "an unknown code", "fractions"],
)
def test_damaged_rows_are_refused(model: SavedModel, damage: Damage) -> None:
    known = len(model.predictor.preprocessor.categories)
    arrays: dict[str, FloatArray] = {
        "numbers": np.zeros((3, len(model.predictor.preprocessor.numbers))),
        "categories": np.zeros((3, known), np.int32),
    }
    assert len(background_of_model(replace(model, background_arrays=arrays), instead="")) == 3
    damage(arrays)
    with pytest.raises(DataError, match=r"model\.npz.* is damaged: its background rows do not fit the model"):
        background_of_model(replace(model, background_arrays=arrays), instead="")
