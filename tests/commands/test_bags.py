"""`bags: true`: the rows outside the test part are all learned, and validation is out-of-bag."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.special import logsumexp, softmax
from sklearn.metrics import accuracy_score, log_loss, r2_score

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.ensemble import EnsembleConfig
from fnnctl.executors.registry import ExecutorKind
from fnnctl.modelling.fit import Fit
from fnnctl.nn.shape import OutputShape
from fnnctl.seeds import member_seed
from fnnctl.stacks.work import TrainedStack, train_fits
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import OutputDecoder
from fnnctl.tasks.temperature import PRIOR_ROWS, fit_temperature
from tests.modelling.prepared import Prepared, prepare
from tests.program import Interrupt, Program, read_json
from tests.runs.ensembles import WORKERS, assert_same_folds, run_of
from tests.runs.folding import SMALL, table
from tests.runs.resuming import assert_same_bits, resumed_from

pytestmark = pytest.mark.usefixtures("no_figures")

BAGS = ("--set", "model.ensemble={members: 7, bags: true}")
STEEP = ("--set", "training.optimizer.learning_rate=0.1", "--set", "training.class_weights=balanced")


def trained_apart(prepared: Prepared) -> list[TrainedStack]:
    """Each member trained as a single network on the rows of its bag, with the ensemble's preprocessing."""
    fit, data, found = prepared.fit, prepared.data, []
    alone = prepared.experiment.model.model_copy(update={"ensemble": EnsembleConfig()})
    experiment = prepared.experiment.model_copy(update={"model": alone})
    for number, bag in enumerate(fit.bags(data)):
        seed = member_seed(fit.seed, number)
        own = Fit.of(data, experiment, bag, seed=seed, preprocessor=fit.preprocessor)
        found.append(train_fits(data, [replace(own, decoder=fit.decoder)]))
    return found


def out_of_bag_outputs(prepared: Prepared) -> tuple[FloatArray, FloatArray]:
    """The outputs of the validation rows, each by the network that has not learned it, and their targets."""
    outputs, targets = [], []
    bags = prepared.fit.bags(prepared.data)
    for stack, bag in zip(trained_apart(prepared), bags, strict=True):
        batches = stack.predictor(0, *stack.final_weights(0)).pool_scores(stack.pool, bag.validation)
        outputs += [batch.astype(np.float64) for batch in batches]
        targets.append(prepared.data.targets[bag.validation])
    return np.concatenate(outputs), np.concatenate(targets)


@pytest.fixture
def diabetes(tmp_path: Path) -> Path:
    path = tmp_path / "diabetes.yaml"
    path.write_text(
        "recipe: classic\ndata: {source: diabetes}\n"
        "model: {hidden: [8], ensemble: {members: 5, bags: true}}\n"
        "training: {epochs: 15, optimizer: {learning_rate: 0.01}}\n"
    )
    return path


def test_members_have_the_bits_of_networks_that_are_trained_alone_on_their_rows(iris: Path) -> None:
    never = "training.early_stopping=null"
    prepared = prepare(iris, [BAGS[1], STEEP[1], STEEP[3], never])
    together = train_fits(prepared.data, [prepared.fit])
    for number, stack in enumerate(trained_apart(prepared)):
        (alone,) = stack.trained
        assert alone.parameters.tobytes() == together.trained[number].parameters.tobytes()


def test_validation_metrics_of_a_classification_are_out_of_bag(program: Program, iris: Path) -> None:
    never = "training.early_stopping=null"
    run = run_of(program, "train", str(iris), *BAGS, *STEEP, "--set", never)
    prepared = prepare(iris, [BAGS[1], STEEP[1], STEEP[3], never])
    outputs, targets = out_of_bag_outputs(prepared)
    metrics = read_json(run / "metrics.json")["validation"]
    assert metrics["support"] == len(targets) == 119  # seven folds of 17 of the 120 rows
    p = softmax(outputs, axis=1)
    np.testing.assert_allclose(metrics["accuracy"], accuracy_score(targets, p.argmax(axis=1)))
    np.testing.assert_allclose(metrics["log_loss"], log_loss(targets, p), rtol=1e-6)
    last = table(run, "history.csv")[-1]
    np.testing.assert_allclose(float(last["validation_loss"]), metrics["loss"], rtol=1e-6)
    assert float(last["validation_accuracy"]) == metrics["accuracy"]


