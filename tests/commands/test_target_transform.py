"""`data.target_transform`: networks of a transformed target, with predictions in the target's units."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.metrics import mean_absolute_error, r2_score

from tests.program import Interrupt, Program, read_json
from tests.runs.ensembles import run_of
from tests.runs.folding import SMALL, interrupt_folds, plan_with, table
from tests.runs.resuming import assert_same_bits

pytestmark = pytest.mark.usefixtures("no_figures")

BAGS = ("--set", "model.ensemble={members: 4, bags: true}")
KINDS = {
    "alone": (),
    "ensemble": ("--set", "model.ensemble=3"),
    "bags": BAGS,
    "huber": ("--set", "model.output=huber"),
    "absolute": ("--set", "model.output=absolute"),
}
CONFIG = """\
recipe: classic
data: {source: t.csv, target: y}
model: {hidden: [12], activation: softplus}
training: {epochs: 40, batch_size: 16, early_stopping: null, optimizer: {learning_rate: 0.02}}
"""
SEARCH = """\
search:
  method: random
  trials: 4
  objective: {metric: r2}
  ensemble: {size: 3}
  space:
    data.target_transform: {choice: [none, log]}
    training.optimizer.learning_rate: {log_uniform: [0.003, 0.1]}
"""


def transformed(name: str) -> tuple[str, str]:
    return "--set", f"data.target_transform={name}"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A log-normal y, whose logarithm is about 3 + x."""
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, 150)
    y = np.exp(3 + x + rng.normal(size=150))
    rows = [f"{one:.6f},{other:.6f}" for one, other in zip(x, y, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y", *rows]) + "\n")
    (tmp_path / "t.yaml").write_text(CONFIG)
    return tmp_path / "t.yaml"


@pytest.mark.parametrize("name", ["log", "quantile"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_model_repeats_scores_and_predictions(
    program: Program, config: Path, kind: str, name: str
) -> None:
    run = run_of(program, "train", str(config), *KINDS[kind], *transformed(name))
    model = read_json(run / "model.json")
    network = model["parts"][0]["network"] if "parts" in model else model
    assert network["target_transform"]["name"] == name
    assert bool(model["target_residuals"]) is (kind != "absolute")
    rows = table(run, "predictions.csv")
    targets, estimates = (np.array([float(row[key]) for row in rows]) for key in ("target", "prediction"))
    metrics = read_json(run / "metrics.json")["test"]
    assert metrics["r2"] == pytest.approx(r2_score(targets, estimates))
    assert metrics["mae"] == pytest.approx(mean_absolute_error(targets, estimates))
    assert f"target transform  {name}" in program("report", str(run), "--verbose").out
    done = program("evaluate", str(run))
    assert "the metrics equal those in metrics.json, to the last digit" in done.err
    predicted = [*csv.DictReader(program("predict", str(run), "t.csv").out.splitlines())]
    of_row = {row["row"]: row["prediction"] for row in predicted}
    assert {row["row"]: row["prediction"] for row in rows}.items() <= of_row.items()


def test_auto_is_recorded_as_what_the_training_rows_chose(program: Program, config: Path) -> None:
    runs = [run_of(program, "train", str(config), *transformed(name)) for name in ("auto", "log")]
    assert yaml.safe_load((runs[0] / "resolved.yaml").read_text())["data"]["target_transform"] == "log"
    for name in ("model.npz", "model.json", "predictions.csv", "resolved.yaml"):
        assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes(), name
    line = "data.target_transform: auto is log for these training targets"
    assert [line in (run / "log.txt").read_text() for run in runs] == [True, False]
    assert line in program("check", str(config), *transformed("auto")).err


def test_without_validation_rows_predictions_are_medians(program: Program, config: Path) -> None:
    run = run_of(program, "train", str(config), *transformed("log"), "--set", "data.split.validation=0")
    assert "predictions of the transformed target are medians" in " ".join(
        read_json(run / "manifest.json")["warnings"]
    )
    assert not read_json(run / "model.json")["target_residuals"]


def test_folds_decide_for_themselves_and_have_the_same_bits_in_all_stacks(
    program: Program, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    for stacks in ([[0, 1, 2, 3, 4, 5]], [[k] for k in range(6)]):
        monkeypatch.setattr("fnnctl.runs.cross_validation.plan_folds", plan_with("serial", stacks))
        runs.append(run_of(program, "evaluate", str(config), *SMALL, *transformed("auto")))
    for name in ("cross_validation.csv", "predictions.csv", "metrics.json", "history.csv"):
        assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes(), name
    assert yaml.safe_load((runs[0] / "resolved.yaml").read_text())["data"]["target_transform"] == "auto"
    plain = run_of(program, "evaluate", str(config), *SMALL)
    maes = [read_json(run / "metrics.json")["test"]["mae"] for run in (runs[0], plain)]
    assert maes[0] != maes[1]


def test_kept_folds_have_their_correction(
    program: Program, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Estimates have about the mean of the targets, also in a continued run; medians would be 40 % lower."""
    undisturbed = run_of(program, "evaluate", str(config), *SMALL, *transformed("log"))
    rows = table(undisturbed, "predictions.csv")
    targets, estimates = (sum(float(row[key]) for row in rows) for key in ("target", "prediction"))
    assert 0.75 < estimates / targets < 1.33
    with monkeypatch.context() as patch:
        interrupt_folds(patch, 6, 90)  # in the third fold
        done = program("evaluate", str(config), *SMALL, *transformed("log"))
    assert done.code == 130
    run = Path(done.err.split()[-1])
    assert program("evaluate", "--resume", str(run)).code == 0
    assert (run / "predictions.csv").read_bytes() == (undisturbed / "predictions.csv").read_bytes()


def test_a_search_measures_in_the_units_of_the_target(program: Program, config: Path) -> None:
    """The objective is the metric of the printed configuration, trained alone; the refit is the winner."""
    config.write_text(CONFIG + SEARCH)
    done = program("search", str(config), "--workers", "1", "--json", "--quiet")
    assert done.code == 0, done.err
    best, folder = done.json["best"], Path(done.json["run"])
    words = [word for path, value in best["configuration"].items() for word in ("--set", f"{path}={value}")]
    alone = program("train", str(config), "--json", "--quiet", *words)
    assert alone.json["metrics"]["validation"]["r2"] == pytest.approx(best["objective"], rel=1e-5)
    for run in ("best", "ensemble"):
        repeated = program("evaluate", str(folder / run))
        assert "the metrics equal those in metrics.json, to the last digit" in repeated.err


@pytest.mark.usefixtures("keep_all")
def test_an_interrupted_training_ends_with_the_bits_of_an_uninterrupted_one(
    program: Program, config: Path, interrupt: Interrupt
) -> None:
    settings = (*BAGS, *transformed("quantile"))
    undisturbed = run_of(program, "train", str(config), *settings, "--runs-dir", "undisturbed")
    run = interrupt(3, *settings)
    assert program("train", "--resume", str(run)).code == 0
    assert_same_bits(run, undisturbed)


def test_a_negative_training_target_is_an_error(program: Program, config: Path) -> None:
    rows = (config.parent / "t.csv").read_text().splitlines()
    (config.parent / "t.csv").write_text("\n".join([rows[0], *(row.replace(",", ",-") for row in rows[1:])]))
    done = program("train", str(config), *transformed("log"))
    assert done.code == 2
    assert "log needs targets of 0 or more" in done.err
    assert "write quantile or none" in done.err
    config.write_text(CONFIG + SEARCH)
    for command in ("check", "search"):
        done = program(command, str(config))
        assert done.code == 2
        assert "search.space.data.target_transform: log needs targets of 0 or more" in done.out + done.err
    assert not Path("runs").exists()
