"""Training on from a run: what stays and what is refused; the bits do not depend on how it is trained."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import CHECKPOINT, MANIFEST, WEIGHTS
from tests.messages import Messages
from tests.program import AtEpoch, Program, run_of

pytestmark = pytest.mark.usefixtures("no_figures")

CONFIG = """\
name: night
seed: 1
data: {source: table.csv, target: y}
recipe: classic
model: {hidden: [4], ensemble: {members: 2, bags: true}}
training: {epochs: 4, optimizer: {learning_rate: 0.01}}
"""
STILL = ("--set", "training.optimizer.learning_rate=1e-30", "--set", "training.epochs=1")


def write_table(folder: Path, rows: Sequence[int], classes: str = "pq", *, name: str = "table.csv") -> None:
    rng = np.random.default_rng(3)
    x, kind = rng.normal(size=400).round(3), rng.integers(0, 3, 400)
    lines = [f"{x[k]},{'abc'[kind[k]]},{classes[int(x[k] > 0) if k % 7 else -1]}" for k in rows]
    (folder / name).write_text("\n".join(["x,kind,y", *lines]) + "\n")


@pytest.fixture
def parent(program: Program, tmp_path: Path) -> Path:
    """A run on 100 rows; the table has 100 others now."""
    write_table(tmp_path, range(100))
    (tmp_path / "night.yaml").write_text(CONFIG)
    path = run_of(program, "train", "night.yaml")
    write_table(tmp_path, range(100, 200))
    return path


def weights(run: Path) -> dict[str, FloatArray]:
    with np.load(run / WEIGHTS) as arrays:
        return {name: arrays[name] for name in arrays.files if name.startswith(("part", "weights", "biases"))}


def predictions(program: Program, run: Path, rows: str = "table.csv") -> str:
    return program("predict", str(run), rows).out


def test_networks_begin_with_those_of_the_run(program: Program, tmp_path: Path, parent: Path) -> None:
    child = run_of(program, "train", "night.yaml", "--warm-start", "night", *STILL)
    before, after = weights(parent), weights(child)
    assert before.keys() == after.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array)
    trained = run_of(program, "train", "night.yaml", "--warm-start", str(parent))
    assert any((weights(trained)[name] != array).any() for name, array in before.items())


def test_a_new_class_begins_with_weights_of_0(program: Program, tmp_path: Path, parent: Path) -> None:
    write_table(tmp_path, range(100, 200), "pqr")
    done = program("train", "night.yaml", "--warm-start", "night", *STILL)
    assert done.code == 0
    assert f"warning: the class 'r' is new to {parent}" in " ".join(done.err.split())
    child = RunFolder(next(path for path in (tmp_path / "runs").iterdir() if path.name != parent.name))
    assert child.read_manifest().data.classes == ["p", "q", "r"]  # type: ignore[union-attr]
    for name, array in weights(child.path).items():
        if name.endswith("biases_2"):
            assert (len(array), array[2]) == (3, 0.0)
    write_table(tmp_path, range(200, 300), "pq")
    assert program("train", "night.yaml", "--warm-start", "latest").code == 0  # a class without rows stays


def test_the_bits_are_those_of_any_number_of_workers(program: Program, tmp_path: Path, parent: Path) -> None:
    runs = [
        run_of(program, "train", "night.yaml", "--warm-start", str(parent), "--workers", str(count))
        for count in (1, 2, 4)
    ]
    repeated = run_of(program, "train", str(runs[0] / "resolved.yaml"))
    for run in (*runs[1:], repeated):
        assert (run / "predictions.csv").read_bytes() == (runs[0] / "predictions.csv").read_bytes()
        assert (run / "history.csv").read_bytes() == (runs[0] / "history.csv").read_bytes()
        for name, array in weights(runs[0]).items():
            np.testing.assert_array_equal(weights(run)[name], array)


@pytest.mark.parametrize("has_checkpoint", [True, False])
def test_an_interrupted_training_is_resumed(
    program: Program, tmp_path: Path, parent: Path, at_epoch: AtEpoch, keep_all: None, has_checkpoint: bool
) -> None:
    """Without a checkpoint it begins with the parent's networks again, not with its own."""
    whole = run_of(program, "train", "night.yaml", "--warm-start", str(parent))
    at_epoch(2, lambda: signal.raise_signal(signal.SIGINT))
    assert program("train", "night.yaml", "--warm-start", str(parent), "--name", "cut").code == 130
    (cut,) = (tmp_path / "runs").glob("*-cut-*")
    if not has_checkpoint:
        (cut / CHECKPOINT).unlink()
    assert program("train", "--resume", "cut").code == 0
    for name, array in weights(whole).items():
        np.testing.assert_array_equal(weights(cut)[name], array)


