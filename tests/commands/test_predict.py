"""Predictions for new rows equal the run's own to the last digit, whatever the file's form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnctl.cli import run as run_program
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.loading import load_dataset
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.nn.losses.cross_entropy import softmax
from fnnctl.nn.network import LAYER_HYPERPARAMETERS, Network
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.training.scoring import RowScorer
from tests.commands.tables import penguins, table_of, train, write_table
from tests.program import Program, network_arrays, only_run, read_json


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_table(tmp_path / "penguins.csv", *penguins())


def test_two_threads_predict_what_they_predicted_in_training(program: Program, source: Path) -> None:
    """A whole file, in which the test rows are among others."""
    run = train(program, source, {"training.threads": "2", "model.hidden": "[300, 300]"})
    done = program("predict", str(run), str(source))
    assert (done.code, done.err) == (0, "")
    predicted = table_of(done.out)
    assert [row["row"] for row in predicted] == [str(number) for number in range(len(predicted))]
    for row in table_of((run / "predictions.csv").read_text()):
        del row["label"]
        assert row == predicted[int(row["row"])]


def test_a_network_by_hand(program: Program, tmp_path: Path, source: Path) -> None:
    """Preprocessing and forward pass, recomputed from model.json and model.npz."""
    run = train(program, source, {"training.precision": "float64"})
    model, weights = read_json(run / "model.json"), dict(np.load(run / "model.npz"))
    _, rows = penguins()
    features = []
    for row in rows:
        values, gaps, hot = [], [], []
        for column in model["preprocessing"]["numeric"]:
            text = row[column["name"]].replace("NA", "")
            values.append((float(text or column["fill"]) - column["centre"]) / column["spread"])
            gaps += [float(not text)] if column["indicator"] else []
        for column in model["preprocessing"]["categorical"]:
            hot += [float(row[column["name"]] == category) for category in column["categories"]]
            hot += [float(row[column["name"]] == "NA")] if column["indicator"] else []
        features.append(values + gaps + hot)
    a = np.array(features)
    for number in (1, 2):
        a = np.maximum(a @ weights[f"weights_{number}"].T + weights[f"biases_{number}"], 0.0)
    p = np.exp(a @ weights["weights_3"].T + weights["biases_3"])
    p /= p.sum(axis=1, keepdims=True)
    predicted = table_of(program("predict", str(run), str(source)).out)
    found = [[float(row[f"p_{name}"]) for name in model["classes"]] for row in predicted]
    np.testing.assert_allclose(found, p, rtol=1e-12)
    assert [row["prediction"] for row in predicted] == [model["classes"][k] for k in p.argmax(axis=1)]


def test_two_files_are_all_that_is_needed(program: Program, tmp_path: Path, source: Path) -> None:
    run = train(program, source, {})
    before = program("predict", str(run), str(source)).out
    kept = {"model.npz", "model.json", "manifest.json"}
    for path in run.iterdir():
        if path.name not in kept:
            path.unlink()
    moved = source.rename(tmp_path / "moved.csv")
    (tmp_path / "penguins.yaml").unlink()
    assert program("predict", str(run), str(moved)).out == before


@given(
    order=st.permutations(range(10)),
    used=st.sets(st.sampled_from(["extra", "ärger", "species"])),
    gaps=st.sets(st.tuples(st.integers(0, 39), st.integers(0, 6)), max_size=60),
    chosen=st.lists(st.integers(0, 343), min_size=1, max_size=40),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_extra_columns_and_gaps_are_as_in_memory(
    trained: Path,
    tmp_path: Path,
    order: list[int],
    used: set[str],
    gaps: set[tuple[int, int]],
    chosen: list[int],
) -> None:
    """The oracle reads the same rows as the test file of a training, which scores them in memory."""
    names, table = penguins()
    inputs = [name for name in names if name != "species"]
    rows = [{**table[k], "extra": "x,y", "ärger": "1"} for k in chosen]
    for row, column in gaps:
        if row < len(rows):
            rows[row][inputs[column]] = "NA"
    columns = [name for name in [*inputs, "extra", "ärger", "species"] if name in inputs or name in used]
    shuffled = [columns[k] for k in order if k < len(columns)]
    out = tmp_path / "out.csv"
    given_rows = write_table(tmp_path / "new.csv", shuffled, rows)
    run = only_run(trained)
    assert run_program(["predict", str(run), str(given_rows), "-o", str(out), "--quiet"]) == 0

    write_table(tmp_path / "test.csv", names, rows)
    config = DataConfig(
        source=str(trained / "penguins.csv"), target="species", test_source=str(tmp_path / "test.csv")
    )
    dataset = load_dataset(config, tmp_path)
    model, weights = read_json(run / "model.json"), network_arrays(run)
    preprocessor = Preprocessor.from_dict(model["preprocessing"])
    shape = NetworkShape(len(preprocessor.features), (HiddenShape(100, "relu"),), OutputShape(3))
    layout = ParameterLayout(shape)
    parameters, statistics = layout.rows_of(weights)
    numbers = {name: np.zeros((1, 1)) for name in LAYER_HYPERPARAMETERS}
    scorer = RowScorer([Network(layout, parameters[None], statistics[None], numbers)])
    tested = np.arange(len(dataset) - dataset.test_rows, len(dataset))
    preprocessor.transform(dataset, tested, scorer.inputs[: len(tested), :-1])
    probabilities = softmax(scorer.scores(len(tested))[0])
    found = [[float(row[f"p_{name}"]) for name in dataset.target.texts] for row in table_of(out.read_text())]
    np.testing.assert_array_equal(found, probabilities)
