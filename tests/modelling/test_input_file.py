"""Rows in memory are predicted and scored as the rows of a file with the same values are."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.data.in_memory import memory_data, rows_data
from fnnctl.errors import DataError
from fnnctl.modelling.input_file import InputFile, Note, as_notes
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.modelling.scored_rows import read_labelled, scored_blocks
from fnnctl.store.folder import RunFolder
from tests.modelling.prepared import prepare
from tests.program import only_run


@pytest.fixture
def model(trained: Path) -> SavedModel:
    return load_model(RunFolder(only_run(trained)), lambda text: None)


@pytest.fixture
def columns(trained: Path) -> dict[str, list[str]]:
    """The table that the network was trained on, as texts."""
    with (trained / "penguins.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def typed(columns: Mapping[str, list[str]]) -> dict[str, list[object]]:
    """Numbers in place of their texts, and None in place of missing values."""
    return {
        name: [None if text in ("", "NA") else float(text) if text[:1].isdigit() else text for text in values]
        for name, values in columns.items()
    }


def predictions(file: InputFile, model: SavedModel, note: Note = print) -> tuple[list[object], bytes]:
    """The labels, and the bits of the probabilities."""
    predictor, labels, bits = model.predictor, list[object](), b""
    with file.open(model, note, warn=as_notes(note)) as rows:
        for _, scores in scored_blocks(predictor, rows.blocks, file.name):
            predicted, probabilities = predictor.task.predict(scores, predictor.decoder)
            labels += [label for (label,) in predicted]
            bits += probabilities.tobytes()
    return labels, bits


def predict(data: object, model: SavedModel, note: Note = print) -> tuple[list[object], bytes]:
    return predictions(InputFile.of_memory(rows_data(data), model), model, note)


def test_predictions_equal_those_of_the_file(
    model: SavedModel, columns: dict[str, list[str]], trained: Path
) -> None:
    path = str(trained / "penguins.csv")
    file = InputFile.find(path, model, setting="DATA", delimiter=None, encoding=None)
    expected = predictions(file, model)
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    backwards = dict(reversed(typed(columns).items()))
    for data in (columns, typed(columns), backwards, records):
        assert predict(data, model) == expected
    assert predict(tuple(records[:2]), model) == predict(records[:2], model)  # not (X, y)
    (label,), bits = predict(records[5], model)
    assert label == expected[0][5]
    probabilities = np.frombuffer(expected[1]).reshape(len(records), -1)
    np.testing.assert_allclose(np.frombuffer(bits), probabilities[5], rtol=1e-5)


def test_labelled_rows_are_scored_as_those_of_the_file(
    model: SavedModel, columns: dict[str, list[str]], trained: Path
) -> None:
    path = str(trained / "penguins.csv")
    file = InputFile.find(path, model, setting="--data", delimiter=None, encoding=None)
    expected = read_labelled(file, model, print)
    features = {name: values for name, values in columns.items() if name != "species"}
    for data in (columns, (features, columns["species"])):
        memory = InputFile.of_memory(memory_data(data), model)
        rows = read_labelled(memory, model, print)
        assert rows.targets.tolist() == expected.targets.tolist()
        assert rows.part(model).metrics() == expected.part(model).metrics()
    assert (memory.name, memory.stem, memory.source) == ("memory", "memory", "memory")
    assert memory.sha256 == memory_data((features, columns["species"])).sha256


def test_missing_columns_are_named_and_extra_ones_reported(
    model: SavedModel, columns: dict[str, list[str]]
) -> None:
    few = {name: values for name, values in columns.items() if name != "island"}
    with pytest.raises(DataError, match=r"the column 'island' is missing \(did you mean 'isle'\?\)$"):
        predict({**few, "isle": columns["island"]}, model)
    notes: list[str] = []
    predict({**columns, "id": ["1"] * len(columns["island"])}, model, notes.append)
    (note,) = notes
    assert note == "memory: a column is ignored, because the network was not trained with it: 'id'"
    two = {name: values[:2] for name, values in columns.items()}
    with pytest.raises(DataError, match=r"memory:2: column 'body_mass_g': 'heavy' is not a number"):
        predict({**two, "body_mass_g": [1, "heavy"]}, model)
    del two["species"]
    file = InputFile.of_memory(memory_data(two), model)
    with pytest.raises(DataError, match="the target column 'species' is missing"):
        read_labelled(file, model, print)


def numeric_model(tmp_path: Path, names: str) -> SavedModel:
    """An untrained network of the numeric columns `names`, with random weights."""
    rng = np.random.default_rng(0)
    table = [",".join([*names.split(), "y"])]
    table += [",".join([*map(str, rng.normal(size=len(names.split()))), "ab"[k % 2]]) for k in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(table))
    (tmp_path / "t.yaml").write_text("recipe: classic\ndata: {source: t.csv, target: y}\n")
    prepared = prepare(tmp_path / "t.yaml")
    _, trained = prepared.part()
    predictor = prepared.predictor(trained.parameters[0], trained.statistics[0])
    return SavedModel(
        RunFolder(tmp_path), trained.description, predictor, (trained.layout,), sha256="", threads=1
    )


def test_the_columns_of_an_array_are_those_of_the_training_in_their_order(tmp_path: Path) -> None:
    model = numeric_model(tmp_path, "b a c")
    X = np.random.default_rng(1).normal(size=(5, 3))
    expected = predict({"a": X[:, 1], "b": X[:, 0], "c": X[:, 2]}, model)
    assert predict(X, model) == predict(X.tolist(), model) == expected
    with pytest.raises(DataError, match="X has 2 columns, but the network was trained on 3: 'b', 'a', 'c'"):
        predict(X[:, :2], model)
    with pytest.raises(DataError, match=r"X\[0, 1\] is inf"):
        predict([[1, np.inf, 2]], model)


def test_the_missing_numbers_of_the_training_table_are_missing_in_an_array(tmp_path: Path) -> None:
    model = numeric_model(tmp_path, "a b")
    model.description.table.missing_values.append("-999")
    X = np.random.default_rng(1).normal(size=(5, 2))
    X[2, 1], gap = -999, X.copy()
    gap[2, 1] = np.nan
    assert predict(X, model) == predict(gap, model) == predict({"a": gap[:, 0], "b": X[:, 1]}, model)
    assert X[2, 1] == -999


def test_default_names_are_positions(tmp_path: Path) -> None:
    """A column without values in training was left out, but new arrays have it."""
    model = numeric_model(tmp_path, "x0 x2")
    X = np.random.default_rng(1).normal(size=(5, 3))
    expected = predict({"x0": X[:, 0], "x2": X[:, 2]}, model)
    assert predict(X, model) == predict(X[:, [0, 2]], model) == expected
    file = InputFile.of_memory(rows_data(X), model)
    with file.open(model, print, warn=as_notes(print)) as opened:
        assert opened.unused == ()
    with pytest.raises(DataError, match="X has 4 columns, but the network was trained on 2: 'x0', 'x2'"):
        predict(np.zeros((2, 4)), model)


def test_arrays_lack_what_is_no_number(model: SavedModel) -> None:
    message = "an array has numbers only, but the network also needs 'island', 'sex': pass a data frame"
    for data in (np.zeros((2, 6)), [[0.0] * 6]):
        with pytest.raises(DataError, match=message):
            predict(data, model)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "the table has no columns"),
        ([], "there are no rows"),
        ("penguins.csv", "is a path, not data"),
        (np.zeros(3), r"has the shape \(3,\)"),
        ((np.zeros((2, 6)), [0, 1]), r"a tuple, as of \(X, y\), is no table of new rows: pass X alone"),
        (({"a": [1, 2]}, [0, 1]), r"pass X alone, or a list$"),
        ((), r"pass X alone, or a list$"),
        ([{"a": 1}, 2], "X has values of type dict"),
        ({"bill_length_mm": 3.0, "island": ["Dream"]}, "the column 'bill_length_mm' is a single value"),
    ],
)
def test_misuse_has_a_message(model: SavedModel, data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        predict(data, model)
