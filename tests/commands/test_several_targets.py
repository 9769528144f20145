"""Trainings, cross-validations and searches of networks with several targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.store.folder import RunFolder
from fnnctl.store.names import PREDICTIONS
from tests.messages import Messages
from tests.program import Program, assert_same_networks, read_json, run_of

pytestmark = pytest.mark.usefixtures("no_figures")

CONFIG = """\
seed: 1
data: {source: t.csv, target: [price, grade]}
recipe: classic
model: {hidden: [5], ensemble: {members: 3, bags: true, plain_twins: true},
  numeric_embedding: {name: piecewise_linear, bins: 4, size: 3, edges: target}}
training: {epochs: 4, optimizer: {learning_rate: 0.02}}
"""


@pytest.fixture(autouse=True)
def table(tmp_path: Path) -> None:
    """90 rows of two numbers, a category and three targets, of which some are missing; one row has none."""
    rng = np.random.default_rng(5)
    x, kind = rng.normal(size=(90, 2)).round(3), rng.integers(0, 3, 90)
    lines = []
    for row, ((a, b), k) in enumerate(zip(x.tolist(), kind.tolist(), strict=True)):
        price = "" if row % 9 in (1, 2) else f"{3 * a - b + k:.3f}"
        grade = "" if row % 9 in (2, 3) else ("low" if a > 0.4 else "mid" if b > 0 else "high")
        lines.append(f"{a},{b},{'xyz'[k]},{price if row != 4 else ''},{grade if row != 4 else ''},{row % 7}")
    (tmp_path / "t.csv").write_text("\n".join(["a,b,k,price,grade,count", *lines]) + "\n")
    (tmp_path / "t.yaml").write_text(CONFIG)


def test_one_target_in_a_list_has_the_bits_of_one_target(program: Program) -> None:
    runs = [
        run_of(program, "train", "t.yaml", "--set", f"data.target={target}")
        for target in ("price", "[price]")
    ]
    assert_same_networks(*runs)
    assert (runs[0] / "resolved.yaml").read_bytes() == (runs[1] / "resolved.yaml").read_bytes()


@pytest.mark.parametrize("together", ["true", "false"])
def test_bits_do_not_depend_on_the_number_of_workers_nor_on_who_resolved_the_config(
    program: Program, together: str
) -> None:
    setting = "--set", f"model.together={together}"
    runs = [run_of(program, "train", "t.yaml", *setting, "--workers", workers) for workers in ("1", "2")]
    runs.append(run_of(program, "train", str(runs[0] / "resolved.yaml")))
    for run in runs[1:]:
        assert_same_networks(runs[0], run)
        assert read_json(run / "metrics.json") == read_json(runs[0] / "metrics.json")


def test_what_a_run_has_of_each_target(program: Program, tmp_path: Path) -> None:
    run = run_of(program, "train", "t.yaml")
    manifest, test = read_json(run / "manifest.json"), read_json(run / "metrics.json")["test"]
    assert (manifest["data"]["task"], manifest["data"]["target"]) == ("several", "price, grade")
    assert manifest["data"]["targets"] == [
        {"name": "price", "task": "regression", "classes": []},
        {"name": "grade", "task": "classification", "classes": ["high", "low", "mid"]},
    ]
    assert manifest["data"]["rows"] == 79  # a row of nine has no target, and one more
    assert set(test["targets"]) == {"price", "grade"}
    assert test["r2"] == test["targets"]["price"]["r2"]
    assert test["accuracy"] == test["targets"]["grade"]["accuracy"]
    for folder, name in (("1-price", "price"), ("2-grade", "grade")):
        rows = (run / "targets" / folder / PREDICTIONS).read_text().splitlines()[1:]
        assert len(rows) == test["targets"][name]["support"]
    history = (run / "history.csv").read_text().splitlines()
    columns = dict(zip(history[0].split(","), history[-1].split(","), strict=True))
    parts = [float(columns[f"validation_targets.{name}.loss"]) for name in ("price", "grade")]
    assert float(columns["validation_loss"]) == pytest.approx(sum(parts))


def test_a_cross_validation_has_means_and_the_metrics_of_each_target(program: Program) -> None:
    run = run_of(program, "evaluate", "t.yaml", "--set", "evaluation.cross_validation.folds=3")
    metrics = read_json(run / "metrics.json")
    assert metrics["cross_validation"]["r2"]["mean"] is not None
    assert set(metrics["test"]["targets"]) == {"price", "grade"}
    assert metrics["test"]["support"] == 79


@pytest.mark.parametrize("metric", ["auto", "targets.price.r2", "targets.grade.per_class.low.f1", "accuracy"])
@pytest.mark.parametrize("on", ["validation", "bags"])
def test_a_search_maximizes_the_metric_of_a_target_or_a_mean(
    program: Program, tmp_path: Path, metric: str, on: str
) -> None:
    ensemble = "" if on == "bags" else "model.ensemble=1"
    (tmp_path / "t.yaml").write_text(
        CONFIG
        + f"search: {{method: random, trials: 2, objective: {{metric: {metric}, on: {on}}}, "
        + "space: {training.optimizer.learning_rate: {log_uniform: [0.01, 0.1]}}}\n"
    )
    changes = ["--set", ensemble, "--set", "data.split.validation=0.2"] if ensemble else []
    run = run_of(program, "search", "t.yaml", *changes)
    assert read_json(run / "manifest.json")["status"] == "completed"
    result = RunFolder(run).result_run()
    assert result is not None
    assert set(read_json(result.path / "metrics.json")["test"]["targets"]) == {"price", "grade"}


@pytest.mark.parametrize(
    "change",
    [
        "data.class_order=[low, mid, high]",
        "data.positive_class=low",
        "data.task=regression",
        "model.output=squared",
        "training.class_weights=balanced",
        "training.mixup=0.2",
        "training.label_smoothing=0.1",
        "training.early_stopping.monitor=validation_r2",
        "search.objective.metric=targets.price.accuracy",
        "data.target=[price, price]",
        "data.target=[]",
        "data.target=[price, nope]",
        "data.columns.ignore=[price]",
    ],
)
def test_what_is_for_one_target_is_refused_by_name(
    program: Program, messages: Messages, tmp_path: Path, change: str
) -> None:
    done = program("check", "t.yaml", "--set", change)
    assert done.code == 2
    messages.check(done.out)


def test_a_run_with_several_targets_is_not_trained_on(program: Program, messages: Messages) -> None:
    run = run_of(program, "train", "t.yaml")
    done = program("train", "t.yaml", "--warm-start", str(run))
    assert done.code == 2
    messages.check(done.err.replace(run.name, "RUN"))
