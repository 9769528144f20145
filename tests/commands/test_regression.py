"""A regression with every command: files, messages, and repetition to the bit."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from fnnctl.data.builtin import builtin_path
from fnnctl.metrics.registry import REGRESSION, metrics_of
from fnnctl.store import names
from tests.figures import figures_by_records
from tests.program import Program, only_run, read_json
from tests.runs.folding import SMALL, table

CONFIG = """\
recipe: classic
data: {source: diabetes}
model: {hidden: [8]}
training: {epochs: 12, batch_size: 32, early_stopping: null, optimizer: {learning_rate: 0.01}}
"""
SEARCH = """\
search:
  method: random
  trials: 4
  objective: {metric: METRIC}
  space:
    training.l2: {log_uniform: [1e-5, 1]}
    model.output.name: {choice: [squared, absolute, huber]}
"""
ONE_LOSS = SEARCH.replace("[squared, absolute, huber]", "[absolute]")
FIGURES = {"predicted_actual.png", "residuals.png", "learning_curve.png"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "diabetes.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def trained(program: Program, config: Path, tmp_path: Path) -> Path:
    assert program("train", str(config), "--quiet").code == 0
    return only_run(tmp_path)


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
    assert files_of(trained) == {*names.LAYOUT, *figures} - {*of_other_commands, *classes}
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
    assert set(test["baseline"]) == {metric.name for metric in metrics_of(REGRESSION)}
    assert test["baseline"]["r2"] < 0 < test["r2"]
    assert metrics["train"]["baseline"]["r2"] == pytest.approx(0, abs=1e-12)


def test_the_history_ends_with_the_metrics_of_the_parts(trained: Path) -> None:
    last, metrics = table(trained, "history.csv")[-1], read_json(trained / "metrics.json")
    for name in ("loss", "r2"):
        assert float(last[f"validation_{name}"]) == pytest.approx(metrics["validation"][name], rel=1e-5)


def test_it_is_repeated_to_the_bit_from_resolved_yaml(program: Program, trained: Path) -> None:
    again = program("train", str(trained / "resolved.yaml"), "--json", "--quiet").json["run"]
    for name in ("metrics.json", "predictions.csv", "model.npz", "history.csv"):
        assert (Path(again) / name).read_bytes() == (trained / name).read_bytes()


def test_the_report_shows_the_baseline_and_gates_hold(program: Program, trained: Path) -> None:
    done = program("report", str(trained), "--fail-under", "r2=0.1", "--fail-under", "mae=60")
    assert done.code == 0
    assert "baseline" in done.out
    assert program("report", str(trained), "--fail-under", "rmse=10").code == 1
    assert program("report", str(trained), "--fail-under", "accuracy=0.5").code == 2


def test_a_saved_model_scores_as_it_did(program: Program, trained: Path) -> None:
    done = program("evaluate", str(trained))
    assert done.code == 0
    assert "the metrics equal those in metrics.json, to the last digit" in done.err


def test_new_rows_may_have_negative_targets_or_none(program: Program, trained: Path, tmp_path: Path) -> None:
    with builtin_path("diabetes") as path:
        header, *lines = path.read_text().splitlines()[:7]
    cut = [line.rpartition(",")[0] for line in lines]
    targets = ["-5", "", "0", "1e2", "NA", "-7.5"]
    rows = [f"{line},{target}" for line, target in zip(cut, targets, strict=True)]
    new = tmp_path / "new.csv"
    new.write_text("\n".join([header, *rows]) + "\n")
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


def test_a_target_that_is_no_number_is_reported_with_its_line(
    program: Program, trained: Path, tmp_path: Path
) -> None:
    with builtin_path("diabetes") as path:
        header, first = path.read_text().splitlines()[:2]
    (tmp_path / "new.csv").write_text(f"{header}\n{first}\n{first.rpartition(',')[0]},high\n")
    done = program("evaluate", str(trained), "--data", "new.csv")
    assert done.code == 2
    assert "new.csv:3: the target 'progression' of a regression: 'high' is not a number" in done.err


@pytest.mark.parametrize("bins", ["", "data.split.bins=5"])
def test_folds_are_equal_for_any_number_of_workers(
    program: Program, config: Path, tmp_path: Path, bins: str
) -> None:
    settings = ("--set", bins) if bins else ()
    runs = [
        Path(
            program(
                "evaluate", str(config), *SMALL, *settings, "--workers", workers, "--json", "--quiet"
            ).json["run"]
        )
        for workers in ("1", "2")
    ]
    for name in ("metrics.json", "predictions.csv", "cross_validation.csv"):
        assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes()
    validation = read_json(runs[0] / "metrics.json")["cross_validation"]
    folds = table(runs[0], "cross_validation.csv")
    assert validation["r2"]["scores"] == [float(fold["r2"]) for fold in folds]
    assert read_json(runs[0] / "manifest.json")["cross_validation"]["stratify"] is bool(bins)


@pytest.mark.parametrize("metric", ["auto", "r2", "mae", "median_absolute_error", "loss"])
def test_a_search_finds_what_train_repeats(program: Program, config: Path, metric: str) -> None:
    config.write_text(CONFIG + (ONE_LOSS if metric == "loss" else SEARCH).replace("METRIC", metric))
    done = program("search", str(config), "--workers", "1", "--json", "--quiet")
    assert done.code == 0
    best = done.json["best"]
    alone = program(
        "train", str(config), "--json", "--quiet",
        *(word for path, value in best["configuration"].items() for word in ("--set", f"{path}={value}")),
    )  # fmt: skip
    name = "r2" if metric == "auto" else metric
    assert alone.json["metrics"]["validation"][name] == pytest.approx(best["objective"], rel=1e-5)


@pytest.mark.figures
def test_folds_and_winners_have_the_figures_of_a_regression(program: Program, config: Path) -> None:
    validated = program("evaluate", str(config), *SMALL, "--json", "--quiet").json["run"]
    assert files_of(Path(validated)) >= FIGURES
    config.write_text(CONFIG + SEARCH.replace("METRIC", "auto").replace("trials: 4", "trials: 1"))
    searched = program("search", str(config), "--json", "--quiet").json["run"]
    assert files_of(Path(searched) / "best") >= FIGURES - {"learning_curve.png"}


@pytest.mark.parametrize(
    ("settings", "path", "advice"),
    [
        (
            ["search.objective.metric=accuracy"],
            "search.objective.metric",
            "accuracy is not a metric of a reg",
        ),
        (["model.output=softmax"], "model.output", "write output: auto"),
        (
            ["data.task=classification", "model.output=huber"],
            "model.output",
            "huber is not an output of a class",
        ),
    ],
)
def test_settings_of_the_other_task_are_reported_with_their_location(
    program: Program, config: Path, settings: list[str], path: str, advice: str
) -> None:
    config.write_text(CONFIG + SEARCH.replace("METRIC", "r2"))
    words = [word for setting in settings for word in ("--set", setting)]
    done = program("check", str(config), *words)
    assert done.code == 2
    assert f": {path}: " in done.out
    assert advice in done.out


def test_penguins_can_be_weighed(program: Program, config: Path) -> None:
    config.write_text(
        CONFIG.replace("diabetes", "penguins").replace("penguins}", "penguins, target: body_mass_g}")
    )
    done = program("train", str(config), "--json")
    assert "this is a regression" in done.err
    assert done.json["metrics"]["test"]["r2"] > 0.5
