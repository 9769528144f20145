"""Class weights change decisions; probabilities are those of the classes' frequencies, in every command."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from fnnctl.data.builtin import FOLDER
from fnnctl.tasks.classification.task import Classification
from tests.program import Program, read_json
from tests.runs.searching import RATE

BALANCED = "training.class_weights=balanced"
TWO = ("breast_cancer", "data.positive_class=malignant", "training.class_weights={malignant: 9}")
THREE = ("penguins", BALANCED, "model.ensemble=2")
SPACE = f"{{{RATE}: {{log_uniform: [0.003, 0.1]}}}}"
SEARCH = f"search={{method: random, trials: 3, ensemble: {{size: 2}}, space: {SPACE}}}"
FOLDS = "evaluation.cross_validation={folds: 3, repeats: 2}"

pytestmark = pytest.mark.usefixtures("no_figures")


def config_of(tmp_path: Path, data: str) -> str:
    path = tmp_path / f"{data}.yaml"
    path.write_text(
        f"recipe: classic\ndata: {{source: {data}}}\nmodel: {{hidden: [6]}}\n"
        "training: {epochs: 6, batch_size: 32, optimizer: {learning_rate: 0.02}}\n"
    )
    return str(path)


def run_of(program: Program, command: str, config: str, *changes: str) -> Path:
    words = [word for change in changes for word in ("--set", change)]
    done = program(command, config, *words, "--json", "--quiet")
    assert done.code == 0, done.err
    return Path(done.json["run"])


def rows_of(run: Path) -> list[dict[str, str]]:
    with (run / "predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def labels(run: Path) -> list[str]:
    return [row["prediction"] for row in rows_of(run)]


def probabilities(run: Path) -> np.ndarray:
    return np.array([[float(p) for name, p in row.items() if name.startswith("p_")] for row in rows_of(run)])


def uncorrected(program: Program, command: str, config: str, *changes: str) -> Path:
    """The run of a program that does not correct probabilities for class weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Classification, "class_weights", lambda *_: None)
        return run_of(program, command, config, *changes)


@pytest.mark.parametrize(
    ("command", "others"), [("train", ()), ("evaluate", (FOLDS,)), ("search", (SEARCH,))]
)
@pytest.mark.parametrize(("data", "changes"), [(each[0], each[1:]) for each in (TWO, THREE)])
def test_labels_are_the_same_with_and_without_the_correction(
    program: Program,
    tmp_path: Path,
    command: str,
    others: tuple[str, ...],
    data: str,
    changes: tuple[str, ...],
) -> None:
    config = config_of(tmp_path, data)
    before = uncorrected(program, command, config, *changes, *others)
    after = run_of(program, command, config, *changes, *others)
    for folder in ("best", "ensemble") if command == "search" else (".",):
        assert labels(after / folder) == labels(before / folder)
        assert not np.allclose(probabilities(after / folder), probabilities(before / folder))
        scores = [read_json(run / folder / "metrics.json")["test"] for run in (before, after)]
        assert scores[0]["accuracy"] == scores[1]["accuracy"]
        assert scores[0]["f1_macro"] == scores[1]["f1_macro"]
        assert scores[0]["loss"] != scores[1]["loss"]


def test_the_correction_is_by_hand_and_stored_in_the_model(program: Program, tmp_path: Path) -> None:
    config, (_, *changes) = config_of(tmp_path, TWO[0]), TWO
    run, before = run_of(program, "train", config, *changes), uncorrected(program, "train", config, *changes)
    model = read_json(run / "model.json")
    own, other = model["class_weights"][:: 1 if model["classes"][0] == "malignant" else -1]
    assert other == 1
    assert 1 < own != 9  # a power that is fitted to the validation rows
    assert model["threshold"] == pytest.approx(1 / (1 + own), rel=1e-15)
    odds, weighted = ((p := probabilities(each))[:, 0] / p[:, 1] for each in (run, before))
    ratio = model["class_weights"][1] / model["class_weights"][0]
    np.testing.assert_allclose(odds, weighted * ratio, rtol=1e-9)
    assert read_json(run / "metrics.json")["test"]["threshold"] == model["threshold"]
    assert "threshold" not in read_json(before / "metrics.json")["test"]


def test_without_validation_rows_the_power_is_1_and_it_is_said(program: Program, tmp_path: Path) -> None:
    config, without = config_of(tmp_path, TWO[0]), "data.split.validation=0"
    for command, others in (("train", ()), ("evaluate", (FOLDS,))):
        run = run_of(program, command, config, *TWO[1:], without, *others)
        told = read_json(run / "manifest.json")["warnings"]
        assert [each for each in told if "no validation rows to which a power of the weights" in each]
        if command == "train":
            assert sorted(read_json(run / "model.json")["class_weights"]) == [1.0, 9.0]


@pytest.mark.parametrize(("data", "changes"), [(each[0], each[1:]) for each in (TWO, THREE)])
def test_predict_evaluate_and_the_report_follow_it(
    program: Program, tmp_path: Path, data: str, changes: tuple[str, ...]
) -> None:
    run = run_of(program, "train", config_of(tmp_path, data), *changes)
    assert "to the last digit" in program("evaluate", str(run)).err
    text = " ".join(program("report", str(run), "--verbose").out.split())
    assert "a power of the weights corrects the probabilities to the classes' frequencies, and the" in text
    resolved = run_of(program, "train", str(run / "resolved.yaml"))
    for name in ("model.json", "model.npz", "predictions.csv", "metrics.json"):
        assert (resolved / name).read_bytes() == (run / name).read_bytes(), name


def test_the_short_report_and_predict_say_what_decides(program: Program, tmp_path: Path) -> None:
    sentence = "classes are chosen by weight × probability (training.class_weights)"
    for data, changes, is_told in ((THREE[0], THREE[1:], True), (*TWO[:1], TWO[1:], False)):
        run = run_of(program, "train", config_of(tmp_path, data), *changes)
        lines = program("report", str(run), "--short").out.splitlines()
        assert (f"  decision  {sentence}" in lines) is is_told
        assert any(line.startswith("  threshold  'malignant' from a") for line in lines) is not is_told
        told = program("predict", str(run), str(FOLDER / f"{data}.csv")).err
        assert (f"note: {sentence}\n" in told) is is_told


def test_a_temperature_leaves_the_labels(program: Program, tmp_path: Path) -> None:
    config, calibrated = config_of(tmp_path, THREE[0]), "model.calibration=shrunk_temperature"
    plain = run_of(program, "train", config, BALANCED)
    run = run_of(program, "train", config, BALANCED, calibrated)
    assert labels(run) == labels(plain)
    assert read_json(run / "model.json")["temperature"] is not None
    assert not np.allclose(probabilities(run), probabilities(plain))


def test_a_model_from_before_keeps_its_probabilities(program: Program, tmp_path: Path) -> None:
    """It has weighted networks, but its description has no class weights."""
    run = uncorrected(program, "train", config_of(tmp_path, TWO[0]), *TWO[1:])
    model = (run / "model.json").read_text()
    assert '"class_weights": null' in model
    (run / "model.json").write_text(model.replace('"class_weights": null,', ""))
    assert "to the last digit" in program("evaluate", str(run)).err
