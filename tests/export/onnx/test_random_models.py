"""The graph of a network, computed by ONNX Runtime from the cells of a table, beside `fnnctl predict`."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import assume, given, note

from fnnctl.cli import run
from fnnctl.modelling.saved_model import load_model
from fnnctl.store.folder import RunFolder
from tests.export.onnx.random_models import Config, experiments, graph_inputs, write_rows

pytestmark = [pytest.mark.extra, pytest.mark.usefixtures("no_figures")]
TOLERANCE = 1e-5
MANY_CODES = 14
"""So many categories may have statistics of the target."""


def session(path: Path) -> Any:
    return pytest.importorskip("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])


def predictions(path: Path) -> tuple[list[str], Any]:
    """What `fnnctl predict` wrote: the first column, and the probabilities."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return (
        [row["prediction"] for row in rows],
        np.array([[float(text) for name, text in row.items() if name.startswith("p_")] for row in rows]),
    )


@given(experiment=experiments())
def test_random_networks_predict_the_same(experiment: Config) -> None:
    pytest.importorskip("onnx")
    from fnnctl.export.onnx.check import margins_of

    with TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder / "data.csv", experiment["seed"], codes=MANY_CODES)
        rows = write_rows(folder / "new.csv", experiment["seed"] + 1, codes=MANY_CODES, new=True)
        experiment["data"]["source"] = "data.csv"
        (folder / "x.yaml").write_text(yaml.safe_dump(experiment, sort_keys=False))
        runs = ("--quiet", "--runs-dir", str(folder / "runs"))
        code = run(["train", str(folder / "x.yaml"), "--no-figures", *runs])
        assume(code == 0)
        predicted = folder / "predicted.csv"
        assert run(["predict", "latest", str(folder / "new.csv"), "--output", str(predicted), *runs]) == 0
        assert run(["export", "--output", str(folder / "x.onnx"), *runs]) == 0
        graph = session(folder / "x.onnx")
        columns = [
            column["name"] for column in json.loads(graph.get_modelmeta().custom_metadata_map["columns"])
        ]
        results = graph.run(None, graph_inputs(rows, columns))
        labels, probabilities = predictions(predicted)
        if experiment["data"]["target"] == "number":
            expected = np.array(labels, np.float64)
            differences = np.abs(results[0] - expected)
            sizes = np.abs(expected) + np.mean(np.abs(expected))
        else:
            (path,) = (folder / "runs").iterdir()
            decoder = load_model(RunFolder(path), note).predictor.decoder
            is_clear = margins_of(probabilities, decoder) > TOLERANCE
            assert not (is_clear & (np.array(labels) != results[0])).any()
            differences, sizes = np.abs(results[1] - probabilities), np.ones(probabilities.shape)
        note(f"the largest difference: {(differences / np.maximum(sizes, 1e-300)).max():.2g}")
        assert (differences <= TOLERANCE * sizes).all()
