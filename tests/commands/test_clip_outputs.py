"""`model.clip_outputs`: a regression's predictions, and all scores, are within the range that was learned."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

from fnnctl.arrays import FloatArray
from fnnctl.config.reading.resolved import FORMER_FIRST_LINE
from tests.program import Interrupt, Program, read_json
from tests.runs.ensembles import run_of
from tests.runs.folding import SMALL, plan_with, table
from tests.runs.resuming import assert_same_bits, resumed_from

pytestmark = pytest.mark.usefixtures("no_figures")

CLIPPED = ("--set", "model.clip_outputs=true")
BAGS = ("--set", "model.ensemble={members: 4, bags: true}")
KINDS: Mapping[str, tuple[str, ...]] = {
    "alone": (),
    "ensemble": ("--set", "model.ensemble=3"),
    "bags": BAGS,
    "shared weights": ("--set", "model.ensemble={members: 3, share_weights: true}"),
    "huber": ("--set", "model.output=huber", "--set", "training.averaging=ema"),
}
CONFIG = """\
recipe: classic
data: {source: t.csv, test_source: far.csv, target: y}
model: {hidden: [12], activation: softplus}
training: {epochs: 40, batch_size: 16, early_stopping: null, optimizer: {learning_rate: 0.02}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """About y = 1000 + 50x for x from −1 to 1; the test rows are far beyond it on both sides."""
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, 90)
    write(tmp_path / "t.csv", x, 1000 + 50 * x + rng.normal(size=90))
    far = np.array([-9.0, -0.5, 0.0, 0.5, 9.0])
    write(tmp_path / "far.csv", far, 1000 + 50 * far)
    (tmp_path / "t.yaml").write_text(CONFIG)
    return tmp_path / "t.yaml"


def write(path: Path, x: FloatArray, y: FloatArray) -> None:
    rows = [f"{one:.6f},{other:.6f}" for one, other in zip(x, y, strict=True)]
    path.write_text("\n".join(["x,y", *rows]) + "\n")


def numbers(run: Path, column: str, name: str = "predictions.csv") -> FloatArray:
    return np.array([float(row[column]) for row in table(run, name)])


def range_of(folder: Path, run: Path, kind: str) -> tuple[float, float]:
    """The range in model.json: of some targets, with bags of all."""
    y = np.loadtxt(folder / "t.csv", delimiter=",", skiprows=1)[:, 1]
    model = read_json(run / "model.json")
    low, high = (model["parts"][0]["network"] if "parts" in model else model)["target_range"]
    assert {low, high} <= {*y.tolist()}
    if kind == "bags":
        assert (low, high) == (y.min(), y.max())
    return low, high


