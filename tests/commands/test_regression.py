"""A regression with every command: files, metrics, figures and messages."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from fnnctl.cli import run as run_program
from fnnctl.data.builtin import builtin_path
from fnnctl.metrics.metric import REGRESSION
from fnnctl.metrics.registry import metrics_of
from fnnctl.store import names
from tests.commands.settings import given
from tests.figures import figures_by_records
from tests.program import Program, only_run, read_json
from tests.runs.folding import SMALL, table

CONFIG = """\
recipe: classic
data: {source: diabetes}
model: {hidden: [8]}
training: {epochs: 12, batch_size: 32, early_stopping: null, optimizer: {learning_rate: 0.01}}
search: {method: random, trials: 2, objective: {metric: loss}, space: {training.l2: {choice: [0.1, 0.2]}}}
"""
FIGURES = {"predicted_actual.png", "residuals.png", "learning_curve.png"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that the tests only read."""
    folder = tmp_path_factory.mktemp("regression")
    (folder / "diabetes.yaml").write_text(CONFIG)
    words = ["train", str(folder / "diabetes.yaml"), "--quiet", "--runs-dir", str(folder / "runs")]
    assert run_program(words) == 0
    return only_run(folder)


def files_of(run: Path) -> set[str]:
    return {path.name for path in run.iterdir() if not path.name.startswith(".")}


@pytest.mark.figures
def test_a_run_has_the_files_of_a_regression(trained: Path) -> None:
    curves = {names.ROC_CURVE, names.PR_CURVE, names.THRESHOLD}
    classes = {names.CONFUSION_MATRIX, names.CALIBRATION, *curves}
    of_search = {names.JOURNAL, names.JOURNAL_TORN, names.TIMELINE, names.LEADERBOARD, names.DEFAULT_CONFIG}
    of_other_commands = {*of_search, names.DATA_SIZE, names.FEATURE_IMPORTANCE, names.CROSS_VALIDATION}
    figures = {*figures_by_records(trained)}
    assert figures >= FIGURES
    asked_for = {names.GROUPS, names.DRIFT, names.DRIFT_BINS, names.PARTIAL_DEPENDENCE, names.PAIR_DEPENDENCE}
    asked_for.add(names.LABELS)
    others = {*of_other_commands, *classes, *asked_for}
    assert files_of(trained) == {*names.LAYOUT, *figures} - others
    predictions = table(trained, "predictions.csv")
    assert list(predictions[0]) == ["row", "target", "prediction"]
    assert len(predictions) == 88
    manifest = read_json(trained / "manifest.json")
    assert (manifest["data"]["task"], manifest["data"]["classes"]) == ("regression", [])


def test_metrics_are_those_of_the_predictions_beside_the_baseline(trained: Path) -> None:
    metrics = read_json(trained / "metrics.json")
    assert set(metrics) == {"train", "validation", "test"}
    test = metrics["test"]
    errors = [
        abs(float(row["target"]) - float(row["prediction"])) for row in table(trained, "predictions.csv")
    ]
    assert test["mae"] == pytest.approx(sum(errors) / 88, rel=1e-12)
    for name in ("r2", "rmse", "mae", "median_absolute_error"):
        low, high = test[f"{name}_ci95"]
        assert low < test[name] < high
    assert set(test["baseline"]) == {metric.name for metric in metrics_of(REGRESSION, ("predictions",))}
    assert test["baseline"]["r2"] < 0 < test["r2"]
    assert metrics["train"]["baseline"]["r2"] == pytest.approx(0, abs=1e-12)
    last = table(trained, "history.csv")[-1]
    for name in ("loss", "r2"):
        assert float(last[f"validation_{name}"]) == pytest.approx(metrics["validation"][name], rel=1e-5)


def test_the_report_shows_the_baseline_and_gates_hold(program: Program, trained: Path) -> None:
    done = program("report", str(trained), "--fail-under", "r2=0.1", "--fail-under", "mae=60")
    assert done.code == 0
    assert "baseline" in done.out
    assert program("report", str(trained), "--fail-under", "rmse=10").code == 1
    assert program("report", str(trained), "--fail-under", "accuracy=0.5").code == 2


def test_new_rows_may_have_negative_targets_or_none(program: Program, trained: Path) -> None:
    with builtin_path("diabetes") as path:
        header, *lines = path.read_text().splitlines()[:7]
    cut = [line.rpartition(",")[0] for line in lines]
    targets = ["-5", "", "0", "1e2", "NA", "-7.5"]
    rows = [f"{line},{target}" for line, target in zip(cut, targets, strict=True)]
    Path("new.csv").write_text("\n".join([header, *rows]) + "\n")
    done = program("evaluate", str(trained), "--data", "new.csv", "--json")
    assert done.code == 0
    assert done.json["metrics"]["test"]["support"] == 4
    assert "left out 2 rows without a value in 'progression'" in done.err
    scored = table(Path(done.json["run"]), "predictions.csv")
    assert [(row["row"], row["target"]) for row in scored] == [
        ("0", "-5.0"), ("2", "0.0"), ("3", "100.0"), ("5", "-7.5")
    ]  # fmt: skip
    predicted = [*csv.DictReader(program("predict", str(trained), "new.csv").out.splitlines())]
    assert [list(row) for row in predicted] == [["row", "prediction"]] * 6
    of_row = {row["row"]: row["prediction"] for row in predicted}
    assert [of_row[row["row"]] for row in scored] == [row["prediction"] for row in scored]
    Path("new.csv").write_text("\n".join([header, lines[0], f"{cut[1]},high"]) + "\n")
    done = program("evaluate", str(trained), "--data", "new.csv")
    assert done.code == 2
    assert "new.csv:3: the target 'progression' of a regression: 'high' is not a number" in done.err


@pytest.mark.figures
@pytest.mark.parametrize("bins", ["1", "5"])
def test_folds_have_the_figures_of_a_regression_and_bins_if_they_are_set(
    program: Program, tmp_path: Path, bins: str
) -> None:
    (tmp_path / "x.yaml").write_text(CONFIG)
    settings = () if bins == "1" else ("--set", f"data.split.bins={bins}")
    run = Path(program("evaluate", "x.yaml", *SMALL, *settings, "--json").json["run"])
    assert files_of(run) >= FIGURES
    validation = read_json(run / "metrics.json")["cross_validation"]
    assert validation["r2"]["scores"] == [float(fold["r2"]) for fold in table(run, "cross_validation.csv")]
    assert read_json(run / "manifest.json")["cross_validation"]["stratify"] is (bins != "1")


@pytest.mark.figures
def test_a_winner_has_the_figures_of_a_regression(program: Program, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(CONFIG)
    run = Path(program("search", "x.yaml", "--json").json["run"])
    assert files_of(run / "best") >= FIGURES - {"learning_curve.png"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["search.objective.metric=accuracy"], "search.objective.metric: accuracy is not a metric of a reg"),
        (["model.output=softmax"], "model.output: softmax is not an output of a regression"),
        (
            ["data.task=classification", "model.output=huber"],
            "model.output: huber is not an output of a classification",
        ),
        (
            ["data.source=iris", "model.clip_outputs=true"],
            "model.clip_outputs: is for a regression: probabilities need no limits",
        ),
    ],
    ids=["metric", "softmax", "huber", "clip_outputs"],
)
def test_settings_of_the_other_task_are_reported(
    program: Program, tmp_path: Path, settings: list[str], message: str
) -> None:
    (tmp_path / "x.yaml").write_text(CONFIG)
    done = program("check", "x.yaml", *given(*settings))
    assert (done.code, message in done.out) == (2, True), done.out
