"""`model.ensemble: {share_weights: true}` in every command: one network with inner members."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from fnnctl.arrays import FloatArray
from fnnctl.modelling.saved_model import load_model
from fnnctl.store.folder import RunFolder
from tests.modelling.prepared import prepare
from tests.program import Interrupt, Program, read_json
from tests.runs.ensembles import CV_FILES, assert_predicts_as_in_training, run_of
from tests.runs.folding import SMALL, plan_with, table
from tests.runs.resuming import assert_same_bits, resumed_from
from tests.runs.searching import RATE, of_kind, search, write_config

pytestmark = pytest.mark.usefixtures("no_figures")

SHARED = ("--set", "model.ensemble={members: 3, share_weights: true}")


@pytest.fixture
def diabetes(tmp_path: Path) -> Path:
    path = tmp_path / "diabetes.yaml"
    path.write_text(
        "recipe: classic\ndata: {source: diabetes}\nmodel: {hidden: [8]}\ntraining: {epochs: 15}\n"
    )
    return path


def member_scores(arrays: dict[str, FloatArray], X: FloatArray) -> list[FloatArray]:
    """The scores of each member of a network with one hidden layer of relu, from the formula."""
    found = []
    for number in range(3):
        r, s, b = (arrays[f"{name}_1"][number] for name in ("input_factors", "output_factors", "biases"))
        hidden = np.maximum(((X * r) @ arrays["weights_1"].T) * s + b, 0.0)
        found.append(hidden @ arrays["weights_2"][number].T + arrays["biases_2"][number])
    return found


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_predictions_are_the_mean_over_the_members(
    program: Program, iris: Path, diabetes: Path, name: str
) -> None:
    config = {"iris": iris, "diabetes": diabetes}[name]
    run = run_of(program, "train", str(config), *SHARED, "--set", "training.precision=float64")
    prepared = prepare(config)
    with np.load(run / "model.npz") as stored:
        arrays = {key: stored[key].astype(np.float64) for key in stored.files}
    X = np.empty((len(prepared.split.test), len(prepared.fit.preprocessor.features)))
    prepared.fit.preprocessor.transform(prepared.data.dataset, prepared.split.test, X)
    scores = member_scores(arrays, X)
    rows = table(run, "predictions.csv")
    if name == "iris":
        found = [[float(value) for key, value in row.items() if key.startswith("p_")] for row in rows]
        np.testing.assert_allclose(
            found, np.mean([softmax(each, axis=1) for each in scores], axis=0), rtol=1e-10
        )
        return
    scale = prepared.fit.decoder.scale
    assert scale is not None
    expected = np.mean(scores, axis=0)[:, 0] * scale.deviation + scale.mean
    np.testing.assert_allclose([float(row["prediction"]) for row in rows], expected, rtol=1e-10)


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_the_saved_model_predicts_as_in_training(
    program: Program, iris: Path, diabetes: Path, tmp_path: Path, name: str
) -> None:
    config = {"iris": iris, "diabetes": diabetes}[name]
    calibrated = ("--set", "model.calibration=temperature") if name == "iris" else ()
    run = run_of(program, "train", str(config), *SHARED, *calibrated)
    assert len(load_model(RunFolder(run), lambda text: None).predictor.parts[0].scorer) == 3
    done = assert_predicts_as_in_training(program, run, config, tmp_path)
    assert re.search(r"networks +3 of this shape with shared weights, averaged", done.out)


def test_the_resolve_repeats_the_run(program: Program, iris: Path) -> None:
    run = run_of(program, "train", str(iris), *SHARED)
    again = run_of(program, "train", str(run / "resolved.yaml"))
    for name in ("model.npz", "model.json", "predictions.csv", "history.csv", "metrics.json"):
        assert (run / name).read_bytes() == (again / name).read_bytes(), name
    assert read_json(run / "model.json")["members"] == 3
    model = read_json(run / "manifest.json")["model"]
    with np.load(run / "model.npz") as stored:
        numbers = sum(stored[key].size for key in stored.files)
    assert (model["networks"], model["shared_weights"], model["parameters"]) == (3, True, numbers)


@pytest.mark.usefixtures("keep_all")
def test_an_interrupted_training_ends_with_the_bits_of_an_uninterrupted_one(
    program: Program, config: Path, interrupt: Interrupt
) -> None:
    undisturbed = run_of(program, "train", str(config), *SHARED, "--runs-dir", "undisturbed")
    run = interrupt(3, *SHARED)
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == ["epoch 3"]
    assert_same_bits(run, undisturbed)


def test_a_cross_validation_has_the_same_bits_for_all_stacks(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("evaluate", str(iris), *SMALL, *SHARED, "--set", "model.calibration=temperature")
    runs = []
    for stacks in ([[0, 1, 2], [3, 4, 5]], [[k] for k in range(6)]):
        monkeypatch.setattr("fnnctl.runs.cross_validation.plan_folds", plan_with("serial", stacks))
        runs.append(run_of(program, *arguments))
    for name in CV_FILES:
        assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes(), name


def test_only_the_winner_of_a_search_has_several_members(tmp_path: Path) -> None:
    settings = {"method": "random", "trials": 2, "space": {RATE: {"log_uniform": [0.003, 0.3]}}}
    several = {"ensemble": {"members": 3, "share_weights": True}}
    folder = search(write_config(tmp_path / "x.yaml", model=several, search=settings))
    plain = search(write_config(tmp_path / "y.yaml", search=settings))
    for kind in ("trial", "result"):
        assert of_kind(folder, kind) == of_kind(plain, kind)
    assert read_json(folder / "best" / "manifest.json")["model"]["shared_weights"]
    assert read_json(folder / "best" / "model.json")["members"] == 3


def test_check_counts_the_shared_weights_once(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """iris has 4 inputs, 8 units and 3 classes: 32 weights, and 4 + 8 + 8 + 27 numbers of each member."""
    done = program("check", str(iris), *SHARED)
    assert done.code == 0
    assert "; 3 networks that share weights, with 173 parameters in all" in done.err
    monkeypatch.setattr("fnnctl.modelling.fit.available_bytes", lambda: 400_000)
    done = program("check", str(iris), "--set", "model.ensemble={members: 900, share_weights: true}")
    assert done.code == 2
    assert "model.ensemble: training 900 networks that share weights, of 42,332 parameters" in done.out
