from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.errors import UsageError
from fnnctl.report.blocks import Command
from fnnctl.report.comparison import comparison
from fnnctl.report.comparison.compared_run import read_compared_run
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


def test_only_settings_that_differ_are_listed(tmp_path: Path) -> None:
    runs = [
        read_compared_run(write_part(tmp_path, name, HITS, settings=settings, seed=seed), "accuracy")
        for name, settings, seed in (("a", FIRST, 7), ("b", SECOND, 8))
    ]
    assert different_settings(runs) == [
        ("model.hidden", ("[100, 50]", "[{units: 8, activation: tanh}]")),
        ("training.optimizer.name", ("adam", "sgd")),
        ("training.optimizer.momentum", ("–", "0.9")),
    ]
    assert other_differences(runs) == [("seed", ("7", "8"))]


def test_a_null_is_no_difference_to_a_setting_that_is_not_there(tmp_path: Path) -> None:
    """Former versions did not write nulls, nor that a config is complete, and had fewer settings."""
    averaged = {"training": {"epochs": 3, "averaging": {"name": "ema"}, "clip_norm": 1.0}}
    written = {
        "complete": True,
        "training": {"epochs": 3, "averaging": None, "clip_norm": None},
        "model": {"ensemble": {"plain_twins": False}},
    }
    former, current, other = (
        read_compared_run(write_part(tmp_path, name, HITS, settings=settings), "accuracy")
        for name, settings in (("a", {"training": {"epochs": 3}}), ("b", written), ("c", averaged))
    )
    assert different_settings([former, current]) == []
    assert different_settings([former, current, other]) == [
        ("training.clip_norm", ("–", "null", "1.0")),
        ("training.averaging.name", ("–", "–", "ema")),
    ]


def test_what_only_trials_read_is_no_difference(tmp_path: Path) -> None:
    """A training has the search of its config; with bags, only trials have a validation part."""
    search = {"search": {"method": {"sampler": "random"}, "space": {}}}
    runs = [
        read_compared_run(write_part(tmp_path, name, HITS, settings=settings), "accuracy")
        for name, settings in (
            ("a", {"data": {"split": {"validation": 0.15}}, **search}),
            ("b", {"model": {"ensemble": {"bags": True}}}),
        )
    ]
    bags = ("model.ensemble.bags", ("–", "true"))
    assert different_settings(runs) == [("data.split.validation", ("0.15", "–")), bags]
    with_bags = {"data": {"split": {"validation": 0.3}}, "model": {"ensemble": {"bags": True}}, **search}
    other = read_compared_run(write_part(tmp_path, "c", HITS, settings=with_bags), "accuracy")
    assert different_settings([runs[1], other]) == []


def test_a_run_without_a_config_has_no_settings(tmp_path: Path) -> None:
    runs = [
        read_compared_run(write_part(tmp_path, name, HITS, settings={"model": {"dropout": 0.5}}), "accuracy")
        for name in "ab"
    ]
    (runs[1].folder.path / RESOLVED).unlink()
    assert different_settings(runs) == [("model.dropout", ("0.5", "–"))]
    assert resolved_run(runs[0]) == runs[0].folder
    assert resolved_run(runs[1]) is None


def test_an_evaluation_has_the_config_of_the_networks_run(tmp_path: Path) -> None:
    trained = write_part(tmp_path, "a", HITS, settings={"model": {"dropout": 0.5}})
    evaluation = write_part(tmp_path, "b", HITS, evaluated={"run": str(trained.path), "sha256": "1"})
    (evaluation.path / RESOLVED).unlink()
    assert resolved_run(read_compared_run(evaluation, "accuracy")) == RunFolder(trained.path)


def test_an_ensemble_of_trials_has_the_best_trials_config_without_what_was_searched(tmp_path: Path) -> None:
    """The ensemble's own config is that of the search: no trial needs to have its values."""
    space = {"training.epochs": {"integer": [1, 9]}, "model.activation": {"choice": ["relu", "mish"]}}
    selection = {"metric": "loss", "rounds": 5, "kept": 5, "candidates": 2, "trials": []}
    model = {"dropout": 0.1, "activation": {"name": "relu"}}
    for name, training, of_trials in (
        ("ensemble", {"epochs": 9, "precision": "auto"}, selection),
        ("best", {"epochs": 4, "precision": "float32"}, None),
    ):
        settings = {"model": model, "training": training, "search": {"space": space}}
        run = write_part(tmp_path / "search", name, HITS, settings=settings, selection=of_trials)
        run.path.rename(tmp_path / name)
    trained = write_part(
        tmp_path, "train", HITS,
        settings={"model": {**model, "dropout": 0.5}, "training": {"epochs": 9, "precision": "float32"}},
    )  # fmt: skip
    folders = (RunFolder(tmp_path / "ensemble"), trained)
    runs = [read_compared_run(folder, "accuracy") for folder in folders]
    assert different_settings(runs) == [
        ("model.dropout", ("0.1", "0.5")),
        ("model.activation.name", ("searched", "relu")),
        ("training.epochs", ("searched", "9")),
    ]
    steps = [
        section
        for section in comparison_document(compare_runs(folders)).blocks
        if isinstance(section, Command)
    ]
    best = tmp_path / "best" / RESOLVED
    assert steps[0].title == "Cross-validate the best trial of A"
    assert steps[0].rows == (f"fnnctl evaluate {best} --folds 5 --repeats 5",)


def test_versions_and_data_that_differ(tmp_path: Path) -> None:
    first = write_part(tmp_path, "a", HITS, fnnctl="1.0", packages={"numpy": "2.0"})
    second = write_part(
        tmp_path, "b", HITS, fnnctl="1.1", packages={"numpy": "2.0"}, data={"sha256": "f" * 64, "rows": 9}
    )
    assert other_differences([read_compared_run(run, "accuracy") for run in (first, second)]) == [
        ("SHA-256 of the data", ("0123456789ab", "f" * 12)),
        ("rows", ("1,000", "9")),
        ("fnnctl", ("1.0", "1.1")),
    ]


def test_the_default_metric_and_the_rank(tmp_path: Path) -> None:
    runs = [write_part(tmp_path, "a", [1, 0, 0, 1]), write_part(tmp_path, "b", [1, 1, 0, 1])]
    found = compare_runs(runs)
    assert found.metric == "accuracy"
    assert found.ranked == [1, 0]
    assert found.pair(1, 0).verdict == "tie"
    assert compare_runs(runs, "log_loss").ranked == [1, 0]
    assert compare_runs([write_regression(tmp_path, name, [1.0, 2.0]) for name in "ab"]).metric == "r2"


def test_ties_keep_the_order_of_the_runs(tmp_path: Path) -> None:
    runs = [write_folds(tmp_path, name, [0.5, 0.5]) for name in "abc"]
    assert compare_runs(runs).ranked == [0, 1, 2]


def test_what_cannot_be_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, other = (write_part(tmp_path, name, [1, 0]) for name in "ab")
    with pytest.raises(UsageError, match="compare needs two runs or more"):
        compare_runs([run])
    with pytest.raises(UsageError, match="is named twice"):
        compare_runs([run, other, run])
    monkeypatch.setattr(comparison, "MAX_RUNS", 1)
    with pytest.raises(UsageError, match="2 runs cannot be compared at once: name at most 1"):
        compare_runs([run, other])
