"""`model.clip_outputs`: a regression's predictions, and all scores, are within the range that was learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

from fnnctl.arrays import FloatArray
from tests.commands.settings import numbers, run_of
from tests.program import Program, assert_same_networks, read_json
from tests.runs.folding import SMALL, table

pytestmark = pytest.mark.usefixtures("no_figures")

CLIPPED = "model.clip_outputs=true"
KINDS = {
    "bags": ("model.ensemble={members: 4, bags: true}",),
    "shared weights": ("model.ensemble={members: 3, share_weights: true}",),
    "huber": ("model.output=huber", "training.averaging=ema"),
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
    np.savetxt(path, np.column_stack([x, y]), "%.6f", delimiter=",", header="x,y", comments="")


@pytest.mark.parametrize("kind", KINDS)
def test_rows_far_outside_get_the_ends_of_the_range(
    program: Program, config: Path, tmp_path: Path, kind: str
) -> None:
    """The networks are those without limits; the range is that of the targets."""
    free = run_of(program, "train", config, *KINDS[kind])
    run = run_of(program, "train", config, *KINDS[kind], CLIPPED)
    assert_same_networks(run, free)
    y = np.loadtxt(tmp_path / "t.csv", delimiter=",", skiprows=1)[:, 1]
    model = read_json(run / "model.json")
    low, high = (model["parts"][0]["network"] if "parts" in model else model)["target_range"]
    assert (low, high) == (y.min(), y.max())
    beyond, limited = numbers(free, "prediction"), numbers(run, "prediction")
    assert beyond[0] < low < beyond[2] < high < beyond[-1]
    np.testing.assert_allclose(limited, np.clip(beyond, low, high), rtol=1e-7)
    assert low <= limited.min() <= limited.max() <= high
    metrics = read_json(run / "metrics.json")["test"]
    assert metrics["r2"] == pytest.approx(r2_score(numbers(run, "target"), limited), rel=1e-9)
    assert metrics["mae"] == pytest.approx(mean_absolute_error(numbers(run, "target"), limited), rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_validation_columns_are_of_the_clipped_predictions(
    program: Program, config: Path, kind: str
) -> None:
    """With early stopping, the best epoch has the loss that metrics.json has."""
    stopping = "training.early_stopping={monitor: validation_loss, patience: null}"
    run = run_of(program, "train", config, *KINDS[kind], CLIPPED, stopping)
    metrics = read_json(run / "metrics.json")["validation"]
    losses = numbers(run, "validation_loss", "history.csv")
    assert losses.min() == pytest.approx(metrics["loss"], rel=1e-5)
    r2 = numbers(run, "validation_r2", "history.csv")[losses.argmin()]
    assert r2 == pytest.approx(metrics["r2"], rel=1e-5)


def test_folds_have_ranges_of_their_own(program: Program, config: Path) -> None:
    config.write_text(CONFIG.replace("test_source: far.csv, ", ""))
    done = program("evaluate", str(config), *SMALL, "--set", CLIPPED, "--json")
    rows = table(Path(done.json["run"]), "predictions.csv")
    targets = sorted({float(row["target"]) for row in rows})
    of_highest = [float(row["prediction"]) for row in rows if float(row["target"]) == targets[-1]]
    assert max(of_highest) <= targets[-2], "its fold has not learned it"


def test_a_search_and_its_ensemble_predict_within_the_range(
    program: Program, config: Path, tmp_path: Path
) -> None:
    space = "{training.optimizer.learning_rate: {choice: [0.003, 0.03]}}"
    run = run_of(
        program, "search", config, CLIPPED, f"search={{method: grid, ensemble: {{size: 4}}, space: {space}}}"
    )
    y = np.loadtxt(tmp_path / "t.csv", delimiter=",", skiprows=1)[:, 1]
    ends = numbers(run / "best", "prediction")[[0, -1]]
    np.testing.assert_allclose(ends, [y.min(), y.max()], rtol=1e-9)
    together = numbers(run / "ensemble", "prediction")
    assert y.min() <= together[0] < 1000 < together[-1] <= y.max()
