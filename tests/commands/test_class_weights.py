"""Class weights change decisions; probabilities are those of the classes' frequencies, in every command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.data.builtin import FOLDER
from fnnctl.tasks.classification.task import Classification
from tests.commands.settings import probabilities, run_of
from tests.program import Program, read_json
from tests.runs.folding import table

TWO = ("breast_cancer", "data.positive_class=malignant", "training.class_weights={malignant: 9}")
THREE = ("penguins", "training.class_weights=balanced", "model.ensemble=2")
FOLDS = "evaluation.cross_validation={folds: 2, repeats: 1}"
SEARCH = (
    "search={method: random, trials: 2, ensemble: {size: 2}, "
    "space: {training.optimizer.learning_rate: {log_uniform: [0.003, 0.1]}}}"
)

pytestmark = pytest.mark.usefixtures("no_figures")


def config_of(tmp_path: Path, data: str) -> Path:
    path = tmp_path / f"{data}.yaml"
    path.write_text(
        f"recipe: classic\ndata: {{source: {data}}}\nmodel: {{hidden: [6]}}\n"
        "training: {epochs: 6, batch_size: 32, optimizer: {learning_rate: 0.02}}\n"
    )
    return path


def uncorrected(program: Program, command: str, config: Path, *settings: str) -> Path:
    """The run of a program that does not correct probabilities for class weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Classification, "class_weights", lambda *_: None)
        return run_of(program, command, config, *settings)


@pytest.mark.parametrize(
    ("command", "folders", "settings"),
    [
        ("train", ["."], TWO),
        ("train", ["."], THREE),
        ("evaluate", ["."], (*THREE, FOLDS)),
        ("search", ["best", "ensemble"], (*TWO, SEARCH)),
    ],
)
def test_labels_are_the_same_with_and_without_the_correction(
    program: Program, tmp_path: Path, command: str, folders: list[str], settings: tuple[str, ...]
) -> None:
    config = config_of(tmp_path, settings[0])
    before = uncorrected(program, command, config, *settings[1:])
    after = run_of(program, command, config, *settings[1:])
    for folder in folders:
        labels = [
            [row["prediction"] for row in table(run / folder, "predictions.csv")] for run in (before, after)
        ]
        assert labels[0] == labels[1]
        assert not np.allclose(probabilities(after / folder), probabilities(before / folder))
        scores = [read_json(run / folder / "metrics.json")["test"] for run in (before, after)]
        assert scores[0]["accuracy"] == scores[1]["accuracy"]
        assert scores[0]["f1_macro"] == scores[1]["f1_macro"]
        assert scores[0]["loss"] != scores[1]["loss"]


def test_the_correction_is_by_hand_and_stored_in_the_model(program: Program, tmp_path: Path) -> None:
    """A model from before has weighted networks, but its description has no class weights."""
    config, settings = config_of(tmp_path, TWO[0]), TWO[1:]
    run, before = (
        run_of(program, "train", config, *settings),
        uncorrected(program, "train", config, *settings),
    )
    model = read_json(run / "model.json")
    weight, other_weight = model["class_weights"][:: 1 if model["classes"][0] == "malignant" else -1]
    assert other_weight == 1
    assert 1 < weight != 9  # a power that is fitted to the validation rows
    assert model["threshold"] == pytest.approx(1 / (1 + weight), rel=1e-15)
    odds, weighted = (p[:, 0] / p[:, 1] for p in map(probabilities, (run, before)))
    ratio = model["class_weights"][1] / model["class_weights"][0]
    np.testing.assert_allclose(odds, weighted * ratio, rtol=1e-9)
    assert read_json(run / "metrics.json")["test"]["threshold"] == model["threshold"]
    assert "threshold" not in read_json(before / "metrics.json")["test"]
    description = (before / "model.json").read_text()
    assert '"class_weights": null,' in description
    (before / "model.json").write_text(description.replace('"class_weights": null,', ""))
    assert "to the last digit" in program("evaluate", str(before)).err


def test_without_validation_rows_the_power_is_1_and_a_warning_says_so(
    program: Program, tmp_path: Path
) -> None:
    config, settings = config_of(tmp_path, TWO[0]), (*TWO[1:], "data.split.validation=0", FOLDS)
    run, folds = (run_of(program, command, config, *settings) for command in ("train", "evaluate"))
    for folder in (run, folds):
        warnings = " ".join(read_json(folder / "manifest.json")["warnings"])
        assert "no validation rows to which a power of the weights" in warnings
    assert sorted(read_json(run / "model.json")["class_weights"]) == [1.0, 9.0]


@pytest.mark.parametrize("settings", [TWO, THREE], ids=["two", "three"])
def test_reports_and_predict_say_what_decides(
    program: Program, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    """Of two classes a threshold, of more the weights."""
    data, *changes = settings
    run = str(run_of(program, "train", config_of(tmp_path, data), *changes))
    sentence = "classes are chosen by weight × probability (training.class_weights)"
    lines = program("report", run, "--short").out.splitlines()
    note = program("predict", run, str(FOLDER / f"{data}.csv")).err
    assert (f"  decision  {sentence}" in lines, f"note: {sentence}\n" in note) == (settings == THREE,) * 2
    assert any(line.startswith("  threshold  'malignant' from a") for line in lines) is (settings == TWO)
    text = " ".join(program("report", run, "--verbose").out.split())
    assert "a power of the weights corrects the probabilities to the classes' frequencies, and the" in text
