"""The contract of all features of an experiment: every command repeats what a training with one gives.

Add a feature to `FEATURES`, with others that it may depend on.
"""

from __future__ import annotations

import csv
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl import load_run
from fnnctl.cli import run as run_program
from fnnctl.modelling.explanations.background import background_of_model
from fnnctl.modelling.saved_model import load_model
from fnnctl.stacks.planning import WorkerPlan
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from tests.contracts.resumable import WEIGHTS, only_run
from tests.program import AtEpoch, Done, Program, read_json
from tests.runs.folding import table

pytestmark = pytest.mark.usefixtures("no_figures")

CONFIG = """\
recipe: classic
data: {source: rows.csv, target: TARGET, columns: {ignore: [OTHERS]}}
model: {hidden: [6], background_rows: 100}
training:
  epochs: 8
  batch_size: 32
  optimizer: {learning_rate: 0.03}
  early_stopping: {monitor: validation_loss, patience: 2}
evaluation: {cross_validation: {folds: 3, repeats: 1}}
search:
  method: grid
  compare_with_default: false
  ensemble: {size: 2}
  objective: {metric: METRIC}
  space: {training.l2: {choice: [0.0001, 0.1]}}
"""
TARGETS = ("two", "many", "amount", "count")
EXPOSURE = "time"
EMBEDDING = "model.numeric_embedding={name: piecewise_linear, bins: 4, size: 3, edges: target, code: both}"
SAME = "the metrics equal those in metrics.json, to the last digit"
FOLDS = ("cross_validation.csv", "history.csv", "predictions.csv", "metrics.json")


