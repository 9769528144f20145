"""The graph of a network of several targets: outputs by the names of the targets, as `fnnctl predict` has."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
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
from tests.export.onnx.random_models import (
    NEEDS_ONNX,
    Config,
    experiments_of_several,
    graph_inputs,
    write_rows,
)
from tests.export.onnx.test_random_models import MANY_CODES, TOLERANCE, session
from tests.program import Program
from tests.several import TARGETS, several_targets, write_config, write_csv

pytestmark = [pytest.mark.extra, NEEDS_ONNX, pytest.mark.usefixtures("no_figures")]

BAGS: dict[str, Any] = {
    "model": {
        "hidden": [{"units": 8, "normalization": "layer", "activation": "selu"}],
        "ensemble": {"members": 2, "bags": True, "plain_twins": True},
        "numeric_embedding": "piecewise_linear",
        "calibration": "temperature",
    }
}
APART: dict[str, Any] = {"model": {**BAGS["model"], "together": False}}


@pytest.mark.parametrize("settings", [{}, BAGS, APART, {"training": {"epochs": 3, "precision": "float64"}}])
def test_the_outputs_are_those_of_predict(settings: dict[str, Any], program: Program, tmp_path: Path) -> None:
    columns = several_targets()
    write_csv(tmp_path / "t.csv", columns)
    data = {"data": {"split": {"validation": 0}}} if "model" in settings else {}
    write_config(tmp_path / "c.yaml", tmp_path / "t.csv", **data, **settings)
    done = program("train", "c.yaml")
    assert done.code == 0, done.err
    done = program("export", "--output", "t.onnx")
    assert done.code == 0, done.err
    assert "outputs: price_value, days_label, days_probabilities, grade_label" in done.out + done.err
    assert program("predict", "latest", "t.csv", "-o", "p.csv").code == 0
    graph = session(tmp_path / "t.onnx")
    facts = graph.get_modelmeta().custom_metadata_map
    assert [target["name"] for target in json.loads(facts["targets"])] == [*TARGETS]
    features = {name: columns[name] for name in ("a", "b", "c", "k")}
    texts = {
        name: np.array(values, np.float64 if name != "k" else np.object_)[:, None]
        for name, values in features.items()
    }
    outputs = {
        output.name: values
        for output, values in zip(graph.get_outputs(), graph.run(None, texts), strict=True)
    }
    with Path("p.csv").open() as file:
        predicted = list(csv.DictReader(file))
    prices = np.array([float(row["price"]) for row in predicted])
    sizes = np.abs(prices) + np.abs(prices).mean()
    assert (np.abs(outputs["price_value"] - prices) / sizes).max() < TOLERANCE
    for target in json.loads(facts["targets"])[1:]:
        name = target["name"]
        expected = np.array([[float(row[f"{name}_p_{c}"]) for c in target["classes"]] for row in predicted])
        assert np.abs(outputs[f"{name}_probabilities"] - expected).max() < TOLERANCE
        margins = np.diff(np.sort(expected, axis=1)[:, -2:], axis=1)[:, 0]
        labels = np.array([row[name] for row in predicted])
        if name != "label":  # whose threshold is chosen
            assert ((outputs[f"{name}_label"] == labels) | (margins < TOLERANCE)).all()
        else:
            assert (outputs["label_label"] == labels).mean() > 0.99


@given(experiment=experiments_of_several())
def test_random_networks_predict_the_same(experiment: Config) -> None:
    from fnnctl.export.onnx.check import margins_of

    with TemporaryDirectory() as directory:
        folder = Path(directory)
        write_rows(folder / "data.csv", experiment["seed"], codes=MANY_CODES, several=True)
        new = write_rows(folder / "new.csv", experiment["seed"] + 1, codes=MANY_CODES, new=True, several=True)
        experiment["data"]["source"] = "data.csv"
        (folder / "x.yaml").write_text(yaml.safe_dump(experiment, sort_keys=False))
        runs = ("--quiet", "--runs-dir", str(folder / "runs"))
        code = run(["train", str(folder / "x.yaml"), "--no-figures", *runs])
        assert code in (0, 2)
        assume(code == 0)
        predicted = folder / "predicted.csv"
        assert run(["predict", "latest", str(folder / "new.csv"), "--output", str(predicted), *runs]) == 0
        assert run(["export", "--output", str(folder / "x.onnx"), *runs]) == 0
        graph = session(folder / "x.onnx")
        facts = graph.get_modelmeta().custom_metadata_map
        columns = [column["name"] for column in json.loads(facts["columns"])]
        names = [output.name for output in graph.get_outputs()]
        results = dict(zip(names, graph.run(None, graph_inputs(new, columns)), strict=True))
        with predicted.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        (path,) = (folder / "runs").iterdir()
        model = load_model(RunFolder(path), note)
        for target, of_target in zip(json.loads(facts["targets"]), model.of_targets, strict=True):
            name, classes = target["name"], target["classes"]
            if not classes:
                _assert_equal_numbers(name, results, rows)
                continue
            expected = np.array([[float(row[f"{name}_p_{each}"]) for each in classes] for row in rows])
            is_clear = margins_of(expected, of_target.predictor.decoder) > TOLERANCE
            labels = np.array([row[name] for row in rows])
            assert not (is_clear & (labels != results[f"{name}_label"])).any(), name
            assert np.abs(results[f"{name}_probabilities"] - expected).max() <= TOLERANCE, name


def _assert_equal_numbers(name: str, results: Mapping[str, Any], rows: list[dict[str, str]]) -> None:
    """Estimates, and quantiles if the output has them, are equal relative to their sizes."""
    pairs = [(results[f"{name}_value"], [name])]
    if f"{name}_quantiles" in results:
        levels = [column for column in rows[0] if column.startswith(f"{name}_q_")]
        pairs.append((results[f"{name}_quantiles"], levels))
    for computed, columns in pairs:
        expected = np.array([[float(row[column]) for column in columns] for row in rows])
        sizes = np.abs(expected) + np.mean(np.abs(expected))
        assert (np.abs(computed.reshape(expected.shape) - expected) <= TOLERANCE * sizes).all(), columns
