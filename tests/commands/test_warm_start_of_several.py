"""Training on from a run with several targets: what stays of each, and what is refused."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.cli import run as run_program
from fnnctl.metrics.stored import flat_metrics
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import WEIGHTS
from tests.messages import Messages
from tests.program import AtEpoch, Program, only_run, run_of
from tests.several import FAST, TARGETS, several_targets, write_config, write_csv

pytestmark = pytest.mark.usefixtures("no_figures")

STILL = ("--set", "training.optimizer.learning_rate=1e-30", "--set", "training.epochs=1")
MODEL = {**FAST["model"], "outputs": {"days": "poisson"}, "ensemble": {"members": 2, "bags": True}}


def write_table(folder: Path, rows: slice, **columns: list[Any]) -> None:
    whole = several_targets(400)
    write_csv(folder / "table.csv", {**{name: column[rows] for name, column in whole.items()}, **columns})


def write_experiment(folder: Path) -> None:
    training = {**FAST["training"], "target_weights": {"price": 2}}
    write_config(folder / "night.yaml", folder / "table.csv", model=MODEL, training=training)


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with one on 150 rows, which tests copy."""
    folder = tmp_path_factory.mktemp("former")
    write_table(folder, slice(150))
    write_experiment(folder)
    words = ["--name", "night", "--runs-dir", str(folder / "runs"), "--quiet", "--no-figures"]
    assert run_program(["train", str(folder / "night.yaml"), *words]) == 0
    return folder / "runs"


@pytest.fixture
def parent(program: Program, tmp_path: Path, former: Path) -> Path:
    """A run on 150 rows; the table has 150 others now."""
    shutil.copytree(former, tmp_path / "runs")
    write_experiment(tmp_path)
    write_table(tmp_path, slice(150, 300))
    return Path("runs", only_run(tmp_path).name)


def weights(run: Path) -> dict[str, FloatArray]:
    with np.load(run / WEIGHTS) as arrays:
        return {name: arrays[name] for name in arrays.files if name.startswith("part")}


def described(run: Path) -> list[dict[str, Any]]:
    """What model.json says of each target."""
    network = json.loads((run / "model.json").read_text())["parts"][0]["network"]
    return network["targets"]  # type: ignore[no-any-return]


def test_networks_and_what_belongs_to_each_target_are_those_of_the_run(
    program: Program, tmp_path: Path, parent: Path
) -> None:
    child = run_of(program, "train", "night.yaml", "--warm-start", "night", *STILL)
    before, after = weights(parent), weights(child)
    assert before.keys() == after.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array)
    for old, new in zip(described(parent), described(child), strict=True):
        for entry in ("target", "output", "classes", "target_mean", "target_deviation", "target_deviance"):
            assert new[entry] == old[entry]
        assert new["loss_factor"] == pytest.approx(old["loss_factor"], rel=1e-15)
    predicted = [program("predict", str(run), "table.csv").out for run in (parent, child)]
    assert predicted[0] == predicted[1]


def test_networks_of_each_target_begin_with_those_of_the_target(program: Program, tmp_path: Path) -> None:
    write_table(tmp_path, slice(150))
    ensemble = {"members": 2, "bags": True, "plain_twins": True}
    model = {**MODEL, "numeric_embedding": "piecewise_linear", "together": False, "ensemble": ensemble}
    write_config(tmp_path / "night.yaml", tmp_path / "table.csv", model=model, training=FAST["training"])
    parent = run_of(program, "train", "night.yaml", "--name", "night")
    child = run_of(program, "train", "night.yaml", "--warm-start", "night", *STILL)
    before, after = weights(parent), weights(child)
    assert len({name.partition(".")[0] for name in before}) == 2 * len(TARGETS)
    assert before.keys() == after.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array)


def test_the_weights_of_the_targets_are_those_of_the_config(
    program: Program, tmp_path: Path, parent: Path
) -> None:
    change = ("--set", "training.target_weights={days: 4}")
    child = run_of(program, "train", "night.yaml", "--warm-start", "night", *change)
    pairs = zip(described(child), described(parent), strict=True)
    factors = [new["loss_factor"] / old["loss_factor"] for new, old in pairs]
    np.testing.assert_allclose(factors, [0.5, 4, 1, 1], rtol=1e-15)


