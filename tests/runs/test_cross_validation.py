"""`fnnctl evaluate CONFIG`: the contents of its folder, and that the workers do not affect them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from fnnctl.cli import run as run_program
from fnnctl.executors.registry import ExecutorKind
from fnnctl.store import names
from tests.figures import CLASSIFICATION_FIGURES, figures_by_records
from tests.program import PlanStacks, Program, assert_same_files, only_run, read_json, run_of
from tests.runs.folding import CV_FILES, SMALL, table

OTHER_RUNS = {
    names.JOURNAL, names.JOURNAL_TORN, names.TIMELINE, names.LEADERBOARD, names.DATA_SIZE, names.THRESHOLD,
    names.FEATURE_IMPORTANCE, names.DEFAULT_CONFIG, names.GROUPS, names.COVERAGE,
    names.DRIFT, names.DRIFT_BINS, names.PARTIAL_DEPENDENCE, names.PAIR_DEPENDENCE, names.LABELS,
}  # fmt: skip
"""The files of searches, and those that need two classes, a setting or an option."""


CONFIG = (
    "data: {source: iris}\nmodel: {hidden: [8]}\nrecipe: classic\n"
    "training: {epochs: 12, batch_size: 32, optimizer: {learning_rate: 0.02}}\n"
    "evaluation: {cross_validation: {folds: 3, repeats: 2}}\n"
)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluated")
    (folder / "x.yaml").write_text(CONFIG)
    words = ["evaluate", str(folder / "x.yaml"), "--runs-dir", str(folder / "runs"), "--quiet"]
    assert run_program(words) == 0
    return only_run(folder)


@pytest.mark.figures
def test_writes_every_file_of_the_contract_but_a_model(evaluated: Path) -> None:
    files = {path.name for path in evaluated.iterdir() if not path.name.startswith(".")}
    figures = {*figures_by_records(evaluated)}
    assert figures >= CLASSIFICATION_FIGURES
    of_networks = {names.WEIGHTS, names.MODEL, names.TRAINED_ROWS}
    assert files == {*names.LAYOUT, *figures} - {*OTHER_RUNS, *of_networks}
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


@pytest.mark.parametrize(
    ("kind", "workers", "stacks"),
    [
        ("serial", 1, [[5], [3], [4], [0], [1], [2]]),
        ("threads", 3, [[0, 1], [5, 3], [4], [2]]),
        ("processes", 2, [[4, 5], [2, 0], [3, 1]]),
    ],
)
def test_the_resolve_repeats_it_to_the_bit_for_all_workers_and_stacks(
    program: Program,
    evaluated: Path,
    plan_stacks: PlanStacks,
    kind: ExecutorKind,
    workers: int,
    stacks: list[list[int]],
) -> None:
    plan_stacks(kind, stacks)
    again = run_of(program, "evaluate", str(evaluated / "resolved.yaml"), "--workers", str(workers))
    assert_same_files(again, evaluated, *CV_FILES, "roc_curve.csv")


def test_json_and_the_gate_are_about_the_mean(program: Program, iris: Path) -> None:
    done = program("evaluate", str(iris), *SMALL, "--json", "--quiet")
    assert (done.err, set(done.json)) == ("", {"run", "status", "cross_validation"})
    summary = done.json["cross_validation"]
    assert summary == read_json(Path(done.json["run"]) / "metrics.json")["cross_validation"]
    mean = summary["f1_macro"]["mean"]
    gates = {f"f1_macro={mean}": 0, f"f1_macro={mean + 1e-9}": 1, "per_class.setosa.recall=0.5": 0}
    for gate, code in {**gates, "accurcy=0.5": 2}.items():
        assert program("report", "--fail-under", gate).code == code
    assert "out of fold, 2 repeats" in program("report", "--verbose").out


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
    assert "a class has no row in the test part of some folds, where the AUC is null: 'rare'" in done.err
    scores = done.json["cross_validation"]["roc_auc_macro"]["scores"]
    assert scores.count(None) == 2
    assert done.json["cross_validation"]["accuracy"]["scores"].count(None) == 0


def test_each_fold_is_calibrated_by_its_own_validation_part(program: Program, iris: Path) -> None:
    few = ("evaluate", str(iris), *SMALL, "--set", "training.epochs=3")
    run, plain = run_of(program, *few, "--set", "model.calibration=temperature"), run_of(program, *few)
    folds = table(run, "cross_validation.csv")
    assert len({fold["temperature"] for fold in folds}) == 6
    assert all(float(fold["temperature"]) > 0 for fold in folds)
    assert all(fold["loss"] != fold["loss_uncalibrated"] for fold in folds)
    metrics, before = (read_json(path / "metrics.json")["test"] for path in (run, plain))
    losses = [float(fold["loss_uncalibrated"]) for fold in folds]
    assert metrics["loss_uncalibrated"] == pytest.approx(np.mean(losses))
    name = "expected_calibration_error"
    assert metrics[f"{name}_uncalibrated"] == pytest.approx(before[name], rel=1e-12)
    for fold, uncalibrated in zip(folds, table(plain, "cross_validation.csv"), strict=True):
        assert float(fold[f"{name}_uncalibrated"]) == pytest.approx(float(uncalibrated[name]), rel=1e-12)