def test_the_ancestors_are_scored_and_may_be_deleted(program: Program, tmp_path: Path, parent: Path) -> None:
    second = run_of(program, "train", "night.yaml", "--warm-start", str(parent))
    write_table(tmp_path, range(200, 300))
    third = run_of(program, "train", "night.yaml", "--warm-start", str(second))
    manifest = RunFolder(third).read_manifest()
    assert manifest.generation == 2
    assert [Path(ancestor.run) for ancestor in manifest.ancestors] == [second.absolute(), parent.absolute()]
    rows = program("report", str(third), "--json").json["runs"][0]
    for ancestor in rows["ancestors"]:
        assert 0.0 <= ancestor["metrics"]["accuracy"] <= 1.0
    assert "Ancestors on the test part" in program("report", str(third), "--verbose").out
    shutil.rmtree(second)
    assert predictions(program, third).count("\n") == 101
    write_table(tmp_path, range(300, 400))
    fourth = run_of(program, "train", "night.yaml", "--warm-start", str(third))
    ancestors = RunFolder(fourth).read_manifest().ancestors
    assert [ancestor.is_missing for ancestor in ancestors] == [False, True, False]
    assert f"no longer there  {second.absolute()}" in " ".join(
        program("report", str(fourth), "--verbose").out.split("\n")
    )


def test_an_ancestor_without_a_class_is_scored(program: Program, tmp_path: Path, parent: Path) -> None:
    """It is wrong about the rows of a new class, and its loss there is no number."""
    table = tmp_path / "table.csv"
    write_table(tmp_path, range(200, 300))
    header, *lines = table.read_text().splitlines()
    lines = [line[: line.rindex(",") + 1] + "z" if k % 4 == 0 else line for k, line in enumerate(lines)]
    table.write_text("\n".join([header, *lines]) + "\n")
    run = run_of(program, "train", "night.yaml", "--warm-start", str(parent))
    (ancestor,) = RunFolder(run).read_manifest().ancestors
    assert ancestor.metrics is not None
    assert 0.0 <= (ancestor.metrics["accuracy"] or 0.0) <= 0.8
    assert ancestor.metrics["loss"] is None
    assert "log loss" in program("report", str(run), "--verbose").out


def test_columns_are_read_as_in_the_run(program: Program, tmp_path: Path, messages: Messages) -> None:
    """Codes that look like numbers now, and numbers with another spelling; a further column is no feature."""
    lines = [f'"{k % 9},{100 + k}",{"n/a" if k % 5 == 0 else k % 4},{"pq"[k % 2]}' for k in range(60)]
    (tmp_path / "table.csv").write_text("\n".join(["amount,code,y", *lines]) + "\n")
    columns = "{categorical: [code]}"
    (tmp_path / "night.yaml").write_text(CONFIG.replace("target: y", f"target: y, columns: {columns}"))
    run_of(program, "train", "night.yaml")
    lines = [f'{k % 4},{k},"{k % 9},{300 + k}",{"pq"[k % 2]}' for k in range(60)]
    (tmp_path / "table.csv").write_text("\n".join(["code,extra,amount,y", *lines]) + "\n")
    (tmp_path / "night.yaml").write_text(CONFIG)
    child = RunFolder(run_of(program, "train", "night.yaml", "--warm-start", "night"))
    facts = child.read_manifest().data
    assert facts is not None
    assert (facts.numeric, facts.categorical) == (1, 1)
    (tmp_path / "table.csv").write_text(
        "\n".join(["cod,amount,y", *(f"1,2,{'pq'[k % 2]}" for k in range(9))])
    )
    messages.check(
        program("train", "night.yaml", "--warm-start", "latest").err.replace(child.path.name, "RUN")
    )


def test_a_column_that_the_run_does_not_know_orders_the_rows(program: Program, tmp_path: Path) -> None:
    """It is no feature; one that does nothing is not read, so nothing is said of its values."""
    write_table(tmp_path, range(100))
    (tmp_path / "night.yaml").write_text(CONFIG.replace("bags: true", "bags: false"))
    parent = run_of(program, "train", "night.yaml")
    write_table(tmp_path, range(100, 200))
    lines = (tmp_path / "table.csv").read_text().splitlines()
    dates = [f"2024-01-{number % 28 + 1:02}" for number in range(len(lines) - 1)]
    rows = [f"{line},{date},{date}" for line, date in zip(lines[1:], dates, strict=True)]
    (tmp_path / "table.csv").write_text("\n".join([f"{lines[0]},day,idle", *rows]) + "\n")
    done = program("train", "night.yaml", "--warm-start", "night", "--set", "data.split.by=day")
    assert done.code == 0
    assert "by 'day', from 2024-01-" in done.err
    assert "idle" not in done.err
    child = next(path for path in (tmp_path / "runs").iterdir() if path.name != parent.name)
    before, after = (RunFolder(path).read_manifest().data for path in (parent, child))
    assert before is not None
    assert after is not None
    assert (after.numeric, after.categorical) == (before.numeric, before.categorical)


