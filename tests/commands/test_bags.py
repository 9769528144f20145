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
from fnnctl.modelling.fit import Fit
from fnnctl.nn.shape import OutputShape
from fnnctl.seeds import member_seed
from fnnctl.stacks.work import TrainedStack, train_fits
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.temperature import PRIOR_ROWS, fit_temperature
from tests.commands.settings import NEVER_STOPPED, run_of
from tests.modelling.prepared import Prepared, prepare
from tests.program import Program, read_json
from tests.runs.folding import table

pytestmark = pytest.mark.usefixtures("no_figures")

BAGS = "model.ensemble={members: 7, bags: true}"
STEEP = ("training.optimizer.learning_rate=0.1", "training.class_weights=balanced", NEVER_STOPPED)


def trained_apart(prepared: Prepared) -> list[TrainedStack]:
    """Each member trained as a single network on the rows of its bag, with the ensemble's preprocessing."""
    fit, data, stacks = prepared.fit, prepared.data, []
    alone = prepared.experiment.model.model_copy(update={"ensemble": EnsembleConfig()})
    experiment = prepared.experiment.model_copy(update={"model": alone})
    for number, bag in enumerate(fit.bags(data)):
        seed = member_seed(fit.seed, number)
        own = Fit.of(data, experiment, bag, seed=seed, preprocessor=fit.preprocessor)
        stacks.append(train_fits(data, [replace(own, decoder=fit.decoder)]))
    return stacks


def out_of_bag_outputs(prepared: Prepared) -> tuple[FloatArray, FloatArray]:
    """The outputs of the validation rows, each by the network that has not learned it, and their targets."""
    outputs, targets = [], []
    bags = prepared.fit.bags(prepared.data)
    for stack, bag in zip(trained_apart(prepared), bags, strict=True):
        batches = stack.predictor(0, *stack.final_weights(0)).pool_scores(stack.pool, bag.validation)
        outputs += [batch.astype(np.float64) for batch in batches]
        targets.append(prepared.data.targets[bag.validation])
    return np.concatenate(outputs), np.concatenate(targets)


def test_members_have_the_bits_of_networks_that_are_trained_alone_on_their_rows(iris: Path) -> None:
    prepared = prepare(iris, [BAGS, *STEEP])
    together = train_fits(prepared.data, [prepared.fit])
    for number, stack in enumerate(trained_apart(prepared)):
        (alone,) = stack.trained
        assert alone.parameters.tobytes() == together.trained[number].parameters.tobytes()


def test_validation_metrics_of_a_classification_are_out_of_bag(program: Program, iris: Path) -> None:
    run = run_of(program, "train", iris, BAGS, *STEEP)
    outputs, targets = out_of_bag_outputs(prepare(iris, [BAGS, *STEEP]))
    metrics = read_json(run / "metrics.json")["validation"]
    assert metrics["support"] == len(targets) == 119  # seven folds of 17 of the 120 rows
    p = softmax(outputs, axis=1)
    np.testing.assert_allclose(metrics["accuracy"], accuracy_score(targets, p.argmax(axis=1)))
    np.testing.assert_allclose(metrics["log_loss"], log_loss(targets, p), rtol=1e-6)
    last = table(run, "history.csv")[-1]
    np.testing.assert_allclose(float(last["validation_loss"]), metrics["loss"], rtol=1e-6)
    assert float(last["validation_accuracy"]) == metrics["accuracy"]


def test_validation_metrics_of_a_regression_are_out_of_bag(program: Program, iris: Path) -> None:
    iris.write_text(iris.read_text().replace("iris", "diabetes"))
    run = run_of(program, "train", iris, BAGS, NEVER_STOPPED)
    prepared = prepare(iris, [BAGS, NEVER_STOPPED])
    outputs, targets = out_of_bag_outputs(prepared)
    scale = prepared.fit.decoder.scale
    assert scale is not None
    expected = r2_score(targets, outputs[:, 0] * scale.deviation + scale.mean)
    np.testing.assert_allclose(read_json(run / "metrics.json")["validation"]["r2"], expected, rtol=1e-6)
    assert read_json(run / "manifest.json")["data"]["parts"] == {"train": 354, "validation": 350, "test": 88}


