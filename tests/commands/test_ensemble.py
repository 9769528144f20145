"""`model.ensemble`: the average of several networks, or of the members of one that share weights."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from fnnctl.arrays import FloatArray
from fnnctl.modelling.saved_model import load_model
from fnnctl.seeds import member_seed
from fnnctl.stacks.work import train_fits
from fnnctl.store.folder import RunFolder
from tests.commands.settings import NEVER_STOPPED, numbers, probabilities, run_of
from tests.modelling.prepared import Prepared, prepare
from tests.program import AtEpoch, Program, only_run, read_json

pytestmark = pytest.mark.usefixtures("no_figures")

SHARED = "model.ensemble={members: 3, share_weights: true}"


@pytest.fixture(params=["iris", "diabetes"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "x.yaml"
    path.write_text(
        f"recipe: classic\ndata: {{source: {request.param}}}\nmodel: {{hidden: [8]}}\n"
        "training: {epochs: 5, optimizer: {learning_rate: 0.02}}\n"
    )
    return path


def separate_outputs(prepared: Prepared) -> list[FloatArray]:
    """The test part's outputs of three networks that are trained one by one, each with a member's seed."""
    outputs = []
    for number in range(3):
        fit = replace(prepared.fit, seed=member_seed(prepared.fit.seed, number))
        stack = train_fits(prepared.data, [fit])
        batches = stack.predictor(0, *stack.final_weights(0)).pool_scores(stack.pool, prepared.split.test)
        outputs.append(np.concatenate([batch.astype(np.float64) for batch in batches]))
    return outputs


def formula_outputs(prepared: Prepared, run: Path) -> list[FloatArray]:
    """The test part's outputs of each member of a network with one hidden layer, from the formula."""
    with np.load(run / "model.npz") as stored:
        arrays = {key: stored[key].astype(np.float64) for key in stored.files}
    X = np.empty((len(prepared.split.test), len(prepared.fit.preprocessor.features)))
    prepared.fit.preprocessor.transform(prepared.data.dataset, prepared.split.test, X)
    outputs = []
    for number in range(3):
        r, s, b = (arrays[f"{name}_1"][number] for name in ("input_factors", "output_factors", "biases"))
        hidden = np.maximum(((X * r) @ arrays["weights_1"].T) * s + b, 0.0)
        outputs.append(hidden @ arrays["weights_2"][number].T + arrays["biases_2"][number])
    return outputs


def assert_averaged(run: Path, prepared: Prepared, outputs: list[FloatArray], rtol: float) -> None:
    scale = prepared.fit.decoder.scale
    if scale is None:
        averaged = np.mean([softmax(scores, axis=1) for scores in outputs], axis=0)
        np.testing.assert_allclose(probabilities(run), averaged, rtol=rtol)
    else:
        estimates = np.mean(outputs, axis=0)[:, 0] * scale.deviation + scale.mean
        np.testing.assert_allclose(numbers(run, "prediction"), estimates, rtol=rtol)


def test_predictions_are_the_mean_over_separate_trainings(program: Program, config: Path) -> None:
    run = run_of(program, "train", config, "model.ensemble=3", NEVER_STOPPED)
    prepared = prepare(config, [NEVER_STOPPED])
    assert_averaged(run, prepared, separate_outputs(prepared), rtol=1e-12)


def test_members_that_share_weights_are_averaged(program: Program, config: Path) -> None:
    run = run_of(program, "train", config, SHARED, "training.precision=float64")
    prepared = prepare(config)
    assert_averaged(run, prepared, formula_outputs(prepared, run), rtol=1e-10)


@pytest.mark.parametrize(
    ("setting", "parameters", "words"),
    [
        ("model.ensemble=3", 3 * 67, "; an ensemble of 3 networks of 67 parameters each"),
        # 4 inputs, 8 units and 3 classes: 32 weights, and 4 + 8 + 8 + 27 numbers of each member
        (SHARED, 173, "; 3 networks that share weights, with 173 parameters in all"),
    ],
)
def test_networks_and_their_parameters_are_counted(
    program: Program, iris: Path, setting: str, parameters: int, words: str
) -> None:
    assert words in program("check", str(iris), "--set", setting).err
    run = run_of(program, "train", iris, setting)
    model = read_json(run / "manifest.json")["model"]
    assert (model["networks"], model["parameters"]) == (3, parameters)
    assert model["shared_weights"] is (setting == SHARED)
    assert len(load_model(RunFolder(run), lambda text: None).predictor.parts[0].scorer) == 3


def test_more_members_than_the_memory_holds_are_refused(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fnnctl.modelling.fit.available_bytes", lambda: 400_000)
    assert program("check", str(iris), "--set", "model.ensemble=3").code == 0
    for setting, networks in (
        ("model.ensemble=900", "an ensemble of 900 networks, each of 67 parameters"),
        (SHARED.replace("3", "900"), "900 networks that share weights, of 42,332 parameters"),
    ):
        done = program("check", str(iris), "--set", setting)
        assert (done.code, f"model.ensemble: training {networks}" in done.out) == (2, True)


@pytest.mark.usefixtures("keep_none")
def test_the_model_of_an_interrupted_training_has_all_members(
    program: Program, iris: Path, at_epoch: AtEpoch
) -> None:
    at_epoch(3, lambda: signal.raise_signal(signal.SIGTERM))
    assert program("train", str(iris), "--set", "model.ensemble=3").code == 143
    assert len(load_model(RunFolder(only_run(iris.parent)), lambda text: None).layouts) == 3
