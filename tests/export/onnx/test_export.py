"""`fnnctl export` to ONNX: what the file says, what goes in, and what is not written."""

from __future__ import annotations

import csv
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.blas import blas_threads, set_blas_threads
from fnnctl.context import Context
from fnnctl.export.onnx.export import export_onnx
from fnnctl.modelling.saved_model import load_model
from fnnctl.store.folder import RunFolder
from tests.export.onnx.random_models import NEEDS_ONNX, graph_inputs, write_rows
from tests.export.onnx.test_random_models import predictions, session
from tests.program import Program

ROOT = Path(__file__).parents[3]
pytestmark = [pytest.mark.extra, NEEDS_ONNX, pytest.mark.usefixtures("no_figures")]

SEARCH = """
recipe: classic
seed: 2
data: {{source: data.csv, target: {target}, columns: {{ignore: [{ignored}]}}}}
model: {{hidden: [8]}}
training: {{epochs: 4}}
search:
  method: random
  trials: 10
  objective: {{on: validation}}
  ensemble: {{size: 6}}
  space:
    {path}: {{choice: {values}}}
    data.scaling: {{choice: [robust, standardize]}}
    model.numeric_embedding.name: {{choice: [none, piecewise_linear]}}
    training.optimizer.learning_rate: {{log_uniform: [1e-3, 1e-1]}}
"""


@pytest.mark.parametrize(
    ("target", "ignored", "path", "values", "differs"),
    [
        ("number", "two, three", "data.target_transform", "[none, log, quantile]", "target_transform"),
        ("three", "two, number", "training.class_weights", "[null, balanced]", "class_weights"),
        ("two", "three, number", "model.output.name", "[softmax, logistic]", "output"),
    ],
)
def test_an_ensemble_of_different_networks(
    program: Program, target: str, ignored: str, path: str, values: str, differs: str
) -> None:
    write_rows(Path("data.csv"), 1)
    rows = write_rows(Path("new.csv"), 2, new=True)
    Path("x.yaml").write_text(
        SEARCH.format(target=target, ignored=ignored, path=path, values=values), encoding="utf-8"
    )
    assert program("search", "x.yaml", "--workers", "1").code == 0
    done = program("export", "x/ensemble", "--output", "x.onnx", "--json")
    assert done.json["largest_difference"] <= 1e-6
    parts = json.loads((Path(done.json["run"]) / "model.json").read_text())["parts"]
    assert len({json.dumps(part["network"][differs]) for part in parts}) > 1
    program("predict", "x/ensemble", "new.csv", "--output", "predicted.csv")
    labels, probabilities = predictions(Path("predicted.csv"))
    results = session(Path("x.onnx")).run(None, graph_inputs(rows))
    if target == "number":
        np.testing.assert_allclose(results[0], np.array(labels, np.float64), rtol=1e-5)
    else:
        assert results[0].tolist() == labels
        np.testing.assert_allclose(results[1], probabilities, atol=1e-6)


@pytest.fixture
def iris_run(program: Program, iris: Path, no_figures: None) -> RunFolder:
    return RunFolder(Path(program("train", str(iris), "--json").json["run"]))


def test_the_file_says_what_it_is(program: Program, iris_run: RunFolder) -> None:
    done = program("export", "--output", "iris.onnx", "--json").json
    assert (done["run"], done["format"], done["output"]) == (str(iris_run.path), "onnx", "iris.onnx")
    assert (done["rows"], done["outputs"]) == (30, ["label", "probabilities"])
    graph = session(Path("iris.onnx"))
    assert [(column.name, column.type, column.shape) for column in graph.get_inputs()] == [
        (name, "tensor(double)", ["rows", 1]) for name in done["inputs"]
    ]
    about = graph.get_modelmeta().custom_metadata_map
    assert about["run"] == iris_run.path.name
    assert json.loads(about["classes"]) == ["setosa", "versicolor", "virginica"]
    metrics = iris_run.read_metrics() or {}
    assert json.loads(about["metrics"])["accuracy"] == metrics["test"]["accuracy"]
    first = Path("iris.onnx").read_bytes()
    program("export", "--output", "iris.onnx")
    assert Path("iris.onnx").read_bytes() == first


