"""The page on model files is correct: it names every key, and its loaders predict as fnnctl does."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.cli import run
from fnnctl.data.builtin import builtin_path
from fnnctl.data.preprocessing import CategoryFeatures, NumberFeature
from fnnctl.modelling.model_description import (
    EnsembleDescription,
    LayerDescription,
    LayerHyperparameters,
    ModelDescription,
    PartDescription,
    TableFormat,
)
from fnnctl.nn.shape import CategoryStatisticsShape, InputStageShape, NumericEmbeddingShape
from tests.program import read_json

PAGE = (Path(__file__).parent.parent / "docs" / "model-files.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FEATURES, FUNCTIONS, NUMPY, EXAMPLE, TORCH = BLOCKS
FILES = (ModelDescription, EnsembleDescription, PartDescription, LayerHyperparameters, TableFormat)
SHAPES = (
    LayerDescription,
    InputStageShape,
    NumericEmbeddingShape,
    CategoryStatisticsShape,
    NumberFeature,
    CategoryFeatures,
)

STATISTICS = (
    ", category_encoding: target, columns: {categorical: [flipper_length_mm, year, bill_depth_mm]}}\n"
)
CLASSES = "data: {source: penguins.csv, target: species}\ntraining: {epochs: 2}\n"
MODELS = {
    "classes": CLASSES,
    "numbers": "data: {source: penguins.csv, target: body_mass_g}\ntraining: {epochs: 2}\n",
    "edges": CLASSES + "model: {numeric_embedding: {name: piecewise_linear, edges: target, code: both}}\n",
    "steps": CLASSES + "model: {numeric_embedding: {name: piecewise_linear, edges: target, code: steps}}\n",
    "statistics": CLASSES.replace("}\n", STATISTICS, 1),
    "estimates": "data: {source: penguins.csv, target: body_mass_g" + STATISTICS + "training: {epochs: 2}\n"
    "model: {numeric_embedding: none}\n",
    "residual": CLASSES + "recipe: classic\nmodel: {hidden: [12, 12], residual: true}\n",
}
Table = dict[str, list[Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data that have missing values and an unknown category, and a run of each model."""
    folder = tmp_path_factory.mktemp("models")
    with builtin_path("penguins") as path:
        text = path.read_text()
    (folder / "penguins.csv").write_text(text)
    (folder / "new.csv").write_text(text.replace("Torgersen", "Atlantis", 3))
    for name, config in MODELS.items():
        (folder / f"{name}.yaml").write_text(config)
        runs = ["--runs-dir", str(folder / "runs"), "--name", name]
        assert run(["train", str(folder / f"{name}.yaml"), *runs, "--no-figures", "--quiet"]) == 0
        (path,) = (folder / "runs").glob(f"*-{name}-*")
        path.rename(folder / name)
    return folder


def table(folder: Path, model: str) -> Table:
    """The rows of the new data, as `features` on the page takes them."""
    description = read_json(folder / model / "model.json")
    network = description["parts"][0]["network"] if "parts" in description else description
    rows = list(csv.DictReader((folder / "new.csv").read_text().splitlines()))
    missing = network["table"]["missing_values"]

    def cells(column: str, read: Callable[[str], Any], empty: Any) -> list[Any]:
        return [empty if row[column] in missing else read(row[column]) for row in rows]

    preprocessing = network["preprocessing"]
    numbers = {column["name"]: cells(column["name"], float, np.nan) for column in preprocessing["numeric"]}
    texts = {column["name"]: cells(column["name"], str, None) for column in preprocessing["categorical"]}
    assert any(np.isnan(column).any() for column in numbers.values())
    assert None in texts["sex"]
    return numbers | texts


def predicted(folder: Path, model: str, output: Path) -> FloatArray:
    """The probabilities or estimates of `fnnctl predict` for these rows."""
    assert (
        run(["predict", str(folder / model), str(folder / "new.csv"), "--output", str(output), "--quiet"])
        == 0
    )
    columns, *rows = csv.reader(output.read_text().splitlines())
    first = 2 if len(columns) > 2 else 1
    numbers = np.array([row[first:] for row in rows], np.float64)
    return numbers if len(columns) > 2 else numbers[:, 0]


def executed(*blocks: str) -> dict[str, Any]:
    """The names that blocks of the page define."""
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "model-files.md", "exec"), names)
    return names


def test_every_key_is_described() -> None:
    keys = {key for model in FILES for key in model.model_fields}
    keys |= {field.name for shape in SHAPES for field in fields(shape)}
    assert keys <= set(re.findall(r"`(\w+)`", PAGE))


@pytest.mark.parametrize("model", MODELS)
def test_the_loader_predicts_as_the_program(folder: Path, model: str, tmp_path: Path) -> None:
    assert len([line for line in NUMPY.splitlines() if line]) <= 25
    predict = executed(FEATURES, FUNCTIONS, NUMPY)["load"](folder / model)
    expected = predicted(folder, model, tmp_path / "predictions.csv")
    np.testing.assert_allclose(predict(table(folder, model)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_the_module_predicts_as_the_program(folder: Path, model: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    module = executed(FEATURES, FUNCTIONS, TORCH)["Model"](folder / model)
    outputs = module(table(folder, model))
    expected = predicted(folder, model, tmp_path / "predictions.csv")
    np.testing.assert_allclose(outputs.detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    outputs.sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())


@pytest.mark.parametrize(
    "unknown",
    [
        {"members": 2},
        {"output": "logistic"},
        {"output": "ordinal"},
        {"class_weights": [1, 2, 3]},
        {"target_transform": {"name": "log", "shift": 0, "least": 1}},
        {"hidden": [{"activation": "tanh", "normalization": None, "residual": False}]},
        {"hidden": [{"activation": "relu", "normalization": "layer", "residual": False}]},
    ],
)
def test_the_loader_refuses_what_it_does_not_know(
    folder: Path, unknown: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copytree(folder / "residual", tmp_path / "run")
    path = tmp_path / "run" / "model.json"
    path.write_text(json.dumps(read_json(path) | unknown))
    with pytest.raises((ValueError, KeyError), match=r"does not know|tanh|layer"):
        executed(FEATURES, FUNCTIONS, NUMPY)["load"](tmp_path / "run")(table(folder, "residual"))


def test_the_example_runs(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("island,bill_length_mm,species\n" + 20 * "Dream,39,a\nBiscoe,,b\n,41,a\n")
    config = tmp_path / "x.yaml"
    config.write_text("data: {source: x.csv, target: species}\ntraining: {epochs: 1}\n")
    assert run(["train", str(config), "--no-figures", "--quiet"]) == 0
    (path,) = (tmp_path / "runs").iterdir()
    path.rename("run")
    executed(FEATURES, FUNCTIONS, NUMPY, EXAMPLE)
