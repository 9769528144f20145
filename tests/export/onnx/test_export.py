"""`fnnctl export` to ONNX: what the file says, what goes in, and what is not written."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
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
from tests.program import Done, Program

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
Export = Callable[..., Done]


@pytest.fixture
def exported(program: Program) -> Export:
    """A network for the target y of a table, as `t.onnx`."""

    def export(
        table: Sequence[str], *more: str, data: str = "", model: str = "{}", training: str = "epochs: 3"
    ) -> Done:
        Path("t.csv").write_text("".join(f"{line}\n" for line in table), encoding="utf-8")
        config = f"recipe: classic\ndata: {{source: t.csv, target: y{data}}}\nmodel: {model}\n"
        Path("t.yaml").write_text(f"{config}training: {{{training}}}\n")
        assert program("train", "t.yaml").code == 0
        done = program("export", "--output", "t.onnx", *more)
        assert done.code == 0
        return done

    return export


def compared(program: Program, table: Sequence[str], inputs: Mapping[str, Sequence[Any]]) -> Any:
    """The probabilities of the graph for these inputs, which are those of `predict` for the table."""
    Path("new.csv").write_text("".join(f"{line}\n" for line in table), encoding="utf-8")
    assert program("predict", "latest", "new.csv", "--output", "predicted.csv").code == 0
    columns = {name: np.array([values], None if isinstance(values[0], float) else np.object_).T
               for name, values in inputs.items()}  # fmt: skip
    probabilities = session(Path("t.onnx")).run(None, columns)[1]
    np.testing.assert_allclose(probabilities, predictions(Path("predicted.csv"))[1], atol=1e-6)
    return probabilities


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
    config = SEARCH.format(target=target, ignored=ignored, path=path, values=values)
    Path("x.yaml").write_text(config, encoding="utf-8")
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


def test_the_file_says_what_it_is(program: Program, trained: RunFolder) -> None:
    export = ("export", str(trained.path), "--output")
    done = program(*export, "iris.onnx", "--json").json
    assert (done["run"], done["format"], done["output"]) == (str(trained.path), "onnx", "iris.onnx")
    assert (done["rows"], done["outputs"]) == (30, ["label", "probabilities"])
    graph = session(Path("iris.onnx"))
    inputs = [(column.name, column.type, column.shape) for column in graph.get_inputs()]
    assert inputs == [(name, "tensor(double)", ["rows", 1]) for name in done["inputs"]]
    about = graph.get_modelmeta().custom_metadata_map
    assert about["run"] == trained.path.name
    assert json.loads(about["classes"]) == ["setosa", "versicolor", "virginica"]
    scores = np.load(trained.path / "model.npz")["errors.scores"]
    assert json.loads(about["errors"])["scores"] == scores.tolist()
    metrics = trained.read_metrics() or {}
    assert json.loads(about["metrics"])["accuracy"] == metrics["test"]["accuracy"]
    program(*export, "again.onnx")
    assert Path("again.onnx").read_bytes() == Path("iris.onnx").read_bytes()


def test_quantiles_in_double_precision(program: Program, exported: Export) -> None:
    table = ["a,y", *(f"{index % 7},{index % 5 + index / 60}" for index in range(60))]
    Path("new.csv").write_text("a\n0\n3\n6\n")
    exported(table, model="{output: quantile, hidden: [4]}", training="precision: float64, epochs: 3")
    assert program("predict", "latest", "new.csv", "--output", "predicted.csv").code == 0
    with Path("predicted.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    expected = [[float(row[f"q_{level}"]) for level in (0.1, 0.5, 0.9)] for row in rows]
    quantiles = session(Path("t.onnx")).run(None, {"a": np.array([[0.0], [3.0], [6.0]])})[1]
    np.testing.assert_allclose(quantiles, expected, rtol=1e-12)


def test_a_column_may_have_the_name_of_an_output(exported: Export) -> None:
    lines = (f"{index % 7},{index % 5},{'ab'[index % 7 > 3]}" for index in range(60))
    done = exported(["label,constant_1,y", *lines], "--json").json
    assert done["inputs"] == ["label", "constant_1"]
    assert done["outputs"] == ["output_label", "probabilities"]


def test_dates_and_amounts_go_in_as_numbers(program: Program, exported: Export) -> None:
    """The message says how each number is made."""
    rng, header = np.random.default_rng(0), "on;price;share;paid;y"
    numbers = rng.integers([1, 100, 0, 0], [29, 999, 99, 2], (60, 4)).tolist()
    lines = [
        f"{day:02}.03.2024;1.{price} €;{share},5%;{'yes' if paid else 'no'};{'ab'[price > 500]}"
        for day, price, share, paid in numbers
    ]
    assert exported([header, *lines]).err.splitlines()[2:7] == [
        "  on weekday, of 'on': the day of the week, 0 on Monday",
        f"  on days, of 'on': the days since 2024-03-{min(numbers)[0]:02}, with a fraction",
        "  price: the number: 1.234,5 EUR is 1234.5",
        "  share: the number: 1.234,5% is 12.345",
        "  paid: 'yes' or 'no'",
    ]
    cells = {"on weekday": [1.0], "on days": [5.0 - min(numbers)[0]], "price": [1234.0], "share": [0.075]}
    compared(program, [header, "05.03.2024;1.234 €;7,5%;No;a"], {**cells, "paid": ["No"]})


def test_the_codes_of_missing_numbers_are_missing(program: Program, exported: Export) -> None:
    """A percentage goes in as `predict` reads its text, so -1 is no code."""
    lines = (f"{k % 7 if k % 5 else -999},{k % 9}%,{'ab'[k % 7 > 3]}" for k in range(80))
    exported(["count,share,y", *lines], data=", missing_values: ['', '-999', '-1']", training="epochs: 20")
    inputs = {"count": [-999.0, -1.0, -2.0, np.nan, 3.0], "share": [*[0.05] * 4, -1.0]}
    new = ["count,share", "-999,5%", "-1,5%", "-2,5%", ",5%", "3,-100%"]
    probabilities = compared(program, new, inputs)
    assert abs(probabilities[1] - probabilities[2]).max() > 0.01


def test_a_number_among_categories_may_be_written_as_a_float(program: Program, exported: Export) -> None:
    """Blanks around a text cannot be removed, which the command and the page say."""
    lines = (f"{['1', '2.0', 'x'][k % 3]},{k % 7},{'ab'[k % 3 == 1]}" for k in range(90))
    done = exported(["kind,n,y", *lines], data=", columns: {categorical: [kind]}", training="epochs: 20")
    assert "\ntexts go in without the blanks around them; a number among categories as 1 or 1.0\n" in done.err
    texts = ["1", "1.0", "2", "2.0", "x", "3"]
    new = ["kind,n", *(f"{text},3" for text in texts)]
    probabilities = compared(program, new, {"kind": texts, "n": [3.0] * 6})
    np.testing.assert_array_equal(probabilities[[0, 2]], probabilities[[1, 3]])
    assert abs(probabilities[5] - probabilities[[0, 2, 4]]).max(axis=1).min() > 0.01


@pytest.mark.parametrize("ensemble", ["1", "{members: 2, bags: true}"])
def test_a_table_of_codes_alone_has_no_values(program: Program, exported: Export, ensemble: str) -> None:
    lines = (f"p{k % 12},{'ab'[k % 12 > 3]}" for k in range(120))
    model = f"{{ensemble: {ensemble}, scaling_layer: true}}"
    done = exported(["place,y", *lines], "--json", data=", category_encoding: target", model=model)
    assert done.json["largest_difference"] <= 1e-6
    texts = ["p1", "p4", "elsewhere"]
    assert len(np.unique(compared(program, ["place", *texts], {"place": texts})[:, 0])) == 3


def test_a_bin_may_be_coded_in_both_ways(program: Program, exported: Export) -> None:
    """By a number's place within it, and by whether a number reaches it."""
    model = "{numeric_embedding: {name: piecewise_linear, bins: 5, code: both}}"
    exported(["x,y", *(f"{k % 7},{'ab'[k % 7 > 3]}" for k in range(60))], model=model, training="epochs: 20")
    numbers = [-1.0, 0.0, 2.5, 3.0, 7.0]
    compared(program, ["x", *map(str, numbers)], {"x": numbers})


