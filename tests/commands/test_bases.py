"""Runs of a config that builds on others, and on variables, when these change or are gone."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from fnnctl.errors import ConfigError
from tests.program import AtEpoch, Program, assert_same_files, only_run

BASE = (
    "data: {source: flowers.csv, target: species}\nrecipe: classic\nmodel: {hidden: [3]}\n"
    "training:\n  epochs: ${EPOCHS}\n  optimizer: {learning_rate: 0.02}\n"
)
CONFIG = (
    "extends: [common/base.yaml, 'other base.yaml']\nnotes: $${EPOCHS} ${EPOCHS}\n"
    "search: {method: random, trials: 2, space: {training.l2: {log_uniform: [1.0e-4, 0.1]}}}\n"
)
OTHER = "# nothing but a seed\nseed: 5\n"

pytestmark = pytest.mark.usefixtures("no_figures", "keep_all")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows = [f"{number % 7},{number % 5},{'ab'[number % 7 > 3]}" for number in range(60)]
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "flowers.csv").write_text("\n".join(["u,v,species", *rows, ""]))
    (tmp_path / "common" / "base.yaml").write_text(BASE)
    (tmp_path / "other base.yaml").write_text(OTHER)
    (tmp_path / "small.yaml").write_text(CONFIG)
    monkeypatch.setenv("EPOCHS", "4")
    return tmp_path / "small.yaml"


def lose(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change one base, delete the other, and the config, and unset the variable."""
    (config.parent / "common" / "base.yaml").write_text("seed: [")
    (config.parent / "other base.yaml").unlink()
    config.unlink()
    monkeypatch.delenv("EPOCHS")


def kept(run: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in (run / "bases").iterdir()}


def test_a_training_is_resumed_without_what_it_was_built_on(
    program: Program, config: Path, monkeypatch: pytest.MonkeyPatch, at_epoch: AtEpoch, tmp_path: Path
) -> None:
    assert program("train", str(config), "--runs-dir", "undisturbed").code == 0
    (undisturbed,) = (tmp_path / "undisturbed").iterdir()
    at_epoch(2, lambda: signal.raise_signal(signal.SIGTERM))
    assert program("train", str(config)).code == 128 + signal.SIGTERM
    lose(config, monkeypatch)
    done = program("train", "--resume", "latest")
    assert done.code == 0, done.err
    run = only_run(tmp_path)
    assert_same_files(run, undisturbed)
    assert kept(run) == {"1-base.yaml": BASE, "2-other-base.yaml": OTHER}
    assert (run / "config.yaml").read_text() == CONFIG
    resolved = (run / "resolved.yaml").read_text()
    assert "extends" not in resolved
    assert "text: ${EPOCHS} 4\n" in resolved
    assert f"source: {tmp_path}/common/flowers.csv\n" in resolved
    # the complete config repeats the run, whatever the variable is now
    monkeypatch.setenv("EPOCHS", "9")
    assert program("train", str(run / "resolved.yaml"), "--runs-dir", "again").code == 0
    (again,) = (tmp_path / "again").iterdir()
    assert_same_files(again, undisturbed)
    assert not (again / "bases").exists()
    assert program("evaluate", "latest", "--json").json["metrics"]
    assert "bases" in program("report", str(run), "--json").json["runs"][0]["files"]


def test_a_search_is_resumed_and_its_ensemble_has_the_bases(
    program: Program, config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = ["--executor", "serial"]
    assert program("search", str(config), *words).code == 0
    lose(config, monkeypatch)
    done = program("search", "--resume", "latest", "--set", "search.trials=3", *words)
    assert done.code == 0, done.err
    run = only_run(tmp_path)
    assert kept(run) == {"1-base.yaml": BASE, "2-other-base.yaml": OTHER}
    if (run / "ensemble").exists():
        assert kept(run / "ensemble") == kept(run)
        assert (run / "ensemble" / "config.yaml").read_text() == CONFIG
    assert not (run / "best" / "bases").exists(), "its config is complete"


def test_a_cross_validation_keeps_the_bases(program: Program, config: Path, tmp_path: Path) -> None:
    done = program("evaluate", str(config), "--folds", "2", "--repeats", "1", "--workers", "1")
    assert done.code == 0, done.err
    assert {*kept(only_run(tmp_path))} == {"1-base.yaml", "2-other-base.yaml"}


def test_the_explanation_names_files_and_variables(program: Program, config: Path) -> None:
    done = program("check", config.name, "--explain", "--json")
    origins = {setting["path"]: setting["from"] for setting in done.json["settings"]}
    assert origins["data.source"] == "common/base.yaml:1"
    assert origins["training.epochs"] == "common/base.yaml:5, with ${EPOCHS}"
    assert origins["seed"] == "other base.yaml:2"


def test_a_wrong_base_leaves_no_folder(program: Program, config: Path, tmp_path: Path) -> None:
    (tmp_path / "other base.yaml").unlink()
    done = program("train", str(config))
    assert (done.code, done.out) == (ConfigError.exit_code, "")
    assert done.err == f"{config}:1: extends[1]: {tmp_path}/other base.yaml: there is no such file\n"
    assert not (tmp_path / "runs").exists()


def test_the_config_in_a_runs_folder_has_no_bases_beside_it(
    program: Program, config: Path, tmp_path: Path
) -> None:
    assert program("train", str(config), "--quiet").code == 0
    done = program("check", str(only_run(tmp_path) / "config.yaml"))
    assert done.code == ConfigError.exit_code
    assert "/other base.yaml: there is no such file; a run's resolved.yaml is complete" in done.out