@pytest.mark.parametrize(
    "changes",
    [
        ("--set", "model.hidden=[5]"),
        ("--set", "model.ensemble=3"),
        ("--set", "model.output=logistic"),
        ("--set", "data.scaling=minmax"),
        ("--set", "data.target=kind"),
        ("--set", "data.split.test=0.99"),
        ("--set", "data.weights=x"),
        ("--set", f"training.warm_start={{run: night, sha256: {'a' * 64}}}"),
        ("--set", "training.warm_start=unknown"),
        ("--set", "training.warm_start=3"),
        ("--set", "training.warm_start={sha256: a}"),
    ],
    ids=lambda changes: changes[1],
)
def test_what_cannot_be_trained_on_is_said(
    program: Program, tmp_path: Path, parent: Path, messages: Messages, changes: Sequence[str]
) -> None:
    done = program("train", "night.yaml", "--set", "training.warm_start=night", *changes)
    assert done.code == 2
    assert len([*(tmp_path / "runs").iterdir()]) == 1
    messages.check(re.sub("[0-9a-f]{64}", "SHA", done.err.replace(parent.name, "RUN")))


def test_folds_and_trials_refuse_it(
    program: Program, tmp_path: Path, parent: Path, messages: Messages
) -> None:
    change = ("--set", "training.warm_start=night")
    done = program("evaluate", "night.yaml", *change)
    assert done.code == 2
    messages.check(done.err)
    done = program("search", "night.yaml", *change, "--method", "random", "--max-trials", "2")
    assert done.code == 2
    messages.check(done.err)


def test_a_run_whose_parent_is_gone_is_not_repeated(
    program: Program, tmp_path: Path, parent: Path, messages: Messages
) -> None:
    child = run_of(program, "train", "night.yaml", "--warm-start", "night")
    (parent / MANIFEST).unlink()
    done = program("train", str(child / "resolved.yaml"))
    assert done.code == 2
    messages.check(done.err.replace(str(parent), "PARENT").replace(str(child), "CHILD"))


def test_explained_settings_name_the_run(program: Program, tmp_path: Path, parent: Path) -> None:
    (tmp_path / "short.yaml").write_text("data: {source: table.csv}\nrecipe: classic\n")
    done = program("check", "short.yaml", "--explain", "--set", "training.warm_start=night")
    lines = {line.split()[0]: line.split()[-1] for line in done.out.splitlines() if line}
    assert lines["model.hidden"] == lines["model.ensemble.members"] == str(parent)
    assert lines["training.epochs"] == "schema"


def test_a_target_of_amounts_has_no_new_classes(
    program: Program, tmp_path: Path, parent: Path, messages: Messages
) -> None:
    """Each would get an output; classes that are all unlike those of the run are possible, with a warning."""
    table = tmp_path / "table.csv"
    header, *lines = table.read_text().splitlines()
    amounts = [f"{line[: line.rindex(',')]},{number * 0.37:.2f}" for number, line in enumerate(lines)]
    table.write_text("\n".join([header, *amounts]) + "\n")
    messages.check(program("train", "night.yaml", "--warm-start", "night").err)
    assert len([*(tmp_path / "runs").glob("[0-9]*")]) == 1
    table.write_text("\n".join([header, *(line.upper() for line in lines)]).replace("P", "u") + "\n")
    done = program("train", "night.yaml", "--warm-start", "night")
    assert done.code == 0
    messages.check(re.search("the classes.*", done.err)[0].replace(parent.name, "RUN"))  # type: ignore[index]


def test_numbers_in_another_notation_are_refused(
    program: Program, tmp_path: Path, parent: Path, messages: Messages
) -> None:
    """As in predictions: 50 % is 0.5, but the run may have been trained on 50."""
    table = tmp_path / "table.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0], *(line.replace(",", "%,", 1) for line in lines[1:])]) + "\n")
    done = program("train", "night.yaml", "--warm-start", "night")
    assert done.code == 2
    messages.check(done.err)