def test_validation_metrics_of_a_regression_are_out_of_bag(program: Program, diabetes: Path) -> None:
    never = "training.early_stopping=null"
    run = run_of(program, "train", str(diabetes), "--set", never)
    prepared = prepare(diabetes, [never])
    outputs, targets = out_of_bag_outputs(prepared)
    scale = prepared.fit.decoder.scale
    assert scale is not None
    expected = r2_score(targets, outputs[:, 0] * scale.deviation + scale.mean)
    metrics = read_json(run / "metrics.json")["validation"]
    np.testing.assert_allclose(metrics["r2"], expected, rtol=1e-6)
    assert read_json(run / "manifest.json")["data"]["parts"] == {"train": 354, "validation": 350, "test": 88}


def test_members_end_at_the_epoch_with_the_least_out_of_bag_loss(program: Program, iris: Path) -> None:
    longer = ("--set", "training.epochs=200", "--set", "training.early_stopping.patience=5")
    run = run_of(program, "train", str(iris), *BAGS, *STEEP, *longer)
    losses = [float(row["validation_loss"]) for row in table(run, "history.csv")]
    training = read_json(run / "manifest.json")["training"]
    best = int(np.argmin(losses)) + 1
    assert (training["best_epoch"], training["epochs"]) == (best, best + 5)
    np.testing.assert_allclose(read_json(run / "metrics.json")["validation"]["loss"], min(losses), rtol=1e-6)


def test_the_temperature_is_fitted_to_the_out_of_bag_predictions(program: Program, iris: Path) -> None:
    settings = ("training.early_stopping=null", "model.calibration=temperature")
    more = [word for setting in settings for word in ("--set", setting)]
    run = run_of(program, "train", str(iris), *BAGS, *STEEP, *more)
    outputs, targets = out_of_bag_outputs(prepare(iris, [BAGS[1], STEEP[1], STEEP[3], *settings]))
    temperature = read_json(run / "model.json")["temperature"]

    def loss(t: float) -> float:
        z = outputs / t
        return float(np.mean(logsumexp(z, axis=1) - z[np.arange(len(z)), targets]))

    assert loss(temperature) < min(loss(temperature * 0.99), loss(temperature * 1.01))
    np.testing.assert_allclose(
        read_json(run / "metrics.json")["validation"]["loss"], loss(temperature), rtol=1e-6
    )


@pytest.mark.parametrize("test", ["0.2", "0"])
def test_the_saved_model_gives_the_out_of_bag_scores_again(program: Program, iris: Path, test: str) -> None:
    calibrated = ("--set", "model.calibration=temperature", "--set", f"data.split.test={test}")
    run = run_of(program, "train", str(iris), *BAGS, *STEEP, *calibrated)
    done = program("evaluate", str(run), "--json")
    assert done.code == 0
    recorded = read_json(run / "metrics.json")
    assert done.json["metrics"] == {**recorded, "train": None}
    same = "the metrics equal those in metrics.json, to the last digit"
    assert done.err.splitlines() == ([same] if test == "0.2" else []) + [f"out-of-bag: {same}"]


def test_the_resolve_repeats_the_run(program: Program, iris: Path) -> None:
    run = run_of(program, "train", str(iris), *BAGS, "--set", "data.split.validation=0")
    again = run_of(program, "train", str(run / "resolved.yaml"))
    for name in ("model.npz", "predictions.csv", "history.csv", "metrics.json", "resolved.yaml"):
        assert (run / name).read_bytes() == (again / name).read_bytes(), name
    assert "validation" not in yaml.safe_load((run / "resolved.yaml").read_text())["data"]["split"]