def test_a_new_class_of_a_target_begins_with_weights_of_0(
    program: Program, tmp_path: Path, parent: Path
) -> None:
    """It is not the last output; those of the later targets are shifted."""
    grade = several_targets(400)["grade"][150:300]
    grade[::6] = ["aaa"] * len(grade[::6])
    write_table(tmp_path, slice(150, 300), grade=grade)
    done = program("train", "night.yaml", "--warm-start", "night", "--name", "child", *STILL)
    assert done.code == 0
    assert f"warning: grade: the class 'aaa' is new to {parent}" in " ".join(done.err.split())
    (child,) = (tmp_path / "runs").glob("*-child-*")
    assert [target["classes"] for target in described(child)[2:]] == [
        ["high", "low", "mid", "aaa"],
        ["0", "1"],
    ]
    places = [0, 1, 2, 3, 4, 6, 7]  # price, days, three grades, a new one, two labels
    before = weights(parent)
    for name, array in weights(child).items():
        if name.endswith(("weights_2", "biases_2")):
            np.testing.assert_array_equal(array[places], before[name])
            assert not array[5].any()
    write_table(tmp_path, slice(300, 400))
    assert program("train", "night.yaml", "--warm-start", "child").code == 0  # a class without rows stays


def test_the_bits_are_those_of_any_number_of_workers_and_of_a_resume(
    program: Program, tmp_path: Path, parent: Path, at_epoch: AtEpoch, keep_all: None
) -> None:
    runs = [
        run_of(program, "train", "night.yaml", "--warm-start", str(parent), "--workers", count)
        for count in ("1", "2")
    ]
    at_epoch(2, lambda: signal.raise_signal(signal.SIGINT))
    assert program("train", "night.yaml", "--warm-start", str(parent), "--name", "cut").code == 130
    (cut,) = (tmp_path / "runs").glob("*-cut-*")
    assert program("train", "--resume", "cut").code == 0
    repeated = run_of(program, "train", str(runs[0] / "resolved.yaml"))
    for run in (runs[1], cut, repeated):
        assert (run / "history.csv").read_bytes() == (runs[0] / "history.csv").read_bytes()
        for name, array in weights(runs[0]).items():
            np.testing.assert_array_equal(weights(run)[name], array)


def test_the_ancestors_are_scored_by_target(program: Program, tmp_path: Path, parent: Path) -> None:
    child = run_of(program, "train", "night.yaml", "--warm-start", "night", *STILL)
    (ancestor,) = RunFolder(child).read_manifest().ancestors
    metrics = json.loads((child / "metrics.json").read_text())["test"]
    assert ancestor.metrics is not None
    assert ancestor.metrics["r2"] == metrics["r2"]
    for target, metric in (("price", "r2"), ("days", "deviance"), ("grade", "accuracy"), ("label", "f1")):
        assert ancestor.metrics[f"targets.{target}.{metric}"] == metrics["targets"][target][metric]
    report = program("report", str(child), "--verbose").out
    assert "price: R²" in report
    assert "grade: accuracy" in report
    evaluated = run_of(program, "evaluate", str(child))
    assert json.loads((evaluated / "metrics.json").read_text())["test"] == metrics


def test_explained_settings_name_the_run(program: Program, tmp_path: Path, parent: Path) -> None:
    (tmp_path / "short.yaml").write_text("data: {source: table.csv}\nrecipe: classic\n")
    done = program("check", "short.yaml", "--explain", "--set", "training.warm_start=night")
    lines = {line.split()[0]: line.split()[-1] for line in done.out.splitlines() if line}
    for setting in ("data.target", "model.outputs", "model.hidden", "model.ensemble.members"):
        assert lines[setting] == str(parent)


OPEN = ("--unset", "model.outputs", "--unset", "training.target_weights")
WRONG: dict[str, tuple[str, ...]] = {
    "one of several": ("--set", "data.target=price", *OPEN),
    "fewer": ("--set", "data.target=[price, days]"),
    "another order": ("--set", "data.target=[days, price, grade, label]"),
    "another target": ("--set", "data.target=[price, days, grade, k]"),
    "labels": ("--set", "data.target={labels: [price, days, grade, label]}", *OPEN),
    "another output": ("--set", "model.outputs={days: gamma}"),
    "a number as classes": ("--set", "model.outputs={price: softmax, days: poisson}"),
}


@pytest.mark.parametrize("name", WRONG)
def test_targets_must_be_those_of_the_run(
    program: Program, tmp_path: Path, parent: Path, messages: Messages, name: str
) -> None:
    done = program("train", "night.yaml", "--set", "training.warm_start=night", *WRONG[name])
    assert done.code == 2
    assert len([*(tmp_path / "runs").iterdir()]) == 1
    messages.check(done.err.replace(parent.name, "RUN").replace(str(tmp_path), "TMP"))


