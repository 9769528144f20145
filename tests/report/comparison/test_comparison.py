from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.errors import UsageError
from fnnctl.report.blocks import Command
from fnnctl.report.comparison import comparison
from fnnctl.report.comparison.compared_run import ComparedRun, read_compared_run
from fnnctl.report.comparison.comparison import (
    compare_runs,
    different_settings,
    other_differences,
    resolved_run,
)
from fnnctl.report.comparison.sections import comparison_document
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import RESOLVED
from tests.report.comparison.written import write_folds, write_part, write_regression

HITS = [1, 0, 1, 1]
FIRST = {
    "data": {"source": "/a/x.csv", "sha256": "1", "scaling": "minmax"},
    "model": {"hidden": [{"units": 100}, {"units": 50}], "dropout": 0.0},
    "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "epochs": 20},
}
SECOND = {
    "data": {"source": "/b/x.csv", "sha256": "2", "scaling": "minmax"},
    "model": {"hidden": [{"units": 8, "activation": "tanh"}], "dropout": 0.0},
    "training": {"optimizer": {"name": "sgd", "learning_rate": 0.001, "momentum": 0.9}, "epochs": 20},
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[ComparedRun]]:
    """Runs with these facts, such as their settings."""

    def runs(*given: dict[str, Any]) -> list[ComparedRun]:
        folders = [write_part(tmp_path, f"run-{number}", HITS, **facts) for number, facts in enumerate(given)]
        return [read_compared_run(folder, "accuracy") for folder in folders]

    return runs


Read = Callable[..., list[ComparedRun]]


def test_only_settings_that_differ_are_listed(read: Read) -> None:
    runs = read({"settings": FIRST, "seed": 7}, {"settings": SECOND, "seed": 8})
    assert different_settings(runs) == [
        ("model.hidden", ("[100, 50]", "[{units: 8, activation: tanh}]")),
        ("training.optimizer.name", ("adam", "sgd")),
        ("training.optimizer.momentum", ("–", "0.9")),
    ]
    assert other_differences(runs) == [("seed", ("7", "8"))]


def test_a_null_is_no_difference_to_a_setting_that_is_not_there(read: Read) -> None:
    """Former versions did not write nulls, nor that a config is complete, and had fewer settings."""
    averaged = {"training": {"epochs": 3, "averaging": {"name": "ema"}, "clip_norm": 1.0}}
    written = {
        "complete": True,
        "training": {"epochs": 3, "averaging": None, "clip_norm": None},
        "model": {"ensemble": {"plain_twins": False}},
    }
    runs = read({"settings": {"training": {"epochs": 3}}}, {"settings": written}, {"settings": averaged})
    assert different_settings(runs[:2]) == []
    assert different_settings(runs) == [
        ("training.clip_norm", ("–", "null", "1.0")),
        ("training.averaging.name", ("–", "–", "ema")),
    ]


def test_what_only_trials_read_is_no_difference(read: Read) -> None:
    """A training has the search of its config; with bags, only trials have a validation part."""
    search = {"search": {"method": {"sampler": "random"}, "space": {}}}
    bags = {"model": {"ensemble": {"bags": True}}}
    plain, bagged, split = read(
        {"settings": {"data": {"split": {"validation": 0.15}}, **search}},
        {"settings": bags},
        {"settings": {"data": {"split": {"validation": 0.3}}, **bags, **search}},
    )
    assert different_settings([plain, bagged]) == [
        ("data.split.validation", ("0.15", "–")),
        ("model.ensemble.bags", ("–", "true")),
    ]
    assert different_settings([bagged, split]) == []


def test_a_run_without_a_config_has_no_settings(read: Read) -> None:
    runs = read(*[{"settings": {"model": {"dropout": 0.5}}}] * 2)
    (runs[1].folder.path / RESOLVED).unlink()
    assert different_settings(runs) == [("model.dropout", ("0.5", "–"))]
    assert resolved_run(runs[0]) == runs[0].folder
    assert resolved_run(runs[1]) is None


