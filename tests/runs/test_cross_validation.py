"""`fnnctl evaluate CONFIG`: the contents of its folder, and that the workers do not affect them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from fnnctl.executors.registry import ExecutorKind
from fnnctl.store import names
from tests.figures import CLASSIFICATION_FIGURES, figures_by_records
from tests.program import Program, only_run, read_json
from tests.runs.folding import SMALL, plan_with, table

OTHER_RUNS = {
    names.JOURNAL, names.JOURNAL_TORN, names.TIMELINE, names.LEADERBOARD, names.DATA_SIZE, names.THRESHOLD,
    names.FEATURE_IMPORTANCE, names.DEFAULT_CONFIG,
}  # fmt: skip
"""The files of searches, and those that need two classes or an option."""


@pytest.fixture
def evaluated(program: Program, iris: Path, tmp_path: Path) -> Path:
    assert program("evaluate", str(iris), *SMALL, "--quiet").code == 0
    return only_run(tmp_path)


@pytest.mark.figures
def test_writes_every_file_of_the_contract_but_a_model(evaluated: Path) -> None:
    files = {path.name for path in evaluated.iterdir() if not path.name.startswith(".")}
    figures = {*figures_by_records(evaluated)}
    assert figures >= CLASSIFICATION_FIGURES
    assert files == {*names.LAYOUT, *figures} - {*OTHER_RUNS, names.WEIGHTS, names.MODEL}
    manifest = read_json(evaluated / "manifest.json")
    assert manifest["kind"] == "cross_validation"
    assert manifest["status"] == "completed"
    assert manifest["cross_validation"] == {"folds": 3, "repeats": 2, "stratify": True, "by": None}
    assert manifest["data"]["parts"] is None
    assert manifest["training"] == {
        "epochs": 72, "best_epoch": None, "stopped": "of 6 folds: 6 completed", "stopped_kind": None,
    }  # fmt: skip
    assert manifest["seconds"]["total"] > manifest["seconds"]["training"] > 0


def test_every_row_is_predicted_once_a_repeat_by_a_fold_that_did_not_learn_it(evaluated: Path) -> None:
    predictions = table(evaluated, "predictions.csv")
    assert [(row["repeat"], int(row["row"])) for row in predictions] == [
        (repeat, row) for repeat in "12" for row in range(150)
    ]
    folds = table(evaluated, "cross_validation.csv")
    assert [(fold["repeat"], fold["fold"]) for fold in folds] == [(r, f) for r in "12" for f in "123"]
    for fold in folds:
        own = [row for row in predictions if (row["repeat"], row["fold"]) == (fold["repeat"], fold["fold"])]
        sizes = [int(fold[f"{part}_rows"]) for part in ("train", "validation", "test")]
        assert sizes == [85, 15, 50]
        assert len(own) == 50
        hits = sum(row["label"] == row["prediction"] for row in own)
        assert float(fold["accuracy"]) == pytest.approx(hits / 50)
        losses = [-np.log(float(row[f"p_{row['label']}"])) for row in own]
        assert float(fold["loss"]) == pytest.approx(np.mean(losses))


def test_metrics_are_those_of_the_tables(evaluated: Path) -> None:
    metrics, folds = read_json(evaluated / "metrics.json"), table(evaluated, "cross_validation.csv")
    assert metrics["train"] is metrics["validation"] is None
    summary = metrics["cross_validation"]
    assert (summary["folds"], summary["repeats"], summary["diverged"]) == (3, 2, 0)
    for name in ("accuracy", "f1_macro", "roc_auc_macro", "log_loss"):
        scores = [float(fold[name]) for fold in folds]
        assert summary[name]["scores"] == scores
        assert summary[name]["mean"] == pytest.approx(np.mean(scores))
        assert summary[name]["std"] == pytest.approx(np.std(scores, ddof=1))
        # 2.5706 is Student's t with five degrees of freedom; 50 test rows per 100 training rows
        half = 2.570581835636 * np.std(scores, ddof=1) * np.sqrt(1 / 6 + 50 / 100)
        low, high = summary[name]["ci95"]
        assert low == pytest.approx(max(np.mean(scores) - half, 0.0))
        assert high == pytest.approx(
            np.mean(scores) + half if name == "log_loss" else min(np.mean(scores) + half, 1)
        )
    # folds have equal sizes, so the mean of their accuracies is the accuracy of all predictions
    assert metrics["test"]["accuracy"] == pytest.approx(summary["accuracy"]["mean"])
    assert metrics["test"]["support"] == 150
    low, high = metrics["test"]["accuracy_ci95"]
    assert high - low > 0.05  # there are 150 rows, not 300, although each was predicted twice
    counts = [[int(row[name]) for name in list(row)[1:]] for row in table(evaluated, "confusion_matrix.csv")]
    assert np.sum(counts, axis=1).tolist() == [100, 100, 100]
    assert np.trace(counts) / 300 == pytest.approx(metrics["test"]["accuracy"])
    areas: dict[str, list[tuple[float, float]]] = {name: [] for name in metrics["test"]["per_class"]}
    for row in table(evaluated, "roc_curve.csv"):
        if row["kind"] == "class":
            areas[row["class"]].append((float(row["false_positive_rate"]), float(row["true_positive_rate"])))
    for name, points in areas.items():
        x, y = np.array(points).T
        assert np.trapezoid(y, x) == pytest.approx(metrics["test"]["per_class"][name]["roc_auc"])


def test_a_monitored_loss_of_calibrated_probabilities_is_in_the_history(program: Program, iris: Path) -> None:
    monitor = "training.early_stopping={monitor: validation_calibrated_loss, patience: null}"
    run = Path(program("evaluate", str(iris), *SMALL, "--set", monitor, "--json").json["run"])
    history = table(run, "history.csv")
    for fold in table(run, "cross_validation.csv"):
        losses = [
            float(row["validation_calibrated_loss"])
            for row in history
            if (row["repeat"], row["fold"]) == (fold["repeat"], fold["fold"])
        ]
        assert int(fold["best_epoch"]) == 1 + np.argmin(losses)


@pytest.mark.parametrize(
    ("kind", "workers", "stacks"),
    [
        ("serial", 1, [[5], [3], [4], [0], [1], [2]]),
        ("threads", 3, [[0, 1], [5, 3], [4], [2]]),
        ("processes", 2, [[4, 5], [2, 0], [3, 1]]),
    ],
)
def test_the_bits_are_the_same_for_all_workers_and_stacks(
    program: Program,
    evaluated: Path,
    iris: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: ExecutorKind,
    workers: int,
    stacks: list[list[int]],
) -> None:
    monkeypatch.setattr("fnnctl.runs.cross_validation.plan_folds", plan_with(kind, stacks))
    again = Path(program("evaluate", str(iris), *SMALL, "--workers", str(workers), "--json").json["run"])
    for name in ("cross_validation.csv", "history.csv", "predictions.csv", "metrics.json", "roc_curve.csv"):
        assert (again / name).read_bytes() == (evaluated / name).read_bytes(), name


def test_resolved_repeats_it_to_the_bit(program: Program, evaluated: Path) -> None:
    """Also with `--folds`, and with an automatic batch size that differs between folds."""
    again = Path(program("evaluate", str(evaluated / "resolved.yaml"), "--json").json["run"])
    for name in ("cross_validation.csv", "metrics.json"):
        assert (again / name).read_bytes() == (evaluated / name).read_bytes(), name
    assert "`fnnctl evaluate`" in (again / "resolved.yaml").read_text(encoding="utf-8")


def test_json_and_the_gate_are_about_the_mean(program: Program, iris: Path) -> None:
    done = program("evaluate", str(iris), *SMALL, "--json", "--quiet")
    assert done.err == ""
    assert set(done.json) == {"run", "status", "cross_validation"}
    assert (
        done.json["cross_validation"]
        == read_json(Path(done.json["run"]) / "metrics.json")["cross_validation"]
    )
    mean = done.json["cross_validation"]["f1_macro"]["mean"]
    assert program("report", "--fail-under", f"f1_macro={mean}").code == 0
    assert program("report", "--fail-under", f"f1_macro={mean + 1e-9}").code == 1
    assert program("report", "--fail-under", "per_class.setosa.recall=0.5").code == 0
    assert program("report", "--fail-under", "accurcy=0.5").code == 2


def test_one_number_everywhere(program: Program, iris: Path) -> None:
    """The list of runs, every format of the report, and the gate use the mean over the folds."""
    done = program("evaluate", str(iris), "--folds", "4", "--repeats", "1", "--json")  # not of one size
    metrics = read_json(Path(done.json["run"], "metrics.json"))
    mean, pooled = metrics["cross_validation"]["accuracy"]["mean"], metrics["test"]["accuracy"]
    assert mean != pooled
    for command in ("runs", "report"):
        (entry,) = program(command, "--json").json["runs"]
        assert entry["metrics"]["test"]["accuracy"] == mean
        assert entry["metrics"]["test"]["accuracy_ci95"] == metrics["cross_validation"]["accuracy"]["ci95"]
        assert entry["metrics"]["test"]["per_class"] == metrics["test"]["per_class"]
    for shown in (program("runs"), program("report"), program("report", "--format", "markdown")):
        assert f"{mean:.4f}" in shown.out
        assert f"{pooled:.4f}" not in shown.out
    for name in ("accuracy", "test.accuracy"):
        gate = program("report", "--fail-under", f"{name}=0", "--json").json["gates"][0]
        assert gate["value"] == mean


def test_the_baseline_is_a_mean_over_the_folds_too(program: Program, iris: Path) -> None:
    """Each fold's baseline always predicts one class; together the folds' baselines predict several."""
    unequal = "evaluation.cross_validation.stratify=false"
    done = program("evaluate", str(iris), "--folds", "4", "--repeats", "1", "--set", unequal, "--json")
    rows = table(Path(done.json["run"]), "predictions.csv")
    means = []
    for fold in "1234":
        labels = [row["label"] for row in rows if row["fold"] == fold]
        trained = Counter(row["label"] for row in rows if row["fold"] != fold)
        majority = min(trained, key=lambda name: (-trained[name], name))
        predicted = [majority] * len(labels)
        means.append(f1_score(labels, predicted, average="macro", zero_division=0))
    (entry,) = program("report", "--json").json["runs"]
    baseline = entry["metrics"]["test"]["baseline"]
    assert baseline["f1_macro"] == pytest.approx(np.mean(means))
    assert baseline["roc_auc_macro"] == 0.5
    assert baseline["log_loss"] is not None
    pooled = read_json(Path(done.json["run"], "metrics.json"))["test"]["baseline"]["f1_macro"]
    assert pooled > 1.3 * np.mean(means)


def test_a_class_with_fewer_rows_than_folds(program: Program, tmp_path: Path) -> None:
    """Its AUC is null in folds without it, and so is the mean over classes there."""
    rows = "".join(f"{i % 13},{i % 7},{'ab'[i % 2]}\n" for i in range(40)) + "5,5,rare\n6,5,rare\n"
    (tmp_path / "rare.csv").write_text(f"x,z,label\n{rows}")
    (tmp_path / "rare.yaml").write_text(
        "recipe: classic\ndata: {source: rare.csv, target: label}\ntraining: {epochs: 3}\n"
    )
    done = program("evaluate", "rare.yaml", "--folds", "4", "--repeats", "1", "--json")
    assert done.code == 0
    assert "a class has no row in the test part of some folds, where its AUC is null: 'rare'" in done.err
    scores = done.json["cross_validation"]["roc_auc_macro"]["scores"]
    assert scores.count(None) == 2
    assert done.json["cross_validation"]["accuracy"]["scores"].count(None) == 0


def test_each_fold_is_calibrated_by_its_own_validation_part(program: Program, iris: Path) -> None:
    changes = ("--set", "model.calibration=temperature", "--set", "training.epochs=3")
    run = Path(program("evaluate", str(iris), *SMALL, *changes, "--json").json["run"])
    folds = table(run, "cross_validation.csv")
    assert len({fold["temperature"] for fold in folds}) == 6
    assert all(float(fold["temperature"]) > 0 for fold in folds)
    assert all(fold["loss"] != fold["loss_uncalibrated"] for fold in folds)
    metrics = read_json(run / "metrics.json")["test"]
    assert metrics["loss_uncalibrated"] == pytest.approx(
        np.mean([float(f["loss_uncalibrated"]) for f in folds])
    )
    plain = Path(program("evaluate", str(iris), *SMALL, *changes[2:], "--json").json["run"])
    name = "expected_calibration_error"
    before = read_json(plain / "metrics.json")["test"]
    assert metrics[f"{name}_uncalibrated"] == pytest.approx(before[name], rel=1e-12)
    for fold, uncalibrated in zip(folds, table(plain, "cross_validation.csv"), strict=True):
        assert float(fold[f"{name}_uncalibrated"]) == pytest.approx(float(uncalibrated[name]), rel=1e-12)