def test_values_must_suit_the_targets_of_the_run(
    program: Program, tmp_path: Path, parent: Path, messages: Messages
) -> None:
    """Classes that became amounts, numbers that became names, and a target that no row has yet."""
    numbers = [round(0.37 * number, 2) for number in range(150)]
    for column in ({"grade": numbers}, {"price": ["a", "b"] * 75}, {"price": [None] * 150}):
        write_table(tmp_path, slice(150, 300), **column)
        done = program("train", "night.yaml", "--warm-start", "night")
        assert done.code == 2
        messages.check(done.err.replace(parent.name, "RUN").replace(str(tmp_path), "TMP"))


def test_a_run_with_one_target_is_not_trained_on_with_several(
    program: Program, tmp_path: Path, parent: Path, messages: Messages
) -> None:
    write_config(tmp_path / "one.yaml", tmp_path / "table.csv", data={"target": "price"})
    single = run_of(program, "train", "one.yaml", "--name", "one")
    done = program("train", "night.yaml", "--warm-start", "one")
    assert done.code == 2
    messages.check(done.err.replace(single.name, "RUN").replace(str(tmp_path), "TMP"))
    assert TARGETS[0] in done.err


def test_words_of_new_rows_are_labels_of_the_run(program: Program, tmp_path: Path) -> None:
    """A word that the run does not know is left out, with a warning; a label may have no row."""

    def write(words: str, first: int) -> None:
        x = np.random.default_rng(first).normal(size=80).round(3)
        rows = [f"{x[k]},{'|'.join({words[k % len(words)], words[k * k % len(words)]})}" for k in range(80)]
        (tmp_path / "words.csv").write_text("\n".join(["x,topics", *rows]) + "\n")

    labels = {"target": {"labels": "topics", "separator": "|"}}
    write_config(tmp_path / "words.yaml", tmp_path / "words.csv", data=labels)
    write("abc", 1)
    run_of(program, "train", "words.yaml", "--name", "words")
    write("abx", 2)
    done = program("train", "words.yaml", "--warm-start", "words", "--name", "more")
    assert done.code == 0
    assert "has words that the training data lack, which are left out: 'x'" in done.err
    (more,) = (tmp_path / "runs").glob("*-more-*")
    assert [target.name for target in RunFolder(more).read_manifest().data.targets] == ["a", "b", "c"]  # type: ignore[union-attr]


def test_a_run_is_compared_on_the_rows_of_another_one(program: Program, tmp_path: Path, parent: Path) -> None:
    """By a metric of one target, on the rows that have it, or by the mean over the targets of one kind."""
    child = run_of(program, "train", "night.yaml", "--warm-start", "night")
    stored = json.loads((child / "metrics.json").read_text())["test"]
    (ancestor,) = RunFolder(child).read_manifest().ancestors
    assert ancestor.metrics is not None
    for metric in (
        "targets.price.r2",
        "targets.grade.accuracy",
        "targets.days.deviance",
        "r2",
        "roc_auc_macro",
    ):
        options = ("--not-worse-than", str(parent), "--same-rows", "--metric", metric)
        done = program("report", str(child), *options, "--json")
        (gate,) = done.json["gates"]
        assert done.code == (0 if gate["passed"] else 1)
        assert gate["value"] == pytest.approx(flat_metrics(stored)[metric], rel=1e-9)
        assert gate["other_value"] == pytest.approx(ancestor.metrics[metric], rel=1e-9)
        assert (gate["same_rows"], gate["paired"]) == (True, True)
        rows = stored["targets"][metric.split(".")[1]] if "." in metric else stored
        assert gate["count"] == rows["support"]


def test_a_class_that_the_former_run_does_not_know_is_said(
    program: Program, tmp_path: Path, parent: Path
) -> None:
    grade = several_targets(400)["grade"][150:300]
    grade[::4] = ["aaa"] * len(grade[::4])
    write_table(tmp_path, slice(150, 300), grade=grade)
    child = run_of(program, "train", "night.yaml", "--warm-start", "night")
    options = ("--not-worse-than", str(parent), "--same-rows", "--metric", "targets.grade.accuracy")
    assert "have a class that" in " ".join(program("report", str(child), *options).out.split())
    wrong = program("report", str(child), *options[:-1], "targets.size.accuracy")
    assert wrong.code == 2
    assert "targets.size.accuracy has no value" in wrong.err
