"""`model.threshold` and `data.positive_class` in every command that trains or predicts."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from fnnctl.metrics.decisions import MAX_SHOWN
from fnnctl.modelling.predictor import score_parts
from fnnctl.store.names import MODEL
from fnnctl.tasks.classification.scores import ClassScores
from tests.program import AtEpoch, Program, read_json
from tests.runs.searching import RATE, search, write_config

COSTS = "model.threshold={cost: {false_positive: 1, false_negative: 10}}"
F1 = "model.threshold=f1"
SPACE = {RATE: {"log_uniform": [0.003, 0.3]}}
POSITIVE = "data.positive_class=rare"


@pytest.fixture
def rare(tmp_path: Path) -> Path:
    """A config for 300 rows, 45 of them of the class `rare`, which is the first of two."""
    rng = np.random.default_rng(3)
    is_rare = np.arange(300) % 20 < 3
    values = rng.normal(size=(300, 2)) + 1.2 * is_rare[:, None]
    names = np.where(is_rare, "rare", "usual").tolist()
    rows = [f"{a:.3f},{b:.3f},{name}" for (a, b), name in zip(values.tolist(), names, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    path = tmp_path / "rare.yaml"
    path.write_text(
        "recipe: classic\ndata: {source: t.csv, target: y, split: {validation: 0.3}}\nmodel: {hidden: [8]}\n"
        "training: {epochs: 12, batch_size: 32, early_stopping: null, optimizer: {learning_rate: 0.02}}\n"
    )
    return path


def given(*changes: str) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def run_of(program: Program, command: str, config: Path, *changes: str) -> Path:
    done = program(command, str(config), *given(*changes), "--json", "--quiet")
    assert done.code == 0, done.err
    return Path(done.json["run"])


def predictions(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def assert_decided(rows: list[dict[str, str]], threshold: float) -> None:
    for row in rows:
        assert row["prediction"] == ("rare" if float(row["p_rare"]) >= threshold else "usual")


@pytest.mark.parametrize("calibration", ["none", "temperature"])
def test_a_threshold_is_chosen_on_the_validation_part(
    program: Program, rare: Path, monkeypatch: pytest.MonkeyPatch, calibration: str
) -> None:
    kept: dict[str, Any] = {}

    def score(*arguments: Any) -> Any:
        parts = score_parts(*arguments)
        kept.update(parts)
        return parts

    monkeypatch.setattr("fnnctl.runs.training.score_parts", score)
    run = run_of(program, "train", rare, F1, POSITIVE, f"model.calibration={calibration}")
    model, metrics = read_json(run / MODEL), read_json(run / "metrics.json")
    threshold, part = model["threshold"], kept["validation"]
    assert isinstance(part, ClassScores)
    assert (model["positive_class"], model["positive"], model["costs"]) == ("rare", None, None)
    is_rare, scores = part.labels == 0, part.probabilities[:, 0]
    best = max(f1_score(is_rare, scores >= each) for each in scores)
    assert f1_score(is_rare, scores >= threshold) == pytest.approx(best)
    assert metrics["validation"]["per_class"]["rare"]["f1"] == pytest.approx(best)
    assert {metrics[name]["threshold"] for name in ("train", "validation", "test")} == {threshold}
    rows = predictions(run / "predictions.csv")
    assert_decided(rows, threshold)
    right = np.mean([row["label"] == row["prediction"] for row in rows])
    assert metrics["test"]["accuracy"] == pytest.approx(right)
    assert read_json(run / "manifest.json")["model"]["positive"] == 0


def test_the_network_is_the_same(program: Program, rare: Path) -> None:
    plain = run_of(program, "train", rare)
    for change in (F1, COSTS, "model.threshold=0.2"):
        run = run_of(program, "train", rare, change, POSITIVE)
        for name in ("model.npz", "history.csv", "roc_curve.csv"):
            assert (run / name).read_bytes() == (plain / name).read_bytes()
        own, metrics = (read_json(each / "metrics.json")["test"] for each in (run, plain))
        assert own["roc_auc_macro"] == metrics["roc_auc_macro"]
        assert own["loss"] == metrics["loss"]
        recall, before = (each["per_class"]["rare"]["recall"] for each in (own, metrics))
        assert recall >= before
        assert (recall > before) or change == F1
        assert not {"threshold", "cost"} & metrics.keys()
    assert "threshold: 0.5" in (plain / "resolved.yaml").read_text()


def test_predict_and_evaluate_decide_as_train_does(program: Program, rare: Path) -> None:
    run = run_of(program, "train", rare, COSTS, POSITIVE)
    model = read_json(run / MODEL)
    assert model["costs"] == [1.0, 10.0]
    assert program("predict", str(run), "t.csv", "--output", "p.csv").code == 0
    predicted = predictions(Path("p.csv"))
    assert_decided(predicted, model["threshold"])
    for row in predictions(run / "predictions.csv"):
        assert predicted[int(row["row"])]["prediction"] == row["prediction"]
    assert "to the last digit" in program("evaluate", str(run)).err
    scored = program("evaluate", str(run), "--data", "t.csv", "--json").json
    labels = [line.rpartition(",")[2] for line in Path("t.csv").read_text().split()[1:]]
    cost = {("rare", "usual"): 10, ("usual", "rare"): 1}
    pairs = [(label, row["prediction"]) for label, row in zip(labels, predicted, strict=True)]
    assert scored["metrics"]["test"]["cost"] == pytest.approx(sum(cost.get(pair, 0) for pair in pairs) / 300)
    manifest = read_json(Path(scored["run"], "manifest.json"))
    assert manifest["model"]["positive"] == 0
    table = predictions(Path(scored["run"], "threshold.csv"))
    (chosen,) = [row for row in table if float(row["threshold"]) == model["threshold"]]
    assert float(chosen["cost"]) == scored["metrics"]["test"]["cost"]
    assert len(table) <= MAX_SHOWN


def test_another_threshold_for_one_command(program: Program, rare: Path, iris: Path) -> None:
    run = run_of(program, "train", rare, F1, POSITIVE)
    for threshold, count in (("0", 300), ("0.25", None), ("1", 0)):
        assert program("predict", str(run), "t.csv", "--threshold", threshold, "-o", "p.csv").code == 0
        rows = predictions(Path("p.csv"))
        assert_decided(rows, float(threshold))
        assert count in {None, sum(row["prediction"] == "rare" for row in rows)}
    done = program("evaluate", str(run), "--threshold", "0.25", "--json")
    assert done.json["metrics"]["test"]["threshold"] == 0.25
    assert "metrics.json" not in done.err
    done = program("evaluate", str(run), "--data", "t.csv", "--threshold", "0.25", "--json")
    own = read_json(Path(done.json["run"], "metrics.json"))["test"]
    right = np.mean(
        [row["label"] == row["prediction"] for row in predictions(Path(done.json["run"], "predictions.csv"))]
    )
    assert (own["threshold"], own["accuracy"]) == (0.25, pytest.approx(right))
    of_three = run_of(program, "train", iris)
    done = program("predict", str(of_three), "t.csv", "--threshold", "0.3")
    assert done.code == 2
    assert done.err == f"--threshold: is for two classes, but {of_three} has 3 classes\n"
    for wrong in ("1.5", "half", "nan"):
        done = program("predict", str(run), "t.csv", "--threshold", wrong)
        assert (done.code, done.err) == (2, f"--threshold: must be a number from 0 to 1, not '{wrong}'\n")
    done = program("evaluate", str(rare), "--threshold", "0.3")
    assert done.err == "--threshold: only for a run; an experiment has settings of its own\n"


def test_a_number_is_used_as_it_is(program: Program, rare: Path) -> None:
    """The rows that would be needed to choose one may be missing."""
    run = run_of(program, "train", rare, "model.threshold=0.2", "data.split.validation=0")
    assert read_json(run / MODEL)["threshold"] == 0.2
    for row in predictions(run / "predictions.csv"):
        assert row["prediction"] == ("usual" if float(row["p_usual"]) >= 0.2 else "rare")
    again = program("train", str(run / "resolved.yaml"), "--json").json["run"]
    assert Path(again, "metrics.json").read_bytes() == (run / "metrics.json").read_bytes()


def test_a_run_of_an_older_version_has_no_threshold(program: Program, rare: Path) -> None:
    run = run_of(program, "train", rare)
    model = read_json(run / MODEL)
    assert [model.pop(name) for name in ("threshold", "positive_class", "costs")] == [None, "usual", None]
    (run / MODEL).write_text(json.dumps(model))
    assert "to the last digit" in program("evaluate", str(run)).err


@pytest.mark.parametrize("bags", [False, True])
def test_an_ensemble_has_one_threshold_for_its_mean(program: Program, rare: Path, bags: bool) -> None:
    members = f"model.ensemble={{members: 3, bags: {str(bags).lower()}}}"
    changes = (F1, POSITIVE, members) if not bags else (F1, POSITIVE, members, "data.split.validation=0")
    run = run_of(program, "train", rare, *changes)
    model = read_json(run / MODEL)
    assert model["parts"][0]["network"]["threshold"] is None
    assert model["parts"][0]["network"]["positive_class"] == "rare"
    assert_decided(predictions(run / "predictions.csv"), model["threshold"])
    told = program("evaluate", str(run)).err
    assert told.count("to the last digit") == 1 + bags


@pytest.mark.parametrize("members", [1, 3])
def test_a_network_whose_training_failed_has_the_number_that_is_given(
    program: Program, rare: Path, at_epoch: AtEpoch, members: int
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    at_epoch(3, fail)
    changes = (POSITIVE, "model.threshold=0.05", f"model.ensemble={members}")
    words = [word for change in changes for word in ("--set", change)]
    assert program("train", str(rare), *words).code == 3
    done = program("predict", "latest", "t.csv", "-o", "p.csv")
    assert done.code == 0, done.err
    assert "using the network as trained until then" in done.err
    assert_decided(predictions(Path("p.csv")), 0.05)


def test_each_fold_has_its_own_threshold(program: Program, rare: Path) -> None:
    changes = (COSTS, POSITIVE, "evaluation.cross_validation={folds: 3, repeats: 2}")
    run = run_of(program, "evaluate", rare, *changes)
    folds = predictions(run / "cross_validation.csv")
    thresholds = {(fold["repeat"], fold["fold"]): float(fold["threshold"]) for fold in folds}
    assert len(set(thresholds.values())) == 6
    rows = predictions(run / "predictions.csv")
    for row in rows:
        assert_decided([row], thresholds[row["repeat"], row["fold"]])
    metrics = read_json(run / "metrics.json")
    right = np.mean([row["label"] == row["prediction"] for row in rows])
    assert metrics["test"]["accuracy"] == pytest.approx(right)
    mean = np.mean(list(thresholds.values()))
    assert metrics["test"]["threshold"] == pytest.approx(mean)
    assert metrics["cross_validation"]["threshold"]["mean"] == pytest.approx(mean)
    assert metrics["cross_validation"]["cost"]["mean"] == pytest.approx(metrics["test"]["cost"])
    assert metrics["test"]["baseline"]["cost"] == pytest.approx(0.85)  # always rare
    with (run / "threshold.csv").open(newline="") as file:
        assert 0.5 in [float(row["threshold"]) for row in csv.DictReader(file)]


def test_a_fold_whose_validation_rows_are_of_one_class_is_reported(program: Program, rare: Path) -> None:
    """With four rows of the class, some or all of the small validation parts have none."""
    lines = Path("t.csv").read_text().splitlines()
    few = [line for line in lines if line.endswith("rare")][:4]
    usual = [line for line in lines if line.endswith("usual")]
    Path("t.csv").write_text("\n".join([lines[0], *few, *usual]) + "\n")
    folds = "evaluation.cross_validation={folds: 2, repeats: 1}"
    changes = (F1, "data.split={validation: 0.05, stratify: false}", folds)
    run = run_of(program, "evaluate", rare, *changes)
    thresholds = [float(fold["threshold"]) for fold in predictions(run / "cross_validation.csv")]
    assert 0.5 in thresholds
    metrics = read_json(run / "metrics.json")
    means = metrics["test"]["threshold"], metrics["cross_validation"]["threshold"]["mean"]
    assert means == (np.mean(thresholds),) * 2
    told = [text for text in read_json(run / "manifest.json")["warnings"] if "folds" in text]
    assert told == [
        f"the validation rows of {thresholds.count(0.5)} of 2 folds are of one class, so no threshold can be "
        "chosen there and 0.5 is used. Write a larger data.split.validation, or a number as model.threshold"
    ]


def test_a_refit_has_no_rows_to_choose_on(tmp_path: Path, rare: Path, program: Program) -> None:
    settings = {
        "method": "random",
        "trials": 3,
        "space": {RATE: {"log_uniform": [0.003, 0.3]}},
        "ensemble": {"size": 3},
    }
    data = {"source": "t.csv", "target": "y", "positive_class": "rare"}
    wanted = {"cost": {"false_positive": 1.0, "false_negative": 3.0}}
    config = write_config(tmp_path / "s.yaml", data=data, search=settings, model={"threshold": wanted})
    folder = search(config, "--executor", "serial")
    told = [text for text in read_json(folder / "manifest.json")["warnings"] if "threshold" in text]
    assert len(told) == 1
    assert told[0].startswith("the refitted winner's threshold is 0.25, the one that costs least if")
    assert read_json(folder / "best" / MODEL)["threshold"] == 0.25
    assert_decided(predictions(folder / "best" / "predictions.csv"), 0.25)
    ensemble = read_json(folder / "ensemble" / MODEL)
    assert_decided(predictions(folder / "ensemble" / "predictions.csv"), ensemble["threshold"])
    metrics = read_json(folder / "ensemble" / "metrics.json")
    assert metrics["validation"]["cost"] <= metrics["validation"]["baseline"]["cost"]
    assert "to the last digit" in program("evaluate", str(folder / "ensemble")).err


def test_the_objective_of_a_search_does_not_depend_on_it(tmp_path: Path, rare: Path) -> None:
    settings = {"method": "random", "trials": 2, "space": SPACE}
    data = {"source": "t.csv", "target": "y"}
    boards = []
    for number, threshold in enumerate((0.5, 0.2)):
        objective = {"metric": "f1_weighted"}
        own = {**settings, "objective": objective}
        config = write_config(
            tmp_path / f"{number}" / "s.yaml",
            data={**data, "source": "../t.csv"},
            search=own,
            model={"threshold": threshold},
        )
        boards.append((search(config, "--executor", "serial") / "leaderboard.csv").read_bytes())
    assert boards[0] == boards[1]


@pytest.mark.figures
def test_the_figure(program: Program, rare: Path, iris: Path) -> None:
    run = run_of(program, "train", rare, F1)
    assert (run / "threshold.png").read_bytes().startswith(b"\x89PNG")
    shown = program("report", str(run), "--verbose").out
    assert "threshold.png" in shown
    assert "threshold.csv" not in [path.name for path in run_of(program, "train", iris).iterdir()]


def best_f1_of(rows: list[dict[str, str]]) -> float:
    """The largest F1 that any threshold gives, by scikit-learn."""
    is_rare = np.array([row["label"] == "rare" for row in rows])
    scores = np.array([float(row["p_rare"]) for row in rows])
    return float(max(f1_score(is_rare, scores >= threshold) for threshold in np.unique(scores)))


def test_the_largest_f1_is_that_of_all_thresholds(program: Program, rare: Path) -> None:
    """The rows of a class of 1 in 100 have low probabilities, and threshold.csv has few thresholds."""
    rng = np.random.default_rng(5)
    is_rare = rng.random(2000) < 0.01
    values = rng.normal(size=(2000, 2)) + is_rare[:, None]
    names = np.where(is_rare, "rare", "usual").tolist()
    rows = [f"{a:.3f},{b:.3f},{name}" for (a, b), name in zip(values.tolist(), names, strict=True)]
    Path("t.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    run = run_of(program, "train", rare, POSITIVE, "data.split={validation: 0.2, test: 0.5}")
    best = read_json(run / "metrics.json")["test"]["best_f1"]
    assert best["f1"] == pytest.approx(best_f1_of(predictions(run / "predictions.csv")))
    table = {float(row["threshold"]): row for row in predictions(run / "threshold.csv")}
    assert len(table) <= MAX_SHOWN
    assert (
        float(table[best["threshold"]]["f1"]) == best["f1"] == max(float(row["f1"]) for row in table.values())
    )
    report = " ".join(program("report", str(run)).out.split())
    assert f"F1 of 'rare' is largest, {best['f1']:.4f}, at a threshold of {best['threshold']:.4f}" in report


def test_the_largest_f1_of_a_cross_validation_is_a_mean_over_repeats(program: Program, rare: Path) -> None:
    run = run_of(program, "evaluate", rare, POSITIVE, "evaluation.cross_validation={folds: 3, repeats: 2}")
    best = read_json(run / "metrics.json")["test"]["best_f1"]
    rows = predictions(run / "predictions.csv")
    repeats = [[row for row in rows if row["repeat"] == repeat] for repeat in ("1", "2")]
    at_best = [
        f1_score(
            [row["label"] == "rare" for row in part],
            [float(row["p_rare"]) >= best["threshold"] for row in part],
        )
        for part in repeats
    ]
    assert best["f1"] == pytest.approx(np.mean(at_best))
    assert best["f1"] <= np.mean([best_f1_of(part) for part in repeats]) + 1e-12
    table = predictions(run / "threshold.csv")
    assert best["f1"] == max(float(row["f1"]) for row in table)