def test_the_temperature_is_fitted_to_the_out_of_bag_predictions(program: Program, iris: Path) -> None:
    settings = (BAGS, *STEEP, "model.calibration=temperature")
    run = run_of(program, "train", iris, *settings)
    outputs, targets = out_of_bag_outputs(prepare(iris, settings))
    temperature = read_json(run / "model.json")["temperature"]

    def loss(t: float) -> float:
        z = outputs / t
        return float(np.mean(logsumexp(z, axis=1) - z[np.arange(len(z)), targets]))

    assert loss(temperature) < min(loss(temperature * 0.99), loss(temperature * 1.01))
    np.testing.assert_allclose(
        read_json(run / "metrics.json")["validation"]["loss"], loss(temperature), rtol=1e-6
    )


def test_a_shrunk_temperature_is_that_of_the_members_on_their_own_rows(program: Program, iris: Path) -> None:
    run = run_of(program, "train", iris, BAGS, NEVER_STOPPED, "model.calibration=shrunk_temperature")
    scores, targets = out_of_bag_outputs(prepare(iris, [BAGS, NEVER_STOPPED]))
    expected = fit_temperature(scores, targets.astype(np.intp), prior_rows=PRIOR_ROWS)
    assert expected is not None
    temperature = read_json(run / "model.json")["temperature"]
    assert temperature == pytest.approx(min(1.0, expected), rel=1e-6)
    assert temperature == read_json(run / "manifest.json")["calibration"]["temperature"]


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
    in_bag, out_of_bag = (
        post_training.fit(task, weighted, scores, labels, out_of_bag=bags) for bags in (False, True)
    )
    assert in_bag == out_of_bag


def test_without_a_test_part_the_out_of_bag_scores_are_evaluated(program: Program, iris: Path) -> None:
    run = run_of(program, "train", iris, BAGS, "data.split.test=0", "data.split.validation=0")
    assert "validation" not in yaml.safe_load((run / "resolved.yaml").read_text())["data"]["split"]
    done = program("evaluate", str(run), "--json")
    assert done.code == 0
    assert done.json["metrics"] == {**read_json(run / "metrics.json"), "train": None}
    assert done.err == "out-of-bag: the metrics equal those in metrics.json, to the last digit\n"


def test_more_members_than_rows_are_refused(program: Program, iris: Path) -> None:
    done = program("check", str(iris), "--set", BAGS, "--set", "model.ensemble.members=121")
    message = "120 rows outside the test part cannot be divided into 121 folds; write fewer members"
    assert (done.code, f"model.ensemble: {message}, or bags: false" in done.out) == (2, True)


def test_reports_say_that_validation_is_out_of_bag(program: Program, iris: Path) -> None:
    rows = "120 train, all but 1 of these also out-of-bag, 30 test"
    assert f"150 rows ({rows})" in program("check", str(iris), "--set", BAGS).err
    printed = program("report", str(run_of(program, "train", iris, BAGS)), "--verbose").out
    assert f"rows 150: {rows}" in " ".join(printed.split())
    header = next(line for line in printed.split("Metrics")[-1].splitlines() if "baseline" in line)
    assert header.split() == ["train", "out-of-bag", "test", "baseline"]


def test_trials_of_a_search_have_no_bags_but_the_refit_has(program: Program, iris: Path) -> None:
    """Trials share their validation rows; the refit is calibrated by the rows of its bags."""
    search = "search={method: grid, space: {training.l2: {choice: [0, 0.1]}}, ensemble: {size: 2}}"
    settings = (search, "data.split.validation=0.3", "model.calibration=shrunk_temperature")
    plain = run_of(program, "search", iris, "model.ensemble=7", *settings)
    bagged = run_of(program, "search", iris, BAGS, *settings)
    for name in ("leaderboard.csv", "ensemble/metrics.json", "ensemble/model.npz"):
        assert (plain / name).read_bytes() == (bagged / name).read_bytes(), name
    resolved = yaml.safe_load((bagged / "best" / "resolved.yaml").read_text())
    assert resolved["model"]["ensemble"]["bags"] is True
    assert resolved["model"]["calibration"] == "shrunk_temperature"
    assert 0 < read_json(bagged / "best" / "model.json")["temperature"] <= 1
    warnings = [" ".join(read_json(run / "best" / "manifest.json")["warnings"]) for run in (plain, bagged)]
    assert ["the refitted winner is not calibrated" in text for text in warnings] == [True, False]
