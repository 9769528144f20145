"""`model.threshold` and `data.positive_class` in every command that trains or predicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from fnnctl.metrics.decisions import MAX_SHOWN
from fnnctl.modelling.saved_model import load_model
from fnnctl.nn.losses.cross_entropy import softmax
from fnnctl.store.folder import RunFolder
from tests.commands.settings import given, run_of
from tests.modelling.prepared import prepare
from tests.program import AtEpoch, Program, assert_same_files, assert_same_networks, read_json
from tests.runs.folding import table

pytestmark = pytest.mark.usefixtures("no_figures")

COSTS = "model.threshold={cost: {false_positive: 1, false_negative: 10}}"
F1 = "model.threshold=f1"
POSITIVE = "data.positive_class=rare"
FOLDS = "evaluation.cross_validation={folds: 3, repeats: 2}"
Rows = list[dict[str, str]]


def write_rows(path: Path, is_rare: np.ndarray, distance: float) -> None:
    """Rows of two classes, `rare` and `usual`, whose centres have this distance in both columns."""
    values = np.random.default_rng(3).normal(size=(len(is_rare), 2)) + distance * is_rare[:, None]
    names = np.where(is_rare, "rare", "usual").tolist()
    rows = [f"{a:.3f},{b:.3f},{name}" for (a, b), name in zip(values.tolist(), names, strict=True)]
    path.write_text("\n".join(["a,b,y", *rows]) + "\n")


@pytest.fixture
def rare(tmp_path: Path) -> Path:
    """A config for 300 rows, 45 of them of the class `rare`, which is the first of two."""
    write_rows(tmp_path / "t.csv", np.arange(300) % 20 < 3, 1.2)
    path = tmp_path / "rare.yaml"
    path.write_text(
        "recipe: classic\ndata: {source: t.csv, target: y, split: {validation: 0.3}}\nmodel: {hidden: [8]}\n"
        "training: {epochs: 12, batch_size: 32, early_stopping: null, optimizer: {learning_rate: 0.02}}\n"
    )
    return path


def predicted(program: Program, run: str, *options: str) -> Rows:
    done = program("predict", run, "t.csv", *options, "-o", "p.csv")
    assert done.code == 0, done.err
    return table(Path(), "p.csv")


def assert_decided(rows: Rows, threshold: float) -> None:
    for row in rows:
        assert row["prediction"] == ("rare" if float(row["p_rare"]) >= threshold else "usual")


def accuracy_of(rows: Rows) -> float:
    return float(np.mean([row["label"] == row["prediction"] for row in rows]))


@pytest.mark.parametrize("calibration", ["none", "temperature"])
def test_a_threshold_is_chosen_on_the_validation_part(program: Program, rare: Path, calibration: str) -> None:
    run = run_of(program, "train", rare, F1, POSITIVE, f"model.calibration={calibration}")
    model, metrics = read_json(run / "model.json"), read_json(run / "metrics.json")
    prepared = prepare(rare)
    part = prepared.split.validation
    predictor = load_model(RunFolder(run), lambda text: None).predictor
    scores = [batch.copy() for batch in predictor.column_scores([(prepared.data.dataset, part)])]
    p = softmax(np.concatenate(scores) / (model["temperature"] or 1.0))[:, 0]
    is_rare = prepared.data.targets[part] == 0
    best = max(f1_score(is_rare, p >= threshold) for threshold in p)
    assert f1_score(is_rare, p >= model["threshold"]) == pytest.approx(best)
    assert metrics["validation"]["per_class"]["rare"]["f1"] == pytest.approx(best)
    assert (model["positive_class"], model["positive"], model["costs"]) == ("rare", None, None)
    assert {part["threshold"] for part in metrics.values()} == {model["threshold"]}
    rows = table(run, "predictions.csv")
    assert_decided(rows, model["threshold"])
    assert metrics["test"]["accuracy"] == pytest.approx(accuracy_of(rows))
    assert read_json(run / "manifest.json")["model"]["positive"] == 0


@pytest.mark.parametrize("setting", [F1, COSTS, "model.threshold=0.2"])
def test_the_network_is_the_same(program: Program, rare: Path, setting: str) -> None:
    plain = run_of(program, "train", rare)
    run = run_of(program, "train", rare, setting, POSITIVE)
    assert_same_networks(run, plain)
    assert_same_files(run, plain, "history.csv", "roc_curve.csv")
    metrics, before = (read_json(path / "metrics.json")["test"] for path in (run, plain))
    assert metrics["roc_auc_macro"] == before["roc_auc_macro"]
    assert metrics["loss"] == before["loss"]
    recalls = [part["per_class"]["rare"]["recall"] for part in (metrics, before)]
    assert recalls[0] >= recalls[1]
    assert (recalls[0] > recalls[1]) is (setting != F1)
    assert not {"threshold", "cost"} & before.keys()
    assert "threshold: 0.5" in (plain / "resolved.yaml").read_text()


def test_an_evaluation_of_a_file_has_the_costs_of_its_decisions(program: Program, rare: Path) -> None:
    run = run_of(program, "train", rare, COSTS, POSITIVE)
    model = read_json(run / "model.json")
    assert model["costs"] == [1.0, 10.0]
    rows = predicted(program, str(run))
    assert_decided(rows, model["threshold"])
    scored = program("evaluate", str(run), "--data", "t.csv", "--json").json
    labels = [line.rpartition(",")[2] for line in Path("t.csv").read_text().split()[1:]]
    cost = {("rare", "usual"): 10, ("usual", "rare"): 1}
    pairs = [(label, row["prediction"]) for label, row in zip(labels, rows, strict=True)]
    assert scored["metrics"]["test"]["cost"] == pytest.approx(sum(cost.get(pair, 0) for pair in pairs) / 300)
    evaluated = Path(scored["run"])
    assert read_json(evaluated / "manifest.json")["model"]["positive"] == 0
    thresholds = table(evaluated, "threshold.csv")
    (chosen,) = [row for row in thresholds if float(row["threshold"]) == model["threshold"]]
    assert float(chosen["cost"]) == scored["metrics"]["test"]["cost"]
    assert len(thresholds) <= MAX_SHOWN


def test_another_threshold_for_one_command(program: Program, rare: Path) -> None:
    run = str(run_of(program, "train", rare, F1, POSITIVE))
    for threshold in ("0", "0.25", "1"):
        assert_decided(predicted(program, run, "--threshold", threshold), float(threshold))
    done = program("evaluate", run, "--threshold", "0.25", "--json")
    assert done.json["metrics"]["test"]["threshold"] == 0.25
    assert "metrics.json" not in done.err
    evaluated = Path(program("evaluate", run, "--data", "t.csv", "--threshold", "0.25", "--json").json["run"])
    metrics = read_json(evaluated / "metrics.json")["test"]
    right = accuracy_of(table(evaluated, "predictions.csv"))
    assert (metrics["threshold"], metrics["accuracy"]) == (0.25, pytest.approx(right))


def test_a_wrong_threshold_for_one_command(program: Program, rare: Path, iris: Path) -> None:
    of_three = run_of(program, "train", iris)
    done = program("predict", str(of_three), "t.csv", "--threshold", "0.3")
    assert done.err == f"--threshold: is for two classes, but {of_three} has 3 classes\n"
    for wrong in ("1.5", "half", "nan"):
        done = program("predict", str(of_three), "t.csv", "--threshold", wrong)
        assert (done.code, done.err) == (2, f"--threshold: must be a number from 0 to 1, not '{wrong}'\n")
    done = program("evaluate", str(rare), "--threshold", "0.3")
    assert done.err == "--threshold: only for a run; an experiment has settings of its own\n"


def test_a_number_is_used_as_it_is(program: Program, rare: Path) -> None:
    """The rows that would be needed to choose one may be missing."""
    run = run_of(program, "train", rare, "model.threshold=0.2", "data.split.validation=0")
    assert read_json(run / "model.json")["threshold"] == 0.2
    for row in table(run, "predictions.csv"):
        assert row["prediction"] == ("usual" if float(row["p_usual"]) >= 0.2 else "rare")


@pytest.mark.parametrize("members", [1, 3])
def test_a_network_whose_training_failed_has_the_number_that_is_given(
    program: Program, rare: Path, at_epoch: AtEpoch, members: int
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    at_epoch(3, fail)
    settings = given(POSITIVE, "model.threshold=0.05", f"model.ensemble={members}")
    assert program("train", str(rare), *settings).code == 3
    assert_decided(predicted(program, "latest"), 0.05)
    assert "using the network as trained until then" in program("predict", "latest", "t.csv").err


def test_each_fold_has_its_own_threshold(program: Program, rare: Path) -> None:
    run = run_of(program, "evaluate", rare, COSTS, POSITIVE, FOLDS)
    folds = table(run, "cross_validation.csv")
    thresholds = {(fold["repeat"], fold["fold"]): float(fold["threshold"]) for fold in folds}
    assert len(set(thresholds.values())) == 6
    rows = table(run, "predictions.csv")
    for row in rows:
        assert_decided([row], thresholds[row["repeat"], row["fold"]])
    metrics = read_json(run / "metrics.json")
    assert metrics["test"]["accuracy"] == pytest.approx(accuracy_of(rows))
    mean = np.mean(list(thresholds.values()))
    assert metrics["test"]["threshold"] == pytest.approx(mean)
    assert metrics["cross_validation"]["threshold"]["mean"] == pytest.approx(mean)
    assert metrics["cross_validation"]["cost"]["mean"] == pytest.approx(metrics["test"]["cost"])
    assert metrics["test"]["baseline"]["cost"] == pytest.approx(0.85)  # always rare
    assert 0.5 in [float(row["threshold"]) for row in table(run, "threshold.csv")]


def test_a_fold_whose_validation_rows_are_of_one_class_is_reported(program: Program, rare: Path) -> None:
    """With four rows of the class, some or all of the small validation parts have none."""
    write_rows(rare.with_name("t.csv"), np.arange(260) < 4, 1.2)
    folds = "evaluation.cross_validation={folds: 2, repeats: 1}"
    run = run_of(program, "evaluate", rare, F1, "data.split={validation: 0.05, stratify: false}", folds)
    thresholds = [float(fold["threshold"]) for fold in table(run, "cross_validation.csv")]
    assert 0.5 in thresholds
    metrics = read_json(run / "metrics.json")
    means = metrics["test"]["threshold"], metrics["cross_validation"]["threshold"]["mean"]
    assert means == (np.mean(thresholds),) * 2
    assert [text for text in read_json(run / "manifest.json")["warnings"] if "folds" in text] == [
        f"the validation rows of {thresholds.count(0.5)} of 2 folds are of one class, so no threshold can be "
        "chosen there and 0.5 is used. Write a larger data.split.validation, or a number as model.threshold"
    ]


SEARCH = (
    "search={method: grid, ensemble: {size: 3}, objective: {metric: f1_weighted}, "
    "space: {training.optimizer.learning_rate: {choice: [0.003, 0.1]}}}"
)


def test_a_refit_has_no_rows_to_choose_on(program: Program, rare: Path) -> None:
    """And the objective of a search does not depend on the threshold."""
    costs = "model.threshold={cost: {false_positive: 1, false_negative: 3}}"
    run = run_of(program, "search", rare, SEARCH, POSITIVE, costs)
    (warning,) = [text for text in read_json(run / "manifest.json")["warnings"] if "threshold" in text]
    assert warning.startswith("the refitted winner's threshold is 0.25, the one that costs least if")
    assert read_json(run / "best" / "model.json")["threshold"] == 0.25
    for name in ("best", "ensemble"):
        threshold = read_json(run / name / "model.json")["threshold"]
        assert_decided(table(run / name, "predictions.csv"), threshold)
    validation = read_json(run / "ensemble" / "metrics.json")["validation"]
    assert validation["cost"] <= validation["baseline"]["cost"]
    plain = run_of(program, "search", rare, SEARCH)
    assert (run / "leaderboard.csv").read_bytes() == (plain / "leaderboard.csv").read_bytes()
