"""`data.target_transform`: networks of a transformed target, with predictions in the target's units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.metrics import mean_absolute_error, r2_score

from tests.commands.settings import given, numbers, run_of
from tests.program import Program, read_json

pytestmark = pytest.mark.usefixtures("no_figures")

CONFIG = """\
recipe: classic
data: {source: t.csv, target: y}
model: {hidden: [12], activation: softplus}
training: {epochs: 40, batch_size: 16, early_stopping: null, optimizer: {learning_rate: 0.02}}
evaluation: {cross_validation: {folds: 3, repeats: 1}}
"""
LOG = "data.target_transform=log"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A log-normal y, whose logarithm is about 3 + x."""
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, 150)
    y = np.exp(3 + x + rng.normal(size=150))
    np.savetxt(tmp_path / "t.csv", np.column_stack([x, y]), "%.6f", delimiter=",", header="x,y", comments="")
    (tmp_path / "t.yaml").write_text(CONFIG)
    return tmp_path / "t.yaml"


@pytest.mark.parametrize("output", ["squared", "absolute"])
def test_metrics_are_in_the_units_of_the_target(program: Program, config: Path, output: str) -> None:
    """A mean is corrected by the residuals; a median needs none."""
    run = run_of(program, "train", config, LOG, f"model.output={output}")
    model = read_json(run / "model.json")
    assert model["target_transform"]["name"] == "log"
    assert bool(model["target_residuals"]) is (output == "squared")
    targets, estimates = numbers(run, "target"), numbers(run, "prediction")
    metrics = read_json(run / "metrics.json")["test"]
    assert metrics["r2"] == pytest.approx(r2_score(targets, estimates))
    assert metrics["mae"] == pytest.approx(mean_absolute_error(targets, estimates))
    assert "target transform  log" in program("report", str(run), "--verbose").out


def test_auto_is_recorded_as_what_the_training_rows_chose(program: Program, config: Path) -> None:
    runs = [run_of(program, "train", config, f"data.target_transform={name}") for name in ("auto", "log")]
    assert yaml.safe_load((runs[0] / "resolved.yaml").read_text())["data"]["target_transform"] == "log"
    for name in ("model.npz", "model.json", "predictions.csv", "resolved.yaml"):
        assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes(), name
    line = "data.target_transform: auto is log for these training targets"
    assert [line in (run / "log.txt").read_text() for run in runs] == [True, False]
    assert line in program("check", str(config), "--set", "data.target_transform=auto").err


def test_without_validation_rows_predictions_are_medians(program: Program, config: Path) -> None:
    run = run_of(program, "train", config, LOG, "data.split.validation=0")
    warnings = " ".join(read_json(run / "manifest.json")["warnings"])
    assert "predictions of the transformed target are medians" in warnings
    assert not read_json(run / "model.json")["target_residuals"]


def test_folds_decide_for_themselves_and_have_their_correction(program: Program, config: Path) -> None:
    """Estimates have about the mean of the targets; medians would be 40 % lower."""
    run = run_of(program, "evaluate", config, "data.target_transform=auto")
    assert yaml.safe_load((run / "resolved.yaml").read_text())["data"]["target_transform"] == "auto"
    assert 0.75 < numbers(run, "prediction").sum() / numbers(run, "target").sum() < 1.33
    plain = run_of(program, "evaluate", config)
    assert (numbers(run, "prediction") != numbers(plain, "prediction")).any()


def test_a_negative_training_target_is_an_error(program: Program, config: Path) -> None:
    rows = (config.parent / "t.csv").read_text().splitlines()
    (config.parent / "t.csv").write_text("\n".join([rows[0], *(row.replace(",", ",-") for row in rows[1:])]))
    done = program("train", str(config), "--set", LOG)
    assert done.code == 2
    assert "log needs targets of 0 or more" in done.err
    assert "write quantile or none" in done.err
    space = "search={method: random, space: {data.target_transform: {choice: [none, log]}}}"
    for command in ("check", "search"):
        done = program(command, str(config), *given(space))
        assert done.code == 2
        assert "search.space.data.target_transform: log needs targets of 0 or more" in done.out + done.err
    assert not Path("runs").exists()
