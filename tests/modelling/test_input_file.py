"""Rows in memory are predicted and scored as the rows of a file with the same values are."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from fnnctl.data.in_memory import memory_data, rows_data
from fnnctl.errors import DataError, UsageError
from fnnctl.modelling.input_file import InputFile, Note, as_notes
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.modelling.scored_rows import read_labelled, scored_blocks
from fnnctl.store.folder import RunFolder
from tests.messages import Messages
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


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.npz"])
def test_options_of_csv_files_are_refused_for_others(model: SavedModel, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(UsageError, match="--delimiter applies to CSV files only"):
        InputFile.find(str(tmp_path / name), model, setting="DATA", delimiter=";", encoding=None)


def test_extra_columns_are_reported(model: SavedModel, columns: dict[str, list[str]]) -> None:
    notes: list[str] = []
    predict({**columns, "id": ["1"] * len(columns["island"])}, model, notes.append)
    assert notes == ["memory: a column is ignored, because the network was not trained with it: 'id'"]


def test_rows_without_their_target_cannot_be_scored(model: SavedModel, columns: dict[str, list[str]]) -> None:
    del columns["species"]
    with pytest.raises(DataError, match="the target column 'species' is missing"):
        read_labelled(InputFile.of_memory(memory_data(columns), model), model, print)


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
        RunFolder(tmp_path),
        trained.description,
        predictor,
        (),
        sha256="",
        seed=0,
        threads=1,
        error_arrays={},
    )


def test_the_columns_of_an_array_are_those_of_the_training_in_their_order(tmp_path: Path) -> None:
    """A number that was a missing one in the training table is missing in an array, too."""
    model = numeric_model(tmp_path, "b a c")
    model.description.table.missing_values.append("-999")
    X = np.random.default_rng(1).normal(size=(5, 3))
    X[2, 1], gap = -999, X.copy()
    gap[2, 1] = np.nan
    expected = predict({"a": gap[:, 1], "b": X[:, 0], "c": X[:, 2]}, model)
    assert predict(X, model) == predict(X.tolist(), model) == predict(gap, model) == expected
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


ROW = {
    "island": "Dream", "bill_length_mm": 3.0, "bill_depth_mm": 3.0, "flipper_length_mm": 3.0,
    "body_mass_g": 3.0, "sex": "male", "year": 2007,
}  # fmt: skip
WRONG: dict[str, tuple[str | None, object]] = {
    "no columns": (None, {}),
    "no rows": (None, []),
    "a path": (None, "penguins.csv"),
    "a vector": (None, np.zeros(3)),
    "X and y": (None, (np.zeros((2, 6)), [0, 1])),
    "a dictionary and y": (None, ({"a": [1, 2]}, [0, 1])),
    "an empty tuple": (None, ()),
    "rows of two kinds": (None, [{"a": 1}, 2]),
    "a single value": (None, {"bill_length_mm": 3.0, "island": ["Dream"]}),
    "a missing column": (
        None,
        {"isle": ["Dream"], **{name: [value] for name, value in ROW.items() if name != "island"}},
    ),
    "a text in place of a number": (None, [ROW, {**ROW, "body_mass_g": "heavy"}]),
    "an array without texts": (None, np.zeros((2, 6))),
    "a list without texts": (None, [[0.0] * 6]),
    "an array of two columns": ("b a c", np.zeros((2, 2))),
    "an array of four columns, by position": ("x0 x2", np.zeros((2, 4))),
    "an infinite number": ("b a c", [[1, np.inf, 2]]),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rows_have_a_message(name: str, model: SavedModel, tmp_path: Path, messages: Messages) -> None:
    names, data = WRONG[name]
    with pytest.raises(DataError) as caught:
        predict(data, numeric_model(tmp_path, names) if names else model)
    messages.check(caught.value)