def test_without_the_data_synthetic_rows_are_compared(program: Program, exported: Export) -> None:
    exported(["x,y", *(f"{k % 7},{'ab'[k % 7 > 3]}" for k in range(60))])
    Path("t.csv").unlink()
    done = program("export", "--output", "x.onnx", "--json")
    assert "note: the run's data cannot be read, so only synthetic rows are compared (" in done.err
    assert (done.json["rows"], done.json["synthetic_rows"]) == (0, 256)
    assert Path("x.onnx").exists()


def test_without_onnx_runtime_its_own_evaluator_compares(
    program: Program, trained: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("fnnctl.export.onnx.export")  # the program may have imported it anew
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "onnxruntime" else name)
    done = program("export", str(trained.path), "--output", "iris.onnx", "--json").json
    assert done["runtime"] == "onnx's reference evaluator"
    assert done["largest_difference"] <= 1e-6


def test_the_threads_of_the_blas_are_as_before(trained: RunFolder, tmp_path: Path) -> None:
    threads = 2 if load_model(trained, note=print).threads == 1 else 1
    set_blas_threads(threads)
    export_onnx(trained, str(tmp_path / "iris.onnx"), Context())
    assert blas_threads() == threads


def test_a_graph_that_predicts_something_else_is_not_written(
    program: Program, trained: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fnnctl.export.onnx.activations import ACTIVATION_OPERATORS

    monkeypatch.setitem(ACTIVATION_OPERATORS, "relu", ACTIVATION_OPERATORS["tanh"])
    done = program("export", str(trained.path), "--output", "iris.onnx")
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
    header = "age_years,height_m,rain_mm,frost_nights,field,soil,variety"
    Path("one.csv").write_text(f"{header}\n15,,489,0,5,clay,\n")
    program("predict", "latest", "one.csv", "--output", "predicted.csv")
    labels, probabilities = predictions(Path("predicted.csv"))
    assert names["label"].tolist() == labels
    np.testing.assert_allclose(names["probabilities"], probabilities, atol=1e-6)
