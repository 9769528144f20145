"""The graph of a network of several targets: outputs by the names of the targets, as `fnnctl predict` has."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.export.onnx.random_models import NEEDS_ONNX
from tests.export.onnx.test_random_models import TOLERANCE, session
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
