"""Runs as trackers have them: names, steps and values follow from the run's files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from fnnctl.export.tracked_run import tracked_run
from fnnctl.records.history import read_search
from fnnctl.store.folder import RunFolder
from tests.program import Program, only_run, read_json

pytestmark = pytest.mark.usefixtures("no_figures")

SEARCH = """\
recipe: classic
notes: a small search
data: {source: wine}
training: {batch_size: 4}
search:
  method: halving
  trials: 4
  budget: {min_epochs: 1, max_epochs: 3, reduction_factor: 3}
  start_from:
  - {training.optimizer.name: momentum, training.optimizer.learning_rate: 1.0e+6, training.l2: 1000}
  space:
    training.optimizer.name: {choice: [adam, momentum]}
    training.optimizer.learning_rate: {log_uniform: [1.0e-3, 1.0e-1]}
    training.l2: {log_uniform: [1.0e-4, 1.0e-1]}
"""


def test_a_training(program: Program, iris: Path) -> None:
    run = Path(program("train", str(iris), "--set", "notes=by hand", "--json").json["run"])
    tracked = tracked_run(RunFolder(run))
    metrics = read_json(run / "metrics.json")
    rows = list(csv.DictReader((run / "history.csv").read_text().splitlines()))
    assert (tracked.name, tracked.outcome, tracked.children) == (run.name, "finished", ())
    assert tracked.start is not None
    assert tracked.end is not None
    assert tracked.start <= tracked.end
    assert tracked.metrics["train_loss"] == [(int(row["epoch"]), float(row["train_loss"])) for row in rows]
    assert tracked.metrics["test/accuracy"] == [(12, metrics["test"]["accuracy"])]
    low, high = metrics["validation"]["accuracy_ci95"]
    assert tracked.metrics["validation/accuracy_ci95_low"] == [(12, low)]
    assert tracked.metrics["validation/accuracy_ci95_high"] == [(12, high)]
    assert not {"epoch", "test/per_class", "test/loss_uncalibrated"} & tracked.metrics.keys()
    parameters = tracked.parameters
    assert parameters["training.optimizer.learning_rate"] == "0.02"
    assert parameters["model.hidden"] == "[{units: 8}]"
    assert "data.positive_class" not in parameters, "it is null"
    assert "null" not in parameters.values()
    tags = tracked.tags
    assert (tags["kind"], tags["status"], tags["notes"]) == ("train", "completed", "by hand")
    assert len(tags["git.commit"]) == 40
    assert tags["git.dirty"] == "false"


def test_a_search(program: Program, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(SEARCH)
    assert program("search", "x.yaml").code == 0
    run = RunFolder(only_run(tmp_path))
    search, tracked = read_search(run), tracked_run(run)
    assert search is not None
    assert search.winner is not None
    best = read_json(run.path / "best" / "metrics.json")
    assert tracked.metrics["test/accuracy"][-1][1] == best["test"]["accuracy"]
    assert tracked.metrics["search/accuracy"] == [(search.winner.budget, search.winner.objective)]
    assert tracked.tags["best trial"] == str(search.winner.trial)
    space = tracked.parameters["search.space.training.l2"]
    assert space.startswith("{log_uniform: [0.0001, 0.1]")
    assert [trial.name for trial in tracked.children] == [f"trial {n}" for n in range(4)]
    assert tracked.children[0].outcome == "failed"
    assert "reason" in tracked.children[0].tags
    winner = tracked.children[search.winner.trial]
    assert winner.outcome == "finished"
    assert winner.parameters.keys() == search.trials[search.winner.trial].assignment.keys()
    assert [epoch for epoch, _ in winner.metrics["validation_accuracy"]] == [1, 2, 3]
    assert winner.metrics["objective"][-1] == (3, search.winner.objective)
    assert winner.start is not None
    assert winner.end is not None


def test_a_cross_validation(program: Program, iris: Path) -> None:
    folds = program("evaluate", str(iris), "--folds", "2", "--repeats", "1", "--json").json["run"]
    tracked = tracked_run(RunFolder(Path(folds)))
    accuracy = read_json(Path(folds) / "metrics.json")["test"]["accuracy"]
    assert tracked.metrics["test/accuracy"] == [(12, accuracy)]
    assert tracked.tags["kind"] == "cross_validation"
