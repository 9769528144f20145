"""`model.ensemble`: several networks per fit in every command, averaged, with one run folder."""

from __future__ import annotations

import re
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from fnnctl.arrays import FloatArray
from fnnctl.executors.registry import ExecutorKind
from fnnctl.modelling.saved_model import load_model
from fnnctl.seeds import member_seed
from fnnctl.stacks.work import train_fits
from fnnctl.store.folder import RunFolder
from tests.modelling.prepared import Prepared, prepare
from tests.program import AtEpoch, Interrupt, Program, read_json
from tests.runs.ensembles import WORKERS, assert_predicts_as_in_training, assert_same_folds, run_of
from tests.runs.folding import SMALL, table
from tests.runs.resuming import assert_same_bits, resumed_from

pytestmark = pytest.mark.usefixtures("no_figures")

THREE = ("--set", "model.ensemble=3")


@pytest.fixture
def diabetes(tmp_path: Path) -> Path:
    path = tmp_path / "diabetes.yaml"
    path.write_text(
        "recipe: classic\ndata: {source: diabetes}\nmodel: {hidden: [8], ensemble: 3}\n"
        "training: {epochs: 15}\n"
    )
    return path


def outputs_of_separate_trainings(prepared: Prepared, members: int) -> list[FloatArray]:
    """The test part's outputs of networks that are trained one by one, each with a member's seed."""
    found = []
    for number in range(members):
        fit = replace(prepared.fit, seed=member_seed(prepared.fit.seed, number))
        stack = train_fits(prepared.data, [fit])
        batches = stack.predictor(0, *stack.final_weights(0)).pool_scores(stack.pool, prepared.split.test)
        found.append(np.concatenate([batch.astype(np.float64) for batch in batches]))
    return found


def test_probabilities_are_the_mean_over_separate_trainings(program: Program, iris: Path) -> None:
    never = "training.early_stopping=null"
    run = run_of(program, "train", str(iris), *THREE, "--set", never)
    outputs = outputs_of_separate_trainings(prepare(iris, [never]), 3)
    expected = np.mean([softmax(each, axis=1) for each in outputs], axis=0)
    rows = table(run, "predictions.csv")
    found = [[float(value) for name, value in row.items() if name.startswith("p_")] for row in rows]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_values_are_the_mean_over_separate_trainings(program: Program, diabetes: Path) -> None:
    never = "training.early_stopping=null"
    run = run_of(program, "train", str(diabetes), "--set", never)
    prepared = prepare(diabetes, [never, "model.ensemble=1"])
    scale = prepared.fit.decoder.scale
    assert scale is not None
    outputs = outputs_of_separate_trainings(prepared, 3)
    expected = np.mean(outputs, axis=0)[:, 0] * scale.deviation + scale.mean
    found = [float(row["prediction"]) for row in table(run, "predictions.csv")]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_the_saved_model_predicts_as_in_training(
    program: Program, iris: Path, diabetes: Path, tmp_path: Path, name: str
) -> None:
    config = {"iris": iris, "diabetes": diabetes}[name]
    run = run_of(program, "train", str(config), *THREE)
    loaded = load_model(RunFolder(run), lambda text: None)
    assert len(loaded.predictor.parts[0].scorer) == len(loaded.layouts) == 3
    done = assert_predicts_as_in_training(program, run, config, tmp_path)
    assert re.search(r"network +\d+ → .*\n *networks +3 of this shape, averaged", done.out)


def test_the_resolve_repeats_the_run(program: Program, iris: Path) -> None:
    run = run_of(program, "train", str(iris), *THREE, "--set", "model.calibration=temperature")
    again = run_of(program, "train", str(run / "resolved.yaml"))
    for name in ("model.npz", "model.json", "predictions.csv", "history.csv", "metrics.json"):
        assert (run / name).read_bytes() == (again / name).read_bytes(), name
    model = read_json(run / "manifest.json")["model"]
    assert (model["networks"], model["parameters"]) == (3, 3 * 67)


def test_the_temperature_is_fitted_to_the_averaged_probabilities(program: Program, iris: Path) -> None:
    """It is where the loss of softmax(log p̄ / T) on the validation rows is least."""
    run = run_of(
        program, "train", str(iris), *THREE, "--set", "model.calibration=temperature",
        "--set", "training.optimizer.learning_rate=0.1",
    )  # fmt: skip
    temperature = read_json(run / "model.json")["temperature"]
    prepared = prepare(iris)
    rows = prepared.split.validation
    loaded = load_model(RunFolder(run), lambda text: None).predictor
    scores = np.concatenate([batch.copy() for batch in loaded.column_scores([(prepared.data.dataset, rows)])])

    def loss(t: float) -> float:
        z = scores / t
        return float(np.mean(logsumexp(z, axis=1) - z[np.arange(len(z)), prepared.data.targets[rows]]))

    np.testing.assert_allclose(logsumexp(scores, axis=1), 0.0, atol=1e-12)  # logarithms of probabilities
    assert loss(temperature) < min(loss(temperature * 0.99), loss(temperature * 1.01))


@pytest.mark.usefixtures("keep_all")
@pytest.mark.parametrize("epoch", [1, 12])
def test_an_interrupted_training_ends_with_the_bits_of_an_uninterrupted_one(
    program: Program, config: Path, interrupt: Interrupt, epoch: int
) -> None:
    undisturbed = run_of(program, "train", str(config), *THREE, "--runs-dir", "undisturbed")
    training = read_json(undisturbed / "manifest.json")["training"]
    assert training["best_epoch"] < training["epochs"] < 40
    run = interrupt(epoch, *THREE)
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == [f"epoch {epoch}"]
    assert_same_bits(run, undisturbed)


@pytest.mark.usefixtures("keep_none")
def test_the_model_of_an_interrupted_training_has_all_members(
    program: Program, config: Path, at_epoch: AtEpoch
) -> None:
    at_epoch(3, lambda: signal.raise_signal(signal.SIGTERM))
    done = program("train", str(config), *THREE)
    assert done.code == 143
    (run,) = Path("runs").iterdir()
    assert len(load_model(RunFolder(run), lambda text: None).layouts) == 3


@pytest.mark.parametrize("plan", WORKERS)
def test_a_cross_validation_has_the_same_bits_for_all_workers_and_stacks(
    program: Program,
    iris: Path,
    plan: tuple[ExecutorKind, int, list[list[int]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = ("evaluate", str(iris), *SMALL, *THREE, "--set", "model.calibration=temperature")
    assert_same_folds(program, arguments, plan, monkeypatch)


def test_an_ensemble_that_diverged_ends_with_the_exit_code(program: Program, iris: Path) -> None:
    steep = ("--set", "training.optimizer={name: sgd, learning_rate: 1e6}", "--set", "training.l2=1e5")
    done = program("train", str(iris), *THREE, *steep)
    assert done.code == 4
    assert "diverged" in done.err


def test_the_memory_of_all_members_must_be_there(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fnnctl.modelling.fit.available_bytes", lambda: 400_000)
    done = program("check", str(iris), "--set", "model.ensemble=3")
    assert (done.code, "; an ensemble of 3 networks of 67 parameters each" in done.err) == (0, True)
    done = program("check", str(iris), "--set", "model.ensemble=900")
    assert done.code == 2
    assert "model.ensemble: training an ensemble of 900 networks, each of 67 parameters" in done.out
    assert "use a smaller model.ensemble" in done.out