@dataclass(frozen=True)
class Feature:
    target: str
    settings: Sequence[str]
    """Those of the feature, as `--set` has them."""
    is_out_of_bag: bool = False
    """Whether there is a bag of rows per member, so that the validation metrics are measured again, too."""
    is_corrected: bool = False
    """Whether probabilities are corrected after the training, which trials leave out; labels stay."""

    @property
    def metric(self) -> str:
        """The one by which a search compares trials."""
        if self.target in ("amount", "count"):
            return "mae" if self.target == "amount" else "deviance"
        return "f1_macro" if self.is_corrected else "log_loss"

    @property
    def words(self) -> list[str]:
        return [word for setting in self.settings for word in ("--set", setting)]

    def config(self, folder: Path) -> str:
        """A config beside a table of four targets, which depend on a number and on one of 25 places."""
        rng, rng_of_counts = np.random.default_rng(7), np.random.default_rng(8)
        effects = rng.normal(size=25)
        with (folder / "rows.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["place", "number", "day", *TARGETS, EXPOSURE])
            for row in range(150):
                place, number = int(rng.integers(25)), rng.normal()
                score = effects[place] + number + 0.5 * rng.normal()
                cells = ["" if rng.random() < 0.1 else f"p{place}", f"{number:.4f}", row * 7 % 24]
                classes = ["yes" if score > 0.5 else "no", "abc"[int(np.digitize(score, [-0.5, 0.5]))]]
                time = rng_of_counts.uniform(0.1, 30.0)
                count = rng_of_counts.poisson(time * np.exp(score))
                writer.writerow([*cells, *classes, f"{np.exp(score):.4f}", count, f"{time:.3f}"])
        columns = TARGETS if self.target == "count" else (*TARGETS, EXPOSURE)
        others = ", ".join(column for column in columns if column != self.target)
        text = CONFIG.replace("TARGET", self.target).replace("OTHERS", others)
        (folder / "x.yaml").write_text(text.replace("METRIC", self.metric))
        return str(folder / "x.yaml")


FEATURES = {
    "a regression": Feature("amount", ()),
    "an ensemble": Feature(
        "many", ("model.ensemble=3", "model.calibration=temperature", "training.averaging=ema")
    ),
    "bags": Feature(
        "many",
        (
            "model.ensemble={members: 3, bags: true}",
            "model.calibration=shrunk_temperature",
            "training.class_weights=balanced",
            "data.split.group=day",
        ),
        is_out_of_bag=True,
        is_corrected=True,
    ),
    "ordered classes": Feature(
        "many",
        (
            "data.class_order=[c, a, b]",
            "model.ensemble={members: 3, bags: true}",
            "model.calibration=shrunk_temperature",
            "training.mixup=0.2",
        ),
        is_out_of_bag=True,
    ),
    "plain twins": Feature(
        "two",
        ("model.ensemble={members: 2, bags: true, plain_twins: true}", EMBEDDING, "model.threshold=f1"),
        is_out_of_bag=True,
    ),
    "twins without bags": Feature(
        "amount",
        (
            "model.ensemble={members: 2, plain_twins: true}",
            EMBEDDING,
            "data.category_encoding=target",
            "data.target_transform=quantile",
        ),
    ),
    "shared weights": Feature(
        "many", ("model.ensemble={members: 3, share_weights: true}", "model.calibration=temperature")
    ),
    "shared weights of numbers": Feature(
        "amount", ("model.ensemble={members: 3, share_weights: true}", "model.clip_outputs=true")
    ),
    "counts of an exposure": Feature(
        "count",
        (
            "model.output=poisson",
            f"data.exposure={EXPOSURE}",
            "model.ensemble={members: 3, bags: true, plain_twins: true}",
            EMBEDDING,
            "data.category_encoding=target",
            "model.clip_outputs=true",
        ),
        is_out_of_bag=True,
    ),
    "class weights": Feature(
        "two",
        ("training.class_weights={yes: 9}", "data.positive_class=yes", "data.split.by=day"),
        is_corrected=True,
    ),
    "costs": Feature("two", ("model.threshold={cost: {false_positive: 1, false_negative: 10}}",)),
    "limits of a transformed target": Feature(
        "amount",
        (
            "model.ensemble={members: 3, bags: true}",
            "model.clip_outputs=true",
            "data.target_transform=log",
            "model.output=huber",
        ),
        is_out_of_bag=True,
    ),
    "statistics of the target": Feature(
        "many",
        ("data.category_encoding=target", EMBEDDING, "training.class_weights=balanced"),
        is_corrected=True,
    ),
    "statistics without hidden layers": Feature(
        "amount",
        (
            "data.category_encoding=target",
            "model.hidden=[]",
            "training.optimizer=lbfgs",
            "training.batch_size=auto",
            "data.weights=day",
            "model.output=absolute",
        ),
    ),
    "groups of rows": Feature(
        "two",
        (
            "evaluation.groups=[many, amount]",
            "data.columns.ignore=[place, many, amount]",
            "model.ensemble={members: 2, bags: true}",
        ),
        is_out_of_bag=True,
    ),
    "layers": Feature(
        "many",
        (
            "model.hidden=[{units: 8, activation: {name: maxout, pieces: 3}, normalization: batch}, "
            "{units: 8, activation: {name: prelu, shared: true}, normalization: {name: layer, epsilon: 1}}, "
            "{units: 8, activation: {name: elu, alpha: 0.7}, dropout: 0.3}, {units: 8, activation: selu}, "
            "{units: 8, activation: {name: leaky_relu, slope: 0.3}}, {units: 5, activation: mish}]",
            "model.residual=true",
            "model.scaling_layer=true",
            "training.precision=float64",
            "training.max_rows=60",
            "data.scaling=robust",
            "data.imputation=mean",
        ),
    ),
    "one output": Feature(
        "two",
        (
            "model.output={name: logistic, positive_class: no}",
            "model.calibration=temperature",
            "training.input_noise=0.1",
            "training.mixup=0.2",
            "data.scaling=minmax",
        ),
    ),
}


@pytest.fixture(scope="module", params=FEATURES)
def feature(request: pytest.FixtureRequest) -> Feature:
    return FEATURES[request.param]


@pytest.fixture(scope="module")
def trained(feature: Feature, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training with the feature, which tests only read."""
    folder = tmp_path_factory.mktemp("trained")
    words = [feature.config(folder), "--runs-dir", str(folder / "runs"), *feature.words]
    assert run_program(["train", *words, "--quiet", "--no-figures"]) == 0
    return only_run(folder)


def run_of(done: Done) -> Path:
    assert done.code == 0, done.err
    return Path(done.json["run"])


def assert_same_files(run: Path, expected: Path, names: Sequence[str] = WEIGHTS) -> None:
    for name in names:
        assert (run / name).read_bytes() == (expected / name).read_bytes(), name


def assert_keeps_training_rows(run: Path) -> None:
    """The rows that the model keeps are those that are drawn if the data are read again."""
    model = load_model(RunFolder(run), pytest.fail)
    kept, read = (
        background_of_model(kind, instead="") for kind in (model, replace(model, background_arrays={}))
    )
    assert kept.columns == read.columns
    for kept_part, read_part in zip(kept.features, read.features, strict=True):
        np.testing.assert_array_equal(kept_part, read_part)


def test_the_resolved_settings_repeat_the_run(program: Program, trained: Path) -> None:
    again = run_of(program("train", str(trained / "resolved.yaml"), "--json"))
    assert_same_files(again, trained, [*WEIGHTS, "resolved.yaml"])


def test_an_evaluation_repeats_the_metrics(program: Program, feature: Feature, trained: Path) -> None:
    done = program("evaluate", str(trained), "--json")
    assert done.code == 0
    recorded = read_json(trained / "metrics.json")
    assert done.json["metrics"]["test"] == recorded["test"]
    assert [line for line in done.err.splitlines() if SAME in line] == (
        [SAME, f"out-of-bag: {SAME}"] if feature.is_out_of_bag else [SAME]
    )


def test_predictions_are_those_of_the_run(program: Program, trained: Path) -> None:
    """Of a file and of records, together and alone."""
    rows = trained.parent.parent / "rows.csv"
    done = program("predict", str(trained), str(rows))
    assert done.code == 0, done.err
    predicted = [*csv.DictReader(done.out.splitlines())]
    for row in table(trained, "predictions.csv"):
        assert {name: row[name] for name in predicted[0]} == predicted[int(row["row"])]
    predictor = load_run(trained).predictor
    records: list[dict[str, Any]] = table(rows.parent, rows.name)
    read = predictor.predict_proba if predictor.classes else predictor.predict
    columns = [name for name in predicted[0] if name.startswith("p_")] or ["prediction"]
    expected = np.squeeze([[float(row[name]) for name in columns] for row in predicted])
    np.testing.assert_array_equal(read(records), expected)
    np.testing.assert_array_equal([read(record)[0] for record in records[:9]], expected[:9])


def test_contributions_sum_to_the_predictions(trained: Path) -> None:
    predictor = load_run(trained).predictor
    records: list[dict[str, Any]] = table(trained.parent.parent, "rows.csv")[:5]
    contributions = predictor.contributions(records)
    without_exposures = [{k: v for k, v in record.items() if k != predictor.exposure} for record in records]
    expected = predictor.predict(without_exposures)  # contributions are to rates
    if predictor.classes:
        probabilities = predictor.predict_proba(records)
        of_predicted = probabilities[np.arange(5), [predictor.classes.index(name) for name in expected]]
        expected = np.log(of_predicted / (1 - of_predicted))
    sums = contributions.base + contributions.effects.sum(axis=1)
    np.testing.assert_allclose(sums, expected, rtol=1e-9, atol=1e-9)
    assert_keeps_training_rows(trained)


def test_the_rows_of_the_run_have_not_shifted(program: Program, trained: Path, tmp_path: Path) -> None:
    """All columns are compared. Predictions are, too, but most of these rows were trained on."""
    rows = trained.parent.parent / "rows.csv"
    assert program("predict", str(trained), str(rows), "--drift", "drift.csv").code == 0
    *columns, predictions = table(tmp_path, "drift.csv")
    assert {row["column"] for row in columns} == {*load_run(trained).predictor.feature_names}
    shifted = {row["column"] for row in columns if row["shifted"] == "true"}
    assert shifted <= {"day"}  # a split by it tests the last days
    assert predictions["kind"] == "prediction"


@pytest.mark.usefixtures("keep_all")
def test_an_interrupted_training_ends_with_the_same_bits(
    program: Program, feature: Feature, trained: Path, tmp_path: Path, at_epoch: AtEpoch
) -> None:
    at_epoch(3, lambda: signal.raise_signal(signal.SIGTERM))
    assert program("train", feature.config(tmp_path), *feature.words).code == 128 + signal.SIGTERM
    run = run_of(program("train", "--resume", "latest", "--json"))
    assert " resumed from epoch 3\n" in (run / "log.txt").read_text()
    assert_same_files(run, trained)


def test_folds_have_the_same_bits_in_any_stacks(
    program: Program, feature: Feature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together; or each alone, by two workers that go on with what an interrupted run kept."""
    words = ("evaluate", feature.config(tmp_path), *feature.words)
    together = run_of(program(*words, "--workers", "1", "--json"))

    def plan_alone(fits: Sequence[object], **_: int) -> tuple[WorkerPlan, list[list[int]]]:
        return WorkerPlan("threads", 2), [[fold] for fold in range(len(fits))]

    def interrupt(run: OpenRun, first_fold: int, arrays: Any) -> None:
        write(run, first_fold, arrays)
        signal.raise_signal(signal.SIGTERM)

    write = OpenRun.write_fold_file
    monkeypatch.setattr("fnnctl.runs.cross_validation.plan_folds", plan_alone)
    with monkeypatch.context() as patch:
        patch.setattr(OpenRun, "write_fold_file", interrupt)
        assert program(*words, "--workers", "2").code == 128 + signal.SIGTERM
    alone = run_of(program("evaluate", "--resume", "latest", "--workers", "2", "--json"))
    assert_same_files(alone, together, FOLDS)


def test_a_search_measures_and_refits_what_train_trains(
    program: Program, feature: Feature, trained: Path, tmp_path: Path
) -> None:
    """A trial is one network; the refit has all members."""
    config = feature.config(tmp_path)
    settings = (*feature.words, "--set", "training.early_stopping=null")  # a trial is measured at its end
    done = program("search", config, *settings, "--workers", "1", "--json")
    searched = run_of(done)
    for name in ("best", "ensemble"):
        assert SAME in program("evaluate", str(searched / name)).err.splitlines()
        assert_keeps_training_rows(searched / name)
    again = run_of(program("train", str(searched / "best" / "resolved.yaml"), "--json"))
    assert_same_files(
        again, searched / "best", ["model.npz", "model.json", "metrics.json", "predictions.csv"]
    )
    networks = [read_json(run / "manifest.json")["model"]["networks"] for run in (again, trained)]
    assert networks[0] == networks[1]
    best = done.json["best"]
    changes = {**best["configuration"], "model.ensemble": 1, "model.calibration": "none"}
    words = [word for path, value in changes.items() for word in ("--set", f"{path}={value}")]
    alone = program("train", config, *settings, *words, "--json").json
    assert alone["metrics"]["validation"][feature.metric] == pytest.approx(best["objective"], rel=1e-5)