def test_a_column_may_have_the_name_of_an_output(program: Program) -> None:
    rows = [{"label": index % 7, "constant_1": index % 5, "y": "ab"[index % 7 > 3]} for index in range(60)]
    with Path("t.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["label", "constant_1", "y"])
        writer.writeheader()
        writer.writerows(rows)
    Path("t.yaml").write_text("recipe: classic\ndata: {source: t.csv, target: y}\ntraining: {epochs: 3}\n")
    program("train", "t.yaml")
    done = program("export", "--output", "t.onnx", "--json").json
    assert done["inputs"] == ["label", "constant_1"]
    assert done["outputs"] == ["output_label", "probabilities"]


def test_dates_and_amounts_go_in_as_numbers(program: Program) -> None:
    """The message says how each number is made."""
    rng = np.random.default_rng(0)
    header = "on;price;share;paid;y"
    rows = [
        f"{day:02}.03.2024;1.{price} €;{share},5%;{'yes' if paid else 'no'};{'ab'[int(price > 500)]}"
        for day, price, share, paid in zip(
            rng.integers(1, 29, 60),
            rng.integers(100, 999, 60),
            rng.integers(0, 99, 60),
            rng.integers(0, 2, 60),
            strict=True,
        )
    ]
    Path("t.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    Path("t.yaml").write_text("recipe: classic\ndata: {source: t.csv, target: y}\ntraining: {epochs: 3}\n")
    assert program("train", "t.yaml").code == 0
    printed = program("export", "--output", "t.onnx").err.splitlines()
    assert printed[2:7] == [
        "  on weekday, of 'on': the day of the week, 0 on Monday",
        "  on days, of 'on': the days since 2024-03-01, with a fraction",
        "  price: the number: 1.234,5 EUR is 1234.5",
        "  share: the number: 1.234,5% is 12.345",
        "  paid: 'yes' or 'no'",
    ]
    Path("one.csv").write_text(f"{header}\n05.03.2024;1.234 €;7,5%;No;a\n", encoding="utf-8")
    program("predict", "latest", "one.csv", "--output", "predicted.csv")
    cells: dict[str, Any] = {"on weekday": 1.0, "on days": 4.0, "price": 1234.0, "share": 0.075}
    columns = {name: np.array([[value]]) for name, value in cells.items()}
    result = session(Path("t.onnx")).run(None, {**columns, "paid": np.array([["No"]], np.object_)})
    np.testing.assert_allclose(result[1], predictions(Path("predicted.csv"))[1], atol=1e-6)


def test_the_codes_of_missing_numbers_are_missing(program: Program) -> None:
    """A percentage goes in as `predict` reads its text, so -1 is no code."""
    cells = [(f"{k % 7 if k % 5 else -999}", f"{k % 9}%", "ab"[k % 7 > 3]) for k in range(80)]
    lines = "".join(f"{','.join(row)}\n" for row in cells)
    Path("t.csv").write_text(f"count,share,y\n{lines}", encoding="utf-8")
    data = "{source: t.csv, target: y, missing_values: ['', '-999', '-1']}"
    Path("t.yaml").write_text(f"recipe: classic\ndata: {data}\ntraining: {{epochs: 20}}\n")
    assert program("train", "t.yaml").code == 0
    assert program("export", "--output", "t.onnx").code == 0
    Path("new.csv").write_text("count,share\n-999,5%\n-1,5%\n-2,5%\n,5%\n3,-100%\n")
    program("predict", "latest", "new.csv", "--output", "predicted.csv")
    columns = {"count": [-999.0, -1.0, -2.0, np.nan, 3.0], "share": [*[0.05] * 4, -1.0]}
    results = session(Path("t.onnx")).run(None, {name: np.array([x]).T for name, x in columns.items()})
    probabilities = predictions(Path("predicted.csv"))[1]
    np.testing.assert_allclose(results[1], probabilities, atol=1e-6)
    assert abs(probabilities[1] - probabilities[2]).max() > 0.01


def test_a_number_among_categories_may_be_written_as_a_float(program: Program) -> None:
    """Blanks around a text cannot be removed, which the command and the page say."""
    rows = "".join(f"{['1', '2.0', 'x'][k % 3]},{k % 7},{'ab'[k % 3 == 1]}\n" for k in range(90))
    Path("t.csv").write_text(f"kind,n,y\n{rows}", encoding="utf-8")
    data = "{source: t.csv, target: y, columns: {categorical: [kind]}}"
    Path("t.yaml").write_text(f"recipe: classic\ndata: {data}\ntraining: {{epochs: 20}}\n")
    assert program("train", "t.yaml").code == 0
    printed = program("export", "--output", "t.onnx").err
    assert "\ntexts go in without the blanks around them; a number among categories as 1 or 1.0\n" in printed
    texts = ["1", "1.0", "2", "2.0", "x", "3"]
    Path("new.csv").write_text("kind,n\n" + "".join(f"{text},3\n" for text in texts), encoding="utf-8")
    program("predict", "latest", "new.csv", "--output", "predicted.csv")
    inputs = {"kind": np.array([texts], np.object_).T, "n": np.full((6, 1), 3.0)}
    probabilities = session(Path("t.onnx")).run(None, inputs)[1]
    np.testing.assert_allclose(probabilities, predictions(Path("predicted.csv"))[1], atol=1e-6)
    np.testing.assert_array_equal(probabilities[[0, 2]], probabilities[[1, 3]])
    assert abs(probabilities[5] - probabilities[[0, 2, 4]]).max(axis=1).min() > 0.01


@pytest.mark.parametrize("ensemble", ["1", "{members: 2, bags: true}"])
def test_a_table_of_codes_alone_has_no_values(program: Program, ensemble: str) -> None:
    rows = "".join(f"p{k % 12},{'ab'[k % 12 > 3]}\n" for k in range(120))
    Path("t.csv").write_text(f"place,y\n{rows}", encoding="utf-8")
    Path("t.yaml").write_text(
        "recipe: classic\ndata: {source: t.csv, target: y, category_encoding: target}\n"
        f"model: {{ensemble: {ensemble}, scaling_layer: true}}\ntraining: {{epochs: 3}}\n"
    )
    assert program("train", "t.yaml").code == 0
    assert program("export", "--output", "t.onnx", "--json").json["largest_difference"] <= 1e-6
    texts = ["p1", "p4", "elsewhere"]
    Path("new.csv").write_text("place\n" + "".join(f"{text}\n" for text in texts), encoding="utf-8")
    program("predict", "latest", "new.csv", "--output", "predicted.csv")
    probabilities = session(Path("t.onnx")).run(None, {"place": np.array([texts], np.object_).T})[1]
    np.testing.assert_allclose(probabilities, predictions(Path("predicted.csv"))[1], atol=1e-6)
    assert len(np.unique(probabilities[:, 0])) == 3


def test_without_the_data_synthetic_rows_are_compared(program: Program) -> None:
    write_rows(Path("data.csv"), 1)
    Path("x.yaml").write_text(
        "recipe: classic\ndata: {source: data.csv, target: three}\ntraining: {epochs: 3}\n"
    )
    program("train", "x.yaml")
    Path("data.csv").unlink()
    done = program("export", "--output", "x.onnx", "--json")
    assert "note: the run's data cannot be read, so only synthetic rows are compared (" in done.err
    assert (done.json["rows"], done.json["synthetic_rows"]) == (0, 256)
    assert Path("x.onnx").exists()


@pytest.mark.usefixtures("iris_run")
def test_without_onnx_runtime_its_own_evaluator_compares(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module(
        "fnnctl.export.onnx.export"
    )  # another test may have made the program import it anew
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "onnxruntime" else name)
    done = program("export", "--output", "iris.onnx", "--json").json
    assert done["runtime"] == "onnx's reference evaluator"
    assert done["largest_difference"] <= 1e-6


def test_the_threads_of_the_blas_are_as_before(iris_run: RunFolder, tmp_path: Path) -> None:
    others = 2 if load_model(iris_run, note=print).threads == 1 else 1
    set_blas_threads(others)
    export_onnx(iris_run, str(tmp_path / "iris.onnx"), Context())
    assert blas_threads() == others


@pytest.mark.usefixtures("iris_run")
def test_a_graph_that_predicts_something_else_is_not_written(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fnnctl.export.onnx.activations import ACTIVATION_OPERATORS

    monkeypatch.setitem(ACTIVATION_OPERATORS, "relu", ACTIVATION_OPERATORS["tanh"])
    done = program("export", "--output", "iris.onnx")
    assert done.code == 2
    assert "the graph is not written, because it" in done.err
    assert not Path("iris.onnx").exists()


def test_the_documentation_runs(program: Program) -> None:
    text = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    assert program("train", str(ROOT / "configs" / "own-csv.yaml")).code == 0
    assert program("export", "latest", "--output", "trees.onnx").code == 0
    (block,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(block, "export.md", "exec"), names)
    Path("one.csv").write_text(
        "age_years,height_m,rain_mm,frost_nights,field,soil,variety\n15,,489,0,5,clay,\n"
    )
    program("predict", "latest", "one.csv", "--output", "predicted.csv")
    labels, probabilities = predictions(Path("predicted.csv"))
    assert names["label"].tolist() == labels
    np.testing.assert_allclose(names["probabilities"], probabilities, atol=1e-6)