def test_an_evaluation_has_the_config_of_the_networks_run(read: Read) -> None:
    (trained,) = read({"settings": {"model": {"dropout": 0.5}}})
    (evaluation,) = read({"evaluated": {"run": str(trained.folder.path), "sha256": "1"}})
    (evaluation.folder.path / RESOLVED).unlink()
    assert resolved_run(evaluation) == RunFolder(trained.folder.path)


def test_an_ensemble_of_trials_has_the_best_trials_config_without_what_was_searched(
    tmp_path: Path, read: Read
) -> None:
    """The ensemble's own config is that of the search: no trial needs to have its values."""
    space = {"training.epochs": {"integer": [1, 9]}, "model.activation": {"choice": ["relu", "mish"]}}
    selection = {"metric": "loss", "rounds": 5, "kept": 5, "candidates": 2, "trials": []}
    model = {"dropout": 0.1, "activation": {"name": "relu"}}
    ensemble, best, trained = (
        run.folder.path
        for run in read(
            {
                "settings": {"model": model, "training": {"epochs": 9}, "search": {"space": space}},
                "selection": selection,
            },
            {"settings": {"model": model, "training": {"epochs": 4}, "search": {"space": space}}},
            {"settings": {"model": {**model, "dropout": 0.5}, "training": {"epochs": 9}}},
        )
    )
    ensemble.rename(tmp_path / "ensemble")
    best.rename(tmp_path / "best")
    folders = (RunFolder(tmp_path / "ensemble"), RunFolder(trained))
    assert different_settings([read_compared_run(folder, "accuracy") for folder in folders]) == [
        ("model.dropout", ("0.1", "0.5")),
        ("model.activation.name", ("searched", "relu")),
        ("training.epochs", ("searched", "9")),
    ]
    blocks = comparison_document(compare_runs(folders)).blocks
    step = next(block for block in blocks if isinstance(block, Command))
    assert step.title == "Cross-validate the best trial of A"
    assert step.rows == (f"fnnctl evaluate {tmp_path / 'best' / RESOLVED} --folds 5 --repeats 5",)


def test_versions_and_data_that_differ(read: Read) -> None:
    data = {"sha256": "f" * 64, "rows": 9}
    runs = read(
        {"fnnctl": "1.0", "packages": {"numpy": "2.0"}},
        {"fnnctl": "1.1", "packages": {"numpy": "2.0"}, "data": data},
    )
    assert other_differences(runs) == [
        ("SHA-256 of the data", ("0123456789ab", "f" * 12)),
        ("rows", ("1,000", "9")),
        ("fnnctl", ("1.0", "1.1")),
    ]


def test_the_default_metric_and_the_rank(tmp_path: Path) -> None:
    """Ties keep the order of the runs."""
    runs = [write_part(tmp_path, "a", [1, 0, 0, 1]), write_part(tmp_path, "b", [1, 1, 0, 1])]
    found = compare_runs(runs)
    assert (found.metric, found.ranked, found.pair(1, 0).verdict) == ("accuracy", [1, 0], "tie")
    assert compare_runs(runs, "log_loss").ranked == [1, 0]
    assert compare_runs([write_regression(tmp_path, name, [1.0, 2.0]) for name in "ab"]).metric == "r2"
    assert compare_runs([write_folds(tmp_path, name, [0.5, 0.5]) for name in "abc"]).ranked == [0, 1, 2]


def test_what_cannot_be_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, other = (write_part(tmp_path, name, [1, 0]) for name in "ab")
    with pytest.raises(UsageError, match="compare needs two runs or more"):
        compare_runs([run])
    with pytest.raises(UsageError, match="is named twice"):
        compare_runs([run, other, run])
    monkeypatch.setattr(comparison, "MAX_RUNS", 1)
    with pytest.raises(UsageError, match="2 runs cannot be compared at once: name at most 1"):
        compare_runs([run, other])
