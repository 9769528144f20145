"""What tests of all kinds of ensembles have in common: runs, and checks of saved models and of bits."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from fnnctl.executors.registry import ExecutorKind
from tests.modelling.prepared import prepare
from tests.program import Done, Program, assert_same_files
from tests.runs.folding import plan_with, table

WORKERS = [("threads", 2, [[0, 1, 2], [3, 4, 5]]), ("serial", 1, [[0], [1], [2], [3], [4], [5]])]
"""Kinds of executors with numbers of workers, and stacks of six fits."""
CV_FILES = ("cross_validation.csv", "history.csv", "predictions.csv", "metrics.json")


def run_of(program: Program, *arguments: str) -> Path:
    """The folder of the run that a command makes."""
    done = program(*arguments, "--json")
    assert done.code == 0, done.err
    return Path(done.json["run"])


def assert_predicts_as_in_training(program: Program, run: Path, config: Path, folder: Path) -> Done:
    """Whether `evaluate` and `predict` repeat the run's metrics and predictions; returns the evaluation."""
    evaluated = program("evaluate", str(run), "--verbose")
    assert evaluated.code == 0
    assert "the metrics equal those in metrics.json, to the last digit" in evaluated.err
    prepared = prepare(config)
    dataset, tested = prepared.data.dataset, prepared.split.test
    with (folder / "test.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(dataset.numeric_names)
        writer.writerows(dataset.numeric[tested].tolist())
    done = program("predict", str(run), "test.csv")
    assert done.code == 0, done.err
    columns = [key for key in table(run, "predictions.csv")[0] if key not in {"row", "label", "target"}]
    expected = [[row[key] for key in columns] for row in table(run, "predictions.csv")]
    found = [[row[key] for key in columns] for row in csv.DictReader(done.out.splitlines())]
    assert found == expected
    return evaluated


def assert_same_folds(
    program: Program,
    arguments: Sequence[str],
    plan: tuple[ExecutorKind, int, list[list[int]]],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Whether a cross-validation has the same bits with these executor, workers and stacks; returns a run."""
    kind, workers, stacks = plan
    first = run_of(program, *arguments, "--no-figures", "--workers", "1")
    monkeypatch.setattr("fnnctl.runs.cross_validation.plan_folds", plan_with(kind, stacks))
    again = run_of(program, *arguments, "--no-figures", "--workers", str(workers))
    assert_same_files(first, again, *CV_FILES)
    return first