@pytest.mark.parametrize("kind", KINDS)
def test_rows_far_outside_get_the_ends_of_the_range(
    program: Program, config: Path, tmp_path: Path, kind: str
) -> None:
    """The networks are those without limits; `predict` and `evaluate` repeat predictions and scores."""
    free = run_of(program, "train", str(config), *KINDS[kind])
    run = run_of(program, "train", str(config), *KINDS[kind], *CLIPPED)
    assert (run / "model.npz").read_bytes() == (free / "model.npz").read_bytes()
    low, high = range_of(tmp_path, run, kind)
    beyond, found = numbers(free, "prediction"), numbers(run, "prediction")
    assert beyond[0] < low < beyond[2] < high < beyond[-1]
    np.testing.assert_allclose(found, np.clip(beyond, low, high), rtol=1e-7)
    assert found.min() >= low
    assert found.max() <= high
    metrics = read_json(run / "metrics.json")["test"]
    assert metrics["r2"] == pytest.approx(r2_score(numbers(run, "target"), found), rel=1e-9)
    assert metrics["mae"] == pytest.approx(mean_absolute_error(numbers(run, "target"), found), rel=1e-9)
    done = program("evaluate", str(run))
    assert "the metrics equal those in metrics.json, to the last digit" in done.err
    rows = [*csv.DictReader(program("predict", str(run), "far.csv").out.splitlines())]
    assert [row["prediction"] for row in rows] == [row["prediction"] for row in table(run, "predictions.csv")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_validation_columns_are_of_the_clipped_predictions(
    program: Program, config: Path, kind: str
) -> None:
    """With early stopping, the best epoch has the loss that metrics.json has."""
    stopping = ("--set", "training.early_stopping={monitor: validation_loss, patience: null}")
    run = run_of(program, "train", str(config), *KINDS[kind], *CLIPPED, *stopping)
    metrics = read_json(run / "metrics.json")["validation"]
    losses = numbers(run, "validation_loss", "history.csv")
    assert losses.min() == pytest.approx(metrics["loss"], rel=1e-5)
    r2 = numbers(run, "validation_r2", "history.csv")[losses.argmin()]
    assert r2 == pytest.approx(metrics["r2"], rel=1e-5)


def test_folds_have_ranges_of_their_own_and_the_same_bits_in_all_stacks(
    program: Program, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(CONFIG.replace("test_source: far.csv, ", ""))
    runs = []
    for stacks in ([[0, 1, 2, 3, 4, 5]], [[k] for k in range(6)]):
        monkeypatch.setattr("fnnctl.runs.cross_validation.plan_folds", plan_with("serial", stacks))
        runs.append(run_of(program, "evaluate", str(config), *SMALL, *CLIPPED, *KINDS["ensemble"]))
    for name in ("cross_validation.csv", "predictions.csv", "metrics.json", "history.csv"):
        assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes(), name
    rows = table(runs[0], "predictions.csv")
    y = {row["row"]: float(row["target"]) for row in rows}
    highest = max(y, key=lambda row: y[row])
    second = sorted(y.values())[-2]
    of_highest = [float(row["prediction"]) for row in rows if row["row"] == highest]
    assert max(of_highest) <= second < y[highest], "its fold has not learned it"


SEARCH = """\
search:
  method: random
  trials: 4
  objective: {metric: METRIC}
  ensemble: {size: 4}
  space: {training.optimizer.learning_rate: {log_uniform: [0.003, 0.1]}}
"""


@pytest.mark.parametrize("metric", ["r2", "mae"])
def test_a_search_and_its_ensemble_score_clipped_predictions(
    program: Program, config: Path, tmp_path: Path, metric: str
) -> None:
    """The objective is the metric of the printed configuration, trained alone."""
    config.write_text(CONFIG + SEARCH.replace("METRIC", metric))
    done = program("search", str(config), *CLIPPED, "--workers", "1", "--json", "--quiet")
    assert done.code == 0, done.err
    best, folder = done.json["best"], Path(done.json["run"])
    words = [word for path, value in best["configuration"].items() for word in ("--set", f"{path}={value}")]
    alone = program("train", str(config), *CLIPPED, "--json", "--quiet", *words)
    assert alone.json["metrics"]["validation"][metric] == pytest.approx(best["objective"], rel=1e-5)
    y = np.loadtxt(tmp_path / "t.csv", delimiter=",", skiprows=1)[:, 1]
    ends = numbers(folder / "best", "prediction")[[0, -1]]
    np.testing.assert_allclose(ends, [y.min(), y.max()], rtol=1e-9)
    together = numbers(folder / "ensemble", "prediction")
    assert y.min() <= together[0] < 1000 < together[-1] <= y.max()
    repeated = program("evaluate", str(folder / "ensemble"))
    assert "the metrics equal those in metrics.json, to the last digit" in repeated.err


@pytest.mark.usefixtures("keep_all")
def test_an_interrupted_training_ends_with_the_bits_of_an_uninterrupted_one(
    program: Program, config: Path, interrupt: Interrupt
) -> None:
    undisturbed = run_of(program, "train", str(config), *BAGS, *CLIPPED, "--runs-dir", "undisturbed")
    run = interrupt(3, *BAGS, *CLIPPED)
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == ["epoch 3"]
    assert_same_bits(run, undisturbed)


def explained(program: Program, config: Path, settings: Sequence[str]) -> list[str]:
    words = [word for setting in settings for word in ("--set", setting)]
    done = program("check", str(config), "--explain", *words)
    assert done.code == 0, done.out
    return [" ".join(line.split()) for line in done.out.splitlines()]


def test_the_recipe_clips_and_the_setting_changes_nothing_else(program: Program, config: Path) -> None:
    config.write_text("recipe: default\ndata: {source: t.csv, target: y}\n")
    with_it = explained(program, config, [])
    without = explained(program, config, ["model.clip_outputs=false"])
    assert {*with_it} - {*without} == {"model.clip_outputs true recipe"}
    assert {*without} - {*with_it} == {"model.clip_outputs false --set"}


def test_a_resolve_without_the_setting_has_no_limits(program: Program, config: Path) -> None:
    """Those of earlier versions have neither this setting nor a recipe, and repeat their runs."""
    run = run_of(program, "train", str(config))
    _, *lines = (run / "resolved.yaml").read_text().splitlines(keepends=True)
    later = ("recipe:", "complete:", "clip_outputs:")
    kept = [line for line in lines if not line.strip().startswith(later)]
    assert len(kept) == len(lines) - 3
    config.write_text("".join([f"{FORMER_FIRST_LINE}\n", *kept]))
    again = run_of(program, "train", str(config))
    assert (again / "predictions.csv").read_bytes() == (run / "predictions.csv").read_bytes()


def test_a_classification_has_no_limits(program: Program, iris: Path) -> None:
    done = program("check", str(iris), *CLIPPED)
    assert done.code == 2
    assert "model.clip_outputs: is for a regression: probabilities need no limits" in done.out
    done = program("check", str(iris), "--set", "recipe=default", "--explain")
    assert done.code == 0
