"""Runs as trackers have them: names, steps and values follow from the run's files."""

from __future__ import annotations

import csv
from pathlib import Path

from fnnctl.export.tracked_run import tracked_run
from fnnctl.records.history import read_search
from fnnctl.store.folder import RunFolder
from tests.program import Program, read_json


def test_a_training(trained: RunFolder) -> None:
    tracked, metrics = tracked_run(trained), read_json(trained.path / "metrics.json")
    rows = list(csv.DictReader((trained.path / "history.csv").read_text().splitlines()))
    assert (tracked.name, tracked.outcome, tracked.children) == (trained.path.name, "finished", ())
    assert tracked.start is not None
    assert tracked.end is not None
    assert tracked.start <= tracked.end
    assert tracked.metrics["train_loss"] == [(int(row["epoch"]), float(row["train_loss"])) for row in rows]
    assert tracked.metrics["test/accuracy"] == [(12, metrics["test"]["accuracy"])]
    low, high = metrics["validation"]["accuracy_ci95"]
    assert tracked.metrics["validation/accuracy_ci95_low"] == [(12, low)]
    assert tracked.metrics["validation/accuracy_ci95_high"] == [(12, high)]
    assert not {"epoch", "test/per_class", "test/loss_uncalibrated"} & tracked.metrics.keys()
    parameters, tags = tracked.parameters, tracked.tags
    assert parameters["training.optimizer.learning_rate"] == "0.02"
    assert parameters["model.hidden"] == "[{units: 8}]"
    assert "data.positive_class" not in parameters, "it is null"
    assert "null" not in parameters.values()
    assert (tags["kind"], tags["status"], tags["notes"]) == ("train", "completed", "by hand")
    assert not {"tags", "note", "promoted"} & tags.keys()
    assert len(tags["git.commit"]) == 40
    assert tags["git.dirty"] in ("false", "true")


def test_a_search(searched: RunFolder) -> None:
    search, tracked = read_search(searched), tracked_run(searched)
    assert search is not None
    assert search.winner is not None
    number, epochs, objective = search.winner.trial, search.winner.budget, search.winner.objective
    best = read_json(searched.path / "best" / "metrics.json")
    assert tracked.metrics["test/accuracy"][-1][1] == best["test"]["accuracy"]
    assert tracked.metrics["search/accuracy"] == [(epochs, objective)]
    assert tracked.tags["best trial"] == str(number)
    assert tracked.parameters["search.space.training.l2"].startswith("{log_uniform: [0.0001, 0.1]")
    assert [trial.name for trial in tracked.children] == [f"trial {n}" for n in range(4)]
    assert tracked.children[0].outcome == "failed"
    assert "reason" in tracked.children[0].tags
    winner = tracked.children[number]
    assert winner.outcome == "finished"
    assert winner.parameters.keys() == search.trials[number].assignment.keys()
    assert [epoch for epoch, _ in winner.metrics["validation_accuracy"]] == [1, 2, 3]
    assert winner.metrics["objective"][-1] == (3, objective)
    assert winner.start is not None
    assert winner.end is not None


def test_a_cross_validation(program: Program, iris: Path) -> None:
    folds = ("--folds", "2", "--repeats", "1", "--no-figures")
    run = RunFolder(Path(program("evaluate", str(iris), *folds, "--json").json["run"]))
    tracked = tracked_run(run)
    assert tracked.metrics["test/accuracy"] == [(12, (run.read_metrics() or {})["test"]["accuracy"])]
    assert tracked.tags["kind"] == "cross_validation"


def test_a_run_that_was_labelled(program: Program, iris: Path) -> None:
    """The run's note is beside the config's notes."""
    program("train", str(iris), "--no-figures", "--set", "notes=of the config")
    program("runs", "tag", "iris", "paper", "v1.2")
    program("runs", "note", "iris", "of the run")
    program("runs", "promote", "iris", "--as", "a")
    run = program("runs", "--json").json["runs"][0]["run"]
    tags = tracked_run(RunFolder(Path(run))).tags
    assert (tags["tags"], tags["note"], tags["notes"]) == ("paper, v1.2", "of the run", "of the config")
    assert tags["promoted"] == "a"