@pytest.mark.usefixtures("keep_all")
@pytest.mark.parametrize("epoch", [1, 12])
def test_an_interrupted_training_ends_with_the_bits_of_an_uninterrupted_one(
    program: Program, config: Path, interrupt: Interrupt, epoch: int
) -> None:
    bags = ("--set", "model.ensemble={members: 3, bags: true}")
    undisturbed = run_of(program, "train", str(config), *bags, "--runs-dir", "undisturbed")
    run = interrupt(epoch, *bags)
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == [f"epoch {epoch}"]
    assert_same_bits(run, undisturbed)


@pytest.mark.parametrize("calibration", ["temperature", "shrunk_temperature"])
@pytest.mark.parametrize("plan", WORKERS)
def test_a_cross_validation_has_the_same_bits_for_all_workers_and_stacks(
    program: Program,
    iris: Path,
    plan: tuple[ExecutorKind, int, list[list[int]]],
    calibration: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = ("evaluate", str(iris), *SMALL, *BAGS, *STEEP, "--set", f"model.calibration={calibration}")
    first = assert_same_folds(program, arguments, plan, monkeypatch)
    rows = table(first, "cross_validation.csv")
    sizes = {tuple(int(row[f"{part}_rows"]) for part in ("train", "validation", "test")) for row in rows}
    assert sizes == {(100, 98, 50)}
    assert len({row["temperature"] for row in rows}) == 6


def test_groups_of_different_sizes_stay_together(program: Program, tmp_path: Path) -> None:
    """Folds of a cross-validation have bags of different sizes, so each trains in a stack of its own."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(24), rng.integers(1, 9, 24))
    x = rng.normal(size=len(groups))
    rows = [f"{each:.4f},{group},{'ab'[int(each > 0)]}" for each, group in zip(x, groups, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["x,g,y", *rows]) + "\n")
    config = tmp_path / "t.yaml"
    config.write_text(
        "recipe: classic\ndata: {source: t.csv, target: y, split: {group: g}}\n"
        "model: {hidden: [3], ensemble: {members: 4, bags: true}}\ntraining: {epochs: 3}\n"
    )
    run = run_of(program, "train", str(config))
    prepared = prepare(config)
    for bag in prepared.fit.bags(prepared.data):
        assert not {*groups[bag.train]} & {*groups[bag.validation]}
        assert not {*groups[bag.train]} & {*groups[bag.test]}
    assert "out-of-bag: the metrics equal" in program("evaluate", str(run)).err
    run_of(program, "evaluate", str(config), *SMALL)
    done = program("check", str(config), "--set", "model.ensemble.members=30")
    assert done.code == 2
    message = "17 groups outside the test part cannot be divided into 30 folds"
    assert f"t.yaml:3: model.ensemble: {message}" in done.out


def test_more_members_than_rows_are_refused(program: Program, iris: Path) -> None:
    done = program("check", str(iris), *BAGS, "--set", "model.ensemble.members=121")
    assert done.code == 2
    message = "120 rows outside the test part cannot be divided into 121 folds"
    assert f"model.ensemble: {message}; write fewer members, or bags: false" in done.out


def test_reports_say_that_validation_is_out_of_bag(program: Program, iris: Path) -> None:
    checked = program("check", str(iris), *BAGS)
    assert "150 rows (120 train, all but 1 of these also out-of-bag, 30 test)" in checked.err
    run = run_of(program, "train", str(iris), *BAGS)
    printed = program("report", str(run), "--verbose").out
    rows = "rows 150: 120 train, all but 1 of these also out-of-bag, 30 test"
    assert rows in " ".join(printed.split())
    header = next(line for line in printed.split("Metrics")[-1].splitlines() if "baseline" in line)
    assert header.split() == ["train", "out-of-bag", "test", "baseline"]
    plain = program("report", str(run_of(program, "train", str(iris))), "--verbose").out
    assert "out-of-bag" not in plain


def test_trials_of_a_search_have_no_bags_but_the_refit_has(program: Program, iris: Path) -> None:
    """Trials share their validation rows; the refit is calibrated by the rows of its bags."""
    space = ("--set", "search.space={training.l2: {choice: [0, 0.1]}}", "--method", "grid")
    share = ("--set", "data.split.validation=0.3", "--set", "search.ensemble={size: 2}")
    calibrated = ("--set", "model.calibration=shrunk_temperature")
    plain = run_of(program, "search", str(iris), "--set", "model.ensemble=7", *space, *share, *calibrated)
    bagged = run_of(program, "search", str(iris), *BAGS, *space, *share, *calibrated)
    for name in ("leaderboard.csv", "ensemble/metrics.json", "ensemble/model.npz"):
        assert (plain / name).read_bytes() == (bagged / name).read_bytes(), name
    resolved = yaml.safe_load((bagged / "best" / "resolved.yaml").read_text())
    assert resolved["model"]["ensemble"] == {
        "members": 7,
        "share_weights": False,
        "bags": True,
        "plain_twins": False,
    }
    assert resolved["model"]["calibration"] == "shrunk_temperature"
    assert resolved["training"]["early_stopping"] is None
    again = run_of(program, "train", str(bagged / "best" / "resolved.yaml"))
    for name in ("model.npz", "model.json", "metrics.json", "predictions.csv"):
        assert (again / name).read_bytes() == (bagged / "best" / name).read_bytes(), name
    temperature = read_json(bagged / "best" / "model.json")["temperature"]
    assert 0 < temperature <= 1
    warnings = {run: read_json(run / "best" / "manifest.json")["warnings"] for run in (plain, bagged)}
    of_calibration = "the refitted winner is not calibrated"
    assert [of_calibration in " ".join(warnings[run]) for run in (plain, bagged)] == [True, False]
    done = program("evaluate", str(bagged / "ensemble"))
    assert done.err.splitlines()[-1] == "the metrics equal those in metrics.json, to the last digit"


def test_a_shrunk_temperature_is_that_of_the_members_on_their_own_rows(program: Program, iris: Path) -> None:
    never = ("--set", "training.early_stopping=null")
    run = run_of(program, "train", str(iris), *BAGS, *never, "--set", "model.calibration=shrunk_temperature")
    scores, targets = out_of_bag_outputs(prepare(iris, [BAGS[1], never[1]]))
    labels = targets.astype(np.intp)
    expected = fit_temperature(scores, labels, prior_rows=PRIOR_ROWS)
    assert expected is not None
    found = read_json(run / "model.json")["temperature"]
    assert found == pytest.approx(min(1.0, expected), rel=1e-6)
    assert found == read_json(run / "manifest.json")["calibration"]["temperature"]


@pytest.mark.parametrize("sharpness", [0.1, 10.0])
def test_members_that_are_too_certain_do_not_make_their_average_less_certain(sharpness: float) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    scores = (rng.normal(size=(200, 2)) + 1.5 * np.eye(2)[labels]) * sharpness
    task, post_training = Classification("y", ("a", "b")), PostTraining("shrunk_temperature")
    decoder = OutputDecoder(OutputShape(2, "softmax"))
    own = post_training.fit(task, decoder, scores, labels).temperature
    of_members = post_training.fit(task, decoder, scores, labels, out_of_bag=True).temperature
    assert own is not None
    assert (own > 1) is (sharpness > 1)
    assert of_members == min(own, 1.0)
    weighted = decoder.weighted((1.0, 2.0))
    one, other = (
        post_training.fit(task, weighted, scores, labels, out_of_bag=bags) for bags in (True, False)
    )
    assert one == other
